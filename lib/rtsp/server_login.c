/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks: RA-1 to RA-9. */
#include <string.h>

#include "auth_credentials.h"
#include "auth_fields.h"
#include "failure.h"
#include "server_internal.h"

#define SECOND_NS UINT64_C(1000000000)

static bool allows(const svms_rtsp_connection *c, uint32_t flag)
{
    return (c->server->options.flags & flag) != 0;
}

static svms_auth_nonce_maker nonce_maker(const svms_rtsp_connection *c)
{
    return (svms_auth_nonce_maker){ c->ctx, c->server->nonce_secret, c->guard.id };
}

svms_status svms_server_count_stranger(svms_rtsp_connection *c, svms_error *err)
{
    svms_server_guard *guard = &c->guard;
    if (c->now_ns - guard->second_ns >= SECOND_NS) {
        guard->second_ns = c->now_ns;
        guard->in_second = 0;
    }
    guard->in_second++;
    uint32_t most = c->server->options.max_strangers;
    if (guard->in_second > most || guard->failed > most) {
        return svms_fail(err, SVMS_E_POLICY, "too many requests without valid authentication");
    }
    return SVMS_OK;
}

/* An attempt that failed, for the audit log. What was claimed is foreign text. */
static void refuse(svms_rtsp_connection *c, svms_rtsp_scheme scheme, const char *claimed,
                   const char *words)
{
    const svms_rtsp_server_event event = { .struct_size = (uint32_t)sizeof event,
                                           .kind = SVMS_RTSP_SERVER_REFUSED,
                                           .scheme = scheme,
                                           .identity = claimed,
                                           .words = words };
    c->guard.failed++;
    svms_server_tell(c, &event);
}

static void let_in(svms_rtsp_connection *c, svms_server_asked *asked, svms_rtsp_scheme scheme,
                   const char *identity)
{
    bool is_new = !c->trusted || strcmp(c->identity, identity) != 0;
    size_t size = strlen(identity);
    memcpy(asked->identity, identity, size + 1);
    asked->request.scheme = scheme;
    c->trusted = true;
    if (!is_new || scheme == SVMS_RTSP_SCHEME_NONE) {
        return;
    }
    memmove(c->identity, identity, size + 1); /* it may be that very text */
    const svms_rtsp_server_event event = { .struct_size = (uint32_t)sizeof event,
                                           .kind = SVMS_RTSP_SERVER_AUTHENTICATED,
                                           .scheme = scheme,
                                           .identity = asked->identity };
    svms_server_tell(c, &event);
}

/* What can be said against credentials before any secret is looked at; NULL: nothing. */
static const char *objection(const svms_rtsp_connection *c, const svms_server_asked *asked,
                             const svms_auth_credentials *given)
{
    if (!allows(c, SVMS_RTSP_SERVER_DIGEST)) {
        return "digest is not offered";
    }
    bool is_old = given->algorithm == SVMS_RTSP_DIGEST_MD5;
    if (is_old && !allows(c, SVMS_RTSP_SERVER_ALLOW_MD5)) {
        return "MD5 is not offered";
    }
    if (!is_old && !given->has_qop) {
        return "the digest is without qop";
    }
    if (strcmp(given->realm, c->server->realm) != 0) {
        return "the digest is for another realm";
    }
    if (strcmp(given->uri, asked->message->url.data) != 0) {
        return "the digest is for another URL";
    }
    return NULL;
}

typedef enum nonce_state { NONCE_GOOD, NONCE_STALE, NONCE_REPLAYED } nonce_state;

static svms_status judge_nonce(const svms_rtsp_connection *c, const svms_auth_credentials *given,
                               svms_auth_nonce *nonce, nonce_state *state, svms_error *err)
{
    const svms_auth_nonce_maker maker = nonce_maker(c);
    svms_status status = svms_auth_nonce_read(&maker, svms_auth_text(given->nonce), nonce, err);
    *state = NONCE_STALE;
    if (status != SVMS_OK) {
        return status == SVMS_E_NOT_AUTHENTIC ? SVMS_OK : status;
    }
    uint64_t life = c->server->options.nonce_seconds * SECOND_NS;
    if (c->now_ns - nonce->time_ns >= life || nonce->number < c->guard.used) {
        return SVMS_OK;
    }
    bool is_replay =
        given->has_qop && nonce->number == c->guard.used && given->nonce_count <= c->guard.count;
    *state = is_replay || (given->has_qop && given->nonce_count == 0) ? NONCE_REPLAYED : NONCE_GOOD;
    return SVMS_OK;
}

