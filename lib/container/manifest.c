/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest.h"

#include <string.h>

#include "failure.h"

size_t svms_manifest_size(const svms_manifest *manifest)
{
    return SVMS_MANIFEST_FIXED_SIZE + (size_t)manifest->entry_count * SVMS_TRACK_ENTRY_SIZE;
}

void svms_manifest_put(svms_builder *out, const svms_header *header, const svms_manifest *manifest)
{
    svms_put_object_prefix(out, SVMS_OBJECT_MANIFEST, &header->signer,
                           (uint32_t)svms_manifest_size(manifest));
    svms_put_bytes(out, header->hash, SVMS_DIGEST_SIZE);
    svms_put_u64(out, manifest->segment);
    svms_put_bytes(out, manifest->previous, SVMS_DIGEST_SIZE);
    svms_put_bytes(out, manifest->salt, SVMS_DIGEST_SIZE);
    svms_put_i64(out, manifest->first_utc_ns);
    svms_put_i64(out, manifest->last_utc_ns);
    svms_put_i64(out, manifest->made_utc_ns);
    svms_put_u64(out, manifest->made_monotonic_ns);
    svms_put_u64(out, manifest->bytes);
    svms_put_u32(out, manifest->records);
    svms_put_u8(out, manifest->clock_state);
    svms_put_u8(out, manifest->gap_reason);
    svms_put_u16(out, manifest->flags);
    svms_put_bytes(out, manifest->evidence, SVMS_DIGEST_SIZE);
    svms_put_u16(out, (uint16_t)manifest->entry_count);
    svms_put_u16(out, 0);
    for (uint32_t i = 0; i < manifest->entry_count; i++) {
        const svms_track_entry *entry = &manifest->entries[i];
        svms_put_u8(out, entry->track);
        svms_put_zeros(out, 3);
        svms_put_u32(out, entry->leaves);
        svms_put_i64(out, entry->first_pts);
        svms_put_i64(out, entry->first_utc_ns);
        svms_put_bytes(out, entry->root, SVMS_DIGEST_SIZE);
        svms_put_bytes(out, entry->commitment, SVMS_DIGEST_SIZE);
    }
}

static svms_status parse_entries(svms_manifest *out, svms_cursor *cursor, svms_error *err)
{
    uint64_t offset = svms_cursor_offset(cursor);
    uint16_t count = svms_read_u16(cursor);
    uint16_t zero = svms_read_u16(cursor);
    if (cursor->failed || zero != 0 || count == 0 || count > SVMS_MAX_TRACKS + 1) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "the manifest's number of tracks is wrong (C-MAN-2)");
    }
    out->entry_count = count;
    for (uint32_t i = 0; i < count; i++) {
        svms_track_entry *entry = &out->entries[i];
        offset = svms_cursor_offset(cursor);
        entry->track = svms_read_u8(cursor);
        bool zeros = svms_read_zeros(cursor, 3);
        entry->leaves = svms_read_u32(cursor);
        entry->first_pts = svms_read_i64(cursor);
        entry->first_utc_ns = svms_read_i64(cursor);
        svms_read_copy(cursor, entry->root, SVMS_DIGEST_SIZE);
        svms_read_copy(cursor, entry->commitment, SVMS_DIGEST_SIZE);
        if (cursor->failed || !zeros || (i > 0 && entry->track <= out->entries[i - 1].track)) {
            return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                                "a track entry of the manifest is malformed (C-MAN-2)");
        }
    }
    return SVMS_OK;
}

static svms_status check_header_hash(svms_cursor *cursor, const svms_header *header,
                                     svms_error *err)
{
    uint64_t offset = svms_cursor_offset(cursor);
    uint8_t h[SVMS_DIGEST_SIZE];
    svms_read_copy(cursor, h, sizeof(h));
    if (memcmp(h, header->hash, sizeof(h)) != 0) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, offset, "signed for another container");
    }
    return SVMS_OK;
}

svms_status svms_manifest_parse(svms_manifest *out, const svms_header *header, const uint8_t *body,
                                size_t size, uint64_t offset, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(body, size, offset);
    svms_object_identity identity;
    svms_status status = svms_check_object_prefix(&cursor, SVMS_OBJECT_MANIFEST, &header->signer,
                                                  size, &identity, err);
    if (status == SVMS_OK) {
        status = check_header_hash(&cursor, header, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    out->segment = svms_read_u64(&cursor);
    svms_read_copy(&cursor, out->previous, SVMS_DIGEST_SIZE);
    svms_read_copy(&cursor, out->salt, SVMS_DIGEST_SIZE);
    out->first_utc_ns = svms_read_i64(&cursor);
    out->last_utc_ns = svms_read_i64(&cursor);
    out->made_utc_ns = svms_read_i64(&cursor);
    out->made_monotonic_ns = svms_read_u64(&cursor);
    out->bytes = svms_read_u64(&cursor);
    out->records = svms_read_u32(&cursor);
    uint64_t states = svms_cursor_offset(&cursor);
    out->clock_state = svms_read_u8(&cursor);
    out->gap_reason = svms_read_u8(&cursor);
    out->flags = svms_read_u16(&cursor);
    svms_read_copy(&cursor, out->evidence, SVMS_DIGEST_SIZE);
    if (!cursor.failed && (out->clock_state > 3 || out->gap_reason > SVMS_GAP_OVERLOAD ||
                           (out->flags & ~SVMS_MANIFEST_BEGINS_WITH_SYNC) != 0)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, states,
                            "the manifest's states are out of range");
    }
    status = parse_entries(out, &cursor, err);
    if (status == SVMS_OK && !svms_cursor_at_end(&cursor)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, svms_cursor_offset(&cursor),
                            "bytes after the manifest's last entry (C-MAN-7)");
    }
    return status;
}

