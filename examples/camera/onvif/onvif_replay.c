/* SPDX-License-Identifier: Apache-2.0 */
/* Replay service: where what the camera kept itself is played. Recordings are not listed here:
 * there is one, and its times are in the description of the stream. */
#include <stdio.h>
#include <string.h>

#include "edge_store.h"
#include "onvif_call.h"

/* Of a session without media (RTSP); the server's own. */
#define SESSION_SECONDS "PT60S"

static bool is_kept(onvif_call *call)
{
    if (!call->parts->config->has_edge) {
        soap_fail(&call->fault, "ter:ActionNotSupported", NULL, "this camera keeps nothing itself");
    }
    return call->parts->config->has_edge;
}

static void get_service_capabilities(onvif_call *call)
{
    if (!is_kept(call)) {
        return;
    }
    xml_open(&call->out, "trp:Capabilities");
    xml_put_attribute(&call->out, "ReversePlayback", "false");
    xml_put_attribute(&call->out, "SessionTimeoutRange", "60 60");
    xml_put_attribute(&call->out, "RTP_RTSP_TCP", "true");
    xml_shut(&call->out);
}

static void get_replay_uri(onvif_call *call)
{
    char host[ONVIF_HOST_SIZE];
    char address[ONVIF_HOST_SIZE + 64];
    const char *port = call->parts->rtsps ? strrchr(call->parts->rtsps, ':') : NULL;
    if (!is_kept(call) || !onvif_is_token(call, onvif_member_text(call, "RecordingToken"),
                                          ONVIF_RECORDING, "ter:NoRecording", false)) {
        return;
    }
    if (!port) {
        soap_fail(&call->fault, "ter:ActionNotSupported", NULL, "RTSP is not served");
        return;
    }
    onvif_host(call, host);
    (void)snprintf(address, sizeof address, "rtsps://%s%s%s", host, port, EDGE_PATH);
    xml_leaf(&call->out, "trp:Uri", address);
}

static void get_replay_configuration(onvif_call *call)
{
    if (is_kept(call)) {
        xml_open(&call->out, "trp:Configuration");
        xml_leaf(&call->out, "tt:SessionTimeout", SESSION_SECONDS);
        xml_shut(&call->out);
    }
}

/* Who may ask is who may watch it. */
const onvif_operation onvif_replay_operations[] = {
    { NS_REPLAY, "GetServiceCapabilities", "trp:GetServiceCapabilitiesResponse", ONVIF_PRE_AUTH,
      get_service_capabilities },
    { NS_REPLAY, "GetReplayUri", "trp:GetReplayUriResponse", ONVIF_READ_SENSITIVE, get_replay_uri },
    { NS_REPLAY, "GetReplayConfiguration", "trp:GetReplayConfigurationResponse",
      ONVIF_READ_SENSITIVE, get_replay_configuration },
    { NULL, NULL, NULL, ONVIF_PRE_AUTH, NULL },
};
