/* SPDX-License-Identifier: Apache-2.0 */
/* Messages and interleaved frames of an RTSP connection, out of a stream of bytes and into one
 * (docs/spec/rtsp.md, R-MSG and R-FRM). */
#ifndef SVMS_RTSP_MESSAGE_H
#define SVMS_RTSP_MESSAGE_H

#include <svms/rtsp.h>

#include "builder.h"
#include "text_piece.h"

enum {
    SVMS_RTSP_START_LINE_MAX = 4096,
    SVMS_RTSP_HEADER_LINE_MAX = 8192,
    SVMS_RTSP_CREDENTIALS_LINE_MAX = 16384, /* of Authorization alone */
    SVMS_RTSP_HEADERS_MAX = 64,
    SVMS_RTSP_HEAD_MAX = 32768, /* start line and headers together */
    SVMS_RTSP_FRAME_HEAD_SIZE = 4
};

typedef struct svms_rtsp_header {
    svms_text_piece name;
    svms_text_piece value; /* trimmed; continuation lines are joined; NUL follows */
} svms_rtsp_header;

/* Every text is followed by NUL and has neither NUL nor control characters, except tabs. */
typedef struct svms_rtsp_message {
    bool is_request;
    svms_rtsp_method method; /* of a request */
    svms_text_piece method_name;
    svms_text_piece url;
    uint32_t status; /* of a response, 100 to 599 */
    svms_text_piece phrase;
    uint32_t major; /* of the version */
    uint32_t minor;
    bool has_cseq;
    uint32_t cseq;
    size_t header_count;
    svms_rtsp_header headers[SVMS_RTSP_HEADERS_MAX];
    const uint8_t *body;
    size_t body_size;
} svms_rtsp_message;

typedef struct svms_rtsp_frame {
    uint8_t channel;
    const uint8_t *data;
    size_t size;
} svms_rtsp_frame;

typedef enum svms_rtsp_item {
    SVMS_RTSP_ITEM_NONE, /* more bytes are needed */
    SVMS_RTSP_ITEM_MESSAGE,
    SVMS_RTSP_ITEM_FRAME
} svms_rtsp_item;

typedef struct svms_rtsp_reader svms_rtsp_reader;

/* max_body: at most SVMS_RTSP_BODY_MAX; 0: that. */
SVMS_MUST_CHECK svms_status svms_rtsp_reader_new(svms_rtsp_reader **out, svms_ctx *ctx,
                                                 size_t max_body, svms_error *err);
/* What was read is wiped: it may hold credentials and keys. */
void svms_rtsp_reader_free(svms_rtsp_reader **reader);
/* Takes bytes up to the end of the next message or frame; *used says how many. What was found
 * stays valid, as data does, until the next call. SVMS_E_MALFORMED, SVMS_E_LIMIT,
 * SVMS_E_NO_MEMORY; after a failure the stream is lost, and every call fails likewise. */
SVMS_MUST_CHECK svms_status svms_rtsp_reader_take(svms_rtsp_reader *reader, const uint8_t *data,
                                                  size_t size, size_t *used, svms_rtsp_item *item,
                                                  svms_error *err);
/* Bytes of the stream that were taken. */
uint64_t svms_rtsp_reader_offset(const svms_rtsp_reader *reader);
/* What take() found last. */
const svms_rtsp_message *svms_rtsp_reader_message(const svms_rtsp_reader *reader);
svms_rtsp_frame svms_rtsp_reader_frame(const svms_rtsp_reader *reader);
/* True where nothing of a next message or frame has been taken yet. */
bool svms_rtsp_reader_between(const svms_rtsp_reader *reader);

/* The first header of a name, or NULL. */
const svms_text_piece *svms_rtsp_find(const svms_rtsp_message *message, const char *name);
/* The same, going on behind *position, which starts at 0 (WWW-Authenticate comes several times). */
const svms_text_piece *svms_rtsp_find_next(const svms_rtsp_message *message, const char *name,
                                           size_t *position);
/* Number of headers of a name. */
size_t svms_rtsp_count(const svms_rtsp_message *message, const char *name);
svms_rtsp_method svms_rtsp_method_of(svms_text_piece name);

/* Writing: line by line into a builder, whose status tells of failures. Texts given must be fit
 * for a header: svms_rtsp_text_is_plain(). */
bool svms_rtsp_text_is_plain(const char *text, size_t size);
void svms_rtsp_put_text(svms_builder *out, const char *text);
void svms_rtsp_put_request_line(svms_builder *out, svms_rtsp_method method, const char *url);
void svms_rtsp_put_status_line(svms_builder *out, uint32_t status);
void svms_rtsp_put_header(svms_builder *out, const char *name, const char *value);
void svms_rtsp_put_header_piece(svms_builder *out, const char *name, svms_text_piece value);
void svms_rtsp_put_header_number(svms_builder *out, const char *name, uint64_t value);
void svms_rtsp_put_number(svms_builder *out, uint64_t value);
/* Content-Type and Content-Length where there is a body, the empty line, the body. */
void svms_rtsp_put_end(svms_builder *out, const char *content_type, const void *body, size_t size);
void svms_rtsp_put_frame(svms_builder *out, uint32_t channel, const void *data, size_t size);

#endif
