/* SPDX-License-Identifier: Apache-2.0 */
#include "intake_timeline.h"

#include <stdlib.h>
#include <string.h>

#include "media_time.h"

/* So far away nothing continues what was before. */
#define JUMP_NS (INT64_C(3600) * 1000000000)
/* Presentation and decoding may be 2^31 ticks apart. */
#define JUMP_TICKS ((int64_t)INT32_MAX / 4)

static int compare(const void *left, const void *right)
{
    const int64_t *a = left;
    const int64_t *b = right;
    return (*a > *b) - (*a < *b);
}

/* The median: neither one picture that was lost nor one that came late counts. */
int64_t intake_timeline_usual_step(const int64_t *rtp_times, unsigned count)
{
    int64_t sorted[TIMELINE_FORESEEN_MAX];
    int64_t steps[TIMELINE_FORESEEN_MAX];
    unsigned used = 0;
    for (; used < count && used < TIMELINE_FORESEEN_MAX; used++) {
        sorted[used] = rtp_times[used];
    }
    if (used < 2) {
        return 0;
    }
    qsort(sorted, used, sizeof *sorted, compare);
    for (unsigned i = 1; i < used; i++) {
        steps[i - 1] = sorted[i] - sorted[i - 1];
    }
    qsort(steps, used - 1, sizeof *steps, compare);
    return steps[(used - 1) / 2];
}

void intake_timeline_begin(intake_timeline *line, const svms_track *track)
{
    memset(line, 0, sizeof *line);
    line->clock = *track;
    line->clock.config = NULL;
    line->step = 1;
    /* All else is shown, or heard, as it comes. */
    line->depth_is_known = track->kind != SVMS_TRACK_VIDEO || track->codec == SVMS_CODEC_MJPEG;
}

static void grow_depth(intake_timeline *line, unsigned overtaken)
{
    if (overtaken > line->depth && overtaken <= TIMELINE_DEPTH_MAX) {
        line->depth = overtaken;
    }
}

void intake_timeline_tell_depth(intake_timeline *line, unsigned depth)
{
    grow_depth(line, depth);
    line->depth_is_known = true;
}

/* Times stay far below what presentation and decoding may be apart. */
void intake_timeline_tell_step(intake_timeline *line, int64_t step)
{
    if (step > 0 && step <= JUMP_TICKS / TIMELINE_DEPTH_MAX) {
        line->step = step;
    }
}

void intake_timeline_break(intake_timeline *line)
{
    line->is_anchored = false;
    line->is_begun = false;
    line->recent_count = 0;
}

void intake_timeline_anchor(intake_timeline *line, int64_t rtp_time, int64_t ns)
{
    line->offset = ns_to_ticks(&line->clock, ns) - rtp_time;
    line->is_anchored = true;
}

unsigned intake_timeline_needs(const intake_timeline *line)
{
    if (line->is_begun) {
        return 0;
    }
    return (line->depth_is_known ? line->depth : TIMELINE_DEPTH_MAX) + 1;
}

static void learn_depth(intake_timeline *line, const int64_t *rtp_times, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned overtaken = 0;
        for (unsigned j = i > TIMELINE_DEPTH_MAX ? i - TIMELINE_DEPTH_MAX : 0; j < i; j++) {
            overtaken += rtp_times[j] >= rtp_times[i] ? 1 : 0;
        }
        grow_depth(line, overtaken);
    }
    line->depth_is_known = line->depth_is_known || count > TIMELINE_DEPTH_MAX;
}

/* The picture shown first is decoded `depth` steps after the first one. Where the last time stamps
 * reach beyond that (the camera's clock was set back), all that follows is later by as much. */
void intake_timeline_foresee(intake_timeline *line, const int64_t *rtp_times, unsigned count)
{
    int64_t least = rtp_times[0];
    int64_t usual = intake_timeline_usual_step(rtp_times, count);
    learn_depth(line, rtp_times, count);
    for (unsigned i = 1; i < count; i++) {
        least = rtp_times[i] < least ? rtp_times[i] : least;
    }
    if (line->step == 1 || count >= TIMELINE_STEP_SAMPLES) {
        intake_timeline_tell_step(line, usual);
    }
    line->first_dts = least + line->offset - (int64_t)line->depth * line->step;
    if (line->has_last && line->first_dts <= line->last_dts) {
        int64_t late = line->last_dts + line->step - line->first_dts;
        line->offset += late;
        line->first_dts += late;
    }
    line->is_begun = true;
}

bool intake_timeline_is_jump(const intake_timeline *line, int64_t rtp_time)
{
    int64_t far = ns_to_ticks(&line->clock, JUMP_NS);
    if (line->recent_count == 0) {
        return false;
    }
    far = far < JUMP_TICKS ? far : JUMP_TICKS;
    int64_t pts = rtp_time + line->offset;
    int64_t least = line->recent[0];
    return (line->recent_count > TIMELINE_DEPTH_MAX && pts < least) || least - pts > far ||
           pts - line->recent[line->recent_count - 1] > far || pts - least > 2 * JUMP_TICKS;
}

/* Keeps the greatest times; returns how many of them this one does not come after. */
static unsigned insert(intake_timeline *line, int64_t pts)
{
    unsigned place = line->recent_count;
    while (place > 0 && line->recent[place - 1] >= pts) {
        place--;
    }
    unsigned overtaken = line->recent_count - place;
    if (line->recent_count <= TIMELINE_DEPTH_MAX) {
        memmove(line->recent + place + 1, line->recent + place,
                (line->recent_count - place) * sizeof *line->recent);
        line->recent_count++;
    } else if (place == 0) {
        return overtaken;
    } else {
        place--;
        memmove(line->recent, line->recent + 1, place * sizeof *line->recent);
    }
    line->recent[place] = pts;
    return overtaken;
}

static int64_t decoding_time(const intake_timeline *line)
{
    unsigned behind = line->depth + 1;
    if (line->recent_count >= behind) {
        return line->recent[line->recent_count - behind];
    }
    return line->first_dts + (int64_t)(line->recent_count - 1) * line->step;
}

void intake_timeline_place(intake_timeline *line, int64_t rtp_time, svms_sample *sample)
{
    int64_t pts = rtp_time + line->offset;
    grow_depth(line, insert(line, pts));
    int64_t dts = decoding_time(line);
    if (line->has_last && dts <= line->last_dts) {
        dts = line->last_dts + 1;
    }
    sample->pts = pts;
    sample->dts = dts;
    line->last_dts = dts;
    line->has_last = true;
}
