/* SPDX-License-Identifier: Apache-2.0 */
/* What a "no" of the provider is worth. OpenSSL gives the same result for input that is false and
 * for a provider that failed, and often the same reasons. So a "no" is believed only when it is
 * given twice (a failure that has passed) and when the provider still says yes to what is known to
 * be right (one that lasts). Whoever is not sure says SVMS_E_CRYPTO; a second answer never turns a
 * "no" into a "yes". */
#ifndef SVMS_KNOWN_ANSWER_H
#define SVMS_KNOWN_ANSWER_H

#include "key_kind.h"

/* True when the provider decodes and checks a right public key of that kind and, where such keys
 * sign, verifies a right signature of it. May leave reasons in OpenSSL's error queue. */
bool svms_known_key_is_taken(svms_ctx *ctx, svms_key_kind kind);

#endif
