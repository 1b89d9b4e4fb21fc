/* SPDX-License-Identifier: Apache-2.0 */
#include "ffmpeg_codec.h"

#include <stdarg.h>
#include <stdio.h>

#include <libavutil/error.h>
#include <libavutil/log.h>
#include <svms/media.h>

#include "message.h"

static const struct {
    uint32_t fourcc;
    enum AVCodecID codec;
} codecs[] = {
    { SVMS_CODEC_H264, AV_CODEC_ID_H264 },
    { SVMS_CODEC_H265, AV_CODEC_ID_HEVC },
    { SVMS_CODEC_MJPEG, AV_CODEC_ID_MJPEG },
    { SVMS_FOURCC('m', 'p', '4', 'v'), AV_CODEC_ID_MPEG4 },
    { SVMS_FOURCC('m', 'p', '1', 'v'), AV_CODEC_ID_MPEG1VIDEO },
    { SVMS_FOURCC('m', 'p', '2', 'v'), AV_CODEC_ID_MPEG2VIDEO },
    { SVMS_FOURCC('s', '2', '6', '3'), AV_CODEC_ID_H263 },
    { SVMS_FOURCC('v', 'p', '0', '8'), AV_CODEC_ID_VP8 },
    { SVMS_FOURCC('v', 'p', '0', '9'), AV_CODEC_ID_VP9 },
    { SVMS_FOURCC('a', 'v', '0', '1'), AV_CODEC_ID_AV1 },
    { SVMS_CODEC_AAC, AV_CODEC_ID_AAC },
    { SVMS_CODEC_OPUS, AV_CODEC_ID_OPUS },
    { SVMS_CODEC_PCMU, AV_CODEC_ID_PCM_MULAW },
    { SVMS_CODEC_PCMA, AV_CODEC_ID_PCM_ALAW },
    { SVMS_FOURCC('s', 'o', 'w', 't'), AV_CODEC_ID_PCM_S16LE },
    { SVMS_FOURCC('t', 'w', 'o', 's'), AV_CODEC_ID_PCM_S16BE },
    { SVMS_FOURCC('.', 'm', 'p', '2'), AV_CODEC_ID_MP2 },
    { SVMS_FOURCC('.', 'm', 'p', '3'), AV_CODEC_ID_MP3 },
    { SVMS_FOURCC('a', 'c', '-', '3'), AV_CODEC_ID_AC3 },
    { SVMS_FOURCC('e', 'c', '-', '3'), AV_CODEC_ID_EAC3 },
    { SVMS_FOURCC('f', 'L', 'a', 'C'), AV_CODEC_ID_FLAC },
    { SVMS_FOURCC('v', 'o', 'r', 'b'), AV_CODEC_ID_VORBIS },
    { SVMS_FOURCC('t', 'x', '3', 'g'), AV_CODEC_ID_MOV_TEXT },
    { SVMS_FOURCC('s', 'r', 't', ' '), AV_CODEC_ID_SUBRIP },
    { SVMS_FOURCC('w', 'v', 't', 't'), AV_CODEC_ID_WEBVTT },
    { SVMS_FOURCC('a', 's', 's', ' '), AV_CODEC_ID_ASS },
};

#define CODEC_COUNT (sizeof codecs / sizeof codecs[0])

enum AVCodecID codec_of_fourcc(uint32_t fourcc)
{
    for (size_t i = 0; i < CODEC_COUNT; i++) {
        if (codecs[i].fourcc == fourcc) {
            return codecs[i].codec;
        }
    }
    return AV_CODEC_ID_NONE;
}

uint32_t fourcc_of_parameters(const AVCodecParameters *parameters)
{
    for (size_t i = 0; i < CODEC_COUNT; i++) {
        if (codecs[i].codec == parameters->codec_id) {
            return codecs[i].fourcc;
        }
    }
    /* The number lets somebody who knows this version of FFmpeg find out what it was. */
    unsigned id = (unsigned)parameters->codec_id;
    return SVMS_FOURCC('f', id >> 16, id >> 8, id);
}

bool is_text_as_video(enum AVCodecID codec)
{
    return codec == AV_CODEC_ID_ANSI || codec == AV_CODEC_ID_BINTEXT || codec == AV_CODEC_ID_XBIN ||
           codec == AV_CODEC_ID_IDF;
}

static void log_message(void *context, int level, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static void log_message(void *context, int level, const char *format, va_list args)
{
    (void)context;
    if (level > AV_LOG_ERROR) {
        return;
    }
    char line[512];
    int size = vsnprintf(line, sizeof line, format, args);
    while (size > 0 && size < (int)sizeof line && line[size - 1] == '\n') {
        line[--size] = '\0';
    }
    if (size > 0) {
        complain("FFmpeg: %s", line);
    }
}

void ffmpeg_log_to_messages(void)
{
    av_log_set_callback(log_message);
}

static exit_status status_of_ffmpeg(int error)
{
    switch (error) {
    case AVERROR_INVALIDDATA:
    case AVERROR_EOF:
    case AVERROR_STREAM_NOT_FOUND:
    case AVERROR_PATCHWELCOME:
    case AVERROR(EINVAL):
        return EXIT_MALFORMED;
    default:
        return EXIT_ENVIRONMENT;
    }
}

exit_status complain_ffmpeg(int error, const char *format, ...)
{
    char what[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    char reason[AV_ERROR_MAX_STRING_SIZE] = "unknown error";
    av_strerror(error, reason, sizeof reason);
    complain("%s: %s", what, reason);
    return status_of_ffmpeg(error);
}
