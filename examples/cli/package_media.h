/* SPDX-License-Identifier: Apache-2.0 */
/* The video of a package, verified on the way, into a file. Complains itself. */
#ifndef SVMS_CLI_PACKAGE_MEDIA_H
#define SVMS_CLI_PACKAGE_MEDIA_H

#include <stdbool.h>

#include <svms/svms.h>

#include "exit_status.h"
#include "package_file.h"

typedef struct package_media_request {
    const char *output;      /* ends with .mp4 or .mkv */
    const uint32_t *sources; /* of one recording, in the order of time */
    size_t source_count;
    const svms_trust *trust; /* anchors that the recorders must lead to, or NULL */
    int64_t from_utc_ns;
    int64_t to_utc_ns;
    bool claimed_time;
    bool force;
} package_media_request;

/* EXIT_EVIDENCE: something was left out, which was said; the file may be there all the same. */
exit_status package_media_write(const package_file *file, const package_media_request *request);

/* Whether MP4 carries all tracks of a source; otherwise Matroska is worth a try. */
exit_status package_media_fits_mp4(bool *fits, const package_file *file, uint32_t source);

#endif
