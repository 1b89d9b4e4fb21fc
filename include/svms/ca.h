/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Certificate requests, and a small certificate authority for installations without one.
 *
 * Nothing here does I/O: who runs an authority keeps its journal and its files (the command line
 * "svms ca" does), and identity.md says what the journal must guarantee. Keys that sign may be
 * anywhere: in memory, with a provider, behind callbacks, whose failures are passed on. With RSA,
 * RSASSA-PSS is used. Specification: identity.md sections "Requests", "Authority" and "Enrolment".
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
 * @param[out] out      receives PEM text and NUL; may be NULL when *size is 0
 * @param[in,out] size  capacity of @p out; receives the length without NUL, or, with
 *                      ::SVMS_E_LIMIT, the capacity needed (nothing was signed then)
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK             made
 * @retval SVMS_E_USAGE        an argument is NULL or out of range; err->message shows the name
 * @retval SVMS_E_UNSUPPORTED  the key only decrypts
 * @retval SVMS_E_LIMIT        @p out is too small, or there are too many names
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread; waits where the key is behind callbacks. Clauses: RFC 2986,
 * RFC 2985 section 5.4.2. Specification: identity.md, I-REQ-1 to I-REQ-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_request_create(svms_ctx *ctx,
                                                         const svms_request_options *options,
                                                         const svms_private_key *key, char *out,
                                                         size_t *size, svms_error *err);

/**
 * Read a request and check that its key signed it (proof of possession).
 *
 * Nothing inside but the key is looked at before the signature was checked.
 *
 * @param[out] out  the request; release with svms_request_free()
 * @param ctx       context; must outlive the request
 * @param data      PEM text with exactly one request, or one request in DER
 * @param size      bytes of it, at most ::SVMS_REQUEST_MAX
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK               read
 * @retval SVMS_E_USAGE          an argument is NULL
 * @retval SVMS_E_MALFORMED      no request, or more than one, or not in canonical DER, or with
 *                               names or extensions that no request may have
 * @retval SVMS_E_UNSUPPORTED    a key of another kind or size, a weak or unknown signature
 *                               algorithm, two roles, or a common name in an old character set
 * @retval SVMS_E_NOT_AUTHENTIC  the key in the request did not sign it
 * @retval SVMS_E_LIMIT          too long, or too many attributes, extensions or names
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: any thread. Clauses: RFC 2986. Specification: identity.md, I-REQ-6 to I-REQ-15.
 * Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_request_parse(svms_request **out, svms_ctx *ctx,
                                                        const void *data, size_t size,
                                                        svms_error *err);

/**
 * Release a request.
 *
 * @param request  address of the request; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the request any more. Since 0.1.
 */
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

