/* SPDX-License-Identifier: Apache-2.0 */
/* AlgorithmIdentifiers of signatures (RFC 5754, RFC 4055) and what they are called. */
#include "onvif_algorithm.h"

#include <stdio.h>
#include <string.h>

#include "der.h"
#include "failure.h"
#include "key_internal.h"
#include "key_kind.h"

#define SALT_DEFAULT 20
/* No hash of ours is longer, and no sensible salt longer than its hash. */
#define SALT_MAX 64

#define RSA_ARC 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01
#define ECDSA_ARC 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03
#define HASH_ARC 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02

typedef struct object_id {
    size_t size;
    uint8_t bytes[9];
} object_id;

static const object_id oid_pss = { 9, { RSA_ARC, 0x0A } };
static const object_id oid_mgf1 = { 9, { RSA_ARC, 0x08 } };

/* By svms_onvif_digest. */
static const struct {
    const char *name;
    const char *words;
    size_t size;
    object_id oid;
    object_id pkcs1;
    object_id ecdsa;
} digests[SVMS_ONVIF_DIGESTS] = {
    { "SHA2-256",
      "SHA-256",
      32,
      { 9, { HASH_ARC, 1 } },
      { 9, { RSA_ARC, 11 } },
      { 8, { ECDSA_ARC, 2 } } },
    { "SHA2-384",
      "SHA-384",
      48,
      { 9, { HASH_ARC, 2 } },
      { 9, { RSA_ARC, 12 } },
      { 8, { ECDSA_ARC, 3 } } },
    { "SHA2-512",
      "SHA-512",
      64,
      { 9, { HASH_ARC, 3 } },
      { 9, { RSA_ARC, 13 } },
      { 8, { ECDSA_ARC, 4 } } },
};

const char *svms_onvif_digest_name(svms_onvif_digest digest)
{
    return digests[digest].name;
}

size_t svms_onvif_digest_size(svms_onvif_digest digest)
{
    return digests[digest].size;
}

svms_onvif_algorithm svms_onvif_default_algorithm(void)
{
    return (svms_onvif_algorithm){ SVMS_ONVIF_PSS, SVMS_ONVIF_SHA256, SVMS_ONVIF_SHA256,
                                   SALT_DEFAULT };
}

static bool is_oid(const svms_der *element, const object_id *oid)
{
    return svms_der_equals(element, oid->bytes, oid->size);
}

typedef struct identifier {
    svms_der oid;
    svms_der parameters; /* tag 0: none */
} identifier;

static bool read_identifier(svms_cursor *cursor, identifier *out)
{
    svms_der sequence;
    memset(out, 0, sizeof *out);
    if (!svms_der_take(cursor, SVMS_DER_SEQUENCE, &sequence) ||
        !svms_der_take(&sequence.content, SVMS_DER_OID, &out->oid)) {
        return false;
    }
    if (svms_cursor_at_end(&sequence.content)) {
        return true;
    }
    return svms_der_next(&sequence.content, &out->parameters) &&
           svms_cursor_at_end(&sequence.content);
}

static bool has_no_parameters(const identifier *of)
{
    return of->parameters.tag == 0 ||
           (of->parameters.tag == SVMS_DER_NULL && svms_cursor_at_end(&of->parameters.content));
}

static svms_status unsupported(svms_error *err, uint64_t origin, const char *what)
{
    return svms_fail_at(err, SVMS_E_UNSUPPORTED, origin, "%s is not supported", what);
}

/* [number] with an AlgorithmIdentifier of a hash, which the caller has found to be there. */
static bool read_hash(svms_der *field, svms_onvif_digest *out, bool *known)
{
    identifier hash;
    if (!read_identifier(&field->content, &hash) || !svms_cursor_at_end(&field->content) ||
        !has_no_parameters(&hash)) {
        return false;
    }
    *known = false;
    for (unsigned i = 0; i < SVMS_ONVIF_DIGESTS; i++) {
        if (is_oid(&hash.oid, &digests[i].oid)) {
            *out = (svms_onvif_digest)i;
            *known = true;
        }
    }
    return true;
}

static bool read_mask(svms_der *field, svms_onvif_digest *out, bool *known)
{
    identifier mask;
    if (!read_identifier(&field->content, &mask) || !svms_cursor_at_end(&field->content)) {
        return false;
    }
    if (!is_oid(&mask.oid, &oid_mgf1) || mask.parameters.tag != SVMS_DER_SEQUENCE) {
        *known = false;
        return true;
    }
    svms_der whole = mask.parameters;
    whole.content = svms_cursor_over(mask.parameters.whole, mask.parameters.whole_size, 0);
    return read_hash(&whole, out, known);
}

static bool read_number(svms_der *field, uint64_t *out)
{
    svms_der number;
    return svms_der_take(&field->content, SVMS_DER_INTEGER, &number) &&
           svms_der_unsigned(&number, out) && svms_cursor_at_end(&field->content);
}

