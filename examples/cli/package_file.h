/* SPDX-License-Identifier: Apache-2.0 */
/* An evidence package that is to be read. Every function complains itself. */
#ifndef SVMS_CLI_PACKAGE_FILE_H
#define SVMS_CLI_PACKAGE_FILE_H

#include <stdbool.h>

#include <svms/svms.h>

#include "exit_status.h"
#include "keys.h"

typedef struct package_file {
    const char *path;
    svms_source source;
    svms_evidence *evidence;
    svms_evidence_info info;
    svms_error failure; /* why it could not be opened; of info, only kind is known then */
} package_file;

#define PACKAGE_FILE_INIT                                                                          \
    {                                                                                              \
        NULL, SVMS_SOURCE_INIT, NULL, SVMS_EVIDENCE_INFO_INIT, SVMS_ERROR_INIT                     \
    }

/* Whether a file begins like a package or a proof. */
bool package_file_is_one(svms_ctx *ctx, const char *path);

/* Opens it with the keys, of which there may be none. That they do not open it is the caller's to
 * judge: then *wrong_key is set (where it is not NULL) and the package is open without keys. */
exit_status package_file_open(package_file *out, svms_ctx *ctx, const char *path,
                              const key_set *keys, bool *wrong_key);
/* For what needs the content: when nothing was given that opens it, a password is asked for on the
 * terminal, if there is one. */
exit_status package_file_require(package_file *out, svms_ctx *ctx, const char *path, key_set *keys,
                                 const char *command);
void package_file_close(package_file *file);

/* Refuses what must not be exported again (E-VER-9), and where a link is broken, so that nobody can
 * tell (EXIT_EVIDENCE). */
exit_status package_file_check_policy(const package_file *file);

/* Of something that a command wants to export from: EXIT_GOOD unless it is a package; that is
 * refused, with EXIT_POLICY when its policy forbids re-export. */
exit_status package_refuse_as_source(svms_ctx *ctx, const char *command, const char *path);

#endif
