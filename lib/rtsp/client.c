/* SPDX-License-Identifier: Apache-2.0 */
#include "client_internal.h"

#include <string.h>

#include "client_url.h"
#include "failure.h"
#include "options.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define KNOWN_FLAGS                                                                                \
    (SVMS_RTSP_CLIENT_SECURE | SVMS_RTSP_CLIENT_ALLOW_MD5 | SVMS_RTSP_CLIENT_ALLOW_CLEAR |         \
     SVMS_RTSP_CLIENT_REPLAY | SVMS_RTSP_CLIENT_BACKCHANNEL | SVMS_RTSP_CLIENT_NO_KEEPALIVE)

enum {
    USER_AGENT_MAX = 256,
    USER_NAME_MAX = 256,
    BEARER_MAX = 12288,
    UNSENT_USUAL = 1 << 20,
    UNSENT_MAX = 64 << 20,
    TIMEOUT_USUAL_S = 10
};

static svms_status check_text(const char *text, size_t most, const char *what, svms_error *err)
{
    if (!text) {
        return SVMS_OK;
    }
    size_t size = strlen(text);
    if (size > most) {
        return svms_fail(err, SVMS_E_LIMIT, "%s of more than %zu bytes", what, most);
    }
    if (size == 0 || !svms_rtsp_text_is_plain(text, size)) {
        return svms_fail(err, SVMS_E_USAGE, "%s that is empty or has control characters", what);
    }
    return SVMS_OK;
}

/* RFC 6750 section 2.1: visible characters, so that nothing else gets into the header. */
static svms_status check_bearer(const svms_rtsp_client_options *o, svms_error *err)
{
    if (!o->bearer) {
        return SVMS_OK;
    }
    if (strpbrk(o->bearer, " \t\",;")) {
        return svms_fail(err, SVMS_E_USAGE, "a bearer token with characters that none has");
    }
    if ((o->flags & (SVMS_RTSP_CLIENT_SECURE | SVMS_RTSP_CLIENT_ALLOW_CLEAR)) == 0) {
        return svms_fail(err, SVMS_E_POLICY, "a bearer token is not sent without TLS");
    }
    return SVMS_OK;
}

static svms_status check_texts(const svms_rtsp_client_options *o, svms_error *err)
{
    svms_status status = check_text(o->user_agent, USER_AGENT_MAX, "a user agent", err);
    if (status == SVMS_OK) {
        status = check_text(o->user_name, USER_NAME_MAX, "a user name", err);
    }
    if (status == SVMS_OK) {
        status = check_text(o->bearer, BEARER_MAX, "a bearer token", err);
    }
    return status == SVMS_OK ? check_bearer(o, err) : status;
}

static svms_status check_url(const svms_rtsp_client_options *o, svms_error *err)
{
    svms_error cause = SVMS_ERROR_INIT;
    svms_status status = svms_rtsp_url_check(o->url, &cause);
    if (status != SVMS_OK) {
        /* It is the caller's own. */
        return svms_fail_as(err, status == SVMS_E_MALFORMED ? SVMS_E_USAGE : status, &cause);
    }
    if (svms_rtsp_url_is_secure(o->url) && (o->flags & SVMS_RTSP_CLIENT_SECURE) == 0) {
        return svms_fail(err, SVMS_E_USAGE, "an rtsps URL, but bytes do not go through TLS");
    }
    return SVMS_OK;
}

static svms_status check_options(svms_rtsp_client_options *o, svms_error *err)
{
    if (!o->url || !o->event) {
        return svms_fail(err, SVMS_E_USAGE, "a client without URL or callback");
    }
    if ((o->flags & ~KNOWN_FLAGS) != 0 || o->max_body > SVMS_RTSP_BODY_MAX ||
        o->max_unsent > UNSENT_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "an option of the client is out of range");
    }
    if ((o->user_name && !o->password) || (o->user_name && o->bearer)) {
        return svms_fail(err, SVMS_E_USAGE, "a user without password, or with a token as well");
    }
    o->max_unsent = o->max_unsent != 0 ? o->max_unsent : UNSENT_USUAL;
    if (o->request_timeout_ns == 0) {
        o->request_timeout_ns = TIMEOUT_USUAL_S * NS_PER_SECOND;
    }
    svms_status status = check_url(o, err);
    return status == SVMS_OK ? check_texts(o, err) : status;
}

/* NULL stays NULL. False: out of memory. */
static bool copy_text(svms_ctx *ctx, char **out, const char *text)
{
    *out = text ? svms_copy_text(ctx, text) : NULL;
    return !text || *out;
}

static svms_status set_up(svms_rtsp_client *client, const svms_rtsp_client_options *o,
                          svms_error *err)
{
    client->options = *o;
    client->options.url = NULL;
    client->options.user_agent = NULL;
    client->options.user_name = NULL;
    client->options.bearer = NULL;
    client->out = svms_builder_new(client->ctx, 2 * ((size_t)o->max_unsent + SVMS_RTSP_BODY_MAX));
    client->failure = (svms_error)SVMS_ERROR_INIT;
    client->next_number = 1;
    client->next_cseq = 1;
    client->is_reading = true;
    memcpy(client->url, o->url, strlen(o->url) + 1);
    memcpy(client->base, o->url, strlen(o->url) + 1);
    if (!copy_text(client->ctx, &client->user_agent, o->user_agent ? o->user_agent : "libsvms") ||
        !copy_text(client->ctx, &client->user_name, o->user_name) ||
        !copy_text(client->ctx, &client->bearer, o->bearer)) {
        return svms_fail_memory(err);
    }
    return svms_rtsp_reader_new(&client->reader, client->ctx, o->max_body, err);
}

