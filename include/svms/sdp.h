/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Session descriptions (SDP) as RTSP and ONVIF use them.
 *
 * Rules: docs/spec/rtsp.md (SD-...).
 */
#ifndef SVMS_SDP_H
#define SVMS_SDP_H

#include <svms/rtp.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most bytes of a description. */
#define SVMS_SDP_SIZE_MAX 65536u
/** Most media in a description. */
#define SVMS_SDP_MEDIA_MAX 32u

/** Who sends, as a=sendrecv and its kin say. */
typedef enum svms_sdp_direction {
    SVMS_SDP_SENDRECV = 0, /**< Both, or nothing is said. */
    SVMS_SDP_SENDONLY = 1, /**< The reader of the description sends: ONVIF's back channel. */
    SVMS_SDP_RECVONLY = 2, /**< The reader of the description receives. */
    SVMS_SDP_INACTIVE = 3  /**< Nobody. */
} svms_sdp_direction;

/** Opaque description that was read. */
typedef struct svms_sdp svms_sdp;

/**
 * One medium of a description. Texts and bytes belong to the description. Start from
 * ::SVMS_SDP_MEDIA_INIT. Since 0.1.
 */
typedef struct svms_sdp_media {
    uint32_t struct_size;         /**< sizeof(svms_sdp_media). */
    uint32_t port;                /**< 0 to 65,535; cameras mostly say 0. */
    const char *kind;             /**< "video", "audio", "application", ... */
    const char *protocol;         /**< "RTP/AVP", "RTP/SAVP", ... */
    uint32_t rtp;                 /**< 1: RTP with a payload type. */
    uint32_t secure;              /**< 1: SRTP. */
    uint32_t payload_type;        /**< The first that svms_sdp_format() can read, or the first. */
    svms_sdp_direction direction; /**< Who sends. */
    const char *rtpmap;           /**< a=rtpmap of that payload type, without it; or NULL. */
    const char *fmtp;             /**< a=fmtp of that payload type, without it; or NULL. */
    const char *control;          /**< a=control as written, or NULL. */
    const char *range;            /**< a=range, or NULL. */
    const uint8_t *key_mgmt;      /**< MIKEY message of it, or else of the session; or NULL. It is
                                     secret. */
    size_t key_mgmt_size;         /**< Bytes of it. */
    const char *fingerprint;      /**< a=fingerprint of it, or else of the session; or NULL. */
    const char *setup;            /**< a=setup of it, or else of the session; or NULL. */
    uint32_t has_ssrc;            /**< 1: a=ssrc was there. */
    uint32_t ssrc;                /**< The first of them. */
    uint32_t rtcp_mux;            /**< 1: a=rtcp-mux was there. */
    uint32_t backchannel;         /**< 1: audio that the reader of the description sends. */
    uint32_t width;               /**< Pixels, 0 if not said. */
    uint32_t height;              /**< Pixels, 0 if not said. */
    uint32_t framerate_num;       /**< Pictures in framerate_den seconds, 0 if not said. */
    uint32_t framerate_den;       /**< 1 to 1,000,000; 0 if not said. */
} svms_sdp_media;

/** Initialiser of ::svms_sdp_media. */
#define SVMS_SDP_MEDIA_INIT                                                                        \
    {                                                                                              \
        (uint32_t)sizeof(svms_sdp_media), 0, NULL, NULL, 0, 0, 0, SVMS_SDP_SENDRECV, NULL, NULL,   \
            NULL, NULL, NULL, 0, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0                                \
    }

/**
 * Read a description. Lines and attributes that are not known are passed over.
 *
 * @param[out] out  the description; release with svms_sdp_free()
 * @param ctx       context; must outlive the description
 * @param text      the text; no NUL is needed
 * @param size      bytes of it
 * @param[out] err  why it failed, or NULL; err->offset names the byte
 *
 * @retval SVMS_OK           read
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_MALFORMED  no description, or a line that breaks its form
 * @retval SVMS_E_LIMIT      more bytes, lines, media, payload types, or longer lines than allowed
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Rules: SD-RD-1 to SD-RD-9. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_sdp_read(svms_sdp **out, svms_ctx *ctx, const char *text,
                                                   size_t size, svms_error *err);

/**
 * Number of media.
 *
 * @param sdp  the description
 * @return their number; 0 when @p sdp is NULL
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API size_t svms_sdp_media_count(const svms_sdp *sdp);

/**
 * What is said of a medium.
 *
 * @param sdp       the description
 * @param index     0 to svms_sdp_media_count() - 1
 * @param[out] out  filled; initialised with ::SVMS_SDP_MEDIA_INIT; points into the description
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL or out of range
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_sdp_media_at(const svms_sdp *sdp, size_t index,
                                                       svms_sdp_media *out, svms_error *err);

/**
 * The name of the session: s=.
 *
 * @param sdp  the description
 * @return text that belongs to the description, or NULL
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_sdp_name(const svms_sdp *sdp);

/**
 * The control URL of the session, as written.
 *
 * @param sdp  the description
 * @return text that belongs to the description, or NULL
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_sdp_control(const svms_sdp *sdp);

/**
 * The range of the session: what stands behind a=range.
 *
 * @param sdp  the description
 * @return text that belongs to the description, or NULL
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_sdp_range(const svms_sdp *sdp);

/**
 * The payload format of a medium.
 *
 * @param[out] out  the format; release with svms_rtp_format_free(); it outlives the description
 * @param sdp       the description
 * @param index     0 to svms_sdp_media_count() - 1
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             read
 * @retval SVMS_E_USAGE        an argument is NULL or out of range
 * @retval SVMS_E_MALFORMED    as svms_rtp_format_read()
 * @retval SVMS_E_UNSUPPORTED  as svms_rtp_format_read(), or no RTP
 * @retval SVMS_E_LIMIT        as svms_rtp_format_read()
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 *
 * Thread safety: any thread. Rule: SD-RD-6. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_sdp_format(svms_rtp_format **out, const svms_sdp *sdp,
                                                     size_t index, svms_error *err);

/**
 * Wipe and release a description.
 *
 * @param sdp  address of the description; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: nobody may use the description any more. Since 0.1.
 */
