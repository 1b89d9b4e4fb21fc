/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "failure.h"

static void a_failure_fills_every_field(void **state)
{
    (void)state;
    svms_error err = SVMS_ERROR_INIT;
    err.segment = 7;
    err.os_error = 5;
    assert_int_equal(svms_fail(&err, SVMS_E_LIMIT, "%d tracks are too many", 300), SVMS_E_LIMIT);
    assert_int_equal(err.status, SVMS_E_LIMIT);
    assert_true(err.offset == SVMS_NO_OFFSET);
    assert_true(err.segment == SVMS_NO_SEGMENT);
    assert_int_equal(err.os_error, 0);
    assert_string_equal(err.message, "300 tracks are too many");
}

static void a_failure_at_an_offset_names_it(void **state)
{
    (void)state;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_fail_at(&err, SVMS_E_MALFORMED, 1234, "bad magic"), SVMS_E_MALFORMED);
    assert_true(err.offset == 1234);
    assert_string_equal(err.message, "bad magic");
}

static void an_io_failure_says_what_the_system_said(void **state)
{
    (void)state;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_fail_io(&err, ENOSPC, "cannot write %s", "it"), SVMS_E_IO);
    assert_int_equal(err.os_error, ENOSPC);
    assert_string_equal(err.message, "cannot write it: No space left on device");

    assert_int_equal(svms_fail_io_at(&err, EIO, 99, "cannot read"), SVMS_E_IO);
    assert_true(err.offset == 99);
    assert_string_equal(err.message, "cannot read: Input/output error");

    assert_int_equal(svms_fail_io(&err, 0, "it failed"), SVMS_E_IO);
    assert_string_equal(err.message, "it failed");

    svms_fail_io(&err, 99999, "it failed");
    assert_non_null(strstr(err.message, "99999"));
}

static void the_system_text_survives_a_message_that_is_too_long(void **state)
{
    (void)state;
    svms_error err = SVMS_ERROR_INIT;
    char filler[400];
    memset(filler, 'x', sizeof filler - 1);
    filler[sizeof filler - 1] = '\0';
    svms_fail_io(&err, EACCES, "%s", filler);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    assert_non_null(strstr(err.message, "xxx: Permission denied"));
}

static void a_long_path_keeps_its_end_and_the_reason(void **state)
{
    (void)state;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_fail_path(&err, SVMS_E_IO, EACCES, "create", "/x/y", NULL), SVMS_E_IO);
    assert_string_equal(err.message, "cannot create /x/y: Permission denied");
    svms_fail_path(&err, SVMS_E_IO, EISDIR, "open", "/x", "is a directory");
    assert_string_equal(err.message, "cannot open /x: is a directory");
    assert_int_equal(err.os_error, EISDIR);

    char path[1000];
    memset(path, 'p', sizeof path);
    memcpy(path + sizeof path - 10, "/last.svm", 10);
    svms_fail_path(&err, SVMS_E_EXISTS, EEXIST, "create", path, NULL);
    assert_non_null(strstr(err.message, "cannot create ...ppp"));
    assert_non_null(strstr(err.message, "ppp/last.svm: File exists"));
}

static void a_shortened_text_never_ends_or_begins_within_a_character(void **state)
{
    (void)state;
    svms_error err = SVMS_ERROR_INIT;
    /* 3-byte characters, with 0, 1 and 2 bytes before them. */
    for (size_t shift = 0; shift < 3; shift++) {
        char text[700];
        memset(text, 'a', shift);
        for (size_t i = shift; i + 3 < sizeof text; i += 3) {
            memcpy(text + i, "\xE2\x82\xAC", 4);
        }
        svms_fail(&err, SVMS_E_USAGE, "%s", text);
        size_t length = strlen(err.message);
        assert_int_equal((length - shift) % 3, 0);
        assert_true(length + 3 >= sizeof err.message - 1);

        svms_fail_io(&err, EIO, "%s", text);
        const char *colon = strstr(err.message, ": Input");
        assert_non_null(colon);
        assert_int_equal((size_t)(colon - err.message - (ptrdiff_t)shift) % 3, 0);

        svms_fail_path(&err, SVMS_E_IO, EIO, "open", text, NULL);
        const char *dots = strstr(err.message, "...");
        assert_non_null(dots);
        assert_int_equal((unsigned char)dots[3], 0xE2);
    }
}

