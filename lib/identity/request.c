/* SPDX-License-Identifier: Apache-2.0 */
/* Reading certificate requests (I-REQ-6 to I-REQ-14): nothing inside is used before the signature
 * was checked over the bytes as they are. */
#include "request_internal.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "failure.h"
#include "key_internal.h"
#include "known_answer.h"
#include "options.h"
#include "pem.h"

typedef struct outline {
    svms_der tbs;
    svms_der subject;
    svms_der key;
    svms_der attributes;
    svms_der algorithm;
    svms_der signature;
} outline;

static svms_status malformed(svms_error *err, const char *what)
{
    return svms_fail(err, SVMS_E_MALFORMED, "the request %s", what);
}

static bool take_outline(outline *out, const uint8_t *der, size_t size)
{
    svms_cursor outer = svms_cursor_over(der, size, 0);
    svms_der whole;
    svms_der version;
    uint64_t number = 1;
    if (!svms_der_take(&outer, SVMS_DER_SEQUENCE, &whole) || !svms_cursor_at_end(&outer)) {
        return false;
    }
    svms_cursor parts = whole.content;
    if (!svms_der_take(&parts, SVMS_DER_SEQUENCE, &out->tbs) ||
        !svms_der_take(&parts, SVMS_DER_SEQUENCE, &out->algorithm) ||
        !svms_der_take(&parts, SVMS_DER_BITS, &out->signature) || !svms_cursor_at_end(&parts)) {
        return false;
    }
    svms_cursor info = out->tbs.content;
    return svms_der_take(&info, SVMS_DER_INTEGER, &version) &&
           svms_der_unsigned(&version, &number) && number == 0 &&
           svms_der_take(&info, SVMS_DER_SEQUENCE, &out->subject) &&
           svms_der_take(&info, SVMS_DER_SEQUENCE, &out->key) &&
           svms_der_take(&info, SVMS_DER_CONSTRUCTED(0), &out->attributes) &&
           svms_cursor_at_end(&info);
}

static EVP_PKEY *decode_key(svms_ctx *ctx, const svms_der *key)
{
    const unsigned char *end = key->whole;
    return d2i_PUBKEY_ex(NULL, &end, (long)key->whole_size, svms_ossl_context(ctx),
                         svms_ossl_properties(ctx));
}

/* Whether the key, once decoded, has exactly the encoding that was given. */
static bool encodes_to(EVP_PKEY *pkey, const svms_der *key)
{
    unsigned char *again = NULL;
    int size = i2d_PUBKEY(pkey, &again);
    bool same = size > 0 && (size_t)size == key->whole_size &&
                memcmp(again, key->whole, key->whole_size) == 0;
    OPENSSL_free(again);
    return same;
}

/* A "no" is believed as known_answer.h says. */
static bool is_unreadable(svms_ctx *ctx, const svms_der *key)
{
    EVP_PKEY *again = decode_key(ctx, key);
    bool unreadable = again == NULL;
    EVP_PKEY_free(again);
    return unreadable && svms_known_key_is_taken(ctx, SVMS_KEY_P256) &&
           svms_known_key_is_taken(ctx, SVMS_KEY_RSA) &&
           svms_known_key_is_taken(ctx, SVMS_KEY_ED25519);
}

static svms_status read_key(svms_request *request, const svms_der *key, svms_error *err)
{
    ERR_clear_error();
    EVP_PKEY *pkey = decode_key(request->ctx, key);
    svms_status status = SVMS_OK;
    if (!pkey && (svms_crypto_starved() || !is_unreadable(request->ctx, key))) {
        status = svms_fail_crypto(err, "cannot decode the key of a request");
    } else if (!pkey) {
        status = svms_fail(err, SVMS_E_UNSUPPORTED,
                           "the key of the request cannot be read, or is of no known kind");
    } else {
        status = svms_public_key_from_evp(&request->key, request->ctx, pkey, err);
    }
    if (status == SVMS_OK && !encodes_to(pkey, key)) {
        status = svms_crypto_starved() ? svms_fail_crypto(err, "cannot encode a key")
                                       : malformed(err, "holds a key that is not in canonical DER");
    }
    if (status == SVMS_OK) {
        int bits = EVP_PKEY_get_bits(pkey);
        request->info.key_bits = bits > 0 ? (uint32_t)bits : 0;
    }
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return status;
}

