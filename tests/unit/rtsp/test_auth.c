/* SPDX-License-Identifier: Apache-2.0 */
/* Digest authentication: the examples of the RFCs, and what breaks the grammar. */
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/provider.h>

#include "auth_challenge.h"
#include "auth_credentials.h"
#include "auth_fields.h"
#include "auth_nonce.h"

static svms_ctx *ctx;

static int open_context(void **state)
{
    (void)state;
    return svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK ? 0 : -1;
}

static int close_context(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    return 0;
}

static void read_challenges(svms_auth_challenges *list, const char *header)
{
    list->count = 0;
    svms_auth_challenges_read(list, svms_auth_text(header));
}

static void answer(char *out, size_t capacity, const svms_auth_challenge *challenge,
                   const char *user, const char *password, const char *uri, const char *cnonce)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_builder text = svms_builder_new(ctx, 4096);
    const svms_auth_login login = { user, password };
    const svms_auth_question question = { "GET", uri, 1, cnonce };
    assert_non_null(challenge);
    assert_int_equal(svms_auth_answer_digest(&text, ctx, challenge, &login, &question, &err),
                     SVMS_OK);
    assert_int_equal(svms_builder_hand_out(&text, "it", out, &capacity, &err), SVMS_OK);
    svms_builder_clear(&text);
}

#define MUFASA_NONCE "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
#define MUFASA_CNONCE "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"

static const char mufasa[] =
    "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=%s, "
    "nonce=\"" MUFASA_NONCE "\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

