/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/password.h>

const char *svms_password_finding_words(svms_password_finding finding)
{
    switch (finding) {
    case SVMS_PASSWORD_SHORT:
        return "is too short";
    case SVMS_PASSWORD_LONG:
        return "is too long";
    case SVMS_PASSWORD_NOT_TEXT:
        return "is not UTF-8, or has control characters";
    case SVMS_PASSWORD_NAMES_USER:
        return "contains the name of its user";
    case SVMS_PASSWORD_USED_BEFORE:
        return "was used before";
    case SVMS_PASSWORD_BREACHED:
        return "is known from a leak";
    case SVMS_PASSWORD_REPEATS:
        return "repeats itself";
    case SVMS_PASSWORD_KINDS:
        return "has too few kinds of characters";
    case SVMS_PASSWORD_OLD_WRONG:
        return "of before was wrong";
    default:
        return "is refused for a reason that has no words";
    }
}
