/* SPDX-License-Identifier: Apache-2.0 */
/* Time stamps that OpenSSL's own authority makes (authority.c): what is believed, and what is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/err.h>

#include "authority.h"
#include "fixture.h"
#include "timestamp.h"

#define WHEN "2026-03-04T05:06:07Z"
#define NOW "2026-06-01T00:00:00Z"
#define LATER "2030-06-01T00:00:00Z"
#define STAMPING "critical,timeStamping"

static const uint8_t digest[32] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
static const uint8_t other_digest[32] = { 9 };

static fixture_allocator allocator;
static svms_ctx *ctx;
static svms_trust *trust;
static svms_trust *strangers;
static party root;
static party stranger;
static party authority; /* 2026 to 2028 */
static party rsa_authority;

static svms_trust *trust_in(const party *anchor)
{
    char pem[8192];
    svms_trust *out = NULL;
    size_t size = party_pem(anchor, pem, 0, sizeof pem);
    assert_int_equal(svms_trust_from_pem(&out, ctx, pem, size, NULL), SVMS_OK);
    return out;
}

static party stamper(const char *name, const char *usage, const char *key_type)
{
    const party_plan plan = { .name = name,
                              .issuer = &root,
                              .from = "20260101000000Z",
                              .to = "20280101000000Z",
                              .usage = usage,
                              .key_type = key_type };
    return party_make(&plan);
}

static int set_up(void **state)
{
    (void)state;
    const party_plan ca = { .name = "Stamp CA",
                            .from = "20200101000000Z",
                            .to = "20600101000000Z" };
    party_plan other = ca;
    other.name = "Another CA";
    ctx = fixture_context(&allocator);
    root = party_make(&ca);
    stranger = party_make(&other);
    authority = stamper("Time", STAMPING, "EC");
    rsa_authority = stamper("RSA time", STAMPING, "RSA");
    trust = trust_in(&root);
    strangers = trust_in(&stranger);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    svms_trust_free(&strangers);
    svms_trust_free(&trust);
    party_free(&rsa_authority);
    party_free(&authority);
    party_free(&stranger);
    party_free(&root);
    svms_ctx_free(&ctx);
    assert_int_equal(allocator.live, 0);
    return 0;
}

static made stamp_by(const party *by)
{
    const stamp_plan plan = { .authority = by, .when = WHEN, .digest = digest };
    return stamp_token(&plan);
}

typedef struct asked {
    const char *now;
    const char *attested;
    svms_time_policy policy;
} asked;

static svms_status ask_with(const svms_trust *anchors, const made *token, const asked *how,
                            svms_timestamp_info *info, svms_error *err)
{
    svms_timestamp_question question = SVMS_TIMESTAMP_QUESTION_INIT;
    question.policy = how->policy;
    question.now_utc_ns = fixture_time(how->now);
    if (how->attested) {
        question.attested_utc_ns = fixture_time(how->attested);
    }
    *info = (svms_timestamp_info)SVMS_TIMESTAMP_INFO_INIT;
    svms_status status =
        svms_timestamp_check(anchors, token->data, token->size, digest, &question, info, err);
    assert_int_equal(ERR_peek_error(), 0);
    return status;
}

static svms_status ask(const made *token, svms_timestamp_info *info, svms_error *err)
{
    static const asked now = { NOW, NULL, SVMS_TIME_ATTESTED };
    return ask_with(trust, token, &now, info, err);
}

/* Releases the token. */
static void expect(made token, svms_status status, const char *words)
{
    svms_timestamp_info info;
    svms_error err = SVMS_ERROR_INIT;
    svms_status found = ask(&token, &info, &err);
    print_message("  %s\n", err.message);
    assert_int_equal(found, status);
    assert_string_equal(err.message, words);
    free(token.data);
}

