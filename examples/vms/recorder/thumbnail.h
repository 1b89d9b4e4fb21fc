/* SPDX-License-Identifier: Apache-2.0 */
/* One small picture of what was recorded: the last at or before a moment that stands alone, as
 * JPEG. Any thread; reads from disk and waits for it. */
#ifndef THUMBNAIL_H
#define THUMBNAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "playback.h"

#define THUMBNAIL_WIDTH_LEAST 16u
#define THUMBNAIL_WIDTH_MAX 1920u

typedef struct thumbnail {
    uint8_t *jpeg;
    size_t size;
    uint32_t width;
    uint32_t height;
    int64_t utc_ns; /* of the picture */
} thumbnail;

typedef struct thumbnail_wish {
    const recorder_parts *parts;
    const playback_keys *keys;
    const char *camera;
    const svms_time_range *ranges; /* nothing outside is looked at */
    size_t range_count;
    int64_t at_utc_ns;
    uint32_t width; /* at most; pictures are never enlarged */
} thumbnail_wish;

/* false: this program was built without FFmpeg, and makes none. */
bool thumbnail_is_possible(void);
/* SVMS_END: there is no picture. SVMS_E_UNSUPPORTED: nothing here decodes it. */
svms_status thumbnail_find(thumbnail *out, const thumbnail_wish *wish, svms_error *err);
/* Of one sample that stands alone. */
svms_status thumbnail_make(thumbnail *out, const svms_track *track, const svms_sample *sample,
                           uint32_t width, svms_error *err);
void thumbnail_clear(thumbnail *self);

#endif
