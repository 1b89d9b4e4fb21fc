/* SPDX-License-Identifier: Apache-2.0 */
/* A day of tiny samples: how long it takes to open a container, seek into it and have the first
 * sample, and to verify its last minute, against containers of other lengths; closed and open. And
 * how much room the format takes beside the media. Prints; never judges. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <svms/svms.h>

#define SECOND INT64_C(1000000000)
#define T0 (INT64_C(1767225600) * SECOND)
#define ROUNDS 201

typedef struct bench {
    svms_ctx *ctx;
    svms_private_key *key;
    svms_chain *chain;
    svms_trust *trust;
    svms_kek *kek;
    svms_keyring *ring;
    char path[64];
} bench;

static void check(svms_status status, const char *what, const svms_error *err)
{
    if (status != SVMS_OK) {
        fprintf(stderr, "%s failed: %s\n", what, err->message);
        exit(1);
    }
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_size);
    return values[count / 2];
}

static void make_identity(bench *b)
{
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    char pem[4096];
    size_t size = sizeof pem;
    svms_chain *ca = NULL;
    check(svms_private_key_generate(&b->key, b->ctx, &err), "making a key", &err);
    options.common_name = "bench CA";
    options.not_before_utc_ns = T0 - SECOND * 86400;
    options.not_after_utc_ns = T0 + SECOND * 86400 * 3650;
    check(svms_certificate_issue(b->ctx, &options, b->key, NULL, NULL, pem, &size, &err), "a CA",
          &err);
    check(svms_chain_from_pem(&ca, b->ctx, pem, size, &err), "a CA", &err);
    check(svms_trust_from_pem(&b->trust, b->ctx, pem, size, &err), "trust", &err);
    options.common_name = "bench";
    options.role = SVMS_ROLE_RECORDER;
    size = sizeof pem;
    check(svms_certificate_issue(b->ctx, &options, b->key, ca, b->key, pem, &size, &err),
          "a certificate", &err);
    check(svms_chain_from_pem(&b->chain, b->ctx, pem, size, &err), "a certificate", &err);
    check(svms_kek_generate(&b->kek, b->ctx, &err), "a key-encryption key", &err);
    check(svms_keyring_new(&b->ring, b->ctx, &err), "a key ring", &err);
    check(svms_keyring_add_kek(b->ring, b->kek, &err), "a key ring", &err);
    svms_chain_free(&ca);
}

/* What is recorded: one track of video, and sound beside it where sound_size is not 0. */
typedef struct plan {
    uint32_t duration_s;
    uint32_t frames_per_second;
    size_t key_frame_size; /* one each second */
    size_t frame_size;
    size_t sound_size; /* 1,024 samples of 48 kHz */
    bool leave_open;
} plan;

static svms_writer *begin(const bench *b, const plan *what, const svms_sink *sink)
{
    svms_track tracks[2] = { SVMS_TRACK_INIT, SVMS_TRACK_INIT };
    svms_writer_options options = SVMS_WRITER_OPTIONS_INIT;
    svms_writer *writer = NULL;
    svms_error err = SVMS_ERROR_INIT;
    tracks[0].codec = SVMS_FOURCC('t', 'e', 's', 't');
    tracks[0].timebase_den = 90000;
    tracks[0].default_duration = 90000 / what->frames_per_second;
    tracks[1].kind = SVMS_TRACK_AUDIO;
    tracks[1].codec = SVMS_FOURCC('m', 'p', '4', 'a');
    tracks[1].timebase_den = 48000;
    tracks[1].default_duration = 1024;
    options.tracks = tracks;
    options.track_count = what->sound_size != 0 ? 2 : 1;
    options.signer_key = b->key;
    options.signer_chain = b->chain;
    options.keks = (const svms_kek *const *)&b->kek;
    options.kek_count = 1;
    options.start_utc_ns = T0;
    options.durability = SVMS_DURABLE_NONE;
    check(svms_writer_open(&writer, b->ctx, sink, &options, &err), "opening", &err);
    return writer;
}

/* Bytes of media that were given. */
static uint64_t record(const bench *b, const plan *what)
{
    static uint8_t bytes[1u << 20];
    svms_sink sink = SVMS_SINK_INIT;
    svms_error err = SVMS_ERROR_INIT;
    unlink(b->path);
    check(svms_sink_create_file(&sink, b->ctx, b->path, &err), "making a file", &err);
    svms_writer *writer = begin(b, what, &sink);
    uint64_t media = 0;
    int64_t sound_dts = 0;
    uint64_t frames = (uint64_t)what->duration_s * what->frames_per_second;
    for (uint64_t i = 0; i < frames; i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        bool sync = i % what->frames_per_second == 0;
        sample.data = bytes;
        sample.size = sync ? what->key_frame_size : what->frame_size;
        sample.dts = (int64_t)(i * (90000 / what->frames_per_second));
        sample.pts = sample.dts;
        sample.flags = sync ? SVMS_SAMPLE_SYNC : 0;
        check(svms_writer_append(writer, &sample, &err), "appending", &err);
        media += sample.size;
        while (what->sound_size != 0 && sound_dts * 90000 <= sample.dts * 48000) {
            svms_sample sound = SVMS_SAMPLE_INIT;
            sound.track = 1;
            sound.data = bytes;
            sound.size = what->sound_size;
            sound.dts = sound_dts;
            sound.pts = sound_dts;
            sound.flags = SVMS_SAMPLE_SYNC;
            check(svms_writer_append(writer, &sound, &err), "appending", &err);
            sound_dts += 1024;
            media += sound.size;
        }
    }
    if (what->leave_open) {
        check(svms_writer_flush(writer, &err), "flushing", &err);
        svms_writer_abort(&writer);
    } else {
        check(svms_writer_close(&writer, &err), "closing", &err);
    }
    svms_sink_close(&sink);
    return media;
}

