/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include "server_stage.h"

#include <stdio.h>

#include <openssl/evp.h>

static void note(server_stage *stage, const char *line)
{
    size_t used = strlen(stage->log);
    assert_true(used + strlen(line) + 2 < sizeof stage->log);
    (void)snprintf(stage->log + used, sizeof stage->log - used, "%s\n", line);
}

static svms_status find_secret(void *user, const char *name, svms_rtsp_digest algorithm,
                               svms_rtsp_secret *out)
{
    server_stage *stage = user;
    stage->lookups++;
    assert_int_equal(out->kind, SVMS_RTSP_SECRET_NONE);
    if (strcmp(name, "alice") == 0) {
        out->kind = SVMS_RTSP_SECRET_PASSWORD;
        out->size = 6;
        memcpy(out->bytes, "secret", 6);
    } else if (strcmp(name, "hashed") == 0) {
        /* "hashed:svms:secret" by Python's hashlib, SHA-256. */
        static const uint8_t ha1[32] = { 0x37, 0xb8, 0xc8, 0xf6, 0xa2, 0x16, 0x20, 0xf9,
                                         0xa7, 0xa4, 0xcc, 0x19, 0x57, 0xe2, 0x39, 0x6b,
                                         0x60, 0x42, 0x20, 0x4e, 0xd6, 0xe9, 0xbb, 0x8b,
                                         0x50, 0xcf, 0x5d, 0xc0, 0x94, 0x86, 0xe9, 0xfc };
        assert_int_equal(algorithm, SVMS_RTSP_DIGEST_SHA_256);
        out->kind = SVMS_RTSP_SECRET_HA1;
        out->size = stage->says_wrong_ha1_size ? 16 : 32;
        memcpy(out->bytes, ha1, 32);
    }
    return stage->lookup;
}

static svms_status judge_token(void *user, const char *token, size_t size,
                               char identity[SVMS_RTSP_IDENTITY_SIZE], svms_error *err)
{
    (void)user;
    assert_int_equal(strlen(token), size);
    if (strcmp(token, "broken-provider") == 0) {
        err->status = SVMS_E_CRYPTO;
        return SVMS_E_CRYPTO;
    }
    if (strcmp(token, "good.token") != 0) {
        (void)snprintf(err->message, sizeof err->message, "the token has expired");
        return SVMS_E_UNTRUSTED;
    }
    (void)snprintf(identity, SVMS_RTSP_IDENTITY_SIZE, "bob");
    return SVMS_OK;
}

static svms_status take_request(void *user, const svms_rtsp_server_request *request,
                                svms_rtsp_server_answer *answer)
{
    server_stage *stage = user;
    char line[1024];
    assert_int_equal(request->struct_size, sizeof *request);
    (void)snprintf(line, sizeof line, "%s %s%s%s%s%s s%u t%d by '%s'%s",
                   svms_rtsp_method_name(request->method), request->path,
                   request->control ? " track " : "", request->control ? request->control : "",
                   request->query[0] != '\0' ? " ? " : "", request->query, request->session,
                   (int)request->track, request->identity,
                   (request->flags & SVMS_RTSP_REQUEST_PLAYING) != 0 ? " playing" : "");
    note(stage, line);
    stage->asked++;
    if (request->play) {
        stage->play = *request->play;
    }
    stage->mikey_size = request->mikey_size;
    if (request->mikey_size > 0) {
        assert_true(request->mikey_size <= sizeof stage->mikey);
        memcpy(stage->mikey, request->mikey, request->mikey_size);
    }
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_rtsp_connection_feed(stage->connection, "x", 1, stage->now_ns, &err),
                     SVMS_E_STATE);
    *answer = stage->answer;
    return stage->reply;
}

static void take_frame(void *user, uint32_t session, uint32_t track, uint32_t is_rtcp,
                       const uint8_t *data, size_t size)
{
    char line[128];
    (void)snprintf(line, sizeof line, "frame s%u t%u %s %zu %02x", session, track,
                   is_rtcp != 0 ? "rtcp" : "rtp", size, data[0]);
    note(user, line);
}

