/* SPDX-License-Identifier: Apache-2.0 */
/* Small files as a whole: certificates, lists, keys, passwords. */
#ifndef RECORDER_FILE_H
#define RECORDER_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <svms/status.h>

/* bytes end with NUL, which size does not count. */
typedef struct recorder_text {
    char *bytes;
    size_t size;
} recorder_text;

/* A regular file of at most `most` bytes. A secret that others than its owner may use is
 * SVMS_E_POLICY. err names the file. */
svms_status recorder_file_read(recorder_text *out, const char *path, size_t most, bool is_secret,
                               svms_error *err);
/* Nothing of it stays in memory. A cleared one is accepted. */
void recorder_file_wipe(recorder_text *text);

#endif
