/* SPDX-License-Identifier: Apache-2.0 */
/* C2SP tlog-proof: a record, its place, and what leads from it to a checkpoint (A-PRF-1). */
#ifndef SVMS_PROOF_TEXT_H
#define SVMS_PROOF_TEXT_H

#include "growth_text.h"

#define SVMS_PROOF_TEXT_MAX 16777216u

/* Points into the proof's bytes, but for what was decoded. */
typedef struct svms_proof_text {
    uint8_t *record; /* allocated; svms_proof_text_clear() */
    size_t record_size;
    uint64_t index;
    svms_tree_proof inclusion;
    const char *checkpoint; /* a signed note */
    size_t checkpoint_size;
    bool has_growth;
    uint64_t growth_from; /* size of the first handover behind the record */
    svms_tree_proof growth;
    const char *epochs; /* A-EPO-1, or NULL */
    size_t epochs_size;
} svms_proof_text;

/* Only takes it apart. */
SVMS_MUST_CHECK svms_status svms_proof_text_parse(svms_proof_text *out, svms_ctx *ctx,
                                                  const void *bytes, size_t size, svms_error *err);
void svms_proof_text_clear(svms_proof_text *proof, svms_ctx *ctx);
void svms_put_proof_text(svms_builder *out, const svms_proof_text *proof);

#endif
