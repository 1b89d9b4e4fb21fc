/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 9180, mode base, one message: sequence number 0, so the nonce is the base nonce. */
#include "wrap.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "aead.h"
#include "builder.h"
#include "failure.h"
#include "private_key.h"

#define KEM_P256 0x0010
#define KEM_X25519 0x0020
#define KDF_HKDF_SHA256 0x0001
#define AEAD_AES_256_GCM 0x0002
#define MODE_BASE 0x00

#define DH_SIZE 32
#define ENC_SIZE_MAX SVMS_HPKE_P256_ENC_SIZE

typedef struct suite {
    svms_ctx *ctx;
    uint16_t kem;
    uint8_t kem_id[5];    /* "KEM" || kem */
    uint8_t suite_id[10]; /* "HPKE" || kem || kdf || aead */
} suite;

typedef struct message_keys {
    uint8_t key[SVMS_AEAD_KEY_SIZE];
    uint8_t nonce[SVMS_AEAD_NONCE_SIZE];
} message_keys;

static uint16_t kem_of_kind(svms_key_kind kind)
{
    if (kind == SVMS_KEY_X25519) {
        return KEM_X25519;
    }
    return kind == SVMS_KEY_P256 ? KEM_P256 : 0;
}

uint16_t svms_hpke_kem_of_public(const svms_public_key *key)
{
    return kem_of_kind(svms_public_key_kind(key));
}

uint16_t svms_hpke_kem_of_private(const svms_private_key *key)
{
    return svms_private_key_decrypts(key) ? kem_of_kind(svms_private_key_kind(key)) : 0;
}

size_t svms_hpke_enc_size(uint16_t kem)
{
    if (kem == KEM_X25519) {
        return SVMS_HPKE_X25519_ENC_SIZE;
    }
    return kem == KEM_P256 ? SVMS_HPKE_P256_ENC_SIZE : 0;
}

static suite suite_of(svms_ctx *ctx, uint16_t kem)
{
    suite s = { ctx, kem, "KEM", "HPKE" };
    svms_store_u16(s.kem_id + 3, kem);
    svms_store_u16(s.suite_id + 4, kem);
    svms_store_u16(s.suite_id + 6, KDF_HKDF_SHA256);
    svms_store_u16(s.suite_id + 8, AEAD_AES_256_GCM);
    return s;
}

/* Extract(salt, "HPKE-v1" || id || label || secret), RFC 9180, section 4. */
static svms_status labeled_extract(svms_ctx *ctx, svms_iovec id, svms_iovec salt, const char *label,
                                   svms_iovec secret, uint8_t out[SVMS_DIGEST_SIZE],
                                   svms_error *err)
{
    svms_builder text = svms_builder_new(ctx, SIZE_MAX);
    svms_put_bytes(&text, "HPKE-v1", 7);
    svms_put_bytes(&text, id.data, id.size);
    svms_put_bytes(&text, label, strlen(label));
    svms_put_bytes(&text, secret.data, secret.size);
    svms_status status = svms_builder_check(&text, "an HPKE input", err);
    if (status == SVMS_OK) {
        status = svms_hkdf_extract(ctx, salt.data, salt.size, text.data, text.size, out, err);
    }
    svms_builder_clear(&text);
    return status;
}

/* Expand(prk, size || "HPKE-v1" || id || label || info, size). */
static svms_status labeled_expand(svms_ctx *ctx, svms_iovec id, const uint8_t prk[SVMS_DIGEST_SIZE],
                                  const char *label, svms_iovec info, uint8_t *out, uint16_t size,
                                  svms_error *err)
{
    svms_builder text = svms_builder_new(ctx, SIZE_MAX);
    svms_put_u16(&text, size);
    svms_put_bytes(&text, "HPKE-v1", 7);
    svms_put_bytes(&text, id.data, id.size);
    svms_put_bytes(&text, label, strlen(label));
    svms_put_bytes(&text, info.data, info.size);
    svms_status status = svms_builder_check(&text, "an HPKE input", err);
    if (status == SVMS_OK) {
        status = svms_hkdf_expand(ctx, prk, text.data, text.size, out, size, err);
    }
    svms_builder_clear(&text);
    return status;
}

