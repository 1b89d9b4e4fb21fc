/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of one key over hashes that are there already (CS-DOC-6). */
#ifndef SVMS_CAMERA_VERIFIER_H
#define SVMS_CAMERA_VERIFIER_H

#include <openssl/evp.h>

#include "camera_document.h"
#include "key_kind.h"

/* Prepared once for each way in which the key is used. One thread at a time. */
typedef struct svms_camera_verifier {
    svms_ctx *ctx;
    EVP_PKEY *pkey; /* borrowed */
    bool is_rsa;
    svms_key_kind like; /* a kind whose known answer tells whether the provider works */
    size_t signature_max;
    EVP_PKEY_CTX *by_key[SVMS_CAMERA_HASHES]; /* ECDSA or RSASSA-PSS; NULL until needed */
    EVP_PKEY_CTX *pkcs1[SVMS_CAMERA_HASHES];
} svms_camera_verifier;

/* pkey NULL: a kind that not even the provider knows. SVMS_E_UNSUPPORTED, SVMS_E_CRYPTO,
 * SVMS_E_NO_MEMORY; release in any case. */
SVMS_MUST_CHECK svms_status svms_camera_verifier_open(svms_camera_verifier *verifier, svms_ctx *ctx,
                                                      EVP_PKEY *pkey, svms_error *err);
void svms_camera_verifier_close(svms_camera_verifier *verifier);
/* SVMS_E_UNSUPPORTED when they are not known, or not what this key does. */
SVMS_MUST_CHECK svms_status svms_camera_verifier_takes(const svms_camera_verifier *verifier,
                                                       const svms_camera_algorithms *algorithms,
                                                       svms_error *err);
/* digest is the hash of the document; the verifier takes the algorithms. SVMS_OK,
 * SVMS_E_NOT_AUTHENTIC, SVMS_E_CRYPTO, SVMS_E_NO_MEMORY. */
SVMS_MUST_CHECK svms_status svms_camera_verifier_verify(svms_camera_verifier *verifier,
                                                        const svms_camera_algorithms *algorithms,
                                                        const svms_camera_document *document,
                                                        const uint8_t *digest, svms_error *err);

#endif
