/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "keeper_internal.h"
#include "recorder_failure.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define USUAL_PERIOD_MS 10000u

int64_t keeper_clock(void)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

bool keeper_is_stopping(keeper *self)
{
    (void)pthread_mutex_lock(&self->mutex);
    bool stopping = self->is_stopping;
    (void)pthread_mutex_unlock(&self->mutex);
    return stopping;
}

static svms_status ask_system(void *user, const char *path, uint64_t *out)
{
    struct statvfs space;
    (void)user;
    if (statvfs(path, &space) != 0) {
        return SVMS_E_IO;
    }
    *out = (uint64_t)space.f_bavail * space.f_frsize;
    return SVMS_OK;
}

/* false: it is time to stop. */
static bool sleep_until_next(keeper *self)
{
    int64_t until = keeper_clock() + (int64_t)self->options.period_ms * NS_PER_MS;
    struct timespec end = { (time_t)(until / NS_PER_SECOND), (long)(until % NS_PER_SECOND) };
    int waited = 0;
    (void)pthread_mutex_lock(&self->mutex);
    while (!self->is_stopping && !self->is_woken && waited == 0) {
        waited = pthread_cond_timedwait(&self->changed, &self->mutex, &end);
    }
    self->is_woken = false;
    bool go_on = !self->is_stopping;
    (void)pthread_mutex_unlock(&self->mutex);
    return go_on;
}

static void *serve(void *user)
{
    keeper *self = user;
    size_t count = self->options.parts->settings->storage_count;
    for (size_t i = 0; i < count; i++) {
        keeper_finish(self, i);
    }
    do {
        for (size_t i = 0; i < count && !keeper_is_stopping(self); i++) {
            keeper_tend(self, i);
        }
    } while (sleep_until_next(self));
    return NULL;
}

static void tell_torn(const keeper *self)
{
    char words[128];
    uint64_t torn = ledger_torn(self->options.ledger);
    if (torn > 0) {
        (void)snprintf(words, sizeof words,
                       "%" PRIu64 " bytes of an entry that was never whole were cut off the ledger",
                       torn);
        keeper_news news = { .kind = "storage.failed",
                             .level = SERVICE_WARNING,
                             .path = self->options.parts->settings->ledger,
                             .words = words,
                             .is_audited = true };
        keeper_tell(self, &news);
    }
}

static bool make_locks(keeper *self)
{
    pthread_condattr_t monotonic;
    if (pthread_condattr_init(&monotonic) != 0) {
        return false;
    }
    bool made = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
                pthread_cond_init(&self->changed, &monotonic) == 0;
    (void)pthread_condattr_destroy(&monotonic);
    if (!made) {
        return false;
    }
    if (pthread_mutex_init(&self->mutex, NULL) != 0) {
        (void)pthread_cond_destroy(&self->changed);
        return false;
    }
    if (pthread_mutex_init(&self->work, NULL) != 0) {
        (void)pthread_mutex_destroy(&self->mutex);
        (void)pthread_cond_destroy(&self->changed);
        return false;
    }
    return true;
}

void keeper_release(keeper *self)
{
    (void)pthread_mutex_destroy(&self->work);
    (void)pthread_mutex_destroy(&self->mutex);
    (void)pthread_cond_destroy(&self->changed);
    free(self->watches);
    free(self);
}

static keeper *make(const keeper_options *options)
{
    size_t count = options->parts->settings->storage_count;
    keeper *self = calloc(1, sizeof *self);
    keeper_watch *watches = calloc(count > 0 ? count : 1, sizeof *watches);
    if (!self || !watches || !make_locks(self)) {
        free(watches);
        free(self);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        watches[i].told_full_ns = SVMS_NO_TIME;
        watches[i].told_trouble_ns = SVMS_NO_TIME;
    }
    self->watches = watches;
    self->options = *options;
    self->locks_unsure = true;
    if (!self->options.free_bytes) {
        self->options.free_bytes = ask_system;
    }
    if (self->options.period_ms == 0) {
        self->options.period_ms = USUAL_PERIOD_MS;
    }
    return self;
}

svms_status keeper_make(keeper **out, const keeper_options *options, svms_error *err)
{
    *out = NULL;
    keeper *self = make(options);
    if (!self) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory for the keeper");
    }
    tell_torn(self);
    svms_status status = keeper_settle_locks(self, err);
    if (status != SVMS_OK) {
        keeper_release(self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

svms_status keeper_start(keeper **out, const keeper_options *options, svms_error *err)
{
    keeper *self = NULL;
    svms_status status = keeper_make(&self, options, err);
    if (!self) {
        return status;
    }
    int failed = pthread_create(&self->thread, NULL, serve, self);
    if (failed != 0) {
        keeper_release(self);
        return recorder_fail(err, SVMS_E_IO, failed, "the keeper gets no thread: %s",
                             strerror(failed));
    }
    *out = self;
    return SVMS_OK;
}

void keeper_wake(keeper *self)
{
    (void)pthread_mutex_lock(&self->mutex);
    self->is_woken = true;
    (void)pthread_cond_signal(&self->changed);
    (void)pthread_mutex_unlock(&self->mutex);
}

void keeper_stop(keeper **self)
{
    keeper *given = self ? *self : NULL;
    if (!given) {
        return;
    }
    (void)pthread_mutex_lock(&given->mutex);
    given->is_stopping = true;
    (void)pthread_cond_signal(&given->changed);
    (void)pthread_mutex_unlock(&given->mutex);
    (void)pthread_join(given->thread, NULL);
    keeper_release(given);
    *self = NULL;
}