static void a_time_stamp_attests_its_time(void **state)
{
    (void)state;
    svms_timestamp_info info;
    stamp_plan plan = { .authority = &authority,
                        .when = WHEN,
                        .micros = 123400,
                        .digest = digest,
                        .with_name = true,
                        .with_accuracy = true };
    made token = stamp_token(&plan);
    assert_int_equal(ask(&token, &info, NULL), SVMS_OK);
    assert_int_equal(info.verdict, SVMS_IDENTITY_TRUSTED);
    assert_int_equal(info.revocation, SVMS_REVOCATION_NOT_CHECKED);
    assert_int_equal(info.gen_time_utc_ns, fixture_time("2026-03-04T05:06:07.1234Z"));
    assert_int_equal(info.accuracy_ns, 1500100000);
    assert_string_equal(info.authority, "CN=Time");
    assert_string_equal(info.serial, "123456");
    assert_int_equal(svms_timestamp_attests(token.data, token.size, digest, NULL), SVMS_OK);
    free(token.data);
    plan.with_accuracy = false;
    plan.micros = 0;
    token = stamp_token(&plan);
    assert_int_equal(ask(&token, &info, NULL), SVMS_OK);
    assert_int_equal(info.gen_time_utc_ns, fixture_time(WHEN));
    assert_int_equal(info.accuracy_ns, -1);
    free(token.data);
}

static void usual_algorithms_are_taken(void **state)
{
    (void)state;
    static const char *const digests[] = { "SHA256", "SHA384", "SHA512" };
    static const char *const ess[] = { "SHA1", "SHA256", "SHA384", "SHA512" };
    svms_timestamp_info info;
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < 4; k++) {
            stamp_plan plan = { .authority = k % 2 ? &authority : &rsa_authority,
                                .when = WHEN,
                                .digest = digest,
                                .signer_digest = digests[i],
                                .ess_digest = ess[k],
                                .with_chain = k > 1 };
            made token = stamp_token(&plan);
            assert_int_equal(ask(&token, &info, NULL), SVMS_OK);
            free(token.data);
        }
        made original = stamp_by(&rsa_authority);
        const resign_plan pss = { .signer = &rsa_authority,
                                  .digest = digests[i],
                                  .with_pss = true };
        made token = stamp_resign(&original, &pss);
        assert_int_equal(ask(&token, &info, NULL), SVMS_OK);
        free(token.data);
        const resign_plan by_key = { .signer = &authority,
                                     .digest = digests[i],
                                     .by_key_id = true };
        token = stamp_resign(&original, &by_key);
        assert_int_equal(ask(&token, &info, NULL), SVMS_OK);
        free(token.data);
        free(original.data);
    }
}

static void a_stamp_of_something_else_is_refused(void **state)
{
    (void)state;
    svms_error err = SVMS_ERROR_INIT;
    stamp_plan plan = { .authority = &authority, .when = WHEN, .digest = other_digest };
    made token = stamp_token(&plan);
    assert_int_equal(svms_timestamp_attests(token.data, token.size, digest, &err),
                     SVMS_E_NOT_AUTHENTIC);
    expect(token, SVMS_E_NOT_AUTHENTIC, "the time stamp is one of something else");
    plan.imprint = "SHA512";
    plan.digest = digest;
    expect(stamp_token(&plan), SVMS_E_UNSUPPORTED,
           "a time stamp stamps something else than a SHA-256 digest");
}

static void a_token_that_is_put_together_wrongly_is_refused(void **state)
{
    (void)state;
    stamp_plan bare = {
        .authority = &authority, .when = WHEN, .digest = digest, .without_certificate = true
    };
    made original = stamp_by(&authority);
    const resign_plan two = { .signer = &authority, .second = &rsa_authority };
    const resign_plan no_ess = { .signer = &authority, .without_ess = true };
    const resign_plan sha1 = { .signer = &authority, .digest = "SHA1" };
    const resign_plan sha224 = { .signer = &authority, .digest = "SHA224" };
    expect(stamp_resign(&original, &two), SVMS_E_MALFORMED, "a time stamp must have one signer");
    expect(stamp_resign(&original, &no_ess), SVMS_E_MALFORMED,
           "a time stamp does not say what it signs and with which certificate");
    expect(stamp_resign(&original, &sha1), SVMS_E_UNSUPPORTED,
           "a time stamp needs one digest of SHA-256, SHA-384 or SHA-512");
    expect(stamp_resign(&original, &sha224), SVMS_E_UNSUPPORTED,
           "a time stamp needs one digest of SHA-256, SHA-384 or SHA-512");
    expect(stamp_token(&bare), SVMS_E_MALFORMED,
           "a time stamp lacks the certificate of its authority");
    free(original.data);
}

