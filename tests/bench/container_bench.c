/* SPDX-License-Identifier: Apache-2.0 */
/* How fast containers are written, verified and read, each figure beside what OpenSSL itself needs
 * for the same bytes in the same run. CPU time, median of rounds in which both take turns. Prints;
 * never judges. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include <svms/svms.h>

#define ROUNDS 9
#define TOTAL_BYTES (64u << 20)

/* High profile, CABAC; then the start of an IDR and of a P slice of the same stream. */
static const uint8_t avc_config[] = { 0x01, 0x64, 0x00, 0x0b, 0xff, 0xe1, 0x00, 0x18, 0x67,
                                      0x64, 0x00, 0x0b, 0xac, 0xb2, 0x02, 0x83, 0xf6, 0x02,
                                      0x20, 0x00, 0x00, 0x03, 0x00, 0x20, 0x00, 0x00, 0x03,
                                      0x02, 0x81, 0xe2, 0x85, 0x49, 0x01, 0x00, 0x06, 0x68,
                                      0xeb, 0xc3, 0xcb, 0x22, 0xc0, 0xfd, 0xf8, 0xf8, 0x00 };
static const uint8_t idr_slice[] = { 0x65, 0x88, 0x84, 0x37, 0xd4, 0x88, 0x7a, 0xdf };
static const uint8_t p_slice[] = { 0x41, 0x9a, 0x3b, 0x11, 0x1f, 0xef, 0x82, 0x67 };

typedef struct memory {
    uint8_t *data;
    size_t size;
    size_t capacity;
} memory;

typedef struct bench {
    svms_ctx *ctx;
    svms_private_key *key;
    svms_chain *chain;
    svms_trust *trust;
    svms_keyring *ring;
    svms_protection protection;
    size_t sample_size;
    size_t samples;
    size_t samples_per_segment;
    size_t sealed_per_sample; /* bytes of a P picture that are encrypted */
    uint8_t *sample;
    uint8_t *cipher;
    EVP_CIPHER *gcm;
    EVP_MD *sha256;
    memory container;
    size_t live;
    size_t peak;
} bench;

static void die(const char *what, const svms_error *err)
{
    fprintf(stderr, "%s failed: %s\n", what, err != NULL ? err->message : "");
    exit(1);
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
    size_t length = b->sample_size - 4;
    b->sample[0] = (uint8_t)(length >> 24);
    b->sample[1] = (uint8_t)(length >> 16);
    b->sample[2] = (uint8_t)(length >> 8);
    b->sample[3] = (uint8_t)length;
    memcpy(b->sample + 4, sync ? idr_slice : p_slice, 8);
}

static double write_container(bench *b, const svms_sink *sink)
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
    options.signer_chain = b->chain;
    options.password = "bench";
    options.password_size = 5;
    options.password_log2_n = 10;
    options.start_utc_ns = 0;
    options.segment_ns = 10000000000;
    options.segment_bytes = UINT64_C(1) << 30;
    b->peak = b->live;
    size_t before = b->live;
    if (svms_writer_open(&writer, b->ctx, sink, &options, &err) != SVMS_OK) {
        die("svms_writer_open", &err);
    }
    double start = cpu_seconds();
    for (size_t i = 0; i < b->samples; i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        bool sync = i % b->samples_per_segment == 0;
        if (sync || i % b->samples_per_segment == 1) {
            fill_sample(b, sync);
        }
        if (sync && i != 0 && svms_writer_flush(writer, &err) != SVMS_OK) {
            die("svms_writer_flush", &err);
        }
        sample.data = b->sample;
        sample.size = b->sample_size;
        sample.dts = sample.pts = (int64_t)i;
        sample.duration = 1;
        sample.flags = sync ? SVMS_SAMPLE_SYNC : 0;
        if (svms_writer_append(writer, &sample, &err) != SVMS_OK) {
            die("svms_writer_append", &err);
        }
    }
    if (svms_writer_close(&writer, &err) != SVMS_OK) {
        die("svms_writer_close", &err);
    }
    double seconds = cpu_seconds() - start;
    b->peak -= before;
    return seconds;
}

static double library_write(bench *b)
{
    svms_sink sink = SVMS_SINK_INIT;
    sink.write = discard;
    return write_container(b, &sink);
}

