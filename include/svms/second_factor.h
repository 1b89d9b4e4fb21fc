/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * One-time codes: from an authenticator, for recovery, and delivered by mail or SMS.
 *
 * Whoever checks a code also limits how often it is tried: see svms_login_limiter_ask().
 *
 * Specification: login.md, section 2.
 */
#ifndef SVMS_SECOND_FACTOR_H
#define SVMS_SECOND_FACTOR_H

#include <svms/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most bytes of the name that somebody logs in with, without the NUL. */
#define SVMS_LOGIN_NAME_MAX 256

/** What a code was found to be. */
typedef enum svms_code_verdict {
    SVMS_CODE_WRONG = 0,  /**< Not the code. */
    SVMS_CODE_GOOD = 1,   /**< The code, and it is used up now. */
    SVMS_CODE_USED = 2,   /**< It was the code, but it, or a later one, has been used. */
    SVMS_CODE_MISSING = 3 /**< No code can be right: none was given out, or it has ended. */
} svms_code_verdict;

/**
 * Name of a verdict ("wrong"), as records and the specification spell it.
 *
 * @param verdict  a verdict
 * @return a static string; "none of these" for values that are not listed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_code_verdict_name(svms_code_verdict verdict);

/** The hash that an authenticator uses. */
typedef enum svms_totp_hash {
    SVMS_TOTP_SHA1 = 1,   /**< HMAC-SHA-1, the one that every authenticator knows. */
    SVMS_TOTP_SHA256 = 2, /**< HMAC-SHA-256. */
    SVMS_TOTP_SHA512 = 3  /**< HMAC-SHA-512. */
} svms_totp_hash;

/** Least bytes of the secret of an authenticator (RFC 4226, R6). */
#define SVMS_TOTP_SECRET_MIN 16
/** Bytes of a secret that suit most authenticators (RFC 4226, R6). */
#define SVMS_TOTP_SECRET_SIZE 20
/** Most bytes of the secret of an authenticator. */
#define SVMS_TOTP_SECRET_MAX 64
/** Characters of a code at most, with the NUL. */
#define SVMS_TOTP_CODE_SIZE 9
/** Most bytes of the issuer and of the name in an enrolment URI, without the NUL. */
#define SVMS_TOTP_LABEL_MAX 256
/** Value that means "no code was used yet". */
#define SVMS_TOTP_NO_STEP INT64_C(-1)

/** One person's authenticator. Start from ::SVMS_TOTP_INIT. Since 0.1. */
typedef struct svms_totp {
    uint32_t struct_size;  /**< sizeof(svms_totp). */
    svms_totp_hash hash;   /**< Which HMAC. */
    uint32_t digits;       /**< Digits of a code: 6, 7 or 8. */
    uint32_t period_s;     /**< How long a code is shown: 15 to 300 seconds. */
    const uint8_t *secret; /**< The secret that both sides know; borrowed. */
    size_t secret_size;    /**< Its bytes: ::SVMS_TOTP_SECRET_MIN to ::SVMS_TOTP_SECRET_MAX. */
} svms_totp;

/** Initialiser of ::svms_totp: what every authenticator knows, without a secret. */
#define SVMS_TOTP_INIT                                                                             \
    {                                                                                              \
        (uint32_t)sizeof(svms_totp), SVMS_TOTP_SHA1, 6, 30, NULL, 0                                \
    }

