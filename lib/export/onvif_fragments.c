/* SPDX-License-Identifier: Apache-2.0 */
/* Where the samples of fragments lie (ISO/IEC 14496-12, 8.8): as those of chunks, each run in a box
 * 'mdat' (O-VER-10).
 */
#include "cursor.h"
#include "failure.h"
#include "iso_table.h"
#include "onvif_file.h"
#include "onvif_media.h"

#define MOOF SVMS_ISO_TYPE('m', 'o', 'o', 'f')
#define TRAF SVMS_ISO_TYPE('t', 'r', 'a', 'f')
#define TFHD SVMS_ISO_TYPE('t', 'f', 'h', 'd')
#define TRUN SVMS_ISO_TYPE('t', 'r', 'u', 'n')
#define MVEX SVMS_ISO_TYPE('m', 'v', 'e', 'x')
#define TREX SVMS_ISO_TYPE('t', 'r', 'e', 'x')

#define FLAGS 0xFFFFFFu
/* Of tfhd. */
#define HAS_BASE 0x1u
#define HAS_DESCRIPTION 0x2u
#define HAS_DEFAULT_DURATION 0x8u
#define HAS_DEFAULT_SIZE 0x10u
#define BASE_IS_MOOF 0x20000u
/* Of trun. */
#define HAS_OFFSET 0x1u
#define HAS_FIRST_FLAGS 0x4u
#define HAS_DURATION 0x100u
#define HAS_SIZE 0x200u
#define HAS_FLAGS 0x400u
#define HAS_COMPOSITION 0x800u

/* The longest fields in front of entries, and the longest header of a track fragment. */
#define MAX_FIELDS 32
#define BOXES_PER_PROGRESS 4096

typedef struct defaults {
    uint32_t track;
    uint32_t size; /* of a sample */
} defaults;

typedef struct fragment_walk {
    svms_onvif_file *file;
    svms_onvif_media media;
    defaults tracks[SVMS_ONVIF_MAX_TRACKS]; /* trex */
    uint32_t track_count;
    uint64_t moof;
    uint64_t end; /* of the last run in this moof; where moof begins, if there was none */
    /* Of the current track fragment. */
    uint32_t track; /* 0: its header has not come */
    bool has_base;
    bool has_run;
    bool has_size;
    uint32_t size;
    uint64_t base;
} fragment_walk;

typedef struct sample_run {
    svms_iso_table entries;
    uint32_t flags;
    uint32_t count;
    int32_t offset;
    uint64_t bytes;
} sample_run;

static svms_status misfit(const svms_iso_box *box, svms_error *err)
{
    return svms_fail_at(err, SVMS_E_MALFORMED, box->offset, "a box '%s' that does not fit",
                        svms_iso_name_of(box->type).text);
}

/* A cursor over the first bytes of a box. */
static svms_status load_fields(const fragment_walk *self, const svms_iso_box *box,
                               uint8_t bytes[MAX_FIELDS], svms_cursor *fields, svms_error *err)
{
    uint64_t payload = svms_iso_payload_size(box);
    size_t size = payload < MAX_FIELDS ? (size_t)payload : MAX_FIELDS;
    *fields = svms_cursor_over(bytes, size, box->offset);
    return svms_source_read(self->file->source, svms_iso_payload_offset(box), bytes, size, err);
}

static const defaults *find_defaults(const fragment_walk *self, uint32_t track)
{
    for (uint32_t i = 0; i < self->track_count; i++) {
        if (self->tracks[i].track == track) {
            return &self->tracks[i];
        }
    }
    return NULL;
}

static svms_status take_defaults(fragment_walk *self, const svms_iso_box *trex, svms_error *err)
{
    uint8_t bytes[MAX_FIELDS];
    svms_cursor fields;
    svms_status status = load_fields(self, trex, bytes, &fields, err);
    if (status != SVMS_OK) {
        return status;
    }
    (void)svms_skip(&fields, 4);
    defaults found = { .track = svms_read_u32(&fields) };
    (void)svms_skip(&fields, 8);
    found.size = svms_read_u32(&fields);
    if (fields.failed || find_defaults(self, found.track)) {
        return misfit(trex, err);
    }
    if (self->track_count == SVMS_ONVIF_MAX_TRACKS) {
        return svms_fail_at(err, SVMS_E_LIMIT, trex->offset, "defaults of more than %d tracks",
                            SVMS_ONVIF_MAX_TRACKS);
    }
    self->tracks[self->track_count++] = found;
    return SVMS_OK;
}

