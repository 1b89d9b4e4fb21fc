/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials, and when they may be sent (RC-AUT). */
#include "client_internal.h"

#include <string.h>

#include "auth_fields.h"
#include "failure.h"

enum { PASSWORD_MAX = 1024 };

static bool has_credentials(const svms_rtsp_client *client)
{
    return client->user_name || client->bearer;
}

static svms_status check_channel(const svms_rtsp_client *client, svms_error *err)
{
    bool may = svms_rtsp_client_has(client, SVMS_RTSP_CLIENT_SECURE) ||
               svms_rtsp_client_has(client, SVMS_RTSP_CLIENT_ALLOW_CLEAR);
    if (!may) {
        return svms_fail(err, SVMS_E_POLICY,
                         "the server asks for credentials, which are not sent without TLS");
    }
    return SVMS_OK;
}

static const svms_auth_challenge *choose(const svms_rtsp_client *client,
                                         const svms_auth_challenges *list, bool md5)
{
    svms_rtsp_scheme scheme = client->bearer ? SVMS_RTSP_SCHEME_BEARER : SVMS_RTSP_SCHEME_DIGEST;
    return svms_auth_challenges_best(list, scheme, md5);
}

static svms_status refuse(const svms_rtsp_client *client, const svms_auth_challenges *list,
                          svms_error *err)
{
    if (choose(client, list, true)) {
        return svms_fail(err, SVMS_E_POLICY,
                         "the server offers Digest authentication with MD5 alone");
    }
    return svms_fail(err, SVMS_E_POLICY, "the server does not ask for %s authentication",
                     client->bearer ? "Bearer" : "Digest");
}

/* Once the password was answered to, another challenge is worth another answer: where the nonce has
 * become stale, whether the server says so or, as some do, just sends another one. */
static bool is_worth_it(const svms_rtsp_client *client, const svms_auth_challenge *offer,
                        bool had_credentials)
{
    if (!had_credentials) {
        return true;
    }
    bool is_other = strcmp(offer->nonce, client->challenge.nonce) != 0;
    return !client->bearer && is_other && (offer->stale || client->is_proven);
}

static svms_status judge(svms_rtsp_client *client, const svms_auth_challenges *list,
                         bool had_credentials, bool *again, svms_error *err)
{
    svms_status status = check_channel(client, err);
    if (status != SVMS_OK) {
        return status;
    }
    bool md5 = svms_rtsp_client_has(client, SVMS_RTSP_CLIENT_ALLOW_MD5);
    const svms_auth_challenge *offer = choose(client, list, md5);
    if (!offer) {
        return refuse(client, list, err);
    }
    *again = is_worth_it(client, offer, had_credentials);
    if (*again) {
        client->challenge = *offer;
        client->has_challenge = true;
        client->is_proven = false;
        client->nonce_count = 0;
    }
    return SVMS_OK;
}

svms_status svms_rtsp_client_challenged(svms_rtsp_client *client, const svms_rtsp_message *message,
                                        bool had_credentials, bool *again, svms_error *err)
{
    *again = false;
    if (!has_credentials(client)) {
        return SVMS_OK;
    }
    svms_auth_challenges *list = svms_alloc(client->ctx, sizeof *list);
    if (!list) {
        return svms_fail_memory(err);
    }
    size_t position = 0;
    const svms_text_piece *value = NULL;
    while ((value = svms_rtsp_find_next(message, "WWW-Authenticate", &position)) != NULL) {
        svms_auth_challenges_read(list, *value);
    }
    svms_status status = judge(client, list, had_credentials, again, err);
    svms_release(client->ctx, list);
    return status;
}

static uint32_t offer_of(svms_text_piece scheme)
{
    if (svms_text_piece_is(scheme, "Basic")) {
        return SVMS_RTSP_OFFERS_BASIC;
    }
    if (svms_text_piece_is(scheme, "Bearer")) {
        return SVMS_RTSP_OFFERS_BEARER;
    }
    /* MD5 unless an algorithm is named (RFC 7616 section 3.3). */
    return svms_text_piece_is(scheme, "Digest") ? SVMS_RTSP_OFFERS_DIGEST_MD5
                                                : SVMS_RTSP_OFFERS_OTHER;
}

