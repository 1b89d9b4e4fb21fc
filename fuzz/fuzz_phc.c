/* SPDX-License-Identifier: Apache-2.0 */
/* Hashed passwords as text: what is read is in bounds, and is written as it was. Nothing is
 * computed: costs in bounds may still be a second and a GiB. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "password_phc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(svms_ctx *ctx, const svms_phc *phc, const char *text, size_t size)
{
    svms_builder again = svms_builder_new(ctx, SVMS_PASSWORD_HASH_SIZE - 1);
    svms_put_phc(&again, phc);
    if (again.status != SVMS_OK || again.size != size || memcmp(again.data, text, size) != 0) {
        abort();
    }
    if (phc->salt_size < SVMS_PHC_SALT_LEAST || phc->salt_size > SVMS_PHC_BYTES_MAX ||
        phc->hash_size < SVMS_PHC_HASH_LEAST || phc->hash_size > SVMS_PHC_BYTES_MAX ||
        phc->passes == 0 || phc->passes > SVMS_PHC_PASSES_MAX) {
        abort();
    }
    if (phc->scheme == SVMS_PASSWORD_ARGON2ID
            ? phc->lanes == 0 || phc->lanes > SVMS_PHC_LANES_MAX ||
                  phc->memory_kib < SVMS_PHC_LANE_MEMORY * phc->lanes ||
                  phc->memory_kib > SVMS_PHC_MEMORY_MAX
            : phc->log2_n == 0 || ((uint64_t)phc->block_factor << phc->log2_n) > UINT64_C(1)
                                                                                     << 23) {
        abort();
    }
    svms_builder_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svms_ctx *ctx = NULL;
    svms_phc phc;
    svms_error err = SVMS_ERROR_INIT;
    const char *text = size > 0 ? (const char *)data : "";
    if (svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        return 0;
    }
    svms_status status = svms_phc_read(&phc, text, size, &err);
    if (status == SVMS_OK) {
        check(ctx, &phc, text, size);
    } else if (err.status != status || err.message[0] == '\0') {
        abort();
    }
    svms_ctx_free(&ctx);
    return 0;
}
