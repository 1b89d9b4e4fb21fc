/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Keys that sign tokens, as JSON: single keys, sets, thumbprints.
 *
 * Specification: token.md, section 1.
 */
#ifndef SVMS_JWK_H
#define SVMS_JWK_H

#include <svms/key.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How a token is signed; the key decides. */
typedef enum svms_token_algorithm {
    SVMS_TOKEN_NO_ALGORITHM = 0, /**< The key signs no tokens. */
    SVMS_TOKEN_ES256 = 1,        /**< ECDSA on P-256 with SHA-256. */
    SVMS_TOKEN_ES384 = 2,        /**< ECDSA on P-384 with SHA-384. */
    SVMS_TOKEN_EDDSA = 3,        /**< Ed25519 (RFC 8037). */
    SVMS_TOKEN_RS256 = 4,        /**< RSASSA-PKCS1-v1_5 with SHA-256. */
    SVMS_TOKEN_PS256 = 5         /**< RSASSA-PSS with SHA-256. */
} svms_token_algorithm;

/** Characters of a thumbprint, with the NUL. */
#define SVMS_THUMBPRINT_SIZE 44
/** Most bytes of a key set. */
#define SVMS_KEYSET_MAX 65536
/** Most keys of a key set. */
#define SVMS_KEYSET_KEYS 64

/**
 * Name of an algorithm, as tokens spell it ("ES256").
 *
 * @param algorithm  an algorithm
 * @return a static string; "none of these" for values that are not listed
 *
 * Thread safety: any thread. Clauses: RFC 7518 section 3.1. Since 0.1.
 */
SVMS_API const char *svms_token_algorithm_name(svms_token_algorithm algorithm);

/**
 * Read a public key from a JWK.
 *
 * @param[out] out  the key; release with svms_public_key_free()
 * @param ctx       context; must outlive the key
 * @param json      one JSON object, not NUL-terminated
 * @param size      its bytes, at most ::SVMS_KEYSET_MAX
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             read
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_MALFORMED    not JSON, a member is missing, wrong or occurs twice, the numbers
 *                             make no key, or it holds private members; err->message names it
 * @retval SVMS_E_UNSUPPORTED  a key of a kind, or for a use, that signs no tokens here
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Clauses: RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2.
 * Specification: J-KEY-1 to J-KEY-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_public_key_from_jwk(svms_public_key **out, svms_ctx *ctx,
                                                              const char *json, size_t size,
                                                              svms_error *err);

/**
 * Write a public key as a JWK, with `use` and `alg`.
 *
 * @param ctx           context
 * @param key           the key
 * @param algorithm     how it signs, where an RSA key has the choice; ::SVMS_TOKEN_NO_ALGORITHM:
 *                      as its kind does (RSA: ::SVMS_TOKEN_RS256)
 * @param kid           its name, 1 to 128 bytes of UTF-8; NULL: its thumbprint
 * @param[out] out      receives JSON text and NUL
 * @param[in,out] size  capacity of @p out; receives the length without NUL, or, with
 *                      ::SVMS_E_LIMIT, the capacity needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK             written
 * @retval SVMS_E_USAGE        an argument is NULL, @p kid is too long, or the algorithm is not
 *                             that of the key
 * @retval SVMS_E_UNSUPPORTED  the key signs no tokens
 * @retval SVMS_E_LIMIT        @p out is too small
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Specification: J-KEY-1, J-KEY-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_public_key_to_jwk(svms_ctx *ctx,
                                                            const svms_public_key *key,
                                                            svms_token_algorithm algorithm,
                                                            const char *kid, char *out,
                                                            size_t *size, svms_error *err);

/**
 * Read a private key from a JWK.
 *
 * @param[out] out  the key; release with svms_private_key_free()
 * @param ctx       context; must outlive the key
 * @param json      one JSON object, not NUL-terminated; wipe it after use
 * @param size      its bytes, at most ::SVMS_KEYSET_MAX
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             read
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_MALFORMED    as in svms_public_key_from_jwk(), or the private numbers do not
 *                             belong to the public ones
 * @retval SVMS_E_UNSUPPORTED  a key of a kind, or for a use, that signs no tokens here
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Specification: J-KEY-1, J-KEY-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_private_key_from_jwk(svms_private_key **out,
                                                               svms_ctx *ctx, const char *json,
                                                               size_t size, svms_error *err);

/**
 * Write a private key as a JWK, with its private members. It is not encrypted.
 *
 * @param ctx           context
 * @param key           the key; it must be in the process
 * @param algorithm     as in svms_public_key_to_jwk()
 * @param kid           as in svms_public_key_to_jwk()
 * @param[out] out      receives JSON text and NUL; wipe it after use
 * @param[in,out] size  as in svms_public_key_to_jwk()
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK             written
 * @retval SVMS_E_USAGE        as in svms_public_key_to_jwk()
 * @retval SVMS_E_UNSUPPORTED  the key signs no tokens, or its private half is elsewhere
 * @retval SVMS_E_LIMIT        @p out is too small
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Specification: J-KEY-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_private_key_to_jwk(svms_ctx *ctx,
                                                             const svms_private_key *key,
                                                             svms_token_algorithm algorithm,
                                                             const char *kid, char *out,
                                                             size_t *size, svms_error *err);

/**
 * Public half of a private key.
 *
 * @param[out] out  the key; release with svms_public_key_free()
 * @param ctx       context; must outlive the key
 * @param key       the private key, wherever it is
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_private_key_public(svms_public_key **out, svms_ctx *ctx,
                                                             const svms_private_key *key,
                                                             svms_error *err);

/**
 * Thumbprint of a key: SHA-256 over its required members, in base64url.
 *
 * @param ctx       context
 * @param key       the key
 * @param[out] out  receives 43 characters and NUL
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             made
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_UNSUPPORTED  the key signs no tokens
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Clauses: RFC 7638. Specification: J-KEY-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_public_key_thumbprint(svms_ctx *ctx,
                                                                const svms_public_key *key,
                                                                char out[SVMS_THUMBPRINT_SIZE],
                                                                svms_error *err);

/** Opaque set of public keys that sign tokens; immutable, shared freely between threads. */
typedef struct svms_keyset svms_keyset;

/**
 * Read a key set (JWKS). Keys of kinds that sign no tokens here are passed over.
 *
 * @param[out] out  the set, which may be empty; release with svms_keyset_free()
 * @param ctx       context; must outlive the set
 * @param json      one JSON object, not NUL-terminated
 * @param size      its bytes, at most ::SVMS_KEYSET_MAX
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           read
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_MALFORMED  not JSON, more than ::SVMS_KEYSET_KEYS keys, a key that is damaged or
 *                           private, or two keys that tokens cannot tell apart
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread. Clauses: RFC 7517 section 5. Specification: J-KEY-3, J-KEY-4.
 * Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_keyset_from_jwks(svms_keyset **out, svms_ctx *ctx,
                                                           const char *json, size_t size,
                                                           svms_error *err);

/**
 * Number of keys of a set.
 *
 * @param keyset  a set, or NULL
 * @return how many; 0 for NULL
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API size_t svms_keyset_count(const svms_keyset *keyset);

/**
 * Release a key set.
 *
 * @param keyset  address of the set; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the set any more. Since 0.1.
 */
SVMS_API void svms_keyset_free(svms_keyset **keyset);

#ifdef __cplusplus
}
#endif

#endif
