/* SPDX-License-Identifier: Apache-2.0 */
/* Audit records on their way out. The first byte says what the others are: 'p' a position of a
 * forwarder, anything else a record, which becomes a line in every form. */
#include <stdlib.h>
#include <string.h>

#include "forms.h"
#include "position.h"

#define COLUMNS 25u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
    if (!good) {
        abort();
    }
}

static void read_position(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    svms_position position;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_position_parse(&position, data, size, &err);
    if (status == SVMS_OK) {
        svms_builder again = svms_builder_new(ctx, SVMS_AUDIT_POSITION_SIZE);
        svms_put_position(&again, &position);
        check(again.status == SVMS_OK && again.size == size);
        check(memcmp(again.data, data, size) == 0);
        svms_builder_clear(&again);
    } else {
        check(status == SVMS_E_MALFORMED && err.message[0] != '\0');
    }
}

/* One line: nothing in it ends one, but for its own end. */
static void check_line(const char *line, size_t size)
{
    check(size > 1 && line[size - 1] == '\n');
    for (size_t i = 0; i + 1 < size; i++) {
        check((unsigned char)line[i] >= 0x20);
    }
}

/* Header, and structured data whose quotation marks pair (RFC 5424 section 6). */
static void check_syslog(const char *line, size_t size)
{
    bool is_quoted = false;
    const char *at = line;
    check_line(line, size);
    for (unsigned spaces = 0; spaces < 6; spaces++) {
        at = strchr(at, ' ');
        check(at != NULL);
        at++;
    }
    check(*at == '[');
    for (; is_quoted || *at != ']'; at++) {
        check(*at != '\n');
        if (is_quoted && *at == '\\') {
            at++;
            check(*at == '"' || *at == '\\' || *at == ']');
        } else if (*at == '"') {
            is_quoted = !is_quoted;
        } else {
            check(!is_quoted || *at != ']');
        }
    }
    check(strncmp(at, "] \xef\xbb\xbf{", 6) == 0);
}

/* One row of RFC 4180, with as many cells as columns. */
static void check_csv(const char *row, size_t size)
{
    unsigned cells = 1;
    bool is_quoted = false;
    check(size > 2 && memcmp(row + size - 2, "\r\n", 2) == 0);
    for (size_t i = 0; i + 2 < size; i++) {
        if (row[i] == '"') {
            is_quoted = !is_quoted;
        } else if (!is_quoted) {
            check(row[i] != '\r' && row[i] != '\n');
            cells += row[i] == ',';
        }
        if (is_quoted && row[i] == '"' && row[i - 1] == ',') {
            check(!strchr("=+-@\t\r\n", row[i + 1]));
        }
    }
    check(!is_quoted && cells == COLUMNS);
}

static void check_frame(const char *frame, size_t size)
{
    char *end = NULL;
    unsigned long length = strtoul(frame, &end, 10);
    check(end > frame && *end == ' ' && (size_t)(end + 1 - frame) + length == size);
    check(end[1] == '<');
}

static void write_record(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    static char line[SVMS_AUDIT_LINE_SIZE];
    svms_audit_form_options options = SVMS_AUDIT_FORM_OPTIONS_INIT;
    for (unsigned i = 0; i < 5; i++) {
        size_t length = sizeof line;
        options.form = (svms_audit_form)(SVMS_AUDIT_JSON_LINES + i % 4);
        options.with_index = i == 4;
        check(svms_audit_form_record(ctx, &options, 7, data, size, line, &length, NULL) == SVMS_OK);
        check(length == strlen(line));
        switch (options.form) {
        case SVMS_AUDIT_JSON_LINES:
            check_line(line, length);
            break;
        case SVMS_AUDIT_CSV:
            check_csv(line, length);
            break;
        case SVMS_AUDIT_SYSLOG:
            check_syslog(line, length);
            break;
        case SVMS_AUDIT_SYSLOG_FRAMED:
            check_frame(line, length);
            break;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    if (!ctx) {
        check(svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
    }
    if (size > 0 && data[0] == 'p') {
        read_position(ctx, data + 1, size - 1);
    } else if (size > 1 && size - 1 <= SVMS_AUDIT_RECORD_MAX) {
        write_record(ctx, data + 1, size - 1);
    }
    return 0;
}
