/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Writing a container: encrypted, signed, strictly forward.
 *
 * Every sample goes to the sink as it comes; each segment ends with a signed manifest. After a
 * crash every complete segment is as good as before, and what follows is readable but not attested.
 * A writer needs at most 256 KiB, plus the protected ranges and hashes of one segment.
 */
#ifndef SVMS_WRITER_H
#define SVMS_WRITER_H

#include <svms/batch.h>
#include <svms/container.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque writer. */
typedef struct svms_writer svms_writer;

/** When what was written is made durable. */
typedef enum svms_durability {
    SVMS_DURABLE_SEGMENT = 0, /**< After each segment and at the end (the default). */
    SVMS_DURABLE_NONE = 1,    /**< When the system likes; only for what can be recorded again. */
    SVMS_DURABLE_INTERVAL = 2 /**< With the first segment that ends durable_interval_ns later. */
} svms_durability;

/**
 * How to write. Start from ::SVMS_WRITER_OPTIONS_INIT. All pointers are borrowed for the call of
 * svms_writer_open() only, except signer_key and signer_chain, which must outlive the
 * writer. Since 0.1.
 */
typedef struct svms_writer_options {
    uint32_t struct_size;               /**< sizeof(svms_writer_options). */
    uint32_t track_count;               /**< 1 to ::SVMS_MAX_TRACKS. */
    const svms_track *tracks;           /**< The tracks; numbers count from 0. */
    const svms_private_key *signer_key; /**< Key of the chain's leaf. */
    const svms_chain *signer_chain;     /**< Who signs; its leaf must allow the role. */
    svms_role role;          /**< ::SVMS_ROLE_RECORDER (default) or ::SVMS_ROLE_CAMERA. */
    uint32_t unsigned_media; /**< 1: write without signature, knowing what that means. */
    const svms_public_key *const *recipients; /**< Who can decrypt: X25519, P-256, RSA. */
    size_t recipient_count;                   /**< Number of recipients, at most 63. */
    const char *password;                     /**< A password that decrypts, or NULL. */
    size_t password_size;                     /**< Its bytes, 1 to 1,024. */
    uint32_t password_log2_n;                 /**< scrypt cost, 10 to 18; 0 is 17. */
    svms_origin origin;                       /**< Where the media come from. */
    svms_capture_clock capture_clock;         /**< What capture times rest on. */
    svms_durability durability;               /**< When segments are made durable. */
    uint8_t device_id[16];                    /**< Opaque, visible without any key. */
    uint8_t recording_id[16];                 /**< Zeros: a new random one. */
    uint64_t recording_sequence;              /**< Number of this container in its recording. */
    const char *device_name; /**< For people; stored encrypted where there is a content key. */
    int64_t start_utc_ns;    /**< UTC of time stamp 0, or ::SVMS_NO_TIME for now. */
    uint64_t segment_ns; /**< A segment ends at the first sync sample after this; 0 is 2 s; 0.1 to
                            10 s. */
    uint64_t
        segment_bytes; /**< A segment ends when it is this large; 0 is 64 MiB; 64 KiB to 1 GiB. */
    uint64_t durable_interval_ns; /**< For ::SVMS_DURABLE_INTERVAL; 0 is 10 s. */
    const svms_kek *const *keks;  /**< Key-encryption keys that can decrypt, or NULL. */
    size_t kek_count;             /**< Their number; with recipients at most 63. */
    uint32_t slot_size; /**< Bytes of an access slot, a multiple of 512 up to 65,536, for recipients
                           that are added later; 0: what is needed, at least 4,096. */
    uint32_t signature_interval; /**< 1 to 64: every which manifest is signed; 0 is 1. Later ones
                                    cover those before. */
    uint32_t late_signatures; /**< 1: do not wait for a signature; it is stored with a later segment
                                 (C-SIG-4). For slow signers. */
    svms_link_state link_state; /**< With previous: how it was found. */
    const svms_head *previous;  /**< The container that this one continues, or NULL. */
    svms_batch *batch; /**< Signs this writer's manifests together with others', or NULL; must
                          outlive the writer. */
} svms_writer_options;

