/* SPDX-License-Identifier: Apache-2.0 */
/* One signature for the manifests of many writers (C-SIG-3). Writers submit from their own threads
 * and collect when the batch has been signed. */
#ifndef SVMS_BATCH_INTERNAL_H
#define SVMS_BATCH_INTERNAL_H

#include <svms/batch.h>

#include "signature.h"

/* Longest signature of C-ALG-2: RSA of 8192 bits. */
#define SVMS_SIGNATURE_LONGEST 1024u

/* One submitted object. */
typedef struct svms_batch_member svms_batch_member;

/* True when a container with this signer may use the batch (C-OBJ-2). */
bool svms_batch_fits(const svms_batch *batch, const svms_object_identity *signer);
SVMS_MUST_CHECK svms_status svms_batch_submit(svms_batch *batch, const uint8_t *object, size_t size,
                                              svms_batch_member **out, svms_error *err);
/* *done false: not signed yet. With wait, signs the batch where nobody has. A batch that could not
 * be signed fails for all its members. */
SVMS_MUST_CHECK svms_status svms_batch_collect(svms_batch_member *member, bool wait, bool *done,
                                               uint8_t *signature, size_t *size,
                                               svms_batch_proof *proof, svms_error *err);
void svms_batch_member_free(svms_batch_member **member);

#endif
