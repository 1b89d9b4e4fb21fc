/* SPDX-License-Identifier: Apache-2.0 */
/* How fast evidence packages are made, verified and read, beside what nobody can do without. CPU
 * time, median of rounds in which both take turns; peak of memory of our own. Prints; never judges.
 *
 *   export_bench [MiB [KiB of a segment]]
 *
 * What nobody can do without, besides one signature of each segment:
 *   create strong:  SHA-256 of each sample; SHA-256 of the file, for the result
 *   create other:   SHA-256 of each sample; AES-256-GCM; SHA-256 of the frame and of the file
 *   verify strong:  SHA-256 of each sample
 *   verify sealed:  SHA-256 of the frame; with a key AES-256-GCM and SHA-256 of each sample too
 *   extract:        as verify with a key; and AES-256-GCM of what is encrypted in the samples
 * "view": the source has its bytes in place, like a mapped file. "read": it copies them, as a file
 * does; then the passes beside it read their bytes once too. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include <svms/svms.h>

#define ROUNDS 5
#define STEP 65536u
#define SAMPLE 65536u
#define LIGHT_BYTES 1024u /* of a P picture that are encrypted */

/* High profile, CABAC; then the start of an IDR and of a P slice of the same stream. */
static const uint8_t avc_config[] = { 0x01, 0x64, 0x00, 0x0b, 0xff, 0xe1, 0x00, 0x18, 0x67,
                                      0x64, 0x00, 0x0b, 0xac, 0xb2, 0x02, 0x83, 0xf6, 0x02,
                                      0x20, 0x00, 0x00, 0x03, 0x00, 0x20, 0x00, 0x00, 0x03,
                                      0x02, 0x81, 0xe2, 0x85, 0x49, 0x01, 0x00, 0x06, 0x68,
                                      0xeb, 0xc3, 0xcb, 0x22, 0xc0, 0xfd, 0xf8, 0xf8, 0x00 };
static const uint8_t idr_slice[] = { 0x65, 0x88, 0x84, 0x37, 0xd4, 0x88, 0x7a, 0xdf };
static const uint8_t p_slice[] = { 0x41, 0x9a, 0x3b, 0x11, 0x1f, 0xef, 0x82, 0x67 };

/* As long as the manifest of one track. */
static const uint8_t message[412];

typedef struct memory {
    uint8_t *data;
    size_t size;
    size_t capacity;
} memory;

/* Passes over the media. */
typedef struct passes {
    bool samples_first;      /* SHA-256 of each sample as it is read */
    unsigned streams;        /* SHA-256 over everything as it is read */
    int seal;                /* AES-256-GCM of 64 KiB chunks: 1 seals, -1 opens */
    unsigned sealed_streams; /* SHA-256 over everything that was sealed */
    bool samples_last;       /* SHA-256 of each sample as it was opened */
    bool opens_samples;      /* AES-256-GCM of what is encrypted in each sample */
} passes;

typedef struct bench {
    svms_ctx *ctx;
    svms_private_key *key;
    svms_chain *recorder;
    svms_chain *exporter;
    svms_trust *trust;
    svms_kek *kek;
    svms_keyring *ring;
    svms_protection protection;
    size_t total;
    size_t segment_bytes;
    bool with_view;
    bool with_key;
    const passes *needed;
    memory container;
    memory package;
    uint8_t *sample;
    uint8_t *copied;
    uint8_t *cipher;
    EVP_CIPHER *gcm;
    EVP_MD *sha256;
    EVP_PKEY *pkey;
    uint8_t signature[80];
    size_t signature_size;
    size_t live;
    size_t peak;
} bench;

