/* SPDX-License-Identifier: Apache-2.0 */
/* Time stamps on checkpoints, by authorities that OpenSSL makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "authority.h"
#include "keep_case.h"

static party root;
static party stranger;
static party authority;
static party foreign;

static party stamper(const char *name, const party *issuer)
{
    const party_plan plan = { .name = name,
                              .issuer = issuer,
                              .from = "20260101000000Z",
                              .to = "20280101000000Z",
                              .usage = "critical,timeStamping" };
    return party_make(&plan);
}

static int make_parties(void **state)
{
    (void)state;
    party_plan ca = { .name = "Stamp CA", .from = "20200101000000Z", .to = "20600101000000Z" };
    root = party_make(&ca);
    ca.name = "Another CA";
    stranger = party_make(&ca);
    authority = stamper("Time", &root);
    foreign = stamper("Foreign time", &stranger);
    return 0;
}

static int free_parties(void **state)
{
    (void)state;
    party_free(&foreign);
    party_free(&authority);
    party_free(&stranger);
    party_free(&root);
    return 0;
}

typedef struct fixture {
    keep_case *log;
    svms_trust *anchors;
    svms_trust *strangers;
} fixture;

static svms_trust *trust_in(svms_ctx *ctx, const party *anchor)
{
    char pem[8192];
    svms_trust *out = NULL;
    size_t size = party_pem(anchor, pem, 0, sizeof pem);
    assert_int_equal(svms_trust_from_pem(&out, ctx, pem, size, NULL), SVMS_OK);
    return out;
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->log = keep_case_new();
    f->anchors = trust_in(f->log->ctx, &root);
    f->strangers = trust_in(f->log->ctx, &stranger);
    svms_audit_log *log = keep_case_open(f->log);
    keep_case_fill(log, 300, 0);
    keep_case_close(&log);
    f->log->now_utc_ns = DAY_ZERO + 120 * DAY;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    svms_trust_free(&f->strangers);
    svms_trust_free(&f->anchors);
    keep_case_free(f->log);
    free(f);
    return 0;
}

static svms_audit_stamp_query ask(fixture *f)
{
    svms_audit_stamp_query query = SVMS_AUDIT_STAMP_QUERY_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_audit_stamp_request(&query, f->log->ctx, &f->log->view, NULL, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(query.size, keep_case_size(f->log));
    return query;
}

static made answer(const party *by, const svms_audit_stamp_query *query, const char *when)
{
    const made asked = { (uint8_t *)(uintptr_t)query->query, sizeof query->query };
    const stamp_plan plan = { .authority = by, .when = when, .query = &asked };
    return stamp_reply(&plan);
}

static svms_status keep(fixture *f, const party *by, const svms_trust *anchors, const char *when,
                        svms_error *err)
{
    const svms_audit_stamp_query query = ask(f);
    made reply = answer(by, &query, when);
    svms_timestamp_info info = SVMS_TIMESTAMP_INFO_INIT;
    svms_status status = svms_audit_stamp_keep(f->log->ctx, &f->log->view, anchors, &query,
                                               reply.data, reply.size, &info, err);
    assert_true(status != SVMS_OK || info.verdict == SVMS_IDENTITY_TRUSTED);
    free(reply.data);
    return status;
}

static void grow(fixture *f, uint64_t size)
{
    svms_audit_log *log = keep_case_open(f->log);
    keep_case_fill(log, size, 119);
    keep_case_close(&log);
}

static int64_t time_of(const char *text)
{
    int64_t out = 0;
    assert_int_equal(svms_time_parse(&out, text, NULL), SVMS_OK);
    return out;
}

static svms_status earliest(fixture *f, uint64_t index, svms_audit_stamp *out)
{
    *out = (svms_audit_stamp)SVMS_AUDIT_STAMP_INIT;
    return svms_audit_stamp_earliest(out, f->log->ctx, &f->log->view, f->anchors, index, NULL);
}

typedef struct told {
    unsigned count;
    uint64_t size[8];
    svms_status status[8];
} told;

static svms_status note(void *user, const svms_audit_stamp *stamp)
{
    told *all = user;
    assert_true(all->count < 8);
    all->size[all->count] = stamp->size;
    all->status[all->count++] = stamp->status;
    return SVMS_OK;
}

static told list(fixture *f, const svms_trust *anchors)
{
    told all = { 0 };
    assert_int_equal(svms_audit_stamps(f->log->ctx, &f->log->view, anchors, note, &all, NULL),
                     SVMS_OK);
    return all;
}

#define MARCH "2026-03-04T05:06:07Z"
#define APRIL "2026-04-04T05:06:07Z"

static void a_stamp_attests_the_records_below_it(void **state)
{
    fixture *f = *state;
    svms_audit_stamp stamp;
    assert_int_equal(earliest(f, 0, &stamp), SVMS_E_STATE);
    assert_int_equal(keep(f, &authority, f->anchors, MARCH, NULL), SVMS_OK);
    grow(f, 600);
    assert_int_equal(keep(f, &authority, f->anchors, APRIL, NULL), SVMS_OK);
    told all = list(f, f->anchors);
    assert_int_equal(all.count, 2);
    assert_int_equal(all.size[0], 300);
    assert_int_equal(all.size[1], 600);
    assert_int_equal(all.status[0], SVMS_OK);
    assert_int_equal(all.status[1], SVMS_OK);
    assert_int_equal(earliest(f, 299, &stamp), SVMS_OK);
    assert_int_equal(stamp.size, 300);
    assert_int_equal(stamp.info.gen_time_utc_ns, time_of(MARCH));
    assert_int_equal(earliest(f, 300, &stamp), SVMS_OK);
    assert_int_equal(stamp.info.gen_time_utc_ns, time_of(APRIL));
    assert_int_equal(earliest(f, 600, &stamp), SVMS_E_STATE);
}

/* A clock that is slow may stamp what comes later earlier; it is the time that counts. */
static void the_earliest_time_counts_not_the_smallest_size(void **state)
{
    fixture *f = *state;
    svms_audit_stamp stamp;
    assert_int_equal(keep(f, &authority, f->anchors, APRIL, NULL), SVMS_OK);
    grow(f, 600);
    assert_int_equal(keep(f, &authority, f->anchors, MARCH, NULL), SVMS_OK);
    assert_int_equal(earliest(f, 7, &stamp), SVMS_OK);
    assert_int_equal(stamp.size, 600);
    assert_int_equal(stamp.info.gen_time_utc_ns, time_of(MARCH));
}

