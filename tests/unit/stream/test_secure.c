/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings over TLS and SRTP, and who may have them: by token, or by certificate. */
#include "pull_stage.h"
#include "workshop.h"

static svms_status judge(void *user, stream_serve_token *token, svms_error *err)
{
    (void)user;
    (void)err;
    if (token->size != 4 || memcmp(token->text, "good", 4) != 0) {
        return SVMS_E_POLICY;
    }
    assert_non_null(token->certificate);
    (void)snprintf(token->identity, SVMS_RTSP_IDENTITY_SIZE, "alice");
    return SVMS_OK;
}

static svms_status identify(void *user, const svms_tls *tls, const char *address,
                            char identity[SVMS_RTSP_IDENTITY_SIZE], svms_error *err)
{
    svms_tls_peer peer = SVMS_TLS_PEER_INIT;
    (void)user;
    assert_string_equal(address, "127.0.0.1");
    svms_status status = svms_tls_peer_info(tls, &peer, err);
    if (status == SVMS_OK && (peer.roles & 1u << SVMS_ROLE_USER) != 0) {
        (void)snprintf(identity, SVMS_RTSP_IDENTITY_SIZE, "by certificate");
    }
    return status;
}

typedef struct guarded {
    stage stage;
    svms_tls_context *server;
    svms_tls_context *client;
    fetch fetch;
} guarded;

static void guarded_open(guarded *g, bool by_certificate)
{
    svms_error err = SVMS_ERROR_INIT;
    stream_serve_options options;
    const context_order server = server_order();
    const context_order client = client_order();
    memset(g, 0, sizeof *g);
    stage_options(&g->stage, &options);
    stage_now = 0;
    g->stage.fetching = w->ctx;
    assert_int_equal(context_make(&g->server, &server, &err), SVMS_OK);
    assert_int_equal(context_make(&g->client, &client, &err), SVMS_OK);
    options.ctx = w->ctx;
    options.tls = g->server;
    options.media = STREAM_SERVE_SRTP;
    options.server_flags = SVMS_RTSP_SERVER_BEARER | SVMS_RTSP_SERVER_REPLAY;
    options.token = judge;
    options.identify = by_certificate ? identify : NULL;
    stage_begin(&g->stage, &options);
}

static void guarded_fetch(guarded *g, const char *token)
{
    static const stream_pull_replay all = { SVMS_NO_TIME, SVMS_NO_TIME, false, false };
    stream_pull_options options;
    memset(&options, 0, sizeof options);
    options.tls = g->client;
    options.token = token;
    options.replay = &all;
    fetch_begin(&g->fetch, &g->stage, "/replay", &options);
    fetch_all(&g->fetch, &g->stage);
}

static void guarded_close(guarded *g)
{
    stream_pull_free(&g->fetch.pull);
    stage_close(&g->stage);
    svms_tls_context_free(&g->server);
    svms_tls_context_free(&g->client);
}

static void all_comes_by_srtp_to_who_has_a_token(void **state)
{
    (void)state;
    guarded g;
    guarded_open(&g, false);
    guarded_fetch(&g, "good");
    fetch_expect(&g.fetch, STREAM_PULL_COMPLETE);
    assert_int_equal(g.fetch.count[0], STAGE_PICTURES);
    assert_int_equal(g.fetch.count[1], STAGE_PICTURES);
    assert_int_equal(g.fetch.gaps, 0);
    assert_int_equal(g.stage.question.scheme, SVMS_RTSP_SCHEME_BEARER);
    assert_string_equal(g.stage.asked_identity, "alice");
    assert_string_equal(g.stage.asked_token, "good");
    assert_non_null(g.stage.question.certificate);
    guarded_close(&g);
}

static void a_stranger_is_asked_nothing_and_learns_nothing(void **state)
{
    static const char *const tokens[] = { NULL, "bad" };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        guarded g;
        guarded_open(&g, false);
        guarded_fetch(&g, tokens[i]);
        fetch_expect(&g.fetch, STREAM_PULL_DENIED);
        assert_int_equal(g.stage.asked[STREAM_SERVE_DESCRIBES], 0);
        assert_int_equal(g.stage.opened, 0);
        guarded_close(&g);
    }
}

static void a_certificate_may_be_enough(void **state)
{
    (void)state;
    guarded g;
    guarded_open(&g, true);
    guarded_fetch(&g, NULL);
    fetch_expect(&g.fetch, STREAM_PULL_COMPLETE);
    assert_int_equal(g.fetch.count[0], STAGE_PICTURES);
    assert_int_equal(g.stage.question.scheme, SVMS_RTSP_SCHEME_TLS);
    assert_string_equal(g.stage.asked_identity, "by certificate");
    assert_string_equal(g.stage.asked_token, "");
    guarded_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_comes_by_srtp_to_who_has_a_token, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(a_stranger_is_asked_nothing_and_learns_nothing,
                                        workshop_set_up, workshop_tear_down),
        cmocka_unit_test_setup_teardown(a_certificate_may_be_enough, workshop_set_up,
                                        workshop_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
