/* SPDX-License-Identifier: Apache-2.0 */
/* What a proof of a record attests about a container (container.md, C-TRL-5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <svms/verify.h>

#include "failing_allocator.h"
#include "proof_case.h"

#define END "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const char *const records[] = {
    "{\"event\":\"recording.head\",\"details\":{\"container\":\"c\",\"end\":\"" END "\"}}",
    "{\"event\":\"recording.head\",\"details\":{\"container\":\"c\"}}",
    "{\"event\":\"recording.stop\",\"details\":{\"container\":\"c\",\"end\":\"" END "\"}}",
    "{\"event\":\"recording.head\",\"end\":\"" END "\"}",
    "{\"event\":\"recording.head\",\"details\":{\"end\":\"" END "\",\"end\":\"" END "\"}}",
    "no JSON",
};
#define RECORDS (sizeof records / sizeof records[0])

typedef struct text {
    char *bytes;
    size_t size;
} text;

typedef struct scene {
    proof_case *c;
    svms_audit_attester by;
    uint8_t end[32];
    text proof[RECORDS];
} scene;

static text prove(svms_audit_reader *reader, uint64_t index)
{
    text out = { NULL, 0 };
    assert_int_equal(svms_audit_prove(reader, index, NULL, &out.size, NULL), SVMS_E_LIMIT);
    out.bytes = malloc(out.size);
    assert_non_null(out.bytes);
    assert_int_equal(svms_audit_prove(reader, index, out.bytes, &out.size, NULL), SVMS_OK);
    return out;
}

static void put_records(scene *at)
{
    svms_iovec run[RECORDS];
    uint64_t first = 0;
    svms_audit_log *log = proof_case_open(at->c);
    for (size_t i = 0; i < RECORDS; i++) {
        run[i] = (svms_iovec){ records[i], strlen(records[i]) };
    }
    assert_int_equal(svms_audit_log_append(log, run, RECORDS, &first, NULL), SVMS_OK);
    proof_case_close(&log);
    proof_case_cosign(at->c);
    svms_audit_reader *reader = NULL;
    assert_int_equal(svms_audit_reader_open(&reader, at->c->ctx, &at->c->view, &at->c->trust, NULL),
                     SVMS_OK);
    for (size_t i = 0; i < RECORDS; i++) {
        at->proof[i] = prove(reader, first + i);
    }
    svms_audit_reader_close(&reader);
}

static int set_up(void **state)
{
    scene *at = calloc(1, sizeof *at);
    void *c = NULL;
    assert_non_null(at);
    assert_int_equal(proof_case_set_up(&c), 0);
    at->c = c;
    at->by = (svms_audit_attester)SVMS_AUDIT_ATTESTER_INIT;
    at->by.ctx = at->c->ctx;
    at->by.trust = &at->c->trust;
    for (size_t i = 0; i < sizeof at->end; i++) {
        at->end[i] = (uint8_t)(0x11 * (i % 16));
    }
    put_records(at);
    *state = at;
    return 0;
}

static int tear_down(void **state)
{
    scene *at = *state;
    void *c = at->c;
    for (size_t i = 0; i < RECORDS; i++) {
        free(at->proof[i].bytes);
    }
    int result = proof_case_tear_down(&c);
    free(at);
    return result;
}

static svms_status ask(scene *at, size_t record, int64_t *utc_ns, char by[SVMS_ATTESTED_BY_SIZE],
                       svms_error *err)
{
    svms_attester attester = SVMS_ATTESTER_INIT;
    attester.user = &at->by;
    attester.attest = svms_audit_attest;
    return attester.attest(attester.user, at->proof[record].bytes, at->proof[record].size, at->end,
                           utc_ns, by, err);
}

static void witnesses_attest_what_the_record_names(void **state)
{
    scene *at = *state;
    int64_t utc_ns = 0;
    char by[SVMS_ATTESTED_BY_SIZE];
    assert_int_equal(ask(at, 0, &utc_ns, by, NULL), SVMS_OK);
    assert_true(utc_ns == PROOF_TIME_OUTSIDE * 1000000000);
    assert_string_equal(by, "audit log " PROOF_ORIGIN ", 2 witnesses");
}

static void another_record_attests_nothing(void **state)
{
    scene *at = *state;
    static const struct {
        svms_status status;
        const char *words;
    } due[RECORDS] = {
        { SVMS_OK, "" },
        { SVMS_E_MALFORMED, "end" },
        { SVMS_E_NOT_AUTHENTIC, "recording.stop" },
        { SVMS_E_MALFORMED, "details" },
        { SVMS_E_MALFORMED, "twice" },
        { SVMS_E_MALFORMED, "audit record" },
    };
    for (size_t i = 1; i < RECORDS; i++) {
        int64_t utc_ns = 0;
        char by[SVMS_ATTESTED_BY_SIZE];
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(ask(at, i, &utc_ns, by, &err), due[i].status);
        assert_true(utc_ns == SVMS_NO_TIME);
        assert_string_equal(by, "");
        if (!strstr(err.message, due[i].words)) {
            fail_msg("record %zu: %s", i, err.message);
        }
    }
}

static void another_container_is_not_attested(void **state)
{
    scene *at = *state;
    int64_t utc_ns = 0;
    char by[SVMS_ATTESTED_BY_SIZE];
    for (size_t i = 0; i < sizeof at->end; i++) {
        at->end[i] ^= 1;
        assert_int_equal(ask(at, 0, &utc_ns, by, NULL), SVMS_E_NOT_AUTHENTIC);
        at->end[i] ^= 1;
    }
}

static void nobody_attests_without_witnesses(void **state)
{
    scene *at = *state;
    int64_t utc_ns = 0;
    char by[SVMS_ATTESTED_BY_SIZE];
    at->c->trust.quorum = 0;
    assert_int_equal(ask(at, 0, &utc_ns, by, NULL), SVMS_E_USAGE);
    at->c->trust.quorum = 2;
    at->c->trust.witness_count = 1;
    assert_int_not_equal(ask(at, 0, &utc_ns, by, NULL), SVMS_OK);
    at->c->trust.witness_count = 2;
    at->by.trust = NULL;
    assert_int_equal(ask(at, 0, &utc_ns, by, NULL), SVMS_E_USAGE);
    at->by.trust = &at->c->trust;
    assert_int_equal(svms_audit_attest(NULL, "x", 1, at->end, &utc_ns, by, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_attest(&at->by, NULL, 1, at->end, &utc_ns, by, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_attest(&at->by, "x", 1, NULL, &utc_ns, by, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_attest(&at->by, "x", 1, at->end, NULL, by, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_attest(&at->by, "x", 1, at->end, &utc_ns, NULL, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_audit_attest(&at->by, "x", 1, at->end, &utc_ns, by, NULL),
                     SVMS_E_MALFORMED);
}

static scene *shared;

static svms_status attest_once(svms_ctx *ctx, svms_error *err)
{
    svms_audit_attester by = shared->by;
    int64_t utc_ns = 0;
    char words[SVMS_ATTESTED_BY_SIZE];
    by.ctx = ctx;
    return svms_audit_attest(&by, shared->proof[0].bytes, shared->proof[0].size, shared->end,
                             &utc_ns, words, err);
}

static void every_failed_allocation_is_told(void **state)
{
    shared = *state;
    each_allocation_fails_cleanly(attest_once);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(witnesses_attest_what_the_record_names), TEST(another_record_attests_nothing),
        TEST(another_container_is_not_attested),      TEST(nobody_attests_without_witnesses),
        TEST(every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
