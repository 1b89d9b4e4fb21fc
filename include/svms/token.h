/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Tokens: verified, issued, exchanged, revoked, used once; approvals by a second person.
 *
 * Specification: token.md.
 */
#ifndef SVMS_TOKEN_H
#define SVMS_TOKEN_H

#include <svms/jwk.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a token is found to be; each has its own words. */
typedef enum svms_token_verdict {
    SVMS_TOKEN_GOOD = 0,            /**< It holds. */
    SVMS_TOKEN_FORM = 1,            /**< It is no token: parts, alphabet, size. */
    SVMS_TOKEN_HEADER = 2,          /**< Its header breaks a rule. */
    SVMS_TOKEN_CRITICAL = 3,        /**< It needs an extension. */
    SVMS_TOKEN_PROFILE = 4,         /**< It is a token of another kind. */
    SVMS_TOKEN_WRONG_ALGORITHM = 5, /**< Its algorithm is not allowed, or not that of its key. */
    SVMS_TOKEN_UNKNOWN_KEY = 6,     /**< Nobody known has its key. */
    SVMS_TOKEN_BAD_SIGNATURE = 7,   /**< Its signature does not verify. */
    SVMS_TOKEN_PAYLOAD = 8,         /**< Its payload breaks a rule. */
    SVMS_TOKEN_CLAIM = 9,           /**< A claim is missing, or not what it must be. */
    SVMS_TOKEN_ISSUER = 10,         /**< It names another issuer than its key's. */
    SVMS_TOKEN_AUDIENCE = 11,       /**< It is for somebody else. */
    SVMS_TOKEN_TIME = 12,           /**< Its times make no sense. */
    SVMS_TOKEN_EXPIRED = 13,        /**< It has expired. */
    SVMS_TOKEN_NOT_YET = 14,        /**< It is not valid yet. */
    SVMS_TOKEN_LIFETIME = 15,       /**< It lives longer than a token may. */
    SVMS_TOKEN_BINDING = 16,        /**< It is bound to another certificate, or to none. */
    SVMS_TOKEN_REVOKED = 17,        /**< It has been revoked. */
    SVMS_TOKEN_REPLAYED = 18,       /**< It was used before, or may have been. */
    SVMS_TOKEN_BUSY = 19,    /**< It cannot be told: too many are remembered to know whether it
                                  was used, or memory or the provider failed. */
    SVMS_TOKEN_APPROVAL = 20 /**< It is no approval of this request. */
} svms_token_verdict;

/**
 * Name of a verdict ("not yet"), as records and the specification spell it.
 *
 * @param verdict  a verdict
 * @return a static string; "unknown" for values that are not listed
 *
 * Thread safety: any thread. Specification: token.md, section 7. Since 0.1.
 */
SVMS_API const char *svms_token_verdict_name(svms_token_verdict verdict);

/** Which kind of token. */
typedef enum svms_token_profile {
    SVMS_TOKEN_ACCESS = 1,   /**< RFC 9068, `at+jwt`: rights in `authorization_details`. */
    SVMS_TOKEN_ONVIF = 2,    /**< `JWT`: `roles`, which the server's policy knows. */
    SVMS_TOKEN_APPROVING = 3 /**< `svms-approval+jwt`: one person's yes to one request of another;
                                  svms_approval_check(). Its rules need a memory (replay). */
} svms_token_profile;

/**
 * Fetches the newest key set of an issuer. Called by a thread that verifies a token with an unknown
 * key, never by two at once for one issuer, and not more often than every 30 seconds.
 *
 * @param user      what the rules said
 * @param issuer    whose keys
 * @param[out] out  the set, which the verifier takes over
 * @param[out] err  why it failed
 * @return ::SVMS_OK, or why not; the old keys stay then
 */
typedef svms_status (*svms_keyset_fetch)(void *user, const char *issuer, svms_keyset **out,
                                         svms_error *err);

/** Opaque memory of tokens for single use; shared freely between threads. */
typedef struct svms_replay svms_replay;
/** Opaque list of what was revoked before its time; shared freely between threads. */
typedef struct svms_revocations svms_revocations;

