/* SPDX-License-Identifier: Apache-2.0 */
/* Large groups: hashed by two threads while their records are written, and none until all of it is
 * there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include <svms/audit_log.h>

#include "log_leaves.h"
#include "memory_folder.h"
#include "published.h"

#define RECORD 400u
/* More than are written ahead. */
#define MANY 500u
#define FIRST_SEGMENT "journal/0000000000000000"

typedef struct fixture {
    svms_ctx *ctx;
    memory_folder folder;
    svms_folder view;
    char text[MANY][RECORD];
    svms_iovec run[MANY];
} fixture;

static int set_up(void **state)
{
    char key[SVMS_AUDIT_KEY_SIZE];
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    assert_int_equal(svms_ctx_new(&f->ctx, NULL, NULL), SVMS_OK);
    f->view = memory_folder_open(&f->folder);
    assert_int_equal(svms_audit_log_create(f->ctx, &f->view, "vms.example/audit", key, NULL),
                     SVMS_OK);
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

static svms_status try_open(fixture *f, svms_audit_log **log)
{
    svms_audit_log_options options = SVMS_AUDIT_LOG_OPTIONS_INIT;
    options.server = "vms";
    return svms_audit_log_open(log, f->ctx, &f->view, &options, NULL);
}

static svms_audit_log *open_log(fixture *f)
{
    svms_audit_log *log = NULL;
    assert_int_equal(try_open(f, &log), SVMS_OK);
    return log;
}

static void close_log(svms_audit_log **log)
{
    assert_int_equal(svms_audit_log_close(log, NULL), SVMS_OK);
}

/* Records of one group that all say its name. */
static svms_status append(fixture *f, svms_audit_log *log, const char *name, size_t count,
                          uint64_t *first)
{
    for (size_t i = 0; i < count; i++) {
        memset(f->text[i], 'x', RECORD);
        (void)snprintf(f->text[i], RECORD, "%s %zu ", name, i);
        f->run[i] = (svms_iovec){ f->text[i], RECORD - i % 7 };
    }
    return svms_audit_log_append(log, f->run, count, first, NULL);
}

static uint64_t saying(fixture *f, const char *words)
{
    return published_saying(f->ctx, &f->view, words);
}

static void restore(fixture *f, memory_folder *kept)
{
    memory_folder_free(&f->folder);
    f->folder = *kept;
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        f->folder.file[i].folder = &f->folder;
    }
}

/* Records of sizes that differ, as a group has them. */
static svms_builder records_of(svms_ctx *ctx, uint32_t count)
{
    uint8_t record[1000];
    svms_builder out = svms_builder_new(ctx, SIZE_MAX);
    for (uint32_t i = 0; i < count; i++) {
        memset(record, (int)(i % 251), sizeof record);
        svms_put_bundle_entry(&out, record, 1 + (i * 37) % sizeof record);
    }
    assert_int_equal(out.status, SVMS_OK);
    return out;
}

/* One leaf after the other. */
static void grow_plainly(svms_hasher *hasher, const svms_builder *records, svms_tree *tree,
                         uint8_t *leaves)
{
    svms_cursor cursor = svms_cursor_over(records->data, records->size, 0);
    while (!svms_cursor_at_end(&cursor)) {
        size_t size = svms_read_u16(&cursor);
        assert_int_equal(svms_tree_leaf(hasher, svms_read_bytes(&cursor, size), size, leaves, NULL),
                         SVMS_OK);
        assert_int_equal(svms_tree_add(tree, hasher, leaves, NULL), SVMS_OK);
        leaves += SVMS_DIGEST_SIZE;
    }
}

static void compare(fixture *f, svms_hasher *hasher, uint64_t first, uint32_t count, bool has_help)
{
    static uint8_t expected[SVMS_JOURNAL_GROUP_RECORDS * SVMS_DIGEST_SIZE];
    static uint8_t leaves[sizeof expected];
    uint8_t root[2][SVMS_DIGEST_SIZE];
    uint32_t crc = 0;
    svms_tree plain;
    svms_log_hashing hashing;
    svms_builder before = records_of(f->ctx, (uint32_t)first);
    svms_builder records = records_of(f->ctx, count);
    svms_tree_reset(&plain);
    grow_plainly(hasher, &before, &plain, expected);
    svms_tree tree = plain;
    grow_plainly(hasher, &records, &plain, expected);
    const svms_log_run run = { records.data, records.size, count, leaves };
    assert_int_equal(svms_log_hashing_begin(&hashing, f->ctx, &run, first, has_help, NULL),
                     SVMS_OK);
    assert_int_equal(svms_log_hashing_end(&hashing, hasher, &tree, &crc, NULL), SVMS_OK);
    assert_int_equal(tree.size, first + count);
    assert_memory_equal(leaves, expected, (size_t)count * SVMS_DIGEST_SIZE);
    assert_int_equal(svms_tree_root(&plain, hasher, root[0], NULL), SVMS_OK);
    assert_int_equal(svms_tree_root(&tree, hasher, root[1], NULL), SVMS_OK);
    assert_memory_equal(root[0], root[1], SVMS_DIGEST_SIZE);
    assert_int_equal(crc, crc32(0, records.data, (uInt)records.size));
    svms_builder_clear(&before);
    svms_builder_clear(&records);
}

