/* SPDX-License-Identifier: Apache-2.0 */
#include "onvif_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "onvif_call.h"
#include "onvif_snapshot.h"

#define BODY_MAX XML_BYTES_MAX
#define NS_PER_SECOND INT64_C(1000000000)

/* What is served under one path. */
typedef struct endpoint {
    onvif_service *owner;
    const onvif_operation *const *tables; /* the last one is NULL */
} endpoint;

enum { ENDPOINTS = 6, ROUTES = ENDPOINTS + 1 };

struct onvif_service {
    onvif_options options;
    web_server *server;
    onvif_pulls *pulls;
    onvif_snapshot *snapshot;
    endpoint endpoints[ENDPOINTS];
    web_route routes[ROUTES];
    void (*stopped)(void *user);
    void *stopped_user;
};

static const onvif_operation *const device_tables[] = { onvif_device_operations,
                                                        onvif_user_operations, NULL };
static const onvif_operation *const media_tables[] = { onvif_media_operations,
                                                       onvif_mask_operations, NULL };
static const onvif_operation *const ptz_tables[] = { onvif_ptz_operations, NULL };
static const onvif_operation *const replay_tables[] = { onvif_replay_operations, NULL };
static const onvif_operation *const event_tables[] = { onvif_event_operations, NULL };
static const onvif_operation *const subscription_tables[] = { onvif_subscription_operations, NULL };

const onvif_options *onvif_options_of(const onvif_service *owner)
{
    return &owner->options;
}

onvif_pulls *onvif_pulls_of(onvif_service *owner)
{
    return owner->pulls;
}

int64_t onvif_utc_now(void)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* ONVIF Core, section 5.9.4.4: the default access policy. */
static camera_level least_level(onvif_access access)
{
    switch (access) {
    case ONVIF_PRE_AUTH:
        return CAMERA_ANONYMOUS;
    case ONVIF_READ_SYSTEM:
    case ONVIF_READ_MEDIA:
        return CAMERA_USER;
    case ONVIF_READ_SENSITIVE:
    case ONVIF_ACTUATE:
        return CAMERA_OPERATOR;
    case ONVIF_READ_SECRET:
    case ONVIF_WRITE_SYSTEM:
    case ONVIF_UNRECOVERABLE:
        break;
    }
    return CAMERA_ADMINISTRATOR;
}

/* Lockouts are counted for an address, not for one of its ports. */
static void address_alone(char out[64], const char *address)
{
    (void)snprintf(out, 64, "%s", address);
    char *colon = strrchr(out, ':');
    if (colon && !strchr(colon, ']')) {
        *colon = '\0';
    }
}

static bool has_role(const onvif_call *call, svms_role role)
{
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_error err = SVMS_ERROR_INIT;
    const camera_papers *papers = camera_identity_take(call->parts->identity);
    question.role = role;
    question.now_utc_ns = onvif_utc_now();
    question.from_utc_ns = question.now_utc_ns;
    question.to_utc_ns = question.now_utc_ns;
    svms_status status =
        svms_identity_check(papers->trust, call->request->peer, &question, &result, &err);
    camera_identity_give(call->parts->identity, &papers);
    return status == SVMS_OK && result.verdict == SVMS_IDENTITY_TRUSTED;
}

/* Recorders and servers of the installation show their certificates: mutual TLS is better than a
 * password. They see and move; what is set up is for people. */
static void look_at_certificate(onvif_call *call)
{
    const char *subject = svms_chain_subject(call->request->peer);
    bool fits = subject && strlen(subject) < sizeof call->user;
    if (fits && (has_role(call, SVMS_ROLE_RECORDER) || has_role(call, SVMS_ROLE_SERVER))) {
        (void)snprintf(call->user, sizeof call->user, "%s", subject);
        call->level = CAMERA_OPERATOR;
    }
}

