/* SPDX-License-Identifier: Apache-2.0 */
/* Ten minutes out of 24 hours, and all of the 24 hours, as evidence packages: what is read of the
 * recording beside the bytes of the segments that are carried, how long it takes, how much memory
 * of our own it needs; then the same for opening, verifying and reading the packages, and how long
 * it takes from opening one to its first picture. Prints; never judges. Writes about 1 GB into the
 * present folder, and removes it. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <svms/svms.h>

#define SECOND INT64_C(1000000000)
#define T0 (INT64_C(1767225600) * SECOND)
#define HOURS 24
#define FRAMES_PER_SECOND 10
#define KEY_FRAME 2000u /* bytes, one each second */
#define FRAME 330u
#define GRAIN 64u /* distinct bytes are counted in these */
#define ROUNDS 101

typedef struct bench {
    svms_ctx *ctx;
    svms_private_key *key;
    svms_chain *recorder;
    svms_chain *exporter;
    svms_trust *trust;
    svms_kek *kek;
    svms_keyring *ring;
    svms_protection protection;
    char recording[64];
    char package[64];
    uint64_t segments;
    size_t live;
    size_t peak;
} bench;

/* A file whose bytes are counted as they are read. */
typedef struct counted {
    svms_source file;
    uint64_t calls;
    uint64_t bytes;
    uint8_t *seen; /* bit for each grain */
    uint64_t size;
} counted;

static void check(svms_status status, const char *what, const svms_error *err)
{
    if (status != SVMS_OK) {
        fprintf(stderr, "%s failed: %s\n", what, err->message);
        exit(1);
    }
}

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Allocations carry their size in front, to know the peak. */
static void *count_allocate(void *user, size_t size)
{
    bench *b = user;
    size_t *block = malloc(size + 16);
    if (block == NULL) {
        return NULL;
    }
    *block = size;
    b->live += size;
    b->peak = b->live > b->peak ? b->live : b->peak;
    return block + 2;
}

static void count_release(void *user, void *pointer)
{
    bench *b = user;
    if (pointer != NULL) {
        size_t *block = (size_t *)pointer - 2;
        b->live -= *block;
        free(block);
    }
}

static svms_status read_counted(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                                int *os_error)
{
    counted *self = user;
    svms_status status = self->file.read_at(self->file.user, offset, out, size, got, os_error);
    if (status == SVMS_OK && *got != 0) {
        self->calls++;
        self->bytes += *got;
        for (uint64_t grain = offset / GRAIN; grain <= (offset + *got - 1) / GRAIN; grain++) {
            self->seen[grain / 8] |= (uint8_t)(1u << (grain % 8));
        }
    }
    return status;
}

static svms_status get_size(void *user, uint64_t *size, int *os_error)
{
    counted *self = user;
    return self->file.get_size(self->file.user, size, os_error);
}

static svms_source open_counted(const bench *b, counted *self, const char *path)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    int os_error = 0;
    memset(self, 0, sizeof(*self));
    check(svms_source_open_file(&self->file, b->ctx, path, &err), "opening", &err);
    check(self->file.get_size(self->file.user, &self->size, &os_error), "its size", &err);
    self->seen = calloc(1, (size_t)(self->size / GRAIN / 8 + 1));
    source.user = self;
    source.read_at = read_counted;
    source.get_size = get_size;
    return source;
}

static uint64_t distinct_bytes(const counted *self)
{
    uint64_t grains = 0;
    for (uint64_t i = 0; i < self->size / GRAIN / 8 + 1; i++) {
        for (unsigned bits = self->seen[i]; bits != 0; bits &= bits - 1) {
            grains++;
        }
    }
    return grains * GRAIN;
}

static void close_counted(counted *self)
{
    free(self->seen);
    svms_source_close(&self->file);
}

