/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets in, and what those get that do not (RA-1 to RA-9). */
#include "cmocka_all.h"

#include "server_stage.h"

#include <stdio.h>

#define LIVE "rtsp://192.0.2.1/live"
#define TCP "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"

static const char sdp[] = "v=0\r\n";

static void closed_stage(server_stage *stage, uint32_t flags)
{
    stage_new(stage, flags);
    stage_start(stage);
    stage->answer.body = sdp;
    stage->answer.body_size = sizeof sdp - 1;
}

static stage_login good_login(void)
{
    return (stage_login){ "SHA-256", "alice", "secret", "DESCRIBE", LIVE, "00000001" };
}

/* Asks with a nonce that was given before, and gives the status. */
static int try_with(server_stage *stage, const stage_login *login, const char *nonce)
{
    char authorization[2048];
    stage_authorize(authorization, sizeof authorization, login, nonce);
    return stage_try(stage, login->method, login->url, authorization);
}

static void get_nonce(server_stage *stage, char nonce[64])
{
    assert_int_equal(stage_try(stage, "DESCRIBE", LIVE, NULL), 401);
    stage_nonce(stage->out, nonce);
}

static void challenges_are_offered_best_first_and_md5_only_where_allowed(void **state)
{
    server_stage stage;
    char expected[1024];
    char nonce[64];
    (void)state;
    closed_stage(&stage,
                 SVMS_RTSP_SERVER_DIGEST | SVMS_RTSP_SERVER_BEARER | SVMS_RTSP_SERVER_ALLOW_MD5);
    get_nonce(&stage, nonce);
#define CHALLENGE(algorithm)                                                                       \
    "WWW-Authenticate: Digest realm=\"svms\", nonce=\"%s\", qop=\"auth\", charset=UTF-8, "         \
    "algorithm=" algorithm "\r\n"
    (void)snprintf(expected, sizeof expected,
                   "RTSP/1.0 401 Unauthorized\r\nCSeq: 7\r\n"
                   "WWW-Authenticate: Bearer realm=\"svms\"\r\n" CHALLENGE("SHA-256")
                       CHALLENGE("SHA-512-256") CHALLENGE("MD5") "\r\n",
                   nonce, nonce, nonce);
    assert_string_equal(stage.out, expected);
    stage_end(&stage);
    closed_stage(&stage, SVMS_RTSP_SERVER_DIGEST);
    get_nonce(&stage, nonce);
    assert_null(strstr(stage.out, "MD5"));
    assert_null(strstr(stage.out, "Bearer"));
    stage_end(&stage);
}

