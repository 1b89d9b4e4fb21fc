/* SPDX-License-Identifier: Apache-2.0 */
#include "header.h"

#include <string.h>

#include "failure.h"

bool svms_track_is_sealed(const svms_track *track)
{
    return track->protection != SVMS_PROTECT_NONE;
}

uint8_t svms_reference_track(const svms_header *header)
{
    for (uint32_t i = 0; i < header->track_count; i++) {
        if (header->tracks[i].kind == SVMS_TRACK_VIDEO) {
            return (uint8_t)i;
        }
    }
    return 0;
}

void svms_put_object_prefix(svms_builder *out, uint8_t type, const svms_object_identity *identity,
                            uint32_t size)
{
    svms_put_u32(out, SVMS_OBJECT_MAGIC);
    svms_put_u8(out, type);
    svms_put_u8(out, 1);
    svms_put_u8(out, identity->role);
    svms_put_u8(out, 0);
    svms_put_u16(out, SVMS_SUITE_1);
    svms_put_u16(out, identity->algorithm);
    svms_put_u32(out, size);
    svms_put_bytes(out, identity->signer_digest, SVMS_DIGEST_SIZE);
}

static void put_field(svms_builder *out, uint16_t tag, size_t size)
{
    svms_put_u16(out, tag);
    svms_put_u16(out, 0);
    svms_put_u32(out, (uint32_t)size);
}

static void put_identity(svms_builder *out, const svms_header *header)
{
    put_field(out, SVMS_TAG_IDENTITY, 40);
    svms_put_bytes(out, header->container_id, 16);
    svms_put_bytes(out, header->recording_id, 16);
    svms_put_u64(out, header->recording_sequence);

    put_field(out, SVMS_TAG_DEVICE, 16);
    svms_put_bytes(out, header->device_id, 16);

    put_field(out, SVMS_TAG_TIMES, 20);
    svms_put_i64(out, header->created_utc_ns);
    svms_put_i64(out, header->start_utc_ns);
    svms_put_u8(out, header->origin);
    svms_put_u8(out, header->capture_clock);
    svms_put_u16(out, 0);
}

static void put_track(svms_builder *out, uint8_t number, const svms_track *track)
{
    put_field(out, SVMS_TAG_TRACK, 36u + track->config_size);
    svms_put_u8(out, number);
    svms_put_u8(out, (uint8_t)track->kind);
    svms_put_u8(out, (uint8_t)track->protection);
    svms_put_u8(out, 0);
    svms_put_u32(out, track->codec);
    svms_put_u32(out, track->timebase_num);
    svms_put_u32(out, track->timebase_den);
    svms_put_u32(out, track->default_duration);
    svms_put_u32(out, track->width);
    svms_put_u32(out, track->height);
    svms_put_u32(out, track->sample_rate);
    svms_put_u32(out, track->channels);
    svms_put_bytes(out, track->config, track->config_size);
}

static void put_optional_fields(svms_builder *out, const svms_header *header)
{
    if (header->has_keys) {
        put_field(out, SVMS_TAG_KEYS, SVMS_DIGEST_SIZE + 4);
        svms_put_bytes(out, header->key_check, SVMS_DIGEST_SIZE);
        svms_put_u32(out, header->slot_size);
    }
    if (header->description_size != 0) {
        put_field(out, header->has_keys ? SVMS_TAG_SEALED_DESCRIPTION : SVMS_TAG_CLEAR_DESCRIPTION,
                  header->description_size);
        svms_put_bytes(out, header->description, header->description_size);
    }
    if (header->linked) {
        put_field(out, SVMS_TAG_PREVIOUS, 64);
        svms_put_bytes(out, header->previous.container_id, 16);
        svms_put_u64(out, header->previous.segment);
        svms_put_bytes(out, header->previous.manifest_hash, SVMS_DIGEST_SIZE);
        svms_put_u8(out, header->previous.state);
        svms_put_zeros(out, 7);
    }
}

static void put_limits(svms_builder *out, const svms_header *header)
{
    put_field(out, SVMS_TAG_LIMITS, 24);
    svms_put_u64(out, header->segment_ns);
    svms_put_u64(out, header->segment_bytes);
    svms_put_u32(out, header->signature_interval);
    svms_put_u32(out, 0);
    if (header->software_size != 0) {
        put_field(out, SVMS_TAG_SOFTWARE, header->software_size);
        svms_put_bytes(out, header->software, header->software_size);
    }
}

svms_status svms_header_encode(svms_builder *out, svms_header *header, svms_error *err)
{
    static const uint8_t magic_and_version[12] = { 0x8A, 'S',  'V', 'M', 0x0D, 0x0A,
                                                   0x1A, 0x0A, 1,   0,   0,    0 };
    size_t start = out->size;
    svms_put_bytes(out, magic_and_version, sizeof(magic_and_version));
    svms_put_u32(out, 0);
    svms_put_u32(out, header->critical);
    svms_put_u32(out, 0);
    svms_put_object_prefix(out, SVMS_OBJECT_HEADER, &header->signer, 0);
    if (header->chain_size != 0) {
        put_field(out, SVMS_TAG_CHAIN, header->chain_size);
        svms_put_bytes(out, header->chain, header->chain_size);
    }
    put_identity(out, header);
    for (uint32_t i = 0; i < header->track_count; i++) {
        put_track(out, (uint8_t)i, &header->tracks[i]);
    }
    put_optional_fields(out, header);
    put_limits(out, header);

    svms_status status = svms_builder_check(out, "the header", err);
    if (status != SVMS_OK) {
        return status;
    }
    uint32_t size = (uint32_t)(out->size - start);
    svms_patch_u32(out, start + 20, size);
    svms_patch_u32(out, start + SVMS_HEADER_PREFIX_OFFSET + 12, size);
    svms_iovec run = { out->data + start, size };
    return svms_sha256(out->ctx, &run, 1, header->hash, err);
}
