/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_rtsp.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <stream_clock.h>

#include "recorder_failure.h"
#include "recorder_rtsp_internal.h"

#define FAREWELL (STREAM_SECOND / 5)
/* How often it is looked whether all shall end. */
#define LOOK (STREAM_SECOND / 5)
/* After this many tokens in half a minute that do not hold, nobody from there is listened to for a
 * while. Whoever makes no tokens cannot guess one; this is about the work, and the audit log. */
#define FAILURES 10
#define REALM "svms-recorder"

void rtsp_wake(recorder_rtsp *self)
{
    (void)pthread_mutex_lock(&self->mutex);
    if (self->takes_wakes && !atomic_exchange(&self->is_awake, true)) {
        stream_serve_wake(self->serve);
    }
    (void)pthread_mutex_unlock(&self->mutex);
}

rtsp_camera *rtsp_camera_at(recorder_rtsp *self, const char *path, bool *is_replay)
{
    size_t live = strlen(RTSP_LIVE_PREFIX);
    size_t replay = strlen(RTSP_REPLAY_PREFIX);
    const char *id = NULL;
    if (strncmp(path, RTSP_LIVE_PREFIX, live) == 0) {
        id = path + live;
        *is_replay = false;
    } else if (strncmp(path, RTSP_REPLAY_PREFIX, replay) == 0) {
        id = path + replay;
        *is_replay = true;
    }
    for (size_t i = 0; id && i < self->camera_count; i++) {
        if (strcmp(self->cameras[i].camera->id, id) == 0) {
            return &self->cameras[i];
        }
    }
    return NULL;
}

static void note(void *user, stream_serve_note what, const char *who, const char *words)
{
    static const char *const names[] = { "refused", "plays", "is behind", "is gone" };
    recorder_rtsp *self = user;
    service_log(self->options.parts->service,
                what == STREAM_SERVE_REFUSED ? SERVICE_NOTICE : SERVICE_INFO, "RTSP: %s: %s: %s",
                names[what], who, words);
}

static void woken(void *user)
{
    recorder_rtsp *self = user;
    atomic_store(&self->is_awake, false);
    if (atomic_exchange(&self->must_judge, false)) {
        stream_serve_judge_again(self->serve);
    }
    rtsp_live_send(self);
}

static svms_status open_server(recorder_rtsp *self, svms_error *err)
{
    stream_serve_options options;
    memset(&options, 0, sizeof options);
    options.ctx = self->options.parts->ctx;
    options.listener = self->options.listener;
    options.tls = self->options.tls;
    options.media = STREAM_SERVE_SRTP;
    options.form = self->options.mikey;
    options.server_flags = SVMS_RTSP_SERVER_BEARER | SVMS_RTSP_SERVER_REPLAY;
    options.realm = REALM;
    options.max_clients = 256;
    options.user = self;
    options.token = rtsp_token;
    options.permit = rtsp_permit;
    options.watch = rtsp_watched;
    options.note = note;
    options.woken = woken;
    /* It is closed with the server, also when opening that fails. */
    self->options.listener = -1;
    return stream_serve_open(&self->serve, &options, err);
}

static void serve_all(recorder_rtsp *self)
{
    bool is_failing = false;
    uint64_t tend_at = 0;
    while (!atomic_load(&self->must_stop)) {
        svms_error err = SVMS_ERROR_INIT;
        svms_status status = stream_serve_run(self->serve, stream_clock() + LOOK, &err);
        if (status != SVMS_OK) {
            if (!is_failing) {
                service_log_error(self->options.parts->service, SERVICE_ERROR, &err,
                                  "RTSP cannot be served; it is tried again");
            }
            (void)poll(NULL, 0, 1000);
        }
        is_failing = status != SVMS_OK;
        if (stream_clock() >= tend_at) {
            rtsp_live_tend(self);
            rtsp_passes_tend(self);
            rtsp_watches_tend(self);
            tend_at = stream_clock() + STREAM_SECOND;
        }
    }
}

static void *run(void *user)
{
    recorder_rtsp *self = user;
    serve_all(self);
    rtsp_live_leave(self);
    stream_serve_finish(self->serve);
    (void)stream_serve_run(self->serve, stream_clock() + FAREWELL, NULL);
    (void)pthread_mutex_lock(&self->mutex);
    self->takes_wakes = false;
    (void)pthread_mutex_unlock(&self->mutex);
    /* Cursors are closed, and those who watched are told of. */
    stream_serve_close(&self->serve);
    return NULL;
}

/* Threads that read from disk end when they have read. */
static void wait_for_cursors(recorder_rtsp *self)
{
    (void)pthread_mutex_lock(&self->mutex);
    while (self->cursors > 0) {
        (void)pthread_cond_wait(&self->cursor_left, &self->mutex);
    }
    (void)pthread_mutex_unlock(&self->mutex);
}

static void release(recorder_rtsp *self)
{
    stream_serve_close(&self->serve);
    if (self->options.listener >= 0) {
        (void)close(self->options.listener);
    }
    wait_for_cursors(self);
    rtsp_watches_free(self);
    rtsp_passes_free(self);
    rtsp_live_free(self);
    web_lockout_free(&self->lockout);
    (void)pthread_cond_destroy(&self->cursor_left);
    (void)pthread_mutex_destroy(&self->mutex);
    free(self);
}

svms_status recorder_rtsp_start(recorder_rtsp **out, const recorder_rtsp_options *options,
                                svms_error *err)
{
    const web_lockout_options limits = { .failures = FAILURES };
    if (!options->parts->gate || !options->tls) {
        (void)close(options->listener);
        return recorder_fail(err, SVMS_E_USAGE, 0, "RTSP needs a gate, and a certificate");
    }
    recorder_rtsp *self = calloc(1, sizeof *self);
    if (!self || pthread_mutex_init(&self->mutex, NULL) != 0) {
        free(self);
        (void)close(options->listener);
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    (void)pthread_cond_init(&self->cursor_left, NULL);
    self->options = *options;
    self->takes_wakes = true;
    self->lockout = web_lockout_new(&limits);
    svms_status status = self->lockout ? open_server(self, err)
                                       : recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    if (status == SVMS_OK) {
        status = rtsp_live_open(self, err);
    }
    if (status == SVMS_OK) {
        int code = pthread_create(&self->thread, NULL, run, self);
        status = code == 0 ? SVMS_OK
                           : recorder_fail(err, SVMS_E_IO, code, "no thread for RTSP: %s",
                                           strerror(code));
    }
    if (status != SVMS_OK) {
        release(self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

void recorder_rtsp_judge_again(recorder_rtsp *self)
{
    atomic_store(&self->must_judge, true);
    rtsp_wake(self);
}

void recorder_rtsp_stop(recorder_rtsp **self)
{
    if (self && *self) {
        atomic_store(&(*self)->must_stop, true);
        rtsp_wake(*self);
        (void)pthread_join((*self)->thread, NULL);
        release(*self);
        *self = NULL;
    }
}
