/* SPDX-License-Identifier: Apache-2.0 */
/* The course of a replay: what PLAY asks for, when a sample is due, and what the client takes
 * (ONVIF Streaming, "Playback"). */
#include <stdlib.h>
#include <string.h>

#include "serve_hold.h"
#include "serve_internal.h"
#include "serve_replay_read.h"

/* So much may wait for a client before more is given to it. */
#define WAITING_MAX ((size_t)256 << 10)
/* What one client gets in one round, so that the others get theirs. */
enum { SAMPLES_AT_ONCE = 32 };
/* The last picture lasts, too, and what reports overtake still comes. */
#define FAREWELL_NS (STREAM_SECOND / 2)
/* Faster than this, only pictures that stand alone are sent. */
#define SCALE_OF_ALL 2000
/* A pause in the recording lasts no longer than this, or else STEP_NS. */
#define PAUSE_MAX_NS ((int64_t)STREAM_SECOND)
#define SYNC_PAUSE_MAX_NS (10 * (int64_t)STREAM_SECOND)
#define STEP_NS (40 * (int64_t)1000000)

static uint32_t code_of(svms_status status, uint32_t at_end)
{
    if (status == SVMS_END) {
        return at_end;
    }
    return status == SVMS_E_LIMIT ? SERVE_TOO_MANY : SERVE_INTERNAL_ERROR;
}

/* Of a replay only UTC counts. */
static svms_status make_tracks(serve_watch *watch, const stream_replay_opening *opening,
                               svms_error *err)
{
    svms_status status = serve_tracks_make(&watch->own, watch->client->serve->options.ctx,
                                           opening->tracks, opening->track_count, err);
    for (uint32_t i = 0; i < watch->own.count && status == SVMS_OK; i++) {
        watch->own.list[i].track.timebase_num = 1;
        watch->own.list[i].track.timebase_den = (uint32_t)STREAM_SECOND;
    }
    return status;
}

uint32_t serve_replay_open(serve_watch *watch, const svms_rtsp_server_request *request)
{
    const stream_presentation *from = watch->presentation;
    svms_error err = SVMS_ERROR_INIT;
    stream_replay_opening opening = { .path = from->path,
                                      .query = watch->query,
                                      .identity = request->identity,
                                      .address = watch->client->address,
                                      .first_utc_ns = SVMS_NO_TIME,
                                      .last_utc_ns = SVMS_NO_TIME };
    serve_replay *replay = calloc(1, sizeof *replay);
    if (!replay) {
        return SERVE_INTERNAL_ERROR;
    }
    replay->watch = watch;
    svms_status status = from->calls->open(from->user, &opening, &replay->cursor, &err);
    if (status != SVMS_OK) {
        free(replay);
        serve_note(watch->client, STREAM_SERVE_REFUSED, request->identity, err.message);
        return code_of(status, SERVE_NOT_FOUND);
    }
    watch->replay = replay;
    replay->first_utc_ns = opening.first_utc_ns;
    replay->last_utc_ns = opening.last_utc_ns;
    status = make_tracks(watch, &opening, &err);
    if (status != SVMS_OK) {
        serve_note(watch->client, STREAM_SERVE_REFUSED, request->identity, err.message);
    }
    return status == SVMS_OK ? SERVE_GOOD : SERVE_INTERNAL_ERROR;
}

void serve_replay_close(serve_watch *watch)
{
    serve_replay *replay = watch->replay;
    if (!replay) {
        return;
    }
    watch->presentation->calls->close(watch->presentation->user, replay->cursor);
    serve_hold_clear(&replay->hold);
    free(replay);
    watch->replay = NULL;
}

void *serve_replay_cursor(const serve_watch *watch)
{
    return watch->replay->cursor;
}

svms_rtsp_range serve_replay_range(const serve_watch *watch)
{
    const serve_replay *replay = watch->replay;
    svms_rtsp_range range = SVMS_RTSP_RANGE_INIT;
    range.kind = SVMS_RTSP_RANGE_NPT;
    range.from_ns = 0;
    if (replay->first_utc_ns != SVMS_NO_TIME && replay->last_utc_ns > replay->first_utc_ns) {
        range.to_ns = replay->last_utc_ns - replay->first_utc_ns;
    }
    return range;
}

