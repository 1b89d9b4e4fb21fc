/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "playback.h"
#include "recorder_failure.h"

#define LARGEST_KEY ((size_t)64 * 1024)

struct playback_keys {
    svms_private_key *key;
    svms_keyring *ring;
};

static svms_status read_whole(int handle, char *out, size_t *size, const char *path,
                              svms_error *err)
{
    *size = 0;
    for (;;) {
        ssize_t got = read(handle, out + *size, LARGEST_KEY - *size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return recorder_fail(err, SVMS_E_IO, errno, "cannot read %.150s: %s", path,
                                 strerror(errno));
        }
        if (got == 0) {
            return SVMS_OK;
        }
        *size += (size_t)got;
        if (*size == LARGEST_KEY) {
            return recorder_fail(err, SVMS_E_LIMIT, 0, "%.150s is too large for a key", path);
        }
    }
}

static svms_status check(int handle, const char *path, svms_error *err)
{
    struct stat is;
    if (fstat(handle, &is) != 0) {
        return recorder_fail(err, SVMS_E_IO, errno, "cannot look at %.150s: %s", path,
                             strerror(errno));
    }
    if (!S_ISREG(is.st_mode)) {
        return recorder_fail(err, SVMS_E_MALFORMED, 0, "%.150s is no file", path);
    }
    return (is.st_mode & (S_IRWXG | S_IRWXO)) == 0
               ? SVMS_OK
               : recorder_fail(err, SVMS_E_POLICY, 0,
                               "%.150s is a private key, and others than its owner may use it "
                               "(chmod 600 ends that)",
                               path);
}

static svms_status read_key(svms_private_key **out, svms_ctx *ctx, const char *path,
                            svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    size_t size = 0;
    int handle = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (handle < 0) {
        return recorder_fail(err, SVMS_E_IO, errno, "cannot open %.150s: %s", path,
                             strerror(errno));
    }
    char *text = malloc(LARGEST_KEY);
    svms_status status =
        text ? check(handle, path, err) : recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    if (status == SVMS_OK) {
        status = read_whole(handle, text, &size, path, err);
    }
    if (status == SVMS_OK) {
        status = svms_private_key_from_pem(out, ctx, text, size, &why);
        if (status != SVMS_OK) {
            (void)recorder_fail(err, status, why.os_error, "%.120s: %.120s", path, why.message);
        }
    }
    (void)close(handle);
    if (text) {
        OPENSSL_cleanse(text, LARGEST_KEY);
        free(text);
    }
    return status;
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
