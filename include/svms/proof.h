/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Proofs: a clear file, the presentation, is checked against the signatures of the recorders.
 *
 * svms_export_open() opens the proof, svms_proof_begin() verifies the recorders' side of it; then
 * a film is taken apart and compared with svms_proof_check_film(), a picture that is a sample is
 * fed with svms_proof_feed(), the file itself is hashed with svms_proof_compare_file(), and
 * svms_proof_finish() says what all of it is worth. The format is docs/spec/evidence.md, section 9.
 */
#ifndef SVMS_PROOF_H
#define SVMS_PROOF_H

#include <svms/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque comparison of a presentation with its proof. */
typedef struct svms_proof svms_proof;

/** How the presentation compares with what the exporter signed, byte for byte. */
typedef enum svms_presentation_state {
    SVMS_PRESENTATION_NOT_COMPARED = 0, /**< The file was not given. */
    SVMS_PRESENTATION_SAME = 1,         /**< It is the file that was signed. */
    SVMS_PRESENTATION_DIFFERS = 2       /**< It is not. */
} svms_presentation_state;

/** Whether a film is of the form in which it shows its samples and nothing else (E-PRF-9). */
typedef enum svms_film_state {
    SVMS_FILM_NOT_CHECKED = 0, /**< It is no film, or svms_proof_check_film() was not called. */
    SVMS_FILM_PLAIN = 1,       /**< It is: its samples were compared. */
    SVMS_FILM_REFUSED = 2      /**< It is not: nothing in it was compared. */
} svms_film_state;

/** What a proof says of its presentation. Start from ::SVMS_PROOF_INFO_INIT. Since 0.1. */
typedef struct svms_proof_info {
    uint32_t struct_size; /**< sizeof(svms_proof_info). */
    uint32_t decoded;     /**< 1: a picture that was decoded: no samples are in it. */
    uint64_t size;        /**< Bytes of the file that was signed. */
    uint8_t digest[32];   /**< Its SHA-256. */
    char name[256];       /**< Its name when it was exported. */
    char media_type[128]; /**< As in "video/mp4"; empty when it is longer than that. */
    uint32_t track_count; /**< Entries of tracks. */
    uint32_t reserved;    /**< 0. */
    svms_export_track_pair tracks[SVMS_MAX_TRACKS]; /**< Which tracks hold samples. */
    uint64_t samples[SVMS_MAX_TRACKS];              /**< How many, for each entry of tracks. */
} svms_proof_info;

