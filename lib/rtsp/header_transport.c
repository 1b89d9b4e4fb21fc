/* SPDX-License-Identifier: Apache-2.0 */
#include "header_values.h"

#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "message.h"

enum { PORT_MOST = 65535, CHANNEL_MOST = 255, SSRC_DIGITS = 8 };

/* "RTP/AVP", "RTP/SAVP/TCP" ... */
static svms_status read_profile(svms_rtsp_transport *out, svms_text_piece text, svms_error *err)
{
    static const struct {
        const char *name;
        bool secure;
        bool feedback;
    } profiles[] = { { "AVP", false, false },
                     { "AVPF", false, true },
                     { "SAVP", true, false },
                     { "SAVPF", true, true } };
    svms_text_piece protocol = svms_text_piece_cut(&text, '/');
    svms_text_piece profile = svms_text_piece_cut(&text, '/');
    svms_text_piece lower = svms_text_piece_trim(text);
    bool is_known = false;
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        if (svms_text_piece_is(profile, profiles[i].name)) {
            is_known = true;
            out->secure = profiles[i].secure;
            out->feedback = profiles[i].feedback;
        }
    }
    bool is_tcp = svms_text_piece_is(lower, "TCP");
    bool is_lower = is_tcp || lower.size == 0 || svms_text_piece_is(lower, "UDP");
    if (!svms_text_piece_is(protocol, "RTP") || !is_known || !is_lower) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "a transport that is not RTP over UDP or RTSP");
    }
    out->carrier = is_tcp ? SVMS_RTSP_INTERLEAVED : SVMS_RTSP_UDP;
    return SVMS_OK;
}

/* "5000-5001" or "5000"; *second stays what it was where there is none. */
static bool read_pair(svms_text_piece text, uint32_t most, uint32_t *first, uint32_t *second)
{
    svms_text_piece head = svms_text_piece_cut(&text, '-');
    text = svms_text_piece_trim(text);
    return svms_text_piece_number(head, most, first) &&
           (text.size == 0 || svms_text_piece_number(text, most, second));
}

static bool read_channels(svms_rtsp_transport *out, svms_text_piece value)
{
    uint32_t none = CHANNEL_MOST + 1;
    out->channel_rtcp = none;
    out->has_channels = 1;
    bool holds = read_pair(value, CHANNEL_MOST, &out->channel_rtp, &out->channel_rtcp);
    if (out->channel_rtcp == none) {
        out->channel_rtcp = out->channel_rtp;
    }
    return holds;
}

