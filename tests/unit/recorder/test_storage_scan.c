/* SPDX-License-Identifier: Apache-2.0 */
/* The index can always be made again of what the storages hold, and is whenever it must. */
#include "store_case.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <storage_scan.h>

static void record(store_case *c, int first, int count)
{
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, first, count, 0);
    camera_store_close(&c->store);
}

/* Three containers with gaps between them and within one. */
static void record_some(store_case *c)
{
    record(c, 0, 100);
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, 200, 50, 0);
    assert_int_equal(camera_store_gap(c->store, SVMS_GAP_SIGNAL_LOST, &c->err), SVMS_OK);
    store_case_put(c, 300, 50, 0);
    camera_store_close(&c->store);
    record(c, 2000, 100);
}

static void reopen(store_case *c, ledger *book)
{
    recorder_index_close(&c->parts.index);
    if (storage_index_open(&c->parts, book, &c->err) != SVMS_OK) {
        fail_msg("%s", c->err.message);
    }
}

static void remove_index(store_case *c)
{
    static const char *const endings[] = { "", "-wal", "-shm" };
    recorder_index_close(&c->parts.index);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", c->index, endings[i]);
        (void)unlink(path);
    }
}

static void expect_index(store_case *c, const char *before, bool with_gaps)
{
    char *now = store_case_index_text(c, with_gaps);
    assert_string_equal(now, before);
    free(now);
}

static void an_index_that_is_missing_is_made_as_it_was(void **state)
{
    store_case *c = *state;
    record_some(c);
    char *before = store_case_index_text(c, false);
    assert_non_null(strstr(before, "/000002-"));
    remove_index(c);
    reopen(c, NULL);
    expect_index(c, before, false);
    assert_int_equal(store_case_events(c, "index.rebuilt"), 1);
    free(before);
    /* Between containers it is seen that something is missing, though not why. */
    char *text = store_case_index_text(c, true);
    assert_non_null(strstr(text, "gap gate-1 1767225610000000000-1767225620000000000 unspecified"));
    assert_non_null(strstr(text, "gap gate-1 1767225635000000000-1767225800000000000 unspecified"));
    free(text);
}

static void one_that_is_there_is_made_anew_with_its_gaps(void **state)
{
    store_case *c = *state;
    record_some(c);
    char *before = store_case_index_text(c, true);
    assert_non_null(strstr(before, "signal lost"));
    assert_non_null(strstr(before, "restart"));
    assert_int_equal(storage_scan(&c->parts, NULL, &c->err), SVMS_OK);
    expect_index(c, before, true);
    free(before);
}

static void one_that_is_as_it_should_be_stays_as_it_is(void **state)
{
    store_case *c = *state;
    record_some(c);
    char *before = store_case_index_text(c, true);
    reopen(c, NULL);
    expect_index(c, before, true);
    assert_int_equal(store_case_events(c, "index.rebuilt"), 0);
    assert_int_equal(store_case_events(c, "index.mended"), 0);
    free(before);
}

static void one_that_is_damaged_is_put_aside_and_made_anew(void **state)
{
    store_case *c = *state;
    char aside[128];
    record_some(c);
    char *before = store_case_index_text(c, false);
    remove_index(c);
    store_case_write(c->index, "this is no index of anything, and never was one", 47, 0600);
    reopen(c, NULL);
    expect_index(c, before, false);
    snprintf(aside, sizeof aside, "%s.damaged", c->index);
    assert_int_equal(access(aside, F_OK), 0);
    free(before);
}

static void one_that_is_damaged_inside_is_made_anew(void **state)
{
    store_case *c = *state;
    char noise[4096];
    struct stat is;
    record_some(c);
    char *before = store_case_index_text(c, false);
    recorder_index_close(&c->parts.index);
    memset(noise, 0xA5, sizeof noise);
    assert_int_equal(stat(c->index, &is), 0);
    int handle = open(c->index, O_WRONLY | O_CLOEXEC);
    assert_true(handle >= 0);
    for (off_t at = sizeof noise; at < is.st_size; at += (off_t)sizeof noise) {
        assert_int_equal(pwrite(handle, noise, sizeof noise, at), (ssize_t)sizeof noise);
    }
    assert_int_equal(close(handle), 0);
    reopen(c, NULL);
    expect_index(c, before, false);
    free(before);
}

static void what_came_went_or_grew_meanwhile_is_mended(void **state)
{
    store_case *c = *state;
    char path[256];
    char command[600];
    struct stat is;
    record_some(c);
    char *all = store_case_index_text(c, false);
    store_case_file(c, ".svms", 1, path);
    snprintf(command, sizeof command, "mv %s %s/aside", path, c->place);
    /* NOLINTNEXTLINE(cert-env33-c): paths of our own */
    assert_int_equal(system(command), 0);
    reopen(c, NULL);
    char *less = store_case_index_text(c, false);
    assert_null(strstr(less, "/000001-"));
    assert_non_null(strstr(less, "/000002-"));
    free(less);
    snprintf(command, sizeof command, "mv %s/aside %s", c->place, path);
    /* NOLINTNEXTLINE(cert-env33-c): paths of our own */
    assert_int_equal(system(command), 0);
    reopen(c, NULL);
    expect_index(c, all, false);
    assert_int_equal(store_case_events(c, "index.mended"), 2);
    assert_int_equal(store_case_events(c, "index.rebuilt"), 0);
    /* Something is behind it now. */
    int handle = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(handle, "xyz", 3), 3);
    assert_int_equal(close(handle), 0);
    assert_int_equal(stat(path, &is), 0);
    reopen(c, NULL);
    char size[32];
    snprintf(size, sizeof size, " %llu 1 0 ", (unsigned long long)is.st_size);
    char *more = store_case_index_text(c, false);
    assert_non_null(strstr(more, size));
    free(more);
    free(all);
}

