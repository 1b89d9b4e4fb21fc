/* SPDX-License-Identifier: Apache-2.0 */
/* How near the end of a certificate is (I-EXP-1, I-EXP-6). */
#include "expiry_internal.h"

#include <svms/time.h>

#define NS_PER_DAY (INT64_C(86400) * 1000000000)
#define STAGES_WITH_DAYS 4

/* Of the stages from SVMS_EXPIRY_30_DAYS to SVMS_EXPIRY_1_DAY. */
static const int64_t left_at[STAGES_WITH_DAYS] = { 30 * NS_PER_DAY, 14 * NS_PER_DAY, 7 * NS_PER_DAY,
                                                   NS_PER_DAY };

const char *svms_expiry_stage_name(svms_expiry_stage stage)
{
    switch (stage) {
    case SVMS_EXPIRY_FINE:
        return "fine";
    case SVMS_EXPIRY_30_DAYS:
        return "30 days";
    case SVMS_EXPIRY_14_DAYS:
        return "14 days";
    case SVMS_EXPIRY_7_DAYS:
        return "7 days";
    case SVMS_EXPIRY_1_DAY:
        return "1 day";
    case SVMS_EXPIRY_EXPIRED:
        return "expired";
    case SVMS_EXPIRY_NOT_YET_VALID:
        return "not yet valid";
    }
    return "unknown";
}

svms_expiry_stage svms_expiry_stage_at(int64_t not_before_utc_ns, int64_t not_after_utc_ns,
                                       int64_t now_utc_ns)
{
    if (now_utc_ns < not_before_utc_ns) {
        return SVMS_EXPIRY_NOT_YET_VALID;
    }
    if (not_after_utc_ns == INT64_MAX) {
        return SVMS_EXPIRY_FINE;
    }
    if (now_utc_ns > not_after_utc_ns) {
        return SVMS_EXPIRY_EXPIRED;
    }
    uint64_t left = (uint64_t)not_after_utc_ns - (uint64_t)now_utc_ns;
    unsigned stage = SVMS_EXPIRY_FINE;
    while (stage < STAGES_WITH_DAYS && left <= (uint64_t)left_at[stage]) {
        stage++;
    }
    return (svms_expiry_stage)stage;
}

int64_t svms_expiry_next_stage(const svms_certificate_info *certificate, int64_t now_utc_ns)
{
    int64_t end = certificate->not_after_utc_ns;
    if (now_utc_ns < certificate->not_before_utc_ns) {
        return certificate->not_before_utc_ns;
    }
    if (end == INT64_MAX || now_utc_ns > end) {
        return SVMS_NO_TIME;
    }
    for (size_t i = 0; i < STAGES_WITH_DAYS; i++) {
        if (end >= INT64_MIN + left_at[i] && end - left_at[i] > now_utc_ns) {
            return end - left_at[i];
        }
    }
    return end + 1;
}
