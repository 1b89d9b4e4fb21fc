/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to hand a 32-byte content key to somebody: scrypt password, HPKE, RSA-OAEP, key-encryption
 * key. Private keys may be in the process, with a provider, or behind callbacks; with the last two,
 * opening may take as long as whoever holds the key takes. */
#ifndef SVMS_WRAP_H
#define SVMS_WRAP_H

#include <svms/key.h>

#include "digest.h"

/* RFC 9180, mode base, DHKEM(X25519 | P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, one message.
 */
#define SVMS_HPKE_X25519_ENC_SIZE 32
#define SVMS_HPKE_P256_ENC_SIZE 65

/* KEM of a key: 0x0020 X25519, 0x0010 P-256, 0 for other keys. */
uint16_t svms_hpke_kem_of_public(const svms_public_key *key);
uint16_t svms_hpke_kem_of_private(const svms_private_key *key);
size_t svms_hpke_enc_size(uint16_t kem);

/* sealed holds size + 16 bytes. */
SVMS_MUST_CHECK svms_status svms_hpke_seal(svms_ctx *ctx, const svms_public_key *recipient,
                                           const void *info, size_t info_size, const void *aad,
                                           size_t aad_size, const void *in, size_t size,
                                           uint8_t *enc, uint8_t *sealed, svms_error *err);
/* out holds size - 16 bytes. SVMS_E_WRONG_KEY when it does not open. */
SVMS_MUST_CHECK svms_status svms_hpke_open(svms_ctx *ctx, const svms_private_key *recipient,
                                           const uint8_t *enc, const void *info, size_t info_size,
                                           const void *aad, size_t aad_size, const void *sealed,
                                           size_t size, uint8_t *out, svms_error *err);
/* The same with the sender's ephemeral key given, for test vectors only. */
SVMS_MUST_CHECK svms_status svms_hpke_seal_with(svms_ctx *ctx, const svms_private_key *ephemeral,
                                                const svms_public_key *recipient, const void *info,
                                                size_t info_size, const void *aad, size_t aad_size,
                                                const void *in, size_t size, uint8_t *enc,
                                                uint8_t *sealed, svms_error *err);

/* RFC 7914, r = 8, p = 1, N = 2^log2_n, 10 <= log2_n <= 18. */
#define SVMS_SCRYPT_SALT_SIZE 16
SVMS_MUST_CHECK svms_status svms_scrypt(svms_ctx *ctx, const void *password, size_t password_size,
                                        const uint8_t salt[SVMS_SCRYPT_SALT_SIZE], unsigned log2_n,
                                        uint8_t out[32], svms_error *err);

/* scrypt at any cost, for passwords of people; the caller has bounded it. out is wiped on failure.
 */
typedef struct svms_scrypt_cost {
    unsigned log2_n;
    uint32_t r;
    uint32_t p;
} svms_scrypt_cost;
SVMS_MUST_CHECK svms_status svms_scrypt_at(svms_ctx *ctx, const svms_scrypt_cost *cost,
                                           const void *password, size_t password_size,
                                           const void *salt, size_t salt_size, uint8_t *out,
                                           size_t out_size, svms_error *err);

/* As svms_scrypt(), with a salt of any size, for test vectors only. */
SVMS_MUST_CHECK svms_status svms_scrypt_with(svms_ctx *ctx, const void *password,
                                             size_t password_size, const void *salt,
                                             size_t salt_size, unsigned log2_n, uint8_t out[32],
                                             svms_error *err);

/* RSAES-OAEP (RFC 8017, 7.1) with SHA-256, MGF1-SHA-256 and an empty label, since hardware knows no
 * other. Recipients have 2048, 3072 or 4096 bits. */
#define SVMS_RSA_SEALED_MAX 512

/* Bytes of what is sealed for the key: 256, 384 or 512; 0 for keys of other kinds and sizes. */
size_t svms_rsa_sealed_size_of_public(const svms_public_key *key);
size_t svms_rsa_sealed_size_of_private(const svms_private_key *key);

/* *out_size is the capacity of out on entry, what was written on success. SVMS_E_LIMIT when in is
 * longer than the modulus allows or out is too small. */
SVMS_MUST_CHECK svms_status svms_rsa_oaep_seal(svms_ctx *ctx, const svms_public_key *recipient,
                                               const void *in, size_t size, uint8_t *out,
                                               size_t *out_size, svms_error *err);
/* SVMS_E_WRONG_KEY when it does not open, or not to exactly out_size bytes (1 to 446). */
SVMS_MUST_CHECK svms_status svms_rsa_oaep_open(svms_ctx *ctx, const svms_private_key *recipient,
                                               const void *sealed, size_t size, uint8_t *out,
                                               size_t out_size, svms_error *err);

/* RFC 3394 with AES-256. SVMS_E_WRONG_KEY when the integrity check fails. */
#define SVMS_KEK_PLAIN_SIZE 32
#define SVMS_KEK_WRAPPED_SIZE 40
SVMS_MUST_CHECK svms_status svms_kek_wrap(const svms_kek *kek,
                                          const uint8_t in[SVMS_KEK_PLAIN_SIZE],
                                          uint8_t out[SVMS_KEK_WRAPPED_SIZE], svms_error *err);
SVMS_MUST_CHECK svms_status svms_kek_unwrap(const svms_kek *kek,
                                            const uint8_t in[SVMS_KEK_WRAPPED_SIZE],
                                            uint8_t out[SVMS_KEK_PLAIN_SIZE], svms_error *err);
/* With key and id given, for test vectors only. */
SVMS_MUST_CHECK svms_status svms_kek_from_bytes(svms_kek **out, svms_ctx *ctx,
                                                const uint8_t id[SVMS_KEK_ID_SIZE],
                                                const uint8_t key[SVMS_KEK_PLAIN_SIZE],
                                                svms_error *err);

#endif
