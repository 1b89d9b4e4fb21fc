/* SPDX-License-Identifier: Apache-2.0 */
#include "media_input.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>

#include "ffmpeg_codec.h"
#include "file.h"
#include "interrupt.h"
#include "message.h"
#include "nal_framing.h"

#define NO_TRACK UINT32_MAX
#define NS_PER_SECOND INT64_C(1000000000)
/* So many packets are looked at for the configuration of an AAC stream that has none in front. */
#define MAX_HELD_PACKETS 512

typedef struct input_track {
    AVStream *stream;
    AVBSFContext *filter; /* ADTS headers to a configuration; NULL where there are none */
    bool is_nal;
    svms_nal_framing framing;
    byte_buffer configuration;
    byte_buffer reframed;
    int64_t frame_ticks; /* usual duration, or 0 */
    int64_t next_dts;
    bool started;
    bool order_is_unknown; /* of presentation; said once */
    bool dropped;          /* something was left out before the next sample */
} input_track;

struct media_input {
    AVFormatContext *format;
    AVPacket *packet;
    uint32_t *track_of_stream;
    unsigned stream_count;
    input_track tracks[SVMS_MAX_TRACKS];
    media_description description;
    AVPacket *held[MAX_HELD_PACKETS]; /* read while configurations were looked for */
    size_t held_count;
    size_t held_next;
    uint64_t dropped_samples;
};

static int on_wait(void *user)
{
    (void)user;
    return interrupt_came();
}

const media_description *media_input_describe(const media_input *input)
{
    return &input->description;
}

