/* SPDX-License-Identifier: Apache-2.0 */
/* What is inside a TimeStampToken (RFC 3161 section 2.4.2, RFC 5652 section 5). */
#ifndef SVMS_TIMESTAMP_INTERNAL_H
#define SVMS_TIMESTAMP_INTERNAL_H

#include <svms/timestamp.h>

#include "der.h"
#include "digest.h"

/* Serial numbers have at most 160 bits; one more byte for the sign. */
#define SVMS_TOKEN_SERIAL_MAX 21

/* Everything points into the bytes of the token. Elements that are not there have tag 0. */
typedef struct svms_token {
    /* SignedData */
    unsigned certificates;
    unsigned digest_kind; /* 0, 1, 2: SHA-256, SHA-384, SHA-512 */
    svms_der signer_id;   /* issuer and serial number, or subject key identifier */
    bool by_ess_v2;       /* the signer's certificate is named by an ESSCertIDv2 */
    unsigned ess_kind;    /* with which digest, as above */
    svms_der ess_digest;  /* of the certificate */
    /* TSTInfo */
    uint8_t imprint[SVMS_DIGEST_SIZE];
    int64_t gen_time_utc_ns;
    int64_t accuracy_ns; /* -1 when it is not said */
    svms_der serial;
    svms_der nonce;
    svms_der authority; /* a GeneralName */
} svms_token;

/* Structure only; no signature is checked. SVMS_E_MALFORMED, SVMS_E_UNSUPPORTED, SVMS_E_LIMIT. */
SVMS_MUST_CHECK svms_status svms_token_read(svms_token *out, const void *token, size_t size,
                                            svms_error *err);

/* Structure and imprint only: whether the token says that it stamps this digest.
 * SVMS_E_NOT_AUTHENTIC when it stamps another one. */
SVMS_MUST_CHECK svms_status svms_timestamp_attests(const void *token, size_t size,
                                                   const uint8_t digest[SVMS_DIGEST_SIZE],
                                                   svms_error *err);

/* AlgorithmIdentifier of SHA-256 (0), SHA-384 (1) or SHA-512 (2), with or without NULL. */
bool svms_token_digest_kind(const svms_der *algorithm, unsigned *kind);
/* Reads a MessageImprint; false when it is not one of SHA-256. */
bool svms_token_imprint(svms_cursor *cursor, uint8_t out[SVMS_DIGEST_SIZE]);

#endif