/* Eight hexadecimal digits; some servers leave zeros out in front. */
static bool read_ssrc(svms_rtsp_transport *out, svms_text_piece value)
{
    char digits[SSRC_DIGITS] = { '0', '0', '0', '0', '0', '0', '0', '0' };
    uint8_t bytes[4];
    size_t size = sizeof bytes;
    if (value.size == 0 || value.size > sizeof digits) {
        return false;
    }
    memcpy(digits + sizeof digits - value.size, value.data, value.size);
    svms_text_piece whole = { digits, sizeof digits };
    if (!svms_text_piece_hex(whole, bytes, &size)) {
        return false;
    }
    out->has_ssrc = 1;
    out->ssrc =
        (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    return true;
}

static bool read_address(char out[SVMS_RTSP_ADDRESS_SIZE], svms_text_piece value)
{
    if (value.size >= SVMS_RTSP_ADDRESS_SIZE || !svms_rtsp_text_is_plain(value.data, value.size)) {
        return false;
    }
    memcpy(out, value.data, value.size);
    out[value.size] = '\0';
    return true;
}

/* Parameters that are not known are ignored. */
static bool read_parameter(svms_rtsp_transport *out, svms_text_piece name, svms_text_piece value)
{
    if (svms_text_piece_is(name, "client_port")) {
        return read_pair(value, PORT_MOST, &out->client_rtp, &out->client_rtcp);
    }
    if (svms_text_piece_is(name, "server_port")) {
        return read_pair(value, PORT_MOST, &out->server_rtp, &out->server_rtcp);
    }
    if (svms_text_piece_is(name, "interleaved")) {
        return read_channels(out, value);
    }
    if (svms_text_piece_is(name, "ssrc")) {
        return read_ssrc(out, value);
    }
    if (svms_text_piece_is(name, "source")) {
        return read_address(out->source, value);
    }
    if (svms_text_piece_is(name, "destination")) {
        return read_address(out->destination, value);
    }
    if (svms_text_piece_is(name, "multicast")) {
        out->multicast = 1;
    }
    if (svms_text_piece_is(name, "mode")) {
        out->record = svms_rtsp_list_has(value, "RECORD");
    }
    return true;
}

svms_status svms_rtsp_transport_read(svms_rtsp_transport *out, svms_text_piece text,
                                     svms_error *err)
{
    *out = (svms_rtsp_transport)SVMS_RTSP_TRANSPORT_INIT;
    svms_text_piece piece = { NULL, 0 };
    bool holds = svms_rtsp_cut(&text, ';', &piece);
    svms_status status = holds ? read_profile(out, piece, err) : SVMS_OK;
    if (status != SVMS_OK) {
        return status;
    }
    while (holds && svms_rtsp_cut(&text, ';', &piece)) {
        svms_text_piece name;
        svms_text_piece value;
        holds = svms_rtsp_parameter(piece, &name, &value) && read_parameter(out, name, value);
    }
    if (!holds || text.size > 0) {
        return svms_fail(err, SVMS_E_MALFORMED, "a Transport header that cannot be read");
    }
    /* Cameras that forget "/TCP" still name channels. */
    if (out->has_channels && out->client_rtp == 0 && out->server_rtp == 0) {
        out->carrier = SVMS_RTSP_INTERLEAVED;
    }
    return SVMS_OK;
}

svms_status svms_rtsp_transports_read(svms_rtsp_transport out[SVMS_RTSP_TRANSPORTS_MAX],
                                      size_t *count, svms_text_piece text, svms_error *err)
{
    svms_text_piece element;
    size_t elements = 0;
    *count = 0;
    while (svms_rtsp_list_next(&text, &element)) {
        if (elements++ == SVMS_RTSP_TRANSPORTS_MAX) {
            return svms_fail(err, SVMS_E_LIMIT, "a Transport header of more than %d transports",
                             SVMS_RTSP_TRANSPORTS_MAX);
        }
        svms_status status = svms_rtsp_transport_read(&out[*count], element, err);
        if (status != SVMS_OK && status != SVMS_E_UNSUPPORTED) {
            return status;
        }
        *count += status == SVMS_OK ? 1 : 0;
    }
    if (text.size > 0 || elements == 0) {
        return svms_fail(err, SVMS_E_MALFORMED, "a Transport header that cannot be read");
    }
    return SVMS_OK;
}

static void put_pair(svms_builder *out, const char *name, uint32_t first, uint32_t second,
                     bool has_second)
{
    svms_rtsp_put_text(out, name);
    svms_rtsp_put_number(out, first);
    if (has_second) {
        svms_put_u8(out, '-');
        svms_rtsp_put_number(out, second);
    }
}

static void put_address(svms_builder *out, const char *name, const char *address)
{
    if (address[0] != '\0') {
        svms_rtsp_put_text(out, name);
        svms_rtsp_put_text(out, address);
    }
}

void svms_rtsp_put_transport(svms_builder *out, const svms_rtsp_transport *t)
{
    svms_rtsp_put_text(out, t->secure ? "RTP/SAVP" : "RTP/AVP");
    svms_rtsp_put_text(out, t->feedback ? "F" : "");
    svms_rtsp_put_text(out, t->carrier == SVMS_RTSP_INTERLEAVED ? "/TCP" : "");
    svms_rtsp_put_text(out, t->multicast ? ";multicast" : ";unicast");
    put_address(out, ";destination=", t->destination);
    put_address(out, ";source=", t->source);
    if (t->has_channels) {
        put_pair(out, ";interleaved=", t->channel_rtp, t->channel_rtcp, true);
    }
    if (t->client_rtp != 0) {
        put_pair(out, ";client_port=", t->client_rtp, t->client_rtcp, t->client_rtcp != 0);
    }
    if (t->server_rtp != 0) {
        put_pair(out, ";server_port=", t->server_rtp, t->server_rtcp, t->server_rtcp != 0);
    }
    if (t->has_ssrc) {
        char text[24];
        (void)snprintf(text, sizeof text, ";ssrc=%08X", (unsigned)t->ssrc);
        svms_rtsp_put_text(out, text);
    }
    svms_rtsp_put_text(out, t->record ? ";mode=\"RECORD\"" : "");
}
