/* SPDX-License-Identifier: Apache-2.0 */
/* The two time scales of export files (O-TIME). */
#include <svms/time.h>

#include "onvif_file.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define TICKS_PER_SECOND INT64_C(10000000)
#define SECONDS_1904_TO_1970 INT64_C(2082844800)
#define SECONDS_1601_TO_1970 INT64_C(11644473600)

int64_t svms_onvif_from_1904(uint64_t seconds)
{
    const int64_t most = INT64_MAX / NS_PER_SECOND;
    if (seconds > (uint64_t)(most + SECONDS_1904_TO_1970)) {
        return SVMS_NO_TIME;
    }
    return ((int64_t)seconds - SECONDS_1904_TO_1970) * NS_PER_SECOND;
}

int64_t svms_onvif_from_1601(uint64_t ticks)
{
    const int64_t epoch = SECONDS_1601_TO_1970 * TICKS_PER_SECOND;
    const int64_t most = INT64_MAX / 100;
    if (ticks > (uint64_t)(most + epoch) || ticks < (uint64_t)(epoch - most)) {
        return SVMS_NO_TIME;
    }
    return ((int64_t)ticks - epoch) * 100;
}

bool svms_onvif_to_1904(int64_t utc_ns, uint64_t *seconds)
{
    if (utc_ns < -SECONDS_1904_TO_1970 * NS_PER_SECOND) {
        return false;
    }
    *seconds = ((uint64_t)utc_ns + (uint64_t)(SECONDS_1904_TO_1970 * NS_PER_SECOND)) /
               (uint64_t)NS_PER_SECOND;
    return true;
}

bool svms_onvif_to_1601(int64_t utc_ns, uint64_t *ticks)
{
    if (utc_ns == SVMS_NO_TIME) {
        return false;
    }
    /* Rounded down, also before 1970. */
    int64_t since_1970 = utc_ns / 100 - (utc_ns % 100 < 0);
    *ticks = (uint64_t)(since_1970 + SECONDS_1601_TO_1970 * TICKS_PER_SECOND);
    return true;
}
