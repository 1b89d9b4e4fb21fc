/* SPDX-License-Identifier: Apache-2.0 */
/* Films whose showing follows from their samples alone (evidence.md, E-PRF-9): plain MP4 files, of
 * which every box is known, every table fits, and every byte of media belongs to one sample. Tables
 * are read as they are needed, so that a film of any length takes the same memory. */
#ifndef SVMS_ISO_FILM_H
#define SVMS_ISO_FILM_H

#include <svms/media.h>

#include "cursor.h"
#include "iso_box.h"
#include "iso_table.h"

#define SVMS_FILM_MAX_TRACKS 32u
#define SVMS_FILM_MAX_CONFIG 65536u
#define SVMS_FILM_MAX_BOXES 65536u
#define SVMS_FILM_MAX_MOVIE 134217728u

/* The one sample description of a track. */
typedef struct svms_film_entry {
    uint32_t type;          /* 'avc1' */
    uint32_t config_type;   /* 'avcC'; 0: there is no configuration */
    uint64_t config_offset; /* of the configuration itself, without its box */
    uint32_t config_size;
    uint8_t object; /* 'esds': objectTypeIndication */
    uint32_t width; /* pictures, in pixels */
    uint32_t height;
    uint32_t channels;    /* sound */
    uint32_t sample_rate; /* sound, in Hz */
} svms_film_entry;

typedef struct svms_film_sample {
    uint64_t number; /* in its track, from 0 */
    uint64_t offset;
    uint32_t size;
    uint64_t dts;        /* ticks of the track from its first sample */
    int32_t composition; /* presentation time minus decoding time */
    uint32_t duration;
    bool sync; /* players can begin with it */
} svms_film_sample;

/* Where a track stands. */
typedef struct svms_film_cursor {
    uint64_t passed;
    uint64_t dts;
    uint32_t duration;
    uint32_t durations_left;
    int32_t composition;
    uint32_t compositions_left;
    uint32_t next_sync; /* number in 'stss', from 1; 0: there is none */
    uint32_t chunk;     /* the current one, from 1; 0: none yet */
    uint32_t per_chunk; /* of the current run */
    uint32_t next_run;  /* chunk at which the next run begins; 0: there is none */
    uint32_t next_per_chunk;
    uint32_t left_in_chunk;
    uint64_t offset;
    bool waiting; /* sample has been read and not been taken */
    bool ended;
    svms_film_sample sample;
} svms_film_cursor;

typedef struct svms_film_track {
    uint32_t id;
    uint32_t handler;
    uint32_t timescale;
    bool enabled;
    uint16_t group;       /* of tracks of which one is played; 0: none */
    uint32_t shown_width; /* 16.16 pixels */
    uint32_t shown_height;
    svms_film_entry entry;
    bool edited;            /* delay, media_time and edit_duration are set */
    uint64_t delay;         /* ticks of the film before the track begins */
    uint64_t media_time;    /* ticks of the track that are not played in front */
    uint64_t edit_duration; /* ticks of the film that are played */
    uint32_t samples;
    uint32_t fixed_size; /* of every sample, or 0 */
    svms_iso_table stts;
    svms_iso_table ctts;
    bool composes_back;  /* numbers of 'ctts' have a sign */
    svms_iso_table stss; /* all are sync where it is not */
    svms_iso_table stsc;
    svms_iso_table stsz;
    svms_iso_table stco; /* or co64 */
    svms_film_cursor cursor;
} svms_film_track;

typedef struct svms_film {
    const svms_source *source;
    uint64_t size;
    uint32_t timescale;
    uint32_t track_count;
    svms_film_track tracks[SVMS_FILM_MAX_TRACKS];
    svms_iso_walk walk; /* through the file, for its 'mdat' */
    uint64_t position;
    uint64_t media_end; /* of the current 'mdat' */
} svms_film;

/* All boxes. It is large: not for the stack. SVMS_E_MALFORMED, SVMS_E_TRUNCATED or SVMS_E_LIMIT
 * with words that name the box that is not allowed; SVMS_E_IO. */
SVMS_MUST_CHECK svms_status svms_film_open(svms_film *film, const svms_source *source,
                                           svms_error *err);
/* The next sample in the order in which they lie in the file, which is the decoding order within
 * each track; SVMS_END behind the last. Whatever of 'mdat' belongs to none or to two of them, and
 * tables that do not fit one another, are SVMS_E_MALFORMED. */
SVMS_MUST_CHECK svms_status svms_film_next(svms_film *film, svms_film_track **track,
                                           svms_film_sample *sample, svms_error *err);
/* From the first sample again. */
void svms_film_rewind(svms_film *film);

/* iso_film_entry.c: 'stsd'. */
SVMS_MUST_CHECK svms_status svms_film_read_entry(svms_film_track *track, const svms_iso_walk *walk,
                                                 const svms_iso_box *stsd, svms_error *err);
/* iso_film_track.c: a 'trak'. */
SVMS_MUST_CHECK svms_status svms_film_read_track(svms_film_track *track, const svms_iso_walk *walk,
                                                 const svms_iso_box *trak, svms_error *err);

/* iso_film_text.c: 'udta' of the movie, which may hold words and nothing that a player could show
 * instead. */
SVMS_MUST_CHECK svms_status svms_film_check_texts(const svms_iso_walk *walk,
                                                  const svms_iso_box *udta, svms_error *err);

/* What the files of the reader share. */
#define SVMS_FILM_MAX_CHILDREN 16u

/* A box that may stand in another one. */
typedef struct svms_film_rule {
    uint32_t type;
    bool needed;
    bool many; /* it may stand there more than once */
} svms_film_rule;

/* The boxes in a box, own bytes behind its header, as rules want them: found[i] is the last one
 * that rule i names, with type 0 where there is none. */
SVMS_MUST_CHECK svms_status svms_film_children(const svms_iso_walk *walk, const svms_iso_box *box,
                                               uint32_t own, const svms_film_rule *rules,
                                               size_t count, svms_iso_box *found,
                                               svms_iso_walk *inner, svms_error *err);
/* child stands in front of all others in a box, so that players know it when they read them. */
SVMS_MUST_CHECK svms_status svms_film_must_be_first(const svms_iso_box *box,
                                                    const svms_iso_box *child, svms_error *err);
/* Version and flags, and then size bytes; the box has no more. */
SVMS_MUST_CHECK svms_status svms_film_read_full(const svms_iso_walk *walk, const svms_iso_box *box,
                                                uint8_t *out, size_t size, svms_error *err);
SVMS_MUST_CHECK svms_status svms_film_refuse(const svms_iso_box *box, const char *why,
                                             svms_error *err);
/* The nine numbers of a matrix that changes nothing. */
bool svms_film_matrix_is_plain(svms_cursor *cursor);

#endif
