/* SPDX-License-Identifier: Apache-2.0 */
#include "socket_frame.h"

#include <string.h>

#include "failure.h"
#include "tree.h"
#include "utf8.h"

#define MAGIC "SVMSAUDS"
#define MAGIC_SIZE 8u
/* The kind of a frame, which all of them have. */
#define LEAST 2u

enum kind { KIND_APPEND = 1, KIND_APPENDED = 2, KIND_REFUSED = 3 };

/* Why, as numbers that never change (A-SOC-4). */
static const struct {
    uint16_t number;
    svms_status status;
} reasons[] = {
    { 1, SVMS_E_MALFORMED }, { 2, SVMS_E_IO },     { 3, SVMS_E_LIMIT },
    { 4, SVMS_E_NO_MEMORY }, { 5, SVMS_E_CRYPTO }, { 6, SVMS_E_INTERNAL },
};
#define REASONS (sizeof reasons / sizeof reasons[0])

void svms_put_socket_greeting(svms_builder *out, svms_socket_state state)
{
    svms_put_bytes(out, MAGIC, MAGIC_SIZE);
    svms_put_u16(out, 1);
    svms_put_u16(out, 0);
    svms_put_u32(out, (uint32_t)state);
}

svms_status svms_socket_greeting_parse(svms_socket_state *out, const void *bytes, size_t size,
                                       svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(bytes, size, 0);
    const uint8_t *magic = svms_read_bytes(&cursor, MAGIC_SIZE);
    uint16_t major = svms_read_u16(&cursor);
    (void)svms_read_u16(&cursor);
    uint32_t state = svms_read_u32(&cursor);
    if (cursor.failed) {
        return svms_fail(err, SVMS_E_TRUNCATED, "the greeting of the log's holder is cut off");
    }
    if (memcmp(magic, MAGIC, MAGIC_SIZE) != 0 || !svms_cursor_at_end(&cursor)) {
        return svms_fail(err, SVMS_E_MALFORMED, "who is at the socket holds no log");
    }
    if (major != 1) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "the log's holder speaks version %u",
                         (unsigned)major);
    }
    if (state > SVMS_SOCKET_NOT_YOU) {
        return svms_fail(err, SVMS_E_MALFORMED, "the log's holder greets with %u", (unsigned)state);
    }
    *out = (svms_socket_state)state;
    return SVMS_OK;
}

svms_status svms_socket_length_parse(size_t *out, const void *bytes, size_t most, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(bytes, SVMS_SOCKET_LENGTH_SIZE, 0);
    uint32_t length = svms_read_u32(&cursor);
    if (length < LEAST) {
        return svms_fail(err, SVMS_E_MALFORMED, "no frame has %u bytes", (unsigned)length);
    }
    if (length > most) {
        return svms_fail(err, SVMS_E_LIMIT, "a frame has at most %zu bytes", most);
    }
    *out = length;
    return SVMS_OK;
}

/* Where the length will stand. */
static size_t begin(svms_builder *out, enum kind kind)
{
    size_t at = out->size;
    svms_put_u32(out, 0);
    svms_put_u16(out, (uint16_t)kind);
    return at;
}

static void end(svms_builder *out, size_t at)
{
    svms_patch_u32(out, at, (uint32_t)(out->size - at - SVMS_SOCKET_LENGTH_SIZE));
}

void svms_put_socket_append(svms_builder *out, const svms_iovec *records, size_t count)
{
    size_t at = begin(out, KIND_APPEND);
    svms_put_u16(out, (uint16_t)count);
    for (size_t i = 0; i < count; i++) {
        svms_put_u16(out, (uint16_t)records[i].size);
        svms_put_bytes(out, records[i].data, records[i].size);
    }
    end(out, at);
}

