/* SPDX-License-Identifier: Apache-2.0 */
#include "jpeg_picture.h"

#include <string.h>

#include "cursor.h"
#include "failure.h"

static svms_status refuse(svms_error *err, const svms_jpeg_segment *seg, const char *what)
{
    return svms_fail_at(err, SVMS_E_UNSUPPORTED, seg->offset,
                        "a JPEG picture that RTP cannot say: %s", what);
}

static svms_status take_quantisers(svms_jpeg_picture *picture, const svms_jpeg_segment *seg,
                                   svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(seg->data, seg->size, seg->offset + 4);
    while (!svms_cursor_at_end(&cursor)) {
        uint8_t which = svms_read_u8(&cursor);
        unsigned wide = which >> 4;
        unsigned slot = which & 15u;
        if (slot >= SVMS_JPEG_QUANTISERS || wide > 1) {
            return refuse(err, seg, "a quantisation table of nobody's");
        }
        const uint8_t *table = svms_read_bytes(&cursor, (size_t)SVMS_JPEG_TABLE_SIZE << wide);
        if (!table) {
            return svms_fail_at(err, SVMS_E_TRUNCATED, seg->offset,
                                "a quantisation table ends too early");
        }
        picture->quantisers[slot] = table;
        picture->needs_segments = picture->needs_segments || wide != 0;
    }
    return SVMS_OK;
}

/* Those of annex K.3 need not be sent. */
static bool has_usual_huffman(const svms_jpeg_segment *seg)
{
    svms_cursor cursor = svms_cursor_over(seg->data, seg->size, 0);
    while (!svms_cursor_at_end(&cursor)) {
        uint8_t which = svms_read_u8(&cursor);
        size_t size = 0;
        if ((which & 0xEE) != 0) {
            return false;
        }
        const uint8_t *wanted = svms_jpeg_huffman(which >> 4, which & 1u, &size);
        const uint8_t *table = svms_read_bytes(&cursor, size);
        if (!table || memcmp(table, wanted, size) != 0) {
            return false;
        }
    }
    return true;
}

/* Greyscale, 4:2:0 or 4:2:2. */
static bool take_sampling(svms_jpeg_picture *picture, const uint8_t *sampling)
{
    if (picture->components == 1) {
        picture->needs_segments = true;
        picture->type = 1;
        return true;
    }
    if (sampling[0] == 0x22 && sampling[1] == 0x12 && sampling[2] == 0x12) {
        /* 4:2:2 in blocks that RFC 2435 does not know; FFmpeg writes such. */
        picture->needs_segments = true;
        return true;
    }
    picture->type = sampling[0] == 0x22 ? 1 : 0;
    return (sampling[0] == 0x21 || sampling[0] == 0x22) && sampling[1] == 0x11 &&
           sampling[2] == 0x11;
}

static svms_status take_frame(svms_jpeg_picture *picture, const svms_jpeg_segment *seg,
                              svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(seg->data, seg->size, seg->offset + 4);
    bool is_second = picture->width != 0;
    uint8_t precision = svms_read_u8(&cursor);
    picture->height = svms_read_u16(&cursor);
    picture->width = svms_read_u16(&cursor);
    picture->components = svms_read_u8(&cursor);
    uint8_t sampling[3] = { 0 };
    for (int i = 0; i < 3 && i < picture->components; i++) {
        (void)svms_skip(&cursor, 1);
        sampling[i] = svms_read_u8(&cursor);
        picture->quantiser_of[i] = svms_read_u8(&cursor);
        if (picture->quantiser_of[i] >= SVMS_JPEG_QUANTISERS) {
            return refuse(err, seg, "a quantisation table of nobody's");
        }
    }
    if (is_second || precision != 8 || (picture->components != 1 && picture->components != 3) ||
        !svms_cursor_at_end(&cursor) || cursor.failed) {
        return refuse(err, seg, "not one frame of one or three components of 8 bits");
    }
    if (!take_sampling(picture, sampling)) {
        return refuse(err, seg, "neither greyscale nor 4:2:0 nor 4:2:2");
    }
    if (picture->width == 0 || picture->height == 0) {
        return refuse(err, seg, "a side of no pixels");
    }
    if (seg->marker != SVMS_JPEG_SOF0 || picture->width > SVMS_JPEG_SIDE_MAX ||
        picture->height > SVMS_JPEG_SIDE_MAX ||
        picture->quantiser_of[2] != picture->quantiser_of[1]) {
        picture->needs_segments = true;
    }
    return SVMS_OK;
}

