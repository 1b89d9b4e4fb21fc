/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions of one rule against one question (policy.md, section 5). */
#ifndef SVMS_DECIDE_H
#define SVMS_DECIDE_H

#include "policy_internal.h"

typedef enum svms_truth { SVMS_FALSE, SVMS_UNKNOWN, SVMS_TRUE } svms_truth;

/* A question, looked up once. */
typedef struct svms_asked {
    const svms_policy *policy;
    const svms_token *token;
    const svms_access_question *question;
    const svms_named *device; /* NULL: no name of the policy */
    bool has_address;
    uint8_t address[16];
    int64_t now_ns;
    bool is_recorded; /* the action is about recorded time */
    bool has_range;
    svms_time_range range;  /* what is judged: as asked, or the present moment */
    int64_t valid_until_ns; /* what was looked at so far allows */
} svms_asked;

/* Whether a rule that covers action and device applies, but for what depends on recorded time. */
svms_truth svms_rule_stands(const svms_rule *rule, svms_asked *asked);
/* The conditions on recorded time at one moment; *until_ns gets no later than when that may change.
 */
svms_truth svms_rule_stands_at(const svms_rule *rule, const svms_asked *asked, int64_t at_ns,
                               int64_t *until_ns);
/* Whether there are such conditions. */
bool svms_rule_is_timed(const svms_rule *rule);
/* Of a right, which names devices and groups in words. */
bool svms_right_has_device(const svms_rule *right, const svms_asked *asked);

#endif
