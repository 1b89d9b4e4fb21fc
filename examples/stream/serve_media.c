/* SPDX-License-Identifier: Apache-2.0 */
/* Packets to a client and reports from it. Whoever is too slow misses what there is no room for,
 * and starts again with a sync sample: nobody waits for him (bounds: svms_rtsp_server_options). */
#include "serve_internal.h"

#include <string.h>
#include <time.h>

enum { REPORT_SECONDS = 5, REPORT_SIZE = 512, DATAGRAM_MAX = 2048, DATAGRAMS_AT_ONCE = 16 };

int64_t serve_utc_now(void)
{
    struct timespec now = { 0, 0 };
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * (int64_t)STREAM_SECOND + now.tv_nsec;
}

static svms_status carry(serve_stream *stream, bool rtcp, const uint8_t *data, size_t size)
{
    serve_client *client = stream->client;
    if (stream->carrier == SVMS_RTSP_UDP) {
        int socket = rtcp ? stream->ports.rtcp : stream->ports.rtp;
        return stream_ports_send(socket, data, size) ? SVMS_OK : SVMS_AGAIN;
    }
    return svms_rtsp_connection_send(client->rtsp, client->session, stream->number, rtcp ? 1 : 0,
                                     data, size, NULL);
}

svms_status serve_packet(void *user, uint8_t *packet, size_t size, size_t capacity)
{
    serve_stream *stream = user;
    if (stream->waits_for_sync) {
        return SVMS_AGAIN;
    }
    if (stream->is_secure) {
        svms_status status = svms_srtp_protect(stream->client->srtp, packet, &size, capacity, NULL);
        if (status != SVMS_OK) {
            return status;
        }
    }
    svms_status status = carry(stream, false, packet, size);
    if (status == SVMS_AGAIN && stream->carrier == SVMS_RTSP_INTERLEAVED) {
        stream->waits_for_sync = true;
        serve_note(stream->client, STREAM_SERVE_IS_BEHIND, NULL,
                   "misses pictures until the next that stands alone");
        return SVMS_AGAIN;
    }
    /* Over UDP a packet that the system has no room for is one that was lost. */
    return status == SVMS_AGAIN ? SVMS_OK : status;
}

static void send_report(serve_stream *stream, uint32_t flags)
{
    uint8_t report[REPORT_SIZE + SVMS_SRTP_OVERHEAD_MAX];
    size_t size = REPORT_SIZE;
    serve_client *client = stream->client;
    svms_status status = svms_rtp_sender_report(stream->sender, client->serve->cname, flags,
                                                serve_utc_now(), report, &size, NULL);
    if (status == SVMS_OK && stream->is_secure) {
        status = svms_srtp_protect_rtcp(client->srtp, report, &size, sizeof report, NULL);
    }
    if (status == SVMS_OK) {
        /* One that gets lost is followed by another. */
        status = carry(stream, true, report, size);
    }
    (void)status;
}

/* True where it is the client's, and says that it is there. */
static bool take_report(serve_stream *stream, uint8_t *data, size_t size)
{
    serve_client *client = stream->client;
    if (stream->is_secure && svms_srtp_unprotect_rtcp(client->srtp, data, &size, NULL) != SVMS_OK) {
        return false;
    }
    return svms_rtp_sender_rtcp(stream->sender, data, size, serve_utc_now(), NULL) == SVMS_OK;
}

void serve_frame(void *user, uint32_t session, uint32_t track, uint32_t is_rtcp,
                 const uint8_t *data, size_t size)
{
    serve_client *client = user;
    uint8_t copy[DATAGRAM_MAX];
    if (!is_rtcp || session != client->session || size > sizeof copy) {
        return;
    }
    memcpy(copy, data, size);
    for (uint32_t i = 0; i < client->serve->track_count; i++) {
        serve_stream *stream = &client->streams[i];
        if (stream->is_set_up && stream->number == track) {
            (void)take_report(stream, copy, size);
        }
    }
}

