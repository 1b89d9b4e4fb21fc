/* SPDX-License-Identifier: Apache-2.0 */
/* The scene that is made up, and time as every lens keeps it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lens_internal.h"
#include "lens_scene.h"
#include "set_clock.h"

#define WIDTH 160u
#define HEIGHT 96u
#define BYTES (WIDTH * HEIGHT * 3 / 2)

static lens_scene_options small_scene(set_clock *clock)
{
    const lens_scene_options options = { .width = WIDTH,
                                         .height = HEIGHT,
                                         .rate_num = 10,
                                         .rate_den = 1,
                                         .seed = 1,
                                         .is_hurried = true,
                                         .clock = set_clock_of(clock) };
    return options;
}

static lens *open_scene(const lens_scene_options *options)
{
    lens *source = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(lens_open_scene(&source, options, &err), SVMS_OK);
    return source;
}

static void take(lens *source, lens_shot *shot)
{
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(lens_next(source, shot, &err), SVMS_OK);
}

/* Of luma below the clock. */
static unsigned count_different(const uint8_t *one, const svms_picture *other)
{
    unsigned count = 0;
    for (uint32_t y = 12; y < HEIGHT; y++) {
        for (uint32_t x = 0; x < WIDTH; x++) {
            count += one[y * WIDTH + x] != other->planes[0][y * other->strides[0] + x];
        }
    }
    return count;
}

static void the_same_seed_makes_the_same_pictures_and_another_does_not(void **state)
{
    set_clock clock = { 5 };
    lens_scene_options options = small_scene(&clock);
    (void)state;
    options.noise = 2;
    options.sample_rate = 16000;
    lens *one = open_scene(&options);
    lens *same = open_scene(&options);
    options.seed = 2;
    lens *other = open_scene(&options);
    unsigned different = 0;
    for (int i = 0; i < 50; i++) {
        lens_shot a;
        lens_shot b;
        lens_shot c;
        take(one, &a);
        take(same, &b);
        take(other, &c);
        assert_int_equal(a.kind, b.kind);
        assert_int_equal(a.kind, c.kind);
        if (a.kind == LENS_PICTURE) {
            assert_memory_equal(a.picture.planes[0], b.picture.planes[0], BYTES);
            different += memcmp(a.picture.planes[0], c.picture.planes[0], BYTES) != 0;
        } else {
            assert_int_equal(a.sound_count, 320);
            assert_memory_equal(a.sound, b.sound, a.sound_count * sizeof *a.sound);
        }
    }
    assert_true(different > 5);
    lens_close(&one);
    lens_close(&same);
    lens_close(&other);
}

static void something_moves_and_most_stands_still(void **state)
{
    static uint8_t before[WIDTH * HEIGHT];
    set_clock clock = { 0 };
    const lens_scene_options options = small_scene(&clock);
    lens *source = open_scene(&options);
    lens_shot shot;
    (void)state;
    take(source, &shot);
    for (int i = 0; i < 20; i++) {
        memcpy(before, shot.picture.planes[0], sizeof before);
        take(source, &shot);
        unsigned different = count_different(before, &shot.picture);
        assert_true(different > 0 && different < WIDTH * HEIGHT / 4);
    }
    lens_close(&source);
}

/* Only the time of day differs, so only the drawn clock does. */
static void the_clock_shows_utc(void **state)
{
    set_clock early = { 0 };
    set_clock late = { 1000 * LENS_SECOND };
    lens_shot a;
    lens_shot b;
    (void)state;
    const lens_scene_options first = small_scene(&early);
    const lens_scene_options second = small_scene(&late);
    lens *one = open_scene(&first);
    lens *other = open_scene(&second);
    take(one, &a);
    take(other, &b);
    assert_int_equal(b.utc_ns - a.utc_ns, 1000 * LENS_SECOND);
    assert_int_equal(count_different(a.picture.planes[0], &b.picture), 0);
    assert_memory_not_equal(a.picture.planes[0], b.picture.planes[0], BYTES);
    lens_close(&one);
    lens_close(&other);
}

static void times_of_odd_rates_do_not_drift(void **state)
{
    set_clock clock = { 7 };
    lens_scene_options options = small_scene(&clock);
    lens_shot shot;
    (void)state;
    options.rate_num = 30000;
    options.rate_den = 1001;
    lens *source = open_scene(&options);
    for (uint64_t i = 0; i < 70; i++) {
        take(source, &shot);
        assert_int_equal(shot.monotonic_ns, 7 + i * 1001 * 1000000 / 30);
        assert_int_equal(shot.utc_ns, SET_CLOCK_UTC + (int64_t)shot.monotonic_ns);
    }
    lens_close(&source);
    /* Ten years of it, and the largest rate there is. */
    assert_int_equal(lens_span(UINT64_C(30000) * 315360, 30000, 1001),
                     UINT64_C(315360) * 1001 * LENS_SECOND);
    assert_int_equal(lens_span(239999, 240000, 60000), 239999 * (60000 * LENS_SECOND / 240000));
}

