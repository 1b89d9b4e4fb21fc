/* SPDX-License-Identifier: Apache-2.0 */
/* Readers: they see what was acknowledged, as it was signed, while somebody appends; and they find
 * what was changed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../base/failing_allocator.h"
#include "kept.h"
#include "reader_case.h"

#define JOURNAL "journal/0000000000000000"

/* Every record that a reader tells, one behind the other. */
typedef struct told {
    char *text;
    size_t size;
    uint64_t count;
    uint64_t next;
    bool is_verified;
} told;

static svms_status note_record(void *user, const svms_audit_found *found)
{
    told *all = user;
    char *grown = realloc(all->text, all->size + found->size + 2);
    assert_non_null(grown);
    all->text = grown;
    memcpy(all->text + all->size, found->record, found->size);
    all->size += found->size;
    all->text[all->size++] = '\n';
    all->text[all->size] = '\0';
    assert_true(found->index == all->next || all->count == 0);
    all->next = found->index + 1;
    all->count++;
    all->is_verified = found->is_verified != 0;
    return SVMS_OK;
}

static svms_status ignore_record(void *user, const svms_audit_found *found)
{
    *(uint64_t *)user = found->index;
    return SVMS_OK;
}

static svms_status tell_all(svms_audit_reader *reader, told *out, svms_error *err)
{
    *out = (told){ .count = 0 };
    return svms_audit_reader_find(reader, NULL, note_record, out, err);
}

/* What a fresh reader tells of the whole log; the text is the caller's where it is SVMS_OK. */
static svms_status read_all(reader_case *f, told *out, svms_error *err)
{
    svms_audit_reader *reader = NULL;
    *out = (told){ .count = 0 };
    svms_status status = svms_audit_reader_open(&reader, f->ctx, &f->view, &f->trust, err);
    if (status == SVMS_OK) {
        status = tell_all(reader, out, err);
    }
    svms_audit_reader_close(&reader);
    if (status != SVMS_OK) {
        free(out->text);
        out->text = NULL;
    }
    return status;
}

static svms_status try_record(svms_audit_reader *reader, uint64_t index, svms_error *err)
{
    static char record[SVMS_AUDIT_RECORD_MAX + 1];
    size_t size = sizeof record;
    return svms_audit_reader_record(reader, index, record, &size, err);
}

static void records_are_read_by_number(void **state)
{
    reader_case *f = *state;
    svms_audit_log *log = reader_case_log(f);
    reader_case_append(log, 0, 1000);
    reader_case_close(&log);
    svms_audit_reader *reader = reader_case_reader(f);
    svms_audit_head head = reader_case_head(reader);
    assert_int_equal(head.size, READER_CASE_OPENING + 1000);
    assert_int_equal(head.published, head.size);
    assert_int_equal(head.epoch, 1);
    for (unsigned i = 0; i < 1000; i += 7) {
        unsigned number = i * 389 % 1000;
        reader_case_expect(reader, READER_CASE_OPENING + number, number);
    }
    svms_audit_reader_close(&reader);
}

static void what_is_in_the_journal_only_is_read_there(void **state)
{
    reader_case *f = *state;
    svms_audit_log *log = reader_case_log(f);
    svms_audit_reader *reader = reader_case_reader(f);
    assert_int_equal(reader_case_head(reader).size, READER_CASE_OPENING);
    for (unsigned i = 0; i < 300; i++) {
        reader_case_append(log, i, 1);
    }
    assert_int_equal(svms_audit_reader_refresh(reader, NULL), SVMS_OK);
    svms_audit_head head = reader_case_head(reader);
    assert_int_equal(head.size, READER_CASE_OPENING + 300);
    assert_int_equal(head.published, READER_CASE_OPENING);
    svms_audit_head signed_head = SVMS_AUDIT_HEAD_INIT;
    assert_int_equal(svms_audit_log_head(log, &signed_head, NULL), SVMS_OK);
    assert_memory_equal(head.root, signed_head.root, sizeof head.root);
    for (unsigned i = 0; i < 300; i++) {
        reader_case_expect(reader, READER_CASE_OPENING + i, i);
    }
    svms_audit_reader_close(&reader);
    reader_case_close(&log);
}

