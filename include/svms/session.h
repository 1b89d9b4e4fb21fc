/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Who may try to log in, and who is logged in: limits of attempts, sessions.
 *
 * Both live in memory and measure by the monotonic clock of the context: setting the clock of the
 * machine neither ends a wait nor prolongs a session.
 *
 * Specification: login.md, section 3.
 */
#ifndef SVMS_SESSION_H
#define SVMS_SESSION_H

#include <svms/second_factor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque memory of failed attempts to log in; shared freely between threads. */
typedef struct svms_login_limiter svms_login_limiter;

/** How attempts are limited. Start from ::SVMS_LOGIN_LIMITS_INIT. Since 0.1. */
typedef struct svms_login_limits {
    uint32_t struct_size;      /**< sizeof(svms_login_limits). */
    uint32_t capacity;         /**< Names, addresses, and pairs of both that are remembered: 16 to
                                    1,048,576 of each. One of each takes 250 bytes together. */
    uint32_t free_tries;       /**< Failures of a name before the first wait: 1 to 100. */
    uint32_t tries_of_address; /**< Failures of an address before the first wait: up to 10,000; 0:
                                    addresses are not limited. */
    uint32_t first_wait_s;   /**< The first wait, which doubles with each failure: 1 to 3,600 s. */
    uint32_t longest_wait_s; /**< The longest wait: @p first_wait_s to 86,400 s. */
    uint32_t
        forgive_name_s; /**< A name is forgiven one failure in so many seconds: 60 to 604,800. */
    uint32_t forgive_address_s; /**< An address is, likewise. */
    uint32_t lock_after;        /**< Failures of a name, as counted, that make a lock due: up to
                                     1,000; 0: none does. With it, strangers can lock somebody out. */
    uint32_t reserved;          /**< 0. */
} svms_login_limits;

/** Initialiser of ::svms_login_limits: 65,536 of each, 3 free tries of a name and 20 of an address,
 * waits from 1 s to 15 minutes, one failure forgiven each hour, of an address every 5 minutes; no
 * lock. */
#define SVMS_LOGIN_LIMITS_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(svms_login_limits), 65536, 3, 20, 1, 900, 3600, 300, 0, 0                 \
    }

/** Whether somebody may try to log in. */
typedef enum svms_login_limit {
    SVMS_LOGIN_REFUSED = 0, /**< No answer: the call itself failed. */
    SVMS_LOGIN_MAY = 1, /**< The attempt may be made; it counts as failed until told otherwise. */
    SVMS_LOGIN_NAME_WAITS = 2,    /**< Too many failures of this name. */
    SVMS_LOGIN_ADDRESS_WAITS = 3, /**< Too many failures from this address. */
    SVMS_LOGIN_LOCK_DUE = 4,      /**< As many failures of this name as make a lock due. */
    SVMS_LOGIN_BUSY = 5 /**< So many names or addresses have failures that this one cannot be
                             counted. */
} svms_login_limit;

/**
 * Name of an answer of the limiter ("name waits"), as records and the specification spell it.
 *
 * @param limit  an answer
 * @return a static string; "none of these" for values that are not listed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_login_limit_name(svms_login_limit limit);

/** One attempt to log in. Start from ::SVMS_LOGIN_ATTEMPT_INIT. Since 0.1. */
typedef struct svms_login_attempt {
    uint32_t struct_size;   /**< sizeof(svms_login_attempt). */
    svms_login_limit limit; /**< Whether it may be made, and why not. */
    uint32_t wait_s;        /**< Seconds to wait before asking again; 0: none. */
    uint32_t is_lock_due;   /**< 1: the account should be locked, see svms_login_limiter_tell(). */
    uint8_t place[80];      /**< The limiter's own. */
} svms_login_attempt;

/** Initialiser of ::svms_login_attempt. */
#define SVMS_LOGIN_ATTEMPT_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(svms_login_attempt), SVMS_LOGIN_REFUSED, 0, 0,                            \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/**
 * Make a limiter. All its memory is taken now.
 *
 * @param[out] out  the limiter; release with svms_login_limiter_free()
 * @param ctx       context; must outlive the limiter
 * @param limits    how to limit, or NULL for ::SVMS_LOGIN_LIMITS_INIT
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL, or a limit is out of range
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the random generator failed
 *
 * Thread safety: any thread. Specification: L-LIM-1, L-LIM-7. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_login_limiter_new(svms_login_limiter **out, svms_ctx *ctx,
                                                            const svms_login_limits *limits,
                                                            svms_error *err);

