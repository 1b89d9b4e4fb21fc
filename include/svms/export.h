/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Evidence packages: parts of recordings, with the recorders' own signatures untouched, that an
 * exporter seals and signs, and on top of which everybody signs through whose hands they go.
 *
 * Making one: svms_export_create(), svms_export_add_source() for each container and period,
 * svms_export_add_attachment(), svms_export_finish(). Receiving one: svms_export_open(),
 * svms_export_verify(), svms_export_extract(). The format is docs/spec/evidence.md.
 */
#ifndef SVMS_EXPORT_H
#define SVMS_EXPORT_H

#include <svms/reader.h>
#include <svms/recipients.h>
#include <svms/verify.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most sources of a package, and most attachments (E-OVR-5). */
#define SVMS_EXPORT_MAX_SOURCES 4096u
/** Most links (E-OVR-5). */
#define SVMS_EXPORT_MAX_LINKS 1024u
/** Most bytes of the note of a link (E-OVR-5). */
#define SVMS_EXPORT_MAX_NOTE 4096u
/** Most bytes of a time stamp token of a link (E-OVR-5). */
#define SVMS_EXPORT_MAX_TOKEN 65536u
/** Policy bit: re-export is forbidden (section 7). */
#define SVMS_EXPORT_NO_REEXPORT 1u

/** What a file is. */
typedef enum svms_export_kind {
    SVMS_EXPORT_PACKAGE = 1, /**< A package with media. */
    SVMS_EXPORT_PROOF = 2    /**< What proves a clear file that lies beside it. */
} svms_export_kind;

/** Opaque package that is being made. */
typedef struct svms_export svms_export;
/** Opaque package that is being read. */
typedef struct svms_evidence svms_evidence;

/**
 * Asks a time stamp authority. @p imprint is SHA-256 of what is to be stamped. Stores a DER
 * TimeStampToken; @p size is the room for it on entry (::SVMS_EXPORT_MAX_TOKEN), and its size on
 * return. A failure ends the export.
 */
typedef svms_status svms_export_stamp(void *user, const uint8_t imprint[32], uint8_t *token,
                                      size_t *size, svms_error *err);

/** What everybody who signs a link says. Start from ::SVMS_EXPORT_SIGNER_INIT. Since 0.1. */
typedef struct svms_export_signer {
    uint32_t struct_size;        /**< sizeof(svms_export_signer). */
    svms_role role;              /**< ::SVMS_ROLE_EXPORTER, or for later links
                                    ::SVMS_ROLE_CUSTODIAN. */
    const svms_private_key *key; /**< Key that signs. */
    const svms_chain *chain;     /**< Its certificate and those above it. */
    const char *note;         /**< Note, UTF-8, in clear, at most ::SVMS_EXPORT_MAX_NOTE bytes; or
                                 NULL. */
    uint32_t policy;          /**< ::SVMS_EXPORT_NO_REEXPORT, or 0. */
    uint32_t reserved;        /**< 0. */
    svms_export_stamp *stamp; /**< Asks a time stamp authority; or NULL. */
    void *stamp_user;         /**< Passed to stamp. */
} svms_export_signer;

/** Initialiser of ::svms_export_signer. */
#define SVMS_EXPORT_SIGNER_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(svms_export_signer), SVMS_ROLE_EXPORTER, NULL, NULL, NULL, 0, 0, NULL,    \
            NULL                                                                                   \
    }

/** How to make a package. Start from ::SVMS_EXPORT_OPTIONS_INIT. Everything that it points to is
 * borrowed until the export is over. Texts are UTF-8; NULL is none. Since 0.1. */
typedef struct svms_export_options {
    uint32_t struct_size;                     /**< sizeof(svms_export_options). */
    svms_export_kind kind;                    /**< Package or proof. */
    svms_export_signer signer;                /**< Who signs link 0, in the role exporter. */
    const svms_public_key *const *recipients; /**< Who can open it: X25519, P-256, RSA. */
    size_t recipient_count;                   /**< Their number. */
    const svms_kek *const *keks;              /**< Key-encryption keys that open it. */
    size_t kek_count;                         /**< Their number; with recipients at most 63. */
    const char *password;                     /**< A password that opens it, or NULL. */
    size_t password_size;                     /**< Its bytes, 1 to 1,024. */
    uint32_t password_log2_n;                 /**< scrypt cost, 10 to 18; 0 is 17. */
    uint32_t unsealed; /**< 1: nothing is encrypted; otherwise somebody must be able to open it. */
    const char *case_number;     /**< Case. */
    const char *operator_name;   /**< Who exports. */
    const char *reason;          /**< Why. */
    const char *comment;         /**< Anything else. */
    const char *profile;         /**< Name of the export profile that was applied. */
    const char *audit_reference; /**< Where the audit log has this export. */
} svms_export_options;

