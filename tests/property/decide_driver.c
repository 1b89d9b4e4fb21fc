/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers questions of access through the public interface, for test_decisions.py: each line of
 * standard input is a JSON object with a policy, tokens and questions, and gets one line of
 * answers. Usage: decide_driver ISSUER AUDIENCE JWKS
 */
#include <svms/svms.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_TOKENS 64
#define MOST_RANGES 4096
#define MOST_APPROVALS 1048576

struct driver {
    svms_ctx *ctx;
    svms_replay *replay;
    svms_token_verifier *access;
    svms_token_verifier *onvif;
    svms_token_verifier *approval;
    svms_time_range ranges[MOST_RANGES];
};

static void die(const char *what, const svms_error *err)
{
    fprintf(stderr, "decide_driver: %s: %s\n", what, err != NULL ? err->message : "");
    exit(1);
}

/* Approvals of all times are verified, so the memory of used ones must be older than all of them.
 */
static int64_t beginning_of_time(void *user)
{
    (void)user;
    return 0;
}

static svms_token_verifier *verifier_of(struct driver *driver, svms_token_profile profile,
                                        char **arguments)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_keyset *keys = NULL;
    svms_token_verifier *verifier = NULL;
    svms_token_rules rules = SVMS_TOKEN_RULES_INIT;
    rules.profile = profile;
    rules.audience = arguments[1];
    rules.longest_life_s = 31622400;
    rules.replay = profile == SVMS_TOKEN_APPROVING ? driver->replay : NULL;
    if (svms_keyset_from_jwks(&keys, driver->ctx, arguments[2], strlen(arguments[2]), &err) !=
            SVMS_OK ||
        svms_token_verifier_new(&verifier, driver->ctx, &rules, &err) != SVMS_OK ||
        svms_token_verifier_add(verifier, arguments[0], &keys, 0, &err) != SVMS_OK) {
        die("verifier", &err);
    }
    return verifier;
}

static void start(struct driver *driver, char **arguments)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.utc_now = beginning_of_time;
    if (svms_ctx_new(&driver->ctx, &options, &err) != SVMS_OK ||
        svms_replay_new(&driver->replay, driver->ctx, MOST_APPROVALS, &err) != SVMS_OK) {
        die("start", &err);
    }
    driver->access = verifier_of(driver, SVMS_TOKEN_ACCESS, arguments);
    driver->onvif = verifier_of(driver, SVMS_TOKEN_ONVIF, arguments);
    driver->approval = verifier_of(driver, SVMS_TOKEN_APPROVING, arguments);
}

static void stop(struct driver *driver)
{
    svms_token_verifier_free(&driver->approval);
    svms_token_verifier_free(&driver->onvif);
    svms_token_verifier_free(&driver->access);
    svms_replay_free(&driver->replay);
    svms_ctx_free(&driver->ctx);
}

static int64_t number(const json_t *object, const char *name, int64_t otherwise)
{
    const json_t *value = json_object_get(object, name);
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : otherwise;
}

static const char *text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static json_t *refusal(svms_status status, const svms_error *err)
{
    return json_pack("{s:i, s:s}", "status", (int)status, "words", err->message);
}

static svms_status verify_approval(struct driver *driver, const json_t *wanted, const char *token,
                                   const svms_token_question *question, svms_token **out,
                                   svms_token_verdict *verdict, svms_error *err)
{
    static const uint8_t request_hash[32] = { 0 };
    const char *asking_text = text(wanted, "asking");
    svms_token *asking = NULL;
    if (svms_token_verify(&asking, driver->access, asking_text, strlen(asking_text), question,
                          verdict, err) != SVMS_OK) {
        die("who asks", err);
    }
    svms_status status = svms_approval_check(out, driver->approval, token, strlen(token), asking,
                                             request_hash, question, verdict, err);
    svms_token_free(&asking);
    return status;
}

/* The answer says when the token expires, or why it is none. */
static json_t *verify(struct driver *driver, const json_t *wanted, svms_token **out)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_token_verdict verdict = SVMS_TOKEN_FORM;
    svms_token_question question = SVMS_TOKEN_QUESTION_INIT;
    svms_token_info info = SVMS_TOKEN_INFO_INIT;
    const char *profile = text(wanted, "profile");
    const char *token = text(wanted, "text");
    question.now_utc_ns = number(wanted, "now", SVMS_NO_TIME);
    svms_status status = SVMS_OK;
    if (strcmp(profile, "approval") == 0) {
        status = verify_approval(driver, wanted, token, &question, out, &verdict, &err);
    } else {
        svms_token_verifier *verifier =
            strcmp(profile, "onvif") == 0 ? driver->onvif : driver->access;
        status = svms_token_verify(out, verifier, token, strlen(token), &question, &verdict, &err);
    }
    if (status != SVMS_OK) {
        return json_pack("{s:i, s:s, s:s}", "status", (int)status, "verdict",
                         svms_token_verdict_name(verdict), "words", err.message);
    }
    if (svms_token_describe(*out, &info, &err) != SVMS_OK) {
        die("describe", &err);
    }
    return json_pack("{s:i, s:I}", "status", 0, "expires", (json_int_t)info.expires_utc_ns);
}

