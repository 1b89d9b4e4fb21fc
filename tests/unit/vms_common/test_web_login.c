/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "web_digest.h"
#include "web_login.h"

/* The example of RFC 7616 section 3.9.1. */
#define RFC_REALM "http-auth@example.org"
#define RFC_TARGET "/dir/index.html"
#define RFC_FIELD(algorithm, response)                                                             \
    "Digest username=\"Mufasa\", realm=\"" RFC_REALM "\", uri=\"" RFC_TARGET                       \
    "\", algorithm=" algorithm ", nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "        \
    "nc=00000001, cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, "             \
    "response=\"" response "\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
#define RFC_SHA_256 "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
#define RFC_MD5 "8ca523f5e9506fed4657c9700eebdbec"

static void a_name_and_a_password_are_taken_apart(void **state)
{
    web_basic basic;
    (void)state;
    /* The example of RFC 7617 section 2, and that of section 2.1 (UTF-8). */
    assert_true(web_basic_parse(&basic, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
    assert_string_equal(basic.name, "Aladdin");
    assert_string_equal(basic.password, "open sesame");
    assert_true(web_basic_parse(&basic, "basic dGVzdDoxMjPCow=="));
    assert_string_equal(basic.name, "test");
    assert_string_equal(basic.password, "123\xc2\xa3");
    web_basic_wipe(&basic);
    assert_string_equal(basic.password, "");
    static const char *const refused[] = {
        "",
        "Basic",
        "Basic ",
        "Basic !!!!",
        "Basic QQ==",
        "Bearer QWxhZGRpbjpvcGVu",
        "Basic Og==",
        "Basic YTo=",
        "Basic OmE=",
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZR==",
        "Basic YQBiOmM=",
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ",
        "Basic =QWx",
        "Basic ====",
        "Basic dGVzdDr/",
        "Basic QWx\xc3hZGRpbjpv",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_false(web_basic_parse(&basic, refused[i]));
    }
    assert_false(web_basic_parse(&basic, NULL));
    char text[1024] = "Basic ";
    memset(text + 6, 'Q', sizeof text - 6);
    text[1006] = '\0';
    assert_false(web_basic_parse(&basic, text));
}

static void a_token_is_found(void **state)
{
    size_t size = 0;
    (void)state;
    const char *token = web_bearer_of("Bearer mF_9.B5f-4.1JqM", &size);
    assert_string_equal(token, "mF_9.B5f-4.1JqM");
    assert_int_equal(size, 15);
    static const char *const refused[] = { "",          "Bearer",     "Bearer ", "Bearer a b",
                                           "Basic abc", "Bearer a\"", "Bearera" };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_null(web_bearer_of(refused[i], &size));
    }
    assert_null(web_bearer_of(NULL, &size));
}

static web_digest *open_digest(bool allow_md5)
{
    web_digest *digest = NULL;
    svms_error err = SVMS_ERROR_INIT;
    const web_digest_options options = { .realm = RFC_REALM, .allow_md5 = allow_md5 };
    assert_int_equal(web_digest_open(&digest, &options, &err), SVMS_OK);
    return digest;
}

/* Its nonce is not ours, so that it is stale at best: then the response was right. */
static void responses_are_those_of_rfc_7616(void **state)
{
    static const struct {
        const char *field;
        web_digest_verdict verdict;
    } cases[] = {
        { RFC_FIELD("SHA-256", RFC_SHA_256), WEB_DIGEST_STALE },
        { RFC_FIELD("MD5", RFC_MD5), WEB_DIGEST_STALE },
        { RFC_FIELD("SHA-256", "853927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
          WEB_DIGEST_WRONG },
        { RFC_FIELD("MD5", "8ca523f5e9506fed4657c9700eebdbed"), WEB_DIGEST_WRONG },
    };
    web_digest *digest = open_digest(true);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        web_digest_claim claim;
        uint8_t secret[WEB_DIGEST_SECRET_SIZE];
        assert_true(web_digest_parse(&claim, digest, cases[i].field));
        assert_string_equal(claim.name, "Mufasa");
        assert_true(
            web_digest_secret(claim.algorithm, "Mufasa", RFC_REALM, "Circle of Life", secret));
        assert_int_equal(web_digest_check(digest, &claim, "GET", RFC_TARGET, secret, 0),
                         cases[i].verdict);
        assert_int_equal(web_digest_check(digest, &claim, "PUT", RFC_TARGET, secret, 0),
                         WEB_DIGEST_WRONG);
        assert_int_equal(web_digest_check(digest, &claim, "GET", "/other", secret, 0),
                         WEB_DIGEST_WRONG);
    }
    web_digest_close(&digest);
    digest = open_digest(false);
    web_digest_claim claim;
    assert_false(web_digest_parse(&claim, digest, RFC_FIELD("MD5", RFC_MD5)));
    assert_true(web_digest_parse(&claim, digest, RFC_FIELD("SHA-256", RFC_SHA_256)));
    web_digest_close(&digest);
}

static void claims_that_are_none_are_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "Digest",
        "Digest ",
        "Digest a",
        "Digest a=",
        "Digest username=\"x",
        RFC_FIELD("SHA-256", "7539"),
        RFC_FIELD("SHA-256", RFC_MD5),
        RFC_FIELD("SHA-512-256", RFC_SHA_256),
        RFC_FIELD("MD5-sess", RFC_MD5),
        RFC_FIELD("SHA-256", RFC_SHA_256) ", nc=00000002",
        RFC_FIELD("SHA-256", RFC_SHA_256) ", userhash=true",
        RFC_FIELD("SHA-256", "zz3927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        RFC_FIELD("SHA-256", RFC_SHA_256) " x",
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
    };
    web_digest *digest = open_digest(true);
    web_digest_claim claim;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_false(web_digest_parse(&claim, digest, cases[i]));
    }
    assert_false(web_digest_parse(&claim, digest, NULL));
    web_digest_close(&digest);
}

