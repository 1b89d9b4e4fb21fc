/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of JSON against a table, against another reader, and against hostile sizes. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "builder.h"
#include "failing_allocator.h"
#include "json_cases.h"
#include "json_parse.h"

#define CASES (sizeof json_values / sizeof json_values[0])
#define MUTATIONS 150000
#define ROOM 1024
#define MANY 60000u

static const svms_json_limits limits = { 1 << 24, 64 };

static svms_status load(svms_ctx *ctx, svms_json_document *out, const void *text, size_t size)
{
    return svms_json_load(out, ctx, "it", &limits, text, size, NULL);
}

static size_t wrap(char out[ROOM], const json_case *one)
{
    static const char head[] = "{\"v\":";
    memcpy(out, head, sizeof head - 1);
    memcpy(out + sizeof head - 1, one->text, one->size);
    out[sizeof head - 1 + one->size] = '}';
    return sizeof head + one->size;
}

static void what_is_json_is_read_and_nothing_else(void **state)
{
    char text[ROOM];
    assert_true(CASES >= 150);
    for (size_t i = 0; i < CASES; i++) {
        svms_json_document document;
        svms_status status = load(*state, &document, text, wrap(text, &json_values[i]));
        if (status != (json_values[i].is_good ? SVMS_OK : SVMS_E_MALFORMED)) {
            fail_msg("case %zu, '%s': %s", i, json_values[i].text, svms_status_name(status));
        }
        if (status == SVMS_OK) {
            svms_json_unload(&document);
        }
    }
}

static void expect_number(const json_t *theirs, const svms_json_value *ours)
{
    if (json_is_integer(theirs)) {
        assert_int_equal(ours->kind, SVMS_JSON_INTEGER);
        assert_true(ours->of.integer == json_integer_value(theirs));
        return;
    }
    assert_int_equal(ours->kind, SVMS_JSON_REAL);
    assert_int_equal(strlen(ours->of.text), ours->size);
    assert_true(strtod(ours->of.text, NULL) == json_real_value(theirs));
}

static void expect_same(const json_t *theirs, const svms_json_value *ours);

static void expect_same_members(json_t *theirs, const svms_json_value *ours)
{
    const char *name = NULL;
    json_t *member = NULL;
    uint32_t i = 0;
    assert_int_equal(ours->kind, SVMS_JSON_OBJECT);
    assert_int_equal(ours->size, json_object_size(theirs));
    json_object_foreach(theirs, name, member)
    {
        const svms_json_value *found = svms_json_value_named(ours, name);
        assert_ptr_equal(found, &ours->of.children[i++]);
        assert_string_equal(found->name, name);
        assert_int_equal(found->name_size, strlen(name));
        expect_same(member, found);
    }
}

static void expect_same(const json_t *theirs, const svms_json_value *ours)
{
    static const svms_json_kind kinds[] = {
        [JSON_TRUE] = SVMS_JSON_TRUE,
        [JSON_FALSE] = SVMS_JSON_FALSE,
        [JSON_NULL] = SVMS_JSON_NULL,
    };
    switch (json_typeof(theirs)) {
    case JSON_OBJECT:
        expect_same_members((json_t *)(uintptr_t)theirs, ours);
        break;
    case JSON_ARRAY:
        assert_int_equal(ours->kind, SVMS_JSON_ARRAY);
        assert_int_equal(ours->size, json_array_size(theirs));
        for (uint32_t i = 0; i < ours->size; i++) {
            assert_null(ours->of.children[i].name);
            expect_same(json_array_get(theirs, i), &ours->of.children[i]);
        }
        break;
    case JSON_STRING:
        assert_int_equal(ours->kind, SVMS_JSON_TEXT);
        assert_int_equal(ours->size, json_string_length(theirs));
        assert_string_equal(ours->of.text, json_string_value(theirs));
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        expect_number(theirs, ours);
        break;
    default:
        assert_int_equal(ours->kind, kinds[json_typeof(theirs)]);
        break;
    }
}

/* Both refuse, or both accept and see the same; a byte 0 is always refused here. True where they
 * accept. */
