/* SPDX-License-Identifier: Apache-2.0 */
#include "auditor.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SERVER_SIZE 256
#define WAITING_BYTES_MAX ((size_t)4 << 20)
#define BATCH 256
/* A holder that hangs must not hold up what waits for it for longer. */
#define PATIENCE_MS 5000
#define GOODBYE_S 5

/* A record that waits. */
typedef struct waiting {
    struct waiting *next;
    size_t size;
    uint8_t bytes[];
} waiting;

struct auditor {
    svms_ctx *ctx;
    service *service;
    char *path;
    char *component;
    char server[SERVER_SIZE];
    char process[24];
    svms_folder folder;
    svms_audit_log *log; /* held here, */
    bool is_remote;      /* or by somebody with a socket: */
    pthread_mutex_t remote_lock;
    svms_audit_client *client;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* what follows */
    pthread_cond_t changed;
    waiting *first;
    waiting **last;
    size_t bytes;
    uint64_t lost; /* records that found no room or could not be written, since it was told */
    bool is_busy;
    bool is_ending;
    bool is_failing;
};

static svms_status no_memory(svms_error *err)
{
    if (err) {
        *err = (svms_error)SVMS_ERROR_INIT;
        err->status = SVMS_E_NO_MEMORY;
        snprintf(err->message, sizeof err->message, "out of memory");
    }
    return SVMS_E_NO_MEMORY;
}

static svms_status connect_client(auditor *self, svms_error *err)
{
    svms_audit_client_options options = SVMS_AUDIT_CLIENT_OPTIONS_INIT;
    options.patience_ms = PATIENCE_MS;
    svms_audit_client_close(&self->client);
    return svms_audit_client_connect(&self->client, self->ctx, self->path, &options, err);
}

/* Its holder may have been started anew since. Records that are there already are known by their
 * ids. */
static svms_status append_there(auditor *self, const svms_iovec *records, size_t count,
                                svms_error *err)
{
    uint64_t first = 0;
    svms_status status = SVMS_OK;
    pthread_mutex_lock(&self->remote_lock);
    if (!self->client) {
        status = connect_client(self, err);
    }
    if (status == SVMS_OK) {
        status = svms_audit_client_append(self->client, records, count, &first, err);
        if (status != SVMS_OK) {
            status = connect_client(self, err);
            if (status == SVMS_OK) {
                status = svms_audit_client_append(self->client, records, count, &first, err);
            }
        }
    }
    pthread_mutex_unlock(&self->remote_lock);
    return status;
}

static void say_how_it_is(auditor *self, svms_status status, const svms_error *err)
{
    pthread_mutex_lock(&self->lock);
    bool changed = self->is_failing != (status != SVMS_OK);
    self->is_failing = status != SVMS_OK;
    pthread_mutex_unlock(&self->lock);
    if (changed && status != SVMS_OK) {
        service_log_error(self->service, SERVICE_ERROR, err, "the audit log %s cannot be written",
                          self->path);
    } else if (changed) {
        service_log(self->service, SERVICE_NOTICE, "the audit log %s can be written again",
                    self->path);
    }
}

static svms_status append(auditor *self, const svms_iovec *records, size_t count, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    uint64_t first = 0;
    svms_status status = self->is_remote
                             ? append_there(self, records, count, &why)
                             : svms_audit_log_append(self->log, records, count, &first, &why);
    say_how_it_is(self, status, &why);
    if (err) {
        *err = why;
    }
    return status;
}

/* What could not be told is told to have been. */
static void tell_lost(auditor *self)
{
    svms_audit_record *record = NULL;
    svms_error err = SVMS_ERROR_INIT;
    const uint8_t *bytes = NULL;
    size_t size = 0;
    pthread_mutex_lock(&self->lock);
    uint64_t lost = self->lost;
    pthread_mutex_unlock(&self->lock);
    if (lost == 0) {
        return;
    }
    svms_audit_event event = auditor_event(self, "log.gap", SVMS_AUDIT_ERROR);
    event.actor_kind = SVMS_AUDIT_ACTOR_SYSTEM;
    event.reason = "there was no room for records, or they could not be written";
    svms_status status = svms_audit_record_new(&record, self->ctx, &event, &err);
    if (status == SVMS_OK) {
        status = svms_audit_record_number(record, "records", lost, &err);
    }
    if (status == SVMS_OK) {
        status = svms_audit_record_text(record, "why", "queue", &err);
    }
    if (status == SVMS_OK) {
        status = svms_audit_record_end(record, &bytes, &size, &err);
    }
    if (status == SVMS_OK) {
        const svms_iovec one = { bytes, size };
        status = append(self, &one, 1, &err);
    }
    svms_audit_record_free(&record);
    if (status == SVMS_OK) {
        pthread_mutex_lock(&self->lock);
        self->lost -= lost;
        pthread_mutex_unlock(&self->lock);
    }
}

