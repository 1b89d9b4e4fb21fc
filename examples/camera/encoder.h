/* SPDX-License-Identifier: Apache-2.0 */
/* From raw pictures and sound to samples of tracks: H.264 by x264, AAC by FFmpeg's own encoder. An
 * encoder belongs to one thread at a time. */
#ifndef SVMS_CAMERA_ENCODER_H
#define SVMS_CAMERA_ENCODER_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/media.h>
#include <svms/privacy.h>

#define ENCODER_VIDEO_TICKS 90000u

typedef struct video_encoder video_encoder;

typedef struct video_encoder_options {
    svms_picture_layout layout;
    uint32_t width; /* even */
    uint32_t height;
    uint32_t rate_num; /* pictures in rate_den seconds */
    uint32_t rate_den;
    uint32_t gop;      /* pictures from one IDR to the next, 1 to 3600 */
    uint32_t bit_rate; /* bits in a second, 32,000 to 100,000,000: kept within a second */
    /* What it may be changed to; the level is chosen for it. 0: bit_rate. */
    uint32_t bit_rate_max;
    svms_nal_framing
        framing;        /* SVMS_NAL_LENGTH4, as tracks and RTP take them, or SVMS_NAL_ANNEX_B */
    const char *preset; /* x264's; NULL: "veryfast" */
    uint32_t threads;   /* each makes slices of its own; 0: 1 */
} video_encoder_options;

/* No picture waits in it and none refers to a later one. SVMS_E_UNSUPPORTED: FFmpeg was built
 * without x264. */
svms_status video_encoder_open(video_encoder **out, const video_encoder_options *options,
                               svms_error *err);
/* What its samples are: avcC, 90 kHz; borrowed from the encoder. */
const svms_track *video_encoder_track(const video_encoder *encoder);
/* One picture in, one sample out: its bytes belong to the encoder, until the next call. pts: ticks,
 * after the one before. An IDR picture begins a GOP: when the last one is full, or when it is
 * wanted now. It has the parameter sets before it. */
svms_status video_encoder_encode(video_encoder *encoder, const svms_picture *picture, int64_t pts,
                                 bool is_idr_wanted, svms_sample *out, svms_error *err);
/* While it runs, from the next picture on. What else is changed takes a new encoder, and a new
 * track. */
svms_status video_encoder_change(video_encoder *encoder, uint32_t gop, uint32_t bit_rate,
                                 svms_error *err);
/* NULL and pointer to NULL are accepted. */
void video_encoder_close(video_encoder **encoder);

typedef struct sound_encoder sound_encoder;

/* AAC-LC, mono. sample_rate: one that AAC has, 8000 to 96000; bit_rate: 8,000 to 256,000. */
svms_status sound_encoder_open(sound_encoder **out, uint32_t sample_rate, uint32_t bit_rate,
                               svms_error *err);
/* AudioSpecificConfig, a tick for each sample; borrowed from the encoder. */
const svms_track *sound_encoder_track(const sound_encoder *encoder);
/* Sound that follows what was fed before; pts: of its first sample, counted in samples. Where that
 * does not go on from what was fed before, by more than a tenth of a second, what is missing
 * becomes silence (up to ten seconds), and what is too much is left out. */
svms_status sound_encoder_feed(sound_encoder *encoder, const int16_t *sound, size_t count,
                               int64_t pts, svms_error *err);
/* SVMS_AGAIN: nothing without more sound. Its bytes belong to the encoder, until the next call. The
 * first sample precedes the sound: it primes the decoder. */
svms_status sound_encoder_take(sound_encoder *encoder, svms_sample *out, svms_error *err);
/* NULL and pointer to NULL are accepted. */
void sound_encoder_close(sound_encoder **encoder);

#endif
