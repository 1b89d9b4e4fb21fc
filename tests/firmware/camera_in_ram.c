/* SPDX-License-Identifier: Apache-2.0 */
/* A camera without a file system, in one static program: all memory from a fixed array, a clock of
 * its own, the container in RAM. It makes a key and a certificate, records encrypted and signed
 * samples shaped like H.264, verifies them, reads them back, and notices a flipped bit, after it
 * has given up every system call that could do more (confine.c). Usage: camera_in_ram [unconfined]
 * Exit status: 0, 1, or 77 where everything worked but the system could not confine it. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include <svms/svms.h>

#include "arena.h"
#include "confine.h"

#define SECOND INT64_C(1000000000)
#define START (INT64_C(1767225600) * SECOND) /* 2026-01-01T00:00:00Z */
#define FRAMES 75
#define FRAMES_PER_SECOND 25
#define KEY_FRAME_SIZE 24000
#define FRAME_SIZE 3000
#define FLASH_SIZE ((size_t)1 << 20)

typedef struct camera {
    int64_t now;
    svms_ctx *ctx;
    svms_private_key *ca_key;
    svms_chain *ca;
    svms_trust *trust;
    svms_private_key *own_key;
    svms_chain *own;
    svms_private_key *viewer_key; /* stays at home in real life */
    svms_public_key *viewer;
    size_t stored;
    uint8_t flash[FLASH_SIZE];
    uint8_t frame[KEY_FRAME_SIZE];
    char pem[8192];
} camera;

static void say(int where, const char *text)
{
    /* There is nobody left to tell when this fails. */
    ssize_t written = write(where, text, strlen(text));
    (void)written;
}

static void *allocate(void *user, size_t size)
{
    (void)user;
    return arena_allocate(size);
}

static void release(void *user, void *pointer)
{
    (void)user;
    arena_release(pointer);
}

static int64_t utc_now(void *user)
{
    return ((camera *)user)->now;
}

static uint64_t monotonic_now(void *user)
{
    return (uint64_t)(((camera *)user)->now - START);
}

static svms_status store(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    camera *self = user;
    (void)os_error;
    for (size_t i = 0; i < count; i++) {
        if (runs[i].size > FLASH_SIZE - self->stored) {
            return SVMS_E_IO;
        }
        if (runs[i].size > 0) {
            memcpy(self->flash + self->stored, runs[i].data, runs[i].size);
        }
        self->stored += runs[i].size;
    }
    return SVMS_OK;
}

static svms_status begin(camera *self, svms_error *err)
{
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.user = self;
    options.allocate = allocate;
    options.release = release;
    options.utc_now = utc_now;
    options.monotonic_now = monotonic_now;
    return svms_ctx_new(&self->ctx, &options, err);
}

/* A new key and its certificate; without issuer that of a CA, whose text stays in self->pem. */
static svms_status certify(camera *self, svms_private_key **key, svms_chain **chain, bool is_ca,
                           svms_error *err)
{
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    size_t size = sizeof self->pem;
    options.role = is_ca ? SVMS_ROLE_NONE : SVMS_ROLE_CAMERA;
    options.common_name = is_ca ? "factory" : "camera";
    options.not_before_utc_ns = START - SECOND;
    options.not_after_utc_ns = START + 86400 * SECOND;
    svms_status status = svms_private_key_generate(key, self->ctx, err);
    if (status == SVMS_OK) {
        status = svms_certificate_issue(self->ctx, &options, *key, is_ca ? NULL : self->ca,
                                        is_ca ? NULL : self->ca_key, self->pem, &size, err);
    }
    if (status == SVMS_OK) {
        status = svms_chain_from_pem(chain, self->ctx, self->pem, strlen(self->pem), err);
    }
    return status;
}

