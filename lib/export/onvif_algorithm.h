/* SPDX-License-Identifier: Apache-2.0 */
/* Signature algorithms of export files (docs/spec/onvif-export.md, O-ALG): over a digest, because
 * what is signed does not fit into memory. */
#ifndef SVMS_ONVIF_ALGORITHM_H
#define SVMS_ONVIF_ALGORITHM_H

#include <svms/identity.h>

#include "builder.h"

/* RSA keys of 8192 bits. */
#define SVMS_ONVIF_MAX_SIGNATURE 1024
#define SVMS_ONVIF_MAX_DIGEST 64

typedef enum svms_onvif_digest {
    SVMS_ONVIF_SHA256 = 0,
    SVMS_ONVIF_SHA384 = 1,
    SVMS_ONVIF_SHA512 = 2
} svms_onvif_digest;
#define SVMS_ONVIF_DIGESTS 3

typedef enum svms_onvif_family {
    SVMS_ONVIF_PSS = 0,
    SVMS_ONVIF_PKCS1 = 1,
    SVMS_ONVIF_ECDSA = 2
} svms_onvif_family;

typedef struct svms_onvif_algorithm {
    svms_onvif_family family;
    svms_onvif_digest digest;
    svms_onvif_digest mask; /* of MGF1, with PSS */
    uint32_t salt;          /* bytes, with PSS */
} svms_onvif_algorithm;

/* "SHA2-256" */
const char *svms_onvif_digest_name(svms_onvif_digest digest);
size_t svms_onvif_digest_size(svms_onvif_digest digest);

/* RSASSA-PSS with SHA-256 and a salt of 20 bytes. */
svms_onvif_algorithm svms_onvif_default_algorithm(void);
/* Reads an AlgorithmIdentifier. SVMS_E_MALFORMED; SVMS_E_UNSUPPORTED also for SHA-1. */
SVMS_MUST_CHECK svms_status svms_onvif_read_algorithm(svms_onvif_algorithm *out, const uint8_t *der,
                                                      size_t size, uint64_t origin,
                                                      svms_error *err);
/* "RSASSA-PSS, SHA-256, salt 20" */
void svms_onvif_name_algorithm(char *out, size_t room, const svms_onvif_algorithm *algorithm);

/* How a key signs. SVMS_E_UNSUPPORTED for keys that the format has no algorithm for, or that only
 * callbacks can use. */
SVMS_MUST_CHECK svms_status svms_onvif_algorithm_of(svms_onvif_algorithm *out,
                                                    const svms_private_key *key, svms_error *err);
/* The AlgorithmIdentifier that goes into sigC; nothing for the default. */
void svms_onvif_put_algorithm(svms_builder *builder, const svms_onvif_algorithm *algorithm);
/* Bytes of a signature: fixed, because they are counted in what is signed. */
size_t svms_onvif_signature_size(const svms_onvif_algorithm *algorithm,
                                 const svms_private_key *key);

/* Signs a digest: exactly size bytes, which svms_onvif_signature_size() told. */
SVMS_MUST_CHECK svms_status svms_onvif_sign(svms_ctx *ctx, const svms_private_key *key,
                                            const svms_onvif_algorithm *algorithm,
                                            const uint8_t *digest, uint8_t *signature, size_t size,
                                            svms_error *err);
/* SVMS_E_NOT_AUTHENTIC when it does not verify, or the key does not fit the algorithm. */
SVMS_MUST_CHECK svms_status svms_onvif_check(svms_ctx *ctx, const svms_public_key *key,
                                             const svms_onvif_algorithm *algorithm,
                                             const uint8_t *digest, const uint8_t *signature,
                                             size_t size, svms_error *err);

#endif
