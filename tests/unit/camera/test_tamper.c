/* SPDX-License-Identifier: Apache-2.0 */
/* What the detector says of a made up scene to which something is done, and of sound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lens_scene.h"
#include "set_clock.h"
#include "tamper_watch.h"

#define SECOND LENS_SECOND
#define WIDTH 256u
#define HEIGHT 144u
#define SEEDS 2u

static lens *open_scene(set_clock *clock, uint32_t seed)
{
    lens *source = NULL;
    const lens_scene_options options = { .width = WIDTH,
                                         .height = HEIGHT,
                                         .rate_num = 5,
                                         .rate_den = 1,
                                         .seed = seed,
                                         .noise = 1,
                                         .is_hurried = true,
                                         .clock = set_clock_of(clock) };
    assert_int_equal(lens_open_scene(&source, &options, NULL), SVMS_OK);
    return source;
}

/* Eighteen seconds of the scene; the deed lasts from the sixth to the fourteenth. */
static void play(watch_deed deed, int kind, uint32_t seed)
{
    set_clock clock = { 0 };
    watch self;
    lens_shot shot;
    svms_picture frozen = SVMS_PICTURE_INIT;
    static uint8_t kept[WIDTH * HEIGHT];
    lens *source = open_scene(&clock, seed);
    watch_begin(&self, deed, 6 * SECOND, 14 * SECOND, 3);
    do {
        assert_int_equal(lens_next(source, &shot, NULL), SVMS_OK);
        bool is_now = shot.monotonic_ns >= self.from && shot.monotonic_ns < self.to;
        if (!is_now) {
            memcpy(kept, shot.picture.planes[0], sizeof kept);
        }
        frozen = shot.picture;
        frozen.planes[0] = kept;
        watch_see(&self, deed == DEED_FREEZE && is_now ? &frozen : &shot.picture,
                  shot.monotonic_ns);
    } while (shot.monotonic_ns < 18 * SECOND);
    watch_judge(&self, kind);
    watch_end(&self);
    lens_close(&source);
}

static void each_kind_begins_and_ends_within_seconds(void **state)
{
    static const struct {
        watch_deed deed;
        tamper_kind kind;
    } cases[] = {
        { DEED_COVER, TAMPER_COVERED },        { DEED_COVER_MOST, TAMPER_COVERED },
        { DEED_TURN_LITTLE, TAMPER_MOVED },    { DEED_TURN, TAMPER_MOVED },
        { DEED_BLUR, TAMPER_DEFOCUSED },       { DEED_FREEZE, TAMPER_FROZEN },
        { DEED_NIGHT_COVER, TAMPER_COVERED },  { DEED_NIGHT_TURN, TAMPER_MOVED },
        { DEED_NIGHT_BLUR, TAMPER_DEFOCUSED },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (uint32_t seed = 1; seed <= SEEDS; seed++) {
            play(cases[i].deed, (int)cases[i].kind, seed);
        }
    }
}

static void light_night_and_passers_by_are_no_events(void **state)
{
    static const watch_deed harmless[] = { DEED_NOTHING, DEED_LAMP,       DEED_DIM,    DEED_DUSK,
                                           DEED_NIGHT,   DEED_NIGHT_LAMP, DEED_VEHICLE };
    (void)state;
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
        for (uint32_t seed = 1; seed <= SEEDS; seed++) {
            play(harmless[i], -1, seed);
        }
    }
}

static void what_lasts_shorter_than_it_takes_is_no_event(void **state)
{
    set_clock clock = { 0 };
    watch self;
    lens_shot shot;
    (void)state;
    lens *source = open_scene(&clock, 4);
    watch_begin(&self, DEED_COVER, 10 * SECOND, 12 * SECOND + SECOND / 2, 3);
    do {
        assert_int_equal(lens_next(source, &shot, NULL), SVMS_OK);
        watch_see(&self, &shot.picture, shot.monotonic_ns);
    } while (shot.monotonic_ns < 20 * SECOND);
    watch_judge(&self, -1);
    watch_end(&self);
    lens_close(&source);
}

