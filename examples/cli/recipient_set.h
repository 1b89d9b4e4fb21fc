/* SPDX-License-Identifier: Apache-2.0 */
/* Whom something is, or shall be, encrypted for. Every function complains itself. */
#ifndef SVMS_CLI_RECIPIENT_SET_H
#define SVMS_CLI_RECIPIENT_SET_H

#include <svms/svms.h>

#include "options.h"
#include "password.h"

typedef struct recipient_options {
    text_list keys; /* public keys and certificates */
    text_list keks;
    const char *password_file;
    bool password_prompt;
} recipient_options;

typedef struct recipient_set {
    svms_public_key *keys[MAX_LIST_ITEMS];
    svms_kek *keks[MAX_LIST_ITEMS];
    size_t key_count;
    size_t kek_count;
    password secret; /* a new one, when its size is not 0 */
} recipient_set;

bool recipient_options_are_empty(const recipient_options *options);
/* A password that is asked for is asked for twice. */
exit_status recipient_set_load(recipient_set *out, svms_ctx *ctx, const recipient_options *options,
                               const char *question);
void recipient_set_free(recipient_set *set);

#endif
