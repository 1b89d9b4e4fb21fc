/* SPDX-License-Identifier: Apache-2.0 */
/* decisions.json: questions with their answers, worked out by hand from policy.md. Each is decided,
 * and explained: the two say the same. */
#include "decision_case.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/time.h>

#define EXPLANATION_ROOM 262144
#define CASES_LEAST 300

static const char *table;

/* One case, with what it is checked against. */
typedef struct table_case {
    const char *is;
    const json_t *wanted;
    const svms_policy *policy;
    const svms_token *token;
    svms_access_question question;
    svms_decision answer;
    json_t *explained;
} table_case;

/* Says what is wrong and goes on: a table is mended at once. */
static unsigned wrong;

#define EXPECT(c, condition, ...)                                                                  \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            print_error("%s: ", (c)->is);                                                          \
            print_error(__VA_ARGS__);                                                              \
            print_error("\n");                                                                     \
            wrong++;                                                                               \
        }                                                                                          \
    } while (0)

static const char *shown(const char *text)
{
    return text ? text : "null";
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static const json_t *wanted(const table_case *c, const char *member)
{
    return json_object_get(c->wanted, member);
}

static void expect_text(const table_case *c, const char *member, const char *found)
{
    const json_t *value = wanted(c, member);
    EXPECT(c, !value || same_text(json_string_value(value), found), "%s is %s, not %s", member,
           shown(found), shown(json_string_value(value)));
}

static void expect_time(const table_case *c, const char *member, int64_t found)
{
    const json_t *value = wanted(c, member);
    char text[SVMS_TIME_TEXT_SIZE];
    svms_time_format(found, text);
    EXPECT(c,
           !value ||
               found == (json_is_null(value) ? SVMS_NO_TIME : case_time(json_string_value(value))),
           "%s is %s, not %s", member, text, shown(json_string_value(value)));
}

static void expect_obligations(const table_case *c)
{
    static const char *const names[] = { "watermark", "mask", "audit-each", "no-reexport" };
    const json_t *list = wanted(c, "obligations");
    uint32_t bits = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        size_t place = 0;
        while (place < 4 && strcmp(names[place], name) != 0) {
            place++;
        }
        EXPECT(c, place < 4, "%s is no obligation", name);
        bits |= 1u << place;
    }
    EXPECT(c, c->answer.obligations == bits, "obligations are %u, not %u", c->answer.obligations,
           bits);
}

static void expect_ranges(const table_case *c)
{
    const json_t *list = wanted(c, "ranges");
    EXPECT(c, c->answer.range_count == json_array_size(list), "%zu ranges, not %zu",
           c->answer.range_count, json_array_size(list));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *range = json_array_get(list, i);
        const svms_time_range *found = &c->answer.ranges[i];
        EXPECT(c,
               found->from_utc_ns == case_time(json_string_value(json_array_get(range, 0))) &&
                   found->to_utc_ns == case_time(json_string_value(json_array_get(range, 1))),
               "range %zu is another one", i);
    }
}

static void expect_answer(const table_case *c)
{
    static const char *const known[] = { "reason",          "rule",        "condition",   "right",
                                         "right_condition", "obligations", "valid_until", "instant",
                                         "ranges" };
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)c->wanted, name, value)
    {
        size_t place = 0;
        while (place < sizeof known / sizeof known[0] && strcmp(known[place], name) != 0) {
            place++;
        }
        EXPECT(c, place < sizeof known / sizeof known[0], "%s is nothing that is compared", name);
    }
    EXPECT(c, wanted(c, "reason") != NULL, "no reason is expected");
    expect_text(c, "reason", svms_access_reason_name(c->answer.reason));
    EXPECT(c, c->answer.is_allowed == (c->answer.reason == SVMS_ACCESS_ALLOWED),
           "the reason is not that of the answer");
    expect_text(c, "rule", c->answer.rule);
    expect_text(c, "condition", c->answer.condition);
    expect_text(c, "right_condition", c->answer.right_condition);
    const json_t *right = wanted(c, "right");
    EXPECT(c,
           !right || (json_is_null(right) ? c->answer.right == UINT32_MAX
                                          : c->answer.right == json_integer_value(right)),
           "right is %u", c->answer.right);
    expect_time(c, "valid_until", c->answer.valid_until_utc_ns);
    expect_time(c, "instant", c->answer.instant_utc_ns);
    expect_obligations(c);
    expect_ranges(c);
}

