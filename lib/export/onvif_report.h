/* SPDX-License-Identifier: Apache-2.0 */
/* What verification found, and what the file says. */
#ifndef SVMS_ONVIF_REPORT_H
#define SVMS_ONVIF_REPORT_H

#include "onvif_check.h"
#include "onvif_file.h"

#define SVMS_ONVIF_REASON_SIZE 244

typedef struct svms_onvif_entry {
    svms_onvif_signature open; /* points to what follows */
    char algorithm[64];
    char *signer;
    uint8_t *note;
    svms_onvif_start *starts;
    char integrity_reason[SVMS_ONVIF_REASON_SIZE];
    char identity_reason[SVMS_ONVIF_REASON_SIZE];
} svms_onvif_entry;

struct svms_onvif_report {
    svms_ctx *ctx;
    svms_onvif_summary summary;
    svms_onvif_entry entries[SVMS_ONVIF_MAX_SIGNATURES];
    svms_onvif_track tracks[SVMS_ONVIF_MAX_TRACKS];
    uint8_t *description; /* payload of suep; texts point into it */
    svms_onvif_start *starts;
    svms_onvif_warnings warnings;
    char reason[SVMS_ONVIF_REASON_SIZE];
};

SVMS_MUST_CHECK svms_status svms_onvif_report_new(svms_onvif_report **out, svms_ctx *ctx,
                                                  svms_error *err);
/* Description, starts and notes of the file; what cannot be read becomes a warning. */
SVMS_MUST_CHECK svms_status svms_onvif_describe(svms_onvif_report *report,
                                                const svms_onvif_file *file, svms_error *err);

#endif
