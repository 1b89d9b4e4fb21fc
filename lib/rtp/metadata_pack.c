/* SPDX-License-Identifier: Apache-2.0 */
/* P-MET-1: the marker ends a document. */
#include "failure.h"
#include "packer.h"

svms_status svms_pack_metadata(svms_packer *packer, const svms_sample *sample, svms_error *err)
{
    if (sample->size == 0) {
        return svms_fail(err, SVMS_E_MALFORMED, "a metadata document is empty");
    }
    size_t at = 0;
    svms_status status = SVMS_OK;
    while (at < sample->size && status == SVMS_OK) {
        size_t part = sample->size - at < packer->room ? sample->size - at : packer->room;
        svms_iovec piece = { sample->data + at, part };
        at += part;
        status = packer->emit(packer->owner, &piece, 1, at == sample->size, 0);
    }
    return status;
}
