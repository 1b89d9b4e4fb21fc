/* SPDX-License-Identifier: Apache-2.0 */
#include "revocation.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <svms/time.h>

#include "failure.h"
#include "known_answer.h"
#include "ocsp.h"
#include "pem.h"

#define LISTS_MAX 64
#define LISTS_SIZE_MAX ((size_t)16 * 1024 * 1024)
#define DER_SEQUENCE 0x30

/* Digest within RSASSA-PSS-params (RFC 4055 section 3.1): [0], and SHA-1 when that is not there. */
static int pss_digest(const ASN1_STRING *parameters)
{
    svms_cursor cursor = svms_cursor_over(ASN1_STRING_get0_data(parameters),
                                          (size_t)ASN1_STRING_length(parameters), 0);
    svms_der fields;
    svms_der tagged;
    svms_der algorithm;
    svms_der name;
    if (!svms_der_take(&cursor, SVMS_DER_SEQUENCE, &fields)) {
        return NID_sha1;
    }
    if (!svms_der_take_optional(&fields.content, SVMS_DER_CONSTRUCTED(0), &tagged) ||
        !svms_der_take(&tagged.content, SVMS_DER_SEQUENCE, &algorithm) ||
        !svms_der_take(&algorithm.content, SVMS_DER_OID, &name)) {
        return NID_sha1;
    }
    const unsigned char *der = name.whole;
    ASN1_OBJECT *object = d2i_ASN1_OBJECT(NULL, &der, (long)name.whole_size);
    int digest = object ? OBJ_obj2nid(object) : NID_sha1;
    ASN1_OBJECT_free(object);
    return digest;
}

int svms_signature_digest(const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *object = NULL;
    const void *parameters = NULL;
    int kind = V_ASN1_UNDEF;
    int digest = NID_undef;
    X509_ALGOR_get0(&object, &kind, &parameters, algorithm);
    int nid = OBJ_obj2nid(object);
    if (nid == NID_rsassaPss) {
        return kind == V_ASN1_SEQUENCE ? pss_digest(parameters) : NID_sha1;
    }
    return OBJ_find_sigid_algs(nid, &digest, NULL) == 1 ? digest : NID_undef;
}

/* Digests that somebody might forge a list for. */
static bool is_weak(int digest)
{
    return digest == NID_sha1 || digest == NID_md5 || digest == NID_md4 || digest == NID_md2 ||
           digest == NID_md5_sha1 || digest == NID_ripemd160 || digest == NID_mdc2;
}

static const char *unusable(X509_CRL *list)
{
    const X509_ALGOR *algorithm = NULL;
    X509_CRL_get0_signature(list, NULL, &algorithm);
    if (is_weak(svms_signature_digest(algorithm))) {
        return "a revocation list is signed with a weak digest";
    }
    if (X509_CRL_get_ext_by_critical(list, 1, -1) >= 0) {
        return "a revocation list speaks about a part of the certificates only, or has an unknown "
               "critical extension";
    }
    const STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(list);
    for (int i = 0; i < sk_X509_REVOKED_num(entries); i++) {
        if (X509_REVOKED_get_ext_by_critical(sk_X509_REVOKED_value(entries, i), 1, -1) >= 0) {
            return "an entry of a revocation list has a critical extension";
        }
    }
    return NULL;
}

static svms_status add_list(svms_trust *trust, const uint8_t *der, size_t size, uint64_t offset,
                            svms_error *err)
{
    if (sk_X509_CRL_num(trust->lists) == LISTS_MAX) {
        return svms_fail_at(err, SVMS_E_LIMIT, offset, "more than %d revocation lists", LISTS_MAX);
    }
    ERR_clear_error();
    X509_CRL *list =
        X509_CRL_new_ex(svms_ossl_context(trust->ctx), svms_ossl_properties(trust->ctx));
    if (!list) {
        return svms_fail_crypto(err, "cannot make a revocation list");
    }
    const unsigned char *end = der;
    bool readable = d2i_X509_CRL(&list, &end, (long)size) != NULL;
    bool whole = readable && (size_t)(end - der) == size;
    if (svms_provider_lacked_memory()) {
        if (readable) {
            X509_CRL_free(list);
        }
        return svms_fail_memory(err);
    }
    if (!readable) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "a revocation list cannot be read");
    }
    const char *problem = whole ? unusable(list) : "bytes follow a revocation list";
    if (problem) {
        X509_CRL_free(list);
        return svms_fail_at(err, whole ? SVMS_E_UNSUPPORTED : SVMS_E_MALFORMED, offset, "%s",
                            problem);
    }
    if (sk_X509_CRL_push(trust->lists, list) <= 0) {
        X509_CRL_free(list);
        return svms_fail_crypto(err, "cannot keep a revocation list");
    }
    return SVMS_OK;
}