static uint32_t offer_of_algorithm(svms_text_piece name)
{
    svms_rtsp_digest algorithm;
    if (!svms_auth_algorithm_read(name, &algorithm)) {
        return SVMS_RTSP_OFFERS_OTHER;
    }
    switch (algorithm) {
    case SVMS_RTSP_DIGEST_SHA_512_256:
        return SVMS_RTSP_OFFERS_DIGEST_SHA512_256;
    case SVMS_RTSP_DIGEST_SHA_256:
        return SVMS_RTSP_OFFERS_DIGEST_SHA256;
    default:
        return SVMS_RTSP_OFFERS_DIGEST_MD5;
    }
}

static uint32_t offers_in(svms_text_piece header)
{
    uint32_t all = 0;
    uint32_t open = 0;
    svms_auth_field field;
    svms_auth_next next;
    while ((next = svms_auth_next_field(&header, &field)) == SVMS_AUTH_SCHEME ||
           next == SVMS_AUTH_FIELD) {
        if (next == SVMS_AUTH_SCHEME) {
            all |= open;
            open = offer_of(field.name);
        } else if (open == SVMS_RTSP_OFFERS_DIGEST_MD5 &&
                   svms_text_piece_is(field.name, "algorithm")) {
            open = offer_of_algorithm(field.value);
        }
    }
    return all | open;
}

uint32_t svms_rtsp_client_offers(const svms_rtsp_message *message)
{
    uint32_t offers = 0;
    size_t position = 0;
    const svms_text_piece *value = NULL;
    while ((value = svms_rtsp_find_next(message, "WWW-Authenticate", &position)) != NULL) {
        offers |= offers_in(*value);
    }
    return offers;
}

static svms_status answer_digest(svms_rtsp_client *client, svms_rtsp_method method, const char *url,
                                 const char *password, svms_error *err)
{
    svms_auth_login login = { client->user_name, password };
    svms_auth_question question = { svms_rtsp_method_name(method), url, client->nonce_count + 1,
                                    NULL };
    svms_rtsp_put_text(&client->out, "Authorization: ");
    svms_status status = svms_auth_answer_digest(&client->out, client->ctx, &client->challenge,
                                                 &login, &question, err);
    svms_rtsp_put_text(&client->out, "\r\n");
    client->nonce_count += status == SVMS_OK ? 1 : 0;
    return status;
}

static svms_status put_digest(svms_rtsp_client *client, svms_rtsp_method method, const char *url,
                              svms_error *err)
{
    uint8_t password[PASSWORD_MAX + 1] = { 0 };
    size_t size = PASSWORD_MAX;
    svms_status status =
        client->options.password(client->options.user, client->challenge.realm, password, &size);
    if (status != SVMS_OK) {
        status = svms_fail(err, status, "the password was not given");
    } else if (size > PASSWORD_MAX || memchr(password, '\0', size) != NULL) {
        status = svms_fail(err, SVMS_E_USAGE, "a password of more than %d bytes, or with NUL",
                           PASSWORD_MAX);
    } else {
        password[size] = '\0';
        status = answer_digest(client, method, url, (const char *)password, err);
    }
    svms_wipe(password, sizeof password);
    return status;
}

svms_status svms_rtsp_client_put_credentials(svms_rtsp_client *client, svms_rtsp_method method,
                                             const char *url, svms_error *err)
{
    if (!client->has_challenge) {
        return SVMS_OK;
    }
    if (!client->bearer) {
        return put_digest(client, method, url, err);
    }
    svms_rtsp_put_text(&client->out, "Authorization: Bearer ");
    svms_rtsp_put_text(&client->out, client->bearer);
    svms_rtsp_put_text(&client->out, "\r\n");
    return SVMS_OK;
}
