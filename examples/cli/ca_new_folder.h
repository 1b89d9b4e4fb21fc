/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of a new authority, which is filled under another name and gets its own when it is
 * complete. Every function complains itself. */
#ifndef SVMS_CLI_CA_NEW_FOLDER_H
#define SVMS_CLI_CA_NEW_FOLDER_H

#include <svms/svms.h>

#include "exit_status.h"
#include "file.h"

typedef struct ca_new_folder {
    char *final;
    char *path; /* where it is now; NULL: nowhere */
    int handle;
} ca_new_folder;

#define CA_NEW_FOLDER_INIT                                                                         \
    {                                                                                              \
        NULL, NULL, -1                                                                             \
    }

typedef struct ca_new_content {
    const file_text *key; /* bytes NULL: with a provider */
    const file_text *certificate;
    const file_text *above; /* certificates above; bytes NULL: none */
    const svms_certificate_info *info;
    const char *key_uri;
    const char *crl_uri;
} ca_new_content;

/* Refuses a name that something has, unless it is an empty folder. */
exit_status ca_new_folder_check(const char *path);

exit_status ca_new_folder_begin(ca_new_folder *out, const char *path);
exit_status ca_new_folder_put_key(ca_new_folder *folder, const ca_new_content *content);
/* The rest, and the name. */
exit_status ca_new_folder_complete(ca_new_folder *folder, const ca_new_content *content);
/* Removes what did not get its name; harmless where nothing is. */
void ca_new_folder_discard(ca_new_folder *folder);

#endif