/** What a verifier of tokens demands. Start from ::SVMS_TOKEN_RULES_INIT. Since 0.1. */
typedef struct svms_token_rules {
    uint32_t struct_size;       /**< sizeof(svms_token_rules). */
    svms_token_profile profile; /**< Which kind of token. */
    const char *audience;       /**< Who the verifier is: `aud` must name it exactly. */
    uint32_t skew_s;            /**< By how much clocks may differ, seconds, at most 300. */
    uint32_t longest_life_s;    /**< Longest life of a token, seconds, 1 to 31,622,400. */
    uint32_t grace_s;           /**< How long a key that an issuer has withdrawn stays good. */
    uint32_t demand_binding;    /**< 1: only tokens that are bound to the client's certificate. */
    uint32_t nbf_may_be_absent; /**< 1: `iat` stands for it then; without that, neither is asked. */
    uint32_t reserved;          /**< 0. */
    svms_keyset_fetch fetch;    /**< Fetches key sets, or NULL. */
    void *user;                 /**< Passed to it; borrowed. */
    svms_revocations *revocations; /**< What was revoked, or NULL; must outlive the verifier. */
    svms_replay *replay;           /**< Each token is for single use, and remembered here; or NULL.
                                        Must outlive the verifier. */
} svms_token_rules;

/** Initialiser of ::svms_token_rules: a minute of skew, a day of life, ten minutes of grace. */
#define SVMS_TOKEN_RULES_INIT                                                                      \
    {                                                                                              \
        (uint32_t)sizeof(svms_token_rules), SVMS_TOKEN_ACCESS, NULL, 60, 86400, 600, 0, 0, 0,      \
            NULL, NULL, NULL, NULL                                                                 \
    }

/** Most issuers of a verifier. */
#define SVMS_TOKEN_ISSUERS 16

/** Opaque verifier of tokens; once its issuers are added, shared freely between threads. */
typedef struct svms_token_verifier svms_token_verifier;

/**
 * Make a verifier of tokens, which knows no issuer yet.
 *
 * @param[out] out  the verifier; release with svms_token_verifier_free()
 * @param ctx       context; must outlive the verifier
 * @param rules     what it demands
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL, or a rule is out of range
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Specification: J-CLM-1 to J-CLM-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_token_verifier_new(svms_token_verifier **out,
                                                             svms_ctx *ctx,
                                                             const svms_token_rules *rules,
                                                             svms_error *err);

/**
 * Add an issuer whose tokens are believed.
 *
 * @param verifier      the verifier, not yet used by other threads
 * @param issuer        its name, as `iss` has it: 1 to 256 bytes
 * @param keys          its keys; taken over when this succeeds, and cleared then
 * @param is_exchanger  1: a gateway; only tokens that name in `act` for whom it asks
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           added
 * @retval SVMS_E_USAGE      an argument is NULL, or the issuer is there already
 * @retval SVMS_E_LIMIT      ::SVMS_TOKEN_ISSUERS are there
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: before the verifier is shared. Specification: J-CLM-2, J-EXC-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_token_verifier_add(svms_token_verifier *verifier,
                                                             const char *issuer, svms_keyset **keys,
                                                             uint32_t is_exchanger,
                                                             svms_error *err);

/**
 * Replace the keys of an issuer. Those that are missing from the new set stay good for the time of
 * grace.
 *
 * @param verifier  the verifier
 * @param issuer    which issuer
 * @param keys      the new keys; taken over when this succeeds, and cleared then
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           replaced
 * @retval SVMS_E_USAGE      an argument is NULL, or the issuer is unknown
 * @retval SVMS_E_STATE      another thread is replacing them
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread; it waits for verifications that use the old keys, and none waits for
 * it. Specification: J-KEY-6. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_token_verifier_replace(svms_token_verifier *verifier,
                                                                 const char *issuer,
                                                                 svms_keyset **keys,
                                                                 svms_error *err);

/**
 * Release a verifier.
 *
 * @param verifier  address of the verifier; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use it any more. Since 0.1.
 */
