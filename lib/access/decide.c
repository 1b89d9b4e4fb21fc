/* SPDX-License-Identifier: Apache-2.0 */
/* One question, one answer (policy.md, section 5), without allocating. */
#include "decide.h"

#include <string.h>

#include <svms/time.h>

#include "action.h"
#include "failure.h"
#include "network.h"
#include "options.h"

#define RANGES_MAX 4096
/* Stretches of a range that are looked at, most of which join their neighbours. */
#define STRETCHES_MAX 65536
#define NO_RIGHT UINT32_MAX

/* The rules, or the rights, that are about the question, and stand. */
typedef struct side {
    const svms_rule *rules;
    uint64_t allows[SVMS_POLICY_WORDS];
    uint64_t denies[SVMS_POLICY_WORDS];
    size_t words;
    bool needs_approval; /* an allow lacks nothing but a second person */
} side;

/* What one side says at one moment. */
typedef struct verdict {
    bool allows;
    bool denies;
    size_t decisive;
    uint32_t obligations;
} verdict;

const char *svms_access_reason_words(svms_access_reason reason)
{
    static const char *const words[] = {
        [SVMS_ACCESS_ALLOWED] = "allowed",
        [SVMS_ACCESS_NO_TOKEN] = "nobody has logged in",
        [SVMS_ACCESS_NO_RULE] = "this is not allowed",
        [SVMS_ACCESS_DENIED] = "this is forbidden",
        [SVMS_ACCESS_NO_RIGHT] = "the login does not include this",
        [SVMS_ACCESS_RIGHT_DENIED] = "the login excludes this",
        [SVMS_ACCESS_APPROVAL_NEEDED] = "a second person has to approve this",
        [SVMS_ACCESS_EXPIRED] = "the login has expired",
    };
    size_t index = (size_t)reason;
    return index < sizeof words / sizeof words[0] ? words[index] : "unknown";
}

static bool covers_action(const svms_rule *rule, const char *action)
{
    return svms_patterns_cover(rule->actions, rule->action_count, action);
}

/* R-DEC-3: the rule would apply, had somebody else approved. */
static bool lacks_approval(const svms_rule *rule, const svms_asked *asked)
{
    return rule->second_count > 0 && asked->question->is_approved == 0 &&
           svms_patterns_cover(rule->second, rule->second_count, asked->question->action);
}

static void weigh(side *out, size_t index, svms_asked *asked)
{
    const svms_rule *rule = &out->rules[index];
    svms_truth truth = svms_rule_stands(rule, asked);
    if (rule->denies ? truth == SVMS_FALSE : truth != SVMS_TRUE) {
        return;
    }
    if (!rule->denies && lacks_approval(rule, asked)) {
        out->needs_approval = true;
        return;
    }
    svms_bit_set(rule->denies ? out->denies : out->allows, index);
}

static void add_roles(uint64_t row[SVMS_POLICY_WORDS], const svms_policy *policy,
                      const svms_name_table *table, const char *name)
{
    size_t count = 0;
    const svms_named *entry = svms_name_find(table, name, &count);
    for (size_t i = 0; i < count; i++) {
        const uint64_t *rules = policy->role_rules + entry[i].number * policy->words;
        for (size_t w = 0; w < policy->words; w++) {
            row[w] |= rules[w];
        }
    }
}

/* Rules for the one who asks. */
static void find_own(uint64_t row[SVMS_POLICY_WORDS], const svms_asked *asked)
{
    const svms_policy *policy = asked->policy;
    memcpy(row, policy->everyone, policy->words * sizeof *row);
    if (asked->token->subject) {
        add_roles(row, policy, &policy->subjects, asked->token->subject);
    }
    for (size_t i = 0; i < asked->token->role_count; i++) {
        add_roles(row, policy, &policy->claims, asked->token->roles[i]);
    }
}

static const uint64_t *rules_on_device(const svms_asked *asked)
{
    const svms_policy *policy = asked->policy;
    return asked->device ? policy->device_rules + asked->device->number * policy->words
                         : policy->any_device;
}

