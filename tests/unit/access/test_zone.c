/* SPDX-License-Identifier: Apache-2.0 */
/* The system's zone database, read here, shows the same wall clock as the C library reads from it.
 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "zone.h"
#include "zone_rule.h"

#define DATABASE "/usr/share/zoneinfo/"
#define FIRST INT64_C(-2500000000)
#define LAST INT64_C(9000000000)

static const char *const zones[] = {
    "UTC",
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Gaza",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Pacific/Chatham",
    "America/Nuuk",
};

static svms_zone *load(svms_ctx *ctx, const char *name)
{
    static uint8_t bytes[SVMS_ZONE_FILE_MAX];
    char path[128];
    svms_zone *zone = NULL;
    svms_error err = SVMS_ERROR_INIT;
    snprintf(path, sizeof path, "%s%s", DATABASE, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    if (svms_zone_parse(&zone, ctx, name, bytes, size, &err) != SVMS_OK) {
        fail_msg("%s: %s", name, err.message);
    }
    return zone;
}

/* Where time_t has 32 bits, the C library knows the years 1901 to 2038 only. */
static bool libc_knows(int64_t utc_s)
{
    return (int64_t)(time_t)utc_s == utc_s;
}

static int32_t offset_by_libc(int64_t utc_s)
{
    time_t at = (time_t)utc_s;
    struct tm shown;
    assert_non_null(localtime_r(&at, &shown));
    return (int32_t)shown.tm_gmtoff;
}

static void the_wall_clock_is_that_of_the_c_library(void **state)
{
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        svms_zone *zone = load(*state, zones[i]);
        char setting[128];
        snprintf(setting, sizeof setting, ":%s", zones[i]);
        assert_int_equal(setenv("TZ", setting, 1), 0);
        tzset();
        for (int64_t at = FIRST; at < LAST; at += 1000003) {
            int32_t here = svms_zone_offset(zone, at);
            if (libc_knows(at) && here != offset_by_libc(at)) {
                fail_msg("%s at %lld: %d, not %d", zones[i], (long long)at, here,
                         offset_by_libc(at));
            }
        }
        svms_zone_free(&zone);
    }
}

static void between_two_changes_the_offset_stays(void **state)
{
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        svms_zone *zone = load(*state, zones[i]);
        char setting[128];
        unsigned seen = 0;
        snprintf(setting, sizeof setting, ":%s", zones[i]);
        assert_int_equal(setenv("TZ", setting, 1), 0);
        tzset();
        int64_t at = FIRST;
        int64_t next = svms_zone_next_change(zone, at);
        while (next < LAST) {
            assert_true(next > at);
            assert_int_equal(svms_zone_offset(zone, at), svms_zone_offset(zone, next - 1));
            if (libc_knows(next)) {
                assert_int_equal(svms_zone_offset(zone, next - 1), offset_by_libc(next - 1));
                assert_int_equal(svms_zone_offset(zone, next), offset_by_libc(next));
            }
            at = next;
            next = svms_zone_next_change(zone, at);
            seen++;
        }
        assert_true(strcmp(zones[i], "UTC") == 0 ? seen == 0 : seen > 0);
        svms_zone_free(&zone);
    }
}

typedef struct rule_case {
    const char *text;
    bool is_rule;
} rule_case;

static void what_is_no_rule_is_refused(void **state)
{
    static const rule_case cases[] = {
        { "CET-1CEST,M3.5.0,M10.5.0/3", true },
        { "<+0330>-3:30", true },
        { "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", true },
        { "IST-1GMT0,M10.5.0,M3.5.0/1", true },
        { "EST5EDT,J60/2,J300/25:00:01", true },
        { "EST5EDT,0,365/167", true },
        { "", false },
        { "CE-1", false },
        { "CET", false },
        { "CET-1CEST", false },
        { "CET-1CEST,M3.5.0", false },
        { "CET-1CEST,M13.5.0,M10.5.0", false },
        { "CET-1CEST,M3.6.0,M10.5.0", false },
        { "CET-1CEST,M3.5.7,M10.5.0", false },
        { "CET-1CEST,J0,J5", false },
        { "CET-1CEST,M3.5.0/168,M10.5.0", false },
        { "CET-25", false },
        { "CET-1:60", false },
        { "<+03-3", false },
        { "CET-1CEST,M3.5.0,M10.5.0/3 ", false },
        { "CET-99999999999999999999", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_zone_rule rule;
        bool taken =
            svms_zone_rule_parse(&rule, (const uint8_t *)cases[i].text, strlen(cases[i].text));
        if (taken != cases[i].is_rule) {
            fail_msg("%s", cases[i].text);
        }
    }
}

static void every_truncated_file_is_refused(void **state)
{
    static uint8_t bytes[SVMS_ZONE_FILE_MAX];
    FILE *file = fopen(DATABASE "Europe/Berlin", "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t cut = 0; cut < size; cut++) {
        svms_zone *zone = NULL;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_zone_parse(&zone, *state, "x", bytes, cut, &err), SVMS_E_MALFORMED);
        assert_null(zone);
    }
}

static void names_do_not_lead_out_of_the_database(void **state)
{
    static const char *const good[] = { "UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires" };
    static const char *const bad[] = { "",  "/etc/passwd", "../x", "a/../b", "a//b", "a/",
                                       ".", "a.b",         "a b",  "-x",     "a/-b" };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(svms_zone_name_is_fit(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(svms_zone_name_is_fit(bad[i]));
    }
}

static int open_context(void **state)
{
    return svms_ctx_new((svms_ctx **)state, NULL, NULL) == SVMS_OK ? 0 : -1;
}

static int close_context(void **state)
{
    svms_ctx_free((svms_ctx **)state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wall_clock_is_that_of_the_c_library),
        cmocka_unit_test(between_two_changes_the_offset_stays),
        cmocka_unit_test(what_is_no_rule_is_refused),
        cmocka_unit_test(every_truncated_file_is_refused),
        cmocka_unit_test(names_do_not_lead_out_of_the_database),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