/** Initialiser of ::svms_export_options. */
#define SVMS_EXPORT_OPTIONS_INIT                                                                   \
    {                                                                                              \
        (uint32_t)sizeof(svms_export_options), SVMS_EXPORT_PACKAGE, SVMS_EXPORT_SIGNER_INIT, NULL, \
            0, NULL, 0, NULL, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL                          \
    }

/** What of a source's samples lies in the presentation that a proof goes with. */
typedef enum svms_export_presented {
    SVMS_PRESENTED_ALL = 0,  /**< Every sample of the tracks that are not removed. */
    SVMS_PRESENTED_NONE = 1, /**< None: the presentation was decoded from them. */
    SVMS_PRESENTED_ONE = 2   /**< The one sample that presented_* names, as it is. */
} svms_export_presented;

/** What to export of a container. Start from ::SVMS_EXPORT_SOURCE_INIT. Borrowed for the call.
 * Since 0.1. */
typedef struct svms_export_source {
    uint32_t struct_size;            /**< sizeof(svms_export_source). */
    uint32_t removed_tracks;         /**< Bit n: nothing of track n is carried. */
    const svms_keyring *keys;        /**< What opens the container; disclosures may do for what they
                                        cover. */
    const svms_trust *trust;         /**< Trust anchors the recorder must lead to. */
    const svms_trust *stamp_trust;   /**< Trust anchors of time stamp authorities, or NULL. */
    svms_time_policy time_policy;    /**< Which time decides when the certificate has expired. */
    uint32_t include_unverified;     /**< 1: what does not verify is carried, and declared. */
    int64_t from_utc_ns;             /**< Start of the period, or ::SVMS_NO_TIME. */
    int64_t to_utc_ns;               /**< End of the period (exclusive), or ::SVMS_NO_TIME. */
    svms_export_presented presented; /**< Proof only. */
    uint32_t presented_track;        /**< Proof of one sample: its track, */
    uint64_t presented_segment;      /**< its segment, */
    uint64_t presented_sample;       /**< and its index among the samples of that track there. */
    void *user;                      /**< Passed to the callbacks. */
    /** Progress in bytes, now and then; a result other than 0 cancels. Optional. */
    int (*progress)(void *user, uint64_t done, uint64_t total);
    /** Each failure as it is found. Optional. */
    void (*finding)(void *user, const svms_finding *finding);
    const svms_attester *attester; /**< Who judges proofs of audit records behind it, or NULL. */
} svms_export_source;

/** Initialiser of ::svms_export_source: everything. */
#define SVMS_EXPORT_SOURCE_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(svms_export_source), 0, NULL, NULL, NULL, SVMS_TIME_ATTESTED, 0,          \
            INT64_MIN, INT64_MIN, SVMS_PRESENTED_ALL, 0, 0, 0, NULL, NULL, NULL, NULL              \
    }

/** From which originals something was made. Since 0.1. */
typedef struct svms_export_origin {
    uint32_t source;        /**< Number of the source in this package. */
    uint32_t track;         /**< Track, or UINT32_MAX for all. */
    uint64_t first_segment; /**< First segment that was used; must be carried. */
    uint64_t last_segment;  /**< Last one. */
    int64_t utc_ns;         /**< Time of the picture, or ::SVMS_NO_TIME. */
} svms_export_origin;

/** A file that was made from the recordings or belongs to the case. Start from
 * ::SVMS_EXPORT_ATTACHMENT_INIT. Since 0.1. */
typedef struct svms_export_attachment {
    uint32_t struct_size;    /**< sizeof(svms_export_attachment). */
    uint32_t origin_count;   /**< Entries of origins. */
    const char *name;        /**< File name (E-CAS-4). */
    const char *media_type;  /**< As in "video/mp4". */
    const char *description; /**< What it is, or NULL. */
    const char *method;      /**< How it was made from the originals, or NULL: it was not. */
    const char *tool;        /**< With what, or NULL. */
    const svms_export_origin *origins; /**< From which originals; with method only. */
} svms_export_attachment;

/** Initialiser of ::svms_export_attachment. */
#define SVMS_EXPORT_ATTACHMENT_INIT                                                                \
    {                                                                                              \
        (uint32_t)sizeof(svms_export_attachment), 0, NULL, NULL, NULL, NULL, NULL, NULL            \
    }

/** Which track of the presentation holds a track of the recordings. Since 0.1. */
typedef struct svms_export_track_pair {
    uint32_t track;              /**< Of the recordings. */
    uint32_t presentation_track; /**< Of the presentation. */
} svms_export_track_pair;

