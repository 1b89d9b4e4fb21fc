/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <svms/time.h>

#include "base64.h"
#include "failure.h"
#include "json_put.h"
#include "options.h"
#include "token_internal.h"

#define LIFE_MAX 31622400u
#define ID_SIZE 16
#define DIGEST_SIZE 32

static bool are_texts(const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!texts || !svms_claim_is_text(texts[i])) {
            return false;
        }
    }
    return true;
}

static svms_status check(const svms_token_claims *claims, svms_error *err)
{
    bool is_access = claims->profile == SVMS_TOKEN_ACCESS;
    if (!is_access && claims->profile != SVMS_TOKEN_ONVIF) {
        return svms_fail(err, SVMS_E_USAGE, "%d is no kind of token", (int)claims->profile);
    }
    if (!svms_claim_is_text(claims->issuer) || !svms_claim_is_text(claims->audience) ||
        !svms_claim_is_text(claims->subject)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a token names its issuer, its audience and its subject, in 1 to %d bytes",
                         SVMS_CLAIM_MAX);
    }
    if ((is_access || claims->client) && !svms_claim_is_text(claims->client)) {
        return svms_fail(err, SVMS_E_USAGE, "an access token names its client, in 1 to %d bytes",
                         SVMS_CLAIM_MAX);
    }
    if (claims->session && !svms_claim_is_text(claims->session)) {
        return svms_fail(err, SVMS_E_USAGE, "the name of a session has 1 to %d bytes",
                         SVMS_CLAIM_MAX);
    }
    if (claims->life_s == 0 || claims->life_s > LIFE_MAX || claims->reserved != 0) {
        return svms_fail(err, SVMS_E_USAGE, "a token lives 1 to %u seconds", LIFE_MAX);
    }
    if (claims->method_count > SVMS_METHODS_MAX || claims->role_count > SVMS_TOKEN_ROLES_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "more methods or roles than a token may name");
    }
    if (!are_texts(claims->methods, claims->method_count) ||
        !are_texts(claims->roles, claims->role_count)) {
        return svms_fail(err, SVMS_E_USAGE, "a method or a role has 1 to %d bytes", SVMS_CLAIM_MAX);
    }
    if (claims->rights && !is_access) {
        return svms_fail(err, SVMS_E_USAGE, "only access tokens hold rights");
    }
    return SVMS_OK;
}

void svms_claim_put_list(svms_builder *out, const char *name, const char *const *texts,
                         size_t count)
{
    if (count == 0) {
        return;
    }
    svms_json_open(out, name, '[');
    for (size_t i = 0; i < count; i++) {
        svms_json_put_text(out, NULL, texts[i]);
    }
    svms_json_close(out, ']');
}

svms_status svms_claim_put_bytes(svms_builder *out, const char *name, const uint8_t *bytes,
                                 size_t size, svms_error *err)
{
    svms_builder text = svms_builder_new(out->ctx, SVMS_CLAIM_MAX);
    svms_put_base64url(&text, bytes, size);
    svms_put_u8(&text, 0);
    svms_status status = svms_builder_check(&text, "a claim", err);
    if (status == SVMS_OK) {
        svms_json_put_text(out, name, (const char *)text.data);
    }
    svms_builder_clear(&text);
    return status;
}

svms_status svms_claim_put_id(svms_builder *out, svms_error *err)
{
    uint8_t id[ID_SIZE];
    svms_status status = svms_random(out->ctx, id, sizeof id, err);
    return status == SVMS_OK ? svms_claim_put_bytes(out, "jti", id, sizeof id, err) : status;
}

svms_status svms_claim_put_times(svms_builder *out, const svms_token_claims *claims,
                                 svms_error *err)
{
    int64_t now_ns =
        claims->now_utc_ns == SVMS_NO_TIME ? svms_utc_now(out->ctx) : claims->now_utc_ns;
    if (now_ns < 0) {
        return svms_fail(err, SVMS_E_USAGE, "no token is issued before 1970");
    }
    uint64_t now_s = (uint64_t)svms_floor_seconds(now_ns);
    svms_json_put_number(out, "iat", now_s);
    svms_json_put_number(out, "nbf", now_s);
    svms_json_put_number(out, "exp", now_s + claims->life_s);
    if (claims->authenticated_utc_ns != SVMS_NO_TIME && claims->authenticated_utc_ns >= 0) {
        svms_json_put_number(out, "auth_time",
                             (uint64_t)svms_floor_seconds(claims->authenticated_utc_ns));
    }
    return SVMS_OK;
}

