/* SPDX-License-Identifier: Apache-2.0 */
/* Notices from raw pictures and sound that somebody, or something, has made the camera useless. How
 * it decides, and what it cannot tell apart: docs/camera.md. A detector belongs to one thread at a
 * time. */
#ifndef SVMS_CAMERA_TAMPER_H
#define SVMS_CAMERA_TAMPER_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/privacy.h>

typedef enum tamper_kind {
    TAMPER_COVERED,   /* most of what was to be seen is hidden, or nothing can be seen at all */
    TAMPER_MOVED,     /* it shows something else */
    TAMPER_DEFOCUSED, /* it shows the same, without its detail */
    TAMPER_FROZEN,    /* the same picture comes again and again */
    TAMPER_SILENT     /* no sound comes, or such as only a dead microphone makes */
} tamper_kind;

#define TAMPER_KINDS 5u

typedef struct tamper_event {
    tamper_kind kind;
    bool begins;      /* else it ends */
    bool is_accepted; /* ends because what it shows now is taken for its place from now on */
    int64_t utc_ns;   /* since when it has been so, which is a while before it is told */
    uint64_t monotonic_ns;
} tamper_event;

/* Times in milliseconds. Zeros are the defaults. */
typedef struct tamper_options {
    uint32_t interval;      /* from one picture that is looked at to the next; 0: 200 */
    uint32_t begins_after;  /* it must have been so for that long; 0: 3,000 */
    uint32_t ends_after;    /* and not been so for that long; 0: 2,000 */
    uint32_t silent_after;  /* 0: 5,000 */
    uint32_t accepts_after; /* a new view becomes the camera's place; 0: 60,000 */
    bool has_sound;         /* sound should come: else silence is no event */
    void *user;
    void (*event)(void *user, const tamper_event *event); /* called from the functions below */
} tamper_options;

typedef struct tamper tamper;

svms_status tamper_open(tamper **out, const tamper_options *options, svms_error *err);
/* Before masks are put into it: at least 128 x 72 pixels. Only luma is looked at. Another size than
 * before is another view: everything about pictures ends, and is learnt anew. */
svms_status tamper_see(tamper *detector, const svms_picture *picture, int64_t utc_ns,
                       uint64_t monotonic_ns, svms_error *err);
/* One piece of sound after the other. */
void tamper_hear(tamper *detector, const int16_t *sound, size_t count, int64_t utc_ns,
                 uint64_t monotonic_ns);
/* The camera was turned on purpose: the place is learnt anew, and what concerned the old one ends.
 */
void tamper_relearn(tamper *detector);
bool tamper_is(const tamper *detector, tamper_kind kind);
const char *tamper_name(tamper_kind kind);
/* NULL and pointer to NULL are accepted. */
void tamper_close(tamper **detector);

#endif