static void only_a_certificate_for_stamping_alone_stamps(void **state)
{
    (void)state;
    static const struct {
        const char *usage;
        const char *key_usage;
        const char *words;
    } cases[] = {
        { "timeStamping", NULL, "the certificate of CN=T is not one for time stamping alone" },
        { "critical,timeStamping,emailProtection", NULL,
          "the certificate of CN=T is not one for time stamping alone" },
        { "critical,timeStamping,1.2.3.4", NULL,
          "the certificate of CN=T is not one for time stamping alone" },
        { "critical,codeSigning", NULL,
          "the certificate of CN=T is not one for time stamping alone" },
        { "", NULL, "the certificate of CN=T is not one for time stamping alone" },
        { STAMPING, "critical,keyAgreement",
          "the certificate of CN=T is not one for time stamping alone (key usage)" },
    };
    made original = stamp_by(&authority);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const party_plan plan = { .name = "T",
                                  .issuer = &root,
                                  .from = "20260101000000Z",
                                  .to = "20280101000000Z",
                                  .usage = cases[i].usage,
                                  .key_usage = cases[i].key_usage };
        party wrong = party_make(&plan);
        const resign_plan again = { .signer = &wrong };
        made token = stamp_resign(&original, &again);
        svms_timestamp_info info;
        assert_int_equal(ask(&token, &info, NULL), SVMS_E_UNTRUSTED);
        assert_int_equal(info.verdict, SVMS_IDENTITY_WRONG_ROLE);
        expect(token, SVMS_E_UNTRUSTED, cases[i].words);
        party_free(&wrong);
    }
    free(original.data);
}

static void an_unknown_authority_is_not_believed(void **state)
{
    (void)state;
    static const asked now = { NOW, NULL, SVMS_TIME_CLAIMED };
    svms_timestamp_info info;
    svms_error err = SVMS_ERROR_INIT;
    made token = stamp_by(&authority);
    assert_int_equal(ask_with(strangers, &token, &now, &info, &err), SVMS_E_UNTRUSTED);
    assert_int_equal(info.verdict, SVMS_IDENTITY_UNKNOWN_ISSUER);
    assert_int_equal(info.gen_time_utc_ns, fixture_time(WHEN));
    assert_string_equal(info.authority, "CN=Time");
    assert_int_equal(ask_with(NULL, &token, &now, &info, &err), SVMS_E_UNTRUSTED);
    assert_int_equal(info.verdict, SVMS_IDENTITY_NO_ANCHOR);
    free(token.data);
}

