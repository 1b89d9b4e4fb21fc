/* SPDX-License-Identifier: Apache-2.0 */
/* What a camera's answers and its description say against it. */
#include "rtsp_check.h"

#include <stdio.h>
#include <string.h>

#define STATUS_UNAUTHORIZED 401
#define STRONG_OFFERS                                                                              \
    (SVMS_RTSP_OFFERS_DIGEST_SHA256 | SVMS_RTSP_OFFERS_DIGEST_SHA512_256 | SVMS_RTSP_OFFERS_BEARER)

static void find_once(check_report *report, const char *code, const char *words)
{
    if (!check_has(report, code)) {
        check_find(report, CHECK_WRONG, code, "%s", words);
    }
}

static void judge_offers(rtsp_check_report *report, uint32_t offers)
{
    report->asks_who = true;
    report->offers |= offers;
    if ((offers & SVMS_RTSP_OFFERS_BASIC) != 0) {
        find_once(report->camera, "basic",
                  "it offers Basic authentication: whoever stands in for it learns the password");
    }
    if ((offers & SVMS_RTSP_OFFERS_DIGEST_MD5) != 0 && (offers & STRONG_OFFERS) == 0) {
        find_once(report->camera, "md5",
                  "it offers Digest authentication with MD5 only, which is broken");
    }
    if ((offers & (STRONG_OFFERS | SVMS_RTSP_OFFERS_DIGEST_MD5)) == 0) {
        find_once(report->camera, "no-digest",
                  "it offers neither Digest nor Bearer authentication");
    }
}

void rtsp_check_answer(void *user, const svms_rtsp_client_event *event)
{
    rtsp_check_report *report = user;
    report->has_answered = true;
    report->methods |= event->methods;
    if (event->status == STATUS_UNAUTHORIZED) {
        judge_offers(report, event->offers);
    } else if (event->status >= 300 && event->status < 400) {
        check_find(report->camera, CHECK_WRONG, "redirect", "it sends us elsewhere, to %.300s",
                   event->location ? event->location : "no place that it names");
    } else if (event->method == SVMS_RTSP_DESCRIBE && event->status < 300 && !report->asks_who) {
        find_once(report->camera, "no-authentication",
                  "it describes itself to anybody who asks, and so plays to anybody");
    }
}

static void judge_key(rtsp_check_report *report, rtsp_check_track *track,
                      const svms_sdp_media *media)
{
    svms_mikey message = SVMS_MIKEY_INIT;
    svms_error err = SVMS_ERROR_INIT;
    track->has_key = true;
    if (!report->secure) {
        check_find(report->camera, CHECK_WRONG, "key-outside-tls",
                   "it sends the key of %s without TLS, for everybody to read", track->kind);
    }
    if (svms_mikey_read(&message, media->key_mgmt, media->key_mgmt_size, NULL, &err) != SVMS_OK) {
        check_find(report->camera, CHECK_WRONG, "bad-key", "its key of %s cannot be used: %s",
                   track->kind, err.message);
        return;
    }
    track->key_is_read = true;
    track->suite = (svms_srtp_suite)message.key.suite;
    track->mki_size = message.key.mki_size;
    svms_mikey_wipe(&message);
    if (track->suite == SVMS_SRTP_AES_CM_128_HMAC_SHA1_80) {
        check_find(report->camera, CHECK_WRONG, "weak-suite",
                   "it protects %s with %s, which is weaker than AES-GCM", track->kind,
                   svms_srtp_suite_name(track->suite));
    }
    if (track->mki_size == 0) {
        check_find(report->camera, CHECK_WRONG, "no-mki",
                   "packets of %s do not name their key (MKI), so that it cannot be changed well",
                   track->kind);
    }
}

static void judge_media(rtsp_check_report *report, const svms_sdp *description, size_t index)
{
    svms_sdp_media media = SVMS_SDP_MEDIA_INIT;
    svms_rtp_format *format = NULL;
    rtsp_check_track *track = &report->tracks[report->track_count];
    if (svms_sdp_media_at(description, index, &media, NULL) != SVMS_OK) {
        return;
    }
    report->track_count++;
    memset(track, 0, sizeof *track);
    snprintf(track->kind, sizeof track->kind, "%s", media.kind);
    snprintf(track->protocol, sizeof track->protocol, "%s", media.protocol);
    if (media.rtpmap) {
        snprintf(track->format, sizeof track->format, "%s", media.rtpmap);
    } else {
        snprintf(track->format, sizeof track->format, "payload type %u", media.payload_type);
    }
    track->secure = media.secure != 0;
    track->is_received =
        !media.backchannel && svms_sdp_format(&format, description, index, NULL) == SVMS_OK;
    svms_rtp_format_free(&format);
    if (media.key_mgmt) {
        judge_key(report, track, &media);
    }
    if (!track->secure) {
        check_find(report->camera, CHECK_WRONG, "clear-media", "%s is offered without SRTP: %s",
                   track->kind,
                   report->secure ? "by UDP everybody on the way sees and changes it"
                                  : "everybody on the way sees and changes it");
    } else if (!report->secure && !media.key_mgmt) {
        check_find(report->camera, CHECK_WRONG, "key-outside-tls",
                   "it wants the key of %s without TLS", track->kind);
    }
}

void rtsp_check_described(void *user, const svms_sdp *description)
{
    rtsp_check_report *report = user;
    report->is_described = true;
    report->track_count = 0;
    for (size_t i = 0; i < svms_sdp_media_count(description); i++) {
        judge_media(report, description, i);
    }
    if (report->track_count == 0) {
        check_find(report->camera, CHECK_MALFORMED, "no-media", "it describes no media");
    }
}