/* Seal, then hash the ciphertext, sample by sample. */
static double raw_write(bench *b)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    uint8_t key[32] = { 1 };
    uint8_t nonce[12] = { 0 };
    uint8_t tag[16];
    uint8_t hash[32];
    int got = 0;
    double start = cpu_seconds();
    EVP_EncryptInit_ex2(cipher, b->gcm, key, nonce, NULL);
    for (size_t i = 0; i < b->samples; i++) {
        bool whole = b->protection == SVMS_PROTECT_STRONG || i % b->samples_per_segment == 0;
        size_t sealed = whole ? b->sample_size : b->sealed_per_sample;
        memcpy(nonce, &i, sizeof(i));
        EVP_EncryptInit_ex2(cipher, NULL, NULL, nonce, NULL);
        if (sealed != 0) {
            EVP_EncryptUpdate(cipher, b->cipher, &got, b->sample, (int)sealed);
        }
        EVP_EncryptFinal_ex(cipher, tag, &got);
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, 16, tag);
        EVP_DigestInit_ex2(digest, b->sha256, NULL);
        EVP_DigestUpdate(digest, b->cipher, sealed);
        EVP_DigestUpdate(digest, b->sample + sealed, b->sample_size - sealed);
        EVP_DigestFinal_ex(digest, hash, NULL);
    }
    double seconds = cpu_seconds() - start;
    EVP_CIPHER_CTX_free(cipher);
    EVP_MD_CTX_free(digest);
    return seconds;
}

static double library_verify(bench *b)
{
    svms_source source;
    svms_report report = SVMS_REPORT_INIT;
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.trust = b->trust;
    if (svms_source_from_memory(&source, b->ctx, b->container.data, b->container.size, NULL) !=
        SVMS_OK) {
        die("svms_source_from_memory", NULL);
    }
    b->peak = b->live;
    size_t before = b->live;
    double start = cpu_seconds();
    if (svms_verify_container(b->ctx, &source, &options, &report, &err) != SVMS_OK) {
        die("svms_verify_container", &err);
    }
    double seconds = cpu_seconds() - start;
    b->peak -= before;
    svms_source_close(&source);
    return seconds;
}

/* Hash every stored sample, and check one signature a segment. */
static double raw_verify(bench *b)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    EVP_MD_CTX *verify = EVP_MD_CTX_new();
    uint8_t message[360] = { 0 };
    uint8_t signature[80];
    size_t signature_size = sizeof(signature);
    uint8_t hash[32];
    EVP_DigestSignInit_ex(verify, NULL, "SHA256", NULL, NULL, key, NULL);
    EVP_DigestSign(verify, signature, &signature_size, message, sizeof(message));
    double start = cpu_seconds();
    for (size_t i = 0; i < b->samples; i++) {
        EVP_DigestInit_ex2(digest, b->sha256, NULL);
        EVP_DigestUpdate(digest, b->container.data + i * b->sample_size, b->sample_size);
        EVP_DigestFinal_ex(digest, hash, NULL);
        if (i % b->samples_per_segment == 0) {
            EVP_MD_CTX_reset(verify);
            EVP_DigestVerifyInit_ex(verify, NULL, "SHA256", NULL, NULL, key, NULL);
            if (EVP_DigestVerify(verify, signature, signature_size, message, sizeof(message)) !=
                1) {
                die("EVP_DigestVerify", NULL);
            }
        }
    }
    double seconds = cpu_seconds() - start;
    EVP_MD_CTX_free(digest);
    EVP_MD_CTX_free(verify);
    EVP_PKEY_free(key);
    return seconds;
}

static double library_extract(bench *b)
{
    svms_source source;
    svms_reader *reader = NULL;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_status status;
    size_t count = 0;
    options.keys = b->ring;
    if (svms_source_from_memory(&source, b->ctx, b->container.data, b->container.size, NULL) !=
        SVMS_OK) {
        die("svms_source_from_memory", NULL);
    }
    b->peak = b->live;
    size_t before = b->live;
    if (svms_reader_open(&reader, b->ctx, &source, &options, &err) != SVMS_OK) {
        die("svms_reader_open", &err);
    }
    double start = cpu_seconds();
    while ((status = svms_reader_next(reader, &sample, &err)) == SVMS_OK) {
        count++;
    }
    double seconds = cpu_seconds() - start;
    if (status != SVMS_END || count != b->samples) {
        die("svms_reader_next", &err);
    }
    svms_reader_close(&reader);
    b->peak -= before;
    svms_source_close(&source);
    return seconds;
}

/* Hash every stored sample; then open it. */
static double raw_extract(bench *b)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    uint8_t key[32] = { 1 };
    uint8_t nonce[12] = { 0 };
    uint8_t tag[16] = { 0 };
    uint8_t hash[32];
    int got = 0;
    double start = cpu_seconds();
    EVP_DecryptInit_ex2(cipher, b->gcm, key, nonce, NULL);
    for (size_t i = 0; i < b->samples; i++) {
        const uint8_t *stored = b->container.data + i * b->sample_size;
        EVP_DigestInit_ex2(digest, b->sha256, NULL);
        EVP_DigestUpdate(digest, stored, b->sample_size);
        EVP_DigestFinal_ex(digest, hash, NULL);
        memcpy(nonce, &i, sizeof(i));
        EVP_DecryptInit_ex2(cipher, NULL, NULL, nonce, NULL);
        EVP_DecryptUpdate(cipher, b->cipher, &got, stored, (int)b->sample_size);
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, 16, tag);
        (void)EVP_DecryptFinal_ex(cipher, hash, &got); /* the tag is wrong; the work is the same */
    }
    double seconds = cpu_seconds() - start;
    EVP_CIPHER_CTX_free(cipher);
    EVP_MD_CTX_free(digest);
    return seconds;
}

