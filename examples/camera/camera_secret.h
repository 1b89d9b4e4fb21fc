/* SPDX-License-Identifier: Apache-2.0 */
/* The secret that makes what a camera stores readable by this camera alone. */
#ifndef CAMERA_SECRET_H
#define CAMERA_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include <svms/status.h>

#define CAMERA_SECRET_SIZE 32

/* A key for one purpose, from the secret in the file at path, which is made where it is missing
 * (0600). Wipe it. A device with a TPM would keep the secret there. */
svms_status camera_secret_key(uint8_t key[CAMERA_SECRET_SIZE], const char *path,
                              const char *purpose, svms_error *err);

/* nonce, what is sealed, tag: for each call another nonce. *out: free() it. */
svms_status camera_secret_seal(uint8_t **out, size_t *out_size,
                               const uint8_t key[CAMERA_SECRET_SIZE], const void *data, size_t size,
                               svms_error *err);
/* SVMS_E_NOT_AUTHENTIC: it was changed, or sealed by another device. *out: camera_file_free(). */
svms_status camera_secret_open(uint8_t **out, size_t *out_size,
                               const uint8_t key[CAMERA_SECRET_SIZE], const uint8_t *sealed,
                               size_t size, svms_error *err);

#endif
