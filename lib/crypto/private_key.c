/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/key.h>

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "failure.h"
#include "key_internal.h"
#include "key_kind.h"
#include "pem.h"

struct svms_private_key {
    svms_ctx *ctx;
    EVP_PKEY *pkey;
    svms_key_kind kind;
};

EVP_PKEY *svms_private_key_evp(const svms_private_key *key)
{
    return key->pkey;
}

svms_key_kind svms_private_key_kind(const svms_private_key *key)
{
    return key->kind;
}

svms_status svms_private_key_id(const svms_private_key *key, uint8_t out[SVMS_DIGEST_SIZE],
                                svms_error *err)
{
    return svms_key_identify(key->ctx, key->pkey, out, err);
}

svms_status svms_private_key_from_evp(svms_private_key **out, svms_ctx *ctx, EVP_PKEY *pkey,
                                      svms_error *err)
{
    svms_key_kind kind;
    svms_status status = svms_key_kind_of(pkey, &kind, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_private_key *key = svms_alloc(ctx, sizeof *key);
    if (!key) {
        return svms_fail_memory(err);
    }
    key->ctx = ctx;
    key->kind = kind;
    key->pkey = svms_key_canonical(pkey, kind);
    if (!key->pkey) {
        svms_private_key_free(&key);
        return svms_fail_crypto(err, "cannot take the private key");
    }
    *out = key;
    return SVMS_OK;
}

static svms_status decode(svms_private_key **out, svms_ctx *ctx, const svms_pem_block *block,
                          svms_error *err)
{
    if (svms_pem_is_encrypted(block)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the private key is encrypted");
    }
    const uint8_t *end = block->der;
    EVP_PKEY *pkey = d2i_AutoPrivateKey_ex(NULL, &end, block->size, svms_ossl_context(ctx),
                                           svms_ossl_properties(ctx));
    svms_status status;
    if (pkey && end == block->der + block->size) {
        status = svms_private_key_from_evp(out, ctx, pkey, err);
    } else if (!pkey && svms_crypto_starved()) {
        status = svms_fail_crypto(err, "cannot decode the private key");
    } else {
        status =
            svms_fail(err, SVMS_E_MALFORMED, "the private key is damaged, or of no known kind");
    }
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return status;
}

svms_status svms_private_key_from_pem(svms_private_key **out, svms_ctx *ctx, const char *pem,
                                      size_t size, svms_error *err)
{
    if (!out || !ctx || !pem) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    BIO *text = NULL;
    svms_status status = svms_pem_open(&text, pem, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_private_key *key = NULL;
    bool found = false;
    while (!found) {
        svms_pem_block block;
        status = svms_pem_next(text, &block, err);
        if (status != SVMS_OK) {
            break;
        }
        found = svms_pem_is_private(&block);
        if (found) {
            status = decode(&key, ctx, &block, err);
        }
        svms_pem_block_clear(&block);
    }
    BIO_free(text);
    if (status == SVMS_END) {
        return svms_fail(err, SVMS_E_MALFORMED, "no private key in the PEM text");
    }
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_key_check_pair(ctx, key->pkey, key->kind, err);
    if (status == SVMS_OK) {
        *out = key;
    } else {
        svms_private_key_free(&key);
    }
    return status;
}

svms_status svms_private_key_generate(svms_private_key **out, svms_ctx *ctx, svms_error *err)
{
    if (!out || !ctx) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    EVP_PKEY *pkey =
        EVP_PKEY_Q_keygen(svms_ossl_context(ctx), svms_ossl_properties(ctx), "EC", "P-256");
    if (!pkey) {
        return svms_fail_crypto(err, "cannot generate a P-256 key");
    }
    svms_status status = svms_private_key_from_evp(out, ctx, pkey, err);
    EVP_PKEY_free(pkey);
    return status;
}

svms_status svms_private_key_to_pem(const svms_private_key *key, char *out, size_t *size,
                                    svms_error *err)
{
    if (!key || !out || !size) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    /* Memory of such a BIO is wiped when it grows and when it goes. */
    BIO *text = BIO_new(BIO_s_mem());
    const char *pem = NULL;
    if (!text || PEM_write_bio_PKCS8PrivateKey(text, key->pkey, NULL, NULL, 0, NULL, NULL) != 1) {
        BIO_free(text);
        return svms_fail_crypto(err, "cannot write the private key");
    }
    size_t length = (size_t)BIO_get_mem_data(text, &pem);
    svms_status status = SVMS_OK;
    if (*size <= length) {
        status = svms_fail(err, SVMS_E_LIMIT, "the private key needs %zu bytes", length + 1);
        *size = length + 1;
    } else {
        memcpy(out, pem, length);
        out[length] = '\0';
        *size = length;
    }
    BIO_free(text);
    ERR_clear_error();
    return status;
}

void svms_private_key_free(svms_private_key **key)
{
    if (!key || !*key) {
        return;
    }
    EVP_PKEY_free((*key)->pkey);
    svms_release((*key)->ctx, *key);
    *key = NULL;
}
