/* SPDX-License-Identifier: Apache-2.0 */
#include "onvif_thread.h"

#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "onvif_discovery.h"
#include "onvif_service.h"

/* How long clients have to take their last answers. */
#define FAREWELL_S 2

struct onvif_thread {
    onvif_thread_options options;
    struct event_base *base;
    struct event *bell_event;
    int bell; /* eventfd: it shall end */
    svms_tls_context *tls;
    onvif_service *onvif;
    onvif_discovery *discovery;
    pthread_t thread;
    bool has_thread;
};

static svms_status fail(svms_error *err, svms_status status, const char *words)
{
    if (err) {
        *err = (svms_error)SVMS_ERROR_INIT;
        err->status = status;
        (void)snprintf(err->message, sizeof err->message, "%s", words);
    }
    return status;
}

static void fill(svms_tls_credentials *out, const camera_papers *papers)
{
    out->chain = papers->chain;
    out->key = papers->key;
    out->trust = papers->trust;
}

/* TLS 1.3 alone: whatever controls a camera can speak it. */
static svms_status open_tls(onvif_thread *self, svms_error *err)
{
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    const camera_parts *parts = self->options.parts;
    const camera_papers *papers = camera_identity_take(parts->identity);
    options.side = SVMS_TLS_SERVER;
    options.peer = SVMS_TLS_PEER_OPTIONAL;
    fill(&options.credentials, papers);
    svms_status status = svms_tls_context_new(&self->tls, parts->ctx, &options, err);
    camera_identity_give(parts->identity, &papers);
    return status;
}

/* "ADDRESS:PORT", "[ADDRESS]:PORT". */
static svms_status find_place(const char *text, struct sockaddr_storage *out, socklen_t *size,
                              svms_error *err)
{
    char host[ONVIF_ADDRESS_SIZE];
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : 0;
    const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                    .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    bool is_bracketed = length > 2 && text[0] == '[' && text[length - 1] == ']';
    if (length == 0 || length >= sizeof host) {
        return fail(err, SVMS_E_MALFORMED, "listen.https is no ADDRESS:PORT");
    }
    (void)snprintf(host, sizeof host, "%.*s", (int)(is_bracketed ? length - 2 : length),
                   is_bracketed ? text + 1 : text);
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0) {
        return fail(err, SVMS_E_MALFORMED, "listen.https is no ADDRESS:PORT");
    }
    memcpy(out, found->ai_addr, found->ai_addrlen);
    *size = found->ai_addrlen;
    freeaddrinfo(found);
    return SVMS_OK;
}

static void loop_ends(void *user)
{
    const onvif_thread *self = user;
    (void)event_base_loopbreak(self->base);
}

static void on_bell(evutil_socket_t socket, short what, void *user)
{
    onvif_thread *self = user;
    const struct timeval patience = { FAREWELL_S, 0 };
    (void)socket;
    (void)what;
    onvif_discovery_stop(&self->discovery);
    onvif_stop(self->onvif, loop_ends, self);
    (void)event_base_loopexit(self->base, &patience);
}

static void *run(void *user)
{
    onvif_thread *self = user;
    (void)event_base_dispatch(self->base);
    return NULL;
}

static svms_status open_loop(onvif_thread *self, svms_error *err)
{
    self->base = event_base_new();
    self->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!self->base || self->bell < 0) {
        return fail(err, SVMS_E_NO_MEMORY, "no event loop for ONVIF");
    }
    self->bell_event = event_new(self->base, self->bell, EV_READ, on_bell, self);
    return self->bell_event && event_add(self->bell_event, NULL) == 0
               ? SVMS_OK
               : fail(err, SVMS_E_NO_MEMORY, "no event loop for ONVIF");
}

static svms_status open_service(onvif_thread *self, svms_error *err)
{
    struct sockaddr_storage place;
    socklen_t size = 0;
    svms_status status = find_place(self->options.listen, &place, &size, err);
    if (status != SVMS_OK) {
        return status;
    }
    const onvif_options options = { .parts = self->options.parts,
                                    .base = self->base,
                                    .tls = self->tls,
                                    .listen = (const struct sockaddr *)&place,
                                    .listen_size = size,
                                    .restart = self->options.restart,
                                    .user = self->options.user };
    status = onvif_start(&self->onvif, &options, err);
    return status == SVMS_OK
               ? onvif_discovery_start(&self->discovery, self->base, self->options.parts,
                                       onvif_address(self->onvif), err)
               : status;
}

svms_status onvif_thread_start(onvif_thread **out, const onvif_thread_options *options,
                               svms_error *err)
{
    onvif_thread *self = calloc(1, sizeof *self);
    if (!self) {
        return fail(err, SVMS_E_NO_MEMORY, "out of memory");
    }
    self->options = *options;
    self->bell = -1;
    svms_status status = open_tls(self, err);
    if (status == SVMS_OK) {
        status = open_loop(self, err);
    }
    if (status == SVMS_OK) {
        status = open_service(self, err);
    }
    if (status == SVMS_OK) {
        self->has_thread = pthread_create(&self->thread, NULL, run, self) == 0;
        status = self->has_thread ? SVMS_OK : fail(err, SVMS_E_IO, "no thread for ONVIF");
    }
    if (status != SVMS_OK) {
        onvif_thread_stop(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

const char *onvif_thread_address(const onvif_thread *self)
{
    return onvif_address(self->onvif);
}

svms_status onvif_thread_reload(onvif_thread *self, svms_error *err)
{
    svms_tls_credentials credentials = SVMS_TLS_CREDENTIALS_INIT;
    const camera_parts *parts = self->options.parts;
    const camera_papers *papers = camera_identity_take(parts->identity);
    fill(&credentials, papers);
    svms_status status = svms_tls_context_reload(self->tls, &credentials, err);
    camera_identity_give(parts->identity, &papers);
    return status;
}

void onvif_thread_stop(onvif_thread **self)
{
    if (!self || !*self) {
        return;
    }
    if ((*self)->has_thread) {
        const uint64_t one = 1;
        ssize_t written = write((*self)->bell, &one, sizeof one);
        (void)written;
        (void)pthread_join((*self)->thread, NULL);
    }
    onvif_discovery_stop(&(*self)->discovery);
    onvif_close(&(*self)->onvif);
    if ((*self)->bell_event) {
        event_free((*self)->bell_event);
    }
    if ((*self)->base) {
        event_base_free((*self)->base);
    }
    if ((*self)->bell >= 0) {
        (void)close((*self)->bell);
    }
    svms_tls_context_free(&(*self)->tls);
    free(*self);
    *self = NULL;
}