static uint64_t file_size(const bench *b)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    uint64_t size = 0;
    int os_error = 0;
    check(svms_source_open_file(&source, b->ctx, b->path, &err), "opening", &err);
    check(source.get_size(source.user, &size, &os_error), "its size", &err);
    svms_source_close(&source);
    return size;
}

/* Open, seek, first sample, close. */
static double first_sample(const bench *b, int64_t utc_ns)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_reader *reader = NULL;
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.keys = b->ring;
    double start = seconds();
    check(svms_source_open_file(&source, b->ctx, b->path, &err), "opening", &err);
    check(svms_reader_open(&reader, b->ctx, &source, &options, &err), "opening", &err);
    check(svms_reader_seek(reader, utc_ns, &err), "seeking", &err);
    check(svms_reader_next(reader, &sample, &err), "reading", &err);
    double took = seconds() - start;
    if (sample.size == 0) {
        fprintf(stderr, "no sample\n");
        exit(1);
    }
    svms_reader_close(&reader);
    svms_source_close(&source);
    return took;
}

static double verify_range(const bench *b, int64_t from, int64_t to, uint64_t *segments)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    static svms_report report;
    svms_error err = SVMS_ERROR_INIT;
    report = (svms_report)SVMS_REPORT_INIT;
    options.trust = b->trust;
    options.from_utc_ns = from;
    options.to_utc_ns = to;
    double start = seconds();
    check(svms_source_open_file(&source, b->ctx, b->path, &err), "opening", &err);
    check(svms_verify_container(b->ctx, &source, &options, &report, &err), "verifying", &err);
    double took = seconds() - start;
    svms_source_close(&source);
    *segments = report.segments_verified;
    return took;
}

static void show_length(const bench *b, uint32_t duration_s, bool leave_open)
{
    const plan what = { duration_s, 30, 24, 24, 0, leave_open };
    static double seek_times[ROUNDS];
    static double minute_times[21];
    uint64_t segments = 0;
    (void)record(b, &what);
    (void)first_sample(b, T0 + SECOND);
    for (size_t i = 0; i < ROUNDS; i++) {
        int64_t where = (int64_t)((uint64_t)i * 7919 % ((uint64_t)duration_s - 1));
        seek_times[i] = first_sample(b, T0 + where * SECOND);
    }
    int64_t end = T0 + (int64_t)duration_s * SECOND;
    for (size_t i = 0; i < sizeof minute_times / sizeof minute_times[0]; i++) {
        minute_times[i] =
            verify_range(b, end - 60 * SECOND, leave_open ? end - SECOND : end, &segments);
    }
    printf("%-6s %8.2f h %10.1f MB   open + seek + first sample %7.3f ms   last minute %7.2f ms "
           "(%llu segments)\n",
           leave_open ? "open" : "closed", duration_s / 3600.0, (double)file_size(b) / 1e6,
           median(seek_times, ROUNDS) * 1e3,
           median(minute_times, sizeof minute_times / sizeof minute_times[0]) * 1e3,
           (unsigned long long)segments);
}

static void show_room(const bench *b)
{
    /* 2 Mbit/s of video at 30 pictures a second, 128 kbit/s of AAC at 48 kHz. */
    const plan what = { 600, 30, 60000, 6551, 341, false };
    uint64_t media = record(b, &what);
    uint64_t size = file_size(b);
    printf("room   %.2f Mbit/s of video and sound: %.3f %% more than the media (%llu bytes of "
           "%llu)\n",
           (double)media * 8 / 600 / 1e6, 100.0 * ((double)size / (double)media - 1),
           (unsigned long long)(size - media), (unsigned long long)media);
}

int main(void)
{
    bench b = { 0 };
    svms_error err = SVMS_ERROR_INIT;
    snprintf(b.path, sizeof b.path, "svms-day-bench-%ld", (long)getpid());
    check(svms_ctx_new(&b.ctx, NULL, &err), "starting", &err);
    make_identity(&b);
    for (int open = 0; open <= 1; open++) {
        show_length(&b, 60 * 10, open != 0);
        show_length(&b, 3600 * 2, open != 0);
        show_length(&b, 3600 * 24, open != 0);
    }
    show_room(&b);
    unlink(b.path);
    svms_keyring_free(&b.ring);
    svms_kek_free(&b.kek);
    svms_trust_free(&b.trust);
    svms_chain_free(&b.chain);
    svms_private_key_free(&b.key);
    svms_ctx_free(&b.ctx);
    return 0;
}
