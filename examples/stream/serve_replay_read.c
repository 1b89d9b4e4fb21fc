/* SPDX-License-Identifier: Apache-2.0 */
#include "serve_replay_read.h"

#include <stdio.h>

/* What one round looks at: most may be passed over. */
enum { READS_AT_ONCE = 128 };
/* Pictures come in the order of decoding: one behind the end may be followed by one before it. */
#define DISORDER_NS ((int64_t)STREAM_SECOND)

void serve_replay_reset(serve_replay *replay)
{
    serve_watch *watch = replay->watch;
    serve_hold_clear(&replay->hold);
    replay->has_ended = false;
    replay->is_told = false;
    replay->end_at = 0;
    replay->is_starving = false;
    replay->follows_gap = false;
    replay->failure[0] = '\0';
    for (uint32_t i = 0; i < watch->tracks->count; i++) {
        watch->streams[i].is_interrupted = true;
        watch->streams[i].said_terminal = false;
        watch->streams[i].waits_for_sync = false;
        watch->streams[i].last_sync_utc = SVMS_NO_TIME;
    }
}

/* The place of the owner's track among those that are sent. */
static serve_stream *stream_of(const serve_watch *watch, uint32_t number, uint32_t *place)
{
    for (uint32_t i = 0; i < watch->tracks->count; i++) {
        if (watch->tracks->list[i].number == number) {
            *place = i;
            return &watch->streams[i];
        }
    }
    return NULL;
}

/* Whether the end that was asked for lies before this one, and all that follows. */
static bool is_beyond(const serve_replay *replay, const serve_stream *stream,
                      const stream_replay_sample *sample)
{
    int64_t to = replay->watch->to_utc_ns;
    bool is_video = stream && stream->track->track.kind == SVMS_TRACK_VIDEO;
    bool is_sync = is_video && (sample->flags & SVMS_SAMPLE_SYNC) != 0;
    if (to == SVMS_NO_TIME) {
        return false;
    }
    if (replay->is_backwards) {
        /* A group reaches up to the one that was sent before it. */
        return is_sync && stream->last_sync_utc != SVMS_NO_TIME && stream->last_sync_utc <= to;
    }
    return sample->utc_ns > to && (is_sync || sample->utc_ns - DISORDER_NS > to);
}

static bool is_wanted(const serve_replay *replay, const serve_stream *stream,
                      const stream_replay_sample *sample)
{
    svms_track_kind kind = stream->track->track.kind;
    int64_t to = replay->watch->to_utc_ns;
    bool is_sync = (sample->flags & SVMS_SAMPLE_SYNC) != 0;
    if (!stream->is_set_up || sample->size == 0 || sample->utc_ns == SVMS_NO_TIME ||
        (kind == SVMS_TRACK_AUDIO && (replay->is_silent || replay->watch->without_sound)) ||
        (!replay->is_backwards && to != SVMS_NO_TIME && sample->utc_ns > to)) {
        return false;
    }
    if (kind != SVMS_TRACK_VIDEO || !is_sync) {
        return kind != SVMS_TRACK_VIDEO || !replay->sync_only;
    }
    if (stream->last_sync_utc == SVMS_NO_TIME) {
        return true;
    }
    int64_t passed = sample->utc_ns - stream->last_sync_utc;
    return (passed < 0 ? -passed : passed) >= replay->interval_ns;
}

static bool take(serve_replay *replay, const stream_replay_sample *sample)
{
    uint32_t place = 0;
    serve_watch *watch = replay->watch;
    serve_stream *stream = stream_of(watch, sample->track, &place);
    replay->follows_gap = replay->follows_gap || sample->is_after_gap;
    if (is_beyond(replay, stream, sample)) {
        replay->has_ended = true;
        serve_hold_mark_last(&replay->hold, SVMS_RTP_REPLAY_TERMINAL);
        return true;
    }
    if (!stream || !is_wanted(replay, stream, sample)) {
        return true;
    }
    bool is_video = stream->track->track.kind == SVMS_TRACK_VIDEO;
    bool begins_group = is_video && (sample->flags & SVMS_SAMPLE_SYNC) != 0;
    uint32_t flags = sample->flags & (SVMS_SAMPLE_SYNC | SVMS_SAMPLE_DISCONTINUITY);
    flags |= is_video ? 0 : SVMS_SAMPLE_SYNC;
    flags |= begins_group && replay->is_backwards ? SVMS_SAMPLE_DISCONTINUITY : 0;
    if (replay->follows_gap) {
        serve_hold_mark_last(&replay->hold, SVMS_RTP_REPLAY_END);
        replay->follows_gap = false;
    }
    if (!serve_hold_put(&replay->hold, sample, place, flags)) {
        (void)snprintf(replay->failure, sizeof replay->failure, "out of memory");
        return false;
    }
    stream->last_sync_utc = begins_group ? sample->utc_ns : stream->last_sync_utc;
    return true;
}

void serve_replay_read(serve_replay *replay, uint32_t wanted)
{
    const stream_presentation *from = replay->watch->presentation;
    uint64_t now = stream_clock();
    if (replay->is_starving && now < replay->read_at) {
        return;
    }
    replay->is_starving = false;
    for (int i = 0; i < READS_AT_ONCE; i++) {
        svms_error err = SVMS_ERROR_INIT;
        stream_replay_sample sample = { .utc_ns = SVMS_NO_TIME };
        if (replay->hold.count >= wanted || serve_hold_is_full(&replay->hold) ||
            replay->has_ended || replay->failure[0] != '\0') {
            return;
        }
        svms_status status = from->calls->next(from->user, replay->cursor, &sample, &err);
        if (status == SVMS_AGAIN) {
            replay->is_starving = true;
            replay->read_at = now + STREAM_SECOND;
        } else if (status == SVMS_END) {
            replay->has_ended = true;
            serve_hold_mark_last(&replay->hold, SVMS_RTP_REPLAY_END | SVMS_RTP_REPLAY_TERMINAL);
        } else if (status != SVMS_OK) {
            (void)snprintf(replay->failure, sizeof replay->failure, "the recording: %s",
                           err.message);
        }
        if (status != SVMS_OK || !take(replay, &sample)) {
            return;
        }
    }
}
