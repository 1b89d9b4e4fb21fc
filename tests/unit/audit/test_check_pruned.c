/* SPDX-License-Identifier: Apache-2.0 */
/* Logs that were pruned: what stays is verified, what is gone must have been announced (A-RET-2),
 * and the index hides nothing (A-RD-1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"
#include "keep_case.h"

/* Of the first two bundles: log.epoch, log.open, and the export. */
#define KEPT 3u
#define MINIMUM 512u

static void prune(keep_case *f, unsigned before_day, unsigned evidence_day)
{
    svms_audit_log *log = keep_case_open(f);
    svms_audit_prune_options options = keep_case_options(before_day);
    if (evidence_day > 0) {
        options.evidence_before_utc_ns = DAY_ZERO + evidence_day * DAY;
    }
    (void)keep_case_prune(log, &options);
    keep_case_close(&log);
}

static int set_up(void **state)
{
    keep_case *f = keep_case_new();
    *state = f;
    keep_case_build(f);
    prune(f, 50, 0);
    return 0;
}

static int tear_down(void **state)
{
    keep_case_free(*state);
    return 0;
}

static svms_status check(keep_case *f, svms_audit_report *report, svms_error *err)
{
    *report = (svms_audit_report)SVMS_AUDIT_REPORT_INIT;
    return svms_audit_check(f->ctx, &f->view, NULL, NULL, report, err);
}