static void control_characters_do_not_reach_the_message(void **state)
{
    (void)state;
    svms_error err = SVMS_ERROR_INIT;
    svms_fail(&err, SVMS_E_USAGE, "a\nb\x1B[31mc\x7F");
    assert_string_equal(err.message, "a?b?[31mc?");
}

static void nobody_needs_to_pass_an_error(void **state)
{
    (void)state;
    assert_int_equal(svms_fail(NULL, SVMS_E_STATE, "x"), SVMS_E_STATE);
    assert_int_equal(svms_fail_at(NULL, SVMS_E_STATE, 1, "x"), SVMS_E_STATE);
    assert_int_equal(svms_fail_io(NULL, EIO, "x"), SVMS_E_IO);
    assert_int_equal(svms_fail_io_at(NULL, EIO, 1, "x"), SVMS_E_IO);
    assert_int_equal(svms_fail_path(NULL, SVMS_E_EXISTS, EIO, "open", "x", NULL), SVMS_E_EXISTS);
    assert_int_equal(svms_fail_memory(NULL), SVMS_E_NO_MEMORY);
    assert_int_equal(svms_fail_crypto(NULL, "x"), SVMS_E_CRYPTO);
    svms_fail_in_segment(NULL, 1);
}

static void an_error_that_was_not_initialised_is_left_alone(void **state)
{
    (void)state;
    svms_error err;
    memset(&err, 0, sizeof err);
    svms_error before = err;
    svms_fail_io(&err, EIO, "x");
    svms_fail_in_segment(&err, 1);
    assert_memory_equal(&err, &before, sizeof err);
}

static void a_provider_failure_gives_the_cause_and_empties_the_queue(void **state)
{
    (void)state;
    svms_error err = SVMS_ERROR_INIT;
    assert_null(EVP_MD_fetch(NULL, "NO-SUCH-DIGEST", NULL));
    assert_int_equal(svms_fail_crypto(&err, "cannot prepare"), SVMS_E_CRYPTO);
    assert_string_equal(err.message, "cannot prepare: unsupported");
    assert_int_equal(ERR_peek_error(), 0);

    assert_int_equal(svms_fail_crypto(&err, "cannot prepare"), SVMS_E_CRYPTO);
    assert_string_equal(err.message, "cannot prepare: the provider failed");

    ERR_raise(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE);
    assert_int_equal(svms_fail_crypto(&err, "cannot prepare"), SVMS_E_NO_MEMORY);
    assert_string_equal(err.message, "out of memory");
    assert_int_equal(ERR_peek_error(), 0);
}

static void the_innermost_segment_is_the_one_reported(void **state)
{
    (void)state;
    svms_error err = SVMS_ERROR_INIT;
    svms_fail(&err, SVMS_E_MALFORMED, "x");
    svms_fail_in_segment(&err, 3);
    svms_fail_in_segment(&err, 9);
    assert_true(err.segment == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_fills_every_field),
        cmocka_unit_test(a_failure_at_an_offset_names_it),
        cmocka_unit_test(an_io_failure_says_what_the_system_said),
        cmocka_unit_test(the_system_text_survives_a_message_that_is_too_long),
        cmocka_unit_test(a_long_path_keeps_its_end_and_the_reason),
        cmocka_unit_test(a_shortened_text_never_ends_or_begins_within_a_character),
        cmocka_unit_test(control_characters_do_not_reach_the_message),
        cmocka_unit_test(nobody_needs_to_pass_an_error),
        cmocka_unit_test(an_error_that_was_not_initialised_is_left_alone),
        cmocka_unit_test(a_provider_failure_gives_the_cause_and_empties_the_queue),
        cmocka_unit_test(the_innermost_segment_is_the_one_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
