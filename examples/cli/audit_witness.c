/* SPDX-License-Identifier: Apache-2.0 */
/* svms audit witness: confirms that logs only grow. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <netinet/in.h>

#include <event2/event.h>
#include <svms/svms.h>

#include "audit_command.h"
#include "audit_trust_options.h"
#include "audit_witness_service.h"
#include "est_log.h"
#include "http_service.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "peer_address.h"

#define DEFAULT_PATIENCE_SECONDS 20
#define MAX_PATIENCE_SECONDS 600
#define LOOPBACK_NET 127u

typedef struct witness_request {
    const char *state;
    const char *name;
    text_list origins;
    const char *listen;
    const char *certificate;
    const char *certificate_key;
    uint32_t patience_secs;
    bool plain;
    bool show_key;
    bool json;
} witness_request;

typedef struct witnessing {
    const witness_request *request;
    svms_ctx *ctx;
    svms_folder folder;
    svms_witness *witness;
    audit_witness_service service;
    http_service http;
    struct sockaddr_storage address;
    socklen_t address_size;
    svms_chain *chain;
    svms_private_key *key;
    svms_tls_context *context;
    struct event_base *base;
    struct event *stop[2];
    struct event *reload;
    web_server *server;
    bool stopping;
} witnessing;

static const option_spec options[] = {
    { "state", "DIR", "where it keeps what it has seen; made where it is not there", OPTION_TEXT,
      offsetof(witness_request, state), NULL, 0, 0 },
    { "name", "NAME", "of the witness, such as its address without https://; when it is made",
      OPTION_TEXT, offsetof(witness_request, name), NULL, 0, 0 },
    { "origin", "KEY", "a log to watch: its key, or a file with it; repeatable", OPTION_LIST,
      offsetof(witness_request, origins), NULL, 0, 0 },
    { "listen", "ADDRESS:PORT", "where to listen, for example 192.0.2.10:8443; port 0: any",
      OPTION_TEXT, offsetof(witness_request, listen), NULL, 0, 0 },
    { "certificate", "FILE", "its certificate and those above it, PEM, for HTTPS", OPTION_TEXT,
      offsetof(witness_request, certificate), NULL, 0, 0 },
    { "certificate-key", "FILE", "the certificate's private key, PEM", OPTION_TEXT,
      offsetof(witness_request, certificate_key), NULL, 0, 0 },
    { "plain", NULL, "HTTP without TLS to other machines, too, as behind a proxy", OPTION_FLAG,
      offsetof(witness_request, plain), NULL, 0, 0 },
    { "patience", "SECONDS", "that a handshake or a request may take, 1 to 600; default 20",
      OPTION_COUNT, offsetof(witness_request, patience_secs), NULL, 1, MAX_PATIENCE_SECONDS },
    { "show-key", NULL, "print the witness's key, which verifiers need, and end", OPTION_FLAG,
      offsetof(witness_request, show_key), NULL, 0, 0 },
    { "json", NULL, "one JSON object a line", OPTION_FLAG, offsetof(witness_request, json), NULL, 0,
      0 },
};

static const command_line line = {
    "audit witness",
    "--state DIR [--listen ADDRESS:PORT --origin KEY...] [options]",
    "Confirms to others that logs only grow: cosigns their checkpoints (C2SP tlog-witness), and\n"
    "keeps as evidence what has not grown out of what it saw before.",
    options,
    sizeof options / sizeof options[0],
    NULL,
    0
};

static void tell(const witnessing *self, const char *what, const char *address, const char *name,
                 const char *words)
{
    const est_event event = { .what = what, .address = address, .name = name, .words = words };
    est_log(self->request->json, &event);
}

static exit_status add_origins(witnessing *self)
{
    char key[SVMS_AUDIT_KEY_SIZE];
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < self->request->origins.count && status == EXIT_GOOD; i++) {
        const char *text = self->request->origins.items[i];
        status = audit_key_load(key, text, line.name, "origin");
        if (status == EXIT_GOOD && svms_witness_add_log(self->witness, key, &err) != SVMS_OK) {
            status = complain_error(&err, "cannot watch %s", text);
        }
    }
    return status;
}

static exit_status open_witness(witnessing *self)
{
    svms_witness_options known = SVMS_WITNESS_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = make_context(&self->ctx);
    if (status != EXIT_GOOD) {
        return status;
    }
    known.name = self->request->name;
    if (svms_folder_open(&self->folder, self->ctx, self->request->state, 1, &err) != SVMS_OK ||
        svms_witness_open(&self->witness, self->ctx, &self->folder, &known, &err) != SVMS_OK) {
        return complain_error(&err, "cannot open the witness in %s", self->request->state);
    }
    return EXIT_GOOD;
}

static exit_status show_key(const witnessing *self)
{
    char key[SVMS_AUDIT_KEY_SIZE];
    svms_witness_key(self->witness, key);
    if (self->request->json) {
        return json_print(json_pack("{s:o}", "key", json_text(key)));
    }
    print_line(stdout, "%s", key);
    return EXIT_GOOD;
}

/* The first time makes the context; later, connections that stand go on with what they have. */
static exit_status load_credentials(witnessing *self)
{
    svms_tls_options known = SVMS_TLS_OPTIONS_INIT;
    svms_chain *chain = NULL;
    svms_private_key *key = NULL;
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = load_chain(&chain, self->ctx, self->request->certificate);
    if (status == EXIT_GOOD) {
        status = load_private_key(&key, self->ctx, self->request->certificate_key);
    }
    known.side = SVMS_TLS_SERVER;
    known.peer = SVMS_TLS_PEER_NOT_ASKED;
    known.credentials.chain = chain;
    known.credentials.key = key;
    if (status == EXIT_GOOD) {
        svms_status made = self->context
                               ? svms_tls_context_reload(self->context, &known.credentials, &err)
                               : svms_tls_context_new(&self->context, self->ctx, &known, &err);
        status = made == SVMS_OK
                     ? EXIT_GOOD
                     : complain_error(&err, "cannot use %s", self->request->certificate);
    }
    if (status == EXIT_GOOD) {
        svms_chain_free(&self->chain);
        svms_private_key_free(&self->key);
        self->chain = chain;
        self->key = key;
        return EXIT_GOOD;
    }
    svms_chain_free(&chain);
    svms_private_key_free(&key);
    return status;
}

