/* SPDX-License-Identifier: Apache-2.0 */
/* svms ca serve: enrolment over the network. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>
#include <svms/svms.h>
#include <svms/tls.h>

#include "ca_certify.h"
#include "ca_command.h"
#include "ca_folder.h"
#include "est_body.h"
#include "est_log.h"
#include "http_service.h"
#include "est_service.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "peer_address.h"

#define OWN_NAME "svms enrolment server"
#define OWN_DAYS 30
#define DEFAULT_PATIENCE_SECONDS 20
#define MAX_PATIENCE_SECONDS 600
#define CHORES_SECONDS 5
#define REQUEST_CAPACITY 8192
#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_DAY (NS_PER_SECOND * 86400)

typedef struct serve_request {
    const char *folder;
    const char *listen;
    text_list hosts;
    const char *passphrase_file;
    uint32_t patience_secs;
    bool json;
} serve_request;

typedef struct serving {
    const serve_request *request;
    svms_ctx *ctx;
    ca_folder folder;
    bool folder_is_open;
    est_service service;
    http_service http;
    struct sockaddr_storage address;
    socklen_t address_size;
    const char *hosts[MAX_LIST_ITEMS];
    size_t host_count;
    char own_host[PEER_ADDRESS_TEXT];
    svms_private_key *key;
    svms_chain *chain;
    int64_t renew_utc_ns; /* when its own certificate is made anew */
    svms_tls_context *context;
    struct event_base *base;
    struct event *chores;
    struct event *stop[2];
    struct event *reload;
    web_server *server;
    bool stopping;
} serving;

static void tell(const serving *self, const char *what, const char *serial, const char *words)
{
    const est_event event = { .what = what, .serial = serial, .words = words };
    est_log(self->request->json, &event);
}

