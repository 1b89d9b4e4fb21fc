/* SPDX-License-Identifier: Apache-2.0 */
/* What opens the sources of an export: recordings of several devices may need several keys. */
#ifndef SVMS_CLI_SOURCE_KEYS_H
#define SVMS_CLI_SOURCE_KEYS_H

#include <svms/svms.h>

#include "exit_status.h"
#include "options.h"

/* As many as a key ring takes of a kind. */
#define MAX_SOURCE_KEYS 16

typedef struct source_key_options {
    text_list password_files;
    bool password_prompt;
    text_list identities;
    text_list keks;
    text_list disclosures;
} source_key_options;

typedef struct source_keys {
    svms_keyring *ring; /* NULL: nothing was given */
    svms_private_key *identities[MAX_SOURCE_KEYS];
    svms_kek *keks[MAX_SOURCE_KEYS];
    svms_disclosure *disclosures[MAX_SOURCE_KEYS];
} source_keys;

/* Complains. */
exit_status source_keys_load(source_keys *out, svms_ctx *ctx, const source_key_options *options);
void source_keys_free(source_keys *keys);

#endif
