/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What proves who one person is, as one text to store, and logging in with it.
 *
 * The caller finds the text of a name, reads it, logs in or changes something, and stores the text
 * anew if it has changed. Two that change the text of one person must not both start from the same
 * one: hold a lock from reading to storing, or store only where the text is still what was read.
 *
 * Specification: login.md, section 4.
 */
#ifndef SVMS_ACCOUNT_H
#define SVMS_ACCOUNT_H

#include <svms/password.h>
#include <svms/second_factor.h>
#include <svms/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of the key that seals accounts. */
#define SVMS_ACCOUNT_KEY_SIZE 32
/** Most characters of the text of an account, with the NUL. */
#define SVMS_ACCOUNT_TEXT_MAX 16385
/** Recovery codes that a person gets. */
#define SVMS_ACCOUNT_RECOVERY_CODES 10

/** Opaque account; belongs to one thread at a time. */
typedef struct svms_account svms_account;

/**
 * Begin an account: without a password, nobody can log in with it.
 *
 * @param[out] out  the account; release with svms_account_free()
 * @param ctx       context; must outlive the account
 * @param name      name to log in by, 1 to ::SVMS_LOGIN_NAME_MAX bytes; copied
 * @param key       key that seals the text of the account; copied, and wiped with the account
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           begun
 * @retval SVMS_E_USAGE      an argument is NULL, or the name is none
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Specification: L-ACC-1, L-ACC-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_account_new(svms_account **out, svms_ctx *ctx,
                                                      const char *name,
                                                      const uint8_t key[SVMS_ACCOUNT_KEY_SIZE],
                                                      svms_error *err);

/**
 * Read the text of an account.
 *
 * @param[out] out  the account; release with svms_account_free()
 * @param ctx       context; must outlive the account
 * @param name      name that it was stored under; copied
 * @param key       key that it was sealed with; copied, and wiped with the account
 * @param text      the text, not necessarily NUL-terminated
 * @param size      its characters
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             read
 * @retval SVMS_E_USAGE        an argument is NULL, or the name is none
 * @retval SVMS_E_MALFORMED    it is no account, or holds what breaks a rule
 * @retval SVMS_E_LIMIT        it is too long, or holds a hash that is out of its bounds
 * @retval SVMS_E_UNSUPPORTED  it is of another version, or holds a hash of an unknown scheme
 * @retval SVMS_E_WRONG_KEY    it was changed, is somebody else's or is sealed with another key
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Specification: L-ACC-3, L-ACC-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_account_read(svms_account **out, svms_ctx *ctx,
                                                       const char *name,
                                                       const uint8_t key[SVMS_ACCOUNT_KEY_SIZE],
                                                       const char *text, size_t size,
                                                       svms_error *err);

/**
 * Write an account as text: printable ASCII without white space, another one each time.
 *
 * @param account       the account
 * @param[out] out      receives text and NUL; ::SVMS_ACCOUNT_TEXT_MAX always suffices
 * @param[in,out] size  capacity of @p out; receives the length without NUL, or, with
 *                      ::SVMS_E_LIMIT, the capacity needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           written
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_LIMIT      @p out is too small
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider or the random generator failed
 *
 * Thread safety: one thread at a time. Specification: L-ACC-3, L-ACC-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_account_write(const svms_account *account, char *out,
                                                        size_t *size, svms_error *err);

/**
 * Let the next text be sealed with another key.
 *
 * @param account   the account
 * @param key       the new key; copied
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       the next svms_account_write() uses it
 * @retval SVMS_E_USAGE  an argument is NULL
 *
 * Thread safety: one thread at a time. Specification: L-ACC-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_account_set_key(svms_account *account,
                                                          const uint8_t key[SVMS_ACCOUNT_KEY_SIZE],
                                                          svms_error *err);

/**
 * Release an account.
 *
 * @param account  address of the account; NULL and pointer to NULL are accepted; wiped and cleared
 *
 * Thread safety: no other thread may use it any more. Since 0.1.
 */
