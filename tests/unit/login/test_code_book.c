/* SPDX-License-Identifier: Apache-2.0 */
#include "login_stage.h"

#include <stdio.h>

#include <svms/second_factor.h>

#define NAME "anna@example.org"

/* What was delivered last, and what to do about it. */
typedef struct post {
    login_stage *stage;
    svms_code_book *book;
    uint32_t count;
    char name[SVMS_LOGIN_NAME_MAX + 1];
    char destination[64];
    char code[SVMS_TOTP_CODE_SIZE];
    svms_status gives;
    bool sends_again; /* another one to the same name, before this one has returned */
} post;

static svms_status deliver(void *user, const char *name, const char *destination, const char *code,
                           svms_error *err)
{
    post *at = user;
    svms_status gives = at->gives;
    at->count++;
    snprintf(at->name, sizeof at->name, "%s", name);
    snprintf(at->destination, sizeof at->destination, "%s", destination ? destination : "(none)");
    snprintf(at->code, sizeof at->code, "%s", code);
    if (at->sends_again) {
        at->sends_again = false;
        at->gives = SVMS_OK;
        assert_int_equal(svms_code_book_send(at->book, name, destination, NULL, NULL), SVMS_OK);
    }
    if (gives != SVMS_OK && err) {
        err->status = gives;
        snprintf(err->message, sizeof err->message, "no network");
    }
    return gives;
}

static svms_code_book_options options_for(post *at)
{
    svms_code_book_options options = SVMS_CODE_BOOK_OPTIONS_INIT;
    options.deliver = deliver;
    options.user = at;
    return options;
}

static void open_book(post *at, login_stage *stage, const svms_code_book_options *options)
{
    at->stage = stage;
    assert_int_equal(svms_code_book_new(&at->book, stage->ctx, options, NULL), SVMS_OK);
}

static post *post_new(login_stage *stage)
{
    static post fresh;
    fresh = (post){ .count = 0 };
    svms_code_book_options options = options_for(&fresh);
    open_book(&fresh, stage, &options);
    return &fresh;
}

static svms_status send_to(post *at, const char *name)
{
    return svms_code_book_send(at->book, name, "+49 30 0", NULL, NULL);
}

static svms_code_verdict try_code(post *at, const char *name, const char *code)
{
    svms_code_verdict verdict = (svms_code_verdict)99;
    svms_status status = svms_code_book_check(at->book, name, code, &verdict, NULL);
    assert_int_equal(status, verdict == SVMS_CODE_GOOD ? SVMS_OK : SVMS_E_POLICY);
    return verdict;
}

/* A code of the same length that is another one. */
static const char *not_the(const char *code)
{
    static char other[SVMS_TOTP_CODE_SIZE];
    snprintf(other, sizeof other, "%.8s", code);
    other[0] = other[0] == '9' ? '0' : (char)(other[0] + 1);
    return other;
}

static void a_code_is_right_once(void **state)
{
    post *at = post_new(*state);
    assert_int_equal(send_to(at, NAME), SVMS_OK);
    assert_int_equal(at->count, 1);
    assert_string_equal(at->name, NAME);
    assert_string_equal(at->destination, "+49 30 0");
    assert_int_equal(strlen(at->code), 6);
    assert_int_equal(strspn(at->code, "0123456789"), 6);
    assert_int_equal(try_code(at, NAME, not_the(at->code)), SVMS_CODE_WRONG);
    assert_int_equal(try_code(at, NAME, at->code), SVMS_CODE_GOOD);
    assert_int_equal(try_code(at, NAME, at->code), SVMS_CODE_MISSING);
    svms_code_book_free(&at->book);
}

static void a_code_is_that_of_its_name(void **state)
{
    post *at = post_new(*state);
    assert_int_equal(try_code(at, NAME, "000000"), SVMS_CODE_MISSING);
    assert_int_equal(send_to(at, NAME), SVMS_OK);
    char code[SVMS_TOTP_CODE_SIZE];
    memcpy(code, at->code, sizeof code);
    assert_int_equal(try_code(at, "Anna@example.org", code), SVMS_CODE_MISSING);
    assert_int_equal(send_to(at, "bob"), SVMS_OK);
    assert_int_equal(try_code(at, "bob", code), SVMS_CODE_WRONG);
    assert_int_equal(try_code(at, NAME, code), SVMS_CODE_GOOD);
    svms_code_book_free(&at->book);
}

static void nobody_has_a_code(void **state)
{
    post *at = post_new(*state);
    assert_int_equal(send_to(at, NAME), SVMS_OK);
    for (int i = 0; i < 10; i++)
        assert_int_equal(try_code(at, NULL, at->code), SVMS_CODE_MISSING);
    /* No try of anybody was spent. */
    assert_int_equal(try_code(at, NAME, at->code), SVMS_CODE_GOOD);
    svms_code_book_free(&at->book);
}

