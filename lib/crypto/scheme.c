/* SPDX-License-Identifier: Apache-2.0 */
#include "scheme.h"

#include <openssl/core_names.h>

#include "context_internal.h"
#include "sign.h"

#define PSS_SALT_SIZE "32"

const svms_scheme *svms_scheme_of(svms_key_kind kind)
{
    static const svms_scheme p256 = { SVMS_SIG_ECDSA_P256_SHA256, "SHA2-256", 32, 64 };
    static const svms_scheme p384 = { SVMS_SIG_ECDSA_P384_SHA384, "SHA2-384", 48, 96 };
    static const svms_scheme ed25519 = { SVMS_SIG_ED25519, NULL, 0, 64 };
    static const svms_scheme rsa = { SVMS_SIG_RSA_PSS_SHA256, "SHA2-256", 0, 0 };
    switch (kind) {
    case SVMS_KEY_P256:
        return &p256;
    case SVMS_KEY_P384:
        return &p384;
    case SVMS_KEY_ED25519:
        return &ed25519;
    case SVMS_KEY_RSA:
        return &rsa;
    case SVMS_KEY_X25519:
        break;
    }
    return NULL;
}

static OSSL_PARAM text_param(const char *name, const char *value)
{
    /* Parameters are read only here, but OSSL_PARAM serves both directions. */
    return OSSL_PARAM_construct_utf8_string(name, (char *)(uintptr_t)value, 0);
}

void svms_scheme_params(const svms_scheme *scheme, svms_ctx *ctx, bool with_digest,
                        OSSL_PARAM params[SVMS_SCHEME_PARAMS])
{
    OSSL_PARAM *next = params;
    if (with_digest) {
        *next++ = text_param(OSSL_SIGNATURE_PARAM_DIGEST, scheme->digest);
    }
    if (scheme->algorithm == SVMS_SIG_RSA_PSS_SHA256) {
        *next++ = text_param(OSSL_SIGNATURE_PARAM_PAD_MODE, OSSL_PKEY_RSA_PAD_MODE_PSS);
        *next++ = text_param(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, PSS_SALT_SIZE);
        *next++ = text_param(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, "SHA2-256");
        if (svms_ossl_properties(ctx)) {
            *next++ = text_param(OSSL_SIGNATURE_PARAM_MGF1_PROPERTIES, svms_ossl_properties(ctx));
        }
    }
    *next = OSSL_PARAM_construct_end();
}
