/* SPDX-License-Identifier: Apache-2.0 */
/* Logging in (login.md, L-ACC-5 to L-ACC-10): one path of work, whoever comes. */
#include <string.h>

#include <svms/time.h>

#include "account_internal.h"
#include "failure.h"
#include "login_name.h"
#include "options.h"

typedef struct login_job {
    svms_account *account; /* NULL: there is none */
    svms_ctx *ctx;
    svms_login login;
    svms_error *err;
    svms_login_result result;
    bool password_is_right; /* and the account is not locked */
    bool needs_rehash;
    bool code_is_due;
    svms_code_verdict code;
    int64_t last_step;
    svms_recovery_set recovery;
} login_job;

static bool is_all_right(const login_job *job)
{
    return job->result.verdict == SVMS_LOGIN_GOOD || job->result.verdict == SVMS_LOGIN_MUST_CHANGE;
}

static svms_status check_password(login_job *job)
{
    const svms_account *account = job->account;
    svms_password_result found = SVMS_PASSWORD_RESULT_INIT;
    const char *hash = account && account->hash_count > 0 ? account->hashes[0] : NULL;
    svms_status status = svms_password_verify(job->ctx, hash, job->login.cost, job->login.password,
                                              job->login.password_size, &found, job->err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!account) {
        job->result.verdict = SVMS_LOGIN_UNKNOWN_NAME;
    } else if (!hash) {
        job->result.verdict = SVMS_LOGIN_NO_PASSWORD;
    } else if (account->is_locked) {
        job->result.verdict = SVMS_LOGIN_LOCKED;
    } else if (!found.is_right) {
        job->result.verdict = SVMS_LOGIN_WRONG_PASSWORD;
    } else {
        job->password_is_right = true;
        job->needs_rehash = found.needs_rehash != 0;
        job->code_is_due = account->totp.is_there || job->login.demand_code != 0;
    }
    return SVMS_OK;
}

/* "No" is an answer; what else is not SVMS_OK is none. */
static svms_status as_answer(login_job *job, svms_status status, const svms_error *cause)
{
    if (status == SVMS_OK || status == SVMS_E_POLICY) {
        return SVMS_OK;
    }
    return svms_fail_as(job->err, status, cause);
}

static svms_status check_totp(login_job *job)
{
    static const uint8_t nobodys[SVMS_TOTP_SECRET_SIZE];
    svms_error cause = SVMS_ERROR_INIT;
    svms_code_verdict verdict = SVMS_CODE_WRONG;
    svms_totp totp = SVMS_TOTP_INIT;
    int64_t step = SVMS_TOTP_NO_STEP;
    totp.secret = nobodys;
    totp.secret_size = sizeof nobodys;
    bool counts = job->code_is_due && job->account->totp.is_there;
    if (counts) {
        totp = svms_account_totp_of(&job->account->totp);
        step = job->account->last_step;
    }
    svms_status status = svms_totp_check(job->ctx, &totp, job->login.code, job->login.now_utc_ns,
                                         &step, &verdict, &cause);
    if (counts && status == SVMS_OK) {
        job->last_step = step;
        job->result.methods |= SVMS_LOGIN_BY_TOTP;
    }
    if (counts) {
        job->code = verdict;
    }
    return as_answer(job, status, &cause);
}

static svms_status check_delivered(login_job *job)
{
    svms_error cause = SVMS_ERROR_INIT;
    svms_code_verdict verdict = SVMS_CODE_WRONG;
    if (!job->login.codes) {
        return SVMS_OK;
    }
    bool counts = job->code_is_due && job->result.methods == 0;
    svms_status status = svms_code_book_check(job->login.codes, counts ? job->login.name : NULL,
                                              job->login.code, &verdict, &cause);
    if (counts && status == SVMS_OK) {
        job->result.methods |= SVMS_LOGIN_BY_DELIVERED;
    }
    return as_answer(job, status, &cause);
}

static svms_status check_recovery(login_job *job)
{
    svms_error cause = SVMS_ERROR_INIT;
    svms_code_verdict verdict = SVMS_CODE_WRONG;
    svms_recovery_set set = SVMS_RECOVERY_SET_INIT;
    bool counts = job->code_is_due && job->result.methods == 0 && job->account->recovery.count > 0;
    if (counts) {
        set = job->account->recovery;
    } else {
        set.count = SVMS_ACCOUNT_RECOVERY_CODES;
        memset(set.hashes, 0xFF, sizeof set.hashes);
    }
    svms_status status = svms_recovery_check(job->ctx, job->login.code, &set, &verdict, &cause);
    if (counts && status == SVMS_OK) {
        job->recovery = set;
        job->result.methods |= SVMS_LOGIN_BY_RECOVERY;
    }
    svms_wipe(&set, sizeof set);
    return as_answer(job, status, &cause);
}

/* Whether or not a code can be right here. */
static svms_status check_code(login_job *job)
{
    svms_status status = SVMS_OK;
    if (!job->login.code) {
        return SVMS_OK;
    }
    status = check_totp(job);
    if (status == SVMS_OK) {
        status = check_delivered(job);
    }
    if (status == SVMS_OK) {
        status = check_recovery(job);
    }
    return status;
}

/* Of somebody whose password is right. */
static void decide(login_job *job)
{
    if (job->code_is_due && !job->login.code) {
        job->result.verdict = SVMS_LOGIN_CODE_NEEDED;
    } else if (job->code_is_due && job->result.methods == 0) {
        job->result.verdict =
            job->code == SVMS_CODE_USED ? SVMS_LOGIN_CODE_USED : SVMS_LOGIN_CODE_WRONG;
    } else {
        job->result.verdict = job->account->must_change ? SVMS_LOGIN_MUST_CHANGE : SVMS_LOGIN_GOOD;
        job->result.methods |= SVMS_LOGIN_BY_PASSWORD;
    }
}

