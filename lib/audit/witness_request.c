/* SPDX-License-Identifier: Apache-2.0 */
#include "witness_request.h"

#include <string.h>

#include "failure.h"

static const char old_start[] = "old ";
#define OLD_START_SIZE (sizeof old_start - 1)

static svms_status read_hashes(svms_witness_request *out, svms_cursor *cursor, svms_error *err)
{
    while (svms_cursor_left(cursor) > 0 && cursor->data[cursor->position] != '\n') {
        uint8_t hash[SVMS_DIGEST_SIZE];
        if (out->hashes == SVMS_WITNESS_HASHES) {
            return svms_fail(err, SVMS_E_MALFORMED, "a request has at most %u hashes",
                             SVMS_WITNESS_HASHES);
        }
        if (!svms_read_hash_line(cursor, hash)) {
            return svms_fail(err, SVMS_E_MALFORMED,
                             "hash %u of the request is no SHA-256 in base64", out->hashes + 1);
        }
        if (out->hashes < SVMS_TREE_PROOF_MAX) {
            memcpy(out->proof.hash[out->proof.count++], hash, sizeof hash);
        }
        out->hashes++;
    }
    return svms_skip(cursor, 1)
               ? SVMS_OK
               : svms_fail(err, SVMS_E_MALFORMED, "the request has no empty line and no note");
}

svms_status svms_witness_request_parse(svms_witness_request *out, const void *bytes, size_t size,
                                       svms_error *err)
{
    out->hashes = 0;
    out->proof.count = 0;
    if (size > SVMS_WITNESS_REQUEST_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a request has at most %u bytes",
                         SVMS_WITNESS_REQUEST_MAX);
    }
    svms_cursor cursor = svms_cursor_over(bytes, size, 0);
    const uint8_t *start = svms_read_bytes(&cursor, OLD_START_SIZE);
    if (!start || memcmp(start, old_start, OLD_START_SIZE) != 0 ||
        !svms_read_decimal_line(&cursor, &out->old_size)) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "the first line of a request is \"old\" and a size in decimal");
    }
    svms_status status = read_hashes(out, &cursor, err);
    if (status == SVMS_OK) {
        out->note_size = svms_cursor_left(&cursor);
        out->note = (const char *)svms_read_bytes(&cursor, out->note_size);
    }
    return status;
}

void svms_put_witness_request(svms_builder *out, const svms_witness_request *request)
{
    svms_put_bytes(out, old_start, OLD_START_SIZE);
    svms_put_decimal_line(out, request->old_size);
    for (unsigned i = 0; i < request->proof.count; i++) {
        svms_put_hash_line(out, request->proof.hash[i]);
    }
    svms_put_u8(out, '\n');
    svms_put_bytes(out, request->note, request->note_size);
}
