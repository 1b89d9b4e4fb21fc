/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Media over RTP: payload formats, receivers and senders.
 *
 * Nothing here reads a socket or a clock: packets and times are handed in, packets and events
 * handed out by callback. Rules: docs/spec/rtp.md (P-...).
 */
#ifndef SVMS_RTP_H
#define SVMS_RTP_H

#include <svms/media.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most bytes of a packet. */
#define SVMS_RTP_PACKET_MAX 65535u

/** Replay extension: a sync sample. */
#define SVMS_RTP_REPLAY_CLEAN 0x80u
/** Replay extension: the last sample before a gap of the recording. */
#define SVMS_RTP_REPLAY_END 0x40u
/** Replay extension: does not continue the sample before. */
#define SVMS_RTP_REPLAY_DISCONTINUITY 0x20u
/** Replay extension: nothing more will come. */
#define SVMS_RTP_REPLAY_TERMINAL 0x10u

/** Content of ONVIF's replay extension. Start from ::SVMS_RTP_REPLAY_INIT. Since 0.1. */
typedef struct svms_rtp_replay {
    uint32_t struct_size; /**< sizeof(svms_rtp_replay). */
    uint32_t flags;       /**< SVMS_RTP_REPLAY_... */
    int64_t utc_ns;       /**< When it was captured, or ::SVMS_NO_TIME. */
    uint32_t cseq;        /**< Low byte of the CSeq of the PLAY request. */
    uint32_t reserved;    /**< 0. */
} svms_rtp_replay;

/** Initialiser of ::svms_rtp_replay. */
#define SVMS_RTP_REPLAY_INIT                                                                       \
    {                                                                                              \
        (uint32_t)sizeof(svms_rtp_replay), 0, INT64_MIN, 0, 0                                      \
    }

/** A packet that was taken apart. Start from ::SVMS_RTP_PACKET_INIT. Since 0.1. */
typedef struct svms_rtp_packet {
    uint32_t struct_size;       /**< sizeof(svms_rtp_packet). */
    uint32_t payload_type;      /**< 0 to 127. */
    uint32_t marker;            /**< 0 or 1. */
    uint32_t sequence;          /**< 16 bits. */
    uint32_t timestamp;         /**< RTP time. */
    uint32_t ssrc;              /**< Source. */
    uint32_t csrc_count;        /**< Contributing sources. */
    uint32_t csrc[15];          /**< The first csrc_count of them. */
    uint32_t has_extension;     /**< 0 or 1. */
    uint32_t extension_profile; /**< First 16 bits of the header extension. */
    uint32_t has_replay;        /**< 1: the replay extension was there. */
    uint32_t padding;           /**< Bytes of padding. */
    svms_rtp_replay replay;     /**< The replay extension. */
    const uint8_t *extension;   /**< Words of the header extension; points into the packet. */
    size_t extension_size;      /**< Bytes of them. */
    const uint8_t *payload;     /**< Payload without padding; points into the packet. */
    size_t payload_size;        /**< Bytes of it. */
} svms_rtp_packet;

/** Initialiser of ::svms_rtp_packet. */
#define SVMS_RTP_PACKET_INIT                                                                       \
    {                                                                                              \
        (uint32_t)sizeof(svms_rtp_packet), 0, 0, 0, 0, 0, 0, { 0 }, 0, 0, 0, 0,                    \
            SVMS_RTP_REPLAY_INIT, NULL, 0, NULL, 0                                                 \
    }