static void find_out_who(onvif_call *call)
{
    const soap_user *user = &call->soap.user;
    svms_error err = SVMS_ERROR_INIT;
    char address[64];
    address_alone(address, call->request->address);
    if (call->request->peer && !user->name) {
        look_at_certificate(call);
        return;
    }
    if (!user->name || call->soap.is_user_wrong) {
        return;
    }
    const camera_token token = { .name = user->name,
                                 .digest = user->digest,
                                 .nonce = user->nonce,
                                 .nonce_size = user->nonce_size,
                                 .created = user->created,
                                 .address = address };
    if (camera_users_judge(call->parts->users, &token, onvif_utc_now(), &call->level, &err) !=
        SVMS_OK) {
        call->level = CAMERA_ANONYMOUS;
        service_log_error(call->parts->service, SERVICE_ERROR, &err, "a login cannot be judged");
        return;
    }
    if (call->level != CAMERA_ANONYMOUS) {
        (void)snprintf(call->user, sizeof call->user, "%s", user->name);
    }
}

static const onvif_operation *find_operation(const endpoint *at, const xml_node *asked)
{
    for (const onvif_operation *const *table = at->tables; *table; table++) {
        for (const onvif_operation *one = *table; one->name; one++) {
            if (strcmp(one->name, xml_name(asked)) == 0 &&
                strcmp(one->space, xml_space(asked)) == 0) {
                return one;
            }
        }
    }
    return NULL;
}

static void answer_fault(onvif_call *call, http_status status)
{
    (void)soap_write_fault(&call->out, &call->fault, call->soap.message_id);
    onvif_send(call->exchange, &call->out, status);
}

static void perform(onvif_call *call, const onvif_operation *operation)
{
    soap_begin(&call->out, call->soap.message_id);
    xml_open(&call->out, operation->answer);
    operation->handle(call);
    if (call->is_later) {
        return;
    }
    if (call->fault.is_there) {
        answer_fault(call, call->fault.is_ours ? HTTP_INTERNAL : HTTP_BAD_REQUEST);
        return;
    }
    xml_shut(&call->out);
    if (!soap_end(&call->out)) {
        call->out.has_failed = true;
    }
    onvif_send(call->exchange, &call->out, HTTP_OK);
}

/* Nobody is told whether it was the name, the password, a login that is closed, or a right that is
 * missing of somebody unknown. */
static void refuse_stranger(onvif_call *call, const onvif_operation *operation)
{
    bool is_known = call->user[0] != '\0';
    soap_fail(&call->fault, "ter:NotAuthorized", NULL,
              is_known ? "this user may not do that" : "the sender is not authorized");
    bool was_judged = call->soap.user.name && !call->soap.is_user_wrong;
    if (is_known) {
        onvif_tell(call, "access.decide", SVMS_AUDIT_DENIED, operation->name, NULL,
                   "the user's level does not allow it");
    } else if (!was_judged) {
        /* Wrong passwords are told where they are judged. */
        onvif_tell(call, "access.decide", SVMS_AUDIT_DENIED, operation->name, NULL,
                   "nobody showed who asks");
    }
    answer_fault(call, is_known ? HTTP_FORBIDDEN : HTTP_UNAUTHORIZED);
}

static void decide(onvif_call *call, const endpoint *at)
{
    const onvif_operation *operation = find_operation(at, call->soap.operation);
    camera_level least = operation ? least_level(operation->access) : CAMERA_USER;
    find_out_who(call);
    if (call->level < least) {
        static const onvif_operation unknown = { .name = "unknown" };
        refuse_stranger(call, operation ? operation : &unknown);
    } else if (!operation) {
        soap_fail(&call->fault, "ter:ActionNotSupported", NULL, "'%.60s' is not known here",
                  xml_name(call->soap.operation));
        answer_fault(call, HTTP_BAD_REQUEST);
    } else {
        perform(call, operation);
    }
}

static bool is_soap(const web_request *request)
{
    const http_slice *type = http_find(request->head, "content-type");
    return type && http_type_is(*type, "application/soap+xml");
}

