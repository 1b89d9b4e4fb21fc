/* SPDX-License-Identifier: Apache-2.0 */
/* R-POL-1: what is wrong is refused as a whole, with its path. policy_schema.py holds the same
 * mistakes against the published schema. */
#include "decision_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *mistakes_path;
static const char *example_path;

static void expect_refused(decision_world *w, const char *text, const char *says)
{
    svms_policy *policy = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_policy_read(&policy, w->ctx, text, strlen(text), NULL, &err);
    if (status != SVMS_E_MALFORMED || !strstr(err.message, says)) {
        fail_msg("%s: %s, not %s", text, err.message, says);
    }
    assert_null(policy);
    assert_int_equal(err.status, SVMS_E_MALFORMED);
}

static void each_mistake_is_refused_with_its_path(void **state)
{
    json_t *mistakes = json_load_file(mistakes_path, 0, NULL);
    size_t index = 0;
    json_t *one = NULL;
    assert_true(json_array_size(mistakes) >= 60);
    json_array_foreach(mistakes, index, one)
    {
        char *text = json_dumps(json_object_get(one, "policy"), JSON_COMPACT);
        const char *says = json_string_value(json_object_get(one, "says"));
        assert_non_null(text);
        assert_non_null(says);
        expect_refused(*state, text, says);
        free(text);
    }
    json_decref(mistakes);
}

