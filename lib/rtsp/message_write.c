/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void svms_rtsp_put_text(svms_builder *out, const char *text)
{
    svms_put_bytes(out, text, strlen(text));
}

void svms_rtsp_put_number(svms_builder *out, uint64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    svms_rtsp_put_text(out, text);
}

void svms_rtsp_put_request_line(svms_builder *out, svms_rtsp_method method, const char *url)
{
    svms_rtsp_put_text(out, svms_rtsp_method_name(method));
    svms_put_u8(out, ' ');
    svms_rtsp_put_text(out, url);
    svms_rtsp_put_text(out, " RTSP/1.0\r\n");
}

void svms_rtsp_put_status_line(svms_builder *out, uint32_t status)
{
    svms_rtsp_put_text(out, "RTSP/1.0 ");
    svms_rtsp_put_number(out, status);
    svms_put_u8(out, ' ');
    svms_rtsp_put_text(out, svms_rtsp_status_phrase(status));
    svms_rtsp_put_text(out, "\r\n");
}

void svms_rtsp_put_header_piece(svms_builder *out, const char *name, svms_text_piece value)
{
    svms_rtsp_put_text(out, name);
    svms_rtsp_put_text(out, ": ");
    svms_put_bytes(out, value.data, value.size);
    svms_rtsp_put_text(out, "\r\n");
}

void svms_rtsp_put_header(svms_builder *out, const char *name, const char *value)
{
    svms_text_piece piece = { value, strlen(value) };
    svms_rtsp_put_header_piece(out, name, piece);
}

void svms_rtsp_put_header_number(svms_builder *out, const char *name, uint64_t value)
{
    svms_rtsp_put_text(out, name);
    svms_rtsp_put_text(out, ": ");
    svms_rtsp_put_number(out, value);
    svms_rtsp_put_text(out, "\r\n");
}

void svms_rtsp_put_end(svms_builder *out, const char *content_type, const void *body, size_t size)
{
    if (size > 0) {
        svms_rtsp_put_header(out, "Content-Type", content_type);
        svms_rtsp_put_header_number(out, "Content-Length", size);
    }
    svms_rtsp_put_text(out, "\r\n");
    svms_put_bytes(out, body, size);
}

void svms_rtsp_put_frame(svms_builder *out, uint32_t channel, const void *data, size_t size)
{
    svms_put_u8(out, '$');
    svms_put_u8(out, (uint8_t)channel);
    svms_put_u16(out, (uint16_t)size);
    svms_put_bytes(out, data, size);
}
