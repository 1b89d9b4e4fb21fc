/* SPDX-License-Identifier: Apache-2.0 */
/* Making an update: sources are hashed, the manifest is signed, and then they are copied and
 * compared with what was signed. */
#include <string.h>

#include "failure.h"
#include "update_manifest.h"
#include "options.h"
#include "signer_check.h"
#include "stream.h"
#include "update_version.h"

#define CHUNK_USUAL 65536u

typedef struct svms_update_making {
    svms_ctx *ctx;
    const svms_sink *sink;
    svms_update_options options;
    svms_update_manifest manifest;
    svms_builder digests; /* for each part: its chunks, then the whole */
    uint32_t copied;      /* parts that were copied */
    svms_hasher *chunk_hasher;
    svms_hasher *whole_hasher;
    uint8_t *chunk;
} making;

static svms_status usage(svms_error *err, const char *what, const char *rule)
{
    return svms_fail(err, SVMS_E_USAGE, "%s breaks its rule (%s)", what, rule);
}

static svms_status take_hardware(making *self, svms_error *err)
{
    const svms_update_options *options = &self->options;
    if (!options->hardware || options->hardware_count == 0) {
        return usage(err, "the list of hardware", "U-MAN-1");
    }
    if (options->hardware_count > SVMS_UPDATE_HARDWARE_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "an update is for %u kinds of hardware at most",
                         SVMS_UPDATE_HARDWARE_MAX);
    }
    for (size_t i = 0; i < options->hardware_count; i++) {
        const char *name = options->hardware[i] ? options->hardware[i] : "";
        size_t size = strlen(name);
        if (!svms_update_is_name(name, size)) {
            return usage(err, "a name of hardware", "U-MAN-1");
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(self->manifest.hardware[k], name) == 0) {
                return usage(err, "a name of hardware that is there twice", "U-MAN-1");
            }
        }
        memcpy(self->manifest.hardware[i], name, size);
    }
    self->manifest.hardware_count = (uint32_t)options->hardware_count;
    return SVMS_OK;
}

static svms_status take_texts(making *self, svms_error *err)
{
    const svms_update_options *options = &self->options;
    svms_update_manifest *manifest = &self->manifest;
    const char *minimum = options->minimum ? options->minimum : "";
    const char *note = options->note ? options->note : "";
    if (!options->product || !svms_update_is_name(options->product, strlen(options->product))) {
        return usage(err, "the product", "U-MAN-1");
    }
    if (!options->version || !svms_version_is_one(options->version, strlen(options->version))) {
        return usage(err, "the version", "U-MAN-2");
    }
    if (minimum[0] && !svms_version_is_one(minimum, strlen(minimum))) {
        return usage(err, "the minimum version", "U-MAN-2");
    }
    if (!svms_update_is_note(note, strlen(note))) {
        return usage(err, "the note", "U-MAN-1");
    }
    memcpy(manifest->product, options->product, strlen(options->product));
    memcpy(manifest->version, options->version, strlen(options->version));
    memcpy(manifest->minimum, minimum, strlen(minimum));
    manifest->note = (const uint8_t *)note;
    manifest->note_size = strlen(note);
    manifest->counter = options->counter;
    return SVMS_OK;
}

static svms_status take_piece(making *self, const svms_update_content *content, svms_error *err)
{
    svms_update_manifest *manifest = &self->manifest;
    svms_update_piece *piece = &manifest->pieces[manifest->piece_count];
    const char *name = content->name ? content->name : "";
    size_t size = strlen(name);
    if (content->struct_size < sizeof *content || content->reserved != 0 || !content->source ||
        !svms_source_usable(content->source)) {
        return svms_fail(err, SVMS_E_USAGE, "a part has no source, or not the size of its struct");
    }
    if (!svms_update_is_part_name(name, size)) {
        return usage(err, "the name of a part", "U-MAN-1");
    }
    for (uint32_t i = 0; i < manifest->piece_count; i++) {
        if (strcmp(manifest->pieces[i].name, name) == 0) {
            return usage(err, "a name of a part that is there twice", "U-MAN-1");
        }
    }
    memcpy(piece->name, name, size);
    piece->chunk_size = self->options.chunk_size;
    svms_status status = svms_source_size(content->source, &piece->size, err);
    if (status == SVMS_OK && piece->size == 0) {
        status = svms_fail(err, SVMS_E_USAGE, "the part %s is empty (U-MAN-3)", piece->name);
    }
    if (status == SVMS_OK && piece->size > SVMS_UPDATE_PART_MAX) {
        status = svms_fail(err, SVMS_E_LIMIT, "the part %s has more than 2^40 bytes", piece->name);
    }
    manifest->piece_count++;
    return status;
}

