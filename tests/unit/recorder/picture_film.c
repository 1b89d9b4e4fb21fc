/* SPDX-License-Identifier: Apache-2.0 */
#include "picture_film.h"

AVFrame *picture_paint(int width, int height, int left, int right, enum AVPixelFormat format)
{
    AVFrame *frame = av_frame_alloc();
    assert_non_null(frame);
    frame->width = width;
    frame->height = height;
    frame->format = format;
    assert_int_equal(av_frame_get_buffer(frame, 0), 0);
    for (int row = 0; row < height; row++) {
        uint8_t *line = frame->data[0] + row * frame->linesize[0];
        memset(line, left, (size_t)width / 2);
        memset(line + width / 2, right, (size_t)(width - width / 2));
    }
    for (int plane = 1; plane < 3; plane++) {
        for (int row = 0; row < (height + 1) / 2; row++) {
            memset(frame->data[plane] + row * frame->linesize[plane], 128, (size_t)(width + 1) / 2);
        }
    }
    frame->pts = 0;
    return frame;
}

AVPacket *picture_encode(AVCodecContext **codec, const AVCodec *kind, AVFrame *frame)
{
    AVPacket *packet = av_packet_alloc();
    *codec = avcodec_alloc_context3(kind);
    assert_non_null(packet);
    assert_non_null(*codec);
    (*codec)->width = frame->width;
    (*codec)->height = frame->height;
    (*codec)->pix_fmt = (enum AVPixelFormat)frame->format;
    (*codec)->time_base = (AVRational){ 1, 25 };
    (*codec)->thread_count = 1;
    (*codec)->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    assert_int_equal(avcodec_open2(*codec, kind, NULL), 0);
    assert_int_equal(avcodec_send_frame(*codec, frame), 0);
    assert_int_equal(avcodec_send_frame(*codec, NULL), 0);
    assert_int_equal(avcodec_receive_packet(*codec, packet), 0);
    return packet;
}

made_picture picture_jpeg(int width, int height, int left, int right)
{
    made_picture made = { NULL, 0, { 0 }, 0 };
    AVCodecContext *codec = NULL;
    AVFrame *frame = picture_paint(width, height, left, right, AV_PIX_FMT_YUVJ420P);
    AVPacket *packet = picture_encode(&codec, avcodec_find_encoder(AV_CODEC_ID_MJPEG), frame);
    made.size = (size_t)packet->size;
    made.data = malloc(made.size);
    assert_non_null(made.data);
    memcpy(made.data, packet->data, made.size);
    av_packet_free(&packet);
    av_frame_free(&frame);
    avcodec_free_context(&codec);
    return made;
}

svms_sample picture_sample(const made_picture *picture)
{
    svms_sample sample = SVMS_SAMPLE_INIT;
    sample.flags = SVMS_SAMPLE_SYNC;
    sample.data = picture->data;
    sample.size = picture->size;
    sample.utc_ns = PICTURE_FILM_START;
    return sample;
}

void picture_film_take(film *f, unsigned from_s, unsigned to_s)
{
    svms_error err = SVMS_ERROR_INIT;
    for (unsigned second = from_s; second < to_s; second++) {
        made_picture picture = picture_jpeg(64, 48, (int)(20 * second), (int)(20 * second));
        for (unsigned i = 0; i < FILM_GROUP; i++) {
            unsigned number = second * FILM_GROUP + i;
            svms_sample sample = picture_sample(&picture);
            sample.flags = i == 0 ? SVMS_SAMPLE_SYNC : 0;
            sample.dts = sample.pts = (int64_t)number * 9000;
            sample.duration = 9000;
            sample.utc_ns = film_utc(f, number);
            if (svms_recording_append(f->recording, &sample, &err) != SVMS_OK) {
                fail_msg("%s", err.message);
            }
            film_part *part = &f->written[f->count - 1];
            part->first_utc_ns =
                part->first_utc_ns == SVMS_NO_TIME ? sample.utc_ns : part->first_utc_ns;
            part->last_utc_ns = sample.utc_ns + FILM_PICTURE;
        }
        free(picture.data);
    }
}

void picture_film_begin(film *f, int64_t start_utc_ns)
{
    f->tracks[0].codec = SVMS_CODEC_MJPEG;
    f->tracks[0].config = NULL;
    f->tracks[0].config_size = 0;
    f->without_sound = true;
    film_begin(f, FILM_CAMERA, start_utc_ns, 60);
}
