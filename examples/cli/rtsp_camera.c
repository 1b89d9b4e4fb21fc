/* SPDX-License-Identifier: Apache-2.0 */
#include "rtsp_camera.h"

#include <string.h>

#include <stream_url.h>

#include "fingerprint_text.h"
#include "keys.h"
#include "message.h"

#define TOKEN_MAX ((size_t)16 * 1024)

static exit_status check_who(const rtsp_camera_options *options, const char *command, bool secure)
{
    if (!options->certificate != !options->certificate_key) {
        return usage_error(command, "--certificate and --certificate-key belong together");
    }
    if (options->certificate && !secure) {
        return usage_error(command, "--certificate needs an address that begins with rtsps://");
    }
    if (!options->user != !options->user_password_file) {
        return usage_error(command, "--user and --user-password-file belong together");
    }
    if (options->user && options->token_file) {
        return usage_error(command, "--user and --token-file: only one is possible");
    }
    if (options->trust && options->pin) {
        return usage_error(command, "--trust and --pin: only one is possible");
    }
    if (options->crl && !options->trust) {
        return usage_error(command, "--crl belongs to --trust");
    }
    return EXIT_GOOD;
}

exit_status rtsp_camera_check(rtsp_camera *camera, const rtsp_camera_options *options,
                              const char *command, bool needs_trust)
{
    stream_url url;
    memset(camera, 0, sizeof *camera);
    const char *wrong = stream_url_parse(&url, options->url);
    if (wrong) {
        return usage_error(command, "the address %s", wrong);
    }
    camera->secure = url.secure;
    exit_status status = check_who(options, command, url.secure);
    if (status != EXIT_GOOD) {
        return status;
    }
    camera->has_pin = options->pin != NULL;
    if (camera->has_pin && !fingerprint_parse(camera->pin, options->pin)) {
        return usage_error(command, "--pin is 64 hexadecimal digits: SHA-256 of the certificate");
    }
    if (!needs_trust) {
        return EXIT_GOOD;
    }
    if (url.secure && !options->trust && !options->pin) {
        complain("%s: refused: nobody would know whether it is the camera; give --trust or --pin",
                 command);
        return EXIT_POLICY;
    }
    if (!url.secure && !options->clear) {
        complain("%s: refused: without TLS all on the way see, and can change, the video and learn "
                 "who asks; use rtsps://, or say --clear",
                 command);
        return EXIT_POLICY;
    }
    return EXIT_GOOD;
}

/* The first line, without spaces around it. */
static exit_status load_token(file_text *token, const char *path)
{
    exit_status status = file_read(token, path, TOKEN_MAX, true);
    if (status != EXIT_GOOD) {
        return status;
    }
    size_t size = strcspn(token->bytes, "\r\n \t");
    token->bytes[size] = '\0';
    if (size == 0) {
        complain("%s holds no token", path);
        return EXIT_MALFORMED;
    }
    return EXIT_GOOD;
}

static exit_status make_tls(rtsp_camera *camera, svms_ctx *ctx, const rtsp_camera_options *options)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_tls_options tls = SVMS_TLS_OPTIONS_INIT;
    exit_status status = EXIT_GOOD;
    if (options->trust) {
        status = load_trust_and_crls(&camera->trust, ctx, options->trust, options->crl);
    }
    if (status == EXIT_GOOD && options->certificate) {
        status = load_chain(&camera->chain, ctx, options->certificate);
    }
    if (status == EXIT_GOOD && options->certificate) {
        status = load_private_key(&camera->key, ctx, options->certificate_key);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    tls.side = SVMS_TLS_CLIENT;
    tls.min_version = SVMS_TLS_1_2; /* which many cameras still speak */
    tls.peer = camera->trust || camera->has_pin ? SVMS_TLS_PEER_REQUIRED : SVMS_TLS_PEER_INSPECTED;
    tls.credentials.trust = camera->trust;
    tls.credentials.chain = camera->chain;
    tls.credentials.key = camera->key;
    if (svms_tls_context_new(&camera->tls, ctx, &tls, &err) != SVMS_OK) {
        return options->certificate ? complain_error(&err, "cannot use %s", options->certificate)
                                    : complain_error(&err, "TLS cannot begin");
    }
    return EXIT_GOOD;
}

exit_status rtsp_camera_load(rtsp_camera *camera, svms_ctx *ctx, const rtsp_camera_options *options)
{
    exit_status status = EXIT_GOOD;
    if (options->user_password_file) {
        status = password_from_file(&camera->secret, options->user_password_file);
    }
    if (status == EXIT_GOOD && options->token_file) {
        status = load_token(&camera->token, options->token_file);
    }
    return status == EXIT_GOOD && camera->secure ? make_tls(camera, ctx, options) : status;
}

void rtsp_camera_fill(const rtsp_camera *camera, const rtsp_camera_options *options,
                      stream_pull_options *pull)
{
    pull->url = options->url;
    pull->tls = camera->tls;
    pull->pin = camera->has_pin ? camera->pin : NULL;
    pull->clear = options->clear;
    pull->user_name = options->user;
    pull->password = camera->secret.text;
    pull->token = camera->token.bytes;
    pull->allow_md5 = options->allow_md5;
    pull->connect_ns = options->timeout_ns;
    pull->answer_ns = options->timeout_ns;
}

void rtsp_camera_free(rtsp_camera *camera)
{
    svms_tls_context_free(&camera->tls);
    svms_trust_free(&camera->trust);
    svms_chain_free(&camera->chain);
    svms_private_key_free(&camera->key);
    password_wipe(&camera->secret);
    file_text_free(&camera->token);
}
