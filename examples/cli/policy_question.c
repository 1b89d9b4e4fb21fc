/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_question.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "policy_time.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define SKEW_MAX 300

static const option_choice clients[] = {
    { "browser", SVMS_CLIENT_BROWSER }, { "desktop", SVMS_CLIENT_DESKTOP },
    { "mobile", SVMS_CLIENT_MOBILE },   { "service", SVMS_CLIENT_SERVICE },
    { "device", SVMS_CLIENT_DEVICE },   { NULL, 0 },
};

static const option_choice formats[] = {
    { "svmx", SVMS_FORM_SVMX }, { "mp4", SVMS_FORM_MP4 }, { "onvif", SVMS_FORM_ONVIF },
    { "jpeg", SVMS_FORM_JPEG }, { "png", SVMS_FORM_PNG }, { NULL, 0 },
};

#define RULE(member) offsetof(question_request, verification.member)

static const option_spec options[] = {
    { "action", "ACTION", "what is asked for, such as live.view", OPTION_TEXT,
      offsetof(question_request, action), NULL, 0, 0 },
    { "device", "ID", "on which device; none for actions on the server", OPTION_TEXT,
      offsetof(question_request, device), NULL, 0, 0 },
    { "token", "FILE", "who asks: a token, which is verified; - for standard input", OPTION_TEXT,
      offsetof(question_request, token_path), NULL, 0, 0 },
    { "audience", "NAME", "with --token: who the server is; aud must name it", OPTION_TEXT,
      RULE(audience), NULL, 0, 0 },
    { "jwks", "FILE", "with --token: public keys of an issuer (JWKS); repeatable", OPTION_LIST,
      RULE(key_sets), NULL, 0, 0 },
    { "issuer", "NAME", "whose they are: iss; beside each --jwks", OPTION_LIST, RULE(issuers), NULL,
      0, 0 },
    { "gateway", "NAME", "the same, of one that only asks for others (act)", OPTION_LIST,
      RULE(gateways), NULL, 0, 0 },
    { "profile", "PROFILE", "with --token: access (default, RFC 9068) or onvif", OPTION_CHOICE,
      RULE(profile), token_profiles, 0, 0 },
    { "certificate", "CERT", "with --token: certificate that the client has shown (PEM)",
      OPTION_TEXT, RULE(certificate), NULL, 0, 0 },
    { "demand-binding", NULL, "refuse tokens that are bound to no certificate", OPTION_FLAG,
      RULE(demand_binding), NULL, 0, 0 },
    { "without-nbf", NULL, "take tokens that do not say from when on they are good", OPTION_FLAG,
      RULE(nbf_may_be_absent), NULL, 0, 0 },
    { "skew", "S", "seconds by which clocks may differ, 0 to 300; default 60", OPTION_COUNT,
      RULE(skew_s), NULL, 0, SKEW_MAX },
    { "longest-life", "SPAN", "longest life of a token: 90s, 15m, 8h, 2d; default 1d", OPTION_TEXT,
      RULE(longest_life), NULL, 0, 0 },
    { "revocations", "FILE", "what was revoked before its time", OPTION_TEXT, RULE(revocations),
      NULL, 0, 0 },
    { "as", "SUBJECT", "who asks, as if he had logged in; nothing is verified", OPTION_TEXT,
      offsetof(question_request, who.subject), NULL, 0, 0 },
    { "role", "NAME", "as if the token named this role; repeatable", OPTION_LIST,
      offsetof(question_request, who.roles), NULL, 0, 0 },
    { "amr", "METHOD", "as if he had logged in with this, such as otp; repeatable", OPTION_LIST,
      offsetof(question_request, who.methods), NULL, 0, 0 },
    { "rights", "FILE", "as if the token held these rights (a JSON array)", OPTION_TEXT,
      offsetof(question_request, who.rights_path), NULL, 0, 0 },
    { "client", "KIND", "browser, desktop, mobile, service or device", OPTION_CHOICE,
      offsetof(question_request, client), clients, 0, 0 },
    { "address", "IP", "address from which is asked", OPTION_TEXT,
      offsetof(question_request, address), NULL, 0, 0 },
    { "format", "F", "format of an export: svmx, mp4, onvif, jpeg or png", OPTION_CHOICE,
      offsetof(question_request, format), formats, 0, 0 },
    { "destination", "NAME", "where an export goes", OPTION_TEXT,
      offsetof(question_request, destination), NULL, 0, 0 },
    { "at", "T", "when is asked, RFC 3339; default: now", OPTION_TIME,
      offsetof(question_request, at_utc_ns), NULL, 0, 0 },
    { "from", "T", "first moment of the recorded time that is asked about", OPTION_TIME,
      offsetof(question_request, from_utc_ns), NULL, 0, 0 },
    { "to", "T", "first moment behind it", OPTION_TIME, offsetof(question_request, to_utc_ns), NULL,
      0, 0 },
    { "approved", NULL, "as if a second person had approved it just now", OPTION_FLAG,
      offsetof(question_request, approved), NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(question_request, json), NULL, 0,
      0 },
};

