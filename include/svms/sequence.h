/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Recordings of many containers: the newest segment of each, signed records of what was removed,
 * and verifying all of them together.
 */
#ifndef SVMS_SEQUENCE_H
#define SVMS_SEQUENCE_H

#include <svms/verify.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Find the newest complete segment of a container, closed or open.
 *
 * Header, end record or that segment are checked with the certificate in the container; whether it
 * is trusted, and all other segments, are not. The work does not depend on the container's length.
 *
 * @param ctx       context
 * @param source    bytes of the container; borrowed
 * @param[out] head initialised with ::SVMS_HEAD_INIT
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK               found; head->segment is ::SVMS_NO_SEGMENT when there is none yet
 * @retval SVMS_E_NOT_AUTHENTIC  the header's signature or the newest segment is wrong
 * @return otherwise as svms_reader_open()
 *
 * Thread safety: any thread. Specification: C-HDR-17. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_container_head(svms_ctx *ctx, const svms_source *source,
                                                         svms_head *head, svms_error *err);

/** Why a container was removed (section 16 of the format). */
typedef enum svms_prune_reason {
    SVMS_PRUNE_RETENTION = 1, /**< It was as old as it may become. */
    SVMS_PRUNE_ORDER = 2,     /**< Somebody who may ordered it. */
    SVMS_PRUNE_SPACE = 3      /**< The medium was full. */
} svms_prune_reason;

/**
 * Name of a reason ("retention").
 *
 * @param reason  a reason
 * @return a static string; "unknown" for values that are not listed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_prune_reason_name(svms_prune_reason reason);

/** A container that was removed. Start from ::SVMS_PRUNED_INIT. Since 0.1. */
typedef struct svms_pruned {
    uint32_t struct_size;           /**< sizeof(svms_pruned). */
    svms_prune_reason reason;       /**< Why. */
    uint8_t recording_id[16];       /**< Of the recording. */
    uint8_t container_id[16];       /**< Of the container. */
    uint64_t recording_sequence;    /**< Its number in the recording. */
    uint64_t segments;              /**< Segments it had. */
    uint8_t last_manifest[32];      /**< Hash of its last manifest; h without segment. */
    int64_t first_utc_ns;           /**< First moment of its media. */
    int64_t last_utc_ns;            /**< Last moment. */
    int64_t removed_utc_ns;         /**< When it was removed, by the signer's clock. */
    uint64_t bytes;                 /**< Bytes it had. */
    svms_role role;                 /**< Role of the signer. */
    svms_identity_verdict identity; /**< Whether the signer is trusted. */
    char signer[256];               /**< Subject of the signer. */
    char identity_reason[256];      /**< Why he is not trusted, or empty. */
} svms_pruned;

/** Initialiser of ::svms_pruned. */
#define SVMS_PRUNED_INIT                                                                           \
    {                                                                                              \
        (uint32_t)sizeof(svms_pruned), SVMS_PRUNE_RETENTION, { 0 }, { 0 }, 0, 0, { 0 }, INT64_MIN, \
            INT64_MIN, INT64_MIN, 0, SVMS_ROLE_NONE, SVMS_IDENTITY_UNSIGNED, { 0 },                \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/** How to write a pruned record. Start from ::SVMS_PRUNE_OPTIONS_INIT. Since 0.1. */
typedef struct svms_prune_options {
    uint32_t struct_size;           /**< sizeof(svms_prune_options). */
    svms_prune_reason reason;       /**< Why the container is removed. */
    const svms_private_key *signer; /**< Signs the record. */
    const svms_chain *chain;        /**< The signer's certificate. */
    svms_role role;                 /**< ::SVMS_ROLE_RECORDER or ::SVMS_ROLE_CAMERA. */
    uint32_t reserved;              /**< 0. */
} svms_prune_options;

/** Initialiser of ::svms_prune_options: retention, by a recorder. */
#define SVMS_PRUNE_OPTIONS_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(svms_prune_options), SVMS_PRUNE_RETENTION, NULL, NULL,                    \
            SVMS_ROLE_RECORDER, 0                                                                  \
    }