SVMS_API void svms_account_free(svms_account **account);

/** What an account is. Start from ::SVMS_ACCOUNT_INFO_INIT. Since 0.1. */
typedef struct svms_account_info {
    uint32_t struct_size;        /**< sizeof(svms_account_info). */
    uint32_t has_password;       /**< 1: it has one. */
    uint32_t must_change;        /**< 1: its password is to be changed first. */
    uint32_t is_locked;          /**< 1: nobody can log in. */
    uint32_t has_totp;           /**< 1: it has an authenticator. */
    uint32_t totp_is_pending;    /**< 1: an authenticator waits for its first code. */
    uint32_t recovery_left;      /**< Recovery codes that were not used. */
    uint32_t history;            /**< Earlier passwords that are remembered. */
    int64_t password_set_utc_ns; /**< When the password was set, or ::SVMS_NO_TIME. */
    int64_t last_login_utc_ns;   /**< The last good login, or ::SVMS_NO_TIME. */
} svms_account_info;

/** Initialiser of ::svms_account_info. */
#define SVMS_ACCOUNT_INFO_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(svms_account_info), 0, 0, 0, 0, 0, 0, 0, 0, 0                             \
    }

/**
 * Say what an account is.
 *
 * @param account   the account
 * @param[out] out  receives it
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       @p out is filled
 * @retval SVMS_E_USAGE  an argument is NULL
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_account_describe(const svms_account *account,
                                                           svms_account_info *out, svms_error *err);

/**
 * Name that an account was read or begun with.
 *
 * @param account  the account
 * @return its name, as long as the account lives; NULL for NULL
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API const char *svms_account_name(const svms_account *account);

/** A new password. Start from ::SVMS_PASSWORD_CHANGE_INIT. Since 0.1. */
typedef struct svms_password_change {
    uint32_t struct_size;               /**< sizeof(svms_password_change). */
    uint32_t must_change;               /**< 1: its user changes it at the next login. Only for
                                             svms_account_set_password(). */
    const svms_password_policy *policy; /**< What it must be, or NULL for the default. */
    const svms_password_cost *cost;     /**< What its hash shall cost, or NULL for the default. */
    const void *password;               /**< The new password. */
    size_t size;                        /**< Its bytes. */
    const void *old_password;           /**< The old one, for svms_account_change_password(). */
    size_t old_size;                    /**< Its bytes. */
    svms_login_limiter *limiter;        /**< Limits guesses at the old one, or NULL: the caller
                                             does. */
    const char *address;                /**< Where the user is, for the limiter, or NULL. */
} svms_password_change;

/** Initialiser of ::svms_password_change. */
#define SVMS_PASSWORD_CHANGE_INIT                                                                  \
    {                                                                                              \
        (uint32_t)sizeof(svms_password_change), 0, NULL, NULL, NULL, 0, NULL, 0, NULL, NULL        \
    }

