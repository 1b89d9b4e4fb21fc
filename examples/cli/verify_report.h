/* SPDX-License-Identifier: Apache-2.0 */
/* The result of a verification, for people and for programs. */
#ifndef SVMS_CLI_VERIFY_REPORT_H
#define SVMS_CLI_VERIFY_REPORT_H

#include <stdbool.h>

#include <jansson.h>
#include <svms/svms.h>

#include "camera_story.h"

/* Most failures that are listed; all are counted. */
#define MAX_LISTED_FINDINGS 20

typedef struct verify_result {
    const char *path;
    const char *trust_path; /* NULL: none was given */
    bool claimed_time;
    int64_t from_utc_ns; /* SVMS_NO_TIME: everything */
    int64_t to_utc_ns;
    const svms_report *report;
    const svms_finding *findings;
    size_t finding_count; /* of those listed */
    const camera_story *camera;
} verify_result;

/* "NOT AUTHENTIC" */
const char *verify_verdict_title(svms_verdict verdict);
/* Names as they stand in JSON: "intact", "unknown_issuer", "not_tried". */
const char *verify_integrity_name(svms_integrity integrity);
const char *verify_identity_name(svms_identity_verdict identity);
const char *verify_access_name(svms_access access);
void verify_print_text(const verify_result *result);
json_t *verify_to_json(const verify_result *result);

#endif
