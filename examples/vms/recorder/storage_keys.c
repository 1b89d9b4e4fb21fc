/* SPDX-License-Identifier: Apache-2.0 */
#include "storage_keys.h"

#include <string.h>

#include "recorder_failure.h"
#include "recorder_file.h"

#define LARGEST_PEM ((size_t)256 * 1024)

/* Which file it is about, in front of what the library says. */
static svms_status blame(svms_error *err, svms_status status, const char *path,
                         const svms_error *why)
{
    return recorder_fail(err, status, why->os_error, "%.120s: %.120s", path, why->message);
}

static svms_status read_chain(storage_keys *self, svms_ctx *ctx, svms_error *err)
{
    recorder_text text = { NULL, 0 };
    svms_error why = SVMS_ERROR_INIT;
    const char *path = self->storage->certificate;
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    svms_status status = recorder_file_read(&text, path, LARGEST_PEM, false, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_chain_from_pem(&self->chain, ctx, text.bytes, text.size, &why);
    if (status == SVMS_OK) {
        status = svms_chain_certificate(self->chain, 0, &info, &why);
    }
    recorder_file_wipe(&text);
    if (status != SVMS_OK) {
        return blame(err, status, path, &why);
    }
    return (info.roles & (1u << SVMS_ROLE_RECORDER)) != 0
               ? SVMS_OK
               : recorder_fail(err, SVMS_E_UNTRUSTED, 0, "%.150s is not for a recorder", path);
}

static svms_status read_key(storage_keys *self, svms_ctx *ctx, svms_error *err)
{
    recorder_text text = { NULL, 0 };
    svms_error why = SVMS_ERROR_INIT;
    const char *path = self->storage->key;
    svms_status status = recorder_file_read(&text, path, LARGEST_PEM, true, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_private_key_from_pem(&self->key, ctx, text.bytes, text.size, &why);
    recorder_file_wipe(&text);
    return status == SVMS_OK ? SVMS_OK : blame(err, status, path, &why);
}

static svms_status read_recipients(storage_keys *self, svms_ctx *ctx, svms_error *err)
{
    for (size_t i = 0; i < self->storage->recipient_count; i++) {
        recorder_text text = { NULL, 0 };
        svms_error why = SVMS_ERROR_INIT;
        const char *path = self->storage->recipients[i];
        svms_status status = recorder_file_read(&text, path, LARGEST_PEM, false, err);
        if (status != SVMS_OK) {
            return status;
        }
        status = svms_public_key_from_pem(&self->recipients[i], ctx, text.bytes, text.size, &why);
        recorder_file_wipe(&text);
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
