/* SPDX-License-Identifier: Apache-2.0 */
#include "edge_key.h"

#include <stdlib.h>

#include <openssl/crypto.h>

#include "camera_failure.h"
#include "camera_file.h"
#include "camera_secret.h"

#define PURPOSE "edge storage"
#define SEALED_MAX 4096u
#define PEM_SIZE 512u

static svms_status make(svms_kek **out, svms_ctx *ctx, const char *path,
                        const uint8_t key[CAMERA_SECRET_SIZE], svms_error *err)
{
    char pem[PEM_SIZE];
    size_t size = sizeof pem;
    uint8_t *sealed = NULL;
    size_t sealed_size = 0;
    svms_status status = svms_kek_generate(out, ctx, err);
    if (status == SVMS_OK) {
        status = svms_kek_to_pem(*out, pem, &size, err);
    }
    if (status == SVMS_OK) {
        status = camera_secret_seal(&sealed, &sealed_size, key, pem, size, err);
    }
    if (status == SVMS_OK) {
        status = camera_file_write(path, sealed, sealed_size, err);
    }
    OPENSSL_cleanse(pem, sizeof pem);
    free(sealed);
    return status;
}

svms_status edge_key_open(svms_kek **out, svms_ctx *ctx, const char *path, const char *secret,
                          svms_error *err)
{
    uint8_t key[CAMERA_SECRET_SIZE];
    uint8_t *sealed = NULL;
    uint8_t *pem = NULL;
    size_t sealed_size = 0;
    size_t size = 0;
    svms_kek *kek = NULL;
    svms_status status = camera_secret_key(key, secret, PURPOSE, err);
    if (status == SVMS_OK) {
        status = camera_file_read(&sealed, &sealed_size, path, SEALED_MAX, true, err);
    }
    if (status == SVMS_OK && !sealed) {
        status = make(&kek, ctx, path, key, err);
    } else if (status == SVMS_OK) {
        status = camera_secret_open(&pem, &size, key, sealed, sealed_size, err);
        if (status == SVMS_OK) {
            status = svms_kek_from_pem(&kek, ctx, (const char *)pem, size, err);
        }
    }
    OPENSSL_cleanse(key, sizeof key);
    camera_file_free(pem, size);
    camera_file_free(sealed, sealed_size);
    if (status != SVMS_OK) {
        svms_kek_free(&kek);
        return status;
    }
    *out = kek;
    return SVMS_OK;
}
