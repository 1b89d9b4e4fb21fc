/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http_chunks.h"

/* Hands in `step` bytes more at a time; says how many bytes of the text belong to the body. */
static http_chunks_place run(const char *text, size_t size, size_t step, char *out, size_t *used)
{
    http_chunks chunks = { HTTP_CHUNKS_SIZE, 0 };
    size_t there = 0;
    size_t at = 0;
    size_t length = 0;
    while (there < size) {
        there = size - there < step ? size : there + step;
        for (;;) {
            http_slice data;
            size_t took = http_chunks_take(&chunks, text + at, there - at, &data);
            if (took == 0) {
                break;
            }
            memcpy(out + length, data.bytes, data.size);
            length += data.size;
            at += took;
        }
    }
    out[length] = '\0';
    *used = at;
    return chunks.place;
}

static void chunks_are_joined_however_they_arrive(void **state)
{
    static const char text[] = "5\r\nhello\r\nA\r\n, world!\r\n\r\n1\r\n\n\r\n0\r\n\r\nGET /";
    (void)state;
    for (size_t step = 1; step <= sizeof text; step++) {
        char out[64];
        size_t used = 0;
        assert_int_equal(run(text, sizeof text - 1, step, out, &used), HTTP_CHUNKS_DONE);
        assert_string_equal(out, "hello, world!\r\n\n");
        assert_int_equal(used, sizeof text - 1 - 5);
    }
}

static void what_is_no_chunk_is_refused(void **state)
{
    static const char *const cases[] = {
        "g\r\n",
        "\r\n",
        " 1\r\na\r\n",
        "1 \r\na\r\n",
        "+1\r\na",
        "-1\r\n",
        "0x1\r\na",
        "01\r\na",
        "00\r\n\r\n",
        "1;a=b\r\na",
        "1\na\n",
        "1\ra",
        "1\r\nab\r\n",
        "1\r\na\n",
        "1\r\na0\r\n",
        "0\r\nX: y\r\n",
        "0\r\n\n",
        "fffffffff0\r\n",
        "10000000000000001\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t step = 1; step < 4; step++) {
            char out[64];
            size_t used = 0;
            assert_int_equal(run(cases[i], strlen(cases[i]), step, out, &used), HTTP_CHUNKS_BAD);
        }
    }
}

static void a_body_that_is_cut_is_not_done(void **state)
{
    static const char text[] = "3\r\nabc\r\n0\r\n\r\n";
    (void)state;
    for (size_t size = 1; size < sizeof text - 1; size++) {
        char out[64];
        size_t used = 0;
        http_chunks_place place = run(text, size, 1, out, &used);
        assert_true(place != HTTP_CHUNKS_DONE && place != HTTP_CHUNKS_BAD);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_are_joined_however_they_arrive),
        cmocka_unit_test(what_is_no_chunk_is_refused),
        cmocka_unit_test(a_body_that_is_cut_is_not_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
