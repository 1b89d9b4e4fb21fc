/* SPDX-License-Identifier: Apache-2.0 */
#include "serve_listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stream_interface.h"

enum { BACKLOG = 512 };

/* Splits at the last colon; brackets around the host are taken away. */
static bool split(const char *text, char *host, size_t room, const char **port)
{
    const char *colon = strrchr(text, ':');
    if (!colon || colon == text || colon[1] == '\0') {
        return false;
    }
    size_t size = (size_t)(colon - text);
    bool bracketed = text[0] == '[' && text[size - 1] == ']';
    if (!bracketed && memchr(text, ':', size)) {
        return false;
    }
    text += bracketed ? 1 : 0;
    size -= bracketed ? 2 : 0;
    if (size == 0 || size >= room) {
        return false;
    }
    memcpy(host, text, size);
    host[size] = '\0';
    *port = colon + 1;
    return true;
}

static bool write_address(int handle, char address[SERVE_LISTEN_TEXT])
{
    struct sockaddr_storage at;
    socklen_t size = sizeof at;
    char host[48];
    char port[8];
    if (getsockname(handle, (struct sockaddr *)&at, &size) != 0 ||
        getnameinfo((struct sockaddr *)&at, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return false;
    }
    bool six = at.ss_family == AF_INET6;
    (void)snprintf(address, SERVE_LISTEN_TEXT, "%s%s%s:%s", six ? "[" : "", host, six ? "]" : "",
                   port);
    return true;
}

static bool begin(int handle, const struct addrinfo *at, const char *interface)
{
    int yes = 1;
    if (!stream_interface_bind(handle, interface)) {
        return false;
    }
    (void)setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    return fcntl(handle, F_SETFL, O_NONBLOCK) == 0 && fcntl(handle, F_SETFD, FD_CLOEXEC) == 0 &&
           bind(handle, at->ai_addr, at->ai_addrlen) == 0 && listen(handle, BACKLOG) == 0;
}

int serve_listen(const char *text, const char *interface, char address[SERVE_LISTEN_TEXT])
{
    char host[48];
    const char *port = NULL;
    struct addrinfo hints;
    struct addrinfo *found = NULL;
    memset(&hints, 0, sizeof hints);
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
    hints.ai_socktype = SOCK_STREAM;
    if (!split(text, host, sizeof host, &port) || getaddrinfo(host, port, &hints, &found) != 0) {
        errno = EINVAL;
        return -1;
    }
    int handle = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    bool good = handle >= 0 && begin(handle, found, interface) && write_address(handle, address);
    int failure = errno;
    freeaddrinfo(found);
    if (!good && handle >= 0) {
        close(handle);
        handle = -1;
    }
    errno = failure;
    return handle;
}
