/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * ONVIF Export File Format 26.06: MP4 files that are signed as a whole, again and again.
 *
 * Any finished MP4 file can be sealed: nothing in it moves, a box `meta` is added behind its media.
 * Each later hand adds a signature over everything before it. How the standard is read is said in
 * docs/spec/onvif-export.md.
 */
#ifndef SVMS_ONVIF_H
#define SVMS_ONVIF_H

#include <svms/verify.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most tracks that an export file can describe here. */
#define SVMS_ONVIF_MAX_TRACKS 64
/** Most signatures that an export file can have here. */
#define SVMS_ONVIF_MAX_SIGNATURES 32

/** When the media of a track begin. */
typedef struct svms_onvif_start {
    uint32_t track_id; /**< Number of the track in the file, not 0. */
    uint32_t reserved; /**< 0. */
    int64_t utc_ns;    /**< UTC at time 0 of its media timeline. */
} svms_onvif_start;

/** Where a track comes from. Start from ::SVMS_ONVIF_TRACK_INIT. Texts are UTF-8 of at most 1,024
 * bytes. Since 0.1. */
typedef struct svms_onvif_track {
    uint32_t struct_size; /**< sizeof(svms_onvif_track). */
    uint32_t track_id;    /**< Number of the track in the file, 1 to 65,535. */
    const char *name;     /**< Name of the camera or microphone; NULL: empty. */
    const char *url;      /**< Where it is reached; NULL: empty. */
    const char *mac;      /**< Its physical address; NULL: empty. */
    const char *line;     /**< Input of a device that has several; NULL: empty. */
} svms_onvif_track;

/** Initialiser of ::svms_onvif_track. */
#define SVMS_ONVIF_TRACK_INIT                                                                      \
    {                                                                                              \
        (uint32_t)sizeof(svms_onvif_track), 0, NULL, NULL, NULL, NULL                              \
    }

/** What is sealed, by whom. Start from ::SVMS_ONVIF_SEAL_OPTIONS_INIT. Everything is borrowed for
 * the call; texts as in ::svms_onvif_track. Since 0.1. */
typedef struct svms_onvif_seal_options {
    uint32_t struct_size;           /**< sizeof(svms_onvif_seal_options). */
    uint32_t track_count;           /**< Number of tracks. */
    const svms_onvif_track *tracks; /**< Tracks of which something is known; the others are
                                         described by empty texts. */
    const svms_onvif_start *starts; /**< When tracks begin; usually the first is enough. */
    uint32_t start_count;           /**< Number of starts; 0: nothing is said. */
    uint32_t reserved;              /**< 0. */
    const svms_chain *chain;        /**< The exporter's chain; only its leaf goes into the file. */
    const svms_private_key *key;    /**< Its key: RSA, P-256 or P-384. */
    const char *unit_name;          /**< Name of the unit that exports; NULL: empty. */
    const char *unit_url;           /**< Where it is reached; NULL: empty. */
    const char *unit_mac;           /**< Its physical address; NULL: empty. */
    const char *export_operator;    /**< Who exports; NULL: empty. */
    const char *note;               /**< More about this signature, at most 16 KiB, or NULL. */
    int64_t export_utc_ns;          /**< When the export began; kept in whole seconds. */
    void *user;                     /**< Passed to the callback. */
    /** Progress in bytes, now and then; a result other than 0 cancels. Optional. */
    int (*progress)(void *user, uint64_t done, uint64_t total);
} svms_onvif_seal_options;

/** Initialiser of ::svms_onvif_seal_options. */
#define SVMS_ONVIF_SEAL_OPTIONS_INIT                                                               \
    {                                                                                              \
        (uint32_t)sizeof(svms_onvif_seal_options), 0, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL,    \
            NULL, NULL, NULL, INT64_MIN, NULL, NULL                                                \
    }

