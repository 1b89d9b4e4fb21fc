/* SPDX-License-Identifier: Apache-2.0 */
/* svms token verify: whether a token holds, as a server would find it. */
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "token_command.h"
#include "token_input.h"
#include "token_rules.h"

typedef struct verify_request {
    const char *token;
    token_rules_options rules;
    bool json;
} verify_request;

/* What is told of a token; of one that is refused, nothing but the verdict. */
typedef struct verify_result {
    const svms_token *token; /* NULL: it is refused */
    svms_token_verdict verdict;
    svms_error err;
    svms_token_info info;
} verify_result;

typedef const char *(*entry_of)(const svms_token *token, size_t index);

static void print_entries(const char *label, const svms_token *token, entry_of entry)
{
    const char *text = entry(token, 0);
    for (size_t i = 0; text; text = entry(token, ++i)) {
        print_line(stdout, "%-13s %s", i == 0 ? label : "", text);
    }
}

static void print_named(const char *label, const char *text)
{
    if (text) {
        print_line(stdout, "%-13s %s", label, text);
    }
}

static void print_time(const char *label, int64_t utc_ns)
{
    char text[SVMS_TIME_TEXT_SIZE];
    if (utc_ns != SVMS_NO_TIME) {
        svms_time_format(utc_ns, text);
        print_line(stdout, "%-13s %s", label, text);
    }
}

static void print_text(const verify_result *result)
{
    const svms_token_info *info = &result->info;
    print_line(stdout, "Verdict       %s", svms_token_verdict_name(result->verdict));
    if (!result->token) {
        print_line(stdout, "Reason        %s", result->err.message);
        return;
    }
    print_named("Issuer", info->issuer);
    print_named("Subject", info->subject);
    print_named("Client", info->client);
    print_named("Session", info->session);
    print_entries("Asked by", result->token, svms_token_actor);
    print_entries("Roles", result->token, svms_token_role);
    print_entries("Logged in by", result->token, svms_token_method);
    print_time("Logged in", info->authenticated_utc_ns);
    print_time("Issued", info->issued_utc_ns);
    print_time("Valid until", info->expires_utc_ns);
    print_named("Id", info->id);
    print_line(stdout, "Bound         %s",
               info->is_bound ? "to the client's certificate"
                              : "to nothing: whoever has it can use it");
}

