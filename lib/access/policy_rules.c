/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of a policy, and the rows of bits that decisions are made by. */
#include <string.h>

#include "action.h"
#include "failure.h"
#include "policy_internal.h"

#define GROUP_PREFIX "group:"
#define GROUP_PREFIX_SIZE (sizeof GROUP_PREFIX - 1)

/* An svms_rule_reader's window. */
static bool window_of(void *user, const char *name, svms_window *out)
{
    const svms_policy *policy = ((const svms_policy_job *)user)->policy;
    for (size_t i = 0; i < policy->window_count; i++) {
        if (strcmp(policy->windows[i].name, name) == 0) {
            *out = policy->windows[i].window;
            return true;
        }
    }
    return false;
}

static void read_id(svms_policy_job *job, const svms_json_node *node, size_t index)
{
    const char *id = svms_json_text(node, "id");
    if (id && !svms_name_is_fit(id)) {
        svms_json_refuse(node, "id", "is no fit name of a rule");
    }
    if (svms_json_is_there(node, "description")) {
        (void)svms_json_text(node, "description");
    }
    job->policy->ids[index] = id;
    job->policy->rules[index].id = id;
}

/* Ids are names, and so sorted ones that are equal stand side by side. */
static void refuse_twins(svms_policy_job *job)
{
    svms_policy *policy = job->policy;
    svms_name_table table = { svms_policy_room(job, policy->rule_count, sizeof(svms_named)), 0 };
    for (size_t i = 0; table.entries && i < policy->rule_count; i++) {
        table.entries[i].name = policy->ids[i];
        table.entries[i].number = (uint32_t)i;
        table.count++;
    }
    svms_name_sort(&table);
    for (size_t i = 1; i < table.count && !svms_policy_failed(job); i++) {
        if (strcmp(table.entries[i - 1].name, table.entries[i].name) == 0) {
            svms_json_node node = svms_json_item(&job->root, "rules", table.entries[i].number);
            svms_json_refuse(&node, "id", "is that of another rule, too");
        }
    }
    svms_release(policy->ctx, table.entries);
}

void svms_policy_read_rules(svms_policy_job *job)
{
    svms_policy *policy = job->policy;
    size_t count = svms_json_count(&job->root, "rules", SVMS_POLICY_RULES);
    policy->rules = svms_policy_room(job, count, sizeof *policy->rules);
    policy->ids = svms_policy_room(job, count, sizeof *policy->ids);
    for (size_t i = 0; i < count && !svms_policy_failed(job); i++) {
        svms_json_node node = svms_json_item(&job->root, "rules", i);
        svms_rule_reader reader = { policy->ctx, false, svms_policy_zone_needed,
                                    window_of,   job,   SVMS_OK };
        svms_rule_read(&reader, &node, &policy->rules[i]);
        policy->rule_count = i + 1;
        if (reader.status != SVMS_OK && job->status == SVMS_OK) {
            job->status = svms_fail_memory(job->err);
        }
        if (!svms_policy_failed(job)) {
            read_id(job, &node, i);
        }
    }
    if (!svms_policy_failed(job)) {
        refuse_twins(job);
    }
}

/* Who a rule is for. */
static void compile_roles(svms_policy_job *job, size_t rule)
{
    svms_policy *policy = job->policy;
    svms_json_node node = svms_json_item(&job->root, "rules", rule);
    if (!svms_json_is_there(&node, "roles")) {
        svms_bit_set(policy->everyone, rule);
        return;
    }
    size_t count = svms_json_count(&node, "roles", SVMS_POLICY_ROLES);
    if (count == 0) {
        svms_json_refuse(&node, "roles", "is an empty list");
    }
    for (size_t i = 0; i < count && !svms_policy_failed(job); i++) {
        const char *name = svms_json_item_text(&node, "roles", i);
        size_t found = 0;
        const svms_named *role = name ? svms_name_find(&policy->roles, name, &found) : NULL;
        if (role) {
            svms_bit_set(policy->role_rules + role->number * policy->words, rule);
        } else {
            svms_entry_refuse(&node, "roles", i, "names a role that is not there");
        }
    }
}

