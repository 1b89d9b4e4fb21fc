/* SPDX-License-Identifier: Apache-2.0 */
#include "edge_join.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include <intake.h>
#include <stream_clock.h>
#include <stream_pull.h>

#include "edge_missing.h"
#include "edge_writer.h"
#include "recorder_failure.h"

/* What a camera does not have any more either is not asked for, for ever. */
#define OLDEST_DAYS 30u
#define DAY_NS (INT64_C(86400) * 1000000000)
#define SHORTEST_RETRY_S 5u
/* The gap stands in the index with the first sample behind it, which may be a moment away when
 * the camera is found. */
#define SECOND_LOOK_S 3u
#define LONGEST_RETRY_S 600u
#define STACK_SIZE ((size_t)1 << 20)
/* Behind a gap, until the next picture that stands alone. */
#define BEHIND_NS (INT64_C(15) * 1000000000)
/* What was recorded so shortly before need not be in the camera's storage yet. */
#define YOUNG_NS (INT64_C(120) * 1000000000)
#define NOT_FOUND 404u
#define NO_SUCH_RANGE 457u

struct edge_join {
    edge_join_options options;
    pthread_t thread;
    bool is_running;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    bool is_ending;
    bool is_woken;
    edge_join_state state;

    /* Of the thread alone. */
    edge_stretches asked; /* that the camera has answered: it has no more of them */
    uint32_t retry_s;     /* 0: nothing failed */
    bool looks_again;     /* since it was woken it has looked once, or something may come yet */
    bool was_told;        /* that it fails */
};

/* One stretch on its way. */
typedef struct edge_fetch {
    edge_join *join;
    intake *intake;
    edge_writer *writer;
    stream_pull_end end;
    uint32_t code; /* of the last answer */
} edge_fetch;

static bool is_ending(void *user)
{
    edge_join *self = user;
    (void)pthread_mutex_lock(&self->lock);
    bool so = self->is_ending;
    (void)pthread_mutex_unlock(&self->lock);
    return so;
}

static bool wants_end(void *user)
{
    const edge_fetch *fetch = user;
    return edge_writer_is_done(fetch->writer) || is_ending(fetch->join);
}

static svms_status on_begin(void *user, const intake_media *media, svms_error *err)
{
    return edge_writer_begin(((edge_fetch *)user)->writer, media, err);
}

static svms_status on_sample(void *user, const svms_sample *sample, svms_error *err)
{
    return edge_writer_put(((edge_fetch *)user)->writer, sample, err);
}

static svms_status on_gap(void *user, svms_gap_reason reason, svms_error *err)
{
    return edge_writer_gap(((edge_fetch *)user)->writer, reason, err);
}

static const intake_calls calls = { on_begin, on_sample, on_gap, NULL, NULL, NULL };

static void on_answer(void *user, const svms_rtsp_client_event *event)
{
    ((edge_fetch *)user)->code = event->status;
}

static svms_status on_tracks(void *user, const stream_pull_track *tracks, size_t count)
{
    return intake_events.tracks(((edge_fetch *)user)->intake, tracks, count);
}

static svms_status on_media(void *user, size_t track, const svms_rtp_event *event, uint64_t now_ns)
{
    return intake_events.media(((edge_fetch *)user)->intake, track, event, now_ns);
}

static const stream_pull_events events = { on_answer, NULL, on_tracks, on_media, NULL };

static svms_status call(edge_fetch *fetch, const edge_stretch *stretch, const char *password,
                        svms_error *err)
{
    const edge_join_options *is = &fetch->join->options;
    const stream_pull_replay replay = { stretch->from_utc_ns, stretch->to_utc_ns + BEHIND_NS, false,
                                        false };
    stream_pull *pull = NULL;
    stream_pull_options options;
    memset(&options, 0, sizeof options);
    options.url = is->camera->edge_url;
    options.from = is->parts->settings->camera_address;
    options.interface = is->parts->settings->camera_interface;
    options.replay = &replay;
    options.tls = is->access ? camera_access_tls(is->access) : NULL;
    options.pin = is->camera->is_pinned ? is->camera->pin : NULL;
    options.clear = is->clear;
    options.user_name = is->camera->user;
    options.password = password;
    options.events = &events;
    options.user = fetch;
    svms_status status = stream_pull_open(&pull, is->parts->ctx, &options, err);
    if (status != SVMS_OK) {
        return status;
    }
    intake_connect(fetch->intake, pull);
    fetch->end = stream_pull_run(pull, wants_end, fetch);
    status = intake_disconnect(fetch->intake, false, err);
    if (status == SVMS_OK) {
        status = intake_failure(fetch->intake, err);
    }
    if (status == SVMS_OK && fetch->end != STREAM_PULL_COMPLETE &&
        fetch->end != STREAM_PULL_STOPPED) {
        status = recorder_fail(err, SVMS_E_IO, 0, "%s: %.160s", stream_pull_end_name(fetch->end),
                               stream_pull_why(pull)->message);
    }
    stream_pull_free(&pull);
    return status;
}

