/* SPDX-License-Identifier: Apache-2.0 */
/* What was told, kept over a restart (I-EXP-9 to I-EXP-11), the bounds of the inventory, and
 * allocations that fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include <svms/time.h>

#include "expiry_case.h"

#define ONES "1111111111111111111111111111111111111111111111111111111111111111"
#define TWOS "2222222222222222222222222222222222222222222222222222222222222222"
#define HEAD "svms-expiry 1\n"
/* Digests by another implementation. */
#define GOLDEN_BODY                                                                                \
    HEAD ONES " 3 0 1790812799\n" TWOS " 0 1 -86400\n"                                             \
              "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff 5 1 9223372036\n"
#define GOLDEN_DIGEST "61b5811c546171fa305334166e20bdf9c0a7a610b243f3f315d87ffa11cb4a79"
#define EMPTY_DIGEST "8aa2292ab99f3ee0c744d4f6eae2b820ae7fd03eb7736b0f65196de39663a46d"

/* The body and its digest. */
static char *with_digest(const char *body)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    size_t size = strlen(body);
    char *text = malloc(size + 80);
    assert_non_null(text);
    SHA256((const uint8_t *)body, size, digest);
    size_t used = (size_t)sprintf(text, "%ssha256 ", body);
    for (size_t i = 0; i < sizeof digest; i++) {
        used += (size_t)sprintf(text + used, "%02x", digest[i]);
    }
    memcpy(text + used, "\n", 2);
    return text;
}

static void the_text_is_the_one_of_the_specification(void **state)
{
    (void)state;
    char *text = saved();
    assert_string_equal(text, HEAD "sha256 " EMPTY_DIGEST "\n");
    free(text);
    assert_int_equal(restore(GOLDEN_BODY "sha256 " GOLDEN_DIGEST "\n"), SVMS_OK);
    text = saved();
    assert_string_equal(text, GOLDEN_BODY "sha256 " GOLDEN_DIGEST "\n");
    free(text);
}

static void a_restart_retells_nothing(void **state)
{
    (void)state;
    static const unsigned count = 40;
    char label[32];
    for (unsigned i = 1; i <= count; i++) {
        snprintf(label, sizeof label, "%u", i);
        watch(label, i, i % 2 ? "2026-07-01T00:00:00Z" : "2027-07-01T00:00:00Z");
    }
    c->told_count = 0;
    assert_int_equal(svms_expiry_check(c->expiry, fixture_time("2026-06-20T00:00:00Z"), NULL, NULL),
                     SVMS_OK);
    assert_int_equal(c->told_count, count / 2);
    char *text = saved();
    expiry_begin_anew();
    assert_int_equal(restore(text), SVMS_OK);
    for (unsigned i = count; i > 0; i--) {
        snprintf(label, sizeof label, "%u", i);
        watch(label, i, i % 2 ? "2026-07-01T00:00:00Z" : "2027-07-01T00:00:00Z");
    }
    check_tells("2026-06-20T00:00:00Z", "");
    char *again = saved();
    assert_string_equal(again, text);
    c->told_count = 0;
    assert_int_equal(svms_expiry_check(c->expiry, fixture_time("2026-06-28T00:00:00Z"), NULL, NULL),
                     SVMS_OK);
    assert_int_equal(c->told_count, count / 2);
    free(again);
    free(text);
}

static void restoring_takes_nothing_away(void **state)
{
    (void)state;
    watch("hall", 1, "2026-07-01T00:00:00Z");
    check_tells("2026-06-20T00:00:00Z", "hall 14 days;");
    char *early = saved();
    check_tells("2026-06-30T12:00:00Z", "hall 1 day;");
    assert_int_equal(restore(early), SVMS_OK);
    check_tells("2026-06-30T12:00:00Z", "");
    assert_int_equal(svms_expiry_count(c->expiry), 1);
    /* Also into what is only remembered. */
    assert_int_equal(svms_expiry_forget(c->expiry, "hall", NULL), SVMS_OK);
    assert_int_equal(restore(early), SVMS_OK);
    watch("hall", 1, "2026-07-01T00:00:00Z");
    check_tells("2026-06-30T12:00:00Z", "");
    free(early);
}

static void what_is_restored_and_never_comes_is_let_go(void **state)
{
    (void)state;
    assert_int_equal(restore(GOLDEN_BODY "sha256 " GOLDEN_DIGEST "\n"), SVMS_OK);
    assert_int_equal(svms_expiry_count(c->expiry), 0);
    check_at((INT64_C(1790812800) + 30 * 86400) * 1000000000 - 1, "");
    char *text = saved();
    assert_non_null(strstr(text, ONES));
    assert_null(strstr(text, TWOS));
    free(text);
    check_at((INT64_C(1790812800) + 30 * 86400) * 1000000000, "");
    text = saved();
    assert_null(strstr(text, ONES));
    assert_non_null(strstr(text, "ffff"));
    free(text);
    check_at(INT64_MAX, "");
    text = saved();
    assert_non_null(strstr(text, "ffff"));
    free(text);
}

