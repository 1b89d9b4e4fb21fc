/* SPDX-License-Identifier: Apache-2.0 */
/* Parts, chunk by chunk: nothing is handed out that was not compared (U-PRT-1). */
#include <string.h>

#include "failure.h"
#include "update_reader.h"

static svms_status changed(svms_update_reader *reader, const char *what, svms_error *err)
{
    const svms_update_piece *piece = &reader->manifest.pieces[reader->piece];
    reader->refusal = SVMS_UPDATE_CHANGED;
    return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, reader->offset,
                        "%s of the part %s is not what was signed (U-PRT-1)", what, piece->name);
}

/* The part is over: its own digest must fit, too. */
static svms_status end_piece(svms_update_reader *reader, svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE];
    const svms_update_piece *piece = &reader->manifest.pieces[reader->piece];
    if (!svms_hasher_finish(reader->part_hasher, digest)) {
        return svms_fail_crypto(err, "hashing an update");
    }
    if (memcmp(digest, piece->sha256, sizeof digest) != 0) {
        return changed(reader, "the whole", err);
    }
    reader->piece++;
    reader->done = 0;
    if (reader->piece == reader->manifest.piece_count) {
        reader->stage = SVMS_UPDATE_STAGE_END;
    }
    return SVMS_OK;
}

static svms_status give(svms_update_reader *reader, const uint8_t *data, size_t size,
                        svms_error *err)
{
    if (reader->options.flags & SVMS_UPDATE_INSPECT) {
        return SVMS_OK;
    }
    svms_status status =
        reader->options.data(reader->options.user, reader->piece, reader->done, data, size);
    return status == SVMS_OK ? status
                             : svms_fail(err, status, "the device did not take the update's bytes");
}

static svms_status take_chunk(svms_update_reader *reader, const uint8_t *data, size_t size,
                              svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE];
    const svms_update_piece *piece = &reader->manifest.pieces[reader->piece];
    size_t number = (size_t)(reader->done / piece->chunk_size);
    bool first = reader->done == 0;
    if ((first && !svms_hasher_start(reader->part_hasher)) ||
        !svms_hasher_once(reader->chunk_hasher, data, size, digest) ||
        !svms_hasher_update(reader->part_hasher, data, size)) {
        return svms_fail_crypto(err, "hashing an update");
    }
    if (memcmp(digest, piece->chunks + number * SVMS_DIGEST_SIZE, sizeof digest) != 0) {
        return changed(reader, "a chunk", err);
    }
    svms_status status = give(reader, data, size, err);
    reader->done += size;
    return status == SVMS_OK && reader->done == piece->size ? end_piece(reader, err) : status;
}

static svms_status make_room(svms_update_reader *reader, size_t size, svms_error *err)
{
    if (reader->chunk_room >= size) {
        return SVMS_OK;
    }
    uint8_t *room = svms_alloc(reader->ctx, size);
    if (!room) {
        return svms_fail_memory(err);
    }
    svms_release(reader->ctx, reader->chunk);
    reader->chunk = room;
    reader->chunk_room = size;
    return SVMS_OK;
}

svms_status svms_update_take(svms_update_reader *reader, const uint8_t *data, size_t size,
                             size_t *used, svms_error *err)
{
    const svms_update_piece *piece = &reader->manifest.pieces[reader->piece];
    uint64_t left = piece->size - reader->done;
    size_t wanted = left < piece->chunk_size ? (size_t)left : piece->chunk_size;
    if (reader->chunk_size == 0 && size >= wanted) {
        *used = wanted;
        return take_chunk(reader, data, wanted, err);
    }
    svms_status status = make_room(reader, piece->chunk_size, err);
    if (status != SVMS_OK) {
        return status;
    }
    size_t missing = wanted - reader->chunk_size;
    *used = size < missing ? size : missing;
    memcpy(reader->chunk + reader->chunk_size, data, *used);
    reader->chunk_size += *used;
    if (reader->chunk_size < wanted) {
        return SVMS_OK;
    }
    reader->chunk_size = 0;
    return take_chunk(reader, reader->chunk, wanted, err);
}