static svms_status read_text(svms_trust *trust, const void *text, size_t size, svms_error *err)
{
    BIO *bio = BIO_new_mem_buf(text, (int)size);
    svms_status status = SVMS_OK;
    if (!bio) {
        return svms_fail_crypto(err, "cannot read PEM text");
    }
    while (status == SVMS_OK) {
        svms_pem_block block;
        uint64_t offset = size - BIO_ctrl_pending(bio);
        status = svms_pem_next(bio, &block, NULL);
        if (status == SVMS_E_MALFORMED) {
            svms_fail_at(err, status, offset, "a PEM block is damaged");
        } else if (status == SVMS_OK) {
            if (svms_pem_is(&block, PEM_STRING_X509_CRL)) {
                status = add_list(trust, block.der, (size_t)block.size, offset, err);
            }
            svms_pem_block_clear(&block);
        } else if (status != SVMS_END) {
            svms_fail(err, status, "cannot read PEM text");
        }
    }
    BIO_free(bio);
    return status == SVMS_END ? SVMS_OK : status;
}

svms_status svms_revocation_read(svms_trust *trust, const void *crls, size_t size, svms_error *err)
{
    if (size > LISTS_SIZE_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "more than %zu bytes of revocation lists",
                         LISTS_SIZE_MAX);
    }
    trust->lists = sk_X509_CRL_new_null();
    if (!trust->lists) {
        return svms_fail_crypto(err, "cannot make a trust store");
    }
    const uint8_t *bytes = crls;
    svms_status status = size != 0 && bytes[0] == DER_SEQUENCE
                             ? add_list(trust, bytes, size, 0, err)
                             : read_text(trust, crls, size, err);
    if (status == SVMS_OK && sk_X509_CRL_num(trust->lists) == 0) {
        return svms_fail(err, SVMS_E_MALFORMED, "no revocation list in the text");
    }
    return status;
}

/* Issued in the name of this CA, as far as can be told without its key. */
static bool names_issuer(X509_CRL *list, X509 *issuer)
{
    if (X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(issuer)) != 0) {
        return false;
    }
    AUTHORITY_KEYID *key = X509_CRL_get_ext_d2i(list, NID_authority_key_identifier, NULL, NULL);
    bool fits = !key || X509_check_akid(issuer, key) == X509_V_OK;
    AUTHORITY_KEYID_free(key);
    return fits;
}

static bool verifies(X509_CRL *list, EVP_PKEY *key)
{
    return X509_CRL_verify(list, key) == 1;
}

/* A "no" is believed as known_answer.h says. */
static svms_status check_signature(bool *right, svms_ctx *ctx, X509_CRL *list, X509 *issuer,
                                   svms_error *err)
{
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    svms_key_kind kind = SVMS_KEY_P256;
    *right = key && (X509_get_key_usage(issuer) & X509v3_KU_CRL_SIGN) != 0;
    if (!*right || verifies(list, key)) {
        return SVMS_OK;
    }
    *right = false;
    if (svms_key_kind_of(ctx, key, &kind, NULL) != SVMS_OK) {
        kind = SVMS_KEY_P256;
    }
    if (svms_crypto_starved() || verifies(list, key) || !svms_known_key_is_taken(ctx, kind)) {
        return svms_fail_crypto(err, "cannot check the signature of a revocation list");
    }
    ERR_clear_error();
    return SVMS_OK;
}

static int64_t to_ns(int64_t seconds)
{
    if (seconds > INT64_MAX / 1000000000) {
        return INT64_MAX;
    }
    return seconds < -(INT64_MAX / 1000000000) ? -INT64_MAX : seconds * 1000000000;
}

int64_t svms_date_ns(const ASN1_TIME *date)
{
    int64_t seconds = 0;
    return date && svms_date_seconds(date, &seconds) ? to_ns(seconds) : -INT64_MAX;
}

static int64_t revoked_since(const X509_REVOKED *entry)
{
    int critical = -1;
    int64_t since = svms_date_ns(X509_REVOKED_get0_revocationDate(entry));
    ASN1_GENERALIZEDTIME *invalid =
        X509_REVOKED_get_ext_d2i(entry, NID_invalidity_date, &critical, NULL);
    int64_t invalid_since = invalid ? svms_date_ns(invalid) : -INT64_MAX;
    ASN1_GENERALIZEDTIME_free(invalid);
    /* -1: there is no such extension */
    return critical == -1 || since < invalid_since ? since : invalid_since;
}

/* After a certificate has expired, lists need not name it any longer: what they leave out they do
 * not call good. */
static svms_revocation judge_silence(const X509_CRL *list, const X509 *certificate, int64_t now)
{
    const ASN1_TIME *next = X509_CRL_get0_nextUpdate(list);
    int64_t made = svms_date_ns(X509_CRL_get0_lastUpdate(list));
    if (made > svms_date_ns(X509_get0_notAfter(certificate))) {
        return SVMS_REVOCATION_NOT_CHECKED;
    }
    return next && made <= now && now <= svms_date_ns(next) ? SVMS_REVOCATION_GOOD
                                                            : SVMS_REVOCATION_STALE;
}

/* From what says most to what says least. */
static int weight(svms_revocation state)
{
    static const int weights[] = { [SVMS_REVOCATION_REVOKED] = 4,
                                   [SVMS_REVOCATION_GOOD] = 3,
                                   [SVMS_REVOCATION_STALE] = 2,
                                   [SVMS_REVOCATION_BAD_LIST] = 1,
                                   [SVMS_REVOCATION_NOT_CHECKED] = 0 };
    return weights[state];
}

