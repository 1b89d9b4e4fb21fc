/* SPDX-License-Identifier: Apache-2.0 */
#include "disclosure.h"

#include <string.h>

#include "access_block.h"
#include "failure.h"
#include "options.h"

static const uint8_t magic[8] = { 0x8A, 0x53, 0x56, 0x4B, 0x0D, 0x0A, 0x1A, 0x0A };

enum { VERSION = 1, COUNT_OFFSET = 12 };

typedef struct svms_disclosed {
    uint64_t segment;
    uint8_t track;
    const uint8_t *secret;
} svms_disclosed;

/* Entry of a file whose length fits its number of entries. */
static svms_disclosed entry_at(const svms_builder *bytes, uint32_t position)
{
    svms_disclosed entry;
    svms_cursor cursor = svms_cursor_over(bytes->data, bytes->size, 0);
    (void)svms_skip(&cursor,
                    SVMS_DISCLOSURE_FIXED_SIZE + (size_t)position * SVMS_DISCLOSURE_ENTRY_SIZE);
    entry.segment = svms_read_u64(&cursor);
    entry.track = svms_read_u8(&cursor);
    (void)svms_skip(&cursor, 7);
    entry.secret = svms_read_bytes(&cursor, SVMS_SECRET_SIZE);
    return entry;
}

void svms_disclosure_begin(svms_builder *bytes, const svms_header *header)
{
    svms_put_bytes(bytes, magic, sizeof(magic));
    svms_put_u16(bytes, VERSION);
    svms_put_zeros(bytes, 2 + 4);
    svms_put_bytes(bytes, header->container_id, 16);
    svms_put_bytes(bytes, header->hash, SVMS_DIGEST_SIZE);
}

void svms_disclosure_put(svms_builder *bytes, uint64_t segment, uint8_t track,
                         const uint8_t secret[SVMS_SECRET_SIZE])
{
    svms_put_u64(bytes, segment);
    svms_put_u8(bytes, track);
    svms_put_zeros(bytes, 7);
    svms_put_bytes(bytes, secret, SVMS_SECRET_SIZE);
}

svms_status svms_disclosure_end(svms_builder *bytes, svms_ctx *ctx, uint32_t count, svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE];
    svms_patch_u32(bytes, COUNT_OFFSET, count);
    svms_status status = svms_builder_check(bytes, "a disclosure", err);
    if (status == SVMS_OK) {
        svms_iovec run = { bytes->data, bytes->size };
        status = svms_sha256(ctx, &run, 1, digest, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_put_bytes(bytes, digest, sizeof(digest));
    return svms_builder_check(bytes, "a disclosure", err);
}

/* The fields before the entries, and the length that follows from them. */
static svms_status parse_front(svms_disclosure *disclosure, svms_error *err)
{
    svms_disclosure_info *info = &disclosure->info;
    svms_cursor cursor = svms_cursor_over(disclosure->bytes.data, disclosure->bytes.size, 0);
    const uint8_t *found_magic = svms_read_bytes(&cursor, sizeof(magic));
    if (found_magic == NULL || memcmp(found_magic, magic, sizeof(magic)) != 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 0, "not a disclosure file");
    }
    uint16_t version = svms_read_u16(&cursor);
    uint16_t zero = svms_read_u16(&cursor);
    info->entries = svms_read_u32(&cursor);
    svms_read_copy(&cursor, info->container_id, sizeof(info->container_id));
    svms_read_copy(&cursor, info->header_digest, sizeof(info->header_digest));
    if (cursor.failed) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, disclosure->bytes.size,
                            "the disclosure file ends too early");
    }
    if (version != VERSION) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, 8, "disclosure files of version %u", version);
    }
    if (zero != 0 || info->entries == 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 10, "the disclosure file is damaged (C-DIS-1)");
    }
    if (info->entries > SVMS_MAX_DISCLOSED) {
        return svms_fail_at(err, SVMS_E_LIMIT, COUNT_OFFSET,
                            "%u entries exceed their bound (C-LIM-1)", info->entries);
    }
    size_t size = SVMS_DISCLOSURE_FIXED_SIZE + (size_t)info->entries * SVMS_DISCLOSURE_ENTRY_SIZE +
                  SVMS_DIGEST_SIZE;
    if (disclosure->bytes.size < size) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, disclosure->bytes.size,
                            "the disclosure file ends too early");
    }
    if (disclosure->bytes.size > size) {
        return svms_fail_at(err, SVMS_E_MALFORMED, size,
                            "bytes behind the end of the disclosure file (C-DIS-1)");
    }
    return SVMS_OK;
}

static svms_status check_digest(const svms_disclosure *disclosure, svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE];
    size_t covered = disclosure->bytes.size - SVMS_DIGEST_SIZE;
    svms_iovec run = { disclosure->bytes.data, covered };
    svms_status status = svms_sha256(disclosure->ctx, &run, 1, digest, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(disclosure->bytes.data, disclosure->bytes.size, 0);
    (void)svms_skip(&cursor, covered);
    const uint8_t *stored = svms_read_bytes(&cursor, SVMS_DIGEST_SIZE);
    if (stored == NULL || memcmp(digest, stored, SVMS_DIGEST_SIZE) != 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, covered,
                            "the disclosure file is damaged: its digest differs (C-DIS-1)");
    }
    return SVMS_OK;
}