static bool compare(svms_ctx *ctx, const char *text, size_t size)
{
    svms_json_document document;
    json_t *theirs = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    svms_status status = load(ctx, &document, text, size);
    /* jansson loses a byte 0 that it looked at and put back, as behind a number. */
    bool is_object = json_is_object(theirs) && memchr(text, 0, size) == NULL;
    if ((status == SVMS_OK) != is_object) {
        fail_msg("%.*s: %s, but jansson %s", (int)size, text, svms_status_name(status),
                 is_object ? "reads it" : "refuses it");
    }
    if (status == SVMS_OK) {
        expect_same(theirs, document.root);
        svms_json_unload(&document);
    }
    json_decref(theirs);
    return is_object;
}

static uint32_t chance(uint32_t below)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 16) % below);
}

static size_t cut(char *text, size_t size, size_t at, size_t count)
{
    memmove(text + at, text + at + count, size - at - count);
    return size - count;
}

static size_t insert(char *text, size_t size, size_t at, const char *bytes, size_t count)
{
    memmove(text + at + count, text + at, size - at);
    memcpy(text + at, bytes, count);
    return size + count;
}

/* One change: a byte, a piece of grammar, a piece of the text itself, or something missing. */
static size_t mutate(char *text, size_t size)
{
    static const char *const pieces[] = {
        "{",     "}",       "[",        "]",    ",",        ":",        "\"",   "\\",    "\\u0061",
        "\\u",   "\\ud83d", "\\ude00",  "0",    "-",        ".",        "e",    "1e308", "\xC3",
        "null",  "true",    "\xE2\x82", " ",    "\n",       "\xED\xA0", "\\n",  "[]",    "{}",
        "\"a\"", "\"a\":",  ",\"a\":1", "1e-5", "99999999", "\x80",     "\\\\", "\\\"",  "false",
    };
    size_t at = chance((uint32_t)size);
    char copy[8];
    size_t count = size - at < sizeof copy ? size - at : sizeof copy;
    const char *piece = pieces[chance(sizeof pieces / sizeof pieces[0])];
    switch (chance(5)) {
    case 0:
        text[at] = (char)chance(256);
        return size;
    case 1:
        return cut(text, size, at, size > count ? 1 + chance((uint32_t)count) : 0);
    case 2:
        memcpy(copy, text + at, count);
        return insert(text, size, chance((uint32_t)size), copy, count);
    default:
        return insert(text, size, at, piece, strlen(piece));
    }
}

static size_t choose(char text[ROOM])
{
    static const char *const documents[] = {
        "{\"iss\":\"https://id.example\",\"exp\":1800000300,\"nbf\":1.8e9,\"aud\":[\"a\",\"b\"]}",
        "{\"a\":{\"b\":[1,-2.5,{\"c\":null}],\"d\":\"\\u00e9\\ud83d\\ude00\"},\"e\":true}",
        "{\"1\":1,\"2\":2,\"3\":3,\"4\":4,\"5\":5,\"6\":6,\"7\":7,\"8\":8,\"9\":9,\"10\":0}",
        " {\n\t\"name\" : \"caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\" , \"list\" : [ ] }\r\n",
        "{\"rights\":[{\"type\":\"svms\",\"actions\":[\"*\"],\"when\":[{\"from\":\"6\"}]}]}",
    };
    const size_t count = sizeof documents / sizeof documents[0];
    if (chance(2) == 0) {
        return wrap(text, &json_values[chance((uint32_t)CASES)]);
    }
    const char *document = documents[chance((uint32_t)count)];
    memcpy(text, document, strlen(document));
    return strlen(document);
}

/* But for one difference, neither of the two reads what the other refuses. */
static void mutations_are_read_as_jansson_reads_them(void **state)
{
    size_t good = 0;
    for (int i = 0; i < MUTATIONS; i++) {
        char text[ROOM];
        size_t size = choose(text);
        for (uint32_t changes = 1 + chance(3); changes > 0; changes--) {
            size = mutate(text, size);
        }
        good += compare(*state, text, size) ? 1u : 0u;
    }
    /* It says something about both. */
    assert_true(good > MUTATIONS / 50 && good < MUTATIONS - MUTATIONS / 50);
}