/**
 * Seal an MP4 file: copy it and add what the standard asks for, signed.
 *
 * All boxes stay where they are, byte for byte, so that chunk offsets remain right; only a last box
 * whose size says "to the end" gets its size. The source is read twice and must not change.
 * RSA keys sign with RSASSA-PSS as the standard's default says, P-256 and P-384 with ECDSA.
 * Certificates between the leaf and the anchor have no place in the format: who verifies needs them
 * beside the file.
 *
 * @param ctx       context
 * @param source    a finished MP4 file without file-level `meta`
 * @param sink      receives the sealed file; synced at the end, not closed
 * @param options   what is sealed, by whom
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             sealed
 * @retval SVMS_E_USAGE        an argument is NULL or out of range, a track is not in the file, or
 * the key is not the certificate's
 * @retval SVMS_E_STATE        the file has a file-level `meta` already
 * @retval SVMS_E_UNSUPPORTED  the key is of a kind the format does not know, or is behind
 *                             callbacks; or media of a track lie in another file,
 *                             or samples or indexes lead outside of 'mdat' and what is signed,
 *                             or nobody can tell (O-VER-9 to O-VER-11)
 * @retval SVMS_E_UNTRUSTED    the certificate does not allow the role exporter, or is not valid now
 * @retval SVMS_E_MALFORMED    not an MP4 file, or a damaged one
 * @retval SVMS_E_TRUNCATED    the file ends within a box
 * @retval SVMS_E_LIMIT        more boxes, tracks or bytes than there may be
 * @retval SVMS_E_CANCELLED    the progress callback asked for it
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_IO           the source or the sink failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Clauses: Export File Format 26.06, 5.2 to 5.4. Specification:
 * onvif-export.md, O-SEAL. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_onvif_seal(svms_ctx *ctx, const svms_source *source,
                                                     const svms_sink *sink,
                                                     const svms_onvif_seal_options *options,
                                                     svms_error *err);

/** What a later hand adds. Start from ::SVMS_ONVIF_COUNTERSIGN_OPTIONS_INIT. Everything is borrowed
 * for the call. Since 0.1. */
typedef struct svms_onvif_countersign_options {
    uint32_t struct_size;           /**< sizeof(svms_onvif_countersign_options). */
    uint32_t start_count;           /**< Number of corrected starts. */
    const svms_onvif_start *starts; /**< Corrected starts of tracks. */
    const svms_chain *chain;        /**< Chain of a custodian or exporter; only its leaf goes into
                                         the file. */
    const svms_private_key *key;    /**< Its key: RSA, P-256 or P-384. */
    const char *note;               /**< More about this signature, at most 16 KiB, or NULL. */
    void *user;                     /**< Passed to the callback. */
    /** Progress in bytes, now and then; a result other than 0 cancels. Optional. */
    int (*progress)(void *user, uint64_t done, uint64_t total);
} svms_onvif_countersign_options;

/** Initialiser of ::svms_onvif_countersign_options. */
#define SVMS_ONVIF_COUNTERSIGN_OPTIONS_INIT                                                        \
    {                                                                                              \
        (uint32_t)sizeof(svms_onvif_countersign_options), 0, NULL, NULL, NULL, NULL, NULL, NULL    \
    }

/**
 * Add a signature over a sealed file and all signatures in it.
 *
 * The earlier signatures stay valid; they are checked first (not whom they are of), and a file in
 * which one does not hold is refused. The source is read twice and must not change.
 *
 * @param ctx       context
 * @param source    a sealed file
 * @param sink      receives the new file; synced at the end, not closed
 * @param options   who signs, and what he adds
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK               signed
 * @retval SVMS_E_USAGE          an argument is NULL or out of range, or the key is not the
 *                               certificate's
 * @retval SVMS_E_STATE          nobody has sealed the file yet
 * @retval SVMS_E_NOT_AUTHENTIC  a signature in the file does not hold
 * @retval SVMS_E_UNSUPPORTED    the key is of a kind the format does not know, or is behind
 *                               callbacks; or other boxes than mfra lie behind the
 *                               signatures and would move
 * @retval SVMS_E_UNTRUSTED      the certificate allows neither the role custodian nor exporter, or
 * is not valid now
 * @retval SVMS_E_MALFORMED      not an MP4 file, or a damaged one
 * @retval SVMS_E_TRUNCATED      the file ends within a box
 * @retval SVMS_E_LIMIT          more boxes, signatures or bytes than there may be
 * @retval SVMS_E_CANCELLED      the progress callback asked for it
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_IO             the source or the sink failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: any thread. Clauses: Export File Format 26.06, 5.5. Specification:
 * onvif-export.md, O-SIGN. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status
svms_onvif_countersign(svms_ctx *ctx, const svms_source *source, const svms_sink *sink,
                       const svms_onvif_countersign_options *options, svms_error *err);

/** How to verify. Start from ::SVMS_ONVIF_VERIFY_OPTIONS_INIT. Since 0.1. */
typedef struct svms_onvif_verify_options {
    uint32_t struct_size; /**< sizeof(svms_onvif_verify_options). */
    uint32_t any_role;    /**< 1: any certificate that leads to an anchor may sign; for files
                               of other makers, who know no roles. */
    svms_time_policy time_policy; /**< Which time decides when a certificate has expired. */
    uint32_t reserved;            /**< 0. */
    const svms_trust *trust; /**< Trust anchors; without them the verdict is at best untrusted. */
    const svms_chain *intermediates; /**< Certificates that may lie between signers and anchors, in
                                          any order, or NULL. */
    void *user;                      /**< Passed to the callback. */
    /** Progress in bytes, now and then; a result other than 0 cancels. Optional. */
    int (*progress)(void *user, uint64_t done, uint64_t total);
} svms_onvif_verify_options;