static void on_reload(evutil_socket_t socket, short what, void *user)
{
    witnessing *self = user;
    (void)socket;
    (void)what;
    if (self->context) {
        bool good = load_credentials(self) == EXIT_GOOD;
        tell(self, good ? "certificate" : "failed", NULL, NULL,
             good ? "it was read anew" : "the certificate could not be read anew");
    }
}

/* The second time nobody is waited for. */
static void on_stop(evutil_socket_t socket, short what, void *user)
{
    witnessing *self = user;
    (void)socket;
    (void)what;
    if (self->stopping) {
        event_base_loopbreak(self->base);
        return;
    }
    self->stopping = true;
    tell(self, "stopping", NULL, NULL, NULL);
    web_stop(self->server);
}

static void on_stopped(void *user)
{
    witnessing *self = user;
    event_base_loopbreak(self->base);
}

static bool add_events(witnessing *self)
{
    self->stop[0] = evsignal_new(self->base, SIGTERM, on_stop, self);
    self->stop[1] = evsignal_new(self->base, SIGINT, on_stop, self);
    self->reload = evsignal_new(self->base, SIGHUP, on_reload, self);
    return self->stop[0] && self->stop[1] && self->reload && event_add(self->stop[0], NULL) == 0 &&
           event_add(self->stop[1], NULL) == 0 && event_add(self->reload, NULL) == 0;
}

