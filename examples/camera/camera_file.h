/* SPDX-License-Identifier: Apache-2.0 */
/* Small files that are secret, or must never be half written. */
#ifndef CAMERA_FILE_H
#define CAMERA_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <svms/status.h>

/* A regular file of at most max bytes, not a link; *out NULL: there is none. A byte of zero follows
 * what was read. Where it is_secret, one that others than its owner may read is refused
 * (SVMS_E_POLICY). */
svms_status camera_file_read(uint8_t **out, size_t *size, const char *path, size_t max,
                             bool is_secret, svms_error *err);
/* The old one or the new one, whatever happens; durable. 0600. */
svms_status camera_file_write(const char *path, const void *data, size_t size, svms_error *err);
/* Overwrites what it holds, and removes it; *was_there: it was there. */
svms_status camera_file_erase(const char *path, bool *was_there, svms_error *err);
/* "folder/name"; NULL: no memory. */
char *camera_file_path(const char *folder, const char *name);
/* Wiped, then freed; NULL is accepted. */
void camera_file_free(uint8_t *data, size_t size);

#endif
