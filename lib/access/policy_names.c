/* SPDX-License-Identifier: Apache-2.0 */
/* Devices, groups of them, and roles. */
#include <stdio.h>
#include <string.h>

#include "policy_internal.h"

#define GROUP_PREFIX "group:"
#define GROUP_PREFIX_SIZE (sizeof GROUP_PREFIX - 1)
#define GROUP_LEVELS 8

/* As svms_json_only() shows names. */
void svms_name_refuse(const svms_json_node *node, const char *name, const char *what)
{
    char quoted[40];
    int shown = (int)strnlen(name, sizeof quoted - 3);
    while (shown > 0 && ((unsigned char)name[shown] & 0xC0u) == 0x80u) {
        shown--;
    }
    (void)snprintf(quoted, sizeof quoted, "'%.*s'", shown, name);
    svms_json_refuse(node, quoted, what);
}

size_t svms_policy_members(const svms_json_node *node, size_t most)
{
    size_t count = 0;
    while (count <= most && svms_json_member(node, count)) {
        count++;
    }
    if (count > most) {
        svms_json_refuse(node, "", "has too many members");
        return 0;
    }
    return count;
}

/* Takes an entry into a table that has room for all. */
static void add(svms_name_table *table, const char *name, uint32_t number)
{
    table->entries[table->count].name = name;
    table->entries[table->count].number = number;
    table->count++;
}

/* Sorted, with each name once, numbered by its place. */
static void settle(svms_name_table *table)
{
    size_t kept = 0;
    svms_name_sort(table);
    for (size_t i = 0; i < table->count; i++) {
        if (kept == 0 || strcmp(table->entries[kept - 1].name, table->entries[i].name) != 0) {
            table->entries[kept] = table->entries[i];
            table->entries[kept].number = (uint32_t)kept;
            kept++;
        }
    }
    table->count = kept;
}

static bool is_group(const char *text)
{
    return strncmp(text, GROUP_PREFIX, GROUP_PREFIX_SIZE) == 0;
}

/* Entries of one list of all groups or roles together, counted before there is room for them. */
static size_t count_entries(svms_policy_job *job, const svms_json_node *all, size_t members,
                            const char *list)
{
    size_t sum = 0;
    for (size_t i = 0; i < members && !svms_policy_failed(job); i++) {
        svms_json_node node = svms_json_object(all, svms_json_member(all, i));
        if (!svms_json_failed(&node) && svms_json_is_there(&node, list)) {
            sum += svms_json_count(&node, list, SVMS_POLICY_NAMES);
        }
        if (sum > SVMS_POLICY_NAMES) {
            svms_json_refuse(all, list, "are more than a policy may name");
        }
    }
    return svms_policy_failed(job) ? 0 : sum;
}

static void read_group_devices(svms_policy_job *job, const svms_json_node *all, size_t index)
{
    static const char *const members[] = { "devices", NULL };
    svms_json_node node = svms_json_object(all, svms_json_member(all, index));
    svms_json_only(&node, members);
    size_t count = svms_json_count(&node, "devices", SVMS_POLICY_NAMES);
    for (size_t i = 0; i < count && !svms_policy_failed(job); i++) {
        const char *text = svms_json_item_text(&node, "devices", i);
        if (!text) {
            return;
        }
        if (!svms_name_is_fit(is_group(text) ? text + GROUP_PREFIX_SIZE : text)) {
            svms_entry_refuse(&node, "devices", i, "is no device and no group");
        } else if (!is_group(text)) {
            add(&job->policy->devices, text, 0);
        }
    }
}

/* Groups that a group is in, also by other groups. */
typedef struct ancestry {
    svms_policy_job *job;
    const svms_json_node *all;
    uint64_t *above; /* a row for each group */
    uint8_t *state;  /* 0: not looked at; 1: on the way; 2: done */
    uint8_t *depth;  /* levels below it, itself included */
} ancestry;

