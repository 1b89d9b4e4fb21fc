/* SPDX-License-Identifier: Apache-2.0 */
/* One connection: bytes between its socket and its RTSP. */
#include "serve_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

enum { READ_SIZE = 16384, READS_AT_ONCE = 8, STUCK_SECONDS = 10 };

serve_client *serve_client_new(stream_serve *serve, int socket, const char *address)
{
    serve_client *client = calloc(1, sizeof *client);
    svms_error err = SVMS_ERROR_INIT;
    stream_link link;
    if (stream_link_begin(&link, socket, serve->options.tls, NULL, &err) != SVMS_OK || !client) {
        stream_link_end(&link);
        free(client);
        return NULL;
    }
    client->serve = serve;
    client->link = link;
    client->is_ready = true;
    client->stuck_at = STREAM_NEVER;
    client->may_until_utc = INT64_MAX;
    client->since = stream_clock();
    client->shake_by = client->since + serve->options.stranger_seconds * STREAM_SECOND;
    (void)snprintf(client->address, sizeof client->address, "%s", address);
    return client;
}

void serve_client_free(serve_client *client)
{
    if (!client) {
        return;
    }
    svms_rtsp_connection_free(&client->rtsp);
    serve_watch_free(&client->watch);
    serve_watch_free(&client->described);
    OPENSSL_cleanse(client->answer, sizeof client->answer);
    OPENSSL_clear_free(client->token, client->token_size);
    stream_link_end(&client->link);
    free(client);
}

void serve_client_drop(serve_client *client, const char *words)
{
    serve_watch *watch = serve_watched(client);
    words = words[0] != '\0' ? words : "is gone";
    if (watch && watch->why[0] == '\0') {
        (void)snprintf(watch->why, sizeof watch->why, "%s", words);
    }
    if (!client->is_over) {
        serve_note(client, STREAM_SERVE_IS_GONE, NULL, words);
    }
    client->is_over = true;
}

static svms_status begin_rtsp(serve_client *client, uint64_t now, svms_error *err)
{
    const stream_serve_options *o = &client->serve->options;
    char identity[SVMS_RTSP_IDENTITY_SIZE] = "";
    svms_rtsp_connection_options options = SVMS_RTSP_CONNECTION_OPTIONS_INIT;
    options.flags = client->link.tls ? SVMS_RTSP_CONNECTION_SECURE : 0;
    options.peer = client->address;
    options.user = client;
    if (client->link.tls && o->identify) {
        svms_status status = o->identify(o->user, client->link.tls, client->address, identity, err);
        if (status != SVMS_OK) {
            return status;
        }
        identity[sizeof identity - 1] = '\0';
        options.identity = identity[0] != '\0' ? identity : NULL;
    }
    return svms_rtsp_connection_new(&client->rtsp, client->serve->server, &options, now, err);
}

/* False: the handshake needs more, or has failed. */
static bool shake(serve_client *client, uint64_t now)
{
    svms_error err = SVMS_ERROR_INIT;
    if (client->rtsp) {
        return true;
    }
    svms_status status = client->is_ready ? stream_link_shake(&client->link, &err) : SVMS_AGAIN;
    if (status == SVMS_AGAIN && now < client->shake_by) {
        client->is_ready = false;
        return false;
    }
    if (status == SVMS_OK) {
        status = begin_rtsp(client, now, &err);
    }
    if (status != SVMS_OK) {
        serve_note(client, STREAM_SERVE_REFUSED, NULL,
                   status == SVMS_AGAIN ? "TLS takes too long" : err.message);
        client->is_over = true;
    }
    return status == SVMS_OK;
}

/* What RTSP said of its bytes; whatever ends it, its answer is still sent. */
static void heed(serve_client *client, svms_status status, uint64_t now)
{
    if (status != SVMS_OK && !client->is_ending) {
        client->is_ending = true;
        client->shake_by = now + STUCK_SECONDS * STREAM_SECOND;
    }
}

