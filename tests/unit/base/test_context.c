/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "context_internal.h"
#include "failing_allocator.h"

typedef struct hooks {
    int64_t utc;
    uint64_t monotonic;
    int random_result;
    unsigned lines;
    svms_log_level level;
    char line[600];
} hooks;

static int64_t hooked_utc(void *user)
{
    return ((hooks *)user)->utc;
}

static uint64_t hooked_monotonic(void *user)
{
    return ((hooks *)user)->monotonic;
}

static int hooked_random(void *user, uint8_t *out, size_t size)
{
    memset(out, 0x42, size);
    return ((hooks *)user)->random_result;
}

static void hooked_log(void *user, svms_log_level level, const char *line)
{
    hooks *h = user;
    h->lines++;
    h->level = level;
    snprintf(h->line, sizeof h->line, "%s", line);
}

static svms_ctx *context_with(hooks *h)
{
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.user = h;
    options.utc_now = hooked_utc;
    options.monotonic_now = hooked_monotonic;
    options.random_bytes = hooked_random;
    options.log = hooked_log;
    svms_ctx *ctx = NULL;
    assert_int_equal(svms_ctx_new(&ctx, &options, NULL), SVMS_OK);
    return ctx;
}

static void defaults_need_no_options(void **state)
{
    (void)state;
    svms_ctx *ctx = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_ctx_new(&ctx, NULL, &err), SVMS_OK);
    assert_int_equal(err.status, SVMS_OK);
    /* 2020-01-01: the clock runs, and in nanoseconds. */
    assert_true(svms_utc_now(ctx) > INT64_C(1577836800000000000));
    uint64_t before = svms_monotonic_now(ctx);
    assert_true(svms_monotonic_now(ctx) >= before);
    uint8_t a[32] = { 0 };
    uint8_t b[32] = { 0 };
    assert_int_equal(svms_random(ctx, a, sizeof a, NULL), SVMS_OK);
    assert_int_equal(svms_random(ctx, b, sizeof b, NULL), SVMS_OK);
    assert_memory_not_equal(a, b, sizeof a);
    assert_int_equal(svms_random(ctx, NULL, 0, NULL), SVMS_OK);
    svms_log(ctx, SVMS_LOG_ERROR, "to nobody");
    assert_null(svms_ossl_context(ctx));
    assert_null(svms_ossl_properties(ctx));
    svms_ctx_free(&ctx);
    assert_null(ctx);
    svms_ctx_free(&ctx);
    svms_ctx_free(NULL);
}

static void a_place_for_the_context_is_needed(void **state)
{
    (void)state;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_ctx_new(NULL, NULL, &err), SVMS_E_USAGE);
    assert_int_equal(err.status, SVMS_E_USAGE);
}

static void allocate_and_release_go_together(void **state)
{
    (void)state;
    failing_allocator allocator = { NEVER_FAILS, 0 };
    svms_ctx_options options = failing_options(&allocator);
    svms_ctx *ctx = NULL;
    options.release = NULL;
    assert_int_equal(svms_ctx_new(&ctx, &options, NULL), SVMS_E_USAGE);
    options = failing_options(&allocator);
    options.allocate = NULL;
    assert_int_equal(svms_ctx_new(&ctx, &options, NULL), SVMS_E_USAGE);
    assert_null(ctx);
    assert_int_equal(allocator.live, 0);
}

static void longer_options_are_read_only_if_their_tail_is_zero(void **state)
{
    (void)state;
    struct {
        svms_ctx_options known;
        uint64_t unknown;
    } newer = { SVMS_CTX_OPTIONS_INIT, 0 };
    newer.known.struct_size = sizeof newer;
    svms_ctx *ctx = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_ctx_new(&ctx, &newer.known, &err), SVMS_OK);
    svms_ctx_free(&ctx);
    newer.unknown = 1;
    assert_int_equal(svms_ctx_new(&ctx, &newer.known, &err), SVMS_E_USAGE);
    assert_string_equal(err.message,
                        "the context options: a newer version sets what this one lacks");
}

