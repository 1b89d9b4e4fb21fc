/* SPDX-License-Identifier: Apache-2.0 */
/* A device that does what drivers do, and what they should not; the real one only where there is
 * one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_device.h"
#include "lens_v4l2.h"

#define NOW (100 * LENS_SECOND)
#define UTC INT64_C(1763800000000000000)

static int64_t fixed_utc(void *user)
{
    (void)user;
    return UTC;
}

static uint64_t fixed_monotonic(void *user)
{
    (void)user;
    return NOW;
}

static svms_status open_fake(lens **out, fake_device *device, svms_error *err)
{
    const v4l2_calls calls = fake_device_calls(device);
    lens_v4l2_options options;
    memset(&options, 0, sizeof options);
    options.path = "/dev/fake";
    options.clock.utc = fixed_utc;
    options.clock.monotonic = fixed_monotonic;
    options.calls = &calls;
    return lens_open_v4l2(out, &options, err);
}

static void show(fake_device *device, uint8_t luma, uint32_t sequence)
{
    fake_frame *frame = &device->frames[device->frame_count++];
    memset(frame, 0, sizeof *frame);
    frame->luma = luma;
    frame->sequence = sequence;
}

static void finish(lens **source, fake_device *device)
{
    lens_close(source);
    assert_null(*source);
    assert_true(fake_device_is_clean(device));
    fake_device_end(device);
}

static void assert_shows(const lens_shot *shot, uint8_t luma)
{
    const svms_picture *picture = &shot->picture;
    assert_int_equal(shot->kind, LENS_PICTURE);
    assert_int_equal(picture->layout, SVMS_PICTURE_I420);
    for (uint32_t y = 0; y < picture->height; y++) {
        for (uint32_t x = 0; x < picture->width; x++) {
            assert_int_equal(picture->planes[0][y * picture->strides[0] + x], luma);
            assert_int_equal(picture->planes[1][y / 2 * picture->strides[1] + x / 2], 100);
            assert_int_equal(picture->planes[2][y / 2 * picture->strides[2] + x / 2], 200);
        }
    }
}

/* Every format and odd sizes, in buffers that end with the last byte that is read. */
static void pictures_of_each_format_arrive_whole(void **state)
{
    static const struct {
        uint32_t pixels;
        uint32_t width;
        uint32_t height;
        uint32_t stride;
        uint32_t size;
        uint32_t even_width;
        uint32_t even_height;
    } cases[] = {
        { V4L2_PIX_FMT_NV12, 64, 48, 0, 64 * 72, 64, 48 },
        { V4L2_PIX_FMT_NV12, 64, 48, 80, 80 * 71 + 64, 64, 48 },
        { V4L2_PIX_FMT_NV12, 33, 25, 34, 34 * 36 + 32, 32, 24 },
        { V4L2_PIX_FMT_YUV420, 64, 48, 0, 64 * 72, 64, 48 },
        { V4L2_PIX_FMT_YUV420, 64, 48, 80, 80 * 48 + 40 * 47 + 32, 64, 48 },
        { V4L2_PIX_FMT_YUV420, 33, 25, 34, 34 * 25 + 17 * (13 + 11) + 16, 32, 24 },
        { V4L2_PIX_FMT_YUYV, 64, 48, 0, 128 * 48, 64, 48 },
        { V4L2_PIX_FMT_YUYV, 64, 48, 160, 160 * 47 + 128, 64, 48 },
        { V4L2_PIX_FMT_YUYV, 33, 25, 68, 68 * 23 + 64, 32, 24 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fake_device device;
        lens *source = NULL;
        lens_shot shot;
        svms_error err = SVMS_ERROR_INIT;
        fake_device_begin(&device);
        device.pixels = cases[i].pixels;
        device.width = cases[i].width;
        device.height = cases[i].height;
        device.stride = cases[i].stride;
        device.buffer_size = cases[i].size;
        show(&device, 77, 0);
        assert_int_equal(open_fake(&source, &device, &err), SVMS_OK);
        assert_int_equal(lens_describe(source)->width, cases[i].even_width);
        assert_int_equal(lens_describe(source)->height, cases[i].even_height);
        assert_int_equal(lens_describe(source)->rate_num, 25);
        assert_int_equal(lens_next(source, &shot, &err), SVMS_OK);
        assert_shows(&shot, 77);
        assert_int_equal(lens_next(source, &shot, &err), SVMS_AGAIN);
        finish(&source, &device);
    }
}

static void the_drivers_time_becomes_utc(void **state)
{
    fake_device device;
    lens *source = NULL;
    lens_shot shot;
    svms_error err = SVMS_ERROR_INIT;
    (void)state;
    fake_device_begin(&device);
    show(&device, 1, 0);
    device.frames[0].flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    device.frames[0].time_us = 99950000;
    show(&device, 2, 1);
    device.frames[1].time_us = 99950000;
    show(&device, 3, 2);
    device.frames[2].flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    device.frames[2].time_us = 100000001;
    assert_int_equal(open_fake(&source, &device, &err), SVMS_OK);
    assert_int_equal(lens_next(source, &shot, &err), SVMS_OK);
    assert_int_equal(shot.monotonic_ns, NOW - 50000000);
    assert_int_equal(shot.utc_ns, UTC - 50000000);
    /* Another clock's, and one that is still to come. */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(lens_next(source, &shot, &err), SVMS_OK);
        assert_int_equal(shot.monotonic_ns, NOW);
        assert_int_equal(shot.utc_ns, UTC);
    }
    finish(&source, &device);
}

