/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of somebody's key and certificate before they sign anything. */
#ifndef SVMS_SIGNER_CHECK_H
#define SVMS_SIGNER_CHECK_H

#include <svms/identity.h>

/* SVMS_E_USAGE when the key is not the certificate's, SVMS_E_UNTRUSTED when the certificate does
 * not allow the role or is not valid at now. */
SVMS_MUST_CHECK svms_status svms_signer_check(const svms_private_key *key, const svms_chain *chain,
                                              svms_role role, int64_t now_utc_ns, svms_error *err);

#endif
