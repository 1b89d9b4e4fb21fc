/* SPDX-License-Identifier: Apache-2.0 */
#include "token_signer.h"

#include <string.h>

#include "failure.h"

/* CMSVersion of a SignerInfo (RFC 5652, 5.3). */
#define VERSION_BY_SERIAL 1
#define VERSION_BY_KEY_ID 3

static const uint8_t oid_tst_info[] = { 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D,
                                        0x01, 0x09, 0x10, 0x01, 0x04 };
static const uint8_t oid_content_type[] = { 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x03 };
static const uint8_t oid_ess_v1[] = { 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D,
                                      0x01, 0x09, 0x10, 0x02, 0x0C };
static const uint8_t oid_ess_v2[] = { 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D,
                                      0x01, 0x09, 0x10, 0x02, 0x2F };
/* The last byte tells rsaEncryption (1), RSASSA-PSS (10), sha256WithRSAEncryption (11) and so on.
 */
static const uint8_t oid_rsa[] = { 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01 };
/* The last byte tells ecdsa-with-SHA256 (2) and so on. */
static const uint8_t oid_ecdsa[] = { 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03 };

#define RSA_ANY_DIGEST 1
#define RSA_PSS 10
#define RSA_SHA256 11
#define ECDSA_SHA256 2

bool svms_token_is_tst_info(const svms_der *oid)
{
    return svms_der_equals(oid, oid_tst_info, sizeof oid_tst_info);
}

/* The parameters of RFC 4055 with the same digest twice and a salt as long as the digest. */
static bool is_pss_with(svms_cursor *parameters, unsigned kind)
{
    uint8_t wanted[] = { 0x30, 0x34, 0xA0, 0x0F, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48,
                         0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0xA1, 0x1C, 0x30,
                         0x1A, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01,
                         0x08, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
                         0x04, 0x02, 0x01, 0x05, 0x00, 0xA2, 0x03, 0x02, 0x01, 0x20 };
    wanted[16] = (uint8_t)(1 + kind);
    wanted[46] = (uint8_t)(1 + kind);
    wanted[53] = (uint8_t)(32 + 16 * kind);
    const uint8_t *found = svms_read_bytes(parameters, sizeof wanted);
    return found != NULL && memcmp(found, wanted, sizeof wanted) == 0 &&
           svms_cursor_at_end(parameters);
}

static bool starts_with(svms_cursor *oid, const uint8_t *arc, size_t size, uint8_t *last)
{
    svms_cursor ahead = *oid;
    const uint8_t *found = svms_read_bytes(&ahead, size);
    *last = svms_read_u8(&ahead);
    return found != NULL && memcmp(found, arc, size) == 0 && svms_cursor_at_end(&ahead);
}

/* RSA or ECDSA with the digest of the token; parameters in their one form. */
static bool is_known_signature(const svms_der *algorithm, unsigned kind)
{
    svms_cursor cursor = algorithm->content;
    svms_der oid;
    svms_der null;
    uint8_t last = 0;
    if (!svms_der_take(&cursor, SVMS_DER_OID, &oid)) {
        return false;
    }
    if (starts_with(&oid.content, oid_ecdsa, sizeof oid_ecdsa, &last)) {
        return last == ECDSA_SHA256 + kind && svms_cursor_at_end(&cursor);
    }
    if (!starts_with(&oid.content, oid_rsa, sizeof oid_rsa, &last)) {
        return false;
    }
    if (last == RSA_PSS) {
        return is_pss_with(&cursor, kind);
    }
    bool plain =
        !svms_der_take_optional(&cursor, SVMS_DER_NULL, &null) || svms_der_equals(&null, "", 0);
    return plain && svms_cursor_at_end(&cursor) &&
           (last == RSA_ANY_DIGEST || last == RSA_SHA256 + kind);
}

/* The first ESSCertID or ESSCertIDv2; it names the signer's certificate (RFC 5035, 5.4). Those that
 * may follow narrow the paths to an anchor, which trust settles here. */
static bool read_ess(svms_token *out, const svms_der *value, bool v2)
{
    svms_cursor all = value->content;
    svms_der certificates;
    svms_der first;
    svms_der algorithm;
    if (value->tag != SVMS_DER_SEQUENCE || !svms_der_take(&all, SVMS_DER_SEQUENCE, &certificates) ||
        !svms_der_take(&certificates.content, SVMS_DER_SEQUENCE, &first)) {
        return false;
    }
    out->ess_kind = 0;
    if (v2 && svms_der_take_optional(&first.content, SVMS_DER_SEQUENCE, &algorithm) &&
        !svms_token_digest_kind(&algorithm, &out->ess_kind)) {
        return false;
    }
    out->by_ess_v2 = v2;
    return svms_der_take(&first.content, SVMS_DER_OCTETS, &out->ess_digest);
}

