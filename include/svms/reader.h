/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Reading a container: open, look, seek, take samples.
 *
 * A reader verifies each segment against its signature before it hands out anything of it. It
 * works on a container that is still being written, by any number of readers. It needs at most
 * 1 MiB plus one sample (and, while it opens with a password, what scrypt needs).
 */
#ifndef SVMS_READER_H
#define SVMS_READER_H

#include <svms/container.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque reader. */
typedef struct svms_reader svms_reader;

/** How to read. Start from ::SVMS_READER_OPTIONS_INIT. Since 0.1. */
typedef struct svms_reader_options {
    uint32_t struct_size; /**< sizeof(svms_reader_options). */
    uint32_t
        allow_unverified;     /**< 1: also hand out samples whose segment does not verify, is not
                                 signed, or is     not complete; they carry ::SVMS_SAMPLE_UNATTESTED. */
    const svms_keyring *keys; /**< Passwords and keys, or NULL; borrowed for svms_reader_open(). */
    const svms_trust *trust;  /**< Trust anchors the signer must lead to, or NULL for no check of
                                 identity;  must outlive the reader. */
    svms_time_policy time_policy; /**< Which time decides when the certificate has expired. */
    uint32_t max_sample_size;     /**< Larger samples are refused; 0 is ::SVMS_MAX_SAMPLE_SIZE. */
    uint32_t recheck; /**< 1: hash every sample again when it is handed out, so that even somebody
                         who has the key and changes the file meanwhile is found out. Without it,
                         strong samples are only opened (their tags must fit). */
} svms_reader_options;

/** Initialiser of ::svms_reader_options. */
#define SVMS_READER_OPTIONS_INIT                                                                   \
    {                                                                                              \
        (uint32_t)sizeof(svms_reader_options), 0, NULL, NULL, SVMS_TIME_ATTESTED, 0, 0             \
    }

/** What stands in front of a container and at its end. Start from ::SVMS_CONTAINER_INFO_INIT. Since
 * 0.1. */
typedef struct svms_container_info {
    uint32_t struct_size;        /**< sizeof(svms_container_info). */
    uint32_t track_count;        /**< Number of tracks. */
    uint8_t container_id[16];    /**< Random. */
    uint8_t recording_id[16];    /**< Of the recording it belongs to. */
    uint8_t device_id[16];       /**< Opaque. */
    uint64_t recording_sequence; /**< Number within the recording. */
    int64_t created_utc_ns;      /**< When it was begun, by the writer's clock. */
    int64_t start_utc_ns;        /**< UTC of time stamp 0. */
    int64_t first_utc_ns; /**< First UTC of segment 0, or ::SVMS_NO_TIME; claimed, not verified. */
    int64_t last_utc_ns;  /**< Last UTC, when closed, or ::SVMS_NO_TIME; claimed, not verified. */
    uint64_t segment_count;            /**< When closed, or 0; claimed, not verified. */
    uint64_t file_size;                /**< Bytes now. */
    svms_origin origin;                /**< Where the media come from. */
    svms_capture_clock capture_clock;  /**< What capture times rest on. */
    svms_role role;                    /**< Role of the signer; ::SVMS_ROLE_NONE: unsigned. */
    uint32_t closed;                   /**< 1: an end record is there. */
    uint32_t encrypted;                /**< 1: there is a content key. */
    uint32_t unlocked;                 /**< 1: a key that was given opened it. */
    uint32_t password_stanzas;         /**< Recipients by password (0 or 1). */
    uint32_t key_stanzas;              /**< Recipients by key. */
    uint32_t access_damaged;           /**< Damaged slots of the access block, 0 to 2. */
    uint32_t linked;                   /**< 1: a previous container is named. */
    uint8_t previous_container_id[16]; /**< Which. */
    const char *signer_subject; /**< "CN=..."; NULL when unsigned; lives as long as the reader. */
    const char *device_name;    /**< NULL when not known or locked; lives as long as the reader. */
    const char *software;       /**< What wrote it, or NULL; lives as long as the reader. */
    uint32_t disclosed; /**< 1: only what was disclosed opens; see svms_keyring_add_disclosure(). */
    uint32_t reserved;  /**< 0. */
} svms_container_info;

/** Initialiser of ::svms_container_info. */
#define SVMS_CONTAINER_INFO_INIT                                                                   \
    {                                                                                              \
        (uint32_t)sizeof(svms_container_info), 0, { 0 }, { 0 }, { 0 }, 0, 0, 0, 0, 0, 0, 0,        \
            SVMS_ORIGIN_LIVE, SVMS_CLOCK_UNKNOWN, SVMS_ROLE_NONE, 0, 0, 0, 0, 0, 0, 0, { 0 },      \
            NULL, NULL, NULL, 0, 0                                                                 \
    }

