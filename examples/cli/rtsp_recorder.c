/* SPDX-License-Identifier: Apache-2.0 */
#include "rtsp_recorder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <picture_size.h>
#include <stream_clock.h>

#include "media_time.h"
#include "message.h"

#define NS_PER_SECOND INT64_C(1000000000)
/* Sender reports come every five seconds or so. */
#define SETTLE_NS (10 * STREAM_SECOND)
/* A reason ends a segment, and a signature costs something: whoever loses packets all the time gets
 * one each second. All gaps are counted, and the sample behind each says that it continues nothing.
 */
#define MARK_NS STREAM_SECOND

static int64_t utc_now(void)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

void rtsp_recorder_begin(rtsp_recorder *self, record_target *target)
{
    memset(self, 0, sizeof *self);
    self->target = target;
    rtsp_hold_begin(&self->hold);
}

bool rtsp_recorder_has_begun(const rtsp_recorder *self)
{
    return self->target->has_begun;
}

void rtsp_recorder_connect(rtsp_recorder *self, stream_pull *pull)
{
    self->pull = pull;
    self->number_count = 0;
    self->is_settled = false;
    self->settle_ns = STREAM_NEVER;
    for (size_t i = 0; i < self->track_count; i++) {
        rtsp_order_break(&self->tracks[i].order);
    }
}

static bool set_config(recorded_track *track, const uint8_t *config, size_t size)
{
    uint8_t *copy = malloc(size);
    if (!copy) {
        complain("out of memory");
        return false;
    }
    memcpy(copy, config, size);
    free(track->config);
    track->config = copy;
    track->track.config = copy;
    track->track.config_size = (uint32_t)size;
    return true;
}

/* What the codec's configuration says of pictures. Their size in the recording's head is that of
 * its beginning. */
static void look_into(recorded_track *track, const uint8_t *config, size_t size, bool has_begun)
{
    picture_size found = PICTURE_SIZE_INIT;
    if (!picture_size_read(&found, track->track.codec, config, size)) {
        return;
    }
    if (!has_begun) {
        track->track.width = found.width;
        track->track.height = found.height;
    }
    if (found.overtakers >= 0) {
        rtsp_timeline_tell_depth(&track->order.line, (unsigned)found.overtakers);
    }
}

static bool add_track(rtsp_recorder *self, const svms_track *track)
{
    recorded_track *added = &self->tracks[self->track_count];
    memset(added, 0, sizeof *added);
    added->track = *track;
    added->track.config = NULL;
    added->track.config_size = 0;
    rtsp_order_begin(&added->order, track);
    self->track_count++;
    if (track->config_size == 0) {
        return true;
    }
    look_into(added, track->config, track->config_size, false);
    return set_config(added, track->config, track->config_size);
}

static bool is_taken(const rtsp_recorder *self, int number)
{
    for (size_t i = 0; i < self->number_count; i++) {
        if (self->numbers[i] == number) {
            return true;
        }
    }
    return false;
}

/* The recorded track that a track of another connection goes on with, or -1. */
static int find_track(const rtsp_recorder *self, const svms_track *track)
{
    for (size_t i = 0; i < self->track_count; i++) {
        const svms_track *known = &self->tracks[i].track;
        if (!is_taken(self, (int)i) && known->codec == track->codec &&
            known->timebase_den == track->timebase_den && known->channels == track->channels) {
            return (int)i;
        }
    }
    return -1;
}

static void choose_reference(rtsp_recorder *self)
{
    self->reference = 0;
    for (size_t i = self->track_count; i > 0; i--) {
        if (self->tracks[i - 1].track.kind == SVMS_TRACK_VIDEO) {
            self->reference = i - 1;
        }
    }
}

static svms_status fail(rtsp_recorder *self, exit_status status)
{
    self->status = self->status == EXIT_GOOD ? status : self->status;
    return SVMS_E_IO;
}