/**
 * Ask whether an attempt may be made, before any password is looked at. One that may be made counts
 * as failed from now on, so that guesses at the same time do not slip through. One that may not be
 * made does not count.
 *
 * @param limiter       the limiter
 * @param name          who logs in, known or not: 1 to ::SVMS_LOGIN_NAME_MAX bytes, compared byte
 * by byte. Where several spellings are one account, always pass the same one: otherwise each has
 * tries of its own
 * @param address       from which IP address, in text without zone index; all of an IPv6 /64 are
 * one. NULL: not known
 * @param[out] attempt  receives the answer, and is then given to svms_login_limiter_tell()
 * @param[out] err      why it failed, or NULL. For the record, not for the peer
 *
 * @retval SVMS_OK           it may be made: tell the limiter how it ended
 * @retval SVMS_E_POLICY     it may not be made: @p attempt says why, and how long
 * @retval SVMS_E_USAGE      an argument is NULL or out of range, or the address is none
 * @retval SVMS_E_NO_MEMORY  memory ran out
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread; the attempt belongs to one at a time. Clauses: RFC 4291
 * section 2.5.5.2 (IPv4 in IPv6 is IPv4). Specification: L-LIM-1 to L-LIM-6. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_login_limiter_ask(svms_login_limiter *limiter,
                                                            const char *name, const char *address,
                                                            svms_login_attempt *attempt,
                                                            svms_error *err);

/** How an attempt to log in ended. */
typedef enum svms_login_outcome {
    SVMS_LOGIN_FAILED = 0,    /**< Password or code were wrong. */
    SVMS_LOGIN_SUCCEEDED = 1, /**< All was right. */
    SVMS_LOGIN_UNDECIDED = 2  /**< What came was right, and more is needed: a code. */
} svms_login_outcome;

/**
 * Tell how an attempt ended. One that is never told stays a failure.
 *
 * After a success nothing is held against the name any more, and the address, if known, is one from
 * which this name has logged in: failures elsewhere do not make it wait there. An undecided attempt
 * is taken back, as if it had not been made; it forgives nothing.
 *
 * @param limiter           the limiter
 * @param[in,out] attempt   of svms_login_limiter_ask() with ::SVMS_OK; is_lock_due says whether the
 *                          account is to be locked now, which the caller does and stores
 * @param outcome          how it ended
 * @param[out] err          why it failed, or NULL
 *
 * @retval SVMS_OK       counted
 * @retval SVMS_E_USAGE  an argument is NULL or out of range
 * @retval SVMS_E_STATE  the attempt was not allowed, or has been told already
 *
 * Thread safety: any thread; the attempt belongs to one at a time. Specification: L-LIM-3 to
 * L-LIM-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_login_limiter_tell(svms_login_limiter *limiter,
                                                             svms_login_attempt *attempt,
                                                             svms_login_outcome outcome,
                                                             svms_error *err);

/**
 * Forgive a name all its failures, as an administrator does who unlocks the account.
 *
 * @param limiter   the limiter
 * @param name      whose: as in svms_login_limiter_ask()
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           forgiven; also when there were none
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_NO_MEMORY  memory ran out
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread. Specification: L-LIM-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_login_limiter_unlock(svms_login_limiter *limiter,
                                                               const char *name, svms_error *err);

/**
 * Release a limiter.
 *
 * @param limiter  address of the limiter; NULL and pointer to NULL are accepted; wiped and cleared
 *
 * Thread safety: no other thread may use it any more. Since 0.1.
 */
SVMS_API void svms_login_limiter_free(svms_login_limiter **limiter);

/** Characters of the text that names a session, with the NUL: 256 random bits in base64url. */
#define SVMS_SESSION_TEXT_SIZE 44

/** Opaque table of sessions; shared freely between threads. */
typedef struct svms_session_book svms_session_book;

