/* SPDX-License-Identifier: Apache-2.0 */
#include "est_body.h"

#include <stdint.h>
#include <string.h>

#include <openssl/crypto.h>

#define LINE_GROUPS 16

static const char symbols[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t est_base64_room(size_t size)
{
    size_t groups = (size + 2) / 3;
    return groups * 4 + groups / LINE_GROUPS + 2;
}

size_t est_base64_encode(const void *data, size_t size, char *out)
{
    const unsigned char *bytes = data;
    size_t used = 0;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t group = (uint32_t)bytes[i] << 16;
        group |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        group |= left > 2 ? bytes[i + 2] : 0;
        out[used++] = symbols[group >> 18];
        out[used++] = symbols[group >> 12 & 63];
        out[used++] = left > 1 ? symbols[group >> 6 & 63] : '=';
        out[used++] = left > 2 ? symbols[group & 63] : '=';
        if (i / 3 % LINE_GROUPS == LINE_GROUPS - 1 || left <= 3) {
            out[used++] = '\n';
        }
    }
    out[used] = '\0';
    return used;
}

static int value_of(char symbol)
{
    const char *place = symbol == '\0' ? NULL : strchr(symbols, symbol);
    return place ? (int)(place - symbols) : -1;
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

bool est_base64_decode(const char *text, size_t size, unsigned char *out, size_t *used)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t count = 0;
    size_t padding = 0;
    *used = 0;
    for (size_t i = 0; i < size; i++) {
        if (is_space(text[i])) {
            continue;
        }
        count++;
        if (text[i] == '=') {
            padding++;
            continue;
        }
        int value = value_of(text[i]);
        if (value < 0 || padding > 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[(*used)++] = (unsigned char)(bits >> held);
        }
    }
    /* Groups are whole, and what is left over of the last one says nothing. */
    return count % 4 == 0 && padding <= 2 && held == padding * 2 &&
           (bits & ((1U << held) - 1)) == 0;
}

static bool split(est_login *out, const char *text, size_t size)
{
    size_t colon = size;
    for (size_t i = 0; i < size; i++) {
        colon = text[i] == ':' ? i : colon;
        if (text[i] == '\0') {
            return false;
        }
    }
    if (colon == size || colon > EST_NAME_MAX || size - colon - 1 > EST_NAME_MAX) {
        return false;
    }
    memcpy(out->name, text, colon);
    memcpy(out->password, text + colon + 1, size - colon - 1);
    return true;
}

bool est_login_parse(est_login *out, const char *value, size_t size)
{
    static const char scheme[] = "basic ";
    unsigned char plain[2 * EST_NAME_MAX + 8];
    size_t used = 0;
    bool good = false;
    memset(out, 0, sizeof *out);
    if (size < sizeof scheme - 1 || size - sizeof scheme + 1 > (sizeof plain - 3) / 3 * 4) {
        return false;
    }
    good = true;
    for (size_t i = 0; i < sizeof scheme - 1 && good; i++) {
        char byte = value[i] >= 'A' && value[i] <= 'Z' ? (char)(value[i] + 'a' - 'A') : value[i];
        good = byte == scheme[i];
    }
    good = good &&
           est_base64_decode(value + sizeof scheme - 1, size - sizeof scheme + 1, plain, &used) &&
           split(out, (const char *)plain, used);
    OPENSSL_cleanse(plain, sizeof plain);
    if (!good) {
        OPENSSL_cleanse(out, sizeof *out);
    }
    return good;
}