/** The clear file that a proof goes with. Start from ::SVMS_EXPORT_PRESENTATION_INIT. Since 0.1. */
typedef struct svms_export_presentation {
    uint32_t struct_size;                 /**< sizeof(svms_export_presentation). */
    uint32_t track_count;                 /**< Entries of tracks. */
    const char *name;                     /**< File name (E-CAS-4). */
    const char *media_type;               /**< As in "video/mp4". */
    const svms_export_track_pair *tracks; /**< Tracks whose samples are in it. */
    const char *method;                   /**< How it was made where it was decoded, or NULL. */
    const char *tool;                     /**< With what, or NULL. */
    const svms_export_origin *origins;    /**< From which originals; with method only. */
    size_t origin_count;                  /**< Their number. */
} svms_export_presentation;

/** Initialiser of ::svms_export_presentation. */
#define SVMS_EXPORT_PRESENTATION_INIT                                                              \
    {                                                                                              \
        (uint32_t)sizeof(svms_export_presentation), 0, NULL, NULL, NULL, NULL, NULL, NULL, 0       \
    }

/** What a source carries. Start from ::SVMS_EXPORT_PERIOD_INIT. Since 0.1. */
typedef struct svms_export_period {
    uint32_t struct_size;        /**< sizeof(svms_export_period). */
    uint32_t number;             /**< Of the source in the package. */
    uint8_t device_id[16];       /**< Of the device. */
    uint8_t recording_id[16];    /**< Of the recording. */
    uint8_t container_id[16];    /**< Of the container. */
    uint64_t recording_sequence; /**< Number of the container in its recording. */
    int64_t from_utc_ns;         /**< Period that was asked for, or ::SVMS_NO_TIME. */
    int64_t to_utc_ns;           /**< Its end, or ::SVMS_NO_TIME. */
    int64_t first_utc_ns;        /**< First moment that is carried, or ::SVMS_NO_TIME. */
    int64_t last_utc_ns;         /**< Last one, or ::SVMS_NO_TIME. */
    uint64_t first_segment;      /**< Number of the first segment, or ::SVMS_NO_SEGMENT. */
    uint64_t last_segment;       /**< Number of the last one, or ::SVMS_NO_SEGMENT. */
    uint64_t segments;           /**< Segments that are carried. */
    uint32_t track_count;        /**< Tracks of the container. */
    uint32_t removed_tracks;     /**< Bit n: track n was removed. */
    uint32_t unverified;         /**< 1: holds what is declared unverified. */
    svms_verdict verdict;        /**< When exported: what its verification came to. */
} svms_export_period;

/** Initialiser of ::svms_export_period. */
#define SVMS_EXPORT_PERIOD_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(svms_export_period), 0, { 0 }, { 0 }, { 0 }, 0, INT64_MIN, INT64_MIN,     \
            INT64_MIN, INT64_MIN, SVMS_NO_SEGMENT, SVMS_NO_SEGMENT, 0, 0, 0, 0,                    \
            SVMS_VERDICT_AUTHENTIC                                                                 \
    }

/** What was exported: all that the audit record of an export needs. The caller adds the
 * destination. Start from ::SVMS_EXPORT_RESULT_INIT; release with svms_export_result_clear().
 * Since 0.1. */
typedef struct svms_export_result {
    uint32_t struct_size;                           /**< sizeof(svms_export_result). */
    svms_export_kind kind;                          /**< Format: package or proof. */
    uint8_t package_id[16];                         /**< Of the package. */
    uint8_t head[32];                               /**< Receipt: head of link 0 (E-LNK-2). */
    uint8_t digest[32];                             /**< SHA-256 of the whole file. */
    uint64_t bytes;                                 /**< Size of the whole file. */
    int64_t signed_utc_ns;                          /**< When it was signed. */
    uint32_t sealed;                                /**< 1: encrypted. */
    uint32_t has_password;                          /**< 1: a password opens it. */
    uint32_t policy;                                /**< ::SVMS_EXPORT_NO_REEXPORT, or 0. */
    uint32_t stamped;                               /**< 1: link 0 has a time stamp token. */
    uint32_t period_count;                          /**< Entries of periods. */
    uint32_t attachment_count;                      /**< Attachments. */
    uint32_t recipient_count;                       /**< Entries of recipients. */
    uint32_t reserved;                              /**< 0. */
    char signer[256];                               /**< Subject of the exporter's certificate. */
    svms_recipient recipients[SVMS_MAX_RECIPIENTS]; /**< Who can open it. */
    svms_export_period *periods; /**< What was exported, of which devices; owned by the result. */
} svms_export_result;

/** Initialiser of ::svms_export_result. */
#define SVMS_EXPORT_RESULT_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(svms_export_result), SVMS_EXPORT_PACKAGE, { 0 }, { 0 }, { 0 }, 0,         \
            INT64_MIN, 0, 0, 0, 0, 0, 0, 0, 0, { 0 }, { { 0, 0, { 0 } } }, NULL                    \
    }

