/* SPDX-License-Identifier: Apache-2.0 */
/* Requests on their way: one in flight, keepalives between them. */
#include "client_internal.h"

#include <string.h>

#include "failure.h"

static const char replay_tag[] = "onvif-replay";
static const char backchannel_tag[] = "www.onvif.org/ver20/backchannel";

/* What was drained is let go once it is more than what waits, and with it what it held. */
static void let_go(svms_rtsp_client *client)
{
    svms_builder *out = &client->out;
    size_t left = out->size - client->drained;
    if (client->drained == 0 || left > client->drained) {
        return;
    }
    memmove(out->data, out->data + client->drained, left);
    svms_wipe(out->data + left, client->drained);
    out->size = left;
    client->drained = 0;
}

svms_status svms_rtsp_client_commit(svms_rtsp_client *client, size_t before, svms_error *err)
{
    svms_builder *out = &client->out;
    svms_status status = svms_builder_check(out, "what waits to be sent", err);
    if (status == SVMS_OK && out->size - client->drained > client->options.max_unsent) {
        status = svms_fail(err, SVMS_E_LIMIT, "more than %u bytes wait to be sent",
                           (unsigned)client->options.max_unsent);
    }
    if (status != SVMS_OK) {
        out->size = before;
        out->status = SVMS_OK;
        return status;
    }
    let_go(client);
    return SVMS_OK;
}

static void put_require(svms_rtsp_client *client, svms_rtsp_method method)
{
    bool is_setup = method == SVMS_RTSP_SETUP || method == SVMS_RTSP_PLAY;
    if (is_setup && svms_rtsp_client_has(client, SVMS_RTSP_CLIENT_REPLAY)) {
        svms_rtsp_put_header(&client->out, "Require", replay_tag);
    }
    if ((is_setup || method == SVMS_RTSP_DESCRIBE) &&
        svms_rtsp_client_has(client, SVMS_RTSP_CLIENT_BACKCHANNEL)) {
        svms_rtsp_put_header(&client->out, "Require", backchannel_tag);
    }
}

/* Everything but the request's own headers and its body. */
static svms_status put_front(svms_rtsp_client *client, svms_rtsp_method method, const char *url,
                             svms_error *err)
{
    svms_builder *out = &client->out;
    svms_rtsp_put_request_line(out, method, url);
    svms_rtsp_put_header_number(out, "CSeq", client->next_cseq);
    svms_rtsp_put_header(out, "User-Agent", client->user_agent);
    if (client->session[0] != '\0' && method != SVMS_RTSP_DESCRIBE) {
        svms_rtsp_put_header(out, "Session", client->session);
    }
    put_require(client, method);
    return svms_rtsp_client_put_credentials(client, method, url, err);
}

/* A composition that failed is taken back; its own failure is the one that counts. */
static svms_status finish(svms_rtsp_client *client, size_t before, svms_status status,
                          svms_error *err)
{
    if (status != SVMS_OK) {
        client->out.size = before;
        client->out.status = SVMS_OK;
        return status;
    }
    return svms_rtsp_client_commit(client, before, err);
}

svms_status svms_rtsp_client_send_next(svms_rtsp_client *client, svms_error *err)
{
    if (client->queued == 0 || client->queue[0]->is_sent) {
        return SVMS_OK;
    }
    svms_rtsp_request *request = client->queue[0];
    size_t before = client->out.size;
    svms_status status = put_front(client, request->method, request->url, err);
    svms_put_bytes(&client->out, request->tail.data, request->tail.size);
    status = finish(client, before, status, err);
    if (status != SVMS_OK) {
        return status;
    }
    request->cseq = client->next_cseq++;
    request->is_sent = true;
    request->is_timed = false;
    request->had_credentials = client->has_challenge;
    client->is_untimed = true;
    return SVMS_OK;
}

/* GET_PARAMETER where the server named it or did not say what it knows; OPTIONS otherwise. */
static svms_rtsp_method keepalive_method(const svms_rtsp_client *client)
{
    bool is_known = client->methods == 0 || (client->methods >> SVMS_RTSP_GET_PARAMETER & 1) != 0;
    return is_known && !client->keepalives.by_options ? SVMS_RTSP_GET_PARAMETER : SVMS_RTSP_OPTIONS;
}

svms_status svms_rtsp_client_send_keepalive(svms_rtsp_client *client, svms_error *err)
{
    svms_rtsp_keepalives *alive = &client->keepalives;
    size_t before = client->out.size;
    const char *url = client->played[0] != '\0' ? client->played : client->base;
    svms_status status = put_front(client, keepalive_method(client), url, err);
    svms_rtsp_put_end(&client->out, NULL, NULL, 0);
    status = finish(client, before, status, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!alive->is_waiting) {
        alive->is_waiting = true;
        alive->first = client->next_cseq;
        alive->since_ns = client->now_ns;
    }
    alive->had_credentials = client->has_challenge;
    alive->is_due = false;
    alive->last = client->next_cseq++;
    client->last_sent_ns = client->now_ns;
    return SVMS_OK;
}
