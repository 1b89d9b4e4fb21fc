/* SPDX-License-Identifier: Apache-2.0 */
#include "storage_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "recorder_failure.h"

#define LARGEST_PEM ((size_t)256 * 1024)

typedef struct key_text {
    char *bytes;
    size_t size;
} key_text;

static void wipe(key_text *text)
{
    if (text->bytes) {
        OPENSSL_cleanse(text->bytes, text->size);
        free(text->bytes);
    }
    *text = (key_text){ NULL, 0 };
}

static svms_status take_bytes(key_text *out, int handle, size_t size, const char *path,
                              svms_error *err)
{
    key_text text = { malloc(size + 1), 0 };
    if (!text.bytes) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory for %.150s", path);
    }
    while (text.size < size) {
        ssize_t got = read(handle, text.bytes + text.size, size - text.size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            int os_error = got < 0 ? errno : 0;
            wipe(&text);
            return recorder_fail(err, SVMS_E_IO, os_error, "cannot read %.150s: %s", path,
                                 os_error ? strerror(os_error) : "it became shorter");
        }
        text.size += (size_t)got;
    }
    text.bytes[size] = '\0';
    *out = text;
    return SVMS_OK;
}

static svms_status read_open(key_text *out, int handle, const char *path, bool is_secret,
                             svms_error *err)
{
    struct stat is;
    if (fstat(handle, &is) != 0) {
        return recorder_fail(err, SVMS_E_IO, errno, "cannot look at %.150s: %s", path,
                             strerror(errno));
    }
    if (!S_ISREG(is.st_mode) || is.st_size < 0 || (uint64_t)is.st_size > LARGEST_PEM) {
        return recorder_fail(err, SVMS_E_MALFORMED, 0, "%.150s is no file of keys", path);
    }
    if (is_secret && (is.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return recorder_fail(err, SVMS_E_POLICY, 0,
                             "%.150s is a private key, and others than its owner may use it "
                             "(chmod 600 ends that)",
                             path);
    }
    return take_bytes(out, handle, (size_t)is.st_size, path, err);
}

static svms_status read_file(key_text *out, const char *path, bool is_secret, svms_error *err)
{
    int handle = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (handle < 0) {
        return recorder_fail(err, SVMS_E_IO, errno, "cannot open %.150s: %s", path,
                             strerror(errno));
    }
    svms_status status = read_open(out, handle, path, is_secret, err);
    (void)close(handle);
    return status;
}

/* Which file it is about, in front of what the library says. */
static svms_status blame(svms_error *err, svms_status status, const char *path,
                         const svms_error *why)
{
    return recorder_fail(err, status, why->os_error, "%.120s: %.120s", path, why->message);
}

static svms_status read_chain(storage_keys *self, svms_ctx *ctx, svms_error *err)
{
    key_text text = { NULL, 0 };
    svms_error why = SVMS_ERROR_INIT;
    const char *path = self->storage->certificate;
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    svms_status status = read_file(&text, path, false, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_chain_from_pem(&self->chain, ctx, text.bytes, text.size, &why);
    if (status == SVMS_OK) {
        status = svms_chain_certificate(self->chain, 0, &info, &why);
    }
    wipe(&text);
    if (status != SVMS_OK) {
        return blame(err, status, path, &why);
    }
    return (info.roles & (1u << SVMS_ROLE_RECORDER)) != 0
               ? SVMS_OK
               : recorder_fail(err, SVMS_E_UNTRUSTED, 0, "%.150s is not for a recorder", path);
}

static svms_status read_key(storage_keys *self, svms_ctx *ctx, svms_error *err)
{
    key_text text = { NULL, 0 };
    svms_error why = SVMS_ERROR_INIT;
    const char *path = self->storage->key;
    svms_status status = read_file(&text, path, true, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_private_key_from_pem(&self->key, ctx, text.bytes, text.size, &why);
    wipe(&text);
    return status == SVMS_OK ? SVMS_OK : blame(err, status, path, &why);
}

static svms_status read_recipients(storage_keys *self, svms_ctx *ctx, svms_error *err)
{
    for (size_t i = 0; i < self->storage->recipient_count; i++) {
        key_text text = { NULL, 0 };
        svms_error why = SVMS_ERROR_INIT;
        const char *path = self->storage->recipients[i];
        svms_status status = read_file(&text, path, false, err);
        if (status != SVMS_OK) {
            return status;
        }
        status = svms_public_key_from_pem(&self->recipients[i], ctx, text.bytes, text.size, &why);
        wipe(&text);
        if (status != SVMS_OK) {
            return blame(err, status, path, &why);
        }
        self->recipient_count++;
    }
    return SVMS_OK;
}

static svms_status write_nowhere(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    (void)user;
    (void)runs;
    (void)count;
    (void)os_error;
    return SVMS_OK;
}

/* Whether a container can be begun with all that, which no file alone can say: that key and chain
 * belong together, that the certificate is valid now, that the recipients are of kinds that can
 * receive. */
static svms_status try_out(const storage_keys *self, svms_ctx *ctx, svms_error *err)
{
    svms_writer *writer = NULL;
    svms_error why = SVMS_ERROR_INIT;
    svms_sink sink = SVMS_SINK_INIT;
    svms_track track = SVMS_TRACK_INIT;
    svms_writer_options options = SVMS_WRITER_OPTIONS_INIT;
    sink.write = write_nowhere;
    track.codec = SVMS_CODEC_ONVIF_METADATA;
    track.kind = SVMS_TRACK_METADATA;
    options.tracks = &track;
    options.track_count = 1;
    options.signer_chain = self->chain;
    options.signer_key = self->key;
    options.recipients = (const svms_public_key *const *)self->recipients;
    options.recipient_count = self->recipient_count;
    svms_status status = svms_writer_open(&writer, ctx, &sink, &options, &why);
    svms_writer_abort(&writer);
    return status == SVMS_OK
               ? SVMS_OK
               : recorder_fail(err, status, why.os_error,
                               "storage %.64s: nothing can be recorded with %.100s and its "
                               "recipients: %.100s",
                               self->storage->name, self->storage->certificate, why.message);
}

svms_status storage_keys_load(storage_keys *out, svms_ctx *ctx, const storage_settings *storage,
                              svms_error *err)
{
    memset(out, 0, sizeof *out);
    out->storage = storage;
    svms_status status = read_chain(out, ctx, err);
    if (status == SVMS_OK) {
        status = read_key(out, ctx, err);
    }
    if (status == SVMS_OK) {
        status = read_recipients(out, ctx, err);
    }
    if (status == SVMS_OK) {
        status = try_out(out, ctx, err);
    }
    if (status != SVMS_OK) {
        storage_keys_free(out);
    }
    return status;
}

void storage_keys_free(storage_keys *self)
{
    for (size_t i = 0; i < self->recipient_count; i++) {
        svms_public_key_free(&self->recipients[i]);
    }
    svms_private_key_free(&self->key);
    svms_chain_free(&self->chain);
    memset(self, 0, sizeof *self);
}