/**
 * Begin a package or a proof.
 *
 * @param[out] out  the package; end it with svms_export_finish() or svms_export_abort()
 * @param ctx       context; must outlive it
 * @param options   how to make it; what it points to is borrowed until the export is over
 * @param sink      where it goes, strictly forward; borrowed until the export is over. Nothing that
 *                  is in it is a package before svms_export_finish() has returned.
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             begun
 * @retval SVMS_E_USAGE        an argument is NULL or out of range, texts are not UTF-8, or a proof
 * is to be sealed
 * @retval SVMS_E_POLICY       sealed without recipient, or no signer
 * @retval SVMS_E_UNTRUSTED    the key is not that of the certificate, or the certificate is not for
 *                             exporters or not valid now
 * @retval SVMS_E_UNSUPPORTED  the kind of a key is not supported
 * @retval SVMS_E_LIMIT        too many recipients, or a text is too long
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_IO           the sink failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: the export belongs to one thread at a time. Specification: sections 2 and 7.
 * Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_export_create(svms_export **out, svms_ctx *ctx,
                                                        const svms_export_options *options,
                                                        const svms_sink *sink, svms_error *err);

/**
 * Verify a period of a container and, when it verifies, add it. A failure of any kind ends the
 * export: nothing can be added or finished any more.
 *
 * What verifies but does not cover the whole period (::SVMS_VERDICT_INCOMPLETE) is added as far as
 * it goes, and the case says so.
 *
 * @param package     the package
 * @param source      bytes of the container; borrowed for the call
 * @param options     what of it, or NULL for everything
 * @param[out] report what verification found, initialised with ::SVMS_REPORT_INIT; filled also when
 *                    the source was refused for it; or NULL
 * @param[out] err    why it failed, or NULL; segment and offset name the first failure
 *
 * @retval SVMS_OK               added; report->verdict says how good it is
 * @retval SVMS_E_USAGE          an argument is NULL or out of range, or a removed track does not
 * exist
 * @retval SVMS_E_STATE          an earlier call failed
 * @retval SVMS_E_NOT_AUTHENTIC  it does not verify, and include_unverified is not set
 * @retval SVMS_E_UNTRUSTED      its signer is not trusted, and include_unverified is not set
 * @retval SVMS_E_UNDECRYPTABLE  the keys do not fit the signed commitments, and include_unverified
 * is not set
 * @retval SVMS_E_INCOMPLETE     nothing attested lies within the period
 * @retval SVMS_E_WRONG_KEY      what is to be carried is encrypted, and nothing that was given
 * opens it
 * @retval SVMS_E_MALFORMED      it is not a container
 * @retval SVMS_E_TRUNCATED      it ends within its header
 * @retval SVMS_E_UNSUPPORTED    an unknown major version or critical bit
 * @retval SVMS_E_LIMIT          more than ::SVMS_EXPORT_MAX_SOURCES sources, or too many frames
 * @retval SVMS_E_CANCELLED      the progress callback asked for it
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_IO             source or sink failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: one thread at a time. Specification: sections 3 to 5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_export_add_source(svms_export *package,
                                                            const svms_source *source,
                                                            const svms_export_source *options,
                                                            svms_report *report, svms_error *err);

/**
 * Add a file. Sources come first: none can be added after an attachment. A failure of any kind ends
 * the export.
 *
 * @param package   the package; not a proof
 * @param source    content; borrowed for the call
 * @param options   what it is
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           added
 * @retval SVMS_E_USAGE      an argument is NULL or out of range, a name is not allowed (E-CAS-4),
 * an origin is not carried, or it is a proof
 * @retval SVMS_E_STATE      an earlier call failed
 * @retval SVMS_E_LIMIT      more than ::SVMS_EXPORT_MAX_SOURCES attachments, or a text is too long
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_IO         source or sink failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: one thread at a time. Specification: section 6, E-VER-10. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status
svms_export_add_attachment(svms_export *package, const svms_source *source,
                           const svms_export_attachment *options, svms_error *err);

/**
 * Name the clear file that a proof goes with. Sources come first. A failure of any kind ends the
 * export.
 *
 * @param package   the proof
 * @param source    the finished file; borrowed for the call, which hashes it
 * @param options   what it is
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           noted
 * @retval SVMS_E_USAGE      an argument is NULL or out of range, a name is not allowed, an origin
 * is not carried, or it is not a proof
 * @retval SVMS_E_STATE      an earlier call failed, or there is a presentation already
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_IO         the source failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: one thread at a time. Specification: section 9. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status
svms_export_set_presentation(svms_export *package, const svms_source *source,
                             const svms_export_presentation *options, svms_error *err);

/**
 * Seal and sign: case, last directory, link 0. Afterwards the package is complete and durable.
 *
 * @param package      the package; released with svms_export_abort() also after this
 * @param[out] result  initialised with ::SVMS_EXPORT_RESULT_INIT; release with
 *                     svms_export_result_clear(); or NULL
 * @param[out] err     why it failed, or NULL
 *
 * @retval SVMS_OK           it is a package
 * @retval SVMS_E_USAGE      package is NULL, or nothing was added, or a proof has no presentation
 * @retval SVMS_E_STATE      an earlier call failed, or it is finished
 * @retval SVMS_E_LIMIT      the case is too large, or the token is
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_IO         the sink failed
 * @retval SVMS_E_CRYPTO     the provider failed
 * @return otherwise what the signer or the time stamp callback gave
 *
 * Thread safety: one thread at a time. Specification: sections 4, 6, 7. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_export_finish(svms_export *package,
                                                        svms_export_result *result,
                                                        svms_error *err);

/**
 * What a source carries that was added: what the result will say of it.
 *
 * @param package      the package, finished or not
 * @param number       of the source, from 0
 * @param[out] period  initialised with ::SVMS_EXPORT_PERIOD_INIT
 * @param[out] err     why it failed, or NULL
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL, there is no such source, or the struct is of an
 *                       unknown longer version
 *
 * Thread safety: one thread at a time. Specification: section 5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_export_get_period(const svms_export *package,
                                                            uint32_t number,
                                                            svms_export_period *period,
                                                            svms_error *err);

/**
 * Release an export, finished or not, and wipe its keys.
 *
 * @param package  address of the export; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API void svms_export_abort(svms_export **package);

/**
 * Release what a result owns and clear it.
 *
 * @param result  the result; NULL and a cleared one are accepted
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API void svms_export_result_clear(svms_export_result *result);

/** What a package says of itself. Of what is not verified yet, signatures included, nothing may be
 * relied upon. Start from ::SVMS_EVIDENCE_INFO_INIT. Since 0.1. */
