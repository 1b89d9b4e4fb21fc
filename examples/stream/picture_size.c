/* SPDX-License-Identifier: Apache-2.0 */
#include "picture_size.h"

#include <string.h>

/* Enough of a parameter set for all that stands in front of the size. */
#define UNIT_MAX 1024
#define SIDE_MAX 16384
#define AVCC_HEAD 6
#define HVCC_HEAD 23
#define SPS_OF_H264 7
#define SPS_OF_H265 33
/* Of both, in annexes on levels: pictures that a decoder keeps. */
#define OVERTAKERS_MAX 16
#define ASPECT_IN_NUMBERS 255

/* Bits of a NAL unit whose emulation prevention has been taken out. What is read beyond the end is
 * zero, and remembered. */
typedef struct bit_reader {
    uint8_t bytes[UNIT_MAX];
    size_t size;
    size_t place;
    bool beyond;
} bit_reader;

static void begin(bit_reader *bits, const uint8_t *unit, size_t size)
{
    size_t zeros = 0;
    memset(bits, 0, sizeof *bits);
    for (size_t i = 0; i < size && bits->size < UNIT_MAX; i++) {
        if (zeros >= 2 && unit[i] == 3) {
            zeros = 0;
            continue;
        }
        zeros = unit[i] == 0 ? zeros + 1 : 0;
        bits->bytes[bits->size++] = unit[i];
    }
}

static uint32_t take(bit_reader *bits, unsigned count)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < count; i++) {
        size_t byte = bits->place / 8;
        bits->beyond = bits->beyond || byte >= bits->size;
        unsigned bit = bits->beyond ? 0 : bits->bytes[byte] >> (7 - bits->place % 8) & 1;
        value = value << 1 | bit;
        bits->place++;
    }
    return value;
}

/* Exp-Golomb (H.264 9.1). */
static uint32_t take_number(bit_reader *bits)
{
    unsigned zeros = 0;
    while (take(bits, 1) == 0 && !bits->beyond) {
        zeros++;
    }
    if (zeros > 31) {
        bits->beyond = true;
        return 0;
    }
    return (1u << zeros) - 1 + take(bits, zeros);
}

static int32_t take_signed(bit_reader *bits)
{
    uint32_t number = take_number(bits);
    return number % 2 ? (int32_t)(number / 2) + 1 : -(int32_t)(number / 2);
}

/* H.264 7.3.2.1.1.1 */
static void pass_scaling_list(bit_reader *bits, unsigned count)
{
    int32_t last = 8;
    int32_t next = 8;
    for (unsigned i = 0; i < count && !bits->beyond; i++) {
        if (next != 0) {
            next = (int32_t)((uint32_t)(last + take_signed(bits)) & 0xFF);
        }
        last = next == 0 ? last : next;
    }
}

/* H.264 7.3.2.1.1: profiles with a chroma format; returns it. */
static uint32_t take_chroma(bit_reader *bits, uint32_t profile)
{
    static const uint8_t with_chroma[] = { 100, 110, 122, 244, 44,  83, 86,
                                           118, 128, 138, 139, 134, 135 };
    if (profile == 0 || !memchr(with_chroma, (int)profile, sizeof with_chroma)) {
        return 1;
    }
    uint32_t chroma = take_number(bits);
    bool separate = chroma == 3 && take(bits, 1) == 1;
    (void)take_number(bits);
    (void)take_number(bits);
    (void)take(bits, 1);
    if (take(bits, 1) == 1) {
        for (unsigned i = 0; i < (chroma == 3 ? 12u : 8u) && !bits->beyond; i++) {
            if (take(bits, 1) == 1) {
                pass_scaling_list(bits, i < 6 ? 16 : 64);
            }
        }
    }
    return separate ? 0 : chroma;
}

/* Returns whether pictures are shown in the order of decoding (H.264 8.2.1.3). */
static bool pass_picture_order(bit_reader *bits)
{
    uint32_t type = take_number(bits);
    if (type == 0) {
        (void)take_number(bits);
    } else if (type == 1) {
        (void)take(bits, 1);
        (void)take_number(bits);
        (void)take_number(bits);
        uint32_t count = take_number(bits);
        for (uint32_t i = 0; i < count && !bits->beyond; i++) {
            (void)take_number(bits);
        }
    }
    return type == 2;
}