static svms_status on_tracks(void *user, const stream_pull_track *tracks, size_t count)
{
    rtsp_recorder *self = user;
    bool goes_on = self->target->has_begun;
    size_t found = 0;
    if (!goes_on) {
        for (size_t i = 0; i < self->track_count; i++) {
            rtsp_order_end(&self->tracks[i].order);
            free(self->tracks[i].config);
        }
        self->track_count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (!goes_on && !add_track(self, &tracks[i].track)) {
            return fail(self, EXIT_ENVIRONMENT);
        }
        int number = goes_on ? find_track(self, &tracks[i].track) : (int)i;
        self->numbers[self->number_count++] = number;
        found += number >= 0 ? 1 : 0;
        if (number < 0) {
            complain("note: the camera has a track that it had not before, which is left out");
        }
    }
    if (found == 0) {
        complain("the camera sends other media than before; they need another recording");
        return fail(self, EXIT_ENVIRONMENT);
    }
    if (!goes_on) {
        choose_reference(self);
    }
    return SVMS_OK;
}

static int connection_number(const rtsp_recorder *self, size_t track)
{
    for (size_t i = 0; i < self->number_count; i++) {
        if (self->numbers[i] == (int)track) {
            return (int)i;
        }
    }
    return -1;
}

static int64_t camera_utc(const rtsp_recorder *self, size_t track, int64_t rtp_time)
{
    int number = connection_number(self, track);
    return number < 0 ? SVMS_NO_TIME : stream_pull_utc(self->pull, (size_t)number, rtp_time);
}

static const held_event *first_sample_of(const rtsp_recorder *self, size_t track)
{
    const held_event *held = self->hold.first;
    while (held && (held->track != track || held->event.kind != SVMS_RTP_SAMPLE)) {
        held = held->next;
    }
    return held;
}

static bool config_is_known(const rtsp_recorder *self)
{
    for (size_t i = 0; i < self->track_count; i++) {
        const svms_track *track = &self->tracks[i].track;
        bool needed = track->codec == SVMS_CODEC_H264 || track->codec == SVMS_CODEC_H265;
        if (needed && track->config_size == 0) {
            return false;
        }
    }
    return true;
}

/* RTP times of what is held. */
static unsigned held_times(const rtsp_recorder *self, size_t track, int64_t *times, unsigned max)
{
    unsigned count = 0;
    const held_event *held = self->hold.first;
    for (; held && count < max; held = held->next) {
        if (held->track == track && held->event.kind == SVMS_RTP_SAMPLE) {
            times[count++] = held->event.rtp_time;
        }
    }
    return count;
}

/* The recording's head says how far pictures are apart. */
static bool step_is_known(const rtsp_recorder *self)
{
    int64_t times[TIMELINE_STEP_SAMPLES];
    return self->tracks[self->reference].track.kind != SVMS_TRACK_VIDEO ||
           held_times(self, self->reference, times, TIMELINE_STEP_SAMPLES) == TIMELINE_STEP_SAMPLES;
}

/* Whether it is known what the times of this connection mean, and what is in it. */
static bool can_settle(const rtsp_recorder *self)
{
    const held_event *first = first_sample_of(self, self->reference);
    return first && (self->target->has_begun || (config_is_known(self) && step_is_known(self))) &&
           camera_utc(self, self->reference, first->event.rtp_time) != SVMS_NO_TIME;
}

static exit_status begin_target(rtsp_recorder *self)
{
    svms_track tracks[STREAM_PULL_TRACKS_MAX];
    const held_event *first = first_sample_of(self, self->reference);
    first = first ? first : self->hold.first;
    int64_t utc = first ? camera_utc(self, first->track, first->event.rtp_time) : SVMS_NO_TIME;
    self->by_camera = utc != SVMS_NO_TIME;
    if (!self->by_camera) {
        complain("note: the camera does not say what time it is; times are the recorder's");
        utc = self->came_utc_ns;
    }
    self->start_utc_ns = utc;
    for (size_t i = 0; i < self->track_count; i++) {
        tracks[i] = self->tracks[i].track;
    }
    record_media media = { tracks,
                           (uint32_t)self->track_count,
                           utc,
                           0,
                           SVMS_ORIGIN_LIVE,
                           self->by_camera ? SVMS_CLOCK_CAMERA : SVMS_CLOCK_SYSTEM };
    return record_target_begin(self->target, &media);
}

