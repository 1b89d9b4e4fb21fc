/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <stream_clock.h>
#include <stream_pull.h>

#include "camera_access.h"
#include "camera_feed.h"
#include "camera_patience.h"
#include "camera_tell.h"
#include "certificate_watch.h"
#include "edge_join.h"
#include "recorder_failure.h"

/* So that a lost camera is known within 5 seconds, with all that is around it. */
#define SILENCE_NS (3 * STREAM_SECOND)
#define LOOK_NS STREAM_SECOND
#define FLUSH_WAIT_S 3
#define STACK_SIZE ((size_t)1 << 20)

struct camera_worker {
    camera_worker_options options;
    const char *id;
    camera_access *access;
    camera_feed *feed;
    live_hub *hub;
    certificate_watch *certificates;
    edge_join *edge; /* NULL: it records nothing itself */
    int bell;        /* eventfd: somebody wishes something */
    pthread_t thread;
    bool is_running;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t flushed;
    bool is_dismissed;
    bool is_to_judge;
    bool is_to_try; /* at once, without waiting any longer */
    uint64_t flush_wanted;
    uint64_t flush_done;
    camera_status status;

    /* Of the thread alone. */
    camera_patience patience;
    camera_condition told; /* CAMERA_WAITS: nothing yet */
    bool is_known;         /* whose certificate it has, of this connection */
    bool is_revoked;
    uint64_t began_ns; /* media of this connection; 0: none yet */
    uint64_t look_at;
    stream_pull_counts counts_before; /* of connections that are over */
};

static void ring(camera_worker *self)
{
    const uint64_t one = 1;
    (void)!write(self->bell, &one, sizeof one);
}

static bool is_dismissed(camera_worker *self)
{
    pthread_mutex_lock(&self->lock);
    bool so = self->is_dismissed;
    pthread_mutex_unlock(&self->lock);
    return so;
}

static void become(camera_worker *self, camera_condition condition, const char *words)
{
    pthread_mutex_lock(&self->lock);
    if (self->status.condition != condition) {
        self->status.since_utc_ns = recorder_now();
    }
    self->status.condition = condition;
    (void)snprintf(self->status.words, sizeof self->status.words, "%.159s", words);
    pthread_mutex_unlock(&self->lock);
}

static void become_found(camera_worker *self)
{
    self->told = CAMERA_RECORDS;
    become(self, CAMERA_RECORDS, "");
    camera_tell_found(self->options.parts, self->id);
    if (self->edge) {
        edge_join_wake(self->edge);
    }
}

/* Told once, however many tries fail. */
static void become_lost(camera_worker *self, const camera_trouble *trouble)
{
    camera_condition condition = trouble->is_refused ? CAMERA_REFUSED : CAMERA_LOST;
    become(self, condition, trouble->words);
    if (self->told != condition) {
        camera_tell_trouble(self->options.parts, self->id, trouble);
    }
    self->told = condition;
}

static void serve_flush(camera_worker *self)
{
    pthread_mutex_lock(&self->lock);
    uint64_t wanted = self->flush_wanted;
    bool is_wanted = wanted != self->flush_done;
    pthread_mutex_unlock(&self->lock);
    if (is_wanted) {
        camera_feed_flush(self->feed);
        pthread_mutex_lock(&self->lock);
        self->flush_done = wanted;
        pthread_cond_broadcast(&self->flushed);
        pthread_mutex_unlock(&self->lock);
    }
}

/* What can be seen from outside. pull NULL: there is no connection. */
static void show(camera_worker *self, const stream_pull *pull)
{
    camera_feed_state feed;
    stream_pull_counts counts;
    memset(&counts, 0, sizeof counts);
    camera_feed_look(self->feed, &feed);
    if (pull) {
        stream_pull_count(pull, &counts);
    }
    pthread_mutex_lock(&self->lock);
    self->status.packets = self->counts_before.packets + counts.packets;
    self->status.lost = self->counts_before.lost + counts.lost;
    self->status.verdicts = feed.verdicts;
    self->status.bad = feed.bad;
    self->status.store = feed.store;
    if (self->status.condition == CAMERA_RECORDS) {
        (void)snprintf(self->status.words, sizeof self->status.words, "%s", feed.words);
    }
    pthread_mutex_unlock(&self->lock);
}

