/* SPDX-License-Identifier: Apache-2.0 */
#include "cursor.h"

svms_bits svms_bits_over(const void *data, size_t size)
{
    bool too_long = size > SIZE_MAX / 8 || (!data && size > 0);
    svms_bits bits = { data, too_long ? 0 : size * 8, 0, too_long };
    return bits;
}

uint32_t svms_bits_read(svms_bits *bits, unsigned count)
{
    if (bits->failed || count > 32 || count > bits->size_bits - bits->position) {
        bits->failed = true;
        return 0;
    }
    uint32_t value = 0;
    while (count > 0) {
        unsigned used = (unsigned)(bits->position & 7);
        unsigned take = 8 - used < count ? 8 - used : count;
        unsigned byte = bits->data[bits->position >> 3];
        unsigned part = (byte >> (8 - used - take)) & ((1u << take) - 1);
        value = value << take | part;
        bits->position += take;
        count -= take;
    }
    return value;
}

uint32_t svms_bits_ue(svms_bits *bits)
{
    unsigned zeros = 0;
    while (svms_bits_read(bits, 1) == 0) {
        if (bits->failed) {
            return 0;
        }
        if (++zeros > 31) {
            bits->failed = true;
            return 0;
        }
    }
    uint32_t rest = svms_bits_read(bits, zeros);
    return bits->failed ? 0 : ((1u << zeros) - 1) + rest;
}

int32_t svms_bits_se(svms_bits *bits)
{
    uint32_t code = svms_bits_ue(bits);
    int32_t magnitude = (int32_t)(code / 2 + code % 2);
    return code % 2 ? magnitude : -magnitude;
}
