/* SPDX-License-Identifier: Apache-2.0 */
/* Record headers and the layout of samples. The checksum is repaired first, because it only
 * classifies damage. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "builder.h"
#include "segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_layout(const svms_record *record, svms_protection protection, const uint8_t *body,
                         size_t available)
{
    svms_track track = SVMS_TRACK_INIT;
    svms_sample_layout layout;
    track.protection = protection;
    if (svms_sample_layout_of(&layout, &track, record, body, available, 0, NULL) != SVMS_OK) {
        return;
    }
    uint64_t total =
        (uint64_t)layout.table_size + layout.sample_size + (uint64_t)layout.chunks * 16;
    if (total != record->body_size || layout.protected_size > layout.sample_size ||
        layout.sample_size > SVMS_MAX_SAMPLE_SIZE || layout.chunks > SVMS_MAX_CHUNKS) {
        abort();
    }
}

static void check_round_trip(svms_record record, const uint8_t *bytes)
{
    uint8_t again[SVMS_SAMPLE_HEADER_MAX];
    if (record.type == SVMS_RECORD_SAMPLE) {
        (void)svms_record_encode_sample(&record, again);
    } else {
        svms_record_encode(record.type, record.body_size, record.number, again);
    }
    if (memcmp(again, bytes, record.header_size) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t bytes[SVMS_SAMPLE_HEADER_MAX] = { 0 };
    svms_record record;
    size_t header = size < sizeof(bytes) ? size : sizeof(bytes);
    memcpy(bytes, data, header);
    size_t covered =
        bytes[0] == SVMS_RECORD_SAMPLE && bytes[3] >= 24 && bytes[3] <= 32 ? bytes[3] - 4u : 12u;
    svms_store_u32(bytes + covered, (uint32_t)crc32(0, bytes, (uInt)covered));
    if (svms_record_parse(&record, bytes, header, 0, NULL) != SVMS_OK) {
        return 0;
    }
    if (record.header_size > header) {
        abort();
    }
    check_round_trip(record, bytes);
    if (record.type == SVMS_RECORD_SAMPLE) {
        for (int protection = SVMS_PROTECT_STRONG; protection <= SVMS_PROTECT_NONE; protection++) {
            check_layout(&record, (svms_protection)protection, data + record.header_size,
                         size - record.header_size);
        }
    }
    return 0;
}
