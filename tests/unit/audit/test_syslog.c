/* SPDX-License-Identifier: Apache-2.0 */
/* Records as syslog messages. What is expected was written by hand from RFC 5424. */
#include <stdlib.h>

#include "form_case.h"

#include "../base/failing_allocator.h"

#define EVENT(name, how) "\"event\":\"" name "\",\"outcome\":\"" how "\","
#define SERVER "\"source\":{\"server\":\"vms\"},"
#define NOBODY "\"actor\":{\"kind\":\"system\"}"
#define PARAMETERS(how) "[svms@32473 id=\"" RECORD_ID "\" index=\"7\" outcome=\"" how "\"]"

static void a_record_is_a_message_of_rfc_5424(void **state)
{
    static const char record[] = RECORD_FRONT EVENT(
        "login.failure", "failure") "\"source\":{\"server\":\"vms1.example\",\"component\":\"web\","
                                    "\"process\":\"4711\"},\"actor\":{\"kind\":\"user\",\"id\":"
                                    "\"u-17\",\"name\":\"Ann\"},\"device\":\"cam-3\",\"reason\":"
                                    "\"the password is wrong\",\"details\":{\"methods\":[\"pwd\"]}"
                                    "}";
    char expected[2048];
    (void)snprintf(expected, sizeof expected,
                   "<108>1 2026-11-21T10:00:00.123Z vms1.example svms 4711 login.failure "
                   "[svms@32473 id=\"00112233445566778899aabbccddeeff\" index=\"7\" "
                   "outcome=\"failure\" actor=\"u-17\" device=\"cam-3\"] " BOM "%s\n",
                   record);
    form_case_expect(*state, SVMS_AUDIT_SYSLOG, 7, record, expected);
}

static void severity_is_of_outcome_and_event(void **state)
{
    static const struct {
        const char *event;
        const char *outcome;
        const char *priority; /* 13 * 8 + severity */
    } cases[] = {
        { "service.start", "success", "<110>1 " }, { "service.start", "unknown", "<109>1 " },
        { "service.start", "failure", "<108>1 " }, { "service.start", "denied", "<108>1 " },
        { "service.start", "error", "<107>1 " },   { "device.tamper", "success", "<106>1 " },
        { "log.quarantine", "error", "<106>1 " },  { "x.device.tamper", "success", "<110>1 " },
    };
    form_case *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char record[512];
        (void)snprintf(record, sizeof record,
                       RECORD_FRONT "\"event\":\"%s\",\"outcome\":\"%s\"," SERVER NOBODY
                                    ",\"reason\":\"-\"}",
                       cases[i].event, cases[i].outcome);
        form_case_write(f, SVMS_AUDIT_SYSLOG, 7, record, strlen(record));
        assert_memory_equal(f->line, cases[i].priority, strlen(cases[i].priority));
    }
}

static void a_time_stamp_has_six_digits_at_most(void **state)
{
    static const struct {
        const char *time;
        const char *stamp;
    } cases[] = {
        { "2026-11-21T10:00:00.000Z", "2026-11-21T10:00:00.000Z" },
        { "2026-11-21T10:00:00.123456789Z", "2026-11-21T10:00:00.123456Z" },
        { "2026-11-21T10:00:00.999999999Z", "2026-11-21T10:00:00.999999Z" },
        { "1999-12-31T23:59:59.000000001Z", "1999-12-31T23:59:59.000000Z" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char record[512];
        char expected[1024];
        (void)snprintf(record, sizeof record,
                       "{\"v\":1,\"id\":\"" RECORD_ID
                       "\",\"time\":\"%s\"," EVENT("service.start", "success") SERVER NOBODY "}",
                       cases[i].time);
        (void)snprintf(expected, sizeof expected,
                       "<110>1 %s vms svms - service.start " PARAMETERS("success") " " BOM "%s\n",
                       cases[i].stamp, record);
        form_case_expect(*state, SVMS_AUDIT_SYSLOG, 7, record, expected);
    }
}

/* Also "../..", for those who name files after hosts. */
static void a_host_that_is_no_plain_name_is_not_told(void **state)
{
    static const struct {
        const char *server; /* as JSON has it */
        const char *host;
    } cases[] = {
        { "vms-1.example.org", "vms-1.example.org" },
        { "VMS_2", "VMS_2" },
        { "2001:db8::1", "2001:db8::1" },
        { "two words", "-" },
        { "\\u0000", "-" },
        { "../../etc", "-" },
        { ".hidden", "-" },
        { "-x", "-" },
        { "a/b", "-" },
        { "z\xc3\xbcrich", "-" },
        { "a\\nb", "-" },
        { "<1>1", "-" },
    };
    form_case *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char record[512];
        char expected[256];
        (void)snprintf(record, sizeof record,
                       RECORD_FRONT EVENT("service.start",
                                          "success") "\"source\":{\"server\":\"%s\"}," NOBODY "}",
                       cases[i].server);
        bool is_none = strcmp(cases[i].server, "\\u0000") == 0;
        (void)snprintf(expected, sizeof expected,
                       is_none ? "<109>1 - - svms - - [" : "<110>1 %s %s svms - service.start [",
                       RECORD_TIME, cases[i].host);
        form_case_write(f, SVMS_AUDIT_SYSLOG, 7, record, strlen(record));
        assert_memory_equal(f->line, expected, strlen(expected));
    }
}

