/* SPDX-License-Identifier: Apache-2.0 */
/* The attacker's decoder: shows whatever it gets, and starts from pictures of one level, so that
 * nothing seen before can shine through. */
#include <stdlib.h>
#include <string.h>

#include <libavutil/imgutils.h>

#include "attack.h"

enum { GRAY = 128 };

struct attack_decoder {
    AVCodecContext *codec;
    AVFrame *frame;
    AVPacket *packet;
    uint8_t level;
};

static int get_level_buffer(AVCodecContext *codec, AVFrame *frame, int flags)
{
    const attack_decoder *decoder = codec->opaque;
    int result = avcodec_default_get_buffer2(codec, frame, flags);
    for (int i = 0; result >= 0 && i < AV_NUM_DATA_POINTERS; i++) {
        if (frame->buf[i]) {
            memset(frame->buf[i]->data, decoder->level, (size_t)frame->buf[i]->size);
        }
    }
    return result;
}

attack_decoder *attack_decoder_open(const attack_clip *clip, bool conceal, uint8_t level)
{
    attack_decoder *decoder = attack_alloc(sizeof *decoder);
    decoder->level = level;
    decoder->codec = avcodec_alloc_context3(avcodec_find_decoder(clip->parameters->codec_id));
    decoder->frame = av_frame_alloc();
    decoder->packet = av_packet_alloc();
    if (!decoder->codec || !decoder->frame || !decoder->packet ||
        avcodec_parameters_to_context(decoder->codec, clip->parameters) < 0) {
        goto fail;
    }
    AVCodecContext *codec = decoder->codec;
    codec->opaque = decoder;
    codec->get_buffer2 = get_level_buffer;
    codec->thread_count = 1;
    codec->flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT;
    codec->flags2 |= AV_CODEC_FLAG2_SHOW_ALL;
    codec->err_recognition = AV_EF_IGNORE_ERR;
    codec->error_concealment = conceal ? FF_EC_GUESS_MVS | FF_EC_DEBLOCK : 0;
    if (avcodec_open2(codec, NULL, NULL) >= 0) {
        return decoder;
    }
fail:
    attack_decoder_close(&decoder);
    return NULL;
}

void attack_decoder_close(attack_decoder **decoder)
{
    if (!*decoder) {
        return;
    }
    av_packet_free(&(*decoder)->packet);
    av_frame_free(&(*decoder)->frame);
    avcodec_free_context(&(*decoder)->codec);
    free(*decoder);
    *decoder = NULL;
}

const AVFrame *attack_decoder_run(attack_decoder *decoder, const uint8_t *data, size_t size)
{
    avcodec_flush_buffers(decoder->codec);
    av_frame_unref(decoder->frame);
    if (av_new_packet(decoder->packet, (int)size) < 0) {
        return NULL;
    }
    memcpy(decoder->packet->data, data, size);
    int sent = avcodec_send_packet(decoder->codec, decoder->packet);
    av_packet_unref(decoder->packet);
    if (sent < 0 || avcodec_send_packet(decoder->codec, NULL) < 0) {
        return NULL;
    }
    return avcodec_receive_frame(decoder->codec, decoder->frame) >= 0 ? decoder->frame : NULL;
}

static bool fits(const attack_clip *clip, const AVFrame *frame)
{
    return frame->data[0] && frame->width == clip->width && frame->height == clip->height &&
           frame->linesize[0] >= clip->width;
}

static void score_frames(attack_decoder *decoder, const attack_clip *clip, bool *scored,
                         attack_score *score)
{
    AVFrame *frame = decoder->frame;
    while (avcodec_receive_frame(decoder->codec, frame) >= 0) {
        for (size_t i = 0; i < clip->count; i++) {
            if (clip->samples[i].pts != frame->pts || scored[i] || !fits(clip, frame)) {
                continue;
            }
            attack_score_frame(score, clip, i, frame->data[0], (size_t)frame->linesize[0]);
            scored[i] = true;
        }
    }
}

bool attack_decode(const attack_clip *clip, const attack_packet *packets, bool conceal,
                   attack_score *score)
{
    attack_decoder *decoder = attack_decoder_open(clip, conceal, GRAY);
    if (!decoder) {
        return false;
    }
    bool *scored = attack_alloc(clip->count * sizeof *scored);
    for (size_t i = 0; i < clip->count; i++) {
        if (packets[i].size == 0 || av_new_packet(decoder->packet, (int)packets[i].size) < 0) {
            continue;
        }
        memcpy(decoder->packet->data, packets[i].data, packets[i].size);
        decoder->packet->pts = clip->samples[i].pts;
        (void)avcodec_send_packet(decoder->codec, decoder->packet);
        av_packet_unref(decoder->packet);
        score_frames(decoder, clip, scored, score);
    }
    (void)avcodec_send_packet(decoder->codec, NULL);
    score_frames(decoder, clip, scored, score);
    for (size_t i = 0; i < clip->count; i++) {
        if (!scored[i]) {
            attack_score_gray(score, clip, i);
        }
    }
    free(scored);
    attack_decoder_close(&decoder);
    return true;
}
