/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Writing a recording that goes on over many containers, each linked to the one before it.
 *
 * A container becomes full by time or size, or the clock steps: then the next one is begun, and
 * only when its header is written is the one before it ended. A process that is killed in between
 * leaves an open container that verifies, and perhaps a successor without a segment; the next start
 * links to whichever is the newest. No container is ever reopened, and each has a fresh content
 * key.
 */
#ifndef SVMS_RECORDING_H
#define SVMS_RECORDING_H

#include <svms/writer.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque recording that is being written. */
typedef struct svms_recording svms_recording;

/** What became of a container. */
typedef enum svms_recording_state {
    SVMS_RECORDING_WRITING = 0,   /**< It is being written. */
    SVMS_RECORDING_ENDED = 1,     /**< It has its signed end and is durable. */
    SVMS_RECORDING_LEFT_OPEN = 2, /**< Something failed; its complete segments hold. */
    SVMS_RECORDING_NOT_BEGUN = 3  /**< Not even a header; its number will be used again. */
} svms_recording_state;

/** One container of a recording, as the callbacks see it. Since 0.1. */
typedef struct svms_recording_container {
    uint32_t struct_size;        /**< sizeof(svms_recording_container). */
    svms_recording_state state;  /**< What became of it. */
    uint8_t recording_id[16];    /**< Of the recording. */
    uint8_t container_id[16];    /**< Of the container. */
    uint64_t recording_sequence; /**< Its number in the recording. */
    int64_t start_utc_ns; /**< Capture time of its first sample; of the first container the start
                             time of the options, or now. */
    svms_link_state
        link_state;    /**< How the container before it was found; signed into its header. */
    uint32_t reserved; /**< 0. */
    uint64_t samples;  /**< Samples it has taken. */
} svms_recording_container;

/** Initialiser of ::svms_recording_container. */
#define SVMS_RECORDING_CONTAINER_INIT                                                              \
    {                                                                                              \
        (uint32_t)sizeof(svms_recording_container), SVMS_RECORDING_WRITING, { 0 }, { 0 }, 0,       \
            INT64_MIN, SVMS_LINK_NONE, 0, 0                                                        \
    }

/**
 * How to write a recording. Start from ::SVMS_RECORDING_OPTIONS_INIT. The struct is copied; writer
 * and everything that writer points to are borrowed and must outlive the recording; the heads are
 * borrowed for the call of svms_recording_open() only. Since 0.1.
 */
typedef struct svms_recording_options {
    uint32_t struct_size; /**< sizeof(svms_recording_options). */
    /** What svms_container_holds() said of the remembered segment; needed only where found is newer
     * than remembered. */
    svms_link_state remembered_state;
    /** How to write each container. Its recording_id may be zeros; recording_sequence, previous and
     * link_state are ignored; start_utc_ns follows the capture times that samples bring. */
    const svms_writer_options *writer;
    uint64_t rotate_ns; /**< A container ends at the first sync sample of the first video track (of
                           track 0 without one) that is captured so much after its first sample; 0:
                           an hour; at least a second. */
    uint64_t rotate_bytes;    /**< Or when it has so many bytes; 0: 4 GiB; at least 64 KiB. Twice
                                 either ends it at any sample. */
    uint64_t forward_step_ns; /**< Capture time that runs ahead of the time stamps by more than this
                                 from one picture to the next is a clock that was set; 0: 5 s. */
    uint64_t backward_step_ns;   /**< The same for capture time that falls behind; 0: 1 s. */
    uint64_t first_sequence;     /**< Number of the first container when nothing is continued. */
    const svms_head *remembered; /**< The newest head that was kept off the medium, or NULL. */
    const svms_head *found; /**< svms_container_head() of the newest container on the medium, or
                               NULL: there is none. */
    void *user;             /**< Passed to the callbacks. */
    /** A new container is to be written: create its sink and store it through @p sink. Fill @p err
     * (which is not NULL) when it fails. */
    svms_status (*open_sink)(void *user, const svms_recording_container *container, svms_sink *sink,
                             svms_error *err);
    /** A container is over, container->state says how; release the sink. */
    void (*close_sink)(void *user, const svms_recording_container *container, svms_sink *sink);
    /** Optional: a segment is durable; keep its head off the medium, durably. ::SVMS_E_POLICY ends
     * the recording: the call in which it happens fails with it, the sample of that call is stored,
     * and only svms_recording_close() and svms_recording_abort() are possible. Any other failure is
     * counted and logged, and recording goes on. */
    svms_status (*keep_head)(void *user, const svms_head *head);
} svms_recording_options;

