/* SPDX-License-Identifier: Apache-2.0 */
/* Logs: what is acknowledged stays, through failures and crashes; what was changed is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <svms/audit_log.h>

#include "log_internal.h"
#include "memory_folder.h"

#define ORIGIN "vms.example/audit"
/* Records of the log's own when it is opened: the new epoch, and that it is open. */
#define OPENING 2u

typedef struct fixture {
    svms_ctx *ctx;
    memory_folder folder;
    svms_folder view;
    char key[SVMS_AUDIT_KEY_SIZE];
} fixture;

static svms_audit_log_options options(void)
{
    svms_audit_log_options out = SVMS_AUDIT_LOG_OPTIONS_INIT;
    out.server = "vms";
    return out;
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    assert_int_equal(svms_ctx_new(&f->ctx, NULL, NULL), SVMS_OK);
    f->view = memory_folder_open(&f->folder);
    assert_int_equal(svms_audit_log_create(f->ctx, &f->view, ORIGIN, f->key, NULL), SVMS_OK);
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

static svms_status try_open(fixture *f, svms_audit_log **log, svms_error *err)
{
    svms_audit_log_options known = options();
    return svms_audit_log_open(log, f->ctx, &f->view, &known, err);
}

static svms_audit_log *open_log(fixture *f)
{
    svms_audit_log *log = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (try_open(f, &log, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return log;
}

static svms_status append(svms_audit_log *log, unsigned number, uint64_t *first)
{
    char text[32];
    svms_iovec run = { text, (size_t)snprintf(text, sizeof text, "record %u", number) };
    return svms_audit_log_append(log, &run, 1, first, NULL);
}

#define MANY 25u

static svms_status append_many(svms_audit_log *log, uint64_t *first)
{
    svms_iovec run[MANY];
    for (unsigned i = 0; i < MANY; i++) {
        run[i] = (svms_iovec){ "record 7777", 11 };
    }
    return svms_audit_log_append(log, run, MANY, first, NULL);
}

static svms_audit_head head_of(svms_audit_log *log)
{
    svms_audit_head head = SVMS_AUDIT_HEAD_INIT;
    assert_int_equal(svms_audit_log_head(log, &head, NULL), SVMS_OK);
    return head;
}

static void close_log(svms_audit_log **log)
{
    assert_int_equal(svms_audit_log_close(log, NULL), SVMS_OK);
}

/* Every record from the files that readers have, each hashed into a tree of our own: the root is
 * that of the checkpoint, which the log's key signed. */
static uint64_t read_published(fixture *f, bool (*is_wanted)(const svms_bundle_entry *, void *),
                               void *user)
{
    svms_hasher *hasher;
    svms_tree tree;
    svms_note note;
    svms_checkpoint checkpoint;
    svms_builder bytes = svms_builder_new(f->ctx, SVMS_BUNDLE_MAX);
    uint8_t root[SVMS_DIGEST_SIZE];
    uint64_t wanted = 0;
    const memory_file *file = memory_folder_find(&f->folder, "checkpoint");
    assert_non_null(file);
    assert_int_equal(svms_hasher_new(&hasher, f->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_note_parse(&note, file->data, file->size, NULL), SVMS_OK);
    assert_int_equal(svms_checkpoint_parse(&checkpoint, note.text, note.text_size, NULL), SVMS_OK);
    svms_tree_reset(&tree);
    while (tree.size < checkpoint.head.size) {
        svms_bundle_entry entry[SVMS_TILE_WIDTH];
        uint64_t left = checkpoint.head.size - tree.size;
        svms_tile tile = { SVMS_TILE_ENTRIES, tree.size / SVMS_TILE_WIDTH,
                           left < SVMS_TILE_WIDTH ? (uint32_t)left : SVMS_TILE_WIDTH };
        assert_int_equal(svms_log_read_tile(&f->view, &tile, &bytes, NULL), SVMS_OK);
        assert_int_equal(svms_bundle_parse(bytes.data, bytes.size, tile.width, entry, NULL),
                         SVMS_OK);
        for (uint32_t i = 0; i < tile.width; i++) {
            uint8_t leaf[SVMS_DIGEST_SIZE];
            assert_int_equal(svms_tree_leaf(hasher, entry[i].record, entry[i].size, leaf, NULL),
                             SVMS_OK);
            assert_int_equal(svms_tree_add(&tree, hasher, leaf, NULL), SVMS_OK);
            wanted += !is_wanted || is_wanted(&entry[i], user);
        }
    }
    assert_int_equal(svms_tree_root(&tree, hasher, root, NULL), SVMS_OK);
    assert_memory_equal(root, checkpoint.head.root, sizeof root);
    svms_builder_clear(&bytes);
    svms_hasher_free(&hasher);
    return wanted;
}

static bool says(const svms_bundle_entry *entry, void *user)
{
    const char *words = user;
    size_t size = strlen(words);
    for (size_t i = 0; i + size <= entry->size; i++) {
        if (memcmp(entry->record + i, words, size) == 0) {
            return true;
        }
    }
    return false;
}

static uint64_t count_saying(fixture *f, const char *words)
{
    char copy[64];
    snprintf(copy, sizeof copy, "%s", words);
    return read_published(f, says, copy);
}

static void records_stay_where_they_were_put(void **state)
{
    fixture *f = *state;
    svms_audit_log *log = open_log(f);
    uint64_t number;
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(append(log, i, &number), SVMS_OK);
        assert_int_equal(number, OPENING + i);
    }
    assert_int_equal(head_of(log).size, OPENING + 1000);
    close_log(&log);
    assert_int_equal(count_saying(f, "record "), 1000);
    log = open_log(f);
    assert_int_equal(head_of(log).size, 2 * OPENING + 1000);
    assert_int_equal(head_of(log).epoch, 2);
    assert_int_equal(append(log, 1000, &number), SVMS_OK);
    assert_int_equal(number, 2 * OPENING + 1000);
    close_log(&log);
    assert_int_equal(count_saying(f, "record "), 1001);
    assert_int_equal(count_saying(f, "\"log.open\""), 2);
    assert_int_equal(count_saying(f, "\"log.epoch\""), 2);
}

static void old_keys_are_destroyed(void **state)
{
    fixture *f = *state;
    svms_audit_log *log = open_log(f);
    assert_null(memory_folder_find(&f->folder, "keys/epoch-0.pem"));
    assert_non_null(memory_folder_find(&f->folder, "keys/epoch-1.pem"));
    close_log(&log);
    log = open_log(f);
    assert_null(memory_folder_find(&f->folder, "keys/epoch-1.pem"));
    assert_non_null(memory_folder_find(&f->folder, "keys/epoch-2.pem"));
    close_log(&log);
}

static void a_second_opener_is_told(void **state)
{
    fixture *f = *state;
    svms_audit_log *log = NULL;
    svms_error err = SVMS_ERROR_INIT;
    f->folder.is_locked = true;
    assert_int_equal(try_open(f, &log, &err), SVMS_E_STATE);
    assert_non_null(strstr(err.message, "somebody else"));
    assert_null(log);
}

static void a_new_log_needs_an_empty_folder(void **state)
{
    fixture *f = *state;
    char key[SVMS_AUDIT_KEY_SIZE];
    assert_int_equal(svms_audit_log_create(f->ctx, &f->view, ORIGIN, key, NULL), SVMS_E_STATE);
    assert_int_equal(svms_audit_log_create(f->ctx, &f->view, "UPPER", key, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_log_create(f->ctx, &f->view, "", key, NULL), SVMS_E_USAGE);
}

/* Each call to the folder fails once, for good or once only: what was acknowledged is there. */
static void fail_everywhere(fixture *f, bool heals, size_t keep)
{
    unsigned failing = 1;
    bool done = false;
    for (; !done; failing++) {
        memory_folder before;
        svms_audit_log *log = NULL;
        uint64_t number;
        unsigned acknowledged = 0;
        memory_folder_copy(&before, &f->folder);
        f->folder.calls = 0;
        f->folder.fail_at = failing;
        f->folder.heals = heals;
        svms_status status = try_open(f, &log, NULL);
        if (status == SVMS_OK) {
            for (unsigned i = 0; i < 11; i++) {
                acknowledged += append_many(log, &number) == SVMS_OK ? MANY : 0;
                if (i % 4 == 1) {
                    status = svms_audit_log_tend(log, NULL);
                }
            }
            status = svms_audit_log_close(&log, NULL);
        }
        done = f->folder.calls < failing;
        memory_folder_crash(&f->folder, keep);
        log = open_log(f);
        close_log(&log);
        /* One that was not may have become durable all the same. */
        assert_true(count_saying(f, "record 7777") >= acknowledged);
        assert_true(status == SVMS_OK || status == SVMS_E_IO || status == SVMS_E_STATE);
        memory_folder_free(&f->folder);
        f->folder = before;
        for (unsigned i = 0; i < MEMORY_FILES; i++) {
            f->folder.file[i].folder = &f->folder;
        }
    }
    assert_true(failing > 80);
}

static void a_disk_that_fails_and_stays_so_loses_nothing(void **state)
{
    fail_everywhere(*state, false, 0);
}

static void a_disk_that_fails_once_loses_nothing(void **state)
{
    fail_everywhere(*state, true, SIZE_MAX);
}

static void refused_records_are_told(void **state)
{
    fixture *f = *state;
    svms_audit_log *log = open_log(f);
    uint64_t number;
    assert_int_equal(append(log, 1, &number), SVMS_OK);
    f->folder.heals = true;
    for (unsigned i = 0; i < 3; i++) {
        f->folder.fail_at = f->folder.calls + 1;
        assert_int_equal(append(log, 2, &number), SVMS_E_IO);
    }
    assert_int_equal(append(log, 3, &number), SVMS_OK);
    close_log(&log);
    assert_int_equal(count_saying(f, "\"event\":\"log.gap\""), 1);
    assert_int_equal(count_saying(f, "\"records\":3"), 1);
    assert_int_equal(count_saying(f, "record 2"), 0);
    assert_int_equal(count_saying(f, "record 3"), 1);
}

/* The journal of a log that crashed, with records that were not published. */
static memory_file *crashed_journal(fixture *f, unsigned records)
{
    svms_audit_log *log = open_log(f);
    uint64_t number;
    assert_int_equal(svms_audit_log_tend(log, NULL), SVMS_OK);
    for (unsigned i = 0; i < records; i++) {
        assert_int_equal(append(log, i, &number), SVMS_OK);
    }
    memory_folder kept;
    memory_folder_copy(&kept, &f->folder);
    assert_int_equal(svms_audit_log_close(&log, NULL), SVMS_OK);
    memory_folder_free(&f->folder);
    f->folder = kept;
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        f->folder.file[i].folder = &f->folder;
    }
    return memory_folder_find(&f->folder, "journal/0000000000000000");
}

static void a_torn_end_is_put_aside_and_told(void **state)
{
    fixture *f = *state;
    memory_file *journal = crashed_journal(f, 3);
    size_t whole = journal->size;
    memory_folder pristine;
    memory_folder_copy(&pristine, &f->folder);
    for (size_t cut = 1; cut < 200; cut += 7) {
        svms_audit_log *log;
        journal = memory_folder_find(&f->folder, "journal/0000000000000000");
        journal->size = whole - cut;
        log = open_log(f);
        close_log(&log);
        assert_int_equal(count_saying(f, "\"event\":\"log.quarantine\""), 1);
        assert_int_equal(count_saying(f, "record 1"), 1);
        assert_int_equal(count_saying(f, "record 2"), 0);
        memory_folder_free(&f->folder);
        memory_folder_copy(&f->folder, &pristine);
    }
    memory_folder_free(&pristine);
}

static unsigned count_aside(fixture *f)
{
    unsigned count = 0;
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        const memory_file *file = &f->folder.file[i];
        count += file->is_there && strncmp(file->name, "quarantine/", 11) == 0;
    }
    return count;
}

/* Whenever the recovery itself is cut off: what is put aside has a record, and one only. */
static void a_crash_while_recovering_leaves_nothing_untold(void **state)
{
    fixture *f = *state;
    memory_file *journal = crashed_journal(f, 3);
    memory_folder torn;
    unsigned failing = 1;
    journal->size -= 20;
    memory_folder_copy(&torn, &f->folder);
    for (bool done = false; !done; failing++) {
        for (size_t keep = 0; keep < 2; keep++) {
            svms_audit_log *log = NULL;
            memory_folder_free(&f->folder);
            memory_folder_copy(&f->folder, &torn);
            f->folder.calls = 0;
            f->folder.fail_at = failing;
            done = try_open(f, &log, NULL) == SVMS_OK;
            if (log) {
                f->folder.fail_at = f->folder.calls + 1;
                (void)!svms_audit_log_close(&log, NULL);
            }
            /* Of a group that was being written all may have come, or a part. */
            memory_folder_crash(&f->folder, keep == 0 ? 0 : 100);
            log = open_log(f);
            close_log(&log);
            if (count_aside(f) == 0 ||
                count_saying(f, "\"event\":\"log.quarantine\"") != count_aside(f)) {
                fail_msg("call %u: %u files, %u records", failing, count_aside(f),
                         (unsigned)count_saying(f, "\"event\":\"log.quarantine\""));
            }
            assert_int_equal(count_saying(f, "record 1"), 1);
        }
    }
    assert_true(failing > 20);
    memory_folder_free(&torn);
}

static void nothing_that_was_acknowledged_is_put_aside(void **state)
{
    fixture *f = *state;
    memory_file *journal = crashed_journal(f, 3);
    size_t size = journal->size;
    unsigned refused = 0;
    for (size_t at = 0; at < size; at += 3) {
        svms_audit_log *log = NULL;
        memory_folder kept;
        memory_folder_copy(&kept, &f->folder);
        journal = memory_folder_find(&f->folder, "journal/0000000000000000");
        journal->data[at] ^= 0x10;
        svms_status status = try_open(f, &log, NULL);
        if (status == SVMS_OK) {
            close_log(&log);
            /* Only the last group can look torn. */
            assert_int_equal(count_saying(f, "record 1"), 1);
            assert_int_equal(count_saying(f, "\"event\":\"log.quarantine\""), 1);
        } else {
            refused++;
        }
        memory_folder_free(&f->folder);
        f->folder = kept;
        for (unsigned i = 0; i < MEMORY_FILES; i++) {
            f->folder.file[i].folder = &f->folder;
        }
    }
    assert_true(refused > size / 3 / 2);
}

/* An older copy of the journal, beside what somebody has seen since. */
static void missing_records_are_told(void **state)
{
    fixture *f = *state;
    svms_error err = SVMS_ERROR_INIT;
    svms_audit_log *log = open_log(f);
    uint64_t number;
    size_t early = memory_folder_find(&f->folder, "journal/0000000000000000")->size;
    assert_int_equal(append(log, 1, &number), SVMS_OK);
    close_log(&log);
    memory_folder_find(&f->folder, "journal/0000000000000000")->size = early;
    assert_int_equal(try_open(f, &log, &err), SVMS_E_NOT_AUTHENTIC);
    assert_non_null(strstr(err.message, "records 2 to 2 are missing"));
}

static void what_a_witness_saw_must_be_there(void **state)
{
    fixture *f = *state;
    svms_error err = SVMS_ERROR_INIT;
    svms_audit_log *log = open_log(f);
    uint64_t number;
    memory_folder old;
    memory_folder_copy(&old, &f->folder);
    assert_int_equal(append(log, 1, &number), SVMS_OK);
    close_log(&log);
    const memory_file *checkpoint = memory_folder_find(&f->folder, "checkpoint");
    svms_folder view = memory_folder_open(&old);
    int os_error = 0;
    assert_int_equal(
        view.put(view.user, "witnessed", checkpoint->data, checkpoint->size, 1, &os_error),
        SVMS_OK);
    f->view = view;
    assert_int_equal(try_open(f, &log, &err), SVMS_E_NOT_AUTHENTIC);
    assert_non_null(strstr(err.message, "\"witnessed\" has them"));
    f->view = memory_folder_open(&f->folder);
    memory_folder_free(&old);
}

static void tiles_are_made_again_from_the_journal(void **state)
{
    fixture *f = *state;
    svms_audit_log *log = open_log(f);
    uint64_t number;
    for (unsigned i = 0; i < 600; i++) {
        assert_int_equal(append(log, i, &number), SVMS_OK);
    }
    close_log(&log);
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        if (f->folder.file[i].is_there && strncmp(f->folder.file[i].name, "tile/", 5) == 0) {
            int os_error;
            assert_int_equal(f->view.remove(&f->folder, f->folder.file[i].name, &os_error),
                             SVMS_OK);
        }
    }
    log = open_log(f);
    close_log(&log);
    assert_int_equal(count_saying(f, "record "), 600);
}

static void full_tiles_have_no_parts_left(void **state)
{
    fixture *f = *state;
    svms_audit_log *log = open_log(f);
    uint64_t number;
    for (unsigned i = 0; i < 300; i++) {
        assert_int_equal(append(log, i, &number), SVMS_OK);
        if (i % 8 == 0) {
            assert_int_equal(svms_audit_log_tend(log, NULL), SVMS_OK);
        }
    }
    close_log(&log);
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        const memory_file *file = &f->folder.file[i];
        assert_false(file->is_there && strncmp(file->name, "tile/0/000.p", 12) == 0);
        assert_false(file->is_there && strncmp(file->name, "tile/entries/000.p", 18) == 0);
    }
    assert_non_null(memory_folder_find(&f->folder, "tile/0/000"));
    assert_non_null(memory_folder_find(&f->folder, "tile/1/000.p/1"));
}

