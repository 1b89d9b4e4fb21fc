/* SPDX-License-Identifier: Apache-2.0 */
/* A pruning that fails or stops anywhere: the log opens, what must stay is there, and the next
 * pruning finishes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "keep_case.h"
#include "log_internal.h"

/* Something for each step: leftovers of a first pruning, evidence that gets old, bundles that do.
 */
static int set_up(void **state)
{
    keep_case *f = keep_case_new();
    svms_audit_hold hold = SVMS_AUDIT_HOLD_INIT;
    keep_case_build(f);
    svms_audit_log *log = keep_case_open(f);
    hold.name = "case";
    hold.first = HELD_AT;
    hold.last = HELD_AT;
    assert_int_equal(svms_audit_log_hold(log, &hold, NULL, NULL, NULL), SVMS_OK);
    const svms_audit_prune_options options = keep_case_options(5);
    assert_int_equal(keep_case_prune(log, &options).minimum, 256);
    keep_case_close(&log);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    keep_case_free(*state);
    return 0;
}

static svms_audit_prune_options all(void)
{
    svms_audit_prune_options options = keep_case_options(119);
    options.evidence_before_utc_ns = DAY_ZERO + 40 * DAY;
    return options;
}

/* Whatever happened before. */
static void finish_and_look(keep_case *f)
{
    const svms_audit_prune_options options = all();
    keep_case_record record;
    svms_audit_log *log = keep_case_open(f);
    keep_case_close(&log);
    (void)keep_case_survey(f);
    assert_true(keep_case_read(f, HELD_AT, &record));
    assert_true(keep_case_read(f, 900, &record));
    log = keep_case_open(f);
    (void)keep_case_prune(log, &options);
    keep_case_close(&log);
    assert_true(keep_case_read(f, HELD_AT, &record));
    assert_false(keep_case_read(f, HELD_AT + 1, &record));
    assert_false(keep_case_read(f, EVIDENCE_AT, &record));
    assert_false(keep_case_read(f, 700, &record));
    assert_null(memory_folder_find(&f->folder, "tile/entries/000"));
    assert_null(memory_folder_find(&f->folder, "tile/entries/001"));
    assert_null(memory_folder_find(&f->folder, "tile/entries/002"));
    assert_null(memory_folder_find(&f->folder, "kept/001"));
    assert_int_equal(keep_case_survey(f), keep_case_size(f) - 767);
}

typedef struct trouble {
    bool heals;
    bool is_lazy;
    size_t keep; /* of what was not made durable */
} trouble;

static void stop_everywhere(keep_case *f, const trouble *how)
{
    memory_folder before;
    const svms_audit_prune_options options = all();
    unsigned failing = 1;
    bool done = false;
    memory_folder_copy(&before, &f->folder);
    for (; !done; failing++) {
        svms_audit_pruned pruned = SVMS_AUDIT_PRUNED_INIT;
        svms_audit_log *log = keep_case_open(f);
        f->folder.is_lazy = how->is_lazy;
        f->folder.heals = how->heals;
        f->folder.calls = 0;
        f->folder.fail_at = failing;
        svms_status status = svms_audit_log_prune(log, &options, &pruned, NULL);
        done = f->folder.calls < failing;
        assert_true(done ? status == SVMS_OK : status == SVMS_OK || status == SVMS_E_IO);
        if (how->heals) {
            /* A segment that could not be begun must not stand in the way. */
            f->folder.fail_at = 0;
            keep_case_add(log, "login.logout", 120);
        }
        status = svms_audit_log_close(&log, NULL);
        assert_true(status == SVMS_OK || (status == SVMS_E_IO && !how->heals));
        memory_folder_crash(&f->folder, how->keep);
        f->folder.is_lazy = false;
        f->folder.heals = false;
        finish_and_look(f);
        keep_case_restore(f, &before);
    }
    memory_folder_free(&before);
    assert_true(failing > 40);
}

static void a_disk_that_fails_and_stays_so(void **state)
{
    const trouble how = { false, false, 0 };
    stop_everywhere(*state, &how);
}

static void a_disk_that_fails_once(void **state)
{
    const trouble how = { true, false, SIZE_MAX };
    stop_everywhere(*state, &how);
}

static void what_was_removed_comes_back(void **state)
{
    const trouble how = { false, true, 0 };
    stop_everywhere(*state, &how);
}