svms_status svms_socket_append_parse(svms_iovec *records, size_t *count, const void *bytes,
                                     size_t size, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(bytes, size, 0);
    uint16_t kind = svms_read_u16(&cursor);
    uint16_t told = svms_read_u16(&cursor);
    if (cursor.failed || kind != KIND_APPEND || told == 0 || told > SVMS_AUDIT_APPEND_MAX) {
        return svms_fail(err, SVMS_E_MALFORMED, "the frame does not append 1 to %u records",
                         SVMS_AUDIT_APPEND_MAX);
    }
    for (uint16_t i = 0; i < told; i++) {
        size_t length = svms_read_u16(&cursor);
        records[i] = (svms_iovec){ svms_read_bytes(&cursor, length), length };
        if (cursor.failed || length == 0 || length > SVMS_AUDIT_RECORD_MAX) {
            return svms_fail(err, SVMS_E_MALFORMED, "record %u of the frame is none", i + 1u);
        }
    }
    if (!svms_cursor_at_end(&cursor)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the frame does not end with its last record");
    }
    *count = told;
    return SVMS_OK;
}

static uint16_t number_of(svms_status status)
{
    for (size_t i = 0; i < REASONS; i++) {
        if (reasons[i].status == status) {
            return reasons[i].number;
        }
    }
    return reasons[REASONS - 1].number;
}

static bool find_reason(uint16_t number, svms_status *out)
{
    for (size_t i = 0; i < REASONS; i++) {
        if (reasons[i].number == number) {
            *out = reasons[i].status;
            return true;
        }
    }
    return false;
}

/* They are shown to people: UTF-8, without controls. */
static bool are_words(const uint8_t *bytes, size_t size)
{
    svms_cursor cursor = svms_cursor_over(bytes, size, 0);
    while (!svms_cursor_at_end(&cursor)) {
        unsigned long character = 0;
        size_t length = svms_utf8_peek(&cursor, &character);
        bool is_control = character < 0x20 || (character >= 0x7F && character < 0xA0);
        if (length == 0 || is_control || !svms_skip(&cursor, length)) {
            return false;
        }
    }
    return true;
}

void svms_put_socket_answer(svms_builder *out, const svms_socket_answer *answer)
{
    bool is_good = answer->status == SVMS_OK;
    size_t at = begin(out, is_good ? KIND_APPENDED : KIND_REFUSED);
    if (is_good) {
        svms_put_u64(out, answer->first);
    } else {
        size_t size = strlen(answer->words);
        /* Names of files that a message tells may be anything. */
        size = are_words((const uint8_t *)answer->words, size) ? size : 0;
        svms_put_u16(out, number_of(answer->status));
        svms_put_i32(out, answer->os_error);
        svms_put_u8(out, (uint8_t)size);
        svms_put_bytes(out, answer->words, size);
    }
    end(out, at);
}

static svms_status parse_refusal(svms_socket_answer *out, svms_cursor *cursor, svms_error *err)
{
    uint16_t number = svms_read_u16(cursor);
    out->os_error = svms_read_i32(cursor);
    size_t size = svms_read_u8(cursor);
    const uint8_t *words = svms_read_bytes(cursor, size);
    if (cursor->failed || !svms_cursor_at_end(cursor) || !find_reason(number, &out->status) ||
        !are_words(words, size)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the log's holder gives no reason");
    }
    memcpy(out->words, words, size);
    out->words[size] = '\0';
    return SVMS_OK;
}

svms_status svms_socket_answer_parse(svms_socket_answer *out, const void *bytes, size_t size,
                                     svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(bytes, size, 0);
    svms_socket_answer found = { .status = SVMS_OK };
    uint16_t kind = svms_read_u16(&cursor);
    svms_status status = SVMS_OK;
    if (kind == KIND_REFUSED) {
        status = parse_refusal(&found, &cursor, err);
    } else {
        found.first = svms_read_u64(&cursor);
        if (kind != KIND_APPENDED || found.first >= SVMS_TREE_MAX || !svms_cursor_at_end(&cursor)) {
            status = svms_fail(err, SVMS_E_MALFORMED, "the log's holder gives no answer");
        }
    }
    if (status == SVMS_OK) {
        *out = found;
    }
    return status;
}
