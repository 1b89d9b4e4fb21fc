/* SPDX-License-Identifier: Apache-2.0 */
/* PEM text of private keys, public keys and key-encryption keys. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <svms/key.h>

#include "wrap.h"

#define PEM_ROOM 16384

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read must be written so that it reads the same. */
static void kek_again(svms_ctx *ctx, const svms_kek *kek)
{
    char text[2][512];
    size_t length = sizeof text[0];
    svms_kek *again = NULL;
    if (svms_kek_to_pem(kek, text[0], &length, NULL) != SVMS_OK ||
        svms_kek_from_pem(&again, ctx, text[0], length, NULL) != SVMS_OK) {
        abort();
    }
    length = sizeof text[1];
    if (svms_kek_to_pem(again, text[1], &length, NULL) != SVMS_OK ||
        strcmp(text[0], text[1]) != 0) {
        abort();
    }
    svms_kek_free(&again);
}

static void private_key_again(svms_ctx *ctx, const svms_private_key *key)
{
    char text[PEM_ROOM];
    size_t length = sizeof text;
    svms_private_key *again = NULL;
    if (svms_private_key_to_pem(key, text, &length, NULL) != SVMS_OK ||
        svms_private_key_from_pem(&again, ctx, text, length, NULL) != SVMS_OK) {
        abort();
    }
    svms_private_key_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svms_ctx *ctx = NULL;
    svms_kek *kek = NULL;
    svms_private_key *private_key = NULL;
    svms_public_key *public_key = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        return 0;
    }
    const char *text = size > 0 ? (const char *)data : "";
    if (svms_kek_from_pem(&kek, ctx, text, size, &err) == SVMS_OK) {
        kek_again(ctx, kek);
    }
    if (svms_private_key_from_pem(&private_key, ctx, text, size, &err) == SVMS_OK) {
        private_key_again(ctx, private_key);
    }
    if (svms_public_key_from_pem(&public_key, ctx, text, size, &err) == SVMS_OK) {
        svms_rsa_sealed_size_of_public(public_key);
    }
    svms_public_key_free(&public_key);
    svms_private_key_free(&private_key);
    svms_kek_free(&kek);
    svms_ctx_free(&ctx);
    return 0;
}
