/* SPDX-License-Identifier: Apache-2.0 */
/* Views: what a record says, whoever spelt it; and what is none is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <svms/audit_read.h>

#include "../base/failing_allocator.h"
#include "record_front.h"

#define AT_NS (INT64_C(1795003200) * 1000000000 + 5)
#define FRONT                                                                                      \
    "{\"v\":1,\"id\":\"0123456789abcdef0123456789abcdef\","                                        \
    "\"time\":\"2026-11-21T10:00:00.000Z\",\"event\":\"x.door\",\"outcome\":\"success\","
#define BACK "\"source\":{\"server\":\"vms\"},\"actor\":{\"kind\":\"user\"}}"

static svms_ctx *ctx;

static int set_up(void **state)
{
    (void)state;
    return svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    return 0;
}

static svms_audit_record *make_record(void)
{
    static const char *const in_place_of[] = { "boss", "his boss" };
    static const char *const devices[] = { "d1", "d2", "d3" };
    svms_audit_event event = SVMS_AUDIT_EVENT_INIT;
    svms_audit_record *record = NULL;
    event.event = "login.failure";
    event.outcome = SVMS_AUDIT_FAILURE;
    event.at_utc_ns = AT_NS;
    event.server = "vms";
    event.component = "web";
    event.process = "42";
    event.actor_kind = SVMS_AUDIT_ACTOR_USER;
    event.actor_id = "u-7";
    event.actor_name = "J\xc3\xb6rg \"J\"";
    event.address = "192.0.2.1";
    event.client = "browser";
    event.session = "s-1";
    event.token = "t-1";
    event.in_place_of = in_place_of;
    event.in_place_of_count = 2;
    event.device = "d0";
    event.devices = devices;
    event.device_count = 3;
    event.object = "door";
    event.from_utc_ns = AT_NS - 5;
    event.to_utc_ns = AT_NS;
    event.reason = "the password\nis wrong";
    event.code = "wrong-password";
    assert_int_equal(svms_audit_record_new(&record, ctx, &event, NULL), SVMS_OK);
    assert_int_equal(svms_audit_record_list(record, "methods", devices, 1, NULL), SVMS_OK);
    assert_int_equal(svms_audit_record_number(record, "wait_s", 3, NULL), SVMS_OK);
    return record;
}

static void expect_who(const svms_audit_view *view)
{
    assert_int_equal(view->actor_kind, SVMS_AUDIT_ACTOR_USER);
    assert_string_equal(view->actor_kind_name, "user");
    assert_string_equal(view->actor_id, "u-7");
    assert_string_equal(view->actor_name, "J\xc3\xb6rg \"J\"");
    assert_string_equal(view->address, "192.0.2.1");
    assert_string_equal(view->client, "browser");
    assert_string_equal(view->session, "s-1");
    assert_string_equal(view->token, "t-1");
    assert_int_equal(view->in_place_of_count, 2);
    assert_string_equal(view->in_place_of[1], "his boss");
}

static void everything_that_was_put_in_comes_out(void **state)
{
    (void)state;
    svms_audit_view view = SVMS_AUDIT_VIEW_INIT;
    svms_audit_record *record = make_record();
    const uint8_t *bytes;
    size_t size;
    assert_int_equal(svms_audit_record_end(record, &bytes, &size, NULL), SVMS_OK);
    assert_int_equal(svms_audit_view_read(&view, ctx, bytes, size, NULL), SVMS_OK);
    assert_int_equal(strlen(view.id), 32);
    assert_int_equal(view.at_utc_ns, AT_NS);
    assert_string_equal(view.event, "login.failure");
    assert_int_equal(view.outcome, SVMS_AUDIT_FAILURE);
    assert_string_equal(view.outcome_name, "failure");
    assert_string_equal(view.server, "vms");
    assert_string_equal(view.component, "web");
    assert_string_equal(view.process, "42");
    expect_who(&view);
    assert_string_equal(view.device, "d0");
    assert_int_equal(view.device_count, 3);
    assert_string_equal(view.devices[2], "d3");
    assert_string_equal(view.object, "door");
    assert_int_equal(view.from_utc_ns, AT_NS - 5);
    assert_int_equal(view.to_utc_ns, AT_NS);
    assert_string_equal(view.reason, "the password\nis wrong");
    assert_string_equal(view.code, "wrong-password");
    assert_string_equal(view.details, "{\"methods\":[\"d1\"],\"wait_s\":3}");
    assert_int_equal(view.details_size, strlen(view.details));
    /* The same view again. */
    assert_int_equal(svms_audit_view_read(&view, ctx, FRONT BACK, strlen(FRONT BACK), NULL),
                     SVMS_OK);
    assert_string_equal(view.event, "x.door");
    assert_null(view.device);
    assert_null(view.details);
    assert_int_equal(view.from_utc_ns, SVMS_NO_TIME);
    svms_audit_view_clear(&view);
    assert_null(view.event);
    svms_audit_view_clear(&view);
    svms_audit_record_free(&record);
}