static void whoever_knows_the_password_gets_in(void **state)
{
    static const stage_login logins[] = {
        { "SHA-256", "alice", "secret", "DESCRIBE", LIVE, "00000001" },
        { "SHA-512-256", "alice", "secret", "DESCRIBE", LIVE, "00000001" },
        { "SHA-256", "hashed", "secret", "DESCRIBE", LIVE, "0000abcd" },
        { "MD5", "alice", "secret", "DESCRIBE", LIVE, "00000001" },
        { "MD5", "alice", "secret", "DESCRIBE", LIVE, NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof logins / sizeof logins[0]; i++) {
        server_stage stage;
        char nonce[64];
        char log[256];
        closed_stage(&stage, SVMS_RTSP_SERVER_DIGEST | SVMS_RTSP_SERVER_ALLOW_MD5);
        get_nonce(&stage, nonce);
        assert_int_equal(try_with(&stage, &logins[i], nonce), 200);
        (void)snprintf(log, sizeof log, "authenticated '%s' by 1\nDESCRIBE /live s0 t-1 by '%s'\n",
                       logins[i].user, logins[i].user);
        assert_string_equal(stage.log, log);
        stage_end(&stage);
    }
}

typedef struct refusal {
    stage_login login;
    const char *words;
} refusal;

static void whoever_does_not_is_refused_and_reported(void **state)
{
    static const refusal cases[] = {
        { { "SHA-256", "alice", "wrong", "DESCRIBE", LIVE, "00000001" },
          "refused 'alice': the user is unknown or the password wrong\n" },
        { { "SHA-256", "mallory", "secret", "DESCRIBE", LIVE, "00000001" },
          "refused 'mallory': the user is unknown or the password wrong\n" },
        { { "SHA-256", "mallory", "nobody has this password", "DESCRIBE", LIVE, "00000001" },
          "refused 'mallory': the user is unknown or the password wrong\n" },
        { { "SHA-256", "", "secret", "DESCRIBE", LIVE, "00000001" },
          "refused '': the user is unknown or the password wrong\n" },
        { { "MD5", "alice", "secret", "DESCRIBE", LIVE, "00000001" },
          "refused 'alice': MD5 is not offered\n" },
        { { "SHA-256", "alice", "secret", "DESCRIBE", LIVE, NULL },
          "refused 'alice': the digest is without qop\n" },
        { { "SHA-256", "alice", "secret", "DESCRIBE", LIVE, "00000000" },
          "refused 'alice': the digest was used before\n" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        server_stage stage;
        char nonce[64];
        closed_stage(&stage, SVMS_RTSP_SERVER_DIGEST);
        get_nonce(&stage, nonce);
        assert_int_equal(try_with(&stage, &cases[i].login, nonce), 401);
        assert_string_equal(stage.log, cases[i].words);
        assert_int_equal(stage.asked, 0);
        stage_end(&stage);
    }
}

static void a_digest_is_good_for_its_request_alone(void **state)
{
    server_stage stage;
    char nonce[64];
    char authorization[2048];
    stage_login login = good_login();
    (void)state;
    closed_stage(&stage, SVMS_RTSP_SERVER_DIGEST);
    get_nonce(&stage, nonce);
    stage_authorize(authorization, sizeof authorization, &login, nonce);
    /* Another URL, another method, another user's name in front. */
    assert_int_equal(stage_try(&stage, "DESCRIBE", LIVE "2", authorization), 401);
    assert_int_equal(stage_try(&stage, "GET_PARAMETER", LIVE, authorization), 401);
    char *name = strstr(authorization, "alice");
    memcpy(name, "alicf", 5);
    assert_int_equal(stage_try(&stage, "DESCRIBE", LIVE, authorization), 401);
    memcpy(name, "alice", 5);
    char twice[4096];
    (void)snprintf(twice, sizeof twice, "%s%s", authorization, authorization);
    assert_int_equal(stage_try(&stage, "DESCRIBE", LIVE, twice), 401);
    memcpy(strstr(authorization, "realm=\"svms"), "realm=\"svmt", 11);
    assert_int_equal(stage_try(&stage, "DESCRIBE", LIVE, authorization), 401);
    assert_string_equal(stage.log, "refused 'alice': the digest is for another URL\n"
                                   "refused 'alice': the user is unknown or the password wrong\n"
                                   "refused 'alicf': the user is unknown or the password wrong\n"
                                   "refused '': there is more than one Authorization\n"
                                   "refused 'alice': the digest is for another realm\n");
    stage_end(&stage);
}

static void a_digest_that_was_used_is_refused(void **state)
{
    server_stage stage;
    char nonce[64];
    stage_login login = good_login();
    (void)state;
    closed_stage(&stage, SVMS_RTSP_SERVER_DIGEST);
    get_nonce(&stage, nonce);
    login.nc = "00000005";
    assert_int_equal(try_with(&stage, &login, nonce), 200);
    stage_forget(&stage);
    static const char *const used[] = { "00000005", "00000004", "00000001" };
    for (size_t i = 0; i < 3; i++) {
        login.nc = used[i];
        assert_int_equal(try_with(&stage, &login, nonce), 401);
        /* He knows the password: another nonce is all he needs. */
        assert_non_null(strstr(stage.out, "stale=true"));
    }
    assert_int_equal(stage.asked, 0);
    assert_non_null(strstr(stage.log, "refused 'alice': the digest was used before\n"));
    stage.answer.body = sdp;
    stage.answer.body_size = sizeof sdp - 1;
    login.nc = "00000006";
    assert_int_equal(try_with(&stage, &login, nonce), 200);
    /* The nonce given meanwhile may be used, and then the older one no more. */
    stage_nonce(stage_ask(&stage, "DESCRIBE", LIVE, NULL), nonce);
    char newer[64];
    memcpy(newer, nonce, sizeof newer);
    login.nc = "00000001";
    assert_int_equal(try_with(&stage, &login, newer), 200);
    stage_end(&stage);
}

static void an_older_nonce_is_stale_once_a_newer_one_was_used(void **state)
{
    server_stage stage;
    char first[64];
    char second[64];
    stage_login login = good_login();
    (void)state;
    closed_stage(&stage, SVMS_RTSP_SERVER_DIGEST);
    get_nonce(&stage, first);
    get_nonce(&stage, second);
    assert_string_not_equal(first, second);
    assert_int_equal(try_with(&stage, &login, second), 200);
    login.nc = "00000002";
    assert_int_equal(try_with(&stage, &login, first), 401);
    assert_non_null(strstr(stage.out, "stale=true"));
    assert_null(strstr(stage.log, "refused"));
    stage_end(&stage);
}

static void a_nonce_ends_with_its_time_and_its_connection(void **state)
{
    server_stage stage;
    char nonce[64];
    stage_login login = good_login();
    (void)state;
    closed_stage(&stage, SVMS_RTSP_SERVER_DIGEST);
    get_nonce(&stage, nonce);
    stage.now_ns += 300 * STAGE_SECOND - 1;
    assert_int_equal(try_with(&stage, &login, nonce), 200);
    stage.now_ns += 1;
    login.nc = "00000002";
    assert_int_equal(try_with(&stage, &login, nonce), 401);
    assert_non_null(strstr(stage.out, "stale=true"));
    stage_nonce(stage.out, nonce);
    stage_connect(&stage);
    stage_forget(&stage);
    assert_int_equal(try_with(&stage, &login, nonce), 401);
    assert_non_null(strstr(stage.out, "stale=true"));
    assert_string_equal(stage.log, "");
    assert_int_equal(try_with(&stage, &login, "bm9uc2Vuc2U="), 401);
    stage_end(&stage);
}

static void unknown_users_cost_what_known_ones_cost(void **state)
{
    server_stage stage;
    char nonce[64];
    stage_login login = good_login();
    (void)state;
    closed_stage(&stage, SVMS_RTSP_SERVER_DIGEST);
    get_nonce(&stage, nonce);
    login.user = "mallory";
    assert_int_equal(try_with(&stage, &login, nonce), 401);
    size_t for_unknown = strlen(stage.out);
    login.user = "alice";
    login.password = "wrong";
    assert_int_equal(try_with(&stage, &login, nonce), 401);
    /* Both were looked up, and the answers differ in nothing but the nonce. */
    assert_int_equal(stage.lookups, 2);
    assert_int_equal(for_unknown, strlen(stage.out));
    stage_end(&stage);
}

static void a_secret_of_a_wrong_size_lets_nobody_in(void **state)
{
    server_stage stage;
    char nonce[64];
    stage_login login = good_login();
    (void)state;
    closed_stage(&stage, SVMS_RTSP_SERVER_DIGEST);
    get_nonce(&stage, nonce);
    login.user = "hashed";
    stage.says_wrong_ha1_size = true;
    assert_int_equal(try_with(&stage, &login, nonce), 401);
    stage.says_wrong_ha1_size = false;
    stage.lookup = SVMS_E_IO;
    assert_int_equal(try_with(&stage, &login, nonce), 500);
    stage.lookup = SVMS_OK;
    assert_int_equal(try_with(&stage, &login, nonce), 200);
    stage_end(&stage);
}

static void tokens_are_judged_by_the_application(void **state)
{
    server_stage stage;
    (void)state;
    closed_stage(&stage, SVMS_RTSP_SERVER_BEARER | SVMS_RTSP_SERVER_ALLOW_CLEAR);
    assert_int_equal(stage_try(&stage, "DESCRIBE", LIVE, "Authorization: Bearer good.token\r\n"),
                     200);
    assert_int_equal(stage_try(&stage, "DESCRIBE", LIVE, "Authorization: Bearer bad.token\r\n"),
                     401);
    assert_int_equal(stage_try(&stage, "DESCRIBE", LIVE, "Authorization: Basic Ym9iOmJvYg==\r\n"),
                     401);
    assert_string_equal(stage.log, "authenticated 'bob' by 2\nDESCRIBE /live s0 t-1 by 'bob'\n"
                                   "refused '': the token has expired\n"
                                   "refused '': the scheme of authentication is not offered\n");
    stage_say(&stage, "DESCRIBE " LIVE " RTSP/1.0\r\nCSeq: 1\r\n"
                      "Authorization: Bearer broken-provider\r\n\r\n");
    assert_int_equal(stage.fed, SVMS_E_CRYPTO);
    stage_end(&stage);
}

static void tokens_are_never_taken_in_clear(void **state)
{
    server_stage stage;
    (void)state;
    stage_new(&stage,
              SVMS_RTSP_SERVER_BEARER | SVMS_RTSP_SERVER_DIGEST | SVMS_RTSP_SERVER_ALLOW_CLEAR);
    stage.peer.flags = 0;
    stage_start(&stage);
    assert_int_equal(stage_try(&stage, "DESCRIBE", LIVE, "Authorization: Bearer good.token\r\n"),
                     401);
    assert_null(strstr(stage.out, "Bearer"));
    assert_string_equal(stage.log, "refused '': tokens are not taken here\n");
    stage_end(&stage);
}

static void a_certificate_may_be_enough(void **state)
{
    server_stage stage;
    (void)state;
    stage_new(&stage, SVMS_RTSP_SERVER_DIGEST);
    stage.peer.identity = "recorder-3";
    stage_start(&stage);
    stage.answer.body = sdp;
    stage.answer.body_size = sizeof sdp - 1;
    assert_int_equal(stage_try(&stage, "DESCRIBE", LIVE, NULL), 200);
    assert_int_equal(stage_try(&stage, "DESCRIBE", LIVE, NULL), 200);
    assert_string_equal(stage.log, "authenticated 'recorder-3' by 3\n"
                                   "DESCRIBE /live s0 t-1 by 'recorder-3'\n"
                                   "DESCRIBE /live s0 t-1 by 'recorder-3'\n");
    stage_end(&stage);
}

static void strangers_learn_nothing_about_paths_and_sessions(void **state)
{
    static const char *const methods[] = { "DESCRIBE", "SETUP",         "PLAY",  "PAUSE",
                                           "TEARDOWN", "GET_PARAMETER", "FETCH", "RECORD" };
    static const char *const urls[] = { LIVE, LIVE "/video", "rtsp://192.0.2.1/x/../y", "/", "*" };
    static const char *const more[] = { "", "Session: 12345678\r\n", "Require: magic\r\n" };
    server_stage stage;
    (void)state;
    closed_stage(&stage, SVMS_RTSP_SERVER_DIGEST);
    stage.options.max_strangers = 100;
    stage_end(&stage);
    stage_start(&stage);
    size_t size = strlen(stage_ask(&stage, "DESCRIBE", LIVE, NULL));
    for (size_t i = 0; i < 8; i++) {
        for (size_t j = 0; j < 5; j++) {
            for (size_t k = 0; k < 3; k++) {
                assert_int_equal(stage_try(&stage, methods[i], urls[j], more[k]), 401);
                assert_int_equal(strlen(stage.out), size);
            }
            stage.now_ns += STAGE_SECOND / 10;
        }
    }
    /* OPTIONS say what this server can do, whatever the URL, and nothing of sessions. */
    assert_int_equal(stage_try(&stage, "OPTIONS", LIVE, "Session: 12345678\r\n"), 200);
    assert_int_equal(stage_try(&stage, "OPTIONS", LIVE, "Authorization: Digest x\r\n"), 401);
    assert_int_equal(stage.asked, 0);
    stage_end(&stage);
}

static void a_session_belongs_to_whoever_made_it(void **state)
{
    server_stage stage;
    char session[128];
    char more[1024];
    (void)state;
    closed_stage(&stage, SVMS_RTSP_SERVER_DIGEST | SVMS_RTSP_SERVER_BEARER);
    stage.answer.body_size = 0;
    char nonce[64];
    char authorization[2048];
    stage_login login = { "SHA-256", "alice", "secret", "SETUP", LIVE "/video", "00000001" };
    get_nonce(&stage, nonce);
    stage_authorize(authorization, sizeof authorization, &login, nonce);
    char text[4096];
    (void)snprintf(text, sizeof text, TCP "%s", authorization);
    assert_int_equal(stage_try(&stage, "SETUP", LIVE "/video", text), 200);
    stage_session(stage.out, session);
    (void)snprintf(more, sizeof more, "Authorization: Bearer good.token\r\n%s", session);
    assert_int_equal(stage_try(&stage, "PLAY", LIVE, more), 454);
    assert_int_equal(stage_try(&stage, "TEARDOWN", LIVE, more), 454);
    /* Nor can it be used over another connection. */
    svms_rtsp_connection *first = stage.connection;
    stage.connection = NULL;
    stage_connect(&stage);
    login = (stage_login){ "SHA-256", "alice", "secret", "PLAY", LIVE, "00000001" };
    get_nonce(&stage, nonce);
    stage_authorize(authorization, sizeof authorization, &login, nonce);
    (void)snprintf(text, sizeof text, "%s%s", session, authorization);
    assert_int_equal(stage_try(&stage, "PLAY", LIVE, text), 454);
    svms_rtsp_connection_free(&first);
    stage_end(&stage);
}

static void guessing_passwords_ends_the_connection(void **state)
{
    server_stage stage;
    char nonce[64];
    stage_login login = good_login();
    (void)state;
    closed_stage(&stage, SVMS_RTSP_SERVER_DIGEST);
    get_nonce(&stage, nonce);
    login.password = "guess";
    int tries = 0;
    while (stage.fed == SVMS_OK && tries < 100) {
        stage.now_ns += STAGE_SECOND;
        assert_int_equal(try_with(&stage, &login, nonce), 401);
        tries++;
    }
    assert_int_equal(stage.fed, SVMS_E_POLICY);
    assert_int_equal(tries, 11);
    assert_string_equal(stage_header(stage.out, "Connection"), "close");
    /* Every one of them was told. */
    int told = 0;
    for (const char *line = stage.log; (line = strstr(line, "refused")) != NULL; line++) {
        told++;
    }
    assert_int_equal(told, tries);
    login.password = "secret";
    assert_int_equal(try_with(&stage, &login, nonce), 0);
    assert_int_equal(stage.fed, SVMS_E_POLICY);
    stage_end(&stage);
}

static void strangers_may_not_ask_too_often(void **state)
{
    server_stage stage;
    (void)state;
    closed_stage(&stage, SVMS_RTSP_SERVER_DIGEST);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(stage_try(&stage, "OPTIONS", "*", NULL), 200);
    }
    stage.now_ns += STAGE_SECOND;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(stage_try(&stage, "OPTIONS", "*", NULL), 200);
        assert_int_equal(stage.fed, SVMS_OK);
    }
    assert_int_equal(stage_try(&stage, "DESCRIBE", LIVE, NULL), 401);
    assert_int_equal(stage.fed, SVMS_E_POLICY);
    stage_end(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(challenges_are_offered_best_first_and_md5_only_where_allowed),
        cmocka_unit_test(whoever_knows_the_password_gets_in),
        cmocka_unit_test(whoever_does_not_is_refused_and_reported),
        cmocka_unit_test(a_digest_is_good_for_its_request_alone),
        cmocka_unit_test(a_digest_that_was_used_is_refused),
        cmocka_unit_test(an_older_nonce_is_stale_once_a_newer_one_was_used),
        cmocka_unit_test(a_nonce_ends_with_its_time_and_its_connection),
        cmocka_unit_test(unknown_users_cost_what_known_ones_cost),
        cmocka_unit_test(a_secret_of_a_wrong_size_lets_nobody_in),
        cmocka_unit_test(tokens_are_judged_by_the_application),
        cmocka_unit_test(tokens_are_never_taken_in_clear),
        cmocka_unit_test(a_certificate_may_be_enough),
        cmocka_unit_test(strangers_learn_nothing_about_paths_and_sessions),
        cmocka_unit_test(a_session_belongs_to_whoever_made_it),
        cmocka_unit_test(guessing_passwords_ends_the_connection),
        cmocka_unit_test(strangers_may_not_ask_too_often),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
