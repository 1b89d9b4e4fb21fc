/* SPDX-License-Identifier: Apache-2.0 */
/* What one camera sends, over as many connections as it takes, into one recording. */
#ifndef SVMS_CLI_RTSP_RECORDER_H
#define SVMS_CLI_RTSP_RECORDER_H

#include <stdbool.h>

#include <intake.h>

#include "record_target.h"
#include "rtsp_gaps.h"

typedef struct rtsp_recorder {
    record_target *target;
    intake *intake;
    rtsp_gaps gaps;
    exit_status status; /* of the target, where that failed */
} rtsp_recorder;

exit_status rtsp_recorder_begin(rtsp_recorder *recorder, record_target *target);
/* It is over: what is held is recorded; lost: not because somebody wanted it. */
void rtsp_recorder_disconnect(rtsp_recorder *recorder, bool lost);
/* Whether there is a recording to go on with. */
bool rtsp_recorder_has_begun(const rtsp_recorder *recorder);
void rtsp_recorder_tell_losses(const rtsp_recorder *recorder);
void rtsp_recorder_free(rtsp_recorder *recorder);

#endif