static void names_that_are_too_long_are_not_told(void **state)
{
    static const size_t sizes[] = { 128, 129, 255, 256 };
    form_case *f = *state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char name[257];
        char record[1024];
        char expected[1024];
        memset(name, 'a', sizes[i]);
        name[sizes[i]] = '\0';
        (void)snprintf(record, sizeof record,
                       RECORD_FRONT EVENT(
                           "service.start",
                           "success") "\"source\":{\"server\":\"%s\",\"process\":\"%s\"}," NOBODY
                                      "}",
                       name, name);
        (void)snprintf(expected, sizeof expected, "<110>1 %s %s svms %s service.start [",
                       RECORD_TIME, sizes[i] <= 255 ? name : "-", sizes[i] <= 128 ? name : "-");
        form_case_write(f, SVMS_AUDIT_SYSLOG, 7, record, strlen(record));
        assert_memory_equal(f->line, expected, strlen(expected));
    }
}

static void a_long_event_is_cut_in_the_message_id_only(void **state)
{
    static const char event[] = "x.acme.a-very-long-name-of-an-event-of-theirs";
    form_case *f = *state;
    char record[512];
    (void)snprintf(record, sizeof record,
                   RECORD_FRONT "\"event\":\"%s\",\"outcome\":\"success\"," SERVER NOBODY "}",
                   event);
    form_case_write(f, SVMS_AUDIT_SYSLOG, 7, record, strlen(record));
    assert_non_null(strstr(f->line, " x.acme.a-very-long-name-of-an-ev [svms@32473 "));
    assert_non_null(strstr(f->line, record));
}

