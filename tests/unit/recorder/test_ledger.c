/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger: what was appended is there, whatever was changed is found, and a write that was
 * broken off is cut out. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <ledger.h>

#include "ledger_case.h"

#define FIRST_ID "00000000-1111-4222-8333-444444444444"
#define SECOND_ID "aaaaaaaa-1111-4222-8333-444444444444"
#define ENTRIES_MAX 16

typedef struct fixture {
    ledger_case who;
    char folder[64];
    char path[96];
    ledger *ledger;
    svms_error err;
    char seen[4096];
    uint8_t *bytes; /* of the file */
    size_t size;
    size_t ends[ENTRIES_MAX]; /* of front and entries */
    size_t end_count;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->err = (svms_error)SVMS_ERROR_INIT;
    ledger_case_make(&f->who);
    snprintf(f->folder, sizeof f->folder, "/tmp/svms-test-ledger-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/ledger", f->folder);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    ledger_close(&f->ledger);
    (void)unlink(f->path);
    assert_int_equal(rmdir(f->folder), 0);
    ledger_case_free(&f->who);
    free(f->bytes);
    free(f);
    return 0;
}

static svms_status open_ledger(fixture *f)
{
    return ledger_open(&f->ledger, f->who.ctx, f->path, &f->who.keys, f->who.trust, &f->err);
}

static void reopen(fixture *f)
{
    ledger_close(&f->ledger);
    svms_status status = open_ledger(f);
    if (status != SVMS_OK) {
        print_message("%s\n", f->err.message);
    }
    assert_int_equal(status, SVMS_OK);
}

static svms_status append(fixture *f, ledger_kind kind, const char *id, const char *why)
{
    bool has_range = kind != LEDGER_UNLOCK;
    ledger_entry entry = {
        kind, id, has_range ? "door" : NULL, has_range ? 1000 : 0, has_range ? 2000 : 0, "anna",
        why,  0
    };
    return ledger_append(f->ledger, &entry, &f->err);
}

static svms_status see(void *user, const ledger_entry *entry)
{
    static const char *const kinds[] = { "lock", "unlock", "erase" };
    fixture *f = user;
    size_t used = strlen(f->seen);
    snprintf(f->seen + used, sizeof f->seen - used, "%s %.1s %s %s;", kinds[entry->kind], entry->id,
             entry->camera ? entry->camera : "-", entry->why);
    assert_string_equal(entry->who, "anna");
    assert_true(entry->utc_ns > 0);
    assert_int_equal(entry->from_utc_ns, entry->camera ? 1000 : 0);
    assert_int_equal(entry->to_utc_ns, entry->camera ? 2000 : 0);
    return SVMS_OK;
}

static void expect_seen(fixture *f, const char *entries)
{
    f->seen[0] = '\0';
    assert_int_equal(ledger_walk(f->ledger, see, f, &f->err), SVMS_OK);
    assert_string_equal(f->seen, entries);
}

static void read_bytes(fixture *f)
{
    struct stat is;
    int handle = open(f->path, O_RDONLY);
    assert_true(handle >= 0);
    assert_int_equal(fstat(handle, &is), 0);
    free(f->bytes);
    f->size = (size_t)is.st_size;
    f->bytes = malloc(f->size);
    assert_non_null(f->bytes);
    assert_int_equal(read(handle, f->bytes, f->size), f->size);
    close(handle);
}

