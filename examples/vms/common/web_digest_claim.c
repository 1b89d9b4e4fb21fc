/* SPDX-License-Identifier: Apache-2.0 */
/* The field of a client, taken apart: each parameter once, each with its own bound. */
#include <string.h>
#include <strings.h>

#include "web_digest_internal.h"
#include "web_text.h"

#define VALUE_MAX HTTP_TARGET_MAX

typedef enum parameter {
    OF_NAME,
    OF_REALM,
    OF_NONCE,
    OF_URI,
    OF_RESPONSE,
    OF_QOP,
    OF_COUNT,
    OF_CNONCE,
    OF_ALGORITHM,
    OF_USERHASH,
    OF_NOTHING
} parameter;

static const char *const names[OF_NOTHING] = { "username",  "realm",   "nonce", "uri",
                                               "response",  "qop",     "nc",    "cnonce",
                                               "algorithm", "userhash" };

/* What must be there; an algorithm that is not named is MD5. */
#define NEEDED ((1u << OF_QOP | ((1u << OF_QOP) - 1)) | 1u << OF_COUNT | 1u << OF_CNONCE)

static bool is_token_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || ((byte | 32) >= 'a' && (byte | 32) <= 'z') ||
           (byte && strchr("!#$%&'*+-.^_`|~", byte));
}

static parameter parameter_of(const char *text, size_t size)
{
    for (unsigned i = 0; i < OF_NOTHING; i++) {
        if (strlen(names[i]) == size && strncasecmp(names[i], text, size) == 0) {
            return (parameter)i;
        }
    }
    return OF_NOTHING;
}

/* A token, or a text in quotes; value has room for VALUE_MAX bytes and a NUL. */
static bool take_value(const char **at, char *value)
{
    size_t size = 0;
    bool quoted = **at == '"';
    *at += quoted;
    while (**at && (quoted ? **at != '"' : is_token_byte(**at))) {
        if (quoted && **at == '\\' && !*++*at) {
            return false;
        }
        if (size == VALUE_MAX) {
            return false;
        }
        value[size++] = *(*at)++;
    }
    value[size] = '\0';
    if (quoted && *(*at)++ != '"') {
        return false;
    }
    return quoted || size > 0;
}

static bool copy(char *out, size_t room, const char *value)
{
    size_t size = strlen(value);
    if (size == 0 || size >= room || !web_is_text(value, size)) {
        return false;
    }
    memcpy(out, value, size + 1);
    return true;
}

/* Bytes in hexadecimal, without regard to case; as many of them as there are digits. */
static bool take_hex(const char *value, uint8_t *out, size_t room, size_t *size)
{
    size_t digits = strlen(value);
    if (digits % 2 != 0 || digits / 2 > room) {
        return false;
    }
    for (size_t i = 0; i < digits / 2; i++) {
        int high = web_hex_digit(value[2 * i]);
        int low = web_hex_digit(value[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    *size = digits / 2;
    return true;
}

static bool take_count(const char *value, uint32_t *out)
{
    uint8_t bytes[4] = { 0 };
    size_t size = 0;
    if (!take_hex(value, bytes, sizeof bytes, &size) || size != sizeof bytes) {
        return false;
    }
    *out = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    return *out > 0;
}

static bool take_algorithm(const char *value, web_digest_algorithm *out)
{
    bool sha = strcasecmp(value, "SHA-256") == 0;
    *out = sha ? WEB_DIGEST_SHA_256 : WEB_DIGEST_MD5;
    return sha || strcasecmp(value, "MD5") == 0;
}

static bool keep(web_digest_claim *out, const web_digest *digest, parameter which,
                 const char *value, size_t *response_size)
{
    switch (which) {
    case OF_NAME:
        return copy(out->name, sizeof out->name, value);
    case OF_REALM:
        return strcmp(value, digest->realm) == 0;
    case OF_NONCE:
        return copy(out->nonce, sizeof out->nonce, value);
    case OF_URI:
        return copy(out->uri, sizeof out->uri, value);
    case OF_RESPONSE:
        return take_hex(value, out->response, sizeof out->response, response_size);
    case OF_QOP:
        return strcmp(value, "auth") == 0;
    case OF_COUNT:
        return take_count(value, &out->count);
    case OF_CNONCE:
        return copy(out->cnonce, sizeof out->cnonce, value);
    case OF_ALGORITHM:
        return take_algorithm(value, &out->algorithm);
    case OF_USERHASH:
        return strcasecmp(value, "false") == 0;
    case OF_NOTHING:
        break;
    }
    return true;
}

/* One "name=value" with the comma behind it. */
static bool take_parameter(web_digest_claim *out, const web_digest *digest, const char **at,
                           unsigned *seen, size_t *response_size)
{
    char value[VALUE_MAX + 1] = "";
    const char *name = *at;
    while (is_token_byte(**at)) {
        (*at)++;
    }
    parameter which = parameter_of(name, (size_t)(*at - name));
    *at += strspn(*at, " \t");
    if (*(*at)++ != '=') {
        return false;
    }
    *at += strspn(*at, " \t");
    if (!take_value(at, value) || (which != OF_NOTHING && (*seen & 1u << which))) {
        return false;
    }
    *seen |= which != OF_NOTHING ? 1u << which : 0;
    *at += strspn(*at, " \t");
    bool more = **at == ',';
    *at += more;
    *at += more ? strspn(*at, " \t,") : 0;
    return (more || **at == '\0') && keep(out, digest, which, value, response_size);
}

bool web_digest_parse(web_digest_claim *out, const web_digest *digest, const char *field)
{
    unsigned seen = 0;
    size_t response_size = 0;
    memset(out, 0, sizeof *out);
    out->algorithm = WEB_DIGEST_MD5;
    if (!field || strncasecmp(field, "Digest ", 7) != 0) {
        return false;
    }
    const char *at = field + 7;
    at += strspn(at, " \t,");
    while (*at) {
        if (!take_parameter(out, digest, &at, &seen, &response_size)) {
            return false;
        }
    }
    return (seen & NEEDED) == NEEDED && response_size == web_digest_size(out->algorithm) &&
           (out->algorithm == WEB_DIGEST_SHA_256 || digest->allow_md5);
}
