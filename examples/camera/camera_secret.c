/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_secret.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "camera_failure.h"
#include "camera_file.h"

#define NONCE_SIZE 12u
#define TAG_SIZE 16u
#define SEALED_MAX (UINT32_C(1) << 24)

static svms_status take_secret(uint8_t out[CAMERA_SECRET_SIZE], const char *path, svms_error *err)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    svms_status status = camera_file_read(&bytes, &size, path, CAMERA_SECRET_SIZE, true, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (bytes) {
        bool fits = size == CAMERA_SECRET_SIZE;
        if (fits) {
            memcpy(out, bytes, CAMERA_SECRET_SIZE);
        }
        camera_file_free(bytes, size);
        return fits ? SVMS_OK
                    : camera_fail(err, SVMS_E_MALFORMED, 0, "%s is no secret of a device", path);
    }
    if (RAND_priv_bytes(out, CAMERA_SECRET_SIZE) != 1) {
        return camera_fail(err, SVMS_E_CRYPTO, 0, "there is no randomness");
    }
    return camera_file_write(path, out, CAMERA_SECRET_SIZE, err);
}

static bool derive(uint8_t out[CAMERA_SECRET_SIZE], uint8_t *secret, const char *purpose)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    char digest[] = "SHA256";
    char info[64];
    size_t length = strnlen(purpose, sizeof info);
    memcpy(info, purpose, length);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret, CAMERA_SECRET_SIZE),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, length),
        OSSL_PARAM_construct_end(),
    };
    bool good = context && EVP_KDF_derive(context, out, CAMERA_SECRET_SIZE, parameters) == 1;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return good;
}

svms_status camera_secret_key(uint8_t key[CAMERA_SECRET_SIZE], const char *path,
                              const char *purpose, svms_error *err)
{
    uint8_t secret[CAMERA_SECRET_SIZE];
    svms_status status = take_secret(secret, path, err);
    if (status == SVMS_OK && !derive(key, secret, purpose)) {
        status = camera_fail(err, SVMS_E_CRYPTO, 0, "a key cannot be derived");
    }
    OPENSSL_cleanse(secret, sizeof secret);
    return status;
}

static bool seal(uint8_t *out, const uint8_t *key, const void *data, size_t size)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int length = 0;
    uint8_t *to = out + NONCE_SIZE;
    bool good = cipher && context && RAND_bytes(out, NONCE_SIZE) == 1 &&
                EVP_EncryptInit_ex2(context, cipher, key, out, NULL) == 1 &&
                EVP_EncryptUpdate(context, to, &length, data, (int)size) == 1 &&
                EVP_EncryptFinal_ex(context, to + length, &length) == 1 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, to + size) == 1;
    EVP_CIPHER_CTX_free(context);
    EVP_CIPHER_free(cipher);
    return good;
}

svms_status camera_secret_seal(uint8_t **out, size_t *out_size,
                               const uint8_t key[CAMERA_SECRET_SIZE], const void *data, size_t size,
                               svms_error *err)
{
    if (size > SEALED_MAX) {
        return camera_fail(err, SVMS_E_LIMIT, 0, "that is too much to seal");
    }
    uint8_t *bytes = malloc(NONCE_SIZE + size + TAG_SIZE);
    if (!bytes) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory to seal");
    }
    if (!seal(bytes, key, data, size)) {
        free(bytes);
        return camera_fail(err, SVMS_E_CRYPTO, 0, "sealing failed");
    }
    *out = bytes;
    *out_size = NONCE_SIZE + size + TAG_SIZE;
    return SVMS_OK;
}

/* 1: opened; 0: not what was sealed; -1: the provider failed. */
static int unseal(uint8_t *out, const uint8_t *key, const uint8_t *sealed, size_t size)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    const uint8_t *from = sealed + NONCE_SIZE;
    uint8_t tag[TAG_SIZE];
    int length = 0;
    memcpy(tag, from + size, TAG_SIZE);
    int result = cipher && context &&
                         EVP_DecryptInit_ex2(context, cipher, key, sealed, NULL) == 1 &&
                         EVP_DecryptUpdate(context, out, &length, from, (int)size) == 1 &&
                         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) == 1
                     ? 0
                     : -1;
    if (result == 0 && EVP_DecryptFinal_ex(context, out + length, &length) == 1) {
        result = 1;
    }
    EVP_CIPHER_CTX_free(context);
    EVP_CIPHER_free(cipher);
    return result;
}

svms_status camera_secret_open(uint8_t **out, size_t *out_size,
                               const uint8_t key[CAMERA_SECRET_SIZE], const uint8_t *sealed,
                               size_t size, svms_error *err)
{
    if (size < NONCE_SIZE + TAG_SIZE || size > SEALED_MAX) {
        return camera_fail(err, SVMS_E_NOT_AUTHENTIC, 0, "it is not what was sealed");
    }
    size_t inner = size - NONCE_SIZE - TAG_SIZE;
    uint8_t *bytes = malloc(inner + 1);
    if (!bytes) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory to open what is sealed");
    }
    int result = unseal(bytes, key, sealed, inner);
    if (result != 1) {
        camera_file_free(bytes, inner);
        return result == 0 ? camera_fail(err, SVMS_E_NOT_AUTHENTIC, 0,
                                         "it was changed, or sealed by another device")
                           : camera_fail(err, SVMS_E_CRYPTO, 0, "opening what is sealed failed");
    }
    *out = bytes;
    *out_size = inner;
    return SVMS_OK;
}