/**
 * Take a packet apart.
 *
 * @param[out] out  the parts, initialised with ::SVMS_RTP_PACKET_INIT; pointers into @p data
 * @param data      the packet
 * @param size      bytes of it
 * @param[out] err  why it failed, or NULL; err->offset names the byte
 *
 * @retval SVMS_OK           taken apart
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_MALFORMED  not RTP version 2, RTCP, or padding or an extension that cannot be
 * @retval SVMS_E_TRUNCATED  it ends within its header
 * @retval SVMS_E_LIMIT      longer than ::SVMS_RTP_PACKET_MAX
 *
 * Thread safety: any thread. Rules: P-HDR-1 to P-HDR-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtp_parse(svms_rtp_packet *out, const uint8_t *data,
                                                    size_t size, svms_error *err);

/** Opaque payload format: codec, clock rate and what the codec needs to know. */
typedef struct svms_rtp_format svms_rtp_format;

/** What a format says. Start from ::SVMS_RTP_FORMAT_INFO_INIT. Since 0.1. */
typedef struct svms_rtp_format_info {
    uint32_t struct_size;  /**< sizeof(svms_rtp_format_info). */
    uint32_t payload_type; /**< 0 to 127. */
    uint32_t codec;        /**< SVMS_CODEC_... */
    uint32_t clock_rate;   /**< RTP ticks in a second. */
    uint32_t channels;     /**< Audio: number of channels; otherwise 0. */
    uint32_t config_size;  /**< Bytes of codec configuration. */
    const uint8_t *config; /**< Codec configuration as ::svms_track has it, NULL if it is not known
                              (yet); belongs to the format. */
} svms_rtp_format_info;

/** Initialiser of ::svms_rtp_format_info. */
#define SVMS_RTP_FORMAT_INFO_INIT                                                                  \
    {                                                                                              \
        (uint32_t)sizeof(svms_rtp_format_info), 0, 0, 0, 0, 0, NULL                                \
    }

/**
 * Read a format from what SDP says of it.
 *
 * @param[out] out      the format; release with svms_rtp_format_free()
 * @param ctx           context; must outlive the format
 * @param payload_type  0 to 127
 * @param rtpmap        "H264/90000": what stands behind the payload type in a=rtpmap; NULL for
 * static payload types
 * @param fmtp          "packetization-mode=1;...": what stands behind the payload type in a=fmtp,
 * or NULL
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK             read
 * @retval SVMS_E_USAGE        @p out or @p ctx is NULL, or the payload type is above 127
 * @retval SVMS_E_MALFORMED    a text is not what it must be
 * @retval SVMS_E_UNSUPPORTED  an encoding, or a mode of it, that is not implemented
 * @retval SVMS_E_LIMIT        a text, a parameter set, or their number exceeds its bound
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 *
 * Thread safety: any thread. Rules: P-FMT-1, P-FMT-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtp_format_read(svms_rtp_format **out, svms_ctx *ctx,
                                                          uint32_t payload_type, const char *rtpmap,
                                                          const char *fmtp, svms_error *err);

/**
 * Make a format for sending a track: H.264, H.265, AAC, G.711, JPEG, ONVIF metadata.
 *
 * @param[out] out      the format; release with svms_rtp_format_free()
 * @param ctx           context; must outlive the format
 * @param payload_type  0 to 127
 * @param track         codec, its configuration, sample rate, channels
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK             made
 * @retval SVMS_E_USAGE        an argument is NULL or out of range, or AAC without sample rate and
 *                             configuration
 * @retval SVMS_E_MALFORMED    the configuration is none of that codec
 * @retval SVMS_E_UNSUPPORTED  the codec has no payload format here
 * @retval SVMS_E_LIMIT        a parameter set, or their number, exceeds its bound
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 *
 * Thread safety: any thread. Rules: P-FMT-1, P-FMT-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtp_format_make(svms_rtp_format **out, svms_ctx *ctx,
                                                          uint32_t payload_type,
                                                          const svms_track *track, svms_error *err);

/**
 * What a format says.
 *
 * @param format     the format
 * @param[out] info  filled; initialised with ::SVMS_RTP_FORMAT_INFO_INIT
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtp_format_describe(const svms_rtp_format *format,
                                                              svms_rtp_format_info *info,
                                                              svms_error *err);

/**
 * The text for a=rtpmap, without the payload type.
 *
 * @param format        the format
 * @param[out] text     buffer for the text and NUL
 * @param[in,out] size  bytes of it; receives the length without NUL, or what is needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           written
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_LIMIT      the buffer is too small; @p size says what is needed
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Rule: P-FMT-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtp_format_rtpmap(const svms_rtp_format *format,
                                                            char *text, size_t *size,
                                                            svms_error *err);

/**
 * The text for a=fmtp, without the payload type; empty where nothing is to be said.
 *
 * @param format        the format
 * @param[out] text     buffer for the text and NUL
 * @param[in,out] size  bytes of it; receives the length without NUL, or what is needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           written
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_LIMIT      the buffer is too small; @p size says what is needed
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Rule: P-FMT-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtp_format_fmtp(const svms_rtp_format *format, char *text,
                                                          size_t *size, svms_error *err);

/**
 * Release a format.
 *
 * @param format  address of the format; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: nobody may use the format any more. Since 0.1.
 */
