/* SPDX-License-Identifier: Apache-2.0 */
#include "right_within.h"

#include <string.h>

#include "action.h"
#include "network.h"

#define GROUP_PREFIX "group:"
#define MINUTES_PER_DAY 1440u
#define DAYS_PER_WEEK 7u
#define MINUTES_PER_WEEK (DAYS_PER_WEEK * MINUTES_PER_DAY)

static bool pattern_is_within(const svms_pattern *inner, const svms_pattern *outer)
{
    if (inner->all || outer->all) {
        return outer->all;
    }
    if (inner->size == outer->size) {
        return inner->below == outer->below && memcmp(inner->text, outer->text, inner->size) == 0;
    }
    /* What lies below a name that is itself below another one, lies below that. */
    return outer->below && svms_pattern_covers(outer, inner->text, inner->size);
}

static bool is_within_one(const svms_pattern *inner, const svms_pattern *patterns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pattern_is_within(inner, &patterns[i])) {
            return true;
        }
    }
    return false;
}

/* What is below a name cannot be spelled out, so that one pattern of outer has to hold each of
 * inner's as a whole. */
static bool actions_are_within(const svms_rule *inner, const svms_rule *outer)
{
    for (size_t i = 0; i < inner->action_count; i++) {
        if (!is_within_one(&inner->actions[i], outer->actions, outer->action_count)) {
            return false;
        }
    }
    return true;
}

