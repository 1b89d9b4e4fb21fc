/* SPDX-License-Identifier: Apache-2.0 */
#include "checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "failure.h"

/* Of 32 bytes, padding included. */
#define HASH_CHARACTERS 44u

bool svms_read_decimal_line(svms_cursor *cursor, uint64_t *out)
{
    size_t digits = 0;
    *out = 0;
    for (;;) {
        uint8_t next = svms_read_u8(cursor);
        if (cursor->failed || (next == '\n' && digits == 0)) {
            return false;
        }
        if (next == '\n') {
            return true;
        }
        bool zero_in_front = digits > 0 && *out == 0;
        if (next < '0' || next > '9' || zero_in_front ||
            *out > ((uint64_t)INT64_MAX - (next - '0')) / 10) {
            return false;
        }
        *out = *out * 10 + (next - '0');
        digits++;
    }
}

bool svms_read_hash_line(svms_cursor *cursor, uint8_t out[SVMS_DIGEST_SIZE])
{
    size_t size = SVMS_DIGEST_SIZE;
    const uint8_t *line = svms_read_bytes(cursor, HASH_CHARACTERS + 1);
    return line && line[HASH_CHARACTERS] == '\n' &&
           svms_base64_padded_decode((const char *)line, HASH_CHARACTERS, out, &size) &&
           size == SVMS_DIGEST_SIZE;
}

void svms_put_decimal_line(svms_builder *out, uint64_t number)
{
    char line[24];
    int length = snprintf(line, sizeof line, "%" PRIu64 "\n", number);
    svms_put_bytes(out, line, (size_t)length);
}

void svms_put_hash_line(svms_builder *out, const uint8_t hash[SVMS_DIGEST_SIZE])
{
    svms_put_base64_padded(out, hash, SVMS_DIGEST_SIZE);
    svms_put_u8(out, '\n');
}

svms_status svms_checkpoint_parse(svms_checkpoint *out, const char *text, size_t size,
                                  svms_error *err)
{
    const char *end = memchr(text, '\n', size);
    size_t name_size = end ? (size_t)(end - text) : 0;
    *out = (svms_checkpoint){ 0 };
    if (name_size == 0 || name_size > SVMS_NOTE_NAME_MAX) {
        return svms_fail(err, SVMS_E_MALFORMED, "the origin of a checkpoint has 1 to %u characters",
                         SVMS_NOTE_NAME_MAX);
    }
    memcpy(out->origin, text, name_size);
    svms_cursor cursor = svms_cursor_over(text, size, 0);
    if (!svms_skip(&cursor, name_size + 1) || !svms_read_decimal_line(&cursor, &out->head.size) ||
        out->head.size > SVMS_TREE_MAX) {
        return svms_fail(err, SVMS_E_MALFORMED, "the size in a checkpoint is no size of a log");
    }
    if (!svms_read_hash_line(&cursor, out->head.root)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the root in a checkpoint is no SHA-256 in base64");
    }
    if (!svms_cursor_at_end(&cursor)) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "the checkpoint has extension lines");
    }
    return SVMS_OK;
}

void svms_put_checkpoint(svms_builder *out, const svms_checkpoint *checkpoint)
{
    svms_put_bytes(out, checkpoint->origin, strlen(checkpoint->origin));
    svms_put_u8(out, '\n');
    svms_put_decimal_line(out, checkpoint->head.size);
    svms_put_hash_line(out, checkpoint->head.root);
}