static void a_reader_follows_the_log_through_tiles_and_epochs(void **state)
{
    reader_case *f = *state;
    svms_audit_log *log = reader_case_log(f);
    svms_audit_reader *reader = reader_case_reader(f);
    unsigned number = 0;
    uint64_t size = READER_CASE_OPENING;
    for (unsigned round = 0; round < 60; round++) {
        unsigned count = 1 + round * 37 % 150;
        reader_case_append(log, number, count);
        if (round % 3 == 1) {
            assert_int_equal(svms_audit_log_tend(log, NULL), SVMS_OK);
        }
        if (round % 20 == 19) {
            reader_case_close(&log);
            log = reader_case_log(f);
            size += READER_CASE_OPENING;
        }
        svms_error err = SVMS_ERROR_INIT;
        if (svms_audit_reader_refresh(reader, &err) != SVMS_OK) {
            fail_msg("%s", err.message);
        }
        size += count;
        assert_int_equal(reader_case_head(reader).size, size);
        if (round % 20 != 19) {
            reader_case_expect(reader, size - 1, number + count - 1);
        }
        number += count;
    }
    told all;
    assert_int_equal(tell_all(reader, &all, NULL), SVMS_OK);
    assert_int_equal(all.count, size);
    assert_true(all.is_verified);
    free(all.text);
    svms_audit_reader_close(&reader);
    reader_case_close(&log);
}

static void what_is_not_there_is_told(void **state)
{
    reader_case *f = *state;
    char record[8];
    size_t size = sizeof record;
    svms_audit_log *log = reader_case_log(f);
    reader_case_append(log, 0, 1);
    reader_case_close(&log);
    svms_audit_reader *reader = reader_case_reader(f);
    assert_int_equal(try_record(reader, 3, NULL), SVMS_E_USAGE);
    assert_int_equal(try_record(reader, UINT64_MAX, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_reader_record(reader, 2, record, &size, NULL), SVMS_E_LIMIT);
    assert_int_equal(size, sizeof "record 0");
    svms_audit_reader_close(&reader);
}

static void a_log_that_was_only_made_is_empty(void **state)
{
    reader_case *f = *state;
    svms_audit_reader *reader = reader_case_reader(f);
    assert_int_equal(reader_case_head(reader).size, 0);
    svms_audit_log *log = reader_case_log(f);
    reader_case_append(log, 7, 1);
    assert_int_equal(svms_audit_reader_refresh(reader, NULL), SVMS_OK);
    reader_case_expect(reader, READER_CASE_OPENING, 7);
    svms_audit_reader_close(&reader);
    reader_case_close(&log);
}

static void a_folder_without_a_log_is_told(void **state)
{
    reader_case *f = *state;
    static memory_folder empty;
    svms_folder view = memory_folder_open(&empty);
    svms_audit_reader *reader = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_audit_reader_open(&reader, f->ctx, &view, &f->trust, &err), SVMS_E_IO);
    assert_non_null(strstr(err.message, "\"log\""));
    assert_int_equal(svms_audit_reader_open(&reader, f->ctx, &view, NULL, NULL), SVMS_E_IO);
    assert_null(reader);
}

static void another_key_is_not_believed(void **state)
{
    reader_case *f = *state;
    static memory_folder other;
    svms_folder view = memory_folder_open(&other);
    char key[SVMS_AUDIT_KEY_SIZE];
    svms_audit_log *log = reader_case_log(f);
    reader_case_close(&log);
    assert_int_equal(svms_audit_log_create(f->ctx, &view, READER_CASE_ORIGIN, key, NULL), SVMS_OK);
    f->trust.log_key = key;
    svms_audit_reader *reader = NULL;
    assert_int_equal(svms_audit_reader_open(&reader, f->ctx, &f->view, &f->trust, NULL),
                     SVMS_E_NOT_AUTHENTIC);
    assert_null(reader);
    memory_folder_free(&other);
}

