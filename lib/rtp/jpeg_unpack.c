/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 2435 (P-JPG): fragments of a scan become a JFIF picture again. */
#include <string.h>

#include "cursor.h"
#include "jpeg_tables.h"
#include "rtp_header.h"
#include "unpacker.h"

enum { HEADER_SIZE = 8, TYPE_AT = 4, Q_AT = 5, WIDTH_AT = 6, HEIGHT_AT = 7 };
enum { RESTART_TYPES = 64, TYPE_MASK = 63, LAST_TYPE = 1 };
enum { Q_LAST_COMPUTED = 99, Q_FIRST_SENT = 128, Q_ALWAYS_SENT = 255 };

/* What one packet holds before its part of the scan. */
typedef struct jpeg_fragment {
    uint8_t header[HEADER_SIZE]; /* the offset taken out */
    uint32_t offset;
    uint16_t interval;
    svms_cursor rest;
} jpeg_fragment;

static bool read_fragment(jpeg_fragment *f, const svms_rtp_packet *packet)
{
    f->rest = svms_cursor_over(packet->payload, packet->payload_size, 0);
    svms_read_copy(&f->rest, f->header, sizeof f->header);
    f->offset = (uint32_t)f->header[1] << 16 | (uint32_t)f->header[2] << 8 | f->header[3];
    memset(f->header + 1, 0, 3);
    f->interval = 0;
    uint8_t type = f->header[TYPE_AT];
    if (type >= RESTART_TYPES) {
        f->interval = svms_read_u16(&f->rest);
        (void)svms_skip(&f->rest, 2);
    }
    return !f->rest.failed && type < 2 * RESTART_TYPES && (type & TYPE_MASK) <= LAST_TYPE &&
           f->header[WIDTH_AT] != 0 && f->header[HEIGHT_AT] != 0 &&
           !svms_rtp_has_jpeg_headers(packet);
}

static bool compute_tables(svms_jpeg_tables *tables, unsigned q)
{
    if (q == 0 || q > Q_LAST_COMPUTED) {
        return false;
    }
    tables->precision = 0;
    tables->count = 2;
    tables->size = 2 * SVMS_JPEG_TABLE_SIZE;
    svms_jpeg_quantiser(q, false, tables->data);
    svms_jpeg_quantiser(q, true, tables->data + SVMS_JPEG_TABLE_SIZE);
    return true;
}

static bool keep_tables(svms_unpacker *u, const svms_jpeg_tables *tables, unsigned q)
{
    svms_jpeg_tables **kept = &u->jpeg.kept[q - SVMS_JPEG_STATIC_FIRST];
    if (!*kept) {
        *kept = svms_alloc(u->ctx, sizeof **kept);
    }
    if (!*kept) {
        u->starved = true;
        return false;
    }
    **kept = *tables;
    return true;
}

/* Section 3.1.8. */
static bool read_tables(svms_unpacker *u, svms_jpeg_tables *tables, unsigned q, svms_cursor *cursor)
{
    (void)svms_skip(cursor, 1);
    tables->precision = svms_read_u8(cursor);
    tables->size = svms_read_u16(cursor);
    if (cursor->failed) {
        return false;
    }
    if (tables->size == 0) {
        const svms_jpeg_tables *kept =
            q != Q_ALWAYS_SENT ? u->jpeg.kept[q - SVMS_JPEG_STATIC_FIRST] : NULL;
        if (kept) {
            *tables = *kept;
        }
        return kept != NULL;
    }
    /* One table alone serves all components; FFmpeg sends such. */
    size_t first = (size_t)SVMS_JPEG_TABLE_SIZE << (tables->precision & 1u);
    size_t second = (size_t)SVMS_JPEG_TABLE_SIZE << (tables->precision >> 1 & 1u);
    tables->count = tables->size == first ? 1 : 2;
    if (tables->precision > 3 || (tables->size != first && tables->size != first + second)) {
        return false;
    }
    svms_read_copy(cursor, tables->data, tables->size);
    if (cursor->failed) {
        return false;
    }
    return q == Q_ALWAYS_SENT || keep_tables(u, tables, q);
}

static void put_marker(svms_builder *out, unsigned marker, size_t payload)
{
    svms_put_u16(out, (uint16_t)(0xFF00 | marker));
    svms_put_u16(out, (uint16_t)(payload + 2));
}

static void put_quantisers(svms_builder *out, const svms_jpeg_tables *tables)
{
    size_t at = 0;
    for (unsigned i = 0; i < tables->count; i++) {
        unsigned wide = tables->precision >> i & 1u;
        size_t size = (size_t)SVMS_JPEG_TABLE_SIZE << wide;
        put_marker(out, SVMS_JPEG_DQT, 1 + size);
        svms_put_u8(out, (uint8_t)(wide << 4 | i));
        svms_put_bytes(out, tables->data + at, size);
        at += size;
    }
}

