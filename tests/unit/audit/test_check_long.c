/* SPDX-License-Identifier: Apache-2.0 */
/* Logs that are long enough for a thread to read ahead of who verifies them, with groups that are
 * large enough for a second one to hash them: what is wrong is told as in a short one, wherever it
 * stands, and whatever fails or ends early leaves nothing behind.
 * tests/run.sh runs this under ThreadSanitizer, too. */
#define _XOPEN_SOURCE 700
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include <svms/audit_check.h>
#include <svms/audit_log.h>

#include "builder.h"
#include "cursor.h"
#include "journal.h"
#include "log_leaves.h"

#define GROUP 1000u
#define GROUPS 20u
#define BUNDLE UINT64_C(256)

typedef struct scene {
    svms_ctx *ctx;
    svms_folder folder;
    char path[64];
    char key[SVMS_AUDIT_KEY_SIZE];
    uint64_t size;
    atomic_ulong allocations;
    atomic_ulong failing; /* this one and all behind it; 0: none */
    atomic_long live;
} scene;

static void *allocate(void *user, size_t size)
{
    scene *s = user;
    unsigned long number = atomic_fetch_add(&s->allocations, 1) + 1;
    unsigned long failing = atomic_load(&s->failing);
    if (failing > 0 && number >= failing) {
        return NULL;
    }
    atomic_fetch_add(&s->live, 1);
    return malloc(size);
}

