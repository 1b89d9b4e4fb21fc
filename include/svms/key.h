/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Private keys, public keys and key-encryption keys.
 *
 * Signing keys: ECDSA P-256 (the default choice) and P-384, Ed25519, RSA of 2048 to 8192 bits.
 * Recipient keys: X25519, P-256, RSA of 2048, 3072 or 4096 bits, and key-encryption keys.
 *
 * A private key need not be in the memory of the process: see svms_private_key_from_uri(), and
 * external_key.h for keys behind callbacks.
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
/** Opaque AES-256 key that wraps content keys; immutable, shared freely between threads. */
typedef struct svms_kek svms_kek;

/** Bytes of the id of a key-encryption key. */
#define SVMS_KEK_ID_SIZE 16

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
 * Take a private key from wherever an OpenSSL provider keeps it.
 *
 * The URI is one that a loader of a provider in the context's OpenSSL library context serves:
 * "file:/path/key.pem", "handle:0x81000001" of a TPM 2.0 provider, "pkcs11:..." of a PKCS #11
 * provider. Providers must be loaded already, under the name that their own property "provider"
 * has. Everything that needs no private key should stay with OpenSSL's provider: load "default" (or
 * "fips") before the others, or prefer it in the property query of the context
 * ("?provider=default"). Operations with the key itself prefer the provider that has it. The first
 * private key found is taken. Nobody is ever asked for a password: a key that needs one that the
 * URI does not hold is refused.
 *
 * Where the provider gives out the private half, it is checked against the public one. Where it
 * does not, the public half is checked, and every signature is verified before it is used.
 *
 * @param[out] out  the key; release with svms_private_key_free()
 * @param ctx       context; must outlive the key
 * @param uri       NUL-terminated URI; a path without scheme is a file
 * @param[out] err  why it failed, or NULL; never quotes the URI, which may hold a secret
 *
 * @retval SVMS_OK             taken
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_MALFORMED    no private key is there, it needs a password, or it is damaged
 * @retval SVMS_E_UNSUPPORTED  no provider serves such a URI, or a key of another kind or size
 * @retval SVMS_E_IO           the system failed; err->os_error says how
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread, as far as the provider allows. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_private_key_from_uri(svms_private_key **out,
                                                               svms_ctx *ctx, const char *uri,
                                                               svms_error *err);

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
 * @retval SVMS_OK             written
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_UNSUPPORTED  the private half is not in the memory of the process
 * @retval SVMS_E_LIMIT        @p out is too small
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_private_key_to_pem(const svms_private_key *key, char *out,
                                                             size_t *size, svms_error *err);

