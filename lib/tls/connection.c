/* SPDX-License-Identifier: Apache-2.0 */
/* From opening a connection to its end. */
#include <string.h>

#include <openssl/err.h>

#include "connection.h"
#include "failure.h"
#include "options.h"
#include "resume.h"

static svms_status set_pin(svms_tls *tls, const uint8_t *pin, svms_error *err)
{
    svms_trust_options options = SVMS_TRUST_OPTIONS_INIT;
    if (!pin) {
        return SVMS_OK;
    }
    memcpy(tls->pinned, pin, sizeof tls->pinned);
    options.pins = pin;
    options.pin_count = 1;
    return svms_trust_new(&tls->pin, tls->ctx, &options, err);
}

static svms_status set_host(svms_tls *tls, const char *text, svms_error *err)
{
    svms_host host;
    if (!text) {
        return SVMS_OK;
    }
    if (strlen(text) >= sizeof tls->host || !svms_host_parse(&host, text)) {
        return svms_fail(err, SVMS_E_USAGE, "the host is neither a DNS name nor an IP address");
    }
    memcpy(tls->host, text, strlen(text) + 1);
    /* Addresses are no server names (RFC 6066 section 3). */
    if (host.address_size == 0 && SSL_set_tlsext_host_name(tls->ssl, host.name) != 1) {
        return svms_fail_crypto(err, "cannot name the server");
    }
    return SVMS_OK;
}

static svms_status check_target(const svms_tls_state *state, const svms_tls_target *target,
                                svms_error *err)
{
    bool inspects = state->rules.peer == SVMS_TLS_PEER_INSPECTED;
    if (state->rules.side == SVMS_TLS_SERVER) {
        return target ? svms_fail(err, SVMS_E_USAGE, "a TLS server has no target") : SVMS_OK;
    }
    if (!target || target->reserved != 0) {
        return svms_fail(err, SVMS_E_USAGE, "a TLS client needs a target");
    }
    if (state->rules.names_peers) {
        return SVMS_OK;
    }
    if (!target->host && !target->pin) {
        return svms_fail(err, SVMS_E_USAGE, "a target needs a host or a pin");
    }
    if (!target->pin && !state->trust && !inspects) {
        return svms_fail(err, SVMS_E_USAGE, "a target without a pin needs a trust store");
    }
    return SVMS_OK;
}

static svms_status fill(svms_tls *tls, const svms_tls_target *target, svms_error *err)
{
    ERR_clear_error();
    tls->ssl = SSL_new(tls->state->ssl);
    BIO *bio = tls->ssl ? svms_tls_carrier_bio(tls->state->method, &tls->carrier) : NULL;
    if (!bio) {
        return svms_fail_crypto(err, "cannot make a TLS connection");
    }
    SSL_set_bio(tls->ssl, bio, bio);
    if (SSL_set_app_data(tls->ssl, tls) != 1 ||
        (tls->state->rules.is_datagram && !svms_tls_datagram_prepare(tls->ssl))) {
        return svms_fail_crypto(err, "cannot make a TLS connection");
    }
    if (tls->state->rules.side == SVMS_TLS_SERVER) {
        SSL_set_accept_state(tls->ssl);
        return SVMS_OK;
    }
    SSL_set_connect_state(tls->ssl);
    svms_status status = set_host(tls, target->host, err);
    if (status == SVMS_OK) {
        status = set_pin(tls, target->pin, err);
    }
    if (status == SVMS_OK && tls->state->sessions) {
        svms_tls_offer_session(tls);
    }
    return status;
}

svms_status svms_tls_begin(svms_tls *tls, svms_tls_state *state, const svms_tls_target *target,
                           int socket, svms_error *err)
{
    tls->ctx = state->ctx;
    tls->state = state;
    svms_tls_carrier_init(&tls->carrier, tls->ctx, socket);
    svms_tls_finding_clear(&tls->peer);
    svms_status status = check_target(state, target, err);
    return status == SVMS_OK ? fill(tls, target, err) : status;
}