SVMS_API void svms_rtp_format_free(svms_rtp_format **format);

/** Reason of a gap: packets did not come. */
#define SVMS_RTP_GAP_LOST 0x01u
/** Reason of a gap: payload that breaks its format. */
#define SVMS_RTP_GAP_MALFORMED 0x02u
/** Reason of a gap: a sample longer than allowed. */
#define SVMS_RTP_GAP_LIMIT 0x04u
/** Reason of a gap: out of memory. */
#define SVMS_RTP_GAP_MEMORY 0x08u
/** Reason of a gap: another source took over. */
#define SVMS_RTP_GAP_SOURCE 0x10u
/** Reason of a gap: the sequence numbers began anew. */
#define SVMS_RTP_GAP_RESTART 0x20u
/** Reason of a gap: reception began within a sample. */
#define SVMS_RTP_GAP_JOINED 0x40u

/** What a receiver tells. */
typedef enum svms_rtp_event_kind {
    SVMS_RTP_SAMPLE = 1, /**< A sample. */
    SVMS_RTP_GAP = 2,    /**< Something that was sent was not delivered. */
    SVMS_RTP_SOURCE = 3, /**< A source was taken up: the first one, another one, or anew. */
    SVMS_RTP_BYE = 4     /**< The source said that it ends. */
} svms_rtp_event_kind;

/** Where the UTC of a sample comes from. */
typedef enum svms_rtp_utc_source {
    SVMS_RTP_UTC_UNKNOWN = 0, /**< It is not known. */
    SVMS_RTP_UTC_REPORT = 1,  /**< Sender reports of the camera. */
    SVMS_RTP_UTC_REPLAY = 2   /**< The replay extension of the sample itself. */
} svms_rtp_utc_source;

/** Something that a receiver tells. All pointers are borrowed for the call. Since 0.1. */
typedef struct svms_rtp_event {
    uint32_t struct_size;           /**< sizeof(svms_rtp_event). */
    svms_rtp_event_kind kind;       /**< What it is; decides which members mean something. */
    uint32_t ssrc;                  /**< Always: the source. */
    uint32_t reasons;               /**< Gap: SVMS_RTP_GAP_...; sample: the same, why it is damaged;
                                       0: whole. */
    uint64_t first_sequence;        /**< Sample: extended number of its first packet. Gap: the first
                                       that is lost or dropped. */
    int64_t rtp_time;               /**< Sample: extended RTP time. Gap: that of the last sample
                                       delivered before, ::SVMS_NO_TIME if there is none. */
    int64_t utc_ns;                 /**< The camera's UTC for rtp_time, or ::SVMS_NO_TIME. */
    svms_rtp_utc_source utc_source; /**< Where utc_ns comes from. */
    uint32_t flags;                 /**< Sample: SVMS_SAMPLE_SYNC, SVMS_SAMPLE_DISCONTINUITY. */
    uint32_t duration;              /**< Sample: RTP ticks, 0 if unknown. */
    uint32_t has_replay;            /**< Sample: 1: it had the replay extension. */
    svms_rtp_replay replay;         /**< Sample: the replay extension. */
    uint64_t packets;               /**< Sample: packets it came in; a packet of several samples
                                       counts with the first. */
    const uint8_t *data;            /**< Sample: its bytes, as ::svms_track says for the codec. */
    size_t size;                    /**< Sample: number of bytes. */
    const uint8_t *config; /**< Sample: codec configuration, if it changed with this one. */
    size_t config_size;    /**< Bytes of it. */
    uint64_t lost;         /**< Gap: packets that did not come. */
    uint64_t dropped;      /**< Gap: packets that came and were not delivered. */
} svms_rtp_event;

