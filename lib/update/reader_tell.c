/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader tells of the update. */
#include <string.h>

#include "failure.h"
#include "options.h"
#include "update_reader.h"

static uint64_t whole_size(const svms_update_reader *reader)
{
    const svms_update_front *front = &reader->front;
    uint64_t size = (uint64_t)SVMS_UPDATE_FRONT_SIZE + front->chain_size + front->manifest_size +
                    front->signature_size;
    for (uint32_t i = 0; i < reader->manifest.piece_count; i++) {
        size += reader->manifest.pieces[i].size;
    }
    return size;
}

void svms_update_fill(const svms_update_reader *reader, svms_update_info *info)
{
    const svms_update_manifest *manifest = &reader->manifest;
    info->part_count = manifest->piece_count;
    info->hardware_count = manifest->hardware_count;
    info->trusted = reader->is_trusted;
    info->counter = manifest->counter;
    info->signed_utc_ns = manifest->signed_utc_ns;
    info->size = whole_size(reader);
    memcpy(info->product, manifest->product, sizeof info->product);
    memcpy(info->version, manifest->version, sizeof info->version);
    memcpy(info->minimum, manifest->minimum, sizeof info->minimum);
    memcpy(info->manifest_sha256, reader->manifest_sha256, sizeof info->manifest_sha256);
    info->note = reader->note;
    info->signer = reader->chain;
    info->identity = reader->identity;
}

svms_update_refusal svms_update_reader_refusal(const svms_update_reader *reader)
{
    return reader ? reader->refusal : SVMS_UPDATE_NOT_REFUSED;
}

static svms_status check_known(const svms_update_reader *reader, svms_error *err)
{
    return reader->is_known ? SVMS_OK
                            : svms_fail(err, SVMS_E_STATE, "no manifest is known of the update");
}

svms_status svms_update_reader_info(const svms_update_reader *reader, svms_update_info *info,
                                    svms_error *err)
{
    svms_update_info found = SVMS_UPDATE_INFO_INIT;
    if (!reader || !info) {
        return svms_fail(err, SVMS_E_USAGE, "reader and info must not be NULL");
    }
    svms_status status = check_known(reader, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_update_fill(reader, &found);
    return svms_result_write(info, &found, sizeof found, "svms_update_info", err);
}

const char *svms_update_reader_hardware(const svms_update_reader *reader, size_t index)
{
    bool there = reader && reader->is_known && index < reader->manifest.hardware_count;
    return there ? reader->manifest.hardware[index] : NULL;
}

svms_status svms_update_reader_part(const svms_update_reader *reader, size_t index,
                                    svms_update_part *part, svms_error *err)
{
    svms_update_part found = SVMS_UPDATE_PART_INIT;
    if (!reader || !part) {
        return svms_fail(err, SVMS_E_USAGE, "reader and part must not be NULL");
    }
    svms_status status = check_known(reader, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (index >= reader->manifest.piece_count) {
        return svms_fail(err, SVMS_E_USAGE, "the update has no part %zu", index);
    }
    const svms_update_piece *piece = &reader->manifest.pieces[index];
    found.chunk_size = piece->chunk_size;
    found.size = piece->size;
    memcpy(found.name, piece->name, sizeof found.name);
    memcpy(found.sha256, piece->sha256, sizeof found.sha256);
    return svms_result_write(part, &found, sizeof found, "svms_update_part", err);
}