/* Where a track begins in this connection: by the camera's time, or, while that is not known, by
 * when it came and how far the clocks of camera and recorder were apart. */
static void anchor(rtsp_recorder *self, recorded_track *track, const held_event *first)
{
    int64_t utc = first->event.utc_ns;
    if (utc == SVMS_NO_TIME) {
        utc = self->came_utc_ns + (int64_t)(first->came_ns - self->came_ns) + self->skew_ns;
    }
    rtsp_timeline_anchor(&track->order.line, first->event.rtp_time, utc - self->start_utc_ns);
}

/* How far the camera's clock is ahead. */
static void measure_skew(rtsp_recorder *self)
{
    const held_event *first = first_sample_of(self, self->reference);
    int64_t utc = self->by_camera && first
                      ? camera_utc(self, self->reference, first->event.rtp_time)
                      : SVMS_NO_TIME;
    if (utc != SVMS_NO_TIME) {
        self->skew_ns = utc - self->came_utc_ns - (int64_t)(first->came_ns - self->came_ns);
    }
}

static svms_gap_reason gap_reason(const rtsp_recorder *self, uint32_t reasons)
{
    if (self->was_lost ||
        (reasons & (SVMS_RTP_GAP_LOST | SVMS_RTP_GAP_SOURCE | SVMS_RTP_GAP_RESTART)) != 0) {
        return SVMS_GAP_SIGNAL_LOST;
    }
    return (reasons & (SVMS_RTP_GAP_MEMORY | SVMS_RTP_GAP_LIMIT)) != 0 ? SVMS_GAP_OVERLOAD
                                                                       : SVMS_GAP_UNSPECIFIED;
}

/* Signs the reason of a gap, where this sample is the first behind one. */
static exit_status mark_gap(rtsp_recorder *self, recorded_track *track)
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
        return EXIT_GOOD;
    }
    self->marked_ns = now;
    return record_target_gap(self->target, reason);
}

/* What stands in the recording: where the camera says no time, that of the track. */
static void tell_missing(rtsp_recorder *self, size_t number, const svms_sample *sample)
{
    recorded_track *track = &self->tracks[number];
    int64_t begin = sample->utc_ns != SVMS_NO_TIME
                        ? sample->utc_ns
                        : time_add(self->start_utc_ns, ticks_to_ns(&track->track, sample->pts));
    int64_t end = time_add(begin, ticks_to_ns(&track->track, sample->duration));
    rtsp_gaps_close(&self->gaps, number, &track->missing, begin);
    /* Pictures may come in another order than they are shown. */
    if (!track->has_sample || end > track->missing.from_utc_ns) {
        track->missing.from_utc_ns = end;
    }
}

static exit_status record_sample(rtsp_recorder *self, size_t number, const svms_rtp_event *event,
                                 svms_sample *sample)
{
    recorded_track *track = &self->tracks[number];
    exit_status status = mark_gap(self, track);
    if (status != EXIT_GOOD) {
        return status;
    }
    sample->track = (uint32_t)number;
    sample->flags = event->flags;
    sample->utc_ns = event->utc_ns;
    sample->data = event->data;
    sample->size = event->size;
    tell_missing(self, number, sample);
    track->has_sample = true;
    status = record_target_append(self->target, sample);
    if (status == EXIT_GOOD) {
        record_target_show(self->target, 0);
    }
    return status;
}

static void note_gap(rtsp_recorder *self, recorded_track *track, const svms_rtp_event *event)
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
    rtsp_gap_widen(&track->missing, event);
}

/* Records what has times by now. is_end: what comes next does not continue it. */
static exit_status record_ordered(rtsp_recorder *self, size_t number, bool is_end)
{
    recorded_track *track = &self->tracks[number];
    exit_status status = EXIT_GOOD;
    const held_event *first = NULL;
    held_event *held = NULL;
    do {
        svms_sample sample = SVMS_SAMPLE_INIT;
        first = rtsp_order_unanchored(&track->order, is_end);
        if (first) {
            anchor(self, track, first);
        }
        held = rtsp_order_take(&track->order, is_end, &sample);
        if (held && held->event.kind == SVMS_RTP_GAP) {
            note_gap(self, track, &held->event);
        } else if (held) {
            status = record_sample(self, number, &held->event, &sample);
        }
        free(held);
    } while (status == EXIT_GOOD && (held || rtsp_order_unanchored(&track->order, is_end)));
    return status;
}

