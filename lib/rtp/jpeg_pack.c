/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 2435 the other way (P-JPG-5): what the receiver makes itself must be what the picture has. */
#include <string.h>

#include "cursor.h"
#include "failure.h"
#include "jpeg_tables.h"
#include "packer.h"

enum {
    HEADER_SIZE = 8,
    RESTART_SIZE = 4,
    TABLES_HEADER_SIZE = 4,
    TABLES_SIZE = 2 * SVMS_JPEG_TABLE_SIZE,
    RESTART_TYPE = 64,
    Q_ALWAYS_SENT = 255,
    SIDE_MAX = 2040,
    SCAN_MAX = 0xFFFFFF,
    QUANTISERS = 4
};

typedef struct jpeg_picture {
    const uint8_t *quantisers[QUANTISERS];
    bool frame_seen;
    uint8_t type; /* without restart markers */
    uint8_t quantiser_of[3];
    uint16_t width;
    uint16_t height;
    uint16_t interval;
    uint8_t tables[2][SVMS_JPEG_TABLE_SIZE]; /* of the scan, when the picture was read */
    const uint8_t *scan;                     /* NULL until it was seen */
    size_t scan_size;
} jpeg_picture;

static svms_status refuse(svms_error *err, const svms_jpeg_segment *seg, const char *what)
{
    return svms_fail_at(err, SVMS_E_UNSUPPORTED, seg->offset,
                        "a JPEG picture that RFC 2435 cannot say: %s", what);
}

static svms_status take_quantisers(jpeg_picture *picture, const svms_jpeg_segment *seg,
                                   svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(seg->data, seg->size, seg->offset + 4);
    while (!svms_cursor_at_end(&cursor)) {
        uint8_t which = svms_read_u8(&cursor);
        const uint8_t *table = svms_read_bytes(&cursor, SVMS_JPEG_TABLE_SIZE);
        if (which >= QUANTISERS) {
            return refuse(err, seg, "quantisation tables of 16 bits");
        }
        if (!table) {
            return svms_fail_at(err, SVMS_E_TRUNCATED, seg->offset,
                                "a quantisation table ends too early");
        }
        picture->quantisers[which] = table;
    }
    return SVMS_OK;
}

static svms_status check_huffman(const svms_jpeg_segment *seg, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(seg->data, seg->size, seg->offset + 4);
    while (!svms_cursor_at_end(&cursor)) {
        uint8_t which = svms_read_u8(&cursor);
        if ((which & 0xEE) != 0) {
            return refuse(err, seg, "more Huffman tables than two of a kind");
        }
        size_t size = 0;
        const uint8_t *wanted = svms_jpeg_huffman(which >> 4, which & 1u, &size);
        const uint8_t *table = svms_read_bytes(&cursor, size);
        if (!table || memcmp(table, wanted, size) != 0) {
            return refuse(err, seg, "Huffman tables of its own");
        }
    }
    return SVMS_OK;
}

static svms_status take_frame(jpeg_picture *picture, const svms_jpeg_segment *seg, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(seg->data, seg->size, seg->offset + 4);
    uint8_t precision = svms_read_u8(&cursor);
    picture->height = svms_read_u16(&cursor);
    picture->width = svms_read_u16(&cursor);
    uint8_t components = svms_read_u8(&cursor);
    uint8_t sampling[3] = { 0 };
    for (int i = 0; i < 3; i++) {
        (void)svms_skip(&cursor, 1);
        sampling[i] = svms_read_u8(&cursor);
        picture->quantiser_of[i] = svms_read_u8(&cursor);
    }
    if (picture->frame_seen || precision != 8 || components != 3 || !svms_cursor_at_end(&cursor)) {
        return refuse(err, seg, "not one frame of three components of 8 bits");
    }
    bool known =
        (sampling[0] == 0x21 || sampling[0] == 0x22) && sampling[1] == 0x11 && sampling[2] == 0x11;
    if (!known) {
        return refuse(err, seg, "neither 4:2:0 nor 4:2:2");
    }
    if (picture->width == 0 || picture->height == 0 || picture->width > SIDE_MAX ||
        picture->height > SIDE_MAX) {
        return refuse(err, seg, "a side that is not 1 to 2,040 pixels");
    }
    if (picture->quantiser_of[0] >= QUANTISERS || picture->quantiser_of[1] >= QUANTISERS ||
        picture->quantiser_of[2] != picture->quantiser_of[1]) {
        return refuse(err, seg, "more quantisation tables than two");
    }
    picture->frame_seen = true;
    picture->type = sampling[0] == 0x22 ? 1 : 0;
    return SVMS_OK;
}

