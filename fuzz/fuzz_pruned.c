/* SPDX-License-Identifier: Apache-2.0 */
/* Pruned records. The first byte says whether the fields are signed anew first, by a key that is
 * made once, so that mutated fields are looked into. What is accepted must be what is in the bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "chain_internal.h"
#include "header.h"
#include "sign.h"
#include "signature.h"

#include <svms/svms.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIELDS 128u
#define LARGEST 65536u

typedef struct signer {
    svms_ctx *ctx;
    svms_private_key *key;
    svms_chain *chain;
    svms_sign_engine *engine;
} signer;

static void must(svms_status status)
{
    if (status != SVMS_OK) {
        abort();
    }
}

static void make_signer(signer *out)
{
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    char pem[4096];
    size_t size = sizeof(pem);
    svms_chain *ca = NULL;
    must(svms_ctx_new(&out->ctx, NULL, NULL));
    must(svms_private_key_generate(&out->key, out->ctx, NULL));
    options.common_name = "fuzz";
    options.not_after_utc_ns = INT64_C(4000000000) * 1000000000;
    must(svms_certificate_issue(out->ctx, &options, out->key, NULL, NULL, pem, &size, NULL));
    must(svms_chain_from_pem(&ca, out->ctx, pem, size, NULL));
    options.role = SVMS_ROLE_RECORDER;
    size = sizeof(pem);
    must(svms_certificate_issue(out->ctx, &options, out->key, ca, out->key, pem, &size, NULL));
    must(svms_chain_from_pem(&out->chain, out->ctx, pem, size, NULL));
    must(svms_sign_engine_new(&out->engine, out->ctx, out->key, NULL));
    svms_chain_free(&ca);
}

static void put_signed(svms_builder *out, const signer *by, const uint8_t *fields)
{
    static const uint8_t magic[8] = { 0x8A, 'S', 'V', 'P', '\r', '\n', 0x1A, '\n' };
    uint8_t signature[SVMS_SIGNATURE_MAX];
    size_t signature_size = sizeof(signature);
    size_t chain_size = 0;
    const uint8_t *chain = svms_chain_wire(by->chain, &chain_size);
    svms_object_identity identity = { SVMS_ROLE_RECORDER,
                                      svms_sign_engine_algorithm(by->engine),
                                      { 0 } };
    memcpy(identity.signer_digest, svms_chain_leaf_digest(by->chain), SVMS_DIGEST_SIZE);
    svms_put_bytes(out, magic, sizeof(magic));
    svms_put_u32(out, SVMS_OBJECT_PREFIX_SIZE + FIELDS);
    svms_put_u32(out, (uint32_t)chain_size);
    size_t object = out->size;
    svms_put_object_prefix(out, SVMS_OBJECT_PRUNED, &identity, SVMS_OBJECT_PREFIX_SIZE + FIELDS);
    svms_put_bytes(out, fields, FIELDS);
    svms_put_bytes(out, chain, chain_size);
    must(svms_sign(by->engine, out->data + object, SVMS_OBJECT_PREFIX_SIZE + FIELDS, signature,
                   &signature_size, NULL));
    svms_signature_put(out, identity.algorithm, SVMS_SIGNED_PRUNED, 0, signature, signature_size,
                       NULL);
}

static void look_into(const svms_pruned *found, const uint8_t *fields)
{
    svms_cursor cursor = svms_cursor_over(fields, FIELDS, 0);
    const uint8_t *recording = svms_read_bytes(&cursor, 16);
    const uint8_t *container = svms_read_bytes(&cursor, 16);
    if (memcmp(found->recording_id, recording, 16) != 0 ||
        memcmp(found->container_id, container, 16) != 0 ||
        found->recording_sequence != svms_read_u64(&cursor) ||
        found->segments != svms_read_u64(&cursor) || found->last_utc_ns < found->first_utc_ns ||
        found->signer[0] == '\0') {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static signer by;
    svms_source source = SVMS_SOURCE_INIT;
    svms_pruned found = SVMS_PRUNED_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (by.ctx == NULL) {
        make_signer(&by);
    }
    if (size == 0 || size > LARGEST) {
        return 0;
    }
    bool sign = (data[0] & 1u) != 0 && size > FIELDS;
    svms_builder out = svms_builder_new(by.ctx, 2 * (size_t)LARGEST);
    if (sign) {
        put_signed(&out, &by, data + 1);
    } else {
        svms_put_bytes(&out, data + 1, size - 1);
    }
    if (out.size != 0) {
        must(svms_source_from_memory(&source, by.ctx, out.data, out.size, NULL));
        svms_status status =
            svms_pruned_read(by.ctx, &source, NULL, SVMS_TIME_ATTESTED, &found, &err);
        if (status == SVMS_OK || (status == SVMS_E_UNTRUSTED) != (found.signer[0] != '\0') ||
            err.message[0] == '\0') {
            abort(); /* nobody is trusted here */
        }
        if (status == SVMS_E_UNTRUSTED && sign) {
            look_into(&found, data + 1);
        }
        svms_source_close(&source);
    }
    svms_builder_clear(&out);
    return 0;
}
