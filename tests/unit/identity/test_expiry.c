/* SPDX-License-Identifier: Apache-2.0 */
/* The expiry watch under a moved clock: which stage is told when, of what, and how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <svms/time.h>

#include "expiry_case.h"

#define MANY 2000

/* I-EXP-1 */
static void the_stage_is_what_is_left(void **state)
{
    (void)state;
    static const int64_t end = 1000 * DAY_NS - 1;
    static const struct {
        int64_t now;
        svms_expiry_stage stage;
    } cases[] = {
        { 0, SVMS_EXPIRY_NOT_YET_VALID },
        { DAY_NS - 1, SVMS_EXPIRY_NOT_YET_VALID },
        { DAY_NS, SVMS_EXPIRY_FINE },
        { end - 30 * DAY_NS - 1, SVMS_EXPIRY_FINE },
        { end - 30 * DAY_NS, SVMS_EXPIRY_30_DAYS },
        { end - 14 * DAY_NS - 1, SVMS_EXPIRY_30_DAYS },
        { end - 14 * DAY_NS, SVMS_EXPIRY_14_DAYS },
        { end - 7 * DAY_NS - 1, SVMS_EXPIRY_14_DAYS },
        { end - 7 * DAY_NS, SVMS_EXPIRY_7_DAYS },
        { end - DAY_NS - 1, SVMS_EXPIRY_7_DAYS },
        { end - DAY_NS, SVMS_EXPIRY_1_DAY },
        { end, SVMS_EXPIRY_1_DAY },
        { end + 1, SVMS_EXPIRY_EXPIRED },
        { INT64_MAX, SVMS_EXPIRY_EXPIRED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(svms_expiry_stage_at(DAY_NS, end, cases[i].now), cases[i].stage);
    }
}

static void the_farthest_moments_have_stages_too(void **state)
{
    (void)state;
    assert_int_equal(svms_expiry_stage_at(-INT64_MAX, INT64_MAX, INT64_MAX), SVMS_EXPIRY_FINE);
    assert_int_equal(svms_expiry_stage_at(-INT64_MAX, INT64_MAX - 1, -INT64_MAX), SVMS_EXPIRY_FINE);
    assert_int_equal(svms_expiry_stage_at(-INT64_MAX, -INT64_MAX, -INT64_MAX), SVMS_EXPIRY_1_DAY);
    assert_int_equal(svms_expiry_stage_at(5, 3, 4), SVMS_EXPIRY_NOT_YET_VALID);
    assert_int_equal(svms_expiry_stage_at(5, 3, 5), SVMS_EXPIRY_EXPIRED);
}

static void stages_have_names(void **state)
{
    (void)state;
    static const char *const names[] = { "fine",  "30 days", "14 days",      "7 days",
                                         "1 day", "expired", "not yet valid" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_string_equal(svms_expiry_stage_name((svms_expiry_stage)i), names[i]);
    }
    assert_string_equal(svms_expiry_stage_name((svms_expiry_stage)7), "unknown");
}

/* I-EXP-4, I-EXP-6: whoever calls when he was told to hears every stage at its first moment. */
static void each_stage_is_told_once_at_its_first_moment(void **state)
{
    (void)state;
    static const struct {
        const char *now;
        svms_expiry_stage stage;
    } expected[] = {
        { "2026-06-01T23:59:59.999999999Z", SVMS_EXPIRY_30_DAYS },
        { "2026-06-17T23:59:59.999999999Z", SVMS_EXPIRY_14_DAYS },
        { "2026-06-24T23:59:59.999999999Z", SVMS_EXPIRY_7_DAYS },
        { "2026-06-30T23:59:59.999999999Z", SVMS_EXPIRY_1_DAY },
        { "2026-07-02T00:00:00Z", SVMS_EXPIRY_EXPIRED },
    };
    watch("hall", 1, "2026-07-01T23:59:59Z");
    int64_t now = fixture_time("2026-01-01T00:00:00Z");
    size_t steps = sizeof expected / sizeof expected[0];
    for (size_t i = 0; i < steps; i++) {
        int64_t next = 0;
        assert_int_equal(svms_expiry_check(c->expiry, now, &next, NULL), SVMS_OK);
        assert_int_equal(c->told_count, i);
        assert_int_equal(next, fixture_time(expected[i].now));
        /* Nothing is heard a moment before it, nor twice. */
        assert_int_equal(svms_expiry_check(c->expiry, next - 1, NULL, NULL), SVMS_OK);
        assert_int_equal(c->told_count, i);
        for (int again = 0; again < 2; again++) {
            assert_int_equal(svms_expiry_check(c->expiry, next, NULL, NULL), SVMS_OK);
            assert_int_equal(c->told_count, i + 1);
        }
        assert_int_equal(c->told[i].stage, expected[i].stage);
        now = next;
    }
    int64_t next = 0;
    assert_int_equal(svms_expiry_check(c->expiry, now, &next, NULL), SVMS_OK);
    assert_int_equal(next, SVMS_NO_TIME);
    assert_int_equal(c->told_count, steps);
}

static void what_is_told_says_of_what(void **state)
{
    (void)state;
    chain_plan plan = { { 7, 8, 0 }, 0, 100 * 86400 };
    svms_chain *chain = expiry_chain(&plan);
    assert_int_equal(svms_expiry_watch(c->expiry, "a label", chain, NULL), SVMS_OK);
    int64_t end = 100 * DAY_NS + 999999999;
    assert_int_equal(svms_expiry_check(c->expiry, end - 5 * DAY_NS, NULL, NULL), SVMS_OK);
    assert_int_equal(c->told_count, 2);
    for (size_t i = 0; i < 2; i++) {
        const svms_expiry_entry *told = &c->told[i];
        svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
        assert_int_equal(svms_chain_certificate(chain, told->position, &info, NULL), SVMS_OK);
        assert_memory_equal(&told->certificate, &info, sizeof info);
        assert_int_equal(told->stage, SVMS_EXPIRY_7_DAYS);
        assert_int_equal(told->left_ns, 5 * DAY_NS);
        assert_int_equal(told->uses, 1);
        assert_string_equal(told->label, "a label");
    }
    assert_int_equal(c->told[0].position + c->told[1].position, 1);
    svms_chain_free(&chain);
}

static void catching_up_tells_only_the_nearest_stage(void **state)
{
    (void)state;
    watch("hall", 1, "2026-07-01T00:00:00Z");
    check_tells("2026-01-01T00:00:00Z", "");
    check_tells("2026-06-25T00:00:00Z", "hall 7 days;");
    check_tells("2026-08-01T00:00:00Z", "hall expired;");
    check_tells("2036-08-01T00:00:00Z", "");
}

/* I-EXP-5 */
static void a_clock_that_goes_back_retells_nothing(void **state)
{
    (void)state;
    watch("hall", 1, "2026-07-01T00:00:00Z");
    check_tells("2026-06-25T00:00:00Z", "hall 7 days;");
    check_tells("2026-06-02T00:00:00Z", "");
    check_tells("2026-06-18T00:00:00Z", "");
    check_tells("2026-06-26T00:00:00Z", "");
    check_tells("2026-01-01T00:00:00Z", "");
    check_tells("2026-06-30T12:00:00Z", "hall 1 day;");
    /* A clock that was never set is a new fact, told once. */
    check_tells("1970-01-01T00:00:00Z", "hall not yet valid;");
    check_tells("1970-01-02T00:00:00Z", "");
    check_tells("2026-07-02T00:00:00Z", "hall expired;");
}

static void what_is_not_valid_yet_is_told_apart(void **state)
{
    (void)state;
    chain_plan plan = { { 1, 0 }, 100 * 86400, 105 * 86400 };
    svms_chain *chain = expiry_chain(&plan);
    int64_t next = 0;
    assert_int_equal(svms_expiry_watch(c->expiry, "early", chain, NULL), SVMS_OK);
    check_at(DAY_NS, "early not yet valid;");
    check_at(2 * DAY_NS, "");
    assert_int_equal(svms_expiry_check(c->expiry, 3 * DAY_NS, &next, NULL), SVMS_OK);
    assert_int_equal(next, 100 * DAY_NS);
    /* Its whole life is shorter than the first stages. */
    check_at(100 * DAY_NS, "early 7 days;");
    svms_chain_free(&chain);
}

static void an_end_that_never_comes_is_fine_for_ever(void **state)
{
    (void)state;
    watch("forever", 1, "2200-01-01T00:00:00Z");
    chain_plan plan = { { 2, 0 }, 0, INT64_C(253402300799) }; /* 99991231235959Z */
    svms_chain *chain = expiry_chain(&plan);
    assert_int_equal(svms_expiry_watch(c->expiry, "forever", chain, NULL), SVMS_OK);
    int64_t next = 0;
    assert_int_equal(svms_expiry_check(c->expiry, INT64_MAX, &next, NULL), SVMS_OK);
    assert_int_equal(next, SVMS_NO_TIME);
    assert_int_equal(c->told_count, 0);
    svms_expiry_entry entry = SVMS_EXPIRY_ENTRY_INIT;
    assert_int_equal(svms_expiry_get(c->expiry, 0, &entry, NULL), SVMS_OK);
    assert_int_equal(entry.left_ns, INT64_MAX);
    svms_chain_free(&chain);
}

static void what_is_left_is_held_at_the_limits(void **state)
{
    (void)state;
    watch("hall", 1, "2026-07-01T00:00:00Z");
    svms_expiry_entry entry = SVMS_EXPIRY_ENTRY_INIT;
    check_at(-INT64_MAX, "hall not yet valid;");
    assert_int_equal(svms_expiry_get(c->expiry, 0, &entry, NULL), SVMS_OK);
    assert_int_equal(entry.left_ns, INT64_MAX);
    chain_plan plan = { { 2, 0 }, -200 * 86400, -100 * 86400 };
    svms_chain *chain = expiry_chain(&plan);
    assert_int_equal(svms_expiry_watch(c->expiry, "hall", chain, NULL), SVMS_OK);
    check_at(INT64_MAX, "hall expired;");
    assert_int_equal(svms_expiry_get(c->expiry, 0, &entry, NULL), SVMS_OK);
    assert_int_equal(entry.left_ns, INT64_MIN);
    svms_chain_free(&chain);
}

/* I-EXP-2 */
static void a_ca_of_many_is_told_once_with_the_longest_user(void **state)
{
    (void)state;
    static const char *const labels[] = { "b", "c", "a" };
    svms_expiry_entry entry = SVMS_EXPIRY_ENTRY_INIT;
    for (unsigned i = 0; i < 3; i++) {
        chain_plan plan = { { 10, 0 }, 0, 100 * 86400 };
        svms_chain *chain = expiry_chain(&plan);
        assert_int_equal(svms_expiry_watch(c->expiry, labels[i], chain, NULL), SVMS_OK);
        svms_chain_free(&chain);
    }
    assert_int_equal(svms_expiry_count(c->expiry), 1);
    check_at(90 * DAY_NS, "b 14 days;");
    assert_int_equal(c->told[0].uses, 3);
    /* Who comes in anew comes last. */
    chain_plan plan = { { 10, 0 }, 0, 100 * 86400 };
    svms_chain *chain = expiry_chain(&plan);
    assert_int_equal(svms_expiry_watch(c->expiry, "b", chain, NULL), SVMS_OK);
    assert_int_equal(svms_expiry_get(c->expiry, 0, &entry, NULL), SVMS_OK);
    assert_string_equal(entry.label, "c");
    assert_int_equal(svms_expiry_forget(c->expiry, "a", NULL), SVMS_OK);
    assert_int_equal(svms_expiry_forget(c->expiry, "c", NULL), SVMS_OK);
    check_at(99 * DAY_NS + 1000000000, "b 1 day;");
    assert_int_equal(c->told[0].uses, 1);
    assert_int_equal(svms_expiry_forget(c->expiry, "b", NULL), SVMS_OK);
    assert_int_equal(svms_expiry_count(c->expiry), 0);
    svms_chain_free(&chain);
}

static void a_certificate_twice_in_a_chain_is_one(void **state)
{
    (void)state;
    chain_plan plan = { { 1, 2, 2, 1, 2, 3, 3, 3, 0 }, 0, 100 * 86400 };
    svms_chain *chain = expiry_chain(&plan);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(svms_expiry_watch(c->expiry, "x", chain, NULL), SVMS_OK);
        assert_int_equal(svms_expiry_count(c->expiry), 3);
    }
    check_at(99 * DAY_NS + 1000000000, "x 1 day;x 1 day;x 1 day;");
    assert_int_equal(c->told[0].position + c->told[1].position + c->told[2].position, 0 + 1 + 5);
    assert_int_equal(svms_expiry_forget(c->expiry, "x", NULL), SVMS_OK);
    assert_int_equal(svms_expiry_count(c->expiry), 0);
    svms_chain_free(&chain);
}

