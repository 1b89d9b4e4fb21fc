/* SPDX-License-Identifier: Apache-2.0 */
/* Records: what an event must have, what it cannot have, and what no record ever says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include <svms/audit.h>

/* 2026-11-21T10:00:00Z */
#define NOW INT64_C(1795255200000000000)
#define CANARY "tweety-5f1c"

static int set_up(void **state)
{
    svms_ctx *ctx;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    *state = ctx;
    return 0;
}

static int tear_down(void **state)
{
    svms_ctx *ctx = *state;
    svms_ctx_free(&ctx);
    return 0;
}

static svms_audit_event event_named(const char *name)
{
    svms_audit_event event = SVMS_AUDIT_EVENT_INIT;
    event.event = name;
    event.outcome = SVMS_AUDIT_SUCCESS;
    event.at_utc_ns = NOW;
    event.server = "vms";
    return event;
}

static svms_audit_record *begin(svms_ctx *ctx, const char *name)
{
    svms_audit_record *record;
    svms_audit_event event = event_named(name);
    assert_int_equal(svms_audit_record_new(&record, ctx, &event, NULL), SVMS_OK);
    return record;
}

static svms_status add(svms_audit_record *record, const char *name, svms_audit_kind kind)
{
    static const char *const texts[] = { "one", "two" };
    static const svms_audit_range range = { NOW, NOW + 1 };
    static const uint8_t digest[32] = { 0xab };
    switch (kind) {
    case SVMS_AUDIT_TEXT:
        return svms_audit_record_text(record, name, "text", NULL);
    case SVMS_AUDIT_NUMBER:
        return svms_audit_record_number(record, name, 7, NULL);
    case SVMS_AUDIT_FLAG:
        return svms_audit_record_flag(record, name, 1, NULL);
    case SVMS_AUDIT_TIME:
        return svms_audit_record_time(record, name, NOW, NULL);
    case SVMS_AUDIT_DIGEST:
        return svms_audit_record_digest(record, name, digest, sizeof digest, NULL);
    case SVMS_AUDIT_LIST:
        return svms_audit_record_list(record, name, texts, 2, NULL);
    case SVMS_AUDIT_RANGES:
        return svms_audit_record_ranges(record, name, &range, 1, NULL);
    case SVMS_AUDIT_VALUE:
        break;
    }
    return SVMS_E_USAGE;
}

static bool is_of_change(const svms_audit_event_kind *kind, const char *name)
{
    for (unsigned i = 0; kind->members[i].name; i++) {
        if (kind->members[i].kind == SVMS_AUDIT_VALUE) {
            return strcmp(name, "setting") == 0 || strcmp(name, "before") == 0 ||
                   strcmp(name, "after") == 0;
        }
    }
    return false;
}

/* Adds all members but one, and tells what the end says. */
static svms_status build_without(svms_ctx *ctx, const svms_audit_event_kind *kind,
                                 unsigned left_out)
{
    svms_audit_record *record = begin(ctx, kind->name);
    svms_audit_change change = SVMS_AUDIT_CHANGE_INIT;
    const uint8_t *bytes;
    size_t size;
    bool is_changed = false;
    change.setting = "fps";
    for (unsigned i = 0; kind->members[i].name; i++) {
        if (i == left_out) {
            continue;
        }
        if (!is_of_change(kind, kind->members[i].name)) {
            assert_int_equal(add(record, kind->members[i].name, kind->members[i].kind), SVMS_OK);
        } else if (!is_changed) {
            assert_int_equal(svms_audit_record_change(record, &change, NULL), SVMS_OK);
            is_changed = true;
        }
    }
    svms_status status = svms_audit_record_end(record, &bytes, &size, NULL);
    if (status == SVMS_OK) {
        json_t *json = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(json);
        assert_string_equal(json_string_value(json_object_get(json, "event")), kind->name);
        json_decref(json);
    }
    svms_audit_record_free(&record);
    return status;
}