/** Initialiser of ::svms_onvif_verify_options: no trust, roles asked for. */
#define SVMS_ONVIF_VERIFY_OPTIONS_INIT                                                             \
    {                                                                                              \
        (uint32_t)sizeof(svms_onvif_verify_options), 0, SVMS_TIME_ATTESTED, 0, NULL, NULL, NULL,   \
            NULL                                                                                   \
    }

/** Opaque report; immutable. */
typedef struct svms_onvif_report svms_onvif_report;

/** What was found in all. Texts live as long as the report. Start from ::SVMS_ONVIF_SUMMARY_INIT.
 * Since 0.1. */
typedef struct svms_onvif_summary {
    uint32_t struct_size;           /**< sizeof(svms_onvif_summary). */
    svms_verdict verdict;           /**< The worst that applies. */
    svms_integrity integrity;       /**< Whether every signature holds. */
    svms_identity_verdict identity; /**< Of the first signer who is not trusted. */
    uint32_t signature_count;       /**< Signatures in the file. */
    uint32_t track_count;           /**< Tracks that the file describes. */
    uint32_t warning_count;         /**< What is wrong with the file beside that. */
    uint32_t has_export;            /**< 1: the file says who exported it (box suep). */
    uint32_t start_count;           /**< Starts said beside the signatures. */
    uint32_t reserved;              /**< 0. */
    const svms_onvif_start *starts; /**< Those starts. */
    int64_t export_utc_ns;          /**< When the export began, as claimed, or ::SVMS_NO_TIME. */
    const char *unit_name;          /**< Name of the unit that exported. */
    const char *unit_url;           /**< Where it was reached. */
    const char *unit_mac;           /**< Its physical address. */
    const char *export_operator;    /**< Who exported. */
    const char *reason;             /**< Why the verdict is not better, or empty. */
} svms_onvif_summary;

/** Initialiser of ::svms_onvif_summary. */
#define SVMS_ONVIF_SUMMARY_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(svms_onvif_summary), SVMS_VERDICT_NOT_AUTHENTIC, SVMS_INTEGRITY_BROKEN,   \
            SVMS_IDENTITY_UNSIGNED, 0, 0, 0, 0, 0, 0, NULL, INT64_MIN, NULL, NULL, NULL, NULL,     \
            NULL                                                                                   \
    }

/** What was found about a signature. Texts live as long as the report. Start from
 * ::SVMS_ONVIF_SIGNATURE_INIT. Since 0.1. */
typedef struct svms_onvif_signature {
    uint32_t struct_size;           /**< sizeof(svms_onvif_signature). */
    svms_integrity integrity;       /**< Whether what it covers is what was signed. */
    svms_identity_verdict identity; /**< Whether the signer is trusted. */
    svms_revocation revocation;     /**< What revocation lists say about the signer. */
    svms_role role;                 /**< Role in which he is trusted, or ::SVMS_ROLE_NONE. */
    uint32_t start_count;           /**< Starts said with this signature. */
    const svms_onvif_start *starts; /**< Those starts. */
    uint64_t offset;                /**< Where it lies in the file. */
    const char *signer;             /**< Subject of the certificate, or empty. */
    const char *algorithm;          /**< Name of the algorithm, or empty. */
    const char *note;               /**< Text given with the signature, or empty. */
    const char *integrity_reason;   /**< Why it does not hold, or empty. */
    const char *identity_reason;    /**< Why the signer is not trusted, or empty. */
} svms_onvif_signature;

