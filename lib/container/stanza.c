/* SPDX-License-Identifier: Apache-2.0 */
#include "stanza.h"

#include <string.h>

#include "failure.h"
#include "wrap.h"

static const uint8_t zero_nonce[SVMS_AEAD_NONCE_SIZE] = { 0 };
static const char wrap_info[] = "svms1 wrap";
/* Content key and binding. */
#define SVMS_RSA_PLAIN_SIZE (SVMS_CONTENT_KEY_SIZE + SVMS_DIGEST_SIZE)

size_t svms_stanza_body_size(uint16_t type)
{
    switch (type) {
    case SVMS_STANZA_PASSWORD:
        return SVMS_SCRYPT_SALT_SIZE + 4 + SVMS_SEALED_KEY_SIZE;
    case SVMS_STANZA_X25519:
        return SVMS_KEY_ID_SIZE + SVMS_HPKE_X25519_ENC_SIZE + SVMS_SEALED_KEY_SIZE;
    case SVMS_STANZA_P256:
        return SVMS_KEY_ID_SIZE + SVMS_HPKE_P256_ENC_SIZE + SVMS_SEALED_KEY_SIZE;
    default:
        return 0;
    }
}

bool svms_stanza_length_fits(uint16_t type, size_t size)
{
    switch (type) {
    case SVMS_STANZA_RSA_OAEP:
        return size == SVMS_KEY_ID_SIZE + 256 || size == SVMS_KEY_ID_SIZE + 384 ||
               size == SVMS_KEY_ID_SIZE + 512;
    case SVMS_STANZA_KEK:
        return size == SVMS_KEY_ID_SIZE + SVMS_KEK_WRAPPED_SIZE;
    case SVMS_STANZA_XWING:
        return size == SVMS_KEY_ID_SIZE + 1120 + SVMS_SEALED_KEY_SIZE;
    default:
        return svms_stanza_body_size(type) == 0 || svms_stanza_body_size(type) == size;
    }
}

bool svms_stanza_can_wrap(const svms_public_key *recipient)
{
    return svms_hpke_kem_of_public(recipient) != 0 ||
           svms_rsa_sealed_size_of_public(recipient) != 0;
}

/* A of C-ACC-6. */
static svms_status binding(svms_ctx *ctx, const svms_header *header, uint16_t type,
                           uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    static const char label[] = "svms1 stanza";
    uint8_t type_bytes[2];
    svms_store_u16(type_bytes, type);
    svms_iovec runs[3] = { { label, sizeof(label) - 1 },
                           { type_bytes, sizeof(type_bytes) },
                           { header->hash, SVMS_DIGEST_SIZE } };
    return svms_sha256(ctx, runs, 3, out, err);
}

static void put_stanza_header(svms_builder *out, uint16_t type, size_t size)
{
    svms_put_u16(out, type);
    svms_put_u16(out, 0);
    svms_put_u32(out, (uint32_t)size);
}

svms_status svms_stanza_put_password(svms_builder *out, const svms_header *header,
                                     const svms_recipients *recipients, const uint8_t *content_key,
                                     svms_error *err)
{
    uint8_t salt[SVMS_SCRYPT_SALT_SIZE];
    uint8_t key[32] = { 0 };
    uint8_t aad[SVMS_DIGEST_SIZE];
    uint8_t sealed[SVMS_SEALED_KEY_SIZE];
    svms_status status = svms_random(out->ctx, salt, sizeof(salt), err);
    if (status == SVMS_OK) {
        status = binding(out->ctx, header, SVMS_STANZA_PASSWORD, aad, err);
    }
    if (status == SVMS_OK) {
        status = svms_scrypt(out->ctx, recipients->password, recipients->password_size, salt,
                             recipients->password_log2_n, key, err);
    }
    if (status == SVMS_OK) {
        status = svms_aead_seal(out->ctx, key, zero_nonce, aad, sizeof(aad), content_key,
                                SVMS_CONTENT_KEY_SIZE, sealed, err);
    }
    svms_wipe(key, sizeof(key));
    if (status != SVMS_OK) {
        return status;
    }
    put_stanza_header(out, SVMS_STANZA_PASSWORD, svms_stanza_body_size(SVMS_STANZA_PASSWORD));
    svms_put_bytes(out, salt, sizeof(salt));
    svms_put_u8(out, (uint8_t)recipients->password_log2_n);
    svms_put_zeros(out, 3);
    svms_put_bytes(out, sealed, sizeof(sealed));
    return SVMS_OK;
}

