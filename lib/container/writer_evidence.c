/* SPDX-License-Identifier: Apache-2.0 */
/* Time stamps that are stored while the recording goes on (C-EVI). */
#include <string.h>

#include "failure.h"
#include "timestamp.h"
#include "writer_internal.h"

/* Leaves room for index records and late signatures (C-LIM-1). */
#define LARGEST_AUXILIARY_COUNT (SVMS_MAX_SEGMENT_AUXILIARY - 128u)
/* Before each body that is kept. */
#define KEPT_LENGTH_SIZE 4u

svms_status svms_writer_remember(svms_writer *writer, uint64_t number, svms_error *err)
{
    if (writer->recent == NULL) {
        writer->recent = svms_alloc_array(writer->ctx, SVMS_RECENT_MANIFESTS, SVMS_DIGEST_SIZE);
        if (writer->recent == NULL) {
            return svms_fail_memory(err);
        }
    }
    memcpy(writer->recent[number % SVMS_RECENT_MANIFESTS], writer->previous, SVMS_DIGEST_SIZE);
    return SVMS_OK;
}

/* Moves the bodies that were kept into records of the open segment. */
svms_status svms_writer_put_evidence(svms_writer *writer, svms_error *err)
{
    svms_cursor kept = svms_cursor_over(writer->evidence.data, writer->evidence.size, 0);
    svms_builder out =
        svms_builder_new(writer->ctx, SVMS_RECORD_HEADER_SIZE + SVMS_MAX_AUXILIARY_SIZE);
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && svms_cursor_left(&kept) != 0) {
        uint8_t record[SVMS_RECORD_HEADER_SIZE];
        uint32_t size = svms_read_u32(&kept);
        const uint8_t *body = svms_read_bytes(&kept, size);
        svms_record_encode(SVMS_RECORD_EVIDENCE, size, writer->segment.records, record);
        svms_builder_reset(&out);
        svms_put_bytes(&out, record, sizeof(record));
        svms_put_bytes(&out, body, size);
        status = svms_builder_check(&out, "an evidence record", err);
        if (status == SVMS_OK) {
            status = svms_writer_put_auxiliary(writer, out.data, out.size, err);
        }
    }
    svms_builder_clear(&out);
    svms_builder_reset(&writer->evidence);
    writer->evidence_count = 0;
    return status;
}

static svms_status check_named(const svms_writer *writer, uint64_t segment,
                               const uint8_t *manifest_hash, svms_error *err)
{
    uint64_t holder = writer->next_segment;
    if (segment >= holder || holder - segment > SVMS_RECENT_MANIFESTS ||
        memcmp(writer->recent[segment % SVMS_RECENT_MANIFESTS], manifest_hash, SVMS_DIGEST_SIZE) !=
            0) {
        return svms_fail(err, SVMS_E_USAGE,
                         "the hash is not that of one of the last %u segments (C-EVI-1)",
                         SVMS_RECENT_MANIFESTS);
    }
    return SVMS_OK;
}

/* In the open segment, or among what is kept for the next one. */
static svms_status check_room(const svms_writer *writer, size_t size, svms_error *err)
{
    const svms_builder *kept = &writer->evidence;
    uint32_t count =
        writer->segment.open ? writer->segment.auxiliary.count : writer->evidence_count;
    if (count >= LARGEST_AUXILIARY_COUNT ||
        kept->maximum - kept->size < KEPT_LENGTH_SIZE + SVMS_EVIDENCE_FIXED_SIZE + size) {
        return svms_fail(err, SVMS_E_LIMIT, "too many time stamps in one segment (C-LIM-1)");
    }
    return SVMS_OK;
}

svms_status svms_writer_add_timestamp(svms_writer *writer, uint64_t segment,
                                      const uint8_t manifest_hash[32], const void *token,
                                      size_t size, svms_error *err)
{
    if (writer == NULL || manifest_hash == NULL || token == NULL || size == 0 ||
        size > SVMS_MAX_AUXILIARY_SIZE - SVMS_EVIDENCE_FIXED_SIZE) {
        return svms_fail(err, SVMS_E_USAGE,
                         "writer, hash and token must not be NULL; a token has 1 byte to 1 MiB");
    }
    if (writer->failed) {
        return svms_fail(err, SVMS_E_STATE, "an earlier call on this writer failed");
    }
    svms_status status = check_named(writer, segment, manifest_hash, err);
    if (status == SVMS_OK) {
        status = check_room(writer, size, err);
    }
    if (status == SVMS_OK) {
        status = svms_timestamp_attests(token, size, manifest_hash, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_builder *kept = &writer->evidence;
    svms_put_u32(kept, (uint32_t)(SVMS_EVIDENCE_FIXED_SIZE + size));
    svms_put_u16(kept, SVMS_EVIDENCE_RFC3161);
    svms_put_u16(kept, 0);
    svms_put_u64(kept, segment);
    svms_put_bytes(kept, manifest_hash, SVMS_DIGEST_SIZE);
    svms_put_bytes(kept, token, size);
    writer->evidence_count++;
    status = svms_builder_check(kept, "time stamps", err);
    if (status == SVMS_OK && writer->segment.open) {
        status = svms_writer_put_evidence(writer, err);
    }
    return status == SVMS_OK ? SVMS_OK : svms_writer_fail(writer, status);
}
