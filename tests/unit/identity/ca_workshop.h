/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, requests and authorities for the tests of requests, authorities and PKCS #7. Whatever goes
 * wrong fails the test. */
#ifndef SVMS_TEST_CA_WORKSHOP_H
#define SVMS_TEST_CA_WORKSHOP_H

#include <svms/ca.h>

#include "signed_der.h"

#define WORKSHOP_PEM_SIZE 16384
/* The authorities' period; certificates of the workshop have it as well. */
#define WORKSHOP_FROM "2026-01-01T00:00:00Z"
#define WORKSHOP_TO "2046-01-01T00:00:00Z"

/* "P-256", "P-384", "ED25519", "RSA" (2048 bits); with "/callbacks" behind it, the private half is
 * behind callbacks that answer at once. */
svms_private_key *workshop_key(svms_ctx *ctx, const char *kind);

/* Its public half, borrowed. */
EVP_PKEY *workshop_public(const svms_private_key *key);

typedef struct workshop_text {
    char data[WORKSHOP_PEM_SIZE];
    size_t size;
} workshop_text;

/* An authority with all that it borrows. */
typedef struct workshop_ca {
    svms_private_key *key;
    workshop_text certificate;
    workshop_text pem; /* with those above */
    svms_chain *chain;
    svms_ca *ca;
} workshop_ca;

/* options: NULL for a root without constraints that allows one CA below it. */
void workshop_open(workshop_ca *out, svms_ctx *ctx, const char *kind,
                   const svms_ca_options *options, const workshop_ca *issuer);
void workshop_close(workshop_ca *ca);
svms_ca_options workshop_ca_options(const char *name, int32_t path_length);

svms_request *workshop_request(svms_ctx *ctx, const svms_private_key *key, const char *name);
svms_issue_options workshop_issue_options(svms_role role);
/* The leaf, and what stands above it. */
svms_chain *workshop_issue(svms_ctx *ctx, const workshop_ca *by, const svms_issue_options *options,
                           const svms_request *request);
/* The same, and only the certificate in PEM. */
void workshop_issue_pem(const workshop_ca *by, const svms_issue_options *options,
                        const svms_request *request, workshop_text *out);

/* Signs whatever is given: SEQUENCE { tbs, algorithm, signature }. */
svms_builder workshop_sign(svms_ctx *ctx, const svms_private_key *key, const svms_builder *tbs);

#endif