/* What is cropped at both ends, in units; false: more than there is. */
static bool crop(bit_reader *bits, uint32_t unit_x, uint32_t unit_y, picture_size *size)
{
    uint64_t x = (uint64_t)take_number(bits) + take_number(bits);
    uint64_t y = (uint64_t)take_number(bits) + take_number(bits);
    if (x * unit_x >= size->width || y * unit_y >= size->height) {
        return false;
    }
    size->width -= (uint32_t)x * unit_x;
    size->height -= (uint32_t)y * unit_y;
    return true;
}

static int checked_overtakers(const bit_reader *bits, uint32_t count)
{
    return bits->beyond || count > OVERTAKERS_MAX ? -1 : (int)count;
}

/* H.264 E.1.2 */
static void pass_hrd(bit_reader *bits)
{
    uint32_t count = take_number(bits);
    (void)take(bits, 8);
    for (uint32_t i = 0; i <= count && !bits->beyond; i++) {
        (void)take_number(bits);
        (void)take_number(bits);
        (void)take(bits, 1);
    }
    (void)take(bits, 20);
}

/* H.264 E.1.1, up to max_num_reorder_frames. */
static int take_overtakers(bit_reader *bits)
{
    if (take(bits, 1) == 1 && take(bits, 8) == ASPECT_IN_NUMBERS) {
        (void)take(bits, 32);
    }
    if (take(bits, 1) == 1) {
        (void)take(bits, 1);
    }
    if (take(bits, 1) == 1) {
        (void)take(bits, 4);
        (void)take(bits, take(bits, 1) == 1 ? 24 : 0);
    }
    if (take(bits, 1) == 1) {
        (void)take_number(bits);
        (void)take_number(bits);
    }
    if (take(bits, 1) == 1) {
        bits->place += 32 + 32 + 1;
    }
    bool of_nal = take(bits, 1) == 1;
    if (of_nal) {
        pass_hrd(bits);
    }
    bool of_vcl = take(bits, 1) == 1;
    if (of_vcl) {
        pass_hrd(bits);
    }
    (void)take(bits, of_nal || of_vcl ? 2 : 1);
    if (take(bits, 1) == 0) {
        return -1;
    }
    (void)take(bits, 1);
    for (unsigned i = 0; i < 4; i++) {
        (void)take_number(bits);
    }
    return checked_overtakers(bits, take_number(bits));
}

static bool read_h264(picture_size *out, const uint8_t *unit, size_t size)
{
    bit_reader bits;
    begin(&bits, unit, size);
    (void)take(&bits, 8);
    uint32_t profile = take(&bits, 8);
    (void)take(&bits, 16);
    (void)take_number(&bits);
    uint32_t chroma = take_chroma(&bits, profile);
    (void)take_number(&bits);
    bool in_order = pass_picture_order(&bits);
    (void)take_number(&bits);
    (void)take(&bits, 1);
    uint32_t columns = take_number(&bits);
    uint32_t rows = take_number(&bits);
    uint32_t whole_frames = take(&bits, 1);
    if (bits.beyond || columns >= SIDE_MAX / 16 || rows >= SIDE_MAX / 16) {
        return false;
    }
    out->width = (columns + 1) * 16;
    out->height = (rows + 1) * 16 * (2 - whole_frames);
    if (whole_frames == 0) {
        (void)take(&bits, 1);
    }
    (void)take(&bits, 1);
    bool cropped = take(&bits, 1) == 1;
    uint32_t unit_x = chroma == 1 || chroma == 2 ? 2 : 1;
    uint32_t unit_y = (chroma == 1 ? 2 : 1) * (2 - whole_frames);
    if ((cropped && !crop(&bits, unit_x, unit_y, out)) || bits.beyond) {
        return false;
    }
    out->overtakers = in_order ? 0 : -1;
    if (!in_order && take(&bits, 1) == 1) {
        out->overtakers = take_overtakers(&bits);
    }
    return true;
}

/* H.265 7.3.3: of the sub-layers only which are there must be known. */
static void pass_profile(bit_reader *bits, uint32_t sub_layers)
{
    bool has_profile[8] = { false };
    bool has_level[8] = { false };
    bits->place += 96;
    for (uint32_t i = 0; i < sub_layers; i++) {
        has_profile[i] = take(bits, 1) == 1;
        has_level[i] = take(bits, 1) == 1;
    }
    bits->place += sub_layers > 0 ? (size_t)(8 - sub_layers) * 2 : 0;
    for (uint32_t i = 0; i < sub_layers; i++) {
        bits->place += (has_profile[i] ? 88u : 0u) + (has_level[i] ? 8u : 0u);
    }
}

