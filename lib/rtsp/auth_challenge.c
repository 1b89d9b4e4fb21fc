/* SPDX-License-Identifier: Apache-2.0 */
#include "auth_challenge.h"

#include <stdio.h>
#include <string.h>

#include "auth_fields.h"
#include "failure.h"

enum { CNONCE_BYTES = 16, CNONCE_SIZE = 2 * CNONCE_BYTES + 1 };

/* A challenge while it is read. */
typedef struct open_challenge {
    svms_auth_challenge it;
    bool known;   /* a scheme that can be answered */
    bool refused; /* it asks for what is not known */
    bool has_realm;
    bool has_nonce;
} open_challenge;

static void begin(open_challenge *open, svms_text_piece scheme)
{
    memset(open, 0, sizeof *open);
    open->it.algorithm = SVMS_RTSP_DIGEST_MD5;
    if (svms_text_piece_is(scheme, "Digest")) {
        open->it.scheme = SVMS_RTSP_SCHEME_DIGEST;
        open->known = true;
    } else if (svms_text_piece_is(scheme, "Bearer")) {
        open->it.scheme = SVMS_RTSP_SCHEME_BEARER;
        open->known = true;
    }
}

static void finish(svms_auth_challenges *list, const open_challenge *open)
{
    bool is_digest = open->it.scheme == SVMS_RTSP_SCHEME_DIGEST;
    bool is_whole = !is_digest || (open->has_realm && open->has_nonce);
    if (open->known && !open->refused && is_whole && list->count < SVMS_AUTH_CHALLENGES_MAX) {
        list->items[list->count++] = open->it;
    }
}

static bool offers_auth(svms_text_piece list)
{
    while (list.size > 0) {
        if (svms_text_piece_is(svms_text_piece_cut(&list, ','), "auth")) {
            return true;
        }
    }
    return false;
}

static bool take(bool *seen, const svms_auth_field *field, char *out)
{
    bool first = !*seen;
    *seen = true;
    return first && svms_auth_field_copy(field, out, SVMS_AUTH_TEXT_SIZE);
}

static bool take_digest_field(open_challenge *open, const svms_auth_field *field)
{
    svms_auth_challenge *it = &open->it;
    if (svms_text_piece_is(field->name, "realm")) {
        return take(&open->has_realm, field, it->realm);
    }
    if (svms_text_piece_is(field->name, "nonce")) {
        return take(&open->has_nonce, field, it->nonce);
    }
    if (svms_text_piece_is(field->name, "opaque")) {
        return take(&it->has_opaque, field, it->opaque);
    }
    if (svms_text_piece_is(field->name, "algorithm")) {
        return svms_auth_algorithm_read(field->value, &it->algorithm);
    }
    if (svms_text_piece_is(field->name, "qop")) {
        it->has_qop = offers_auth(field->value);
        return it->has_qop;
    }
    if (svms_text_piece_is(field->name, "userhash")) {
        it->userhash = svms_text_piece_is(field->value, "true");
    } else if (svms_text_piece_is(field->name, "stale")) {
        it->stale = svms_text_piece_is(field->value, "true");
    }
    return true;
}

void svms_auth_challenges_read(svms_auth_challenges *list, svms_text_piece value)
{
    open_challenge open = { .known = false };
    svms_auth_field field;
    svms_auth_next next;
    while ((next = svms_auth_next_field(&value, &field)) == SVMS_AUTH_SCHEME ||
           next == SVMS_AUTH_FIELD) {
        if (next == SVMS_AUTH_SCHEME) {
            finish(list, &open);
            begin(&open, field.name);
        } else if (open.it.scheme == SVMS_RTSP_SCHEME_DIGEST && !take_digest_field(&open, &field)) {
            open.refused = true;
        }
    }
    if (next == SVMS_AUTH_END) {
        finish(list, &open);
    }
}

static int rank(svms_rtsp_digest algorithm, bool allow_md5)
{
    switch (algorithm) {
    case SVMS_RTSP_DIGEST_SHA_512_256:
        return 3;
    case SVMS_RTSP_DIGEST_SHA_256:
        return 2;
    case SVMS_RTSP_DIGEST_MD5:
        return allow_md5 ? 1 : 0;
    default:
        return 0;
    }
}

const svms_auth_challenge *svms_auth_challenges_best(const svms_auth_challenges *list,
                                                     svms_rtsp_scheme scheme, bool allow_md5)
{
    const svms_auth_challenge *best = NULL;
    int best_rank = 0;
    for (size_t i = 0; i < list->count; i++) {
        const svms_auth_challenge *one = &list->items[i];
        int its_rank = scheme == SVMS_RTSP_SCHEME_DIGEST ? rank(one->algorithm, allow_md5) : 1;
        /* Without qop nothing binds the answer to our random bytes: RFC 2069, as old as MD5. */
        bool is_old = scheme == SVMS_RTSP_SCHEME_DIGEST && !one->has_qop;
        if (one->scheme == scheme && its_rank > best_rank && (!is_old || allow_md5)) {
            best = one;
            best_rank = its_rank;
        }
    }
    return best;
}

