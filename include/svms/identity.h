/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Who signs and who connects: certificates, roles, trust, and a demonstration CA.
 *
 * Each role has its own extended key usage, so that a recorder's key cannot sign as an
 * exporter. Specification: container.md section "Roles", identity.md sections 1 and 2.
 */
#ifndef SVMS_IDENTITY_H
#define SVMS_IDENTITY_H

#include <svms/key.h>

#ifdef __cplusplus
extern "C" {
#endif

/** In what capacity somebody signs. */
typedef enum svms_role {
    SVMS_ROLE_NONE = 0,        /**< Not signed. */
    SVMS_ROLE_CAMERA = 1,      /**< Made the media. */
    SVMS_ROLE_RECORDER = 2,    /**< Stored the media. */
    SVMS_ROLE_EXPORTER = 3,    /**< Exported evidence. */
    SVMS_ROLE_CUSTODIAN = 4,   /**< Held evidence. */
    SVMS_ROLE_KEY_OFFICER = 5, /**< Changes who can decrypt. */
    /* What follows signs no evidence. */
    SVMS_ROLE_SERVER = 16,        /**< A server of the installation. */
    SVMS_ROLE_CLIENT_DEVICE = 17, /**< A device at which people work. */
    SVMS_ROLE_USER = 18,          /**< A person. */
    SVMS_ROLE_TIME_STAMPER = 19,  /**< A time stamp authority (RFC 3161). */
    SVMS_ROLE_UPDATE = 20         /**< Signs what devices run. */
} svms_role;

/**
 * Name of a role ("recorder"), as the command line spells it.
 *
 * @param role  a role
 * @return a static string; "unknown" for values that are not listed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_role_name(svms_role role);

/**
 * Extended key usage of a role, as a dotted object identifier.
 *
 * @param role  a role
 * @return a static string, or NULL for ::SVMS_ROLE_NONE and unknown values
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_role_oid(svms_role role);

/** Opaque certificate chain, leaf first; immutable, shared freely between threads. */
typedef struct svms_chain svms_chain;

/**
 * Read a chain from PEM text: leaf first, then intermediates in any order. Roots may be left out.
 *
 * @param[out] out  the chain; release with svms_chain_free()
 * @param ctx       context; must outlive the chain
 * @param pem       text, not NUL-terminated
 * @param size      bytes of text, at most 256 KiB
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             read
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_MALFORMED    no certificate in the text, or a damaged one
 * @retval SVMS_E_UNSUPPORTED  the leaf's key is of a kind that cannot sign here
 * @retval SVMS_E_LIMIT        more than 8 certificates, 64 KiB of DER or 256 KiB of text
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_chain_from_pem(svms_chain **out, svms_ctx *ctx,
                                                         const char *pem, size_t size,
                                                         svms_error *err);

/**
 * Release a chain.
 *
 * @param chain  address of the chain; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the chain any more. Since 0.1.
 */
SVMS_API void svms_chain_free(svms_chain **chain);

/**
 * Subject of the leaf certificate, for people: "CN=front door, O=Example" (RFC 4514).
 *
 * @param chain  a chain
 * @return text that lives as long as the chain
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_chain_subject(const svms_chain *chain);

/** Most bytes of a host name or address of a certificate in ::svms_certificate_info, with NUL. */
#define SVMS_CERTIFICATE_NAME_SIZE 256

/** What a certificate says. Start from ::SVMS_CERTIFICATE_INFO_INIT. Since 0.1. */
typedef struct svms_certificate_info {
    uint32_t struct_size;      /**< sizeof(svms_certificate_info). */
    uint32_t roles;            /**< Roles that its extended key usage names: bits 1 << role. */
    uint32_t is_ca;            /**< 1: it may issue certificates. */
    uint32_t name_count;       /**< How many DNS names and IP addresses it is for. */
    int64_t not_before_utc_ns; /**< First valid moment. */
    int64_t not_after_utc_ns;  /**< Last valid moment (its last second counts as a whole). */
    uint8_t sha256[32];        /**< SHA-256 of its DER: its fingerprint. */
    char serial[48];           /**< Serial number in hexadecimal digits. */
    char key[32];              /**< Kind of key: "P-256", "RSA-3072", "Ed25519"... */
    char signature[32];        /**< How it is signed: "ecdsa-with-SHA256"... */
    char subject[256];         /**< Whose it is (RFC 4514), cut with dots when longer. */
    char issuer[256];          /**< Who issued it. */
} svms_certificate_info;

/** Initialiser of ::svms_certificate_info. */
#define SVMS_CERTIFICATE_INFO_INIT                                                                 \
    {                                                                                              \
        (uint32_t)sizeof(svms_certificate_info), 0, 0, 0, 0, 0, { 0 }, { 0 }, { 0 }, { 0 }, { 0 }, \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/**
 * Number of certificates of a chain.
 *
 * @param chain  a chain, or NULL
 * @return 1 to 8; 0 for NULL
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API size_t svms_chain_count(const svms_chain *chain);

/**
 * What one certificate of a chain says. Nothing of it is checked: svms_identity_check() does that.
 *
 * @param chain     a chain
 * @param index     which certificate, in the order in which they came; 0 is the leaf
 * @param[out] out  what it says; names are escaped for printing
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           read
 * @retval SVMS_E_USAGE      an argument is NULL, or there is no certificate of that number
 * @retval SVMS_E_MALFORMED  its dates cannot be read
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread. Clauses: RFC 5280 section 4.1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_chain_certificate(const svms_chain *chain, size_t index,
                                                            svms_certificate_info *out,
                                                            svms_error *err);

/**
 * One DNS name or IP address for which a certificate of a chain is, in text.
 *
 * Names are given as they stand there, with "*" for any one label; bytes that are not printable are
 * escaped ("\00"), so text with a backslash is a name for no host. Longer ones are cut with dots.
 *
 * @param chain     a chain
 * @param index     which certificate; 0 is the leaf
 * @param name      which name, below svms_certificate_info::name_count
 * @param[out] out  receives the text and NUL
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           written
 * @retval SVMS_END          there is no name of that number
 * @retval SVMS_E_USAGE      an argument is NULL, or there is no certificate of that number
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Clauses: RFC 5280 section 4.2.1.6. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status
svms_chain_certificate_name(const svms_chain *chain, size_t index, size_t name,
                            char out[SVMS_CERTIFICATE_NAME_SIZE], svms_error *err);

/**
 * Write the certificates of a chain as PEM text and NUL, in the order in which they came.
 *
 * @param chain         a chain
 * @param[out] out      receives the text; may be NULL when *size is 0
 * @param[in,out] size  capacity of @p out; receives the length without NUL, or, with
 *                      ::SVMS_E_LIMIT, the capacity needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           written
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_LIMIT      @p out is too small
 * @retval SVMS_E_NO_MEMORY  memory ran out
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread. Clauses: RFC 7468 section 5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_chain_to_pem(const svms_chain *chain, char *out,
                                                       size_t *size, svms_error *err);

/**
 * Check that the leaf of a chain is for a host. Whether the chain is trusted is another question.
 *
 * DNS names are compared without regard to the case of ASCII letters; "*" in a certificate stands
 * for the whole first label of at least three; IP addresses are compared byte by byte, and only
 * with IP addresses of the certificate. Common names never count.
 *
 * @param chain     a chain
 * @param host      a DNS name (other scripts as "xn--..."; one dot may end it), an IPv4 address in
 *                  four decimal numbers, or an IPv6 address without brackets and zone
 * @param[out] err  why it does not match, with the names that the certificate has, or NULL
 *
 * @retval SVMS_OK           it is for that host
 * @retval SVMS_E_UNTRUSTED  it is not
 * @retval SVMS_E_USAGE      an argument is NULL, or @p host is no name of a host
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread. Clauses: RFC 9525, RFC 6125. Specification: I-PTH-20 to I-PTH-23.
 * Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_chain_matches_host(const svms_chain *chain,
                                                             const char *host, svms_error *err);

/** Opaque set of trust anchors; immutable once made, shared freely between threads. */
typedef struct svms_trust svms_trust;

/**
 * Make a trust store from PEM text with one or more CA certificates.
 *
 * Every certificate in the text becomes a trust anchor, self-signed or not.
 *
 * @param[out] out  the store; release with svms_trust_free()
 * @param ctx       context; must outlive the store
 * @param pem       text, not NUL-terminated
 * @param size      bytes of text, at most 1 MiB
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_MALFORMED  no certificate in the text, or a damaged one
 * @retval SVMS_E_LIMIT      more than 1 MiB, or a certificate of more than 64 KiB
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_trust_from_pem(svms_trust **out, svms_ctx *ctx,
                                                         const char *pem, size_t size,
                                                         svms_error *err);

/**
 * Make a trust store that also knows certificate revocation lists.
 *
 * As svms_trust_from_pem(). A list speaks about the certificates of the CA that signed it; its
 * signature is checked whenever a path leads through that CA. Lists that speak about a part of a
 * CA's certificates only (delta, indirect and partitioned lists) are refused here.
 *
 * @param[out] out    the store; release with svms_trust_free()
 * @param ctx         context; must outlive the store
 * @param pem         text with the anchors, not NUL-terminated
 * @param size        bytes of text, at most 1 MiB
 * @param crls        PEM text with any number of lists, or one list in DER; NULL with
 *                    @p crls_size 0 for none
 * @param crls_size   bytes of lists, at most 16 MiB
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_OK             made
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_MALFORMED    no certificate in the text, no list in the lists, or a damaged one
 * @retval SVMS_E_UNSUPPORTED  a list has an unknown critical extension, or a signature by SHA-1
 *                             or weaker
 * @retval SVMS_E_LIMIT        more than 1 MiB of text, 16 MiB of lists or 64 lists, or a
 * certificate of more than 64 KiB
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Clauses: RFC 5280 section 5. Specification: C-VER-9. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_trust_from_pem_and_crls(svms_trust **out, svms_ctx *ctx,
                                                                  const char *pem, size_t size,
                                                                  const void *crls,
                                                                  size_t crls_size,
                                                                  svms_error *err);

/** What to trust, and what is known of revocation. Start from ::SVMS_TRUST_OPTIONS_INIT. Since
 * 0.1. */
typedef struct svms_trust_options {
    uint32_t struct_size;     /**< sizeof(svms_trust_options). */
    uint32_t reserved;        /**< 0. */
    const char *anchors;      /**< PEM text with CA certificates, or NULL when there are pins. */
    size_t anchors_size;      /**< Its size, at most 1 MiB. */
    const void *crls;         /**< Lists, as in svms_trust_from_pem_and_crls(), or NULL. */
    size_t crls_size;         /**< Their size, at most 16 MiB. */
    const void *const *ocsp;  /**< OCSP responses (RFC 6960) in DER, or NULL. */
    const size_t *ocsp_sizes; /**< Their sizes, at most 64 KiB each. */
    size_t ocsp_count;        /**< How many, at most 64. */
    const uint8_t *pins; /**< Fingerprints of leaf certificates, 32 bytes each, that are trusted
                              without a path (SHA-256 of DER), or NULL. */
    size_t pin_count;    /**< How many, at most 1024. */
} svms_trust_options;

/** Initialiser of ::svms_trust_options. */
#define SVMS_TRUST_OPTIONS_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(svms_trust_options), 0, NULL, 0, NULL, 0, NULL, NULL, 0, NULL, 0          \
    }

/**
 * Make a trust store of anchors, lists, OCSP responses and pinned fingerprints.
 *
 * Anchors and lists are as in svms_trust_from_pem_and_crls(). An OCSP response speaks about the
 * certificates that it names, when the CA that issued them signed it, or a responder whom that CA
 * issued a certificate for OCSP signing; whatever says "revoked" counts, whoever else says "good".
 * A chain whose leaf has a pinned fingerprint needs no path to an anchor; its period, key, role and
 * purpose still count, svms_identity_result::anchor says "pinned: " and its subject, and the pin
 * makes no other certificate trusted. Where there is a path as well, a leaf that it shows to be
 * revoked stays revoked.
 *
 * @param[out] out  the store; release with svms_trust_free()
 * @param ctx       context; must outlive the store
 * @param options   what goes into it; what it points to is copied
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             made
 * @retval SVMS_E_USAGE        an argument is NULL or out of range, or there are neither anchors nor
 *                             pins
 * @retval SVMS_E_MALFORMED    no certificate in the anchors, no list in the lists, or a damaged
 *                             certificate, list or response
 * @retval SVMS_E_UNSUPPORTED  a list or response has an unknown critical extension or a weak
 *                             signature, or a response is a refusal to answer, not of the basic
 *                             type, or about no certificate
 * @retval SVMS_E_LIMIT        more than 1 MiB of anchors, 16 MiB of lists, 64 lists, 64 responses,
 *                             64 KiB in a response, 4 certificates in a response or 1024 pins, or a
 *                             certificate of more than 64 KiB
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Clauses: RFC 5280 section 5, RFC 6960. Specification: C-VER-9,
 * I-PTH-30 to I-PTH-45. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_trust_new(svms_trust **out, svms_ctx *ctx,
                                                    const svms_trust_options *options,
                                                    svms_error *err);

/**
 * Release a trust store.
 *
 * @param trust  address of the store; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the store any more. Since 0.1.
 */
SVMS_API void svms_trust_free(svms_trust **trust);

/** Which time decides whether a certificate was valid. */
typedef enum svms_time_policy {
    SVMS_TIME_ATTESTED = 0, /**< What is expired now needs attested time (the default). */
    SVMS_TIME_CLAIMED = 1   /**< An expired signer's claim is believed; a revoked one's not. */
} svms_time_policy;

/** What a path check found out; each value has its own words. */
typedef enum svms_identity_verdict {
    SVMS_IDENTITY_TRUSTED = 0,        /**< A path to an anchor, valid at signing, right role. */
    SVMS_IDENTITY_UNSIGNED = 1,       /**< Nobody signed. */
    SVMS_IDENTITY_NO_ANCHOR = 2,      /**< No trust anchor was given. */
    SVMS_IDENTITY_UNKNOWN_ISSUER = 3, /**< No path to a trust anchor. */
    SVMS_IDENTITY_WRONG_ROLE = 4,     /**< The certificate does not allow this role. */
    SVMS_IDENTITY_EXPIRED_NOW = 5,    /**< Valid at the claimed time, expired now, not attested. */
    SVMS_IDENTITY_EXPIRED_THEN = 6,   /**< Expired already when it signed. */
    SVMS_IDENTITY_NOT_YET_VALID = 7,  /**< Not yet valid when it signed. */
    SVMS_IDENTITY_BAD_CHAIN = 8, /**< The chain breaks a rule (CA flag, key usage, signature...). */
    SVMS_IDENTITY_REVOKED = 9,   /**< Revoked, and not shown to have signed before that. */
    SVMS_IDENTITY_FUTURE = 10 /**< Claims to have signed after now, or after its attested time. */
} svms_identity_verdict;

/** What revocation lists and OCSP responses say about the certificates below the anchor. */
typedef enum svms_revocation {
    SVMS_REVOCATION_NOT_CHECKED = 0, /**< There is a certificate of which nothing is known. */
    SVMS_REVOCATION_GOOD = 1,        /**< Current ones speak about each, and none is revoked. */
    SVMS_REVOCATION_STALE = 2,       /**< None is revoked, but what says so is out of date. */
    SVMS_REVOCATION_BAD_LIST = 3,    /**< What speaks in the name of a CA is not signed by it. */
    SVMS_REVOCATION_REVOKED = 4      /**< One is revoked; the verdict says whether that matters. */
} svms_revocation;

/** What is asked about a signer. Start from ::SVMS_IDENTITY_QUESTION_INIT. Since 0.1. */
typedef struct svms_identity_question {
    uint32_t struct_size;    /**< sizeof(svms_identity_question). */
    svms_role role;          /**< Role that was claimed. */
    svms_time_policy policy; /**< Which time decides. */
    uint32_t reserved;       /**< 0. */
    int64_t from_utc_ns;     /**< Earliest claimed time of signing. */
    int64_t to_utc_ns;       /**< Latest one; equal to from_utc_ns for one moment. */
    int64_t now_utc_ns;      /**< Present time. */
    int64_t attested_utc_ns; /**< When everything that was signed is attested to have existed, or
                                  ::SVMS_NO_TIME. */
} svms_identity_question;

/** Initialiser of ::svms_identity_question: no role, no times. */
#define SVMS_IDENTITY_QUESTION_INIT                                                                \
    {                                                                                              \
        (uint32_t)sizeof(svms_identity_question), SVMS_ROLE_NONE, SVMS_TIME_ATTESTED, 0,           \
            INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN                                             \
    }

/** What was found out about a signer. Start from ::SVMS_IDENTITY_RESULT_INIT. Since 0.1. */
typedef struct svms_identity_result {
    uint32_t struct_size;          /**< sizeof(svms_identity_result). */
    svms_identity_verdict verdict; /**< What was found. */
    svms_revocation revocation;    /**< What lists and responses of the trust store say. */
    uint32_t reserved;             /**< 0. */
    int64_t revoked_utc_ns; /**< Since when, as far as the lists tell (revocation or invalidity
                               date, the earlier one), or ::SVMS_NO_TIME. */
    char anchor[256];       /**< Subject of the trust anchor at which the path ended, behind
                               "pinned: " that of a pinned leaf, or empty. */
} svms_identity_result;

/** Initialiser of ::svms_identity_result. */
#define SVMS_IDENTITY_RESULT_INIT                                                                  \
    {                                                                                              \
        (uint32_t)sizeof(svms_identity_result), SVMS_IDENTITY_UNSIGNED,                            \
            SVMS_REVOCATION_NOT_CHECKED, 0, INT64_MIN,                                             \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/**
 * Check that a signer could act in a role at a time.
 *
 * Roles that sign no evidence can be asked about as well; whether somebody may act now is the
 * question whose three times are now. ::SVMS_ROLE_TIME_STAMPER asks for an extended key usage that
 * is critical and names time stamping alone.
 *
 * @param trust        trust anchors; NULL gives ::SVMS_IDENTITY_NO_ANCHOR
 * @param chain        the signer's chain; NULL gives ::SVMS_IDENTITY_UNSIGNED
 * @param question     what is asked
 * @param[out] result  what was found, also when it is not trusted
 * @param[out] err     the words for it, or NULL
 *
 * @retval SVMS_OK           the verdict is ::SVMS_IDENTITY_TRUSTED
 * @retval SVMS_E_UNTRUSTED  any other verdict; err->message says why
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread. Clauses: RFC 5280 section 6. Specification: C-VER-4, C-VER-9, I-PTH-1
 * to I-PTH-19. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_identity_check(const svms_trust *trust,
                                                         const svms_chain *chain,
                                                         const svms_identity_question *question,
                                                         svms_identity_result *result,
                                                         svms_error *err);

/** What a demonstration certificate shall say. Start from ::SVMS_CERTIFICATE_OPTIONS_INIT. Since
 * 0.1. */
typedef struct svms_certificate_options {
    uint32_t struct_size;      /**< sizeof(svms_certificate_options). */
    svms_role role;            /**< Role of the leaf, one that signs evidence; ::SVMS_ROLE_NONE
                                    makes a CA certificate. */
    const char *common_name;   /**< UTF-8, 1 to 64 characters, no control characters. */
    int64_t not_before_utc_ns; /**< First valid moment, whole seconds. */
    int64_t not_after_utc_ns;  /**< Last valid moment, whole seconds. */
} svms_certificate_options;

/** Initialiser of ::svms_certificate_options. */
#define SVMS_CERTIFICATE_OPTIONS_INIT                                                              \
    {                                                                                              \
        (uint32_t)sizeof(svms_certificate_options), SVMS_ROLE_NONE, NULL, 0, 0                     \
    }

/**
 * Issue a certificate: self-signed for a CA (issuer and issuer_key NULL), else signed by the CA.
 * For demonstrations and tests; a real installation brings its own PKI.
 *
 * @param ctx           context
 * @param options       what the certificate shall say
 * @param subject_key   key to certify
 * @param issuer        CA certificate, or NULL for a self-signed CA
 * @param issuer_key    its key, or NULL for a self-signed CA
 * @param[out] out      receives PEM text and NUL
 * @param[in,out] size  capacity of @p out; receives the length without NUL, or, with
 *                      ::SVMS_E_LIMIT, the capacity needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK             issued
 * @retval SVMS_E_USAGE        an argument is NULL or out of range, or the issuer is no CA
 * @retval SVMS_E_UNSUPPORTED  the key that is to sign only decrypts
 * @retval SVMS_E_LIMIT        @p out is too small
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed, or key and issuer certificate do not belong
 * together
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_certificate_issue(
    svms_ctx *ctx, const svms_certificate_options *options, const svms_private_key *subject_key,
    const svms_chain *issuer, const svms_private_key *issuer_key, char *out, size_t *size,
    svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
