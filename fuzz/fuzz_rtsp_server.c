/* SPDX-License-Identifier: Apache-2.0 */
/* A whole connection to an RTSP server. The first byte chooses what kind; 0xFF and the byte behind
 * it are something that happens meanwhile, all others are what the client sends. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <svms/rtsp_server.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

enum { IS_OPEN = 1, IS_SECURE = 2, IS_LATE = 4, HAS_KEYS = 8 };

typedef struct world {
    uint8_t kind;
    uint8_t random;
    uint64_t now_ns;
    svms_rtsp_connection *connection;
    bool authenticated;
    uint32_t set_up; /* tracks that are there */
    uint64_t sent;   /* bytes looked at */
} world;

/* Different in each call, and the same in every run: seeds know what follows. */
static int fill(void *user, uint8_t *out, size_t size)
{
    world *w = user;
    memset(out, ++w->random, size);
    return 0;
}

static svms_status find_secret(void *user, const char *name, svms_rtsp_digest algorithm,
                               svms_rtsp_secret *out)
{
    (void)user;
    (void)algorithm;
    if (strcmp(name, "alice") == 0) {
        out->kind = SVMS_RTSP_SECRET_PASSWORD;
        out->size = 6;
        memcpy(out->bytes, "secret", 6);
    }
    return SVMS_OK;
}

static svms_status judge_token(void *user, const char *token, size_t size,
                               char identity[SVMS_RTSP_IDENTITY_SIZE], svms_error *err)
{
    (void)user;
    (void)err;
    require(strlen(token) == size);
    memcpy(identity, "bob", 4);
    return token[0] == 'g' ? SVMS_OK : SVMS_E_UNTRUSTED;
}

static void fill_answer(const world *w, svms_rtsp_method method, svms_rtsp_server_answer *answer)
{
    static const char body[] = "v=0\r\nm=video 0 RTP/AVP 96\r\n";
    static const char body_with_keys[] =
        "v=0\r\nm=video 0 RTP/SAVP 96\r\na=key-mgmt:mikey AQ==\r\n";
    static const uint8_t key[] = { 1, 2, 3 };
    bool has_keys = (w->kind & HAS_KEYS) != 0;
    answer->server_rtp = 6000;
    answer->server_rtcp = 6001;
    answer->has_ssrc = 1;
    if (method == SVMS_RTSP_DESCRIBE) {
        answer->body = has_keys ? body_with_keys : body;
        answer->body_size = strlen(answer->body);
    } else if (has_keys && method != SVMS_RTSP_PLAY && method != SVMS_RTSP_PAUSE) {
        answer->mikey = key;
        answer->mikey_size = sizeof key;
    }
}

static svms_status take_request(void *user, const svms_rtsp_server_request *request,
                                svms_rtsp_server_answer *answer)
{
    world *w = user;
    /* Nobody who is not known asks the application anything. */
    require(w->authenticated || (w->kind & IS_OPEN) != 0);
    require(request->path[0] == '/' && !strstr(request->path, "/../"));
    require((request->mikey_size == 0) || (w->kind & IS_SECURE) != 0);
    for (size_t i = 0; i < request->transport_count; i++) {
        const svms_rtsp_transport *one = &request->transports[i];
        require(one->multicast == 0 && one->destination[0] == '\0');
        require(one->secure == 0 || (w->kind & IS_SECURE) != 0);
        require(one->carrier == SVMS_RTSP_UDP
                    ? one->client_rtp >= 1024 && one->client_rtcp <= 65535
                    : one->channel_rtp != one->channel_rtcp && one->channel_rtcp <= 255);
    }
    fill_answer(w, request->method, answer);
    return (w->kind & IS_LATE) != 0 ? SVMS_AGAIN : SVMS_OK;
}

static void take_frame(void *user, uint32_t session, uint32_t track, uint32_t is_rtcp,
                       const uint8_t *data, size_t size)
{
    const world *w = user;
    require(session > 0 && track < 16 && is_rtcp <= 1 && size > 0 && data && w->set_up > 0);
}