static void serve_soap(void *user, web_exchange *exchange, const web_request *request)
{
    const endpoint *at = user;
    svms_error err = SVMS_ERROR_INIT;
    onvif_call call = { .owner = at->owner,
                        .parts = at->owner->options.parts,
                        .exchange = exchange,
                        .request = request,
                        .level = CAMERA_ANONYMOUS,
                        .out = XML_WRITER_INIT };
    if (!is_soap(request)) {
        web_answer_words(exchange, HTTP_WRONG_TYPE, "SOAP 1.2 is spoken here");
        return;
    }
    if (soap_read(&call.soap, request->body ? request->body : "", request->body_size, &err) !=
        SVMS_OK) {
        soap_fail(&call.fault, "ter:WellFormed", NULL, "%s", err.message);
        answer_fault(&call, HTTP_BAD_REQUEST);
    } else {
        decide(&call, at);
    }
    soap_clear(&call.soap);
    if (call.is_later) {
        xml_writer_clear(&call.out);
    }
}

static void note(void *user, web_trouble trouble, const char *address, const char *words)
{
    const onvif_service *self = user;
    service_log(self->options.parts->service, trouble == WEB_FAILED ? SERVICE_ERROR : SERVICE_INFO,
                "HTTPS: %s%s%s", address ? address : "", address ? ": " : "", words);
}

static void server_stopped(void *user)
{
    onvif_service *self = user;
    if (self->stopped) {
        self->stopped(self->stopped_user);
    }
}

static void make_routes(onvif_service *self)
{
    static const struct {
        const char *path;
        const onvif_operation *const *tables;
    } places[ENDPOINTS] = {
        { "/onvif/device_service", device_tables },
        { "/onvif/media2_service", media_tables },
        { "/onvif/ptz_service", ptz_tables },
        { "/onvif/replay_service", replay_tables },
        { "/onvif/event_service", event_tables },
        { "/onvif/subscriptions/{id}", subscription_tables },
    };
    for (size_t i = 0; i < ENDPOINTS; i++) {
        self->endpoints[i] = (endpoint){ self, places[i].tables };
        self->routes[i] = (web_route){ .method = "POST",
                                       .path = places[i].path,
                                       .handle = serve_soap,
                                       .user = &self->endpoints[i],
                                       .body_max = BODY_MAX };
    }
    self->routes[ENDPOINTS] = (web_route){ .method = "GET",
                                           .path = ONVIF_SNAPSHOT_PATH,
                                           .handle = onvif_snapshot_serve,
                                           .user = self->snapshot };
}

static svms_status no_memory(svms_error *err)
{
    if (err) {
        *err = (svms_error)SVMS_ERROR_INIT;
        err->status = SVMS_E_NO_MEMORY;
        (void)snprintf(err->message, sizeof err->message, "out of memory");
    }
    return SVMS_E_NO_MEMORY;
}

svms_status onvif_start(onvif_service **out, const onvif_options *options, svms_error *err)
{
    onvif_service *self = calloc(1, sizeof *self);
    if (!self) {
        return no_memory(err);
    }
    self->options = *options;
    self->pulls = onvif_pulls_new(self, options);
    self->snapshot = onvif_snapshot_new(options->parts);
    if (!self->pulls || !self->snapshot) {
        onvif_close(&self);
        return no_memory(err);
    }
    make_routes(self);
    const web_options serving = { .base = options->base,
                                  .context = options->tls,
                                  .listen = options->listen,
                                  .listen_size = options->listen_size,
                                  .routes = self->routes,
                                  .route_count = ROUTES,
                                  /* A pull waits for up to a minute. */
                                  .limits = { .answer_ms = 90000 },
                                  .log = note,
                                  .stopped = server_stopped,
                                  .user = self };
    svms_status status = web_open(&self->server, &serving, err);
    if (status != SVMS_OK) {
        onvif_close(&self);
        return status;
    }
    onvif_pulls_start(self->pulls, self->server);
    *out = self;
    return SVMS_OK;
}

const char *onvif_address(const onvif_service *self)
{
    return web_address(self->server);
}

void onvif_stop(onvif_service *self, void (*stopped)(void *user), void *user)
{
    self->stopped = stopped;
    self->stopped_user = user;
    onvif_pulls_stop(self->pulls);
    web_stop(self->server);
}

void onvif_close(onvif_service **self)
{
    if (self && *self) {
        if ((*self)->pulls) {
            onvif_pulls_stop((*self)->pulls);
        }
        web_close(&(*self)->server);
        onvif_pulls_free(&(*self)->pulls);
        onvif_snapshot_free(&(*self)->snapshot);
        free(*self);
        *self = NULL;
    }
}
