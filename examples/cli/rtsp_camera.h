/* SPDX-License-Identifier: Apache-2.0 */
/* Which camera, whom to trust, and who asks: the options that svms rtsp record and check share.
 * Every function complains itself. */
#ifndef SVMS_CLI_RTSP_CAMERA_H
#define SVMS_CLI_RTSP_CAMERA_H

#include <stdbool.h>
#include <stddef.h>

#include <stream_pull.h>
#include <svms/svms.h>

#include "file.h"
#include "options.h"
#include "password.h"

typedef struct rtsp_camera_options {
    const char *url;
    const char *trust;
    const char *crl;
    const char *pin;
    const char *user;
    const char *user_password_file;
    const char *token_file;
    const char *certificate;
    const char *certificate_key;
    bool allow_md5;
    bool clear;
    uint64_t timeout_ns;
} rtsp_camera_options;

/* Their part of a table of options; camera is the member of the request that they fill. */
#define RTSP_CAMERA_OPTIONS(request, camera)                                                         \
    { "trust",                                                                                       \
      "CA",                                                                                          \
      "certificates of the authorities whose cameras are trusted (PEM)",                             \
      OPTION_TEXT,                                                                                   \
      offsetof(request, camera.trust),                                                               \
      NULL,                                                                                          \
      0,                                                                                             \
      0 },                                                                                           \
        { "crl", "FILE", "their revocation lists", OPTION_TEXT, offsetof(request, camera.crl), NULL, \
          0,     0 },                                                                                \
        { "pin",                                                                                     \
          "SHA256",                                                                                  \
          "SHA-256 of the camera's certificate, instead of --trust",                                 \
          OPTION_TEXT,                                                                               \
          offsetof(request, camera.pin),                                                             \
          NULL,                                                                                      \
          0,                                                                                         \
          0 },                                                                                       \
        { "user",                                                                                    \
          "NAME",                                                                                    \
          "who asks, for Digest authentication",                                                     \
          OPTION_TEXT,                                                                               \
          offsetof(request, camera.user),                                                            \
          NULL,                                                                                      \
          0,                                                                                         \
          0 },                                                                                       \
        { "user-password-file",                                                                      \
          "FILE",                                                                                    \
          "the user's password: the first line of FILE",                                             \
          OPTION_TEXT,                                                                               \
          offsetof(request, camera.user_password_file),                                              \
          NULL,                                                                                      \
          0,                                                                                         \
          0 },                                                                                       \
        { "token-file",                                                                              \
          "FILE",                                                                                    \
          "a token instead of a user: the first line of FILE",                                       \
          OPTION_TEXT,                                                                               \
          offsetof(request, camera.token_file),                                                      \
          NULL,                                                                                      \
          0,                                                                                         \
          0 },                                                                                       \
        { "certificate",                                                                             \
          "FILE",                                                                                    \
          "own certificate to show to the camera, then of its authorities (PEM)",                    \
          OPTION_TEXT,                                                                               \
          offsetof(request, camera.certificate),                                                     \
          NULL,                                                                                      \
          0,                                                                                         \
          0 },                                                                                       \
        { "certificate-key",                                                                         \
          "FILE",                                                                                    \
          "its private key",                                                                         \
          OPTION_TEXT,                                                                               \
          offsetof(request, camera.certificate_key),                                                 \
          NULL,                                                                                      \
          0,                                                                                         \
          0 },                                                                                       \
        { "allow-md5",                                                                               \
          NULL,                                                                                      \
          "Digest authentication also with MD5",                                                     \
          OPTION_FLAG,                                                                               \
          offsetof(request, camera.allow_md5),                                                       \
          NULL,                                                                                      \
          0,                                                                                         \
          0 },                                                                                       \
        { "clear",                                                                                   \
          NULL,                                                                                      \
          "without TLS or SRTP, too: all on the way see and change the video",                       \
          OPTION_FLAG,                                                                               \
          offsetof(request, camera.clear),                                                           \
          NULL,                                                                                      \
          0,                                                                                         \
          0 },                                                                                       \
    {                                                                                                \
        "timeout", "S", "seconds for connecting and for each answer, 0.1 to 300; default 10",        \
            OPTION_SECONDS, offsetof(request, camera.timeout_ns), NULL, 0.1, 300                     \
    }

typedef struct rtsp_camera {
    bool secure; /* rtsps */
    uint8_t pin[32];
    bool has_pin;
    svms_trust *trust;
    svms_chain *chain; /* one's own */
    svms_private_key *key;
    svms_tls_context *tls;
    password secret;
    file_text token;
} rtsp_camera;

/* What can be said of the command line alone. needs_trust: rtsps:// without --trust and --pin is
 * refused. */
exit_status rtsp_camera_check(rtsp_camera *camera, const rtsp_camera_options *options,
                              const char *command, bool needs_trust);
/* Reads the files; without trust and pin (needs_trust was false) whatever certificate there is is
 * taken, and nothing secret is sent. */
exit_status rtsp_camera_load(rtsp_camera *camera, svms_ctx *ctx,
                             const rtsp_camera_options *options);
/* The part of them that says who the camera is and who asks. */
void rtsp_camera_fill(const rtsp_camera *camera, const rtsp_camera_options *options,
                      stream_pull_options *pull);
void rtsp_camera_free(rtsp_camera *camera);

#endif
