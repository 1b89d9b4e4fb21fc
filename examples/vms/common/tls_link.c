/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_link.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <openssl/crypto.h>

/* What one peer can make us hold: this much plaintext, and as much as one read gives before it is
 * opened. It is more than the longest message. */
#define PLAIN_MAX ((size_t)96 * 1024)
#define CIPHER_MAX ((size_t)32 * 1024)
#define CHUNK_SIZE ((size_t)16 * 1024)
/* Of the former, at first. */
#define PLAIN_LEAST ((size_t)4 * 1024)
/* Written in one call; and so little is left when the owner hears of it. */
#define SEND_MOST ((size_t)256 * 1024)
#define SENT_MARK ((size_t)16 * 1024)

/* Once it is to end: this long for what is still to be sent, and for the peer to go. */
#define END_SECONDS 2

struct tls_link {
    struct bufferevent *carrier;
    struct event *last_call;
    struct event *soon; /* work() when the owner's call has returned */
    svms_tls *tls;      /* NULL: plain */
    char *arrived;      /* plaintext */
    size_t arrived_room;
    size_t arrived_size;
    struct evbuffer *waiting; /* plaintext that TLS has not taken yet */
    const tls_link_events *events;
    void *user;
    bool is_ready;
    bool plain_ended;  /* the peer said goodbye */
    bool told_half;    /* and the owner knows */
    bool peer_ended;   /* no more bytes come from the socket */
    bool finishing;    /* the owner wants to end */
    bool said_goodbye; /* close_notify is among what is sent */
    bool ended;        /* TLS has come to its end or failed: why */
    bool lingering;    /* all is sent, the peer shall go */
    bool over;         /* closed() was called */
    svms_error why;
    bool working; /* in work(), where the owner is called */
    bool doomed;  /* the owner released it meanwhile */
};

static void note(svms_error *err, svms_status status, int os_error, const char *words)
{
    *err = (svms_error)SVMS_ERROR_INIT;
    err->status = status;
    err->os_error = os_error;
    (void)snprintf(err->message, sizeof err->message, "%s%s%s", words, os_error ? ": " : "",
                   os_error ? strerror(os_error) : "");
}

static void end(tls_link *link)
{
    if (!link->over) {
        link->over = true;
        event_del(link->last_call);
        bufferevent_disable(link->carrier, EV_READ | EV_WRITE);
        link->events->closed(link->user, &link->why);
    }
}

static void start_last_call(tls_link *link)
{
    const struct timeval limit = { END_SECONDS, 0 };
    if (!event_pending(link->last_call, EV_TIMEOUT, NULL)) {
        event_add(link->last_call, &limit);
    }
}