static void the_times_decide(void **state)
{
    (void)state;
    static const struct {
        const char *when;
        asked how;
        svms_identity_verdict verdict;
    } cases[] = {
        { WHEN, { NOW, NULL, SVMS_TIME_ATTESTED }, SVMS_IDENTITY_TRUSTED },
        /* Expired by now: only a later stamp helps, and only one from before the expiry. */
        { WHEN, { LATER, NULL, SVMS_TIME_ATTESTED }, SVMS_IDENTITY_EXPIRED_NOW },
        { WHEN, { LATER, "2027-12-31T23:59:59Z", SVMS_TIME_ATTESTED }, SVMS_IDENTITY_TRUSTED },
        { WHEN, { LATER, "2028-01-01T00:00:01Z", SVMS_TIME_ATTESTED }, SVMS_IDENTITY_EXPIRED_NOW },
        { WHEN, { LATER, NULL, SVMS_TIME_CLAIMED }, SVMS_IDENTITY_TRUSTED },
        /* Not valid at the time that it attests. */
        { "2028-03-01T00:00:00Z", { LATER, NULL, SVMS_TIME_ATTESTED }, SVMS_IDENTITY_EXPIRED_THEN },
        { "2025-03-01T00:00:00Z", { NOW, NULL, SVMS_TIME_CLAIMED }, SVMS_IDENTITY_NOT_YET_VALID },
        /* In the future, by the clock or by a later stamp. */
        { WHEN, { "2026-03-04T05:01:07Z", NULL, SVMS_TIME_ATTESTED }, SVMS_IDENTITY_TRUSTED },
        { WHEN, { "2026-03-04T05:01:06Z", NULL, SVMS_TIME_ATTESTED }, SVMS_IDENTITY_FUTURE },
        { WHEN, { NOW, "2026-03-04T05:01:07Z", SVMS_TIME_ATTESTED }, SVMS_IDENTITY_TRUSTED },
        { WHEN, { NOW, "2026-03-04T05:01:06Z", SVMS_TIME_CLAIMED }, SVMS_IDENTITY_FUTURE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const stamp_plan plan = { .authority = &authority,
                                  .when = cases[i].when,
                                  .digest = digest };
        made token = stamp_token(&plan);
        svms_timestamp_info info;
        svms_error err = SVMS_ERROR_INIT;
        bool good = cases[i].verdict == SVMS_IDENTITY_TRUSTED;
        assert_int_equal(ask_with(trust, &token, &cases[i].how, &info, &err),
                         good ? SVMS_OK : SVMS_E_UNTRUSTED);
        print_message("  %zu: %s\n", i, err.message);
        assert_int_equal(info.verdict, cases[i].verdict);
        free(token.data);
    }
}

static void whoever_signs_must_be_whom_the_token_names(void **state)
{
    (void)state;
    /* The name of the authority is in what was stamped; another one signs it. */
    stamp_plan plan = {
        .authority = &authority, .when = WHEN, .digest = digest, .with_name = true
    };
    made original = stamp_token(&plan);
    const resign_plan again = { .signer = &rsa_authority };
    expect(stamp_resign(&original, &again), SVMS_E_NOT_AUTHENTIC,
           "a time stamp names another authority than the one that signed it");
    free(original.data);
}

static void a_byte_too_many_or_too_few_is_refused(void **state)
{
    (void)state;
    svms_timestamp_info info;
    made token = stamp_by(&authority);
    made whole = { malloc(token.size + 1), token.size + 1 };
    assert_non_null(whole.data);
    memcpy(whole.data, token.data, token.size);
    whole.data[token.size] = 0;
    assert_int_equal(ask(&whole, &info, NULL), SVMS_E_MALFORMED);
    for (size_t size = 0; size < token.size; size++) {
        uint8_t *exact = malloc(size > 0 ? size : 1);
        assert_non_null(exact);
        memcpy(exact, token.data, size);
        made cut = { exact, size };
        assert_int_equal(ask(&cut, &info, NULL), SVMS_E_MALFORMED);
        assert_int_equal(svms_timestamp_attests(exact, size, digest, NULL), SVMS_E_MALFORMED);
        free(exact);
    }
    free(whole.data);
    free(token.data);
}

static svms_status grave(svms_status status)
{
    return status == SVMS_E_NO_MEMORY || status == SVMS_E_CRYPTO || status == SVMS_E_INTERNAL ||
           status == SVMS_E_USAGE;
}

/* The token holds the signer's certificate alone and no unsigned attributes: there is no byte that
 * may be changed. */
static void no_byte_may_be_changed(void **state)
{
    (void)state;
    static const uint8_t masks[] = { 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF };
    made tokens[3];
    made original = stamp_by(&rsa_authority);
    const resign_plan pss = { .signer = &rsa_authority, .with_pss = true };
    const resign_plan key_id = { .signer = &authority, .by_key_id = true };
    const resign_plan ec = { .signer = &authority };
    tokens[0] = stamp_resign(&original, &pss);
    tokens[1] = stamp_resign(&original, &key_id);
    tokens[2] = stamp_resign(&original, &ec);
    free(original.data);
    for (size_t t = 0; t < 3; t++) {
        svms_timestamp_info info;
        assert_int_equal(ask(&tokens[t], &info, NULL), SVMS_OK);
        for (size_t i = 0; i < tokens[t].size; i++) {
            size_t step = t == 2 ? 1 : 3;
            for (size_t m = i % step; m < sizeof masks; m += step) {
                tokens[t].data[i] ^= masks[m];
                svms_error err = SVMS_ERROR_INIT;
                svms_status status = ask(&tokens[t], &info, &err);
                if (status == SVMS_OK || grave(status)) {
                    fail_msg("token %zu, byte %zu ^ %02x: %s (%s)", t, i, masks[m],
                             svms_status_name(status), err.message);
                }
                tokens[t].data[i] ^= masks[m];
            }
        }
        free(tokens[t].data);
    }
}

static void memory_may_fail(void **state)
{
    (void)state;
    size_t live = allocator.live;
    made token = stamp_by(&authority);
    for (int expired = 0; expired < 2; expired++) {
        const asked how = { expired ? LATER : NOW, NULL, SVMS_TIME_ATTESTED };
        for (size_t failing = 1;; failing++) {
            svms_timestamp_info info;
            svms_error err = SVMS_ERROR_INIT;
            allocator.count = 0;
            allocator.failing = failing;
            svms_status status = ask_with(trust, &token, &how, &info, &err);
            allocator.failing = 0;
            assert_int_equal(allocator.live, live);
            if (allocator.count < failing) {
                assert_int_equal(status, expired ? SVMS_E_UNTRUSTED : SVMS_OK);
                assert_true(failing > 1);
                break;
            }
            assert_int_equal(status, SVMS_E_NO_MEMORY);
        }
    }
    free(token.data);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    svms_timestamp_question question = SVMS_TIMESTAMP_QUESTION_INIT;
    svms_timestamp_info info = SVMS_TIMESTAMP_INFO_INIT;
    uint8_t bytes[4] = { 0x30, 0x02, 0x05, 0x00 };
    question.now_utc_ns = fixture_time(NOW);
    assert_int_equal(svms_timestamp_check(trust, NULL, 4, digest, &question, &info, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_timestamp_check(trust, bytes, 4, NULL, &question, &info, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_timestamp_check(trust, bytes, 4, digest, NULL, &info, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_timestamp_check(trust, bytes, 4, digest, &question, NULL, NULL),
                     SVMS_E_USAGE);
    question.policy = (svms_time_policy)2;
    assert_int_equal(svms_timestamp_check(trust, bytes, 4, digest, &question, &info, NULL),
                     SVMS_E_USAGE);
    question.policy = SVMS_TIME_ATTESTED;
    question.now_utc_ns = SVMS_NO_TIME;
    assert_int_equal(svms_timestamp_check(trust, bytes, 4, digest, &question, &info, NULL),
                     SVMS_E_USAGE);
    question.now_utc_ns = fixture_time(NOW);
    info.struct_size = 0;
    made token = stamp_by(&authority);
    assert_int_equal(
        svms_timestamp_check(trust, token.data, token.size, digest, &question, &info, NULL),
        SVMS_E_USAGE);
    free(token.data);
    uint8_t *large = calloc(1, SVMS_TIMESTAMP_TOKEN_MAX + 1);
    assert_non_null(large);
    assert_int_equal(svms_timestamp_attests(large, SVMS_TIMESTAMP_TOKEN_MAX + 1, digest, NULL),
                     SVMS_E_LIMIT);
    free(large);
}

static made query_of(const uint8_t what[32])
{
    made query = { malloc(SVMS_TIMESTAMP_QUERY_SIZE), SVMS_TIMESTAMP_QUERY_SIZE };
    assert_non_null(query.data);
    assert_int_equal(svms_timestamp_query(ctx, what, query.data, NULL), SVMS_OK);
    return query;
}

static void a_reply_is_taken_only_for_its_query(void **state)
{
    (void)state;
    made query = query_of(digest);
    made again = query_of(digest);
    made other = query_of(other_digest);
    const stamp_plan plan = { .authority = &authority, .when = WHEN, .query = &query };
    made reply = stamp_reply(&plan);
    made bare = stamp_by(&authority);
    uint8_t token[8192];
    size_t size = sizeof token;
    svms_error err = SVMS_ERROR_INIT;
    assert_memory_not_equal(query.data, again.data, query.size);
    assert_int_equal(
        svms_timestamp_accept(query.data, query.size, reply.data, reply.size, token, &size, NULL),
        SVMS_OK);
    made found = { token, size };
    svms_timestamp_info info;
    assert_int_equal(ask(&found, &info, NULL), SVMS_OK);
    size_t room = size - 1;
    assert_int_equal(
        svms_timestamp_accept(query.data, query.size, reply.data, reply.size, token, &room, &err),
        SVMS_E_LIMIT);
    assert_int_equal(room, size);
    assert_int_equal(
        svms_timestamp_accept(again.data, again.size, reply.data, reply.size, token, &size, &err),
        SVMS_E_NOT_AUTHENTIC);
    assert_string_equal(err.message, "the reply answers another query (nonce)");
    assert_int_equal(
        svms_timestamp_accept(other.data, other.size, reply.data, reply.size, token, &size, &err),
        SVMS_E_NOT_AUTHENTIC);
    assert_string_equal(err.message, "the authority stamped something else");
    assert_int_equal(
        svms_timestamp_accept(query.data, query.size, bare.data, bare.size, token, &size, &err),
        SVMS_E_MALFORMED);
    assert_int_equal(
        svms_timestamp_accept(bare.data, bare.size, reply.data, reply.size, token, &size, &err),
        SVMS_E_USAGE);
    assert_int_equal(svms_timestamp_accept(query.data, query.size, NULL, 0, token, &size, &err),
                     SVMS_E_USAGE);
    for (size_t cut = 0; cut < reply.size; cut++) {
        assert_int_equal(
            svms_timestamp_accept(query.data, query.size, reply.data, cut, token, &size, &err),
            SVMS_E_MALFORMED);
    }
    free(bare.data);
    free(reply.data);
    free(other.data);
    free(again.data);
    free(query.data);
}

static void a_refusal_is_told_with_its_reason(void **state)
{
    (void)state;
    made query = query_of(digest);
    const stamp_plan plan = { .authority = &authority, .when = WHEN, .query = &query };
    made reply = stamp_refusal(&plan);
    uint8_t token[16];
    size_t size = sizeof token;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(
        svms_timestamp_accept(query.data, query.size, reply.data, reply.size, token, &size, &err),
        SVMS_E_POLICY);
    print_message("  %s\n", err.message);
    assert_non_null(strstr(err.message, "the authority refused to stamp (status 2): it cannot read "
                                        "the query: "));
    free(reply.data);
    free(query.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_stamp_attests_its_time),
        cmocka_unit_test(usual_algorithms_are_taken),
        cmocka_unit_test(a_stamp_of_something_else_is_refused),
        cmocka_unit_test(a_token_that_is_put_together_wrongly_is_refused),
        cmocka_unit_test(only_a_certificate_for_stamping_alone_stamps),
        cmocka_unit_test(an_unknown_authority_is_not_believed),
        cmocka_unit_test(the_times_decide),
        cmocka_unit_test(whoever_signs_must_be_whom_the_token_names),
        cmocka_unit_test(a_byte_too_many_or_too_few_is_refused),
        cmocka_unit_test(no_byte_may_be_changed),
        cmocka_unit_test(memory_may_fail),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(a_reply_is_taken_only_for_its_query),
        cmocka_unit_test(a_refusal_is_told_with_its_reason),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
