/* SPDX-License-Identifier: Apache-2.0 */
/* Where raw pictures and sound come from: a scene that is made up, a file played as if it were
 * live, or a device. Nothing waits unless it is asked to, so that one thread can serve clients,
 * too. A lens belongs to one thread at a time. */
#ifndef SVMS_CAMERA_LENS_H
#define SVMS_CAMERA_LENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <svms/privacy.h>

#define LENS_SECOND UINT64_C(1000000000)
#define LENS_NEVER UINT64_MAX

typedef struct lens lens;

/* Nanoseconds. A NULL function: the system's clock. */
typedef struct lens_clock {
    void *user;
    int64_t (*utc)(void *user);
    uint64_t (*monotonic)(void *user);
} lens_clock;

/* What a lens delivers. Width and height are even. */
typedef struct lens_format {
    svms_picture_layout layout;
    uint32_t width;
    uint32_t height;
    uint32_t rate_num; /* pictures in rate_den seconds; what was promised, not what came */
    uint32_t rate_den;
    uint32_t sample_rate; /* of sound, Hz; 0: there is none */
} lens_format;

typedef enum lens_kind { LENS_PICTURE = 1, LENS_SOUND = 2 } lens_kind;

/* A picture, or a piece of sound. Each kind comes in the order of its times; between the two, a
 * piece may be late. */
typedef struct lens_shot {
    lens_kind kind;
    bool is_cut;           /* does not continue what came before: a file began anew */
    uint64_t lost;         /* pictures that are missing before this one */
    int64_t utc_ns;        /* of the capture; sound: of the first sample */
    uint64_t monotonic_ns; /* the same moment on the clock that never goes back */
    svms_picture picture;  /* may be drawn into; belongs to the lens, until the next call */
    const int16_t *sound;  /* belongs to the lens, until the next call */
    size_t sound_count;
} lens_shot;

/* SVMS_OK: a shot. SVMS_AGAIN: not before lens_due(). SVMS_END: nothing will come any more.
 * SVMS_E_IO: the device failed or is gone; SVMS_E_MALFORMED: a file holds nothing to show. After a
 * failure, close it. */
svms_status lens_next(lens *source, lens_shot *out, svms_error *err);
/* When to ask again, on the monotonic clock: 0 where there is no need to wait. */
uint64_t lens_due(const lens *source);
/* Readable when the device has a picture, for poll(); -1 where only the clock tells. */
int lens_handle(const lens *source);
/* Sleeps until it is worth asking, a signal came, or the (system's) monotonic clock reads that. */
void lens_wait(const lens *source, uint64_t until);
const lens_format *lens_describe(const lens *source);
/* NULL and pointer to NULL are accepted. */
void lens_close(lens **source);

#endif
