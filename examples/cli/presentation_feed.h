/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a clear file, handed to the comparison with its proof. */
#ifndef SVMS_CLI_PRESENTATION_FEED_H
#define SVMS_CLI_PRESENTATION_FEED_H

#include <stdbool.h>

#include <svms/svms.h>

#include "exit_status.h"

/* All samples of an MP4 file, in decoding order, under the numbers of their tracks. A file that is
 * damaged is fed as far as it can be read; *unreadable says so, after a complaint. */
exit_status presentation_feed_mp4(svms_proof *proof, const char *path, bool *unreadable);
/* A picture that is a sample itself. */
exit_status presentation_feed_whole(svms_proof *proof, svms_ctx *ctx, const char *path);

#endif