/** Initialiser of ::svms_onvif_signature. */
#define SVMS_ONVIF_SIGNATURE_INIT                                                                  \
    {                                                                                              \
        (uint32_t)sizeof(svms_onvif_signature), SVMS_INTEGRITY_BROKEN, SVMS_IDENTITY_UNSIGNED,     \
            SVMS_REVOCATION_NOT_CHECKED, SVMS_ROLE_NONE, 0, NULL, 0, NULL, NULL, NULL, NULL, NULL  \
    }

/**
 * Verify every signature of an export file.
 *
 * The first signature is the exporter's; each later one covers all before it. The last one covers
 * every byte of the file, so the verdict is only ::SVMS_VERDICT_AUTHENTIC when all of them hold and
 * all signers are trusted. That a last signature was taken away cannot be seen. Files of other
 * tools with known mistakes are read; warnings name the mistakes. Memory is bounded whatever the
 * file.
 *
 * @param[out] out  what was found, also when the verdict is bad; release with
 *                  svms_onvif_report_free(). Untouched where "no report" is said below
 * @param ctx       context; must outlive the report
 * @param source    the file
 * @param options   how to verify, or NULL for the defaults
 * @param[out] err  why the verdict is not better, or NULL
 *
 * @retval SVMS_OK               the verdict is ::SVMS_VERDICT_AUTHENTIC
 * @retval SVMS_E_NOT_AUTHENTIC  the verdict is ::SVMS_VERDICT_NOT_AUTHENTIC
 * @retval SVMS_E_UNTRUSTED      the verdict is ::SVMS_VERDICT_UNTRUSTED, also where nobody signed
 * @retval SVMS_E_MALFORMED      not an MP4 file, or a damaged one; the report says
 *                               ::SVMS_VERDICT_NOT_AUTHENTIC
 * @retval SVMS_E_TRUNCATED      the file ends within a box; the report as above
 * @retval SVMS_E_LIMIT          more boxes, signatures or bytes than there may be; the report as
 *                               above
 * @retval SVMS_E_USAGE          an argument is NULL or out of range; no report
 * @retval SVMS_E_CANCELLED      the progress callback asked for it; no report
 * @retval SVMS_E_NO_MEMORY      the allocator failed; no report
 * @retval SVMS_E_IO             the source failed; no report
 * @retval SVMS_E_CRYPTO         the provider failed; no report
 *
 * Thread safety: any thread. Specification: onvif-export.md, O-VER. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_onvif_verify(svms_onvif_report **out, svms_ctx *ctx,
                                                       const svms_source *source,
                                                       const svms_onvif_verify_options *options,
                                                       svms_error *err);

/**
 * What was found in all.
 *
 * @param report    a report
 * @param[out] out  initialised with ::SVMS_ONVIF_SUMMARY_INIT
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL, or struct_size is not set
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_onvif_report_summary(const svms_onvif_report *report,
                                                               svms_onvif_summary *out,
                                                               svms_error *err);

/**
 * What was found about one signature.
 *
 * @param report    a report
 * @param number    which one, from 0, in the order of the file
 * @param[out] out  initialised with ::SVMS_ONVIF_SIGNATURE_INIT
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL or out of range, or struct_size is not set
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_onvif_report_signature(const svms_onvif_report *report,
                                                                 uint32_t number,
                                                                 svms_onvif_signature *out,
                                                                 svms_error *err);

/**
 * What the file says about one track.
 *
 * @param report    a report
 * @param number    which one, from 0, in the order of the description
 * @param[out] out  initialised with ::SVMS_ONVIF_TRACK_INIT; texts live as long as the report
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL or out of range, or struct_size is not set
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_onvif_report_track(const svms_onvif_report *report,
                                                             uint32_t number, svms_onvif_track *out,
                                                             svms_error *err);

/**
 * A warning, in words.
 *
 * @param report  a report
 * @param number  which one, from 0
 * @return text that lives as long as the report; NULL when there is no such warning
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_onvif_report_warning(const svms_onvif_report *report, uint32_t number);

/**
 * Release a report.
 *
 * @param report  address of the report; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the report any more. Since 0.1.
 */
SVMS_API void svms_onvif_report_free(svms_onvif_report **report);

#ifdef __cplusplus
}
#endif

#endif
