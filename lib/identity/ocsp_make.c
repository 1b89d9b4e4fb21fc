/* SPDX-License-Identifier: Apache-2.0 */
/* OCSP responses (I-CA-17 to I-CA-19; RFC 6960 section 4.2): about one certificate, signed by the
 * authority itself. */
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <svms/time.h>

#include "authority.h"
#include "failure.h"
#include "key_internal.h"
#include "revoked.h"

#define RESPONSE_MAX SVMS_CHAIN_MAX_SIZE
#define SUCCESSFUL 0
/* Only to say which certificate is meant, not to protect anything: others look for SHA-1 alone
 * (RFC 5019 section 2.1.1). */
#define IDENTIFIER_DIGEST "SHA1"
#define IDENTIFIER_SIZE 20

typedef struct answer {
    const svms_ca *ca;
    X509 *leaf;
    const svms_revoked *revoked; /* NULL: good */
    int64_t this_utc_ns;
    int64_t next_utc_ns;
    uint8_t name_id[IDENTIFIER_SIZE];
    uint8_t key_id[IDENTIFIER_SIZE];
} answer;

static svms_status hash_issuer(answer *of, svms_error *err)
{
    svms_ctx *ctx = of->ca->ctx;
    const unsigned char *name = NULL;
    size_t name_size = 0;
    unsigned name_id_size = 0;
    unsigned key_id_size = 0;
    const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(of->ca->certificate);
    uint8_t name_id[EVP_MAX_MD_SIZE];
    uint8_t key_id[EVP_MAX_MD_SIZE];
    ERR_clear_error();
    EVP_MD *sha1 =
        EVP_MD_fetch(svms_ossl_context(ctx), IDENTIFIER_DIGEST, svms_ossl_properties(ctx));
    bool done =
        sha1 &&
        X509_NAME_get0_der(X509_get_subject_name(of->ca->certificate), &name, &name_size) == 1 &&
        EVP_Digest(name, name_size, name_id, &name_id_size, sha1, NULL) == 1 &&
        EVP_Digest(ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key), key_id,
                   &key_id_size, sha1, NULL) == 1 &&
        name_id_size == IDENTIFIER_SIZE && key_id_size == IDENTIFIER_SIZE;
    EVP_MD_free(sha1);
    if (!done) {
        return svms_fail_crypto(err, "cannot identify an authority");
    }
    memcpy(of->name_id, name_id, IDENTIFIER_SIZE);
    memcpy(of->key_id, key_id, IDENTIFIER_SIZE);
    return SVMS_OK;
}

static svms_status put_certificate_id(svms_builder *tbs, const answer *of, svms_error *err)
{
    static const uint8_t sha1[] = { 0x2B, 0x0E, 0x03, 0x02, 0x1A };
    unsigned char *serial = NULL;
    int serial_size = i2d_ASN1_INTEGER(X509_get0_serialNumber(of->leaf), &serial);
    if (serial_size <= 0) {
        return svms_fail_crypto(err, "cannot encode a serial number");
    }
    size_t whole = svms_der_open(tbs, SVMS_DER_SEQUENCE);
    size_t algorithm = svms_der_open(tbs, SVMS_DER_SEQUENCE);
    svms_der_put(tbs, SVMS_DER_OID, sha1, sizeof sha1);
    svms_der_put_null(tbs);
    svms_der_close(tbs, algorithm);
    svms_der_put(tbs, SVMS_DER_OCTETS, of->name_id, IDENTIFIER_SIZE);
    svms_der_put(tbs, SVMS_DER_OCTETS, of->key_id, IDENTIFIER_SIZE);
    svms_put_bytes(tbs, serial, (size_t)serial_size);
    svms_der_close(tbs, whole);
    OPENSSL_free(serial);
    return SVMS_OK;
}

static void put_state(svms_builder *tbs, const svms_revoked *revoked)
{
    if (!revoked) {
        svms_der_put(tbs, SVMS_DER_PRIMITIVE(0), NULL, 0);
        return;
    }
    size_t state = svms_der_open(tbs, SVMS_DER_CONSTRUCTED(1));
    svms_der_put_generalized_time(tbs, SVMS_DER_GENERALIZED_TIME, revoked->revoked_utc_ns);
    if (revoked->reason != SVMS_REASON_UNSPECIFIED) {
        const uint8_t reason = (uint8_t)revoked->reason;
        size_t tagged = svms_der_open(tbs, SVMS_DER_CONSTRUCTED(0));
        svms_der_put(tbs, SVMS_DER_ENUMERATED, &reason, 1);
        svms_der_close(tbs, tagged);
    }
    svms_der_close(tbs, state);
}