static svms_chain *issue(const bench *b, const svms_chain *ca, svms_role role, char *pem,
                         size_t room)
{
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_chain *chain = NULL;
    size_t size = room;
    options.role = role;
    options.common_name = ca == NULL ? "bench CA" : "bench";
    options.not_before_utc_ns = T0 - SECOND * 86400;
    options.not_after_utc_ns = T0 + SECOND * 86400 * 3650;
    check(svms_certificate_issue(b->ctx, &options, b->key, ca, ca == NULL ? NULL : b->key, pem,
                                 &size, &err),
          "a certificate", &err);
    pem[size] = 0;
    check(svms_chain_from_pem(&chain, b->ctx, pem, size, &err), "a certificate", &err);
    return chain;
}

static void make_identity(bench *b)
{
    char pem[4096];
    svms_error err = SVMS_ERROR_INIT;
    check(svms_private_key_generate(&b->key, b->ctx, &err), "a key", &err);
    svms_chain *ca = issue(b, NULL, SVMS_ROLE_NONE, pem, sizeof(pem) - 1);
    check(svms_trust_from_pem(&b->trust, b->ctx, pem, strlen(pem), &err), "trust", &err);
    b->recorder = issue(b, ca, SVMS_ROLE_RECORDER, pem, sizeof(pem) - 1);
    b->exporter = issue(b, ca, SVMS_ROLE_EXPORTER, pem, sizeof(pem) - 1);
    check(svms_kek_generate(&b->kek, b->ctx, &err), "a key-encryption key", &err);
    check(svms_keyring_new(&b->ring, b->ctx, &err), "a key ring", &err);
    check(svms_keyring_add_kek(b->ring, b->kek, &err), "a key ring", &err);
    svms_chain_free(&ca);
}

static svms_writer *begin_recording(const bench *b, const svms_sink *sink)
{
    svms_track track = SVMS_TRACK_INIT;
    svms_writer_options options = SVMS_WRITER_OPTIONS_INIT;
    svms_writer *writer = NULL;
    svms_error err = SVMS_ERROR_INIT;
    track.codec = SVMS_FOURCC('t', 'e', 's', 't');
    track.protection = b->protection;
    track.timebase_den = 90000;
    track.default_duration = 90000 / FRAMES_PER_SECOND;
    options.tracks = &track;
    options.track_count = 1;
    options.signer_key = b->key;
    options.signer_chain = b->recorder;
    options.keks = (const svms_kek *const *)&b->kek;
    options.kek_count = 1;
    options.start_utc_ns = T0;
    options.durability = SVMS_DURABLE_NONE;
    check(svms_writer_open(&writer, b->ctx, sink, &options, &err), "svms_writer_open", &err);
    return writer;
}

static void record(bench *b, bool leave_open)
{
    static uint8_t bytes[KEY_FRAME];
    svms_sink sink = SVMS_SINK_INIT;
    svms_error err = SVMS_ERROR_INIT;
    uint64_t frames = UINT64_C(3600) * HOURS * FRAMES_PER_SECOND;
    unlink(b->recording);
    check(svms_sink_create_file(&sink, b->ctx, b->recording, &err), "making a file", &err);
    svms_writer *writer = begin_recording(b, &sink);
    for (uint64_t i = 0; i < frames; i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        bool sync = i % FRAMES_PER_SECOND == 0;
        sample.data = bytes;
        sample.size = sync ? KEY_FRAME : FRAME;
        sample.dts = (int64_t)(i * (90000 / FRAMES_PER_SECOND));
        sample.pts = sample.dts;
        sample.flags = sync ? SVMS_SAMPLE_SYNC : 0;
        check(svms_writer_append(writer, &sample, &err), "svms_writer_append", &err);
    }
    if (leave_open) {
        check(svms_writer_flush(writer, &err), "svms_writer_flush", &err);
        svms_writer_abort(&writer);
    } else {
        check(svms_writer_close(&writer, &err), "svms_writer_close", &err);
    }
    svms_sink_close(&sink);
}

static void show(const bench *b, const char *what, double wall, double cpu, const counted *file,
                 uint64_t needed)
{
    printf("  %-26s %9.1f ms %9.1f ms %8.3f MB %8.3f MB %8.3f MB %8zu KiB\n", what, wall * 1e3,
           cpu * 1e3, (double)file->bytes / 1e6, (double)distinct_bytes(file) / 1e6,
           (double)needed / 1e6, b->peak / 1024);
    fflush(stdout);
}