/* I-EXP-3 */
static void a_renewed_certificate_takes_the_place_of_the_old_one(void **state)
{
    (void)state;
    watch("hall", 1, "2026-07-01T00:00:00Z");
    check_tells("2026-06-25T00:00:00Z", "hall 7 days;");
    watch("hall", 1, "2026-07-01T00:00:00Z");
    check_tells("2026-06-25T00:00:00Z", "");
    watch("hall", 2, "2027-07-01T00:00:00Z");
    assert_int_equal(svms_expiry_count(c->expiry), 1);
    check_tells("2026-08-01T00:00:00Z", "");
    check_tells("2027-06-25T00:00:00Z", "hall 7 days;");
}

/* I-EXP-7 */
static void what_comes_back_is_not_told_anew(void **state)
{
    (void)state;
    watch("hall", 1, "2026-07-01T00:00:00Z");
    check_tells("2026-07-05T00:00:00Z", "hall expired;");
    assert_int_equal(svms_expiry_forget(c->expiry, "hall", NULL), SVMS_OK);
    assert_int_equal(svms_expiry_forget(c->expiry, "hall", NULL), SVMS_END);
    check_tells("2026-07-31T00:00:00Z", "");
    watch("hall", 1, "2026-07-01T00:00:00Z");
    check_tells("2026-07-31T00:00:00Z", "");
    /* Long behind its end nobody remembers it. */
    assert_int_equal(svms_expiry_forget(c->expiry, "hall", NULL), SVMS_OK);
    check_tells("2026-07-31T00:00:02Z", "");
    watch("hall", 1, "2026-07-01T00:00:00Z");
    check_tells("2026-07-31T00:00:03Z", "hall expired;");
}

