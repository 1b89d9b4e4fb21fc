/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/second_factor.h>

const char *svms_code_verdict_name(svms_code_verdict verdict)
{
    switch (verdict) {
    case SVMS_CODE_WRONG:
        return "wrong";
    case SVMS_CODE_GOOD:
        return "good";
    case SVMS_CODE_USED:
        return "used";
    case SVMS_CODE_MISSING:
        return "missing";
    }
    return "none of these";
}
