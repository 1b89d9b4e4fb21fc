/* SPDX-License-Identifier: Apache-2.0 */
/* svms policy explain: the whole evaluation of one question, rule by rule. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_output.h"
#include "message.h"
#include "policy_command.h"
#include "policy_question.h"
#include "policy_time.h"

#define COMMAND "policy explain"
#define FIRST_CAPACITY ((size_t)65536)

static const char *text_of(const json_t *object, const char *member)
{
    return json_string_value(json_object_get(object, member));
}

static void print_conditions(const json_t *rule)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(json_object_get(rule, "conditions"), name, value)
    {
        print_line(stdout, "                %-14s %s", name, json_string_value(value));
    }
}

/* What its conditions make of it: a deny counts unless one of them is false (R-DEC-1). */
static const char *weight_of(const json_t *rule)
{
    const char *applies = text_of(rule, "applies");
    bool denies = strcmp(text_of(rule, "effect"), "deny") == 0;
    if (strcmp(applies, "true") == 0) {
        return denies ? "denies" : "allows";
    }
    if (strcmp(applies, "false") == 0) {
        return denies ? "does not deny" : "does not allow";
    }
    return denies ? "denies, because something is unknown"
                  : "does not allow, because something is unknown";
}

static void print_rule(const json_t *rule)
{
    const char *id = text_of(rule, "id");
    if (id) {
        print_line(stdout, "              rule %s %s", id, weight_of(rule));
    } else {
        print_line(stdout, "              right %" JSON_INTEGER_FORMAT " %s",
                   json_integer_value(json_object_get(rule, "number")), weight_of(rule));
    }
    print_conditions(rule);
}

static void print_rules(const json_t *list, const char *none)
{
    size_t i = 0;
    const json_t *rule = NULL;
    json_array_foreach(list, i, rule)
    {
        print_rule(rule);
    }
    if (json_array_size(list) == 0) {
        print_line(stdout, "              %s", none);
    }
}

/* "allow, by guards-live", "none; nearest is till-otp, for its amr" */
static void print_side(const char *label, const json_t *side, const char *decisive)
{
    const char *condition = text_of(side, "condition");
    print_line(stdout, "%-13s %s%s%s%s%s", label, text_of(side, "verdict"),
               decisive ? condition ? "; nearest is " : ", by " : "", decisive ? decisive : "",
               condition ? ", but for its " : "", condition ? condition : "");
}

static void print_sides(const json_t *explanation)
{
    const json_t *policy = json_object_get(explanation, "policy");
    const json_t *rights = json_object_get(explanation, "rights");
    print_side("Policy", policy, text_of(policy, "rule"));
    print_rules(json_object_get(policy, "rules"), "no rule is about this action and this person");
    if (json_is_object(rights)) {
        char number[32] = "";
        const json_t *right = json_object_get(rights, "right");
        snprintf(number, sizeof number, "right %" JSON_INTEGER_FORMAT, json_integer_value(right));
        print_side("Token", rights, json_is_integer(right) ? number : NULL);
        print_rules(json_object_get(rights, "rights"), "no right is about this action");
    } else {
        print_line(stdout, "Token         has no rights of its own: the policy alone decides");
    }
}

static void print_time(const char *label, const json_t *value)
{
    char words[POLICY_TIME_SIZE];
    int64_t utc_ns = 0;
    const char *text = json_string_value(value);
    if (text && svms_time_parse(&utc_ns, text, NULL) == SVMS_OK) {
        policy_time_words(words, utc_ns);
        print_line(stdout, "%-13s %s", label, words);
    }
}

static void print_limit(const asked_question *asked, const json_t *answer)
{
    int64_t utc_ns = 0;
    const char *text = text_of(answer, "valid_until");
    if (!text || svms_time_parse(&utc_ns, text, NULL) != SVMS_OK) {
        return;
    }
    if (question_limit(asked, utc_ns) == SVMS_NO_TIME) {
        print_line(stdout, "Valid until   the login ends");
    } else {
        print_time("Valid until", json_object_get(answer, "valid_until"));
    }
}