SVMS_API void svms_token_verifier_free(svms_token_verifier **verifier);

/**
 * Make a memory of tokens for single use. It is empty; tokens that were issued before it was made
 * are refused, since they may have been used.
 *
 * @param[out] out  the memory; release with svms_replay_free()
 * @param ctx       context; must outlive the memory
 * @param capacity  how many tokens it remembers at once, 1 to 16,777,216; each takes 48 bytes,
 * which are taken now
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Specification: J-RPL-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_replay_new(svms_replay **out, svms_ctx *ctx,
                                                     size_t capacity, svms_error *err);

/**
 * Release a memory of tokens.
 *
 * @param replay  address of the memory; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use it any more. Since 0.1.
 */
SVMS_API void svms_replay_free(svms_replay **replay);

/** What a revocation is about. */
typedef enum svms_revoke_kind {
    SVMS_REVOKE_TOKEN = 1,   /**< One token, by its `jti`. */
    SVMS_REVOKE_SUBJECT = 2, /**< All tokens of a subject that were issued before a time. */
    SVMS_REVOKE_EPOCH = 3    /**< All tokens of an issuer that were issued before a time. */
} svms_revoke_kind;

/** Most entries of a list of revocations. */
#define SVMS_REVOCATIONS_MAX 65536

/** One revocation. Start from ::SVMS_REVOCATION_ENTRY_INIT. Since 0.1. */
typedef struct svms_revocation_entry {
    uint32_t struct_size;  /**< sizeof(svms_revocation_entry). */
    svms_revoke_kind kind; /**< What it is about. */
    const char *issuer;    /**< Whose tokens: 1 to 256 bytes. */
    const char *value;     /**< The `jti` or the subject, 1 to 256 bytes; NULL for an epoch. */
    int64_t before_utc_ns; /**< Tokens issued before this; of no meaning for one token. */
    int64_t until_utc_ns;  /**< When the last token that it is about has expired. */
} svms_revocation_entry;

/** Initialiser of ::svms_revocation_entry. */
#define SVMS_REVOCATION_ENTRY_INIT                                                                 \
    {                                                                                              \
        (uint32_t)sizeof(svms_revocation_entry), SVMS_REVOKE_TOKEN, NULL, NULL, INT64_MIN,         \
            INT64_MAX                                                                              \
    }

/**
 * Make an empty list of revocations.
 *
 * @param[out] out  the list; release with svms_revocations_free()
 * @param ctx       context; must outlive the list
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Specification: J-REV-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_revocations_new(svms_revocations **out, svms_ctx *ctx,
                                                          svms_error *err);

/**
 * Revoke. What has ended by now is forgotten; a list that is full is shortened, so that it refuses
 * more and never less.
 *
 * @param list      the list
 * @param entry     what
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           revoked, from now on in every thread
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_NO_MEMORY  the allocator failed; nothing has changed
 *
 * Thread safety: any thread; verifications do not wait. Specification: J-REV-1, J-REV-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_revocations_add(svms_revocations *list,
                                                          const svms_revocation_entry *entry,
                                                          svms_error *err);

/**
 * Write a list, for other servers: JSON, in one order.
 *
 * @param list          the list
 * @param[out] out      receives text and NUL
 * @param[in,out] size  capacity of @p out; receives the length without NUL, or, with
 *                      ::SVMS_E_LIMIT, the capacity needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           written
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_LIMIT      @p out is too small
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Specification: J-REV-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_revocations_write(svms_revocations *list, char *out,
                                                            size_t *size, svms_error *err);

/**
 * Merge what another server wrote. Who may send it is the caller's business.
 *
 * @param list      the list
 * @param json      text of svms_revocations_write()
 * @param size      its bytes, at most 64 MiB
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             merged
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_MALFORMED    it is no such text; nothing has changed
 * @retval SVMS_E_NO_MEMORY    the allocator failed; nothing has changed
 *
 * Thread safety: any thread; verifications do not wait. Specification: J-REV-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_revocations_merge(svms_revocations *list,
                                                            const char *json, size_t size,
                                                            svms_error *err);

/**
 * Number of entries of a list.
 *
 * @param list  a list
 * @return how many
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API size_t svms_revocations_count(svms_revocations *list);

/**
 * Release a list of revocations.
 *
 * @param list  address of the list; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use it any more. Since 0.1.
 */
