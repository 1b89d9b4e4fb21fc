/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_snapshot.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libswscale/swscale.h>

#include "camera_failure.h"
#include "lens.h"
#include "lens_internal.h"

#define KEPT_FOR (LENS_SECOND / 2)
#define QUALITY 4

struct camera_snapshot {
    pthread_mutex_t lock;
    svms_picture picture; /* plane 0 owns it */
    bool has_picture;
    uint64_t at;
    uint8_t *jpeg; /* of the picture, or NULL */
    size_t jpeg_size;
};

camera_snapshot *camera_snapshot_new(void)
{
    camera_snapshot *self = calloc(1, sizeof *self);
    if (self) {
        pthread_mutex_init(&self->lock, NULL);
    }
    return self;
}

static void drop_jpeg(camera_snapshot *self)
{
    free(self->jpeg);
    self->jpeg = NULL;
    self->jpeg_size = 0;
}

static bool make_room(camera_snapshot *self, const svms_picture *picture)
{
    if (self->picture.planes[0] && self->picture.width == picture->width &&
        self->picture.height == picture->height) {
        return true;
    }
    free(self->picture.planes[0]);
    memset(&self->picture, 0, sizeof self->picture);
    return lens_picture_new(&self->picture, picture->width, picture->height);
}

static void copy_picture(const svms_picture *to, const svms_picture *from)
{
    for (uint32_t plane = 0; plane < 3; plane++) {
        size_t width = plane == 0 ? from->width : from->width / 2;
        size_t height = plane == 0 ? from->height : from->height / 2;
        for (size_t row = 0; row < height; row++) {
            memcpy(to->planes[plane] + row * to->strides[plane],
                   from->planes[plane] + row * from->strides[plane], width);
        }
    }
}

void camera_snapshot_keep(camera_snapshot *self, const svms_picture *picture, uint64_t now)
{
    pthread_mutex_lock(&self->lock);
    if (!self->has_picture || now - self->at >= KEPT_FOR) {
        drop_jpeg(self);
        self->has_picture = make_room(self, picture);
        self->at = now;
        if (self->has_picture) {
            copy_picture(&self->picture, picture);
        }
    }
    pthread_mutex_unlock(&self->lock);
}

void camera_snapshot_forget(camera_snapshot *self)
{
    pthread_mutex_lock(&self->lock);
    self->has_picture = false;
    drop_jpeg(self);
    pthread_mutex_unlock(&self->lock);
}

/* JPEG has the whole range of luma, video does not. */
static bool widen(AVFrame *frame, const svms_picture *picture)
{
    const uint8_t *planes[4] = { picture->planes[0], picture->planes[1], picture->planes[2], NULL };
    const int strides[4] = { (int)picture->strides[0], (int)picture->strides[1],
                             (int)picture->strides[2], 0 };
    struct SwsContext *scaler = sws_getContext(
        (int)picture->width, (int)picture->height, AV_PIX_FMT_YUV420P, (int)picture->width,
        (int)picture->height, AV_PIX_FMT_YUVJ420P, SWS_POINT, NULL, NULL, NULL);
    bool good = scaler && sws_scale(scaler, planes, strides, 0, (int)picture->height, frame->data,
                                    frame->linesize) == (int)picture->height;
    sws_freeContext(scaler);
    return good;
}

static int encode(AVCodecContext *codec, AVFrame *frame, AVPacket *packet,
                  const svms_picture *picture)
{
    codec->width = (int)picture->width;
    codec->height = (int)picture->height;
    codec->pix_fmt = AV_PIX_FMT_YUVJ420P;
    codec->time_base = (AVRational){ 1, 1 };
    codec->flags |= AV_CODEC_FLAG_QSCALE;
    codec->global_quality = FF_QP2LAMBDA * QUALITY;
    frame->width = codec->width;
    frame->height = codec->height;
    frame->format = AV_PIX_FMT_YUVJ420P;
    frame->quality = codec->global_quality;
    int result = avcodec_open2(codec, NULL, NULL);
    if (result >= 0) {
        result = av_frame_get_buffer(frame, 0);
    }
    if (result >= 0 && !widen(frame, picture)) {
        result = AVERROR(ENOMEM);
    }
    if (result >= 0) {
        result = avcodec_send_frame(codec, frame);
    }
    return result >= 0 ? avcodec_receive_packet(codec, packet) : result;
}

static svms_status make_jpeg(camera_snapshot *self, svms_error *err)
{
    const AVCodec *kind = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
    if (!kind) {
        return camera_fail(err, SVMS_E_UNSUPPORTED, 0, "FFmpeg was built without JPEG");
    }
    AVCodecContext *codec = avcodec_alloc_context3(kind);
    AVFrame *frame = av_frame_alloc();
    AVPacket *packet = av_packet_alloc();
    int result = AVERROR(ENOMEM);
    if (codec && frame && packet) {
        result = encode(codec, frame, packet, &self->picture);
    }
    if (result >= 0) {
        self->jpeg = malloc((size_t)packet->size);
        result = self->jpeg ? 0 : AVERROR(ENOMEM);
    }
    if (result >= 0) {
        memcpy(self->jpeg, packet->data, (size_t)packet->size);
        self->jpeg_size = (size_t)packet->size;
    }
    av_packet_free(&packet);
    av_frame_free(&frame);
    avcodec_free_context(&codec);
    return result >= 0 ? SVMS_OK : camera_fail_ffmpeg(err, result, "no JPEG could be made");
}

svms_status camera_snapshot_take(camera_snapshot *self, uint8_t **out, size_t *size,
                                 svms_error *err)
{
    pthread_mutex_lock(&self->lock);
    svms_status status = SVMS_OK;
    if (!self->has_picture) {
        status = SVMS_AGAIN;
    } else if (!self->jpeg) {
        status = make_jpeg(self, err);
    }
    if (status == SVMS_OK) {
        uint8_t *copy = malloc(self->jpeg_size);
        if (copy && self->jpeg) {
            memcpy(copy, self->jpeg, self->jpeg_size);
            *out = copy;
            *size = self->jpeg_size;
        } else {
            free(copy);
            status = camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for a JPEG");
        }
    }
    pthread_mutex_unlock(&self->lock);
    return status;
}

void camera_snapshot_free(camera_snapshot **self)
{
    if (self && *self) {
        pthread_mutex_destroy(&(*self)->lock);
        free((*self)->picture.planes[0]);
        free((*self)->jpeg);
        free(*self);
        *self = NULL;
    }
}
