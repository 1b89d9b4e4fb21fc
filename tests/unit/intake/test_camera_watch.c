/* SPDX-License-Identifier: Apache-2.0 */
/* Which verdicts on a camera are told, and when: at once, and not for ever. */
#include "cmocka_all.h"

#include <string.h>

#include "camera_watch.h"

#define SECOND INT64_C(1000000000)
#define BEGIN (INT64_C(1800000000) * SECOND)
#define ALARMS_MAX 16

typedef struct told {
    camera_alarm alarms[ALARMS_MAX];
    size_t count;
} told;

static void take(void *user, const camera_alarm *alarm)
{
    told *self = user;
    assert_true(self->count < ALARMS_MAX);
    self->alarms[self->count++] = *alarm;
}

static int64_t at(double seconds)
{
    return BEGIN + (int64_t)(seconds * (double)SECOND);
}

static void report(camera_watch *watch, double seconds, svms_camera_verdict verdict,
                   uint32_t reasons, bool trusted)
{
    svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
    gop.verdict = verdict;
    gop.reasons = reasons;
    gop.identity.verdict = trusted ? SVMS_IDENTITY_TRUSTED : SVMS_IDENTITY_UNKNOWN_ISSUER;
    camera_watch_report(watch, 0, &gop, at(seconds));
}

static void good(camera_watch *watch, double from, double to)
{
    for (double when = from; when < to; when += 1) {
        report(watch, when, SVMS_CAMERA_AUTHENTIC, 0, true);
    }
}

static void pictures(camera_watch *watch, double from, double to, double step)
{
    for (double when = from; when < to; when += step) {
        camera_watch_picture(watch, 0, at(when));
    }
}

static void what_begins_is_told_once_and_what_is_over_too(void **state)
{
    told found = { 0 };
    camera_watch watch;
    (void)state;
    camera_watch_begin(&watch, take, &found);
    good(&watch, 0, 5);
    assert_int_equal(found.count, 0);
    assert_false(camera_watch_is_bad(&watch));
    report(&watch, 5, SVMS_CAMERA_CHANGED, SVMS_CAMERA_WHY_LINK, true);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.alarms[0].kind, CAMERA_ALARM_BAD);
    assert_int_equal(found.alarms[0].verdict, SVMS_CAMERA_CHANGED);
    assert_int_equal(found.alarms[0].reasons, SVMS_CAMERA_WHY_LINK);
    assert_int_equal(found.alarms[0].from_utc_ns, at(5));
    report(&watch, 6, SVMS_CAMERA_CHANGED, 0, true);
    good(&watch, 7, 9);
    report(&watch, 9, SVMS_CAMERA_MISSING, 0, true); /* another kind */
    report(&watch, 10, SVMS_CAMERA_CHANGED, 0, true);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.alarms[1].verdict, SVMS_CAMERA_MISSING);
    good(&watch, 11, 30);
    assert_int_equal(found.count, 3);
    assert_int_equal(found.alarms[2].kind, CAMERA_ALARM_OVER);
    assert_int_equal(found.alarms[2].from_utc_ns, at(5));
    assert_int_equal(found.alarms[2].to_utc_ns, at(11));
    assert_int_equal(found.alarms[2].reports, 4);
    assert_true(camera_watch_is_bad(&watch));
    assert_int_equal(watch.bad, 4);
    assert_int_equal(watch.reports, watch.authentic + watch.bad);
}

static void a_stream_that_changes_its_mind_is_not_told_each_time(void **state)
{
    told found = { 0 };
    camera_watch watch;
    (void)state;
    camera_watch_begin(&watch, take, &found);
    for (int i = 0; i < 1000; i++) {
        report(&watch, i, i % 2 == 0 ? SVMS_CAMERA_INSERTED : SVMS_CAMERA_AUTHENTIC, 0, true);
    }
    assert_int_equal(found.count, 1);
    assert_int_equal(watch.bad, 500);
}

