/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_state.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "camera_failure.h"
#include "camera_file.h"
#include "camera_settings.h"

struct camera_state {
    pthread_mutex_t lock;     /* of what readers see */
    pthread_mutex_t changing; /* one change at a time; taken first */
    camera_state_options lens;
    char *path;
    camera_settings settings;
    _Atomic uint64_t revision;
};

static svms_status write_file(const char *path, const camera_settings *settings, svms_error *err)
{
    char *text = camera_settings_write(settings);
    if (!text) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for %s", path);
    }
    svms_status status = camera_file_write(path, text, strlen(text), err);
    free(text);
    return status;
}

/* Another lens than the one that it was set for: what it cannot give becomes what it can. */
static void fit_lens(camera_settings *settings, const camera_state_options *lens)
{
    camera_encoding *encoding = &settings->encoding;
    if (encoding->width > lens->width || encoding->height > lens->height) {
        encoding->width = lens->width;
        encoding->height = lens->height;
    }
    if (encoding->rate > lens->rate) {
        encoding->rate = lens->rate;
    }
}

static svms_status load(camera_state *self, svms_error *err)
{
    camera_settings_default(&self->settings, &self->lens);
    svms_status status = SVMS_OK;
    if (access(self->path, F_OK) == 0) {
        status = camera_settings_read(&self->settings, self->path, err);
        fit_lens(&self->settings, &self->lens);
    } else {
        status = write_file(self->path, &self->settings, err);
    }
    if (status == SVMS_OK && camera_settings_check(&self->settings, &self->lens, err) != SVMS_OK) {
        if (err) {
            err->status = SVMS_E_MALFORMED;
        }
        status = SVMS_E_MALFORMED;
    }
    atomic_store(&self->revision, self->settings.revision);
    return status;
}

svms_status camera_state_open(camera_state **out, const camera_state_options *options,
                              svms_error *err)
{
    camera_state *self = calloc(1, sizeof *self);
    char *path = strdup(options->path);
    if (!self || !path) {
        free(self);
        free(path);
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for the state");
    }
    pthread_mutex_init(&self->lock, NULL);
    pthread_mutex_init(&self->changing, NULL);
    self->lens = *options;
    self->path = path;
    svms_status status = load(self, err);
    if (status != SVMS_OK) {
        camera_state_close(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

void camera_state_read(camera_state *state, camera_settings *out)
{
    pthread_mutex_lock(&state->lock);
    *out = state->settings;
    pthread_mutex_unlock(&state->lock);
}

uint64_t camera_state_revision(camera_state *state)
{
    return atomic_load(&state->revision);
}

svms_status camera_state_change(camera_state *state, camera_state_edit edit, void *user,
                                svms_error *err)
{
    camera_settings *copy = malloc(sizeof *copy);
    if (!copy) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for a change");
    }
    pthread_mutex_lock(&state->changing);
    camera_state_read(state, copy);
    uint64_t revision = copy->revision;
    svms_status status = edit(user, copy, err);
    if (status == SVMS_OK) {
        status = camera_settings_check(copy, &state->lens, err);
    }
    copy->revision = revision + 1;
    if (status == SVMS_OK) {
        status = write_file(state->path, copy, err);
    }
    if (status == SVMS_OK) {
        pthread_mutex_lock(&state->lock);
        state->settings = *copy;
        pthread_mutex_unlock(&state->lock);
        atomic_store(&state->revision, copy->revision);
    }
    pthread_mutex_unlock(&state->changing);
    free(copy);
    return status;
}

uint32_t camera_sizes(const camera_state *state, camera_size out[CAMERA_SIZES])
{
    /* Of the lens's picture, in parts of twelve: all of it, three quarters, half, a third. */
    static const uint32_t parts[CAMERA_SIZES] = { 12, 9, 6, 4 };
    uint32_t count = 0;
    for (uint32_t i = 0; i < CAMERA_SIZES; i++) {
        camera_size size = { state->lens.width * parts[i] / 24 * 2,
                             state->lens.height * parts[i] / 24 * 2 };
        if (size.width >= 64 && size.height >= 64) {
            out[count++] = size;
        }
    }
    return count;
}

uint32_t camera_rate_max(const camera_state *state)
{
    return state->lens.rate;
}

void camera_state_close(camera_state **state)
{
    if (!state || !*state) {
        return;
    }
    pthread_mutex_destroy(&(*state)->lock);
    pthread_mutex_destroy(&(*state)->changing);
    free((*state)->path);
    free(*state);
    *state = NULL;
}
