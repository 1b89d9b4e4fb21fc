/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "camera_failure.h"
#include "camera_file.h"
#include "camera_lenses.h"
#include "camera_watch.h"
#include "camera_onvif.h"
#include "edge_store.h"
#include "serve_listen.h"

#define LOOK_MS 1000
#define ENROLMENT_LOOK_MS 1000

typedef struct control {
    camera_parts parts;
    camera_folder folder;
    camera_watch *watch;
    camera_onvif *onvif;
    edge_store *edge; /* NULL: it keeps nothing itself */
    int listener;     /* -1: none, or given away */
    int bell;         /* eventfd: events came */
    char rtsps[SERVE_LISTEN_TEXT];
    bool is_erasing; /* a factory reset was wished for: when nothing runs any more */
} control;

static void heard(void *user)
{
    const control *self = user;
    const uint64_t one = 1;
    (void)!write(self->bell, &one, sizeof one);
}

static svms_status listen_rtsps(control *self, svms_error *err)
{
    const char *wanted = self->parts.config->rtsps;
    if (!wanted || self->listener >= 0) {
        return SVMS_OK;
    }
    self->listener = serve_listen(wanted, NULL, self->rtsps);
    if (self->listener < 0) {
        return camera_fail(err, errno == EINVAL ? SVMS_E_MALFORMED : SVMS_E_IO,
                           errno == EINVAL ? 0 : errno, "cannot listen at %s", wanted);
    }
    self->parts.rtsps = self->rtsps;
    return SVMS_OK;
}

static bool is_enrolled(const char *folder)
{
    char *path = camera_file_path(folder, "cert.pem");
    bool is_there = path && access(path, R_OK) == 0;
    free(path);
    return is_there;
}

/* Nothing listens before the camera is somebody. false: it shall end. */
static bool wait_for_enrolment(control *self)
{
    bool was_told = false;
    while (!is_enrolled(self->folder.identity)) {
        struct pollfd signals = { service_handle(self->parts.service), POLLIN, 0 };
        if (!was_told) {
            service_log(self->parts.service, SERVICE_NOTICE,
                        "not enrolled: nothing is served until `svms enroll ... --out %s` was done",
                        self->folder.identity);
            service_ready(self->parts.service, "waits for enrolment");
            was_told = true;
        }
        (void)poll(&signals, 1, ENROLMENT_LOOK_MS);
        if (service_next(self->parts.service) == SERVICE_STOP) {
            return false;
        }
    }
    return true;
}

static svms_status open_audit(control *self, svms_error *err)
{
    auditor_options options = { self->parts.ctx, self->parts.config->audit, NULL, "camera",
                                self->parts.service };
    return options.log ? auditor_open(&self->parts.auditor, &options, err) : SVMS_OK;
}

/* What the lens gives; where it is not there yet, what was asked of it. */
static void look_at_lens(control *self, camera_state_options *options)
{
    svms_error err = SVMS_ERROR_INIT;
    const camera_config *config = self->parts.config;
    lens *source = NULL;
    options->width = config->width ? config->width : 1280;
    options->height = config->height ? config->height : 720;
    options->rate = config->rate ? config->rate : 25;
    camera_config copy = *config;
    if (camera_lenses_open(&copy, &source, &err) != SVMS_OK) {
        service_log_error(self->parts.service, SERVICE_ERROR, &err, "no lens yet");
        return;
    }
    const lens_format *format = lens_describe(source);
    uint32_t rate = (format->rate_num + format->rate_den / 2) / format->rate_den;
    options->width = format->width;
    options->height = format->height;
    options->rate = rate > 0 ? rate : 1;
    lens_close(&source);
}

static svms_status open_state(control *self, svms_error *err)
{
    camera_state_options options = { self->parts.ctx, self->folder.settings, 0, 0, 0 };
    look_at_lens(self, &options);
    self->parts.events = camera_events_new();
    self->parts.ptz = camera_ptz_new();
    if (!self->parts.events || !self->parts.ptz ||
        !camera_events_listen(self->parts.events, heard, self)) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for events");
    }
    svms_status status = camera_state_open(&self->parts.state, &options, err);
    if (status == SVMS_OK) {
        camera_settings is;
        camera_state_read(self->parts.state, &is);
        if (is.has_home) {
            (void)camera_ptz_absolute(self->parts.ptz, &is.home, 0);
        }
    }
    return status;
}