/* Its own certificate comes from the authority as all others do; its key is never stored. */
static exit_status certify_own(serving *self, const svms_request *request)
{
    int64_t now = (int64_t)time(NULL) * NS_PER_SECOND;
    int64_t authority_left = self->folder.info.not_after_utc_ns - now;
    const ca_order order = { .role = SVMS_ROLE_SERVER,
                             .name = OWN_NAME,
                             .hosts = self->hosts,
                             .host_count = self->host_count,
                             /* 0: as long as the authority has */
                             .days = authority_left > OWN_DAYS * NS_PER_DAY ? OWN_DAYS : 0 };
    ca_certified certified = { 0 };
    svms_error err = SVMS_ERROR_INIT;
    svms_chain *chain = NULL;
    exit_status status = ca_folder_enter(&self->folder);
    if (status == EXIT_GOOD) {
        status = ca_certify(&self->folder, &order, request, &certified, NULL);
        ca_folder_leave(&self->folder);
    }
    if (status == EXIT_GOOD &&
        svms_chain_from_pem(&chain, self->ctx, certified.pem, certified.size, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot use the server's own certificate");
    }
    if (status == EXIT_GOOD) {
        svms_chain_free(&self->chain);
        self->chain = chain;
        self->renew_utc_ns = certified.not_after_utc_ns - (certified.not_after_utc_ns - now) / 3;
        tell(self, "certificate", certified.serial, "the server has a new certificate of its own");
    }
    ca_certified_free(&certified);
    return status;
}

static exit_status make_own(serving *self)
{
    char text[REQUEST_CAPACITY];
    size_t size = sizeof text;
    svms_request_options options = SVMS_REQUEST_OPTIONS_INIT;
    svms_private_key *key = NULL;
    svms_request *request = NULL;
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = EXIT_GOOD;
    options.common_name = OWN_NAME;
    svms_status made = svms_private_key_generate(&key, self->ctx, &err);
    if (made == SVMS_OK) {
        made = svms_request_create(self->ctx, &options, key, text, &size, &err);
    }
    if (made == SVMS_OK) {
        made = svms_request_parse(&request, self->ctx, text, size, &err);
    }
    if (made == SVMS_OK) {
        status = certify_own(self, request);
    } else {
        status = complain_error(&err, "cannot make the server's own certificate");
    }
    if (status == EXIT_GOOD) {
        svms_private_key_free(&self->key);
        self->key = key;
        key = NULL;
    }
    svms_request_free(&request);
    svms_private_key_free(&key);
    return status;
}

/* The certificate of the authority alone: what stands above it may have others below. */
static svms_status make_trust(const serving *self, svms_trust **out, svms_error *err)
{
    static const char end_mark[] = "-----END CERTIFICATE-----\n";
    const file_text *pem = &self->folder.pem;
    const file_text *list = &self->service.list;
    const char *end = strstr(pem->bytes, end_mark);
    size_t size = end ? (size_t)(end - pem->bytes) + sizeof end_mark - 1 : pem->size;
    return svms_trust_from_pem_and_crls(out, self->ctx, pem->bytes, size, list->bytes, list->size,
                                        err);
}

/* The first time makes the context; later, connections that stand go on with what they have. */
static exit_status load_credentials(serving *self)
{
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    svms_trust *trust = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = make_trust(self, &trust, &err);
    options.side = SVMS_TLS_SERVER;
    options.peer = SVMS_TLS_PEER_OPTIONAL;
    options.credentials.chain = self->chain;
    options.credentials.key = self->key;
    options.credentials.trust = trust;
    if (status == SVMS_OK) {
        status = self->context ? svms_tls_context_reload(self->context, &options.credentials, &err)
                               : svms_tls_context_new(&self->context, self->ctx, &options, &err);
    }
    svms_trust_free(&trust);
    return status == SVMS_OK ? EXIT_GOOD
                             : complain_error(&err, "cannot use the server's certificates");
}

/* A certificate of its own in time, a list that is new: both without dropping anybody. */
static void do_chores(serving *self, bool anew)
{
    bool changed = false;
    int64_t now = (int64_t)time(NULL) * NS_PER_SECOND;
    exit_status status = est_service_refresh(&self->service, &changed);
    if (status == EXIT_GOOD && changed) {
        tell(self, "list", NULL, "there is a new revocation list");
    }
    if (status == EXIT_GOOD && (anew || now >= self->renew_utc_ns)) {
        status = make_own(self);
        changed = true;
    }
    if (status == EXIT_GOOD && changed) {
        status = load_credentials(self);
    }
    if (status != EXIT_GOOD) {
        tell(self, "failed", NULL, "lists or the server's certificate could not be made anew");
    }
}

static void on_chores(evutil_socket_t socket, short what, void *user)
{
    (void)socket;
    (void)what;
    do_chores(user, false);
}

static void on_reload(evutil_socket_t socket, short what, void *user)
{
    (void)socket;
    (void)what;
    do_chores(user, true);
}

/* The second time nobody is waited for. */
static void on_stop(evutil_socket_t socket, short what, void *user)
{
    serving *self = user;
    (void)socket;
    (void)what;
    if (self->stopping) {
        event_base_loopbreak(self->base);
        return;
    }
    self->stopping = true;
    tell(self, "stopping", NULL, NULL);
    web_stop(self->server);
}

static void on_stopped(void *user)
{
    serving *self = user;
    event_base_loopbreak(self->base);
}

static bool add_events(serving *self)
{
    const struct timeval pause = { CHORES_SECONDS, 0 };
    self->chores = event_new(self->base, -1, EV_PERSIST, on_chores, self);
    self->stop[0] = evsignal_new(self->base, SIGTERM, on_stop, self);
    self->stop[1] = evsignal_new(self->base, SIGINT, on_stop, self);
    self->reload = evsignal_new(self->base, SIGHUP, on_reload, self);
    return self->chores && self->stop[0] && self->stop[1] && self->reload &&
           event_add(self->chores, &pause) == 0 && event_add(self->stop[0], NULL) == 0 &&
           event_add(self->stop[1], NULL) == 0 && event_add(self->reload, NULL) == 0;
}

static exit_status listen_and_serve(serving *self)
{
    self->base = event_base_new();
    if (!self->base || !add_events(self)) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    self->http = (http_service){
        .answer = est_service_answer,
        .log = est_service_log,
        .user = &self->service,
        .body_max = EST_BODY_MAX,
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
    const est_event ready = { .what = "listening", .address = web_address(self->server) };
    est_log(self->request->json, &ready);
    if (event_base_dispatch(self->base) != 0) {
        complain("the event loop has failed");
        return EXIT_ENVIRONMENT;
    }
    tell(self, "stopped", NULL, NULL);
    return EXIT_GOOD;
}

static exit_status prepare(serving *self)
{
    exit_status status = make_context(&self->ctx);
    if (status == EXIT_GOOD) {
        status = ca_folder_open(&self->folder, self->ctx, self->request->folder, true);
        self->folder_is_open = status == EXIT_GOOD;
    }
    if (status == EXIT_GOOD) {
        status = ca_folder_unlock_key(&self->folder, self->request->passphrase_file);
    }
    if (status == EXIT_GOOD) {
        status = est_service_open(&self->service, &self->folder, self->request->json);
    }
    if (status == EXIT_GOOD) {
        status = make_own(self);
    }
    return status == EXIT_GOOD ? load_credentials(self) : status;
}

static void free_event(struct event *event)
{
    if (event) {
        event_free(event);
    }
}

static void release(serving *self)
{
    web_close(&self->server);
    svms_tls_context_free(&self->context);
    free_event(self->chores);
    free_event(self->stop[0]);
    free_event(self->stop[1]);
    free_event(self->reload);
    if (self->base) {
        event_base_free(self->base);
    }
    est_service_close(&self->service);
    svms_chain_free(&self->chain);
    svms_private_key_free(&self->key);
    if (self->folder_is_open) {
        ca_folder_close(&self->folder);
    }
    svms_ctx_free(&self->ctx);
    libevent_global_shutdown();
}

static const option_spec options[] = {
    { "listen", "ADDRESS:PORT", "where to listen, for example 192.0.2.10:8443; port 0: any",
      OPTION_TEXT, offsetof(serve_request, listen), NULL, 0, 0 },
    { "host", "NAME", "what devices call it; repeatable; default: that of --listen", OPTION_LIST,
      offsetof(serve_request, hosts), NULL, 0, 0 },
    { "passphrase-file", "FILE", "its first line opens the authority's key", OPTION_TEXT,
      offsetof(serve_request, passphrase_file), NULL, 0, 0 },
    { "patience", "SECONDS", "that a handshake or a request may take, 1 to 600; default 20",
      OPTION_COUNT, offsetof(serve_request, patience_secs), NULL, 1, MAX_PATIENCE_SECONDS },
    { "json", NULL, "one JSON object a line", OPTION_FLAG, offsetof(serve_request, json), NULL, 0,
      0 },
};

static const command_line line = {
    "ca serve",
    "DIR --listen ADDRESS:PORT [options]",
    "Lets devices enrol with one-time codes and renew their certificates, over the network.",
    options,
    sizeof options / sizeof options[0],
    "DIR",
    offsetof(serve_request, folder)
};

static exit_status take_addresses(serving *self)
{
    const serve_request *request = self->request;
    const struct sockaddr *address = (const struct sockaddr *)&self->address;
    if (!peer_address_parse(request->listen, &self->address, &self->address_size)) {
        return usage_error("ca serve",
                           "--listen '%s' is not an address and a port, such as "
                           "192.0.2.10:8443 or [2001:db8::1]:8443",
                           request->listen);
    }
    for (size_t i = 0; i < request->hosts.count; i++) {
        self->hosts[self->host_count++] = request->hosts.items[i];
    }
    if (self->host_count == 0) {
        if (peer_address_is_any(address)) {
            return usage_error("ca serve",
                               "--host is missing: %s does not say what devices call "
                               "this machine",
                               request->listen);
        }
        peer_address_host(address, self->own_host);
        self->hosts[self->host_count++] = self->own_host;
    }
    return EXIT_GOOD;
}

exit_status command_ca_serve(int count, char **arguments)
{
    serve_request request = { .patience_secs = DEFAULT_PATIENCE_SECONDS };
    serving self = { .request = &request };
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (!request.listen) {
        return usage_error("ca serve", "--listen is missing");
    }
    exit_status status = take_addresses(&self);
    if (status == EXIT_GOOD) {
        status = prepare(&self);
    }
    if (status == EXIT_GOOD) {
        status = listen_and_serve(&self);
    }
    release(&self);
    return status;
}