static void memory_that_runs_out(void **state)
{
    keep_case *f = *state;
    memory_folder before;
    const svms_audit_prune_options options = all();
    size_t failing = 1;
    bool done = false;
    memory_folder_copy(&before, &f->folder);
    /* Each of the first ones, and then some of the many that parse records. */
    for (; !done; failing += failing < 60 ? 1 : 61) {
        svms_audit_pruned pruned = SVMS_AUDIT_PRUNED_INIT;
        svms_audit_log *log = keep_case_open(f);
        f->allocations = 0;
        f->failing = failing;
        svms_status status = svms_audit_log_prune(log, &options, &pruned, NULL);
        f->failing = 0;
        done = f->allocations < failing;
        assert_int_equal(status, done ? SVMS_OK : SVMS_E_NO_MEMORY);
        assert_int_equal(svms_audit_log_close(&log, NULL), SVMS_OK);
        f->folder.is_locked = false;
        finish_and_look(f);
        keep_case_restore(f, &before);
    }
    memory_folder_free(&before);
    assert_true(failing > 100);
}

/* Bundles that a pruning had said goodbye to, and that are there again. */
static void leftovers_are_cleared(void **state)
{
    keep_case *f = *state;
    const svms_audit_prune_options options = keep_case_options(50);
    int os_error = 0;
    memory_folder before;
    memory_folder_copy(&before, &f->folder);
    svms_audit_log *log = keep_case_open(f);
    (void)keep_case_prune(log, &options);
    keep_case_close(&log);
    const memory_file *old = memory_folder_find(&before, "tile/entries/001");
    assert_non_null(old);
    assert_int_equal(
        f->view.put(f->view.user, "tile/entries/001", old->data, old->size, 1, &os_error), SVMS_OK);
    assert_int_equal(f->view.put(f->view.user, "minimum", "512\n256\n", 8, 1, &os_error), SVMS_OK);
    log = keep_case_open(f);
    assert_int_equal(keep_case_prune(log, &options).removed, 0);
    keep_case_close(&log);
    assert_null(memory_folder_find(&f->folder, "tile/entries/001"));
    const memory_file *minimum = memory_folder_find(&f->folder, "minimum");
    assert_non_null(minimum);
    assert_int_equal(minimum->size, 8);
    assert_memory_equal(minimum->data, "512\n512\n", 8);
    memory_folder_free(&before);
}

static bool holds_in_force(keep_case *f)
{
    const memory_file *file = memory_folder_find(&f->folder, "holds");
    return file && file->size > 0;
}

/* Where holding or lifting fails, there is too much, never too little. */
static void holding_and_lifting_fail_safely(void **state)
{
    keep_case *f = *state;
    memory_folder before;
    memory_folder_copy(&before, &f->folder);
    for (unsigned step = 0; step < 2; step++) {
        svms_audit_hold hold = SVMS_AUDIT_HOLD_INIT;
        unsigned failing = 1;
        bool done = false;
        hold.name = "new";
        hold.first = 600;
        hold.last = 601;
        for (; !done; failing++) {
            svms_audit_log *log = keep_case_open(f);
            f->folder.calls = 0;
            f->folder.fail_at = failing;
            svms_status status = step == 0 ? svms_audit_log_hold(log, &hold, NULL, NULL, NULL)
                                           : svms_audit_log_lift(log, "case", NULL, NULL);
            done = f->folder.calls < failing;
            svms_status closed = svms_audit_log_close(&log, NULL);
            assert_true(closed == SVMS_OK || closed == SVMS_E_IO);
            memory_folder_crash(&f->folder, 0);
            log = keep_case_open(f);
            keep_case_close(&log);
            uint64_t told =
                keep_case_count(f, step == 0 ? "\"hold\":\"new\"" : "\"event\":\"log.lift\"");
            assert_true(status == SVMS_OK ? told == 1 : told <= 1);
            if (step == 0) {
                assert_true(told == 0 || memory_folder_find(&f->folder, "holds")->size > 20);
            } else {
                assert_int_equal(holds_in_force(f), status != SVMS_OK);
            }
            keep_case_restore(f, &before);
        }
        assert_true(failing > 4);
    }
    memory_folder_free(&before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_disk_that_fails_and_stays_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_disk_that_fails_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_removed_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_that_runs_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leftovers_are_cleared, set_up, tear_down),
        cmocka_unit_test_setup_teardown(holding_and_lifting_fail_safely, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
