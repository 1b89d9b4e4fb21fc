/* SPDX-License-Identifier: Apache-2.0 */
/* What the exporter says of a package: the case. */
#ifndef SVMS_CLI_PACKAGE_CASE_H
#define SVMS_CLI_PACKAGE_CASE_H

#include <stdbool.h>

#include <jansson.h>
#include <svms/svms.h>

#include "exit_status.h"

/* The whole case, released by json_decref(); NULL where the package stays shut. Complains. */
exit_status package_case_load(json_t **out, svms_evidence *evidence, const char *path);

/* A text of an object, or NULL. */
const char *package_case_text(const json_t *object, const char *member);
/* Entry of "sources" or "attachments" with this number, or NULL. */
const json_t *package_case_entry(const json_t *document, const char *list, uint32_t number);
/* Entry of "devices" that names a source, or NULL. */
const json_t *package_case_device(const json_t *document, uint32_t source);

/* Case, operator, reason and so on, for people. */
void package_case_print(const json_t *document);
void package_case_print_attachments(const json_t *document);

#endif
