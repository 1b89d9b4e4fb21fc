/* SPDX-License-Identifier: Apache-2.0 */
/* Decimal numbers against strtod() in the locale "C", which is correctly rounded here. */
#include "cmocka_all.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "real.h"

#define RANDOM_NUMBERS 200000

static uint64_t state_of_chance = 88172645463325252u;

static uint64_t chance(void)
{
    state_of_chance ^= state_of_chance << 13;
    state_of_chance ^= state_of_chance >> 7;
    state_of_chance ^= state_of_chance << 17;
    return state_of_chance;
}

static void expect_same(const char *text)
{
    double ours = svms_real_read(text, strlen(text));
    double theirs = strtod(text, NULL);
    if (memcmp(&ours, &theirs, sizeof ours) != 0) {
        fail_msg("%.60s: %a, not %a", text, ours, theirs);
    }
    assert_int_equal(svms_real_fits(text, strlen(text)), fabs(theirs) <= DBL_MAX);
}

static void borders_are_rounded_as_ieee_754_wants(void **state)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "0.0",
        "-0.0",
        "0e999999999999999999999",
        "0.0e-99999999999999999999",
        "1",
        "-1",
        "0.1",
        "0.3",
        "1e22",
        "1e23",
        "9007199254740993",
        "9007199254740993.0",
        "9007199254740992.99999",
        "9007199254740993.0000000000000000000000000000000000001",
        "5e-324",
        "4.9e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2e-324",
        "1e-323",
        "1e-324",
        "1e-325",
        "1e-99999",
        "1e-999999999999999999999",
        "2.2250738585072014e-308",
        "2.2250738585072011e-308",
        "2.225073858507201e-308",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1.797693134862315807e308",
        "1.797693134862315808e+308",
        "-1.7976931348623159E308",
        "17976931348623157e292",
        "0.00017976931348623157e312",
        "1e308",
        "1e309",
        "9.99e308",
        "1e999999999999999999999",
        "-1e400",
        "123456789012345678901234567890",
        "0.000000000000000000000000000000000001e300",
        "6.02214076e23",
        "1800000000.5",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        expect_same(texts[i]);
    }
}

/* digits * factor, in decimal. */
static void multiply(char *digits, unsigned factor)
{
    unsigned carry = 0;
    size_t size = strlen(digits);
    for (size_t i = size; i > 0; i--) {
        carry += (unsigned)(digits[i - 1] - '0') * factor;
        digits[i - 1] = (char)('0' + carry % 10);
        carry /= 10;
    }
    while (carry > 0) {
        memmove(digits + 1, digits, ++size);
        digits[0] = (char)('0' + carry % 10);
        carry /= 10;
    }
}

/* Half-way between two neighbours, exactly, and a little above and below. */
static void halves_are_decided_by_the_last_digit(void **state)
{
    static char digits[1200];
    static char text[1300];
    (void)state;
    for (unsigned odd = 1; odd < 100; odd += 2) {
        /* odd * 2^-1075 = odd * 5^1075 * 10^-1075 */
        strcpy(digits, "1");
        for (int i = 0; i < 1075; i++) {
            multiply(digits, 5);
        }
        multiply(digits, odd);
        (void)snprintf(text, sizeof text, "%se-1075", digits);
        expect_same(text);
        (void)snprintf(text, sizeof text, "%s00000000001e-1086", digits);
        expect_same(text);
        digits[strlen(digits) - 1]--;
        (void)snprintf(text, sizeof text, "0.%se-%d", digits, 1075 - (int)strlen(digits));
        expect_same(text);
        for (unsigned shift = 0; shift < 10; shift++) {
            unsigned long long half = ((UINT64_C(1) << 53) + odd) << shift;
            (void)snprintf(text, sizeof text, "%llu.0", half);
            expect_same(text);
            (void)snprintf(text, sizeof text, "%llu.000000000000000000000000001", half);
            expect_same(text);
            (void)snprintf(text, sizeof text, "%llu.999999999999999999999999999", half - 1);
            expect_same(text);
        }
    }
}

static void long_numbers_are_read_to_their_last_digit(void **state)
{
    /* 2^53 + 1 and 0.5 of the smallest number, with a digit far behind. */
    static char text[4000];
    (void)state;
    for (size_t zeros = 0; zeros < 3000; zeros += 53) {
        int head = snprintf(text, sizeof text, "9007199254740993.");
        memset(text + head, '0', zeros);
        (void)snprintf(text + (size_t)head + zeros, 8, "0");
        expect_same(text);
        (void)snprintf(text + (size_t)head + zeros, 8, "1");
        expect_same(text);
        memset(text, '0', zeros);
        text[zeros > 1 ? 1 : 0] = zeros > 1 ? '.' : '1';
        (void)snprintf(text + zeros, 16, "1e%zu", zeros + 20);
        expect_same(text);
        text[0] = '7';
        memset(text + 1, '3', zeros);
        (void)snprintf(text + 1 + zeros, 16, "e-%zu", zeros);
        expect_same(text);
    }
}

static void random_numbers_are_read_as_strtod_reads_them(void **state)
{
    char text[64];
    (void)state;
    for (int i = 0; i < RANDOM_NUMBERS; i++) {
        uint64_t bits = chance();
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) {
            (void)snprintf(text, sizeof text, "%.*e", (int)(chance() % 20), value);
            expect_same(text);
        }
        (void)snprintf(text, sizeof text, "%llu.%llue%d", (unsigned long long)(chance() % 1000000),
                       (unsigned long long)chance(), (int)(chance() % 700) - 350);
        expect_same(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(borders_are_rounded_as_ieee_754_wants),
        cmocka_unit_test(halves_are_decided_by_the_last_digit),
        cmocka_unit_test(long_numbers_are_read_to_their_last_digit),
        cmocka_unit_test(random_numbers_are_read_as_strtod_reads_them),
    };
    return cmocka_run_group_tests_name("real", tests, NULL, NULL);
}