static void assert_right(keep_case *f)
{
    svms_audit_report report;
    svms_error err = SVMS_ERROR_INIT;
    if (check(f, &report, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(report.flaws, 0);
    assert_true(report.first_wrong == SVMS_NO_RECORD);
}

/* What is told first is this. */
static void assert_flaw(keep_case *f, svms_audit_flaw flaw, uint64_t first_wrong, const char *words)
{
    svms_audit_report report;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(check(f, &report, &err), SVMS_E_NOT_AUTHENTIC);
    if (report.first.flaw != flaw || !strstr(report.first.words, words)) {
        fail_msg("%s: %s", svms_audit_flaw_name(report.first.flaw), report.first.words);
    }
    assert_int_equal(report.first_wrong, first_wrong);
}

static memory_file *file_of(keep_case *f, const char *name)
{
    memory_file *file = memory_folder_find(&f->folder, name);
    assert_non_null(file);
    return file;
}

static void put(keep_case *f, const char *name, const void *data, size_t size)
{
    int os_error = 0;
    assert_int_equal(f->view.put(f->view.user, name, data, size, 1, &os_error), SVMS_OK);
}

static void a_pruned_log_is_right(void **state)
{
    keep_case *f = *state;
    svms_audit_report report;
    assert_right(f);
    assert_int_equal(check(f, &report, NULL), SVMS_OK);
    assert_int_equal(report.pruned, MINIMUM - KEPT);
    assert_int_equal(report.checked, keep_case_size(f) - (MINIMUM - KEPT));
}

static void a_minimum_that_is_none_or_not_so_is_found(void **state)
{
    keep_case *f = *state;
    static const struct {
        const char *text;
        svms_audit_flaw flaw;
        uint64_t first_wrong;
        const char *words;
    } cases[] = {
        { "", SVMS_AUDIT_FLAW_PRUNED, 0, "\"minimum\": " },
        { "512\n", SVMS_AUDIT_FLAW_PRUNED, 0, "\"minimum\": " },
        { "512\n513\n", SVMS_AUDIT_FLAW_PRUNED, 0, "\"minimum\": " },
        { "300\n300\n", SVMS_AUDIT_FLAW_PRUNED, 0, "\"minimum\": " },
        { "512\n512\nx", SVMS_AUDIT_FLAW_PRUNED, 0, "\"minimum\": " },
        { "999424\n999424\n", SVMS_AUDIT_FLAW_PRUNED, 0, "names record 999424" },
        /* Below what was pruned: */
        { "0\n0\n", SVMS_AUDIT_FLAW_MISSING, 0, "records 0 to 255 are missing" },
        { "256\n256\n", SVMS_AUDIT_FLAW_MISSING, 256, "records 256 to 511 are missing" },
        /* Above what was announced: */
        { "768\n768\n", SVMS_AUDIT_FLAW_PRUNED, 512, "no record in the log announces that" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(f, "minimum", cases[i].text, strlen(cases[i].text));
        assert_flaw(f, cases[i].flaw, cases[i].first_wrong, cases[i].words);
    }
    char *large = calloc(1, SVMS_EPOCHS_TEXT_MAX + 1);
    assert_non_null(large);
    put(f, "minimum", large, SVMS_EPOCHS_TEXT_MAX + 1);
    assert_flaw(f, SVMS_AUDIT_FLAW_PRUNED, 0, "\"minimum\": it is too large");
    free(large);
    put(f, "minimum", "512\n512\n", 8);
    assert_right(f);
}

static void a_missing_minimum_is_found(void **state)
{
    keep_case *f = *state;
    file_of(f, "minimum")->is_there = false;
    assert_flaw(f, SVMS_AUDIT_FLAW_MISSING, 0, "records 0 to 255 are missing");
}

static void every_flipped_byte_of_what_was_kept_is_found(void **state)
{
    static const char *const names[] = { "minimum", "kept/000", "tile/0/000", "tile/0/001" };
    keep_case *f = *state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        memory_file *file = file_of(f, names[i]);
        for (size_t byte = 0; byte < file->size; byte += i < 2 ? 1 : 97) {
            svms_audit_report report;
            file->data[byte] ^= (uint8_t)(1u << byte % 8);
            if (check(f, &report, NULL) != SVMS_E_NOT_AUTHENTIC) {
                fail_msg("byte %zu of %s", byte, names[i]);
            }
            file->data[byte] ^= (uint8_t)(1u << byte % 8);
        }
    }
    assert_right(f);
}

static void kept_records_that_are_gone_are_found(void **state)
{
    keep_case *f = *state;
    memory_file *file = file_of(f, "kept/000");
    size_t whole = file->size;
    size_t first = 4u + ((size_t)file->data[2] << 8 | file->data[3]);
    file->is_there = false;
    assert_flaw(f, SVMS_AUDIT_FLAW_PRUNED, 0,
                "of the records from 0 to 511 3 were to stay, and 0 are there");
    file->is_there = true;
    file->size = first;
    assert_flaw(f, SVMS_AUDIT_FLAW_PRUNED, 0, "3 were to stay, and 1 are there");
    file->size = 0;
    assert_flaw(f, SVMS_AUDIT_FLAW_RECORD, 0, "is in a file that is none");
    file->size = whole;
    assert_right(f);
}

/* A file that tells of records that never were kept does not make up for those that were. */
static void what_was_never_in_the_log_is_not_taken_for_kept(void **state)
{
    keep_case *f = *state;
    static const uint8_t other[] = { 0, 3, 0, 2, '{', '}' };
    put(f, "kept/001", other, sizeof other);
    assert_flaw(f, SVMS_AUDIT_FLAW_RECORD, 256 + 3, "which was kept, is not what was signed");
}

static void a_kept_record_needs_its_tile(void **state)
{
    keep_case *f = *state;
    svms_audit_report report;
    file_of(f, "tile/0/000")->is_there = false;
    assert_int_equal(check(f, &report, NULL), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(report.first.flaw, SVMS_AUDIT_FLAW_MISSING);
    assert_int_equal(report.first_wrong, 0);
}

/* Each step of a pruning can be the last before a crash (A-RET-6). */
static void an_interrupted_pruning_is_no_fault(void **state)
{
    keep_case *f = *state;
    keep_case *before = keep_case_new();
    static const char *const names[] = { "tile/entries/000", "tile/entries/001" };
    svms_audit_report report;
    keep_case_build(before);
    for (size_t i = 0; i < 2; i++) {
        const memory_file *file = file_of(before, names[i]);
        /* Of other random ids: they count for nothing. */
        put(f, names[i], file->data, file->size);
    }
    put(f, "minimum", "512\n0\n", 6);
    assert_right(f);
    assert_int_equal(check(f, &report, NULL), SVMS_OK);
    assert_int_equal(report.pruned, MINIMUM - KEPT);
    keep_case_free(before);
}

/* Announced and not begun: more is there than was to stay. */
static void an_announcement_that_nothing_followed_is_no_fault(void **state)
{
    (void)state;
    keep_case *f = keep_case_new();
    keep_case_build(f);
    memory_folder before;
    memory_folder_copy(&before, &f->folder);
    prune(f, 50, 0);
    static const char *const names[] = { "tile/entries/000", "tile/entries/001" };
    for (size_t i = 0; i < 2; i++) {
        const memory_file *file = memory_folder_find(&before, names[i]);
        assert_non_null(file);
        put(f, names[i], file->data, file->size);
    }
    file_of(f, "minimum")->is_there = false;
    svms_audit_report report;
    assert_right(f);
    assert_int_equal(check(f, &report, NULL), SVMS_OK);
    assert_int_equal(report.pruned, 0);
    memory_folder_free(&before);
    keep_case_free(f);
}

static void hold(keep_case *f, uint64_t record)
{
    svms_audit_hold what = SVMS_AUDIT_HOLD_INIT;
    svms_audit_log *log = keep_case_open(f);
    what.name = "case-17";
    what.first = record;
    what.last = record;
    assert_int_equal(svms_audit_log_hold(log, &what, NULL, NULL, NULL), SVMS_OK);
    keep_case_close(&log);
}

/* A-RET-7: evidence of the first bundle goes, and what is held in the second is still accounted
 * for. */
static void the_second_step_accounts_for_all_that_stays(void **state)
{
    (void)state;
    keep_case *f = keep_case_new();
    keep_case_build(f);
    hold(f, 300);
    prune(f, 50, 0);
    assert_right(f);
    prune(f, 50, 40);
    assert_null(memory_folder_find(&f->folder, "kept/000"));
    assert_right(f);
    assert_int_equal(keep_case_count(f, "\"first\":0,\"last\":511,\"kept\":1"), 1);
    memory_file *held = file_of(f, "kept/001");
    held->is_there = false;
    assert_flaw(f, SVMS_AUDIT_FLAW_PRUNED, 0, "1 were to stay, and 0 are there");
    held->is_there = true;
    assert_right(f);
    keep_case_free(f);
}

static void append_text(keep_case *f, const char *event, const char *details)
{
    char text[512];
    svms_audit_log *log = keep_case_open(f);
    uint64_t number;
    int size = snprintf(text, sizeof text,
                        "{\"v\":1,\"id\":\"00112233445566778899aabbccddeeff\",\"time\":"
                        "\"2026-05-01T00:00:00.000Z\",\"event\":\"%s\",\"outcome\":\"success\","
                        "\"details\":%s}",
                        event, details);
    const svms_iovec run = { text, (size_t)size };
    assert_int_equal(svms_audit_log_append(log, &run, 1, &number, NULL), SVMS_OK);
    keep_case_close(&log);
}

static void what_is_no_announcement_announces_nothing(void **state)
{
    static const char *const none[][2] = {
        { "log.pruned", "{}" },
        { "log.pruned", "{\"first\":512,\"last\":767}" },
        { "log.pruned", "{\"first\":767,\"last\":512,\"kept\":0}" },
        { "log.pruned", "{\"first\":\"512\",\"last\":767,\"kept\":0}" },
        { "log.pruned", "{\"first\":512,\"last\":600,\"kept\":0}" },
        { "log.pruned", "[" },
        { "x.pruned", "{\"first\":512,\"last\":767,\"kept\":0,\"event\":\"log.pruned\"}" },
    };
    keep_case *f = *state;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        append_text(f, none[i][0], none[i][1]);
    }
    assert_right(f);
    put(f, "minimum", "768\n768\n", 8);
    assert_flaw(f, SVMS_AUDIT_FLAW_PRUNED, 512, "no record in the log announces that");
    append_text(f, "log.pruned", "{\"first\":512,\"last\":767,\"kept\":0}");
    assert_right(f);
}

static void there_is_an_end_to_announcements(void **state)
{
    keep_case *f = *state;
    svms_error err = SVMS_ERROR_INIT;
    svms_check at;
    memset(&at, 0, sizeof at);
    at.ctx = f->ctx;
    at.pruning_count = 65536;
    at.pruning_capacity = 65536;
    assert_int_equal(svms_check_add_pruning(&at, 0, 255, 0, &err), SVMS_E_LIMIT);
    assert_string_equal(err.message, "the log was pruned more than 65536 times");
}

static void what_the_index_hides_is_found(void **state)
{
    keep_case *f = *state;
    memory_file *index = file_of(f, "index");
    assert_int_equal(index->size, 4 * SVMS_BUNDLE_INDEX_ENTRY_SIZE);
    for (size_t bundle = 0; bundle < 4; bundle++) {
        bool is_pruned = bundle < 2;
        svms_audit_report report;
        svms_bundle_index_entry entry;
        uint8_t *bytes = index->data + bundle * SVMS_BUNDLE_INDEX_ENTRY_SIZE;
        svms_bundle_index_entry_parse(&entry, bytes);
        const svms_bundle_index_entry changed[] = {
            { entry.earliest_utc_ns + 2 * DAY, entry.latest_utc_ns + 2 * DAY, entry.bundle_size,
              entry.events },
            { entry.earliest_utc_ns, entry.latest_utc_ns, entry.bundle_size, 0 },
            { entry.earliest_utc_ns, entry.earliest_utc_ns - 1, entry.bundle_size, entry.events },
            /* Which hide nothing: */
            { entry.earliest_utc_ns - 1, entry.latest_utc_ns, entry.bundle_size, entry.events },
            { entry.earliest_utc_ns, entry.latest_utc_ns, entry.bundle_size + 1, entry.events },
        };
        for (size_t i = 0; i < sizeof changed / sizeof changed[0]; i++) {
            /* Of the second bundle nothing was kept. */
            bool is_found = is_pruned ? bundle == 0 && i < 3 : true;
            svms_bundle_index_entry_store(&changed[i], bytes);
            svms_status status = check(f, &report, NULL);
            if (status != (is_found ? SVMS_E_NOT_AUTHENTIC : SVMS_OK)) {
                fail_msg("change %zu of bundle %zu", i, bundle);
            }
            assert_true(report.first_wrong == SVMS_NO_RECORD);
            assert_true(!is_found || (report.first.flaw == SVMS_AUDIT_FLAW_INDEX &&
                                      report.first.record == bundle * SVMS_TILE_WIDTH));
        }
        svms_bundle_index_entry_store(&entry, bytes);
    }
    assert_right(f);
}

static void an_index_that_says_nothing_hides_nothing(void **state)
{
    keep_case *f = *state;
    memory_file *index = file_of(f, "index");
    memset(index->data + (size_t)2 * SVMS_BUNDLE_INDEX_ENTRY_SIZE, 0, SVMS_BUNDLE_INDEX_ENTRY_SIZE);
    assert_right(f);
    index->size -= 5;
    assert_right(f);
    index->size = 0;
    assert_right(f);
    index->is_there = false;
    assert_right(f);
}

static void what_cannot_be_read_is_not_called_gone(void **state)
{
    keep_case *f = *state;
    unsigned failing = 1;
    for (bool done = false; !done; failing++) {
        svms_audit_report report;
        f->folder.calls = 0;
        f->folder.fail_at = failing;
        f->folder.heals = true;
        svms_status status = check(f, &report, NULL);
        done = f->folder.calls < failing;
        f->folder.fail_at = 0;
        if (status != (done ? SVMS_OK : SVMS_E_IO)) {
            fail_msg("call %u: %s, %s", failing, svms_status_name(status), report.first.words);
        }
        assert_true(done || report.unreadable > 0);
        assert_true(report.first_wrong == SVMS_NO_RECORD);
    }
    assert_true(failing > 50);
}

/* Somebody appends while the log is verified. */
typedef struct appender {
    keep_case *f;
    bool is_far;       /* the journal begins behind what is verified */
    const char *takes; /* a file, away, when all records were looked at */
    bool is_done;
} appender;

static int go_on(void *user, uint64_t done, uint64_t total)
{
    appender *by = user;
    bool is_time = by->takes ? done == total : done > 0;
    if (!is_time || by->is_done) {
        return 0;
    }
    by->is_done = true;
    svms_audit_log *log = keep_case_open(by->f);
    if (by->is_far) {
        by->f->now_utc_ns = DAY_ZERO + 400 * DAY;
        svms_audit_prune_options options = keep_case_options(300);
        (void)keep_case_prune(log, &options);
        keep_case_fill(log, 1900, 400);
    }
    assert_int_equal(svms_audit_log_tend(log, NULL), SVMS_OK);
    keep_case_close(&log);
    if (by->takes) {
        file_of(by->f, by->takes)->is_there = false;
    }
    return 0;
}

static uint64_t journal_begins(keep_case *f)
{
    uint64_t first = UINT64_MAX;
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        const memory_file *file = &f->folder.file[i];
        if (file->is_there && strncmp(file->name, "journal/", 8) == 0) {
            uint64_t number = strtoull(file->name + 8, NULL, 16);
            first = number < first ? number : first;
        }
    }
    return first;
}

/* Two segments, of which the first can go: all that it has is in full bundles. */
static keep_case *make_free_segment(void)
{
    keep_case *f = keep_case_new();
    keep_case_build(f);
    svms_audit_log *log = keep_case_open(f);
    svms_audit_prune_options options = keep_case_options(110);
    assert_int_equal(keep_case_prune(log, &options).is_waiting, 1);
    keep_case_fill(log, 1500, 120);
    keep_case_close(&log);
    return f;
}

static void verify_beside(bool is_far, const char *takes, svms_status expected)
{
    keep_case *f = make_free_segment();
    uint64_t size = keep_case_size(f);
    uint64_t begins = journal_begins(f);
    appender by = { f, is_far, takes, false };
    svms_audit_report report = SVMS_AUDIT_REPORT_INIT;
    svms_audit_check_options options = SVMS_AUDIT_CHECK_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.user = &by;
    options.progress = go_on;
    svms_status status = svms_audit_check(f->ctx, &f->view, NULL, &options, &report, &err);
    if (status != expected) {
        fail_msg("%s: %s", svms_status_name(status), err.message);
    }
    assert_true(by.is_done);
    /* The case is the one that was meant. */
    assert_true(journal_begins(f) > begins);
    assert_true(is_far == (journal_begins(f) > size));
    assert_true(report.first_wrong == SVMS_NO_RECORD);
    assert_int_equal(report.published, size);
    if (expected == SVMS_OK) {
        assert_int_equal(report.flaws, 0);
        assert_true(is_far ? report.size == size : report.size > size);
        assert_right(f);
    }
    keep_case_free(f);
}

static void a_log_is_verified_while_its_journal_moves_on(void **state)
{
    (void)state;
    verify_beside(false, NULL, SVMS_OK);
    verify_beside(true, NULL, SVMS_OK);
}

static void a_journal_that_moved_on_needs_the_tiles_before_it(void **state)
{
    (void)state;
    verify_beside(false, "tile/0/004", SVMS_E_IO);
}

static void each_allocation_may_fail(void **state)
{
    keep_case *f = *state;
    bool done = false;
    for (size_t failing = 1; !done; failing++) {
        svms_audit_report report;
        svms_error err = SVMS_ERROR_INIT;
        f->allocations = 0;
        f->failing = failing;
        long live = f->live;
        svms_status status = check(f, &report, &err);
        done = f->allocations < failing;
        f->failing = 0;
        assert_int_equal(f->live, live);
        if (status != (done ? SVMS_OK : SVMS_E_NO_MEMORY)) {
            fail_msg("allocation %zu: %s, %s", failing, svms_status_name(status), err.message);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pruned_log_is_right),
        TEST(a_minimum_that_is_none_or_not_so_is_found),
        TEST(a_missing_minimum_is_found),
        TEST(every_flipped_byte_of_what_was_kept_is_found),
        TEST(kept_records_that_are_gone_are_found),
        TEST(what_was_never_in_the_log_is_not_taken_for_kept),
        TEST(a_kept_record_needs_its_tile),
        TEST(an_interrupted_pruning_is_no_fault),
        cmocka_unit_test(an_announcement_that_nothing_followed_is_no_fault),
        cmocka_unit_test(the_second_step_accounts_for_all_that_stays),
        TEST(what_is_no_announcement_announces_nothing),
        TEST(there_is_an_end_to_announcements),
        TEST(what_the_index_hides_is_found),
        TEST(an_index_that_says_nothing_hides_nothing),
        TEST(what_cannot_be_read_is_not_called_gone),
        cmocka_unit_test(a_log_is_verified_while_its_journal_moves_on),
        cmocka_unit_test(a_journal_that_moved_on_needs_the_tiles_before_it),
        TEST(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