static void only_what_is_trusted_is_kept(void **state)
{
    fixture *f = *state;
    svms_audit_stamp stamp;
    assert_int_equal(keep(f, &foreign, f->anchors, MARCH, NULL), SVMS_E_UNTRUSTED);
    assert_int_equal(list(f, f->anchors).count, 0);
    /* Somebody else trusted it: here it is worth nothing, and gives way. */
    assert_int_equal(keep(f, &foreign, f->strangers, MARCH, NULL), SVMS_OK);
    assert_int_equal(list(f, f->anchors).status[0], SVMS_E_UNTRUSTED);
    assert_int_equal(list(f, NULL).status[0], SVMS_E_UNTRUSTED);
    assert_int_equal(earliest(f, 0, &stamp), SVMS_E_STATE);
    assert_int_equal(keep(f, &authority, f->anchors, APRIL, NULL), SVMS_OK);
    assert_int_equal(earliest(f, 0, &stamp), SVMS_OK);
    assert_int_equal(keep(f, &authority, f->anchors, APRIL, NULL), SVMS_E_STATE);
}

static void an_answer_to_another_question_is_refused(void **state)
{
    fixture *f = *state;
    svms_audit_stamp_query query = ask(f);
    svms_audit_stamp_query other = ask(f);
    made reply = answer(&authority, &other, MARCH);
    assert_int_equal(svms_audit_stamp_keep(f->log->ctx, &f->log->view, f->anchors, &query,
                                           reply.data, reply.size, NULL, NULL),
                     SVMS_E_NOT_AUTHENTIC);
    /* The right answer, said to be about another size. */
    other.size = 299;
    assert_int_not_equal(svms_audit_stamp_keep(f->log->ctx, &f->log->view, f->anchors, &other,
                                               reply.data, reply.size, NULL, NULL),
                         SVMS_OK);
    free(reply.data);
    query.size = 0;
    assert_int_equal(
        svms_audit_stamp_keep(f->log->ctx, &f->log->view, f->anchors, &query, "x", 1, NULL, NULL),
        SVMS_E_USAGE);
    assert_int_equal(list(f, f->anchors).count, 0);
}

static void what_was_changed_attests_nothing(void **state)
{
    fixture *f = *state;
    svms_audit_stamp stamp;
    assert_int_equal(keep(f, &authority, f->anchors, MARCH, NULL), SVMS_OK);
    memory_file *file = memory_folder_find(&f->log->folder, "stamp/300");
    assert_non_null(file);
    file->data[file->size - 5] ^= 1;
    assert_int_not_equal(list(f, f->anchors).status[0], SVMS_OK);
    assert_int_equal(earliest(f, 0, &stamp), SVMS_E_STATE);
    file->data[file->size - 5] ^= 1;
    assert_int_equal(list(f, f->anchors).status[0], SVMS_OK);
    memory_file *tile = memory_folder_find(&f->log->folder, "tile/0/000");
    assert_non_null(tile);
    tile->data[33] ^= 1;
    assert_int_equal(list(f, f->anchors).status[0], SVMS_OK);
    memory_file *above = memory_folder_find(&f->log->folder, "tile/1/000.p/1");
    assert_non_null(above);
    above->data[3] ^= 1;
    assert_int_equal(list(f, f->anchors).status[0], SVMS_E_NOT_AUTHENTIC);
}