/**
 * What a request says.
 *
 * @param request   the request
 * @param[out] out  start from ::SVMS_REQUEST_INFO_INIT
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       told
 * @retval SVMS_E_USAGE  an argument is NULL
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_request_describe(const svms_request *request,
                                                           svms_request_info *out, svms_error *err);

/**
 * One of the DNS names and IP addresses that a request asks for.
 *
 * @param request  the request, or NULL
 * @param index    which, from 0
 * @return text that lives as long as the request: DNS names in lower case, IPv6 addresses as
 *         RFC 5952 writes them; NULL past the last
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_request_name(const svms_request *request, size_t index);

/** What the certificate of an authority shall say. Start from ::SVMS_CA_OPTIONS_INIT. Since 0.1. */
typedef struct svms_ca_options {
    uint32_t struct_size;         /**< sizeof(svms_ca_options). */
    int32_t path_length;          /**< CAs that may stand below it, 0 to 8; -1 for any number. */
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
 * Make the certificate of an authority: self-signed, or by a higher one.
 *
 * A higher authority is not exceeded: fewer CAs below, within its period, and only what it is
 * permitted to certify.
 *
 * @param ctx           context
 * @param options       what the certificate shall say
 * @param key           the key of the new authority; of one that has an issuer, only its public
 *                      half is used
 * @param issuer        the authority above, or NULL: self-signed
 * @param[out] out      receives PEM text of the one certificate and NUL; may be NULL when *size
 *                      is 0
 * @param[in,out] size  capacity of @p out; receives the length without NUL, or, with
 *                      ::SVMS_E_LIMIT, the capacity needed (nothing was signed then)
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK             made
 * @retval SVMS_E_USAGE        an argument is NULL or out of range, or beyond what the issuer may do
 * @retval SVMS_E_UNSUPPORTED  the key that is to sign only decrypts
 * @retval SVMS_E_LIMIT        @p out is too small, or there are too many constraints
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider or the random source failed
 *
 * Thread safety: any thread; waits where the key is behind callbacks. Clauses: RFC 5280
 * section 4. Specification: identity.md, I-CA-2 to I-CA-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_ca_create(svms_ctx *ctx, const svms_ca_options *options,
                                                    const svms_private_key *key,
                                                    const svms_ca *issuer, char *out, size_t *size,
                                                    svms_error *err);

/**
 * Open an authority.
 *
 * @param[out] out  the authority; release with svms_ca_free()
 * @param ctx       context; must outlive the authority
 * @param chain     its own certificate first, then those above it, each signed by the next;
 *                  borrowed, must outlive the authority
 * @param key       its key; borrowed, must outlive the authority
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             opened
 * @retval SVMS_E_USAGE        an argument is NULL, a certificate is that of no CA, or was not
 *                             issued by the next one
 * @retval SVMS_E_WRONG_KEY    the key does not belong to the first certificate
 * @retval SVMS_E_UNSUPPORTED  the key only decrypts
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Specification: identity.md, I-CA-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_ca_open(svms_ca **out, svms_ctx *ctx,
                                                  const svms_chain *chain,
                                                  const svms_private_key *key, svms_error *err);

/**
 * Release an authority; its chain and its key stay.
 *
 * @param ca  address of the authority; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the authority any more. Since 0.1.
 */
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
    const char *crl_uri;       /**< Where lists of this CA are published (http://), or NULL. */
} svms_issue_options;

/** Initialiser of ::svms_issue_options. */
#define SVMS_ISSUE_OPTIONS_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(svms_issue_options), SVMS_ROLE_NONE, NULL, NULL, 0, 0, 0, NULL            \
    }