static void look(camera_worker *self, const stream_pull *pull)
{
    uint64_t now = stream_clock();
    if (now >= self->look_at) {
        self->look_at = now + LOOK_NS;
        camera_feed_tend(self->feed);
        certificate_watch_look(self->certificates);
        show(self, pull);
    }
}

/* Who is there, and whether he still may be. */
static void look_at_peer(camera_worker *self, stream_pull *pull)
{
    size_t size = 0;
    const svms_tls *tls = stream_pull_tls(pull);
    const svms_chain *chain = tls ? svms_tls_peer_chain(tls) : NULL;
    const uint8_t *certificate = tls ? svms_tls_peer_der(tls, 0, &size) : NULL;
    if (!chain || !certificate) {
        return;
    }
    if (!self->is_known) {
        self->is_known = true;
        certificate_watch_take(self->certificates, "camera", chain);
    }
    pthread_mutex_lock(&self->lock);
    bool is_to_judge = self->is_to_judge;
    self->is_to_judge = false;
    pthread_mutex_unlock(&self->lock);
    if (is_to_judge && camera_access_is_revoked(self->access, certificate, size)) {
        self->is_revoked = true;
        stream_pull_stop(pull);
    }
}

/* Waits for the camera, for a wish, or for time. */
static bool wait_for_all(camera_worker *self, const stream_pull *pull, struct pollfd *ready,
                         size_t *count)
{
    ready[0] = (struct pollfd){ self->bell, POLLIN, 0 };
    *count = stream_pull_poll(pull, ready + 1);
    uint64_t now = stream_clock();
    uint64_t until = stream_pull_wait(pull);
    until = until < self->look_at ? until : self->look_at;
    uint64_t ms = until > now ? (until - now) / 1000000 + 1 : 0;
    int found = poll(ready, (nfds_t)(*count + 1), ms < 1000 ? (int)ms : 1000);
    if (found > 0 && (ready[0].revents & POLLIN) != 0) {
        uint64_t rings = 0;
        (void)!read(self->bell, &rings, sizeof rings);
    }
    return found > 0;
}

static stream_pull_end follow(camera_worker *self, stream_pull *pull)
{
    struct pollfd ready[STREAM_PULL_POLL_MAX + 1];
    stream_pull_end end = STREAM_PULL_GOES_ON;
    while (end == STREAM_PULL_GOES_ON) {
        size_t count = 0;
        bool found = wait_for_all(self, pull, ready, &count);
        if (is_dismissed(self)) {
            stream_pull_stop(pull);
        }
        end = stream_pull_step(pull, found ? ready + 1 : NULL, count);
        if (self->began_ns == 0 && camera_feed_samples(self->feed) > 0) {
            self->began_ns = stream_clock();
            become_found(self);
        }
        serve_flush(self);
        look_at_peer(self, pull);
        look(self, pull);
    }
    return end;
}

/* What will be the same in a second: somebody has to do something. */
static bool is_refusal(stream_pull_end end)
{
    return end == STREAM_PULL_UNTRUSTED || end == STREAM_PULL_DENIED || end == STREAM_PULL_POLICY ||
           end == STREAM_PULL_REDIRECTED || end == STREAM_PULL_EMPTY;
}

static bool tell_end(camera_worker *self, const stream_pull *pull, stream_pull_end end)
{
    svms_tls_peer peer = SVMS_TLS_PEER_INIT;
    const svms_tls *tls = stream_pull_tls(pull);
    camera_trouble trouble = { is_refusal(end), stream_pull_end_name(end),
                               stream_pull_why(pull)->message, NULL };
    if (self->is_revoked) {
        trouble.is_refused = true;
        trouble.kind = stream_pull_end_name(STREAM_PULL_UNTRUSTED);
        trouble.words = "its certificate was revoked";
    }
    if (tls && svms_tls_peer_info(tls, &peer, NULL) == SVMS_OK) {
        trouble.certificate = peer.certificate.sha256;
    }
    become_lost(self, &trouble);
    return trouble.is_refused;
}

