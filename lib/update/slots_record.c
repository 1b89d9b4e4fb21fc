/* SPDX-License-Identifier: Apache-2.0 */
#include "slots_record.h"

#include <string.h>

#include "builder.h"
#include "cursor.h"
#include "digest.h"
#include "update_version.h"

#define DIGESTED (SVMS_SLOTS_RECORD_SIZE - SVMS_DIGEST_SIZE)
/* State, zeros, counter, manifest, length and bytes of the version. */
#define SLOT_SIZE (1 + 7 + 8 + SVMS_DIGEST_SIZE + SVMS_UPDATE_VERSION_SIZE)
#define FIXED_SIZE (8 + 2 + 6 + 8 + 8)

static const uint8_t magic[8] = { 'S', 'V', 'M', 'S', 'S', 'L', 'O', 'T' };

static bool read_slot(svms_slot_info *out, svms_cursor *cursor)
{
    uint8_t state = svms_read_u8(cursor);
    bool good = svms_read_zeros(cursor, 7);
    out->struct_size = (uint32_t)sizeof *out;
    out->state = (svms_slot_state)state;
    out->counter = svms_read_u64(cursor);
    svms_read_copy(cursor, out->manifest_sha256, sizeof out->manifest_sha256);
    size_t length = svms_read_u8(cursor);
    const uint8_t *version = svms_read_bytes(cursor, SVMS_UPDATE_VERSION_SIZE - 1);
    if (!good || !version || state > SVMS_SLOT_BAD || length >= SVMS_UPDATE_VERSION_SIZE ||
        (length > 0 && !svms_version_is_one((const char *)version, length))) {
        return false;
    }
    memcpy(out->version, version, length);
    svms_cursor rest = svms_cursor_over(version, SVMS_UPDATE_VERSION_SIZE - 1, 0);
    return svms_skip(&rest, length) && svms_read_zeros(&rest, svms_cursor_left(&rest));
}

/* Whether the parts of it fit together. */
static bool is_possible(const svms_slots_record *record)
{
    if (record->active > 1 || record->boots_left > SVMS_SLOTS_BOOTS_MAX) {
        return false;
    }
    if (record->trial == SVMS_SLOTS_NO_TRIAL) {
        return record->boots_left == 0;
    }
    return record->trial == 1 - record->active &&
           record->slots[record->trial].state == SVMS_SLOT_READY;
}

svms_status svms_slots_record_parse(svms_slots_record *out, svms_ctx *ctx,
                                    const uint8_t data[SVMS_SLOTS_RECORD_SIZE], bool *whole,
                                    svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE];
    svms_iovec digested = { data, DIGESTED };
    svms_cursor cursor = svms_cursor_over(data, DIGESTED, 0);
    memset(out, 0, sizeof *out);
    *whole = false;
    svms_status status = svms_sha256(ctx, &digested, 1, digest, err);
    if (status != SVMS_OK || memcmp(digest, data + DIGESTED, sizeof digest) != 0) {
        return status;
    }
    const uint8_t *found = svms_read_bytes(&cursor, sizeof magic);
    uint16_t version = svms_read_u16(&cursor);
    out->active = svms_read_u8(&cursor);
    out->trial = svms_read_u8(&cursor);
    out->boots_left = svms_read_u8(&cursor);
    bool good = svms_read_zeros(&cursor, 3);
    out->number = svms_read_u64(&cursor);
    out->floor = svms_read_u64(&cursor);
    good = good && read_slot(&out->slots[0], &cursor) && read_slot(&out->slots[1], &cursor);
    *whole = good && svms_read_zeros(&cursor, svms_cursor_left(&cursor)) && version == 1 &&
             memcmp(found, magic, sizeof magic) == 0 && is_possible(out);
    return SVMS_OK;
}

static void put_slot(svms_builder *out, const svms_slot_info *slot)
{
    size_t length = strlen(slot->version);
    svms_put_u8(out, (uint8_t)slot->state);
    svms_put_zeros(out, 7);
    svms_put_u64(out, slot->counter);
    svms_put_bytes(out, slot->manifest_sha256, sizeof slot->manifest_sha256);
    svms_put_u8(out, (uint8_t)length);
    svms_put_bytes(out, slot->version, length);
    svms_put_zeros(out, SVMS_UPDATE_VERSION_SIZE - 1 - length);
}

svms_status svms_slots_record_put(uint8_t out[SVMS_SLOTS_RECORD_SIZE], svms_ctx *ctx,
                                  const svms_slots_record *record, svms_error *err)
{
    svms_builder bytes = svms_builder_new(ctx, DIGESTED);
    svms_put_bytes(&bytes, magic, sizeof magic);
    svms_put_u16(&bytes, 1);
    svms_put_u8(&bytes, record->active);
    svms_put_u8(&bytes, record->trial);
    svms_put_u8(&bytes, record->boots_left);
    svms_put_zeros(&bytes, 3);
    svms_put_u64(&bytes, record->number);
    svms_put_u64(&bytes, record->floor);
    put_slot(&bytes, &record->slots[0]);
    put_slot(&bytes, &record->slots[1]);
    svms_put_zeros(&bytes, DIGESTED - FIXED_SIZE - (size_t)2 * SLOT_SIZE);
    svms_status status = svms_builder_check(&bytes, "the record of slots", err);
    if (status == SVMS_OK) {
        svms_iovec digested = { bytes.data, bytes.size };
        memcpy(out, bytes.data, bytes.size);
        status = svms_sha256(ctx, &digested, 1, out + DIGESTED, err);
    }
    svms_builder_clear(&bytes);
    return status;
}