/* What the factory does, and what the owner of the recordings does. */
static svms_status provision(camera *self, svms_error *err)
{
    svms_chain *viewer = NULL;
    svms_status status = certify(self, &self->ca_key, &self->ca, true, err);
    if (status == SVMS_OK) {
        status = svms_trust_from_pem(&self->trust, self->ctx, self->pem, strlen(self->pem), err);
    }
    if (status == SVMS_OK) {
        status = certify(self, &self->viewer_key, &viewer, false, err);
    }
    if (status == SVMS_OK) {
        status =
            svms_public_key_from_pem(&self->viewer, self->ctx, self->pem, strlen(self->pem), err);
    }
    if (status == SVMS_OK) {
        status = certify(self, &self->own_key, &self->own, false, err);
    }
    svms_chain_free(&viewer);
    return status;
}

/* One NAL unit with its length before it: a slice of an IDR picture each second, of a P picture
 * otherwise. */
static svms_sample picture(camera *self, uint32_t number)
{
    svms_sample sample = SVMS_SAMPLE_INIT;
    bool is_key = number % FRAMES_PER_SECOND == 0;
    size_t size = is_key ? KEY_FRAME_SIZE : FRAME_SIZE;
    uint32_t value = number;
    for (size_t i = 5; i < size; i++) {
        value = value * 1664525u + 1013904223u;
        self->frame[i] = (uint8_t)(value >> 24 | 1); /* never a start code */
    }
    for (unsigned i = 0; i < 4; i++) {
        self->frame[i] = (uint8_t)((size - 4) >> (24 - 8 * i));
    }
    self->frame[4] = is_key ? 0x65 : 0x41;
    sample.flags = is_key ? SVMS_SAMPLE_SYNC : 0;
    sample.dts = sample.pts = (int64_t)number * 90000 / FRAMES_PER_SECOND;
    sample.duration = 90000 / FRAMES_PER_SECOND;
    sample.data = self->frame;
    sample.size = size;
    return sample;
}

static svms_status record(camera *self, svms_error *err)
{
    static const uint8_t parameter_sets[] = { 1,    0x42, 0xC0, 0x1E, 0xFF, 0xE1, 0,    4,   0x67,
                                              0x42, 0xC0, 0x1E, 1,    0,    2,    0x68, 0xCE };
    svms_track track = SVMS_TRACK_INIT;
    svms_sink sink = SVMS_SINK_INIT;
    svms_writer *writer = NULL;
    svms_writer_options options = SVMS_WRITER_OPTIONS_INIT;
    const svms_public_key *recipients[1] = { self->viewer };
    track.codec = SVMS_CODEC_H264;
    track.config = parameter_sets;
    track.config_size = sizeof parameter_sets;
    sink.user = self;
    sink.write = store;
    options.tracks = &track;
    options.track_count = 1;
    options.role = SVMS_ROLE_CAMERA;
    options.signer_key = self->own_key;
    options.signer_chain = self->own;
    options.recipients = recipients;
    options.recipient_count = 1;
    options.segment_ns = (uint64_t)SECOND;
    svms_status status = svms_writer_open(&writer, self->ctx, &sink, &options, err);
    for (uint32_t i = 0; i < FRAMES && status == SVMS_OK; i++) {
        svms_sample sample = picture(self, i);
        status = svms_writer_append(writer, &sample, err);
        self->now += SECOND / FRAMES_PER_SECOND;
    }
    if (status == SVMS_OK) {
        status = svms_writer_close(&writer, err);
    }
    svms_writer_abort(&writer);
    return status;
}

static svms_status verify(camera *self, svms_error *err)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    svms_report report = SVMS_REPORT_INIT;
    svms_status status =
        svms_source_from_memory(&source, self->ctx, self->flash, self->stored, err);
    options.trust = self->trust;
    if (status == SVMS_OK) {
        status = svms_verify_container(self->ctx, &source, &options, &report, err);
    }
    svms_source_close(&source);
    return status;
}