/* RFC 5424 section 6.3.3: what ends a value has a backslash in front, nothing else has. */
static void values_cannot_break_out(void **state)
{
    static const struct {
        const char *actor; /* as JSON has it */
        const char *value;
    } cases[] = {
        { "a\\\"b", "a\\\"b" },
        { "a\\\\b", "a\\\\b" },
        { "a]b", "a\\]b" },
        { "\\\"] [evil x=\\\"", "\\\"\\] [evil x=\\\"" },
        { "[=", "[=" },
        { "a\\nb\\r\\tc", "a\xef\xbf\xbd"
                          "b\xef\xbf\xbd\xef\xbf\xbd"
                          "c" },
        { "\x7f", "\xef\xbf\xbd" },
        { "\xc2\x85", "\xef\xbf\xbd" },
        { "\xe2\x80\xa8\xe2\x80\xa9", "\xef\xbf\xbd\xef\xbf\xbd" },
        { "J\xc3\xbcrgen \xf0\x9f\x8e\xa5", "J\xc3\xbcrgen \xf0\x9f\x8e\xa5" },
        { BOM "x", BOM "x" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char record[512];
        char expected[1024];
        (void)snprintf(record, sizeof record,
                       RECORD_FRONT EVENT("service.start", "success") SERVER
                       "\"actor\":{\"kind\":\"user\",\"name\":\"%s\"}}",
                       cases[i].actor);
        (void)snprintf(expected, sizeof expected,
                       "<110>1 " RECORD_TIME " vms svms - service.start [svms@32473 id=\"" RECORD_ID
                       "\" index=\"7\" outcome=\"success\" actor=\"%s\"] " BOM "%s\n",
                       cases[i].value, record);
        form_case_expect(*state, SVMS_AUDIT_SYSLOG, 7, record, expected);
    }
}

static void long_values_are_cut_at_a_character(void **state)
{
    form_case *f = *state;
    char actor[260] = "";
    char record[1024];
    char expected[512];
    /* 127 bytes, then a character of two. */
    memset(actor, 'a', 127);
    memcpy(actor + 127,
           "\xc3\xbc"
           "bc",
           5);
    (void)snprintf(record, sizeof record,
                   RECORD_FRONT EVENT("service.start", "success") SERVER
                   "\"actor\":{\"kind\":\"user\",\"id\":\"%s\"}}",
                   actor);
    (void)snprintf(expected, sizeof expected, " actor=\"%.127s\xe2\x80\xa6\"] ", actor);
    form_case_write(f, SVMS_AUDIT_SYSLOG, 7, record, strlen(record));
    assert_non_null(strstr(f->line, expected));
}

static void of_many_devices_the_first_eight_are_told(void **state)
{
    static const char record[] = RECORD_FRONT EVENT("live.start", "success") SERVER NOBODY
        ",\"devices\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"],\"details\":"
        "{\"stream\":\"1\"}}";
    form_case *f = *state;
    form_case_write(f, SVMS_AUDIT_SYSLOG, 7, record, strlen(record));
    assert_non_null(strstr(f->line, "outcome=\"success\" device=\"a\" device=\"b\" device=\"c\" "
                                    "device=\"d\" device=\"e\" device=\"f\" device=\"g\" "
                                    "device=\"h\"] "));
}

