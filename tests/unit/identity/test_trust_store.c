/* SPDX-License-Identifier: Apache-2.0 */
/* Trust stores: what goes in, pins, OCSP responses, and purposes of connections. The rules of paths
 * themselves are in tests/vectors/paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "ocsp_case.h"
#include "purpose.h"

#define NOW "2026-06-01T00:00:00Z"
#define FROM "20260501000000Z"
#define TO "20260701000000Z"
#define TEXT_ROOM 16384

static fixture_allocator allocator;
static svms_ctx *ctx;
static party root;
static party other;
static party server;
static party responder;
static svms_chain *chain;
static char anchors[TEXT_ROOM];
static size_t anchors_size;

static party make_party(const char *name, const party *issuer, const char *usage)
{
    party_plan plan = { .name = name,
                        .issuer = issuer,
                        .from = "20250101000000Z",
                        .to = "20280101000000Z",
                        .usage = usage };
    return party_make(&plan);
}

static int set_up(void **state)
{
    (void)state;
    char text[TEXT_ROOM];
    ctx = fixture_context(&allocator);
    root = make_party("root", NULL, NULL);
    other = make_party("other", NULL, NULL);
    server = make_party("server", &root, "serverAuth");
    responder = make_party("responder", &root, "OCSPSigning");
    anchors_size = party_pem(&root, anchors, 0, sizeof anchors);
    size_t size = party_pem(&server, text, 0, sizeof text);
    return svms_chain_from_pem(&chain, ctx, text, size, NULL) != SVMS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    svms_chain_free(&chain);
    svms_ctx_free(&ctx);
    party_free(&root);
    party_free(&other);
    party_free(&server);
    party_free(&responder);
    assert_int_equal(allocator.live, 0);
    return 0;
}

static svms_trust_options with_anchor(void)
{
    svms_trust_options options = SVMS_TRUST_OPTIONS_INIT;
    options.anchors = anchors;
    options.anchors_size = anchors_size;
    return options;
}

static svms_purpose_question server_question(void)
{
    return (svms_purpose_question){ .purpose = SVMS_PURPOSE_TLS_SERVER,
                                    .now_utc_ns = fixture_time(NOW) };
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    static const uint8_t bytes[64];
    const void *responses[] = { bytes, NULL };
    const size_t sizes[] = { sizeof bytes, 0 };
    svms_trust *trust = NULL;
    svms_trust_options nothing = SVMS_TRUST_OPTIONS_INIT;
    svms_trust_options cases[8];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cases[i] = with_anchor();
    }
    cases[0].reserved = 1;
    cases[1].struct_size = 0;
    cases[2].crls_size = 1;
    cases[3].ocsp_count = 1;
    cases[4].ocsp_count = 1;
    cases[4].ocsp = responses;
    cases[5].pin_count = 1;
    cases[6].anchors = NULL;
    cases[7].anchors = NULL;
    cases[7].pins = bytes;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(svms_trust_new(&trust, ctx, &cases[i], NULL), SVMS_E_USAGE);
        assert_null(trust);
    }
    assert_int_equal(svms_trust_new(&trust, ctx, &nothing, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_trust_new(NULL, ctx, &cases[0], NULL), SVMS_E_USAGE);
    assert_int_equal(svms_trust_new(&trust, NULL, &cases[0], NULL), SVMS_E_USAGE);
    assert_int_equal(svms_trust_new(&trust, ctx, NULL, NULL), SVMS_E_USAGE);
    svms_trust_options missing = with_anchor();
    missing.ocsp = responses + 1;
    missing.ocsp_sizes = sizes + 1;
    missing.ocsp_count = 1;
    assert_int_equal(svms_trust_new(&trust, ctx, &missing, NULL), SVMS_E_USAGE);
}

static void too_much_is_refused(void **state)
{
    (void)state;
    static uint8_t many[1025 * 32];
    static uint8_t huge[65537];
    static const void *responses[65];
    static size_t sizes[65];
    svms_trust *trust = NULL;
    svms_trust_options pins = with_anchor();
    pins.pins = many;
    pins.pin_count = 1025;
    assert_int_equal(svms_trust_new(&trust, ctx, &pins, NULL), SVMS_E_LIMIT);
    pins.pin_count = 1024;
    assert_int_equal(svms_trust_new(&trust, ctx, &pins, NULL), SVMS_OK);
    svms_trust_free(&trust);
    svms_trust_options answers = with_anchor();
    answers.ocsp = responses;
    answers.ocsp_sizes = sizes;
    answers.ocsp_count = 65;
    assert_int_equal(svms_trust_new(&trust, ctx, &answers, NULL), SVMS_E_LIMIT);
    responses[0] = huge;
    sizes[0] = sizeof huge;
    answers.ocsp_count = 1;
    assert_int_equal(svms_trust_new(&trust, ctx, &answers, NULL), SVMS_E_LIMIT);
    svms_trust_options text = with_anchor();
    text.anchors_size = (size_t)1024 * 1024 + 1;
    assert_int_equal(svms_trust_new(&trust, ctx, &text, NULL), SVMS_E_LIMIT);
    assert_null(trust);
}

static void a_damaged_response_is_named(void **state)
{
    (void)state;
    ocsp_plan plan = { .about = &server, .issuer = &root, .from = FROM, .to = TO };
    made right = ocsp_response(&plan);
    made cut = { right.data, right.size - 1 };
    const void *responses[] = { right.data, cut.data };
    const size_t sizes[] = { right.size, cut.size };
    svms_trust_options options = with_anchor();
    svms_trust *trust = NULL;
    svms_error err = SVMS_ERROR_INIT;
    options.ocsp = responses;
    options.ocsp_sizes = sizes;
    options.ocsp_count = 2;
    assert_int_equal(svms_trust_new(&trust, ctx, &options, &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "OCSP response 1 is not one in DER");
    free(right.data);
}

static void a_pin_trusts_one_leaf_alone(void **state)
{
    (void)state;
    char text[TEXT_ROOM];
    party second = make_party("second", &root, "serverAuth");
    size_t size = party_pem(&second, text, 0, sizeof text);
    svms_chain *unpinned = NULL;
    assert_int_equal(svms_chain_from_pem(&unpinned, ctx, text, size, NULL), SVMS_OK);
    svms_trust_options options = SVMS_TRUST_OPTIONS_INIT;
    svms_trust *trust = NULL;
    svms_error err = SVMS_ERROR_INIT;
    options.pins = svms_chain_leaf_digest(chain);
    options.pin_count = 1;
    assert_int_equal(svms_trust_new(&trust, ctx, &options, NULL), SVMS_OK);
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_purpose_question question = server_question();
    assert_int_equal(svms_purpose_check(trust, chain, &question, &result, NULL), SVMS_OK);
    assert_string_equal(result.anchor, "pinned: CN=server");
    assert_int_equal(svms_purpose_check(trust, unpinned, &question, &result, &err),
                     SVMS_E_UNTRUSTED);
    assert_int_equal(result.verdict, SVMS_IDENTITY_NO_ANCHOR);
    assert_string_equal(err.message, "no trust anchor was given, and the certificate is not one of "
                                     "those that are pinned");
    svms_trust_free(&trust);
    svms_chain_free(&unpinned);
    party_free(&second);
}

static void a_revoked_leaf_stays_revoked_though_pinned(void **state)
{
    (void)state;
    ocsp_plan plan = {
        .about = &server, .issuer = &root, .revoked = "20260515000000Z", .from = FROM, .to = TO
    };
    made answer = ocsp_response(&plan);
    const void *responses[] = { answer.data };
    svms_trust_options options = with_anchor();
    options.pins = svms_chain_leaf_digest(chain);
    options.pin_count = 1;
    options.ocsp = responses;
    options.ocsp_sizes = &answer.size;
    options.ocsp_count = 1;
    svms_trust *trust = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_purpose_question question = server_question();
    assert_int_equal(svms_trust_new(&trust, ctx, &options, NULL), SVMS_OK);
    assert_int_equal(svms_purpose_check(trust, chain, &question, &result, &err), SVMS_E_UNTRUSTED);
    assert_int_equal(result.verdict, SVMS_IDENTITY_REVOKED);
    assert_int_equal(result.revocation, SVMS_REVOCATION_REVOKED);
    assert_int_equal(result.revoked_utc_ns, fixture_time("2026-05-15T00:00:00Z"));
    assert_string_equal(err.message,
                        "the certificate of CN=server is revoked since 2026-05-15T00:00:00.000Z");
    svms_trust_free(&trust);
    free(answer.data);
}

static void staples_are_judged(void **state)
{
    (void)state;
    static const char prefix[] = "the stapled OCSP response ";
    static const struct {
        const char *what; /* which staple */
        svms_identity_verdict verdict;
        bool stapled;
        const char *words; /* when one is needed */
    } cases[] = {
        { "good", SVMS_IDENTITY_TRUSTED, true, "" },
        { "delegated", SVMS_IDENTITY_TRUSTED, true, "" },
        { "revoked", SVMS_IDENTITY_REVOKED, false, "" },
        { "stale", SVMS_IDENTITY_TRUSTED, false, "is out of date" },
        { "without next", SVMS_IDENTITY_TRUSTED, false, "is out of date" },
        { "foreign", SVMS_IDENTITY_TRUSTED, false, "is not signed by who may answer" },
        { "unknown", SVMS_IDENTITY_TRUSTED, false, "says nothing" },
        { "another", SVMS_IDENTITY_TRUSTED, false, "says nothing" },
    };
    svms_trust_options options = with_anchor();
    svms_trust *trust = NULL;
    assert_int_equal(svms_trust_new(&trust, ctx, &options, NULL), SVMS_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ocsp_plan plan = { .about = &server, .issuer = &root, .from = FROM, .to = TO };
        const char *what = cases[i].what;
        plan.signer = strcmp(what, "delegated") == 0 ? &responder
                      : strcmp(what, "foreign") == 0 ? &other
                                                     : NULL;
        plan.revoked = strcmp(what, "revoked") == 0 ? "20260515000000Z" : NULL;
        plan.unknown = strcmp(what, "unknown") == 0;
        plan.about = strcmp(what, "another") == 0 ? &responder : &server;
        if (strcmp(what, "stale") == 0) {
            plan.to = "20260515000000Z";
        } else if (strcmp(what, "without next") == 0) {
            plan.to = NULL;
        }
        made staple = ocsp_response(&plan);
        svms_purpose_question question = server_question();
        svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
        svms_error err = SVMS_ERROR_INIT;
        bool stapled = !cases[i].stapled;
        question.staple = staple.data;
        question.staple_size = staple.size;
        question.stapled = &stapled;
        bool trusted = cases[i].verdict == SVMS_IDENTITY_TRUSTED;
        assert_int_equal(svms_purpose_check(trust, chain, &question, &result, &err),
                         trusted ? SVMS_OK : SVMS_E_UNTRUSTED);
        assert_int_equal(result.verdict, cases[i].verdict);
        assert_int_equal(stapled, cases[i].stapled);
        question.needs_staple = true;
        assert_int_equal(svms_purpose_check(trust, chain, &question, &result, &err),
                         cases[i].stapled ? SVMS_OK : SVMS_E_UNTRUSTED);
        if (cases[i].words[0] != '\0') {
            assert_memory_equal(err.message, prefix, sizeof prefix - 1);
            assert_memory_equal(err.message + sizeof prefix - 1, cases[i].words,
                                strlen(cases[i].words));
            assert_int_equal(result.verdict, SVMS_IDENTITY_BAD_CHAIN);
        }
        free(staple.data);
    }
    svms_trust_free(&trust);
}

