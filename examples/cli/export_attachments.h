/* SPDX-License-Identifier: Apache-2.0 */
/* Files that an export carries beside the recordings. Every function complains itself. */
#ifndef SVMS_CLI_EXPORT_ATTACHMENTS_H
#define SVMS_CLI_EXPORT_ATTACHMENTS_H

#include <stdbool.h>

#include <svms/svms.h>

#include "exit_status.h"
#include "options.h"

/* As they were typed; what describes a file stands behind it. */
typedef struct attachment_options {
    text_list attached;
    text_list derived;
    text_list descriptions;
    text_list methods;
    text_list tools;
    text_list origins; /* SOURCE or SOURCE:TRACK */
} attachment_options;

typedef struct attachment_list attachment_list;

/* Sorts out what belongs to which file, and looks whether the files are there. */
exit_status attachment_list_make(attachment_list **out, const attachment_options *options,
                                 const char *command);
size_t attachment_list_count(const attachment_list *list);
/* Behind the last source, of which there are so many. */
exit_status attachment_list_add(const attachment_list *list, svms_export *package, svms_ctx *ctx,
                                uint32_t sources);
void attachment_list_free(attachment_list **list);

#endif
