/* SPDX-License-Identifier: Apache-2.0 */
/* From RTP times, which begin anywhere and tell when a picture is shown, to time stamps of a
 * recording, which all tracks share and which have an order of decoding.
 *
 * Samples come in the order of decoding. When at most `depth` of them are decoded before a picture
 * and shown behind it, the times of presentation in their order, `depth` places later, are times of
 * decoding: they rise, and none is after its own presentation. */
#ifndef SVMS_INTAKE_TIMELINE_H
#define SVMS_INTAKE_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/svms.h>

/* More pictures than H.264 and H.265 let overtake one another. */
#define TIMELINE_DEPTH_MAX 16
/* Of so many pictures it can be said how far they are apart: all that overtake them are there. */
#define TIMELINE_STEP_SAMPLES 9
/* Of how many samples the times are looked at ahead, at most. */
#define TIMELINE_FORESEEN_MAX 64

typedef struct intake_timeline {
    svms_track clock; /* time base */
    bool is_anchored;
    bool is_begun;  /* the times of decoding of its first samples are known */
    int64_t offset; /* time stamp minus RTP time */
    int64_t step;   /* usual distance of two samples, at least 1 */
    int64_t recent[TIMELINE_DEPTH_MAX + 1]; /* the greatest times of presentation, ascending */
    unsigned recent_count;
    int64_t first_dts; /* of the first sample placed */
    unsigned depth;
    bool depth_is_known; /* said, or learned; it may grow all the same */
    bool has_last;
    int64_t last_dts;
} intake_timeline;

/* The usual distance of samples in the order of presentation, 0: unknown. */
int64_t intake_timeline_usual_step(const int64_t *rtp_times, unsigned count);

void intake_timeline_begin(intake_timeline *line, const svms_track *track);
/* What the codec's configuration says. */
void intake_timeline_tell_depth(intake_timeline *line, unsigned depth);
/* How far samples are apart, usually. */
void intake_timeline_tell_step(intake_timeline *line, int64_t step);
/* Another source, or the same one anew: its RTP times mean something else. */
void intake_timeline_break(intake_timeline *line);
/* This RTP time is so many nanoseconds after time stamp 0. */
void intake_timeline_anchor(intake_timeline *line, int64_t rtp_time, int64_t ns);
/* How many samples must be foreseen before the next can be placed; 0: none. */
unsigned intake_timeline_needs(const intake_timeline *line);
/* RTP times that will be placed next, in their order; fewer than needed where no more will come.
 * The line is anchored. */
void intake_timeline_foresee(intake_timeline *line, const int64_t *rtp_times, unsigned count);
/* Whether this RTP time is no reordering, but a jump that the source did not tell of. */
bool intake_timeline_is_jump(const intake_timeline *line, int64_t rtp_time);
/* Times of a sample that was foreseen, or came later. Decoding is always after the sample before;
 * it is after presentation only where more overtook one another than was known of. */
void intake_timeline_place(intake_timeline *line, int64_t rtp_time, svms_sample *sample);

#endif
