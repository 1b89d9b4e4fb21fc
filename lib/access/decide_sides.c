/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy, and what a token, says about a question. */
#include <limits.h>
#include <string.h>

#include "decide.h"

static void add_roles(svms_asked *asked, const svms_name_table *table, const char *name)
{
    size_t count = 0;
    const svms_named *entry = svms_name_find(table, name, &count);
    for (size_t i = 0; i < count; i++) {
        svms_bit_set(asked->roles, entry[i].number);
    }
}

/* R-RUL-4 */
void svms_roles_find(svms_asked *asked)
{
    const svms_policy *policy = asked->policy;
    if (asked->token->subject) {
        add_roles(asked, &policy->subjects, asked->token->subject);
    }
    for (size_t i = 0; i < asked->token->role_count; i++) {
        add_roles(asked, &policy->claims, asked->token->roles[i]);
    }
}

static bool covers_action(const svms_rule *rule, const svms_asked *asked)
{
    return svms_patterns_cover(rule->actions, rule->action_count, asked->action.name,
                               asked->action.size);
}

/* Rules for the one who asks. */
static void find_own(uint64_t *row, const svms_asked *asked)
{
    const svms_policy *policy = asked->policy;
    memcpy(row, policy->everyone, policy->words * sizeof *row);
    for (size_t r = 0; r < SVMS_ROLE_WORDS; r++) {
        for (uint64_t rest = asked->roles[r]; rest != 0; rest &= rest - 1) {
            size_t role = r * 64 + svms_bit_lowest(rest);
            const uint64_t *rules = policy->role_rules + role * policy->words;
            for (size_t w = 0; w < policy->words; w++) {
                row[w] |= rules[w];
            }
        }
    }
}

static void keep_those_of_action(svms_side *out, const svms_asked *asked)
{
    const svms_policy *policy = asked->policy;
    bool has_row = asked->action.number < SVMS_ACTIONS;
    for (size_t w = 0; w < policy->words; w++) {
        if (has_row) {
            out->concerned[w] &= policy->action_rules[asked->action.number * policy->words + w];
            continue;
        }
        for (uint64_t rest = out->concerned[w]; rest != 0; rest &= rest - 1) {
            unsigned bit = svms_bit_lowest(rest);
            if (!covers_action(&policy->rules[w * 64 + bit], asked)) {
                out->concerned[w] &= ~(UINT64_C(1) << bit);
            }
        }
    }
}

static void keep_those_of_device(svms_side *out, const svms_asked *asked)
{
    const svms_policy *policy = asked->policy;
    const uint64_t *row = asked->device
                              ? policy->device_rules + asked->device->number * policy->words
                              : policy->any_device;
    for (size_t w = 0; w < policy->words; w++) {
        out->about[w] = out->concerned[w] & (asked->question->device ? row[w] : UINT64_MAX);
    }
}

static void weigh(svms_side *out, size_t index, svms_asked *asked)
{
    const svms_rule *rule = &out->rules[index];
    svms_truth truth = svms_rule_stands(rule, asked);
    if (rule->denies ? truth == SVMS_FALSE : truth != SVMS_TRUE) {
        return;
    }
    bool waits = (rule->conditions & SVMS_COND_SECOND) != 0 &&
                 svms_rule_condition(rule, SVMS_COND_SECOND, asked, 0, NULL) != SVMS_TRUE;
    svms_bit_set(rule->denies ? out->denies : waits ? out->waiting : out->allows, index);
}

static void weigh_all(svms_side *out, svms_asked *asked)
{
    for (size_t w = 0; w < out->words; w++) {
        for (uint64_t rest = out->about[w]; rest != 0; rest &= rest - 1) {
            weigh(out, w * 64 + svms_bit_lowest(rest), asked);
        }
    }
}

void svms_side_of_policy(svms_side *out, svms_asked *asked)
{
    const svms_policy *policy = asked->policy;
    out->rules = policy->rules;
    out->words = policy->words;
    if (policy->words > 0) {
        find_own(out->concerned, asked);
        keep_those_of_action(out, asked);
        keep_those_of_device(out, asked);
        weigh_all(out, asked);
    }
}

