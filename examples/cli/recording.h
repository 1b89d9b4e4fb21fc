/* SPDX-License-Identifier: Apache-2.0 */
/* A recording that is to be read: FILE, or FILE.part while it is still being written. */
#ifndef SVMS_CLI_RECORDING_H
#define SVMS_CLI_RECORDING_H

#include <svms/svms.h>

#include "exit_status.h"
#include "keys.h"

/* What a recording is called until it is complete. */
#define PART_SUFFIX ".part"

typedef struct recording {
    char *path; /* of the two, the one that was opened */
    svms_source source;
} recording;

/* Whether what is there, or is being written there, begins like a container (C-HDR-1). */
exit_status recording_is_at(bool *out, svms_ctx *ctx, const char *path);
exit_status recording_open(recording *out, svms_ctx *ctx, const char *path);
void recording_close(recording *file);

/* Opens a reader; when the media are encrypted and no key was given, a password is asked for on
 * the terminal, if there is one and may_ask. */
exit_status recording_read(svms_reader **out, recording *file, svms_ctx *ctx,
                           svms_reader_options *options, key_set *keys, bool may_ask);

#endif