/* All trex of all mvex. */
static svms_status find_all_defaults(fragment_walk *self, svms_error *err)
{
    svms_iso_walk top = svms_iso_begin(self->file->source, self->file->size);
    svms_iso_walk movie;
    svms_iso_walk inner;
    svms_iso_box box;
    svms_status status = svms_iso_enter(&movie, &top, &self->file->moov, 0, err);
    while (status == SVMS_OK && (status = svms_iso_next(&movie, &box, err)) == SVMS_OK) {
        if (box.type != MVEX) {
            continue;
        }
        status = svms_iso_enter(&inner, &movie, &box, 0, err);
        while (status == SVMS_OK && (status = svms_iso_next(&inner, &box, err)) == SVMS_OK) {
            status = box.type == TREX ? take_defaults(self, &box, err) : SVMS_OK;
        }
        status = status == SVMS_END ? SVMS_OK : status;
    }
    return status == SVMS_END ? SVMS_OK : status;
}

static svms_status take_header(fragment_walk *self, const svms_iso_box *tfhd, svms_error *err)
{
    uint8_t bytes[MAX_FIELDS];
    svms_cursor fields;
    svms_status status = load_fields(self, tfhd, bytes, &fields, err);
    if (status != SVMS_OK) {
        return status;
    }
    uint32_t flags = svms_read_u32(&fields) & FLAGS;
    uint32_t track = svms_read_u32(&fields);
    self->has_base = (flags & HAS_BASE) != 0;
    self->base = (flags & BASE_IS_MOOF) != 0 ? self->moof : self->end;
    if (self->has_base) {
        self->base = svms_read_u64(&fields);
    }
    (void)svms_skip(&fields, (flags & HAS_DESCRIPTION) != 0 ? 4 : 0);
    (void)svms_skip(&fields, (flags & HAS_DEFAULT_DURATION) != 0 ? 4 : 0);
    const defaults *usual = find_defaults(self, track);
    self->has_size = usual || (flags & HAS_DEFAULT_SIZE) != 0;
    self->size = usual ? usual->size : 0;
    if ((flags & HAS_DEFAULT_SIZE) != 0) {
        self->size = svms_read_u32(&fields);
    }
    if (fields.failed || track == 0 || self->track != 0) {
        return misfit(tfhd, err);
    }
    self->track = track;
    return SVMS_OK;
}

static svms_status open_run(const fragment_walk *self, const svms_iso_box *trun, sample_run *run,
                            svms_error *err)
{
    static const uint32_t kinds[] = { HAS_DURATION, HAS_SIZE, HAS_FLAGS, HAS_COMPOSITION };
    uint8_t bytes[MAX_FIELDS];
    svms_cursor fields;
    svms_status status = load_fields(self, trun, bytes, &fields, err);
    if (status != SVMS_OK) {
        return status;
    }
    run->flags = svms_read_u32(&fields) & FLAGS;
    run->count = svms_read_u32(&fields);
    run->offset = (run->flags & HAS_OFFSET) != 0 ? svms_read_i32(&fields) : 0;
    (void)svms_skip(&fields, (run->flags & HAS_FIRST_FLAGS) != 0 ? 4 : 0);
    if (fields.failed || self->track == 0) {
        return misfit(trun, err);
    }
    uint32_t head = 8 + ((run->flags & HAS_OFFSET) != 0 ? 4 : 0) +
                    ((run->flags & HAS_FIRST_FLAGS) != 0 ? 4 : 0);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        run->entries.entry_size += (run->flags & kinds[i]) != 0 ? 4 : 0;
    }
    run->entries.offset = svms_iso_payload_offset(trun) + head;
    run->entries.count = run->count;
    bool fits =
        run->entries.entry_size == 0 ||
        (svms_iso_payload_size(trun) - head) / run->entries.entry_size >= run->entries.count;
    return fits ? SVMS_OK : misfit(trun, err);
}

static svms_status sum_sizes(const fragment_walk *self, const svms_iso_box *trun, sample_run *run,
                             svms_error *err)
{
    svms_cursor entry;
    svms_status status = SVMS_OK;
    if ((run->flags & HAS_SIZE) == 0) {
        run->bytes = (uint64_t)run->count * self->size;
        return self->has_size || run->count == 0
                   ? SVMS_OK
                   : svms_fail_at(err, SVMS_E_UNSUPPORTED, trun->offset,
                                  "nothing says how long samples of track %u are",
                                  (unsigned)self->track);
    }
    while (status == SVMS_OK && (status = svms_iso_table_next(&run->entries, self->file->source,
                                                              &entry, err)) == SVMS_OK) {
        (void)svms_skip(&entry, (run->flags & HAS_DURATION) != 0 ? 4 : 0);
        run->bytes += svms_read_u32(&entry);
    }
    return status == SVMS_END ? SVMS_OK : status;
}