static void text_that_is_not_strict_json_is_refused(void **state)
{
    static const char *const cases[][2] = {
        { "svms", "it is not JSON" },
        { "{\"format\":\"svms-policy\"", "it ends too early" },
        { "{} {}", "something follows its end" },
        { "[]", "it is no object" },
        { "{\"format\":\"svms-policy\",\"format\":\"svms-policy\"}",
          "a name occurs twice in an object" },
        { "{\"format\":\"svms-policy\\u0000\"}", "a text holds U+0000" },
        { "{\"format\":\"\xff\"}", "it is not UTF-8" },
        { "{\"revision\":18446744073709551616}", "a number is too large" },
        { "{\"a\":[[[[[[[[[[[[]]]]]]]]]]]]}", "13 levels deep, more than 12" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_refused(*state, cases[i][0], cases[i][1]);
    }
}

static void what_is_not_given_is_a_mistake_of_the_caller(void **state)
{
    decision_world *w = *state;
    svms_policy *policy = NULL;
    svms_policy_options longer = SVMS_POLICY_OPTIONS_INIT;
    longer.struct_size = 0;
    assert_int_equal(svms_policy_read(NULL, w->ctx, "{}", 2, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_policy_read(&policy, NULL, "{}", 2, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_policy_read(&policy, w->ctx, NULL, 0, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_policy_read(&policy, w->ctx, "{}", 2, &longer, NULL), SVMS_E_USAGE);
    assert_null(policy);
    svms_policy_free(&policy);
    svms_policy_free(NULL);
}

static void a_text_that_is_too_long_is_refused_unread(void **state)
{
    decision_world *w = *state;
    svms_policy *policy = NULL;
    svms_error err = SVMS_ERROR_INIT;
    char *text = calloc(1, SVMS_POLICY_MAX + 1);
    assert_non_null(text);
    assert_int_equal(svms_policy_read(&policy, w->ctx, text, SVMS_POLICY_MAX + 1, NULL, &err),
                     SVMS_E_MALFORMED);
    assert_non_null(strstr(err.message, "more than 8388608"));
    free(text);
}

static void another_version_is_unsupported(void **state)
{
    static const char text[] =
        "{\"format\":\"svms-policy\",\"version\":2,\"revision\":1,\"rules\":{},\"moon\":1}";
    decision_world *w = *state;
    svms_policy *policy = NULL;
    assert_int_equal(svms_policy_read(&policy, w->ctx, text, sizeof text - 1, NULL, NULL),
                     SVMS_E_UNSUPPORTED);
    assert_null(policy);
}

static void a_revision_does_not_go_back(void **state)
{
    static const char text[] =
        "{\"format\":\"svms-policy\",\"version\":1,\"revision\":7,\"rules\":[]}";
    decision_world *w = *state;
    svms_policy *policy = NULL;
    svms_policy_options options = SVMS_POLICY_OPTIONS_INIT;
    options.least_revision = 8;
    assert_int_equal(svms_policy_read(&policy, w->ctx, text, sizeof text - 1, &options, NULL),
                     SVMS_E_POLICY);
    assert_null(policy);
    options.least_revision = 7;
    assert_int_equal(svms_policy_read(&policy, w->ctx, text, sizeof text - 1, &options, NULL),
                     SVMS_OK);
    assert_int_equal(svms_policy_revision(policy), 7);
    svms_policy_free(&policy);
}

/* docs/policy.md tells what this policy does. */
static void the_example_of_the_guide_does_what_it_says(void **state)
{
    static const struct {
        const char *token;
        const char *ask;
        const char *reason;
        const char *rule;
    } cases[] = {
        { "{\"sub\":\"anna\"}", "{\"action\":\"live.view\",\"device\":\"till-1\"}", "allowed",
          "guards-watch" },
        { "{\"sub\":\"anna\"}",
          "{\"action\":\"playback.view\",\"device\":\"till-1\","
          "\"range\":[\"2026-11-18T10:00:00Z\",\"2026-11-18T11:00:00Z\"]}",
          "no-rule", "till-at-night" },
        { "{\"sub\":\"anna\"}",
          "{\"action\":\"playback.view\",\"device\":\"till-1\","
          "\"range\":[\"2026-11-18T10:00:00Z\",\"2026-11-18T20:00:00Z\"]}",
          "allowed", "till-at-night" },
        { "{\"sub\":\"carla\",\"amr\":[\"pwd\"]}",
          "{\"action\":\"live.view\",\"device\":\"till-1\"}", "no-rule", "managers" },
        { "{\"sub\":\"carla\",\"amr\":[\"pwd\",\"otp\"]}",
          "{\"action\":\"export.create\",\"device\":\"hall-1\",\"format\":\"svmx\","
          "\"range\":[\"2026-11-18T10:00:00Z\",\"2026-11-18T11:00:00Z\"]}",
          "approval-needed", "managers" },
        { "{\"sub\":\"carla\",\"amr\":[\"hwk\"]}",
          "{\"action\":\"export.create\",\"device\":\"hall-1\",\"format\":\"mp4\","
          "\"range\":[\"2026-11-18T10:00:00Z\",\"2026-11-18T11:00:00Z\"]}",
          "denied", "only-sealed-exports" },
        { "{\"sub\":\"bert\"}",
          "{\"action\":\"playback.view\",\"device\":\"hall-1\","
          "\"range\":[\"2026-10-19T12:00:00Z\",\"2026-11-19T12:00:00Z\"]}",
          "allowed", "guards-look-back" },
        { "{\"sub\":\"bert\"}",
          "{\"action\":\"playback.view\",\"device\":\"hall-1\",\"client\":\"service\"}", "denied",
          "no-service-looks-back" },
        { "{\"sub\":\"bert\"}",
          "{\"action\":\"playback.view\",\"device\":\"hall-1\",\"client\":null}", "denied",
          "no-service-looks-back" },
        { "{\"sub\":\"otto\",\"roles\":[\"auditor\"]}", "{\"action\":\"audit.read\"}", "allowed",
          "auditors" },
        { "{\"sub\":\"otto\"}", "{\"action\":\"audit.read\"}", "no-rule", NULL },
    };
    static svms_time_range ranges[CASE_RANGES];
    decision_world *w = *state;
    json_t *example = json_load_file(example_path, JSON_REJECT_DUPLICATES, NULL);
    json_t *rights = json_loads(
        "{\"rights\":[{\"type\":\"svms\",\"actions\":[\"*\"],\"devices\":[\"*\"]}]}", 0, NULL);
    json_t *noon = json_loads("{\"now\":\"2026-11-19T12:00:00Z\",\"client\":\"desktop\"}", 0, NULL);
    assert_non_null(example);
    svms_policy *policy = case_policy(w, example);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *claims = json_loads(cases[i].token, 0, NULL);
        json_t *ask = json_loads(cases[i].ask, 0, NULL);
        json_t *shown = case_join(rights, claims);
        json_t *asked = case_join(noon, ask);
        svms_access_question question = case_question(asked);
        svms_decision answer = SVMS_DECISION_INIT;
        answer.ranges = ranges;
        answer.range_capacity = CASE_RANGES;
        svms_token *token = case_token(w, shown, question.now_utc_ns);
        assert_int_equal(svms_access_decide(policy, token, &question, &answer, NULL), SVMS_OK);
        assert_string_equal(svms_access_reason_name(answer.reason), cases[i].reason);
        if (cases[i].rule) {
            assert_string_equal(answer.rule, cases[i].rule);
        } else {
            assert_null(answer.rule);
        }
        svms_token_free(&token);
        json_decref(claims);
        json_decref(ask);
        json_decref(shown);
        json_decref(asked);
    }
    svms_policy_free(&policy);
    json_decref(example);
    json_decref(rights);
    json_decref(noon);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_is_refused_with_its_path),
        cmocka_unit_test(text_that_is_not_strict_json_is_refused),
        cmocka_unit_test(what_is_not_given_is_a_mistake_of_the_caller),
        cmocka_unit_test(a_text_that_is_too_long_is_refused_unread),
        cmocka_unit_test(another_version_is_unsupported),
        cmocka_unit_test(a_revision_does_not_go_back),
        cmocka_unit_test(the_example_of_the_guide_does_what_it_says),
    };
    mistakes_path = argc > 2 ? argv[1] : "policy_mistakes.json";
    example_path = argc > 2 ? argv[2] : "policy.json";
    return cmocka_run_group_tests(tests, world_open, world_close);
}