/* Whether the camera says that there is nothing, which it will say again. */
static bool has_nothing(const edge_fetch *fetch)
{
    return fetch->end == STREAM_PULL_REFUSED &&
           (fetch->code == NO_SUCH_RANGE || fetch->code == NOT_FOUND);
}

static void tell(edge_join *self, service_level level, const char *kind,
                 const edge_stretch *stretch, const char *words)
{
    char from[SVMS_TIME_TEXT_SIZE];
    char to[SVMS_TIME_TEXT_SIZE];
    svms_time_format(stretch->from_utc_ns, from);
    svms_time_format(stretch->to_utc_ns, to);
    json_t *data = json_pack("{s:s, s:s}", "from", from, "to", to);
    char *text = data ? json_dumps(data, JSON_COMPACT) : NULL;
    recorder_event(self->options.parts, level, self->options.camera->id, kind, text, words);
    free(text);
    json_decref(data);
}

static void tell_written(edge_join *self, const edge_stretch *stretch, const edge_written *written)
{
    edge_stretch filled = *stretch;
    if (written->samples == 0) {
        return;
    }
    filled.to_utc_ns = written->reached_utc_ns;
    tell(self, SERVICE_NOTICE, "camera.edge-joined", &filled,
         "what was missing came from the camera's own storage");
    (void)pthread_mutex_lock(&self->lock);
    self->state.fetched++;
    (void)pthread_mutex_unlock(&self->lock);
}

static svms_status fetch_with(edge_fetch *fetch, const edge_stretch *stretch, svms_error *err)
{
    edge_join *self = fetch->join;
    camera_login login = CAMERA_LOGIN_INIT;
    const edge_writer_options options = { self->options.parts, self->options.camera,
                                          self->options.keys, *stretch };
    svms_status status = intake_new(&fetch->intake, &calls, fetch, err);
    if (status == SVMS_OK) {
        status = edge_writer_new(&fetch->writer, &options, err);
    }
    if (status == SVMS_OK && self->options.access) {
        status = camera_access_login(self->options.access, &login, err);
    }
    if (status == SVMS_OK) {
        status = call(fetch, stretch, login.password, err);
    }
    camera_login_wipe(&login);
    return status;
}

/* What came of it stays, whatever failed then. */
static svms_status fetch_stretch(edge_join *self, const edge_stretch *stretch, svms_error *err)
{
    edge_fetch fetch = { .join = self, .end = STREAM_PULL_GOES_ON };
    edge_written written = { 0, SVMS_NO_TIME };
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = fetch_with(&fetch, stretch, err);
    bool is_done = fetch.writer && edge_writer_is_done(fetch.writer);
    svms_status closed = edge_writer_close(&fetch.writer, &written, &why);
    intake_free(&fetch.intake);
    if (status == SVMS_OK && closed != SVMS_OK) {
        status = recorder_fail(err, closed, why.os_error, "%s", why.message);
    }
    tell_written(self, stretch, &written);
    bool may_come = !is_done && stretch->to_utc_ns > recorder_now() - YOUNG_NS;
    if (status != SVMS_OK && has_nothing(&fetch)) {
        status = SVMS_OK;
        if (!may_come) {
            tell(self, SERVICE_NOTICE, "camera.edge-empty", stretch,
                 "the camera does not have what is missing");
        }
    }
    self->looks_again = self->looks_again || (status == SVMS_OK && may_come);
    bool is_answered =
        status == SVMS_OK && !may_come && (is_done || fetch.end != STREAM_PULL_STOPPED);
    if (is_answered && self->asked.count < EDGE_STRETCHES_MAX) {
        self->asked.list[self->asked.count++] = *stretch;
    }
    return status;
}

static void note_failure(edge_join *self, const edge_stretch *stretch, const svms_error *err)
{
    if (!self->was_told) {
        tell(self, SERVICE_WARNING, "camera.edge-failed", stretch, err->message);
    }
    self->was_told = true;
    self->retry_s = self->retry_s == 0 ? SHORTEST_RETRY_S : self->retry_s * 2;
    self->retry_s = self->retry_s > LONGEST_RETRY_S ? LONGEST_RETRY_S : self->retry_s;
    (void)pthread_mutex_lock(&self->lock);
    self->state.failures++;
    (void)snprintf(self->state.words, sizeof self->state.words, "%.159s", err->message);
    (void)pthread_mutex_unlock(&self->lock);
}

