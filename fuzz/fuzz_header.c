/* SPDX-License-Identifier: Apache-2.0 */
/* Header of a container: fixed fields, prefix, fields, description. What can be read must encode to
 * the same bytes, unless it holds optional fields or extension bits. */
#include <stdlib.h>
#include <string.h>

#include "description.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_extensions(const uint8_t *data, size_t size)
{
    svms_cursor cursor = svms_cursor_over(data, size, 0);
    (void)svms_skip(&cursor, 9);
    bool extended = svms_read_u8(&cursor) != 0;
    (void)svms_skip(&cursor, 2);
    extended = svms_read_u32(&cursor) != 0 || extended;
    (void)svms_skip(&cursor, SVMS_HEADER_FIXED_SIZE - 16);
    while (!svms_cursor_at_end(&cursor)) {
        extended = svms_read_u16(&cursor) >= SVMS_TAG_OPTIONAL || extended;
        (void)svms_read_u16(&cursor);
        uint32_t length = svms_read_u32(&cursor);
        (void)svms_skip(&cursor, length);
    }
    return extended;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    svms_header header = { 0 };
    uint32_t length = 0;
    if (ctx == NULL && svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        abort();
    }
    if (size < SVMS_HEADER_PREFIX_OFFSET || svms_header_peek(data, &length, NULL) != SVMS_OK ||
        length > size || svms_header_parse_signer(&header, data, length, NULL) != SVMS_OK ||
        svms_header_parse_fields(&header, data, length, NULL) != SVMS_OK) {
        return 0;
    }
    if (header.track_count == 0 || header.track_count > SVMS_MAX_TRACKS) {
        abort();
    }
    bool well_described = svms_description_check(&header, NULL) == SVMS_OK;
    if (!well_described && header.has_keys) {
        abort(); /* a sealed description is not looked into */
    }
    svms_builder again = svms_builder_new(ctx, SVMS_MAX_HEADER_SIZE);
    if (svms_header_encode(&again, &header, NULL) != SVMS_OK) {
        abort();
    }
    if (!has_extensions(data, length) &&
        (again.size != length || memcmp(again.data, data, length) != 0)) {
        abort();
    }
    svms_builder_clear(&again);
    return 0;
}
