/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Private keys, public keys and passwords.
 *
 * Signing keys: ECDSA P-256 (the default choice) and P-384, Ed25519, RSA of 2048 to 8192 bits.
 * Recipient keys: X25519 and P-256.
 */
#ifndef SVMS_KEY_H
#define SVMS_KEY_H

#include <svms/context.h>

#ifdef __cplusplus
extern "C" {
#endif

struct evp_pkey_st;

/** Opaque private key; immutable, shared freely between threads. */
typedef struct svms_private_key svms_private_key;
/** Opaque public key; immutable, shared freely between threads. */
typedef struct svms_public_key svms_public_key;

/**
 * Read a private key from PEM text (PKCS #8, SEC 1 or PKCS #1; not encrypted).
 *
 * @param[out] out  the key; release with svms_private_key_free()
 * @param ctx       context; must outlive the key
 * @param pem       text, not NUL-terminated; the first private key in it is taken
 * @param size      bytes of text, at most 64 KiB
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             read
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_MALFORMED    no private key in the text, or it is encrypted or damaged
 * @retval SVMS_E_UNSUPPORTED  a key of another kind or size
 * @retval SVMS_E_LIMIT        more than 64 KiB
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_private_key_from_pem(svms_private_key **out,
                                                               svms_ctx *ctx, const char *pem,
                                                               size_t size, svms_error *err);

/**
 * Generate a private key for signing (ECDSA P-256).
 *
 * @param[out] out  the key; release with svms_private_key_free()
 * @param ctx       context; must outlive the key
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           generated
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_private_key_generate(svms_private_key **out,
                                                               svms_ctx *ctx, svms_error *err);

/**
 * Write a private key as unencrypted PKCS #8 PEM. Store it with mode 0600.
 *
 * @param key           the key
 * @param[out] out      receives text and NUL; wipe it after use
 * @param[in,out] size  capacity of @p out; receives the length without NUL, or, with
 *                      ::SVMS_E_LIMIT, the capacity needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK        written
 * @retval SVMS_E_USAGE   an argument is NULL
 * @retval SVMS_E_LIMIT   @p out is too small
 * @retval SVMS_E_CRYPTO  the provider failed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_private_key_to_pem(const svms_private_key *key, char *out,
                                                             size_t *size, svms_error *err);

/**
 * Release a private key and wipe it.
 *
 * @param key  address of the key; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the key any more. Since 0.1.
 */
SVMS_API void svms_private_key_free(svms_private_key **key);

/**
 * Read a public key from PEM text: "PUBLIC KEY", or "CERTIFICATE" whose key is taken
 * without any check of the certificate.
 *
 * @param[out] out  the key; release with svms_public_key_free()
 * @param ctx       context; must outlive the key
 * @param pem       text, not NUL-terminated; the first such block is taken
 * @param size      bytes of text, at most 64 KiB
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             read
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_MALFORMED    no public key in the text (a private key is named as such)
 * @retval SVMS_E_UNSUPPORTED  a key of another kind or size
 * @retval SVMS_E_LIMIT        more than 64 KiB
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_public_key_from_pem(svms_public_key **out, svms_ctx *ctx,
                                                              const char *pem, size_t size,
                                                              svms_error *err);

/**
 * Release a public key.
 *
 * @param key  address of the key; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the key any more. Since 0.1.
 */
SVMS_API void svms_public_key_free(svms_public_key **key);

#ifdef __cplusplus
}
#endif

#endif
