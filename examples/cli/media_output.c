/* SPDX-License-Identifier: Apache-2.0 */
#include "media_output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "ffmpeg_codec.h"
#include "file.h"
#include "media_names.h"
#include "media_time.h"
#include "message.h"

#define IO_BUFFER_SIZE 262144
#define NO_HANDLE (-1)

typedef struct output_track {
    AVStream *stream; /* NULL: left out */
    AVRational time_base;
    int64_t base; /* subtracted from time stamps */
    int64_t last_dts;
    bool started;
    int64_t origin_utc_ns; /* when the track has started */
} output_track;

struct media_output {
    const media_target *target;
    AVFormatContext *format;
    AVPacket *packet;
    output_track tracks[SVMS_MAX_TRACKS];
    char *temporary;
    int handle;
    uint64_t moved; /* samples whose time stamps had to be moved to stay in order */
};

static const AVOutputFormat *format_of(const char *path)
{
    static const struct {
        const char *suffix;
        const char *format;
    } formats[] = { { ".mp4", "mp4" }, { ".mkv", "matroska" } };
    size_t size = strlen(path);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        size_t suffix = strlen(formats[i].suffix);
        if (size > suffix && strcasecmp(path + size - suffix, formats[i].suffix) == 0) {
            return av_guess_format(formats[i].format, NULL, NULL);
        }
    }
    return NULL;
}

static bool is_carried(const AVOutputFormat *format, uint32_t fourcc)
{
    enum AVCodecID codec = codec_of_fourcc(fourcc);
    /* MP4 wants to know more of VP9 than a recording tells. */
    if (codec == AV_CODEC_ID_VP9 && strcmp(format->name, "mp4") == 0) {
        return false;
    }
    return codec != AV_CODEC_ID_NONE &&
           avformat_query_codec(format, codec, FF_COMPLIANCE_EXPERIMENTAL) == 1;
}

bool media_output_takes(const char *path, uint32_t codec)
{
    const AVOutputFormat *format = format_of(path);
    return format && is_carried(format, codec);
}

bool media_tracks_agree(const svms_track *a, const svms_track *b)
{
    return a->codec == b->codec && a->kind == b->kind && a->timebase_num == b->timebase_num &&
           a->timebase_den == b->timebase_den && a->config_size == b->config_size &&
           (a->config_size == 0 || memcmp(a->config, b->config, a->config_size) == 0);
}

static bool is_chosen(const media_target *target, uint32_t track)
{
    return (target->track_mask & (UINT32_C(1) << track)) != 0;
}