/* SingleResponse */
static svms_status put_single(svms_builder *tbs, const answer *of, svms_error *err)
{
    size_t single = svms_der_open(tbs, SVMS_DER_SEQUENCE);
    svms_status status = put_certificate_id(tbs, of, err);
    put_state(tbs, of->revoked);
    svms_der_put_generalized_time(tbs, SVMS_DER_GENERALIZED_TIME, of->this_utc_ns);
    size_t next = svms_der_open(tbs, SVMS_DER_CONSTRUCTED(0));
    svms_der_put_generalized_time(tbs, SVMS_DER_GENERALIZED_TIME, of->next_utc_ns);
    svms_der_close(tbs, next);
    if (of->revoked && of->revoked->invalid_utc_ns != SVMS_NO_TIME) {
        size_t tagged = svms_der_open(tbs, SVMS_DER_CONSTRUCTED(1));
        size_t list = svms_der_open(tbs, SVMS_DER_SEQUENCE);
        svms_extension_marks marks = svms_extension_open(tbs, SVMS_EXT_INVALIDITY_DATE, false);
        svms_der_put_generalized_time(tbs, SVMS_DER_GENERALIZED_TIME, of->revoked->invalid_utc_ns);
        svms_extension_close(tbs, marks);
        svms_der_close(tbs, list);
        svms_der_close(tbs, tagged);
    }
    svms_der_close(tbs, single);
    return status;
}

/* ResponseData */
static svms_status put_data(svms_builder *tbs, const answer *of, svms_error *err)
{
    size_t whole = svms_der_open(tbs, SVMS_DER_SEQUENCE);
    size_t by_key = svms_der_open(tbs, SVMS_DER_CONSTRUCTED(2));
    svms_der_put(tbs, SVMS_DER_OCTETS, of->key_id, IDENTIFIER_SIZE);
    svms_der_close(tbs, by_key);
    svms_der_put_generalized_time(tbs, SVMS_DER_GENERALIZED_TIME, of->this_utc_ns);
    size_t responses = svms_der_open(tbs, SVMS_DER_SEQUENCE);
    svms_status status = put_single(tbs, of, err);
    svms_der_close(tbs, responses);
    svms_der_close(tbs, whole);
    return status == SVMS_OK ? svms_builder_check(tbs, "an OCSP response", err) : status;
}

/* The authority's own certificate comes along: many look for the signer nowhere else. */
static void put_signer(svms_builder *out, const svms_ca *ca)
{
    size_t wire_size = 0;
    const uint8_t *wire = svms_chain_wire(ca->chain, &wire_size);
    svms_cursor cursor = svms_cursor_over(wire, wire_size, 0);
    size_t size = svms_read_u32(&cursor);
    size_t tagged = svms_der_open(out, SVMS_DER_CONSTRUCTED(0));
    size_t list = svms_der_open(out, SVMS_DER_SEQUENCE);
    svms_put_bytes(out, svms_read_bytes(&cursor, size), size);
    svms_der_close(out, list);
    svms_der_close(out, tagged);
}

/* OCSPResponse around the BasicOCSPResponse */
static svms_status put_response(svms_builder *out, const svms_signing *signing,
                                const svms_builder *tbs, const svms_builder *signer,
                                svms_error *err)
{
    static const uint8_t basic[] = { 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01 };
    static const uint8_t state = SUCCESSFUL;
    size_t whole = svms_der_open(out, SVMS_DER_SEQUENCE);
    svms_der_put(out, SVMS_DER_ENUMERATED, &state, 1);
    size_t tagged = svms_der_open(out, SVMS_DER_CONSTRUCTED(0));
    size_t typed = svms_der_open(out, SVMS_DER_SEQUENCE);
    svms_der_put(out, SVMS_DER_OID, basic, sizeof basic);
    size_t octets = svms_der_open(out, SVMS_DER_OCTETS);
    svms_status status = svms_put_signed(out, signing, tbs, signer, err);
    svms_der_close(out, octets);
    svms_der_close(out, typed);
    svms_der_close(out, tagged);
    svms_der_close(out, whole);
    return status == SVMS_OK ? svms_builder_check(out, "an OCSP response", err) : status;
}