static svms_status take_pieces(making *self, svms_error *err)
{
    const svms_update_options *options = &self->options;
    svms_status status = SVMS_OK;
    if (!options->parts || options->part_count == 0) {
        return svms_fail(err, SVMS_E_USAGE, "an update has a part at least");
    }
    if (options->part_count > SVMS_UPDATE_PARTS_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "an update has %u parts at most",
                         SVMS_UPDATE_PARTS_MAX);
    }
    for (size_t i = 0; status == SVMS_OK && i < options->part_count; i++) {
        status = take_piece(self, &options->parts[i], err);
    }
    return status;
}

static svms_status take_options(making *self, const svms_update_options *options, svms_error *err)
{
    svms_status status = svms_options_read(&self->options, sizeof self->options, options,
                                           "svms_update_options", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (self->options.chunk_size == 0) {
        self->options.chunk_size = CHUNK_USUAL;
    }
    if (!svms_update_is_chunk_size(self->options.chunk_size)) {
        return usage(err, "the size of a chunk", "U-MAN-3");
    }
    if (!self->options.chain || !self->options.key) {
        return svms_fail(err, SVMS_E_USAGE, "an update needs a signer: a key and its certificate");
    }
    status = take_texts(self, err);
    if (status == SVMS_OK) {
        status = take_hardware(self, err);
    }
    return status == SVMS_OK ? take_pieces(self, err) : status;
}

typedef svms_status (*chunk_step)(making *self, const uint8_t *digest, size_t size, uint64_t number,
                                  svms_error *err);

/* Reads a part chunk by chunk; whole receives its digest. */
static svms_status walk(making *self, uint32_t index, chunk_step step,
                        uint8_t whole[SVMS_DIGEST_SIZE], svms_error *err)
{
    const svms_update_piece *piece = &self->manifest.pieces[index];
    const svms_source *source = self->options.parts[index].source;
    svms_status status = SVMS_OK;
    if (!svms_hasher_start(self->whole_hasher)) {
        return svms_fail_crypto(err, "hashing an update");
    }
    for (uint64_t at = 0; status == SVMS_OK && at < piece->size; at += piece->chunk_size) {
        uint8_t digest[SVMS_DIGEST_SIZE];
        uint64_t left = piece->size - at;
        size_t size = left < piece->chunk_size ? (size_t)left : piece->chunk_size;
        status = svms_source_read(source, at, self->chunk, size, err);
        if (status == SVMS_OK &&
            (!svms_hasher_once(self->chunk_hasher, self->chunk, size, digest) ||
             !svms_hasher_update(self->whole_hasher, self->chunk, size))) {
            status = svms_fail_crypto(err, "hashing an update");
        }
        if (status == SVMS_OK) {
            status = step(self, digest, size, at / piece->chunk_size, err);
        }
    }
    if (status == SVMS_OK && !svms_hasher_finish(self->whole_hasher, whole)) {
        status = svms_fail_crypto(err, "hashing an update");
    }
    return status;
}

static svms_status note_digest(making *self, const uint8_t *digest, size_t size, uint64_t number,
                               svms_error *err)
{
    (void)size;
    (void)number;
    svms_put_bytes(&self->digests, digest, SVMS_DIGEST_SIZE);
    return svms_builder_check(&self->digests, "the list of chunks", err);
}

/* Where the lists lie is known when no more is added to them. */
static void place_digests(making *self)
{
    const uint8_t *at = self->digests.data;
    for (uint32_t i = 0; i < self->manifest.piece_count; i++) {
        svms_update_piece *piece = &self->manifest.pieces[i];
        piece->chunks = at;
        at += svms_update_chunk_count(piece->size, piece->chunk_size) * SVMS_DIGEST_SIZE;
        piece->sha256 = at;
        at += SVMS_DIGEST_SIZE;
    }
}

static svms_status hash_pieces(making *self, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (uint32_t i = 0; status == SVMS_OK && i < self->manifest.piece_count; i++) {
        uint8_t whole[SVMS_DIGEST_SIZE];
        status = walk(self, i, note_digest, whole, err);
        if (status == SVMS_OK) {
            status = note_digest(self, whole, 0, 0, err);
        }
    }
    if (status == SVMS_OK) {
        place_digests(self);
    }
    return status;
}

static svms_status sign(making *self, const svms_builder *manifest, svms_builder *out,
                        svms_error *err)
{
    uint8_t object[SVMS_UPDATE_SIGNED_SIZE];
    uint8_t signature[SVMS_SIGNATURE_MAX];
    size_t signature_size = sizeof signature;
    svms_sign_engine *engine = NULL;
    svms_iovec chain = { NULL, 0 };
    svms_iovec bytes = { manifest->data, manifest->size };
    svms_update_front front = { 0, 0, (uint32_t)manifest->size, 0 };
    chain.data = svms_chain_wire(self->options.chain, &chain.size);
    svms_status status = svms_sign_engine_new(&engine, self->ctx, self->options.key, err);
    if (status == SVMS_OK) {
        front.algorithm = svms_sign_engine_algorithm(engine);
        status = svms_update_signed(object, self->ctx, front.algorithm, &chain, &bytes, err);
    }
    if (status == SVMS_OK) {
        status = svms_sign(engine, object, sizeof object, signature, &signature_size, err);
    }
    svms_sign_engine_free(&engine);
    if (status != SVMS_OK) {
        return status;
    }
    front.chain_size = (uint32_t)chain.size;
    front.signature_size = (uint32_t)signature_size;
    svms_update_front_put(out, &front);
    svms_put_bytes(out, chain.data, chain.size);
    svms_put_bytes(out, manifest->data, manifest->size);
    svms_put_bytes(out, signature, signature_size);
    return svms_builder_check(out, "the update", err);
}

static svms_status write_head(making *self, svms_error *err)
{
    svms_builder manifest = svms_builder_new(self->ctx, SVMS_UPDATE_MANIFEST_MAX);
    svms_builder head =
        svms_builder_new(self->ctx, SVMS_UPDATE_FRONT_SIZE + SVMS_CHAIN_MAX_SIZE +
                                        SVMS_UPDATE_MANIFEST_MAX + SVMS_SIGNATURE_MAX);
    svms_update_manifest_put(&manifest, &self->manifest);
    svms_status status = svms_builder_check(&manifest, "the manifest", err);
    if (status == SVMS_OK) {
        status = sign(self, &manifest, &head, err);
    }
    if (status == SVMS_OK) {
        svms_iovec run = { head.data, head.size };
        status = svms_sink_write(self->sink, &run, 1, err);
    }
    svms_builder_clear(&manifest);
    svms_builder_clear(&head);
    return status;
}

static svms_status copy_chunk(making *self, const uint8_t *digest, size_t size, uint64_t number,
                              svms_error *err)
{
    const svms_update_piece *piece = &self->manifest.pieces[self->copied];
    if (memcmp(digest, piece->chunks + (size_t)number * SVMS_DIGEST_SIZE, SVMS_DIGEST_SIZE) != 0) {
        return svms_fail(err, SVMS_E_STATE, "the part %s changed while it was read", piece->name);
    }
    svms_iovec run = { self->chunk, size };
    return svms_sink_write(self->sink, &run, 1, err);
}

static svms_status copy_pieces(making *self, svms_error *err)
{
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && self->copied < self->manifest.piece_count) {
        uint8_t whole[SVMS_DIGEST_SIZE];
        status = walk(self, self->copied, copy_chunk, whole, err);
        self->copied++;
    }
    return status == SVMS_OK ? svms_sink_sync(self->sink, err) : status;
}

