/* SPDX-License-Identifier: Apache-2.0 */
/* Fingerprints of certificates (RFC 8122). */
#include "dtls_fingerprint.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "chain_internal.h"
#include "context_internal.h"
#include "cursor.h"
#include "failure.h"
#include "options.h"

typedef struct hash_kind {
    svms_dtls_hash hash;
    size_t size;
    const char *openssl_name;
    const char *name; /* in SDP */
} hash_kind;

/* From the weakest to the strongest. */
static const hash_kind kinds[] = {
    { SVMS_DTLS_SHA_256, 32, "SHA2-256", "sha-256" },
    { SVMS_DTLS_SHA_384, 48, "SHA2-384", "sha-384" },
    { SVMS_DTLS_SHA_512, 64, "SHA2-512", "sha-512" },
};

static const hash_kind *kind_of(uint32_t hash)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if ((uint32_t)kinds[i].hash == hash) {
            return &kinds[i];
        }
    }
    return NULL;
}

size_t svms_dtls_hash_size(uint32_t hash)
{
    const hash_kind *kind = kind_of(hash);
    return kind ? kind->size : 0;
}

static svms_status digest_leaf(uint8_t out[SVMS_DTLS_DIGEST_MAX], svms_ctx *ctx,
                               const svms_chain *chain, const hash_kind *kind, svms_error *err)
{
    size_t der_size = 0;
    size_t size = 0;
    const uint8_t *der = svms_chain_der(chain, 0, &der_size);
    memset(out, 0, SVMS_DTLS_DIGEST_MAX);
    ERR_clear_error();
    if (EVP_Q_digest(svms_ossl_context(ctx), kind->openssl_name, svms_ossl_properties(ctx), der,
                     der_size, out, &size) != 1 ||
        size != kind->size) {
        return svms_fail_crypto(err, "cannot make a certificate's fingerprint");
    }
    return SVMS_OK;
}

svms_status svms_dtls_fingerprint_of(svms_dtls_fingerprint *out, svms_ctx *ctx,
                                     const svms_chain *chain, svms_dtls_hash hash, svms_error *err)
{
    const hash_kind *kind = kind_of((uint32_t)hash);
    svms_dtls_fingerprint found = SVMS_DTLS_FINGERPRINT_INIT;
    if (!out || !ctx || !chain || !kind) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a fingerprint needs a place, a context, a chain and a hash function");
    }
    svms_status status = digest_leaf(found.digest, ctx, chain, kind, err);
    if (status != SVMS_OK) {
        return status;
    }
    found.hash = (uint32_t)hash;
    return svms_result_write(out, &found, sizeof found, "svms_dtls_fingerprint", err);
}

svms_status svms_dtls_fingerprints_match(bool *matches, svms_ctx *ctx, const svms_chain *chain,
                                         const svms_dtls_fingerprint *named, size_t count,
                                         svms_error *err)
{
    uint8_t digest[SVMS_DTLS_DIGEST_MAX];
    uint32_t strongest = 0;
    *matches = false;
    for (size_t i = 0; i < count; i++) {
        strongest = named[i].hash > strongest ? named[i].hash : strongest;
    }
    const hash_kind *kind = kind_of(strongest);
    if (!kind) {
        return SVMS_OK;
    }
    svms_status status = digest_leaf(digest, ctx, chain, kind, err);
    for (size_t i = 0; status == SVMS_OK && i < count; i++) {
        bool same =
            named[i].hash == strongest && CRYPTO_memcmp(named[i].digest, digest, kind->size) == 0;
        *matches = *matches || same;
    }
    return status;
}

/* Names of functions are tokens of SDP, whose case does not matter (RFC 8122 section 5). */
static bool is_name(const uint8_t *text, size_t size, const char *name)
{
    if (size != strlen(name)) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        uint8_t letter = text[i] >= 'A' && text[i] <= 'Z' ? (uint8_t)(text[i] + 32) : text[i];
        if (letter != (uint8_t)name[i]) {
            return false;
        }
    }
    return true;
}