static void what_is_typed_is_digits_and_spaces(void **state)
{
    static const char *const wrong[] = { "", "12345", "1234567", "12345x", "-12345", "      " };
    post *at = post_new(*state);
    char spaced[16];
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        if (i % 4 == 0) {
            stage_pass(at->stage, 60);
            assert_int_equal(send_to(at, NAME), SVMS_OK);
        }
        assert_int_equal(try_code(at, NAME, wrong[i]), SVMS_CODE_WRONG);
    }
    snprintf(spaced, sizeof spaced, "%.3s %s", at->code, at->code + 3);
    assert_int_equal(try_code(at, NAME, spaced), SVMS_CODE_GOOD);
    svms_code_book_free(&at->book);
}

static void a_code_ends_with_its_life(void **state)
{
    post *at = post_new(*state);
    assert_int_equal(send_to(at, NAME), SVMS_OK);
    at->stage->steady_ns += 600 * SECOND - 1;
    assert_int_equal(try_code(at, NAME, not_the(at->code)), SVMS_CODE_WRONG);
    at->stage->steady_ns += 1;
    assert_int_equal(try_code(at, NAME, at->code), SVMS_CODE_MISSING);
    svms_code_book_free(&at->book);
}

static void clocks_that_are_set_do_nothing(void **state)
{
    post *at = post_new(*state);
    assert_int_equal(send_to(at, NAME), SVMS_OK);
    at->stage->utc_ns = INT64_MAX;
    assert_int_equal(send_to(at, NAME), SVMS_E_POLICY);
    /* One that should never step back does: it stands still for us. */
    at->stage->steady_ns = 0;
    assert_int_equal(send_to(at, NAME), SVMS_E_POLICY);
    assert_int_equal(try_code(at, NAME, at->code), SVMS_CODE_GOOD);
    svms_code_book_free(&at->book);
}

static void a_code_ends_after_so_many_tries(void **state)
{
    post *at = post_new(*state);
    assert_int_equal(send_to(at, NAME), SVMS_OK);
    for (int i = 0; i < 5; i++)
        assert_int_equal(try_code(at, NAME, not_the(at->code)), SVMS_CODE_WRONG);
    assert_int_equal(try_code(at, NAME, at->code), SVMS_CODE_MISSING);
    /* The next one has its own. */
    stage_pass(at->stage, 60);
    assert_int_equal(send_to(at, NAME), SVMS_OK);
    for (int i = 0; i < 4; i++)
        assert_int_equal(try_code(at, NAME, not_the(at->code)), SVMS_CODE_WRONG);
    assert_int_equal(try_code(at, NAME, at->code), SVMS_CODE_GOOD);
    svms_code_book_free(&at->book);
}

static void between_sendings_there_is_a_pause(void **state)
{
    post *at = post_new(*state);
    svms_error err = SVMS_ERROR_INIT;
    uint32_t wait_s = 99;
    assert_int_equal(svms_code_book_send(at->book, NAME, NULL, &wait_s, NULL), SVMS_OK);
    assert_int_equal(wait_s, 0);
    assert_string_equal(at->destination, "(none)");
    at->stage->steady_ns += SECOND / 2;
    assert_int_equal(svms_code_book_send(at->book, NAME, NULL, &wait_s, &err), SVMS_E_POLICY);
    assert_int_equal(wait_s, 60);
    assert_string_equal(err.message, "the next code can be sent in 60 s");
    assert_int_equal(at->count, 1);
    /* Others do not wait, and the code of before stays good. */
    char code[SVMS_TOTP_CODE_SIZE];
    memcpy(code, at->code, sizeof code);
    assert_int_equal(send_to(at, "bob"), SVMS_OK);
    assert_int_equal(try_code(at, NAME, code), SVMS_CODE_GOOD);
    /* Also where it was used. */
    assert_int_equal(send_to(at, NAME), SVMS_E_POLICY);
    at->stage->steady_ns += 59 * SECOND + SECOND / 2;
    assert_int_equal(send_to(at, NAME), SVMS_OK);
    svms_code_book_free(&at->book);
}

static void a_new_code_ends_the_one_before(void **state)
{
    post *at = post_new(*state);
    assert_int_equal(send_to(at, NAME), SVMS_OK);
    char code[SVMS_TOTP_CODE_SIZE];
    memcpy(code, at->code, sizeof code);
    stage_pass(at->stage, 60);
    assert_int_equal(send_to(at, NAME), SVMS_OK);
    assert_string_not_equal(code, at->code);
    assert_int_equal(try_code(at, NAME, code), SVMS_CODE_WRONG);
    assert_int_equal(try_code(at, NAME, at->code), SVMS_CODE_GOOD);
    svms_code_book_free(&at->book);
}

