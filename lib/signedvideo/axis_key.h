/* SPDX-License-Identifier: Apache-2.0 */
/* The key that a SEI of Axis brings: with certificates, or known by itself alone (CS-AX-9). */
#ifndef SVMS_AXIS_KEY_H
#define SVMS_AXIS_KEY_H

#include "builder.h"
#include "camera_key.h"

/* What the SEI says of it, as one text: equal texts are one key. Release the builder. */
SVMS_MUST_CHECK svms_status svms_axis_key_text(svms_builder *out, svms_ctx *ctx,
                                               const svms_camera_document *document,
                                               svms_error *err);
/* As svms_camera_key_new(). text is that of the document. */
SVMS_MUST_CHECK svms_status svms_axis_key_new(svms_camera_key **out, svms_ctx *ctx,
                                              svms_camera_hasher *hasher,
                                              const svms_camera_document *document,
                                              const svms_camera_text *text, svms_error *err);

#endif