/**
 * Make the secret of an authenticator.
 *
 * @param ctx       context
 * @param[out] out  receives random bytes; to be kept encrypted, and wiped after use
 * @param size      how many: ::SVMS_TOTP_SECRET_MIN to ::SVMS_TOTP_SECRET_MAX
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK        made
 * @retval SVMS_E_USAGE   an argument is NULL or out of range
 * @retval SVMS_E_CRYPTO  the random generator failed; @p out is zeros
 *
 * Thread safety: any thread. Clauses: RFC 4226 section 7.5. Specification: L-OTP-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_totp_secret(svms_ctx *ctx, uint8_t *out, size_t size,
                                                      svms_error *err);

/**
 * The code that an authenticator shows at a moment.
 *
 * @param ctx         context
 * @param totp        the authenticator
 * @param at_utc_ns   when; ::SVMS_NO_TIME: now, by the clock of the context
 * @param[out] out    receives the digits and a NUL
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_OK           told
 * @retval SVMS_E_USAGE      an argument is NULL or out of range, or the time is before 1970
 * @retval SVMS_E_NO_MEMORY  memory ran out
 * @retval SVMS_E_CRYPTO     the provider failed, or lacks the hash
 *
 * Thread safety: any thread. Clauses: RFC 6238 section 4, RFC 4226 section 5.
 * Specification: L-OTP-1, L-OTP-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_totp_code(svms_ctx *ctx, const svms_totp *totp,
                                                    int64_t at_utc_ns,
                                                    char out[SVMS_TOTP_CODE_SIZE], svms_error *err);

/**
 * Check a code of an authenticator: that of the present step, of the one before or of the next one,
 * if it is later than every step of which a code was used.
 *
 * @p last_step is the caller's memory. It must be stored before the login counts, and two logins of
 * one person must not both go on from the same value: otherwise a code that was overheard can be
 * used a second time.
 *
 * @param ctx                context
 * @param totp               the authenticator
 * @param code               what was typed; blanks between the digits are passed over
 * @param now_utc_ns         when; ::SVMS_NO_TIME: now, by the clock of the context
 * @param[in,out] last_step  the last step of which a code was used, or ::SVMS_TOTP_NO_STEP;
 * receives the step of this code, with ::SVMS_OK only
 * @param[out] verdict       what was found; ::SVMS_CODE_GOOD with ::SVMS_OK only
 * @param[out] err           why it failed, or NULL. For the record, not for the peer
 *
 * @retval SVMS_OK           it is right; store @p last_step
 * @retval SVMS_E_POLICY     verdicts wrong and used
 * @retval SVMS_E_USAGE      an argument is NULL or out of range, or the time is before 1970
 * @retval SVMS_E_NO_MEMORY  memory ran out
 * @retval SVMS_E_CRYPTO     the provider failed, or lacks the hash
 *
 * Thread safety: any thread. Takes the same time for right and wrong codes.
 * Clauses: RFC 6238 section 5.2. Specification: L-OTP-3 to L-OTP-6. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_totp_check(svms_ctx *ctx, const svms_totp *totp,
                                                     const char *code, int64_t now_utc_ns,
                                                     int64_t *last_step, svms_code_verdict *verdict,
                                                     svms_error *err);

/**
 * Write a secret as people type it into an authenticator that cannot read pictures: base32 without
 * padding.
 *
 * @param ctx           context
 * @param totp          the authenticator
 * @param[out] out      receives text and NUL; to be wiped after use
 * @param[in,out] size  capacity of @p out; receives the length without NUL, or, with
 *                      ::SVMS_E_LIMIT, the capacity needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           written
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_LIMIT      @p out is too small
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Clauses: RFC 4648 section 6. Specification: L-OTP-7. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_totp_secret_text(svms_ctx *ctx, const svms_totp *totp,
                                                           char *out, size_t *size,
                                                           svms_error *err);

/**
 * Write the URI (otpauth://totp/...) that enrols an authenticator, mostly shown as a QR code. It
 * holds the secret: it is shown once, over an encrypted connection, and stored nowhere.
 *
 * @param ctx           context
 * @param totp          the authenticator
 * @param issuer        who asks for codes ("Example VMS"): 1 to ::SVMS_TOTP_LABEL_MAX bytes
 * @param name          whose codes they are ("anna@example.org"): as long
 * @param[out] out      receives text and NUL; to be wiped after use
 * @param[in,out] size  capacity of @p out; receives the length without NUL, or, with
 *                      ::SVMS_E_LIMIT, the capacity needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           written
 * @retval SVMS_E_USAGE      an argument is NULL or out of range; @p issuer or @p name is not UTF-8
 *                           or holds a colon, a control character or one that turns the direction
 *                           of what is written
 * @retval SVMS_E_LIMIT      @p out is too small
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Clauses: RFC 3986 section 2. Specification: L-OTP-7, L-OTP-8.
 * Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_totp_uri(svms_ctx *ctx, const svms_totp *totp,
                                                   const char *issuer, const char *name, char *out,
                                                   size_t *size, svms_error *err);

/** Most recovery codes of a person. */
#define SVMS_RECOVERY_MAX 16
/** Characters of a recovery code, with the NUL: "7QF2-M0XK-...", six groups of four. */
#define SVMS_RECOVERY_CODE_SIZE 30
/** Bytes of the salt of a set of recovery codes. */
#define SVMS_RECOVERY_SALT_SIZE 16
/** Bytes of the hash of a recovery code. */
#define SVMS_RECOVERY_HASH_SIZE 32

