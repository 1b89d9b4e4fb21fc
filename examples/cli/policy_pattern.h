/* SPDX-License-Identifier: Apache-2.0 */
/* Actions, and patterns of them (policy.md, section 3), as far as a policy can be wrong about them
 * without being malformed. */
#ifndef SVMS_CLI_POLICY_PATTERN_H
#define SVMS_CLI_POLICY_PATTERN_H

#include <stdbool.h>

/* There is an action that it covers. Those that begin with "x." are anybody's. */
bool pattern_has_action(const char *pattern);
/* Everything that other covers, pattern covers, too. */
bool pattern_covers(const char *pattern, const char *other);
/* Both may cover one action. */
bool patterns_meet(const char *one, const char *other);
/* It may cover an action that is not on a device. */
bool pattern_needs_no_device(const char *pattern);

#endif
