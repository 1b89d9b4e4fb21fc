/* SPDX-License-Identifier: Apache-2.0 */
#include "est_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <svms/svms.h>

#include "json_output.h"
#include "message.h"

#define NS_PER_SECOND INT64_C(1000000000)

static void log_json(const est_event *event, int64_t now)
{
    const struct {
        const char *key;
        const char *value;
    } members[] = {
        { "address", event->address }, { "name", event->name },     { "role", event->role },
        { "serial", event->serial },   { "message", event->words },
    };
    json_t *line = json_pack("{s:o, s:s}", "time", json_time(now), "event", event->what);
    for (size_t i = 0; i < sizeof members / sizeof members[0] && line; i++) {
        if (members[i].value) {
            json_object_set_new(line, members[i].key, json_text(members[i].value));
        }
    }
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    if (text) {
        printf("%s\n", text);
    } else {
        complain("out of memory");
    }
    free(text);
    json_decref(line);
}

void est_log(bool json, const est_event *event)
{
    int64_t now = (int64_t)time(NULL) * NS_PER_SECOND;
    char when[SVMS_TIME_TEXT_SIZE] = "";
    if (json) {
        log_json(event, now);
    } else {
        svms_time_format(now, when);
        print_line(stdout, "%s %s%s%s%s%s%s%s%s%s%s%s%s", when, event->what,
                   event->address ? " " : "", event->address ? event->address : "",
                   event->role ? " " : "", event->role ? event->role : "", event->name ? " \"" : "",
                   event->name ? event->name : "", event->name ? "\"" : "",
                   event->serial ? " serial " : "", event->serial ? event->serial : "",
                   event->words ? ": " : "", event->words ? event->words : "");
    }
    /* Who watches shall see it when it happens. */
    (void)fflush(stdout);
}
