/* SPDX-License-Identifier: Apache-2.0 */
/* What a camera's store finds when it begins. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/evp.h>

#include "camera_store_internal.h"
#include "recorder_failure.h"
#include "store_folder.h"
#include "store_head.h"
#include "store_pruned.h"

#define DEVICE_ID_LABEL "svms device"

static svms_status fail_memory(svms_error *err)
{
    return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
}

svms_status camera_store_device_id(uint8_t out[16], const char *name, svms_error *err)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool done = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 &&
                EVP_DigestUpdate(hash, DEVICE_ID_LABEL, strlen(DEVICE_ID_LABEL)) == 1 &&
                EVP_DigestUpdate(hash, name, strlen(name)) == 1 &&
                EVP_DigestFinal_ex(hash, digest, NULL) == 1;
    EVP_MD_CTX_free(hash);
    if (!done) {
        return recorder_fail(err, SVMS_E_CRYPTO, 0, "the id of a device cannot be derived");
    }
    memcpy(out, digest, 16);
    return SVMS_OK;
}

static svms_status make_paths(camera_store *self, svms_error *err)
{
    const recorded_camera *camera = self->options.camera;
    const char *heads = self->options.parts->settings->heads;
    char name[RECORDER_NAME_MAX + 8];
    (void)snprintf(name, sizeof name, "%s.head", camera->id);
    self->folder = store_path(camera->storage->path, camera->id);
    self->head_path = store_path(heads, name);
    if (!self->folder || !self->head_path) {
        return fail_memory(err);
    }
    if (mkdir(heads, S_IRWXU) != 0 && errno != EEXIST) {
        int os_error = errno;
        return recorder_fail(err, SVMS_E_IO, os_error, "cannot make the folder %.150s: %s", heads,
                             strerror(os_error));
    }
    return SVMS_OK;
}

/* A head that cannot be understood is put aside: recording goes on, and says that it could not
 * compare. */
static svms_status load_head(camera_store *self, svms_error *err)
{
    svms_status status =
        store_head_read(&self->remembered, &self->has_remembered, self->head_path, err);
    if (status != SVMS_E_MALFORMED) {
        return status;
    }
    char *aside = NULL;
    if (asprintf(&aside, "%s.damaged", self->head_path) < 0) {
        return fail_memory(err);
    }
    recorder_event(self->options.parts, SERVICE_ERROR, self->options.camera->id,
                   "recording.head_damaged", NULL, err->message);
    status = rename(self->head_path, aside) == 0
                 ? SVMS_OK
                 : recorder_fail(err, SVMS_E_IO, errno, "cannot put %.100s aside: %s",
                                 self->head_path, strerror(errno));
    free(aside);
    return status;
}

svms_status store_find_recording(camera_store *self, svms_error *err)
{
    svms_status status = store_find_end(&self->end, self->options.parts->ctx, self->folder,
                                        self->has_remembered ? &self->remembered : NULL,
                                        store_tell_doubt, self, err);
    self->must_look = status != SVMS_OK;
    if (status == SVMS_OK && self->has_remembered && self->end.holds == SVMS_LINK_MISSING &&
        !self->end.is_found &&
        store_was_pruned(self->options.parts->ctx, self->folder, &self->remembered,
                         self->options.keys->chain)) {
        /* It goes on behind what the record stands for, which nobody can look at any more. */
        self->end.newest = self->remembered;
        self->end.until_utc_ns = self->remembered.last_utc_ns;
        self->end.is_found = true;
        self->end.holds = SVMS_LINK_UNCHECKED;
        self->end.is_pruned = true;
    }
    return status;
}

/* Nobody writes the newest container any more, whatever the index thinks. */
static void mend_index(camera_store *self)
{
    const recorder_parts *parts = self->options.parts;
    const recorded_camera *camera = self->options.camera;
    svms_error err = SVMS_ERROR_INIT;
    indexed_container row = { .head = SVMS_HEAD_INIT };
    char *path = self->end.name[0] != '\0' ? store_path(self->folder, self->end.name) : NULL;
    if (!path) {
        return;
    }
    row.storage = camera->storage->name;
    row.camera = camera->id;
    row.file = path + strlen(camera->storage->path) + 1;
    svms_status status = store_look(&row, parts->ctx, path, &err);
    if (status == SVMS_OK) {
        status = recorder_index_put(parts->index, &row, &err);
    }
    if (status != SVMS_OK) {
        service_log_error(parts->service, SERVICE_WARNING, &err,
                          "the index does not know the newest state of %s", row.file);
    }
    free(path);
}

static svms_status prepare(camera_store *self, svms_error *err)
{
    svms_status status = make_paths(self, err);
    if (status == SVMS_OK) {
        status = camera_store_device_id(self->device_id, self->options.camera->id, err);
    }
    if (status == SVMS_OK) {
        status = store_claim(&self->claim, self->folder, err);
    }
    if (status == SVMS_OK) {
        status = load_head(self, err);
    }
    if (status == SVMS_OK) {
        status = store_find_recording(self, err);
    }
    if (status == SVMS_OK && self->end.is_found) {
        memcpy(self->state.recording_id, self->end.newest.recording_id, 16);
        self->state.container = self->end.newest.recording_sequence;
        self->state.last_utc_ns = self->end.until_utc_ns;
        self->until_utc_ns = self->end.until_utc_ns;
        mend_index(self);
        store_tell_found(self);
    }
    return status;
}

svms_status camera_store_open(camera_store **out, const camera_store_options *options,
                              svms_error *err)
{
    camera_store *self = calloc(1, sizeof *self);
    if (!self) {
        return fail_memory(err);
    }
    self->options = *options;
    self->claim = -1;
    self->remembered = (svms_head)SVMS_HEAD_INIT;
    self->until_utc_ns = SVMS_NO_TIME;
    self->segment_utc_ns = SVMS_NO_TIME;
    self->previous_utc_ns = SVMS_NO_TIME;
    self->state.last_utc_ns = SVMS_NO_TIME;
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = prepare(self, &why);
    if (status != SVMS_OK) {
        camera_store_close(&self);
        return recorder_fail(err, status, why.os_error, "%s", why.message);
    }
    *out = self;
    return SVMS_OK;
}