/* HA1 of the user; of nobody where there is none, at the same cost (RA-7). */
static svms_status find_ha1(svms_rtsp_connection *c, const svms_auth_credentials *given,
                            uint8_t out[SVMS_AUTH_HASH_MAX], bool *known, svms_error *err)
{
    static const char nobody[] = "nobody has this password";
    svms_rtsp_secret secret = { .kind = SVMS_RTSP_SECRET_NONE };
    c->in_handler = true;
    svms_status status =
        c->server->options.handlers.secret(c->user, given->user, given->algorithm, &secret);
    c->in_handler = false;
    size_t size = svms_auth_hash_size(given->algorithm);
    bool is_hash = secret.kind == SVMS_RTSP_SECRET_HA1 && secret.size == size;
    bool is_password = secret.kind == SVMS_RTSP_SECRET_PASSWORD && secret.size > 0 &&
                       secret.size <= sizeof secret.bytes;
    svms_text_piece password = { (const char *)secret.bytes, secret.size };
    const svms_text_piece who[] = { svms_auth_text(given->user), svms_auth_text(c->server->realm),
                                    is_password ? password : svms_auth_text(nobody) };
    if (status != SVMS_OK) {
        status = svms_fail(err, SVMS_E_CANCELLED, "the secrets of users cannot be read");
    } else {
        status = svms_auth_hash(c->ctx, given->algorithm, who, 3, out, err);
    }
    if (status == SVMS_OK && is_hash) {
        memcpy(out, secret.bytes, size);
    }
    *known = is_hash || is_password;
    svms_wipe(&secret, sizeof secret);
    return status;
}

static svms_status judge_response(svms_rtsp_connection *c, const svms_server_asked *asked,
                                  const svms_auth_credentials *given, bool *good, svms_error *err)
{
    uint8_t ha1[SVMS_AUTH_HASH_MAX] = { 0 };
    char expected[SVMS_AUTH_HEX_SIZE] = "";
    bool known = false;
    const svms_auth_exchange exchange = { .nonce = svms_auth_text(given->nonce),
                                          .nc = svms_auth_text(given->nc),
                                          .cnonce = svms_auth_text(given->cnonce),
                                          .has_qop = given->has_qop,
                                          .method = asked->message->method_name,
                                          .uri = svms_auth_text(given->uri) };
    svms_status status = find_ha1(c, given, ha1, &known, err);
    if (status == SVMS_OK) {
        status = svms_auth_response(c->ctx, given->algorithm, ha1, &exchange, expected, err);
    }
    svms_wipe(ha1, sizeof ha1);
    size_t size = strlen(expected);
    *good = status == SVMS_OK && strlen(given->response) == size &&
            svms_equal_secret(given->response, expected, size);
    *good = *good && known;
    svms_wipe(expected, sizeof expected);
    return status;
}

static svms_status judge_digest(svms_rtsp_connection *c, svms_server_asked *asked,
                                const svms_auth_credentials *given, uint32_t *code, bool *stale,
                                svms_error *err)
{
    svms_auth_nonce nonce = { 0, 0 };
    nonce_state state = NONCE_STALE;
    bool good = false;
    const char *words = objection(c, asked, given);
    if (words) {
        refuse(c, SVMS_RTSP_SCHEME_DIGEST, given->user, words);
        return SVMS_OK;
    }
    svms_status status = judge_nonce(c, given, &nonce, &state, err);
    if (status != SVMS_OK || state == NONCE_STALE) {
        *stale = true;
        return status;
    }
    status = judge_response(c, asked, given, &good, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!good || state == NONCE_REPLAYED) {
        *stale = good;
        refuse(c, SVMS_RTSP_SCHEME_DIGEST, given->user,
               good ? "the digest was used before" : "the user is unknown or the password wrong");
        return SVMS_OK;
    }
    c->guard.count = nonce.number != c->guard.used ? 0 : c->guard.count;
    c->guard.count = given->has_qop ? given->nonce_count : c->guard.count;
    c->guard.used = nonce.number;
    *code = 200;
    let_in(c, asked, SVMS_RTSP_SCHEME_DIGEST, given->user);
    return SVMS_OK;
}

static bool is_ours(svms_status status)
{
    return status == SVMS_E_NO_MEMORY || status == SVMS_E_CRYPTO || status == SVMS_E_INTERNAL;
}

