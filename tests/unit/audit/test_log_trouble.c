/* SPDX-License-Identifier: Apache-2.0 */
/* What a log says about a clock that jumps, and a disk that fails worse than by being full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <svms/audit_log.h>

#include "memory_folder.h"
#include "published.h"

#define SECOND_NS INT64_C(1000000000)
#define NOW_NS (INT64_C(1800000000) * SECOND_NS)

typedef struct fixture {
    svms_ctx *ctx;
    memory_folder folder;
    svms_folder view;
    svms_audit_log *log;
    int64_t now_utc_ns;
    uint64_t now_ns;
} fixture;

static int64_t utc_now(void *user)
{
    return ((fixture *)user)->now_utc_ns;
}

static uint64_t monotonic_now(void *user)
{
    return ((fixture *)user)->now_ns;
}

static void open_log(fixture *f)
{
    svms_audit_log_options options = SVMS_AUDIT_LOG_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.server = "vms";
    if (svms_audit_log_open(&f->log, f->ctx, &f->view, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

static int set_up(void **state)
{
    char key[SVMS_AUDIT_KEY_SIZE];
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->now_utc_ns = NOW_NS;
    options.user = f;
    options.utc_now = utc_now;
    options.monotonic_now = monotonic_now;
    assert_int_equal(svms_ctx_new(&f->ctx, &options, NULL), SVMS_OK);
    f->view = memory_folder_open(&f->folder);
    assert_int_equal(svms_audit_log_create(f->ctx, &f->view, "vms.example/audit", key, NULL),
                     SVMS_OK);
    open_log(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    memory_folder_free(&f->folder);
    svms_ctx_free(&f->ctx);
    free(f);
    return 0;
}

static svms_status append(fixture *f, const char *text, svms_error *err)
{
    svms_iovec run = { text, strlen(text) };
    uint64_t first;
    return svms_audit_log_append(f->log, &run, 1, &first, err);
}

static void close_log(fixture *f)
{
    assert_int_equal(svms_audit_log_close(&f->log, NULL), SVMS_OK);
}

static uint64_t saying(fixture *f, const char *words)
{
    return published_saying(f->ctx, &f->view, words);
}

typedef struct places {
    int64_t jump;
    int64_t behind;
} places;

static void find_places(void *user, uint64_t index, const svms_bundle_entry *entry)
{
    places *found = user;
    if (entry_says(entry, "\"event\":\"time.jump\"")) {
        found->jump = (int64_t)index;
    }
    if (entry_says(entry, "behind the jump")) {
        found->behind = (int64_t)index;
    }
}

static void a_clock_set_back_is_told_in_front_of_the_next_record(void **state)
{
    fixture *f = *state;
    places found = { -1, -1 };
    assert_int_equal(append(f, "before", NULL), SVMS_OK);
    f->now_utc_ns -= 90 * SECOND_NS;
    assert_int_equal(append(f, "behind the jump", NULL), SVMS_OK);
    assert_int_equal(append(f, "later", NULL), SVMS_OK);
    close_log(f);
    assert_int_equal(saying(f, "\"event\":\"time.jump\""), 1);
    assert_int_equal(saying(f, "\"back_ns\":90000000000"), 1);
    (void)published_each(f->ctx, &f->view, find_places, &found);
    assert_true(found.jump >= 0);
    assert_int_equal(found.behind, found.jump + 1);
}

static void a_clock_that_runs_on_or_is_a_little_off_is_not_told(void **state)
{
    fixture *f = *state;
    static const int64_t steps[] = { 1, -SECOND_NS / 2, -SECOND_NS, 3600 * SECOND_NS, 0 };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        f->now_utc_ns += steps[i];
        assert_int_equal(append(f, "record", NULL), SVMS_OK);
    }
    close_log(f);
    assert_int_equal(saying(f, "\"event\":\"time.jump\""), 0);
}

/* From the next call on everything fails, taking the written part out included. */
static void break_disk(fixture *f)
{
    f->folder.fail_at = f->folder.calls + 1;
    f->folder.heals = false;
}

static void a_write_that_cannot_be_undone_is_undone_when_it_can_be(void **state)
{
    fixture *f = *state;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(append(f, "first", NULL), SVMS_OK);
    break_disk(f);
    assert_int_equal(append(f, "refused", &err), SVMS_E_IO);
    assert_non_null(strstr(err.message, "the log cannot be written"));
    assert_int_equal(append(f, "refused", &err), SVMS_E_IO);
    assert_non_null(strstr(err.message, "cannot be taken out"));
    f->folder.fail_at = 0;
    assert_int_equal(append(f, "second", NULL), SVMS_OK);
    close_log(f);
    assert_int_equal(saying(f, "refused\""), 0);
    assert_int_equal(saying(f, "second"), 1);
    assert_int_equal(published_gaps(f->ctx, &f->view, "storage"), 2);
    open_log(f);
    close_log(f);
    assert_int_equal(saying(f, "\"event\":\"log.quarantine\""), 0);
    assert_int_equal(saying(f, "second"), 1);
}

/* A key that takes over, or a segment that begins, behind a part of a group that is still in the
 * journal would make the log one that never opens again. */
static void nothing_is_begun_behind_a_write_that_was_not_undone(void **state)
{
    fixture *f = *state;
    svms_audit_head before = SVMS_AUDIT_HEAD_INIT;
    svms_audit_head after = SVMS_AUDIT_HEAD_INIT;
    assert_int_equal(append(f, "first", NULL), SVMS_OK);
    assert_int_equal(svms_audit_log_head(f->log, &before, NULL), SVMS_OK);
    break_disk(f);
    assert_int_equal(append(f, "refused", NULL), SVMS_E_IO);
    f->now_ns += UINT64_C(90000) * SECOND_NS;
    /* Only taking it out fails now; handing over could be written. */
    f->folder.fail_at = f->folder.calls + 1;
    f->folder.heals = true;
    assert_int_equal(svms_audit_log_tend(f->log, NULL), SVMS_E_IO);
    assert_int_equal(svms_audit_log_head(f->log, &after, NULL), SVMS_OK);
    assert_int_equal(after.epoch, before.epoch);
    /* A crash here leaves what a crash may leave. */
    memory_folder_crash(&f->folder, SIZE_MAX);
    svms_status ignored = svms_audit_log_close(&f->log, NULL);
    assert_true(ignored == SVMS_OK || ignored == SVMS_E_IO);
    open_log(f);
    close_log(f);
    assert_int_equal(saying(f, "first"), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_clock_set_back_is_told_in_front_of_the_next_record),
        CASE(a_clock_that_runs_on_or_is_a_little_off_is_not_told),
        CASE(a_write_that_cannot_be_undone_is_undone_when_it_can_be),
        CASE(nothing_is_begun_behind_a_write_that_was_not_undone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
