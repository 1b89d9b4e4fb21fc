/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3551 section 4.1: the marker begins a talkspurt (P-711). */
#include "failure.h"
#include "packer.h"

svms_status svms_pack_g711(svms_packer *packer, const svms_sample *sample, svms_error *err)
{
    size_t channels = packer->format->channels;
    if (sample->size == 0 || sample->size % channels != 0) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "%zu bytes are no whole number of samples of %zu channels", sample->size,
                         channels);
    }
    size_t most = packer->room - packer->room % channels;
    size_t at = 0;
    svms_status status = SVMS_OK;
    while (at < sample->size && status == SVMS_OK) {
        size_t part = sample->size - at < most ? sample->size - at : most;
        svms_iovec piece = { sample->data + at, part };
        bool begins = packer->talkspurt || (sample->flags & SVMS_SAMPLE_DISCONTINUITY) != 0;
        status =
            packer->emit(packer->owner, &piece, 1, at == 0 && begins, (uint32_t)(at / channels));
        packer->talkspurt = false;
        at += part;
    }
    return status;
}