static void write_bytes(const fixture *f, const uint8_t *bytes, size_t size)
{
    int handle = open(f->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(handle >= 0);
    if (size > 0) {
        assert_int_equal(write(handle, bytes, size), size);
    }
    close(handle);
}

static size_t file_size(const fixture *f)
{
    struct stat is;
    assert_int_equal(stat(f->path, &is), 0);
    return (size_t)is.st_size;
}

/* Three entries, and where each ends. */
static void make_three(fixture *f)
{
    assert_int_equal(open_ledger(f), SVMS_OK);
    f->ends[0] = file_size(f);
    assert_int_equal(append(f, LEDGER_LOCK, FIRST_ID, "theft"), SVMS_OK);
    f->ends[1] = file_size(f);
    assert_int_equal(append(f, LEDGER_LOCK, SECOND_ID, "fire"), SVMS_OK);
    f->ends[2] = file_size(f);
    assert_int_equal(append(f, LEDGER_UNLOCK, FIRST_ID, ""), SVMS_OK);
    f->ends[3] = file_size(f);
    f->end_count = 4;
    ledger_close(&f->ledger);
    read_bytes(f);
}

static void what_was_appended_is_there(void **state)
{
    fixture *f = *state;
    struct stat is;
    assert_int_equal(open_ledger(f), SVMS_OK);
    expect_seen(f, "");
    assert_int_equal(append(f, LEDGER_LOCK, FIRST_ID, "theft"), SVMS_OK);
    assert_int_equal(append(f, LEDGER_ERASE, SECOND_ID, "request of a person \xc3\xa4"), SVMS_OK);
    reopen(f);
    assert_int_equal(append(f, LEDGER_UNLOCK, FIRST_ID, ""), SVMS_OK);
    reopen(f);
    expect_seen(f, "lock 0 door theft;erase a door request of a person \xc3\xa4;unlock 0 - ;");
    assert_int_equal(ledger_torn(f->ledger), 0);
    assert_int_equal(stat(f->path, &is), 0);
    assert_int_equal(is.st_mode & 0777, 0600);
}

static void one_process_has_it(void **state)
{
    fixture *f = *state;
    ledger *second = NULL;
    assert_int_equal(open_ledger(f), SVMS_OK);
    assert_int_equal(ledger_open(&second, f->who.ctx, f->path, &f->who.keys, f->who.trust, &f->err),
                     SVMS_E_STATE);
    assert_null(second);
    ledger_close(&f->ledger);
    assert_int_equal(open_ledger(f), SVMS_OK);
}

static void texts_that_lie_or_hide_are_refused(void **state)
{
    static const char *const bad[] = { "line\nfeed",       "\xff",
                                       "\xc0\x80",         "\xed\xa0\x80",
                                       "\xf4\x90\x80\x80", "\xc2\x85",
                                       "cut \xe2\x82",     "\x7f" };
    fixture *f = *state;
    char *long_text = calloc(1, LEDGER_WHY_MAX + 2);
    assert_non_null(long_text);
    memset(long_text, 'a', LEDGER_WHY_MAX + 1);
    assert_int_equal(open_ledger(f), SVMS_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(append(f, LEDGER_LOCK, FIRST_ID, bad[i]), SVMS_E_USAGE);
    }
    assert_int_equal(append(f, LEDGER_LOCK, "no-id", "x"), SVMS_E_USAGE);
    assert_int_equal(append(f, LEDGER_LOCK, FIRST_ID, long_text), SVMS_E_USAGE);
    long_text[LEDGER_WHY_MAX] = '\0';
    assert_int_equal(append(f, LEDGER_LOCK, FIRST_ID, long_text), SVMS_OK);
    ledger_entry odd = { LEDGER_LOCK, FIRST_ID, "../x", 1, 2, "anna", "", 0 };
    assert_int_equal(ledger_append(f->ledger, &odd, &f->err), SVMS_E_USAGE);
    odd.camera = "door";
    odd.to_utc_ns = 1;
    assert_int_equal(ledger_append(f->ledger, &odd, &f->err), SVMS_E_USAGE);
    free(long_text);
    reopen(f);
}

static void every_flipped_byte_is_found(void **state)
{
    fixture *f = *state;
    make_three(f);
    for (size_t at = 0; at < f->size; at++) {
        f->bytes[at] ^= 1;
        write_bytes(f, f->bytes, f->size);
        f->bytes[at] ^= 1;
        svms_status status = open_ledger(f);
        if (status == SVMS_OK) {
            print_message("byte %zu of %zu\n", at, f->size);
        }
        assert_int_not_equal(status, SVMS_OK);
        if (at >= 16) {
            char entry[32];
            snprintf(entry, sizeof entry, "entry %d ",
                     at < f->ends[1]   ? 0
                     : at < f->ends[2] ? 1
                                       : 2);
            if (status != SVMS_E_NOT_AUTHENTIC || !strstr(f->err.message, entry)) {
                print_message("byte %zu: %s\n", at, f->err.message);
            }
            assert_int_equal(status, SVMS_E_NOT_AUTHENTIC);
            assert_non_null(strstr(f->err.message, entry));
        }
        /* Nothing was cut off or mended. */
        assert_int_equal(file_size(f), f->size);
    }
}

static void a_torn_tail_is_cut_off_at_every_length(void **state)
{
    fixture *f = *state;
    make_three(f);
    for (size_t size = 0; size < f->size; size++) {
        write_bytes(f, f->bytes, size);
        assert_int_equal(open_ledger(f), SVMS_OK);
        size_t whole = f->ends[0];
        for (size_t i = 0; i < f->end_count && f->ends[i] <= size; i++) {
            whole = f->ends[i];
        }
        assert_int_equal(file_size(f), whole);
        assert_int_equal(ledger_torn(f->ledger), size > whole ? size - whole : 0);
        ledger_close(&f->ledger);
    }
}

static void a_tail_that_was_never_written_is_cut_off(void **state)
{
    fixture *f = *state;
    make_three(f);
    size_t last = f->ends[2];
    for (size_t from = last; from < f->size; from++) {
        uint8_t *zeros = calloc(1, f->size);
        assert_non_null(zeros);
        memcpy(zeros, f->bytes, from);
        write_bytes(f, zeros, f->size);
        free(zeros);
        svms_status status = open_ledger(f);
        bool in_head = from > last && from < last + LEDGER_HEAD_SIZE;
        assert_int_equal(status, in_head ? SVMS_E_NOT_AUTHENTIC : SVMS_OK);
        ledger_close(&f->ledger);
    }
}

static void writing_goes_on_behind_what_was_cut(void **state)
{
    fixture *f = *state;
    make_three(f);
    write_bytes(f, f->bytes, f->size - 1);
    assert_int_equal(open_ledger(f), SVMS_OK);
    assert_int_equal(append(f, LEDGER_ERASE, SECOND_ID, "after"), SVMS_OK);
    reopen(f);
    expect_seen(f, "lock 0 door theft;lock a door fire;erase a door after;");
}

static void expect_forged(fixture *f, const uint8_t *bytes, size_t size, const char *entry)
{
    write_bytes(f, bytes, size);
    assert_int_equal(open_ledger(f), SVMS_E_NOT_AUTHENTIC);
    assert_non_null(strstr(f->err.message, entry));
}

static void what_was_taken_out_swapped_or_repeated_is_found(void **state)
{
    fixture *f = *state;
    make_three(f);
    size_t *ends = f->ends;
    uint8_t *other = malloc(2 * f->size);
    assert_non_null(other);
    /* The middle is gone. */
    memcpy(other, f->bytes, ends[1]);
    memcpy(other + ends[1], f->bytes + ends[2], f->size - ends[2]);
    expect_forged(f, other, f->size - (ends[2] - ends[1]), "entry 1 ");
    /* The last two change places. */
    memcpy(other + ends[1], f->bytes + ends[2], f->size - ends[2]);
    memcpy(other + ends[1] + f->size - ends[2], f->bytes + ends[1], ends[2] - ends[1]);
    expect_forged(f, other, f->size, "entry 1 ");
    /* The last is there twice. */
    memcpy(other, f->bytes, f->size);
    memcpy(other + f->size, f->bytes + ends[2], f->size - ends[2]);
    expect_forged(f, other, f->size + (f->size - ends[2]), "entry 3 ");
    /* The first is gone, and with it who signs. */
    memcpy(other, f->bytes, ends[0]);
    memcpy(other + ends[0], f->bytes + ends[1], f->size - ends[1]);
    expect_forged(f, other, f->size - (ends[1] - ends[0]), "entry 0 ");
    /* Something else stands behind. */
    memcpy(other, f->bytes, f->size);
    memset(other + f->size, 'x', 7);
    expect_forged(f, other, f->size + 7, "entry 3 ");
    free(other);
}

static void an_entry_of_another_ledger_does_not_fit(void **state)
{
    fixture *f = *state;
    make_three(f);
    size_t size = f->ends[1];
    uint8_t *first = malloc(size);
    assert_non_null(first);
    memcpy(first, f->bytes, size);
    assert_int_equal(unlink(f->path), 0);
    make_three(f);
    /* The other one's front, this one's entry. */
    memcpy(f->bytes, first, f->ends[0]);
    expect_forged(f, f->bytes, f->ends[1], "entry 0 ");
    free(first);
}

static void what_is_cut_at_an_entry_contradicts_the_mark(void **state)
{
    fixture *f = *state;
    char before[LEDGER_MARK_SIZE];
    char after[LEDGER_MARK_SIZE];
    assert_int_equal(open_ledger(f), SVMS_OK);
    ledger_mark(f->ledger, before);
    assert_string_equal(before, "none");
    ledger_close(&f->ledger);
    make_three(f);
    reopen(f);
    ledger_mark(f->ledger, before);
    assert_int_equal(strncmp(before, "2 ", 2), 0);
    assert_int_equal(strlen(before), 66);
    ledger_close(&f->ledger);
    write_bytes(f, f->bytes, f->ends[2]);
    assert_int_equal(open_ledger(f), SVMS_OK);
    ledger_mark(f->ledger, after);
    assert_string_not_equal(before, after);
    assert_int_equal(strncmp(after, "1 ", 2), 0);
}

static void a_new_signer_goes_on(void **state)
{
    fixture *f = *state;
    storage_keys first;
    make_three(f);
    first = f->who.keys;
    ledger_case_issue(&f->who, &f->who.keys, SVMS_ROLE_RECORDER);
    assert_int_equal(open_ledger(f), SVMS_OK);
    assert_int_equal(append(f, LEDGER_LOCK, FIRST_ID, "again"), SVMS_OK);
    size_t one = file_size(f);
    assert_int_equal(append(f, LEDGER_UNLOCK, FIRST_ID, "done"), SVMS_OK);
    /* The certificate stands there once. */
    assert_true(file_size(f) - one < 400);
    reopen(f);
    expect_seen(f, "lock 0 door theft;lock a door fire;unlock 0 - ;lock 0 door again;"
                   "unlock 0 - done;");
    ledger_case_drop_keys(&first);
}

static void a_stranger_is_not_believed(void **state)
{
    fixture *f = *state;
    ledger_case stranger;
    storage_keys camera;
    make_three(f);
    ledger_case_make(&stranger);
    assert_int_equal(
        ledger_open(&f->ledger, f->who.ctx, f->path, &f->who.keys, stranger.trust, &f->err),
        SVMS_E_UNTRUSTED);
    assert_non_null(strstr(f->err.message, "entry 0 "));
    /* Nor may he write; nor who is no recorder. */
    assert_int_equal(
        ledger_open(&f->ledger, f->who.ctx, f->path, &stranger.keys, f->who.trust, &f->err),
        SVMS_OK);
    assert_int_equal(append(f, LEDGER_LOCK, FIRST_ID, "x"), SVMS_E_UNTRUSTED);
    ledger_close(&f->ledger);
    ledger_case_issue(&f->who, &camera, SVMS_ROLE_CAMERA);
    assert_int_equal(ledger_open(&f->ledger, f->who.ctx, f->path, &camera, f->who.trust, &f->err),
                     SVMS_OK);
    assert_int_equal(append(f, LEDGER_LOCK, FIRST_ID, "x"), SVMS_E_UNTRUSTED);
    assert_int_equal(file_size(f), f->size);
    ledger_case_drop_keys(&camera);
    ledger_case_free(&stranger);
}

static void a_write_that_fails_leaves_it_as_it_was(void **state)
{
    fixture *f = *state;
    struct rlimit before;
    struct rlimit limit;
    make_three(f);
    reopen(f);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = f->size + 50;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    svms_status status = append(f, LEDGER_LOCK, FIRST_ID, "x");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, SVMS_E_IO);
    assert_int_equal(file_size(f), f->size);
    assert_int_equal(append(f, LEDGER_LOCK, FIRST_ID, "now"), SVMS_OK);
    reopen(f);
    expect_seen(f, "lock 0 door theft;lock a door fire;unlock 0 - ;lock 0 door now;");
}

