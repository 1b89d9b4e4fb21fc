/* SPDX-License-Identifier: Apache-2.0 */
/* What the packers of H.264 and H.265 share: which NAL units travel alone, together or in
 * fragments. */
#ifndef SVMS_RTP_NAL_PACK_H
#define SVMS_RTP_NAL_PACK_H

#include "packer.h"

enum { SVMS_NAL_PREFIX_MAX = 3 };

typedef struct svms_nal_packing {
    size_t unit_header;      /* bytes of the NAL unit header, which fragments leave out */
    size_t aggregate_header; /* bytes before the first length */
    size_t fragment_header;  /* bytes before a fragment */
    /* Makes the aggregate's header of the first unit's, then joins each further one. */
    void (*aggregate)(uint8_t header[SVMS_NAL_PREFIX_MAX], const uint8_t *unit, bool first);
    void (*fragment)(uint8_t header[SVMS_NAL_PREFIX_MAX], const uint8_t *unit, bool first,
                     bool last);
} svms_nal_packing;

svms_status svms_pack_nal_units(svms_packer *packer, const svms_nal_packing *packing,
                                const svms_sample *sample, svms_error *err);

#endif
