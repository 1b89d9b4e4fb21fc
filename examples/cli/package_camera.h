/* SPDX-License-Identifier: Apache-2.0 */
/* What the recordings in a package tell of their cameras. Every function complains itself. */
#ifndef SVMS_CLI_PACKAGE_CAMERA_H
#define SVMS_CLI_PACKAGE_CAMERA_H

#include "package_report.h"

/* Reads every source that was verified. trust may be NULL: then only what recorders say is read. */
exit_status package_camera_read(package_findings *found, svms_ctx *ctx, const camera_trust *trust);
/* EXIT_EVIDENCE where not all is what a trusted camera signed (camera_story.h). */
exit_status package_camera_status(const package_findings *found);

#endif