/** Limits of sessions. Start from ::SVMS_SESSION_LIMITS_INIT. Since 0.1. */
typedef struct svms_session_limits {
    uint32_t struct_size; /**< sizeof(svms_session_limits). */
    uint32_t capacity;    /**< Sessions at the same time: 1 to 65,536. One takes 350 bytes. */
    uint32_t idle_s;      /**< Seconds without use that end a session: 10 to @p absolute_s. */
    uint32_t absolute_s;  /**< Seconds since its beginning that do: up to 31,536,000. */
    uint32_t per_user;    /**< Sessions of one user at the same time: 1 to 1,000. */
    uint32_t reserved;    /**< 0. */
} svms_session_limits;

/** Initialiser of ::svms_session_limits: 4,096 sessions, 10 of one user, 15 minutes without use, 12
 * hours in all. */
#define SVMS_SESSION_LIMITS_INIT                                                                   \
    {                                                                                              \
        (uint32_t)sizeof(svms_session_limits), 4096, 900, 43200, 10, 0                             \
    }

/** What a session was found to be. */
typedef enum svms_session_verdict {
    SVMS_SESSION_UNKNOWN = 0, /**< There is none of that name: never, not any more, or forgotten. */
    SVMS_SESSION_GOOD = 1,    /**< It stands. */
    SVMS_SESSION_IDLE = 2,    /**< It was not used for too long. */
    SVMS_SESSION_OVER = 3     /**< It began too long ago. */
} svms_session_verdict;

/**
 * Name of a verdict ("idle"), as records and the specification spell it.
 *
 * @param verdict  a verdict
 * @return a static string; "none of these" for values that are not listed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_session_verdict_name(svms_session_verdict verdict);

/** What is known of a session. Start from ::SVMS_SESSION_INFO_INIT. Since 0.1. */
typedef struct svms_session_info {
    uint32_t struct_size;         /**< sizeof(svms_session_info). */
    uint32_t methods;             /**< How the user logged in: the caller's bits. */
    uint64_t id;                  /**< Names the session to administrators: it gives no access. Not
                                       0, and not used a second time by this table. */
    int64_t begun_utc_ns;         /**< When it began. */
    int64_t authenticated_utc_ns; /**< When the user last proved who they are. */
    uint32_t idle_ends_s;         /**< Seconds until it ends, unless it is used. */
    uint32_t ends_s;              /**< Seconds until it ends, used or not. */
    char name[SVMS_LOGIN_NAME_MAX + 1]; /**< Whose it is. */
    char reserved[7];                   /**< Zeros. */
} svms_session_info;

/** Initialiser of ::svms_session_info. */
#define SVMS_SESSION_INFO_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(svms_session_info), 0, 0, INT64_MIN, INT64_MIN, 0, 0, { 0 },              \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/**
 * Make a table of sessions. All its memory is taken now.
 *
 * @param[out] out  the table; release with svms_session_book_free()
 * @param ctx       context; must outlive the table
 * @param limits    limits, or NULL for ::SVMS_SESSION_LIMITS_INIT
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL, or a limit is out of range
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Specification: L-SES-1 to L-SES-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_session_book_new(svms_session_book **out, svms_ctx *ctx,
                                                           const svms_session_limits *limits,
                                                           svms_error *err);

