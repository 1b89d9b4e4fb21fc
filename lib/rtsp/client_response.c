/* SPDX-License-Identifier: Apache-2.0 */
/* Responses: whose they are, what they change, and telling them (RC-RSP). */
#include "client_internal.h"

#include <string.h>

#include "client_url.h"
#include "failure.h"

enum { REAUTHORISED_MOST = 2, TIMEOUT_DEFAULT_S = 60 };

static bool is_success(const svms_rtsp_message *message)
{
    return message->status >= 200 && message->status < 300;
}

static void copy_piece(char *out, svms_text_piece piece)
{
    memcpy(out, piece.data, piece.size);
    out[piece.size] = '\0';
}

/* RFC 2326 appendix C.1.1. What is no URL is as if it were not there. */
static void take_base(svms_rtsp_client *client, const svms_rtsp_message *message)
{
    static const char *const names[] = { "Content-Base", "Content-Location" };
    memcpy(client->base, client->url, sizeof client->base);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const svms_text_piece *value = svms_rtsp_find(message, names[i]);
        if (value && svms_rtsp_url_check(value->data, NULL) == SVMS_OK) {
            copy_piece(client->base, *value);
            return;
        }
    }
}

static svms_status take_session(svms_rtsp_client *client, const svms_rtsp_message *message,
                                svms_error *err)
{
    const svms_text_piece *value = svms_rtsp_find(message, "Session");
    svms_rtsp_session session;
    if (!value || !svms_rtsp_session_read(&session, *value)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the answer to SETUP names no session");
    }
    bool is_other = strlen(client->session) != session.id.size ||
                    memcmp(client->session, session.id.data, session.id.size) != 0;
    if (client->session[0] != '\0' && is_other) {
        return svms_fail(err, SVMS_E_MALFORMED, "the server put one session's tracks into two");
    }
    copy_piece(client->session, session.id);
    client->session_timeout_s = session.timeout_s != 0 ? session.timeout_s : TIMEOUT_DEFAULT_S;
    return SVMS_OK;
}

/* What was asked for, or the server is refused: above all it must not turn protected media into
 * clear (RC-RSP-4). */
static svms_status take_transport(const svms_rtsp_request *request,
                                  const svms_rtsp_message *message, svms_rtsp_transport *out,
                                  svms_error *err)
{
    const svms_rtsp_transport *wanted = &request->wanted;
    const svms_text_piece *value = svms_rtsp_find(message, "Transport");
    if (!value) {
        return svms_fail(err, SVMS_E_MALFORMED, "the answer to SETUP names no transport");
    }
    svms_status status = svms_rtsp_transport_read(out, *value, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (out->secure != wanted->secure) {
        return svms_fail(err, SVMS_E_POLICY,
                         wanted->secure ? "the server wants to send media without SRTP"
                                        : "the server wants to send SRTP, which was not asked for");
    }
    if (out->carrier != wanted->carrier || out->multicast) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "the server chose a transport that was not offered");
    }
    if (out->carrier == SVMS_RTSP_INTERLEAVED && !out->has_channels) {
        out->has_channels = 1;
        out->channel_rtp = wanted->channel_rtp;
        out->channel_rtcp = wanted->channel_rtcp;
    }
    return SVMS_OK;
}

static void end_session(svms_rtsp_client *client)
{
    client->session[0] = '\0';
    client->played[0] = '\0';
    client->has_setup = false;
    for (size_t i = 0; i < client->queued; i++) {
        client->has_setup = client->has_setup || client->queue[i]->method == SVMS_RTSP_SETUP;
    }
}

/* What a response to one of our requests changes. */
static svms_status take_effect(svms_rtsp_client *client, const svms_rtsp_request *request,
                               const svms_rtsp_message *message, svms_rtsp_transport *transport,
                               svms_error *err)
{
    bool is_gone = request->method == SVMS_RTSP_TEARDOWN && message->status == 454;
    if (is_gone) {
        end_session(client);
    }
    if (!is_success(message)) {
        return SVMS_OK;
    }
    const svms_text_piece *methods = svms_rtsp_find(message, "Public");
    svms_status status = SVMS_OK;
    switch (request->method) {
    case SVMS_RTSP_OPTIONS:
        client->methods = methods ? svms_rtsp_methods_read(*methods) : client->methods;
        break;
    case SVMS_RTSP_DESCRIBE:
        take_base(client, message);
        break;
    case SVMS_RTSP_SETUP:
        status = take_session(client, message, err);
        if (status == SVMS_OK) {
            status = take_transport(request, message, transport, err);
        }
        break;
    case SVMS_RTSP_PLAY:
        memcpy(client->played, request->url, sizeof client->played);
        break;
    case SVMS_RTSP_TEARDOWN:
        end_session(client);
        break;
    default:
        break;
    }
    return status;
}

