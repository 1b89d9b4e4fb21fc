/* SPDX-License-Identifier: Apache-2.0 */
/* How fast evidence packages are made, beside the passes over the bytes that nobody can do without:
 * of a strong source one SHA-256 to verify it and one for the digest of the file; of another one
 * AES-256-GCM and one SHA-256 of the ciphertext more. CPU time, median of rounds in which both take
 * turns; peak of memory. Prints; never judges. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include <svms/svms.h>

#define ROUNDS 7
#define TOTAL_BYTES (128u << 20)
#define STEP 65536u

typedef struct memory {
    uint8_t *data;
    size_t size;
    size_t capacity;
} memory;

typedef struct bench {
    svms_ctx *ctx;
    svms_private_key *key;
    svms_chain *recorder;
    svms_chain *exporter;
    svms_trust *trust;
    svms_keyring *ring;
    svms_protection protection;
    bool with_view;
    memory container;
    uint8_t *sample;
    uint8_t *cipher;
    EVP_CIPHER *gcm;
    EVP_MD *sha256;
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
    const bench *b = user;
    size_t left = offset < b->container.size ? b->container.size - (size_t)offset : 0;
    (void)os_error;
    *got = size < left ? size : left;
    memcpy(out, b->container.data + offset, *got);
    return SVMS_OK;
}

static svms_status get_size(void *user, uint64_t *size, int *os_error)
{
    const bench *b = user;
    (void)os_error;
    *size = b->container.size;
    return SVMS_OK;
}

static const uint8_t *view(void *user, uint64_t offset, size_t size)
{
    const bench *b = user;
    (void)size;
    return b->container.data + offset;
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

static void record(bench *b, size_t sample_size, size_t segment_bytes)
{
    svms_track track = SVMS_TRACK_INIT;
    svms_writer_options options = SVMS_WRITER_OPTIONS_INIT;
    svms_writer *writer = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_sink sink = SVMS_SINK_INIT;
    size_t in_segment = segment_bytes / sample_size;
    b->container.size = 0;
    sink.user = &b->container;
    sink.write = keep;
    track.codec = SVMS_FOURCC('t', 's', 't', 'v');
    track.protection = b->protection;
    track.timebase_den = 1000;
    track.default_duration = 1;
    options.tracks = &track;
    options.track_count = 1;
    options.signer_key = b->key;
    options.signer_chain = b->recorder;
    options.password = "bench";
    options.password_size = 5;
    options.password_log2_n = 10;
    options.segment_ns = UINT64_C(100000000);
    check(svms_writer_open(&writer, b->ctx, &sink, &options, &err), "open", &err);
    for (size_t i = 0; i < TOTAL_BYTES / sample_size; i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        bool sync = i % in_segment == 0;
        sample.data = b->sample;
        sample.size = sample_size;
        sample.dts = (int64_t)(i / in_segment * 1000 + i % in_segment % 1000);
        sample.pts = sample.dts;
        sample.flags = sync ? SVMS_SAMPLE_SYNC : 0;
        check(svms_writer_append(writer, &sample, &err), "append", &err);
    }
    check(svms_writer_close(&writer, &err), "close", &err);
}

static double library_export(bench *b)
{
    svms_export_options options = SVMS_EXPORT_OPTIONS_INIT;
    svms_export_source what = SVMS_EXPORT_SOURCE_INIT;
    svms_export *package = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_sink sink = SVMS_SINK_INIT;
    svms_source source = SVMS_SOURCE_INIT;
    sink.write = discard;
    source.user = b;
    source.read_at = read_at;
    source.get_size = get_size;
    source.view = b->with_view ? view : NULL;
    options.signer.key = b->key;
    options.signer.chain = b->exporter;
    options.password = "bench";
    options.password_size = 5;
    options.password_log2_n = 10;
    what.keys = b->ring;
    what.trust = b->trust;
    b->peak = b->live;
    double start = cpu_seconds();
    check(svms_export_create(&package, b->ctx, &options, &sink, &err), "create", &err);
    check(svms_export_add_source(package, &source, &what, NULL, &err), "add", &err);
    check(svms_export_finish(package, NULL, &err), "finish", &err);
    svms_export_abort(&package);
    return cpu_seconds() - start;
}

static double raw_passes(bench *b)
{
    static const uint8_t key[32];
    static const uint8_t nonce[12];
    EVP_MD_CTX *verifies = EVP_MD_CTX_new();
    EVP_MD_CTX *file = EVP_MD_CTX_new();
    EVP_MD_CTX *frame = EVP_MD_CTX_new();
    EVP_CIPHER_CTX *seals = EVP_CIPHER_CTX_new();
    bool seal = b->protection != SVMS_PROTECT_STRONG;
    uint8_t tag[16];
    int written = 0;
    double start = cpu_seconds();
    EVP_DigestInit_ex2(verifies, b->sha256, NULL);
    EVP_DigestInit_ex2(file, b->sha256, NULL);
    EVP_DigestInit_ex2(frame, b->sha256, NULL);
    EVP_CipherInit_ex2(seals, b->gcm, key, nonce, 1, NULL);
    for (size_t at = 0; at < b->container.size; at += STEP) {
        size_t left = b->container.size - at;
        size_t size = left < STEP ? left : STEP;
        const uint8_t *bytes = b->container.data + at;
        EVP_DigestUpdate(verifies, bytes, size);
        if (seal) {
            EVP_CipherInit_ex2(seals, NULL, NULL, nonce, -1, NULL);
            EVP_CipherUpdate(seals, b->cipher, &written, bytes, (int)size);
            EVP_CipherFinal_ex(seals, b->cipher, &written);
            EVP_CIPHER_CTX_ctrl(seals, EVP_CTRL_AEAD_GET_TAG, sizeof(tag), tag);
            EVP_DigestUpdate(frame, b->cipher, size);
            EVP_DigestUpdate(file, b->cipher, size);
        } else {
            EVP_DigestUpdate(file, bytes, size);
        }
    }
    double taken = cpu_seconds() - start;
    EVP_MD_CTX_free(verifies);
    EVP_MD_CTX_free(file);
    EVP_MD_CTX_free(frame);
    EVP_CIPHER_CTX_free(seals);
    return taken;
}

static int ascending(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static void compare(bench *b, const char *name, size_t segment_bytes)
{
    double ours[ROUNDS];
    double limit[ROUNDS];
    double ratio[ROUNDS];
    double bytes = (double)b->container.size / 1e6;
    (void)raw_passes(b);
    (void)library_export(b);
    size_t peak = b->peak;
    for (int i = 0; i < ROUNDS; i++) {
        limit[i] = raw_passes(b);
        ours[i] = library_export(b);
        ratio[i] = limit[i] / ours[i];
    }
    qsort(ours, ROUNDS, sizeof(double), ascending);
    qsort(limit, ROUNDS, sizeof(double), ascending);
    qsort(ratio, ROUNDS, sizeof(double), ascending);
    printf("%-24s %8zu %9.0f %9.0f %7.3f %7.3f %7.3f %9zu\n", name, segment_bytes / 1024,
           bytes / ours[ROUNDS / 2], bytes / limit[ROUNDS / 2], ratio[ROUNDS / 2], ratio[0],
           ratio[ROUNDS - 1], peak / 1024);
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
          "issue", &err);
    pem[size] = 0;
    check(svms_chain_from_pem(&chain, b->ctx, pem, size, &err), "chain", &err);
    return chain;
}

static void make_identity(bench *b)
{
    char pem[8192];
    svms_private_key *ca_key = NULL;
    svms_error err = SVMS_ERROR_INIT;
    int64_t now = (int64_t)time(NULL) * 1000000000;
    check(svms_private_key_generate(&ca_key, b->ctx, &err), "key", &err);
    check(svms_private_key_generate(&b->key, b->ctx, &err), "key", &err);
    svms_chain *ca = issue(b, NULL, ca_key, SVMS_ROLE_NONE, now, pem, sizeof(pem) - 1);
    check(svms_trust_from_pem(&b->trust, b->ctx, pem, strlen(pem), &err), "trust", &err);
    b->recorder = issue(b, ca, ca_key, SVMS_ROLE_RECORDER, now, pem, sizeof(pem) - 1);
    b->exporter = issue(b, ca, ca_key, SVMS_ROLE_EXPORTER, now, pem, sizeof(pem) - 1);
    check(svms_keyring_new(&b->ring, b->ctx, &err), "ring", &err);
    check(svms_keyring_add_password(b->ring, "bench", 5, &err), "ring", &err);
    svms_chain_free(&ca);
    svms_private_key_free(&ca_key);
}

int main(void)
{
    static const size_t segments[] = { 256u << 10, 2u << 20, 8u << 20 };
    bench b = { 0 };
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.user = &b;
    options.allocate = count_allocate;
    options.release = count_release;
    check(svms_ctx_new(&b.ctx, &options, &err), "svms_ctx_new", &err);
    make_identity(&b);
    b.gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    b.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    b.sample = calloc(1, STEP);
    b.cipher = calloc(1, STEP);
    printf("%-24s %8s %9s %9s %7s %7s %7s %9s\n", "", "seg KiB", "MB/s", "EVP MB/s", "ratio", "min",
           "max", "peak KiB");
    for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
        for (int clear = 0; clear < 2; clear++) {
            b.protection = clear ? SVMS_PROTECT_NONE : SVMS_PROTECT_STRONG;
            record(&b, 16384, segments[i]);
            b.with_view = true;
            compare(&b, clear ? "export clear, sealed" : "export strong, sealed", segments[i]);
            b.with_view = false;
            compare(&b, "  the same, no view", segments[i]);
        }
    }
    svms_keyring_free(&b.ring);
    svms_chain_free(&b.recorder);
    svms_chain_free(&b.exporter);
    svms_trust_free(&b.trust);
    svms_private_key_free(&b.key);
    svms_ctx_free(&b.ctx);
    EVP_CIPHER_free(b.gcm);
    EVP_MD_free(b.sha256);
    free(b.sample);
    free(b.cipher);
    free(b.container.data);
    return 0;
}