static int64_t utc_now(void)
{
    struct timespec now = { 0, 0 };
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* FFmpeg takes a name with a colon for a protocol; an existing file is always a file. So is a file
 * that standard input was redirected from: then it can be read in any order. */
static char *url_of(const char *path, const struct stat *info)
{
    bool is_stdin = strcmp(path, "-") == 0;
    if (is_stdin && info && S_ISREG(info->st_mode) && lseek(STDIN_FILENO, 0, SEEK_CUR) == 0) {
        return path_with_suffix("file:/dev/stdin", "");
    }
    if (is_stdin) {
        return path_with_suffix("pipe:0", "");
    }
    return path_with_suffix(info ? "file:" : "", path);
}

static exit_status open_format(media_input *input, const char *path)
{
    struct stat info;
    bool is_stdin = strcmp(path, "-") == 0;
    bool known = is_stdin ? fstat(STDIN_FILENO, &info) == 0 : stat(path, &info) == 0;
    if (known && S_ISDIR(info.st_mode)) {
        complain("%s is a directory", path);
        return EXIT_ENVIRONMENT;
    }
    input->description.is_file = known && S_ISREG(info.st_mode);
    char *url = url_of(path, known ? &info : NULL);
    input->format = avformat_alloc_context();
    if (!url || !input->format) {
        free(url);
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    input->format->interrupt_callback = (AVIOInterruptCB){ on_wait, NULL };
    int result = avformat_open_input(&input->format, url, NULL, NULL);
    input->description.opened_utc_ns = utc_now();
    if (result >= 0) {
        result = avformat_find_stream_info(input->format, NULL);
    }
    free(url);
    if (result < 0) {
        return complain_ffmpeg(result, "cannot read video from %s",
                               is_stdin ? "standard input" : path);
    }
    return EXIT_GOOD;
}

static bool kind_of(const AVStream *stream, svms_track_kind *kind)
{
    const AVCodecParameters *parameters = stream->codecpar;
    if (is_text_as_video(parameters->codec_id)) {
        return false;
    }
    switch (parameters->codec_type) {
    case AVMEDIA_TYPE_VIDEO:
        *kind = SVMS_TRACK_VIDEO;
        return (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) == 0;
    case AVMEDIA_TYPE_AUDIO:
        *kind = SVMS_TRACK_AUDIO;
        return true;
    case AVMEDIA_TYPE_SUBTITLE:
        *kind = SVMS_TRACK_METADATA;
        return codec_of_fourcc(fourcc_of_parameters(parameters)) != AV_CODEC_ID_NONE;
    default:
        return false;
    }
}

static int64_t usual_duration(const AVStream *stream)
{
    const AVCodecParameters *parameters = stream->codecpar;
    if (parameters->codec_type == AVMEDIA_TYPE_AUDIO && parameters->frame_size > 0 &&
        parameters->sample_rate > 0) {
        return av_rescale_q(parameters->frame_size, (AVRational){ 1, parameters->sample_rate },
                            stream->time_base);
    }
    if (parameters->codec_type == AVMEDIA_TYPE_VIDEO && stream->avg_frame_rate.num > 0 &&
        stream->avg_frame_rate.den > 0) {
        return av_rescale_q(1, av_inv_q(stream->avg_frame_rate), stream->time_base);
    }
    return 0;
}

static int begin_filter(input_track *input, const char *name)
{
    const AVBitStreamFilter *kind = av_bsf_get_by_name(name);
    if (!kind) {
        return AVERROR_BSF_NOT_FOUND;
    }
    int result = av_bsf_alloc(kind, &input->filter);
    if (result < 0) {
        return result;
    }
    input->filter->time_base_in = input->stream->time_base;
    result = avcodec_parameters_copy(input->filter->par_in, input->stream->codecpar);
    return result < 0 ? result : av_bsf_init(input->filter);
}

static exit_status configure(input_track *input, svms_track *track)
{
    const AVCodecParameters *parameters = input->stream->codecpar;
    if (track->codec == SVMS_CODEC_H264 || track->codec == SVMS_CODEC_H265) {
        input->is_nal = true;
        exit_status status =
            nal_configure(parameters, track->codec, &input->framing, &input->configuration);
        track->config = input->configuration.bytes;
        track->config_size = (uint32_t)input->configuration.size;
        return status;
    }
    if (parameters->extradata_size > 0) {
        track->config = parameters->extradata;
        track->config_size = (uint32_t)parameters->extradata_size;
    } else if (parameters->codec_id == AV_CODEC_ID_AAC) {
        int result = begin_filter(input, "aac_adtstoasc");
        if (result < 0) {
            return complain_ffmpeg(result, "cannot read ADTS audio");
        }
    }
    return EXIT_GOOD;
}

static exit_status add_track(media_input *input, AVStream *stream, svms_track_kind kind)
{
    media_description *description = &input->description;
    if (description->track_count == SVMS_MAX_TRACKS) {
        complain("the input has more than %d tracks", SVMS_MAX_TRACKS);
        return EXIT_MALFORMED;
    }
    uint32_t number = description->track_count++;
    input_track *own = &input->tracks[number];
    own->stream = stream;
    own->frame_ticks = usual_duration(stream);
    svms_track track = SVMS_TRACK_INIT;
    track.kind = kind;
    track.codec = fourcc_of_parameters(stream->codecpar);
    track.timebase_num = (uint32_t)stream->time_base.num;
    track.timebase_den = (uint32_t)stream->time_base.den;
    if (own->frame_ticks > 0 && own->frame_ticks <= UINT32_MAX) {
        track.default_duration = (uint32_t)own->frame_ticks;
    }
    if (kind == SVMS_TRACK_VIDEO) {
        track.width = (uint32_t)stream->codecpar->width;
        track.height = (uint32_t)stream->codecpar->height;
    } else if (kind == SVMS_TRACK_AUDIO) {
        track.sample_rate = (uint32_t)stream->codecpar->sample_rate;
        track.channels = (uint32_t)stream->codecpar->ch_layout.nb_channels;
    }
    input->track_of_stream[stream->index] = number;
    exit_status status = configure(own, &track);
    description->tracks[number] = track;
    return status;
}

static exit_status add_tracks(media_input *input, const char *path)
{
    input->stream_count = input->format->nb_streams;
    input->track_of_stream = malloc((input->stream_count + 1u) * sizeof *input->track_of_stream);
    if (!input->track_of_stream) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    for (unsigned i = 0; i < input->stream_count; i++) {
        AVStream *stream = input->format->streams[i];
        svms_track_kind kind;
        input->track_of_stream[i] = NO_TRACK;
        if (!kind_of(stream, &kind)) {
            stream->discard = AVDISCARD_ALL;
            complain("stream %u (%s) is not recorded", i,
                     avcodec_get_name(stream->codecpar->codec_id));
            continue;
        }
        exit_status status = add_track(input, stream, kind);
        if (status != EXIT_GOOD) {
            return status;
        }
    }
    if (input->description.track_count > 0) {
        return EXIT_GOOD;
    }
    complain("%s holds no video, audio or metadata", path);
    return EXIT_MALFORMED;
}

/* A given start time belongs to the first picture, whatever its time stamp is. */
static void measure(media_input *input)
{
    media_description *description = &input->description;
    const AVFormatContext *format = input->format;
    const AVRational nanoseconds = { 1, (int)NS_PER_SECOND };
    if (format->duration != AV_NOPTS_VALUE && format->duration > 0) {
        description->duration_ns = format->duration * (NS_PER_SECOND / AV_TIME_BASE);
    }
    if (format->start_time != AV_NOPTS_VALUE) {
        description->start_ns = format->start_time * (NS_PER_SECOND / AV_TIME_BASE);
    }
    for (uint32_t i = 0; i < description->track_count; i++) {
        const AVStream *stream = input->tracks[i].stream;
        if (description->tracks[i].kind == SVMS_TRACK_VIDEO &&
            stream->start_time != AV_NOPTS_VALUE) {
            description->start_ns =
                av_rescale_q(stream->start_time, stream->time_base, nanoseconds);
            return;
        }
    }
}

static bool has_changed_configuration(const input_track *own, const svms_track *track,
                                      const AVPacket *packet)
{
    size_t size = 0;
    const uint8_t *fresh = av_packet_get_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, &size);
    const uint8_t *known = track->config;
    size_t known_size = track->config_size;
    if (!fresh || size == 0 || (own->is_nal && own->framing == SVMS_NAL_ANNEX_B)) {
        return false;
    }
    if (own->is_nal) { /* what we store has another length size */
        known = own->stream->codecpar->extradata;
        known_size = (size_t)own->stream->codecpar->extradata_size;
    }
    return size != known_size || memcmp(fresh, known, size) != 0;
}

/* The first packet through the filter brings the configuration. */
static int apply_filter(media_input *input, uint32_t number, AVPacket *packet)
{
    input_track *own = &input->tracks[number];
    svms_track *track = &input->description.tracks[number];
    int result = av_bsf_send_packet(own->filter, packet);
    if (result >= 0) {
        result = av_bsf_receive_packet(own->filter, packet);
    }
    if (result < 0) {
        return result;
    }
    size_t size = 0;
    const uint8_t *fresh = av_packet_get_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, &size);
    if (track->config_size > 0 || !fresh || size == 0) {
        return 0;
    }
    own->configuration.bytes = malloc(size);
    if (!own->configuration.bytes) {
        return AVERROR(ENOMEM);
    }
    memcpy(own->configuration.bytes, fresh, size);
    own->configuration.size = size;
    track->config = own->configuration.bytes;
    track->config_size = (uint32_t)size;
    return 0;
}

