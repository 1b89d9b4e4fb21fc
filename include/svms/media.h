/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Tracks, samples, and iteration over what compressed samples consist of.
 */
#ifndef SVMS_MEDIA_H
#define SVMS_MEDIA_H

#include <svms/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Four characters as a number, first character most significant. */
#define SVMS_FOURCC(a, b, c, d)                                                                    \
    (((uint32_t)(uint8_t)(a) << 24) | ((uint32_t)(uint8_t)(b) << 16) |                             \
     ((uint32_t)(uint8_t)(c) << 8) | (uint32_t)(uint8_t)(d))

#define SVMS_CODEC_H264                                                                            \
    SVMS_FOURCC('a', 'v', 'c', '1') /**< H.264, 4-byte NAL lengths, avcC configuration. */
#define SVMS_CODEC_H265                                                                            \
    SVMS_FOURCC('h', 'v', 'c', '1') /**< H.265, 4-byte NAL lengths, hvcC configuration. */
#define SVMS_CODEC_MJPEG SVMS_FOURCC('j', 'p', 'e', 'g') /**< One JPEG picture per sample. */
#define SVMS_CODEC_AAC                                                                             \
    SVMS_FOURCC('m', 'p', '4', 'a') /**< AAC, raw access units, AudioSpecificConfig. */
#define SVMS_CODEC_OPUS SVMS_FOURCC('O', 'p', 'u', 's') /**< Opus, OpusHead configuration. */
#define SVMS_CODEC_PCMU SVMS_FOURCC('u', 'l', 'a', 'w') /**< G.711 mu-law. */
#define SVMS_CODEC_PCMA SVMS_FOURCC('a', 'l', 'a', 'w') /**< G.711 A-law. */
#define SVMS_CODEC_ONVIF_METADATA                                                                  \
    SVMS_FOURCC('o', 'n', 'v', 'm') /**< ONVIF metadata stream, XML. */

/** What a track carries. */
typedef enum svms_track_kind {
    SVMS_TRACK_VIDEO = 1,   /**< Pictures. */
    SVMS_TRACK_AUDIO = 2,   /**< Sound. */
    SVMS_TRACK_METADATA = 3 /**< Anything else that belongs to the scene. */
} svms_track_kind;

/** How the samples of a track are stored. */
typedef enum svms_protection {
    SVMS_PROTECT_STRONG = 0, /**< Every byte encrypted (the default). */
    SVMS_PROTECT_LIGHT = 1,  /**< Enough of each sample encrypted that nothing can be decoded. */
    SVMS_PROTECT_NONE = 2    /**< Stored in the clear; still signed. */
} svms_protection;

/** Description of one track. Start from ::SVMS_TRACK_INIT. Since 0.1. */
typedef struct svms_track {
    uint32_t struct_size;       /**< sizeof(svms_track). */
    uint32_t codec;             /**< SVMS_CODEC_..., or any other FourCC (then opaque). */
    svms_track_kind kind;       /**< What it carries. */
    svms_protection protection; /**< How its samples are stored. */
    uint32_t timebase_num;      /**< A tick lasts num/den seconds; 1 or more. */
    uint32_t timebase_den;      /**< 1 or more. */
    uint32_t default_duration;  /**< Usual sample duration in ticks, 0 if there is none. */
    uint32_t width;             /**< Video: pixels, 0 if unknown. */
    uint32_t height;            /**< Video: pixels, 0 if unknown. */
    uint32_t sample_rate;       /**< Audio: Hz. */
    uint32_t channels;          /**< Audio: number of channels. */
    uint32_t config_size;       /**< Bytes of codec configuration, at most 65,536. */
    const uint8_t *config; /**< Codec configuration (avcC, hvcC, ...); borrowed, NULL if none. */
} svms_track;

/** Initialiser of ::svms_track: video, strong, 1/90000 s. */
#define SVMS_TRACK_INIT                                                                            \
    {                                                                                              \
        (uint32_t)sizeof(svms_track), 0, SVMS_TRACK_VIDEO, SVMS_PROTECT_STRONG, 1, 90000, 0, 0, 0, \
            0, 0, 0, NULL                                                                          \
    }

