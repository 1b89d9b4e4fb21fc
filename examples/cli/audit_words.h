/* SPDX-License-Identifier: Apache-2.0 */
/* One record in words, for somebody who has never seen a log. */
#ifndef SVMS_CLI_AUDIT_WORDS_H
#define SVMS_CLI_AUDIT_WORDS_H

#include <jansson.h>
#include <svms/svms.h>

#include "exit_status.h"

/* Complains itself. */
exit_status audit_words_print(svms_ctx *ctx, const void *record, size_t size);

/* The record as it is, or null where it is no JSON. */
json_t *audit_words_to_json(const void *record, size_t size);

#endif
