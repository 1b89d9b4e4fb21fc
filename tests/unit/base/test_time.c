/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include <string.h>

#include <svms/time.h>

#define SECOND INT64_C(1000000000)

/* Seconds come from "date -u -d ... +%s" of GNU coreutils. */
static const struct {
    const char *text;
    int64_t utc_ns;
} readable[] = {
    { "1970-01-01T00:00:00Z", 0 },
    { "1970-01-01t00:00:00z", 0 },
    { "1969-12-31T23:59:59.999999999Z", -1 },
    { "2026-11-21T10:00:00.5Z", 1795255200 * SECOND + 500000000 },
    { "2026-11-21T12:00:00.5+02:00", 1795255200 * SECOND + 500000000 },
    { "2026-11-21T00:30:00-09:30", 1795255200 * SECOND },
    { "2026-11-21T10:00:00-00:00", 1795255200 * SECOND },
    { "2026-11-21T10:00:00.000000001Z", 1795255200 * SECOND + 1 },
    { "2000-02-29T00:00:00Z", 951782400 * SECOND },
    { "2024-02-29T23:59:59Z", 1709251199 * SECOND },
    { "1900-02-28T23:59:59Z", INT64_C(-2203891201) * SECOND },
    { "1900-03-01T00:00:00Z", INT64_C(-2203891200) * SECOND },
    { "2016-12-31T23:59:60Z", 1483228800 * SECOND },
    { "2016-12-31T23:59:60.25Z", 1483228800 * SECOND + 250000000 },
    { "2017-01-01T05:59:60+06:00", 1483228800 * SECOND },
    { "2038-01-19T03:14:08Z", INT64_C(2147483648) * SECOND },
    { "1678-01-01T00:00:00Z", INT64_C(-9214560000) * SECOND },
    { "1677-12-31T23:00:00-01:00", INT64_C(-9214560000) * SECOND },
    { "2261-12-31T23:59:59.999999999Z", INT64_C(9214646399) * SECOND + 999999999 },
    { "2262-01-01T00:59:59+01:00", INT64_C(9214646399) * SECOND },
};

static void rfc_3339_times_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof readable / sizeof readable[0]; i++) {
        int64_t found = 42;
        assert_int_equal(svms_time_parse(&found, readable[i].text, NULL), SVMS_OK);
        if (found != readable[i].utc_ns) {
            fail_msg("%s gives %lld", readable[i].text, (long long)found);
        }
    }
}

static void what_is_no_time_is_refused_and_the_character_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t offset;
    } table[] = {
        { "", 0 },
        { "x", 0 },
        { "2026", 4 },
        { "20a6-11-21T10:00:00Z", 2 },
        { "2026-13-21T10:00:00Z", 5 },
        { "2026-00-21T10:00:00Z", 5 },
        { "2026-11-31T10:00:00Z", 8 },
        { "2026-11-00T10:00:00Z", 8 },
        { "2026-02-29T10:00:00Z", 8 },
        { "1900-02-29T10:00:00Z", 8 },
        { "2026-11-21 10:00:00Z", 10 },
        { "2026-11-21T24:00:00Z", 11 },
        { "2026-11-21T10:60:00Z", 14 },
        { "2026-11-21T10:00:61Z", 17 },
        { "2026-11-21T10:00:00", 19 },
        { "2026-11-21T10:00:00.Z", 20 },
        { "2026-11-21T10:00:00,5Z", 19 },
        { "2026-11-21T10:00:00.1234567890Z", 29 },
        { "2026-11-21T10:00:00Zx", 20 },
        { "2026-11-21T10:00:00Z ", 20 },
        { " 2026-11-21T10:00:00Z", 0 },
        { "2026-11-21T10:00:00+24:00", 20 },
        { "2026-11-21T10:00:00+01:60", 23 },
        { "2026-11-21T10:00:00+0100", 22 },
        { "2026-11-21T10:00:00+1:00", 21 },
        { "+026-11-21T10:00:00Z", 0 },
        { "2026-1-21T10:00:00Z", 6 },
        { "0000-01-01T00:00:00Z", 0 },
        { "1677-12-31T23:59:59Z", 0 },
        { "1678-01-01T00:00:00+00:01", 0 },
        { "2262-01-01T00:00:00Z", 0 },
        { "2261-12-31T23:59:60Z", 0 },
        { "2261-12-31T23:59:59-00:01", 0 },
        { "9999-12-31T23:59:59Z", 0 },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int64_t found = 42;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_time_parse(&found, table[i].text, &err), SVMS_E_MALFORMED);
        if (err.offset != table[i].offset) {
            fail_msg("%s is refused at %llu", table[i].text, (unsigned long long)err.offset);
        }
        assert_true(found == 42);
    }
    int64_t found;
    assert_int_equal(svms_time_parse(NULL, "x", NULL), SVMS_E_USAGE);
    assert_int_equal(svms_time_parse(&found, NULL, NULL), SVMS_E_USAGE);
}

