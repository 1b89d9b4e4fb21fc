/* SPDX-License-Identifier: Apache-2.0 */
/* Verifying a folder that holds a recording of many containers. */
#ifndef SVMS_CLI_VERIFY_FOLDER_H
#define SVMS_CLI_VERIFY_FOLDER_H

#include <stdbool.h>

#include <jansson.h>
#include <svms/svms.h>

#include "audit_trail.h"
#include "camera_story.h"
#include "exit_status.h"
#include "folder.h"
#include "options.h"

typedef struct folder_question {
    const char *path;
    const char *trust_path;
    const char *recording; /* its id in hexadecimal; NULL: the one that most containers are of */
    const text_list *head_files;
    bool json;
    bool quiet;
    const svms_verify_options *verify;
    const camera_trust *camera_trust; /* NULL: signatures of cameras are not looked at again */
    audit_trail *trail;               /* NULL: nothing is told */
} folder_question;

/* Says what it found; the exit status is that of the verdict. */
exit_status verify_folder(const folder_question *question, svms_ctx *ctx);

/* What was found, for the report. */
typedef struct folder_item {
    svms_sequence_item item; /* its pointers are NULL */
    svms_verdict verdict;    /* when verified */
    svms_pruned *pruned;     /* released by free() */
    uint32_t closed;
} folder_item;

typedef struct folder_result {
    const folder_question *question;
    const folder_list *files;
    const svms_sequence_report *report;
    const folder_item *items;
    size_t item_count;
    const svms_sequence_issue *issues;
    size_t issue_count;
    const camera_story *camera;
} folder_result;

void folder_print_text(const folder_result *result);
json_t *folder_to_json(const folder_result *result);

#endif
