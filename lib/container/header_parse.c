/* SPDX-License-Identifier: Apache-2.0 */
#include "header.h"

#include <string.h>

#include "failure.h"
#include "sign.h"

static const uint8_t magic[8] = { 0x8A, 'S', 'V', 'M', 0x0D, 0x0A, 0x1A, 0x0A };

static bool all_zero(const uint8_t *data, size_t size)
{
    uint8_t any = 0;
    for (size_t i = 0; i < size; i++) {
        any |= data[i];
    }
    return any == 0;
}

svms_status svms_header_peek(const uint8_t fixed[SVMS_HEADER_PREFIX_OFFSET], uint32_t *size,
                             svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(fixed, SVMS_HEADER_PREFIX_OFFSET, 0);
    const uint8_t *found = svms_read_bytes(&cursor, sizeof(magic));
    if (found == NULL || memcmp(found, magic, sizeof(magic)) != 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 0, "not a libsvms container (C-HDR-1)");
    }
    uint8_t major = svms_read_u8(&cursor);
    (void)svms_read_u8(&cursor);
    uint16_t zero = svms_read_u16(&cursor);
    (void)svms_read_u32(&cursor);
    uint32_t critical = svms_read_u32(&cursor);
    uint32_t length = svms_read_u32(&cursor);
    if (major != 1) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, 8,
                            "container version %u is not supported (C-HDR-2)", major);
    }
    if (zero != 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 10, "reserved bytes of the header are not zero");
    }
    if ((critical & ~SVMS_CRITICAL_KNOWN) != 0) {
        return svms_fail_at(
            err, SVMS_E_UNSUPPORTED, 16,
            "the container needs extensions 0x%08x that are not supported (C-HDR-5)", critical);
    }
    if (length < SVMS_HEADER_FIXED_SIZE) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 20, "header length %u is too small (C-HDR-3)",
                            length);
    }
    if (length > SVMS_MAX_HEADER_SIZE) {
        return svms_fail_at(err, SVMS_E_LIMIT, 20, "header length %u exceeds its bound (C-LIM-1)",
                            length);
    }
    *size = length;
    return SVMS_OK;
}

static svms_status check_prefix_identity(const svms_object_identity *found,
                                         const svms_object_identity *identity, uint64_t offset,
                                         svms_error *err)
{
    bool is_signed = found->role != SVMS_ROLE_NONE;
    if (is_signed == (found->algorithm == SVMS_SIG_NONE) ||
        is_signed == all_zero(found->signer_digest, SVMS_DIGEST_SIZE)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "role, algorithm and signer contradict each other (C-OBJ-2)");
    }
    if (identity != NULL &&
        (found->role != identity->role || found->algorithm != identity->algorithm ||
         memcmp(found->signer_digest, identity->signer_digest, SVMS_DIGEST_SIZE) != 0)) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, offset,
                            "signed by somebody else than the header (C-OBJ-2)");
    }
    return SVMS_OK;
}

svms_status svms_check_object_prefix(svms_cursor *cursor, uint8_t type,
                                     const svms_object_identity *identity, size_t size,
                                     svms_object_identity *found, svms_error *err)
{
    uint64_t offset = svms_cursor_offset(cursor);
    svms_object_identity read = { 0 };
    uint32_t object_magic = svms_read_u32(cursor);
    uint8_t object_type = svms_read_u8(cursor);
    uint8_t version = svms_read_u8(cursor);
    read.role = svms_read_u8(cursor);
    uint8_t zero = svms_read_u8(cursor);
    uint16_t suite = svms_read_u16(cursor);
    read.algorithm = svms_read_u16(cursor);
    uint32_t length = svms_read_u32(cursor);
    svms_read_copy(cursor, read.signer_digest, SVMS_DIGEST_SIZE);
    if (cursor->failed) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "a signed object is too short");
    }
    if (object_magic != SVMS_OBJECT_MAGIC || object_type != type || version != 1 || zero != 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "not the signed object that belongs here (C-OBJ-1)");
    }
    if (suite != SVMS_SUITE_1) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, offset + 8,
                            "suite %u is not supported (C-ALG-1)", suite);
    }
    if (length != size) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset + 12,
                            "a signed object states a wrong length");
    }
    svms_status status = check_prefix_identity(&read, identity, offset, err);
    if (status == SVMS_OK) {
        *found = read;
    }
    return status;
}

static svms_status read_field(svms_cursor *cursor, uint16_t *tag, svms_cursor *value,
                              svms_error *err)
{
    uint64_t offset = svms_cursor_offset(cursor);
    *tag = svms_read_u16(cursor);
    uint16_t zero = svms_read_u16(cursor);
    uint32_t size = svms_read_u32(cursor);
    *value = svms_read_sub(cursor, size);
    if (cursor->failed) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "a header field reaches beyond the header (C-HDR-3)");
    }
    if (zero != 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset + 2,
                            "reserved bytes of a header field are not zero");
    }
    return SVMS_OK;
}

