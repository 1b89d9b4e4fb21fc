/* SPDX-License-Identifier: Apache-2.0 */
/* Actions, networks and windows, each for itself. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <arpa/inet.h>

#include <cmocka.h>

#include "action.h"
#include "network.h"
#include "time_window.h"

typedef struct cover {
    const char *pattern;
    const char *action;
    bool covers;
} cover;

static void a_pattern_covers_what_stands_below_it(void **state)
{
    static const cover cases[] = {
        { "live.view", "live.view", true },
        { "live.view", "live.viewer", false },
        { "live.view", "live", false },
        { "live.*", "live.view", true },
        { "live.*", "live", false },
        { "live.*", "livestock.view", false },
        { "config.*", "config.read.devices", true },
        { "config.read.*", "config.write.devices", false },
        { "*", "anything.at.all", true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_pattern pattern;
        assert_true(svms_pattern_parse(&pattern, cases[i].pattern));
        if (svms_patterns_cover(&pattern, 1, cases[i].action, strlen(cases[i].action)) !=
            cases[i].covers) {
            fail_msg("%s and %s", cases[i].pattern, cases[i].action);
        }
    }
}

static void what_is_no_pattern_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        ".",
        "live.",
        ".live",
        "live..view",
        "Live.view",
        "live.*.view",
        "li*e",
        "**",
        ".*",
        "live view",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        svms_pattern pattern;
        if (svms_pattern_parse(&pattern, bad[i])) {
            fail_msg("%s was taken", bad[i]);
        }
    }
}

static void only_known_actions_may_be_asked_for(void **state)
{
    static const char *const good[] = { "live.view", "approve.mask.lift", "x.acme.wipe",
                                        "config.write.policy" };
    static const char *const bad[] = {
        "live", "live.watch", "approve",       "approve.live", "approve.approve.live.view",
        "x.",   "*",          "config.write.x"
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(svms_action_is_known(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(svms_action_is_known(bad[i]));
    }
}

typedef struct nature {
    const char *action;
    bool of_one;
    bool of_none;
    bool is_recorded;
    bool is_taken_out;
} nature;

static void an_approval_is_as_the_action_that_it_approves(void **state)
{
    static const nature cases[] = {
        { "playback.view", true, false, true, false },
        { "export.create", true, false, true, true },
        { "snapshot.create", true, false, false, true },
        { "live.view", true, false, false, false },
        { "audit.read", false, true, false, false },
        { "x.acme.wipe", true, true, false, true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const nature *wanted = &cases[i];
        char approving[SVMS_ACTION_MAX + 1];
        svms_action found;
        assert_true(svms_action_find(&found, wanted->action));
        assert_int_equal(found.may_be_of_one, wanted->of_one);
        assert_int_equal(found.may_be_of_none, wanted->of_none);
        assert_int_equal(found.is_recorded, wanted->is_recorded);
        assert_int_equal(found.is_taken_out, wanted->is_taken_out);
        assert_false(found.is_approval);
        snprintf(approving, sizeof approving, "approve.%s", wanted->action);
        assert_true(svms_action_find(&found, approving));
        assert_int_equal(found.may_be_of_one, wanted->of_one);
        assert_int_equal(found.may_be_of_none, wanted->of_none);
        assert_int_equal(found.is_recorded, wanted->is_recorded);
        assert_int_equal(found.is_taken_out, wanted->is_taken_out);
        assert_true(found.is_approval);
    }
}

static void each_action_of_the_table_has_a_number_of_its_own(void **state)
{
    char name[SVMS_ACTION_MAX + 1];
    (void)state;
    for (size_t i = 0; i < SVMS_ACTIONS; i++) {
        svms_action found;
        svms_action_spell(i, name);
        assert_true(svms_action_find(&found, name));
        assert_int_equal(found.number, i);
    }
}

/* The C library is the independent reader. */
static bool by_libc(uint8_t out[16], const char *text)
{
    static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };
    memcpy(out, mapped, sizeof mapped);
    return inet_pton(AF_INET, text, out + 12) == 1 || inet_pton(AF_INET6, text, out) == 1;
}

static void addresses_are_what_the_c_library_takes_them_for(void **state)
{
    static const char *const texts[] = {
        "192.0.2.7",
        "0.0.0.0",
        "255.255.255.255",
        "256.0.0.1",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.4 ",
        "::",
        "::1",
        "1::",
        "2001:db8::7",
        "2001:DB8:0:0:0:0:0:7",
        "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1::2::3",
        ":1",
        "1:",
        ":::",
        "::ffff:192.0.2.7",
        "1:2:3:4:5:6:1.2.3.4",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::1.2.3.4",
        "::1.2.3.",
        "12345::",
        "::g",
        "",
        "fe80::1%eth0",
        "1:2:3:4:5:6:7::",
        "::2:3:4:5:6:7:8",
        "1::3:4:5:6:7:8",
        "1.2.3.-4",
        "01.2.3.4",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint8_t ours[16] = { 0 };
        uint8_t theirs[16] = { 0 };
        bool here = svms_address_parse(ours, texts[i]);
        if (here != by_libc(theirs, texts[i])) {
            fail_msg("%s", texts[i]);
        }
        if (here) {
            assert_memory_equal(ours, theirs, sizeof ours);
        }
    }
}

