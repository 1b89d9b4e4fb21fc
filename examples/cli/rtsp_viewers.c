/* SPDX-License-Identifier: Apache-2.0 */
#include "rtsp_viewers.h"

#include <stdio.h>
#include <string.h>

#include "keys.h"
#include "message.h"
#include "options.h"

#define COMMAND "rtsp serve"

static const token_rules_names names = { COMMAND, "audience", "issuer", "gateway", "longest-life" };

/* For the rights of the tokens alone to decide. */
static const char leaves_all[] =
    "{\"format\":\"svms-policy\",\"version\":1,\"revision\":0,\"rules\":[{\"id\":\"any\","
    "\"actions\":[\"live.*\"],\"devices\":[\"*\"]}]}";

static bool takes_tokens(const rtsp_viewers_options *options)
{
    return options->rules.key_sets.count > 0;
}

static exit_status check_tokens(const rtsp_viewers_options *options, bool in_tls)
{
    static const token_rules_options none = TOKEN_RULES_OPTIONS_INIT;
    const token_rules_options *given = &options->rules;
    if (takes_tokens(options)) {
        if (!in_tls) {
            return usage_error(COMMAND, "tokens are not taken without TLS");
        }
        if (given->demand_binding && !options->client_ca) {
            return usage_error(COMMAND, "--demand-binding needs --client-ca: whose certificates "
                                        "tokens may be bound to");
        }
        if (!options->device) {
            return usage_error(COMMAND, "--device is missing: which one the tokens must be for");
        }
        return token_rules_check(given, &names);
    }
    if (given->issuers.count > 0 || given->gateways.count > 0 || given->audience ||
        given->longest_life || given->revocations || given->skew_s != none.skew_s ||
        given->profile != none.profile || given->nbf_may_be_absent || given->demand_binding ||
        options->device || options->policy_path || options->client_ca) {
        return usage_error(COMMAND, "what a token must be belongs to --jwks");
    }
    return EXIT_GOOD;
}

exit_status rtsp_viewers_check(const rtsp_viewers_options *options, bool in_tls)
{
    if (!options->user != !options->user_password_file) {
        return usage_error(COMMAND, "--user and --user-password-file belong together");
    }
    exit_status status = check_tokens(options, in_tls);
    if (status != EXIT_GOOD) {
        return status;
    }
    if ((options->user || takes_tokens(options)) == options->open) {
        return usage_error(COMMAND,
                           "say who may see it: --user NAME, --jwks FILE, or --open for everybody");
    }
    if (options->allow_md5 && !options->user) {
        return usage_error(COMMAND, "--allow-md5 belongs to --user");
    }
    return EXIT_GOOD;
}

static exit_status load_secret(rtsp_viewers *self)
{
    exit_status status = password_from_file(&self->secret, self->options->user_password_file);
    if (status == EXIT_GOOD && self->secret.size > SVMS_RTSP_PASSWORD_MAX) {
        complain("the password is longer than %d bytes", SVMS_RTSP_PASSWORD_MAX);
        status = EXIT_MALFORMED;
    }
    return status;
}

