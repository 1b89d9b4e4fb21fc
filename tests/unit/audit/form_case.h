/* SPDX-License-Identifier: Apache-2.0 */
/* Records in other forms, for tests: the line of a record, compared with one that was made by hand.
 */
#ifndef SVMS_TEST_FORM_CASE_H
#define SVMS_TEST_FORM_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <svms/audit_forward.h>

#define BOM "\xef\xbb\xbf"
#define RECORD_ID "00112233445566778899aabbccddeeff"
#define RECORD_TIME "2026-11-21T10:00:00.123Z"
#define RECORD_FRONT "{\"v\":1,\"id\":\"" RECORD_ID "\",\"time\":\"" RECORD_TIME "\","

typedef struct form_case {
    svms_ctx *ctx;
    size_t size;
    char line[SVMS_AUDIT_LINE_SIZE];
} form_case;

int form_case_set_up(void **state);
int form_case_tear_down(void **state);

/* The line of a record, in f->line. */
void form_case_write(form_case *f, svms_audit_form form, uint64_t index, const void *record,
                     size_t size);
/* The same, which must be expected. */
void form_case_expect(form_case *f, svms_audit_form form, uint64_t index, const char *record,
                      const char *expected);

#endif
