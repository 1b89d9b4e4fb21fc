/* SPDX-License-Identifier: Apache-2.0 */
/* The newest head of a recording in a file of its own, on another medium than the recording. It is
 * no secret; what counts is that it is durable and that nobody who can change the recording can
 * change it. Every function complains itself. */
#ifndef SVMS_CLI_HEAD_FILE_H
#define SVMS_CLI_HEAD_FILE_H

#include <stdbool.h>

#include <svms/svms.h>

#include "exit_status.h"

/* A file that does not exist is no failure: *found is false then. */
exit_status head_file_load(svms_head *out, bool *found, const char *path);

/* Replaces the file as a whole; afterwards it is durable. */
exit_status head_file_store(const char *path, const svms_head *head);

#endif
