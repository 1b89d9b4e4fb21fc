/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of manifest, segment start, end record and index, chosen by the first byte. The header
 * they are compared with is made to fit, so that parsing goes on; what can be read must encode to
 * the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "index.h"
#include "manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A header with the signer and the hash that the object names. */
static svms_header fitting_header(const uint8_t *data, size_t size, size_t hash_at)
{
    svms_header header = { 0 };
    svms_cursor cursor = svms_cursor_over(data, size, 0);
    (void)svms_skip(&cursor, 6);
    header.signer.role = svms_read_u8(&cursor);
    (void)svms_skip(&cursor, 3);
    header.signer.algorithm = svms_read_u16(&cursor);
    (void)svms_skip(&cursor, 4);
    svms_read_copy(&cursor, header.signer.signer_digest, SVMS_DIGEST_SIZE);
    if (size >= hash_at + SVMS_DIGEST_SIZE) {
        memcpy(header.hash, data + hash_at, SVMS_DIGEST_SIZE);
    }
    return header;
}

static void expect_same(svms_builder *again, const uint8_t *data, size_t size)
{
    if (again->status != SVMS_OK || again->size != size || memcmp(again->data, data, size) != 0) {
        abort();
    }
    svms_builder_clear(again);
}

static void read_index(const svms_header *header, const uint8_t *data, size_t size)
{
    svms_index_view view;
    svms_cursor cursor = svms_cursor_over(data, size, 0);
    (void)svms_skip(&cursor, 24);
    if (!svms_index_parse(&view, header, svms_read_u64(&cursor), data, size)) {
        return;
    }
    for (uint32_t i = 0; i < view.count; i++) {
        (void)svms_index_entry_at(&view, i);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    static svms_manifest manifest;
    svms_end end;
    svms_segment_start start;
    if (ctx == NULL && svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        abort();
    }
    if (size < 1) {
        return 0;
    }
    unsigned kind = data[0] % 4;
    data++;
    size--;
    svms_header header = fitting_header(data, size, kind < 2 ? SVMS_OBJECT_PREFIX_SIZE : 8);
    svms_builder again = svms_builder_new(ctx, SVMS_MAX_MANIFEST_SIZE);
    if (kind == 0 && svms_manifest_parse(&manifest, &header, data, size, 0, NULL) == SVMS_OK) {
        svms_manifest_put(&again, &header, &manifest);
        expect_same(&again, data, size);
    } else if (kind == 1 && svms_end_parse(&end, &header, data, size, 0, NULL) == SVMS_OK) {
        svms_end_put(&again, &header, &end);
        expect_same(&again, data, size);
    } else if (kind == 2 && svms_start_parse(&start, &header, data, size, 0, NULL) == SVMS_OK) {
        svms_start_put(&again, &header, &start);
        expect_same(&again, data, size);
    } else if (kind == 3) {
        read_index(&header, data, size);
    }
    return 0;
}