static svms_status judge_token(svms_rtsp_connection *c, svms_server_asked *asked,
                               svms_text_piece token, uint32_t *code, svms_error *err)
{
    char identity[SVMS_RTSP_IDENTITY_SIZE] = "";
    svms_error why = SVMS_ERROR_INIT;
    if (!allows(c, SVMS_RTSP_SERVER_BEARER) || !c->secure) {
        refuse(c, SVMS_RTSP_SCHEME_BEARER, "", "tokens are not taken here");
        return SVMS_OK;
    }
    c->in_handler = true;
    svms_status status =
        c->server->options.handlers.token(c->user, token.data, token.size, identity, &why);
    c->in_handler = false;
    if (is_ours(status)) {
        return svms_fail_as(err, status, &why);
    }
    identity[sizeof identity - 1] = '\0';
    if (status != SVMS_OK) {
        refuse(c, SVMS_RTSP_SCHEME_BEARER, identity,
               why.message[0] != '\0' ? why.message : "the token is not good");
        return SVMS_OK;
    }
    *code = 200;
    let_in(c, asked, SVMS_RTSP_SCHEME_BEARER, identity);
    return SVMS_OK;
}

static svms_status judge(svms_rtsp_connection *c, svms_server_asked *asked, svms_text_piece value,
                         uint32_t *code, bool *stale, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_auth_credentials *given = svms_alloc(c->ctx, sizeof *given);
    if (!given) {
        return svms_fail_memory(err);
    }
    svms_status status = svms_auth_credentials_read(given, value, &why);
    if (status != SVMS_OK) {
        refuse(c, given->scheme, given->user, why.message);
        status = SVMS_OK;
    } else if (given->scheme == SVMS_RTSP_SCHEME_BEARER) {
        status = judge_token(c, asked, given->token, code, err);
    } else {
        status = judge_digest(c, asked, given, code, stale, err);
    }
    svms_release_secret(c->ctx, given, sizeof *given);
    return status;
}

svms_status svms_server_login(svms_rtsp_connection *c, svms_server_asked *asked, uint32_t *code,
                              bool *stale, svms_error *err)
{
    *code = 200;
    *stale = false;
    if (allows(c, SVMS_RTSP_SERVER_OPEN) || c->has_identity) {
        let_in(c, asked, c->has_identity ? SVMS_RTSP_SCHEME_TLS : SVMS_RTSP_SCHEME_NONE,
               c->has_identity ? c->identity : "");
        return SVMS_OK;
    }
    *code = 401;
    const svms_text_piece *value = svms_rtsp_find(asked->message, "Authorization");
    if (!value) {
        return SVMS_OK;
    }
    if (svms_rtsp_count(asked->message, "Authorization") > 1) {
        refuse(c, SVMS_RTSP_SCHEME_NONE, "", "there is more than one Authorization");
        return SVMS_OK;
    }
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = judge(c, asked, *value, code, stale, &why);
    if (status == SVMS_E_CANCELLED) {
        *code = 500;
        return SVMS_OK;
    }
    return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &why);
}

static void put_digest(const svms_rtsp_connection *c, svms_builder *out, svms_rtsp_digest algorithm,
                       const char *nonce, bool stale)
{
    svms_rtsp_put_text(out, "WWW-Authenticate: Digest ");
    svms_auth_put_quoted(out, "realm", svms_auth_text(c->server->realm));
    svms_rtsp_put_text(out, ", ");
    svms_auth_put_quoted(out, "nonce", svms_auth_text(nonce));
    svms_rtsp_put_text(out, ", qop=\"auth\", charset=UTF-8, algorithm=");
    svms_rtsp_put_text(out, svms_auth_algorithm_name(algorithm));
    svms_rtsp_put_text(out, stale ? ", stale=true\r\n" : "\r\n");
}

svms_status svms_server_put_challenges(svms_rtsp_connection *c, svms_builder *out, bool stale,
                                       svms_error *err)
{
    char nonce[SVMS_AUTH_NONCE_SIZE];
    if (allows(c, SVMS_RTSP_SERVER_BEARER) && c->secure) {
        svms_rtsp_put_text(out, "WWW-Authenticate: Bearer ");
        svms_auth_put_quoted(out, "realm", svms_auth_text(c->server->realm));
        svms_rtsp_put_text(out, "\r\n");
    }
    if (!allows(c, SVMS_RTSP_SERVER_DIGEST)) {
        return SVMS_OK;
    }
    const svms_auth_nonce_maker maker = nonce_maker(c);
    const svms_auth_nonce fresh = { c->now_ns, ++c->guard.issued };
    svms_status status = svms_auth_nonce_write(&maker, &fresh, nonce, err);
    if (status != SVMS_OK) {
        return status;
    }
    put_digest(c, out, SVMS_RTSP_DIGEST_SHA_256, nonce, stale);
    put_digest(c, out, SVMS_RTSP_DIGEST_SHA_512_256, nonce, stale);
    if (allows(c, SVMS_RTSP_SERVER_ALLOW_MD5)) {
        /* Last: clients that know only MD5 look at the last one. */
        put_digest(c, out, SVMS_RTSP_DIGEST_MD5, nonce, stale);
    }
    return SVMS_OK;
}
