/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict_name.h"

const char *svms_identity_name(svms_identity_verdict identity)
{
    static const char *const names[] = {
        [SVMS_IDENTITY_TRUSTED] = "trusted",
        [SVMS_IDENTITY_UNSIGNED] = "unsigned",
        [SVMS_IDENTITY_NO_ANCHOR] = "no_anchor",
        [SVMS_IDENTITY_UNKNOWN_ISSUER] = "unknown_issuer",
        [SVMS_IDENTITY_WRONG_ROLE] = "wrong_role",
        [SVMS_IDENTITY_EXPIRED_NOW] = "expired_now",
        [SVMS_IDENTITY_EXPIRED_THEN] = "expired_then",
        [SVMS_IDENTITY_NOT_YET_VALID] = "not_yet_valid",
        [SVMS_IDENTITY_BAD_CHAIN] = "bad_chain",
        [SVMS_IDENTITY_REVOKED] = "revoked",
        [SVMS_IDENTITY_FUTURE] = "future",
    };
    size_t index = (size_t)identity;
    return index < sizeof(names) / sizeof(names[0]) ? names[index] : "unknown";
}
