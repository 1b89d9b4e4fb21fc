/* SPDX-License-Identifier: Apache-2.0 */
/* Packets in, reports out. */
#include <string.h>

#include "pull_internal.h"

/* RFC 3550 section 6.2: five seconds, and each at a time of its own. */
#define REPORT_NS (5 * STREAM_SECOND)
#define FIRST_REPORT_NS (STREAM_SECOND / 2)
#define SYNC_NS STREAM_SECOND
#define BYE_NS (STREAM_SECOND / 2)
#define REPORT_SIZE 2048
#define RTCP_BYE 203
/* Said once: a number of these is normal when a key changes, many are not. */
#define FORGED_TOLD 100

static svms_status on_event(void *user, const svms_rtp_event *event)
{
    pull_track *track = user;
    stream_pull *pull = track->pull;
    bool video = track->told.track.kind == SVMS_TRACK_VIDEO;
    if (event->has_replay && (event->replay.flags & SVMS_RTP_REPLAY_TERMINAL) != 0) {
        track->is_done = true;
    }
    if (event->kind == SVMS_RTP_SAMPLE && (event->flags & SVMS_SAMPLE_SYNC) != 0) {
        track->wants_sync = false;
    } else if (event->kind == SVMS_RTP_GAP) {
        track->wants_sync = video;
    } else if (event->kind == SVMS_RTP_SOURCE) {
        track->said_bye = false;
        track->wants_sync = video;
    } else if (event->kind == SVMS_RTP_BYE) {
        track->said_bye = true;
    }
    return pull->options.events->media(pull->options.user, track->number, event, pull->now);
}

/* The SSRC of our reports is the receiver's own choice; the first report shows it. */
static bool find_own_ssrc(pull_track *track)
{
    svms_error err = SVMS_ERROR_INIT;
    uint8_t report[REPORT_SIZE];
    size_t size = sizeof report;
    svms_status status = svms_rtp_receiver_report(track->receiver, track->pull->cname, 0,
                                                  track->pull->now, report, &size, &err);
    if (status == SVMS_OK && size >= 8) {
        track->own_ssrc = (uint32_t)report[4] << 24 | (uint32_t)report[5] << 16 |
                          (uint32_t)report[6] << 8 | report[7];
    }
    if (status == SVMS_OK && track->srtp) {
        status = svms_srtp_send(track->srtp, track->own_ssrc, &track->key.key, &err);
    }
    if (status != SVMS_OK) {
        pull_fail(track->pull, STREAM_PULL_FAILED, &err);
    }
    return status == SVMS_OK;
}

/* Without anything that authenticates packets at least their source is held to what was announced.
 */
static bool source_is_fixed(const pull_track *track)
{
    return track->told.protection == STREAM_IN_CLEAR && track->has_ssrc;
}

bool pull_media_begin(pull_track *track, bool has_first, uint32_t first_sequence)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
    stream_pull *pull = track->pull;
    options.flags = (has_first ? SVMS_RTP_FIRST_SEQUENCE : 0) |
                    (source_is_fixed(track) ? SVMS_RTP_FIXED_SSRC : 0) |
                    (pull->options.udp ? 0 : SVMS_RTP_IN_ORDER);
    options.ssrc = track->ssrc;
    options.first_sequence = first_sequence;
    options.reorder_ns = pull->options.reorder_ns;
    options.user = track;
    options.event = on_event;
    if (svms_rtp_receiver_new(&track->receiver, pull->ctx, track->format, &options, &err) !=
        SVMS_OK) {
        pull_fail(pull, STREAM_PULL_FAILED, &err);
        return false;
    }
    track->report_ns = pull->now + FIRST_REPORT_NS;
    return find_own_ssrc(track);
}

/* Of what the receiver returns: bad packets were counted, and a callback's no ends it. */
static void look_at(pull_track *track, svms_status status, const svms_error *err)
{
    switch (status) {
    case SVMS_OK:
    case SVMS_E_MALFORMED:
    case SVMS_E_TRUNCATED:
    case SVMS_E_LIMIT:
        return;
    case SVMS_E_NO_MEMORY:
        pull_fail(track->pull, STREAM_PULL_FAILED, err);
        return;
    default:
        pull_end(track->pull, STREAM_PULL_CONSUMER, status, "what came could not be kept");
    }
}

/* Reports overtake packets: those get a moment. */
static void expect_end(stream_pull *pull)
{
    bool all = true;
    for (size_t i = 0; i < pull->track_count; i++) {
        all = all && pull->tracks[i].said_bye;
    }
    if (all && pull->bye_ns == STREAM_NEVER) {
        pull->bye_ns = pull->now + BYE_NS;
    } else if (!all) {
        pull->bye_ns = STREAM_NEVER;
    }
}

