/* SPDX-License-Identifier: Apache-2.0 */
/* svms token issue: a token, signed with a key at hand. */
#include <string.h>

#include <openssl/crypto.h>
#include <svms/svms.h>

#include "ca_key.h"
#include "message.h"
#include "options.h"
#include "token_command.h"
#include "token_input.h"
#include "token_output.h"
#include "token_rules.h"
#include "token_signer.h"

typedef struct issue_request {
    token_signer_options signer;
    int profile;
    const char *issuer;
    const char *audience;
    const char *subject;
    const char *client;
    const char *session;
    int64_t authenticated_utc_ns;
    text_list roles;
    text_list methods;
    const char *rights;
    const char *certificate;
    const char *life;
    const char *output;
    bool force;
    const char *nothing; /* there is no operand */
} issue_request;

static const option_spec options[] = {
    { "key", "KEY", "who signs: a file (PEM or JWK), or the URI of a provider", OPTION_TEXT,
      offsetof(issue_request, signer.key), NULL, 0, 0 },
    { "passphrase-file", "FILE", "passphrase of the key: first line of FILE", OPTION_TEXT,
      offsetof(issue_request, signer.passphrase_file), NULL, 0, 0 },
    { "alg", "ALG", "how an RSA key signs: RS256 (default) or PS256", OPTION_CHOICE,
      offsetof(issue_request, signer.algorithm), token_algorithms, 0, 0 },
    { "kid", "NAME", "name of the key; default: its own, or its thumbprint", OPTION_TEXT,
      offsetof(issue_request, signer.kid), NULL, 0, 0 },
    { "profile", "PROFILE", "access (default, RFC 9068) or onvif", OPTION_CHOICE,
      offsetof(issue_request, profile), token_profiles, 0, 0 },
    { "issuer", "NAME", "who vouches: iss, as verifiers know it", OPTION_TEXT,
      offsetof(issue_request, issuer), NULL, 0, 0 },
    { "audience", "NAME", "for which server: aud", OPTION_TEXT, offsetof(issue_request, audience),
      NULL, 0, 0 },
    { "subject", "NAME", "who asks: sub", OPTION_TEXT, offsetof(issue_request, subject), NULL, 0,
      0 },
    { "client", "NAME", "with which program: client_id; access tokens need it", OPTION_TEXT,
      offsetof(issue_request, client), NULL, 0, 0 },
    { "session", "NAME", "in which session: sid", OPTION_TEXT, offsetof(issue_request, session),
      NULL, 0, 0 },
    { "authenticated", "T", "when the subject logged in (RFC 3339): auth_time", OPTION_TIME,
      offsetof(issue_request, authenticated_utc_ns), NULL, 0, 0 },
    { "amr", "METHOD", "how the subject logged in, such as pwd, otp, hwk; repeatable", OPTION_LIST,
      offsetof(issue_request, methods), NULL, 0, 0 },
    { "role", "NAME", "role that the server's policy knows; repeatable", OPTION_LIST,
      offsetof(issue_request, roles), NULL, 0, 0 },
    { "rights", "FILE", "what may be asked for: a JSON list, see docs/spec/policy.md", OPTION_TEXT,
      offsetof(issue_request, rights), NULL, 0, 0 },
    { "certificate", "CERT", "the client's (PEM): with it alone the token is good", OPTION_TEXT,
      offsetof(issue_request, certificate), NULL, 0, 0 },
    { "life", "SPAN", "how long the token is good: 90s, 15m, 8h, 2d; default 10m", OPTION_TEXT,
      offsetof(issue_request, life), NULL, 0, 0 },
    { "out", "FILE", "where the token goes, mode 0600; default: standard output", OPTION_TEXT,
      offsetof(issue_request, output), NULL, 0, 0 },
    { "force", NULL, "replace FILE if it exists", OPTION_FLAG, offsetof(issue_request, force), NULL,
      0, 0 },
};

static const command_line line = {
    "token issue",
    "--key KEY --issuer NAME --audience NAME --subject NAME [options]",
    "Makes a token and prints it, and nothing else. Whoever has it can use it until it ends,\n"
    "unless it is bound to a certificate.",
    options,
    sizeof options / sizeof options[0],
    NULL,
    offsetof(issue_request, nothing)
};