static void take_event(void *user, const svms_rtsp_server_event *event)
{
    static const char *const reasons[] = {
        "", "teardown", "timeout", "closed", "replaced", "by us"
    };
    server_stage *stage = user;
    char line[1024] = "";
    switch (event->kind) {
    case SVMS_RTSP_SERVER_REFUSED:
        (void)snprintf(line, sizeof line, "refused '%s': %s", event->identity, event->words);
        break;
    case SVMS_RTSP_SERVER_AUTHENTICATED:
        (void)snprintf(line, sizeof line, "authenticated '%s' by %d", event->identity,
                       (int)event->scheme);
        break;
    case SVMS_RTSP_SERVER_SET_UP:
        stage->set_up = *event->transport;
        (void)snprintf(line, sizeof line, "set up s%u t%u", event->session, event->track);
        break;
    case SVMS_RTSP_SERVER_ENDED:
        (void)snprintf(line, sizeof line, "ended s%u t%d %s", event->session, (int)event->track,
                       reasons[event->reason]);
        break;
    }
    note(stage, line);
}

void stage_new(server_stage *stage, uint32_t flags)
{
    memset(stage, 0, sizeof *stage);
    stage->options = (svms_rtsp_server_options)SVMS_RTSP_SERVER_OPTIONS_INIT;
    stage->options.flags = flags;
    stage->options.handlers.secret = find_secret;
    stage->options.handlers.token = judge_token;
    stage->options.handlers.request = take_request;
    stage->options.handlers.frame = take_frame;
    stage->options.handlers.event = take_event;
    stage->peer = (svms_rtsp_connection_options)SVMS_RTSP_CONNECTION_OPTIONS_INIT;
    stage->peer.flags = SVMS_RTSP_CONNECTION_SECURE;
    stage->peer.peer = "192.0.2.7";
    stage->peer.user = stage;
    stage->now_ns = 5 * STAGE_SECOND;
    stage_forget(stage);
}

void stage_connect(server_stage *stage)
{
    svms_rtsp_connection_free(&stage->connection);
    assert_int_equal(svms_rtsp_connection_new(&stage->connection, stage->server, &stage->peer,
                                              stage->now_ns, &stage->err),
                     SVMS_OK);
}

void stage_start(server_stage *stage)
{
    if (!stage->ctx) {
        assert_int_equal(svms_ctx_new(&stage->ctx, NULL, NULL), SVMS_OK);
    }
    assert_int_equal(svms_rtsp_server_new(&stage->server, stage->ctx, &stage->options, &stage->err),
                     SVMS_OK);
    stage_connect(stage);
}

void stage_end(server_stage *stage)
{
    svms_rtsp_connection_free(&stage->connection);
    svms_rtsp_server_free(&stage->server);
    svms_ctx_free(&stage->ctx);
}

static void collect(server_stage *stage)
{
    const void *data;
    size_t used = strlen(stage->out);
    size_t size;
    while ((size = svms_rtsp_connection_output(stage->connection, &data)) > 0) {
        /* A few bytes at a time, as sockets take them. */
        size_t step = size < 1000 ? size : 1000;
        assert_true(used + step < sizeof stage->out);
        memcpy(stage->out + used, data, step);
        used += step;
        stage->out[used] = '\0';
        svms_rtsp_connection_sent(stage->connection, step);
    }
}

const char *stage_feed(server_stage *stage, const void *data, size_t size)
{
    stage->out[0] = '\0';
    stage->err = (svms_error)SVMS_ERROR_INIT;
    stage->fed =
        svms_rtsp_connection_feed(stage->connection, data, size, stage->now_ns, &stage->err);
    collect(stage);
    return stage->out;
}

const char *stage_say(server_stage *stage, const char *text)
{
    return stage_feed(stage, text, strlen(text));
}