static void fetch_all(edge_join *self, edge_stretches *missing)
{
    svms_error err = SVMS_ERROR_INIT;
    uint32_t days = self->options.oldest_days ? self->options.oldest_days : OLDEST_DAYS;
    int64_t since = recorder_now() - days * DAY_NS;
    svms_status status = edge_missing_find(missing, self->options.parts->index,
                                           self->options.camera->id, since, &err);
    if (status != SVMS_OK) {
        service_log_error(self->options.parts->service, SERVICE_WARNING, &err,
                          "%s: the index does not say what is missing", self->options.camera->id);
    }
    for (size_t i = 0; i < self->asked.count; i++) {
        edge_missing_without(missing, self->asked.list[i].from_utc_ns,
                             self->asked.list[i].to_utc_ns);
    }
    for (size_t i = 0; i < missing->count && status == SVMS_OK && !is_ending(self); i++) {
        status = fetch_stretch(self, &missing->list[i], &err);
        if (status != SVMS_OK) {
            note_failure(self, &missing->list[i], &err);
        }
    }
    if (status == SVMS_OK) {
        self->retry_s = 0;
        self->was_told = false;
    }
}

static void sleep_until_woken(edge_join *self)
{
    struct timespec until;
    uint32_t seconds = self->retry_s > 0 ? self->retry_s : self->looks_again ? SECOND_LOOK_S : 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    (void)pthread_mutex_lock(&self->lock);
    self->state.is_idle = seconds == 0 && !self->is_woken;
    int failure = 0;
    while (!self->is_ending && !self->is_woken && failure == 0) {
        failure = seconds == 0 ? pthread_cond_wait(&self->changed, &self->lock)
                               : pthread_cond_timedwait(&self->changed, &self->lock, &until);
    }
    self->looks_again = self->is_woken;
    self->is_woken = false;
    self->state.is_idle = false;
    (void)pthread_mutex_unlock(&self->lock);
}

static void *work(void *user)
{
    edge_join *self = user;
    edge_stretches *missing = calloc(1, sizeof *missing);
    if (!missing) {
        service_log(self->options.parts->service, SERVICE_ERROR,
                    "%s: out of memory: nothing is fetched", self->options.camera->id);
        return NULL;
    }
    for (sleep_until_woken(self); !is_ending(self); sleep_until_woken(self)) {
        fetch_all(self, missing);
    }
    free(missing);
    return NULL;
}

static svms_status start(edge_join *self, svms_error *err)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    (void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
    int failure = pthread_create(&self->thread, &attributes, work, self);
    pthread_attr_destroy(&attributes);
    self->is_running = failure == 0;
    return failure == 0 ? SVMS_OK
                        : recorder_fail(err, SVMS_E_IO, failure, "%s: no thread: %s",
                                        self->options.camera->id, strerror(failure));
}

svms_status edge_join_new(edge_join **out, const edge_join_options *options, svms_error *err)
{
    pthread_condattr_t monotonic;
    edge_join *self = calloc(1, sizeof *self);
    if (!self) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    self->options = *options;
    self->state.is_idle = true;
    pthread_mutex_init(&self->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&self->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    svms_status status = start(self, err);
    if (status != SVMS_OK) {
        edge_join_free(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

void edge_join_wake(edge_join *self)
{
    (void)pthread_mutex_lock(&self->lock);
    self->is_woken = true;
    self->state.is_idle = false;
    (void)pthread_cond_broadcast(&self->changed);
    (void)pthread_mutex_unlock(&self->lock);
}

void edge_join_look(edge_join *self, edge_join_state *out)
{
    (void)pthread_mutex_lock(&self->lock);
    *out = self->state;
    (void)pthread_mutex_unlock(&self->lock);
}

void edge_join_free(edge_join **join)
{
    if (!join || !*join) {
        return;
    }
    edge_join *self = *join;
    (void)pthread_mutex_lock(&self->lock);
    self->is_ending = true;
    (void)pthread_cond_broadcast(&self->changed);
    (void)pthread_mutex_unlock(&self->lock);
    if (self->is_running) {
        (void)pthread_join(self->thread, NULL);
    }
    (void)pthread_cond_destroy(&self->changed);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
    *join = NULL;
}
