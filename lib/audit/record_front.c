/* SPDX-License-Identifier: Apache-2.0 */
#include "record_front.h"

#include <string.h>

#include <svms/time.h>

#define ID_DIGITS 32u
/* Of names and times; none that is known is as long. */
#define VALUE_MAX 64u

bool svms_audit_outcome_of(const char *name, size_t size, svms_audit_outcome *out)
{
    static const char *const names[] = { "unknown", "success", "failure", "denied", "error" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) == size && memcmp(names[i], name, size) == 0) {
            *out = (svms_audit_outcome)i;
            return true;
        }
    }
    return false;
}

bool svms_audit_actor_kind_of(const char *name, svms_audit_actor_kind *out)
{
    static const char *const names[] = { "unknown", "user", "service", "device", "system" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (svms_audit_actor_kind)i;
            return true;
        }
    }
    return false;
}

bool svms_record_time(const char *text, size_t size, int64_t *out)
{
    char copy[SVMS_TIME_TEXT_SIZE];
    if (size < sizeof "2026-01-01T00:00:00Z" - 1 || size >= sizeof copy || text[10] != 'T' ||
        text[17] >= '6' || text[size - 1] != 'Z') {
        return false;
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    return strlen(copy) == size && svms_time_parse(out, copy, NULL) == SVMS_OK;
}

static bool take(svms_cursor *cursor, const char *text)
{
    size_t size = strlen(text);
    const uint8_t *found = svms_read_bytes(cursor, size);
    return found && memcmp(found, text, size) == 0;
}

/* Up to the quotation mark behind it. */
static bool take_value(svms_cursor *cursor, const char **out, size_t *size)
{
    size_t left = svms_cursor_left(cursor);
    const uint8_t *from = cursor->data + cursor->position;
    const uint8_t *end = memchr(from, '"', left < VALUE_MAX ? left : VALUE_MAX);
    if (!end || memchr(from, '\\', (size_t)(end - from))) {
        return false;
    }
    *out = (const char *)from;
    *size = (size_t)(end - from);
    return svms_skip(cursor, *size + 1);
}

bool svms_record_front_read(svms_record_front *out, const void *record, size_t size)
{
    svms_cursor cursor = svms_cursor_over(record, size, 0);
    const char *id = NULL;
    const char *time = NULL;
    const char *outcome = NULL;
    size_t id_size = 0;
    size_t time_size = 0;
    size_t outcome_size = 0;
    return take(&cursor, "{\"v\":1,\"id\":\"") && take_value(&cursor, &id, &id_size) &&
           id_size == ID_DIGITS && take(&cursor, ",\"time\":\"") &&
           take_value(&cursor, &time, &time_size) && take(&cursor, ",\"event\":\"") &&
           take_value(&cursor, &out->event, &out->event_size) && take(&cursor, ",\"outcome\":\"") &&
           take_value(&cursor, &outcome, &outcome_size) &&
           svms_record_time(time, time_size, &out->at_utc_ns) &&
           svms_audit_outcome_of(outcome, outcome_size, &out->outcome);
}