static bool encode_public(const suite *s, EVP_PKEY *pkey, uint8_t *out)
{
    size_t size = 0;
    return EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, out,
                                           ENC_SIZE_MAX, &size) == 1 &&
           size == svms_hpke_enc_size(s->kem);
}

/* NULL when the bytes are no public key; a P-256 point off the curve is none. */
static EVP_PKEY *decode_public(const suite *s, const uint8_t *enc)
{
    OSSL_LIB_CTX *library = svms_ossl_context(s->ctx);
    const char *properties = svms_ossl_properties(s->ctx);
    if (s->kem == KEM_X25519) {
        return EVP_PKEY_new_raw_public_key_ex(library, "X25519", properties, enc,
                                              SVMS_HPKE_X25519_ENC_SIZE);
    }
    if (enc[0] != 0x04) {
        return NULL;
    }
    char group[] = "P-256";
    uint8_t point[SVMS_HPKE_P256_ENC_SIZE];
    memcpy(point, enc, sizeof point);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_from_name(library, "EC", properties);
    if (state && EVP_PKEY_fromdata_init(state) == 1) {
        EVP_PKEY_fromdata(state, &pkey, EVP_PKEY_PUBLIC_KEY, params);
    }
    EVP_PKEY_CTX_free(state);
    return pkey;
}

static bool is_zero(const uint8_t dh[DH_SIZE])
{
    static const uint8_t zeros[DH_SIZE];
    return svms_equal_secret(dh, zeros, DH_SIZE);
}

/* The peer is validated when it is set (RFC 9180, 7.1.4). */
static bool diffie_hellman(const suite *s, EVP_PKEY *own, const char *properties, EVP_PKEY *peer,
                           uint8_t out[DH_SIZE])
{
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_from_pkey(svms_ossl_context(s->ctx), own, properties);
    size_t size = DH_SIZE;
    bool done = state && EVP_PKEY_derive_init(state) == 1 &&
                EVP_PKEY_derive_set_peer(state, peer) == 1 &&
                EVP_PKEY_derive(state, out, &size) == 1 && size == DH_SIZE;
    EVP_PKEY_CTX_free(state);
    return done && !is_zero(out);
}

/* ExtractAndExpand of the KEM, then the key schedule (RFC 9180, 4.1 and 5.1). */
static svms_status schedule(const suite *s, const uint8_t dh[DH_SIZE], const uint8_t *enc,
                            const uint8_t *recipient, svms_iovec info, message_keys *out,
                            svms_error *err)
{
    svms_iovec none = { NULL, 0 };
    svms_iovec kem_id = { s->kem_id, sizeof s->kem_id };
    svms_iovec suite_id = { s->suite_id, sizeof s->suite_id };
    size_t enc_size = svms_hpke_enc_size(s->kem);
    uint8_t prk[SVMS_DIGEST_SIZE];
    uint8_t shared[SVMS_DIGEST_SIZE];
    uint8_t both_keys[2 * ENC_SIZE_MAX];
    uint8_t context[1 + 2 * SVMS_DIGEST_SIZE] = { MODE_BASE };
    svms_iovec kem_context = { both_keys, 2 * enc_size };
    svms_iovec key_context = { context, sizeof context };
    svms_iovec dh_run = { dh, DH_SIZE };
    svms_iovec shared_run = { shared, sizeof shared };
    memcpy(both_keys, enc, enc_size);
    memcpy(both_keys + enc_size, recipient, enc_size);

    svms_status status = labeled_extract(s->ctx, kem_id, none, "eae_prk", dh_run, prk, err);
    if (status == SVMS_OK) {
        status = labeled_expand(s->ctx, kem_id, prk, "shared_secret", kem_context, shared,
                                sizeof shared, err);
    }
    if (status == SVMS_OK) {
        status = labeled_extract(s->ctx, suite_id, none, "psk_id_hash", none, context + 1, err);
    }
    if (status == SVMS_OK) {
        status = labeled_extract(s->ctx, suite_id, none, "info_hash", info,
                                 context + 1 + SVMS_DIGEST_SIZE, err);
    }
    if (status == SVMS_OK) {
        status = labeled_extract(s->ctx, suite_id, shared_run, "secret", none, prk, err);
    }
    if (status == SVMS_OK) {
        status = labeled_expand(s->ctx, suite_id, prk, "key", key_context, out->key,
                                sizeof out->key, err);
    }
    if (status == SVMS_OK) {
        status = labeled_expand(s->ctx, suite_id, prk, "base_nonce", key_context, out->nonce,
                                sizeof out->nonce, err);
    }
    svms_wipe(prk, sizeof prk);
    svms_wipe(shared, sizeof shared);
    return status;
}

