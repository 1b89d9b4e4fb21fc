/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of streams in which the caller knows of gaps (CS-VER-13). */
#include "../base/cmocka_all.h"

#include <string.h>

#include "film_lab.h"

#define FIVE_GOPS "CI P P P SI P P P SI P P P SI P P P SI P P P S"

/* What a camera shot after it had started again, without its first GOP and the SEI of that: nobody
 * was connected so early. */
static void shoot_later_session(lab *l, film *out)
{
    film session = { 0 };
    film_camera_restart(&l->camera);
    film_shoot(&session, &l->camera, FIVE_GOPS);
    film_append(out, &session, film_find(&session, 'P', 3), session.count);
    film_free(&session);
}

/* The camera went on while nobody was connected: its counter did, too. */
static void what_is_gone_is_not_missing(void **state)
{
    lab *l = *state;
    lab_shoot(l, FIVE_GOPS);
    size_t gap = film_find(&l->film, 'P', 4);
    film_remove(&l->film, gap, film_find(&l->film, 'P', 11));
    lab_expect(l, "authentic 0+4; changed-2 4+3 missing@4 changed@4 changed@5; authentic 7+5");
    film_gap(&l->film, gap);
    lab_expect(l, "authentic 0+4; unsigned:tail 4+2; authentic:head 6+1; authentic 7+5");
}

static void a_camera_that_started_again_is_no_alarm(void **state)
{
    lab *l = *state;
    lab_shoot(l, FIVE_GOPS);
    size_t gap = l->film.count;
    shoot_later_session(l, &l->film);
    lab_expect(l, "authentic 0+4; authentic 4+4; authentic 8+4; authentic 12+4; authentic 16+5; "
                  "changed:link 21+3 missing@21; authentic 24+4; authentic 28+4; authentic 32+5");
    film_gap(&l->film, gap);
    lab_expect(l, "authentic 0+4; authentic 4+4; authentic 8+4; authentic 12+4; authentic 16+5; "
                  "authentic:head+new_session 21+3; authentic 24+4; authentic 28+4; "
                  "authentic 32+5");
}

/* Also where it had signed nothing yet: what its first SEI should have covered, another one does
 * not cover. */
static void nothing_needs_to_be_signed_before_it(void **state)
{
    lab *l = *state;
    lab_shoot(l, "CI P P");
    size_t gap = l->film.count;
    shoot_later_session(l, &l->film);
    film_gap(&l->film, gap);
    lab_expect(l, "unsigned:tail 0+3; authentic:head 3+3; authentic 6+4; authentic 10+4; "
                  "authentic 14+5");
    /* Begins anew, and says so. */
    lab_shoot(l, "CI P P");
    film_camera_restart(&l->camera);
    film_shoot(&l->film, &l->camera, "CI P P SI P P S");
    film_gap(&l->film, gap);
    lab_expect(l, "unsigned:tail 0+3; authentic 3+3; authentic 6+4");
}

/* A SEI that came, and of which nothing is decided before the next one does. */
static void what_waits_is_decided_at_it(void **state)
{
    lab *l = *state;
    lab_shoot(l, "CI P P SI P P P SI P P");
    size_t gap = l->film.count;
    film_change(&l->film, film_find(&l->film, 'P', 4));
    shoot_later_session(l, &l->film);
    film_gap(&l->film, gap);
    lab_expect(l, "authentic 0+3; changed 3+4 changed@6; unsigned:tail 7+3; "
                  "authentic:head+new_session 10+3; authentic 13+4; authentic 17+4; "
                  "authentic 21+5");
    /* SEIs without signature that nothing confirms any more. */
    lab_shoot(l, "CI P P SI P P I UP P I UP P");
    gap = l->film.count;
    shoot_later_session(l, &l->film);
    film_gap(&l->film, gap);
    lab_expect(l, "authentic 0+3; unsigned:tail 3+3; unsigned:tail 6+3; unsigned:tail 9+3; "
                  "authentic:head+new_session 12+3; authentic 15+4; authentic 19+4; "
                  "authentic 23+5");
}

/* Who breaks a connection and plays what a camera signed on another day gains nothing by it. */
static void what_was_signed_earlier_is_no_news(void **state)
{
    lab *l = *state;
    film earlier = { 0 };
    lab_shoot(l, "CI P P SI P P S");
    shoot_later_session(l, &earlier);
    film_camera_restart(&l->camera);
    film_free(&l->film);
    film_shoot(&l->film, &l->camera, "CI P P SI P P SI P P SI P P S");
    size_t gap = l->film.count;
    film_append(&l->film, &earlier, 0, earlier.count);
    film_gap(&l->film, gap);
    lab_expect(l, "authentic 0+3; authentic 3+3; authentic 6+3; authentic 9+4; "
                  "changed:head+link+clock 13+3; authentic 16+4; authentic 20+4; authentic 24+5");
    /* Also where the counter seems to go on: it is 1 before the gap, and 3 behind it. */
    film_remove(&l->film, film_find(&l->film, 'I', 2), l->film.count);
    gap = l->film.count;
    film_append(&l->film, &earlier, film_find(&earlier, 'I', 1), earlier.count);
    film_gap(&l->film, gap);
    lab_expect(l, "authentic 0+3; authentic 3+4; changed:link+clock 7+4; authentic 11+5");
    film_free(&earlier);
}

