/* SPDX-License-Identifier: Apache-2.0 */
/* A server: who it is, what it speaks, and what it still speaks though it should not. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tls_check.h"
#include "tls_check_probe.h"
#include "tls_check_socket.h"

/* A target while it is being looked at. */
typedef struct visit {
    check_report *report;
    const check_means *means;
    check_endpoint endpoint;
    const char *host; /* that the certificate must be for */
    check_address address;
    uint64_t deadline;
    int socket;
    svms_tls_context *context;
    svms_tls *tls;
} visit;

static svms_status make_connection(visit *of, svms_error *err)
{
    const check_means *means = of->means;
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    options.side = SVMS_TLS_CLIENT;
    options.min_version = SVMS_TLS_1_2;
    options.peer = SVMS_TLS_PEER_INSPECTED;
    options.peer_roles = means->request->role ? 1u << means->request->role : 0;
    options.alpn = means->request->alpn ? &means->request->alpn : NULL;
    options.alpn_count = means->request->alpn ? 1 : 0;
    options.credentials.chain = means->chain;
    options.credentials.key = means->chain ? means->key : NULL;
    options.credentials.trust = means->trust;
    target.host = of->host;
    target.pin = means->has_pin ? means->pin : NULL;
    svms_status status = svms_tls_context_new(&of->context, means->ctx, &options, err);
    return status == SVMS_OK ? svms_tls_open_socket(&of->tls, of->context, &target, of->socket, err)
                             : status;
}

static svms_status shake_hands(visit *of, svms_error *err)
{
    svms_status status = svms_tls_handshake(of->tls, err);
    while (status == SVMS_AGAIN) {
        bool to_write = svms_tls_wants(of->tls) == SVMS_TLS_WANTS_WRITE;
        if (!socket_wait(of->socket, to_write, of->deadline)) {
            return SVMS_AGAIN;
        }
        status = svms_tls_handshake(of->tls, err);
    }
    return status;
}

static void find_failure(visit *of, svms_status status, const svms_error *err)
{
    switch (status) {
    case SVMS_AGAIN:
        check_find(of->report, CHECK_UNREACHABLE, "timeout", "the server did not answer in time");
        break;
    case SVMS_E_POLICY:
    case SVMS_E_UNTRUSTED:
        check_find(of->report, CHECK_WRONG, "refused", "%s", err->message);
        break;
    case SVMS_E_MALFORMED:
    case SVMS_E_LIMIT:
        check_find(of->report, CHECK_WRONG, "not-tls", "%s", err->message);
        break;
    case SVMS_E_TRUNCATED:
    case SVMS_E_IO:
        check_find(of->report, CHECK_WRONG, "closed", "%s", err->message);
        break;
    default:
        check_find(of->report, CHECK_UNREACHABLE, "failed", "%s", err->message);
    }
}

static bool is_told(const check_report *report, svms_identity_verdict verdict)
{
    switch (verdict) {
    case SVMS_IDENTITY_TRUSTED:
    case SVMS_IDENTITY_NO_ANCHOR:
        return true;
    case SVMS_IDENTITY_EXPIRED_NOW:
    case SVMS_IDENTITY_EXPIRED_THEN:
        return check_has(report, "expired");
    case SVMS_IDENTITY_NOT_YET_VALID:
        return check_has(report, "not-yet-valid");
    default:
        return false;
    }
}

static const char *code_of(svms_identity_verdict verdict)
{
    switch (verdict) {
    case SVMS_IDENTITY_REVOKED:
        return "revoked";
    case SVMS_IDENTITY_WRONG_ROLE:
        return "wrong-role";
    case SVMS_IDENTITY_UNSIGNED:
        return "no-certificate";
    default:
        return "untrusted";
    }
}

