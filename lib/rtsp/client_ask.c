/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that the caller makes. */
#include "client_internal.h"

#include <string.h>

#include "client_url.h"
#include "failure.h"
#include "options.h"

enum {
    PORT_MOST = 65535,
    CHANNEL_MOST = 255,
    TYPE_MAX = 128,
    TAIL_MAX = SVMS_RTSP_BODY_MAX + 16384
};

static const char parameters_type[] = "text/parameters";

/* A request with its URL, and nothing in its tail. */
static svms_status begin(svms_rtsp_client *client, svms_rtsp_method method, const char *control,
                         svms_rtsp_request **out, svms_error *err)
{
    *out = NULL;
    svms_status status = svms_rtsp_client_check(client, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (client->queued == SVMS_RTSP_QUEUE_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "more than %d requests wait", SVMS_RTSP_QUEUE_MAX);
    }
    svms_rtsp_request *request = svms_alloc(client->ctx, sizeof *request);
    if (!request) {
        return svms_fail_memory(err);
    }
    request->method = method;
    request->tail = svms_builder_new(client->ctx, TAIL_MAX);
    status = svms_rtsp_url_resolve(request->url, client->base, control, err);
    if (status != SVMS_OK) {
        svms_rtsp_request_free(client->ctx, &request);
        return status;
    }
    *out = request;
    return SVMS_OK;
}

/* Takes the request over; what cannot be sent although it is its turn is as if it had not been
 * asked. */
static svms_status submit(svms_rtsp_client *client, svms_rtsp_request *request, uint64_t *number,
                          svms_error *err)
{
    svms_status status = svms_builder_check(&request->tail, "a request", err);
    if (status == SVMS_OK) {
        request->number = client->next_number;
        client->queue[client->queued++] = request;
        /* Within a callback the response that caused it comes first, and what waits is sent then.
         */
        status = svms_rtsp_client_send_next(client, err);
        client->queued -= status == SVMS_OK ? 0 : 1;
    }
    if (status != SVMS_OK) {
        svms_rtsp_request_free(client->ctx, &request);
        return status;
    }
    client->next_number++;
    client->has_setup = client->has_setup || request->method == SVMS_RTSP_SETUP;
    if (number) {
        *number = request->number;
    }
    return SVMS_OK;
}

