/* SPDX-License-Identifier: Apache-2.0 */
/* The video of a recording, verified on the way, into a file. */
#ifndef SVMS_CLI_EXTRACT_H
#define SVMS_CLI_EXTRACT_H

#include <stdbool.h>

#include <svms/svms.h>

#include "exit_status.h"
#include "keys.h"
#include "media_output.h"
#include "options.h"

typedef struct extract_request {
    const char *path;
    const char *output;
    typed_inputs typed;
    const char *shown; /* what the output is called in messages; NULL: as it is */
    const char *trust_path;
    key_options keys;
    int64_t from_utc_ns;
    int64_t to_utc_ns;
    uint32_t removed_tracks; /* bit n: nothing of track n is written */
    bool claimed_time;
    bool allow_unverified;
    bool force;
} extract_request;

/* What was written. */
typedef struct extract_result {
    uint32_t track_count;
    media_output_track tracks[SVMS_MAX_TRACKS];
    char device_name[256]; /* empty when it is not known */
    int64_t first_utc_ns;  /* of the first sample */
    int64_t last_utc_ns;   /* at which the last one ends */
} extract_result;

/* Complains. Anything but EXIT_GOOD: not all that was asked for was extracted, or not all of it
 * verified; the output may be there all the same. result may be NULL. */
exit_status extract_recording(const extract_request *request, extract_result *result);

#endif