/**
 * Write the signed record that explains why a container is gone. Do it, and make it durable, before
 * removing the container.
 *
 * @param ctx       context
 * @param source    bytes of the container that will be removed; borrowed
 * @param options   how
 * @param sink      receives the record, and is synced
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK               written and durable
 * @retval SVMS_E_USAGE          an argument is NULL or out of range
 * @retval SVMS_E_UNTRUSTED      the certificate does not allow the role, or is not valid now
 * @retval SVMS_E_UNSUPPORTED    a key that cannot sign
 * @retval SVMS_E_IO             source or sink failed
 * @return otherwise as svms_container_head()
 *
 * Thread safety: any thread. Specification: C-PRU. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_pruned_write(svms_ctx *ctx, const svms_source *source,
                                                       const svms_prune_options *options,
                                                       const svms_sink *sink, svms_error *err);

/**
 * Read a pruned record and check its signature.
 *
 * @param ctx          context
 * @param source       bytes of the record; borrowed
 * @param trust        trust anchors, or NULL: then the signer is not trusted
 * @param time_policy  which time decides when the signer's certificate has expired
 * @param[out] pruned  initialised with ::SVMS_PRUNED_INIT; filled also when the signer is not
 * trusted
 * @param[out] err     why it failed, or NULL
 *
 * @retval SVMS_OK               signed by somebody who is trusted
 * @retval SVMS_E_UNTRUSTED      signed by somebody who is not
 * @retval SVMS_E_NOT_AUTHENTIC  the signature is wrong
 * @retval SVMS_E_MALFORMED      not a pruned record, or it breaks a rule; err->offset names the
 * byte
 * @retval SVMS_E_TRUNCATED      it is cut off
 * @retval SVMS_E_LIMIT          a length exceeds its bound
 * @retval SVMS_E_UNSUPPORTED    an unknown suite or algorithm
 * @retval SVMS_E_USAGE          an argument is NULL or out of range
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_IO             the source failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: any thread. Specification: C-PRU. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_pruned_read(svms_ctx *ctx, const svms_source *source,
                                                      const svms_trust *trust,
                                                      svms_time_policy time_policy,
                                                      svms_pruned *pruned, svms_error *err);

/** What can be the matter with a recording as a whole (C-SEQ-2). */
typedef enum svms_sequence_issue_kind {
    SVMS_SEQUENCE_MISSING = 1,     /**< Containers are not there, and nothing explains it. */
    SVMS_SEQUENCE_PRUNED = 2,      /**< A container was removed, and a signed record says so. */
    SVMS_SEQUENCE_FOREIGN = 3,     /**< A container or record of another recording. */
    SVMS_SEQUENCE_REPEATED = 4,    /**< A container is there more than once. */
    SVMS_SEQUENCE_FORKED = 5,      /**< Two different containers claim the same place. */
    SVMS_SEQUENCE_ROLLED_BACK = 6, /**< A container lacks what was there once. */
    SVMS_SEQUENCE_REPLACED = 7,    /**< Its successor or a remembered head names another. */
    SVMS_SEQUENCE_UNLINKED = 8,    /**< It names no predecessor although it must have one. */
    SVMS_SEQUENCE_INTERRUPTED = 9, /**< Never closed; its successor names its last segment. */
    SVMS_SEQUENCE_DAMAGED = 10,    /**< A container or record does not verify by itself. */
    SVMS_SEQUENCE_UNUSABLE = 11,   /**< Neither container nor record, or of unknown version. */
    SVMS_SEQUENCE_UNCOVERED = 12,  /**< The recording does not reach over all of the range. */
    SVMS_SEQUENCE_UNPROVEN = 13    /**< Whole, but open, untrusted or not decryptable. */
} svms_sequence_issue_kind;

/**
 * Name of a kind ("rolled_back").
 *
 * @param kind  a kind
 * @return a static string; "unknown" for values that are not listed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_sequence_issue_name(svms_sequence_issue_kind kind);

/** For an index: none. */
#define SVMS_NO_ITEM UINT32_MAX

