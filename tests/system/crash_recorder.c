/* SPDX-License-Identifier: Apache-2.0 */
/* Records until it is killed, and says at once what is safe: "begun" when the front is written,
 * then the number of complete, durable segments whenever there is one more. Usage: crash_recorder
 * FILE TRACKS PACE CERTIFICATE KEY RECIPIENT (PEM files) PACE: "fast" as fast as it goes, "paced"
 * with pauses between samples, "dribble" byte runs of a write trickle into the file one after the
 * other, so that a kill finds them half written. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <svms/svms.h>

#include "crash_content.h"

#define PEM_MAX 65536
#define PAUSE_NS 200000
#define TRICKLE_NS 20000
#define TRICKLE_BYTES 509

typedef enum pace { FAST, PACED, DRIBBLE } pace;

typedef struct recording {
    svms_ctx *ctx;
    svms_private_key *key;
    svms_chain *chain;
    svms_public_key *recipient;
    svms_sink sink;
    svms_writer *writer;
    uint32_t tracks;
    pace pace;
    uint64_t announced;
} recording;

static void wait_ns(long duration)
{
    struct timespec pause = { 0, duration };
    nanosleep(&pause, NULL);
}

/* One write, so that a line is said wholly or not at all. */
static int say(const char *line)
{
    size_t size = strlen(line);
    return write(STDOUT_FILENO, line, size) == (ssize_t)size ? 0 : -1;
}

static svms_status trickle(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    const int *handle = user;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *data = runs[i].data;
        for (size_t done = 0; done < runs[i].size;) {
            size_t left = runs[i].size - done;
            ssize_t written =
                write(*handle, data + done, left < TRICKLE_BYTES ? left : TRICKLE_BYTES);
            if (written < 0) {
                *os_error = errno;
                return SVMS_E_IO;
            }
            done += (size_t)written;
            wait_ns(TRICKLE_NS);
        }
    }
    return SVMS_OK;
}

static svms_status settle(void *user, int *os_error)
{
    const int *handle = user;
    *os_error = fdatasync(*handle) == 0 ? 0 : errno;
    return *os_error == 0 ? SVMS_OK : SVMS_E_IO;
}

static svms_status open_sink(recording *recorder, const char *path, svms_error *err)
{
    static int handle;
    if (recorder->pace != DRIBBLE) {
        return svms_sink_create_file(&recorder->sink, recorder->ctx, path, err);
    }
    handle = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    recorder->sink = (svms_sink)SVMS_SINK_INIT;
    recorder->sink.user = &handle;
    recorder->sink.write = trickle;
    recorder->sink.sync = settle;
    return handle < 0 ? SVMS_E_IO : SVMS_OK;
}

static svms_status begin(recording *recorder, svms_error *err)
{
    svms_track tracks[SVMS_MAX_TRACKS];
    const svms_public_key *recipients[1] = { recorder->recipient };
    svms_writer_options options = SVMS_WRITER_OPTIONS_INIT;
    for (uint32_t i = 0; i < recorder->tracks; i++) {
        tracks[i] = (svms_track)SVMS_TRACK_INIT;
        tracks[i].codec = SVMS_FOURCC('t', 'e', 's', 't');
        tracks[i].protection = i % 4 == 3 ? SVMS_PROTECT_LIGHT : SVMS_PROTECT_STRONG;
        tracks[i].timebase_den = 1000;
        tracks[i].default_duration = TICKS_IN_FRAME;
    }
    options.tracks = tracks;
    options.track_count = recorder->tracks;
    options.signer_key = recorder->key;
    options.signer_chain = recorder->chain;
    options.recipients = recipients;
    options.recipient_count = 1;
    options.segment_ns = UINT64_C(1000000) * FRAMES_IN_SEGMENT * TICKS_IN_FRAME;
    return svms_writer_open(&recorder->writer, recorder->ctx, &recorder->sink, &options, err);
}

