/* SPDX-License-Identifier: Apache-2.0 */
/* Packets to a client and reports from it. Whoever is too slow misses what there is no room for,
 * and starts again with a sync sample: nobody waits for him (bounds: svms_rtsp_server_options). */
#include "serve_internal.h"

#include <string.h>
#include <time.h>

enum { REPORT_SECONDS = 5, REPORT_SIZE = 512, DATAGRAM_MAX = 2048, DATAGRAMS_AT_ONCE = 16 };
/* RFC 3550 sections 6.4.2, 6.5 and 6.6. */
enum { RTCP_RECEIVER_REPORT = 201, RTCP_DESCRIPTION = 202, RTCP_BYE = 203, RTCP_CNAME = 1 };

int64_t serve_utc_now(void)
{
    struct timespec now = { 0, 0 };
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * (int64_t)STREAM_SECOND + now.tv_nsec;
}

static svms_status carry(serve_stream *stream, bool rtcp, const uint8_t *data, size_t size)
{
    const serve_watch *watch = stream->watch;
    if (stream->carrier == SVMS_RTSP_UDP) {
        int socket = rtcp ? stream->ports.rtcp : stream->ports.rtp;
        return stream_ports_send(socket, data, size) ? SVMS_OK : SVMS_AGAIN;
    }
    return svms_rtsp_connection_send(watch->client->rtsp, watch->session, stream->number,
                                     rtcp ? 1 : 0, data, size, NULL);
}

svms_status serve_packet(void *user, uint8_t *packet, size_t size, size_t capacity)
{
    serve_stream *stream = user;
    if (stream->waits_for_sync) {
        return SVMS_AGAIN;
    }
    if (stream->is_secure) {
        svms_status status = svms_srtp_protect(stream->watch->srtp, packet, &size, capacity, NULL);
        if (status != SVMS_OK) {
            return status;
        }
    }
    svms_status status = carry(stream, false, packet, size);
    if (status == SVMS_AGAIN && stream->carrier == SVMS_RTSP_INTERLEAVED) {
        stream->waits_for_sync = true;
        serve_note(stream->watch->client, STREAM_SERVE_IS_BEHIND, NULL,
                   "misses pictures until the next that stands alone");
        return SVMS_AGAIN;
    }
    /* Over UDP a packet that the system has no room for is one that was lost. */
    return status == SVMS_AGAIN ? SVMS_OK : status;
}

/* One that gets lost is followed by another. report has room for SRTP. */
static void carry_report(serve_stream *stream, uint8_t *report, size_t size)
{
    svms_status status = SVMS_OK;
    if (stream->is_secure) {
        status = svms_srtp_protect_rtcp(stream->watch->srtp, report, &size,
                                        REPORT_SIZE + SVMS_SRTP_OVERHEAD_MAX, NULL);
    }
    if (status == SVMS_OK) {
        status = carry(stream, true, report, size);
    }
    (void)status;
}

static void send_report(serve_stream *stream, uint32_t flags)
{
    uint8_t report[REPORT_SIZE + SVMS_SRTP_OVERHEAD_MAX];
    size_t size = REPORT_SIZE;
    if (svms_rtp_sender_report(stream->sender, stream->watch->client->serve->cname, flags,
                               serve_utc_now(), report, &size, NULL) == SVMS_OK) {
        carry_report(stream, report, size);
    }
}

static uint8_t *put_head(uint8_t *at, uint8_t count, uint8_t type, size_t words, uint32_t ssrc)
{
    *at++ = (uint8_t)(0x80 | count);
    *at++ = type;
    *at++ = 0;
    *at++ = (uint8_t)words;
    for (int shift = 24; shift >= 0; shift -= 8) {
        *at++ = (uint8_t)(ssrc >> shift);
    }
    return at;
}

void serve_say_bye(serve_stream *stream)
{
    uint8_t report[REPORT_SIZE + SVMS_SRTP_OVERHEAD_MAX] = { 0 };
    const char *cname = stream->watch->client->serve->cname;
    size_t size = strlen(cname);
    /* The item, and at least one zero up to a whole word. */
    size_t words = (2 + size) / 4 + 1;
    uint8_t *at = put_head(report, 0, RTCP_RECEIVER_REPORT, 1, stream->ssrc);
    at = put_head(at, 1, RTCP_DESCRIPTION, 1 + words, stream->ssrc);
    at[0] = RTCP_CNAME;
    at[1] = (uint8_t)size;
    memcpy(at + 2, cname, size);
    at = put_head(at + words * 4, 1, RTCP_BYE, 1, stream->ssrc);
    carry_report(stream, report, (size_t)(at - report));
}