static void print_list(const char *label, const json_t *list)
{
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(list, i, item)
    {
        print_line(stdout, "%-13s %s", label, json_string_value(item));
    }
}

static void print_ranges(const json_t *ranges)
{
    size_t i = 0;
    const json_t *range = NULL;
    json_array_foreach(ranges, i, range)
    {
        print_time("Recorded from", json_object_get(range, "from"));
        print_time("           to", json_object_get(range, "to"));
    }
}

static void print_text(const asked_question *asked, const json_t *explanation)
{
    const json_t *answer = json_object_get(explanation, "answer");
    bool allowed = json_is_true(json_object_get(answer, "allowed"));
    question_print(asked);
    print_list("Policy role", json_object_get(json_object_get(explanation, "token"), "roles"));
    print_line(stdout, "Answer        %s", allowed ? "ALLOW" : "DENY");
    if (!allowed) {
        print_line(stdout, "Reason        %s (%s)", text_of(answer, "words"),
                   text_of(answer, "reason"));
    }
    print_limit(asked, answer);
    print_list("Obligation", json_object_get(answer, "obligations"));
    print_ranges(json_object_get(answer, "ranges"));
    if (json_is_array(json_object_get(answer, "ranges"))) {
        print_time("Judged at", json_object_get(answer, "instant"));
    }
    print_sides(explanation);
}

static svms_status explain(char **out, const asked_question *asked, svms_error *err)
{
    size_t capacity = FIRST_CAPACITY;
    svms_status status = SVMS_E_LIMIT;
    for (unsigned tries = 0; tries < 2 && status == SVMS_E_LIMIT; tries++) {
        size_t size = capacity;
        free(*out);
        *out = malloc(capacity);
        if (!*out) {
            err->status = SVMS_E_NO_MEMORY;
            return SVMS_E_NO_MEMORY;
        }
        status = svms_access_explain(asked->policy.policy, asked->token, &asked->question, *out,
                                     &size, err);
        if (status == SVMS_E_LIMIT && size <= capacity) {
            break; /* not the room: the range is too long */
        }
        capacity = size;
    }
    return status;
}

static exit_status show(const asked_question *asked, const char *text)
{
    json_t *explanation = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (!explanation) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    const json_t *answer = json_object_get(explanation, "answer");
    bool allowed = json_is_true(json_object_get(answer, "allowed"));
    exit_status status = allowed ? EXIT_GOOD : EXIT_POLICY;
    exit_status shown = EXIT_GOOD;
    if (asked->request->json) {
        shown = json_print(json_pack(
            "{s:o, s:b, s:O, s:i}", "file", json_text(asked->request->path), "verified",
            asked->request->token_path != NULL, "explanation", explanation, "status", (int)status));
    } else {
        print_text(asked, explanation);
    }
    json_decref(explanation);
    return shown == EXIT_GOOD ? status : shown;
}

static exit_status ask(const question_request *request)
{
    asked_question asked;
    char *text = NULL;
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = question_open(&asked, request);
    if (status == EXIT_GOOD && explain(&text, &asked, &err) != SVMS_OK) {
        status = complain_error(&err, "%s", COMMAND);
    } else if (status == EXIT_GOOD) {
        status = show(&asked, text);
    }
    free(text);
    question_close(&asked);
    return status;
}

exit_status command_policy_explain(int count, char **arguments)
{
    question_request request;
    parse_result parsed = question_parse(&request, COMMAND,
                                         "Answers like 'svms policy decide', and says why: each "
                                         "rule that concerns the action and\nwho asks, and each "
                                         "of its conditions.",
                                         count, arguments);
    return parsed == PARSE_READY ? ask(&request) : parse_exit(parsed);
}
