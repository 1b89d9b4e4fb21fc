/* SPDX-License-Identifier: Apache-2.0 */
/* Files with one audit record and its proof: taken apart, and verified by a fixed key, by which
 * those in the corpus that are called so verify (make_audit_proof_seeds.py). */
#include <stdlib.h>
#include <string.h>

#include <svms/audit_proof.h>

#include "proof_text.h"
#include "tile.h"

#define KEY "fuzz+45da85d5+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
    if (!good) {
        abort();
    }
}

static void take_apart(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    svms_proof_text proof;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_proof_text_parse(&proof, ctx, data, size, &err);
    if (status == SVMS_OK) {
        svms_builder again = svms_builder_new(ctx, SVMS_PROOF_TEXT_MAX);
        check(proof.record_size > 0 && proof.record_size <= SVMS_AUDIT_RECORD_MAX);
        check(proof.inclusion.count <= SVMS_TREE_PROOF_MAX);
        check(proof.growth.count <= SVMS_TREE_PROOF_MAX);
        svms_put_proof_text(&again, &proof);
        check(again.size == size && memcmp(again.data, data, size) == 0);
        svms_builder_clear(&again);
    } else {
        check(status == SVMS_E_MALFORMED || status == SVMS_E_TRUNCATED || status == SVMS_E_LIMIT);
        check(err.message[0] != '\0');
        check(proof.record == NULL);
    }
    svms_proof_text_clear(&proof, ctx);
}

static void take_growth_apart(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    svms_growth_text growth;
    if (svms_growth_text_parse(&growth, data, size, NULL) == SVMS_OK) {
        svms_builder again = svms_builder_new(ctx, SVMS_GROWTH_TEXT_MAX);
        svms_put_growth_text(&again, &growth);
        check(again.size == size && memcmp(again.data, data, size) == 0);
        svms_builder_clear(&again);
    }
}

static void verify(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    svms_audit_trust trust = SVMS_AUDIT_TRUST_INIT;
    svms_audit_proven proven = SVMS_AUDIT_PROVEN_INIT;
    svms_error err = SVMS_ERROR_INIT;
    trust.log_key = KEY;
    svms_status status = svms_audit_proof_verify(&proven, ctx, &trust, data, size, &err);
    if (status == SVMS_OK) {
        /* Nobody has signed any other log. */
        check(proven.size == 20 && proven.index < proven.size && proven.epoch == 1);
        check(proven.record_size > 0 && memcmp(proven.record, "{\"v\":1,", 7) == 0);
    } else {
        check(status != SVMS_E_USAGE && err.message[0] != '\0' && proven.record == NULL);
    }
    svms_audit_proven_clear(&proven);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    const uint8_t *bytes = size > 0 ? data : (const uint8_t *)"";
    if (!ctx) {
        check(svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
    }
    take_apart(ctx, bytes, size);
    take_growth_apart(ctx, bytes, size);
    verify(ctx, bytes, size);
    return 0;
}