SVMS_API void svms_revocations_free(svms_revocations **list);

/** What a token is asked. Start from ::SVMS_TOKEN_QUESTION_INIT. Since 0.1. */
typedef struct svms_token_question {
    uint32_t struct_size;              /**< sizeof(svms_token_question). */
    uint32_t reserved;                 /**< 0. */
    const uint8_t *certificate_sha256; /**< SHA-256 of the peer's certificate, 32 bytes; NULL: it
                                            has none, or it is not known. */
    int64_t now_utc_ns;                /**< Present time, or ::SVMS_NO_TIME: the context's. */
} svms_token_question;

/** Initialiser of ::svms_token_question: no certificate, the time of the context. */
#define SVMS_TOKEN_QUESTION_INIT                                                                   \
    {                                                                                              \
        (uint32_t)sizeof(svms_token_question), 0, NULL, INT64_MIN                                  \
    }

/** Opaque token that was verified; immutable, shared freely between threads. */
typedef struct svms_token svms_token;

/**
 * Verify a token.
 *
 * @param[out] out      the token; release with svms_token_free()
 * @param verifier      whom to believe, and what to demand
 * @param text          the token, not NUL-terminated
 * @param size          its bytes
 * @param question      what is known besides, or NULL
 * @param[out] verdict  what it was found to be; ::SVMS_TOKEN_GOOD with ::SVMS_OK only
 * @param[out] err      the words for it, or NULL. For the record, not for the peer
 *
 * @retval SVMS_OK               it holds
 * @retval SVMS_E_USAGE          an argument is NULL
 * @retval SVMS_E_MALFORMED      verdicts form, header, critical, payload, claim, time
 * @retval SVMS_E_LIMIT          verdict form: too long
 * @retval SVMS_E_NOT_AUTHENTIC  verdicts algorithm and signature
 * @retval SVMS_E_UNTRUSTED      verdicts key and issuer
 * @retval SVMS_E_POLICY         verdicts profile, audience, expired, not yet, lifetime, binding,
 *                               revoked, replayed, busy
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: any thread; never waits for another. Clauses: RFC 7515 section 5.2, RFC 7519
 * section 7.2, RFC 9068 section 4, RFC 8705 section 3. Specification: token.md, section 4.
 * Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_token_verify(
    svms_token **out, svms_token_verifier *verifier, const char *text, size_t size,
    const svms_token_question *question, svms_token_verdict *verdict, svms_error *err);

/**
 * Release a token.
 *
 * @param token  address of the token; NULL and pointer to NULL are accepted; wiped and cleared
 *
 * Thread safety: no other thread may use it any more. Since 0.1.
 */
SVMS_API void svms_token_free(svms_token **token);

/** What a token says. The texts live as long as the token. Start from ::SVMS_TOKEN_INFO_INIT.
 * Since 0.1. */
typedef struct svms_token_info {
    uint32_t struct_size;         /**< sizeof(svms_token_info). */
    uint32_t is_bound;            /**< 1: bound to the peer's certificate. */
    const char *issuer;           /**< Who vouches. */
    const char *subject;          /**< Who asks; NULL: nobody is named. */
    const char *id;               /**< `jti`, or NULL. */
    const char *client;           /**< `client_id`, or NULL. */
    const char *session;          /**< `sid`, or NULL. */
    int64_t issued_utc_ns;        /**< `iat`, or ::SVMS_NO_TIME. */
    int64_t expires_utc_ns;       /**< `exp`. */
    int64_t authenticated_utc_ns; /**< `auth_time`, or ::SVMS_NO_TIME. */
    size_t method_count;          /**< Entries of `amr`: svms_token_method(). */
    size_t role_count;            /**< Entries of `roles`: svms_token_role(). */
    size_t actor_count;           /**< Levels of `act`: svms_token_actor(). */
} svms_token_info;