static svms_status take_scan(jpeg_picture *picture, const svms_jpeg_segment *seg,
                             const uint8_t *data, svms_error *err)
{
    static const uint8_t tables[] = { 0x00, 0x11, 0x11 };
    svms_cursor cursor = svms_cursor_over(seg->data, seg->size, seg->offset + 4);
    bool sound = svms_read_u8(&cursor) == 3;
    for (int i = 0; i < 3; i++) {
        (void)svms_skip(&cursor, 1);
        sound = svms_read_u8(&cursor) == tables[i] && sound;
    }
    if (!sound || cursor.failed || picture->scan || !picture->frame_seen) {
        return refuse(err, seg, "not one scan of all components with the usual tables");
    }
    if (seg->scan_size == 0 || seg->scan_size > SCAN_MAX) {
        return svms_fail_at(err, SVMS_E_LIMIT, seg->offset, "a scan of %zu bytes", seg->scan_size);
    }
    picture->scan = data + seg->scan_offset;
    picture->scan_size = seg->scan_size;
    return SVMS_OK;
}

static svms_status take_segment(jpeg_picture *picture, const svms_jpeg_segment *seg,
                                const uint8_t *data, svms_error *err)
{
    switch (seg->marker) {
    case SVMS_JPEG_DQT:
        return take_quantisers(picture, seg, err);
    case SVMS_JPEG_DHT:
        return check_huffman(seg, err);
    case SVMS_JPEG_SOF0:
        return take_frame(picture, seg, err);
    case SVMS_JPEG_SOS:
        return take_scan(picture, seg, data, err);
    case SVMS_JPEG_DRI: {
        svms_cursor cursor = svms_cursor_over(seg->data, seg->size, 0);
        picture->interval = svms_read_u16(&cursor);
        return SVMS_OK;
    }
    default:
        /* Any other SOF is not baseline; APPn and COM are not sent. */
        if (seg->marker > SVMS_JPEG_SOF0 && seg->marker < 0xD0) {
            return refuse(err, seg, "not baseline");
        }
        return SVMS_OK;
    }
}

static svms_status read_picture(jpeg_picture *picture, const svms_sample *sample, svms_error *err)
{
    svms_jpeg_iterator it = SVMS_JPEG_ITERATOR_INIT;
    svms_jpeg_segment seg = SVMS_JPEG_SEGMENT_INIT;
    svms_status status = svms_jpeg_begin(&it, sample->data, sample->size);
    if (status != SVMS_OK) {
        return svms_fail(err, status, "the sample has no bytes");
    }
    while ((status = svms_jpeg_next(&it, &seg, err)) == SVMS_OK) {
        status = take_segment(picture, &seg, sample->data, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (status != SVMS_END) {
        return status;
    }
    const uint8_t *luma = picture->quantisers[picture->quantiser_of[0]];
    const uint8_t *chroma = picture->quantisers[picture->quantiser_of[1]];
    if (!picture->scan || !luma || !chroma) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "a JPEG picture that RFC 2435 cannot say: tables or scan are missing");
    }
    memcpy(picture->tables[0], luma, SVMS_JPEG_TABLE_SIZE);
    memcpy(picture->tables[1], chroma, SVMS_JPEG_TABLE_SIZE);
    return SVMS_OK;
}

static svms_status send_picture(svms_packer *packer, const jpeg_picture *picture)
{
    uint8_t header[HEADER_SIZE + RESTART_SIZE] = { 0 };
    uint8_t tables[TABLES_HEADER_SIZE + TABLES_SIZE] = { 0 };
    bool restarts = picture->interval != 0;
    header[4] = (uint8_t)(picture->type + (restarts ? RESTART_TYPE : 0));
    header[5] = Q_ALWAYS_SENT;
    header[6] = (uint8_t)((picture->width + 7) / 8);
    header[7] = (uint8_t)((picture->height + 7) / 8);
    svms_store_u16(header + HEADER_SIZE, picture->interval);
    /* Restart intervals are not kept together: F and L are set, the count says "whole frames". */
    svms_store_u16(header + HEADER_SIZE + 2, 0xFFFF);
    svms_store_u16(tables + 2, TABLES_SIZE);
    memcpy(tables + TABLES_HEADER_SIZE, picture->tables, sizeof picture->tables);
    size_t header_size = HEADER_SIZE + (restarts ? (size_t)RESTART_SIZE : 0);
    svms_status status = SVMS_OK;
    size_t at = 0;
    while (at < picture->scan_size && status == SVMS_OK) {
        size_t tables_size = at == 0 ? sizeof tables : 0;
        size_t most = packer->room - header_size - tables_size;
        size_t left = picture->scan_size - at;
        size_t part = left < most ? left : most;
        header[1] = (uint8_t)(at >> 16);
        header[2] = (uint8_t)(at >> 8);
        header[3] = (uint8_t)at;
        svms_iovec pieces[] = { { header, header_size },
                                { tables, tables_size },
                                { picture->scan + at, part } };
        at += part;
        status = packer->emit(packer->owner, pieces, 3, at == picture->scan_size, 0);
    }
    return status;
}

svms_status svms_pack_jpeg(svms_packer *packer, const svms_sample *sample, svms_error *err)
{
    jpeg_picture picture = { .scan = NULL };
    svms_status status = read_picture(&picture, sample, err);
    return status == SVMS_OK ? send_picture(packer, &picture) : status;
}
