/* SPDX-License-Identifier: Apache-2.0 */
/* One question, one answer (policy.md, section 5), without allocating. */
#include "decide.h"

#include <svms/time.h>

#include "failure.h"
#include "options.h"

#define RANGES_MAX 4096
/* Stretches of a range that are looked at, most of which join their neighbours. */
#define STRETCHES_MAX 65536
#define NS_PER_SECOND INT64_C(1000000000)

/* The same for what is denied and for what no rule allows: that somebody has forbidden it is for
 * the record (R-DEC-7). */
const char *svms_access_reason_words(svms_access_reason reason)
{
    static const char *const words[] = {
        [SVMS_ACCESS_ALLOWED] = "allowed",
        [SVMS_ACCESS_NO_TOKEN] = "nobody has logged in",
        [SVMS_ACCESS_NO_RULE] = "this is not allowed",
        [SVMS_ACCESS_DENIED] = "this is not allowed",
        [SVMS_ACCESS_NO_RIGHT] = "the login does not include this",
        [SVMS_ACCESS_RIGHT_DENIED] = "the login does not include this",
        [SVMS_ACCESS_APPROVAL_NEEDED] = "a second person has to approve this",
        [SVMS_ACCESS_EXPIRED] = "the login has expired",
    };
    size_t index = (size_t)reason;
    return index < sizeof words / sizeof words[0] ? words[index] : "unknown";
}

const char *svms_access_reason_name(svms_access_reason reason)
{
    static const char *const names[] = {
        [SVMS_ACCESS_ALLOWED] = "allowed",
        [SVMS_ACCESS_NO_TOKEN] = "no-token",
        [SVMS_ACCESS_NO_RULE] = "no-rule",
        [SVMS_ACCESS_DENIED] = "denied",
        [SVMS_ACCESS_NO_RIGHT] = "no-right",
        [SVMS_ACCESS_RIGHT_DENIED] = "right-denied",
        [SVMS_ACCESS_APPROVAL_NEEDED] = "approval-needed",
        [SVMS_ACCESS_EXPIRED] = "expired",
    };
    size_t index = (size_t)reason;
    return index < sizeof names / sizeof names[0] ? names[index] : "unknown";
}

/* R-DEC-10 */
static svms_access_reason reason_of(const svms_said *policy, const svms_said *token)
{
    if (policy->denies || token->denies) {
        return policy->denies ? SVMS_ACCESS_DENIED : SVMS_ACCESS_RIGHT_DENIED;
    }
    if (policy->allows && token->allows) {
        return SVMS_ACCESS_ALLOWED;
    }
    if (!policy->allows && !policy->waits) {
        return SVMS_ACCESS_NO_RULE;
    }
    return token->allows || token->waits ? SVMS_ACCESS_APPROVAL_NEEDED : SVMS_ACCESS_NO_RIGHT;
}

/* Whether the answer is about this moment rather than the one that it has been about so far. */
static bool is_better(const svms_decision_job *job, svms_access_reason reason)
{
    if (job->instant_ns == SVMS_NO_TIME) {
        return true;
    }
    return job->out->reason != SVMS_ACCESS_ALLOWED && job->out->reason != reason &&
           (reason == SVMS_ACCESS_ALLOWED || reason == SVMS_ACCESS_APPROVAL_NEEDED);
}

/* One moment; *until_ns gets no later than when it may be otherwise. */
static bool judge_both(svms_decision_job *job, int64_t at_ns, int64_t *until_ns)
{
    static const svms_said fine = { .allows = true, .decisive = SVMS_NO_INDEX };
    svms_said policy = svms_side_judge(&job->policy, &job->asked, at_ns, until_ns);
    svms_said token =
        job->has_token_side ? svms_side_judge(&job->token, &job->asked, at_ns, until_ns) : fine;
    svms_access_reason reason = reason_of(&policy, &token);
    bool is_allowed = reason == SVMS_ACCESS_ALLOWED;
    if (is_allowed) {
        job->out->is_allowed = 1;
        job->out->obligations |= policy.obligations | token.obligations;
    }
    if (is_better(job, reason)) {
        job->instant_ns = at_ns;
        job->out->reason = reason;
        job->policy_said = policy;
        job->token_said = token;
    }
    return is_allowed;
}

/* R-DEC-4 */
static svms_status add_range(svms_decision_job *job, int64_t from_ns, int64_t to_ns)
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