static svms_status tell_and_go_on(svms_rtsp_client *client, const svms_rtsp_message *message,
                                  svms_rtsp_request *request, svms_error *err)
{
    svms_rtsp_transport transport;
    bool is_set_up = request->method == SVMS_RTSP_SETUP && is_success(message);
    svms_status status = take_effect(client, request, message, &transport, err);
    if (status == SVMS_OK) {
        status = svms_rtsp_client_tell_response(client, message, request,
                                                is_set_up ? &transport : NULL, err);
    }
    return status == SVMS_OK ? svms_rtsp_client_send_next(client, err) : status;
}

static svms_rtsp_request *take_first(svms_rtsp_client *client)
{
    svms_rtsp_request *first = client->queue[0];
    client->queued--;
    for (size_t i = 0; i < client->queued; i++) {
        client->queue[i] = client->queue[i + 1];
    }
    client->queue[client->queued] = NULL;
    return first;
}

static svms_status answer_to_request(svms_rtsp_client *client, const svms_rtsp_message *message,
                                     svms_error *err)
{
    svms_rtsp_request *request = client->queue[0];
    bool again = false;
    if (message->status == 401) {
        svms_status status =
            svms_rtsp_client_challenged(client, message, request->had_credentials, &again, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (again && request->reauthorised < REAUTHORISED_MOST) {
        request->reauthorised++;
        request->is_sent = false;
        return svms_rtsp_client_send_next(client, err);
    }
    client->is_proven = client->is_proven || (is_success(message) && request->had_credentials);
    request = take_first(client);
    svms_status status = tell_and_go_on(client, message, request, err);
    svms_rtsp_request_free(client->ctx, &request);
    return status;
}

/* A keepalive that was refused matters only if the session is lost, or nothing else can be tried.
 */
static svms_status answer_to_keepalive(svms_rtsp_client *client, const svms_rtsp_message *message,
                                       svms_error *err)
{
    svms_rtsp_keepalives *alive = &client->keepalives;
    uint32_t cseq = message->has_cseq ? message->cseq : alive->last;
    alive->is_waiting = cseq != alive->last;
    alive->first = cseq + 1;
    alive->since_ns = client->now_ns;
    if (is_success(message)) {
        alive->reauthorised = false;
        return SVMS_OK;
    }
    bool again = false;
    if (message->status == 401) {
        svms_status status =
            svms_rtsp_client_challenged(client, message, alive->had_credentials, &again, err);
        if (status != SVMS_OK) {
            return status;
        }
    } else if (message->status != 454 && !alive->by_options) {
        alive->by_options = true;
        return SVMS_OK;
    }
    if (again && !alive->reauthorised) {
        alive->reauthorised = true;
        alive->is_due = true;
        return SVMS_OK;
    }
    svms_rtsp_request keepalive = { .method = alive->by_options ? SVMS_RTSP_OPTIONS
                                                                : SVMS_RTSP_GET_PARAMETER };
    return svms_rtsp_client_tell_response(client, message, &keepalive, NULL, err);
}

/* A response without CSeq, as some servers send with errors, answers the only thing it can. */
static bool is_for_request(const svms_rtsp_client *client, const svms_rtsp_message *message)
{
    bool in_flight = client->queued > 0 && client->queue[0]->is_sent;
    return in_flight && (message->has_cseq ? message->cseq == client->queue[0]->cseq
                                           : !client->keepalives.is_waiting);
}

static bool is_for_keepalive(const svms_rtsp_client *client, const svms_rtsp_message *message)
{
    const svms_rtsp_keepalives *alive = &client->keepalives;
    bool in_flight = client->queued > 0 && client->queue[0]->is_sent;
    return alive->is_waiting &&
           (message->has_cseq ? message->cseq - alive->first <= alive->last - alive->first
                              : !in_flight);
}

svms_status svms_rtsp_client_response(svms_rtsp_client *client, const svms_rtsp_message *message,
                                      svms_error *err)
{
    if (message->major != 1) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "the server speaks RTSP/%u.%u",
                         (unsigned)message->major, (unsigned)message->minor);
    }
    bool for_request = is_for_request(client, message);
    if (!for_request && !is_for_keepalive(client, message)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the server answered what was not asked");
    }
    /* 100: the answer is still to come, and its time goes on. */
    if (message->status < 200) {
        return SVMS_OK;
    }
    return for_request ? answer_to_request(client, message, err)
                       : answer_to_keepalive(client, message, err);
}