/** The first sequence number is known: packets missing before the first that comes are a gap. */
#define SVMS_RTP_FIRST_SEQUENCE 0x01u
/** The source is known: others are ignored. */
#define SVMS_RTP_FIXED_SSRC 0x02u
/** The transport keeps the order (TCP): never wait for a missing packet. */
#define SVMS_RTP_IN_ORDER 0x04u
/** Deliver damaged samples as well; svms_rtp_event.reasons says why. */
#define SVMS_RTP_DAMAGED_TOO 0x08u

/** How to receive. Start from ::SVMS_RTP_RECEIVER_OPTIONS_INIT. Since 0.1. */
typedef struct svms_rtp_receiver_options {
    uint32_t struct_size;     /**< sizeof(svms_rtp_receiver_options). */
    uint32_t flags;           /**< SVMS_RTP_FIRST_SEQUENCE ... SVMS_RTP_DAMAGED_TOO. */
    uint32_t ssrc;            /**< With ::SVMS_RTP_FIXED_SSRC: the source. */
    uint32_t first_sequence;  /**< With ::SVMS_RTP_FIRST_SEQUENCE: the first number. */
    uint32_t reorder_packets; /**< Packets held at most, up to 1,024; 0: 512. */
    uint32_t max_sample;      /**< Bytes of a sample at most, up to 2^28; 0: 8 MiB. */
    uint64_t reorder_ns;      /**< How long to wait for a missing packet; 0: 200 ms. */
    void *user;               /**< Passed to the callback. */
    /** Receives everything, in order; must not call the receiver. What it returns other than
     * ::SVMS_OK is returned by the function that caused it; the event counts as told. */
    svms_status (*event)(void *user, const svms_rtp_event *event);
} svms_rtp_receiver_options;

/** Initialiser of ::svms_rtp_receiver_options. */
#define SVMS_RTP_RECEIVER_OPTIONS_INIT                                                             \
    {                                                                                              \
        (uint32_t)sizeof(svms_rtp_receiver_options), 0, 0, 0, 0, 0, 0, NULL, NULL                  \
    }

/** What a receiver has counted since it was made. Start from ::SVMS_RTP_RECEIVER_COUNTS_INIT.
 * Since 0.1. */
typedef struct svms_rtp_receiver_counts {
    uint32_t struct_size; /**< sizeof(svms_rtp_receiver_counts). */
    uint32_t ssrc;        /**< Present source. */
    uint64_t packets;     /**< Packets of the source, each number once. */
    uint64_t delivered;   /**< Of these: in samples that were delivered. */
    uint64_t dropped;     /**< Of these: in gaps that were told or will be. */
    uint64_t other_type;  /**< Of these: of another payload type. */
    uint64_t lost;        /**< Numbers given up. */
    uint64_t late;        /**< Packets that came after that. */
    uint64_t duplicates;  /**< Packets that came again. */
    uint64_t refused;     /**< Packets that were no RTP. */
    uint64_t foreign;     /**< Packets of other sources, or strange ones. */
    uint64_t collisions;  /**< How often another source was seen while the present one sent. */
    uint64_t sources;     /**< How often a source was taken up. */
    uint64_t samples;     /**< Samples delivered. */
    uint64_t bytes;       /**< Payload bytes of the source. */
    uint64_t clock_steps; /**< How often the camera's clock stepped. */
    int64_t drift_ppb;    /**< RTP clock against the camera's NTP clock, in 10^-9; positive: it is
                             slow. 0 while unknown. */
    uint32_t jitter;      /**< Interarrival jitter, RTP ticks. */
    uint32_t reserved;    /**< 0. */
} svms_rtp_receiver_counts;

