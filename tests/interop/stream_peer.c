/* SPDX-License-Identifier: Apache-2.0 */
/* The server of reference camera and recorder, for players of others: FILE has pictures, ten in a
 * second: the size of avcC (32 bits, big endian) and avcC; then for each its size, 1 or 0 for one
 * that stands alone, and its bytes. They are live at /live/2, once, when somebody watches, and a
 * recording at /replay. Prints "port N", and who watches what; ends with its input. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <serve_listen.h>
#include <stream_clock.h>
#include <stream_replay.h>
#include <stream_serve.h>

#define STEP (STREAM_SECOND / 10)
#define FIRST_UTC (INT64_C(1750000000) * INT64_C(1000000000))

enum { PICTURES_MAX = 256, FILE_MAX = 1 << 22 };

typedef struct picture {
    const uint8_t *data;
    size_t size;
    bool alone;
} picture;

typedef struct clip {
    uint8_t bytes[FILE_MAX];
    svms_track track;
    picture pictures[PICTURES_MAX];
    size_t count;
    size_t at; /* of the one who replays */
} clip;

static clip present;

static size_t number_at(const uint8_t *at)
{
    return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
}

static bool load(const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(present.bytes, 1, sizeof present.bytes, file) : 0;
    if (file) {
        (void)fclose(file);
    }
    if (size < 4 || number_at(present.bytes) > size - 4) {
        return false;
    }
    present.track = (svms_track)SVMS_TRACK_INIT;
    present.track.codec = SVMS_CODEC_H264;
    present.track.timebase_den = 1000;
    present.track.config = present.bytes + 4;
    present.track.config_size = (uint32_t)number_at(present.bytes);
    size_t at = 4 + present.track.config_size;
    while (at + 5 < size && present.count < PICTURES_MAX) {
        size_t bytes = number_at(present.bytes + at);
        if (bytes > size - at - 5) {
            return false;
        }
        present.pictures[present.count++] =
            (picture){ present.bytes + at + 5, bytes, present.bytes[at + 4] != 0 };
        at += 5 + bytes;
    }
    return present.count > 0;
}

static svms_status open_clip(void *user, stream_replay_opening *opening, void **cursor,
                             svms_error *err)
{
    (void)user;
    (void)err;
    opening->tracks = &present.track;
    opening->track_count = 1;
    opening->first_utc_ns = FIRST_UTC;
    opening->last_utc_ns = FIRST_UTC + (int64_t)((present.count - 1) * STEP);
    *cursor = NULL;
    return SVMS_OK;
}

static svms_status seek_clip(void *user, void *cursor, const stream_replay_seek *to,
                             svms_error *err)
{
    (void)user;
    (void)cursor;
    (void)err;
    present.at = 0;
    for (size_t i = 0; i < present.count; i++) {
        int64_t utc = FIRST_UTC + (int64_t)(i * STEP);
        if (present.pictures[i].alone && utc <= to->from_utc_ns) {
            present.at = i;
        }
    }
    printf("seek %lld\n", to->from_utc_ns == SVMS_NO_TIME
                              ? -1LL
                              : (long long)(to->from_utc_ns - FIRST_UTC) / 1000000);
    return SVMS_OK;
}

static svms_status next_picture(void *user, void *cursor, stream_replay_sample *out,
                                svms_error *err)
{
    (void)user;
    (void)cursor;
    (void)err;
    if (present.at == present.count) {
        return SVMS_END;
    }
    const picture *one = &present.pictures[present.at];
    out->flags = one->alone ? SVMS_SAMPLE_SYNC : 0;
    out->utc_ns = FIRST_UTC + (int64_t)(present.at++ * STEP);
    out->data = one->data;
    out->size = one->size;
    return SVMS_OK;
}

static void close_clip(void *user, void *cursor)
{
    (void)user;
    (void)cursor;
}

static void tell(void *user, const stream_serve_watch *watch)
{
    (void)user;
    if (watch->is_over) {
        printf("ended %s: %llu samples, %s\n", watch->path, (unsigned long long)watch->samples,
               watch->why);
    } else {
        printf("watches %s\n", watch->path);
    }
}

static bool wants_end(void)
{
    struct pollfd input = { STDIN_FILENO, POLLIN, 0 };
    char byte;
    return poll(&input, 1, 0) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}

/* All pictures once, when somebody watches; then it is over. */
static svms_status run(stream_serve *serve, stream_presentation *live, svms_error *err)
{
    size_t next = 0;
    svms_status status = SVMS_OK;
    uint64_t due = stream_clock();
    while (status == SVMS_OK && !wants_end()) {
        due += STEP;
        status = stream_serve_run(serve, due, err);
        if (status != SVMS_OK || !live || (next == 0 && stream_presentation_watchers(live) == 0)) {
            continue;
        }
        if (next == present.count) {
            stream_serve_finish(serve);
            live = NULL;
            continue;
        }
        const picture *one = &present.pictures[next];
        svms_sample sample = SVMS_SAMPLE_INIT;
        sample.flags = one->alone ? SVMS_SAMPLE_SYNC : 0;
        sample.pts = sample.dts = (int64_t)next++ * 100;
        sample.data = one->data;
        sample.size = one->size;
        status = stream_presentation_sample(live, &sample, err);
    }
    return status;
}

static svms_status add_all(stream_serve *serve, stream_presentation **live, svms_error *err)
{
    static const stream_replay_calls calls = { open_clip, seek_clip, next_picture, close_clip };
    svms_track words = SVMS_TRACK_INIT;
    const stream_live_options first = { "/live/1", NULL, &words, 1 };
    const stream_live_options second = { "/live/2", "second", &present.track, 1 };
    const stream_replay_options replay = { "/replay", NULL, &calls, NULL };
    stream_presentation *other = NULL;
    words.kind = SVMS_TRACK_METADATA;
    words.codec = SVMS_CODEC_ONVIF_METADATA;
    svms_status status = stream_serve_add_live(&other, serve, &first, err);
    if (status == SVMS_OK) {
        status = stream_serve_add_live(live, serve, &second, err);
    }
    return status == SVMS_OK ? stream_serve_add_replay(&other, serve, &replay, err) : status;
}

int main(int count, char **arguments)
{
    char address[SERVE_LISTEN_TEXT];
    svms_ctx *ctx = NULL;
    stream_serve *serve = NULL;
    stream_presentation *live = NULL;
    stream_serve_options options;
    svms_error err = SVMS_ERROR_INIT;
    memset(&options, 0, sizeof options);
    if (count != 2 || !load(arguments[1])) {
        (void)fprintf(stderr, "stream_peer FILE\n");
        return 2;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    options.listener = serve_listen("127.0.0.1:0", NULL, address);
    options.media = STREAM_SERVE_CLEAR;
    options.server_flags = SVMS_RTSP_SERVER_OPEN | SVMS_RTSP_SERVER_REPLAY;
    options.watch = tell;
    svms_status status = options.listener >= 0 ? svms_ctx_new(&ctx, NULL, &err) : SVMS_E_IO;
    options.ctx = ctx;
    if (status == SVMS_OK) {
        status = stream_serve_open(&serve, &options, &err);
    }
    if (status == SVMS_OK) {
        status = add_all(serve, &live, &err);
    }
    if (status == SVMS_OK) {
        printf("port %s\n", strrchr(address, ':') + 1);
        status = run(serve, live, &err);
    }
    if (status != SVMS_OK) {
        (void)fprintf(stderr, "%s\n", err.message);
    }
    stream_serve_close(&serve);
    svms_ctx_free(&ctx);
    return status == SVMS_OK ? 0 : 1;
}
