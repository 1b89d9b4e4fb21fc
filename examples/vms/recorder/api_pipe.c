/* SPDX-License-Identifier: Apache-2.0 */
#include "api_pipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PIECE_SIZE ((size_t)256 * 1024)
/* Until the first byte. */
#define ANSWER_MS 600000

struct api_pipe {
    recorder_web *web;
    web_exchange *exchange; /* of the event loop; NULL: it has ended */
    const char *type;
    const web_pair *fields;
    api_pipe_calls calls;
    pthread_mutex_t mutex; /* of all that follows */
    pthread_cond_t changed;
    uint8_t *piece;
    size_t size;
    bool is_full; /* the piece waits to be taken */
    bool has_begun;
    bool must_end;
    bool is_cut; /* nobody takes anything */
    bool thread_is_done;
    bool is_good;
    bool was_sent;
    http_status refusal;
    char words[120];
    unsigned posts; /* on their way to the event loop */
};

static void release(api_pipe *self)
{
    (void)pthread_cond_destroy(&self->changed);
    (void)pthread_mutex_destroy(&self->mutex);
    free(self->piece);
    free(self);
}

/* The mutex is held; a stream calls nobody while it begins. */
static void begin_answer(api_pipe *self)
{
    if (self->has_begun) {
        return;
    }
    self->has_begun = true;
    if (self->calls.begun) {
        self->calls.begun(self->calls.user);
    }
    web_stream_begin(self->exchange, HTTP_OK, self->type, WEB_LENGTH_UNKNOWN, self->fields);
}

/* The mutex is not held: ended() may be called at once. */
static void end_answer(web_exchange *exchange, const api_pipe *self, bool has_begun, bool is_good)
{
    if (!has_begun) {
        api_refuse(exchange, self->refusal, self->words);
    } else if (is_good) {
        web_stream_end(exchange);
    } else {
        web_stream_abort(exchange);
    }
}

/* What came, or the end. The mutex is held. */
static void give_on(api_pipe *self)
{
    if (!self->exchange) {
        return;
    }
    if (self->is_full || (self->thread_is_done && self->is_good)) {
        begin_answer(self);
    }
    if (self->is_full && web_stream_write(self->exchange, self->piece, self->size)) {
        self->is_full = false;
        (void)pthread_cond_broadcast(&self->changed);
    }
    if (!self->thread_is_done || (self->is_full && self->is_good)) {
        return;
    }
    web_exchange *exchange = self->exchange;
    bool has_begun = self->has_begun;
    bool is_good = self->is_good;
    pthread_mutex_unlock(&self->mutex);
    end_answer(exchange, self, has_begun, is_good);
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
    self->must_end = true;
    self->is_cut = true;
    (void)pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->mutex);
    finish(self);
}

/* The server ends streams as they are where nobody says otherwise; this one is told by its owner.
 */
static void stopping(void *user, web_exchange *exchange)
{
    (void)user;
    (void)exchange;
}

/* The mutex is held, and let go meanwhile. */
static void post(api_pipe *self)
{
    self->posts++;
    pthread_mutex_unlock(&self->mutex);
    api_post(self->web, posted, self);
    pthread_mutex_lock(&self->mutex);
}

bool api_pipe_write(api_pipe *self, const void *data, size_t size)
{
    const uint8_t *from = data;
    bool goes_on = true;
    pthread_mutex_lock(&self->mutex);
    while (goes_on && size > 0) {
        while (self->is_full && !self->is_cut) {
            pthread_cond_wait(&self->changed, &self->mutex);
        }
        goes_on = !self->is_cut;
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
    while (!self->must_end && waited == 0) {
        waited = pthread_cond_timedwait(&self->changed, &self->mutex, &until);
    }
    bool goes_on = !self->must_end;
    pthread_mutex_unlock(&self->mutex);
    return goes_on;
}

void api_pipe_refuse(api_pipe *self, http_status status, const char *words)
{
    pthread_mutex_lock(&self->mutex);
    self->refusal = status;
    (void)snprintf(self->words, sizeof self->words, "%s", words);
    pthread_mutex_unlock(&self->mutex);
}

static void end(api_pipe *self, bool is_cut)
{
    pthread_mutex_lock(&self->mutex);
    self->must_end = true;
    self->is_cut = self->is_cut || is_cut;
    (void)pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->mutex);
}

void api_pipe_stop(api_pipe *self)
{
    end(self, false);
}

void api_pipe_cut(api_pipe *self)
{
    end(self, true);
}

static void work(void *user)
{
    api_pipe *self = user;
    recorder_web *web = self->web;
    bool is_good = self->calls.work(self->calls.user, self);
    pthread_mutex_lock(&self->mutex);
    self->thread_is_done = true;
    self->is_good = is_good;
    self->posts++;
    pthread_mutex_unlock(&self->mutex);
    /* The last that it does: the event loop may release the pipe in this moment. */
    api_post(web, posted, self);
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
    self->refusal = HTTP_INTERNAL;
    (void)snprintf(self->words, sizeof self->words, "it cannot be given");
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
    static const web_events events = { .ended = ended, .writable = writable, .stopping = stopping };
    api_pipe *self = make(web, exchange, calls);
    if (!self) {
        return NULL;
    }
    self->type = type;
    self->fields = fields;
    if (!api_thread(web, work, self)) {
        release(self);
        return NULL;
    }
    /* What the thread posts comes after this. */
    web_listen(exchange, &events, self);
    web_take_time(exchange, ANSWER_MS);
    return self;
}