static exit_status record_event(rtsp_recorder *self, size_t number, const svms_rtp_event *event,
                                uint64_t came_ns)
{
    rtsp_order *order = &self->tracks[number].order;
    svms_rtp_event added = *event;
    exit_status status = EXIT_GOOD;
    if (event->kind == SVMS_RTP_SOURCE) {
        status = record_ordered(self, number, true);
        rtsp_order_break(order);
    } else if (event->kind == SVMS_RTP_SAMPLE || event->kind == SVMS_RTP_GAP) {
        bool asked = self->by_camera && event->kind == SVMS_RTP_SAMPLE;
        /* Now: the next source has another clock. */
        added.utc_ns = asked ? camera_utc(self, number, event->rtp_time) : SVMS_NO_TIME;
        if (!rtsp_order_add(order, &added, came_ns)) {
            complain("out of memory");
            return EXIT_ENVIRONMENT;
        }
        status = record_ordered(self, number, false);
    }
    return status;
}

/* RTP does not say how long a picture is shown; as long as those before it, mostly. */
static void set_usual_durations(rtsp_recorder *self)
{
    for (size_t i = 0; i < self->track_count; i++) {
        int64_t times[TIMELINE_FORESEEN_MAX];
        unsigned count = held_times(self, i, times, TIMELINE_FORESEEN_MAX);
        int64_t usual = rtsp_timeline_usual_step(times, count);
        svms_track *track = &self->tracks[i].track;
        bool told = track->kind == SVMS_TRACK_VIDEO && usual > 0 && usual <= UINT32_MAX;
        track->default_duration = told ? (uint32_t)usual : 0;
        rtsp_timeline_tell_step(&self->tracks[i].order.line, usual);
    }
}

static exit_status record_held(rtsp_recorder *self)
{
    exit_status status = EXIT_GOOD;
    held_event *held = rtsp_hold_take(&self->hold);
    while (held) {
        if (status == EXIT_GOOD) {
            status = record_event(self, held->track, &held->event, held->came_ns);
        }
        free(held);
        held = rtsp_hold_take(&self->hold);
    }
    return status;
}

/* From now on everything is recorded as soon as its times are known. */
static exit_status settle(rtsp_recorder *self)
{
    exit_status status = EXIT_GOOD;
    self->is_settled = true;
    if (!self->target->has_begun) {
        set_usual_durations(self);
        status = begin_target(self);
    }
    measure_skew(self);
    return status == EXIT_GOOD ? record_held(self) : status;
}

static bool take_config(rtsp_recorder *self, recorded_track *track, const svms_rtp_event *event)
{
    if (track->track.codec == SVMS_CODEC_MJPEG && track->track.width == 0) {
        look_into(track, event->data, event->size, false);
    }
    if (!event->config || (track->track.config_size == event->config_size &&
                           memcmp(track->config, event->config, event->config_size) == 0)) {
        return true;
    }
    look_into(track, event->config, event->config_size, self->target->has_begun);
    if (!self->target->has_begun) {
        return set_config(track, event->config, event->config_size);
    }
    /* The samples hold their parameter sets themselves. */
    if (track->changes++ == 0) {
        complain("note: the camera changed how it encodes; the recording goes on, and says at its "
                 "beginning how that was before");
    }
    return true;
}

static exit_status hold(rtsp_recorder *self, size_t number, const svms_rtp_event *event,
                        uint64_t now_ns)
{
    if (event->kind == SVMS_RTP_SAMPLE && self->settle_ns == STREAM_NEVER) {
        self->came_ns = now_ns;
        self->came_utc_ns = utc_now();
        self->settle_ns = now_ns + SETTLE_NS;
    }
    if (!rtsp_hold_add(&self->hold, number, event, now_ns)) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    bool over = now_ns >= self->settle_ns || rtsp_hold_is_full(&self->hold);
    return over || can_settle(self) ? settle(self) : EXIT_GOOD;
}

