/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "policy_cover.h"
#include "policy_doubts.h"
#include "policy_pattern.h"

#define PATH_SIZE 64
#define APPROVE "approve."
#define APPROVAL_SIZE 96 /* "approve." and a pattern */
#define APPROVALS_MAX 1024

typedef struct rule_place {
    const json_t *rule;
    const char *id;
    char path[PATH_SIZE]; /* "rules[3]" */
} rule_place;

static bool list_meets(const json_t *list, const char *pattern)
{
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(list, i, item)
    {
        if (patterns_meet(json_string_value(item), pattern)) {
            return true;
        }
    }
    return false;
}

static bool list_holds(const json_t *list, const char *text)
{
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(list, i, item)
    {
        if (strcmp(json_string_value(item), text) == 0) {
            return true;
        }
    }
    return false;
}

static void about_cover(policy_doubts *doubts, const rule_place *at, const cover_denies *denies)
{
    const json_t *deny = rule_denies(at->rule) ? NULL : cover_of(denies, at->rule);
    if (deny) {
        policy_doubts_warn(doubts, "never-applies", at->id, at->path,
                           "it never allows anything: %s denies all of it",
                           json_string_value(json_object_get(deny, "id")));
    }
}

/* A name that nobody may ask for: most often a slip of the pen. */
static void about_actions(policy_doubts *doubts, const rule_place *at)
{
    static const char *const members[] = { "actions", "second" };
    for (size_t m = 0; m < 2; m++) {
        size_t i = 0;
        const json_t *item = NULL;
        json_array_foreach(json_object_get(at->rule, members[m]), i, item)
        {
            char path[PATH_SIZE + 32];
            const char *pattern = json_string_value(item);
            snprintf(path, sizeof path, "%s.%s[%zu]", at->path, members[m], i);
            if (!pattern_has_action(pattern)) {
                policy_doubts_warn(doubts, "unknown-action", at->id, path,
                                   "there is no action %s, so that this is about nothing", pattern);
            }
        }
    }
}

static void about_devices(policy_doubts *doubts, const rule_place *at)
{
    const json_t *devices = json_object_get(at->rule, "devices");
    bool needs_none = false;
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(json_object_get(at->rule, "actions"), i, item)
    {
        needs_none = needs_none || pattern_needs_no_device(json_string_value(item));
    }
    if (!devices && !needs_none) {
        policy_doubts_warn(doubts, "no-devices", at->id, at->path,
                           "it never applies: its actions are on devices, and it names none");
    }
    json_array_foreach(devices, i, item)
    {
        const char *name = json_string_value(item);
        if (json_object_get(json_object_get(doubts->policy, "groups"), name)) {
            policy_doubts_warn(doubts, "group-as-device", at->id, at->path,
                               "it names a device %s; the group of that name is group:%s", name,
                               name);
        }
    }
}

static void about_everything(policy_doubts *doubts, const rule_place *at)
{
    const json_t *devices = json_object_get(at->rule, "devices");
    const char *where = list_holds(devices, "*") ? ""
                        : devices                ? " on the server and on the devices that it names"
                                                 : " on the server";
    if (!rule_denies(at->rule) && !json_object_get(at->rule, "roles") &&
        !json_object_get(at->rule, "second") && rule_is_unconditional(at->rule) &&
        list_holds(json_object_get(at->rule, "actions"), "*")) {
        policy_doubts_warn(doubts, "allows-everything", at->id, at->path,
                           "it allows everything to everybody%s", where);
    }
}

/* Patterns of allows that let somebody be a second person. */
static json_t *approvals_of(policy_doubts *doubts)
{
    json_t *found = json_array();
    size_t i = 0;
    const json_t *rule = NULL;
    json_array_foreach(json_object_get(doubts->policy, "rules"), i, rule)
    {
        size_t k = 0;
        json_t *item = NULL;
        json_array_foreach(json_object_get(rule, "actions"), k, item)
        {
            if (!rule_denies(rule) && patterns_meet(json_string_value(item), APPROVE "*") &&
                json_array_size(found) <= APPROVALS_MAX && json_array_append(found, item) != 0) {
                doubts->out_of_memory = 1;
            }
        }
    }
    return found;
}

/* What of the rule's actions is first to need approval by a pattern of "second", or NULL. */
static const char *first_that_meets(const json_t *actions, const char *pattern)
{
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(actions, i, item)
    {
        const char *action = json_string_value(item);
        const char *narrow = pattern_covers(pattern, action) ? action : pattern;
        /* R-RUL-5: no third person approves the second. */
        if (patterns_meet(action, pattern) && strncmp(narrow, APPROVE, sizeof APPROVE - 1) != 0) {
            return narrow;
        }
    }
    return NULL;
}

static void about_second(policy_doubts *doubts, const rule_place *at, const json_t *approvals)
{
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(json_object_get(at->rule, "second"), i, item)
    {
        char path[PATH_SIZE + 32];
        char approval[APPROVAL_SIZE];
        const char *pattern = json_string_value(item);
        const char *action = first_that_meets(json_object_get(at->rule, "actions"), pattern);
        snprintf(path, sizeof path, "%s.second[%zu]", at->path, i);
        snprintf(approval, sizeof approval, APPROVE "%s", action ? action : "");
        if (!action) {
            policy_doubts_warn(doubts, "second-in-vain", at->id, path,
                               "the rule has no action %s that could need a second person",
                               pattern);
        } else if (!rule_denies(at->rule) && json_array_size(approvals) <= APPROVALS_MAX &&
                   !list_meets(approvals, approval)) {
            policy_doubts_warn(doubts, "nobody-approves", at->id, path,
                               "nobody may be the second person: no rule allows %s", approval);
        }
    }
}

/* R-RUL-6: of other actions they are true. */
static void about_exports(policy_doubts *doubts, const rule_place *at)
{
    static const char *const members[] = { "formats", "destinations" };
    static const char *const patterns[] = {
        "export.*",         "snapshot.create",         "x.*",
        "approve.export.*", "approve.snapshot.create", "approve.x.*"
    };
    bool exports = false;
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        exports = exports || list_meets(json_object_get(at->rule, "actions"), patterns[i]);
    }
    for (size_t i = 0; i < 2 && !exports; i++) {
        if (json_object_get(at->rule, members[i])) {
            policy_doubts_warn(doubts, "limits-nothing", at->id, at->path,
                               "%s limits nothing: none of its actions is an export", members[i]);
        }
    }
}

void policy_doubts_about_rules(policy_doubts *doubts)
{
    cover_denies denies;
    json_t *approvals = approvals_of(doubts);
    size_t allows = 0;
    rule_place at = { NULL, NULL, "" };
    size_t i = 0;
    if (!cover_denies_find(&denies, doubts->policy) || !approvals) {
        doubts->out_of_memory = 1;
    }
    json_array_foreach(json_object_get(doubts->policy, "rules"), i, at.rule)
    {
        at.id = json_string_value(json_object_get(at.rule, "id"));
        snprintf(at.path, sizeof at.path, "rules[%zu]", i);
        allows += rule_denies(at.rule) ? 0 : 1;
        about_cover(doubts, &at, &denies);
        about_actions(doubts, &at);
        about_devices(doubts, &at);
        about_everything(doubts, &at);
        about_second(doubts, &at, approvals);
        about_exports(doubts, &at);
    }
    if (allows == 0) {
        policy_doubts_warn(doubts, "allows-nothing", NULL, "rules",
                           "nothing is allowed: no rule allows anything");
    }
    cover_denies_free(&denies);
    json_decref(approvals);
}
