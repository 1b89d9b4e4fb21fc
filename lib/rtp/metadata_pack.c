/* SPDX-License-Identifier: Apache-2.0 */
/* P-MET-1: the marker ends a document. */
#include "failure.h"
#include "gzip.h"
#include "packer.h"

static svms_status send_bytes(svms_packer *packer, const uint8_t *data, size_t size)
{
    size_t at = 0;
    svms_status status = SVMS_OK;
    while (at < size && status == SVMS_OK) {
        size_t part = size - at < packer->room ? size - at : packer->room;
        svms_iovec piece = { data + at, part };
        at += part;
        status = packer->emit(packer->owner, &piece, 1, at == size, 0);
    }
    return status;
}

svms_status svms_pack_metadata(svms_packer *packer, const svms_sample *sample, svms_error *err)
{
    if (sample->size == 0) {
        return svms_fail(err, SVMS_E_MALFORMED, "a metadata document is empty");
    }
    if (!packer->format->is_gzip) {
        return send_bytes(packer, sample->data, sample->size);
    }
    svms_builder packed = svms_builder_new(packer->format->ctx, SIZE_MAX);
    svms_status status = svms_gzip_write(&packed, sample->data, sample->size, err);
    if (status == SVMS_OK) {
        status = send_bytes(packer, packed.data, packed.size);
    }
    svms_builder_clear(&packed);
    return status;
}
