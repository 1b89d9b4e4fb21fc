/* SPDX-License-Identifier: Apache-2.0 */
/* In the order of token.md, section 4. */
#include <string.h>

#include <svms/time.h>

#include "digest.h"
#include "failure.h"
#include "options.h"
#include "replay.h"
#include "token_internal.h"
#include "token_verifier.h"

#define PAYLOAD_DEPTH 8
#define NS_PER_SECOND INT64_C(1000000000)
#define LAST_SECOND (INT64_MAX / NS_PER_SECOND)

typedef struct token_job {
    svms_token_verifier *verifier;
    svms_token_question question;
    svms_jws jws;
    const svms_token_issuer *issuer; /* whose key verified it */
    bool key_seen;                   /* somebody has such a key */
    bool algorithm_seen;             /* and it signs in this way */
    svms_token_verdict *verdict;
    svms_error *err;
} token_job;

static svms_status refuse(const token_job *job, svms_token_verdict verdict, svms_status status,
                          const char *words)
{
    *job->verdict = verdict;
    return svms_fail(job->err, status, "the token %s", words);
}

/* SVMS_E_NOT_AUTHENTIC: not by this key, or there is none. */
static svms_status try_set(token_job *job, const svms_token_issuer *issuer,
                           const svms_keyset *keyset)
{
    const char *kid = job->jws.has_kid ? job->jws.kid : NULL;
    const svms_jwk *jwk = keyset ? svms_keyset_find(keyset, kid, job->jws.algorithm) : NULL;
    if (!jwk) {
        return SVMS_E_NOT_AUTHENTIC;
    }
    job->key_seen = true;
    if (jwk->algorithm != job->jws.algorithm) {
        return SVMS_E_NOT_AUTHENTIC;
    }
    job->algorithm_seen = true;
    svms_error cause = SVMS_ERROR_INIT;
    svms_status status = svms_jws_verify(&job->jws, job->verifier->ctx, jwk, &cause);
    if (status == SVMS_OK) {
        job->issuer = issuer;
    }
    return status == SVMS_OK || status == SVMS_E_NOT_AUTHENTIC
               ? status
               : svms_fail_as(job->err, status, &cause);
}

static svms_status try_issuer(token_job *job, svms_token_issuer *issuer)
{
    unsigned ticket = 0;
    const svms_issuer_keys *keys = svms_shared_enter(&issuer->keys, &ticket);
    svms_status status = try_set(job, issuer, keys->current);
    if (status == SVMS_E_NOT_AUTHENTIC &&
        svms_monotonic_now(job->verifier->ctx) < keys->withdrawn_end_ns) {
        status = try_set(job, issuer, keys->withdrawn);
    }
    svms_shared_leave(&issuer->keys, ticket);
    return status;
}

/* Names of keys are the issuers' own: two of them may have used one name. */
static svms_status try_issuers(token_job *job)
{
    svms_token_verifier *verifier = job->verifier;
    svms_status status = SVMS_E_NOT_AUTHENTIC;
    for (size_t i = 0; status == SVMS_E_NOT_AUTHENTIC && i < verifier->count; i++) {
        status = try_issuer(job, &verifier->issuers[i]);
    }
    return status;
}

static svms_status check_signature(token_job *job)
{
    svms_status status = try_issuers(job);
    if (status == SVMS_E_NOT_AUTHENTIC && !job->key_seen && svms_issuers_refresh(job->verifier)) {
        status = try_issuers(job);
    }
    if (status != SVMS_E_NOT_AUTHENTIC) {
        return status;
    }
    if (!job->key_seen) {
        return refuse(job, SVMS_TOKEN_UNKNOWN_KEY, SVMS_E_UNTRUSTED,
                      "is signed by a key that no issuer has");
    }
    if (!job->algorithm_seen) {
        return refuse(job, SVMS_TOKEN_WRONG_ALGORITHM, SVMS_E_NOT_AUTHENTIC,
                      "names another algorithm than that of its key");
    }
    return refuse(job, SVMS_TOKEN_BAD_SIGNATURE, SVMS_E_NOT_AUTHENTIC,
                  "has a signature that does not verify");
}

