/* SPDX-License-Identifier: Apache-2.0 */
/* Times of a film's samples against those in their records (E-PRF-9). */
#include "proof_internal.h"

#define SECOND INT64_C(1000000000)
#define MILLISECOND UINT64_C(1000000)
#define ROUNDING UINT64_C(4) /* ns, of the conversions */
/* Seconds that a film or a recording may reach to, either way. */
#define LARGEST_SECONDS (UINT64_C(1) << 30)
#define LARGEST_NS (INT64_C(1) << 62) /* from the first sample of the film to another one */
/* Sound that was recorded before the first picture need not be heard. */
#define LONGEST_TRIM SECOND

static bool to_ns(uint64_t ticks, uint32_t scale, int64_t *ns)
{
    if (ticks / scale >= LARGEST_SECONDS) {
        return false;
    }
    *ns = (int64_t)(ticks / scale) * SECOND + (int64_t)(ticks % scale * (uint64_t)SECOND / scale);
    return true;
}

static bool is_near(int64_t a, int64_t b, uint64_t tolerance)
{
    uint64_t distance = a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
    return distance <= tolerance;
}

static int64_t sum_of(int64_t a, int64_t b)
{
    if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b) {
        return b > 0 ? INT64_MAX : INT64_MIN;
    }
    return a + b;
}

/* A sample's times in the film, and as they were recorded, from the film's first sample on. */
typedef struct times {
    int64_t film_dts;
    int64_t film_pts;
    int64_t film_ends; /* its presentation */
    int64_t dts;
    int64_t pts;
    int64_t duration; /* 0: unknown */
    uint64_t tolerance;
} times;

static bool film_times(const svms_proof_clock *clock, times *out)
{
    const svms_film_track *track = clock->track;
    const svms_film_sample *sample = &clock->sample;
    int64_t delay = 0;
    int64_t trim = 0;
    int64_t dts = 0;
    int64_t pts = 0;
    int64_t length = 0;
    int64_t shift = sample->composition;
    if (shift < 0 && (uint64_t)-shift > sample->dts) {
        return false;
    }
    uint64_t shown = shift < 0 ? sample->dts - (uint64_t)-shift : sample->dts + (uint64_t)shift;
    if (!to_ns(track->delay, clock->timescale, &delay) ||
        !to_ns(track->media_time, track->timescale, &trim) ||
        !to_ns(sample->dts, track->timescale, &dts) || !to_ns(shown, track->timescale, &pts) ||
        !to_ns(sample->duration, track->timescale, &length)) {
        return false;
    }
    out->film_dts = delay - trim + dts;
    out->film_pts = delay - trim + pts;
    out->film_ends = out->film_pts + length;
    return true;
}

/* A tick of the recorder's track; the film's are the exporter's to choose. */
static uint64_t tick_of(const svms_track *format)
{
    return (uint64_t)format->timebase_num * (uint64_t)SECOND / format->timebase_den + 1;
}

/* UTC takes all of its 64 bits: what lies between is what is calculated with. */
static bool since(int64_t utc_ns, int64_t begin_ns, int64_t *ns)
{
    if (utc_ns == INT64_MAX || utc_ns <= INT64_MIN + 1 ||
        !is_near(utc_ns, begin_ns, (uint64_t)LARGEST_NS - 1)) {
        return false;
    }
    *ns = (int64_t)((uint64_t)utc_ns - (uint64_t)begin_ns);
    return true;
}

static bool recorded_times(const svms_proof_anchor *anchor, const svms_record *record,
                           const svms_track *format, int64_t start_utc_ns, times *out)
{
    int64_t pts = (int64_t)((uint64_t)record->dts + (uint64_t)(int64_t)record->composition);
    uint32_t duration =
        (record->flags & SVMS_FLAG_DURATION) != 0 ? record->duration : format->default_duration;
    int64_t decoded_ns = svms_utc_of(format, 0, start_utc_ns, record->dts);
    int64_t begin_ns = anchor->set ? anchor->begin_ns : decoded_ns;
    out->duration = svms_utc_of(format, 0, 0, duration);
    out->tolerance = tick_of(format) + MILLISECOND + ROUNDING;
    return since(decoded_ns, begin_ns, &out->dts) &&
           since(svms_utc_of(format, 0, start_utc_ns, pts), begin_ns, &out->pts) &&
           out->duration < LARGEST_NS;
}