static json_t *entries_to_json(const svms_token *token, entry_of entry)
{
    json_t *list = json_array();
    const char *text = entry(token, 0);
    for (size_t i = 0; list && text; text = entry(token, ++i)) {
        if (json_array_append_new(list, json_text(text)) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

static exit_status print_json(const verify_result *result)
{
    const svms_token_info *info = &result->info;
    bool is_good = result->token != NULL;
    return json_print(
        json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                  "verdict", svms_token_verdict_name(result->verdict), "reason",
                  json_text(is_good ? NULL : result->err.message), "issuer",
                  json_text(info->issuer), "subject", json_text(info->subject), "client",
                  json_text(info->client), "session", json_text(info->session), "id",
                  json_text(info->id), "actors", entries_to_json(result->token, svms_token_actor),
                  "roles", entries_to_json(result->token, svms_token_role), "methods",
                  entries_to_json(result->token, svms_token_method), "authenticated",
                  json_time(info->authenticated_utc_ns), "issued", json_time(info->issued_utc_ns),
                  "expires", json_time(info->expires_utc_ns), "bound",
                  is_good ? json_boolean(info->is_bound) : json_null()));
}

static exit_status judge_token(const verify_request *request, const token_judge *judge,
                               const file_text *text)
{
    verify_result result = { NULL, SVMS_TOKEN_GOOD, SVMS_ERROR_INIT, SVMS_TOKEN_INFO_INIT };
    svms_token *token = NULL;
    exit_status status = token_judge_ask(&token, judge, text, &result.verdict, &result.err);
    if (status != EXIT_GOOD && result.verdict == SVMS_TOKEN_GOOD) {
        return status;
    }
    result.token = token;
    if (status == EXIT_GOOD && svms_token_describe(token, &result.info, &result.err) != SVMS_OK) {
        status = complain_error(&result.err, "cannot read the token");
    } else if (request->json) {
        exit_status printed = print_json(&result);
        status = printed == EXIT_GOOD ? status : printed;
    } else {
        print_text(&result);
    }
    svms_token_free(&token);
    return status;
}

static const token_rules_names names = { "token verify", "audience", "issuer", "gateway",
                                         "longest-life" };

static exit_status run(const verify_request *request)
{
    token_judge judge = { 0 };
    file_text text = { NULL, 0 };
    svms_ctx *ctx = NULL;
    exit_status status = make_context(&ctx);
    if (status == EXIT_GOOD) {
        status = token_judge_make(&judge, ctx, &request->rules, &names);
    }
    if (status == EXIT_GOOD) {
        status = token_read(&text, request->token);
    }
    if (status == EXIT_GOOD) {
        status = judge_token(request, &judge, &text);
    }
    file_text_free(&text);
    token_judge_free(&judge);
    svms_ctx_free(&ctx);
    return status;
}

#define RULE(member) offsetof(verify_request, rules.member)

static const option_spec options[] = {
    { "audience", "NAME", "who the server is: aud must name it", OPTION_TEXT, RULE(audience), NULL,
      0, 0 },
    { "jwks", "FILE", "public keys of an issuer (JWKS); repeatable", OPTION_LIST, RULE(key_sets),
      NULL, 0, 0 },
    { "issuer", "NAME", "whose they are: iss; beside each --jwks", OPTION_LIST, RULE(issuers), NULL,
      0, 0 },
    { "gateway", "NAME", "the same, of one that only asks for others (act)", OPTION_LIST,
      RULE(gateways), NULL, 0, 0 },
    { "profile", "PROFILE", "access (default, RFC 9068) or onvif", OPTION_CHOICE, RULE(profile),
      token_profiles, 0, 0 },
    { "certificate", "CERT", "certificate that the client has shown (PEM)", OPTION_TEXT,
      RULE(certificate), NULL, 0, 0 },
    { "demand-binding", NULL, "refuse tokens that are bound to no certificate", OPTION_FLAG,
      RULE(demand_binding), NULL, 0, 0 },
    { "without-nbf", NULL, "take tokens that do not say from when on they are good", OPTION_FLAG,
      RULE(nbf_may_be_absent), NULL, 0, 0 },
    { "skew", "S", "seconds by which clocks may differ, 0 to 300; default 60", OPTION_COUNT,
      RULE(skew_s), NULL, 0, 300 },
    { "longest-life", "SPAN", "longest life of a token: 90s, 15m, 8h, 2d; default 1d", OPTION_TEXT,
      RULE(longest_life), NULL, 0, 0 },
    { "at", "T", "judge as if it were T (RFC 3339); default: now", OPTION_TIME, RULE(at_utc_ns),
      NULL, 0, 0 },
    { "revocations", "FILE", "what was revoked before its time", OPTION_TEXT, RULE(revocations),
      NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(verify_request, json), NULL, 0,
      0 },
};

static const command_line line = {
    "token verify",
    "TOKEN|FILE|- --audience NAME --jwks FILE --issuer NAME [options]",
    "Says whether a token holds, who asks, who vouches, and until when. A token on the command\n"
    "line can be seen by others on the machine: give a file, or - for standard input.",
    options,
    sizeof options / sizeof options[0],
    "TOKEN, FILE or -",
    offsetof(verify_request, token)
};

exit_status command_token_verify(int count, char **arguments)
{
    verify_request request = { NULL, TOKEN_RULES_OPTIONS_INIT, false };
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    exit_status status = token_rules_check(&request.rules, &names);
    return status == EXIT_GOOD ? run(&request) : status;
}