/* Bounded, so that one who sends without end does not keep the others waiting. */
static void read_datagrams(serve_stream *stream, uint64_t now)
{
    uint8_t data[DATAGRAM_MAX];
    for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
        size_t size = stream_ports_receive(stream->ports.rtcp, data, sizeof data);
        if (size > 0 && take_report(stream, data, size)) {
            svms_rtsp_connection_alive(stream->client->rtsp, stream->client->session, now);
        }
        /* Nothing is expected on the other port but what opens firewalls. */
        if (stream_ports_receive(stream->ports.rtp, data, sizeof data) == 0 && size == 0) {
            return;
        }
    }
}

void serve_control(serve_client *client, uint64_t now)
{
    for (uint32_t i = 0; i < client->serve->track_count; i++) {
        serve_stream *stream = &client->streams[i];
        if (!stream->is_set_up) {
            continue;
        }
        if (stream->carrier == SVMS_RTSP_UDP) {
            read_datagrams(stream, now);
        }
        /* The first goes with the first sample. */
        if (client->is_playing && stream->report_at != 0 && now >= stream->report_at) {
            send_report(stream, 0);
            stream->report_at = now + REPORT_SECONDS * STREAM_SECOND;
        }
    }
}

void serve_goodbye(serve_client *client)
{
    for (uint32_t i = 0; i < client->serve->track_count; i++) {
        if (client->streams[i].is_set_up && client->is_playing) {
            send_report(&client->streams[i], SVMS_RTP_REPORT_BYE);
        }
    }
    client->is_playing = false;
}

void serve_end_stream(serve_stream *stream)
{
    stream_ports_close(&stream->ports);
    stream->is_set_up = false;
}

static bool is_wanted(serve_stream *stream, const serve_track *track, const svms_sample *sample)
{
    if (!stream->client->is_playing || !stream->is_set_up) {
        return false;
    }
    if (stream->waits_for_sync) {
        bool stands_alone =
            (sample->flags & SVMS_SAMPLE_SYNC) != 0 || track->track.kind != SVMS_TRACK_VIDEO;
        stream->waits_for_sync = !stands_alone;
    }
    return !stream->waits_for_sync;
}

static svms_status send_to(serve_client *client, uint32_t index, const svms_sample *sample,
                           svms_error *err)
{
    serve_stream *stream = &client->streams[index];
    if (!is_wanted(stream, &client->serve->tracks[index], sample)) {
        return SVMS_OK;
    }
    svms_status status = svms_rtp_sender_send(stream->sender, sample, NULL, err);
    if (status == SVMS_OK && stream->report_at == 0) {
        send_report(stream, 0);
        stream->report_at = stream_clock() + REPORT_SECONDS * STREAM_SECOND;
    }
    /* What concerns one client is no failure of the others': its connection tells. */
    bool of_all = status == SVMS_E_NO_MEMORY || status == SVMS_E_CRYPTO;
    return of_all ? status : SVMS_OK;
}

bool stream_serve_carries(const stream_serve *serve, uint32_t track)
{
    for (uint32_t i = 0; i < serve->track_count; i++) {
        if (serve->tracks[i].number == track) {
            return true;
        }
    }
    return false;
}

svms_status stream_serve_sample(stream_serve *serve, const svms_sample *sample, svms_error *err)
{
    svms_sample known = *sample;
    if (known.utc_ns == SVMS_NO_TIME) {
        known.utc_ns = serve_utc_now();
    }
    for (uint32_t i = 0; i < serve->track_count; i++) {
        if (serve->tracks[i].number != sample->track) {
            continue;
        }
        for (uint32_t k = 0; k < serve->client_count; k++) {
            svms_status status = send_to(serve->clients[k], i, &known, err);
            if (status != SVMS_OK) {
                return status;
            }
        }
        serve->tracks[i].last_pts = sample->pts;
    }
    return SVMS_OK;
}
