/* SPDX-License-Identifier: Apache-2.0 */
/* SETUP: RS-10 to RS-15. */
#include <string.h>

#include "address.h"
#include "server_internal.h"

enum { FIRST_USER_PORT = 1024, CHANNELS = 256 };

/* Media goes to whoever asked, and to nobody else (RFC 2326 section 16). */
static bool is_for_peer(const svms_rtsp_connection *c, const svms_rtsp_transport *transport)
{
    uint8_t address[SVMS_SERVER_ADDRESS];
    return transport->destination[0] == '\0' ||
           (svms_address_parse(address, transport->destination) &&
            memcmp(address, c->peer, sizeof address) == 0);
}

static bool settle_ports(svms_rtsp_transport *transport)
{
    if (transport->client_rtcp == 0) {
        transport->client_rtcp = transport->client_rtp + 1;
    }
    return transport->client_rtp >= FIRST_USER_PORT && transport->client_rtp <= UINT16_MAX &&
           transport->client_rtcp >= FIRST_USER_PORT && transport->client_rtcp <= UINT16_MAX &&
           transport->client_rtp != transport->client_rtcp;
}

static bool is_free(const svms_rtsp_connection *c, const svms_server_asked *asked, uint32_t channel)
{
    svms_server_session *session = NULL;
    uint32_t track = 0;
    bool is_rtcp = false;
    if (!svms_server_find_channel(c, channel, &session, &track, &is_rtcp)) {
        return true;
    }
    /* A track that is set up anew gives its channels back. */
    return session == asked->session && track == asked->request.track;
}

/* The client's, where nobody has them; else the next free pair (RFC 2326 section 10.12). */
static bool settle_channels(const svms_rtsp_connection *c, const svms_server_asked *asked,
                            svms_rtsp_transport *transport)
{
    bool fits =
        transport->has_channels && transport->channel_rtp < CHANNELS &&
        transport->channel_rtcp < CHANNELS && transport->channel_rtp != transport->channel_rtcp &&
        is_free(c, asked, transport->channel_rtp) && is_free(c, asked, transport->channel_rtcp);
    for (uint32_t first = 0; !fits && first < CHANNELS; first += 2) {
        if (is_free(c, asked, first) && is_free(c, asked, first + 1)) {
            transport->channel_rtp = first;
            transport->channel_rtcp = first + 1;
            fits = true;
        }
    }
    transport->has_channels = 1;
    return fits;
}

static bool is_acceptable(const svms_rtsp_connection *c, const svms_server_asked *asked,
                          svms_rtsp_transport *transport)
{
    if (transport->multicast != 0 || transport->record != 0 || !is_for_peer(c, transport) ||
        (transport->secure != 0 && !c->secure)) {
        return false;
    }
    transport->destination[0] = '\0';
    transport->source[0] = '\0';
    transport->server_rtp = 0;
    transport->server_rtcp = 0;
    transport->has_ssrc = 0;
    transport->ssrc = 0;
    return transport->carrier == SVMS_RTSP_INTERLEAVED ? settle_channels(c, asked, transport)
                                                       : settle_ports(transport);
}

static uint32_t read_transports(const svms_rtsp_connection *c, svms_server_asked *asked)
{
    const svms_text_piece *value = svms_rtsp_find(asked->message, "Transport");
    size_t known = 0;
    size_t count = 0;
    if (!value || svms_rtsp_count(asked->message, "Transport") > 1 ||
        svms_rtsp_transports_read(asked->transports, &known, *value, NULL) != SVMS_OK) {
        return 400;
    }
    for (size_t i = 0; i < known; i++) {
        svms_rtsp_transport one = asked->transports[i];
        if (is_acceptable(c, asked, &one)) {
            asked->transports[count++] = one;
        }
    }
    asked->request.transports = asked->transports;
    asked->request.transport_count = count;
    return count > 0 ? 200 : 461;
}

static uint32_t read_key(const svms_rtsp_connection *c, svms_server_asked *asked)
{
    const svms_text_piece *value = svms_rtsp_find(asked->message, "KeyMgmt");
    svms_text_piece uri;
    size_t size = sizeof asked->mikey;
    if (!value) {
        return 200;
    }
    if (!c->secure || svms_rtsp_count(asked->message, "KeyMgmt") > 1 ||
        svms_rtsp_key_mgmt_read(asked->mikey, &size, &uri, *value, NULL) != SVMS_OK) {
        return 463;
    }
    asked->request.mikey = asked->mikey;
    asked->request.mikey_size = size;
    return 200;
}

/* Takes the last segment off the path: it names the track. */
static bool split_path(svms_server_asked *asked)
{
    size_t last = svms_server_path_last(&asked->path);
    if (last == 0) {
        return false;
    }
    asked->request.control = asked->path.path + last;
    if (last > 1) {
        asked->path.path[last - 1] = '\0';
        return true;
    }
    /* "/track" is a track of "/": the segment needs a place of its own. */
    memmove(asked->path.path + 2, asked->path.path + 1, asked->path.path_size);
    asked->path.path[1] = '\0';
    asked->request.control = asked->path.path + 2;
    return true;
}

static uint32_t find_place(const svms_rtsp_connection *c, svms_server_asked *asked)
{
    const svms_server_session *session = asked->session;
    if (!session) {
        asked->request.session = c->last_session + 1;
        asked->request.track = 0;
        return c->session_count < c->server->options.max_sessions ? 200 : 503;
    }
    if (strcmp(session->presentation, asked->path.path) != 0) {
        return 459;
    }
    if (session->playing) {
        return 455;
    }
    uint32_t track = svms_server_find_track(c, session, asked->request.control);
    if (track == SVMS_RTSP_ALL_TRACKS) {
        track = svms_server_free_track(c, session);
    }
    asked->request.track = track;
    return track != SVMS_RTSP_ALL_TRACKS ? 200 : 503;
}

void svms_server_ask_setup(svms_rtsp_connection *c, svms_server_asked *asked, uint32_t *code)
{
    *code = split_path(asked) ? find_place(c, asked) : 404;
    if (*code == 200) {
        *code = read_transports(c, asked);
    }
    if (*code == 200) {
        *code = read_key(c, asked);
    }
}
