/* SPDX-License-Identifier: Apache-2.0 */
#include "presentation_feed.h"

#include <stdlib.h>

#include <libavcodec/packet.h>
#include <libavformat/avformat.h>

#include "ffmpeg_codec.h"
#include "file.h"
#include "interrupt.h"
#include "message.h"

#define READ_SIZE 65536

/* Nothing may be put together, taken apart or left out on the way: edit lists are for players. */
static int open_format(AVFormatContext **format, const char *url)
{
    AVDictionary *options = NULL;
    *format = avformat_alloc_context();
    if (!*format) {
        return AVERROR(ENOMEM);
    }
    (*format)->flags |= AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
    int result = av_dict_set(&options, "ignore_editlist", "1", 0);
    if (result >= 0) {
        result = av_dict_set(&options, "protocol_whitelist", "file", 0);
    }
    if (result >= 0) {
        result = avformat_open_input(format, url, av_find_input_format("mp4"), &options);
    } else {
        avformat_free_context(*format);
        *format = NULL;
    }
    av_dict_free(&options);
    return result;
}

static exit_status feed_packets(svms_proof *proof, AVFormatContext *format, AVPacket *packet,
                                int *result)
{
    svms_error err = SVMS_ERROR_INIT;
    for (unsigned i = 0; i < format->nb_streams; i++) {
        format->streams[i]->discard = AVDISCARD_NONE;
    }
    while ((*result = av_read_frame(format, packet)) >= 0) {
        uint32_t track = (uint32_t)format->streams[packet->stream_index]->id;
        svms_status status =
            svms_proof_feed(proof, track, packet->data, (size_t)packet->size, &err);
        av_packet_unref(packet);
        if (status != SVMS_OK) {
            return complain_error(&err, "cannot compare the samples");
        }
        if (interrupt_came()) {
            complain("interrupted");
            return EXIT_ENVIRONMENT;
        }
    }
    return EXIT_GOOD;
}

exit_status presentation_feed_mp4(svms_proof *proof, const char *path, bool *unreadable)
{
    AVFormatContext *format = NULL;
    exit_status status = EXIT_GOOD;
    ffmpeg_log_to_messages();
    char *url = path_with_suffix("file:", path);
    AVPacket *packet = av_packet_alloc();
    if (!url || !packet) {
        free(url);
        av_packet_free(&packet);
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    int result = open_format(&format, url);
    if (result >= 0) {
        status = feed_packets(proof, format, packet, &result);
    }
    if (status == EXIT_GOOD && result != AVERROR_EOF) {
        status = complain_ffmpeg(result, "%s cannot be read as an MP4 file", path);
        *unreadable = status == EXIT_MALFORMED;
        status = *unreadable ? EXIT_GOOD : status;
    }
    avformat_close_input(&format);
    av_packet_free(&packet);
    free(url);
    return status;
}

exit_status presentation_feed_whole(svms_proof *proof, svms_ctx *ctx, const char *path)
{
    static const uint32_t only_track = 0;
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    uint64_t at = 0;
    size_t got = 1;
    uint8_t *bytes = malloc(READ_SIZE);
    if (!bytes) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    svms_status status = svms_source_open_file(&source, ctx, path, &err);
    while (status == SVMS_OK && got > 0) {
        int os_error = 0;
        status = source.read_at(source.user, at, bytes, READ_SIZE, &got, &os_error);
        if (status != SVMS_OK) {
            svms_source_close(&source);
            free(bytes);
            return complain_system(os_error, "cannot read %s", path);
        }
        at += got;
        status = svms_proof_feed(proof, only_track, bytes, got, &err);
    }
    svms_source_close(&source);
    free(bytes);
    return status == SVMS_OK ? EXIT_GOOD : complain_error(&err, "cannot compare %s", path);
}