/** What is stored of a set of recovery codes. Start from ::SVMS_RECOVERY_SET_INIT. Since 0.1. */
typedef struct svms_recovery_set {
    uint32_t struct_size;                  /**< sizeof(svms_recovery_set). */
    uint32_t count;                        /**< How many codes it began with. */
    uint8_t salt[SVMS_RECOVERY_SALT_SIZE]; /**< The salt of all of them. */
    /** The hashes; one that is zeros is that of a code that was used. */
    uint8_t hashes[SVMS_RECOVERY_MAX][SVMS_RECOVERY_HASH_SIZE];
} svms_recovery_set;

/** Initialiser of ::svms_recovery_set: no code. */
#define SVMS_RECOVERY_SET_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(svms_recovery_set), 0, { 0 },                                             \
        {                                                                                          \
            {                                                                                      \
                0                                                                                  \
            }                                                                                      \
        }                                                                                          \
    }

/**
 * Make recovery codes: 120 random bits each, to be shown once.
 *
 * @param ctx         context
 * @param count       how many: 1 to ::SVMS_RECOVERY_MAX
 * @param[out] codes  receives @p count texts; to be wiped after they were shown
 * @param[out] set    receives what is to be stored; the set of before ends with it
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_NO_MEMORY  the allocator failed; nothing was written
 * @retval SVMS_E_CRYPTO     the provider failed; nothing was written
 *
 * Thread safety: any thread. Specification: L-REC-1 to L-REC-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_recovery_make(svms_ctx *ctx, uint32_t count,
                                                        char codes[][SVMS_RECOVERY_CODE_SIZE],
                                                        svms_recovery_set *set, svms_error *err);

/**
 * Check a recovery code. Case, blanks and hyphens do not matter; O is read as 0, I and L as 1.
 *
 * @param ctx           context
 * @param code          what was typed
 * @param[in,out] set   the codes; with ::SVMS_OK, the hash of this one is zeros now. The caller
 * stores the set before the login counts, and lets no two logins of one person go on from the same
 * set
 * @param[out] verdict  what was found: good, wrong, or missing when no code is left
 * @param[out] err      why it failed, or NULL. For the record, not for the peer
 *
 * @retval SVMS_OK           it is right; store @p set
 * @retval SVMS_E_POLICY     verdicts wrong and missing
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread; the set belongs to one at a time. Takes the same time whichever code
 * it is, and whether it is one. Specification: L-REC-3 to L-REC-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_recovery_check(svms_ctx *ctx, const char *code,
                                                         svms_recovery_set *set,
                                                         svms_code_verdict *verdict,
                                                         svms_error *err);

/**
 * How many codes of a set were not used yet.
 *
 * @param set  a set
 * @return how many; 0 for NULL
 *
 * Thread safety: any thread; the set belongs to one at a time. Since 0.1.
 */
SVMS_API uint32_t svms_recovery_left(const svms_recovery_set *set);

/**
 * Deliver a code. Called without any lock of the library, by the thread that called
 * svms_code_book_send().
 *
 * @param user         svms_code_book_options.user
 * @param name         whose code it is
 * @param destination  as in svms_code_book_send()
 * @param code         the digits; not to be kept or logged
 * @param[out] err     to be filled on failure
 *
 * @return ::SVMS_OK when the code is on its way; anything else ends the code
 */
typedef svms_status (*svms_code_deliver)(void *user, const char *name, const char *destination,
                                         const char *code, svms_error *err);

/** Opaque table of codes that were delivered; shared freely between threads. */
typedef struct svms_code_book svms_code_book;