static void an_event_has_what_it_must_have(void **state)
{
    const svms_audit_event_kind *kind;
    size_t count = 0;
    for (; (kind = svms_audit_event_kind_at(count)) != NULL; count++) {
        assert_ptr_equal(svms_audit_event_kind_of(kind->name), kind);
        assert_int_equal(build_without(*state, kind, UINT32_MAX), SVMS_OK);
        for (unsigned i = 0; kind->members[i].name; i++) {
            if (is_of_change(kind, kind->members[i].name)) {
                continue;
            }
            svms_status expected = kind->members[i].is_required ? SVMS_E_USAGE : SVMS_OK;
            assert_int_equal(build_without(*state, kind, i), expected);
        }
    }
    assert_true(count > 70);
}

static void an_event_has_nothing_else(void **state)
{
    static const svms_audit_kind kinds[] = { SVMS_AUDIT_TEXT,  SVMS_AUDIT_NUMBER, SVMS_AUDIT_FLAG,
                                             SVMS_AUDIT_TIME,  SVMS_AUDIT_DIGEST, SVMS_AUDIT_LIST,
                                             SVMS_AUDIT_RANGES };
    const svms_audit_event_kind *kind;
    for (size_t at = 0; (kind = svms_audit_event_kind_at(at)) != NULL; at++) {
        svms_audit_record *record = begin(*state, kind->name);
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
            assert_int_equal(add(record, "nonsense", kinds[k]), SVMS_E_USAGE);
            for (unsigned i = 0; kind->members[i].name; i++) {
                if (kind->members[i].kind != kinds[k]) {
                    assert_int_equal(add(record, kind->members[i].name, kinds[k]), SVMS_E_USAGE);
                }
            }
        }
        for (unsigned i = 0; kind->members[i].name; i++) {
            if (kind->members[i].kind != SVMS_AUDIT_VALUE) {
                assert_int_equal(add(record, kind->members[i].name, kind->members[i].kind),
                                 SVMS_OK);
                assert_int_equal(add(record, kind->members[i].name, kind->members[i].kind),
                                 SVMS_E_USAGE);
            }
        }
        svms_audit_record_free(&record);
    }
}

static char *whole(svms_audit_record *record)
{
    const uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(svms_audit_record_end(record, &bytes, &size, NULL), SVMS_OK);
    char *text = malloc(size + 1);
    assert_non_null(text);
    memcpy(text, bytes, size);
    text[size] = '\0';
    return text;
}

static void a_record_is_what_the_specification_says(void **state)
{
    static const char *const methods[] = { "pwd", "otp" };
    static const char *const behalf[] = { "boss" };
    svms_audit_event event = event_named("login.failure");
    svms_audit_record *record;
    event.outcome = SVMS_AUDIT_FAILURE;
    event.component = "gateway";
    event.actor_kind = SVMS_AUDIT_ACTOR_USER;
    event.actor_id = "u1";
    event.actor_name = "Ann \"A\" \xc3\xa9\n";
    event.address = "192.0.2.7";
    event.in_place_of = behalf;
    event.in_place_of_count = 1;
    event.from_utc_ns = NOW + 1;
    event.reason = "the password is wrong";
    event.code = "wrong-password";
    assert_int_equal(svms_audit_record_new(&record, *state, &event, NULL), SVMS_OK);
    assert_int_equal(svms_audit_record_list(record, "methods", methods, 2, NULL), SVMS_OK);
    char *text = whole(record);
    assert_memory_equal(text, "{\"v\":1,\"id\":\"", 13);
    assert_int_equal(strspn(text + 13, "0123456789abcdef"), 32);
    assert_string_equal(
        text + 13 + 32,
        "\",\"time\":\"2026-11-21T10:00:00.000Z\",\"event\":\"login.failure\",\"outcome\":"
        "\"failure\","
        "\"source\":{\"server\":\"vms\",\"component\":\"gateway\"},"
        "\"actor\":{\"kind\":\"user\",\"id\":\"u1\",\"name\":\"Ann \\\"A\\\" \xc3\xa9\\u000a\","
        "\"address\":\"192.0.2.7\",\"for\":[\"boss\"]},"
        "\"from\":\"2026-11-21T10:00:00.000000001Z\",\"reason\":\"the password is wrong\","
        "\"code\":\"wrong-password\",\"details\":{\"methods\":[\"pwd\",\"otp\"]}}");
    free(text);
    svms_audit_record_free(&record);
}

