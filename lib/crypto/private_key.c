/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/key.h>

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include "failure.h"
#include "key_internal.h"
#include "known_answer.h"
#include "pem.h"
#include "private_key.h"
#include "scheme.h"
#include "wrap.h"

struct svms_private_key {
    svms_ctx *ctx;
    EVP_PKEY *pkey; /* NULL behind callbacks */
    svms_key_kind kind;
    /* Of a key that is not in the process: */
    svms_public_key *half;
    char *properties;        /* with a provider */
    svms_external *external; /* behind callbacks */
    uint8_t id[SVMS_DIGEST_SIZE];
};

svms_ctx *svms_private_key_context(const svms_private_key *key)
{
    return key->ctx;
}

EVP_PKEY *svms_private_key_evp(const svms_private_key *key)
{
    return key->pkey;
}

EVP_PKEY *svms_private_key_public_evp(const svms_private_key *key)
{
    return key->half ? svms_public_key_evp(key->half) : key->pkey;
}

bool svms_private_key_is_external(const svms_private_key *key)
{
    return key->half != NULL;
}

const char *svms_private_key_properties(const svms_private_key *key)
{
    return key->properties ? key->properties : svms_ossl_properties(key->ctx);
}

svms_external *svms_private_key_external(const svms_private_key *key)
{
    return key->external;
}

const svms_public_key *svms_private_key_half(const svms_private_key *key)
{
    return key->half;
}

bool svms_private_key_decrypts(const svms_private_key *key)
{
    return !key->external || !svms_external_signs(key->external);
}

svms_key_kind svms_private_key_kind(const svms_private_key *key)
{
    return key->kind;
}

svms_status svms_private_key_id(const svms_private_key *key, uint8_t out[SVMS_DIGEST_SIZE],
                                svms_error *err)
{
    return svms_key_identify(key->ctx, svms_private_key_public_evp(key), out, err);
}

svms_status svms_private_key_unwrap(const svms_private_key *key, svms_unwrap_operation operation,
                                    const void *input, size_t input_size, uint8_t *output,
                                    size_t output_size, svms_error *err)
{
    svms_unwrap_message message = {
        .operation = operation, .input = input, .input_size = input_size, .output_size = output_size
    };
    memcpy(message.key_id, key->id, sizeof message.key_id);
    return svms_external_unwrap(key->external, &message, output, err);
}

svms_status svms_private_key_from_evp(svms_private_key **out, svms_ctx *ctx, EVP_PKEY *pkey,
                                      svms_error *err)
{
    svms_key_kind kind;
    svms_status status = svms_key_kind_of(ctx, pkey, &kind, err);
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

/* A public key in memory, out of one that another provider may hold. NULL on failure. */
static EVP_PKEY *copy_public(svms_ctx *ctx, EVP_PKEY *pkey)
{
    uint8_t *der = NULL;
    int size = i2d_PUBKEY(pkey, &der);
    if (size <= 0) {
        return NULL;
    }
    const uint8_t *end = der;
    EVP_PKEY *copy =
        d2i_PUBKEY_ex(NULL, &end, size, svms_ossl_context(ctx), svms_ossl_properties(ctx));
    OPENSSL_free(der);
    return copy;
}

static svms_status hold_with_provider(svms_private_key *key, EVP_PKEY *pkey, svms_error *err)
{
    static const char words[] = "?provider=";
    const OSSL_PROVIDER *provider = EVP_PKEY_get0_provider(pkey);
    const char *name = provider ? OSSL_PROVIDER_get0_name(provider) : NULL;
    if (!name) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "the private key does not belong to a provider");
    }
    size_t size = sizeof words + strlen(name);
    key->properties = svms_alloc(key->ctx, size);
    if (!key->properties) {
        return svms_fail_memory(err);
    }
    snprintf(key->properties, size, "%s%s", words, name);
    EVP_PKEY *half = copy_public(key->ctx, pkey);
    svms_status status =
        half ? svms_public_key_from_evp(&key->half, key->ctx, half, err)
             : svms_fail_crypto(err, "the provider does not give out the public key");
    EVP_PKEY_free(half);
    return status;
}

svms_status svms_private_key_from_provider(svms_private_key **out, svms_ctx *ctx, EVP_PKEY *pkey,
                                           svms_error *err)
{
    svms_private_key *key = NULL;
    svms_status status = svms_private_key_from_evp(&key, ctx, pkey, err);
    if (status != SVMS_OK) {
        return status;
    }
    bool gives = false;
    status = svms_key_gives_private(ctx, pkey, key->kind, &gives, err);
    if (status == SVMS_OK && gives) {
        status = svms_key_check_pair(ctx, key->pkey, key->kind, err);
    } else if (status == SVMS_OK) {
        status = hold_with_provider(key, pkey, err);
    }
    if (status != SVMS_OK) {
        svms_private_key_free(&key);
        return status;
    }
    *out = key;
    return SVMS_OK;
}

/* NULL also when something follows the key. */
static EVP_PKEY *decode_once(svms_ctx *ctx, const svms_pem_block *block)
{
    const uint8_t *end = block->der;
    EVP_PKEY *pkey = d2i_AutoPrivateKey_ex(NULL, &end, block->size, svms_ossl_context(ctx),
                                           svms_ossl_properties(ctx));
    if (pkey && end == block->der + block->size) {
        return pkey;
    }
    EVP_PKEY_free(pkey);
    return NULL;
}

