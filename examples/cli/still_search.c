/* SPDX-License-Identifier: Apache-2.0 */
#include "still_search.h"

#include <inttypes.h>

#include "interrupt.h"
#include "media_time.h"
#include "message.h"

/* Segments to go back in search of a picture from which decoding can begin. */
#define MAX_STEPS_BACK 64
/* A picture is not shown for longer than this behind its end. */
#define MAX_GAP_NS INT64_C(1000000000)

typedef struct still_walk {
    svms_reader *reader;
    const char *path;
    svms_track format;
    uint32_t track;
    int64_t utc_ns;
    bool found;
    bool can_begin;        /* a sync sample stands before the picture */
    int64_t ends_utc_ns;   /* of the picture */
    int64_t begins_utc_ns; /* of the first sample that was read */
    uint64_t current;
    uint64_t index; /* samples of the track in the current segment so far */
    bool sync;
    still_place place;
} still_walk;

typedef struct time_text {
    char text[SVMS_TIME_TEXT_SIZE];
} time_text;

static time_text time_of(int64_t utc_ns)
{
    time_text time = { { 0 } };
    svms_time_format(utc_ns, time.text);
    return time;
}

static void take_sample(still_walk *walk, const svms_sample *sample)
{
    if (sample->segment != walk->current) {
        walk->current = sample->segment;
        walk->index = 0;
    }
    if (sample->track != walk->track) {
        return;
    }
    uint64_t index = walk->index++;
    walk->sync = walk->sync || (sample->flags & SVMS_SAMPLE_SYNC) != 0;
    bool later = !walk->found || sample->utc_ns >= walk->place.utc_ns;
    if (sample->utc_ns == SVMS_NO_TIME || sample->utc_ns > walk->utc_ns || !later) {
        return;
    }
    walk->found = true;
    walk->can_begin = walk->sync;
    walk->place.segment = sample->segment;
    walk->place.index = index;
    walk->place.pts = sample->pts;
    walk->place.utc_ns = sample->utc_ns;
    walk->ends_utc_ns = time_add(sample->utc_ns, ticks_to_ns(&walk->format, sample->duration));
}

/* From where the reader stands to the end of the segment that holds the time. */
static exit_status walk_on(still_walk *walk)
{
    uint64_t last = SVMS_NO_SEGMENT;
    bool first = true;
    for (;;) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        svms_error err = SVMS_ERROR_INIT;
        svms_status status = svms_reader_next(walk->reader, &sample, &err);
        if (status == SVMS_END || status == SVMS_AGAIN) {
            return EXIT_GOOD;
        }
        if (status != SVMS_OK) {
            return complain_error(&err, "cannot read %s", walk->path);
        }
        if (interrupt_came()) {
            complain("interrupted");
            return EXIT_ENVIRONMENT;
        }
        if (first) {
            walk->begins_utc_ns = sample.utc_ns;
            walk->place.first_segment = sample.segment;
            walk->place.first_utc_ns = sample.utc_ns;
            first = false;
        }
        if (last != SVMS_NO_SEGMENT && sample.segment > last) {
            return EXIT_GOOD;
        }
        /* Tracks may lag behind each other, but not beyond their segment. */
        if (sample.utc_ns != SVMS_NO_TIME && sample.utc_ns > walk->utc_ns) {
            last = sample.segment;
        }
        take_sample(walk, &sample);
    }
}

static exit_status judge(const still_walk *walk)
{
    if (!walk->found) {
        complain("%s has no picture at %s", walk->path, time_of(walk->utc_ns).text);
        return EXIT_EVIDENCE;
    }
    if (walk->utc_ns >= time_add(walk->ends_utc_ns, MAX_GAP_NS)) {
        complain("%s has no picture at %s: the last one before is that of %s", walk->path,
                 time_of(walk->utc_ns).text, time_of(walk->place.utc_ns).text);
        return EXIT_EVIDENCE;
    }
    if (!walk->can_begin) {
        complain("%s: nothing before %s can be decoded by itself", walk->path,
                 time_of(walk->utc_ns).text);
        return EXIT_EVIDENCE;
    }
    return EXIT_GOOD;
}

exit_status still_find(still_place *out, svms_reader *reader, uint32_t track, int64_t utc_ns,
                       const char *path)
{
    const svms_track blank = SVMS_TRACK_INIT;
    still_walk walk = { 0 };
    svms_error err = SVMS_ERROR_INIT;
    int64_t from = utc_ns;
    walk.format = blank;
    if (svms_reader_get_track(reader, track, &walk.format, &err) != SVMS_OK) {
        return complain_error(&err, "cannot describe track %" PRIu32 " of %s", track, path);
    }
    walk.reader = reader;
    walk.path = path;
    walk.track = track;
    walk.utc_ns = utc_ns;
    for (unsigned step = 0; step < MAX_STEPS_BACK && !walk.can_begin; step++) {
        svms_status status = svms_reader_seek(reader, from, &err);
        if (status != SVMS_OK && status != SVMS_END) {
            return complain_error(&err, "cannot go to %s", time_of(from).text);
        }
        walk.found = false;
        walk.sync = false;
        walk.current = SVMS_NO_SEGMENT;
        walk.begins_utc_ns = SVMS_NO_TIME;
        walk.place = (still_place){ .track = track, .decode_from_utc_ns = from };
        exit_status walked = status == SVMS_OK ? walk_on(&walk) : EXIT_GOOD;
        if (walked != EXIT_GOOD) {
            return walked;
        }
        if (walk.begins_utc_ns == SVMS_NO_TIME || walk.place.first_segment == 0) {
            break;
        }
        from = time_add(walk.begins_utc_ns, -1);
    }
    exit_status status = judge(&walk);
    if (status == EXIT_GOOD) {
        *out = walk.place;
    }
    return status;
}
