/* SPDX-License-Identifier: Apache-2.0 */
/* The key officer's signature on a change of recipients (C-ACC-4). */
#include <string.h>

#include "access_block.h"
#include "chain_internal.h"
#include "failure.h"

#define OBJECT_SIZE (SVMS_OBJECT_PREFIX_SIZE + 16u + 8u + SVMS_DIGEST_SIZE)
#define SIGNATURE_LONGEST 1024u

/* Container id, revision and hash of the stanzas: what the officer signs beside the prefix. */
static svms_status put_content(svms_builder *out, const svms_header *header, uint64_t revision,
                               const uint8_t *stanzas, size_t size, svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE];
    svms_iovec run = { stanzas, size };
    svms_status status = svms_sha256(out->ctx, &run, 1, digest, err);
    svms_put_bytes(out, header->container_id, 16);
    svms_put_u64(out, revision);
    svms_put_bytes(out, digest, sizeof(digest));
    return status;
}

svms_status svms_officer_part_put(svms_builder *out, const svms_header *header,
                                  const svms_slot *slot, svms_error *err)
{
    uint8_t signature[SIGNATURE_LONGEST];
    size_t signature_size = sizeof(signature);
    size_t chain_size = 0;
    svms_object_identity identity = { SVMS_ROLE_KEY_OFFICER, 0, { 0 } };
    if (slot->officer == NULL) {
        svms_put_u32(out, 0);
        return SVMS_OK;
    }
    const uint8_t *chain = svms_chain_wire(slot->officer->chain, &chain_size);
    identity.algorithm = svms_sign_engine_algorithm(slot->officer->engine);
    memcpy(identity.signer_digest, svms_chain_leaf_digest(slot->officer->chain), SVMS_DIGEST_SIZE);
    size_t length_at = out->size;
    svms_put_u32(out, 0);
    svms_put_u32(out, (uint32_t)chain_size);
    svms_put_bytes(out, chain, chain_size);
    svms_put_u32(out, OBJECT_SIZE);
    size_t object_at = out->size;
    svms_put_object_prefix(out, SVMS_OBJECT_ACCESS, &identity, OBJECT_SIZE);
    svms_status status =
        put_content(out, header, slot->revision, slot->stanzas, slot->stanzas_size, err);
    if (status == SVMS_OK) {
        status = svms_builder_check(out, "the officer's signature", err);
    }
    if (status == SVMS_OK) {
        status = svms_sign(slot->officer->engine, out->data + object_at, OBJECT_SIZE, signature,
                           &signature_size, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_put_u16(out, identity.algorithm);
    svms_put_u16(out, (uint16_t)signature_size);
    svms_put_bytes(out, signature, signature_size);
    svms_patch_u32(out, length_at, (uint32_t)(out->size - length_at - 4));
    return svms_builder_check(out, "the officer's signature", err);
}

/* Parts of an officer part; pointers into it. */
typedef struct officer_part {
    const uint8_t *chain;
    size_t chain_size;
    const uint8_t *object;
    size_t object_size;
    uint16_t algorithm;
    const uint8_t *signature;
    size_t signature_size;
} officer_part;

static bool split(officer_part *out, const svms_access_view *view)
{
    svms_cursor cursor = svms_cursor_over(view->officer, view->officer_size, 0);
    out->chain_size = svms_read_u32(&cursor);
    out->chain = svms_read_bytes(&cursor, out->chain_size);
    out->object_size = svms_read_u32(&cursor);
    out->object = svms_read_bytes(&cursor, out->object_size);
    out->algorithm = svms_read_u16(&cursor);
    out->signature_size = svms_read_u16(&cursor);
    out->signature = svms_read_bytes(&cursor, out->signature_size);
    return !cursor.failed && svms_cursor_at_end(&cursor) && out->object_size == OBJECT_SIZE;
}

/* The object, whose signature has been checked, says what the slot holds. */
static svms_status compare_object(svms_ctx *ctx, const svms_header *header,
                                  const svms_access_view *view, const officer_part *part,
                                  const svms_chain *chain, bool *same, svms_error *err)
{
    svms_object_identity wanted = { SVMS_ROLE_KEY_OFFICER, part->algorithm, { 0 } };
    svms_object_identity found;
    svms_cursor cursor = svms_cursor_over(part->object, part->object_size, 0);
    svms_builder content = svms_builder_new(ctx, OBJECT_SIZE);
    memcpy(wanted.signer_digest, svms_chain_leaf_digest(chain), SVMS_DIGEST_SIZE);
    *same = svms_check_object_prefix(&cursor, SVMS_OBJECT_ACCESS, &wanted, part->object_size,
                                     &found, NULL) == SVMS_OK;
    svms_status status =
        put_content(&content, header, view->revision, view->stanzas, view->stanzas_size, err);
    if (status == SVMS_OK) {
        status = svms_builder_check(&content, "the officer's signature", err);
    }
    *same = *same && status == SVMS_OK &&
            memcmp(part->object + SVMS_OBJECT_PREFIX_SIZE, content.data, content.size) == 0;
    svms_builder_clear(&content);
    return status;
}

static bool is_grave(svms_status status)
{
    svms_status_kind kind = svms_status_class(status);
    return kind == SVMS_CLASS_ENVIRONMENT || kind == SVMS_CLASS_INTERNAL;
}

svms_status svms_officer_part_check(svms_ctx *ctx, const svms_header *header,
                                    const svms_access_view *view, const char **damage,
                                    svms_error *err)
{
    officer_part part = { 0 };
    svms_chain *chain = NULL;
    svms_verify_engine *engine = NULL;
    bool same = false;
    svms_error found = SVMS_ERROR_INIT;
    *damage = "the key officer's part of an access slot is malformed (C-ACC-4)";
    if (!split(&part, view)) {
        return SVMS_OK;
    }
    svms_status status = svms_chain_from_wire(&chain, ctx, part.chain, part.chain_size, 0, &found);
    if (status == SVMS_OK) {
        status = svms_verify_engine_new(&engine, ctx, svms_chain_leaf_key(chain), &found);
    }
    if (status == SVMS_OK) {
        *damage = "the key officer's signature on an access slot is wrong (C-ACC-4)";
        status = svms_verify(engine, part.algorithm, part.object, part.object_size, part.signature,
                             part.signature_size, &found);
    }
    if (status == SVMS_OK) {
        *damage = "the key officer signed something else than the access slot holds (C-ACC-4)";
        status = compare_object(ctx, header, view, &part, chain, &same, &found);
    }
    if (same) {
        *damage = NULL;
    }
    svms_verify_engine_free(&engine);
    svms_chain_free(&chain);
    return is_grave(status) ? svms_fail_as(err, status, &found) : SVMS_OK;
}

svms_status svms_access_officer(svms_chain **out, svms_ctx *ctx, const svms_access_view *view,
                                svms_error *err)
{
    officer_part part = { 0 };
    if (!split(&part, view)) {
        return svms_fail(err, SVMS_E_INTERNAL, "an officer part changed while it was read");
    }
    return svms_chain_from_wire(out, ctx, part.chain, part.chain_size, 0, err);
}