static void weigh_policy(side *out, svms_asked *asked)
{
    const svms_policy *policy = asked->policy;
    uint64_t own[SVMS_POLICY_WORDS] = { 0 };
    out->rules = policy->rules;
    out->words = policy->words;
    if (policy->words == 0) {
        return;
    }
    find_own(own, asked);
    const uint64_t *on_device = asked->question->device ? rules_on_device(asked) : NULL;
    for (size_t w = 0; w < policy->words; w++) {
        uint64_t rest = own[w] & (on_device ? on_device[w] : UINT64_MAX);
        for (size_t bit = 0; rest != 0; bit++, rest >>= 1) {
            size_t index = w * 64 + bit;
            if ((rest & 1u) != 0 && covers_action(&policy->rules[index], asked->question->action)) {
                weigh(out, index, asked);
            }
        }
    }
}

static void weigh_rights(side *out, svms_asked *asked)
{
    const svms_token *token = asked->token;
    out->rules = token->rights;
    out->words = 1;
    for (size_t i = 0; i < token->right_count; i++) {
        if (covers_action(&token->rights[i], asked->question->action) &&
            svms_right_has_device(&token->rights[i], asked)) {
            weigh(out, i, asked);
        }
    }
}

/* What one rule that stands adds to it. */
static void hear(verdict *found, const side *from, size_t index, svms_truth truth)
{
    bool allows = svms_bit_is_set(from->allows, index);
    if (allows ? truth != SVMS_TRUE : truth == SVMS_FALSE) {
        return;
    }
    if (!found->denies && (!allows || !found->allows)) {
        found->decisive = index;
    }
    found->allows = found->allows || allows;
    found->denies = found->denies || !allows;
    found->obligations |= allows ? from->rules[index].obligations : 0;
}

/* R-DEC-2 */
static verdict judge(const side *from, const svms_asked *asked, int64_t at_ns, int64_t *until_ns)
{
    verdict found = { false, false, SIZE_MAX, 0 };
    for (size_t w = 0; w < from->words; w++) {
        uint64_t rest = from->allows[w] | from->denies[w];
        for (size_t i = w * 64; rest != 0; i++, rest >>= 1) {
            if ((rest & 1u) != 0) {
                hear(&found, from, i, svms_rule_stands_at(&from->rules[i], asked, at_ns, until_ns));
            }
        }
    }
    return found;
}

static bool agrees(const verdict *found)
{
    return found->allows && !found->denies;
}

/* Both sides, and the answer as it grows. */
typedef struct decision_job {
    svms_asked asked;
    side policy;
    side token;
    bool has_token_side; /* R-RUL-3 */
    svms_decision *out;
    verdict policy_said; /* of the first moment that was allowed, or of the last that was not */
    verdict token_said;
    svms_error *err;
} decision_job;

static bool judge_both(decision_job *job, int64_t at_ns, int64_t *until_ns)
{
    static const verdict fine = { true, false, SIZE_MAX, 0 };
    verdict policy = judge(&job->policy, &job->asked, at_ns, until_ns);
    verdict token = job->has_token_side ? judge(&job->token, &job->asked, at_ns, until_ns) : fine;
    bool allowed = agrees(&policy) && agrees(&token);
    if (allowed) {
        job->out->obligations |= policy.obligations | token.obligations;
    }
    if (job->out->is_allowed == 0) {
        job->policy_said = policy;
        job->token_said = token;
    }
    return allowed;
}

/* R-DEC-4 */
static svms_status add_range(decision_job *job, int64_t from_ns, int64_t to_ns)
{
    svms_decision *out = job->out;
    if (out->range_count > 0 && out->ranges[out->range_count - 1].to_utc_ns == from_ns) {
        out->ranges[out->range_count - 1].to_utc_ns = to_ns;
        return SVMS_OK;
    }
    if (out->range_count == out->range_capacity) {
        return svms_fail(job->err, SVMS_E_LIMIT,
                         "what is allowed falls into more pieces than there is room for");
    }
    out->ranges[out->range_count].from_utc_ns = from_ns;
    out->ranges[out->range_count].to_utc_ns = to_ns;
    out->range_count++;
    return SVMS_OK;
}

