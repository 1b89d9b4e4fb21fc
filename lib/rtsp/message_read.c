/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include <string.h>

#include "failure.h"
#include "message_head.h"

/* Empty lines before a message: RFC 2326 has none, some cameras send one behind a body. */
enum { EMPTY_BYTES_MAX = 64 };

typedef enum reader_state { AT_START, IN_HEAD, IN_BODY, IN_FRAME_HEAD, IN_FRAME } reader_state;

struct svms_rtsp_reader {
    svms_ctx *ctx;
    reader_state state;
    size_t max_body;
    uint64_t taken;     /* bytes of the stream */
    uint64_t began;     /* offset where the message or frame begins */
    size_t empty_bytes; /* line ends before it */
    svms_builder head;
    size_t line_start; /* within head */
    size_t lines;
    svms_builder content; /* body, or data of a frame that came in pieces */
    size_t content_size;  /* what it will be */
    uint8_t frame_head[SVMS_RTSP_FRAME_HEAD_SIZE];
    size_t frame_head_size;
    svms_rtsp_message message;
    svms_rtsp_frame frame;
    bool is_over; /* what was found was handed out */
    svms_error failure;
};

svms_status svms_rtsp_reader_new(svms_rtsp_reader **out, svms_ctx *ctx, size_t max_body,
                                 svms_error *err)
{
    *out = NULL;
    svms_rtsp_reader *reader = svms_alloc(ctx, sizeof *reader);
    if (!reader) {
        return svms_fail_memory(err);
    }
    reader->ctx = ctx;
    reader->max_body = max_body > 0 ? max_body : SVMS_RTSP_BODY_MAX;
    reader->head = svms_builder_new(ctx, SVMS_RTSP_HEAD_MAX);
    size_t most = reader->max_body > SVMS_RTSP_FRAME_MAX ? reader->max_body : SVMS_RTSP_FRAME_MAX;
    reader->content = svms_builder_new(ctx, most);
    reader->failure = (svms_error)SVMS_ERROR_INIT;
    *out = reader;
    return SVMS_OK;
}

void svms_rtsp_reader_free(svms_rtsp_reader **reader)
{
    if (reader && *reader) {
        svms_builder_clear(&(*reader)->head);
        svms_builder_clear(&(*reader)->content);
        svms_release((*reader)->ctx, *reader);
        *reader = NULL;
    }
}

static void wipe(svms_builder *builder)
{
    if (builder->size > 0) {
        svms_wipe(builder->data, builder->size);
    }
    svms_builder_reset(builder);
}

static void forget(svms_rtsp_reader *reader)
{
    wipe(&reader->head);
    wipe(&reader->content);
    reader->state = AT_START;
    reader->empty_bytes = 0;
    reader->line_start = 0;
    reader->lines = 0;
    reader->frame_head_size = 0;
    reader->is_over = false;
}

static svms_status take_start(svms_rtsp_reader *reader, const uint8_t *data, size_t *used,
                              svms_error *err)
{
    *used = 0;
    reader->began = reader->taken;
    if (data[0] == '\r' || data[0] == '\n') {
        *used = 1;
        if (++reader->empty_bytes > EMPTY_BYTES_MAX) {
            return svms_fail_at(err, SVMS_E_LIMIT, reader->taken,
                                "too many empty lines between RTSP messages");
        }
    } else {
        reader->state = data[0] == '$' ? IN_FRAME_HEAD : IN_HEAD;
    }
    return SVMS_OK;
}

/* A bound that holds before a line is whole: what never ends is not kept. */
static svms_status check_line(svms_rtsp_reader *reader, svms_error *err)
{
    const char *line = (const char *)reader->head.data + reader->line_start;
    size_t size = reader->head.size - reader->line_start;
    size_t most = reader->lines == 0 ? SVMS_RTSP_START_LINE_MAX : svms_rtsp_line_limit(line, size);
    if (size > most + 2) {
        return svms_fail_at(err, SVMS_E_LIMIT, reader->began + reader->line_start,
                            reader->lines == 0 ? "a first line of more than %zu bytes"
                                               : "an RTSP header of more than %zu bytes",
                            most);
    }
    return SVMS_OK;
}

static svms_status append(svms_builder *to, const uint8_t *data, size_t size, const char *what,
                          svms_error *err)
{
    svms_put_bytes(to, data, size);
    return svms_builder_check(to, what, err);
}

static svms_status begin_body(svms_rtsp_reader *reader, svms_rtsp_item *item, svms_error *err)
{
    uint32_t length = 0;
    svms_status status = svms_rtsp_head_read(&reader->message, (char *)reader->head.data,
                                             reader->head.size, reader->began, err);
    if (status == SVMS_OK) {
        status = svms_rtsp_content_length(&reader->message, reader->began, &length, err);
    }
    if (status == SVMS_OK && length > reader->max_body) {
        status = svms_fail_at(err, SVMS_E_LIMIT, reader->began,
                              "an RTSP message with a body of %u bytes, more than %zu",
                              (unsigned)length, reader->max_body);
    }
    reader->content_size = length;
    reader->state = IN_BODY;
    if (status == SVMS_OK && length == 0) {
        *item = SVMS_RTSP_ITEM_MESSAGE;
    }
    return status;
}

static bool is_empty_line(const svms_rtsp_reader *reader)
{
    const uint8_t *line = reader->head.data + reader->line_start;
    size_t size = reader->head.size - reader->line_start;
    return size == 1 || (size == 2 && line[0] == '\r');
}

