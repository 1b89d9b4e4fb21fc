/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <string.h>
#include <zlib.h>

#include <svms/container.h>

#include "builder.h"
#include "cursor.h"
#include "failure.h"

static uint32_t crc_of(const uint8_t *data, size_t size)
{
    return (uint32_t)crc32(0, data, (uInt)size);
}

static size_t sample_header_size(uint8_t flags)
{
    size_t size = SVMS_SAMPLE_HEADER_MIN;
    if (flags & SVMS_FLAG_COMPOSITION) {
        size += 4;
    }
    if (flags & SVMS_FLAG_DURATION) {
        size += 4;
    }
    return size;
}

size_t svms_record_encode_sample(svms_record *record, uint8_t out[SVMS_SAMPLE_HEADER_MAX])
{
    size_t at = 20;
    record->header_size = (uint8_t)sample_header_size(record->flags);
    out[0] = SVMS_RECORD_SAMPLE;
    out[1] = record->flags;
    out[2] = record->track;
    out[3] = record->header_size;
    svms_store_u32(out + 4, record->body_size);
    svms_store_u32(out + 8, record->number);
    svms_store_u64(out + 12, (uint64_t)record->dts);
    if (record->flags & SVMS_FLAG_COMPOSITION) {
        svms_store_u32(out + at, (uint32_t)record->composition);
        at += 4;
    }
    if (record->flags & SVMS_FLAG_DURATION) {
        svms_store_u32(out + at, record->duration);
        at += 4;
    }
    svms_store_u32(out + at, crc_of(out, at));
    return at + 4;
}

void svms_record_encode(uint8_t type, uint32_t body_size, uint32_t number,
                        uint8_t out[SVMS_RECORD_HEADER_SIZE])
{
    memset(out, 0, SVMS_RECORD_HEADER_SIZE);
    out[0] = type;
    svms_store_u32(out + 4, body_size);
    svms_store_u32(out + 8, number);
    svms_store_u32(out + 12, crc_of(out, 12));
}

static uint32_t body_limit(uint8_t type)
{
    switch (type) {
    case SVMS_RECORD_SAMPLE:
        return SVMS_MAX_SAMPLE_SIZE + SVMS_MAX_RANGE_TABLE + SVMS_MAX_CHUNKS * 16u;
    case SVMS_RECORD_MANIFEST:
        return SVMS_MAX_MANIFEST_SIZE;
    case SVMS_RECORD_TRAILER:
        return 16777216u + 72u;
    default:
        return SVMS_MAX_AUXILIARY_SIZE;
    }
}

static svms_status parse_sample(svms_record *out, svms_cursor *cursor, uint64_t offset,
                                svms_error *err)
{
    out->flags = svms_read_u8(cursor);
    out->track = svms_read_u8(cursor);
    out->header_size = svms_read_u8(cursor);
    out->body_size = svms_read_u32(cursor);
    out->number = svms_read_u32(cursor);
    out->dts = svms_read_i64(cursor);
    if (out->flags & SVMS_FLAG_COMPOSITION) {
        out->composition = svms_read_i32(cursor);
    }
    if (out->flags & SVMS_FLAG_DURATION) {
        out->duration = svms_read_u32(cursor);
    }
    if (out->header_size != sample_header_size(out->flags)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset + 3,
                            "sample header of wrong length (C-REC)");
    }
    if (out->flags & ~SVMS_FLAGS_KNOWN) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset + 1, "unknown sample flags");
    }
    if ((out->flags & SVMS_FLAG_COMPOSITION) && out->composition == 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset + 20,
                            "composition offset of zero is stored");
    }
    return SVMS_OK;
}

static svms_status parse_other(svms_record *out, svms_cursor *cursor, uint64_t offset,
                               svms_error *err)
{
    uint8_t zero = svms_read_u8(cursor);
    uint16_t zeros = svms_read_u16(cursor);
    out->header_size = SVMS_RECORD_HEADER_SIZE;
    out->body_size = svms_read_u32(cursor);
    out->number = svms_read_u32(cursor);
    if (zero != 0 || zeros != 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset + 1,
                            "reserved bytes of a record are not zero");
    }
    return SVMS_OK;
}

svms_status svms_record_parse(svms_record *out, const uint8_t *bytes, size_t available,
                              uint64_t offset, svms_error *err)
{
    svms_record record = { 0 };
    svms_cursor cursor = svms_cursor_over(bytes, available, offset);
    record.type = svms_read_u8(&cursor);
    if (!cursor.failed && (record.type < SVMS_RECORD_SAMPLE || record.type > SVMS_RECORD_TAIL)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "no record begins here (type %u)",
                            record.type);
    }
    svms_status status = record.type == SVMS_RECORD_SAMPLE
                             ? parse_sample(&record, &cursor, offset, err)
                             : parse_other(&record, &cursor, offset, err);
    size_t covered = cursor.position;
    uint32_t crc = svms_read_u32(&cursor);
    if (cursor.failed) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, offset + available,
                            "the file ends within a record header");
    }
    if (crc != crc_of(bytes, covered)) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, offset, "a record header is damaged (CRC)");
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (record.body_size > body_limit(record.type)) {
        return svms_fail_at(err, SVMS_E_LIMIT, offset + 4,
                            "a record of %u bytes exceeds its bound (C-LIM-1)", record.body_size);
    }
    *out = record;
    return SVMS_OK;
}

uint32_t svms_chunk_count(uint32_t protected_size)
{
    return protected_size / SVMS_CHUNK_SIZE + (protected_size % SVMS_CHUNK_SIZE != 0);
}

bool svms_body_split_strong(uint32_t body_size, uint32_t *sample_size, uint32_t *chunks)
{
    uint32_t whole = SVMS_CHUNK_SIZE + 16u;
    uint32_t count = body_size / whole + (body_size % whole != 0);
    if (body_size < count * 16u) {
        return false;
    }
    uint32_t size = body_size - count * 16u;
    if (svms_chunk_count(size) != count || size > SVMS_MAX_SAMPLE_SIZE) {
        return false;
    }
    *sample_size = size;
    *chunks = count;
    return true;
}

bool svms_body_split_ranged(uint32_t body_size, uint32_t table_size, uint32_t ranged,
                            uint32_t *sample_size, uint32_t *chunks)
{
    uint32_t count = svms_chunk_count(ranged);
    uint64_t around = (uint64_t)table_size + (uint64_t)count * 16u;
    if (body_size < around || body_size - around > SVMS_MAX_SAMPLE_SIZE) {
        return false;
    }
    *sample_size = (uint32_t)(body_size - around);
    *chunks = count;
    return *sample_size >= ranged;
}