static svms_status put_hpke(svms_builder *out, const svms_public_key *recipient, uint16_t type,
                            const uint8_t *aad, const uint8_t *key_id, const uint8_t *content_key,
                            svms_error *err)
{
    uint8_t enc[SVMS_HPKE_P256_ENC_SIZE];
    uint8_t sealed[SVMS_SEALED_KEY_SIZE];
    svms_status status =
        svms_hpke_seal(out->ctx, recipient, wrap_info, sizeof(wrap_info) - 1, aad, SVMS_DIGEST_SIZE,
                       content_key, SVMS_CONTENT_KEY_SIZE, enc, sealed, err);
    if (status != SVMS_OK) {
        return status;
    }
    put_stanza_header(out, type, svms_stanza_body_size(type));
    svms_put_bytes(out, key_id, SVMS_KEY_ID_SIZE);
    svms_put_bytes(out, enc, svms_hpke_enc_size(svms_hpke_kem_of_public(recipient)));
    svms_put_bytes(out, sealed, sizeof(sealed));
    return SVMS_OK;
}

/* Content key ‖ A: what a label would do, for hardware that knows none. */
static svms_status put_rsa(svms_builder *out, const svms_public_key *recipient, const uint8_t *aad,
                           const uint8_t *key_id, const uint8_t *content_key, svms_error *err)
{
    uint8_t plain[SVMS_RSA_PLAIN_SIZE];
    uint8_t sealed[SVMS_RSA_SEALED_MAX];
    size_t size = sizeof(sealed);
    memcpy(plain, content_key, SVMS_CONTENT_KEY_SIZE);
    memcpy(plain + SVMS_CONTENT_KEY_SIZE, aad, SVMS_DIGEST_SIZE);
    svms_status status =
        svms_rsa_oaep_seal(out->ctx, recipient, plain, sizeof(plain), sealed, &size, err);
    svms_wipe(plain, sizeof(plain));
    if (status != SVMS_OK) {
        return status;
    }
    put_stanza_header(out, SVMS_STANZA_RSA_OAEP, SVMS_KEY_ID_SIZE + size);
    svms_put_bytes(out, key_id, SVMS_KEY_ID_SIZE);
    svms_put_bytes(out, sealed, size);
    return SVMS_OK;
}

static uint16_t type_of(const svms_public_key *recipient)
{
    switch (svms_hpke_kem_of_public(recipient)) {
    case 0x0020:
        return SVMS_STANZA_X25519;
    case 0x0010:
        return SVMS_STANZA_P256;
    default:
        return svms_rsa_sealed_size_of_public(recipient) != 0 ? SVMS_STANZA_RSA_OAEP : 0;
    }
}

size_t svms_stanza_size_for(const svms_public_key *recipient)
{
    uint16_t type = type_of(recipient);
    return SVMS_STANZA_HEADER_SIZE +
           (type == SVMS_STANZA_RSA_OAEP
                ? SVMS_KEY_ID_SIZE + svms_rsa_sealed_size_of_public(recipient)
                : svms_stanza_body_size(type));
}

