/* SPDX-License-Identifier: Apache-2.0 */
#include "real.h"

#include <float.h>
#include <string.h>

#include "cursor.h"

_Static_assert(DBL_MANT_DIG == 53 && DBL_MAX_EXP == 1024 && sizeof(double) == 8, "binary64");

/* What lies half-way between two neighbours has at most 767 digits: more of them only tell on which
 * side of it a number lies. */
#define DIGITS_MAX 770u
/* Beyond every exponent that the digits of a text in memory could make up for. */
#define EXPONENT_MAX (INT64_C(1) << 48)
/* 10^1096, which is what the smallest numbers are divided by, and room for shifts. */
#define LIMBS 120u
#define LIMB_BITS 32u

#define INFINITE_EXPONENT 1024
#define LEAST_EXPONENT (-1022)
#define MANTISSA_BITS 53
/* 10^308 and more, 10^309 and more: what may not fit, and what does not. */
#define GREATEST_MAGNITUDE 309
#define LEAST_MAGNITUDE (-323)

/* The digits as one whole number, times 10^exponent. */
typedef struct decimal {
    bool is_negative;
    unsigned count; /* without zeros in front */
    int64_t exponent;
    uint8_t digits[DIGITS_MAX + 1];
} decimal;

typedef struct big {
    unsigned count; /* the last one is not zero */
    uint32_t limbs[LIMBS];
} big;

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static int64_t exponent_of(svms_cursor *text)
{
    int64_t exponent = 0;
    bool is_negative = false;
    while (!svms_cursor_at_end(text)) {
        uint8_t c = svms_read_u8(text);
        is_negative = is_negative || c == '-';
        if (is_digit(c) && exponent < EXPONENT_MAX) {
            exponent = exponent * 10 + (c - '0');
        }
    }
    return is_negative ? -exponent : exponent;
}

static void take_digit(decimal *out, uint8_t digit, bool is_fraction, bool *is_cut)
{
    if (out->count < DIGITS_MAX) {
        out->exponent -= is_fraction ? 1 : 0;
        if (out->count > 0 || digit > 0) {
            out->digits[out->count++] = digit;
        }
    } else {
        out->exponent += is_fraction ? 0 : 1;
        *is_cut = *is_cut || digit > 0;
    }
}

static void decimal_of(decimal *out, const char *text, size_t size)
{
    svms_cursor rest = svms_cursor_over(text, size, 0);
    bool is_fraction = false;
    bool is_cut = false;
    int64_t exponent = 0;
    out->is_negative = false;
    out->count = 0;
    out->exponent = 0;
    while (!svms_cursor_at_end(&rest)) {
        uint8_t c = svms_read_u8(&rest);
        if (is_digit(c)) {
            take_digit(out, (uint8_t)(c - '0'), is_fraction, &is_cut);
        } else if (c == '-') {
            out->is_negative = true;
        } else if (c == '.') {
            is_fraction = true;
        } else {
            exponent = exponent_of(&rest);
        }
    }
    if (is_cut) {
        /* A little more than the digits that were kept. */
        out->digits[out->count++] = 1;
        out->exponent--;
    }
    out->exponent += exponent;
}

/* The number is less than 10 to the power of this, and not less than a tenth of it. */
static int64_t magnitude_of(const decimal *number)
{
    return number->exponent + (int64_t)number->count;
}

static void multiply_add(big *number, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;
    for (unsigned i = 0; i < number->count; i++) {
        carry += (uint64_t)number->limbs[i] * factor;
        number->limbs[i] = (uint32_t)carry;
        carry >>= LIMB_BITS;
    }
    if (carry > 0) {
        number->limbs[number->count++] = (uint32_t)carry;
    }
}

static void multiply_by_power_of_ten(big *number, int64_t power)
{
    for (; power >= 9; power -= 9) {
        multiply_add(number, UINT32_C(1000000000), 0);
    }
    for (; power > 0; power--) {
        multiply_add(number, 10, 0);
    }
}

static int bit_length(const big *number)
{
    int bits = (int)(number->count * LIMB_BITS);
    uint32_t top = number->limbs[number->count - 1];
    for (; (top >> (LIMB_BITS - 1)) == 0; top <<= 1) {
        bits--;
    }
    return bits;
}