/** Initialiser of ::svms_writer_options. */
#define SVMS_WRITER_OPTIONS_INIT                                                                   \
    {                                                                                              \
        (uint32_t)sizeof(svms_writer_options), 0, NULL, NULL, NULL, SVMS_ROLE_RECORDER, 0, NULL,   \
            0, NULL, 0, 0, SVMS_ORIGIN_LIVE, SVMS_CLOCK_SYSTEM, SVMS_DURABLE_SEGMENT, { 0 },       \
            { 0 }, 0, NULL, INT64_MIN, 0, 0, 0, NULL, 0, 0, 0, 0, SVMS_LINK_NONE, NULL, NULL       \
    }

/** What a writer has done so far. Since 0.1. */
typedef struct svms_writer_stats {
    uint32_t struct_size;   /**< sizeof(svms_writer_stats). */
    uint32_t reserved;      /**< 0. */
    uint64_t segments;      /**< Complete, signed segments. */
    uint64_t samples;       /**< Samples taken. */
    uint64_t media_bytes;   /**< Bytes of those samples. */
    uint64_t written_bytes; /**< Bytes given to the sink. */
    uint64_t copied_bytes;  /**< Bytes of samples that were copied other than by encryption. */
    int64_t last_utc_ns;    /**< End of the last sample, or ::SVMS_NO_TIME. */
} svms_writer_stats;

/** Initialiser of ::svms_writer_stats. */
#define SVMS_WRITER_STATS_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(svms_writer_stats), 0, 0, 0, 0, 0, 0, INT64_MIN                           \
    }

