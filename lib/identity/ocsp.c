/* SPDX-License-Identifier: Apache-2.0 */
/* Reading OCSP responses; every rule that needs no key is checked here. */
#include "ocsp.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/objects.h>

#include "failure.h"

#define DER_ENUMERATED 0x0A
/* id-pkix-ocsp-basic, 1.3.6.1.5.5.7.48.1.1 */
static const uint8_t basic_type[] = { 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01 };

static svms_status malformed(size_t number, const char *what, svms_error *err)
{
    return svms_fail(err, SVMS_E_MALFORMED, "OCSP response %zu %s", number, what);
}

static svms_status unsupported(size_t number, const char *what, svms_error *err)
{
    return svms_fail(err, SVMS_E_UNSUPPORTED, "OCSP response %zu %s", number, what);
}

/* The basic response within the outer one. */
static svms_status find_basic(svms_der *basic, const void *data, size_t size, size_t number,
                              svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(data, size, 0);
    svms_der response;
    svms_der state;
    svms_der tagged;
    svms_der bytes;
    svms_der type;
    uint8_t successful = 0;
    if (!svms_der_is_well_formed(data, size) ||
        !svms_der_take(&cursor, SVMS_DER_SEQUENCE, &response) ||
        !svms_der_take(&response.content, DER_ENUMERATED, &state)) {
        return malformed(number, "is not one in DER", err);
    }
    if (!svms_der_equals(&state, &successful, 1)) {
        return unsupported(number, "is the responder's refusal to answer", err);
    }
    if (!svms_der_take(&response.content, SVMS_DER_CONSTRUCTED(0), &tagged) ||
        !svms_cursor_at_end(&response.content) ||
        !svms_der_take(&tagged.content, SVMS_DER_SEQUENCE, &bytes) ||
        !svms_cursor_at_end(&tagged.content) ||
        !svms_der_take(&bytes.content, SVMS_DER_OID, &type) ||
        !svms_der_take(&bytes.content, SVMS_DER_OCTETS, basic) ||
        !svms_cursor_at_end(&bytes.content)) {
        return malformed(number, "has no answer in it", err);
    }
    return svms_der_equals(&type, basic_type, sizeof basic_type)
               ? SVMS_OK
               : unsupported(number, "is not of the basic type", err);
}

static bool encodes_to(OCSP_BASICRESP *basic, const uint8_t *der, size_t size)
{
    unsigned char *again = NULL;
    int again_size = i2d_OCSP_BASICRESP(basic, &again);
    bool same = again_size > 0 && (size_t)again_size == size && memcmp(again, der, size) == 0;
    OPENSSL_free(again);
    return same;
}

static svms_status decode(svms_ocsp_answer *out, const svms_der *basic, size_t number,
                          svms_error *err)
{
    svms_cursor content = basic->content;
    size_t size = svms_cursor_left(&content);
    const uint8_t *der = svms_read_bytes(&content, size);
    const unsigned char *end = der;
    ERR_clear_error();
    bool well_formed = svms_der_is_well_formed(der, size);
    out->basic = well_formed ? d2i_OCSP_BASICRESP(NULL, &end, (long)size) : NULL;
    bool canonical = out->basic && encodes_to(out->basic, der, size);
    if (svms_provider_lacked_memory()) {
        return svms_fail_memory(err);
    }
    return canonical ? SVMS_OK : malformed(number, "cannot be read, or is not in DER", err);
}

/* Certificates are read anew, so that they belong to the context. */
static svms_status read_responders(svms_ocsp_answer *out, svms_ctx *ctx, size_t number,
                                   svms_error *err)
{
    const svms_certificates *given = OCSP_resp_get0_certs(out->basic);
    if (sk_X509_num(given) > SVMS_OCSP_RESPONDERS_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "OCSP response %zu holds more than %d certificates",
                         number, SVMS_OCSP_RESPONDERS_MAX);
    }
    out->responders = sk_X509_new_reserve(NULL, SVMS_OCSP_RESPONDERS_MAX);
    svms_status status =
        out->responders ? SVMS_OK : svms_fail_crypto(err, "cannot keep an OCSP response");
    for (int i = 0; status == SVMS_OK && i < sk_X509_num(given); i++) {
        unsigned char *der = NULL;
        X509 *certificate = NULL;
        int size = i2d_X509(sk_X509_value(given, i), &der);
        status = size > 0 ? svms_certificate_parse(&certificate, ctx, der, (size_t)size, 0, err)
                          : svms_fail_crypto(err, "cannot read a certificate of an OCSP response");
        OPENSSL_free(der);
        if (status == SVMS_OK && sk_X509_push(out->responders, certificate) <= 0) {
            X509_free(certificate);
            status = svms_fail_crypto(err, "cannot keep an OCSP response");
        }
    }
    return status;
}