const char *stage_ask(server_stage *stage, const char *method, const char *url, const char *more)
{
    char text[4096];
    int size = snprintf(text, sizeof text, "%s %s RTSP/1.0\r\nCSeq: 7\r\n%s\r\n", method, url,
                        more ? more : "");
    assert_true(size > 0 && (size_t)size < sizeof text);
    return stage_say(stage, text);
}

int stage_code(const char *out)
{
    int code = 0;
    return sscanf(out, "RTSP/1.0 %d ", &code) == 1 ? code : 0;
}

int stage_try(server_stage *stage, const char *method, const char *url, const char *more)
{
    return stage_code(stage_ask(stage, method, url, more));
}

const char *stage_header(const char *out, const char *name)
{
    static char value[8192];
    char wanted[128];
    (void)snprintf(wanted, sizeof wanted, "\r\n%s: ", name);
    const char *found = strstr(out, wanted);
    value[0] = '\0';
    if (found) {
        found += strlen(wanted);
        size_t size = (size_t)(strstr(found, "\r\n") - found);
        assert_true(size < sizeof value);
        memcpy(value, found, size);
        value[size] = '\0';
    }
    return value;
}

void stage_session(const char *out, char header[128])
{
    const char *value = stage_header(out, "Session");
    (void)snprintf(header, 128, "Session: %.*s\r\n", (int)strcspn(value, ";"), value);
}

void stage_set_up(server_stage *stage, const char *url, char session[128])
{
    char more[256];
    (void)snprintf(more, sizeof more, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n%s",
                   session);
    const char *out = stage_ask(stage, "SETUP", url, more);
    assert_int_equal(stage_code(out), 200);
    stage_session(out, session);
}

void stage_forget(server_stage *stage)
{
    stage->log[0] = '\0';
    stage->asked = 0;
    stage->reply = SVMS_OK;
    stage->answer = (svms_rtsp_server_answer)SVMS_RTSP_SERVER_ANSWER_INIT;
}

static void hash(char out[65], const char *algorithm, const char *text)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    size_t size = 0;
    const char *name = strcmp(algorithm, "SHA-512-256") == 0 ? "SHA512-256"
                       : strcmp(algorithm, "SHA-256") == 0   ? "SHA256"
                                                             : "MD5";
    assert_int_equal(EVP_Q_digest(NULL, name, NULL, text, strlen(text), bytes, &size), 1);
    for (size_t i = 0; i < size; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
}

void stage_authorize(char *out, size_t size, const stage_login *login, const char *nonce)
{
    char text[1024];
    char a1[65];
    char a2[65];
    char response[65];
    (void)snprintf(text, sizeof text, "%s:svms:%s", login->user, login->password);
    hash(a1, login->algorithm, text);
    (void)snprintf(text, sizeof text, "%s:%s", login->method, login->url);
    hash(a2, login->algorithm, text);
    if (login->nc) {
        (void)snprintf(text, sizeof text, "%s:%s:%s:0a4f113b:auth:%s", a1, nonce, login->nc, a2);
    } else {
        (void)snprintf(text, sizeof text, "%s:%s:%s", a1, nonce, a2);
    }
    hash(response, login->algorithm, text);
    int used = snprintf(out, size,
                        "Authorization: Digest username=\"%s\", realm=\"svms\", nonce=\"%s\", "
                        "uri=\"%s\", algorithm=%s, %s%s%sresponse=\"%s\"\r\n",
                        login->user, nonce, login->url, login->algorithm,
                        login->nc ? "qop=auth, cnonce=\"0a4f113b\", nc=" : "",
                        login->nc ? login->nc : "", login->nc ? ", " : "", response);
    assert_true(used > 0 && (size_t)used < size);
}

void stage_nonce(const char *out, char nonce[64])
{
    const char *found = strstr(out, "nonce=\"");
    assert_non_null(found);
    found += strlen("nonce=\"");
    size_t size = strcspn(found, "\"");
    assert_true(size < 64);
    memcpy(nonce, found, size);
    nonce[size] = '\0';
}
