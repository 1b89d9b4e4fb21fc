/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates in PKCS #7. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <svms/ca.h>

#include "chain_internal.h"

#define MESSAGE_ROOM (SVMS_CHAIN_MAX_SIZE + 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read is written so that it reads the same: it begins with the same certificate. */
static void again(svms_ctx *ctx, const svms_chain *chain)
{
    svms_chain *read = NULL;
    size_t size = MESSAGE_ROOM;
    uint8_t *message = malloc(MESSAGE_ROOM);
    if (!message) {
        return;
    }
    if (svms_chain_to_pkcs7(chain, message, &size, NULL) != SVMS_OK ||
        svms_chain_from_pkcs7(&read, ctx, NULL, message, size, NULL) != SVMS_OK ||
        svms_chain_count(read) != svms_chain_count(chain) ||
        memcmp(svms_chain_leaf_digest(read), svms_chain_leaf_digest(chain), SVMS_DIGEST_SIZE) !=
            0) {
        abort();
    }
    svms_chain_free(&read);
    free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svms_ctx *ctx = NULL;
    svms_chain *chain = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        return 0;
    }
    if (svms_chain_from_pkcs7(&chain, ctx, NULL, size > 0 ? (const void *)data : "", size, &err) ==
        SVMS_OK) {
        again(ctx, chain);
    }
    svms_chain_free(&chain);
    svms_ctx_free(&ctx);
    return 0;
}
