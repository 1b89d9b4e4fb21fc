/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <serve_listen.h>

#include "playback.h"
#include "recorder_failure.h"
#include "recorder_rtsp.h"
#include "recorder_web.h"

#define URL_SIZE (SERVE_LISTEN_TEXT + 16)

struct recorder_serve {
    recorder_parts *parts;
    gate *gate;
    playback_keys *keys; /* NULL: nothing recorded is given */
    svms_chain *exporter;
    svms_private_key *exporter_key;
    svms_tls_context *tls;
    int rtsps_listener; /* -1: none, or given away */
    int https_listener;
    recorder_rtsp *rtsp;
    recorder_web *web;
    char rtsps[URL_SIZE];
    char https[URL_SIZE];
};

svms_status recorder_serve_new(recorder_serve **out, recorder_parts *parts, svms_error *err)
{
    recorder_serve *self = calloc(1, sizeof *self);
    if (!self) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    self->parts = parts;
    self->rtsps_listener = -1;
    self->https_listener = -1;
    *out = self;
    return SVMS_OK;
}

/* wanted NULL: nowhere. */
static svms_status bind_one(int *listener, char url[URL_SIZE], const char *scheme,
                            const char *wanted, const char *interface, svms_error *err)
{
    char address[SERVE_LISTEN_TEXT];
    if (!wanted) {
        return SVMS_OK;
    }
    *listener = serve_listen(wanted, interface, address);
    if (*listener < 0) {
        int failure = errno;
        return failure == EINVAL
                   ? recorder_fail(err, SVMS_E_MALFORMED, 0, "%.100s is no place to listen at",
                                   wanted)
                   : recorder_fail(err, SVMS_E_IO, failure, "cannot listen at %.100s%s%.15s: %s",
                                   wanted, interface ? " on " : "", interface ? interface : "",
                                   strerror(failure));
    }
    (void)snprintf(url, URL_SIZE, "%s://%s/", scheme, address);
    return SVMS_OK;
}

svms_status recorder_serve_bind(recorder_serve *self, svms_error *err)
{
    const recorder_settings *is = self->parts->settings;
    svms_status status =
        bind_one(&self->rtsps_listener, self->rtsps, "rtsps", is->rtsps, is->listen_interface, err);
    return status == SVMS_OK ? bind_one(&self->https_listener, self->https, "https", is->https,
                                        is->listen_interface, err)
                             : status;
}

static svms_status open_gate(recorder_serve *self, svms_error *err)
{
    const recorder_settings *is = self->parts->settings;
    gate_options options;
    memset(&options, 0, sizeof options);
    options.ctx = self->parts->ctx;
    options.service = self->parts->service;
    options.auditor = self->parts->auditor;
    options.audience = is->tokens.audience;
    options.issuers = is->tokens.issuers;
    options.issuer_count = is->tokens.issuer_count;
    options.policy = is->policy;
    options.revocations = is->tokens.revocations;
    options.longest_life_s = is->tokens.longest_life_s;
    options.demand_binding = is->tokens.demand_binding;
    options.obligations = SVMS_OBLIGED_AUDIT_EACH | SVMS_OBLIGED_NO_REEXPORT;
    svms_status status = gate_open(&self->gate, &options, err);
    self->parts->gate = self->gate;
    return status;
}

static svms_status load_client_trust(const recorder_serve *self, svms_trust **out, svms_error *err)
{
    const token_settings *tokens = &self->parts->settings->tokens;
    *out = NULL;
    return tokens->client_trust ? recorder_trust_load(out, self->parts->ctx, tokens->client_trust,
                                                      tokens->client_crl, err)
                                : SVMS_OK;
}

static void fill(svms_tls_credentials *out, const recorder_identity *identity,
                 const svms_trust *trust)
{
    out->chain = identity->chain;
    out->key = identity->key;
    out->trust = trust;
}

/* TLS 1.3 alone: who has a token can speak it. */
static svms_status open_tls(recorder_serve *self, const recorder_identity *identity,
                            svms_error *err)
{
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    svms_trust *trust = NULL;
    svms_status status = load_client_trust(self, &trust, err);
    if (status == SVMS_OK) {
        bool is_bound = self->parts->settings->tokens.demand_binding;
        options.side = SVMS_TLS_SERVER;
        options.peer = is_bound ? SVMS_TLS_PEER_REQUIRED : SVMS_TLS_PEER_OPTIONAL;
        options.peer = trust ? options.peer : SVMS_TLS_PEER_NOT_ASKED;
        fill(&options.credentials, identity, trust);
        status = svms_tls_context_new(&self->tls, self->parts->ctx, &options, err);
    }
    svms_trust_free(&trust);
    return status;
}

