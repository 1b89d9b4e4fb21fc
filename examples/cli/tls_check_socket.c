/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_check_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
#define DEFAULT_PORT "443"
#define PORT_MAX 65535

uint64_t check_clock(void)
{
    struct timespec now = { 0, 0 };
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static bool take_port(check_endpoint *out, const char *text)
{
    size_t size = strlen(text);
    if (size == 0 || size >= sizeof out->port || strspn(text, "0123456789") != size) {
        return false;
    }
    long port = strtol(text, NULL, 10);
    snprintf(out->port, sizeof out->port, "%ld", port);
    return port >= 1 && port <= PORT_MAX;
}

static bool take_host(check_endpoint *out, const char *text, size_t size)
{
    if (size == 0 || size >= sizeof out->host) {
        return false;
    }
    memcpy(out->host, text, size);
    out->host[size] = '\0';
    /* What no name and no address has would only confuse whoever reads about it. */
    return strcspn(out->host, " \t\r\n/@?#[]") == size;
}

bool endpoint_parse(check_endpoint *out, const char *text)
{
    const char *host = text;
    const char *end = NULL;
    if (text[0] == '[') {
        host = text + 1;
        end = strchr(host, ']');
        if (!end || (end[1] != '\0' && end[1] != ':') || !memchr(host, ':', (size_t)(end - host))) {
            return false;
        }
        text = end[1] == ':' ? end + 1 : NULL;
    } else {
        end = strchr(host, ':');
        text = end;
        /* Two colons without brackets: where would the port begin? */
        if (end && strchr(end + 1, ':')) {
            return false;
        }
        end = end ? end : host + strlen(host);
    }
    snprintf(out->port, sizeof out->port, "%s", DEFAULT_PORT);
    return take_host(out, host, (size_t)(end - host)) && (!text || take_port(out, text + 1));
}

static int milliseconds_left(uint64_t deadline)
{
    uint64_t now = check_clock();
    uint64_t left = now < deadline ? (deadline - now + NS_PER_MS - 1) / NS_PER_MS : 0;
    return left > 1000000 ? 1000000 : (int)left;
}

bool socket_wait(int socket, bool to_write, uint64_t deadline)
{
    struct pollfd of = { socket, to_write ? POLLOUT : POLLIN, 0 };
    int left = milliseconds_left(deadline);
    int ready = 0;
    while (left > 0) {
        ready = poll(&of, 1, left);
        if (ready > 0 || (ready < 0 && errno != EINTR)) {
            break;
        }
        left = milliseconds_left(deadline);
    }
    return ready > 0;
}

bool socket_send(int socket, const void *data, size_t size, uint64_t deadline)
{
    const char *place = data;
    while (size > 0) {
        ssize_t sent = send(socket, place, size, MSG_NOSIGNAL);
        if (sent > 0) {
            place += sent;
            size -= (size_t)sent;
        } else if ((errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) ||
                   !socket_wait(socket, true, deadline)) {
            return false;
        }
    }
    return true;
}

long socket_receive(int socket, void *out, size_t size, uint64_t deadline)
{
    for (;;) {
        ssize_t got = recv(socket, out, size, 0);
        if (got >= 0) {
            return got;
        }
        if ((errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) ||
            !socket_wait(socket, false, deadline)) {
            return -1;
        }
    }
}

/* The system's resolver knows no time limit, so it runs in a thread that can be left behind. Of the
 * two that hold a query the last one releases it. */
typedef struct name_query {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    check_endpoint endpoint;
    struct addrinfo *found;
    int code;
    bool done;
    bool left;
} name_query;

static void release_query(name_query *query)
{
    if (query->found) {
        freeaddrinfo(query->found);
    }
    pthread_cond_destroy(&query->answered);
    pthread_mutex_destroy(&query->lock);
    free(query);
}

static void *resolve(void *user)
{
    name_query *query = user;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    int code = getaddrinfo(query->endpoint.host, query->endpoint.port, &hints, &found);
    pthread_mutex_lock(&query->lock);
    query->found = found;
    query->code = code;
    query->done = true;
    bool left = query->left;
    pthread_cond_signal(&query->answered);
    pthread_mutex_unlock(&query->lock);
    if (left) {
        release_query(query);
    }
    return NULL;
}

static name_query *new_query(const check_endpoint *endpoint)
{
    pthread_condattr_t attributes;
    name_query *query = calloc(1, sizeof *query);
    if (!query) {
        return NULL;
    }
    query->endpoint = *endpoint;
    pthread_mutex_init(&query->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&query->answered, &attributes);
    pthread_condattr_destroy(&attributes);
    return query;
}

/* The answer, or NULL and why in words. */
static name_query *ask(const check_endpoint *endpoint, uint64_t deadline, char words[256])
{
    pthread_t thread;
    name_query *query = new_query(endpoint);
    struct timespec until = { (time_t)(deadline / NS_PER_SECOND),
                              (long)(deadline % NS_PER_SECOND) };
    if (!query || pthread_create(&thread, NULL, resolve, query) != 0) {
        snprintf(words, 256, "the name cannot be looked up: out of memory");
        if (query) {
            release_query(query);
        }
        return NULL;
    }
    pthread_detach(thread);
    pthread_mutex_lock(&query->lock);
    int waited = 0;
    while (!query->done && waited == 0) {
        waited = pthread_cond_timedwait(&query->answered, &query->lock, &until);
    }
    bool done = query->done;
    query->left = !done;
    pthread_mutex_unlock(&query->lock);
    if (!done) {
        snprintf(words, 256, "the name %.200s was not resolved in time", endpoint->host);
        return NULL;
    }
    if (query->code != 0) {
        snprintf(words, 256, "the name %.150s is not known: %s", endpoint->host,
                 gai_strerror(query->code));
        release_query(query);
        return NULL;
    }
    return query;
}

/* A socket, or -1 with errno. */
static int connect_to(const struct sockaddr *place, socklen_t size, uint64_t deadline)
{
    int handle = socket(place->sa_family, SOCK_STREAM, 0);
    int failure = 0;
    socklen_t length = sizeof failure;
    if (handle < 0) {
        return -1;
    }
    int flags = fcntl(handle, F_GETFL);
    if (fcntl(handle, F_SETFL, flags | O_NONBLOCK) != 0 ||
        fcntl(handle, F_SETFD, FD_CLOEXEC) != 0) {
        failure = errno;
    } else if (connect(handle, place, size) != 0) {
        failure = errno;
        if (failure == EINPROGRESS) {
            failure = ETIMEDOUT;
            if (socket_wait(handle, true, deadline) &&
                getsockopt(handle, SOL_SOCKET, SO_ERROR, &failure, &length) != 0) {
                failure = errno;
            }
        }
    }
    if (failure != 0) {
        close(handle);
        errno = failure;
        return -1;
    }
    return handle;
}

int endpoint_connect(const check_endpoint *endpoint, uint64_t deadline, check_address *reached,
                     char words[256])
{
    name_query *query = ask(endpoint, deadline, words);
    int handle = -1;
    if (!query) {
        return -1;
    }
    snprintf(words, 256, "%.200s has no address", endpoint->host);
    for (const struct addrinfo *each = query->found; each && handle < 0; each = each->ai_next) {
        reached->size = each->ai_addrlen;
        memcpy(&reached->place, each->ai_addr, each->ai_addrlen);
        handle = connect_to(each->ai_addr, each->ai_addrlen, deadline);
        if (handle < 0) {
            char text[64];
            int failure = errno;
            address_text(text, sizeof text, reached);
            snprintf(words, 256, "%s cannot be reached: %s", text, strerror(failure));
        }
    }
    release_query(query);
    return handle;
}

int address_connect(const check_address *address, uint64_t deadline)
{
    return connect_to((const struct sockaddr *)&address->place, address->size, deadline);
}

void address_text(char *out, size_t size, const check_address *address)
{
    char host[128];
    char port[16];
    const struct sockaddr *place = (const struct sockaddr *)&address->place;
    if (getnameinfo(place, address->size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        snprintf(out, size, "an address");
    } else {
        bool six = place->sa_family == AF_INET6;
        snprintf(out, size, "%s%.50s%s:%.5s", six ? "[" : "", host, six ? "]" : "", port);
    }
}
