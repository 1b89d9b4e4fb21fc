/* SPDX-License-Identifier: Apache-2.0 */
/* Loads a clip, its true pictures, and where its slices lie. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavformat/avformat.h>

#include "attack.h"

enum { SEI_BYTES = 1500 };

void *attack_alloc(size_t size)
{
    void *memory = calloc(1, size > 0 ? size : 1);
    if (!memory) {
        fputs("out of memory\n", stderr);
        exit(2);
    }
    return memory;
}

static uint32_t codec_of(enum AVCodecID id)
{
    switch (id) {
    case AV_CODEC_ID_H264:
        return SVMS_CODEC_H264;
    case AV_CODEC_ID_HEVC:
        return SVMS_CODEC_H265;
    case AV_CODEC_ID_MJPEG:
        return SVMS_CODEC_MJPEG;
    default:
        return 0;
    }
}

/* Puts a user data message in front, as cameras do that sign or annotate their video. */
static void take_sample(attack_sample *sample, const AVPacket *packet, bool sei_first)
{
    size_t extra = sei_first ? 4 + SEI_BYTES : 0;
    sample->size = (size_t)packet->size + extra;
    sample->data = attack_alloc(sample->size + AV_INPUT_BUFFER_PADDING_SIZE);
    sample->hidden = attack_alloc(sample->size);
    memcpy(sample->data + extra, packet->data, (size_t)packet->size);
    sample->pts = packet->pts;
    sample->sync = (packet->flags & AV_PKT_FLAG_KEY) != 0;
    if (!sei_first) {
        return;
    }
    size_t payload = SEI_BYTES - 1 - 1 - 6 - 1;
    uint8_t *at = sample->data;
    *at++ = 0;
    *at++ = 0;
    *at++ = SEI_BYTES >> 8;
    *at++ = SEI_BYTES & 0xFF;
    *at++ = 6;
    *at++ = 5;
    for (size_t left = payload; left >= 255; left -= 255) {
        *at++ = 255;
    }
    *at++ = (uint8_t)(payload % 255);
    memset(at, 0x55, payload);
    sample->data[extra - 1] = 0x80;
}

static bool read_samples(attack_clip *clip, AVFormatContext *format, int stream, size_t frames,
                         bool sei_first)
{
    AVPacket *packet = av_packet_alloc();
    clip->samples = attack_alloc(frames * sizeof *clip->samples);
    while (packet && clip->count < frames && av_read_frame(format, packet) >= 0) {
        if (packet->stream_index == stream) {
            take_sample(&clip->samples[clip->count++], packet, sei_first);
        }
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
    return clip->count > 0;
}

static attack_sample *sample_at(attack_clip *clip, int64_t pts)
{
    for (size_t i = 0; i < clip->count; i++) {
        if (clip->samples[i].pts == pts) {
            return &clip->samples[i];
        }
    }
    return NULL;
}

static void keep_truth(attack_clip *clip, const AVFrame *frame)
{
    attack_sample *sample = sample_at(clip, frame->pts);
    if (!sample || sample->luma) {
        return;
    }
    size_t width = (size_t)clip->width;
    sample->luma = attack_alloc(width * (size_t)clip->height);
    for (int y = 0; y < clip->height; y++) {
        memcpy(sample->luma + (size_t)y * width, frame->data[0] + (ptrdiff_t)y * frame->linesize[0],
               width);
    }
    sample->gray_ssim = attack_gray_ssim(clip, sample->luma);
}

static bool decode_truth(attack_clip *clip)
{
    AVCodecContext *decoder =
        avcodec_alloc_context3(avcodec_find_decoder(clip->parameters->codec_id));
    AVFrame *frame = av_frame_alloc();
    AVPacket *packet = av_packet_alloc();
    bool ready = decoder && frame && packet &&
                 avcodec_parameters_to_context(decoder, clip->parameters) >= 0 &&
                 avcodec_open2(decoder, NULL, NULL) >= 0;
    for (size_t i = 0; ready && i <= clip->count; i++) {
        if (i < clip->count) {
            packet->data = clip->samples[i].data;
            packet->size = (int)clip->samples[i].size;
            packet->pts = clip->samples[i].pts;
        }
        ready = avcodec_send_packet(decoder, i < clip->count ? packet : NULL) >= 0;
        while (ready && avcodec_receive_frame(decoder, frame) >= 0) {
            keep_truth(clip, frame);
        }
    }
    if (packet) {
        packet->data = NULL;
    }
    av_packet_free(&packet);
    av_frame_free(&frame);
    avcodec_free_context(&decoder);
    return ready;
}

static void find_slices(const attack_clip *clip, attack_sets *sets, attack_sample *sample)
{
    uint32_t columns = (uint32_t)(clip->width + MACROBLOCK - 1) / MACROBLOCK;
    uint32_t rows = (uint32_t)(clip->height + MACROBLOCK - 1) / MACROBLOCK;
    uint32_t macroblocks = columns * rows;
    sample->slices = attack_alloc(macroblocks * sizeof *sample->slices);
    svms_nal_iterator it = SVMS_NAL_ITERATOR_INIT;
    svms_nal nal = SVMS_NAL_INIT;
    if (svms_nal_begin(&it, clip->codec, SVMS_NAL_LENGTH4, sample->data, sample->size) == SVMS_OK) {
        while (svms_nal_next(&it, &nal, NULL) == SVMS_OK && sample->slice_count < macroblocks) {
            uint32_t start = 0;
            size_t bits = 0;
            if (!attack_next_slice(sets, &nal, &start, &bits)) {
                continue;
            }
            if (sample->slice_count > 0) {
                sample->slices[sample->slice_count - 1].last = start;
            }
            sample->slices[sample->slice_count++].first = start;
        }
    }
    if (sample->slice_count == 0) {
        sample->slice_count = 1;
    }
    sample->slices[sample->slice_count - 1].last = macroblocks;
}

static bool find_all_slices(attack_clip *clip)
{
    attack_sets *sets = attack_sets_new(clip);
    for (size_t i = 0; sets && i < clip->count; i++) {
        find_slices(clip, sets, &clip->samples[i]);
    }
    bool known = sets != NULL;
    attack_sets_free(&sets);
    return known;
}

bool attack_clip_load(attack_clip *clip, const char *path, size_t frames, bool sei_first)
{
    AVFormatContext *format = NULL;
    memset(clip, 0, sizeof *clip);
    if (avformat_open_input(&format, path, NULL, NULL) < 0) {
        return false;
    }
    bool loaded = false;
    int stream = avformat_find_stream_info(format, NULL) < 0
                     ? -1
                     : av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    clip->parameters = avcodec_parameters_alloc();
    if (stream >= 0 && clip->parameters &&
        avcodec_parameters_copy(clip->parameters, format->streams[stream]->codecpar) >= 0) {
        clip->codec = codec_of(clip->parameters->codec_id);
        clip->width = clip->parameters->width;
        clip->height = clip->parameters->height;
        loaded = clip->codec != 0 && read_samples(clip, format, stream, frames, sei_first) &&
                 decode_truth(clip) && find_all_slices(clip);
    }
    avformat_close_input(&format);
    if (!loaded) {
        attack_clip_clear(clip);
    }
    return loaded;
}

void attack_clip_clear(attack_clip *clip)
{
    for (size_t i = 0; i < clip->count; i++) {
        free(clip->samples[i].data);
        free(clip->samples[i].hidden);
        free(clip->samples[i].luma);
        free(clip->samples[i].slices);
    }
    free(clip->samples);
    avcodec_parameters_free(&clip->parameters);
    memset(clip, 0, sizeof *clip);
}