static svms_status on_media(void *user, size_t track, const svms_rtp_event *event, uint64_t now_ns)
{
    rtsp_recorder *self = user;
    int number = track < self->number_count ? self->numbers[track] : -1;
    if (number < 0) {
        return SVMS_OK;
    }
    if (event->kind == SVMS_RTP_SAMPLE && !take_config(self, &self->tracks[number], event)) {
        return fail(self, EXIT_ENVIRONMENT);
    }
    exit_status status = self->is_settled ? record_event(self, (size_t)number, event, now_ns)
                                          : hold(self, (size_t)number, event, now_ns);
    return status == EXIT_GOOD ? SVMS_OK : fail(self, status);
}

static void on_note(void *user, const char *words)
{
    (void)user;
    complain("note: %s", words);
}

const stream_pull_events rtsp_recorder_events = { NULL, NULL, on_tracks, on_media, on_note };

/* Of all that was missing so far; another connection may go on. */
static void report_gaps(rtsp_recorder *self)
{
    json_t *report = record_target_reports(self->target) ? rtsp_gaps_report(&self->gaps) : NULL;
    for (size_t i = 0; i < self->track_count && report; i++) {
        rtsp_gaps_report_open(report, i, &self->tracks[i].missing);
    }
    if (report) {
        record_target_say(self->target, report);
    }
}

void rtsp_recorder_disconnect(rtsp_recorder *self, bool lost)
{
    stream_pull_counts counts;
    if (!self->is_settled && self->hold.first && self->status == EXIT_GOOD &&
        self->settle_ns != STREAM_NEVER) {
        self->status = settle(self);
    }
    for (size_t i = 0; i < self->track_count && self->status == EXIT_GOOD; i++) {
        self->status = record_ordered(self, i, true);
    }
    rtsp_hold_end(&self->hold);
    rtsp_hold_begin(&self->hold);
    stream_pull_count(self->pull, &counts);
    self->losses.refused += counts.refused;
    self->pull = NULL;
    if (lost && self->target->has_begun) {
        self->was_lost = true;
        for (size_t i = 0; i < self->track_count; i++) {
            if (self->tracks[i].has_sample) {
                rtsp_gap_lose_camera(&self->tracks[i].missing);
            }
        }
        record_audit_event(&self->target->audit, "recording.gap", &self->target->audit.head,
                           "the camera was lost");
    }
    report_gaps(self);
}

void rtsp_recorder_tell_losses(const rtsp_recorder *self)
{
    const rtsp_losses *losses = &self->losses;
    if (losses->connections > 0) {
        print_line(stderr, "gaps: the camera was lost, and found again, %" PRIu64 " times",
                   losses->connections);
    }
    if (losses->gaps > 0) {
        static const char *const words[] = { "lost",   "malformed",  "too long", "out of memory",
                                             "source", "began anew", "joined" };
        char reasons[128] = "";
        size_t used = 0;
        for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
            if ((losses->reasons & 1u << i) != 0 && used < sizeof reasons) {
                int size = snprintf(reasons + used, sizeof reasons - used, "%s%s", used ? ", " : "",
                                    words[i]);
                used += size > 0 ? (size_t)size : 0;
            }
        }
        print_line(stderr,
                   "gaps: %" PRIu64 " in what came, %" PRIu64 " packets lost, %" PRIu64
                   " dropped (%s)",
                   losses->gaps, losses->lost, losses->dropped, reasons);
    }
    if (losses->refused > 0) {
        print_line(stderr,
                   "refused: %" PRIu64 " packets that were not the camera's, came twice, or were "
                   "under no key that holds",
                   losses->refused);
    }
    if (losses->joined > 0) {
        print_line(stderr, "before the first samples: %" PRIu64 " packets lost or dropped",
                   losses->joined);
    }
}

void rtsp_recorder_free(rtsp_recorder *self)
{
    rtsp_hold_end(&self->hold);
    for (size_t i = 0; i < self->track_count; i++) {
        rtsp_order_end(&self->tracks[i].order);
        free(self->tracks[i].config);
    }
    self->track_count = 0;
    rtsp_gaps_free(&self->gaps);
}
