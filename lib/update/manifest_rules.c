/* SPDX-License-Identifier: Apache-2.0 */
/* What texts and sizes of a manifest may be (U-MAN-1, U-MAN-3). */
#include "certificate.h"
#include "update_manifest.h"
#include "utf8.h"

static bool is_text(const void *text, size_t size, bool with_lines)
{
    svms_cursor cursor = svms_cursor_over(text, size, 0);
    while (!svms_cursor_at_end(&cursor)) {
        unsigned long character = 0;
        size_t length = svms_utf8_peek(&cursor, &character);
        bool is_line = with_lines && character == '\n';
        if (length == 0 || (svms_is_deceptive(character) && !is_line) ||
            !svms_skip(&cursor, length)) {
            return false;
        }
    }
    return true;
}

bool svms_update_is_name(const void *text, size_t size)
{
    return size > 0 && size < SVMS_UPDATE_NAME_SIZE && is_text(text, size, false);
}

bool svms_update_is_part_name(const void *text, size_t size)
{
    const char *name = text;
    if (size == 0 || size >= SVMS_UPDATE_NAME_SIZE) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        bool word = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9');
        bool mark = name[i] == '.' || name[i] == '-' || name[i] == '_';
        if (!word && !(mark && i > 0)) {
            return false;
        }
    }
    return true;
}

bool svms_update_is_note(const void *text, size_t size)
{
    return size <= SVMS_UPDATE_NOTE_MAX && is_text(text, size, true);
}

bool svms_update_is_chunk_size(uint64_t size)
{
    return size >= SVMS_UPDATE_CHUNK_MIN && size <= SVMS_UPDATE_CHUNK_MAX &&
           (size & (size - 1)) == 0;
}
