/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers at the ends of what they can say: counters that go on at 0, times centuries apart, as
 * many hashes as fit, and one more (CS-DOC-1, CS-DOC-5, CS-SGN-2, CS-VER-5, CS-VER-9). */
#include "../base/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "film_lab.h"

#define YEAR_2262 (INT64_C(9214646400) * 1000000000)

/* Counters are 2^32 - 2, 2^32 - 1, 0, 1. */
static void shoot_around_the_end(lab *l)
{
    lab_shoot(l, "");
    l->camera.counter = UINT32_MAX - 1;
    film_shoot(&l->film, &l->camera, "CI P P SI P P SI P P SI P P S");
}

static void a_counter_goes_on_at_zero(void **state)
{
    lab *l = *state;
    for (int without_lists = 0; without_lists < 2; without_lists++) {
        l->camera.without_lists = without_lists;
        shoot_around_the_end(l);
        lab_expect(l, "authentic 0+3; authentic 3+3; authentic 6+3; authentic 9+4");
    }
}

static void what_is_missing_around_the_end_of_the_counter_is_told(void **state)
{
    lab *l = *state;
    /* The GOP with 2^32 - 1, and its SEI, which stands in front of the next one. */
    shoot_around_the_end(l);
    film_remove(&l->film, film_find(&l->film, 'I', 1), film_find(&l->film, 'I', 2));
    lab_expect(l, "authentic 0+4; missing-1 4+3; authentic 7+4");
    /* That of which the counter is 0. The SEI in front stays, as a frame of its own. */
    shoot_around_the_end(l);
    film_remove(&l->film, film_find(&l->film, 'I', 2), film_find(&l->film, 'I', 3));
    lab_expect(l, "authentic 0+3; authentic 3+4; missing-1 7+4");
    /* Only its SEI. */
    shoot_around_the_end(l);
    film_remove(&l->film, film_find(&l->film, 'S', 2), film_find(&l->film, 'S', 2) + 1);
    lab_expect(l, "authentic 0+3; authentic 3+3; unsigned:sei_missing 6+3; authentic 9+4");
}

static void a_gop_before_the_end_of_the_counter_does_not_follow_one_behind(void **state)
{
    lab *l = *state;
    shoot_around_the_end(l);
    /* The second GOP and its SEI stand at the end. */
    size_t from = film_find(&l->film, 'I', 1);
    size_t to = film_find(&l->film, 'I', 2);
    film_append(&l->film, &l->film, from, to);
    film_remove(&l->film, from, to);
    lab_expect(l, "authentic 0+4; missing-1 4+3; authentic 7+4; changed:link+clock 11+4");
}

static void times_count_up_to_2262(void **state)
{
    lab *l = *state;
    lab_shoot(l, "");
    l->camera.now_ns = YEAR_2262 - 20 * FILM_FRAME_NS;
    l->options.policy = SVMS_TIME_CLAIMED;
    film_shoot(&l->film, &l->camera, "CI P P SI P P S");
    /* No certificate is valid then. */
    lab_expect(l, "authentic 0+3?; authentic 3+4?");
    /* From there on they are none: it is asked about now. */
    int64_t none[] = { YEAR_2262, INT64_MAX - 20 * FILM_FRAME_NS, INT64_MIN / 2 };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        lab_shoot(l, "");
        l->camera.now_ns = none[i];
        film_shoot(&l->film, &l->camera, "CI P P SI P P S");
        lab_expect(l, "authentic 0+3; authentic 3+4");
    }
}

static void times_centuries_apart_are_told(void **state)
{
    lab *l = *state;
    int64_t far[] = { INT64_MIN + 1, INT64_MAX, -1, 0 };
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        lab_shoot(l, "CI P P SI P P S");
        for (size_t at = 0; at < l->film.count; at++) {
            l->film.units[at].utc_ns = far[i];
        }
        lab_expect(l, "authentic:clock 0+3; authentic:clock 3+4");
    }
}

/* One intact GOP, one of so many NAL units, one more. */
static void shoot_long_gop(lab *l, size_t count)
{
    char *script = malloc(2 * count + 64);
    assert_non_null(script);
    strcpy(script, "CI P SI");
    for (size_t i = 1, at = strlen(script); i < count; i++, at += 2) {
        strcpy(script + at, " P");
    }
    strcat(script, " SI P S");
    lab_shoot(l, script);
    free(script);
}

/* The number of hashes has 16 bits. */
static void as_many_nal_units_as_can_be_said_are_covered(void **state)
{
    lab *l = *state;
    l->camera.without_lists = true;
    shoot_long_gop(l, UINT16_MAX);
    lab_expect(l, "authentic 0+2; authentic 2+65535; authentic 65537+3");
    /* The number is 0 then: the SEI is in order, and fits nothing. */
    shoot_long_gop(l, UINT16_MAX + 1);
    lab_expect(l, "authentic 0+2; changed:no_list 2+65536; authentic 65538+3");
}

/* An element has at most 65,535 bytes. */
static void as_many_hashes_as_fit_are_laid_along(void **state)
{
    lab *l = *state;
    shoot_long_gop(l, 2047);
    lab_expect(l, "authentic 0+2; authentic 2+2047; authentic 2049+3");
    film_change(&l->film, film_find(&l->film, 'P', 2000));
    lab_expect(l, "authentic 0+2; changed 2+2047 changed@2002; authentic 2049+3");
}

static void a_list_of_another_length_than_it_says_is_malformed(void **state)
{
    lab *l = *state;
    for (l->camera.list_excess = -2; l->camera.list_excess <= 2; l->camera.list_excess++) {
        lab_shoot(l, "CI P P SI P P SI P P S");
        lab_expect(l, l->camera.list_excess == 0
                          ? "authentic 0+3; authentic 3+3; authentic 6+4"
                          : "unsigned:tail+sei_malformed 0+3; unsigned:tail+sei_malformed 3+3; "
                            "unsigned:tail+sei_malformed 6+4");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_counter_goes_on_at_zero, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(what_is_missing_around_the_end_of_the_counter_is_told,
                                        lab_open, lab_close),
        cmocka_unit_test_setup_teardown(
            a_gop_before_the_end_of_the_counter_does_not_follow_one_behind, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(times_count_up_to_2262, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(times_centuries_apart_are_told, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(as_many_nal_units_as_can_be_said_are_covered, lab_open,
                                        lab_close),
        cmocka_unit_test_setup_teardown(as_many_hashes_as_fit_are_laid_along, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(a_list_of_another_length_than_it_says_is_malformed,
                                        lab_open, lab_close),
    };
    return cmocka_run_group_tests_name("signedvideo_validator_bounds", tests, NULL, NULL);
}
