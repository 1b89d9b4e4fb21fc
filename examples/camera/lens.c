/* SPDX-License-Identifier: Apache-2.0 */
#include "lens_internal.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BLACK_LUMA 16
#define GREY 128
#define RATE_NUM_MAX 240000u
#define RATE_DEN_MAX 60000u
#define RATE_MAX 1000u
#define MILLISECOND UINT64_C(1000000)

static uint64_t read_clock(clockid_t which)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(which, &now);
    return (uint64_t)now.tv_sec * LENS_SECOND + (uint64_t)now.tv_nsec;
}

static int64_t system_utc(void *user)
{
    (void)user;
    return (int64_t)read_clock(CLOCK_REALTIME);
}

static uint64_t system_monotonic(void *user)
{
    (void)user;
    return read_clock(CLOCK_MONOTONIC);
}

void lens_begin(lens *source, const lens_way *way, const lens_clock *clock)
{
    source->way = way;
    source->clock = *clock;
    if (!source->clock.utc) {
        source->clock.utc = system_utc;
    }
    if (!source->clock.monotonic) {
        source->clock.monotonic = system_monotonic;
    }
}

uint64_t lens_now(const lens *source)
{
    return source->clock.monotonic(source->clock.user);
}

int64_t lens_utc_of(const lens *source, uint64_t monotonic_ns)
{
    return source->clock.utc(source->clock.user) - (int64_t)(lens_now(source) - monotonic_ns);
}

bool lens_rate_fits(uint32_t rate_num, uint32_t rate_den)
{
    return rate_num > 0 && rate_num <= RATE_NUM_MAX && rate_den > 0 && rate_den <= RATE_DEN_MAX &&
           rate_num / rate_den <= RATE_MAX;
}

/* Whole seconds apart, so that no product overflows within the life of a camera. */
uint64_t lens_span(uint64_t count, uint32_t rate_num, uint32_t rate_den)
{
    uint64_t second = LENS_SECOND * rate_den;
    return count / rate_num * second + count % rate_num * second / rate_num;
}

bool lens_picture_new(svms_picture *out, uint32_t width, uint32_t height)
{
    size_t luma = (size_t)width * height;
    uint8_t *bytes = malloc(luma * 3 / 2);
    if (!bytes) {
        return false;
    }
    memset(bytes, BLACK_LUMA, luma);
    memset(bytes + luma, GREY, luma / 2);
    *out = (svms_picture)SVMS_PICTURE_INIT;
    out->width = width;
    out->height = height;
    out->planes[0] = bytes;
    out->planes[1] = bytes + luma;
    out->planes[2] = bytes + luma + luma / 4;
    out->strides[0] = width;
    out->strides[1] = width / 2;
    out->strides[2] = width / 2;
    return true;
}

svms_status lens_next(lens *source, lens_shot *out, svms_error *err)
{
    return source->way->next(source, out, err);
}

uint64_t lens_due(const lens *source)
{
    return source->way->due(source);
}

int lens_handle(const lens *source)
{
    return source->way->handle(source);
}

void lens_wait(const lens *source, uint64_t until)
{
    uint64_t due = lens_due(source);
    uint64_t now = read_clock(CLOCK_MONOTONIC);
    uint64_t end = due < until ? due : until;
    struct pollfd watched = { lens_handle(source), POLLIN, 0 };
    if (watched.fd >= 0) {
        end = until;
    }
    if (end > now) {
        uint64_t left = (end - now + MILLISECOND - 1) / MILLISECOND;
        (void)poll(&watched, watched.fd >= 0, left < 60000 ? (int)left : 60000);
    }
}

const lens_format *lens_describe(const lens *source)
{
    return &source->format;
}

void lens_close(lens **source)
{
    if (source && *source) {
        (*source)->way->close(*source);
        *source = NULL;
    }
}
