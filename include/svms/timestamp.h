/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Time stamps by third parties (RFC 3161): asking for them, and checking them.
 *
 * A time stamp attests that the bytes with some SHA-256 digest existed at some time. The library
 * makes queries and reads replies; carrying them to the authority (by HTTP, mostly) is up to the
 * caller.
 */
#ifndef SVMS_TIMESTAMP_H
#define SVMS_TIMESTAMP_H

#include <svms/identity.h>
#include <svms/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of a query. */
#define SVMS_TIMESTAMP_QUERY_SIZE 70
/** Most bytes of a token. */
#define SVMS_TIMESTAMP_TOKEN_MAX 1048576

/**
 * Make a query for a time stamp (TimeStampReq), with a random nonce, that asks for the authority's
 * certificate to be sent along.
 *
 * @param ctx       context
 * @param digest    SHA-256 of what is to be stamped
 * @param[out] out  receives the query in DER; keep it for svms_timestamp_accept()
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK        made
 * @retval SVMS_E_USAGE   an argument is NULL
 * @retval SVMS_E_CRYPTO  there is no randomness
 *
 * Thread safety: any thread. Clauses: RFC 3161 section 2.4.1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_timestamp_query(svms_ctx *ctx, const uint8_t digest[32],
                                                          uint8_t out[SVMS_TIMESTAMP_QUERY_SIZE],
                                                          svms_error *err);

/**
 * Take the token out of an authority's reply (TimeStampResp) to a query of svms_timestamp_query().
 *
 * Nothing is believed yet: svms_timestamp_check() checks the token's signature.
 *
 * @param query         the query, or NULL when it was made elsewhere: then what is stamped is not
 *                      compared here, and svms_timestamp_check() or svms_trailer_append() must
 * @param query_size    its size
 * @param reply         the reply
 * @param reply_size    its size
 * @param[out] out      receives the token in DER
 * @param[in,out] size  capacity of @p out; receives the size of the token, or, with
 *                      ::SVMS_E_LIMIT, the capacity needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK               the reply grants a stamp for what was asked
 * @retval SVMS_E_USAGE          another argument is NULL, or the query is not one of ours
 * @retval SVMS_E_POLICY         the authority refused; err->message says why
 * @retval SVMS_E_NOT_AUTHENTIC  the token stamps something else, or answers another query
 * @retval SVMS_E_MALFORMED      not a reply, or not in DER
 * @retval SVMS_E_UNSUPPORTED    the token uses something that is not known here
 * @retval SVMS_E_LIMIT          @p out is too small, or the token has more than 1 MiB
 *
 * Thread safety: any thread. Clauses: RFC 3161 section 2.4.2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_timestamp_accept(const void *query, size_t query_size,
                                                           const void *reply, size_t reply_size,
                                                           void *out, size_t *size,
                                                           svms_error *err);

/** What is asked about a time stamp. Start from ::SVMS_TIMESTAMP_QUESTION_INIT. Since 0.1. */
typedef struct svms_timestamp_question {
    uint32_t struct_size;    /**< sizeof(svms_timestamp_question). */
    svms_time_policy policy; /**< Which time decides when the authority has expired. */
    int64_t now_utc_ns;      /**< Present time. */
    int64_t attested_utc_ns; /**< When a later stamp attests that this one existed, or
                                  ::SVMS_NO_TIME. */
} svms_timestamp_question;

/** Initialiser of ::svms_timestamp_question: no times. */
#define SVMS_TIMESTAMP_QUESTION_INIT                                                               \
    {                                                                                              \
        (uint32_t)sizeof(svms_timestamp_question), SVMS_TIME_ATTESTED, INT64_MIN, INT64_MIN        \
    }

/** What a time stamp says. Start from ::SVMS_TIMESTAMP_INFO_INIT. Since 0.1. */
typedef struct svms_timestamp_info {
    uint32_t struct_size;          /**< sizeof(svms_timestamp_info). */
    svms_identity_verdict verdict; /**< Whether the authority is trusted. */
    svms_revocation revocation;    /**< What revocation lists say about the authority. */
    uint32_t reserved;             /**< 0. */
    int64_t revoked_utc_ns;        /**< Since when it is revoked, or ::SVMS_NO_TIME. */
    int64_t gen_time_utc_ns;       /**< The time that it attests. */
    int64_t accuracy_ns;           /**< By how much that may be wrong, or -1 when it is not said. */
    char authority[256];           /**< Subject of the authority, shortened when it is longer. */
    char serial[44];               /**< Serial number of the stamp, hexadecimal. */
} svms_timestamp_info;

/** Initialiser of ::svms_timestamp_info. */
#define SVMS_TIMESTAMP_INFO_INIT                                                                   \
    {                                                                                              \
        (uint32_t)sizeof(svms_timestamp_info), SVMS_IDENTITY_UNSIGNED,                             \
            SVMS_REVOCATION_NOT_CHECKED, 0, INT64_MIN, INT64_MIN, -1, { 0 },                       \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/**
 * Check a time stamp (TimeStampToken).
 *
 * The token must hold the authority's certificate, which must be valid at the time that is attested
 * and allow time stamping and nothing else. When it, or a CA above it, has expired or been revoked
 * since, a later stamp must attest that this one existed before.
 *
 * @param trust      trust anchors of authorities; NULL gives ::SVMS_IDENTITY_NO_ANCHOR: then no
 *                   signature is checked, and the times are what the token says of itself
 * @param token      the token in DER
 * @param size       its size
 * @param digest     SHA-256 of what is said to be stamped
 * @param question   what is asked
 * @param[out] info  what it says; filled with ::SVMS_OK and ::SVMS_E_UNTRUSTED
 * @param[out] err   the words for it, or NULL
 *
 * @retval SVMS_OK               it attests what it says
 * @retval SVMS_E_UNTRUSTED      the authority is not trusted for this; info->verdict says why
 * @retval SVMS_E_NOT_AUTHENTIC  it stamps something else, or its signature is wrong
 * @retval SVMS_E_USAGE          an argument is NULL or out of range
 * @retval SVMS_E_MALFORMED      not a token, or not in DER
 * @retval SVMS_E_UNSUPPORTED    it uses an algorithm or extension that is not known here
 * @retval SVMS_E_LIMIT          it has more than 1 MiB or 16 certificates
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: any thread. Clauses: RFC 3161 sections 2.3 and 2.4.2, RFC 5816, RFC 5652
 * section 5. Specification: C-EVI-2, C-VER-4, C-VER-9. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_timestamp_check(
    const svms_trust *trust, const void *token, size_t size, const uint8_t digest[32],
    const svms_timestamp_question *question, svms_timestamp_info *info, svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
