/* SPDX-License-Identifier: Apache-2.0 */
/* One person's yes to one request of another (token.md, section 6). */
#include <string.h>

#include <svms/time.h>

#include "action.h"
#include "cursor.h"
#include "digest.h"
#include "failure.h"
#include "json_put.h"
#include "options.h"
#include "token_internal.h"
#include "token_verifier.h"
#include "utf8.h"

#define REQUEST_MAX ((size_t)1024 * 1024)
#define DIGEST_SIZE 32

/* What is not UTF-8 would be written as something else, and two requests could become one. */
static bool is_utf8(const char *text)
{
    svms_cursor cursor = svms_cursor_over(text, strlen(text), 0);
    unsigned long character = 0;
    size_t size = svms_utf8_peek(&cursor, &character);
    while (size > 0) {
        (void)svms_skip(&cursor, size);
        size = svms_utf8_peek(&cursor, &character);
    }
    return svms_cursor_at_end(&cursor);
}

static bool list_is_fit(const char *const *texts, size_t count)
{
    if (count > SVMS_APPROVAL_LIST_MAX || (count > 0 && !texts)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!texts[i] || !is_utf8(texts[i])) {
            return false;
        }
    }
    return true;
}

static svms_status check_request(const svms_approval_request *request, svms_error *err)
{
    if (!request->action || !svms_action_is_known(request->action)) {
        return svms_fail(err, SVMS_E_USAGE, "the action is not one that may be asked for");
    }
    if (!list_is_fit(request->devices, request->device_count) ||
        !list_is_fit(request->recipients, request->recipient_count) ||
        (request->parameters && !is_utf8(request->parameters)) || request->reserved != 0) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a request that needs approval holds at most %d devices and recipients, "
                         "in UTF-8",
                         SVMS_APPROVAL_LIST_MAX);
    }
    if ((request->from_utc_ns == SVMS_NO_TIME) != (request->to_utc_ns == SVMS_NO_TIME) ||
        request->from_utc_ns > request->to_utc_ns) {
        return svms_fail(err, SVMS_E_USAGE, "recorded time has a beginning and a later end");
    }
    return SVMS_OK;
}

/* J-APP-1: members in the order of their names. */
static svms_status put_request(svms_builder *out, const svms_approval_request *request,
                               svms_error *err)
{
    svms_json_open(out, NULL, '{');
    svms_json_put_text(out, "action", request->action);
    svms_claim_put_list(out, "devices", request->devices, request->device_count);
    if (request->from_utc_ns != SVMS_NO_TIME) {
        svms_json_put_time(out, "from", request->from_utc_ns);
    }
    svms_status status =
        svms_claim_put_bytes(out, "nonce", request->nonce, sizeof request->nonce, err);
    if (request->parameters) {
        svms_json_put_text(out, "parameters", request->parameters);
    }
    svms_claim_put_list(out, "recipients", request->recipients, request->recipient_count);
    if (request->to_utc_ns != SVMS_NO_TIME) {
        svms_json_put_time(out, "to", request->to_utc_ns);
    }
    svms_json_close(out, '}');
    return status == SVMS_OK ? svms_builder_check(out, "the request", err) : status;
}

svms_status svms_approval_hash(svms_ctx *ctx, const svms_approval_request *request, uint8_t out[32],
                               svms_error *err)
{
    svms_approval_request read = SVMS_APPROVAL_REQUEST_INIT;
    if (!ctx || !request || !out) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status =
        svms_options_read(&read, sizeof read, request, "svms_approval_request", err);
    if (status == SVMS_OK) {
        status = check_request(&read, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_builder text = svms_builder_new(ctx, REQUEST_MAX);
    status = put_request(&text, &read, err);
    if (status == SVMS_OK) {
        svms_iovec run = { text.data, text.size };
        status = svms_sha256(ctx, &run, 1, out, err);
    }
    svms_builder_clear(&text);
    return status;
}

static svms_status put_approval(svms_builder *out, const svms_token_claims *claims,
                                const uint8_t *request_hash, const uint8_t *token_sha256,
                                svms_error *err)
{
    svms_json_open(out, NULL, '{');
    svms_json_put_text(out, "iss", claims->issuer);
    svms_json_put_text(out, "sub", claims->subject);
    svms_json_put_text(out, "aud", claims->audience);
    svms_status status = svms_claim_put_id(out, err);
    if (status == SVMS_OK) {
        status = svms_claim_put_times(out, claims, err);
    }
    svms_claim_put_list(out, "amr", claims->methods, claims->method_count);
    if (status == SVMS_OK) {
        status = svms_claim_put_bytes(out, "req", request_hash, DIGEST_SIZE, err);
    }
    if (status == SVMS_OK) {
        status = svms_claim_put_bytes(out, "ath", token_sha256, DIGEST_SIZE, err);
    }
    svms_json_close(out, '}');
    return status == SVMS_OK ? svms_builder_check(out, "the approval", err) : status;
}

static svms_status check_claims(const svms_token_claims *claims, svms_error *err)
{
    if (!svms_claim_is_text(claims->issuer) || !svms_claim_is_text(claims->subject) ||
        !svms_claim_is_text(claims->audience)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "an approval names its issuer, who approves, and one server");
    }
    if (claims->life_s == 0 || claims->life_s > SVMS_APPROVAL_LIFE_MAX ||
        claims->method_count > SVMS_METHODS_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "an approval lives 1 to %d seconds",
                         SVMS_APPROVAL_LIFE_MAX);
    }
    for (size_t i = 0; i < claims->method_count; i++) {
        if (!claims->methods || !svms_claim_is_text(claims->methods[i])) {
            return svms_fail(err, SVMS_E_USAGE, "a method has 1 to %d bytes", SVMS_CLAIM_MAX);
        }
    }
    return SVMS_OK;
}