static void a_delivery_that_fails_leaves_no_code(void **state)
{
    static const struct {
        svms_status gives;
        svms_status becomes;
    } cases[] = {
        { SVMS_E_IO, SVMS_E_IO },
        { SVMS_E_CANCELLED, SVMS_E_CANCELLED },
        { SVMS_END, SVMS_E_IO },
        { SVMS_AGAIN, SVMS_E_IO },
    };
    post *at = post_new(*state);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        svms_error err = SVMS_ERROR_INIT;
        at->gives = cases[i].gives;
        assert_int_equal(svms_code_book_send(at->book, NAME, "x", NULL, &err), cases[i].becomes);
        assert_string_equal(err.message,
                            cases[i].gives < 0 ? "no network" : "the code was not delivered");
        assert_int_equal(try_code(at, NAME, at->code), SVMS_CODE_MISSING);
        /* The pause holds all the same. */
        at->gives = SVMS_OK;
        assert_int_equal(send_to(at, NAME), SVMS_E_POLICY);
        stage_pass(at->stage, 60);
    }
    assert_int_equal(send_to(at, NAME), SVMS_OK);
    assert_int_equal(try_code(at, NAME, at->code), SVMS_CODE_GOOD);
    svms_code_book_free(&at->book);
}

static void a_failure_that_was_overtaken_ends_nothing(void **state)
{
    static post at;
    at = (post){ .gives = SVMS_E_IO, .sends_again = true };
    svms_code_book_options options = options_for(&at);
    options.pause_s = 0;
    open_book(&at, *state, &options);
    assert_int_equal(send_to(&at, NAME), SVMS_E_IO);
    assert_int_equal(at.count, 2);
    assert_int_equal(try_code(&at, NAME, at.code), SVMS_CODE_GOOD);
    svms_code_book_free(&at.book);
}

static void a_full_table_forgets_no_code(void **state)
{
    static post at;
    at = (post){ .count = 0 };
    svms_code_book_options options = options_for(&at);
    options.capacity = 3;
    open_book(&at, *state, &options);
    assert_int_equal(send_to(&at, "a"), SVMS_OK);
    char of_a[SVMS_TOTP_CODE_SIZE];
    memcpy(of_a, at.code, sizeof of_a);
    stage_pass(at.stage, 60);
    assert_int_equal(send_to(&at, "b"), SVMS_OK);
    assert_int_equal(try_code(&at, "b", at.code), SVMS_CODE_GOOD);
    assert_int_equal(send_to(&at, "c"), SVMS_OK);
    /* a has a code; b and c still have a pause. */
    assert_int_equal(send_to(&at, "d"), SVMS_E_LIMIT);
    assert_int_equal(at.count, 3);
    stage_pass(at.stage, 60);
    /* b makes room, c has a code. */
    assert_int_equal(send_to(&at, "d"), SVMS_OK);
    assert_int_equal(send_to(&at, "e"), SVMS_E_LIMIT);
    assert_int_equal(try_code(&at, "a", of_a), SVMS_CODE_GOOD);
    /* It is looked for room once a second at most. */
    assert_int_equal(send_to(&at, "e"), SVMS_E_LIMIT);
    stage_pass(at.stage, 1);
    assert_int_equal(send_to(&at, "e"), SVMS_OK);
    svms_code_book_free(&at.book);
}

static void every_code_is_as_likely_as_any_other(void **state)
{
    /* 4,294,000,000 is the first number that is thrown away for six digits. */
    static const struct {
        uint32_t drawn;
        const char *code;
    } cases[] = {
        { 0, "000000" },
        { 999999, "999999" },
        { 1000000, "000000" },
        { 4293999999u, "999999" },
    };
    static const uint32_t too_high[] = { 4294000000u, UINT32_MAX, 4293000017u };
    static const uint32_t hopeless[] = { UINT32_MAX };
    post *at = post_new(*state);
    login_stage *stage = at->stage;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        stage->random = (const uint8_t *)&cases[i].drawn;
        stage->random_size = sizeof cases[i].drawn;
        stage->drawn = 0;
        stage_pass(stage, 60);
        assert_int_equal(send_to(at, NAME), SVMS_OK);
        assert_string_equal(at->code, cases[i].code);
    }
    stage->random = (const uint8_t *)too_high;
    stage->random_size = sizeof too_high;
    stage->drawn = 0;
    stage_pass(stage, 60);
    assert_int_equal(send_to(at, NAME), SVMS_OK);
    assert_string_equal(at->code, "000017");
    stage->random = (const uint8_t *)hopeless;
    stage->random_size = sizeof hopeless;
    stage_pass(stage, 60);
    assert_int_equal(send_to(at, NAME), SVMS_E_CRYPTO);
    svms_code_book_free(&at->book);
}

