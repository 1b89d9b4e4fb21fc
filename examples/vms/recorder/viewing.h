/* SPDX-License-Identifier: Apache-2.0 */
/* Which viewing the audit log hears of (audit.md, A-EVT-1): all of it, or what lasted long enough
 * and showed enough, or none. */
#ifndef VIEWING_H
#define VIEWING_H

#include <stdbool.h>
#include <stdint.h>

#include "recorder_parts.h"

/* Whether somebody who has watched since then, and so many samples, is told of by now. The end of
 * what was told of is always told. */
bool viewing_is_told(const viewing_rule *rule, bool is_live, int64_t began_utc_ns,
                     uint64_t samples);
/* The rule itself is on the record, at each start, where it leaves something out. */
void viewing_tell_rule(const recorder_parts *parts);

#endif