static svms_status call(camera_worker *self, camera_login *login, stream_pull **pull,
                        svms_error *err)
{
    stream_pull_options options;
    const recorded_camera *camera = self->options.camera;
    memset(&options, 0, sizeof options);
    svms_status status = camera_access_login(self->access, login, err);
    if (status != SVMS_OK) {
        return status;
    }
    options.url = camera->url;
    options.from = self->options.parts->settings->camera_address;
    options.interface = self->options.parts->settings->camera_interface;
    options.tls = camera_access_tls(self->access);
    options.pin = camera->is_pinned ? camera->pin : NULL;
    options.user_name = camera->user;
    options.password = login->password;
    options.silence_ns = SILENCE_NS;
    options.events = &camera_feed_events;
    options.user = self->feed;
    return stream_pull_open(pull, self->options.parts->ctx, &options, err);
}

/* One connection, from beginning to end; how long to wait behind it. */
static uint64_t connect_once(camera_worker *self)
{
    svms_error err = SVMS_ERROR_INIT;
    camera_login login = CAMERA_LOGIN_INIT;
    stream_pull *pull = NULL;
    uint32_t chance = 0;
    bool is_refused = true;
    self->is_known = false;
    self->is_revoked = false;
    self->began_ns = 0;
    (void)!getrandom(&chance, sizeof chance, GRND_NONBLOCK);
    if (call(self, &login, &pull, &err) != SVMS_OK) {
        const camera_trouble trouble = { true, "set up", err.message, NULL };
        become_lost(self, &trouble);
    } else {
        camera_feed_connect(self->feed, pull);
        stream_pull_end end = follow(self, pull);
        bool is_wanted = end == STREAM_PULL_STOPPED && !self->is_revoked;
        camera_feed_disconnect(self->feed, !is_wanted);
        if (!is_wanted) {
            is_refused = tell_end(self, pull, end);
        }
        stream_pull_counts counts;
        stream_pull_count(pull, &counts);
        self->counts_before.packets += counts.packets;
        self->counts_before.lost += counts.lost;
    }
    stream_pull_free(&pull);
    camera_login_wipe(&login);
    pthread_mutex_lock(&self->lock);
    self->status.connections += self->began_ns > 0 ? 1 : 0;
    pthread_mutex_unlock(&self->lock);
    uint64_t held = self->began_ns > 0 ? stream_clock() - self->began_ns : 0;
    return camera_patience_next(&self->patience, held, is_refused, chance);
}

/* What refused it before may have been mended. */
static bool has_other_papers(camera_worker *self)
{
    pthread_mutex_lock(&self->lock);
    bool has = self->is_to_try;
    self->is_to_try = false;
    pthread_mutex_unlock(&self->lock);
    return has;
}

static void pause_for(camera_worker *self, uint64_t span_ns)
{
    uint64_t until = stream_clock() + span_ns;
    for (uint64_t now = stream_clock();
         now < until && !is_dismissed(self) && !has_other_papers(self); now = stream_clock()) {
        struct pollfd bell = { self->bell, POLLIN, 0 };
        uint64_t ms = (until - now) / 1000000 + 1;
        if (poll(&bell, 1, ms < 1000 ? (int)ms : 1000) > 0) {
            uint64_t rings = 0;
            (void)!read(self->bell, &rings, sizeof rings);
        }
        serve_flush(self);
        look(self, NULL);
    }
}

