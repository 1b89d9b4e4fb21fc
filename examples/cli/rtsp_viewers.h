/* SPDX-License-Identifier: Apache-2.0 */
/* Who may see what svms rtsp serve sends: everybody, a user with a password, or whoever shows a
 * token whose rights name this camera. */
#ifndef SVMS_CLI_RTSP_VIEWERS_H
#define SVMS_CLI_RTSP_VIEWERS_H

#include <stdbool.h>

#include <stream_serve.h>
#include <svms/svms.h>

#include "exit_status.h"
#include "password.h"
#include "policy_file.h"
#include "revocation_watch.h"
#include "token_rules.h"

typedef struct rtsp_viewers_options {
    bool open;
    bool allow_md5;
    const char *user;
    const char *user_password_file;
    token_rules_options rules; /* of tokens */
    const char *device;        /* what this camera is called in rights and policies */
    const char *policy_path;
    const char *client_ca; /* whose certificates tokens may be bound to */
} rtsp_viewers_options;

typedef struct rtsp_viewers {
    const rtsp_viewers_options *options;
    password secret;
    token_judge judge;
    policy_file policy;
    svms_policy *any;    /* where no policy was given: one that leaves all to the tokens */
    bool has_sound;      /* hearing needs a right of its own */
    svms_trust *clients; /* NULL: none is asked for a certificate */
    revocation_watch revoked;
} rtsp_viewers;

/* What is wrong with the command line. */
exit_status rtsp_viewers_check(const rtsp_viewers_options *options, bool in_tls);
/* Complains. The options are borrowed; release in any case. */
exit_status rtsp_viewers_load(rtsp_viewers *out, svms_ctx *ctx,
                              const rtsp_viewers_options *options);
void rtsp_viewers_free(rtsp_viewers *viewers);

/* SVMS_RTSP_SERVER_... */
uint32_t rtsp_viewers_flags(const rtsp_viewers *viewers);
/* Looks whether the list of revoked tokens has changed; true: who watches must be judged again. */
bool rtsp_viewers_look(rtsp_viewers *viewers, uint64_t now);
/* As stream_serve_options.secret, .token and .permit. */
svms_status rtsp_viewers_secret(const rtsp_viewers *viewers, const char *name,
                                svms_rtsp_secret *out);
svms_status rtsp_viewers_token(const rtsp_viewers *viewers, stream_serve_token *token,
                               svms_error *err);
void rtsp_viewers_permit(const rtsp_viewers *viewers, const stream_serve_question *question,
                         stream_serve_verdict *verdict);

#endif
