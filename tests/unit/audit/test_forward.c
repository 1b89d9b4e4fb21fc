/* SPDX-License-Identifier: Apache-2.0 */
/* What a forwarder remembers: nothing that a receiver may have lost counts as served. */
#include <inttypes.h>
#include <stdlib.h>

#include <jansson.h>

#include "form_case.h"

#include "../base/failing_allocator.h"

#define SECOND UINT64_C(1000000000)
#define KEY "vms.example/audit+0a1b2c3d+AQ=="
#define RECEIVER "log.example:6514"
/* Of a test that tries many moments. */
#define ROUNDS 20000u

typedef struct fixture {
    svms_ctx *ctx;
    svms_audit_forward *forward;
} fixture;

static svms_audit_forward_options options_of(uint64_t seconds)
{
    svms_audit_forward_options options = SVMS_AUDIT_FORWARD_OPTIONS_INIT;
    options.resend_ns = seconds * SECOND;
    options.log_key = KEY;
    options.receiver = RECEIVER;
    options.server = "vms";
    return options;
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    svms_audit_forward_options options = options_of(60);
    assert_non_null(f);
    assert_int_equal(svms_ctx_new(&f->ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_audit_forward_new(&f->forward, f->ctx, &options, NULL, 0, NULL), SVMS_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    svms_audit_forward_free(&f->forward);
    svms_ctx_free(&f->ctx);
    free(f);
    return 0;
}

static void send_some(svms_audit_forward *forward, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *out = NULL;
        size_t size = 0;
        uint64_t index = svms_audit_forward_next(forward);
        assert_int_equal(svms_audit_forward_record(forward, "{}", 2, &out, &size, NULL), SVMS_OK);
        assert_true(size > 0);
        assert_int_equal(svms_audit_forward_next(forward), index + 1);
    }
}

static void what_was_sent_is_served_after_a_minute(void **state)
{
    fixture *f = *state;
    assert_int_equal(svms_audit_forward_next(f->forward), 0);
    send_some(f->forward, 3);
    /* Given out is not sent. */
    assert_int_equal(svms_audit_forward_served(f->forward, 1000 * SECOND), 0);
    svms_audit_forward_sent(f->forward, 1000 * SECOND);
    assert_int_equal(svms_audit_forward_served(f->forward, 1000 * SECOND), 0);
    assert_int_equal(svms_audit_forward_served(f->forward, 1060 * SECOND - 1), 0);
    assert_int_equal(svms_audit_forward_served(f->forward, 1060 * SECOND), 3);
}

static void being_told_again_that_it_was_sent_makes_nothing_later(void **state)
{
    fixture *f = *state;
    send_some(f->forward, 3);
    for (uint64_t second = 0; second < 60; second++) {
        svms_audit_forward_sent(f->forward, second * SECOND);
        assert_int_equal(svms_audit_forward_served(f->forward, second * SECOND), 0);
    }
    assert_int_equal(svms_audit_forward_served(f->forward, 60 * SECOND), 3);
}

static void what_came_shortly_after_does_not_wait_for_more(void **state)
{
    fixture *f = *state;
    send_some(f->forward, 1);
    svms_audit_forward_sent(f->forward, SECOND);
    send_some(f->forward, 1);
    svms_audit_forward_sent(f->forward, SECOND + 1);
    assert_int_equal(svms_audit_forward_served(f->forward, 61 * SECOND), 1);
    assert_int_equal(svms_audit_forward_served(f->forward, 61 * SECOND + 1), 2);
}

static void what_was_sent_in_the_last_minute_is_sent_again(void **state)
{
    fixture *f = *state;
    send_some(f->forward, 5);
    svms_audit_forward_sent(f->forward, 100 * SECOND);
    send_some(f->forward, 5);
    svms_audit_forward_sent(f->forward, 150 * SECOND);
    send_some(f->forward, 5);
    svms_audit_forward_broken(f->forward, 170 * SECOND);
    assert_int_equal(svms_audit_forward_next(f->forward), 5);
    assert_int_equal(svms_audit_forward_served(f->forward, 10000 * SECOND), 5);
    /* The time begins anew with the new connection. */
    send_some(f->forward, 10);
    svms_audit_forward_sent(f->forward, 10000 * SECOND);
    assert_int_equal(svms_audit_forward_served(f->forward, 10059 * SECOND), 5);
    assert_int_equal(svms_audit_forward_served(f->forward, 10060 * SECOND), 15);
}

/* Against a list that has the time of every single record. */
static void a_bounded_memory_forgets_nothing_on_the_wrong_side(void **state)
{
    fixture *f = *state;
    uint64_t *sent_ns = calloc(ROUNDS + 1, sizeof *sent_ns);
    uint64_t now = 0;
    uint64_t random = 1;
    uint64_t count = 0;
    uint64_t late = 0;
    assert_non_null(sent_ns);
    for (unsigned i = 0; i < ROUNDS; i++) {
        random = random * UINT64_C(6364136223846793005) + 1;
        now += (random >> 33) % (SECOND / 4);
        if ((random >> 60) != 0) {
            send_some(f->forward, 1);
            sent_ns[count++] = now;
            svms_audit_forward_sent(f->forward, now);
        }
        uint64_t served = svms_audit_forward_served(f->forward, now);
        assert_true(served <= count);
        /* Never too early: all below it had their minute. */
        assert_true(served == 0 || now - sent_ns[served - 1] >= 60 * SECOND);
        /* Nor more than a little late. */
        if (served < count && now > sent_ns[served]) {
            uint64_t age = now - sent_ns[served];
            late = age > late ? age : late;
        }
        if ((random >> 50) % 4000 == 0) {
            svms_audit_forward_broken(f->forward, now);
            assert_int_equal(svms_audit_forward_next(f->forward), served);
            count = served;
        }
    }
    assert_true(late < 63 * SECOND);
    free(sent_ns);
}

static void keep(fixture *f, char out[SVMS_AUDIT_POSITION_SIZE])
{
    size_t size = SVMS_AUDIT_POSITION_SIZE;
    assert_int_equal(svms_audit_forward_position(f->forward, out, &size, NULL), SVMS_OK);
    assert_int_equal(strlen(out), size);
}

static void a_position_says_where_to_go_on(void **state)
{
    fixture *f = *state;
    char text[SVMS_AUDIT_POSITION_SIZE];
    svms_audit_forward_options options = options_of(60);
    keep(f, text);
    assert_string_equal(text, "svms audit position\n" KEY "\n" RECEIVER "\n0\n");
    send_some(f->forward, 300);
    svms_audit_forward_sent(f->forward, 1);
    send_some(f->forward, 1);
    assert_int_equal(svms_audit_forward_served(f->forward, 61 * SECOND), 300);
    keep(f, text);
    assert_string_equal(text, "svms audit position\n" KEY "\n" RECEIVER "\n300\n");
    svms_audit_forward_free(&f->forward);
    assert_int_equal(
        svms_audit_forward_new(&f->forward, f->ctx, &options, text, strlen(text), NULL), SVMS_OK);
    assert_int_equal(svms_audit_forward_next(f->forward), 300);
    assert_int_equal(svms_audit_forward_served(f->forward, 0), 300);
}

static void a_position_that_is_none_is_refused(void **state)
{
    static const struct {
        const char *text;
        svms_status status;
    } cases[] = {
        { "", SVMS_E_MALFORMED },
        { "svms audit position\n", SVMS_E_MALFORMED },
        { "svms audit posit", SVMS_E_MALFORMED },
        { "svms audit position\n" KEY "\n" RECEIVER "\n", SVMS_E_MALFORMED },
        { "svms audit position\n" KEY "\n" RECEIVER "\n7", SVMS_E_MALFORMED },
        { "svms audit position\n" KEY "\n" RECEIVER "\n07\n", SVMS_E_MALFORMED },
        { "svms audit position\n" KEY "\n" RECEIVER "\n-7\n", SVMS_E_MALFORMED },
        { "svms audit position\n" KEY "\n" RECEIVER "\n7\n\n", SVMS_E_MALFORMED },
        { "svms audit position\n" KEY "\n" RECEIVER "\n7\r\n", SVMS_E_MALFORMED },
        { "svms audit position\n" KEY "\n\n7\n", SVMS_E_MALFORMED },
        { "svms audit position\n" KEY "\na b\n7\n", SVMS_E_MALFORMED },
        { "svms audit position\n\n" RECEIVER "\n7\n", SVMS_E_MALFORMED },
        { "svms audit position\n" KEY "\n" RECEIVER "\n281474976710657\n", SVMS_E_MALFORMED },
        { "svms audit position\n" KEY "\n" RECEIVER "\n281474976710656\n", SVMS_OK },
        { "svms audit position\n" KEY "x\n" RECEIVER "\n7\n", SVMS_E_STATE },
        { "svms audit position\n" KEY "\n" RECEIVER "0\n7\n", SVMS_E_STATE },
    };
    fixture *f = *state;
    svms_audit_forward_options options = options_of(60);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_audit_forward *forward = NULL;
        svms_error err = SVMS_ERROR_INIT;
        svms_status status = svms_audit_forward_new(&forward, f->ctx, &options, cases[i].text,
                                                    strlen(cases[i].text), &err);
        assert_int_equal(status, cases[i].status);
        assert_int_equal(forward != NULL, status == SVMS_OK);
        assert_int_equal(err.message[0] != '\0', status != SVMS_OK);
        svms_audit_forward_free(&forward);
    }
}

