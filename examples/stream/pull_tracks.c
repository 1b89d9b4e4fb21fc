/* SPDX-License-Identifier: Apache-2.0 */
/* Which media become tracks, and how they travel. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "picture_size.h"
#include "pull_internal.h"

#define PORT_MAX 65535

static svms_track_kind kind_of(uint32_t codec)
{
    switch (codec) {
    case SVMS_CODEC_H264:
    case SVMS_CODEC_H265:
    case SVMS_CODEC_MJPEG:
        return SVMS_TRACK_VIDEO;
    case SVMS_CODEC_ONVIF_METADATA:
        return SVMS_TRACK_METADATA;
    default:
        return SVMS_TRACK_AUDIO;
    }
}

static bool fail_memory(stream_pull *pull)
{
    pull_end(pull, STREAM_PULL_FAILED, SVMS_E_NO_MEMORY, "out of memory");
    return false;
}

/* What is known of the track before its first sample. */
static bool tell_format(pull_track *track, const svms_sdp_media *media)
{
    svms_rtp_format_info info = SVMS_RTP_FORMAT_INFO_INIT;
    const svms_track none = SVMS_TRACK_INIT;
    svms_track *told = &track->told.track;
    picture_size size = { media->width, media->height, -1 };
    *told = none;
    if (svms_rtp_format_describe(track->format, &info, NULL) != SVMS_OK) {
        return fail_memory(track->pull);
    }
    told->codec = info.codec;
    told->kind = kind_of(info.codec);
    told->timebase_num = 1;
    told->timebase_den = info.clock_rate;
    if (told->kind == SVMS_TRACK_AUDIO) {
        told->sample_rate = info.clock_rate;
        told->channels = info.channels > 0 ? info.channels : 1;
    }
    if (info.config_size > 0) {
        track->config = malloc(info.config_size);
        if (!track->config) {
            return fail_memory(track->pull);
        }
        memcpy(track->config, info.config, info.config_size);
        told->config = track->config;
        told->config_size = info.config_size;
        (void)picture_size_read(&size, info.codec, info.config, info.config_size);
    }
    told->width = told->kind == SVMS_TRACK_VIDEO ? size.width : 0;
    told->height = told->kind == SVMS_TRACK_VIDEO ? size.height : 0;
    return true;
}

/* How the media would travel, and whether that is good enough. */
static bool judge(pull_track *track, const svms_sdp_media *media)
{
    stream_pull *pull = track->pull;
    if (media->secure) {
        track->told.protection = STREAM_IN_SRTP;
        if (!pull->url.secure) {
            pull_end(pull, STREAM_PULL_POLICY, SVMS_E_POLICY,
                     "the camera wants SRTP without TLS: its key would be for everybody to read");
            return false;
        }
        return media->key_mgmt ? pull_key_take(track, media) : pull_key_make(track);
    }
    bool inside = pull->url.secure && !pull->options.udp;
    track->told.protection = inside ? STREAM_IN_TLS : STREAM_IN_CLEAR;
    if (!inside && !pull->options.clear) {
        pull_end(pull, STREAM_PULL_POLICY, SVMS_E_POLICY,
                 "the camera would send %.40s in the clear by UDP: it offers no SRTP", media->kind);
        return false;
    }
    return true;
}

/* A medium that cannot be received is told, and left out. */
static bool take(stream_pull *pull, const svms_sdp *description, size_t index)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_sdp_media media = SVMS_SDP_MEDIA_INIT;
    pull_track *track = &pull->tracks[pull->track_count];
    const stream_ports none = STREAM_PORTS_INIT;
    if (svms_sdp_media_at(description, index, &media, &err) != SVMS_OK || media.backchannel ||
        media.direction == SVMS_SDP_SENDONLY || media.direction == SVMS_SDP_INACTIVE) {
        return true;
    }
    if (pull->track_count == STREAM_PULL_TRACKS_MAX) {
        pull_note(pull, "%.40s is left out: it is more than %d tracks", media.kind,
                  STREAM_PULL_TRACKS_MAX);
        return true;
    }
    if (svms_sdp_format(&track->format, description, index, &err) != SVMS_OK) {
        pull_note(pull, "%.40s is left out: %s", media.kind, err.message);
        return true;
    }
    track->pull = pull;
    track->number = pull->track_count++;
    track->ports = none;
    track->drop_old_ns = STREAM_NEVER;
    track->key = (svms_mikey)SVMS_MIKEY_INIT;
    track->fresh = (svms_mikey)SVMS_MIKEY_INIT;
    size_t size = sizeof track->control;
    if (svms_rtsp_client_resolve(pull->client, media.control, track->control, &size, &err) !=
        SVMS_OK) {
        pull_fail(pull, STREAM_PULL_BROKEN, &err);
        return false;
    }
    return tell_format(track, &media) && judge(track, &media);
}

bool pull_tracks_choose(stream_pull *pull, const svms_sdp *description)
{
    for (size_t i = 0; i < svms_sdp_media_count(description); i++) {
        if (!take(pull, description, i)) {
            return false;
        }
    }
    if (pull->track_count == 0) {
        pull_end(pull, STREAM_PULL_EMPTY, SVMS_E_UNSUPPORTED,
                 "the camera offers nothing that can be received");
        return false;
    }
    return true;
}

