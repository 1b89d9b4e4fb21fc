/* SPDX-License-Identifier: Apache-2.0 */
/* Documents as their readers load them: what is refused in words, and what is left in memory that
 * is released: nothing of a document's texts, unless it is plain. */
#include "../container/fixture.h"

#include "json_read.h"

/* Each block with its size in front. */
#define FRONT 16u

static const char words[] = "what nobody else may read";
static unsigned left_behind;
static unsigned released;

static void *take(void *user, size_t size)
{
    (void)user;
    uint8_t *block = malloc(size + FRONT);
    assert_non_null(block);
    memcpy(block, &size, sizeof(size));
    return block + FRONT;
}

static void release(void *user, void *pointer)
{
    size_t size = 0;
    (void)user;
    uint8_t *block = (uint8_t *)pointer - FRONT;
    memcpy(&size, block, sizeof(size));
    for (size_t at = 0; at + 4 <= size; at++) {
        for (size_t part = 0; part + 4 < sizeof(words); part += 3) {
            left_behind += memcmp(block + FRONT + at, words + part, 4) == 0 ? 1u : 0u;
        }
    }
    released++;
    free(block);
}

static int take_over(void **state)
{
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.allocate = take;
    options.release = release;
    return svms_ctx_new((svms_ctx **)state, &options, NULL) == SVMS_OK ? 0 : -1;
}

static int give_back(void **state)
{
    svms_ctx_free((svms_ctx **)state);
    return 0;
}

static const svms_json_limits limits = { 1 << 20, 32 };

static svms_status load(svms_ctx *ctx, const char *text, svms_json_document *out, svms_error *err)
{
    return svms_json_load(out, ctx, "it", &limits, text, strlen(text), err);
}

static void texts_are_wiped_before_their_memory_is_released(void **state)
{
    static const char *const documents[] = {
        "{\"a\":\"what nobody else may read\"}",
        "{\"b\":1,\"a\":\"what nobody else may read\",\"c\":[\"x\"],\"d\":\"short\"}",
        "{\"a\":[{\"b\":[\"what nobody else may read\",{\"c\":\"what nobody else may read\"}]}]}",
        "{\"a\":\"what nobody else may read what nobody else may read what nobody else may read\"}",
        "{\"a\":\"what nobody else may r\\u0065ad\"}",
        "{\"what nobody else may read\":1}",
        /* Refused half-way. */
        "{\"a\":\"what nobody else may read\"",
        "[\"what nobody else may read\"]",
        "{\"what nobody else may read\":1,\"what nobody else may read\":1}",
    };
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        svms_json_document document = { 0 };
        left_behind = 0;
        released = 0;
        if (load(*state, documents[i], &document, NULL) == SVMS_OK) {
            svms_json_unload(&document);
        }
        assert_int_equal(released, 1);
        if (left_behind != 0) {
            fail_msg("document %zu: %u places", i, left_behind);
        }
    }
}

static void plain_texts_are_not_wiped(void **state)
{
    static const char text[] = "{\"a\":\"what nobody else may read\"}";
    svms_json_document document = { 0 };
    left_behind = 0;
    assert_int_equal(
        svms_json_load_plain(&document, *state, "it", &limits, text, strlen(text), NULL), SVMS_OK);
    svms_json_unload(&document);
    assert_true(left_behind > 0);
}

static void one_document_is_read_and_nothing_besides(void **state)
{
    static const struct {
        const char *text;
        const char *words;
    } cases[] = {
        { "{}", NULL },
        { " {} \n", NULL },
        { "", "it: line 1: it ends too early" },
        { "{", "it: line 1: it ends too early" },
        { "{\"a\":\"b", "it: line 1: it ends too early" },
        { "{\"a\":[1,", "it: line 1: it ends too early" },
        { "{\"a\":tr", "it: line 1: it ends too early" },
        { "{},{}", "it: line 1: something follows its end" },
        { "{},", "it: line 1: something follows its end" },
        { ",{}", "it: line 1: it is not JSON" },
        { "{}]", "it: line 1: something follows its end" },
        { "{}],[{}", "it: line 1: something follows its end" },
        { "{}, \"", "it: line 1: something follows its end" },
        { "{} {}", "it: line 1: something follows its end" },
        { "[]", "it: it is no object" },
        { "\"\"", "it: it is no object" },
        { "1", "it: it is no object" },
        { "{\"a\":1,\"a\":2}", "it: line 1: a name occurs twice in an object" },
        { "{\n\"a\":1,\n\"a\":2\n}", "it: line 3: a name occurs twice in an object" },
        { "{\"1\":1,\"2\":1,\n\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1,\n\"3\":1\n}",
          "it: line 3: a name occurs twice in an object" },
        { "\n{\"a\":01}", "it: line 2: it is not JSON" },
        { "{\"a\":\"\xED\xA0\x80\"}", "it: line 1: it is not UTF-8" },
        { "{\xFF}", "it: line 1: it is not UTF-8" },
        { "{\"a\":1e309}", "it: line 1: a number is too large" },
        { "{\"a\\u0000\":1}", "it: line 1: a text holds U+0000" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        svms_json_document document = { 0 };
        svms_error err = SVMS_ERROR_INIT;
        svms_status status = load(*state, cases[i].text, &document, &err);
        assert_int_equal(status, cases[i].words == NULL ? SVMS_OK : SVMS_E_MALFORMED);
        if (cases[i].words != NULL && strcmp(cases[i].words, err.message) != 0) {
            fail_msg("'%s': %s", cases[i].text, err.message);
        }
        if (status == SVMS_OK) {
            svms_json_unload(&document);
        } else {
            assert_true(err.offset <= strlen(cases[i].text));
            assert_null(document.root);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_wiped_before_their_memory_is_released),
        cmocka_unit_test(plain_texts_are_not_wiped),
        cmocka_unit_test(one_document_is_read_and_nothing_besides),
    };
    return cmocka_run_group_tests_name("json_read", tests, take_over, give_back);
}
