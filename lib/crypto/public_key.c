/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/key.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "failure.h"
#include "key_internal.h"
#include "known_answer.h"
#include "pem.h"

struct svms_public_key {
    svms_ctx *ctx;
    EVP_PKEY *pkey;
    svms_key_kind kind;
};

EVP_PKEY *svms_public_key_evp(const svms_public_key *key)
{
    return key ? key->pkey : NULL;
}

svms_key_kind svms_public_key_kind(const svms_public_key *key)
{
    return key->kind;
}

svms_status svms_public_key_id(const svms_public_key *key, uint8_t out[SVMS_DIGEST_SIZE],
                               svms_error *err)
{
    if (!key) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "keys of that kind are not supported here");
    }
    return svms_key_identify(key->ctx, key->pkey, out, err);
}

svms_status svms_public_key_from_evp(svms_public_key **out, svms_ctx *ctx, EVP_PKEY *pkey,
                                     svms_error *err)
{
    svms_key_kind kind;
    if (!out || !ctx || !pkey) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_key_kind_of(ctx, pkey, &kind, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_key_check_public(ctx, pkey, kind, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_public_key *key = svms_alloc(ctx, sizeof *key);
    if (!key) {
        return svms_fail_memory(err);
    }
    key->ctx = ctx;
    key->kind = kind;
    key->pkey = svms_key_canonical(pkey, kind);
    if (!key->pkey) {
        svms_public_key_free(&key);
        return svms_fail_crypto(err, "cannot take the public key");
    }
    *out = key;
    return SVMS_OK;
}

static EVP_PKEY *decode_certificate(svms_ctx *ctx, const svms_pem_block *block)
{
    const uint8_t *end = block->der;
    X509 *certificate = X509_new_ex(svms_ossl_context(ctx), svms_ossl_properties(ctx));
    /* d2i frees and clears what it was given when it fails. */
    EVP_PKEY *pkey = NULL;
    if (certificate && d2i_X509(&certificate, &end, block->size) &&
        end == block->der + block->size) {
        pkey = X509_get_pubkey(certificate);
    }
    X509_free(certificate);
    return pkey;
}

static EVP_PKEY *decode_plain(svms_ctx *ctx, const svms_pem_block *block)
{
    const uint8_t *end = block->der;
    EVP_PKEY *pkey =
        d2i_PUBKEY_ex(NULL, &end, block->size, svms_ossl_context(ctx), svms_ossl_properties(ctx));
    if (pkey && end == block->der + block->size) {
        return pkey;
    }
    EVP_PKEY_free(pkey);
    return NULL;
}

static EVP_PKEY *decode_once(svms_ctx *ctx, const svms_pem_block *block)
{
    return svms_pem_is(block, PEM_STRING_PUBLIC) ? decode_plain(ctx, block)
                                                 : decode_certificate(ctx, block);
}

static svms_key_kind kind_named_by(X509_PUBKEY *info)
{
    ASN1_OBJECT *name = NULL;
    if (!info || X509_PUBKEY_get0_param(&name, NULL, NULL, NULL, info) != 1) {
        return SVMS_KEY_P256;
    }
    switch (OBJ_obj2nid(name)) {
    case NID_rsaEncryption:
    case NID_rsassaPss:
        return SVMS_KEY_RSA;
    case NID_ED25519:
        return SVMS_KEY_ED25519;
    case NID_X25519:
        return SVMS_KEY_X25519;
    default:
        return SVMS_KEY_P256;
    }
}

/* What a key that could not be decoded says it is: the provider may lack just that kind. */
static svms_key_kind claimed_kind(svms_ctx *ctx, const svms_pem_block *block)
{
    OSSL_LIB_CTX *library = svms_ossl_context(ctx);
    const uint8_t *end = block->der;
    svms_key_kind kind = SVMS_KEY_P256;
    if (svms_pem_is(block, PEM_STRING_PUBLIC)) {
        X509_PUBKEY *info = X509_PUBKEY_new_ex(library, svms_ossl_properties(ctx));
        if (info && d2i_X509_PUBKEY(&info, &end, block->size)) {
            kind = kind_named_by(info);
        }
        X509_PUBKEY_free(info);
    } else {
        X509 *certificate = X509_new_ex(library, svms_ossl_properties(ctx));
        if (certificate && d2i_X509(&certificate, &end, block->size)) {
            kind = kind_named_by(X509_get_X509_PUBKEY(certificate));
        }
        X509_free(certificate);
    }
    return kind;
}

/* Whether what could not be decoded is to blame for it. */
static bool is_damaged(svms_ctx *ctx, const svms_pem_block *block)
{
    EVP_PKEY *pkey = decode_once(ctx, block);
    bool again = pkey == NULL;
    EVP_PKEY_free(pkey);
    return again && svms_known_key_is_taken(ctx, claimed_kind(ctx, block));
}

static svms_status decode(svms_public_key **out, svms_ctx *ctx, const svms_pem_block *block,
                          svms_error *err)
{
    EVP_PKEY *pkey = decode_once(ctx, block);
    if (!pkey && !is_damaged(ctx, block)) {
        return svms_fail_crypto(err, "cannot decode the public key");
    }
    ERR_clear_error();
    if (!pkey) {
        return svms_fail(err, SVMS_E_MALFORMED, "the %s is damaged, or its key is of no known kind",
                         svms_pem_is(block, PEM_STRING_PUBLIC) ? "public key" : "certificate");
    }
    svms_status status = svms_public_key_from_evp(out, ctx, pkey, err);
    EVP_PKEY_free(pkey);
    return status;
}

svms_status svms_public_key_from_pem(svms_public_key **out, svms_ctx *ctx, const char *pem,
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
    bool found = false;
    bool private_seen = false;
    while (!found) {
        svms_pem_block block;
        status = svms_pem_next(text, &block, err);
        if (status != SVMS_OK) {
            break;
        }
        found = svms_pem_is(&block, PEM_STRING_PUBLIC) || svms_pem_is(&block, PEM_STRING_X509);
        private_seen = private_seen || svms_pem_is_private(&block);
        if (found) {
            status = decode(out, ctx, &block, err);
        }
        svms_pem_block_clear(&block);
    }
    BIO_free(text);
    if (status == SVMS_END && private_seen) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "the PEM text holds a private key where a public key is needed");
    }
    if (status == SVMS_END) {
        return svms_fail(err, SVMS_E_MALFORMED, "no public key in the PEM text");
    }
    return status;
}

svms_status svms_public_key_to_pem(const svms_public_key *key, char *out, size_t *size,
                                   svms_error *err)
{
    if (!key || !out || !size) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    BIO *text = BIO_new(BIO_s_mem());
    if (!text || PEM_write_bio_PUBKEY_ex(text, key->pkey, svms_ossl_context(key->ctx),
                                         svms_ossl_properties(key->ctx)) != 1) {
        BIO_free(text);
        return svms_fail_crypto(err, "cannot write the public key");
    }
    svms_status status = svms_pem_hand_out(text, "the public key", out, size, err);
    BIO_free(text);
    return status;
}

void svms_public_key_free(svms_public_key **key)
{
    if (!key || !*key) {
        return;
    }
    EVP_PKEY_free((*key)->pkey);
    svms_release((*key)->ctx, *key);
    *key = NULL;
}
