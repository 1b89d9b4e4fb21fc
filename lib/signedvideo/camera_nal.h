/* SPDX-License-Identifier: Apache-2.0 */
/* What a NAL unit is to camera-signed video (CS-NAL-1 to CS-NAL-3). */
#ifndef SVMS_CAMERA_NAL_H
#define SVMS_CAMERA_NAL_H

#include <stdbool.h>

#include <svms/media.h>

#define SVMS_CAMERA_UUID_SIZE 16

typedef enum svms_camera_nal_kind {
    SVMS_CAMERA_NAL_IGNORED, /* comes and goes: parameter sets, delimiters, other SEIs ... */
    SVMS_CAMERA_NAL_SLICE,   /* VCL, covered */
    SVMS_CAMERA_NAL_ANCHOR,  /* VCL, first slice of an IDR picture: a GOP begins */
    SVMS_CAMERA_NAL_SEI      /* a SEI of media signing, with or without signature, or of Axis */
} svms_camera_nal_kind;

typedef struct svms_camera_nal {
    svms_camera_nal_kind kind;
    bool is_first_slice; /* VCL: a picture begins */
    bool is_axis;        /* a SEI of Axis Signed Video (section 6) */
    const uint8_t *data; /* header to the last byte that is not zero */
    size_t size;         /* 0 when nothing is left */
} svms_camera_nal;

/* Never fails: what cannot be told is IGNORED, or SLICE where its type says VCL. */
svms_camera_nal svms_camera_nal_of(uint32_t codec, const svms_nal *nal);
/* What a SEI of media signing begins with, SVMS_CAMERA_UUID_SIZE bytes; borrowed. */
const uint8_t *svms_camera_uuid(void);

#endif
