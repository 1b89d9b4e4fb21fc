/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Keys behind callbacks: in a security module, a TPM, a remote service. Answers may come later.
 *
 * The library hands a *request* to the application's callback. Whoever answers completes it, within
 * the callback or later, from any thread. The rules, for both kinds of requests:
 *
 * - A request that begin() took (by returning ::SVMS_OK) must be completed exactly once, whatever
 *   happens, if need be with ::SVMS_E_CANCELLED. One that begin() refused must not be completed.
 * - The library may lose interest before: a writer was aborted, the key was freed. Such a request
 *   stays valid until it is completed, and completing it is safe; the result is dropped.
 * - A second completion is refused with ::SVMS_E_STATE and changes nothing, as long as the key
 *   lives and no 32 further requests were begun with it; do not rely on more than that.
 * - svms_private_key_free() and svms_kek_free() do not wait. release() is called when the key,
 *   everything made with it, and its last request are gone: in that call, or in the completion of
 *   the last request. The context must outlive that moment; a request that is never completed
 *   keeps its memory.
 *
 * No lock is held while a callback runs, so a callback may call into the library.
 */
#ifndef SVMS_EXTERNAL_KEY_H
#define SVMS_EXTERNAL_KEY_H

#include <svms/key.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How a signature is made. The values are those of container.md, C-ALG-2. */
typedef enum svms_sign_scheme {
    SVMS_SIGN_ECDSA_P256_SHA256 = 1, /**< ECDSA on P-256 of the SHA-256 of the message. */
    SVMS_SIGN_ECDSA_P384_SHA384 = 2, /**< ECDSA on P-384 of the SHA-384 of the message. */
    SVMS_SIGN_ED25519 = 3,           /**< Ed25519 of the message itself (RFC 8032, 5.1). */
    SVMS_SIGN_RSA_PSS_SHA256 = 4     /**< RSASSA-PSS, SHA-256, MGF1-SHA-256, 32 bytes of salt. */
} svms_sign_scheme;

/** Opaque request for a signature; owned by the library. */
typedef struct svms_sign_request svms_sign_request;

/** What is to be signed. Valid, with all it points to, until the request is completed. Since 0.1.
 */
typedef struct svms_sign_message {
    uint32_t struct_size;    /**< What the library filled: sizeof(svms_sign_message). */
    svms_sign_scheme scheme; /**< How; decided by the kind of the key. */
    const void *data;        /**< The message. */
    size_t size;             /**< Bytes of it. */
    const void *digest;      /**< Its hash, by the scheme; NULL for Ed25519. */
    size_t digest_size;      /**< Bytes of the hash; 0 for Ed25519. */
} svms_sign_message;

/** Who signs. Start from ::SVMS_SIGNER_INIT. All callbacks must be safe to call from every thread
 * that uses the key, several at a time. Since 0.1. */
typedef struct svms_signer {
    uint32_t struct_size; /**< sizeof(svms_signer). */
    void *user;           /**< Passed to every callback; borrowed until release(). */
    /** Begin to sign. ::SVMS_OK: taken; svms_sign_request_complete() was or will be called exactly
     * once. A failure: refused, and the library reports that status. Must not wait for long. */
    svms_status (*begin)(void *user, svms_sign_request *request, const svms_sign_message *message);
    /** The library has to wait for an answer. Return when there was some progress, with any
     * request; it is called again while its own is not completed. NULL: the library sleeps until
     * completion. */
    void (*wait)(void *user);
    /** Nothing will be asked or answered any more. NULL: nothing to do. */
    void (*release)(void *user);
} svms_signer;

/** Initialiser of ::svms_signer: no callbacks. */
#define SVMS_SIGNER_INIT                                                                           \
    {                                                                                              \
        (uint32_t)sizeof(svms_signer), NULL, NULL, NULL, NULL                                      \
    }