static void a_missing_or_unreadable_staple_is_told(void **state)
{
    (void)state;
    svms_trust_options options = with_anchor();
    svms_trust *trust = NULL;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_purpose_question question = server_question();
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_trust_new(&trust, ctx, &options, NULL), SVMS_OK);
    question.needs_staple = true;
    assert_int_equal(svms_purpose_check(trust, chain, &question, &result, &err), SVMS_E_UNTRUSTED);
    assert_string_equal(err.message,
                        "no OCSP response was stapled for the certificate of CN=server");
    question.needs_staple = false;
    question.staple = "rubbish";
    question.staple_size = 7;
    assert_int_equal(svms_purpose_check(trust, chain, &question, &result, &err), SVMS_E_UNTRUSTED);
    assert_string_equal(err.message, "stapled: OCSP response 0 is not one in DER");
    assert_int_equal(result.verdict, SVMS_IDENTITY_BAD_CHAIN);
    svms_trust_free(&trust);
}

static void who_has_no_certificate_or_anchor_is_not_trusted(void **state)
{
    (void)state;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_purpose_question question = server_question();
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_purpose_check(NULL, NULL, &question, &result, &err), SVMS_E_UNTRUSTED);
    assert_int_equal(result.verdict, SVMS_IDENTITY_UNSIGNED);
    assert_int_equal(svms_purpose_check(NULL, chain, &question, &result, &err), SVMS_E_UNTRUSTED);
    assert_int_equal(result.verdict, SVMS_IDENTITY_NO_ANCHOR);
}

