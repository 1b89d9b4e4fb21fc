/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

json_t *audit_words_to_json(const void *record, size_t size)
{
    json_error_t error;
    json_t *object = json_loadb(record, size, JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);
    return object ? object : json_null();
}

static void put(const char *label, const char *text)
{
    if (text) {
        print_line(stdout, "%-13s %s", label, text);
    }
}

static void put_who(const svms_audit_view *view)
{
    const char *name = view->actor_name ? view->actor_name : view->actor_id;
    if (!name) {
        put("Who",
            view->actor_kind == SVMS_AUDIT_ACTOR_UNKNOWN ? "not known" : view->actor_kind_name);
    } else if (view->actor_name && view->actor_id) {
        print_line(stdout, "%-13s %s, the %s %s", "Who", name, view->actor_kind_name,
                   view->actor_id);
    } else {
        print_line(stdout, "%-13s the %s %s", "Who", view->actor_kind_name, name);
    }
    for (size_t i = 0; i < view->in_place_of_count; i++) {
        put("In place of", view->in_place_of[i]);
    }
    put("From address", view->address);
    put("With", view->client);
    put("Session", view->session);
    put("Token", view->token);
}

static void put_time(const char *label, int64_t utc_ns)
{
    char text[SVMS_TIME_TEXT_SIZE];
    if (utc_ns != SVMS_NO_TIME) {
        svms_time_format(utc_ns, text);
        put(label, text);
    }
}

static void put_source(const svms_audit_view *view)
{
    print_line(stdout, "%-13s %s%s%s%s%s", "Told by", view->server, view->component ? ", " : "",
               view->component ? view->component : "", view->process ? ", process " : "",
               view->process ? view->process : "");
}

static void put_details(const svms_audit_view *view)
{
    json_error_t error;
    const char *name;
    json_t *value;
    json_t *details = view->details
                          ? json_loadb(view->details, view->details_size, JSON_ALLOW_NUL, &error)
                          : NULL;
    json_object_foreach(details, name, value)
    {
        char *text = json_is_string(value) ? strdup(json_string_value(value))
                                           : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        print_line(stdout, "    %-13s %s", name, text ? text : "");
        free(text);
    }
    json_decref(details);
}

static void put_view(const svms_audit_view *view)
{
    print_line(stdout, "%-13s %s: %s", "What", view->event, view->outcome_name);
    if (!svms_audit_event_kind_of(view->event)) {
        put("", "(an event that this program does not know)");
    }
    put("When", view->time);
    put_who(view);
    put("Device", view->device);
    for (size_t i = 0; i < view->device_count; i++) {
        put("Device", view->devices[i]);
    }
    put("About", view->object);
    put_time("Recorded from", view->from_utc_ns);
    put_time("Recorded to", view->to_utc_ns);
    put("Why", view->reason);
    put("Code", view->code);
    put_source(view);
    put("Id", view->id);
    put_details(view);
}

exit_status audit_words_print(svms_ctx *ctx, const void *record, size_t size)
{
    svms_audit_view view = SVMS_AUDIT_VIEW_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_audit_view_read(&view, ctx, record, size, &err);
    if (status == SVMS_E_NO_MEMORY) {
        return complain_error(&err, "cannot read the record");
    }
    if (status == SVMS_OK) {
        put_view(&view);
    } else {
        print_line(stdout, "%-13s %zu bytes that no program of libsvms wrote (%s)", "What", size,
                   err.message);
    }
    svms_audit_view_clear(&view);
    return EXIT_GOOD;
}
