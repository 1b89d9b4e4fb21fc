/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_task.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "camera_fleet.h"
#include "certificate_watch.h"
#include "keeper.h"
#include "recorder_base.h"
#include "recorder_serve.h"
#include "storage_scan.h"
#include "viewing.h"

#define LOOK_MS 1000

typedef struct task {
    recorder_base base;
    certificate_watch *certificates;
    keeper *keeper;
    camera_fleet *fleet;
    recorder_serve *serve;
} task;

/* A disk is full: something has to go now. */
static void disk_troubles(void *user, const storage_settings *storage, const svms_error *err)
{
    const task *self = user;
    (void)storage;
    (void)err;
    keeper_wake(self->keeper);
}

static svms_status watch_certificates(task *self, svms_error *err)
{
    const recorder_settings *is = self->base.parts.settings;
    svms_status status = certificate_watch_new(&self->certificates, &self->base.parts, NULL, err);
    if (status != SVMS_OK) {
        return status;
    }
    certificate_watch_take(self->certificates, "identity", self->base.identity.chain);
    for (size_t i = 0; i < is->storage_count; i++) {
        char label[RECORDER_NAME_MAX + 16];
        (void)snprintf(label, sizeof label, "storage %s", is->storages[i].name);
        certificate_watch_take(self->certificates, label, self->base.keys[i].chain);
    }
    return SVMS_OK;
}

static svms_status start_keeper(task *self, svms_error *err)
{
    keeper_options options;
    memset(&options, 0, sizeof options);
    options.parts = &self->base.parts;
    options.keys = self->base.keys;
    options.ledger = self->base.ledger;
    return keeper_start(&self->keeper, &options, err);
}

static svms_status start_fleet(task *self, svms_error *err)
{
    const camera_fleet_options options = {
        &self->base.parts,       self->base.keys, self->base.identity.chain,
        self->base.identity.key, disk_troubles,   self
    };
    return camera_fleet_start(&self->fleet, &options, err);
}

/* All that can be wrong with files is found before any camera is called. */
static svms_status open_all(task *self, svms_error *err)
{
    recorder_parts *parts = &self->base.parts;
    svms_status status = recorder_serve_new(&self->serve, parts, err);
    if (status == SVMS_OK) {
        status = recorder_serve_bind(self->serve, err);
    }
    if (status == SVMS_OK) {
        status =
            service_drop(parts->service, parts->settings->user, parts->settings->allow_root, err);
    }
    if (status == SVMS_OK) {
        status = recorder_base_open(&self->base, err);
    }
    if (status == SVMS_OK) {
        status = watch_certificates(self, err);
    }
    if (status == SVMS_OK) {
        status = recorder_serve_load(self->serve, &self->base.identity, err);
    }
    if (status == SVMS_OK) {
        status = start_keeper(self, err);
    }
    if (status == SVMS_OK) {
        status = start_fleet(self, err);
    }
    return status == SVMS_OK
               ? recorder_serve_start(self->serve, self->fleet, self->keeper, self->base.trust, err)
               : status;
}

static void audit_life(const task *self, const char *event, const char *why)
{
    svms_audit_record *record = NULL;
    svms_status status =
        recorder_record(&record, &self->base.parts, event, SVMS_AUDIT_SUCCESS, NULL, NULL);
    if (record && status == SVMS_OK) {
        status = svms_audit_record_text(record, "version", SVMS_VERSION_TEXT, NULL);
    }
    if (record && status == SVMS_OK && why) {
        status = svms_audit_record_text(record, "why", why, NULL);
    }
    auditor_tell_later(self->base.parts.auditor, &record, status);
}

