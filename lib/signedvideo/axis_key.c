/* SPDX-License-Identifier: Apache-2.0 */
#include "axis_key.h"

#include <string.h>

#include "axis_attestation.h"
#include "certificate.h"
#include "failure.h"
#include "key_internal.h"

#define TEXT_MAX ((size_t)3 * UINT16_MAX)

svms_status svms_axis_key_text(svms_builder *out, svms_ctx *ctx,
                               const svms_camera_document *document, svms_error *err)
{
    const svms_camera_text *pieces[] = { &document->public_pem, &document->attestation,
                                         &document->maker_pem };
    *out = svms_builder_new(ctx, TEXT_MAX);
    svms_put_u8(out, UINT8_MAX); /* no PEM begins like that */
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        svms_put_u32(out, (uint32_t)pieces[i]->size);
        if (pieces[i]->size > 0) {
            svms_put_bytes(out, pieces[i]->data, pieces[i]->size);
        }
    }
    return svms_builder_check(out, "what a SEI says of a key", err);
}

/* The leaf's own key, byte for byte. */
static svms_status is_leafs(const svms_chain *chain, const svms_public_key *key, bool *is_same,
                            svms_error *err)
{
    uint8_t of_leaf[SVMS_DIGEST_SIZE];
    uint8_t of_key[SVMS_DIGEST_SIZE] = { 0 };
    *is_same = false;
    if (!svms_chain_leaf_key(chain)) {
        return SVMS_OK; /* of a kind that no key of its own can be */
    }
    svms_status status = svms_public_key_id(svms_chain_leaf_key(chain), of_leaf, err);
    if (status == SVMS_OK) {
        status = svms_public_key_id(key, of_key, err);
    }
    *is_same = status == SVMS_OK && memcmp(of_leaf, of_key, sizeof of_leaf) == 0;
    return status;
}

/* Do the certificates speak for the key? */
static svms_status check_bond(svms_ctx *ctx, svms_camera_hasher *hasher, const svms_chain *chain,
                              const svms_public_key *key, const svms_camera_document *document,
                              bool *is_bound, svms_error *err)
{
    if (!key) {
        *is_bound = true; /* it is the leaf's */
        return SVMS_OK;
    }
    if (document->attestation.size == 0) {
        return is_leafs(chain, key, is_bound, err);
    }
    return svms_axis_attestation_check(ctx, hasher, chain, key, &document->attestation, is_bound,
                                       err);
}

svms_status svms_axis_key_new(svms_camera_key **out, svms_ctx *ctx, svms_camera_hasher *hasher,
                              const svms_camera_document *document, const svms_camera_text *text,
                              svms_error *err)
{
    svms_chain *chain = NULL;
    svms_public_key *key = NULL;
    svms_status status = SVMS_OK;
    if (document->public_pem.data) {
        status = svms_public_key_from_pem(&key, ctx, (const char *)document->public_pem.data,
                                          document->public_pem.size, err);
    }
    if (status == SVMS_OK && document->maker_pem.data) {
        status = svms_camera_chain_read(&chain, ctx, &document->maker_pem, err);
    }
    if (status == SVMS_OK && chain) {
        bool is_bound = false;
        status = check_bond(ctx, hasher, chain, key, document, &is_bound, err);
        if (status == SVMS_OK && !is_bound) {
            svms_chain_free(&chain);
        }
    }
    if (status == SVMS_OK) {
        status = svms_camera_key_of(out, ctx, &chain, &key, text, err);
    }
    svms_chain_free(&chain);
    svms_public_key_free(&key);
    return status;
}