static void times_are_written_with_milliseconds_or_nanoseconds(void **state)
{
    (void)state;
    static const struct {
        int64_t utc_ns;
        const char *text;
    } table[] = {
        { 0, "1970-01-01T00:00:00.000Z" },
        { -1, "1969-12-31T23:59:59.999999999Z" },
        { -1000000, "1969-12-31T23:59:59.999Z" },
        { 1795255200 * SECOND + 500000000, "2026-11-21T10:00:00.500Z" },
        { 1795255200 * SECOND + 1, "2026-11-21T10:00:00.000000001Z" },
        { 951782400 * SECOND, "2000-02-29T00:00:00.000Z" },
        { 951868799 * SECOND, "2000-02-29T23:59:59.000Z" },
        { INT64_C(-2203891201) * SECOND, "1900-02-28T23:59:59.000Z" },
        { INT64_MAX, "2262-04-11T23:47:16.854775807Z" },
        { INT64_MIN + 1, "1677-09-21T00:12:43.145224193Z" },
        { SVMS_NO_TIME, "unknown" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char text[SVMS_TIME_TEXT_SIZE];
        svms_time_format(table[i].utc_ns, text);
        assert_string_equal(text, table[i].text);
    }
}

/* xorshift64, so that every run sees the same values. */
static uint64_t next_value(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void what_is_written_reads_back_the_same(void **state)
{
    (void)state;
    const int64_t least = INT64_C(-9214560000) * SECOND;
    const uint64_t span = (uint64_t)(INT64_C(9214646400) * SECOND) - (uint64_t)least;
    uint64_t seed = 88172645463325252u;
    for (int i = 0; i < 50000; i++) {
        int64_t utc_ns = (int64_t)((uint64_t)least + next_value(&seed) % span);
        if (i % 2) {
            utc_ns -= utc_ns % 1000000;
        }
        char text[SVMS_TIME_TEXT_SIZE];
        svms_time_format(utc_ns, text);
        assert_int_equal(strlen(text), utc_ns % 1000000 ? 30 : 24);
        int64_t found = 0;
        assert_int_equal(svms_time_parse(&found, text, NULL), SVMS_OK);
        assert_true(found == utc_ns);
    }
}

static void every_day_follows_the_one_before(void **state)
{
    (void)state;
    char before[SVMS_TIME_TEXT_SIZE];
    char text[SVMS_TIME_TEXT_SIZE];
    svms_time_format(INT64_C(-9214560000) * SECOND, before);
    for (int64_t day = -106650 + 1; day < 106651; day++) {
        svms_time_format(day * 86400 * SECOND, text);
        assert_true(strcmp(before, text) < 0);
        assert_string_equal(text + 10, "T00:00:00.000Z");
        memcpy(before, text, sizeof before);
    }
    assert_string_equal(before, "2261-12-31T00:00:00.000Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_3339_times_are_read),
        cmocka_unit_test(what_is_no_time_is_refused_and_the_character_named),
        cmocka_unit_test(times_are_written_with_milliseconds_or_nanoseconds),
        cmocka_unit_test(what_is_written_reads_back_the_same),
        cmocka_unit_test(every_day_follows_the_one_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
