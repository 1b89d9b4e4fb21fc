/* SPDX-License-Identifier: Apache-2.0 */
/* Whether somebody may have a password (login.md, L-PWD-7 to L-PWD-9). */
#include <string.h>

#include <openssl/evp.h>

#include "failure.h"
#include "options.h"
#include "password_form.h"

#define SHA1_SIZE 20
#define KINDS_MAX 4

typedef struct judging {
    svms_ctx *ctx;
    svms_password_policy policy;
    const void *password;
    size_t size;
    svms_error *err;
    uint32_t findings;
} judging;

static svms_status read_policy(judging *job, const svms_password_policy *policy)
{
    job->policy = (svms_password_policy)SVMS_PASSWORD_POLICY_INIT;
    svms_status status = svms_options_read(&job->policy, sizeof job->policy, policy,
                                           "the policy of passwords", job->err);
    if (status != SVMS_OK) {
        return status;
    }
    if (job->policy.most_bytes == 0 || job->policy.most_bytes > SVMS_PASSWORD_MAX ||
        job->policy.least_characters > job->policy.most_bytes ||
        job->policy.least_kinds > KINDS_MAX || job->policy.history > SVMS_PASSWORD_HISTORY_MAX) {
        return svms_fail(job->err, SVMS_E_LIMIT, "the policy of passwords is out of its bounds");
    }
    return SVMS_OK;
}

static void find(judging *job, svms_password_finding finding, bool stands)
{
    job->findings |= stands ? (uint32_t)finding : 0u;
}

static svms_status judge_form(judging *job, const char *name)
{
    svms_password_form form;
    svms_status status = svms_password_look(&form, job->ctx, job->password, job->size, job->err);
    if (status == SVMS_OK) {
        find(job, SVMS_PASSWORD_SHORT,
             job->size == 0 || form.characters < job->policy.least_characters);
        find(job, SVMS_PASSWORD_NOT_TEXT, !form.is_text);
        find(job, SVMS_PASSWORD_KINDS, form.kinds < job->policy.least_kinds);
        find(job, SVMS_PASSWORD_REPEATS, form.repeats);
        find(job, SVMS_PASSWORD_NAMES_USER,
             name && svms_password_holds_name(name, job->password, job->size));
    }
    return status;
}

/* The algorithm of the lists; nothing rests on its strength. */
static svms_status sha1_of(judging *job, uint8_t out[SHA1_SIZE])
{
    EVP_MD *sha1 =
        EVP_MD_fetch(svms_ossl_context(job->ctx), "SHA1", svms_ossl_properties(job->ctx));
    bool done = sha1 && EVP_Digest(job->password, job->size, out, NULL, sha1, NULL) == 1;
    EVP_MD_free(sha1);
    return done ? SVMS_OK : svms_fail_crypto(job->err, "cannot compute SHA-1");
}

static svms_status ask_list(judging *job)
{
    uint8_t sha1[SHA1_SIZE];
    uint32_t is_breached = 0;
    if (!job->policy.breached || job->size == 0) {
        return SVMS_OK;
    }
    svms_status status = sha1_of(job, sha1);
    if (status == SVMS_OK) {
        status = job->policy.breached(job->policy.user, sha1, job->password, job->size,
                                      &is_breached, job->err);
    }
    svms_wipe(sha1, sizeof sha1);
    find(job, SVMS_PASSWORD_BREACHED, is_breached != 0);
    return status <= SVMS_OK
               ? status
               : svms_fail(job->err, SVMS_E_IO, "the list of known passwords gave no answer");
}

/* All of them, so that the time does not tell which one it was. */
static svms_status judge_history(judging *job, const char *const *history, size_t count)
{
    svms_status status = SVMS_OK;
    for (size_t i = 0; status == SVMS_OK && i < count && i < job->policy.history; i++) {
        svms_password_result result = SVMS_PASSWORD_RESULT_INIT;
        status = svms_password_verify(job->ctx, history[i], NULL, job->password, job->size, &result,
                                      job->err);
        find(job, SVMS_PASSWORD_USED_BEFORE, status == SVMS_OK && result.is_right);
    }
    return status;
}

svms_status svms_password_judge(svms_ctx *ctx, const svms_password_policy *policy, const char *name,
                                const void *password, size_t size, const char *const *history,
                                size_t history_count, uint32_t *findings, svms_error *err)
{
    judging job = { .ctx = ctx, .password = password, .size = size, .err = err };
    if (!ctx || !password || !findings || (history_count > 0 && !history)) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = read_policy(&job, policy);
    if (status != SVMS_OK) {
        return status;
    }
    /* What is longer than any password is not looked at. */
    find(&job, SVMS_PASSWORD_LONG, size > job.policy.most_bytes);
    if (size <= SVMS_PASSWORD_MAX) {
        status = judge_form(&job, name);
        if (status == SVMS_OK) {
            status = ask_list(&job);
        }
        if (status == SVMS_OK) {
            status = judge_history(&job, history, history_count);
        }
    }
    if (status == SVMS_OK) {
        *findings = job.findings;
    }
    return status;
}
