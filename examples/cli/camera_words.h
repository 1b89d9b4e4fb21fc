/* SPDX-License-Identifier: Apache-2.0 */
/* What was found out about signed video, for people and for programs. */
#ifndef SVMS_CLI_CAMERA_WORDS_H
#define SVMS_CLI_CAMERA_WORDS_H

#include <stdbool.h>

#include <jansson.h>
#include <svms/svms.h>

/* ", tail, no list" */
typedef struct camera_reasons {
    char text[256];
} camera_reasons;

/* "AUTHENTIC" */
const char *camera_verdict_title(svms_camera_verdict verdict);
/* A sentence on all of a stream. */
const char *camera_verdict_words(svms_camera_verdict verdict);
/* "ONVIF Media Signing" */
const char *camera_format_words(svms_camera_format format);
/* "tail, SEI missing"; empty without any. */
camera_reasons camera_reason_words(uint32_t reasons);
/* Array of the names that records have. */
json_t *camera_reasons_to_json(uint32_t reasons);
/* The report that the validator gave last, with its remarks. */
json_t *camera_gop_to_json(const svms_camera_validator *validator, const svms_camera_gop *gop);
json_t *camera_summary_to_json(const svms_camera_summary *summary);
/* Of two verdicts on streams, the one that counts. */
svms_camera_verdict camera_worse(svms_camera_verdict one, svms_camera_verdict other);

#endif
