/* SPDX-License-Identifier: Apache-2.0 */
#include "sei.h"

enum { RECOVERY_POINT = 6, H265_REGION_REFRESH = 134, STOP_BIT = 0x80 };

/* Bytes of 255 add up until a smaller one ends the number. */
static uint32_t read_number(svms_rbsp *rbsp)
{
    uint32_t number = 0;
    uint8_t byte;
    do {
        byte = svms_rbsp_u8(rbsp);
        number += byte;
    } while (byte == 0xFF && number < UINT32_MAX / 2);
    return number;
}

/* rbsp_trailing_bits(), and zero bytes that a careless writer left behind it. */
static bool only_trailing_bits_left(svms_rbsp rbsp)
{
    if (svms_rbsp_u8(&rbsp) != STOP_BIT) {
        return false;
    }
    while (!svms_rbsp_at_end(&rbsp)) {
        if (svms_rbsp_u8(&rbsp) != 0) {
            return false;
        }
    }
    return true;
}

bool svms_sei_find_refresh(const svms_nal *nal, uint32_t codec, bool *refresh)
{
    svms_rbsp rbsp = svms_rbsp_over(nal, codec);
    while (!only_trailing_bits_left(rbsp)) {
        uint32_t type = read_number(&rbsp);
        uint32_t size = read_number(&rbsp);
        if (!svms_rbsp_skip(&rbsp, size)) {
            return false;
        }
        if (type == RECOVERY_POINT || (codec == SVMS_CODEC_H265 && type == H265_REGION_REFRESH)) {
            *refresh = true;
        }
    }
    return true;
}
