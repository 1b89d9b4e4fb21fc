/* SPDX-License-Identifier: Apache-2.0 */
/* OCSP responses, in a store and stapled, and a path that they speak about. */
#include <stdint.h>
#include <stdlib.h>

#include <openssl/pem.h>

#include "fuzz_revocation_chain.h"
#include "purpose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(BIO *text, const uint8_t *der, size_t size)
{
    if (PEM_write_bio(text, PEM_STRING_X509, "", der, (long)size) <= 0) {
        abort();
    }
}

static svms_chain *make_chain(svms_ctx *ctx)
{
    svms_chain *chain = NULL;
    char *pem = NULL;
    BIO *text = BIO_new(BIO_s_mem());
    put(text, recorder_der, sizeof recorder_der);
    put(text, issuing_der, sizeof issuing_der);
    long length = BIO_get_mem_data(text, &pem);
    if (svms_chain_from_pem(&chain, ctx, pem, (size_t)length, NULL) != SVMS_OK) {
        abort();
    }
    BIO_free(text);
    return chain;
}

static svms_status make_trust(svms_trust **out, svms_ctx *ctx, const uint8_t *data, size_t size)
{
    svms_trust_options options = SVMS_TRUST_OPTIONS_INIT;
    const void *responses[] = { data };
    char *pem = NULL;
    BIO *text = BIO_new(BIO_s_mem());
    put(text, root_der, sizeof root_der);
    options.anchors_size = (size_t)BIO_get_mem_data(text, &pem);
    options.anchors = pem;
    if (data) {
        options.ocsp = responses;
        options.ocsp_sizes = &size;
        options.ocsp_count = 1;
    }
    svms_status status = svms_trust_new(out, ctx, &options, NULL);
    BIO_free(text);
    return status;
}

/* Without a response the chain is trusted: it must be revoked, or still be. */
static void check(const svms_trust *trust, const svms_chain *chain)
{
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    question.role = SVMS_ROLE_RECORDER;
    question.from_utc_ns = CHAIN_NOW;
    question.to_utc_ns = CHAIN_NOW;
    question.now_utc_ns = CHAIN_NOW;
    svms_status status = svms_identity_check(trust, chain, &question, &result, NULL);
    if (status != (result.revocation == SVMS_REVOCATION_REVOKED ? SVMS_E_UNTRUSTED : SVMS_OK)) {
        abort();
    }
}

/* The recorder is no TLS server: it is never trusted as one, whatever is stapled. */
static void check_stapled(const svms_trust *trust, const svms_chain *chain, const uint8_t *data,
                          size_t size)
{
    bool stapled = true;
    svms_purpose_question question = { .purpose = SVMS_PURPOSE_TLS_SERVER,
                                       .now_utc_ns = CHAIN_NOW,
                                       .staple = data,
                                       .staple_size = size,
                                       .stapled = &stapled };
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_status status = svms_purpose_check(trust, chain, &question, &result, NULL);
    if (status != SVMS_E_UNTRUSTED || stapled) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svms_ctx *ctx = NULL;
    svms_trust *trust = NULL;
    svms_trust *plain = NULL;
    if (size == 0 || svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        return 0;
    }
    svms_chain *chain = make_chain(ctx);
    if (make_trust(&trust, ctx, data, size) == SVMS_OK) {
        check(trust, chain);
    }
    if (make_trust(&plain, ctx, NULL, 0) == SVMS_OK) {
        check_stapled(plain, chain, data, size);
    }
    svms_trust_free(&plain);
    svms_trust_free(&trust);
    svms_chain_free(&chain);
    svms_ctx_free(&ctx);
    return 0;
}
