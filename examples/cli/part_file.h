/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is written under the name PATH.XXXXXX.part, mode 0600, and gets its own when it is
 * complete. Nobody takes it for a finished one, whatever happens. Every function complains itself.
 */
#ifndef SVMS_CLI_PART_FILE_H
#define SVMS_CLI_PART_FILE_H

#include <stdbool.h>

#include <svms/svms.h>

#include "exit_status.h"

typedef struct part_file {
    const char *path; /* must outlive it */
    char *temporary;  /* NULL: there is none */
    svms_sink sink;
} part_file;

#define PART_FILE_INIT                                                                             \
    {                                                                                              \
        NULL, NULL, SVMS_SINK_INIT                                                                 \
    }

exit_status part_file_create(part_file *out, svms_ctx *ctx, const char *path);
/* It can be read now; it was made durable before. */
void part_file_close(part_file *file);
exit_status part_file_publish(part_file *file, bool replace);
/* Nothing of it stays, unless it was published. */
void part_file_discard(part_file *file);

#endif
