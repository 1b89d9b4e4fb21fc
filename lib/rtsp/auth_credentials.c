/* SPDX-License-Identifier: Apache-2.0 */
#include "auth_credentials.h"

#include <string.h>

#include "auth_fields.h"
#include "failure.h"

/* Each field may stand there once. */
enum {
    HAS_USER = 1 << 0,
    HAS_REALM = 1 << 1,
    HAS_NONCE = 1 << 2,
    HAS_URI = 1 << 3,
    HAS_RESPONSE = 1 << 4,
    HAS_NC = 1 << 5,
    HAS_CNONCE = 1 << 6,
    HAS_QOP = 1 << 7,
    HAS_ALGORITHM = 1 << 8
};
#define HAS_NEEDED (HAS_USER | HAS_REALM | HAS_NONCE | HAS_URI | HAS_RESPONSE)

typedef struct reading {
    svms_auth_credentials *out;
    unsigned seen;
    bool unsupported;
} reading;

static bool first_time(reading *r, unsigned bit)
{
    bool first = (r->seen & bit) == 0;
    r->seen |= bit;
    return first;
}

typedef struct text_field {
    const char *name;
    unsigned bit;
    size_t offset;
    size_t capacity;
} text_field;

#define TEXT_FIELD(text, bit, member)                                                              \
    {                                                                                              \
        text, bit, offsetof(svms_auth_credentials, member),                                        \
            sizeof((svms_auth_credentials *)NULL)->member                                          \
    }

static const text_field text_fields[] = {
    TEXT_FIELD("username", HAS_USER, user),         TEXT_FIELD("realm", HAS_REALM, realm),
    TEXT_FIELD("nonce", HAS_NONCE, nonce),          TEXT_FIELD("uri", HAS_URI, uri),
    TEXT_FIELD("response", HAS_RESPONSE, response), TEXT_FIELD("nc", HAS_NC, nc),
    TEXT_FIELD("cnonce", HAS_CNONCE, cnonce),
};

static bool take_choice(reading *r, const svms_auth_field *field)
{
    if (svms_text_piece_is(field->name, "algorithm")) {
        r->unsupported |= !svms_auth_algorithm_read(field->value, &r->out->algorithm);
        return first_time(r, HAS_ALGORITHM);
    }
    if (svms_text_piece_is(field->name, "qop")) {
        r->unsupported |= !svms_text_piece_is(field->value, "auth");
        r->out->has_qop = true;
        return first_time(r, HAS_QOP);
    }
    if (svms_text_piece_is(field->name, "userhash")) {
        r->unsupported |= svms_text_piece_is(field->value, "true");
    }
    return true;
}

static bool take(reading *r, const svms_auth_field *field)
{
    if (svms_text_piece_is(field->name, "username*")) {
        return first_time(r, HAS_USER) &&
               svms_auth_field_decode(field, r->out->user, sizeof r->out->user);
    }
    for (size_t i = 0; i < sizeof text_fields / sizeof text_fields[0]; i++) {
        const text_field *known = &text_fields[i];
        if (svms_text_piece_is(field->name, known->name)) {
            return first_time(r, known->bit) &&
                   svms_auth_field_copy(field, (char *)r->out + known->offset, known->capacity);
        }
    }
    return take_choice(r, field);
}

/* Eight hexadecimal digits. */
static bool read_count(svms_auth_credentials *c)
{
    uint8_t bytes[4];
    size_t size = sizeof bytes;
    if (!svms_text_piece_hex(svms_auth_text(c->nc), bytes, &size) || size != sizeof bytes) {
        return false;
    }
    c->nonce_count = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
                     (uint32_t)bytes[3];
    return true;
}

static svms_status read_digest(svms_auth_credentials *out, svms_text_piece rest, svms_error *err)
{
    reading r = { .out = out };
    svms_auth_field field;
    svms_auth_next next;
    out->algorithm = SVMS_RTSP_DIGEST_MD5;
    while ((next = svms_auth_next_field(&rest, &field)) == SVMS_AUTH_FIELD) {
        if (!take(&r, &field)) {
            return svms_fail(err, SVMS_E_MALFORMED,
                             "a field of the digest is there twice, or out of bounds");
        }
    }
    if (next != SVMS_AUTH_END) {
        return svms_fail(err, SVMS_E_MALFORMED, "the digest is not a list of fields");
    }
    if (r.unsupported) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "the digest has an algorithm, qop or user hash that was not offered");
    }
    bool is_whole = (r.seen & HAS_NEEDED) == HAS_NEEDED;
    bool has_count = (r.seen & (HAS_NC | HAS_CNONCE)) == (HAS_NC | HAS_CNONCE);
    if (!is_whole || (out->has_qop && !(has_count && read_count(out)))) {
        return svms_fail(err, SVMS_E_MALFORMED, "the digest lacks a field");
    }
    return SVMS_OK;
}

svms_status svms_auth_credentials_read(svms_auth_credentials *out, svms_text_piece value,
                                       svms_error *err)
{
    memset(out, 0, sizeof *out);
    svms_text_piece rest = svms_text_piece_trim(value);
    svms_text_piece scheme = svms_text_piece_cut(&rest, ' ');
    rest = svms_text_piece_trim(rest);
    if (svms_text_piece_is(scheme, "Bearer")) {
        out->scheme = SVMS_RTSP_SCHEME_BEARER;
        out->token = rest;
        return rest.size > 0 && rest.size <= SVMS_AUTH_TOKEN_MAX
                   ? SVMS_OK
                   : svms_fail(err, SVMS_E_MALFORMED, "there is no token, or it is too long");
    }
    if (svms_text_piece_is(scheme, "Digest")) {
        out->scheme = SVMS_RTSP_SCHEME_DIGEST;
        return read_digest(out, rest, err);
    }
    return svms_fail(err, SVMS_E_UNSUPPORTED, "the scheme of authentication is not offered");
}
