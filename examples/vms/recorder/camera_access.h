/* SPDX-License-Identifier: Apache-2.0 */
/* How a camera knows us, and we know it: TLS with our certificate, its authorities and revocations,
 * the password that it wants. */
#ifndef CAMERA_ACCESS_H
#define CAMERA_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <svms/svms.h>

#include "recorder_file.h"
#include "recorder_settings.h"

typedef struct camera_access camera_access;

/* Reads the files of the camera's settings. Where one cannot be used, nobody is called: login says
 * why and names it, until a reload finds it mended. Only a lack of memory is a failure. camera is
 * borrowed. */
svms_status camera_access_new(camera_access **out, svms_ctx *ctx, const recorded_camera *camera,
                              const svms_chain *chain, const svms_private_key *key,
                              svms_error *err);
/* The same with another identity, and the files read again, from any thread. A failure changes
 * nothing. */
svms_status camera_access_reload(camera_access *self, const svms_chain *chain,
                                 const svms_private_key *key, svms_error *err);
/* NULL: nobody can be called. */
svms_tls_context *camera_access_tls(camera_access *self);
/* Whether the list of revocations names this certificate (DER) now. Only for leaving a connection:
 * the next one judges it, with all that belongs to that. */
bool camera_access_is_revoked(const camera_access *self, const uint8_t *certificate, size_t size);
/* NULL and pointer to NULL are accepted. */
void camera_access_free(camera_access **self);

typedef struct camera_login {
    recorder_text file;
    const char *password; /* the first line of it, or NULL: there is no user */
} camera_login;

#define CAMERA_LOGIN_INIT                                                                          \
    {                                                                                              \
        { NULL, 0 }, NULL                                                                          \
    }

/* Read for each connection: it may be changed while the recorder runs. */
svms_status camera_access_login(camera_access *self, camera_login *out, svms_error *err);
void camera_login_wipe(camera_login *login);

#endif
