/* SPDX-License-Identifier: Apache-2.0 */
/* A track of a film: headers, edit list, and where its tables lie. */
#include <string.h>

#include "cursor.h"
#include "failure.h"
#include "iso_film.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define TKHD_SHORT 80u
#define TKHD_LONG 92u
#define MDHD_SHORT 20u
#define MDHD_LONG 32u
#define HDLR_LEAST 24u
#define FULL_VOLUME 0x0100u
#define NORMAL_RATE 0x00010000u
#define NOTHING UINT64_MAX
#define GROUPS_LEAST 12u
#define DISTANCE_SIZE 2u /* of 'sgpd': how many samples a decoder needs */
#define RUN_SIZE 8u      /* of 'sbgp' */
#define SGPD_TYPE SVMS_ISO_TYPE('s', 'g', 'p', 'd')

enum { STSD, STTS, CTTS, STSC, STSZ, STCO, CO64, STSS, SDTP, SGPD, SBGP, TABLES };

static svms_status read_track_header(svms_film_track *track, const svms_iso_walk *walk,
                                     const svms_iso_box *box, uint16_t *volume, svms_error *err)
{
    uint8_t bytes[4 + TKHD_LONG];
    bool is_long = svms_iso_payload_size(box) == 4 + TKHD_LONG;
    size_t size = 4 + (is_long ? TKHD_LONG : TKHD_SHORT);
    svms_status status = svms_film_read_full(walk, box, bytes, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(bytes, size, svms_iso_payload_offset(box));
    bool version_fits = svms_read_u8(&cursor) == (is_long ? 1 : 0);
    track->enabled = (svms_read_u24(&cursor) & 1) != 0;
    (void)svms_skip(&cursor, is_long ? 16 : 8);
    track->id = svms_read_u32(&cursor);
    (void)svms_skip(&cursor, is_long ? 12 : 8); /* reserved, duration */
    (void)svms_skip(&cursor, 8);
    (void)svms_read_u16(&cursor); /* layer: there is one picture at a time */
    track->group = svms_read_u16(&cursor);
    *volume = svms_read_u16(&cursor);
    (void)svms_read_u16(&cursor);
    if (!version_fits || track->id == 0) {
        return svms_film_refuse(box, "an unknown version, or a track without number", err);
    }
    if (!svms_film_matrix_is_plain(&cursor)) {
        return svms_film_refuse(box, "the pictures are turned or moved", err);
    }
    track->shown_width = svms_read_u32(&cursor);
    track->shown_height = svms_read_u32(&cursor);
    return SVMS_OK;
}

/* Pictures are shown pixel by pixel: neither cut, nor stretched, nor as small as a dot. Whether
 * their size is the one that was recorded, their sample description tells. */
static svms_status check_size(const svms_film_track *track, const svms_iso_box *tkhd,
                              svms_error *err)
{
    const svms_film_entry *entry = &track->entry;
    if (track->handler != SVMS_ISO_TYPE('v', 'i', 'd', 'e')) {
        return SVMS_OK;
    }
    bool same = track->shown_width == entry->width << 16 && track->shown_height == entry->height
                                                                                       << 16;
    return same && entry->width != 0 && entry->height != 0
               ? SVMS_OK
               : svms_film_refuse(tkhd, "the pictures are shown in another size than they have",
                                  err);
}

static svms_status read_media_header(svms_film_track *track, const svms_iso_walk *walk,
                                     const svms_iso_box *box, svms_error *err)
{
    uint8_t bytes[4 + MDHD_LONG];
    bool is_long = svms_iso_payload_size(box) == 4 + MDHD_LONG;
    size_t size = 4 + (is_long ? MDHD_LONG : MDHD_SHORT);
    svms_status status = svms_film_read_full(walk, box, bytes, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(bytes, size, svms_iso_payload_offset(box));
    bool version_fits = svms_read_u8(&cursor) == (is_long ? 1 : 0);
    (void)svms_skip(&cursor, is_long ? 19 : 11);
    track->timescale = svms_read_u32(&cursor);
    return version_fits && track->timescale != 0
               ? SVMS_OK
               : svms_film_refuse(box, "an unknown version, or a second of no ticks", err);
}

static svms_status read_handler(svms_film_track *track, const svms_iso_walk *walk,
                                const svms_iso_box *box, svms_error *err)
{
    uint8_t bytes[HDLR_LEAST];
    if (svms_iso_payload_size(box) < sizeof(bytes)) {
        return svms_film_refuse(box, "it is too short", err);
    }
    svms_status status =
        svms_source_read(walk->source, svms_iso_payload_offset(box), bytes, sizeof(bytes), err);
    svms_cursor cursor = svms_cursor_over(bytes, sizeof(bytes), box->offset);
    (void)svms_skip(&cursor, 8);
    track->handler = svms_read_u32(&cursor);
    return status;
}

/* One entry of an edit list; media_time is NOTHING for one that plays nothing. */
static svms_status read_edit(svms_cursor *cursor, bool is_long, uint64_t *duration,
                             uint64_t *media_time, const svms_iso_box *box, svms_error *err)
{
    *duration = is_long ? svms_read_u64(cursor) : svms_read_u32(cursor);
    int64_t time = is_long ? svms_read_i64(cursor) : svms_read_i32(cursor);
    uint32_t rate = svms_read_u32(cursor);
    if (cursor->failed || rate != NORMAL_RATE || time < -1 || *duration == 0) {
        return svms_film_refuse(box, "an edit that is not played at normal speed", err);
    }
    *media_time = time == -1 ? NOTHING : (uint64_t)time;
    return SVMS_OK;
}

/* At most one edit that delays, then one that plays; whether that plays all, times will tell. */
static svms_status read_edits(svms_film_track *track, const svms_iso_walk *walk,
                              const svms_iso_box *box, svms_error *err)
{
    uint8_t bytes[8 + 2 * 20];
    uint64_t size = svms_iso_payload_size(box);
    if (size < 8 || size > sizeof(bytes)) {
        return svms_film_refuse(box, "more edits than one that plays everything", err);
    }
    svms_status status =
        svms_source_read(walk->source, svms_iso_payload_offset(box), bytes, (size_t)size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(bytes, (size_t)size, box->offset);
    uint32_t version = svms_read_u32(&cursor);
    bool is_long = version == UINT32_C(1) << 24;
    uint32_t count = svms_read_u32(&cursor);
    if ((version != 0 && !is_long) || count < 1 || count > 2 ||
        size != 8 + (uint64_t)count * (is_long ? 20 : 12)) {
        return svms_film_refuse(box, "more edits than one that plays everything", err);
    }
    status = read_edit(&cursor, is_long, &track->edit_duration, &track->media_time, box, err);
    if (status == SVMS_OK && count == 2) {
        if (track->media_time != NOTHING) {
            return svms_film_refuse(box, "more edits than one that plays everything", err);
        }
        track->delay = track->edit_duration;
        status = read_edit(&cursor, is_long, &track->edit_duration, &track->media_time, box, err);
    }
    if (status == SVMS_OK && track->media_time == NOTHING) {
        return svms_film_refuse(box, "an edit list that plays nothing", err);
    }
    track->edited = status == SVMS_OK;
    return status;
}

static svms_status read_edit_box(svms_film_track *track, const svms_iso_walk *walk,
                                 const svms_iso_box *edts, svms_error *err)
{
    static const svms_film_rule rules[] = { { SVMS_ISO_TYPE('e', 'l', 's', 't'), true, false } };
    svms_iso_box found[COUNT(rules)];
    svms_iso_walk inner;
    svms_status status = svms_film_children(walk, edts, 0, rules, COUNT(rules), found, &inner, err);
    return status == SVMS_OK ? read_edits(track, &inner, &found[0], err) : status;
}

/* One reference, to the file itself. */
static svms_status check_data(const svms_iso_walk *walk, const svms_iso_box *dinf, svms_error *err)
{
    static const uint8_t itself[20] = { 0, 0,  0,   0,   0,   0,   0, 1, 0, 0,
                                        0, 12, 'u', 'r', 'l', ' ', 0, 0, 0, 1 };
    static const svms_film_rule rules[] = { { SVMS_ISO_TYPE('d', 'r', 'e', 'f'), true, false } };
    const size_t size = sizeof(itself);
    uint8_t bytes[sizeof(itself)];
    svms_iso_box found[COUNT(rules)];
    svms_iso_walk inner;
    svms_status status = svms_film_children(walk, dinf, 0, rules, COUNT(rules), found, &inner, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (svms_iso_payload_size(&found[0]) != size) {
        return svms_film_refuse(&found[0], "the samples lie elsewhere", err);
    }
    status = svms_source_read(inner.source, svms_iso_payload_offset(&found[0]), bytes, size, err);
    if (status == SVMS_OK && memcmp(bytes, itself, size) != 0) {
        status = svms_film_refuse(&found[0], "the samples lie elsewhere", err);
    }
    return status;
}

/* A table of count entries behind own bytes, the last four of which are the count. */
static svms_status read_table(svms_iso_table *table, const svms_iso_walk *walk,
                              const svms_iso_box *box, uint32_t entry_size, uint32_t *version,
                              svms_error *err)
{
    uint8_t bytes[8];
    if (svms_iso_payload_size(box) < sizeof(bytes)) {
        return svms_film_refuse(box, "it is too short", err);
    }
    svms_status status =
        svms_source_read(walk->source, svms_iso_payload_offset(box), bytes, sizeof(bytes), err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(bytes, sizeof(bytes), box->offset);
    *version = svms_read_u32(&cursor);
    table->count = svms_read_u32(&cursor);
    table->entry_size = entry_size;
    table->offset = svms_iso_payload_offset(box) + sizeof(bytes);
    if (svms_iso_payload_size(box) != sizeof(bytes) + (uint64_t)table->count * entry_size) {
        return svms_film_refuse(box, "its count does not fit its length", err);
    }
    return SVMS_OK;
}

static svms_status read_plain_table(svms_iso_table *table, const svms_iso_walk *walk,
                                    const svms_iso_box *box, uint32_t entry_size, svms_error *err)
{
    uint32_t version = 0;
    svms_status status = read_table(table, walk, box, entry_size, &version, err);
    return status == SVMS_OK && version != 0 ? svms_film_refuse(box, "an unknown version", err)
                                             : status;
}

static svms_status read_sizes(svms_film_track *track, const svms_iso_walk *walk,
                              const svms_iso_box *box, svms_error *err)
{
    uint8_t bytes[12];
    uint64_t size = svms_iso_payload_size(box);
    if (size < sizeof(bytes)) {
        return svms_film_refuse(box, "it is too short", err);
    }
    svms_status status =
        svms_source_read(walk->source, svms_iso_payload_offset(box), bytes, sizeof(bytes), err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(bytes, sizeof(bytes), box->offset);
    bool known = svms_read_u32(&cursor) == 0;
    track->fixed_size = svms_read_u32(&cursor);
    track->samples = svms_read_u32(&cursor);
    track->stsz.offset = svms_iso_payload_offset(box) + sizeof(bytes);
    track->stsz.count = track->fixed_size == 0 ? track->samples : 0;
    track->stsz.entry_size = 4;
    if (!known || size != sizeof(bytes) + (uint64_t)track->stsz.count * 4) {
        return svms_film_refuse(box, "its count does not fit its length", err);
    }
    return SVMS_OK;
}

/* Groups may say how a decoder warms up; they change nothing that is shown. Behind the type there
 * are, from version 1 on, four bytes more: in 'sgpd' of version 1 the size of its entries. */
static svms_status check_groups(const svms_iso_walk *walk, const svms_iso_box *box,
                                uint32_t entry_size, svms_error *err)
{
    uint8_t bytes[16] = { 0 };
    uint64_t size = svms_iso_payload_size(box);
    if (size < GROUPS_LEAST) {
        return svms_film_refuse(box, "it is too short", err);
    }
    size_t front = size < sizeof(bytes) ? GROUPS_LEAST : sizeof(bytes);
    svms_status status =
        svms_source_read(walk->source, svms_iso_payload_offset(box), bytes, front, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(bytes, front, svms_iso_payload_offset(box));
    uint8_t version = svms_read_u8(&cursor);
    (void)svms_read_u24(&cursor);
    uint32_t type = svms_read_u32(&cursor);
    if (type != SVMS_ISO_TYPE('r', 'o', 'l', 'l') && type != SVMS_ISO_TYPE('p', 'r', 'o', 'l')) {
        return svms_film_refuse(box, "unknown groups of samples", err);
    }
    uint32_t given = version == 0 ? entry_size : svms_read_u32(&cursor);
    uint64_t count = svms_read_u32(&cursor);
    bool sized = box->type != SGPD_TYPE || version != 1 || given == entry_size;
    bool known = version <= (box->type == SGPD_TYPE ? 2 : 1);
    return known && sized && !cursor.failed && size == cursor.position + count * entry_size
               ? SVMS_OK
               : svms_film_refuse(box, "its count does not fit its length", err);
}

/* What players may know of samples besides where and when they are. */
static svms_status read_hints(svms_film_track *track, const svms_iso_walk *walk,
                              const svms_iso_box *found, svms_error *err)
{
    svms_status status = SVMS_OK;
    if (found[STSS].type != 0) {
        status = read_plain_table(&track->stss, walk, &found[STSS], 4, err);
        if (status == SVMS_OK && track->stss.count == 0) {
            status = svms_film_refuse(&found[STSS], "no sample to begin with", err);
        }
    }
    if (status == SVMS_OK && found[SDTP].type != 0 &&
        svms_iso_payload_size(&found[SDTP]) != 4 + (uint64_t)track->samples) {
        status = svms_film_refuse(&found[SDTP], "its length is not one byte for each sample", err);
    }
    if (status == SVMS_OK && found[SGPD].type != 0) {
        status = check_groups(walk, &found[SGPD], DISTANCE_SIZE, err);
    }
    if (status == SVMS_OK && found[SBGP].type != 0) {
        status = check_groups(walk, &found[SBGP], RUN_SIZE, err);
    }
    return status;
}

static svms_status read_times(svms_film_track *track, const svms_iso_walk *walk,
                              const svms_iso_box *found, svms_error *err)
{
    uint32_t version = 0;
    svms_status status = read_plain_table(&track->stts, walk, &found[STTS], 8, err);
    if (status == SVMS_OK && found[CTTS].type != 0) {
        status = read_table(&track->ctts, walk, &found[CTTS], 8, &version, err);
        if (status == SVMS_OK && version != 0 && version != UINT32_C(1) << 24) {
            status = svms_film_refuse(&found[CTTS], "an unknown version", err);
        }
        track->composes_back = version != 0;
    }
    return status;
}

static svms_status read_places(svms_film_track *track, const svms_iso_walk *walk,
                               const svms_iso_box *found, const svms_iso_box *stbl, svms_error *err)
{
    bool wide = found[CO64].type != 0;
    if (wide == (found[STCO].type != 0)) {
        return svms_film_refuse(stbl, "it must have one box 'stco' or 'co64'", err);
    }
    svms_status status = read_plain_table(&track->stsc, walk, &found[STSC], 12, err);
    if (status == SVMS_OK) {
        status = read_sizes(track, walk, &found[STSZ], err);
    }
    if (status == SVMS_OK) {
        status =
            read_plain_table(&track->stco, walk, &found[wide ? CO64 : STCO], wide ? 8 : 4, err);
    }
    return status;
}

static svms_status read_tables(svms_film_track *track, const svms_iso_walk *walk,
                               const svms_iso_box *stbl, svms_error *err)
{
    static const svms_film_rule rules[TABLES] = {
        [STSD] = { SVMS_ISO_TYPE('s', 't', 's', 'd'), true, false },
        [STTS] = { SVMS_ISO_TYPE('s', 't', 't', 's'), true, false },
        [CTTS] = { SVMS_ISO_TYPE('c', 't', 't', 's'), false, false },
        [STSC] = { SVMS_ISO_TYPE('s', 't', 's', 'c'), true, false },
        [STSZ] = { SVMS_ISO_TYPE('s', 't', 's', 'z'), true, false },
        [STCO] = { SVMS_ISO_TYPE('s', 't', 'c', 'o'), false, false },
        [CO64] = { SVMS_ISO_TYPE('c', 'o', '6', '4'), false, false },
        [STSS] = { SVMS_ISO_TYPE('s', 't', 's', 's'), false, false },
        [SDTP] = { SVMS_ISO_TYPE('s', 'd', 't', 'p'), false, false },
        [SGPD] = { SVMS_ISO_TYPE('s', 'g', 'p', 'd'), false, false },
        [SBGP] = { SVMS_ISO_TYPE('s', 'b', 'g', 'p'), false, false },
    };
    svms_iso_box found[TABLES];
    svms_iso_walk inner;
    svms_status status = svms_film_children(walk, stbl, 0, rules, TABLES, found, &inner, err);
    if (status == SVMS_OK) {
        status = svms_film_must_be_first(stbl, &found[STSD], err);
    }
    if (status == SVMS_OK) {
        status = svms_film_read_entry(track, &inner, &found[STSD], err);
    }
    if (status == SVMS_OK) {
        status = read_times(track, &inner, found, err);
    }
    if (status == SVMS_OK) {
        status = read_places(track, &inner, found, stbl, err);
    }
    return status == SVMS_OK ? read_hints(track, &inner, found, err) : status;
}

static svms_status read_media(svms_film_track *track, const svms_iso_walk *walk,
                              const svms_iso_box *mdia, svms_error *err)
{
    static const svms_film_rule outer[] = {
        { SVMS_ISO_TYPE('m', 'd', 'h', 'd'), true, false },
        { SVMS_ISO_TYPE('h', 'd', 'l', 'r'), true, false },
        { SVMS_ISO_TYPE('m', 'i', 'n', 'f'), true, false },
    };
    static const svms_film_rule rules[] = {
        { SVMS_ISO_TYPE('d', 'i', 'n', 'f'), true, false },
        { SVMS_ISO_TYPE('s', 't', 'b', 'l'), true, false },
        { SVMS_ISO_TYPE('v', 'm', 'h', 'd'), false, false },
        { SVMS_ISO_TYPE('s', 'm', 'h', 'd'), false, false },
        { SVMS_ISO_TYPE('n', 'm', 'h', 'd'), false, false },
    };
    svms_iso_box about[COUNT(outer)];
    svms_iso_box found[COUNT(rules)];
    svms_iso_walk middle;
    svms_iso_walk inner;
    svms_status status =
        svms_film_children(walk, mdia, 0, outer, COUNT(outer), about, &middle, err);
    if (status == SVMS_OK) {
        status = svms_film_must_be_first(mdia, &about[0], err);
    }
    if (status == SVMS_OK && about[1].offset > about[2].offset) {
        status = svms_film_refuse(&about[1], "it comes behind what it is about", err);
    }
    if (status == SVMS_OK) {
        status = read_media_header(track, &middle, &about[0], err);
    }
    if (status == SVMS_OK) {
        status = read_handler(track, &middle, &about[1], err);
    }
    if (status == SVMS_OK) {
        status = svms_film_children(&middle, &about[2], 0, rules, COUNT(rules), found, &inner, err);
    }
    if (status == SVMS_OK) {
        status = check_data(&inner, &found[0], err);
    }
    return status == SVMS_OK ? read_tables(track, &inner, &found[1], err) : status;
}

svms_status svms_film_read_track(svms_film_track *track, const svms_iso_walk *walk,
                                 const svms_iso_box *trak, svms_error *err)
{
    static const svms_film_rule rules[] = {
        { SVMS_ISO_TYPE('t', 'k', 'h', 'd'), true, false },
        { SVMS_ISO_TYPE('m', 'd', 'i', 'a'), true, false },
        { SVMS_ISO_TYPE('e', 'd', 't', 's'), false, false },
    };
    svms_iso_box found[COUNT(rules)];
    svms_iso_walk inner;
    uint16_t volume = 0;
    memset(track, 0, sizeof(*track));
    svms_status status = svms_film_children(walk, trak, 0, rules, COUNT(rules), found, &inner, err);
    if (status == SVMS_OK) {
        status = svms_film_must_be_first(trak, &found[0], err);
    }
    if (status == SVMS_OK) {
        status = read_track_header(track, &inner, &found[0], &volume, err);
    }
    if (status == SVMS_OK && found[2].type != 0) {
        status = read_edit_box(track, &inner, &found[2], err);
    }
    if (status == SVMS_OK) {
        status = read_media(track, &inner, &found[1], err);
    }
    if (status == SVMS_OK && track->handler == SVMS_ISO_TYPE('s', 'o', 'u', 'n') &&
        volume != FULL_VOLUME) {
        status = svms_film_refuse(&found[0], "the sound is made louder or softer", err);
    }
    return status == SVMS_OK ? check_size(track, &found[0], err) : status;
}
