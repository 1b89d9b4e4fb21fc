/* SPDX-License-Identifier: Apache-2.0 */
#include "jpeg_head.h"

#include <string.h>

enum { TYPE_MASK = 63, LAST_TYPE = 1, DYNAMIC_TYPES = 128 };
enum { SOF_FIRST = 0xC0, SOF_LAST = 0xCF, JPG = 0xC8, DAC = 0xCC, APP14 = 0xEE };
enum { COMPONENTS_MAX = 4, SCAN_MAX = 1 + 2 * COMPONENTS_MAX + 3 };

/* The one picture whose head is being made. */
typedef struct making {
    svms_jpeg_head *head;
    unsigned quantisers_given; /* bit: slot */
    unsigned huffman_given;    /* bit: class * SVMS_JPEG_SLOTS + slot */
    bool frame_given;
    bool interval_given;
    bool application_given; /* JFIF's or Adobe's: they say how colours are meant */
    uint8_t scan_size;      /* of SOS */
    uint8_t scan[SCAN_MAX];
    size_t until;        /* where SOS, or the end, is in the segments */
    svms_cursor entropy; /* what stands behind SOS there */
} making;

typedef struct segment {
    size_t offset; /* of its first fill byte */
    uint8_t marker;
    svms_cursor payload;
} segment;

static void use_standard_huffman(svms_jpeg_head *head)
{
    memset(head->huffman_size, 0, sizeof head->huffman_size);
    for (unsigned i = 0; i < 4; i++) {
        unsigned table_class = i & 1;
        unsigned id = i >> 1;
        size_t size = 0;
        const uint8_t *table = svms_jpeg_huffman(table_class, id, &size);
        head->huffman[table_class][id][0] = (uint8_t)(table_class << 4 | id);
        memcpy(head->huffman[table_class][id] + 1, table, size);
        head->huffman_size[table_class][id] = (uint16_t)(1 + size);
    }
    head->huffman_is_own = false;
}

void svms_jpeg_head_reset(svms_jpeg_head *head)
{
    memset(head, 0, sizeof *head);
    use_standard_huffman(head);
}

void svms_jpeg_head_forget(svms_jpeg_head *head)
{
    memset(head->quantiser_size, 0, sizeof head->quantiser_size);
    head->frame_marker = 0;
    if (head->huffman_is_own) {
        memset(head->huffman_size, 0, sizeof head->huffman_size);
    }
}

static bool take_quantisers(making *m, svms_cursor *payload)
{
    while (!svms_cursor_at_end(payload) && !payload->failed) {
        uint8_t which = svms_read_u8(payload);
        unsigned slot = which & 15u;
        size_t size = (size_t)SVMS_JPEG_TABLE_SIZE << (which >> 4 & 1u);
        const uint8_t *table = svms_read_bytes(payload, size);
        if (!table || slot >= SVMS_JPEG_SLOTS || which >> 4 > 1) {
            return false;
        }
        m->head->quantisers[slot][0] = which;
        memcpy(m->head->quantisers[slot] + 1, table, size);
        m->head->quantiser_size[slot] = (uint8_t)(1 + size);
        m->quantisers_given |= 1u << slot;
    }
    return true;
}

static bool take_huffman(making *m, svms_cursor *payload)
{
    while (!svms_cursor_at_end(payload) && !payload->failed) {
        uint8_t which = svms_read_u8(payload);
        unsigned table_class = which >> 4;
        unsigned slot = which & 15u;
        const uint8_t *lengths = svms_read_bytes(payload, SVMS_JPEG_LENGTHS);
        size_t count = 0;
        for (int i = 0; lengths && i < SVMS_JPEG_LENGTHS; i++) {
            count += lengths[i];
        }
        const uint8_t *values = svms_read_bytes(payload, count);
        if (!lengths || !values || table_class > 1 || slot >= SVMS_JPEG_SLOTS || count > 256) {
            return false;
        }
        uint8_t *table = m->head->huffman[table_class][slot];
        table[0] = which;
        memcpy(table + 1, lengths, SVMS_JPEG_LENGTHS);
        memcpy(table + 1 + SVMS_JPEG_LENGTHS, values, count);
        m->head->huffman_size[table_class][slot] = (uint16_t)(1 + SVMS_JPEG_LENGTHS + count);
        m->head->huffman_is_own = true;
        m->huffman_given |= 1u << (table_class * SVMS_JPEG_SLOTS + slot);
    }
    return true;
}