static void what_the_hearer_did_not_hear_is_told_again(void **state)
{
    (void)state;
    svms_error err = SVMS_ERROR_INIT;
    int64_t next = 0;
    int64_t now = fixture_time("2026-06-25T00:00:00Z");
    watch("one", 1, "2026-07-01T00:00:00Z");
    watch("two", 2, "2026-07-01T12:00:00Z");
    c->answer = SVMS_E_IO;
    assert_int_equal(svms_expiry_check(c->expiry, now, &next, &err), SVMS_E_IO);
    assert_int_equal(c->told_count, 2);
    assert_int_equal(err.status, SVMS_E_IO);
    assert_non_null(strstr(err.message, "\"one\""));
    assert_int_equal(next, fixture_time("2026-06-30T00:00:00.999999999Z"));
    c->answer = SVMS_END;
    assert_int_equal(svms_expiry_check(c->expiry, now, &next, &err), SVMS_E_CANCELLED);
    c->answer = SVMS_OK;
    check_at(now, "one 7 days;two 7 days;");
    check_at(now, "");
}

static void what_nobody_hears_does_not_count_as_told(void **state)
{
    (void)state;
    svms_expiry *deaf = NULL;
    chain_plan plan = { { 1, 0 }, 0, 100 * 86400 };
    svms_chain *chain = expiry_chain(&plan);
    assert_int_equal(svms_expiry_new(&deaf, c->ctx, NULL, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_expiry_watch(deaf, "x", chain, NULL), SVMS_OK);
    assert_int_equal(svms_expiry_check(deaf, 99 * DAY_NS, NULL, NULL), SVMS_OK);
    svms_expiry_entry entry = SVMS_EXPIRY_ENTRY_INIT;
    assert_int_equal(svms_expiry_get(deaf, 0, &entry, NULL), SVMS_OK);
    assert_int_equal(entry.stage, SVMS_EXPIRY_7_DAYS);
    char text[512];
    size_t size = sizeof text;
    assert_int_equal(svms_expiry_save(deaf, text, &size, NULL), SVMS_OK);
    assert_int_equal(size, strlen("svms-expiry 1\n") + strlen("sha256 \n") + 64);
    svms_expiry_free(&deaf);
    svms_chain_free(&chain);
}

/* I-EXP-8 */
static void what_ends_first_comes_first(void **state)
{
    (void)state;
    static const char *const ends[] = { "2027-01-01T00:00:00Z", "2026-01-01T00:00:00Z",
                                        "2028-01-01T00:00:00Z", "2026-01-01T00:00:00Z" };
    static const char *const labels[] = { "p", "q", "r", "s" };
    svms_expiry_entry before = SVMS_EXPIRY_ENTRY_INIT;
    for (unsigned i = 0; i < 4; i++) {
        watch(labels[i], i + 1, ends[i]);
    }
    assert_int_equal(svms_expiry_count(c->expiry), 4);
    for (size_t i = 0; i < 4; i++) {
        svms_expiry_entry entry = SVMS_EXPIRY_ENTRY_INIT;
        assert_int_equal(svms_expiry_get(c->expiry, i, &entry, NULL), SVMS_OK);
        int64_t end = entry.certificate.not_after_utc_ns;
        assert_true(i == 0 || end > before.certificate.not_after_utc_ns ||
                    (end == before.certificate.not_after_utc_ns &&
                     memcmp(entry.certificate.sha256, before.certificate.sha256, 32) > 0));
        before = entry;
    }
    assert_string_equal(before.label, "r");
    assert_int_equal(svms_expiry_get(c->expiry, 4, &before, NULL), SVMS_END);
}

static void before_the_first_check_the_time_is_that_of_the_context(void **state)
{
    (void)state;
    svms_expiry_entry entry = SVMS_EXPIRY_ENTRY_INIT;
    watch("past", 1, "2020-06-01T00:00:00Z");
    watch("future", 2, "2200-06-01T00:00:00Z");
    assert_int_equal(svms_expiry_get(c->expiry, 0, &entry, NULL), SVMS_OK);
    assert_int_equal(entry.stage, SVMS_EXPIRY_EXPIRED);
    assert_int_equal(svms_expiry_get(c->expiry, 1, &entry, NULL), SVMS_OK);
    assert_int_equal(entry.stage, SVMS_EXPIRY_FINE);
}

static void an_empty_inventory_waits_for_nothing(void **state)
{
    (void)state;
    int64_t next = 0;
    svms_expiry_entry entry = SVMS_EXPIRY_ENTRY_INIT;
    assert_int_equal(svms_expiry_check(c->expiry, 0, &next, NULL), SVMS_OK);
    assert_int_equal(next, SVMS_NO_TIME);
    assert_int_equal(svms_expiry_count(c->expiry), 0);
    assert_int_equal(svms_expiry_get(c->expiry, 0, &entry, NULL), SVMS_END);
}

static void labels_that_are_none_are_refused(void **state)
{
    (void)state;
    char long_label[SVMS_EXPIRY_LABEL_SIZE + 1];
    memset(long_label, 'x', sizeof long_label);
    long_label[SVMS_EXPIRY_LABEL_SIZE] = '\0';
    const char *const bad[] = { "",     "a\nb",         "\x7f",     "\xc2\x85", "\xff",
                                "\xc3", "\xed\xa0\x80", long_label, "tab\there" };
    chain_plan plan = { { 1, 0 }, 0, 86400 };
    svms_chain *chain = expiry_chain(&plan);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_expiry_watch(c->expiry, bad[i], chain, &err), SVMS_E_USAGE);
        assert_non_null(strstr(err.message, "label of 1 to 127 bytes"));
    }
    long_label[SVMS_EXPIRY_LABEL_SIZE - 1] = '\0';
    assert_int_equal(svms_expiry_watch(c->expiry, long_label, chain, NULL), SVMS_OK);
    assert_int_equal(svms_expiry_watch(c->expiry, "Übergang – 7", chain, NULL), SVMS_OK);
    svms_chain_free(&chain);
}

