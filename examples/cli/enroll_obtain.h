/* SPDX-License-Identifier: Apache-2.0 */
/* How a device gets its certificate: whom it believes, what it asks, what it takes. Every function
 * complains itself. Specification: identity.md, I-ENR-4, I-ENR-20. */
#ifndef SVMS_CLI_ENROLL_OBTAIN_H
#define SVMS_CLI_ENROLL_OBTAIN_H

#include <svms/svms.h>

#include "enroll_folder.h"
#include "est_client.h"
#include "est_code.h"
#include "exit_status.h"

typedef struct enroll_order {
    svms_ctx *ctx;
    const est_url *url;
    const enroll_settings *settings;
    const svms_private_key *key; /* that shall be certified */
} enroll_order;

/* What came out; released by enroll_obtained_free(). */
typedef struct enroll_obtained {
    char *certificate_pem; /* the device's, then those of the authority */
    char *anchors_pem;
    svms_certificate_info info;
} enroll_obtained;

/* With a one-time code. The authority is the one that the code names; nobody else sees the code. */
exit_status enroll_with_code(const enroll_order *order, const est_code *code, enroll_obtained *out);

/* With the certificate that there is, and its key; anchors_pem is whom the device trusts. */
exit_status enroll_anew(const enroll_order *order, const svms_chain *chain,
                        const svms_private_key *chain_key, const char *anchors_pem,
                        enroll_obtained *out);

void enroll_obtained_free(enroll_obtained *obtained);

#endif
