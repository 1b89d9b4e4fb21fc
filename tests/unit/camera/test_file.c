/* SPDX-License-Identifier: Apache-2.0 */
/* Files played as if they were live. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <libavutil/log.h>

#include "lens_file.h"
#include "made_file.h"
#include "set_clock.h"

#define PICTURES (MADE_RATE * MADE_SECONDS)

typedef struct film_case {
    char folder[64];
    char path[96];
    set_clock clock;
} film_case;

static int set_up(void **state)
{
    film_case *f = calloc(1, sizeof *f);
    if (!f) {
        return -1;
    }
    strcpy(f->folder, "/tmp/svms_camera_XXXXXX");
    if (!mkdtemp(f->folder)) {
        free(f);
        return -1;
    }
    snprintf(f->path, sizeof f->path, "%s/film.mkv", f->folder);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    film_case *f = *state;
    (void)unlink(f->path);
    int result = rmdir(f->folder);
    free(f);
    return result;
}

static lens *open_film(film_case *f, lens_file_options options)
{
    lens *source = NULL;
    svms_error err = SVMS_ERROR_INIT;
    options.path = f->path;
    options.clock = set_clock_of(&f->clock);
    svms_status status = lens_open_file(&source, &options, &err);
    if (status != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return source;
}

static void a_file_is_played_over_and_over_in_one_time(void **state)
{
    film_case *f = *state;
    const lens_file_options options = { .sample_rate = MADE_SAMPLE_RATE, .is_hurried = true };
    uint64_t last[3] = { 0, 0, 0 };
    uint64_t heard = 0;
    unsigned pictures = 0;
    if (!made_file_is_possible()) {
        skip();
    }
    made_file_write(f->path, true, true);
    f->clock.now = LENS_SECOND;
    lens *source = open_film(f, options);
    assert_int_equal(lens_describe(source)->width, MADE_WIDTH);
    assert_int_equal(lens_describe(source)->height, MADE_HEIGHT);
    assert_int_equal(lens_describe(source)->rate_num / lens_describe(source)->rate_den, MADE_RATE);
    assert_int_equal(lens_describe(source)->sample_rate, MADE_SAMPLE_RATE);
    while (pictures < PICTURES * 5 / 2) {
        lens_shot shot;
        assert_int_equal(lens_next(source, &shot, NULL), SVMS_OK);
        assert_true(last[shot.kind] == 0 || shot.monotonic_ns > last[shot.kind]);
        assert_int_equal(shot.utc_ns, SET_CLOCK_UTC + (int64_t)shot.monotonic_ns);
        last[shot.kind] = shot.monotonic_ns;
        if (shot.kind == LENS_PICTURE) {
            assert_int_equal(shot.is_cut, pictures == PICTURES || pictures == 2 * PICTURES);
            pictures++;
        } else {
            heard += shot.sound_count;
        }
    }
    /* Five seconds; where it begins again, what the coded sound is longer than the pictures. */
    assert_in_range(last[LENS_PICTURE], 58 * (LENS_SECOND / 10), 64 * (LENS_SECOND / 10));
    assert_in_range(heard, MADE_SAMPLE_RATE * 9 / 2, MADE_SAMPLE_RATE * 11 / 2);
    lens_close(&source);
}

static void a_file_that_is_played_once_ends(void **state)
{
    film_case *f = *state;
    const lens_file_options options = { .is_once = true, .is_hurried = true };
    lens_shot shot;
    unsigned pictures = 0;
    if (!made_file_is_possible()) {
        skip();
    }
    made_file_write(f->path, true, false);
    lens *source = open_film(f, options);
    while (lens_next(source, &shot, NULL) == SVMS_OK) {
        assert_int_equal(shot.kind, LENS_PICTURE);
        pictures++;
    }
    assert_int_equal(pictures, PICTURES);
    assert_int_equal(lens_next(source, &shot, NULL), SVMS_END);
    lens_close(&source);
}

static void pictures_come_when_their_time_has_come(void **state)
{
    film_case *f = *state;
    const lens_file_options options = { .width = 80, .height = 60 };
    lens_shot shot;
    if (!made_file_is_possible()) {
        skip();
    }
    made_file_write(f->path, true, false);
    f->clock.now = 500;
    lens *source = open_film(f, options);
    assert_int_equal(lens_describe(source)->sample_rate, 0);
    assert_int_equal(lens_next(source, &shot, NULL), SVMS_OK);
    assert_int_equal(shot.picture.width, 80);
    assert_int_equal(shot.picture.height, 60);
    for (int i = 1; i < 5; i++) {
        assert_int_equal(lens_next(source, &shot, NULL), SVMS_AGAIN);
        assert_true(lens_due(source) > f->clock.now);
        f->clock.now = lens_due(source) - 1;
        assert_int_equal(lens_next(source, &shot, NULL), SVMS_AGAIN);
        f->clock.now++;
        assert_int_equal(lens_next(source, &shot, NULL), SVMS_OK);
        assert_int_equal(shot.monotonic_ns, f->clock.now);
    }
    /* Who slept for an hour does not get an hour at once. */
    f->clock.now += 3600 * LENS_SECOND;
    assert_int_equal(lens_next(source, &shot, NULL), SVMS_OK);
    assert_int_equal(shot.monotonic_ns, f->clock.now);
    assert_int_equal(lens_next(source, &shot, NULL), SVMS_AGAIN);
    lens_close(&source);
}