static void take_event(void *user, const svms_rtsp_server_event *event)
{
    world *w = user;
    if (event->kind == SVMS_RTSP_SERVER_AUTHENTICATED) {
        require(strcmp(event->identity, "alice") == 0 || strcmp(event->identity, "bob") == 0);
        w->authenticated = true;
    } else if (event->kind == SVMS_RTSP_SERVER_SET_UP) {
        w->set_up++;
    } else if (event->kind == SVMS_RTSP_SERVER_ENDED) {
        require(w->set_up > 0);
        w->set_up -= event->track == SVMS_RTSP_ALL_TRACKS ? 0 : 1;
    }
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

/* Answers and frames, nothing else, and no keys in clear. */
static void look_at_output(world *w)
{
    const void *pointer;
    size_t size = svms_rtsp_connection_output(w->connection, &pointer);
    const uint8_t *data = pointer;
    if (size == 0) {
        return;
    }
    require(data[0] == '$' || (size > 9 && memcmp(data, "RTSP/1.0 ", 9) == 0));
    if ((w->kind & IS_SECURE) == 0) {
        require(!contains(data, size, "\na=key-mgmt") && !contains(data, size, "\nKeyMgmt:"));
    }
    w->sent += size;
    svms_rtsp_connection_sent(w->connection, size);
}

static void happen(world *w, uint8_t what)
{
    svms_rtsp_server_answer answer = SVMS_RTSP_SERVER_ANSWER_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = SVMS_OK;
    switch (what % 8) {
    case 0:
        w->now_ns += UINT64_C(7000000000);
        status = svms_rtsp_connection_tick(w->connection, w->now_ns, &err);
        break;
    case 1:
    case 2:
    case 3:
        fill_answer(w, (svms_rtsp_method)(what % 12), &answer);
        answer.status = what < 128 ? 200 : 463;
        status = svms_rtsp_connection_answer(w->connection, &answer, w->now_ns, &err);
        break;
    case 4:
        status = svms_rtsp_connection_send(w->connection, 1, what >> 4, 0, "packet", 6, &err);
        break;
    case 5:
        status = svms_rtsp_connection_end_session(w->connection, 1, &err);
        break;
    case 6:
        svms_rtsp_connection_alive(w->connection, 1, w->now_ns);
        break;
    default:
        look_at_output(w);
        break;
    }
    require(status >= 0 || err.status == status);
}

static void run(world *w, const uint8_t *data, size_t size)
{
    svms_status status = SVMS_OK;
    size_t at = 0;
    while (at < size) {
        const uint8_t *mark = memchr(data + at, 0xFF, size - at);
        size_t end = mark ? (size_t)(mark - data) : size;
        svms_error err = SVMS_ERROR_INIT;
        svms_status now =
            svms_rtsp_connection_feed(w->connection, data + at, end - at, w->now_ns, &err);
        require(status >= 0 || now == status);
        require(now >= 0 || (err.status == now && err.message[0] != '\0'));
        status = now;
        at = end;
        if (mark && end + 1 < size) {
            happen(w, data[end + 1]);
        }
        at += mark ? 2 : 0;
    }
    look_at_output(w);
}

static void set_options(svms_rtsp_server_options *options, uint8_t kind)
{
    options->flags = (kind & IS_OPEN) != 0 ? SVMS_RTSP_SERVER_OPEN
                                           : SVMS_RTSP_SERVER_DIGEST | SVMS_RTSP_SERVER_BEARER |
                                                 SVMS_RTSP_SERVER_ALLOW_MD5;
    options->flags |= SVMS_RTSP_SERVER_ALLOW_CLEAR | SVMS_RTSP_SERVER_REPLAY;
    options->max_strangers = 100;
    options->handlers.secret = find_secret;
    options->handlers.token = judge_token;
    options->handlers.request = take_request;
    options->handlers.frame = take_frame;
    options->handlers.event = take_event;
}

/* One context for all runs: making it takes longer than most of them. */
static svms_ctx *context_of(world *w)
{
    static svms_ctx *ctx;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.user = w;
    options.random_bytes = fill;
    require(ctx || svms_ctx_new(&ctx, &options, NULL) == SVMS_OK);
    return ctx;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static world w;
    svms_rtsp_server_options options = SVMS_RTSP_SERVER_OPTIONS_INIT;
    svms_rtsp_connection_options peer = SVMS_RTSP_CONNECTION_OPTIONS_INIT;
    svms_rtsp_server *server = NULL;
    svms_ctx *ctx = context_of(&w);
    w = (world){ .kind = size > 0 ? data[0] : 0, .now_ns = UINT64_C(1000000000) };
    set_options(&options, w.kind);
    require(svms_rtsp_server_new(&server, ctx, &options, NULL) == SVMS_OK);
    peer.flags = (w.kind & IS_SECURE) != 0 ? SVMS_RTSP_CONNECTION_SECURE : 0;
    peer.peer = "192.0.2.7";
    peer.user = &w;
    require(svms_rtsp_connection_new(&w.connection, server, &peer, w.now_ns, NULL) == SVMS_OK);
    if (size > 1) {
        run(&w, data + 1, size - 1);
    }
    svms_rtsp_connection_free(&w.connection);
    svms_rtsp_server_free(&server);
    return 0;
}
