/* SPDX-License-Identifier: Apache-2.0 */
/* Parts A and B of a frame, opened (E-FRM-2 to E-FRM-4). */
#include <string.h>

#include "evidence_internal.h"
#include "failure.h"
#include "stream.h"

#define STORED_CHUNK (SVMS_FRAME_CHUNK + SVMS_AEAD_TAG_SIZE)

bool svms_evidence_can_read(const svms_evidence *evidence, const svms_frame *frame)
{
    return (frame->flags & SVMS_FRAME_SEALED) == 0 || evidence->unlocked;
}

static svms_status prepare(svms_evidence *evidence, uint64_t e, svms_error *err)
{
    svms_evidence_chunk *chunk = &evidence->chunk;
    uint8_t key[SVMS_AEAD_KEY_SIZE];
    svms_status status = SVMS_OK;
    if (chunk->aead == NULL) {
        status = svms_aead_new(&chunk->aead, evidence->ctx, err);
    }
    if (status == SVMS_OK && chunk->sealed == NULL) {
        chunk->sealed = svms_alloc(evidence->ctx, STORED_CHUNK);
        status = chunk->sealed == NULL ? svms_fail_memory(err) : SVMS_OK;
    }
    if (status != SVMS_OK || chunk->keyed == e) {
        return status;
    }
    chunk->keyed = SVMS_NO_ENTRY;
    status =
        svms_frame_body_key(evidence->ctx, evidence->root, svms_evidence_frame_count(e), key, err);
    if (status == SVMS_OK && !svms_aead_set_key(chunk->aead, key, false)) {
        status = svms_fail_crypto(err, "opening a frame");
    }
    svms_wipe(key, sizeof(key));
    if (status == SVMS_OK) {
        chunk->keyed = e;
    }
    return status;
}

static size_t chunk_size(const svms_evidence_frame *frame, uint64_t j)
{
    uint64_t left = frame->body_size - j * SVMS_FRAME_CHUNK;
    return left < SVMS_FRAME_CHUNK ? (size_t)left : SVMS_FRAME_CHUNK;
}

/* Chunk j of a sealed body, as it stands in the file, where possible in place. */
static svms_status find_chunk(svms_evidence *evidence, uint64_t offset, size_t size,
                              const uint8_t **out, svms_error *err)
{
    const svms_source *file = &evidence->window.source;
    *out = file->view == NULL ? NULL : file->view(file->user, offset, size);
    if (*out != NULL) {
        return SVMS_OK;
    }
    *out = evidence->chunk.sealed;
    return svms_source_read(file, offset, evidence->chunk.sealed, size, err);
}

/* Opens chunk j of a sealed body, given as it is stored, into out. */
static svms_status open_stored(svms_evidence *evidence, const svms_evidence_frame *frame,
                               uint64_t j, const uint8_t *sealed, uint8_t *out, svms_error *err)
{
    svms_evidence_chunk *chunk = &evidence->chunk;
    size_t size = chunk_size(frame, j);
    if (svms_frame_open_chunk(chunk->aead, frame->header, j, sealed, size, out)) {
        return SVMS_OK;
    }
    svms_wipe(out, size);
    chunk->keyed = SVMS_NO_ENTRY;
    if (!svms_aead_is_sound(evidence->ctx)) {
        return svms_fail_crypto(err, "opening a frame");
    }
    return svms_fail_at(err, SVMS_E_UNDECRYPTABLE, frame->b_offset + j * STORED_CHUNK,
                        "a frame does not open with the key of the package (E-FRM-4)");
}

/* Opens chunk j of a sealed body into out, which is as long. */
static svms_status open_into(svms_evidence *evidence, const svms_evidence_frame *frame, uint64_t j,
                             uint8_t *out, svms_error *err)
{
    const uint8_t *sealed = NULL;
    size_t size = chunk_size(frame, j) + SVMS_AEAD_TAG_SIZE;
    svms_status status = prepare(evidence, frame->entry, err);
    if (status == SVMS_OK) {
        status = find_chunk(evidence, frame->b_offset + j * STORED_CHUNK, size, &sealed, err);
    }
    return status == SVMS_OK ? open_stored(evidence, frame, j, sealed, out, err) : status;
}

/* Chunk j of a sealed body goes into the buffer. */
static svms_status open_chunk(svms_evidence *evidence, const svms_evidence_frame *frame, uint64_t j,
                              svms_error *err)
{
    svms_evidence_chunk *chunk = &evidence->chunk;
    if (chunk->entry == frame->entry && chunk->number == j) {
        return SVMS_OK;
    }
    if (chunk->opened == NULL) {
        chunk->opened = svms_alloc(evidence->ctx, SVMS_FRAME_CHUNK);
        if (chunk->opened == NULL) {
            return svms_fail_memory(err);
        }
    }
    chunk->entry = SVMS_NO_ENTRY;
    svms_status status = open_into(evidence, frame, j, chunk->opened, err);
    if (status == SVMS_OK) {
        chunk->entry = frame->entry;
        chunk->number = j;
    }
    return status;
}

