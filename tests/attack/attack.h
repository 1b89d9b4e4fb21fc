/* SPDX-License-Identifier: Apache-2.0 */
/* The attack on light mode. The attacker has no keys. He knows the codec, the parameter sets, which
 * bytes are hidden, and he is given more than he could have: true NAL unit lengths, true slice
 * headers, true SEI. What he lacks are the hidden entropy-coded bytes. */
#ifndef SVMS_ATTACK_H
#define SVMS_ATTACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libavcodec/avcodec.h>

#include <svms/media.h>

enum { MACROBLOCK = 16 };

/* Macroblocks [first, last) in raster order. */
typedef struct attack_slice {
    uint32_t first;
    uint32_t last;
} attack_slice;

typedef struct attack_sample {
    uint8_t *data;
    size_t size;
    int64_t pts;
    bool sync;
    uint8_t *hidden;  /* one byte per byte of data: 1 when encrypted */
    uint8_t *luma;    /* the true picture, width * height; NULL if the decoder gave none */
    double gray_ssim; /* what a mid-gray picture scores */
    attack_slice *slices;
    size_t slice_count;
} attack_sample;

typedef struct attack_clip {
    uint32_t codec; /* SVMS_CODEC_... */
    AVCodecParameters *parameters;
    int width;
    int height;
    attack_sample *samples;
    size_t count;
} attack_clip;

/* What the attacker feeds his decoder: one packet per sample, NULL for none. */
typedef struct attack_packet {
    uint8_t *data;
    size_t size;
} attack_packet;

typedef struct attack_score {
    double ssim;     /* sums over frames */
    double baseline; /* the same for a mid-gray picture */
    size_t frames;
    size_t blocks; /* recovered */
    size_t textured_blocks;
    size_t slices; /* recovered */
    size_t all_slices;
} attack_score;

/* clip.c */
bool attack_clip_load(attack_clip *clip, const char *path, size_t frames, bool sei_first);
void attack_clip_clear(attack_clip *clip);
void *attack_alloc(size_t size); /* zeroed; ends the program when out of memory */

/* hide.c: fill in hidden of every sample. */
void attack_hide_published(attack_clip *clip);
bool attack_hide_light(attack_clip *clip);

/* decode.c: scores every frame of the clip; frames the decoder does not give count as gray. */
bool attack_decode(const attack_clip *clip, const attack_packet *packets, bool conceal,
                   attack_score *score);
/* A decoder for one picture at a time whose buffers start as level; luma is NULL when it gives
 * none. The picture lives until the next call. */
typedef struct attack_decoder attack_decoder;
attack_decoder *attack_decoder_open(const attack_clip *clip, bool conceal, uint8_t level);
const AVFrame *attack_decoder_run(attack_decoder *decoder, const uint8_t *data, size_t size);
void attack_decoder_close(attack_decoder **decoder);

/* score.c */
double attack_gray_ssim(const attack_clip *clip, const uint8_t *truth);
void attack_score_frame(attack_score *score, const attack_clip *clip, size_t sample,
                        const uint8_t *luma, size_t stride);
void attack_score_gray(attack_score *score, const attack_clip *clip, size_t sample);

/* slices.c: parameter sets as they are known at some point of the clip. */
typedef struct attack_sets attack_sets;
attack_sets *attack_sets_new(const attack_clip *clip); /* NULL when they do not parse */
void attack_sets_free(attack_sets **sets);
/* Looks at the next NAL unit: remembers parameter sets. True for a slice; then *first is its first
 * macroblock and *bits the size of its header, both without the NAL unit header. */
bool attack_next_slice(attack_sets *sets, const svms_nal *nal, uint32_t *first, size_t *bits);

/* nal_edit.c: a NAL unit as bits to be changed. */
typedef struct attack_bits {
    uint8_t *data;
    size_t bits;
    size_t capacity; /* bytes */
} attack_bits;
void attack_put(attack_bits *out, uint32_t value, unsigned count);
void attack_put_ue(attack_bits *out, uint32_t value);
void attack_copy_bits(attack_bits *out, const uint8_t *from, size_t first, size_t count);
/* Appends length, header and payload with emulation prevention; returns bytes written. */
size_t attack_write_nal(uint8_t *out, const uint8_t *header, size_t header_size,
                        const uint8_t *payload, size_t size);
/* Payload without emulation prevention, and which of its bytes were hidden. */
size_t attack_read_nal(const uint8_t *nal, const uint8_t *hidden, size_t size, size_t header_size,
                       uint8_t *payload, uint8_t *payload_hidden);

/* Strategies. Each adds to score and returns false when it does not apply to the clip. */
typedef enum attack_fill {
    FILL_DROP,  /* leave out every NAL unit that is touched */
    FILL_ZERO,  /* true headers, hidden bytes zero */
    FILL_NOISE, /* true headers, hidden bytes random */
    FILL_CUT    /* true headers, then at once the clear tail */
} attack_fill;
bool attack_with_fill(const attack_clip *clip, attack_fill fill, bool conceal, attack_score *score);
bool attack_cavlc_tail(const attack_clip *clip, attack_score *score);
bool attack_jpeg_tail(const attack_clip *clip, bool standard_tables, attack_score *score);

#endif