static svms_status make(making *self, const svms_update_options *options, svms_error *err)
{
    svms_status status = take_options(self, options, err);
    if (status == SVMS_OK) {
        self->manifest.signed_utc_ns = svms_utc_now(self->ctx);
        status = svms_signer_check(self->options.key, self->options.chain, SVMS_ROLE_UPDATE,
                                   self->manifest.signed_utc_ns, err);
    }
    if (status == SVMS_OK) {
        status = svms_hasher_new(&self->chunk_hasher, self->ctx, err);
    }
    if (status == SVMS_OK) {
        status = svms_hasher_new(&self->whole_hasher, self->ctx, err);
    }
    if (status == SVMS_OK) {
        self->chunk = svms_alloc(self->ctx, self->options.chunk_size);
        status = self->chunk ? hash_pieces(self, err) : svms_fail_memory(err);
    }
    if (status == SVMS_OK) {
        status = write_head(self, err);
    }
    return status == SVMS_OK ? copy_pieces(self, err) : status;
}

svms_status svms_update_make(svms_ctx *ctx, const svms_sink *sink,
                             const svms_update_options *options, svms_error *err)
{
    if (!ctx || !sink || !options || !svms_sink_usable(sink)) {
        return svms_fail(err, SVMS_E_USAGE, "ctx, sink and options must not be NULL");
    }
    making *self = svms_alloc(ctx, sizeof *self);
    if (!self) {
        return svms_fail_memory(err);
    }
    self->ctx = ctx;
    self->sink = sink;
    self->options = (svms_update_options)SVMS_UPDATE_OPTIONS_INIT;
    self->digests = svms_builder_new(ctx, SVMS_UPDATE_MANIFEST_MAX);
    svms_status status = make(self, options, err);
    svms_hasher_free(&self->chunk_hasher);
    svms_hasher_free(&self->whole_hasher);
    svms_builder_clear(&self->digests);
    svms_release(ctx, self->chunk);
    svms_release(ctx, self);
    return status;
}