/** Initialiser of ::svms_rtp_receiver_counts. */
#define SVMS_RTP_RECEIVER_COUNTS_INIT                                                              \
    {                                                                                              \
        (uint32_t)sizeof(svms_rtp_receiver_counts), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   \
            0, 0, 0                                                                                \
    }

/** Opaque receiver of one RTP stream. */
typedef struct svms_rtp_receiver svms_rtp_receiver;

/**
 * Make a receiver.
 *
 * @param[out] out  the receiver; release with svms_rtp_receiver_free()
 * @param ctx       context; must outlive the receiver
 * @param format    what comes; copied
 * @param options   how to receive; the callback must be given
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_CRYPTO     no random bytes
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: the receiver belongs to one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtp_receiver_new(svms_rtp_receiver **out, svms_ctx *ctx,
                                                           const svms_rtp_format *format,
                                                           const svms_rtp_receiver_options *options,
                                                           svms_error *err);

/**
 * Hand in a packet, decrypted. What follows from it is told before this returns.
 *
 * @param receiver  the receiver
 * @param packet    the packet
 * @param size      bytes of it
 * @param now_ns    when it came, by any clock that never goes back
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           taken, or ignored and counted
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_MALFORMED  no RTP packet: counted, and nothing else happened
 * @retval SVMS_E_TRUNCATED  likewise
 * @retval SVMS_E_LIMIT      likewise
 * @retval SVMS_E_NO_MEMORY  the allocator failed; what could not be kept becomes a gap
 * @return otherwise what the callback returned
 *
 * Thread safety: the receiver belongs to one thread at a time. Rules: P-SEQ, P-SMP, P-SRC.
 * Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtp_receiver_push(svms_rtp_receiver *receiver,
                                                            const uint8_t *packet, size_t size,
                                                            uint64_t now_ns, svms_error *err);

/**
 * Hand in an RTCP packet of the peer, decrypted: sender reports set the clock, BYE ends the source.
 *
 * @param receiver  the receiver
 * @param packet    the compound packet
 * @param size      bytes of it
 * @param now_ns    when it came, by the clock of svms_rtp_receiver_push()
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           taken
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_MALFORMED  no RTCP packet: nothing happened
 * @retval SVMS_E_TRUNCATED  likewise
 * @retval SVMS_E_LIMIT      likewise
 * @retval SVMS_E_NO_MEMORY  the allocator failed; what could not be kept becomes a gap
 * @return otherwise what the callback returned
 *
 * Thread safety: the receiver belongs to one thread at a time. Rules: P-RTC, P-CLK. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtp_receiver_rtcp(svms_rtp_receiver *receiver,
                                                            const uint8_t *packet, size_t size,
                                                            uint64_t now_ns, svms_error *err);

/**
 * Let time pass: holes that can wait no longer are given up. Call it when svms_rtp_receiver_wait()
 * says so.
 *
 * @param receiver  the receiver
 * @param now_ns    by the clock of svms_rtp_receiver_push()
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           done
 * @retval SVMS_E_USAGE      @p receiver is NULL
 * @retval SVMS_E_NO_MEMORY  the allocator failed; what could not be kept becomes a gap
 * @return otherwise what the callback returned
 *
 * Thread safety: the receiver belongs to one thread at a time. Rule: P-SEQ-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtp_receiver_tick(svms_rtp_receiver *receiver,
                                                            uint64_t now_ns, svms_error *err);

/**
 * When svms_rtp_receiver_tick() has something to do, unless packets come before.
 *
 * @param receiver  the receiver
 * @return a time of the clock of svms_rtp_receiver_push(); UINT64_MAX: never, or @p receiver is
 * NULL
 *
 * Thread safety: the receiver belongs to one thread at a time. Since 0.1.
 */
