/* SPDX-License-Identifier: Apache-2.0 */
/* An RTSP client and a hostile server. The first byte is the client's flags, the second says in how
 * large pieces the server's bytes come and how fast time passes. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_UNSENT 4096u

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

typedef struct peer {
    svms_rtsp_client *client;
    uint32_t flags;
    uint32_t events;
    bool knows_password; /* the server's bytes have it, and may come back */
} peer;

static const char password[] = "passw0rd";

static void check_text(const char *text)
{
    for (; text && *text != '\0'; text++) {
        require((unsigned char)*text >= ' ' || *text == '\t');
    }
}

static void check_response(const peer *p, const svms_rtsp_client_event *e)
{
    require(e->status >= 200 && e->status <= 599 && e->phrase);
    require(!e->mikey || (p->flags & SVMS_RTSP_CLIENT_SECURE) != 0);
    require(e->rtp_info_count <= SVMS_RTSP_TRACKS_MAX);
    for (size_t i = 0; i < e->rtp_info_count; i++) {
        require(e->rtp_info[i].url[0] != '\0' && e->rtp_info[i].sequence <= 65535);
        check_text(e->rtp_info[i].url);
    }
    if (e->has_transport) {
        require(e->transport.multicast == 0 && e->session && e->session[0] != '\0');
    }
}

/* Asks for something more now and then, as callers do. */
static svms_status take_event(void *user, const svms_rtsp_client_event *e)
{
    peer *p = user;
    const char *const texts[] = { e->phrase,   e->url,         e->content_type, e->content_base,
                                  e->location, e->unsupported, e->session };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check_text(texts[i]);
    }
    if (e->kind == SVMS_RTSP_CLIENT_RESPONSE) {
        check_response(p, e);
    }
    require(e->body_size <= SVMS_RTSP_BODY_MAX && e->data_size <= SVMS_RTSP_FRAME_MAX);
    if (++p->events % 3 == 0) {
        svms_status status = svms_rtsp_client_get_parameter(p->client, NULL, NULL, NULL, NULL);
        require(status == SVMS_OK || status == SVMS_E_LIMIT);
    }
    return SVMS_OK;
}

static svms_status give_password(void *user, const char *realm, uint8_t *out, size_t *size)
{
    (void)user;
    check_text(realm);
    memcpy(out, password, sizeof password - 1);
    *size = sizeof password - 1;
    return SVMS_OK;
}

static bool contains(const uint8_t *data, size_t size, const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i + length <= size; i++) {
        if (memcmp(data + i, text, length) == 0) {
            return true;
        }
    }
    return false;
}

/* What goes out is bounded, and holds nothing that must not be there. */
static void drain(const peer *p)
{
    static uint8_t out[MAX_UNSENT];
    size_t size = 0;
    require(svms_rtsp_client_pending(p->client) <= MAX_UNSENT);
    require(svms_rtsp_client_drain(p->client, out, sizeof out, &size, NULL) == SVMS_OK);
    require(p->knows_password || !contains(out, size, password));
    require(!contains(out, size, "\nAuthorization: Basic"));
    bool may = (p->flags & (SVMS_RTSP_CLIENT_SECURE | SVMS_RTSP_CLIENT_ALLOW_CLEAR)) != 0;
    require(may || !contains(out, size, "\nAuthorization:"));
}

static void ask(svms_rtsp_client *client, bool secure)
{
    static const uint8_t mikey[] = { 1, 2, 3, 4 };
    svms_rtsp_transport t = SVMS_RTSP_TRANSPORT_INIT;
    t.secure = secure;
    t.client_rtp = 5000;
    t.client_rtcp = 5001;
    require(svms_rtsp_client_ask_options(client, NULL, NULL) == SVMS_OK);
    require(svms_rtsp_client_describe(client, NULL, NULL) == SVMS_OK);
    require(svms_rtsp_client_setup(client, "v", &t, secure ? mikey : NULL, secure ? 4 : 0, NULL,
                                   NULL) == SVMS_OK);
    t = (svms_rtsp_transport)SVMS_RTSP_TRANSPORT_INIT;
    t.carrier = SVMS_RTSP_INTERLEAVED;
    t.has_channels = 1;
    t.channel_rtcp = 1;
    t.secure = secure;
    require(svms_rtsp_client_setup(client, "a", &t, NULL, 0, NULL, NULL) == SVMS_OK);
    require(svms_rtsp_client_play(client, NULL, NULL, NULL, NULL) == SVMS_OK);
}

static void serve(const peer *p, const uint8_t *data, size_t size, uint8_t pace)
{
    size_t step = (size_t)(pace & 0x3F) * 8 + 1;
    uint64_t tick_ns = (uint64_t)(pace >> 6) * UINT64_C(4000000000);
    uint64_t now_ns = 0;
    svms_status status = SVMS_OK;
    for (size_t at = 0; at < size && status == SVMS_OK; at += step) {
        size_t piece = size - at < step ? size - at : step;
        status = svms_rtsp_client_feed(p->client, data + at, piece, now_ns, NULL);
        drain(p);
        now_ns += tick_ns;
        if (status == SVMS_OK && tick_ns > 0) {
            status = svms_rtsp_client_tick(p->client, now_ns, NULL);
            drain(p);
        }
    }
    if (status == SVMS_OK) {
        status = svms_rtsp_client_feed_end(p->client, NULL);
        require(status == SVMS_OK || status == SVMS_E_TRUNCATED);
        return;
    }
    svms_error err = SVMS_ERROR_INIT;
    require(svms_rtsp_client_feed(p->client, "x", 1, now_ns, &err) == status);
    require(err.message[0] != '\0');
    require(svms_rtsp_client_describe(p->client, NULL, NULL) == status);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Made once: it costs more than all the rest. */
    static svms_ctx *ctx;
    if (size < 2) {
        return 0;
    }
    require(ctx || svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
    peer p = { NULL, data[0] & 0x3Fu, 0, contains(data, size, password) };
    svms_rtsp_client_options options = SVMS_RTSP_CLIENT_OPTIONS_INIT;
    options.flags = p.flags;
    options.url = "rtsp://camera/live";
    options.max_unsent = MAX_UNSENT;
    options.user = &p;
    options.event = take_event;
    if ((data[0] & 0x40) != 0) {
        options.user_name = "joe";
        options.password = give_password;
    }
    require(svms_rtsp_client_new(&p.client, ctx, &options, 0, NULL) == SVMS_OK);
    ask(p.client, (p.flags & SVMS_RTSP_CLIENT_SECURE) != 0);
    drain(&p);
    serve(&p, data + 2, size - 2, data[1]);
    svms_rtsp_client_free(&p.client);
    return 0;
}
