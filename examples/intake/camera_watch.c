/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_watch.h"

#include <string.h>

/* More between two pictures, or reports, is a gap. */
#define GAP_NS INT64_C(10000000000)

/* So long must it be good before it is over, and may be told anew. */
#define QUIET_NS INT64_C(10000000000)

/* Times of a stream are anybody's: a difference that no int64_t holds is a long one. */
static bool is_long(int64_t from_utc_ns, int64_t to_utc_ns, int64_t limit_ns)
{
    return from_utc_ns != SVMS_NO_TIME && to_utc_ns > from_utc_ns &&
           (uint64_t)to_utc_ns - (uint64_t)from_utc_ns > (uint64_t)limit_ns;
}

void camera_span_begin(camera_span *self)
{
    self->last_utc_ns = SVMS_NO_TIME;
    self->lasted_ns = 0;
}

void camera_span_add(camera_span *self, int64_t utc_ns)
{
    if (self->last_utc_ns != SVMS_NO_TIME && utc_ns > self->last_utc_ns) {
        bool is_gap = is_long(self->last_utc_ns, utc_ns, GAP_NS);
        self->lasted_ns += is_gap ? GAP_NS : utc_ns - self->last_utc_ns;
    }
    self->last_utc_ns = utc_ns;
}

bool camera_end_excuses(camera_span *end, svms_camera_verdict verdict, uint32_t reasons,
                        int64_t utc_ns)
{
    if (verdict != SVMS_CAMERA_UNSIGNED || (reasons & CAMERA_END_REASONS) == 0 ||
        (reasons & ~CAMERA_CALM_REASONS) != 0) {
        camera_span_begin(end);
        return false;
    }
    camera_span_add(end, utc_ns);
    return end->lasted_ns <= CAMERA_END_MAX_NS;
}

bool camera_begins_anew(bool *has_sample, const svms_sample *sample)
{
    bool had_sample = *has_sample;
    *has_sample = true;
    return had_sample && (sample->flags & SVMS_SAMPLE_FIRST) != 0;
}

void camera_watch_begin(camera_watch *self, camera_alarm_taker *take, void *user)
{
    memset(self, 0, sizeof *self);
    self->take = take;
    self->user = user;
    for (size_t i = 0; i < SVMS_MAX_TRACKS; i++) {
        camera_span_begin(&self->tracks[i].end);
        camera_span_begin(&self->tracks[i].wait);
        self->tracks[i].good_from_utc_ns = SVMS_NO_TIME;
        self->tracks[i].heard_utc_ns = SVMS_NO_TIME;
    }
}

static void begin_alarm(watched_track *one, int64_t utc_ns)
{
    if (!one->is_on) {
        one->is_on = true;
        one->told = 0;
        one->reports = 0;
        one->from_utc_ns = utc_ns;
    }
    one->good_from_utc_ns = SVMS_NO_TIME;
}

void camera_watch_picture(camera_watch *self, uint32_t track, int64_t utc_ns)
{
    watched_track *one = &self->tracks[track];
    if (one->heard_utc_ns == SVMS_NO_TIME) {
        one->heard_utc_ns = utc_ns;
    }
    camera_span_add(&one->wait, utc_ns);
    if (one->is_silent || one->wait.lasted_ns <= CAMERA_END_MAX_NS) {
        return;
    }
    const camera_alarm alarm = {
        CAMERA_ALARM_SILENT, track, SVMS_CAMERA_PENDING, 0, one->heard_utc_ns, SVMS_NO_TIME, 0
    };
    one->is_silent = true;
    self->was_silent = true;
    begin_alarm(one, one->heard_utc_ns);
    self->take(self->user, &alarm);
}

static void take_bad(camera_watch *self, uint32_t track, const svms_camera_gop *gop, int64_t utc_ns)
{
    watched_track *one = &self->tracks[track];
    uint32_t bit = UINT32_C(1) << (unsigned)gop->verdict;
    begin_alarm(one, utc_ns);
    one->reports++;
    self->bad++;
    if ((one->told & bit) == 0) {
        const camera_alarm alarm = { CAMERA_ALARM_BAD, track, gop->verdict, gop->reasons, utc_ns,
                                     SVMS_NO_TIME,     0 };
        one->told |= bit;
        self->take(self->user, &alarm);
    }
}

static void take_good(camera_watch *self, uint32_t track, int64_t utc_ns)
{
    watched_track *one = &self->tracks[track];
    one->is_silent = false;
    if (one->is_on && one->good_from_utc_ns == SVMS_NO_TIME) {
        one->good_from_utc_ns = utc_ns;
    }
    if (one->is_on && is_long(one->good_from_utc_ns, utc_ns, QUIET_NS - 1)) {
        const camera_alarm alarm = { CAMERA_ALARM_OVER,     track,
                                     SVMS_CAMERA_AUTHENTIC, 0,
                                     one->from_utc_ns,      one->good_from_utc_ns,
                                     one->reports };
        one->is_on = false;
        self->take(self->user, &alarm);
    }
}

void camera_watch_report(camera_watch *self, uint32_t track, const svms_camera_gop *gop,
                         int64_t utc_ns)
{
    watched_track *one = &self->tracks[track];
    bool is_good =
        gop->verdict == SVMS_CAMERA_AUTHENTIC && gop->identity.verdict == SVMS_IDENTITY_TRUSTED;
    bool is_end = camera_end_excuses(&one->end, gop->verdict, gop->reasons, utc_ns);
    self->reports++;
    self->authentic += is_good ? 1 : 0;
    one->heard_utc_ns = utc_ns;
    camera_span_begin(&one->wait);
    if (is_good) {
        take_good(self, track, utc_ns);
    } else if (!is_end) {
        take_bad(self, track, gop, utc_ns);
    }
}

bool camera_watch_is_bad(const camera_watch *self)
{
    return self->bad > 0 || self->was_silent;
}
