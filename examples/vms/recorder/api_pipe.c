/* SPDX-License-Identifier: Apache-2.0 */
#include "api_pipe.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PIECE_SIZE ((size_t)256 * 1024)

struct api_pipe {
    recorder_web *web;
    web_exchange *exchange; /* of the event loop; NULL: it has ended */
    api_pipe_calls calls;
    pthread_mutex_t mutex; /* of all that follows */
    pthread_cond_t changed;
    uint8_t *piece;
    size_t size;
    bool is_full; /* the piece waits to be taken */
    bool must_stop;
    bool thread_is_done;
    bool is_good;
    bool was_sent;
    unsigned posts; /* on their way to the event loop */
};

static void release(api_pipe *self)
{
    (void)pthread_cond_destroy(&self->changed);
    (void)pthread_mutex_destroy(&self->mutex);
    free(self->piece);
    free(self);
}

/* What came, or the end. The mutex is held. */
static void give_on(api_pipe *self)
{
    if (!self->exchange) {
        return;
    }
    if (self->is_full && web_stream_write(self->exchange, self->piece, self->size)) {
        self->is_full = false;
        (void)pthread_cond_broadcast(&self->changed);
    }
    if (!self->thread_is_done || (self->is_full && self->is_good)) {
        return;
    }
    /* ended() may be called at once. */
    web_exchange *exchange = self->exchange;
    bool is_good = self->is_good;
    pthread_mutex_unlock(&self->mutex);
    if (is_good) {
        web_stream_end(exchange);
    } else {
        web_stream_abort(exchange);
    }
    pthread_mutex_lock(&self->mutex);
}

static void finish(api_pipe *self)
{
    pthread_mutex_lock(&self->mutex);
    bool is_over = !self->exchange && self->thread_is_done && self->posts == 0;
    pthread_mutex_unlock(&self->mutex);
    if (is_over) {
        self->calls.over(self->calls.user, self->was_sent);
        release(self);
    }
}

static void posted(void *user)
{
    api_pipe *self = user;
    pthread_mutex_lock(&self->mutex);
    /* Kept until the end of this call, so that ended() releases nothing. */
    give_on(self);
    self->posts--;
    pthread_mutex_unlock(&self->mutex);
    finish(self);
}

static void writable(void *user, web_exchange *exchange)
{
    api_pipe *self = user;
    (void)exchange;
    pthread_mutex_lock(&self->mutex);
    self->posts++;
    give_on(self);
    self->posts--;
    pthread_mutex_unlock(&self->mutex);
    finish(self);
}

static void ended(void *user, web_exchange *exchange, bool was_sent)
{
    api_pipe *self = user;
    (void)exchange;
    pthread_mutex_lock(&self->mutex);
    self->exchange = NULL;
    self->was_sent = was_sent;
    self->must_stop = true;
    (void)pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->mutex);
    finish(self);
}

/* The mutex is held. Without memory the event loop is tried again: it must hear of the end. */
static void post(api_pipe *self)
{
    const struct timespec pause = { 0, 10000000 };
    self->posts++;
    while (!web_post(self->web->server, posted, self)) {
        pthread_mutex_unlock(&self->mutex);
        (void)nanosleep(&pause, NULL);
        pthread_mutex_lock(&self->mutex);
    }
}

bool api_pipe_write(api_pipe *self, const void *data, size_t size)
{
    const uint8_t *from = data;
    bool goes_on = true;
    pthread_mutex_lock(&self->mutex);
    while (goes_on && size > 0) {
        while (self->is_full && !self->must_stop) {
            pthread_cond_wait(&self->changed, &self->mutex);
        }
        goes_on = !self->must_stop;
        if (goes_on) {
            self->size = size < PIECE_SIZE ? size : PIECE_SIZE;
            memcpy(self->piece, from, self->size);
            self->is_full = true;
            from += self->size;
            size -= self->size;
            post(self);
        }
    }
    pthread_mutex_unlock(&self->mutex);
    return goes_on;
}

bool api_pipe_wait(api_pipe *self, uint64_t ms)
{
    struct timespec until = { 0, 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&self->mutex);
    int waited = 0;
    while (!self->must_stop && waited == 0) {
        waited = pthread_cond_timedwait(&self->changed, &self->mutex, &until);
    }
    bool goes_on = !self->must_stop;
    pthread_mutex_unlock(&self->mutex);
    return goes_on;
}

void api_pipe_stop(api_pipe *self)
{
    pthread_mutex_lock(&self->mutex);
    self->must_stop = true;
    (void)pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->mutex);
}

static void work(void *user)
{
    api_pipe *self = user;
    bool is_good = self->calls.work(self->calls.user, self);
    pthread_mutex_lock(&self->mutex);
    self->thread_is_done = true;
    self->is_good = is_good;
    post(self);
    pthread_mutex_unlock(&self->mutex);
}

static api_pipe *make(recorder_web *web, web_exchange *exchange, const api_pipe_calls *calls)
{
    pthread_condattr_t monotonic;
    api_pipe *self = calloc(1, sizeof *self);
    uint8_t *piece = self ? malloc(PIECE_SIZE) : NULL;
    if (!piece) {
        free(self);
        return NULL;
    }
    self->web = web;
    self->exchange = exchange;
    self->calls = *calls;
    self->piece = piece;
    (void)pthread_mutex_init(&self->mutex, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&self->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    return self;
}

api_pipe *api_pipe_begin(recorder_web *web, web_exchange *exchange, const char *type,
                         const web_pair *fields, const api_pipe_calls *calls)
{
    static const web_events events = { .ended = ended, .writable = writable };
    api_pipe *self = make(web, exchange, calls);
    if (!self || !api_thread(web, work, self)) {
        if (self) {
            release(self);
        }
        return NULL;
    }
    /* What the thread posts comes after this. */
    web_listen(exchange, &events, self);
    web_stream_begin(exchange, HTTP_OK, type, WEB_LENGTH_UNKNOWN, fields);
    return self;
}
