/* SPDX-License-Identifier: Apache-2.0 */
/* In place of all that reads JSON, where the library is built with -Djansson=disabled. */
#include <svms/policy.h>

#include "failure.h"

static svms_status unsupported(svms_error *err)
{
    return svms_fail(err, SVMS_E_UNSUPPORTED, "this library was built without Jansson");
}

svms_status svms_public_key_from_jwk(svms_public_key **out, svms_ctx *ctx, const char *json,
                                     size_t size, svms_error *err)
{
    (void)out;
    (void)ctx;
    (void)json;
    (void)size;
    return unsupported(err);
}

svms_status svms_private_key_from_jwk(svms_private_key **out, svms_ctx *ctx, const char *json,
                                      size_t size, svms_error *err)
{
    (void)out;
    (void)ctx;
    (void)json;
    (void)size;
    return unsupported(err);
}

svms_status svms_keyset_from_jwks(svms_keyset **out, svms_ctx *ctx, const char *json, size_t size,
                                  svms_error *err)
{
    (void)out;
    (void)ctx;
    (void)json;
    (void)size;
    return unsupported(err);
}

size_t svms_keyset_count(const svms_keyset *keyset)
{
    (void)keyset;
    return 0;
}

void svms_keyset_free(svms_keyset **keyset)
{
    (void)keyset;
}

svms_status svms_token_verify(svms_token **out, svms_token_verifier *verifier, const char *text,
                              size_t size, const svms_token_question *question,
                              svms_token_verdict *verdict, svms_error *err)
{
    (void)out;
    (void)verifier;
    (void)text;
    (void)size;
    (void)question;
    (void)verdict;
    return unsupported(err);
}

void svms_token_free(svms_token **token)
{
    (void)token;
}

svms_status svms_token_describe(const svms_token *token, svms_token_info *out, svms_error *err)
{
    (void)token;
    (void)out;
    return unsupported(err);
}

const char *svms_token_method(const svms_token *token, size_t index)
{
    (void)token;
    (void)index;
    return NULL;
}

const char *svms_token_role(const svms_token *token, size_t index)
{
    (void)token;
    (void)index;
    return NULL;
}

const char *svms_token_actor(const svms_token *token, size_t index)
{
    (void)token;
    (void)index;
    return NULL;
}

svms_status svms_policy_read(svms_policy **out, svms_ctx *ctx, const char *json, size_t size,
                             const svms_policy_options *options, svms_error *err)
{
    (void)out;
    (void)ctx;
    (void)json;
    (void)size;
    (void)options;
    return unsupported(err);
}

uint64_t svms_policy_revision(const svms_policy *policy)
{
    (void)policy;
    return 0;
}

void svms_policy_free(svms_policy **policy)
{
    (void)policy;
}

const char *svms_access_reason_words(svms_access_reason reason)
{
    (void)reason;
    return "unknown";
}

const char *svms_access_reason_name(svms_access_reason reason)
{
    (void)reason;
    return "unknown";
}

svms_status svms_access_explain(const svms_policy *policy, const svms_token *token,
                                const svms_access_question *question, char *out, size_t *size,
                                svms_error *err)
{
    (void)policy;
    (void)token;
    (void)question;
    (void)out;
    (void)size;
    return unsupported(err);
}

svms_status svms_access_decide(const svms_policy *policy, const svms_token *token,
                               const svms_access_question *question, svms_decision *out,
                               svms_error *err)
{
    (void)policy;
    (void)token;
    (void)question;
    (void)out;
    return unsupported(err);
}

svms_status svms_token_issue(svms_ctx *ctx, const svms_token_claims *claims,
                             const svms_private_key *key, svms_token_algorithm algorithm,
                             const char *kid, char *out, size_t *size, svms_error *err)
{
    (void)ctx;
    (void)claims;
    (void)key;
    (void)algorithm;
    (void)kid;
    (void)out;
    (void)size;
    return unsupported(err);
}

svms_status svms_token_exchange(svms_ctx *ctx, const svms_token *token,
                                const svms_exchange *exchange, const svms_private_key *key,
                                svms_token_algorithm algorithm, const char *kid, char *out,
                                size_t *size, svms_error *err)
{
    (void)ctx;
    (void)token;
    (void)exchange;
    (void)key;
    (void)algorithm;
    (void)kid;
    (void)out;
    (void)size;
    return unsupported(err);
}

svms_status svms_revocations_write(svms_revocations *list, char *out, size_t *size, svms_error *err)
{
    (void)list;
    (void)out;
    (void)size;
    return unsupported(err);
}

svms_status svms_revocations_merge(svms_revocations *list, const char *json, size_t size,
                                   svms_error *err)
{
    (void)list;
    (void)json;
    (void)size;
    return unsupported(err);
}

svms_status svms_approval_hash(svms_ctx *ctx, const svms_approval_request *request, uint8_t out[32],
                               svms_error *err)
{
    (void)ctx;
    (void)request;
    (void)out;
    return unsupported(err);
}

svms_status svms_approval_issue(svms_ctx *ctx, const svms_token_claims *claims,
                                const uint8_t *request_hash, const char *token, size_t token_size,
                                const svms_private_key *key, svms_token_algorithm algorithm,
                                const char *kid, char *out, size_t *size, svms_error *err)
{
    (void)ctx;
    (void)claims;
    (void)request_hash;
    (void)token;
    (void)token_size;
    (void)key;
    (void)algorithm;
    (void)kid;
    (void)out;
    (void)size;
    return unsupported(err);
}

svms_status svms_approval_check(svms_token **out, svms_token_verifier *verifier, const char *text,
                                size_t size, const svms_token *asking, const uint8_t *request_hash,
                                const svms_token_question *question, svms_token_verdict *verdict,
                                svms_error *err)
{
    (void)out;
    (void)verifier;
    (void)text;
    (void)size;
    (void)asking;
    (void)request_hash;
    (void)question;
    (void)verdict;
    return unsupported(err);
}