static void read_all(serve_client *client, uint64_t now)
{
    uint8_t data[READ_SIZE];
    svms_error err = SVMS_ERROR_INIT;
    for (int i = 0; i < READS_AT_ONCE && !client->is_ending && !client->is_over; i++) {
        size_t size = 0;
        svms_status status = stream_link_read(&client->link, data, sizeof data, &size, &err);
        if (status == SVMS_AGAIN) {
            client->is_ready = false;
            break;
        }
        if (status != SVMS_OK) {
            serve_client_drop(client, err.message);
            break;
        }
        heed(client, svms_rtsp_connection_feed(client->rtsp, data, size, now, &err), now);
    }
    /* Tokens and passwords come this way. */
    OPENSSL_cleanse(data, sizeof data);
}

static void write_all(serve_client *client, uint64_t now)
{
    svms_error err = SVMS_ERROR_INIT;
    const void *data = NULL;
    size_t size = 0;
    while (!client->is_over && (size = svms_rtsp_connection_output(client->rtsp, &data)) > 0) {
        size_t taken = 0;
        svms_status status = stream_link_write(&client->link, data, size, &taken, &err);
        svms_rtsp_connection_sent(client->rtsp, taken);
        if (taken > 0) {
            client->stuck_at = now;
        }
        if (status == SVMS_AGAIN) {
            client->stuck_at = client->stuck_at == STREAM_NEVER ? now : client->stuck_at;
            return;
        }
        if (status != SVMS_OK) {
            serve_client_drop(client, err.message);
            return;
        }
    }
    client->stuck_at = STREAM_NEVER;
    if (client->is_ending) {
        serve_client_drop(client, err.message);
    }
}

/* Whoever decides himself how fast a replay goes pauses it by taking nothing; that he lives his
 * keepalives say (ONVIF Streaming, "RTSP Keepalive"). */
static uint64_t stuck_until(const serve_client *client)
{
    const serve_watch *watch = serve_watched(client);
    bool may_pause = watch && !client->is_ending && serve_replay_is_free(watch);
    return client->stuck_at == STREAM_NEVER || may_pause
               ? STREAM_NEVER
               : client->stuck_at + STUCK_SECONDS * STREAM_SECOND;
}

/* What happens by itself. */
static void tend(serve_client *client, uint64_t now)
{
    svms_error err = SVMS_ERROR_INIT;
    heed(client, svms_rtsp_connection_tick(client->rtsp, now, &err), now);
    serve_permit_tend(client);
    serve_watch *watch = client->is_over || client->is_ending ? NULL : serve_watched(client);
    if (watch) {
        serve_control(watch, now);
        if (watch->replay) {
            serve_replay_work(watch, now);
        }
    }
}

void serve_client_work(serve_client *client)
{
    uint64_t now = stream_clock();
    if (client->is_over || !shake(client, now)) {
        return;
    }
    if (client->is_ready) {
        read_all(client, now);
    }
    if (!client->is_over && !client->is_ending) {
        tend(client, now);
    }
    write_all(client, now);
    if (now >= stuck_until(client) || (client->is_ending && now >= client->shake_by)) {
        serve_client_drop(client, "takes nothing any more");
    }
}

uint64_t serve_client_wait(const serve_client *client)
{
    if (client->is_over) {
        return 0;
    }
    if (!client->rtsp || client->is_ending) {
        return client->shake_by;
    }
    if (client->is_ready) {
        return 0;
    }
    const serve_watch *watch = serve_watched(client);
    uint64_t when = stream_earlier(svms_rtsp_connection_wait(client->rtsp), stuck_until(client));
    when = stream_earlier(when, serve_permit_wait(client));
    if (watch) {
        when = stream_earlier(when, serve_control_wait(watch));
        when = stream_earlier(when, watch->replay ? serve_replay_wait(watch) : STREAM_NEVER);
    }
    return when;
}
