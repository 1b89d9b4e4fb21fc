/* SPDX-License-Identifier: Apache-2.0 */
/* A server: what it is, and its loop. */
#include "stream_serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "serve_internal.h"

enum {
    CLIENTS_USUAL = 64,
    CLIENTS_MAX = 4096,
    LEAST_OF_LIMITS = 16,
    STRANGERS_MAX = 256,
    STRANGER_SECONDS = 10,
    WAKES_AT_ONCE = 256
};

svms_status serve_fail(svms_error *err, svms_status status, const char *words)
{
    *err = (svms_error)SVMS_ERROR_INIT;
    err->status = status;
    (void)snprintf(err->message, sizeof err->message, "%s", words);
    return status;
}

void serve_note(serve_client *client, stream_serve_note note, const char *who, const char *words)
{
    const stream_serve_options *o = &client->serve->options;
    char whole[SERVE_WHO_SIZE];
    if (o->note) {
        bool named = who && who[0] != '\0';
        (void)snprintf(whole, sizeof whole, "%s%s%s", client->address, named ? " as " : "",
                       named ? who : "");
        o->note(o->user, note, whole, words);
    }
}

/* The handlers of a connection are called with its client, the owner's with what the owner gave. */
static svms_status ask_secret(void *user, const char *name, svms_rtsp_digest algorithm,
                              svms_rtsp_secret *out)
{
    const stream_serve_options *o = &((serve_client *)user)->serve->options;
    return o->secret(o->user, name, algorithm, out);
}

/* Permission is asked with it. */
static svms_status keep_token(serve_client *client, const stream_serve_token *asked,
                              svms_error *err)
{
    bool is_same = client->token && client->token_size == asked->size &&
                   CRYPTO_memcmp(client->token, asked->text, asked->size) == 0;
    client->may_until_utc = asked->valid_until_utc_ns;
    if (is_same) {
        return SVMS_OK;
    }
    char *copy = OPENSSL_malloc(asked->size + 1);
    if (!copy) {
        return serve_fail(err, SVMS_E_NO_MEMORY, "out of memory");
    }
    memcpy(copy, asked->text, asked->size);
    copy[asked->size] = '\0';
    OPENSSL_clear_free(client->token, client->token_size);
    client->token = copy;
    client->token_size = asked->size;
    client->must_be_judged = serve_watched(client) != NULL;
    return SVMS_OK;
}

static svms_status ask_token(void *user, const char *token, size_t size,
                             char identity[SVMS_RTSP_IDENTITY_SIZE], svms_error *err)
{
    serve_client *client = user;
    const serve_watch *watch = serve_watched(client);
    const stream_serve_options *o = &client->serve->options;
    stream_serve_token asked = { .address = client->address,
                                 .text = token,
                                 .size = size,
                                 .identity = identity,
                                 .valid_until_utc_ns = INT64_MAX };
    asked.certificate = client->link.tls ? svms_tls_peer_chain(client->link.tls) : NULL;
    svms_status status = o->token(o->user, &asked, err);
    if (status != SVMS_OK) {
        return status;
    }
    /* What one may watch, the token of another does not prolong. */
    if (watch && strcmp(watch->identity, identity) != 0) {
        return serve_fail(err, SVMS_E_POLICY, "somebody else watches over this connection");
    }
    return keep_token(client, &asked, err);
}

static svms_status make_server(stream_serve *serve, svms_error *err)
{
    const stream_serve_options *o = &serve->options;
    uint8_t drawn[sizeof serve->session_id + 8];
    if (RAND_bytes(drawn, sizeof drawn) != 1) {
        return serve_fail(err, SVMS_E_CRYPTO, "there are no random bytes");
    }
    memcpy(&serve->session_id, drawn, sizeof serve->session_id);
    serve->session_id >>= 2; /* as numbers of 63 bits, which all readers take */
    for (size_t i = 0; i < 8; i++) {
        (void)snprintf(serve->cname + i * 2, 3, "%02x", drawn[sizeof serve->session_id + i]);
    }
    svms_rtsp_server_options options = SVMS_RTSP_SERVER_OPTIONS_INIT;
    options.flags = o->server_flags | (o->tls ? 0 : SVMS_RTSP_SERVER_ALLOW_CLEAR);
    options.realm = o->realm;
    options.name = "svms";
    options.request_seconds = o->stranger_seconds;
    options.max_sessions = 1;
    options.max_tracks = SERVE_TRACKS_MAX;
    options.handlers.secret = o->secret ? ask_secret : NULL;
    options.handlers.token = o->token ? ask_token : NULL;
    options.handlers.request = serve_answer;
    options.handlers.frame = serve_frame;
    options.handlers.event = serve_event;
    return svms_rtsp_server_new(&serve->server, o->ctx, &options, err);
}

