/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Taking stock of a container that was interrupted or damaged, and making a clean copy of it.
 *
 * Nothing is ever repaired, signed or signed again: evidence stays as it is. What a signature
 * covers keeps its value whatever follows it; what no signature covers is readable but unattested.
 */
#ifndef SVMS_RECOVER_H
#define SVMS_RECOVER_H

#include <svms/container.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How to take stock. Start from ::SVMS_RECOVERY_OPTIONS_INIT. Since 0.1. */
typedef struct svms_recovery_options {
    uint32_t struct_size;  /**< sizeof(svms_recovery_options). */
    uint32_t reserved;     /**< 0. */
    const svms_sink *sink; /**< Receives the clean copy, or NULL: nothing is written anywhere. */
    void *user;            /**< Passed to progress. */
    /** Progress in bytes, now and then; a result other than 0 cancels. Optional. */
    int (*progress)(void *user, uint64_t done, uint64_t total);
} svms_recovery_options;

/** Initialiser of ::svms_recovery_options: only look. */
#define SVMS_RECOVERY_OPTIONS_INIT                                                                 \
    {                                                                                              \
        (uint32_t)sizeof(svms_recovery_options), 0, NULL, NULL, NULL                               \
    }

/** A stretch of the container in which no segment holds. */
typedef struct svms_damaged_stretch {
    uint64_t offset;        /**< First byte. */
    uint64_t size;          /**< Bytes; 0 when segments are simply missing here. */
    uint64_t first_segment; /**< Number of the first segment that is lost, as far as known. */
    uint64_t segments;      /**< How many are lost, as far as known. */
} svms_damaged_stretch;

/** Most stretches a report lists; svms_recovery_report.stretch_count counts all. */
#define SVMS_REPORT_STRETCHES 64

/**
 * What is there. Start from ::SVMS_RECOVERY_REPORT_INIT. Since 0.1.
 *
 * file_size is the sum of bytes_attested, bytes_damaged, bytes_unattested, bytes_torn,
 * bytes_trailer, bytes_zero and bytes_other.
 */
typedef struct svms_recovery_report {
    uint32_t struct_size; /**< sizeof(svms_recovery_report). */
    svms_role role;       /**< Role of the signer; ::SVMS_ROLE_NONE: unsigned, and then
                             "attested" means no more than consistent. */
    uint32_t closed;      /**< 1: ended with an end record that holds. */
    uint32_t end_damaged; /**< 1: there is an end, or part of one, that does not hold or cannot be
                             reached behind a damaged segment. */
    uint32_t access_damaged;     /**< Damaged slots of the access block, 0 to 2. */
    uint32_t copy_loses;         /**< 1: a clean copy lacks bytes that are not zero. */
    uint32_t stretch_count;      /**< Damaged stretches in all. */
    uint32_t reserved;           /**< 0. */
    uint64_t segments_attested;  /**< Complete segments that hold. */
    uint64_t segments_failed;    /**< Segments, complete or not, that do not. */
    uint64_t segments_lost;      /**< Segments lost in damaged stretches, as far as known. */
    uint64_t samples_attested;   /**< Samples in segments that hold. */
    int64_t first_utc_ns;        /**< First attested moment, or ::SVMS_NO_TIME. */
    int64_t last_utc_ns;         /**< Last attested moment, or ::SVMS_NO_TIME. */
    uint64_t records_unattested; /**< Whole records behind the last attested segment. */
    uint64_t samples_unattested; /**< Samples among them. */
    uint64_t bytes_attested;     /**< Header, segments that hold, and an end that holds. */
    uint64_t bytes_unattested;   /**< Of these whole records. */
    uint64_t bytes_damaged;      /**< In damaged stretches and in an end that does not hold. */
    uint64_t bytes_torn;         /**< Of a record that was cut off, at the end. */
    uint64_t bytes_trailer;      /**< Of a trailer that was cut off while a closed container was
                                    stamped. */
    uint64_t bytes_zero;         /**< Zero bytes at the end. */
    uint64_t bytes_other;        /**< Bytes at the end that are no records of this container. */
    uint64_t file_size;          /**< Bytes of the source. */
    uint64_t copy_size;          /**< Bytes of a clean copy: the first so many of the source. */
    svms_damaged_stretch stretches[SVMS_REPORT_STRETCHES]; /**< The first damaged stretches. */
} svms_recovery_report;

/** Initialiser of ::svms_recovery_report. */
#define SVMS_RECOVERY_REPORT_INIT                                                                  \
    {                                                                                              \
        (uint32_t)sizeof(svms_recovery_report), SVMS_ROLE_NONE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,      \
            INT64_MIN, INT64_MIN, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                                 \
        {                                                                                          \
            {                                                                                      \
                0, 0, 0, 0                                                                         \
            }                                                                                      \
        }                                                                                          \
    }

/**
 * Say what a container still holds, and, if a sink is given, make a clean copy.
 *
 * All of it is read: neither index nor end record nor checkpoints are needed to find the segments.
 * No key is needed. Whose signature it is, is not asked here; see svms_verify_container().
 *
 * A clean copy is the container verbatim up to its last whole record: a record that was cut off, a
 * trailer that was cut off, zeros and other bytes behind them are left out. Damaged segments
 * stay as they are. In the copy exactly the same segments hold as in the original. A container that
 * is whole is copied whole.
 *
 * @param ctx          context
 * @param source       bytes of the container; borrowed
 * @param options      what to do, or NULL for the defaults
 * @param[out] report  initialised with ::SVMS_RECOVERY_REPORT_INIT; filled also when writing the
 * copy failed
 * @param[out] err     where it failed and why, or NULL
 *
 * @retval SVMS_OK               done, whatever the report says
 * @retval SVMS_E_USAGE          an argument is NULL or out of range
 * @retval SVMS_E_MALFORMED      not a container, or its header is damaged; nothing was written
 * @retval SVMS_E_TRUNCATED      the file ends within its header or access block; likewise
 * @retval SVMS_E_LIMIT          a length in the header exceeds its bound; likewise
 * @retval SVMS_E_NOT_AUTHENTIC  the signature of the header is wrong; likewise
 * @retval SVMS_E_UNSUPPORTED    an unknown major version or critical bit; likewise
 * @retval SVMS_E_CANCELLED      the progress callback asked for it
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_IO             source or sink failed; what the sink has is incomplete
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: any thread; each call on its own. Specification: C-OVR-1, C-VER-1, C-TRL-4,
 * C-SEG-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_recover(svms_ctx *ctx, const svms_source *source,
                                                  const svms_recovery_options *options,
                                                  svms_recovery_report *report, svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
