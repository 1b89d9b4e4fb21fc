/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of the server (RC-REQ-4): all are answered, and told. */
#include "client_internal.h"

#include "failure.h"

#define ANSWERED                                                                                   \
    (1u << SVMS_RTSP_OPTIONS | 1u << SVMS_RTSP_ANNOUNCE | 1u << SVMS_RTSP_GET_PARAMETER |          \
     1u << SVMS_RTSP_SET_PARAMETER | 1u << SVMS_RTSP_REDIRECT)

static uint32_t judge(const svms_rtsp_message *message)
{
    if (message->major != 1) {
        return 505;
    }
    if (!message->has_cseq) {
        return 400;
    }
    /* No tag of theirs is known. */
    if (svms_rtsp_find(message, "Require")) {
        return 551;
    }
    switch (message->method) {
    case SVMS_RTSP_OPTIONS:
    case SVMS_RTSP_ANNOUNCE:
    case SVMS_RTSP_REDIRECT:
        return 200;
    case SVMS_RTSP_GET_PARAMETER:
    case SVMS_RTSP_SET_PARAMETER:
        /* Without a body a sign of life; no parameter is known. */
        return message->body_size == 0 ? 200 : 451;
    default:
        return 501;
    }
}

static void answer(svms_rtsp_client *client, const svms_rtsp_message *message, uint32_t status)
{
    svms_builder *out = &client->out;
    svms_rtsp_put_status_line(out, status);
    if (message->has_cseq) {
        svms_rtsp_put_header_number(out, "CSeq", message->cseq);
    }
    if (message->method == SVMS_RTSP_OPTIONS && status == 200) {
        svms_rtsp_put_text(out, "Public: ");
        svms_rtsp_put_methods(out, ANSWERED);
        svms_rtsp_put_text(out, "\r\n");
    }
    const svms_text_piece *tags = svms_rtsp_find(message, "Require");
    if (tags && status == 551) {
        svms_rtsp_put_header_piece(out, "Unsupported", *tags);
    }
    svms_rtsp_put_end(out, NULL, NULL, 0);
}

svms_status svms_rtsp_client_request(svms_rtsp_client *client, const svms_rtsp_message *message,
                                     svms_error *err)
{
    uint32_t status = judge(message);
    size_t before = client->out.size;
    answer(client, message, status);
    svms_status result = svms_rtsp_client_commit(client, before, err);
    if (result != SVMS_OK) {
        return result;
    }
    const svms_text_piece *type = svms_rtsp_find(message, "Content-Type");
    const svms_text_piece *location = svms_rtsp_find(message, "Location");
    svms_rtsp_client_event event = { .struct_size = (uint32_t)sizeof event,
                                     .kind = SVMS_RTSP_CLIENT_REQUEST,
                                     .method = message->method,
                                     .status = status,
                                     .cseq = message->cseq,
                                     .url = message->url.data,
                                     .content_type = type ? type->data : NULL,
                                     .location = location ? location->data : NULL,
                                     .body = message->body,
                                     .body_size = message->body_size };
    return svms_rtsp_client_tell(client, &event, err);
}
