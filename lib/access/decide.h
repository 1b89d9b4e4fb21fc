/* SPDX-License-Identifier: Apache-2.0 */
/* One question against a policy and a token (policy.md, section 5). What decides also explains. */
#ifndef SVMS_DECIDE_H
#define SVMS_DECIDE_H

#include "action.h"
#include "policy_internal.h"

typedef enum svms_truth { SVMS_FALSE, SVMS_UNKNOWN, SVMS_TRUE } svms_truth;

/* A question, looked up once. */
typedef struct svms_asked {
    const svms_policy *policy;
    const svms_token *token; /* NULL: nobody has shown */
    const svms_access_question *question;
    svms_action action;
    const svms_named *device; /* NULL: no name of the policy */
    bool has_address;
    uint8_t address[16];
    int64_t now_ns;
    bool is_approved; /* by an approval that has not ended */
    bool has_range;   /* one that is judged */
    svms_time_range range;
    int64_t valid_until_ns; /* what was looked at so far allows */
    uint64_t roles[SVMS_ROLE_WORDS];
    svms_zone_clock clock;
} svms_asked;

/* One condition of a rule that is about the question, at one moment of recorded time; *until_ns
 * gets no later than when a window that was looked at begins or ends. */
svms_truth svms_rule_condition(const svms_rule *rule, unsigned condition, svms_asked *asked,
                               int64_t at_ns, int64_t *until_ns);
/* All conditions but the second person's, and those that differ within the range. */
svms_truth svms_rule_stands(const svms_rule *rule, svms_asked *asked);
/* Those that differ within the range. */
svms_truth svms_rule_stands_at(const svms_rule *rule, svms_asked *asked, int64_t at_ns,
                               int64_t *until_ns);
/* Its list of what needs a second person names the action. */
bool svms_rule_wants_second(const svms_rule *rule, const svms_asked *asked);
/* Of a right, which names devices and groups in words. */
bool svms_right_has_device(const svms_rule *right, const svms_asked *asked);

/* The rules of a policy, or the rights of a token: a bit for each. */
typedef struct svms_side {
    const svms_rule *rules;
    size_t words;
    uint64_t concerned[SVMS_POLICY_WORDS]; /* action and subject */
    uint64_t about[SVMS_POLICY_WORDS];     /* device, too */
    /* Those that apply, but for recorded time. */
    uint64_t allows[SVMS_POLICY_WORDS];
    uint64_t denies[SVMS_POLICY_WORDS];
    uint64_t waiting[SVMS_POLICY_WORDS]; /* allows that lack a second person */
} svms_side;

#define SVMS_NO_INDEX SIZE_MAX

/* What one side says at one moment. */
typedef struct svms_said {
    bool allows;
    bool denies;
    bool waits; /* it would allow with an approval */
    size_t decisive;
    unsigned failed; /* the condition of it that is not true, or 0 */
    uint32_t obligations;
} svms_said;

/* Notes the roles of the one who asks. */
void svms_roles_find(svms_asked *asked);
void svms_side_of_policy(svms_side *out, svms_asked *asked);
void svms_side_of_token(svms_side *out, svms_asked *asked);
/* R-DEC-2; *until_ns as above. */
svms_said svms_side_judge(const svms_side *side, svms_asked *asked, int64_t at_ns,
                          int64_t *until_ns);
/* R-DEC-7: names the rule that came nearest, of a side that says nothing. */
void svms_side_name_nearest(svms_said *said, const svms_side *side, svms_asked *asked,
                            int64_t at_ns);

/* A question, both sides, and the answer as it grows. */
typedef struct svms_decision_job {
    svms_access_question question;
    svms_asked asked;
    svms_side policy;
    svms_side token;
    bool has_token_side;   /* R-RUL-3 */
    int64_t instant_ns;    /* the one that the answer is about (R-DEC-10), or SVMS_NO_TIME */
    svms_said policy_said; /* then */
    svms_said token_said;
    svms_decision *out;
    svms_error *err;
} svms_decision_job;

/* Checks the question and looks it up. SVMS_E_USAGE. */
SVMS_MUST_CHECK svms_status svms_question_take(svms_decision_job *job, const svms_policy *policy,
                                               const svms_token *token,
                                               const svms_access_question *question);
/* Answers what was taken: fills *job->out, but for its size. SVMS_E_LIMIT. */
SVMS_MUST_CHECK svms_status svms_decision_make(svms_decision_job *job);
/* First moment at which a token is expired. */
int64_t svms_token_end_ns(const svms_token *token);
/* Name of a condition, as rules spell it. */
const char *svms_condition_name(unsigned condition);

#endif