static void release(void *user, void *memory)
{
    scene *s = user;
    if (memory) {
        atomic_fetch_sub(&s->live, 1);
        free(memory);
    }
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static void append_all(scene *s)
{
    static char text[GROUP][256];
    svms_iovec run[GROUP];
    svms_audit_log *log = NULL;
    svms_audit_log_options options = SVMS_AUDIT_LOG_OPTIONS_INIT;
    uint64_t first;
    options.server = "long";
    assert_int_equal(svms_audit_log_create(s->ctx, &s->folder, "long/audit", s->key, NULL),
                     SVMS_OK);
    assert_int_equal(svms_audit_log_open(&log, s->ctx, &s->folder, &options, NULL), SVMS_OK);
    for (unsigned group = 0; group < GROUPS; group++) {
        for (unsigned i = 0; i < GROUP; i++) {
            int size = snprintf(text[i], sizeof text[i], "{\"number\":%u,\"more\":\"%0150u\"}",
                                group * GROUP + i, i);
            run[i] = (svms_iovec){ text[i], (size_t)size };
        }
        assert_int_equal(svms_audit_log_append(log, run, GROUP, &first, NULL), SVMS_OK);
    }
    s->size = first + GROUP;
    assert_int_equal(svms_audit_log_close(&log, NULL), SVMS_OK);
}

static int set_up(void **state)
{
    scene *s = calloc(1, sizeof *s);
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    assert_non_null(s);
    options.allocate = allocate;
    options.release = release;
    options.user = s;
    strcpy(s->path, "/tmp/svms-test-long-XXXXXX");
    assert_non_null(mkdtemp(s->path));
    assert_int_equal(svms_ctx_new(&s->ctx, &options, NULL), SVMS_OK);
    assert_int_equal(svms_folder_open(&s->folder, s->ctx, s->path, 0, NULL), SVMS_OK);
    append_all(s);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    scene *s = *state;
    svms_folder_close(&s->folder);
    svms_ctx_free(&s->ctx);
    assert_int_equal(atomic_load(&s->live), 0);
    nftw(s->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(s);
    return 0;
}

/* What was told, in order. */
typedef struct told {
    svms_audit_flaw flaw[8];
    uint64_t record[8];
    unsigned count;
    uint64_t cancel_at; /* progress; 0: never */
    uint64_t progress;
} told;

static void note_flaw(void *user, const svms_audit_flaw_found *found)
{
    told *t = user;
    if (t->count < 8) {
        t->flaw[t->count] = found->flaw;
        t->record[t->count] = found->record;
    }
    t->count++;
}

static int note_progress(void *user, uint64_t done, uint64_t total)
{
    told *t = user;
    (void)total;
    assert_true(done >= t->progress);
    t->progress = done;
    return t->cancel_at > 0 && done >= t->cancel_at;
}

static svms_status verify(scene *s, told *t, svms_audit_report *report)
{
    svms_audit_trust trust = SVMS_AUDIT_TRUST_INIT;
    svms_audit_check_options options = SVMS_AUDIT_CHECK_OPTIONS_INIT;
    *report = (svms_audit_report)SVMS_AUDIT_REPORT_INIT;
    trust.log_key = s->key;
    options.found = note_flaw;
    options.progress = note_progress;
    options.user = t;
    return svms_audit_check(s->ctx, &s->folder, &trust, &options, report, NULL);
}

static void bundle_path(const scene *s, unsigned number, char out[128])
{
    snprintf(out, 128, "%s/tile/entries/%03u", s->path, number);
}

/* The last byte of a bundle is one of its last record. */
static void change_last_byte(const scene *s, unsigned number)
{
    char path[128];
    char byte;
    bundle_path(s, number, path);
    int file = open(path, O_RDWR);
    assert_true(file >= 0);
    off_t at = lseek(file, -1, SEEK_END);
    assert_int_equal(pread(file, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(file, &byte, 1, at), 1);
    close(file);
}

/* A byte of a record in the group with that number, whose CRC is made to fit. */
static void forge_in_journal(const scene *s, unsigned number)
{
    static uint8_t bytes[SVMS_JOURNAL_GROUP_MAX];
    char path[128];
    snprintf(path, sizeof path, "%s/journal/0000000000000000", s->path);
    int file = open(path, O_RDWR);
    assert_true(file >= 0);
    off_t at = SVMS_JOURNAL_HEAD_SIZE;
    uint32_t size = 0;
    for (unsigned i = 0; i <= number; i++) {
        at += i > 0 ? (off_t)(SVMS_JOURNAL_FRAME_SIZE + size) : 0;
        assert_int_equal(pread(file, bytes, SVMS_JOURNAL_FRAME_SIZE, at), SVMS_JOURNAL_FRAME_SIZE);
        svms_cursor frame = svms_cursor_over(bytes, SVMS_JOURNAL_FRAME_SIZE, 0);
        size = svms_read_u32(&frame);
    }
    assert_true(size > SVMS_LOG_LARGE_BYTES && size < sizeof bytes);
    assert_int_equal(pread(file, bytes, size, at + SVMS_JOURNAL_FRAME_SIZE), size);
    bytes[size / 2] ^= 1;
    assert_int_equal(pwrite(file, bytes, size, at + SVMS_JOURNAL_FRAME_SIZE), size);
    uint32_t crc = (uint32_t)crc32_z(crc32_z(0, NULL, 0), bytes, size);
    svms_store_u32(bytes, crc);
    assert_int_equal(pwrite(file, bytes, 4, at + 4), 4);
    close(file);
}

static void a_long_log_is_right(void **state)
{
    scene *s = *state;
    svms_audit_report report;
    told t = { .count = 0 };
    assert_int_equal(verify(s, &t, &report), SVMS_OK);
    assert_int_equal(report.checked, s->size);
    assert_int_equal(t.count, 0);
    assert_int_equal(t.progress, report.published);
}

static void what_is_wrong_is_told_in_order(void **state)
{
    scene *s = *state;
    svms_audit_report report;
    told t = { .count = 0 };
    char path[128];
    change_last_byte(s, 0);
    change_last_byte(s, 37);
    bundle_path(s, 50, path);
    assert_int_equal(unlink(path), 0);
    bundle_path(s, 60, path);
    assert_int_equal(truncate(path, 700), 0);
    change_last_byte(s, 77);
    assert_int_equal(verify(s, &t, &report), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(t.count, 5);
    assert_int_equal(report.first_wrong, BUNDLE - 1);
    assert_int_equal(t.record[0], BUNDLE - 1);
    assert_int_equal(t.record[1], 38 * BUNDLE - 1);
    assert_int_equal(t.flaw[1], SVMS_AUDIT_FLAW_RECORD);
    assert_int_equal(t.record[2], 50 * BUNDLE);
    assert_int_equal(t.flaw[2], SVMS_AUDIT_FLAW_MISSING);
    assert_true(t.record[3] > 60 * BUNDLE && t.record[3] < 61 * BUNDLE);
    assert_int_equal(t.flaw[3], SVMS_AUDIT_FLAW_RECORD);
    assert_int_equal(t.record[4], 78 * BUNDLE - 1);
}

static void a_forged_record_in_a_large_group_is_found(void **state)
{
    scene *s = *state;
    svms_audit_report report;
    told t = { .count = 0 };
    forge_in_journal(s, GROUPS - 2);
    assert_int_equal(verify(s, &t, &report), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(t.count, 1);
    assert_int_equal(t.flaw[0], SVMS_AUDIT_FLAW_JOURNAL);
}

static void what_cannot_be_read_is_not_called_changed(void **state)
{
    scene *s = *state;
    svms_audit_report report;
    told t = { .count = 0 };
    char path[128];
    bundle_path(s, 40, path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("nowhere", path), 0);
    assert_int_equal(verify(s, &t, &report), SVMS_E_IO);
    assert_int_equal(t.count, 1);
    assert_int_equal(t.flaw[0], SVMS_AUDIT_FLAW_UNREADABLE);
    assert_true(report.first_wrong == SVMS_NO_RECORD);
    assert_int_equal(report.checked, s->size - BUNDLE);
}

static void it_can_be_cancelled_anywhere(void **state)
{
    scene *s = *state;
    svms_audit_report report;
    for (uint64_t at = 1; at < s->size; at += 1777) {
        told t = { .cancel_at = at };
        assert_int_equal(verify(s, &t, &report), SVMS_E_CANCELLED);
        assert_true(t.progress >= at);
    }
}

/* From wherever memory is short: it fails, or is right where nothing was needed any more. */
static void memory_that_is_short_ends_it(void **state)
{
    scene *s = *state;
    svms_audit_report report;
    told t = { .count = 0 };
    assert_int_equal(verify(s, &t, &report), SVMS_OK);
    unsigned failed = 0;
    for (unsigned long allowed = 0; allowed < 120; allowed++) {
        long live = atomic_load(&s->live);
        t = (told){ .count = 0 };
        atomic_store(&s->failing, atomic_load(&s->allocations) + 1 + allowed);
        svms_status status = verify(s, &t, &report);
        atomic_store(&s->failing, 0);
        assert_true(status == SVMS_E_NO_MEMORY || status == SVMS_OK);
        failed += status == SVMS_E_NO_MEMORY;
        assert_int_equal(atomic_load(&s->live), live);
    }
    assert_true(failed > 30);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_long_log_is_right),
        TEST(what_is_wrong_is_told_in_order),
        TEST(a_forged_record_in_a_large_group_is_found),
        TEST(what_cannot_be_read_is_not_called_changed),
        TEST(it_can_be_cancelled_anywhere),
        TEST(memory_that_is_short_ends_it),
    };
    return cmocka_run_group_tests_name("audit_check_long", tests, NULL, NULL);
}
