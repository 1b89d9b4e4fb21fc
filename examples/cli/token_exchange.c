/* SPDX-License-Identifier: Apache-2.0 */
/* svms token exchange: what a gateway does before it asks somebody else for somebody. */
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

typedef struct exchange_request {
    const char *token;
    token_signer_options signer;
    const char *issuer;
    const char *audience;
    const char *actor;
    const char *certificate;
    const char *rights;
    const char *life;
    const char *output;
    bool force;
    token_rules_options rules; /* of the old token */
} exchange_request;

static const token_rules_names names = { "token exchange", "old-audience", "old-issuer",
                                         "old-gateway", "old-longest-life" };

#define RULE(member) offsetof(exchange_request, rules.member)

static const option_spec options[] = {
    { "key", "KEY", "who signs: a file (PEM or JWK), or the URI of a provider", OPTION_TEXT,
      offsetof(exchange_request, signer.key), NULL, 0, 0 },
    { "passphrase-file", "FILE", "passphrase of the key: first line of FILE", OPTION_TEXT,
      offsetof(exchange_request, signer.passphrase_file), NULL, 0, 0 },
    { "alg", "ALG", "how an RSA key signs: RS256 (default) or PS256", OPTION_CHOICE,
      offsetof(exchange_request, signer.algorithm), token_algorithms, 0, 0 },
    { "kid", "NAME", "name of the key; default: its own, or its thumbprint", OPTION_TEXT,
      offsetof(exchange_request, signer.kid), NULL, 0, 0 },
    { "issuer", "NAME", "who vouches for the new token: iss", OPTION_TEXT,
      offsetof(exchange_request, issuer), NULL, 0, 0 },
    { "audience", "NAME", "for which server it is: aud", OPTION_TEXT,
      offsetof(exchange_request, audience), NULL, 0, 0 },
    { "actor", "NAME", "who will ask in the place of the subject: act", OPTION_TEXT,
      offsetof(exchange_request, actor), NULL, 0, 0 },
    { "certificate", "CERT", "the actor's certificate (PEM), to which it is bound", OPTION_TEXT,
      offsetof(exchange_request, certificate), NULL, 0, 0 },
    { "rights", "FILE", "what may be asked for, no more than before; default: the same",
      OPTION_TEXT, offsetof(exchange_request, rights), NULL, 0, 0 },
    { "life", "SPAN", "at most how long it is good; default 10m, never beyond the old", OPTION_TEXT,
      offsetof(exchange_request, life), NULL, 0, 0 },
    { "out", "FILE", "where the new token goes, mode 0600; default: standard output", OPTION_TEXT,
      offsetof(exchange_request, output), NULL, 0, 0 },
    { "force", NULL, "replace FILE if it exists", OPTION_FLAG, offsetof(exchange_request, force),
      NULL, 0, 0 },
    { "jwks", "FILE", "public keys of an issuer of the old token; repeatable", OPTION_LIST,
      RULE(key_sets), NULL, 0, 0 },
    { "old-issuer", "NAME", "whose they are; beside each --jwks", OPTION_LIST, RULE(issuers), NULL,
      0, 0 },
    { "old-gateway", "NAME", "the same, of one that only asks for others (act)", OPTION_LIST,
      RULE(gateways), NULL, 0, 0 },
    { "old-audience", "NAME", "who the old token must be for: the gateway", OPTION_TEXT,
      RULE(audience), NULL, 0, 0 },
    { "old-certificate", "CERT", "certificate that the client has shown (PEM)", OPTION_TEXT,
      RULE(certificate), NULL, 0, 0 },
    { "demand-binding", NULL, "refuse old tokens that are bound to no certificate", OPTION_FLAG,
      RULE(demand_binding), NULL, 0, 0 },
    { "without-nbf", NULL, "take old ones that do not say from when on they are good", OPTION_FLAG,
      RULE(nbf_may_be_absent), NULL, 0, 0 },
    { "skew", "S", "seconds by which clocks may differ, 0 to 300; default 60", OPTION_COUNT,
      RULE(skew_s), NULL, 0, 300 },
    { "old-longest-life", "SPAN", "longest life of the old token; default 1d", OPTION_TEXT,
      RULE(longest_life), NULL, 0, 0 },
    { "revocations", "FILE", "what was revoked before its time", OPTION_TEXT, RULE(revocations),
      NULL, 0, 0 },
};

static const command_line line = {
    "token exchange",
    "TOKEN|FILE|- --key KEY --issuer NAME --audience NAME --actor NAME\n"
    "           --certificate CERT --jwks FILE --old-issuer NAME --old-audience NAME [options]",
    "Verifies a token and makes one for another server, which names who asks for whom, is bound\n"
    "to his certificate, lives no longer and allows no more.",
    options,
    sizeof options / sizeof options[0],
    "TOKEN, FILE or -",
    offsetof(exchange_request, token)
};

