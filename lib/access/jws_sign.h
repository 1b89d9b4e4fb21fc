/* SPDX-License-Identifier: Apache-2.0 */
/* What each algorithm of tokens is to OpenSSL. */
#ifndef SVMS_JWS_SIGN_H
#define SVMS_JWS_SIGN_H

#include "jws.h"

typedef struct svms_jws_scheme {
    const char *digest; /* NULL: the algorithm has its own */
    size_t width;       /* of r and of s; 0 unless ECDSA */
    bool is_pss;
} svms_jws_scheme;

const svms_jws_scheme *svms_jws_scheme_of(svms_token_algorithm algorithm);
/* Padding, once signing or verifying has been initialised. */
bool svms_jws_set_padding(const svms_jws_scheme *scheme, EVP_PKEY_CTX *operation);

#endif