static svms_status put_rights(svms_builder *out, const svms_token_claims *claims, svms_error *err)
{
    static const char name[] = "authorization_details";
    if (!claims->rights) {
        return SVMS_OK;
    }
    svms_status status = svms_rights_check(out->ctx, claims->rights, claims->rights_size, err);
    if (status == SVMS_OK) {
        svms_json_put_raw(out, name, claims->rights, claims->rights_size);
    }
    return status;
}

svms_status svms_claim_put_binding(svms_builder *out, const uint8_t *digest, svms_error *err)
{
    if (!digest) {
        return SVMS_OK;
    }
    svms_json_open(out, "cnf", '{');
    svms_status status = svms_claim_put_bytes(out, "x5t#S256", digest, DIGEST_SIZE, err);
    svms_json_close(out, '}');
    return status;
}

static svms_status put_payload(svms_builder *out, const svms_token_claims *claims, svms_error *err)
{
    svms_json_open(out, NULL, '{');
    svms_json_put_text(out, "iss", claims->issuer);
    svms_json_put_text(out, "sub", claims->subject);
    svms_json_put_text(out, "aud", claims->audience);
    if (claims->client) {
        svms_json_put_text(out, "client_id", claims->client);
    }
    if (claims->session) {
        svms_json_put_text(out, "sid", claims->session);
    }
    svms_status status = svms_claim_put_id(out, err);
    if (status == SVMS_OK) {
        status = svms_claim_put_times(out, claims, err);
    }
    svms_claim_put_list(out, "amr", claims->methods, claims->method_count);
    svms_claim_put_list(out, "roles", claims->roles, claims->role_count);
    if (status == SVMS_OK) {
        status = svms_claim_put_binding(out, claims->certificate_sha256, err);
    }
    if (status == SVMS_OK) {
        status = put_rights(out, claims, err);
    }
    svms_json_close(out, '}');
    return status == SVMS_OK ? svms_builder_check(out, "the token", err) : status;
}

svms_status svms_token_seal(const svms_builder *payload, const svms_jws_signer *signer, char *out,
                            size_t *size, svms_error *err)
{
    svms_builder text = svms_builder_new(payload->ctx, SVMS_JWS_MAX);
    svms_status status = svms_jws_put(&text, signer, payload->data, payload->size, err);
    if (status == SVMS_OK) {
        status = svms_builder_hand_out(&text, "the token", out, size, err);
    }
    svms_builder_clear(&text);
    return status;
}

svms_status svms_token_issue(svms_ctx *ctx, const svms_token_claims *claims,
                             const svms_private_key *key, svms_token_algorithm algorithm,
                             const char *kid, char *out, size_t *size, svms_error *err)
{
    svms_token_claims read = SVMS_TOKEN_CLAIMS_INIT;
    char thumbprint[SVMS_THUMBPRINT_SIZE];
    svms_jws_signer signer = { key, algorithm, kid, NULL };
    if (!ctx || !claims || !key || !size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_options_read(&read, sizeof read, claims, "svms_token_claims", err);
    if (status == SVMS_OK) {
        status = check(&read, err);
    }
    if (status == SVMS_OK) {
        status = svms_token_signer_settle(&signer, ctx, thumbprint, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    signer.type = read.profile == SVMS_TOKEN_ACCESS ? "at+jwt" : "JWT";
    svms_builder payload = svms_builder_new(ctx, SVMS_JWS_MAX);
    status = put_payload(&payload, &read, err);
    if (status == SVMS_OK) {
        status = svms_token_seal(&payload, &signer, out, size, err);
    }
    svms_builder_clear(&payload);
    return status;
}