/* Nothing is written before all that can fail is done. */
static svms_status commit(login_job *job)
{
    svms_account *account = job->account;
    char hash[SVMS_PASSWORD_HASH_SIZE] = { 0 };
    if (job->needs_rehash) {
        svms_status status = svms_password_hash(job->ctx, job->login.cost, job->login.password,
                                                job->login.password_size, hash, job->err);
        if (status != SVMS_OK) {
            return status;
        }
        memcpy(account->hashes[0], hash, sizeof hash);
        svms_wipe(hash, sizeof hash);
    }
    account->last_step = job->last_step;
    account->recovery = job->recovery;
    if (job->result.verdict == SVMS_LOGIN_GOOD) {
        account->last_login_utc_ns = job->login.now_utc_ns;
    }
    job->result.account_changed = 1;
    return SVMS_OK;
}

static svms_status judge(login_job *job)
{
    svms_status status = check_password(job);
    if (status == SVMS_OK) {
        status = check_code(job);
    }
    if (status == SVMS_OK && job->password_is_right) {
        decide(job);
    }
    if (status == SVMS_OK && is_all_right(job)) {
        status = commit(job);
    }
    return status;
}

static svms_login_answer answer_of(svms_login_verdict verdict)
{
    switch (verdict) {
    case SVMS_LOGIN_GOOD:
        return SVMS_LOGIN_SAY_WELCOME;
    case SVMS_LOGIN_MUST_CHANGE:
        return SVMS_LOGIN_SAY_CHANGE;
    case SVMS_LOGIN_CODE_NEEDED:
        return SVMS_LOGIN_SAY_CODE;
    case SVMS_LOGIN_TOO_SOON:
        return SVMS_LOGIN_SAY_WAIT;
    default:
        return SVMS_LOGIN_SAY_WRONG;
    }
}

/* L-ACC-8 */
static svms_login_outcome outcome_of(const login_job *job, svms_status status)
{
    if (status != SVMS_OK || job->result.verdict == SVMS_LOGIN_CODE_NEEDED) {
        return SVMS_LOGIN_UNDECIDED;
    }
    return is_all_right(job) ? SVMS_LOGIN_SUCCEEDED : SVMS_LOGIN_FAILED;
}

static svms_status limit_and_judge(login_job *job)
{
    svms_error cause = SVMS_ERROR_INIT;
    svms_login_attempt attempt = SVMS_LOGIN_ATTEMPT_INIT;
    svms_login_limiter *limiter = job->login.limiter;
    if (!limiter) {
        return judge(job);
    }
    svms_status status =
        svms_login_limiter_ask(limiter, job->login.name, job->login.address, &attempt, &cause);
    if (status == SVMS_E_POLICY) {
        job->result.verdict = SVMS_LOGIN_TOO_SOON;
        job->result.wait_s = attempt.wait_s;
        return SVMS_OK;
    }
    if (status != SVMS_OK) {
        return svms_fail_as(job->err, status, &cause);
    }
    status = judge(job);
    svms_status told = svms_login_limiter_tell(limiter, &attempt, outcome_of(job, status), &cause);
    if (status == SVMS_OK && told != SVMS_OK) {
        return svms_fail_as(job->err, told, &cause);
    }
    if (status == SVMS_OK && attempt.is_lock_due && job->account && !job->account->is_locked) {
        job->account->is_locked = true;
        job->result.account_changed = 1;
    }
    return status;
}

static svms_status check_arguments(login_job *job, const svms_login *given)
{
    svms_login *login = &job->login;
    const svms_account *account = job->account;
    svms_status status = svms_options_read(login, sizeof *login, given, "the login", job->err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!login->name || !login->password) {
        return svms_fail(job->err, SVMS_E_USAGE, "an argument is NULL");
    }
    status = svms_login_name_check(login->name, job->err);
    if (status != SVMS_OK) {
        return status;
    }
    if (account && (account->ctx != job->ctx || strcmp(account->name, login->name) != 0)) {
        return svms_fail(job->err, SVMS_E_USAGE, "the account is of another name or context");
    }
    if (login->now_utc_ns == SVMS_NO_TIME) {
        login->now_utc_ns = svms_utc_now(job->ctx);
    }
    return login->now_utc_ns >= 0 ? SVMS_OK
                                  : svms_fail(job->err, SVMS_E_USAGE, "nobody logs in before 1970");
}

svms_status svms_account_login(svms_account *account, svms_ctx *ctx, const svms_login *login,
                               svms_login_result *out, svms_error *err)
{
    if (!ctx || !login || !out) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    login_job job = { .account = account,
                      .ctx = ctx,
                      .login = SVMS_LOGIN_INIT,
                      .err = err,
                      .result = SVMS_LOGIN_RESULT_INIT };
    svms_status status = check_arguments(&job, login);
    if (status == SVMS_OK) {
        /* What cannot be told must not happen; and whoever does not look at the status reads no. */
        status = svms_result_write(out, &job.result, sizeof job.result, "the result", err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (account) {
        job.last_step = account->last_step;
        job.recovery = account->recovery;
    }
    status = limit_and_judge(&job);
    job.result.answer = answer_of(job.result.verdict);
    if (status == SVMS_OK) {
        status = svms_result_write(out, &job.result, sizeof job.result, "the result", err);
    }
    svms_wipe(&job.recovery, sizeof job.recovery);
    return status;
}
