/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_web.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "api_internal.h"
#include "recorder_failure.h"

/* How long clients have to take their last answers. */
#define FAREWELL_S 3
#define BODY_MAX 262144
/* From one address, until tokens from there are not looked at any more for some minutes. */
#define FAILURES 10
/* Permission is asked for again so long before it ends. */
#define AHEAD_NS INT64_C(5000000000)

static const struct {
    const char *method;
    const char *path;
    web_handler handle;
} places[] = {
    { "GET", "/v1/status", api_status },
    { "GET", "/v1/cameras", api_cameras },
    { "GET", "/v1/cameras/{id}", api_camera_one },
    { "GET", "/v1/cameras/{id}/recorded", api_recorded },
    { "GET", "/v1/cameras/{id}/live", api_live },
    { "GET", "/v1/cameras/{id}/playback", api_playback },
    { "GET", "/v1/cameras/{id}/thumbnail", api_thumbnail },
    { "POST", "/v1/cameras/{id}/erase", api_erase },
    { "GET", "/v1/events", api_events },
    { "GET", "/v1/locks", api_locks },
    { "POST", "/v1/locks", api_lock },
    { "DELETE", "/v1/locks/{id}", api_unlock },
    { "POST", "/v1/exports", api_export },
};
#define PLACES (sizeof places / sizeof places[0])

static void note(void *user, web_trouble trouble, const char *address, const char *words)
{
    const recorder_web *self = user;
    service_log(self->options.parts->service, trouble == WEB_FAILED ? SERVICE_ERROR : SERVICE_INFO,
                "HTTPS: %s%s%s", address ? address : "", address ? ": " : "", words);
}

static void stopped(void *user)
{
    const recorder_web *self = user;
    (void)event_base_loopbreak(self->base);
}

/* A stream may end itself, and nobody else, while it is asked. */
static void judge(recorder_web *self, bool all)
{
    int64_t soon = recorder_now() + AHEAD_NS;
    api_stream *next = NULL;
    for (api_stream *stream = self->streams; stream; stream = next) {
        next = stream->next;
        if (all || stream->valid_until_utc_ns <= soon) {
            stream->judge(stream);
        }
    }
}

static void on_second(evutil_socket_t socket, short what, void *user)
{
    (void)socket;
    (void)what;
    recorder_web *self = user;
    judge(self, false);
    for (api_stream *stream = self->streams; stream; stream = stream->next) {
        if (stream->tend) {
            stream->tend(stream);
        }
    }
}

static void on_bell(evutil_socket_t socket, short what, void *user)
{
    recorder_web *self = user;
    const struct timeval patience = { FAREWELL_S, 0 };
    uint64_t rings = 0;
    ssize_t got = read(socket, &rings, sizeof rings);
    (void)got;
    (void)what;
    if (atomic_exchange(&self->must_judge, false)) {
        judge(self, true);
    }
    if (!atomic_load(&self->must_stop) || self->is_stopping) {
        return;
    }
    self->is_stopping = true;
    api_stream *next = NULL;
    for (api_stream *stream = self->streams; stream; stream = next) {
        next = stream->next;
        stream->stop(stream);
    }
    web_stop(self->server);
    (void)event_base_loopexit(self->base, &patience);
}

static void ring(recorder_web *self)
{
    const uint64_t one = 1;
    ssize_t written = write(self->bell, &one, sizeof one);
    (void)written;
}

static svms_status open_loop(recorder_web *self, svms_error *err)
{
    const struct timeval second = { 1, 0 };
    const web_lockout_options limits = { .failures = FAILURES };
    self->base = event_base_new();
    self->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!self->base || self->bell < 0) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "no event loop for HTTPS");
    }
    self->bell_event = event_new(self->base, self->bell, EV_READ | EV_PERSIST, on_bell, self);
    self->second = event_new(self->base, -1, EV_PERSIST, on_second, self);
    self->lockout = web_lockout_new(&limits);
    bool is_good = self->bell_event && self->second && self->lockout &&
                   event_add(self->bell_event, NULL) == 0 && event_add(self->second, &second) == 0;
    return is_good ? SVMS_OK : recorder_fail(err, SVMS_E_NO_MEMORY, 0, "no event loop for HTTPS");
}