static svms_status decide_range(svms_decision_job *job)
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
        }
        at_ns = until_ns;
    }
    return SVMS_OK;
}

static bool says_nothing(const svms_said *said)
{
    return said->decisive == SVMS_NO_INDEX;
}

/* R-DEC-7 */
static void name_rules(svms_decision_job *job)
{
    svms_decision *out = job->out;
    if (says_nothing(&job->policy_said)) {
        svms_side_name_nearest(&job->policy_said, &job->policy, &job->asked, job->instant_ns);
    }
    if (job->has_token_side && says_nothing(&job->token_said)) {
        svms_side_name_nearest(&job->token_said, &job->token, &job->asked, job->instant_ns);
    }
    if (!says_nothing(&job->policy_said)) {
        out->rule = job->asked.policy->ids[job->policy_said.decisive];
        out->condition = svms_condition_name(job->policy_said.failed);
    }
    if (!says_nothing(&job->token_said)) {
        out->right = (uint32_t)job->token_said.decisive;
        out->right_condition = svms_condition_name(job->token_said.failed);
    }
}

int64_t svms_token_end_ns(const svms_token *token)
{
    return token->expires_s > INT64_MAX / NS_PER_SECOND ? INT64_MAX
                                                        : token->expires_s * NS_PER_SECOND;
}

/* R-RUL-3 */
static bool has_rights(const svms_asked *asked)
{
    switch (asked->token->profile) {
    case SVMS_TOKEN_ONVIF:
        return false;
    case SVMS_TOKEN_APPROVING:
        return !asked->action.is_approval;
    default:
        return true;
    }
}

static svms_status decide(svms_decision_job *job)
{
    svms_asked *asked = &job->asked;
    int64_t end_ns = svms_token_end_ns(asked->token);
    asked->valid_until_ns = asked->valid_until_ns < end_ns ? asked->valid_until_ns : end_ns;
    job->has_token_side = has_rights(asked);
    svms_side_of_policy(&job->policy, asked);
    if (job->has_token_side) {
        svms_side_of_token(&job->token, asked);
    }
    if (asked->has_range) {
        svms_status status = decide_range(job);
        if (status != SVMS_OK) {
            return status;
        }
    } else {
        int64_t until_ns = INT64_MAX;
        (void)judge_both(job, asked->now_ns, &until_ns);
    }
    name_rules(job);
    job->out->valid_until_utc_ns = asked->valid_until_ns;
    job->out->instant_utc_ns = job->instant_ns;
    return SVMS_OK;
}

svms_status svms_decision_make(svms_decision_job *job)
{
    static const svms_said nothing = { .decisive = SVMS_NO_INDEX };
    svms_decision *out = job->out;
    const svms_asked *asked = &job->asked;
    job->instant_ns = SVMS_NO_TIME;
    job->policy_said = nothing;
    job->token_said = nothing;
    if (asked->has_range &&
        (!out->ranges || out->range_capacity == 0 || out->range_capacity > RANGES_MAX)) {
        return svms_fail(job->err, SVMS_E_USAGE,
                         "a question about a range needs room for 1 to %d ranges", RANGES_MAX);
    }
    if (!asked->token) {
        out->reason = SVMS_ACCESS_NO_TOKEN;
        return SVMS_OK;
    }
    svms_roles_find(&job->asked);
    if (asked->now_ns >= svms_token_end_ns(asked->token)) {
        out->reason = SVMS_ACCESS_EXPIRED;
        return SVMS_OK;
    }
    return decide(job);
}

svms_status svms_access_decide(const svms_policy *policy, const svms_token *token,
                               const svms_access_question *question, svms_decision *out,
                               svms_error *err)
{
    svms_decision given = SVMS_DECISION_INIT;
    svms_decision answer = SVMS_DECISION_INIT;
    if (!policy || !question || !out) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_options_read(&given, sizeof given, out, "svms_decision", err);
    if (status != SVMS_OK) {
        return status;
    }
    answer.ranges = given.ranges;
    answer.range_capacity = given.range_capacity;
    svms_decision_job job = { .out = &answer, .err = err };
    status = svms_question_take(&job, policy, token, question);
    if (status == SVMS_OK) {
        status = svms_decision_make(&job);
    }
    return status == SVMS_OK ? svms_result_write(out, &answer, sizeof answer, "svms_decision", err)
                             : status;
}
