/* SPDX-License-Identifier: Apache-2.0 */
/* How an authority's journal takes in its lines: a line that is not understood, or for which there
 * is no memory, leaves nothing behind. */
#include "cmocka_all.h"

#include <string.h>

#include "ca_journal_entry.h"

#define HASH "0000000000000000000000000000000000000000000000000000000000000000"
#define AT "\"at\":\"2026-11-21T10:00:00Z\""
#define ISSUED(serial, code)                                                                       \
    "{\"what\":\"issued\",\"serial\":\"" serial "\",\"sha256\":\"" HASH                            \
    "\",\"key_sha256\":\"" HASH                                                                    \
    "\",\"role\":\"camera\",\"name\":\"Gate\",\"hosts\":[\"gate.example\"],\"not_before\":"        \
    "\"2026-11-21T10:00:00Z\",\"not_after\":\"2027-11-21T10:00:00Z\",\"code\":" code               \
    ",\"renews\":null,\"certificate\":\"\"," AT "}"
#define CODE(id)                                                                                   \
    "{\"what\":\"code\",\"id\":\"" id "\",\"sha256\":\"" HASH "\",\"role\":\"camera\",\"name\":"   \
    "\"Gate\",\"hosts\":[\"gate.example\"],\"days\":0,\"until\":\"2026-11-22T10:00:00Z\"," AT "}"

static size_t allocations_left = SIZE_MAX;

static void *failing_malloc(size_t size)
{
    if (allocations_left == 0) {
        return NULL;
    }
    allocations_left--;
    return malloc(size);
}

static int begin(void **state)
{
    static ca_journal journal;
    memset(&journal, 0, sizeof journal);
    journal.log = (ca_log)CA_LOG_INIT;
    journal.log.path = "test";
    *state = &journal;
    return 0;
}

static int end(void **state)
{
    ca_journal_close(*state);
    return 0;
}

static exit_status take_value(ca_journal *journal, json_t *line)
{
    static const ca_log_place place = { 1, 0, 1 };
    assert_non_null(line);
    return ca_journal_take(journal, line, &place);
}

static exit_status take(ca_journal *journal, const char *text)
{
    json_t *line = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    exit_status status = take_value(journal, line);
    json_decref(line);
    return status;
}

/* All lines there are, in an order that holds. */
static const char *const lines[] = {
    "{\"what\":\"created\",\"authority\":\"" HASH "\"}",
    CODE("0123abcd"),
    ISSUED("12", "\"0123abcd\""),
    CODE("4567abcd"),
    "{\"what\":\"code-voided\",\"id\":\"4567abcd\"}",
    "{\"what\":\"revoked\",\"serial\":\"12\",\"reason\":\"superseded\",\"revoked\":"
    "\"2026-11-21T10:00:00Z\",\"invalid\":null}",
    "{\"what\":\"list\",\"number\":1,\"this\":\"2026-11-21T10:00:00Z\",\"next\":"
    "\"2026-12-21T10:00:00Z\",\"sha256\":\"" HASH "\"}",
    "{\"what\":\"torn\"}",
};

static void a_line_without_memory_is_not_called_malformed(void **state)
{
    ca_journal *journal = *state;
    size_t failures = 0;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        json_t *line = json_loads(lines[i], 0, NULL);
        exit_status status = EXIT_ENVIRONMENT;
        for (size_t allowed = 0; status != EXIT_GOOD; allowed++) {
            ca_journal before = *journal;
            allocations_left = allowed;
            status = take_value(journal, line);
            allocations_left = SIZE_MAX;
            if (status != EXIT_GOOD) {
                assert_int_equal(status, EXIT_ENVIRONMENT);
                assert_memory_equal(&before, journal, sizeof before);
                failures++;
            }
        }
        json_decref(line);
    }
    assert_true(failures > 5);
    assert_int_equal(journal->issued_count, 1);
    assert_true(journal->issued[0].revoked);
    assert_int_equal(journal->code_count, 2);
    assert_int_equal(journal->codes[0].state, CA_CODE_USED);
    assert_int_equal(journal->codes[1].state, CA_CODE_VOID);
    assert_int_equal(journal->list_number, 1);
}

static void a_line_that_is_refused_leaves_nothing_behind(void **state)
{
    static const char *const refused[] = {
        ISSUED("XX", "null"),
        ISSUED("34", "5"),
        ISSUED("34", "\"0123abcd\""),
        ISSUED("12", "null"),
        CODE("0123abcd"),
        CODE("0123456789"),
        "{\"what\":\"issued\"}",
        "{\"what\":\"code\"}",
        "{\"what\":\"revoked\",\"serial\":\"12\",\"reason\":\"boredom\",\"revoked\":"
        "\"2026-11-21T10:00:00Z\",\"invalid\":null}",
        "{\"what\":\"revoked\",\"serial\":\"12\",\"reason\":\"superseded\",\"revoked\":"
        "\"2026-11-21T10:00:00Z\",\"invalid\":\"never\"}",
        "{\"what\":\"list\",\"number\":2,\"this\":\"2026-11-21T10:00:00Z\",\"next\":\"later\","
        "\"sha256\":\"" HASH "\"}",
    };
    ca_journal *journal = *state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(take(journal, lines[i]), EXIT_GOOD);
    }
    ca_journal before = *journal;
    ca_issued issued = journal->issued[0];
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_equal(take(journal, refused[i]), EXIT_MALFORMED);
        assert_memory_equal(&before, journal, sizeof before);
        assert_memory_equal(&issued, &journal->issued[0], sizeof issued);
    }
}

static void every_one_of_many_is_found_by_its_name(void **state)
{
    ca_journal *journal = *state;
    char name[CA_CODE_ID_TEXT];
    json_t *code = json_loads(CODE("00000000"), 0, NULL);
    json_t *issued = json_loads(ISSUED("00", "null"), 0, NULL);
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "%08x", i);
        assert_int_equal(json_object_set_new(code, "id", json_string(name)), 0);
        assert_int_equal(json_object_set_new(issued, "serial", json_string(name)), 0);
        assert_null(ca_journal_find_code(journal, name));
        assert_null(ca_journal_find_serial(journal, name));
        assert_int_equal(take_value(journal, code), EXIT_GOOD);
        assert_int_equal(take_value(journal, issued), EXIT_GOOD);
    }
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "%08x", i);
        assert_ptr_equal(ca_journal_find_code(journal, name), &journal->codes[i]);
        assert_ptr_equal(ca_journal_find_serial(journal, name), &journal->issued[i]);
    }
    assert_null(ca_journal_find_code(journal, ""));
    assert_null(ca_journal_find_serial(journal, "00001388"));
    json_decref(code);
    json_decref(issued);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_without_memory_is_not_called_malformed, begin, end),
        cmocka_unit_test_setup_teardown(a_line_that_is_refused_leaves_nothing_behind, begin, end),
        cmocka_unit_test_setup_teardown(every_one_of_many_is_found_by_its_name, begin, end),
    };
    json_set_alloc_funcs(failing_malloc, free);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
