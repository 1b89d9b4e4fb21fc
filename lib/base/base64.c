/* SPDX-License-Identifier: Apache-2.0 */
#include "base64.h"

#define CHARACTER_BITS 6u
#define BYTE_BITS 8u

/* They differ in the last two characters only. */
static const char in_urls[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char in_mail[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t svms_base64url_decoded_size(size_t characters)
{
    return characters % 4 == 1 ? SIZE_MAX : characters / 4 * 3 + characters % 4 * 3 / 4;
}

size_t svms_base64url_encoded_size(size_t size)
{
    return size / 3 * 4 + (size % 3 * 4 + 2) / 3;
}

/* 0xFF where least <= c <= most, else 0; without a branch, since keys are read here. */
static unsigned is_in(unsigned c, unsigned least, unsigned most)
{
    return ((least - 1 - c) & (c - most - 1)) >> BYTE_BITS & 0xFFu;
}

/* What a character stands for; 0x100 for one that is none of the alphabet. */
static unsigned value_of(unsigned char character, const char *alphabet)
{
    unsigned c = character;
    unsigned upper = is_in(c, 'A', 'Z');
    unsigned lower = is_in(c, 'a', 'z');
    unsigned digit = is_in(c, '0', '9');
    unsigned last_but_one = is_in(c, (unsigned char)alphabet[62], (unsigned char)alphabet[62]);
    unsigned last = is_in(c, (unsigned char)alphabet[63], (unsigned char)alphabet[63]);
    unsigned known = upper | lower | digit | last_but_one | last;
    return (upper & (c - 'A')) | (lower & (c - 'a' + 26u)) | (digit & (c - '0' + 52u)) |
           (last_but_one & 62u) | (last & 63u) | ((~known & 0xFFu) << 1 & 0x100u);
}

static bool decode(const char *text, size_t characters, const char *alphabet, uint8_t *out)
{
    size_t size = svms_base64url_decoded_size(characters);
    unsigned bits = 0;
    unsigned held = 0;
    unsigned wrong = 0;
    size_t written = 0;
    if (size == SIZE_MAX) {
        return false;
    }
    for (size_t i = 0; i < characters; i++) {
        unsigned value = value_of((unsigned char)text[i], alphabet);
        wrong |= value & 0x100u;
        bits = bits << CHARACTER_BITS | (value & 0x3Fu);
        held += CHARACTER_BITS;
        if (held >= BYTE_BITS) {
            held -= BYTE_BITS;
            out[written++] = (uint8_t)(bits >> held & 0xFFu);
            bits &= (1u << held) - 1u;
        }
    }
    wrong |= bits;
    if (wrong != 0) {
        svms_wipe(out, size);
    }
    return wrong == 0;
}

bool svms_base64url_decode(const char *text, size_t characters, uint8_t *out)
{
    return decode(text, characters, in_urls, out);
}

/* Where a character stands in the alphabet, from 1; 0: it is none of it. A table is faster than
 * value_of(), and its lines of cache tell what was looked up. */
static const uint8_t places[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64
};

/* Larger than any for what is none of the alphabet. */
static unsigned public_value(char character)
{
    return places[(unsigned char)character] - 1u;
}

/* What is left behind groups of four: nothing, or two or three characters whose last bits are 0. */
static bool decode_rest(const char *text, size_t characters, uint8_t *out)
{
    if (characters == 0) {
        return true;
    }
    unsigned a = public_value(text[0]);
    unsigned b = public_value(text[1]);
    unsigned c = characters == 3 ? public_value(text[2]) : 0;
    unsigned spare = characters == 3 ? c & 3u : b & 15u;
    if ((a | b | c) > 63u || spare != 0) {
        return false;
    }
    out[0] = (uint8_t)(a << 2 | b >> 4);
    if (characters == 3) {
        out[1] = (uint8_t)(b << 4 | c >> 2);
    }
    return true;
}

bool svms_base64url_decode_public(const char *text, size_t characters, uint8_t *out)
{
    size_t rest = characters % 4;
    if (rest == 1) {
        return false;
    }
    for (const char *end = text + (characters - rest); text < end; text += 4, out += 3) {
        unsigned a = public_value(text[0]);
        unsigned b = public_value(text[1]);
        unsigned c = public_value(text[2]);
        unsigned d = public_value(text[3]);
        if ((a | b | c | d) > 63u) {
            return false;
        }
        out[0] = (uint8_t)(a << 2 | b >> 4);
        out[1] = (uint8_t)(b << 4 | c >> 2);
        out[2] = (uint8_t)(c << 6 | d);
    }
    return decode_rest(text, rest, out);
}

bool svms_base64_decode(const char *text, size_t characters, uint8_t *out)
{
    return decode(text, characters, in_mail, out);
}

static size_t without_padding(const char *text, size_t characters)
{
    size_t digits = characters;
    while (digits > 0 && characters - digits < 2 && text[digits - 1] == '=') {
        digits--;
    }
    return digits;
}

size_t svms_base64_padded_size(const char *text, size_t characters)
{
    return characters % 4 == 0 ? svms_base64url_decoded_size(without_padding(text, characters))
                               : SIZE_MAX;
}

bool svms_base64_padded_decode(const char *text, size_t characters, uint8_t *out, size_t *size)
{
    size_t bytes = svms_base64_padded_size(text, characters);
    if (bytes > *size) {
        return false;
    }
    *size = bytes;
    return svms_base64_decode(text, without_padding(text, characters), out);
}

static void put(svms_builder *out, const void *data, size_t size, const char *alphabet)
{
    const uint8_t *bytes = data;
    unsigned bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < size; i++) {
        bits = bits << BYTE_BITS | bytes[i];
        held += BYTE_BITS;
        while (held >= CHARACTER_BITS) {
            held -= CHARACTER_BITS;
            svms_put_u8(out, (uint8_t)alphabet[bits >> held & 0x3Fu]);
        }
        bits &= 0xFFu;
    }
    if (held > 0) {
        svms_put_u8(out, (uint8_t)alphabet[bits << (CHARACTER_BITS - held) & 0x3Fu]);
    }
}

void svms_put_base64url(svms_builder *out, const void *data, size_t size)
{
    put(out, data, size, in_urls);
}

void svms_put_base64(svms_builder *out, const void *data, size_t size)
{
    put(out, data, size, in_mail);
}

void svms_put_base64_padded(svms_builder *out, const void *data, size_t size)
{
    put(out, data, size, in_mail);
    for (size_t rest = size % 3; rest > 0 && rest < 3; rest++) {
        svms_put_u8(out, '=');
    }
}
