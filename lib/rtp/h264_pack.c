/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 6184 sections 5.7.1 and 5.8 (P-264-4). */
#include "nal_pack.h"

enum { STAP_A = 24, FU_A = 28 };
enum { TYPE_BITS = 0x1F, FORBIDDEN = 0x80, IMPORTANCE = 0x60, START_BIT = 0x80, END_BIT = 0x40 };

static void aggregate(uint8_t *header, const uint8_t *unit, bool first)
{
    uint8_t before = first ? 0 : header[0] & IMPORTANCE;
    uint8_t importance = unit[0] & IMPORTANCE;
    header[0] = (uint8_t)(STAP_A | (importance > before ? importance : before));
}

static void fragment(uint8_t *header, const uint8_t *unit, bool first, bool last)
{
    header[0] = (uint8_t)((unit[0] & (FORBIDDEN | IMPORTANCE)) | FU_A);
    header[1] = (uint8_t)((unit[0] & TYPE_BITS) | (first ? START_BIT : 0) | (last ? END_BIT : 0));
}

svms_status svms_pack_h264(svms_packer *packer, const svms_sample *sample, svms_error *err)
{
    static const svms_nal_packing packing = { 1, 1, 2, aggregate, fragment };
    return svms_pack_nal_units(packer, &packing, sample, err);
}