typedef struct svms_evidence_info {
    uint32_t struct_size;      /**< sizeof(svms_evidence_info). */
    svms_export_kind kind;     /**< Package or proof. */
    uint8_t package_id[16];    /**< Of the package. */
    uint8_t head[32];          /**< Head of the newest link: the receipt (E-LNK-2). */
    int64_t created_utc_ns;    /**< When it was begun. */
    uint64_t bytes;            /**< Size of the file. */
    uint64_t unattested_bytes; /**< Bytes behind the last whole tail (E-LNK-5). */
    uint64_t frames;           /**< Frames, directories included. */
    uint32_t sources;          /**< Sources. */
    uint32_t attachments;      /**< Attachments. */
    uint32_t links;            /**< Links. */
    uint32_t policy;           /**< Effective policy: ::SVMS_EXPORT_NO_REEXPORT, or 0. */
    uint32_t sealed;           /**< 1: encrypted. */
    uint32_t opened;           /**< 1: a key that was given opens it, or it is unsealed. */
    uint32_t broken;           /**< 1: a link is not authentic, or the rest is foreign. */
    char software[33];         /**< What made it. */
} svms_evidence_info;

/** Initialiser of ::svms_evidence_info. */
#define SVMS_EVIDENCE_INFO_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(svms_evidence_info), SVMS_EXPORT_PACKAGE, { 0 }, { 0 }, INT64_MIN, 0, 0,  \
            0, 0, 0, 0, 0, 0, 0, 0,                                                                \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/**
 * Who can open a package, as its access slot says; link 0 signs that.
 *
 * @param evidence        the package
 * @param[out] out        recipients, in the order of the file; may be NULL with @p count 0
 * @param[in,out] count   room in @p out; receives the number of recipients, 0 when it is not sealed
 * @param[out] err        why it failed, or NULL
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL
 * @retval SVMS_E_LIMIT  there are more than @p count, which receives the room needed;
 *                       ::SVMS_MAX_RECIPIENTS are always enough
 *
 * Thread safety: one thread at a time. Specification: E-HDR-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_export_get_recipients(const svms_evidence *evidence,
                                                                svms_recipient *out,
                                                                uint32_t *count, svms_error *err);

/** One link as verification judged it. Start from ::SVMS_EXPORT_LINK_INIT. Since 0.1. */
typedef struct svms_export_link {
    uint32_t struct_size;           /**< sizeof(svms_export_link). */
    uint32_t number;                /**< 0: the exporter's. */
    svms_role role;                 /**< Role of the signer. */
    svms_verdict verdict;           /**< What it is worth. */
    svms_identity_verdict identity; /**< Whose signature, trusted for what. */
    uint32_t policy;                /**< ::SVMS_EXPORT_NO_REEXPORT, or 0. */
    int64_t signed_utc_ns;          /**< When, as its signer claims. */
    int64_t attested_utc_ns;   /**< When it existed, as an authority attests; or ::SVMS_NO_TIME. */
    uint64_t offset;           /**< In the file. */
    uint8_t head[32];          /**< Its head (E-LNK-2). */
    char signer[256];          /**< Subject of the signer. */
    char authority[256];       /**< Subject of the time stamp authority, or empty. */
    char anchor[256];          /**< Subject of the trust anchor that was reached, or empty. */
    char reason[256];          /**< Why the verdict is not authentic, or empty. */
    uint32_t contradicts_time; /**< 1: what it claims contradicts other times by more than five
                                  minutes (E-VER-11); no matter of the verdict. */
    uint32_t reserved;         /**< 0. */
    const char *note;          /**< Note, UTF-8; belongs to the package; never NULL. */
} svms_export_link;

