/* SPDX-License-Identifier: Apache-2.0 */
/* Taking a TimeStampToken apart. What its signature does not cover is held to one form, so that
 * nobody can change it unnoticed: all but certificates, lists and unsigned attributes. */
#include "timestamp.h"

#include <string.h>

#include "failure.h"
#include "token_signer.h"

#define CERTIFICATES_MAX 16
#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_US INT64_C(1000)
/* A year. Nobody is that inaccurate. */
#define ACCURACY_SECONDS_MAX 31536000u
/* CMSVersion of SignedData whose content is not plain data (RFC 5652, 5.1). */
#define SIGNED_DATA_VERSION 3

static const uint8_t oid_signed_data[] = { 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02 };
static const uint8_t oid_sha2[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02 };

bool svms_token_digest_kind(const svms_der *algorithm, unsigned *kind)
{
    svms_cursor cursor = algorithm->content;
    svms_der oid;
    svms_der parameters;
    if (!svms_der_take(&cursor, SVMS_DER_OID, &oid)) {
        return false;
    }
    if (svms_der_take_optional(&cursor, SVMS_DER_NULL, &parameters) &&
        !svms_der_equals(&parameters, "", 0)) {
        return false;
    }
    const uint8_t *arc = svms_read_bytes(&oid.content, sizeof oid_sha2);
    uint8_t last = svms_read_u8(&oid.content);
    if (!svms_cursor_at_end(&cursor) || !svms_cursor_at_end(&oid.content) || arc == NULL ||
        memcmp(arc, oid_sha2, sizeof oid_sha2) != 0 || last < 1 || last > 3) {
        return false;
    }
    *kind = last - 1u;
    return true;
}

bool svms_token_imprint(svms_cursor *cursor, uint8_t out[SVMS_DIGEST_SIZE])
{
    svms_der imprint;
    svms_der algorithm;
    svms_der digest;
    unsigned kind = 0;
    if (!svms_der_take(cursor, SVMS_DER_SEQUENCE, &imprint) ||
        !svms_der_take(&imprint.content, SVMS_DER_SEQUENCE, &algorithm) ||
        !svms_der_take(&imprint.content, SVMS_DER_OCTETS, &digest) ||
        !svms_cursor_at_end(&imprint.content) || !svms_token_digest_kind(&algorithm, &kind) ||
        kind != 0 || svms_cursor_left(&digest.content) != SVMS_DIGEST_SIZE) {
        return false;
    }
    svms_read_copy(&digest.content, out, SVMS_DIGEST_SIZE);
    return true;
}

/* "20260102030405.678Z" as RFC 3339 text; false when it is not in the form of RFC 3161. */
static bool read_time(const svms_der *element, int64_t *utc_ns)
{
    static const char pattern[] = "dddd-dd-ddTdd:dd:dd";
    char text[SVMS_TIME_TEXT_SIZE];
    svms_cursor from = element->content;
    size_t used = 0;
    for (; pattern[used] != '\0'; used++) {
        text[used] = pattern[used] == 'd' ? (char)svms_read_u8(&from) : pattern[used];
    }
    size_t left = svms_cursor_left(&from);
    if (left == 0 || used + left >= sizeof text) {
        return false;
    }
    svms_read_copy(&from, text + used, left);
    text[used + left] = '\0';
    bool ends_right = text[used + left - 1] == 'Z' && (left == 1 || text[used] == '.') &&
                      (left == 1 || text[used + left - 2] != '0');
    return ends_right && strlen(text) == used + left &&
           svms_time_parse(utc_ns, text, NULL) == SVMS_OK;
}

/* seconds, [0] milliseconds, [1] microseconds, each optional. */
static bool read_accuracy(svms_cursor *cursor, int64_t *accuracy_ns)
{
    static const struct {
        uint8_t tag;
        uint64_t most;
        int64_t unit;
    } parts[] = { { SVMS_DER_INTEGER, ACCURACY_SECONDS_MAX, NS_PER_SECOND },
                  { SVMS_DER_PRIMITIVE(0), 999, NS_PER_MS },
                  { SVMS_DER_PRIMITIVE(1), 999, NS_PER_US } };
    svms_der accuracy;
    svms_der part;
    uint64_t value = 0;
    *accuracy_ns = -1;
    if (!svms_der_take_optional(cursor, SVMS_DER_SEQUENCE, &accuracy)) {
        return !cursor->failed;
    }
    *accuracy_ns = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!svms_der_take_optional(&accuracy.content, parts[i].tag, &part)) {
            continue;
        }
        if (!svms_der_unsigned(&part, &value) || value > parts[i].most) {
            return false;
        }
        *accuracy_ns += (int64_t)value * parts[i].unit;
    }
    return svms_cursor_at_end(&accuracy.content);
}

