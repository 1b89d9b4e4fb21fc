/* SPDX-License-Identifier: Apache-2.0 */
/* What one camera sends, over as many connections as it takes, made into samples of one recording:
 * with times of presentation and decoding, with UTC, in order, and with a reason where something is
 * missing. Where they go is the owner's business. Belongs to one thread. */
#ifndef SVMS_INTAKE_H
#define SVMS_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <stream_pull.h>
#include <svms/svms.h>

typedef struct intake intake;

/* What the recording will consist of; borrowed for the call of begin(), configurations as long as
 * the intake lives. */
typedef struct intake_media {
    const svms_track *tracks; /* with configurations, picture sizes and usual durations as far as
                                 they are known; without protection */
    uint32_t track_count;
    int64_t start_utc_ns; /* UTC of time stamp 0 */
    bool by_camera;       /* times are the camera's; otherwise those of this machine */
} intake_media;

/* A stretch of a track that never came. */
typedef struct intake_gap {
    size_t track;
    bool camera_was_lost;
    int64_t from_utc_ns; /* where the last sample before it ends */
    int64_t to_utc_ns;   /* SVMS_NO_TIME: it lasted to the end */
    uint32_t reasons;    /* SVMS_RTP_GAP_... */
    uint64_t lost;       /* packets */
    uint64_t dropped;
} intake_gap;

typedef struct intake_losses {
    uint64_t gaps;        /* in any track, after its first sample */
    uint64_t lost;        /* packets that never came, or too late */
    uint64_t dropped;     /* packets that came, and were part of no sample */
    uint64_t joined;      /* packets before the first sample of a track */
    uint64_t refused;     /* packets that came, and were not the camera's or not to be opened */
    uint64_t connections; /* that were lost, and made anew */
    uint32_t reasons;     /* SVMS_RTP_GAP_... of all gaps */
} intake_losses;

/* Called from stream_pull_step() and intake_disconnect(). What begin, sample or gap return other
 * than SVMS_OK ends the connection (STREAM_PULL_CONSUMER), and is told by intake_failure(). */
typedef struct intake_calls {
    /* Once, before the first sample. */
    svms_status (*begin)(void *user, const intake_media *media, svms_error *err);
    /* A sample of a track of begin(), in the order of decoding; data are borrowed. */
    svms_status (*sample)(void *user, const svms_sample *sample, svms_error *err);
    /* Something is missing before the next sample; at most one in a second. */
    svms_status (*gap)(void *user, svms_gap_reason reason, svms_error *err);
    /* Each stretch that lacks, when it is over; and when it is not, from intake_disconnect().
     * NULL: nobody asks. */
    void (*missing)(void *user, const intake_gap *gap);
    /* A track's codec configuration is another one from the next sample on (which has it inside).
     * NULL: nobody asks. */
    void (*changed)(void *user, uint32_t track, const svms_track *to);
    /* Something that a person should know, and that is no failure. NULL: nobody asks. */
    void (*note)(void *user, const char *words);
} intake_calls;

/* calls and user must outlive it. */
svms_status intake_new(intake **out, const intake_calls *calls, void *user, svms_error *err);
/* NULL and pointer to NULL are accepted. */
void intake_free(intake **self);

/* For stream_pull_options: events, with the intake as user. */
extern const stream_pull_events intake_events;

/* A connection begins; before it is stepped. */
void intake_connect(intake *self, stream_pull *pull);
/* It is over, and the pull not freed yet: what waits is given on. was_lost: not because somebody
 * wanted it. */
svms_status intake_disconnect(intake *self, bool was_lost, svms_error *err);
/* begin() was called, and was good. */
bool intake_has_begun(const intake *self);
/* stream_clock() of the first sample of the present connection; 0: none came yet. */
uint64_t intake_came(const intake *self);
/* What a call of the owner returned first, with its err; SVMS_OK: nothing failed. */
svms_status intake_failure(const intake *self, svms_error *err);
/* Forgets that failure, so that another connection may go on. */
void intake_forgive(intake *self);
const intake_losses *intake_lost(const intake *self);

#endif
