/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of an authority: its certificate, its key, its journal, its lock (docs/adr/0026).
 * Every function complains itself. */
#ifndef SVMS_CLI_CA_FOLDER_H
#define SVMS_CLI_CA_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <svms/svms.h>

#include "ca_journal.h"
#include "exit_status.h"
#include "file.h"

#define CA_CERTIFICATE_NAME "ca.pem"
#define CA_KEY_NAME "ca-key.pem"
#define CA_SETTINGS_NAME "authority.json"
#define CA_SETTINGS_VERSION 1
#define CA_LOCK_NAME "lock"

typedef struct ca_folder {
    svms_ctx *ctx; /* borrowed */
    char *path;
    int handle; /* of the folder */
    int lock;   /* of its lock file */
    bool locked;
    ca_journal journal;
    file_text pem;              /* ca.pem: its certificate, then those above it */
    svms_chain *chain;          /* the same */
    svms_certificate_info info; /* of its own certificate */
    char *key_uri;              /* where its key is; NULL: in ca-key.pem */
    char *crl_uri;              /* where its lists are published, or NULL */
    svms_private_key *key;      /* NULL until it is unlocked */
    svms_ca *authority;         /* the same */
} ca_folder;

/* Opens for reading (the journal is not changed) or for adding to it. The key is not touched. */
exit_status ca_folder_open(ca_folder *out, svms_ctx *ctx, const char *path, bool writable);
void ca_folder_close(ca_folder *folder);

/* Opens the key: with the first line of passphrase_file, or, where that is NULL and the key needs
 * it, with what is typed on the terminal. Takes its time (scrypt); do it before locking. */
exit_status ca_folder_unlock_key(ca_folder *folder, const char *passphrase_file);

/* Waits until no other process is in the folder, up to half a minute, and reads what others added.
 * Between this and ca_folder_leave() the journal is this process's own. A server enters for each
 * answer, so that 'svms ca revoke' and the like can be used meanwhile. */
exit_status ca_folder_enter(ca_folder *folder);
void ca_folder_leave(ca_folder *folder);

#endif
