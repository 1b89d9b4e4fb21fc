/* SPDX-License-Identifier: Apache-2.0 */
/* The samples of a film, from its tables, in the order in which they lie in the file. */
#include <string.h>

#include "cursor.h"
#include "failure.h"
#include "iso_film.h"

#define MDAT SVMS_ISO_TYPE('m', 'd', 'a', 't')
#define LARGEST_TIME (UINT64_C(1) << 62)

static svms_status misfit(const svms_film_track *track, const char *box, const char *why,
                          svms_error *err)
{
    return svms_fail(err, SVMS_E_MALFORMED, "track %u, box '%s': %s", (unsigned)track->id, box,
                     why);
}

static svms_status take_duration(svms_film_track *track, const svms_source *source, svms_error *err)
{
    svms_film_cursor *at = &track->cursor;
    svms_cursor entry;
    while (at->durations_left == 0) {
        svms_status status = svms_iso_table_next(&track->stts, source, &entry, err);
        if (status == SVMS_END) {
            return misfit(track, "stts", "times of fewer samples than there are", err);
        }
        if (status != SVMS_OK) {
            return status;
        }
        at->durations_left = svms_read_u32(&entry);
        at->duration = svms_read_u32(&entry);
        if (at->durations_left == 0) {
            return misfit(track, "stts", "a run of no samples", err);
        }
    }
    at->durations_left--;
    return SVMS_OK;
}

static svms_status take_composition(svms_film_track *track, const svms_source *source,
                                    svms_error *err)
{
    svms_film_cursor *at = &track->cursor;
    svms_cursor entry;
    if (track->ctts.offset == 0) {
        return SVMS_OK;
    }
    while (at->compositions_left == 0) {
        svms_status status = svms_iso_table_next(&track->ctts, source, &entry, err);
        if (status == SVMS_END) {
            return misfit(track, "ctts", "times of fewer samples than there are", err);
        }
        if (status != SVMS_OK) {
            return status;
        }
        at->compositions_left = svms_read_u32(&entry);
        at->composition = svms_read_i32(&entry);
        if (at->compositions_left == 0) {
            return misfit(track, "ctts", "a run of no samples", err);
        }
        if (at->composition < 0 && !track->composes_back) {
            return misfit(track, "ctts", "a number that some take for a negative one", err);
        }
    }
    at->compositions_left--;
    return SVMS_OK;
}

/* Whether players can begin with the sample that comes now. */
static svms_status take_sync(svms_film_track *track, const svms_source *source, bool *sync,
                             svms_error *err)
{
    svms_film_cursor *at = &track->cursor;
    svms_cursor entry;
    if (track->stss.offset != 0 && at->next_sync <= at->passed) {
        svms_status status = svms_iso_table_next(&track->stss, source, &entry, err);
        if (status != SVMS_OK && status != SVMS_END) {
            return status;
        }
        at->next_sync = status == SVMS_OK ? svms_read_u32(&entry) : 0;
        if (status == SVMS_OK && at->next_sync <= at->passed) {
            return misfit(track, "stss", "numbers that do not ascend", err);
        }
    }
    *sync = track->stss.offset == 0 || at->next_sync == at->passed + 1;
    return SVMS_OK;
}

static svms_status take_size(svms_film_track *track, const svms_source *source, uint32_t *size,
                             svms_error *err)
{
    svms_cursor entry;
    *size = track->fixed_size;
    if (track->fixed_size != 0) {
        return SVMS_OK;
    }
    svms_status status = svms_iso_table_next(&track->stsz, source, &entry, err);
    if (status == SVMS_OK) {
        *size = svms_read_u32(&entry);
    }
    return status == SVMS_END ? misfit(track, "stsz", "sizes of fewer samples than there are", err)
                              : status;
}

/* The run of 'stsc' behind the current one. */
static svms_status next_run(svms_film_track *track, const svms_source *source, svms_error *err)
{
    svms_film_cursor *at = &track->cursor;
    svms_cursor entry;
    svms_status status = svms_iso_table_next(&track->stsc, source, &entry, err);
    if (status == SVMS_END) {
        at->next_run = 0;
        return SVMS_OK;
    }
    if (status != SVMS_OK) {
        return status;
    }
    at->next_run = svms_read_u32(&entry);
    at->next_per_chunk = svms_read_u32(&entry);
    bool follows = at->chunk == 0 ? at->next_run == 1 : at->next_run > at->chunk;
    if (svms_read_u32(&entry) != 1) {
        return misfit(track, "stsc", "a second sample description", err);
    }
    return follows && at->next_per_chunk != 0
               ? SVMS_OK
               : misfit(track, "stsc", "chunks that are not in order, or empty", err);
}

