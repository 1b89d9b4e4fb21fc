/* SPDX-License-Identifier: Apache-2.0 */
/* svms audit append: records from the command line, or from standard input. */
#include "audit_append.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit_command.h"
#include "audit_details.h"
#include "keys.h"
#include "message.h"
#include "options.h"

typedef struct append_request {
    const char *path;
    const char *event;
    const char *outcome;
    const char *time;
    const char *actor;
    const char *actor_kind;
    const char *actor_name;
    const char *address;
    const char *client;
    const char *session;
    const char *token;
    text_list in_place_of;
    text_list devices;
    const char *object;
    const char *from;
    const char *to;
    const char *reason;
    const char *code;
    text_list details;
    bool secret;
    const char *server;
    const char *component;
    bool json;
} append_request;

#define AT(member) offsetof(append_request, member), NULL, 0, 0

static const option_spec options[] = {
    { "event", "NAME", "what happened: a name of docs/spec/audit.md, or your own (x....)",
      OPTION_TEXT, AT(event) },
    { "outcome", "HOW", "success (default), failure, denied, error or unknown", OPTION_TEXT,
      AT(outcome) },
    { "time", "T", "when it happened (RFC 3339); default: now", OPTION_TEXT, AT(time) },
    { "actor", "ID", "who did it: what stays the same of him", OPTION_TEXT, AT(actor) },
    { "actor-kind", "KIND", "user (default with --actor), service, device, system or unknown",
      OPTION_TEXT, AT(actor_kind) },
    { "actor-name", "NAME", "who did it, as people know him", OPTION_TEXT, AT(actor_name) },
    { "address", "ADDRESS", "from where", OPTION_TEXT, AT(address) },
    { "client", "NAME", "with which program", OPTION_TEXT, AT(client) },
    { "session", "ID", "in which session; not what opens it", OPTION_TEXT, AT(session) },
    { "token", "JTI", "by which token: its jti, never the token", OPTION_TEXT, AT(token) },
    { "for", "ID", "in whose place, the nearest first; repeatable", OPTION_LIST, AT(in_place_of) },
    { "device", "ID", "on which device; repeatable", OPTION_LIST, AT(devices) },
    { "object", "TEXT", "what else it is about: a file, a user, a role", OPTION_TEXT, AT(object) },
    { "from", "T", "recorded time that it is about (RFC 3339)", OPTION_TEXT, AT(from) },
    { "to", "T", "end of that time", OPTION_TEXT, AT(to) },
    { "reason", "TEXT", "why; must be there for failure, denied and error", OPTION_TEXT,
      AT(reason) },
    { "code", "NAME", "why, as a name of a closed list, such as wrong-password", OPTION_TEXT,
      AT(code) },
    { "detail", "NAME=VALUE", "a detail of the event; repeatable, also for entries of a list",
      OPTION_LIST, AT(details) },
    { "secret", NULL, "the setting that was changed is a secret: tell no value of it", OPTION_FLAG,
      AT(secret) },
    { "server", "NAME", "on which server it happened; default: this one", OPTION_TEXT, AT(server) },
    { "component", "NAME", "in which part of it", OPTION_TEXT, AT(component) },
    { "json", NULL, "print {index, id} as one JSON object a line", OPTION_FLAG, AT(json) },
};

static const command_line line = {
    "audit append",
    "LOG [--event NAME [options]]",
    "Appends a record, or those that standard input has as JSON objects, one a line; prints the\n"
    "number of each when it is durable. LOG is a folder, or the socket of svms audit serve.",
    options,
    sizeof options / sizeof options[0],
    "LOG",
    offsetof(append_request, path)
};

static bool set_text(json_t *object, const char *name, const char *text)
{
    return !text || json_object_set_new(object, name, json_string(text)) == 0;
}

static bool set_list(json_t *object, const char *name, const text_list *list)
{
    json_t *array = json_array();
    bool good = array != NULL;
    for (size_t i = 0; i < list->count; i++) {
        good = good && json_array_append_new(array, json_string(list->items[i])) == 0;
    }
    if (!good || list->count == 0) {
        json_decref(array);
        return good;
    }
    return json_object_set_new(object, name, array) == 0;
}

static bool set_actor(json_t *object, const append_request *request)
{
    json_t *actor = json_object();
    const char *kind = request->actor_kind ? request->actor_kind
                       : request->actor    ? "user"
                                           : "unknown";
    bool good = actor && set_text(actor, "kind", kind) && set_text(actor, "id", request->actor) &&
                set_text(actor, "name", request->actor_name) &&
                set_text(actor, "address", request->address) &&
                set_text(actor, "client", request->client) &&
                set_text(actor, "session", request->session) &&
                set_text(actor, "token", request->token) &&
                set_list(actor, "for", &request->in_place_of);
    if (!good) {
        json_decref(actor);
        return false;
    }
    return json_object_set_new(object, "actor", actor) == 0;
}