/**
 * Begin a session of somebody who has logged in. Where this user has as many as may be, the one
 * that was not used for the longest time ends.
 *
 * @param book      the table
 * @param name      whose it is: 1 to ::SVMS_LOGIN_NAME_MAX bytes
 * @param methods   how they logged in: bits of the caller, for svms_session_info.methods
 * @param[out] out  receives the text that the client shows from now on (in a cookie that is Secure,
 *                  HttpOnly and SameSite); to be wiped after it was sent
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           it stands
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_LIMIT      the table is full of sessions that stand
 * @retval SVMS_E_NO_MEMORY  memory ran out
 * @retval SVMS_E_CRYPTO     the provider or the random generator failed
 *
 * Thread safety: any thread. Specification: L-SES-1, L-SES-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_session_begin(svms_session_book *book, const char *name,
                                                        uint32_t methods,
                                                        char out[SVMS_SESSION_TEXT_SIZE],
                                                        svms_error *err);

/**
 * Find the session that a client shows, which counts as use of it.
 *
 * @param book          the table
 * @param text          what the client sent, not NUL-terminated
 * @param size          its bytes
 * @param[out] out      receives what is known of it, with ::SVMS_OK only; may be NULL
 * @param[out] verdict  what was found; ::SVMS_SESSION_GOOD with ::SVMS_OK only
 * @param[out] err      why it failed, or NULL. For the record, not for the peer
 *
 * @retval SVMS_OK           it stands
 * @retval SVMS_E_POLICY     it does not: @p verdict says why
 * @retval SVMS_E_USAGE      an argument is NULL, or a struct_size is too large
 * @retval SVMS_E_NO_MEMORY  memory ran out
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread. Specification: L-SES-1, L-SES-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_session_find(svms_session_book *book, const char *text,
                                                       size_t size, svms_session_info *out,
                                                       svms_session_verdict *verdict,
                                                       svms_error *err);

/**
 * Give a session another text, after its user has proven again who they are or was given more
 * rights: whoever knew the text of before has nothing then. When it ends, used or not, stays.
 *
 * @param book          the table
 * @param text          its present text, not NUL-terminated
 * @param size          its bytes
 * @param methods       how the user has proven it: bits that are added; 0: they did not
 * @param[out] out      receives the new text, with ::SVMS_OK only
 * @param[out] verdict  as in svms_session_find()
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           the new text stands, the old one does not
 * @retval SVMS_E_POLICY     the session does not stand: @p verdict says why
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_NO_MEMORY  memory ran out; nothing has changed
 * @retval SVMS_E_CRYPTO     the provider or the random generator failed; nothing has changed
 *
 * Thread safety: any thread. Specification: L-SES-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_session_renew(svms_session_book *book, const char *text,
                                                        size_t size, uint32_t methods,
                                                        char out[SVMS_SESSION_TEXT_SIZE],
                                                        svms_session_verdict *verdict,
                                                        svms_error *err);

/**
 * End a session, as its user does who logs out.
 *
 * @param book      the table
 * @param text      its text, not NUL-terminated
 * @param size      its bytes
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           it does not stand any more; also when it did not before
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_NO_MEMORY  memory ran out; nothing has changed
 * @retval SVMS_E_CRYPTO     the provider failed; nothing has changed
 *
 * Thread safety: any thread. Specification: L-SES-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_session_end(svms_session_book *book, const char *text,
                                                      size_t size, svms_error *err);

/**
 * End a session by its number, as an administrator does.
 *
 * @param book  the table
 * @param id    svms_session_info.id
 * @return 1 when it stood until now, 0 otherwise
 *
 * Thread safety: any thread. Specification: L-SES-5. Since 0.1.
 */
SVMS_API uint32_t svms_session_end_id(svms_session_book *book, uint64_t id);

/**
 * End all sessions of a user: after another password, a lock, fewer rights.
 *
 * @param book    the table
 * @param name    whose
 * @param except  svms_session_info.id of a session that stays, such as the one in which the
 * password was changed; 0: none stays
 * @return how many stood until now; 0 where an argument is NULL
 *
 * Thread safety: any thread. Specification: L-SES-5. Since 0.1.
 */
SVMS_API uint32_t svms_session_end_all(svms_session_book *book, const char *name, uint64_t except);

/**
 * Go through the sessions that stand. What stood from the beginning of such a walk to its end is
 * shown once. It is no use of them.
 *
 * @param book        the table
 * @param name        whose; NULL: everybody's
 * @param after       svms_session_info.id of the one before; 0: from the beginning
 * @param[out] out    receives what is known of the next one
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_OK       there is one
 * @retval SVMS_END      there is no further one
 * @retval SVMS_E_USAGE  an argument is NULL, or a struct_size is too large
 *
 * Thread safety: any thread. Specification: L-SES-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_session_next(svms_session_book *book, const char *name,
                                                       uint64_t after, svms_session_info *out,
                                                       svms_error *err);

/**
 * Release a table of sessions. All of them end.
 *
 * @param book  address of the table; NULL and pointer to NULL are accepted; wiped and cleared
 *
 * Thread safety: no other thread may use it any more. Since 0.1.
 */
SVMS_API void svms_session_book_free(svms_session_book **book);

#ifdef __cplusplus
}
#endif

#endif
