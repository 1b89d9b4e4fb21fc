/* SPDX-License-Identifier: Apache-2.0 */
/* The SignerInfo of a TimeStampToken. */
#ifndef SVMS_TOKEN_SIGNER_H
#define SVMS_TOKEN_SIGNER_H

#include "timestamp.h"

/* Reads the content of a SignerInfo; out->digest_kind must be that of the whole. */
SVMS_MUST_CHECK svms_status svms_token_read_signer(svms_token *out, svms_cursor *cursor,
                                                   svms_error *err);
/* True for the object identifier id-ct-TSTInfo. */
bool svms_token_is_tst_info(const svms_der *oid);

#endif