static void damaged_and_missing_pictures_are_counted_as_lost(void **state)
{
    fake_device device;
    lens *source = NULL;
    lens_shot shot;
    svms_error err = SVMS_ERROR_INIT;
    (void)state;
    fake_device_begin(&device);
    show(&device, 10, 5);
    show(&device, 11, 6);
    device.frames[1].bytes = device.buffer_size - 1;
    show(&device, 12, 7);
    device.frames[2].flags = V4L2_BUF_FLAG_ERROR;
    show(&device, 13, 8);
    device.frames[3].bytes = device.buffer_size + 1;
    show(&device, 14, 11);
    device.frames[4].flags = 0;
    show(&device, 15, 12);
    assert_int_equal(open_fake(&source, &device, &err), SVMS_OK);
    assert_int_equal(lens_next(source, &shot, &err), SVMS_OK);
    assert_int_equal(shot.lost, 0);
    assert_int_equal(lens_next(source, &shot, &err), SVMS_OK);
    assert_shows(&shot, 14);
    assert_int_equal(shot.lost, 5);
    assert_int_equal(lens_next(source, &shot, &err), SVMS_OK);
    assert_shows(&shot, 15);
    assert_int_equal(shot.lost, 0);
    finish(&source, &device);
}

static void an_unplugged_camera_says_so_and_stays_gone(void **state)
{
    fake_device device;
    lens *source = NULL;
    lens_shot shot;
    svms_error err = SVMS_ERROR_INIT;
    (void)state;
    fake_device_begin(&device);
    show(&device, 20, 0);
    show(&device, 0, 0);
    device.frames[1].error = ENODEV;
    show(&device, 21, 1);
    assert_int_equal(open_fake(&source, &device, &err), SVMS_OK);
    assert_int_equal(lens_next(source, &shot, &err), SVMS_OK);
    assert_int_equal(lens_next(source, &shot, &err), SVMS_E_IO);
    assert_int_equal(err.os_error, ENODEV);
    assert_non_null(strstr(err.message, "/dev/fake: it was unplugged"));
    assert_int_equal(lens_next(source, &shot, &err), SVMS_E_STATE);
    finish(&source, &device);
}

/* EAGAIN is no event at all; EIO may pass. */
static void what_passes_is_waited_for(void **state)
{
    fake_device device;
    lens *source = NULL;
    lens_shot shot;
    svms_error err = SVMS_ERROR_INIT;
    (void)state;
    fake_device_begin(&device);
    show(&device, 0, 0);
    device.frames[0].error = EAGAIN;
    show(&device, 0, 0);
    device.frames[1].error = EIO;
    show(&device, 30, 0);
    assert_int_equal(open_fake(&source, &device, &err), SVMS_OK);
    assert_int_equal(lens_next(source, &shot, &err), SVMS_AGAIN);
    assert_int_equal(lens_next(source, &shot, &err), SVMS_AGAIN);
    assert_int_equal(lens_next(source, &shot, &err), SVMS_OK);
    assert_shows(&shot, 30);
    assert_int_equal(shot.lost, 1);
    assert_true(lens_due(source) > NOW);
    assert_int_equal(lens_handle(source), 77);
    finish(&source, &device);
}

