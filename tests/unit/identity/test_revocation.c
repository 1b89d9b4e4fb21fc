/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate revocation lists that OpenSSL makes (authority.c), and the times that decide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <svms/time.h>

#include "authority.h"
#include "fixture.h"

#define ROLE_RECORDER "2.25.132330503438125610743018859333830030049.2"
#define TEXT_ROOM 65536
#define NOW "2027-06-01T00:00:00Z"

static fixture_allocator allocator;
static svms_ctx *ctx;
static party root;
static party issuing;
static party recorder; /* 2026 to 2028 */
static svms_chain *chain;
static char anchors[TEXT_ROOM];
static size_t anchors_size;

static int set_up(void **state)
{
    (void)state;
    char pem[TEXT_ROOM];
    const party_plan top = { .name = "Root", .from = "20200101000000Z", .to = "20600101000000Z" };
    party_plan middle = top;
    party_plan leaf = { .name = "Recorder",
                        .issuer = &issuing,
                        .from = "20260101000000Z",
                        .to = "20280101000000Z",
                        .usage = ROLE_RECORDER };
    ctx = fixture_context(&allocator);
    root = party_make(&top);
    middle.name = "Issuing";
    middle.issuer = &root;
    issuing = party_make(&middle);
    recorder = party_make(&leaf);
    size_t size = party_pem(&recorder, pem, 0, sizeof pem);
    size = party_pem(&issuing, pem, size, sizeof pem);
    anchors_size = party_pem(&root, anchors, 0, sizeof anchors);
    return svms_chain_from_pem(&chain, ctx, pem, size, NULL) != SVMS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    svms_chain_free(&chain);
    party_free(&recorder);
    party_free(&issuing);
    party_free(&root);
    svms_ctx_free(&ctx);
    assert_int_equal(allocator.live, 0);
    return 0;
}

/* Lists as PEM text. */
typedef struct lists {
    char text[TEXT_ROOM];
    size_t size;
} lists;

static void add_list(lists *to, const revocation_plan *plan)
{
    made list = revocation_list(plan);
    to->size = revocation_pem(&list, to->text, to->size, sizeof to->text);
    free(list.data);
}

/* Nobody is revoked by this CA. */
static revocation_plan nothing_revoked(const party *by)
{
    const revocation_plan plan = {
        .issuer = by, .made = "20270501000000Z", .next = "20270701000000Z", .reason = -1
    };
    return plan;
}

static revocation_plan revoked_by(const party *by, const party *whom, const char *when)
{
    revocation_plan plan = nothing_revoked(by);
    plan.revoked = whom;
    plan.when = when;
    return plan;
}

typedef struct moment {
    const char *then;
    const char *now;
    const char *attested;
    svms_time_policy policy;
} moment;

static const moment usual = { "2027-01-01T00:00:00Z", NOW, NULL, SVMS_TIME_ATTESTED };

static svms_identity_result ask(const lists *given, const moment *at, svms_error *err)
{
    svms_trust *trust = NULL;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_identity_question question = fixture_question(
        SVMS_ROLE_RECORDER, fixture_time(at->then), fixture_time(at->then), fixture_time(at->now));
    question.policy = at->policy;
    if (at->attested) {
        question.attested_utc_ns = fixture_time(at->attested);
    }
    assert_int_equal(svms_trust_from_pem_and_crls(&trust, ctx, anchors, anchors_size,
                                                  given->size ? given->text : NULL, given->size,
                                                  NULL),
                     SVMS_OK);
    svms_status status = svms_identity_check(trust, chain, &question, &result, err);
    assert_int_equal(status == SVMS_OK, result.verdict == SVMS_IDENTITY_TRUSTED);
    assert_true(status == SVMS_OK || status == SVMS_E_UNTRUSTED);
    assert_int_equal(ERR_peek_error(), 0);
    svms_trust_free(&trust);
    return result;
}