static void two_threads_find_what_one_finds(void **state)
{
    static const uint64_t first[] = { 0, 1, 63, 64, 65, 200 };
    static const uint32_t count[] = { 1, 2, 63, 64, 65, 127, 128, 129, 1000, 4096 };
    fixture *f = *state;
    svms_hasher *hasher;
    assert_int_equal(svms_hasher_new(&hasher, f->ctx, NULL), SVMS_OK);
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        for (size_t j = 0; j < sizeof count / sizeof *count; j++) {
            compare(f, hasher, first[i], count[j], false);
            compare(f, hasher, first[i], count[j], true);
        }
    }
    svms_hasher_free(&hasher);
}

static void what_is_given_up_is_over(void **state)
{
    static uint8_t leaves[SVMS_JOURNAL_GROUP_RECORDS * SVMS_DIGEST_SIZE];
    fixture *f = *state;
    svms_log_hashing hashing;
    svms_builder records = records_of(f->ctx, 4000);
    const svms_log_run run = { records.data, records.size, 4000, leaves };
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(svms_log_hashing_begin(&hashing, f->ctx, &run, 7, true, NULL), SVMS_OK);
        svms_log_hashing_give_up(&hashing);
    }
    /* Memory that a thread still looked at would be a fault here. */
    svms_builder_clear(&records);
}

static void a_run_that_is_none_is_not_begun(void **state)
{
    static uint8_t leaves[SVMS_JOURNAL_GROUP_RECORDS * SVMS_DIGEST_SIZE];
    fixture *f = *state;
    svms_log_hashing hashing;
    svms_builder records = records_of(f->ctx, 100);
    const svms_log_run few = { records.data, records.size, 99, leaves };
    const svms_log_run many = { records.data, records.size, 101, leaves };
    const svms_log_run cut = { records.data, records.size - 1, 100, leaves };
    assert_int_equal(svms_log_hashing_begin(&hashing, f->ctx, &few, 0, true, NULL),
                     SVMS_E_INTERNAL);
    assert_int_equal(svms_log_hashing_begin(&hashing, f->ctx, &many, 0, true, NULL),
                     SVMS_E_INTERNAL);
    assert_int_equal(svms_log_hashing_begin(&hashing, f->ctx, &cut, 0, true, NULL),
                     SVMS_E_INTERNAL);
    svms_builder_clear(&records);
}

static void large_and_small_groups_stay_where_they_were_put(void **state)
{
    static const size_t sizes[] = { 1, MANY, 3, MANY, MANY - 1, 70, MANY };
    fixture *f = *state;
    svms_audit_log *log = open_log(f);
    uint64_t expected = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint64_t first = 0;
        assert_int_equal(append(f, log, i % 2 == 0 ? "even" : "odd", sizes[i], &first), SVMS_OK);
        assert_true(i == 0 || first == expected);
        expected = first + sizes[i];
    }
    close_log(&log);
    assert_int_equal(saying(f, "even "), 1 + 3 + MANY - 1 + MANY);
    assert_int_equal(saying(f, "odd "), MANY + MANY + 70);
    log = open_log(f);
    close_log(&log);
    assert_int_equal(saying(f, "\"event\":\"log.quarantine\""), 0);
}

/* Each call to the folder fails, once or for good: a group that was acknowledged is there as a
 * whole, and no part of one that was not. */
