/* SPDX-License-Identifier: Apache-2.0 */
/* Of a token that nobody has verified yet, nothing is looked at but its form and its header. */
#include <string.h>

#include "base64.h"
#include "failure.h"
#include "jws.h"

#define HEADER_MAX 1024
#define HEADER_DEPTH 2 /* so that a list in crit is seen as what it is */

/* Where the dots stand; false unless there are two. */
static bool find_dots(const char *text, size_t size, size_t dots[2])
{
    size_t found = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '.') {
            continue;
        }
        if (found == 2) {
            return false;
        }
        dots[found++] = i;
    }
    return found == 2;
}

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool take_type(svms_jws *out, const char *type)
{
    static const char prefix[] = "application/";
    size_t size = strlen(type);
    char text[sizeof prefix + SVMS_JWS_TYPE_MAX];
    if (size >= sizeof text) {
        return false;
    }
    for (size_t i = 0; i <= size; i++) {
        text[i] = small(type[i]);
    }
    const char *name =
        strncmp(text, prefix, sizeof prefix - 1) == 0 ? text + sizeof prefix - 1 : text;
    if (strlen(name) > SVMS_JWS_TYPE_MAX) {
        return false;
    }
    memcpy(out->type, name, strlen(name) + 1);
    return true;
}

static void read_type(svms_jws *out, const svms_json_node *header)
{
    if (svms_json_is_there(header, "typ")) {
        const char *type = svms_json_text(header, "typ");
        if (type && !take_type(out, type)) {
            svms_json_refuse(header, "typ", "is too long");
        }
    }
}

static void read_key_name(svms_jws *out, const svms_json_node *header)
{
    if (!svms_json_is_there(header, "kid")) {
        return;
    }
    const char *kid = svms_json_text(header, "kid");
    size_t size = kid ? strlen(kid) : 0;
    if (kid && (size == 0 || size > SVMS_KID_MAX)) {
        svms_json_refuse(header, "kid", "is empty or too long");
    } else if (kid) {
        memcpy(out->kid, kid, size + 1);
        out->has_kid = true;
    }
}

/* J-JWS-2 */
static void read_members(svms_jws *out, const svms_json_node *header, svms_token_verdict *verdict)
{
    static const char *const members[] = { "alg", "typ", "kid", "cty", NULL };
    if (svms_json_is_there(header, "crit")) {
        *verdict = SVMS_TOKEN_CRITICAL;
        svms_json_refuse(header, "crit", "is there: no extension is known here");
        return;
    }
    svms_json_only(header, members);
    const char *name = svms_json_text(header, "alg");
    read_type(out, header);
    if (svms_json_is_there(header, "cty")) {
        (void)svms_json_text(header, "cty");
    }
    read_key_name(out, header);
    out->algorithm = name ? svms_token_algorithm_named(name) : SVMS_TOKEN_NO_ALGORITHM;
}

static svms_status read_header(svms_jws *out, svms_ctx *ctx, const char *text, size_t size,
                               svms_token_verdict *verdict, svms_error *err)
{
    static const svms_json_limits limits = { HEADER_MAX, HEADER_DEPTH };
    uint8_t json[HEADER_MAX];
    *verdict = SVMS_TOKEN_HEADER;
    size_t decoded_size = svms_base64url_decoded_size(size);
    if (decoded_size > sizeof json && decoded_size != SIZE_MAX) {
        return svms_fail(err, SVMS_E_MALFORMED, "the header of the token is longer than %d bytes",
                         HEADER_MAX);
    }
    if (decoded_size == SIZE_MAX || !svms_base64url_decode_public(text, size, json)) {
        *verdict = SVMS_TOKEN_FORM;
        return svms_fail(err, SVMS_E_MALFORMED, "the header of the token is not base64url");
    }
    svms_json_document document;
    svms_status status = svms_json_load_plain(&document, ctx, "the token's header", &limits, json,
                                              decoded_size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_json_node header = svms_json_root(&document);
    read_members(out, &header, verdict);
    status = document.status;
    svms_json_unload(&document);
    return status;
}

/* J-JWS-1 */
static svms_status split(svms_jws *out, const char *text, size_t size, size_t *header_size,
                         svms_error *err)
{
    size_t dots[2];
    if (size > SVMS_JWS_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "the token has %zu bytes, more than %d", size,
                         SVMS_JWS_MAX);
    }
    if (!find_dots(text, size, dots)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the token does not have three parts");
    }
    const char *signature = text + dots[1] + 1;
    size_t characters = size - dots[1] - 1;
    *header_size = dots[0];
    out->signed_text = text;
    out->signed_size = dots[1];
    size_t payload_characters = dots[1] - dots[0] - 1;
    out->payload_size = svms_base64url_decoded_size(payload_characters);
    out->signature_size = svms_base64url_decoded_size(characters);
    if (out->payload_size > sizeof out->payload ||
        !svms_base64url_decode_public(text + dots[0] + 1, payload_characters, out->payload)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the payload of the token is not base64url");
    }
    if (out->signature_size > sizeof out->signature ||
        !svms_base64url_decode_public(signature, characters, out->signature)) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "the signature of the token is too long, or not base64url");
    }
    return SVMS_OK;
}

svms_status svms_jws_open(svms_jws *out, svms_ctx *ctx, const char *text, size_t size,
                          svms_token_verdict *verdict, svms_error *err)
{
    size_t header_size = 0;
    out->algorithm = SVMS_TOKEN_NO_ALGORITHM;
    out->type[0] = '\0';
    out->has_kid = false;
    *verdict = SVMS_TOKEN_FORM;
    svms_status status = split(out, text, size, &header_size, err);
    if (status == SVMS_OK) {
        status = read_header(out, ctx, text, header_size, verdict, err);
    }
    if (status == SVMS_OK) {
        *verdict = SVMS_TOKEN_GOOD;
    }
    return status;
}
