/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_by.h"

#include <string.h>

#define NS_PER_SECOND INT64_C(1000000000)
/* A century. */
#define SECONDS_MOST INT64_C(3155760000)

svms_audit_event audit_by_event(const audit_by *by)
{
    svms_audit_event event = SVMS_AUDIT_EVENT_INIT;
    event.component = "svms";
    event.actor_kind = by->actor ? SVMS_AUDIT_ACTOR_USER : SVMS_AUDIT_ACTOR_SYSTEM;
    event.actor_id = by->actor;
    event.reason = by->reason;
    return event;
}

static int64_t seconds_of(char unit)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (units[i].unit == unit) {
            return units[i].seconds;
        }
    }
    return 0;
}

exit_status audit_age_read(int64_t *out, const char *text, const char *command, const char *option)
{
    size_t digits = strspn(text, "0123456789");
    int64_t unit = seconds_of(text[digits]);
    int64_t count = 0;
    bool good = digits > 0 && unit > 0 && text[digits + 1] == '\0';
    for (size_t i = 0; i < digits && good; i++) {
        count = count * 10 + (text[i] - '0');
        good = count <= SECONDS_MOST / unit;
    }
    if (!good) {
        return usage_error(command, "%s takes an age such as 90d, 36h, 10m or 30s, not '%s'",
                           option, text);
    }
    *out = count * unit * NS_PER_SECOND;
    return EXIT_GOOD;
}