static void put_frame(svms_builder *out, const jpeg_fragment *f, const svms_jpeg_tables *tables)
{
    uint8_t luma = (f->header[TYPE_AT] & TYPE_MASK) == 0 ? 0x21 : 0x22;
    uint8_t chroma = tables->count - 1;
    const uint8_t components[] = { 3, 1, luma, 0, 2, 0x11, chroma, 3, 0x11, chroma };
    put_marker(out, tables->precision != 0 ? SVMS_JPEG_SOF1 : SVMS_JPEG_SOF0,
               5 + sizeof components);
    svms_put_u8(out, 8);
    svms_put_u16(out, (uint16_t)(f->header[HEIGHT_AT] * 8));
    svms_put_u16(out, (uint16_t)(f->header[WIDTH_AT] * 8));
    svms_put_bytes(out, components, sizeof components);
}

static void put_huffman(svms_builder *out)
{
    for (unsigned i = 0; i < 4; i++) {
        size_t size = 0;
        const uint8_t *table = svms_jpeg_huffman(i & 1, i >> 1, &size);
        put_marker(out, SVMS_JPEG_DHT, 1 + size);
        svms_put_u8(out, (uint8_t)((i & 1) << 4 | i >> 1));
        svms_put_bytes(out, table, size);
    }
}

static void put_headers(svms_builder *out, const jpeg_fragment *f, const svms_jpeg_tables *tables)
{
    static const uint8_t jfif[] = { 'J', 'F', 'I', 'F', 0, 1, 2, 0, 0, 1, 0, 1, 0, 0 };
    static const uint8_t scan[] = { 3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0 };
    svms_put_u16(out, 0xFF00 | SVMS_JPEG_SOI);
    put_marker(out, SVMS_JPEG_APP0, sizeof jfif);
    svms_put_bytes(out, jfif, sizeof jfif);
    put_quantisers(out, tables);
    put_frame(out, f, tables);
    put_huffman(out);
    if (f->interval != 0) {
        put_marker(out, SVMS_JPEG_DRI, 2);
        svms_put_u16(out, f->interval);
    }
    put_marker(out, SVMS_JPEG_SOS, sizeof scan);
    svms_put_bytes(out, scan, sizeof scan);
}

/* The first fragment; false when no picture can be made of it. */
static bool take_first(svms_unpacker *u, jpeg_fragment *f)
{
    svms_jpeg_tables tables;
    unsigned q = f->header[Q_AT];
    bool there =
        q >= Q_FIRST_SENT ? read_tables(u, &tables, q, &f->rest) : compute_tables(&tables, q);
    if (!there) {
        return false;
    }
    memcpy(u->jpeg.header, f->header, sizeof f->header);
    u->jpeg.interval = f->interval;
    put_headers(&u->sample.bytes, f, &tables);
    u->jpeg.scan_start = u->sample.bytes.size;
    return true;
}

static bool continues(const svms_unpacker *u, const jpeg_fragment *f)
{
    return u->sample.bytes.size - u->jpeg.scan_start == f->offset &&
           memcmp(u->jpeg.header, f->header, sizeof f->header) == 0 &&
           u->jpeg.interval == f->interval;
}

static void take_scan(svms_unpacker *u, jpeg_fragment *f)
{
    size_t size = svms_cursor_left(&f->rest);
    if (size == 0) {
        svms_unpacker_damage(u, SVMS_RTP_GAP_MALFORMED);
    }
    svms_unpacker_append(u, svms_read_bytes(&f->rest, size), size);
}

static void take_fragment(svms_unpacker *u, const svms_unpack_packet *p, bool first)
{
    jpeg_fragment f;
    if (!read_fragment(&f, p->rtp)) {
        svms_unpacker_damage(u, SVMS_RTP_GAP_MALFORMED);
        return;
    }
    if (first && f.offset == 0) {
        /* Nothing before this one is missing of this picture. */
        u->sample.damage = 0;
        if (!take_first(u, &f)) {
            svms_unpacker_damage(u, SVMS_RTP_GAP_MALFORMED);
            return;
        }
    } else if (first || (u->sample.bytes.status == SVMS_OK && !continues(u, &f))) {
        svms_unpacker_incoherent(u);
    }
    if (u->sample.damage == 0) {
        take_scan(u, &f);
    }
}

static void put_end(svms_unpacker *u)
{
    svms_builder *bytes = &u->sample.bytes;
    bool there = bytes->size >= 2 && bytes->data[bytes->size - 2] == 0xFF &&
                 bytes->data[bytes->size - 1] == SVMS_JPEG_EOI;
    if (!there && bytes->size > 0) {
        svms_put_u16(bytes, 0xFF00 | SVMS_JPEG_EOI);
    }
}

static void end(svms_unpacker *u)
{
    svms_unpacker_incoherent(u);
    put_end(u);
    svms_unpacker_finish(u);
}

static void unpack(svms_unpacker *u, const svms_unpack_packet *p)
{
    if (u->sample.open && u->sample.time != p->time) {
        end(u);
    }
    bool first = !u->sample.open;
    svms_unpacker_begin(u, p, false);
    u->sample.sync = true;
    take_fragment(u, p, first);
    if (p->rtp->marker) {
        put_end(u);
        svms_unpacker_finish(u);
    }
}

const svms_unpacker_kind svms_unpack_jpeg = { unpack, end };
