/* SPDX-License-Identifier: Apache-2.0 */
/* What an audit log needs of an export that is a clear file: MP4, picture, ONVIF file. */
#ifndef SVMS_CLI_CLEAR_FILE_H
#define SVMS_CLI_CLEAR_FILE_H

#include <stdint.h>

#include <jansson.h>
#include <svms/svms.h>

#include "exit_status.h"
#include "export_inputs.h"
#include "extract.h"
#include "proof_maker.h"

typedef struct clear_file {
    uint64_t bytes;
    uint8_t digest[32]; /* SHA-256 */
} clear_file;

/* Complains. shown: what the file is called in messages. */
exit_status clear_file_measure(clear_file *out, const char *path, const char *shown);

/* The containers that were exported, by segments. Like Jansson's own makers these return NULL when
 * out of memory. */
json_t *clear_periods_to_json(const export_inputs *inputs, const svms_export_period *periods);
/* The same where samples were taken, not segments. */
json_t *clear_inputs_to_json(const export_inputs *inputs, const extract_request *asked,
                             const extract_result *written);
json_t *clear_case_to_json(const proof_options *options, const char *profile);
/* The values of both in one; each is released, or becomes it. */
json_t *clear_join(json_t *one, json_t *other);
/* Who signed the proof, and what it is; path NULL: there is none. */
json_t *clear_proof_to_json(const char *path, const svms_export_result *result);

#endif