/* What a rule is about. */
static void compile_devices(svms_policy_job *job, size_t index, uint64_t *group_rules)
{
    svms_policy *policy = job->policy;
    const svms_rule *rule = &policy->rules[index];
    svms_json_node node = svms_json_item(&job->root, "rules", index);
    if (rule->all_devices) {
        svms_bit_set(policy->any_device, index);
    }
    for (size_t i = 0; i < rule->device_count; i++) {
        const char *text = rule->devices[i];
        bool is_group = strncmp(text, GROUP_PREFIX, GROUP_PREFIX_SIZE) == 0;
        size_t found = 0;
        if (strcmp(text, "*") == 0) {
            continue;
        }
        const svms_named *named =
            is_group ? svms_name_find(&policy->groups, text + GROUP_PREFIX_SIZE, &found)
                     : svms_name_find(&policy->devices, text, &found);
        if (!named) {
            svms_entry_refuse(&node, "devices", i, "names a group that is not there");
            return;
        }
        uint64_t *rows = is_group ? group_rules : policy->device_rules;
        svms_bit_set(rows + named->number * policy->words, index);
    }
}

/* What may be done by it. Actions of integrators have no rows: their names are compared when they
 * are asked for. */
static void compile_actions(svms_policy *policy, size_t index)
{
    const svms_rule *rule = &policy->rules[index];
    char name[SVMS_ACTION_MAX + 1];
    if (rule->denies) {
        svms_bit_set(policy->denying, index);
    }
    for (size_t action = 0; action < SVMS_ACTIONS; action++) {
        svms_action_spell(action, name);
        if (svms_patterns_cover(rule->actions, rule->action_count, name, strlen(name))) {
            svms_bit_set(policy->action_rules + action * policy->words, index);
        }
    }
}

static void join(uint64_t *row, const uint64_t *other, size_t words)
{
    for (size_t w = 0; w < words; w++) {
        row[w] |= other[w];
    }
}

/* A device has the rules on all devices, and those on each of its groups. */
static void complete_device(svms_policy *policy, size_t device, const uint64_t *group_rules)
{
    size_t words = policy->words;
    uint64_t *row = policy->device_rules + device * words;
    join(row, policy->any_device, words);
    for (size_t group = 0; group < policy->groups.count; group++) {
        if (svms_bit_is_set(policy->groups_of + device * policy->group_words, group)) {
            join(row, group_rules + group * words, words);
        }
    }
}

void svms_policy_compile(svms_policy_job *job)
{
    svms_policy *policy = job->policy;
    size_t words = (policy->rule_count + 63) / 64;
    policy->words = words;
    policy->everyone = svms_policy_room(job, words, sizeof(uint64_t));
    policy->any_device = svms_policy_room(job, words, sizeof(uint64_t));
    policy->denying = svms_policy_room(job, words, sizeof(uint64_t));
    policy->action_rules = svms_policy_room(job, SVMS_ACTIONS * words, sizeof(uint64_t));
    policy->role_rules = svms_policy_room(job, policy->role_count * words, sizeof(uint64_t));
    policy->device_rules = svms_policy_room(job, policy->devices.count * words, sizeof(uint64_t));
    uint64_t *group_rules = svms_policy_room(job, policy->groups.count * words, sizeof(uint64_t));
    for (size_t i = 0; i < policy->rule_count && !svms_policy_failed(job); i++) {
        compile_roles(job, i);
        compile_devices(job, i, group_rules);
        compile_actions(policy, i);
    }
    for (size_t i = 0; words > 0 && i < policy->devices.count && !svms_policy_failed(job); i++) {
        complete_device(policy, i, group_rules);
    }
    svms_release(policy->ctx, group_rules);
}
