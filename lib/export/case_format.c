/* SPDX-License-Identifier: Apache-2.0 */
#include "case_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

#define LONGEST_NAME 255u

const char *svms_case_kind_name(svms_track_kind kind)
{
    static const char *const names[] = {
        [SVMS_TRACK_VIDEO] = "video",
        [SVMS_TRACK_AUDIO] = "audio",
        [SVMS_TRACK_METADATA] = "metadata",
    };
    size_t index = (size_t)kind;
    return index > 0 && index < sizeof(names) / sizeof(names[0]) ? names[index] : "unknown";
}

void svms_case_codec_text(uint32_t codec, char out[SVMS_CASE_CODEC_SIZE])
{
    for (unsigned shift = 0; shift < 32; shift += 8) {
        uint32_t c = codec >> shift & 0xFFu;
        if (c < 0x20 || c > 0x7E) {
            (void)snprintf(out, SVMS_CASE_CODEC_SIZE, "0x%08" PRIx32, codec);
            return;
        }
    }
    (void)snprintf(out, SVMS_CASE_CODEC_SIZE, "%c%c%c%c", (char)(codec >> 24),
                   (char)(codec >> 16 & 0xFFu), (char)(codec >> 8 & 0xFFu), (char)(codec & 0xFFu));
}

const char *svms_case_format_of(const char *media_type)
{
    static const struct {
        const char *media_type;
        const char *format;
    } known[] = {
        { "video/mp4", "mp4" },
        { "audio/mp4", "mp4" },
        { "image/png", "png" },
        { "image/jpeg", "jpeg" },
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(media_type, known[i].media_type) == 0) {
            return known[i].format;
        }
    }
    return NULL;
}

/* Those that turn the order of what a terminal or a file manager shows. */
static bool turns_text(unsigned long character)
{
    return character == 0x061C || character == 0x200E || character == 0x200F ||
           (character >= 0x202A && character <= 0x202E) ||
           (character >= 0x2066 && character <= 0x2069);
}

bool svms_case_is_file_name(const char *name)
{
    svms_cursor text = svms_cursor_over(name, strlen(name), 0);
    if (text.size == 0 || text.size > LONGEST_NAME || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0) {
        return false;
    }
    while (!svms_cursor_at_end(&text)) {
        unsigned long character = 0;
        size_t length = svms_utf8_peek(&text, &character);
        bool is_control = character < 0x20 || (character >= 0x7F && character < 0xA0);
        if (length == 0 || is_control || turns_text(character) || character == '/' ||
            character == '\\') {
            return false;
        }
        (void)svms_skip(&text, length);
    }
    return true;
}