static void a_camera_of_damaged_pictures_alone_fails_in_the_end(void **state)
{
    fake_device device;
    lens *source = NULL;
    lens_shot shot;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = SVMS_AGAIN;
    unsigned asked = 0;
    (void)state;
    fake_device_begin(&device);
    assert_int_equal(open_fake(&source, &device, &err), SVMS_OK);
    while (status == SVMS_AGAIN && asked < 1000) {
        device.frame_count = 0;
        device.next_frame = 0;
        show(&device, 0, asked);
        device.frames[0].flags = V4L2_BUF_FLAG_ERROR;
        status = lens_next(source, &shot, &err);
        asked++;
    }
    assert_int_equal(status, SVMS_E_IO);
    assert_int_equal(asked, 101);
    finish(&source, &device);
}

static void a_buffer_that_was_never_given_is_refused(void **state)
{
    fake_device device;
    lens *source = NULL;
    lens_shot shot;
    svms_error err = SVMS_ERROR_INIT;
    (void)state;
    fake_device_begin(&device);
    device.index_told = FAKE_BUFFERS;
    show(&device, 1, 0);
    assert_int_equal(open_fake(&source, &device, &err), SVMS_OK);
    assert_int_equal(lens_next(source, &shot, &err), SVMS_E_MALFORMED);
    finish(&source, &device);
}

static void devices_that_cannot_be_used_are_refused_and_released(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        size_t field;
        uint32_t value;
        svms_status status;
    } cases[] = {
        { "does not stream", offsetof(fake_device, capabilities), V4L2_CAP_VIDEO_CAPTURE,
          SVMS_E_UNSUPPORTED },
        { "does not stream", offsetof(fake_device, capabilities), V4L2_CAP_STREAMING,
          SVMS_E_UNSUPPORTED },
        { "none of NV12", offsetof(fake_device, pixels), V4L2_PIX_FMT_MJPEG, SVMS_E_UNSUPPORTED },
        { "none of NV12", offsetof(fake_device, field), V4L2_FIELD_INTERLACED, SVMS_E_UNSUPPORTED },
        { "speaks of", offsetof(fake_device, width), 1, SVMS_E_MALFORMED },
        { "speaks of", offsetof(fake_device, width), 1u << 31, SVMS_E_MALFORMED },
        { "speaks of", offsetof(fake_device, height), 0, SVMS_E_MALFORMED },
        { "speaks of", offsetof(fake_device, stride), 63, SVMS_E_MALFORMED },
        { "speaks of", offsetof(fake_device, stride), UINT32_MAX, SVMS_E_MALFORMED },
        { "buffers of 4607 bytes", offsetof(fake_device, buffer_size), 64 * 72 - 1,
          SVMS_E_MALFORMED },
        { "gives 1 buffers", offsetof(fake_device, buffer_count), 1, SVMS_E_MALFORMED },
        { "gives 33 buffers", offsetof(fake_device, buffer_count), 33, SVMS_E_MALFORMED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fake_device device;
        lens *source = NULL;
        svms_error err = SVMS_ERROR_INIT;
        fake_device_begin(&device);
        memcpy((uint8_t *)&device + cases[i].field, &cases[i].value, sizeof cases[i].value);
        assert_int_equal(open_fake(&source, &device, &err), cases[i].status);
        assert_null(source);
        assert_non_null(strstr(err.message, cases[i].words));
        assert_true(fake_device_is_clean(&device));
        fake_device_end(&device);
    }
}

