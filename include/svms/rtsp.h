/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * RTSP 1.0 (RFC 2326) with ONVIF's extensions: what clients and servers share.
 *
 * Rules: docs/spec/rtsp.md (R-...).
 */
#ifndef SVMS_RTSP_H
#define SVMS_RTSP_H

#include <svms/status.h>
#include <svms/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most bytes of a message's body. */
#define SVMS_RTSP_BODY_MAX 65536u
/** Most bytes of the data of an interleaved frame. */
#define SVMS_RTSP_FRAME_MAX 65535u
/** Most bytes of a URL, with its NUL. */
#define SVMS_RTSP_URL_SIZE 2048u
/** Most bytes of an address in a Transport header, with its NUL. */
#define SVMS_RTSP_ADDRESS_SIZE 64u
/** Most tracks that an RTP-Info header tells of. */
#define SVMS_RTSP_TRACKS_MAX 32u
/** Most bytes that a range's text takes, with its NUL. */
#define SVMS_RTSP_RANGE_SIZE 96u

/** Methods. */
typedef enum svms_rtsp_method {
    SVMS_RTSP_OTHER = 0,         /**< One that is not known here. */
    SVMS_RTSP_OPTIONS = 1,       /**< OPTIONS. */
    SVMS_RTSP_DESCRIBE = 2,      /**< DESCRIBE. */
    SVMS_RTSP_ANNOUNCE = 3,      /**< ANNOUNCE. */
    SVMS_RTSP_SETUP = 4,         /**< SETUP. */
    SVMS_RTSP_PLAY = 5,          /**< PLAY. */
    SVMS_RTSP_PAUSE = 6,         /**< PAUSE. */
    SVMS_RTSP_TEARDOWN = 7,      /**< TEARDOWN. */
    SVMS_RTSP_GET_PARAMETER = 8, /**< GET_PARAMETER. */
    SVMS_RTSP_SET_PARAMETER = 9, /**< SET_PARAMETER. */
    SVMS_RTSP_REDIRECT = 10,     /**< REDIRECT. */
    SVMS_RTSP_RECORD = 11        /**< RECORD. */
} svms_rtsp_method;

/**
 * Name of a method.
 *
 * @param method  any value
 * @return "DESCRIBE"; NULL for ::SVMS_RTSP_OTHER and values that are none
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_rtsp_method_name(svms_rtsp_method method);

/**
 * Phrase that goes with a status code (RFC 2326 section 7.1.1, RFC 4567 section 4).
 *
 * @param code  status code of a response
 * @return "Not Found"; for others a word for their class; NULL outside 100 to 599
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_rtsp_status_phrase(uint32_t code);

/** What carries media. */
typedef enum svms_rtsp_carrier {
    SVMS_RTSP_UDP = 1,        /**< A pair of UDP ports. */
    SVMS_RTSP_INTERLEAVED = 2 /**< Frames within the RTSP connection. */
} svms_rtsp_carrier;

/** One transport of a Transport header. Start from ::SVMS_RTSP_TRANSPORT_INIT. Since 0.1. */
typedef struct svms_rtsp_transport {
    uint32_t struct_size;      /**< sizeof(svms_rtsp_transport). */
    svms_rtsp_carrier carrier; /**< What carries it. */
    uint32_t secure;           /**< 1: RTP/SAVP or RTP/SAVPF. */
    uint32_t feedback;         /**< 1: RTP/AVPF or RTP/SAVPF. */
    uint32_t multicast;        /**< 1: multicast was said; nothing here does that. */
    uint32_t record;           /**< 1: mode RECORD, media goes to the server. */
    uint32_t client_rtp;       /**< Client's UDP port for RTP; 0: not said. */
    uint32_t client_rtcp;      /**< Client's UDP port for RTCP; 0: not said. */
    uint32_t server_rtp;       /**< Server's UDP port for RTP; 0: not said. */
    uint32_t server_rtcp;      /**< Server's UDP port for RTCP; 0: not said. */
    uint32_t has_channels;     /**< 1: channels were said. */
    uint32_t channel_rtp;      /**< Channel of RTP, 0 to 255. */
    uint32_t channel_rtcp;     /**< Channel of RTCP, 0 to 255; the same as of RTP: one for both. */
    uint32_t has_ssrc;         /**< 1: ssrc was said. */
    uint32_t ssrc;             /**< SSRC of the media that the server sends. */
    uint32_t reserved;         /**< 0. */
    char source[SVMS_RTSP_ADDRESS_SIZE];      /**< Where media comes from, as written; or empty. */
    char destination[SVMS_RTSP_ADDRESS_SIZE]; /**< Where it goes to, as written; or empty. A server
                                                 must not obey it (RFC 2326 section 12.39). */
} svms_rtsp_transport;