static void realms_that_cannot_be_quoted_are_refused(void **state)
{
    static const char *const cases[] = { "", "a\"b", "a\\b", "a\nb", "\xc3\xa4" };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        web_digest *digest = NULL;
        svms_error err = SVMS_ERROR_INIT;
        const web_digest_options options = { .realm = cases[i] };
        assert_int_equal(web_digest_open(&digest, &options, &err), SVMS_E_USAGE);
        assert_null(digest);
    }
}

static void take_nonce(web_digest *digest, uint64_t now_ms, char nonce[WEB_DIGEST_NONCE_SIZE])
{
    char challenge[WEB_DIGEST_CHALLENGE_SIZE];
    assert_true(web_digest_challenge(digest, WEB_DIGEST_SHA_256, false, now_ms, challenge));
    const char *at = strstr(challenge, "nonce=\"");
    assert_non_null(at);
    memcpy(nonce, at + 7, WEB_DIGEST_NONCE_SIZE - 1);
    nonce[WEB_DIGEST_NONCE_SIZE - 1] = '\0';
}

static void challenges_name_what_is_spoken(void **state)
{
    char challenge[WEB_DIGEST_CHALLENGE_SIZE];
    web_digest *digest = open_digest(false);
    (void)state;
    assert_true(web_digest_challenge(digest, WEB_DIGEST_SHA_256, true, 0, challenge));
    assert_non_null(
        strstr(challenge, "Digest realm=\"" RFC_REALM "\", qop=\"auth\", algorithm=SHA-256, "));
    assert_non_null(strstr(challenge, ", stale=true"));
    assert_false(web_digest_challenge(digest, WEB_DIGEST_MD5, false, 0, challenge));
    web_digest_close(&digest);
}

static void no_two_nonces_are_the_same(void **state)
{
    char nonce[WEB_DIGEST_NONCE_SIZE];
    char other[WEB_DIGEST_NONCE_SIZE];
    web_digest *digest = open_digest(false);
    (void)state;
    take_nonce(digest, 1000, nonce);
    take_nonce(digest, 1000, other);
    assert_string_not_equal(nonce, other);
    assert_int_equal(strlen(nonce), 64);
    web_digest_close(&digest);
}

