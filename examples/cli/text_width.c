/* SPDX-License-Identifier: Apache-2.0 */
#include "text_width.h"

#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define USUAL_WIDTH 80
#define LEAST_WIDTH 20

size_t text_width_of_terminal(void)
{
    struct winsize size;
    memset(&size, 0, sizeof size);
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return USUAL_WIDTH;
    }
    return size.ws_col < LEAST_WIDTH ? LEAST_WIDTH : size.ws_col;
}

/* One character of text that is UTF-8, or one byte of what is not. */
static size_t next_character(const unsigned char *text, uint32_t *character)
{
    size_t size = text[0] < 0xc0 ? 1 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
    *character = size == 1 ? text[0] : text[0] & (0xffu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return i;
        }
        *character = *character << 6 | (text[i] & 0x3f);
    }
    return size;
}

/* Blocks whose characters are drawn over the one before, or twice as wide. The C library would know
 * more, for the language of the terminal only, which nobody may have set. */
static size_t width_of(uint32_t character)
{
    static const struct {
        uint32_t first;
        uint32_t last;
        size_t width;
    } blocks[] = {
        { 0x0300, 0x036f, 0 },   { 0x0483, 0x0489, 0 }, { 0x0591, 0x05bd, 0 },
        { 0x064b, 0x065f, 0 },   { 0x1100, 0x115f, 2 }, { 0x1ab0, 0x1aff, 0 },
        { 0x1dc0, 0x1dff, 0 },   { 0x20d0, 0x20ff, 0 }, { 0x2e80, 0x303e, 2 },
        { 0x3041, 0xa4cf, 2 },   { 0xac00, 0xd7a3, 2 }, { 0xf900, 0xfaff, 2 },
        { 0xfe00, 0xfe0f, 0 },   { 0xfe20, 0xfe2f, 0 }, { 0xfe30, 0xfe6f, 2 },
        { 0xff00, 0xff60, 2 },   { 0xffe0, 0xffe6, 2 }, { 0x1f300, 0x1faff, 2 },
        { 0x20000, 0x3fffd, 2 },
    };
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        if (character >= blocks[i].first && character <= blocks[i].last) {
            return blocks[i].width;
        }
    }
    return 1;
}

/* Bytes of text that fit into width, and how wide they are. */
static size_t fitting(const char *text, size_t width, size_t *taken)
{
    size_t size = 0;
    *taken = 0;
    while (text[size] != '\0') {
        uint32_t character;
        size_t length = next_character((const unsigned char *)text + size, &character);
        size_t wide = width_of(character);
        if (*taken + wide > width) {
            break;
        }
        *taken += wide;
        size += length;
    }
    return size;
}

void text_put_cell(FILE *out, const char *text, size_t width)
{
    size_t taken;
    size_t size = fitting(text, width, &taken);
    if (text[size] != '\0' && width > 0) {
        size = fitting(text, width - 1, &taken);
        fwrite(text, 1, size, out);
        fputs("\xe2\x80\xa6", out);
        taken++;
    } else {
        fwrite(text, 1, size, out);
    }
    for (; taken < width; taken++) {
        fputc(' ', out);
    }
}
