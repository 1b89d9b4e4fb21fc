/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_doubts.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define GROUP_PREFIX "group:"
#define PATH_SIZE 96

static void add(policy_doubts *doubts, const char *severity, const char *code, const char *rule,
                const char *path, const char *message)
{
    json_t *one = json_pack("{s:s, s:s, s:s, s:s?, s:s}", "severity", severity, "code", code,
                            "path", path, "rule", rule, "message", message);
    if (json_array_append_new(doubts->list, one) != 0) {
        doubts->out_of_memory = 1;
    }
}

void policy_doubts_warn(policy_doubts *doubts, const char *code, const char *rule, const char *path,
                        const char *format, ...)
{
    char message[256];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    doubts->warnings++;
    add(doubts, "warning", code, rule, path, message);
}

void policy_doubts_note(policy_doubts *doubts, const char *code, const char *rule, const char *path,
                        const char *format, ...)
{
    char message[256];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    add(doubts, "note", code, rule, path, message);
}

static bool holds_text(const json_t *list, const char *text)
{
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(list, i, item)
    {
        const char *held = json_string_value(item);
        if (held && strcmp(held, text) == 0) {
            return true;
        }
    }
    return false;
}

/* Takes the texts of a list into an object for finding them. */
static void take_texts(policy_doubts *doubts, json_t *found, const json_t *list)
{
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(list, i, item)
    {
        if (json_is_string(item) &&
            json_object_set_new(found, json_string_value(item), json_true()) != 0) {
            doubts->out_of_memory = 1;
        }
    }
}

/* Names that members of rules hold. */
static json_t *names_in_rules(policy_doubts *doubts, const char *const *members)
{
    json_t *found = json_object();
    size_t i = 0;
    const json_t *rule = NULL;
    json_array_foreach(json_object_get(doubts->policy, "rules"), i, rule)
    {
        for (size_t m = 0; members[m]; m++) {
            take_texts(doubts, found, json_object_get(rule, members[m]));
        }
    }
    return found;
}

static void about_roles(policy_doubts *doubts)
{
    static const char *const members[] = { "roles", NULL };
    json_t *used = names_in_rules(doubts, members);
    const char *name = NULL;
    json_t *role = NULL;
    json_object_foreach(json_object_get(doubts->policy, "roles"), name, role)
    {
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "roles.%s", name);
        if (json_array_size(json_object_get(role, "subjects")) == 0 &&
            json_array_size(json_object_get(role, "claims")) == 0) {
            policy_doubts_warn(doubts, "role-nobody-has", NULL, path,
                               "nobody has this role: it lists neither subjects nor claims");
        }
        if (!json_object_get(used, name)) {
            policy_doubts_note(doubts, "role-unused", NULL, path, "no rule is for this role");
        }
    }
    json_decref(used);
}

static void about_groups(policy_doubts *doubts)
{
    static const char *const members[] = { "devices", NULL };
    json_t *used = names_in_rules(doubts, members);
    json_t *groups = json_object_get(doubts->policy, "groups");
    const char *name = NULL;
    json_t *group = NULL;
    json_object_foreach(groups, name, group)
    {
        take_texts(doubts, used, json_object_get(group, "devices"));
    }
    json_object_foreach(groups, name, group)
    {
        char path[PATH_SIZE];
        char reference[PATH_SIZE];
        snprintf(path, sizeof path, "groups.%s", name);
        snprintf(reference, sizeof reference, GROUP_PREFIX "%s", name);
        if (json_array_size(json_object_get(group, "devices")) == 0) {
            policy_doubts_warn(doubts, "group-empty", NULL, path, "there is no device in it");
        }
        if (!json_object_get(used, reference)) {
            policy_doubts_note(doubts, "group-unused", NULL, path,
                               "no rule and no group names it; only a token could");
        }
    }
    json_decref(used);
}

/* R-WIN-1 */
static bool is_always_open(const json_t *window)
{
    const char *from = json_string_value(json_object_get(window, "from"));
    const char *to = json_string_value(json_object_get(window, "to"));
    const json_t *days = json_object_get(window, "days");
    bool every_day = !days;
    if (days) {
        static const char *const week[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
        every_day = true;
        for (size_t i = 0; i < sizeof week / sizeof week[0]; i++) {
            every_day = every_day && holds_text(days, week[i]);
        }
    }
    return every_day && (!from || strcmp(from, "00:00") == 0) && (!to || strcmp(to, "24:00") == 0);
}

static void about_windows(policy_doubts *doubts)
{
    static const char *const members[] = { "when", "recorded", NULL };
    json_t *used = names_in_rules(doubts, members);
    const char *name = NULL;
    json_t *window = NULL;
    json_object_foreach(json_object_get(doubts->policy, "windows"), name, window)
    {
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "windows.%s", name);
        if (is_always_open(window)) {
            policy_doubts_warn(doubts, "window-always-open", NULL, path,
                               "it is open all the time, and so it limits nothing");
        }
        if (!json_object_get(used, name)) {
            policy_doubts_note(doubts, "window-unused", NULL, path, "no rule names this window");
        }
    }
    json_decref(used);
}

static void about_windows_of_rules(policy_doubts *doubts)
{
    static const char *const members[] = { "when", "recorded" };
    size_t i = 0;
    const json_t *rule = NULL;
    json_array_foreach(json_object_get(doubts->policy, "rules"), i, rule)
    {
        const char *id = json_string_value(json_object_get(rule, "id"));
        for (size_t m = 0; m < 2; m++) {
            size_t k = 0;
            const json_t *window = NULL;
            json_array_foreach(json_object_get(rule, members[m]), k, window)
            {
                char path[PATH_SIZE];
                snprintf(path, sizeof path, "rules[%zu].%s[%zu]", i, members[m], k);
                if (json_is_object(window) && is_always_open(window)) {
                    policy_doubts_warn(doubts, "window-always-open", id, path,
                                       "it is open all the time, and so it limits nothing");
                }
            }
        }
    }
}

int policy_doubts_find(policy_doubts *out, const json_t *policy)
{
    memset(out, 0, sizeof *out);
    out->policy = policy;
    out->list = json_array();
    out->out_of_memory = !out->list;
    if (out->list) {
        policy_doubts_about_rules(out);
        about_windows_of_rules(out);
        about_windows(out);
        about_roles(out);
        about_groups(out);
    }
    if (out->out_of_memory) {
        policy_doubts_free(out);
        return -1;
    }
    return 0;
}

void policy_doubts_free(policy_doubts *doubts)
{
    json_decref(doubts->list);
    doubts->list = NULL;
}
