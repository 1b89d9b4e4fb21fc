/* SPDX-License-Identifier: Apache-2.0 */
/* svms policy decide: one question, one answer. */
#include <stdio.h>
#include <stdlib.h>

#include "json_output.h"
#include "message.h"
#include "policy_command.h"
#include "policy_question.h"
#include "policy_time.h"

#define COMMAND "policy decide"
#define RANGES_MAX 4096 /* R-DEC-4 */

typedef struct duty {
    svms_obligation bit;
    const char *name;
    const char *words;
} duty;

static const duty duties[] = {
    { SVMS_OBLIGED_WATERMARK, "watermark", "pictures carry the name of who sees them" },
    { SVMS_OBLIGED_MASK, "mask", "privacy masks stay on" },
    { SVMS_OBLIGED_AUDIT_EACH, "audit-each", "each use is recorded" },
    { SVMS_OBLIGED_NO_REEXPORT, "no-reexport", "what is exported forbids re-export" },
};

static json_t *duties_json(uint32_t obligations)
{
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof duties / sizeof duties[0]; i++) {
        if ((obligations & duties[i].bit) != 0) {
            json_array_append_new(list, json_string(duties[i].name));
        }
    }
    return list;
}

static json_t *ranges_json(const asked_question *asked, const svms_decision *decision)
{
    if (asked->question.range.from_utc_ns == SVMS_NO_TIME) {
        return json_null();
    }
    json_t *list = json_array();
    for (size_t i = 0; i < decision->range_count; i++) {
        json_array_append_new(list, json_pack("{s:o, s:o}", "from",
                                              json_time(decision->ranges[i].from_utc_ns), "to",
                                              json_time(decision->ranges[i].to_utc_ns)));
    }
    return list;
}

/* What decided, or came nearest. */
static json_t *decisive_json(json_t *name, const char *condition)
{
    return json_pack("{s:o, s:o}", "name", name, "failed", json_text(condition));
}

static exit_status print_json(const asked_question *asked, const svms_decision *decision,
                              exit_status status)
{
    bool has_right = decision->right != UINT32_MAX;
    json_t *rule = decision->rule ? decisive_json(json_text(decision->rule), decision->condition)
                                  : json_null();
    json_t *right = has_right
                        ? decisive_json(json_integer(decision->right), decision->right_condition)
                        : json_null();
    json_t *instant = asked->question.range.from_utc_ns == SVMS_NO_TIME
                          ? json_null()
                          : json_time(decision->instant_utc_ns);
    return json_print(json_pack(
        "{s:o, s:b, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:i}", "question", question_json(asked),
        "allowed", (int)decision->is_allowed, "reason", svms_access_reason_name(decision->reason),
        "words", svms_access_reason_words(decision->reason), "rule", rule, "right", right,
        "instant", instant, "valid_until",
        json_time(question_limit(asked, decision->valid_until_utc_ns)), "obligations",
        duties_json(decision->obligations), "ranges", ranges_json(asked, decision), "status",
        (int)status));
}

/* What decided, or came nearest, and for what. */
static void print_decisive(const char *label, const char *name, const char *condition)
{
    if (condition) {
        print_line(stdout, "%-13s %s comes nearest, but for its %s", label, name, condition);
    } else {
        print_line(stdout, "%-13s %s", label, name);
    }
}

static void print_limit(const asked_question *asked, const svms_decision *decision)
{
    char text[POLICY_TIME_SIZE];
    int64_t limit = question_limit(asked, decision->valid_until_utc_ns);
    if (limit == SVMS_NO_TIME) {
        print_line(stdout, "Valid until   the login ends");
        return;
    }
    policy_time_words(text, limit);
    print_line(stdout, "Valid until   %s", text);
}

static void print_ranges(const svms_decision *decision)
{
    for (size_t i = 0; i < decision->range_count; i++) {
        char from[POLICY_TIME_SIZE];
        char to[POLICY_TIME_SIZE];
        policy_time_words(from, decision->ranges[i].from_utc_ns);
        policy_time_words(to, decision->ranges[i].to_utc_ns);
        print_line(stdout, "%-13s from %s", i == 0 ? "Recorded" : "", from);
        print_line(stdout, "              to   %s", to);
    }
}

static void print_text(const asked_question *asked, const svms_decision *decision)
{
    question_print(asked);
    print_line(stdout, "Answer        %s", decision->is_allowed ? "ALLOW" : "DENY");
    if (!decision->is_allowed) {
        print_line(stdout, "Reason        %s (%s)", svms_access_reason_words(decision->reason),
                   svms_access_reason_name(decision->reason));
    }
    if (decision->rule) {
        print_decisive("Rule", decision->rule, decision->condition);
    }
    if (decision->right != UINT32_MAX) {
        char number[24];
        snprintf(number, sizeof number, "number %u", decision->right);
        print_decisive("Right", number, decision->right_condition);
    }
    print_limit(asked, decision);
    for (size_t i = 0; i < sizeof duties / sizeof duties[0]; i++) {
        if ((decision->obligations & duties[i].bit) != 0) {
            print_line(stdout, "Obligation    %s: %s", duties[i].name, duties[i].words);
        }
    }
    print_ranges(decision);
}

static exit_status answer(const asked_question *asked, svms_decision *decision)
{
    svms_error err = SVMS_ERROR_INIT;
    const svms_access_question *question = &asked->question;
    if (svms_access_decide(asked->policy.policy, asked->token, question, decision, &err) !=
        SVMS_OK) {
        return complain_error(&err, "%s", COMMAND);
    }
    exit_status status = decision->is_allowed ? EXIT_GOOD : EXIT_POLICY;
    if (question->range.from_utc_ns != SVMS_NO_TIME && decision->is_allowed &&
        decision->range_count == 0) {
        complain("--from and --to say nothing: %s is not about recorded time", question->action);
    }
    exit_status shown = EXIT_GOOD;
    if (asked->request->json) {
        shown = print_json(asked, decision, status);
    } else {
        print_text(asked, decision);
    }
    return shown == EXIT_GOOD ? status : shown;
}

static exit_status decide(const question_request *request)
{
    asked_question asked;
    svms_decision decision = SVMS_DECISION_INIT;
    exit_status status = question_open(&asked, request);
    if (status == EXIT_GOOD) {
        decision.ranges = calloc(RANGES_MAX, sizeof *decision.ranges);
        decision.range_capacity = decision.ranges ? RANGES_MAX : 0;
        if (decision.ranges) {
            status = answer(&asked, &decision);
        } else {
            complain("out of memory");
            status = EXIT_ENVIRONMENT;
        }
    }
    free(decision.ranges);
    question_close(&asked);
    return status;
}

exit_status command_policy_decide(int count, char **arguments)
{
    question_request request;
    parse_result parsed = question_parse(&request, COMMAND,
                                         "Answers one question by a server's access policy: may "
                                         "it be done, until when, in which\nrecorded time. The "
                                         "exit status of a denial is 5.",
                                         count, arguments);
    return parsed == PARSE_READY ? decide(&request) : parse_exit(parsed);
}
