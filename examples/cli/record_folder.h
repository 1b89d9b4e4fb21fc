/* SPDX-License-Identifier: Apache-2.0 */
/* svms record into a folder: container after container. Every function complains itself. */
#ifndef SVMS_CLI_RECORD_FOLDER_H
#define SVMS_CLI_RECORD_FOLDER_H

#include <stdbool.h>

#include <jansson.h>

#include <svms/svms.h>

#include "exit_status.h"
#include "record_audit.h"

typedef struct record_folder record_folder;

typedef struct folder_target {
    const char *path;
    const char *head_path; /* where the newest head is kept, or NULL */
    bool goes_on;          /* a recording that is there already goes on */
    bool json;             /* report as JSON on standard output */
    uint64_t rotate_ns;    /* 0: the library's default */
    uint64_t rotate_bytes;
    int64_t start_utc_ns; /* of the first picture */
    record_audit *audit;
} folder_target;

/* Claims the folder and looks at what is there, before anything else is opened. */
exit_status record_folder_open(record_folder **out, svms_ctx *ctx, const folder_target *target);
/* writer and all it points to must outlive the folder. start_utc_ns: of the first picture. */
exit_status record_folder_begin(record_folder *folder, const svms_writer_options *writer,
                                int64_t start_utc_ns);
/* Tells the audit log what was found there: what was interrupted, and what is missing. */
void record_folder_tell_found(record_folder *folder);
/* NULL before record_folder_begin() and after record_folder_finish(). */
svms_recording *record_folder_recording(record_folder *folder);
/* Members for the report as JSON, in place of those that were given before; taken over, and may be
 * NULL. */
void record_folder_say(record_folder *folder, json_t *members);
/* Ends the recording and reports; a container without a sample is removed. status is how recording
 * went so far; by_signal that it was ended so. */
exit_status record_folder_finish(record_folder *folder, exit_status status, bool by_signal);
void record_folder_free(record_folder **folder);

#endif
