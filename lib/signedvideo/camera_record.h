/* SPDX-License-Identifier: Apache-2.0 */
/* A recorder's record of one report (CS-REC-1): what its writer and its reader share. */
#ifndef SVMS_CAMERA_RECORD_H
#define SVMS_CAMERA_RECORD_H

#include <svms/signedvideo.h>

#include "builder.h"

#define SVMS_CAMERA_RECORD_MAX 65536u
/* Remarks that are written one by one; the others are counted. */
#define SVMS_CAMERA_RECORD_REMARKS 256u
/* Most of any number, so that every reader of JSON has it as it is. */
#define SVMS_CAMERA_RECORD_NUMBER ((UINT64_C(1) << 53) - 1)

/* gop->remark_count remarks. */
void svms_camera_record_put(svms_builder *out, const svms_camera_gop *gop,
                            const svms_camera_remark *remarks, uint32_t track);

#endif
