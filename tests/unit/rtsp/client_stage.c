/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include <stdio.h>

#include "client_stage.h"

static const char *word(const char *text)
{
    return text ? text : "-";
}

static void write_response(char *line, size_t room, const svms_rtsp_client_event *e)
{
    (void)snprintf(line, room, "%llu %s %u %s%s%s%s%.*s", (unsigned long long)e->request,
                   word(svms_rtsp_method_name(e->method)), (unsigned)e->status, e->phrase,
                   e->session ? " session " : "", e->session ? e->session : "",
                   e->body_size > 0 ? " body " : "", (int)e->body_size,
                   e->body ? (const char *)e->body : "");
}

static svms_status take_event(void *user, const svms_rtsp_client_event *e)
{
    client_stage *s = user;
    char line[1024];
    switch (e->kind) {
    case SVMS_RTSP_CLIENT_RESPONSE:
        write_response(line, sizeof line, e);
        break;
    case SVMS_RTSP_CLIENT_FRAME:
        (void)snprintf(line, sizeof line, "$%u %zu", (unsigned)e->channel, e->data_size);
        break;
    default:
        (void)snprintf(line, sizeof line, "asked %s %s %u", word(svms_rtsp_method_name(e->method)),
                       e->url, (unsigned)e->status);
        break;
    }
    size_t used = strlen(s->log);
    assert_true(used + strlen(line) + 2 < sizeof s->log);
    (void)snprintf(s->log + used, sizeof s->log - used, "%s\n", line);
    s->last = *e;
    if (s->during) {
        s->during(s, e);
    }
    return s->answer;
}

static svms_status give_password(void *user, const char *realm, uint8_t *out, size_t *size)
{
    client_stage *s = user;
    s->passwords++;
    (void)snprintf(s->realm, sizeof s->realm, "%s", realm);
    assert_true(*size >= 6);
    memcpy(out, "secret", 6);
    *size = 6;
    return s->password_answer;
}

client_stage *client_stage_new(uint32_t flags)
{
    client_stage *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->err = (svms_error)SVMS_ERROR_INIT;
    s->options = (svms_rtsp_client_options)SVMS_RTSP_CLIENT_OPTIONS_INIT;
    s->options.flags = flags;
    s->options.url = "rtsp://camera/live";
    s->options.event = take_event;
    s->options.user = s;
    s->now_ns = 1000 * CLIENT_SECOND;
    assert_int_equal(svms_ctx_new(&s->ctx, NULL, NULL), SVMS_OK);
    return s;
}

void client_with_user(client_stage *s)
{
    s->options.user_name = "joe";
    s->options.password = give_password;
}

svms_status client_make(client_stage *s)
{
    return svms_rtsp_client_new(&s->client, s->ctx, &s->options, s->now_ns, &s->err);
}

client_stage *client_open(uint32_t flags)
{
    client_stage *s = client_stage_new(flags);
    assert_int_equal(client_make(s), SVMS_OK);
    return s;
}

void client_close(client_stage *s)
{
    svms_rtsp_client_free(&s->client);
    svms_ctx_free(&s->ctx);
    free(s);
}

svms_status client_feed_bytes(client_stage *s, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    size_t step = s->by_bytes ? 1 : size;
    svms_status status = SVMS_OK;
    for (size_t at = 0; at < size && status == SVMS_OK; at += step) {
        /* A copy of its own, so that sanitizers see what reads beyond it. */
        uint8_t *piece = malloc(step);
        assert_non_null(piece);
        memcpy(piece, bytes + at, step);
        status = svms_rtsp_client_feed(s->client, piece, step, s->now_ns, &s->err);
        free(piece);
    }
    if (status != SVMS_OK) {
        assert_int_equal(s->err.status, status);
        assert_true(strlen(s->err.message) > 0);
    }
    return status;
}

svms_status client_feed(client_stage *s, const char *text)
{
    return client_feed_bytes(s, text, strlen(text));
}

void client_says(client_stage *s, const char *text)
{
    if (client_feed(s, text) != SVMS_OK) {
        fail_msg("refused: %s", s->err.message);
    }
}

const char *client_sent(client_stage *s)
{
    size_t size = 0;
    size_t pending = svms_rtsp_client_pending(s->client);
    assert_true(pending < sizeof s->sent);
    assert_int_equal(svms_rtsp_client_drain(s->client, s->sent, sizeof s->sent - 1, &size, NULL),
                     SVMS_OK);
    assert_int_equal(size, pending);
    assert_int_equal(svms_rtsp_client_pending(s->client), 0);
    s->sent[size] = '\0';
    return s->sent;
}

const char *client_log(client_stage *s)
{
    static char log[sizeof s->log];
    memcpy(log, s->log, sizeof log);
    s->log[0] = '\0';
    return log;
}

svms_status client_tick_at(client_stage *s, uint64_t seconds)
{
    s->now_ns = seconds * CLIENT_SECOND;
    return svms_rtsp_client_tick(s->client, s->now_ns, &s->err);
}

void client_expect_words(const client_stage *s, const char *words)
{
    if (!strstr(s->err.message, words)) {
        fail_msg("\"%s\" is not in \"%s\"", words, s->err.message);
    }
}

void client_play(client_stage *s, const char *session)
{
    char text[512];
    svms_rtsp_transport t = SVMS_RTSP_TRANSPORT_INIT;
    t.carrier = SVMS_RTSP_INTERLEAVED;
    t.has_channels = 1;
    t.channel_rtcp = 1;
    assert_int_equal(svms_rtsp_client_setup(s->client, "v", &t, NULL, 0, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_rtsp_client_play(s->client, NULL, NULL, NULL, NULL), SVMS_OK);
    (void)snprintf(text, sizeof text,
                   "RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: %s\r\n"
                   "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n",
                   session);
    client_says(s, text);
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n");
    (void)client_sent(s);
    (void)client_log(s);
    assert_int_equal(svms_rtsp_client_idle(s->client), 1);
}
