/* SPDX-License-Identifier: Apache-2.0 */
/* Records as messages of RFC 5424 (A-FWD-1). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cursor.h"
#include "forms.h"
#include "utf8.h"

#define FACILITY 13u /* log audit */
#define CRITICAL 2u
#define ERROR 3u
#define WARNING 4u
#define NOTICE 5u
#define INFORMATIONAL 6u

#define HOST_MAX 255u
#define PROCESS_MAX 128u
#define MESSAGE_ID_MAX 32u
#define VALUE_MAX 128u
#define DEVICES_MAX 8u
/* Digits that TIMESTAMP has room for. */
#define FRACTION_MAX 6u

static const char ellipsis[] = "\xe2\x80\xa6";
static const char replacement[] = "\xef\xbf\xbd";
static const char byte_order_mark[] = "\xef\xbb\xbf";

static void put_text(svms_builder *out, const char *text)
{
    svms_put_bytes(out, text, strlen(text));
}

static unsigned severity(const svms_audit_view *view)
{
    if (!view) {
        return NOTICE;
    }
    if (strcmp(view->event, "device.tamper") == 0 || strcmp(view->event, "log.quarantine") == 0) {
        return CRITICAL;
    }
    switch (view->outcome) {
    case SVMS_AUDIT_SUCCESS:
        return INFORMATIONAL;
    case SVMS_AUDIT_FAILURE:
    case SVMS_AUDIT_DENIED:
        return WARNING;
    case SVMS_AUDIT_ERROR:
        return ERROR;
    case SVMS_AUDIT_UNKNOWN:
        break;
    }
    return NOTICE;
}

static bool is_letter_or_digit(char sign)
{
    return (sign >= 'a' && sign <= 'z') || (sign >= 'A' && sign <= 'Z') ||
           (sign >= '0' && sign <= '9');
}

/* Receivers make names of files of it. */
static bool is_plain_name(const char *text, size_t most)
{
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        if (!is_letter_or_digit(text[i]) && (i == 0 || !strchr(".-_:", text[i]))) {
            return false;
        }
    }
    return size > 0 && size <= most;
}

static void put_name(svms_builder *out, const char *name, size_t most)
{
    svms_put_u8(out, ' ');
    put_text(out, name && is_plain_name(name, most) ? name : "-");
}

static void put_timestamp(svms_builder *out, const svms_audit_view *view)
{
    char text[SVMS_TIME_TEXT_SIZE];
    if (!view || view->at_utc_ns == SVMS_NO_TIME) {
        put_text(out, "-");
        return;
    }
    svms_time_format(view->at_utc_ns, text);
    const char *point = strchr(text, '.');
    size_t digits = point ? strspn(point + 1, "0123456789") : 0;
    if (digits > FRACTION_MAX) {
        svms_put_bytes(out, text, (size_t)(point - text) + 1 + FRACTION_MAX);
        put_text(out, "Z");
    } else {
        put_text(out, text);
    }
}

static void put_message_id(svms_builder *out, const svms_audit_view *view)
{
    size_t size = view ? strlen(view->event) : 0;
    svms_put_u8(out, ' ');
    if (!view || !is_plain_name(view->event, size)) {
        put_text(out, "-");
    } else {
        svms_put_bytes(out, view->event, size < MESSAGE_ID_MAX ? size : MESSAGE_ID_MAX);
    }
}

static bool breaks_lines(unsigned long character)
{
    return character < 0x20 || (character >= 0x7f && character <= 0x9f) || character == 0x2028 ||
           character == 0x2029;
}

static void put_character(svms_builder *out, unsigned long character, const uint8_t *bytes,
                          size_t size)
{
    if (size == 0 || breaks_lines(character)) {
        put_text(out, replacement);
        return;
    }
    if (character == '"' || character == '\\' || character == ']') {
        svms_put_u8(out, '\\');
    }
    svms_put_bytes(out, bytes, size);
}

/* A member that is not there is no parameter. */
static void put_parameter(svms_builder *out, const char *name, const char *value)
{
    if (!value) {
        return;
    }
    svms_cursor cursor = svms_cursor_over(value, strlen(value), 0);
    svms_put_u8(out, ' ');
    put_text(out, name);
    put_text(out, "=\"");
    while (!svms_cursor_at_end(&cursor)) {
        unsigned long character = 0;
        size_t size = svms_utf8_peek(&cursor, &character);
        if (cursor.position + (size > 0 ? size : 1) > VALUE_MAX) {
            put_text(out, ellipsis);
            break;
        }
        const uint8_t *bytes = svms_read_bytes(&cursor, size > 0 ? size : 1);
        put_character(out, character, bytes, size);
    }
    svms_put_u8(out, '"');
}

static void put_devices(svms_builder *out, const svms_audit_view *view)
{
    put_parameter(out, "device", view->device);
    for (size_t i = 0; !view->device && i < view->device_count && i < DEVICES_MAX; i++) {
        put_parameter(out, "device", view->devices[i]);
    }
}

static void put_structured(svms_builder *out, const svms_form_record *record, uint32_t enterprise)
{
    const svms_audit_view *view = record->view;
    char number[32];
    (void)snprintf(number, sizeof number, " [svms@%" PRIu32, enterprise);
    put_text(out, number);
    put_parameter(out, "id", view ? view->id : NULL);
    if (record->index != SVMS_AUDIT_UNNUMBERED) {
        (void)snprintf(number, sizeof number, "%" PRIu64, record->index);
        put_parameter(out, "index", number);
    }
    if (view) {
        put_parameter(out, "outcome", view->outcome_name);
        put_parameter(out, "actor", view->actor_id ? view->actor_id : view->actor_name);
        put_devices(out, view);
    }
    svms_put_u8(out, ']');
}

void svms_put_syslog(svms_builder *out, const svms_form_record *record, uint32_t enterprise)
{
    const svms_audit_view *view = record->view;
    char priority[16];
    (void)snprintf(priority, sizeof priority, "<%u>1 ", FACILITY * 8 + severity(view));
    put_text(out, priority);
    put_timestamp(out, view);
    put_name(out, view ? view->server : NULL, HOST_MAX);
    put_text(out, " svms");
    put_name(out, view ? view->process : NULL, PROCESS_MAX);
    put_message_id(out, view);
    put_structured(out, record, enterprise);
    svms_put_u8(out, ' ');
    put_text(out, byte_order_mark);
    svms_put_record_line(out, record, false);
}
