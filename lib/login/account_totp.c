/* SPDX-License-Identifier: Apache-2.0 */
/* The second factor of an account (login.md, L-ACC-12). */
#include <string.h>

#include "account_internal.h"
#include "failure.h"

svms_totp svms_account_totp_of(const svms_account_totp *from)
{
    svms_totp totp = SVMS_TOTP_INIT;
    totp.hash = from->hash;
    totp.digits = from->digits;
    totp.period_s = from->period_s;
    totp.secret = from->secret;
    totp.secret_size = from->secret_size;
    return totp;
}

svms_status svms_account_start_totp(svms_account *account, const char *issuer, char *uri,
                                    size_t *size, svms_error *err)
{
    const svms_totp usual = SVMS_TOTP_INIT;
    svms_account_totp fresh = { true,           usual.hash, usual.digits,
                                usual.period_s, { 0 },      SVMS_TOTP_SECRET_SIZE };
    if (!account || !issuer || !size || (!uri && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_totp_secret(account->ctx, fresh.secret, fresh.secret_size, err);
    if (status == SVMS_OK) {
        svms_totp totp = svms_account_totp_of(&fresh);
        status = svms_totp_uri(account->ctx, &totp, issuer, account->name, uri, size, err);
    }
    if (status == SVMS_OK) {
        account->pending = fresh;
    }
    svms_wipe(&fresh, sizeof fresh);
    return status;
}

static svms_status make_recovery(svms_account *account, svms_recovery_set *set,
                                 char codes[][SVMS_RECOVERY_CODE_SIZE], svms_error *err)
{
    *set = (svms_recovery_set)SVMS_RECOVERY_SET_INIT;
    return svms_recovery_make(account->ctx, SVMS_ACCOUNT_RECOVERY_CODES, codes, set, err);
}

svms_status
svms_account_confirm_totp(svms_account *account, const char *code, int64_t now_utc_ns,
                          char codes[SVMS_ACCOUNT_RECOVERY_CODES][SVMS_RECOVERY_CODE_SIZE],
                          svms_error *err)
{
    int64_t step = SVMS_TOTP_NO_STEP;
    svms_code_verdict verdict = SVMS_CODE_WRONG;
    svms_recovery_set recovery;
    if (!account || !code || !codes) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (!account->pending.is_there) {
        return svms_fail(err, SVMS_E_STATE, "no authenticator is being enrolled");
    }
    svms_totp totp = svms_account_totp_of(&account->pending);
    svms_status status =
        svms_totp_check(account->ctx, &totp, code, now_utc_ns, &step, &verdict, err);
    if (status == SVMS_OK) {
        status = make_recovery(account, &recovery, codes, err);
    }
    if (status == SVMS_OK) {
        account->totp = account->pending;
        account->last_step = step;
        account->recovery = recovery;
        svms_wipe(&account->pending, sizeof account->pending);
    }
    return status;
}

void svms_account_stop_totp(svms_account *account)
{
    if (account) {
        svms_wipe(&account->totp, sizeof account->totp);
        svms_wipe(&account->pending, sizeof account->pending);
        account->recovery = (svms_recovery_set)SVMS_RECOVERY_SET_INIT;
        account->last_step = SVMS_TOTP_NO_STEP;
    }
}

svms_status
svms_account_renew_recovery(svms_account *account,
                            char codes[SVMS_ACCOUNT_RECOVERY_CODES][SVMS_RECOVERY_CODE_SIZE],
                            svms_error *err)
{
    svms_recovery_set recovery;
    if (!account || !codes) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = make_recovery(account, &recovery, codes, err);
    if (status == SVMS_OK) {
        account->recovery = recovery;
    }
    return status;
}
