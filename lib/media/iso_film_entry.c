/* SPDX-License-Identifier: Apache-2.0 */
/* The sample description of a track: codec and its configuration. */
#include <string.h>

#include "cursor.h"
#include "failure.h"
#include "iso_film.h"

#define VISUAL_FIELDS 78u
#define AUDIO_FIELDS 28u
#define LARGEST_FIELDS VISUAL_FIELDS

#define TYPE_ESDS SVMS_ISO_TYPE('e', 's', 'd', 's')
#define TYPE_BTRT SVMS_ISO_TYPE('b', 't', 'r', 't')
#define TYPE_PASP SVMS_ISO_TYPE('p', 'a', 's', 'p')

/* ISO/IEC 14496-1 */
#define DESCRIPTOR_ES 0x03u
#define DESCRIPTOR_DECODER 0x04u
#define DESCRIPTOR_CONFIG 0x05u
#define DECODER_FIELDS 13u
#define DESCRIPTOR_SYNC 0x06u
#define SYNC_MOST 6u /* tag, length, and one byte */
#define ESDS_FRONT 64u
#define BTRT_SIZE 12u
#define PLAIN_DEPTH 24u
#define NO_COLOURS 0xFFFFu
#define SOUND_BITS 16u

/* The length of a descriptor: at most four bytes of seven bits. */
static uint32_t read_length(svms_cursor *cursor)
{
    uint32_t length = 0;
    for (unsigned i = 0; i < 4; i++) {
        uint8_t byte = svms_read_u8(cursor);
        length = length << 7 | (byte & 0x7Fu);
        if ((byte & 0x80) == 0) {
            return length;
        }
    }
    cursor->failed = true;
    return 0;
}

/* end: of the box. after: where the decoder's descriptor ends. */
static bool read_descriptors(svms_film_entry *entry, svms_cursor *cursor, uint64_t end,
                             uint64_t *after)
{
    (void)svms_read_u32(cursor);
    if (svms_read_u8(cursor) != DESCRIPTOR_ES) {
        return false;
    }
    uint64_t whole = read_length(cursor);
    if (svms_cursor_offset(cursor) + whole != end) {
        return false;
    }
    (void)svms_read_u16(cursor);
    if ((svms_read_u8(cursor) & 0xE0) != 0) { /* it depends on something elsewhere */
        return false;
    }
    if (svms_read_u8(cursor) != DESCRIPTOR_DECODER) {
        return false;
    }
    uint32_t decoder = read_length(cursor);
    entry->object = svms_read_u8(cursor);
    (void)svms_skip(cursor, DECODER_FIELDS - 1);
    if (decoder == DECODER_FIELDS) {
        *after = svms_cursor_offset(cursor);
        return !cursor->failed;
    }
    size_t before = cursor->position;
    if (svms_read_u8(cursor) != DESCRIPTOR_CONFIG) {
        return false;
    }
    entry->config_size = read_length(cursor);
    entry->config_offset = svms_cursor_offset(cursor);
    *after = entry->config_offset + entry->config_size;
    return !cursor->failed &&
           decoder == DECODER_FIELDS + (cursor->position - before) + entry->config_size;
}

/* Behind it is nothing, or how samples are put in step: players take whatever configuration comes
 * next. */
static svms_status check_rest(const svms_iso_walk *walk, const svms_iso_box *box, uint64_t after,
                              svms_error *err)
{
    uint8_t bytes[SYNC_MOST] = { 0 };
    uint64_t left = svms_iso_payload_offset(box) + svms_iso_payload_size(box) - after;
    if (left == 0) {
        return SVMS_OK;
    }
    if (left > sizeof(bytes)) {
        return svms_film_refuse(box, "descriptors behind that of the decoder", err);
    }
    svms_status status = svms_source_read(walk->source, after, bytes, (size_t)left, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(bytes, (size_t)left, after);
    bool plain = svms_read_u8(&cursor) == DESCRIPTOR_SYNC && read_length(&cursor) == 1;
    (void)svms_read_u8(&cursor);
    return plain && !cursor.failed && cursor.position == left
               ? SVMS_OK
               : svms_film_refuse(box, "descriptors behind that of the decoder", err);
}

static svms_status read_esds(svms_film_entry *entry, const svms_iso_walk *walk,
                             const svms_iso_box *box, svms_error *err)
{
    uint8_t bytes[ESDS_FRONT] = { 0 };
    uint64_t payload = svms_iso_payload_size(box);
    size_t size = payload < sizeof(bytes) ? (size_t)payload : sizeof(bytes);
    uint64_t offset = svms_iso_payload_offset(box);
    svms_status status = svms_source_read(walk->source, offset, bytes, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(bytes, size, offset);
    uint64_t after = 0;
    bool fits = read_descriptors(entry, &cursor, offset + payload, &after);
    if (!fits || entry->config_size > payload || after > offset + payload) {
        return svms_film_refuse(box, "descriptors that do not fit", err);
    }
    return check_rest(walk, box, after, err);
}

/* Pixels are square. */
static svms_status check_shape(const svms_iso_walk *walk, const svms_iso_box *box, svms_error *err)
{
    uint8_t bytes[8];
    svms_status status = svms_film_read_full(walk, box, bytes, sizeof(bytes), err);
    if (status == SVMS_OK && memcmp(bytes, &bytes[4], 4) != 0) {
        status = svms_film_refuse(box, "the pictures are stretched", err);
    }
    return status;
}

static bool is_configuration(uint32_t type)
{
    static const uint32_t types[] = {
        SVMS_ISO_TYPE('a', 'v', 'c', 'C'),
        SVMS_ISO_TYPE('h', 'v', 'c', 'C'),
        SVMS_ISO_TYPE('a', 'v', '1', 'C'),
        TYPE_ESDS,
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i] == type) {
            return true;
        }
    }
    return false;
}

