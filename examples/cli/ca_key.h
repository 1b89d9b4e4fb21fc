/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys of authorities and requests: in a file, behind a passphrase or not, or with a
 * provider. Every function complains itself. */
#ifndef SVMS_CLI_CA_KEY_H
#define SVMS_CLI_CA_KEY_H

#include <stdbool.h>

#include <svms/svms.h>

#include "exit_status.h"
#include "file.h"
#include "password.h"

/* Shortest passphrase for a new key. */
#define SHORTEST_PASSPHRASE 8

typedef struct ca_key_place {
    const char *path;            /* of the file */
    const char *uri;             /* where the provider has it; NULL: in the file */
    const char *passphrase_file; /* NULL: asked for on the terminal, if the key needs one */
    const char *question;
} ca_key_place;

exit_status ca_key_load(svms_private_key **out, svms_ctx *ctx, const ca_key_place *place);

/* The same of a file that has been read. */
exit_status ca_key_open(svms_private_key **out, svms_ctx *ctx, const file_text *text,
                        const ca_key_place *place);

/* A passphrase for a new key: from a file, or, with NULL, typed twice. */
exit_status ca_key_new_passphrase(password *out, const char *passphrase_file, const char *question);

/* A new key as PEM text, encrypted unless passphrase is NULL. */
exit_status ca_key_text(file_text *out, const svms_private_key *key, const password *passphrase);

/* Whether a text that a person typed is a URI rather than the path of a file. */
bool ca_key_is_uri(const char *text);

/* A context that can use keys of whatever providers OpenSSL's configuration loads. */
exit_status ca_make_context(svms_ctx **out);

#endif
