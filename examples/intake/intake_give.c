/* SPDX-License-Identifier: Apache-2.0 */
/* From events with known times to samples of the owner. */
#include <stdlib.h>

#include <stream_clock.h>

#include "intake_internal.h"
#include "media_time.h"

/* A reason ends a segment, and a signature costs something: whoever loses packets all the time gets
 * one each second. All gaps are counted, and the sample behind each says that it continues nothing.
 */
#define MARK_NS STREAM_SECOND

/* Where a track begins in this connection: by the camera's time, or, while that is not known, by
 * when it came and how far the clocks of camera and recorder were apart. */
static void anchor(const intake *self, intake_track *track, const held_event *first)
{
    int64_t utc = first->event.utc_ns;
    if (utc == SVMS_NO_TIME) {
        utc = self->came_utc_ns + (int64_t)(first->came_ns - self->came_ns) + self->skew_ns;
    }
    intake_timeline_anchor(&track->order.line, first->event.rtp_time, utc - self->start_utc_ns);
}

static svms_gap_reason gap_reason(const intake *self, uint32_t reasons)
{
    if (self->was_lost ||
        (reasons & (SVMS_RTP_GAP_LOST | SVMS_RTP_GAP_SOURCE | SVMS_RTP_GAP_RESTART)) != 0) {
        return SVMS_GAP_SIGNAL_LOST;
    }
    return (reasons & (SVMS_RTP_GAP_MEMORY | SVMS_RTP_GAP_LIMIT)) != 0 ? SVMS_GAP_OVERLOAD
                                                                       : SVMS_GAP_UNSPECIFIED;
}

/* Tells the reason of a gap, where this sample is the first behind one. */
static svms_status mark_gap(intake *self, intake_track *track)
{
    uint64_t now = stream_clock();
    bool wanted = self->was_lost || (track->has_gap && track->has_sample);
    bool allowed = self->was_lost || self->marked_ns == 0 || now - self->marked_ns >= MARK_NS;
    svms_gap_reason reason = gap_reason(self, track->reasons);
    track->has_gap = false;
    track->reasons = 0;
    self->losses.connections += self->was_lost ? 1 : 0;
    self->was_lost = false;
    if (!wanted || !allowed) {
        return SVMS_OK;
    }
    svms_error err = SVMS_ERROR_INIT;
    self->marked_ns = now;
    svms_status status = self->calls->gap(self->user, reason, &err);
    return status == SVMS_OK ? SVMS_OK : intake_fail(self, status, &err);
}

/* Where the camera says no time, that of the track. */
static void tell_missing(intake *self, size_t number, const svms_sample *sample)
{
    intake_track *track = &self->tracks[number];
    int64_t begin = sample->utc_ns != SVMS_NO_TIME
                        ? sample->utc_ns
                        : time_add(self->start_utc_ns, ticks_to_ns(&track->track, sample->pts));
    int64_t end = time_add(begin, ticks_to_ns(&track->track, sample->duration));
    int64_t from = track->missing.from_utc_ns;
    if (track->is_missing) {
        track->missing.track = number;
        track->missing.to_utc_ns = begin;
        if (self->calls->missing) {
            self->calls->missing(self->user, &track->missing);
        }
        track->is_missing = false;
        track->missing = (intake_gap){ .from_utc_ns = from };
    }
    /* Pictures may come in another order than they are shown. */
    if (!track->has_sample || end > from) {
        track->missing.from_utc_ns = end;
    }
}

static svms_status give_sample(intake *self, size_t number, const svms_rtp_event *event,
                               svms_sample *sample)
{
    svms_error err = SVMS_ERROR_INIT;
    intake_track *track = &self->tracks[number];
    svms_status status = mark_gap(self, track);
    if (status != SVMS_OK) {
        return status;
    }
    sample->track = (uint32_t)number;
    sample->flags = event->flags | (track->is_connected ? 0 : SVMS_SAMPLE_FIRST);
    sample->utc_ns = event->utc_ns;
    sample->data = event->data;
    sample->size = event->size;
    tell_missing(self, number, sample);
    track->has_sample = true;
    track->is_connected = true;
    status = self->calls->sample(self->user, sample, &err);
    return status == SVMS_OK ? SVMS_OK : intake_fail(self, status, &err);
}

static void note_gap(intake *self, intake_track *track, const svms_rtp_event *event)
{
    if (!track->has_sample) {
        self->losses.joined += event->lost + event->dropped;
        return;
    }
    self->losses.gaps++;
    self->losses.lost += event->lost;
    self->losses.dropped += event->dropped;
    self->losses.reasons |= event->reasons;
    track->has_gap = true;
    track->reasons |= event->reasons;
    track->is_missing = true;
    track->missing.reasons |= event->reasons;
    track->missing.lost += event->lost;
    track->missing.dropped += event->dropped;
}

/* is_end: what comes next does not continue it. */
static svms_status give_ordered(intake *self, size_t number, bool is_end)
{
    intake_track *track = &self->tracks[number];
    svms_status status = SVMS_OK;
    const held_event *first = NULL;
    held_event *held = NULL;
    do {
        svms_sample sample = SVMS_SAMPLE_INIT;
        first = intake_order_unanchored(&track->order, is_end);
        if (first) {
            anchor(self, track, first);
        }
        held = intake_order_take(&track->order, is_end, &sample);
        if (held && held->event.kind == SVMS_RTP_GAP) {
            note_gap(self, track, &held->event);
        } else if (held) {
            status = give_sample(self, number, &held->event, &sample);
        }
        free(held);
    } while (status == SVMS_OK && (held || intake_order_unanchored(&track->order, is_end)));
    return status;
}

svms_status intake_give_rest(intake *self, size_t number)
{
    return give_ordered(self, number, true);
}

svms_status intake_give(intake *self, size_t number, const svms_rtp_event *event, uint64_t came_ns)
{
    intake_order *order = &self->tracks[number].order;
    svms_rtp_event added = *event;
    svms_status status = SVMS_OK;
    if (event->kind == SVMS_RTP_SOURCE) {
        status = give_ordered(self, number, true);
        intake_order_break(order);
    } else if (event->kind == SVMS_RTP_SAMPLE || event->kind == SVMS_RTP_GAP) {
        bool asked = self->by_camera && event->kind == SVMS_RTP_SAMPLE;
        /* Now: the next source has another clock. */
        added.utc_ns = asked ? intake_camera_utc(self, number, event) : SVMS_NO_TIME;
        if (!intake_order_add(order, &added, came_ns)) {
            return intake_no_memory(self);
        }
        status = give_ordered(self, number, false);
    }
    return status;
}