static void a_live_scene_waits_for_its_time(void **state)
{
    set_clock clock = { 1000 };
    lens_scene_options options = small_scene(&clock);
    lens_shot shot;
    svms_error err = SVMS_ERROR_INIT;
    (void)state;
    options.is_hurried = false;
    lens *source = open_scene(&options);
    take(source, &shot);
    assert_int_equal(lens_next(source, &shot, &err), SVMS_AGAIN);
    assert_int_equal(lens_due(source), 1000 + LENS_SECOND / 10);
    clock.now = lens_due(source) - 1;
    assert_int_equal(lens_next(source, &shot, &err), SVMS_AGAIN);
    clock.now = lens_due(source);
    take(source, &shot);
    assert_int_equal(shot.monotonic_ns, clock.now);
    assert_int_equal(shot.utc_ns, SET_CLOCK_UTC + (int64_t)clock.now);
    assert_int_equal(shot.lost, 0);
    assert_int_equal(lens_handle(source), -1);
    lens_close(&source);
}

static void one_who_is_too_slow_loses_pictures_and_is_told(void **state)
{
    set_clock clock = { 0 };
    lens_scene_options options = small_scene(&clock);
    lens_shot shot;
    (void)state;
    options.is_hurried = false;
    options.sample_rate = 8000;
    lens *source = open_scene(&options);
    take(source, &shot);
    clock.now = 10 * LENS_SECOND;
    take(source, &shot);
    assert_int_equal(shot.kind, LENS_PICTURE);
    assert_int_equal(shot.monotonic_ns, clock.now);
    assert_int_equal(shot.lost, 99);
    /* What is behind after that is not made up again. */
    clock.now += LENS_SECOND / 10;
    take(source, &shot);
    assert_int_equal(shot.lost, 0);
    assert_true(clock.now - shot.monotonic_ns < LENS_SECOND / 4);
    lens_close(&source);
}

static void sound_goes_on_without_a_gap_and_beeps_on_the_second(void **state)
{
    set_clock clock = { 0 };
    lens_scene_options options = small_scene(&clock);
    uint64_t heard = 0;
    (void)state;
    options.sample_rate = 11025;
    lens *source = open_scene(&options);
    while (heard < 3 * 11025) {
        lens_shot shot;
        take(source, &shot);
        if (shot.kind != LENS_SOUND) {
            continue;
        }
        int loudest = 0;
        for (size_t i = 0; i < shot.sound_count; i++) {
            loudest = abs(shot.sound[i]) > loudest ? abs(shot.sound[i]) : loudest;
        }
        uint64_t time = shot.monotonic_ns % LENS_SECOND;
        assert_true(time < LENS_SECOND / 12 ? loudest > 5000 : loudest > 300);
        assert_true(time < LENS_SECOND / 8 || loudest < 600);
        assert_in_range(shot.monotonic_ns * 11025 / LENS_SECOND, heard > 0 ? heard - 1 : 0,
                        heard + 1);
        heard += shot.sound_count;
    }
    assert_int_equal(heard, 3 * 11025);
    lens_close(&source);
}

static uint64_t sum_of(const svms_picture *picture)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < WIDTH * HEIGHT; i++) {
        sum += picture->planes[0][i];
    }
    return sum;
}

static void light_can_be_switched(void **state)
{
    set_clock clock = { 0 };
    lens_scene_options options = small_scene(&clock);
    lens_shot shot;
    (void)state;
    lens *source = open_scene(&options);
    take(source, &shot);
    uint64_t day = sum_of(&shot.picture);
    lens_scene_light(source, 20);
    take(source, &shot);
    assert_true(sum_of(&shot.picture) < day / 2);
    lens_scene_light(source, 0);
    take(source, &shot);
    assert_true(sum_of(&shot.picture) > day - day / 20);
    lens_close(&source);
}

static void what_no_scene_can_be_is_refused(void **state)
{
    static const struct {
        size_t field;
        uint32_t value;
    } cases[] = {
        { offsetof(lens_scene_options, width), 0 },
        { offsetof(lens_scene_options, width), 161 },
        { offsetof(lens_scene_options, width), 62 },
        { offsetof(lens_scene_options, height), 4098 },
        { offsetof(lens_scene_options, rate_num), 0 },
        { offsetof(lens_scene_options, rate_num), 240001 },
        { offsetof(lens_scene_options, rate_num), 1001 },
        { offsetof(lens_scene_options, rate_den), 0 },
        { offsetof(lens_scene_options, rate_den), 60001 },
        { offsetof(lens_scene_options, sample_rate), 7999 },
        { offsetof(lens_scene_options, sample_rate), 96001 },
        { offsetof(lens_scene_options, light), 201 },
        { offsetof(lens_scene_options, noise), 33 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_clock clock = { 0 };
        lens_scene_options options = small_scene(&clock);
        lens *source = NULL;
        svms_error err = SVMS_ERROR_INIT;
        memcpy((char *)&options + cases[i].field, &cases[i].value, sizeof cases[i].value);
        assert_int_equal(lens_open_scene(&source, &options, &err), SVMS_E_USAGE);
        assert_null(source);
        assert_true(strlen(err.message) > 0);
    }
    lens *nothing = NULL;
    lens_close(&nothing);
    lens_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_makes_the_same_pictures_and_another_does_not),
        cmocka_unit_test(something_moves_and_most_stands_still),
        cmocka_unit_test(the_clock_shows_utc),
        cmocka_unit_test(times_of_odd_rates_do_not_drift),
        cmocka_unit_test(a_live_scene_waits_for_its_time),
        cmocka_unit_test(one_who_is_too_slow_loses_pictures_and_is_told),
        cmocka_unit_test(sound_goes_on_without_a_gap_and_beeps_on_the_second),
        cmocka_unit_test(light_can_be_switched),
        cmocka_unit_test(what_no_scene_can_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
