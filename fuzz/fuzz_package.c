/* SPDX-License-Identifier: Apache-2.0 */
/* An evidence package: opened, listed, verified, played, its attachments copied. Nothing may be
 * called authentic here, because no trust is given; nothing may loop, grow or crash. The mutator
 * makes digests, directories and link 0 fit again, signed with a key of its own: an exporter who
 * lies gets further than a forger. */
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#include "frame.h"
#include "link.h"
#include "package_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maximum, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maximum);

#define SEAL "seal word"
#define LARGEST 65536u
/* What opening may take beside what one link and one header need. */
#define MOST_MEMORY (16u << 20)

typedef struct meter {
    size_t live;
    size_t most;
} meter;

static void *take(void *user, size_t size)
{
    meter *used = user;
    size_t *block = malloc(size + 16);
    if (block == NULL) {
        abort();
    }
    block[0] = size;
    used->live += size;
    used->most = used->live > used->most ? used->live : used->most;
    return (uint8_t *)block + 16;
}

static void give(void *user, void *pointer)
{
    meter *used = user;
    if (pointer != NULL) {
        size_t *block = (size_t *)((uint8_t *)pointer - 16);
        used->live -= block[0];
        free(block);
    }
}

static svms_ctx *make_context(meter *used)
{
    svms_ctx *ctx = NULL;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.allocate = take;
    options.release = give;
    options.user = used;
    if (svms_ctx_new(&ctx, &options, NULL) != SVMS_OK) {
        abort();
    }
    return ctx;
}

static svms_status swallow(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    size_t *left = user;
    (void)os_error;
    for (size_t i = 0; i < count; i++) {
        if (runs[i].size > *left) {
            abort(); /* more comes out than went in */
        }
        *left -= runs[i].size;
    }
    return SVMS_OK;
}

static void play(svms_evidence *evidence, uint32_t number, size_t size)
{
    svms_reader *reader = NULL;
    svms_status status;
    size_t calls = 0;
    if (svms_export_extract(&reader, evidence, number, NULL, NULL) != SVMS_OK) {
        return;
    }
    do {
        svms_sample sample = SVMS_SAMPLE_INIT;
        status = svms_reader_next(reader, &sample, NULL);
        if (status == SVMS_OK && sample.size > size) {
            abort();
        }
        if (++calls > size) {
            abort();
        }
    } while (status != SVMS_END && status != SVMS_AGAIN);
    (void)!svms_reader_seek(reader, INT64_C(1767225601500000000), NULL);
    svms_reader_close(&reader);
}

static void use(svms_evidence *evidence, size_t size)
{
    svms_evidence_info info = SVMS_EVIDENCE_INFO_INIT;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_export_verify_options options = SVMS_EXPORT_VERIFY_INIT;
    const char *json = NULL;
    size_t json_size = 0;
    if (svms_export_get_info(evidence, &info, NULL) != SVMS_OK || info.bytes != size ||
        info.frames > size / 40 || info.sources > info.frames) {
        abort();
    }
    options.open_samples = 1;
    svms_status status = svms_export_verify(evidence, &options, &report, NULL);
    if (status == SVMS_OK || report.verdict == SVMS_VERDICT_AUTHENTIC ||
        report.bytes_verified > size || report.bytes_unattested > size || status == SVMS_E_IO ||
        status == SVMS_E_INTERNAL) {
        abort();
    }
    for (uint32_t i = 0; i < info.sources; i++) {
        svms_export_period period = SVMS_EXPORT_PERIOD_INIT;
        (void)!svms_export_get_source(evidence, i, &period, NULL);
        play(evidence, i, size);
    }
    for (uint32_t i = 0; i < info.attachments; i++) {
        size_t left = size;
        svms_sink sink = SVMS_SINK_INIT;
        sink.user = &left;
        sink.write = swallow;
        (void)!svms_export_get_attachment(evidence, i, &sink, NULL);
    }
    if (svms_export_get_case(evidence, &json, &json_size, NULL) == SVMS_OK && json_size > size) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    meter used = { 0, 0 };
    svms_ctx *ctx = make_context(&used);
    svms_source source = SVMS_SOURCE_INIT;
    svms_keyring *ring = NULL;
    svms_evidence *evidence = NULL;
    svms_evidence_options options = SVMS_EVIDENCE_OPTIONS_INIT;
    if (svms_source_from_memory(&source, ctx, data, size, NULL) != SVMS_OK ||
        svms_keyring_new(&ring, ctx, NULL) != SVMS_OK ||
        svms_keyring_add_password(ring, SEAL, strlen(SEAL), NULL) != SVMS_OK) {
        abort();
    }
    options.keys = ring;
    svms_status status = svms_export_open(&evidence, ctx, &source, &options, NULL);
    if (status == SVMS_E_WRONG_KEY) {
        status = svms_export_open(&evidence, ctx, &source, NULL, NULL);
    }
    if (status == SVMS_OK) {
        use(evidence, size);
    }
    if (used.most > MOST_MEMORY + 16 * size) {
        abort();
    }
    svms_export_close(&evidence);
    svms_keyring_free(&ring);
    svms_source_close(&source);
    svms_ctx_free(&ctx);
    return 0;
}

