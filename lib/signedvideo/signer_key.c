/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a camera that signs, and their certificates. */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base64.h"
#include "certificate.h"
#include "failure.h"
#include "key_internal.h"
#include "key_kind.h"
#include "signer_check.h"
#include "signer_internal.h"

/* RFC 7468: characters in a line. */
#define PEM_LINE ((size_t)64)
#define PEM_LINE_BYTES (PEM_LINE / 4 * 3)
/* SEQUENCE and two INTEGERs, with a byte of zero where the first bit is set. */
#define DER_ROOM(width) (2 + 2 * (2 + 1 + (width)))

static svms_status check_usage(const svms_chain *chain, svms_error *err)
{
    X509 *leaf = sk_X509_value(chain->certificates, 0);
    if ((X509_get_key_usage(leaf) & X509v3_KU_DIGITAL_SIGNATURE) != 0) {
        return SVMS_OK;
    }
    return svms_fail(err, SVMS_E_UNTRUSTED,
                     "the certificate of %.80s does not allow digital signatures (key usage)",
                     svms_chain_subject(chain));
}

static svms_status choose_scheme(svms_signer_key *out, const svms_private_key *key, svms_error *err)
{
    svms_key_kind kind = svms_private_key_kind(key);
    EVP_PKEY *half = svms_private_key_public_evp(key);
    switch (kind) {
    case SVMS_KEY_P256:
        out->hash = SVMS_CAMERA_SHA256;
        out->width = 32;
        break;
    case SVMS_KEY_P384:
        out->hash = SVMS_CAMERA_SHA384;
        out->width = 48;
        break;
    case SVMS_KEY_RSA:
        out->hash = SVMS_CAMERA_SHA256;
        out->rsa_bits = (uint16_t)EVP_PKEY_get_bits(half);
        break;
    default:
        return svms_fail(err, SVMS_E_UNSUPPORTED, "camera-signed video is not signed with %s keys",
                         svms_key_kind_name(kind));
    }
    out->room = out->width > 0 ? DER_ROOM(out->width) : (size_t)EVP_PKEY_get_size(half);
    return SVMS_OK;
}

svms_status svms_signer_key_open(svms_signer_key *out, svms_ctx *ctx, const svms_private_key *key,
                                 const svms_chain *chain, svms_error *err)
{
    svms_signer_key made = { .engine = NULL };
    svms_status status = choose_scheme(&made, key, err);
    if (status == SVMS_OK) {
        status = svms_signer_check(key, chain, SVMS_ROLE_CAMERA, svms_utc_now(ctx), err);
    }
    if (status == SVMS_OK) {
        status = check_usage(chain, err);
    }
    if (status == SVMS_OK) {
        status = svms_sign_engine_new(&made.engine, ctx, key, err);
    }
    if (status == SVMS_OK) {
        *out = made;
    }
    return status;
}

void svms_signer_key_close(svms_signer_key *key)
{
    svms_sign_engine_free(&key->engine);
}

static void put_pem(svms_builder *out, const uint8_t *der, size_t size)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
    static const char end[] = "-----END CERTIFICATE-----\n";
    svms_put_bytes(out, begin, sizeof begin - 1);
    for (size_t at = 0; at < size; at += PEM_LINE_BYTES) {
        size_t left = size - at;
        svms_put_base64_padded(out, der + at, left < PEM_LINE_BYTES ? left : PEM_LINE_BYTES);
        svms_put_u8(out, '\n');
    }
    svms_put_bytes(out, end, sizeof end - 1);
}

svms_status svms_signer_put_chain(svms_builder *out, const svms_chain *chain, bool is_user,
                                  svms_error *err)
{
    svms_builder pem = svms_builder_new(out->ctx, SVMS_SEI_ELEMENT_MAX - 2);
    for (size_t i = 0; i < svms_chain_count(chain); i++) {
        X509 *certificate = sk_X509_value(chain->certificates, (int)i);
        int is_root = i > 0 ? X509_self_signed(certificate, 0) : 0;
        if (is_root < 0) {
            svms_builder_clear(&pem);
            return svms_fail_crypto(err, "cannot tell the root from other certificates");
        }
        if (is_root == 0) {
            size_t size = 0;
            const uint8_t *der = svms_chain_der(chain, i, &size);
            put_pem(&pem, der, size);
        }
    }
    svms_status status = svms_builder_check(&pem, "the certificate chain of a SEI", err);
    if (status == SVMS_OK) {
        svms_put_sei_certificates(out, is_user, pem.data, pem.size);
        status = svms_builder_check(out, "what a SEI says of certificates", err);
    }
    svms_builder_clear(&pem);
    return status;
}