static void append_batch(auditor *self, waiting *batch)
{
    svms_iovec records[BATCH];
    size_t count = 0;
    svms_error err = SVMS_ERROR_INIT;
    for (const waiting *one = batch; one; one = one->next) {
        records[count++] = (svms_iovec){ one->bytes, one->size };
    }
    tell_lost(self);
    if (append(self, records, count, &err) != SVMS_OK) {
        pthread_mutex_lock(&self->lock);
        self->lost += count;
        pthread_mutex_unlock(&self->lock);
    }
    while (batch) {
        waiting *next = batch->next;
        free(batch);
        batch = next;
    }
}

/* Called with the lock held. */
static waiting *take_batch(auditor *self)
{
    waiting *batch = self->first;
    waiting **end = &self->first;
    for (size_t count = 0; *end && count < BATCH; count++) {
        self->bytes -= (*end)->size;
        end = &(*end)->next;
    }
    waiting *rest = *end;
    if (end == &self->first) {
        return NULL;
    }
    *end = NULL;
    self->first = rest;
    self->last = rest ? self->last : &self->first;
    return batch;
}

static void wait_a_second(auditor *self)
{
    struct timespec until = { 0, 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec++;
    (void)pthread_cond_timedwait(&self->changed, &self->lock, &until);
}

static void tend(auditor *self)
{
    svms_error err = SVMS_ERROR_INIT;
    if (self->log) {
        say_how_it_is(self, svms_audit_log_tend(self->log, &err), &err);
    }
    tell_lost(self);
}

static void *work(void *user)
{
    auditor *self = user;
    time_t tended = 0;
    pthread_mutex_lock(&self->lock);
    for (;;) {
        waiting *batch = take_batch(self);
        if (!batch && self->is_ending) {
            break;
        }
        if (!batch && time(NULL) == tended) {
            wait_a_second(self);
            continue;
        }
        self->is_busy = true;
        pthread_mutex_unlock(&self->lock);
        if (batch) {
            append_batch(self, batch);
        } else {
            tended = time(NULL);
            tend(self);
        }
        pthread_mutex_lock(&self->lock);
        self->is_busy = false;
        pthread_cond_broadcast(&self->changed);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

static svms_status open_log(auditor *self, svms_error *err)
{
    struct stat info;
    svms_audit_log_options options = SVMS_AUDIT_LOG_OPTIONS_INIT;
    self->is_remote = stat(self->path, &info) == 0 && S_ISSOCK(info.st_mode);
    if (self->is_remote) {
        return connect_client(self, err);
    }
    svms_status status = svms_folder_open(&self->folder, self->ctx, self->path, 0, err);
    if (status != SVMS_OK) {
        return status;
    }
    options.server = self->server;
    return svms_audit_log_open(&self->log, self->ctx, &self->folder, &options, err);
}

static svms_status start(auditor *self, svms_error *err)
{
    int os_error = pthread_create(&self->thread, NULL, work, self);
    self->has_thread = os_error == 0;
    if (os_error != 0 && err) {
        *err = (svms_error)SVMS_ERROR_INIT;
        err->status = SVMS_E_IO;
        err->os_error = os_error;
        snprintf(err->message, sizeof err->message, "no thread can be started for the audit log");
    }
    return os_error == 0 ? SVMS_OK : SVMS_E_IO;
}

static void prepare(auditor *self)
{
    pthread_condattr_t how;
    self->folder = (svms_folder)SVMS_FOLDER_INIT;
    self->last = &self->first;
    pthread_mutex_init(&self->lock, NULL);
    pthread_mutex_init(&self->remote_lock, NULL);
    pthread_condattr_init(&how);
    pthread_condattr_setclock(&how, CLOCK_MONOTONIC);
    pthread_cond_init(&self->changed, &how);
    pthread_condattr_destroy(&how);
    snprintf(self->process, sizeof self->process, "%jd", (intmax_t)getpid());
    if (gethostname(self->server, sizeof self->server) != 0 || self->server[0] == '\0') {
        snprintf(self->server, sizeof self->server, "localhost");
    }
    self->server[sizeof self->server - 1] = '\0';
}

svms_status auditor_open(auditor **out, const auditor_options *options, svms_error *err)
{
    auditor *self = calloc(1, sizeof *self);
    if (!self) {
        return no_memory(err);
    }
    prepare(self);
    self->ctx = options->ctx;
    self->service = options->service;
    self->path = strdup(options->log);
    self->component = strdup(options->component);
    if (options->server) {
        snprintf(self->server, sizeof self->server, "%s", options->server);
    }
    svms_status status = self->path && self->component ? open_log(self, err) : no_memory(err);
    if (status == SVMS_OK) {
        status = start(self, err);
    }
    if (status != SVMS_OK) {
        auditor_close(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

svms_audit_event auditor_event(const auditor *self, const char *name, svms_audit_outcome outcome)
{
    svms_audit_event event = SVMS_AUDIT_EVENT_INIT;
    event.event = name;
    event.outcome = outcome;
    if (self) {
        event.server = self->server;
        event.component = self->component;
        event.process = self->process;
    }
    return event;
}

svms_status auditor_begin(svms_audit_record **out, auditor *self, const svms_audit_event *event,
                          svms_error *err)
{
    *out = NULL;
    return self ? svms_audit_record_new(out, self->ctx, event, err) : SVMS_OK;
}

svms_status auditor_tell(auditor *self, svms_audit_record **record, svms_status parts,
                         svms_error *err)
{
    const uint8_t *bytes = NULL;
    size_t size = 0;
    if (!self) {
        svms_audit_record_free(record);
        return SVMS_OK;
    }
    svms_status status = parts;
    if (status == SVMS_OK) {
        status = svms_audit_record_end(*record, &bytes, &size, err);
    }
    if (status == SVMS_OK) {
        const svms_iovec one = { bytes, size };
        status = append(self, &one, 1, err);
    }
    svms_audit_record_free(record);
    return status;
}

static bool push(auditor *self, const uint8_t *bytes, size_t size)
{
    waiting *one = malloc(sizeof *one + size);
    if (!one) {
        return false;
    }
    one->next = NULL;
    one->size = size;
    memcpy(one->bytes, bytes, size);
    pthread_mutex_lock(&self->lock);
    bool fits = self->bytes + size <= WAITING_BYTES_MAX;
    if (fits) {
        *self->last = one;
        self->last = &one->next;
        self->bytes += size;
        pthread_cond_broadcast(&self->changed);
    }
    pthread_mutex_unlock(&self->lock);
    if (!fits) {
        free(one);
    }
    return fits;
}

void auditor_tell_later(auditor *self, svms_audit_record **record, svms_status parts)
{
    svms_error err = SVMS_ERROR_INIT;
    const uint8_t *bytes = NULL;
    size_t size = 0;
    if (!self) {
        svms_audit_record_free(record);
        return;
    }
    if (parts == SVMS_OK && *record) {
        parts = svms_audit_record_end(*record, &bytes, &size, &err);
        if (parts != SVMS_OK) {
            service_log_error(self->service, SERVICE_ERROR, &err, "a record cannot be told");
        }
    }
    bool is_told = parts == SVMS_OK && *record && push(self, bytes, size);
    if (!is_told) {
        pthread_mutex_lock(&self->lock);
        self->lost++;
        pthread_mutex_unlock(&self->lock);
    }
    svms_audit_record_free(record);
}

void auditor_note(auditor *self, const svms_audit_event *event)
{
    svms_audit_record *record = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (self) {
        svms_status status = auditor_begin(&record, self, event, &err);
        if (status != SVMS_OK) {
            service_log_error(self->service, SERVICE_ERROR, &err,
                              "the audit log cannot be told of %s", event->event);
        }
        auditor_tell_later(self, &record, status);
    }
}

/* What a log takes no longer than some seconds for; the rest is lost, and said to be. */
static void finish(auditor *self)
{
    struct timespec until = { 0, 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += GOODBYE_S;
    pthread_mutex_lock(&self->lock);
    int late = 0;
    while (late != ETIMEDOUT && self->first) {
        late = pthread_cond_timedwait(&self->changed, &self->lock, &until);
    }
    self->is_ending = true;
    while (self->first) {
        waiting *one = self->first;
        self->first = one->next;
        free(one);
        self->lost++;
    }
    self->last = &self->first;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    (void)pthread_join(self->thread, NULL);
    tell_lost(self);
    if (self->lost > 0) {
        service_log(self->service, SERVICE_ERROR, "%ju records never came into the audit log %s",
                    (uintmax_t)self->lost, self->path);
    }
}

void auditor_close(auditor **self)
{
    svms_error err = SVMS_ERROR_INIT;
    if (!self || !*self) {
        return;
    }
    if ((*self)->has_thread) {
        finish(*self);
    }
    if (svms_audit_log_close(&(*self)->log, &err) != SVMS_OK) {
        service_log_error((*self)->service, SERVICE_ERROR, &err,
                          "the audit log %s could not be published", (*self)->path);
    }
    svms_audit_client_close(&(*self)->client);
    svms_folder_close(&(*self)->folder);
    pthread_cond_destroy(&(*self)->changed);
    pthread_mutex_destroy(&(*self)->lock);
    pthread_mutex_destroy(&(*self)->remote_lock);
    free((*self)->path);
    free((*self)->component);
    free(*self);
    *self = NULL;
}
