/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_update.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "camera_failure.h"
#include "camera_file.h"

#define TRUST_MAX ((size_t)1 << 20)
#define NO_PART UINT32_MAX

struct camera_update {
    camera_update_options options;
    svms_trust *trust;
    svms_store store;
    svms_slots *slots;
    svms_update_reader *reader;
    svms_error failure; /* of a callback */
    uint32_t slot;
    uint32_t part; /* that is open */
    int handle;
    char version[SVMS_UPDATE_VERSION_SIZE];
};

static svms_status make_folder(const char *path, svms_error *err)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST
               ? SVMS_OK
               : camera_fail(err, SVMS_E_IO, errno, "cannot make %s", path);
}

/* The factory's record, where there is none: what runs now is in slot 0. */
static svms_status open_slots(camera_update *self, svms_error *err)
{
    char *path = camera_file_path(self->options.folder, "record");
    if (!path) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for a path");
    }
    int made = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    svms_status status = svms_store_open_file(&self->store, self->options.ctx, path, err);
    if (status == SVMS_OK && made >= 0) {
        status = svms_slots_create(self->options.ctx, &self->store, SVMS_VERSION_TEXT, 0, err);
    }
    if (made >= 0) {
        close(made);
    }
    if (status == SVMS_OK) {
        status = svms_slots_open(&self->slots, self->options.ctx, &self->store, err);
    }
    free(path);
    return status;
}

static svms_status read_trust(camera_update *self, svms_error *err)
{
    uint8_t *pem = NULL;
    size_t size = 0;
    svms_status status = camera_file_read(&pem, &size, self->options.trust, TRUST_MAX, false, err);
    if (status == SVMS_OK && !pem) {
        status = camera_fail(err, SVMS_E_IO, ENOENT, "there is no %s", self->options.trust);
    }
    if (status == SVMS_OK) {
        status = svms_trust_from_pem(&self->trust, self->options.ctx, (const char *)pem, size, err);
    }
    camera_file_free(pem, size);
    return status;
}

static svms_status close_part(camera_update *self)
{
    svms_status status = SVMS_OK;
    if (self->handle >= 0) {
        bool good = fsync(self->handle) == 0;
        if (close(self->handle) != 0 || !good) {
            status = camera_fail(&self->failure, SVMS_E_IO, errno, "a part cannot be written");
        }
        self->handle = -1;
    }
    return status;
}

static char *slot_path(const camera_update *self)
{
    char name[16];
    snprintf(name, sizeof name, "%u", self->slot);
    return camera_file_path(self->options.folder, name);
}

static svms_status accepted(void *user, const svms_update_info *info)
{
    camera_update *self = user;
    svms_status status = svms_slots_begin(self->slots, info, &self->slot, &self->failure);
    char *path = status == SVMS_OK ? slot_path(self) : NULL;
    if (path) {
        status = make_folder(path, &self->failure);
    } else if (status == SVMS_OK) {
        status = camera_fail(&self->failure, SVMS_E_NO_MEMORY, 0, "no memory for a path");
    }
    free(path);
    snprintf(self->version, sizeof self->version, "%s", info->version);
    return status;
}

static svms_status open_part(camera_update *self, uint32_t part)
{
    svms_update_part is = { (uint32_t)sizeof is, 0, 0, { 0 }, { 0 } };
    svms_status status = close_part(self);
    if (status == SVMS_OK) {
        status = svms_update_reader_part(self->reader, part, &is, &self->failure);
    }
    char *folder = status == SVMS_OK ? slot_path(self) : NULL;
    /* Names of parts are names of files: letters, digits, '.', '-' and '_' (U-MAN-1). */
    char *path = folder ? camera_file_path(folder, is.name) : NULL;
    if (path) {
        (void)unlink(path);
        self->handle = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (self->handle < 0) {
            status = camera_fail(&self->failure, SVMS_E_IO, errno, "cannot write %s", path);
        }
        self->part = part;
    } else if (status == SVMS_OK) {
        status = camera_fail(&self->failure, SVMS_E_NO_MEMORY, 0, "no memory for a path");
    }
    free(path);
    free(folder);
    return status;
}

static svms_status take_data(void *user, uint32_t part, uint64_t offset, const void *data,
                             size_t size)
{
    camera_update *self = user;
    const uint8_t *bytes = data;
    (void)offset;
    if (part != self->part) {
        svms_status status = open_part(self, part);
        if (status != SVMS_OK) {
            return status;
        }
    }
    while (size > 0) {
        ssize_t done = write(self->handle, bytes, size);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return camera_fail(&self->failure, SVMS_E_IO, errno, "a part cannot be written");
        }
        bytes += done;
        size -= (size_t)done;
    }
    return SVMS_OK;
}

static svms_status open_reader(camera_update *self, svms_error *err)
{
    svms_slots_info slots = SVMS_SLOTS_INFO_INIT;
    svms_slot_info active = SVMS_SLOT_INFO_INIT;
    svms_update_reader_options options = SVMS_UPDATE_READER_OPTIONS_INIT;
    svms_status status = svms_slots_describe(self->slots, &slots, err);
    if (status == SVMS_OK) {
        status = svms_slots_slot(self->slots, slots.active, &active, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    options.trust = self->trust;
    options.product = self->options.product;
    options.hardware = self->options.hardware;
    options.version = active.version;
    options.floor = slots.floor;
    options.user = self;
    options.accepted = accepted;
    options.data = take_data;
    return svms_update_reader_new(&self->reader, self->options.ctx, &options, err);
}

svms_status camera_update_open(camera_update **out, const camera_update_options *options,
                               svms_error *err)
{
    camera_update *self = calloc(1, sizeof *self);
    if (!self) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for an update");
    }
    self->options = *options;
    self->store = (svms_store)SVMS_STORE_INIT;
    self->failure = (svms_error)SVMS_ERROR_INIT;
    self->part = NO_PART;
    self->handle = -1;
    svms_status status = make_folder(options->folder, err);
    if (status == SVMS_OK) {
        status = read_trust(self, err);
    }
    if (status == SVMS_OK) {
        status = open_slots(self, err);
    }
    if (status == SVMS_OK) {
        status = open_reader(self, err);
    }
    if (status != SVMS_OK) {
        camera_update_close(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

/* What a callback said is more than what the reader can say of it. */
static svms_status told(camera_update *self, svms_status status, svms_error *err)
{
    if (status != SVMS_OK && self->failure.status == status && err) {
        *err = self->failure;
    }
    return status;
}

svms_status camera_update_feed(camera_update *update, const void *data, size_t size,
                               svms_error *err)
{
    return told(update, svms_update_reader_feed(update->reader, data, size, err), err);
}

svms_status camera_update_end(camera_update *update, svms_error *err)
{
    svms_status status = svms_update_reader_end(update->reader, err);
    if (status == SVMS_OK) {
        status = told(update, close_part(update), err);
    }
    return status == SVMS_OK ? svms_slots_ready(update->slots, CAMERA_UPDATE_BOOTS, err) : status;
}

const char *camera_update_version(const camera_update *update)
{
    return update->version;
}

void camera_update_close(camera_update **update)
{
    if (!update || !*update) {
        return;
    }
    camera_update *self = *update;
    if (self->handle >= 0) {
        close(self->handle);
    }
    svms_update_reader_free(&self->reader);
    svms_slots_free(&self->slots);
    svms_store_close(&self->store);
    svms_trust_free(&self->trust);
    free(self);
    *update = NULL;
}
