/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include <errno.h>
#include <string.h>

#include "failing_allocator.h"
#include "stream.h"

/* A source and sink whose every answer the test decides. */
typedef struct scripted {
    svms_status status;
    int os_error;
    size_t got;
    uint64_t size;
    unsigned calls;
} scripted;

static svms_status scripted_read(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                                 int *os_error)
{
    scripted *s = user;
    (void)offset;
    s->calls++;
    *os_error = s->os_error;
    *got = s->got;
    memset(out, 0x11, s->got < size ? s->got : size);
    return s->status;
}

static svms_status scripted_size(void *user, uint64_t *size, int *os_error)
{
    scripted *s = user;
    s->calls++;
    *os_error = s->os_error;
    *size = s->size;
    return s->status;
}

static svms_status scripted_write(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    scripted *s = user;
    (void)runs;
    (void)count;
    s->calls++;
    *os_error = s->os_error;
    return s->status;
}

static svms_status scripted_sync(void *user, int *os_error)
{
    scripted *s = user;
    s->calls++;
    *os_error = s->os_error;
    return s->status;
}

static svms_source source_of(scripted *s)
{
    svms_source source = SVMS_SOURCE_INIT;
    source.user = s;
    source.read_at = scripted_read;
    source.get_size = scripted_size;
    return source;
}

static svms_sink sink_of(scripted *s)
{
    svms_sink sink = SVMS_SINK_INIT;
    sink.user = s;
    sink.write = scripted_write;
    sink.sync = scripted_sync;
    return sink;
}

static void a_source_needs_its_size_and_two_callbacks(void **state)
{
    (void)state;
    scripted s = { 0 };
    svms_source source = source_of(&s);
    assert_true(svms_source_usable(&source));
    assert_false(svms_source_usable(NULL));
    source.read_at = NULL;
    assert_false(svms_source_usable(&source));
    source = source_of(&s);
    source.get_size = NULL;
    assert_false(svms_source_usable(&source));
    source = source_of(&s);
    source.struct_size = 0;
    assert_false(svms_source_usable(&source));
    source.struct_size = sizeof source - 1;
    assert_false(svms_source_usable(&source));

    struct {
        svms_source known;
        void *unknown;
    } newer = { source_of(&s), NULL };
    newer.known.struct_size = sizeof newer;
    assert_true(svms_source_usable(&newer.known));
    newer.unknown = &s;
    assert_false(svms_source_usable(&newer.known));
}

static void a_sink_needs_its_size_and_write(void **state)
{
    (void)state;
    scripted s = { 0 };
    svms_sink sink = sink_of(&s);
    assert_true(svms_sink_usable(&sink));
    sink.sync = NULL;
    assert_true(svms_sink_usable(&sink));
    assert_int_equal(svms_sink_sync(&sink, NULL), SVMS_OK);
    sink.write = NULL;
    assert_false(svms_sink_usable(&sink));
    assert_false(svms_sink_usable(NULL));
    sink = sink_of(&s);
    sink.struct_size = 8;
    assert_false(svms_sink_usable(&sink));
    sink.struct_size = UINT32_MAX;
    assert_false(svms_sink_usable(&sink));
}

static void the_status_of_a_callback_is_passed_on(void **state)
{
    (void)state;
    static const struct {
        svms_status given;
        int os_error;
        svms_status expected;
        const char *text;
    } table[] = {
        { SVMS_E_IO, EIO, SVMS_E_IO, ": Input/output error" },
        { SVMS_E_IO, 0, SVMS_E_IO, "cannot" },
        { SVMS_E_CANCELLED, 0, SVMS_E_CANCELLED, "cannot" },
        { SVMS_E_NO_MEMORY, 0, SVMS_E_NO_MEMORY, "cannot" },
        { SVMS_END, 0, SVMS_E_IO, "cannot" },
        { SVMS_AGAIN, EAGAIN, SVMS_E_IO, "cannot" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        scripted s = { .status = table[i].given, .os_error = table[i].os_error };
        svms_source source = source_of(&s);
        svms_sink sink = sink_of(&s);
        svms_iovec run = { "x", 1 };
        uint8_t byte = 0;
        uint64_t size = 5;
        size_t got = 5;
        svms_error err[5] = { SVMS_ERROR_INIT, SVMS_ERROR_INIT, SVMS_ERROR_INIT, SVMS_ERROR_INIT,
                              SVMS_ERROR_INIT };
        assert_int_equal(svms_source_size(&source, &size, &err[0]), table[i].expected);
        assert_int_equal(svms_source_read(&source, 9, &byte, 1, &err[1]), table[i].expected);
        assert_int_equal(svms_source_read_some(&source, 9, &byte, 1, &got, &err[2]),
                         table[i].expected);
        assert_int_equal(svms_sink_write(&sink, &run, 1, &err[3]), table[i].expected);
        assert_int_equal(svms_sink_sync(&sink, &err[4]), table[i].expected);
        assert_true(size == 5 && got == 5);
        for (size_t e = 0; e < 5; e++) {
            assert_int_equal(err[e].status, table[i].expected);
            assert_int_equal(err[e].os_error,
                             table[i].expected == SVMS_E_IO ? table[i].os_error : 0);
            assert_true(err[e].offset == (e == 1 || e == 2 ? 9 : SVMS_NO_OFFSET));
            assert_non_null(strstr(err[e].message, table[i].text));
        }
    }
}

static void a_source_that_ends_early_is_truncated_where_it_ends(void **state)
{
    (void)state;
    scripted s = { .got = 3 };
    svms_source source = source_of(&s);
    uint8_t out[8];
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_source_read(&source, 100, out, 8, &err), SVMS_E_TRUNCATED);
    assert_true(err.offset == 103);
    size_t got = 0;
    assert_int_equal(svms_source_read_some(&source, 100, out, 8, &got, NULL), SVMS_OK);
    assert_int_equal(got, 3);
    assert_int_equal(svms_source_read(&source, 100, out, 3, NULL), SVMS_OK);
}

