/* SPDX-License-Identifier: Apache-2.0 */
/* From payloads in order to samples; one kind for each payload format (P-SMP). Nothing here fails:
 * what cannot be made whole is damaged, and says why. */
#ifndef SVMS_RTP_UNPACKER_H
#define SVMS_RTP_UNPACKER_H

#include "format_internal.h"
#include "jpeg_head.h"

/* A packet whose numbers were extended. */
typedef struct svms_unpack_packet {
    const svms_rtp_packet *rtp;
    uint64_t number;
    int64_t time;
} svms_unpack_packet;

/* A sample in the making, or finished. */
typedef struct svms_assembly {
    svms_builder bytes;
    bool open;
    bool sync;
    uint32_t damage; /* SVMS_RTP_GAP_... */
    uint32_t duration;
    uint64_t number;
    int64_t time;
    uint64_t packets;
    bool has_replay;
    svms_rtp_replay replay;
} svms_assembly;

/* H.264, H.265: the NAL unit that came in fragments so far. */
typedef struct svms_fragments {
    bool open;
    size_t start; /* of its length, in the sample */
} svms_fragments;

enum { SVMS_JPEG_STATIC_FIRST = 128, SVMS_JPEG_STATIC_COUNT = 127 };

typedef struct svms_jpeg_state {
    uint8_t header[8]; /* RTP/JPEG header of the first fragment; its offset is 0 */
    uint16_t interval;
    bool has_tables;         /* Q of the first fragment says them */
    svms_jpeg_tables tables; /* of the first fragment */
    bool is_marked;          /* it had ONVIF's header extension */
    bool is_collecting;      /* the segments before its scan */
    bool is_broken;          /* the picture before was damaged */
    svms_builder segments;
    svms_jpeg_head *head;                           /* NULL before the first picture */
    size_t scan_start;                              /* in the sample */
    svms_jpeg_tables *kept[SVMS_JPEG_STATIC_COUNT]; /* of Q 128 to 254 */
} svms_jpeg_state;

typedef struct svms_unpacker svms_unpacker;

typedef struct svms_unpacker_kind {
    void (*packet)(svms_unpacker *u, const svms_unpack_packet *p);
    /* Ends what is open, because nothing more of it will come. */
    void (*end)(svms_unpacker *u);
} svms_unpacker_kind;

struct svms_unpacker {
    const svms_unpacker_kind *kind;
    svms_ctx *ctx;
    const svms_rtp_format *format;
    svms_assembly sample;
    uint32_t missing; /* why the next sample may lack its beginning: SVMS_RTP_GAP_... */
    bool fresh;       /* no sample has ended yet: reception may have begun within one */
    bool starved;     /* out of memory since this was last cleared */
    svms_parameter_sets sets;
    bool sets_changed; /* since the configuration was last told */
    svms_fragments fragments;
    uint32_t fragment_size; /* AAC: bytes of the frame that comes in fragments, 0 if none does */
    svms_jpeg_state jpeg;
    void *owner;
    /* Receives each sample when it ends, damaged or not. */
    void (*deliver)(void *owner, const svms_assembly *sample);
};

extern const svms_unpacker_kind svms_unpack_h264;
extern const svms_unpacker_kind svms_unpack_h265;
extern const svms_unpacker_kind svms_unpack_aac;
extern const svms_unpacker_kind svms_unpack_g711;
extern const svms_unpacker_kind svms_unpack_jpeg;
extern const svms_unpacker_kind svms_unpack_metadata;

/* format is borrowed. */
SVMS_MUST_CHECK svms_status svms_unpacker_init(svms_unpacker *u, svms_ctx *ctx,
                                               const svms_rtp_format *format, size_t max_sample,
                                               svms_error *err);
void svms_unpacker_clear(svms_unpacker *u);
/* Packets are missing before the next one. */
void svms_unpacker_lost(svms_unpacker *u);
/* Ends what is open; whatever comes next is another stream. */
void svms_unpacker_restart(svms_unpacker *u);
void svms_unpacker_packet(svms_unpacker *u, const svms_unpack_packet *p);

/* For the kinds. */

/* Begins a sample, which is whole for all that is known, or lacks what is missing; or counts one
 * more packet into the open one. */
void svms_unpacker_begin(svms_unpacker *u, const svms_unpack_packet *p, bool whole);
void svms_unpacker_damage(svms_unpacker *u, uint32_t reason);
/* Something continues what did not begin: no wonder after a hole or at the very beginning. */
void svms_unpacker_incoherent(svms_unpacker *u);
void svms_unpacker_append(svms_unpacker *u, const uint8_t *data, size_t size);
/* Delivers the open sample. */
void svms_unpacker_finish(svms_unpacker *u);

#endif