static bool set_members(json_t *object, const append_request *request)
{
    bool one = request->devices.count == 1;
    return set_text(object, "event", request->event) &&
           set_text(object, "outcome", request->outcome ? request->outcome : "success") &&
           set_text(object, "time", request->time) && set_actor(object, request) &&
           (one ? set_text(object, "device", request->devices.items[0])
                : set_list(object, "devices", &request->devices)) &&
           set_text(object, "object", request->object) && set_text(object, "from", request->from) &&
           set_text(object, "to", request->to) && set_text(object, "reason", request->reason) &&
           set_text(object, "code", request->code) &&
           json_object_set_new(object, "secret", json_boolean(request->secret)) == 0;
}

static exit_status set_details(json_t *object, const append_request *request,
                               const audit_teller *teller)
{
    json_t *details = json_object();
    exit_status status = EXIT_GOOD;
    if (json_object_set_new(object, "details", details) != 0) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    for (size_t i = 0; i < request->details.count && status == EXIT_GOOD; i++) {
        status = audit_details_type(details, request->event, request->details.items[i], teller);
    }
    return status;
}

static exit_status add_typed(audit_batch *batch, const append_request *request)
{
    svms_audit_record *record = NULL;
    svms_iovec bytes;
    json_t *object = json_object();
    exit_status status = EXIT_GOOD;
    if (!object || !set_members(object, request)) {
        status = audit_record_wrong(&batch->teller, "what is typed is no UTF-8");
    }
    if (status == EXIT_GOOD) {
        status = set_details(object, request, &batch->teller);
    }
    if (status == EXIT_GOOD) {
        status = audit_record_build(&record, &bytes, batch->ctx, object, &batch->teller);
    }
    json_decref(object);
    if (status == EXIT_GOOD) {
        audit_batch_add(batch, record, bytes);
    }
    return status;
}

static exit_status append(const append_request *request, audit_batch *batch)
{
    const audit_place_options place = { request->path, request->server, 0 };
    char server[AUDIT_SERVER_SIZE];
    char process[24];
    audit_place_server(server);
    snprintf(process, sizeof process, "%" PRIdMAX, (intmax_t)getppid());
    batch->json = request->json;
    batch->teller =
        (audit_teller){ request->server ? request->server : server, request->component, process,
                        line.name, request->event ? EXIT_USAGE : EXIT_MALFORMED };
    exit_status status = make_context(&batch->ctx);
    if (status == EXIT_GOOD && request->event) {
        status = add_typed(batch, request);
    }
    if (status == EXIT_GOOD) {
        status = audit_place_open(&batch->place, batch->ctx, &place);
    }
    if (status == EXIT_GOOD) {
        status = request->event ? audit_batch_append(batch) : audit_append_lines(batch);
    }
    exit_status closed = audit_place_close(&batch->place);
    audit_batch_clear(batch);
    svms_ctx_free(&batch->ctx);
    return status == EXIT_GOOD ? closed : status;
}

static exit_status check(const append_request *request)
{
    bool any = request->outcome || request->time || request->actor || request->actor_kind ||
               request->actor_name || request->address || request->client || request->session ||
               request->token || request->in_place_of.count > 0 || request->devices.count > 0 ||
               request->object || request->from || request->to || request->reason ||
               request->code || request->details.count > 0 || request->secret;
    if (!request->event && any) {
        return usage_error(line.name, "--event is missing");
    }
    if (!request->event && isatty(STDIN_FILENO)) {
        return usage_error(line.name, "standard input is a terminal; give --event, or JSON lines");
    }
    return EXIT_GOOD;
}

exit_status command_audit_append(int count, char **arguments)
{
    append_request *request = calloc(1, sizeof *request);
    audit_batch *batch = calloc(1, sizeof *batch);
    exit_status status = EXIT_ENVIRONMENT;
    if (request && batch) {
        parse_result parsed = options_parse(&line, request, count, arguments);
        status = parsed == PARSE_READY ? check(request) : parse_exit(parsed);
        if (parsed == PARSE_READY && status == EXIT_GOOD) {
            status = append(request, batch);
        }
    } else {
        complain("out of memory");
    }
    free(request);
    free(batch);
    return status;
}