static void what_is_no_record_is_told_all_the_same(void **state)
{
    static const struct {
        const char *record;
        const char *message;
    } cases[] = {
        { "{\"hello\":1}", "{\"hello\":1}" },
        { "{\"v\":2,\"id\":7}", "{\"v\":2,\"id\":7}" },
        /* base64 of what stands on the left, by coreutils */
        { "hello", "{\"index\":7,\"base64\":\"aGVsbG8=\"}" },
        { "[1]", "{\"index\":7,\"base64\":\"WzFd\"}" },
        { "{\"a\":1}\n<1>1 - - - - - - forged",
          "{\"index\":7,\"base64\":"
          "\"eyJhIjoxfQo8MT4xIC0gLSAtIC0gLSAtIGZvcmdlZA==\"}" },
        { "{ \"a\":\n1}", "{\"index\":7,\"base64\":\"eyAiYSI6CjF9\"}" },
        { "{\"a\":\"\xff\"}", "{\"index\":7,\"base64\":\"eyJhIjoi/yJ9\"}" },
        { BOM "{}", "{\"index\":7,\"base64\":\"77u/e30=\"}" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char expected[1024];
        (void)snprintf(expected, sizeof expected,
                       "<109>1 - - svms - - [svms@32473 index=\"7\"] " BOM "%s\n",
                       cases[i].message);
        form_case_expect(*state, SVMS_AUDIT_SYSLOG, 7, cases[i].record, expected);
    }
}

/* A record of ours with white space is one of ours, but no line. */
static void white_space_between_members_breaks_no_line(void **state)
{
    static const char record[] =
        RECORD_FRONT EVENT("service.start", "success") SERVER "\n" NOBODY "}";
    form_case *f = *state;
    form_case_write(f, SVMS_AUDIT_SYSLOG, 7, record, strlen(record));
    assert_non_null(strstr(
        f->line, " service.start " PARAMETERS("success") " " BOM "{\"index\":7,\"base64\":\""));
    assert_ptr_equal(strchr(f->line, '\n'), f->line + f->size - 1);
}

static void a_frame_says_how_long_the_message_is(void **state)
{
    static const char record[] = RECORD_FRONT EVENT("service.start", "success") SERVER NOBODY "}";
    form_case *f = *state;
    char plain[1024];
    char expected[1100];
    form_case_write(f, SVMS_AUDIT_SYSLOG, 7, record, strlen(record));
    assert_true(f->size < sizeof plain);
    memcpy(plain, f->line, f->size - 1);
    plain[f->size - 1] = '\0';
    /* RFC 5425 section 4.3: MSG-LEN SP SYSLOG-MSG, and nothing behind it. */
    (void)snprintf(expected, sizeof expected, "%zu %s", strlen(plain), plain);
    form_case_expect(f, SVMS_AUDIT_SYSLOG_FRAMED, 7, record, expected);
}

static void a_record_without_a_number_has_no_index(void **state)
{
    static const char record[] = RECORD_FRONT EVENT("service.start", "success") SERVER NOBODY "}";
    form_case *f = *state;
    form_case_write(f, SVMS_AUDIT_SYSLOG, SVMS_AUDIT_UNNUMBERED, record, strlen(record));
    assert_non_null(strstr(f->line, "[svms@32473 id=\"" RECORD_ID "\" outcome=\"success\"] "));
    form_case_expect(f, SVMS_AUDIT_JSON_LINES, SVMS_AUDIT_UNNUMBERED, "x",
                     "{\"base64\":\"eA==\"}\n");
}

static void an_enterprise_has_its_own_number(void **state)
{
    static const char record[] = RECORD_FRONT EVENT("service.start", "success") SERVER NOBODY "}";
    form_case *f = *state;
    svms_audit_form_options options = SVMS_AUDIT_FORM_OPTIONS_INIT;
    options.form = SVMS_AUDIT_SYSLOG;
    options.enterprise = UINT32_MAX;
    f->size = sizeof f->line;
    assert_int_equal(svms_audit_form_record(f->ctx, &options, 7, record, strlen(record), f->line,
                                            &f->size, NULL),
                     SVMS_OK);
    assert_non_null(strstr(f->line, "[svms@4294967295 id="));
}

/* Each byte of a value at its worst: a message stays within what A-FWD-1 says. */
static void the_largest_record_fits_in_every_form(void **state)
{
    static const char *const units[] = { "]", "\\n", "\\\"", "\xc2\x85", "\\u0001", "=" };
    static const char front[] = RECORD_FRONT EVENT("service.start", "success") SERVER
        "\"actor\":{\"kind\":\"user\",\"for\":[\"";
    form_case *f = *state;
    char *record = malloc(SVMS_AUDIT_RECORD_MAX + 1);
    assert_non_null(record);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t size = strlen(front);
        memcpy(record, front, size);
        while (size + strlen(units[i]) + 4 <= SVMS_AUDIT_RECORD_MAX) {
            memcpy(record + size, units[i], strlen(units[i]));
            size += strlen(units[i]);
        }
        memcpy(record + size, "\"]}}", 5);
        size += 4;
        for (unsigned form = SVMS_AUDIT_JSON_LINES; form <= SVMS_AUDIT_SYSLOG_FRAMED; form++) {
            form_case_write(f, (svms_audit_form)form, (UINT64_C(1) << 48) - 1, record, size);
        }
    }
    for (size_t i = 0; i < SVMS_AUDIT_RECORD_MAX; i++) {
        record[i] = (char)(i * 7 + 1);
    }
    for (unsigned form = SVMS_AUDIT_JSON_LINES; form <= SVMS_AUDIT_SYSLOG_FRAMED; form++) {
        form_case_write(f, (svms_audit_form)form, 7, record, SVMS_AUDIT_RECORD_MAX);
        assert_true(f->size < SVMS_AUDIT_LINE_SIZE);
    }
    free(record);
}

