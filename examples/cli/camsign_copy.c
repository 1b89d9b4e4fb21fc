/* SPDX-License-Identifier: Apache-2.0 */
#include "camsign_copy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "ffmpeg_codec.h"
#include "file.h"
#include "interrupt.h"
#include "media_time.h"
#include "message.h"
#include "nal_framing.h"

#define STREAMS_MAX 16u

struct camsign_copy {
    svms_ctx *ctx;
    const char *path;
    const char *out_path;
    svms_camera_signer *signer;
    AVFormatContext *in;
    AVFormatContext *out;
    AVStream *streams[STREAMS_MAX]; /* of the output; NULL: left out */
    unsigned video;                 /* the stream that is signed */
    bool is_raw;                    /* the output is nothing but video */
    AVPacket *packet;
    AVPacket *last; /* of the video: what is ready at the end goes behind it */
    int handle;
    char *temporary;
    int64_t start_utc_ns;
    int64_t latest_utc_ns; /* decoding order goes back in time; signed times do not */
    int64_t first_pts;
    int64_t next_dts;
    uint64_t frames;
};

static exit_status open_input(camsign_copy *self)
{
    ffmpeg_log_to_messages();
    int result = avformat_open_input(&self->in, self->path, NULL, NULL);
    if (result >= 0) {
        result = avformat_find_stream_info(self->in, NULL);
    }
    if (result < 0) {
        return complain_ffmpeg(result, "cannot read %s", self->path);
    }
    if (self->in->nb_streams > STREAMS_MAX) {
        complain("%s has more than %u streams", self->path, STREAMS_MAX);
        return EXIT_MALFORMED;
    }
    for (unsigned i = 0; i < self->in->nb_streams; i++) {
        uint32_t codec = fourcc_of_parameters(self->in->streams[i]->codecpar);
        if (codec == SVMS_CODEC_H264 || codec == SVMS_CODEC_H265) {
            self->video = i;
            return EXIT_GOOD;
        }
    }
    complain("%s has no H.264 or H.265 video", self->path);
    return EXIT_MALFORMED;
}

static exit_status begin_signer(camsign_copy *self, const svms_camera_signer_options *given)
{
    const AVCodecParameters *parameters = self->in->streams[self->video]->codecpar;
    svms_camera_signer_options options = *given;
    byte_buffer unused = { NULL, 0, 0 };
    svms_error err = SVMS_ERROR_INIT;
    options.codec = fourcc_of_parameters(parameters);
    exit_status status = nal_configure(parameters, options.codec, &options.framing, &unused);
    byte_buffer_free(&unused);
    if (status != EXIT_GOOD) {
        return status;
    }
    svms_status made = svms_camera_signer_new(&self->signer, self->ctx, &options, &err);
    if (made != SVMS_OK) {
        status = complain_error(&err, "cannot sign as a camera");
        return made == SVMS_E_UNTRUSTED ? EXIT_POLICY : status;
    }
    return EXIT_GOOD;
}