/** Initialiser of ::svms_export_link. */
#define SVMS_EXPORT_LINK_INIT                                                                      \
    {                                                                                              \
        (uint32_t)sizeof(svms_export_link), 0, SVMS_ROLE_NONE, SVMS_VERDICT_AUTHENTIC,             \
            SVMS_IDENTITY_UNSIGNED, 0, INT64_MIN, INT64_MIN, 0, { 0 }, { 0 }, { 0 }, { 0 }, { 0 }, \
            0, 0, NULL                                                                             \
    }

/** How to open a package. Start from ::SVMS_EVIDENCE_OPTIONS_INIT. Since 0.1. */
typedef struct svms_evidence_options {
    uint32_t struct_size;     /**< sizeof(svms_evidence_options). */
    uint32_t reserved;        /**< 0. */
    const svms_keyring *keys; /**< What opens it, or NULL; borrowed for the call. */
} svms_evidence_options;

/** Initialiser of ::svms_evidence_options. */
#define SVMS_EVIDENCE_OPTIONS_INIT                                                                 \
    {                                                                                              \
        (uint32_t)sizeof(svms_evidence_options), 0, NULL                                           \
    }

/**
 * Open a package or a proof. Header, slot, links and directories are checked, with the certificates
 * that the links carry; whether anybody is trusted, and whether the frames hold,
 * svms_export_verify() says.
 *
 * @param[out] out  the package; close with svms_export_close()
 * @param ctx       context; must outlive it
 * @param source    bytes of the file; borrowed until it is closed
 * @param options   what opens it, or NULL
 * @param[out] err  where it failed and why, or NULL
 *
 * @retval SVMS_OK               open
 * @retval SVMS_E_USAGE          an argument is NULL or out of range
 * @retval SVMS_E_MALFORMED      not a package, or its header breaks a rule
 * @retval SVMS_E_TRUNCATED      there is no complete link 0: nobody has signed it
 * @retval SVMS_E_LIMIT          a length exceeds its bound
 * @retval SVMS_E_UNSUPPORTED    an unknown major version or critical bit
 * @retval SVMS_E_NOT_AUTHENTIC  link 0, the slot or a directory is not what was signed
 * @retval SVMS_E_WRONG_KEY      keys were given, and none opens it
 * @retval SVMS_E_UNDECRYPTABLE  a key opens it, but what seals its slot was made with another one
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_IO             the source failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: the package belongs to one thread at a time. Specification: sections 2, 4, 7.
 * Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_export_open(svms_evidence **out, svms_ctx *ctx,
                                                      const svms_source *source,
                                                      const svms_evidence_options *options,
                                                      svms_error *err);

/**
 * Close a package and wipe its keys.
 *
 * @param evidence  address of the package; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: one thread at a time; readers of its sources must be closed before. Since 0.1.
 */
SVMS_API void svms_export_close(svms_evidence **evidence);