static void shift_left(big *number, unsigned bits)
{
    unsigned whole = bits / LIMB_BITS;
    multiply_add(number, UINT32_C(1) << (bits % LIMB_BITS), 0);
    memmove(number->limbs + whole, number->limbs, number->count * sizeof number->limbs[0]);
    memset(number->limbs, 0, whole * sizeof number->limbs[0]);
    number->count += number->count > 0 ? whole : 0;
}

static int compare(const big *a, const big *b)
{
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    for (unsigned i = a->count; i > 0; i--) {
        if (a->limbs[i - 1] != b->limbs[i - 1]) {
            return a->limbs[i - 1] < b->limbs[i - 1] ? -1 : 1;
        }
    }
    return 0;
}

/* b is not the greater one. */
static void subtract(big *a, const big *b)
{
    uint64_t borrow = 0;
    for (unsigned i = 0; i < a->count; i++) {
        uint64_t less = borrow + (i < b->count ? b->limbs[i] : 0);
        borrow = a->limbs[i] < less ? 1 : 0;
        a->limbs[i] = (uint32_t)(a->limbs[i] - less);
    }
    while (a->count > 0 && a->limbs[a->count - 1] == 0) {
        a->count--;
    }
}

/* The number as above / below * 2^exponent, the quotient from 1 to below 2; gives the exponent. */
static int normalise(const decimal *number, big *above, big *below)
{
    above->count = 0;
    below->count = 1;
    below->limbs[0] = 1;
    for (unsigned i = 0; i < number->count; i++) {
        multiply_add(above, 10, number->digits[i]);
    }
    multiply_by_power_of_ten(above, number->exponent);
    multiply_by_power_of_ten(below, -number->exponent);
    int exponent = bit_length(above) - bit_length(below);
    shift_left(exponent > 0 ? below : above, (unsigned)(exponent > 0 ? exponent : -exponent));
    if (compare(above, below) < 0) {
        shift_left(above, 1);
        exponent--;
    }
    return exponent;
}

/* That many bits of the quotient, rounded. */
static uint64_t divide(big *above, const big *below, int bits)
{
    uint64_t quotient = 0;
    for (; bits > 0; bits--) {
        quotient <<= 1;
        if (compare(above, below) >= 0) {
            subtract(above, below);
            quotient |= 1u;
        }
        shift_left(above, 1);
    }
    int rest = compare(above, below);
    return quotient + (rest > 0 || (rest == 0 && (quotient & 1u) != 0) ? 1u : 0u);
}

/* Of the absolute value. Rounding up to the next power of two carries into the exponent, as it
 * should, up to the infinity. */
static uint64_t binary_of(const decimal *number)
{
    const uint64_t infinity = UINT64_C(0x7FF) << 52;
    big above;
    big below;
    if (number->count == 0 || magnitude_of(number) < LEAST_MAGNITUDE) {
        return 0;
    }
    if (magnitude_of(number) > GREATEST_MAGNITUDE) {
        return infinity;
    }
    int exponent = normalise(number, &above, &below);
    if (exponent >= INFINITE_EXPONENT) {
        return infinity;
    }
    if (exponent >= LEAST_EXPONENT) {
        return ((uint64_t)(exponent - LEAST_EXPONENT) << 52) +
               divide(&above, &below, MANTISSA_BITS);
    }
    int bits = MANTISSA_BITS - (LEAST_EXPONENT - exponent);
    return bits >= 0 ? divide(&above, &below, bits) : 0;
}

double svms_real_read(const char *text, size_t size)
{
    decimal number;
    double value;
    decimal_of(&number, text, size);
    uint64_t bits = binary_of(&number) | (uint64_t)number.is_negative << 63;
    memcpy(&value, &bits, sizeof value);
    return value;
}

bool svms_real_fits(const char *text, size_t size)
{
    decimal number;
    decimal_of(&number, text, size);
    if (number.count == 0 || magnitude_of(&number) < GREATEST_MAGNITUDE) {
        return true;
    }
    return binary_of(&number) < UINT64_C(0x7FF) << 52;
}