static void rfc_7616_examples_are_answered(void **state)
{
    /* Section 3.9.1; for SHA-512-256 the same texts by Python's hashlib. */
    static const char *const cases[][2] = {
        { "MD5", "8ca523f5e9506fed4657c9700eebdbec" },
        { "SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1" },
        { "SHA-512-256", "430d05014cecc49cab6fbe03176d41a1da86cbfe24a16580e22aaad928d960d0" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_auth_challenges list = { .count = 0 };
        char header[512];
        char out[2048];
        char expected[2048];
        (void)snprintf(header, sizeof header, mufasa, cases[i][0]);
        read_challenges(&list, header);
        answer(out, sizeof out, svms_auth_challenges_best(&list, SVMS_RTSP_SCHEME_DIGEST, true),
               "Mufasa", "Circle of Life", "/dir/index.html", MUFASA_CNONCE);
        (void)snprintf(expected, sizeof expected,
                       "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "
                       "nonce=\"" MUFASA_NONCE "\", uri=\"/dir/index.html\", algorithm=%s, "
                       "qop=auth, nc=00000001, cnonce=\"" MUFASA_CNONCE "\", "
                       "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", response=\"%s\"",
                       cases[i][0], cases[i][1]);
        assert_string_equal(out, expected);
    }
}

static void rfc_7616_example_with_user_hash_is_answered(void **state)
{
    /* Section 3.9.2 as erratum 4897 has it: the RFC's values are those of an earlier hash. */
    svms_auth_challenges list = { .count = 0 };
    char out[2048];
    (void)state;
    read_challenges(&list, "Digest realm=\"api@example.org\", qop=\"auth\", "
                           "algorithm=SHA-512-256, "
                           "nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", "
                           "opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", "
                           "charset=UTF-8, userhash=true");
    assert_int_equal(list.count, 1);
    answer(out, sizeof out, &list.items[0], "J\xC3\xA4s\xC3\xB8n Doe", "Secret, or not?",
           "/doe.json", "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v");
    assert_non_null(strstr(out, "username=\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624e"
                                "d06ece9b0b\""));
    assert_non_null(strstr(out, "response=\"3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95e"
                                "eb1cec68a5\""));
    assert_non_null(strstr(out, ", userhash=true"));
    /* Without the hash, the name has the spelling that tells its character set. */
    list.items[0].userhash = false;
    answer(out, sizeof out, &list.items[0], "J\xC3\xA4s\xC3\xB8n Doe", "Secret, or not?",
           "/doe.json", "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v");
    assert_non_null(strstr(out, "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, "));
    assert_null(strstr(out, "userhash"));
    /* Nobody writes a header of his own by his name. */
    answer(out, sizeof out, &list.items[0], "a\r\nSession: 1", "p", "/doe.json", "c");
    assert_non_null(strstr(out, "username*=UTF-8''a%0D%0ASession%3A%201, "));
}

static void rfc_2617_example_and_its_older_form_are_answered(void **state)
{
    svms_auth_challenges list = { .count = 0 };
    char out[2048];
    (void)state;
    /* Section 3.5. */
    read_challenges(&list, "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "
                           "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
                           "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"");
    answer(out, sizeof out, &list.items[0], "Mufasa", "Circle Of Life", "/dir/index.html",
           "0a4f113b");
    assert_non_null(strstr(out, "response=\"6629fae49393a05397450978507c4ef1\""));
    /* RFC 2069, by Python's hashlib. */
    read_challenges(&list, "Digest realm=\"testrealm@host.com\", "
                           "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"");
    answer(out, sizeof out, &list.items[0], "Mufasa", "Circle Of Life", "/dir/index.html", NULL);
    assert_non_null(strstr(out, "response=\"670fd8c2df070c60b045671b8b24ff02\""));
    assert_null(strstr(out, "cnonce"));
}

static void quotes_and_backslashes_are_escaped_and_hashed_without(void **state)
{
    svms_auth_challenges list = { .count = 0 };
    char out[2048];
    const svms_auth_login login = { "vi\"ew\\er", "p:w" };
    const svms_auth_question question = { "DESCRIBE", "rtsp://h/live", 42, "xyz" };
    svms_builder text = svms_builder_new(ctx, 4096);
    size_t size = sizeof out;
    svms_error err = SVMS_ERROR_INIT;
    (void)state;
    read_challenges(&list,
                    "Digest realm=\"re\\\"alm\", nonce=\"abc\", qop=\"auth\", algorithm=SHA-256");
    assert_string_equal(list.items[0].realm, "re\"alm");
    assert_int_equal(svms_auth_answer_digest(&text, ctx, &list.items[0], &login, &question, &err),
                     SVMS_OK);
    assert_int_equal(svms_builder_hand_out(&text, "it", out, &size, &err), SVMS_OK);
    svms_builder_clear(&text);
    assert_non_null(strstr(out, "username=\"vi\\\"ew\\\\er\", realm=\"re\\\"alm\""));
    assert_non_null(strstr(out, "nc=0000002a"));
    /* By Python's hashlib. */
    assert_non_null(
        strstr(out, "response=\"11341fc1fa59b445e54fef0a571dc968f8b89eecc0a8c4c0032e37595be47d61"));
    /* The server reads what the client wrote. */
    svms_auth_credentials read;
    assert_int_equal(svms_auth_credentials_read(&read, svms_auth_text(out), &err), SVMS_OK);
    assert_string_equal(read.user, "vi\"ew\\er");
    assert_string_equal(read.realm, "re\"alm");
    assert_int_equal(read.nonce_count, 42);
}

static void a_fresh_cnonce_is_taken_each_time(void **state)
{
    svms_auth_challenges list = { .count = 0 };
    char first[2048];
    char second[2048];
    (void)state;
    read_challenges(&list, "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256");
    answer(first, sizeof first, &list.items[0], "u", "p", "/", NULL);
    answer(second, sizeof second, &list.items[0], "u", "p", "/", NULL);
    assert_string_not_equal(first, second);
}

typedef struct choice {
    const char *header;
    bool allow_md5;
    svms_rtsp_digest best; /* 0: none */
} choice;

static void the_best_challenge_is_chosen(void **state)
{
    static const choice cases[] = {
#define MD5 "Digest realm=\"r\", nonce=\"n\", qop=\"auth\""
#define SHA "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256"
#define SHA_512 "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=sha-512-256"
        { MD5 ", " SHA, true, SVMS_RTSP_DIGEST_SHA_256 },
        { SHA ", " MD5 ", " SHA_512, true, SVMS_RTSP_DIGEST_SHA_512_256 },
        { MD5, true, SVMS_RTSP_DIGEST_MD5 },
        { MD5, false, 0 },
        { "Basic realm=\"x\", " SHA, false, SVMS_RTSP_DIGEST_SHA_256 },
        { "Negotiate abc==, " SHA, false, 0 }, /* what breaks the grammar hides what follows */
        { SHA ", Negotiate abc==", false, SVMS_RTSP_DIGEST_SHA_256 },
        { "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256", false, 0 }, /* no qop */
        { "Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\", algorithm=SHA-256", true, 0 },
        { "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256-sess", true, 0 },
        { "Digest realm=\"r\", nonce=\"n\", nonce=\"m\", qop=\"auth\", algorithm=SHA-256", true,
          0 },
        { "Digest nonce=\"n\", qop=\"auth\", algorithm=SHA-256", true, 0 },
        { "Digest realm=\"r\", qop=\"auth\", algorithm=SHA-256", true, 0 },
        { "Digest realm=\"r, nonce=\"n\"", true, 0 },
        { "Digest realm=\"r\" nonce=\"n\"", true, 0 },
        { "Digest realm=\"r\x01\", nonce=\"n\", algorithm=SHA-256, qop=auth", true, 0 },
        { "Digest", true, 0 },
        { "", true, 0 },
        { ",,, ,", true, 0 },
        { "=", true, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_auth_challenges list = { .count = 0 };
        read_challenges(&list, cases[i].header);
        const svms_auth_challenge *best =
            svms_auth_challenges_best(&list, SVMS_RTSP_SCHEME_DIGEST, cases[i].allow_md5);
        if ((best ? best->algorithm : 0) != cases[i].best) {
            fail_msg("%s", cases[i].header);
        }
    }
}

static void more_challenges_than_are_kept_are_passed_over(void **state)
{
    svms_auth_challenges list = { .count = 0 };
    (void)state;
    for (int i = 0; i < 20; i++) {
        svms_auth_challenges_read(&list, svms_auth_text("Bearer realm=\"r\""));
    }
    assert_int_equal(list.count, SVMS_AUTH_CHALLENGES_MAX);
    assert_non_null(svms_auth_challenges_best(&list, SVMS_RTSP_SCHEME_BEARER, false));
    assert_null(svms_auth_challenges_best(&list, SVMS_RTSP_SCHEME_DIGEST, true));
}

typedef struct bad_credentials {
    const char *header;
    svms_status status;
} bad_credentials;

#define WHOLE "username=\"u\", realm=\"r\", nonce=\"n\", uri=\"/\", response=\"00\""

static void credentials_that_break_the_rules_are_refused(void **state)
{
    static const bad_credentials cases[] = {
        { "Digest " WHOLE, SVMS_OK },
        { "digest " WHOLE ", qop=auth, nc=00000001, cnonce=\"c\", algorithm=SHA-256", SVMS_OK },
        { "Digest " WHOLE ", whatever=x", SVMS_OK },
        { "", SVMS_E_UNSUPPORTED },
        { "Basic dTpw", SVMS_E_UNSUPPORTED },
        { "Bearer", SVMS_E_MALFORMED },
        { "Bearer   ", SVMS_E_MALFORMED },
        { "Digest", SVMS_E_MALFORMED },
        { "Digest " WHOLE ", username=\"v\"", SVMS_E_MALFORMED },
        { "Digest " WHOLE ", username*=UTF-8''v", SVMS_E_MALFORMED },
        { "Digest " WHOLE ", qop=auth-int", SVMS_E_UNSUPPORTED },
        { "Digest " WHOLE ", algorithm=MD5-sess", SVMS_E_UNSUPPORTED },
        { "Digest " WHOLE ", userhash=true", SVMS_E_UNSUPPORTED },
        { "Digest " WHOLE ", qop=auth", SVMS_E_MALFORMED },
        { "Digest " WHOLE ", qop=auth, nc=00000001", SVMS_E_MALFORMED },
        { "Digest " WHOLE ", qop=auth, nc=1, cnonce=\"c\"", SVMS_E_MALFORMED },
        { "Digest " WHOLE ", qop=auth, nc=000000001, cnonce=\"c\"", SVMS_E_MALFORMED },
        { "Digest " WHOLE ", qop=auth, nc=0000000g, cnonce=\"c\"", SVMS_E_MALFORMED },
        { "Digest username=\"u", SVMS_E_MALFORMED },
        { "Digest username=\"u\\", SVMS_E_MALFORMED },
        { "Digest username=", SVMS_E_MALFORMED },
        { "Digest username=\"u\", Digest realm=\"r\"", SVMS_E_MALFORMED },
        { "Digest username*=UTF-8''%zz, realm=\"r\"", SVMS_E_MALFORMED },
        { "Digest username*=UTF-8''%c3%a, realm=\"r\"", SVMS_E_MALFORMED },
        { "Digest username*=UTF-8''a%00b, realm=\"r\"", SVMS_E_MALFORMED },
        { "Digest username*=ISO-8859-1''u, realm=\"r\"", SVMS_E_MALFORMED },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_auth_credentials read;
        svms_error err = SVMS_ERROR_INIT;
        svms_status status =
            svms_auth_credentials_read(&read, svms_auth_text(cases[i].header), &err);
        if (status != cases[i].status) {
            fail_msg("%s: %s", cases[i].header, svms_status_name(status));
        }
    }
}

static void a_name_in_another_spelling_is_read(void **state)
{
    svms_auth_credentials read;
    (void)state;
    assert_int_equal(
        svms_auth_credentials_read(&read,
                                   svms_auth_text("Digest username*=UTF-8'en'J%C3%A4s, realm=\"r\","
                                                  "nonce=\"n\", uri=\"/\", response=\"00\""),
                                   NULL),
        SVMS_OK);
    assert_string_equal(read.user, "J\xC3\xA4s");
}

static void texts_that_are_too_long_are_refused(void **state)
{
    static const char *const fields[] = { "username", "realm",    "nonce", "cnonce",
                                          "uri",      "response", "nc" };
    static char header[8192];
    static char filler[4096];
    (void)state;
    memset(filler, 'a', sizeof filler - 1);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        svms_auth_credentials read;
        (void)snprintf(header, sizeof header, "Digest %s=\"%s\"", fields[i], filler);
        assert_int_equal(svms_auth_credentials_read(&read, svms_auth_text(header), NULL),
                         SVMS_E_MALFORMED);
    }
    static char token[SVMS_AUTH_TOKEN_MAX + 64];
    svms_auth_credentials read;
    (void)snprintf(token, sizeof token, "Bearer %0*d", SVMS_AUTH_TOKEN_MAX, 1);
    assert_int_equal(svms_auth_credentials_read(&read, svms_auth_text(token), NULL), SVMS_OK);
    (void)snprintf(token, sizeof token, "Bearer %0*d", SVMS_AUTH_TOKEN_MAX + 1, 1);
    assert_int_equal(svms_auth_credentials_read(&read, svms_auth_text(token), NULL),
                     SVMS_E_MALFORMED);
}

static void a_nonce_is_known_again_by_its_maker_alone(void **state)
{
    uint8_t secret[SVMS_AUTH_NONCE_SECRET] = { 1 };
    uint8_t other_secret[SVMS_AUTH_NONCE_SECRET] = { 2 };
    uint8_t here[SVMS_AUTH_CONNECTION_ID] = { 3 };
    uint8_t there[SVMS_AUTH_CONNECTION_ID] = { 4 };
    const svms_auth_nonce_maker makers[] = { { ctx, secret, here },
                                             { ctx, secret, there },
                                             { ctx, other_secret, here } };
    const svms_auth_nonce made = { UINT64_C(0x123456789ABCDEF0), 77 };
    char text[SVMS_AUTH_NONCE_SIZE];
    (void)state;
    assert_int_equal(svms_auth_nonce_write(&makers[0], &made, text, NULL), SVMS_OK);
    assert_int_equal(strlen(text), SVMS_AUTH_NONCE_SIZE - 1);
    for (size_t i = 0; i < 3; i++) {
        svms_auth_nonce read = { 0, 0 };
        svms_status status = svms_auth_nonce_read(&makers[i], svms_auth_text(text), &read, NULL);
        assert_int_equal(status, i == 0 ? SVMS_OK : SVMS_E_NOT_AUTHENTIC);
        assert_true(i > 0 || (read.time_ns == made.time_ns && read.number == made.number));
    }
    for (size_t i = 0; i < sizeof text - 1; i++) {
        svms_auth_nonce read;
        char changed[SVMS_AUTH_NONCE_SIZE];
        memcpy(changed, text, sizeof changed);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_int_equal(svms_auth_nonce_read(&makers[0], svms_auth_text(changed), &read, NULL),
                         SVMS_E_NOT_AUTHENTIC);
    }
    svms_auth_nonce read;
    text[10] = '\0';
    assert_int_equal(svms_auth_nonce_read(&makers[0], svms_auth_text(text), &read, NULL),
                     SVMS_E_NOT_AUTHENTIC);
}

static void a_provider_without_md5_is_told_from_a_failure(void **state)
{
    OSSL_LIB_CTX *library = OSSL_LIB_CTX_new();
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_ctx *strict = NULL;
    svms_error err = SVMS_ERROR_INIT;
    (void)state;
    OSSL_PROVIDER *provider = OSSL_PROVIDER_load(library, "default");
    assert_non_null(provider);
    options.ossl_context = library;
    assert_int_equal(svms_ctx_new(&strict, &options, NULL), SVMS_OK);
    /* As where a provider is loaded that knows no MD5. */
    assert_int_equal(OSSL_PROVIDER_unload(provider), 1);
    assert_int_equal(svms_auth_algorithm_check(strict, SVMS_RTSP_DIGEST_MD5, &err),
                     SVMS_E_UNSUPPORTED);
    assert_string_equal(err.message, "the provider has no MD5");
    svms_ctx_free(&strict);
    OSSL_LIB_CTX_free(library);
}

static void what_is_no_algorithm_has_neither_name_nor_size(void **state)
{
    (void)state;
    assert_int_equal(svms_auth_algorithm_check(ctx, (svms_rtsp_digest)9, NULL), SVMS_E_USAGE);
    assert_null(svms_auth_algorithm_name((svms_rtsp_digest)9));
    assert_int_equal(svms_auth_hash_size((svms_rtsp_digest)9), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_7616_examples_are_answered),
        cmocka_unit_test(rfc_7616_example_with_user_hash_is_answered),
        cmocka_unit_test(rfc_2617_example_and_its_older_form_are_answered),
        cmocka_unit_test(quotes_and_backslashes_are_escaped_and_hashed_without),
        cmocka_unit_test(a_fresh_cnonce_is_taken_each_time),
        cmocka_unit_test(the_best_challenge_is_chosen),
        cmocka_unit_test(more_challenges_than_are_kept_are_passed_over),
        cmocka_unit_test(credentials_that_break_the_rules_are_refused),
        cmocka_unit_test(a_name_in_another_spelling_is_read),
        cmocka_unit_test(texts_that_are_too_long_are_refused),
        cmocka_unit_test(a_nonce_is_known_again_by_its_maker_alone),
        cmocka_unit_test(a_provider_without_md5_is_told_from_a_failure),
        cmocka_unit_test(what_is_no_algorithm_has_neither_name_nor_size),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