static void check(svms_status status, const char *what, const svms_error *err)
{
    if (status != SVMS_OK) {
        fprintf(stderr, "%s failed: %s\n", what, err->message);
        exit(1);
    }
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static svms_status discard(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    (void)user;
    (void)runs;
    (void)count;
    (void)os_error;
    return SVMS_OK;
}

static svms_status keep(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    memory *out = user;
    (void)os_error;
    for (size_t i = 0; i < count; i++) {
        if (out->size + runs[i].size > out->capacity) {
            out->capacity = (out->size + runs[i].size) * 2;
            out->data = realloc(out->data, out->capacity);
        }
        memcpy(out->data + out->size, runs[i].data, runs[i].size);
        out->size += runs[i].size;
    }
    return SVMS_OK;
}

static svms_status read_at(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                           int *os_error)
{
    const memory *file = user;
    size_t left = offset < file->size ? file->size - (size_t)offset : 0;
    (void)os_error;
    *got = size < left ? size : left;
    memcpy(out, file->data + offset, *got);
    return SVMS_OK;
}

static svms_status get_size(void *user, uint64_t *size, int *os_error)
{
    const memory *file = user;
    (void)os_error;
    *size = file->size;
    return SVMS_OK;
}

static const uint8_t *view(void *user, uint64_t offset, size_t size)
{
    const memory *file = user;
    (void)size;
    return file->data + offset;
}

static svms_source source_of(const bench *b, memory *file)
{
    svms_source source = SVMS_SOURCE_INIT;
    source.user = file;
    source.read_at = read_at;
    source.get_size = get_size;
    source.view = b->with_view ? view : NULL;
    return source;
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

static void fill_sample(bench *b, bool sync)
{
    size_t length = SAMPLE - 4;
    b->sample[0] = (uint8_t)(length >> 24);
    b->sample[1] = (uint8_t)(length >> 16);
    b->sample[2] = (uint8_t)(length >> 8);
    b->sample[3] = (uint8_t)length;
    memcpy(b->sample + 4, sync ? idr_slice : p_slice, 8);
}

static svms_writer *begin_recording(bench *b, const svms_sink *sink)
{
    svms_track track = SVMS_TRACK_INIT;
    svms_writer_options options = SVMS_WRITER_OPTIONS_INIT;
    svms_writer *writer = NULL;
    svms_error err = SVMS_ERROR_INIT;
    track.codec = SVMS_CODEC_H264;
    track.protection = b->protection;
    track.timebase_den = 1000;
    track.default_duration = 1;
    track.config = avc_config;
    track.config_size = sizeof(avc_config);
    options.tracks = &track;
    options.track_count = 1;
    options.signer_key = b->key;
    options.signer_chain = b->recorder;
    options.keks = (const svms_kek *const *)&b->kek;
    options.kek_count = 1;
    options.segment_ns = UINT64_C(100000000);
    options.segment_bytes = UINT64_C(1) << 30;
    check(svms_writer_open(&writer, b->ctx, sink, &options, &err), "svms_writer_open", &err);
    return writer;
}

static void record(bench *b)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_sink sink = SVMS_SINK_INIT;
    size_t in_segment = b->segment_bytes / SAMPLE;
    b->container.size = 0;
    sink.user = &b->container;
    sink.write = keep;
    svms_writer *writer = begin_recording(b, &sink);
    for (size_t i = 0; i < b->total / SAMPLE; i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        bool sync = i % in_segment == 0;
        fill_sample(b, sync);
        sample.data = b->sample;
        sample.size = SAMPLE;
        sample.dts = (int64_t)(i / in_segment * 1000 + i % in_segment);
        sample.pts = sample.dts;
        sample.flags = sync ? SVMS_SAMPLE_SYNC : 0;
        check(svms_writer_append(writer, &sample, &err), "svms_writer_append", &err);
    }
    check(svms_writer_close(&writer, &err), "svms_writer_close", &err);
}

/* The library ---------------------------------------------------------------------------------- */

static double export_to(bench *b, const svms_sink *sink)
{
    svms_export_options options = SVMS_EXPORT_OPTIONS_INIT;
    svms_export_source what = SVMS_EXPORT_SOURCE_INIT;
    svms_export_result result = SVMS_EXPORT_RESULT_INIT;
    svms_export *package = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_source source = source_of(b, &b->container);
    options.signer.key = b->key;
    options.signer.chain = b->exporter;
    options.keks = (const svms_kek *const *)&b->kek;
    options.kek_count = 1;
    what.keys = b->ring;
    what.trust = b->trust;
    double start = cpu_seconds();
    check(svms_export_create(&package, b->ctx, &options, sink, &err), "svms_export_create", &err);
    check(svms_export_add_source(package, &source, &what, NULL, &err), "svms_export_add_source",
          &err);
    check(svms_export_finish(package, &result, &err), "svms_export_finish", &err);
    svms_export_abort(&package);
    svms_export_result_clear(&result);
    return cpu_seconds() - start;
}

static double library_create(bench *b)
{
    svms_sink sink = SVMS_SINK_INIT;
    sink.write = discard;
    return export_to(b, &sink);
}

static void keep_package(bench *b)
{
    svms_sink sink = SVMS_SINK_INIT;
    sink.user = &b->package;
    sink.write = keep;
    b->package.size = 0;
    (void)export_to(b, &sink);
}

static svms_evidence *open_package(bench *b, const svms_source *source)
{
    svms_evidence_options options = SVMS_EVIDENCE_OPTIONS_INIT;
    svms_evidence *evidence = NULL;
    svms_error err = SVMS_ERROR_INIT;
    options.keys = b->with_key ? b->ring : NULL;
    check(svms_export_open(&evidence, b->ctx, source, &options, &err), "svms_export_open", &err);
    return evidence;
}

static double library_verify(bench *b)
{
    svms_export_verify_options options = SVMS_EXPORT_VERIFY_INIT;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_source source = source_of(b, &b->package);
    options.trust = b->trust;
    double start = cpu_seconds();
    svms_evidence *evidence = open_package(b, &source);
    svms_status status = svms_export_verify(evidence, &options, &report, &err);
    /* Sealed bodies that nobody opens make it incomplete (E-VER-4). */
    if (status != SVMS_E_INCOMPLETE || b->with_key) {
        check(status, "svms_export_verify", &err);
    }
    svms_export_close(&evidence);
    return cpu_seconds() - start;
}

static double library_extract(bench *b)
{
    svms_reader *reader = NULL;
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_source source = source_of(b, &b->package);
    svms_status status;
    size_t count = 0;
    double start = cpu_seconds();
    svms_evidence *evidence = open_package(b, &source);
    check(svms_export_extract(&reader, evidence, 0, NULL, &err), "svms_export_extract", &err);
    while ((status = svms_reader_next(reader, &sample, &err)) == SVMS_OK) {
        count++;
    }
    if (status != SVMS_END || count != b->total / SAMPLE) {
        check(status, "svms_reader_next", &err);
    }
    svms_reader_close(&reader);
    svms_export_close(&evidence);
    return cpu_seconds() - start;
}

/* The passes ----------------------------------------------------------------------------------- */

typedef struct engines {
    EVP_MD_CTX *samples;
    EVP_MD_CTX *streams[4];
    EVP_MD_CTX *signatures;
    EVP_CIPHER_CTX *frames;
    EVP_CIPHER_CTX *opens;
} engines;

static EVP_CIPHER_CTX *raw_cipher(const bench *b, bool seal)
{
    static const uint8_t key[32];
    EVP_CIPHER_CTX *made = EVP_CIPHER_CTX_new();
    EVP_CipherInit_ex2(made, b->gcm, key, NULL, seal, NULL);
    return made;
}

static engines raw_engines(const bench *b)
{
    engines made = { 0 };
    made.samples = EVP_MD_CTX_new();
    made.signatures = EVP_MD_CTX_new();
    for (size_t i = 0; i < 4; i++) {
        made.streams[i] = EVP_MD_CTX_new();
        EVP_DigestInit_ex2(made.streams[i], b->sha256, NULL);
    }
    made.frames = raw_cipher(b, b->needed->seal > 0);
    made.opens = raw_cipher(b, false);
    return made;
}

static void raw_release(engines *made)
{
    EVP_MD_CTX_free(made->samples);
    EVP_MD_CTX_free(made->signatures);
    for (size_t i = 0; i < 4; i++) {
        EVP_MD_CTX_free(made->streams[i]);
    }
    EVP_CIPHER_CTX_free(made->frames);
    EVP_CIPHER_CTX_free(made->opens);
}

static void raw_signature(bench *b, EVP_MD_CTX *state)
{
    EVP_MD_CTX_reset(state);
    EVP_DigestVerifyInit_ex(state, NULL, "SHA256", NULL, NULL, b->pkey, NULL);
    if (EVP_DigestVerify(state, b->signature, b->signature_size, message, sizeof(message)) != 1) {
        exit(1);
    }
}

static void raw_sample(const bench *b, EVP_MD_CTX *state, const uint8_t *bytes)
{
    uint8_t hash[32];
    EVP_DigestInit_ex2(state, b->sha256, NULL);
    EVP_DigestUpdate(state, bytes, SAMPLE);
    EVP_DigestFinal_ex(state, hash, NULL);
}

/* When it opens, the tag is wrong; the work is the same. */
static void raw_gcm(EVP_CIPHER_CTX *state, bool seal, const uint8_t *in, size_t size, uint8_t *out)
{
    static const uint8_t nonce[12];
    uint8_t tag[16] = { 0 };
    int written = 0;
    EVP_CipherInit_ex2(state, NULL, NULL, nonce, -1, NULL);
    EVP_CipherUpdate(state, out, &written, in, (int)size);
    if (!seal) {
        EVP_CIPHER_CTX_ctrl(state, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag);
    }
    (void)EVP_CipherFinal_ex(state, tag, &written);
    if (seal) {
        EVP_CIPHER_CTX_ctrl(state, EVP_CTRL_AEAD_GET_TAG, sizeof(tag), tag);
    }
}

static void raw_step(bench *b, engines *with, size_t at)
{
    const passes *needed = b->needed;
    const uint8_t *bytes = b->container.data + at;
    bool sync = at % b->segment_bytes == 0;
    bool whole = b->protection == SVMS_PROTECT_STRONG || sync;
    if (!b->with_view) {
        memcpy(b->copied, bytes, STEP);
        bytes = b->copied;
    }
    if (needed->samples_first) {
        raw_sample(b, with->samples, bytes);
    }
    for (unsigned i = 0; i < needed->streams; i++) {
        EVP_DigestUpdate(with->streams[i], bytes, STEP);
    }
    if (needed->seal != 0) {
        raw_gcm(with->frames, needed->seal > 0, bytes, STEP, b->cipher);
        bytes = b->cipher;
    }
    for (unsigned i = 0; i < needed->sealed_streams; i++) {
        EVP_DigestUpdate(with->streams[2 + i], bytes, STEP);
    }
    if (needed->samples_last) {
        raw_sample(b, with->samples, bytes);
    }
    if (needed->opens_samples) {
        raw_gcm(with->opens, false, bytes, whole ? SAMPLE : LIGHT_BYTES, b->sample);
    }
    if (sync) {
        raw_signature(b, with->signatures);
    }
}

static double raw_passes(bench *b)
{
    engines with = raw_engines(b);
    double start = cpu_seconds();
    for (size_t at = 0; at < b->total; at += STEP) {
        raw_step(b, &with, at);
    }
    double taken = cpu_seconds() - start;
    raw_release(&with);
    return taken;
}

/* Beside each other ---------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static void compare(bench *b, const char *name, double (*library)(bench *), const passes *needed)
{
    double ours[ROUNDS];
    double limit[ROUNDS];
    double ratio[ROUNDS];
    double bytes = (double)b->total / 1e6;
    b->needed = needed;
    size_t before = b->live;
    b->peak = b->live;
    for (int i = 0; i < ROUNDS; i++) {
        limit[i] = raw_passes(b);
        ours[i] = library(b);
        ratio[i] = limit[i] / ours[i];
    }
    qsort(ours, ROUNDS, sizeof(double), ascending);
    qsort(limit, ROUNDS, sizeof(double), ascending);
    qsort(ratio, ROUNDS, sizeof(double), ascending);
    printf("%-30s %-5s %8.0f %8.0f %7.3f %7.3f %7.3f %8zu\n", name, b->with_view ? "view" : "read",
           bytes / ours[ROUNDS / 2], bytes / limit[ROUNDS / 2], ratio[ROUNDS / 2], ratio[0],
           ratio[ROUNDS - 1], (b->peak - before) / 1024);
    fflush(stdout);
}

static void compare_all(bench *b, const char *name)
{
    bool strong = b->protection == SVMS_PROTECT_STRONG;
    bool light = b->protection == SVMS_PROTECT_LIGHT;
    const passes creates_strong = { .samples_first = true, .streams = 1 };
    const passes creates = { .samples_first = true, .seal = 1, .sealed_streams = 2 };
    const passes verifies_strong = { .samples_first = true };
    const passes verifies = { .streams = 1, .seal = -1, .samples_last = true };
    const passes verifies_closed = { .streams = 1 };
    const passes extracts_strong = { .samples_first = true, .opens_samples = true };
    const passes extracts = {
        .streams = 1, .seal = -1, .samples_last = true, .opens_samples = light
    };
    char what[64];
    record(b);
    keep_package(b);
    for (int copies = 0; copies < 2; copies++) {
        b->with_view = copies == 0;
        b->with_key = true;
        snprintf(what, sizeof(what), "create %s", name);
        compare(b, what, library_create, strong ? &creates_strong : &creates);
        snprintf(what, sizeof(what), "verify %s", name);
        compare(b, what, library_verify, strong ? &verifies_strong : &verifies);
        if (!strong) {
            b->with_key = false;
            snprintf(what, sizeof(what), "verify %s, no key", name);
            compare(b, what, library_verify, &verifies_closed);
            b->with_key = true;
        }
        snprintf(what, sizeof(what), "extract %s", name);
        compare(b, what, library_extract, strong ? &extracts_strong : &extracts);
    }
}

static svms_chain *issue(bench *b, const svms_chain *ca, const svms_private_key *ca_key,
                         svms_role role, int64_t now, char *pem, size_t room)
{
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_chain *chain = NULL;
    size_t size = room;
    options.role = role;
    options.common_name = "bench";
    options.not_before_utc_ns = now - 86400 * INT64_C(1000000000);
    options.not_after_utc_ns = now + 86400 * INT64_C(1000000000);
    check(svms_certificate_issue(b->ctx, &options, ca == NULL ? ca_key : b->key, ca,
                                 ca == NULL ? NULL : ca_key, pem, &size, &err),
          "svms_certificate_issue", &err);
    pem[size] = 0;
    check(svms_chain_from_pem(&chain, b->ctx, pem, size, &err), "svms_chain_from_pem", &err);
    return chain;
}

static void make_identity(bench *b)
{
    char pem[8192];
    svms_private_key *ca_key = NULL;
    svms_error err = SVMS_ERROR_INIT;
    int64_t now = (int64_t)time(NULL) * 1000000000;
    check(svms_private_key_generate(&ca_key, b->ctx, &err), "a key", &err);
    check(svms_private_key_generate(&b->key, b->ctx, &err), "a key", &err);
    svms_chain *ca = issue(b, NULL, ca_key, SVMS_ROLE_NONE, now, pem, sizeof(pem) - 1);
    check(svms_trust_from_pem(&b->trust, b->ctx, pem, strlen(pem), &err), "trust", &err);
    b->recorder = issue(b, ca, ca_key, SVMS_ROLE_RECORDER, now, pem, sizeof(pem) - 1);
    b->exporter = issue(b, ca, ca_key, SVMS_ROLE_EXPORTER, now, pem, sizeof(pem) - 1);
    check(svms_kek_generate(&b->kek, b->ctx, &err), "a key-encryption key", &err);
    check(svms_keyring_new(&b->ring, b->ctx, &err), "a key ring", &err);
    check(svms_keyring_add_kek(b->ring, b->kek, &err), "a key ring", &err);
    svms_chain_free(&ca);
    svms_private_key_free(&ca_key);
    EVP_MD_CTX *signs = EVP_MD_CTX_new();
    b->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    b->signature_size = sizeof(b->signature);
    EVP_DigestSignInit_ex(signs, NULL, "SHA256", NULL, NULL, b->pkey, NULL);
    EVP_DigestSign(signs, b->signature, &b->signature_size, message, sizeof(message));
    EVP_MD_CTX_free(signs);
}

static void release(bench *b)
{
    svms_keyring_free(&b->ring);
    svms_kek_free(&b->kek);
    svms_chain_free(&b->recorder);
    svms_chain_free(&b->exporter);
    svms_trust_free(&b->trust);
    svms_private_key_free(&b->key);
    svms_ctx_free(&b->ctx);
    EVP_CIPHER_free(b->gcm);
    EVP_MD_free(b->sha256);
    EVP_PKEY_free(b->pkey);
    free(b->sample);
    free(b->copied);
    free(b->cipher);
    free(b->container.data);
    free(b->package.data);
}

int main(int argc, char **argv)
{
    static const struct {
        svms_protection protection;
        const char *name;
    } kinds[] = { { SVMS_PROTECT_STRONG, "strong" },
                  { SVMS_PROTECT_LIGHT, "light, sealed" },
                  { SVMS_PROTECT_NONE, "clear, sealed" } };
    bench b = { 0 };
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    b.total = (argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 512) << 20;
    b.segment_bytes = (argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 1024) << 10;
    options.user = &b;
    options.allocate = count_allocate;
    options.release = count_release;
    check(svms_ctx_new(&b.ctx, &options, &err), "svms_ctx_new", &err);
    make_identity(&b);
    b.gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    b.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    b.sample = calloc(1, STEP);
    b.copied = calloc(1, STEP);
    b.cipher = calloc(1, STEP);
    printf("%zu MiB, samples of %u KiB, segments of %zu KiB\n", b.total >> 20, SAMPLE / 1024,
           b.segment_bytes >> 10);
    printf("%-36s %8s %8s %7s %7s %7s %8s\n", "", "MB/s", "EVP MB/s", "ratio", "min", "max",
           "peak KiB");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        b.protection = kinds[i].protection;
        compare_all(&b, kinds[i].name);
    }
    release(&b);
    return 0;
}
