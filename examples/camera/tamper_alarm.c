/* SPDX-License-Identifier: Apache-2.0 */
#include "tamper_alarm.h"

bool tamper_alarm_find(tamper_alarm *alarm, tamper_finding finding, tamper_moment now,
                       uint64_t begins_after_ns, uint64_t ends_after_ns)
{
    tamper_finding opposite = alarm->is_on ? TAMPER_RIGHT : TAMPER_WRONG;
    uint64_t wait = alarm->is_on ? ends_after_ns : begins_after_ns;
    if (finding == TAMPER_UNSURE) {
        return false;
    }
    if (finding != opposite) {
        alarm->is_turning = false;
        return false;
    }
    if (!alarm->is_turning) {
        alarm->is_turning = true;
        alarm->since = now;
    }
    if (now.monotonic_ns - alarm->since.monotonic_ns < wait) {
        return false;
    }
    alarm->is_turning = false;
    alarm->is_on = !alarm->is_on;
    return true;
}