exit_status media_output_check(const media_target *target)
{
    const AVOutputFormat *format = format_of(target->path);
    if (!format) {
        complain("the name of the output must end with .mp4 or .mkv: %s", target->path);
        return EXIT_USAGE;
    }
    for (uint32_t i = 0; i < target->track_count; i++) {
        const svms_track *track = &target->tracks[i];
        if (!is_chosen(target, i) || is_carried(format, track->codec)) {
            continue;
        }
        if (track->kind == SVMS_TRACK_METADATA) {
            complain("track %" PRIu32 " (%s) is left out: %s does not carry it", i,
                     name_of_codec(track->codec).text, format->long_name);
            continue;
        }
        bool known = codec_of_fourcc(track->codec) != AV_CODEC_ID_NONE;
        complain("track %" PRIu32 " (%s) cannot be extracted: %s", i,
                 name_of_codec(track->codec).text,
                 known ? "this type of file does not carry it; the other one may"
                       : "svms does not know its codec");
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

bool media_output_carries(const char *path, const svms_track *tracks, uint32_t count, uint32_t mask)
{
    const AVOutputFormat *format = format_of(path);
    bool all = format != NULL;
    for (uint32_t i = 0; i < count && all; i++) {
        bool chosen = (mask & (UINT32_C(1) << i)) != 0 && tracks[i].kind != SVMS_TRACK_METADATA;
        all = !chosen || is_carried(format, tracks[i].codec);
    }
    return all;
}

static int write_bytes(void *user, uint8_t *bytes, int size)
{
    const media_output *output = user;
    int done = 0;
    while (done < size) {
        ssize_t count = write(output->handle, bytes + done, (size_t)(size - done));
        if (count < 0 && errno != EINTR) {
            return AVERROR(errno);
        }
        done += count > 0 ? (int)count : 0;
    }
    return size;
}

static int64_t seek_bytes(void *user, int64_t offset, int whence)
{
    const media_output *output = user;
    if (whence == AVSEEK_SIZE) {
        return AVERROR(ENOSYS);
    }
    off_t place = lseek(output->handle, (off_t)offset, whence & ~AVSEEK_FORCE);
    return place < 0 ? AVERROR(errno) : (int64_t)place;
}

static int describe_track(AVCodecParameters *parameters, const svms_track *track)
{
    static const enum AVMediaType types[] = {
        [SVMS_TRACK_VIDEO] = AVMEDIA_TYPE_VIDEO,
        [SVMS_TRACK_AUDIO] = AVMEDIA_TYPE_AUDIO,
        [SVMS_TRACK_METADATA] = AVMEDIA_TYPE_SUBTITLE,
    };
    parameters->codec_type = types[track->kind];
    parameters->codec_id = codec_of_fourcc(track->codec);
    parameters->width = (int)track->width;
    parameters->height = (int)track->height;
    parameters->sample_rate = (int)track->sample_rate;
    if (track->channels > 0 && track->channels <= 255) {
        av_channel_layout_default(&parameters->ch_layout, (int)track->channels);
    }
    if (track->codec == SVMS_CODEC_H265) {
        parameters->codec_tag = MKTAG('h', 'v', 'c', '1');
    }
    if (track->config_size == 0) {
        return 0;
    }
    parameters->extradata = av_mallocz(track->config_size + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!parameters->extradata) {
        return AVERROR(ENOMEM);
    }
    memcpy(parameters->extradata, track->config, track->config_size);
    parameters->extradata_size = (int)track->config_size;
    return 0;
}

static int add_tracks(media_output *output)
{
    const media_target *target = output->target;
    for (uint32_t i = 0; i < target->track_count; i++) {
        const svms_track *track = &target->tracks[i];
        output_track *own = &output->tracks[i];
        /* Only numbers that no clock needs are shortened by this. The first sample may be one of a
         * track that is left out. */
        av_reduce(&own->time_base.num, &own->time_base.den, track->timebase_num,
                  track->timebase_den, INT32_MAX);
        if (!is_chosen(target, i) || !is_carried(output->format->oformat, track->codec)) {
            continue;
        }
        own->stream = avformat_new_stream(output->format, NULL);
        if (!own->stream) {
            return AVERROR(ENOMEM);
        }
        own->stream->time_base = own->time_base;
        if (track->kind == SVMS_TRACK_VIDEO && track->default_duration > 0) {
            av_reduce(&own->stream->avg_frame_rate.num, &own->stream->avg_frame_rate.den,
                      track->timebase_den, (int64_t)track->timebase_num * track->default_duration,
                      INT32_MAX);
        }
        int result = describe_track(own->stream->codecpar, track);
        if (result < 0) {
            return result;
        }
    }
    return 0;
}

/* MP4 would make small time scales larger; when all video tracks agree, theirs is kept. */
static int keep_time_scale(const media_output *output, AVDictionary **options)
{
    int scale = 0;
    for (uint32_t i = 0; i < output->target->track_count; i++) {
        if (output->target->tracks[i].kind != SVMS_TRACK_VIDEO || !output->tracks[i].stream) {
            continue;
        }
        int own = output->tracks[i].time_base.den;
        if (scale != 0 && scale != own) {
            return 0;
        }
        scale = own;
    }
    return scale > 0 ? av_dict_set_int(options, "video_track_timescale", scale, 0) : 0;
}

static int begin_file(media_output *output, const svms_sample *first)
{
    char created[SVMS_TIME_TEXT_SIZE];
    AVDictionary *options = NULL;
    uint8_t *buffer = av_malloc(IO_BUFFER_SIZE);
    AVIOContext *io = buffer ? avio_alloc_context(buffer, IO_BUFFER_SIZE, 1, output, NULL,
                                                  write_bytes, seek_bytes)
                             : NULL;
    if (!io) {
        av_free(buffer);
        return AVERROR(ENOMEM);
    }
    output->format->pb = io;
    output->format->flags |= AVFMT_FLAG_CUSTOM_IO;
    output->format->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
    svms_time_format(first->utc_ns, created);
    int result = add_tracks(output);
    if (result >= 0 && first->utc_ns != SVMS_NO_TIME) {
        result = av_dict_set(&output->format->metadata, "creation_time", created, 0);
    }
    if (result >= 0 && strcmp(output->format->oformat->name, "mp4") == 0) {
        result = keep_time_scale(output, &options);
    }
    if (result >= 0) {
        result = avformat_write_header(output->format, &options);
    }
    av_dict_free(&options);
    return result;
}

static void set_bases(media_output *output, const svms_sample *first)
{
    AVRational first_base = output->tracks[first->track].time_base;
    if (!output->target->from_zero) {
        return;
    }
    for (uint32_t i = 0; i < output->target->track_count; i++) {
        if (output->tracks[i].stream) {
            output->tracks[i].base =
                av_rescale_q(first->pts, first_base, output->tracks[i].time_base);
        }
    }
}

exit_status media_output_open(media_output **out, const media_target *target,
                              const svms_sample *first)
{
    ffmpeg_log_to_messages();
    media_output *output = calloc(1, sizeof *output);
    if (!output) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    output->target = target;
    output->handle = NO_HANDLE;
    exit_status status = file_create_beside(target->path, &output->handle, &output->temporary);
    if (status != EXIT_GOOD) {
        goto fail;
    }
    output->packet = av_packet_alloc();
    int result =
        output->packet
            ? avformat_alloc_output_context2(&output->format, format_of(target->path), NULL, NULL)
            : AVERROR(ENOMEM);
    if (result >= 0) {
        result = begin_file(output, first);
    }
    if (result < 0) {
        status = complain_ffmpeg(result, "cannot begin %s", target->path);
        goto fail;
    }
    set_bases(output, first);
    *out = output;
    return EXIT_GOOD;

fail:
    media_output_discard(&output);
    return status;
}

/* Time stamps so large that no muxer can be expected to calculate with them. */
static bool is_absurd(const output_track *own, const svms_sample *sample)
{
    const int64_t limit = INT64_MAX / 4;
    return sample->dts > limit || sample->dts < -limit || sample->pts > limit ||
           sample->pts < -limit || own->base > limit || own->base < -limit;
}

/* Muxers refuse decoding times that do not rise, or are after presentation; the same repair as
 * FFmpeg's own tools make. */
static void keep_rising(media_output *output, output_track *own, AVPacket *packet)
{
    bool may_repeat = (output->format->oformat->flags & AVFMT_TS_NONSTRICT) != 0;
    int64_t least = own->last_dts + (may_repeat ? 0 : 1);
    bool repeats = own->started && packet->dts < least;
    packet->dts = repeats ? least : packet->dts;
    bool is_late = packet->pts < packet->dts;
    packet->pts = is_late ? packet->dts : packet->pts;
    output->moved += repeats || is_late ? 1 : 0;
    own->started = true;
    own->last_dts = packet->dts;
}

static int64_t origin_of(const media_output *output, const svms_sample *sample)
{
    const svms_track *track = &output->target->tracks[sample->track];
    int64_t since = sample->pts - output->tracks[sample->track].base;
    return sample->utc_ns == SVMS_NO_TIME ? SVMS_NO_TIME
                                          : time_add(sample->utc_ns, -ticks_to_ns(track, since));
}

exit_status media_output_write(media_output *output, const svms_sample *sample)
{
    output_track *own = &output->tracks[sample->track];
    AVPacket *packet = output->packet;
    if (!own->stream) {
        return EXIT_GOOD;
    }
    if (!own->started && !is_absurd(own, sample)) {
        own->origin_utc_ns = origin_of(output, sample);
    }
    if (is_absurd(own, sample)) {
        complain("the time stamps of track %" PRIu32 " are beyond all measure", sample->track);
        return EXIT_EVIDENCE;
    }
    av_packet_unref(packet);
    /* A copy, because muxers may read a little beyond the end. */
    int result = av_new_packet(packet, (int)sample->size);
    if (result < 0) {
        return complain_ffmpeg(result, "cannot write %s", output->target->path);
    }
    if (sample->size > 0) {
        memcpy(packet->data, sample->data, sample->size);
    }
    packet->stream_index = own->stream->index;
    packet->dts = sample->dts - own->base;
    packet->pts = sample->pts - own->base;
    packet->duration = sample->duration;
    packet->flags |= (sample->flags & SVMS_SAMPLE_SYNC) ? AV_PKT_FLAG_KEY : 0;
    packet->flags |= (sample->flags & SVMS_SAMPLE_DISCARDABLE) ? AV_PKT_FLAG_DISCARD : 0;
    av_packet_rescale_ts(packet, own->time_base, own->stream->time_base);
    keep_rising(output, own, packet);
    /* Not interleaved anew: the order is that of the recording. */
    result = av_write_frame(output->format, packet);
    if (result < 0) {
        return complain_ffmpeg(result, "cannot write %s", output->target->path);
    }
    return EXIT_GOOD;
}

media_output_track media_output_describe(const media_output *output, uint32_t track)
{
    const output_track *own = &output->tracks[track];
    media_output_track found = { 0, SVMS_NO_TIME };
    if (own->stream && own->started) {
        found.number = (uint32_t)own->stream->index + 1;
        found.origin_utc_ns = own->origin_utc_ns;
    }
    return found;
}

static exit_status complete(media_output *output)
{
    const char *path = output->target->path;
    int result = av_write_trailer(output->format);
    if (result >= 0) {
        avio_flush(output->format->pb);
        result = output->format->pb->error;
    }
    if (result < 0) {
        return complain_ffmpeg(result, "cannot write %s", path);
    }
    if (fsync(output->handle) != 0) {
        return complain_system(errno, "cannot make %s durable", path);
    }
    exit_status status = file_publish(output->temporary, path, output->target->replace);
    if (status != EXIT_GOOD) {
        return status;
    }
    free(output->temporary);
    output->temporary = NULL;
    if (output->moved > 0) {
        complain("warning: %" PRIu64 " time stamps did not rise and were moved", output->moved);
    }
    return EXIT_GOOD;
}

exit_status media_output_finish(media_output **output)
{
    exit_status status = complete(*output);
    media_output_discard(output);
    return status;
}

void media_output_discard(media_output **output)
{
    media_output *own = *output;
    if (!own) {
        return;
    }
    if (own->format && own->format->pb) {
        av_freep(&own->format->pb->buffer);
        avio_context_free(&own->format->pb);
    }
    avformat_free_context(own->format);
    av_packet_free(&own->packet);
    if (own->handle != NO_HANDLE) {
        close(own->handle);
    }
    if (own->temporary) {
        unlink(own->temporary);
    }
    free(own->temporary);
    free(own);
    *output = NULL;
}
