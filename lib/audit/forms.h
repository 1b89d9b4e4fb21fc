/* SPDX-License-Identifier: Apache-2.0 */
/* Records as lines of other forms (A-FWD-1, A-FWD-3, A-FWD-5). Lines come without their end. */
#ifndef SVMS_FORMS_H
#define SVMS_FORMS_H

#include <svms/audit_forward.h>
#include <svms/audit_read.h>

#include "builder.h"

/* A record that is to be written, and what is known of it. */
typedef struct svms_form_record {
    uint64_t index;
    const uint8_t *bytes;
    size_t size;
    bool is_line;                /* JSON, UTF-8, without control characters */
    const svms_audit_view *view; /* NULL: it is not what section 1 says */
} svms_form_record;

/* The record, or, where it is no line, what stands in its place (A-FWD-5). */
void svms_put_record_line(svms_builder *out, const svms_form_record *record, bool with_index);
void svms_put_syslog(svms_builder *out, const svms_form_record *record, uint32_t enterprise);
void svms_put_csv_heading(svms_builder *out);
void svms_put_csv(svms_builder *out, const svms_form_record *record);

/* Appends a record in any form, with its line end or frame. The record has 1 to
 * SVMS_AUDIT_RECORD_MAX bytes, and the options are checked. */
SVMS_MUST_CHECK svms_status svms_put_form(svms_builder *out, const svms_audit_form_options *options,
                                          uint64_t index, const void *record, size_t size,
                                          svms_error *err);

#endif
