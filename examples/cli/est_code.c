/* SPDX-License-Identifier: Apache-2.0 */
#include "est_code.h"

#include <string.h>

#include <openssl/crypto.h>

/* Without I, L, O and U, which are mistaken for others. */
static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

#define CHECK_SIZE 2
#define PACKED_SIZE (EST_CODE_SECRET_SIZE + EST_CODE_FINGERPRINT_SIZE + CHECK_SIZE)
#define BITS_PER_SYMBOL 5
#define SYMBOL_COUNT ((PACKED_SIZE * 8 + BITS_PER_SYMBOL - 1) / BITS_PER_SYMBOL)
#define SPARE_BITS (SYMBOL_COUNT * BITS_PER_SYMBOL - PACKED_SIZE * 8)
#define GROUP_SIZE 5

/* CRC-16/CCITT. A burst of up to 16 bits never passes: so no wrong symbol and no two neighbours
 * that were swapped do. */
static uint16_t crc16(const uint8_t *bytes, size_t size)
{
    uint32_t crc = 0xffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= (uint32_t)bytes[i] << 8;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
        }
    }
    return (uint16_t)crc;
}

static void pack(const est_code *code, uint8_t out[PACKED_SIZE])
{
    memcpy(out, code->secret, EST_CODE_SECRET_SIZE);
    memcpy(out + EST_CODE_SECRET_SIZE, code->fingerprint, EST_CODE_FINGERPRINT_SIZE);
    uint16_t crc = crc16(out, PACKED_SIZE - CHECK_SIZE);
    out[PACKED_SIZE - 2] = (uint8_t)(crc >> 8);
    out[PACKED_SIZE - 1] = (uint8_t)crc;
}

/* The n-th group of five bits; those past the end are zero. */
static unsigned symbol_at(const uint8_t packed[PACKED_SIZE], size_t index)
{
    size_t bit = index * BITS_PER_SYMBOL;
    size_t byte = bit / 8;
    unsigned next = byte + 1 < PACKED_SIZE ? packed[byte + 1] : 0;
    unsigned both = (unsigned)packed[byte] << 8 | next;
    return both >> (16 - BITS_PER_SYMBOL - bit % 8) & 31;
}

void est_code_format(const est_code *code, char out[EST_CODE_TEXT_SIZE])
{
    uint8_t packed[PACKED_SIZE];
    size_t used = 0;
    pack(code, packed);
    for (size_t i = 0; i < SYMBOL_COUNT; i++) {
        if (i > 0 && i % GROUP_SIZE == 0) {
            out[used++] = '-';
        }
        out[used++] = symbols[symbol_at(packed, i)];
    }
    out[used] = '\0';
    OPENSSL_cleanse(packed, sizeof packed);
}

static int value_of(char symbol)
{
    if (symbol >= 'a' && symbol <= 'z') {
        symbol = (char)(symbol - 'a' + 'A');
    }
    if (symbol == 'O') {
        return 0;
    }
    if (symbol == 'I' || symbol == 'L') {
        return 1;
    }
    const char *place = symbol == '\0' ? NULL : strchr(symbols, symbol);
    return place ? (int)(place - symbols) : -1;
}

static bool is_passed_over(char symbol)
{
    return symbol == '-' || symbol == ' ' || symbol == '\t' || symbol == '\r' || symbol == '\n';
}

static est_code_result collect(uint8_t values[SYMBOL_COUNT], const char *text, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++) {
        if (is_passed_over(text[i])) {
            continue;
        }
        int value = value_of(text[i]);
        if (value < 0) {
            return EST_CODE_BAD_SYMBOL;
        }
        if (count == SYMBOL_COUNT) {
            return EST_CODE_BAD_LENGTH;
        }
        values[count++] = (uint8_t)value;
    }
    return count == SYMBOL_COUNT ? EST_CODE_GOOD : EST_CODE_BAD_LENGTH;
}

static void join(const uint8_t values[SYMBOL_COUNT], uint8_t out[PACKED_SIZE])
{
    unsigned bits = 0;
    unsigned held = 0;
    size_t used = 0;
    for (size_t i = 0; i < SYMBOL_COUNT && used < PACKED_SIZE; i++) {
        bits = (bits << BITS_PER_SYMBOL | values[i]) & 0xfff;
        held += BITS_PER_SYMBOL;
        if (held >= 8) {
            held -= 8;
            out[used++] = (uint8_t)(bits >> held);
        }
    }
}

est_code_result est_code_parse(est_code *out, const char *text, size_t size)
{
    uint8_t values[SYMBOL_COUNT] = { 0 };
    uint8_t packed[PACKED_SIZE] = { 0 };
    est_code_result result = EST_CODE_BAD_LENGTH;
    if (size <= EST_CODE_TYPED_MAX) {
        result = collect(values, text, size);
    }
    if (result == EST_CODE_GOOD) {
        join(values, packed);
        uint16_t crc = (uint16_t)(packed[PACKED_SIZE - 2] << 8 | packed[PACKED_SIZE - 1]);
        bool spare = (values[SYMBOL_COUNT - 1] & ((1U << SPARE_BITS) - 1)) != 0;
        if (spare || crc != crc16(packed, PACKED_SIZE - CHECK_SIZE)) {
            result = EST_CODE_BAD_CHECK;
        }
    }
    if (result == EST_CODE_GOOD) {
        memcpy(out->secret, packed, EST_CODE_SECRET_SIZE);
        memcpy(out->fingerprint, packed + EST_CODE_SECRET_SIZE, EST_CODE_FINGERPRINT_SIZE);
    }
    OPENSSL_cleanse(values, sizeof values);
    OPENSSL_cleanse(packed, sizeof packed);
    return result;
}

const char *est_code_words(est_code_result result)
{
    switch (result) {
    case EST_CODE_GOOD:
        return "the code is complete";
    case EST_CODE_BAD_SYMBOL:
        return "a code holds letters, digits and dashes only, and no U";
    case EST_CODE_BAD_LENGTH:
        return "a code has 55 letters and digits, in 11 groups of 5";
    case EST_CODE_BAD_CHECK:
        break;
    }
    return "the code is mistyped: its check symbols do not fit";
}

bool est_code_names(const est_code *code, const uint8_t sha256[32])
{
    return CRYPTO_memcmp(code->fingerprint, sha256, EST_CODE_FINGERPRINT_SIZE) == 0;
}