svms_status svms_rtsp_client_new(svms_rtsp_client **out, svms_ctx *ctx,
                                 const svms_rtsp_client_options *options, uint64_t now_ns,
                                 svms_error *err)
{
    if (!out || !ctx || !options) {
        return svms_fail(err, SVMS_E_USAGE, "a client: an argument is NULL");
    }
    *out = NULL;
    svms_rtsp_client_options known = SVMS_RTSP_CLIENT_OPTIONS_INIT;
    svms_status status =
        svms_options_read(&known, sizeof known, options, "svms_rtsp_client_options", err);
    if (status == SVMS_OK) {
        status = check_options(&known, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_rtsp_client *client = svms_alloc(ctx, sizeof *client);
    if (!client) {
        return svms_fail_memory(err);
    }
    client->ctx = ctx;
    client->now_ns = now_ns;
    status = set_up(client, &known, err);
    if (status != SVMS_OK) {
        svms_rtsp_client_free(&client);
        return status;
    }
    *out = client;
    return SVMS_OK;
}

void svms_rtsp_request_free(svms_ctx *ctx, svms_rtsp_request **request)
{
    if (*request) {
        svms_builder_clear(&(*request)->tail);
        svms_release(ctx, *request);
        *request = NULL;
    }
}

void svms_rtsp_client_free(svms_rtsp_client **client)
{
    if (!client || !*client) {
        return;
    }
    svms_rtsp_client *c = *client;
    for (size_t i = 0; i < c->queued; i++) {
        svms_rtsp_request_free(c->ctx, &c->queue[i]);
    }
    svms_builder_clear(&c->out);
    svms_rtsp_reader_free(&c->reader);
    svms_release(c->ctx, c->user_agent);
    svms_release(c->ctx, c->user_name);
    if (c->bearer) {
        svms_release_secret(c->ctx, c->bearer, strlen(c->bearer));
    }
    svms_release_secret(c->ctx, c, sizeof *c);
    *client = NULL;
}

svms_status svms_rtsp_client_end(svms_rtsp_client *client, svms_status status,
                                 const svms_error *cause, svms_error *err)
{
    client->failure = *cause;
    client->failure.status = status;
    return svms_fail_as(err, status, cause);
}

svms_status svms_rtsp_client_check(const svms_rtsp_client *client, svms_error *err)
{
    if (!client) {
        return svms_fail(err, SVMS_E_USAGE, "a client: an argument is NULL");
    }
    if (client->failure.status != SVMS_OK) {
        return svms_fail_as(err, client->failure.status, &client->failure);
    }
    return SVMS_OK;
}

svms_status svms_rtsp_client_tell(svms_rtsp_client *client, const svms_rtsp_client_event *event,
                                  svms_error *err)
{
    client->is_busy = true;
    svms_status status = client->options.event(client->options.user, event);
    client->is_busy = false;
    if (status != SVMS_OK) {
        return svms_fail(err, status, "the caller ended the client");
    }
    return SVMS_OK;
}

svms_status svms_rtsp_client_drain(svms_rtsp_client *client, void *out, size_t capacity,
                                   size_t *size, svms_error *err)
{
    if (!client || !out || !size) {
        return svms_fail(err, SVMS_E_USAGE, "a client: an argument is NULL");
    }
    size_t left = client->out.size - client->drained;
    *size = left < capacity ? left : capacity;
    if (*size > 0) {
        memcpy(out, client->out.data + client->drained, *size);
        svms_wipe(client->out.data + client->drained, *size);
    }
    client->drained += *size;
    if (client->drained == client->out.size) {
        client->drained = 0;
        svms_builder_reset(&client->out);
    }
    return SVMS_OK;
}

size_t svms_rtsp_client_pending(const svms_rtsp_client *client)
{
    return client ? client->out.size - client->drained : 0;
}

uint32_t svms_rtsp_client_idle(const svms_rtsp_client *client)
{
    return client && client->queued == 0;
}

svms_status svms_rtsp_client_resolve(const svms_rtsp_client *client, const char *control, char *out,
                                     size_t *size, svms_error *err)
{
    char url[SVMS_RTSP_URL_SIZE];
    if (!client || !out || !size) {
        return svms_fail(err, SVMS_E_USAGE, "a client: an argument is NULL");
    }
    svms_status status = svms_rtsp_url_resolve(url, client->base, control, err);
    if (status != SVMS_OK) {
        return status;
    }
    size_t length = strlen(url);
    size_t room = *size;
    *size = length < room ? length : length + 1;
    if (length >= room) {
        return svms_fail(err, SVMS_E_LIMIT, "a URL of %zu bytes does not fit", length);
    }
    memcpy(out, url, length + 1);
    return SVMS_OK;
}