svms_status svms_header_parse_signer(svms_header *out, const uint8_t *raw, size_t size,
                                     svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(raw, size, 0);
    svms_cursor value = { 0 };
    uint16_t tag = 0;
    (void)svms_skip(&cursor, 16);
    out->critical = svms_read_u32(&cursor);
    (void)svms_skip(&cursor, 4);
    svms_status status =
        svms_check_object_prefix(&cursor, SVMS_OBJECT_HEADER, NULL, size, &out->signer, err);
    if (status == SVMS_OK && out->signer.role == SVMS_ROLE_NONE && out->critical != 0) {
        status = svms_fail_at(err, SVMS_E_MALFORMED, 16,
                              "critical bits about signatures in an unsigned container (C-HDR-5)");
    }
    if (status != SVMS_OK || out->signer.role == SVMS_ROLE_NONE) {
        return status;
    }
    if (out->signer.algorithm > SVMS_SIG_RSA_PSS_SHA256) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, SVMS_HEADER_PREFIX_OFFSET + 10,
                            "signature algorithm %u is not supported (C-ALG-2)",
                            out->signer.algorithm);
    }
    if (out->signer.role != SVMS_ROLE_CAMERA && out->signer.role != SVMS_ROLE_RECORDER) {
        return svms_fail_at(
            err, SVMS_E_MALFORMED, SVMS_HEADER_PREFIX_OFFSET + 6,
            "a container is signed by a camera or a recorder, not in role %u (C-ALG-4)",
            out->signer.role);
    }
    status = read_field(&cursor, &tag, &value, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (tag != SVMS_TAG_CHAIN) {
        return svms_fail_at(err, SVMS_E_MALFORMED, SVMS_HEADER_FIXED_SIZE,
                            "the signer's certificates are missing (C-HDR-8)");
    }
    out->chain = value.data;
    out->chain_size = value.size;
    out->chain_offset = value.origin;
    return SVMS_OK;
}

static bool parse_identity(svms_header *out, svms_cursor *value)
{
    svms_read_copy(value, out->container_id, 16);
    svms_read_copy(value, out->recording_id, 16);
    out->recording_sequence = svms_read_u64(value);
    return true;
}

static bool parse_times(svms_header *out, svms_cursor *value)
{
    out->created_utc_ns = svms_read_i64(value);
    out->start_utc_ns = svms_read_i64(value);
    out->origin = svms_read_u8(value);
    out->capture_clock = svms_read_u8(value);
    uint16_t zero = svms_read_u16(value);
    return zero == 0 && out->origin >= SVMS_ORIGIN_LIVE && out->origin <= SVMS_ORIGIN_IMPORT &&
           out->capture_clock <= SVMS_CLOCK_GIVEN;
}

static bool parse_track(svms_header *out, svms_cursor *value)
{
    if (out->track_count == SVMS_MAX_TRACKS) {
        return false;
    }
    svms_track *track = &out->tracks[out->track_count];
    *track = (svms_track)SVMS_TRACK_INIT;
    uint8_t number = svms_read_u8(value);
    uint8_t kind = svms_read_u8(value);
    uint8_t protection = svms_read_u8(value);
    uint8_t zero = svms_read_u8(value);
    track->kind = (svms_track_kind)kind;
    track->protection = (svms_protection)protection;
    track->codec = svms_read_u32(value);
    track->timebase_num = svms_read_u32(value);
    track->timebase_den = svms_read_u32(value);
    track->default_duration = svms_read_u32(value);
    track->width = svms_read_u32(value);
    track->height = svms_read_u32(value);
    track->sample_rate = svms_read_u32(value);
    track->channels = svms_read_u32(value);
    track->config_size = (uint32_t)svms_cursor_left(value);
    track->config = svms_read_bytes(value, track->config_size);
    if (value->failed || number != out->track_count || zero != 0 || kind < SVMS_TRACK_VIDEO ||
        kind > SVMS_TRACK_METADATA || protection > SVMS_PROTECT_NONE || track->timebase_num == 0 ||
        track->timebase_den == 0 || track->config_size > SVMS_MAX_CONFIG_SIZE) {
        return false;
    }
    if (track->config_size == 0) {
        track->config = NULL;
    }
    out->track_count++;
    return true;
}

static bool parse_keys(svms_header *out, svms_cursor *value)
{
    svms_read_copy(value, out->key_check, SVMS_DIGEST_SIZE);
    out->slot_size = svms_read_u32(value);
    out->has_keys = true;
    return out->slot_size >= SVMS_MIN_SLOT_SIZE && out->slot_size <= SVMS_MAX_SLOT_SIZE &&
           out->slot_size % 512 == 0;
}

static bool parse_description(svms_header *out, svms_cursor *value, bool sealed)
{
    size_t text = value->size - (sealed && value->size >= 16 ? 16 : 0);
    if (sealed != out->has_keys || out->description_size != 0 || text == 0 || text % 64 != 0 ||
        text > SVMS_MAX_DESCRIPTION_SIZE) {
        return false;
    }
    out->description_size = value->size;
    out->description = svms_read_bytes(value, value->size);
    return true;
}