static void what_lists_say_is_told(void **state)
{
    (void)state;
    lists given = { .size = 0 };
    svms_identity_result result = ask(&given, &usual, NULL);
    assert_int_equal(result.verdict, SVMS_IDENTITY_TRUSTED);
    assert_int_equal(result.revocation, SVMS_REVOCATION_NOT_CHECKED);
    revocation_plan by_issuing = nothing_revoked(&issuing);
    add_list(&given, &by_issuing);
    /* The certificate of the issuing CA is not covered yet. */
    result = ask(&given, &usual, NULL);
    assert_int_equal(result.revocation, SVMS_REVOCATION_NOT_CHECKED);
    revocation_plan by_root = nothing_revoked(&root);
    add_list(&given, &by_root);
    result = ask(&given, &usual, NULL);
    assert_int_equal(result.verdict, SVMS_IDENTITY_TRUSTED);
    assert_int_equal(result.revocation, SVMS_REVOCATION_GOOD);
    assert_int_equal(result.revoked_utc_ns, SVMS_NO_TIME);
    moment late = usual;
    late.now = "2027-07-01T00:00:01Z";
    result = ask(&given, &late, NULL);
    assert_int_equal(result.verdict, SVMS_IDENTITY_TRUSTED);
    assert_int_equal(result.revocation, SVMS_REVOCATION_STALE);
    late.now = "2027-04-30T23:59:59Z";
    result = ask(&given, &late, NULL);
    assert_int_equal(result.revocation, SVMS_REVOCATION_STALE);
    /* A newer list is better. */
    by_issuing.made = "20270625000000Z";
    by_issuing.next = "20270801000000Z";
    by_root.made = by_issuing.made;
    by_root.next = by_issuing.next;
    add_list(&given, &by_issuing);
    add_list(&given, &by_root);
    late.now = "2027-07-01T00:00:01Z";
    result = ask(&given, &late, NULL);
    assert_int_equal(result.revocation, SVMS_REVOCATION_GOOD);
}

static void a_list_without_end_or_after_expiry_does_not_call_good(void **state)
{
    (void)state;
    lists given = { .size = 0 };
    revocation_plan by_root = nothing_revoked(&root);
    revocation_plan by_issuing = nothing_revoked(&issuing);
    by_issuing.next = NULL;
    add_list(&given, &by_root);
    add_list(&given, &by_issuing);
    assert_int_equal(ask(&given, &usual, NULL).revocation, SVMS_REVOCATION_STALE);
    /* What has expired may have been left out of the list. */
    const moment later = { usual.then, "2028-06-01T00:00:00Z", NULL, SVMS_TIME_CLAIMED };
    given.size = 0;
    by_root.made = "20280501000000Z";
    by_root.next = "20280701000000Z";
    by_issuing.made = by_root.made;
    by_issuing.next = by_root.next;
    add_list(&given, &by_root);
    add_list(&given, &by_issuing);
    assert_int_equal(ask(&given, &later, NULL).revocation, SVMS_REVOCATION_NOT_CHECKED);
}