static void export_period(bench *b, const char *name, int64_t from, int64_t to)
{
    svms_export_options options = SVMS_EXPORT_OPTIONS_INIT;
    svms_export_source what = SVMS_EXPORT_SOURCE_INIT;
    svms_export_result result = SVMS_EXPORT_RESULT_INIT;
    svms_export *package = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_sink sink = SVMS_SINK_INIT;
    counted file;
    svms_source source = open_counted(b, &file, b->recording);
    unlink(b->package);
    check(svms_sink_create_file(&sink, b->ctx, b->package, &err), "making a file", &err);
    sink.sync = NULL; /* how fast the disk is, is another question */
    options.signer.key = b->key;
    options.signer.chain = b->exporter;
    options.keks = (const svms_kek *const *)&b->kek;
    options.kek_count = 1;
    what.keys = b->ring;
    what.trust = b->trust;
    what.from_utc_ns = from;
    what.to_utc_ns = to;
    size_t before = b->live;
    b->peak = b->live;
    double wall = seconds(CLOCK_MONOTONIC);
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    check(svms_export_create(&package, b->ctx, &options, &sink, &err), "svms_export_create", &err);
    check(svms_export_add_source(package, &source, &what, NULL, &err), "svms_export_add_source",
          &err);
    check(svms_export_finish(package, &result, &err), "svms_export_finish", &err);
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = seconds(CLOCK_MONOTONIC) - wall;
    b->peak -= before;
    b->segments = result.periods[0].segments;
    /* All segments are alike, but for a few bytes. */
    uint64_t needed = file.size / (UINT64_C(1800) * HOURS) * b->segments;
    show(b, name, wall, cpu, &file, needed);
    svms_export_abort(&package);
    svms_export_result_clear(&result);
    svms_sink_close(&sink);
    close_counted(&file);
}

static svms_evidence *open_package(const bench *b, const svms_source *source)
{
    svms_evidence_options options = SVMS_EVIDENCE_OPTIONS_INIT;
    svms_evidence *evidence = NULL;
    svms_error err = SVMS_ERROR_INIT;
    options.keys = b->ring;
    check(svms_export_open(&evidence, b->ctx, source, &options, &err), "svms_export_open", &err);
    return evidence;
}

static void only_open(const bench *b, svms_evidence *evidence)
{
    (void)b;
    (void)evidence;
}

static void verify(const bench *b, svms_evidence *evidence)
{
    svms_export_verify_options options = SVMS_EXPORT_VERIFY_INIT;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.trust = b->trust;
    svms_status status = svms_export_verify(evidence, &options, &report, &err);
    if (status != SVMS_E_INCOMPLETE) { /* an open recording has no end */
        check(status, "svms_export_verify", &err);
    }
}

static void read_samples(svms_evidence *evidence, int64_t from, int64_t to)
{
    svms_reader *reader = NULL;
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status;
    check(svms_export_extract(&reader, evidence, 0, NULL, &err), "svms_export_extract", &err);
    if (from != SVMS_NO_TIME) {
        check(svms_reader_seek(reader, from, &err), "svms_reader_seek", &err);
    }
    do {
        status = svms_reader_next(reader, &sample, &err);
    } while (status == SVMS_OK && (to == SVMS_NO_TIME || sample.utc_ns < to));
    if (status != SVMS_END) {
        check(status, "svms_reader_next", &err);
    }
    svms_reader_close(&reader);
}

static void extract(const bench *b, svms_evidence *evidence)
{
    (void)b;
    read_samples(evidence, SVMS_NO_TIME, SVMS_NO_TIME);
}

static void extract_minute(const bench *b, svms_evidence *evidence)
{
    (void)b;
    int64_t from = T0 + (12 * 3600 + 300) * SECOND;
    read_samples(evidence, from, from + 60 * SECOND);
}