static bool parse_previous(svms_header *out, svms_cursor *value)
{
    svms_read_copy(value, out->previous.container_id, 16);
    out->previous.segment = svms_read_u64(value);
    svms_read_copy(value, out->previous.manifest_hash, SVMS_DIGEST_SIZE);
    out->previous.state = svms_read_u8(value);
    out->linked = true;
    return svms_read_zeros(value, 7) && out->previous.state >= 1 && out->previous.state <= 4;
}

static bool parse_limits(svms_header *out, svms_cursor *value)
{
    out->segment_ns = svms_read_u64(value);
    out->segment_bytes = svms_read_u64(value);
    uint32_t interval = svms_read_u32(value);
    uint32_t zero = svms_read_u32(value);
    out->signature_interval = interval;
    bool deferred = (out->critical & SVMS_CRITICAL_DEFERRED) != 0;
    return zero == 0 &&
           (deferred ? interval >= 2 && interval <= SVMS_MAX_SIGNATURE_INTERVAL : interval == 1);
}

static bool parse_software(svms_header *out, svms_cursor *value)
{
    out->software_size = value->size;
    out->software = svms_read_bytes(value, value->size);
    if (value->failed || value->size == 0 || value->size > 64) {
        return false;
    }
    for (size_t i = 0; i < value->size; i++) {
        if (out->software[i] < 0x20 || out->software[i] > 0x7E) {
            return false;
        }
    }
    return true;
}

static bool parse_field(svms_header *out, uint16_t tag, svms_cursor *value)
{
    switch (tag) {
    case SVMS_TAG_CHAIN:
        return out->chain_size != 0 && svms_skip(value, value->size);
    case SVMS_TAG_IDENTITY:
        return parse_identity(out, value);
    case SVMS_TAG_DEVICE:
        svms_read_copy(value, out->device_id, 16);
        return true;
    case SVMS_TAG_TIMES:
        return parse_times(out, value);
    case SVMS_TAG_TRACK:
        return parse_track(out, value);
    case SVMS_TAG_KEYS:
        return parse_keys(out, value);
    case SVMS_TAG_SEALED_DESCRIPTION:
    case SVMS_TAG_CLEAR_DESCRIPTION:
        return parse_description(out, value, tag == SVMS_TAG_SEALED_DESCRIPTION);
    case SVMS_TAG_PREVIOUS:
        return parse_previous(out, value);
    case SVMS_TAG_LIMITS:
        return parse_limits(out, value);
    case SVMS_TAG_SOFTWARE:
        return parse_software(out, value);
    default:
        return tag >= SVMS_TAG_OPTIONAL && svms_skip(value, value->size);
    }
}

static svms_status check_fields(const svms_header *header, uint32_t seen, svms_error *err)
{
    const uint32_t needed = (1u << SVMS_TAG_IDENTITY) | (1u << SVMS_TAG_DEVICE) |
                            (1u << SVMS_TAG_TIMES) | (1u << SVMS_TAG_TRACK) |
                            (1u << SVMS_TAG_LIMITS);
    if ((seen & needed) != needed) {
        return svms_fail_at(err, SVMS_E_MALFORMED, SVMS_HEADER_FIXED_SIZE,
                            "a mandatory header field is missing");
    }
    if (((seen >> SVMS_TAG_CHAIN) & 1u) != (header->signer.role != SVMS_ROLE_NONE)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, SVMS_HEADER_FIXED_SIZE,
                            "certificates in an unsigned container (C-HDR-8)");
    }
    for (uint32_t i = 0; i < header->track_count; i++) {
        if (svms_track_is_sealed(&header->tracks[i]) && !header->has_keys) {
            return svms_fail_at(err, SVMS_E_MALFORMED, SVMS_HEADER_FIXED_SIZE,
                                "track %u is encrypted without keys (C-HDR-15)", i);
        }
    }
    return SVMS_OK;
}

svms_status svms_header_parse_fields(svms_header *out, const uint8_t *raw, size_t size,
                                     svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(raw, size, 0);
    uint32_t seen = 0;
    uint16_t last = 0;
    if (!svms_skip(&cursor, SVMS_HEADER_FIXED_SIZE)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 0, "the header is too short");
    }
    while (!svms_cursor_at_end(&cursor)) {
        svms_cursor value = { 0 };
        uint16_t tag = 0;
        uint64_t offset = svms_cursor_offset(&cursor);
        svms_status status = read_field(&cursor, &tag, &value, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (tag < last || (tag == last && tag != SVMS_TAG_TRACK)) {
            return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                                "header field %u is out of order (C-HDR-6)", tag);
        }
        if (!parse_field(out, tag, &value) || value.failed || !svms_cursor_at_end(&value)) {
            return svms_fail_at(err, SVMS_E_MALFORMED, offset, "header field %u is malformed", tag);
        }
        last = tag;
        seen |= tag < 32 ? 1u << tag : 0;
    }
    return check_fields(out, seen, err);
}

bool svms_signatures_may_lack(const svms_header *header)
{
    return (header->critical & (SVMS_CRITICAL_DEFERRED | SVMS_CRITICAL_LATE)) != 0;
}