/* Bytes around the BasicOCSPResponse, at most. */
#define ENVELOPE_MAX 40

static svms_status hand_out(const svms_signing *signing, const svms_builder *tbs,
                            const svms_builder *signer, void *out, size_t *size, svms_error *err)
{
    size_t needed = svms_signed_bound(signing, tbs->size + signer->size) + ENVELOPE_MAX;
    if (!out || *size < needed) {
        *size = needed;
        return svms_fail(err, SVMS_E_LIMIT, "the OCSP response needs a buffer of %zu bytes",
                         needed);
    }
    svms_builder der = svms_builder_new(signing->ctx, needed);
    svms_status status = put_response(&der, signing, tbs, signer, err);
    if (status == SVMS_OK) {
        memcpy(out, der.data, der.size);
        *size = der.size;
    }
    svms_builder_clear(&der);
    return status;
}

static svms_status make(answer *of, void *out, size_t *size, svms_error *err)
{
    svms_signing signing;
    svms_builder tbs = svms_builder_new(of->ca->ctx, RESPONSE_MAX);
    svms_builder signer = svms_builder_new(of->ca->ctx, (size_t)2 * RESPONSE_MAX);
    svms_status status = svms_signing_open(&signing, of->ca->ctx, of->ca->key, err);
    if (status == SVMS_OK) {
        status = hash_issuer(of, err);
    }
    if (status == SVMS_OK) {
        status = put_data(&tbs, of, err);
    }
    if (status == SVMS_OK) {
        put_signer(&signer, of->ca);
        status = svms_builder_check(&signer, "an OCSP response", err);
    }
    if (status == SVMS_OK) {
        status = hand_out(&signing, &tbs, &signer, out, size, err);
    }
    svms_builder_clear(&signer);
    svms_builder_clear(&tbs);
    svms_signing_close(&signing);
    return status;
}

/* Whether a serial number, aligned to the end of its place, is that of the certificate. */
static bool is_serial_of(const svms_revoked *revoked, X509 *leaf)
{
    const ASN1_INTEGER *number = X509_get0_serialNumber(leaf);
    const uint8_t *bytes = ASN1_STRING_get0_data(number);
    size_t size = (size_t)ASN1_STRING_length(number);
    uint8_t aligned[SVMS_SERIAL_MAX] = { 0 };
    if (size > SVMS_SERIAL_MAX || ASN1_STRING_type(number) != V_ASN1_INTEGER) {
        return false;
    }
    memcpy(aligned + SVMS_SERIAL_MAX - size, bytes, size);
    return memcmp(aligned, revoked->serial, SVMS_SERIAL_MAX) == 0;
}

static svms_status check_leaf(const answer *of, svms_error *err)
{
    bool issued = false;
    svms_status status =
        svms_is_issued_by(&issued, of->ca->ctx, of->leaf, of->ca->certificate, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!issued) {
        return svms_fail(err, SVMS_E_USAGE, "the authority did not issue this certificate");
    }
    if (of->revoked && !is_serial_of(of->revoked, of->leaf)) {
        return svms_fail(err, SVMS_E_USAGE, "the revocation is that of another certificate");
    }
    return SVMS_OK;
}

svms_status svms_ca_ocsp(const svms_ca *ca, const svms_chain *chain, const svms_revoked *revoked,
                         int64_t this_utc_ns, int64_t next_utc_ns, void *out, size_t *size,
                         svms_error *err)
{
    if (!ca || !chain || !size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "an OCSP response needs an authority, a certificate and a buffer");
    }
    svms_revoked known = SVMS_REVOKED_INIT;
    svms_status status = svms_check_update(this_utc_ns, next_utc_ns, err);
    if (status == SVMS_OK && revoked) {
        status = svms_revoked_read(&known, revoked, this_utc_ns, err);
    }
    answer of = { .ca = ca,
                  .leaf = sk_X509_value(chain->certificates, 0),
                  .revoked = revoked ? &known : NULL,
                  .this_utc_ns = this_utc_ns,
                  .next_utc_ns = next_utc_ns };
    if (status == SVMS_OK) {
        status = check_leaf(&of, err);
    }
    return status == SVMS_OK ? make(&of, out, size, err) : status;
}