/**
 * Certify the key of a request.
 *
 * The serial number is random (128 bits). Of the request, only its key and, where wanted, its
 * common name are taken over. What the authority, or one above it, may not certify is refused
 * before anything is signed.
 *
 * @param ca            the authority
 * @param options       what the certificate shall say
 * @param request       whose key is certified
 * @param[out] out      receives PEM text of the one certificate and NUL; may be NULL when *size
 *                      is 0
 * @param[in,out] size  capacity of @p out; receives the length without NUL, or, with
 *                      ::SVMS_E_LIMIT, the capacity needed (nothing was signed then)
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           issued; it must be in the journal before anybody else receives it
 * @retval SVMS_E_USAGE      an argument is NULL or out of range; a name is none, or not permitted;
 *                           the period is not within that of the authority; the key is that of an
 *                           authority
 * @retval SVMS_E_LIMIT      @p out is too small, or there are too many names
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider or the random source failed
 *
 * Thread safety: any thread; waits where the key is behind callbacks. Clauses: RFC 5280
 * section 4. Specification: identity.md, I-CA-6 to I-CA-12. Since 0.1.
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
 * Times are cut to whole seconds. Entries come in the order of their serial numbers.
 *
 * @param ca              the authority
 * @param number          number of the list, larger than the one before
 * @param this_utc_ns     when it is made; nothing may be revoked later
 * @param next_utc_ns     when the next one comes at the latest
 * @param revoked         the revoked certificates, in any order, none twice; may be NULL for none
 * @param revoked_count   how many, at most 200,000
 * @param[out] out        receives PEM text and NUL; may be NULL when *size is 0
 * @param[in,out] size    capacity of @p out; receives the length without NUL, or, with
 *                        ::SVMS_E_LIMIT, the capacity needed (nothing was signed then)
 * @param[out] err        why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL or out of range, a serial number occurs twice, or
 *                           the authority's certificate does not allow it to sign lists
 * @retval SVMS_E_LIMIT      @p out is too small, or there are too many entries (16 MiB of DER)
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread; waits where the key is behind callbacks. Clauses: RFC 5280
 * section 5. Specification: identity.md, I-CA-13 to I-CA-16. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_ca_list(const svms_ca *ca, uint64_t number,
                                                  int64_t this_utc_ns, int64_t next_utc_ns,
                                                  const svms_revoked *revoked, size_t revoked_count,
                                                  char *out, size_t *size, svms_error *err);

/**
 * Make an OCSP response about one certificate of the authority, for stapling.
 *
 * @param ca              the authority
 * @param chain           the certificate in question (the leaf), which it issued
 * @param revoked         its revocation, or NULL: good
 * @param this_utc_ns     when this is known
 * @param next_utc_ns     when the next one comes at the latest
 * @param[out] out        receives the OCSPResponse in DER; may be NULL when *size is 0
 * @param[in,out] size    capacity; receives the size, or, with ::SVMS_E_LIMIT, what is needed
 *                        (nothing was signed then)
 * @param[out] err        why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL or out of range, the authority did not issue the
 *                           certificate, or @p revoked is about another one
 * @retval SVMS_E_LIMIT      @p out is too small
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread; waits where the key is behind callbacks. Clauses: RFC 6960
 * section 4.2. Specification: identity.md, I-CA-17 to I-CA-19. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_ca_ocsp(const svms_ca *ca, const svms_chain *chain,
                                                  const svms_revoked *revoked, int64_t this_utc_ns,
                                                  int64_t next_utc_ns, void *out, size_t *size,
                                                  svms_error *err);

/**
 * Write certificates as enrolment sends them: PKCS #7 "certs-only", in DER.
 *
 * @param chain         the certificates
 * @param[out] out      receives the message; may be NULL when *size is 0
 * @param[in,out] size  capacity; receives the size, or, with ::SVMS_E_LIMIT, what is needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           written
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_LIMIT      @p out is too small
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Clauses: RFC 7030 section 4.1.3. Specification: identity.md,
 * I-REQ-16. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_chain_to_pkcs7(const svms_chain *chain, void *out,
                                                         size_t *size, svms_error *err);

/**
 * Read certificates as enrolment sends them.
 *
 * The order in the message means nothing: the chain begins with the certificate of @p key, or, with
 * @p key NULL, with the only one that issued none of the others; then comes who issued it, and so
 * on, and at last what is left. No signature is checked; see svms_identity_check().
 *
 * @param[out] out  the chain; release with svms_chain_free()
 * @param ctx       context; must outlive the chain
 * @param key       whose certificate is wanted, or NULL
 * @param data      the message in DER
 * @param size      bytes of it, at most 1 MiB
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             read
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_MALFORMED    not in DER, not certs-only, no certificate, one twice, a damaged one,
 *                             or none that comes first
 * @retval SVMS_E_UNSUPPORTED  another version, or a certificate whose key cannot sign here
 * @retval SVMS_E_WRONG_KEY    no certificate belongs to @p key
 * @retval SVMS_E_LIMIT        more than 1 MiB, 8 certificates or 64 KiB of them
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Clauses: RFC 7030 section 4.1.3. Specification: identity.md,
 * I-REQ-17 to I-REQ-19. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_chain_from_pkcs7(svms_chain **out, svms_ctx *ctx,
                                                           const svms_private_key *key,
                                                           const void *data, size_t size,
                                                           svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