static void a_request_that_fails_is_named_and_everything_released(void **state)
{
    static const struct {
        unsigned long request;
        const char *words;
    } cases[] = {
        { VIDIOC_QUERYCAP, "it is no video device" },
        { VIDIOC_S_FMT, "its format cannot be set" },
        { VIDIOC_REQBUFS, "it gives no buffers" },
        { VIDIOC_QUERYBUF, "a buffer cannot be asked for" },
        { VIDIOC_QBUF, "a buffer cannot be given back" },
        { VIDIOC_STREAMON, "it does not start" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fake_device device;
        lens *source = NULL;
        svms_error err = SVMS_ERROR_INIT;
        fake_device_begin(&device);
        device.fails = cases[i].request;
        device.fails_with = EBUSY;
        assert_int_equal(open_fake(&source, &device, &err), SVMS_E_IO);
        assert_int_equal(err.os_error, EBUSY);
        assert_non_null(strstr(err.message, cases[i].words));
        assert_true(fake_device_is_clean(&device));
        fake_device_end(&device);
    }
}

static void mapping_that_fails_half_way_is_undone(void **state)
{
    (void)state;
    for (unsigned granted = 0; granted < FAKE_BUFFERS; granted++) {
        fake_device device;
        lens *source = NULL;
        svms_error err = SVMS_ERROR_INIT;
        fake_device_begin(&device);
        device.maps_granted = granted;
        assert_int_equal(open_fake(&source, &device, &err), SVMS_E_NO_MEMORY);
        assert_true(fake_device_is_clean(&device));
        fake_device_end(&device);
    }
}

static void a_rate_that_the_device_does_not_tell_is_guessed(void **state)
{
    fake_device device;
    lens *source = NULL;
    svms_error err = SVMS_ERROR_INIT;
    (void)state;
    fake_device_begin(&device);
    device.rate_num = 0;
    assert_int_equal(open_fake(&source, &device, &err), SVMS_OK);
    assert_int_equal(lens_describe(source)->rate_num, 30);
    assert_int_equal(lens_describe(source)->rate_den, 1);
    finish(&source, &device);
}

static void what_is_no_camera_is_refused_by_the_system_too(void **state)
{
    static const char *const paths[] = { "/dev/null", "/nonexistent" };
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        lens *source = NULL;
        svms_error err = SVMS_ERROR_INIT;
        lens_v4l2_options options;
        memset(&options, 0, sizeof options);
        options.path = paths[i];
        assert_int_equal(lens_open_v4l2(&source, &options, &err), SVMS_E_IO);
        assert_non_null(strstr(err.message, paths[i]));
    }
}

static void a_real_camera_delivers_pictures(void **state)
{
    const char *path = getenv("SVMS_TEST_CAMERA");
    lens *source = NULL;
    lens_shot shot;
    svms_error err = SVMS_ERROR_INIT;
    lens_v4l2_options options;
    (void)state;
    memset(&options, 0, sizeof options);
    options.path = path ? path : "/dev/video0";
    if (access(options.path, R_OK | W_OK) != 0) {
        fprintf(stderr, "SKIPPED: there is no camera at %s (SVMS_TEST_CAMERA names another)\n",
                options.path);
        skip();
    }
    assert_int_equal(lens_open_v4l2(&source, &options, &err), SVMS_OK);
    for (int got = 0, asked = 0; got < 5; asked++) {
        svms_status status = lens_next(source, &shot, &err);
        assert_true(asked < 1000);
        if (status == SVMS_AGAIN) {
            lens_wait(source, lens_due(source) + LENS_SECOND / 10);
            continue;
        }
        assert_int_equal(status, SVMS_OK);
        got++;
    }
    lens_close(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_of_each_format_arrive_whole),
        cmocka_unit_test(the_drivers_time_becomes_utc),
        cmocka_unit_test(damaged_and_missing_pictures_are_counted_as_lost),
        cmocka_unit_test(an_unplugged_camera_says_so_and_stays_gone),
        cmocka_unit_test(what_passes_is_waited_for),
        cmocka_unit_test(a_camera_of_damaged_pictures_alone_fails_in_the_end),
        cmocka_unit_test(a_buffer_that_was_never_given_is_refused),
        cmocka_unit_test(devices_that_cannot_be_used_are_refused_and_released),
        cmocka_unit_test(a_request_that_fails_is_named_and_everything_released),
        cmocka_unit_test(mapping_that_fails_half_way_is_undone),
        cmocka_unit_test(a_rate_that_the_device_does_not_tell_is_guessed),
        cmocka_unit_test(what_is_no_camera_is_refused_by_the_system_too),
        cmocka_unit_test(a_real_camera_delivers_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