/**
 * What the package says of itself.
 *
 * @param evidence   the package
 * @param[out] info  initialised with ::SVMS_EVIDENCE_INFO_INIT
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL or the struct is of an unknown longer version
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_export_get_info(const svms_evidence *evidence,
                                                          svms_evidence_info *info,
                                                          svms_error *err);

/**
 * What a source carries.
 *
 * @param evidence     the package
 * @param number       of the source, from 0
 * @param[out] period  initialised with ::SVMS_EXPORT_PERIOD_INIT; verdict is
 * ::SVMS_VERDICT_UNTRUSTED until svms_export_verify() has judged it
 * @param[out] err     why it failed, or NULL
 *
 * @retval SVMS_OK               filled
 * @retval SVMS_E_USAGE          an argument is NULL, there is no such source, or the struct is of
 * an unknown longer version
 * @retval SVMS_E_NOT_AUTHENTIC  its frame is not what was signed, or breaks a rule
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_IO             the source failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: one thread at a time. Specification: section 5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_export_get_source(svms_evidence *evidence,
                                                            uint32_t number,
                                                            svms_export_period *period,
                                                            svms_error *err);

/**
 * The case: JSON as section 6 describes it. It is what the exporter says.
 *
 * @param evidence   the package
 * @param[out] json  UTF-8 text, not NUL-terminated; belongs to the package
 * @param[out] size  its bytes
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK               there
 * @retval SVMS_E_USAGE          an argument is NULL
 * @retval SVMS_E_WRONG_KEY      the package is sealed, and nothing that was given opens it
 * @retval SVMS_E_NOT_AUTHENTIC  its frame is not what was signed, or it promises something else
 * than is there (E-CAS-1)
 * @retval SVMS_E_UNDECRYPTABLE  it does not open, although the key of the package does
 * @retval SVMS_E_MALFORMED      it breaks section 6
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_IO             the source failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: one thread at a time. Specification: section 6. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_export_get_case(svms_evidence *evidence,
                                                          const char **json, size_t *size,
                                                          svms_error *err);

/** What verification of a package found. Start from ::SVMS_EXPORT_REPORT_INIT. Since 0.1. */
typedef struct svms_export_report {
    uint32_t struct_size;          /**< sizeof(svms_export_report). */
    svms_verdict verdict;          /**< The worst of everything. */
    svms_verdict links;            /**< The worst of the links. */
    svms_verdict sources;          /**< The worst of the sources. */
    svms_verdict contents;         /**< Frames, directories, case, attachments. */
    svms_access access;            /**< Whether it could be opened. */
    uint32_t expected_head;        /**< 1: the expected head is that of a link. */
    uint32_t links_since_expected; /**< Links behind that one. */
    uint32_t policy;               /**< Effective policy. */
    uint32_t has_failure;          /**< 1: the failure_* fields and reason are set. */
    uint32_t failure_source;       /**< Source of the first failure, or UINT32_MAX. */
    uint32_t failure_attachment;   /**< Attachment of the first failure, or UINT32_MAX. */
    uint64_t failure_segment;      /**< Its segment, or ::SVMS_NO_SEGMENT. */
    int64_t failure_utc_ns;        /**< Its time, or ::SVMS_NO_TIME. */
    uint64_t failure_offset;       /**< Its place in the package. */
    uint64_t bytes_verified;       /**< Bytes that hold. */
    uint64_t bytes_unattested;     /**< Bytes behind the last whole tail (E-LNK-5). */
    char reason[256];              /**< Of the first failure, in words. */
} svms_export_report;

/** Initialiser of ::svms_export_report. */
#define SVMS_EXPORT_REPORT_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(svms_export_report), SVMS_VERDICT_AUTHENTIC, SVMS_VERDICT_AUTHENTIC,      \
            SVMS_VERDICT_AUTHENTIC, SVMS_VERDICT_AUTHENTIC, SVMS_ACCESS_CLEAR, 0, 0, 0, 0,         \
            UINT32_MAX, UINT32_MAX, SVMS_NO_SEGMENT, INT64_MIN, SVMS_NO_OFFSET, 0, 0,              \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/** How to verify a package. Start from ::SVMS_EXPORT_VERIFY_INIT. Since 0.1. */
typedef struct svms_export_verify_options {
    uint32_t struct_size;          /**< sizeof(svms_export_verify_options). */
    svms_time_policy time_policy;  /**< Which time decides when a certificate has expired. */
    const svms_trust *trust;       /**< Trust anchors of recorders, exporters, custodians. */
    const svms_trust *stamp_trust; /**< Trust anchors of time stamp authorities, or NULL. */
    const uint8_t *expected_head;  /**< A receipt, 32 bytes, or NULL. */
    uint32_t open_samples;         /**< 1: where there is a key, every sample is also opened. */
    uint32_t reserved;             /**< 0. */
    void *user;                    /**< Passed to the callbacks. */
    /** Progress in bytes, now and then; a result other than 0 cancels. Optional. */
    int (*progress)(void *user, uint64_t done, uint64_t total);
    /** Each link, from the first, as it is judged. Optional. */
    void (*link)(void *user, const svms_export_link *link);
    /** Each source as it is judged; @p report is that of its container. Optional. */
    void (*source)(void *user, const svms_export_period *period, const svms_report *report);
    /** Each failure in a source as it is found. Optional. */
    void (*finding)(void *user, uint32_t source, const svms_finding *finding);
    const svms_attester *attester; /**< Who judges proofs of audit records behind containers, or
                                      NULL. */
} svms_export_verify_options;

/** Initialiser of ::svms_export_verify_options. */
#define SVMS_EXPORT_VERIFY_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(svms_export_verify_options), SVMS_TIME_ATTESTED, NULL, NULL, NULL, 0, 0,  \
            NULL, NULL, NULL, NULL, NULL, NULL                                                     \
    }