/* npt counts from the first moment that there was when it was opened. */
static bool to_utc(const serve_replay *replay, svms_rtsp_range_kind kind, int64_t time,
                   int64_t *utc)
{
    *utc = time;
    if (time == SVMS_NO_TIME || kind != SVMS_RTSP_RANGE_NPT) {
        return true;
    }
    if (replay->first_utc_ns == SVMS_NO_TIME || time > INT64_MAX - replay->first_utc_ns) {
        /* Its beginning is there, whenever it was. */
        *utc = SVMS_NO_TIME;
        return time == 0;
    }
    *utc = replay->first_utc_ns + time;
    return true;
}

static bool is_backwards(const svms_rtsp_play *play)
{
    return play->scale_milli < 0;
}

uint32_t serve_replay_reach(const serve_watch *watch, const svms_rtsp_play *play, int64_t *from,
                            int64_t *to)
{
    const serve_replay *replay = watch->replay;
    const svms_rtsp_range *range = &play->range;
    if (range->kind == SVMS_RTSP_RANGE_NONE) {
        /* It goes on, or turns, where it is. */
        bool same = replay->is_placed && is_backwards(play) == replay->is_backwards;
        *from = replay->is_placed ? replay->at_utc_ns : SVMS_NO_TIME;
        *to = same ? watch->to_utc_ns : SVMS_NO_TIME;
        return SERVE_GOOD;
    }
    /* "now" is of live video. */
    if (range->from_now || !to_utc(replay, range->kind, range->from_ns, from) ||
        !to_utc(replay, range->kind, range->to_ns, to)) {
        return SERVE_BAD_RANGE;
    }
    return SERVE_GOOD;
}

static bool is_interleaved(const serve_watch *watch)
{
    for (uint32_t i = 0; i < watch->tracks->count; i++) {
        if (watch->streams[i].is_set_up && watch->streams[i].carrier == SVMS_RTSP_UDP) {
            return false;
        }
    }
    return true;
}

/* How it plays, of what was asked. */
static void set_manner(serve_replay *replay, const svms_rtsp_play *play)
{
    replay->scale_milli = play->scale_milli != 0 ? play->scale_milli : 1000;
    replay->is_backwards = replay->scale_milli < 0;
    /* Only a connection says how much of it was taken. */
    replay->is_free = play->rate_control == SVMS_RTSP_NO && is_interleaved(replay->watch);
    bool is_fast = replay->scale_milli > SCALE_OF_ALL || replay->is_backwards;
    replay->sync_only = play->frames == SVMS_RTSP_FRAMES_INTRA || (!replay->is_free && is_fast);
    replay->is_silent = replay->is_backwards || (!replay->is_free && replay->scale_milli != 1000);
    replay->interval_ns =
        play->frames == SVMS_RTSP_FRAMES_INTRA ? (int64_t)play->intra_interval_ms * 1000000 : 0;
}

static uint32_t seek(serve_watch *watch)
{
    serve_replay *replay = watch->replay;
    const stream_presentation *from = watch->presentation;
    svms_error err = SVMS_ERROR_INIT;
    const stream_replay_seek to = { watch->from_utc_ns, watch->to_utc_ns, replay->is_backwards,
                                    replay->sync_only, replay->is_free };
    svms_status status = from->calls->seek(from->user, replay->cursor, &to, &err);
    serve_replay_reset(replay);
    if (status != SVMS_OK) {
        if (status != SVMS_END) {
            serve_note(watch->client, STREAM_SERVE_REFUSED, watch->identity, err.message);
        }
        replay->is_placed = false;
        replay->has_ended = replay->is_told = true;
        return code_of(status, SERVE_BAD_RANGE);
    }
    replay->is_placed = true;
    replay->at_utc_ns = watch->from_utc_ns;
    return SERVE_GOOD;
}

/* The clock of what is played stands at this moment now. */
static void anchor(serve_replay *replay, int64_t utc_ns)
{
    replay->anchor_ns = stream_clock();
    replay->anchor_utc_ns = utc_ns;
    replay->anchor_play_ns += replay->offset_ns + STEP_NS;
    replay->offset_ns = 0;
}

/* The first moment, which may lie before the one that was asked for. */
static void look_ahead(serve_replay *replay)
{
    serve_replay_read(replay, 1);
    const serve_held *front = serve_hold_front(&replay->hold);
    if (front) {
        replay->at_utc_ns = front->utc_ns;
    }
    anchor(replay, replay->at_utc_ns != SVMS_NO_TIME ? replay->at_utc_ns : 0);
    replay->is_anchored = front != NULL;
}

