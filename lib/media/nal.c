/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/media.h>

#include <string.h>

#include "failure.h"
#include "nal_internal.h"
#include "options.h"

enum { NOT_BEGUN = 0, AT_START = 1, INSIDE = 2 };

/* What one step found: the NAL unit is data[start..end), framed from frame on. */
typedef struct {
    size_t frame;
    size_t start;
    size_t end;
} extent;

svms_status svms_nal_begin(svms_nal_iterator *it, uint32_t codec, svms_nal_framing framing,
                           const uint8_t *data, size_t size)
{
    if (!it || it->struct_size < sizeof *it || (!data && size > 0)) {
        return SVMS_E_USAGE;
    }
    if (codec != SVMS_CODEC_H264 && codec != SVMS_CODEC_H265) {
        return SVMS_E_USAGE;
    }
    if ((unsigned)framing > SVMS_NAL_ANNEX_B) {
        return SVMS_E_USAGE;
    }
    svms_nal_iterator ready = SVMS_NAL_ITERATOR_INIT;
    ready.codec = codec;
    ready.framing = framing;
    ready.state = AT_START;
    ready.data = data;
    ready.size = size;
    return svms_result_write(it, &ready, sizeof ready, "svms_nal_iterator", NULL);
}

static svms_status find_prefixed(const svms_nal_iterator *it, extent *out, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(it->data, it->size, 0);
    bool there = svms_skip(&cursor, it->position);
    if (there && svms_cursor_at_end(&cursor)) {
        return SVMS_END;
    }
    size_t length;
    if (it->framing == SVMS_NAL_LENGTH4) {
        length = svms_read_u32(&cursor);
    } else if (it->framing == SVMS_NAL_LENGTH2) {
        length = svms_read_u16(&cursor);
    } else {
        length = svms_read_u8(&cursor);
    }
    size_t start = cursor.position;
    if (!svms_skip(&cursor, length)) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, it->position,
                            "a NAL unit length reaches beyond the end");
    }
    out->frame = it->position;
    out->start = start;
    out->end = cursor.position;
    return SVMS_OK;
}

/* Where the NAL unit that begins at start ends: before two zero bytes that another zero or a one
 * follows, or before the zero bytes at the end of everything. */
static size_t annex_b_end(const uint8_t *data, size_t size, size_t start)
{
    size_t end = size;
    for (size_t i = start + 2; i < size;) {
        if (data[i] > 1) {
            i += 3;
        } else if (data[i - 1] == 0 && data[i - 2] == 0) {
            end = i - 2;
            break;
        } else {
            i++;
        }
    }
    while (end > start && data[end - 1] == 0) {
        end--;
    }
    return end;
}

static svms_status find_annex_b(const svms_nal_iterator *it, extent *out, svms_error *err)
{
    size_t one = it->position;
    while (one < it->size && it->data[one] == 0) {
        one++;
    }
    size_t zeros = one - it->position;
    bool nothing_left = one == it->size;
    if (nothing_left && (it->size == 0 || it->state == INSIDE)) {
        return SVMS_END;
    }
    if (nothing_left || it->data[one] != 1 || zeros < 2) {
        return svms_fail_at(err, SVMS_E_MALFORMED, nothing_left ? it->position : one,
                            "no start code where one must stand");
    }
    out->frame = one - (zeros > 2 ? 3 : 2);
    out->start = one + 1;
    out->end = annex_b_end(it->data, it->size, out->start);
    return SVMS_OK;
}

svms_status svms_nal_next(svms_nal_iterator *it, svms_nal *nal, svms_error *err)
{
    if (!it || !nal || it->struct_size < sizeof *it || it->state == NOT_BEGUN) {
        return svms_fail(err, SVMS_E_USAGE, "svms_nal_next needs a begun iterator and a place");
    }
    extent found = { 0, 0, 0 };
    svms_status status = it->framing == SVMS_NAL_ANNEX_B ? find_annex_b(it, &found, err)
                                                         : find_prefixed(it, &found, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(it->data, it->size, 0);
    (void)svms_skip(&cursor, found.start);
    size_t size = found.end - found.start;
    svms_nal known = SVMS_NAL_INIT;
    if (!svms_nal_over(&known, it->codec, svms_read_bytes(&cursor, size), size)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, found.start, "a NAL unit has no valid header");
    }
    known.framed_offset = found.frame;
    known.framed_size = found.end - found.frame;
    status = svms_result_write(nal, &known, sizeof known, "svms_nal", err);
    if (status != SVMS_OK) {
        return status;
    }
    it->position = found.end;
    it->state = INSIDE;
    return SVMS_OK;
}

size_t svms_nal_header_size(uint32_t codec)
{
    return codec == SVMS_CODEC_H265 ? 2 : 1;
}

bool svms_nal_over(svms_nal *out, uint32_t codec, const uint8_t *data, size_t size)
{
    svms_cursor cursor = svms_cursor_over(data, size, 0);
    uint8_t first = svms_read_u8(&cursor);
    if (!data || size < svms_nal_header_size(codec) || (first & 0x80) != 0) {
        return false;
    }
    svms_nal nal = SVMS_NAL_INIT;
    nal.type = codec == SVMS_CODEC_H265 ? (first >> 1) & 0x3Fu : first & 0x1Fu;
    nal.data = data;
    nal.size = size;
    nal.framed_size = size;
    *out = nal;
    return true;
}

