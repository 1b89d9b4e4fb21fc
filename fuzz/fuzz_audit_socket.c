/* SPDX-License-Identifier: Apache-2.0 */
/* What comes over the local socket of an audit log: greetings, lengths, frames of clients, answers
 * of the holder. What is read is written in the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "socket_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
    if (!good) {
        abort();
    }
}

static void must_be(svms_builder *again, const uint8_t *data, size_t size)
{
    check(again->status == SVMS_OK && again->size == size && memcmp(again->data, data, size) == 0);
    svms_builder_clear(again);
}

static void read_greeting(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    svms_socket_state state;
    svms_error err = SVMS_ERROR_INIT;
    svms_builder again = svms_builder_new(ctx, SVMS_SOCKET_GREETING_SIZE);
    if (svms_socket_greeting_parse(&state, data, size, &err) != SVMS_OK) {
        check(err.message[0] != '\0');
        return;
    }
    svms_put_socket_greeting(&again, state);
    /* The minor version is passed over. */
    check(again.size == size && memcmp(again.data, data, 10) == 0);
    svms_builder_clear(&again);
}

static void read_append(svms_ctx *ctx, const uint8_t *frame, size_t size)
{
    static svms_iovec records[SVMS_AUDIT_APPEND_MAX];
    size_t count = 0;
    svms_error err = SVMS_ERROR_INIT;
    const uint8_t *body = frame + SVMS_SOCKET_LENGTH_SIZE;
    size_t body_size = size - SVMS_SOCKET_LENGTH_SIZE;
    svms_builder again =
        svms_builder_new(ctx, SVMS_SOCKET_LENGTH_SIZE + (size_t)SVMS_SOCKET_FRAME_MAX);
    svms_status status = svms_socket_append_parse(records, &count, body, body_size, &err);
    if (status != SVMS_OK) {
        check(status == SVMS_E_MALFORMED && err.message[0] != '\0');
        return;
    }
    check(count > 0 && count <= SVMS_AUDIT_APPEND_MAX);
    for (size_t i = 0; i < count; i++) {
        check(records[i].size > 0 && records[i].size <= SVMS_AUDIT_RECORD_MAX);
    }
    svms_put_socket_append(&again, records, count);
    must_be(&again, frame, size);
}

static void read_answer(svms_ctx *ctx, const uint8_t *frame, size_t size)
{
    svms_socket_answer answer;
    svms_error err = SVMS_ERROR_INIT;
    svms_builder again = svms_builder_new(ctx, SVMS_SOCKET_LENGTH_SIZE + SVMS_SOCKET_ANSWER_MAX);
    svms_status status = svms_socket_answer_parse(&answer, frame + SVMS_SOCKET_LENGTH_SIZE,
                                                  size - SVMS_SOCKET_LENGTH_SIZE, &err);
    if (status != SVMS_OK) {
        check(status == SVMS_E_MALFORMED && err.message[0] != '\0');
        return;
    }
    check(memchr(answer.words, '\0', sizeof answer.words) != NULL);
    svms_put_socket_answer(&again, &answer);
    /* Words end at a NUL, which is a control and never read. */
    must_be(&again, frame, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    size_t length = 0;
    if (!ctx) {
        check(svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
    }
    if (size < SVMS_SOCKET_LENGTH_SIZE) {
        return 0;
    }
    read_greeting(ctx, data, size);
    if (svms_socket_length_parse(&length, data, SVMS_SOCKET_FRAME_MAX, NULL) == SVMS_OK &&
        length == size - SVMS_SOCKET_LENGTH_SIZE) {
        read_append(ctx, data, size);
        read_answer(ctx, data, size);
    }
    return 0;
}