/* C-VER-4: what is revoked needs attested time before revocation and invalidity date. */
static void the_attested_time_decides(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *revoked;
        const char *invalid;
        int reason;
        const char *then;
        const char *attested;
        svms_time_policy policy;
        svms_identity_verdict verdict;
        const char *since;
    } cases[] = {
        { "claimed before", "20270301000000Z", NULL, -1, "2027-01-01T00:00:00Z", NULL,
          SVMS_TIME_ATTESTED, SVMS_IDENTITY_REVOKED, "2027-03-01T00:00:00Z" },
        { "claimed before, where claims are accepted", "20270301000000Z", NULL, -1,
          "2027-01-01T00:00:00Z", NULL, SVMS_TIME_CLAIMED, SVMS_IDENTITY_REVOKED,
          "2027-03-01T00:00:00Z" },
        { "claimed after", "20270301000000Z", NULL, -1, "2027-04-01T00:00:00Z", NULL,
          SVMS_TIME_CLAIMED, SVMS_IDENTITY_REVOKED, "2027-03-01T00:00:00Z" },
        { "attested before", "20270301000000Z", NULL, 4, "2027-01-01T00:00:00Z",
          "2027-02-28T23:59:59Z", SVMS_TIME_ATTESTED, SVMS_IDENTITY_TRUSTED,
          "2027-03-01T00:00:00Z" },
        { "attested before a compromise", "20270301000000Z", NULL, 1, "2027-01-01T00:00:00Z",
          "2027-02-28T23:59:59Z", SVMS_TIME_ATTESTED, SVMS_IDENTITY_TRUSTED,
          "2027-03-01T00:00:00Z" },
        { "attested at that moment", "20270301000000Z", NULL, 4, "2027-01-01T00:00:00Z",
          "2027-03-01T00:00:00Z", SVMS_TIME_ATTESTED, SVMS_IDENTITY_REVOKED,
          "2027-03-01T00:00:00Z" },
        { "attested after, whatever the reason", "20270301000000Z", NULL, 4, "2027-01-01T00:00:00Z",
          "2027-03-02T00:00:00Z", SVMS_TIME_ATTESTED, SVMS_IDENTITY_REVOKED,
          "2027-03-01T00:00:00Z" },
        { "attested before, but already stolen", "20270301000000Z", "20270201000000Z", 1,
          "2027-01-01T00:00:00Z", "2027-02-15T00:00:00Z", SVMS_TIME_ATTESTED, SVMS_IDENTITY_REVOKED,
          "2027-02-01T00:00:00Z" },
        { "attested before the theft", "20270301000000Z", "20270201000000Z", 1,
          "2027-01-01T00:00:00Z", "2027-01-15T00:00:00Z", SVMS_TIME_ATTESTED, SVMS_IDENTITY_TRUSTED,
          "2027-02-01T00:00:00Z" },
        { "invalidity after revocation", "20270301000000Z", "20270401000000Z", 1,
          "2027-01-01T00:00:00Z", "2027-03-15T00:00:00Z", SVMS_TIME_ATTESTED, SVMS_IDENTITY_REVOKED,
          "2027-03-01T00:00:00Z" },
        { "taken off the list, which a whole list cannot say", "20270301000000Z", NULL, 8,
          "2027-01-01T00:00:00Z", NULL, SVMS_TIME_ATTESTED, SVMS_IDENTITY_REVOKED,
          "2027-03-01T00:00:00Z" },
        { "on hold", "20270301000000Z", NULL, 6, "2027-01-01T00:00:00Z", NULL, SVMS_TIME_ATTESTED,
          SVMS_IDENTITY_REVOKED, "2027-03-01T00:00:00Z" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lists given = { .size = 0 };
        svms_error err = SVMS_ERROR_INIT;
        const moment at = { cases[i].then, NOW, cases[i].attested, cases[i].policy };
        revocation_plan plan = revoked_by(&issuing, &recorder, cases[i].revoked);
        plan.invalid = cases[i].invalid;
        plan.reason = cases[i].reason;
        add_list(&given, &plan);
        svms_identity_result result = ask(&given, &at, &err);
        print_message("  %s: %s\n", cases[i].name, err.message);
        assert_int_equal(result.verdict, cases[i].verdict);
        assert_int_equal(result.revocation, SVMS_REVOCATION_REVOKED);
        assert_int_equal(result.revoked_utc_ns, fixture_time(cases[i].since));
    }
}

static void a_revoked_ca_takes_its_certificates_along(void **state)
{
    (void)state;
    lists given = { .size = 0 };
    svms_error err = SVMS_ERROR_INIT;
    revocation_plan by_root = revoked_by(&root, &issuing, "20270301000000Z");
    revocation_plan by_issuing = revoked_by(&issuing, &recorder, "20270401000000Z");
    add_list(&given, &by_root);
    svms_identity_result result = ask(&given, &usual, &err);
    assert_int_equal(result.verdict, SVMS_IDENTITY_REVOKED);
    assert_non_null(strstr(err.message, "the certificate of CN=Issuing is revoked since "
                                        "2027-03-01T00:00:00.000Z"));
    /* The earliest date of all counts, in whatever order the lists stand. */
    add_list(&given, &by_issuing);
    moment at = usual;
    at.attested = "2027-03-15T00:00:00Z";
    result = ask(&given, &at, NULL);
    assert_int_equal(result.verdict, SVMS_IDENTITY_REVOKED);
    assert_int_equal(result.revoked_utc_ns, fixture_time("2027-03-01T00:00:00Z"));
    at.attested = "2027-02-15T00:00:00Z";
    assert_int_equal(ask(&given, &at, NULL).verdict, SVMS_IDENTITY_TRUSTED);
}

static void an_old_list_still_revokes(void **state)
{
    (void)state;
    lists given = { .size = 0 };
    revocation_plan old = revoked_by(&issuing, &recorder, "20270301000000Z");
    old.next = "20270502000000Z";
    add_list(&given, &old);
    revocation_plan fresh = nothing_revoked(&issuing);
    add_list(&given, &fresh);
    svms_identity_result result = ask(&given, &usual, NULL);
    assert_int_equal(result.verdict, SVMS_IDENTITY_REVOKED);
    assert_int_equal(result.revocation, SVMS_REVOCATION_REVOKED);
}

