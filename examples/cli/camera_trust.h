/* SPDX-License-Identifier: Apache-2.0 */
/* Whom to believe about what cameras signed: the options that all commands have which judge it.
 * Every function complains itself. */
#ifndef SVMS_CLI_CAMERA_TRUST_H
#define SVMS_CLI_CAMERA_TRUST_H

#include <stdbool.h>
#include <stddef.h>

#include <svms/svms.h>

#include "exit_status.h"
#include "options.h"

typedef struct camera_trust_options {
    const char *makers;      /* certificates of makers of cameras */
    const char *users;       /* of keys that users put into cameras */
    const char *certificate; /* of a known camera */
    const char *crl;
    bool is_signed; /* the camera is known to sign */
} camera_trust_options;

/* Their part of a table of options, but for commands that judge nothing else (svms camsign verify);
 * camera is the member of the request that they fill. */
#define CAMERA_TRUST_OPTIONS(request, camera)                                                      \
    { "camera-trust",                                                                              \
      "CA",                                                                                        \
      "validate what cameras signed, by these CA certificates (PEM)",                              \
      OPTION_TEXT,                                                                                 \
      offsetof(request, camera.makers),                                                            \
      NULL,                                                                                        \
      0,                                                                                           \
      0 },                                                                                         \
        { "camera-user-trust",                                                                     \
          "CA",                                                                                    \
          "and by these, of keys that users put into cameras (PEM)",                               \
          OPTION_TEXT,                                                                             \
          offsetof(request, camera.users),                                                         \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
        { "camera-certificate",                                                                    \
          "PEM",                                                                                   \
          "the camera's certificates, where the video does not have them",                         \
          OPTION_TEXT,                                                                             \
          offsetof(request, camera.certificate),                                                   \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
        { "camera-crl",                                                                            \
          "FILE",                                                                                  \
          "revocation lists of cameras (PEM or DER)",                                              \
          OPTION_TEXT,                                                                             \
          offsetof(request, camera.crl),                                                           \
          NULL,                                                                                    \
          0,                                                                                       \
          0 },                                                                                     \
    {                                                                                              \
        "camera-signed", NULL, "the camera is known to sign: without signatures it was stripped",  \
            OPTION_FLAG, offsetof(request, camera.is_signed), NULL, 0, 0                           \
    }

typedef struct camera_trust {
    svms_trust *makers; /* or NULL */
    svms_trust *users;  /* or NULL */
    svms_chain *chain;  /* or NULL */
    bool is_signed;
} camera_trust;

/* Whether signatures of cameras are to be judged. */
bool camera_trust_is_given(const camera_trust_options *options);
/* What can be said of the command line alone; for the names that CAMERA_TRUST_OPTIONS gives. */
exit_status camera_trust_check(const camera_trust_options *options, const char *command);
/* Reads the files that were named; out is all zeros before. */
exit_status camera_trust_load(camera_trust *out, svms_ctx *ctx,
                              const camera_trust_options *options);
void camera_trust_free(camera_trust *trust);

#endif