/* A log that was put back to an older copy has a stamp on more records than it has. */
static void a_stamp_on_records_that_are_missing_is_told(void **state)
{
    fixture *f = *state;
    int os_error = 0;
    assert_int_equal(keep(f, &authority, f->anchors, MARCH, NULL), SVMS_OK);
    const memory_file *file = memory_folder_find(&f->log->folder, "stamp/300");
    assert_non_null(file);
    assert_int_equal(
        f->log->view.put(f->log->view.user, "stamp/100000", file->data, file->size, 1, &os_error),
        SVMS_OK);
    assert_int_equal(f->log->view.put(f->log->view.user, "stamp/x", "x", 1, 1, &os_error), SVMS_OK);
    told all = list(f, f->anchors);
    assert_int_equal(all.count, 2);
    assert_int_equal(all.status[1], SVMS_E_NOT_AUTHENTIC);
}

static void a_checkpoint_that_is_not_the_logs_is_not_stamped(void **state)
{
    fixture *f = *state;
    svms_audit_stamp_query query = SVMS_AUDIT_STAMP_QUERY_INIT;
    svms_error err = SVMS_ERROR_INIT;
    memory_file *above = memory_folder_find(&f->log->folder, "tile/1/000.p/1");
    assert_non_null(above);
    above->data[3] ^= 1;
    assert_int_equal(svms_audit_stamp_request(&query, f->log->ctx, &f->log->view, NULL, &err),
                     SVMS_E_NOT_AUTHENTIC);
    assert_non_null(strstr(err.message, "not that of the hashes"));
    above->data[3] ^= 1;
    memory_file *file = memory_folder_find(&f->log->folder, "checkpoint");
    assert_non_null(file);
    /* Another letter of base64, so that it is still a signature. */
    file->data[file->size - 10] = file->data[file->size - 10] == 'A' ? 'B' : 'A';
    assert_int_equal(svms_audit_stamp_request(&query, f->log->ctx, &f->log->view, NULL, &err),
                     SVMS_E_NOT_AUTHENTIC);
    file->is_there = false;
    file->was_durable = true;
    assert_int_equal(svms_audit_stamp_request(&query, f->log->ctx, &f->log->view, NULL, &err),
                     SVMS_E_STATE);
}

static void pruning_takes_nothing_from_a_stamp(void **state)
{
    fixture *f = *state;
    svms_audit_stamp stamp;
    assert_int_equal(keep(f, &authority, f->anchors, MARCH, NULL), SVMS_OK);
    svms_audit_log *log = keep_case_open(f->log);
    keep_case_fill(log, 600, 0);
    const svms_audit_prune_options options = keep_case_options(50);
    (void)keep_case_prune(log, &options);
    keep_case_fill(log, 900, 119);
    assert_int_equal(svms_audit_log_tend(log, NULL), SVMS_OK);
    assert_int_equal(keep_case_prune(log, &options).minimum, 256);
    keep_case_close(&log);
    assert_int_equal(earliest(f, 17, &stamp), SVMS_OK);
    assert_int_equal(stamp.info.gen_time_utc_ns, time_of(MARCH));
}

static void a_folder_that_fails_keeps_a_whole_stamp_or_none(void **state)
{
    fixture *f = *state;
    const svms_audit_stamp_query query = ask(f);
    made reply = answer(&authority, &query, MARCH);
    bool done = false;
    unsigned failing = 1;
    for (; !done; failing++) {
        f->log->folder.calls = 0;
        f->log->folder.fail_at = failing;
        svms_status status = svms_audit_stamp_keep(f->log->ctx, &f->log->view, f->anchors, &query,
                                                   reply.data, reply.size, NULL, NULL);
        done = f->log->folder.calls < failing;
        f->log->folder.fail_at = 0;
        assert_int_equal(status, done ? SVMS_OK : SVMS_E_IO);
        told all = list(f, f->anchors);
        assert_int_equal(all.count, done ? 1 : 0);
    }
    assert_true(failing > 5);
    assert_int_equal(list(f, f->anchors).status[0], SVMS_OK);
    free(reply.data);
}

static void memory_that_runs_out_is_no_verdict(void **state)
{
    fixture *f = *state;
    bool done = false;
    size_t failing = 1;
    assert_int_equal(keep(f, &authority, f->anchors, MARCH, NULL), SVMS_OK);
    for (; !done; failing++) {
        svms_audit_stamp stamp = SVMS_AUDIT_STAMP_INIT;
        f->log->allocations = 0;
        f->log->failing = failing;
        svms_status status = earliest(f, 0, &stamp);
        f->log->failing = 0;
        done = f->log->allocations < failing;
        assert_int_equal(status, done ? SVMS_OK : SVMS_E_NO_MEMORY);
    }
    assert_true(failing > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_stamp_attests_the_records_below_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_earliest_time_counts_not_the_smallest_size, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(only_what_is_trusted_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_to_another_question_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_changed_attests_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stamp_on_records_that_are_missing_is_told, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_checkpoint_that_is_not_the_logs_is_not_stamped, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(pruning_takes_nothing_from_a_stamp, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_that_fails_keeps_a_whole_stamp_or_none, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(memory_that_runs_out_is_no_verdict, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, make_parties, free_parties);
}
