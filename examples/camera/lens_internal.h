/* SPDX-License-Identifier: Apache-2.0 */
/* What every kind of lens begins with. */
#ifndef SVMS_CAMERA_LENS_INTERNAL_H
#define SVMS_CAMERA_LENS_INTERNAL_H

#include "lens.h"

typedef struct lens_way {
    svms_status (*next)(lens *source, lens_shot *out, svms_error *err);
    uint64_t (*due)(const lens *source);
    int (*handle)(const lens *source);
    void (*close)(lens *source);
} lens_way;

struct lens {
    const lens_way *way;
    lens_clock clock;
    lens_format format;
};

/* Puts the system's clock where there is none. */
void lens_begin(lens *source, const lens_way *way, const lens_clock *clock);
uint64_t lens_now(const lens *source);
/* UTC of a moment of the monotonic clock, by how the two stand now. */
int64_t lens_utc_of(const lens *source, uint64_t monotonic_ns);
/* Whether pictures can come at such a rate: bounded, so that lens_span() cannot overflow. */
bool lens_rate_fits(uint32_t rate_num, uint32_t rate_den);
/* How long so many pictures, or samples, take: nanoseconds, rounded down. */
uint64_t lens_span(uint64_t count, uint32_t rate_num, uint32_t rate_den);
/* Memory for an I420 picture of even width and height, black; false: none. Free plane 0. */
bool lens_picture_new(svms_picture *out, uint32_t width, uint32_t height);

#endif