/**
 * A private key for signing whose private half is behind callbacks.
 *
 * Every signature is verified with the public half before it is used, so a callback cannot spoil a
 * recording unnoticed. The key does not decrypt.
 *
 * @param[out] out     the key; release with svms_private_key_free()
 * @param ctx          context; must outlive the key and every request
 * @param public_half  its public key: P-256, P-384, Ed25519 or RSA; only read in this call
 * @param signer       callbacks; the struct is copied; begin is needed
 * @param[out] err     why it failed, or NULL; release() is not called then
 *
 * @retval SVMS_OK             made
 * @retval SVMS_E_USAGE        an argument or begin is NULL, or the struct is of an unknown longer
 *                             version
 * @retval SVMS_E_UNSUPPORTED  a key of a kind that cannot sign
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 * @retval SVMS_E_IO           the system gives no lock
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_private_key_from_signer(
    svms_private_key **out, svms_ctx *ctx, const svms_public_key *public_half,
    const svms_signer *signer, svms_error *err);

/**
 * Complete a request for a signature.
 *
 * @param request    what begin() was given
 * @param status     ::SVMS_OK, or the failure to report where the signature was asked for; a value
 *                   that is no failure counts as ::SVMS_E_CRYPTO
 * @param signature  the signature, copied; NULL where @p status is a failure. ECDSA: r || s of
 *                   fixed width, or DER; s of either half. Ed25519 and RSA: as their standards say
 * @param size       bytes of the signature
 *
 * @retval SVMS_OK        taken, or dropped because nobody wants it any more
 * @retval SVMS_E_USAGE   @p request is NULL; or @p signature is NULL although @p status is
 *                        ::SVMS_OK: completed as a failure
 * @retval SVMS_E_LIMIT   longer than a signature of that kind, or empty: completed as a failure
 * @retval SVMS_E_STATE   it was completed before
 *
 * Thread safety: any thread, also within begin() and wait(). Since 0.1.
 */
SVMS_API svms_status svms_sign_request_complete(svms_sign_request *request, svms_status status,
                                                const void *signature, size_t size);

/**
 * What a key that decrypts is asked for.
 *
 * On P-256 the output is the x of the shared point, without any derivation; the library has
 * checked that the peer's point is on the curve. Since 0.1.
 */
typedef enum svms_unwrap_operation {
    SVMS_UNWRAP_X25519 = 1,     /**< X25519 (RFC 7748): in, the peer's 32 bytes; out, 32 bytes. */
    SVMS_UNWRAP_P256 = 2,       /**< ECDH: in, the peer's point, 04 || x || y; out, x, 32 bytes. */
    SVMS_UNWRAP_RSA_OAEP = 3,   /**< RSAES-OAEP, SHA-256, MGF1-SHA-256, empty label: decrypt. */
    SVMS_UNWRAP_KEK_UNWRAP = 4, /**< RFC 3394: in, 40 bytes; out, 32 bytes. */
    SVMS_UNWRAP_KEK_WRAP = 5    /**< RFC 3394: in, 32 bytes, which are secret; out, 40 bytes. */
} svms_unwrap_operation;

/** Opaque request to a key that decrypts; owned by the library. */
typedef struct svms_unwrap_request svms_unwrap_request;

/** What is asked for. Valid, with all it points to, until the request is completed. Since 0.1. */
typedef struct svms_unwrap_message {
    uint32_t struct_size;            /**< What the library filled: sizeof(svms_unwrap_message). */
    svms_unwrap_operation operation; /**< What to do. */
    /** Which key: the first 16 bytes of SHA-256 of its DER SubjectPublicKeyInfo, or the id of the
     * key-encryption key. */
    uint8_t key_id[16];
    const void *input;  /**< What the operation reads. */
    size_t input_size;  /**< Bytes of it. */
    size_t output_size; /**< Bytes that are expected back, exactly. */
} svms_unwrap_message;

/** Who decrypts. Start from ::SVMS_UNWRAPPER_INIT. All callbacks must be safe to call from every
 * thread that uses the key, several at a time. Since 0.1. */
