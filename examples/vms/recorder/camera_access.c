/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_access.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "recorder_failure.h"
#include "recorder_identity.h"

#define LARGEST_PASSWORD 4096u
#define LARGEST_CRL ((size_t)1 << 24)

struct camera_access {
    svms_ctx *ctx;
    const recorded_camera *camera;
    pthread_mutex_t lock;  /* of what follows */
    svms_tls_context *tls; /* once there is one it stays; NULL: nobody can be called */
    svms_error why;        /* there is none */
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

/* For the first time, or instead of what was known. The lock is held. */
static svms_status use(camera_access *self, const svms_trust *trust, const svms_chain *chain,
                       const svms_private_key *key, svms_error *err)
{
    const svms_tls_credentials credentials = credentials_of(trust, chain, key);
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    if (self->tls) {
        return svms_tls_context_reload(self->tls, &credentials, err);
    }
    options.side = SVMS_TLS_CLIENT;
    options.min_version = SVMS_TLS_1_2; /* which many cameras still speak */
    options.peer = SVMS_TLS_PEER_REQUIRED;
    options.credentials = credentials;
    return svms_tls_context_new(&self->tls, self->ctx, &options, err);
}

svms_status camera_access_reload(camera_access *self, const svms_chain *chain,
                                 const svms_private_key *key, svms_error *err)
{
    svms_trust *trust = NULL;
    svms_status status = load_trust(self, &trust, err);
    if (status == SVMS_OK) {
        (void)pthread_mutex_lock(&self->lock);
        status = use(self, trust, chain, key, err);
        (void)pthread_mutex_unlock(&self->lock);
    }
    svms_trust_free(&trust);
    return status;
}

svms_status camera_access_new(camera_access **out, svms_ctx *ctx, const recorded_camera *camera,
                              const svms_chain *chain, const svms_private_key *key, svms_error *err)
{
    camera_access *self = calloc(1, sizeof *self);
    if (!self) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    self->ctx = ctx;
    self->camera = camera;
    self->why = (svms_error)SVMS_ERROR_INIT;
    (void)pthread_mutex_init(&self->lock, NULL);
    if (camera_access_reload(self, chain, key, &self->why) == SVMS_E_NO_MEMORY) {
        camera_access_free(&self);
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    *out = self;
    return SVMS_OK;
}

svms_tls_context *camera_access_tls(camera_access *self)
{
    (void)pthread_mutex_lock(&self->lock);
    svms_tls_context *tls = self->tls;
    (void)pthread_mutex_unlock(&self->lock);
    return tls;
}

static bool is_on_list(X509_CRL *list, X509 *certificate)
{
    X509_REVOKED *entry = NULL;
    return X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_issuer_name(certificate)) == 0 &&
           X509_CRL_get0_by_cert(list, &entry, certificate) == 1;
}

/* PEM with any number of lists, or one in DER. */
static bool is_on_any(const recorder_text *lists, X509 *certificate)
{
    bool is_found = false;
    size_t count = 0;
    X509_CRL *list = NULL;
    BIO *text = BIO_new_mem_buf(lists->bytes, (int)lists->size);
    while (text && !is_found && (list = PEM_read_bio_X509_CRL(text, NULL, NULL, NULL)) != NULL) {
        count++;
        is_found = is_on_list(list, certificate);
        X509_CRL_free(list);
    }
    BIO_free(text);
    const uint8_t *der = (const uint8_t *)lists->bytes;
    list = count == 0 ? d2i_X509_CRL(NULL, &der, (long)lists->size) : NULL;
    if (list) {
        is_found = is_on_list(list, certificate);
        X509_CRL_free(list);
    }
    ERR_clear_error();
    return is_found;
}

bool camera_access_is_revoked(const camera_access *self, const uint8_t *certificate, size_t size)
{
    recorder_text lists = { NULL, 0 };
    bool is_found = false;
    if (self->camera->crl && !self->camera->is_pinned &&
        recorder_file_read(&lists, self->camera->crl, LARGEST_CRL, false, NULL) == SVMS_OK) {
        X509 *parsed = d2i_X509(NULL, &certificate, (long)size);
        is_found = parsed && is_on_any(&lists, parsed);
        X509_free(parsed);
    }
    recorder_file_wipe(&lists);
    return is_found;
}

void camera_access_free(camera_access **access)
{
    if (access && *access) {
        svms_tls_context_free(&(*access)->tls);
        (void)pthread_mutex_destroy(&(*access)->lock);
        free(*access);
        *access = NULL;
    }
}

svms_status camera_access_login(camera_access *self, camera_login *out, svms_error *err)
{
    *out = (camera_login)CAMERA_LOGIN_INIT;
    if (!camera_access_tls(self)) {
        return recorder_fail(err, self->why.status, self->why.os_error, "%s", self->why.message);
    }
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