static exit_status open_output(camsign_copy *self)
{
    static const char *const known[] = { "mp4", "matroska", "h264", "hevc" };
    const AVOutputFormat *format = av_guess_format(NULL, self->out_path, NULL);
    bool is_known = false;
    for (size_t i = 0; format && i < sizeof known / sizeof known[0]; i++) {
        is_known = is_known || strcmp(format->name, known[i]) == 0;
    }
    if (!is_known) {
        complain("camsign sign: --out takes a name that ends with .mp4, .mkv, .h264 or .h265");
        return EXIT_USAGE;
    }
    exit_status status = file_check_new(self->out_path);
    if (status == EXIT_GOOD) {
        status = file_create_beside(self->out_path, &self->handle, &self->temporary);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    self->is_raw = strcmp(format->name, "h264") == 0 || strcmp(format->name, "hevc") == 0;
    int result = avformat_alloc_output_context2(&self->out, format, NULL, self->temporary);
    if (result >= 0) {
        result = avio_open(&self->out->pb, self->temporary, AVIO_FLAG_WRITE);
    }
    return result < 0 ? complain_ffmpeg(result, "cannot begin %s", self->out_path) : EXIT_GOOD;
}

static exit_status add_stream(camsign_copy *self, unsigned number)
{
    const AVStream *in = self->in->streams[number];
    AVStream *out = avformat_new_stream(self->out, NULL);
    int result = out ? avcodec_parameters_copy(out->codecpar, in->codecpar) : AVERROR(ENOMEM);
    if (result < 0) {
        return complain_ffmpeg(result, "cannot copy stream %u", number);
    }
    out->codecpar->codec_tag = 0;
    out->time_base = in->time_base;
    out->avg_frame_rate = in->avg_frame_rate;
    out->disposition = in->disposition;
    self->streams[number] = out;
    return EXIT_GOOD;
}

static exit_status begin_output(camsign_copy *self)
{
    exit_status status = EXIT_GOOD;
    for (unsigned i = 0; status == EXIT_GOOD && i < self->in->nb_streams; i++) {
        if (i != self->video && self->is_raw) {
            complain("note: stream %u of %s is left out: %s holds nothing but video", i, self->path,
                     self->out_path);
            continue;
        }
        status = add_stream(self, i);
    }
    if (status == EXIT_GOOD) {
        int result = avformat_write_header(self->out, NULL);
        status = result < 0 ? complain_ffmpeg(result, "cannot begin %s", self->out_path) : status;
    }
    return status;
}

exit_status camsign_copy_open(camsign_copy **out, svms_ctx *ctx, const char *path,
                              const char *out_path, const svms_camera_signer_options *signer,
                              int64_t start_utc_ns)
{
    camsign_copy *self = calloc(1, sizeof *self);
    if (!self) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    self->ctx = ctx;
    self->path = path;
    self->out_path = out_path;
    self->handle = -1;
    self->start_utc_ns = start_utc_ns;
    self->latest_utc_ns = start_utc_ns;
    self->first_pts = AV_NOPTS_VALUE;
    self->packet = av_packet_alloc();
    self->last = av_packet_alloc();
    *out = self;
    exit_status status =
        self->packet && self->last ? open_input(self) : complain_ffmpeg(AVERROR(ENOMEM), "packets");
    if (status == EXIT_GOOD) {
        status = begin_signer(self, signer);
    }
    if (status == EXIT_GOOD) {
        status = open_output(self);
    }
    return status == EXIT_GOOD ? begin_output(self) : status;
}

static exit_status write_packet(camsign_copy *self, AVPacket *packet, unsigned number)
{
    AVStream *out = self->streams[number];
    if (!out) {
        av_packet_unref(packet);
        return EXIT_GOOD;
    }
    av_packet_rescale_ts(packet, self->in->streams[number]->time_base, out->time_base);
    packet->stream_index = out->index;
    packet->pos = -1;
    int result = av_interleaved_write_frame(self->out, packet);
    return result < 0 ? complain_ffmpeg(result, "cannot write %s", self->out_path) : EXIT_GOOD;
}

/* Raw streams know few time stamps; what is missing continues what was there. */
static void complete_times(camsign_copy *self, AVPacket *packet)
{
    const AVStream *in = self->in->streams[self->video];
    int64_t step = packet->duration;
    if (step <= 0 && in->avg_frame_rate.num > 0) {
        step = av_rescale_q(1, av_inv_q(in->avg_frame_rate), in->time_base);
    }
    packet->dts = packet->dts == AV_NOPTS_VALUE ? self->next_dts : packet->dts;
    packet->pts = packet->pts == AV_NOPTS_VALUE ? packet->dts : packet->pts;
    self->next_dts = packet->dts + step;
}

static int64_t capture_time(camsign_copy *self, const AVPacket *packet)
{
    const AVRational base = self->in->streams[self->video]->time_base;
    const AVRational nanoseconds = { 1, 1000000000 };
    if (self->first_pts == AV_NOPTS_VALUE) {
        self->first_pts = packet->pts;
    }
    int64_t since = av_rescale_q(packet->pts - self->first_pts, base, nanoseconds);
    int64_t utc = time_add(self->start_utc_ns, since);
    self->latest_utc_ns = utc > self->latest_utc_ns ? utc : self->latest_utc_ns;
    return self->latest_utc_ns;
}

/* packet keeps its properties and gets other bytes: head, then tail. */
static exit_status replace_bytes(AVPacket *packet, const void *head, size_t head_size,
                                 const void *tail, size_t tail_size)
{
    AVPacket *made = av_packet_alloc();
    bool fits = head_size + tail_size <= INT_MAX - AV_INPUT_BUFFER_PADDING_SIZE;
    int result = made && fits ? av_new_packet(made, (int)(head_size + tail_size)) : AVERROR(ENOMEM);
    if (result >= 0) {
        result = av_packet_copy_props(made, packet);
    }
    if (result >= 0) {
        memcpy(made->data, head, head_size);
        if (tail_size > 0) {
            memcpy(made->data + head_size, tail, tail_size);
        }
        av_packet_unref(packet);
        av_packet_move_ref(packet, made);
    }
    av_packet_free(&made);
    return result < 0 ? complain_ffmpeg(result, "no packet") : EXIT_GOOD;
}

static exit_status write_last(camsign_copy *self)
{
    return self->last->data ? write_packet(self, self->last, self->video) : EXIT_GOOD;
}

static exit_status sign_packet(camsign_copy *self)
{
    const void *out = NULL;
    size_t size = 0;
    svms_error err = SVMS_ERROR_INIT;
    complete_times(self, self->packet);
    int64_t utc = capture_time(self, self->packet);
    if (svms_camera_signer_add(self->signer, self->packet->data, (size_t)self->packet->size, utc,
                               &out, &size, &err) != SVMS_OK) {
        return complain_error(&err, "cannot sign %s", self->path);
    }
    self->frames++;
    exit_status status = replace_bytes(self->packet, out, size, NULL, 0);
    if (status == EXIT_GOOD) {
        status = write_last(self);
    }
    av_packet_unref(self->last);
    av_packet_move_ref(self->last, self->packet);
    return status;
}

static exit_status end_video(camsign_copy *self)
{
    const void *out = NULL;
    size_t size = 0;
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = EXIT_GOOD;
    if (self->frames == 0) {
        complain("%s has no picture", self->path);
        return EXIT_MALFORMED;
    }
    int64_t length =
        self->last->duration > 0
            ? av_rescale_q(self->last->duration, self->in->streams[self->video]->time_base,
                           (AVRational){ 1, 1000000000 })
            : 0;
    if (svms_camera_signer_end(self->signer, time_add(self->latest_utc_ns, length), &out, &size,
                               &err) != SVMS_OK) {
        return complain_error(&err, "cannot sign the end of %s", self->path);
    }
    if (size > 0) {
        status = replace_bytes(self->last, self->last->data, (size_t)self->last->size, out, size);
    }
    return status == EXIT_GOOD ? write_last(self) : status;
}

static exit_status finish(camsign_copy *self)
{
    int result = av_write_trailer(self->out);
    if (result >= 0) {
        result = avio_closep(&self->out->pb);
    }
    if (result < 0) {
        return complain_ffmpeg(result, "cannot end %s", self->out_path);
    }
    if (fsync(self->handle) != 0) {
        return complain_system(errno, "cannot write %s", self->out_path);
    }
    exit_status status = file_publish(self->temporary, self->out_path, false);
    if (status == EXIT_GOOD) {
        free(self->temporary);
        self->temporary = NULL;
    }
    return status;
}

exit_status camsign_copy_run(camsign_copy *self)
{
    exit_status status = EXIT_GOOD;
    int result = 0;
    while (status == EXIT_GOOD && (result = av_read_frame(self->in, self->packet)) >= 0) {
        unsigned number = (unsigned)self->packet->stream_index;
        if (number == self->video) {
            status = sign_packet(self);
        } else if (number < STREAMS_MAX) {
            status = write_packet(self, self->packet, number);
        }
        av_packet_unref(self->packet);
        if (interrupt_came()) {
            complain("interrupted; nothing was written");
            return EXIT_ENVIRONMENT;
        }
    }
    if (status == EXIT_GOOD && result != AVERROR_EOF) {
        return complain_ffmpeg(result, "cannot read %s", self->path);
    }
    if (status == EXIT_GOOD) {
        status = end_video(self);
    }
    return status == EXIT_GOOD ? finish(self) : status;
}

uint64_t camsign_copy_frames(const camsign_copy *self)
{
    return self->frames;
}

void camsign_copy_close(camsign_copy **copy)
{
    camsign_copy *self = *copy;
    if (!self) {
        return;
    }
    svms_camera_signer_free(&self->signer);
    if (self->out) {
        (void)avio_closep(&self->out->pb);
    }
    avformat_free_context(self->out);
    avformat_close_input(&self->in);
    av_packet_free(&self->packet);
    av_packet_free(&self->last);
    if (self->handle >= 0) {
        close(self->handle);
    }
    if (self->temporary) {
        (void)unlink(self->temporary);
    }
    free(self->temporary);
    free(self);
    *copy = NULL;
}