SVMS_API uint64_t svms_rtp_receiver_wait(const svms_rtp_receiver *receiver);

/**
 * The stream is over, or interrupted on purpose: tell all that is held, and the gap at the end.
 * What comes afterwards may be the same source again.
 *
 * @param receiver  the receiver
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           done
 * @retval SVMS_E_USAGE      @p receiver is NULL
 * @retval SVMS_E_NO_MEMORY  the allocator failed; what could not be kept is part of the gap
 * @return otherwise what the callback returned
 *
 * Thread safety: the receiver belongs to one thread at a time. Rule: P-SEQ-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtp_receiver_flush(svms_rtp_receiver *receiver,
                                                             svms_error *err);

/**
 * The camera's UTC for an RTP time of the present source, also for samples that came before the
 * first sender report.
 *
 * @param receiver  the receiver
 * @param rtp_time  extended, from an event
 * @return nanoseconds, or ::SVMS_NO_TIME while unknown or when @p receiver is NULL
 *
 * Thread safety: the receiver belongs to one thread at a time. Rules: P-CLK-2, P-CLK-3. Since 0.1.
 */
SVMS_API int64_t svms_rtp_receiver_utc(const svms_rtp_receiver *receiver, int64_t rtp_time);

/** Ask for a sync sample (PLI) in the report. */
#define SVMS_RTP_REPORT_PLI 0x01u
/** Say BYE in the report. */
#define SVMS_RTP_REPORT_BYE 0x02u

/**
 * Write a receiver report.
 *
 * @param receiver      the receiver
 * @param cname         our CNAME, 1 to 255 bytes
 * @param flags         SVMS_RTP_REPORT_...
 * @param now_ns        by the clock of svms_rtp_receiver_push()
 * @param[out] packet   buffer for the compound packet
 * @param[in,out] size  bytes of it; receives the size, or what is needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           written
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_LIMIT      the buffer is too small; @p size says what is needed
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: the receiver belongs to one thread at a time. Rule: P-RTC-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtp_receiver_report(svms_rtp_receiver *receiver,
                                                              const char *cname, uint32_t flags,
                                                              uint64_t now_ns, uint8_t *packet,
                                                              size_t *size, svms_error *err);

/**
 * What was counted.
 *
 * @param receiver     the receiver
 * @param[out] counts  filled; initialised with ::SVMS_RTP_RECEIVER_COUNTS_INIT
 * @param[out] err     why it failed, or NULL
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL
 *
 * Thread safety: the receiver belongs to one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtp_receiver_count(const svms_rtp_receiver *receiver,
                                                             svms_rtp_receiver_counts *counts,
                                                             svms_error *err);

/**
 * Release a receiver; what it holds is not told any more.
 *
 * @param receiver  address of the receiver; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: nobody may use the receiver any more. Since 0.1.
 */
SVMS_API void svms_rtp_receiver_free(svms_rtp_receiver **receiver);

/** The SSRC is given, not random. */
#define SVMS_RTP_GIVEN_SSRC 0x01u
/** The first sequence number is given, not random. */
#define SVMS_RTP_GIVEN_SEQUENCE 0x02u
/** The RTP time of pts 0 is given, not random. */
#define SVMS_RTP_GIVEN_TIME 0x04u
/** Send no parameter sets but those in the samples. */
#define SVMS_RTP_NO_PARAMETER_SETS 0x08u
/** Put the replay extension into the first packet of each sample. */
#define SVMS_RTP_WITH_REPLAY 0x10u

