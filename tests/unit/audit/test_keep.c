/* SPDX-License-Identifier: Apache-2.0 */
/* Retention: what goes, what stays, and what is said about it. */
#define _GNU_SOURCE
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "keep_case.h"
#include "log_internal.h"

static int set_up(void **state)
{
    *state = keep_case_new();
    keep_case_build(*state);
    return 0;
}

static int set_up_empty(void **state)
{
    *state = keep_case_new();
    return 0;
}

static int tear_down(void **state)
{
    keep_case_free(*state);
    return 0;
}

static bool is_there(keep_case *f, uint64_t index)
{
    keep_case_record record;
    return keep_case_read(f, index, &record);
}

static svms_audit_pruned prune(keep_case *f, unsigned before_day, unsigned evidence_day)
{
    svms_audit_log *log = keep_case_open(f);
    svms_audit_prune_options options = keep_case_options(before_day);
    if (evidence_day > 0) {
        options.evidence_before_utc_ns = DAY_ZERO + evidence_day * DAY;
    }
    svms_audit_pruned pruned = keep_case_prune(log, &options);
    keep_case_close(&log);
    return pruned;
}

static svms_audit_hold hold_of(const char *name, uint64_t first, uint64_t last)
{
    svms_audit_hold hold = SVMS_AUDIT_HOLD_INIT;
    hold.name = name;
    hold.first = first;
    hold.last = last;
    return hold;
}

