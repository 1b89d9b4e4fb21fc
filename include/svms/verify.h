/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Verifying a container, without any key, and saying what was found.
 */
#ifndef SVMS_VERIFY_H
#define SVMS_VERIFY_H

#include <svms/container.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What verification comes to; the worst that applies (section 14 of the format). */
typedef enum svms_verdict {
    SVMS_VERDICT_AUTHENTIC = 0,     /**< Everything asked about is authentic. */
    SVMS_VERDICT_INCOMPLETE = 1,    /**< Right as far as it goes, but not everything is covered. */
    SVMS_VERDICT_UNTRUSTED = 2,     /**< Nobody who is trusted vouches for it. */
    SVMS_VERDICT_UNDECRYPTABLE = 3, /**< Signed, but what was given does not open it. */
    SVMS_VERDICT_NOT_AUTHENTIC = 4  /**< Something differs from what was signed. */
} svms_verdict;

/**
 * Name of a verdict ("not_authentic").
 *
 * @param verdict  a verdict
 * @return a static string; "unknown" for values that are not listed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_verdict_name(svms_verdict verdict);

/** Whether the bytes hold. */
typedef enum svms_integrity {
    SVMS_INTEGRITY_INTACT = 0,  /**< Every byte looked at is covered and right. */
    SVMS_INTEGRITY_PARTIAL = 1, /**< What is covered is right; some bytes are not covered. */
    SVMS_INTEGRITY_BROKEN = 2   /**< Something is false. */
} svms_integrity;

/** Whether the media could be opened with what was given. */
typedef enum svms_access {
    SVMS_ACCESS_CLEAR = 0,     /**< Nothing is encrypted. */
    SVMS_ACCESS_NOT_TRIED = 1, /**< Encrypted, and no key was given. */
    SVMS_ACCESS_OPENED = 2,    /**< Every sample in question opens. */
    SVMS_ACCESS_WRONG_KEY = 3, /**< No recipient stanza opens with what was given. */
    SVMS_ACCESS_FAILED = 4,    /**< The key fits, but a sample or the access block does not. */
    SVMS_ACCESS_DISCLOSED = 5  /**< Only disclosures were given: every sample in question that they
                                  cover opens; the others stay shut. */
} svms_access;

/** A failure and its place. */
typedef struct svms_finding {
    uint32_t struct_size; /**< sizeof(svms_finding). */
    svms_verdict verdict; /**< How bad it is. */
    uint64_t
        segment; /**< Segment number, or ::SVMS_NO_SEGMENT for header, index, end, access block. */
    int64_t utc_ns;   /**< When that segment begins, or ::SVMS_NO_TIME. */
    uint64_t offset;  /**< Byte offset of what fails. */
    char reason[208]; /**< In words. */
} svms_finding;