/** Something that is the matter, or that must be known. */
typedef struct svms_sequence_issue {
    uint32_t struct_size;          /**< sizeof(svms_sequence_issue). */
    svms_sequence_issue_kind kind; /**< What. */
    svms_verdict verdict;          /**< How bad it is; ::SVMS_VERDICT_AUTHENTIC: a remark. */
    uint32_t item;                 /**< Which file, or ::SVMS_NO_ITEM. */
    uint32_t other;                /**< The file that it is compared with, or ::SVMS_NO_ITEM. */
    uint32_t reserved;             /**< 0. */
    uint64_t from_sequence;        /**< First number in the recording that is concerned. */
    uint64_t to_sequence;          /**< Last number. */
    int64_t from_utc_ns;           /**< First moment that is concerned, or ::SVMS_NO_TIME. */
    int64_t to_utc_ns;             /**< Last moment, or ::SVMS_NO_TIME. */
    char reason[256];              /**< In words. */
} svms_sequence_issue;

/** Initialiser of ::svms_sequence_issue. */
#define SVMS_SEQUENCE_ISSUE_INIT                                                                   \
    {                                                                                              \
        (uint32_t)sizeof(svms_sequence_issue), SVMS_SEQUENCE_MISSING, SVMS_VERDICT_AUTHENTIC,      \
            SVMS_NO_ITEM, SVMS_NO_ITEM, 0, 0, 0, INT64_MIN, INT64_MIN,                             \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/** What a file turned out to be. */
typedef enum svms_sequence_item_kind {
    SVMS_ITEM_UNUSABLE = 0,  /**< Nothing that is known here. */
    SVMS_ITEM_CONTAINER = 1, /**< A container of the sequence. */
    SVMS_ITEM_EDGE = 2,      /**< A camera's own container that joins it (C-SEQ-3). */
    SVMS_ITEM_PRUNED = 3     /**< A pruned record. */
} svms_sequence_item_kind;

/** One file of a recording, as it was found. */
typedef struct svms_sequence_item {
    uint32_t struct_size;         /**< sizeof(svms_sequence_item). */
    uint32_t index;               /**< Which file, counted as it was given. */
    svms_sequence_item_kind kind; /**< What it is. */
    svms_link_state link_state;   /**< What its writer found when it began (C-HDR-17). */
    uint32_t verified; /**< 1: report says how it verified; 0: foreign, outside of the range, or no
                          container. */
    uint32_t reserved; /**< 0. */
    svms_head head;    /**< Its newest segment. */
    int64_t first_utc_ns; /**< First moment of its media, or ::SVMS_NO_TIME. */
    const svms_report
        *report; /**< Of a container that was verified, else NULL; valid during the call. */
    const svms_pruned
        *pruned; /**< Of a pruned record that holds, else NULL; valid during the call. */
} svms_sequence_item;

/** What verification of a recording found. Start from ::SVMS_SEQUENCE_REPORT_INIT. Since 0.1. */
typedef struct svms_sequence_report {
    uint32_t struct_size;       /**< sizeof(svms_sequence_report). */
    svms_verdict verdict;       /**< The worst that applies. */
    uint8_t recording_id[16];   /**< Which recording. */
    uint32_t containers;        /**< Different containers of the sequence that were looked at. */
    uint32_t edge_containers;   /**< Cameras' own containers among the files. */
    uint32_t pruned;            /**< Containers that a valid record explains. */
    uint32_t issue_count;       /**< Issues in all, remarks included. */
    uint64_t missing;           /**< Numbers in the recording that nothing stands for. */
    uint64_t segments_verified; /**< In all containers. */
    uint64_t segments_failed;   /**< In all containers. */
    uint64_t bytes_verified;    /**< In all containers. */
    uint64_t bytes_unattested;  /**< In all containers. */
    int64_t first_utc_ns;       /**< First verified moment, or ::SVMS_NO_TIME. */
    int64_t last_utc_ns;        /**< Last verified moment, or ::SVMS_NO_TIME. */
    svms_sequence_issue
        worst; /**< The first issue of the worst verdict; kind as initialised when there is none. */
} svms_sequence_report;

/** Initialiser of ::svms_sequence_report. */
#define SVMS_SEQUENCE_REPORT_INIT                                                                  \
    {                                                                                              \
        (uint32_t)sizeof(svms_sequence_report), SVMS_VERDICT_AUTHENTIC, { 0 }, 0, 0, 0, 0, 0, 0,   \
            0, 0, 0, INT64_MIN, INT64_MIN, SVMS_SEQUENCE_ISSUE_INIT                                \
    }

/** How to verify a recording. Start from ::SVMS_SEQUENCE_OPTIONS_INIT. Since 0.1. */
typedef struct svms_sequence_options {
    uint32_t struct_size; /**< sizeof(svms_sequence_options). */
    uint32_t count;       /**< Files, 1 to 1,048,576. */
    const uint8_t
        *recording; /**< 16 bytes: which recording, or NULL: the one most containers are of. */
    const svms_head *heads;  /**< Heads that were kept off the medium, or NULL; one at least must be
                                of this recording. */
    size_t head_count;       /**< Their number. */
    uint64_t first_sequence; /**< Number of the first container that must be there; mostly 0. */
    /** How to verify each container, and the range in question; its progress counts all bytes of
     * all containers; NULL: as svms_verify_container() without options. */
    const svms_verify_options *verify;
    void *user; /**< Passed to the callbacks here; those of verify have their own. */
    /** Opens a file; called for each file at most twice, and never while another one is open. What
     * it returns other than ::SVMS_OK ends the verification. */
    svms_status (*open)(void *user, uint32_t index, svms_source *out, svms_error *err);
    /** Closes what open gave. */
    void (*close)(void *user, uint32_t index, svms_source *source);
    /** Each file, in the order of the recording. Optional. */
    void (*item)(void *user, const svms_sequence_item *item);
    /** Each issue. Optional. */
    void (*issue)(void *user, const svms_sequence_issue *issue);
} svms_sequence_options;

/** Initialiser of ::svms_sequence_options. */
#define SVMS_SEQUENCE_OPTIONS_INIT                                                                 \
    {                                                                                              \
        (uint32_t)sizeof(svms_sequence_options), 0, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL,      \
            NULL, NULL                                                                             \
    }

/**
 * Verify a recording: each container by itself, and that they are all there, each once, linked as
 * they were written, and as far as they once were.
 *
 * With a range, only containers that hold a part of it are verified, from the segment where it
 * begins to the one where it ends; of the others, the header and the newest segment are looked at.
 *
 * @param ctx          context
 * @param options      files, and how
 * @param[out] report  initialised with ::SVMS_SEQUENCE_REPORT_INIT; filled also when the verdict is
 *                     bad
 * @param[out] err     the worst issue, or NULL
 *
 * @retval SVMS_OK               the verdict is ::SVMS_VERDICT_AUTHENTIC
 * @retval SVMS_E_NOT_AUTHENTIC  the verdict is ::SVMS_VERDICT_NOT_AUTHENTIC
 * @retval SVMS_E_UNDECRYPTABLE  the verdict is ::SVMS_VERDICT_UNDECRYPTABLE
 * @retval SVMS_E_UNTRUSTED      the verdict is ::SVMS_VERDICT_UNTRUSTED
 * @retval SVMS_E_INCOMPLETE     the verdict is ::SVMS_VERDICT_INCOMPLETE
 * @retval SVMS_E_MALFORMED      no file is a container or a pruned record; no report
 * @retval SVMS_E_USAGE          an argument is NULL or out of range; no report
 * @retval SVMS_E_CANCELLED      the progress callback asked for it; no report
 * @retval SVMS_E_NO_MEMORY      the allocator failed; no report
 * @retval SVMS_E_IO             a source failed; no report
 * @retval SVMS_E_CRYPTO         the provider failed; no report
 *
 * Thread safety: any thread; each call on its own. Specification: section 16. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_verify_recording(svms_ctx *ctx,
                                                           const svms_sequence_options *options,
                                                           svms_sequence_report *report,
                                                           svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