static svms_status ask_plainly(svms_rtsp_client *client, svms_rtsp_method method,
                               const char *control, uint64_t *number, svms_error *err)
{
    svms_rtsp_request *request = NULL;
    svms_status status = begin(client, method, control, &request, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_rtsp_put_end(&request->tail, NULL, NULL, 0);
    return submit(client, request, number, err);
}

svms_status svms_rtsp_client_ask_options(svms_rtsp_client *client, uint64_t *request,
                                         svms_error *err)
{
    return ask_plainly(client, SVMS_RTSP_OPTIONS, client ? client->url : NULL, request, err);
}

svms_status svms_rtsp_client_describe(svms_rtsp_client *client, uint64_t *number, svms_error *err)
{
    svms_rtsp_request *request = NULL;
    svms_status status =
        begin(client, SVMS_RTSP_DESCRIBE, client ? client->url : NULL, &request, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_rtsp_put_header(&request->tail, "Accept", "application/sdp");
    svms_rtsp_put_end(&request->tail, NULL, NULL, 0);
    return submit(client, request, number, err);
}

/* What a client may say of a transport, and nothing else. */
static svms_status read_wanted(svms_rtsp_transport *out, const svms_rtsp_transport *transport,
                               svms_error *err)
{
    svms_rtsp_transport t = SVMS_RTSP_TRANSPORT_INIT;
    svms_status status = svms_options_read(&t, sizeof t, transport, "svms_rtsp_transport", err);
    if (status != SVMS_OK) {
        return status;
    }
    bool is_udp = t.carrier == SVMS_RTSP_UDP && t.client_rtp > 0 && t.client_rtp <= PORT_MOST &&
                  t.client_rtcp <= PORT_MOST;
    bool is_interleaved = t.carrier == SVMS_RTSP_INTERLEAVED && t.has_channels != 0 &&
                          t.channel_rtp <= CHANNEL_MOST && t.channel_rtcp <= CHANNEL_MOST;
    if ((!is_udp && !is_interleaved) || t.multicast != 0) {
        return svms_fail(err, SVMS_E_USAGE, "a transport that cannot be set up");
    }
    *out = (svms_rtsp_transport)SVMS_RTSP_TRANSPORT_INIT;
    out->carrier = t.carrier;
    out->secure = t.secure != 0;
    out->feedback = t.feedback != 0;
    out->record = t.record != 0;
    if (is_udp) {
        out->client_rtp = t.client_rtp;
        out->client_rtcp = t.client_rtcp;
    } else {
        out->has_channels = 1;
        out->channel_rtp = t.channel_rtp;
        out->channel_rtcp = t.channel_rtcp;
    }
    return SVMS_OK;
}

static svms_status check_keys(const svms_rtsp_client *client, const svms_rtsp_transport *wanted,
                              const uint8_t *mikey, size_t size, svms_error *err)
{
    bool has_keys = mikey && size > 0;
    if ((has_keys || wanted->secure) && !svms_rtsp_client_has(client, SVMS_RTSP_CLIENT_SECURE)) {
        return svms_fail(err, SVMS_E_POLICY, "keys of SRTP are not sent or taken without TLS");
    }
    if (has_keys && !wanted->secure) {
        return svms_fail(err, SVMS_E_USAGE, "keys for a transport without SRTP");
    }
    if (size > SVMS_RTSP_MIKEY_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a MIKEY message of more than %d bytes",
                         SVMS_RTSP_MIKEY_MAX);
    }
    return SVMS_OK;
}

static void put_setup(svms_rtsp_request *request, const uint8_t *mikey, size_t size)
{
    svms_builder *tail = &request->tail;
    svms_rtsp_put_text(tail, "Transport: ");
    svms_rtsp_put_transport(tail, &request->wanted);
    svms_rtsp_put_text(tail, "\r\n");
    if (mikey && size > 0) {
        svms_rtsp_put_text(tail, "KeyMgmt: ");
        svms_rtsp_put_key_mgmt(tail, request->url, mikey, size);
        svms_rtsp_put_text(tail, "\r\n");
    }
    svms_rtsp_put_end(tail, NULL, NULL, 0);
}

svms_status svms_rtsp_client_setup(svms_rtsp_client *client, const char *control,
                                   const svms_rtsp_transport *transport, const uint8_t *mikey,
                                   size_t mikey_size, uint64_t *number, svms_error *err)
{
    svms_rtsp_transport wanted = SVMS_RTSP_TRANSPORT_INIT;
    if (!client || !transport) {
        return svms_fail(err, SVMS_E_USAGE, "SETUP: an argument is NULL");
    }
    svms_status status = read_wanted(&wanted, transport, err);
    if (status == SVMS_OK) {
        status = check_keys(client, &wanted, mikey, mikey_size, err);
    }
    svms_rtsp_request *request = NULL;
    if (status == SVMS_OK) {
        status = begin(client, SVMS_RTSP_SETUP, control, &request, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    request->wanted = wanted;
    put_setup(request, mikey, mikey_size);
    return submit(client, request, number, err);
}

static svms_status check_session(const svms_rtsp_client *client, svms_error *err)
{
    svms_status status = svms_rtsp_client_check(client, err);
    if (status == SVMS_OK && !client->has_setup) {
        return svms_fail(err, SVMS_E_STATE, "nothing was set up");
    }
    return status;
}

svms_status svms_rtsp_client_play(svms_rtsp_client *client, const char *control,
                                  const svms_rtsp_play *play, uint64_t *number, svms_error *err)
{
    svms_rtsp_play known = SVMS_RTSP_PLAY_INIT;
    svms_status status = check_session(client, err);
    if (status == SVMS_OK) {
        status = svms_options_read(&known, sizeof known, play, "svms_rtsp_play", err);
    }
    if (status == SVMS_OK && !svms_rtsp_play_is_sound(&known)) {
        status = svms_fail(err, SVMS_E_USAGE, "PLAY: something is out of range");
    }
    svms_rtsp_request *request = NULL;
    if (status == SVMS_OK) {
        status = begin(client, SVMS_RTSP_PLAY, control, &request, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_rtsp_put_play(&request->tail, &known);
    svms_rtsp_put_end(&request->tail, NULL, NULL, 0);
    return submit(client, request, number, err);
}

svms_status svms_rtsp_client_pause(svms_rtsp_client *client, const char *control, uint64_t *request,
                                   svms_error *err)
{
    svms_status status = check_session(client, err);
    return status == SVMS_OK ? ask_plainly(client, SVMS_RTSP_PAUSE, control, request, err) : status;
}

svms_status svms_rtsp_client_teardown(svms_rtsp_client *client, const char *control,
                                      uint64_t *request, svms_error *err)
{
    svms_status status = check_session(client, err);
    return status == SVMS_OK ? ask_plainly(client, SVMS_RTSP_TEARDOWN, control, request, err)
                             : status;
}

/* A line that begins with "mikey": keys, or the wish for them. */
static bool names_keys(const uint8_t *body, size_t size)
{
    static const char name[] = "mikey";
    svms_text_piece rest = { (const char *)body, size };
    while (rest.size > 0) {
        svms_text_piece line = svms_text_piece_cut(&rest, '\n');
        line.size = line.size < sizeof name - 1 ? line.size : sizeof name - 1;
        if (svms_text_piece_is(line, name)) {
            return true;
        }
    }
    return false;
}

static svms_status ask_with_body(svms_rtsp_client *client, svms_rtsp_method method,
                                 const char *control, const char *type, const uint8_t *body,
                                 size_t size, uint64_t *number, svms_error *err)
{
    if (size > SVMS_RTSP_BODY_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a body of more than %u bytes", SVMS_RTSP_BODY_MAX);
    }
    if (names_keys(body, size) && !svms_rtsp_client_has(client, SVMS_RTSP_CLIENT_SECURE)) {
        return svms_fail(err, SVMS_E_POLICY, "keys of SRTP are not sent or taken without TLS");
    }
    svms_rtsp_request *request = NULL;
    svms_status status = begin(client, method, control, &request, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_rtsp_put_end(&request->tail, type, body, size);
    return submit(client, request, number, err);
}

svms_status svms_rtsp_client_get_parameter(svms_rtsp_client *client, const char *control,
                                           const char *names, uint64_t *request, svms_error *err)
{
    const char *body = names ? names : "";
    svms_status status = svms_rtsp_client_check(client, err);
    return status == SVMS_OK
               ? ask_with_body(client, SVMS_RTSP_GET_PARAMETER, control, parameters_type,
                               (const uint8_t *)body, strlen(body), request, err)
               : status;
}

svms_status svms_rtsp_client_set_parameter(svms_rtsp_client *client, const char *control,
                                           const char *content_type, const uint8_t *body,
                                           size_t body_size, uint64_t *request, svms_error *err)
{
    const char *type = content_type ? content_type : parameters_type;
    if (!client || !body || !svms_rtsp_text_is_plain(type, strlen(type))) {
        return svms_fail(err, SVMS_E_USAGE, "SET_PARAMETER without body or with no such type");
    }
    if (strlen(type) > TYPE_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a content type of more than %d bytes", TYPE_MAX);
    }
    return ask_with_body(client, SVMS_RTSP_SET_PARAMETER, control, type, body, body_size, request,
                         err);
}

svms_status svms_rtsp_client_send_frame(svms_rtsp_client *client, uint32_t channel,
                                        const uint8_t *data, size_t size, svms_error *err)
{
    if (!client || !data || channel > CHANNEL_MOST || size > SVMS_RTSP_FRAME_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "a frame that cannot be, or an argument is NULL");
    }
    svms_status status = svms_rtsp_client_check(client, err);
    if (status != SVMS_OK) {
        return status;
    }
    size_t before = client->out.size;
    svms_rtsp_put_frame(&client->out, channel, data, size);
    return svms_rtsp_client_commit(client, before, err);
}