static void no_two_records_are_one(void **state)
{
    svms_audit_record *one = begin(*state, "service.start");
    svms_audit_record *other = begin(*state, "service.start");
    char *first = whole(one);
    char *second = whole(other);
    assert_string_not_equal(first, second);
    free(first);
    free(second);
    svms_audit_record_free(&one);
    svms_audit_record_free(&other);
}

static void what_did_not_succeed_has_a_reason(void **state)
{
    for (int outcome = SVMS_AUDIT_UNKNOWN; outcome <= SVMS_AUDIT_ERROR + 1; outcome++) {
        svms_audit_event event = event_named("live.start");
        svms_audit_record *record = NULL;
        bool needs = outcome >= SVMS_AUDIT_FAILURE;
        event.outcome = (svms_audit_outcome)outcome;
        assert_int_equal(svms_audit_record_new(&record, *state, &event, NULL),
                         needs ? SVMS_E_USAGE : SVMS_OK);
        svms_audit_record_free(&record);
        event.reason = "because";
        assert_int_equal(svms_audit_record_new(&record, *state, &event, NULL),
                         outcome <= SVMS_AUDIT_ERROR ? SVMS_OK : SVMS_E_USAGE);
        svms_audit_record_free(&record);
    }
}

static void names_of_events_are_checked(void **state)
{
    static const struct {
        const char *name;
        bool is_one;
    } cases[] = {
        { "x.acme.door-open", true },
        { "future.event_2", true },
        { "", false },
        { "login", false },
        { ".login", false },
        { "login.", false },
        { "a..b", false },
        { "Login.success", false },
        { "a b.c", false },
        { "a.b\"", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_audit_event event = event_named(cases[i].name);
        svms_audit_record *record = NULL;
        assert_int_equal(svms_audit_record_new(&record, *state, &event, NULL),
                         cases[i].is_one ? SVMS_OK : SVMS_E_USAGE);
        svms_audit_record_free(&record);
    }
}

static void names_of_events_have_at_most_63_signs(void **state)
{
    for (size_t size = 62; size <= 66; size++) {
        char name[80] = "x.";
        memset(name + 2, 'a', size - 2);
        svms_audit_event event = event_named(name);
        svms_audit_record *record = NULL;
        assert_int_equal(svms_audit_record_new(&record, *state, &event, NULL),
                         size <= 63 ? SVMS_OK : SVMS_E_USAGE);
        svms_audit_record_free(&record);
    }
}

static void integrators_have_members_of_their_own(void **state)
{
    svms_audit_record *record = begin(*state, "x.acme.door");
    assert_int_equal(svms_audit_record_text(record, "door", "north", NULL), SVMS_OK);
    assert_int_equal(svms_audit_record_number(record, "badge_reads", 3, NULL), SVMS_OK);
    assert_int_equal(svms_audit_record_text(record, "Door", "north", NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_record_text(record, "a\"b", "north", NULL), SVMS_E_USAGE);
    char *text = whole(record);
    assert_non_null(strstr(text, "\"details\":{\"door\":\"north\",\"badge_reads\":3}"));
    free(text);
    svms_audit_record_free(&record);
}

static void details_of_integrators_take_no_secrets(void **state)
{
    static const char *const names[] = { "password", "door_pin", "api_key", "token", "zipcode" };
    svms_audit_record *record = begin(*state, "x.acme.door");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(svms_audit_record_text(record, names[i], "canary", NULL), SVMS_E_USAGE);
    }
    char *text = whole(record);
    assert_null(strstr(text, "canary"));
    free(text);
    svms_audit_record_free(&record);
}

static void what_was_not_done_needs_no_result(void **state)
{
    for (int outcome = SVMS_AUDIT_UNKNOWN; outcome <= SVMS_AUDIT_ERROR; outcome++) {
        bool was_not_done = outcome == SVMS_AUDIT_DENIED || outcome == SVMS_AUDIT_ERROR;
        svms_audit_event event = SVMS_AUDIT_EVENT_INIT;
        svms_audit_record *record = NULL;
        const uint8_t *bytes;
        size_t size;
        event.event = "evidence.countersign";
        event.server = "s";
        event.outcome = (svms_audit_outcome)outcome;
        event.reason = "no key";
        assert_int_equal(svms_audit_record_new(&record, *state, &event, NULL), SVMS_OK);
        assert_int_equal(svms_audit_record_end(record, &bytes, &size, NULL),
                         was_not_done ? SVMS_OK : SVMS_E_USAGE);
        svms_audit_record_free(&record);
    }
}

static void secrets_of_settings_are_not_told(void **state)
{
    static const char *const settings[] = {
        "smtp.password", "api_token",       "PrivateKey",       "ldap.bind.Secret", "gate.pin",
        "otp-code",      "disk.passphrase", "cloud.credential", "camera.special",
    };
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        svms_audit_record *record = begin(*state, "config.change");
        svms_audit_change change = SVMS_AUDIT_CHANGE_INIT;
        change.setting = settings[i];
        change.is_secret = strcmp(settings[i], "camera.special") == 0;
        change.before = CANARY "-before";
        change.after = CANARY "-after";
        assert_int_equal(svms_audit_record_change(record, &change, NULL), SVMS_OK);
        char *text = whole(record);
        assert_null(strstr(text, CANARY));
        assert_non_null(strstr(text, "\"before\":{\"secret\":\""));
        assert_non_null(strstr(text, "\"changed\":true"));
        free(text);
        svms_audit_record_free(&record);
    }
}

