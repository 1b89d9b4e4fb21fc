/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base64.h"

#define ROOM 64

typedef struct spelling {
    const char *text;
    const char *bytes;
    size_t size;
} spelling;

/* RFC 4648, section 10, without padding; and what differs from base64. */
static const spelling good[] = {
    { "", "", 0 },
    { "Zg", "f", 1 },
    { "Zm8", "fo", 2 },
    { "Zm9v", "foo", 3 },
    { "Zm9vYg", "foob", 4 },
    { "Zm9vYmE", "fooba", 5 },
    { "Zm9vYmFy", "foobar", 6 },
    { "-_-_", "\xFB\xFF\xBF", 3 },
    { "AAAA", "\0\0\0", 3 },
};

static void each_text_stands_for_its_bytes_and_back(void **state)
{
    svms_ctx *ctx = *state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint8_t out[ROOM];
        size_t characters = strlen(good[i].text);
        assert_int_equal(svms_base64url_decoded_size(characters), good[i].size);
        assert_int_equal(svms_base64url_encoded_size(good[i].size), characters);
        assert_true(svms_base64url_decode(good[i].text, characters, out));
        assert_memory_equal(out, good[i].bytes, good[i].size);
        svms_builder builder = svms_builder_new(ctx, ROOM);
        svms_put_base64url(&builder, good[i].bytes, good[i].size);
        assert_int_equal(builder.status, SVMS_OK);
        assert_int_equal(builder.size, characters);
        if (characters > 0) {
            assert_memory_equal(builder.data, good[i].text, characters);
        }
        svms_builder_clear(&builder);
    }
}

static void base64_differs_in_its_last_two_characters(void **state)
{
    static const uint8_t bytes[] = { 0xFB, 0xFF, 0xBF, 'f' };
    svms_ctx *ctx = *state;
    svms_builder builder = svms_builder_new(ctx, ROOM);
    uint8_t out[ROOM];
    svms_put_base64(&builder, bytes, sizeof bytes);
    assert_int_equal(builder.size, 6);
    assert_memory_equal(builder.data, "+/+/Zg", 6);
    svms_builder_clear(&builder);
    assert_true(svms_base64_decode("+/+/Zg", 6, out));
    assert_memory_equal(out, bytes, sizeof bytes);
    assert_false(svms_base64_decode("-_-_Zg", 6, out));
    assert_false(svms_base64_decode("+/+/Zh", 6, out));
    assert_false(svms_base64_decode("+/+/Zg==", 8, out));
    assert_false(svms_base64url_decode("+/+/Zg", 6, out));
}

static void every_other_spelling_is_refused(void **state)
{
    static const char *const bad[] = {
        "Z",     "Zm9vY", "Zg==", "Zm8=", "Zh",         "Zm9",     "Zm 8",
        "Zm8\n", "Zm+v",  "Zm/v", "Zm9.", "\xC3\xA4zz", "Zm9vYmF",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t out[ROOM];
        memset(out, 0xA5, sizeof out);
        size_t characters = strlen(bad[i]);
        bool taken = svms_base64url_decode(bad[i], characters, out);
        if (taken) {
            fail_msg("%s was taken", bad[i]);
        }
        size_t size = svms_base64url_decoded_size(characters);
        for (size_t k = 0; size != SIZE_MAX && k < size; k++) {
            assert_int_equal(out[k], 0);
        }
    }
}

static void each_byte_is_a_character_only_where_the_alphabet_says_so(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        char text[4] = { 'A', 'A', 'A', (char)c };
        uint8_t out[3];
        const char *place = memchr(alphabet, (int)c, sizeof alphabet - 1);
        assert_int_equal(svms_base64url_decode(text, sizeof text, out), place != NULL);
        if (place) {
            assert_int_equal(out[2], place - alphabet);
        }
    }
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
        cmocka_unit_test(each_text_stands_for_its_bytes_and_back),
        cmocka_unit_test(base64_differs_in_its_last_two_characters),
        cmocka_unit_test(every_other_spelling_is_refused),
        cmocka_unit_test(each_byte_is_a_character_only_where_the_alphabet_says_so),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