static void what_changes_while_it_is_open_is_found_by_walking(void **state)
{
    fixture *f = *state;
    make_three(f);
    reopen(f);
    write_bytes(f, f->bytes, f->ends[2]);
    assert_int_equal(ledger_walk(f->ledger, NULL, NULL, &f->err), SVMS_E_NOT_AUTHENTIC);
    assert_non_null(strstr(f->err.message, "entry 2 "));
}

static void what_is_no_ledger_is_left_alone(void **state)
{
    fixture *f = *state;
    write_bytes(f, (const uint8_t *)"dear diary", 10);
    assert_int_equal(open_ledger(f), SVMS_E_MALFORMED);
    assert_int_equal(file_size(f), 10);
    assert_int_equal(unlink(f->path), 0);
    make_three(f);
    f->bytes[9] = 2; /* a later version */
    write_bytes(f, f->bytes, f->size);
    assert_int_equal(open_ledger(f), SVMS_E_UNSUPPORTED);
    assert_int_equal(file_size(f), f->size);
}

/* The allocation after so many fails, and all behind it. */
typedef struct scarce {
    unsigned left;
} scarce;

static void *allocate(void *user, size_t size)
{
    scarce *memory = user;
    if (memory->left == 0) {
        return NULL;
    }
    memory->left--;
    return malloc(size);
}