/**
 * Open a container for reading.
 *
 * Reads the header and checks its signature with the certificate in it; samples are read on demand.
 * When keys are given, one of them must open the container if it is encrypted.
 *
 * @param[out] out  the reader; release with svms_reader_close()
 * @param ctx       context; must outlive the reader
 * @param source    bytes of the container; the struct is copied, what it points to must outlive the
 * reader and must not change where it has been written already
 * @param options   how to read, or NULL for the defaults
 * @param[out] err  where it failed and why, or NULL
 *
 * @retval SVMS_OK               open
 * @retval SVMS_E_USAGE          an argument is NULL or out of range
 * @retval SVMS_E_MALFORMED      not a container, or the header is damaged; err->offset names the
 * byte
 * @retval SVMS_E_TRUNCATED      the file ends within the header or access block
 * @retval SVMS_E_LIMIT          a length in the header exceeds its bound
 * @retval SVMS_E_UNSUPPORTED    an unknown major version or critical bit
 * @retval SVMS_E_NOT_AUTHENTIC  the header's signature is wrong
 * @retval SVMS_E_UNTRUSTED      trust was given and the signer does not hold up
 * @retval SVMS_E_WRONG_KEY      keys were given and none opens the container, and no disclosure
 * that was given belongs to it
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_IO             the source failed; err->os_error says how
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: the reader belongs to one thread at a time; readers are independent.
 * Specification: C-HDR-1 to C-HDR-19, C-ACC. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_reader_open(svms_reader **out, svms_ctx *ctx,
                                                      const svms_source *source,
                                                      const svms_reader_options *options,
                                                      svms_error *err);

/**
 * What the container says of itself.
 *
 * @param reader     the reader
 * @param[out] info  initialised with ::SVMS_CONTAINER_INFO_INIT
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL or the struct is of an unknown longer version
 * @retval SVMS_E_IO     the source failed
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_reader_get_info(svms_reader *reader,
                                                          svms_container_info *info,
                                                          svms_error *err);

/**
 * Description of a track.
 *
 * @param reader      the reader
 * @param number      track number, from 0
 * @param[out] track  initialised with ::SVMS_TRACK_INIT; config points into the reader
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL, there is no such track, or the struct is of an unknown
 * longer version
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_reader_get_track(const svms_reader *reader,
                                                           uint32_t number, svms_track *track,
                                                           svms_error *err);

/**
 * Go to the segment that holds a time, so that the next sample comes from its beginning or from the
 * beginning of the last segment before it that begins with a sync sample.
 *
 * @param reader    the reader
 * @param utc_ns    where to go; before the beginning is the beginning; ::SVMS_NO_TIME is the
 * beginning
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK               there
 * @retval SVMS_END              the time lies after everything that is there; the next sample would
 * be the end
 * @retval SVMS_E_USAGE          @p reader is NULL
 * @retval SVMS_E_NOT_AUTHENTIC  no way there: segments before are damaged
 * @retval SVMS_E_IO             the source failed
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: one thread at a time. Specification: C-IDX-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_reader_seek(svms_reader *reader, int64_t utc_ns,
                                                      svms_error *err);

/**
 * Next sample, in the order in which it was appended. Before the first sample of a segment, the
 * whole segment is verified.
 *
 * A segment that does not verify is reported once, with its number. The next call then goes on with
 * the next segment that can be found or, with allow_unverified, with the samples of that segment,
 * marked.
 *
 * @param reader       the reader
 * @param[out] sample  initialised with ::SVMS_SAMPLE_INIT; data are the reader's and stay valid
 * until its next call
 * @param[out] err     where it failed and why, or NULL; err->segment is set
 *
 * @retval SVMS_OK               one sample
 * @retval SVMS_END              the container is closed and has no more
 * @retval SVMS_AGAIN            the container is open and has no further complete segment yet
 * @retval SVMS_E_USAGE          an argument is NULL
 * @retval SVMS_E_NOT_AUTHENTIC  a segment does not verify
 * @retval SVMS_E_UNTRUSTED      unsigned media and not allow_unverified, or trust was given and the
 * signer does not hold up at the time of the segment
 * @retval SVMS_E_UNDECRYPTABLE  the segment is signed but a sample does not open
 * @retval SVMS_E_WRONG_KEY      the track is encrypted and no key was given, or the track was not
 * disclosed in this segment; the next call goes on behind the sample
 * @retval SVMS_E_LIMIT          a length exceeds its bound
 * @retval SVMS_E_MALFORMED      bytes that break the format, with allow_unverified
 * @retval SVMS_E_IO             the source failed
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: one thread at a time. Specification: C-REC, C-SEG, C-MAN, C-LGT-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_reader_next(svms_reader *reader, svms_sample *sample,
                                                      svms_error *err);

/**
 * Release a reader and wipe its keys.
 *
 * @param reader  address of the reader; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API void svms_reader_close(svms_reader **reader);

#ifdef __cplusplus
}
#endif

#endif
