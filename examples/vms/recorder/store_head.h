/* SPDX-License-Identifier: Apache-2.0 */
/* The newest head of a recording, in a file of its own off the storage, in the form that `svms
 * record --head` has. It is no secret; what counts is that it is durable. */
#ifndef STORE_HEAD_H
#define STORE_HEAD_H

#include <stdbool.h>

#include <svms/svms.h>

/* A file that is not there is no failure: *is_found is false then. SVMS_E_MALFORMED: it is none. */
svms_status store_head_read(svms_head *out, bool *is_found, const char *path, svms_error *err);
/* Replaces the file as a whole; durable when it returns. */
svms_status store_head_write(const char *path, const svms_head *head, svms_error *err);

#endif
