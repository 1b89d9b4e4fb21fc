/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's default provider behind trampolines that count its calls and make one of them fail (or
 * all from one on, as when a FIPS module falls into its error state). */
#ifndef SVMS_TEST_FAILING_PROVIDER_H
#define SVMS_TEST_FAILING_PROVIDER_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/types.h>

/* How a call fails: providers differ, and OpenSSL passes on what they return. */
typedef enum failing_manner {
    FAILS_SILENTLY,    /* 0 or NULL, nothing in the error queue */
    FAILS_WITH_REASON, /* 0 or NULL, and a reason in the error queue */
    FAILS_NEGATIVELY   /* with reason; what verifies returns -1, as ECDSA_verify does */
} failing_manner;

typedef struct failing_plan {
    uint64_t at; /* number of the call that fails, from 1; 0: none */
    failing_manner manner;
    bool lasting; /* every later call fails as well */
} failing_plan;

/* Loads the provider into a library context of its own, where nothing else is loaded. NULL when
 * OpenSSL refuses. There is one at a time, for one thread. */
OSSL_LIB_CTX *failing_provider_load(void);
void failing_provider_unload(void);

/* Begins to count anew. */
void failing_provider_arm(const failing_plan *plan);
/* Stops failing. Returns the calls since failing_provider_arm(). */
uint64_t failing_provider_disarm(void);
/* Which call failed first, such as "signature_verify", or NULL when none did. */
const char *failing_provider_victim(void);

#endif
