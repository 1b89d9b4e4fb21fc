/* SPDX-License-Identifier: Apache-2.0 */
/* Queries: what is found is what a plain filter over all records finds, with the index and without
 * it, forwards and backwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <jansson.h>

#include "bundle_index.h"
#include "query.h"
#include "reader_case.h"

#define RECORDS 3000u
/* Behind those in tiles. */
#define BEHIND 200u
#define QUERIES 150u
#define LOG_RECORDS (RECORDS + BEHIND + READER_CASE_OPENING)
#define DAY_NS (INT64_C(86400) * 1000000000)
#define BEGIN_NS (INT64_C(1795003200) * 1000000000)

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((seed >> 33) % below);
}

static const char *const events[] = { "login.success", "login.failure",    "config.change",
                                      "x.site_door",   "x.site_door.open", "live.start",
                                      "device.tamper", "log.gap" };
static const char *const actors[] = { "anna", "Bj\xc3\xb6rn", "\"carla\"", "d\\e", "service-7" };
static const char *const devices[] = { "0123456789abcdef0123456789abcdef", "gate", "gate-2",
                                       "h\303\266fe" };
static const char *const reasons[] = { "wrong password", "he said \"no\"", "a\\b\tc",
                                       "\303\234ber das Tor", "WRONG door" };

#define COUNT(list) (sizeof(list) / sizeof(list)[0])
#define ONE_OF(list) ((list)[draw(COUNT(list))])

typedef struct stored {
    uint8_t bytes[1024];
    size_t size;
    json_t *json; /* NULL: it is none */
} stored;

static stored all[LOG_RECORDS];

static void put_event(svms_audit_event *event)
{
    static const char *in_place_of[2];
    static const char *several[3];
    event->event = ONE_OF(events);
    event->outcome = (svms_audit_outcome)draw(5);
    event->at_utc_ns = BEGIN_NS + (int64_t)draw(1000) * (10 * DAY_NS / 1000) + draw(3);
    event->server = "vms";
    event->actor_kind = SVMS_AUDIT_ACTOR_USER;
    event->actor_id = draw(2) ? ONE_OF(actors) : NULL;
    event->actor_name = draw(3) == 0 ? ONE_OF(actors) : NULL;
    in_place_of[0] = ONE_OF(actors);
    in_place_of[1] = ONE_OF(actors);
    event->in_place_of = in_place_of;
    event->in_place_of_count = draw(5) == 0 ? 2 : 0;
    event->device = draw(2) ? ONE_OF(devices) : NULL;
    several[0] = ONE_OF(devices);
    several[1] = ONE_OF(devices);
    several[2] = "another";
    event->devices = several;
    event->device_count = draw(4) == 0 ? 3 : 0;
    event->reason = ONE_OF(reasons);
}

static void add_details(svms_audit_record *record, const char *event)
{
    if (strcmp(event, "config.change") == 0) {
        svms_audit_change change = SVMS_AUDIT_CHANGE_INIT;
        change.setting = "gate";
        change.after = ONE_OF(reasons);
        assert_int_equal(svms_audit_record_change(record, &change, NULL), SVMS_OK);
    } else if (strcmp(event, "device.tamper") == 0) {
        assert_int_equal(svms_audit_record_text(record, "what", "Lens", NULL), SVMS_OK);
    } else if (strcmp(event, "live.start") == 0) {
        assert_int_equal(svms_audit_record_text(record, "stream", "main", NULL), SVMS_OK);
    } else if (strcmp(event, "log.gap") == 0) {
        assert_int_equal(svms_audit_record_number(record, "records", 1, NULL), SVMS_OK);
        assert_int_equal(svms_audit_record_text(record, "why", "queue", NULL), SVMS_OK);
    } else if (strncmp(event, "login.", 6) == 0) {
        const char *const method = "password";
        assert_int_equal(svms_audit_record_list(record, "methods", &method, 1, NULL), SVMS_OK);
    }
}