/* Bytes of chunk j from within on, at most *size. A whole one needs no buffer. */
static svms_status read_chunk(svms_evidence *evidence, const svms_evidence_frame *frame, uint64_t j,
                              size_t within, uint8_t *out, size_t *size, svms_error *err)
{
    size_t left = chunk_size(frame, j) - within;
    if (within == 0 && *size >= left) {
        *size = left;
        return open_into(evidence, frame, j, out, err);
    }
    svms_status status = open_chunk(evidence, frame, j, err);
    if (status == SVMS_OK) {
        *size = left < *size ? left : *size;
        memcpy(out, evidence->chunk.opened + within, *size);
    }
    return status;
}

/* Auxiliary records of a leaves frame (section 9). */
static svms_status read_leaves(svms_evidence *evidence, const svms_evidence_frame *frame,
                               uint64_t position, uint8_t *out, size_t size, svms_error *err)
{
    if (evidence->leaves_entry != frame->entry) {
        uint32_t s = 0;
        const svms_header *header = NULL;
        while (s + 1 < evidence->first.sources && evidence->parts[s + 1].first <= frame->entry) {
            s++;
        }
        svms_status status = svms_evidence_header_of(evidence, s, &header, err);
        if (status != SVMS_OK) {
            return status;
        }
        svms_leaves_open(&evidence->leaves, &evidence->window, header,
                         evidence->parts[s].removed_tracks, frame->b_offset, frame->frame.b_size);
        evidence->leaves_entry = frame->entry;
    }
    return svms_leaves_copy_auxiliary(&evidence->leaves, position, out, size, err);
}

svms_status svms_evidence_read_body(svms_evidence *evidence, const svms_evidence_frame *frame,
                                    uint64_t position, uint8_t *out, size_t size, svms_error *err)
{
    if (frame->frame.kind == SVMS_FRAME_LEAVES) {
        return read_leaves(evidence, frame, position, out, size, err);
    }
    if ((frame->frame.flags & SVMS_FRAME_SEALED) == 0) {
        return svms_source_read(&evidence->window.source, frame->b_offset + position, out, size,
                                err);
    }
    if (!evidence->unlocked) {
        return svms_fail_at(err, SVMS_E_WRONG_KEY, frame->listed.offset,
                            "the package is sealed, and nothing that was given opens it");
    }
    while (size > 0) {
        size_t piece = size;
        svms_status status = read_chunk(evidence, frame, position / SVMS_FRAME_CHUNK,
                                        (size_t)(position % SVMS_FRAME_CHUNK), out, &piece, err);
        if (status != SVMS_OK) {
            return status;
        }
        out += piece;
        position += piece;
        size -= piece;
    }
    return SVMS_OK;
}

svms_status svms_evidence_open_body(svms_evidence *evidence, const svms_evidence_frame *frame,
                                    const uint8_t *stored, uint8_t *out, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(stored, (size_t)frame->frame.b_size, frame->b_offset);
    svms_status status = prepare(evidence, frame->entry, err);
    for (uint64_t j = 0; j * SVMS_FRAME_CHUNK < frame->body_size && status == SVMS_OK; j++) {
        size_t size = chunk_size(frame, j);
        const uint8_t *sealed = svms_read_bytes(&cursor, size + SVMS_AEAD_TAG_SIZE);
        status = open_stored(evidence, frame, j, sealed, out + j * SVMS_FRAME_CHUNK, err);
    }
    return status;
}

svms_status svms_evidence_read_secrets(svms_evidence *evidence, const svms_evidence_frame *frame,
                                       uint8_t out[SVMS_MAX_PART_A], size_t *size, svms_error *err)
{
    static const uint8_t nonce[SVMS_AEAD_NONCE_SIZE] = { 0 };
    uint8_t stored[SVMS_MAX_PART_A];
    uint8_t key[SVMS_AEAD_KEY_SIZE];
    svms_error found = SVMS_ERROR_INIT;
    size_t given = frame->frame.a_size;
    *size = 0;
    if (given == 0) {
        return SVMS_OK;
    }
    if (!evidence->header.sealed) {
        *size = given;
        return svms_source_read(&evidence->window.source, frame->a_offset, out, given, err);
    }
    if (!evidence->unlocked) {
        return svms_fail_at(err, SVMS_E_WRONG_KEY, frame->listed.offset,
                            "the package is sealed, and nothing that was given opens it");
    }
    svms_status status =
        svms_source_read(&evidence->window.source, frame->a_offset, stored, given, err);
    if (status == SVMS_OK) {
        status = svms_frame_secrets_key(evidence->ctx, evidence->root,
                                        svms_evidence_frame_count(frame->entry), key, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_aead_open(evidence->ctx, key, nonce, frame->header, SVMS_FRAME_HEADER_SIZE,
                            stored, given, out, &found);
    svms_wipe(key, sizeof(key));
    if (status == SVMS_E_WRONG_KEY) {
        return svms_fail_at(err, SVMS_E_UNDECRYPTABLE, frame->a_offset,
                            "secrets of a segment do not open with the key of the package");
    }
    if (status != SVMS_OK) {
        return svms_fail_as(err, status, &found);
    }
    *size = given - SVMS_AEAD_TAG_SIZE;
    return SVMS_OK;
}
