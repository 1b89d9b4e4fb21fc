/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys that sign tokens, from whatever file holds them. Every function complains itself. */
#ifndef SVMS_CLI_JWKS_INPUT_H
#define SVMS_CLI_JWKS_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include <svms/svms.h>

#include "exit_status.h"
#include "file.h"

#define JWK_KID_MAX 128

/* What a JWK says besides its numbers. */
typedef struct jwk_label {
    svms_token_algorithm algorithm; /* SVMS_TOKEN_NO_ALGORITHM: it does not say */
    char kid[JWK_KID_MAX + 1];      /* empty: it has none */
} jwk_label;

typedef struct jwks_key {
    const char *path; /* borrowed */
    svms_public_key *key;
    jwk_label label;
} jwks_key;

typedef struct jwks_keys {
    jwks_key list[SVMS_KEYSET_KEYS];
    size_t count;
} jwks_keys;

/* How keys are read that do not say themselves. */
typedef struct jwks_input {
    svms_ctx *ctx;
    const char *passphrase_file; /* of private keys; NULL: asked for, where one needs it */
    jwk_label label;             /* a name for the only key; how keys sign that do not say it */
} jwks_input;

/* Appends what a file (PEM: private key, public key or certificate; JWK, public or private; JWKS)
 * or the URI of a provider holds. */
exit_status jwks_read(jwks_keys *keys, const jwks_input *input, const char *path);
void jwks_keys_free(jwks_keys *keys);

/* One object, as jansson reads it; for what the library has accepted. */
void jwk_label_read(jwk_label *out, const char *json, size_t size);
/* Rather JSON than PEM. */
bool jwks_is_json(const file_text *text);

#endif
