/* SPDX-License-Identifier: Apache-2.0 */
#include "position.h"

#include <string.h>

#include "checkpoint.h"
#include "cursor.h"
#include "failure.h"

static const char title[] = "svms audit position\n";
#define TITLE_SIZE (sizeof title - 1)

bool svms_position_is_name(const char *text, size_t size, size_t most)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return false;
        }
    }
    return size > 0 && size <= most;
}

/* out has room for most characters and a NUL. */
static bool read_name_line(svms_cursor *cursor, char *out, size_t most)
{
    const char *line = (const char *)cursor->data + cursor->position;
    const char *end = memchr(line, '\n', svms_cursor_left(cursor));
    size_t size = end ? (size_t)(end - line) : 0;
    if (!svms_position_is_name(line, size, most) || !svms_skip(cursor, size + 1)) {
        return false;
    }
    memcpy(out, line, size);
    out[size] = '\0';
    return true;
}

svms_status svms_position_parse(svms_position *out, const void *text, size_t size, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(text, size, 0);
    const uint8_t *first = svms_read_bytes(&cursor, TITLE_SIZE);
    svms_position position = { { 0 }, { 0 }, 0 };
    if (!first || memcmp(first, title, TITLE_SIZE) != 0) {
        return svms_fail(err, SVMS_E_MALFORMED, "this is no position of a forwarder");
    }
    if (!read_name_line(&cursor, position.log_key, SVMS_POSITION_KEY_MAX)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the position does not say of which log it is");
    }
    if (!read_name_line(&cursor, position.receiver, SVMS_POSITION_RECEIVER_MAX)) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "the position does not say of which receiver it is");
    }
    if (!svms_read_decimal_line(&cursor, &position.served) || position.served > SVMS_TREE_MAX ||
        !svms_cursor_at_end(&cursor)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the position does not end in a number");
    }
    *out = position;
    return SVMS_OK;
}

void svms_put_position(svms_builder *out, const svms_position *position)
{
    svms_put_bytes(out, title, TITLE_SIZE);
    svms_put_bytes(out, position->log_key, strlen(position->log_key));
    svms_put_u8(out, '\n');
    svms_put_bytes(out, position->receiver, strlen(position->receiver));
    svms_put_u8(out, '\n');
    svms_put_decimal_line(out, position->served);
}
