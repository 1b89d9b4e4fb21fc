/* SPDX-License-Identifier: Apache-2.0 */
/* svms mask apply: put privacy masks over a clear video. */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libavformat/avformat.h>

#include "ffmpeg_codec.h"
#include "file.h"
#include "interrupt.h"
#include "json_output.h"
#include "keys.h"
#include "mask_command.h"
#include "mask_file.h"
#include "mask_video.h"
#include "message.h"
#include "options.h"

#define COMMAND "mask apply"
#define STREAMS_MAX 16u

typedef struct apply_request {
    const char *path;
    const char *mask_path;
    const char *out_path;
    bool json;
} apply_request;

/* What becomes of a stream. */
typedef struct masked_stream {
    mask_video *video; /* its pictures are masked, or */
    AVStream *copy;    /* it is sound, and copied, or neither */
} masked_stream;

typedef struct masking {
    const apply_request *request;
    svms_ctx *ctx;
    svms_privacy *privacy;
    AVFormatContext *in;
    AVFormatContext *out;
    AVPacket *packet;
    char *temporary;
    int handle;
    masked_stream streams[STREAMS_MAX];
    uint64_t pictures;
} masking;

static exit_status open_input(masking *self)
{
    const char *path = self->request->path;
    ffmpeg_log_to_messages();
    int result = avformat_open_input(&self->in, path, NULL, NULL);
    if (result >= 0) {
        result = avformat_find_stream_info(self->in, NULL);
    }
    if (result < 0) {
        return complain_ffmpeg(result, "cannot read %s", path);
    }
    if (self->in->nb_streams > STREAMS_MAX) {
        complain("%s has more than %u streams", path, STREAMS_MAX);
        return EXIT_MALFORMED;
    }
    return EXIT_GOOD;
}

static exit_status open_output(masking *self)
{
    const char *path = self->request->out_path;
    const AVOutputFormat *format = av_guess_format(NULL, path, NULL);
    exit_status status = file_check_new(path);
    if (status != EXIT_GOOD) {
        return status;
    }
    if (!format || (strcmp(format->name, "mp4") != 0 && strcmp(format->name, "matroska") != 0)) {
        return usage_error(COMMAND, "--out takes a name that ends with .mp4 or .mkv");
    }
    status = file_create_beside(path, &self->handle, &self->temporary);
    if (status != EXIT_GOOD) {
        return status;
    }
    int result = avformat_alloc_output_context2(&self->out, format, NULL, self->temporary);
    if (result >= 0) {
        result = avio_open(&self->out->pb, self->temporary, AVIO_FLAG_WRITE);
    }
    return result < 0 ? complain_ffmpeg(result, "cannot begin %s", path) : EXIT_GOOD;
}

static exit_status copy_stream(masking *self, masked_stream *stream, const AVStream *in)
{
    stream->copy = avformat_new_stream(self->out, NULL);
    int result = stream->copy ? avcodec_parameters_copy(stream->copy->codecpar, in->codecpar)
                              : AVERROR(ENOMEM);
    if (result < 0) {
        return complain_ffmpeg(result, "cannot copy the sound");
    }
    stream->copy->codecpar->codec_tag = 0;
    stream->copy->time_base = in->time_base;
    return EXIT_GOOD;
}

/* Everything but pictures and sound is left out: nobody has looked whether it tells what the masks
 * hide. */
static exit_status make_streams(masking *self)
{
    exit_status status = EXIT_GOOD;
    unsigned videos = 0;
    for (unsigned i = 0; status == EXIT_GOOD && i < self->in->nb_streams; i++) {
        const AVStream *in = self->in->streams[i];
        if (in->codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
            !(in->disposition & AV_DISPOSITION_ATTACHED_PIC)) {
            status = mask_video_open(&self->streams[i].video, self->privacy, in, self->out);
            videos++;
        } else if (in->codecpar->codec_type == AVMEDIA_TYPE_AUDIO) {
            status = copy_stream(self, &self->streams[i], in);
        } else {
            complain("note: stream %u of %s is neither video nor sound, and is left out", i,
                     self->request->path);
        }
    }
    if (status == EXIT_GOOD && videos == 0) {
        complain("%s has no video", self->request->path);
        status = EXIT_MALFORMED;
    }
    return status;
}

static exit_status take_packet(masking *self)
{
    masked_stream *stream = &self->streams[self->packet->stream_index];
    if (stream->video) {
        return mask_video_feed(stream->video, self->packet);
    }
    if (!stream->copy) {
        return EXIT_GOOD;
    }
    const AVStream *in = self->in->streams[self->packet->stream_index];
    av_packet_rescale_ts(self->packet, in->time_base, stream->copy->time_base);
    self->packet->stream_index = stream->copy->index;
    self->packet->pos = -1;
    int result = av_interleaved_write_frame(self->out, self->packet);
    return result < 0 ? complain_ffmpeg(result, "cannot write the sound") : EXIT_GOOD;
}