static svms_status read_extension(svms_film_entry *entry, const svms_iso_walk *walk,
                                  const svms_iso_box *box, svms_error *err)
{
    if (box->type == TYPE_BTRT) {
        return svms_iso_payload_size(box) == BTRT_SIZE
                   ? SVMS_OK
                   : svms_film_refuse(box, "it has another length", err);
    }
    if (box->type == TYPE_PASP) {
        return check_shape(walk, box, err);
    }
    if (!is_configuration(box->type) || entry->config_type != 0) {
        return svms_film_refuse(box, "not known in a sample description", err);
    }
    if (svms_iso_payload_size(box) > SVMS_FILM_MAX_CONFIG + ESDS_FRONT) {
        return svms_film_refuse(box, "it is too long", err);
    }
    entry->config_type = box->type;
    if (box->type == TYPE_ESDS) {
        return read_esds(entry, walk, box, err);
    }
    entry->config_offset = svms_iso_payload_offset(box);
    entry->config_size = (uint32_t)svms_iso_payload_size(box);
    return SVMS_OK;
}

/* Six zero bytes, data reference 1, and what depends on the kind. */
static svms_status read_fields(svms_film_entry *entry, const svms_iso_walk *walk,
                               const svms_iso_box *box, bool sound, svms_error *err)
{
    uint8_t bytes[LARGEST_FIELDS];
    size_t size = sound ? AUDIO_FIELDS : VISUAL_FIELDS;
    if (svms_iso_payload_size(box) < size) {
        return svms_film_refuse(box, "it is too short", err);
    }
    svms_status status =
        svms_source_read(walk->source, svms_iso_payload_offset(box), bytes, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(bytes, size, box->offset);
    (void)svms_skip(&cursor, 6);
    if (svms_read_u16(&cursor) != 1) {
        return svms_film_refuse(box, "the samples lie elsewhere", err);
    }
    if (sound) {
        bool plain = svms_read_u16(&cursor) == 0;
        (void)svms_skip(&cursor, 6);
        entry->channels = svms_read_u16(&cursor);
        plain = svms_read_u16(&cursor) == SOUND_BITS && plain;
        (void)svms_skip(&cursor, 4);
        entry->sample_rate = svms_read_u32(&cursor) >> 16;
        return plain ? SVMS_OK : svms_film_refuse(box, "an unknown version, or bits", err);
    }
    (void)svms_skip(&cursor, 16);
    entry->width = svms_read_u16(&cursor);
    entry->height = svms_read_u16(&cursor);
    (void)svms_skip(&cursor, 46); /* pixels per inch, and names */
    bool plain = svms_read_u16(&cursor) == PLAIN_DEPTH && svms_read_u16(&cursor) == NO_COLOURS;
    /* Players look for a table of colours behind these fields, and for boxes behind that. */
    return plain ? SVMS_OK : svms_film_refuse(box, "it has a table of colours", err);
}

static svms_status only_entry(const svms_iso_walk *walk, const svms_iso_box *stsd,
                              svms_iso_walk *inner, svms_iso_box *box, svms_error *err)
{
    static const uint8_t one[8] = { 0, 0, 0, 0, 0, 0, 0, 1 };
    uint8_t bytes[8];
    svms_iso_box more;
    svms_status status = svms_iso_enter(inner, walk, stsd, sizeof(bytes), err);
    if (status == SVMS_OK) {
        status = svms_source_read(walk->source, svms_iso_payload_offset(stsd), bytes, sizeof(bytes),
                                  err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (memcmp(bytes, one, sizeof(bytes)) != 0) {
        return svms_film_refuse(stsd, "another number of sample descriptions than one", err);
    }
    svms_iso_walk way = *inner;
    status = svms_iso_next(&way, box, err);
    if (status == SVMS_OK) {
        status = svms_iso_next(&way, &more, err);
        if (status == SVMS_END) {
            return SVMS_OK;
        }
    }
    return status == SVMS_OK || status == SVMS_END
               ? svms_film_refuse(stsd, "another number of sample descriptions than one", err)
               : status;
}

svms_status svms_film_read_entry(svms_film_track *track, const svms_iso_walk *walk,
                                 const svms_iso_box *stsd, svms_error *err)
{
    svms_film_entry *entry = &track->entry;
    svms_iso_walk inner;
    svms_iso_walk fields;
    svms_iso_box box = { 0 };
    svms_iso_box child;
    bool sound = track->handler == SVMS_ISO_TYPE('s', 'o', 'u', 'n');
    if (!sound && track->handler != SVMS_ISO_TYPE('v', 'i', 'd', 'e')) {
        return svms_film_refuse(stsd, "a track that is neither pictures nor sound", err);
    }
    svms_status status = only_entry(walk, stsd, &inner, &box, err);
    if (status == SVMS_OK) {
        entry->type = box.type;
        status = read_fields(entry, &inner, &box, sound, err);
    }
    if (status == SVMS_OK) {
        status = svms_iso_enter(&fields, &inner, &box, sound ? AUDIO_FIELDS : VISUAL_FIELDS, err);
    }
    while (status == SVMS_OK && (status = svms_iso_next(&fields, &child, err)) == SVMS_OK) {
        status = read_extension(entry, &fields, &child, err);
    }
    return status == SVMS_END ? SVMS_OK : status;
}