/** How to send. Start from ::SVMS_RTP_SENDER_OPTIONS_INIT. Since 0.1. */
typedef struct svms_rtp_sender_options {
    uint32_t struct_size;    /**< sizeof(svms_rtp_sender_options). */
    uint32_t flags;          /**< SVMS_RTP_GIVEN_SSRC ... SVMS_RTP_WITH_REPLAY. */
    uint32_t ssrc;           /**< With ::SVMS_RTP_GIVEN_SSRC. */
    uint32_t first_sequence; /**< With ::SVMS_RTP_GIVEN_SEQUENCE, 16 bits. */
    uint32_t first_time;     /**< With ::SVMS_RTP_GIVEN_TIME. */
    uint32_t max_packet;     /**< Bytes of a packet at most, 256 to 65,535; 0: 1,200. */
    uint32_t tail_room;    /**< Bytes behind each packet that the callback may use, up to 1,024. */
    uint32_t timebase_num; /**< Times of samples are in units of num/den seconds; 0: RTP ticks. */
    uint32_t timebase_den; /**< 0 with timebase_num 0. */
    void *user;            /**< Passed to the callback. */
    /** Receives each packet, in order; may change it and the room behind it; must not call the
     * sender. What it returns other than ::SVMS_OK is returned by svms_rtp_sender_send(). */
    svms_status (*packet)(void *user, uint8_t *packet, size_t size, size_t capacity);
} svms_rtp_sender_options;

/** Initialiser of ::svms_rtp_sender_options. */
#define SVMS_RTP_SENDER_OPTIONS_INIT                                                               \
    {                                                                                              \
        (uint32_t)sizeof(svms_rtp_sender_options), 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL              \
    }

/** What a sender has counted, and what it heard. Start from ::SVMS_RTP_SENDER_COUNTS_INIT. Since
 * 0.1. */
typedef struct svms_rtp_sender_counts {
    uint32_t struct_size;   /**< sizeof(svms_rtp_sender_counts). */
    uint32_t ssrc;          /**< Our source. */
    uint32_t next_sequence; /**< Number of the next packet. */
    uint32_t reports;       /**< Reports about us. */
    uint64_t packets;       /**< Packets sent. */
    uint64_t bytes;         /**< Payload bytes sent. */
    uint32_t fraction_lost; /**< Latest report: of 256. */
    int32_t lost;           /**< Latest report: in all. */
    uint32_t jitter;        /**< Latest report: RTP ticks. */
    uint32_t sync_wanted;   /**< PLI messages. */
    uint64_t round_trip_ns; /**< Latest report; UINT64_MAX while unknown. */
} svms_rtp_sender_counts;

/** Initialiser of ::svms_rtp_sender_counts. */
#define SVMS_RTP_SENDER_COUNTS_INIT                                                                \
    {                                                                                              \
        (uint32_t)sizeof(svms_rtp_sender_counts), 0, 0, 0, 0, 0, 0, 0, 0, 0, UINT64_MAX            \
    }

/** Opaque sender of one RTP stream. */
typedef struct svms_rtp_sender svms_rtp_sender;