static svms_status seal_for(svms_ctx *ctx, EVP_PKEY *ephemeral, const svms_public_key *recipient,
                            svms_iovec info, svms_iovec aad, svms_iovec plain, uint8_t *enc,
                            uint8_t *sealed, svms_error *err)
{
    suite s = suite_of(ctx, svms_hpke_kem_of_public(recipient));
    EVP_PKEY *peer = svms_public_key_evp(recipient);
    message_keys keys;
    uint8_t dh[DH_SIZE];
    uint8_t own[ENC_SIZE_MAX];
    uint8_t other[ENC_SIZE_MAX];
    svms_status status = SVMS_OK;
    if (!encode_public(&s, ephemeral, own) || !encode_public(&s, peer, other) ||
        !diffie_hellman(&s, ephemeral, svms_ossl_properties(ctx), peer, dh)) {
        status = svms_fail_crypto(err, "cannot agree on a key with the recipient");
    }
    if (status == SVMS_OK) {
        status = schedule(&s, dh, own, other, info, &keys, err);
    }
    if (status == SVMS_OK) {
        status = svms_aead_seal(ctx, keys.key, keys.nonce, aad.data, aad.size, plain.data,
                                plain.size, sealed, err);
    }
    if (status == SVMS_OK) {
        memcpy(enc, own, svms_hpke_enc_size(s.kem));
    }
    svms_wipe(dh, sizeof dh);
    svms_wipe(&keys, sizeof keys);
    ERR_clear_error();
    return status;
}

svms_status svms_hpke_seal_with(svms_ctx *ctx, const svms_private_key *ephemeral,
                                const svms_public_key *recipient, const void *info,
                                size_t info_size, const void *aad, size_t aad_size, const void *in,
                                size_t size, uint8_t *enc, uint8_t *sealed, svms_error *err)
{
    uint16_t kem = svms_hpke_kem_of_public(recipient);
    if (kem == 0) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "%s keys cannot receive",
                         svms_key_kind_name(svms_public_key_kind(recipient)));
    }
    if (svms_hpke_kem_of_private(ephemeral) != kem || svms_private_key_is_external(ephemeral)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "the ephemeral key is not of the recipient's kind, or not in the process");
    }
    svms_iovec info_run = { info, info_size };
    svms_iovec aad_run = { aad, aad_size };
    svms_iovec plain = { in, size };
    return seal_for(ctx, svms_private_key_evp(ephemeral), recipient, info_run, aad_run, plain, enc,
                    sealed, err);
}

svms_status svms_hpke_seal(svms_ctx *ctx, const svms_public_key *recipient, const void *info,
                           size_t info_size, const void *aad, size_t aad_size, const void *in,
                           size_t size, uint8_t *enc, uint8_t *sealed, svms_error *err)
{
    uint16_t kem = svms_hpke_kem_of_public(recipient);
    if (kem == 0) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "%s keys cannot receive",
                         svms_key_kind_name(svms_public_key_kind(recipient)));
    }
    OSSL_LIB_CTX *library = svms_ossl_context(ctx);
    const char *properties = svms_ossl_properties(ctx);
    EVP_PKEY *ephemeral = kem == KEM_X25519 ? EVP_PKEY_Q_keygen(library, properties, "X25519")
                                            : EVP_PKEY_Q_keygen(library, properties, "EC", "P-256");
    if (!ephemeral) {
        return svms_fail_crypto(err, "cannot generate an ephemeral key");
    }
    svms_iovec info_run = { info, info_size };
    svms_iovec aad_run = { aad, aad_size };
    svms_iovec plain = { in, size };
    svms_status status =
        seal_for(ctx, ephemeral, recipient, info_run, aad_run, plain, enc, sealed, err);
    EVP_PKEY_free(ephemeral);
    return status;
}

/* A no of the provider is believed when it is given twice, and when the recipient's own public key
 * is taken in the sender's place (known_answer.h says why). */