static const json_t *explained(const table_case *c, const char *part, const char *member)
{
    return json_object_get(json_object_get(c->explained, part), member);
}

static void expect_same_text(const table_case *c, const char *part, const char *member,
                             const char *decided)
{
    const json_t *value = explained(c, part, member);
    EXPECT(c, value && same_text(json_string_value(value), decided),
           "%s.%s is explained as %s, and decided as %s", part, member,
           shown(json_string_value(value)), shown(decided));
}

static void expect_same_time(const table_case *c, const json_t *value, int64_t decided)
{
    EXPECT(c,
           json_is_null(value) ? decided == SVMS_NO_TIME
                               : case_time(json_string_value(value)) == decided,
           "a time is explained as %s, and decided otherwise", shown(json_string_value(value)));
}

static void expect_same_ranges(const table_case *c)
{
    const json_t *ranges = explained(c, "answer", "ranges");
    EXPECT(c, json_array_size(ranges) == c->answer.range_count, "other ranges are explained");
    for (size_t i = 0; i < c->answer.range_count; i++) {
        const json_t *range = json_array_get(ranges, i);
        expect_same_time(c, json_object_get(range, "from"), c->answer.ranges[i].from_utc_ns);
        expect_same_time(c, json_object_get(range, "to"), c->answer.ranges[i].to_utc_ns);
    }
}

/* Least of the values; R-EXP-2. */
static const char *least_value(const json_t *conditions)
{
    const char *name = NULL;
    json_t *value = NULL;
    bool is_unknown = false;
    json_object_foreach((json_t *)(uintptr_t)conditions, name, value)
    {
        if (strcmp(json_string_value(value), "false") == 0) {
            return "false";
        }
        is_unknown = is_unknown || strcmp(json_string_value(value), "unknown") == 0;
    }
    return is_unknown ? "unknown" : "true";
}

/* The verdict of a side follows from what is shown of its rules: R-DEC-1, R-DEC-2. */
static void expect_verdict(const table_case *c, const char *part, const char *list)
{
    bool allows = false;
    bool denies = false;
    const json_t *rules = explained(c, part, list);
    const char *verdict = json_string_value(explained(c, part, "verdict"));
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *rule = json_array_get(rules, i);
        const char *applies = json_string_value(json_object_get(rule, "applies"));
        EXPECT(c, same_text(applies, least_value(json_object_get(rule, "conditions"))),
               "what applies is not what its conditions say");
        if (same_text(json_string_value(json_object_get(rule, "effect")), "deny")) {
            denies = denies || strcmp(applies, "false") != 0;
        } else {
            allows = allows || strcmp(applies, "true") == 0;
        }
    }
    EXPECT(c, denies == same_text(verdict, "deny"), "the verdict is %s", shown(verdict));
    EXPECT(c, (allows && !denies) == same_text(verdict, "allow"), "the verdict is %s",
           shown(verdict));
}

static void expect_explanation(table_case *c)
{
    static char text[EXPLANATION_ROOM];
    size_t size = sizeof text;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_access_explain(c->policy, c->token, &c->question, text, &size, &err) != SVMS_OK) {
        fail_msg("%s: %s", c->is, err.message);
    }
    c->explained = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(c->explained);
    EXPECT(c, json_is_true(explained(c, "answer", "allowed")) == (c->answer.is_allowed == 1),
           "another answer is explained");
    expect_same_text(c, "answer", "reason", svms_access_reason_name(c->answer.reason));
    expect_same_text(c, "answer", "words", svms_access_reason_words(c->answer.reason));
    expect_same_text(c, "policy", "rule", c->answer.rule);
    expect_same_text(c, "policy", "condition", c->answer.condition);
    expect_same_time(c, explained(c, "answer", "valid_until"), c->answer.valid_until_utc_ns);
    expect_same_time(c, explained(c, "answer", "instant"), c->answer.instant_utc_ns);
    expect_same_ranges(c);
    expect_verdict(c, "policy", "rules");
    if (!json_is_null(json_object_get(c->explained, "rights"))) {
        expect_same_text(c, "rights", "condition", c->answer.right_condition);
        const json_t *right = explained(c, "rights", "right");
        EXPECT(c,
               json_is_null(right) ? c->answer.right == UINT32_MAX
                                   : json_integer_value(right) == c->answer.right,
               "another right is explained");
        expect_verdict(c, "rights", "rights");
    }
    json_decref(c->explained);
}