static void records_that_are_none_are_refused(void **state)
{
    fixture *f = *state;
    static uint8_t large[SVMS_AUDIT_RECORD_MAX + 1];
    svms_audit_log *log = open_log(f);
    svms_iovec run = { large, sizeof large };
    uint64_t number;
    assert_int_equal(svms_audit_log_append(log, &run, 1, &number, NULL), SVMS_E_USAGE);
    run.size = 0;
    assert_int_equal(svms_audit_log_append(log, &run, 1, &number, NULL), SVMS_E_USAGE);
    run.size = sizeof large - 1;
    assert_int_equal(svms_audit_log_append(log, &run, 1, &number, NULL), SVMS_OK);
    assert_int_equal(svms_audit_log_append(log, &run, 0, &number, NULL), SVMS_E_USAGE);
    close_log(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_stay_where_they_were_put, set_up, tear_down),
        cmocka_unit_test_setup_teardown(old_keys_are_destroyed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_opener_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_log_needs_an_empty_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_disk_that_fails_and_stays_so_loses_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_disk_that_fails_once_loses_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refused_records_are_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_torn_end_is_put_aside_and_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crash_while_recovering_leaves_nothing_untold, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_that_was_acknowledged_is_put_aside, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(missing_records_are_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_witness_saw_must_be_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tiles_are_made_again_from_the_journal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(full_tiles_have_no_parts_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(records_that_are_none_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
