/* SPDX-License-Identifier: Apache-2.0 */
/* Two providers with the algorithms of OpenSSL's own. The proper one has the property x.svms=yes,
 * and works. The stray one has not, comes first, so that whoever asks without properties gets it,
 * and fails whatever is begun with it. */
#ifndef SVMS_TEST_PROPERTY_PROVIDER_H
#define SVMS_TEST_PROPERTY_PROVIDER_H

#include <openssl/types.h>

#define PROPER "x.svms=yes"

/* What the proper provider does not have: an operation (OSSL_OP_...) and the first name of an
 * algorithm. */
typedef struct property_gap {
    int operation;
    const char *name;
} property_gap;

/* A library context with both. NULL when OpenSSL refuses. There is one at a time, for one thread.
 */
OSSL_LIB_CTX *property_provider_load(const property_gap *gap);
void property_provider_unload(void);

/* How often something was begun with the stray provider since it was loaded, and the operation of
 * the first. */
unsigned property_provider_strays(void);
int property_provider_first_stray(void);
/* Algorithms that the last call of property_provider_load() left out. */
unsigned property_provider_gaps(void);

#endif