static svms_status next_chunk(svms_film_track *track, const svms_source *source, svms_error *err)
{
    svms_film_cursor *at = &track->cursor;
    svms_cursor entry;
    svms_status status = SVMS_OK;
    if (at->chunk == 0) {
        status = next_run(track, source, err);
    }
    if (status == SVMS_OK) {
        status = svms_iso_table_next(&track->stco, source, &entry, err);
    }
    if (status == SVMS_END) {
        return misfit(track, "stco", "chunks for fewer samples than there are", err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    at->offset = track->stco.entry_size == 8 ? svms_read_u64(&entry) : svms_read_u32(&entry);
    at->chunk++;
    if (at->chunk == at->next_run) {
        at->per_chunk = at->next_per_chunk;
        status = next_run(track, source, err);
    }
    at->left_in_chunk = at->per_chunk;
    return status == SVMS_OK && at->per_chunk == 0
               ? misfit(track, "stsc", "it does not begin with the first chunk", err)
               : status;
}

/* All tables end with the last sample. */
static svms_status end_track(svms_film_track *track, svms_error *err)
{
    const svms_film_cursor *at = &track->cursor;
    track->cursor.ended = true;
    if (at->durations_left != 0 || track->stts.next != track->stts.count) {
        return misfit(track, "stts", "times of more samples than there are", err);
    }
    if (at->compositions_left != 0 || track->ctts.next != track->ctts.count) {
        return misfit(track, "ctts", "times of more samples than there are", err);
    }
    if (at->left_in_chunk != 0 || track->stco.next != track->stco.count || at->next_run != 0 ||
        track->stsc.next != track->stsc.count) {
        return misfit(track, "stsc", "chunks for more samples than there are", err);
    }
    if (at->next_sync > at->passed || track->stss.next != track->stss.count) {
        return misfit(track, "stss", "numbers of more samples than there are", err);
    }
    return SVMS_OK;
}

/* Reads the track's next sample, unless it waits already. */
static svms_status prepare(svms_film_track *track, const svms_source *source, svms_error *err)
{
    svms_film_cursor *at = &track->cursor;
    svms_film_sample *sample = &at->sample;
    svms_status status = SVMS_OK;
    if (at->waiting || at->ended) {
        return SVMS_OK;
    }
    if (at->passed == track->samples) {
        return end_track(track, err);
    }
    if (at->left_in_chunk == 0) {
        status = next_chunk(track, source, err);
    }
    if (status == SVMS_OK) {
        status = take_size(track, source, &sample->size, err);
    }
    if (status == SVMS_OK) {
        status = take_duration(track, source, err);
    }
    if (status == SVMS_OK) {
        status = take_composition(track, source, err);
    }
    if (status == SVMS_OK) {
        status = take_sync(track, source, &sample->sync, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    sample->number = at->passed++;
    sample->offset = at->offset;
    sample->dts = at->dts;
    sample->composition = at->composition;
    sample->duration = at->duration;
    if (at->dts > LARGEST_TIME || at->offset > UINT64_MAX - sample->size) {
        return misfit(track, "stts", "numbers beyond all measure", err);
    }
    at->dts += at->duration;
    at->offset += sample->size;
    at->left_in_chunk--;
    at->waiting = true;
    return SVMS_OK;
}

/* To the next 'mdat' that has bytes; SVMS_END where there is none. */
static svms_status next_media(svms_film *film, svms_error *err)
{
    svms_iso_box box;
    svms_status status = SVMS_OK;
    while ((status = svms_iso_next(&film->walk, &box, err)) == SVMS_OK) {
        if (box.type == MDAT && svms_iso_payload_size(&box) != 0) {
            film->position = svms_iso_payload_offset(&box);
            film->media_end = box.offset + box.size;
            return SVMS_OK;
        }
    }
    return status;
}

/* The track whose sample is next, NULL where none begins at the current place. */
static svms_status choose(svms_film *film, svms_film_track **out, bool *left, svms_error *err)
{
    *out = NULL;
    *left = false;
    for (uint32_t i = 0; i < film->track_count; i++) {
        svms_film_track *track = &film->tracks[i];
        svms_status status = prepare(track, film->source, err);
        if (status != SVMS_OK) {
            return status;
        }
        const svms_film_sample *sample = &track->cursor.sample;
        if (!track->cursor.waiting) {
            continue;
        }
        *left = true;
        bool here = sample->size == 0 ||
                    (film->position < film->media_end && sample->offset == film->position);
        if (here && *out == NULL) {
            *out = track;
        }
    }
    return SVMS_OK;
}

svms_status svms_film_next(svms_film *film, svms_film_track **track, svms_film_sample *sample,
                           svms_error *err)
{
    svms_film_track *found = NULL;
    bool left = false;
    svms_status status = choose(film, &found, &left, err);
    while (status == SVMS_OK && found == NULL && film->position == film->media_end) {
        status = next_media(film, err);
        if (status == SVMS_END && left) {
            return svms_fail(err, SVMS_E_MALFORMED,
                             "samples that lie outside of box 'mdat', or on one another");
        }
        if (status == SVMS_OK) {
            status = choose(film, &found, &left, err);
        }
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (found == NULL) {
        return svms_fail_at(err, SVMS_E_MALFORMED, film->position,
                            "bytes of box 'mdat' that belong to no sample, or samples that lie on "
                            "one another or not in order");
    }
    *sample = found->cursor.sample;
    if (sample->size != 0 && sample->size > film->media_end - film->position) {
        return svms_fail_at(err, SVMS_E_MALFORMED, film->position,
                            "a sample that goes on behind box 'mdat'");
    }
    film->position += sample->size;
    found->cursor.waiting = false;
    *track = found;
    return SVMS_OK;
}

void svms_film_rewind(svms_film *film)
{
    for (uint32_t i = 0; i < film->track_count; i++) {
        svms_film_track *track = &film->tracks[i];
        memset(&track->cursor, 0, sizeof(track->cursor));
        svms_iso_table_rewind(&track->stts);
        svms_iso_table_rewind(&track->ctts);
        svms_iso_table_rewind(&track->stss);
        svms_iso_table_rewind(&track->stsc);
        svms_iso_table_rewind(&track->stsz);
        svms_iso_table_rewind(&track->stco);
    }
    film->walk = svms_iso_begin(film->source, film->size);
    film->position = 0;
    film->media_end = 0;
}