static void a_source_that_claims_too_much_is_not_believed(void **state)
{
    (void)state;
    scripted s = { .got = 9 };
    svms_source source = source_of(&s);
    uint8_t out[8];
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_source_read(&source, 0, out, 8, &err), SVMS_E_IO);
    assert_string_equal(err.message, "the source claims more bytes than were asked for");
}

static void empty_transfers_ask_nobody(void **state)
{
    (void)state;
    scripted s = { .status = SVMS_E_IO };
    svms_source source = source_of(&s);
    svms_sink sink = sink_of(&s);
    assert_int_equal(svms_source_read(&source, 0, NULL, 0, NULL), SVMS_OK);
    assert_int_equal(svms_sink_write(&sink, NULL, 0, NULL), SVMS_OK);
    assert_int_equal(s.calls, 0);
}

static void memory_is_read_and_viewed_within_its_bounds(void **state)
{
    (void)state;
    svms_ctx *ctx = NULL;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    static const char text[] = "0123456789";
    svms_source source;
    assert_int_equal(svms_source_from_memory(&source, ctx, text, 10, NULL), SVMS_OK);
    assert_true(svms_source_usable(&source));
    uint64_t size = 0;
    assert_int_equal(svms_source_size(&source, &size, NULL), SVMS_OK);
    assert_true(size == 10);
    char out[8] = { 0 };
    assert_int_equal(svms_source_read(&source, 2, out, 4, NULL), SVMS_OK);
    assert_memory_equal(out, "2345", 4);
    size_t got = 9;
    assert_int_equal(svms_source_read_some(&source, 8, out, 8, &got, NULL), SVMS_OK);
    assert_int_equal(got, 2);
    assert_int_equal(svms_source_read_some(&source, UINT64_MAX, out, 8, &got, NULL), SVMS_OK);
    assert_int_equal(got, 0);
    assert_ptr_equal(source.view(source.user, 3, 7), text + 3);
    assert_ptr_equal(source.view(source.user, 10, 0), text + 10);
    assert_null(source.view(source.user, 3, 8));
    assert_null(source.view(source.user, 11, 0));
    assert_null(source.view(source.user, UINT64_MAX, 2));
    assert_null(source.view(source.user, 2, SIZE_MAX));
    svms_source_close(&source);
    assert_null(source.user);
    svms_source_close(&source);
    svms_source_close(NULL);

    assert_int_equal(svms_source_from_memory(&source, ctx, NULL, 0, NULL), SVMS_OK);
    assert_int_equal(svms_source_read_some(&source, 0, out, 8, &got, NULL), SVMS_OK);
    assert_int_equal(got, 0);
    svms_source_close(&source);

    assert_int_equal(svms_source_from_memory(NULL, ctx, text, 1, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_source_from_memory(&source, NULL, text, 1, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_source_from_memory(&source, ctx, NULL, 1, NULL), SVMS_E_USAGE);
    svms_ctx_free(&ctx);
}

static svms_status make_memory_source(svms_ctx *ctx, svms_error *err)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_status status = svms_source_from_memory(&source, ctx, "x", 1, err);
    svms_source_close(&source);
    return status;
}

static void a_memory_source_survives_want_of_memory(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(make_memory_source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_needs_its_size_and_two_callbacks),
        cmocka_unit_test(a_sink_needs_its_size_and_write),
        cmocka_unit_test(the_status_of_a_callback_is_passed_on),
        cmocka_unit_test(a_source_that_ends_early_is_truncated_where_it_ends),
        cmocka_unit_test(a_source_that_claims_too_much_is_not_believed),
        cmocka_unit_test(empty_transfers_ask_nobody),
        cmocka_unit_test(memory_is_read_and_viewed_within_its_bounds),
        cmocka_unit_test(a_memory_source_survives_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
