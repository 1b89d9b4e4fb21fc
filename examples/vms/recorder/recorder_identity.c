/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recorder_failure.h"
#include "recorder_file.h"

#define LARGEST_PEM ((size_t)1 << 20)
#define LARGEST_CRL ((size_t)1 << 24)

/* Which file it is about, in front of what the library says. */
static svms_status blame(svms_error *err, svms_status status, const char *path,
                         const svms_error *why)
{
    return recorder_fail(err, status, why->os_error, "%.120s: %.120s", path, why->message);
}

/* The names in the folder are links into one that is replaced as a whole, so that certificate and
 * key of one reading may belong to two enrolments: that is seen when they are used together. */
static svms_status name_file(char **path, const char *folder, const char *name, svms_error *err)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    *path = malloc(size);
    if (!*path) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory for a path");
    }
    (void)snprintf(*path, size, "%s/%s", folder, name);
    return SVMS_OK;
}

static svms_status read_chain(svms_chain **out, svms_ctx *ctx, const char *path, svms_error *err)
{
    recorder_text text = { NULL, 0 };
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = recorder_file_read(&text, path, LARGEST_PEM, false, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_chain_from_pem(out, ctx, text.bytes, text.size, &why);
    recorder_file_wipe(&text);
    return status == SVMS_OK ? SVMS_OK : blame(err, status, path, &why);
}

static svms_status read_key(svms_private_key **out, svms_ctx *ctx, const char *path,
                            svms_error *err)
{
    recorder_text text = { NULL, 0 };
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = recorder_file_read(&text, path, LARGEST_PEM, true, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_private_key_from_pem(out, ctx, text.bytes, text.size, &why);
    recorder_file_wipe(&text);
    return status == SVMS_OK ? SVMS_OK : blame(err, status, path, &why);
}

svms_status recorder_signer_load(svms_chain **chain, svms_private_key **key, svms_ctx *ctx,
                                 const char *certificate, const char *key_path, svms_error *err)
{
    svms_status status = read_chain(chain, ctx, certificate, err);
    if (status == SVMS_OK) {
        status = read_key(key, ctx, key_path, err);
    }
    if (status != SVMS_OK) {
        svms_chain_free(chain);
    }
    return status;
}

svms_status recorder_trust_load(svms_trust **out, svms_ctx *ctx, const char *anchors,
                                const char *crl, svms_error *err)
{
    recorder_text text = { NULL, 0 };
    recorder_text list = { NULL, 0 };
    svms_error why = SVMS_ERROR_INIT;
    svms_trust_options options = SVMS_TRUST_OPTIONS_INIT;
    svms_status status = recorder_file_read(&text, anchors, LARGEST_PEM, false, err);
    if (status == SVMS_OK && crl) {
        status = recorder_file_read(&list, crl, LARGEST_CRL, false, err);
    }
    if (status == SVMS_OK) {
        options.anchors = text.bytes;
        options.anchors_size = text.size;
        options.crls = list.bytes;
        options.crls_size = list.size;
        status = svms_trust_new(out, ctx, &options, &why);
        if (status != SVMS_OK) {
            (void)recorder_fail(err, status, why.os_error, "%.100s%s%.100s: %.100s", anchors,
                                crl ? " with " : "", crl ? crl : "", why.message);
        }
    }
    recorder_file_wipe(&list);
    recorder_file_wipe(&text);
    return status;
}

static svms_status check_role(const recorder_identity *self, const char *folder, svms_error *err)
{
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    svms_status status = svms_chain_certificate(self->chain, 0, &info, err);
    if (status == SVMS_OK && (info.roles & (1u << SVMS_ROLE_RECORDER)) == 0) {
        status = recorder_fail(err, SVMS_E_UNTRUSTED, 0, "%.150s/cert.pem is not for a recorder",
                               folder);
    }
    return status;
}

svms_status recorder_identity_load(recorder_identity *out, svms_ctx *ctx, const char *folder,
                                   svms_error *err)
{
    char *certificate = NULL;
    char *key = NULL;
    char *anchors = NULL;
    memset(out, 0, sizeof *out);
    svms_status status = name_file(&certificate, folder, "cert.pem", err);
    if (status == SVMS_OK) {
        status = name_file(&key, folder, "key.pem", err);
    }
    if (status == SVMS_OK) {
        status = name_file(&anchors, folder, "ca.pem", err);
    }
    if (status == SVMS_OK) {
        status = recorder_signer_load(&out->chain, &out->key, ctx, certificate, key, err);
    }
    if (status == SVMS_OK) {
        status = check_role(out, folder, err);
    }
    if (status == SVMS_OK) {
        status = recorder_trust_load(&out->trust, ctx, anchors, NULL, err);
    }
    free(anchors);
    free(key);
    free(certificate);
    if (status != SVMS_OK) {
        recorder_identity_free(out);
    }
    return status;
}

void recorder_identity_free(recorder_identity *self)
{
    svms_private_key_free(&self->key);
    svms_chain_free(&self->chain);
    svms_trust_free(&self->trust);
}