#ifdef SVMS_FUZZING

const char *__asan_default_options(void);

/* Where each block came from is most of what a run would cost; whoever replays a finding asks for
 * it. */
const char *__asan_default_options(void)
{
    return "malloc_context_size=2:quarantine_size_mb=16";
}

/* An exporter without anybody above him. */
typedef struct forger {
    meter used;
    svms_ctx *ctx;
    svms_private_key *key;
    svms_chain *chain;
    svms_hasher *hasher;
} forger;

static void become(forger *self)
{
    char pem[4096];
    size_t size = sizeof(pem);
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    svms_private_key *ca_key = NULL;
    svms_chain *ca = NULL;
    memset(self, 0, sizeof(*self));
    self->ctx = make_context(&self->used);
    options.common_name = "forger";
    options.not_after_utc_ns = INT64_C(4000000000000000000);
    if (svms_private_key_generate(&ca_key, self->ctx, NULL) != SVMS_OK ||
        svms_private_key_generate(&self->key, self->ctx, NULL) != SVMS_OK ||
        svms_certificate_issue(self->ctx, &options, ca_key, NULL, NULL, pem, &size, NULL) !=
            SVMS_OK ||
        svms_chain_from_pem(&ca, self->ctx, pem, size, NULL) != SVMS_OK) {
        abort();
    }
    options.role = SVMS_ROLE_EXPORTER;
    size = sizeof(pem);
    if (svms_certificate_issue(self->ctx, &options, self->key, ca, ca_key, pem, &size, NULL) !=
            SVMS_OK ||
        svms_chain_from_pem(&self->chain, self->ctx, pem, size, NULL) != SVMS_OK ||
        svms_hasher_new(&self->hasher, self->ctx, NULL) != SVMS_OK) {
        abort();
    }
    svms_chain_free(&ca);
    svms_private_key_free(&ca_key);
}

static uint64_t number_at(const uint8_t *bytes, size_t size)
{
    svms_cursor cursor = svms_cursor_over(bytes, size, 0);
    return size == 8 ? svms_read_u64(&cursor) : svms_read_u32(&cursor);
}

typedef struct package {
    uint8_t *data;
    size_t size;
    size_t directory; /* the last one that was met */
    size_t frames;
    size_t first; /* frame that the next directory lists first */
    uint8_t hash[32];
} package;

/* Size of the frame at `at` as its header says, or 0. */
static size_t frame_size(const package *in, size_t at)
{
    if (in->size - at < 40) {
        return 0;
    }
    uint64_t body = number_at(in->data + at + 16, 8);
    uint64_t rest = 40 + number_at(in->data + at + 4, 4) + number_at(in->data + at + 8, 4);
    return body > in->size || rest + body > in->size - at ? 0 : (size_t)(rest + body);
}

static void digest_frame(forger *self, const package *in, size_t at, size_t size, uint8_t *out)
{
    const uint8_t *bytes = in->data + at;
    size_t a = (size_t)number_at(bytes + 4, 4);
    size_t c = (size_t)number_at(bytes + 8, 4);
    bool around = bytes[0] == SVMS_FRAME_SEGMENT && (bytes[1] & 5) == 0;
    if (!svms_hasher_start(self->hasher) ||
        !svms_hasher_update(self->hasher, bytes, around ? 40 + a : size) ||
        (around && !svms_hasher_update(self->hasher, bytes + size - c, c)) ||
        !svms_hasher_finish(self->hasher, out)) {
        abort();
    }
}