/* Ten seconds with a cap on the lens. */
static void a_camera_that_sees_nothing_from_the_start_says_so(void **state)
{
    set_clock clock = { 0 };
    watch self;
    lens_shot shot;
    (void)state;
    lens *source = open_scene(&clock, 5);
    watch_begin(&self, DEED_COVER, 0, 10 * SECOND, 3);
    do {
        assert_int_equal(lens_next(source, &shot, NULL), SVMS_OK);
        memset(shot.picture.planes[0], 16, shot.monotonic_ns < self.to ? WIDTH * HEIGHT : 0);
        self.deed = DEED_NOTHING;
        watch_see(&self, &shot.picture, shot.monotonic_ns);
    } while (shot.monotonic_ns < 20 * SECOND);
    /* It is frozen, too: a cap has no noise here. */
    assert_int_equal(self.count, 4);
    for (unsigned i = 0; i < 4; i++) {
        bool is_known =
            self.events[i].kind == TAMPER_COVERED || self.events[i].kind == TAMPER_FROZEN;
        assert_true(is_known);
        assert_int_equal(self.events[i].begins, i < 2);
    }
    watch_end(&self);
    lens_close(&source);
}

/* Turned for good: after a minute the new place counts, and turning back is an event again. */
static void a_new_place_is_accepted_after_a_minute(void **state)
{
    set_clock clock = { 0 };
    watch self;
    lens_shot shot;
    (void)state;
    lens *source = open_scene(&clock, 6);
    watch_begin(&self, DEED_TURN, 10 * SECOND, 100 * SECOND, 3);
    do {
        assert_int_equal(lens_next(source, &shot, NULL), SVMS_OK);
        watch_see(&self, &shot.picture, shot.monotonic_ns);
    } while (shot.monotonic_ns < 110 * SECOND);
    assert_int_equal(self.count, 3);
    assert_true(self.events[1].is_accepted && !self.events[1].begins);
    assert_in_range(self.events[1].monotonic_ns, 70 * SECOND, 72 * SECOND);
    assert_true(self.events[2].begins && self.events[2].kind == TAMPER_MOVED);
    assert_true(tamper_is(self.detector, TAMPER_MOVED));
    tamper_relearn(self.detector);
    assert_false(tamper_is(self.detector, TAMPER_MOVED));
    assert_int_equal(self.count, 4);
    assert_true(self.events[3].is_accepted);
    watch_end(&self);
    lens_close(&source);
}

static void another_size_is_learnt_anew(void **state)
{
    set_clock clock = { 0 };
    watch self;
    lens_shot shot;
    (void)state;
    lens *source = open_scene(&clock, 7);
    watch_begin(&self, DEED_COVER, 5 * SECOND, 60 * SECOND, 3);
    do {
        assert_int_equal(lens_next(source, &shot, NULL), SVMS_OK);
        watch_see(&self, &shot.picture, shot.monotonic_ns);
    } while (shot.monotonic_ns < 12 * SECOND);
    assert_int_equal(self.count, 1);
    shot.picture.height -= 20;
    watch_see(&self, &shot.picture, shot.monotonic_ns);
    assert_int_equal(self.count, 2);
    assert_true(self.events[1].is_accepted);
    svms_error err = SVMS_ERROR_INIT;
    shot.picture.height = 70;
    assert_int_equal(tamper_see(self.detector, &shot.picture, 0, 0, &err), SVMS_E_USAGE);
    watch_end(&self);
    lens_close(&source);
}

static void listen_to(tamper *detector, uint64_t seconds, uint64_t *now, int16_t step, int16_t base)
{
    int16_t piece[800];
    for (size_t i = 0; i < 800; i++) {
        piece[i] = (int16_t)(base + (i % 2 ? step : -step));
    }
    for (uint64_t i = 0; i < 10 * seconds; i++) {
        tamper_hear(detector, piece, 800, (int64_t)*now, *now);
        *now += SECOND / 10;
    }
}