/**
 * Set the password of an account, as an administrator does. The one of before is remembered, so far
 * as the policy looks back.
 *
 * @param account        the account; unchanged on failure
 * @param change         the new password
 * @param[out] findings  receives what is wrong with it, bits of ::svms_password_finding
 * @param[out] err       why it failed, or NULL
 *
 * @retval SVMS_OK             set
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_POLICY       the policy refuses it: @p findings says why
 * @retval SVMS_E_LIMIT        policy or cost is out of its bounds
 * @retval SVMS_E_UNSUPPORTED  Argon2id is needed, and the library was built without it
 * @retval SVMS_E_NO_MEMORY    memory ran out
 * @retval SVMS_E_CRYPTO       the provider or the random generator failed
 *
 * Other failures are those of the policy's callback. Thread safety: one thread at a time.
 * Specification: L-ACC-11. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_account_set_password(svms_account *account,
                                                               const svms_password_change *change,
                                                               uint32_t *findings, svms_error *err);

/**
 * Change the password of an account, as its user does: the old one is demanded, and where it is
 * wrong the new one is not looked at. Nothing has to be changed at the next login then. It asks for
 * no second factor: allow it to whoever is logged in, and to whom svms_account_login() has just
 * said
 * ::SVMS_LOGIN_SAY_CHANGE. The caller ends the sessions of before, see svms_session_end_all().
 *
 * @param account        the account; unchanged on failure, except that it may be locked, when the
 *                       limiter says so: store it then, too
 * @param change         both passwords
 * @param[out] findings  receives what is wrong, bits of ::svms_password_finding;
 *                       ::SVMS_PASSWORD_OLD_WRONG also where the account has no password or is
 *                       locked; 0 with ::SVMS_E_POLICY: too many were wrong, wait
 * @param[out] err       why it failed, or NULL
 *
 * @retval SVMS_OK             changed
 * @retval SVMS_E_USAGE        an argument is NULL, or the address is none
 * @retval SVMS_E_POLICY       refused: @p findings says why
 * @retval SVMS_E_LIMIT        policy or cost is out of its bounds
 * @retval SVMS_E_UNSUPPORTED  Argon2id is needed, and the library was built without it
 * @retval SVMS_E_NO_MEMORY    memory ran out
 * @retval SVMS_E_CRYPTO       the provider or the random generator failed
 *
 * Other failures are those of the policy's callback. Thread safety: one thread at a time.
 * Specification: L-ACC-11. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_account_change_password(
    svms_account *account, const svms_password_change *change, uint32_t *findings, svms_error *err);

/**
 * Lock an account, or unlock it. Whoever unlocks it also tells the limiter, see
 * svms_login_limiter_unlock().
 *
 * @param account    the account; NULL is accepted
 * @param is_locked  1: nobody can log in any more; 0: they can
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API void svms_account_lock(svms_account *account, uint32_t is_locked);

/**
 * Begin to enrol an authenticator. It counts when svms_account_confirm_totp() has seen a code of
 * it; one that the account has already stays until then. The account must be stored in between.
 *
 * @param account       the account
 * @param issuer        who will ask for codes, see svms_totp_uri()
 * @param[out] uri      receives the URI to be shown once, with NUL; to be wiped after use
 * @param[in,out] size  capacity of @p uri; receives the length without NUL, or, with
 *                      ::SVMS_E_LIMIT, the capacity needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           begun
 * @retval SVMS_E_USAGE      an argument is NULL, or issuer or name cannot stand in a URI
 * @retval SVMS_E_LIMIT      @p uri is too small
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the random generator failed
 *
 * Thread safety: one thread at a time. Specification: L-ACC-12. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_account_start_totp(svms_account *account,
                                                             const char *issuer, char *uri,
                                                             size_t *size, svms_error *err);

/**
 * End the enrolment of an authenticator with its first code.
 *
 * @param account      the account; unchanged on failure
 * @param code         what the authenticator shows
 * @param now_utc_ns   when; ::SVMS_NO_TIME: now, by the clock of the context
 * @param[out] codes   receives ::SVMS_ACCOUNT_RECOVERY_CODES recovery codes, to be shown once and
 *                     wiped; those of before end
 * @param[out] err     why it failed, or NULL
 *
 * @retval SVMS_OK           the authenticator counts from now on
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_STATE      no authenticator waits
 * @retval SVMS_E_POLICY     the code is wrong; it may be tried again
 * @retval SVMS_E_NO_MEMORY  memory ran out
 * @retval SVMS_E_CRYPTO     the provider or the random generator failed
 *
 * Thread safety: one thread at a time. Specification: L-ACC-12. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_account_confirm_totp(
    svms_account *account, const char *code, int64_t now_utc_ns,
    char codes[SVMS_ACCOUNT_RECOVERY_CODES][SVMS_RECOVERY_CODE_SIZE], svms_error *err);

/**
 * Take authenticator, enrolment and recovery codes from an account.
 *
 * @param account  the account; NULL is accepted
 *
 * Thread safety: one thread at a time. Specification: L-ACC-12. Since 0.1.
 */