static svms_status make_cnonce(char out[CNONCE_SIZE], svms_ctx *ctx, svms_error *err)
{
    uint8_t random[CNONCE_BYTES];
    svms_status status = svms_random(ctx, random, sizeof random, err);
    if (status == SVMS_OK) {
        svms_auth_hex(random, sizeof random, out);
    }
    return status;
}

/* What stands in quotes as it is; never a line end, whoever gave the name. */
static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < ' ' || *text > '~') {
            return false;
        }
    }
    return true;
}

static svms_status put_user(svms_builder *out, svms_ctx *ctx, const svms_auth_challenge *challenge,
                            const char *user, svms_error *err)
{
    if (!challenge->userhash) {
        /* RFC 7616 section 3.4: what is not printable ASCII has the other spelling. */
        (is_printable(user) ? svms_auth_put_quoted : svms_auth_put_encoded)(out, "username",
                                                                            svms_auth_text(user));
        return SVMS_OK;
    }
    uint8_t hash[SVMS_AUTH_HASH_MAX];
    char hex[SVMS_AUTH_HEX_SIZE];
    const svms_text_piece parts[] = { svms_auth_text(user), svms_auth_text(challenge->realm) };
    svms_status status = svms_auth_hash(ctx, challenge->algorithm, parts, 2, hash, err);
    if (status == SVMS_OK) {
        svms_auth_hex(hash, svms_auth_hash_size(challenge->algorithm), hex);
        svms_auth_put_quoted(out, "username", svms_auth_text(hex));
    }
    return status;
}

static void put_text(svms_builder *out, const char *text)
{
    svms_put_bytes(out, text, strlen(text));
}

static void put_field(svms_builder *out, const char *name, const char *value)
{
    put_text(out, ", ");
    svms_auth_put_quoted(out, name, svms_auth_text(value));
}

static void put_fields(svms_builder *out, const svms_auth_challenge *challenge,
                       const svms_auth_question *question, const svms_auth_exchange *exchange)
{
    put_field(out, "realm", challenge->realm);
    put_field(out, "nonce", challenge->nonce);
    put_field(out, "uri", question->uri);
    put_text(out, ", algorithm=");
    put_text(out, svms_auth_algorithm_name(challenge->algorithm));
    if (exchange->has_qop) {
        put_text(out, ", qop=auth, nc=");
        svms_put_bytes(out, exchange->nc.data, exchange->nc.size);
        put_text(out, ", ");
        svms_auth_put_quoted(out, "cnonce", exchange->cnonce);
    }
    if (challenge->has_opaque) {
        put_field(out, "opaque", challenge->opaque);
    }
    if (challenge->userhash) {
        put_text(out, ", userhash=true");
    }
}

static svms_status respond(char out[SVMS_AUTH_HEX_SIZE], svms_ctx *ctx,
                           const svms_auth_challenge *challenge, const svms_auth_login *login,
                           const svms_auth_exchange *exchange, svms_error *err)
{
    uint8_t ha1[SVMS_AUTH_HASH_MAX];
    const svms_text_piece who[] = { svms_auth_text(login->user), svms_auth_text(challenge->realm),
                                    svms_auth_text(login->password) };
    svms_status status = svms_auth_hash(ctx, challenge->algorithm, who, 3, ha1, err);
    if (status == SVMS_OK) {
        status = svms_auth_response(ctx, challenge->algorithm, ha1, exchange, out, err);
    }
    svms_wipe(ha1, sizeof ha1);
    return status;
}

svms_status svms_auth_answer_digest(svms_builder *out, svms_ctx *ctx,
                                    const svms_auth_challenge *challenge,
                                    const svms_auth_login *login,
                                    const svms_auth_question *question, svms_error *err)
{
    char cnonce[CNONCE_SIZE] = "";
    char nc[9];
    char response[SVMS_AUTH_HEX_SIZE];
    svms_status status = question->cnonce ? SVMS_OK : make_cnonce(cnonce, ctx, err);
    if (status != SVMS_OK) {
        return status;
    }
    (void)snprintf(nc, sizeof nc, "%08x", (unsigned)question->nonce_count);
    const svms_auth_exchange exchange = {
        .nonce = svms_auth_text(challenge->nonce),
        .nc = svms_auth_text(nc),
        .cnonce = svms_auth_text(question->cnonce ? question->cnonce : cnonce),
        .has_qop = challenge->has_qop,
        .method = svms_auth_text(question->method),
        .uri = svms_auth_text(question->uri),
    };
    status = respond(response, ctx, challenge, login, &exchange, err);
    if (status != SVMS_OK) {
        return status;
    }
    put_text(out, "Digest ");
    status = put_user(out, ctx, challenge, login->user, err);
    if (status != SVMS_OK) {
        return status;
    }
    put_fields(out, challenge, question, &exchange);
    put_field(out, "response", response);
    return svms_builder_check(out, "the answer to a challenge", err);
}