/**
 * Write a private key as PKCS #8 PEM that a passphrase protects ("ENCRYPTED PRIVATE KEY").
 *
 * PBES2 (RFC 8018): PBKDF2 with HMAC-SHA-256, 600,000 rounds and 16 random bytes of salt, and
 * AES-256-CBC; OpenSSL and most others read it. It takes a noticeable part of a second. The
 * passphrase is all that protects the key once the file is known to others.
 *
 * @param key               the key
 * @param passphrase        any bytes; text should be UTF-8 in normalisation form C
 * @param passphrase_size   how many, 1 to 1024
 * @param[out] out          receives text and NUL
 * @param[in,out] size      capacity of @p out; receives the length without NUL, or, with
 *                          ::SVMS_E_LIMIT, the capacity needed
 * @param[out] err          why it failed, or NULL
 *
 * @retval SVMS_OK             written
 * @retval SVMS_E_USAGE        an argument is NULL, or the passphrase is empty or too long
 * @retval SVMS_E_UNSUPPORTED  the private half is not in the memory of the process
 * @retval SVMS_E_LIMIT        @p out is too small
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider, or the random source, failed
 *
 * Thread safety: any thread. Specification: identity.md, I-CA-30, I-CA-31. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_private_key_to_encrypted_pem(const svms_private_key *key,
                                                                       const void *passphrase,
                                                                       size_t passphrase_size,
                                                                       char *out, size_t *size,
                                                                       svms_error *err);

/**
 * Read a private key that a passphrase protects.
 *
 * PBES2 with AES-256-CBC, and PBKDF2 with HMAC-SHA-256 or scrypt with r 8 and p 1. What a file may
 * cost is bounded: at most 10,000,000 rounds of PBKDF2, N from 1024 to 262144 with scrypt (256 MiB
 * of memory).
 *
 * @param[out] out          the key; release with svms_private_key_free()
 * @param ctx               context; must outlive the key
 * @param pem               text, not NUL-terminated; the first private key in it is taken
 * @param size              bytes of text, at most 64 KiB
 * @param passphrase        bytes
 * @param passphrase_size   how many, 1 to 1024
 * @param[out] err          why it failed, or NULL
 *
 * @retval SVMS_OK             read
 * @retval SVMS_E_USAGE        an argument is NULL, or the passphrase is empty or too long
 * @retval SVMS_E_WRONG_KEY    the passphrase is another one (or what is encrypted was changed)
 * @retval SVMS_E_MALFORMED    no private key in the text, or it is damaged, or not encrypted
 * @retval SVMS_E_UNSUPPORTED  it is encrypted in another way, or of another kind or size
 * @retval SVMS_E_LIMIT        more than 64 KiB, or too much work
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Specification: identity.md, I-CA-30 to I-CA-33. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_private_key_from_encrypted_pem(
    svms_private_key **out, svms_ctx *ctx, const char *pem, size_t size, const void *passphrase,
    size_t passphrase_size, svms_error *err);

/**
 * Release a private key and wipe it. Of a key behind callbacks, see external_key.h.
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
 * Write a public key as PEM ("PUBLIC KEY").
 *
 * @param key           the key
 * @param[out] out      receives text and NUL
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
SVMS_API SVMS_MUST_CHECK svms_status svms_public_key_to_pem(const svms_public_key *key, char *out,
                                                            size_t *size, svms_error *err);

/**
 * Take a public key of OpenSSL.
 *
 * @param[out] out  the key; release with svms_public_key_free()
 * @param ctx       context; must outlive the key
 * @param pkey      an EVP_PKEY with a public half, which is checked. The key takes a reference of
 *                  its own: do not change it any more
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             taken
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_MALFORMED    its numbers make no key
 * @retval SVMS_E_UNSUPPORTED  a key of another kind or size
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_public_key_from_evp(svms_public_key **out, svms_ctx *ctx,
                                                              struct evp_pkey_st *pkey,
                                                              svms_error *err);

/**
 * The key as OpenSSL has it.
 *
 * @param key  a key, or NULL
 * @return an EVP_PKEY that lives as long as the key, for use and not for change; NULL for NULL
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API struct evp_pkey_st *svms_public_key_evp(const svms_public_key *key);

/**
 * Release a public key.
 *
 * @param key  address of the key; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the key any more. Since 0.1.
 */
SVMS_API void svms_public_key_free(svms_public_key **key);

/**
 * Generate a key-encryption key. Its id is made from the key.
 *
 * @param[out] out  the key; release with svms_kek_free()
 * @param ctx       context; must outlive the key
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           generated
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider, or the random source, failed
 *
 * Thread safety: any thread. Specification: container.md, C-ACC-6. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_kek_generate(svms_kek **out, svms_ctx *ctx,
                                                       svms_error *err);

/**
 * Read a key-encryption key from PEM text, as svms_kek_to_pem() writes it.
 *
 * @param[out] out  the key; release with svms_kek_free()
 * @param ctx       context; must outlive the key
 * @param text      text, not NUL-terminated; the first such block is taken
 * @param size      bytes of text, at most 64 KiB
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           read
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_MALFORMED  no key-encryption key in the text, or it is encrypted or damaged
 * @retval SVMS_E_LIMIT      more than 64 KiB
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_kek_from_pem(svms_kek **out, svms_ctx *ctx,
                                                       const char *text, size_t size,
                                                       svms_error *err);

/**
 * Write a key-encryption key as PEM: label "SVMS KEY-ENCRYPTION KEY", 16 bytes id, 32 bytes key.
 * It is not encrypted. Store it with mode 0600.
 *
 * @param kek           the key
 * @param[out] out      receives text and NUL; wipe it after use
 * @param[in,out] size  capacity of @p out; receives the length without NUL, or, with
 *                      ::SVMS_E_LIMIT, the capacity needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK             written
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_UNSUPPORTED  the key lives behind callbacks
 * @retval SVMS_E_LIMIT        @p out is too small
 * @retval SVMS_E_NO_MEMORY    memory ran out
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_kek_to_pem(const svms_kek *kek, char *out, size_t *size,
                                                     svms_error *err);

/**
 * Id of a key-encryption key, as containers name it. Not secret.
 *
 * @param kek       the key
 * @param[out] out  receives 16 bytes
 *
 * Thread safety: any thread. Specification: container.md, C-ACC-6. Since 0.1.
 */
SVMS_API void svms_kek_id(const svms_kek *kek, uint8_t out[SVMS_KEK_ID_SIZE]);

/**
 * Release a key-encryption key and wipe it. Of a key behind callbacks, see external_key.h.
 *
 * @param kek  address of the key; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the key any more. Since 0.1.
 */
SVMS_API void svms_kek_free(svms_kek **kek);

#ifdef __cplusplus
}
#endif

#endif
