/* SPDX-License-Identifier: Apache-2.0 */
/* New passwords of an account (login.md, L-ACC-11). */
#include <string.h>

#include "account_internal.h"
#include "failure.h"
#include "options.h"

static svms_status read_change(svms_password_change *out, const svms_password_change *change,
                               svms_error *err)
{
    *out = (svms_password_change)SVMS_PASSWORD_CHANGE_INIT;
    svms_status status = svms_options_read(out, sizeof *out, change, "the new password", err);
    if (status == SVMS_OK && !out->password) {
        status = svms_fail(err, SVMS_E_USAGE, "no new password was given");
    }
    return status;
}

/* The hash of now moves back; at least the new one stays, whatever the policy says. */
static void take_hash(svms_account *account, const char *hash, size_t history)
{
    size_t kept = history > 0 ? history - 1 : 0;
    kept = account->hash_count < kept ? account->hash_count : kept;
    memmove(account->hashes[1], account->hashes[0], kept * sizeof account->hashes[0]);
    for (size_t i = kept + 1; i < SVMS_PASSWORD_HISTORY_MAX; i++) {
        svms_wipe(account->hashes[i], sizeof account->hashes[i]);
    }
    memset(account->hashes[0], 0, sizeof account->hashes[0]);
    memcpy(account->hashes[0], hash, strlen(hash));
    account->hash_count = kept + 1;
    account->password_set_utc_ns = svms_utc_now(account->ctx);
}

static svms_status judge(const svms_account *account, const svms_password_change *change,
                         uint32_t *findings, svms_error *err)
{
    const char *history[SVMS_PASSWORD_HISTORY_MAX];
    for (size_t i = 0; i < account->hash_count; i++) {
        history[i] = account->hashes[i];
    }
    svms_status status =
        svms_password_judge(account->ctx, change->policy, account->name, change->password,
                            change->size, history, account->hash_count, findings, err);
    if (status == SVMS_OK && *findings != 0) {
        status = svms_fail(err, SVMS_E_POLICY, "the policy refuses the new password");
    }
    return status;
}

static svms_status replace(svms_account *account, const svms_password_change *change,
                           uint32_t *findings, svms_error *err)
{
    svms_password_policy policy = SVMS_PASSWORD_POLICY_INIT;
    char hash[SVMS_PASSWORD_HASH_SIZE];
    svms_status status =
        svms_options_read(&policy, sizeof policy, change->policy, "the policy of passwords", err);
    if (status == SVMS_OK) {
        status = judge(account, change, findings, err);
    }
    if (status == SVMS_OK) {
        status = svms_password_hash(account->ctx, change->cost, change->password, change->size,
                                    hash, err);
    }
    if (status == SVMS_OK) {
        take_hash(account, hash, policy.history);
        svms_wipe(hash, sizeof hash);
    }
    return status;
}

svms_status svms_account_set_password(svms_account *account, const svms_password_change *change,
                                      uint32_t *findings, svms_error *err)
{
    svms_password_change known;
    if (!account || !change || !findings) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    *findings = 0;
    svms_status status = read_change(&known, change, err);
    if (status == SVMS_OK) {
        status = replace(account, &known, findings, err);
    }
    if (status == SVMS_OK) {
        account->must_change = known.must_change != 0;
    }
    return status;
}

/* Right or not, by the hash of now; with none, or where the account is locked, it is not. */
static svms_status check_old(const svms_account *account, const svms_password_change *change,
                             bool *is_right, svms_error *err)
{
    svms_password_result result = SVMS_PASSWORD_RESULT_INIT;
    const char *hash = account->hash_count > 0 ? account->hashes[0] : NULL;
    svms_status status = svms_password_verify(account->ctx, hash, change->cost,
                                              change->old_password, change->old_size, &result, err);
    *is_right = status == SVMS_OK && result.is_right && !account->is_locked;
    return status;
}

/* A right password alone forgives no wrong codes, so the limiter hears of wrong ones only. */
static svms_status settle_old(svms_account *account, const svms_password_change *change,
                              svms_login_attempt *attempt, uint32_t *findings, svms_error *err)
{
    bool is_right = false;
    svms_status status = check_old(account, change, &is_right, err);
    bool is_wrong = status == SVMS_OK && !is_right;
    if (change->limiter) {
        svms_status told = svms_login_limiter_tell(
            change->limiter, attempt, is_wrong ? SVMS_LOGIN_FAILED : SVMS_LOGIN_UNDECIDED,
            status == SVMS_OK ? err : NULL);
        status = status == SVMS_OK ? told : status;
        account->is_locked = account->is_locked || attempt->is_lock_due != 0;
    }
    if (status == SVMS_OK && is_wrong) {
        *findings = SVMS_PASSWORD_OLD_WRONG;
        status = svms_fail(err, SVMS_E_POLICY, "the old password is wrong");
    }
    return status;
}

svms_status svms_account_change_password(svms_account *account, const svms_password_change *change,
                                         uint32_t *findings, svms_error *err)
{
    svms_password_change known;
    svms_login_attempt attempt = SVMS_LOGIN_ATTEMPT_INIT;
    if (!account || !change || !findings) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    *findings = 0;
    svms_status status = read_change(&known, change, err);
    if (status == SVMS_OK && !known.old_password) {
        status = svms_fail(err, SVMS_E_USAGE, "the old password was not given");
    }
    if (status == SVMS_OK && known.limiter) {
        status = svms_login_limiter_ask(known.limiter, account->name, known.address, &attempt, err);
    }
    if (status == SVMS_OK) {
        status = settle_old(account, &known, &attempt, findings, err);
    }
    if (status == SVMS_OK) {
        status = replace(account, &known, findings, err);
    }
    if (status == SVMS_OK) {
        account->must_change = false;
    }
    return status;
}
