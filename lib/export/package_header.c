/* SPDX-License-Identifier: Apache-2.0 */
#include "package_header.h"

#include <string.h>

#include "failure.h"

#define VERSION_MAJOR 1u
#define CRITICAL_OFFSET 16u
#define LENGTH_OFFSET 20u

uint64_t svms_package_front_size(const svms_package_header *header)
{
    return SVMS_PACKAGE_HEADER_SIZE + (header->sealed ? header->slot_size : 0);
}

static svms_status hash_header(svms_ctx *ctx, const uint8_t *bytes, uint8_t h[SVMS_DIGEST_SIZE],
                               svms_error *err)
{
    svms_iovec run = { bytes, SVMS_PACKAGE_HEADER_SIZE };
    return svms_sha256(ctx, &run, 1, h, err);
}

svms_status svms_package_header_encode(svms_ctx *ctx, svms_package_header *header,
                                       uint8_t out[SVMS_PACKAGE_HEADER_SIZE], svms_error *err)
{
    size_t name_size = strnlen(header->software, SVMS_PACKAGE_SOFTWARE_SIZE);
    memset(out, 0, SVMS_PACKAGE_HEADER_SIZE);
    svms_store_u64(out, SVMS_PACKAGE_MAGIC);
    out[8] = VERSION_MAJOR;
    svms_store_u32(out + LENGTH_OFFSET, SVMS_PACKAGE_HEADER_SIZE);
    out[24] = (uint8_t)header->kind;
    out[25] = header->sealed ? 1 : 0;
    svms_store_u32(out + 28, header->slot_size);
    memcpy(out + 32, header->package_id, sizeof(header->package_id));
    memcpy(out + 48, header->key_check, sizeof(header->key_check));
    svms_store_u64(out + 80, (uint64_t)header->created_utc_ns);
    memcpy(out + 88, header->software, name_size);
    return hash_header(ctx, out, header->h, err);
}

/* Printable ASCII, then zero bytes. */
static bool read_software(svms_cursor *cursor, char out[SVMS_PACKAGE_SOFTWARE_SIZE + 1])
{
    bool ended = false;
    for (size_t i = 0; i < SVMS_PACKAGE_SOFTWARE_SIZE; i++) {
        uint8_t byte = svms_read_u8(cursor);
        ended = ended || byte == 0;
        if (ended ? byte != 0 : byte < 0x20 || byte > 0x7E) {
            return false;
        }
        out[i] = (char)byte;
    }
    out[SVMS_PACKAGE_SOFTWARE_SIZE] = 0;
    return true;
}

static svms_status check_slot(const svms_package_header *header, svms_error *err)
{
    static const uint8_t none[SVMS_DIGEST_SIZE] = { 0 };
    if (!header->sealed) {
        return header->slot_size == 0 &&
                       memcmp(header->key_check, none, sizeof(header->key_check)) == 0
                   ? SVMS_OK
                   : svms_fail_at(err, SVMS_E_MALFORMED, 28,
                                  "a package that is not sealed has a slot (E-HDR-3)");
    }
    if (header->kind == SVMS_EXPORT_PROOF) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 25, "a proof is not sealed (E-HDR-3)");
    }
    if (header->slot_size < SVMS_MIN_SLOT_SIZE || header->slot_size > SVMS_MAX_SLOT_SIZE ||
        header->slot_size % 512 != 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 28,
                            "an access slot of %u bytes is none (E-HDR-3)", header->slot_size);
    }
    return SVMS_OK;
}

/* Whether the rest of the header means what is written here. */
static svms_status check_version(const uint8_t *bytes, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(bytes, SVMS_PACKAGE_HEADER_SIZE, 0);
    if (svms_read_u64(&cursor) != SVMS_PACKAGE_MAGIC) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 0, "not an evidence package");
    }
    uint8_t major = svms_read_u8(&cursor);
    (void)svms_read_u8(&cursor);
    uint16_t zero = svms_read_u16(&cursor);
    (void)svms_read_u32(&cursor);
    uint32_t critical = svms_read_u32(&cursor);
    uint32_t length = svms_read_u32(&cursor);
    if (major != VERSION_MAJOR) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, 8,
                            "packages of version %u are not supported (E-HDR-1)", major);
    }
    if (critical != 0) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, CRITICAL_OFFSET,
                            "the package needs something that is not supported (E-HDR-1)");
    }
    if (zero != 0 || length != SVMS_PACKAGE_HEADER_SIZE) {
        return svms_fail_at(err, SVMS_E_MALFORMED, LENGTH_OFFSET,
                            "the header of the package is malformed");
    }
    return SVMS_OK;
}

svms_status svms_package_header_parse(svms_package_header *out, svms_ctx *ctx,
                                      const uint8_t bytes[SVMS_PACKAGE_HEADER_SIZE],
                                      svms_error *err)
{
    svms_package_header header = { 0 };
    svms_cursor cursor = svms_cursor_over(bytes, SVMS_PACKAGE_HEADER_SIZE, 0);
    svms_status status = check_version(bytes, err);
    if (status != SVMS_OK) {
        return status;
    }
    (void)svms_skip(&cursor, 24);
    uint8_t kind = svms_read_u8(&cursor);
    uint8_t sealed = svms_read_u8(&cursor);
    uint16_t zero = svms_read_u16(&cursor);
    header.slot_size = svms_read_u32(&cursor);
    svms_read_copy(&cursor, header.package_id, sizeof(header.package_id));
    svms_read_copy(&cursor, header.key_check, sizeof(header.key_check));
    header.created_utc_ns = svms_read_i64(&cursor);
    if ((kind != SVMS_EXPORT_PACKAGE && kind != SVMS_EXPORT_PROOF) || sealed > 1 || zero != 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 24, "a file of unknown kind (E-OVR-4)");
    }
    if (!read_software(&cursor, header.software)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 88, "the name of the software is malformed");
    }
    header.kind = (svms_export_kind)kind;
    header.sealed = sealed == 1;
    status = check_slot(&header, err);
    if (status == SVMS_OK) {
        status = hash_header(ctx, bytes, header.h, err);
    }
    if (status == SVMS_OK) {
        *out = header;
    }
    return status;
}

void svms_package_as_container(const svms_package_header *header, svms_header *out)
{
    memset(out, 0, sizeof(*out));
    memcpy(out->container_id, header->package_id, sizeof(out->container_id));
    memcpy(out->key_check, header->key_check, sizeof(out->key_check));
    memcpy(out->hash, header->h, sizeof(out->hash));
    out->slot_size = header->slot_size;
    out->has_keys = header->sealed;
}
