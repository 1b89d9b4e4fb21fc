/* SPDX-License-Identifier: Apache-2.0 */
/* Disclosure files. Number of entries and digest are repaired first when the first byte says so, so
 * that mutated entries are looked into. What can be read must be found again, entry by entry, and
 * be the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "disclosure.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LARGEST 65536u

static void repair(svms_ctx *ctx, uint8_t *file, size_t size)
{
    static const uint8_t front[12] = { 0x8A, 'S', 'V', 'K', '\r', '\n', 0x1A, '\n', 0, 1, 0, 0 };
    if (size < SVMS_DISCLOSURE_FIXED_SIZE + SVMS_DIGEST_SIZE) {
        return;
    }
    size_t entries =
        (size - SVMS_DISCLOSURE_FIXED_SIZE - SVMS_DIGEST_SIZE) / SVMS_DISCLOSURE_ENTRY_SIZE;
    memcpy(file, front, sizeof(front));
    svms_store_u32(file + sizeof(front), (uint32_t)entries);
    svms_iovec run = { file, size - SVMS_DIGEST_SIZE };
    if (svms_sha256(ctx, &run, 1, file + size - SVMS_DIGEST_SIZE, NULL) != SVMS_OK) {
        abort();
    }
}

static void look_into(const svms_disclosure *disclosure, const uint8_t *file, size_t size)
{
    svms_disclosure_info info = SVMS_DISCLOSURE_INFO_INIT;
    size_t kept = 0;
    const uint8_t *bytes = svms_disclosure_data(disclosure, &kept);
    if (kept != size || memcmp(bytes, file, size) != 0 ||
        svms_disclosure_get_info(disclosure, &info, NULL) != SVMS_OK || info.entries == 0 ||
        info.track_mask == 0 || info.first_segment > info.last_segment ||
        info.segments > info.entries) {
        abort();
    }
    svms_cursor cursor = svms_cursor_over(file, size, 0);
    (void)svms_skip(&cursor, SVMS_DISCLOSURE_FIXED_SIZE);
    for (uint32_t i = 0; i < info.entries; i++) {
        uint8_t secret[SVMS_SECRET_SIZE];
        uint64_t segment = svms_read_u64(&cursor);
        uint8_t track = svms_read_u8(&cursor);
        (void)svms_skip(&cursor, 7);
        const uint8_t *expected = svms_read_bytes(&cursor, SVMS_SECRET_SIZE);
        if (expected == NULL || !svms_disclosure_find(disclosure, segment, track, secret) ||
            memcmp(secret, expected, sizeof(secret)) != 0) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    static uint8_t file[LARGEST];
    svms_disclosure *disclosure = NULL;
    if (ctx == NULL && svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        abort();
    }
    if (size < 1 || size - 1 > sizeof(file)) {
        return 0;
    }
    size--;
    memcpy(file, data + 1, size);
    if (data[0] != 0) {
        repair(ctx, file, size);
    }
    if (svms_disclosure_parse(&disclosure, ctx, file, size, NULL) == SVMS_OK) {
        look_into(disclosure, file, size);
    }
    svms_disclosure_free(&disclosure);
    return 0;
}