/* RSASSA-PSS-params (RFC 4055, 3.1). Whatever is left out means SHA-1, which is not supported. */
static svms_status read_pss(svms_onvif_algorithm *out, const svms_der *parameters, uint64_t origin,
                            svms_error *err)
{
    svms_cursor cursor = parameters->content;
    svms_der field;
    bool hash_known = false;
    bool mask_known = false;
    uint64_t salt = SALT_DEFAULT;
    uint64_t trailer = 1;
    bool right = parameters->tag == SVMS_DER_SEQUENCE;
    if (svms_der_take_optional(&cursor, SVMS_DER_CONSTRUCTED(0), &field)) {
        right = right && read_hash(&field, &out->digest, &hash_known);
    }
    if (svms_der_take_optional(&cursor, SVMS_DER_CONSTRUCTED(1), &field)) {
        right = right && read_mask(&field, &out->mask, &mask_known);
    }
    if (svms_der_take_optional(&cursor, SVMS_DER_CONSTRUCTED(2), &field)) {
        right = right && read_number(&field, &salt);
    }
    if (svms_der_take_optional(&cursor, SVMS_DER_CONSTRUCTED(3), &field)) {
        right = right && read_number(&field, &trailer);
    }
    if (!right || !svms_cursor_at_end(&cursor)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, origin,
                            "the parameters of RSASSA-PSS cannot be read");
    }
    if (!hash_known || !mask_known || trailer != 1) {
        return unsupported(err, origin, "RSASSA-PSS with this hash, mask or trailer");
    }
    if (salt > SALT_MAX) {
        return unsupported(err, origin, "RSASSA-PSS with so long a salt");
    }
    out->family = SVMS_ONVIF_PSS;
    out->salt = (uint32_t)salt;
    return SVMS_OK;
}

svms_status svms_onvif_read_algorithm(svms_onvif_algorithm *out, const uint8_t *der, size_t size,
                                      uint64_t origin, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(der, size, origin);
    svms_onvif_algorithm found = svms_onvif_default_algorithm();
    identifier given;
    if (!read_identifier(&cursor, &given) || !svms_cursor_at_end(&cursor)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, origin, "sigC is no AlgorithmIdentifier");
    }
    if (is_oid(&given.oid, &oid_pss)) {
        svms_status status = read_pss(&found, &given.parameters, origin, err);
        if (status == SVMS_OK) {
            *out = found;
        }
        return status;
    }
    for (unsigned i = 0; i < SVMS_ONVIF_DIGESTS; i++) {
        bool pkcs1 = is_oid(&given.oid, &digests[i].pkcs1);
        bool ecdsa = is_oid(&given.oid, &digests[i].ecdsa);
        if (!pkcs1 && !ecdsa) {
            continue;
        }
        if (!has_no_parameters(&given)) {
            return svms_fail_at(err, SVMS_E_MALFORMED, origin,
                                "sigC gives parameters to an algorithm that has none");
        }
        found.family = pkcs1 ? SVMS_ONVIF_PKCS1 : SVMS_ONVIF_ECDSA;
        found.digest = (svms_onvif_digest)i;
        *out = found;
        return SVMS_OK;
    }
    return unsupported(err, origin, "the signature algorithm that sigC names");
}

void svms_onvif_name_algorithm(char *out, size_t room, const svms_onvif_algorithm *algorithm)
{
    const char *words = digests[algorithm->digest].words;
    switch (algorithm->family) {
    case SVMS_ONVIF_PSS:
        snprintf(out, room, "RSASSA-PSS, %s, salt %u", words, (unsigned)algorithm->salt);
        break;
    case SVMS_ONVIF_PKCS1:
        snprintf(out, room, "RSASSA-PKCS1-v1_5, %s", words);
        break;
    case SVMS_ONVIF_ECDSA:
        snprintf(out, room, "ECDSA, %s", words);
        break;
    }
}

svms_status svms_onvif_algorithm_of(svms_onvif_algorithm *out, const svms_private_key *key,
                                    svms_error *err)
{
    svms_key_kind kind = svms_private_key_kind(key);
    svms_onvif_algorithm found = svms_onvif_default_algorithm();
    if (!svms_private_key_evp(key)) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "a key behind callbacks cannot sign export files: the format's default "
                         "(RSASSA-PSS with a salt of 20 bytes) is none of the schemes that "
                         "callbacks know");
    }
    if (kind == SVMS_KEY_P256 || kind == SVMS_KEY_P384) {
        found.family = SVMS_ONVIF_ECDSA;
        found.digest = kind == SVMS_KEY_P256 ? SVMS_ONVIF_SHA256 : SVMS_ONVIF_SHA384;
    } else if (kind != SVMS_KEY_RSA) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "%s keys cannot sign export files; RSA, P-256 and P-384 keys can",
                         svms_key_kind_name(kind));
    }
    *out = found;
    return SVMS_OK;
}

void svms_onvif_put_algorithm(svms_builder *builder, const svms_onvif_algorithm *algorithm)
{
    if (algorithm->family != SVMS_ONVIF_ECDSA) {
        return;
    }
    const object_id *oid = &digests[algorithm->digest].ecdsa;
    svms_put_u8(builder, SVMS_DER_SEQUENCE);
    svms_put_u8(builder, (uint8_t)(oid->size + 2));
    svms_put_u8(builder, SVMS_DER_OID);
    svms_put_u8(builder, (uint8_t)oid->size);
    svms_put_bytes(builder, oid->bytes, oid->size);
}
