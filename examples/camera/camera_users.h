/* SPDX-License-Identifier: Apache-2.0 */
/* Who may use a camera. Names and levels, and passwords: digests of HTTP, RTSP and WS-Security need
 * them as they are, so they lie sealed (AES-256-GCM) under a key that is the device's own. There
 * is no user at first, and no password that anybody knows. Any thread. */
#ifndef CAMERA_USERS_H
#define CAMERA_USERS_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/svms.h>

#include "camera_events.h"
#include "camera_state.h"

#define CAMERA_USERS_MAX 32u
#define CAMERA_USER_NAME_SIZE                                                                      \
    65                           /* 1 to 64 printable signs of ASCII, no quote, colon, backslash   \
                                  */
#define CAMERA_PASSWORD_MAX 128u /* bytes */

/* As ONVIF's default access policy has them. */
typedef enum camera_level {
    CAMERA_ANONYMOUS,
    CAMERA_USER, /* may watch */
    CAMERA_OPERATOR,
    CAMERA_ADMINISTRATOR
} camera_level;

typedef struct camera_user {
    char name[CAMERA_USER_NAME_SIZE];
    camera_level level;
} camera_user;

typedef struct camera_users camera_users;

typedef struct camera_users_options {
    svms_ctx *ctx;           /* borrowed, as all of these */
    const char *path;        /* of the file; missing: there is nobody yet */
    const char *secret;      /* file with the device's secret; made where it is missing */
    camera_state *state;     /* for the rule of lockout */
    camera_events *events;   /* or NULL */
    uint32_t password_least; /* characters; 0: 12 */
} camera_users_options;

/* SVMS_E_NOT_AUTHENTIC: the file is not what this device wrote. */
svms_status camera_users_open(camera_users **out, const camera_users_options *options,
                              svms_error *err);
/* An administrator is there: before, nothing is served but what makes one. */
bool camera_users_is_ready(camera_users *users);
uint32_t camera_users_list(camera_users *users, camera_user out[CAMERA_USERS_MAX]);
/* SVMS_E_EXISTS; SVMS_E_LIMIT: too many; SVMS_E_POLICY: the password is not good enough (findings:
 * bits of svms_password_finding, err has words), or the name is none. Durable when it returns. */
svms_status camera_users_add(camera_users *users, const char *name, camera_level level,
                             const char *password, uint32_t *findings, svms_error *err);
/* password NULL: stays; level CAMERA_ANONYMOUS: stays. SVMS_E_STATE: nobody has this name;
 * SVMS_E_POLICY: also where no administrator would be left. */
svms_status camera_users_edit(camera_users *users, const char *name, camera_level level,
                              const char *password, uint32_t *findings, svms_error *err);
svms_status camera_users_remove(camera_users *users, const char *name, svms_error *err);
/* CAMERA_ANONYMOUS: nobody has this name. */
camera_level camera_users_level(camera_users *users, const char *name);

/* Whether this name may try from this address now. While a login is closed the answer to everything
 * is the same as to a wrong password. */
bool camera_users_may_try(camera_users *users, const char *name, const char *address);
/* How it ended. Failures close the login of this name from this address, and that of the address,
 * as the rule says. */
void camera_users_tried(camera_users *users, const char *name, const char *address, bool is_right);

/* For digests of HTTP and RTSP (svms_rtsp_handlers.secret): the password of a user; NONE: there is
 * no such user. The caller wipes it. */
void camera_users_secret(camera_users *users, const char *name, svms_rtsp_secret *out);

/* WS-Security UsernameToken with PasswordDigest (SHA-1 of nonce, created and password). */
typedef struct camera_token {
    const char *name;
    const uint8_t *digest; /* 20 bytes */
    const void *nonce;
    size_t nonce_size;   /* 8 to 64 */
    const char *created; /* as sent: "2026-11-22T22:10:05Z"; within five minutes of now */
    const char *address;
} camera_token;
/* The level, or CAMERA_ANONYMOUS: not let in, whatever the reason was. Counts tries itself. A nonce
 * works once. SVMS_E_...: it could not be judged, which is a no as well. */
svms_status camera_users_judge(camera_users *users, const camera_token *token, int64_t now_utc_ns,
                               camera_level *out, svms_error *err);
/* A password as it is: for enrolment and for forms within TLS. Likewise. */
svms_status camera_users_login(camera_users *users, const char *name, const char *address,
                               const void *password, size_t size, camera_level *out,
                               svms_error *err);
/* NULL and pointer to NULL are accepted. */
void camera_users_close(camera_users **users);

#endif
