/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include <string.h>

#include "options.h"

typedef struct known_struct {
    uint32_t struct_size;
    uint32_t first;
    uint32_t second;
} known_struct;

typedef struct newer_struct {
    known_struct known;
    uint32_t third;
} newer_struct;

static void no_options_leave_the_preset(void **state)
{
    (void)state;
    known_struct known = { sizeof known, 1, 2 };
    assert_int_equal(svms_options_read(&known, sizeof known, NULL, "x", NULL), SVMS_OK);
    assert_int_equal(known.first, 1);
    assert_int_equal(known.second, 2);
}

static void shorter_options_are_extended_with_zeros(void **state)
{
    (void)state;
    known_struct known = { sizeof known, 1, 2 };
    uint32_t shorter[2] = { sizeof shorter, 9 };
    assert_int_equal(svms_options_read(&known, sizeof known, shorter, "x", NULL), SVMS_OK);
    assert_int_equal(known.struct_size, sizeof known);
    assert_int_equal(known.first, 9);
    assert_int_equal(known.second, 0);
}

static void an_unknown_tail_must_be_zero(void **state)
{
    (void)state;
    known_struct known = { sizeof known, 1, 2 };
    newer_struct newer = { { sizeof newer, 5, 6 }, 0 };
    assert_int_equal(svms_options_read(&known, sizeof known, &newer, "x", NULL), SVMS_OK);
    assert_int_equal(known.struct_size, sizeof known);
    assert_int_equal(known.second, 6);
    newer.known.second = 8;
    newer.third = 1;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_options_read(&known, sizeof known, &newer, "the x", &err), SVMS_E_USAGE);
    assert_string_equal(err.message, "the x: a newer version sets what this one lacks");
    assert_int_equal(known.second, 6);
}

static void a_size_that_makes_no_sense_is_refused_unread(void **state)
{
    (void)state;
    static const uint32_t sizes[] = { 0, 3, 5000, UINT32_MAX };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        known_struct known = { sizeof known, 1, 2 };
        known_struct given = { sizes[i], 3, 4 };
        assert_int_equal(svms_options_read(&known, sizeof known, &given, "x", NULL), SVMS_E_USAGE);
        assert_int_equal(svms_result_write(&given, &known, sizeof known, "x", NULL), SVMS_E_USAGE);
        assert_int_equal(known.first, 1);
        assert_int_equal(given.first, 3);
    }
}

static void a_result_is_written_as_far_as_it_fits(void **state)
{
    (void)state;
    known_struct known = { sizeof known, 1, 2 };

    known_struct same = { sizeof same, 7, 7 };
    assert_int_equal(svms_result_write(&same, &known, sizeof known, "x", NULL), SVMS_OK);
    assert_memory_equal(&same, &known, sizeof known);

    known_struct shorter = { offsetof(known_struct, second), 7, 7 };
    assert_int_equal(svms_result_write(&shorter, &known, sizeof known, "x", NULL), SVMS_OK);
    assert_int_equal(shorter.struct_size, offsetof(known_struct, second));
    assert_int_equal(shorter.first, 1);
    assert_int_equal(shorter.second, 7);

    newer_struct newer = { { sizeof newer, 7, 7 }, 7 };
    assert_int_equal(svms_result_write(&newer, &known, sizeof known, "x", NULL), SVMS_OK);
    assert_int_equal(newer.known.struct_size, sizeof newer);
    assert_int_equal(newer.known.second, 2);
    assert_int_equal(newer.third, 0);

    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_result_write(NULL, &known, sizeof known, "the report", &err),
                     SVMS_E_USAGE);
    assert_string_equal(err.message, "no place for the report was given");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_options_leave_the_preset),
        cmocka_unit_test(shorter_options_are_extended_with_zeros),
        cmocka_unit_test(an_unknown_tail_must_be_zero),
        cmocka_unit_test(a_size_that_makes_no_sense_is_refused_unread),
        cmocka_unit_test(a_result_is_written_as_far_as_it_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