/** Initialiser of ::svms_token_info. */
#define SVMS_TOKEN_INFO_INIT                                                                       \
    {                                                                                              \
        (uint32_t)sizeof(svms_token_info), 0, NULL, NULL, NULL, NULL, NULL, INT64_MIN, INT64_MIN,  \
            INT64_MIN, 0, 0, 0                                                                     \
    }

/**
 * What a token says.
 *
 * @param token     a token
 * @param[out] out  receives it
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       told
 * @retval SVMS_E_USAGE  an argument is NULL, or struct_size is too large
 *
 * Thread safety: any thread. Specification: token.md, section 3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_token_describe(const svms_token *token,
                                                         svms_token_info *out, svms_error *err);

/**
 * One of the methods (`amr`, RFC 8176) by which somebody logged in.
 *
 * @param token  a token
 * @param index  which, from 0
 * @return text that lives as long as the token; NULL past the last
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_token_method(const svms_token *token, size_t index);

/**
 * One of the roles that a token names.
 *
 * @param token  a token
 * @param index  which, from 0
 * @return text that lives as long as the token; NULL past the last
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_token_role(const svms_token *token, size_t index);

/**
 * One of those who ask in the place of the subject (`act`, RFC 8693), the nearest first.
 *
 * @param token  a token
 * @param index  which, from 0
 * @return text that lives as long as the token; NULL past the last
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_token_actor(const svms_token *token, size_t index);

/** What a new token shall say. Start from ::SVMS_TOKEN_CLAIMS_INIT. Since 0.1. */
typedef struct svms_token_claims {
    uint32_t struct_size;       /**< sizeof(svms_token_claims). */
    svms_token_profile profile; /**< Which kind of token. */
    const char *issuer;         /**< Who vouches: 1 to 256 bytes. */
    const char *audience;       /**< For which server: 1 to 256 bytes. */
    const char *subject;        /**< Who asks: 1 to 256 bytes. */
    const char *client;         /**< By which client; access tokens need it. */
    const char *session;        /**< `sid`, or NULL. */
    const char *const *methods; /**< `amr`, or NULL. */
    size_t method_count;        /**< How many, at most 16. */
    const char *const *roles;   /**< `roles`, or NULL. */
    size_t role_count;          /**< How many, at most 64. */
    const char *rights;         /**< Rights, as a JSON array of elements with `type` `svms`
                                     (policy.md, section 2), or NULL. */
    size_t rights_size;         /**< Its bytes. */
    const uint8_t
        *certificate_sha256;      /**< SHA-256 of the client's certificate, 32 bytes, or NULL. */
    int64_t now_utc_ns;           /**< When; ::SVMS_NO_TIME: the context's clock. */
    int64_t authenticated_utc_ns; /**< When somebody logged in, or ::SVMS_NO_TIME. */
    uint32_t life_s;              /**< How long it lives, 1 to 31,622,400 seconds. */
    uint32_t reserved;            /**< 0. */
} svms_token_claims;

/** Initialiser of ::svms_token_claims: an access token that lives ten minutes. */
#define SVMS_TOKEN_CLAIMS_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(svms_token_claims), SVMS_TOKEN_ACCESS, NULL, NULL, NULL, NULL, NULL,      \
            NULL, 0, NULL, 0, NULL, 0, NULL, INT64_MIN, INT64_MIN, 600, 0                          \
    }

