/* SPDX-License-Identifier: Apache-2.0 */
/* Where the chunks of a track lie (ISO/IEC 14496-12, 8.7): each in a box 'mdat', since only there
 * the bytes that a player shows are covered by every signature and stay where they are (O-VER-10).
 */
#include "cursor.h"
#include "failure.h"
#include "iso_table.h"
#include "onvif_file.h"
#include "onvif_media.h"

enum { STSC, STSZ, STZ2, STCO, CO64, TABLES };

static const uint32_t types[TABLES] = {
    [STSC] = SVMS_ISO_TYPE('s', 't', 's', 'c'), [STSZ] = SVMS_ISO_TYPE('s', 't', 's', 'z'),
    [STZ2] = SVMS_ISO_TYPE('s', 't', 'z', '2'), [STCO] = SVMS_ISO_TYPE('s', 't', 'c', 'o'),
    [CO64] = SVMS_ISO_TYPE('c', 'o', '6', '4'),
};

typedef struct chunk_walk {
    svms_onvif_file *file;
    svms_iso_table runs;    /* stsc */
    svms_iso_table sizes;   /* stsz, stz2 */
    svms_iso_table offsets; /* stco, co64 */
    uint32_t fixed_size;    /* of every sample, or 0 */
    uint32_t samples_left;
    uint32_t chunk; /* the current one, from 1 */
    uint32_t per_chunk;
    uint32_t next_run; /* chunk with which the next run begins; 0: there is none */
    uint32_t next_per_chunk;
    svms_onvif_media media;
} chunk_walk;

static svms_status misfit(const svms_iso_box *box, svms_error *err)
{
    return svms_fail_at(err, SVMS_E_MALFORMED, box->offset, "a table '%s' that does not fit",
                        svms_iso_name_of(box->type).text);
}

static svms_status find_tables(const svms_iso_walk *walk, const svms_iso_box *stbl,
                               svms_iso_box *found, svms_error *err)
{
    svms_iso_walk inner;
    svms_iso_box box;
    svms_status status = svms_iso_enter(&inner, walk, stbl, 0, err);
    while (status == SVMS_OK && (status = svms_iso_next(&inner, &box, err)) == SVMS_OK) {
        for (unsigned i = 0; i < TABLES; i++) {
            if (box.type != types[i]) {
                continue;
            }
            if (found[i].type != 0) {
                return misfit(&box, err);
            }
            found[i] = box;
        }
    }
    return status == SVMS_END ? SVMS_OK : status;
}

/* A table of entries behind own bytes, the last four of which are their number. */
static svms_status open_table(const svms_source *source, const svms_iso_box *box,
                              uint32_t entry_size, svms_iso_table *table, svms_error *err)
{
    uint8_t bytes[8];
    uint64_t payload = svms_iso_payload_size(box);
    if (payload < sizeof bytes) {
        return misfit(box, err);
    }
    svms_status status =
        svms_source_read(source, svms_iso_payload_offset(box), bytes, sizeof bytes, err);
    svms_cursor cursor = svms_cursor_over(bytes, sizeof bytes, box->offset);
    (void)svms_read_u32(&cursor);
    table->count = svms_read_u32(&cursor);
    table->offset = svms_iso_payload_offset(box) + sizeof bytes;
    table->entry_size = entry_size;
    if (status == SVMS_OK && (payload - sizeof bytes) / entry_size < table->count) {
        status = misfit(box, err);
    }
    return status;
}

static svms_status open_sizes(chunk_walk *self, const svms_iso_box *box, svms_error *err)
{
    uint8_t bytes[12];
    const svms_source *source = self->file->source;
    uint64_t payload = svms_iso_payload_size(box);
    if (payload < sizeof bytes) {
        return misfit(box, err);
    }
    svms_status status =
        svms_source_read(source, svms_iso_payload_offset(box), bytes, sizeof bytes, err);
    svms_cursor cursor = svms_cursor_over(bytes, sizeof bytes, box->offset);
    (void)svms_read_u32(&cursor);
    uint32_t second = svms_read_u32(&cursor);
    bool compact = box->type == types[STZ2];
    uint32_t bits = compact ? second & 0xFFu : 32;
    self->samples_left = svms_read_u32(&cursor);
    self->fixed_size = compact ? 0 : second;
    self->sizes.count = self->fixed_size == 0 ? self->samples_left : 0;
    self->sizes.offset = svms_iso_payload_offset(box) + sizeof bytes;
    self->sizes.entry_size = bits / 8;
    if (status != SVMS_OK) {
        return status;
    }
    if (bits != 8 && bits != 16 && bits != 32) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, box->offset,
                            "sizes of samples in a form that is not known");
    }
    return (payload - sizeof bytes) / self->sizes.entry_size < self->sizes.count ? misfit(box, err)
                                                                                 : SVMS_OK;
}

