/* SPDX-License-Identifier: Apache-2.0 */
/* What was recorded of one camera, sample by sample, forwards or by groups of pictures backwards;
 * what is being written included. Each sample is verified before it is given. For RTSP and HTTPS
 * alike. A playback belongs to one thread at a time; it reads from disk and waits for it. */
#ifndef PLAYBACK_H
#define PLAYBACK_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/svms.h>

#include "recorder_parts.h"

/* Opens what recipients may open, with the recorder's own key; one for all playbacks. */
typedef struct playback_keys playback_keys;
/* SVMS_E_STATE: the settings name no key, this recorder records only. */
svms_status playback_keys_load(playback_keys **out, const recorder_parts *parts, svms_error *err);
void playback_keys_free(playback_keys **keys);
svms_keyring *playback_keys_ring(const playback_keys *keys);

typedef struct playback playback;

typedef struct playback_options {
    const recorder_parts *parts; /* no gate is asked */
    const playback_keys *keys;   /* NULL: only what is not encrypted opens */
    const char *camera;
    const svms_time_range *ranges; /* copied; nothing outside is ever given; 0: everything */
    size_t range_count;
} playback_options;

/* SVMS_END: nothing was recorded in the ranges. */
svms_status playback_open(playback **out, const playback_options *options, svms_error *err);

/* Other ranges than at first, from the next sample on: permission has changed. */
svms_status playback_allow(playback *self, const svms_time_range *ranges, size_t count,
                           svms_error *err);

typedef struct playback_media {
    /* Those of the present place, before the first seek of the newest; belong to the playback until
     * it moves. */
    const svms_track *tracks;
    uint32_t track_count;
    int64_t first_utc_ns; /* of what there is now, inside the ranges */
    int64_t last_utc_ns;
} playback_media;

void playback_look(const playback *self, playback_media *out);

/* Begins with the last sync sample at or before the moment, or the first behind it where that one
 * lies outside the ranges; in a gap with the first behind it (backwards: the last before).
 * SVMS_NO_TIME: the beginning (backwards: the end). sync_only: pictures that stand alone, and
 * nothing else. SVMS_END: there is nothing. */
svms_status playback_seek(playback *self, int64_t utc_ns, bool is_backwards, bool sync_only,
                          svms_error *err);

typedef struct playback_sample {
    svms_sample sample;    /* of a track of playback_look(); utc_ns is always set; data are borrowed
                              until the next call */
    const uint8_t *config; /* of its track, where it is another than before; or NULL */
    size_t config_size;
    bool is_after_gap;   /* something is missing between this and the one before */
    bool tracks_changed; /* playback_look() says others than before this sample */
} playback_sample;

/* SVMS_AGAIN: no more yet, it is being recorded. SVMS_END: no more; the next call looks again.
 * SVMS_E_NOT_AUTHENTIC and others: this part cannot be given; the next call goes on behind it. */
svms_status playback_next(playback *self, playback_sample *out, svms_error *err);
/* NULL and pointer to NULL are accepted. */
void playback_close(playback **self);

#endif