static void release(void *user, void *pointer)
{
    (void)user;
    free(pointer);
}

static void without_memory_nothing_is_called_forged(void **state)
{
    fixture *f = *state;
    scarce memory = { UINT32_MAX };
    svms_ctx *ctx = NULL;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_status status = SVMS_E_NO_MEMORY;
    make_three(f);
    options.user = &memory;
    options.allocate = allocate;
    options.release = release;
    assert_int_equal(svms_ctx_new(&ctx, &options, NULL), SVMS_OK);
    for (unsigned n = 0; status != SVMS_OK && n < 1000; n++) {
        memory.left = n;
        status = ledger_open(&f->ledger, ctx, f->path, &f->who.keys, f->who.trust, &f->err);
        assert_true(status == SVMS_OK || status == SVMS_E_NO_MEMORY);
    }
    assert_int_equal(status, SVMS_OK);
    memory.left = 0;
    assert_int_equal(ledger_walk(f->ledger, NULL, NULL, &f->err), SVMS_E_NO_MEMORY);
    memory.left = UINT32_MAX;
    assert_int_equal(ledger_walk(f->ledger, NULL, NULL, &f->err), SVMS_OK);
    ledger_close(&f->ledger);
    svms_ctx_free(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_appended_is_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_process_has_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(texts_that_lie_or_hide_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_flipped_byte_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_torn_tail_is_cut_off_at_every_length, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_tail_that_was_never_written_is_cut_off, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(writing_goes_on_behind_what_was_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_taken_out_swapped_or_repeated_is_found, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_entry_of_another_ledger_does_not_fit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_cut_at_an_entry_contradicts_the_mark, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_new_signer_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stranger_is_not_believed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_write_that_fails_leaves_it_as_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_changes_while_it_is_open_is_found_by_walking, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_memory_nothing_is_called_forged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_ledger_is_left_alone, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