static void note_jump(svms_proof_clock *clock, const times *at)
{
    if (clock->jumps == 0) {
        int64_t begin_ns = clock->anchor->begin_ns;
        clock->jump_from_ns = sum_of(sum_of(clock->ends_ns, clock->shift_ns), begin_ns);
        clock->jump_to_ns = sum_of(at->dts, begin_ns);
    }
    clock->jumps++;
}

/* What the times of the film are compared by: the film's first sample, or, where another source
 * begins without the gap before it, the end of the sample before. */
static const char *find_shift(svms_proof_clock *clock, const times *at, uint32_t source)
{
    svms_proof_anchor *anchor = clock->anchor;
    int64_t own = at->dts - at->film_dts;
    uint64_t tolerance = at->tolerance;
    if (!anchor->set) {
        anchor->set = true;
        anchor->shift_ns = own;
        anchor->tick_ns = at->tolerance - MILLISECOND;
    }
    if (!clock->begun) {
        clock->shift_ns = anchor->shift_ns;
        tolerance += anchor->tick_ns;
    } else if (source != clock->source && !is_near(own, clock->shift_ns, tolerance) &&
               is_near(at->film_dts, clock->ends_ns, tolerance)) {
        note_jump(clock, at);
        clock->shift_ns = own;
    }
    clock->begun = true;
    clock->source = source;
    clock->ends_ns = at->film_dts + at->duration;
    clock->held_ns = at->duration == 0
                         ? 0
                         : at->film_ends - at->film_pts - at->duration - (int64_t)at->tolerance;
    return is_near(own, clock->shift_ns, tolerance) ? NULL
                                                    : "the film shows it at another time than it "
                                                      "was recorded at (E-PRF-9)";
}

/* What the edit list makes of it. */
static const char *check_edit(svms_proof_clock *clock, const svms_record *record, const times *at)
{
    const svms_film_track *track = clock->track;
    int64_t trim = 0;
    int64_t delay = 0;
    int64_t length = 0;
    if (!track->edited) {
        return NULL;
    }
    if (!to_ns(track->media_time, track->timescale, &trim) ||
        !to_ns(track->delay, clock->timescale, &delay) ||
        !to_ns(track->edit_duration, clock->timescale, &length)) {
        return "an edit list beyond all measure";
    }
    if (at->film_pts > delay + length + (int64_t)at->tolerance ||
        (at->duration != 0 &&
         at->film_pts + at->duration > delay + length + (int64_t)at->tolerance)) {
        return "the film's edit list ends before it (E-PRF-9)";
    }
    bool shown = at->film_ends > delay;
    bool needless = (record->flags & SVMS_SAMPLE_DISCARDABLE) != 0;
    if (!shown && !clock->shown && !needless && (clock->leads || trim > LONGEST_TRIM)) {
        return "the film's edit list leaves it out (E-PRF-9)";
    }
    clock->shown = clock->shown || shown;
    if (at->film_ends > clock->last_ns || !clock->edit_is_known) {
        clock->last_ns = at->film_ends;
    }
    clock->edit_is_known = true;
    clock->edit_ends_ns =
        delay + length - (int64_t)at->tolerance - SECOND / (int64_t)clock->timescale;
    return NULL;
}

const char *svms_proof_clock_check(svms_proof_clock *clock, const svms_record *record,
                                   const svms_track *format, int64_t start_utc_ns, uint32_t source)
{
    times at;
    svms_proof_anchor *anchor = clock->anchor;
    if (!film_times(clock, &at) || !recorded_times(anchor, record, format, start_utc_ns, &at)) {
        return "its times are beyond all measure";
    }
    if (!anchor->set) {
        anchor->begin_ns = svms_utc_of(format, 0, start_utc_ns, record->dts);
    }
    bool sync = (record->flags & SVMS_SAMPLE_SYNC) != 0;
    if (clock->track->stss.offset != 0 && clock->sample.sync != sync) {
        return "the film does not begin with the pictures that were recorded for it (E-FLM-6)";
    }
    const char *why = find_shift(clock, &at, source);
    if (why == NULL && !is_near(at.pts - at.film_pts, at.dts - at.film_dts, at.tolerance)) {
        why = "the film shows it in another order than it was recorded in (E-PRF-9)";
    }
    return why != NULL ? why : check_edit(clock, record, &at);
}

const char *svms_proof_clock_finish(const svms_proof_clock *clock)
{
    bool held =
        clock->held_ns > 0 || (clock->edit_is_known && clock->edit_ends_ns > clock->last_ns);
    return clock->begun && held ? "the film holds its last sample (E-PRF-9)" : NULL;
}
