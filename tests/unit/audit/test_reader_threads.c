/* SPDX-License-Identifier: Apache-2.0 */
/* Readers in threads of their own, beside one that appends, publishes and drops what it does not
 * need any more: in a folder of the file system. tests/run.sh runs this under ThreadSanitizer, too.
 */
#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <svms/audit_read.h>

#define READERS 3u
#define ROUNDS 120u
#define AT_ONCE 40u

typedef struct scene {
    svms_ctx *ctx;
    svms_folder folder;
    char path[64];
    char key[SVMS_AUDIT_KEY_SIZE];
    atomic_bool is_over;
    atomic_uint wrong;
    atomic_uint looks;
} scene;

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static int set_up(void **state)
{
    scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    strcpy(s->path, "/tmp/svms-test-reader-XXXXXX");
    assert_non_null(mkdtemp(s->path));
    assert_int_equal(svms_ctx_new(&s->ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_folder_open(&s->folder, s->ctx, s->path, 0, NULL), SVMS_OK);
    assert_int_equal(svms_audit_log_create(s->ctx, &s->folder, "threads/audit", s->key, NULL),
                     SVMS_OK);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    scene *s = *state;
    svms_folder_close(&s->folder);
    svms_ctx_free(&s->ctx);
    nftw(s->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(s);
    return 0;
}

/* Numbers of the records, which begin behind those of the log's own. */
typedef struct sequence {
    scene *s;
    unsigned next;
    uint64_t count;
} sequence;

static svms_status note(void *user, const svms_audit_found *found)
{
    sequence *at = user;
    char expected[32];
    at->count++;
    if (found->size > 0 && found->record[0] == '{') {
        return SVMS_OK;
    }
    int size = snprintf(expected, sizeof expected, "record %u", at->next++);
    if ((size_t)size != found->size || memcmp(expected, found->record, found->size) != 0) {
        atomic_fetch_add(&at->s->wrong, 1u);
    }
    return SVMS_OK;
}

static void *read_on(void *argument)
{
    scene *s = argument;
    svms_audit_trust trust = SVMS_AUDIT_TRUST_INIT;
    svms_audit_reader *reader = NULL;
    svms_error err = SVMS_ERROR_INIT;
    uint64_t size = 0;
    trust.log_key = s->key;
    svms_status status = svms_audit_reader_open(&reader, s->ctx, &s->folder, &trust, &err);
    while (status == SVMS_OK && !atomic_load(&s->is_over)) {
        sequence at = { .s = s };
        status = svms_audit_reader_refresh(reader, &err);
        if (status == SVMS_OK) {
            status = svms_audit_reader_find(reader, NULL, note, &at, &err);
        }
        if (at.count < size) {
            atomic_fetch_add(&s->wrong, 1u);
        }
        size = at.count;
        atomic_fetch_add(&s->looks, 1u);
    }
    if (status != SVMS_OK) {
        fprintf(stderr, "a reader: %s\n", err.message);
        atomic_fetch_add(&s->wrong, 1u);
    }
    svms_audit_reader_close(&reader);
    return NULL;
}

static void append_on(scene *s, svms_audit_log *log)
{
    unsigned number = 0;
    for (unsigned round = 0; round < ROUNDS || atomic_load(&s->looks) < 2 * READERS; round++) {
        char text[AT_ONCE][24];
        svms_iovec run[AT_ONCE];
        uint64_t first;
        unsigned count = 1 + round % AT_ONCE;
        for (unsigned i = 0; i < count; i++) {
            int size = snprintf(text[i], sizeof text[i], "record %u", number + i);
            run[i] = (svms_iovec){ text[i], (size_t)size };
        }
        number += count;
        assert_int_equal(svms_audit_log_append(log, run, count, &first, NULL), SVMS_OK);
        if (round % 4 == 0) {
            assert_int_equal(svms_audit_log_tend(log, NULL), SVMS_OK);
        }
        if (atomic_load(&s->wrong) > 0) {
            break;
        }
    }
}

static void readers_see_what_was_acknowledged(void **state)
{
    scene *s = *state;
    pthread_t thread[READERS];
    svms_audit_log_options options = SVMS_AUDIT_LOG_OPTIONS_INIT;
    svms_audit_log *log = NULL;
    options.server = "vms";
    assert_int_equal(svms_audit_log_open(&log, s->ctx, &s->folder, &options, NULL), SVMS_OK);
    for (unsigned i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, read_on, s), 0);
    }
    append_on(s, log);
    atomic_store(&s->is_over, true);
    for (unsigned i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    }
    assert_int_equal(svms_audit_log_close(&log, NULL), SVMS_OK);
    assert_int_equal(atomic_load(&s->wrong), 0);
    assert_true(atomic_load(&s->looks) >= READERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(readers_see_what_was_acknowledged, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