static svms_status decide_range(decision_job *job)
{
    const svms_time_range *range = &job->asked.range;
    int64_t at_ns = range->from_utc_ns;
    for (unsigned stretches = 0; at_ns < range->to_utc_ns; stretches++) {
        int64_t until_ns = range->to_utc_ns;
        if (stretches == STRETCHES_MAX) {
            return svms_fail(job->err, SVMS_E_LIMIT, "the range is too long to be decided at once");
        }
        if (judge_both(job, at_ns, &until_ns)) {
            svms_status status = add_range(job, at_ns, until_ns);
            if (status != SVMS_OK) {
                return status;
            }
            job->out->is_allowed = 1;
        }
        at_ns = until_ns;
    }
    return SVMS_OK;
}

/* What is not about recorded time is about the present. */
static svms_status decide_moment(decision_job *job)
{
    int64_t until_ns = INT64_MAX;
    if (judge_both(job, job->asked.now_ns, &until_ns)) {
        job->out->is_allowed = 1;
    }
    if (until_ns < job->asked.valid_until_ns) {
        job->asked.valid_until_ns = until_ns;
    }
    return SVMS_OK;
}

static svms_access_reason reason_of(const decision_job *job)
{
    if (job->out->is_allowed) {
        return SVMS_ACCESS_ALLOWED;
    }
    if (job->policy_said.denies) {
        return SVMS_ACCESS_DENIED;
    }
    if (job->has_token_side && job->token_said.denies) {
        return SVMS_ACCESS_RIGHT_DENIED;
    }
    bool policy_lacks = !job->policy_said.allows;
    bool token_lacks = job->has_token_side && !job->token_said.allows;
    if ((!policy_lacks || job->policy.needs_approval) &&
        (!token_lacks || job->token.needs_approval)) {
        return SVMS_ACCESS_APPROVAL_NEEDED;
    }
    return policy_lacks && !job->policy.needs_approval ? SVMS_ACCESS_NO_RULE : SVMS_ACCESS_NO_RIGHT;
}

static void fill(decision_job *job)
{
    svms_decision *out = job->out;
    const svms_policy *policy = job->asked.policy;
    out->reason = reason_of(job);
    out->valid_until_utc_ns = job->asked.valid_until_ns;
    if (job->policy_said.decisive != SIZE_MAX) {
        out->rule = policy->ids[job->policy_said.decisive];
    }
    if (job->has_token_side && job->token_said.decisive != SIZE_MAX) {
        out->right = (uint32_t)job->token_said.decisive;
    }
    if (!out->is_allowed) {
        out->obligations = 0;
    }
}

static bool is_about_recorded_time(const char *action)
{
    static const char *const kinds[] = { "playback.", "export.", "bookmark.", "evidence.",
                                         "mask." };
    static const char approve[] = "approve.";
    if (strncmp(action, approve, sizeof approve - 1) == 0) {
        action += sizeof approve - 1;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strncmp(action, kinds[i], strlen(kinds[i])) == 0) {
            return true;
        }
    }
    return false;
}

static svms_status check_question(const svms_access_question *question, svms_error *err)
{
    if (!question->action || !svms_action_is_known(question->action)) {
        return svms_fail(err, SVMS_E_USAGE, "the action is not one that may be asked for");
    }
    bool has_device = svms_action_has_device(question->action);
    bool own = strncmp(question->action, "x.", 2) == 0;
    if (!own && has_device != (question->device != NULL)) {
        return svms_fail(err, SVMS_E_USAGE, "%s is asked %s", question->action,
                         has_device ? "of a device" : "of the server, not of a device");
    }
    if (question->device && !svms_name_is_fit(question->device)) {
        return svms_fail(err, SVMS_E_USAGE, "the device has no fit name");
    }
    if (question->is_approved > 1 || question->client > SVMS_CLIENT_DEVICE ||
        question->format > SVMS_FORM_PNG) {
        return svms_fail(err, SVMS_E_USAGE, "a value of the question is out of range");
    }
    if (question->range.from_utc_ns != SVMS_NO_TIME &&
        question->range.from_utc_ns >= question->range.to_utc_ns) {
        return svms_fail(err, SVMS_E_USAGE, "the range ends before it begins");
    }
    return SVMS_OK;
}