/* J-CLM-1, J-JWS-3: before any key is touched. */
static svms_status check_header(const token_job *job)
{
    static const char *const types[] = {
        [SVMS_TOKEN_ACCESS] = "at+jwt",
        [SVMS_TOKEN_ONVIF] = "jwt",
        [SVMS_TOKEN_APPROVING] = "svms-approval+jwt",
    };
    if (strcmp(job->jws.type, types[job->verifier->rules.profile]) != 0) {
        return refuse(job, SVMS_TOKEN_PROFILE, SVMS_E_POLICY, "is of another kind");
    }
    if (job->jws.algorithm == SVMS_TOKEN_NO_ALGORITHM) {
        return refuse(job, SVMS_TOKEN_WRONG_ALGORITHM, SVMS_E_NOT_AUTHENTIC,
                      "names an algorithm that is not allowed");
    }
    return SVMS_OK;
}

/* J-JWS-6. A token that could not be loaded holds no document. */
static svms_status load_payload(svms_token *token, const token_job *job)
{
    static const svms_json_limits limits = { SVMS_JWS_MAX, PAYLOAD_DEPTH };
    *job->verdict = SVMS_TOKEN_PAYLOAD;
    return svms_json_load_plain(&token->document, job->verifier->ctx, "the token", &limits,
                                job->jws.payload, job->jws.payload_size, job->err);
}

static svms_status read_token(svms_token **out, token_job *job)
{
    svms_ctx *ctx = job->verifier->ctx;
    int64_t now_ns = job->question.now_utc_ns;
    svms_claim_rules rules = { .rules = &job->verifier->rules,
                               .issuer = job->issuer->name,
                               .is_exchanger = job->issuer->is_exchanger,
                               .certificate_sha256 = job->question.certificate_sha256 };
    rules.now_s = svms_floor_seconds(now_ns == SVMS_NO_TIME ? svms_utc_now(ctx) : now_ns);
    svms_token *token = svms_alloc(ctx, sizeof *token);
    if (!token) {
        return svms_fail_memory(job->err);
    }
    token->ctx = ctx;
    token->profile = job->verifier->rules.profile;
    svms_status status = load_payload(token, job);
    if (status == SVMS_OK) {
        status = svms_claims_read(token, &rules, job->verdict, job->err);
    }
    /* It was the caller's, and the token outlives it. */
    token->document.err = NULL;
    if (status == SVMS_OK) {
        *out = token;
    } else {
        svms_token_free(&token);
    }
    return status;
}

/* A machine that fails says nothing about the token (ADR 0016). */
static svms_status settle_verdict(svms_status status, svms_token_verdict *verdict)
{
    if (status == SVMS_OK) {
        *verdict = SVMS_TOKEN_GOOD;
    } else if (status == SVMS_E_NO_MEMORY || status == SVMS_E_CRYPTO || status == SVMS_E_INTERNAL) {
        *verdict = SVMS_TOKEN_BUSY;
    }
    return status;
}

svms_status svms_token_examine(svms_token **out, svms_token_verifier *verifier, const char *text,
                               size_t size, const svms_token_question *question,
                               svms_token_verdict *verdict, svms_error *err)
{
    token_job job = {
        .verifier = verifier, .question = SVMS_TOKEN_QUESTION_INIT, .verdict = verdict, .err = err
    };
    svms_token *token = NULL;
    svms_iovec run = { text, size };
    *verdict = SVMS_TOKEN_FORM;
    svms_status status =
        svms_options_read(&job.question, sizeof job.question, question, "svms_token_question", err);
    if (status == SVMS_OK) {
        status = svms_jws_open(&job.jws, verifier->ctx, text, size, verdict, err);
    }
    if (status == SVMS_OK) {
        status = check_header(&job);
    }
    if (status == SVMS_OK) {
        status = check_signature(&job);
    }
    if (status == SVMS_OK) {
        status = read_token(&token, &job);
    }
    if (status == SVMS_OK) {
        status = svms_sha256(verifier->ctx, &run, 1, token->sha256, err);
    }
    if (status != SVMS_OK) {
        svms_token_free(&token);
    } else {
        *out = token;
    }
    return settle_verdict(status, verdict);
}