static void settings_that_are_no_secrets_are_told(void **state)
{
    svms_audit_record *record = begin(*state, "config.change");
    svms_audit_change change = SVMS_AUDIT_CHANGE_INIT;
    change.setting = "retention.days";
    change.before = "30";
    assert_int_equal(svms_audit_record_change(record, &change, NULL), SVMS_OK);
    assert_int_equal(svms_audit_record_change(record, &change, NULL), SVMS_E_USAGE);
    char *text = whole(record);
    assert_non_null(strstr(
        text, "\"details\":{\"setting\":\"retention.days\",\"before\":\"30\",\"after\":null}"));
    free(text);
    svms_audit_record_free(&record);
}

/* Wherever a caller can put a URL. */
static void urls_lose_who_logs_in_with_them(void **state)
{
    static const char *const urls[] = {
        "rtsp://admin:" CANARY "@camera/stream",
        "see https://" CANARY "@host:8443/a?b=c and rtsp://u:" CANARY "@x",
        "sftp://user:p" CANARY "@w@rd@host/",
    };
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        const char *const list[] = { urls[i] };
        svms_audit_event event = event_named("x.url.test");
        svms_audit_record *record;
        svms_audit_change change = SVMS_AUDIT_CHANGE_INIT;
        event.component = event.process = event.actor_id = event.actor_name = event.address =
            event.client = event.session = event.token = event.device = event.object =
                event.reason = event.code = urls[i];
        event.in_place_of = event.devices = list;
        event.in_place_of_count = event.device_count = 1;
        change.setting = "stream";
        change.before = change.after = urls[i];
        assert_int_equal(svms_audit_record_new(&record, *state, &event, NULL), SVMS_OK);
        assert_int_equal(svms_audit_record_text(record, "url", urls[i], NULL), SVMS_OK);
        assert_int_equal(svms_audit_record_list(record, "urls", list, 1, NULL), SVMS_OK);
        assert_int_equal(svms_audit_record_change(record, &change, NULL), SVMS_OK);
        char *text = whole(record);
        assert_null(strstr(text, CANARY));
        free(text);
        svms_audit_record_free(&record);
    }
}

static void what_is_no_user_in_a_url_stays(void **state)
{
    static const char *const urls[] = { "rtsp://camera/live@home",
                                        "https://host?to=a@b",
                                        "mail to a@b.example",
                                        "://",
                                        "a://b",
                                        "x@y://z" };
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        svms_audit_record *record = begin(*state, "x.url.test");
        assert_int_equal(svms_audit_record_text(record, "url", urls[i], NULL), SVMS_OK);
        char *text = whole(record);
        assert_non_null(strstr(text, urls[i]));
        free(text);
        svms_audit_record_free(&record);
    }
}