static uint32_t half_of(uint32_t clients)
{
    return clients / 2 > LEAST_OF_LIMITS ? clients / 2 : LEAST_OF_LIMITS;
}

static void set_limits(stream_serve_options *o)
{
    if (o->max_clients == 0 || o->max_clients > CLIENTS_MAX) {
        o->max_clients = CLIENTS_USUAL;
    }
    o->max_per_address = o->max_per_address ? o->max_per_address : half_of(o->max_clients);
    o->max_strangers = o->max_strangers ? o->max_strangers : half_of(o->max_clients);
    o->max_strangers = o->max_strangers < STRANGERS_MAX ? o->max_strangers : STRANGERS_MAX;
    o->stranger_seconds = o->stranger_seconds ? o->stranger_seconds : STRANGER_SECONDS;
}

static svms_status open_wake(stream_serve *serve, svms_error *err)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return serve_fail(err, SVMS_E_IO, "there is no pipe to be had");
    }
    serve->wake_from = ends[0];
    serve->wake_to = ends[1];
    for (int i = 0; i < 2; i++) {
        if (fcntl(ends[i], F_SETFL, O_NONBLOCK) != 0 || fcntl(ends[i], F_SETFD, FD_CLOEXEC) != 0) {
            return serve_fail(err, SVMS_E_IO, "the pipe cannot be used");
        }
    }
    return SVMS_OK;
}

static svms_status set_up(stream_serve *serve, svms_error *err)
{
    stream_serve_options *o = &serve->options;
    if (!o->tls && o->media != STREAM_SERVE_CLEAR) {
        return serve_fail(err, SVMS_E_USAGE, "keys and media that are not encrypted need TLS");
    }
    o->suite = o->suite ? o->suite : SVMS_SRTP_AEAD_AES_256_GCM;
    o->form = o->form ? o->form : SVMS_MIKEY_ONVIF;
    set_limits(o);
    serve->text = malloc(SVMS_SDP_SIZE_MAX);
    serve->clients = calloc(o->max_clients, sizeof(serve_client *));
    if (!serve->text || !serve->clients) {
        return serve_fail(err, SVMS_E_NO_MEMORY, "out of memory");
    }
    svms_status status = open_wake(serve, err);
    if (status == SVMS_OK) {
        status = make_server(serve, err);
    }
    if (status == SVMS_OK && o->path) {
        const stream_live_options first = { o->path, o->name, o->tracks, o->track_count };
        status = stream_serve_add_live(&serve->first, serve, &first, err);
    }
    return status;
}

svms_status stream_serve_open(stream_serve **out, const stream_serve_options *options,
                              svms_error *err)
{
    stream_serve *serve = calloc(1, sizeof *serve);
    if (!serve) {
        close(options->listener);
        return serve_fail(err, SVMS_E_NO_MEMORY, "out of memory");
    }
    serve->options = *options;
    serve->wake_from = -1;
    serve->wake_to = -1;
    svms_status status = set_up(serve, err);
    if (status != SVMS_OK) {
        stream_serve_close(&serve);
        return status;
    }
    /* They were copied. */
    serve->options.realm = NULL;
    serve->options.path = NULL;
    serve->options.name = NULL;
    serve->options.tracks = NULL;
    *out = serve;
    return SVMS_OK;
}

void stream_serve_finish(stream_serve *serve)
{
    for (uint32_t i = 0; i < serve->client_count; i++) {
        serve_watch *watch = serve_watched(serve->clients[i]);
        if (watch && !serve->clients[i]->is_over) {
            serve_goodbye(watch);
        }
    }
}

static void close_handle(int handle)
{
    if (handle >= 0) {
        close(handle);
    }
}

void stream_serve_close(stream_serve **serve)
{
    if (!serve || !*serve) {
        return;
    }
    stream_serve *s = *serve;
    for (uint32_t i = 0; i < s->client_count; i++) {
        serve_client_free(s->clients[i]);
    }
    svms_rtsp_server_free(&s->server);
    serve_presentations_free(s);
    close_handle(s->options.listener);
    close_handle(s->wake_from);
    close_handle(s->wake_to);
    OPENSSL_cleanse(s->text, s->text ? SVMS_SDP_SIZE_MAX : 0);
    free(s->text);
    free(s->clients);
    free(s->polled);
    free(s);
    *serve = NULL;
}

static void drop_dead(stream_serve *serve)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < serve->client_count; i++) {
        if (serve->clients[i]->is_over) {
            serve_client_free(serve->clients[i]);
        } else {
            serve->clients[kept++] = serve->clients[i];
        }
    }
    serve->client_count = kept;
}