/* Whether what could not be decoded is to blame for it. */
static bool is_damaged(svms_ctx *ctx, const svms_pem_block *block)
{
    EVP_PKEY *pkey = decode_once(ctx, block);
    bool again = pkey == NULL;
    EVP_PKEY_free(pkey);
    return again && svms_known_key_is_taken(ctx, SVMS_KEY_P256);
}

static svms_status decode(svms_private_key **out, svms_ctx *ctx, const svms_pem_block *block,
                          svms_error *err)
{
    if (svms_pem_is_encrypted(block)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the private key is encrypted");
    }
    EVP_PKEY *pkey = decode_once(ctx, block);
    svms_status status;
    if (pkey) {
        status = svms_private_key_from_evp(out, ctx, pkey, err);
    } else if (!is_damaged(ctx, block)) {
        status = svms_fail_crypto(err, "cannot decode the private key");
    } else {
        status =
            svms_fail(err, SVMS_E_MALFORMED, "the private key is damaged, or of no known kind");
    }
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return status;
}

/* Hands the key out once its halves were found to belong together; takes it over. */
static svms_status finish(svms_private_key **out, svms_private_key *key, svms_error *err)
{
    svms_status status = svms_key_check_pair(key->ctx, key->pkey, key->kind, err);
    if (status == SVMS_OK) {
        *out = key;
    } else {
        svms_private_key_free(&key);
    }
    return status;
}

svms_status svms_private_key_from_der(svms_private_key **out, svms_ctx *ctx, uint8_t *der,
                                      size_t size, svms_error *err)
{
    char label[] = PEM_STRING_PKCS8INF;
    char headers[] = "";
    svms_pem_block block = { label, headers, der, (long)size };
    svms_private_key *key = NULL;
    svms_status status = decode(&key, ctx, &block, err);
    return status == SVMS_OK ? finish(out, key, err) : status;
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
    return status == SVMS_OK ? finish(out, key, err) : status;
}

/* Takes external over, also on failure. */
static svms_status from_external(svms_private_key **out, svms_ctx *ctx,
                                 const svms_public_key *public_half, svms_external *external,
                                 svms_error *err)
{
    svms_private_key *key = svms_alloc(ctx, sizeof *key);
    if (!key) {
        svms_external_discard(&external);
        return svms_fail_memory(err);
    }
    key->ctx = ctx;
    key->kind = svms_public_key_kind(public_half);
    key->external = external;
    svms_status status =
        svms_public_key_from_evp(&key->half, ctx, svms_public_key_evp(public_half), err);
    if (status == SVMS_OK) {
        status = svms_public_key_id(key->half, key->id, err);
    }
    if (status != SVMS_OK) {
        svms_external_discard(&key->external);
        svms_private_key_free(&key);
        return status;
    }
    *out = key;
    return SVMS_OK;
}

svms_status svms_private_key_from_signer(svms_private_key **out, svms_ctx *ctx,
                                         const svms_public_key *public_half,
                                         const svms_signer *signer, svms_error *err)
{
    if (!out || !ctx || !public_half || !signer) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_key_kind kind = svms_public_key_kind(public_half);
    if (!svms_scheme_of(kind)) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "%s keys cannot sign", svms_key_kind_name(kind));
    }
    svms_external *external = NULL;
    svms_status status = svms_external_from_signer(&external, ctx, signer, err);
    return status == SVMS_OK ? from_external(out, ctx, public_half, external, err) : status;
}

svms_status svms_private_key_from_unwrapper(svms_private_key **out, svms_ctx *ctx,
                                            const svms_public_key *public_half,
                                            const svms_unwrapper *unwrapper, svms_error *err)
{
    if (!out || !ctx || !public_half || !unwrapper) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (svms_hpke_kem_of_public(public_half) == 0 &&
        svms_rsa_sealed_size_of_public(public_half) == 0) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "%s keys cannot receive, or not with this number of bits",
                         svms_key_kind_name(svms_public_key_kind(public_half)));
    }
    svms_external *external = NULL;
    svms_status status = svms_external_from_unwrapper(&external, ctx, unwrapper, err);
    return status == SVMS_OK ? from_external(out, ctx, public_half, external, err) : status;
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
    if (svms_private_key_is_external(key)) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "the private half of the key is not in the process, so it cannot be "
                         "written");
    }
    /* Memory of such a BIO is wiped when it grows and when it goes. */
    BIO *text = BIO_new(BIO_s_mem());
    if (!text || PEM_write_bio_PKCS8PrivateKey(text, key->pkey, NULL, NULL, 0, NULL, NULL) != 1) {
        BIO_free(text);
        return svms_fail_crypto(err, "cannot write the private key");
    }
    svms_status status = svms_pem_hand_out(text, "the private key", out, size, err);
    BIO_free(text);
    return status;
}

void svms_private_key_free(svms_private_key **key)
{
    if (!key || !*key) {
        return;
    }
    svms_private_key *given = *key;
    *key = NULL;
    EVP_PKEY_free(given->pkey);
    svms_release(given->ctx, given->properties);
    svms_public_key_free(&given->half);
    svms_external_drop(&given->external);
    svms_release(given->ctx, given);
}