static void long_texts_are_cut_between_characters(void **state)
{
    static char text[3 * 4096];
    for (size_t i = 0; i + 2 < sizeof text; i += 2) {
        memcpy(text + i, "\xc3\xa9", 2);
    }
    svms_audit_record *record = begin(*state, "x.long.text");
    assert_int_equal(svms_audit_record_text(record, "text", text, NULL), SVMS_OK);
    char *bytes = whole(record);
    const char *value = strstr(bytes, "\"text\":\"");
    assert_non_null(value);
    value += 8;
    size_t size = strcspn(value, "\"");
    assert_true(size <= 4096 && size > 4096 - 3);
    assert_memory_equal(value + size - 5, "\xc3\xa9\xe2\x80\xa6", 5);
    json_t *json = json_loads(bytes, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    json_decref(json);
    free(bytes);
    svms_audit_record_free(&record);
}

static void long_lists_say_how_many_are_not_told(void **state)
{
    const char *list[300];
    static svms_audit_range ranges[300];
    for (size_t i = 0; i < 300; i++) {
        list[i] = "r";
        ranges[i] = (svms_audit_range){ NOW, NOW };
    }
    svms_audit_record *record = begin(*state, "x.long.list");
    assert_int_equal(svms_audit_record_list(record, "list", list, 300, NULL), SVMS_OK);
    assert_int_equal(svms_audit_record_list(record, "all", list, 256, NULL), SVMS_OK);
    char *text = whole(record);
    assert_non_null(strstr(text, "\"r\",\"(45 more)\"]"));
    assert_non_null(strstr(text, "\"r\"]}"));
    free(text);
    svms_audit_record_free(&record);
    record = begin(*state, "evidence.lock");
    const uint8_t *bytes;
    size_t size;
    assert_int_equal(svms_audit_record_ranges(record, "ranges", ranges, 300, NULL), SVMS_OK);
    assert_int_equal(svms_audit_record_end(record, &bytes, &size, NULL), SVMS_E_LIMIT);
    svms_audit_record_free(&record);
}

static void times_and_numbers_that_are_none_are_refused(void **state)
{
    svms_audit_record *record = begin(*state, "x.some.thing");
    static const uint8_t digest[65] = { 0 };
    assert_int_equal(svms_audit_record_number(record, "n", UINT64_C(1) << 53, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_record_number(record, "n", (UINT64_C(1) << 53) - 1, NULL), SVMS_OK);
    assert_int_equal(svms_audit_record_time(record, "t", INT64_MAX, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_record_digest(record, "d", digest, 15, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_record_digest(record, "d", digest, 65, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_audit_record_text(record, "nothing", NULL, NULL), SVMS_OK);
    assert_int_equal(svms_audit_record_time(record, "never", SVMS_NO_TIME, NULL), SVMS_OK);
    char *text = whole(record);
    assert_null(strstr(text, "nothing"));
    assert_null(strstr(text, "never"));
    assert_int_equal(svms_audit_record_flag(record, "late", 1, NULL), SVMS_E_USAGE);
    free(text);
    svms_audit_record_free(&record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_has_what_it_must_have),
        cmocka_unit_test(an_event_has_nothing_else),
        cmocka_unit_test(a_record_is_what_the_specification_says),
        cmocka_unit_test(no_two_records_are_one),
        cmocka_unit_test(what_did_not_succeed_has_a_reason),
        cmocka_unit_test(names_of_events_are_checked),
        cmocka_unit_test(names_of_events_have_at_most_63_signs),
        cmocka_unit_test(integrators_have_members_of_their_own),
        cmocka_unit_test(details_of_integrators_take_no_secrets),
        cmocka_unit_test(what_was_not_done_needs_no_result),
        cmocka_unit_test(secrets_of_settings_are_not_told),
        cmocka_unit_test(settings_that_are_no_secrets_are_told),
        cmocka_unit_test(urls_lose_who_logs_in_with_them),
        cmocka_unit_test(what_is_no_user_in_a_url_stays),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(long_lists_say_how_many_are_not_told),
        cmocka_unit_test(times_and_numbers_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