static void read_question(const json_t *wanted, svms_access_question *out)
{
    out->action = text(wanted, "action");
    out->device = text(wanted, "device");
    out->address = text(wanted, "address");
    out->destination = text(wanted, "destination");
    out->client = (svms_client_kind)number(wanted, "client", 0);
    out->format = (svms_export_form)number(wanted, "format", 0);
    out->is_approved = (uint32_t)number(wanted, "is_approved", 0);
    out->approved_until_utc_ns = number(wanted, "approved_until", SVMS_NO_TIME);
    out->now_utc_ns = number(wanted, "now", SVMS_NO_TIME);
    out->range.from_utc_ns = number(wanted, "start", SVMS_NO_TIME);
    out->range.to_utc_ns = number(wanted, "end", SVMS_NO_TIME);
}

/* The explanation of the same question, as JSON; NULL where none is wanted. */
static json_t *explain(const svms_policy *policy, const svms_token *token, const json_t *wanted,
                       const svms_access_question *question)
{
    static char explanation[1 << 20];
    svms_error err = SVMS_ERROR_INIT;
    size_t size = sizeof explanation;
    if (!json_is_true(json_object_get(wanted, "explain"))) {
        return NULL;
    }
    if (svms_access_explain(policy, token, question, explanation, &size, &err) != SVMS_OK) {
        die("what is answered is not explained", &err);
    }
    return json_stringn(explanation, size);
}

static json_t *answer(struct driver *driver, const svms_policy *policy, svms_token *const *tokens,
                      size_t token_count, const json_t *wanted)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    svms_decision decision = SVMS_DECISION_INIT;
    read_question(wanted, &question);
    decision.ranges = driver->ranges;
    decision.range_capacity = MOST_RANGES;
    int64_t index = number(wanted, "token", -1);
    const svms_token *token = index >= 0 && (size_t)index < token_count ? tokens[index] : NULL;
    svms_status status = svms_access_decide(policy, token, &question, &decision, &err);
    if (status != SVMS_OK) {
        return refusal(status, &err);
    }
    json_t *ranges = json_array();
    for (size_t i = 0; i < decision.range_count; i++) {
        json_array_append_new(ranges,
                              json_pack("[I, I]", (json_int_t)decision.ranges[i].from_utc_ns,
                                        (json_int_t)decision.ranges[i].to_utc_ns));
    }
    return json_pack(
        "{s:i, s:i, s:s, s:i, s:I, s:I, s:s?, s:s?, s:I, s:s?, s:o, s:o*}", "status", 0, "allowed",
        (int)decision.is_allowed, "reason", svms_access_reason_name(decision.reason), "obligations",
        (int)decision.obligations, "until", (json_int_t)decision.valid_until_utc_ns, "instant",
        (json_int_t)decision.instant_utc_ns, "rule", decision.rule, "condition", decision.condition,
        "right", (json_int_t)decision.right, "right_condition", decision.right_condition, "ranges",
        ranges, "explanation", explain(policy, token, wanted, &question));
}

static json_t *answer_case(struct driver *driver, const json_t *wanted)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_policy *policy = NULL;
    const json_t *json = json_object_get(wanted, "policy");
    svms_status status = svms_policy_read(&policy, driver->ctx, json_string_value(json),
                                          json_string_length(json), NULL, &err);
    if (status != SVMS_OK) {
        return json_pack("{s:o}", "policy", refusal(status, &err));
    }
    svms_token *tokens[MOST_TOKENS] = { NULL };
    const json_t *list = json_object_get(wanted, "tokens");
    size_t token_count = json_array_size(list);
    if (token_count > MOST_TOKENS) {
        die("too many tokens", NULL);
    }
    json_t *verified = json_array();
    for (size_t i = 0; i < token_count; i++) {
        json_array_append_new(verified, verify(driver, json_array_get(list, i), &tokens[i]));
    }
    json_t *answers = json_array();
    const json_t *questions = json_object_get(wanted, "questions");
    for (size_t i = 0; i < json_array_size(questions); i++) {
        json_array_append_new(
            answers, answer(driver, policy, tokens, token_count, json_array_get(questions, i)));
    }
    for (size_t i = 0; i < token_count; i++) {
        svms_token_free(&tokens[i]);
    }
    svms_policy_free(&policy);
    return json_pack("{s:{s:i}, s:o, s:o}", "policy", "status", 0, "tokens", verified, "answers",
                     answers);
}

int main(int argc, char **argv)
{
    static struct driver driver;
    if (argc != 4) {
        die("usage: decide_driver ISSUER AUDIENCE JWKS", NULL);
    }
    start(&driver, argv + 1);
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, stdin) > 0) {
        json_error_t wrong;
        json_t *wanted = json_loads(line, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &wrong);
        if (wanted == NULL || text(wanted, "policy") == NULL) {
            die(wanted == NULL ? wrong.text : "no policy in a line", NULL);
        }
        json_t *answered = answer_case(&driver, wanted);
        if (json_dumpf(answered, stdout, JSON_COMPACT) != 0) {
            die("cannot write", NULL);
        }
        putchar('\n');
        fflush(stdout);
        json_decref(answered);
        json_decref(wanted);
    }
    free(line);
    stop(&driver);
    return 0;
}
