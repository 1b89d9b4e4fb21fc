/* SPDX-License-Identifier: Apache-2.0 */
#include "tamper_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "picture_edit.h"

#define SECOND UINT64_C(1000000000)
#define NIGHT_LIGHT 12u
#define NIGHT_NOISE 4u

static void keep_event(void *user, const tamper_event *event)
{
    watch *self = user;
    if (self->count < WATCH_EVENTS) {
        self->events[self->count] = *event;
    }
    self->count++;
}

void watch_begin(watch *self, watch_deed deed, uint64_t from, uint64_t to, uint32_t radius)
{
    tamper_options options;
    memset(self, 0, sizeof *self);
    memset(&options, 0, sizeof options);
    self->deed = deed;
    self->from = from;
    self->to = to;
    self->radius = radius;
    options.user = self;
    options.event = keep_event;
    assert_int_equal(tamper_open(&self->detector, &options, NULL), SVMS_OK);
}

void watch_end(watch *self)
{
    tamper_close(&self->detector);
    assert_null(self->detector);
}

static void do_by_day(const watch *self, const svms_picture *picture, uint64_t now, uint32_t number)
{
    switch (self->deed) {
    case DEED_COVER:
        edit_cover(picture, 100, number);
        break;
    case DEED_COVER_MOST:
        edit_cover(picture, 75, number);
        break;
    case DEED_TURN_LITTLE:
        edit_turn(picture, 5);
        break;
    case DEED_TURN:
        edit_turn(picture, 33);
        break;
    case DEED_BLUR:
        edit_blur(picture, self->radius);
        break;
    case DEED_LAMP:
        edit_lamp(picture, 100);
        break;
    case DEED_DIM:
        edit_light(picture, 50, 0, number);
        break;
    case DEED_DUSK:
        edit_light(picture, (uint32_t)(100 - 88 * (now - self->from) / (self->to - self->from)), 0,
                   number);
        break;
    case DEED_VEHICLE:
        edit_vehicle(picture, 40, number);
        break;
    default:
        break;
    }
}

/* What covers the lens is as dark as the night is; noise is of the sensor, so it comes last. */
static void do_by_night(const watch *self, const svms_picture *picture, uint64_t now,
                        uint32_t number)
{
    bool is_now = now >= self->from && now < self->to;
    if (is_now && self->deed == DEED_NIGHT_COVER) {
        edit_cover(picture, 100, number);
    } else if (is_now && self->deed == DEED_NIGHT_TURN) {
        edit_turn(picture, 33);
    } else if (is_now && self->deed == DEED_NIGHT_BLUR) {
        edit_blur(picture, 2 * self->radius);
    }
    edit_light(picture, NIGHT_LIGHT, 0, number);
    if (is_now && self->deed == DEED_NIGHT_LAMP && (now - self->from) / (3 * SECOND) % 2 == 0) {
        edit_lamp(picture, 400);
    }
    edit_light(picture, 100, NIGHT_NOISE, number);
}

void watch_see(watch *self, const svms_picture *picture, uint64_t monotonic_ns)
{
    uint32_t number = (uint32_t)(monotonic_ns / (SECOND / 1000));
    bool is_now = monotonic_ns >= self->from && monotonic_ns < self->to;
    svms_picture copy = *picture;
    copy.strides[0] = picture->width;
    copy.planes[0] = malloc((size_t)picture->width * picture->height);
    assert_non_null(copy.planes[0]);
    for (uint32_t y = 0; y < picture->height; y++) {
        memcpy(copy.planes[0] + (size_t)y * copy.strides[0],
               picture->planes[0] + (size_t)y * picture->strides[0], picture->width);
    }
    if (self->deed >= DEED_NIGHT && self->deed <= DEED_NIGHT_BLUR) {
        do_by_night(self, &copy, monotonic_ns, number);
    } else if (is_now) {
        do_by_day(self, &copy, monotonic_ns, number);
    }
    assert_int_equal(tamper_see(self->detector, &copy, (int64_t)monotonic_ns, monotonic_ns, NULL),
                     SVMS_OK);
    free(copy.planes[0]);
}

void watch_judge(const watch *self, int kind)
{
    if (self->count > 0 && kind < 0) {
        fail_msg("deed %d: %s at %.1f s", (int)self->deed, tamper_name(self->events[0].kind),
                 (double)self->events[0].monotonic_ns / 1e9);
    }
    if (kind < 0) {
        return;
    }
    if (self->count != 2 || (int)self->events[0].kind != kind ||
        (int)self->events[1].kind != kind) {
        fail_msg("deed %d: %u events, the first %s at %.1f s", (int)self->deed, self->count,
                 self->count ? tamper_name(self->events[0].kind) : "none",
                 (double)self->events[0].monotonic_ns / 1e9);
    }
    assert_true(self->events[0].begins);
    assert_false(self->events[1].begins);
    assert_false(self->events[1].is_accepted);
    assert_in_range(self->events[0].monotonic_ns, self->from, self->from + 2 * SECOND);
    assert_in_range(self->events[1].monotonic_ns, self->to, self->to + 2 * SECOND);
    assert_int_equal(self->events[0].utc_ns, (int64_t)self->events[0].monotonic_ns);
}