static bool take_frame(making *m, uint8_t marker, svms_cursor *payload)
{
    size_t size = svms_cursor_left(payload);
    const uint8_t *frame = svms_read_bytes(payload, size);
    bool sound = !m->frame_given && size >= 6 && size <= sizeof m->head->frame;
    if (!sound || frame[5] == 0 || size != 6 + 3 * (size_t)frame[5]) {
        return false;
    }
    memcpy(m->head->frame, frame, size);
    m->head->frame_size = (uint8_t)size;
    m->head->frame_marker = marker;
    m->frame_given = true;
    return true;
}

static bool take_scan(making *m, svms_cursor *payload)
{
    size_t size = svms_cursor_left(payload);
    const uint8_t *scan = svms_read_bytes(payload, size);
    if (size < 1 || size > sizeof m->scan || scan[0] == 0 || size != 4 + 2 * (size_t)scan[0]) {
        return false;
    }
    memcpy(m->scan, scan, size);
    m->scan_size = (uint8_t)size;
    return true;
}

static bool is_frame(uint8_t marker)
{
    return marker >= SOF_FIRST && marker <= SOF_LAST && marker != SVMS_JPEG_DHT && marker != JPG &&
           marker != DAC;
}

static bool take_segment(making *m, segment *seg)
{
    switch (seg->marker) {
    case SVMS_JPEG_DQT:
        return take_quantisers(m, &seg->payload);
    case SVMS_JPEG_DHT:
        return take_huffman(m, &seg->payload);
    case SVMS_JPEG_SOS:
        return take_scan(m, &seg->payload);
    case SVMS_JPEG_DRI:
        m->interval_given = true;
        return svms_cursor_left(&seg->payload) == 2;
    case SVMS_JPEG_APP0:
    case APP14:
        m->application_given = true;
        return true;
    default:
        if (is_frame(seg->marker)) {
            return take_frame(m, seg->marker, &seg->payload);
        }
        /* DAC, DNL to COM; whatever else stands alone has no place here. */
        return seg->marker == DAC || seg->marker > SVMS_JPEG_SOS;
    }
}

/* False at the end, or where no segment can be; then the cursor has failed. */
static bool next_segment(svms_cursor *cursor, segment *seg)
{
    seg->offset = cursor->position;
    uint8_t byte = svms_cursor_at_end(cursor) ? 0xFF : svms_read_u8(cursor);
    if (byte != 0xFF) {
        cursor->failed = true;
    }
    while (byte == 0xFF && !svms_cursor_at_end(cursor)) {
        byte = svms_read_u8(cursor);
    }
    if (byte == 0xFF || cursor->failed) {
        return false;
    }
    seg->marker = byte;
    size_t length = svms_read_u16(cursor);
    seg->payload = svms_read_sub(cursor, length >= 2 ? length - 2 : 0);
    cursor->failed = cursor->failed || length < 2;
    return !cursor->failed;
}

static bool take_segments(making *m, const svms_builder *segments)
{
    static const uint8_t none = 0;
    svms_cursor cursor =
        svms_cursor_over(segments->size > 0 ? segments->data : &none, segments->size, 0);
    segment seg;
    memset(&seg, 0, sizeof seg);
    m->entropy = svms_cursor_over(&none, 0, 0);
    while (m->scan_size == 0 && next_segment(&cursor, &seg)) {
        if (!take_segment(m, &seg)) {
            return false;
        }
    }
    m->until = seg.offset;
    if (m->scan_size > 0) {
        m->entropy = svms_read_sub(&cursor, svms_cursor_left(&cursor));
    }
    return !cursor.failed;
}