static token_rules_names names_for(const char *command)
{
    const token_rules_names names = { command, "audience", "issuer", "gateway", "longest-life" };
    return names;
}

/* Of a token, who is believed; nothing of that without one. */
static exit_status check_verification(const question_request *request)
{
    static const token_rules_options none = TOKEN_RULES_OPTIONS_INIT;
    const token_rules_options *given = &request->verification;
    const token_rules_names names = names_for(request->command);
    if (request->token_path) {
        return token_rules_check(given, &names);
    }
    if (given->key_sets.count > 0 || given->issuers.count > 0 || given->gateways.count > 0 ||
        given->audience || given->certificate || given->longest_life || given->revocations ||
        given->skew_s != none.skew_s || given->profile != none.profile || given->demand_binding ||
        given->nbf_may_be_absent) {
        return usage_error(request->command, "what a token must be belongs to --token");
    }
    return EXIT_GOOD;
}

static exit_status check_request(const question_request *request)
{
    const char *name = request->command;
    bool has_from = request->from_utc_ns != SVMS_NO_TIME;
    bool has_to = request->to_utc_ns != SVMS_NO_TIME;
    if (!request->action) {
        return usage_error(name, "--action is missing");
    }
    if (!request->token_path && !request->who.subject) {
        return usage_error(name, "who asks is missing: --token, or --as");
    }
    if (request->token_path && request->who.subject) {
        return usage_error(name, "--token and --as contradict each other");
    }
    if (!request->who.subject && (request->who.roles.count > 0 || request->who.methods.count > 0 ||
                                  request->who.rights_path)) {
        return usage_error(name, "--role, --amr and --rights belong to --as");
    }
    if (has_from != has_to) {
        return usage_error(name, "--from and --to belong together");
    }
    if (has_from && request->from_utc_ns >= request->to_utc_ns) {
        return usage_error(name, "--from is not before --to");
    }
    return check_verification(request);
}

parse_result question_parse(question_request *out, const char *command, const char *summary,
                            int count, char **arguments)
{
    const command_line line = { command,
                                "FILE --action ACTION --token FILE|--as SUBJECT [options]",
                                summary,
                                options,
                                sizeof options / sizeof options[0],
                                "FILE",
                                offsetof(question_request, path) };
    static const token_rules_options as_usual = TOKEN_RULES_OPTIONS_INIT;
    memset(out, 0, sizeof *out);
    out->command = command;
    out->verification = as_usual;
    out->at_utc_ns = SVMS_NO_TIME;
    out->from_utc_ns = SVMS_NO_TIME;
    out->to_utc_ns = SVMS_NO_TIME;
    parse_result parsed = options_parse(&line, out, count, arguments);
    if (parsed == PARSE_READY && check_request(out) != EXIT_GOOD) {
        return PARSE_WRONG;
    }
    return parsed;
}

static svms_access_question question_of(const question_request *request)
{
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    question.client = (svms_client_kind)request->client;
    question.format = (svms_export_form)request->format;
    question.action = request->action;
    question.device = request->device;
    question.address = request->address;
    question.destination = request->destination;
    question.now_utc_ns = request->at_utc_ns == SVMS_NO_TIME ? (int64_t)time(NULL) * NS_PER_SECOND
                                                             : request->at_utc_ns;
    question.range.from_utc_ns = request->from_utc_ns;
    question.range.to_utc_ns = request->to_utc_ns;
    if (request->approved) {
        question.is_approved = 1;
        question.approved_until_utc_ns =
            question.now_utc_ns + SVMS_APPROVAL_LIFE_MAX * NS_PER_SECOND;
    }
    return question;
}

/* Roles of a token are claims of the policy's roles, and easily taken for those. */
static void warn_of_roles(const asked_question *asked)
{
    const text_list *roles = &asked->request->who.roles;
    for (size_t i = 0; i < roles->count; i++) {
        const char *name = NULL;
        json_t *role = NULL;
        bool found = false;
        json_object_foreach(json_object_get(asked->policy.json, "roles"), name, role)
        {
            size_t k = 0;
            const json_t *claim = NULL;
            json_array_foreach(json_object_get(role, "claims"), k, claim)
            {
                found = found || strcmp(json_string_value(claim), roles->items[i]) == 0;
            }
        }
        if (!found) {
            complain("no role of the policy has '%s' among its claims", roles->items[i]);
        }
    }
}