static svms_status open_users(control *self, svms_error *err)
{
    camera_users_options options = { self->parts.ctx,     self->folder.users,
                                     self->folder.secret, self->parts.state,
                                     self->parts.events,  self->parts.config->password_least };
    return camera_users_open(&self->parts.users, &options, err);
}

static svms_status open_edge(control *self, svms_error *err)
{
    const camera_config *config = self->parts.config;
    edge_store_options options;
    if (!config->has_edge) {
        return SVMS_OK;
    }
    memset(&options, 0, sizeof options);
    options.ctx = self->parts.ctx;
    options.service = self->parts.service;
    options.events = self->parts.events;
    options.identity = self->parts.identity;
    options.folder = self->folder.edge;
    options.key = self->folder.edge_key;
    options.secret = self->folder.secret;
    options.keep_bytes = config->edge_keep_bytes;
    options.rotate_minutes = config->edge_rotate_minutes;
    options.mode = config->edge_mode;
    svms_status status = edge_store_open(&self->edge, &options, err);
    if (status == SVMS_E_IO) {
        /* Its disk is not there: pictures are sent all the same. */
        service_log_error(self->parts.service, SERVICE_ERROR, err, "nothing is kept here");
        camera_events_tell(self->parts.events, CAMERA_EDGE_FAILED, true, SVMS_NO_TIME, "storage",
                           "%s", err->message);
        return SVMS_OK;
    }
    return status;
}

static svms_status start_media(control *self, camera_config *lens_config, svms_error *err)
{
    camera_media_options options;
    if (!self->parts.rtsps) {
        return camera_fail(err, SVMS_E_MALFORMED, 0, "the settings name no listen.rtsps");
    }
    memset(&options, 0, sizeof options);
    options.ctx = self->parts.ctx;
    options.service = self->parts.service;
    options.auditor = self->parts.auditor;
    options.events = self->parts.events;
    options.state = self->parts.state;
    options.ptz = self->parts.ptz;
    options.users = self->parts.users;
    options.identity = self->parts.identity;
    options.edge = self->edge ? edge_store_edge(self->edge) : NULL;
    options.listener = self->listener;
    options.allow_md5 = lens_config->allow_md5;
    options.mikey = lens_config->mikey;
    options.max_clients = lens_config->max_clients;
    options.open_lens = camera_lenses_open;
    options.user = lens_config;
    options.preset = lens_config->preset;
    self->listener = -1;
    return camera_media_start(&self->parts.media, &options, err);
}

static svms_status open_parts(control *self, camera_config *lens_config, svms_error *err)
{
    svms_status status = open_audit(self, err);
    if (status == SVMS_OK) {
        status = open_state(self, err);
    }
    if (status == SVMS_OK) {
        status = open_users(self, err);
    }
    if (status == SVMS_OK) {
        status = camera_identity_open(&self->parts.identity, self->parts.ctx, self->folder.identity,
                                      self->parts.config->crl, err);
    }
    if (status == SVMS_OK) {
        status = camera_watch_open(&self->watch, &self->parts, err);
    }
    if (status == SVMS_OK) {
        status = listen_rtsps(self, err);
    }
    if (status == SVMS_OK) {
        status = open_edge(self, err);
    }
    if (status == SVMS_OK) {
        status = start_media(self, lens_config, err);
    }
    return status == SVMS_OK ? camera_onvif_start(&self->onvif, &self->parts, err) : status;
}

static void reload(control *self)
{
    svms_error err = SVMS_ERROR_INIT;
    bool is_new = false;
    if (camera_identity_reload(self->parts.identity, &is_new, &err) != SVMS_OK) {
        service_log_error(self->parts.service, SERVICE_ERROR, &err,
                          "the old identity stays: the new one cannot be used");
        return;
    }
    service_log(self->parts.service, SERVICE_NOTICE, "read again: %s certificate",
                is_new ? "another" : "the same");
    if (is_new) {
        camera_watch_papers(self->watch);
    }
    camera_media_reload(self->parts.media);
    camera_onvif_reload(self->onvif);
}

static void audit_life(control *self, const char *event, const char *why)
{
    svms_audit_record *record = NULL;
    if (!self->parts.auditor) {
        return;
    }
    svms_audit_event told = auditor_event(self->parts.auditor, event, SVMS_AUDIT_SUCCESS);
    told.actor_kind = SVMS_AUDIT_ACTOR_SYSTEM;
    svms_status parts = auditor_begin(&record, self->parts.auditor, &told, NULL);
    if (parts == SVMS_OK) {
        parts = svms_audit_record_text(record, "version", SVMS_VERSION_TEXT, NULL);
    }
    if (parts == SVMS_OK && why) {
        parts = svms_audit_record_text(record, "why", why, NULL);
    }
    auditor_tell_later(self->parts.auditor, &record, parts);
}