SVMS_API void svms_account_stop_totp(svms_account *account);

/**
 * Make new recovery codes; those of before end.
 *
 * @param account     the account; unchanged on failure
 * @param[out] codes  receives them, to be shown once and wiped
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider or the random generator failed
 *
 * Thread safety: one thread at a time. Specification: L-ACC-12. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_account_renew_recovery(
    svms_account *account, char codes[SVMS_ACCOUNT_RECOVERY_CODES][SVMS_RECOVERY_CODE_SIZE],
    svms_error *err);

/** How a login ended: for the record. Since 0.1. */
typedef enum svms_login_verdict {
    SVMS_LOGIN_NO_VERDICT = 0,     /**< No answer: the call itself failed. */
    SVMS_LOGIN_GOOD = 1,           /**< All that was asked for is right. */
    SVMS_LOGIN_MUST_CHANGE = 2,    /**< It is, but the password is to be changed first. */
    SVMS_LOGIN_CODE_NEEDED = 3,    /**< The password is right, and a code is due. */
    SVMS_LOGIN_TOO_SOON = 4,       /**< The limiter lets nobody try now. */
    SVMS_LOGIN_UNKNOWN_NAME = 5,   /**< There is no account. */
    SVMS_LOGIN_NO_PASSWORD = 6,    /**< The account has no password. */
    SVMS_LOGIN_LOCKED = 7,         /**< The account is locked. */
    SVMS_LOGIN_WRONG_PASSWORD = 8, /**< The password is wrong. */
    SVMS_LOGIN_CODE_WRONG = 9,     /**< The password is right, and the code is wrong. */
    SVMS_LOGIN_CODE_USED = 10      /**< The code is, or is older than, one that was used. */
} svms_login_verdict;

/**
 * Name of a verdict ("wrong password"), as records and the specification spell it.
 *
 * @param verdict  a verdict
 * @return a static string; "none of these" for values that are not listed
 *
 * Thread safety: any thread. Specification: L-ACC-5. Since 0.1.
 */
SVMS_API const char *svms_login_verdict_name(svms_login_verdict verdict);

/** What the peer may hear of it. Since 0.1. */
typedef enum svms_login_answer {
    SVMS_LOGIN_SAY_WRONG = 0,  /**< Name, password or code is wrong. */
    SVMS_LOGIN_SAY_WAIT = 1,   /**< Not now. */
    SVMS_LOGIN_SAY_CODE = 2,   /**< A code, please, with name and password again. */
    SVMS_LOGIN_SAY_CHANGE = 3, /**< Change your password; nothing else is allowed. */
    SVMS_LOGIN_SAY_WELCOME = 4 /**< Come in. */
} svms_login_answer;

/** Ways in which somebody proved who they are: bits. Since 0.1. */
typedef enum svms_login_method {
    SVMS_LOGIN_BY_PASSWORD = 1,  /**< A password. */
    SVMS_LOGIN_BY_TOTP = 2,      /**< A code of an authenticator. */
    SVMS_LOGIN_BY_DELIVERED = 4, /**< A code that was delivered. */
    SVMS_LOGIN_BY_RECOVERY = 8   /**< A recovery code. */
} svms_login_method;

/** Most names that svms_login_method_names() gives. */
#define SVMS_LOGIN_METHOD_NAMES_MAX 3

/**
 * Ways of a login as a token's `amr` names them (RFC 8176), for svms_token_claims.methods.
 *
 * @param methods     bits of ::svms_login_method
 * @param[out] names  receives static strings: "pwd", "otp", "mfa"
 * @return how many; 0 where @p names is NULL
 *
 * Thread safety: any thread. Specification: L-ACC-10. Since 0.1.
 */
