/* SPDX-License-Identifier: Apache-2.0 */
/* Who signs in a storage, and who may open what is in it. */
#ifndef STORAGE_KEYS_H
#define STORAGE_KEYS_H

#include <svms/svms.h>

#include "recorder_settings.h"

typedef struct storage_keys {
    const storage_settings *storage;
    svms_chain *chain;
    svms_private_key *key;
    svms_public_key *recipients[RECORDER_RECIPIENTS_MAX];
    size_t recipient_count;
} storage_keys;

/* Reads the files that the settings name; err names the file. A key that others than its owner may
 * read is refused, and so is a chain that does not belong to the key or is for no recorder. */
svms_status storage_keys_load(storage_keys *out, svms_ctx *ctx, const storage_settings *storage,
                              svms_error *err);
/* A cleared one is accepted. */
void storage_keys_free(storage_keys *self);

#endif
