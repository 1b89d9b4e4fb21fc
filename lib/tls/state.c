/* SPDX-License-Identifier: Apache-2.0 */
#include "failure.h"
#include "resume.h"
#include "tls_internal.h"

static svms_status resume_sessions(svms_tls_state *state, svms_error *err)
{
    if (state->rules.side == SVMS_TLS_SERVER) {
        svms_status status = svms_tls_tickets_new(&state->tickets, state->ctx, err);
        return status == SVMS_OK ? svms_tls_resume_server(state->ssl, err) : status;
    }
    /* What the server stapled is not part of a session. */
    if (state->rules.require_staple) {
        return SVMS_OK;
    }
    svms_tls_resume_client(state->ssl);
    return svms_tls_sessions_new(&state->sessions, state->ctx, err);
}

static svms_status fill(svms_tls_state *state, const svms_tls_credentials *credentials,
                        const svms_tls_state *before, svms_error *err)
{
    state->method =
        state->rules.is_datagram ? svms_tls_datagram_method() : svms_tls_carrier_method();
    if (!state->method) {
        return svms_fail_crypto(err, "cannot make a carrier of TLS");
    }
    svms_status status = svms_tls_hardened(&state->ssl, state->ctx, &state->rules, err);
    if (status == SVMS_OK && state->rules.tickets == SVMS_TLS_TICKETS_ROTATED) {
        status = resume_sessions(state, err);
    }
    return status == SVMS_OK ? svms_tls_load_credentials(state, credentials, before, err) : status;
}

svms_status svms_tls_state_new(svms_tls_state **out, svms_ctx *ctx, const svms_tls_rules *rules,
                               const svms_tls_credentials *credentials,
                               const svms_tls_state *before, svms_error *err)
{
    svms_tls_state *state = svms_alloc(ctx, sizeof *state);
    if (!state) {
        return svms_fail_memory(err);
    }
    state->ctx = ctx;
    state->rules = *rules;
    atomic_init(&state->users, 1);
    svms_status status = fill(state, credentials, before, err);
    if (status != SVMS_OK) {
        svms_tls_state_release(state);
        return status;
    }
    *out = state;
    return SVMS_OK;
}

svms_tls_state *svms_tls_state_retain(svms_tls_state *state)
{
    (void)atomic_fetch_add(&state->users, 1);
    return state;
}

void svms_tls_state_release(svms_tls_state *state)
{
    if (atomic_fetch_sub(&state->users, 1) != 1) {
        return;
    }
    SSL_CTX_free(state->ssl);
    BIO_meth_free(state->method);
    svms_tls_tickets_free(state->tickets);
    svms_tls_sessions_free(state->sessions);
    svms_trust_free(&state->trust);
    svms_release(state->ctx, state->staple);
    svms_release(state->ctx, state);
}