static svms_status open_server(recorder_web *self, svms_error *err)
{
    web_route routes[PLACES];
    for (size_t i = 0; i < PLACES; i++) {
        routes[i] = (web_route){ .method = places[i].method,
                                 .path = places[i].path,
                                 .handle = places[i].handle,
                                 .user = self,
                                 .body_max = BODY_MAX };
    }
    const web_options serving = { .base = self->base,
                                  .context = self->options.tls,
                                  .listener = self->options.listener,
                                  .routes = routes,
                                  .route_count = PLACES,
                                  .limits = { .queue_bytes = API_QUEUE_BYTES },
                                  .log = note,
                                  .stopped = stopped,
                                  .user = self };
    svms_status status = web_open(&self->server, &serving, err);
    self->options.listener = status == SVMS_OK ? -1 : self->options.listener;
    return status;
}

typedef struct api_work {
    recorder_web *web;
    void (*work)(void *user);
    void *user;
} api_work;

static void *run_work(void *user)
{
    api_work *self = user;
    recorder_web *web = self->web;
    self->work(self->user);
    free(self);
    pthread_mutex_lock(&web->mutex);
    web->threads--;
    pthread_cond_broadcast(&web->thread_left);
    pthread_mutex_unlock(&web->mutex);
    return NULL;
}

bool api_thread(recorder_web *web, void (*work)(void *user), void *user)
{
    pthread_t thread;
    api_work *self = calloc(1, sizeof *self);
    if (!self) {
        return false;
    }
    *self = (api_work){ web, work, user };
    pthread_mutex_lock(&web->mutex);
    web->threads++;
    pthread_mutex_unlock(&web->mutex);
    if (pthread_create(&thread, NULL, run_work, self) == 0) {
        (void)pthread_detach(thread);
        return true;
    }
    pthread_mutex_lock(&web->mutex);
    web->threads--;
    pthread_mutex_unlock(&web->mutex);
    free(self);
    return false;
}

void api_post(recorder_web *web, void (*run)(void *user), void *user)
{
    const struct timespec pause = { 0, 10000000 };
    while (!web_post(web->server, run, user)) {
        (void)nanosleep(&pause, NULL);
    }
}

/* The event loop has ended: nobody takes anything any more. */
static void cut_streams(recorder_web *self)
{
    for (api_stream *stream = self->streams; stream; stream = stream->next) {
        if (stream->cut) {
            stream->cut(stream);
        }
    }
}

static void wait_for_threads(recorder_web *self)
{
    pthread_mutex_lock(&self->mutex);
    while (self->threads > 0) {
        pthread_cond_wait(&self->thread_left, &self->mutex);
    }
    pthread_mutex_unlock(&self->mutex);
}

static void *run(void *user)
{
    const recorder_web *self = user;
    (void)event_base_dispatch(self->base);
    return NULL;
}

svms_status recorder_web_start(recorder_web **out, const recorder_web_options *options,
                               svms_error *err)
{
    recorder_web *self = calloc(1, sizeof *self);
    if (!self) {
        (void)close(options->listener);
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    self->options = *options;
    self->bell = -1;
    (void)pthread_mutex_init(&self->mutex, NULL);
    (void)pthread_cond_init(&self->thread_left, NULL);
    svms_status status = open_loop(self, err);
    status = status == SVMS_OK ? open_server(self, err) : status;
    if (status == SVMS_OK) {
        self->has_thread = pthread_create(&self->thread, NULL, run, self) == 0;
        status =
            self->has_thread ? SVMS_OK : recorder_fail(err, SVMS_E_IO, 0, "no thread for HTTPS");
    }
    if (status != SVMS_OK) {
        recorder_web_stop(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

const char *recorder_web_address(const recorder_web *self)
{
    return web_address(self->server);
}

void recorder_web_judge_again(recorder_web *self)
{
    atomic_store(&self->must_judge, true);
    ring(self);
}

void recorder_web_stop(recorder_web **self)
{
    if (!self || !*self) {
        return;
    }
    if ((*self)->has_thread) {
        atomic_store(&(*self)->must_stop, true);
        ring(*self);
        (void)pthread_join((*self)->thread, NULL);
    }
    cut_streams(*self);
    wait_for_threads(*self);
    web_close(&(*self)->server);
    if ((*self)->options.listener >= 0) {
        (void)close((*self)->options.listener);
    }
    web_lockout_free(&(*self)->lockout);
    if ((*self)->bell_event) {
        event_free((*self)->bell_event);
    }
    if ((*self)->second) {
        event_free((*self)->second);
    }
    if ((*self)->base) {
        event_base_free((*self)->base);
    }
    if ((*self)->bell >= 0) {
        (void)close((*self)->bell);
    }
    (void)pthread_cond_destroy(&(*self)->thread_left);
    (void)pthread_mutex_destroy(&(*self)->mutex);
    free(*self);
    *self = NULL;
}
