/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a picture between the lens and the network: masks, window, encoder, signature. A
 * picture whose masks cannot be put there comes no further. Belongs to one thread. */
#ifndef CAMERA_PIPELINE_H
#define CAMERA_PIPELINE_H

#include "camera_events.h"
#include "camera_identity.h"
#include "camera_ptz.h"
#include "camera_state.h"
#include "lens.h"

typedef struct camera_pipeline camera_pipeline;

typedef struct camera_pipeline_options {
    svms_ctx *ctx; /* borrowed, as all of these */
    camera_events *events;
    camera_identity *identity;
    camera_ptz *ptz;
    const char *preset; /* of x264, or NULL */
} camera_pipeline_options;

svms_status camera_pipeline_new(camera_pipeline **out, const camera_pipeline_options *options,
                                svms_error *err);
/* What holds from the next picture on. *is_other_track: the encoder is another one, and begins with
 * an IDR picture. A failure leaves the pipeline without masks that can be relied on: it gives no
 * pictures until this succeeds. */
svms_status camera_pipeline_set(camera_pipeline *self, const camera_settings *settings,
                                const lens_format *format, bool *is_other_track, svms_error *err);
/* Of video; it lasts until camera_pipeline_set(). */
const svms_track *camera_pipeline_track(const camera_pipeline *self);
/* SVMS_AGAIN: this one is left out, as the rate is less than the lens's. The sample lasts until the
 * next call; it has UTC, and times since `begin`. The picture is drawn into. */
svms_status camera_pipeline_picture(camera_pipeline *self, const lens_shot *shot, uint64_t begin,
                                    bool is_idr_wanted, svms_sample *out, svms_error *err);
/* The picture that was encoded last, as it was seen by the encoder; false: none yet. It lasts until
 * the lens is asked for another one. */
bool camera_pipeline_seen(const camera_pipeline *self, svms_picture *out);
bool camera_pipeline_is_signed(const camera_pipeline *self);
/* Somebody new watches: certificates where they come but once. */
void camera_pipeline_announce(camera_pipeline *self);
/* NULL and pointer to NULL are accepted. */
void camera_pipeline_free(camera_pipeline **self);

#endif