static exit_status listen_and_serve(witnessing *self)
{
    char key[SVMS_AUDIT_KEY_SIZE];
    self->base = event_base_new();
    if (!self->base || !add_events(self)) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    self->service = (audit_witness_service){ self->witness, self->request->json };
    self->http = (http_service){
        .answer = audit_witness_answer,
        .log = audit_witness_log,
        .user = &self->service,
        .body_max = SVMS_WITNESS_REQUEST_MAX,
        .stopped = on_stopped,
        .owner = self,
    };
    const http_place place = {
        .base = self->base,
        .context = self->context,
        .listen = (const struct sockaddr *)&self->address,
        .listen_size = self->address_size,
        .patience_secs = self->request->patience_secs,
    };
    svms_error err = SVMS_ERROR_INIT;
    if (http_service_open(&self->server, &self->http, &place, &err) != SVMS_OK) {
        complain("%s", err.message);
        return EXIT_ENVIRONMENT;
    }
    svms_witness_key(self->witness, key);
    tell(self, "listening", web_address(self->server), key, NULL);
    if (event_base_dispatch(self->base) != 0) {
        complain("the event loop has failed");
        return EXIT_ENVIRONMENT;
    }
    tell(self, "stopped", NULL, NULL, NULL);
    return EXIT_GOOD;
}

static void free_event(struct event *event)
{
    if (event) {
        event_free(event);
    }
}

static void release(witnessing *self)
{
    web_close(&self->server);
    svms_tls_context_free(&self->context);
    free_event(self->stop[0]);
    free_event(self->stop[1]);
    free_event(self->reload);
    if (self->base) {
        event_base_free(self->base);
    }
    svms_chain_free(&self->chain);
    svms_private_key_free(&self->key);
    svms_witness_close(&self->witness);
    svms_folder_close(&self->folder);
    svms_ctx_free(&self->ctx);
    libevent_global_shutdown();
}

static bool is_loopback(const struct sockaddr_storage *address)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    if (address->ss_family == AF_INET6) {
        memcpy(&in6, address, sizeof in6);
        return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
    }
    memcpy(&in, address, sizeof in);
    return ntohl(in.sin_addr.s_addr) >> 24 == LOOPBACK_NET;
}

static exit_status check_request(witnessing *self)
{
    const witness_request *request = self->request;
    if (!request->state) {
        return usage_error(line.name, "--state is missing");
    }
    if (request->show_key) {
        return EXIT_GOOD;
    }
    if (!request->listen || request->origins.count == 0) {
        return usage_error(line.name, "%s is missing", request->listen ? "--origin" : "--listen");
    }
    if (!peer_address_parse(request->listen, &self->address, &self->address_size)) {
        return usage_error(line.name,
                           "--listen '%s' is not an address and a port, such as "
                           "192.0.2.10:8443 or [2001:db8::1]:8443",
                           request->listen);
    }
    if (!request->certificate != !request->certificate_key) {
        return usage_error(line.name, "--certificate and --certificate-key belong together");
    }
    if (request->certificate && request->plain) {
        return usage_error(line.name, "--plain and --certificate exclude each other");
    }
    if (!request->certificate && !request->plain && !is_loopback(&self->address)) {
        return usage_error(line.name,
                           "%s is open to other machines: give --certificate, or say --plain",
                           request->listen);
    }
    return EXIT_GOOD;
}

static exit_status serve(witnessing *self)
{
    exit_status status = add_origins(self);
    if (status == EXIT_GOOD && self->request->certificate) {
        status = load_credentials(self);
    }
    return status == EXIT_GOOD ? listen_and_serve(self) : status;
}

exit_status command_audit_witness(int count, char **arguments)
{
    witness_request request = { .patience_secs = DEFAULT_PATIENCE_SECONDS };
    witnessing self = { .request = &request, .folder = SVMS_FOLDER_INIT };
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    exit_status status = check_request(&self);
    if (status == EXIT_GOOD) {
        status = open_witness(&self);
    }
    if (status == EXIT_GOOD) {
        status = request.show_key ? show_key(&self) : serve(&self);
    }
    release(&self);
    return status;
}