/* Own packets, forged ones, those of a key that is over: all are dropped and counted. */
static bool open_packet(pull_track *track, bool is_rtcp, uint8_t *packet, size_t *size)
{
    svms_error err = SVMS_ERROR_INIT;
    stream_pull *pull = track->pull;
    svms_status status = is_rtcp ? svms_srtp_unprotect_rtcp(track->srtp, packet, size, &err)
                                 : svms_srtp_unprotect(track->srtp, packet, size, &err);
    if (status == SVMS_OK) {
        return true;
    }
    if (status == SVMS_E_CRYPTO || status == SVMS_E_NO_MEMORY) {
        pull_fail(pull, STREAM_PULL_FAILED, &err);
        return false;
    }
    pull->forged++;
    if (pull->forged == FORGED_TOLD) {
        pull_note(pull, "%d packets were not from the camera, or came twice, and were dropped: %s",
                  FORGED_TOLD, err.message);
    }
    return false;
}

/* Of a track of a replay that has sent nothing the receiver knows no source yet, and hears no BYE.
 */
static void look_for_bye(pull_track *track, const uint8_t *packet, size_t size)
{
    size_t at = 0;
    while (size - at >= 8) {
        size_t length = 4 * (((size_t)packet[at + 2] << 8 | packet[at + 3]) + 1);
        uint32_t ssrc = (uint32_t)packet[at + 4] << 24 | (uint32_t)packet[at + 5] << 16 |
                        (uint32_t)packet[at + 6] << 8 | packet[at + 7];
        if (length > size - at) {
            return;
        }
        if (packet[at + 1] == RTCP_BYE && (packet[at] & 31) > 0 && length >= 8 &&
            (!track->has_ssrc || ssrc == track->ssrc)) {
            track->is_done = true;
        }
        at += length;
    }
}

void pull_media_take(pull_track *track, bool is_rtcp, uint8_t *packet, size_t size)
{
    svms_error err = SVMS_ERROR_INIT;
    stream_pull *pull = track->pull;
    if (track->srtp && !open_packet(track, is_rtcp, packet, &size)) {
        return;
    }
    svms_status status =
        is_rtcp ? svms_rtp_receiver_rtcp(track->receiver, packet, size, pull->now, &err)
                : svms_rtp_receiver_push(track->receiver, packet, size, pull->now, &err);
    if (!is_rtcp && status == SVMS_OK) {
        pull->media_ns = pull->now;
    }
    if (is_rtcp && status == SVMS_OK && pull->options.replay) {
        look_for_bye(track, packet, size);
    }
    look_at(track, status, &err);
    expect_end(pull);
}

/* What cannot be sent now is not sent: the next report says it, too. */
static void send_report(pull_track *track, uint32_t flags)
{
    uint8_t report[REPORT_SIZE + SVMS_SRTP_OVERHEAD_MAX];
    size_t size = REPORT_SIZE;
    stream_pull *pull = track->pull;
    if (svms_rtp_receiver_report(track->receiver, pull->cname, flags, pull->now, report, &size,
                                 NULL) != SVMS_OK ||
        (track->srtp &&
         svms_srtp_protect_rtcp(track->srtp, report, &size, sizeof report, NULL) != SVMS_OK)) {
        return;
    }
    bool sent = track->ports.rtcp >= 0
                    ? stream_ports_send(track->ports.rtcp, report, size)
                    : svms_rtsp_client_send_frame(pull->client, track->channel_rtcp, report, size,
                                                  NULL) == SVMS_OK;
    if (sent && (flags & SVMS_RTP_REPORT_PLI) != 0) {
        pull->sync_wanted++;
    }
}

void pull_media_tend(pull_track *track)
{
    svms_error err = SVMS_ERROR_INIT;
    stream_pull *pull = track->pull;
    if (pull->now >= svms_rtp_receiver_wait(track->receiver)) {
        look_at(track, svms_rtp_receiver_tick(track->receiver, pull->now, &err), &err);
    }
    bool sync = track->wants_sync && pull->now >= track->sync_ns;
    if (pull->now >= track->report_ns || sync) {
        send_report(track, sync ? SVMS_RTP_REPORT_PLI : 0);
        /* Between half and one and a half of it, by the bits of the SSRC and the time. */
        uint64_t spread = (track->own_ssrc ^ pull->now / 1000) % REPORT_NS;
        track->report_ns = pull->now + REPORT_NS / 2 + spread;
        track->sync_ns = sync ? pull->now + SYNC_NS : track->sync_ns;
    }
}

uint64_t pull_media_wait(const pull_track *track)
{
    uint64_t when = stream_earlier(svms_rtp_receiver_wait(track->receiver), track->report_ns);
    return track->wants_sync ? stream_earlier(when, track->sync_ns) : when;
}

void pull_media_goodbye(pull_track *track)
{
    send_report(track, SVMS_RTP_REPORT_BYE);
}

void pull_media_flush(pull_track *track)
{
    svms_error err = SVMS_ERROR_INIT;
    if (track->receiver) {
        look_at(track, svms_rtp_receiver_flush(track->receiver, &err), &err);
    }
}