static exit_status copy_all(masking *self)
{
    exit_status status = EXIT_GOOD;
    int result = avformat_write_header(self->out, NULL);
    if (result < 0) {
        return complain_ffmpeg(result, "cannot begin %s", self->request->out_path);
    }
    while (status == EXIT_GOOD && (result = av_read_frame(self->in, self->packet)) >= 0) {
        status = take_packet(self);
        av_packet_unref(self->packet);
        if (interrupt_came()) {
            complain("interrupted; nothing was written");
            return EXIT_ENVIRONMENT;
        }
    }
    if (status == EXIT_GOOD && result != AVERROR_EOF) {
        return complain_ffmpeg(result, "cannot read %s", self->request->path);
    }
    for (unsigned i = 0; status == EXIT_GOOD && i < self->in->nb_streams; i++) {
        if (self->streams[i].video) {
            status = mask_video_feed(self->streams[i].video, NULL);
            self->pictures += mask_video_pictures(self->streams[i].video);
        }
    }
    return status;
}

static exit_status finish(masking *self)
{
    int result = av_write_trailer(self->out);
    if (result >= 0) {
        result = avio_closep(&self->out->pb);
    }
    if (result < 0) {
        return complain_ffmpeg(result, "cannot end %s", self->request->out_path);
    }
    if (fsync(self->handle) != 0) {
        return complain_system(errno, "cannot write %s", self->request->out_path);
    }
    exit_status status = file_publish(self->temporary, self->request->out_path, false);
    if (status == EXIT_GOOD) {
        free(self->temporary);
        self->temporary = NULL;
    }
    return status;
}

static void release(masking *self)
{
    for (unsigned i = 0; i < STREAMS_MAX; i++) {
        mask_video_close(&self->streams[i].video);
    }
    if (self->out) {
        (void)avio_closep(&self->out->pb);
    }
    avformat_free_context(self->out);
    avformat_close_input(&self->in);
    av_packet_free(&self->packet);
    if (self->handle >= 0) {
        close(self->handle);
    }
    if (self->temporary) {
        (void)unlink(self->temporary);
    }
    free(self->temporary);
    svms_privacy_free(&self->privacy);
    svms_ctx_free(&self->ctx);
}

static exit_status show(const masking *self)
{
    const apply_request *request = self->request;
    if (request->json) {
        return json_print(json_pack("{s:o, s:o, s:I}", "file", json_text(request->out_path),
                                    "input", json_text(request->path), "pictures",
                                    (json_int_t)self->pictures));
    }
    print_line(stdout, "Masked        %s", request->out_path);
    print_line(stdout, "Pictures      %" PRIu64, self->pictures);
    return EXIT_GOOD;
}

static exit_status run(masking *self)
{
    exit_status status = make_context(&self->ctx);
    if (status == EXIT_GOOD) {
        status = mask_file_load(&self->privacy, self->ctx, self->request->mask_path);
    }
    if (status == EXIT_GOOD) {
        status = open_input(self);
    }
    if (status == EXIT_GOOD) {
        status = open_output(self);
    }
    if (status == EXIT_GOOD) {
        self->packet = av_packet_alloc();
        status = self->packet ? make_streams(self) : complain_ffmpeg(AVERROR(ENOMEM), "no packet");
    }
    if (status == EXIT_GOOD) {
        interrupt_watch();
        status = copy_all(self);
    }
    if (status == EXIT_GOOD) {
        status = finish(self);
    }
    return status == EXIT_GOOD ? show(self) : status;
}

#define AT(field) offsetof(apply_request, field), NULL, 0, 0

static const option_spec options[] = {
    { "mask", "FILE", "the masks (JSON)", OPTION_TEXT, AT(mask_path) },
    { "out", "FILE", "the masked video, .mp4 or .mkv; an existing file is never replaced",
      OPTION_TEXT, AT(out_path) },
    { "json", NULL, "print one JSON object", OPTION_FLAG, AT(json) },
};

static const command_line line = { COMMAND,
                                   "INPUT --mask FILE --out FILE [options]",
                                   "Puts privacy masks over every picture of a clear video. "
                                   "Pictures are encoded anew; sound is copied,\nand everything "
                                   "else is left out.",
                                   options,
                                   sizeof options / sizeof options[0],
                                   "INPUT",
                                   offsetof(apply_request, path) };

exit_status command_mask_apply(int count, char **arguments)
{
    apply_request request;
    masking self;
    memset(&request, 0, sizeof request);
    memset(&self, 0, sizeof self);
    self.handle = -1;
    self.request = &request;
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (!request.mask_path) {
        return usage_error(COMMAND, "--mask is missing");
    }
    if (!request.out_path) {
        return usage_error(COMMAND, "--out is missing");
    }
    const typed_inputs typed = { &line, &request, false };
    exit_status status = options_check_not_input(&typed, request.out_path);
    if (status == EXIT_GOOD) {
        status = run(&self);
    }
    release(&self);
    return status;
}
