/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "failure.h"
#include "update_manifest.h"
#include "update_version.h"

#include <svms/time.h>

static svms_status check_size(uint32_t size, uint32_t most, uint64_t offset, const char *what,
                              svms_error *err)
{
    if (size == 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "the update has no %s (U-FIL-1)", what);
    }
    if (size > most) {
        return svms_fail_at(err, SVMS_E_LIMIT, offset, "the update's %s has more than %u bytes",
                            what, most);
    }
    return SVMS_OK;
}

svms_status svms_update_front_parse(svms_update_front *out,
                                    const uint8_t data[SVMS_UPDATE_FRONT_SIZE], svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(data, SVMS_UPDATE_FRONT_SIZE, 0);
    const uint8_t *found = svms_read_bytes(&cursor, SVMS_UPDATE_MAGIC_SIZE);
    if (memcmp(found, SVMS_UPDATE_MAGIC, SVMS_UPDATE_MAGIC_SIZE) != 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 0, "this is no update (U-FIL-1)");
    }
    uint16_t version = svms_read_u16(&cursor);
    if (version != 1) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, 8,
                            "the update has version %u of the format, and this knows 1", version);
    }
    out->algorithm = svms_read_u16(&cursor);
    out->chain_size = svms_read_u32(&cursor);
    out->manifest_size = svms_read_u32(&cursor);
    out->signature_size = svms_read_u32(&cursor);
    svms_status status = check_size(out->chain_size, SVMS_CHAIN_MAX_SIZE, 12, "chain", err);
    if (status == SVMS_OK) {
        status = check_size(out->manifest_size, SVMS_UPDATE_MANIFEST_MAX, 16, "manifest", err);
    }
    if (status == SVMS_OK) {
        status = check_size(out->signature_size, SVMS_SIGNATURE_MAX, 20, "signature", err);
    }
    return status;
}

typedef bool (*text_rule)(const void *text, size_t size);

static svms_status malformed(const svms_cursor *cursor, const char *what, svms_error *err)
{
    return svms_fail_at(err, SVMS_E_MALFORMED, svms_cursor_offset(cursor),
                        "the manifest's %s breaks its rule (U-MAN)", what);
}

/* room: bytes of out, with the NUL. */
static svms_status read_text(svms_cursor *cursor, char *out, size_t room, text_rule rule,
                             const char *what, svms_error *err)
{
    svms_cursor start = *cursor;
    size_t size = svms_read_u8(cursor);
    const uint8_t *text = svms_read_bytes(cursor, size);
    if (!text || size >= room || !rule(text, size)) {
        return malformed(&start, what, err);
    }
    memcpy(out, text, size);
    out[size] = '\0';
    return SVMS_OK;
}

static bool is_version(const void *text, size_t size)
{
    return svms_version_is_one(text, size);
}

static bool is_version_or_none(const void *text, size_t size)
{
    return size == 0 || svms_version_is_one(text, size);
}

static svms_status read_hardware(svms_update_manifest *out, svms_cursor *cursor, svms_error *err)
{
    svms_cursor start = *cursor;
    svms_status status = SVMS_OK;
    out->hardware_count = svms_read_u8(cursor);
    if (out->hardware_count == 0 || out->hardware_count > SVMS_UPDATE_HARDWARE_MAX) {
        return malformed(&start, "number of hardware names", err);
    }
    for (uint32_t i = 0; status == SVMS_OK && i < out->hardware_count; i++) {
        status = read_text(cursor, out->hardware[i], sizeof out->hardware[i], svms_update_is_name,
                           "hardware name", err);
        for (uint32_t k = 0; status == SVMS_OK && k < i; k++) {
            if (strcmp(out->hardware[k], out->hardware[i]) == 0) {
                status = malformed(cursor, "hardware name, which is there twice,", err);
            }
        }
    }
    return status;
}