/* Order and bounds of the entries; what they open. */
static svms_status check_entries(svms_disclosure *disclosure, svms_error *err)
{
    svms_disclosure_info *info = &disclosure->info;
    svms_cursor cursor = svms_cursor_over(disclosure->bytes.data, disclosure->bytes.size, 0);
    uint64_t last_segment = 0;
    uint8_t last_track = 0;
    (void)svms_skip(&cursor, SVMS_DISCLOSURE_FIXED_SIZE);
    for (uint32_t i = 0; i < info->entries; i++) {
        uint64_t at = svms_cursor_offset(&cursor);
        uint64_t segment = svms_read_u64(&cursor);
        uint8_t track = svms_read_u8(&cursor);
        bool zeros = svms_read_zeros(&cursor, 7);
        (void)svms_skip(&cursor, SVMS_SECRET_SIZE);
        bool ascends =
            i == 0 || segment > last_segment || (segment == last_segment && track > last_track);
        if (!zeros || !ascends || track >= SVMS_MAX_TRACKS || segment >= SVMS_MAX_SEGMENTS) {
            return svms_fail_at(err, SVMS_E_MALFORMED, at,
                                "entries are out of order or bounds (C-DIS-1)");
        }
        info->segments += i == 0 || segment != last_segment;
        info->track_mask |= UINT32_C(1) << track;
        last_segment = segment;
        last_track = track;
    }
    info->first_segment = entry_at(&disclosure->bytes, 0).segment;
    info->last_segment = last_segment;
    return SVMS_OK;
}

svms_status svms_disclosure_parse(svms_disclosure **out, svms_ctx *ctx, const void *data,
                                  size_t size, svms_error *err)
{
    if (out == NULL || ctx == NULL || data == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "out, ctx and data must not be NULL");
    }
    if (size > SVMS_DISCLOSURE_LARGEST) {
        return svms_fail_at(err, SVMS_E_LIMIT, SVMS_DISCLOSURE_LARGEST,
                            "%zu bytes exceed what a disclosure file may have (C-LIM-1)", size);
    }
    svms_disclosure *disclosure = svms_alloc(ctx, sizeof(*disclosure));
    if (disclosure == NULL) {
        return svms_fail_memory(err);
    }
    disclosure->ctx = ctx;
    atomic_init(&disclosure->users, 1);
    disclosure->bytes = svms_builder_new(ctx, size);
    disclosure->info = (svms_disclosure_info)SVMS_DISCLOSURE_INFO_INIT;
    svms_put_bytes(&disclosure->bytes, data, size);
    svms_status status = svms_builder_check(&disclosure->bytes, "a disclosure", err);
    if (status == SVMS_OK) {
        status = parse_front(disclosure, err);
    }
    if (status == SVMS_OK) {
        status = check_digest(disclosure, err);
    }
    if (status == SVMS_OK) {
        status = check_entries(disclosure, err);
    }
    if (status != SVMS_OK) {
        svms_disclosure_free(&disclosure);
        return status;
    }
    *out = disclosure;
    return SVMS_OK;
}

svms_disclosure *svms_disclosure_hold(svms_disclosure *disclosure)
{
    (void)atomic_fetch_add(&disclosure->users, 1);
    return disclosure;
}

void svms_disclosure_free(svms_disclosure **disclosure)
{
    if (disclosure == NULL || *disclosure == NULL) {
        return;
    }
    svms_disclosure *gone = *disclosure;
    *disclosure = NULL;
    if (atomic_fetch_sub(&gone->users, 1) != 1) {
        return;
    }
    svms_builder_clear(&gone->bytes);
    svms_release(gone->ctx, gone);
}

const uint8_t *svms_disclosure_data(const svms_disclosure *disclosure, size_t *size)
{
    if (disclosure == NULL || size == NULL) {
        return NULL;
    }
    *size = disclosure->bytes.size;
    return disclosure->bytes.data;
}

svms_status svms_disclosure_get_info(const svms_disclosure *disclosure, svms_disclosure_info *info,
                                     svms_error *err)
{
    if (disclosure == NULL || info == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "disclosure and info must not be NULL");
    }
    return svms_result_write(info, &disclosure->info, sizeof(disclosure->info),
                             "svms_disclosure_info", err);
}

bool svms_disclosure_fits(const svms_disclosure *disclosure, const svms_header *header)
{
    return memcmp(disclosure->info.header_digest, header->hash, SVMS_DIGEST_SIZE) == 0 &&
           memcmp(disclosure->info.container_id, header->container_id, 16) == 0;
}

bool svms_disclosure_find(const svms_disclosure *disclosure, uint64_t segment, uint8_t track,
                          uint8_t out[SVMS_SECRET_SIZE])
{
    uint32_t low = 0;
    uint32_t high = disclosure->info.entries;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        svms_disclosed entry = entry_at(&disclosure->bytes, middle);
        if (entry.segment == segment && entry.track == track) {
            memcpy(out, entry.secret, SVMS_SECRET_SIZE);
            return true;
        }
        if (entry.segment < segment || (entry.segment == segment && entry.track < track)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

svms_status svms_keyring_add_disclosure(svms_keyring *ring, svms_disclosure *disclosure,
                                        svms_error *err)
{
    if (ring == NULL || disclosure == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "ring and disclosure must not be NULL");
    }
    if (ring->disclosure_count == SVMS_KEYRING_DISCLOSURES) {
        return svms_fail(err, SVMS_E_LIMIT, "a key ring holds at most %d disclosures",
                         SVMS_KEYRING_DISCLOSURES);
    }
    ring->disclosures[ring->disclosure_count++] = svms_disclosure_hold(disclosure);
    return SVMS_OK;
}
