/* SPDX-License-Identifier: Apache-2.0 */
#include "stream_ports.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/* A random even port has a free neighbour, or soon another one has. */
#define TRIES 64
/* A burst of a large picture; the system gives what it allows. */
#define RECEIVE_BUFFER (4 * 1024 * 1024)

typedef struct place {
    struct sockaddr_storage address;
    socklen_t size;
} place;

static uint16_t port_of(const place *at)
{
    return ntohs(at->address.ss_family == AF_INET6
                     ? ((const struct sockaddr_in6 *)&at->address)->sin6_port
                     : ((const struct sockaddr_in *)&at->address)->sin_port);
}

static void set_port(place *at, uint16_t port)
{
    if (at->address.ss_family == AF_INET6) {
        ((struct sockaddr_in6 *)&at->address)->sin6_port = htons(port);
    } else {
        ((struct sockaddr_in *)&at->address)->sin_port = htons(port);
    }
}

/* -1 with errno. */
static int open_at(const place *at)
{
    int size = RECEIVE_BUFFER;
    int handle = socket(at->address.ss_family, SOCK_DGRAM, 0);
    if (handle < 0) {
        return -1;
    }
    (void)setsockopt(handle, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (fcntl(handle, F_SETFL, fcntl(handle, F_GETFL) | O_NONBLOCK) != 0 ||
        fcntl(handle, F_SETFD, FD_CLOEXEC) != 0 ||
        bind(handle, (const struct sockaddr *)&at->address, at->size) != 0) {
        int failure = errno;
        close(handle);
        errno = failure;
        return -1;
    }
    return handle;
}

/* The system's choice may be odd: then its even neighbour is tried, too. */
static bool open_pair(stream_ports *ports, const place *here)
{
    place at = *here;
    set_port(&at, 0);
    int first = open_at(&at);
    if (first < 0 || getsockname(first, (struct sockaddr *)&at.address, &at.size) != 0) {
        return false;
    }
    uint16_t port = port_of(&at);
    set_port(&at, port ^ 1);
    int second = open_at(&at);
    if (second < 0) {
        close(first);
        return false;
    }
    bool even = (port & 1) == 0;
    ports->rtp = even ? first : second;
    ports->rtcp = even ? second : first;
    ports->port = port & 0xFFFE;
    return true;
}

bool stream_ports_open(stream_ports *ports, int stream)
{
    place here;
    memset(&here, 0, sizeof here);
    here.size = sizeof here.address;
    if (getsockname(stream, (struct sockaddr *)&here.address, &here.size) != 0) {
        return false;
    }
    for (int i = 0; i < TRIES; i++) {
        if (open_pair(ports, &here)) {
            return true;
        }
        if (errno != EADDRINUSE) {
            return false;
        }
    }
    return false;
}

static bool connect_to(int handle, place *there, uint16_t port)
{
    uint8_t old[1];
    set_port(there, port);
    if (connect(handle, (const struct sockaddr *)&there->address, there->size) != 0) {
        return false;
    }
    /* Bounded: strangers may send faster than this reads, but not from now on. */
    for (int i = 0; i < 65536 && recv(handle, old, sizeof old, MSG_DONTWAIT) >= 0; i++) {
    }
    return true;
}

bool stream_ports_connect(stream_ports *ports, int stream, uint16_t rtp, uint16_t rtcp)
{
    place there;
    memset(&there, 0, sizeof there);
    there.size = sizeof there.address;
    return getpeername(stream, (struct sockaddr *)&there.address, &there.size) == 0 &&
           connect_to(ports->rtp, &there, rtp) && connect_to(ports->rtcp, &there, rtcp);
}

size_t stream_ports_receive(int socket, uint8_t *out, size_t capacity)
{
    ssize_t got = recv(socket, out, capacity, MSG_DONTWAIT);
    /* Of a closed port the system tells once, in place of a datagram. */
    if (got < 0 && errno == ECONNREFUSED) {
        got = recv(socket, out, capacity, MSG_DONTWAIT);
    }
    return got > 0 ? (size_t)got : 0;
}

bool stream_ports_send(int socket, const uint8_t *data, size_t size)
{
    return send(socket, data, size, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size;
}

void stream_ports_close(stream_ports *ports)
{
    const stream_ports none = STREAM_PORTS_INIT;
    if (ports->rtp >= 0) {
        close(ports->rtp);
    }
    if (ports->rtcp >= 0) {
        close(ports->rtcp);
    }
    *ports = none;
}
