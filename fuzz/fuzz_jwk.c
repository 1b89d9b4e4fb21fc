/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and sets of keys from JSON: what is read is written, and read again as the same key. */
#include <stdlib.h>
#include <string.h>

#include "jwk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROOM 16384

static void need(bool done)
{
    if (!done) {
        abort();
    }
}

static void compare(svms_ctx *ctx, const svms_public_key *one, const svms_public_key *other)
{
    char left[SVMS_THUMBPRINT_SIZE];
    char right[SVMS_THUMBPRINT_SIZE];
    need(svms_public_key_thumbprint(ctx, one, left, NULL) == SVMS_OK &&
         svms_public_key_thumbprint(ctx, other, right, NULL) == SVMS_OK &&
         strcmp(left, right) == 0);
}

static void try_public(svms_ctx *ctx, const char *json, size_t size)
{
    char first[ROOM];
    char second[ROOM];
    size_t first_size = sizeof first;
    size_t second_size = sizeof second;
    svms_public_key *key = NULL;
    svms_public_key *again = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_public_key_from_jwk(&key, ctx, json, size, &err);
    if (status != SVMS_OK) {
        need((status == SVMS_E_MALFORMED || status == SVMS_E_UNSUPPORTED) && !key &&
             err.message[0] != '\0');
        return;
    }
    need(svms_public_key_to_jwk(ctx, key, SVMS_TOKEN_NO_ALGORITHM, NULL, first, &first_size,
                                NULL) == SVMS_OK &&
         svms_public_key_from_jwk(&again, ctx, first, first_size, NULL) == SVMS_OK &&
         svms_public_key_to_jwk(ctx, again, SVMS_TOKEN_NO_ALGORITHM, NULL, second, &second_size,
                                NULL) == SVMS_OK &&
         strcmp(first, second) == 0);
    compare(ctx, key, again);
    svms_public_key_free(&key);
    svms_public_key_free(&again);
}

/* The public half of a private key is the one that is published. */
static void try_private(svms_ctx *ctx, const char *json, size_t size)
{
    char text[ROOM];
    size_t text_size = sizeof text;
    svms_private_key *key = NULL;
    svms_private_key *again = NULL;
    svms_public_key *half = NULL;
    svms_public_key *other = NULL;
    svms_status status = svms_private_key_from_jwk(&key, ctx, json, size, NULL);
    if (status != SVMS_OK) {
        need((status == SVMS_E_MALFORMED || status == SVMS_E_UNSUPPORTED) && !key);
        return;
    }
    need(svms_private_key_to_jwk(ctx, key, SVMS_TOKEN_NO_ALGORITHM, NULL, text, &text_size, NULL) ==
             SVMS_OK &&
         svms_private_key_from_jwk(&again, ctx, text, text_size, NULL) == SVMS_OK &&
         svms_private_key_public(&half, ctx, key, NULL) == SVMS_OK &&
         svms_private_key_public(&other, ctx, again, NULL) == SVMS_OK &&
         svms_public_key_from_jwk(&half, ctx, text, text_size, NULL) == SVMS_E_MALFORMED);
    compare(ctx, half, other);
    svms_public_key_free(&half);
    svms_public_key_free(&other);
    svms_private_key_free(&key);
    svms_private_key_free(&again);
}

static void try_set(svms_ctx *ctx, const char *json, size_t size)
{
    svms_keyset *keys = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_keyset_from_jwks(&keys, ctx, json, size, &err);
    need(status == SVMS_OK ? keys && svms_keyset_count(keys) <= SVMS_KEYSET_KEYS
                           : status == SVMS_E_MALFORMED && !keys && err.message[0] != '\0');
    svms_keyset_free(&keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    const char *json = (const char *)data;
    if (!ctx) {
        need(svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
    }
    try_public(ctx, json, size);
    try_private(ctx, json, size);
    try_set(ctx, json, size);
    return 0;
}