static void serve(control *self)
{
    char words[128];
    const char *why = NULL;
    bool is_over = false;
    snprintf(words, sizeof words, "rtsps://%s" CAMERA_LIVE_PATH, self->rtsps);
    service_log(self->parts.service, SERVICE_NOTICE, "serves %s", words);
    camera_events_tell(self->parts.events, CAMERA_STARTED, true, SVMS_NO_TIME, "camera", "%s",
                       SVMS_VERSION_TEXT);
    audit_life(self, "service.start", NULL);
    service_ready(self->parts.service, words);
    while (!is_over) {
        struct pollfd handles[] = { { service_handle(self->parts.service), POLLIN, 0 },
                                    { self->bell, POLLIN, 0 } };
        uint64_t rings = 0;
        (void)poll(handles, 2, LOOK_MS);
        (void)!read(self->bell, &rings, sizeof rings);
        service_wish wish = service_next(self->parts.service);
        camera_onvif_wish remote = camera_onvif_wanted(self->onvif);
        is_over = wish == SERVICE_STOP || remote != CAMERA_ONVIF_NOTHING;
        why = wish == SERVICE_STOP ? "signal" : "asked for by ONVIF";
        self->is_erasing = remote == CAMERA_ONVIF_ERASE;
        if (wish == SERVICE_RELOAD) {
            reload(self);
        }
        camera_watch_look(self->watch);
    }
    service_stopping(self->parts.service);
    audit_life(self, "service.stop", why);
}

static void say_erased(void *user, const char *path)
{
    control *self = user;
    service_log(self->parts.service, SERVICE_NOTICE, "erased %s", path);
}

static void erase(control *self)
{
    svms_error err = SVMS_ERROR_INIT;
    if (camera_folder_reset(&self->folder, say_erased, self, &err) != SVMS_OK) {
        service_log_error(self->parts.service, SERVICE_ERROR, &err, "not everything was erased");
    }
}

static void close_parts(control *self)
{
    camera_onvif_stop(&self->onvif);
    camera_media_stop(&self->parts.media);
    edge_store_close(&self->edge);
    camera_watch_close(&self->watch);
    camera_identity_close(&self->parts.identity);
    camera_users_close(&self->parts.users);
    camera_state_close(&self->parts.state);
    camera_ptz_free(&self->parts.ptz);
    camera_events_free(&self->parts.events);
    if (self->is_erasing) {
        erase(self);
    }
    auditor_close(&self->parts.auditor);
    camera_folder_close(&self->folder);
    if (self->listener >= 0) {
        close(self->listener);
    }
    close(self->bell);
}

/* A low port is bound while that is still possible, unless nobody is to be served yet. */
static svms_status begin(control *self, svms_error *err)
{
    const camera_config *config = self->parts.config;
    svms_status status = SVMS_OK;
    char *identity =
        config->identity ? strdup(config->identity) : camera_file_path(config->state, "identity");
    if (identity && is_enrolled(identity)) {
        status = listen_rtsps(self, err);
    }
    free(identity);
    if (status == SVMS_OK) {
        status = service_drop(self->parts.service, config->user, config->allow_root, err);
    }
    return status == SVMS_OK ? camera_folder_open(&self->folder, config, err) : status;
}

bool camera_control_run(svms_ctx *ctx, service *life, const camera_config *config)
{
    svms_error err = SVMS_ERROR_INIT;
    camera_config lens_config = *config;
    control self;
    memset(&self, 0, sizeof self);
    self.parts.ctx = ctx;
    self.parts.service = life;
    self.parts.config = config;
    self.parts.folder = &self.folder;
    self.folder.lock = -1;
    self.listener = -1;
    self.bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    svms_status status = self.bell >= 0 ? begin(&self, &err)
                                        : camera_fail(&err, SVMS_E_IO, errno, "no event handle");
    bool is_wanted = status == SVMS_OK && wait_for_enrolment(&self);
    if (is_wanted) {
        status = open_parts(&self, &lens_config, &err);
    }
    if (status != SVMS_OK) {
        service_log_error(life, SERVICE_ERROR, &err, "cannot start");
    } else if (is_wanted) {
        serve(&self);
    }
    close_parts(&self);
    return status == SVMS_OK;
}