static svms_status announce(recording *recorder)
{
    char line[32];
    svms_writer_stats stats = SVMS_WRITER_STATS_INIT;
    svms_status status = svms_writer_get_stats(recorder->writer, &stats);
    if (status != SVMS_OK || stats.segments == recorder->announced) {
        return status;
    }
    recorder->announced = stats.segments;
    (void)snprintf(line, sizeof line, "%llu\n", (unsigned long long)stats.segments);
    return say(line) == 0 ? SVMS_OK : SVMS_E_IO;
}

static svms_status put_frame(recording *recorder, uint32_t number, svms_error *err)
{
    static uint8_t bytes[CONTENT_MAX];
    svms_status status = SVMS_OK;
    for (uint32_t track = 0; track < recorder->tracks && status == SVMS_OK; track++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        sample.track = track;
        sample.flags = number % FRAMES_IN_SEGMENT == 0 ? SVMS_SAMPLE_SYNC : 0;
        sample.dts = sample.pts = (int64_t)number * TICKS_IN_FRAME;
        sample.duration = TICKS_IN_FRAME;
        sample.size = content_fill(track, number, bytes);
        sample.data = bytes;
        status = svms_writer_append(recorder->writer, &sample, err);
        if (status == SVMS_OK) {
            status = announce(recorder);
        }
    }
    return status;
}

/* Segments end by themselves; every third one is ended by hand. */
static svms_status record(recording *recorder, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (uint32_t number = 0; status == SVMS_OK; number++) {
        status = put_frame(recorder, number, err);
        if (status == SVMS_OK && number % (3 * FRAMES_IN_SEGMENT) == FRAMES_IN_SEGMENT - 1) {
            status = svms_writer_flush(recorder->writer, err);
            status = status == SVMS_OK ? announce(recorder) : status;
        }
        if (recorder->pace == PACED) {
            wait_ns(PAUSE_NS);
        }
    }
    return status;
}

static size_t read_text(const char *path, char out[PEM_MAX])
{
    FILE *file = fopen(path, "r");
    if (!file) {
        return 0;
    }
    size_t size = fread(out, 1, PEM_MAX, file);
    fclose(file);
    return size;
}

static svms_status load(recording *recorder, char **paths, svms_error *err)
{
    char pem[PEM_MAX];
    size_t size = read_text(paths[0], pem);
    svms_status status = svms_chain_from_pem(&recorder->chain, recorder->ctx, pem, size, err);
    if (status == SVMS_OK) {
        size = read_text(paths[1], pem);
        status = svms_private_key_from_pem(&recorder->key, recorder->ctx, pem, size, err);
    }
    if (status == SVMS_OK) {
        size = read_text(paths[2], pem);
        status = svms_public_key_from_pem(&recorder->recipient, recorder->ctx, pem, size, err);
    }
    return status;
}

static int parse(recording *recorder, int count, char **arguments)
{
    static const char *const paces[] = { "fast", "paced", "dribble" };
    if (count != 7) {
        return -1;
    }
    recorder->tracks = (uint32_t)strtoul(arguments[2], NULL, 10);
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(arguments[3], paces[i]) == 0) {
            recorder->pace = (pace)i;
            return recorder->tracks >= 1 && recorder->tracks <= SVMS_MAX_TRACKS ? 0 : -1;
        }
    }
    return -1;
}

int main(int count, char **arguments)
{
    recording recorder = { 0 };
    svms_error err = SVMS_ERROR_INIT;
    if (parse(&recorder, count, arguments) != 0) {
        fprintf(stderr, "usage: crash_recorder FILE TRACKS PACE CERTIFICATE KEY RECIPIENT\n");
        return 2;
    }
    svms_status status = svms_ctx_new(&recorder.ctx, NULL, &err);
    if (status == SVMS_OK) {
        status = load(&recorder, arguments + 4, &err);
    }
    if (status == SVMS_OK) {
        status = open_sink(&recorder, arguments[1], &err);
    }
    if (status == SVMS_OK) {
        status = begin(&recorder, &err);
    }
    if (status == SVMS_OK) {
        status = say("begun\n") == 0 ? record(&recorder, &err) : SVMS_E_IO;
    }
    /* Only a failure ends it; what ends it otherwise leaves no time for cleaning up. */
    fprintf(stderr, "crash_recorder: %s %s\n", svms_status_name(status), err.message);
    return 1;
}