/* Gives each entry what its frame says. */
static void fix_directory(forger *self, package *in, size_t at, size_t size)
{
    size_t entries = (size - 40 < 40) ? 0 : (size - 80) / 80;
    size_t frame = in->first;
    if (size < 80) {
        return;
    }
    svms_store_u64(in->data + at + 40, in->directory);
    memcpy(in->data + at + 48, in->hash, 32);
    for (size_t i = 0; i < entries && frame < at; i++) {
        uint8_t *entry = in->data + at + 80 + 80 * i;
        size_t length = frame_size(in, frame);
        svms_store_u64(entry, frame);
        memcpy(entry + 8, in->data + frame + 24, 16);
        memcpy(entry + 40, in->data + frame, 2);
        digest_frame(self, in, frame, length, entry + 48);
        frame += length;
    }
    digest_frame(self, in, at, size, in->hash);
    in->directory = at;
    in->first = at + size;
}

/* Link 0 as its bytes say, but with what is there, and signed anew. */
static size_t sign_link(forger *self, package *in, size_t at, size_t maximum)
{
    svms_link_object object = { 0 };
    svms_export_signer signer = SVMS_EXPORT_SIGNER_INIT;
    svms_builder made = svms_builder_new(self->ctx, SVMS_LINK_LARGEST + SVMS_LINK_TAIL_SIZE);
    uint8_t head[32];
    const uint8_t *raw = in->data + at + 24;
    size_t size = in->size;
    if (in->size - at < 24 + 260) {
        return size;
    }
    signer.key = self->key;
    signer.chain = self->chain;
    memcpy(object.package_id, in->data + 32, 16);
    object.policy = raw[103] & 1;
    object.utc_ns = (int64_t)number_at(raw + 104, 8);
    object.offset = at;
    if (in->data[25] == 1 &&
        !svms_hasher_once(self->hasher, in->data + 120, (size_t)number_at(in->data + 28, 4),
                          object.previous)) {
        abort();
    }
    object.directory_offset = in->directory;
    memcpy(object.directory_hash, in->hash, 32);
    object.frames = in->frames;
    object.sources = (uint32_t)number_at(raw + 208, 4);
    object.attachments = (uint32_t)number_at(raw + 212, 4);
    object.note = "";
    if (!svms_hasher_once(self->hasher, in->data, 120, object.h)) {
        abort();
    }
    if (svms_link_sign(&made, self->ctx, &object, &signer, head, NULL) == SVMS_OK &&
        at + made.size <= maximum) {
        memcpy(in->data + at, made.data, made.size);
        size = at + made.size;
    }
    svms_builder_clear(&made);
    return size;
}

static size_t repair(forger *self, uint8_t *data, size_t size, size_t maximum)
{
    package in = { data, size, 0, 0, 0, { 0 } };
    size_t slot = size < 120 ? 0 : (size_t)number_at(data + 28, 4);
    if (size < 120 || slot > size - 120) {
        return size;
    }
    size_t at = 120 + slot;
    in.first = at;
    while (at < size && data[at] != 'S') {
        size_t length = frame_size(&in, at);
        if (length == 0) {
            return size;
        }
        if (data[at] == SVMS_FRAME_DIRECTORY) {
            fix_directory(self, &in, at, length);
        }
        in.frames++;
        at += length;
    }
    return at < size ? sign_link(self, &in, at, maximum) : size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maximum, unsigned seed)
{
    static forger self; /* making one costs more than a run */
    if (self.ctx == NULL) {
        become(&self);
    }
    /* Small changes in place keep the structure; the others try what breaks it. */
    if (seed % 4 != 0 && size > 160) {
        size_t at = 120 + seed / 4 % (size - 120);
        size_t length = size - at < 64 ? size - at : 64;
        size_t changed = LLVMFuzzerMutate(data + at, length, length);
        memset(data + at + changed, 0, length - changed);
    } else {
        size = LLVMFuzzerMutate(data, size, maximum);
    }
    return seed % 8 == 7 ? size : repair(&self, data, size, maximum);
}
#endif