static void hold(keep_case *f, const svms_audit_hold *what)
{
    svms_audit_log *log = keep_case_open(f);
    svms_error err = SVMS_ERROR_INIT;
    if (svms_audit_log_hold(log, what, NULL, NULL, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    keep_case_close(&log);
}

static svms_status try_prune(keep_case *f, const svms_audit_prune_options *options, svms_error *err)
{
    svms_audit_log *log = keep_case_open(f);
    svms_audit_pruned pruned = SVMS_AUDIT_PRUNED_INIT;
    svms_status status = svms_audit_log_prune(log, options, &pruned, err);
    keep_case_close(&log);
    return status;
}

static void old_bundles_go_and_their_hashes_stay(void **state)
{
    keep_case *f = *state;
    uint64_t before = keep_case_survey(f);
    assert_int_equal(before, keep_case_size(f));
    svms_audit_pruned pruned = prune(f, 50, 0);
    assert_int_equal(pruned.minimum, 512);
    /* log.epoch and log.open of day 0, and the export. */
    assert_int_equal(pruned.kept, 3);
    assert_int_equal(pruned.removed, 509);
    assert_int_equal(pruned.later, 0);
    assert_int_equal(pruned.is_waiting, 0);
    assert_int_equal(pruned.stopped_utc_ns, DAY_ZERO + 100 * DAY);
    assert_null(memory_folder_find(&f->folder, "tile/entries/000"));
    assert_null(memory_folder_find(&f->folder, "tile/entries/001"));
    assert_non_null(memory_folder_find(&f->folder, "tile/entries/002"));
    assert_non_null(memory_folder_find(&f->folder, "tile/0/000"));
    assert_non_null(memory_folder_find(&f->folder, "kept/000"));
    assert_null(memory_folder_find(&f->folder, "kept/001"));
    assert_int_equal(keep_case_survey(f), keep_case_size(f) - 509);
}

static void evidence_stays(void **state)
{
    keep_case *f = *state;
    keep_case_record record;
    (void)prune(f, 50, 0);
    assert_true(keep_case_read(f, EVIDENCE_AT, &record));
    assert_non_null(strstr(record.text, "export.create"));
    assert_false(is_there(f, EVIDENCE_AT + 1));
}

static void what_is_not_known_is_no_evidence(void **state)
{
    keep_case *f = *state;
    (void)prune(f, 50, 0);
    assert_false(is_there(f, UNKNOWN_AT));
    assert_false(is_there(f, NO_JSON_AT));
}

static void evidence_goes_when_its_own_time_is_over(void **state)
{
    keep_case *f = *state;
    (void)prune(f, 50, 0);
    svms_audit_pruned pruned = prune(f, 50, 40);
    assert_int_equal(pruned.later, 3);
    assert_int_equal(pruned.removed, 0);
    assert_false(is_there(f, EVIDENCE_AT));
    assert_null(memory_folder_find(&f->folder, "kept/000"));
    /* One for each step. */
    assert_int_equal(keep_case_count(f, "\"event\":\"log.pruned\""), 2);
    assert_int_equal(keep_case_survey(f), keep_case_size(f) - 512);
    pruned = prune(f, 50, 40);
    assert_int_equal(pruned.later, 0);
    assert_int_equal(keep_case_count(f, "\"event\":\"log.pruned\""), 2);
}

static void old_evidence_goes_at_once(void **state)
{
    keep_case *f = *state;
    svms_audit_pruned pruned = prune(f, 50, 40);
    assert_int_equal(pruned.kept, 0);
    assert_int_equal(pruned.removed, 512);
    assert_int_equal(keep_case_survey(f), keep_case_size(f) - 512);
}

static void what_is_held_stays_until_it_is_lifted(void **state)
{
    keep_case *f = *state;
    const svms_audit_hold both = hold_of("case-17", HELD_AT, HELD_AT + 1);
    const svms_audit_hold far = hold_of("case-17", 255, 256);
    hold(f, &both);
    hold(f, &far);
    svms_audit_pruned pruned = prune(f, 50, 40);
    assert_int_equal(pruned.kept, 4);
    assert_true(is_there(f, HELD_AT));
    assert_true(is_there(f, HELD_AT + 1));
    assert_true(is_there(f, 255));
    assert_true(is_there(f, 256));
    assert_false(is_there(f, HELD_AT + 2));
    assert_int_equal(prune(f, 50, 40).later, 0);

    svms_audit_log *log = keep_case_open(f);
    assert_int_equal(svms_audit_log_lift(log, "case-17", NULL, NULL), SVMS_OK);
    keep_case_close(&log);
    assert_int_equal(keep_case_count(f, "\"event\":\"log.lift\""), 2);
    assert_int_equal(prune(f, 50, 40).later, 4);
    assert_false(is_there(f, HELD_AT));
}

/* A shorter retention than the one of today must not be made up for records that were held. */
static void what_was_lifted_is_still_kept_for_its_time(void **state)
{
    keep_case *f = *state;
    const svms_audit_hold one = hold_of("case", 300, 300);
    hold(f, &one);
    (void)prune(f, 50, 0);
    svms_audit_log *log = keep_case_open(f);
    assert_int_equal(svms_audit_log_lift(log, "case", NULL, NULL), SVMS_OK);
    keep_case_close(&log);
    assert_int_equal(prune(f, 5, 0).later, 0);
    assert_true(is_there(f, 300));
    assert_int_equal(prune(f, 11, 0).later, 1);
    assert_false(is_there(f, 300));
}

static void a_hold_that_has_ended_holds_nothing(void **state)
{
    keep_case *f = *state;
    svms_audit_hold over = hold_of("over", HELD_AT, HELD_AT);
    svms_audit_hold not_yet = hold_of("not-yet", HELD_AT + 1, HELD_AT + 1);
    over.until_utc_ns = f->now_utc_ns;
    not_yet.until_utc_ns = f->now_utc_ns + 1000000;
    hold(f, &over);
    hold(f, &not_yet);
    (void)prune(f, 50, 0);
    assert_false(is_there(f, HELD_AT));
    assert_true(is_there(f, HELD_AT + 1));
}

static void what_cannot_be_asked_for_is_refused(void **state)
{
    keep_case *f = *state;
    svms_error err = SVMS_ERROR_INIT;
    svms_audit_prune_options options = keep_case_options(50);
    options.evidence_before_utc_ns = options.before_utc_ns + 1;
    assert_int_equal(try_prune(f, &options, &err), SVMS_E_USAGE);
    assert_non_null(strstr(err.message, "as long as others"));
    options = keep_case_options(121);
    assert_int_equal(try_prune(f, &options, &err), SVMS_E_USAGE);
    assert_non_null(strstr(err.message, "has not come yet"));
    options = (svms_audit_prune_options)SVMS_AUDIT_PRUNE_OPTIONS_INIT;
    assert_int_equal(try_prune(f, &options, &err), SVMS_E_USAGE);
    options = keep_case_options(50);
    options.is_trial = 2;
    assert_int_equal(try_prune(f, &options, &err), SVMS_E_USAGE);
    assert_int_equal(keep_case_survey(f), keep_case_size(f));
}

static void a_trial_changes_nothing(void **state)
{
    keep_case *f = *state;
    svms_audit_log *log = keep_case_open(f);
    svms_audit_prune_options options = keep_case_options(50);
    options.is_trial = 1;
    svms_audit_pruned pruned = keep_case_prune(log, &options);
    assert_int_equal(pruned.removed, 509);
    assert_int_equal(pruned.kept, 3);
    assert_int_equal(pruned.minimum, 512);
    keep_case_close(&log);
    assert_null(memory_folder_find(&f->folder, "minimum"));
    assert_null(memory_folder_find(&f->folder, "kept/000"));
    assert_int_equal(keep_case_count(f, "\"event\":\"log.pruned\""), 0);
    assert_int_equal(keep_case_survey(f), keep_case_size(f));
}

static void nothing_old_is_nothing_said(void **state)
{
    keep_case *f = *state;
    svms_audit_pruned pruned = prune(f, 0, 0);
    assert_int_equal(pruned.minimum, 0);
    assert_int_equal(pruned.removed, 0);
    assert_int_equal(keep_case_count(f, "\"event\":\"log.pruned\""), 0);
}

static void a_pruned_log_goes_on(void **state)
{
    keep_case *f = *state;
    (void)prune(f, 50, 0);
    for (unsigned day = 121; day < 124; day++) {
        svms_audit_log *log = keep_case_open(f);
        f->now_utc_ns = DAY_ZERO + day * DAY;
        keep_case_fill(log, (day - 116) * 256, day);
        assert_int_equal(svms_audit_log_tend(log, NULL), SVMS_OK);
        keep_case_close(&log);
        assert_int_equal(keep_case_survey(f), keep_case_size(f) - 509);
    }
    assert_int_equal(prune(f, 101, 0).is_waiting, 0);
    assert_int_equal(prune(f, 101, 0).minimum, 768);
}

/* The third bundle is free, the fourth is what the journal begins in. */
static void what_the_journal_has_stays_until_the_journal_goes_on(void **state)
{
    keep_case *f = *state;
    svms_audit_pruned pruned = prune(f, 119, 0);
    assert_int_equal(pruned.minimum, 768);
    assert_int_equal(pruned.is_waiting, 1);
    assert_non_null(memory_folder_find(&f->folder, "tile/entries/003"));
    svms_audit_log *log = keep_case_open(f);
    keep_case_fill(log, 1300, 120);
    assert_int_equal(svms_audit_log_tend(log, NULL), SVMS_OK);
    const svms_audit_prune_options options = keep_case_options(119);
    pruned = keep_case_prune(log, &options);
    keep_case_close(&log);
    assert_int_equal(pruned.minimum, 1024);
    assert_null(memory_folder_find(&f->folder, "tile/entries/003"));
    assert_true(keep_case_survey(f) < keep_case_size(f));
}

static void one_record_of_another_day_decides(void **state)
{
    keep_case *f = *state;
    svms_audit_log *log = keep_case_open(f);
    keep_case_fill(log, 100, 0);
    keep_case_add(log, "login.logout", 90);
    keep_case_fill(log, 770, 0);
    f->now_utc_ns = DAY_ZERO + 120 * DAY;
    svms_audit_prune_options options = keep_case_options(50);
    options.attested_size = 101;
    (void)keep_case_prune(log, &options);
    keep_case_fill(log, 1030, 0);
    assert_int_equal(svms_audit_log_tend(log, NULL), SVMS_OK);
    options.attested_size = 0;
    svms_audit_pruned pruned = keep_case_prune(log, &options);
    assert_int_equal(pruned.minimum, 0);
    assert_int_equal(pruned.stopped_utc_ns, DAY_ZERO + 90 * DAY);
    options.attested_size = 101;
    pruned = keep_case_prune(log, &options);
    assert_int_equal(pruned.minimum, 768);
    keep_case_close(&log);
    assert_false(is_there(f, 100));
}

static void what_tells_no_time_is_as_old_as_what_follows(void **state)
{
    keep_case *f = *state;
    svms_audit_log *log = keep_case_open(f);
    const svms_iovec run = { "no JSON", 7 };
    uint64_t number;
    keep_case_fill(log, 256, 0);
    for (unsigned i = 0; i < 256; i++) {
        assert_int_equal(svms_audit_log_append(log, &run, 1, &number, NULL), SVMS_OK);
    }
    keep_case_fill(log, 1000, 40);
    f->now_utc_ns = DAY_ZERO + 120 * DAY;
    svms_audit_prune_options options = keep_case_options(30);
    (void)keep_case_prune(log, &options);
    keep_case_fill(log, 1100, 40);
    assert_int_equal(svms_audit_log_tend(log, NULL), SVMS_OK);
    assert_int_equal(keep_case_prune(log, &options).minimum, 256);
    options = keep_case_options(50);
    assert_int_equal(keep_case_prune(log, &options).minimum, 768);
    keep_case_close(&log);
    assert_int_equal(keep_case_count(f, "no JSON"), 0);
}

static void what_was_changed_is_not_pruned(void **state)
{
    keep_case *f = *state;
    svms_error err = SVMS_ERROR_INIT;
    const svms_audit_prune_options options = keep_case_options(50);
    memory_file *bundle = memory_folder_find(&f->folder, "tile/entries/001");
    assert_non_null(bundle);
    bundle->data[40] ^= 1;
    assert_int_equal(try_prune(f, &options, &err), SVMS_E_NOT_AUTHENTIC);
    assert_string_equal(err.message, "record 256 is not the one that the log had");
    bundle->data[40] ^= 1;
    assert_non_null(memory_folder_find(&f->folder, "tile/entries/000"));
    assert_null(memory_folder_find(&f->folder, "minimum"));
    assert_int_equal(keep_case_survey(f), keep_case_size(f));

    int os_error = 0;
    assert_int_equal(f->view.remove(f->view.user, "tile/entries/001", &os_error), SVMS_OK);
    assert_int_equal(try_prune(f, &options, &err), SVMS_E_NOT_AUTHENTIC);
    assert_string_equal(err.message, "records 256 to 511 are missing");
}

static void what_was_kept_and_changed_is_told(void **state)
{
    keep_case *f = *state;
    svms_error err = SVMS_ERROR_INIT;
    svms_audit_prune_options options = keep_case_options(50);
    (void)prune(f, 50, 0);
    memory_file *kept = memory_folder_find(&f->folder, "kept/000");
    assert_non_null(kept);
    kept->data[40] ^= 1;
    options.evidence_before_utc_ns = DAY_ZERO + 40 * DAY;
    assert_int_equal(try_prune(f, &options, &err), SVMS_E_NOT_AUTHENTIC);
    assert_string_equal(err.message, "record 0 is not the one that the log had");
    kept->data[1] = 9;
    kept->data[0] = 9;
    assert_int_equal(try_prune(f, &options, &err), SVMS_E_MALFORMED);
    assert_non_null(strstr(err.message, "\"kept/000\""));
}

static void parts_of_a_bundle_go_with_it(void **state)
{
    keep_case *f = *state;
    int os_error = 0;
    assert_int_equal(f->view.put(f->view.user, "tile/entries/000.p/17", "x", 1, 1, &os_error),
                     SVMS_OK);
    (void)prune(f, 50, 0);
    assert_null(memory_folder_find(&f->folder, "tile/entries/000.p/17"));
}

static void announcements_stay_for_ever(void **state)
{
    keep_case *f = *state;
    (void)prune(f, 50, 40);
    svms_audit_log *log = keep_case_open(f);
    /* What is of day 120 gets old, and its journal free. */
    keep_case_fill(log, 1500, 120);
    f->now_utc_ns = DAY_ZERO + 400 * DAY;
    svms_audit_prune_options options = keep_case_options(300);
    options.evidence_before_utc_ns = options.before_utc_ns;
    (void)keep_case_prune(log, &options);
    keep_case_fill(log, 1800, 400);
    assert_int_equal(svms_audit_log_tend(log, NULL), SVMS_OK);
    svms_audit_pruned pruned = keep_case_prune(log, &options);
    assert_true(pruned.minimum > 1100);
    keep_case_close(&log);
    assert_true(keep_case_count(f, "\"event\":\"log.pruned\"") >= 2);
    assert_int_equal(prune(f, 300, 300).later, 0);
    assert_int_equal(keep_case_count(f, "\"first\":0,\"last\":511,\"kept\":0"), 1);
    (void)keep_case_survey(f);
}

static void who_prunes_and_holds_is_told(void **state)
{
    keep_case *f = *state;
    svms_audit_log *log = keep_case_open(f);
    svms_audit_event by = SVMS_AUDIT_EVENT_INIT;
    svms_audit_prune_options options = keep_case_options(50);
    const svms_audit_hold one = hold_of("case", HELD_AT, HELD_AT);
    uint64_t gone = 0;
    by.server = "console";
    by.actor_kind = SVMS_AUDIT_ACTOR_USER;
    by.actor_id = "alice";
    by.reason = "court order";
    options.by = &by;
    (void)keep_case_prune(log, &options);
    assert_int_equal(svms_audit_log_hold(log, &one, &by, &gone, NULL), SVMS_OK);
    assert_int_equal(gone, 1);
    assert_int_equal(svms_audit_log_lift(log, "case", &by, NULL), SVMS_OK);
    keep_case_close(&log);
    assert_int_equal(keep_case_count(f, "\"id\":\"alice\""), 3);
    assert_int_equal(keep_case_count(f, "\"server\":\"console\""), 3);
    assert_int_equal(keep_case_count(f, "\"hold\":\"case\",\"first\":40,\"last\":40"), 2);
    assert_int_equal(keep_case_count(f, "\"before\":\"2026-02-20T00:00:00.000Z\",\"first\":0,"
                                        "\"last\":511,\"kept\":3"),
                     1);
}

static svms_status count_holds(void *user, const svms_audit_hold *told)
{
    unsigned *count = user;
    assert_string_equal(told->name, *count == 0 ? "A" : "b.c-d_9");
    assert_int_equal(told->first, *count);
    assert_int_equal(told->last, 5);
    (*count)++;
    return SVMS_OK;
}

static svms_status stop_at_once(void *user, const svms_audit_hold *told)
{
    (void)user;
    (void)told;
    return SVMS_E_STATE;
}

static void holds_are_listed(void **state)
{
    keep_case *f = *state;
    const svms_audit_hold first = hold_of("A", 0, 5);
    const svms_audit_hold second = hold_of("b.c-d_9", 1, 5);
    unsigned count = 0;
    svms_audit_log *log = keep_case_open(f);
    keep_case_fill(log, 6, 0);
    keep_case_close(&log);
    assert_int_equal(svms_audit_holds(f->ctx, &f->view, count_holds, &count, NULL), SVMS_OK);
    assert_int_equal(count, 0);
    hold(f, &first);
    hold(f, &second);
    hold(f, &second);
    assert_int_equal(svms_audit_holds(f->ctx, &f->view, count_holds, &count, NULL), SVMS_OK);
    assert_int_equal(count, 2);
    assert_int_equal(svms_audit_holds(f->ctx, &f->view, stop_at_once, NULL, NULL), SVMS_E_STATE);
    assert_int_equal(keep_case_count(f, "\"event\":\"log.hold\""), 3);
}

static void holds_that_are_none_are_refused(void **state)
{
    keep_case *f = *state;
    svms_audit_log *log = keep_case_open(f);
    static const char *const names[] = { "", "two words", "a/b", "\xc3\xa4", NULL };
    char longest[66];
    memset(longest, 'x', sizeof longest);
    longest[65] = '\0';
    svms_audit_hold bad = hold_of(longest, 0, 1);
    assert_int_equal(svms_audit_log_hold(log, &bad, NULL, NULL, NULL), SVMS_E_USAGE);
    longest[64] = '\0';
    assert_int_equal(svms_audit_log_hold(log, &bad, NULL, NULL, NULL), SVMS_OK);
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        bad = hold_of(names[i], 0, 1);
        assert_int_equal(svms_audit_log_hold(log, &bad, NULL, NULL, NULL), SVMS_E_USAGE);
    }
    bad = hold_of("x", 2, 1);
    assert_int_equal(svms_audit_log_hold(log, &bad, NULL, NULL, NULL), SVMS_E_USAGE);
    bad = hold_of("x", 0, 1000000);
    assert_int_equal(svms_audit_log_hold(log, &bad, NULL, NULL, NULL), SVMS_E_USAGE);
    bad = hold_of("x", 0, 1);
    bad.until_utc_ns = INT64_MAX;
    assert_int_equal(svms_audit_log_hold(log, &bad, NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_log_lift(log, "x", NULL, NULL), SVMS_E_STATE);
    assert_int_equal(svms_audit_log_lift(log, NULL, NULL, NULL), SVMS_E_USAGE);
    keep_case_close(&log);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

static void remove_tree(const char *path)
{
    assert_int_equal(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

typedef struct appender {
    svms_audit_log *log;
    unsigned appended;
} appender;

static void *append_some(void *user)
{
    appender *self = user;
    static const char text[] =
        "{\"v\":1,\"time\":\"2026-05-01T00:00:00.000Z\",\"event\":\"x.beside\"}";
    const svms_iovec run = { text, sizeof text - 1 };
    uint64_t number;
    for (unsigned i = 0; i < 400; i++) {
        self->appended += svms_audit_log_append(self->log, &run, 1, &number, NULL) == SVMS_OK;
        if (i % 50 == 0 && svms_audit_log_tend(self->log, NULL) != SVMS_OK) {
            self->appended = 0;
        }
    }
    return NULL;
}

/* In a folder of the file system, which several threads may use. */
static void it_goes_on_beside_appends(void **state)
{
    keep_case *f = *state;
    char path[] = "/tmp/svms-keep-XXXXXX";
    char key[SVMS_AUDIT_KEY_SIZE];
    svms_folder real = SVMS_FOLDER_INIT;
    assert_non_null(mkdtemp(path));
    assert_int_equal(svms_folder_open(&real, f->ctx, path, 1, NULL), SVMS_OK);
    assert_int_equal(svms_audit_log_create(f->ctx, &real, "vms.example/beside", key, NULL),
                     SVMS_OK);
    svms_folder memory = f->view;
    f->view = real;
    svms_audit_log *log = keep_case_open(f);
    keep_case_fill(log, 1500, 0);
    f->now_utc_ns = DAY_ZERO + 120 * DAY;
    const svms_audit_prune_options options = keep_case_options(119);
    appender one = { log, 0 };
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, append_some, &one), 0);
    uint64_t minimum = 0;
    for (unsigned i = 0; i < 1000 && minimum < 1280; i++) {
        minimum = keep_case_prune(log, &options).minimum;
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(minimum, 1280);
    assert_int_equal(one.appended, 400);
    keep_case_close(&log);
    assert_int_equal(keep_case_count(f, "x.beside"), 400);
    assert_true(keep_case_survey(f) < keep_case_size(f));
    svms_folder_close(&real);
    f->view = memory;
    remove_tree(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(old_bundles_go_and_their_hashes_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(evidence_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_known_is_no_evidence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(evidence_goes_when_its_own_time_is_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(old_evidence_goes_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_held_stays_until_it_is_lifted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_lifted_is_still_kept_for_its_time, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_hold_that_has_ended_holds_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_asked_for_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_trial_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_old_is_nothing_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_pruned_log_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_journal_has_stays_until_the_journal_goes_on,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_record_of_another_day_decides, set_up_empty, tear_down),
        cmocka_unit_test_setup_teardown(what_tells_no_time_is_as_old_as_what_follows, set_up_empty,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_was_changed_is_not_pruned, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_kept_and_changed_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parts_of_a_bundle_go_with_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(announcements_stay_for_ever, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_prunes_and_holds_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(holds_are_listed, set_up_empty, tear_down),
        cmocka_unit_test_setup_teardown(holds_that_are_none_are_refused, set_up_empty, tear_down),
        cmocka_unit_test_setup_teardown(it_goes_on_beside_appends, set_up_empty, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