static exit_status check_list(const char *option, const text_list *list)
{
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < list->count && status == EXIT_GOOD; i++) {
        status = token_check_text(line.name, option, list->items[i]);
    }
    return status;
}

static exit_status check_texts(const issue_request *request)
{
    const struct {
        const char *option;
        const char *text;
    } texts[] = {
        { "kid", request->signer.kid },    { "issuer", request->issuer },
        { "audience", request->audience }, { "subject", request->subject },
        { "client", request->client },     { "session", request->session },
    };
    exit_status status = check_list("amr", &request->methods);
    if (status == EXIT_GOOD) {
        status = check_list("role", &request->roles);
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && status == EXIT_GOOD; i++) {
        status = token_check_text(line.name, texts[i].option, texts[i].text);
    }
    return status;
}

static exit_status check(const issue_request *request)
{
    const typed_inputs typed = { &line, request, false };
    const char *missing = !request->signer.key ? "key"
                          : !request->issuer   ? "issuer"
                          : !request->audience ? "audience"
                          : !request->subject  ? "subject"
                                               : NULL;
    if (missing) {
        return usage_error(line.name, "--%s is missing", missing);
    }
    if (request->profile == SVMS_TOKEN_ACCESS && !request->client) {
        return usage_error(line.name, "--client is missing: an access token names it");
    }
    if (request->profile == SVMS_TOKEN_ONVIF && request->rights) {
        return usage_error(line.name, "--rights belongs to --profile access");
    }
    if (request->force && !request->output) {
        return usage_error(line.name, "--force belongs to --out");
    }
    exit_status status = check_texts(request);
    if (status == EXIT_GOOD && request->output) {
        status = options_check_output(&typed, request->output, request->force);
    }
    return status;
}

static exit_status issue(svms_ctx *ctx, const issue_request *request, const token_signer *signer,
                         svms_token_claims *claims)
{
    char token[TOKEN_CAPACITY];
    size_t size = sizeof token;
    svms_error err = SVMS_ERROR_INIT;
    claims->profile = (svms_token_profile)request->profile;
    claims->issuer = request->issuer;
    claims->audience = request->audience;
    claims->subject = request->subject;
    claims->client = request->client;
    claims->session = request->session;
    claims->methods = request->methods.items;
    claims->method_count = request->methods.count;
    claims->roles = request->roles.items;
    claims->role_count = request->roles.count;
    claims->authenticated_utc_ns = request->authenticated_utc_ns;
    exit_status status = EXIT_GOOD;
    if (svms_token_issue(ctx, claims, signer->key, signer->algorithm, token_signer_kid(signer),
                         token, &size, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot issue the token");
    }
    if (status == EXIT_GOOD) {
        status = token_put(token, size, request->output, request->force);
    }
    OPENSSL_cleanse(token, sizeof token);
    return status;
}

static exit_status run(const issue_request *request)
{
    svms_token_claims claims = SVMS_TOKEN_CLAIMS_INIT;
    uint8_t certificate[TOKEN_DIGEST_SIZE];
    file_text rights = { NULL, 0 };
    token_signer signer = { 0 };
    svms_ctx *ctx = NULL;
    exit_status status = EXIT_GOOD;
    if (request->life) {
        status = token_read_span(&claims.life_s, line.name, "life", request->life);
    }
    if (status == EXIT_GOOD) {
        status = ca_make_context(&ctx);
    }
    if (status == EXIT_GOOD && request->rights) {
        status = token_read_rights(&rights, request->rights);
        claims.rights = rights.bytes;
        claims.rights_size = rights.size;
    }
    if (status == EXIT_GOOD && request->certificate) {
        status = token_read_certificate(certificate, ctx, request->certificate);
        claims.certificate_sha256 = certificate;
    }
    if (status == EXIT_GOOD) {
        status = token_signer_load(&signer, ctx, line.name, &request->signer);
    }
    if (status == EXIT_GOOD) {
        status = issue(ctx, request, &signer, &claims);
    }
    token_signer_free(&signer);
    file_text_free(&rights);
    svms_ctx_free(&ctx);
    return status;
}

exit_status command_token_issue(int count, char **arguments)
{
    issue_request request;
    memset(&request, 0, sizeof request);
    request.profile = SVMS_TOKEN_ACCESS;
    request.authenticated_utc_ns = SVMS_NO_TIME;
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    exit_status status = check(&request);
    return status == EXIT_GOOD ? run(&request) : status;
}
