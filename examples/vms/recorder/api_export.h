/* SPDX-License-Identifier: Apache-2.0 */
/* An export on its way from a request to a package. */
#ifndef API_EXPORT_H
#define API_EXPORT_H

#include "api_internal.h"

#define API_EXPORT_CAMERAS 64u
#define API_EXPORT_RECIPIENTS 16u

typedef struct export_job export_job;

/* NULL: no memory. */
export_job *api_export_new(recorder_web *web);
svms_time_range *api_export_range(export_job *job);
/* false: there is no room for more, or it is there already. */
bool api_export_add_camera(export_job *job, const recorded_camera *camera);
svms_status api_export_add_recipient(export_job *job, const char *pem, svms_error *err);
/* Copies; each but no_reexport may be NULL. false: no memory. */
bool api_export_say(export_job *job, const char *password, const char *reason,
                    const char *case_number, bool no_reexport);
/* Takes the job over, and answers. */
void api_export_begin(export_job **job, api_caller *caller, const gate_answer *answer);
/* NULL is accepted behind job. */
void api_export_free(export_job **job);

/* What the audit log hears of it. */
typedef struct api_export_told {
    recorder_web *web;
    const gate_pass *pass;
    const recorded_camera *const *cameras;
    size_t camera_count;
    const svms_time_range *range;
    const char *reason;
    const svms_export_result *result; /* NULL: it failed */
    const svms_error *err;            /* then why */
} api_export_told;

void api_export_tell(const api_export_told *told);

#endif
