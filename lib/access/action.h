/* SPDX-License-Identifier: Apache-2.0 */
/* Names of actions and patterns of them (policy.md, section 3). */
#ifndef SVMS_ACTION_H
#define SVMS_ACTION_H

#include "rule.h"

/* "live.view", "live.*", "*"; false for what is none. */
bool svms_pattern_parse(svms_pattern *out, const char *text);
/* An action that may be asked for: of the table, below approve., or below x. */
bool svms_action_is_known(const char *action);
/* Whether it is asked of a device. Of x. and what is not known: true. */
bool svms_action_has_device(const char *action);
bool svms_pattern_covers(const svms_pattern *pattern, const char *action, size_t size);
bool svms_patterns_cover(const svms_pattern *patterns, size_t count, const char *action);

#endif
