/* SPDX-License-Identifier: Apache-2.0 */
/* svms policy check: what a policy holds, and what is wrong with it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "policy_command.h"
#include "policy_doubts.h"
#include "policy_file.h"

#define COMMAND "policy check"
#define REVISION_MAX ((UINT64_C(1) << 53) - 1)

typedef struct check_request {
    const char *path;
    const char *least_text;
    uint64_t least_revision;
    bool strict;
    bool json;
} check_request;

static bool parse_revision(uint64_t *out, const char *text)
{
    size_t size = strlen(text);
    if (size == 0 || size > 16 || strspn(text, "0123456789") != size) {
        return false;
    }
    *out = strtoull(text, NULL, 10);
    return *out <= REVISION_MAX;
}

static void take_texts(json_t *found, const json_t *list)
{
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(list, i, item)
    {
        if (json_is_string(item)) {
            json_object_set_new(found, json_string_value(item), json_true());
        }
    }
}

/* Zones of windows that are spelled out. */
static void take_zones(json_t *found, const json_t *windows)
{
    size_t i = 0;
    const json_t *window = NULL;
    json_array_foreach(windows, i, window)
    {
        const char *zone = json_string_value(json_object_get(window, "zone"));
        if (zone) {
            json_object_set_new(found, zone, json_true());
        }
    }
}

/* Names of all time zones, the usual one first. */
static json_t *zones_of(const policy_file *file)
{
    json_t *found = json_object();
    const char *name = NULL;
    json_t *window = NULL;
    size_t i = 0;
    const json_t *rule = NULL;
    json_object_set_new(found, policy_file_zone(file), json_true());
    take_texts(found, json_object_get(file->json, "zones"));
    json_object_foreach(json_object_get(file->json, "windows"), name, window)
    {
        const char *zone = json_string_value(json_object_get(window, "zone"));
        if (zone) {
            json_object_set_new(found, zone, json_true());
        }
    }
    json_array_foreach(json_object_get(file->json, "rules"), i, rule)
    {
        take_zones(found, json_object_get(rule, "when"));
        take_zones(found, json_object_get(rule, "recorded"));
    }
    json_t *list = json_array();
    json_object_foreach(found, name, window)
    {
        json_array_append_new(list, json_text(name));
    }
    json_decref(found);
    return list;
}

/* Devices that groups and rules name, each once. */
static size_t count_devices(const policy_file *file)
{
    json_t *found = json_object();
    const char *name = NULL;
    json_t *group = NULL;
    size_t i = 0;
    const json_t *rule = NULL;
    size_t count = 0;
    json_object_foreach(json_object_get(file->json, "groups"), name, group)
    {
        take_texts(found, json_object_get(group, "devices"));
    }
    json_array_foreach(json_object_get(file->json, "rules"), i, rule)
    {
        take_texts(found, json_object_get(rule, "devices"));
    }
    json_object_foreach(found, name, group)
    {
        count += strcmp(name, "*") == 0 || strncmp(name, "group:", 6) == 0 ? 0 : 1;
    }
    json_decref(found);
    return count;
}

static size_t members_of(const policy_file *file, const char *name)
{
    const json_t *member = json_object_get(file->json, name);
    return json_is_array(member) ? json_array_size(member) : json_object_size(member);
}

static exit_status print_json(const check_request *request, const policy_file *file,
                              const policy_doubts *doubts, exit_status status)
{
    return json_print(json_pack(
        "{s:o, s:b, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:O, s:i}", "file",
        json_text(request->path), "valid", 1, "error", json_null(), "revision",
        (json_int_t)svms_policy_revision(file->policy), "rules",
        (json_int_t)members_of(file, "rules"), "roles", (json_int_t)members_of(file, "roles"),
        "groups", (json_int_t)members_of(file, "groups"), "windows",
        (json_int_t)members_of(file, "windows"), "devices", (json_int_t)count_devices(file),
        "zones", zones_of(file), "doubts", doubts->list, "status", (int)status));
}

static void print_zones(const policy_file *file)
{
    json_t *zones = zones_of(file);
    size_t i = 0;
    const json_t *zone = NULL;
    json_array_foreach(zones, i, zone)
    {
        print_line(stdout, "%-13s %s", i == 0 ? "Time zones" : "", json_string_value(zone));
    }
    json_decref(zones);
}