static svms_status read(svms_request *request, const uint8_t *der, size_t size, svms_error *err)
{
    outline found = { 0 };
    if (!svms_der_is_well_formed(der, size)) {
        return malformed(err, "is not in canonical DER, or more bytes follow it");
    }
    if (!take_outline(&found, der, size)) {
        return malformed(err, "is no PKCS #10 request");
    }
    svms_status status = read_key(request, &found.key, err);
    if (status == SVMS_OK) {
        status = svms_request_check_signature(request->ctx, request->key, &found.algorithm,
                                              &found.tbs, &found.signature, err);
    }
    if (status == SVMS_OK) {
        status = svms_public_key_id(request->key, request->info.key_sha256, err);
    }
    if (status == SVMS_OK) {
        status = svms_request_read_subject(request, &found.subject, err);
    }
    if (status == SVMS_OK) {
        status = svms_request_read_attributes(request, &found.attributes, err);
    }
    return status;
}

static bool is_request(const svms_pem_block *block)
{
    return svms_pem_is(block, "CERTIFICATE REQUEST") ||
           svms_pem_is(block, "NEW CERTIFICATE REQUEST");
}

/* The only request in the text; other blocks are passed over. */
static svms_status read_text(svms_request *request, const char *pem, size_t size, svms_error *err)
{
    BIO *text = NULL;
    bool any = false;
    svms_status status = svms_pem_open(&text, pem, size, err);
    while (status == SVMS_OK) {
        svms_pem_block block;
        status = svms_pem_next(text, &block, err);
        if (status != SVMS_OK) {
            break;
        }
        if (is_request(&block)) {
            status = any ? malformed(err, "is followed by another one")
                         : read(request, block.der, (size_t)block.size, err);
            any = true;
        }
        svms_pem_block_clear(&block);
    }
    BIO_free(text);
    if (status != SVMS_END) {
        return status;
    }
    return any ? SVMS_OK : svms_fail(err, SVMS_E_MALFORMED, "no certificate request in the text");
}

svms_status svms_request_parse(svms_request **out, svms_ctx *ctx, const void *data, size_t size,
                               svms_error *err)
{
    if (!out || !ctx || !data) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (size > SVMS_REQUEST_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a request has more than %d bytes", SVMS_REQUEST_MAX);
    }
    svms_request *request = svms_alloc(ctx, sizeof *request);
    if (!request) {
        return svms_fail_memory(err);
    }
    request->ctx = ctx;
    request->info = (svms_request_info)SVMS_REQUEST_INFO_INIT;
    bool is_der = size > 0 && *(const uint8_t *)data == SVMS_DER_SEQUENCE;
    svms_status status =
        is_der ? read(request, data, size, err) : read_text(request, data, size, err);
    if (status != SVMS_OK) {
        svms_request_free(&request);
        return status;
    }
    *out = request;
    return SVMS_OK;
}

void svms_request_free(svms_request **request)
{
    if (!request || !*request) {
        return;
    }
    svms_request *gone = *request;
    *request = NULL;
    svms_public_key_free(&gone->key);
    for (size_t i = 0; i < SVMS_NAMES_MAX; i++) {
        svms_release(gone->ctx, gone->names[i]);
    }
    svms_release(gone->ctx, gone);
}

svms_status svms_request_describe(const svms_request *request, svms_request_info *out,
                                  svms_error *err)
{
    if (!request || !out) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    return svms_result_write(out, &request->info, sizeof request->info, "svms_request_info", err);
}

const char *svms_request_name(const svms_request *request, size_t index)
{
    return request && index < request->info.name_count ? request->names[index] : NULL;
}