void svms_side_of_token(svms_side *out, svms_asked *asked)
{
    const svms_token *token = asked->token;
    out->rules = token->rights;
    out->words = token->right_count > 0 ? 1 : 0;
    for (size_t i = 0; i < token->right_count; i++) {
        if (covers_action(&token->rights[i], asked)) {
            svms_bit_set(out->concerned, i);
            if (svms_right_has_device(&token->rights[i], asked)) {
                svms_bit_set(out->about, i);
            }
        }
    }
    weigh_all(out, asked);
}

/* What one rule that stands adds to it. */
static void hear(svms_said *said, const svms_side *side, size_t index, svms_truth truth)
{
    const svms_rule *rule = &side->rules[index];
    if (rule->denies ? truth == SVMS_FALSE : truth != SVMS_TRUE) {
        return;
    }
    if (svms_bit_is_set(side->waiting, index)) {
        said->waits = true;
        return;
    }
    if (!said->denies && (rule->denies || !said->allows)) {
        said->decisive = index;
    }
    said->allows = said->allows || !rule->denies;
    said->denies = said->denies || rule->denies;
    said->obligations |= rule->obligations;
}

svms_said svms_side_judge(const svms_side *side, svms_asked *asked, int64_t at_ns,
                          int64_t *until_ns)
{
    svms_said said = { .decisive = SVMS_NO_INDEX };
    for (size_t w = 0; w < side->words; w++) {
        uint64_t rest = side->allows[w] | side->denies[w] | side->waiting[w];
        for (; rest != 0; rest &= rest - 1) {
            size_t index = w * 64 + svms_bit_lowest(rest);
            svms_truth truth = svms_rule_stands_at(&side->rules[index], asked, at_ns, until_ns);
            hear(&said, side, index, truth);
        }
    }
    return said;
}

/* Number of conditions that are not true; *first receives the first of them. */
static unsigned count_failed(const svms_rule *rule, svms_asked *asked, int64_t at_ns,
                             unsigned *first)
{
    unsigned failed = 0;
    int64_t ignored = INT64_MAX;
    for (unsigned rest = rule->conditions; rest != 0; rest &= rest - 1) {
        unsigned condition = rest & (~rest + 1u);
        if (svms_rule_condition(rule, condition, asked, at_ns, &ignored) != SVMS_TRUE) {
            *first = failed == 0 ? condition : *first;
            failed++;
        }
    }
    return failed;
}

/* The first allow that concerns action and subject. */
static void name_of_other_device(svms_said *said, const svms_side *side)
{
    for (size_t w = 0; w < side->words; w++) {
        for (uint64_t rest = side->concerned[w]; rest != 0; rest &= rest - 1) {
            size_t index = w * 64 + svms_bit_lowest(rest);
            if (!side->rules[index].denies) {
                said->decisive = index;
                said->failed = SVMS_COND_DEVICES;
                return;
            }
        }
    }
}

void svms_side_name_nearest(svms_said *said, const svms_side *side, svms_asked *asked,
                            int64_t at_ns)
{
    unsigned least = UINT_MAX;
    for (size_t w = 0; w < side->words; w++) {
        for (uint64_t rest = side->about[w]; rest != 0; rest &= rest - 1) {
            size_t index = w * 64 + svms_bit_lowest(rest);
            const svms_rule *rule = &side->rules[index];
            unsigned first = 0;
            if (rule->denies) {
                continue;
            }
            unsigned failed = 2 * count_failed(rule, asked, at_ns, &first);
            /* One that lacks an approval alone comes before others that lack one thing. */
            failed -= failed == 2 && first == SVMS_COND_SECOND;
            if (failed < least) {
                least = failed;
                said->decisive = index;
                said->failed = first;
            }
        }
    }
    if (said->decisive == SVMS_NO_INDEX) {
        name_of_other_device(said, side);
    }
}

const char *svms_condition_name(unsigned condition)
{
    static const char *const names[] = { "devices",      "when",     "recorded",      "max_age",
                                         "clients",      "networks", "amr",           "formats",
                                         "destinations", "second",   "unknown_member" };
    return condition == 0 ? NULL : names[svms_bit_lowest(condition)];
}
