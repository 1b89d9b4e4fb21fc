/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_cover.h"

#include <string.h>

#include "policy_pattern.h"

#define GROUP_PREFIX "group:"
#define GROUP_PREFIX_SIZE (sizeof GROUP_PREFIX - 1)

bool rule_is_unconditional(const json_t *rule)
{
    static const char *const conditions[] = { "when",     "recorded", "max_age", "clients",
                                              "networks", "amr",      "formats", "destinations" };
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
        if (json_object_get(rule, conditions[i])) {
            return false;
        }
    }
    return true;
}

bool rule_denies(const json_t *rule)
{
    const char *effect = json_string_value(json_object_get(rule, "effect"));
    return effect && strcmp(effect, "deny") == 0;
}

/* Takes a device or a group, and once what is in it; groups are no deeper than eight. */
static bool take(json_t *devices, const json_t *groups, const char *entry)
{
    if (json_object_get(devices, entry)) {
        return true;
    }
    if (json_object_set_new(devices, entry, json_true()) != 0) {
        return false;
    }
    if (strncmp(entry, GROUP_PREFIX, GROUP_PREFIX_SIZE) != 0) {
        return true;
    }
    const json_t *group = json_object_get(groups, entry + GROUP_PREFIX_SIZE);
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(json_object_get(group, "devices"), i, item)
    {
        if (!take(devices, groups, json_string_value(item))) {
            return false;
        }
    }
    return true;
}

static bool read_deny(cover_deny *out, const json_t *policy, const json_t *rule)
{
    const json_t *roles = json_object_get(rule, "roles");
    size_t i = 0;
    const json_t *item = NULL;
    out->rule = rule;
    out->devices = json_object();
    out->roles = roles ? json_object() : NULL;
    bool good = out->devices && (!roles || out->roles);
    json_array_foreach(roles, i, item)
    {
        good = good && json_object_set_new(out->roles, json_string_value(item), json_true()) == 0;
    }
    json_array_foreach(json_object_get(rule, "devices"), i, item)
    {
        good =
            good && take(out->devices, json_object_get(policy, "groups"), json_string_value(item));
    }
    return good;
}

bool cover_denies_find(cover_denies *out, const json_t *policy)
{
    size_t i = 0;
    const json_t *rule = NULL;
    memset(out, 0, sizeof *out);
    json_array_foreach(json_object_get(policy, "rules"), i, rule)
    {
        if (rule_denies(rule) && rule_is_unconditional(rule) && out->count < COVER_DENIES_MAX &&
            !read_deny(&out->denies[out->count++], policy, rule)) {
            return false;
        }
    }
    return true;
}

void cover_denies_free(cover_denies *denies)
{
    for (size_t i = 0; i < denies->count; i++) {
        json_decref(denies->denies[i].roles);
        json_decref(denies->denies[i].devices);
    }
    denies->count = 0;
}

/* Each name of the list is in the object. */
static bool holds_all(const json_t *object, const json_t *list)
{
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(list, i, item)
    {
        if (!json_object_get(object, json_string_value(item))) {
            return false;
        }
    }
    return true;
}

static bool patterns_cover(const json_t *patterns, const char *pattern)
{
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(patterns, i, item)
    {
        if (pattern_covers(json_string_value(item), pattern)) {
            return true;
        }
    }
    return false;
}

static bool covers(const cover_deny *deny, const json_t *rule)
{
    const json_t *roles = json_object_get(rule, "roles");
    if (deny->roles && (!roles || !holds_all(deny->roles, roles))) {
        return false;
    }
    if (!json_object_get(deny->devices, "*") &&
        !holds_all(deny->devices, json_object_get(rule, "devices"))) {
        return false;
    }
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(json_object_get(rule, "actions"), i, item)
    {
        if (!patterns_cover(json_object_get(deny->rule, "actions"), json_string_value(item))) {
            return false;
        }
    }
    return true;
}

const json_t *cover_of(const cover_denies *denies, const json_t *rule)
{
    for (size_t i = 0; i < denies->count; i++) {
        if (covers(&denies->denies[i], rule)) {
            return denies->denies[i].rule;
        }
    }
    return NULL;
}
