/* SPDX-License-Identifier: Apache-2.0 */
/* Masks from a file (docs/spec/privacy.md, section 4). Complains itself. */
#ifndef SVMS_CLI_MASK_FILE_H
#define SVMS_CLI_MASK_FILE_H

#include <svms/svms.h>

#include "exit_status.h"

exit_status mask_file_load(svms_privacy **out, svms_ctx *ctx, const char *path);

#endif
