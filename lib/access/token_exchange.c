/* SPDX-License-Identifier: Apache-2.0 */
/* A token for another server, which allows no more than the one that it is made from (token.md,
 * J-EXC-1). */
#include <svms/time.h>

#include "failure.h"
#include "json_put.h"
#include "options.h"
#include "token_internal.h"

#define LIFE_MAX 31622400u
#define DETAILS "authorization_details"

typedef struct exchange_job {
    const svms_token *token;
    svms_exchange asked;
    int64_t now_s;
} exchange_job;

static svms_status check_asked(exchange_job *job, svms_ctx *ctx, svms_error *err)
{
    const svms_exchange *asked = &job->asked;
    if (!svms_claim_is_text(asked->issuer) || !svms_claim_is_text(asked->audience) ||
        !svms_claim_is_text(asked->actor)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "an exchange names its issuer, an audience and who will ask, in 1 to %d "
                         "bytes",
                         SVMS_CLAIM_MAX);
    }
    if (!asked->certificate_sha256) {
        return svms_fail(err, SVMS_E_USAGE,
                         "an exchanged token is bound to the certificate of who will ask");
    }
    if (asked->life_s == 0 || asked->life_s > LIFE_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "a token lives 1 to %u seconds", LIFE_MAX);
    }
    int64_t now_ns = asked->now_utc_ns == SVMS_NO_TIME ? svms_utc_now(ctx) : asked->now_utc_ns;
    if (now_ns < 0) {
        return svms_fail(err, SVMS_E_USAGE, "no token is issued before 1970");
    }
    job->now_s = svms_floor_seconds(now_ns);
    return SVMS_OK;
}

static svms_status check_token(const exchange_job *job, svms_error *err)
{
    if (job->token->profile != SVMS_TOKEN_ACCESS) {
        return svms_fail(err, SVMS_E_POLICY, "only access tokens are exchanged");
    }
    if (job->now_s >= job->token->expires_s) {
        return svms_fail(err, SVMS_E_POLICY, "the old token has expired");
    }
    if (job->token->actor_count >= SVMS_ACTORS_MAX) {
        return svms_fail(err, SVMS_E_LIMIT,
                         "the old token names %d actors, as many as there may be", SVMS_ACTORS_MAX);
    }
    return SVMS_OK;
}

static svms_status check_rights(const exchange_job *job, svms_ctx *ctx, svms_error *err)
{
    svms_rights rights;
    if (!job->asked.rights) {
        return SVMS_OK;
    }
    svms_status status =
        svms_rights_read(&rights, ctx, job->asked.rights, job->asked.rights_size, err);
    if (status == SVMS_OK) {
        status = svms_rights_narrow(&rights, job->token, err);
        svms_rights_clear(&rights);
    }
    return status;
}

/* It begins no earlier and ends no later than the old one. */
static void put_times(svms_builder *out, const exchange_job *job)
{
    const svms_token *token = job->token;
    int64_t begin_s = token->not_before_s > job->now_s ? token->not_before_s : job->now_s;
    int64_t end_s = begin_s + job->asked.life_s;
    svms_json_put_number(out, "iat", (uint64_t)job->now_s);
    svms_json_put_number(out, "nbf", (uint64_t)begin_s);
    svms_json_put_number(out, "exp",
                         (uint64_t)(end_s < token->expires_s ? end_s : token->expires_s));
    if (token->authenticated_s >= 0) {
        svms_json_put_number(out, "auth_time", (uint64_t)token->authenticated_s);
    }
}

static void put_actors(svms_builder *out, const exchange_job *job)
{
    svms_json_open(out, "act", '{');
    svms_json_put_text(out, "sub", job->asked.actor);
    svms_json_put_member(out, &job->token->document, "act");
    svms_json_close(out, '}');
}

static void put_rights(svms_builder *out, const exchange_job *job)
{
    if (job->asked.rights) {
        svms_json_put_raw(out, DETAILS, job->asked.rights, job->asked.rights_size);
    } else {
        svms_json_put_member(out, &job->token->document, DETAILS);
    }
}

/* What the policy goes by besides the rights (roles, how and when somebody logged in) stays. */
static svms_status put_payload(svms_builder *out, const exchange_job *job, svms_error *err)
{
    const svms_token *token = job->token;
    svms_json_open(out, NULL, '{');
    svms_json_put_text(out, "iss", job->asked.issuer);
    svms_json_put_text(out, "sub", token->subject);
    svms_json_put_text(out, "aud", job->asked.audience);
    svms_json_put_text(out, "client_id", token->client);
    if (token->session) {
        svms_json_put_text(out, "sid", token->session);
    }
    svms_status status = svms_claim_put_id(out, err);
    put_times(out, job);
    svms_claim_put_list(out, "amr", token->methods, token->method_count);
    svms_claim_put_list(out, "roles", token->roles, token->role_count);
    put_actors(out, job);
    if (status == SVMS_OK) {
        status = svms_claim_put_binding(out, job->asked.certificate_sha256, err);
    }
    put_rights(out, job);
    svms_json_close(out, '}');
    return status == SVMS_OK ? svms_builder_check(out, "the token", err) : status;
}

static svms_status seal(svms_ctx *ctx, const exchange_job *job, const svms_jws_signer *signer,
                        char *out, size_t *size, svms_error *err)
{
    svms_builder payload = svms_builder_new(ctx, SVMS_JWS_MAX);
    svms_status status = put_payload(&payload, job, err);
    if (status == SVMS_OK) {
        status = svms_token_seal(&payload, signer, out, size, err);
    }
    svms_builder_clear(&payload);
    return status;
}

svms_status svms_token_exchange(svms_ctx *ctx, const svms_token *token,
                                const svms_exchange *exchange, const svms_private_key *key,
                                svms_token_algorithm algorithm, const char *kid, char *out,
                                size_t *size, svms_error *err)
{
    exchange_job job = { token, SVMS_EXCHANGE_INIT, 0 };
    svms_jws_signer signer = { key, algorithm, kid, "at+jwt" };
    char thumbprint[SVMS_THUMBPRINT_SIZE];
    if (!ctx || !token || !exchange || !key || !size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status =
        svms_options_read(&job.asked, sizeof job.asked, exchange, "svms_exchange", err);
    if (status == SVMS_OK) {
        status = check_asked(&job, ctx, err);
    }
    if (status == SVMS_OK) {
        status = check_token(&job, err);
    }
    if (status == SVMS_OK) {
        status = check_rights(&job, ctx, err);
    }
    if (status == SVMS_OK) {
        status = svms_token_signer_settle(&signer, ctx, thumbprint, err);
    }
    return status == SVMS_OK ? seal(ctx, &job, &signer, out, size, err) : status;
}