static void the_table_is_read_as_jansson_reads_it(void **state)
{
    char text[ROOM];
    for (size_t i = 0; i < CASES; i++) {
        assert_int_equal(compare(*state, text, wrap(text, &json_values[i])),
                         json_values[i].is_good);
    }
}

/* Every end, in memory of just that size, so that a sanitizer sees what reads on. */
static void every_beginning_of_a_document_is_refused(void **state)
{
    static const char text[] = "{\"a\":[1,-2.5e3,\"\\ud83d\\ude00\xE2\x82\xAC\",{\"b\":null}],"
                               "\"c\":{},\"d\":true}";
    for (size_t size = 0; size < sizeof text - 1; size++) {
        svms_json_document document;
        char *part = malloc(size + (size == 0));
        assert_non_null(part);
        memcpy(part, text, size);
        assert_int_equal(load(*state, &document, part, size), SVMS_E_MALFORMED);
        free(part);
    }
    assert_true(compare(*state, text, sizeof text - 1));
}

/* Names that differ at their ends only, in an order that is none; then one of them again. */
static void large_objects_find_their_members_and_their_twins(void **state)
{
    char name[64];
    svms_builder text = svms_builder_new(*state, limits.size);
    svms_json_document document;
    svms_put_u8(&text, '{');
    for (uint32_t i = 0; i < MANY; i++) {
        int size = snprintf(name, sizeof name, "%s\"a long beginning %06u\":%u", i > 0 ? "," : "",
                            (unsigned)((uint64_t)i * 48271 % MANY), (unsigned)i);
        svms_put_bytes(&text, name, (size_t)size);
    }
    svms_put_u8(&text, '}');
    assert_int_equal(svms_builder_check(&text, "it", NULL), SVMS_OK);
    assert_int_equal(load(*state, &document, text.data, text.size), SVMS_OK);
    svms_json_node root = svms_json_root(&document);
    for (uint32_t i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof name, "a long beginning %06u",
                       (unsigned)((uint64_t)i * 48271 % MANY));
        assert_string_equal(svms_json_member(&root, i), name);
        assert_int_equal(svms_json_number(&root, name, MANY), i);
    }
    assert_false(svms_json_is_there(&root, "a long beginning"));
    assert_false(svms_json_is_there(&root, "a long beginning 060000"));
    svms_json_unload(&document);

    static const char twin[] = ",\"a long beginning 000007\":0}";
    text.size--;
    svms_put_bytes(&text, twin, sizeof twin - 1);
    assert_int_equal(svms_builder_check(&text, "it", NULL), SVMS_OK);
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_json_load(&document, *state, "it", &limits, text.data, text.size, &err),
                     SVMS_E_MALFORMED);
    assert_string_equal(err.message, "it: line 1: a name occurs twice in an object");
    assert_int_equal(err.offset, text.size - (sizeof twin - 1) + 2);
    svms_builder_clear(&text);
}

static void limits_hold_to_the_value(void **state)
{
    static const struct {
        const char *text;
        svms_json_limits limits;
        const char *words; /* NULL: it is read */
    } cases[] = {
        { "{\"a\":[[]]}", { 10, 3 }, NULL },
        { "{\"a\":[[]]}", { 9, 3 }, "it: it has 10 bytes, more than 9" },
        { "{\"a\":[[]]}", { 10, 2 }, "it: it is 3 levels deep, more than 2" },
        { "{\"a\":\"[[[[\"}", { 99, 1 }, NULL },
        { "{\"a\":\"\\\"[[[[\"}", { 99, 1 }, NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_json_document document;
        svms_error err = SVMS_ERROR_INIT;
        svms_status status = svms_json_load(&document, *state, "it", &cases[i].limits,
                                            cases[i].text, strlen(cases[i].text), &err);
        assert_int_equal(status, cases[i].words ? SVMS_E_MALFORMED : SVMS_OK);
        if (cases[i].words) {
            assert_string_equal(err.message, cases[i].words);
        } else {
            svms_json_unload(&document);
        }
    }
}

/* An object and an array with values up to the limit, and one more. */
static void as_many_values_are_read_as_are_allowed(void **state)
{
    const uint32_t entries = SVMS_JSON_MAX_VALUES - 2;
    svms_builder text = svms_builder_new(*state, limits.size);
    svms_json_document document;
    svms_put_bytes(&text, "{\"a\":[0", 7);
    for (uint32_t i = 1; i < entries; i++) {
        svms_put_bytes(&text, ",7", 2);
    }
    svms_put_bytes(&text, "]}", 2);
    assert_int_equal(svms_builder_check(&text, "it", NULL), SVMS_OK);
    assert_int_equal(load(*state, &document, text.data, text.size), SVMS_OK);
    svms_json_node root = svms_json_root(&document);
    assert_int_equal(svms_json_count(&root, "a", SIZE_MAX), entries);
    assert_int_equal(svms_json_item_number(&root, "a", entries - 1, 7), 7);
    svms_json_unload(&document);
    text.size -= 2;
    svms_put_bytes(&text, ",7,7]}", 6);
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_json_load(&document, *state, "it", &limits, text.data, text.size, &err),
                     SVMS_E_MALFORMED);
    assert_string_equal(err.message, "it: it has more than 524288 values");
    svms_builder_clear(&text);
}