svms_status svms_approval_issue(svms_ctx *ctx, const svms_token_claims *claims,
                                const uint8_t *request_hash, const char *token, size_t token_size,
                                const svms_private_key *key, svms_token_algorithm algorithm,
                                const char *kid, char *out, size_t *size, svms_error *err)
{
    svms_token_claims read = SVMS_TOKEN_CLAIMS_INIT;
    svms_jws_signer signer = { key, algorithm, kid, "svms-approval+jwt" };
    char thumbprint[SVMS_THUMBPRINT_SIZE];
    uint8_t token_sha256[SVMS_DIGEST_SIZE];
    svms_iovec run = { token, token_size };
    if (!ctx || !claims || !request_hash || !token || !key || !size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_options_read(&read, sizeof read, claims, "svms_token_claims", err);
    if (status == SVMS_OK) {
        status = check_claims(&read, err);
    }
    if (status == SVMS_OK) {
        status = svms_sha256(ctx, &run, 1, token_sha256, err);
    }
    if (status == SVMS_OK) {
        status = svms_token_signer_settle(&signer, ctx, thumbprint, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_builder payload = svms_builder_new(ctx, SVMS_JWS_MAX);
    status = put_approval(&payload, &read, request_hash, token_sha256, err);
    if (status == SVMS_OK) {
        status = svms_token_seal(&payload, &signer, out, size, err);
    }
    svms_builder_clear(&payload);
    return status;
}

/* Neither the one who asks, nor anybody through whom he does. */
static bool is_somebody_else(const svms_token *approval, const svms_token *asking)
{
    if (!asking->subject || strcmp(approval->subject, asking->subject) == 0) {
        return false;
    }
    for (size_t i = 0; i < asking->actor_count; i++) {
        if (strcmp(approval->subject, asking->actors[i]) == 0) {
            return false;
        }
    }
    return true;
}

/* J-APP-3 */
static svms_status compare(const svms_token *approval, const svms_token *asking,
                           const uint8_t *request_hash, svms_token_verdict *verdict,
                           svms_error *err)
{
    *verdict = SVMS_TOKEN_APPROVAL;
    if (!svms_equal_secret(approval->request_hash, request_hash, DIGEST_SIZE)) {
        return svms_fail(err, SVMS_E_POLICY, "the approval is of another request");
    }
    if (!svms_equal_secret(approval->asking_sha256, asking->sha256, DIGEST_SIZE)) {
        return svms_fail(err, SVMS_E_POLICY, "the approval is for another login");
    }
    if (!is_somebody_else(approval, asking)) {
        return svms_fail(err, SVMS_E_POLICY, "nobody approves what he asks for himself");
    }
    return SVMS_OK;
}

svms_status svms_approval_check(svms_token **out, svms_token_verifier *verifier, const char *text,
                                size_t size, const svms_token *asking, const uint8_t *request_hash,
                                const svms_token_question *question, svms_token_verdict *verdict,
                                svms_error *err)
{
    svms_token *approval = NULL;
    if (!out || !verifier || !text || !asking || !request_hash || !verdict ||
        verifier->rules.profile != SVMS_TOKEN_APPROVING) {
        return svms_fail(
            err, SVMS_E_USAGE,
            "an approval is checked by a verifier of approvals, with what it approves");
    }
    svms_status status =
        svms_token_examine(&approval, verifier, text, size, question, verdict, err);
    if (status == SVMS_OK) {
        status = compare(approval, asking, request_hash, verdict, err);
    }
    if (status == SVMS_OK) {
        status = svms_token_take(approval, verifier, question, verdict, err);
    }
    if (status == SVMS_OK) {
        *out = approval;
    } else {
        svms_token_free(&approval);
    }
    return status;
}