/** Initialiser of ::svms_recording_options. */
#define SVMS_RECORDING_OPTIONS_INIT                                                                \
    {                                                                                              \
        (uint32_t)sizeof(svms_recording_options), SVMS_LINK_NONE, NULL, 0, 0, 0, 0, 0, NULL, NULL, \
            NULL, NULL, NULL, NULL                                                                 \
    }

/** What a recording has done so far, over all its containers. Since 0.1. */
typedef struct svms_recording_stats {
    uint32_t struct_size; /**< sizeof(svms_recording_stats). */
    svms_link_state
        link_state;      /**< What svms_recording_open() found; the first container's link. */
    uint64_t containers; /**< Containers begun. */
    uint64_t recording_sequence; /**< Number of the newest of them. */
    uint64_t segments;           /**< Complete segments. */
    uint64_t samples;            /**< Samples taken. */
    uint64_t media_bytes;        /**< Bytes of those samples. */
    uint64_t written_bytes;      /**< Bytes given to sinks. */
    int64_t last_utc_ns;         /**< End of the last sample, or ::SVMS_NO_TIME. */
    uint64_t failures;           /**< Containers that could not be begun or ended. */
    uint64_t heads_not_kept;     /**< Failures of keep_head. */
    uint32_t between_containers; /**< 1: the last container was given up; the next sample begins a
                                    new one. */
    uint32_t reserved;           /**< 0. */
} svms_recording_stats;

/** Initialiser of ::svms_recording_stats. */
#define SVMS_RECORDING_STATS_INIT                                                                  \
    {                                                                                              \
        (uint32_t)sizeof(svms_recording_stats), SVMS_LINK_NONE, 0, 0, 0, 0, 0, 0, INT64_MIN, 0, 0, \
            0, 0                                                                                   \
    }