SVMS_API size_t svms_login_method_names(uint32_t methods,
                                        const char *names[SVMS_LOGIN_METHOD_NAMES_MAX]);

/** What somebody typed to log in. Start from ::SVMS_LOGIN_INIT. Since 0.1. */
typedef struct svms_login {
    uint32_t struct_size;           /**< sizeof(svms_login). */
    uint32_t demand_code;           /**< 1: a code is due though there is no authenticator. */
    const char *name;               /**< Who; that of the account, byte by byte, if there is one. */
    const char *address;            /**< From which IP address, for the limiter, or NULL. */
    const void *password;           /**< The password. */
    size_t password_size;           /**< Its bytes. */
    const char *code;               /**< The code, or NULL where none was typed. */
    int64_t now_utc_ns;             /**< When; ::SVMS_NO_TIME: now, by the context's clock. */
    const svms_password_cost *cost; /**< What hashes cost today, or NULL for the default. */
    svms_login_limiter *limiter;    /**< Limits attempts, or NULL: the caller does. */
    svms_code_book *codes;          /**< Codes that were delivered, or NULL: none count. */
} svms_login;

/** Initialiser of ::svms_login. */
#define SVMS_LOGIN_INIT                                                                            \
    {                                                                                              \
        (uint32_t)sizeof(svms_login), 0, NULL, NULL, NULL, 0, NULL, INT64_MIN, NULL, NULL, NULL    \
    }

/** How a login ended. Start from ::SVMS_LOGIN_RESULT_INIT. Since 0.1. */
typedef struct svms_login_result {
    uint32_t struct_size;       /**< sizeof(svms_login_result). */
    svms_login_verdict verdict; /**< For the record, never for the peer. */
    svms_login_answer answer;   /**< For the peer. */
    uint32_t wait_s;            /**< With ::SVMS_LOGIN_SAY_WAIT: seconds; 0: until unlocked. */
    uint32_t methods;           /**< Bits of ::svms_login_method, when all is right. */
    uint32_t account_changed;   /**< 1: store the account before the login counts. */
} svms_login_result;

/** Initialiser of ::svms_login_result. */
#define SVMS_LOGIN_RESULT_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(svms_login_result), SVMS_LOGIN_NO_VERDICT, SVMS_LOGIN_SAY_WRONG, 0, 0, 0  \
    }

/**
 * Log in.
 *
 * Takes the same work whether or not there is an account, it is locked, the password is right or
 * a second factor is there. The caller should also look up accounts, and store them, in a way that
 * does not tell.
 *
 * @param account   account of the name, or NULL: there is none
 * @param ctx       context; that of the account, if there is one
 * @param login     what was typed
 * @param[out] out  receives how it ended
 * @param[out] err  why there is no answer, or NULL
 *
 * @retval SVMS_OK             @p out says how it ended; so it does where it was refused
 * @retval SVMS_E_USAGE        an argument is NULL, the account has another name or context, the
 *                             name or address is none, or it is before 1970
 * @retval SVMS_E_LIMIT        the cost is out of its bounds
 * @retval SVMS_E_UNSUPPORTED  Argon2id is needed, and the library was built without it
 * @retval SVMS_E_NO_MEMORY    memory ran out
 * @retval SVMS_E_CRYPTO       the provider or the random generator failed
 *
 * With a failure nobody is logged in, @p out says ::SVMS_LOGIN_NO_VERDICT if it says anything, the
 * account is unchanged, and the attempt is not held against anybody; a delivered code may be used
 * up.
 * Thread safety: one thread at a time for the account; limiter and codes are shared.
 * Clauses: RFC 8176 section 2. Specification: L-ACC-5 to L-ACC-10. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_account_login(svms_account *account, svms_ctx *ctx,
                                                        const svms_login *login,
                                                        svms_login_result *out, svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
