/* SPDX-License-Identifier: Apache-2.0 */
#include "address.h"

#include <string.h>

#define TEXT_MAX 64
#define GROUPS 8

static uint8_t peek(const svms_cursor *text)
{
    return svms_cursor_left(text) > 0 ? text->data[text->position] : 0;
}

static bool take(svms_cursor *text, char c)
{
    return peek(text) == (uint8_t)c && svms_skip(text, 1);
}

static int digit_of(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* 1 to most_digits digits; decimal numbers have no zero in front. -1 when there is none. */
static int read_number(svms_cursor *text, int base, int most_digits, int most)
{
    int value = 0;
    int digits = 0;
    bool leads_with_zero = peek(text) == '0';
    while (digits < most_digits && digit_of(peek(text)) < base) {
        value = value * base + digit_of(svms_read_u8(text));
        digits++;
    }
    if (digits == 0 || value > most || (base == 10 && leads_with_zero && digits > 1)) {
        text->failed = true;
        return -1;
    }
    return value;
}

int svms_address_number(svms_cursor *text, int most_digits, int most)
{
    return read_number(text, 10, most_digits, most);
}

static void read_ipv4(svms_cursor *text, uint8_t out[4])
{
    for (int i = 0; i < 4; i++) {
        if (i > 0 && !take(text, '.')) {
            text->failed = true;
        }
        out[i] = (uint8_t)read_number(text, 10, 3, 255);
    }
}

/* True when what comes next is decimal digits and a dot. */
static bool is_ipv4_next(svms_cursor text)
{
    while (peek(&text) >= '0' && peek(&text) <= '9') {
        (void)svms_skip(&text, 1);
    }
    return peek(&text) == '.';
}

/* Groups to the left of "::" and to its right; *gap is where it stood, or -1. */
static size_t read_groups(svms_cursor *text, uint8_t groups[16], int *gap)
{
    size_t count = 0;
    *gap = -1;
    if (take(text, ':')) {
        text->failed = text->failed || !take(text, ':');
        *gap = 0;
    }
    while (!text->failed && count < GROUPS && digit_of(peek(text)) < 16) {
        if (count + 2 <= GROUPS && is_ipv4_next(*text)) {
            read_ipv4(text, groups + 2 * count);
            return count + 2;
        }
        int value = read_number(text, 16, 4, 0xFFFF);
        groups[2 * count] = (uint8_t)(value / 256);
        groups[2 * count + 1] = (uint8_t)(value % 256);
        count++;
        if (!take(text, ':')) {
            return count;
        }
        if (take(text, ':')) {
            text->failed = text->failed || *gap >= 0;
            *gap = (int)count;
        } else if (digit_of(peek(text)) == 16) {
            text->failed = true;
        }
    }
    return count;
}

static void read_ipv6(svms_cursor *text, uint8_t out[16])
{
    uint8_t groups[16] = { 0 };
    int gap = -1;
    size_t count = read_groups(text, groups, &gap);
    if (gap < 0 ? count != GROUPS : count >= GROUPS) {
        text->failed = true;
        return;
    }
    size_t left = gap < 0 ? GROUPS : (size_t)gap;
    size_t right = count - (gap < 0 ? GROUPS : left);
    memset(out, 0, 16);
    memcpy(out, groups, 2 * left);
    memcpy(out + 16 - 2 * right, groups + 2 * left, 2 * right);
}

bool svms_address_read(svms_cursor *text, uint8_t out[16], bool *is_ipv4)
{
    static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };
    *is_ipv4 = is_ipv4_next(*text);
    if (*is_ipv4) {
        memcpy(out, mapped, sizeof mapped);
        read_ipv4(text, out + sizeof mapped);
    } else {
        read_ipv6(text, out);
    }
    return !text->failed;
}

bool svms_address_parse(uint8_t out[16], const char *text)
{
    svms_cursor cursor = svms_cursor_over(text, strnlen(text, TEXT_MAX), 0);
    uint8_t address[16] = { 0 };
    bool is_ipv4 = false;
    if (!svms_address_read(&cursor, address, &is_ipv4) || !svms_cursor_at_end(&cursor)) {
        return false;
    }
    memcpy(out, address, sizeof address);
    return true;
}