/* H.265 7.3.2.2.1, behind the size: of the highest sub-layer, or of all. */
static int take_reordered(bit_reader *bits, uint32_t sub_layers)
{
    uint32_t count = 0;
    (void)take_number(bits);
    (void)take_number(bits);
    (void)take_number(bits);
    uint32_t sets = take(bits, 1) == 1 ? sub_layers + 1 : 1;
    for (uint32_t i = 0; i < sets; i++) {
        (void)take_number(bits);
        count = take_number(bits);
        (void)take_number(bits);
    }
    return checked_overtakers(bits, count);
}

static bool read_h265(picture_size *out, const uint8_t *unit, size_t size)
{
    bit_reader bits;
    begin(&bits, unit, size);
    (void)take(&bits, 16 + 4);
    uint32_t sub_layers = take(&bits, 3);
    (void)take(&bits, 1);
    pass_profile(&bits, sub_layers);
    (void)take_number(&bits);
    uint32_t chroma = take_number(&bits);
    if (chroma == 3 && take(&bits, 1) == 1) {
        chroma = 0;
    }
    out->width = take_number(&bits);
    out->height = take_number(&bits);
    if (bits.beyond || out->width == 0 || out->height == 0 || out->width > SIDE_MAX ||
        out->height > SIDE_MAX) {
        return false;
    }
    bool cropped = take(&bits, 1) == 1;
    uint32_t unit_x = chroma == 1 || chroma == 2 ? 2 : 1;
    uint32_t unit_y = chroma == 1 ? 2 : 1;
    if ((cropped && !crop(&bits, unit_x, unit_y, out)) || bits.beyond) {
        return false;
    }
    out->overtakers = take_reordered(&bits, sub_layers);
    return true;
}

static size_t length_at(const uint8_t *bytes)
{
    return (size_t)bytes[0] << 8 | bytes[1];
}

/* ISO/IEC 14496-15 5.3.3.1: the first sequence parameter set. */
static bool find_in_avcc(picture_size *out, const uint8_t *config, size_t size)
{
    if (size < AVCC_HEAD + 2 || (config[5] & 0x1F) == 0) {
        return false;
    }
    size_t length = length_at(config + AVCC_HEAD);
    const uint8_t *unit = config + AVCC_HEAD + 2;
    return length > 0 && length <= size - AVCC_HEAD - 2 && (unit[0] & 0x1F) == SPS_OF_H264 &&
           read_h264(out, unit, length);
}

/* ISO/IEC 14496-15 8.3.3.1: arrays of units, each of one type. */
static bool find_in_hvcc(picture_size *out, const uint8_t *config, size_t size)
{
    size_t place = HVCC_HEAD;
    unsigned arrays = size >= HVCC_HEAD ? config[HVCC_HEAD - 1] : 0;
    for (unsigned i = 0; i < arrays && size - place >= 3; i++) {
        unsigned type = config[place] & 0x3F;
        size_t units = length_at(config + place + 1);
        place += 3;
        for (size_t j = 0; j < units && size - place >= 2; j++) {
            size_t length = length_at(config + place);
            place += 2;
            if (length > size - place) {
                return false;
            }
            if (type == SPS_OF_H265) {
                return read_h265(out, config + place, length);
            }
            place += length;
        }
    }
    return false;
}

/* ITU-T T.81 B.2.2 */
static bool find_in_jpeg(picture_size *out, const uint8_t *picture, size_t size)
{
    svms_jpeg_iterator it = SVMS_JPEG_ITERATOR_INIT;
    svms_jpeg_segment segment = SVMS_JPEG_SEGMENT_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_jpeg_begin(&it, picture, size) != SVMS_OK) {
        return false;
    }
    while (svms_jpeg_next(&it, &segment, &err) == SVMS_OK) {
        bool frame = segment.marker >= 0xC0 && segment.marker <= 0xC2;
        if (frame && segment.size >= 5) {
            out->height = (uint32_t)length_at(segment.data + 1);
            out->width = (uint32_t)length_at(segment.data + 3);
            return out->width > 0 && out->height > 0;
        }
    }
    return false;
}

bool picture_size_read(picture_size *out, uint32_t codec, const uint8_t *config, size_t size)
{
    picture_size found = PICTURE_SIZE_INIT;
    bool good = false;
    if (codec == SVMS_CODEC_H264 && config) {
        good = find_in_avcc(&found, config, size);
    } else if (codec == SVMS_CODEC_H265 && config) {
        good = find_in_hvcc(&found, config, size);
    } else if (codec == SVMS_CODEC_MJPEG && config) {
        good = find_in_jpeg(&found, config, size);
    }
    if (good) {
        *out = found;
    }
    return good;
}