static svms_status find_kind(const hash_kind **out, const uint8_t *name, size_t size,
                             svms_error *err)
{
    static const char *const broken[] = { "md2", "md5", "sha-1" };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (is_name(name, size, kinds[i].name)) {
            *out = &kinds[i];
            return SVMS_OK;
        }
    }
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        if (is_name(name, size, broken[i])) {
            return svms_fail(err, SVMS_E_POLICY,
                             "a fingerprint made with %s proves nothing: others can have the same",
                             broken[i]);
        }
    }
    return svms_fail(err, SVMS_E_UNSUPPORTED,
                     "a fingerprint made with a function that is not known here (known: sha-256, "
                     "sha-384, sha-512)");
}

/* 0 to 15, or -1. */
static int hex_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* "4A:AD:B9": pairs of digits with colons between them, as many as the function gives. */
static bool read_digest(svms_cursor *text, uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bool parted = i == 0 || svms_read_u8(text) == ':';
        int high = hex_value(svms_read_u8(text));
        int low = hex_value(svms_read_u8(text));
        if (!parted || text->failed || high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    return svms_cursor_at_end(text);
}

svms_status svms_dtls_fingerprint_read(svms_dtls_fingerprint *out, const char *text,
                                       svms_error *err)
{
    svms_dtls_fingerprint found = SVMS_DTLS_FINGERPRINT_INIT;
    const hash_kind *kind = NULL;
    if (!out || !text) {
        return svms_fail(err, SVMS_E_USAGE, "reading a fingerprint needs text and a place");
    }
    size_t size = strnlen(text, SVMS_DTLS_FINGERPRINT_TEXT_SIZE);
    const char *space = memchr(text, ' ', size);
    if (!space || size == SVMS_DTLS_FINGERPRINT_TEXT_SIZE) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "a fingerprint is the name of a function, a space, and digits");
    }
    svms_cursor cursor = svms_cursor_over(text, size, 0);
    size_t name_size = (size_t)(space - text);
    const uint8_t *name = svms_read_bytes(&cursor, name_size);
    svms_status status = find_kind(&kind, name, name_size, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_skip(&cursor, 1) || !read_digest(&cursor, found.digest, kind->size)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, svms_cursor_offset(&cursor),
                            "a fingerprint made with %s has %zu pairs of hexadecimal digits, with "
                            "colons between them",
                            kind->name, kind->size);
    }
    found.hash = (uint32_t)kind->hash;
    return svms_result_write(out, &found, sizeof found, "svms_dtls_fingerprint", err);
}

svms_status svms_dtls_fingerprint_write(char *out, size_t capacity,
                                        const svms_dtls_fingerprint *given, svms_error *err)
{
    svms_dtls_fingerprint fingerprint = SVMS_DTLS_FINGERPRINT_INIT;
    if (!out || !given) {
        return svms_fail(err, SVMS_E_USAGE, "writing a fingerprint needs one and a place");
    }
    svms_status status =
        svms_options_read(&fingerprint, sizeof fingerprint, given, "svms_dtls_fingerprint", err);
    if (status != SVMS_OK) {
        return status;
    }
    const hash_kind *kind = kind_of(fingerprint.hash);
    if (!kind) {
        return svms_fail(err, SVMS_E_USAGE, "a fingerprint without a hash function");
    }
    size_t needed = strlen(kind->name) + 1 + 3 * kind->size;
    if (capacity < needed) {
        return svms_fail(err, SVMS_E_LIMIT, "a fingerprint needs %zu bytes of room", needed);
    }
    int used = snprintf(out, capacity, "%s", kind->name);
    for (size_t i = 0; i < kind->size; i++) {
        used += snprintf(out + used, capacity - (size_t)used, "%c%02X", i == 0 ? ' ' : ':',
                         fingerprint.digest[i]);
    }
    return SVMS_OK;
}
