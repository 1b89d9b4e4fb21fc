/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials of a client: when, how and how often they are sent (docs/spec/rtsp.md, RC-AUT). What
 * a response to a challenge must be is proved in test_auth.c. */
#include "cmocka_all.h"

#include <stdio.h>

#include "client_stage.h"

#define SHA256_CHALLENGE(nonce, more)                                                              \
    "WWW-Authenticate: Digest realm=\"cam\", nonce=\"" nonce                                       \
    "\", algorithm=SHA-256, qop=\"auth\"" more "\r\n"
#define MD5_CHALLENGE "WWW-Authenticate: Digest realm=\"cam\", nonce=\"m\", qop=\"auth\"\r\n"
#define BASIC_CHALLENGE "WWW-Authenticate: Basic realm=\"cam\"\r\n"
#define BEARER_CHALLENGE "WWW-Authenticate: Bearer realm=\"cam\"\r\n"

static client_stage *open_with_user(uint32_t flags)
{
    client_stage *s = client_stage_new(flags);
    client_with_user(s);
    assert_int_equal(client_make(s), SVMS_OK);
    return s;
}

static client_stage *open_with_token(uint32_t flags)
{
    client_stage *s = client_stage_new(flags);
    s->options.bearer = "ey.J.x-_";
    assert_int_equal(client_make(s), SVMS_OK);
    return s;
}

static void ask(client_stage *s)
{
    assert_int_equal(svms_rtsp_client_ask_options(s->client, NULL, NULL), SVMS_OK);
}

static svms_status refuse_with(client_stage *s, unsigned cseq, const char *headers)
{
    char text[1024];
    (void)snprintf(text, sizeof text, "RTSP/1.0 401 Unauthorized\r\nCSeq: %u\r\n%s\r\n", cseq,
                   headers);
    return client_feed(s, text);
}

static void expect_sent(client_stage *s, const char *words)
{
    client_sent(s);
    if (!strstr(s->sent, words)) {
        fail_msg("\"%s\" is not in \"%s\"", words, s->sent);
    }
}

static void a_challenge_is_answered_and_then_always(void **state)
{
    (void)state;
    client_stage *s = open_with_user(SVMS_RTSP_CLIENT_SECURE);
    ask(s);
    assert_null(strstr(client_sent(s), "Authorization"));
    assert_int_equal(refuse_with(s, 1, SHA256_CHALLENGE("n1", "")), SVMS_OK);
    assert_string_equal(client_log(s), "");
    expect_sent(s, "CSeq: 2\r\n");
    assert_non_null(strstr(s->sent, "Authorization: Digest "));
    assert_non_null(strstr(s->sent, "username=\"joe\""));
    assert_non_null(strstr(s->sent, "nonce=\"n1\""));
    assert_non_null(strstr(s->sent, "nc=00000001"));
    assert_non_null(strstr(s->sent, "uri=\"rtsp://camera/live\""));
    assert_null(strstr(s->sent, "secret"));
    assert_string_equal(s->realm, "cam");
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n");
    assert_string_equal(client_log(s), "1 OPTIONS 200 OK\n");
    ask(s);
    expect_sent(s, "nc=00000002");
    assert_int_equal(s->passwords, 2);
    client_close(s);
}

static void a_second_401_is_told(void **state)
{
    (void)state;
    client_stage *s = open_with_user(SVMS_RTSP_CLIENT_SECURE);
    ask(s);
    assert_int_equal(refuse_with(s, 1, SHA256_CHALLENGE("n1", "")), SVMS_OK);
    assert_int_equal(refuse_with(s, 2, SHA256_CHALLENGE("n2", "")), SVMS_OK);
    assert_string_equal(client_log(s), "1 OPTIONS 401 Unauthorized\n");
    assert_int_equal(s->last.offers, SVMS_RTSP_OFFERS_DIGEST_SHA256);
    assert_int_equal(s->passwords, 1);
    client_close(s);
}

static void a_stale_nonce_is_answered_once_more(void **state)
{
    (void)state;
    client_stage *s = open_with_user(SVMS_RTSP_CLIENT_SECURE);
    ask(s);
    assert_int_equal(refuse_with(s, 1, SHA256_CHALLENGE("n1", "")), SVMS_OK);
    (void)client_sent(s);
    assert_int_equal(refuse_with(s, 2, SHA256_CHALLENGE("n2", ", stale=true")), SVMS_OK);
    expect_sent(s, "nonce=\"n2\"");
    assert_non_null(strstr(s->sent, "nc=00000001"));
    /* A server that says so for ever is not believed for ever. */
    assert_int_equal(refuse_with(s, 3, SHA256_CHALLENGE("n3", ", stale=true")), SVMS_OK);
    assert_string_equal(client_log(s), "1 OPTIONS 401 Unauthorized\n");
    assert_int_equal(s->passwords, 2);
    client_close(s);
}

