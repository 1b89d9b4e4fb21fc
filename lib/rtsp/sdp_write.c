/* SPDX-License-Identifier: Apache-2.0 */
/* Writing session descriptions (SD-WR). */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "failure.h"
#include "options.h"
#include "sdp_internal.h"

enum { LINE_MAX_BYTES = 512, RATE_DENOMINATOR_MAX = 1000000, PIXELS_MAX = 65535 };
/* A text and what stands before it make a line that can be read again. */
enum { TEXT_MAX = SVMS_SDP_LINE_MAX - 64 };

static void put_text(svms_builder *out, const char *text)
{
    svms_put_bytes(out, text, strlen(text));
}

/* prefix, text, end of line. */
static void put_line(svms_builder *out, const char *prefix, const char *text)
{
    put_text(out, prefix);
    put_text(out, text);
    put_text(out, "\r\n");
}

static void put_formatted(svms_builder *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* For numbers and short constant words alone. */
static void put_formatted(svms_builder *out, const char *format, ...)
{
    char text[LINE_MAX_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    svms_put_bytes(out, text, length > 0 && (size_t)length < sizeof text ? (size_t)length : 0);
}

/* One line of text: no control characters, neither empty nor too long. NULL is none, and fine. */
static bool is_line(const char *text)
{
    if (!text) {
        return true;
    }
    size_t size = 0;
    for (; text[size] != '\0'; size++) {
        unsigned char c = (unsigned char)text[size];
        if (size == TEXT_MAX || (c < 0x20 && c != '\t') || c == 0x7F) {
            return false;
        }
    }
    return size > 0;
}

static bool is_word(const char *text)
{
    return is_line(text) && (!text || !strpbrk(text, " \t"));
}

static bool track_fits(const svms_sdp_track *track)
{
    bool key_fits = !track->key_mgmt || (track->secure && track->key_mgmt_size > 0 &&
                                         track->key_mgmt_size <= SVMS_SDP_KEY_MGMT_MAX);
    bool rate_fits = track->framerate_num == 0 ||
                     (track->framerate_den >= 1 && track->framerate_den <= RATE_DENOMINATOR_MAX);
    return track->format && key_fits && rate_fits && is_line(track->control) &&
           is_word(track->cname) && (unsigned)track->direction <= SVMS_SDP_INACTIVE &&
           track->width <= PIXELS_MAX && track->height <= PIXELS_MAX;
}

static const char *kind_of(uint32_t codec)
{
    switch (codec) {
    case SVMS_CODEC_H264:
    case SVMS_CODEC_H265:
    case SVMS_CODEC_MJPEG:
        return "video";
    case SVMS_CODEC_ONVIF_METADATA:
        return "application";
    default:
        return "audio";
    }
}

typedef svms_status (*format_text)(const svms_rtp_format *format, char *text, size_t *size,
                                   svms_error *err);

/* "a=rtpmap:96 H264/90000"; nothing where the format has nothing to say. */
static svms_status put_format_line(svms_builder *out, const svms_rtp_format *format,
                                   uint32_t payload_type, const char *name, format_text write,
                                   svms_error *err)
{
    char text[TEXT_MAX + 1];
    size_t size = sizeof text;
    svms_status status = write(format, text, &size, err);
    if (status == SVMS_OK && size > 0) {
        put_formatted(out, "a=%s:%u ", name, (unsigned)payload_type);
        put_line(out, "", text);
    }
    return status;
}

/* A decimal number, as RFC 8866 section 6.13 wants it. */
static void put_framerate(svms_builder *out, const svms_sdp_track *track)
{
    uint64_t millionths = (uint64_t)track->framerate_num * RATE_DENOMINATOR_MAX;
    millionths = (millionths + track->framerate_den / 2) / track->framerate_den;
    char text[LINE_MAX_BYTES];
    int length = snprintf(text, sizeof text, "%" PRIu64 ".%06" PRIu64,
                          millionths / RATE_DENOMINATOR_MAX, millionths % RATE_DENOMINATOR_MAX);
    size_t end = length > 0 ? (size_t)length : 0;
    while (end > 0 && text[end - 1] == '0') {
        end--;
    }
    while (end > 0 && text[end - 1] == '.') {
        end--;
    }
    text[end] = '\0';
    put_line(out, "a=framerate:", text);
}

static void put_track_attributes(svms_builder *out, const svms_sdp_track *track)
{
    static const char *const directions[] = { NULL, "sendonly", "recvonly", "inactive" };
    if (track->control) {
        put_line(out, "a=control:", track->control);
    }
    if (directions[track->direction]) {
        put_line(out, "a=", directions[track->direction]);
    }
    if (track->width > 0 && track->height > 0) {
        put_formatted(out, "a=x-dimensions:%u,%u\r\n", (unsigned)track->width,
                      (unsigned)track->height);
    }
    if (track->framerate_num > 0) {
        put_framerate(out, track);
    }
    if (track->has_ssrc) {
        put_formatted(out, "a=ssrc:%u", (unsigned)track->ssrc);
        put_line(out, track->cname ? " cname:" : "", track->cname ? track->cname : "");
    }
    if (track->key_mgmt) {
        put_text(out, "a=key-mgmt:mikey ");
        svms_put_base64_padded(out, track->key_mgmt, track->key_mgmt_size);
        put_text(out, "\r\n");
    }
}

static svms_status put_track(svms_builder *out, const svms_sdp_track *given, svms_error *err)
{
    svms_sdp_track track = SVMS_SDP_TRACK_INIT;
    svms_rtp_format_info info = SVMS_RTP_FORMAT_INFO_INIT;
    svms_status status = svms_options_read(&track, sizeof track, given, "svms_sdp_track", err);
    if (status == SVMS_OK && !track_fits(&track)) {
        status = svms_fail(err, SVMS_E_USAGE,
                           "a track of a session that cannot be described, or a media key for one "
                           "that is not secure");
    }
    if (status == SVMS_OK) {
        status = svms_rtp_format_describe(track.format, &info, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    put_formatted(out, "m=%s 0 %s %u\r\n", kind_of(info.codec),
                  track.secure ? "RTP/SAVP" : "RTP/AVP", (unsigned)info.payload_type);
    status = put_format_line(out, track.format, info.payload_type, "rtpmap", svms_rtp_format_rtpmap,
                             err);
    if (status == SVMS_OK) {
        status = put_format_line(out, track.format, info.payload_type, "fmtp", svms_rtp_format_fmtp,
                                 err);
    }
    put_track_attributes(out, &track);
    return status;
}

static void put_session(svms_builder *out, const svms_sdp_session *session)
{
    const char *address = session->address ? session->address : "0.0.0.0";
    bool ipv6 = strchr(address, ':') != NULL;
    put_formatted(out, "v=0\r\no=- %" PRIu64 " %" PRIu64 " IN %s ", session->id, session->version,
                  ipv6 ? "IP6" : "IP4");
    put_line(out, "", address);
    put_line(out, "s=", session->name ? session->name : "-");
    /* Where to send is agreed upon in SETUP. */
    put_line(out, "c=IN ", ipv6 ? "IP6 ::" : "IP4 0.0.0.0");
    put_text(out, "t=0 0\r\n");
    if (session->control) {
        put_line(out, "a=control:", session->control);
    }
    if (session->range) {
        put_line(out, "a=range:", session->range);
    }
}

static bool session_fits(const svms_sdp_session *session)
{
    return session->track_count >= 1 && session->track_count <= SVMS_SDP_MEDIA_MAX &&
           session->tracks && is_line(session->name) && is_word(session->address) &&
           is_line(session->control) && is_line(session->range);
}

static svms_status put_tracks(svms_builder *out, const svms_sdp_session *session, svms_error *err)
{
    const uint8_t *at = (const uint8_t *)session->tracks;
    uint32_t stride = session->tracks[0].struct_size;
    svms_status status = SVMS_OK;
    for (uint32_t i = 0; status == SVMS_OK && i < session->track_count; i++) {
        const svms_sdp_track *one = (const void *)(at + (size_t)i * stride);
        status = one->struct_size == stride
                     ? put_track(out, one, err)
                     : svms_fail(err, SVMS_E_USAGE, "tracks of different sizes");
    }
    return status;
}

svms_status svms_sdp_write(const svms_sdp_session *session, svms_ctx *ctx, char *text, size_t *size,
                           svms_error *err)
{
    svms_sdp_session known = SVMS_SDP_SESSION_INIT;
    if (!session || !ctx || !text || !size) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_options_read(&known, sizeof known, session, "svms_sdp_session", err);
    if (status == SVMS_OK && !session_fits(&known)) {
        status = svms_fail(err, SVMS_E_USAGE, "a session that cannot be described");
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_builder out = svms_builder_new(ctx, SVMS_SDP_SIZE_MAX);
    put_session(&out, &known);
    status = put_tracks(&out, &known, err);
    if (status == SVMS_OK) {
        status = svms_builder_hand_out(&out, "the session description", text, size, err);
    }
    svms_builder_clear(&out);
    return status;
}
