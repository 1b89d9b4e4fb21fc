/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 2435 and ONVIF's header extension (P-JPG): fragments of a scan become a JFIF picture again.
 */
#include <string.h>

#include "cursor.h"
#include "jpeg_tables.h"
#include "rtp_header.h"
#include "unpacker.h"

enum { HEADER_SIZE = 8, TYPE_AT = 4, Q_AT = 5, WIDTH_AT = 6, HEIGHT_AT = 7 };
enum { RESTART_TYPES = 64 };
enum { Q_LAST_COMPUTED = 99, Q_FIRST_SENT = 128, Q_ALWAYS_SENT = 255 };

/* What one packet holds before its part of the scan. */
typedef struct jpeg_fragment {
    svms_rtp_jpeg_part part;     /* of ONVIF's header extension */
    bool has_header;             /* a packet that brings segments alone may be without */
    uint8_t header[HEADER_SIZE]; /* the offset taken out */
    uint32_t offset;
    uint16_t interval;
    svms_cursor rest;
} jpeg_fragment;

static bool read_fragment(jpeg_fragment *f, const svms_rtp_packet *packet)
{
    memset(f, 0, sizeof *f);
    f->rest = svms_cursor_over(packet->payload, packet->payload_size, 0);
    if (!svms_rtp_read_jpeg_part(&f->part, packet)) {
        return false;
    }
    if (packet->payload_size == 0 && f->part.profile == SVMS_RTP_JPEG_PROFILE_NEXT) {
        return true;
    }
    f->has_header = true;
    svms_read_copy(&f->rest, f->header, sizeof f->header);
    f->offset = (uint32_t)f->header[1] << 16 | (uint32_t)f->header[2] << 8 | f->header[3];
    memset(f->header + 1, 0, 3);
    uint8_t type = f->header[TYPE_AT];
    if (type >= RESTART_TYPES && type < 2 * RESTART_TYPES) {
        f->interval = svms_read_u16(&f->rest);
        (void)svms_skip(&f->rest, 2);
    }
    return !f->rest.failed;
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

/* The tables of a first fragment, or of another with offset 0; false: there are none that are
 * known. */
static bool take_tables(svms_unpacker *u, jpeg_fragment *f, svms_jpeg_tables *tables)
{
    unsigned q = f->header[Q_AT];
    return q >= Q_FIRST_SENT ? read_tables(u, tables, q, &f->rest) : compute_tables(tables, q);
}

/* What stands before the scan; false when no picture can be made of it. */
static bool put_head(svms_unpacker *u, const svms_builder *segments)
{
    const svms_jpeg_tables *tables = &u->jpeg.tables;
    svms_jpeg_said said = { .tables = u->jpeg.has_tables ? tables : NULL,
                            .type = u->jpeg.header[TYPE_AT],
                            .width = u->jpeg.header[WIDTH_AT],
                            .height = u->jpeg.header[HEIGHT_AT],
                            .interval = u->jpeg.interval };
    bool made = svms_jpeg_head_put(u->jpeg.head, &u->sample.bytes, &said, segments);
    u->jpeg.scan_start = u->sample.bytes.size;
    return made;
}

/* There is nothing before this picture, or it is not known what: then what it brought for this one
 * is missing, too. */
static bool prepare_head(svms_unpacker *u)
{
    svms_jpeg_state *jpeg = &u->jpeg;
    if (!jpeg->head) {
        jpeg->head = svms_alloc(u->ctx, sizeof *jpeg->head);
        if (!jpeg->head) {
            u->starved = true;
            return false;
        }
        svms_jpeg_head_reset(jpeg->head);
    } else if (u->fresh) {
        svms_jpeg_head_reset(jpeg->head);
    } else if (u->missing != 0 || jpeg->is_broken) {
        svms_jpeg_head_forget(jpeg->head);
    }
    return true;
}

/* The first fragment; false when no picture can be made of it. */
static bool take_first(svms_unpacker *u, jpeg_fragment *f)
{
    svms_jpeg_state *jpeg = &u->jpeg;
    bool is_marked = f->part.profile != 0;
    /* Q 0 leaves the tables to the segments, or to the picture before. */
    jpeg->has_tables = !is_marked || f->header[Q_AT] != 0;
    if (!prepare_head(u) || (jpeg->has_tables && !take_tables(u, f, &jpeg->tables))) {
        return false;
    }
    memcpy(jpeg->header, f->header, sizeof f->header);
    jpeg->interval = f->interval;
    jpeg->is_marked = is_marked;
    jpeg->is_collecting = is_marked;
    if (!is_marked) {
        return put_head(u, NULL);
    }
    svms_builder_reset(&jpeg->segments);
    return true;
}

static bool continues(const svms_unpacker *u, const jpeg_fragment *f)
{
    bool is_next = u->jpeg.is_marked || u->sample.bytes.size - u->jpeg.scan_start == f->offset;
    return !f->has_header || (is_next && memcmp(u->jpeg.header, f->header, sizeof f->header) == 0 &&
                              u->jpeg.interval == f->interval);
}

/* Header extensions up to the first part of the scan are the head. */
static void end_segments(svms_unpacker *u)
{
    u->jpeg.is_collecting = false;
    if (u->jpeg.segments.status != SVMS_OK) {
        bool starved = u->jpeg.segments.status == SVMS_E_NO_MEMORY;
        u->starved = u->starved || starved;
        svms_unpacker_damage(u, starved ? SVMS_RTP_GAP_MEMORY : SVMS_RTP_GAP_LIMIT);
    } else if (!put_head(u, &u->jpeg.segments)) {
        svms_unpacker_damage(u, SVMS_RTP_GAP_MALFORMED);
    }
}

static void take_parts(svms_unpacker *u, jpeg_fragment *f, bool marker)
{
    size_t size = svms_cursor_left(&f->rest);
    if (u->jpeg.is_collecting) {
        svms_put_bytes(&u->jpeg.segments, f->part.data, f->part.size);
        if (size > 0 || marker) {
            end_segments(u);
        }
    } else if (f->part.size > 0) {
        svms_unpacker_append(u, f->part.data, f->part.size);
    }
    if (size == 0 && f->part.profile == 0) {
        svms_unpacker_damage(u, SVMS_RTP_GAP_MALFORMED);
    }
    svms_unpacker_append(u, svms_read_bytes(&f->rest, size), size);
}

/* Behind offset 0 stand the tables again, also in packets that are not the first. */
static bool skip_tables(svms_unpacker *u, jpeg_fragment *f)
{
    svms_jpeg_tables again;
    bool there = f->has_header && f->offset == 0 && f->header[Q_AT] >= Q_FIRST_SENT;
    return !there || read_tables(u, &again, f->header[Q_AT], &f->rest);
}

static void take_fragment(svms_unpacker *u, const svms_unpack_packet *p, bool first)
{
    jpeg_fragment f;
    if (!read_fragment(&f, p->rtp)) {
        svms_unpacker_damage(u, SVMS_RTP_GAP_MALFORMED);
        return;
    }
    bool begins = f.part.profile == SVMS_RTP_JPEG_PROFILE || (f.part.profile == 0 && f.offset == 0);
    if (first && begins) {
        /* Nothing before this one is missing of this picture. */
        u->sample.damage = 0;
        if (!take_first(u, &f)) {
            svms_unpacker_damage(u, SVMS_RTP_GAP_MALFORMED);
            return;
        }
    } else if (first || f.part.profile == SVMS_RTP_JPEG_PROFILE ||
               (u->sample.bytes.status == SVMS_OK && !continues(u, &f))) {
        svms_unpacker_incoherent(u);
    } else if (u->jpeg.is_marked && !skip_tables(u, &f)) {
        svms_unpacker_damage(u, SVMS_RTP_GAP_MALFORMED);
    }
    if (u->sample.damage == 0) {
        take_parts(u, &f, p->rtp->marker != 0);
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

static void finish(svms_unpacker *u)
{
    if (u->sample.damage == 0 && u->sample.bytes.size == u->jpeg.scan_start) {
        svms_unpacker_damage(u, SVMS_RTP_GAP_MALFORMED);
    }
    put_end(u);
    u->jpeg.is_broken = u->sample.damage != 0 || u->sample.bytes.status != SVMS_OK;
    svms_unpacker_finish(u);
}

static void end(svms_unpacker *u)
{
    svms_unpacker_incoherent(u);
    finish(u);
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
        finish(u);
    }
}

const svms_unpacker_kind svms_unpack_jpeg = { unpack, end };