typedef struct membership {
    const char *network;
    const char *address;
    bool holds;
} membership;

static void a_network_holds_its_addresses(void **state)
{
    static const membership cases[] = {
        { "192.0.2.0/24", "192.0.2.255", true },      { "192.0.2.0/24", "192.0.3.0", false },
        { "192.0.2.128/25", "192.0.2.127", false },   { "0.0.0.0/0", "203.0.113.9", true },
        { "0.0.0.0/0", "2001:db8::1", false },        { "::/0", "203.0.113.9", true },
        { "2001:db8::/33", "2001:db8:7fff::", true }, { "2001:db8::/33", "2001:db8:8000::", false },
        { "192.0.2.7/32", "::ffff:192.0.2.7", true }, { "192.0.2.7/32", "192.0.2.6", false },
    };
    static const char *const bad[] = { "192.0.2.0",     "192.0.2.1/24",  "192.0.2.0/33",
                                       "::/129",        "192.0.2.0/",    "192.0.2.0/-1",
                                       "192.0.2.0/024", "2001:db8::/16", "/24" };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_network network;
        uint8_t address[16];
        assert_true(svms_network_parse(&network, cases[i].network));
        assert_true(svms_address_parse(address, cases[i].address));
        if (svms_network_holds(&network, address) != cases[i].holds) {
            fail_msg("%s in %s", cases[i].address, cases[i].network);
        }
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        svms_network network;
        if (svms_network_parse(&network, bad[i])) {
            fail_msg("%s was taken", bad[i]);
        }
    }
}

static svms_zone *load(svms_ctx *ctx, const char *name)
{
    static uint8_t bytes[SVMS_ZONE_FILE_MAX];
    char path[128];
    svms_zone *zone = NULL;
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_int_equal(svms_zone_parse(&zone, ctx, name, bytes, size, NULL), SVMS_OK);
    return zone;
}

/* R-WIN-1, by the C library's calendar. */
static bool is_open_by_libc(const svms_window *window, int64_t utc_s)
{
    time_t at = (time_t)utc_s;
    struct tm shown;
    assert_non_null(localtime_r(&at, &shown));
    int minute = shown.tm_hour * 60 + shown.tm_min;
    unsigned today = 1u << ((shown.tm_wday + 6) % 7);
    unsigned yesterday = 1u << ((shown.tm_wday + 5) % 7);
    if (window->from < window->to) {
        return minute >= window->from && minute < window->to && (window->days & today) != 0;
    }
    return (minute >= window->from && (window->days & today) != 0) ||
           (minute < window->to && (window->days & yesterday) != 0);
}

/* Around the jumps of 2026: every minute of the state is compared, and that it lasts as long as it
 * says. */
static void windows_open_and_close_by_the_wall_clock(void **state)
{
    static const char *const names[] = { "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe",
                                         "UTC" };
    static const svms_window windows[] = {
        { 0x7F, 0, 1440, NULL, NULL },   { 0x1F, 480, 1080, NULL, NULL },
        { 0x60, 1320, 360, NULL, NULL }, { 0x7F, 120, 180, NULL, NULL },
        { 0x40, 150, 151, NULL, NULL },  { 0x01, 1439, 1440, NULL, NULL },
        { 0x7F, 1, 0, NULL, NULL },
    };
    static const int64_t starts[] = { 1774656000, 1775260800, 1792800000, 1790985600 };
    for (size_t z = 0; z < sizeof names / sizeof names[0]; z++) {
        char setting[64];
        svms_zone *zone = load(*state, names[z]);
        snprintf(setting, sizeof setting, ":%s", names[z]);
        assert_int_equal(setenv("TZ", setting, 1), 0);
        tzset();
        for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
            svms_window window = windows[i];
            window.zone = zone;
            for (size_t s = 0; s < sizeof starts / sizeof starts[0]; s++) {
                svms_window_state found = { false, starts[s] };
                svms_zone_clock clock = { NULL, 0, 0, 0 };
                for (int64_t at = starts[s]; at < starts[s] + 4 * 86400; at += 60) {
                    if (at >= found.until_s) {
                        found = svms_window_at(&window, &clock, at);
                        assert_true(found.until_s > at);
                    }
                    assert_int_equal(found.is_open, is_open_by_libc(&window, at));
                }
            }
        }
        svms_zone_free(&zone);
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
        cmocka_unit_test(a_pattern_covers_what_stands_below_it),
        cmocka_unit_test(what_is_no_pattern_is_refused),
        cmocka_unit_test(only_known_actions_may_be_asked_for),
        cmocka_unit_test(an_approval_is_as_the_action_that_it_approves),
        cmocka_unit_test(each_action_of_the_table_has_a_number_of_its_own),
        cmocka_unit_test(addresses_are_what_the_c_library_takes_them_for),
        cmocka_unit_test(a_network_holds_its_addresses),
        cmocka_unit_test(windows_open_and_close_by_the_wall_clock),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
