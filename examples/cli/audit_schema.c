/* SPDX-License-Identifier: Apache-2.0 */
/* svms audit schema: the JSON Schema of records, made from the library's catalogue of events, as
 * docs/spec/audit-record.schema.json has it. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>
#include <svms/svms.h>

#include "audit_command.h"
#include "json_output.h"
#include "options.h"

/* Most entries of a list in a record (audit.md, A-REC-2), and most characters of texts. */
#define LIST_MOST 256
#define TEXT_MOST 1024
#define DETAIL_MOST 4096

#define DESCRIPTION                                                                                \
    "docs/spec/audit.md, sections 1 and 2; printed by svms audit schema. What it cannot say: a "   \
    "record has at most 16,384 bytes and no white space between its parts; its members are in "    \
    "the order of section 1, and none of them is there twice; lengths of texts count bytes of "    \
    "UTF-8; times are times of the calendar. Of an event that section 2 does not have, details "   \
    "are not looked into."

static json_t *reference(const char *name)
{
    return json_sprintf("#/$defs/%s", name);
}

static json_t *to(const char *name)
{
    return json_pack("{s:o}", "$ref", reference(name));
}

static json_t *text_of(int most)
{
    return json_pack("{s:s, s:i}", "type", "string", "maxLength", most);
}

static json_t *pattern(const char *expression)
{
    return json_pack("{s:s, s:s}", "type", "string", "pattern", expression);
}

static json_t *list_of(json_t *items)
{
    return json_pack("{s:s, s:i, s:o}", "type", "array", "maxItems", LIST_MOST, "items", items);
}

static json_t *object_of(json_t *required, json_t *properties)
{
    return json_pack("{s:s, s:o, s:b, s:o}", "type", "object", "required", required,
                     "additionalProperties", 0, "properties", properties);
}

static json_t *ranges(void)
{
    json_t *stretch = object_of(json_pack("[s, s]", "from", "to"),
                                json_pack("{s:o, s:o}", "from", to("time"), "to", to("time")));
    json_t *more = object_of(json_pack("[s]", "more"), json_pack("{s:o}", "more", to("number")));
    return list_of(json_pack("{s:[o, o]}", "anyOf", stretch, more));
}

static json_t *value(void)
{
    json_t *secret =
        object_of(json_pack("[s, s]", "secret", "changed"),
                  json_pack("{s:o, s:{s:s}}", "secret", to("text"), "changed", "type", "boolean"));
    return json_pack("{s:[o, {s:s}, o]}", "anyOf", to("detail"), "type", "null", secret);
}

static json_t *definitions(void)
{
    return json_pack("{s:o, s:o, s:{s:s, s:i, s:I}, s:o, s:o, s:o, s:o, s:o}", "text",
                     text_of(TEXT_MOST), "detail", text_of(DETAIL_MOST), "number", "type",
                     "integer", "minimum", 0, "maximum", (json_int_t)9007199254740991, "time",
                     pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
                             "[.]([0-9]{3}|[0-9]{9})Z(?![\\s\\S])"),
                     "digest", pattern("^([0-9a-f]{2}){16,64}(?![\\s\\S])"), "texts",
                     list_of(to("text")), "ranges", ranges(), "value", value());
}

static json_t *schema_of_kind(svms_audit_kind kind)
{
    switch (kind) {
    case SVMS_AUDIT_TEXT:
        return to("detail");
    case SVMS_AUDIT_NUMBER:
        return to("number");
    case SVMS_AUDIT_FLAG:
        return json_pack("{s:s}", "type", "boolean");
    case SVMS_AUDIT_TIME:
        return to("time");
    case SVMS_AUDIT_DIGEST:
        return to("digest");
    case SVMS_AUDIT_LIST:
        return to("texts");
    case SVMS_AUDIT_RANGES:
        return to("ranges");
    case SVMS_AUDIT_VALUE:
        break;
    }
    return to("value");
}

/* What the details of these events may have. */
static json_t *members_of(const svms_audit_member *members)
{
    json_t *properties = json_object();
    for (; properties && members->name; members++) {
        if (json_object_set_new(properties, members->name, schema_of_kind(members->kind)) != 0) {
            json_decref(properties);
            return NULL;
        }
    }
    return json_pack("{s:s, s:b, s:o}", "type", "object", "additionalProperties", 0, "properties",
                     properties);
}

/* What they must have. */
static json_t *required_of(const svms_audit_member *members)
{
    json_t *required = json_array();
    for (; required && members->name; members++) {
        if (members->is_required &&
            json_array_append_new(required, json_string(members->name)) != 0) {
            json_decref(required);
            return NULL;
        }
    }
    return required;
}