static void a_file_without_video_or_of_nothing_is_refused(void **state)
{
    film_case *f = *state;
    const lens_file_options options = { .path = f->path };
    lens *source = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(lens_open_file(&source, &options, &err), SVMS_E_IO);
    if (!made_file_is_possible()) {
        skip();
    }
    made_file_write(f->path, false, true);
    assert_int_equal(lens_open_file(&source, &options, &err), SVMS_E_MALFORMED);
    assert_non_null(strstr(err.message, f->path));
    FILE *text = fopen(f->path, "w");
    assert_non_null(text);
    assert_true(fputs("not a film\n", text) >= 0);
    assert_int_equal(fclose(text), 0);
    assert_int_equal(lens_open_file(&source, &options, &err), SVMS_E_MALFORMED);
    assert_null(source);
}

/* Neither as a name nor inside of a playlist. */
static void nothing_is_fetched_from_the_network(void **state)
{
    film_case *f = *state;
    lens_file_options options = { .path = "http://127.0.0.1:9/film.mp4" };
    lens *source = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(lens_open_file(&source, &options, &err), SVMS_E_IO);
    assert_int_equal(err.os_error, 2);
    FILE *list = fopen(f->path, "w");
    assert_non_null(list);
    assert_true(fputs("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n"
                      "http://127.0.0.1:9/film.ts\n#EXT-X-ENDLIST\n",
                      list) >= 0);
    assert_int_equal(fclose(list), 0);
    options.path = f->path;
    assert_true(lens_open_file(&source, &options, &err) < 0);
    assert_null(source);
}

static void impossible_wishes_are_refused(void **state)
{
    film_case *f = *state;
    const lens_file_options cases[] = {
        { .path = NULL },
        { .path = f->path, .width = 81 },
        { .path = f->path, .height = 4098 },
        { .path = f->path, .sample_rate = 7999 },
        { .path = f->path, .sample_rate = 96001 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lens *source = NULL;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(lens_open_file(&source, &cases[i], &err), SVMS_E_USAGE);
        assert_null(source);
    }
}

/* Every cut and some flipped bytes: it plays something, ends or is refused, and never crashes. */
static void damaged_files_are_survived(void **state)
{
    film_case *f = *state;
    static uint8_t bytes[200000];
    const lens_file_options options = {
        .path = f->path, .is_once = true, .is_hurried = true, .sample_rate = 8000
    };
    if (!made_file_is_possible()) {
        skip();
    }
    made_file_write(f->path, true, true);
    FILE *file = fopen(f->path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    assert_int_equal(fclose(file), 0);
    assert_in_range(size, 10000, sizeof bytes - 1);
    unsigned refused = 0;
    unsigned played = 0;
    for (size_t i = 0; i < 24; i++) {
        size_t end = i < 12 ? size * i / 12 : size;
        lens *source = NULL;
        svms_status status = SVMS_OK;
        for (size_t k = 0; i >= 12 && k < 30; k++) {
            bytes[(i * 7919 + k * 104729) % size] ^= (uint8_t)(1u << (k % 8));
        }
        file = fopen(f->path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, end, file), end);
        assert_int_equal(fclose(file), 0);
        status = lens_open_file(&source, &options, NULL);
        for (unsigned shots = 0; status == SVMS_OK && shots < 1000; shots++) {
            lens_shot shot;
            status = lens_next(source, &shot, NULL);
            played += status == SVMS_OK;
        }
        assert_true(status == SVMS_END || status < 0);
        refused += status < 0;
        lens_close(&source);
    }
    assert_true(refused > 0 && played > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_played_over_and_over_in_one_time, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_played_once_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pictures_come_when_their_time_has_come, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_without_video_or_of_nothing_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_fetched_from_the_network, set_up, tear_down),
        cmocka_unit_test_setup_teardown(impossible_wishes_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_files_are_survived, set_up, tear_down),
    };
    av_log_set_level(AV_LOG_QUIET);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