/** Initialiser of ::svms_finding. */
#define SVMS_FINDING_INIT                                                                          \
    {                                                                                              \
        (uint32_t)sizeof(svms_finding), SVMS_VERDICT_AUTHENTIC, SVMS_NO_SEGMENT, INT64_MIN,        \
            SVMS_NO_OFFSET,                                                                        \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/** A time without samples between two segments. */
typedef struct svms_gap {
    int64_t from_utc_ns;    /**< End of the segment before. */
    int64_t to_utc_ns;      /**< Start of the segment after. */
    svms_gap_reason reason; /**< Signed reason. */
    uint32_t reserved;      /**< 0. */
} svms_gap;

/** Most gaps a report lists; svms_report.gap_count counts all. */
#define SVMS_REPORT_GAPS 64

/** What verification found. Start from ::SVMS_REPORT_INIT. Since 0.1. */
typedef struct svms_report {
    uint32_t struct_size;           /**< sizeof(svms_report). */
    svms_verdict verdict;           /**< The worst that applies. */
    svms_integrity integrity;       /**< Whether the bytes hold. */
    svms_identity_verdict identity; /**< Whose signature, trusted for what. */
    svms_access access;             /**< Whether it could be opened. */
    svms_role role;                 /**< Role of the signer. */
    uint32_t closed;                /**< 1: ended with a signed end record. */
    uint32_t has_failure;           /**< 1: first_failure is set. */
    uint32_t finding_count;         /**< Failures in all. */
    uint32_t gap_count;             /**< Gaps in all. */
    uint64_t segments_verified;     /**< Segments that hold. */
    uint64_t segments_failed;       /**< Segments that do not. */
    uint64_t samples_verified;      /**< Samples in segments that hold. */
    uint64_t bytes_verified;        /**< Bytes that hold. */
    uint64_t bytes_unattested;  /**< Bytes after the last complete segment of an open container. */
    int64_t first_utc_ns;       /**< First verified moment, or ::SVMS_NO_TIME. */
    int64_t last_utc_ns;        /**< Last verified moment, or ::SVMS_NO_TIME. */
    int64_t signed_from_utc_ns; /**< Earliest time of signing that is claimed. */
    int64_t signed_to_utc_ns;   /**< Latest time of signing that is claimed. */
    uint32_t time_attested;     /**< 1: a trusted third party attests that everything in question
                                   existed at attested_utc_ns. */
    uint32_t access_damaged;    /**< Damaged slots of the access block. */
    int64_t attested_utc_ns;    /**< Earliest such moment, or ::SVMS_NO_TIME. */
    uint64_t attested_segment;  /**< Last segment that some valid time stamp attests, or
                                   ::SVMS_NO_SEGMENT. */
    int64_t attested_segment_utc_ns; /**< When it is attested to have existed, or ::SVMS_NO_TIME. */
    uint32_t stamps;                 /**< Time stamps looked at. */
    uint32_t stamps_valid;           /**< Those of them that attest something. */
    uint64_t segments_unattested;    /**< Complete segments at the end of an open container that no
                                        signature covers yet. */
    uint64_t access_revision;        /**< Revision of the access block that counts, or 0. */
    svms_identity_verdict
        officer_identity;       /**< Of the key officer who signed the access block, if one did. */
    svms_revocation revocation; /**< What revocation lists say about the signer. */
    int64_t revoked_utc_ns;     /**< Since when he is revoked, or ::SVMS_NO_TIME. */
    char officer[256];          /**< Subject of that officer, or empty. */
    char authority[256]; /**< Subject of the time stamp authority behind attested_utc_ns, or of the
                            newest stamp, or what an attester says of itself; or empty. */
    char stamp_reason[256]; /**< Why the last time stamp that attests nothing does not, or empty. */
    char signer[256];       /**< Subject of the signer, or empty. */
    char identity_reason[256];       /**< Why the signer is not trusted, or empty. */
    svms_finding first_failure;      /**< First failure by place in the file. */
    svms_gap gaps[SVMS_REPORT_GAPS]; /**< The first gaps. */
} svms_report;

/** Initialiser of ::svms_report. */
#define SVMS_REPORT_INIT                                                                           \
    {                                                                                              \
        (uint32_t)sizeof(svms_report), SVMS_VERDICT_AUTHENTIC, SVMS_INTEGRITY_INTACT,              \
            SVMS_IDENTITY_TRUSTED, SVMS_ACCESS_CLEAR, SVMS_ROLE_NONE, 0, 0, 0, 0, 0, 0, 0, 0, 0,   \
            INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN, 0, 0, INT64_MIN, SVMS_NO_SEGMENT,          \
            INT64_MIN, 0, 0, 0, 0, SVMS_IDENTITY_UNSIGNED, SVMS_REVOCATION_NOT_CHECKED, INT64_MIN, \
            { 0 }, { 0 }, { 0 }, { 0 }, { 0 }, SVMS_FINDING_INIT,                                  \
        {                                                                                          \
            {                                                                                      \
                0, 0, SVMS_GAP_NONE, 0                                                             \
            }                                                                                      \
        }                                                                                          \
    }

/** Most bytes of the name of who attests a time, with its NUL. */
#define SVMS_ATTESTED_BY_SIZE 256

/** Who judges what attests a time by other means than RFC 3161: proofs of audit records (C-TRL-5).
 * svms_audit_attest() is one. Start from ::SVMS_ATTESTER_INIT. Since 0.1. */
typedef struct svms_attester {
    uint32_t struct_size; /**< sizeof(svms_attester). */
    uint32_t reserved;    /**< 0. */
    void *user;           /**< Passed to attest. */
    /** Does this attest when the bytes with that hash existed? ::SVMS_OK: yes, and the time and the
     * name of who says so are filled in. ::SVMS_E_NO_MEMORY, ::SVMS_E_CRYPTO and ::SVMS_E_IO end
     * the verification; any other failure says that it attests nothing, and why. */
    svms_status (*attest)(void *user, const void *content, size_t size, const uint8_t digest[32],
                          int64_t *attested_utc_ns, char by[SVMS_ATTESTED_BY_SIZE],
                          svms_error *err);
} svms_attester;

/** Initialiser of ::svms_attester: nobody. */
#define SVMS_ATTESTER_INIT                                                                         \
    {                                                                                              \
        (uint32_t)sizeof(svms_attester), 0, NULL, NULL                                             \
    }

/** How to verify. Start from ::SVMS_VERIFY_OPTIONS_INIT. Since 0.1. */
typedef struct svms_verify_options {
    uint32_t struct_size;         /**< sizeof(svms_verify_options). */
    svms_time_policy time_policy; /**< Which time decides when the certificate has expired. */
    const svms_trust *trust; /**< Trust anchors; without them the verdict is at best untrusted. */
    const svms_trust *stamp_trust; /**< Trust anchors of time stamp authorities; without them no
                                      time is attested. */
    const svms_keyring *keys;      /**< If given, every sample in question is also opened. */
    int64_t from_utc_ns;           /**< Start of the range in question, or ::SVMS_NO_TIME. */
    int64_t to_utc_ns; /**< End of the range in question (exclusive), or ::SVMS_NO_TIME. */
    void *user;        /**< Passed to the callbacks. */
    /** Progress in bytes, now and then; a result other than 0 cancels. Optional. */
    int (*progress)(void *user, uint64_t done, uint64_t total);
    /** Each failure as it is found. Optional. */
    void (*finding)(void *user, const svms_finding *finding);
    const svms_attester *attester; /**< Who judges proofs of audit records behind a container, or
                                      NULL: these attest nothing. */
} svms_verify_options;

/** Initialiser of ::svms_verify_options: everything, no trust. */
#define SVMS_VERIFY_OPTIONS_INIT                                                                   \
    {                                                                                              \
        (uint32_t)sizeof(svms_verify_options), SVMS_TIME_ATTESTED, NULL, NULL, NULL, INT64_MIN,    \
            INT64_MIN, NULL, NULL, NULL, NULL                                                      \
    }

/**
 * Verify a container, or a range of time in it.
 *
 * A range may be authentic although the container is still open. Memory is bounded
 * as in a reader.
 *
 * @param ctx          context
 * @param source       bytes of the container; borrowed
 * @param options      how to verify, or NULL for the defaults
 * @param[out] report  initialised with ::SVMS_REPORT_INIT; filled also when the verdict is bad
 * @param[out] err     the first failure, or NULL
 *
 * @retval SVMS_OK               the verdict is ::SVMS_VERDICT_AUTHENTIC
 * @retval SVMS_E_NOT_AUTHENTIC  the verdict is ::SVMS_VERDICT_NOT_AUTHENTIC
 * @retval SVMS_E_UNDECRYPTABLE  the verdict is ::SVMS_VERDICT_UNDECRYPTABLE
 * @retval SVMS_E_UNTRUSTED      the verdict is ::SVMS_VERDICT_UNTRUSTED
 * @retval SVMS_E_INCOMPLETE     the verdict is ::SVMS_VERDICT_INCOMPLETE
 * @retval SVMS_E_USAGE          an argument is NULL or out of range; no report
 * @retval SVMS_E_MALFORMED      not a container, or nothing after the header can be read; the
 * report says
 *                               ::SVMS_VERDICT_NOT_AUTHENTIC
 * @retval SVMS_E_TRUNCATED      the file ends within the header; the report as above
 * @retval SVMS_E_LIMIT          a length in the header exceeds its bound; the report as above
 * @retval SVMS_E_UNSUPPORTED    an unknown major version or critical bit; no report
 * @retval SVMS_E_CANCELLED      the progress callback asked for it; no report
 * @retval SVMS_E_NO_MEMORY      the allocator failed; no report
 * @retval SVMS_E_IO             the source failed; no report
 * @retval SVMS_E_CRYPTO         the provider failed; no report
 *
 * Thread safety: any thread; each call on its own. Specification: section 14. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_verify_container(svms_ctx *ctx, const svms_source *source,
                                                           const svms_verify_options *options,
                                                           svms_report *report, svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