static svms_status prepare(decision_job *job, const svms_policy *policy, const svms_token *token,
                           const svms_access_question *question)
{
    svms_asked *asked = &job->asked;
    asked->policy = policy;
    asked->token = token;
    asked->question = question;
    asked->now_ns =
        question->now_utc_ns == SVMS_NO_TIME ? svms_utc_now(policy->ctx) : question->now_utc_ns;
    asked->valid_until_ns = INT64_MAX;
    asked->is_recorded = is_about_recorded_time(question->action);
    asked->has_range = asked->is_recorded && question->range.from_utc_ns != SVMS_NO_TIME;
    asked->range = question->range;
    if (question->address) {
        asked->has_address = svms_address_parse(asked->address, question->address);
        if (!asked->has_address) {
            return svms_fail(job->err, SVMS_E_USAGE, "the address is no IP address");
        }
    }
    if (question->device) {
        size_t found = 0;
        asked->device = svms_name_find(&policy->devices, question->device, &found);
    }
    if (question->is_approved == 1) {
        asked->valid_until_ns = question->approved_until_utc_ns;
    }
    if (asked->has_range && (!job->out->ranges || job->out->range_capacity == 0 ||
                             job->out->range_capacity > RANGES_MAX)) {
        return svms_fail(job->err, SVMS_E_USAGE,
                         "a question about a range needs room for 1 to %d ranges", RANGES_MAX);
    }
    return SVMS_OK;
}

static int64_t end_of(const svms_token *token)
{
    return token->expires_s > INT64_MAX / INT64_C(1000000000)
               ? INT64_MAX
               : token->expires_s * INT64_C(1000000000);
}

static svms_status decide(decision_job *job)
{
    svms_asked *asked = &job->asked;
    int64_t end_ns = end_of(asked->token);
    if (asked->valid_until_ns > end_ns) {
        asked->valid_until_ns = end_ns;
    }
    job->has_token_side = asked->token->profile == SVMS_TOKEN_ACCESS;
    weigh_policy(&job->policy, asked);
    if (job->has_token_side) {
        weigh_rights(&job->token, asked);
    }
    svms_status status = asked->has_range ? decide_range(job) : decide_moment(job);
    if (status == SVMS_OK) {
        fill(job);
    }
    return status;
}

svms_status svms_access_decide(const svms_policy *policy, const svms_token *token,
                               const svms_access_question *question, svms_decision *out,
                               svms_error *err)
{
    svms_access_question asked = SVMS_ACCESS_QUESTION_INIT;
    svms_decision answer = SVMS_DECISION_INIT;
    if (!policy || !question || !out) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status =
        svms_options_read(&asked, sizeof asked, question, "svms_access_question", err);
    if (status == SVMS_OK) {
        status = svms_options_read(&answer, sizeof answer, out, "svms_decision", err);
    }
    if (status == SVMS_OK) {
        status = check_question(&asked, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_decision fresh = SVMS_DECISION_INIT;
    fresh.ranges = answer.ranges;
    fresh.range_capacity = answer.range_capacity;
    decision_job job = { .out = &fresh, .err = err };
    status = prepare(&job, policy, token, &asked);
    if (status != SVMS_OK) {
        return status;
    }
    if (!token) {
        fresh.reason = SVMS_ACCESS_NO_TOKEN;
    } else if (job.asked.now_ns >= end_of(token)) {
        fresh.reason = SVMS_ACCESS_EXPIRED;
    } else {
        status = decide(&job);
    }
    return status == SVMS_OK ? svms_result_write(out, &fresh, sizeof fresh, "svms_decision", err)
                             : status;
}
