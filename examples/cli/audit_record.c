/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_record.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit_details.h"
#include "message.h"

static const char *const outcomes[] = { "unknown", "success", "failure", "denied", "error" };
static const char *const kinds[] = { "unknown", "user", "service", "device", "system" };

exit_status audit_record_wrong(const audit_teller *teller, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    complain("%s is no record: %s", teller->what, text);
    return teller->wrong;
}

exit_status audit_record_failed(const audit_teller *teller, const svms_error *err)
{
    exit_status status = complain_error(err, "%s is no record", teller->what);
    return status == EXIT_USAGE || status == EXIT_MALFORMED ? teller->wrong : status;
}

/* Texts that a record has as they are. */
typedef struct text_field {
    const char *name;
    size_t at; /* in svms_audit_event */
} text_field;

#define AT(member) offsetof(svms_audit_event, member)

static const text_field texts[] = { { "event", AT(event) },
                                    { "device", AT(device) },
                                    { "object", AT(object) },
                                    { "reason", AT(reason) },
                                    { "code", AT(code) } };
static const text_field source_texts[] = { { "server", AT(server) },
                                           { "component", AT(component) },
                                           { "process", AT(process) } };
static const text_field actor_texts[] = { { "id", AT(actor_id) },     { "name", AT(actor_name) },
                                          { "address", AT(address) }, { "client", AT(client) },
                                          { "session", AT(session) }, { "token", AT(token) } };

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool is_text_field(const text_field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static exit_status take_texts(svms_audit_event *event, const json_t *object,
                              const text_field *fields, size_t count, const audit_teller *teller)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(object, fields[i].name);
        if (value && !json_is_string(value)) {
            return audit_record_wrong(teller, "\"%s\" is no text", fields[i].name);
        }
        if (value) {
            const char *text = json_string_value(value);
            memcpy((char *)event + fields[i].at, &text, sizeof text);
        }
    }
    return EXIT_GOOD;
}

static exit_status take_choice(int *out, const json_t *object, const char *name,
                               const char *const *choices, size_t count, const audit_teller *teller)
{
    const char *text = json_string_value(json_object_get(object, name));
    for (size_t i = 0; text && i < count; i++) {
        if (strcmp(choices[i], text) == 0) {
            *out = (int)i;
            return EXIT_GOOD;
        }
    }
    return audit_record_wrong(teller, "\"%s\" is none of %s, %s, %s, %s, %s", name, choices[0],
                              choices[1], choices[2], choices[3], choices[4]);
}

static exit_status take_time(int64_t *out, const json_t *object, const char *name,
                             const audit_teller *teller)
{
    const json_t *value = json_object_get(object, name);
    const char *text = json_string_value(value);
    if (value && (!text || svms_time_parse(out, text, NULL) != SVMS_OK)) {
        return audit_record_wrong(teller, "\"%s\" is no time such as 2026-11-21T10:00:00Z", name);
    }
    return EXIT_GOOD;
}

/* An event, and the lists that it points to. */
typedef struct draft {
    svms_audit_event event;
    const char **in_place_of;
    const char **devices;
} draft;

/* A list of texts; released by free(), and borrows the texts. */
static exit_status take_list(const char ***out, size_t *count, const json_t *object,
                             const char *name, const audit_teller *teller)
{
    const json_t *list = json_object_get(object, name);
    size_t size = json_array_size(list);
    if (!list) {
        return EXIT_GOOD;
    }
    if (!json_is_array(list)) {
        return audit_record_wrong(teller, "\"%s\" is no list", name);
    }
    const char **items = calloc(size + 1, sizeof *items);
    if (!items) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    *out = items;
    *count = size;
    for (size_t i = 0; i < size; i++) {
        items[i] = json_string_value(json_array_get(list, i));
        if (!items[i]) {
            return audit_record_wrong(teller, "\"%s\" has an entry that is no text", name);
        }
    }
    return EXIT_GOOD;
}

/* What is not known is refused: a member that was misspelt would be missing in the log. */
static exit_status check_members(json_t *object, const char *where, const text_field *fields,
                                 size_t count, const char *const *others,
                                 const audit_teller *teller)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        bool known = is_text_field(fields, count, name);
        for (size_t i = 0; others[i]; i++) {
            known = known || strcmp(others[i], name) == 0;
        }
        if (!known) {
            return audit_record_wrong(teller, "%s has no \"%s\"%s", where, name,
                                      strcmp(name, "id") == 0 || strcmp(name, "v") == 0
                                          ? "; the log gives each record its own"
                                          : "");
        }
    }
    return EXIT_GOOD;
}

/* Three parts, of which the first is an object in base64url: what opens a session by itself. */
static bool looks_like_token(const char *text)
{
    const char *dot = text ? strchr(text, '.') : NULL;
    return dot && strncmp(text, "eyJ", 3) == 0 && strchr(dot + 1, '.');
}

