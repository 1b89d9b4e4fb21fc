/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 2435 the other way (P-JPG-5): what the receiver makes itself must be what the picture has.
 * Other pictures take their segments with them, in ONVIF's header extension (P-JPG-10). */
#include <string.h>

#include "failure.h"
#include "jpeg_picture.h"
#include "packer.h"
#include "rtp_header.h"

enum {
    HEADER_SIZE = 8,
    RESTART_SIZE = 4,
    TABLES_HEADER_SIZE = 4,
    TABLES_SIZE = 2 * SVMS_JPEG_TABLE_SIZE,
    RESTART_TYPE = 64,
    Q_ALWAYS_SENT = 255,
    Q_NOT_SENT = 0,
    PART_HEAD_SIZE = 4,
    /* An RTP header with its extension has at most 2,048 bytes (SR-PKT-2). */
    PART_MAX = 1024,
    SOI_SIZE = 2
};

/* What stands in front of each part of the scan. */
typedef struct jpeg_header {
    uint8_t bytes[HEADER_SIZE + RESTART_SIZE];
    size_t size;
} jpeg_header;

static uint8_t in_blocks(uint16_t pixels)
{
    return (uint8_t)((pixels + 7) / 8);
}

static jpeg_header make_header(const svms_jpeg_picture *picture)
{
    jpeg_header header = { { 0 }, HEADER_SIZE };
    bool restarts = picture->interval != 0;
    header.bytes[4] = (uint8_t)(picture->type + (restarts ? RESTART_TYPE : 0));
    header.bytes[5] = picture->needs_segments ? Q_NOT_SENT : Q_ALWAYS_SENT;
    if (picture->width <= SVMS_JPEG_SIDE_MAX && picture->height <= SVMS_JPEG_SIDE_MAX) {
        header.bytes[6] = in_blocks(picture->width);
        header.bytes[7] = in_blocks(picture->height);
    }
    if (restarts) {
        svms_store_u16(header.bytes + HEADER_SIZE, picture->interval);
        /* Intervals are not kept together: F and L are set, the count says "whole frames". */
        svms_store_u16(header.bytes + HEADER_SIZE + 2, 0xFFFF);
        header.size += RESTART_SIZE;
    }
    return header;
}

static void set_offset(jpeg_header *header, size_t at)
{
    header->bytes[1] = (uint8_t)(at >> 16);
    header->bytes[2] = (uint8_t)(at >> 8);
    header->bytes[3] = (uint8_t)at;
}

/* The scan from `at` on; tables stand before its first byte. */
static svms_status send_scan(svms_packer *packer, const svms_jpeg_picture *picture,
                             jpeg_header *header, size_t at, const svms_iovec *tables)
{
    svms_status status = SVMS_OK;
    while (at < picture->scan_size && status == SVMS_OK) {
        size_t tables_size = at == 0 ? tables->size : 0;
        size_t most = packer->room - header->size - tables_size;
        size_t left = picture->scan_size - at;
        size_t part = left < most ? left : most;
        set_offset(header, at);
        svms_iovec pieces[] = { { header->bytes, header->size },
                                { tables->data, tables_size },
                                { picture->scan + at, part } };
        at += part;
        status = packer->emit(packer->owner, pieces, 3, at == picture->scan_size, 0);
    }
    return status;
}

static svms_status send_plain(svms_packer *packer, const svms_jpeg_picture *picture)
{
    uint8_t tables[TABLES_HEADER_SIZE + TABLES_SIZE] = { 0 };
    jpeg_header header = make_header(picture);
    svms_store_u16(tables + 2, TABLES_SIZE);
    for (int i = 0; i < 2; i++) {
        memcpy(tables + TABLES_HEADER_SIZE + (size_t)i * SVMS_JPEG_TABLE_SIZE,
               picture->quantisers[picture->quantiser_of[i]], SVMS_JPEG_TABLE_SIZE);
    }
    svms_iovec whole = { tables, sizeof tables };
    return send_scan(packer, picture, &header, 0, &whole);
}

/* All segments up to SOS as they are, and before that as many fill bytes as make whole words. */
static svms_status copy_segments(svms_builder *out, const svms_jpeg_picture *picture,
                                 svms_error *err)
{
    static const uint8_t fill[] = { 0xFF, 0xFF, 0xFF };
    size_t scan_at = (size_t)(picture->scan - picture->data);
    size_t size = scan_at - SOI_SIZE;
    svms_put_bytes(out, picture->data + SOI_SIZE, picture->sos_at - SOI_SIZE);
    svms_put_bytes(out, fill, (4 - size % 4) % 4);
    svms_put_bytes(out, picture->data + picture->sos_at, scan_at - picture->sos_at);
    return svms_builder_check(out, "the segments of a picture", err);
}

/* The last of these packets has the beginning of the scan, *sent bytes of it. */
static svms_status send_segments(svms_packer *packer, const svms_jpeg_picture *picture,
                                 const svms_builder *segments, jpeg_header *header, size_t *sent)
{
    svms_status status = SVMS_OK;
    size_t room = packer->room - header->size - PART_HEAD_SIZE;
    size_t most = (room < PART_MAX ? room - 1 : PART_MAX) & ~(size_t)3;
    for (size_t at = 0; at < segments->size && status == SVMS_OK;) {
        size_t left = segments->size - at;
        bool is_last = left <= most;
        svms_rtp_jpeg_part part = { at == 0 ? SVMS_RTP_JPEG_PROFILE : SVMS_RTP_JPEG_PROFILE_NEXT,
                                    segments->data + at, is_last ? left : most };
        at += part.size;
        if (is_last) {
            *sent = room - part.size;
            *sent = *sent < picture->scan_size ? *sent : picture->scan_size;
        }
        bool has_header = part.profile == SVMS_RTP_JPEG_PROFILE || is_last;
        svms_iovec pieces[] = { { header->bytes, has_header ? header->size : 0 },
                                { picture->scan, *sent } };
        packer->part = &part;
        status = packer->emit(packer->owner, pieces, 2, *sent == picture->scan_size, 0);
        packer->part = NULL;
    }
    return status;
}

static svms_status send_with_segments(svms_packer *packer, const svms_jpeg_picture *picture,
                                      svms_error *err)
{
    static const svms_iovec no_tables = { NULL, 0 };
    svms_builder segments = svms_builder_new(packer->format->ctx, SIZE_MAX);
    jpeg_header header = make_header(picture);
    size_t sent = 0;
    svms_status status = copy_segments(&segments, picture, err);
    if (status == SVMS_OK) {
        status = send_segments(packer, picture, &segments, &header, &sent);
    }
    if (status == SVMS_OK) {
        status = send_scan(packer, picture, &header, sent, &no_tables);
    }
    svms_builder_clear(&segments);
    return status;
}

svms_status svms_pack_jpeg(svms_packer *packer, const svms_sample *sample, svms_error *err)
{
    svms_jpeg_picture picture;
    svms_status status = svms_jpeg_picture_read(&picture, sample, err);
    if (status != SVMS_OK) {
        return status;
    }
    return picture.needs_segments ? send_with_segments(packer, &picture, err)
                                  : send_plain(packer, &picture);
}
