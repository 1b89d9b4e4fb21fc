/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "decide.h"
#include "network.h"

#define NS_PER_SECOND INT64_C(1000000000)
/* R-DEC-5: what depends on age is asked again by then. */
#define AGE_VALID_NS (300 * NS_PER_SECOND)
#define GROUP_PREFIX "group:"
#define GROUP_PREFIX_SIZE (sizeof GROUP_PREFIX - 1)

static int64_t ns_of(int64_t seconds)
{
    return seconds > INT64_MAX / NS_PER_SECOND ? INT64_MAX : seconds * NS_PER_SECOND;
}

static void bound(int64_t *limit_ns, int64_t by_ns)
{
    *limit_ns = by_ns < *limit_ns ? by_ns : *limit_ns;
}

/* One of the windows is open. All are looked at: each bounds how long the answer holds. */
static svms_truth windows_at(svms_asked *asked, const svms_window *windows, size_t count,
                             int64_t at_ns, int64_t *until_ns)
{
    svms_truth truth = SVMS_FALSE;
    for (size_t i = 0; i < count; i++) {
        svms_window window = windows[i];
        window.zone = window.zone ? window.zone : svms_policy_zone(asked->policy, window.zone_name);
        if (!window.zone) {
            truth = truth == SVMS_FALSE ? SVMS_UNKNOWN : truth;
            continue;
        }
        svms_window_state state = svms_window_at(&window, &asked->clock, svms_floor_seconds(at_ns));
        bound(until_ns, ns_of(state.until_s));
        if (state.is_open) {
            truth = SVMS_TRUE;
        }
    }
    return truth;
}

static svms_truth word_is_in(uint32_t bits, unsigned asked)
{
    if (asked == 0) {
        return SVMS_UNKNOWN;
    }
    return (bits >> (asked - 1) & 1u) != 0 ? SVMS_TRUE : SVMS_FALSE;
}

static svms_truth address_is_in(const svms_rule *rule, const svms_asked *asked)
{
    if (!asked->has_address) {
        return SVMS_UNKNOWN;
    }
    for (size_t i = 0; i < rule->network_count; i++) {
        if (svms_network_holds(&rule->networks[i], asked->address)) {
            return SVMS_TRUE;
        }
    }
    return SVMS_FALSE;
}

static bool has_method(const svms_token *token, const char *method)
{
    for (size_t i = 0; i < token->method_count; i++) {
        if (strcmp(token->methods[i], method) == 0) {
            return true;
        }
    }
    return false;
}

/* All of one list. A token without `amr` leaves it open. */
static svms_truth methods_are_there(const svms_rule *rule, const svms_token *token)
{
    if (token->method_count == 0) {
        return SVMS_UNKNOWN;
    }
    for (size_t i = 0; i < rule->list_count; i++) {
        const svms_method_list *list = &rule->lists[i];
        size_t found = 0;
        while (found < list->count && has_method(token, list->methods[found])) {
            found++;
        }
        if (found == list->count) {
            return SVMS_TRUE;
        }
    }
    return SVMS_FALSE;
}

static svms_truth destination_is_in(const svms_rule *rule, const char *destination)
{
    if (!destination) {
        return SVMS_UNKNOWN;
    }
    for (size_t i = 0; i < rule->destination_count; i++) {
        if (strcmp(rule->destinations[i], destination) == 0) {
            return SVMS_TRUE;
        }
    }
    return SVMS_FALSE;
}

static svms_truth is_young(const svms_rule *rule, const svms_asked *asked, int64_t at_ns,
                           int64_t *until_ns)
{
    int64_t age_ns = (int64_t)rule->max_age_s * NS_PER_SECOND;
    int64_t oldest = asked->now_ns < INT64_MIN + age_ns ? INT64_MIN : asked->now_ns - age_ns;
    if (at_ns >= oldest) {
        return SVMS_TRUE;
    }
    bound(until_ns, oldest);
    return SVMS_FALSE;
}

/* R-RUL-5 */
bool svms_rule_wants_second(const svms_rule *rule, const svms_asked *asked)
{
    return !asked->action.is_approval &&
           svms_patterns_cover(rule->second, rule->second_count, asked->action.name,
                               asked->action.size);
}

/* R-RUL-6 */
static svms_truth concerns_exports(const svms_asked *asked, svms_truth truth)
{
    return asked->action.is_taken_out ? truth : SVMS_TRUE;
}