/**
 * Verify a package or the recordings' side of a proof, every byte of it.
 *
 * @param evidence     the package
 * @param options      how, or NULL: nobody is trusted
 * @param[out] report  initialised with ::SVMS_EXPORT_REPORT_INIT; filled also when the verdict is
 * bad
 * @param[out] err     the first failure, or NULL
 *
 * @retval SVMS_OK               the verdict is ::SVMS_VERDICT_AUTHENTIC
 * @retval SVMS_E_NOT_AUTHENTIC  the verdict is ::SVMS_VERDICT_NOT_AUTHENTIC
 * @retval SVMS_E_UNDECRYPTABLE  the verdict is ::SVMS_VERDICT_UNDECRYPTABLE
 * @retval SVMS_E_UNTRUSTED      the verdict is ::SVMS_VERDICT_UNTRUSTED
 * @retval SVMS_E_INCOMPLETE     the verdict is ::SVMS_VERDICT_INCOMPLETE
 * @retval SVMS_E_USAGE          an argument is NULL or out of range; no report
 * @retval SVMS_E_CANCELLED      the progress callback asked for it; no report
 * @retval SVMS_E_NO_MEMORY      the allocator failed; no report
 * @retval SVMS_E_IO             the source failed; no report
 * @retval SVMS_E_CRYPTO         the provider failed; no report
 *
 * Thread safety: one thread at a time. Specification: section 8. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_export_verify(svms_evidence *evidence,
                                                        const svms_export_verify_options *options,
                                                        svms_export_report *report,
                                                        svms_error *err);

/**
 * Read the samples of a source: a reader as of a container that holds the carried segments only.
 * svms_reader_seek() and svms_reader_next() work as ever; each segment is verified before its
 * samples are released. The caller honours the policy (E-VER-9).
 *
 * @param[out] out  the reader; close with svms_reader_close() before the package
 * @param evidence  the package; not a proof
 * @param number    of the source
 * @param options   as for svms_reader_open(), but keys must be NULL: the package's own open it
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK  open
 * @retval SVMS_E_USAGE      an argument is NULL or out of range, there is no such source, or it is
 * a proof
 * @retval SVMS_E_WRONG_KEY  the package is sealed, and nothing that was given opens it
 * @return otherwise as svms_reader_open()
 *
 * Thread safety: one thread at a time, together with the package. Specification: sections 3 and 5.
 * Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_export_extract(svms_reader **out, svms_evidence *evidence,
                                                         uint32_t number,
                                                         const svms_reader_options *options,
                                                         svms_error *err);

/**
 * Copy an attachment. What was written is only good when the call succeeds.
 *
 * @param evidence  the package
 * @param number    of the attachment
 * @param sink      where its content goes; borrowed for the call
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK               all of it was written, and it is what was signed
 * @retval SVMS_E_USAGE          an argument is NULL, or there is no such attachment
 * @retval SVMS_E_WRONG_KEY      the package is sealed, and nothing that was given opens it
 * @retval SVMS_E_NOT_AUTHENTIC  its frame is not what was signed, or it is not what the case says
 * @retval SVMS_E_UNDECRYPTABLE  it does not open, although the key of the package does
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_IO             source or sink failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: one thread at a time. Specification: E-VER-10. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_export_get_attachment(svms_evidence *evidence,
                                                                uint32_t number,
                                                                const svms_sink *sink,
                                                                svms_error *err);

/**
 * Add a link: somebody else signs for everything so far. Nothing before it is changed; bytes that
 * an interrupted attempt left are cut off first. Links and directories are verified before.
 *
 * @param ctx        context
 * @param store      the file; borrowed for the call
 * @param signer     who signs, as what, with which note
 * @param[out] head  head of the new link: the receipt; or NULL
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK               added, and durable
 * @retval SVMS_E_USAGE          an argument is NULL or out of range, or the note is not UTF-8
 * @retval SVMS_E_NOT_AUTHENTIC  what is there is not what was signed
 * @retval SVMS_E_UNTRUSTED      the key is not that of the certificate, or the certificate is not
 * for that role or not valid now
 * @retval SVMS_E_POLICY         no signer
 * @retval SVMS_E_LIMIT          too many links, or the note is too long
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_IO             the store failed; what was begun is unattested (E-LNK-5)
 * @retval SVMS_E_CRYPTO         the provider failed
 * @return otherwise as svms_export_open(), or what the signer or the time stamp callback gave
 *
 * Thread safety: any thread; each call on its own. Specification: E-LNK-5, E-LNK-6. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_export_countersign(svms_ctx *ctx, const svms_store *store,
                                                             const svms_export_signer *signer,
                                                             uint8_t head[32], svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