static svms_status take_scan(svms_jpeg_picture *picture, const svms_jpeg_segment *seg,
                             svms_error *err)
{
    static const uint8_t usual[] = { 0x00, 0x11, 0x11 };
    svms_cursor cursor = svms_cursor_over(seg->data, seg->size, seg->offset + 4);
    uint8_t count = svms_read_u8(&cursor);
    if (picture->scan || picture->width == 0 || count != picture->components) {
        return refuse(err, seg, "not one scan of all components");
    }
    for (int i = 0; i < count && i < 3; i++) {
        (void)svms_skip(&cursor, 1);
        if (svms_read_u8(&cursor) != usual[i]) {
            picture->needs_segments = true;
        }
    }
    if (!svms_skip(&cursor, 3) || !svms_cursor_at_end(&cursor)) {
        return refuse(err, seg, "a scan header of another length");
    }
    if (seg->scan_size == 0 || seg->scan_size > SVMS_JPEG_SCAN_MAX) {
        return svms_fail_at(err, SVMS_E_LIMIT, seg->offset, "a scan of %zu bytes", seg->scan_size);
    }
    picture->sos_at = seg->offset;
    picture->scan = picture->data + seg->scan_offset;
    picture->scan_size = seg->scan_size;
    return SVMS_OK;
}

static svms_status take_segment(svms_jpeg_picture *picture, const svms_jpeg_segment *seg,
                                svms_error *err)
{
    switch (seg->marker) {
    case SVMS_JPEG_DQT:
        return take_quantisers(picture, seg, err);
    case SVMS_JPEG_DHT:
        picture->has_huffman = true;
        picture->needs_segments = picture->needs_segments || !has_usual_huffman(seg);
        return SVMS_OK;
    case SVMS_JPEG_SOF0:
    case SVMS_JPEG_SOF1:
        return take_frame(picture, seg, err);
    case SVMS_JPEG_SOS:
        return take_scan(picture, seg, err);
    case SVMS_JPEG_DRI: {
        svms_cursor cursor = svms_cursor_over(seg->data, seg->size, 0);
        picture->interval = svms_read_u16(&cursor);
        return SVMS_OK;
    }
    default:
        if (seg->marker > SVMS_JPEG_SOF1 && seg->marker < 0xD0) {
            return refuse(err, seg, "neither baseline nor sequential with Huffman codes");
        }
        return SVMS_OK;
    }
}

svms_status svms_jpeg_picture_read(svms_jpeg_picture *out, const svms_sample *sample,
                                   svms_error *err)
{
    svms_jpeg_iterator it = SVMS_JPEG_ITERATOR_INIT;
    svms_jpeg_segment seg = SVMS_JPEG_SEGMENT_INIT;
    *out = (svms_jpeg_picture){ .data = sample->data };
    svms_status status = svms_jpeg_begin(&it, sample->data, sample->size);
    if (status != SVMS_OK) {
        return svms_fail(err, status, "the sample has no bytes");
    }
    while ((status = svms_jpeg_next(&it, &seg, err)) == SVMS_OK) {
        status = take_segment(out, &seg, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (status != SVMS_END) {
        return status;
    }
    bool has_all = out->scan && (out->has_huffman || !out->needs_segments);
    for (int i = 0; i < out->components; i++) {
        has_all = has_all && out->quantisers[out->quantiser_of[i]];
    }
    return has_all ? SVMS_OK
                   : svms_fail(err, SVMS_E_UNSUPPORTED,
                               "a JPEG picture that RTP cannot say: tables or scan are missing");
}