static void a_container_with_another_name_stays_one(void **state)
{
    store_case *c = *state;
    char path[256];
    char other[300];
    record(c, 0, 100);
    store_case_file(c, ".svms", 0, path);
    snprintf(other, sizeof other, "%s/000077-renamed.svms", c->folder);
    assert_int_equal(rename(path, other), 0);
    reopen(c, NULL);
    char *text = store_case_index_text(c, false);
    assert_non_null(strstr(text, "gate-1/000077-renamed.svms"));
    assert_null(strstr(text, "/000000-"));
    free(text);
}

static void what_a_killed_recorder_left_is_known_as_over(void **state)
{
    store_case *c = *state;
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, 0, 755, 0);
    store_case_kill(c);
    reopen(c, NULL);
    char *text = store_case_index_text(c, false);
    const char *part = strstr(text, "000001-20260101T000100Z.svms.part 1.");
    assert_non_null(part);
    assert_non_null(strstr(part, " 1 0 "));
    free(text);
}

static void what_is_being_written_is_known_as_that(void **state)
{
    store_case *c = *state;
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, 0, 100, 0);
    assert_int_equal(storage_scan(&c->parts, NULL, &c->err), SVMS_OK);
    char *text = store_case_index_text(c, false);
    assert_non_null(strstr(text, " 0 0 "));
    free(text);
}

static void a_damaged_container_is_told_and_left_out(void **state)
{
    store_case *c = *state;
    char path[256];
    record_some(c);
    store_case_file(c, ".svms", 1, path);
    int handle = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(handle, "\xff\xff\xff\xff", 4, 20), 4);
    assert_int_equal(close(handle), 0);
    store_case_write(path, "garbage", 7, 0600);
    remove_index(c);
    reopen(c, NULL);
    char *text = store_case_index_text(c, false);
    assert_non_null(strstr(text, "/000000-"));
    assert_null(strstr(text, "/000001-"));
    assert_non_null(strstr(text, "/000002-"));
    free(text);
    assert_int_equal(store_case_events(c, "recording.unreadable"), 1);
}

static void a_storage_that_is_not_there_is_told(void **state)
{
    store_case *c = *state;
    char away[128];
    record_some(c);
    snprintf(away, sizeof away, "%s.away", c->path);
    assert_int_equal(rename(c->path, away), 0);
    reopen(c, NULL);
    assert_int_equal(store_case_events(c, "storage.unreadable"), 1);
    assert_int_equal(rename(away, c->path), 0);
}

static ledger *open_ledger(store_case *c, char path[128])
{
    ledger *opened = NULL;
    snprintf(path, 128, "%s/ledger", c->place);
    if (ledger_open(&opened, c->ctx, path, &c->keys, c->trust, &c->err) != SVMS_OK) {
        fail_msg("%s", c->err.message);
    }
    return opened;
}

static void append(store_case *c, ledger *book, ledger_kind kind, const char *id)
{
    ledger_entry entry = { kind, id, CAMERA, T0, T0 + SECOND, "anna", "case 7", 0 };
    if (kind == LEDGER_UNLOCK) {
        entry.camera = NULL;
        entry.from_utc_ns = 0;
        entry.to_utc_ns = 0;
    }
    if (ledger_append(book, &entry, &c->err) != SVMS_OK) {
        fail_msg("%s", c->err.message);
    }
}

static void locks_of_the_ledger_are_in_the_index(void **state)
{
    static const char first[] = "11111111-1111-4111-8111-111111111111";
    static const char second[] = "22222222-2222-4222-8222-222222222222";
    store_case *c = *state;
    char path[128];
    const indexed_lock invented = {
        "33333333-3333-4333-8333-333333333333", CAMERA, T0, T0 + 1, "eve", "", T0
    };
    record(c, 0, 100);
    ledger *book = open_ledger(c, path);
    append(c, book, LEDGER_LOCK, first);
    append(c, book, LEDGER_LOCK, second);
    append(c, book, LEDGER_UNLOCK, first);
    assert_int_equal(recorder_index_lock(c->parts.index, &invented, &c->err), SVMS_OK);
    reopen(c, book);
    char *mended = store_case_index_text(c, false);
    assert_null(strstr(mended, first));
    assert_non_null(strstr(mended, second));
    /* A ledger that was cut takes no lock away. */
    assert_non_null(strstr(mended, "eve"));
    free(mended);
    remove_index(c);
    reopen(c, book);
    mended = store_case_index_text(c, false);
    assert_null(strstr(mended, first));
    assert_non_null(strstr(mended, second));
    assert_null(strstr(mended, "eve"));
    /* Without a ledger nothing that is locked is let go. */
    assert_int_equal(storage_scan(&c->parts, NULL, &c->err), SVMS_OK);
    expect_index(c, mended, false);
    free(mended);
    ledger_close(&book);
}

int main(void)
{
#define CASE(fact) cmocka_unit_test_setup_teardown(fact, store_case_set_up, store_case_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(an_index_that_is_missing_is_made_as_it_was),
        CASE(one_that_is_there_is_made_anew_with_its_gaps),
        CASE(one_that_is_as_it_should_be_stays_as_it_is),
        CASE(one_that_is_damaged_is_put_aside_and_made_anew),
        CASE(one_that_is_damaged_inside_is_made_anew),
        CASE(what_came_went_or_grew_meanwhile_is_mended),
        CASE(a_container_with_another_name_stays_one),
        CASE(what_a_killed_recorder_left_is_known_as_over),
        CASE(what_is_being_written_is_known_as_that),
        CASE(a_damaged_container_is_told_and_left_out),
        CASE(a_storage_that_is_not_there_is_told),
        CASE(locks_of_the_ledger_are_in_the_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