/**
 * Make a sender.
 *
 * @param[out] out  the sender; release with svms_rtp_sender_free()
 * @param ctx       context; must outlive the sender
 * @param format    what is sent; copied
 * @param options   how to send; the callback must be given
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_CRYPTO     no random bytes
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: the sender belongs to one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtp_sender_new(svms_rtp_sender **out, svms_ctx *ctx,
                                                         const svms_rtp_format *format,
                                                         const svms_rtp_sender_options *options,
                                                         svms_error *err);

/**
 * Send a sample: its packets are handed to the callback before this returns.
 *
 * @param sender    the sender
 * @param sample    bytes, pts, flags, and utc_ns for reports and the replay extension
 * @param replay    more for the replay extension (flags beside those of the sample, Cseq, UTC), or
 *                  NULL
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             sent
 * @retval SVMS_E_USAGE        an argument is NULL or out of range
 * @retval SVMS_E_MALFORMED    the sample is none of that codec; nothing was sent
 * @retval SVMS_E_TRUNCATED    likewise
 * @retval SVMS_E_UNSUPPORTED  it cannot be sent in this format (P-JPG-10); nothing was sent
 * @retval SVMS_E_LIMIT        it is too long for the format; nothing was sent
 * @retval SVMS_E_NO_MEMORY    out of memory; nothing was sent
 * @return otherwise what the callback returned
 *
 * Thread safety: the sender belongs to one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtp_sender_send(svms_rtp_sender *sender,
                                                          const svms_sample *sample,
                                                          const svms_rtp_replay *replay,
                                                          svms_error *err);

/**
 * RTP time that a sample with this pts has, for RTP-Info.
 *
 * @param sender  the sender
 * @param pts     in the time base of the options
 * @return RTP time; 0 when @p sender is NULL
 *
 * Thread safety: the sender belongs to one thread at a time. Since 0.1.
 */
SVMS_API uint32_t svms_rtp_sender_time(const svms_rtp_sender *sender, int64_t pts);

/**
 * Write a sender report: the UTC of samples and their RTP times, for the other end's clock.
 *
 * @param sender        the sender
 * @param cname         our CNAME, 1 to 255 bytes
 * @param flags         ::SVMS_RTP_REPORT_BYE or 0
 * @param utc_ns        the time to report, by the clock of the samples' utc_ns (for live video:
 * now)
 * @param[out] packet   buffer for the compound packet
 * @param[in,out] size  bytes of it; receives the size, or what is needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           written
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_STATE      no sample with a UTC was sent yet
 * @retval SVMS_E_LIMIT      the buffer is too small; @p size says what is needed
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: the sender belongs to one thread at a time. Rule: P-RTC-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtp_sender_report(svms_rtp_sender *sender,
                                                            const char *cname, uint32_t flags,
                                                            int64_t utc_ns, uint8_t *packet,
                                                            size_t *size, svms_error *err);

/**
 * Hand in an RTCP packet of the peer: reports about us, PLI.
 *
 * @param sender    the sender
 * @param packet    the compound packet
 * @param size      bytes of it
 * @param utc_ns    now, by the clock of svms_rtp_sender_report()
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           taken
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_MALFORMED  no RTCP packet: nothing happened
 * @retval SVMS_E_TRUNCATED  likewise
 * @retval SVMS_E_LIMIT      likewise
 *
 * Thread safety: the sender belongs to one thread at a time. Rules: P-RTC-1, P-RTC-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtp_sender_rtcp(svms_rtp_sender *sender,
                                                          const uint8_t *packet, size_t size,
                                                          int64_t utc_ns, svms_error *err);

/**
 * Somebody else uses our SSRC: take another one. Say BYE for the present one before, by
 * svms_rtp_sender_report().
 *
 * @param sender    the sender
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK        another SSRC is in use; counts for reports begin anew
 * @retval SVMS_E_USAGE   @p sender is NULL
 * @retval SVMS_E_CRYPTO  no random bytes
 *
 * Thread safety: the sender belongs to one thread at a time. Rule: P-SRC-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtp_sender_renew(svms_rtp_sender *sender,
                                                           svms_error *err);

/**
 * What was counted.
 *
 * @param sender       the sender
 * @param[out] counts  filled; initialised with ::SVMS_RTP_SENDER_COUNTS_INIT
 * @param[out] err     why it failed, or NULL
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL
 *
 * Thread safety: the sender belongs to one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_rtp_sender_count(const svms_rtp_sender *sender,
                                                           svms_rtp_sender_counts *counts,
                                                           svms_error *err);

/**
 * Release a sender.
 *
 * @param sender  address of the sender; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: nobody may use the sender any more. Since 0.1.
 */
SVMS_API void svms_rtp_sender_free(svms_rtp_sender **sender);

#ifdef __cplusplus
}
#endif

#endif