static void reload(task *self)
{
    svms_error err = SVMS_ERROR_INIT;
    recorder_identity fresh;
    const recorder_parts *parts = &self->base.parts;
    svms_status status =
        recorder_identity_load(&fresh, parts->ctx, parts->settings->identity, &err);
    if (status != SVMS_OK) {
        service_log_error(parts->service, SERVICE_ERROR, &err,
                          "the old identity stays: the new one cannot be used");
        return;
    }
    status = recorder_serve_reload(self->serve, &fresh, &err);
    if (status == SVMS_OK) {
        status = camera_fleet_reload(self->fleet, fresh.chain, fresh.key, &err);
    }
    certificate_watch_take(self->certificates, "identity", fresh.chain);
    recorder_identity_free(&self->base.identity);
    self->base.identity = fresh;
    if (status != SVMS_OK) {
        service_log_error(parts->service, SERVICE_ERROR, &err, "not all could be read again");
    } else {
        service_log(parts->service, SERVICE_NOTICE,
                    "read again: identity, authorities and revocations; other settings need a "
                    "restart");
    }
}

static void serve(task *self)
{
    const recorder_parts *parts = &self->base.parts;
    char words[256];
    bool is_over = false;
    const char *rtsps = recorder_serve_rtsps(self->serve);
    const char *https = recorder_serve_https(self->serve);
    (void)snprintf(words, sizeof words, "records %zu camera%s%s%s%s%s",
                   parts->settings->camera_count, parts->settings->camera_count == 1 ? "" : "s",
                   rtsps ? ", serves " : "", rtsps ? rtsps : "", https ? ", serves " : "",
                   https ? https : "");
    recorder_event(parts, SERVICE_NOTICE, NULL, "recorder.start", NULL, words);
    audit_life(self, "service.start", NULL);
    viewing_tell_rule(&self->base.parts);
    service_ready(parts->service, words);
    while (!is_over) {
        struct pollfd signals = { service_handle(parts->service), POLLIN, 0 };
        (void)poll(&signals, 1, LOOK_MS);
        service_wish wish = service_next(parts->service);
        is_over = wish == SERVICE_STOP;
        if (wish == SERVICE_RELOAD) {
            reload(self);
        }
        recorder_serve_tend(self->serve);
        certificate_watch_look(self->certificates);
    }
    service_stopping(parts->service);
}

static void close_all(task *self)
{
    if (self->serve) {
        recorder_serve_stop(self->serve);
    }
    camera_fleet_stop(&self->fleet);
    keeper_stop(&self->keeper);
    recorder_serve_free(&self->serve);
    certificate_watch_free(&self->certificates);
    recorder_base_close(&self->base);
}

static void prepare(recorder_parts *parts, svms_ctx *ctx, service *life,
                    const recorder_settings *is)
{
    parts->ctx = ctx;
    parts->service = life;
    parts->settings = is;
}

bool recorder_task_run(svms_ctx *ctx, service *life, const recorder_settings *is)
{
    svms_error err = SVMS_ERROR_INIT;
    task self;
    memset(&self, 0, sizeof self);
    prepare(&self.base.parts, ctx, life, is);
    svms_status status = open_all(&self, &err);
    if (status != SVMS_OK) {
        service_log_error(life, SERVICE_ERROR, &err, "cannot start");
    } else {
        serve(&self);
        recorder_event(&self.base.parts, SERVICE_NOTICE, NULL, "recorder.stop", NULL, "ends");
        audit_life(&self, "service.stop", "signal");
    }
    close_all(&self);
    return status == SVMS_OK;
}

bool recorder_task_rebuild(svms_ctx *ctx, service *life, const recorder_settings *is)
{
    svms_error err = SVMS_ERROR_INIT;
    recorder_base base;
    memset(&base, 0, sizeof base);
    prepare(&base.parts, ctx, life, is);
    svms_status status = service_drop(life, is->user, is->allow_root, &err);
    if (status == SVMS_OK) {
        status = recorder_base_open(&base, &err);
    }
    if (status == SVMS_OK) {
        status = storage_scan(&base.parts, base.ledger, &err);
    }
    if (status == SVMS_OK) {
        service_log(life, SERVICE_NOTICE, "the index was made anew: %s", is->index);
    } else {
        service_log_error(life, SERVICE_ERROR, &err, "the index was not made anew");
    }
    recorder_base_close(&base);
    return status == SVMS_OK;
}
