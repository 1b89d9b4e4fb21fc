/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Certificate requests, and a small certificate authority for installations without one.
 *
 * Nothing here does I/O: who runs an authority keeps its journal and its files (the command line
 * "svms ca" does). Specification: identity.md sections "Requests", "Authority" and "Enrolment".
 */
#ifndef SVMS_CA_H
#define SVMS_CA_H

#include <svms/identity.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most names (DNS names and IP addresses) of one certificate or request. */
#define SVMS_NAMES_MAX 32
/** Most bytes of a certificate request, in DER or PEM. */
#define SVMS_REQUEST_MAX 32768
/** Most bytes of a serial number (RFC 5280 section 4.1.2.2). */
#define SVMS_SERIAL_MAX 20

/** Opaque certificate request (PKCS #10), its signature checked; immutable, shared freely. */
typedef struct svms_request svms_request;

/** What a request shall say. Start from ::SVMS_REQUEST_OPTIONS_INIT. Since 0.1. */
typedef struct svms_request_options {
    uint32_t struct_size;     /**< sizeof(svms_request_options). */
    svms_role role;           /**< Role that is asked for, or ::SVMS_ROLE_NONE. */
    const char *common_name;  /**< UTF-8, 1 to 64 characters, no control characters. */
    const char *const *names; /**< DNS names and IP addresses, in text; NULL for none. */
    size_t name_count;        /**< How many, at most ::SVMS_NAMES_MAX. */
} svms_request_options;

/** Initialiser of ::svms_request_options. */
#define SVMS_REQUEST_OPTIONS_INIT                                                                  \
    {                                                                                              \
        (uint32_t)sizeof(svms_request_options), SVMS_ROLE_NONE, NULL, NULL, 0                      \
    }

/**
 * Make a certificate request for a key, which may be anywhere (callbacks, provider URI).
 *
 * @param ctx           context
 * @param options       what the request shall say
 * @param key           the key that shall be certified; it signs the request
 * @param[out] out      receives PEM text and NUL
 * @param[in,out] size  capacity of @p out; receives the length without NUL, or, with
 *                      ::SVMS_E_LIMIT, the capacity needed
 * @param[out] err      why it failed, or NULL
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_request_create(svms_ctx *ctx,
                                                         const svms_request_options *options,
                                                         const svms_private_key *key, char *out,
                                                         size_t *size, svms_error *err);

/**
 * Read a request, PEM or DER, and check that its key signed it (proof of possession).
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_request_parse(svms_request **out, svms_ctx *ctx,
                                                        const void *data, size_t size,
                                                        svms_error *err);

/** Release a request. NULL and pointer to NULL are accepted; cleared. */
SVMS_API void svms_request_free(svms_request **request);

/** What a request says. Start from ::SVMS_REQUEST_INFO_INIT. Since 0.1. */
typedef struct svms_request_info {
    uint32_t struct_size;   /**< sizeof(svms_request_info). */
    svms_role role;         /**< Role that is asked for, or ::SVMS_ROLE_NONE. */
    uint32_t name_count;    /**< How many names; svms_request_name() gives them. */
    uint32_t key_bits;      /**< Size of the key. */
    uint8_t key_sha256[32]; /**< SHA-256 of the key's DER SubjectPublicKeyInfo. */
    char common_name[260];  /**< Common name, UTF-8; empty when there is none. */
} svms_request_info;

/** Initialiser of ::svms_request_info. */
#define SVMS_REQUEST_INFO_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(svms_request_info), SVMS_ROLE_NONE, 0, 0, { 0 },                          \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/** What a request says. */
SVMS_API SVMS_MUST_CHECK svms_status svms_request_describe(const svms_request *request,
                                                           svms_request_info *out, svms_error *err);

/** One of the DNS names and IP addresses of a request, in text; NULL past the last. */
SVMS_API const char *svms_request_name(const svms_request *request, size_t index);

/** What the certificate of an authority shall say. Start from ::SVMS_CA_OPTIONS_INIT. Since 0.1. */
typedef struct svms_ca_options {
    uint32_t struct_size;         /**< sizeof(svms_ca_options). */
    int32_t path_length;          /**< CAs that may stand below it; -1 for any number. */
    const char *common_name;      /**< UTF-8, 1 to 64 characters, no control characters. */
    int64_t not_before_utc_ns;    /**< First valid moment, whole seconds. */
    int64_t not_after_utc_ns;     /**< Last valid moment, whole seconds. */
    const char *const *permitted; /**< DNS suffixes and networks (CIDR) it may certify, or NULL. */
    size_t permitted_count;       /**< How many; 0 for no constraint. */
    const char *const *excluded;  /**< DNS suffixes and networks it must not certify, or NULL. */
    size_t excluded_count;        /**< How many. */
} svms_ca_options;

/** Initialiser of ::svms_ca_options: no CA below it. */
#define SVMS_CA_OPTIONS_INIT                                                                       \
    {                                                                                              \
        (uint32_t)sizeof(svms_ca_options), 0, NULL, 0, 0, NULL, 0, NULL, 0                         \
    }

/** Opaque authority: certificate and key; immutable, shared freely between threads. */
typedef struct svms_ca svms_ca;