static exit_status take_actor(draft *self, json_t *actor, const audit_teller *teller)
{
    static const char *const others[] = { "kind", "for", NULL };
    svms_audit_event *event = &self->event;
    int kind = SVMS_AUDIT_ACTOR_UNKNOWN;
    if (!actor) {
        return EXIT_GOOD;
    }
    if (!json_is_object(actor)) {
        return audit_record_wrong(teller, "\"actor\" is no object");
    }
    exit_status status =
        check_members(actor, "an actor", actor_texts, COUNT(actor_texts), others, teller);
    if (status == EXIT_GOOD) {
        status = take_texts(event, actor, actor_texts, COUNT(actor_texts), teller);
    }
    if (status == EXIT_GOOD) {
        status = take_choice(&kind, actor, "kind", kinds, COUNT(kinds), teller);
    }
    if (status == EXIT_GOOD) {
        status = take_list(&self->in_place_of, &event->in_place_of_count, actor, "for", teller);
    }
    if (status == EXIT_GOOD &&
        (looks_like_token(event->token) || looks_like_token(event->session))) {
        return audit_record_wrong(teller, "a token itself is a secret; tell its jti");
    }
    event->in_place_of = self->in_place_of;
    event->actor_kind = (svms_audit_actor_kind)kind;
    return status;
}

static exit_status take_source(svms_audit_event *event, json_t *source, const audit_teller *teller)
{
    static const char *const others[] = { NULL };
    event->server = teller->server;
    event->component = teller->component;
    event->process = teller->process;
    if (!source) {
        return EXIT_GOOD;
    }
    if (!json_is_object(source)) {
        return audit_record_wrong(teller, "\"source\" is no object");
    }
    exit_status status =
        check_members(source, "a source", source_texts, COUNT(source_texts), others, teller);
    return status == EXIT_GOOD
               ? take_texts(event, source, source_texts, COUNT(source_texts), teller)
               : status;
}

static exit_status take_event(draft *self, json_t *object, const audit_teller *teller)
{
    static const char *const others[] = { "outcome", "time", "source", "actor",   "devices",
                                          "from",    "to",   "secret", "details", NULL };
    svms_audit_event *event = &self->event;
    int outcome = SVMS_AUDIT_UNKNOWN;
    exit_status status = check_members(object, "a record", texts, COUNT(texts), others, teller);
    if (status == EXIT_GOOD) {
        status = take_texts(event, object, texts, COUNT(texts), teller);
    }
    if (status == EXIT_GOOD) {
        status = take_choice(&outcome, object, "outcome", outcomes, COUNT(outcomes), teller);
    }
    if (status == EXIT_GOOD) {
        status = take_time(&event->at_utc_ns, object, "time", teller);
    }
    if (status == EXIT_GOOD) {
        status = take_time(&event->from_utc_ns, object, "from", teller);
    }
    if (status == EXIT_GOOD) {
        status = take_time(&event->to_utc_ns, object, "to", teller);
    }
    if (status == EXIT_GOOD) {
        status = take_source(event, json_object_get(object, "source"), teller);
    }
    if (status == EXIT_GOOD) {
        status = take_actor(self, json_object_get(object, "actor"), teller);
    }
    if (status == EXIT_GOOD) {
        status = take_list(&self->devices, &event->device_count, object, "devices", teller);
    }
    event->devices = self->devices;
    event->outcome = (svms_audit_outcome)outcome;
    return status;
}

static exit_status build(svms_audit_record **out, svms_iovec *bytes, svms_ctx *ctx,
                         const svms_audit_event *event, const json_t *object,
                         const audit_teller *teller)
{
    svms_error err = SVMS_ERROR_INIT;
    const json_t *secret = json_object_get(object, "secret");
    const uint8_t *data = NULL;
    size_t size = 0;
    if (secret && !json_is_boolean(secret)) {
        return audit_record_wrong(teller, "\"secret\" is neither true nor false");
    }
    if (svms_audit_record_new(out, ctx, event, &err) != SVMS_OK) {
        return audit_record_failed(teller, &err);
    }
    exit_status status = audit_details_put(*out, event->event, json_object_get(object, "details"),
                                           json_is_true(secret), teller);
    if (status == EXIT_GOOD && svms_audit_record_end(*out, &data, &size, &err) != SVMS_OK) {
        status = audit_record_failed(teller, &err);
    }
    if (status != EXIT_GOOD) {
        svms_audit_record_free(out);
    }
    *bytes = (svms_iovec){ data, size };
    return status;
}

exit_status audit_record_build(svms_audit_record **out, svms_iovec *bytes, svms_ctx *ctx,
                               json_t *object, const audit_teller *teller)
{
    draft self = { SVMS_AUDIT_EVENT_INIT, NULL, NULL };
    if (!json_is_object(object)) {
        return audit_record_wrong(teller, "it is no JSON object");
    }
    exit_status status = take_event(&self, object, teller);
    if (status == EXIT_GOOD) {
        status = build(out, bytes, ctx, &self.event, object, teller);
    }
    free(self.in_place_of);
    free(self.devices);
    return status;
}