static svms_truth evaluate(const svms_rule *rule, unsigned condition, svms_asked *asked,
                           int64_t at_ns, int64_t *until_ns)
{
    const svms_access_question *question = asked->question;
    switch (condition) {
    case SVMS_COND_WHEN:
        return windows_at(asked, rule->when, rule->when_count, asked->now_ns, until_ns);
    case SVMS_COND_RECORDED:
        return windows_at(asked, rule->recorded, rule->recorded_count, at_ns, until_ns);
    case SVMS_COND_AGE:
        return is_young(rule, asked, at_ns, until_ns);
    case SVMS_COND_CLIENTS:
        return word_is_in(rule->clients, question->client);
    case SVMS_COND_NETWORKS:
        return address_is_in(rule, asked);
    case SVMS_COND_METHODS:
        return methods_are_there(rule, asked->token);
    case SVMS_COND_FORMATS:
        return concerns_exports(asked, word_is_in(rule->formats, question->format));
    case SVMS_COND_DESTINATIONS:
        return concerns_exports(asked, destination_is_in(rule, question->destination));
    case SVMS_COND_SECOND:
        /* R-DEC-3 */
        return !asked->is_approved && svms_rule_wants_second(rule, asked) ? SVMS_FALSE : SVMS_TRUE;
    case SVMS_COND_UNKNOWN:
        return SVMS_UNKNOWN;
    default:
        return SVMS_TRUE;
    }
}

/* What recorded time is not said of: R-DEC-4. */
static bool is_left_open(unsigned condition, const svms_asked *asked)
{
    return (condition & SVMS_COND_TIMED) != 0 && asked->action.is_recorded && !asked->has_range;
}

svms_truth svms_rule_condition(const svms_rule *rule, unsigned condition, svms_asked *asked,
                               int64_t at_ns, int64_t *until_ns)
{
    if (is_left_open(condition, asked)) {
        return SVMS_UNKNOWN;
    }
    svms_truth truth = evaluate(rule, condition, asked, at_ns, until_ns);
    return truth == SVMS_FALSE && (rule->unclear & condition) != 0 ? SVMS_UNKNOWN : truth;
}

static svms_truth least_of(const svms_rule *rule, unsigned conditions, svms_asked *asked,
                           int64_t at_ns, int64_t *until_ns)
{
    svms_truth least = SVMS_TRUE;
    for (unsigned rest = conditions; rest != 0; rest &= rest - 1) {
        svms_truth truth = svms_rule_condition(rule, rest & (~rest + 1u), asked, at_ns, until_ns);
        least = truth < least ? truth : least;
    }
    return least;
}

svms_truth svms_rule_stands(const svms_rule *rule, svms_asked *asked)
{
    unsigned later = SVMS_COND_SECOND | (asked->has_range ? SVMS_COND_TIMED : 0u);
    if ((rule->conditions & SVMS_COND_AGE) != 0) {
        bound(&asked->valid_until_ns,
              asked->now_ns > INT64_MAX - AGE_VALID_NS ? INT64_MAX : asked->now_ns + AGE_VALID_NS);
    }
    return least_of(rule, rule->conditions & ~later, asked, asked->now_ns, &asked->valid_until_ns);
}

svms_truth svms_rule_stands_at(const svms_rule *rule, svms_asked *asked, int64_t at_ns,
                               int64_t *until_ns)
{
    unsigned timed = asked->has_range ? rule->conditions & SVMS_COND_TIMED : 0u;
    return least_of(rule, timed, asked, at_ns, until_ns);
}

/* R-RUL-2 */
static bool group_has_device(const char *group, const svms_rule *right, const svms_asked *asked)
{
    const svms_policy *policy = asked->policy;
    size_t found = 0;
    const svms_named *named = svms_name_find(&policy->groups, group, &found);
    if (!named) {
        return right->denies;
    }
    return asked->device &&
           svms_bit_is_set(policy->groups_of + asked->device->number * policy->group_words,
                           named->number);
}

bool svms_right_has_device(const svms_rule *right, const svms_asked *asked)
{
    const char *device = asked->question->device;
    if (!device || right->all_devices) {
        return true;
    }
    for (size_t i = 0; i < right->device_count; i++) {
        const char *text = right->devices[i];
        bool is_group = strncmp(text, GROUP_PREFIX, GROUP_PREFIX_SIZE) == 0;
        if (is_group ? group_has_device(text + GROUP_PREFIX_SIZE, right, asked)
                     : strcmp(text, device) == 0) {
            return true;
        }
    }
    return false;
}