/**
 * Begin a container: writes header and access block.
 *
 * A track that is not ::SVMS_PROTECT_NONE needs a recipient or a password. Without signer,
 * unsigned_media must say so.
 *
 * @param[out] out  the writer; end with svms_writer_close() or svms_writer_abort()
 * @param ctx       context; must outlive the writer
 * @param sink      where bytes go; the struct is copied, what it points to must outlive the writer
 * @param options   how to write
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             begun
 * @retval SVMS_E_USAGE        an argument is NULL, out of range or contradictory
 * @retval SVMS_E_UNSUPPORTED  a key of a kind that cannot sign or receive
 * @retval SVMS_E_POLICY       encryption without recipient, or no signer and not unsigned_media
 * @retval SVMS_E_UNTRUSTED    the signer's certificate does not allow the role, or is not valid now
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_IO           the sink failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: the writer belongs to one thread at a time; writers are independent.
 * Specification: C-HDR, C-ACC, C-KEY. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_writer_open(svms_writer **out, svms_ctx *ctx,
                                                      const svms_sink *sink,
                                                      const svms_writer_options *options,
                                                      svms_error *err);

/**
 * Append one sample. Samples of a track come in decoding order; tracks may be interleaved freely.
 *
 * The sample is written before the call returns; its bytes are not kept. At a sync sample of the
 * first video track (of track 0 when there is none) the current segment may be ended and signed
 * first.
 *
 * @param writer    the writer
 * @param sample    the sample; of its flags, sync, discardable, discontinuity and first are
 *                  stored
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           stored
 * @retval SVMS_E_USAGE      the sample is out of range (track, size over 64 MiB, pts too far from
 * dts); nothing was written, the writer is as before
 * @retval SVMS_E_STATE      capture time went back behind the start of the current segment: close
 * this container and open a linked one; nothing was written. Also: an earlier call failed
 * @retval SVMS_E_NO_MEMORY  the allocator failed; the writer can only be closed or aborted
 * @retval SVMS_E_IO         the sink failed; the writer can only be aborted
 * @retval SVMS_E_CRYPTO     the provider failed; the writer can only be aborted
 *
 * Thread safety: one thread at a time. Specification: C-REC, C-SEG. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_writer_append(svms_writer *writer,
                                                        const svms_sample *sample, svms_error *err);

/**
 * State why there is a gap before the next sample. Ends the current segment; the reason is signed
 * with the next one.
 *
 * @param writer    the writer
 * @param reason    why
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       noted
 * @retval SVMS_E_USAGE  an argument is NULL or out of range
 * @retval SVMS_E_STATE  an earlier call failed
 * @return otherwise as svms_writer_flush()
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_writer_gap(svms_writer *writer, svms_gap_reason reason,
                                                     svms_error *err);

/**
 * End and sign the current segment now, if it holds a sample, and make it durable unless
 * ::SVMS_DURABLE_NONE was chosen.
 *
 * @param writer    the writer
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           everything appended so far is signed
 * @retval SVMS_E_USAGE      @p writer is NULL
 * @retval SVMS_E_STATE      an earlier call failed
 * @retval SVMS_E_NO_MEMORY  the allocator failed; the writer can only be aborted
 * @retval SVMS_E_IO         the sink failed; the writer can only be aborted
 * @retval SVMS_E_CRYPTO     the provider failed; the writer can only be aborted
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_writer_flush(svms_writer *writer, svms_error *err);

/**
 * What the writer has done so far.
 *
 * @param writer      the writer
 * @param[out] stats  initialised with ::SVMS_WRITER_STATS_INIT
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL or the struct is of an unknown longer version
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_writer_get_stats(const svms_writer *writer,
                                                           svms_writer_stats *stats);

/**
 * The newest complete segment, for keeping it off the medium, for a time stamp, or for the
 * successor's link.
 *
 * @param writer     the writer
 * @param[out] head  initialised with ::SVMS_HEAD_INIT
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL or the struct is of an unknown longer version
 *
 * Thread safety: one thread at a time. Specification: C-MAN-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_writer_get_head(const svms_writer *writer,
                                                          svms_head *head);

/**
 * Store an RFC 3161 token for an earlier segment of this container. It is signed with the current
 * segment; without one, with the next.
 *
 * @param writer         the writer
 * @param segment        number of the segment whose manifest hash the token attests; at most 256
 * before the current one
 * @param manifest_hash  that hash, as svms_writer_get_head() gave it
 * @param token          DER of the TimeStampToken; its imprint is compared, its signature is not
 * checked
 * @param size           its bytes, at most 1 MiB - 64
 * @param[out] err       why it failed, or NULL
 *
 * @retval SVMS_OK           stored, or kept for the next segment
 * @retval SVMS_E_USAGE      an argument is NULL or out of range, or the hash is not that segment's
 * @retval SVMS_E_LIMIT      thousands of tokens in one segment; nothing was stored
 * @retval SVMS_E_MALFORMED  the token is none
 * @retval SVMS_E_NOT_AUTHENTIC  the token attests something else
 * @retval SVMS_E_UNSUPPORTED    the token uses an algorithm or extension that is not known here
 * @retval SVMS_E_STATE      an earlier call failed
 * @retval SVMS_E_NO_MEMORY  the allocator failed; the writer can only be aborted
 * @retval SVMS_E_IO         the sink failed; the writer can only be aborted
 * @retval SVMS_E_CRYPTO     the provider failed; the writer can only be aborted
 *
 * Thread safety: one thread at a time. Specification: C-EVI. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_writer_add_timestamp(svms_writer *writer,
                                                               uint64_t segment,
                                                               const uint8_t manifest_hash[32],
                                                               const void *token, size_t size,
                                                               svms_error *err);

/**
 * As svms_writer_close(), saying why.
 *
 * @param writer    address of the writer
 * @param reason    why the container ends
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_E_USAGE  as svms_writer_close(), or the reason is unknown; then the writer is not
 * released
 * @return otherwise as svms_writer_close()
 *
 * Thread safety: one thread at a time. Specification: C-END. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_writer_end(svms_writer **writer, svms_end_reason reason,
                                                     svms_error *err);

/**
 * End the last segment, write index and signed end record, make all durable, and release the
 * writer. The writer is released and cleared in every case.
 *
 * @param writer    address of the writer
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           the container is complete
 * @retval SVMS_E_USAGE      @p writer is NULL or points to NULL
 * @retval SVMS_E_STATE      an earlier call failed; what was complete before stays so
 * @retval SVMS_E_NO_MEMORY  the allocator failed; the container stays open
 * @retval SVMS_E_IO         the sink failed; the container stays open
 * @retval SVMS_E_CRYPTO     the provider failed; the container stays open
 *
 * Thread safety: one thread at a time. Specification: C-IDX, C-END. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_writer_close(svms_writer **writer, svms_error *err);

/**
 * Release a writer without ending the container: what is complete stays complete.
 *
 * @param writer  address of the writer; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API void svms_writer_abort(svms_writer **writer);

#ifdef __cplusplus
}
#endif

#endif
