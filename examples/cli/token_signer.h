/* SPDX-License-Identifier: Apache-2.0 */
/* Who signs a token: a key in a file (PEM, or a private JWK) or with a provider. */
#ifndef SVMS_CLI_TOKEN_SIGNER_H
#define SVMS_CLI_TOKEN_SIGNER_H

#include <svms/svms.h>

#include "exit_status.h"
#include "options.h"

#define TOKEN_KID_MAX 128

typedef struct token_signer_options {
    const char *key;
    const char *passphrase_file;
    const char *kid;
    int algorithm; /* svms_token_algorithm */
} token_signer_options;

typedef struct token_signer {
    svms_private_key *key;
    svms_token_algorithm algorithm;
    char kid[TOKEN_KID_MAX + 1]; /* empty: the key's thumbprint */
} token_signer;

/* What --alg takes; ends with a NULL. */
extern const option_choice token_algorithms[];

/* Complains. */
exit_status token_signer_load(token_signer *out, svms_ctx *ctx, const char *command,
                              const token_signer_options *options);
/* NULL: the thumbprint. */
const char *token_signer_kid(const token_signer *signer);
void token_signer_free(token_signer *signer);

#endif