static bool has_text(const char *const *texts, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(texts[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static bool texts_are_within(const char *const *inner, size_t count, const char *const *outer,
                             size_t outer_count)
{
    for (size_t i = 0; i < count; i++) {
        if (!has_text(outer, outer_count, inner[i])) {
            return false;
        }
    }
    return true;
}

/* Who is in a group is known to the server that decides, and not here. */
static bool devices_are_within(const svms_rule *inner, const svms_rule *outer)
{
    return outer->all_devices ||
           (!inner->all_devices &&
            texts_are_within((const char *const *)inner->devices, inner->device_count,
                             (const char *const *)outer->devices, outer->device_count));
}

static bool zones_are_one(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

static bool minute_is_in(const svms_window *window, unsigned minute)
{
    unsigned day = minute / MINUTES_PER_DAY;
    unsigned at = minute % MINUTES_PER_DAY;
    bool today = ((unsigned)window->days >> day & 1u) != 0;
    bool yesterday =
        ((unsigned)window->days >> ((day + DAYS_PER_WEEK - 1) % DAYS_PER_WEEK) & 1u) != 0;
    if (window->from < window->to) {
        return today && at >= window->from && at < window->to;
    }
    return (today && at >= window->from) || (yesterday && at < window->to);
}

/* Of the windows in the zone of one of them: whether they are open whenever it is. In zones that
 * differ in name only, nobody here can tell. */
static bool window_is_within(const svms_window *inner, const svms_window *windows, size_t count)
{
    bool has_zone = false;
    for (size_t i = 0; i < count; i++) {
        has_zone = has_zone || zones_are_one(inner->zone_name, windows[i].zone_name);
    }
    for (unsigned minute = 0; has_zone && minute < MINUTES_PER_WEEK; minute++) {
        bool open = !minute_is_in(inner, minute);
        for (size_t i = 0; i < count && !open; i++) {
            open = zones_are_one(inner->zone_name, windows[i].zone_name) &&
                   minute_is_in(&windows[i], minute);
        }
        if (!open) {
            return false;
        }
    }
    return has_zone;
}

static bool windows_are_within(const svms_window *inner, size_t count, const svms_window *outer,
                               size_t outer_count)
{
    for (size_t i = 0; i < count; i++) {
        if (!window_is_within(&inner[i], outer, outer_count)) {
            return false;
        }
    }
    return true;
}

static bool when_is_within(const svms_rule *inner, const svms_rule *outer)
{
    return windows_are_within(inner->when, inner->when_count, outer->when, outer->when_count);
}

static bool recorded_is_within(const svms_rule *inner, const svms_rule *outer)
{
    return windows_are_within(inner->recorded, inner->recorded_count, outer->recorded,
                              outer->recorded_count);
}

static bool age_is_within(const svms_rule *inner, const svms_rule *outer)
{
    return inner->max_age_s <= outer->max_age_s;
}

static bool clients_are_within(const svms_rule *inner, const svms_rule *outer)
{
    return (inner->clients & ~outer->clients) == 0;
}

static bool networks_are_within(const svms_rule *inner, const svms_rule *outer)
{
    for (size_t i = 0; i < inner->network_count; i++) {
        const svms_network *network = &inner->networks[i];
        size_t at = 0;
        while (at < outer->network_count &&
               (outer->networks[at].bits > network->bits ||
                !svms_network_holds(&outer->networks[at], network->address))) {
            at++;
        }
        if (at == outer->network_count) {
            return false;
        }
    }
    return true;
}

/* Whoever has logged in by all of one list of inner's, has by all of one of outer's. */
static bool methods_are_within(const svms_rule *inner, const svms_rule *outer)
{
    for (size_t i = 0; i < inner->list_count; i++) {
        const svms_method_list *list = &inner->lists[i];
        size_t at = 0;
        while (at < outer->list_count &&
               !texts_are_within(outer->lists[at].methods, outer->lists[at].count, list->methods,
                                 list->count)) {
            at++;
        }
        if (at == outer->list_count) {
            return false;
        }
    }
    return true;
}

static bool formats_are_within(const svms_rule *inner, const svms_rule *outer)
{
    return (inner->formats & ~outer->formats) == 0;
}

static bool destinations_are_within(const svms_rule *inner, const svms_rule *outer)
{
    return texts_are_within((const char *const *)inner->destinations, inner->destination_count,
                            (const char *const *)outer->destinations, outer->destination_count);
}

typedef struct right_member {
    const char *name;
    unsigned condition; /* 0: it is always there */
    bool (*is_within)(const svms_rule *inner, const svms_rule *outer);
} right_member;

static const right_member members[] = {
    { "actions", 0, actions_are_within },
    { "devices", 0, devices_are_within },
    { "when", SVMS_COND_WHEN, when_is_within },
    { "recorded", SVMS_COND_RECORDED, recorded_is_within },
    { "max_age", SVMS_COND_AGE, age_is_within },
    { "clients", SVMS_COND_CLIENTS, clients_are_within },
    { "networks", SVMS_COND_NETWORKS, networks_are_within },
    { "amr", SVMS_COND_METHODS, methods_are_within },
    { "formats", SVMS_COND_FORMATS, formats_are_within },
    { "destinations", SVMS_COND_DESTINATIONS, destinations_are_within },
};

/* What is absent is true. A list with an entry that nobody here knows is compared with none. */
static bool condition_is_within(const right_member *member, const svms_rule *inner,
                                const svms_rule *outer)
{
    if (member->condition == 0) {
        return member->is_within(inner, outer);
    }
    if ((outer->conditions & member->condition) == 0) {
        return true;
    }
    return (inner->conditions & member->condition) != 0 &&
           ((inner->unclear | outer->unclear) & member->condition) == 0 &&
           member->is_within(inner, outer);
}

/* A condition that is not known makes a right at most unknown: what holds inner must not have one.
 */
const char *svms_right_exceeds(const svms_rule *inner, const svms_rule *outer, size_t *agreed)
{
    const size_t count = sizeof members / sizeof members[0];
    for (*agreed = 0; *agreed < count; (*agreed)++) {
        if (!condition_is_within(&members[*agreed], inner, outer)) {
            return members[*agreed].name;
        }
    }
    return (outer->conditions & SVMS_COND_UNKNOWN) != 0 ? "conditions" : NULL;
}

static bool patterns_meet(const svms_pattern *one, const svms_pattern *other)
{
    return pattern_is_within(one, other) || pattern_is_within(other, one);
}

/* Of two patterns that meet, one holds the other: what they have in common is the smaller one. */
bool svms_right_needs_second(const svms_rule *inner, const svms_rule *outer)
{
    for (size_t i = 0; i < inner->action_count; i++) {
        const svms_pattern *action = &inner->actions[i];
        for (size_t k = 0; k < outer->second_count; k++) {
            const svms_pattern *second = &outer->second[k];
            const svms_pattern *common = pattern_is_within(action, second) ? action : second;
            if (patterns_meet(action, second) &&
                !is_within_one(common, inner->second, inner->second_count)) {
                return false;
            }
        }
    }
    return true;
}

static bool has_group(const svms_rule *right)
{
    for (size_t i = 0; i < right->device_count; i++) {
        if (strncmp(right->devices[i], GROUP_PREFIX, sizeof GROUP_PREFIX - 1) == 0) {
            return true;
        }
    }
    return false;
}

static bool devices_meet(const svms_rule *one, const svms_rule *other)
{
    if (one->all_devices || other->all_devices || has_group(one) || has_group(other)) {
        return true;
    }
    for (size_t i = 0; i < one->device_count; i++) {
        if (has_text((const char *const *)other->devices, other->device_count, one->devices[i])) {
            return true;
        }
    }
    return false;
}

/* Devices make a difference to actions on devices alone. */
bool svms_rights_meet(const svms_rule *one, const svms_rule *other)
{
    bool devices = devices_meet(one, other);
    for (size_t i = 0; i < one->action_count; i++) {
        for (size_t k = 0; k < other->action_count; k++) {
            const svms_pattern *a = &one->actions[i];
            const svms_pattern *b = &other->actions[k];
            const svms_pattern *common = pattern_is_within(a, b) ? a : b;
            if (patterns_meet(a, b) && (devices || !svms_pattern_is_on_devices(common))) {
                return true;
            }
        }
    }
    return false;
}
