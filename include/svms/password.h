/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Passwords: hashed, verified, judged.
 *
 * A hashed password is one text, a PHC string: it names how it was made and what that cost, so that
 * costs can be raised later while old hashes still verify. Passwords are bytes and are taken as
 * they come: nothing is trimmed, folded or normalised.
 *
 * Specification: login.md, section 1.
 */
#ifndef SVMS_PASSWORD_H
#define SVMS_PASSWORD_H

#include <svms/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most characters of a hashed password, with the NUL. */
#define SVMS_PASSWORD_HASH_SIZE 256
/** Most bytes of a password. */
#define SVMS_PASSWORD_MAX 1024
/** Most earlier passwords that a policy can look back to. */
#define SVMS_PASSWORD_HISTORY_MAX 24

/** How passwords are hashed. Since 0.1. */
typedef enum svms_password_scheme {
    SVMS_PASSWORD_BEST = 0,     /**< Argon2id, or scrypt in a library that was built without it. */
    SVMS_PASSWORD_ARGON2ID = 1, /**< Argon2id (RFC 9106), version 1.3. */
    SVMS_PASSWORD_SCRYPT = 2    /**< scrypt (RFC 7914) with r = 8. */
} svms_password_scheme;

/** What a hash shall cost. Start from ::SVMS_PASSWORD_COST_INIT. Since 0.1. */
typedef struct svms_password_cost {
    uint32_t struct_size;        /**< sizeof(svms_password_cost). */
    svms_password_scheme scheme; /**< How. */
    uint32_t memory_kib;         /**< Memory in KiB, at most 1,048,576 (1 GiB), and at least 8 for
                                      each lane; for scrypt at least 16, and taken down to a power
                                      of two. */
    uint32_t passes;             /**< Passes over it: Argon2id 1 to 64, scrypt (p) 1 to 16. */
    uint32_t lanes;              /**< Lanes of Argon2id, 1 to 16; scrypt has none. */
    uint32_t reserved;           /**< 0. */
} svms_password_cost;

/** Initialiser of ::svms_password_cost: 64 MiB, three passes, four lanes (RFC 9106, section 4). */
#define SVMS_PASSWORD_COST_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(svms_password_cost), SVMS_PASSWORD_BEST, 65536, 3, 4, 0                   \
    }

/**
 * Hash a password, to be kept.
 *
 * The lanes of Argon2id are computed one after the other, in the calling thread.
 *
 * @param ctx       context; Argon2id takes its memory from its allocator, scrypt from OpenSSL
 * @param cost      what it shall cost, or NULL for ::SVMS_PASSWORD_COST_INIT
 * @param password  the password
 * @param size      its bytes, 1 to ::SVMS_PASSWORD_MAX
 * @param[out] out  receives the hash, a PHC string with NUL
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             @p out holds the hash, with a new salt of 16 bytes
 * @retval SVMS_E_USAGE        an argument is NULL, or @p cost names no scheme
 * @retval SVMS_E_LIMIT        the password is empty or too long, or a cost is out of its bounds
 * @retval SVMS_E_UNSUPPORTED  Argon2id was asked for, and the library was built without it
 * @retval SVMS_E_NO_MEMORY    there is not as much memory as the cost says
 * @retval SVMS_E_CRYPTO       the provider or the random generator failed
 *
 * Thread safety: any thread. Specification: L-PWD-1, L-PWD-3, L-PWD-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_password_hash(svms_ctx *ctx,
                                                        const svms_password_cost *cost,
                                                        const void *password, size_t size,
                                                        char out[SVMS_PASSWORD_HASH_SIZE],
                                                        svms_error *err);

/** What a password was found to be. Start from ::SVMS_PASSWORD_RESULT_INIT. Since 0.1. */
typedef struct svms_password_result {
    uint32_t struct_size;  /**< sizeof(svms_password_result). */
    uint32_t is_right;     /**< 1: it is the password that was hashed. */
    uint32_t needs_rehash; /**< 1: the hash is of another scheme, or cheaper, than was asked for. */
    uint32_t reserved;     /**< 0. */
} svms_password_result;

/** Initialiser of ::svms_password_result. */
#define SVMS_PASSWORD_RESULT_INIT                                                                  \
    {                                                                                              \
        (uint32_t)sizeof(svms_password_result), 0, 0, 0                                            \
    }

