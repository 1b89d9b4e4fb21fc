/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_public_file.h"

#include <sys/stat.h>

#include "file.h"

exit_status ca_write_public(const char *path, const char *text, size_t size, bool replace)
{
    const new_file file = { path, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH, text, size };
    return file_write(&file, 1, replace);
}