static void words_speak_of_the_present(void **state)
{
    (void)state;
    svms_trust_options options = with_anchor();
    svms_trust *trust = NULL;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_purpose_question question = server_question();
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_trust_new(&trust, ctx, &options, NULL), SVMS_OK);
    question.now_utc_ns = fixture_time("2029-01-01T00:00:00Z");
    assert_int_equal(svms_purpose_check(trust, chain, &question, &result, &err), SVMS_E_UNTRUSTED);
    assert_string_equal(err.message, "the certificate of CN=server expired at 2028-01-01T00:00:00Z;"
                                     " now it is 2029-01-01T00:00:00.000Z");
    question.now_utc_ns = fixture_time("2024-01-01T00:00:00Z");
    assert_int_equal(svms_purpose_check(trust, chain, &question, &result, &err), SVMS_E_UNTRUSTED);
    assert_string_equal(err.message, "the certificate of CN=server becomes valid at "
                                     "2025-01-01T00:00:00Z; now it is 2024-01-01T00:00:00.000Z");
    question = server_question();
    question.purpose = SVMS_PURPOSE_TLS_CLIENT;
    assert_int_equal(svms_purpose_check(trust, chain, &question, &result, &err), SVMS_E_UNTRUSTED);
    assert_string_equal(err.message,
                        "the certificate of CN=server is not for TLS clients (clientAuth)");
    question = server_question();
    question.roles = 1u << SVMS_ROLE_SERVER | 1u << SVMS_ROLE_RECORDER;
    assert_int_equal(svms_purpose_check(trust, chain, &question, &result, &err), SVMS_E_UNTRUSTED);
    assert_string_equal(err.message,
                        "the certificate of CN=server names no role; needed is recorder, server");
    svms_trust_free(&trust);
}