typedef struct bad_text {
    const char *body; /* its right digest follows */
    svms_status status;
    uint64_t offset;
    const char *words;
} bad_text;

static void a_text_that_is_none_is_refused_by_name(void **state)
{
    (void)state;
    static const uint64_t line = sizeof HEAD - 1;
    const bad_text cases[] = {
        { "", SVMS_E_MALFORMED, 1, "heading" },
        { "svms-expire 1\n", SVMS_E_MALFORMED, 10, "heading" },
        { "svms-expiry 2\n", SVMS_E_UNSUPPORTED, 12, "version 1" },
        { "svms-expiry 10\n", SVMS_E_UNSUPPORTED, 13, "version 1" },
        { "svms-expiry 1\r\n", SVMS_E_UNSUPPORTED, 13, "version 1" },
        { HEAD "\n", SVMS_E_MALFORMED, line, "fingerprint" },
        { HEAD "1111 3 0 1\n", SVMS_E_MALFORMED, line + 4, "fingerprint" },
        { HEAD ONES "1 3 0 1\n", SVMS_E_MALFORMED, line + 64, "stage" },
        { HEAD "A" ONES " 3 0 1\n", SVMS_E_MALFORMED, line, "fingerprint" },
        { HEAD ONES "  3 0 1\n", SVMS_E_MALFORMED, line + 65, "stage" },
        { HEAD ONES " 6 0 1\n", SVMS_E_MALFORMED, line + 65, "stage" },
        { HEAD ONES " - 0 1\n", SVMS_E_MALFORMED, line + 65, "stage" },
        { HEAD ONES " 0 0 1\n", SVMS_E_MALFORMED, line + 67, "early" },
        { HEAD ONES " 1 2 1\n", SVMS_E_MALFORMED, line + 67, "early" },
        { HEAD ONES " 1 0 \n", SVMS_E_MALFORMED, line + 69, "end of a certificate" },
        { HEAD ONES " 1 0 -\n", SVMS_E_MALFORMED, line + 70, "end of a certificate" },
        { HEAD ONES " 1 0 -0\n", SVMS_E_MALFORMED, line + 71, "end of a certificate" },
        { HEAD ONES " 1 0 +1\n", SVMS_E_MALFORMED, line + 69, "end of a certificate" },
        { HEAD ONES " 1 0 01\n", SVMS_E_MALFORMED, line + 70, "end of a line" },
        { HEAD ONES " 1 0 9223372037\n", SVMS_E_MALFORMED, line + 79, "end of a certificate" },
        { HEAD ONES " 1 0 -9223372037\n", SVMS_E_MALFORMED, line + 80, "end of a certificate" },
        { HEAD ONES " 1 0 99999999999999999999\n", SVMS_E_MALFORMED, line + 79,
          "end of a certificate" },
        { HEAD ONES " 1 0 1 \n", SVMS_E_MALFORMED, line + 70, "end of a line" },
        { HEAD ONES " 1 0 1\r\n", SVMS_E_MALFORMED, line + 70, "end of a line" },
        { HEAD ONES " 1 0 1\n" ONES " 1 0 1\n", SVMS_E_MALFORMED, line + 71, "order" },
        { HEAD TWOS " 1 0 1\n" ONES " 1 0 1\n", SVMS_E_MALFORMED, line + 71, "order" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_error err = SVMS_ERROR_INIT;
        char *text = with_digest(cases[i].body);
        assert_int_equal(svms_expiry_restore(c->expiry, text, strlen(text), &err), cases[i].status);
        assert_int_equal(err.offset, cases[i].offset);
        if (!strstr(err.message, cases[i].words)) {
            fail_msg("%s: %s", cases[i].body, err.message);
        }
        free(text);
    }
    char *text = saved();
    assert_string_equal(text, HEAD "sha256 " EMPTY_DIGEST "\n");
    free(text);
}

static void what_follows_the_digest_is_refused(void **state)
{
    (void)state;
    assert_int_equal(restore(HEAD "sha256 " EMPTY_DIGEST "\n\n"), SVMS_E_MALFORMED);
    assert_int_equal(svms_expiry_restore(c->expiry, HEAD "sha256 " EMPTY_DIGEST "\n",
                                         sizeof HEAD + 7 + 64 + 1, NULL),
                     SVMS_E_MALFORMED);
    assert_int_equal(restore(HEAD "sha256 " EMPTY_DIGEST "\n"), SVMS_OK);
}

static void a_text_without_its_end_is_truncated(void **state)
{
    (void)state;
    static const char text[] = GOLDEN_BODY "sha256 " GOLDEN_DIGEST "\n";
    for (size_t size = 0; size < sizeof text - 1; size++) {
        svms_error err = SVMS_ERROR_INIT;
        /* A copy of just these bytes, so that a sanitizer sees what is read behind them. */
        char *cut = malloc(size + 1);
        assert_non_null(cut);
        memcpy(cut + 1, text, size);
        assert_int_equal(svms_expiry_restore(c->expiry, cut + 1, size, &err), SVMS_E_TRUNCATED);
        assert_int_equal(err.offset, size);
        free(cut);
    }
    char *none = saved();
    assert_string_equal(none, HEAD "sha256 " EMPTY_DIGEST "\n");
    free(none);
}

static void every_changed_byte_is_refused(void **state)
{
    (void)state;
    char text[] = GOLDEN_BODY "sha256 " GOLDEN_DIGEST "\n";
    for (size_t i = 0; i < sizeof text - 1; i++) {
        for (int bit = 0; bit < 8; bit++) {
            text[i] = (char)(text[i] ^ 1 << bit);
            svms_status status = svms_expiry_restore(c->expiry, text, sizeof text - 1, NULL);
            assert_true(status == SVMS_E_MALFORMED || status == SVMS_E_UNSUPPORTED);
            text[i] = (char)(text[i] ^ 1 << bit);
        }
    }
    char *none = saved();
    assert_string_equal(none, HEAD "sha256 " EMPTY_DIGEST "\n");
    free(none);
}

static void a_buffer_that_is_too_small_is_told_how_large_it_must_be(void **state)
{
    (void)state;
    char text[128];
    size_t size = sizeof HEAD - 1 + 7 + 64 + 1;
    size_t length = size;
    memset(text, 'x', sizeof text);
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_expiry_save(c->expiry, text, &size, &err), SVMS_E_LIMIT);
    assert_int_equal(size, length + 1);
    assert_int_equal(text[0], 'x');
    assert_int_equal(svms_expiry_save(c->expiry, text, &size, &err), SVMS_OK);
    assert_int_equal(size, length);
    assert_int_equal(text[size], '\0');
}