/* The run of 'stsc' behind the current one. */
static svms_status take_run(chunk_walk *self, const svms_iso_box *stsc, svms_error *err)
{
    svms_cursor entry;
    svms_status status = svms_iso_table_next(&self->runs, self->file->source, &entry, err);
    if (status == SVMS_END) {
        self->next_run = 0;
        return SVMS_OK;
    }
    if (status != SVMS_OK) {
        return status;
    }
    self->next_run = svms_read_u32(&entry);
    self->next_per_chunk = svms_read_u32(&entry);
    bool follows = self->chunk == 0 ? self->next_run == 1 : self->next_run > self->chunk;
    return follows ? SVMS_OK : misfit(stsc, err);
}

/* Bytes of the next samples, of as many as there are. */
static svms_status sum_sizes(chunk_walk *self, uint64_t *sum, svms_error *err)
{
    uint32_t count = self->per_chunk < self->samples_left ? self->per_chunk : self->samples_left;
    svms_status status = SVMS_OK;
    self->samples_left -= count;
    *sum = (uint64_t)count * self->fixed_size;
    for (uint32_t i = 0; self->fixed_size == 0 && i < count && status == SVMS_OK; i++) {
        svms_cursor entry;
        uint64_t size = 0;
        status = svms_iso_table_next(&self->sizes, self->file->source, &entry, err);
        for (uint32_t j = 0; status == SVMS_OK && j < self->sizes.entry_size; j++) {
            size = size << 8 | svms_read_u8(&entry);
        }
        *sum += size;
    }
    return status;
}

static svms_status check_chunk(chunk_walk *self, const svms_iso_box *stsc, svms_cursor *entry,
                               svms_error *err)
{
    uint64_t offset = self->offsets.entry_size == 8 ? svms_read_u64(entry) : svms_read_u32(entry);
    uint64_t size = 0;
    svms_status status = SVMS_OK;
    self->chunk++;
    if (self->chunk == self->next_run) {
        self->per_chunk = self->next_per_chunk;
        status = take_run(self, stsc, err);
    }
    if (status == SVMS_OK) {
        status = sum_sizes(self, &size, err);
    }
    return status == SVMS_OK && size != 0 ? svms_onvif_check_place(&self->media, offset, size, err)
                                          : status;
}

static svms_status check_all(chunk_walk *self, const svms_iso_box *stsc, svms_error *err)
{
    svms_cursor entry;
    svms_status status = take_run(self, stsc, err);
    while (status == SVMS_OK && (status = svms_iso_table_next(&self->offsets, self->file->source,
                                                              &entry, err)) == SVMS_OK) {
        status = check_chunk(self, stsc, &entry, err);
    }
    status = status == SVMS_END ? SVMS_OK : status;
    /* Runs of chunks that are not there ascend too. */
    while (status == SVMS_OK && self->next_run != 0) {
        self->chunk = self->next_run;
        status = take_run(self, stsc, err);
    }
    return status;
}

svms_status svms_onvif_check_chunks(svms_onvif_file *file, const svms_iso_walk *walk,
                                    const svms_iso_box *stbl, svms_error *err)
{
    svms_iso_box found[TABLES] = { { 0 } };
    chunk_walk self = { .file = file };
    svms_status status = find_tables(walk, stbl, found, err);
    bool wide = found[CO64].type != 0;
    const svms_iso_box *offsets = &found[wide ? CO64 : STCO];
    const svms_iso_box *sizes = &found[found[STZ2].type != 0 ? STZ2 : STSZ];
    if (status != SVMS_OK || offsets->type == 0 || sizes->type == 0) {
        return status; /* there are no samples */
    }
    if (found[STSC].type == 0 || (wide && found[STCO].type != 0) ||
        (found[STZ2].type != 0 && found[STSZ].type != 0)) {
        return misfit(stbl, err);
    }
    self.media = svms_onvif_media_of(file);
    status = open_table(file->source, &found[STSC], 12, &self.runs, err);
    if (status == SVMS_OK) {
        status = open_table(file->source, offsets, wide ? 8 : 4, &self.offsets, err);
    }
    if (status == SVMS_OK) {
        status = open_sizes(&self, sizes, err);
    }
    return status == SVMS_OK && self.offsets.count != 0 ? check_all(&self, &found[STSC], err)
                                                        : status;
}
