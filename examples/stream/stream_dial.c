/* SPDX-License-Identifier: Apache-2.0 */
#include "stream_dial.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stream_clock.h"
#include "stream_interface.h"

#define HOST_SIZE 254
#define PORT_SIZE 6
#define WORDS_SIZE 384
/* One address shall not use up the time of all. */
#define ADDRESS_SHARE 2
#define ADDRESSES_MAX 16

/* What a thread looks up. getaddrinfo() cannot be stopped, so whoever is the last to go, thread or
 * asker, releases it. */
typedef struct name_query {
    pthread_mutex_t lock;
    bool left; /* the asker has gone */
    bool done;
    char host[HOST_SIZE];
    char port[PORT_SIZE];
    struct addrinfo *found;
    int code;
    int wake; /* written to when it is done */
} name_query;

struct stream_dial {
    name_query *query; /* until it is answered */
    int woken;         /* read end */
    struct addrinfo *found;
    const struct addrinfo *next;
    size_t tried;
    struct addrinfo *from;       /* NULL: any */
    char interface[IF_NAMESIZE]; /* "": any */
    int socket;
    char host[HOST_SIZE];
    char place[128]; /* where socket goes */
    uint64_t limit;
    uint64_t address_limit;
    stream_dial_state state;
    char words[WORDS_SIZE];
};

static void release_query(name_query *query)
{
    if (query->found) {
        freeaddrinfo(query->found);
    }
    close(query->wake);
    pthread_mutex_destroy(&query->lock);
    free(query);
}

static void *resolve(void *user)
{
    name_query *query = user;
    struct addrinfo hints;
    struct addrinfo *found = NULL;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    int code = getaddrinfo(query->host, query->port, &hints, &found);
    pthread_mutex_lock(&query->lock);
    query->found = code == 0 ? found : NULL;
    query->code = code;
    query->done = true;
    bool left = query->left;
    if (!left && write(query->wake, "", 1) != 1) {
        /* A pipe of which nothing was written yet has room; the time-out would tell. */
        query->code = query->code ? query->code : EAI_SYSTEM;
    }
    pthread_mutex_unlock(&query->lock);
    if (left) {
        release_query(query);
    }
    return NULL;
}

