/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "playback.h"
#include "recorder_failure.h"
#include "recorder_file.h"

#define LARGEST_KEY ((size_t)64 * 1024)

struct playback_keys {
    svms_private_key *key;
    svms_keyring *ring;
};

static svms_status read_key(svms_private_key **out, svms_ctx *ctx, const char *path,
                            svms_error *err)
{
    recorder_text text = { NULL, 0 };
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = recorder_file_read(&text, path, LARGEST_KEY, true, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_private_key_from_pem(out, ctx, text.bytes, text.size, &why);
    recorder_file_wipe(&text);
    return status == SVMS_OK
               ? SVMS_OK
               : recorder_fail(err, status, why.os_error, "%.120s: %.120s", path, why.message);
}

svms_status playback_keys_load(playback_keys **out, const recorder_parts *parts, svms_error *err)
{
    if (!parts->settings->playback_key) {
        return recorder_fail(err, SVMS_E_STATE, 0, "no key opens what is recorded here");
    }
    playback_keys *self = calloc(1, sizeof *self);
    if (!self) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    svms_status status = read_key(&self->key, parts->ctx, parts->settings->playback_key, err);
    if (status == SVMS_OK) {
        status = svms_keyring_new(&self->ring, parts->ctx, err);
    }
    if (status == SVMS_OK) {
        status = svms_keyring_add_key(self->ring, self->key, err);
    }
    if (status != SVMS_OK) {
        playback_keys_free(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

void playback_keys_free(playback_keys **keys)
{
    if (keys && *keys) {
        svms_keyring_free(&(*keys)->ring);
        svms_private_key_free(&(*keys)->key);
        free(*keys);
        *keys = NULL;
    }
}

svms_keyring *playback_keys_ring(const playback_keys *keys)
{
    return keys->ring;
}
