/* SPDX-License-Identifier: Apache-2.0 */
/* A set of keys, as verification asks for them. */
#ifndef SVMS_KEYSET_H
#define SVMS_KEYSET_H

#include "jwk.h"

/* J-JWS-4: kid NULL stands for a token without one. NULL when there is none, or more than one that
 * would do. */
const svms_jwk *svms_keyset_find(const svms_keyset *keyset, const char *kid,
                                 svms_token_algorithm algorithm);

#endif
