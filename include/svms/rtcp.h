/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * RTCP: reading compound packets.
 *
 * Receivers and senders (rtp.h) read and write what they need themselves; this is for who wants to
 * see more.
 */
#ifndef SVMS_RTCP_H
#define SVMS_RTCP_H

#include <svms/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SVMS_RTCP_SR 200u    /**< Sender report. */
#define SVMS_RTCP_RR 201u    /**< Receiver report. */
#define SVMS_RTCP_SDES 202u  /**< Source description. */
#define SVMS_RTCP_BYE 203u   /**< Goodbye. */
#define SVMS_RTCP_APP 204u   /**< Whatever an application means by it. */
#define SVMS_RTCP_RTPFB 205u /**< Transport feedback (RFC 4585). */
#define SVMS_RTCP_PSFB 206u  /**< Payload feedback (RFC 4585); count 1 is PLI. */

/** One report block. Since 0.1. */
typedef struct svms_rtcp_block {
    uint32_t ssrc;             /**< Whom it is about. */
    uint32_t fraction_lost;    /**< Of 256, since the report before. */
    int32_t lost;              /**< In all; duplicates count against it. */
    uint32_t highest_sequence; /**< Extended by 16 bits of cycles. */
    uint32_t jitter;           /**< RTP ticks. */
    uint32_t last_report;      /**< Middle 32 bits of the NTP time of the latest sender report. */
    uint32_t since_report;     /**< Since it came, in 1/65536 s. */
} svms_rtcp_block;

/** One packet of a compound packet. Start from ::SVMS_RTCP_PACKET_INIT. Since 0.1. */
typedef struct svms_rtcp_packet {
    uint32_t struct_size; /**< sizeof(svms_rtcp_packet). */
    uint32_t type;        /**< SVMS_RTCP_..., or any other. */
    uint32_t count;       /**< Blocks, chunks, sources, or the feedback format. */
    uint32_t ssrc;        /**< Who sends it; BYE and SDES: the first source, 0 if there is none. */
    int64_t utc_ns;       /**< SR: NTP time, or ::SVMS_NO_TIME. */
    uint32_t ntp_middle;  /**< SR: middle 32 bits of it. */
    uint32_t rtp_time;    /**< SR: the same moment. */
    uint32_t packets;     /**< SR: packets sent. */
    uint32_t bytes;       /**< SR: payload bytes sent. */
    uint32_t media_ssrc;  /**< Feedback: whom it is about. */
    uint32_t cname_size;  /**< SDES: bytes of the first chunk's CNAME, 0 if there is none. */
    const uint8_t *cname; /**< SDES: the CNAME, UTF-8 as the peer claims; points into the input. */
    const uint8_t *body;  /**< Everything after the common 4 bytes; points into the input. */
    size_t body_size;     /**< Bytes of it, without padding. */
    svms_rtcp_block blocks[31]; /**< SR, RR: the first count of them. */
} svms_rtcp_packet;

/** Initialiser of ::svms_rtcp_packet. */
#define SVMS_RTCP_PACKET_INIT                                                                      \
    {                                                                                              \
        (uint32_t)sizeof(svms_rtcp_packet), 0, 0, 0, INT64_MIN, 0, 0, 0, 0, 0, 0, NULL, NULL, 0,   \
        {                                                                                          \
            {                                                                                      \
                0, 0, 0, 0, 0, 0, 0                                                                \
            }                                                                                      \
        }                                                                                          \
    }

/** Iterator over a compound packet; on the caller's stack, do not touch its members. Since 0.1. */
typedef struct svms_rtcp_iterator {
    uint32_t struct_size; /**< sizeof(svms_rtcp_iterator). */
    uint32_t state;       /**< Internal. */
    const uint8_t *data;  /**< Internal. */
    size_t size;          /**< Internal. */
    size_t position;      /**< Internal. */
} svms_rtcp_iterator;

/** Initialiser of ::svms_rtcp_iterator. */
#define SVMS_RTCP_ITERATOR_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(svms_rtcp_iterator), 0, NULL, 0, 0                                        \
    }

/**
 * Begin iterating over a compound packet, which is checked as a whole first.
 *
 * @param[out] it   iterator, initialised with ::SVMS_RTCP_ITERATOR_INIT
 * @param data      the compound packet; borrowed for the iteration
 * @param size      bytes of it
 * @param[out] err  why it failed, or NULL; err->offset names the byte
 *
 * @retval SVMS_OK           ready
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_MALFORMED  it does not begin with a report, a version is not 2, padding that
 * cannot be, or blocks, chunks or sources that do not fit
 * @retval SVMS_E_TRUNCATED  it ends within a packet
 * @retval SVMS_E_LIMIT      longer than 65,535 bytes
 *
 * Thread safety: the iterator belongs to one thread. Rules: P-RTC-1, P-RTC-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtcp_begin(svms_rtcp_iterator *it, const uint8_t *data,
                                                     size_t size, svms_error *err);

/**
 * Next packet of the compound packet.
 *
 * @param it        iterator
 * @param[out] out  the packet, initialised with ::SVMS_RTCP_PACKET_INIT
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       one packet
 * @retval SVMS_END      no more
 * @retval SVMS_E_USAGE  an argument is NULL, or the iterator was not begun
 *
 * Thread safety: the iterator belongs to one thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtcp_next(svms_rtcp_iterator *it, svms_rtcp_packet *out,
                                                    svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
