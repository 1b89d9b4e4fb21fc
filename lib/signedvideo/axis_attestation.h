/* SPDX-License-Identifier: Apache-2.0 */
/* Does a certificate of Axis vouch for a key that was made in a camera? (CS-AX-10) */
#ifndef SVMS_AXIS_ATTESTATION_H
#define SVMS_AXIS_ATTESTATION_H

#include "camera_document.h"
#include "chain_internal.h"

/* *vouches: the attestation is one of the leaf of that key. It is false for whatever breaks the
 * form. SVMS_E_CRYPTO, SVMS_E_NO_MEMORY. */
SVMS_MUST_CHECK svms_status svms_axis_attestation_check(svms_ctx *ctx, svms_camera_hasher *hasher,
                                                        const svms_chain *chain,
                                                        const svms_public_key *key,
                                                        const svms_camera_text *attestation,
                                                        bool *vouches, svms_error *err);

#endif
