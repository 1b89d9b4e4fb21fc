/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3640 section 3.3.6 (P-AAC-3). A sample here is one frame, so a packet holds one frame or a
 * fragment of one: nothing waits for the next. */
#include "failure.h"
#include "packer.h"

enum { HEADER_SIZE_BITS = 16, FIELDS_MAX = 32 };

svms_status svms_pack_aac(svms_packer *packer, const svms_sample *sample, svms_error *err)
{
    const svms_rtp_format *format = packer->format;
    unsigned bits = format->size_bits + format->index_bits;
    size_t header_size = HEADER_SIZE_BITS / 8 + (bits + 7) / 8;
    if (sample->size == 0 || sample->size >> format->size_bits != 0) {
        return svms_fail(err, SVMS_E_LIMIT, "an AAC frame of %zu bytes does not fit the format",
                         sample->size);
    }
    uint8_t header[HEADER_SIZE_BITS / 8 + FIELDS_MAX / 8];
    uint32_t fields = (uint32_t)sample->size << (FIELDS_MAX - format->size_bits);
    svms_store_u16(header, (uint16_t)bits);
    svms_store_u32(header + HEADER_SIZE_BITS / 8, fields);
    size_t most = packer->room - header_size;
    size_t at = 0;
    svms_status status = SVMS_OK;
    while (at < sample->size && status == SVMS_OK) {
        size_t part = sample->size - at < most ? sample->size - at : most;
        svms_iovec pieces[] = { { header, header_size }, { sample->data + at, part } };
        at += part;
        status = packer->emit(packer->owner, pieces, 2, at == sample->size, 0);
    }
    return status;
}