/** Initialiser of ::svms_proof_info. */
#define SVMS_PROOF_INFO_INIT                                                                       \
    {                                                                                              \
        (uint32_t)sizeof(svms_proof_info), 0, 0, { 0 }, { 0 }, { 0 }, 0, 0, { { 0, 0 } },          \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/** One track of the presentation. Since 0.1. */
typedef struct svms_proof_track {
    uint32_t track;              /**< Of the recordings. */
    uint32_t presentation_track; /**< Of the presentation. */
    uint64_t samples;            /**< That the proof holds. */
    uint64_t same;               /**< That are what was recorded. */
    uint64_t different;          /**< That are not. */
    uint64_t missing;            /**< That it lacks, has in part, or the exporter left out. */
    uint64_t bytes_besides;      /**< Bytes behind the last sample. */
} svms_proof_track;

/** What a proof comes to. Start from ::SVMS_PROOF_REPORT_INIT. Since 0.1. */
typedef struct svms_proof_report {
    uint32_t struct_size;                 /**< sizeof(svms_proof_report). */
    svms_verdict verdict;                 /**< The worst of everything. */
    svms_verdict links;                   /**< The worst of the links. */
    svms_verdict sources;                 /**< The worst of the sources: the recorders' side. */
    svms_verdict contents;                /**< Frames, directories, case. */
    svms_verdict samples;                 /**< Whether the samples are those of the sources. */
    svms_presentation_state presentation; /**< Whether the file is the one that was signed. */
    uint32_t decoded;                     /**< 1: no samples are in the presentation. */
    uint64_t samples_same;                /**< Samples that are what was recorded. */
    uint64_t samples_different;           /**< Samples that are not. */
    uint64_t samples_missing;             /**< Samples that are not there. */
    uint64_t bytes_besides;               /**< Bytes of tracks that no sample accounts for. */
    uint32_t has_failure;    /**< 1: the failure_* fields name the first sample that fails. */
    uint32_t failure_source; /**< Its source, or UINT32_MAX: bytes that are no sample's. */
    uint32_t failure_track;  /**< Its track in the recording, or UINT32_MAX. */
    uint32_t failure_presentation_track; /**< Its track in the presentation. */
    uint64_t failure_segment;            /**< Its segment, or ::SVMS_NO_SEGMENT. */
    uint64_t failure_sample;             /**< Its number in the presentation's track, from 0. */
    int64_t failure_utc_ns;              /**< When it was recorded, or ::SVMS_NO_TIME. */
    uint64_t failure_byte;               /**< Where it begins among the bytes of the track. */
    uint32_t track_count;                /**< Entries of tracks. */
    svms_film_state film;                /**< Whether a film shows its samples alone. */
    svms_proof_track tracks[SVMS_MAX_TRACKS]; /**< Each track that has samples. */
    uint64_t jumps;           /**< Where the film goes on without a gap of the recording: in the
                                 track that has most. They are no failure. */
    int64_t jump_from_utc_ns; /**< UTC before the first of them, or ::SVMS_NO_TIME. */
    int64_t jump_to_utc_ns;   /**< UTC behind it, or ::SVMS_NO_TIME. */
    char reason[256];         /**< Why the verdict is not authentic, in words; or empty. */
} svms_proof_report;

/** Initialiser of ::svms_proof_report. */
#define SVMS_PROOF_REPORT_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(svms_proof_report), SVMS_VERDICT_AUTHENTIC, SVMS_VERDICT_AUTHENTIC,       \
            SVMS_VERDICT_AUTHENTIC, SVMS_VERDICT_AUTHENTIC, SVMS_VERDICT_AUTHENTIC,                \
            SVMS_PRESENTATION_NOT_COMPARED, 0, 0, 0, 0, 0, 0, UINT32_MAX, UINT32_MAX, 0,           \
            SVMS_NO_SEGMENT, 0, INT64_MIN, 0, 0, SVMS_FILM_NOT_CHECKED,                            \
            { { 0, 0, 0, 0, 0, 0, 0 } }, 0, INT64_MIN, INT64_MIN,                                  \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/**
 * Verify links, sources and leaves of a proof, as svms_export_verify() does, and get ready for its
 * presentation. A bad verdict is no failure here: svms_proof_finish() tells it.
 *
 * @param[out] out  the comparison; release with svms_proof_free() before the evidence is closed
 * @param evidence  the proof, open; borrowed, and not to be used for anything else meanwhile
 * @param options   how to verify, or NULL: nobody is trusted
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK            ready
 * @retval SVMS_E_USAGE       an argument is NULL or out of range, or it is no proof
 * @retval SVMS_E_MALFORMED   the case breaks section 6, so nothing is known of the presentation
 * @retval SVMS_E_NOT_AUTHENTIC  the case is not what was signed, likewise
 * @retval SVMS_E_CANCELLED   the progress callback asked for it
 * @retval SVMS_E_NO_MEMORY   the allocator failed
 * @retval SVMS_E_IO          the source of the proof failed
 * @retval SVMS_E_CRYPTO      the provider failed
 *
 * Thread safety: one thread at a time, together with the evidence. Specification: sections 8, 9.
 * Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_proof_begin(svms_proof **out, svms_evidence *evidence,
                                                      const svms_export_verify_options *options,
                                                      svms_error *err);

/**
 * What the proof says of its presentation.
 *
 * @param proof      the comparison
 * @param[out] info  initialised with ::SVMS_PROOF_INFO_INIT
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL or the struct is of an unknown longer version
 *
 * Thread safety: one thread at a time. Specification: section 6. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_proof_get_info(const svms_proof *proof,
                                                         svms_proof_info *info, svms_error *err);

/**
 * Take a film apart and compare all its samples: their bytes, their order, their times, and that
 * there is nothing else in it that a player could show. A film that breaks a rule is no failure of
 * the call: svms_proof_finish() names what is wrong. The progress callback of the options is asked
 * here as well. Memory does not grow with the film.
 *
 * @param proof     the comparison; nothing has been fed
 * @param film      bytes of the MP4 file; borrowed for the call
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           compared; what it is worth, svms_proof_finish() says
 * @retval SVMS_E_USAGE      an argument is NULL, the source lacks callbacks, or the presentation is
 * a picture
 * @retval SVMS_E_STATE      it is finished, something was compared before, or an earlier call
 * failed
 * @retval SVMS_E_CANCELLED  the progress callback asked for it
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_IO         a source failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: one thread at a time. Specification: E-PRF-1, E-PRF-3, E-PRF-8, E-PRF-9.
 * Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_proof_check_film(svms_proof *proof,
                                                           const svms_source *film,
                                                           svms_error *err);

/**
 * The next bytes of a track of the presentation, in decoding order, in pieces of any size. Tracks
 * may take turns as they like. Nothing is copied; memory does not grow with samples. This is for
 * pictures that are samples; samples of a film that are fed say nothing of its times, nor of what
 * else it shows, so that its verdict is ::SVMS_VERDICT_INCOMPLETE at best.
 *
 * @param proof               the comparison
 * @param presentation_track  number of the track in the presentation; 0 where it is a picture
 * @param data                the bytes; may be NULL when size is 0
 * @param size                their number
 * @param[out] err            why it failed, or NULL
 *
 * @retval SVMS_OK           taken; what they are worth, svms_proof_finish() says
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_STATE      it is finished, a film was compared, or an earlier call failed
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_IO         the source of the proof failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: one thread at a time. Specification: E-PRF-1, E-PRF-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_proof_feed(svms_proof *proof, uint32_t presentation_track,
                                                     const void *data, size_t size,
                                                     svms_error *err);

/**
 * Compare the whole presentation, byte for byte, with the file that the exporter signed. Without
 * this the verdict is ::SVMS_VERDICT_INCOMPLETE at best.
 *
 * @param proof         the comparison
 * @param presentation  bytes of the file; borrowed for the call
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK        compared; svms_proof_finish() says with which result
 * @retval SVMS_E_USAGE   an argument is NULL or the source lacks callbacks
 * @retval SVMS_E_STATE   it is finished, or an earlier call failed
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_IO      the source failed
 * @retval SVMS_E_CRYPTO  the provider failed
 *
 * Thread safety: one thread at a time. Specification: E-PRF-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_proof_compare_file(svms_proof *proof,
                                                             const svms_source *presentation,
                                                             svms_error *err);

/**
 * All bytes were fed: say what the presentation is worth.
 *
 * @param proof        the comparison; nothing can be fed any more
 * @param[out] report  initialised with ::SVMS_PROOF_REPORT_INIT; filled also when the verdict is
 * bad
 * @param[out] err     the first failure, or NULL
 *
 * @retval SVMS_OK               the verdict is ::SVMS_VERDICT_AUTHENTIC
 * @retval SVMS_E_NOT_AUTHENTIC  the verdict is ::SVMS_VERDICT_NOT_AUTHENTIC
 * @retval SVMS_E_UNDECRYPTABLE  the verdict is ::SVMS_VERDICT_UNDECRYPTABLE: secrets are missing or
 * wrong
 * @retval SVMS_E_UNTRUSTED      the verdict is ::SVMS_VERDICT_UNTRUSTED
 * @retval SVMS_E_INCOMPLETE     the verdict is ::SVMS_VERDICT_INCOMPLETE
 * @retval SVMS_E_USAGE          an argument is NULL, or the struct is of an unknown longer version;
 * no report
 * @retval SVMS_E_STATE          an earlier call failed, or it is finished; no report
 * @retval SVMS_E_NO_MEMORY      the allocator failed; no report
 * @retval SVMS_E_IO             the source of the proof failed; no report
 * @retval SVMS_E_CRYPTO         the provider failed; no report
 *
 * Thread safety: one thread at a time. Specification: E-PRF-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_proof_finish(svms_proof *proof, svms_proof_report *report,
                                                       svms_error *err);

/**
 * Release a comparison and wipe its keys.
 *
 * @param proof  address of the comparison; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API void svms_proof_free(svms_proof **proof);

#ifdef __cplusplus
}
#endif

#endif