/**
 * Issue a token.
 *
 * @param ctx           context
 * @param claims        what it shall say
 * @param key           who signs it
 * @param algorithm     as in svms_public_key_to_jwk()
 * @param kid           name of the key, as in svms_public_key_to_jwk(); NULL: its thumbprint
 * @param[out] out      receives the token and NUL
 * @param[in,out] size  capacity of @p out; receives the length without NUL, or, with
 *                      ::SVMS_E_LIMIT, the capacity needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK             issued
 * @retval SVMS_E_USAGE        an argument is NULL or out of range, or the algorithm is not that of
 *                             the key
 * @retval SVMS_E_MALFORMED    the rights are no rights; err->message names what is wrong
 * @retval SVMS_E_UNSUPPORTED  the key signs no tokens, or not from where it is
 * @retval SVMS_E_LIMIT        @p out is too small, or the token is longer than 4,096 bytes
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Specification: J-ISS-1, J-ISS-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_token_issue(
    svms_ctx *ctx, const svms_token_claims *claims, const svms_private_key *key,
    svms_token_algorithm algorithm, const char *kid, char *out, size_t *size, svms_error *err);

/** How a token is exchanged for one that says the same or less. Start from ::SVMS_EXCHANGE_INIT.
 * Since 0.1. */
typedef struct svms_exchange {
    uint32_t struct_size; /**< sizeof(svms_exchange). */
    uint32_t life_s;      /**< Longest life of the new one, seconds; it never outlives the old. */
    const char *issuer;   /**< Who signs: 1 to 256 bytes. */
    const char *audience; /**< For which server: 1 to 256 bytes. */
    const char *actor;    /**< Who will ask: comes in front in `act`: 1 to 256 bytes. */
    const char *rights;   /**< Narrower rights, as a JSON array; NULL: those of the old token. */
    size_t rights_size;   /**< Its bytes. */
    const uint8_t *certificate_sha256; /**< SHA-256 of the actor's certificate, 32 bytes. */
    int64_t now_utc_ns;                /**< When; ::SVMS_NO_TIME: the context's clock. */
} svms_exchange;

/** Initialiser of ::svms_exchange: at most ten minutes. */
#define SVMS_EXCHANGE_INIT                                                                         \
    {                                                                                              \
        (uint32_t)sizeof(svms_exchange), 600, NULL, NULL, NULL, NULL, 0, NULL, INT64_MIN           \
    }

/**
 * Exchange a token for one for another server, which allows no more than the old one. Subject,
 * client, session, roles and the login stay; the actor comes in front of those who act already.
 *
 * Rights that cannot be shown to be narrower are refused: right by right, each within one right of
 * the old token.
 *
 * @param ctx           context
 * @param token         the old token, verified
 * @param exchange      what is different
 * @param key           who signs it
 * @param algorithm     as in svms_token_issue()
 * @param kid           as in svms_token_issue()
 * @param[out] out      receives the token and NUL
 * @param[in,out] size  as in svms_token_issue()
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK             exchanged
 * @retval SVMS_E_USAGE        an argument is NULL or out of range
 * @retval SVMS_E_POLICY       the rights cannot be shown to be narrower (err->message names the
 *                             right and the member), the old token has expired or is no access
 *                             token
 * @retval SVMS_E_MALFORMED    the rights are no rights
 * @retval SVMS_E_UNSUPPORTED  as in svms_token_issue()
 * @retval SVMS_E_LIMIT        @p out is too small, four actors are named already, or the token is
 *                             longer than 4,096 bytes
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Clauses: RFC 8693 section 4.1. Specification: J-EXC-1, J-EXC-2. Since
 * 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_token_exchange(svms_ctx *ctx, const svms_token *token,
                                                         const svms_exchange *exchange,
                                                         const svms_private_key *key,
                                                         svms_token_algorithm algorithm,
                                                         const char *kid, char *out, size_t *size,
                                                         svms_error *err);

/** Longest life of an approval, in seconds. */
#define SVMS_APPROVAL_LIFE_MAX 300
/** Most devices, and most recipients, of a request that needs approval. */
#define SVMS_APPROVAL_LIST_MAX 1024

/** A request that needs approval, down to what could make a difference. Start from
 * ::SVMS_APPROVAL_REQUEST_INIT. Since 0.1. */