static void measure(bench *b, const char *name, void (*work)(const bench *, svms_evidence *),
                    uint64_t segments)
{
    counted file;
    svms_source source = open_counted(b, &file, b->package);
    size_t before = b->live;
    b->peak = b->live;
    double wall = seconds(CLOCK_MONOTONIC);
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    svms_evidence *evidence = open_package(b, &source);
    work(b, evidence);
    svms_export_close(&evidence);
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = seconds(CLOCK_MONOTONIC) - wall;
    b->peak -= before;
    show(b, name, wall, cpu, &file, file.size / b->segments * segments);
    close_counted(&file);
}

/* Open, extract, seek, first sample, close. */
static double first_picture(const bench *b, int64_t utc_ns)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_reader *reader = NULL;
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    double start = seconds(CLOCK_MONOTONIC);
    check(svms_source_open_file(&source, b->ctx, b->package, &err), "opening", &err);
    svms_evidence *evidence = open_package(b, &source);
    check(svms_export_extract(&reader, evidence, 0, NULL, &err), "svms_export_extract", &err);
    check(svms_reader_seek(reader, utc_ns, &err), "svms_reader_seek", &err);
    check(svms_reader_next(reader, &sample, &err), "svms_reader_next", &err);
    double took = seconds(CLOCK_MONOTONIC) - start;
    if (sample.size == 0 || sample.utc_ns > utc_ns) {
        fprintf(stderr, "a wrong sample\n");
        exit(1);
    }
    svms_reader_close(&reader);
    svms_export_close(&evidence);
    svms_source_close(&source);
    return took;
}

static void show_first_picture(const bench *b, int64_t from, int64_t to)
{
    double times[ROUNDS];
    uint32_t state = 12345;
    for (size_t i = 0; i < ROUNDS; i++) {
        state = state * 1664525u + 1013904223u;
        times[i] =
            first_picture(b, from + (int64_t)(state % (uint32_t)((to - from) / SECOND)) * SECOND);
    }
    qsort(times, ROUNDS, sizeof(times[0]), by_size);
    printf("  %-26s %9.3f ms, at most %.3f ms\n", "first picture", times[ROUNDS / 2] * 1e3,
           times[ROUNDS - 1] * 1e3);
    fflush(stdout);
}

static void show_recording(bench *b, const char *name, bool leave_open)
{
    int64_t noon = T0 + 12 * 3600 * SECOND;
    record(b, leave_open);
    printf("%s\n  %-26s %12s %12s %11s %11s %11s %12s\n", name, "", "time", "CPU", "read",
           "distinct", "segments", "memory");
    export_period(b, "create 10 min of 24 h", noon, noon + 600 * SECOND);
    measure(b, "  open", only_open, 0);
    measure(b, "  verify", verify, b->segments);
    measure(b, "  extract", extract, b->segments);
    show_first_picture(b, noon, noon + 600 * SECOND);
    export_period(b, "create 24 h", SVMS_NO_TIME, SVMS_NO_TIME);
    measure(b, "  open", only_open, 0);
    measure(b, "  verify", verify, b->segments);
    measure(b, "  extract", extract, b->segments);
    measure(b, "  extract 1 min", extract_minute, 30);
    show_first_picture(b, T0, T0 + (int64_t)HOURS * 3600 * SECOND);
}

int main(void)
{
    bench b = { 0 };
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    snprintf(b.recording, sizeof(b.recording), "svms-export-day-%ld.svms", (long)getpid());
    snprintf(b.package, sizeof(b.package), "svms-export-day-%ld.svmx", (long)getpid());
    options.user = &b;
    options.allocate = count_allocate;
    options.release = count_release;
    check(svms_ctx_new(&b.ctx, &options, &err), "svms_ctx_new", &err);
    make_identity(&b);
    b.protection = SVMS_PROTECT_STRONG;
    show_recording(&b, "strong, closed", false);
    show_recording(&b, "strong, open", true);
    b.protection = SVMS_PROTECT_NONE;
    show_recording(&b, "clear, closed; sealed by the package", false);
    unlink(b.recording);
    unlink(b.package);
    svms_keyring_free(&b.ring);
    svms_kek_free(&b.kek);
    svms_trust_free(&b.trust);
    svms_chain_free(&b.exporter);
    svms_chain_free(&b.recorder);
    svms_private_key_free(&b.key);
    svms_ctx_free(&b.ctx);
    return 0;
}