/** Sample can be decoded without an earlier one of its track. */
#define SVMS_SAMPLE_SYNC 0x01u
/** Sample need not be shown (for example priming before an edit point). */
#define SVMS_SAMPLE_DISCARDABLE 0x02u
/** What the sample shows does not continue the one before. */
#define SVMS_SAMPLE_DISCONTINUITY 0x04u
/** The first of its track over a connection: what came before came over another one. */
#define SVMS_SAMPLE_FIRST 0x40u
/** Set by the reader only: no signature covers this sample. */
#define SVMS_SAMPLE_UNATTESTED 0x80000000u

/** One coded sample (picture, audio frame, metadata document). Start from ::SVMS_SAMPLE_INIT. Since
 * 0.1. */
typedef struct svms_sample {
    uint32_t struct_size; /**< sizeof(svms_sample). */
    uint32_t track;       /**< Track number: 0 is the first track. */
    uint32_t flags;       /**< SVMS_SAMPLE_... */
    uint32_t duration;    /**< Ticks; 0 if unknown. */
    int64_t dts;          /**< Decoding time, ticks. */
    int64_t pts;          /**< Presentation time, ticks; within 2^31 ticks of dts. */
    int64_t utc_ns;       /**< Capture time, or ::SVMS_NO_TIME to derive it from dts. */
    const uint8_t *data;  /**< Bytes; borrowed. */
    size_t size;          /**< Number of bytes. */
    uint64_t segment;     /**< Set by the reader only: segment number. */
} svms_sample;

/** Initialiser of ::svms_sample. */
#define SVMS_SAMPLE_INIT                                                                           \
    {                                                                                              \
        (uint32_t)sizeof(svms_sample), 0, 0, 0, 0, 0, INT64_MIN, NULL, 0, 0                        \
    }

/** How NAL units follow one another in a run of bytes. */
typedef enum svms_nal_framing {
    SVMS_NAL_LENGTH4 = 0, /**< 4-byte big-endian lengths (containers). */
    SVMS_NAL_LENGTH2 = 1, /**< 2-byte big-endian lengths. */
    SVMS_NAL_LENGTH1 = 2, /**< 1-byte lengths. */
    SVMS_NAL_ANNEX_B = 3  /**< Start codes (H.264 and H.265 Annex B). */
} svms_nal_framing;

/** One NAL unit. Since 0.1. */
typedef struct svms_nal {
    uint32_t struct_size; /**< sizeof(svms_nal). */
    uint32_t type;        /**< nal_unit_type. */
    const uint8_t *data;  /**< First byte of the NAL unit header; points into the input. */
    size_t size;          /**< Bytes from there, trailing zero bytes of Annex B excluded. */
    size_t framed_offset; /**< Where its length field or start code begins in the input. */
    size_t framed_size;   /**< Bytes from there to the end of the NAL unit. */
} svms_nal;

/** Initialiser of ::svms_nal. */
#define SVMS_NAL_INIT                                                                              \
    {                                                                                              \
        (uint32_t)sizeof(svms_nal), 0, NULL, 0, 0, 0                                               \
    }

/** Iterator over NAL units; on the caller's stack, do not touch its members. Since 0.1. */
typedef struct svms_nal_iterator {
    uint32_t struct_size;     /**< sizeof(svms_nal_iterator). */
    uint32_t codec;           /**< Internal. */
    svms_nal_framing framing; /**< Internal. */
    uint32_t state;           /**< Internal. */
    const uint8_t *data;      /**< Internal. */
    size_t size;              /**< Internal. */
    size_t position;          /**< Internal. */
} svms_nal_iterator;

/** Initialiser of ::svms_nal_iterator. */
#define SVMS_NAL_ITERATOR_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(svms_nal_iterator), 0, SVMS_NAL_LENGTH4, 0, NULL, 0, 0                    \
    }