/**
 * Compare a password with a hash.
 *
 * Without a hash it takes the work that a hash of that cost would have taken, and the answer is no:
 * that is for names that nobody has. So is a password that is empty or too long.
 *
 * @param ctx       context
 * @param hash      PHC string of Argon2id or scrypt, made here or elsewhere; NULL: there is none
 * @param cost      what hashes shall cost today, or NULL for ::SVMS_PASSWORD_COST_INIT
 * @param password  what somebody typed
 * @param size      its bytes
 * @param[out] out  receives the answer
 * @param[out] err  why there is none, or NULL
 *
 * @retval SVMS_OK             @p out holds the answer
 * @retval SVMS_E_USAGE        an argument is NULL, or @p cost names no scheme
 * @retval SVMS_E_MALFORMED    @p hash is no PHC string; err->offset names the character
 * @retval SVMS_E_LIMIT        a cost, in @p hash or in @p cost, is out of its bounds
 * @retval SVMS_E_UNSUPPORTED  another scheme or version, or Argon2id in a library without it
 * @retval SVMS_E_NO_MEMORY    there is not as much memory as the cost says
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Specification: L-PWD-2 to L-PWD-6. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_password_verify(svms_ctx *ctx, const char *hash,
                                                          const svms_password_cost *cost,
                                                          const void *password, size_t size,
                                                          svms_password_result *out,
                                                          svms_error *err);

/** What is wrong with a new password: bits. Since 0.1. */
typedef enum svms_password_finding {
    SVMS_PASSWORD_SHORT = 1,        /**< It has too few characters. */
    SVMS_PASSWORD_LONG = 2,         /**< It has too many bytes. */
    SVMS_PASSWORD_NOT_TEXT = 4,     /**< It is not UTF-8, or has control characters. */
    SVMS_PASSWORD_NAMES_USER = 8,   /**< The name of its user stands in it. */
    SVMS_PASSWORD_USED_BEFORE = 16, /**< It is the user's password, or was one of the last. */
    SVMS_PASSWORD_BREACHED = 32,    /**< It stands in the list of known passwords. */
    SVMS_PASSWORD_REPEATS = 64,     /**< A few characters, a run or one piece over and over. */
    SVMS_PASSWORD_KINDS = 128,      /**< It has too few kinds of characters. */
    SVMS_PASSWORD_OLD_WRONG = 256   /**< The old password, which was asked for, is wrong. */
} svms_password_finding;

/**
 * Says whether a password stands in a list of those that became known.
 *
 * @param user              what the policy said
 * @param sha1              SHA-1 of the password, by which such lists are kept
 * @param password          the password itself; must not be kept
 * @param size              its bytes
 * @param[out] is_breached  receives 1 where it stands in the list, else 0
 * @param[out] err          why that cannot be told
 * @return ::SVMS_OK, or the failure that judging ends with; a status that is none becomes
 *         ::SVMS_E_IO
 */
typedef svms_status (*svms_password_breached)(void *user, const uint8_t sha1[20],
                                              const void *password, size_t size,
                                              uint32_t *is_breached, svms_error *err);

/** What a new password must be. Start from ::SVMS_PASSWORD_POLICY_INIT. Since 0.1. */
typedef struct svms_password_policy {
    uint32_t struct_size;            /**< sizeof(svms_password_policy). */
    uint32_t least_characters;       /**< Unicode characters at least. */
    uint32_t most_bytes;             /**< Bytes at most; ::SVMS_PASSWORD_MAX at most. */
    uint32_t least_kinds;            /**< Kinds at least, of a-z, A-Z, 0-9, all others: 0 to 4. */
    uint32_t history;                /**< Passwords that must not come again, the one of now
                                          counted; 0 to ::SVMS_PASSWORD_HISTORY_MAX. */
    uint32_t reserved;               /**< 0. */
    svms_password_breached breached; /**< List of known passwords, or NULL. */
    void *user;                      /**< Passed to it; borrowed. */
} svms_password_policy;

/** Initialiser of ::svms_password_policy: 12 characters, the last five not again. */
#define SVMS_PASSWORD_POLICY_INIT                                                                  \
    {                                                                                              \
        (uint32_t)sizeof(svms_password_policy), 12, SVMS_PASSWORD_MAX, 0, 5, 0, NULL, NULL         \
    }

/**
 * Judge a password that somebody wants to have.
 *
 * Everything that is wrong is found at once. Each earlier hash costs as much as a login.
 *
 * @param ctx            context
 * @param policy         what it must be, or NULL for ::SVMS_PASSWORD_POLICY_INIT
 * @param name           name of the user, or NULL
 * @param password       the password
 * @param size           its bytes
 * @param history        hashes of earlier passwords, the newest first; NULL where there are none
 * @param history_count  their number; those that the policy does not look back to are passed over
 * @param[out] findings  receives bits of ::svms_password_finding, 0 for a good password
 * @param[out] err       why there is no answer, or NULL
 *
 * @retval SVMS_OK             @p findings says all there is to say
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_LIMIT        the policy is out of its bounds, or a hash is
 * @retval SVMS_E_MALFORMED    an earlier hash is no PHC string
 * @retval SVMS_E_UNSUPPORTED  an earlier hash is of a scheme that is not known here
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Other failures are those of the policy's callback. Thread safety: any thread.
 * Specification: L-PWD-7 to L-PWD-9. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_password_judge(svms_ctx *ctx,
                                                         const svms_password_policy *policy,
                                                         const char *name, const void *password,
                                                         size_t size, const char *const *history,
                                                         size_t history_count, uint32_t *findings,
                                                         svms_error *err);

/**
 * What is wrong with a password, in words.
 *
 * @param finding  one bit
 * @return an English sentence part that goes on after "the password", such as "is too short"
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_password_finding_words(svms_password_finding finding);

#ifdef __cplusplus
}
#endif

#endif
