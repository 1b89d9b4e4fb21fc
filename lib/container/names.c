/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/verify.h>

const char *svms_gap_reason_name(svms_gap_reason reason)
{
    static const char *const names[] = { "none",        "unspecified",  "schedule", "motion",
                                         "signal lost", "edge pending", "restart",  "overload" };
    return reason >= SVMS_GAP_NONE && reason <= SVMS_GAP_OVERLOAD ? names[reason] : "unknown";
}

const char *svms_verdict_name(svms_verdict verdict)
{
    static const char *const names[] = { "authentic", "incomplete", "untrusted", "undecryptable",
                                         "not_authentic" };
    return verdict >= SVMS_VERDICT_AUTHENTIC && verdict <= SVMS_VERDICT_NOT_AUTHENTIC
               ? names[verdict]
               : "unknown";
}
