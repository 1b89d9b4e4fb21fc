/* SPDX-License-Identifier: Apache-2.0 */
#include "stream_serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "serve_internal.h"

enum { CLIENTS_USUAL = 64, CLIENTS_MAX = 4096, ACCEPTS_AT_ONCE = 16 };

static svms_status fail(svms_error *err, svms_status status, const char *words)
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

static svms_status add_track(stream_serve *serve, uint32_t number, svms_error *err)
{
    serve_track *to = &serve->tracks[serve->track_count];
    to->number = number;
    to->track = serve->options.tracks[number];
    to->last_pts = 0;
    svms_status status =
        svms_rtp_format_make(&to->format, serve->options.ctx,
                             SERVE_FIRST_PAYLOAD_TYPE + serve->track_count, &to->track, err);
    if (status == SVMS_E_UNSUPPORTED) {
        return SVMS_OK;
    }
    serve->track_count += status == SVMS_OK ? 1 : 0;
    /* The format has its own copy. */
    to->track.config = NULL;
    to->track.config_size = 0;
    return status;
}

static svms_status make_tracks(stream_serve *serve, svms_error *err)
{
    for (uint32_t i = 0; i < serve->options.track_count; i++) {
        svms_status status = add_track(serve, i, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return serve->track_count > 0
               ? SVMS_OK
               : fail(err, SVMS_E_UNSUPPORTED, "there is no track that can be sent over RTP");
}

/* The handlers of a connection are called with its client, the owner's with what the owner gave. */
static svms_status ask_secret(void *user, const char *name, svms_rtsp_digest algorithm,
                              svms_rtsp_secret *out)
{
    const stream_serve_options *o = &((serve_client *)user)->serve->options;
    return o->secret(o->user, name, algorithm, out);
}

static svms_status ask_token(void *user, const char *token, size_t size,
                             char identity[SVMS_RTSP_IDENTITY_SIZE], svms_error *err)
{
    serve_client *client = user;
    const stream_serve_options *o = &client->serve->options;
    stream_serve_token asked = { client->address, NULL, token, size, identity, INT64_MAX };
    asked.certificate = client->link.tls ? svms_tls_peer_chain(client->link.tls) : NULL;
    svms_status status = o->token(o->user, &asked, err);
    if (status == SVMS_OK) {
        client->may_until_utc = asked.valid_until_utc_ns;
    }
    return status;
}

static svms_status make_server(stream_serve *serve, svms_error *err)
{
    const stream_serve_options *o = &serve->options;
    uint8_t drawn[sizeof serve->session_id + 8];
    if (RAND_bytes(drawn, sizeof drawn) != 1) {
        return fail(err, SVMS_E_CRYPTO, "there are no random bytes");
    }
    memcpy(&serve->session_id, drawn, sizeof serve->session_id);
    serve->session_id >>= 2; /* as numbers of 63 bits, which all readers take */
    for (size_t i = 0; i < 8; i++) {
        (void)snprintf(serve->cname + i * 2, 3, "%02x", drawn[sizeof serve->session_id + i]);
    }
    svms_rtsp_server_options options = SVMS_RTSP_SERVER_OPTIONS_INIT;
    options.flags = o->server_flags | (o->tls ? 0 : SVMS_RTSP_SERVER_ALLOW_CLEAR);
    options.name = "svms";
    options.max_sessions = 1;
    options.max_tracks = serve->track_count;
    options.handlers.secret = o->secret ? ask_secret : NULL;
    options.handlers.token = o->token ? ask_token : NULL;
    options.handlers.request = serve_answer;
    options.handlers.frame = serve_frame;
    options.handlers.event = serve_event;
    return svms_rtsp_server_new(&serve->server, o->ctx, &options, err);
}

static svms_status set_up(stream_serve *serve, svms_error *err)
{
    stream_serve_options *o = &serve->options;
    if (!o->tls && o->media != STREAM_SERVE_CLEAR) {
        return fail(err, SVMS_E_USAGE, "keys and media that are not encrypted need TLS");
    }
    o->suite = o->suite ? o->suite : SVMS_SRTP_AEAD_AES_256_GCM;
    o->form = o->form ? o->form : SVMS_MIKEY_ONVIF;
    if (o->max_clients == 0 || o->max_clients > CLIENTS_MAX) {
        o->max_clients = CLIENTS_USUAL;
    }
    serve->path = strdup(o->path);
    serve->text = malloc(SVMS_SDP_SIZE_MAX);
    serve->tracks = calloc(o->track_count > 0 ? o->track_count : 1, sizeof *serve->tracks);
    serve->clients = calloc(o->max_clients, sizeof(serve_client *));
    if (!serve->path || !serve->text || !serve->tracks || !serve->clients) {
        return fail(err, SVMS_E_NO_MEMORY, "out of memory");
    }
    svms_status status = make_tracks(serve, err);
    return status == SVMS_OK ? make_server(serve, err) : status;
}

svms_status stream_serve_open(stream_serve **out, const stream_serve_options *options,
                              svms_error *err)
{
    stream_serve *serve = calloc(1, sizeof *serve);
    if (!serve) {
        close(options->listener);
        return fail(err, SVMS_E_NO_MEMORY, "out of memory");
    }
    serve->options = *options;
    svms_status status = set_up(serve, err);
    if (status != SVMS_OK) {
        stream_serve_close(&serve);
        return status;
    }
    serve->options.tracks = NULL;
    *out = serve;
    return SVMS_OK;
}

void stream_serve_finish(stream_serve *serve)
{
    for (uint32_t i = 0; i < serve->client_count; i++) {
        if (!serve->clients[i]->is_over && serve->clients[i]->rtsp) {
            serve_goodbye(serve->clients[i]);
        }
    }
}

static void wipe_text(stream_serve *serve)
{
    if (serve->text) {
        OPENSSL_cleanse(serve->text, SVMS_SDP_SIZE_MAX);
    }
    free(serve->text);
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
    for (uint32_t i = 0; i < s->track_count; i++) {
        svms_rtp_format_free(&s->tracks[i].format);
    }
    close(s->options.listener);
    wipe_text(s);
    free(s->tracks);
    free(s->clients);
    free(s->path);
    free(s);
    *serve = NULL;
}

static void address_text(const struct sockaddr_storage *from, char out[SERVE_ADDRESS_SIZE])
{
    const void *bytes = from->ss_family == AF_INET6
                            ? (const void *)&((const struct sockaddr_in6 *)from)->sin6_addr
                            : (const void *)&((const struct sockaddr_in *)from)->sin_addr;
    if (!inet_ntop(from->ss_family, bytes, out, SERVE_ADDRESS_SIZE)) {
        out[0] = '\0';
    }
}

/* Bounded: whoever connects without end does not keep the others waiting. */
static void accept_all(stream_serve *serve)
{
    for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
        struct sockaddr_storage from;
        socklen_t size = sizeof from;
        char address[SERVE_ADDRESS_SIZE];
        int yes = 1;
        int socket = accept(serve->options.listener, (struct sockaddr *)&from, &size);
        if (socket < 0) {
            return;
        }
        if (serve->client_count >= serve->options.max_clients ||
            fcntl(socket, F_SETFL, O_NONBLOCK) != 0 || fcntl(socket, F_SETFD, FD_CLOEXEC) != 0) {
            close(socket);
            continue;
        }
        (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        address_text(&from, address);
        serve_client *client = serve_client_new(serve, socket, address);
        if (client) {
            serve->clients[serve->client_count++] = client;
        }
    }
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

static size_t list_sockets(const stream_serve *serve, struct pollfd *out)
{
    size_t count = 0;
    out[count++] = (struct pollfd){ serve->options.listener, POLLIN, 0 };
    for (uint32_t i = 0; i < serve->client_count; i++) {
        const serve_client *client = serve->clients[i];
        out[count++] = (struct pollfd){ client->link.socket, stream_link_events(&client->link), 0 };
        for (uint32_t k = 0; k < serve->track_count; k++) {
            if (client->streams[k].ports.rtcp >= 0) {
                out[count++] = (struct pollfd){ client->streams[k].ports.rtcp, POLLIN, 0 };
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

svms_status stream_serve_run(stream_serve *serve, uint64_t until, svms_error *err)
{
    size_t most = 1 + (size_t)serve->options.max_clients * (1 + serve->track_count);
    struct pollfd *sockets = calloc(most, sizeof *sockets);
    if (!sockets) {
        return fail(err, SVMS_E_NO_MEMORY, "out of memory");
    }
    svms_status status = SVMS_OK;
    do {
        uint64_t when = until;
        for (uint32_t i = 0; i < serve->client_count; i++) {
            serve_client_work(serve->clients[i]);
            when = stream_earlier(when, serve_client_wait(serve->clients[i]));
        }
        drop_dead(serve);
        size_t count = list_sockets(serve, sockets);
        if (poll(sockets, (nfds_t)count, pause_until(when)) < 0) {
            status = errno == EINTR ? SVMS_OK : fail(err, SVMS_E_IO, "cannot wait for clients");
            break;
        }
        if (sockets[0].revents != 0) {
            accept_all(serve);
        }
    } while (stream_clock() < until);
    for (uint32_t i = 0; i < serve->client_count; i++) {
        serve_client_work(serve->clients[i]);
    }
    free(sockets);
    return status;
}

uint32_t stream_serve_watchers(const stream_serve *serve)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < serve->client_count; i++) {
        count += serve->clients[i]->is_playing ? 1 : 0;
    }
    return count;
}
