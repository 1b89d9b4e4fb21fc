/* SPDX-License-Identifier: Apache-2.0 */
/* What the detector says of real clips: nothing while they are untouched, and the right thing of
 * what is done to them. */
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
#include "set_clock.h"
#include "tamper_watch.h"

#define SECOND LENS_SECOND
#define FOLDER_VARIABLE "SVMS_TEST_MEDIA"
#define WIDTH 256u
#define HEIGHT 192u

static void name_clip(char *path, size_t size, const char *name)
{
    const char *folder = getenv(FOLDER_VARIABLE);
    snprintf(path, size, "%s/%s", folder ? folder : "", name);
    if (!folder || access(path, R_OK) != 0) {
        fprintf(stderr, "SKIPPED: the clip %s is not there (" FOLDER_VARIABLE ")\n", name);
        skip();
    }
}

static lens *open_clip(set_clock *clock, const char *name, uint32_t width, uint32_t height)
{
    char path[4096];
    lens *source = NULL;
    svms_error err = SVMS_ERROR_INIT;
    name_clip(path, sizeof path, name);
    const lens_file_options options = { .path = path,
                                        .width = width,
                                        .height = height,
                                        .sample_rate = 16000,
                                        .is_once = true,
                                        .is_hurried = true,
                                        .clock = set_clock_of(clock) };
    if (lens_open_file(&source, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return source;
}

static void count_event(void *user, const tamper_event *event)
{
    unsigned *count = user;
    (*count)++;
    print_error("%s at %.1f s\n", tamper_name(event->kind), (double)event->monotonic_ns / 1e9);
}

static void nothing_is_said_of_an_untouched_clip(void **state)
{
    static const char *const clips[] = { "walkway-h264-aac.mp4", "walkway-h264-4slices.mp4",
                                         "walkway-h265.mp4", "walkway-mjpeg.mkv" };
    (void)state;
    for (size_t i = 0; i < sizeof clips / sizeof clips[0]; i++) {
        set_clock clock = { 0 };
        lens_shot shot;
        tamper *detector = NULL;
        tamper_options options;
        unsigned events = 0;
        unsigned pictures = 0;
        lens *source = open_clip(&clock, clips[i], 0, 0);
        memset(&options, 0, sizeof options);
        options.has_sound = lens_describe(source)->sample_rate != 0;
        options.user = &events;
        options.event = count_event;
        assert_int_equal(tamper_open(&detector, &options, NULL), SVMS_OK);
        while (lens_next(source, &shot, NULL) == SVMS_OK) {
            if (shot.kind == LENS_SOUND) {
                tamper_hear(detector, shot.sound, shot.sound_count, shot.utc_ns, shot.monotonic_ns);
                continue;
            }
            pictures++;
            assert_int_equal(
                tamper_see(detector, &shot.picture, shot.utc_ns, shot.monotonic_ns, NULL), SVMS_OK);
        }
        assert_int_equal(events, 0);
        assert_true(pictures >= 50);
        tamper_close(&detector);
        lens_close(&source);
    }
}

static void each_deed_is_told_and_light_is_not(void **state)
{
    static const struct {
        watch_deed deed;
        int kind;
    } cases[] = {
        { DEED_COVER, TAMPER_COVERED },
        { DEED_COVER_MOST, TAMPER_COVERED },
        { DEED_TURN_LITTLE, TAMPER_MOVED },
        { DEED_TURN, TAMPER_MOVED },
        { DEED_BLUR, TAMPER_DEFOCUSED },
        { DEED_FREEZE, TAMPER_FROZEN },
        { DEED_NIGHT_COVER, TAMPER_COVERED },
        { DEED_NIGHT_TURN, TAMPER_MOVED },
        { DEED_LAMP, -1 },
        { DEED_DIM, -1 },
        { DEED_DUSK, -1 },
        { DEED_NIGHT, -1 },
        { DEED_NIGHT_LAMP, -1 },
        { DEED_VEHICLE, -1 },
    };
    enum { CASES = sizeof cases / sizeof cases[0] };
    static uint8_t kept[WIDTH * HEIGHT];
    watch watches[CASES];
    set_clock clock = { 0 };
    lens_shot shot;
    uint64_t next = 0;
    (void)state;
    lens *source = open_clip(&clock, "walkway-h264-aac.mp4", WIDTH, HEIGHT);
    for (size_t i = 0; i < CASES; i++) {
        watch_begin(&watches[i], cases[i].deed, 6 * SECOND, 14 * SECOND, 3);
    }
    do {
        assert_int_equal(lens_next(source, &shot, NULL), SVMS_OK);
        if (shot.kind != LENS_PICTURE || shot.monotonic_ns < next) {
            continue;
        }
        next = shot.monotonic_ns + SECOND / 5;
        bool is_now = shot.monotonic_ns >= 6 * SECOND && shot.monotonic_ns < 14 * SECOND;
        if (!is_now) {
            memcpy(kept, shot.picture.planes[0], sizeof kept);
        }
        svms_picture frozen = shot.picture;
        frozen.planes[0] = kept;
        for (size_t i = 0; i < CASES; i++) {
            bool is_frozen = is_now && cases[i].deed == DEED_FREEZE;
            watch_see(&watches[i], is_frozen ? &frozen : &shot.picture, shot.monotonic_ns);
        }
    } while (shot.monotonic_ns < 18 * SECOND);
    for (size_t i = 0; i < CASES; i++) {
        watch_judge(&watches[i], cases[i].kind);
        watch_end(&watches[i]);
    }
    lens_close(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_said_of_an_untouched_clip),
        cmocka_unit_test(each_deed_is_told_and_light_is_not),
    };
    av_log_set_level(AV_LOG_QUIET);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
