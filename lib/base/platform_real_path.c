/* SPDX-License-Identifier: Apache-2.0 */
/* realpath() belongs to the X/Open part of POSIX, which the rest of the library does without. */
#define _XOPEN_SOURCE 700 /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#include "platform.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

int svms_platform_real_folder(const char *path, char *out, size_t size)
{
    char within[PATH_MAX];
    char real[PATH_MAX];
    size_t length = strlen(path);
    if (length == 0) {
        return ENOENT;
    }
    if (length + sizeof("/.") > sizeof(within)) {
        return ENAMETOOLONG;
    }
    /* Only a folder has a dot in it. */
    memcpy(within, path, length);
    memcpy(within + length, "/.", sizeof("/."));
    if (realpath(within, real) == NULL) {
        return errno;
    }
    length = strlen(real);
    if (length >= size) {
        return ENAMETOOLONG;
    }
    memcpy(out, real, length + 1);
    return 0;
}