bool pull_track_prepare(pull_track *track, svms_rtsp_transport *transport)
{
    stream_pull *pull = track->pull;
    transport->secure = track->told.protection == STREAM_IN_SRTP;
    if (!pull->options.udp) {
        transport->carrier = SVMS_RTSP_INTERLEAVED;
        transport->has_channels = 1;
        transport->channel_rtp = (uint32_t)(2 * track->number);
        transport->channel_rtcp = transport->channel_rtp + 1;
        return true;
    }
    if (!stream_ports_open(&track->ports, pull->link.socket)) {
        pull_end(pull, STREAM_PULL_FAILED, SVMS_E_IO, "no two neighbouring UDP ports are free");
        return false;
    }
    transport->carrier = SVMS_RTSP_UDP;
    transport->client_rtp = track->ports.port;
    transport->client_rtcp = track->ports.port + 1u;
    return true;
}

static bool refuse_transport(pull_track *track, stream_pull_end end, const char *words)
{
    pull_end(track->pull, end, end == STREAM_PULL_POLICY ? SVMS_E_POLICY : SVMS_E_MALFORMED,
             "the camera answers SETUP with a transport that was not asked for: %s", words);
    return false;
}

static bool settle_channels(pull_track *track, const svms_rtsp_transport *chosen)
{
    track->channel_rtp = (uint32_t)(2 * track->number);
    track->channel_rtcp = track->channel_rtp + 1;
    if (chosen->has_channels) {
        track->channel_rtp = chosen->channel_rtp;
        track->channel_rtcp = chosen->channel_rtcp;
    }
    for (size_t i = 0; i < track->number; i++) {
        const pull_track *other = &track->pull->tracks[i];
        if (other->channel_rtp == track->channel_rtp || other->channel_rtcp == track->channel_rtp) {
            return refuse_transport(track, STREAM_PULL_BROKEN, "two tracks in one channel");
        }
    }
    return true;
}

/* An address in source= is not obeyed: behind a NAT it is one that nobody reaches, and from a
 * stranger nothing is wanted. Media come from where the camera is. */
static bool settle_ports(pull_track *track, const svms_rtsp_transport *chosen)
{
    uint32_t rtp = chosen->server_rtp;
    uint32_t rtcp = chosen->server_rtcp ? chosen->server_rtcp : rtp + 1;
    if (rtp == 0 || rtcp > PORT_MAX) {
        return refuse_transport(track, STREAM_PULL_BROKEN, "it names no ports of the camera");
    }
    if (!stream_ports_connect(&track->ports, track->pull->link.socket, (uint16_t)rtp,
                              (uint16_t)rtcp)) {
        pull_end(track->pull, STREAM_PULL_FAILED, SVMS_E_IO,
                 "the UDP ports cannot be connected to those of the camera");
        return false;
    }
    return true;
}

bool pull_track_settle(pull_track *track, const svms_rtsp_client_event *answer)
{
    const svms_rtsp_transport *chosen = &answer->transport;
    bool udp = track->pull->options.udp;
    bool secure = track->told.protection == STREAM_IN_SRTP;
    if (!answer->has_transport) {
        return refuse_transport(track, STREAM_PULL_BROKEN, "none at all");
    }
    if (chosen->multicast) {
        return refuse_transport(track, STREAM_PULL_POLICY, "multicast");
    }
    if ((chosen->carrier == SVMS_RTSP_UDP) != udp) {
        return refuse_transport(track, STREAM_PULL_POLICY, udp ? "inside the connection" : "UDP");
    }
    if ((chosen->secure != 0) != secure) {
        return refuse_transport(track, STREAM_PULL_POLICY, secure ? "without SRTP" : "with SRTP");
    }
    track->has_ssrc = chosen->has_ssrc != 0;
    track->ssrc = chosen->ssrc;
    return udp ? settle_ports(track, chosen) : settle_channels(track, chosen);
}

bool pull_track_expect(pull_track *track, const svms_rtsp_rtp_info *info, int64_t range_utc_ns)
{
    bool has_first = info && info->has_sequence;
    if (info && info->has_rtp_time && range_utc_ns != SVMS_NO_TIME) {
        track->has_start = true;
        track->start_rtp_time = info->rtp_time;
        track->start_utc_ns = range_utc_ns;
    }
    return pull_media_begin(track, has_first, has_first ? info->sequence : 0);
}

int64_t stream_pull_utc(const stream_pull *pull, size_t track, int64_t rtp_time)
{
    if (track >= pull->track_count || !pull->tracks[track].receiver) {
        return SVMS_NO_TIME;
    }
    const pull_track *of = &pull->tracks[track];
    int64_t utc = svms_rtp_receiver_utc(of->receiver, rtp_time);
    if (utc != SVMS_NO_TIME || !of->has_start) {
        return utc;
    }
    /* The nearest way: RTP-Info has 32 bits of it. */
    int32_t ticks = (int32_t)((uint32_t)rtp_time - of->start_rtp_time);
    return of->start_utc_ns + (int64_t)((double)ticks * 1e9 / of->told.track.timebase_den);
}

void pull_track_release(pull_track *track)
{
    svms_rtp_receiver_free(&track->receiver);
    svms_rtp_format_free(&track->format);
    svms_srtp_free(&track->srtp);
    if (track->pull) {
        svms_mikey_wipe(&track->key);
        svms_mikey_wipe(&track->fresh);
        stream_ports_close(&track->ports);
    }
    free(track->config);
    track->config = NULL;
}
