/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_document.h"

#include <string.h>

#include "axis_elements.h"
#include "camera_elements.h"
#include "failure.h"
#include "nal_internal.h"

enum {
    IS_CERTIFICATE = 0x80,
    IS_HASHED_ESCAPED = 0x40,
    STOP_BIT = 0x80,
    STOP_BIT_SIZE = 1,
    PAYLOAD_TYPE_SIZE = 1
};

/* Stands before the payload; false when it does not fit what is behind it (CS-DOC-3). */
static bool read_payload(svms_cursor *cursor, svms_cursor *payload)
{
    (void)svms_skip(cursor, PAYLOAD_TYPE_SIZE);
    size_t size = 0;
    uint8_t byte = UINT8_MAX;
    while (byte == UINT8_MAX && !cursor->failed) {
        byte = svms_read_u8(cursor);
        size += byte;
    }
    *payload = svms_read_sub(cursor, size);
    return svms_read_u8(cursor) == STOP_BIT && svms_cursor_at_end(cursor);
}

static bool find_payload(const uint8_t *data, size_t size, uint32_t codec, svms_cursor *payload)
{
    svms_cursor cursor = svms_cursor_over(data, size, 0);
    (void)svms_skip(&cursor, svms_nal_header_size(codec));
    return read_payload(&cursor, payload);
}

/* Takes emulation prevention out, into bytes of the document's own. */
static svms_status unescape(svms_camera_document *document, uint32_t codec, const svms_nal *nal,
                            size_t *size, svms_error *err)
{
    size_t header = svms_nal_header_size(codec);
    document->bytes = svms_alloc(document->ctx, nal->size);
    if (!document->bytes) {
        return svms_fail_memory(err);
    }
    memcpy(document->bytes, nal->data, header);
    *size = header + svms_nal_payload(nal, codec, document->bytes + header, nal->size - header);
    return SVMS_OK;
}

/* Bytes of the stream that the first size bytes without emulation prevention take. What stands
 * between the last of them and the next is not part of it. */
static size_t escaped_size(const svms_nal *nal, uint32_t codec, size_t size)
{
    svms_rbsp rbsp = svms_rbsp_over(nal, codec);
    (void)svms_rbsp_skip(&rbsp, size - svms_nal_header_size(codec) - 1);
    return rbsp.cursor.position + 1;
}

/* CS-DOC-2. */
static void find_hashed(svms_camera_document *document, uint32_t codec, const svms_nal *nal,
                        size_t size, bool is_escaped)
{
    document->hashed = document->bytes ? document->bytes : nal->data;
    document->hashed_size = size;
    if (document->bytes && is_escaped) {
        document->hashed = nal->data;
        document->hashed_size = escaped_size(nal, codec, size);
    }
}

static svms_status read_elements(svms_camera_document *document, uint8_t reserved,
                                 svms_cursor elements, size_t *signature_at, svms_error *err)
{
    if (document->format != SVMS_CAMERA_FORMAT_MEDIA_SIGNING) {
        return svms_axis_elements_read(document, reserved, elements, signature_at, err);
    }
    document->is_certificate = (reserved & IS_CERTIFICATE) != 0;
    return svms_camera_elements_read(document, elements, signature_at, err);
}

/* What stands behind the UUID. */
static svms_status read_content(svms_camera_document *document, uint32_t codec, const svms_nal *nal,
                                svms_cursor *payload, svms_error *err)
{
    bool is_axis = document->format != SVMS_CAMERA_FORMAT_MEDIA_SIGNING;
    unsigned known = is_axis ? 0xF0u : IS_CERTIFICATE | IS_HASHED_ESCAPED;
    unsigned escaped = is_axis ? SVMS_AXIS_HASHED_ESCAPED : IS_HASHED_ESCAPED;
    (void)svms_skip(payload, SVMS_CAMERA_UUID_SIZE);
    uint64_t offset = svms_cursor_offset(payload);
    uint8_t reserved = svms_read_u8(payload);
    if (payload->failed) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "a SEI ends behind its UUID");
    }
    if ((reserved & ~known) != 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "reserved bits of a SEI are set: 0x%02x",
                            reserved);
    }
    size_t before = (size_t)svms_cursor_offset(payload);
    size_t left = svms_cursor_left(payload);
    size_t signature_at = 0;
    svms_cursor elements = svms_cursor_over(svms_read_bytes(payload, left), left, before);
    svms_status status = read_elements(document, reserved, elements, &signature_at, err);
    if (status == SVMS_OK) {
        find_hashed(document, codec, nal, before + signature_at, (reserved & escaped) != 0);
    }
    return status;
}

static svms_status read_whole(svms_camera_document *document, uint32_t codec, const svms_nal *nal,
                              svms_error *err)
{
    svms_cursor payload;
    if (!find_payload(nal->data, nal->size, codec, &payload)) {
        size_t size = 0;
        svms_status status = unescape(document, codec, nal, &size, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (!find_payload(document->bytes, size, codec, &payload)) {
            return svms_fail(err, SVMS_E_MALFORMED,
                             "a SEI does not have as many bytes as its payload size says");
        }
    }
    return read_content(document, codec, nal, &payload, err);
}

svms_status svms_camera_document_read(svms_camera_document *document, svms_ctx *ctx, uint32_t codec,
                                      const svms_camera_nal *nal, svms_error *err)
{
    memset(document, 0, sizeof *document);
    document->ctx = ctx;
    document->format = nal->is_axis ? SVMS_CAMERA_FORMAT_AXIS_1 : SVMS_CAMERA_FORMAT_MEDIA_SIGNING;
    svms_nal whole = SVMS_NAL_INIT;
    if (nal->size > SVMS_CAMERA_SEI_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a SEI of more than %u bytes", SVMS_CAMERA_SEI_MAX);
    }
    if (!svms_nal_over(&whole, codec, nal->data, nal->size)) {
        return svms_fail(err, SVMS_E_MALFORMED, "a SEI has no valid header");
    }
    svms_status status = read_whole(document, codec, &whole, err);
    if (status != SVMS_OK) {
        svms_camera_document_clear(document);
    }
    return status;
}

void svms_camera_document_clear(svms_camera_document *document)
{
    if (!document) {
        return;
    }
    svms_release(document->ctx, document->bytes);
    memset(document, 0, sizeof *document);
}

bool svms_camera_document_fits(const svms_camera_document *document, svms_camera_hash hash)
{
    return !document->has_general || document->hash_size == svms_camera_hash_size(hash) ||
           (document->format != SVMS_CAMERA_FORMAT_MEDIA_SIGNING && document->hash_size == 0);
}