/* Events with the same members have one rule together, where the first of them stands. */
static json_t *events_with(const svms_audit_member *members)
{
    json_t *names = json_array();
    for (size_t i = 0; names && svms_audit_event_kind_at(i); i++) {
        const svms_audit_event_kind *event = svms_audit_event_kind_at(i);
        if (event->members == members &&
            json_array_append_new(names, json_string(event->name)) != 0) {
            json_decref(names);
            return NULL;
        }
    }
    return names;
}

static bool is_first(size_t index)
{
    const svms_audit_member *members = svms_audit_event_kind_at(index)->members;
    for (size_t i = 0; i < index; i++) {
        if (svms_audit_event_kind_at(i)->members == members) {
            return false;
        }
    }
    return true;
}

static json_t *rule_of(size_t index)
{
    const svms_audit_member *members = svms_audit_event_kind_at(index)->members;
    json_t *required = required_of(members);
    json_t *then = json_pack("{s:{s:o}}", "properties", "details", members_of(members));
    if (json_array_size(required) > 0) {
        /* What was refused, or failed, has no result (A-REC-4). */
        json_t *bound =
            json_pack("{s:{s:{s:{s:[s, s, s]}}}, s:{s:[s], s:{s:{s:o}}}}", "if", "properties",
                      "outcome", "enum", "success", "failure", "unknown", "then", "required",
                      "details", "properties", "details", "required", json_incref(required));
        if (!bound || json_object_update(then, bound) != 0) {
            json_decref(then);
            then = NULL;
        }
        json_decref(bound);
    }
    json_decref(required);
    return json_pack("{s:{s:{s:{s:o}}}, s:o}", "if", "properties", "event", "enum",
                     events_with(members), "then", then);
}

static json_t *rules(void)
{
    json_t *list =
        json_pack("[{s:{s:{s:{s:[s, s, s]}}}, s:{s:[s]}}]", "if", "properties", "outcome", "enum",
                  "failure", "denied", "error", "then", "required", "reason");
    for (size_t i = 0; list && svms_audit_event_kind_at(i); i++) {
        if (is_first(i) && json_array_append_new(list, rule_of(i)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *source(void)
{
    return object_of(json_pack("[s]", "server"),
                     json_pack("{s:o, s:o, s:o}", "server", to("text"), "component", to("text"),
                               "process", to("text")));
}

static json_t *actor(void)
{
    return object_of(json_pack("[s]", "kind"),
                     json_pack("{s:{s:[s, s, s, s, s]}, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "kind",
                               "enum", "user", "service", "device", "system", "unknown", "id",
                               to("text"), "name", to("text"), "address", to("text"), "client",
                               to("text"), "session", to("text"), "token", to("text"), "for",
                               to("texts")));
}

static json_t *properties(void)
{
    return json_pack(
        "{s:{s:i}, s:o, s:o, s:o, s:{s:[s, s, s, s, s]}, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
        "s:o, s:{s:s}}",
        "v", "const", 1, "id", pattern("^[0-9a-f]{32}(?![\\s\\S])"), "time", to("time"), "event",
        pattern("^(?=[\\s\\S]{3,63}(?![\\s\\S]))[a-z0-9_-]+([.][a-z0-9_-]+)+(?![\\s\\S])"),
        "outcome", "enum", "success", "failure", "denied", "error", "unknown", "source", source(),
        "actor", actor(), "device", to("text"), "devices", to("texts"), "object", to("text"),
        "from", to("time"), "to", to("time"), "reason", to("text"), "code", to("text"), "details",
        "type", "object");
}

static json_t *schema(void)
{
    json_t *object = object_of(json_pack("[s, s, s, s, s, s, s]", "v", "id", "time", "event",
                                         "outcome", "source", "actor"),
                               properties());
    json_t *whole =
        json_pack("{s:s, s:s, s:s, s:s}", "$schema", "https://json-schema.org/draft/2020-12/schema",
                  "title", "Audit record of libsvms", "$comment",
                  "SPDX-License-Identifier: Apache-2.0", "description", DESCRIPTION);
    bool good = whole && object && json_object_update(whole, object) == 0 &&
                json_object_set_new(whole, "allOf", rules()) == 0 &&
                json_object_set_new(whole, "$defs", definitions()) == 0;
    json_decref(object);
    if (!good) {
        json_decref(whole);
        return NULL;
    }
    return whole;
}

typedef struct schema_request {
    const char *nothing; /* there is no operand */
} schema_request;

static const command_line line = { "audit schema",
                                   "[--help]",
                                   "Prints the JSON Schema of audit records, made from the "
                                   "catalogue of events.",
                                   NULL,
                                   0,
                                   NULL,
                                   offsetof(schema_request, nothing) };

exit_status command_audit_schema(int count, char **arguments)
{
    schema_request request = { NULL };
    parse_result parsed = options_parse(&line, &request, count, arguments);
    return parsed == PARSE_READY ? json_print(schema()) : parse_exit(parsed);
}