static void expect_refusal(table_case *c)
{
    static char text[EXPLANATION_ROOM];
    size_t size = sizeof text;
    const char *error = json_string_value(wanted(c, "error"));
    svms_status status = strcmp(error, "usage") == 0 ? SVMS_E_USAGE : SVMS_E_LIMIT;
    svms_decision untouched = c->answer;
    svms_error err = SVMS_ERROR_INIT;
    EXPECT(c, svms_access_decide(c->policy, c->token, &c->question, &c->answer, &err) == status,
           "it was not refused");
    EXPECT(c, err.message[0] != '\0', "it was refused without words");
    assert_memory_equal(&untouched, &c->answer, sizeof untouched);
    EXPECT(c, svms_access_explain(c->policy, c->token, &c->question, text, &size, NULL) == status,
           "it was explained");
}

static void run_case(decision_world *w, const json_t *theme, const svms_policy *policy,
                     const json_t *one)
{
    static svms_time_range ranges[CASE_RANGES];
    table_case c = { json_string_value(json_object_get(one, "is")),
                     json_object_get(one, "answer"),
                     policy,
                     NULL,
                     SVMS_ACCESS_QUESTION_INIT,
                     SVMS_DECISION_INIT,
                     NULL };
    const json_t *given = json_object_get(one, "token");
    json_t *ask = case_join(json_object_get(theme, "ask"), json_object_get(one, "ask"));
    json_t *shown_token =
        json_is_null(given) ? json_null() : case_join(json_object_get(theme, "token"), given);
    svms_error err = SVMS_ERROR_INIT;
    assert_non_null(c.is);
    assert_non_null(c.wanted);
    c.question = case_question(ask);
    svms_token *token = case_token(w, shown_token, c.question.now_utc_ns);
    c.token = token;
    c.answer.ranges = ranges;
    c.answer.range_capacity = CASE_RANGES;
    w->allocator.count = 0;
    if (wanted(&c, "error")) {
        expect_refusal(&c);
    } else {
        if (svms_access_decide(policy, token, &c.question, &c.answer, &err) != SVMS_OK) {
            fail_msg("%s: %s", c.is, err.message);
        }
        /* R-DEC-8 */
        assert_int_equal(w->allocator.count, 0);
        expect_answer(&c);
        expect_explanation(&c);
    }
    svms_token_free(&token);
    json_decref(ask);
    json_decref(shown_token);
}

static void each_decision_of_the_table_is_made_and_explained(void **state)
{
    decision_world *w = *state;
    json_error_t reason;
    json_t *all = json_load_file(table, JSON_REJECT_DUPLICATES, &reason);
    if (!all) {
        fail_msg("%s: line %d: %s", table, reason.line, reason.text);
    }
    const json_t *themes = json_object_get(all, "themes");
    size_t count = 0;
    for (size_t t = 0; t < json_array_size(themes); t++) {
        const json_t *theme = json_array_get(themes, t);
        const json_t *cases = json_object_get(theme, "cases");
        svms_policy *policy = case_policy(w, json_object_get(theme, "policy"));
        for (size_t i = 0; i < json_array_size(cases); i++) {
            run_case(w, theme, policy, json_array_get(cases, i));
            count++;
        }
        svms_policy_free(&policy);
    }
    printf("%zu decisions\n", count);
    assert_true(count >= CASES_LEAST);
    assert_int_equal(wrong, 0);
    json_decref(all);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_decision_of_the_table_is_made_and_explained),
    };
    table = argc > 1 ? argv[1] : "decisions.json";
    return cmocka_run_group_tests(tests, world_open, world_close);
}
