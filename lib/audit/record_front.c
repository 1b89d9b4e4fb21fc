/* SPDX-License-Identifier: Apache-2.0 */
#include "record_front.h"

#include <string.h>

#include <svms/time.h>

#define ID_DIGITS 32u
/* Of names and times; none that is known is as long. */
#define VALUE_MAX 64u
#define SECOND_NS INT64_C(1000000000)
#define MINUTE_NS (60 * SECOND_NS)

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

static int digit(char sign)
{
    return sign >= '0' && sign <= '9' ? sign - '0' : -1;
}

/* ":05Z", ":05.123Z": as many as nine digits. What is spelled otherwise is not for here. */
static bool read_second(const char *text, size_t size, int64_t *out)
{
    int64_t scale = SECOND_NS;
    if (size < 4 || text[0] != ':' || text[1] < '0' || text[1] > '5' || digit(text[2]) < 0) {
        return false;
    }
    *out = (digit(text[1]) * 10 + digit(text[2])) * SECOND_NS;
    if (text[3] != '.') {
        return size == 4;
    }
    for (size_t i = 4; i + 1 < size; i++) {
        scale /= 10;
        if (digit(text[i]) < 0 || scale == 0) {
            return false;
        }
        *out += digit(text[i]) * scale;
    }
    return size > 5;
}

/* Reading a whole date takes longer than all the rest of a front. */
static bool read_time(svms_record_front *front, const char *text, size_t size)
{
    int64_t past = 0;
    if (front->has_minute && size > SVMS_RECORD_MINUTE_SIZE && text[size - 1] == 'Z' &&
        memcmp(text, front->minute, SVMS_RECORD_MINUTE_SIZE) == 0 &&
        read_second(text + SVMS_RECORD_MINUTE_SIZE, size - SVMS_RECORD_MINUTE_SIZE, &past)) {
        front->at_utc_ns = front->minute_utc_ns + past;
        return true;
    }
    if (!svms_record_time(text, size, &front->at_utc_ns)) {
        return false;
    }
    past = front->at_utc_ns % MINUTE_NS;
    memcpy(front->minute, text, SVMS_RECORD_MINUTE_SIZE);
    front->minute_utc_ns = front->at_utc_ns - (past < 0 ? past + MINUTE_NS : past);
    front->has_minute = true;
    return true;
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
           take_value(&cursor, &outcome, &outcome_size) && read_time(out, time, time_size) &&
           svms_audit_outcome_of(outcome, outcome_size, &out->outcome);
}