static exit_status load_judge(rtsp_viewers *self, svms_ctx *ctx)
{
    svms_error err = SVMS_ERROR_INIT;
    revocation_watch_begin(&self->revoked, self->options->rules.revocations);
    exit_status status = token_judge_make(&self->judge, ctx, &self->options->rules, &names);
    if (status == EXIT_GOOD && self->options->client_ca) {
        status = load_trust(&self->clients, ctx, self->options->client_ca);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    if (self->options->policy_path) {
        return policy_file_load(&self->policy, ctx, self->options->policy_path);
    }
    return svms_policy_read(&self->any, ctx, leaves_all, sizeof leaves_all - 1, NULL, &err) ==
                   SVMS_OK
               ? EXIT_GOOD
               : complain_error(&err, "cannot judge rights");
}

exit_status rtsp_viewers_load(rtsp_viewers *out, svms_ctx *ctx, const rtsp_viewers_options *options)
{
    exit_status status = EXIT_GOOD;
    memset(out, 0, sizeof *out);
    out->options = options;
    if (options->user) {
        status = load_secret(out);
    }
    if (status == EXIT_GOOD && takes_tokens(options)) {
        status = load_judge(out, ctx);
    }
    return status;
}

void rtsp_viewers_free(rtsp_viewers *viewers)
{
    password_wipe(&viewers->secret);
    token_judge_free(&viewers->judge);
    policy_file_free(&viewers->policy);
    svms_policy_free(&viewers->any);
    svms_trust_free(&viewers->clients);
}

uint32_t rtsp_viewers_flags(const rtsp_viewers *viewers)
{
    const rtsp_viewers_options *options = viewers->options;
    return (options->open ? SVMS_RTSP_SERVER_OPEN : 0) |
           (options->user ? SVMS_RTSP_SERVER_DIGEST : 0) |
           (takes_tokens(options) ? SVMS_RTSP_SERVER_BEARER : 0) |
           (options->allow_md5 ? SVMS_RTSP_SERVER_ALLOW_MD5 : 0);
}

svms_status rtsp_viewers_secret(const rtsp_viewers *viewers, const char *name,
                                svms_rtsp_secret *out)
{
    if (!viewers->options->user || strcmp(name, viewers->options->user) != 0) {
        return SVMS_OK;
    }
    out->kind = SVMS_RTSP_SECRET_PASSWORD;
    out->size = (uint32_t)viewers->secret.size;
    memcpy(out->bytes, viewers->secret.text, viewers->secret.size);
    return SVMS_OK;
}

static svms_status refuse(svms_error *err, const char *action, const char *words)
{
    *err = (svms_error)SVMS_ERROR_INIT;
    err->status = SVMS_E_POLICY;
    (void)snprintf(err->message, sizeof err->message, "%s: %s", action, words);
    return SVMS_E_POLICY;
}

/* Who asks, and what is found out about him. */
typedef struct viewer {
    const char *address;
    const svms_chain *certificate;
    const char *text; /* of the token */
    size_t size;
    int64_t valid_until_utc_ns;
} viewer;

static svms_status may(const rtsp_viewers *self, viewer *who, const svms_token *token,
                       const char *action, svms_error *err)
{
    svms_decision decision = SVMS_DECISION_INIT;
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    const svms_policy *policy = self->any ? self->any : self->policy.policy;
    question.action = action;
    question.device = self->options->device;
    question.address = who->address;
    svms_status status = svms_access_decide(policy, token, &question, &decision, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!decision.is_allowed) {
        return refuse(err, action, svms_access_reason_words(decision.reason));
    }
    if (decision.valid_until_utc_ns < who->valid_until_utc_ns) {
        who->valid_until_utc_ns = decision.valid_until_utc_ns;
    }
    /* Nothing here lifts masks or exports; names are not drawn into pictures, uses not recorded. */
    return (decision.obligations & (SVMS_OBLIGED_WATERMARK | SVMS_OBLIGED_AUDIT_EACH)) == 0
               ? SVMS_OK
               : refuse(err, action, "it comes with obligations that cannot be kept here");
}

/* A name that is cut short would be another's. */
static svms_status name_subject(const svms_token *token, char identity[SVMS_RTSP_IDENTITY_SIZE],
                                svms_error *err)
{
    svms_token_info info = SVMS_TOKEN_INFO_INIT;
    svms_status status = svms_token_describe(token, &info, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!info.subject || info.subject[0] == '\0' ||
        strlen(info.subject) >= SVMS_RTSP_IDENTITY_SIZE) {
        return refuse(err, "sub", "the token names nobody, or by too long a name");
    }
    (void)snprintf(identity, SVMS_RTSP_IDENTITY_SIZE, "%s", info.subject);
    return SVMS_OK;
}

static svms_status verify(svms_token **out, const rtsp_viewers *self, const viewer *who,
                          svms_error *err)
{
    svms_certificate_info shown = SVMS_CERTIFICATE_INFO_INIT;
    svms_token_question question = SVMS_TOKEN_QUESTION_INIT;
    svms_token_verdict verdict = SVMS_TOKEN_GOOD;
    if (who->certificate) {
        svms_status status = svms_chain_certificate(who->certificate, 0, &shown, err);
        if (status != SVMS_OK) {
            return status;
        }
        question.certificate_sha256 = shown.sha256;
    }
    return svms_token_verify(out, self->judge.verifier, who->text, who->size, &question, &verdict,
                             err);
}

static svms_status judge(const rtsp_viewers *self, viewer *who,
                         char identity[SVMS_RTSP_IDENTITY_SIZE], svms_error *err)
{
    svms_token *token = NULL;
    svms_status status = verify(&token, self, who, err);
    if (status == SVMS_OK) {
        status = name_subject(token, identity, err);
    }
    if (status == SVMS_OK) {
        status = may(self, who, token, "live.view", err);
    }
    if (status == SVMS_OK && self->has_sound) {
        status = may(self, who, token, "live.listen", err);
    }
    svms_token_free(&token);
    return status;
}

svms_status rtsp_viewers_token(const rtsp_viewers *viewers, stream_serve_token *token,
                               svms_error *err)
{
    viewer who = { token->address, token->certificate, token->text, token->size,
                   token->valid_until_utc_ns };
    svms_status status = judge(viewers, &who, token->identity, err);
    token->valid_until_utc_ns = who.valid_until_utc_ns;
    return status;
}

/* As many characters as there is room for; the words are UTF-8. */
static void copy_words(char *out, size_t capacity, const char *words)
{
    size_t size = strlen(words);
    if (size >= capacity) {
        for (size = capacity - 1; size > 0 && ((unsigned char)words[size] & 0xC0) == 0x80; size--) {
        }
    }
    memcpy(out, words, size);
    out[size] = '\0';
}

void rtsp_viewers_permit(const rtsp_viewers *viewers, const stream_serve_question *question,
                         stream_serve_verdict *verdict)
{
    viewer who = { question->address, question->certificate, question->token, question->token_size,
                   verdict->valid_until_utc_ns };
    char identity[SVMS_RTSP_IDENTITY_SIZE];
    svms_error err = SVMS_ERROR_INIT;
    verdict->refusal = STREAM_SERVE_STRANGER;
    verdict->is_allowed = !who.text || judge(viewers, &who, identity, &err) == SVMS_OK;
    verdict->valid_until_utc_ns = who.valid_until_utc_ns;
    copy_words(verdict->words, sizeof verdict->words, err.message);
}

bool rtsp_viewers_look(rtsp_viewers *viewers, uint64_t now)
{
    return revocation_watch_look(&viewers->revoked, viewers->judge.revocations, now);
}