static svms_status take_head(svms_rtsp_reader *reader, const uint8_t *data, size_t size,
                             size_t *used, svms_rtsp_item *item, svms_error *err)
{
    const uint8_t *feed = memchr(data, '\n', size);
    *used = feed ? (size_t)(feed - data) + 1 : size;
    /* No more than the longest line is ever appended at once, so that its own bound is named. */
    size_t most = SVMS_RTSP_CREDENTIALS_LINE_MAX;
    if (*used > most) {
        *used = most;
        feed = NULL;
    }
    svms_status status = append(&reader->head, data, *used, "the head of an RTSP message", err);
    if (status == SVMS_OK) {
        status = check_line(reader, err);
    }
    if (status != SVMS_OK || !feed) {
        return status;
    }
    if (is_empty_line(reader)) {
        return begin_body(reader, item, err);
    }
    reader->line_start = reader->head.size;
    reader->lines++;
    return SVMS_OK;
}

static svms_status take_body(svms_rtsp_reader *reader, const uint8_t *data, size_t size,
                             size_t *used, svms_rtsp_item *item, svms_error *err)
{
    size_t missing = reader->content_size - reader->content.size;
    *used = size < missing ? size : missing;
    svms_status status = append(&reader->content, data, *used, "an RTSP body", err);
    if (status == SVMS_OK && *used == missing) {
        reader->message.body = reader->content.data;
        reader->message.body_size = reader->content_size;
        *item = SVMS_RTSP_ITEM_MESSAGE;
    }
    return status;
}

static void hand_out_frame(svms_rtsp_reader *reader, const uint8_t *data, svms_rtsp_item *item)
{
    reader->frame = (svms_rtsp_frame){ reader->frame_head[1], data, reader->content_size };
    *item = SVMS_RTSP_ITEM_FRAME;
}

static void take_frame_head(svms_rtsp_reader *reader, const uint8_t *data, size_t size,
                            size_t *used, svms_rtsp_item *item)
{
    size_t missing = sizeof reader->frame_head - reader->frame_head_size;
    *used = size < missing ? size : missing;
    memcpy(reader->frame_head + reader->frame_head_size, data, *used);
    reader->frame_head_size += *used;
    if (*used < missing) {
        return;
    }
    reader->content_size = (size_t)reader->frame_head[2] << 8 | reader->frame_head[3];
    reader->state = IN_FRAME;
    if (reader->content_size == 0) {
        hand_out_frame(reader, reader->frame_head, item);
    }
}

/* A frame that is there as a whole is handed out where it stands. */
static svms_status take_frame(svms_rtsp_reader *reader, const uint8_t *data, size_t size,
                              size_t *used, svms_rtsp_item *item, svms_error *err)
{
    if (reader->content.size == 0 && size >= reader->content_size) {
        *used = reader->content_size;
        hand_out_frame(reader, data, item);
        return SVMS_OK;
    }
    size_t missing = reader->content_size - reader->content.size;
    *used = size < missing ? size : missing;
    svms_status status = append(&reader->content, data, *used, "an interleaved frame", err);
    if (status == SVMS_OK && *used == missing) {
        hand_out_frame(reader, reader->content.data, item);
    }
    return status;
}

static svms_status step(svms_rtsp_reader *reader, const uint8_t *data, size_t size, size_t *used,
                        svms_rtsp_item *item, svms_error *err)
{
    switch (reader->state) {
    case IN_HEAD:
        return take_head(reader, data, size, used, item, err);
    case IN_BODY:
        return take_body(reader, data, size, used, item, err);
    case IN_FRAME_HEAD:
        take_frame_head(reader, data, size, used, item);
        return SVMS_OK;
    case IN_FRAME:
        return take_frame(reader, data, size, used, item, err);
    case AT_START:
        break;
    }
    return take_start(reader, data, used, err);
}

svms_status svms_rtsp_reader_take(svms_rtsp_reader *reader, const uint8_t *data, size_t size,
                                  size_t *used, svms_rtsp_item *item, svms_error *err)
{
    *used = 0;
    *item = SVMS_RTSP_ITEM_NONE;
    if (reader->failure.status != SVMS_OK) {
        return svms_fail_as(err, reader->failure.status, &reader->failure);
    }
    if (reader->is_over) {
        forget(reader);
    }
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && *item == SVMS_RTSP_ITEM_NONE && *used < size) {
        size_t now = 0;
        status = step(reader, data + *used, size - *used, &now, item, &reader->failure);
        *used += now;
        reader->taken += now;
    }
    reader->is_over = *item != SVMS_RTSP_ITEM_NONE;
    if (status != SVMS_OK) {
        return svms_fail_as(err, status, &reader->failure);
    }
    return SVMS_OK;
}

uint64_t svms_rtsp_reader_offset(const svms_rtsp_reader *reader)
{
    return reader->taken;
}

const svms_rtsp_message *svms_rtsp_reader_message(const svms_rtsp_reader *reader)
{
    return &reader->message;
}

svms_rtsp_frame svms_rtsp_reader_frame(const svms_rtsp_reader *reader)
{
    return reader->frame;
}

bool svms_rtsp_reader_between(const svms_rtsp_reader *reader)
{
    return reader->is_over || reader->state == AT_START;
}