static void an_authentic_stranger_is_told_as_one(void **state)
{
    told found = { 0 };
    camera_watch watch;
    (void)state;
    camera_watch_begin(&watch, take, &found);
    report(&watch, 0, SVMS_CAMERA_AUTHENTIC, 0, false);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.alarms[0].verdict, SVMS_CAMERA_AUTHENTIC);
    assert_int_equal(watch.authentic, 0);
    assert_true(camera_watch_is_bad(&watch));
}

static void short_ends_are_excused_and_long_ones_are_not(void **state)
{
    static const struct {
        uint32_t reasons;
        int seconds;
        bool is_bad;
    } cases[] = {
        { SVMS_CAMERA_WHY_TAIL, 60, false },
        { SVMS_CAMERA_WHY_TAIL, 62, true },
        { SVMS_CAMERA_WHY_HEAD | SVMS_CAMERA_WHY_NEW_SESSION, 60, false },
        { SVMS_CAMERA_WHY_HEAD, 62, true },
        { SVMS_CAMERA_WHY_TAIL | SVMS_CAMERA_WHY_NO_KEY, 1, true },
        { SVMS_CAMERA_WHY_STRIPPED, 1, true },
        { 0, 1, true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        told found = { 0 };
        camera_watch watch;
        camera_watch_begin(&watch, take, &found);
        for (int when = 0; when < cases[i].seconds; when++) {
            report(&watch, when, SVMS_CAMERA_UNSIGNED, cases[i].reasons, false);
        }
        assert_int_equal(camera_watch_is_bad(&watch), cases[i].is_bad);
        assert_int_equal(found.count, cases[i].is_bad ? 1 : 0);
    }
}

static void ends_beside_a_gap_are_two_short_ones(void **state)
{
    told found = { 0 };
    camera_watch watch;
    (void)state;
    camera_watch_begin(&watch, take, &found);
    good(&watch, 0, 5);
    report(&watch, 5, SVMS_CAMERA_UNSIGNED, SVMS_CAMERA_WHY_TAIL, false);
    report(&watch, 3600, SVMS_CAMERA_UNSIGNED, SVMS_CAMERA_WHY_HEAD, false);
    good(&watch, 3601, 3605);
    assert_int_equal(found.count, 0);
    assert_false(camera_watch_is_bad(&watch));
}

static void pictures_without_any_signature_are_told_after_a_minute_and_once(void **state)
{
    told found = { 0 };
    camera_watch watch;
    (void)state;
    camera_watch_begin(&watch, take, &found);
    pictures(&watch, 0, 60, 0.5);
    assert_int_equal(found.count, 0);
    pictures(&watch, 60, 300, 0.5);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.alarms[0].kind, CAMERA_ALARM_SILENT);
    assert_int_equal(found.alarms[0].from_utc_ns, at(0));
    assert_true(camera_watch_is_bad(&watch));
    good(&watch, 300, 320);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.alarms[1].kind, CAMERA_ALARM_OVER);
}

static void what_was_not_recorded_needs_no_signature(void **state)
{
    told found = { 0 };
    camera_watch watch;
    (void)state;
    camera_watch_begin(&watch, take, &found);
    pictures(&watch, 0, 5, 0.5);
    report(&watch, 0, SVMS_CAMERA_AUTHENTIC, 0, true);
    pictures(&watch, 7200, 7230, 0.5); /* the camera was lost, or its clock was set */
    pictures(&watch, 100, 105, 0.5);
    assert_int_equal(found.count, 0);
    camera_watch_picture(&watch, 0, INT64_MAX);
    camera_watch_picture(&watch, 0, INT64_MIN + 1);
    assert_int_equal(found.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_begins_is_told_once_and_what_is_over_too),
        cmocka_unit_test(a_stream_that_changes_its_mind_is_not_told_each_time),
        cmocka_unit_test(an_authentic_stranger_is_told_as_one),
        cmocka_unit_test(short_ends_are_excused_and_long_ones_are_not),
        cmocka_unit_test(ends_beside_a_gap_are_two_short_ones),
        cmocka_unit_test(pictures_without_any_signature_are_told_after_a_minute_and_once),
        cmocka_unit_test(what_was_not_recorded_needs_no_signature),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