/* Looks for forbidden triples that end in [from, to). */
static bool is_escaped_between(const uint8_t *data, size_t from, size_t to)
{
    /* A byte above 2 belongs to no forbidden triple, so the next one ends three bytes on. */
    for (size_t i = from < 2 ? 2 : from; i < to;) {
        uint8_t byte = data[i];
        if (byte <= 2 && data[i - 1] == 0 && data[i - 2] == 0) {
            return false;
        }
        i += byte == 0 ? 1 : 3;
    }
    return true;
}

enum { ESCAPE_BLOCK = 512 };

/* Of fixed length and without exit, so that compilers make vector code of it: this runs over every
 * byte that light mode leaves clear. */
static bool has_zero_pair(const uint8_t data[ESCAPE_BLOCK + 1])
{
    uint8_t least = UINT8_MAX;
    for (size_t i = 0; i < ESCAPE_BLOCK; i++) {
        uint8_t pair = (uint8_t)(data[i] | data[i + 1]);
        least = pair < least ? pair : least;
    }
    return least == 0;
}

bool svms_nal_is_escaped(const svms_nal *nal)
{
    size_t at = 0;
    while (nal->size - at > ESCAPE_BLOCK) {
        size_t end = at + ESCAPE_BLOCK + 2 < nal->size ? at + ESCAPE_BLOCK + 2 : nal->size;
        if (has_zero_pair(nal->data + at) && !is_escaped_between(nal->data, at + 2, end)) {
            return false;
        }
        at += ESCAPE_BLOCK;
    }
    return is_escaped_between(nal->data, at, nal->size);
}

/* Takes out a prevention byte as soon as it comes next, so that the end is seen where it is. */
static void skip_prevention(svms_rbsp *rbsp)
{
    if (rbsp->zeros < 2) {
        return;
    }
    svms_cursor ahead = rbsp->cursor;
    if (svms_read_u8(&ahead) == 3) {
        rbsp->cursor = ahead;
        rbsp->zeros = 0;
    }
}

svms_rbsp svms_rbsp_over(const svms_nal *nal, uint32_t codec)
{
    svms_rbsp rbsp = { svms_cursor_over(nal->data, nal->size, 0), 0 };
    (void)svms_skip(&rbsp.cursor, svms_nal_header_size(codec));
    return rbsp;
}

uint8_t svms_rbsp_u8(svms_rbsp *rbsp)
{
    uint8_t byte = svms_read_u8(&rbsp->cursor);
    rbsp->zeros = byte == 0 ? rbsp->zeros + 1 : 0;
    skip_prevention(rbsp);
    return byte;
}

bool svms_rbsp_skip(svms_rbsp *rbsp, size_t size)
{
    for (size_t i = 0; i < size && !rbsp->cursor.failed; i++) {
        (void)svms_rbsp_u8(rbsp);
    }
    return !rbsp->cursor.failed;
}

bool svms_rbsp_at_end(const svms_rbsp *rbsp)
{
    return svms_cursor_at_end(&rbsp->cursor);
}

size_t svms_nal_payload(const svms_nal *nal, uint32_t codec, uint8_t *out, size_t capacity)
{
    svms_cursor cursor = svms_cursor_over(nal->data, nal->size, 0);
    (void)svms_skip(&cursor, svms_nal_header_size(codec));
    /* At most every third byte is a prevention byte. */
    size_t left = svms_cursor_left(&cursor);
    size_t wanted = capacity + capacity / 2 + 2;
    size_t available = left < wanted ? left : wanted;
    const uint8_t *bytes = svms_read_bytes(&cursor, available);
    size_t count = 0;
    size_t at = 0;
    unsigned zeros = 0;
    while (bytes && at < available && count < capacity) {
        if (zeros == 0) {
            /* Up to the next zero there is nothing to take out. */
            size_t most = available - at < capacity - count ? available - at : capacity - count;
            const uint8_t *zero = memchr(bytes + at, 0, most);
            size_t run = zero ? (size_t)(zero - (bytes + at)) : most;
            memcpy(out + count, bytes + at, run);
            count += run;
            at += run;
            zeros = zero != NULL;
            if (zero) {
                out[count++] = 0;
                at++;
            }
        } else if (zeros >= 2 && bytes[at] == 3) {
            zeros = 0;
            at++;
        } else {
            zeros = bytes[at] == 0 ? zeros + 1 : 0;
            out[count++] = bytes[at++];
        }
    }
    return count;
}

void svms_bits_skip_ue(svms_bits *bits, unsigned count)
{
    for (unsigned i = 0; i < count && !bits->failed; i++) {
        (void)svms_bits_ue(bits);
    }
}

void svms_bits_skip(svms_bits *bits, unsigned count)
{
    for (; count > 32 && !bits->failed; count -= 32) {
        (void)svms_bits_read(bits, 32);
    }
    (void)svms_bits_read(bits, count);
}

bool svms_bits_flag(svms_bits *bits)
{
    return svms_bits_read(bits, 1) != 0;
}

unsigned svms_bits_needed(uint32_t values)
{
    unsigned bits = 0;
    while (bits < 32 && ((uint64_t)1 << bits) < values) {
        bits++;
    }
    return bits;
}
