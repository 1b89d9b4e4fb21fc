/* SPDX-License-Identifier: Apache-2.0 */
/* What svms rtsp serve plays: a video file, or a recording of ours in one container or a folder of
 * them, opened and verified on the way. */
#ifndef SVMS_CLI_RTSP_SOURCE_H
#define SVMS_CLI_RTSP_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/svms.h>

#include "exit_status.h"
#include "keys.h"
#include "media_input.h"

typedef struct rtsp_source rtsp_source;

typedef struct rtsp_source_options {
    const char *path;
    /* Of a recording alone. */
    const char *trust_path;
    key_options keys;
    int64_t from_utc_ns; /* or SVMS_NO_TIME */
    int64_t to_utc_ns;
} rtsp_source_options;

/* Complains. The options are borrowed. */
exit_status rtsp_source_open(rtsp_source **out, svms_ctx *ctx, const rtsp_source_options *options);
/* Their configurations belong to the source, until it begins again. */
const svms_track *rtsp_source_tracks(const rtsp_source *source, uint32_t *count);
/* As media_input_next(). Of a recording, what does not verify is left out, which is said. */
media_result rtsp_source_next(rtsp_source *source, svms_sample *sample, exit_status *status);
/* When the sample that was just given is due, from the beginning on, in nanoseconds. */
int64_t rtsp_source_time(const rtsp_source *source, const svms_sample *sample);
/* From the beginning again. Complains. */
exit_status rtsp_source_rewind(rtsp_source *source);
/* Whether something was left out. */
bool rtsp_source_lacks(const rtsp_source *source);
/* NULL and pointer to NULL are accepted. */
void rtsp_source_close(rtsp_source **source);

#endif