static void a_kept_store_lives_on(void **state)
{
    (void)state;
    svms_trust_options options = with_anchor();
    svms_trust *trust = NULL;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_purpose_question question = server_question();
    assert_int_equal(svms_trust_new(&trust, ctx, &options, NULL), SVMS_OK);
    svms_trust *kept = svms_trust_retain(trust);
    svms_trust_free(&trust);
    assert_int_equal(svms_purpose_check(kept, chain, &question, &result, NULL), SVMS_OK);
    svms_trust_free(&kept);
}

static void everything_survives_failing_memory(void **state)
{
    (void)state;
    ocsp_plan plan = {
        .about = &server, .issuer = &root, .signer = &responder, .from = FROM, .to = TO
    };
    made answer = ocsp_response(&plan);
    const void *responses[] = { answer.data };
    svms_trust_options options = with_anchor();
    options.pins = svms_chain_leaf_digest(chain);
    options.pin_count = 1;
    options.ocsp = responses;
    options.ocsp_sizes = &answer.size;
    options.ocsp_count = 1;
    svms_purpose_question question = server_question();
    question.staple = answer.data;
    question.staple_size = answer.size;
    bool done = false;
    for (size_t failing = 1; !done && failing < 200; failing++) {
        svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
        svms_trust *trust = NULL;
        allocator.count = 0;
        allocator.failing = failing;
        svms_status status = svms_trust_new(&trust, ctx, &options, NULL);
        if (status == SVMS_OK) {
            status = svms_purpose_check(trust, chain, &question, &result, NULL);
        }
        allocator.failing = 0;
        done = allocator.count < failing;
        assert_int_equal(status, done ? SVMS_OK : SVMS_E_NO_MEMORY);
        svms_trust_free(&trust);
    }
    assert_true(done);
    free(answer.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_options_are_refused),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(a_damaged_response_is_named),
        cmocka_unit_test(a_pin_trusts_one_leaf_alone),
        cmocka_unit_test(a_revoked_leaf_stays_revoked_though_pinned),
        cmocka_unit_test(staples_are_judged),
        cmocka_unit_test(a_missing_or_unreadable_staple_is_told),
        cmocka_unit_test(who_has_no_certificate_or_anchor_is_not_trusted),
        cmocka_unit_test(words_speak_of_the_present),
        cmocka_unit_test(a_kept_store_lives_on),
        cmocka_unit_test(everything_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