static void hash(char out[65], const char *text)
{
    unsigned char bytes[32];
    size_t size = 0;
    assert_true(EVP_Q_digest(NULL, "SHA256", NULL, text, strlen(text), bytes, &size));
    for (size_t i = 0; i < sizeof bytes; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
}

/* What ann's client sends for GET /a: RFC 7616 section 3.4.1. */
static web_digest_verdict ask(web_digest *digest, const char *nonce, uint32_t count,
                              uint64_t now_ms)
{
    char text[512];
    char first[65];
    char second[65];
    char response[65];
    char field[1024];
    uint8_t secret[WEB_DIGEST_SECRET_SIZE];
    web_digest_claim claim;
    hash(first, "ann:" RFC_REALM ":secret");
    hash(second, "GET:/a");
    (void)snprintf(text, sizeof text, "%s:%s:%08x:cc:auth:%s", first, nonce, count, second);
    hash(response, text);
    (void)snprintf(field, sizeof field,
                   "Digest username=\"ann\",realm=\"" RFC_REALM "\",nonce=\"%s\",uri=\"/a\","
                   "algorithm=SHA-256,qop=auth,nc=%08X,cnonce=\"cc\",response=\"%s\"",
                   nonce, count, response);
    /* The count is hashed as it was written, so it is written in small letters. */
    for (char *at = strstr(field, "nc="); *at != ','; at++) {
        *at = (char)(*at >= 'A' && *at <= 'F' ? *at + 32 : *at);
    }
    assert_true(web_digest_parse(&claim, digest, field));
    assert_true(web_digest_secret(WEB_DIGEST_SHA_256, "ann", RFC_REALM, "secret", secret));
    return web_digest_check(digest, &claim, "GET", "/a", secret, now_ms);
}

static void a_count_is_taken_once(void **state)
{
    char nonce[WEB_DIGEST_NONCE_SIZE];
    web_digest *digest = open_digest(false);
    (void)state;
    take_nonce(digest, 1000, nonce);
    static const struct {
        uint32_t count;
        web_digest_verdict verdict;
    } cases[] = {
        { 1, WEB_DIGEST_GOOD },    { 1, WEB_DIGEST_STALE },   { 2, WEB_DIGEST_GOOD },
        { 5, WEB_DIGEST_GOOD },    { 3, WEB_DIGEST_GOOD },    { 3, WEB_DIGEST_STALE },
        { 4, WEB_DIGEST_GOOD },    { 2, WEB_DIGEST_STALE },   { 69, WEB_DIGEST_GOOD },
        { 5, WEB_DIGEST_STALE },   { 6, WEB_DIGEST_GOOD },    { 500, WEB_DIGEST_GOOD },
        { 70, WEB_DIGEST_STALE },  { 69, WEB_DIGEST_STALE },  { 436, WEB_DIGEST_GOOD },
        { 435, WEB_DIGEST_STALE }, { 500, WEB_DIGEST_STALE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(ask(digest, nonce, cases[i].count, 2000), cases[i].verdict);
    }
    web_digest_close(&digest);
}

static void a_nonce_has_its_time(void **state)
{
    char nonce[WEB_DIGEST_NONCE_SIZE];
    web_digest *digest = open_digest(false);
    (void)state;
    take_nonce(digest, 1000, nonce);
    assert_int_equal(ask(digest, nonce, 1, 999), WEB_DIGEST_STALE);
    assert_int_equal(ask(digest, nonce, 1, 301000), WEB_DIGEST_GOOD);
    assert_int_equal(ask(digest, nonce, 2, 301001), WEB_DIGEST_STALE);
    /* One of another server, or a made-up one, is none. */
    nonce[63] = nonce[63] == '0' ? '1' : '0';
    assert_int_equal(ask(digest, nonce, 3, 2000), WEB_DIGEST_STALE);
    web_digest_close(&digest);
}

/* More nonces are used than are remembered: what was forgotten cannot be used again. */
static void what_is_forgotten_is_not_good_again(void **state)
{
    enum { MANY = 600 };
    static char nonces[MANY][WEB_DIGEST_NONCE_SIZE];
    web_digest *digest = open_digest(false);
    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        take_nonce(digest, 1000 + i, nonces[i]);
        assert_int_equal(ask(digest, nonces[i], 1, 1000 + i), WEB_DIGEST_GOOD);
    }
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(ask(digest, nonces[i], 1, 2000), WEB_DIGEST_STALE);
    }
    assert_int_equal(ask(digest, nonces[MANY - 1], 2, 2000), WEB_DIGEST_GOOD);
    assert_int_equal(ask(digest, nonces[0], 2, 2000), WEB_DIGEST_STALE);
    web_digest_close(&digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_and_a_password_are_taken_apart),
        cmocka_unit_test(a_token_is_found),
        cmocka_unit_test(responses_are_those_of_rfc_7616),
        cmocka_unit_test(claims_that_are_none_are_refused),
        cmocka_unit_test(realms_that_cannot_be_quoted_are_refused),
        cmocka_unit_test(challenges_name_what_is_spoken),
        cmocka_unit_test(no_two_nonces_are_the_same),
        cmocka_unit_test(a_count_is_taken_once),
        cmocka_unit_test(a_nonce_has_its_time),
        cmocka_unit_test(what_is_forgotten_is_not_good_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
