/* SPDX-License-Identifier: Apache-2.0 */
/* I-REQ-17 to I-REQ-19: reading what enrolment sends. */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <svms/ca.h>

#include "authority.h"
#include "certificate.h"
#include "der.h"
#include "failure.h"
#include "key_internal.h"
#include "pkcs7.h"

typedef struct message {
    svms_ctx *ctx;
    X509 *certificates[SVMS_CHAIN_MAX_CERTIFICATES];
    svms_der encodings[SVMS_CHAIN_MAX_CERTIFICATES];
    size_t count;
} message;

static svms_status malformed(svms_error *err, const char *what)
{
    return svms_fail(err, SVMS_E_MALFORMED, "the PKCS #7 message %s", what);
}

/* The SignedData within the ContentInfo. */
static svms_status open_envelope(svms_der *out, const void *data, size_t size, svms_error *err)
{
    static const uint8_t signed_data[] = SVMS_PKCS7_SIGNED_DATA;
    svms_cursor cursor = svms_cursor_over(data, size, 0);
    svms_der info;
    svms_der type;
    svms_der tagged;
    if (!svms_der_is_well_formed(data, size)) {
        return malformed(err, "is not in DER, or more bytes follow it");
    }
    if (!svms_der_take(&cursor, SVMS_DER_SEQUENCE, &info) ||
        !svms_der_take(&info.content, SVMS_DER_OID, &type)) {
        return malformed(err, "cannot be read");
    }
    if (!svms_der_equals(&type, signed_data, sizeof signed_data)) {
        return malformed(err, "is of another type than signed data");
    }
    if (!svms_der_take(&info.content, SVMS_DER_CONSTRUCTED(0), &tagged) ||
        !svms_cursor_at_end(&info.content) ||
        !svms_der_take(&tagged.content, SVMS_DER_SEQUENCE, out) ||
        !svms_cursor_at_end(&tagged.content)) {
        return malformed(err, "cannot be read");
    }
    return SVMS_OK;
}

/* What stands before the certificates: nothing may be signed, or be there to be signed. */
static svms_status pass_head(svms_cursor *parts, svms_error *err)
{
    static const uint8_t data[] = SVMS_PKCS7_DATA;
    svms_der part;
    svms_der content;
    svms_der type;
    uint64_t version = 0;
    if (!svms_der_take(parts, SVMS_DER_INTEGER, &part) || !svms_der_unsigned(&part, &version) ||
        !svms_der_take(parts, SVMS_DER_SET, &part) ||
        !svms_der_take(parts, SVMS_DER_SEQUENCE, &content) ||
        !svms_der_take(&content.content, SVMS_DER_OID, &type)) {
        return malformed(err, "cannot be read");
    }
    if (version != SVMS_PKCS7_VERSION) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "a PKCS #7 message of version %llu",
                         (unsigned long long)version);
    }
    if (!svms_der_equals(&type, data, sizeof data) || !svms_cursor_at_end(&content.content)) {
        return malformed(err, "has content, where certificates alone are expected");
    }
    return SVMS_OK;
}

static svms_status take_certificates(message *out, svms_cursor *all, svms_error *err)
{
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && !svms_cursor_at_end(all)) {
        svms_der *next = &out->encodings[out->count];
        if (out->count == SVMS_CHAIN_MAX_CERTIFICATES) {
            return svms_fail(err, SVMS_E_LIMIT, "the PKCS #7 message has more than %d certificates",
                             SVMS_CHAIN_MAX_CERTIFICATES);
        }
        if (!svms_der_take(all, SVMS_DER_SEQUENCE, next)) {
            return malformed(err, "has something else among its certificates");
        }
        for (size_t i = 0; i < out->count; i++) {
            if (svms_der_is_same(next, &out->encodings[i])) {
                return malformed(err, "has a certificate twice");
            }
        }
        status = svms_certificate_parse(&out->certificates[out->count], out->ctx, next->whole,
                                        next->whole_size, 0, err);
        out->count += status == SVMS_OK;
    }
    return status;
}

