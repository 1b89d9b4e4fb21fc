/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate requests (PKCS #10, RFC 2986) as the files of this folder share them. */
#ifndef SVMS_REQUEST_INTERNAL_H
#define SVMS_REQUEST_INTERNAL_H

#include <svms/ca.h>

#include "der.h"
#include "subject_name.h"

struct svms_request {
    svms_ctx *ctx;
    svms_public_key *key;
    svms_request_info info;
    char *names[SVMS_NAMES_MAX];
};

/* Checks the signature that is over exactly these bytes; algorithm is the whole
 * AlgorithmIdentifier, signature the BIT STRING. Weak and unknown algorithms are
 * SVMS_E_UNSUPPORTED, a signature that is wrong is SVMS_E_NOT_AUTHENTIC. */
SVMS_MUST_CHECK svms_status svms_request_check_signature(svms_ctx *ctx, const svms_public_key *key,
                                                         const svms_der *algorithm,
                                                         const svms_der *tbs,
                                                         const svms_der *signature,
                                                         svms_error *err);

/* Reads the subject: at most one common name, the other attributes passed over. */
SVMS_MUST_CHECK svms_status svms_request_read_subject(svms_request *request,
                                                      const svms_der *subject, svms_error *err);
/* Reads the attributes: role and names out of extensionRequest, the others passed over. */
SVMS_MUST_CHECK svms_status svms_request_read_attributes(svms_request *request,
                                                         const svms_der *attributes,
                                                         svms_error *err);

/* Content of the object identifier extensionRequest, 1.2.840.113549.1.9.14 (RFC 2985). */
#define SVMS_EXTENSION_REQUEST_OID                                                                 \
    {                                                                                              \
        0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x0E                                       \
    }
#endif
