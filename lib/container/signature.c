/* SPDX-License-Identifier: Apache-2.0 */
#include "signature.h"

#include <string.h>

#include "failure.h"
#include "merkle.h"
#include "record.h"

static bool parse_proof(svms_signature *out, svms_cursor *cursor)
{
    out->leaf = svms_read_u64(cursor);
    out->tree_size = svms_read_u64(cursor);
    out->proof_count = svms_read_u8(cursor);
    out->proof = svms_read_bytes(cursor, (size_t)out->proof_count * SVMS_DIGEST_SIZE);
    uint32_t root_size = svms_read_u32(cursor);
    out->root = svms_read_bytes(cursor, root_size);
    return !cursor->failed && out->proof_count <= SVMS_MAX_BATCH_LEVELS &&
           root_size == SVMS_BATCH_ROOT_SIZE && out->leaf < out->tree_size;
}

svms_status svms_signature_parse(svms_signature *out, const svms_header *header,
                                 const uint8_t *body, size_t size, uint64_t offset, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(body, size, offset);
    memset(out, 0, sizeof(*out));
    out->kind = svms_read_u8(&cursor);
    uint8_t zero = svms_read_u8(&cursor);
    uint16_t algorithm = svms_read_u16(&cursor);
    out->number = svms_read_u64(&cursor);
    uint32_t length = svms_read_u32(&cursor);
    out->bytes = svms_read_bytes(&cursor, length);
    out->size = length;
    bool batch = out->kind == SVMS_SIGNATURE_BATCH &&
                 (header->critical & SVMS_CRITICAL_BATCH) != 0 && out->number < SVMS_MAX_SEGMENTS;
    if (cursor.failed || zero != 0 || length > SVMS_SIGNATURE_MAX ||
        (out->kind != SVMS_SIGNATURE_DIRECT && !batch) || (batch && !parse_proof(out, &cursor)) ||
        !svms_cursor_at_end(&cursor)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "a signature record is malformed (C-SIG-2, C-SIG-3)");
    }
    if (algorithm != header->signer.algorithm) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, offset,
                            "the signature belongs to another object (C-SIG-1)");
    }
    return SVMS_OK;
}

/* Root of the tree in which leaf has this proof (RFC 6962, section 2.1.1). False when the provider
 * fails; *fits is false when the proof has another length than leaf and size need. */
static bool root_of_proof(const svms_signature *signature, svms_hasher *hasher,
                          uint8_t node[SVMS_DIGEST_SIZE], bool *fits)
{
    uint64_t at = signature->leaf;
    uint64_t last = signature->tree_size - 1;
    uint8_t used = 0;
    *fits = true;
    for (; last != 0; at >>= 1, last >>= 1) {
        bool right_edge = (at & 1u) == 0 && at == last;
        if (right_edge) {
            continue; /* no sibling at this level: the node goes up as it is */
        }
        if (used == signature->proof_count) {
            *fits = false;
            return true;
        }
        const uint8_t *sibling = signature->proof + (size_t)used * SVMS_DIGEST_SIZE;
        bool is_right = (at & 1u) != 0;
        if (!svms_merkle_join(hasher, is_right ? sibling : node, is_right ? node : sibling, node)) {
            return false;
        }
        used++;
    }
    *fits = used == signature->proof_count;
    return true;
}

static svms_status check_batch(const svms_signature *signature, const svms_header *header,
                               svms_hasher *hasher, const uint8_t *object, size_t object_size,
                               uint64_t offset, svms_error *err)
{
    svms_object_identity identity;
    uint8_t node[SVMS_DIGEST_SIZE];
    bool fits = false;
    svms_cursor cursor = svms_cursor_over(signature->root, SVMS_BATCH_ROOT_SIZE, offset);
    svms_status status = svms_check_object_prefix(&cursor, SVMS_OBJECT_BATCH, &header->signer,
                                                  SVMS_BATCH_ROOT_SIZE, &identity, err);
    if (status != SVMS_OK) {
        return status;
    }
    uint64_t tree_size = svms_read_u64(&cursor);
    const uint8_t *mth = svms_read_bytes(&cursor, SVMS_DIGEST_SIZE);
    if (!svms_merkle_leaf_start(hasher) || !svms_hasher_update(hasher, object, object_size) ||
        !svms_hasher_finish(hasher, node) || !root_of_proof(signature, hasher, node, &fits)) {
        return svms_fail_crypto(err, "hashing an inclusion proof");
    }
    if (!fits || tree_size != signature->tree_size || mth == NULL ||
        memcmp(mth, node, sizeof(node)) != 0) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, offset,
                            "the batch that was signed does not hold this object (C-SIG-3)");
    }
    return SVMS_OK;
}

svms_status svms_signature_check(const svms_signature *signature, const svms_header *header,
                                 svms_verify_engine *verifier, svms_hasher *hasher,
                                 const uint8_t *object, size_t object_size, uint64_t offset,
                                 svms_error *err)
{
    bool batch = signature->kind == SVMS_SIGNATURE_BATCH;
    svms_status status = svms_verify(
        verifier, header->signer.algorithm, batch ? signature->root : object,
        batch ? SVMS_BATCH_ROOT_SIZE : object_size, signature->bytes, signature->size, err);
    if (status == SVMS_E_NOT_AUTHENTIC) {
        return svms_fail_at(err, status, offset, "the signature does not fit what it should sign");
    }
    if (status == SVMS_OK && batch) {
        status = check_batch(signature, header, hasher, object, object_size, offset, err);
    }
    return status;
}

void svms_signature_put(svms_builder *out, uint16_t algorithm, uint64_t number,
                        uint32_t record_number, const uint8_t *signature, size_t size,
                        const svms_batch_proof *proof)
{
    uint8_t record[SVMS_RECORD_HEADER_SIZE];
    size_t proof_size = proof == NULL ? 0
                                      : 8 + 8 + 1 + (size_t)proof->count * SVMS_DIGEST_SIZE + 4 +
                                            SVMS_BATCH_ROOT_SIZE;
    svms_record_encode(SVMS_RECORD_SIGNATURE,
                       (uint32_t)(SVMS_SIGNATURE_FIXED_SIZE + size + proof_size), record_number,
                       record);
    svms_put_bytes(out, record, sizeof(record));
    svms_put_u8(out, proof == NULL ? SVMS_SIGNATURE_DIRECT : SVMS_SIGNATURE_BATCH);
    svms_put_u8(out, 0);
    svms_put_u16(out, algorithm);
    svms_put_u64(out, number);
    svms_put_u32(out, (uint32_t)size);
    svms_put_bytes(out, signature, size);
    if (proof != NULL) {
        svms_put_u64(out, proof->leaf);
        svms_put_u64(out, proof->tree_size);
        svms_put_u8(out, proof->count);
        svms_put_bytes(out, proof->nodes, (size_t)proof->count * SVMS_DIGEST_SIZE);
        svms_put_u32(out, SVMS_BATCH_ROOT_SIZE);
        svms_put_bytes(out, proof->root, SVMS_BATCH_ROOT_SIZE);
    }
}

void svms_batch_root_put(svms_builder *out, const svms_object_identity *identity,
                         uint64_t tree_size, const uint8_t mth[SVMS_DIGEST_SIZE], int64_t utc_ns)
{
    svms_put_object_prefix(out, SVMS_OBJECT_BATCH, identity, SVMS_BATCH_ROOT_SIZE);
    svms_put_u64(out, tree_size);
    svms_put_bytes(out, mth, SVMS_DIGEST_SIZE);
    svms_put_i64(out, utc_ns);
}