static void say_range(const serve_replay *replay, const svms_rtsp_play *play,
                      svms_rtsp_range *range)
{
    bool npt = play->range.kind == SVMS_RTSP_RANGE_NPT && replay->first_utc_ns != SVMS_NO_TIME;
    int64_t zero = npt ? replay->first_utc_ns : 0;
    int64_t at = replay->at_utc_ns;
    if (at == SVMS_NO_TIME) {
        at = replay->is_backwards ? replay->last_utc_ns : replay->first_utc_ns;
    }
    if (at == SVMS_NO_TIME) {
        return;
    }
    range->kind = npt ? SVMS_RTSP_RANGE_NPT : SVMS_RTSP_RANGE_CLOCK;
    range->from_ns = at > zero || !npt ? at - zero : 0;
    int64_t to = replay->watch->to_utc_ns;
    bool beyond = replay->is_backwards ? to < at : to > at;
    range->to_ns = to != SVMS_NO_TIME && beyond && (!npt || to > zero) ? to - zero : SVMS_NO_TIME;
}

uint32_t serve_replay_play(serve_watch *watch, const svms_rtsp_server_request *request,
                           svms_rtsp_server_answer *answer)
{
    serve_replay *replay = watch->replay;
    const svms_rtsp_play *play = request->play;
    bool was_free = replay->is_free;
    bool was_sync_only = replay->sync_only;
    bool was_backwards = replay->is_backwards;
    int64_t was_interval = replay->interval_ns;
    set_manner(replay, play);
    bool goes_on = replay->is_placed && play->range.kind == SVMS_RTSP_RANGE_NONE &&
                   was_free == replay->is_free && was_sync_only == replay->sync_only &&
                   was_backwards == replay->is_backwards && was_interval == replay->interval_ns;
    replay->cseq = request->cseq & 0xFF;
    replay->is_onvif = (request->flags & SVMS_RTSP_REQUEST_REPLAY) != 0;
    uint32_t code = goes_on ? SERVE_GOOD : seek(watch);
    if (code != SERVE_GOOD) {
        return code;
    }
    look_ahead(replay);
    answer->scale_milli = replay->scale_milli;
    say_range(replay, play, &answer->range);
    return SERVE_GOOD;
}

bool serve_replay_is_free(const serve_watch *watch)
{
    return watch->replay && watch->is_playing && watch->replay->is_free;
}

/* As long as nothing is known of where it is, any moment will do. */
static int64_t rtp_ns(const serve_replay *replay, int64_t utc_ns)
{
    return replay->is_free ? utc_ns : replay->anchor_play_ns + replay->offset_ns;
}

uint32_t serve_replay_time(const serve_watch *watch, const serve_stream *stream)
{
    const serve_replay *replay = watch->replay;
    int64_t at = replay->at_utc_ns != SVMS_NO_TIME ? replay->at_utc_ns : 0;
    return svms_rtp_sender_time(stream->sender, rtp_ns(replay, at));
}

/* How long after the anchor it is due. */
static int64_t offset_of(const serve_replay *replay, int64_t utc_ns)
{
    double passed = (double)(utc_ns - replay->anchor_utc_ns) * 1000.0 / replay->scale_milli;
    return (int64_t)passed;
}

/* When, by stream_clock(); a leap in the recording is passed over. */
static uint64_t due(serve_replay *replay, const serve_held *held)
{
    if (!replay->is_anchored) {
        anchor(replay, held->utc_ns);
        replay->is_anchored = true;
    }
    int64_t offset = offset_of(replay, held->utc_ns);
    int64_t step = offset - replay->offset_ns;
    int64_t most = replay->sync_only ? SYNC_PAUSE_MAX_NS : PAUSE_MAX_NS;
    if (step > most || step < -most) {
        double leap = (double)(step - STEP_NS) * replay->scale_milli / 1000.0;
        replay->anchor_utc_ns += (int64_t)leap;
        offset = offset_of(replay, held->utc_ns);
    }
    replay->due_offset_ns = offset;
    return offset > 0 ? replay->anchor_ns + (uint64_t)offset : replay->anchor_ns;
}

static size_t waiting(const serve_watch *watch)
{
    const void *data = NULL;
    return svms_rtsp_connection_output(watch->client->rtsp, &data);
}

static bool change_config(serve_watch *watch, const serve_held *held)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_track to = watch->own.list[held->track].track;
    to.config = held->config;
    to.config_size = (uint32_t)held->config_size;
    if (serve_track_change(&watch->own, held->track, watch->client->serve->options.ctx, &to,
                           &err) != SVMS_OK) {
        serve_note(watch->client, STREAM_SERVE_IS_BEHIND, watch->identity, err.message);
        return false;
    }
    return true;
}