/* Marks the groups below one as being in it, from the bottom up. */
static void descend(const ancestry *of, uint32_t group, unsigned level)
{
    const svms_policy *policy = of->job->policy;
    svms_json_node node = svms_json_object(of->all, policy->groups.entries[group].name);
    size_t count = svms_json_count(&node, "devices", SVMS_POLICY_NAMES);
    if (of->state[group] == 1 || level > GROUP_LEVELS) {
        svms_json_refuse(&node, "devices", "leads back to the group, or through too many");
        return;
    }
    of->state[group] = 1;
    of->depth[group] = 1;
    for (size_t i = 0; i < count && !svms_policy_failed(of->job); i++) {
        const char *text = svms_json_item_text(&node, "devices", i);
        size_t found = 0;
        if (!is_group(text)) {
            continue;
        }
        const svms_named *below = svms_name_find(&policy->groups, text + GROUP_PREFIX_SIZE, &found);
        if (!below) {
            svms_entry_refuse(&node, "devices", i, "names a group that is not there");
            return;
        }
        if (of->state[below->number] != 2) {
            descend(of, below->number, level + 1);
        }
        if (of->depth[below->number] >= of->depth[group]) {
            of->depth[group] = (uint8_t)(of->depth[below->number] + 1);
        }
        svms_bit_set(of->above + below->number * policy->group_words, group);
    }
    if (of->depth[group] > GROUP_LEVELS) {
        svms_json_refuse(&node, "devices", "leads back to the group, or through too many");
    }
    of->state[group] = 2;
}

/* What is above a group is above those below it: as often as there are levels. */
static void spread(const ancestry *of)
{
    const svms_policy *policy = of->job->policy;
    size_t words = policy->group_words;
    for (unsigned level = 0; level < GROUP_LEVELS; level++) {
        for (size_t group = 0; group < policy->groups.count; group++) {
            uint64_t *row = of->above + group * words;
            for (size_t over = 0; over < policy->groups.count; over++) {
                if (!svms_bit_is_set(row, over)) {
                    continue;
                }
                for (size_t w = 0; w < words; w++) {
                    row[w] |= of->above[over * words + w];
                }
            }
        }
    }
}

static void join_groups(const ancestry *of, uint32_t group)
{
    svms_policy *policy = of->job->policy;
    size_t words = policy->group_words;
    svms_json_node node = svms_json_object(of->all, policy->groups.entries[group].name);
    size_t count = svms_json_count(&node, "devices", SVMS_POLICY_NAMES);
    for (size_t i = 0; i < count; i++) {
        const char *text = svms_json_item_text(&node, "devices", i);
        size_t found = 0;
        const svms_named *device = svms_name_find(&policy->devices, text, &found);
        if (!device) {
            continue;
        }
        uint64_t *row = policy->groups_of + device->number * words;
        svms_bit_set(row, group);
        for (size_t w = 0; w < words; w++) {
            row[w] |= of->above[group * words + w];
        }
    }
}

static void read_ancestry(svms_policy_job *job, const svms_json_node *all)
{
    svms_policy *policy = job->policy;
    size_t groups = policy->groups.count;
    ancestry of = { job, all, NULL, NULL, NULL };
    of.above = svms_policy_room(job, groups * policy->group_words, sizeof *of.above);
    of.state = svms_policy_room(job, groups, 1);
    of.depth = svms_policy_room(job, groups, 1);
    for (uint32_t i = 0; i < groups && !svms_policy_failed(job); i++) {
        if (of.state[i] == 0) {
            descend(&of, i, 1);
        }
    }
    if (!svms_policy_failed(job)) {
        spread(&of);
    }
    for (uint32_t i = 0; i < groups && !svms_policy_failed(job); i++) {
        join_groups(&of, i);
    }
    svms_release(policy->ctx, of.above);
    svms_release(policy->ctx, of.state);
    svms_release(policy->ctx, of.depth);
}

/* Names of groups are refused twice by JSON itself. */
static void read_group_names(svms_policy_job *job, const svms_json_node *all, size_t count)
{
    svms_policy *policy = job->policy;
    policy->groups.entries = svms_policy_room(job, count, sizeof *policy->groups.entries);
    for (size_t i = 0; i < count && !svms_policy_failed(job); i++) {
        const char *name = svms_json_member(all, i);
        if (!svms_name_is_fit(name)) {
            svms_name_refuse(all, name, "is no fit name of a group");
        } else {
            add(&policy->groups, name, 0);
        }
    }
    settle(&policy->groups);
}

