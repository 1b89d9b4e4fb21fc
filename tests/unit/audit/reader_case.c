/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reader_case.h"

#define AT_ONCE 1000u
#define TEXT_SIZE 24u

int reader_case_set_up(void **state)
{
    reader_case *f = calloc(1, sizeof *f);
    assert_non_null(f);
    assert_int_equal(svms_ctx_new(&f->ctx, NULL, NULL), SVMS_OK);
    f->view = memory_folder_open(&f->folder);
    assert_int_equal(svms_audit_log_create(f->ctx, &f->view, READER_CASE_ORIGIN, f->key, NULL),
                     SVMS_OK);
    f->trust = (svms_audit_trust)SVMS_AUDIT_TRUST_INIT;
    f->trust.log_key = f->key;
    *state = f;
    return 0;
}

int reader_case_tear_down(void **state)
{
    reader_case *f = *state;
    memory_folder_free(&f->folder);
    svms_ctx_free(&f->ctx);
    free(f);
    return 0;
}

void reader_case_put_back(reader_case *f, memory_folder *folder)
{
    memory_folder_free(&f->folder);
    f->folder = *folder;
    for (unsigned i = 0; i < MEMORY_FILES; i++) {
        f->folder.file[i].folder = &f->folder;
    }
}

svms_audit_log *reader_case_log(reader_case *f)
{
    svms_audit_log_options options = SVMS_AUDIT_LOG_OPTIONS_INIT;
    svms_audit_log *log = NULL;
    svms_error err = SVMS_ERROR_INIT;
    options.server = "vms";
    if (svms_audit_log_open(&log, f->ctx, &f->view, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return log;
}

void reader_case_close(svms_audit_log **log)
{
    assert_int_equal(svms_audit_log_close(log, NULL), SVMS_OK);
}

void reader_case_append(svms_audit_log *log, unsigned number, unsigned count)
{
    static char text[AT_ONCE][TEXT_SIZE];
    svms_iovec run[AT_ONCE];
    for (unsigned done = 0; done < count;) {
        unsigned now = count - done < AT_ONCE ? count - done : AT_ONCE;
        uint64_t first;
        for (unsigned i = 0; i < now; i++) {
            int size = snprintf(text[i], TEXT_SIZE, "record %u", number + done + i);
            run[i] = (svms_iovec){ text[i], (size_t)size };
        }
        assert_int_equal(svms_audit_log_append(log, run, now, &first, NULL), SVMS_OK);
        done += now;
    }
}

svms_audit_reader *reader_case_reader(reader_case *f)
{
    svms_audit_reader *reader = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_audit_reader_open(&reader, f->ctx, &f->view, &f->trust, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return reader;
}

svms_audit_head reader_case_head(const svms_audit_reader *reader)
{
    svms_audit_head head = SVMS_AUDIT_HEAD_INIT;
    assert_int_equal(svms_audit_reader_head(reader, &head, NULL), SVMS_OK);
    return head;
}

void reader_case_expect(svms_audit_reader *reader, uint64_t index, unsigned number)
{
    char expected[TEXT_SIZE];
    char found[SVMS_AUDIT_RECORD_MAX + 1];
    size_t size = sizeof found;
    svms_error err = SVMS_ERROR_INIT;
    snprintf(expected, sizeof expected, "record %u", number);
    if (svms_audit_reader_record(reader, index, found, &size, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(size, strlen(expected));
    assert_string_equal(found, expected);
}