static void use_tables(making *m, const svms_jpeg_tables *tables)
{
    const uint8_t *next = tables->data;
    for (unsigned slot = 0; slot < 2; slot++) {
        unsigned from = slot < tables->count ? slot : 0;
        unsigned wide = tables->precision >> from & 1u;
        size_t size = (size_t)SVMS_JPEG_TABLE_SIZE << wide;
        next = from == slot ? next : tables->data;
        m->head->quantisers[slot][0] = (uint8_t)(wide << 4 | slot);
        memcpy(m->head->quantisers[slot] + 1, next, size);
        m->head->quantiser_size[slot] = (uint8_t)(1 + size);
        next += size;
    }
}

/* RFC 2435 section 3.1.3 and appendix B; false where the picture before was to be asked, and is
 * not known. */
static bool derive_frame(making *m, const svms_jpeg_said *said)
{
    if (said->width == 0 && said->height == 0) {
        return m->head->frame_marker != 0;
    }
    if (said->type >= DYNAMIC_TYPES || (said->type & TYPE_MASK) > LAST_TYPE || said->width == 0 ||
        said->height == 0) {
        return false;
    }
    uint8_t luma = (said->type & TYPE_MASK) == 0 ? 0x21 : 0x22;
    uint8_t chroma = said->tables && said->tables->count == 1 ? 0 : 1;
    bool wide = said->tables && said->tables->precision != 0;
    const uint8_t components[] = { 3, 1, luma, 0, 2, 0x11, chroma, 3, 0x11, chroma };
    svms_jpeg_head *head = m->head;
    head->frame_marker = wide ? SVMS_JPEG_SOF1 : SVMS_JPEG_SOF0;
    head->frame[0] = 8;
    svms_store_u16(head->frame + 1, (uint16_t)(said->height * 8));
    svms_store_u16(head->frame + 3, (uint16_t)(said->width * 8));
    memcpy(head->frame + 5, components, sizeof components);
    head->frame_size = 5 + sizeof components;
    return true;
}

/* Three components with the usual tables; false where the frame has others. */
static bool derive_scan(making *m)
{
    const uint8_t *frame = m->head->frame;
    if (frame[5] != 3) {
        return false;
    }
    const uint8_t scan[] = { 3, frame[6], 0x00, frame[9], 0x11, frame[12], 0x11, 0, 63, 0 };
    memcpy(m->scan, scan, sizeof scan);
    m->scan_size = sizeof scan;
    return true;
}

/* Slots of the quantisation tables that the frame names. */
static unsigned quantisers_needed(const svms_jpeg_head *head)
{
    unsigned needed = 0;
    for (unsigned i = 0; i < head->frame[5]; i++) {
        uint8_t slot = head->frame[8 + 3 * i];
        if (slot >= SVMS_JPEG_SLOTS) {
            return UINT32_MAX;
        }
        needed |= 1u << slot;
    }
    return needed;
}

/* What a sequential scan with Huffman codes names. Of other kinds only those who decode them can
 * tell. */
static unsigned huffman_needed(const making *m)
{
    unsigned needed = 0;
    bool is_sequential =
        m->head->frame_marker == SVMS_JPEG_SOF0 || m->head->frame_marker == SVMS_JPEG_SOF1;
    for (unsigned i = 0; i < m->scan[0] && is_sequential; i++) {
        uint8_t tables = m->scan[2 + 2 * i];
        if (tables >> 4 >= SVMS_JPEG_SLOTS || (tables & 15) >= SVMS_JPEG_SLOTS) {
            return UINT32_MAX;
        }
        needed |= 1u << (tables >> 4) | 1u << (SVMS_JPEG_SLOTS + (tables & 15u));
    }
    return needed;
}