static void print_doubt(const json_t *doubt)
{
    const char *severity = json_string_value(json_object_get(doubt, "severity"));
    const char *rule = json_string_value(json_object_get(doubt, "rule"));
    print_line(stdout, "%-13s %s%s%s%s: %s", strcmp(severity, "note") == 0 ? "Note" : "Warning",
               json_string_value(json_object_get(doubt, "path")), rule ? " (" : "",
               rule ? rule : "", rule ? ")" : "",
               json_string_value(json_object_get(doubt, "message")));
}

static void print_text(const check_request *request, const policy_file *file,
                       const policy_doubts *doubts)
{
    size_t i = 0;
    const json_t *doubt = NULL;
    print_line(stdout, "Policy        %s", request->path);
    print_line(stdout, "Revision      %" PRIu64, svms_policy_revision(file->policy));
    print_line(stdout, "Rules         %zu", members_of(file, "rules"));
    print_line(stdout, "Roles         %zu", members_of(file, "roles"));
    print_line(stdout, "Groups        %zu", members_of(file, "groups"));
    print_line(stdout, "Devices       %zu named", count_devices(file));
    print_line(stdout, "Windows       %zu", members_of(file, "windows"));
    print_zones(file);
    json_array_foreach(doubts->list, i, doubt)
    {
        print_doubt(doubt);
    }
    if (doubts->warnings == 0) {
        print_line(stdout, "Verdict       valid");
    } else {
        print_line(stdout, "Verdict       valid, with %zu warning%s", doubts->warnings,
                   doubts->warnings == 1 ? "" : "s");
    }
}

static exit_status report(const check_request *request, const policy_file *file)
{
    policy_doubts doubts;
    if (policy_doubts_find(&doubts, file->json) != 0) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    exit_status status = request->strict && doubts.warnings > 0 ? EXIT_EVIDENCE : EXIT_GOOD;
    exit_status shown = EXIT_GOOD;
    if (request->json) {
        shown = print_json(request, file, &doubts, status);
    } else {
        print_text(request, file, &doubts);
    }
    policy_doubts_free(&doubts);
    return shown == EXIT_GOOD ? status : shown;
}

/* Also programs are told what is wrong. */
static exit_status refuse(const check_request *request, const svms_error *err)
{
    exit_status status = policy_file_complain(err, request->path);
    exit_status shown = EXIT_GOOD;
    if (request->json) {
        shown =
            json_print(json_pack("{s:o, s:b, s:o, s:i}", "file", json_text(request->path), "valid",
                                 0, "error", json_text(err->message), "status", (int)status));
    }
    return shown == EXIT_GOOD ? status : shown;
}

static exit_status check(const check_request *request)
{
    svms_ctx *ctx = NULL;
    policy_file file = { NULL, NULL };
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = make_context(&ctx);
    if (status == EXIT_GOOD) {
        status = policy_file_read(&file, ctx, request->path, request->least_revision, &err);
    }
    if (status == EXIT_GOOD) {
        status = file.policy ? report(request, &file) : refuse(request, &err);
    }
    policy_file_free(&file);
    svms_ctx_free(&ctx);
    return status;
}

static const option_spec options[] = {
    { "least-revision", "N", "refuse a policy whose revision is smaller", OPTION_TEXT,
      offsetof(check_request, least_text), NULL, 0, 0 },
    { "strict", NULL, "warnings count as wrong", OPTION_FLAG, offsetof(check_request, strict), NULL,
      0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(check_request, json), NULL, 0,
      0 },
};

static const command_line line = {
    COMMAND,
    "FILE [options]",
    "Says what a server's access policy holds, what is wrong with it, and what in it\n"
    "nobody can have meant.",
    options,
    sizeof options / sizeof options[0],
    "FILE",
    offsetof(check_request, path)
};

exit_status command_policy_check(int count, char **arguments)
{
    check_request request;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (request.least_text && !parse_revision(&request.least_revision, request.least_text)) {
        return usage_error(COMMAND, "--least-revision is a whole number up to 2^53 - 1, not '%s'",
                           request.least_text);
    }
    return check(&request);
}
