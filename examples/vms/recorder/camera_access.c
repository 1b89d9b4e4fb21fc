/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_access.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "recorder_failure.h"
#include "recorder_identity.h"
#include "recorder_parts.h"

#define LARGEST_PASSWORD 4096u

struct camera_access {
    svms_ctx *ctx;
    const recorded_camera *camera;
    svms_tls_context *tls;
    pthread_mutex_t lock;
    svms_trust *trust; /* NULL: it is known by its pin */
};

static svms_status load_trust(const camera_access *self, svms_trust **out, svms_error *err)
{
    *out = NULL;
    return self->camera->trust
               ? recorder_trust_load(out, self->ctx, self->camera->trust, self->camera->crl, err)
               : SVMS_OK;
}

static svms_tls_credentials credentials_of(const svms_trust *trust, const svms_chain *chain,
                                           const svms_private_key *key)
{
    svms_tls_credentials credentials = SVMS_TLS_CREDENTIALS_INIT;
    credentials.chain = chain;
    credentials.key = key;
    credentials.trust = trust;
    return credentials;
}

svms_status camera_access_new(camera_access **out, svms_ctx *ctx, const recorded_camera *camera,
                              const svms_chain *chain, const svms_private_key *key, svms_error *err)
{
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    camera_access *self = calloc(1, sizeof *self);
    if (!self) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    pthread_mutex_init(&self->lock, NULL);
    self->ctx = ctx;
    self->camera = camera;
    svms_status status = load_trust(self, &self->trust, err);
    if (status == SVMS_OK) {
        options.side = SVMS_TLS_CLIENT;
        options.min_version = SVMS_TLS_1_2; /* which many cameras still speak */
        options.peer = SVMS_TLS_PEER_REQUIRED;
        options.credentials = credentials_of(self->trust, chain, key);
        status = svms_tls_context_new(&self->tls, ctx, &options, err);
    }
    if (status != SVMS_OK) {
        camera_access_free(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

svms_status camera_access_reload(camera_access *self, const svms_chain *chain,
                                 const svms_private_key *key, svms_error *err)
{
    svms_trust *fresh = NULL;
    svms_status status = load_trust(self, &fresh, err);
    if (status == SVMS_OK) {
        const svms_tls_credentials credentials = credentials_of(fresh, chain, key);
        status = svms_tls_context_reload(self->tls, &credentials, err);
    }
    if (status == SVMS_OK) {
        pthread_mutex_lock(&self->lock);
        svms_trust *old = self->trust;
        self->trust = fresh;
        pthread_mutex_unlock(&self->lock);
        fresh = old;
    }
    svms_trust_free(&fresh);
    return status;
}

svms_tls_context *camera_access_tls(const camera_access *self)
{
    return self->tls;
}

/* Its role is nobody's business here: cameras of other makers have none. */
bool camera_access_is_revoked(camera_access *self, const svms_chain *chain)
{
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    question.role = SVMS_ROLE_CAMERA;
    question.now_utc_ns = recorder_now();
    question.from_utc_ns = question.now_utc_ns;
    question.to_utc_ns = question.now_utc_ns;
    pthread_mutex_lock(&self->lock);
    bool is_judged =
        self->trust && !self->camera->is_pinned &&
        svms_identity_check(self->trust, chain, &question, &result, NULL) == SVMS_E_UNTRUSTED;
    pthread_mutex_unlock(&self->lock);
    return is_judged && (result.verdict == SVMS_IDENTITY_REVOKED ||
                         result.revocation == SVMS_REVOCATION_REVOKED);
}

void camera_access_free(camera_access **access)
{
    if (access && *access) {
        svms_tls_context_free(&(*access)->tls);
        svms_trust_free(&(*access)->trust);
        pthread_mutex_destroy(&(*access)->lock);
        free(*access);
        *access = NULL;
    }
}

svms_status camera_access_login(const camera_access *self, camera_login *out, svms_error *err)
{
    *out = (camera_login)CAMERA_LOGIN_INIT;
    if (!self->camera->user) {
        return SVMS_OK;
    }
    svms_status status =
        recorder_file_read(&out->file, self->camera->password_file, LARGEST_PASSWORD, true, err);
    if (status == SVMS_OK) {
        out->file.bytes[strcspn(out->file.bytes, "\r\n")] = '\0';
        out->password = out->file.bytes;
    }
    return status;
}

void camera_login_wipe(camera_login *login)
{
    recorder_file_wipe(&login->file);
    login->password = NULL;
}