/* Answers are small and come in pieces: none waits for the acknowledgement of another. */
static void send_at_once(evutil_socket_t socket)
{
    int on = 1;
    (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* One step each: true when something was moved. status is what ends the connection, or SVMS_OK. */

static bool feed(tls_link *link, svms_status *status, svms_error *err)
{
    struct evbuffer *input = bufferevent_get_input(link->carrier);
    size_t size = evbuffer_get_contiguous_space(input);
    size_t taken = 0;
    if (size == 0) {
        return false;
    }
    *status = svms_tls_feed(link->tls, evbuffer_pullup(input, (ev_ssize_t)size), size, &taken, err);
    if (*status == SVMS_AGAIN) {
        *status = SVMS_OK;
    }
    evbuffer_drain(input, taken);
    return taken > 0;
}

static bool drain(tls_link *link, svms_status *status, svms_error *err)
{
    unsigned char chunk[CHUNK_SIZE];
    size_t size = 0;
    svms_status drained = svms_tls_drain(link->tls, chunk, sizeof chunk, &size, err);
    if (drained != SVMS_OK && drained != SVMS_AGAIN) {
        *status = drained;
        return false;
    }
    if (size > 0 && bufferevent_write(link->carrier, chunk, size) != 0) {
        note(err, SVMS_E_NO_MEMORY, 0, "out of memory");
        *status = SVMS_E_NO_MEMORY;
        return false;
    }
    return size > 0;
}

static void wipe_arrived(tls_link *link)
{
    if (link->arrived) {
        OPENSSL_cleanse(link->arrived, link->arrived_room);
        free(link->arrived);
    }
    link->arrived = NULL;
    link->arrived_room = 0;
}

/* Whoever sends nothing has no room; false: there is as much as there may be, or no memory. */
static bool make_room(tls_link *link, svms_status *status, svms_error *err)
{
    size_t room = link->arrived_room > 0 ? link->arrived_room * 2 : PLAIN_LEAST;
    if (link->arrived_size < link->arrived_room) {
        return true;
    }
    if (link->arrived_room == PLAIN_MAX) {
        return false;
    }
    room = room < PLAIN_MAX ? room : PLAIN_MAX;
    char *larger = malloc(room);
    if (!larger) {
        note(err, SVMS_E_NO_MEMORY, 0, "out of memory");
        *status = SVMS_E_NO_MEMORY;
        return false;
    }
    if (link->arrived_size > 0) {
        memcpy(larger, link->arrived, link->arrived_size);
    }
    wipe_arrived(link);
    link->arrived = larger;
    link->arrived_room = room;
    return true;
}

static bool read_plain(tls_link *link, svms_status *status, svms_error *err)
{
    size_t size = 0;
    if (link->finishing || link->plain_ended || !make_room(link, status, err)) {
        return false;
    }
    svms_status got = svms_tls_read(link->tls, link->arrived + link->arrived_size,
                                    link->arrived_room - link->arrived_size, &size, err);
    if (got == SVMS_END) {
        link->plain_ended = true;
        return true;
    }
    if (got != SVMS_OK && got != SVMS_AGAIN) {
        *status = got;
        return false;
    }
    link->arrived_size += got == SVMS_OK ? size : 0;
    return got == SVMS_OK && size > 0;
}

static bool write_plain(tls_link *link, svms_status *status, svms_error *err)
{
    size_t there = evbuffer_get_length(link->waiting);
    size_t size = there < CHUNK_SIZE ? there : CHUNK_SIZE;
    size_t taken = 0;
    if (size == 0) {
        return false;
    }
    const unsigned char *plain = evbuffer_pullup(link->waiting, (ev_ssize_t)size);
    if (!plain) {
        note(err, SVMS_E_NO_MEMORY, 0, "out of memory");
        *status = SVMS_E_NO_MEMORY;
        return false;
    }
    svms_status written = svms_tls_write(link->tls, plain, size, &taken, err);
    if (written != SVMS_OK && written != SVMS_AGAIN) {
        *status = written;
        return false;
    }
    evbuffer_drain(link->waiting, written == SVMS_OK ? taken : 0);
    return written == SVMS_OK && taken > 0;
}

static bool say_goodbye(tls_link *link, svms_status *status, svms_error *err)
{
    if (!link->finishing || link->said_goodbye || evbuffer_get_length(link->waiting) > 0) {
        return false;
    }
    svms_status closed = svms_tls_close(link->tls, err);
    if (closed != SVMS_OK && closed != SVMS_AGAIN) {
        *status = closed;
        return false;
    }
    link->said_goodbye = closed == SVMS_OK;
    return link->said_goodbye;
}

static bool shake_hands(tls_link *link, svms_status *status, svms_error *err)
{
    svms_status done = svms_tls_handshake(link->tls, err);
    if (done == SVMS_AGAIN) {
        return false;
    }
    if (done != SVMS_OK) {
        *status = done;
        return false;
    }
    link->is_ready = true;
    return true;
}

/* The same without TLS. */
static bool move_plain(tls_link *link, svms_status *status, svms_error *err)
{
    struct evbuffer *input = bufferevent_get_input(link->carrier);
    bool takes = !link->finishing && evbuffer_get_length(input) > 0 && make_room(link, status, err);
    int got = takes ? evbuffer_remove(input, link->arrived + link->arrived_size,
                                      link->arrived_room - link->arrived_size)
                    : 0;
    bool has_more = evbuffer_get_length(link->waiting) > 0;
    link->is_ready = true;
    link->arrived_size += got > 0 ? (size_t)got : 0;
    link->plain_ended = link->peer_ended && evbuffer_get_length(input) == 0;
    if (has_more && bufferevent_write_buffer(link->carrier, link->waiting) != 0) {
        note(err, SVMS_E_NO_MEMORY, 0, "out of memory");
        *status = SVMS_E_NO_MEMORY;
        return false;
    }
    link->said_goodbye = link->finishing;
    return got > 0 || has_more;
}

/* All that can be moved now, in both directions. */
static svms_status move(tls_link *link, svms_error *err)
{
    svms_status status = SVMS_OK;
    bool moved = true;
    while (moved && status == SVMS_OK && !link->tls) {
        moved = move_plain(link, &status, err);
    }
    while (moved && status == SVMS_OK) {
        moved = feed(link, &status, err);
        if (status == SVMS_OK && !link->is_ready) {
            moved = shake_hands(link, &status, err) || moved;
        }
        if (status == SVMS_OK && link->is_ready) {
            moved = read_plain(link, &status, err) || moved;
        }
        if (status == SVMS_OK && link->is_ready) {
            moved = write_plain(link, &status, err) || moved;
        }
        if (status == SVMS_OK && link->is_ready) {
            moved = say_goodbye(link, &status, err) || moved;
        }
        if (status == SVMS_OK) {
            moved = drain(link, &status, err) || moved;
        }
    }
    return status;
}

/* TLS is at its end; the alert that says so still goes out. */
static void stop(tls_link *link, svms_status status, const svms_error *err)
{
    svms_error ignored = SVMS_ERROR_INIT;
    svms_status drained = SVMS_OK;
    link->ended = true;
    link->why = *err;
    link->why.status = status;
    while (link->tls && drained == SVMS_OK && drain(link, &drained, &ignored)) {
    }
    start_last_call(link);
}

static void hear_goodbye(tls_link *link)
{
    if (link->events->half_closed) {
        link->events->half_closed(link->user);
    } else {
        link->finishing = true;
        start_last_call(link);
    }
}

/* Moves, and tells the owner what came of it; false: there is nothing more to do now. */
static bool step(tls_link *link)
{
    svms_error err = SVMS_ERROR_INIT;
    bool was_ready = link->is_ready;
    size_t before = link->arrived_size;
    svms_status status = move(link, &err);
    bool came = link->arrived_size > before;
    if (status != SVMS_OK) {
        stop(link, status, &err);
    }
    if (link->is_ready && !was_ready && link->events->ready) {
        link->events->ready(link->user);
    }
    if (!link->doomed && came && !link->finishing) {
        link->events->readable(link->user);
    }
    /* Who said goodbye may still hear the answer to what came before. */
    if (!link->doomed && link->plain_ended && !link->finishing && !link->told_half) {
        link->told_half = true;
        hear_goodbye(link);
        came = true;
    }
    /* The owner may have written, or made room. */
    return !link->doomed && !link->ended && (came || (link->is_ready && !was_ready));
}

/* A socket that is closed while bytes of the peer lie unread takes back what was sent last. So the
 * peer goes first, if it does so soon. */
static void settle(tls_link *link)
{
    struct evbuffer *input = bufferevent_get_input(link->carrier);
    size_t unsent = evbuffer_get_length(bufferevent_get_output(link->carrier));
    if (!link->ended && !link->said_goodbye) {
        return;
    }
    if (unsent == 0 && !link->lingering) {
        link->lingering = true;
        (void)shutdown(bufferevent_getfd(link->carrier), SHUT_WR);
    }
    evbuffer_drain(input, evbuffer_get_length(input));
    if (link->lingering && link->peer_ended) {
        end(link);
    }
}

static void destroy(tls_link *link)
{
    wipe_arrived(link);
    if (link->waiting) {
        evbuffer_free(link->waiting);
    }
    if (link->last_call) {
        event_free(link->last_call);
    }
    if (link->soon) {
        event_free(link->soon);
    }
    if (link->carrier) {
        bufferevent_free(link->carrier);
    }
    svms_tls_free(&link->tls);
    free(link);
}

static void work(tls_link *link)
{
    if (link->over || link->working) {
        return;
    }
    link->working = true;
    while (!link->ended && !link->said_goodbye && step(link)) {
    }
    link->working = false;
    if (link->doomed) {
        destroy(link);
    } else {
        settle(link);
    }
}

static void on_moved(struct bufferevent *carrier, void *user)
{
    (void)carrier;
    work(user);
}

static void on_sent(struct bufferevent *carrier, void *user)
{
    tls_link *link = user;
    (void)carrier;
    if (link->over) {
        return;
    }
    if (link->events->written && !link->ended) {
        link->working = true;
        link->events->written(link->user);
        link->working = false;
    }
    if (link->doomed) {
        destroy(link);
    } else {
        work(link);
    }
}

static void on_event(struct bufferevent *carrier, short what, void *user)
{
    tls_link *link = user;
    int os_error = EVUTIL_SOCKET_ERROR();
    (void)carrier;
    if ((what & BEV_EVENT_ERROR) != 0) {
        if (!link->ended && !link->finishing) {
            note(&link->why, SVMS_E_IO, os_error, "the connection failed");
        }
        end(link);
    } else if ((what & BEV_EVENT_EOF) != 0) {
        svms_error err = SVMS_ERROR_INIT;
        link->peer_ended = true;
        svms_status told = link->ended || !link->tls ? SVMS_OK : svms_tls_feed_end(link->tls, &err);
        if (told != SVMS_OK) {
            stop(link, told, &err);
        }
        work(link);
    } else if ((what & BEV_EVENT_CONNECTED) != 0) {
        work(link);
    }
}

static void on_soon(evutil_socket_t socket, short what, void *user)
{
    (void)socket;
    (void)what;
    work(user);
}

/* Not at once: closed() would come while the owner is in the middle of something. */
static void work_soon(tls_link *link)
{
    if (!link->working) {
        event_active(link->soon, EV_TIMEOUT, 0);
    }
}

static void on_last_call(evutil_socket_t socket, short what, void *user)
{
    (void)socket;
    (void)what;
    end(user);
}

tls_link *tls_link_new(struct event_base *base, evutil_socket_t socket, svms_tls *tls,
                       const tls_link_events *events, void *user)
{
    tls_link *link = calloc(1, sizeof *link);
    if (!link) {
        if (socket >= 0) {
            evutil_closesocket(socket);
        }
        return NULL;
    }
    link->events = events;
    link->user = user;
    link->waiting = evbuffer_new();
    link->last_call = evtimer_new(base, on_last_call, link);
    link->soon = evtimer_new(base, on_soon, link);
    link->carrier = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    if (!link->waiting || !link->last_call || !link->soon || !link->carrier ||
        (socket >= 0 && bufferevent_setfd(link->carrier, socket) != 0)) {
        if (socket >= 0 && !link->carrier) {
            evutil_closesocket(socket);
        }
        tls_link_free(link);
        return NULL;
    }
    note(&link->why, SVMS_END, 0, "it was closed");
    link->tls = tls;
    bufferevent_setcb(link->carrier, on_moved, on_sent, on_event, link);
    bufferevent_setwatermark(link->carrier, EV_READ, 0, CIPHER_MAX);
    bufferevent_setwatermark(link->carrier, EV_WRITE, SENT_MARK, 0);
    (void)bufferevent_set_max_single_write(link->carrier, SEND_MOST);
    bufferevent_enable(link->carrier, EV_READ | EV_WRITE);
    if (socket >= 0) {
        send_at_once(socket);
    }
    return link;
}

bool tls_link_connect(tls_link *link, const struct sockaddr *address, int size)
{
    if (bufferevent_socket_connect(link->carrier, address, size) != 0) {
        return false;
    }
    send_at_once(bufferevent_getfd(link->carrier));
    return true;
}

void tls_link_free(tls_link *link)
{
    if (link && link->working) {
        link->doomed = true;
    } else if (link) {
        destroy(link);
    }
}

const char *tls_link_peek(tls_link *link, size_t *size)
{
    *size = link->arrived_size;
    return link->arrived;
}

void tls_link_take(tls_link *link, size_t size)
{
    size_t left = link->arrived_size - size;
    if (size == 0) {
        return;
    }
    memmove(link->arrived, link->arrived + size, left);
    OPENSSL_cleanse(link->arrived + left, size);
    link->arrived_size = left;
    if (left == 0) {
        wipe_arrived(link);
    }
    /* There is room for what waits below. */
    work_soon(link);
}

bool tls_link_write(tls_link *link, const void *data, size_t size)
{
    if (evbuffer_add(link->waiting, data, size) != 0) {
        return false;
    }
    work_soon(link);
    return true;
}

size_t tls_link_queued(const tls_link *link)
{
    return evbuffer_get_length(link->waiting) +
           evbuffer_get_length(bufferevent_get_output(link->carrier));
}

bool tls_link_is_ready(const tls_link *link)
{
    return link->is_ready;
}

void tls_link_finish(tls_link *link)
{
    link->finishing = true;
    start_last_call(link);
    work_soon(link);
}

const svms_tls *tls_link_tls(const tls_link *link)
{
    return link->tls;
}