static void send_front(serve_replay *replay)
{
    serve_watch *watch = replay->watch;
    serve_held *held = serve_hold_front(&replay->hold);
    serve_stream *stream = &watch->streams[held->track];
    svms_error err = SVMS_ERROR_INIT;
    svms_rtp_replay more = SVMS_RTP_REPLAY_INIT;
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_rtp_format_info info = SVMS_RTP_FORMAT_INFO_INIT;
    if (!replay->is_free) {
        replay->offset_ns = replay->due_offset_ns;
    }
    if (held->config && !change_config(watch, held)) {
        serve_hold_drop(&replay->hold);
        return;
    }
    /* Half a tick, so that times of samples that were made of ticks become those again. */
    int64_t half = svms_rtp_format_describe(stream->track->format, &info, NULL) == SVMS_OK
                       ? (int64_t)STREAM_SECOND / 2 / info.clock_rate
                       : 0;
    more.flags = held->marks | (stream->is_interrupted ? SVMS_RTP_REPLAY_DISCONTINUITY : 0);
    more.cseq = replay->cseq;
    sample.flags = held->flags;
    sample.utc_ns = held->utc_ns;
    sample.pts = sample.dts = rtp_ns(replay, held->utc_ns) + half;
    sample.data = held->data;
    sample.size = held->size;
    replay->at_utc_ns = held->utc_ns;
    if (serve_send(stream, &sample, &more, &err) == SVMS_OK) {
        stream->is_interrupted = false;
        stream->said_terminal = (held->marks & SVMS_RTP_REPLAY_TERMINAL) != 0;
    }
    serve_hold_drop(&replay->hold);
}

/* Players that know nothing of the replay extension hear of the end by RTCP, and so does who got
 * nothing that could carry it. */
static void say_end(serve_replay *replay)
{
    serve_watch *watch = replay->watch;
    replay->is_told = true;
    for (uint32_t i = 0; i < watch->tracks->count; i++) {
        serve_stream *stream = &watch->streams[i];
        if (stream->is_set_up && !(replay->is_onvif && stream->said_terminal)) {
            serve_say_bye(stream);
        }
    }
}

/* Whether the front may go: what follows it is known, or will not come soon. */
static bool is_known(const serve_replay *replay)
{
    return replay->hold.count > 0 &&
           (serve_hold_is_full(&replay->hold) || replay->has_ended || replay->is_starving);
}

void serve_replay_work(serve_watch *watch, uint64_t now)
{
    serve_replay *replay = watch->replay;
    if (!watch->is_playing || watch->session == 0) {
        return;
    }
    for (int i = 0; i < SAMPLES_AT_ONCE && waiting(watch) < WAITING_MAX; i++) {
        serve_replay_read(replay, SERVE_HOLD_SAMPLES);
        if (!is_known(replay) ||
            (!replay->is_free && now < due(replay, serve_hold_front(&replay->hold)))) {
            break;
        }
        send_front(replay);
    }
    if (replay->failure[0] != '\0') {
        serve_watch_stop(watch->client, replay->failure);
        return;
    }
    if (!replay->has_ended || replay->hold.count > 0 || replay->is_told) {
        return;
    }
    if (replay->end_at == 0) {
        replay->end_at = now + (replay->is_free ? 0 : FAREWELL_NS);
    }
    if (now >= replay->end_at) {
        say_end(replay);
    }
}

uint64_t serve_replay_wait(const serve_watch *watch)
{
    const serve_replay *replay = watch->replay;
    if (!watch->is_playing || replay->is_told) {
        return STREAM_NEVER;
    }
    if (replay->end_at != 0) {
        return replay->end_at;
    }
    /* Whoever takes some of what waits makes the socket ready. */
    if (waiting(watch) >= WAITING_MAX) {
        return STREAM_NEVER;
    }
    if (replay->hold.count > 0 && is_known(replay)) {
        bool is_paced = !replay->is_free && replay->is_anchored;
        uint64_t when = replay->anchor_ns;
        int64_t offset = replay->due_offset_ns;
        return is_paced && offset > 0 ? when + (uint64_t)offset : 0;
    }
    return replay->is_starving ? replay->read_at : 0;
}

void serve_replay_wake(serve_watch *watch)
{
    if (watch->replay) {
        watch->replay->is_starving = false;
    }
}