static void who_is_told_nothing_verifies_nothing(void **state)
{
    reader_case *f = *state;
    char key[SVMS_AUDIT_KEY_SIZE];
    svms_audit_reader *reader = NULL;
    told all;
    svms_audit_log *log = reader_case_log(f);
    reader_case_close(&log);
    assert_int_equal(svms_audit_reader_open(&reader, f->ctx, &f->view, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_audit_reader_key(reader, key, NULL), SVMS_OK);
    assert_string_equal(key, f->key);
    assert_int_equal(tell_all(reader, &all, NULL), SVMS_OK);
    assert_int_equal(all.count, READER_CASE_OPENING);
    assert_false(all.is_verified);
    free(all.text);
    svms_audit_reader_close(&reader);
}

/* 600 records in tiles, and 40 in the journal only. */
static void fill(reader_case *f)
{
    memory_folder kept;
    svms_audit_log *log = reader_case_log(f);
    reader_case_append(log, 0, 600);
    assert_int_equal(svms_audit_log_tend(log, NULL), SVMS_OK);
    for (unsigned i = 0; i < 40; i++) {
        reader_case_append(log, 600 + i, 1);
    }
    memory_folder_copy(&kept, &f->folder);
    reader_case_close(&log);
    reader_case_put_back(f, &kept);
}

static bool is_read(const char *name)
{
    return strncmp(name, "tile/", 5) == 0 || strncmp(name, "journal/", 8) == 0 ||
           strcmp(name, "checkpoint") == 0 || strcmp(name, "epochs") == 0 ||
           strcmp(name, "index") == 0;
}

/* Of a smaller tree than that of the checkpoint, which has 602 records. */
static bool is_old_part(const char *name)
{
    return strstr(name, ".p/") && strcmp(name, "tile/0/002.p/90") != 0 &&
           strcmp(name, "tile/1/000.p/2") != 0 && strcmp(name, "tile/entries/002.p/90") != 0;
}

/* Nothing else than what was signed is ever told. */
static void changed_bytes_are_found(void **state)
{
    reader_case *f = *state;
    told right;
    unsigned found = 0;
    unsigned harmless = 0;
    fill(f);
    assert_int_equal(read_all(f, &right, NULL), SVMS_OK);
    assert_int_equal(right.count, READER_CASE_OPENING + 640);
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        memory_file *file = &f->folder.file[i];
        for (size_t at = 0; file->is_there && is_read(file->name) && at < file->size;
             at += 1 + file->size / 24) {
            svms_error err = SVMS_ERROR_INIT;
            told now;
            file->data[at] ^= 0x04;
            svms_status status = read_all(f, &now, &err);
            file->data[at] ^= 0x04;
            if (status != SVMS_OK) {
                assert_true(err.message[0] != '\0');
                found++;
                continue;
            }
            /* Of the end of the journal it looks as if it were being written. */
            assert_true(now.count >= READER_CASE_OPENING + 600 && now.size <= right.size);
            assert_memory_equal(now.text, right.text, now.size);
            free(now.text);
            harmless++;
            bool may_be = strncmp(file->name, "journal/", 8) == 0 ||
                          strcmp(file->name, "index") == 0 || is_old_part(file->name);
            if (!may_be) {
                fail_msg("byte %zu of %s was changed", at, file->name);
            }
        }
    }
    free(right.text);
    assert_true(found > 100);
    print_message("%u changes were found, %u did no harm\n", found, harmless);
}

static void a_changed_record_is_named(void **state)
{
    reader_case *f = *state;
    svms_error err = SVMS_ERROR_INIT;
    fill(f);
    memory_folder_find(&f->folder, "tile/entries/001")->data[2 + 4] ^= 1;
    svms_audit_reader *reader = reader_case_reader(f);
    assert_int_equal(try_record(reader, 256, &err), SVMS_E_NOT_AUTHENTIC);
    assert_string_equal(err.message,
                        "record 256 in \"tile/entries/001\" is not the one that was signed");
    /* The others are what they were. */
    reader_case_expect(reader, 257, 255);
    svms_audit_reader_close(&reader);
}

static void a_changed_tile_is_named(void **state)
{
    reader_case *f = *state;
    svms_error err = SVMS_ERROR_INIT;
    fill(f);
    memory_folder_find(&f->folder, "tile/0/001")->data[77] ^= 1;
    svms_audit_reader *reader = reader_case_reader(f);
    assert_int_equal(try_record(reader, 300, &err), SVMS_E_NOT_AUTHENTIC);
    assert_string_equal(err.message, "\"tile/0/001\" is not the tile that was signed");
    reader_case_expect(reader, 10, 8);
    svms_audit_reader_close(&reader);
}

