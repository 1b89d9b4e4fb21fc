/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_details.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "head_text.h"
#include "message.h"

/* Bytes of the largest digest that a record has. */
#define MOST_DIGEST 64

/* Where one detail goes. */
typedef struct detail {
    svms_audit_record *record;
    const char *name;
    const json_t *value;
    const audit_teller *teller;
} detail;

static exit_status told(const detail *one, svms_status status, const svms_error *err)
{
    return status == SVMS_OK ? EXIT_GOOD : audit_record_failed(one->teller, err);
}

static exit_status is_no(const detail *one, const char *kind)
{
    return audit_record_wrong(one->teller, "the detail \"%s\" is no %s", one->name, kind);
}

static exit_status put_text(const detail *one)
{
    svms_error err = SVMS_ERROR_INIT;
    if (!json_is_string(one->value)) {
        return is_no(one, "text");
    }
    return told(one,
                svms_audit_record_text(one->record, one->name, json_string_value(one->value), &err),
                &err);
}

static exit_status put_number(const detail *one)
{
    svms_error err = SVMS_ERROR_INIT;
    if (!json_is_integer(one->value) || json_integer_value(one->value) < 0) {
        return is_no(one, "whole number");
    }
    uint64_t number = (uint64_t)json_integer_value(one->value);
    return told(one, svms_audit_record_number(one->record, one->name, number, &err), &err);
}

static exit_status put_flag(const detail *one)
{
    svms_error err = SVMS_ERROR_INIT;
    if (!json_is_boolean(one->value)) {
        return is_no(one, "true or false");
    }
    return told(
        one, svms_audit_record_flag(one->record, one->name, json_is_true(one->value) ? 1 : 0, &err),
        &err);
}

static bool read_time(int64_t *out, const json_t *value)
{
    const char *text = json_string_value(value);
    return text && svms_time_parse(out, text, NULL) == SVMS_OK;
}

static exit_status put_time(const detail *one)
{
    svms_error err = SVMS_ERROR_INIT;
    int64_t utc_ns = SVMS_NO_TIME;
    if (!read_time(&utc_ns, one->value)) {
        return is_no(one, "time such as 2026-11-21T10:00:00Z");
    }
    return told(one, svms_audit_record_time(one->record, one->name, utc_ns, &err), &err);
}

static exit_status put_digest(const detail *one)
{
    svms_error err = SVMS_ERROR_INIT;
    uint8_t digest[MOST_DIGEST];
    const char *text = json_string_value(one->value);
    size_t size = text ? strlen(text) / 2 : 0;
    if (size == 0 || size > sizeof digest || !head_text_parse(digest, size, text)) {
        return is_no(one, "digest of 16 to 64 bytes in hexadecimal digits");
    }
    return told(one, svms_audit_record_digest(one->record, one->name, digest, size, &err), &err);
}

static exit_status put_list(const detail *one)
{
    svms_error err = SVMS_ERROR_INIT;
    size_t count = json_array_size(one->value);
    if (!json_is_array(one->value)) {
        return is_no(one, "list");
    }
    const char **texts = calloc(count + 1, sizeof *texts);
    if (!texts) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < count && status == EXIT_GOOD; i++) {
        texts[i] = json_string_value(json_array_get(one->value, i));
        status = texts[i] ? EXIT_GOOD : is_no(one, "list of texts");
    }
    if (status == EXIT_GOOD) {
        status =
            told(one, svms_audit_record_list(one->record, one->name, texts, count, &err), &err);
    }
    free(texts);
    return status;
}

static bool read_range(svms_audit_range *out, const json_t *value)
{
    return json_object_size(value) == 2 &&
           read_time(&out->from_utc_ns, json_object_get(value, "from")) &&
           read_time(&out->to_utc_ns, json_object_get(value, "to"));
}

static exit_status put_ranges(const detail *one)
{
    svms_error err = SVMS_ERROR_INIT;
    size_t count = json_array_size(one->value);
    if (!json_is_array(one->value)) {
        return is_no(one, "list of {from, to}");
    }
    svms_audit_range *ranges = calloc(count + 1, sizeof *ranges);
    if (!ranges) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < count && status == EXIT_GOOD; i++) {
        bool good = read_range(&ranges[i], json_array_get(one->value, i));
        status = good ? EXIT_GOOD : is_no(one, "list of {from, to}, both of them times");
    }
    if (status == EXIT_GOOD) {
        status =
            told(one, svms_audit_record_ranges(one->record, one->name, ranges, count, &err), &err);
    }
    free(ranges);
    return status;
}

/* Of an event that the catalogue does not have, the value says what it is. */
static svms_audit_kind kind_of_value(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_INTEGER:
        return SVMS_AUDIT_NUMBER;
    case JSON_TRUE:
    case JSON_FALSE:
        return SVMS_AUDIT_FLAG;
    case JSON_ARRAY:
        return json_is_object(json_array_get(value, 0)) ? SVMS_AUDIT_RANGES : SVMS_AUDIT_LIST;
    default:
        return SVMS_AUDIT_TEXT;
    }
}

static const svms_audit_member *find_member(const svms_audit_event_kind *event, const char *name)
{
    for (const svms_audit_member *member = event->members; member->name; member++) {
        if (strcmp(member->name, name) == 0) {
            return member;
        }
    }
    return NULL;
}

static exit_status put(const detail *one, svms_audit_kind kind)
{
    switch (kind) {
    case SVMS_AUDIT_NUMBER:
        return put_number(one);
    case SVMS_AUDIT_FLAG:
        return put_flag(one);
    case SVMS_AUDIT_TIME:
        return put_time(one);
    case SVMS_AUDIT_DIGEST:
        return put_digest(one);
    case SVMS_AUDIT_LIST:
        return put_list(one);
    case SVMS_AUDIT_RANGES:
        return put_ranges(one);
    case SVMS_AUDIT_TEXT:
    case SVMS_AUDIT_VALUE:
        break;
    }
    return put_text(one);
}

