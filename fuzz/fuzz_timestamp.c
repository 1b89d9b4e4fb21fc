/* SPDX-License-Identifier: Apache-2.0 */
/* Time stamp tokens, replies and revocation lists; the first byte says which: 0 token, 1 reply
 * behind its query, 2 list. What the corpus trusts is in fuzz_timestamp_anchor.h;
 * make_timestamp_seeds.sh writes both. */
#include <stdlib.h>
#include <string.h>

#include "fuzz_timestamp_anchor.h"
#include "timestamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW (INT64_C(1893456000) * 1000000000) /* 2030-01-01 */

static svms_trust *anchor(svms_ctx *ctx, const void *crls, size_t size)
{
    svms_trust *trust = NULL;
    svms_status status = svms_trust_from_pem_and_crls(&trust, ctx, fuzz_anchor,
                                                      sizeof fuzz_anchor - 1, crls, size, NULL);
    if (crls == NULL && status != SVMS_OK) {
        abort();
    }
    return trust;
}

/* Only tokens of the corpus are authentic: what is believed must say what its structure says. */
static void check_token(svms_ctx *ctx, const uint8_t *token, size_t size)
{
    svms_token found;
    svms_error err = SVMS_ERROR_INIT;
    svms_timestamp_info info = SVMS_TIMESTAMP_INFO_INIT;
    svms_timestamp_question question = SVMS_TIMESTAMP_QUESTION_INIT;
    question.now_utc_ns = NOW;
    if (svms_token_read(&found, token, size, &err) != SVMS_OK) {
        if (svms_timestamp_attests(token, size, fuzz_digest, NULL) == SVMS_OK) {
            abort();
        }
        return;
    }
    svms_trust *trust = anchor(ctx, NULL, 0);
    svms_status status =
        svms_timestamp_check(trust, token, size, found.imprint, &question, &info, &err);
    if (status == SVMS_OK && (info.gen_time_utc_ns != found.gen_time_utc_ns ||
                              memcmp(found.imprint, fuzz_digest, sizeof fuzz_digest) != 0)) {
        abort();
    }
    svms_trust_free(&trust);
}

static void accept_reply(const uint8_t *data, size_t size)
{
    uint8_t token[4096];
    size_t token_size = sizeof token;
    if (size < SVMS_TIMESTAMP_QUERY_SIZE) {
        return;
    }
    if (svms_timestamp_accept(data, SVMS_TIMESTAMP_QUERY_SIZE, data + SVMS_TIMESTAMP_QUERY_SIZE,
                              size - SVMS_TIMESTAMP_QUERY_SIZE, token, &token_size,
                              NULL) == SVMS_OK) {
        svms_token found;
        if (svms_token_read(&found, token, token_size, NULL) != SVMS_OK) {
            abort();
        }
    }
}

/* The list may revoke the authority of a good token, but not make it trusted by other means. */
static void check_list(svms_ctx *ctx, const uint8_t *list, size_t size)
{
    svms_timestamp_info info = SVMS_TIMESTAMP_INFO_INIT;
    svms_timestamp_question question = SVMS_TIMESTAMP_QUESTION_INIT;
    question.now_utc_ns = NOW;
    svms_trust *trust = anchor(ctx, size == 0 ? (const void *)"" : list, size);
    if (trust == NULL) {
        return;
    }
    svms_status status = svms_timestamp_check(trust, fuzz_token, sizeof fuzz_token, fuzz_digest,
                                              &question, &info, NULL);
    if ((status == SVMS_OK) != (info.verdict == SVMS_IDENTITY_TRUSTED) ||
        (status != SVMS_OK && info.revocation != SVMS_REVOCATION_REVOKED)) {
        abort();
    }
    svms_trust_free(&trust);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    if (size == 0 || (ctx == NULL && svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK)) {
        return 0;
    }
    switch (data[0]) {
    case 0:
        check_token(ctx, data + 1, size - 1);
        break;
    case 1:
        accept_reply(data + 1, size - 1);
        break;
    case 2:
        check_list(ctx, data + 1, size - 1);
        break;
    default:
        break;
    }
    return 0;
}