static void remove_file(reader_case *f, const char *name)
{
    int os_error = 0;
    assert_int_equal(f->view.remove(f->view.user, name, &os_error), SVMS_OK);
}

static void missing_files_are_named(void **state)
{
    static const char *const names[] = { "tile/entries/000", "tile/0/001", "tile/1/000.p/2",
                                         "tile/entries/002.p/90" };
    reader_case *f = *state;
    fill(f);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        svms_error err = SVMS_ERROR_INIT;
        told all;
        memory_folder kept;
        memory_folder_copy(&kept, &f->folder);
        remove_file(f, names[i]);
        assert_int_equal(read_all(f, &all, &err), SVMS_E_IO);
        if (!strstr(err.message, names[i])) {
            fail_msg("%s does not name %s", err.message, names[i]);
        }
        reader_case_put_back(f, &kept);
    }
}

static void a_damaged_group_of_the_journal_is_told(void **state)
{
    reader_case *f = *state;
    svms_error err = SVMS_ERROR_INIT;
    told all;
    fill(f);
    memory_file *journal = memory_folder_find(&f->folder, JOURNAL);
    journal->data[journal->size - 2000] ^= 1;
    assert_int_equal(read_all(f, &all, &err), SVMS_E_NOT_AUTHENTIC);
    assert_non_null(strstr(err.message, "behind record 6"));
}

/* An appender in the middle of a group. */
static void a_group_that_is_being_written_is_not_there_yet(void **state)
{
    reader_case *f = *state;
    fill(f);
    memory_file *journal = memory_folder_find(&f->folder, JOURNAL);
    size_t whole = journal->size;
    svms_audit_reader *reader = NULL;
    for (size_t cut = 1; cut < 300; cut += 23) {
        journal->size = whole - cut;
        reader = reader_case_reader(f);
        uint64_t size = reader_case_head(reader).size;
        assert_true(size == READER_CASE_OPENING + 639 || size == READER_CASE_OPENING + 638);
        journal->size = whole;
        assert_int_equal(svms_audit_reader_refresh(reader, NULL), SVMS_OK);
        reader_case_expect(reader, READER_CASE_OPENING + 639, 639);
        svms_audit_reader_close(&reader);
    }
}

static void a_log_that_was_cut_back_is_told(void **state)
{
    reader_case *f = *state;
    svms_error err = SVMS_ERROR_INIT;
    memory_folder early;
    svms_audit_log *log = reader_case_log(f);
    reader_case_append(log, 0, 300);
    assert_int_equal(svms_audit_log_tend(log, NULL), SVMS_OK);
    memory_folder_copy(&early, &f->folder);
    reader_case_append(log, 300, 300);
    reader_case_close(&log);
    svms_audit_reader *reader = reader_case_reader(f);
    memory_folder kept;
    memory_folder_copy(&kept, &f->folder);
    reader_case_put_back(f, &early);
    assert_int_equal(svms_audit_reader_refresh(reader, &err), SVMS_E_NOT_AUTHENTIC);
    assert_string_equal(err.message, "the log has 302 records, and had 602 before");
    /* And what it had is still right. */
    reader_case_put_back(f, &kept);
    assert_int_equal(svms_audit_reader_refresh(reader, NULL), SVMS_OK);
    reader_case_expect(reader, READER_CASE_OPENING + 599, 599);
    svms_audit_reader_close(&reader);
}

static void records_that_are_gone_from_the_journal_are_told(void **state)
{
    reader_case *f = *state;
    svms_error err = SVMS_ERROR_INIT;
    svms_audit_log *log = reader_case_log(f);
    memory_file *journal = memory_folder_find(&f->folder, JOURNAL);
    reader_case_append(log, 0, 10);
    size_t early = journal->size;
    reader_case_append(log, 10, 10);
    svms_audit_reader *reader = reader_case_reader(f);
    size_t late = journal->size;
    journal->size = early;
    assert_int_equal(svms_audit_reader_refresh(reader, &err), SVMS_E_NOT_AUTHENTIC);
    assert_non_null(strstr(err.message, "does not have any more what was read from it"));
    journal->size = late;
    svms_audit_reader_close(&reader);
    reader_case_close(&log);
}