/**
 * Make the certificate of an authority: self-signed (issuer NULL), or by a higher one.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_ca_create(svms_ctx *ctx, const svms_ca_options *options,
                                                    const svms_private_key *key,
                                                    const svms_ca *issuer, char *out, size_t *size,
                                                    svms_error *err);

/**
 * Open an authority: its chain (own certificate first, then those above it) and its key, which are
 * borrowed and must outlive it.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_ca_open(svms_ca **out, svms_ctx *ctx,
                                                  const svms_chain *chain,
                                                  const svms_private_key *key, svms_error *err);

/** Release an authority. NULL and pointer to NULL are accepted; cleared. */
SVMS_API void svms_ca_free(svms_ca **ca);

/** What a certificate shall say. Start from ::SVMS_ISSUE_OPTIONS_INIT. Since 0.1. */
typedef struct svms_issue_options {
    uint32_t struct_size;      /**< sizeof(svms_issue_options). */
    svms_role role;            /**< Profile; not ::SVMS_ROLE_NONE. */
    const char *common_name;   /**< Its name; NULL: the request's. */
    const char *const *names;  /**< DNS names and IP addresses; the request's are NOT taken over. */
    size_t name_count;         /**< How many, at most ::SVMS_NAMES_MAX. */
    int64_t not_before_utc_ns; /**< First valid moment, whole seconds. */
    int64_t not_after_utc_ns;  /**< Last valid moment, whole seconds; not after the CA's. */
    const char *crl_uri;       /**< Where lists of this CA are published (http), or NULL. */
} svms_issue_options;

/** Initialiser of ::svms_issue_options. */
#define SVMS_ISSUE_OPTIONS_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(svms_issue_options), SVMS_ROLE_NONE, NULL, NULL, 0, 0, 0, NULL            \
    }

/**
 * Certify the key of a request. The serial number is random (128 bits). What the request asks for
 * beyond its key and, where wanted, its common name is not taken over.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_ca_issue(const svms_ca *ca,
                                                   const svms_issue_options *options,
                                                   const svms_request *request, char *out,
                                                   size_t *size, svms_error *err);

/** Why a certificate was revoked (RFC 5280 section 5.3.1). */
typedef enum svms_revocation_reason {
    SVMS_REASON_UNSPECIFIED = 0,         /**< Nothing is said. */
    SVMS_REASON_KEY_COMPROMISE = 1,      /**< The key may be known to others. */
    SVMS_REASON_CA_COMPROMISE = 2,       /**< The authority's key may be known to others. */
    SVMS_REASON_AFFILIATION_CHANGED = 3, /**< Its holder belongs elsewhere now. */
    SVMS_REASON_SUPERSEDED = 4,          /**< There is a newer one. */
    SVMS_REASON_CESSATION = 5            /**< Not needed any more. */
} svms_revocation_reason;

/** One revoked certificate. Start from ::SVMS_REVOKED_INIT. Since 0.1. */
typedef struct svms_revoked {
    uint32_t struct_size;            /**< sizeof(svms_revoked). */
    svms_revocation_reason reason;   /**< Why. */
    uint8_t serial[SVMS_SERIAL_MAX]; /**< Serial number, big-endian. */
    uint32_t serial_size;            /**< Bytes of it. */
    int64_t revoked_utc_ns;          /**< When it was revoked. */
    int64_t invalid_utc_ns;          /**< Since when it must not be believed, or ::SVMS_NO_TIME. */
} svms_revoked;

/** Initialiser of ::svms_revoked. */
#define SVMS_REVOKED_INIT                                                                          \
    {                                                                                              \
        (uint32_t)sizeof(svms_revoked), SVMS_REASON_UNSPECIFIED, { 0 }, 0, 0, INT64_MIN            \
    }

/**
 * Make a certificate revocation list of an authority.
 *
 * @param ca              the authority
 * @param number          number of the list, larger than the one before
 * @param this_utc_ns     when it is made
 * @param next_utc_ns     when the next one comes at the latest
 * @param revoked         the revoked certificates
 * @param revoked_count   how many
 * @param[out] out        receives PEM text and NUL
 * @param[in,out] size    as in svms_request_create()
 * @param[out] err        why it failed, or NULL
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_ca_list(const svms_ca *ca, uint64_t number,
                                                  int64_t this_utc_ns, int64_t next_utc_ns,
                                                  const svms_revoked *revoked, size_t revoked_count,
                                                  char *out, size_t *size, svms_error *err);

/**
 * Make an OCSP response about one certificate of the authority, for stapling.
 *
 * @param ca              the authority
 * @param chain           the certificate in question (the leaf)
 * @param revoked         its revocation, or NULL: good
 * @param this_utc_ns     when this is known
 * @param next_utc_ns     when the next one comes at the latest
 * @param[out] out        receives the OCSPResponse in DER
 * @param[in,out] size    capacity; receives the size, or, with ::SVMS_E_LIMIT, what is needed
 * @param[out] err        why it failed, or NULL
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_ca_ocsp(const svms_ca *ca, const svms_chain *chain,
                                                  const svms_revoked *revoked, int64_t this_utc_ns,
                                                  int64_t next_utc_ns, void *out, size_t *size,
                                                  svms_error *err);

/**
 * Write certificates as enrolment sends them: PKCS #7 "certs-only", in DER (RFC 7030 section
 * 4.1.3).
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_chain_to_pkcs7(const svms_chain *chain, void *out,
                                                         size_t *size, svms_error *err);

/**
 * Read certificates as enrolment sends them. The order in the message means nothing: the chain
 * begins with the certificate of @p key, or, with @p key NULL, with the only one that issued none
 * of the others.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_chain_from_pkcs7(svms_chain **out, svms_ctx *ctx,
                                                           const svms_private_key *key,
                                                           const void *data, size_t size,
                                                           svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