static void lists_of_others_and_forged_ones_revoke_nobody(void **state)
{
    (void)state;
    lists given = { .size = 0 };
    revocation_plan by_root = nothing_revoked(&root);
    add_list(&given, &by_root);
    /* The root says nothing about what the issuing CA issued. */
    revocation_plan wrong = revoked_by(&root, &recorder, "20270301000000Z");
    add_list(&given, &wrong);
    svms_identity_result result = ask(&given, &usual, NULL);
    assert_int_equal(result.verdict, SVMS_IDENTITY_TRUSTED);
    assert_int_equal(result.revocation, SVMS_REVOCATION_NOT_CHECKED);
    revocation_plan forged = revoked_by(&issuing, &recorder, "20270301000000Z");
    forged.forged = true;
    add_list(&given, &forged);
    result = ask(&given, &usual, NULL);
    assert_int_equal(result.verdict, SVMS_IDENTITY_TRUSTED);
    assert_int_equal(result.revocation, SVMS_REVOCATION_BAD_LIST);
    /* A right one beside it outweighs it. */
    revocation_plan right = nothing_revoked(&issuing);
    add_list(&given, &right);
    assert_int_equal(ask(&given, &usual, NULL).revocation, SVMS_REVOCATION_GOOD);
}

static void a_stolen_key_cannot_go_back_in_time(void **state)
{
    (void)state;
    lists given = { .size = 0 };
    svms_error err = SVMS_ERROR_INIT;
    /* Signed in 2029 with a key that expired in 2028, and dated 2027. */
    moment at = { "2027-01-01T00:00:00Z", "2029-06-01T00:00:00Z", NULL, SVMS_TIME_ATTESTED };
    assert_int_equal(ask(&given, &at, &err).verdict, SVMS_IDENTITY_EXPIRED_NOW);
    at.attested = "2029-05-01T00:00:00Z";
    assert_int_equal(ask(&given, &at, &err).verdict, SVMS_IDENTITY_EXPIRED_NOW);
    at.attested = "2027-01-02T00:00:00Z";
    assert_int_equal(ask(&given, &at, &err).verdict, SVMS_IDENTITY_TRUSTED);
    at.attested = "2026-12-31T23:54:59Z";
    assert_int_equal(ask(&given, &at, &err).verdict, SVMS_IDENTITY_FUTURE);
    /* Expired and revoked: both need the time. */
    revocation_plan revoked = revoked_by(&issuing, &recorder, "20270301000000Z");
    add_list(&given, &revoked);
    at.attested = "2027-04-01T00:00:00Z";
    assert_int_equal(ask(&given, &at, &err).verdict, SVMS_IDENTITY_REVOKED);
    at.attested = "2027-02-01T00:00:00Z";
    assert_int_equal(ask(&given, &at, &err).verdict, SVMS_IDENTITY_TRUSTED);
}

static svms_status load(const void *crls, size_t size, svms_error *err)
{
    svms_trust *trust = NULL;
    svms_status status =
        svms_trust_from_pem_and_crls(&trust, ctx, anchors, anchors_size, crls, size, err);
    assert_int_equal(status == SVMS_OK, trust != NULL);
    assert_int_equal(ERR_peek_error(), 0);
    svms_trust_free(&trust);
    return status;
}

