/* SPDX-License-Identifier: Apache-2.0 */
#include "witness_request.h"

#include "failure.h"
#include "growth_text.h"

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
    svms_status status = svms_read_growth_request(&cursor, SVMS_WITNESS_HASHES, &out->old_size,
                                                  &out->proof, &out->hashes, err);
    if (status == SVMS_OK) {
        out->note_size = svms_cursor_left(&cursor);
        out->note = (const char *)svms_read_bytes(&cursor, out->note_size);
    }
    return status;
}

void svms_put_witness_request(svms_builder *out, const svms_witness_request *request)
{
    svms_put_growth(out, request->old_size, &request->proof);
    svms_put_u8(out, '\n');
    svms_put_bytes(out, request->note, request->note_size);
}
