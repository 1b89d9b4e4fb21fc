/* SPDX-License-Identifier: Apache-2.0 */
/* What jansson leaves in memory that it releases: nothing of a document's texts. */
#include "../container/fixture.h"

#include <jansson.h>

#include "json_read.h"

/* Each block with its size in front. */
#define FRONT 16u

static const char words[] = "what nobody else may read";
static unsigned left_behind;
static unsigned released;

static void *take(size_t size)
{
    uint8_t *block = malloc(size + FRONT);
    assert_non_null(block);
    memcpy(block, &size, sizeof(size));
    return block + FRONT;
}

static void release(void *pointer)
{
    size_t size = 0;
    if (pointer == NULL) {
        return;
    }
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
    (void)state;
    json_set_alloc_funcs(take, release);
    return 0;
}

static svms_status load(const char *text, svms_json_document *out, svms_error *err)
{
    static const svms_json_limits limits = { 1 << 20, 32 };
    return svms_json_load(out, "it", &limits, text, strlen(text), err);
}

static void texts_are_wiped_before_their_memory_is_released(void **state)
{
    static const char *const documents[] = {
        "{\"a\":\"what nobody else may read\"}",
        "{\"b\":1,\"a\":\"what nobody else may read\",\"c\":[\"x\"],\"d\":\"short\"}",
        "{\"a\":[{\"b\":[\"what nobody else may read\",{\"c\":\"what nobody else may read\"}]}]}",
        "{\"a\":\"what nobody else may read what nobody else may read what nobody else may read\"}",
        "{\"a\":\"what nobody else may r\\u0065ad\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        svms_json_document document = { 0 };
        svms_error err = SVMS_ERROR_INIT;
        left_behind = 0;
        released = 0;
        assert_int_equal(load(documents[i], &document, &err), SVMS_OK);
        svms_json_unload(&document);
        assert_true(released > 0);
        if (left_behind != 0) {
            fail_msg("document %zu: %u places", i, left_behind);
        }
    }
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
        { "{},{}", "it: something follows its end" },
        { "{},", "it: line 1: it ends too early" },
        { ",{}", "it: line 1: it is not JSON" },
        { "{}]", "it: line 1: something follows its end" },
        { "{}],[{}", "it: line 1: something follows its end" },
        { "{}, \"", "it: line 1: it ends too early" },
        { "{} {}", "it: line 1: something follows its end" },
        { "[]", "it: it is no object" },
        { "\"\"", "it: it is no object" },
        { "1", "it: it is no object" },
        { "{\"a\":1,\"a\":2}", "it: line 1: a name occurs twice in an object" },
        { "\n{\"a\":01}", "it: line 2: it is not JSON" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        svms_json_document document = { 0 };
        svms_error err = SVMS_ERROR_INIT;
        svms_status status = load(cases[i].text, &document, &err);
        assert_int_equal(status, cases[i].words == NULL ? SVMS_OK : SVMS_E_MALFORMED);
        if (cases[i].words != NULL && strcmp(cases[i].words, err.message) != 0) {
            fail_msg("'%s': %s", cases[i].text, err.message);
        }
        if (status == SVMS_OK) {
            svms_json_unload(&document);
        } else {
            assert_true(err.offset <= strlen(cases[i].text));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_wiped_before_their_memory_is_released),
        cmocka_unit_test(one_document_is_read_and_nothing_besides),
    };
    return cmocka_run_group_tests_name("json_read", tests, take_over, NULL);
}
