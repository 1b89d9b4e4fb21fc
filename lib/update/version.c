/* SPDX-License-Identifier: Apache-2.0 */
#include "update_version.h"

#include <stdint.h>
#include <string.h>

#include <svms/update.h>

#define NUMBERS 4

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_build(char c)
{
    return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' || c == '-';
}

/* One number at text; how many characters it has, 0 where there is none. */
static size_t read_number(const char *text, size_t size, uint32_t *out)
{
    uint64_t value = 0;
    size_t length = 0;
    while (length < size && is_digit(text[length]) && value <= UINT32_MAX) {
        value = value * 10 + (uint64_t)(text[length] - '0');
        length++;
    }
    bool leading_zero = length > 1 && text[0] == '0';
    *out = (uint32_t)value;
    return leading_zero || value > UINT32_MAX ? 0 : length;
}

/* The numbers; how many characters they have, 0 where text does not begin with any. */
static size_t read_numbers(const char *text, size_t size, uint32_t numbers[NUMBERS])
{
    size_t at = 0;
    memset(numbers, 0, NUMBERS * sizeof *numbers);
    for (size_t i = 0; i < NUMBERS; i++) {
        size_t length = read_number(text + at, size - at, &numbers[i]);
        if (length == 0) {
            return 0;
        }
        at += length;
        if (i + 1 == NUMBERS || at == size || text[at] != '.') {
            break;
        }
        at++;
    }
    return at;
}

bool svms_version_is_one(const char *text, size_t size)
{
    uint32_t numbers[NUMBERS];
    if (size == 0 || size >= SVMS_UPDATE_VERSION_SIZE) {
        return false;
    }
    size_t at = read_numbers(text, size, numbers);
    if (at == 0 || at == size) {
        return at == size;
    }
    if (text[at] != '+' || at + 1 == size) {
        return false;
    }
    for (at++; at < size; at++) {
        if (!is_build(text[at])) {
            return false;
        }
    }
    return true;
}

int svms_version_compare(const char *one, const char *other)
{
    uint32_t first[NUMBERS];
    uint32_t second[NUMBERS];
    (void)read_numbers(one, strlen(one), first);
    (void)read_numbers(other, strlen(other), second);
    for (size_t i = 0; i < NUMBERS; i++) {
        if (first[i] != second[i]) {
            return first[i] < second[i] ? -1 : 1;
        }
    }
    return 0;
}
