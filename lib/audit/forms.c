/* SPDX-License-Identifier: Apache-2.0 */
#include "forms.h"

#include <inttypes.h>
#include <stdio.h>

#include "base64.h"
#include "failure.h"
#include "json_parse.h"
#include "json_put.h"
#include "options.h"

/* Deeper than any record that is built here. */
#define DEPTH_MAX 64u
/* "65535 " */
#define LENGTH_MAX 8u

/* Also what no view can be made of: a record of a later version, or something else. */
static svms_status is_object(bool *out, svms_ctx *ctx, const void *bytes, size_t size,
                             svms_error *err)
{
    const svms_json_limits limits = { SVMS_AUDIT_RECORD_MAX, DEPTH_MAX };
    svms_json_document document = { 0 };
    svms_status status = svms_json_load_plain(&document, ctx, "record", &limits, bytes, size, err);
    *out = status == SVMS_OK && document.root->kind == SVMS_JSON_OBJECT;
    if (status == SVMS_OK) {
        svms_json_unload(&document);
    }
    return status == SVMS_E_NO_MEMORY ? status : SVMS_OK;
}

static bool has_controls(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] < 0x20) {
            return true;
        }
    }
    return false;
}

void svms_put_record_line(svms_builder *out, const svms_form_record *record, bool with_index)
{
    bool is_numbered = record->index != SVMS_AUDIT_UNNUMBERED;
    if (record->is_line && !with_index) {
        svms_put_bytes(out, record->bytes, record->size);
        return;
    }
    /* Whatever stands in front of it, this is no member of anything. */
    svms_put_u8(out, '{');
    if (is_numbered) {
        svms_json_put_number(out, "index", record->index);
    }
    if (record->is_line) {
        svms_json_put_raw(out, "record", record->bytes, record->size);
    } else {
        svms_json_put_raw(out, "base64", "\"", 1);
        svms_put_base64_padded(out, record->bytes, record->size);
        svms_put_u8(out, '"');
    }
    svms_put_u8(out, '}');
}

static void put_framed(svms_builder *out, const svms_form_record *record, uint32_t enterprise)
{
    char length[LENGTH_MAX];
    svms_builder message = svms_builder_new(out->ctx, SVMS_AUDIT_LINE_SIZE - LENGTH_MAX);
    svms_put_syslog(&message, record, enterprise);
    if (message.status == SVMS_OK) {
        int size = snprintf(length, sizeof length, "%zu ", message.size);
        svms_put_bytes(out, length, (size_t)size);
        svms_put_bytes(out, message.data, message.size);
    } else if (out->status == SVMS_OK) {
        out->status = message.status;
    }
    svms_builder_clear(&message);
}

static void put(svms_builder *out, const svms_audit_form_options *options,
                const svms_form_record *record)
{
    switch (options->form) {
    case SVMS_AUDIT_JSON_LINES:
        svms_put_record_line(out, record, options->with_index != 0);
        svms_put_u8(out, '\n');
        break;
    case SVMS_AUDIT_CSV:
        svms_put_csv(out, record);
        svms_put_bytes(out, "\r\n", 2);
        break;
    case SVMS_AUDIT_SYSLOG:
        svms_put_syslog(out, record, options->enterprise);
        svms_put_u8(out, '\n');
        break;
    case SVMS_AUDIT_SYSLOG_FRAMED:
        put_framed(out, record, options->enterprise);
        break;
    }
}

svms_status svms_put_form(svms_builder *out, const svms_audit_form_options *options, uint64_t index,
                          const void *bytes, size_t size, svms_error *err)
{
    svms_audit_view view = SVMS_AUDIT_VIEW_INIT;
    svms_error why = SVMS_ERROR_INIT;
    svms_form_record record = { index, bytes, size, true, &view };
    svms_status status = svms_audit_view_read(&view, out->ctx, bytes, size, &why);
    if (status != SVMS_OK && status != SVMS_E_NO_MEMORY) {
        record.view = NULL;
        status = is_object(&record.is_line, out->ctx, bytes, size, &why);
    }
    if (status != SVMS_OK) {
        svms_audit_view_clear(&view);
        return svms_fail_as(err, status, &why);
    }
    record.is_line = record.is_line && !has_controls(bytes, size);
    put(out, options, &record);
    svms_audit_view_clear(&view);
    return svms_builder_check(out, "the line of a record", err);
}

static svms_status read_options(svms_audit_form_options *out, const svms_audit_form_options *given,
                                svms_error *err)
{
    *out = (svms_audit_form_options)SVMS_AUDIT_FORM_OPTIONS_INIT;
    svms_status status = svms_options_read(out, sizeof *out, given, "the options", err);
    if (status == SVMS_OK && ((unsigned)out->form < SVMS_AUDIT_JSON_LINES ||
                              (unsigned)out->form > SVMS_AUDIT_SYSLOG_FRAMED)) {
        status = svms_fail(err, SVMS_E_USAGE, "records have no such form");
    }
    return status;
}

svms_status svms_audit_form_heading(svms_ctx *ctx, const svms_audit_form_options *options,
                                    char *out, size_t *size, svms_error *err)
{
    svms_audit_form_options known;
    if (!ctx || !size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = read_options(&known, options, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_builder text = svms_builder_new(ctx, SVMS_AUDIT_LINE_SIZE - 1);
    if (known.form == SVMS_AUDIT_CSV) {
        svms_put_csv_heading(&text);
        svms_put_bytes(&text, "\r\n", 2);
    }
    status = svms_builder_hand_out(&text, "the heading", out, size, err);
    svms_builder_clear(&text);
    return status;
}

svms_status svms_audit_form_record(svms_ctx *ctx, const svms_audit_form_options *options,
                                   uint64_t index, const void *record, size_t record_size,
                                   char *out, size_t *size, svms_error *err)
{
    svms_audit_form_options known;
    if (!ctx || !record || !size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (record_size == 0 || record_size > SVMS_AUDIT_RECORD_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "a record has 1 to %u bytes", SVMS_AUDIT_RECORD_MAX);
    }
    svms_status status = read_options(&known, options, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_builder text = svms_builder_new(ctx, SVMS_AUDIT_LINE_SIZE - 1);
    status = svms_put_form(&text, &known, index, record, record_size, err);
    if (status == SVMS_OK) {
        status = svms_builder_hand_out(&text, "the line", out, size, err);
    }
    svms_builder_clear(&text);
    return status;
}
