/* SPDX-License-Identifier: Apache-2.0 */
/* Which containers an export takes, found among files and folders. */
#ifndef SVMS_CLI_EXPORT_INPUTS_H
#define SVMS_CLI_EXPORT_INPUTS_H

#include <stdbool.h>

#include <svms/svms.h>

#include "exit_status.h"
#include "options.h"

typedef struct export_input {
    char *path;
    char *device_name; /* NULL: not known */
    bool name_tried;   /* with keys */
    uint8_t device_id[16];
    uint8_t recording_id[16];
    uint8_t container_id[16];
    uint64_t sequence;
    bool edge; /* a camera's own, which joins the recording with a number of its own */
    int64_t first_utc_ns;
    int64_t last_utc_ns; /* as far as it goes now */
    uint32_t track_count;
    svms_track_kind kinds[SVMS_MAX_TRACKS];
    size_t operand; /* what it was found in */
} export_input;

typedef struct export_inputs {
    export_input *items; /* in the order in which they are exported */
    size_t count;
    bool incomplete; /* something is missing or could not be used, which was said */
} export_inputs;

typedef struct export_selection {
    const char *command;
    const operand_list *paths;
    const text_list *devices; /* ids in hexadecimal, or names; none: whatever is there */
    const svms_keyring *keys; /* only to read names; or NULL */
    int64_t from_utc_ns;      /* SVMS_NO_TIME: from the beginning */
    int64_t to_utc_ns;        /* SVMS_NO_TIME: to the end */
} export_selection;

/* Complains. At least one container is found, or it fails. */
exit_status export_inputs_find(export_inputs *out, svms_ctx *ctx, const export_selection *what);
/* Names of devices that are not known yet, as far as the keys open them. */
exit_status export_inputs_name(export_inputs *inputs, svms_ctx *ctx, const svms_keyring *keys);
void export_inputs_free(export_inputs *inputs);

/* The tracks that a container shall lack: numbers and kinds, as they were typed. */
exit_status export_removed_tracks(uint32_t *mask, const export_input *input, const text_list *typed,
                                  const char *command);

#endif