/* Two logs that were one: the keys are the same, and what they sign is not. */
static void a_fork_is_told(void **state)
{
    reader_case *f = *state;
    svms_error err = SVMS_ERROR_INIT;
    memory_folder before;
    svms_audit_log *log = reader_case_log(f);
    reader_case_append(log, 0, 300);
    reader_case_close(&log);
    memory_folder_copy(&before, &f->folder);
    log = reader_case_log(f);
    reader_case_append(log, 300, 100);
    reader_case_close(&log);
    svms_audit_reader *reader = reader_case_reader(f);
    reader_case_put_back(f, &before);
    log = reader_case_log(f);
    reader_case_append(log, 1300, 200);
    reader_case_close(&log);
    assert_int_equal(svms_audit_reader_refresh(reader, &err), SVMS_E_NOT_AUTHENTIC);
    assert_true(err.message[0] != '\0');
    svms_audit_reader_close(&reader);
}

/* Of a journal that is not published so much is taken up; the rest is when it is in tiles. */
static void no_more_is_kept_than_there_is_room_for(void **state)
{
    reader_case *f = *state;
    svms_audit_log *log = reader_case_log(f);
    reader_case_append(log, 0, 140000);
    svms_audit_reader *reader = reader_case_reader(f);
    svms_audit_head head = reader_case_head(reader);
    assert_int_equal(head.published, READER_CASE_OPENING);
    assert_int_equal(head.size, READER_CASE_OPENING + 131000);
    reader_case_expect(reader, head.size - 1, 130999);
    svms_audit_reader_close(&reader);
    /* So many tiles the folder does not take. */
    f->folder.fail_at = 1;
    assert_int_equal(svms_audit_log_close(&log, NULL), SVMS_E_IO);
}

static void append_large(svms_audit_log *log, unsigned groups)
{
    static uint8_t large[16000];
    svms_iovec run[250];
    for (unsigned i = 0; i < 250; i++) {
        run[i] = (svms_iovec){ large, sizeof large };
    }
    for (unsigned i = 0; i < groups; i++) {
        uint64_t first;
        assert_int_equal(svms_audit_log_append(log, run, 250, &first, NULL), SVMS_OK);
    }
}

/* A segment ends where it is large enough, and is there for a while beside the next one. */
static void a_reader_follows_the_journal_through_segments(void **state)
{
    reader_case *f = *state;
    unsigned most = 0;
    svms_audit_log *log = reader_case_log(f);
    svms_audit_reader *reader = reader_case_reader(f);
    for (unsigned round = 0; round < 6; round++) {
        unsigned segments = 0;
        svms_error err = SVMS_ERROR_INIT;
        append_large(log, 3 + round % 3);
        reader_case_append(log, round, 1);
        if (round % 2 == 1) {
            assert_int_equal(svms_audit_log_tend(log, NULL), SVMS_OK);
            reader_case_append(log, round, 1);
        }
        if (round == 3) {
            assert_int_equal(svms_audit_log_tend(log, NULL), SVMS_OK);
            append_large(log, 1);
        }
        if (round != 2 && svms_audit_reader_refresh(reader, &err) != SVMS_OK) {
            fail_msg("round %u: %s", round, err.message);
        }
        for (unsigned i = 0; i < MEMORY_FILES; i++) {
            const memory_file *file = &f->folder.file[i];
            segments += file->is_there && strncmp(file->name, "journal/", 8) == 0;
        }
        most = segments > most ? segments : most;
    }
    svms_audit_head head = SVMS_AUDIT_HEAD_INIT;
    assert_int_equal(svms_audit_log_head(log, &head, NULL), SVMS_OK);
    assert_int_equal(reader_case_head(reader).size, head.size);
    assert_true(most > 1);
    reader_case_expect(reader, head.size - 1, 5);
    svms_audit_reader_close(&reader);
    reader_case_close(&log);
}

