/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "auth_digest.h"
#include "failure.h"
#include "options.h"
#include "server_internal.h"

#define KNOWN_FLAGS                                                                                \
    (SVMS_RTSP_SERVER_DIGEST | SVMS_RTSP_SERVER_BEARER | SVMS_RTSP_SERVER_OPEN |                   \
     SVMS_RTSP_SERVER_ALLOW_MD5 | SVMS_RTSP_SERVER_ALLOW_CLEAR | SVMS_RTSP_SERVER_REPLAY)

typedef struct bounded_option {
    size_t offset;
    uint32_t least;
    uint32_t most;
    uint32_t usual;
} bounded_option;

static const bounded_option bounds[] = {
    { offsetof(svms_rtsp_server_options, session_seconds), 10, 3600, 60 },
    { offsetof(svms_rtsp_server_options, nonce_seconds), 10, 3600, 300 },
    { offsetof(svms_rtsp_server_options, request_seconds), 1, 120, 10 },
    { offsetof(svms_rtsp_server_options, max_sessions), 1, SVMS_SERVER_SESSIONS_MOST, 4 },
    { offsetof(svms_rtsp_server_options, max_tracks), 1, SVMS_SERVER_TRACKS_MOST, 16 },
    { offsetof(svms_rtsp_server_options, max_backlog), 4096, 1 << 20, 65536 },
    { offsetof(svms_rtsp_server_options, max_body), 1, SVMS_RTSP_BODY_MAX, 16384 },
    { offsetof(svms_rtsp_server_options, max_queue), 65536, 64 << 20, 8 << 20 },
    { offsetof(svms_rtsp_server_options, max_strangers), 1, 100, 10 },
};

static svms_status settle_bounds(svms_rtsp_server_options *options, svms_error *err)
{
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        uint32_t value;
        void *place = (uint8_t *)options + bounds[i].offset;
        memcpy(&value, place, sizeof value);
        value = value != 0 ? value : bounds[i].usual;
        if (value < bounds[i].least || value > bounds[i].most) {
            return svms_fail(err, SVMS_E_USAGE, "an option of the RTSP server is out of range");
        }
        memcpy(place, &value, sizeof value);
    }
    return SVMS_OK;
}

static svms_status check_flags(const svms_rtsp_server_options *o, svms_error *err)
{
    bool asks = (o->flags & (SVMS_RTSP_SERVER_DIGEST | SVMS_RTSP_SERVER_BEARER)) != 0;
    bool is_open = (o->flags & SVMS_RTSP_SERVER_OPEN) != 0;
    if ((o->flags & ~KNOWN_FLAGS) != 0 || o->reserved != 0 || o->handlers.reserved != 0) {
        return svms_fail(err, SVMS_E_USAGE, "an option of the RTSP server is out of range");
    }
    if (asks == is_open) {
        return svms_fail(err, SVMS_E_USAGE,
                         "an RTSP server asks for authentication or is open to everybody: one");
    }
    bool has_all = o->handlers.request && o->handlers.event &&
                   ((o->flags & SVMS_RTSP_SERVER_DIGEST) == 0 || o->handlers.secret) &&
                   ((o->flags & SVMS_RTSP_SERVER_BEARER) == 0 || o->handlers.token);
    return has_all ? SVMS_OK
                   : svms_fail(err, SVMS_E_USAGE, "a handler of the RTSP server is missing");
}

/* Texts that go into quotes and headers as they are. */
static svms_status take_text(char out[SVMS_SERVER_TEXT_SIZE], const char *text, svms_error *err)
{
    size_t size = strlen(text);
    bool good = size > 0 && size < SVMS_SERVER_TEXT_SIZE;
    for (size_t i = 0; good && i < size; i++) {
        good = text[i] >= ' ' && text[i] <= '~' && text[i] != '"' && text[i] != '\\';
    }
    if (!good) {
        return svms_fail(err, SVMS_E_USAGE,
                         "realm and name of an RTSP server have 1 to 128 printable characters");
    }
    memcpy(out, text, size + 1);
    return SVMS_OK;
}

static svms_status check_algorithms(svms_ctx *ctx, uint32_t flags, svms_error *err)
{
    if ((flags & SVMS_RTSP_SERVER_DIGEST) == 0) {
        return SVMS_OK;
    }
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = svms_auth_algorithm_check(ctx, SVMS_RTSP_DIGEST_SHA_256, &why);
    if (status == SVMS_OK) {
        status = svms_auth_algorithm_check(ctx, SVMS_RTSP_DIGEST_SHA_512_256, &why);
    }
    if (status == SVMS_E_UNSUPPORTED) {
        return svms_fail(err, SVMS_E_CRYPTO, "%s", why.message);
    }
    if (status != SVMS_OK || (flags & SVMS_RTSP_SERVER_ALLOW_MD5) == 0) {
        return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &why);
    }
    return svms_auth_algorithm_check(ctx, SVMS_RTSP_DIGEST_MD5, err);
}

static svms_status read_options(svms_rtsp_server_options *out,
                                const svms_rtsp_server_options *given, svms_error *err)
{
    svms_rtsp_handlers handlers = SVMS_RTSP_HANDLERS_INIT;
    svms_status status =
        svms_options_read(out, sizeof *out, given, "svms_rtsp_server_options", err);
    if (status == SVMS_OK) {
        status = svms_options_read(&handlers, sizeof handlers, &out->handlers, "svms_rtsp_handlers",
                                   err);
    }
    if (status == SVMS_OK) {
        out->handlers = handlers;
        status = check_flags(out, err);
    }
    return status == SVMS_OK ? settle_bounds(out, err) : status;
}

static svms_status set_up(svms_rtsp_server *server, svms_error *err)
{
    const char *realm = server->options.realm ? server->options.realm : "svms";
    svms_status status = take_text(server->realm, realm, err);
    if (status == SVMS_OK && server->options.name) {
        status = take_text(server->name, server->options.name, err);
    }
    if (status == SVMS_OK) {
        status = check_algorithms(server->ctx, server->options.flags, err);
    }
    if (status == SVMS_OK) {
        status = svms_random(server->ctx, server->nonce_secret, sizeof server->nonce_secret, err);
    }
    server->options.realm = NULL;
    server->options.name = NULL;
    return status;
}

svms_status svms_rtsp_server_new(svms_rtsp_server **out, svms_ctx *ctx,
                                 const svms_rtsp_server_options *options, svms_error *err)
{
    svms_rtsp_server_options known = SVMS_RTSP_SERVER_OPTIONS_INIT;
    if (!out || !ctx || !options) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = read_options(&known, options, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_rtsp_server *server = svms_alloc(ctx, sizeof *server);
    if (!server) {
        return svms_fail_memory(err);
    }
    server->ctx = ctx;
    server->options = known;
    status = set_up(server, err);
    if (status != SVMS_OK) {
        svms_rtsp_server_free(&server);
        return status;
    }
    *out = server;
    return SVMS_OK;
}

void svms_rtsp_server_free(svms_rtsp_server **server)
{
    if (!server || !*server) {
        return;
    }
    svms_release_secret((*server)->ctx, *server, sizeof **server);
    *server = NULL;
}