/* Devices that rules name, and no group. */
static size_t rule_devices(svms_policy_job *job, bool take)
{
    size_t sum = 0;
    size_t count = svms_json_count(&job->root, "rules", SVMS_POLICY_RULES);
    for (size_t i = 0; i < count && !svms_policy_failed(job); i++) {
        svms_json_node rule = svms_json_item(&job->root, "rules", i);
        if (svms_json_failed(&rule) || !svms_json_is_there(&rule, "devices")) {
            continue;
        }
        size_t devices = svms_json_count(&rule, "devices", SVMS_POLICY_NAMES);
        for (size_t k = 0; k < devices && !svms_policy_failed(job); k++) {
            const char *text = svms_json_item_text(&rule, "devices", k);
            if (text && take && !is_group(text) && strcmp(text, "*") != 0) {
                add(&job->policy->devices, text, 0);
            }
        }
        sum += devices;
    }
    if (sum > SVMS_POLICY_NAMES) {
        svms_json_refuse(&job->root, "rules", "name more devices than a policy may name");
    }
    return svms_policy_failed(job) ? 0 : sum;
}

void svms_policy_read_groups(svms_policy_job *job)
{
    svms_policy *policy = job->policy;
    bool there = svms_json_is_there(&job->root, "groups");
    svms_json_node all = there ? svms_json_object(&job->root, "groups") : job->root;
    size_t groups = there ? svms_policy_members(&all, SVMS_POLICY_GROUPS) : 0;
    size_t devices = count_entries(job, &all, groups, "devices") + rule_devices(job, false);
    read_group_names(job, &all, groups);
    policy->devices.entries = svms_policy_room(job, devices, sizeof *policy->devices.entries);
    for (size_t i = 0; i < groups && !svms_policy_failed(job); i++) {
        read_group_devices(job, &all, i);
    }
    if (!svms_policy_failed(job)) {
        (void)rule_devices(job, true);
        settle(&policy->devices);
        policy->group_words = (policy->groups.count + 63) / 64;
        policy->groups_of = svms_policy_room(job, policy->devices.count * policy->group_words,
                                             sizeof *policy->groups_of);
    }
    if (!svms_policy_failed(job) && groups > 0) {
        read_ancestry(job, &all);
    }
}

static void read_holders(svms_policy_job *job, const svms_json_node *node, const char *list,
                         svms_name_table *table, uint32_t role)
{
    if (!svms_json_is_there(node, list)) {
        return;
    }
    size_t count = svms_json_count(node, list, SVMS_POLICY_NAMES);
    for (size_t i = 0; i < count && !svms_policy_failed(job); i++) {
        const char *text = svms_json_item_text(node, list, i);
        if (text) {
            add(table, text, role);
        }
    }
}

/* Roles keep the order in which JSON gives them; rules find them by their names. */
void svms_policy_read_roles(svms_policy_job *job)
{
    static const char *const members[] = { "subjects", "claims", NULL };
    svms_policy *policy = job->policy;
    if (!svms_json_is_there(&job->root, "roles")) {
        return;
    }
    svms_json_node all = svms_json_object(&job->root, "roles");
    policy->role_count = svms_policy_members(&all, SVMS_POLICY_ROLES);
    size_t subjects = count_entries(job, &all, policy->role_count, "subjects");
    size_t claims = count_entries(job, &all, policy->role_count, "claims");
    policy->subjects.entries = svms_policy_room(job, subjects, sizeof *policy->subjects.entries);
    policy->claims.entries = svms_policy_room(job, claims, sizeof *policy->claims.entries);
    policy->roles.entries =
        svms_policy_room(job, policy->role_count, sizeof *policy->roles.entries);
    for (uint32_t i = 0; i < policy->role_count && !svms_policy_failed(job); i++) {
        const char *name = svms_json_member(&all, i);
        if (!svms_name_is_fit(name)) {
            svms_name_refuse(&all, name, "is no fit name of a role");
            return;
        }
        add(&policy->roles, name, i);
        svms_json_node node = svms_json_object(&all, name);
        svms_json_only(&node, members);
        read_holders(job, &node, "subjects", &policy->subjects, i);
        read_holders(job, &node, "claims", &policy->claims, i);
    }
    svms_name_sort(&policy->roles);
    svms_name_sort(&policy->subjects);
    svms_name_sort(&policy->claims);
}
