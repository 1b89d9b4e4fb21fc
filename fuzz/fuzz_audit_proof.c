/* SPDX-License-Identifier: Apache-2.0 */
/* Files with one audit record and its proof. */
#include <stdlib.h>
#include <string.h>

#include "proof_text.h"
#include "tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
    if (!good) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    svms_proof_text proof;
    svms_error err = SVMS_ERROR_INIT;
    if (!ctx) {
        check(svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
    }
    svms_status status =
        svms_proof_text_parse(&proof, ctx, size > 0 ? data : (const uint8_t *)"", size, &err);
    if (status == SVMS_OK) {
        svms_builder again = svms_builder_new(ctx, SVMS_PROOF_TEXT_MAX);
        check(proof.record_size > 0 && proof.record_size <= SVMS_AUDIT_RECORD_MAX);
        check(proof.inclusion.count <= SVMS_TREE_PROOF_MAX);
        svms_put_proof_text(&again, &proof);
        check(again.size == size && memcmp(again.data, data, size) == 0);
        svms_builder_clear(&again);
    } else {
        check(status == SVMS_E_MALFORMED || status == SVMS_E_TRUNCATED || status == SVMS_E_LIMIT);
        check(err.message[0] != '\0');
        check(proof.record == NULL);
    }
    svms_proof_text_clear(&proof, ctx);
    return 0;
}