/* One packet of a recorded stream with bytes in it, or a negative result. */
static int read_packet(media_input *input, AVPacket *packet)
{
    for (;;) {
        av_packet_unref(packet);
        int result = av_read_frame(input->format, packet);
        if (result < 0) {
            return result;
        }
        unsigned index = (unsigned)packet->stream_index;
        uint32_t number = index < input->stream_count ? input->track_of_stream[index] : NO_TRACK;
        if (number == NO_TRACK || packet->size == 0) {
            continue;
        }
        if (input->tracks[number].filter) {
            result = apply_filter(input, number, packet);
        }
        if (result < 0 && result != AVERROR_INVALIDDATA) {
            return result;
        }
        if (result >= 0) {
            return 0;
        }
        input->dropped_samples++;
        input->tracks[number].dropped = true;
    }
}

static bool awaits_configuration(const media_input *input)
{
    for (uint32_t i = 0; i < input->description.track_count; i++) {
        if (input->tracks[i].filter && input->description.tracks[i].config_size == 0) {
            return true;
        }
    }
    return false;
}

static exit_status find_configurations(media_input *input)
{
    while (awaits_configuration(input) && input->held_count < MAX_HELD_PACKETS) {
        AVPacket *packet = av_packet_alloc();
        int result = packet ? read_packet(input, packet) : AVERROR(ENOMEM);
        if (result < 0) {
            av_packet_free(&packet);
            if (result == AVERROR_EOF) {
                break;
            }
            return complain_ffmpeg(result, "cannot read the audio's configuration");
        }
        input->held[input->held_count++] = packet;
    }
    if (!awaits_configuration(input)) {
        return EXIT_GOOD;
    }
    complain("the AAC audio carries no configuration");
    return EXIT_MALFORMED;
}

exit_status media_input_open(media_input **out, const char *path)
{
    ffmpeg_log_to_messages();
    media_input *input = calloc(1, sizeof *input);
    if (!input) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    exit_status status = open_format(input, path);
    if (status == EXIT_GOOD) {
        status = add_tracks(input, path);
    }
    if (status == EXIT_GOOD) {
        status = find_configurations(input);
    }
    input->packet = av_packet_alloc();
    if (status == EXIT_GOOD && !input->packet) {
        complain("out of memory");
        status = EXIT_ENVIRONMENT;
    }
    if (status == EXIT_GOOD) {
        measure(input);
        *out = input;
        return EXIT_GOOD;
    }
    media_input_close(&input);
    return status;
}

