/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_fleet.h"

#include <stdlib.h>
#include <string.h>

#include <stream_dial.h>
#include <stream_interface.h>

#include "camera_worker.h"
#include "recorder_failure.h"

struct camera_fleet {
    const recorder_parts *parts;
    camera_worker **workers; /* in the order of the settings */
    size_t count;
};

const char *camera_condition_name(camera_condition condition)
{
    static const char *const names[] = { "waits", "records", "lost", "refused" };
    return (size_t)condition < sizeof names / sizeof names[0] ? names[condition] : "unknown";
}

static const storage_keys *keys_of(const camera_fleet_options *options,
                                   const storage_settings *storage)
{
    return &options->keys[storage - options->parts->settings->storages];
}

static svms_status add(camera_fleet *self, const camera_fleet_options *options,
                       const recorded_camera *camera, svms_error *err)
{
    const camera_worker_options wanted = {
        options->parts, camera,       keys_of(options, camera->storage),
        options->chain, options->key, options->trouble,
        options->user
    };
    svms_status status = camera_worker_new(&self->workers[self->count], &wanted, err);
    self->count += status == SVMS_OK ? 1 : 0;
    return status;
}

svms_status camera_fleet_check(const recorder_settings *is, svms_error *err)
{
    const char *from = is->camera_address;
    const char *interface = is->camera_interface;
    if (interface && !stream_interface_is_name(interface)) {
        return recorder_fail(err, SVMS_E_MALFORMED, 0,
                             "camera_network.interface is no interface: %.100s", interface);
    }
    return !from || stream_dial_is_address(from)
               ? SVMS_OK
               : recorder_fail(err, SVMS_E_MALFORMED, 0,
                               "camera_network.address is no address in numbers: %.100s", from);
}

/* Nobody is called before all is known to be good. */
svms_status camera_fleet_start(camera_fleet **out, const camera_fleet_options *options,
                               svms_error *err)
{
    const recorder_settings *is = options->parts->settings;
    svms_status status = camera_fleet_check(is, err);
    if (status != SVMS_OK) {
        return status;
    }
    camera_fleet *self = calloc(1, sizeof *self);
    if (!self) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    self->parts = options->parts;
    self->workers = calloc(is->camera_count + 1, sizeof(camera_worker *));
    if (!self->workers) {
        status = recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    for (size_t i = 0; i < is->camera_count && status == SVMS_OK; i++) {
        status = add(self, options, &is->cameras[i], err);
    }
    for (size_t i = 0; i < self->count && status == SVMS_OK; i++) {
        status = camera_worker_start(self->workers[i], err);
    }
    if (status != SVMS_OK) {
        camera_fleet_stop(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

static camera_worker *find(camera_fleet *self, const char *camera)
{
    const recorder_settings *is = self->parts->settings;
    const recorded_camera *known = recorder_settings_camera(is, camera);
    return known ? self->workers[known - is->cameras] : NULL;
}

live_hub *camera_fleet_hub(camera_fleet *self, const char *camera)
{
    camera_worker *worker = find(self, camera);
    return worker ? camera_worker_hub(worker) : NULL;
}

bool camera_fleet_look(camera_fleet *self, const char *camera, camera_status *out)
{
    camera_worker *worker = find(self, camera);
    if (worker) {
        camera_worker_look(worker, out);
    }
    return worker != NULL;
}

void camera_fleet_flush(camera_fleet *self, const char *camera)
{
    camera_worker *worker = find(self, camera);
    if (worker) {
        camera_worker_flush(worker);
    }
}

svms_status camera_fleet_reload(camera_fleet *self, const svms_chain *chain,
                                const svms_private_key *key, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (size_t i = 0; i < self->count; i++) {
        svms_error why = SVMS_ERROR_INIT;
        svms_status one = camera_worker_reload(self->workers[i], chain, key, &why);
        if (one != SVMS_OK) {
            service_log_error(self->parts->service, SERVICE_ERROR, &why,
                              "%s: what was in force stays", self->parts->settings->cameras[i].id);
        }
        if (one != SVMS_OK && status == SVMS_OK) {
            status = recorder_fail(err, one, why.os_error, "%s", why.message);
        }
    }
    return status;
}

void camera_fleet_stop(camera_fleet **fleet)
{
    if (!fleet || !*fleet) {
        return;
    }
    camera_fleet *self = *fleet;
    for (size_t i = 0; i < self->count; i++) {
        camera_worker_dismiss(self->workers[i]);
    }
    for (size_t i = 0; i < self->count; i++) {
        camera_worker_free(&self->workers[i]);
    }
    free(self->workers);
    free(self);
    *fleet = NULL;
}
