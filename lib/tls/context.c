/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "failure.h"
#include "options.h"
#include "tls_internal.h"

static svms_status read_protocols(svms_tls_rules *rules, const svms_tls_options *options,
                                  svms_error *err)
{
    if (options->alpn_count > SVMS_TLS_ALPN_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "more than %d protocols (ALPN)", SVMS_TLS_ALPN_MAX);
    }
    if (!options->alpn != (options->alpn_count == 0)) {
        return svms_fail(err, SVMS_E_USAGE, "protocols (ALPN) and their number do not agree");
    }
    for (size_t i = 0; i < options->alpn_count; i++) {
        size_t size = options->alpn[i] ? strlen(options->alpn[i]) : 0;
        if (size == 0 || size > 255) {
            return svms_fail(err, SVMS_E_USAGE,
                             "the name of a protocol (ALPN) has 1 to 255 characters");
        }
        rules->alpn[rules->alpn_size++] = (uint8_t)size;
        memcpy(rules->alpn + rules->alpn_size, options->alpn[i], size);
        rules->alpn_size += (unsigned)size;
    }
    return SVMS_OK;
}

static bool peer_rule_fits(const svms_tls_options *options)
{
    switch (options->peer) {
    case SVMS_TLS_PEER_REQUIRED:
        return true;
    case SVMS_TLS_PEER_OPTIONAL:
    case SVMS_TLS_PEER_NOT_ASKED:
        return options->side == SVMS_TLS_SERVER;
    case SVMS_TLS_PEER_INSPECTED:
        return options->side == SVMS_TLS_CLIENT;
    default:
        return false;
    }
}

static svms_status read_rules(svms_tls_rules *rules, const svms_tls_options *options,
                              svms_error *err)
{
    if (options->side != SVMS_TLS_CLIENT && options->side != SVMS_TLS_SERVER) {
        return svms_fail(err, SVMS_E_USAGE, "the options of TLS name no side");
    }
    if (!peer_rule_fits(options)) {
        return svms_fail(err, SVMS_E_USAGE, "what is asked of the peer does not fit this side");
    }
    bool known_version =
        options->min_version == SVMS_TLS_1_3 || options->min_version == SVMS_TLS_1_2;
    bool known_tickets =
        options->tickets == SVMS_TLS_TICKETS_OFF || options->tickets == SVMS_TLS_TICKETS_ROTATED;
    if (!known_version || !known_tickets || (options->peer_roles & ~SVMS_TLS_ROLES_KNOWN) != 0 ||
        options->require_revocation > 1 || options->require_staple > 1) {
        return svms_fail(err, SVMS_E_USAGE, "an option of TLS is out of range");
    }
    if (options->require_staple && options->side != SVMS_TLS_CLIENT) {
        return svms_fail(err, SVMS_E_USAGE, "only servers staple, so only clients can require it");
    }
    *rules = (svms_tls_rules){ .side = options->side,
                               .min_version = options->min_version,
                               .peer = options->peer,
                               .tickets = options->tickets,
                               .peer_roles = options->peer_roles,
                               .require_revocation = options->require_revocation == 1,
                               .require_staple = options->require_staple == 1 };
    return read_protocols(rules, options, err);
}

svms_status svms_tls_context_new(svms_tls_context **out, svms_ctx *ctx,
                                 const svms_tls_options *given, svms_error *err)
{
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    svms_tls_credentials credentials = SVMS_TLS_CREDENTIALS_INIT;
    svms_tls_rules rules;
    if (!out || !ctx || !given) {
        return svms_fail(err, SVMS_E_USAGE, "TLS needs an out pointer, a context and options");
    }
    svms_status status =
        svms_options_read(&options, sizeof options, given, "svms_tls_options", err);
    if (status == SVMS_OK) {
        status = svms_options_read(&credentials, sizeof credentials, &options.credentials,
                                   "svms_tls_credentials", err);
    }
    if (status == SVMS_OK) {
        status = read_rules(&rules, &options, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_tls_context *context = svms_alloc(ctx, sizeof *context);
    if (!context) {
        return svms_fail_memory(err);
    }
    context->ctx = ctx;
    status = svms_tls_state_new(&context->state, ctx, &rules, &credentials, NULL, err);
    if (status == SVMS_OK && svms_platform_latch_init(&context->latch) != 0) {
        svms_tls_state_release(context->state);
        status = svms_fail(err, SVMS_E_NO_MEMORY, "cannot make a lock");
    }
    if (status != SVMS_OK) {
        svms_release(ctx, context);
        return status;
    }
    *out = context;
    return SVMS_OK;
}

svms_status svms_tls_context_reload(svms_tls_context *context, const svms_tls_credentials *given,
                                    svms_error *err)
{
    svms_tls_credentials credentials = SVMS_TLS_CREDENTIALS_INIT;
    svms_tls_state *fresh = NULL;
    if (!context || !given) {
        return svms_fail(err, SVMS_E_USAGE, "a reload needs a context and credentials");
    }
    svms_status status =
        svms_options_read(&credentials, sizeof credentials, given, "svms_tls_credentials", err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_tls_state *old = svms_tls_context_state(context);
    status = svms_tls_state_new(&fresh, context->ctx, &old->rules, &credentials, old, err);
    svms_tls_state_release(old);
    if (status != SVMS_OK) {
        return status;
    }
    svms_platform_lock(&context->latch);
    old = context->state;
    context->state = fresh;
    svms_platform_unlock(&context->latch);
    svms_tls_state_release(old);
    return SVMS_OK;
}

svms_tls_state *svms_tls_context_state(svms_tls_context *context)
{
    svms_platform_lock(&context->latch);
    svms_tls_state *state = svms_tls_state_retain(context->state);
    svms_platform_unlock(&context->latch);
    return state;
}

void svms_tls_context_free(svms_tls_context **context)
{
    if (!context || !*context) {
        return;
    }
    svms_tls_context *gone = *context;
    *context = NULL;
    svms_tls_state_release(gone->state);
    svms_platform_latch_destroy(&gone->latch);
    svms_release(gone->ctx, gone);
}