static svms_status compare(camera *self, svms_reader *reader, svms_error *err)
{
    for (uint32_t i = 0; i < FRAMES; i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        svms_status status = svms_reader_next(reader, &sample, err);
        if (status != SVMS_OK) {
            return status;
        }
        svms_sample expected = picture(self, i);
        if (sample.size != expected.size || sample.dts != expected.dts ||
            memcmp(sample.data, expected.data, expected.size) != 0) {
            return SVMS_E_NOT_AUTHENTIC;
        }
    }
    return SVMS_OK;
}

static svms_status read_back(camera *self, svms_error *err)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_keyring *ring = NULL;
    svms_reader *reader = NULL;
    svms_status status =
        svms_source_from_memory(&source, self->ctx, self->flash, self->stored, err);
    if (status == SVMS_OK) {
        status = svms_keyring_new(&ring, self->ctx, err);
    }
    if (status == SVMS_OK) {
        status = svms_keyring_add_key(ring, self->viewer_key, err);
    }
    options.keys = ring;
    if (status == SVMS_OK) {
        status = svms_reader_open(&reader, self->ctx, &source, &options, err);
    }
    if (status == SVMS_OK) {
        status = compare(self, reader, err);
    }
    svms_reader_close(&reader);
    svms_keyring_free(&ring);
    svms_source_close(&source);
    return status;
}

static svms_status work(camera *self, const char **step, svms_error *err)
{
    typedef svms_status step_function(camera * self, svms_error * err);
    static const struct {
        const char *name;
        step_function *run;
    } steps[] = {
        { "begin", begin },   { "provision", provision }, { "record", record },
        { "verify", verify }, { "read back", read_back },
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        *step = steps[i].name;
        svms_status status = steps[i].run(self, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    *step = "notice a flipped bit";
    self->flash[self->stored / 2] ^= 1;
    svms_status status = verify(self, err);
    self->flash[self->stored / 2] ^= 1;
    return status == SVMS_E_NOT_AUTHENTIC ? SVMS_OK : SVMS_E_INTERNAL;
}

static void end(camera *self)
{
    svms_public_key_free(&self->viewer);
    svms_private_key_free(&self->viewer_key);
    svms_chain_free(&self->own);
    svms_private_key_free(&self->own_key);
    svms_trust_free(&self->trust);
    svms_chain_free(&self->ca);
    svms_private_key_free(&self->ca_key);
    svms_ctx_free(&self->ctx);
}

static void *crypto_allocate(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return arena_allocate(size);
}

static void *crypto_resize(void *pointer, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return arena_resize(pointer, size);
}

static void crypto_release(void *pointer, const char *file, int line)
{
    (void)file;
    (void)line;
    arena_release(pointer);
}

int main(int count, char **arguments)
{
    static camera self; /* too large for a small stack */
    char line[512];
    svms_error err = SVMS_ERROR_INIT;
    const char *step = "";
    bool asked = count == 1 || strcmp(arguments[1], "unconfined") != 0;
    if (CRYPTO_set_mem_functions(crypto_allocate, crypto_resize, crypto_release) != 1 ||
        OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1) {
        say(2, "OpenSSL does not start\n");
        return 1;
    }
    /* OpenSSL calls gmtime(), and glibc looks for the time zone before it answers, once. Others do
     * not. */
    tzset();
    bool confined = asked && confine() == 0;
    self.now = START;
    svms_status status = work(&self, &step, &err);
    end(&self);
    size_t kept = arena_live();
    if (status != SVMS_OK) {
        snprintf(line, sizeof line, "%s: %s: %s\n", step, svms_status_name(status), err.message);
        say(2, line);
        _exit(1);
    }
    snprintf(line, sizeof line,
             "%d samples in %zu bytes; memory: %zu bytes at most, %zu with rounding, %zu kept by "
             "OpenSSL; %s\n",
             FRAMES, self.stored, arena_peak(), arena_reach(), kept,
             confined ? "confined" : "NOT confined");
    say(1, line);
    _exit(asked && !confined ? 77 : 0);
}