/* J-REV-1, J-RPL-1 */
svms_status svms_token_take(svms_token *token, svms_token_verifier *verifier,
                            const svms_token_question *question, svms_token_verdict *verdict,
                            svms_error *err)
{
    const svms_token_rules *rules = &verifier->rules;
    svms_token_question asked = SVMS_TOKEN_QUESTION_INIT;
    svms_status status =
        svms_options_read(&asked, sizeof asked, question, "svms_token_question", err);
    if (status != SVMS_OK) {
        return status;
    }
    int64_t now_ns = asked.now_utc_ns;
    int64_t now_s =
        svms_floor_seconds(now_ns == SVMS_NO_TIME ? svms_utc_now(verifier->ctx) : now_ns);
    if (rules->revocations && svms_revocations_speak_of(rules->revocations, token)) {
        *verdict = SVMS_TOKEN_REVOKED;
        return svms_fail(err, SVMS_E_POLICY, "the token has been revoked");
    }
    if (rules->replay) {
        status = svms_replay_use(rules->replay, token, now_s, rules->skew_s, verdict, err);
    }
    return settle_verdict(status, verdict);
}

svms_status svms_token_verify(svms_token **out, svms_token_verifier *verifier, const char *text,
                              size_t size, const svms_token_question *question,
                              svms_token_verdict *verdict, svms_error *err)
{
    svms_token *token = NULL;
    if (!out || !verifier || !text || !verdict) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (verifier->rules.profile == SVMS_TOKEN_APPROVING) {
        return svms_fail(err, SVMS_E_USAGE, "approvals are checked with what they approve");
    }
    svms_status status = svms_token_examine(&token, verifier, text, size, question, verdict, err);
    if (status == SVMS_OK) {
        status = svms_token_take(token, verifier, question, verdict, err);
    }
    if (status == SVMS_OK) {
        *out = token;
    } else {
        svms_token_free(&token);
    }
    return status;
}

void svms_token_free(svms_token **token)
{
    if (!token || !*token) {
        return;
    }
    for (size_t i = 0; i < (*token)->right_count; i++) {
        svms_rule_clear((*token)->ctx, &(*token)->rights[i]);
    }
    svms_release((*token)->ctx, (*token)->rights);
    if ((*token)->document.root) {
        svms_json_unload(&(*token)->document);
    }
    svms_release_secret((*token)->ctx, *token, sizeof **token);
    *token = NULL;
}

static int64_t time_of(int64_t seconds)
{
    if (seconds < 0) {
        return SVMS_NO_TIME;
    }
    return seconds > LAST_SECOND ? INT64_MAX : seconds * NS_PER_SECOND;
}

svms_status svms_token_describe(const svms_token *token, svms_token_info *out, svms_error *err)
{
    svms_token_info info = SVMS_TOKEN_INFO_INIT;
    if (!token || !out) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    info.is_bound = token->is_bound;
    info.issuer = token->issuer;
    info.subject = token->subject;
    info.id = token->id;
    info.client = token->client;
    info.session = token->session;
    info.issued_utc_ns = time_of(token->issued_s);
    info.expires_utc_ns = time_of(token->expires_s);
    info.authenticated_utc_ns = time_of(token->authenticated_s);
    info.method_count = token->method_count;
    info.role_count = token->role_count;
    info.actor_count = token->actor_count;
    return svms_result_write(out, &info, sizeof info, "svms_token_info", err);
}

const char *svms_token_method(const svms_token *token, size_t index)
{
    return token && index < token->method_count ? token->methods[index] : NULL;
}

const char *svms_token_role(const svms_token *token, size_t index)
{
    return token && index < token->role_count ? token->roles[index] : NULL;
}

const char *svms_token_actor(const svms_token *token, size_t index)
{
    return token && index < token->actor_count ? token->actors[index] : NULL;
}
