/* SPDX-License-Identifier: Apache-2.0 */
/* Signature records (container.md, section 10): one signature, or a batch signature with its
 * inclusion proof. */
#ifndef SVMS_SIGNATURE_H
#define SVMS_SIGNATURE_H

#include "header.h"
#include "sign.h"

/* A parsed body; pointers into it. */
typedef struct svms_signature {
    uint8_t kind;
    uint64_t number; /* of the object that it signs */
    const uint8_t *bytes;
    size_t size;
    uint64_t leaf; /* from here on: kind 2 only */
    uint64_t tree_size;
    uint8_t proof_count;
    const uint8_t *proof;
    const uint8_t *root; /* SVMS_BATCH_ROOT_SIZE bytes */
} svms_signature;

/* What the writer of a batch hands to each of its members. */
typedef struct svms_batch_proof {
    uint64_t leaf;
    uint64_t tree_size;
    uint8_t count;
    uint8_t nodes[SVMS_MAX_BATCH_LEVELS][SVMS_DIGEST_SIZE];
    uint8_t root[SVMS_BATCH_ROOT_SIZE];
} svms_batch_proof;

/* C-SIG-1 to C-SIG-3, as far as the bytes alone tell. */
SVMS_MUST_CHECK svms_status svms_signature_parse(svms_signature *out, const svms_header *header,
                                                 const uint8_t *body, size_t size, uint64_t offset,
                                                 svms_error *err);
/* Whether it signs the object. SVMS_E_NOT_AUTHENTIC when it does not. */
SVMS_MUST_CHECK svms_status svms_signature_check(const svms_signature *signature,
                                                 const svms_header *header,
                                                 svms_verify_engine *verifier, svms_hasher *hasher,
                                                 const uint8_t *object, size_t object_size,
                                                 uint64_t offset, svms_error *err);
/* Appends a whole record; proof NULL: kind 1. record_number: 0 outside of segments. */
void svms_signature_put(svms_builder *out, uint16_t algorithm, uint64_t number,
                        uint32_t record_number, const uint8_t *signature, size_t size,
                        const svms_batch_proof *proof);
/* The object that a batch signature signs, in SVMS_BATCH_ROOT_SIZE bytes. */
void svms_batch_root_put(svms_builder *out, const svms_object_identity *identity,
                         uint64_t tree_size, const uint8_t mth[SVMS_DIGEST_SIZE], int64_t utc_ns);

#endif