/* What has been seen among the signed attributes. */
typedef struct attribute_walk {
    bool has_type;
    bool has_v1;
    bool has_v2;
} attribute_walk;

/* Each of the attributes that matter occurs once, with one value. */
static bool read_attribute(svms_token *out, attribute_walk *walk, const svms_der *oid,
                           svms_der *values)
{
    bool type = svms_der_equals(oid, oid_content_type, sizeof oid_content_type);
    bool v1 = svms_der_equals(oid, oid_ess_v1, sizeof oid_ess_v1);
    bool v2 = svms_der_equals(oid, oid_ess_v2, sizeof oid_ess_v2);
    svms_der value;
    if (!type && !v1 && !v2) {
        return true;
    }
    if ((type && walk->has_type) || (v1 && walk->has_v1) || (v2 && walk->has_v2) ||
        !svms_der_next(&values->content, &value) || !svms_cursor_at_end(&values->content)) {
        return false;
    }
    walk->has_type |= type;
    walk->has_v1 |= v1;
    walk->has_v2 |= v2;
    if (type) {
        return value.tag == SVMS_DER_OID && svms_token_is_tst_info(&value);
    }
    /* Where both are there, the newer one counts. */
    return (v1 && walk->has_v2) || read_ess(out, &value, v2);
}

static svms_status read_attributes(svms_token *out, svms_cursor *cursor, svms_error *err)
{
    attribute_walk walk = { false, false, false };
    svms_der all;
    if (!svms_der_take_optional(cursor, SVMS_DER_CONSTRUCTED(0), &all)) {
        return svms_fail(err, SVMS_E_MALFORMED, "a time stamp has no signed attributes");
    }
    while (!svms_cursor_at_end(&all.content)) {
        svms_der one;
        svms_der oid;
        svms_der values;
        if (!svms_der_take(&all.content, SVMS_DER_SEQUENCE, &one) ||
            !svms_der_take(&one.content, SVMS_DER_OID, &oid) ||
            !svms_der_take(&one.content, SVMS_DER_SET, &values) ||
            !read_attribute(out, &walk, &oid, &values)) {
            return svms_fail(err, SVMS_E_MALFORMED,
                             "a signed attribute of a time stamp is wrong or damaged");
        }
    }
    if (!walk.has_type || (!walk.has_v1 && !walk.has_v2)) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "a time stamp does not say what it signs and with which certificate");
    }
    return SVMS_OK;
}

static bool read_signer_id(svms_token *out, svms_cursor *cursor)
{
    svms_der version;
    uint64_t number = 0;
    if (!svms_der_take(cursor, SVMS_DER_INTEGER, &version) ||
        !svms_der_unsigned(&version, &number) || !svms_der_next(cursor, &out->signer_id)) {
        return false;
    }
    return out->signer_id.tag == SVMS_DER_SEQUENCE
               ? number == VERSION_BY_SERIAL
               : out->signer_id.tag == SVMS_DER_PRIMITIVE(0) && number == VERSION_BY_KEY_ID;
}

svms_status svms_token_read_signer(svms_token *out, svms_cursor *cursor, svms_error *err)
{
    svms_der algorithm;
    svms_der element;
    unsigned kind = 0;
    if (!read_signer_id(out, cursor) || !svms_der_take(cursor, SVMS_DER_SEQUENCE, &algorithm)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the signer of a time stamp cannot be read");
    }
    if (!svms_token_digest_kind(&algorithm, &kind) || kind != out->digest_kind) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "a time stamp is not signed with SHA-256, SHA-384 or SHA-512");
    }
    svms_status status = read_attributes(out, cursor, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_der_take(cursor, SVMS_DER_SEQUENCE, &algorithm)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the signer of a time stamp cannot be read");
    }
    if (!is_known_signature(&algorithm, kind)) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "the signature of a time stamp is neither RSA nor ECDSA with its digest");
    }
    bool whole = svms_der_take(cursor, SVMS_DER_OCTETS, &element);
    (void)svms_der_take_optional(cursor, SVMS_DER_CONSTRUCTED(1), &element); /* unsigned */
    if (!whole || !svms_cursor_at_end(cursor)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the signer of a time stamp cannot be read");
    }
    return SVMS_OK;
}