static void every_failed_allocation_of_a_new_context_is_reported(void **state)
{
    (void)state;
    for (long n = 0; n < 2; n++) {
        failing_allocator allocator = { n, 0 };
        svms_ctx_options options = failing_options(&allocator);
        options.ossl_properties = "provider=default";
        svms_ctx *ctx = NULL;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_ctx_new(&ctx, &options, &err), SVMS_E_NO_MEMORY);
        assert_string_equal(err.message, "out of memory");
        assert_null(ctx);
        assert_int_equal(allocator.live, 0);
    }
}

static void a_provider_without_the_algorithms_is_refused(void **state)
{
    (void)state;
    failing_allocator allocator = { NEVER_FAILS, 0 };
    svms_ctx_options options = failing_options(&allocator);
    options.ossl_properties = "provider=nobody";
    svms_ctx *ctx = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_ctx_new(&ctx, &options, &err), SVMS_E_CRYPTO);
    assert_non_null(strstr(err.message, "the provider lacks SHA-256: "));
    assert_int_equal(ERR_peek_error(), 0);
    assert_int_equal(allocator.live, 0);
}

static void properties_are_copied_and_the_library_context_is_passed_on(void **state)
{
    (void)state;
    char properties[] = "provider=default";
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.ossl_properties = properties;
    options.ossl_context = OSSL_LIB_CTX_new();
    svms_ctx *ctx = NULL;
    assert_int_equal(svms_ctx_new(&ctx, &options, NULL), SVMS_OK);
    properties[0] = 'X';
    assert_string_equal(svms_ossl_properties(ctx), "provider=default");
    assert_ptr_equal(svms_ossl_context(ctx), options.ossl_context);
    uint8_t bytes[8];
    assert_int_equal(svms_random(ctx, bytes, sizeof bytes, NULL), SVMS_OK);
    svms_ctx_free(&ctx);
    OSSL_LIB_CTX_free(options.ossl_context);
}

static void memory_comes_zeroed_whatever_the_allocator_gives(void **state)
{
    (void)state;
    failing_allocator allocator = { NEVER_FAILS, 0 };
    svms_ctx_options options = failing_options(&allocator);
    svms_ctx *ctx = NULL;
    assert_int_equal(svms_ctx_new(&ctx, &options, NULL), SVMS_OK);
    static const uint8_t zeros[100];
    uint8_t *a = svms_alloc(ctx, 100);
    uint8_t *b = svms_alloc_array(ctx, 10, 10);
    assert_memory_equal(a, zeros, 100);
    assert_memory_equal(b, zeros, 100);
    char *text = svms_copy_text(ctx, "hello");
    assert_string_equal(text, "hello");
    svms_release(ctx, a);
    svms_release_secret(ctx, b, 100);
    svms_release(ctx, text);
    svms_release(ctx, NULL);
    svms_release_secret(ctx, NULL, 5);
    svms_ctx_free(&ctx);
    assert_int_equal(allocator.live, 0);
}

static void nothing_and_too_much_are_not_allocated(void **state)
{
    (void)state;
    svms_ctx *ctx = NULL;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    assert_null(svms_alloc(ctx, 0));
    assert_null(svms_alloc_array(ctx, 0, 8));
    assert_null(svms_alloc_array(ctx, 8, 0));
    assert_null(svms_alloc_array(ctx, SIZE_MAX / 2, 3));
    svms_ctx_free(&ctx);
}

static void growing_copies_and_failing_to_grow_keeps_the_old(void **state)
{
    (void)state;
    failing_allocator allocator = { NEVER_FAILS, 0 };
    svms_ctx_options options = failing_options(&allocator);
    svms_ctx *ctx = NULL;
    assert_int_equal(svms_ctx_new(&ctx, &options, NULL), SVMS_OK);
    uint8_t *block = svms_grow(ctx, NULL, 0, 4);
    memcpy(block, "abcd", 4);
    uint8_t *grown = svms_grow(ctx, block, 4, 8);
    assert_memory_equal(grown, "abcd\0\0\0\0", 8);
    assert_null(svms_grow(ctx, grown, 8, 4));
    allocator.until_failure = 0;
    assert_null(svms_grow(ctx, grown, 8, 16));
    assert_null(svms_copy_text(ctx, "x"));
    assert_memory_equal(grown, "abcd\0\0\0\0", 8);
    svms_release(ctx, grown);
    svms_ctx_free(&ctx);
    assert_int_equal(allocator.live, 0);
}

