/* SPDX-License-Identifier: Apache-2.0 */
/* What was exported, for people, and for an audit log. */
#ifndef SVMS_CLI_EXPORT_RESULT_H
#define SVMS_CLI_EXPORT_RESULT_H

#include "export_inputs.h"
#include "export_make.h"

typedef struct export_outcome {
    const export_request *request;
    const export_inputs *inputs; /* one for each period, in the same order */
    const svms_export_result *result;
    const char *profile;
    bool checked; /* it was read back and verified */
} export_outcome;

void export_outcome_print(const export_outcome *outcome);
/* Complains. */
exit_status export_outcome_print_json(const export_outcome *outcome);

#endif