/** How codes are delivered. Start from ::SVMS_CODE_BOOK_OPTIONS_INIT. Since 0.1. */
typedef struct svms_code_book_options {
    uint32_t struct_size;      /**< sizeof(svms_code_book_options). */
    uint32_t capacity;         /**< Names with a code at the same time: 1 to 1,048,576. */
    uint32_t life_s;           /**< Seconds for which a code is good: 30 to 86,400. */
    uint32_t digits;           /**< Digits of a code: 6, 7 or 8. */
    uint32_t tries;            /**< Wrong tries that end a code: 1 to 10. */
    uint32_t pause_s;          /**< Seconds between two sendings to one name: 0 to 86,400. */
    svms_code_deliver deliver; /**< What delivers them. */
    void *user;                /**< Passed to @p deliver; borrowed. */
} svms_code_book_options;

/** Initialiser of ::svms_code_book_options: six digits, good for 10 minutes and five tries, at most
 * one in a minute, for 4,096 names; nothing that delivers them. */
#define SVMS_CODE_BOOK_OPTIONS_INIT                                                                \
    {                                                                                              \
        (uint32_t)sizeof(svms_code_book_options), 4096, 600, 6, 5, 60, NULL, NULL                  \
    }

/**
 * Make a table of delivered codes. All its memory is taken now.
 *
 * @param[out] out  the table; release with svms_code_book_free()
 * @param ctx       context; must outlive the table
 * @param options   how codes are delivered
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL, or an option is out of range
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the random generator failed
 *
 * Thread safety: any thread. Specification: L-DLV-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_code_book_new(svms_code_book **out, svms_ctx *ctx,
                                                        const svms_code_book_options *options,
                                                        svms_error *err);

/**
 * Make a code for a name and deliver it. The code that this name had before ends.
 *
 * @param book         the table
 * @param name         whose code it is: 1 to ::SVMS_LOGIN_NAME_MAX bytes, compared byte by byte
 * @param destination  where it goes (a number, an address); handed to the callback as it is; may be
 *                     NULL
 * @param[out] wait_s  with ::SVMS_E_POLICY: seconds until another code may be sent; 0 otherwise.
 *                     May be NULL
 * @param[out] err     why it failed, or NULL
 *
 * @retval SVMS_OK           delivered
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_POLICY     too soon after the one before, which stays good
 * @retval SVMS_E_LIMIT      as many names have a code as the table holds
 * @retval SVMS_E_NO_MEMORY  memory ran out; nothing has changed
 * @retval SVMS_E_CRYPTO     the provider or the random generator failed; nothing has changed
 * @return any failure of the callback; no code of this name is good then. What it returned that is
 *         neither ::SVMS_OK nor a failure becomes ::SVMS_E_IO
 *
 * Thread safety: any thread. Specification: L-DLV-1 to L-DLV-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_code_book_send(svms_code_book *book, const char *name,
                                                         const char *destination, uint32_t *wait_s,
                                                         svms_error *err);

/**
 * Check a delivered code. The right one is used up by it.
 *
 * @param book          the table
 * @param name          who tries: as in svms_code_book_send(). NULL: nobody, whose code is never
 * right and takes the same work
 * @param code          what was typed; blanks between the digits are passed over
 * @param[out] verdict  what was found: good, wrong, or missing when no code of this name is good
 * @param[out] err      why it failed, or NULL. For the record, not for the peer
 *
 * @retval SVMS_OK           it is right
 * @retval SVMS_E_POLICY     verdicts wrong and missing
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_NO_MEMORY  memory ran out
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread. Specification: L-DLV-1, L-DLV-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_code_book_check(svms_code_book *book, const char *name,
                                                          const char *code,
                                                          svms_code_verdict *verdict,
                                                          svms_error *err);

/**
 * Release a table of delivered codes.
 *
 * @param book  address of the table; NULL and pointer to NULL are accepted; wiped and cleared
 *
 * Thread safety: no other thread may use it any more. Since 0.1.
 */
SVMS_API void svms_code_book_free(svms_code_book **book);

#ifdef __cplusplus
}
#endif

#endif