static void what_cannot_be_used_is_refused_at_once(void **state)
{
    (void)state;
    svms_error err = SVMS_ERROR_INIT;
    revocation_plan plan = nothing_revoked(&issuing);
    made good = revocation_list(&plan);
    plan.partial = true;
    made partial = revocation_list(&plan);
    plan.partial = false;
    plan.digest = "SHA1";
    made weak = revocation_list(&plan);
    assert_int_equal(load(good.data, good.size, &err), SVMS_OK);
    assert_int_equal(load(good.data, good.size - 1, &err), SVMS_E_MALFORMED);
    assert_int_equal(load(partial.data, partial.size, &err), SVMS_E_UNSUPPORTED);
    assert_int_equal(load(weak.data, weak.size, &err), SVMS_E_UNSUPPORTED);
    assert_int_equal(load("", 0, &err), SVMS_E_MALFORMED);
    assert_int_equal(load("text", 4, &err), SVMS_E_MALFORMED);
    assert_int_equal(load(anchors, anchors_size, &err), SVMS_E_MALFORMED);
    assert_int_equal(load(NULL, 1, &err), SVMS_E_USAGE);
    assert_int_equal(load(good.data, 16 * 1024 * 1024 + 1, &err), SVMS_E_LIMIT);
    uint8_t *longer = calloc(1, good.size + 1);
    assert_non_null(longer);
    memcpy(longer, good.data, good.size);
    assert_int_equal(load(longer, good.size + 1, &err), SVMS_E_MALFORMED);
    free(longer);
    lists many = { .size = 0 };
    for (int i = 0; i < 65; i++) {
        assert_int_equal(many.size == 0 ? SVMS_OK : load(many.text, many.size, &err), SVMS_OK);
        many.size = revocation_pem(&good, many.text, many.size, sizeof many.text);
    }
    assert_int_equal(load(many.text, many.size, &err), SVMS_E_LIMIT);
    many.text[100] = '*';
    assert_int_equal(load(many.text, many.size, &err), SVMS_E_MALFORMED);
    free(weak.data);
    free(partial.data);
    free(good.data);
}

/* No change of a byte may make a revoked certificate look as if it were known to be good. */
static void a_damaged_list_never_calls_good(void **state)
{
    (void)state;
    revocation_plan by_root = nothing_revoked(&root);
    revocation_plan plan = revoked_by(&issuing, &recorder, "20270301000000Z");
    made list = revocation_list(&plan);
    for (size_t i = 0; i < list.size; i++) {
        lists given = { .size = 0 };
        list.data[i] ^= (uint8_t)(1u << i % 8);
        if (load(list.data, list.size, NULL) == SVMS_OK) {
            add_list(&given, &by_root);
            given.size = revocation_pem(&list, given.text, given.size, sizeof given.text);
            svms_identity_result result = ask(&given, &usual, NULL);
            assert_int_not_equal(result.revocation, SVMS_REVOCATION_GOOD);
            assert_int_not_equal(result.revocation, SVMS_REVOCATION_STALE);
        }
        list.data[i] ^= (uint8_t)(1u << i % 8);
    }
    free(list.data);
}

static void memory_may_fail(void **state)
{
    (void)state;
    lists given = { .size = 0 };
    svms_trust *trust = NULL;
    revocation_plan plan = revoked_by(&issuing, &recorder, "20270301000000Z");
    add_list(&given, &plan);
    size_t live = allocator.live;
    for (size_t failing = 1;; failing++) {
        allocator.count = 0;
        allocator.failing = failing;
        svms_status status = load(given.text, given.size, NULL);
        allocator.failing = 0;
        assert_int_equal(allocator.live, live);
        if (allocator.count < failing) {
            assert_int_equal(status, SVMS_OK);
            break;
        }
        assert_int_equal(status, SVMS_E_NO_MEMORY);
    }
    assert_int_equal(svms_trust_from_pem_and_crls(&trust, ctx, anchors, anchors_size, given.text,
                                                  given.size, NULL),
                     SVMS_OK);
    svms_identity_question question =
        fixture_question(SVMS_ROLE_RECORDER, fixture_time(usual.then), fixture_time(usual.then),
                         fixture_time(usual.now));
    for (size_t failing = 1;; failing++) {
        svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
        allocator.count = 0;
        allocator.failing = failing;
        svms_status status = svms_identity_check(trust, chain, &question, &result, NULL);
        allocator.failing = 0;
        if (allocator.count < failing) {
            assert_int_equal(status, SVMS_E_UNTRUSTED);
            break;
        }
        assert_int_equal(status, SVMS_E_NO_MEMORY);
    }
    svms_trust_free(&trust);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lists_say_is_told),
        cmocka_unit_test(a_list_without_end_or_after_expiry_does_not_call_good),
        cmocka_unit_test(the_attested_time_decides),
        cmocka_unit_test(a_revoked_ca_takes_its_certificates_along),
        cmocka_unit_test(an_old_list_still_revokes),
        cmocka_unit_test(lists_of_others_and_forged_ones_revoke_nobody),
        cmocka_unit_test(a_stolen_key_cannot_go_back_in_time),
        cmocka_unit_test(what_cannot_be_used_is_refused_at_once),
        cmocka_unit_test(a_damaged_list_never_calls_good),
        cmocka_unit_test(memory_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
