/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_identity.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "camera_failure.h"
#include "camera_file.h"

#define PEM_MAX ((size_t)1 << 20)
#define CRL_MAX ((size_t)1 << 24)

typedef struct held_papers {
    camera_papers papers;
    uint32_t holders;
} held_papers;

struct camera_identity {
    pthread_mutex_t lock;
    svms_ctx *ctx;
    char *folder;
    char *crl;
    held_papers *current;
};

static void free_papers(held_papers *held)
{
    if (held) {
        svms_chain_free(&held->papers.chain);
        svms_private_key_free(&held->papers.key);
        svms_trust_free(&held->papers.trust);
        free(held);
    }
}

/* The names in the folder are links into one that is replaced as a whole. */
static svms_status read_named(uint8_t **out, size_t *size, const char *folder, const char *name,
                              bool is_secret, svms_error *err)
{
    char *path = camera_file_path(folder, name);
    char *real = path ? realpath(path, NULL) : NULL;
    svms_status status = SVMS_OK;
    *out = NULL;
    if (!path) {
        status = camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for a path");
    } else if (!real) {
        status =
            camera_fail(err, SVMS_E_STATE, 0, "the camera is not enrolled: there is no %s", path);
    } else {
        status = camera_file_read(out, size, real, PEM_MAX, is_secret, err);
    }
    if (status == SVMS_OK && !*out) {
        status =
            camera_fail(err, SVMS_E_STATE, 0, "the camera is not enrolled: there is no %s", path);
    }
    free(real);
    free(path);
    return status;
}

static svms_status read_chain(camera_identity *self, camera_papers *out, svms_error *err)
{
    uint8_t *pem = NULL;
    size_t size = 0;
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    svms_status status = read_named(&pem, &size, self->folder, "cert.pem", false, err);
    if (status == SVMS_OK) {
        status = svms_chain_from_pem(&out->chain, self->ctx, (const char *)pem, size, err);
    }
    if (status == SVMS_OK) {
        status = svms_chain_certificate(out->chain, 0, &info, err);
    }
    if (status == SVMS_OK && (info.roles & (1u << SVMS_ROLE_CAMERA)) == 0) {
        status =
            camera_fail(err, SVMS_E_UNTRUSTED, 0, "%s/cert.pem is not for a camera", self->folder);
    }
    camera_file_free(pem, size);
    return status;
}

static svms_status read_key(camera_identity *self, camera_papers *out, svms_error *err)
{
    uint8_t *pem = NULL;
    size_t size = 0;
    svms_status status = read_named(&pem, &size, self->folder, "key.pem", true, err);
    if (status == SVMS_OK) {
        status = svms_private_key_from_pem(&out->key, self->ctx, (const char *)pem, size, err);
    }
    camera_file_free(pem, size);
    return status;
}

static svms_status read_trust(camera_identity *self, camera_papers *out, svms_error *err)
{
    uint8_t *pem = NULL;
    uint8_t *crl = NULL;
    size_t size = 0;
    size_t crl_size = 0;
    svms_trust_options options = SVMS_TRUST_OPTIONS_INIT;
    svms_status status = read_named(&pem, &size, self->folder, "ca.pem", false, err);
    if (status == SVMS_OK && self->crl) {
        status = camera_file_read(&crl, &crl_size, self->crl, CRL_MAX, false, err);
    }
    if (status == SVMS_OK && self->crl && !crl) {
        status = camera_fail(err, SVMS_E_IO, 0, "there is no %s", self->crl);
    }
    if (status == SVMS_OK) {
        options.anchors = (const char *)pem;
        options.anchors_size = size;
        options.crls = crl;
        options.crls_size = crl_size;
        status = svms_trust_new(&out->trust, self->ctx, &options, err);
    }
    camera_file_free(crl, crl_size);
    camera_file_free(pem, size);
    return status;
}

static svms_status read_papers(camera_identity *self, held_papers **out, svms_error *err)
{
    held_papers *held = calloc(1, sizeof *held);
    if (!held) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for an identity");
    }
    held->holders = 1;
    held->papers.hold = held;
    svms_status status = read_chain(self, &held->papers, err);
    if (status == SVMS_OK) {
        status = read_key(self, &held->papers, err);
    }
    if (status == SVMS_OK) {
        status = read_trust(self, &held->papers, err);
    }
    if (status != SVMS_OK) {
        free_papers(held);
        return status;
    }
    *out = held;
    return SVMS_OK;
}

svms_status camera_identity_open(camera_identity **out, svms_ctx *ctx, const char *folder,
                                 const char *crl, svms_error *err)
{
    camera_identity *self = calloc(1, sizeof *self);
    if (!self) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for an identity");
    }
    pthread_mutex_init(&self->lock, NULL);
    self->ctx = ctx;
    self->folder = strdup(folder);
    self->crl = crl ? strdup(crl) : NULL;
    svms_status status = SVMS_OK;
    if (!self->folder || (crl && !self->crl)) {
        status = camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for an identity");
    } else {
        status = read_papers(self, &self->current, err);
    }
    if (status != SVMS_OK) {
        camera_identity_close(&self);
        return status;
    }
    self->current->papers.number = 1;
    *out = self;
    return SVMS_OK;
}

const camera_papers *camera_identity_take(camera_identity *identity)
{
    pthread_mutex_lock(&identity->lock);
    held_papers *held = identity->current;
    held->holders++;
    pthread_mutex_unlock(&identity->lock);
    return &held->papers;
}

static void let_go(held_papers *held)
{
    if (--held->holders == 0) {
        free_papers(held);
    }
}

void camera_identity_give(camera_identity *identity, const camera_papers **papers)
{
    if (!papers || !*papers) {
        return;
    }
    pthread_mutex_lock(&identity->lock);
    let_go((*papers)->hold);
    pthread_mutex_unlock(&identity->lock);
    *papers = NULL;
}

/* By their certificate: a key that fits another one is no use anyhow. Lists of revocations are
 * read each time. */
svms_status camera_identity_reload(camera_identity *identity, bool *is_new, svms_error *err)
{
    held_papers *held = NULL;
    svms_certificate_info before = SVMS_CERTIFICATE_INFO_INIT;
    svms_certificate_info after = SVMS_CERTIFICATE_INFO_INIT;
    *is_new = false;
    svms_status status = read_papers(identity, &held, err);
    if (status == SVMS_OK) {
        status = svms_chain_certificate(held->papers.chain, 0, &after, err);
    }
    pthread_mutex_lock(&identity->lock);
    if (status == SVMS_OK) {
        status = svms_chain_certificate(identity->current->papers.chain, 0, &before, err);
    }
    if (status == SVMS_OK) {
        uint64_t number = identity->current->papers.number;
        *is_new = memcmp(before.sha256, after.sha256, sizeof before.sha256) != 0;
        held->papers.number = *is_new ? number + 1 : number;
        let_go(identity->current);
        identity->current = held;
        held = NULL;
    }
    pthread_mutex_unlock(&identity->lock);
    free_papers(held);
    return status;
}

void camera_identity_close(camera_identity **identity)
{
    if (!identity || !*identity) {
        return;
    }
    camera_identity *self = *identity;
    if (self->current) {
        let_go(self->current);
    }
    pthread_mutex_destroy(&self->lock);
    free(self->folder);
    free(self->crl);
    free(self);
    *identity = NULL;
}
