/* SPDX-License-Identifier: Apache-2.0 */
/* One connection: bytes between its socket and its RTSP. */
#include "serve_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

enum { READ_SIZE = 16384, READS_AT_ONCE = 8, SHAKE_SECONDS = 10, STUCK_SECONDS = 10 };

serve_client *serve_client_new(stream_serve *serve, int socket, const char *address)
{
    serve_client *client = calloc(1, sizeof *client);
    serve_stream *streams = calloc(serve->track_count, sizeof *streams);
    svms_error err = SVMS_ERROR_INIT;
    const stream_ports none = STREAM_PORTS_INIT;
    stream_link link;
    if (stream_link_begin(&link, socket, serve->options.tls, NULL, &err) != SVMS_OK || !client ||
        !streams) {
        stream_link_end(&link);
        free(client);
        free(streams);
        return NULL;
    }
    client->serve = serve;
    client->link = link;
    client->streams = streams;
    client->theirs = (svms_mikey)SVMS_MIKEY_INIT;
    client->stuck_at = STREAM_NEVER;
    client->may_until_utc = INT64_MAX;
    client->shake_by = stream_clock() + SHAKE_SECONDS * STREAM_SECOND;
    (void)snprintf(client->address, sizeof client->address, "%s", address);
    for (uint32_t i = 0; i < serve->track_count; i++) {
        streams[i].client = client;
        streams[i].ports = none;
        streams[i].message = (svms_mikey)SVMS_MIKEY_INIT;
    }
    return client;
}

void serve_client_free(serve_client *client)
{
    if (!client) {
        return;
    }
    svms_rtsp_connection_free(&client->rtsp);
    for (uint32_t i = 0; i < client->serve->track_count; i++) {
        serve_end_stream(&client->streams[i]);
        svms_rtp_sender_free(&client->streams[i].sender);
        svms_mikey_wipe(&client->streams[i].message);
    }
    svms_srtp_free(&client->srtp);
    OPENSSL_cleanse(client->answer, sizeof client->answer);
    svms_mikey_wipe(&client->theirs);
    stream_link_end(&client->link);
    free(client->streams);
    free(client);
}

static void fall(serve_client *client, const svms_error *err)
{
    if (!client->is_over) {
        serve_note(client, STREAM_SERVE_IS_GONE, NULL,
                   err->message[0] != '\0' ? err->message : "is gone");
    }
    client->is_over = true;
}

/* False: the handshake needs more, or has failed. */
static bool shake(serve_client *client, uint64_t now)
{
    svms_error err = SVMS_ERROR_INIT;
    if (client->rtsp) {
        return true;
    }
    svms_status status = stream_link_shake(&client->link, &err);
    if (status == SVMS_AGAIN && now < client->shake_by) {
        return false;
    }
    if (status == SVMS_OK) {
        svms_rtsp_connection_options options = SVMS_RTSP_CONNECTION_OPTIONS_INIT;
        options.flags = client->link.tls ? SVMS_RTSP_CONNECTION_SECURE : 0;
        options.peer = client->address;
        options.user = client;
        status =
            svms_rtsp_connection_new(&client->rtsp, client->serve->server, &options, now, &err);
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
            return;
        }
        if (status != SVMS_OK) {
            fall(client, &err);
            return;
        }
        heed(client, svms_rtsp_connection_feed(client->rtsp, data, size, now, &err), now);
    }
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
            fall(client, &err);
            return;
        }
    }
    client->stuck_at = STREAM_NEVER;
    if (client->is_ending) {
        fall(client, &err);
    }
}

static uint64_t stuck_until(const serve_client *client)
{
    return client->stuck_at == STREAM_NEVER ? STREAM_NEVER
                                            : client->stuck_at + STUCK_SECONDS * STREAM_SECOND;
}

/* Reports of a client keep its session alive, but only a token its right to watch. */
static void end_right(serve_client *client)
{
    svms_error err = SVMS_ERROR_INIT;
    if (client->session == 0 || serve_utc_now() < client->may_until_utc) {
        return;
    }
    serve_note(client, STREAM_SERVE_REFUSED, NULL, "its token has ended");
    client->may_until_utc = INT64_MAX;
    serve_goodbye(client);
    if (svms_rtsp_connection_end_session(client->rtsp, client->session, &err) != SVMS_OK) {
        fall(client, &err);
    }
}

/* When its right to watch ends. */
static uint64_t right_until(const serve_client *client)
{
    if (client->session == 0 || client->may_until_utc == INT64_MAX) {
        return STREAM_NEVER;
    }
    int64_t now = serve_utc_now();
    int64_t left = client->may_until_utc > now ? client->may_until_utc - now : 0;
    return stream_clock() + (uint64_t)left;
}

void serve_client_work(serve_client *client)
{
    uint64_t now = stream_clock();
    svms_error err = SVMS_ERROR_INIT;
    if (client->is_over || !shake(client, now)) {
        return;
    }
    read_all(client, now);
    if (!client->is_over && !client->is_ending) {
        heed(client, svms_rtsp_connection_tick(client->rtsp, now, &err), now);
        serve_control(client, now);
        end_right(client);
    }
    write_all(client, now);
    if (now >= stuck_until(client) || (client->is_ending && now >= client->shake_by)) {
        (void)snprintf(err.message, sizeof err.message, "takes nothing any more");
        fall(client, &err);
    }
}

uint64_t serve_client_wait(const serve_client *client)
{
    if (!client->rtsp || client->is_ending) {
        return client->shake_by;
    }
    uint64_t when = stream_earlier(svms_rtsp_connection_wait(client->rtsp), stuck_until(client));
    when = stream_earlier(when, right_until(client));
    for (uint32_t i = 0; i < client->serve->track_count && client->is_playing; i++) {
        if (client->streams[i].is_set_up && client->streams[i].report_at != 0) {
            when = stream_earlier(when, client->streams[i].report_at);
        }
    }
    return when;
}