static svms_status read(message *out, const void *data, size_t size, svms_error *err)
{
    svms_der whole;
    svms_der certificates;
    svms_der lists;
    svms_der signers;
    svms_status status = open_envelope(&whole, data, size, err);
    if (status == SVMS_OK) {
        status = pass_head(&whole.content, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_der_take_optional(&whole.content, SVMS_DER_CONSTRUCTED(0), &certificates);
    svms_der_take_optional(&whole.content, SVMS_DER_CONSTRUCTED(1), &lists);
    if (!svms_der_take(&whole.content, SVMS_DER_SET, &signers) ||
        !svms_cursor_at_end(&whole.content)) {
        return malformed(err, "cannot be read");
    }
    if (!svms_cursor_at_end(&signers.content)) {
        return malformed(err, "has a signer, where certificates alone are expected");
    }
    if (certificates.tag == 0 || svms_cursor_at_end(&certificates.content)) {
        return malformed(err,
                         lists.tag != 0 ? "has lists, but no certificate" : "has no certificate");
    }
    return take_certificates(out, &certificates.content, err);
}

static bool issued_another(const message *of, size_t candidate)
{
    for (size_t i = 0; i < of->count; i++) {
        if (i != candidate &&
            X509_check_issued(of->certificates[candidate], of->certificates[i]) == X509_V_OK) {
            return true;
        }
    }
    return false;
}

/* Whether the chain may begin with it. */
static svms_status is_first(bool *out, const message *of, size_t candidate,
                            const svms_private_key *key, svms_error *err)
{
    if (key) {
        return svms_is_key_of(out, of->ctx, of->certificates[candidate],
                              svms_private_key_public_evp(key), err);
    }
    ERR_clear_error();
    *out = !issued_another(of, candidate);
    return svms_crypto_starved() ? svms_fail_crypto(err, "cannot compare certificates") : SVMS_OK;
}

static svms_status find_first(size_t *out, const message *of, const svms_private_key *key,
                              svms_error *err)
{
    size_t found = 0;
    for (size_t i = 0; i < of->count; i++) {
        bool fits = false;
        svms_status status = is_first(&fits, of, i, key, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (fits) {
            *out = i;
            found++;
        }
    }
    if (found == 1) {
        return SVMS_OK;
    }
    if (key && found == 0) {
        return svms_fail(err, SVMS_E_WRONG_KEY,
                         "no certificate of the PKCS #7 message belongs to the key");
    }
    return malformed(err, key ? "has two certificates for the key"
                              : "does not tell which of its certificates is the last");
}

static void put_one(svms_builder *wire, const message *of, size_t index, bool used[])
{
    used[index] = true;
    svms_put_u32(wire, (uint32_t)of->encodings[index].whole_size);
    svms_put_bytes(wire, of->encodings[index].whole, of->encodings[index].whole_size);
}

/* An unused one that issued the last; count when there is none. */
static size_t find_issuer(const message *of, size_t last, const bool used[])
{
    for (size_t i = 0; i < of->count; i++) {
        if (!used[i] &&
            X509_check_issued(of->certificates[i], of->certificates[last]) == X509_V_OK) {
            return i;
        }
    }
    return of->count;
}

/* The first, who issued it, and so on; then whatever is left. */
static void put_in_order(svms_builder *wire, const message *of, size_t first)
{
    bool used[SVMS_CHAIN_MAX_CERTIFICATES] = { false };
    for (size_t next = first; next < of->count; next = find_issuer(of, next, used)) {
        put_one(wire, of, next, used);
    }
    for (size_t i = 0; i < of->count; i++) {
        if (!used[i]) {
            put_one(wire, of, i, used);
        }
    }
}

static svms_status make_chain(svms_chain **out, const message *of, const svms_private_key *key,
                              svms_error *err)
{
    size_t first = 0;
    svms_status status = find_first(&first, of, key, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_builder wire = svms_builder_new(of->ctx, SVMS_CHAIN_MAX_SIZE);
    put_in_order(&wire, of, first);
    status = svms_builder_check(&wire, "a certificate chain", err);
    if (status == SVMS_OK) {
        status = svms_chain_from_wire(out, of->ctx, wire.data, wire.size, 0, err);
    }
    svms_builder_clear(&wire);
    return status;
}

svms_status svms_chain_from_pkcs7(svms_chain **out, svms_ctx *ctx, const svms_private_key *key,
                                  const void *data, size_t size, svms_error *err)
{
    if (!out || !ctx || !data) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (size > SVMS_PKCS7_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a PKCS #7 message has more than %zu bytes",
                         SVMS_PKCS7_MAX);
    }
    message read_message = { .ctx = ctx };
    svms_status status = read(&read_message, data, size, err);
    if (status == SVMS_OK) {
        status = make_chain(out, &read_message, key, err);
    }
    for (size_t i = 0; i < read_message.count; i++) {
        X509_free(read_message.certificates[i]);
    }
    ERR_clear_error();
    return status;
}
