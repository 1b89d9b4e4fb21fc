/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation fails once, and every way of fetching a time zone. */
#include "decision_case.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <svms/time.h>

#define ATTEMPTS_MAX 2000
#define EXPLANATION_ROOM 65536

static const char *policy_path;
static json_t *document;
static char *text;
static svms_policy *whole;
static svms_token *token;

static svms_access_question ask(void)
{
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    question.action = "playback.view";
    question.device = "till-1";
    question.now_utc_ns = case_time("2026-11-18T12:00:00Z");
    question.client = SVMS_CLIENT_DESKTOP;
    question.range.from_utc_ns = case_time("2026-11-16T00:00:00Z");
    question.range.to_utc_ns = question.now_utc_ns;
    return question;
}

static int set_up(void **state)
{
    if (world_open(state) != 0) {
        return -1;
    }
    decision_world *w = *state;
    document = json_load_file(policy_path, 0, NULL);
    assert_non_null(document);
    text = json_dumps(document, JSON_COMPACT);
    whole = case_policy(w, document);
    json_t *shown =
        json_loads("{\"sub\":\"anna\",\"rights\":[{\"type\":\"svms\",\"actions\":[\"*\"],"
                   "\"devices\":[\"group:till\"]}]}",
                   0, NULL);
    token = case_token(w, shown, ask().now_utc_ns);
    json_decref(shown);
    return 0;
}

static int tear_down(void **state)
{
    svms_token_free(&token);
    svms_policy_free(&whole);
    free(text);
    json_decref(document);
    return world_close(state);
}

typedef svms_status (*attempt)(decision_world *w, svms_error *err);

/* Number of allocations that it needs. */
static size_t fail_each(decision_world *w, attempt run)
{
    size_t live = w->allocator.live;
    for (size_t failing = 1; failing < ATTEMPTS_MAX; failing++) {
        svms_error err = SVMS_ERROR_INIT;
        w->allocator.count = 0;
        w->allocator.failing = failing;
        svms_status status = run(w, &err);
        w->allocator.failing = 0;
        assert_int_equal(w->allocator.live, live);
        if (w->allocator.count < failing) {
            assert_int_equal(status, SVMS_OK);
            return failing - 1;
        }
        assert_int_equal(status, SVMS_E_NO_MEMORY);
        assert_int_equal(err.status, SVMS_E_NO_MEMORY);
    }
    fail_msg("it never succeeded");
    return 0;
}

static svms_status read(decision_world *w, svms_error *err)
{
    svms_policy *policy = NULL;
    svms_status status = svms_policy_read(&policy, w->ctx, text, strlen(text), NULL, err);
    assert_int_equal(policy != NULL, status == SVMS_OK);
    svms_policy_free(&policy);
    return status;
}

static void every_allocation_of_reading_may_fail(void **state)
{
    assert_true(fail_each(*state, read) > 20);
}

static svms_status explain(decision_world *w, svms_error *err)
{
    static char out[EXPLANATION_ROOM];
    svms_access_question question = ask();
    size_t size = sizeof out;
    (void)w;
    memset(out, 'x', sizeof out);
    svms_status status = svms_access_explain(whole, token, &question, out, &size, err);
    if (status == SVMS_OK) {
        assert_int_equal(strlen(out), size);
    } else {
        assert_int_equal(size, sizeof out);
        assert_true(out[0] == 'x' && memcmp(out, out + 1, sizeof out - 1) == 0);
    }
    return status;
}

static void every_allocation_of_explaining_may_fail(void **state)
{
    assert_true(fail_each(*state, explain) >= 2);
}

static void deciding_allocates_nothing(void **state)
{
    decision_world *w = *state;
    static svms_time_range ranges[CASE_RANGES];
    svms_access_question question = ask();
    svms_decision answer = SVMS_DECISION_INIT;
    answer.ranges = ranges;
    answer.range_capacity = CASE_RANGES;
    w->allocator.count = 0;
    w->allocator.failing = 1;
    assert_int_equal(svms_access_decide(whole, token, &question, &answer, NULL), SVMS_OK);
    assert_int_equal(w->allocator.count, 0);
    w->allocator.failing = 0;
    assert_int_equal(answer.reason, SVMS_ACCESS_ALLOWED);
    assert_int_equal(answer.range_count, 3);
}