/* Lines of this many certificates, the first of which ends first. */
static char *many_lines(unsigned count)
{
    char *body = malloc((size_t)count * 96 + 64);
    assert_non_null(body);
    size_t used = (size_t)sprintf(body, HEAD);
    for (unsigned i = 0; i < count; i++) {
        used += (size_t)sprintf(body + used, "%064x 3 0 %u\n", i, 1000000 + i);
    }
    char *text = with_digest(body);
    free(body);
    return text;
}

/* I-EXP-7 */
static void what_is_remembered_gives_way_to_what_is_used(void **state)
{
    (void)state;
    char *text = many_lines(SVMS_EXPIRY_MAX);
    assert_int_equal(restore(text), SVMS_OK);
    char *same = saved();
    assert_string_equal(same, text);
    free(same);
    free(text);
    watch("hall", 1, "2026-07-01T00:00:00Z");
    text = saved();
    assert_null(strstr(text, "0000000000 3 0 1000000\n"));
    assert_non_null(strstr(text, "0000000001 3 0 1000001\n"));
    free(text);
}

static void too_many_lines_and_bytes_are_refused(void **state)
{
    (void)state;
    svms_error err = SVMS_ERROR_INIT;
    char *text = many_lines(SVMS_EXPIRY_MAX + 1);
    assert_int_equal(svms_expiry_restore(c->expiry, text, strlen(text), &err), SVMS_E_LIMIT);
    assert_non_null(strstr(err.message, "65536"));
    assert_int_equal(svms_expiry_restore(c->expiry, text, SVMS_EXPIRY_TEXT_MAX + 1, &err),
                     SVMS_E_LIMIT);
    free(text);
}

static void there_are_so_many_labels_and_no_more(void **state)
{
    (void)state;
    char label[32];
    chain_plan plan = { { 1, 0 }, 0, 86400 };
    svms_chain *chain = expiry_chain(&plan);
    for (unsigned i = 0; i < SVMS_EXPIRY_MAX; i++) {
        snprintf(label, sizeof label, "%u", i);
        assert_int_equal(svms_expiry_watch(c->expiry, label, chain, NULL), SVMS_OK);
    }
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_expiry_watch(c->expiry, "one more", chain, &err), SVMS_E_LIMIT);
    assert_non_null(strstr(err.message, "65536"));
    assert_int_equal(svms_expiry_watch(c->expiry, "7", chain, NULL), SVMS_OK);
    assert_int_equal(svms_expiry_forget(c->expiry, "7", NULL), SVMS_OK);
    assert_int_equal(svms_expiry_watch(c->expiry, "one more", chain, NULL), SVMS_OK);
    assert_int_equal(svms_expiry_count(c->expiry), 1);
    svms_chain_free(&chain);
}