/* Bundle 0 is pruned, but for places 3 and 200. */
static void prune(reader_case *f)
{
    const svms_log_minimum minimum = { 256, 256 };
    svms_builder bytes = svms_builder_new(f->ctx, SVMS_KEPT_MAX);
    int os_error = 0;
    svms_put_kept(&bytes, 3, "record 1", 8);
    svms_put_kept(&bytes, 200, "record 198", 10);
    assert_int_equal(f->view.put(f->view.user, "kept/000", bytes.data, bytes.size, 1, &os_error),
                     SVMS_OK);
    svms_builder_reset(&bytes);
    svms_put_log_minimum(&bytes, &minimum);
    assert_int_equal(f->view.put(f->view.user, "minimum", bytes.data, bytes.size, 1, &os_error),
                     SVMS_OK);
    remove_file(f, "tile/entries/000");
    svms_builder_clear(&bytes);
}

static void what_was_kept_of_a_pruned_bundle_is_read(void **state)
{
    reader_case *f = *state;
    svms_error err = SVMS_ERROR_INIT;
    svms_audit_tally tally = SVMS_AUDIT_TALLY_INIT;
    fill(f);
    svms_audit_reader *reader = reader_case_reader(f);
    /* Meanwhile: the reader finds out when it looks. */
    prune(f);
    reader_case_expect(reader, 3, 1);
    reader_case_expect(reader, 200, 198);
    assert_int_equal(try_record(reader, 4, &err), SVMS_E_STATE);
    assert_string_equal(err.message, "record 4 was pruned");
    reader_case_expect(reader, 256, 254);
    uint64_t last = 0;
    svms_audit_query query = SVMS_AUDIT_QUERY_INIT;
    query.first = 200;
    assert_int_equal(svms_audit_reader_find(reader, &query, ignore_record, &last, NULL), SVMS_OK);
    assert_int_equal(svms_audit_reader_tally(reader, &tally, NULL), SVMS_OK);
    assert_int_equal(tally.pruned, 55);
    svms_audit_reader_close(&reader);
}

static void what_was_kept_and_changed_is_found(void **state)
{
    reader_case *f = *state;
    svms_error err = SVMS_ERROR_INIT;
    fill(f);
    prune(f);
    memory_folder_find(&f->folder, "kept/000")->data[5] ^= 1;
    svms_audit_reader *reader = reader_case_reader(f);
    assert_int_equal(try_record(reader, 3, &err), SVMS_E_NOT_AUTHENTIC);
    assert_non_null(strstr(err.message, "\"kept/000\""));
    svms_audit_reader_close(&reader);
    memory_folder_find(&f->folder, "kept/000")->data[1] ^= 0xf0;
    reader = reader_case_reader(f);
    assert_int_equal(try_record(reader, 3, &err), SVMS_E_NOT_AUTHENTIC);
    svms_audit_reader_close(&reader);
}

/* Each call to the folder fails, for good or once only: what is told is right all the same. */
static void fail_everywhere(reader_case *f, bool heals)
{
    told right;
    unsigned failing = 0;
    fill(f);
    assert_int_equal(read_all(f, &right, NULL), SVMS_OK);
    f->folder.heals = heals;
    for (bool done = false; !done;) {
        told now;
        svms_error err = SVMS_ERROR_INIT;
        f->folder.calls = 0;
        f->folder.fail_at = ++failing;
        svms_status status = read_all(f, &now, &err);
        done = f->folder.calls < failing;
        assert_true(status == SVMS_OK || status == SVMS_E_IO);
        if (status == SVMS_OK) {
            assert_int_equal(now.size, right.size);
            assert_memory_equal(now.text, right.text, now.size);
            free(now.text);
        } else {
            if (err.os_error != ENOSPC) {
                fail_msg("call %u: %s", failing, err.message);
            }
        }
    }
    f->folder.fail_at = 0;
    free(right.text);
    assert_true(failing > 40);
}

static void a_disk_that_fails_is_told(void **state)
{
    fail_everywhere(*state, false);
}

static void a_disk_that_fails_once_is_told(void **state)
{
    fail_everywhere(*state, true);
}

static reader_case *starving;

