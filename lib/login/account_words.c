/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>

#include <svms/account.h>

const char *svms_login_verdict_name(svms_login_verdict verdict)
{
    static const char *const names[] = {
        "none",        "good",   "must change",    "code needed", "too soon",  "unknown name",
        "no password", "locked", "wrong password", "code wrong",  "code used",
    };
    size_t index = (size_t)verdict;
    return index < sizeof names / sizeof names[0] ? names[index] : "none of these";
}

size_t svms_login_method_names(uint32_t methods, const char *names[SVMS_LOGIN_METHOD_NAMES_MAX])
{
    size_t count = 0;
    bool by_password = (methods & SVMS_LOGIN_BY_PASSWORD) != 0;
    bool by_code =
        (methods & (SVMS_LOGIN_BY_TOTP | SVMS_LOGIN_BY_DELIVERED | SVMS_LOGIN_BY_RECOVERY)) != 0;
    if (!names) {
        return 0;
    }
    if (by_password) {
        names[count++] = "pwd";
    }
    if (by_code) {
        names[count++] = "otp";
    }
    if (by_password && by_code) {
        names[count++] = "mfa";
    }
    return count;
}
