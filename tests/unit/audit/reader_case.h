/* SPDX-License-Identifier: Apache-2.0 */
/* A log in a memory folder, with somebody who appends to it and somebody who reads it. */
#ifndef SVMS_TEST_READER_CASE_H
#define SVMS_TEST_READER_CASE_H

#include <svms/audit_read.h>

#include "memory_folder.h"

#define READER_CASE_ORIGIN "vms.example/audit"
/* Records of the log's own when it is opened: the new epoch, and that it is open. */
#define READER_CASE_OPENING 2u

typedef struct reader_case {
    svms_ctx *ctx;
    memory_folder folder;
    svms_folder view;
    char key[SVMS_AUDIT_KEY_SIZE];
    svms_audit_trust trust;
} reader_case;

int reader_case_set_up(void **state);
int reader_case_tear_down(void **state);
/* The folder is another one from then on, which it takes over. */
void reader_case_put_back(reader_case *f, memory_folder *folder);

svms_audit_log *reader_case_log(reader_case *f);
void reader_case_close(svms_audit_log **log);
/* "record N", from a number on. */
void reader_case_append(svms_audit_log *log, unsigned number, unsigned count);
svms_audit_reader *reader_case_reader(reader_case *f);
svms_audit_head reader_case_head(const svms_audit_reader *reader);
/* "record N" is what stands at an index. */
void reader_case_expect(svms_audit_reader *reader, uint64_t index, unsigned number);

#endif