static void judge_peer(visit *of)
{
    check_report *report = of->report;
    const svms_tls_peer *peer = &report->server.peer;
    const check_means *means = of->means;
    bool pinned =
        means->has_pin && memcmp(means->pin, peer->certificate.sha256, sizeof means->pin) == 0;
    if (means->has_pin && !pinned) {
        check_find(report, CHECK_WRONG, "wrong-pin",
                   "the fingerprint of the server's certificate is another one");
    }
    if (!pinned && !peer->name_matches && svms_tls_peer_chain(of->tls)) {
        check_find(report, CHECK_WRONG, "wrong-host",
                   "the server's certificate is not for the host %s", of->host);
    }
    if (pinned == means->has_pin && !is_told(report, peer->verdict)) {
        check_find(report, CHECK_WRONG, code_of(peer->verdict), "%s",
                   peer->reason[0] ? peer->reason : "the server's certificate is not trusted");
    }
    if (means->request->crl_path && peer->revocation == SVMS_REVOCATION_STALE) {
        check_find(report, CHECK_WRONG, "list-out-of-date",
                   "a revocation list of --crl is out of date");
    }
    if (peer->revocation == SVMS_REVOCATION_BAD_LIST) {
        check_find(report, CHECK_WRONG, "bad-list",
                   "a revocation list is not signed by the CA in whose name it speaks");
    }
}

static void take_certificate(visit *of, const uint8_t *der, size_t size)
{
    if (!check_add_certificate(of->report, of->means, der, size)) {
        check_find(of->report, CHECK_WRONG, "bad-certificate",
                   "a certificate of the server cannot be read");
    }
}

/* Those that are too weak for the library, too. */
static void take_chain(visit *of)
{
    size_t size = 0;
    size_t index = 0;
    const uint8_t *der = svms_tls_peer_der(of->tls, index, &size);
    for (; der; der = svms_tls_peer_der(of->tls, ++index, &size)) {
        take_certificate(of, der, size);
    }
}

static void speak(visit *of)
{
    check_server *server = &of->report->server;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = make_connection(of, &err);
    if (status == SVMS_OK) {
        status = shake_hands(of, &err);
    }
    if (of->tls) {
        take_chain(of);
    }
    server->peer = (svms_tls_peer)SVMS_TLS_PEER_INIT;
    if (status == SVMS_OK) {
        status = svms_tls_peer_info(of->tls, &server->peer, &err);
    }
    if (status != SVMS_OK) {
        find_failure(of, status, &err);
        return;
    }
    server->connected = true;
    server->asks_certificate = server->peer.asked_certificate ? ANSWER_YES : ANSWER_NO;
    judge_peer(of);
}

/* A probe_certificate: for servers with which TLS did not come about. */
static void take_shown(void *user, const uint8_t *der, size_t size)
{
    take_certificate(user, der, size);
}

static void probe(visit *of)
{
    static const unsigned versions[] = { PROBE_TLS_1_2, PROBE_TLS_1_1, PROBE_TLS_1_0 };
    static const char *const names[] = { "1.2", "1.1", "1.0" };
    check_server *server = &of->report->server;
    probe_question question = { &of->address, of->endpoint.host, 0, of->deadline, NULL, of };
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        question.version = versions[i];
        question.shows = of->report->item_count == 0 ? take_shown : NULL;
        probe_result found = probe_version(&question);
        server->speaks[i] = found.speaks;
        if (server->asks_certificate == ANSWER_UNKNOWN) {
            server->asks_certificate = found.asks_certificate;
        }
        if (i > 0 && found.speaks == ANSWER_YES) {
            check_find(of->report, CHECK_WRONG, "old-tls", "the server still speaks TLS %s",
                       names[i]);
        }
    }
}

void check_server_at(check_report *report, const check_means *means)
{
    char words[256] = "";
    visit of = { .report = report, .means = means, .socket = -1 };
    report->is_server = true;
    of.deadline = check_clock() + means->request->timeout_ns;
    if (!endpoint_parse(&of.endpoint, report->target)) {
        check_find(report, CHECK_UNREACHABLE, "bad-address",
                   "it is neither a file nor HOST:PORT; IPv6 addresses are in brackets");
        return;
    }
    of.host = means->request->host ? means->request->host : of.endpoint.host;
    of.socket = endpoint_connect(&of.endpoint, of.deadline, &of.address, words);
    if (of.socket < 0) {
        check_find(report, CHECK_UNREACHABLE, "unreachable", "%s", words);
        return;
    }
    address_text(report->server.address, sizeof report->server.address, &of.address);
    speak(&of);
    svms_tls_free(&of.tls);
    svms_tls_context_free(&of.context);
    close(of.socket);
    if (!check_has(report, "timeout") && !check_has(report, "not-tls")) {
        probe(&of);
    }
}