SVMS_API void svms_sdp_free(svms_sdp **sdp);

/** One medium to describe; all pointers are borrowed. Start from ::SVMS_SDP_TRACK_INIT. Since 0.1.
 */
typedef struct svms_sdp_track {
    uint32_t struct_size;          /**< sizeof(svms_sdp_track). */
    uint32_t secure;               /**< 1: RTP/SAVP, otherwise RTP/AVP. */
    const svms_rtp_format *format; /**< Payload format. */
    const char *control;           /**< a=control, or NULL. */
    const uint8_t *key_mgmt;       /**< MIKEY message, or NULL: only with secure. */
    size_t key_mgmt_size;          /**< Bytes of it. */
    svms_sdp_direction direction;  /**< Who sends; nothing is written for ::SVMS_SDP_SENDRECV. */
    uint32_t has_ssrc;             /**< 1: write a=ssrc. */
    uint32_t ssrc;                 /**< The source. */
    uint32_t width;                /**< Pixels; 0: not said. */
    uint32_t height;               /**< Pixels; 0: not said. */
    uint32_t framerate_num;        /**< Pictures in framerate_den seconds; 0: not said. */
    uint32_t framerate_den;        /**< 1 to 1,000,000 where framerate_num is not 0. */
    const char *cname;             /**< CNAME for a=ssrc, or NULL. */
} svms_sdp_track;

/** Initialiser of ::svms_sdp_track. */
#define SVMS_SDP_TRACK_INIT                                                                        \
    {                                                                                              \
        (uint32_t)sizeof(svms_sdp_track), 0, NULL, NULL, NULL, 0, SVMS_SDP_SENDRECV, 0, 0, 0, 0,   \
            0, 0, NULL                                                                             \
    }

/** A session to describe; all pointers are borrowed. Start from ::SVMS_SDP_SESSION_INIT.
 * Since 0.1. */
typedef struct svms_sdp_session {
    uint32_t struct_size;         /**< sizeof(svms_sdp_session). */
    uint32_t track_count;         /**< Tracks, 1 to ::SVMS_SDP_MEDIA_MAX. */
    const svms_sdp_track *tracks; /**< The tracks. */
    const char *name;             /**< s=, or NULL for "-". */
    const char *address;          /**< Our IPv4 or IPv6 address for o=, or NULL for 0.0.0.0. */
    const char *control;          /**< a=control of the session, or NULL. */
    const char *range;            /**< a=range, or NULL. */
    uint64_t id;                  /**< Session id for o=. */
    uint64_t version;             /**< Version for o=: higher when the description changes. */
} svms_sdp_session;

/** Initialiser of ::svms_sdp_session. */
#define SVMS_SDP_SESSION_INIT                                                                      \
    {                                                                                              \
        (uint32_t)sizeof(svms_sdp_session), 0, NULL, NULL, NULL, NULL, NULL, 0, 0                  \
    }

/**
 * Write a description.
 *
 * @param session       what to describe
 * @param ctx           context
 * @param[out] text     buffer for the text and NUL; with a MIKEY message as secret as its key
 * @param[in,out] size  bytes of it; receives the length without NUL, or what is needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           written
 * @retval SVMS_E_USAGE      an argument is NULL or out of range, a text holds a control character,
 *                           or a MIKEY message stands at a track that is not secure
 * @retval SVMS_E_LIMIT      the buffer is too small; @p size says what is needed; or the
 *                           description has more than ::SVMS_SDP_SIZE_MAX bytes
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Rules: SD-WR-1 to SD-WR-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_sdp_write(const svms_sdp_session *session, svms_ctx *ctx,
                                                    char *text, size_t *size, svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
