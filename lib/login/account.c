/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <svms/time.h>

#include "account_internal.h"
#include "failure.h"
#include "login_name.h"
#include "options.h"

svms_status svms_account_new(svms_account **out, svms_ctx *ctx, const char *name,
                             const uint8_t key[SVMS_ACCOUNT_KEY_SIZE], svms_error *err)
{
    if (!out || !ctx || !name || !key) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_login_name_check(name, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_account *account = svms_alloc(ctx, sizeof *account);
    if (!account) {
        return svms_fail_memory(err);
    }
    account->ctx = ctx;
    memcpy(account->name, name, strlen(name));
    memcpy(account->key, key, sizeof account->key);
    account->password_set_utc_ns = SVMS_NO_TIME;
    account->last_login_utc_ns = SVMS_NO_TIME;
    account->last_step = SVMS_TOTP_NO_STEP;
    account->recovery = (svms_recovery_set)SVMS_RECOVERY_SET_INIT;
    *out = account;
    return SVMS_OK;
}

void svms_account_free(svms_account **account)
{
    if (account && *account) {
        svms_release_secret((*account)->ctx, *account, sizeof **account);
        *account = NULL;
    }
}

svms_status svms_account_set_key(svms_account *account, const uint8_t key[SVMS_ACCOUNT_KEY_SIZE],
                                 svms_error *err)
{
    if (!account || !key) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    memcpy(account->key, key, sizeof account->key);
    return SVMS_OK;
}

svms_status svms_account_describe(const svms_account *account, svms_account_info *out,
                                  svms_error *err)
{
    svms_account_info info = SVMS_ACCOUNT_INFO_INIT;
    if (!account || !out) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    info.has_password = account->hash_count > 0;
    info.must_change = account->must_change;
    info.is_locked = account->is_locked;
    info.has_totp = account->totp.is_there;
    info.totp_is_pending = account->pending.is_there;
    info.recovery_left = svms_recovery_left(&account->recovery);
    info.history = account->hash_count > 0 ? (uint32_t)account->hash_count - 1 : 0;
    info.password_set_utc_ns = account->password_set_utc_ns;
    info.last_login_utc_ns = account->last_login_utc_ns;
    return svms_result_write(out, &info, sizeof info, "the description of an account", err);
}

const char *svms_account_name(const svms_account *account)
{
    return account ? account->name : NULL;
}

void svms_account_lock(svms_account *account, uint32_t is_locked)
{
    if (account) {
        account->is_locked = is_locked != 0;
    }
}
