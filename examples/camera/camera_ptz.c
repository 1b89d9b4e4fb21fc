/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_ptz.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#define SECOND 1e9

struct camera_ptz {
    pthread_mutex_t lock;
    camera_place place; /* at `since` */
    camera_speed speed;
    uint64_t since;
    uint64_t until; /* it moves until then */
};

camera_ptz *camera_ptz_new(void)
{
    camera_ptz *self = calloc(1, sizeof *self);
    if (self) {
        pthread_mutex_init(&self->lock, NULL);
    }
    return self;
}

static double within(double value, double least, double most)
{
    return value < least ? least : value > most ? most : value;
}

static bool are_numbers(double one, double two, double three)
{
    return isfinite(one) && isfinite(two) && isfinite(three);
}

static camera_place settled(double pan, double tilt, double zoom)
{
    camera_place place = { within(pan, -1, 1), within(tilt, -1, 1), within(zoom, 0, 1) };
    return place;
}

/* Goes on to now. */
static void advance(camera_ptz *self, uint64_t now)
{
    uint64_t end = now < self->until ? now : self->until;
    if (end > self->since) {
        double seconds = (double)(end - self->since) / SECOND;
        self->place = settled(self->place.pan + self->speed.pan * 2 * seconds,
                              self->place.tilt + self->speed.tilt * 2 * seconds,
                              self->place.zoom + self->speed.zoom * seconds);
    }
    self->since = now;
    if (now >= self->until) {
        self->speed = (camera_speed){ 0, 0, 0 };
        self->until = 0;
    }
}

static void put(camera_ptz *self, camera_place place, uint64_t now)
{
    self->place = place;
    self->speed = (camera_speed){ 0, 0, 0 };
    self->since = now;
    self->until = 0;
}

bool camera_ptz_absolute(camera_ptz *ptz, const camera_place *to, uint64_t now)
{
    if (!are_numbers(to->pan, to->tilt, to->zoom)) {
        return false;
    }
    pthread_mutex_lock(&ptz->lock);
    put(ptz, settled(to->pan, to->tilt, to->zoom), now);
    pthread_mutex_unlock(&ptz->lock);
    return true;
}

bool camera_ptz_relative(camera_ptz *ptz, const camera_place *by, uint64_t now)
{
    if (!are_numbers(by->pan, by->tilt, by->zoom)) {
        return false;
    }
    pthread_mutex_lock(&ptz->lock);
    advance(ptz, now);
    put(ptz,
        settled(ptz->place.pan + by->pan, ptz->place.tilt + by->tilt, ptz->place.zoom + by->zoom),
        now);
    pthread_mutex_unlock(&ptz->lock);
    return true;
}

bool camera_ptz_continuous(camera_ptz *ptz, const camera_speed *speed, uint64_t lasts, uint64_t now)
{
    if (!are_numbers(speed->pan, speed->tilt, speed->zoom)) {
        return false;
    }
    if (lasts == 0 || lasts > CAMERA_PTZ_LONGEST) {
        lasts = CAMERA_PTZ_LONGEST;
    }
    pthread_mutex_lock(&ptz->lock);
    advance(ptz, now);
    ptz->speed.pan = within(speed->pan, -1, 1);
    ptz->speed.tilt = within(speed->tilt, -1, 1);
    ptz->speed.zoom = within(speed->zoom, -1, 1);
    ptz->until = now + lasts;
    pthread_mutex_unlock(&ptz->lock);
    return true;
}

static bool is_moving(const camera_ptz *self)
{
    return self->speed.pan != 0 || self->speed.tilt != 0 || self->speed.zoom != 0;
}

void camera_ptz_stop(camera_ptz *ptz, bool pan_and_tilt, bool zoom, uint64_t now)
{
    pthread_mutex_lock(&ptz->lock);
    advance(ptz, now);
    if (pan_and_tilt) {
        ptz->speed.pan = 0;
        ptz->speed.tilt = 0;
    }
    if (zoom) {
        ptz->speed.zoom = 0;
    }
    pthread_mutex_unlock(&ptz->lock);
}

void camera_ptz_status_at(camera_ptz *ptz, uint64_t now, camera_ptz_status *out)
{
    pthread_mutex_lock(&ptz->lock);
    advance(ptz, now);
    out->place = ptz->place;
    out->is_moving = is_moving(ptz);
    pthread_mutex_unlock(&ptz->lock);
}

static uint32_t even(double value)
{
    return (uint32_t)lround(value / 2) * 2;
}

/* Where a window begins whose middle is wanted there. */
static uint32_t begin_of(double middle, uint32_t size, uint32_t whole)
{
    double begin = within(middle * whole - size / 2.0, 0, whole - size);
    uint32_t rounded = even(begin);
    return rounded > whole - size ? whole - size : rounded;
}

camera_window camera_ptz_window(camera_ptz *ptz, uint32_t width, uint32_t height, uint64_t now)
{
    camera_ptz_status status;
    camera_ptz_status_at(ptz, now, &status);
    double factor = 1 + status.place.zoom * (CAMERA_ZOOM_MAX - 1);
    camera_window window;
    window.width = even(width / factor);
    window.height = even(height / factor);
    window.x = begin_of((status.place.pan + 1) / 2, window.width, width);
    window.y = begin_of((1 - status.place.tilt) / 2, window.height, height);
    return window;
}

void camera_ptz_free(camera_ptz **ptz)
{
    if (ptz && *ptz) {
        pthread_mutex_destroy(&(*ptz)->lock);
        free(*ptz);
        *ptz = NULL;
    }
}
