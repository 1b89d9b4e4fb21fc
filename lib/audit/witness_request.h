/* SPDX-License-Identifier: Apache-2.0 */
/* What a witness is asked (C2SP tlog-witness, A-WIT-1, A-WIT-6): the size that it has, what proves
 * that the tree grew out of that one, and a note. */
#ifndef SVMS_WITNESS_REQUEST_H
#define SVMS_WITNESS_REQUEST_H

#include <svms/witness.h>

#include "checkpoint.h"

/* Lines of hashes that a request may have, whatever trees need. */
#define SVMS_WITNESS_HASHES 63u

#define SVMS_WITNESS_ADD_CHECKPOINT "add-checkpoint"
#define SVMS_WITNESS_ADD_EPOCH "add-epoch"
#define SVMS_WITNESS_TYPE_SIZE "text/x.tlog.size"
#define SVMS_WITNESS_TYPE_EPOCH "text/x.svms.epoch"

typedef struct svms_witness_request {
    uint64_t old_size;
    unsigned hashes;       /* that there are; more than a proof has prove nothing */
    svms_tree_proof proof; /* the first of them */
    const char *note;      /* belongs to the request's bytes */
    size_t note_size;
} svms_witness_request;

SVMS_MUST_CHECK svms_status svms_witness_request_parse(svms_witness_request *out, const void *bytes,
                                                       size_t size, svms_error *err);
/* Of hashes only those of the proof. */
void svms_put_witness_request(svms_builder *out, const svms_witness_request *request);

#endif