static json_t *take_message(const uint8_t **bytes, size_t *size)
{
    char *end = NULL;
    unsigned long length = strtoul((const char *)*bytes, &end, 10);
    size_t digits = (size_t)(end - (const char *)*bytes);
    assert_true(digits > 0 && *end == ' ');
    assert_true(length <= *size - digits - 1);
    const char *message = end + 1;
    const char *mark = strstr(message, "] " BOM);
    assert_true(mark && mark < message + length);
    mark += 5;
    json_t *record =
        json_loadb(mark, length - (size_t)(mark - message), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(record);
    *size -= digits + 1 + length;
    *bytes = (const uint8_t *)message + length;
    return record;
}

static void what_was_pruned_is_told_in_its_place(void **state)
{
    fixture *f = *state;
    const uint8_t *out = NULL;
    size_t size = 0;
    send_some(f->forward, 10);
    for (unsigned i = 0; i < 32; i++) {
        svms_audit_forward_pruned(f->forward);
    }
    assert_int_equal(svms_audit_forward_next(f->forward), 42);
    /* Nobody was told yet: it is not served, whatever is said. */
    svms_audit_forward_sent(f->forward, 0);
    assert_int_equal(svms_audit_forward_served(f->forward, 100 * SECOND), 10);
    assert_int_equal(svms_audit_forward_record(f->forward, "{\"a\":1}", 7, &out, &size, NULL),
                     SVMS_OK);
    json_t *told = take_message(&out, &size);
    json_t *details = json_object_get(told, "details");
    assert_string_equal(json_string_value(json_object_get(told, "event")), "log.forward");
    assert_string_equal(json_string_value(json_object_get(told, "outcome")), "error");
    assert_string_equal(json_string_value(json_object_get(told, "reason")),
                        "records 10 to 41 were pruned before they could be sent");
    assert_string_equal(json_string_value(json_object_get(details, "receiver")), RECEIVER);
    assert_int_equal(json_integer_value(json_object_get(details, "missed")), 32);
    json_decref(told);
    json_t *next = take_message(&out, &size);
    assert_int_equal(json_integer_value(json_object_get(next, "a")), 1);
    json_decref(next);
    assert_int_equal(size, 0);
    svms_audit_forward_sent(f->forward, 100 * SECOND);
    assert_int_equal(svms_audit_forward_served(f->forward, 160 * SECOND), 43);
    /* Told once. */
    assert_int_equal(svms_audit_forward_record(f->forward, "{\"a\":2}", 7, &out, &size, NULL),
                     SVMS_OK);
    next = take_message(&out, &size);
    assert_int_equal(json_integer_value(json_object_get(next, "a")), 2);
    assert_int_equal(size, 0);
    json_decref(next);
}

static void what_was_pruned_is_told_again_after_a_break(void **state)
{
    fixture *f = *state;
    const uint8_t *out = NULL;
    size_t size = 0;
    for (unsigned round = 0; round < 2; round++) {
        svms_audit_forward_pruned(f->forward);
        assert_int_equal(svms_audit_forward_record(f->forward, "{}", 2, &out, &size, NULL),
                         SVMS_OK);
        json_t *told = take_message(&out, &size);
        assert_int_equal(
            json_integer_value(json_object_get(json_object_get(told, "details"), "missed")), 1);
        json_decref(told);
        svms_audit_forward_sent(f->forward, round);
        svms_audit_forward_broken(f->forward, round);
        assert_int_equal(svms_audit_forward_next(f->forward), 0);
    }
}

static void wrong_calls_are_told(void **state)
{
    fixture *f = *state;
    const uint8_t *out = NULL;
    char text[SVMS_AUDIT_POSITION_SIZE];
    size_t size = sizeof text;
    svms_audit_forward *forward = NULL;
    svms_audit_forward_options wrong[6];
    for (size_t i = 0; i < 6; i++) {
        wrong[i] = options_of(60);
    }
    wrong[0].log_key = NULL;
    wrong[1].receiver = "two words";
    wrong[2].server = "";
    wrong[3].resend_ns = SECOND - 1;
    wrong[4].resend_ns = SECOND * 86400 * 30 + 1;
    wrong[5].receiver = NULL;
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(svms_audit_forward_new(&forward, f->ctx, &wrong[i], NULL, 0, NULL),
                         SVMS_E_USAGE);
        assert_null(forward);
    }
    assert_int_equal(svms_audit_forward_new(&forward, f->ctx, NULL, NULL, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_forward_record(f->forward, "", 0, &out, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_forward_record(NULL, "{}", 2, &out, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_forward_position(NULL, text, &size, NULL), SVMS_E_USAGE);
    size = 3;
    assert_int_equal(svms_audit_forward_position(f->forward, text, &size, NULL), SVMS_E_LIMIT);
    assert_int_equal(svms_audit_forward_next(NULL), 0);
    assert_int_equal(svms_audit_forward_served(NULL, 0), 0);
    svms_audit_forward_pruned(NULL);
    svms_audit_forward_sent(NULL, 0);
    svms_audit_forward_broken(NULL, 0);
    svms_audit_forward_free(NULL);
}

static svms_status forward_one(svms_ctx *ctx, svms_error *err)
{
    svms_audit_forward_options options = options_of(60);
    svms_audit_forward *forward = NULL;
    const uint8_t *out = NULL;
    char text[SVMS_AUDIT_POSITION_SIZE];
    size_t size = 0;
    svms_status status = svms_audit_forward_new(&forward, ctx, &options, NULL, 0, err);
    svms_audit_forward_pruned(forward);
    if (status == SVMS_OK) {
        status = svms_audit_forward_record(forward, "{}", 2, &out, &size, err);
        /* What failed has not happened. */
        assert_int_equal(svms_audit_forward_next(forward), status == SVMS_OK ? 2 : 1);
    }
    if (status == SVMS_OK) {
        size = sizeof text;
        status = svms_audit_forward_position(forward, text, &size, err);
    }
    svms_audit_forward_free(&forward);
    return status;
}

static void memory_that_is_lacking_changes_nothing(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(forward_one);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_was_sent_is_served_after_a_minute),
        TEST(being_told_again_that_it_was_sent_makes_nothing_later),
        TEST(what_came_shortly_after_does_not_wait_for_more),
        TEST(what_was_sent_in_the_last_minute_is_sent_again),
        TEST(a_bounded_memory_forgets_nothing_on_the_wrong_side),
        TEST(a_position_says_where_to_go_on),
        TEST(a_position_that_is_none_is_refused),
        TEST(what_was_pruned_is_told_in_its_place),
        TEST(what_was_pruned_is_told_again_after_a_break),
        TEST(wrong_calls_are_told),
        cmocka_unit_test(memory_that_is_lacking_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