static svms_chain *subject; /* what the attempts below watch */

static svms_status make(svms_error *err)
{
    svms_expiry *made = NULL;
    svms_status status = svms_expiry_new(&made, c->ctx, NULL, NULL, err);
    assert_int_equal(made != NULL, status == SVMS_OK);
    svms_expiry_free(&made);
    return status;
}

static svms_status watch_and_forget(svms_error *err)
{
    svms_status status = svms_expiry_watch(c->expiry, "new", subject, err);
    assert_int_equal(svms_expiry_count(c->expiry), status == SVMS_OK ? 4 : 1);
    assert_int_equal(svms_expiry_forget(c->expiry, "new", NULL),
                     status == SVMS_OK ? SVMS_OK : SVMS_END);
    return status;
}

static svms_status replace(svms_error *err)
{
    svms_status status = svms_expiry_watch(c->expiry, "old", subject, err);
    assert_int_equal(svms_expiry_count(c->expiry), status == SVMS_OK ? 3 : 1);
    if (status == SVMS_OK) {
        c->allocator.failing = 0;
        watch("old", 99, "2026-07-01T00:00:00Z");
    }
    return status;
}

static svms_status save(svms_error *err)
{
    char text[512] = "untouched";
    size_t size = sizeof text;
    svms_status status = svms_expiry_save(c->expiry, text, &size, err);
    assert_int_equal(strcmp(text, "untouched") != 0, status == SVMS_OK);
    return status;
}

static svms_status restore_elsewhere(svms_error *err)
{
    static const char text[] = GOLDEN_BODY "sha256 " GOLDEN_DIGEST "\n";
    svms_expiry *other = NULL;
    size_t failing = c->allocator.failing;
    size_t count = c->allocator.count;
    c->allocator.failing = 0;
    assert_int_equal(svms_expiry_new(&other, c->ctx, NULL, NULL, NULL), SVMS_OK);
    c->allocator.failing = failing;
    c->allocator.count = count;
    svms_status status = svms_expiry_restore(other, text, sizeof text - 1, err);
    svms_expiry_free(&other);
    return status;
}

static void each_allocation_fails_once(void **state)
{
    (void)state;
    static svms_status (*const attempts[])(svms_error *) = { make, watch_and_forget, replace, save,
                                                             restore_elsewhere };
    chain_plan plan = { { 1, 2, 3, 0 }, 0, 86400 };
    subject = expiry_chain(&plan);
    watch("old", 99, "2026-07-01T00:00:00Z");
    check_tells("2026-06-30T12:00:00Z", "old 1 day;");
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        size_t failures = 0;
        svms_status status = SVMS_E_NO_MEMORY;
        while (status != SVMS_OK) {
            svms_error err = SVMS_ERROR_INIT;
            size_t live = c->allocator.live;
            c->allocator.count = 0;
            c->allocator.failing = failures + 1;
            status = attempts[i](&err);
            c->allocator.failing = 0;
            assert_true(status == SVMS_OK || status == SVMS_E_NO_MEMORY);
            assert_int_equal(err.status, status);
            assert_int_equal(c->allocator.live, live);
            failures += status == SVMS_OK ? 0 : 1;
            assert_true(failures < 1000);
        }
        assert_true(failures > 0);
    }
    /* What was told of the old one is still known. */
    check_tells("2026-06-30T12:00:00Z", "");
    svms_chain_free(&subject);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, expiry_set_up, expiry_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_text_is_the_one_of_the_specification),
        TEST(a_restart_retells_nothing),
        TEST(restoring_takes_nothing_away),
        TEST(what_is_restored_and_never_comes_is_let_go),
        TEST(a_text_that_is_none_is_refused_by_name),
        TEST(what_follows_the_digest_is_refused),
        TEST(a_text_without_its_end_is_truncated),
        TEST(every_changed_byte_is_refused),
        TEST(a_buffer_that_is_too_small_is_told_how_large_it_must_be),
        TEST(what_is_remembered_gives_way_to_what_is_used),
        TEST(too_many_lines_and_bytes_are_refused),
        TEST(there_are_so_many_labels_and_no_more),
        TEST(each_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