static svms_status add_offset(uint64_t base, int64_t by, uint64_t *sum, svms_error *err)
{
    uint64_t back = by < 0 ? (uint64_t)-by : 0;
    uint64_t on = by > 0 ? (uint64_t)by : 0;
    if (back > base || on > UINT64_MAX - base) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "samples lie where no file has bytes, in front of it or behind");
    }
    *sum = base - back + on;
    return SVMS_OK;
}

/* There are players that begin every run without an offset at the base, and count all others from
 * moof when there is no base. What these see cannot be told here, but is not to be what comes
 * later. */
static svms_status check_other_readings(const fragment_walk *self, const sample_run *run,
                                        svms_error *err)
{
    uint64_t from = 0;
    uint64_t end = self->file->fixed_end;
    svms_status status =
        add_offset(self->has_base ? self->base : self->moof, run->offset, &from, err);
    if (status == SVMS_OK && (from > end || run->bytes > end - from)) {
        status = svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, from,
                              "samples can be taken to lie behind the end, so that they may "
                              "change");
    }
    return status;
}

static svms_status take_run(fragment_walk *self, const svms_iso_box *trun, svms_error *err)
{
    sample_run run = { .flags = 0 };
    uint64_t from = 0;
    svms_status status = open_run(self, trun, &run, err);
    if (status == SVMS_OK) {
        status = sum_sizes(self, trun, &run, err);
    }
    bool goes_on = (run.flags & HAS_OFFSET) == 0 && self->has_run;
    if (status == SVMS_OK) {
        status = add_offset(goes_on ? self->end : self->base, run.offset, &from, err);
    }
    if (status == SVMS_OK && run.bytes != 0) {
        status = svms_onvif_check_place(&self->media, from, run.bytes, err);
    }
    if (status == SVMS_OK && run.bytes != 0) {
        status = check_other_readings(self, &run, err);
    }
    self->has_run = true;
    self->end = from + run.bytes;
    return status;
}

static svms_status check_track(fragment_walk *self, const svms_iso_walk *walk,
                               const svms_iso_box *traf, svms_error *err)
{
    svms_iso_walk inner;
    svms_iso_box box;
    svms_status status = svms_iso_enter(&inner, walk, traf, 0, err);
    self->track = 0;
    self->has_run = false;
    while (status == SVMS_OK && (status = svms_iso_next(&inner, &box, err)) == SVMS_OK) {
        if (box.type == TFHD) {
            status = take_header(self, &box, err);
        } else if (box.type == TRUN) {
            status = take_run(self, &box, err);
        }
    }
    return status == SVMS_END ? SVMS_OK : status;
}

static svms_status check_fragment(fragment_walk *self, const svms_iso_walk *top,
                                  const svms_iso_box *moof, svms_error *err)
{
    svms_iso_walk walk;
    svms_iso_box box;
    svms_status status = svms_iso_enter(&walk, top, moof, 0, err);
    self->moof = moof->offset;
    self->end = moof->offset;
    while (status == SVMS_OK && (status = svms_iso_next(&walk, &box, err)) == SVMS_OK) {
        status = box.type == TRAF ? check_track(self, &walk, &box, err) : SVMS_OK;
    }
    return status == SVMS_END ? SVMS_OK : status;
}

static svms_status check_all(fragment_walk *self, svms_error *err)
{
    svms_onvif_file *file = self->file;
    svms_iso_walk top = svms_iso_begin(file->source, file->size);
    svms_iso_box box;
    svms_status status = find_all_defaults(self, err);
    while (status == SVMS_OK && (status = svms_iso_next(&top, &box, err)) == SVMS_OK) {
        if (box.type == MOOF) {
            status = check_fragment(self, &top, &box, err);
        }
        if (status == SVMS_OK && top.count % BOXES_PER_PROGRESS == 0 && file->progress &&
            file->progress(file->user, 0, file->size) != 0) {
            return svms_fail(err, SVMS_E_CANCELLED, "cancelled");
        }
    }
    return status == SVMS_END ? SVMS_OK : status;
}

svms_status svms_onvif_check_fragments(svms_onvif_file *file, svms_error *err)
{
    fragment_walk self = { .file = file, .media = svms_onvif_media_of(file) };
    return check_all(&self, err);
}