static void fail_everywhere(fixture *f, bool heals, size_t keep)
{
    unsigned failing = 1;
    for (bool done = false; !done; failing++) {
        static const char *const name[] = { "group-a", "group-b", "group-c" };
        memory_folder before;
        svms_audit_log *log = NULL;
        bool is_there[3] = { false };
        uint64_t first;
        memory_folder_copy(&before, &f->folder);
        f->folder.calls = 0;
        f->folder.fail_at = failing;
        f->folder.heals = heals;
        if (try_open(f, &log) == SVMS_OK) {
            for (unsigned i = 0; i < 3; i++) {
                is_there[i] = append(f, log, name[i], MANY, &first) == SVMS_OK;
            }
            svms_status ignored = svms_audit_log_close(&log, NULL);
            assert_true(ignored == SVMS_OK || ignored == SVMS_E_IO);
        }
        done = f->folder.calls < failing;
        memory_folder_crash(&f->folder, keep);
        log = open_log(f);
        close_log(&log);
        for (unsigned i = 0; i < 3; i++) {
            uint64_t found = saying(f, name[i]);
            /* One that was not acknowledged may have become durable all the same. */
            assert_true(found == MANY || (found == 0 && !is_there[i]));
        }
        restore(f, &before);
    }
    assert_true(failing > 60);
}

static void a_disk_that_fails_and_stays_so_loses_no_group(void **state)
{
    fail_everywhere(*state, false, 0);
    fail_everywhere(*state, false, SIZE_MAX);
}

static void a_disk_that_fails_once_loses_no_group(void **state)
{
    fail_everywhere(*state, true, 0);
}

static void a_crash_that_tears_a_group_loses_no_other(void **state)
{
    fail_everywhere(*state, false, 100000);
}

/* Whichever call of an append it is that fails. */
static void of_a_group_that_was_refused_nothing_stays(void **state)
{
    fixture *f = *state;
    bool was_refused = true;
    unsigned refused = 0;
    for (unsigned failing = 1; was_refused; failing++) {
        memory_folder before;
        uint64_t first;
        memory_folder_copy(&before, &f->folder);
        svms_audit_log *log = open_log(f);
        f->folder.fail_at = f->folder.calls + failing;
        f->folder.heals = true;
        was_refused = append(f, log, "refused", MANY, &first) == SVMS_E_IO;
        f->folder.fail_at = 0;
        refused += was_refused;
        assert_int_equal(append(f, log, "second", 2, &first), SVMS_OK);
        close_log(&log);
        log = open_log(f);
        close_log(&log);
        assert_int_equal(saying(f, "refused "), was_refused ? 0 : MANY);
        assert_int_equal(saying(f, "second "), 2);
        assert_int_equal(published_gaps(f->ctx, &f->view, "storage"), was_refused ? MANY : 0);
        assert_int_equal(saying(f, "\"event\":\"log.quarantine\""), 0);
        restore(f, &before);
    }
    /* The records, what ends them, their front, and the sync. */
    assert_int_equal(refused, 4);
}

/* All records are on the disk, and what makes them a group is not. */
static void records_without_their_front_are_put_aside(void **state)
{
    fixture *f = *state;
    svms_audit_log *log = open_log(f);
    uint64_t first;
    memory_folder kept;
    assert_int_equal(append(f, log, "whole", MANY, &first), SVMS_OK);
    size_t size = memory_folder_find(&f->folder, FIRST_SEGMENT)->size;
    assert_int_equal(append(f, log, "frontless", MANY, &first), SVMS_OK);
    memory_folder_copy(&kept, &f->folder);
    close_log(&log);
    restore(f, &kept);
    f->folder.is_locked = false;
    memory_file *journal = memory_folder_find(&f->folder, FIRST_SEGMENT);
    assert_true(journal->size > size + SVMS_JOURNAL_FRONT_SIZE);
    memset(journal->data + size, 0, SVMS_JOURNAL_FRONT_SIZE);
    log = open_log(f);
    assert_int_equal(append(f, log, "behind", 1, &first), SVMS_OK);
    close_log(&log);
    assert_int_equal(saying(f, "whole "), MANY);
    assert_int_equal(saying(f, "frontless "), 0);
    assert_int_equal(saying(f, "behind "), 1);
    assert_int_equal(saying(f, "\"event\":\"log.quarantine\""), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(two_threads_find_what_one_finds),
        CASE(what_is_given_up_is_over),
        CASE(a_run_that_is_none_is_not_begun),
        CASE(large_and_small_groups_stay_where_they_were_put),
        CASE(a_disk_that_fails_and_stays_so_loses_no_group),
        CASE(a_disk_that_fails_once_loses_no_group),
        CASE(a_crash_that_tears_a_group_loses_no_other),
        CASE(of_a_group_that_was_refused_nothing_stays),
        CASE(records_without_their_front_are_put_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