static int ascending(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static void compare(bench *b, const char *name, double (*library)(bench *), double (*raw)(bench *))
{
    double ours[ROUNDS];
    double limit[ROUNDS];
    double ratio[ROUNDS];
    double bytes = (double)b->samples * (double)b->sample_size / 1e6;
    (void)raw(b);
    (void)library(b);
    size_t peak = b->peak;
    for (int i = 0; i < ROUNDS; i++) {
        limit[i] = raw(b);
        ours[i] = library(b);
        ratio[i] = limit[i] / ours[i];
    }
    qsort(ours, ROUNDS, sizeof(double), ascending);
    qsort(limit, ROUNDS, sizeof(double), ascending);
    qsort(ratio, ROUNDS, sizeof(double), ascending);
    printf("%-28s %8zu %9.0f %9.0f %7.3f %7.3f %7.3f %9zu\n", name, b->sample_size,
           bytes / ours[ROUNDS / 2], bytes / limit[ROUNDS / 2], ratio[ROUNDS / 2], ratio[0],
           ratio[ROUNDS - 1], peak / 1024);
}

static void set_size(bench *b, svms_protection protection, size_t sample_size, size_t segment_bytes)
{
    b->protection = protection;
    b->sample_size = sample_size;
    b->samples = TOTAL_BYTES / sample_size;
    b->samples_per_segment = segment_bytes / sample_size;
    b->sealed_per_sample = sample_size < 1024 ? sample_size : 1024;
}

static void keep_container(bench *b)
{
    svms_sink sink = SVMS_SINK_INIT;
    b->container.size = 0;
    sink.user = &b->container;
    sink.write = keep;
    (void)write_container(b, &sink);
}

static void make_identity(bench *b)
{
    char pem[8192];
    size_t size = sizeof(pem);
    svms_private_key *ca_key = NULL;
    svms_chain *ca = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    int64_t now = (int64_t)time(NULL) * 1000000000;
    options.common_name = "bench";
    options.not_before_utc_ns = now - 86400 * INT64_C(1000000000);
    options.not_after_utc_ns = now + 86400 * INT64_C(1000000000);
    if (svms_private_key_generate(&ca_key, b->ctx, &err) != SVMS_OK ||
        svms_private_key_generate(&b->key, b->ctx, &err) != SVMS_OK ||
        svms_certificate_issue(b->ctx, &options, ca_key, NULL, NULL, pem, &size, &err) != SVMS_OK ||
        svms_chain_from_pem(&ca, b->ctx, pem, size, &err) != SVMS_OK ||
        svms_trust_from_pem(&b->trust, b->ctx, pem, size, &err) != SVMS_OK) {
        die("making an identity", &err);
    }
    size = sizeof(pem);
    options.role = SVMS_ROLE_RECORDER;
    if (svms_certificate_issue(b->ctx, &options, b->key, ca, ca_key, pem, &size, &err) != SVMS_OK ||
        svms_chain_from_pem(&b->chain, b->ctx, pem, size, &err) != SVMS_OK ||
        svms_keyring_new(&b->ring, b->ctx, &err) != SVMS_OK ||
        svms_keyring_add_password(b->ring, "bench", 5, &err) != SVMS_OK) {
        die("making an identity", &err);
    }
    svms_chain_free(&ca);
    svms_private_key_free(&ca_key);
}

int main(void)
{
    static const size_t sizes[] = { 1024, 4096, 16384, 65536, 1048576 };
    bench b = { 0 };
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.user = &b;
    options.allocate = count_allocate;
    options.release = count_release;
    if (svms_ctx_new(&b.ctx, &options, &err) != SVMS_OK) {
        die("svms_ctx_new", &err);
    }
    make_identity(&b);
    b.gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    b.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    b.sample = calloc(1, 2u << 20);
    b.cipher = calloc(1, 2u << 20);
    for (size_t i = 0; i < 2u << 20; i++) {
        b.sample[i] = (uint8_t)(i * 2654435761u >> 13);
    }
    printf("%-28s %8s %9s %9s %7s %7s %7s %9s\n", "", "sample", "MB/s", "EVP MB/s", "ratio", "min",
           "max", "peak KiB");
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        set_size(&b, SVMS_PROTECT_STRONG, sizes[i], 4u << 20);
        compare(&b, "write strong, signed", library_write, raw_write);
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        set_size(&b, SVMS_PROTECT_LIGHT, sizes[i], 4u << 20);
        compare(&b, "write light, signed", library_write, raw_write);
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        set_size(&b, SVMS_PROTECT_STRONG, sizes[i], 2u << 20);
        keep_container(&b);
        compare(&b, "verify, 2 MiB segments", library_verify, raw_verify);
        compare(&b, "extract strong", library_extract, raw_extract);
    }
    svms_keyring_free(&b.ring);
    svms_chain_free(&b.chain);
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