static void json_lines_are_the_records_themselves(void **state)
{
    static const char record[] = RECORD_FRONT EVENT("service.start", "success") SERVER NOBODY "}";
    form_case *f = *state;
    svms_audit_form_options options = SVMS_AUDIT_FORM_OPTIONS_INIT;
    char expected[1024];
    (void)snprintf(expected, sizeof expected, "%s\n", record);
    form_case_expect(f, SVMS_AUDIT_JSON_LINES, 7, record, expected);
    form_case_expect(f, SVMS_AUDIT_JSON_LINES, 7, "a\nb", "{\"index\":7,\"base64\":\"YQpi\"}\n");
    options.with_index = 1;
    f->size = sizeof f->line;
    (void)snprintf(expected, sizeof expected, "{\"index\":12,\"record\":%s}\n", record);
    assert_int_equal(svms_audit_form_record(f->ctx, &options, 12, record, strlen(record), f->line,
                                            &f->size, NULL),
                     SVMS_OK);
    assert_string_equal(f->line, expected);
}

static void wrong_calls_are_told(void **state)
{
    form_case *f = *state;
    svms_audit_form_options options = SVMS_AUDIT_FORM_OPTIONS_INIT;
    size_t size = sizeof f->line;
    size_t none = 0;
    assert_int_equal(svms_audit_form_record(NULL, NULL, 0, "{}", 2, f->line, &size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_audit_form_record(f->ctx, NULL, 0, NULL, 2, f->line, &size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_audit_form_record(f->ctx, NULL, 0, "{}", 0, f->line, &size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_audit_form_record(f->ctx, NULL, 0, f->line, SVMS_AUDIT_RECORD_MAX + 1,
                                            f->line, &size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_audit_form_record(f->ctx, NULL, 0, "{}", 2, NULL, &size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_audit_form_record(f->ctx, NULL, 0, "{}", 2, f->line, NULL, NULL),
                     SVMS_E_USAGE);
    options.form = (svms_audit_form)5;
    assert_int_equal(svms_audit_form_record(f->ctx, &options, 0, "{}", 2, f->line, &size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_audit_form_heading(f->ctx, &options, f->line, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_form_heading(f->ctx, NULL, NULL, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_form_record(f->ctx, NULL, 0, "{}", 2, NULL, &none, NULL),
                     SVMS_E_LIMIT);
    assert_int_equal(none, sizeof "{}\n");
}

static svms_status write_one(svms_ctx *ctx, svms_error *err)
{
    static const char *const records[] = {
        RECORD_FRONT EVENT("live.start", "success") SERVER
        "\"actor\":{\"kind\":\"user\",\"for\":[\"a\"]},\"devices\":[\"b\"]}",
        "{\"v\":2}",
        "not JSON",
    };
    static char line[SVMS_AUDIT_LINE_SIZE];
    svms_audit_form_options options = SVMS_AUDIT_FORM_OPTIONS_INIT;
    svms_status status = SVMS_OK;
    for (unsigned i = 0; i < 12 && status == SVMS_OK; i++) {
        size_t size = sizeof line;
        options.form = (svms_audit_form)(SVMS_AUDIT_JSON_LINES + i % 4);
        status = svms_audit_form_record(ctx, &options, 7, records[i / 4], strlen(records[i / 4]),
                                        line, &size, err);
    }
    return status;
}

static void memory_that_is_lacking_makes_no_other_line(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(write_one);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, form_case_set_up, form_case_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_record_is_a_message_of_rfc_5424),
        TEST(severity_is_of_outcome_and_event),
        TEST(a_time_stamp_has_six_digits_at_most),
        TEST(a_host_that_is_no_plain_name_is_not_told),
        TEST(names_that_are_too_long_are_not_told),
        TEST(a_long_event_is_cut_in_the_message_id_only),
        TEST(values_cannot_break_out),
        TEST(long_values_are_cut_at_a_character),
        TEST(of_many_devices_the_first_eight_are_told),
        TEST(what_is_no_record_is_told_all_the_same),
        TEST(white_space_between_members_breaks_no_line),
        TEST(a_frame_says_how_long_the_message_is),
        TEST(a_record_without_a_number_has_no_index),
        TEST(an_enterprise_has_its_own_number),
        TEST(the_largest_record_fits_in_every_form),
        TEST(json_lines_are_the_records_themselves),
        TEST(wrong_calls_are_told),
        cmocka_unit_test(memory_that_is_lacking_makes_no_other_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