/* Some servers give another nonce without calling the old one stale. */
static void another_nonce_is_answered_where_the_password_was_right(void **state)
{
    (void)state;
    client_stage *s = open_with_user(SVMS_RTSP_CLIENT_SECURE);
    ask(s);
    assert_int_equal(refuse_with(s, 1, SHA256_CHALLENGE("n1", "")), SVMS_OK);
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n");
    ask(s);
    /* The same nonce again is no reason to try again. */
    (void)client_log(s);
    assert_int_equal(refuse_with(s, 3, SHA256_CHALLENGE("n1", "")), SVMS_OK);
    assert_string_equal(client_log(s), "2 OPTIONS 401 Unauthorized\n");
    ask(s);
    (void)client_sent(s);
    assert_int_equal(refuse_with(s, 4, SHA256_CHALLENGE("n2", "")), SVMS_OK);
    expect_sent(s, "nonce=\"n2\"");
    assert_int_equal(refuse_with(s, 5, SHA256_CHALLENGE("n3", "")), SVMS_OK);
    assert_string_equal(client_log(s), "3 OPTIONS 401 Unauthorized\n");
    client_close(s);
}

static void what_must_not_be_answered_ends_the_client(void **state)
{
    (void)state;
    static const struct {
        uint32_t flags;
        const char *challenge;
        const char *words;
    } table[] = {
        { 0, SHA256_CHALLENGE("n", ""), "not sent without TLS" },
        { SVMS_RTSP_CLIENT_ALLOW_MD5, MD5_CHALLENGE, "not sent without TLS" },
        { SVMS_RTSP_CLIENT_SECURE, MD5_CHALLENGE, "MD5 alone" },
        { SVMS_RTSP_CLIENT_SECURE, BASIC_CHALLENGE, "not ask for Digest" },
        { SVMS_RTSP_CLIENT_ALLOW_CLEAR | SVMS_RTSP_CLIENT_ALLOW_MD5, BASIC_CHALLENGE,
          "not ask for Digest" },
        { SVMS_RTSP_CLIENT_SECURE, BEARER_CHALLENGE, "not ask for Digest" },
        { SVMS_RTSP_CLIENT_SECURE, "", "not ask for Digest" },
        { SVMS_RTSP_CLIENT_SECURE, "WWW-Authenticate: Digest \"\r\n", "not ask for Digest" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        client_stage *s = open_with_user(table[i].flags);
        ask(s);
        (void)client_sent(s);
        assert_int_equal(refuse_with(s, 1, table[i].challenge), SVMS_E_POLICY);
        client_expect_words(s, table[i].words);
        assert_string_equal(client_sent(s), "");
        assert_int_equal(s->passwords, 0);
        client_close(s);
    }
}

static void what_was_allowed_is_answered(void **state)
{
    (void)state;
    static const struct {
        uint32_t flags;
        const char *challenge;
        const char *words;
    } table[] = {
        { SVMS_RTSP_CLIENT_ALLOW_CLEAR, SHA256_CHALLENGE("n", ""), "algorithm=SHA-256" },
        { SVMS_RTSP_CLIENT_SECURE | SVMS_RTSP_CLIENT_ALLOW_MD5, MD5_CHALLENGE, "nonce=\"m\"" },
        /* The best is taken, whatever comes first. */
        { SVMS_RTSP_CLIENT_SECURE | SVMS_RTSP_CLIENT_ALLOW_MD5,
          BASIC_CHALLENGE MD5_CHALLENGE SHA256_CHALLENGE("n", ""), "nonce=\"n\"" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        client_stage *s = open_with_user(table[i].flags);
        ask(s);
        (void)client_sent(s);
        assert_int_equal(refuse_with(s, 1, table[i].challenge), SVMS_OK);
        expect_sent(s, table[i].words);
        client_close(s);
    }
}

static void without_credentials_a_401_is_told_with_its_offers(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    ask(s);
    assert_int_equal(refuse_with(s, 1,
                                 "WWW-Authenticate: Basic realm=\"a\", Digest realm=\"b\", "
                                 "nonce=\"c\", Bearer\r\n"
                                 "WWW-Authenticate: Negotiate\r\n" SHA256_CHALLENGE("n", "")
                                     SHA256_CHALLENGE("n", "") "WWW-Authenticate: Digest "
                                                               "algorithm=SHA-512-256\r\n"),
                     SVMS_OK);
    assert_string_equal(client_log(s), "1 OPTIONS 401 Unauthorized\n");
    assert_int_equal(s->last.offers, SVMS_RTSP_OFFERS_BASIC | SVMS_RTSP_OFFERS_DIGEST_MD5 |
                                         SVMS_RTSP_OFFERS_BEARER | SVMS_RTSP_OFFERS_OTHER |
                                         SVMS_RTSP_OFFERS_DIGEST_SHA256 |
                                         SVMS_RTSP_OFFERS_DIGEST_SHA512_256);
    client_close(s);
}

static void a_token_is_sent_once_it_is_asked_for(void **state)
{
    (void)state;
    client_stage *s = open_with_token(SVMS_RTSP_CLIENT_SECURE);
    ask(s);
    assert_null(strstr(client_sent(s), "ey.J"));
    assert_int_equal(refuse_with(s, 1, BEARER_CHALLENGE), SVMS_OK);
    expect_sent(s, "Authorization: Bearer ey.J.x-_\r\n");
    assert_int_equal(refuse_with(s, 2, BEARER_CHALLENGE), SVMS_OK);
    assert_string_equal(client_log(s), "1 OPTIONS 401 Unauthorized\n");
    client_close(s);
    s = open_with_token(SVMS_RTSP_CLIENT_SECURE);
    ask(s);
    assert_int_equal(refuse_with(s, 1, SHA256_CHALLENGE("n", "")), SVMS_E_POLICY);
    client_expect_words(s, "not ask for Bearer");
    client_close(s);
}

static void a_password_that_is_not_given_is_told(void **state)
{
    (void)state;
    client_stage *s = open_with_user(SVMS_RTSP_CLIENT_SECURE);
    s->password_answer = SVMS_E_CANCELLED;
    ask(s);
    assert_int_equal(refuse_with(s, 1, SHA256_CHALLENGE("n", "")), SVMS_E_CANCELLED);
    client_expect_words(s, "the password was not given");
    client_close(s);
    /* Where the caller asks, nothing happens but that. */
    s = open_with_user(SVMS_RTSP_CLIENT_SECURE);
    ask(s);
    assert_int_equal(refuse_with(s, 1, SHA256_CHALLENGE("n", "")), SVMS_OK);
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n");
    (void)client_sent(s);
    s->password_answer = SVMS_E_CANCELLED;
    assert_int_equal(svms_rtsp_client_ask_options(s->client, NULL, NULL), SVMS_E_CANCELLED);
    assert_string_equal(client_sent(s), "");
    s->password_answer = SVMS_OK;
    ask(s);
    expect_sent(s, "nc=00000002");
    client_close(s);
}

static void a_realm_with_quotes_gets_no_further(void **state)
{
    (void)state;
    client_stage *s = open_with_user(SVMS_RTSP_CLIENT_SECURE);
    ask(s);
    (void)client_sent(s);
    assert_int_equal(refuse_with(s, 1,
                                 "WWW-Authenticate: Digest realm=\"a\\\"b\", nonce=\"c\\\\d\", "
                                 "algorithm=SHA-256, qop=\"auth\"\r\n"),
                     SVMS_OK);
    assert_string_equal(s->realm, "a\"b");
    expect_sent(s, "realm=\"a\\\"b\"");
    assert_non_null(strstr(s->sent, "nonce=\"c\\\\d\""));
    client_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_challenge_is_answered_and_then_always),
        cmocka_unit_test(a_second_401_is_told),
        cmocka_unit_test(a_stale_nonce_is_answered_once_more),
        cmocka_unit_test(another_nonce_is_answered_where_the_password_was_right),
        cmocka_unit_test(what_must_not_be_answered_ends_the_client),
        cmocka_unit_test(what_was_allowed_is_answered),
        cmocka_unit_test(without_credentials_a_401_is_told_with_its_offers),
        cmocka_unit_test(a_token_is_sent_once_it_is_asked_for),
        cmocka_unit_test(a_password_that_is_not_given_is_told),
        cmocka_unit_test(a_realm_with_quotes_gets_no_further),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
