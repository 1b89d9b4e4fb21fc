/* SPDX-License-Identifier: Apache-2.0 */
/* A policy from a file: for decisions, and as the JSON that it is. */
#ifndef SVMS_CLI_POLICY_FILE_H
#define SVMS_CLI_POLICY_FILE_H

#include <stdint.h>

#include <jansson.h>
#include <svms/svms.h>

#include "exit_status.h"

typedef struct policy_file {
    svms_policy *policy;
    json_t *json; /* the library has found it good: members have the types that they should have */
} policy_file;

/* Complains where the file cannot be read (EXIT_ENVIRONMENT). What is wrong with its content is
 * left in err, whose status is SVMS_OK otherwise, and not complained about; out is empty then. */
exit_status policy_file_read(policy_file *out, svms_ctx *ctx, const char *path,
                             uint64_t least_revision, svms_error *err);
/* The same, complaining about all that is wrong. */
exit_status policy_file_load(policy_file *out, svms_ctx *ctx, const char *path);
/* Complains about what policy_file_read() left in err. */
exit_status policy_file_complain(const svms_error *err, const char *path);
void policy_file_free(policy_file *file);

/* IANA name of the zone of windows that name none. */
const char *policy_file_zone(const policy_file *file);

#endif