static svms_status read_starving(svms_ctx *ctx, svms_error *err)
{
    static const char *const events[] = { "log.*" };
    svms_audit_reader *reader = NULL;
    svms_audit_query query = SVMS_AUDIT_QUERY_INIT;
    uint64_t last = 0;
    query.events = events;
    query.event_count = 1;
    query.text = "vms";
    svms_status status =
        svms_audit_reader_open(&reader, ctx, &starving->view, &starving->trust, err);
    if (status == SVMS_OK) {
        status = svms_audit_reader_find(reader, &query, ignore_record, &last, err);
    }
    if (status == SVMS_OK) {
        status = svms_audit_reader_refresh(reader, err);
    }
    if (status == SVMS_OK) {
        status = try_record(reader, 630, err);
    }
    svms_audit_reader_close(&reader);
    return status;
}

static void each_allocation_may_fail(void **state)
{
    starving = *state;
    fill(starving);
    each_allocation_fails_cleanly(read_starving);
}

/* A folder in which the appender takes a step before every call of a reader. */
typedef struct restless {
    svms_folder *inner;
    svms_audit_log *log;
    unsigned calls;
    unsigned number;
    bool is_at_it;
} restless;

static void take_step(restless *r)
{
    if (r->is_at_it) {
        return;
    }
    r->is_at_it = true;
    r->calls++;
    if (r->calls % 3 == 0) {
        reader_case_append(r->log, r->number, r->calls % 11 + 1);
        r->number += r->calls % 11 + 1;
    }
    if (r->calls % 5 == 0) {
        assert_int_equal(svms_audit_log_tend(r->log, NULL), SVMS_OK);
    }
    r->is_at_it = false;
}

static svms_status restless_open(void *user, const char *name, svms_store *out, int *os_error)
{
    restless *r = user;
    take_step(r);
    return r->inner->open(r->inner->user, name, out, os_error);
}

static svms_status restless_list(void *user, const char *name, svms_folder_each each,
                                 void *each_user, int *os_error)
{
    restless *r = user;
    take_step(r);
    return r->inner->list(r->inner->user, name, each, each_user, os_error);
}

/* Nothing that is told is wrong or missing while tiles become full, parts of them go, and the
 * checkpoint is replaced. */
static void a_reader_works_beside_an_appender(void **state)
{
    reader_case *f = *state;
    restless r = { .inner = &f->view };
    svms_folder view = f->view;
    svms_audit_reader *reader = NULL;
    svms_error err = SVMS_ERROR_INIT;
    r.log = reader_case_log(f);
    view.user = &r;
    view.open = restless_open;
    view.list = restless_list;
    assert_int_equal(svms_audit_reader_open(&reader, f->ctx, &view, &f->trust, NULL), SVMS_OK);
    uint64_t size = 0;
    for (unsigned round = 0; round < 60; round++) {
        told all;
        if (svms_audit_reader_refresh(reader, &err) != SVMS_OK ||
            tell_all(reader, &all, &err) != SVMS_OK) {
            fail_msg("%s", err.message);
        }
        assert_true(all.count >= size);
        size = all.count;
        free(all.text);
    }
    assert_true(size > 600);
    svms_audit_reader_close(&reader);
    reader_case_close(&r.log);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, reader_case_set_up, reader_case_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(records_are_read_by_number),
        TEST(what_is_in_the_journal_only_is_read_there),
        TEST(a_reader_follows_the_log_through_tiles_and_epochs),
        TEST(what_is_not_there_is_told),
        TEST(a_log_that_was_only_made_is_empty),
        TEST(a_folder_without_a_log_is_told),
        TEST(another_key_is_not_believed),
        TEST(who_is_told_nothing_verifies_nothing),
        TEST(changed_bytes_are_found),
        TEST(a_changed_record_is_named),
        TEST(a_changed_tile_is_named),
        TEST(missing_files_are_named),
        TEST(a_damaged_group_of_the_journal_is_told),
        TEST(a_group_that_is_being_written_is_not_there_yet),
        TEST(a_log_that_was_cut_back_is_told),
        TEST(records_that_are_gone_from_the_journal_are_told),
        TEST(a_fork_is_told),
        TEST(no_more_is_kept_than_there_is_room_for),
        TEST(a_reader_follows_the_journal_through_segments),
        TEST(what_was_kept_of_a_pruned_bundle_is_read),
        TEST(what_was_kept_and_changed_is_found),
        TEST(a_disk_that_fails_is_told),
        TEST(a_disk_that_fails_once_is_told),
        TEST(each_allocation_may_fail),
        TEST(a_reader_works_beside_an_appender),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
