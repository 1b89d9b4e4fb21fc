/* SPDX-License-Identifier: Apache-2.0 */
#include "ntp.h"

#include <svms/time.h>

#define NS_PER_SECOND UINT64_C(1000000000)
/* 1900-01-01 and 2036-02-07T06:28:16Z, seen from 1970. */
#define ERA_0 INT64_C(-2208988800)
#define ERA_1 INT64_C(2085978496)
#define ERA_0_FIRST_USED (ERA_0 + (INT64_C(1) << 31))
#define ERA_1_FIRST_UNUSED (ERA_1 + (INT64_C(1) << 31))

int64_t svms_ntp_to_utc(uint64_t ntp)
{
    if (ntp == 0) {
        return SVMS_NO_TIME;
    }
    uint32_t seconds = (uint32_t)(ntp >> 32);
    int64_t era = (seconds & 0x80000000u) != 0 ? ERA_0 : ERA_1;
    uint64_t fraction = ((ntp & 0xFFFFFFFFu) * NS_PER_SECOND + (UINT64_C(1) << 31)) >> 32;
    return (era + seconds) * (int64_t)NS_PER_SECOND + (int64_t)fraction;
}

uint64_t svms_ntp_from_utc(int64_t utc_ns)
{
    int64_t seconds = utc_ns / (int64_t)NS_PER_SECOND;
    int64_t rest = utc_ns % (int64_t)NS_PER_SECOND;
    if (rest < 0) {
        rest += (int64_t)NS_PER_SECOND;
        seconds--;
    }
    if (seconds < ERA_0_FIRST_USED || seconds >= ERA_1_FIRST_UNUSED) {
        return 0;
    }
    uint64_t since = (uint64_t)(seconds - (seconds < ERA_1 ? ERA_0 : ERA_1));
    uint64_t fraction = (((uint64_t)rest << 32) + NS_PER_SECOND / 2) / NS_PER_SECOND;
    return (since << 32) + fraction;
}