/* Containers of raw streams know few time stamps; what is missing continues what was there. */
static void complete_times(input_track *own, AVPacket *packet)
{
    if (packet->dts == AV_NOPTS_VALUE && own->started) {
        packet->dts = own->next_dts;
    }
    if (packet->dts == AV_NOPTS_VALUE && packet->pts != AV_NOPTS_VALUE) {
        packet->dts = packet->pts - own->stream->codecpar->video_delay * own->frame_ticks;
    }
    if (packet->dts == AV_NOPTS_VALUE) {
        packet->dts = 0;
    }
    if (packet->pts == AV_NOPTS_VALUE) {
        if (own->stream->codecpar->video_delay > 0 && !own->order_is_unknown) {
            complain("warning: the input does not say when its pictures are shown; they are given "
                     "the order in which they are decoded");
        }
        own->order_is_unknown = true;
        packet->pts = packet->dts;
    }
    own->started = true;
    own->next_dts = packet->dts + (packet->duration > 0 ? packet->duration : own->frame_ticks);
}

static bool fill_sample(media_input *input, AVPacket *packet, svms_sample *sample)
{
    uint32_t number = input->track_of_stream[packet->stream_index];
    input_track *own = &input->tracks[number];
    svms_sample made = SVMS_SAMPLE_INIT;
    complete_times(own, packet);
    made.track = number;
    made.dts = packet->dts;
    made.pts = packet->pts;
    made.duration =
        packet->duration > 0 && packet->duration <= UINT32_MAX ? (uint32_t)packet->duration : 0;
    made.data = packet->data;
    made.size = (size_t)packet->size;
    if (own->is_nal && own->framing != SVMS_NAL_LENGTH4) {
        if (!nal_reframe(input->description.tracks[number].codec, own->framing, packet->data,
                         (size_t)packet->size, &own->reframed)) {
            own->dropped = true;
            return false;
        }
        made.data = own->reframed.bytes;
        made.size = own->reframed.size;
    }
    made.flags |= (packet->flags & AV_PKT_FLAG_KEY) ? SVMS_SAMPLE_SYNC : 0;
    made.flags |= (packet->flags & AV_PKT_FLAG_DISCARD) ? SVMS_SAMPLE_DISCARDABLE : 0;
    made.flags |= own->dropped ? SVMS_SAMPLE_DISCONTINUITY : 0;
    own->dropped = false;
    *sample = made;
    return true;
}

static media_result next_packet(media_input *input, exit_status *status)
{
    if (interrupt_came()) {
        return MEDIA_END;
    }
    if (input->held_next < input->held_count) {
        av_packet_unref(input->packet);
        av_packet_move_ref(input->packet, input->held[input->held_next++]);
        return MEDIA_SAMPLE;
    }
    int result = read_packet(input, input->packet);
    if (result >= 0) {
        return MEDIA_SAMPLE;
    }
    if (result == AVERROR_EOF || interrupt_came()) {
        return MEDIA_END;
    }
    *status = complain_ffmpeg(result, "reading the input failed");
    return MEDIA_FAILED;
}

media_result media_input_next(media_input *input, svms_sample *sample, exit_status *status)
{
    for (;;) {
        media_result result = next_packet(input, status);
        if (result != MEDIA_SAMPLE) {
            return result;
        }
        uint32_t number = input->track_of_stream[input->packet->stream_index];
        if (has_changed_configuration(&input->tracks[number], &input->description.tracks[number],
                                      input->packet)) {
            complain("the configuration of track %" PRIu32 " changes here; a recording has one "
                     "configuration per track",
                     number);
            *status = EXIT_ENVIRONMENT;
            return MEDIA_FAILED;
        }
        if (fill_sample(input, input->packet, sample)) {
            return MEDIA_SAMPLE;
        }
        input->dropped_samples++;
    }
}

void media_input_close(media_input **input)
{
    media_input *own = *input;
    if (!own) {
        return;
    }
    if (own->dropped_samples > 0) {
        complain("%" PRIu64 " damaged samples of the input were left out", own->dropped_samples);
    }
    for (uint32_t i = 0; i < own->description.track_count; i++) {
        av_bsf_free(&own->tracks[i].filter);
        byte_buffer_free(&own->tracks[i].configuration);
        byte_buffer_free(&own->tracks[i].reframed);
    }
    for (size_t i = 0; i < own->held_count; i++) {
        av_packet_free(&own->held[i]);
    }
    av_packet_free(&own->packet);
    avformat_close_input(&own->format);
    free(own->track_of_stream);
    free(own);
    *input = NULL;
}