/**
 * Ask whether a container still holds a segment as it was remembered, for the link of a recording
 * that goes on. The header and that segment are checked with the certificate in the container.
 *
 * @param ctx         context
 * @param source      bytes of the container; borrowed
 * @param remembered  a head that was kept off the medium
 * @param[out] state  ::SVMS_LINK_VERIFIED: it does; ::SVMS_LINK_MISMATCH: another or a damaged
 *                    segment is there, or fewer; ::SVMS_LINK_MISSING: it is another container
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_OK  answered
 * @return otherwise as svms_reader_open()
 *
 * Thread safety: any thread. Specification: C-HDR-17, C-SEQ-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_container_holds(svms_ctx *ctx, const svms_source *source,
                                                          const svms_head *remembered,
                                                          svms_link_state *state, svms_error *err);

/**
 * Begin a recording or continue one, with a new container.
 *
 * What is remembered is compared with what was found. The first container's link says the outcome:
 * - nothing remembered, nothing found: no link, number first_sequence;
 * - nothing remembered: ::SVMS_LINK_UNCHECKED, names what was found;
 * - found what is remembered, or newer with remembered_state ::SVMS_LINK_VERIFIED:
 *   ::SVMS_LINK_VERIFIED, names what was found;
 * - found newer, remembered_state ::SVMS_LINK_NONE or ::SVMS_LINK_UNCHECKED:
 *   ::SVMS_LINK_UNCHECKED, names what was found;
 * - found nothing, or only older containers, or remembered_state ::SVMS_LINK_MISSING:
 *   ::SVMS_LINK_MISSING, names what is remembered;
 * - anything else: ::SVMS_LINK_MISMATCH, names what is remembered.
 *
 * Numbers go on behind the larger of the two. The outcome is in svms_recording_stats.link_state, in
 * the container that open_sink gets, and, where something is wrong, in the log. What goes on begins
 * with ::SVMS_GAP_RESTART as the signed reason of its gap, unless svms_recording_gap() gives
 * another.
 *
 * @param[out] out  the recording; end with svms_recording_close() or svms_recording_abort()
 * @param ctx       context; must outlive the recording
 * @param options   how to write
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       begun
 * @retval SVMS_E_USAGE  an argument is NULL, out of range or contradictory; or writer names another
 * recording than the one that is continued
 * @return otherwise what open_sink returned, or as svms_writer_open()
 *
 * Thread safety: the recording belongs to one thread at a time; recordings are independent.
 * Specification: C-HDR-17, section 16. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_recording_open(svms_recording **out, svms_ctx *ctx,
                                                         const svms_recording_options *options,
                                                         svms_error *err);

/**
 * Append one sample, as svms_writer_append() does; before it, the next container may be begun.
 *
 * When capture time goes back behind the current segment, the container is ended with
 * ::SVMS_END_CLOCK_STEP at once; when the clock steps otherwise, at the next sync sample.
 *
 * After a failure of a sink, of memory or of the provider the container is given up (ended with
 * ::SVMS_END_ERROR where that is still possible), nothing of the sample counts as stored, and the
 * next call begins a new container, with ::SVMS_GAP_RESTART as the signed reason of the gap unless
 * svms_recording_gap() gave another. So a caller may try the same sample again, leave it out, or
 * give up.
 *
 * @param recording  the recording
 * @param sample     the sample
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK        stored
 * @retval SVMS_E_USAGE   the sample is out of range; nothing was written, the recording is as
 * before
 * @retval SVMS_E_STATE   the recording was ended by keep_head
 * @retval SVMS_E_POLICY  keep_head ended the recording; the sample is stored
 * @return otherwise what open_sink returned, or as svms_writer_open() and svms_writer_append()
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_recording_append(svms_recording *recording,
                                                           const svms_sample *sample,
                                                           svms_error *err);

/**
 * State why there is a gap before the next sample, as svms_writer_gap() does; also between
 * containers, where it replaces ::SVMS_GAP_RESTART.
 *
 * @param recording  the recording
 * @param reason     why
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK       noted
 * @retval SVMS_E_USAGE  an argument is NULL or out of range
 * @return otherwise as svms_recording_flush()
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_recording_gap(svms_recording *recording,
                                                        svms_gap_reason reason, svms_error *err);

/**
 * End and sign the current segment now, if it holds a sample, and make it durable unless
 * ::SVMS_DURABLE_NONE was chosen. After a failure the container is given up, as in
 * svms_recording_append().
 *
 * @param recording  the recording
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK        everything appended so far is signed, or lies in a container that was
 * given up
 * @retval SVMS_E_USAGE   @p recording is NULL
 * @retval SVMS_E_STATE   the recording was ended by keep_head
 * @retval SVMS_E_POLICY  keep_head ended the recording
 * @return otherwise as svms_writer_flush()
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_recording_flush(svms_recording *recording,
                                                          svms_error *err);

/**
 * Store an RFC 3161 token for a head of the current container, as svms_writer_add_timestamp() does.
 *
 * @param recording  the recording
 * @param head       what the token attests, as svms_recording_get_head() or keep_head gave it
 * @param token      DER of the TimeStampToken
 * @param size       its bytes
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK       stored, or kept for the next segment
 * @retval SVMS_E_STATE  head's container is over (closed ones take tokens as trailers), or the
 * recording was ended by keep_head
 * @retval SVMS_E_USAGE  an argument is NULL, or head has no segment
 * @return otherwise as svms_writer_add_timestamp(); then the container is given up unless the
 * token was refused
 *
 * Thread safety: one thread at a time. Specification: C-EVI. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_recording_add_timestamp(svms_recording *recording,
                                                                  const svms_head *head,
                                                                  const void *token, size_t size,
                                                                  svms_error *err);

/**
 * The newest complete segment of the newest container.
 *
 * @param recording  the recording
 * @param[out] head  initialised with ::SVMS_HEAD_INIT
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL or the struct is of an unknown longer version
 *
 * Thread safety: one thread at a time. Specification: C-MAN-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_recording_get_head(const svms_recording *recording,
                                                             svms_head *head);

/**
 * What the recording has done so far.
 *
 * @param recording   the recording
 * @param[out] stats  initialised with ::SVMS_RECORDING_STATS_INIT
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL or the struct is of an unknown longer version
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_recording_get_stats(const svms_recording *recording,
                                                              svms_recording_stats *stats);

/**
 * End the last segment and the container, make all durable, and release the recording. It is
 * released and cleared in every case but a NULL argument.
 *
 * @param recording  address of the recording
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK        the last container is complete, or was given up before
 * @retval SVMS_E_USAGE   @p recording is NULL or points to NULL
 * @retval SVMS_E_POLICY  the container is complete, but keep_head would not have it
 * @return otherwise as svms_writer_close(); the container stays open
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_recording_close(svms_recording **recording,
                                                          svms_error *err);

/**
 * Release a recording without ending its container: what is complete stays complete.
 *
 * @param recording  address of the recording; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API void svms_recording_abort(svms_recording **recording);

#ifdef __cplusplus
}
#endif

#endif