static void keep_last(void *user, const tamper_event *event)
{
    tamper_event *last = user;
    *last = *event;
}

static void a_dead_microphone_is_silent_and_a_quiet_room_is_not(void **state)
{
    tamper_event last;
    tamper *detector = NULL;
    tamper_options options;
    uint64_t now = SECOND;
    (void)state;
    memset(&options, 0, sizeof options);
    memset(&last, 0, sizeof last);
    options.has_sound = true;
    options.user = &last;
    options.event = keep_last;
    assert_int_equal(tamper_open(&detector, &options, NULL), SVMS_OK);
    listen_to(detector, 20, &now, 6, 0);
    assert_int_equal(last.monotonic_ns, 0);
    /* A constant is no sound. */
    uint64_t dead = now;
    listen_to(detector, 4, &now, 1, 3000);
    assert_int_equal(last.monotonic_ns, 0);
    listen_to(detector, 4, &now, 0, 0);
    assert_true(last.kind == TAMPER_SILENT && last.begins);
    assert_int_equal(last.monotonic_ns, dead);
    assert_true(tamper_is(detector, TAMPER_SILENT));
    uint64_t alive = now;
    listen_to(detector, 4, &now, 6, 0);
    assert_false(last.begins);
    assert_int_equal(last.monotonic_ns, alive);
    tamper_close(&detector);
}

/* Pictures go on, the wire of the microphone was cut. */
static void sound_that_stops_coming_is_silence_too(void **state)
{
    set_clock clock = { 0 };
    lens_shot shot;
    tamper_event last;
    tamper *detector = NULL;
    tamper_options options;
    (void)state;
    memset(&options, 0, sizeof options);
    memset(&last, 0, sizeof last);
    options.has_sound = true;
    options.user = &last;
    options.event = keep_last;
    assert_int_equal(tamper_open(&detector, &options, NULL), SVMS_OK);
    lens *source = open_scene(&clock, 8);
    do {
        uint64_t now = clock.now;
        assert_int_equal(lens_next(source, &shot, NULL), SVMS_OK);
        now = shot.monotonic_ns;
        if (now < 10 * SECOND) {
            listen_to(detector, 1, &now, 100, 0);
        }
        assert_int_equal(tamper_see(detector, &shot.picture, shot.utc_ns, shot.monotonic_ns, NULL),
                         SVMS_OK);
    } while (shot.monotonic_ns < 20 * SECOND);
    assert_true(last.kind == TAMPER_SILENT && last.begins);
    assert_in_range(last.monotonic_ns, 10 * SECOND, 14 * SECOND);
    tamper_close(&detector);
    lens_close(&source);
}

static void names_and_misuse(void **state)
{
    tamper *detector = NULL;
    tamper_options options;
    (void)state;
    memset(&options, 0, sizeof options);
    assert_int_equal(tamper_open(&detector, &options, NULL), SVMS_E_USAGE);
    assert_null(detector);
    tamper_close(&detector);
    tamper_close(NULL);
    assert_string_equal(tamper_name(TAMPER_COVERED), "covered");
    assert_string_equal(tamper_name(TAMPER_SILENT), "silent");
    assert_string_equal(tamper_name((tamper_kind)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_begins_and_ends_within_seconds),
        cmocka_unit_test(light_night_and_passers_by_are_no_events),
        cmocka_unit_test(what_lasts_shorter_than_it_takes_is_no_event),
        cmocka_unit_test(a_camera_that_sees_nothing_from_the_start_says_so),
        cmocka_unit_test(a_new_place_is_accepted_after_a_minute),
        cmocka_unit_test(another_size_is_learnt_anew),
        cmocka_unit_test(a_dead_microphone_is_silent_and_a_quiet_room_is_not),
        cmocka_unit_test(sound_that_stops_coming_is_silence_too),
        cmocka_unit_test(names_and_misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
