/* SPDX-License-Identifier: Apache-2.0 */
#include "h265_syntax.h"

/* Appends one picture; more than a decoder can hold is an error. */
static void append(svms_bits *bits, svms_h265_rps *rps, int32_t delta, bool used)
{
    unsigned place = rps->before + rps->after;
    if (place >= SVMS_H265_MAX_PICTURES) {
        bits->failed = true;
        return;
    }
    rps->delta[place] = delta;
    rps->used |= (uint32_t)used << place;
    if (delta < 0) {
        rps->before++;
    } else {
        rps->after++;
    }
}

static bool read_explicit(svms_bits *bits, svms_h265_rps *out)
{
    uint32_t before = svms_bits_ue(bits);
    uint32_t after = svms_bits_ue(bits);
    if (before > SVMS_H265_MAX_PICTURES || after > SVMS_H265_MAX_PICTURES - before) {
        return false;
    }
    int32_t delta = 0;
    for (uint32_t i = 0; i < before + after && !bits->failed; i++) {
        if (i == before) {
            delta = 0;
        }
        uint32_t step = svms_bits_ue(bits);
        if (step > 32767) {
            return false;
        }
        delta += i < before ? -(int32_t)(step + 1) : (int32_t)(step + 1);
        append(bits, out, delta, svms_bits_flag(bits));
    }
    return !bits->failed;
}

/* One direction of (7-61) and (7-62): keeps the shifted pictures whose distance has that sign,
 * nearest first. The place after the reference set's last picture stands for that set itself. */
static void shift(svms_bits *bits, const svms_h265_rps *from, const bool *used, const bool *kept,
                  int32_t delta, int sign, svms_h265_rps *out)
{
    unsigned total = from->before + from->after;
    unsigned far = sign < 0 ? from->after : from->before;
    for (unsigned i = 0; i < total + 1; i++) {
        unsigned place;
        if (i < far) {
            place = (sign < 0 ? total : from->before) - 1 - i;
        } else if (i == far) {
            place = total;
        } else {
            place = (sign < 0 ? 0 : from->before) + (i - far - 1);
        }
        int32_t moved = delta + (place < total ? from->delta[place] : 0);
        if (kept[place] && (sign < 0 ? moved < 0 : moved > 0)) {
            append(bits, out, moved, used[place]);
        }
    }
}

static bool read_predicted(svms_bits *bits, const svms_h265_rps *from, svms_h265_rps *out)
{
    bool negative = svms_bits_flag(bits);
    uint32_t distance = svms_bits_ue(bits);
    if (distance > 32767) {
        return false;
    }
    int32_t delta = negative ? -(int32_t)(distance + 1) : (int32_t)(distance + 1);
    bool used[SVMS_H265_MAX_PICTURES + 1] = { false };
    bool kept[SVMS_H265_MAX_PICTURES + 1] = { false };
    for (unsigned i = 0; i <= (unsigned)from->before + from->after; i++) {
        used[i] = svms_bits_flag(bits);
        kept[i] = used[i] || svms_bits_flag(bits);
    }
    shift(bits, from, used, kept, delta, -1, out);
    shift(bits, from, used, kept, delta, 1, out);
    return !bits->failed;
}

bool svms_h265_read_rps(svms_bits *bits, const svms_h265_rps *earlier, unsigned index,
                        unsigned count, svms_h265_rps *out)
{
    svms_h265_rps rps = { 0 };
    bool readable;
    if (index > 0 && svms_bits_flag(bits)) {
        uint32_t back = index == count ? svms_bits_ue(bits) : 0;
        if (back >= index) {
            return false;
        }
        readable = read_predicted(bits, &earlier[index - 1 - back], &rps);
    } else {
        readable = read_explicit(bits, &rps);
    }
    if (readable) {
        *out = rps;
    }
    return readable;
}
