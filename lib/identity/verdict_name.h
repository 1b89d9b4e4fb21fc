/* SPDX-License-Identifier: Apache-2.0 */
/* What was found out about a signer, in the words of documents (evidence.md, signedvideo.md). */
#ifndef SVMS_VERDICT_NAME_H
#define SVMS_VERDICT_NAME_H

#include <svms/identity.h>

/* "no_anchor"; "unknown" for what has no name. */
const char *svms_identity_name(svms_identity_verdict identity);

#endif