/* Without a key of its own a recorder shows what comes, and nothing of what it recorded. */
static svms_status load_keys(recorder_serve *self, svms_error *err)
{
    const recorder_settings *is = self->parts->settings;
    svms_status status = SVMS_OK;
    if (is->playback_key) {
        status = playback_keys_load(&self->keys, self->parts, err);
    }
    if (status == SVMS_OK && is->export_certificate) {
        status = recorder_signer_load(&self->exporter, &self->exporter_key, self->parts->ctx,
                                      is->export_certificate, is->export_key, err);
    }
    return status;
}

svms_status recorder_serve_load(recorder_serve *self, const recorder_identity *identity,
                                svms_error *err)
{
    if (!self->parts->settings->policy) {
        return SVMS_OK;
    }
    svms_status status = open_gate(self, err);
    if (status == SVMS_OK) {
        status = open_tls(self, identity, err);
    }
    return status == SVMS_OK ? load_keys(self, err) : status;
}

static svms_status start_rtsp(recorder_serve *self, camera_fleet *fleet, svms_error *err)
{
    const recorder_rtsp_options options = { .parts = self->parts,
                                            .fleet = fleet,
                                            .keys = self->keys,
                                            .tls = self->tls,
                                            .listener = self->rtsps_listener,
                                            .mikey = self->parts->settings->mikey };
    if (self->rtsps_listener < 0) {
        return SVMS_OK;
    }
    self->rtsps_listener = -1;
    return recorder_rtsp_start(&self->rtsp, &options, err);
}

static svms_status start_web(recorder_serve *self, camera_fleet *fleet, keeper *keeps,
                             const svms_trust *trust, svms_error *err)
{
    recorder_web_options options;
    if (self->https_listener < 0) {
        return SVMS_OK;
    }
    memset(&options, 0, sizeof options);
    options.parts = self->parts;
    options.fleet = fleet;
    options.keeper = keeps;
    options.keys = self->keys;
    options.exporter = self->exporter;
    options.exporter_key = self->exporter_key;
    options.trust = trust;
    options.tls = self->tls;
    options.listener = self->https_listener;
    self->https_listener = -1;
    return recorder_web_start(&self->web, &options, err);
}

svms_status recorder_serve_start(recorder_serve *self, camera_fleet *fleet, keeper *keeps,
                                 const svms_trust *trust, svms_error *err)
{
    svms_status status = start_rtsp(self, fleet, err);
    return status == SVMS_OK ? start_web(self, fleet, keeps, trust, err) : status;
}

void recorder_serve_tend(recorder_serve *self)
{
    if (self->gate && gate_tend(self->gate)) {
        if (self->rtsp) {
            recorder_rtsp_judge_again(self->rtsp);
        }
        if (self->web) {
            recorder_web_judge_again(self->web);
        }
    }
}

svms_status recorder_serve_reload(recorder_serve *self, const recorder_identity *identity,
                                  svms_error *err)
{
    svms_tls_credentials credentials = SVMS_TLS_CREDENTIALS_INIT;
    svms_trust *trust = NULL;
    if (!self->tls) {
        return SVMS_OK;
    }
    svms_status status = load_client_trust(self, &trust, err);
    if (status == SVMS_OK) {
        fill(&credentials, identity, trust);
        status = svms_tls_context_reload(self->tls, &credentials, err);
    }
    svms_trust_free(&trust);
    return status;
}

const char *recorder_serve_rtsps(const recorder_serve *self)
{
    return self->rtsps[0] ? self->rtsps : NULL;
}

const char *recorder_serve_https(const recorder_serve *self)
{
    return self->https[0] ? self->https : NULL;
}

void recorder_serve_stop(recorder_serve *self)
{
    recorder_web_stop(&self->web);
    recorder_rtsp_stop(&self->rtsp);
}

void recorder_serve_free(recorder_serve **serve)
{
    if (!serve || !*serve) {
        return;
    }
    recorder_serve *self = *serve;
    recorder_serve_stop(self);
    self->parts->gate = NULL;
    gate_close(&self->gate);
    playback_keys_free(&self->keys);
    svms_chain_free(&self->exporter);
    svms_private_key_free(&self->exporter_key);
    svms_tls_context_free(&self->tls);
    if (self->rtsps_listener >= 0) {
        (void)close(self->rtsps_listener);
    }
    if (self->https_listener >= 0) {
        (void)close(self->https_listener);
    }
    free(self);
    *serve = NULL;
}