void svms_tls_end(svms_tls *tls)
{
    /* OpenSSL would forbid to resume what ends without a goodbye, as TLS 1.0 did. */
    if (tls->ssl && tls->failure == SVMS_OK) {
        SSL_set_shutdown(tls->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    SSL_free(tls->ssl);
    ERR_clear_error();
    svms_tls_carrier_clear(&tls->carrier);
    svms_tls_finding_clear(&tls->peer);
    svms_trust_free(&tls->pin);
    svms_tls_state_release(tls->state);
}

static svms_status open_on(svms_tls **out, svms_tls_context *context, const svms_tls_target *given,
                           int socket, svms_error *err)
{
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    if (!out || !context) {
        return svms_fail(err, SVMS_E_USAGE, "a connection needs an out pointer and a context");
    }
    svms_status status =
        given ? svms_options_read(&target, sizeof target, given, "svms_tls_target", err) : SVMS_OK;
    if (status != SVMS_OK) {
        return status;
    }
    svms_tls *tls = svms_alloc(context->ctx, sizeof *tls);
    if (!tls) {
        return svms_fail_memory(err);
    }
    status =
        svms_tls_begin(tls, svms_tls_context_state(context), given ? &target : NULL, socket, err);
    if (status != SVMS_OK) {
        svms_tls_free(&tls);
        return status;
    }
    *out = tls;
    return SVMS_OK;
}

svms_status svms_tls_open(svms_tls **out, svms_tls_context *context, const svms_tls_target *target,
                          svms_error *err)
{
    return open_on(out, context, target, -1, err);
}

svms_status svms_tls_open_socket(svms_tls **out, svms_tls_context *context,
                                 const svms_tls_target *target, int socket, svms_error *err)
{
    if (socket < 0) {
        return svms_fail(err, SVMS_E_USAGE, "a connection needs a socket");
    }
    return open_on(out, context, target, socket, err);
}

void svms_tls_free(svms_tls **tls)
{
    if (!tls || !*tls) {
        return;
    }
    svms_tls *gone = *tls;
    *tls = NULL;
    svms_tls_end(gone);
    svms_release_secret(gone->ctx, gone, sizeof *gone);
}

svms_status svms_tls_stop(svms_tls *tls, svms_status status, const svms_error *why, svms_error *err)
{
    tls->failure = status;
    tls->failure_words = *why;
    tls->wants = SVMS_TLS_WANTS_NOTHING;
    /* The alert that tells the peer why; whether it goes is not known to anybody. */
    (void)svms_tls_carrier_flush(&tls->carrier);
    return svms_fail_as(err, status, why);
}

/* What OpenSSL says of a call that did not succeed. Of datagrams that it drops it speaks in two
 * ways that pass for failures and are none: it leaves in its queue why one could not be opened, and
 * asks for the next; or it comes back with nothing at all in that queue. */
static int error_of(const svms_tls *tls, int result)
{
    bool is_datagram = tls->state->rules.is_datagram;
    if (is_datagram && tls->carrier.hungry && SSL_want_read(tls->ssl)) {
        return SSL_ERROR_WANT_READ;
    }
    int error = SSL_get_error(tls->ssl, result);
    bool says_nothing = error == SSL_ERROR_SYSCALL && ERR_peek_error() == 0;
    return is_datagram && says_nothing ? SSL_ERROR_WANT_READ : error;
}

svms_status svms_tls_came_of(svms_tls *tls, int result, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    int error = error_of(tls, result);
    bool is_left = !svms_tls_carrier_flush(&tls->carrier);
    if (!tls->carrier.starved && (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)) {
        ERR_clear_error();
        tls->wants = error == SSL_ERROR_WANT_READ ? SVMS_TLS_WANTS_READ : SVMS_TLS_WANTS_WRITE;
        if (is_left) {
            tls->wants = (svms_tls_want)(tls->wants | SVMS_TLS_WANTS_WRITE);
        }
        return SVMS_AGAIN;
    }
    svms_status status = svms_tls_explain(tls, error, &why);
    return svms_tls_stop(tls, status, &why, err);
}

svms_status svms_tls_flushed(svms_tls *tls)
{
    if (svms_tls_carrier_flush(&tls->carrier)) {
        return SVMS_OK;
    }
    tls->wants = SVMS_TLS_WANTS_WRITE;
    return SVMS_AGAIN;
}

/* A peer without a certificate leaves nothing to judge. */
static void settle_peer(svms_tls *tls)
{
    X509 *certificate = SSL_get0_peer_certificate(tls->ssl);
    if (!certificate) {
        svms_tls_finding_clear(&tls->peer);
    }
}

static svms_status finish_handshake(svms_tls *tls, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    settle_peer(tls);
    svms_status status = svms_tls_check_agreed(tls, &why);
    ERR_clear_error();
    if (status != SVMS_OK) {
        return svms_tls_stop(tls, status, &why, err);
    }
    tls->is_ready = true;
    return SVMS_OK;
}

svms_status svms_tls_shake(svms_tls *tls, svms_error *err)
{
    if (tls->failure != SVMS_OK) {
        return svms_fail_as(err, tls->failure, &tls->failure_words);
    }
    tls->wants = SVMS_TLS_WANTS_NOTHING;
    if (tls->is_ready) {
        return SVMS_OK;
    }
    ERR_clear_error();
    int result = SSL_do_handshake(tls->ssl);
    if (result != 1) {
        return svms_tls_came_of(tls, result, err);
    }
    return finish_handshake(tls, err);
}

svms_status svms_tls_handshake(svms_tls *tls, svms_error *err)
{
    if (!tls) {
        return svms_fail(err, SVMS_E_USAGE, "no connection was given");
    }
    svms_status status = svms_tls_shake(tls, err);
    return status == SVMS_OK ? svms_tls_flushed(tls) : status;
}

svms_tls_want svms_tls_wants(const svms_tls *tls)
{
    return tls ? tls->wants : SVMS_TLS_WANTS_NOTHING;
}