static bool start_query(stream_dial *dial, const char *host, const char *port)
{
    int ends[2];
    pthread_t thread;
    name_query *query = calloc(1, sizeof *query);
    if (!query || pipe(ends) != 0) {
        free(query);
        return false;
    }
    (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    snprintf(query->host, sizeof query->host, "%s", host);
    snprintf(query->port, sizeof query->port, "%s", port);
    query->wake = ends[1];
    dial->woken = ends[0];
    pthread_mutex_init(&query->lock, NULL);
    if (pthread_create(&thread, NULL, resolve, query) != 0) {
        release_query(query);
        return false;
    }
    pthread_detach(thread);
    dial->query = query;
    return true;
}

static void leave_query(stream_dial *dial)
{
    name_query *query = dial->query;
    if (query) {
        pthread_mutex_lock(&query->lock);
        bool done = query->done;
        query->left = true;
        pthread_mutex_unlock(&query->lock);
        if (done) {
            release_query(query);
        }
        dial->query = NULL;
    }
}

/* Numbers only, so that nobody is asked and nothing waits. NULL: none. */
static struct addrinfo *parse_address(const char *text)
{
    struct addrinfo hints;
    struct addrinfo *found = NULL;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST;
    return getaddrinfo(text, NULL, &hints, &found) == 0 ? found : NULL;
}

bool stream_dial_is_address(const char *text)
{
    struct addrinfo *found = parse_address(text);
    if (found) {
        freeaddrinfo(found);
    }
    return found != NULL;
}

/* One that is too long is no interface's name. */
static bool keep_way(stream_dial *dial, const stream_dial_way *way)
{
    const char *interface = way->interface ? way->interface : "";
    int size = snprintf(dial->interface, sizeof dial->interface, "%s", interface);
    dial->from = way->from ? parse_address(way->from) : NULL;
    return (size_t)size < sizeof dial->interface && (!way->from || dial->from);
}

stream_dial *stream_dial_begin(const char *host, const char *port, const stream_dial_way *way,
                               uint64_t limit_ns)
{
    stream_dial *dial = calloc(1, sizeof *dial);
    if (!dial) {
        return NULL;
    }
    dial->woken = -1;
    dial->socket = -1;
    dial->limit = stream_clock() + limit_ns;
    snprintf(dial->host, sizeof dial->host, "%s", host);
    if (!keep_way(dial, way) || !start_query(dial, host, port)) {
        stream_dial_free(&dial);
    }
    return dial;
}

static void drop_socket(stream_dial *dial)
{
    if (dial->socket >= 0) {
        close(dial->socket);
        dial->socket = -1;
    }
}

static void name_place(stream_dial *dial, const struct addrinfo *to)
{
    char host[64];
    char port[16];
    bool six = to->ai_family == AF_INET6;
    if (getnameinfo(to->ai_addr, to->ai_addrlen, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        snprintf(dial->place, sizeof dial->place, "an address of it");
        return;
    }
    snprintf(dial->place, sizeof dial->place, "%s%s%s:%s", six ? "[" : "", host, six ? "]" : "",
             port);
}

static void note_failure(stream_dial *dial, int failure)
{
    snprintf(dial->words, sizeof dial->words, "%s cannot be reached: %s", dial->place,
             strerror(failure));
    drop_socket(dial);
}

/* Through the interface that was asked for, and never through another one. */
static bool is_on_interface(stream_dial *dial)
{
    if (stream_interface_bind(dial->socket, dial->interface[0] ? dial->interface : NULL)) {
        return true;
    }
    snprintf(dial->words, sizeof dial->words, "%s cannot be called through %s: %s", dial->place,
             dial->interface, strerror(errno));
    drop_socket(dial);
    return false;
}

/* From the address that was asked for, and never from another one. */
static bool is_bound(stream_dial *dial, const struct addrinfo *to)
{
    if (!dial->from) {
        return true;
    }
    int failure = EAFNOSUPPORT;
    if (dial->from->ai_family == to->ai_family) {
        failure = bind(dial->socket, dial->from->ai_addr, dial->from->ai_addrlen) == 0 ? 0 : errno;
    }
    if (failure != 0) {
        snprintf(dial->words, sizeof dial->words,
                 "%s cannot be called from the address that is set: %s", dial->place,
                 failure == EAFNOSUPPORT ? "one is IPv4, the other IPv6" : strerror(failure));
        drop_socket(dial);
    }
    return failure == 0;
}

/* Begins with the next address; false: there is none. */
static bool begin_next(stream_dial *dial, uint64_t now)
{
    const struct addrinfo *to = dial->next;
    if (!to || dial->tried == ADDRESSES_MAX) {
        return false;
    }
    dial->next = to->ai_next;
    dial->tried++;
    name_place(dial, to);
    uint64_t left = dial->limit > now ? dial->limit - now : 0;
    dial->address_limit = now + (dial->next ? left / ADDRESS_SHARE : left);
    dial->socket = socket(to->ai_family, SOCK_STREAM, 0);
    int on = 1;
    if (dial->socket < 0 ||
        fcntl(dial->socket, F_SETFL, fcntl(dial->socket, F_GETFL) | O_NONBLOCK) != 0 ||
        fcntl(dial->socket, F_SETFD, FD_CLOEXEC) != 0) {
        note_failure(dial, errno);
        return true;
    }
    (void)setsockopt(dial->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!is_on_interface(dial) || !is_bound(dial, to)) {
        return true;
    }
    if (connect(dial->socket, to->ai_addr, to->ai_addrlen) != 0 && errno != EINPROGRESS) {
        note_failure(dial, errno);
    }
    return true;
}

static void look_at_name(stream_dial *dial)
{
    name_query *query = dial->query;
    pthread_mutex_lock(&query->lock);
    bool done = query->done;
    pthread_mutex_unlock(&query->lock);
    if (!done) {
        return;
    }
    dial->found = query->found;
    dial->next = query->found;
    query->found = NULL;
    if (query->code != 0) {
        dial->state = STREAM_DIAL_UNKNOWN;
        snprintf(dial->words, sizeof dial->words, "the name %.150s is not known: %s", dial->host,
                 gai_strerror(query->code));
    }
    leave_query(dial);
    if (dial->words[0] == '\0') {
        snprintf(dial->words, sizeof dial->words, "%.200s has no address", dial->host);
    }
    snprintf(dial->place, sizeof dial->place, "%.100s", dial->host);
}

static void look_at_socket(stream_dial *dial, uint64_t now)
{
    struct pollfd ready = { dial->socket, POLLOUT, 0 };
    int failure = 0;
    socklen_t size = sizeof failure;
    if (poll(&ready, 1, 0) <= 0) {
        if (now >= dial->address_limit) {
            note_failure(dial, ETIMEDOUT);
        }
        return;
    }
    if (getsockopt(dial->socket, SOL_SOCKET, SO_ERROR, &failure, &size) != 0) {
        failure = errno;
    }
    if (failure != 0) {
        note_failure(dial, failure);
    } else {
        dial->state = STREAM_DIAL_CONNECTED;
    }
}

stream_dial_state stream_dial_step(stream_dial *dial, uint64_t now_ns)
{
    if (dial->state == STREAM_DIAL_UNDER_WAY && dial->query) {
        look_at_name(dial);
    }
    if (dial->state == STREAM_DIAL_UNDER_WAY && dial->query) {
        if (now_ns >= dial->limit) {
            dial->state = STREAM_DIAL_UNKNOWN;
            snprintf(dial->words, sizeof dial->words, "the name %.200s was not resolved in time",
                     dial->host);
        }
        return dial->state;
    }
    while (dial->state == STREAM_DIAL_UNDER_WAY) {
        if (dial->socket < 0 && !begin_next(dial, now_ns)) {
            dial->state = STREAM_DIAL_FAILED;
            break;
        }
        if (dial->socket >= 0) {
            look_at_socket(dial, now_ns);
        }
        if (dial->socket >= 0) {
            break;
        }
    }
    return dial->state;
}

struct pollfd stream_dial_poll(const stream_dial *dial)
{
    struct pollfd wanted = { -1, 0, 0 };
    if (dial->query) {
        wanted.fd = dial->woken;
        wanted.events = POLLIN;
    } else if (dial->state == STREAM_DIAL_UNDER_WAY) {
        wanted.fd = dial->socket;
        wanted.events = POLLOUT;
    }
    return wanted;
}

uint64_t stream_dial_wait(const stream_dial *dial)
{
    return dial->query ? dial->limit : dial->address_limit;
}

const char *stream_dial_words(const stream_dial *dial)
{
    return dial->words;
}

int stream_dial_take(stream_dial *dial)
{
    int taken = dial->socket;
    dial->socket = -1;
    return taken;
}

void stream_dial_free(stream_dial **dial)
{
    stream_dial *self = *dial;
    if (!self) {
        return;
    }
    leave_query(self);
    drop_socket(self);
    if (self->woken >= 0) {
        close(self->woken);
    }
    if (self->found) {
        freeaddrinfo(self->found);
    }
    if (self->from) {
        freeaddrinfo(self->from);
    }
    free(self);
    *dial = NULL;
}
