/* SPDX-License-Identifier: Apache-2.0 */
#include "query.h"

#include <string.h>

#include "failure.h"
#include "options.h"
#include "record_front.h"
#include "view.h"

#define FLAGS (SVMS_AUDIT_NEWEST_FIRST | SVMS_AUDIT_NO_INDEX)
#define OUTCOMES ((1u << (SVMS_AUDIT_ERROR + 1)) - 1)
/* Of longer lists, looking into the bytes of a record for each costs more than taking it apart. */
#define FEW_NAMES 8u
/* Names of events have it, those of actions not. */
#define EVENT_SIGN '_'

static svms_status check_list(const char *const *list, size_t count, const char *what,
                              svms_error *err)
{
    if (count > SVMS_AUDIT_QUERY_MAX || (count > 0 && !list)) {
        return svms_fail(err, SVMS_E_USAGE, "a query has a list of at most %d %s",
                         SVMS_AUDIT_QUERY_MAX, what);
    }
    for (size_t i = 0; i < count; i++) {
        if (!list[i]) {
            return svms_fail(err, SVMS_E_USAGE, "number %zu of the %s is NULL", i + 1, what);
        }
    }
    return SVMS_OK;
}

static svms_status check(const svms_audit_query *asked, svms_error *err)
{
    if ((asked->flags & ~(uint32_t)FLAGS) != 0 || asked->reserved != 0 ||
        (asked->outcomes & ~OUTCOMES) != 0) {
        return svms_fail(err, SVMS_E_USAGE, "the query has a flag or an outcome that is none");
    }
    if (asked->from_utc_ns != SVMS_NO_TIME && asked->to_utc_ns != SVMS_NO_TIME &&
        asked->from_utc_ns >= asked->to_utc_ns) {
        return svms_fail(err, SVMS_E_USAGE, "the times of the query end before they begin");
    }
    if (asked->first > asked->end) {
        return svms_fail(err, SVMS_E_USAGE, "the numbers of the query end before they begin");
    }
    svms_status status = check_list(asked->actors, asked->actor_count, "actors", err);
    if (status == SVMS_OK) {
        status = check_list(asked->events, asked->event_count, "events", err);
    }
    return status == SVMS_OK ? check_list(asked->devices, asked->device_count, "devices", err)
                             : status;
}

static svms_status read_events(svms_query *out, svms_error *err)
{
    const svms_audit_query *asked = &out->asked;
    if (asked->event_count == 0) {
        return SVMS_OK;
    }
    out->events = svms_alloc_array(out->ctx, asked->event_count, sizeof *out->events);
    if (!out->events) {
        return svms_fail_memory(err);
    }
    for (size_t i = 0; i < asked->event_count; i++) {
        svms_pattern *event = &out->events[i];
        if (!svms_pattern_read(event, asked->events[i], EVENT_SIGN)) {
            return svms_fail(err, SVMS_E_USAGE,
                             "number %zu of the events is neither a name, nor a name and \".*\"",
                             i + 1);
        }
        out->event_bits |=
            event->all ? UINT64_MAX : svms_bundle_index_event_bit(event->text, event->size);
    }
    return SVMS_OK;
}

static char fold(char sign)
{
    return sign >= 'A' && sign <= 'Z' ? (char)(sign - 'A' + 'a') : sign;
}

static svms_status read_text(svms_query *out, svms_error *err)
{
    for (const char *at = out->asked.text; at && *at != '\0'; at++) {
        svms_put_u8(&out->text, (uint8_t)fold(*at));
    }
    return out->text.status == SVMS_E_LIMIT
               ? svms_fail(err, SVMS_E_USAGE, "no record has so long a text")
               : svms_builder_check(&out->text, "the text", err);
}

svms_status svms_query_read(svms_query *out, svms_ctx *ctx, const svms_audit_query *given,
                            svms_error *err)
{
    svms_audit_query known = SVMS_AUDIT_QUERY_INIT;
    *out = (svms_query){ .ctx = ctx, .text = svms_builder_new(ctx, SVMS_AUDIT_RECORD_MAX) };
    svms_status status = svms_options_read(&known, sizeof known, given, "the query", err);
    if (status == SVMS_OK) {
        status = check(&known, err);
    }
    out->asked = known;
    if (status == SVMS_OK) {
        status = read_events(out, err);
    }
    if (status == SVMS_OK) {
        status = read_text(out, err);
    }
    out->has_conditions = known.from_utc_ns != SVMS_NO_TIME || known.to_utc_ns != SVMS_NO_TIME ||
                          known.actor_count > 0 || known.event_count > 0 ||
                          known.device_count > 0 || known.outcomes != 0 || out->text.size > 0;
    return status;
}

void svms_query_clear(svms_query *query)
{
    svms_release(query->ctx, query->events);
    query->events = NULL;
    svms_builder_clear(&query->text);
}

bool svms_query_rules_out(const svms_query *query, const svms_bundle_index_entry *entry)
{
    const svms_audit_query *asked = &query->asked;
    return (asked->from_utc_ns != SVMS_NO_TIME && entry->latest_utc_ns < asked->from_utc_ns) ||
           (asked->to_utc_ns != SVMS_NO_TIME && entry->earliest_utc_ns >= asked->to_utc_ns) ||
           (asked->event_count > 0 && (entry->events & query->event_bits) == 0);
}