const svms_track_entry *svms_manifest_entry(const svms_manifest *manifest, uint8_t track)
{
    for (uint32_t i = 0; i < manifest->entry_count; i++) {
        if (manifest->entries[i].track == track) {
            return &manifest->entries[i];
        }
    }
    return NULL;
}

void svms_start_put(svms_builder *out, const svms_header *header, const svms_segment_start *start)
{
    svms_put_bytes(out, "SVMSSEG1", 8);
    svms_put_bytes(out, header->hash, 8);
    svms_put_u64(out, start->segment);
    svms_put_bytes(out, start->salt, SVMS_DIGEST_SIZE);
    svms_put_i64(out, start->utc_ns);
    svms_put_u64(out, start->monotonic_ns);
    svms_put_u64(out, start->checkpoint);
}

svms_status svms_start_parse(svms_segment_start *out, const svms_header *header,
                             const uint8_t *body, size_t size, uint64_t offset, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(body, size, offset);
    const uint8_t *marker = svms_read_bytes(&cursor, 8);
    const uint8_t *h = svms_read_bytes(&cursor, 8);
    if (size != SVMS_START_BODY_SIZE || marker == NULL || h == NULL ||
        memcmp(marker, "SVMSSEG1", 8) != 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "a segment start is malformed");
    }
    if (memcmp(h, header->hash, 8) != 0) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, offset,
                            "the segment belongs to another container");
    }
    out->segment = svms_read_u64(&cursor);
    svms_read_copy(&cursor, out->salt, SVMS_DIGEST_SIZE);
    out->utc_ns = svms_read_i64(&cursor);
    out->monotonic_ns = svms_read_u64(&cursor);
    out->checkpoint = svms_read_u64(&cursor);
    return SVMS_OK;
}

void svms_end_put(svms_builder *out, const svms_header *header, const svms_end *end)
{
    svms_put_object_prefix(out, SVMS_OBJECT_END, &header->signer, SVMS_END_BODY_SIZE);
    svms_put_bytes(out, header->hash, SVMS_DIGEST_SIZE);
    svms_put_u64(out, end->segments);
    svms_put_bytes(out, end->last_manifest, SVMS_DIGEST_SIZE);
    svms_put_u64(out, end->offset);
    svms_put_u64(out, end->root_offset);
    svms_put_bytes(out, end->index_hash, SVMS_DIGEST_SIZE);
    svms_put_bytes(out, end->root_hash, SVMS_DIGEST_SIZE);
    svms_put_i64(out, end->utc_ns);
    svms_put_i64(out, end->last_utc_ns);
    svms_put_u8(out, end->reason);
    svms_put_zeros(out, 7);
}

svms_status svms_end_parse(svms_end *out, const svms_header *header, const uint8_t *body,
                           size_t size, uint64_t offset, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(body, size, offset);
    svms_object_identity identity;
    svms_status status =
        svms_check_object_prefix(&cursor, SVMS_OBJECT_END, &header->signer, size, &identity, err);
    if (status == SVMS_OK) {
        status = check_header_hash(&cursor, header, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    out->segments = svms_read_u64(&cursor);
    svms_read_copy(&cursor, out->last_manifest, SVMS_DIGEST_SIZE);
    out->offset = svms_read_u64(&cursor);
    out->root_offset = svms_read_u64(&cursor);
    svms_read_copy(&cursor, out->index_hash, SVMS_DIGEST_SIZE);
    svms_read_copy(&cursor, out->root_hash, SVMS_DIGEST_SIZE);
    out->utc_ns = svms_read_i64(&cursor);
    out->last_utc_ns = svms_read_i64(&cursor);
    out->reason = svms_read_u8(&cursor);
    if (!svms_read_zeros(&cursor, 7) || !svms_cursor_at_end(&cursor) || out->reason < 1 ||
        out->reason > 4) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "the end record is malformed");
    }
    return SVMS_OK;
}

/* Nanoseconds that `ticks` last, rounded down, or UINT64_MAX when they exceed 2^63 - 1. */
static uint64_t ticks_to_ns(const svms_track *track, uint64_t ticks)
{
    const uint64_t limit = INT64_MAX / 1000000000;
    uint64_t periods = ticks / track->timebase_den;
    uint64_t rest = (ticks % track->timebase_den) * track->timebase_num;
    if (periods > limit / track->timebase_num) {
        return UINT64_MAX;
    }
    uint64_t seconds = periods * track->timebase_num + rest / track->timebase_den;
    uint64_t part = (rest % track->timebase_den) * 1000000000u / track->timebase_den;
    return seconds >= limit ? UINT64_MAX : seconds * 1000000000u + part;
}

int64_t svms_utc_of(const svms_track *track, int64_t known_pts, int64_t known_utc_ns, int64_t pts)
{
    bool back = pts < known_pts;
    uint64_t ticks =
        back ? (uint64_t)known_pts - (uint64_t)pts : (uint64_t)pts - (uint64_t)known_pts;
    uint64_t ns = ticks_to_ns(track, ticks);
    if (back) {
        return ns == UINT64_MAX || known_utc_ns < INT64_MIN + 1 + (int64_t)ns
                   ? INT64_MIN + 1
                   : known_utc_ns - (int64_t)ns;
    }
    return ns == UINT64_MAX || known_utc_ns > INT64_MAX - (int64_t)ns ? INT64_MAX
                                                                      : known_utc_ns + (int64_t)ns;
}
