/* SPDX-License-Identifier: Apache-2.0 */
/* A clear file into another one, packet by packet, with its video signed on the way. Every function
 * complains itself. */
#ifndef SVMS_CLI_CAMSIGN_COPY_H
#define SVMS_CLI_CAMSIGN_COPY_H

#include <stdint.h>

#include <svms/svms.h>

#include "exit_status.h"

typedef struct camsign_copy camsign_copy;

/* Of signer, codec and framing are found out; its chains and keys must outlive the copy.
 * start_utc_ns: when the first picture was captured. */
exit_status camsign_copy_open(camsign_copy **out, svms_ctx *ctx, const char *path,
                              const char *out_path, const svms_camera_signer_options *signer,
                              int64_t start_utc_ns);
/* All of it; the output has its name afterwards. */
exit_status camsign_copy_run(camsign_copy *copy);
uint64_t camsign_copy_frames(const camsign_copy *copy);
void camsign_copy_close(camsign_copy **copy);

#endif