/**
 * Begin iterating over the NAL units of a sample. The bytes stay the caller's and must
 * outlive the iteration.
 *
 * @param[out] it  iterator, initialised with ::SVMS_NAL_ITERATOR_INIT
 * @param codec    ::SVMS_CODEC_H264 or ::SVMS_CODEC_H265
 * @param framing  how NAL units follow one another
 * @param data     the bytes; may be NULL when @p size is 0
 * @param size     number of bytes
 *
 * @retval SVMS_OK       ready
 * @retval SVMS_E_USAGE  an argument is NULL or out of range
 *
 * Thread safety: the iterator belongs to one thread. Clauses: H.264 and H.265 7.3.1, Annex B;
 * ISO/IEC 14496-15 5.3.3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_nal_begin(svms_nal_iterator *it, uint32_t codec,
                                                    svms_nal_framing framing, const uint8_t *data,
                                                    size_t size);

/**
 * Next NAL unit.
 *
 * @param it        iterator
 * @param[out] nal  the NAL unit, initialised with ::SVMS_NAL_INIT
 * @param[out] err  why it failed, or NULL; err->offset counts from the start of the bytes
 *
 * @retval SVMS_OK           one NAL unit
 * @retval SVMS_END          no more
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_MALFORMED  a NAL unit is shorter than its header or has the forbidden bit set, or
 *                           Annex B bytes do not begin with a start code
 * @retval SVMS_E_TRUNCATED  a length reaches beyond the end
 *
 * Thread safety: the iterator belongs to one thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_nal_next(svms_nal_iterator *it, svms_nal *nal,
                                                   svms_error *err);

/** One marker segment of a JPEG picture. Since 0.1. */
typedef struct svms_jpeg_segment {
    uint32_t struct_size; /**< sizeof(svms_jpeg_segment). */
    uint32_t marker;      /**< Second byte of the marker, for example 0xD8 for SOI. */
    size_t offset;        /**< Where the marker's 0xFF stands. */
    const uint8_t
        *data;   /**< Payload after the length field (entropy-coded data are not part of it). */
    size_t size; /**< Bytes of payload. */
    size_t scan_offset; /**< SOS only: where entropy-coded data begin. */
    size_t scan_size;   /**< SOS only: bytes of entropy-coded data, restart markers included. */
} svms_jpeg_segment;

/** Initialiser of ::svms_jpeg_segment. */
#define SVMS_JPEG_SEGMENT_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(svms_jpeg_segment), 0, 0, NULL, 0, 0, 0                                   \
    }

/** Iterator over JPEG marker segments; do not touch its members. Since 0.1. */
typedef struct svms_jpeg_iterator {
    uint32_t struct_size; /**< sizeof(svms_jpeg_iterator). */
    uint32_t state;       /**< Internal. */
    const uint8_t *data;  /**< Internal. */
    size_t size;          /**< Internal. */
    size_t position;      /**< Internal. */
} svms_jpeg_iterator;

/** Initialiser of ::svms_jpeg_iterator. */
#define SVMS_JPEG_ITERATOR_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(svms_jpeg_iterator), 0, NULL, 0, 0                                        \
    }

/**
 * Begin iterating over the marker segments of a JPEG picture. The bytes stay the caller's and
 * must outlive the iteration.
 *
 * @param[out] it  iterator, initialised with ::SVMS_JPEG_ITERATOR_INIT
 * @param data     the bytes
 * @param size     number of bytes
 *
 * @retval SVMS_OK       ready
 * @retval SVMS_E_USAGE  an argument is NULL
 *
 * Thread safety: the iterator belongs to one thread. Clause: ITU-T T.81 Annex B. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_jpeg_begin(svms_jpeg_iterator *it, const uint8_t *data,
                                                     size_t size);

/**
 * Next marker segment.
 *
 * @param it        iterator
 * @param[out] seg  the segment, initialised with ::SVMS_JPEG_SEGMENT_INIT
 * @param[out] err  why it failed, or NULL; err->offset counts from the start of the bytes
 *
 * @retval SVMS_OK           one segment
 * @retval SVMS_END          EOI has been returned already
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_MALFORMED  no SOI at the start, or no marker where one must stand
 * @retval SVMS_E_TRUNCATED  the picture ends before EOI
 *
 * Thread safety: the iterator belongs to one thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_jpeg_next(svms_jpeg_iterator *it, svms_jpeg_segment *seg,
                                                    svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
