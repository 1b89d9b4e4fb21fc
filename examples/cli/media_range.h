/* SPDX-License-Identifier: Apache-2.0 */
/* Where what is read of a recording ends. */
#ifndef SVMS_CLI_MEDIA_RANGE_H
#define SVMS_CLI_MEDIA_RANGE_H

#include <stdbool.h>

#include <svms/svms.h>

typedef struct media_range {
    int64_t to_utc_ns; /* SVMS_NO_TIME: it does not end */
    bool is_over;      /* no more will come that belongs to it */
    bool ended[SVMS_MAX_TRACKS];
} media_range;

void media_range_begin(media_range *range, int64_t to_utc_ns);
/* Whether a sample is behind the end. A track ends where its time of decoding reaches it, so that
 * what is kept decodes completely. */
bool media_range_is_behind(media_range *range, const svms_track *tracks, uint32_t count,
                           const svms_sample *sample);

#endif
