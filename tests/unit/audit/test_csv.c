/* SPDX-License-Identifier: Apache-2.0 */
/* Records as rows of a table. What is expected was written by hand from RFC 4180; that another
 * program reads it back is shown by tests/system/test_audit_export.py. */
#include "form_case.h"

#include "../base/failing_allocator.h"

#define EMPTY_6 ",,,,,,"

static void a_record_is_a_row(void **state)
{
    static const char record[] =
        RECORD_FRONT "\"event\":\"login.failure\",\"outcome\":\"failure\",\"source\":{\"server\":"
                     "\"vms1\",\"component\":\"web\",\"process\":\"4711\"},\"actor\":{\"kind\":"
                     "\"user\",\"id\":\"u-17\",\"name\":\"Ann, \\\"A\\\"\",\"address\":"
                     "\"192.0.2.7\",\"client\":\"browser\",\"session\":\"s1\",\"token\":\"j1\","
                     "\"for\":[\"u-1\",\"u-2\"]},\"device\":\"cam-3\",\"devices\":[\"a\",\"b\"],"
                     "\"object\":\"door\",\"from\":\"2026-11-21T09:00:00.000Z\",\"to\":"
                     "\"2026-11-21T09:30:00.000Z\",\"reason\":\"wrong\",\"code\":"
                     "\"wrong-password\",\"details\":{\"methods\":[\"pwd\"]}}";
    form_case_expect(
        *state, SVMS_AUDIT_CSV, 12, record,
        "12,\"00112233445566778899aabbccddeeff\",\"2026-11-21T10:00:00.123Z\",\"login.failure\","
        "\"failure\",\"vms1\",\"web\",\"4711\",\"user\",\"u-17\",\"Ann, \"\"A\"\"\","
        "\"192.0.2.7\",\"browser\",\"s1\",\"j1\",\"[\"\"u-1\"\",\"\"u-2\"\"]\",\"cam-3\","
        "\"[\"\"a\"\",\"\"b\"\"]\",\"door\",\"2026-11-21T09:00:00.000Z\","
        "\"2026-11-21T09:30:00.000Z\",\"wrong\",\"wrong-password\","
        "\"{\"\"methods\"\":[\"\"pwd\"\"]}\",\r\n");
}

static void what_a_record_does_not_have_is_an_empty_cell(void **state)
{
    static const char record[] =
        RECORD_FRONT "\"event\":\"service.start\",\"outcome\":\"success\",\"source\":{\"server\":"
                     "\"vms\"},\"actor\":{\"kind\":\"system\"}}";
    form_case_expect(*state, SVMS_AUDIT_CSV, 0, record,
                     "0,\"" RECORD_ID "\",\"" RECORD_TIME
                     "\",\"service.start\",\"success\",\"vms\",,,\"system\"" EMPTY_6 EMPTY_6
                     ",,,,\r\n");
}

static void the_heading_has_as_many_columns_as_a_row(void **state)
{
    form_case *f = *state;
    svms_audit_form_options options = SVMS_AUDIT_FORM_OPTIONS_INIT;
    size_t commas = 0;
    options.form = SVMS_AUDIT_CSV;
    f->size = sizeof f->line;
    assert_int_equal(svms_audit_form_heading(f->ctx, &options, f->line, &f->size, NULL), SVMS_OK);
    assert_string_equal(f->line,
                        "index,id,time,event,outcome,server,component,process,actor_kind,actor_id,"
                        "actor_name,actor_address,actor_client,actor_session,actor_token,actor_for,"
                        "device,devices,object,from,to,reason,code,details,base64\r\n");
    for (const char *comma = strchr(f->line, ','); comma; comma = strchr(comma + 1, ',')) {
        commas++;
    }
    assert_int_equal(commas, 24);
    form_case_expect(f, SVMS_AUDIT_CSV, 3, "hello",
                     "3" EMPTY_6 EMPTY_6 EMPTY_6 EMPTY_6 "aGVsbG8=\r\n");
    form_case_expect(f, SVMS_AUDIT_CSV, 3, "{\"v\":2}",
                     "3" EMPTY_6 EMPTY_6 EMPTY_6 EMPTY_6 "eyJ2IjoyfQ==\r\n");
    options.form = SVMS_AUDIT_SYSLOG;
    f->size = sizeof f->line;
    assert_int_equal(svms_audit_form_heading(f->ctx, &options, f->line, &f->size, NULL), SVMS_OK);
    assert_int_equal(f->size, 0);
}

/* And who takes one apostrophe away has what was there. */
static void no_spreadsheet_computes_a_cell(void **state)
{
    static const struct {
        const char *object; /* as JSON has it */
        const char *cell;
    } cases[] = {
        { "=1+1", "'=1+1" },
        { "+1", "'+1" },
        { "-1", "'-1" },
        { "@SUM(A1)", "'@SUM(A1)" },
        { "\\t=1", "'\t=1" },
        { "\\r=1", "'\r=1" },
        { "\\n=1", "'\n=1" },
        { "'=1", "''=1" },
        { "\xef\xbc\x9d"
          "1",
          "'\xef\xbc\x9d"
          "1" },
        { "\xef\xbc\x8b"
          "1",
          "'\xef\xbc\x8b"
          "1" },
        { "\xef\xbc\x8d"
          "1",
          "'\xef\xbc\x8d"
          "1" },
        { "\xef\xbc\xa0"
          "1",
          "'\xef\xbc\xa0"
          "1" },
        { "=cmd|'/c calc'!A1\\\",=2", "'=cmd|'/c calc'!A1\"\",=2" },
        { "1=1", "1=1" },
        { "a\\r\\nb,\\\"c\\\"", "a\r\nb,\"\"c\"\"" },
        { "", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char record[512];
        char expected[512];
        (void)snprintf(record, sizeof record,
                       RECORD_FRONT "\"event\":\"x.y\",\"outcome\":\"success\",\"source\":"
                                    "{\"server\":\"vms\"},\"actor\":{\"kind\":\"user\"},"
                                    "\"object\":\"%s\"}",
                       cases[i].object);
        (void)snprintf(expected, sizeof expected,
                       "9,\"" RECORD_ID "\",\"" RECORD_TIME
                       "\",\"x.y\",\"success\",\"vms\",,,\"user\"" EMPTY_6 ",,,,\"%s\"" EMPTY_6
                       "\r\n",
                       cases[i].cell);
        form_case_expect(*state, SVMS_AUDIT_CSV, 9, record, expected);
    }
}

static svms_status write_heading(svms_ctx *ctx, svms_error *err)
{
    svms_audit_form_options options = SVMS_AUDIT_FORM_OPTIONS_INIT;
    char line[1024];
    size_t size = sizeof line;
    options.form = SVMS_AUDIT_CSV;
    return svms_audit_form_heading(ctx, &options, line, &size, err);
}

static void memory_that_is_lacking_is_told(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(write_heading);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, form_case_set_up, form_case_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_record_is_a_row),
        TEST(what_a_record_does_not_have_is_an_empty_cell),
        TEST(the_heading_has_as_many_columns_as_a_row),
        TEST(no_spreadsheet_computes_a_cell),
        cmocka_unit_test(memory_that_is_lacking_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