static svms_status make_list(stream_serve *serve, svms_error *err)
{
    size_t most = 2 + (size_t)serve->client_count * (1 + SERVE_TRACKS_MAX);
    if (most <= serve->polled_room) {
        return SVMS_OK;
    }
    struct pollfd *more = realloc(serve->polled, most * sizeof *more);
    if (!more) {
        return serve_fail(err, SVMS_E_NO_MEMORY, "out of memory");
    }
    serve->polled = more;
    serve->polled_room = most;
    return SVMS_OK;
}

/* The pipe, the listener, each client; then what comes over UDP, which is looked at anyhow. */
static size_t list_sockets(const stream_serve *serve)
{
    struct pollfd *out = serve->polled;
    size_t count = 0;
    out[count++] = (struct pollfd){ serve->wake_from, POLLIN, 0 };
    out[count++] = (struct pollfd){ serve->options.listener, POLLIN, 0 };
    for (uint32_t i = 0; i < serve->client_count; i++) {
        const serve_client *client = serve->clients[i];
        out[count++] = (struct pollfd){ client->link.socket, stream_link_events(&client->link), 0 };
    }
    for (uint32_t i = 0; i < serve->client_count; i++) {
        const serve_watch *watch = serve_watched(serve->clients[i]);
        for (uint32_t k = 0; watch && k < watch->tracks->count; k++) {
            if (watch->streams[k].ports.rtcp >= 0) {
                out[count++] = (struct pollfd){ watch->streams[k].ports.rtcp, POLLIN, 0 };
            }
        }
    }
    return count;
}

/* Whole milliseconds, rounded up: 0 must not mean again and again. */
static int pause_until(uint64_t when)
{
    uint64_t now = stream_clock();
    uint64_t ms = when <= now ? 0 : (when - now + 999999) / 1000000;
    return ms > 1000 ? 1000 : (int)ms;
}

void stream_serve_wake(stream_serve *serve)
{
    int failure = errno;
    /* One that does not fit any more is not needed: it is awake. */
    ssize_t written = write(serve->wake_to, "", 1);
    (void)written;
    errno = failure;
}

static void wake_up(stream_serve *serve)
{
    char bytes[WAKES_AT_ONCE];
    ssize_t got = read(serve->wake_from, bytes, sizeof bytes);
    if (got <= 0) {
        return;
    }
    for (uint32_t i = 0; i < serve->client_count; i++) {
        serve_watch *watch = serve_watched(serve->clients[i]);
        if (watch) {
            serve_replay_wake(watch);
        }
    }
    if (serve->options.woken) {
        serve->options.woken(serve->options.user);
    }
}

/* What poll() found. Clients come and go only after that. */
static void hear(stream_serve *serve)
{
    bool is_woken = serve->polled[0].revents != 0;
    bool has_new = serve->polled[1].revents != 0;
    for (uint32_t i = 0; i < serve->client_count; i++) {
        serve_client *client = serve->clients[i];
        client->is_ready = client->is_ready || serve->polled[2 + i].revents != 0;
    }
    if (has_new) {
        serve_accept(serve);
    }
    if (is_woken) {
        wake_up(serve);
    }
}

static uint64_t work_all(stream_serve *serve, uint64_t until)
{
    uint64_t when = until;
    for (uint32_t i = 0; i < serve->client_count; i++) {
        serve_client_work(serve->clients[i]);
        when = stream_earlier(when, serve_client_wait(serve->clients[i]));
    }
    return when;
}

svms_status stream_serve_run(stream_serve *serve, uint64_t until, svms_error *err)
{
    svms_status status = SVMS_OK;
    do {
        uint64_t when = work_all(serve, until);
        drop_dead(serve);
        status = make_list(serve, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (poll(serve->polled, (nfds_t)list_sockets(serve), pause_until(when)) < 0) {
            status =
                errno == EINTR ? SVMS_OK : serve_fail(err, SVMS_E_IO, "cannot wait for clients");
            break;
        }
        hear(serve);
    } while (stream_clock() < until);
    (void)work_all(serve, until);
    return status;
}

void stream_serve_look(const stream_serve *serve,
                       void (*each)(void *user, const stream_serve_watch *watch), void *user)
{
    for (uint32_t i = 0; i < serve->client_count; i++) {
        const serve_watch *watch = serve_watched(serve->clients[i]);
        if (watch && watch->told.number != 0) {
            each(user, &watch->told);
        }
    }
}

uint32_t stream_serve_watchers(const stream_serve *serve)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < serve->client_count; i++) {
        const serve_watch *watch = serve_watched(serve->clients[i]);
        count += watch && watch->is_playing ? 1 : 0;
    }
    return count;
}

void stream_serve_judge_again(stream_serve *serve)
{
    for (uint32_t i = 0; i < serve->client_count; i++) {
        serve->clients[i]->must_be_judged = serve_watched(serve->clients[i]) != NULL;
    }
}