static void make_record(svms_ctx *ctx, stored *out)
{
    svms_audit_event event = SVMS_AUDIT_EVENT_INIT;
    svms_audit_record *record = NULL;
    svms_error err = SVMS_ERROR_INIT;
    const uint8_t *bytes = NULL;
    put_event(&event);
    if (svms_audit_record_new(&record, ctx, &event, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    add_details(record, event.event);
    if (svms_audit_record_end(record, &bytes, &out->size, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    assert_true(out->size <= sizeof out->bytes);
    memcpy(out->bytes, bytes, out->size);
    svms_audit_record_free(&record);
}

/* Some are spelt as others do it, and some are none. */
static void make_any(svms_ctx *ctx, stored *out)
{
    static const char *const odd[] = {
        "no record, login.success",
        "{\"v\":1,\"event\":\"login.success\"}",
        "{ \"time\": \"2026-11-21T10:00:00Z\", \"v\": 1, \"id\": \"\", \"event\": "
        "\"login.success\","
        " \"outcome\": \"success\", \"source\": { \"server\": \"v\" }, \"actor\": { \"kind\": "
        "\"user\","
        " \"id\": \"\\u0061nna\" }, \"reason\": \"\\u0057rong\" }",
        "{\"v\":2,\"id\":\"x\",\"time\":\"2026-11-21T10:00:00Z\",\"event\":\"login.success\","
        "\"outcome\":\"success\",\"source\":{\"server\":\"v\"},\"actor\":{\"kind\":\"user\"}}",
        "{\"v\":1,\"id\":\"0123456789abcdef0123456789abcdef\",\"time\":\"2026-11-21T10:00:00."
        "000Z\","
        "\"event\":\"login.success\",\"outcome\":\"success\"} and more",
    };
    if (draw(12) > 0) {
        make_record(ctx, out);
        return;
    }
    const char *text = ONE_OF(odd);
    out->size = strlen(text);
    memcpy(out->bytes, text, out->size);
}

static void append(svms_audit_log *log, const stored *records, unsigned count)
{
    for (unsigned done = 0; done < count; done += 100) {
        svms_iovec run[100];
        uint64_t first;
        for (unsigned i = 0; i < 100; i++) {
            run[i] = (svms_iovec){ records[done + i].bytes, records[done + i].size };
        }
        assert_int_equal(svms_audit_log_append(log, run, 100, &first, NULL), SVMS_OK);
    }
}

/* The log, of which the last records are in the journal only. */
static void fill(reader_case *f)
{
    memory_folder kept;
    svms_audit_log *log = reader_case_log(f);
    svms_audit_reader *reader = reader_case_reader(f);
    for (unsigned i = 0; i < READER_CASE_OPENING; i++) {
        all[i].size = sizeof all[i].bytes;
        assert_int_equal(svms_audit_reader_record(reader, i, all[i].bytes, &all[i].size, NULL),
                         SVMS_OK);
    }
    svms_audit_reader_close(&reader);
    for (unsigned i = READER_CASE_OPENING; i < LOG_RECORDS; i++) {
        make_any(f->ctx, &all[i]);
    }
    for (unsigned i = 0; i < LOG_RECORDS; i++) {
        all[i].json =
            json_loadb((const char *)all[i].bytes, all[i].size, JSON_REJECT_DUPLICATES, NULL);
    }
    append(log, all + READER_CASE_OPENING, RECORDS);
    assert_int_equal(svms_audit_log_tend(log, NULL), SVMS_OK);
    append(log, all + READER_CASE_OPENING + RECORDS, BEHIND);
    memory_folder_copy(&kept, &f->folder);
    reader_case_close(&log);
    reader_case_put_back(f, &kept);
}

/* The plain filter. */

static bool is_in(const char *const *list, size_t count, const json_t *value)
{
    for (size_t i = 0; i < count && json_is_string(value); i++) {
        if (strcmp(list[i], json_string_value(value)) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_any_in(const char *const *list, size_t count, const json_t *values)
{
    for (size_t i = 0; i < json_array_size(values); i++) {
        if (is_in(list, count, json_array_get(values, i))) {
            return true;
        }
    }
    return false;
}

static bool is_of_pattern(const char *pattern, const char *event)
{
    size_t size = strlen(pattern);
    if (strcmp(pattern, "*") == 0) {
        return true;
    }
    if (size > 2 && strcmp(pattern + size - 2, ".*") == 0) {
        return strncmp(pattern, event, size - 1) == 0;
    }
    return strcmp(pattern, event) == 0;
}

static bool holds(const char *text, const char *wanted)
{
    for (; *text != '\0'; text++) {
        size_t i = 0;
        while (wanted[i] != '\0' && text[i] != '\0' &&
               (text[i] == wanted[i] || ((text[i] | 0x20) == (wanted[i] | 0x20) &&
                                         (text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'z'))) {
            i++;
        }
        if (wanted[i] == '\0') {
            return true;
        }
    }
    return false;
}

static bool holds_anywhere(json_t *value, const char *wanted)
{
    const char *name;
    json_t *member;
    size_t i;
    if (json_is_string(value)) {
        return holds(json_string_value(value), wanted);
    }
    json_object_foreach(value, name, member)
    {
        if (holds_anywhere(member, wanted)) {
            return true;
        }
    }
    json_array_foreach(value, i, member)
    {
        if (holds_anywhere(member, wanted)) {
            return true;
        }
    }
    return false;
}

static bool is_event_wanted(const svms_audit_query *query, const char *event)
{
    bool wanted = query->event_count == 0;
    for (size_t i = 0; i < query->event_count; i++) {
        wanted = wanted || is_of_pattern(query->events[i], event);
    }
    return wanted;
}

static bool is_outcome_wanted(const svms_audit_query *query, const char *outcome)
{
    static const char *const names[] = { "unknown", "success", "failure", "denied", "error" };
    bool wanted = query->outcomes == 0;
    for (unsigned i = 0; i < COUNT(names); i++) {
        wanted = wanted || ((query->outcomes >> i & 1) && strcmp(names[i], outcome) == 0);
    }
    return wanted;
}

static bool is_wanted_json(const svms_audit_query *query, json_t *record)
{
    const char *time = json_string_value(json_object_get(record, "time"));
    const char *event = json_string_value(json_object_get(record, "event"));
    const char *outcome = json_string_value(json_object_get(record, "outcome"));
    json_t *actor = json_object_get(record, "actor");
    int64_t at = 0;
    if (json_integer_value(json_object_get(record, "v")) != 1 || !time || !event || !outcome ||
        !actor || svms_time_parse(&at, time, NULL) != SVMS_OK) {
        return false;
    }
    bool timely = (query->from_utc_ns == SVMS_NO_TIME || at >= query->from_utc_ns) &&
                  (query->to_utc_ns == SVMS_NO_TIME || at < query->to_utc_ns);
    bool acted = query->actor_count == 0 ||
                 is_in(query->actors, query->actor_count, json_object_get(actor, "id")) ||
                 is_in(query->actors, query->actor_count, json_object_get(actor, "name")) ||
                 is_any_in(query->actors, query->actor_count, json_object_get(actor, "for"));
    bool placed =
        query->device_count == 0 ||
        is_in(query->devices, query->device_count, json_object_get(record, "device")) ||
        is_any_in(query->devices, query->device_count, json_object_get(record, "devices"));
    return timely && acted && placed && is_event_wanted(query, event) &&
           is_outcome_wanted(query, outcome) &&
           (!query->text || query->text[0] == '\0' || holds_anywhere(record, query->text));
}

static bool has_conditions(const svms_audit_query *query)
{
    return query->from_utc_ns != SVMS_NO_TIME || query->to_utc_ns != SVMS_NO_TIME ||
           query->actor_count > 0 || query->event_count > 0 || query->device_count > 0 ||
           query->outcomes != 0 || (query->text && query->text[0] != '\0');
}

static bool is_wanted(const svms_audit_query *query, const stored *record)
{
    if (!has_conditions(query)) {
        return true;
    }
    return record->json && is_wanted_json(query, record->json);
}

typedef struct results {
    uint64_t index[LOG_RECORDS];
    size_t count;
} results;

static void filter(const svms_audit_query *query, results *out)
{
    bool backwards = (query->flags & SVMS_AUDIT_NEWEST_FIRST) != 0;
    out->count = 0;
    for (unsigned i = 0; i < LOG_RECORDS; i++) {
        unsigned at = backwards ? LOG_RECORDS - 1 - i : i;
        bool is_full = query->limit > 0 && out->count == query->limit;
        if (at >= query->first && at < query->end && !is_full && is_wanted(query, &all[at])) {
            out->index[out->count++] = at;
        }
    }
}

static svms_status note_result(void *user, const svms_audit_found *found)
{
    results *out = user;
    assert_true(found->index < LOG_RECORDS && out->count < LOG_RECORDS);
    assert_int_equal(found->size, all[found->index].size);
    assert_memory_equal(found->record, all[found->index].bytes, found->size);
    assert_true(found->is_verified);
    out->index[out->count++] = found->index;
    return SVMS_OK;
}

typedef struct drawn {
    const char *actors[3];
    const char *events[3];
    const char *devices[3];
} drawn;

static svms_audit_query draw_query(drawn *lists)
{
    static const char *const patterns[] = {
        "login.*",       "*",     "x.*",     "x.site_door.*", "config.change", "x.site_door",
        "device.tamper", "log.*", "nobody.*"
    };
    static const char *const texts[] = { "WRONG",       "gate", "\"no\"", "a\\b\tc", "\303\274ber",
                                         "\303\234BER", "lens", "",       "zebra",   "anna" };
    svms_audit_query query = SVMS_AUDIT_QUERY_INIT;
    query.flags = draw(4);
    if (draw(2)) {
        query.from_utc_ns = BEGIN_NS + (int64_t)draw(11) * DAY_NS;
    }
    if (draw(2)) {
        query.to_utc_ns = (query.from_utc_ns == SVMS_NO_TIME ? BEGIN_NS : query.from_utc_ns) + 1 +
                          (int64_t)draw(5) * DAY_NS;
    }
    for (unsigned i = 0; i < 3; i++) {
        lists->actors[i] = draw(9) ? ONE_OF(actors) : "nobody";
        lists->events[i] = ONE_OF(patterns);
        lists->devices[i] = draw(9) ? ONE_OF(devices) : "nowhere";
    }
    query.actors = lists->actors;
    query.events = lists->events;
    query.devices = lists->devices;
    query.actor_count = draw(3) == 0 ? 1 + draw(3) : 0;
    query.event_count = draw(3) == 0 ? 1 + draw(3) : 0;
    query.device_count = draw(3) == 0 ? 1 + draw(3) : 0;
    query.outcomes = draw(3) == 0 ? draw(32) : 0;
    query.text = draw(3) == 0 ? ONE_OF(texts) : NULL;
    query.first = draw(2) ? draw(LOG_RECORDS) : 0;
    query.end = draw(2) ? query.first + draw(LOG_RECORDS) : UINT64_MAX;
    query.limit = draw(3) == 0 ? 1 + draw(20) : 0;
    return query;
}

static void compare_all(reader_case *f, bool expects_skipping)
{
    static results expected;
    static results found;
    uint64_t skipped = 0;
    uint64_t total = 0;
    svms_audit_reader *reader = reader_case_reader(f);
    assert_int_equal(reader_case_head(reader).size, LOG_RECORDS);
    assert_int_equal(reader_case_head(reader).published, LOG_RECORDS - BEHIND);
    for (unsigned i = 0; i < QUERIES; i++) {
        svms_error err = SVMS_ERROR_INIT;
        svms_audit_tally tally = SVMS_AUDIT_TALLY_INIT;
        drawn lists;
        svms_audit_query query = draw_query(&lists);
        filter(&query, &expected);
        found.count = 0;
        if (svms_audit_reader_find(reader, &query, note_result, &found, &err) != SVMS_OK) {
            fail_msg("query %u: %s", i, err.message);
        }
        if (found.count != expected.count) {
            fail_msg("query %u: %zu were found, and %zu are there", i, found.count, expected.count);
        }
        assert_memory_equal(found.index, expected.index, found.count * sizeof found.index[0]);
        assert_int_equal(svms_audit_reader_tally(reader, &tally, NULL), SVMS_OK);
        assert_int_equal(tally.found, found.count);
        skipped += tally.skipped;
        total += found.count;
    }
    assert_true(total > QUERIES);
    assert_int_equal(skipped > 0, expects_skipping);
    svms_audit_reader_close(&reader);
}

static void set_seed(void)
{
    const char *given = getenv("SVMS_TEST_SEED");
    seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    print_message("SVMS_TEST_SEED=%llu\n", (unsigned long long)seed);
}

static void what_is_found_is_what_a_filter_finds(void **state)
{
    reader_case *f = *state;
    set_seed();
    fill(f);
    compare_all(f, true);
}

/* Whether it is not there, too short, or says nothing. */
static void no_index_is_no_loss(void **state)
{
    reader_case *f = *state;
    int os_error = 0;
    set_seed();
    fill(f);
    memory_file *index = memory_folder_find(&f->folder, "index");
    assert_int_equal(index->size, RECORDS / SVMS_TILE_WIDTH * SVMS_BUNDLE_INDEX_ENTRY_SIZE);
    index->size -= 3 * SVMS_BUNDLE_INDEX_ENTRY_SIZE + 7;
    compare_all(f, true);
    memset(index->data, 0, index->size);
    compare_all(f, false);
    assert_int_equal(f->view.remove(f->view.user, "index", &os_error), SVMS_OK);
    compare_all(f, false);
}

/* It is nobody's word: it can hide, and is passed by where that is asked for. */
static void an_index_that_lies_hides_nothing_from_who_does_not_ask_it(void **state)
{
    static results found;
    reader_case *f = *state;
    svms_audit_query query = SVMS_AUDIT_QUERY_INIT;
    set_seed();
    fill(f);
    memory_file *index = memory_folder_find(&f->folder, "index");
    for (size_t i = 0; i < index->size; i += SVMS_BUNDLE_INDEX_ENTRY_SIZE) {
        const svms_bundle_index_entry lie = { 1, 2, 1, 0 };
        svms_bundle_index_entry_store(&lie, index->data + i);
    }
    svms_audit_reader *reader = reader_case_reader(f);
    query.from_utc_ns = BEGIN_NS;
    query.end = RECORDS - RECORDS % SVMS_TILE_WIDTH;
    found.count = 0;
    assert_int_equal(svms_audit_reader_find(reader, &query, note_result, &found, NULL), SVMS_OK);
    assert_int_equal(found.count, 0);
    query.flags = SVMS_AUDIT_NO_INDEX;
    assert_int_equal(svms_audit_reader_find(reader, &query, note_result, &found, NULL), SVMS_OK);
    assert_true(found.count > 1000);
    svms_audit_reader_close(&reader);
}

static void the_index_is_made_again_where_it_is_short(void **state)
{
    reader_case *f = *state;
    int os_error = 0;
    set_seed();
    fill(f);
    memory_file *index = memory_folder_find(&f->folder, "index");
    size_t size = index->size;
    uint8_t *right = malloc(size);
    assert_non_null(right);
    memcpy(right, index->data, size);
    for (unsigned i = 0; i < 3; i++) {
        if (i == 0) {
            assert_int_equal(f->view.remove(f->view.user, "index", &os_error), SVMS_OK);
        } else {
            index->size = i == 1 ? 100 : SVMS_BUNDLE_INDEX_ENTRY_SIZE - 1;
        }
        svms_audit_log *log = reader_case_log(f);
        reader_case_close(&log);
        index = memory_folder_find(&f->folder, "index");
        assert_non_null(index);
        /* What was in the journal only is in tiles now. */
        assert_true(index->size >= size);
        assert_memory_equal(index->data, right, size);
    }
    free(right);
}

static void patterns_are_those_of_actions(void **state)
{
    static const struct {
        const char *pattern;
        const char *event;
        bool covers;
    } cases[] = {
        { "*", "login.success", true },
        { "login.*", "login.success", true },
        { "login.*", "login", false },
        { "login.*", "logins.success", false },
        { "login.success", "login.success", true },
        { "login", "login.success", false },
        { "x.a_b.*", "x.a_b.c", true },
        { "x.*", "x.a_b.c", true },
        { "x.a_b", "x.a_b.c", false },
    };
    static const char *const none[] = {
        "",        ".*",     "login.", ".login", "login..success",
        "Login.*", "login*", "*.*",    "a b",    "login.*.success"
    };
    reader_case *f = *state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        svms_audit_query asked = SVMS_AUDIT_QUERY_INIT;
        svms_query query;
        asked.events = &cases[i].pattern;
        asked.event_count = 1;
        assert_int_equal(svms_query_read(&query, f->ctx, &asked, NULL), SVMS_OK);
        assert_int_equal(
            svms_patterns_cover(query.events, 1, cases[i].event, strlen(cases[i].event)),
            cases[i].covers);
        bool may = (svms_bundle_index_event_bit(cases[i].event, strlen(cases[i].event)) &
                    query.event_bits) != 0;
        assert_true(may || !cases[i].covers);
        svms_query_clear(&query);
    }
    for (size_t i = 0; i < COUNT(none); i++) {
        svms_audit_query asked = SVMS_AUDIT_QUERY_INIT;
        svms_query query;
        asked.events = &none[i];
        asked.event_count = 1;
        assert_int_equal(svms_query_read(&query, f->ctx, &asked, NULL), SVMS_E_USAGE);
        svms_query_clear(&query);
    }
}

static void expect_none(reader_case *f, const svms_audit_query *asked)
{
    svms_query query;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_query_read(&query, f->ctx, asked, &err), SVMS_E_USAGE);
    assert_true(err.message[0] != '\0');
    svms_query_clear(&query);
}

static void queries_that_make_no_sense_are_refused(void **state)
{
    reader_case *f = *state;
    const char *const nobody = NULL;
    svms_audit_query query = SVMS_AUDIT_QUERY_INIT;
    query.flags = 4;
    expect_none(f, &query);
    query = (svms_audit_query)SVMS_AUDIT_QUERY_INIT;
    query.outcomes = 32;
    expect_none(f, &query);
    query = (svms_audit_query)SVMS_AUDIT_QUERY_INIT;
    query.from_utc_ns = query.to_utc_ns = BEGIN_NS;
    expect_none(f, &query);
    query = (svms_audit_query)SVMS_AUDIT_QUERY_INIT;
    query.first = 2;
    query.end = 1;
    expect_none(f, &query);
    query = (svms_audit_query)SVMS_AUDIT_QUERY_INIT;
    query.actor_count = 1;
    expect_none(f, &query);
    query.actors = &nobody;
    expect_none(f, &query);
    query = (svms_audit_query)SVMS_AUDIT_QUERY_INIT;
    query.device_count = SVMS_AUDIT_QUERY_MAX + 1;
    query.devices = devices;
    expect_none(f, &query);
    query = (svms_audit_query)SVMS_AUDIT_QUERY_INIT;
    query.struct_size = 0;
    expect_none(f, &query);
}

static svms_status stop_at_three(void *user, const svms_audit_found *found)
{
    unsigned *count = user;
    (void)found;
    return ++*count == 3 ? SVMS_END : SVMS_OK;
}

static svms_status cancel(void *user, const svms_audit_found *found)
{
    (void)user;
    (void)found;
    return SVMS_E_CANCELLED;
}

static void who_is_told_can_end_it(void **state)
{
    reader_case *f = *state;
    unsigned count = 0;
    set_seed();
    fill(f);
    svms_audit_reader *reader = reader_case_reader(f);
    assert_int_equal(svms_audit_reader_find(reader, NULL, stop_at_three, &count, NULL), SVMS_OK);
    assert_int_equal(count, 3);
    assert_int_equal(svms_audit_reader_find(reader, NULL, cancel, NULL, NULL), SVMS_E_CANCELLED);
    assert_int_equal(svms_audit_reader_find(reader, NULL, NULL, NULL, NULL), SVMS_E_USAGE);
    svms_audit_reader_close(&reader);
}

static int tear_down(void **state)
{
    for (unsigned i = 0; i < LOG_RECORDS; i++) {
        json_decref(all[i].json);
        all[i].json = NULL;
    }
    return reader_case_tear_down(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, reader_case_set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_found_is_what_a_filter_finds),
        TEST(no_index_is_no_loss),
        TEST(an_index_that_lies_hides_nothing_from_who_does_not_ask_it),
        TEST(the_index_is_made_again_where_it_is_short),
        TEST(patterns_are_those_of_actions),
        TEST(queries_that_make_no_sense_are_refused),
        TEST(who_is_told_can_end_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