static svms_status refuse_sender(bool believed, svms_error *err)
{
    if (!believed) {
        return svms_fail_crypto(err, "cannot agree on a key with the sender");
    }
    return svms_fail(err, SVMS_E_WRONG_KEY, "the sender's ephemeral key is not a valid one");
}

static bool can_decode(const suite *s, const uint8_t *enc)
{
    EVP_PKEY *peer = decode_public(s, enc);
    bool decoded = peer != NULL;
    EVP_PKEY_free(peer);
    return decoded;
}

static bool can_agree(const suite *s, const svms_private_key *recipient, EVP_PKEY *peer)
{
    uint8_t dh[DH_SIZE];
    bool agreed = peer && diffie_hellman(s, svms_private_key_evp(recipient),
                                         svms_private_key_properties(recipient), peer, dh);
    svms_wipe(dh, sizeof dh);
    return agreed;
}

static svms_status agree_here(const suite *s, const svms_private_key *recipient,
                              const uint8_t *own_public, EVP_PKEY *peer, uint8_t dh[DH_SIZE],
                              svms_error *err)
{
    EVP_PKEY *own = svms_private_key_evp(recipient);
    if (diffie_hellman(s, own, svms_private_key_properties(recipient), peer, dh)) {
        return SVMS_OK;
    }
    if (svms_private_key_is_external(recipient)) {
        return svms_fail_crypto(err, "the provider does not agree on a key with the sender");
    }
    EVP_PKEY *right = decode_public(s, own_public);
    bool believed = !can_agree(s, recipient, peer) && can_agree(s, recipient, right);
    EVP_PKEY_free(right);
    return refuse_sender(believed, err);
}

/* The recipient's side of the agreement, wherever the key is. */
static svms_status agree(const suite *s, const svms_private_key *recipient,
                         const uint8_t *own_public, const uint8_t *enc, uint8_t dh[DH_SIZE],
                         svms_error *err)
{
    EVP_PKEY *peer = decode_public(s, enc);
    svms_status status = SVMS_OK;
    if (!peer) {
        status = refuse_sender(!can_decode(s, enc) && can_decode(s, own_public), err);
    } else if (svms_private_key_evp(recipient)) {
        status = agree_here(s, recipient, own_public, peer, dh, err);
    } else {
        status = svms_private_key_unwrap(
            recipient, s->kem == KEM_X25519 ? SVMS_UNWRAP_X25519 : SVMS_UNWRAP_P256, enc,
            svms_hpke_enc_size(s->kem), dh, DH_SIZE, err);
        if (status == SVMS_OK && is_zero(dh)) {
            status = refuse_sender(true, err);
        }
    }
    EVP_PKEY_free(peer);
    return status;
}

svms_status svms_hpke_open(svms_ctx *ctx, const svms_private_key *recipient, const uint8_t *enc,
                           const void *info, size_t info_size, const void *aad, size_t aad_size,
                           const void *sealed, size_t size, uint8_t *out, svms_error *err)
{
    suite s = suite_of(ctx, svms_hpke_kem_of_private(recipient));
    if (s.kem == 0) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         svms_private_key_decrypts(recipient) ? "%s keys cannot receive"
                                                              : "this %s key only signs",
                         svms_key_kind_name(svms_private_key_kind(recipient)));
    }
    if (size < SVMS_AEAD_TAG_SIZE) {
        return svms_fail(err, SVMS_E_WRONG_KEY, "the sealed bytes are shorter than their tag");
    }
    message_keys keys;
    uint8_t dh[DH_SIZE];
    uint8_t own_public[ENC_SIZE_MAX];
    svms_iovec info_run = { info, info_size };
    svms_status status = SVMS_OK;
    if (!encode_public(&s, svms_private_key_public_evp(recipient), own_public)) {
        status = svms_fail_crypto(err, "cannot encode the recipient's public key");
    }
    if (status == SVMS_OK) {
        status = agree(&s, recipient, own_public, enc, dh, err);
    }
    if (status == SVMS_OK) {
        status = schedule(&s, dh, enc, own_public, info_run, &keys, err);
    }
    if (status == SVMS_OK) {
        status = svms_aead_open(ctx, keys.key, keys.nonce, aad, aad_size, sealed, size, out, err);
    }
    svms_wipe(dh, sizeof dh);
    svms_wipe(&keys, sizeof keys);
    ERR_clear_error();
    return status;
}
