/* SPDX-License-Identifier: Apache-2.0 */
/* Whether one right lets through no more than others do (token.md, J-EXC-2). */
#ifndef SVMS_RIGHT_WITHIN_H
#define SVMS_RIGHT_WITHIN_H

#include "rule.h"

/* The first member, in the order of policy.md section 2, by which inner is about something that
 * outer is not about, or holds where outer does not; NULL when there is none: then whatever is
 * asked, inner is never truer than outer. Effects, second and obligations are not looked at.
 * *agreed receives how many members came before it. Where it cannot be told, the answer is the
 * member. */
const char *svms_right_exceeds(const svms_rule *inner, const svms_rule *outer, size_t *agreed);
/* Whether inner needs a second person for each of its own actions for which outer does. */
bool svms_right_needs_second(const svms_rule *inner, const svms_rule *outer);
/* False only where no question is about both. */
bool svms_rights_meet(const svms_rule *one, const svms_rule *other);

#endif
