/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a message: start line and headers. */
#ifndef SVMS_RTSP_MESSAGE_HEAD_H
#define SVMS_RTSP_MESSAGE_HEAD_H

#include "message.h"

/* Takes apart a whole head, whose last line is empty, and which it changes: texts get their NUL.
 * The message points into it. */
SVMS_MUST_CHECK svms_status svms_rtsp_head_read(svms_rtsp_message *out, char *head, size_t size,
                                                uint64_t offset, svms_error *err);
/* Bytes of the body that follows. */
SVMS_MUST_CHECK svms_status svms_rtsp_content_length(const svms_rtsp_message *message,
                                                     uint64_t offset, uint32_t *out,
                                                     svms_error *err);
/* Longest line that may begin so; name_size bytes of it, at least up to its colon, are there. */
size_t svms_rtsp_line_limit(const char *line, size_t size);

#endif
