/* SPDX-License-Identifier: Apache-2.0 */
/* What verification of a package found, for people and for programs. */
#ifndef SVMS_CLI_PACKAGE_REPORT_H
#define SVMS_CLI_PACKAGE_REPORT_H

#include <stdbool.h>

#include <jansson.h>
#include <svms/svms.h>

#include "camera_story.h"
#include "package_file.h"

/* Most failures within sources that are listed. */
#define MAX_PACKAGE_FINDINGS 20

typedef struct found_source {
    svms_export_period period;
    svms_verdict verdict;
    svms_integrity integrity;
    svms_identity_verdict identity;
    svms_access access;
    svms_role role;
    uint64_t samples;
    int64_t attested_utc_ns;
    bool has_failure;
    svms_finding first_failure;
    char signer[256];
    char identity_reason[256];
    char authority[256];
    camera_story *camera; /* NULL: was not asked about */
} found_source;

typedef struct found_failure {
    uint32_t source;
    svms_finding finding;
} found_failure;

typedef struct package_findings {
    const package_file *file;
    const char *trust_path; /* NULL: none was given */
    bool claimed_time;
    bool wrong_key; /* what was given does not open it */
    const uint8_t *expected_head;
    svms_export_report report;
    svms_export_link *links; /* their notes belong to the package */
    size_t link_count;
    found_source *sources;
    size_t source_count;
    found_failure failures[MAX_PACKAGE_FINDINGS];
    size_t failure_count;
    json_t *document; /* the case, or NULL */
} package_findings;

#define PACKAGE_FINDINGS_INIT                                                                      \
    {                                                                                              \
        0                                                                                          \
    }

void package_findings_print(const package_findings *found);
json_t *package_findings_to_json(const package_findings *found);
/* Of a file that cannot even be opened, because what it rests upon is not what was signed. */
json_t *package_forgery_to_json(const char *path, svms_export_kind kind, const svms_error *err);

/* {number, device_id ... unverified} of a source, for whoever lists one. */
json_t *package_period_to_json(const svms_export_period *period);

#endif