/* What was seen counts once, and what copies of it show is not signed again. */
static void what_comes_again_behind_it_is_not_signed(void **state)
{
    lab *l = *state;
    film copy = { 0 };
    lab_shoot(l, FIVE_GOPS);
    copy = film_copy(&l->film);
    size_t gap = l->film.count;
    film_append(&l->film, &copy, film_find(&copy, 'I', 1), copy.count);
    film_gap(&l->film, gap);
    lab_expect(l, "authentic 0+4; authentic 4+4; authentic 8+4; authentic 12+4; authentic 16+5; "
                  "unsigned:tail 21+4; unsigned:tail 25+4; unsigned:tail 29+4; unsigned:tail 33+5");
    film_free(&copy);
}

static void another_key_is_judged_by_its_time(void **state)
{
    lab *l = *state;
    film_camera other;
    film theirs = { 0 };
    film_camera_open(&other, "EC", &l->camera.root, 9000);
    film_shoot(&theirs, &other, "CI P P SI P P SI P P S");
    lab_shoot(l, FIVE_GOPS);
    size_t gap = l->film.count;
    film_append(&l->film, &theirs, 0, 1);
    film_append(&l->film, &theirs, film_find(&theirs, 'I', 1), theirs.count);
    film_gap(&l->film, gap);
    lab_expect(l, "authentic 0+4; authentic 4+4; authentic 8+4; authentic 12+4; authentic 16+5; "
                  "changed:link+clock+key_changed 21+4; authentic 25+4");
    film_free(&theirs);
    other.now_ns = l->camera.now_ns;
    film_camera_restart(&other);
    film_shoot(&theirs, &other, "CI P P SI P P SI P P S");
    film_remove(&l->film, gap, l->film.count);
    film_append(&l->film, &theirs, 0, 1);
    film_append(&l->film, &theirs, film_find(&theirs, 'I', 1), theirs.count);
    film_gap(&l->film, gap);
    lab_expect(l, "authentic 0+4; authentic 4+4; authentic 8+4; authentic 12+4; authentic 16+5; "
                  "authentic:new_session+key_changed 21+4; authentic 25+4");
    film_free(&theirs);
    film_camera_close(&other);
}

static void what_was_cut_is_not_said_to_be_stripped(void **state)
{
    lab *l = *state;
    l->options.flags = SVMS_CAMERA_EXPECT_SIGNED;
    lab_shoot(l, "I P P I P s s I P");
    film_gap(&l->film, film_find(&l->film, 'P', 2));
    film_gap(&l->film, film_find(&l->film, 'I', 2));
    lab_expect(l, "unsigned:tail 0+3; unsigned:tail 3+1; unsigned:tail 4+3; "
                  "unsigned:stripped 7+2");
}

/* Several, at both ends, and where nothing is. */
static void a_gap_alone_changes_nothing(void **state)
{
    lab *l = *state;
    svms_camera_validator *validator = NULL;
    svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
    lab_shoot(l, FIVE_GOPS);
    film_gap(&l->film, 0);
    lab_expect(l, "authentic 0+4; authentic 4+4; authentic 8+4; authentic 12+4; authentic 16+5");
    assert_int_equal(svms_camera_validator_gap(NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_camera_validator_new(&validator, l->ctx, &l->options, NULL), SVMS_OK);
    assert_int_equal(svms_camera_validator_gap(validator, NULL), SVMS_OK);
    assert_int_equal(svms_camera_validator_gap(validator, NULL), SVMS_OK);
    assert_int_equal(svms_camera_validator_next(validator, &gop, NULL), SVMS_END);
    assert_int_equal(svms_camera_validator_end(validator, NULL), SVMS_OK);
    assert_int_equal(svms_camera_validator_gap(validator, NULL), SVMS_E_STATE);
    assert_int_equal(svms_camera_validator_next(validator, &gop, NULL), SVMS_END);
    svms_camera_validator_free(&validator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_gone_is_not_missing, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(a_camera_that_started_again_is_no_alarm, lab_open,
                                        lab_close),
        cmocka_unit_test_setup_teardown(nothing_needs_to_be_signed_before_it, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(what_waits_is_decided_at_it, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(what_was_signed_earlier_is_no_news, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(what_comes_again_behind_it_is_not_signed, lab_open,
                                        lab_close),
        cmocka_unit_test_setup_teardown(another_key_is_judged_by_its_time, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(what_was_cut_is_not_said_to_be_stripped, lab_open,
                                        lab_close),
        cmocka_unit_test_setup_teardown(a_gap_alone_changes_nothing, lab_open, lab_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