static exit_status check_texts(const exchange_request *request)
{
    const struct {
        const char *option;
        const char *text;
    } texts[] = {
        { "kid", request->signer.kid },
        { "issuer", request->issuer },
        { "audience", request->audience },
        { "actor", request->actor },
    };
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && status == EXIT_GOOD; i++) {
        status = token_check_text(line.name, texts[i].option, texts[i].text);
    }
    return status;
}

static exit_status check(const exchange_request *request)
{
    const typed_inputs typed = { &line, request, false };
    const char *missing = !request->signer.key    ? "key"
                          : !request->issuer      ? "issuer"
                          : !request->audience    ? "audience"
                          : !request->actor       ? "actor"
                          : !request->certificate ? "certificate"
                                                  : NULL;
    if (missing) {
        return usage_error(line.name, "--%s is missing", missing);
    }
    if (request->force && !request->output) {
        return usage_error(line.name, "--force belongs to --out");
    }
    exit_status status = check_texts(request);
    if (status == EXIT_GOOD) {
        status = token_rules_check(&request->rules, &names);
    }
    if (status == EXIT_GOOD && request->output) {
        status = options_check_output(&typed, request->output, request->force);
    }
    return status;
}

/* EXIT_GOOD: *old is good. */
static exit_status judge_old(svms_token **old, svms_ctx *ctx, const exchange_request *request)
{
    svms_token_verdict verdict = SVMS_TOKEN_GOOD;
    svms_error err = SVMS_ERROR_INIT;
    file_text text = { NULL, 0 };
    token_judge judge = { 0 };
    exit_status status = token_judge_make(&judge, ctx, &request->rules, &names);
    if (status == EXIT_GOOD) {
        status = token_read(&text, request->token);
    }
    if (status == EXIT_GOOD) {
        status = token_judge_ask(old, &judge, &text, &verdict, &err);
    }
    if (verdict != SVMS_TOKEN_GOOD) {
        (void)complain_error(&err, "the old token is refused (%s)",
                             svms_token_verdict_name(verdict));
    }
    file_text_free(&text);
    token_judge_free(&judge);
    return status;
}

static exit_status exchange(svms_ctx *ctx, const exchange_request *request, const svms_token *old,
                            const svms_exchange *what)
{
    char token[TOKEN_CAPACITY];
    size_t size = sizeof token;
    svms_error err = SVMS_ERROR_INIT;
    token_signer signer = { 0 };
    exit_status status = token_signer_load(&signer, ctx, line.name, &request->signer);
    if (status == EXIT_GOOD &&
        svms_token_exchange(ctx, old, what, signer.key, signer.algorithm, token_signer_kid(&signer),
                            token, &size, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot exchange the token");
    }
    if (status == EXIT_GOOD) {
        status = token_put(token, size, request->output, request->force);
    }
    OPENSSL_cleanse(token, sizeof token);
    token_signer_free(&signer);
    return status;
}

static exit_status run(const exchange_request *request)
{
    svms_exchange what = SVMS_EXCHANGE_INIT;
    uint8_t certificate[TOKEN_DIGEST_SIZE];
    file_text rights = { NULL, 0 };
    svms_token *old = NULL;
    svms_ctx *ctx = NULL;
    exit_status status = EXIT_GOOD;
    if (request->life) {
        status = token_read_span(&what.life_s, line.name, "life", request->life);
    }
    if (status == EXIT_GOOD) {
        status = ca_make_context(&ctx);
    }
    if (status == EXIT_GOOD && request->rights) {
        status = token_read_rights(&rights, request->rights);
    }
    if (status == EXIT_GOOD) {
        status = token_read_certificate(certificate, ctx, request->certificate);
    }
    if (status == EXIT_GOOD) {
        status = judge_old(&old, ctx, request);
    }
    if (status == EXIT_GOOD) {
        what.issuer = request->issuer;
        what.audience = request->audience;
        what.actor = request->actor;
        what.rights = rights.bytes;
        what.rights_size = rights.size;
        what.certificate_sha256 = certificate;
        status = exchange(ctx, request, old, &what);
    }
    svms_token_free(&old);
    file_text_free(&rights);
    svms_ctx_free(&ctx);
    return status;
}

exit_status command_token_exchange(int count, char **arguments)
{
    exchange_request request;
    memset(&request, 0, sizeof request);
    request.rules = (token_rules_options)TOKEN_RULES_OPTIONS_INIT;
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    exit_status status = check(&request);
    return status == EXIT_GOOD ? run(&request) : status;
}