static void members_are_written_as_they_were_read(void **state)
{
    static const char text[] = "{ \"b\":1, \"a\" : {\"x\":[ "
                               "],\"\\u0022\":\"\\u00e9\\n\\\\\",\"n\":[1,-2,1.50e+3,null,true,"
                               "false,{}],\"z\":{\"y\":[[],[1]]}} }";
    static const char written[] =
        "{\"a\":{\"x\":[],\"\\\"\":\"\xC3\xA9\\u000a\\\\\",\"n\":[1,-2,1.50e+3,null,true,false,{}],"
        "\"z\":{\"y\":[[],[1]]}},\"b\":1}";
    svms_json_document document;
    svms_builder out = svms_builder_new(*state, 1000);
    assert_int_equal(load(*state, &document, text, sizeof text - 1), SVMS_OK);
    svms_put_u8(&out, '{');
    svms_json_put_member(&out, &document, "a");
    svms_json_put_member(&out, &document, "none");
    svms_json_put_member(&out, &document, "b");
    svms_put_u8(&out, '}');
    assert_int_equal(svms_builder_check(&out, "it", NULL), SVMS_OK);
    assert_int_equal(out.size, sizeof written - 1);
    assert_memory_equal(out.data, written, sizeof written - 1);
    svms_builder_clear(&out);
    svms_json_unload(&document);
}

static svms_status load_and_unload(svms_ctx *ctx, svms_error *err)
{
    static const char text[] = "{\"a\":[1,2,{\"b\":\"c\"}]}";
    svms_json_document document;
    svms_status status = svms_json_load(&document, ctx, "it", &limits, text, sizeof text - 1, err);
    if (status == SVMS_OK) {
        svms_json_unload(&document);
        status = svms_json_load_plain(&document, ctx, "it", &limits, text, sizeof text - 1, err);
    }
    if (status == SVMS_OK) {
        svms_json_unload(&document);
    }
    return status;
}

static void memory_that_runs_out_is_not_malformed(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(load_and_unload);
}

static int open_context(void **state)
{
    return svms_ctx_new((svms_ctx **)state, NULL, NULL) == SVMS_OK ? 0 : -1;
}

static int close_context(void **state)
{
    svms_ctx_free((svms_ctx **)state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_json_is_read_and_nothing_else),
        cmocka_unit_test(the_table_is_read_as_jansson_reads_it),
        cmocka_unit_test(mutations_are_read_as_jansson_reads_them),
        cmocka_unit_test(every_beginning_of_a_document_is_refused),
        cmocka_unit_test(large_objects_find_their_members_and_their_twins),
        cmocka_unit_test(limits_hold_to_the_value),
        cmocka_unit_test(as_many_values_are_read_as_are_allowed),
        cmocka_unit_test(members_are_written_as_they_were_read),
        cmocka_unit_test(memory_that_runs_out_is_not_malformed),
    };
    return cmocka_run_group_tests_name("json_parse", tests, open_context, close_context);
}
