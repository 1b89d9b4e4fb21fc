/* SPDX-License-Identifier: Apache-2.0 */
/* A token whose signature has verified, and the rules that it is judged by. */
#ifndef SVMS_TOKEN_INTERNAL_H
#define SVMS_TOKEN_INTERNAL_H

#include "jws.h"
#include "rule_read.h"

#define SVMS_ISSUER_MAX 256
#define SVMS_CLAIM_MAX 256
#define SVMS_METHODS_MAX 16
#define SVMS_ACTORS_MAX 4
#define SVMS_TOKEN_ROLES_MAX 64
#define SVMS_RIGHTS_MAX 64

struct svms_token {
    svms_ctx *ctx;
    svms_json_document document; /* the payload; all texts are its own */
    svms_token_profile profile;
    const char *issuer;
    const char *subject;
    const char *id;
    const char *client;
    const char *session;
    int64_t issued_s; /* seconds since 1970; -1: absent */
    int64_t expires_s;
    int64_t not_before_s;
    int64_t authenticated_s;
    size_t method_count;
    const char *methods[SVMS_METHODS_MAX];
    size_t role_count;
    const char *roles[SVMS_TOKEN_ROLES_MAX];
    size_t actor_count;
    const char *actors[SVMS_ACTORS_MAX];
    bool is_bound;
    uint8_t certificate_sha256[32];
    uint8_t sha256[32]; /* of the token as it came */
    /* Of an approval: what it is about. */
    uint8_t request_hash[32];
    uint8_t asking_sha256[32];
    size_t right_count;
    svms_rule *rights;
};

/* What claims are judged by. */
typedef struct svms_claim_rules {
    const svms_token_rules *rules;
    const char *issuer; /* whose key it was */
    bool is_exchanger;
    const uint8_t *certificate_sha256; /* or NULL */
    int64_t now_s;
} svms_claim_rules;

/* Without using it up: whether it was used is asked after everything else. */
SVMS_MUST_CHECK svms_status svms_token_examine(svms_token **out, svms_token_verifier *verifier,
                                               const char *text, size_t size,
                                               const svms_token_question *question,
                                               svms_token_verdict *verdict, svms_error *err);
/* Revocation and replay. */
SVMS_MUST_CHECK svms_status svms_token_take(svms_token *token, svms_token_verifier *verifier,
                                            const svms_token_question *question,
                                            svms_token_verdict *verdict, svms_error *err);

/* Whether an element of authorization_details is a right of this project; those of another type are
 * other servers' business. */
bool svms_right_is_ours(const svms_json_node *right);

/* Rights that somebody wants in a token; their texts are the document's. */
typedef struct svms_rights {
    svms_ctx *ctx;
    svms_json_document document;
    size_t count;
    svms_rule *rules;
} svms_rights;

/* A JSON array of rights, of which every condition is understood. SVMS_E_MALFORMED. */
SVMS_MUST_CHECK svms_status svms_rights_read(svms_rights *out, svms_ctx *ctx, const char *json,
                                             size_t size, svms_error *err);
void svms_rights_clear(svms_rights *rights);
/* Whether svms_rights_read() takes them. */
SVMS_MUST_CHECK svms_status svms_rights_check(svms_ctx *ctx, const char *json, size_t size,
                                              svms_error *err);

/* Whether rights let through no more than those of a token (J-EXC-2). SVMS_E_POLICY. */
SVMS_MUST_CHECK svms_status svms_rights_narrow(const svms_rights *rights, const svms_token *token,
                                               svms_error *err);

/* Claims of a token that is to be. Text: 1 to SVMS_CLAIM_MAX bytes of UTF-8. */
bool svms_claim_is_text(const char *text);
SVMS_MUST_CHECK svms_status svms_claim_put_binding(svms_builder *out, const uint8_t *digest,
                                                   svms_error *err);
SVMS_MUST_CHECK svms_status svms_claim_put_bytes(svms_builder *out, const char *name,
                                                 const uint8_t *bytes, size_t size,
                                                 svms_error *err);
SVMS_MUST_CHECK svms_status svms_claim_put_id(svms_builder *out, svms_error *err);
SVMS_MUST_CHECK svms_status svms_claim_put_times(svms_builder *out, const svms_token_claims *claims,
                                                 svms_error *err);
void svms_claim_put_list(svms_builder *out, const char *name, const char *const *texts,
                         size_t count);
SVMS_MUST_CHECK svms_status svms_token_seal(const svms_builder *payload,
                                            const svms_jws_signer *signer, char *out, size_t *size,
                                            svms_error *err);

/* Reads the claims of token->document and judges them. Any status but SVMS_OK: *verdict says which.
 */
SVMS_MUST_CHECK svms_status svms_claims_read(svms_token *token, const svms_claim_rules *rules,
                                             svms_token_verdict *verdict, svms_error *err);

#endif