typedef struct svms_unwrapper {
    uint32_t struct_size; /**< sizeof(svms_unwrapper). */
    void *user;           /**< Passed to every callback; borrowed until release(). */
    /** Begin the operation. ::SVMS_OK: taken; svms_unwrap_request_complete() was or will be called
     * exactly once. A failure: refused, and the library reports that status. */
    svms_status (*begin)(void *user, svms_unwrap_request *request,
                         const svms_unwrap_message *message);
    /** As in ::svms_signer. */
    void (*wait)(void *user);
    /** As in ::svms_signer. */
    void (*release)(void *user);
} svms_unwrapper;

/** Initialiser of ::svms_unwrapper: no callbacks. */
#define SVMS_UNWRAPPER_INIT                                                                        \
    {                                                                                              \
        (uint32_t)sizeof(svms_unwrapper), NULL, NULL, NULL, NULL                                   \
    }

/**
 * A private key for decryption whose private half is behind callbacks. It does not sign.
 *
 * @param[out] out     the key; release with svms_private_key_free()
 * @param ctx          context; must outlive the key and every request
 * @param public_half  its public key: X25519, P-256, or RSA of 2048, 3072 or 4096 bits; only read
 *                     in this call
 * @param unwrapper    callbacks; the struct is copied; begin is needed
 * @param[out] err     why it failed, or NULL; release() is not called then
 *
 * @retval SVMS_OK             made
 * @retval SVMS_E_USAGE        an argument or begin is NULL, or the struct is of an unknown longer
 *                             version
 * @retval SVMS_E_UNSUPPORTED  a key of a kind that cannot receive
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 * @retval SVMS_E_IO           the system gives no lock
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_private_key_from_unwrapper(
    svms_private_key **out, svms_ctx *ctx, const svms_public_key *public_half,
    const svms_unwrapper *unwrapper, svms_error *err);

/**
 * A key-encryption key that is behind callbacks; it is asked for ::SVMS_UNWRAP_KEK_UNWRAP to read
 * and ::SVMS_UNWRAP_KEK_WRAP to record.
 *
 * @param[out] out   the key; release with svms_kek_free()
 * @param ctx        context; must outlive the key and every request
 * @param id         16 bytes by which containers name the key, chosen by its owner; not secret
 * @param unwrapper  callbacks; the struct is copied; begin is needed
 * @param[out] err   why it failed, or NULL; release() is not called then
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument or begin is NULL, or the struct is of an unknown longer
 *                           version
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_IO         the system gives no lock
 *
 * Thread safety: any thread. Specification: container.md, C-ACC-6. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_kek_from_unwrapper(svms_kek **out, svms_ctx *ctx,
                                                             const uint8_t id[SVMS_KEK_ID_SIZE],
                                                             const svms_unwrapper *unwrapper,
                                                             svms_error *err);

/**
 * Complete a request to a key that decrypts.
 *
 * @param request  what begin() was given
 * @param status   ::SVMS_OK; ::SVMS_E_WRONG_KEY where the input does not open with this key; or
 *                 another failure to report; a value that is no failure counts as
 *                 ::SVMS_E_CRYPTO
 * @param output   the result, copied; wiped by the library after use; NULL where @p status is a
 *                 failure
 * @param size     bytes of the result
 *
 * @retval SVMS_OK        taken, or dropped because nobody wants it any more
 * @retval SVMS_E_USAGE   @p request is NULL; or @p output is NULL although @p status is
 *                        ::SVMS_OK: completed as a failure
 * @retval SVMS_E_LIMIT   the result is not of the size asked for: completed as a failure
 *                        (::SVMS_E_WRONG_KEY where the caller asked for RSA decryption, else
 *                        ::SVMS_E_CRYPTO)
 * @retval SVMS_E_STATE   it was completed before
 *
 * Thread safety: any thread, also within begin() and wait(). Since 0.1.
 */
SVMS_API svms_status svms_unwrap_request_complete(svms_unwrap_request *request, svms_status status,
                                                  const void *output, size_t size);

#ifdef __cplusplus
}
#endif

#endif