/* What the event has under that name; of an event that is not in the catalogue, what the value is.
 */
static exit_status find_kind(svms_audit_kind *out, const svms_audit_event_kind *event,
                             const detail *one)
{
    const svms_audit_member *member = event ? find_member(event, one->name) : NULL;
    if (event && !member) {
        return audit_record_wrong(one->teller, "%s has no \"%s\"", event->name, one->name);
    }
    *out = member ? member->kind : kind_of_value(one->value);
    return EXIT_GOOD;
}

static bool has_values(const svms_audit_event_kind *event)
{
    const svms_audit_member *before = event ? find_member(event, "before") : NULL;
    return before && before->kind == SVMS_AUDIT_VALUE;
}

static bool is_of_change(const char *name)
{
    return strcmp(name, "setting") == 0 || strcmp(name, "before") == 0 ||
           strcmp(name, "after") == 0;
}

/* The setting and its two values are one thing: the name says whether the values are secrets. */
static exit_status put_change(svms_audit_record *record, const json_t *details, bool is_secret,
                              const audit_teller *teller)
{
    static const char *const names[] = { "setting", "before", "after" };
    svms_audit_change change = SVMS_AUDIT_CHANGE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    const char **texts[] = { &change.setting, &change.before, &change.after };
    bool any = false;
    for (size_t i = 0; i < 3; i++) {
        const json_t *value = json_object_get(details, names[i]);
        any = any || value;
        *texts[i] = json_string_value(value);
        if (value && !json_is_string(value) && (i == 0 || !json_is_null(value))) {
            return audit_record_wrong(teller, "the detail \"%s\" is no text", names[i]);
        }
    }
    change.is_secret = is_secret ? 1 : 0;
    if (!any) {
        return EXIT_GOOD;
    }
    return svms_audit_record_change(record, &change, &err) == SVMS_OK
               ? EXIT_GOOD
               : audit_record_failed(teller, &err);
}

exit_status audit_details_put(svms_audit_record *record, const char *event, json_t *details,
                              bool is_secret, const audit_teller *teller)
{
    const svms_audit_event_kind *kind = svms_audit_event_kind_of(event);
    const char *name;
    json_t *value;
    if (details && !json_is_object(details)) {
        return audit_record_wrong(teller, "\"details\" is no object");
    }
    exit_status status =
        has_values(kind) ? put_change(record, details, is_secret, teller) : EXIT_GOOD;
    json_object_foreach(details, name, value)
    {
        const detail one = { record, name, value, teller };
        svms_audit_kind member = SVMS_AUDIT_TEXT;
        if (status != EXIT_GOOD || (has_values(kind) && is_of_change(name))) {
            continue;
        }
        status = find_kind(&member, kind, &one);
        if (status == EXIT_GOOD) {
            status = put(&one, member);
        }
    }
    return status;
}

/* Only the digits of JSON, so that what is no number stays text and is refused as such. */
static json_t *number_of(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    bool is_number = digits > 0 && digits < 17 && text[digits] == '\0';
    return is_number ? json_integer((json_int_t)strtoll(text, NULL, 10)) : json_string(text);
}

static json_t *flag_of(const char *text)
{
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
        return json_boolean(text[0] == 't');
    }
    return json_string(text);
}

static json_t *range_of(const char *text)
{
    const char *slash = strchr(text, '/');
    if (!slash) {
        return json_string(text);
    }
    return json_pack("{s:s%, s:s}", "from", text, (size_t)(slash - text), "to", slash + 1);
}

static bool append_to(json_t *details, const char *name, json_t *value)
{
    json_t *list = json_object_get(details, name);
    if (!list) {
        list = json_array();
        if (json_object_set_new(details, name, list) != 0) {
            json_decref(value);
            return false;
        }
    }
    return json_array_append_new(list, value) == 0;
}

static bool set_typed(json_t *details, svms_audit_kind kind, const char *name, const char *text)
{
    switch (kind) {
    case SVMS_AUDIT_LIST:
        return append_to(details, name, json_string(text));
    case SVMS_AUDIT_RANGES:
        return append_to(details, name, range_of(text));
    case SVMS_AUDIT_NUMBER:
        return json_object_set_new(details, name, number_of(text)) == 0;
    case SVMS_AUDIT_FLAG:
        return json_object_set_new(details, name, flag_of(text)) == 0;
    default:
        return json_object_set_new(details, name, json_string(text)) == 0;
    }
}

exit_status audit_details_type(json_t *details, const char *event, const char *text,
                               const audit_teller *teller)
{
    const svms_audit_event_kind *known = svms_audit_event_kind_of(event);
    char name[72];
    size_t size = strcspn(text, "=");
    if (size == 0 || size >= sizeof name || text[size] != '=') {
        return audit_record_wrong(teller, "--detail is not NAME=VALUE");
    }
    memcpy(name, text, size);
    name[size] = '\0';
    const svms_audit_member *member = known ? find_member(known, name) : NULL;
    svms_audit_kind kind = member ? member->kind : SVMS_AUDIT_TEXT;
    bool repeats = kind == SVMS_AUDIT_LIST || kind == SVMS_AUDIT_RANGES;
    if (!repeats && json_object_get(details, name)) {
        return audit_record_wrong(teller, "the detail \"%s\" is given twice", name);
    }
    if (!set_typed(details, kind, name, text + size + 1)) {
        return audit_record_wrong(teller, "the detail \"%s\" is no UTF-8", name);
    }
    return EXIT_GOOD;
}