static void an_explanation_says_how_much_room_it_needs(void **state)
{
    svms_access_question question = ask();
    size_t size = 0;
    svms_error err = SVMS_ERROR_INIT;
    (void)state;
    assert_int_equal(svms_access_explain(whole, token, &question, NULL, &size, &err), SVMS_E_LIMIT);
    size_t needed = size;
    char *out = malloc(needed);
    assert_non_null(out);
    size = needed - 1;
    assert_int_equal(svms_access_explain(whole, token, &question, out, &size, &err), SVMS_E_LIMIT);
    assert_int_equal(size, needed);
    assert_int_equal(svms_access_explain(whole, token, &question, out, &size, &err), SVMS_OK);
    assert_int_equal(size, needed - 1);
    free(out);
}

static void what_is_no_question_is_refused(void **state)
{
    svms_access_question question = ask();
    svms_decision answer = SVMS_DECISION_INIT;
    size_t size = 0;
    (void)state;
    assert_int_equal(svms_access_decide(NULL, token, &question, &answer, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_access_decide(whole, token, NULL, &answer, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_access_decide(whole, token, &question, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_access_explain(NULL, token, &question, NULL, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_access_explain(whole, token, NULL, NULL, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_access_explain(whole, token, &question, NULL, NULL, NULL), SVMS_E_USAGE);
    /* A range, and no room for what is allowed of it. */
    assert_int_equal(svms_access_decide(whole, token, &question, &answer, NULL), SVMS_E_USAGE);
    question.range.from_utc_ns = SVMS_NO_TIME;
    assert_int_equal(svms_access_decide(whole, token, &question, &answer, NULL), SVMS_E_USAGE);
    question.range.to_utc_ns = SVMS_NO_TIME;
    question.is_approved = 1;
    assert_int_equal(svms_access_decide(whole, token, &question, &answer, NULL), SVMS_E_USAGE);
    question.is_approved = 2;
    assert_int_equal(svms_access_decide(whole, token, &question, &answer, NULL), SVMS_E_USAGE);
    question.is_approved = 0;
    question.client = (svms_client_kind)6;
    assert_int_equal(svms_access_decide(whole, token, &question, &answer, NULL), SVMS_E_USAGE);
    question.client = SVMS_CLIENT_UNKNOWN;
    question.format = (svms_export_form)6;
    assert_int_equal(svms_access_decide(whole, token, &question, &answer, NULL), SVMS_E_USAGE);
    question.format = SVMS_FORM_UNKNOWN;
    question.action = NULL;
    assert_int_equal(svms_access_decide(whole, token, &question, &answer, NULL), SVMS_E_USAGE);
}

static void ranges_fill_the_room_that_there_is_or_are_refused(void **state)
{
    svms_time_range two[2];
    svms_access_question question = ask();
    svms_decision answer = SVMS_DECISION_INIT;
    (void)state;
    answer.ranges = two;
    answer.range_capacity = 2;
    assert_int_equal(svms_access_decide(whole, token, &question, &answer, NULL), SVMS_E_LIMIT);
    answer.range_capacity = CASE_RANGES + 1;
    assert_int_equal(svms_access_decide(whole, token, &question, &answer, NULL), SVMS_E_USAGE);
}

/* What a caller's database may say of a zone. */
typedef struct fetch_case {
    svms_status gives;
    const char *bytes;
    size_t size;
    svms_status status;
    int os_error;
} fetch_case;

static svms_status fetch(void *user, const char *name, void *out, size_t *size, svms_error *err)
{
    const fetch_case *given = user;
    err->os_error = given->os_error;
    assert_string_equal(name, "Europe/Berlin");
    assert_true(given->size <= *size || given->size == SIZE_MAX);
    if (given->bytes) {
        memcpy(out, given->bytes, given->size);
    }
    *size = given->size;
    return given->gives;
}

static void a_zone_that_cannot_be_fetched_refuses_the_policy(void **state)
{
    static const fetch_case cases[] = {
        { SVMS_E_IO, NULL, 0, SVMS_E_MALFORMED, 0 },
        { SVMS_E_IO, NULL, 0, SVMS_E_MALFORMED, ENOENT },
        { SVMS_E_IO, NULL, 0, SVMS_E_IO, EMFILE },
        { SVMS_E_NO_MEMORY, NULL, 0, SVMS_E_NO_MEMORY, 0 },
        { SVMS_OK, NULL, 0, SVMS_E_MALFORMED, 0 },
        { SVMS_OK, "TZif2", 5, SVMS_E_MALFORMED, 0 },
        { SVMS_OK, NULL, SIZE_MAX, SVMS_E_MALFORMED, 0 },
    };
    decision_world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_policy_options options = SVMS_POLICY_OPTIONS_INIT;
        svms_policy *policy = NULL;
        svms_error err = SVMS_ERROR_INIT;
        fetch_case given = cases[i];
        options.zones = fetch;
        options.user = &given;
        assert_int_equal(svms_policy_read(&policy, w->ctx, text, strlen(text), &options, &err),
                         cases[i].status);
        assert_null(policy);
        assert_true(cases[i].status != SVMS_E_MALFORMED ||
                    strstr(err.message, "zone is no time zone that is known here"));
    }
}

/* R-WIN-3 */
static void utc_needs_no_database(void **state)
{
    static const char of_utc[] =
        "{\"format\":\"svms-policy\",\"version\":1,\"revision\":1,\"zone\":\"UTC\",\"rules\":"
        "[{\"id\":\"r\",\"actions\":[\"audit.read\"],\"when\":[{\"zone\":\"UTC\"},{\"to\":"
        "\"12:00\"}]}]}";
    static fetch_case never = { SVMS_E_IO, NULL, 0, SVMS_OK, 0 };
    decision_world *w = *state;
    svms_policy_options options = SVMS_POLICY_OPTIONS_INIT;
    svms_policy *policy = NULL;
    options.zones = fetch;
    options.user = &never;
    assert_int_equal(svms_policy_read(&policy, w->ctx, of_utc, sizeof of_utc - 1, &options, NULL),
                     SVMS_OK);
    svms_policy_free(&policy);
}

/* R-DEC-7: what the user is told does not say whether somebody forbade it. */
static void words_for_the_user_hide_who_forbade_it(void **state)
{
    (void)state;
    assert_string_equal(svms_access_reason_words(SVMS_ACCESS_DENIED),
                        svms_access_reason_words(SVMS_ACCESS_NO_RULE));
    assert_string_equal(svms_access_reason_words(SVMS_ACCESS_RIGHT_DENIED),
                        svms_access_reason_words(SVMS_ACCESS_NO_RIGHT));
    assert_string_not_equal(svms_access_reason_name(SVMS_ACCESS_DENIED),
                            svms_access_reason_name(SVMS_ACCESS_NO_RULE));
    assert_string_equal(svms_access_reason_words((svms_access_reason)8), "unknown");
    assert_string_equal(svms_access_reason_name((svms_access_reason)-1), "unknown");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_of_reading_may_fail),
        cmocka_unit_test(every_allocation_of_explaining_may_fail),
        cmocka_unit_test(deciding_allocates_nothing),
        cmocka_unit_test(an_explanation_says_how_much_room_it_needs),
        cmocka_unit_test(what_is_no_question_is_refused),
        cmocka_unit_test(ranges_fill_the_room_that_there_is_or_are_refused),
        cmocka_unit_test(a_zone_that_cannot_be_fetched_refuses_the_policy),
        cmocka_unit_test(utc_needs_no_database),
        cmocka_unit_test(words_for_the_user_hide_who_forbade_it),
    };
    policy_path = argc > 1 ? argv[1] : "policy.json";
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