/* SHA-256 or better; Ed25519 brings its own. */
static bool is_strong(const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *object = NULL;
    switch (svms_signature_digest(algorithm)) {
    case NID_sha256:
    case NID_sha384:
    case NID_sha512:
        return true;
    case NID_undef:
        X509_ALGOR_get0(&object, NULL, NULL, algorithm);
        return OBJ_obj2nid(object) == NID_ED25519;
    default:
        return false;
    }
}

static const char *unusable(OCSP_BASICRESP *basic)
{
    if (!is_strong(OCSP_resp_get0_tbs_sigalg(basic))) {
        return "is signed with a weak digest or an unknown algorithm";
    }
    if (OCSP_BASICRESP_get_ext_by_critical(basic, 1, -1) >= 0) {
        return "has an unknown critical extension";
    }
    if (OCSP_resp_count(basic) == 0) {
        return "speaks about no certificate";
    }
    for (int i = 0; i < OCSP_resp_count(basic); i++) {
        if (OCSP_SINGLERESP_get_ext_by_critical(OCSP_resp_get0(basic, i), 1, -1) >= 0) {
            return "has an unknown critical extension";
        }
    }
    return NULL;
}

svms_status svms_ocsp_parse(svms_ocsp_answer *out, svms_ctx *ctx, const void *data, size_t size,
                            size_t number, svms_error *err)
{
    svms_ocsp_answer read = { NULL, NULL };
    svms_der basic;
    if (size > SVMS_OCSP_SIZE_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "OCSP response %zu has more than %d bytes", number,
                         SVMS_OCSP_SIZE_MAX);
    }
    svms_status status = find_basic(&basic, data, size, number, err);
    if (status == SVMS_OK) {
        status = decode(&read, &basic, number, err);
    }
    if (status == SVMS_OK) {
        const char *problem = unusable(read.basic);
        status =
            problem ? unsupported(number, problem, err) : read_responders(&read, ctx, number, err);
    }
    if (status != SVMS_OK) {
        svms_ocsp_clear(&read);
        return status;
    }
    *out = read;
    return SVMS_OK;
}

void svms_ocsp_clear(svms_ocsp_answer *answer)
{
    OCSP_BASICRESP_free(answer->basic);
    sk_X509_pop_free(answer->responders, X509_free);
    *answer = (svms_ocsp_answer){ NULL, NULL };
}

svms_status svms_ocsp_read(svms_trust *trust, const void *const *responses, const size_t *sizes,
                           size_t count, svms_error *err)
{
    svms_status status = SVMS_OK;
    if (count > SVMS_OCSP_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "more than %d OCSP responses", SVMS_OCSP_MAX);
    }
    trust->ocsp = svms_alloc_array(trust->ctx, count, sizeof *trust->ocsp);
    if (!trust->ocsp) {
        return svms_fail_memory(err);
    }
    for (size_t i = 0; status == SVMS_OK && i < count; i++) {
        if (!responses[i]) {
            return svms_fail(err, SVMS_E_USAGE, "OCSP response %zu is NULL", i);
        }
        status = svms_ocsp_parse(&trust->ocsp[i], trust->ctx, responses[i], sizes[i], i, err);
        trust->ocsp_count += status == SVMS_OK;
    }
    return status;
}

void svms_ocsp_free(svms_trust *trust)
{
    for (size_t i = 0; i < trust->ocsp_count; i++) {
        svms_ocsp_clear(&trust->ocsp[i]);
    }
    svms_release(trust->ctx, trust->ocsp);
}
