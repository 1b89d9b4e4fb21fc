/* SPDX-License-Identifier: Apache-2.0 */
/* What is being recorded into, as a record_way says: a file or a folder of containers. Every
 * function complains itself. */
#ifndef SVMS_CLI_RECORD_TARGET_H
#define SVMS_CLI_RECORD_TARGET_H

#include <stdbool.h>

#include <jansson.h>

#include <svms/svms.h>

#include "head_text.h"
#include "progress.h"
#include "record_audit.h"
#include "record_camera.h"
#include "record_folder.h"
#include "record_way.h"

/* What comes. The tracks must outlive the target. */
typedef struct record_media {
    const svms_track *tracks; /* their protection is the way's */
    uint32_t track_count;
    int64_t start_utc_ns; /* UTC of time stamp 0 */
    int64_t first_ns;     /* time stamp at which the pictures begin */
    svms_origin origin;
    svms_capture_clock clock;
} record_media;

typedef struct record_target {
    const record_way *way;
    const char *source; /* where it comes from, in words */
    char *part;
    svms_ctx *ctx;
    svms_chain *chain;
    svms_private_key *key;
    recipient_set people;
    svms_writer_options options;
    svms_track tracks[SVMS_MAX_TRACKS];
    record_folder *folder; /* or a single file: */
    svms_sink sink;
    svms_writer *writer;
    svms_writer_stats stats; /* after the newest sample */
    progress bar;            /* of the owner; removed before anything is said */
    int64_t shown_from_ns;
    uint64_t complete_segments;
    int64_t complete_until; /* end of the last complete segment */
    bool has_begun;
    bool broken; /* the writer can only be aborted */
    record_audit audit;
    record_camera camera;
    head_text device; /* its id */
} record_target;

/* Nothing but the audit log is opened, so that it hears also of what is refused. way and source
 * must outlive it. */
exit_status record_target_new(record_target **out, const record_way *way, const char *source);
/* Places, keys and, of a folder, what is there. */
exit_status record_target_prepare(record_target *target, const typed_inputs *typed);
exit_status record_target_begin(record_target *target, const record_media *media);
exit_status record_target_append(record_target *target, const svms_sample *sample);
/* How far it is, on a terminal; duration_ns 0: nobody knows how long it will take. */
void record_target_show(record_target *target, int64_t duration_ns);
/* Why something is missing in front of the next sample. */
exit_status record_target_gap(record_target *target, svms_gap_reason reason);
/* Whether a report as JSON is wanted, and more members for it, in place of those before; taken
 * over. */
bool record_target_reports(const record_target *target);
void record_target_say(record_target *target, json_t *members);
/* Ends the recording and says what it is; also where nothing was ever begun. status: how it went so
 * far. */
exit_status record_target_end(record_target *target, exit_status status);
/* Tells the audit log how it ended, and releases it; the status to exit with. */
exit_status record_target_free(record_target **target, exit_status status);

#endif