/* Nothing critical may be among the extensions, because none is known here. */
static svms_status read_extensions(svms_cursor *cursor, svms_error *err)
{
    svms_der all;
    if (!svms_der_take_optional(cursor, SVMS_DER_CONSTRUCTED(1), &all)) {
        return SVMS_OK;
    }
    while (!svms_cursor_at_end(&all.content)) {
        svms_der one;
        svms_der part;
        if (!svms_der_take(&all.content, SVMS_DER_SEQUENCE, &one) ||
            !svms_der_take(&one.content, SVMS_DER_OID, &part)) {
            return svms_fail(err, SVMS_E_MALFORMED, "a time stamp has a damaged extension");
        }
        if (svms_der_take_optional(&one.content, SVMS_DER_BOOLEAN, &part) &&
            !svms_der_equals(&part, "", 1)) {
            return svms_fail(err, SVMS_E_UNSUPPORTED,
                             "a time stamp has an unknown critical extension");
        }
    }
    return SVMS_OK;
}

static svms_status damaged(svms_error *err)
{
    return svms_fail(err, SVMS_E_MALFORMED, "what a time stamp says cannot be read (TSTInfo)");
}

static svms_status read_times(svms_token *out, svms_cursor *cursor, svms_error *err)
{
    svms_der element;
    if (!svms_der_take(cursor, SVMS_DER_INTEGER, &out->serial) ||
        svms_cursor_left(&out->serial.content) == 0 ||
        svms_cursor_left(&out->serial.content) > SVMS_TOKEN_SERIAL_MAX ||
        !svms_der_take(cursor, SVMS_DER_GENERALIZED_TIME, &element) ||
        !read_time(&element, &out->gen_time_utc_ns) || !read_accuracy(cursor, &out->accuracy_ns)) {
        return damaged(err);
    }
    return SVMS_OK;
}

static svms_status read_tst_info(svms_token *out, svms_cursor *content, svms_error *err)
{
    svms_der info;
    svms_der element;
    if (!svms_der_take(content, SVMS_DER_SEQUENCE, &info) || !svms_cursor_at_end(content) ||
        !svms_der_is_well_formed(info.whole, info.whole_size)) {
        return damaged(err);
    }
    svms_cursor *cursor = &info.content;
    if (!svms_der_take(cursor, SVMS_DER_INTEGER, &element) || !svms_der_equals(&element, "\1", 1) ||
        !svms_der_take(cursor, SVMS_DER_OID, &element)) {
        return damaged(err);
    }
    if (!svms_token_imprint(cursor, out->imprint)) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "a time stamp stamps something else than a SHA-256 digest");
    }
    svms_status status = read_times(out, cursor, err);
    if (status != SVMS_OK) {
        return status;
    }
    (void)svms_der_take_optional(cursor, SVMS_DER_BOOLEAN, &element);
    (void)svms_der_take_optional(cursor, SVMS_DER_INTEGER, &out->nonce);
    if (svms_der_take_optional(cursor, SVMS_DER_CONSTRUCTED(0), &element) &&
        (!svms_der_next(&element.content, &out->authority) ||
         !svms_cursor_at_end(&element.content))) {
        return damaged(err);
    }
    status = read_extensions(cursor, err);
    if (status == SVMS_OK && !svms_cursor_at_end(cursor)) {
        return damaged(err);
    }
    return status;
}

static svms_status count_certificates(svms_token *out, svms_cursor *cursor, svms_error *err)
{
    svms_der certificates;
    svms_der one;
    if (!svms_der_take_optional(cursor, SVMS_DER_CONSTRUCTED(0), &certificates)) {
        return SVMS_OK;
    }
    while (svms_der_next(&certificates.content, &one)) {
        out->certificates++;
        if (out->certificates > CERTIFICATES_MAX) {
            return svms_fail(err, SVMS_E_LIMIT, "a time stamp has more than %d certificates",
                             CERTIFICATES_MAX);
        }
    }
    return SVMS_OK;
}