static exit_status verify_token(asked_question *asked)
{
    const question_request *request = asked->request;
    const token_rules_names names = names_for(request->command);
    token_rules_options rules = request->verification;
    token_judge judge;
    file_text text = { NULL, 0 };
    svms_token_verdict verdict = SVMS_TOKEN_GOOD;
    svms_error err = SVMS_ERROR_INIT;
    rules.at_utc_ns = asked->question.now_utc_ns;
    exit_status status = token_judge_make(&judge, asked->ctx, &rules, &names);
    if (status == EXIT_GOOD) {
        status = token_read(&text, request->token_path);
    }
    if (status == EXIT_GOOD) {
        status = token_judge_ask(&asked->token, &judge, &text, &verdict, &err);
    }
    if (verdict != SVMS_TOKEN_GOOD) {
        status =
            complain_error(&err, "the token does not hold (%s)", svms_token_verdict_name(verdict));
    }
    file_text_free(&text);
    token_judge_free(&judge);
    return status;
}

exit_status question_open(asked_question *out, const question_request *request)
{
    memset(out, 0, sizeof *out);
    out->request = request;
    out->question = question_of(request);
    exit_status status = make_context(&out->ctx);
    if (status == EXIT_GOOD) {
        status = policy_file_load(&out->policy, out->ctx, request->path);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    policy_time_zone(policy_file_zone(&out->policy));
    if (request->token_path) {
        return verify_token(out);
    }
    warn_of_roles(out);
    return as_if_token(&out->token, out->ctx, &request->who, out->question.now_utc_ns);
}

void question_close(asked_question *asked)
{
    svms_token_free(&asked->token);
    policy_file_free(&asked->policy);
    svms_ctx_free(&asked->ctx);
}

int64_t question_limit(const asked_question *asked, int64_t valid_until_utc_ns)
{
    int64_t login = SVMS_NO_TIME;
    svms_token_info info = SVMS_TOKEN_INFO_INIT;
    if (!asked->request->token_path && svms_token_describe(asked->token, &info, NULL) == SVMS_OK) {
        login = info.expires_utc_ns;
    }
    return valid_until_utc_ns == login ? SVMS_NO_TIME : valid_until_utc_ns;
}

static void print_time(const char *label, int64_t utc_ns)
{
    char text[POLICY_TIME_SIZE];
    policy_time_words(text, utc_ns);
    print_line(stdout, "%-13s %s", label, text);
}

static void print_who(const asked_question *asked)
{
    svms_token_info info = SVMS_TOKEN_INFO_INIT;
    if (svms_token_describe(asked->token, &info, NULL) != SVMS_OK) {
        return;
    }
    const char *subject = info.subject ? info.subject : "somebody without a name";
    if (asked->request->token_path) {
        print_line(stdout, "Who           %s, says %s", subject, info.issuer);
    } else {
        print_line(stdout, "Who           %s, AS IF: nobody has logged in", subject);
        if (!asked->request->who.rights_path) {
            print_line(stdout, "              the policy alone decides: no --rights of a token");
        }
    }
    for (size_t i = 0; i < info.role_count; i++) {
        print_line(stdout, "              role %s", svms_token_role(asked->token, i));
    }
    for (size_t i = 0; i < info.actor_count; i++) {
        print_line(stdout, "              asked for by %s", svms_token_actor(asked->token, i));
    }
}

void question_print(const asked_question *asked)
{
    const svms_access_question *question = &asked->question;
    print_who(asked);
    print_line(stdout, "What          %s%s%s", question->action, question->device ? " on " : "",
               question->device ? question->device : "");
    print_time("When", question->now_utc_ns);
    if (question->is_approved) {
        print_line(stdout, "Approved      AS IF a second person had approved it just now");
    }
}

static json_t *who_json(const asked_question *asked)
{
    svms_token_info info = SVMS_TOKEN_INFO_INIT;
    if (svms_token_describe(asked->token, &info, NULL) != SVMS_OK) {
        return NULL;
    }
    json_t *roles = json_array();
    json_t *methods = json_array();
    json_t *actors = json_array();
    for (size_t i = 0; i < info.role_count; i++) {
        json_array_append_new(roles, json_text(svms_token_role(asked->token, i)));
    }
    for (size_t i = 0; i < info.method_count; i++) {
        json_array_append_new(methods, json_text(svms_token_method(asked->token, i)));
    }
    for (size_t i = 0; i < info.actor_count; i++) {
        json_array_append_new(actors, json_text(svms_token_actor(asked->token, i)));
    }
    bool verified = asked->request->token_path != NULL;
    return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o}", "verified", verified, "subject",
                     json_text(info.subject), "issuer", json_text(verified ? info.issuer : NULL),
                     "roles", roles, "methods", methods, "actors", actors);
}

json_t *question_json(const asked_question *asked)
{
    const svms_access_question *question = &asked->question;
    return json_pack("{s:o, s:s, s:o, s:o, s:b}", "who", who_json(asked), "action",
                     question->action, "device", json_text(question->device), "at",
                     json_time(question->now_utc_ns), "approved", (int)question->is_approved);
}