static void missing_arguments_are_usage(void **state)
{
    (void)state;
    svms_expiry *other = NULL;
    svms_expiry_entry entry = SVMS_EXPIRY_ENTRY_INIT;
    size_t size = 1;
    chain_plan plan = { { 1, 0 }, 0, 86400 };
    svms_chain *chain = expiry_chain(&plan);
    assert_int_equal(svms_expiry_new(NULL, c->ctx, NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_expiry_new(&other, NULL, NULL, NULL, NULL), SVMS_E_USAGE);
    assert_null(other);
    assert_int_equal(svms_expiry_watch(NULL, "x", chain, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_expiry_watch(c->expiry, NULL, chain, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_expiry_watch(c->expiry, "x", NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_expiry_forget(NULL, "x", NULL), SVMS_E_USAGE);
    assert_int_equal(svms_expiry_forget(c->expiry, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_expiry_check(NULL, 0, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_expiry_check(c->expiry, SVMS_NO_TIME, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_expiry_count(NULL), 0);
    assert_int_equal(svms_expiry_get(NULL, 0, &entry, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_expiry_save(NULL, NULL, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_expiry_save(c->expiry, NULL, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_expiry_save(c->expiry, NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_expiry_restore(NULL, "", 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_expiry_restore(c->expiry, NULL, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_expiry_watch(c->expiry, "x", chain, NULL), SVMS_OK);
    assert_int_equal(svms_expiry_get(c->expiry, 0, NULL, NULL), SVMS_E_USAGE);
    entry.struct_size = 0;
    assert_int_equal(svms_expiry_get(c->expiry, 0, &entry, NULL), SVMS_E_USAGE);
    svms_expiry_free(NULL);
    svms_expiry_free(&other);
    svms_chain_free(&chain);
}

/* A hearer that does what it must not. */
typedef struct meddler {
    svms_expiry *expiry;
    const svms_chain *chain;
    unsigned calls;
    bool releases;
} meddler;

static svms_status meddle(void *user, const svms_expiry_entry *entry)
{
    meddler *of = user;
    char text[16];
    size_t size = sizeof text;
    svms_error err = SVMS_ERROR_INIT;
    svms_expiry_entry other = SVMS_EXPIRY_ENTRY_INIT;
    of->calls++;
    if (of->releases) {
        svms_expiry_free(&of->expiry);
        assert_null(of->expiry);
        return SVMS_OK;
    }
    assert_int_equal(svms_expiry_watch(of->expiry, "new", of->chain, &err), SVMS_E_STATE);
    assert_non_null(strstr(err.message, "callback"));
    assert_int_equal(svms_expiry_forget(of->expiry, entry->label, NULL), SVMS_E_STATE);
    assert_int_equal(svms_expiry_check(of->expiry, 0, NULL, NULL), SVMS_E_STATE);
    assert_int_equal(svms_expiry_get(of->expiry, 0, &other, NULL), SVMS_E_STATE);
    assert_int_equal(svms_expiry_save(of->expiry, text, &size, NULL), SVMS_E_STATE);
    assert_int_equal(svms_expiry_restore(of->expiry, "", 0, NULL), SVMS_E_STATE);
    assert_int_equal(svms_expiry_count(of->expiry), 2);
    return SVMS_OK;
}

static void a_hearer_that_calls_back_is_refused(void **state)
{
    (void)state;
    chain_plan plan = { { 1, 2, 0 }, 0, 100 * 86400 };
    svms_chain *chain = expiry_chain(&plan);
    meddler of = { NULL, chain, 0, false };
    assert_int_equal(svms_expiry_new(&of.expiry, c->ctx, meddle, &of, NULL), SVMS_OK);
    assert_int_equal(svms_expiry_watch(of.expiry, "x", chain, NULL), SVMS_OK);
    assert_int_equal(svms_expiry_check(of.expiry, 99 * DAY_NS, NULL, NULL), SVMS_OK);
    assert_int_equal(of.calls, 2);
    /* Afterwards everything is as before. */
    assert_int_equal(svms_expiry_forget(of.expiry, "x", NULL), SVMS_OK);
    assert_int_equal(svms_expiry_watch(of.expiry, "x", chain, NULL), SVMS_OK);
    of.releases = true;
    svms_expiry *same = of.expiry;
    assert_int_equal(svms_expiry_check(same, 200 * DAY_NS, NULL, NULL), SVMS_OK);
    assert_int_equal(of.calls, 4);
    assert_null(of.expiry);
    svms_chain_free(&chain);
}

static svms_status hear_nothing(void *user, const svms_expiry_entry *entry)
{
    unsigned *count = user;
    *count += entry->stage == SVMS_EXPIRY_7_DAYS ? 1 : 1000000;
    return SVMS_OK;
}

static void thousands_of_certificates_keep_their_order(void **state)
{
    (void)state;
    svms_expiry *large = NULL;
    unsigned heard = 0;
    char label[32];
    assert_int_equal(svms_expiry_new(&large, c->ctx, hear_nothing, &heard, NULL), SVMS_OK);
    for (unsigned i = 0; i < MANY; i++) {
        chain_plan plan = { { i + 1, 0 }, 0, 100 * 86400 + i % 1000 };
        svms_chain *chain = expiry_chain(&plan);
        snprintf(label, sizeof label, "device %u", i);
        assert_int_equal(svms_expiry_watch(large, label, chain, NULL), SVMS_OK);
        svms_chain_free(&chain);
    }
    assert_int_equal(svms_expiry_count(large), MANY);
    int64_t end = 100 * DAY_NS;
    assert_int_equal(svms_expiry_check(large, end - 5 * DAY_NS, NULL, NULL), SVMS_OK);
    assert_int_equal(heard, MANY);
    int64_t before = 0;
    for (size_t i = 0; i < MANY; i++) {
        svms_expiry_entry entry = SVMS_EXPIRY_ENTRY_INIT;
        assert_int_equal(svms_expiry_get(large, i, &entry, NULL), SVMS_OK);
        assert_true(entry.certificate.not_after_utc_ns >= before);
        before = entry.certificate.not_after_utc_ns;
    }
    svms_expiry_free(&large);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, expiry_set_up, expiry_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_stage_is_what_is_left),
        TEST(the_farthest_moments_have_stages_too),
        TEST(stages_have_names),
        TEST(each_stage_is_told_once_at_its_first_moment),
        TEST(what_is_told_says_of_what),
        TEST(catching_up_tells_only_the_nearest_stage),
        TEST(a_clock_that_goes_back_retells_nothing),
        TEST(what_is_not_valid_yet_is_told_apart),
        TEST(an_end_that_never_comes_is_fine_for_ever),
        TEST(what_is_left_is_held_at_the_limits),
        TEST(a_ca_of_many_is_told_once_with_the_longest_user),
        TEST(a_certificate_twice_in_a_chain_is_one),
        TEST(a_renewed_certificate_takes_the_place_of_the_old_one),
        TEST(what_comes_back_is_not_told_anew),
        TEST(what_the_hearer_did_not_hear_is_told_again),
        TEST(what_nobody_hears_does_not_count_as_told),
        TEST(what_ends_first_comes_first),
        TEST(before_the_first_check_the_time_is_that_of_the_context),
        TEST(an_empty_inventory_waits_for_nothing),
        TEST(labels_that_are_none_are_refused),
        TEST(missing_arguments_are_usage),
        TEST(a_hearer_that_calls_back_is_refused),
        TEST(thousands_of_certificates_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