void svms_revocation_add(svms_revocation_finding *out, svms_revocation state, int64_t since_utc_ns,
                         X509 *certificate)
{
    if (state == SVMS_REVOCATION_REVOKED &&
        (out->since_utc_ns == SVMS_NO_TIME || since_utc_ns < out->since_utc_ns)) {
        out->since_utc_ns = since_utc_ns;
        out->certificate = certificate;
    }
    if (weight(state) > weight(out->state)) {
        out->state = state;
    }
}

static svms_status judge_by_list(svms_revocation_finding *out, svms_ctx *ctx, X509_CRL *list,
                                 const svms_issued *one, svms_error *err)
{
    X509_REVOKED *entry = NULL;
    svms_revocation state = SVMS_REVOCATION_BAD_LIST;
    bool right = false;
    if (!names_issuer(list, one->issuer)) {
        return svms_provider_lacked_memory() ? svms_fail_memory(err) : SVMS_OK;
    }
    svms_status status = check_signature(&right, ctx, list, one->issuer, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (right) {
        state = X509_CRL_get0_by_cert(list, &entry, one->certificate) != 0
                    ? SVMS_REVOCATION_REVOKED
                    : judge_silence(list, one->certificate, one->now_utc_ns);
    }
    svms_revocation_add(out, state,
                        state == SVMS_REVOCATION_REVOKED ? revoked_since(entry) : SVMS_NO_TIME,
                        one->certificate);
    return svms_provider_lacked_memory() ? svms_fail_memory(err) : SVMS_OK;
}

/* Of a whole path: one that is revoked counts most, then what is worst. */
static svms_revocation worse(svms_revocation a, svms_revocation b)
{
    static const int badness[] = { [SVMS_REVOCATION_GOOD] = 0,
                                   [SVMS_REVOCATION_STALE] = 1,
                                   [SVMS_REVOCATION_NOT_CHECKED] = 2,
                                   [SVMS_REVOCATION_BAD_LIST] = 3,
                                   [SVMS_REVOCATION_REVOKED] = 4 };
    return badness[a] >= badness[b] ? a : b;
}

svms_status svms_revocation_by_lists(svms_revocation_finding *out, const svms_trust *trust,
                                     const svms_issued *one, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (int k = 0; k < sk_X509_CRL_num(trust->lists) && status == SVMS_OK; k++) {
        status = judge_by_list(out, trust->ctx, sk_X509_CRL_value(trust->lists, k), one, err);
    }
    return status;
}

/* By every source of the store. */
static svms_status judge_one(svms_revocation_finding *out, const svms_trust *trust,
                             const svms_issued *one, svms_error *err)
{
    svms_status status = svms_revocation_by_lists(out, trust, one, err);
    for (size_t i = 0; i < trust->ocsp_count && status == SVMS_OK; i++) {
        status = svms_ocsp_judge(out, trust, &trust->ocsp[i], one, err);
    }
    return status;
}

/* What the peer itself handed in, about the leaf. */
static svms_status judge_by_staple(svms_revocation_finding *out, svms_revocation *state,
                                   const svms_trust *trust, const svms_ocsp_answer *stapled,
                                   const svms_issued *leaf, svms_error *err)
{
    svms_revocation_finding alone = { SVMS_REVOCATION_NOT_CHECKED, SVMS_NO_TIME, NULL };
    svms_status status = svms_ocsp_judge(&alone, trust, stapled, leaf, err);
    if (status == SVMS_OK) {
        *state = alone.state;
        svms_revocation_add(out, alone.state, alone.since_utc_ns, leaf->certificate);
    }
    return status;
}

svms_status svms_revocation_of_path(svms_revocation_finding *out, const svms_trust *trust,
                                    const svms_certificates *path, const svms_ocsp_answer *stapled,
                                    svms_revocation *stapled_state, int64_t now_utc_ns,
                                    svms_error *err)
{
    int count = sk_X509_num(path) - 1;
    svms_status status = SVMS_OK;
    *out = (svms_revocation_finding){ SVMS_REVOCATION_NOT_CHECKED, SVMS_NO_TIME, NULL };
    ERR_clear_error();
    for (int i = 0; i < count && status == SVMS_OK; i++) {
        svms_revocation_finding one = { SVMS_REVOCATION_NOT_CHECKED, SVMS_NO_TIME, NULL };
        svms_issued at = { sk_X509_value(path, i), sk_X509_value(path, i + 1), now_utc_ns };
        status = judge_one(&one, trust, &at, err);
        if (status == SVMS_OK && i == 0 && stapled) {
            status = judge_by_staple(&one, stapled_state, trust, stapled, &at, err);
        }
        if (one.since_utc_ns != SVMS_NO_TIME &&
            (out->since_utc_ns == SVMS_NO_TIME || one.since_utc_ns < out->since_utc_ns)) {
            out->since_utc_ns = one.since_utc_ns;
            out->certificate = one.certificate;
        }
        out->state = i == 0 ? one.state : worse(out->state, one.state);
    }
    return status;
}