static svms_status read_piece(svms_update_manifest *out, svms_cursor *cursor, svms_error *err)
{
    svms_update_piece *piece = &out->pieces[out->piece_count];
    svms_status status = read_text(cursor, piece->name, sizeof piece->name,
                                   svms_update_is_part_name, "name of a part", err);
    if (status != SVMS_OK) {
        return status;
    }
    for (uint32_t i = 0; i < out->piece_count; i++) {
        if (strcmp(out->pieces[i].name, piece->name) == 0) {
            return malformed(cursor, "name of a part, which is there twice,", err);
        }
    }
    piece->size = svms_read_u64(cursor);
    piece->chunk_size = svms_read_u32(cursor);
    if (cursor->failed || piece->size == 0 || piece->size > SVMS_UPDATE_PART_MAX ||
        !svms_update_is_chunk_size(piece->chunk_size)) {
        return malformed(cursor, "size of a part or of its chunks", err);
    }
    piece->sha256 = svms_read_bytes(cursor, SVMS_DIGEST_SIZE);
    uint64_t chunks = svms_update_chunk_count(piece->size, piece->chunk_size);
    piece->chunks = chunks > SVMS_UPDATE_MANIFEST_MAX / SVMS_DIGEST_SIZE
                        ? NULL
                        : svms_read_bytes(cursor, (size_t)chunks * SVMS_DIGEST_SIZE);
    if (!piece->sha256 || !piece->chunks) {
        return malformed(cursor, "list of chunks", err);
    }
    out->piece_count++;
    return SVMS_OK;
}

static svms_status read_pieces(svms_update_manifest *out, svms_cursor *cursor, svms_error *err)
{
    svms_cursor start = *cursor;
    uint32_t count = svms_read_u8(cursor);
    svms_status status = SVMS_OK;
    out->piece_count = 0;
    if (count == 0 || count > SVMS_UPDATE_PARTS_MAX) {
        return malformed(&start, "number of parts", err);
    }
    for (uint32_t i = 0; status == SVMS_OK && i < count; i++) {
        status = read_piece(out, cursor, err);
    }
    if (status == SVMS_OK && !svms_cursor_at_end(cursor)) {
        status = malformed(cursor, "end, behind which bytes stand,", err);
    }
    return status;
}

static svms_status read_texts(svms_update_manifest *out, svms_cursor *cursor, svms_error *err)
{
    svms_status status =
        read_text(cursor, out->version, sizeof out->version, is_version, "version", err);
    if (status == SVMS_OK) {
        status = read_text(cursor, out->minimum, sizeof out->minimum, is_version_or_none,
                           "minimum version", err);
    }
    if (status == SVMS_OK) {
        status = read_text(cursor, out->product, sizeof out->product, svms_update_is_name,
                           "product", err);
    }
    if (status == SVMS_OK) {
        status = read_hardware(out, cursor, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor start = *cursor;
    out->note_size = svms_read_u16(cursor);
    out->note = svms_read_bytes(cursor, out->note_size);
    return out->note && svms_update_is_note(out->note, out->note_size)
               ? SVMS_OK
               : malformed(&start, "note", err);
}

svms_status svms_update_manifest_parse(svms_update_manifest *out, const uint8_t *data, size_t size,
                                       uint64_t origin, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(data, size, origin);
    memset(out, 0, sizeof *out);
    uint16_t version = svms_read_u16(&cursor);
    uint16_t zero = svms_read_u16(&cursor);
    out->counter = svms_read_u64(&cursor);
    out->signed_utc_ns = svms_read_i64(&cursor);
    if (cursor.failed || zero != 0 || out->signed_utc_ns == SVMS_NO_TIME) {
        return malformed(&cursor, "beginning", err);
    }
    if (version != 1) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, origin,
                            "the manifest has version %u, and this knows 1", version);
    }
    svms_status status = read_texts(out, &cursor, err);
    return status == SVMS_OK ? read_pieces(out, &cursor, err) : status;
}