static bool has_all(const making *m)
{
    unsigned quantisers = quantisers_needed(m->head);
    unsigned huffman = huffman_needed(m);
    for (unsigned i = 0; i < 32; i++) {
        bool is_known = i < SVMS_JPEG_SLOTS && m->head->quantiser_size[i] != 0;
        bool is_coded = i < 2 * SVMS_JPEG_SLOTS &&
                        m->head->huffman_size[i / SVMS_JPEG_SLOTS][i % SVMS_JPEG_SLOTS] != 0;
        if (((quantisers >> i & 1u) != 0 && !is_known) || ((huffman >> i & 1u) != 0 && !is_coded)) {
            return false;
        }
    }
    return true;
}

static void put_segment(svms_builder *out, unsigned marker, const void *payload, size_t size)
{
    svms_put_u16(out, (uint16_t)(0xFF00 | marker));
    svms_put_u16(out, (uint16_t)(size + 2));
    svms_put_bytes(out, payload, size);
}

static void put_quantisers(svms_builder *out, const making *m)
{
    unsigned missing = quantisers_needed(m->head) & ~m->quantisers_given;
    for (unsigned i = 0; i < SVMS_JPEG_SLOTS; i++) {
        if ((missing >> i & 1u) != 0) {
            put_segment(out, SVMS_JPEG_DQT, m->head->quantisers[i], m->head->quantiser_size[i]);
        }
    }
}

static void put_huffman(svms_builder *out, const making *m)
{
    unsigned missing = huffman_needed(m) & ~m->huffman_given;
    for (unsigned i = 0; i < 2 * SVMS_JPEG_SLOTS; i++) {
        unsigned table_class = i & 1;
        unsigned slot = i >> 1;
        if ((missing >> (table_class * SVMS_JPEG_SLOTS + slot) & 1u) != 0) {
            put_segment(out, SVMS_JPEG_DHT, m->head->huffman[table_class][slot],
                        m->head->huffman_size[table_class][slot]);
        }
    }
}

static void put_all(svms_builder *out, const making *m, const svms_jpeg_said *said,
                    const svms_builder *segments)
{
    static const uint8_t jfif[] = { 'J', 'F', 'I', 'F', 0, 1, 2, 0, 0, 1, 0, 1, 0, 0 };
    svms_put_u16(out, 0xFF00 | SVMS_JPEG_SOI);
    if (!m->application_given) {
        put_segment(out, SVMS_JPEG_APP0, jfif, sizeof jfif);
    }
    if (segments && m->until > 0) {
        svms_put_bytes(out, segments->data, m->until);
    }
    put_quantisers(out, m);
    if (!m->frame_given) {
        put_segment(out, m->head->frame_marker, m->head->frame, m->head->frame_size);
    }
    put_huffman(out, m);
    if (said->interval != 0 && !m->interval_given) {
        uint8_t interval[2];
        svms_store_u16(interval, said->interval);
        put_segment(out, SVMS_JPEG_DRI, interval, sizeof interval);
    }
    put_segment(out, SVMS_JPEG_SOS, m->scan, m->scan_size);
}

bool svms_jpeg_head_put(svms_jpeg_head *head, svms_builder *out, const svms_jpeg_said *said,
                        const svms_builder *segments)
{
    making m = { .head = head };
    if (!segments) {
        svms_jpeg_head_reset(head);
    }
    if (said->tables) {
        use_tables(&m, said->tables);
    }
    if (segments && !take_segments(&m, segments)) {
        return false;
    }
    if (!m.frame_given && !derive_frame(&m, said)) {
        return false;
    }
    if ((m.scan_size == 0 && !derive_scan(&m)) || !has_all(&m)) {
        return false;
    }
    put_all(out, &m, said, segments);
    size_t size = svms_cursor_left(&m.entropy);
    if (segments && size > 0) {
        svms_put_bytes(out, svms_read_bytes(&m.entropy, size), size);
    }
    return true;
}