/* True where it is the client's, and says that it is there. */
static bool take_report(serve_stream *stream, uint8_t *data, size_t size)
{
    if (stream->is_secure &&
        svms_srtp_unprotect_rtcp(stream->watch->srtp, data, &size, NULL) != SVMS_OK) {
        return false;
    }
    return svms_rtp_sender_rtcp(stream->sender, data, size, serve_utc_now(), NULL) == SVMS_OK;
}

void serve_frame(void *user, uint32_t session, uint32_t track, uint32_t is_rtcp,
                 const uint8_t *data, size_t size)
{
    const serve_watch *watch = serve_watched(user);
    uint8_t copy[DATAGRAM_MAX];
    if (!is_rtcp || !watch || session != watch->session || size > sizeof copy) {
        return;
    }
    memcpy(copy, data, size);
    for (uint32_t i = 0; i < watch->tracks->count; i++) {
        serve_stream *stream = &watch->streams[i];
        if (stream->is_set_up && stream->number == track) {
            (void)take_report(stream, copy, size);
            return;
        }
    }
}

/* Bounded, so that one who sends without end does not keep the others waiting. */
static void read_datagrams(serve_stream *stream, uint64_t now)
{
    const serve_watch *watch = stream->watch;
    uint8_t data[DATAGRAM_MAX];
    for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
        size_t size = stream_ports_receive(stream->ports.rtcp, data, sizeof data);
        if (size > 0 && take_report(stream, data, size)) {
            svms_rtsp_connection_alive(watch->client->rtsp, watch->session, now);
        }
        /* Nothing is expected on the other port but what opens firewalls. */
        if (stream_ports_receive(stream->ports.rtp, data, sizeof data) == 0 && size == 0) {
            return;
        }
    }
}

/* Of a replay the extension of each sample says when it was: reports would contradict it. */
void serve_control(serve_watch *watch, uint64_t now)
{
    for (uint32_t i = 0; i < watch->tracks->count; i++) {
        serve_stream *stream = &watch->streams[i];
        if (!stream->is_set_up) {
            continue;
        }
        if (stream->carrier == SVMS_RTSP_UDP) {
            read_datagrams(stream, now);
        }
        /* The first goes with the first sample. */
        if (watch->is_playing && stream->report_at != 0 && now >= stream->report_at) {
            send_report(stream, 0);
            stream->report_at = now + REPORT_SECONDS * STREAM_SECOND;
        }
    }
}

uint64_t serve_control_wait(const serve_watch *watch)
{
    uint64_t when = STREAM_NEVER;
    for (uint32_t i = 0; i < watch->tracks->count && watch->is_playing; i++) {
        if (watch->streams[i].is_set_up && watch->streams[i].report_at != 0) {
            when = stream_earlier(when, watch->streams[i].report_at);
        }
    }
    return when;
}

void serve_goodbye(serve_watch *watch)
{
    for (uint32_t i = 0; i < watch->tracks->count && watch->is_playing; i++) {
        serve_stream *stream = &watch->streams[i];
        if (!stream->is_set_up) {
            continue;
        }
        if (watch->replay) {
            serve_say_bye(stream);
        } else {
            send_report(stream, SVMS_RTP_REPORT_BYE);
        }
    }
    watch->is_playing = false;
}

void serve_end_stream(serve_stream *stream)
{
    stream_ports_close(&stream->ports);
    stream->is_set_up = false;
}

static bool is_wanted(serve_stream *stream, const svms_sample *sample)
{
    const serve_watch *watch = stream->watch;
    svms_track_kind kind = stream->track->track.kind;
    if (!watch->is_playing || !stream->is_set_up ||
        (kind == SVMS_TRACK_AUDIO && watch->without_sound)) {
        return false;
    }
    if (stream->waits_for_sync) {
        bool stands_alone = (sample->flags & SVMS_SAMPLE_SYNC) != 0 || kind != SVMS_TRACK_VIDEO;
        stream->waits_for_sync = !stands_alone;
    }
    return !stream->waits_for_sync;
}

svms_status serve_send(serve_stream *stream, const svms_sample *sample,
                       const svms_rtp_replay *replay, svms_error *err)
{
    serve_watch *watch = stream->watch;
    svms_status status = SVMS_OK;
    if (!is_wanted(stream, sample)) {
        return SVMS_OK;
    }
    if (stream->revision != stream->track->revision) {
        status = serve_renew_sender(stream, err);
    }
    if (status == SVMS_OK) {
        status = svms_rtp_sender_send(stream->sender, sample, replay, err);
    }
    if (status == SVMS_OK || status == SVMS_AGAIN) {
        serve_watch_count(watch, sample->size, sample->utc_ns);
    }
    if (status == SVMS_OK && stream->report_at == 0 && !watch->replay) {
        send_report(stream, 0);
        stream->report_at = stream_clock() + REPORT_SECONDS * STREAM_SECOND;
    }
    return status;
}