static void wiping_zeroes_and_comparing_finds_every_difference(void **state)
{
    (void)state;
    uint8_t a[16];
    uint8_t b[16];
    memset(a, 7, sizeof a);
    memset(b, 7, sizeof b);
    assert_true(svms_equal_secret(a, b, sizeof a));
    assert_true(svms_equal_secret(NULL, NULL, 0));
    for (size_t i = 0; i < sizeof a; i++) {
        b[i] ^= 0x80;
        assert_false(svms_equal_secret(a, b, sizeof a));
        b[i] ^= 0x80;
    }
    static const uint8_t zeros[16];
    svms_wipe(a, sizeof a);
    svms_wipe(NULL, 0);
    assert_memory_equal(a, zeros, sizeof a);
}

static void hooks_are_used_instead_of_the_system(void **state)
{
    (void)state;
    hooks h = { .utc = -5, .monotonic = 77 };
    svms_ctx *ctx = context_with(&h);
    assert_true(svms_utc_now(ctx) == -5);
    assert_true(svms_monotonic_now(ctx) == 77);
    uint8_t out[4] = { 0 };
    assert_int_equal(svms_random(ctx, out, sizeof out, NULL), SVMS_OK);
    assert_memory_equal(out, "BBBB", 4);
    svms_ctx_free(&ctx);
}

static void a_failing_random_source_leaves_nothing_behind(void **state)
{
    (void)state;
    hooks h = { .random_result = -1 };
    svms_ctx *ctx = context_with(&h);
    uint8_t out[4] = { 1, 1, 1, 1 };
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_random(ctx, out, sizeof out, &err), SVMS_E_CRYPTO);
    assert_string_equal(err.message, "the random source of the application failed");
    assert_memory_equal(out, "\0\0\0\0", 4);
    svms_ctx_free(&ctx);
}

static void a_log_line_is_one_printable_line(void **state)
{
    (void)state;
    hooks h = { 0 };
    svms_ctx *ctx = context_with(&h);
    svms_log(ctx, SVMS_LOG_WARNING, "disk %d\nis\tfull", 3);
    assert_int_equal(h.lines, 1);
    assert_int_equal(h.level, SVMS_LOG_WARNING);
    assert_string_equal(h.line, "disk 3?is?full");
    char filler[2000];
    memset(filler, 'x', sizeof filler - 1);
    filler[sizeof filler - 1] = '\0';
    svms_log(ctx, SVMS_LOG_INFO, "%s", filler);
    assert_int_equal(strlen(h.line), 511);
    svms_ctx_free(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_need_no_options),
        cmocka_unit_test(a_place_for_the_context_is_needed),
        cmocka_unit_test(allocate_and_release_go_together),
        cmocka_unit_test(longer_options_are_read_only_if_their_tail_is_zero),
        cmocka_unit_test(every_failed_allocation_of_a_new_context_is_reported),
        cmocka_unit_test(a_provider_without_the_algorithms_is_refused),
        cmocka_unit_test(properties_are_copied_and_the_library_context_is_passed_on),
        cmocka_unit_test(memory_comes_zeroed_whatever_the_allocator_gives),
        cmocka_unit_test(nothing_and_too_much_are_not_allocated),
        cmocka_unit_test(growing_copies_and_failing_to_grow_keeps_the_old),
        cmocka_unit_test(wiping_zeroes_and_comparing_finds_every_difference),
        cmocka_unit_test(hooks_are_used_instead_of_the_system),
        cmocka_unit_test(a_failing_random_source_leaves_nothing_behind),
        cmocka_unit_test(a_log_line_is_one_printable_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
