/* SPDX-License-Identifier: Apache-2.0 */
/* svms export countersign: what was asked for, and the part of it that ONVIF export files need. */
#ifndef SVMS_CLI_EXPORT_COUNTERSIGN_H
#define SVMS_CLI_EXPORT_COUNTERSIGN_H

#include <stdbool.h>

#include <svms/svms.h>

#include "audit_trail.h"
#include "exit_status.h"
#include "options.h"

#define COUNTERSIGN_COMMAND "export countersign"

typedef struct countersign_request {
    const char *path;
    const char *output; /* of an ONVIF file only: packages are signed where they are */
    typed_inputs typed;
    int role; /* SVMS_ROLE_NONE: nothing was said */
    const char *note;
    const char *signer;
    const char *signer_key;
    const char *tsa;
    const char *anchors_path;
    const char *trust_path;
    const char *crl_path;
    const char *intermediates_path;
    const char *expected_head;
    const char *audit;
    audit_trail *trail; /* NULL: nothing is told */
    bool claimed_time;
    bool no_reexport;
    bool force;
    bool json;
} countersign_request;

/* Whether a file begins like an MP4 file. */
bool countersign_onvif_fits(svms_ctx *ctx, const char *path);

/* Writes a copy with one more signature, or nothing; complains itself. */
exit_status countersign_onvif(svms_ctx *ctx, const countersign_request *request);

#endif