static svms_status not_a_token(svms_error *err)
{
    return svms_fail(err, SVMS_E_MALFORMED, "this is not a time stamp token in DER (RFC 3161)");
}

/* One algorithm: the signer's. */
static bool read_digest_algorithms(svms_token *out, svms_cursor *cursor)
{
    svms_der all;
    svms_der one;
    return svms_der_take(cursor, SVMS_DER_SET, &all) &&
           svms_der_take(&all.content, SVMS_DER_SEQUENCE, &one) &&
           svms_cursor_at_end(&all.content) && svms_token_digest_kind(&one, &out->digest_kind);
}

static bool read_content(svms_cursor *cursor, svms_cursor *content)
{
    svms_der encapsulated;
    svms_der type;
    svms_der wrapping;
    svms_der octets;
    if (!svms_der_take(cursor, SVMS_DER_SEQUENCE, &encapsulated) ||
        !svms_der_take(&encapsulated.content, SVMS_DER_OID, &type) ||
        !svms_token_is_tst_info(&type) ||
        !svms_der_take(&encapsulated.content, SVMS_DER_CONSTRUCTED(0), &wrapping) ||
        !svms_cursor_at_end(&encapsulated.content) ||
        !svms_der_take(&wrapping.content, SVMS_DER_OCTETS, &octets) ||
        !svms_cursor_at_end(&wrapping.content)) {
        return false;
    }
    *content = octets.content;
    return true;
}

static svms_status read_signed_data(svms_token *out, svms_cursor *cursor, svms_error *err)
{
    svms_cursor content;
    svms_der element;
    svms_der signer;
    uint64_t version = 0;
    if (!svms_der_take(cursor, SVMS_DER_INTEGER, &element) ||
        !svms_der_unsigned(&element, &version) || version != SIGNED_DATA_VERSION) {
        return not_a_token(err);
    }
    if (!read_digest_algorithms(out, cursor)) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "a time stamp needs one digest of SHA-256, SHA-384 or SHA-512");
    }
    if (!read_content(cursor, &content)) {
        return not_a_token(err);
    }
    svms_status status = read_tst_info(out, &content, err);
    if (status == SVMS_OK) {
        status = count_certificates(out, cursor, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    (void)svms_der_take_optional(cursor, SVMS_DER_CONSTRUCTED(1), &element); /* lists */
    if (!svms_der_take(cursor, SVMS_DER_SET, &element) || !svms_cursor_at_end(cursor) ||
        !svms_der_take(&element.content, SVMS_DER_SEQUENCE, &signer)) {
        return not_a_token(err);
    }
    if (!svms_cursor_at_end(&element.content)) {
        return svms_fail(err, SVMS_E_MALFORMED, "a time stamp must have one signer");
    }
    return svms_token_read_signer(out, &signer.content, err);
}

svms_status svms_token_read(svms_token *out, const void *token, size_t size, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(token, size, 0);
    svms_token found = { .accuracy_ns = -1 };
    svms_der info;
    svms_der type;
    svms_der wrapping;
    svms_der data;
    if (size > SVMS_TIMESTAMP_TOKEN_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a time stamp of more than %d bytes",
                         SVMS_TIMESTAMP_TOKEN_MAX);
    }
    if (!svms_der_is_well_formed(token, size) ||
        !svms_der_take(&cursor, SVMS_DER_SEQUENCE, &info) ||
        !svms_der_take(&info.content, SVMS_DER_OID, &type) ||
        !svms_der_equals(&type, oid_signed_data, sizeof oid_signed_data) ||
        !svms_der_take(&info.content, SVMS_DER_CONSTRUCTED(0), &wrapping) ||
        !svms_cursor_at_end(&info.content) ||
        !svms_der_take(&wrapping.content, SVMS_DER_SEQUENCE, &data) ||
        !svms_cursor_at_end(&wrapping.content)) {
        return not_a_token(err);
    }
    svms_status status = read_signed_data(&found, &data.content, err);
    if (status == SVMS_OK) {
        *out = found;
    }
    return status;
}

svms_status svms_timestamp_attests(const void *token, size_t size,
                                   const uint8_t digest[SVMS_DIGEST_SIZE], svms_error *err)
{
    svms_token found;
    svms_status status = svms_token_read(&found, token, size, err);
    if (status == SVMS_OK && memcmp(found.imprint, digest, SVMS_DIGEST_SIZE) != 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the time stamp is one of something else");
    }
    return status;
}