/** Initialiser of ::svms_rtsp_transport. */
#define SVMS_RTSP_TRANSPORT_INIT                                                                   \
    {                                                                                              \
        (uint32_t)sizeof(svms_rtsp_transport), SVMS_RTSP_UDP, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  \
            0, 0, { 0 },                                                                           \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/** How a range counts time. */
typedef enum svms_rtsp_range_kind {
    SVMS_RTSP_RANGE_NONE = 0, /**< No range. */
    SVMS_RTSP_RANGE_NPT = 1,  /**< From the start of the presentation. */
    SVMS_RTSP_RANGE_CLOCK = 2 /**< UTC. */
} svms_rtsp_range_kind;

/** A Range header, or SDP's a=range. Start from ::SVMS_RTSP_RANGE_INIT. Since 0.1. */
typedef struct svms_rtsp_range {
    uint32_t struct_size;      /**< sizeof(svms_rtsp_range). */
    svms_rtsp_range_kind kind; /**< How it counts. */
    uint32_t from_now;         /**< npt: 1: from "now" on; from_ns is ::SVMS_NO_TIME. */
    uint32_t reserved;         /**< 0. */
    int64_t from_ns; /**< First moment: ns from the start, or UTC; ::SVMS_NO_TIME: open. */
    int64_t to_ns;   /**< Last moment, earlier than the first where play goes backwards;
                        ::SVMS_NO_TIME: open. */
} svms_rtsp_range;

/** Initialiser of ::svms_rtsp_range. */
#define SVMS_RTSP_RANGE_INIT                                                                       \
    {                                                                                              \
        (uint32_t)sizeof(svms_rtsp_range), SVMS_RTSP_RANGE_NONE, 0, 0, INT64_MIN, INT64_MIN        \
    }

/**
 * Read the text of a Range header or of a=range ("npt=0-", "clock=20260101T100000Z-").
 *
 * @param[out] out  filled; initialised with ::SVMS_RTSP_RANGE_INIT
 * @param text      the text; `;time=` behind it is passed over
 * @param size      bytes of it
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             read
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_MALFORMED    no range
 * @retval SVMS_E_UNSUPPORTED  a range of another kind (smpte)
 *
 * Thread safety: any thread. Rule: R-RNG-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_range_read(svms_rtsp_range *out, const char *text,
                                                          size_t size, svms_error *err);

/**
 * Write the text of a range.
 *
 * @param range         the range; ::SVMS_RTSP_RANGE_NONE gives an empty text
 * @param[out] out      buffer for the text and NUL; ::SVMS_RTSP_RANGE_SIZE is always enough
 * @param[in,out] size  bytes of it; receives the length without NUL, or what is needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK       written
 * @retval SVMS_E_USAGE  an argument is NULL, or there is no such range
 * @retval SVMS_E_LIMIT  the buffer is too small; @p size says what is needed
 *
 * Thread safety: any thread. Rule: R-RNG-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtsp_range_write(const svms_rtsp_range *range, char *out,
                                                           size_t *size, svms_error *err);

/** Yes, no, or nothing said. */
typedef enum svms_rtsp_choice {
    SVMS_RTSP_NOT_SAID = 0, /**< The header is not there. */
    SVMS_RTSP_YES = 1,      /**< "yes". */
    SVMS_RTSP_NO = 2        /**< "no". */
} svms_rtsp_choice;

/** Which frames of a recording are sent (ONVIF's Frames header). */
typedef enum svms_rtsp_frames {
    SVMS_RTSP_FRAMES_NOT_SAID = 0, /**< The header is not there: all. */
    SVMS_RTSP_FRAMES_ALL = 1,      /**< All. */
    SVMS_RTSP_FRAMES_INTRA = 2,    /**< Intra frames alone. */
    SVMS_RTSP_FRAMES_PREDICTED = 3 /**< Intra frames and predicted ones. */
} svms_rtsp_frames;

/** What a PLAY request asks for. Start from ::SVMS_RTSP_PLAY_INIT. Since 0.1. */
typedef struct svms_rtsp_play {
    uint32_t struct_size;          /**< sizeof(svms_rtsp_play). */
    int32_t scale_milli;           /**< Scale times 1,000; negative: backwards; 0: not said. */
    int32_t speed_milli;           /**< Speed times 1,000; 0: not said. */
    svms_rtsp_choice rate_control; /**< Rate-Control; "no": as fast as the client reads. */
    svms_rtsp_choice immediate;    /**< Immediate: yes cancels what is being played. */
    svms_rtsp_frames frames;       /**< Frames. */
    uint32_t intra_interval_ms;    /**< With ::SVMS_RTSP_FRAMES_INTRA: least time between two; 0:
                                      not said. */
    uint32_t reserved;             /**< 0. */
    svms_rtsp_range range;         /**< Range. */
} svms_rtsp_play;

/** Initialiser of ::svms_rtsp_play. */
#define SVMS_RTSP_PLAY_INIT                                                                        \
    {                                                                                              \
        (uint32_t)sizeof(svms_rtsp_play), 0, 0, SVMS_RTSP_NOT_SAID, SVMS_RTSP_NOT_SAID,            \
            SVMS_RTSP_FRAMES_NOT_SAID, 0, 0, SVMS_RTSP_RANGE_INIT                                  \
    }

/** One entry of an RTP-Info header. Never grows. Since 0.1. */
typedef struct svms_rtsp_rtp_info {
    const char *url;       /**< Of the track, as written; NUL-terminated. */
    uint32_t has_sequence; /**< 1: sequence was said. */
    uint32_t sequence;     /**< Number of the first packet. */
    uint32_t has_rtp_time; /**< 1: rtp_time was said. */
    uint32_t rtp_time;     /**< RTP time that the start of the range is at. */
} svms_rtsp_rtp_info;

#ifdef __cplusplus
}
#endif

#endif
