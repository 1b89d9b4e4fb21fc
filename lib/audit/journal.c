/* SPDX-License-Identifier: Apache-2.0 */
#include "journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <zlib.h>

#include "failure.h"

#define MAGIC "SVMSAUDJ"
#define MAGIC_SIZE 8u
#define FOLDER "journal/"
#define DIGITS 16u
/* Number of the first record, and how many there are. */
#define COUNT_AT (SVMS_JOURNAL_FRAME_SIZE + 8u)

void svms_journal_name(uint64_t first, char out[SVMS_JOURNAL_NAME_SIZE])
{
    snprintf(out, SVMS_JOURNAL_NAME_SIZE, FOLDER "%016" PRIx64, first);
}

bool svms_journal_number(const char *name, uint64_t *out)
{
    static const char digits[] = "0123456789abcdef";
    *out = 0;
    if (strlen(name) != DIGITS) {
        return false;
    }
    for (const char *at = name; *at != '\0'; at++) {
        const char *digit = strchr(digits, *at);
        if (!digit) {
            return false;
        }
        *out = *out << 4 | (uint64_t)(digit - digits);
    }
    return *out <= SVMS_TREE_MAX;
}

void svms_put_journal_head(svms_builder *out, const svms_tree_head *at)
{
    svms_put_bytes(out, MAGIC, MAGIC_SIZE);
    svms_put_u16(out, 1);
    svms_put_u16(out, 0);
    svms_put_u32(out, 0);
    svms_put_u64(out, at->size);
    svms_put_bytes(out, at->root, sizeof at->root);
}

svms_status svms_journal_head_parse(svms_tree_head *out, const void *bytes, size_t size,
                                    svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(bytes, size, 0);
    const uint8_t *magic = svms_read_bytes(&cursor, MAGIC_SIZE);
    uint16_t major = svms_read_u16(&cursor);
    (void)svms_read_u16(&cursor);
    bool zero = svms_read_u32(&cursor) == 0;
    out->size = svms_read_u64(&cursor);
    svms_read_copy(&cursor, out->root, sizeof out->root);
    if (cursor.failed) {
        return svms_fail(err, SVMS_E_TRUNCATED, "the journal ends within its head");
    }
    if (memcmp(magic, MAGIC, MAGIC_SIZE) != 0 || !zero || out->size > SVMS_TREE_MAX) {
        return svms_fail(err, SVMS_E_MALFORMED, "the head of the journal is none");
    }
    if (major != 1) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "a journal of version %u", (unsigned)major);
    }
    return SVMS_OK;
}

void svms_journal_group_begin(svms_builder *out, uint64_t first)
{
    svms_builder_reset(out);
    svms_put_zeros(out, SVMS_JOURNAL_FRAME_SIZE);
    svms_put_u64(out, first);
    svms_put_u16(out, 0);
}

void svms_journal_group_add(svms_builder *out, const void *record, size_t size)
{
    svms_put_bundle_entry(out, record, size);
}

void svms_journal_group_end_with(svms_builder *out, uint32_t count, uint32_t records_crc,
                                 const void *note, size_t size)
{
    size_t records_end = out->size;
    svms_put_u16(out, (uint16_t)size);
    svms_put_bytes(out, note, size);
    if (out->status != SVMS_OK) {
        return;
    }
    svms_store_u16(out->data + COUNT_AT, (uint16_t)count);
    uLong crc = crc32_z(crc32_z(0, NULL, 0), out->data + SVMS_JOURNAL_FRAME_SIZE,
                        SVMS_JOURNAL_FRONT_SIZE - SVMS_JOURNAL_FRAME_SIZE);
    crc = crc32_combine(crc, records_crc, (z_off_t)(records_end - SVMS_JOURNAL_FRONT_SIZE));
    crc = crc32_z(crc, out->data + records_end, out->size - records_end);
    svms_patch_u32(out, 0, (uint32_t)(out->size - SVMS_JOURNAL_FRAME_SIZE));
    svms_patch_u32(out, 4, (uint32_t)crc);
}

void svms_journal_group_end(svms_builder *out, uint32_t count, const void *note, size_t size)
{
    uLong crc = crc32_z(0, NULL, 0);
    if (out->status == SVMS_OK) {
        crc =
            crc32_z(crc, out->data + SVMS_JOURNAL_FRONT_SIZE, out->size - SVMS_JOURNAL_FRONT_SIZE);
    }
    svms_journal_group_end_with(out, count, (uint32_t)crc, note, size);
}

/* Walks over the records, so that they can be taken without a further check. */
static svms_status read_records(svms_journal_group *out, svms_cursor *body, svms_error *err)
{
    size_t from = body->position;
    for (uint32_t i = 0; i < out->count; i++) {
        size_t size = svms_read_u16(body);
        if (size > SVMS_AUDIT_RECORD_MAX || !svms_skip(body, size)) {
            return svms_fail(err, SVMS_E_MALFORMED, "record %u of the group is none", i + 1);
        }
    }
    out->records = svms_cursor_over(body->data + from, body->position - from, body->origin + from);
    return SVMS_OK;
}

static svms_status read_body(svms_journal_group *out, svms_cursor *body, svms_error *err)
{
    out->first = svms_read_u64(body);
    out->count = svms_read_u16(body);
    if (body->failed || out->count > SVMS_JOURNAL_GROUP_RECORDS ||
        out->first > SVMS_TREE_MAX - out->count) {
        return svms_fail(err, SVMS_E_MALFORMED, "the group has no count of records");
    }
    svms_status status = read_records(out, body, err);
    if (status != SVMS_OK) {
        return status;
    }
    out->note_size = svms_read_u16(body);
    out->note = svms_read_bytes(body, out->note_size);
    if (!out->note || out->note_size > SVMS_JOURNAL_NOTE_MAX || !svms_cursor_at_end(body)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the group does not end with its checkpoint");
    }
    return SVMS_OK;
}

svms_status svms_journal_group_parse(svms_journal_group *out, const void *bytes, size_t size,
                                     svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(bytes, size, 0);
    uint32_t body_size = svms_read_u32(&cursor);
    uint32_t crc = svms_read_u32(&cursor);
    if (cursor.failed) {
        return svms_fail(err, SVMS_E_TRUNCATED, "the journal ends within a group");
    }
    if (body_size > SVMS_JOURNAL_GROUP_MAX) {
        return svms_fail(err, SVMS_E_MALFORMED, "a group has at most %u bytes",
                         SVMS_JOURNAL_GROUP_MAX);
    }
    svms_cursor body = svms_read_sub(&cursor, body_size);
    if (cursor.failed) {
        return svms_fail(err, SVMS_E_TRUNCATED, "the journal ends within a group");
    }
    if ((uint32_t)crc32_z(crc32_z(0, NULL, 0), body.data, body_size) != crc) {
        return svms_fail(err, SVMS_E_MALFORMED, "a group of the journal is damaged (CRC)");
    }
    out->whole_size = SVMS_JOURNAL_FRAME_SIZE + body_size;
    return read_body(out, &body, err);
}

bool svms_journal_next_record(svms_journal_group *group, svms_bundle_entry *out)
{
    if (svms_cursor_at_end(&group->records)) {
        return false;
    }
    out->size = svms_read_u16(&group->records);
    out->record = svms_read_bytes(&group->records, out->size);
    return out->record != NULL;
}
