/* SPDX-License-Identifier: Apache-2.0 */
#include "pull_stage.h"

#include <arpa/inet.h>
#include <poll.h>

static svms_status on_tracks(void *user, const stream_pull_track *tracks, size_t count)
{
    (void)tracks;
    ((fetch *)user)->tracks = count;
    return SVMS_OK;
}

static svms_status on_media(void *user, size_t track, const svms_rtp_event *event, uint64_t now_ns)
{
    fetch *f = user;
    (void)now_ns;
    if (event->kind == SVMS_RTP_GAP) {
        f->gaps++;
    }
    if (event->kind != SVMS_RTP_SAMPLE) {
        return SVMS_OK;
    }
    assert_int_equal(event->utc_source, SVMS_RTP_UTC_REPLAY);
    assert_int_equal(event->has_replay, 1);
    assert_true(f->count[track] < STAGE_PICTURES);
    f->utc[track][f->count[track]++] = event->utc_ns;
    return SVMS_OK;
}

static const stream_pull_events events = { NULL, NULL, on_tracks, on_media, NULL };

void fetch_begin(fetch *f, stage *s, const char *path, const stream_pull_options *wanted)
{
    svms_error err = SVMS_ERROR_INIT;
    stream_pull_options options = *wanted;
    memset(f, 0, sizeof *f);
    (void)snprintf(f->url, sizeof f->url, "%s://127.0.0.1:%u%s", options.tls ? "rtsps" : "rtsp",
                   ntohs(s->at.sin_port), path);
    options.url = f->url;
    options.clear = options.tls == NULL;
    options.events = &events;
    options.user = f;
    if (stream_pull_open(&f->pull, s->fetching ? s->fetching : s->ctx, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

bool fetch_step(fetch *f, stage *s)
{
    struct pollfd ready[STREAM_PULL_POLL_MAX];
    size_t count = stream_pull_poll(f->pull, ready);
    stage_work(s);
    int found = poll(ready, (nfds_t)count, 1);
    f->end = stream_pull_step(f->pull, found > 0 ? ready : NULL, count);
    return f->end == STREAM_PULL_GOES_ON;
}

void fetch_all(fetch *f, stage *s)
{
    for (int i = 0; i < FETCH_ROUNDS && fetch_step(f, s); i++) {
    }
}

void fetch_expect(const fetch *f, stream_pull_end end)
{
    if (f->end != end) {
        fail_msg("%s: %s", stream_pull_end_name(f->end), stream_pull_why(f->pull)->message);
    }
}
