/* SPDX-License-Identifier: Apache-2.0 */
#include "signed_der.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ecdsa_raw.h"
#include "failure.h"
#include "key_internal.h"

#define BASE64_LINE_BYTES 48 /* 64 characters */
#define TAG_AND_LENGTH_MAX 5
#define UNUSED_BITS_SIZE 1

typedef struct algorithm {
    uint16_t id;
    size_t width; /* of r and of s, or 0 */
    uint8_t size;
    uint8_t der[72];
} algorithm;

static const algorithm algorithms[] = {
    { SVMS_SIG_ECDSA_P256_SHA256,
      32,
      12,
      { 0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02 } },
    { SVMS_SIG_ECDSA_P384_SHA384,
      48,
      12,
      { 0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03 } },
    { SVMS_SIG_ED25519, 0, 7, { 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70 } },
    /* id-RSASSA-PSS; SHA-256, MGF1 with SHA-256, 32 bytes of salt (RFC 4055 section 3.1). */
    { SVMS_SIG_RSA_PSS_SHA256, 0, 67, { 0x30, 0x41, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D,
                                        0x01, 0x01, 0x0A, 0x30, 0x34, 0xA0, 0x0F, 0x30, 0x0D, 0x06,
                                        0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
                                        0x05, 0x00, 0xA1, 0x1C, 0x30, 0x1A, 0x06, 0x09, 0x2A, 0x86,
                                        0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x08, 0x30, 0x0D, 0x06,
                                        0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
                                        0x05, 0x00, 0xA2, 0x03, 0x02, 0x01, 0x20 } },
};

static const algorithm *find_algorithm(uint16_t id)
{
    const algorithm *found = algorithms;
    while (found->id != id) {
        found++;
    }
    return found;
}

svms_status svms_signing_open(svms_signing *out, svms_ctx *ctx, const svms_private_key *key,
                              svms_error *err)
{
    memset(out, 0, sizeof *out);
    out->ctx = ctx;
    svms_status status = svms_sign_engine_new(&out->engine, ctx, key, err);
    if (status != SVMS_OK) {
        return status;
    }
    const algorithm *used = find_algorithm(svms_sign_engine_algorithm(out->engine));
    int key_size = EVP_PKEY_get_size(svms_private_key_public_evp(key));
    if (key_size <= 0 || key_size > SVMS_SIGNATURE_MAX) {
        return svms_fail_crypto(err, "cannot tell how long a signature is");
    }
    out->algorithm = used->der;
    out->algorithm_size = used->size;
    out->signature_max = used->width > 0 ? SVMS_ECDSA_DER_MAX : (size_t)key_size;
    return SVMS_OK;
}

void svms_signing_close(svms_signing *signing)
{
    svms_sign_engine_free(&signing->engine);
}

void svms_put_algorithm(svms_builder *builder, const svms_signing *signing)
{
    svms_put_bytes(builder, signing->algorithm, signing->algorithm_size);
}

size_t svms_signed_bound(const svms_signing *signing, size_t tbs_size)
{
    return tbs_size + signing->algorithm_size + signing->signature_max + UNUSED_BITS_SIZE +
           (size_t)2 * TAG_AND_LENGTH_MAX;
}

/* The signature as its standard encodes it, into room for signature_max bytes. */
static svms_status make_signature(const svms_signing *signing, const svms_builder *tbs,
                                  uint8_t *out, size_t *size, svms_error *err)
{
    const algorithm *used = find_algorithm(svms_sign_engine_algorithm(signing->engine));
    svms_status status = svms_sign(signing->engine, tbs->data, tbs->size, out, size, err);
    if (status != SVMS_OK || used->width == 0) {
        return status;
    }
    uint8_t der[SVMS_ECDSA_DER_MAX];
    if (!svms_ecdsa_to_der(out, used->width, der, size)) {
        return svms_fail(err, SVMS_E_CRYPTO, "the provider gave a signature that is none");
    }
    memcpy(out, der, *size);
    return SVMS_OK;
}