static void what_nobody_knows_does_no_harm(void **state)
{
    (void)state;
    static const char text[] =
        "{ \"later\": [1, {\"x\": null}], \"v\": 1, \"id\": \"7\", \"time\": "
        "\"2026-11-21T10:00:00Z\", \"event\": \"later.event\", \"outcome\": \"postponed\", "
        "\"source\": {\"server\": \"\", \"rack\": 3}, \"actor\": {\"kind\": \"robot\", \"x\": 1.5},"
        " \"details\": {\"a\": {\"b\": [true, 1e3]}} }";
    svms_audit_view view = SVMS_AUDIT_VIEW_INIT;
    assert_int_equal(svms_audit_view_read(&view, ctx, text, sizeof text - 1, NULL), SVMS_OK);
    assert_int_equal(view.outcome, SVMS_AUDIT_UNKNOWN);
    assert_string_equal(view.outcome_name, "postponed");
    assert_int_equal(view.actor_kind, SVMS_AUDIT_ACTOR_UNKNOWN);
    assert_string_equal(view.actor_kind_name, "robot");
    assert_string_equal(view.details, "{\"a\":{\"b\":[true,1e3]}}");
    svms_audit_view_clear(&view);
}

static void what_is_no_record_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        svms_status status;
        const char *words;
    } cases[] = {
        { "", SVMS_E_MALFORMED, "record" },
        { "record 7", SVMS_E_MALFORMED, "record" },
        { "[]", SVMS_E_MALFORMED, "no object" },
        { "{}", SVMS_E_MALFORMED, "v is missing" },
        { "{\"v\":2}", SVMS_E_UNSUPPORTED, "version 2" },
        { FRONT "\"source\":{},\"actor\":{\"kind\":\"user\"}}", SVMS_E_MALFORMED, "source.server" },
        { FRONT "\"source\":{\"server\":\"v\"},\"actor\":7}", SVMS_E_MALFORMED, "actor is no" },
        { FRONT "\"devices\":[1]," BACK, SVMS_E_MALFORMED, "devices" },
        { FRONT "\"from\":\"yesterday\"," BACK, SVMS_E_MALFORMED, "from is not a time" },
        { FRONT "\"event\":\"x.other\"," BACK, SVMS_E_MALFORMED, "record" },
        { FRONT BACK "x", SVMS_E_MALFORMED, "record" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_audit_view view = SVMS_AUDIT_VIEW_INIT;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(
            svms_audit_view_read(&view, ctx, cases[i].text, strlen(cases[i].text), &err),
            cases[i].status);
        if (!strstr(err.message, cases[i].words)) {
            fail_msg("\"%s\" does not say \"%s\"", err.message, cases[i].words);
        }
        assert_null(view.memory);
        assert_null(view.event);
    }
}

static void a_view_that_was_not_begun_is_refused(void **state)
{
    (void)state;
    svms_audit_view view = SVMS_AUDIT_VIEW_INIT;
    view.struct_size = 8;
    assert_int_equal(svms_audit_view_read(&view, ctx, "{}", 2, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_view_read(NULL, ctx, "{}", 2, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_view_read(&view, ctx, NULL, 2, NULL), SVMS_E_USAGE);
}

/* The short way and the long one say the same. */
static void the_front_says_what_the_view_says(void **state)
{
    (void)state;
    svms_audit_view view = SVMS_AUDIT_VIEW_INIT;
    svms_record_front front = { 0 };
    svms_audit_record *record = make_record();
    const uint8_t *bytes;
    size_t size;
    assert_int_equal(svms_audit_record_end(record, &bytes, &size, NULL), SVMS_OK);
    assert_int_equal(svms_audit_view_read(&view, ctx, bytes, size, NULL), SVMS_OK);
    assert_true(svms_record_front_read(&front, bytes, size));
    assert_int_equal(front.at_utc_ns, view.at_utc_ns);
    assert_int_equal(front.outcome, view.outcome);
    assert_int_equal(front.event_size, strlen(view.event));
    assert_memory_equal(front.event, view.event, front.event_size);
    for (size_t cut = 0; cut < 120; cut++) {
        (void)svms_record_front_read(&front, bytes, cut);
    }
    assert_false(svms_record_front_read(&front, bytes, 100));
    svms_audit_view_clear(&view);
    svms_audit_record_free(&record);
}

static svms_status read_one(svms_ctx *starving, svms_error *err)
{
    static const char text[] = FRONT "\"details\":{\"a\":[1,2,\"x\"]},\"devices\":[\"d\"]," BACK;
    svms_audit_view view = SVMS_AUDIT_VIEW_INIT;
    svms_status status = svms_audit_view_read(&view, starving, text, sizeof text - 1, err);
    svms_audit_view_clear(&view);
    return status;
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(read_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_that_was_put_in_comes_out),
        cmocka_unit_test(what_nobody_knows_does_no_harm),
        cmocka_unit_test(what_is_no_record_is_refused),
        cmocka_unit_test(a_view_that_was_not_begun_is_refused),
        cmocka_unit_test(the_front_says_what_the_view_says),
        cmocka_unit_test(each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
