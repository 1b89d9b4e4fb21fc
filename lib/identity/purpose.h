/* SPDX-License-Identifier: Apache-2.0 */
/* What a certificate may be used for beside signing evidence: connections and time stamps. */
#ifndef SVMS_PURPOSE_H
#define SVMS_PURPOSE_H

#include <stdbool.h>

#include "chain_internal.h"

/* Which end of a TLS connection the certificate's holder is at. */
typedef enum svms_purpose {
    SVMS_PURPOSE_TLS_SERVER = 1, /* id-kp-serverAuth */
    SVMS_PURPOSE_TLS_CLIENT = 2  /* id-kp-clientAuth */
} svms_purpose;

typedef struct svms_purpose_question {
    svms_purpose purpose;
    uint32_t roles; /* bits 1 << role, of which the leaf needs one; 0: no role is needed */
    int64_t now_utc_ns;
    const void *staple; /* OCSP response that a server stapled, or NULL */
    size_t staple_size;
    bool needs_staple; /* without a good and current one it is not trusted */
    bool *stapled;     /* receives whether there was one that is good and current; may be NULL */
} svms_purpose_question;

/* Whether a peer may be believed now (I-PTH-30 to I-PTH-33): the rules and words of
 * svms_identity_check(), pins included, at one moment. The leaf's key usage allows signatures, its
 * extended key usage names the TLS purpose itself, and one of the roles where some are asked for;
 * no CA below the anchor has an extended key usage without the purpose.
 * result->revocation is what lists and OCSP responses of the store say; whether that is enough is
 * for the caller to decide, except that what is revoked is SVMS_IDENTITY_REVOKED.
 * A stapled response is one more source; one that cannot be read makes the peer untrusted, and one
 * that says nothing (stale, wrong signer, other certificate) counts as none. Only a path tells who
 * may answer, so a leaf that is trusted by its pin alone has no good staple.
 * trust NULL gives SVMS_IDENTITY_NO_ANCHOR, chain NULL SVMS_IDENTITY_UNSIGNED. result is filled in
 * with SVMS_OK and SVMS_E_UNTRUSTED. Any thread. */
SVMS_MUST_CHECK svms_status svms_purpose_check(const svms_trust *trust, const svms_chain *chain,
                                               const svms_purpose_question *question,
                                               svms_identity_result *result, svms_error *err);

/* Bits 1 << role of the leaf. */
uint32_t svms_chain_roles(const svms_chain *chain);

#endif