svms_status svms_put_signed(svms_builder *out, const svms_signing *signing, const svms_builder *tbs,
                            const svms_builder *extra, svms_error *err)
{
    svms_status status = svms_builder_check(tbs, "what is to be signed", err);
    if (status != SVMS_OK) {
        return status;
    }
    size_t size = signing->signature_max;
    uint8_t *signature = svms_alloc(signing->ctx, size);
    if (!signature) {
        return svms_fail_memory(err);
    }
    status = make_signature(signing, tbs, signature, &size, err);
    if (status == SVMS_OK) {
        size_t mark = svms_der_open(out, SVMS_DER_SEQUENCE);
        svms_put_bytes(out, tbs->data, tbs->size);
        svms_put_algorithm(out, signing);
        svms_der_put_bits(out, signature, size);
        if (extra) {
            svms_put_bytes(out, extra->data, extra->size);
        }
        svms_der_close(out, mark);
        status = svms_builder_check(out, "what was signed", err);
    }
    svms_release(signing->ctx, signature);
    return status;
}

svms_extension_marks svms_extension_open(svms_builder *builder, uint8_t number, bool critical)
{
    const uint8_t identifier[] = { 0x55, 0x1D, number };
    svms_extension_marks marks = { svms_der_open(builder, SVMS_DER_SEQUENCE), 0 };
    svms_der_put(builder, SVMS_DER_OID, identifier, sizeof identifier);
    if (critical) {
        svms_der_put_true(builder);
    }
    marks.value = svms_der_open(builder, SVMS_DER_OCTETS);
    return marks;
}

void svms_extension_close(svms_builder *builder, svms_extension_marks marks)
{
    svms_der_close(builder, marks.value);
    svms_der_close(builder, marks.whole);
}

/* Without the NUL. */
static size_t text_size(size_t size, const char *label)
{
    size_t characters = (size + 2) / 3 * 4;
    size_t lines = (size + BASE64_LINE_BYTES - 1) / BASE64_LINE_BYTES;
    return strlen("-----BEGIN -----\n-----END -----\n") + 2 * strlen(label) + characters + lines;
}

/* out has room for text_size() and NUL. */
static void put_text_out(const svms_builder *der, const char *label, char *out, size_t *size)
{
    size_t room = *size;
    size_t used = (size_t)snprintf(out, room, "-----BEGIN %s-----\n", label);
    for (size_t at = 0; at < der->size; at += BASE64_LINE_BYTES) {
        size_t left = der->size - at;
        int line = (int)(left < BASE64_LINE_BYTES ? left : BASE64_LINE_BYTES);
        used += (size_t)EVP_EncodeBlock((unsigned char *)out + used, der->data + at, line);
        out[used++] = '\n';
    }
    used += (size_t)snprintf(out + used, room - used, "-----END %s-----\n", label);
    *size = used;
}

svms_status svms_hand_out_text(const svms_signing *signing, const svms_builder *tbs,
                               const char *label, const char *what, size_t slack, char *out,
                               size_t *size, svms_error *err)
{
    svms_status status = svms_builder_check(tbs, what, err);
    if (status != SVMS_OK) {
        return status;
    }
    size_t bound = svms_signed_bound(signing, tbs->size);
    size_t needed = text_size(bound + slack, label) + 1;
    if (!out || *size < text_size(bound, label) + 1) {
        *size = needed;
        return svms_fail(err, SVMS_E_LIMIT, "%s needs a buffer of %zu bytes", what, needed);
    }
    svms_builder der = svms_builder_new(signing->ctx, bound);
    status = svms_put_signed(&der, signing, tbs, NULL, err);
    if (status == SVMS_OK) {
        put_text_out(&der, label, out, size);
    }
    svms_builder_clear(&der);
    return status;
}

svms_status svms_put_public_key(svms_builder *builder, EVP_PKEY *key, svms_error *err)
{
    unsigned char *der = NULL;
    int size = i2d_PUBKEY(key, &der);
    if (size <= 0) {
        return svms_fail_crypto(err, "cannot encode a public key");
    }
    svms_put_bytes(builder, der, (size_t)size);
    OPENSSL_free(der);
    return SVMS_OK;
}
