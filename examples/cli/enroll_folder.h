/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of an enrolled device. cert.pem, key.pem and ca.pem in it are links into the folder
 * "current", itself a link that is replaced in one step: whatever happens, they belong together.
 * Every function complains itself. Specification: identity.md, I-ENR-22 to I-ENR-24. */
#ifndef SVMS_CLI_ENROLL_FOLDER_H
#define SVMS_CLI_ENROLL_FOLDER_H

#include <stdbool.h>

#include <svms/svms.h>

#include "exit_status.h"
#include "file.h"
#include "options.h"

typedef struct enroll_folder {
    const char *path; /* borrowed */
    int handle;
    char *certificate; /* "<path>/cert.pem" */
    char *key;
    char *anchors;
    char *settings;
    char *pending; /* "<path>/pending-key.pem" */
} enroll_folder;

/* What a device is enrolled as, and where. */
typedef struct enroll_settings {
    char *url;
    char *name;
    char *key_uri; /* NULL: key.pem */
    int role;
    char **hosts;
    size_t host_count;
} enroll_settings;

/* The new identity; key_pem NULL where the key is behind a URI. */
typedef struct enroll_identity {
    const char *certificate_pem;
    const char *anchors_pem;
    const char *key_pem;
    const enroll_settings *settings;
} enroll_identity;

/* Makes the folder where it is missing, and keeps other processes out of it meanwhile. */
exit_status enroll_folder_open(enroll_folder *out, const char *path, bool make);
void enroll_folder_close(enroll_folder *folder);

/* Whether there is an identity that can be used. */
bool enroll_folder_is_enrolled(const enroll_folder *folder);

/* The key that waits for its certificate: the one of an earlier attempt, or a new one. */
exit_status enroll_folder_pending_key(const enroll_folder *folder, svms_ctx *ctx,
                                      svms_private_key **out, file_text *pem);

/* Puts a new identity in the place of the one that there is, all of it or nothing. */
exit_status enroll_folder_store(const enroll_folder *folder, const enroll_identity *identity);

/* What enroll_folder_store() was given; EXIT_POLICY without a word: nothing is known. */
exit_status enroll_folder_load_settings(const enroll_folder *folder, enroll_settings *out);
void enroll_settings_free(enroll_settings *settings);

#endif