static bool is_of_time(const svms_query *query, int64_t at_utc_ns)
{
    const svms_audit_query *asked = &query->asked;
    return (asked->from_utc_ns == SVMS_NO_TIME || at_utc_ns >= asked->from_utc_ns) &&
           (asked->to_utc_ns == SVMS_NO_TIME || at_utc_ns < asked->to_utc_ns);
}

static bool is_of_event(const svms_query *query, const char *event, size_t size)
{
    size_t count = query->asked.event_count;
    return count == 0 || svms_patterns_cover(query->events, count, event, size);
}

static bool is_of_outcome(const svms_query *query, svms_audit_outcome outcome)
{
    return query->asked.outcomes == 0 || (query->asked.outcomes >> outcome & 1) != 0;
}

static bool contains(const char *bytes, size_t size, const char *text, size_t text_size)
{
    const char *end = bytes + size;
    while (text_size > 0 && (size_t)(end - bytes) >= text_size) {
        const char *at = memchr(bytes, text[0], (size_t)(end - bytes) - text_size + 1);
        if (!at || memcmp(at, text, text_size) == 0) {
            return at != NULL;
        }
        bytes = at + 1;
    }
    return text_size == 0;
}

static bool contains_folded(const char *bytes, size_t size, const svms_builder *text)
{
    const char *wanted = (const char *)text->data;
    for (size_t i = 0; i + text->size <= size; i++) {
        size_t same = 0;
        while (same < text->size && fold(bytes[i + same]) == wanted[same]) {
            same++;
        }
        if (same == text->size) {
            return true;
        }
    }
    return false;
}

static bool contains_one(const char *bytes, size_t size, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (contains(bytes, size, names[i], strlen(names[i]))) {
            return true;
        }
    }
    return count == 0;
}

/* Texts stand there as they are, where nothing is escaped: which saves taking it apart. */
static bool bytes_rule_out(const svms_query *query, const char *record, size_t size)
{
    const svms_audit_query *asked = &query->asked;
    if (memchr(record, '\\', size)) {
        return false;
    }
    return (asked->actor_count <= FEW_NAMES &&
            !contains_one(record, size, asked->actors, asked->actor_count)) ||
           (asked->device_count <= FEW_NAMES &&
            !contains_one(record, size, asked->devices, asked->device_count)) ||
           (query->text.size > 0 && !contains_folded(record, size, &query->text));
}

static bool front_rules_out(const svms_query *query, const void *record, size_t size)
{
    svms_record_front front = { 0 };
    return svms_record_front_read(&front, record, size) &&
           !(is_of_time(query, front.at_utc_ns) && is_of_outcome(query, front.outcome) &&
             is_of_event(query, front.event, front.event_size));
}

static bool is_listed(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; name && i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_any_listed(const char *const *names, size_t count, const char *const *found,
                          size_t found_count)
{
    for (size_t i = 0; i < found_count; i++) {
        if (is_listed(names, count, found[i])) {
            return true;
        }
    }
    return false;
}

static bool is_of_actor(const svms_audit_query *asked, const svms_audit_view *view)
{
    return asked->actor_count == 0 ||
           is_listed(asked->actors, asked->actor_count, view->actor_id) ||
           is_listed(asked->actors, asked->actor_count, view->actor_name) ||
           is_any_listed(asked->actors, asked->actor_count, view->in_place_of,
                         view->in_place_of_count);
}

static bool is_of_device(const svms_audit_query *asked, const svms_audit_view *view)
{
    return asked->device_count == 0 ||
           is_listed(asked->devices, asked->device_count, view->device) ||
           is_any_listed(asked->devices, asked->device_count, view->devices, view->device_count);
}

/* Nested no deeper than the view allows. */
static bool says(const svms_json_value *value, const svms_builder *text)
{
    if (value->kind == SVMS_JSON_TEXT) {
        return contains_folded(value->of.text, value->size, text);
    }
    if (value->kind != SVMS_JSON_ARRAY && value->kind != SVMS_JSON_OBJECT) {
        return false;
    }
    for (uint32_t i = 0; i < value->size; i++) {
        if (says(&value->of.children[i], text)) {
            return true;
        }
    }
    return false;
}

static bool matches(const svms_query *query, const svms_audit_view *view)
{
    return is_of_time(query, view->at_utc_ns) && is_of_outcome(query, view->outcome) &&
           is_of_event(query, view->event, strlen(view->event)) &&
           is_of_actor(&query->asked, view) && is_of_device(&query->asked, view) &&
           (query->text.size == 0 || says(svms_view_root(view), &query->text));
}

svms_status svms_query_match(const svms_query *query, const void *record, size_t size, bool *out,
                             svms_error *err)
{
    svms_audit_view view = SVMS_AUDIT_VIEW_INIT;
    svms_error why = SVMS_ERROR_INIT;
    *out = !query->has_conditions;
    if (*out || front_rules_out(query, record, size) || bytes_rule_out(query, record, size)) {
        return SVMS_OK;
    }
    svms_status status = svms_view_read(&view, query->ctx, record, size, &why);
    *out = status == SVMS_OK && matches(query, &view);
    svms_audit_view_clear(&view);
    return status == SVMS_OK || status == SVMS_E_MALFORMED || status == SVMS_E_UNSUPPORTED
               ? SVMS_OK
               : svms_fail_as(err, status, &why);
}