svms_status svms_stanza_put_key(svms_builder *out, const svms_header *header,
                                const svms_public_key *recipient, const uint8_t *content_key,
                                svms_error *err)
{
    uint8_t aad[SVMS_DIGEST_SIZE];
    uint8_t key_id[SVMS_DIGEST_SIZE];
    uint16_t type = type_of(recipient);
    if (type == 0) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "a recipient's key is X25519, P-256, or RSA of 2048, 3072 or 4096 bits");
    }
    svms_status status = binding(out->ctx, header, type, aad, err);
    if (status == SVMS_OK) {
        status = svms_public_key_id(recipient, key_id, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    return type == SVMS_STANZA_RSA_OAEP
               ? put_rsa(out, recipient, aad, key_id, content_key, err)
               : put_hpke(out, recipient, type, aad, key_id, content_key, err);
}

svms_status svms_stanza_put_kek(svms_builder *out, const svms_kek *kek, const uint8_t *content_key,
                                svms_error *err)
{
    uint8_t id[SVMS_KEK_ID_SIZE];
    uint8_t wrapped[SVMS_KEK_WRAPPED_SIZE];
    svms_kek_id(kek, id);
    svms_status status = svms_kek_wrap(kek, content_key, wrapped, err);
    if (status == SVMS_OK) {
        put_stanza_header(out, SVMS_STANZA_KEK, SVMS_KEY_ID_SIZE + sizeof(wrapped));
        svms_put_bytes(out, id, sizeof(id));
        svms_put_bytes(out, wrapped, sizeof(wrapped));
    }
    return status;
}

/* C-KEY-2: a key that was unwrapped counts only when it is the one the header commits to. */
static svms_status accept_key(svms_ctx *ctx, const svms_header *header, uint8_t *content_key,
                              svms_error *err)
{
    uint8_t check[SVMS_DIGEST_SIZE];
    svms_status status = svms_key_check(ctx, content_key, header->container_id, check, err);
    if (status == SVMS_OK && !svms_equal_secret(check, header->key_check, sizeof(check))) {
        status = svms_fail(err, SVMS_E_WRONG_KEY,
                           "a stanza holds a key that is not this container's (C-KEY-2)");
    }
    if (status != SVMS_OK) {
        svms_wipe(content_key, SVMS_CONTENT_KEY_SIZE);
    }
    svms_wipe(check, sizeof(check));
    return status;
}

svms_status svms_stanza_open_password(svms_ctx *ctx, const svms_header *header,
                                      const svms_keyring_password *password, const uint8_t *body,
                                      uint8_t *content_key, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(body, svms_stanza_body_size(SVMS_STANZA_PASSWORD), 0);
    uint8_t salt[SVMS_SCRYPT_SALT_SIZE];
    uint8_t key[32] = { 0 };
    uint8_t aad[SVMS_DIGEST_SIZE];
    svms_read_copy(&cursor, salt, sizeof(salt));
    uint8_t log2_n = svms_read_u8(&cursor);
    (void)svms_skip(&cursor, 3);
    const uint8_t *sealed = svms_read_bytes(&cursor, SVMS_SEALED_KEY_SIZE);
    svms_status status = binding(ctx, header, SVMS_STANZA_PASSWORD, aad, err);
    if (status == SVMS_OK) {
        status = svms_scrypt(ctx, password->text, password->size, salt, log2_n, key, err);
    }
    if (status == SVMS_OK) {
        status = svms_aead_open(ctx, key, zero_nonce, aad, sizeof(aad), sealed,
                                SVMS_SEALED_KEY_SIZE, content_key, err);
    }
    svms_wipe(key, sizeof(key));
    return status == SVMS_OK ? accept_key(ctx, header, content_key, err) : status;
}

static uint16_t type_of_private(const svms_private_key *key)
{
    switch (svms_hpke_kem_of_private(key)) {
    case 0x0020:
        return SVMS_STANZA_X25519;
    case 0x0010:
        return SVMS_STANZA_P256;
    default:
        return svms_rsa_sealed_size_of_private(key) != 0 ? SVMS_STANZA_RSA_OAEP : 0;
    }
}

bool svms_stanza_can_open(const svms_private_key *key)
{
    return type_of_private(key) != 0;
}

static bool suits(const svms_private_key *key, uint16_t type, size_t size)
{
    bool fits = type != SVMS_STANZA_RSA_OAEP ||
                size == SVMS_KEY_ID_SIZE + svms_rsa_sealed_size_of_private(key);
    return fits && type_of_private(key) == type;
}

static bool names_nobody(const uint8_t *key_id)
{
    static const uint8_t zeros[SVMS_KEY_ID_SIZE] = { 0 };
    return memcmp(key_id, zeros, sizeof(zeros)) == 0;
}

bool svms_stanza_is_for(const svms_private_key *key, const uint8_t key_id[SVMS_DIGEST_SIZE],
                        uint16_t type, const uint8_t *body, size_t size)
{
    return suits(key, type, size) && memcmp(body, key_id, SVMS_KEY_ID_SIZE) == 0;
}

bool svms_stanza_may_be_for(const svms_private_key *key, const uint8_t key_id[SVMS_DIGEST_SIZE],
                            uint16_t type, const uint8_t *body, size_t size)
{
    return svms_stanza_is_for(key, key_id, type, body, size) ||
           (suits(key, type, size) && names_nobody(body));
}

static svms_status open_rsa(svms_ctx *ctx, const svms_private_key *key, const uint8_t *aad,
                            const uint8_t *sealed, size_t size, uint8_t *content_key,
                            svms_error *err)
{
    uint8_t plain[SVMS_RSA_PLAIN_SIZE];
    svms_status status = svms_rsa_oaep_open(ctx, key, sealed, size, plain, sizeof(plain), err);
    if (status == SVMS_OK &&
        !svms_equal_secret(plain + SVMS_CONTENT_KEY_SIZE, aad, SVMS_DIGEST_SIZE)) {
        status =
            svms_fail(err, SVMS_E_WRONG_KEY, "a stanza was made for another container (C-ACC-7)");
    }
    if (status == SVMS_OK) {
        memcpy(content_key, plain, SVMS_CONTENT_KEY_SIZE);
    }
    svms_wipe(plain, sizeof(plain));
    return status;
}

svms_status svms_stanza_open_key(svms_ctx *ctx, const svms_header *header,
                                 const svms_private_key *key, uint16_t type, const uint8_t *body,
                                 size_t size, uint8_t *content_key, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(body, size, 0);
    uint8_t aad[SVMS_DIGEST_SIZE];
    bool rsa = type == SVMS_STANZA_RSA_OAEP;
    size_t enc_size = rsa ? 0 : svms_hpke_enc_size(svms_hpke_kem_of_private(key));
    (void)svms_skip(&cursor, SVMS_KEY_ID_SIZE);
    const uint8_t *enc = svms_read_bytes(&cursor, enc_size);
    size_t sealed_size = svms_cursor_left(&cursor);
    const uint8_t *sealed = svms_read_bytes(&cursor, sealed_size);
    if (cursor.failed || (!rsa && sealed_size != SVMS_SEALED_KEY_SIZE)) {
        return svms_fail(err, SVMS_E_INTERNAL, "a stanza of unexpected length");
    }
    svms_status status = binding(ctx, header, type, aad, err);
    if (status == SVMS_OK && rsa) {
        status = open_rsa(ctx, key, aad, sealed, sealed_size, content_key, err);
    } else if (status == SVMS_OK) {
        status = svms_hpke_open(ctx, key, enc, wrap_info, sizeof(wrap_info) - 1, aad, sizeof(aad),
                                sealed, SVMS_SEALED_KEY_SIZE, content_key, err);
    }
    return status == SVMS_OK ? accept_key(ctx, header, content_key, err) : status;
}

svms_status svms_stanza_open_kek(svms_ctx *ctx, const svms_header *header, const svms_kek *kek,
                                 const uint8_t *body, size_t size, uint8_t *content_key,
                                 svms_error *err)
{
    uint8_t id[SVMS_KEK_ID_SIZE];
    svms_cursor cursor = svms_cursor_over(body, size, 0);
    const uint8_t *named = svms_read_bytes(&cursor, SVMS_KEY_ID_SIZE);
    const uint8_t *wrapped = svms_read_bytes(&cursor, SVMS_KEK_WRAPPED_SIZE);
    svms_kek_id(kek, id);
    if (cursor.failed || (memcmp(named, id, sizeof(id)) != 0 && !names_nobody(named))) {
        return SVMS_E_WRONG_KEY;
    }
    svms_status status = svms_kek_unwrap(kek, wrapped, content_key, err);
    return status == SVMS_OK ? accept_key(ctx, header, content_key, err) : status;
}
