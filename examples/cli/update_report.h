/* SPDX-License-Identifier: Apache-2.0 */
/* Reading an update from a file, and telling what it says. Every function complains itself. */
#ifndef SVMS_CLI_UPDATE_REPORT_H
#define SVMS_CLI_UPDATE_REPORT_H

#include <stdbool.h>

#include <jansson.h>
#include <svms/svms.h>

#include "exit_status.h"

typedef struct update_reading {
    const char *path;
    svms_update_reader *reader; /* NULL: it could not even be made */
    svms_status status;         /* of the whole */
    svms_error err;             /* why it failed */
    svms_update_info info;
    bool is_known; /* info is filled */
} update_reading;

/* Reads all of it. A failure of the update is in status and err, and EXIT_GOOD is returned; what
 * could not be read, or lacks memory, is complained about. */
exit_status update_read(update_reading *out, svms_ctx *ctx, const char *path,
                        const svms_update_reader_options *options);
void update_reading_free(update_reading *reading);

void update_print(const update_reading *reading);
/* Its members in an object of their own. */
json_t *update_to_json(const update_reading *reading);

#endif