static void a_random_source_that_fails_sends_nothing(void **state)
{
    post *at = post_new(*state);
    svms_code_book *none = NULL;
    svms_code_book_options options = options_for(at);
    assert_int_equal(send_to(at, NAME), SVMS_OK);
    stage_pass(at->stage, 60);
    at->stage->random_fails = true;
    assert_int_equal(send_to(at, NAME), SVMS_E_CRYPTO);
    assert_int_equal(at->count, 1);
    assert_int_equal(svms_code_book_new(&none, at->stage->ctx, &options, NULL), SVMS_E_CRYPTO);
    assert_null(none);
    /* Nothing has changed. */
    assert_int_equal(try_code(at, NAME, at->code), SVMS_CODE_GOOD);
    svms_code_book_free(&at->book);
}

static void wrong_use_is_refused(void **state)
{
    login_stage *stage = *state;
    post *at = post_new(stage);
    svms_code_verdict verdict = SVMS_CODE_GOOD;
    svms_code_book *book = NULL;
    svms_code_book_options cases[14];
    char name[SVMS_LOGIN_NAME_MAX + 2];
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        cases[i] = options_for(at);
    cases[0].deliver = NULL;
    cases[1].capacity = 0;
    cases[2].capacity = 1048577;
    cases[3].life_s = 29;
    cases[4].life_s = 86401;
    cases[5].digits = 5;
    cases[6].digits = 9;
    cases[7].tries = 0;
    cases[8].tries = 11;
    cases[9].pause_s = 86401;
    cases[10].struct_size = 0;
    cases[11].struct_size = 1u << 20;
    cases[12].digits = UINT32_MAX;
    cases[13].life_s = 0;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(svms_code_book_new(&book, stage->ctx, &cases[i], NULL), SVMS_E_USAGE);
    svms_code_book_options good = options_for(at);
    assert_int_equal(svms_code_book_new(NULL, stage->ctx, &good, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_code_book_new(&book, NULL, &good, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_code_book_new(&book, stage->ctx, NULL, NULL), SVMS_E_USAGE);
    assert_null(book);
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(send_to(at, name), SVMS_E_USAGE);
    assert_int_equal(send_to(at, ""), SVMS_E_USAGE);
    assert_int_equal(send_to(at, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_code_book_send(NULL, NAME, NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(at->count, 0);
    name[SVMS_LOGIN_NAME_MAX] = '\0';
    assert_int_equal(send_to(at, name), SVMS_OK);
    assert_int_equal(try_code(at, name, at->code), SVMS_CODE_GOOD);
    assert_int_equal(svms_code_book_check(NULL, NAME, "000000", &verdict, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_code_book_check(at->book, "", "000000", &verdict, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_code_book_check(at->book, NAME, NULL, &verdict, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_code_book_check(at->book, NAME, "000000", NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(verdict, SVMS_CODE_WRONG);
    svms_code_book_free(&at->book);
    svms_code_book_free(&at->book);
    svms_code_book_free(NULL);
}

static svms_status send_and_check(svms_ctx *ctx, svms_error *err)
{
    post at = { .count = 0 };
    svms_code_book_options options = options_for(&at);
    svms_code_verdict verdict = SVMS_CODE_WRONG;
    options.capacity = 16;
    svms_status status = svms_code_book_new(&at.book, ctx, &options, err);
    if (status == SVMS_OK)
        status = svms_code_book_send(at.book, NAME, NULL, NULL, err);
    if (status == SVMS_OK)
        status = svms_code_book_check(at.book, NAME, at.code, &verdict, err);
    svms_code_book_free(&at.book);
    return status;
}

static void codes_survive_failing_memory(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(send_and_check);
}

int main(void)
{
#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_set_up, stage_tear_down)
    const struct CMUnitTest tests[] = {
        STAGED(a_code_is_right_once),
        STAGED(a_code_is_that_of_its_name),
        STAGED(nobody_has_a_code),
        STAGED(what_is_typed_is_digits_and_spaces),
        STAGED(a_code_ends_with_its_life),
        STAGED(clocks_that_are_set_do_nothing),
        STAGED(a_code_ends_after_so_many_tries),
        STAGED(between_sendings_there_is_a_pause),
        STAGED(a_new_code_ends_the_one_before),
        STAGED(a_delivery_that_fails_leaves_no_code),
        STAGED(a_failure_that_was_overtaken_ends_nothing),
        STAGED(a_full_table_forgets_no_code),
        STAGED(every_code_is_as_likely_as_any_other),
        STAGED(a_random_source_that_fails_sends_nothing),
        STAGED(wrong_use_is_refused),
        cmocka_unit_test(codes_survive_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