static void *work(void *user)
{
    camera_worker *self = user;
    camera_feed_tend(self->feed);
    while (!is_dismissed(self)) {
        uint64_t span = connect_once(self);
        show(self, NULL);
        pause_for(self, span);
    }
    camera_feed_free(&self->feed);
    pthread_mutex_lock(&self->lock);
    self->flush_done = self->flush_wanted;
    pthread_cond_broadcast(&self->flushed);
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

static svms_status make_parts(camera_worker *self, svms_error *err)
{
    const camera_worker_options *is = &self->options;
    self->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->bell < 0) {
        return recorder_fail(err, SVMS_E_IO, errno, "%s: no event handle", self->id);
    }
    svms_status status =
        camera_access_new(&self->access, is->parts->ctx, is->camera, is->chain, is->key, err);
    if (status == SVMS_OK) {
        status = live_hub_new(&self->hub, NULL, err);
    }
    if (status == SVMS_OK) {
        status = certificate_watch_new(&self->certificates, is->parts, self->id, err);
    }
    if (status == SVMS_OK) {
        const camera_feed_options options = { is->parts, is->camera,  is->keys,
                                              self->hub, is->trouble, is->user };
        status = camera_feed_new(&self->feed, &options, err);
    }
    if (status == SVMS_OK && is->camera->edge_url) {
        const edge_join_options options = {
            is->parts, is->camera, is->keys, self->access, 0, false
        };
        status = edge_join_new(&self->edge, &options, err);
    }
    return status;
}

svms_status camera_worker_new(camera_worker **out, const camera_worker_options *options,
                              svms_error *err)
{
    pthread_condattr_t monotonic;
    camera_worker *self = calloc(1, sizeof *self);
    if (!self) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    self->options = *options;
    self->id = options->camera->id;
    self->status.since_utc_ns = recorder_now();
    self->status.store.last_utc_ns = SVMS_NO_TIME;
    pthread_mutex_init(&self->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&self->flushed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    svms_status status = make_parts(self, err);
    self->options.chain = NULL;
    self->options.key = NULL;
    if (status != SVMS_OK) {
        camera_worker_free(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

svms_status camera_worker_start(camera_worker *self, svms_error *err)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
    int failure = pthread_create(&self->thread, &attributes, work, self);
    pthread_attr_destroy(&attributes);
    self->is_running = failure == 0;
    return failure == 0 ? SVMS_OK
                        : recorder_fail(err, SVMS_E_IO, failure, "%s: no thread: %s", self->id,
                                        strerror(failure));
}

live_hub *camera_worker_hub(camera_worker *self)
{
    return self->hub;
}

void camera_worker_look(camera_worker *self, camera_status *out)
{
    pthread_mutex_lock(&self->lock);
    *out = self->status;
    pthread_mutex_unlock(&self->lock);
    live_hub_count(self->hub, &out->live);
}

void camera_worker_flush(camera_worker *self)
{
    struct timespec limit;
    (void)clock_gettime(CLOCK_MONOTONIC, &limit);
    limit.tv_sec += FLUSH_WAIT_S;
    pthread_mutex_lock(&self->lock);
    uint64_t wanted = ++self->flush_wanted;
    ring(self);
    int failure = 0;
    while (self->is_running && self->flush_done < wanted && failure == 0) {
        failure = pthread_cond_timedwait(&self->flushed, &self->lock, &limit);
    }
    pthread_mutex_unlock(&self->lock);
}

svms_status camera_worker_reload(camera_worker *self, const svms_chain *chain,
                                 const svms_private_key *key, svms_error *err)
{
    svms_status status = camera_access_reload(self->access, chain, key, err);
    if (status == SVMS_OK) {
        pthread_mutex_lock(&self->lock);
        self->is_to_judge = true;
        self->is_to_try = true;
        pthread_mutex_unlock(&self->lock);
        ring(self);
    }
    return status;
}

void camera_worker_dismiss(camera_worker *self)
{
    pthread_mutex_lock(&self->lock);
    self->is_dismissed = true;
    pthread_mutex_unlock(&self->lock);
    ring(self);
}

void camera_worker_free(camera_worker **worker)
{
    if (!worker || !*worker) {
        return;
    }
    camera_worker *self = *worker;
    if (self->is_running) {
        camera_worker_dismiss(self);
        (void)pthread_join(self->thread, NULL);
    }
    edge_join_free(&self->edge);
    camera_feed_free(&self->feed);
    certificate_watch_free(&self->certificates);
    live_hub_free(&self->hub);
    camera_access_free(&self->access);
    if (self->bell >= 0) {
        (void)close(self->bell);
    }
    pthread_cond_destroy(&self->flushed);
    pthread_mutex_destroy(&self->lock);
    free(self);
    *worker = NULL;
}
