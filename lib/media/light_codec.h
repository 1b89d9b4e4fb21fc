/* SPDX-License-Identifier: Apache-2.0 */
/* What the light planner asks of a codec: a look at one NAL unit after the other. */
#ifndef SVMS_LIGHT_CODEC_H
#define SVMS_LIGHT_CODEC_H

#include "h264_syntax.h"
#include "h265_syntax.h"

/* Collected over the NAL units of one sample; starts all false but search. */
typedef struct svms_light_findings {
    bool vcl;         /* the last NAL unit looked at was coded picture data */
    bool intra;       /* some slice is intra coded */
    bool refresh;     /* some message says that decoding may begin here */
    bool exposed;     /* something in it could be decoded from a clear tail */
    bool search;      /* set by the planner: look for start codes within coded picture data */
    bool unescaped;   /* there was one: units are not framed as they should be */
    bool independent; /* H.265: an independent slice segment came before */
} svms_light_findings;

void svms_light_look_h264(svms_h264_sets *sets, const svms_nal *nal, svms_light_findings *found);
void svms_light_look_h265(svms_h265_sets *sets, const svms_nal *nal, svms_light_findings *found);

#endif