typedef struct svms_approval_request {
    uint32_t struct_size;       /**< sizeof(svms_approval_request). */
    uint32_t reserved;          /**< 0. */
    const char *action;         /**< What, as policy.md spells it. */
    const char *const *devices; /**< On which devices, or NULL. */
    size_t device_count;        /**< How many, at most ::SVMS_APPROVAL_LIST_MAX. */
    int64_t from_utc_ns;        /**< Recorded time, or ::SVMS_NO_TIME. */
    int64_t to_utc_ns;          /**< Its end, or ::SVMS_NO_TIME. */
    const char *parameters;     /**< Everything else that is asked for, in one spelling, or NULL. */
    const char *const *recipients; /**< Who will be able to open what is made, or NULL. */
    size_t recipient_count;        /**< How many, at most ::SVMS_APPROVAL_LIST_MAX. */
    uint8_t nonce[16];             /**< Random, by the server: no two requests are one. */
} svms_approval_request;

/** Initialiser of ::svms_approval_request. */
#define SVMS_APPROVAL_REQUEST_INIT                                                                 \
    {                                                                                              \
        (uint32_t)sizeof(svms_approval_request), 0, NULL, NULL, 0, INT64_MIN, INT64_MIN, NULL,     \
            NULL, 0,                                                                               \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/**
 * Hash of a request: what an approval is about.
 *
 * @param ctx       context
 * @param request   the request
 * @param[out] out  receives the SHA-256
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL, a text is not UTF-8, a list is too long
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread. Specification: J-APP-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_approval_hash(svms_ctx *ctx,
                                                        const svms_approval_request *request,
                                                        uint8_t out[32], svms_error *err);

/**
 * Issue an approval, for the person who gives it. Of @p claims, issuer, audience, subject, methods,
 * times and life are taken; the life is at most ::SVMS_APPROVAL_LIFE_MAX.
 *
 * @param ctx           context
 * @param claims        who approves, and for which one server
 * @param request_hash  svms_approval_hash(), 32 bytes
 * @param token         the token of the one who asks, as it came, not NUL-terminated
 * @param token_size    its bytes
 * @param key           who signs
 * @param algorithm     as in svms_token_issue()
 * @param kid           as in svms_token_issue()
 * @param[out] out      receives the approval and NUL
 * @param[in,out] size  as in svms_token_issue()
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK             issued
 * @retval SVMS_E_USAGE        an argument is NULL or out of range
 * @retval SVMS_E_UNSUPPORTED  as in svms_token_issue()
 * @retval SVMS_E_LIMIT        @p out is too small
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Specification: J-APP-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_approval_issue(
    svms_ctx *ctx, const svms_token_claims *claims, const uint8_t *request_hash, const char *token,
    size_t token_size, const svms_private_key *key, svms_token_algorithm algorithm, const char *kid,
    char *out, size_t *size, svms_error *err);

/**
 * Check an approval, and use it up. Whether the policy lets that person approve, is asked with the
 * approval as the token and "approve." in front of the action (svms_access_decide()).
 *
 * @param[out] out      the approval; release with svms_token_free()
 * @param verifier      whom to believe; its profile is ::SVMS_TOKEN_APPROVING
 * @param text          the approval, not NUL-terminated
 * @param size          its bytes
 * @param asking        the verified token of the one who asks
 * @param request_hash  svms_approval_hash() of the request at hand, 32 bytes
 * @param question      what is known besides, or NULL
 * @param[out] verdict  what it was found to be
 * @param[out] err      the words for it, or NULL
 *
 * @retval SVMS_OK        it is an approval of just this, by somebody else, for the first time
 * @retval SVMS_E_USAGE   an argument is NULL, or the verifier is of another profile
 * @retval SVMS_E_POLICY  verdict approval: another request, another token, or by the one who asks;
 *                        or as in svms_token_verify()
 * @retval SVMS_E_MALFORMED as in svms_token_verify(); so are all others
 *
 * Thread safety: any thread. Specification: J-APP-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_approval_check(
    svms_token **out, svms_token_verifier *verifier, const char *text, size_t size,
    const svms_token *asking, const uint8_t *request_hash, const svms_token_question *question,
    svms_token_verdict *verdict, svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
