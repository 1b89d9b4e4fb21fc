/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings of pictures that can be decoded. */
#ifndef TEST_PICTURE_FILM_H
#define TEST_PICTURE_FILM_H

#include "film_stage.h"

#include <libavcodec/avcodec.h>

#define PICTURE_CONFIG_SIZE 1024
/* 2026-01-01T00:01:00Z */
#define PICTURE_FILM_START (INT64_C(1767225660) * FILM_SECOND)

/* A picture as it would be recorded; data are to be freed. */
typedef struct made_picture {
    uint8_t *data;
    size_t size;
    uint8_t config[PICTURE_CONFIG_SIZE];
    size_t config_size;
} made_picture;

/* Grey: so bright on the left, and so on the right. */
AVFrame *picture_paint(int width, int height, int left, int right, enum AVPixelFormat format);
AVPacket *picture_encode(AVCodecContext **codec, const AVCodec *kind, AVFrame *frame);
made_picture picture_jpeg(int width, int height, int left, int right);
/* It stands alone, and was taken at PICTURE_FILM_START. */
svms_sample picture_sample(const made_picture *picture);

/* A recording without sound. */
void picture_film_begin(film *f, int64_t start_utc_ns);
/* Ten pictures in a second, of which each tenth stands alone: second N is 20 * N bright. */
void picture_film_take(film *f, unsigned from_s, unsigned to_s);

#endif
