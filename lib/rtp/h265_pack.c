/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 7798 sections 4.4.2 and 4.4.3 (P-265-2). */
#include "nal_pack.h"

enum { AP = 48, FU = 49, START_BIT = 0x80, END_BIT = 0x40 };

/* NAL unit header: forbidden bit, 6 bits of type, 6 of layer, 3 of temporal id plus 1. */
static unsigned layer_of(const uint8_t *header)
{
    return (header[0] & 1u) << 5 | header[1] >> 3;
}

static void put_header(uint8_t *header, unsigned type, unsigned layer, unsigned temporal)
{
    header[0] = (uint8_t)(type << 1 | layer >> 5);
    header[1] = (uint8_t)(layer << 3 | temporal);
}

static void aggregate(uint8_t *header, const uint8_t *unit, bool first)
{
    unsigned layer = layer_of(unit);
    unsigned temporal = unit[1] & 7u;
    if (!first) {
        unsigned layer_before = layer_of(header);
        unsigned temporal_before = header[1] & 7u;
        layer = layer_before < layer ? layer_before : layer;
        temporal = temporal_before < temporal ? temporal_before : temporal;
    }
    put_header(header, AP, layer, temporal);
}

static void fragment(uint8_t *header, const uint8_t *unit, bool first, bool last)
{
    put_header(header, FU, layer_of(unit), unit[1] & 7u);
    header[2] = (uint8_t)((unit[0] >> 1 & 0x3F) | (first ? START_BIT : 0) | (last ? END_BIT : 0));
}

svms_status svms_pack_h265(svms_packer *packer, const svms_sample *sample, svms_error *err)
{
    static const svms_nal_packing packing = { 2, 2, 3, aggregate, fragment };
    return svms_pack_nal_units(packer, &packing, sample, err);
}
