/* SPDX-License-Identifier: Apache-2.0 */
/* Streams put together from valid signatures, and made to cost much (CS-VER-4, CS-VER-5, CS-VER-9
 * to CS-VER-12). */
#include "../base/cmocka_all.h"

#include "film_lab.h"

#include <stdlib.h>
#include <string.h>

#define FIVE_GOPS "CI P P P SI P P P SI P P P SI P P P SI P P P S"

/* Moves units [from, to) before unit at, which is behind them. */
static void move_range(film *of, size_t from, size_t to, size_t at)
{
    film moved = { 0 };
    film_append(&moved, of, 0, from);
    film_append(&moved, of, to, at);
    film_append(&moved, of, from, to);
    film_append(&moved, of, at, of->count);
    film_free(of);
    *of = moved;
}

static void slices_of_another_gop_are_changes(void **state)
{
    lab *l = *state;
    lab_shoot(l, FIVE_GOPS);
    /* P frames of GOP 1, with its SEI, in the place of those of GOP 2 */
    size_t to = film_find(&l->film, 'P', 6);
    film mixed = { 0 };
    film_append(&mixed, &l->film, 0, to);
    film_append(&mixed, &l->film, film_find(&l->film, 'P', 3), film_find(&l->film, 'I', 2));
    film_append(&mixed, &l->film, film_find(&l->film, 'S', 2), l->film.count);
    film_free(&l->film);
    l->film = mixed;
    lab_expect(l, "authentic 0+4; authentic 4+4; changed 8+5 repeated@9 repeated@10 repeated@11 "
                  "missing@13x3; authentic 13+4; authentic 17+5");
}

static void a_sei_too_early_covers_less(void **state)
{
    lab *l = *state;
    lab_shoot(l, FIVE_GOPS);
    film_move(&l->film, film_find(&l->film, 'S', 1), film_find(&l->film, 'P', 4));
    lab_expect(l, "authentic 0+4; missing 4+3 missing@7x2; inserted 7+2 inserted@7 inserted@8; "
                  "authentic 9+4; authentic 13+4; authentic 17+5");
}

static void a_sei_too_late_is_stray(void **state)
{
    lab *l = *state;
    lab_shoot(l, FIVE_GOPS);
    film_move(&l->film, film_find(&l->film, 'S', 1), film_find(&l->film, 'S', 2) + 1);
    lab_expect(l, "authentic 0+4; unsigned:sei_missing 4+4; authentic 8+4; authentic:stray 12+5; "
                  "authentic 17+5");
}

static void gops_that_are_swapped_are_told(void **state)
{
    lab *l = *state;
    lab_shoot(l, FIVE_GOPS);
    move_range(&l->film, film_find(&l->film, 'I', 1), film_find(&l->film, 'I', 2),
               film_find(&l->film, 'I', 3));
    lab_expect(
        l, "authentic 0+5; missing-1 5+5; changed:link+clock 10+5; authentic 15+4; authentic 19+5");
}

static void a_repeated_gop_is_told(void **state)
{
    lab *l = *state;
    film twice = { 0 };
    lab_shoot(l, FIVE_GOPS);
    film_append(&twice, &l->film, 0, film_find(&l->film, 'I', 2));
    film_append(&twice, &l->film, film_find(&l->film, 'I', 1), l->film.count);
    film_free(&l->film);
    l->film = twice;
    lab_expect(l, "authentic 0+4; authentic 4+5; changed 9+4 repeated@9 repeated@10 repeated@11 "
                  "repeated@12; authentic 13+4; authentic 17+4; authentic 21+5");
}

static void seis_without_signature_in_another_order_count_for_nothing(void **state)
{
    lab *l = *state;
    lab_shoot(l, "CI P P SI P P I UP P I UP P I SP P S");
    film_unit kept = l->film.units[film_find(&l->film, 'U', 0)];
    l->film.units[film_find(&l->film, 'U', 0)].nal = l->film.units[film_find(&l->film, 'U', 1)].nal;
    l->film.units[film_find(&l->film, 'U', 1)].nal = kept.nal;
    lab_expect(l, "authentic 0+3; unsigned:sei_changed 3+3; unsigned:sei_missing 6+3; changed 9+3 "
                  "changed@10; authentic 12+4");
}

static void two_clips_of_a_camera_are_told_apart(void **state)
{
    lab *l = *state;
    film joined = { 0 };
    l->camera.with_certificates = true;
    lab_shoot(l, FIVE_GOPS);
    size_t first = film_find(&l->film, 'I', 1);
    size_t second = film_find(&l->film, 'I', 3);
    film_append(&joined, &l->film, second, l->film.count);
    film_append(&joined, &l->film, first, second);
    film_free(&l->film);
    l->film = joined;
    lab_expect(l, "authentic 0+4; authentic 4+5; changed:link+clock 9+4; authentic 13+5");
}

/* The same counter, a valid signature; what it names as before it is not there. */
static void a_sei_of_another_clip_signs_nothing(void **state)
{
    lab *l = *state;
    film other = { 0 };
    lab_shoot(l, FIVE_GOPS);
    film_append(&other, &l->film, 0, l->film.count);
    film_camera_restart(&l->camera);
    l->camera.serial = 5000;
    film_free(&l->film);
    film_shoot(&l->film, &l->camera, FIVE_GOPS);
    bytes *ours = &l->film.units[film_find(&l->film, 'S', 2)].nal;
    bytes *theirs = &other.units[film_find(&other, 'S', 2)].nal;
    bytes kept = *ours;
    *ours = *theirs;
    *theirs = kept;
    lab_expect(l, "authentic 0+4; authentic 4+4; unsigned:sei_missing 8+4; authentic:stray 12+4; "
                  "authentic 16+5");
    film_free(&other);
}

/* The file was cut behind the access unit with the certificates: the caller has them. */
static void certificates_may_come_from_the_caller(void **state)
{
    lab *l = *state;
    film_camera stranger;
    svms_chain *chain = NULL;
    lab_shoot(l, FIVE_GOPS);
    film_remove(&l->film, 0, film_find(&l->film, 'I', 1));
    lab_expect(l, "unsigned:tail+no_key 0+4; unsigned:tail+no_key 4+4; unsigned:tail+no_key 8+4; "
                  "unsigned:tail+no_key 12+5");
    assert_int_equal(
        svms_chain_from_pem(&chain, l->ctx, l->camera.pem, strlen(l->camera.pem), NULL), SVMS_OK);
    l->options.chain = chain;
    lab_expect(l, "authentic 0+4; authentic 4+4; authentic 8+4; authentic 12+5");
    l->options.trust = NULL;
    lab_expect(l, "authentic 0+4?; authentic 4+4?; authentic 8+4?; authentic 12+5?");
    svms_chain_free(&chain);
    film_camera_open(&stranger, "EC", NULL, 9000);
    assert_int_equal(svms_chain_from_pem(&chain, l->ctx, stranger.pem, strlen(stranger.pem), NULL),
                     SVMS_OK);
    l->options.chain = chain;
    lab_expect(l, "unsigned:tail+sei_changed 0+4; unsigned:tail+sei_changed 4+4; "
                  "unsigned:tail+sei_changed 8+4; unsigned:tail+sei_changed 12+5");
    svms_chain_free(&chain);
    film_camera_close(&stranger);
}

static void a_session_that_begins_anew_is_no_alarm(void **state)
{
    lab *l = *state;
    lab_shoot(l, "CI P P SI P P S");
    film_camera_restart(&l->camera);
    film_shoot(&l->film, &l->camera, "CI P P SI P P S");
    lab_expect(l, "authentic 0+3; authentic 3+4; authentic:new_session 7+3; authentic 10+4");
}

/* The same maker's, and another one's. */
static void another_camera_in_between_is_told(void **state)
{
    lab *l = *state;
    film_camera other;
    film joined = { 0 };
    film theirs = { 0 };
    film_camera_open(&other, "EC", &l->camera.root, 9000);
    film_shoot(&theirs, &other, "CI P P SI P P SI P P S");
    lab_shoot(l, FIVE_GOPS);
    film_append(&joined, &l->film, 0, film_find(&l->film, 'I', 2));
    film_append(&joined, &theirs, 0, 1);
    film_append(&joined, &theirs, film_find(&theirs, 'I', 1), theirs.count);
    film_append(&joined, &l->film, film_find(&l->film, 'I', 2), l->film.count);
    film_free(&l->film);
    l->film = joined;
    lab_expect(l, "authentic 0+4; authentic 4+5; changed:link+clock+key_changed 9+4; authentic "
                  "13+4; authentic:key_changed 17+4; authentic 21+4; authentic 25+5");
    film_free(&theirs);
    film_camera_close(&other);
}

static void certificates_of_a_stranger_lend_no_trust(void **state)
{
    lab *l = *state;
    film_camera stranger;
    film theirs = { 0 };
    film_camera_open(&stranger, "EC", NULL, 9000);
    film_shoot(&theirs, &stranger, "CI P P SI P P S");
    lab_shoot(l, FIVE_GOPS);
    /* In the midst of a stream they change nothing. */
    film_append(&l->film, &theirs, 0, 1);
    film_move(&l->film, l->film.count - 1, film_find(&l->film, 'I', 2));
    lab_expect(l, "authentic 0+4; authentic 4+5; authentic 9+5; authentic 14+4; authentic 18+5");
    /* What the stranger signs is the stranger's. */
    film_append(&l->film, &theirs, 1, theirs.count);
    lab_expect(l, "authentic 0+4; authentic 4+5; authentic 9+5; authentic 14+4; authentic 18+5; "
                  "authentic:new_session+clock+key_changed 23+3?; authentic 26+4?");
    film_free(&theirs);
    film_camera_close(&stranger);
}

static void clocks_that_disagree_are_told(void **state)
{
    lab *l = *state;
    lab_shoot(l, FIVE_GOPS);
    for (size_t i = film_find(&l->film, 'I', 2); i < l->film.count; i++) {
        l->film.units[i].utc_ns += INT64_C(11000000000);
    }
    lab_expect(l, "authentic 0+4; authentic 4+4; authentic:clock 8+4; authentic:clock 12+4; "
                  "authentic:clock 16+5");
    l->options.clock_tolerance_ms = 12000;
    lab_expect(l, "authentic 0+4; authentic 4+4; authentic 8+4; authentic 12+4; authentic 16+5");
    l->options.clock_tolerance_ms = SVMS_CAMERA_ANY_CLOCK;
    lab_expect(l, "authentic 0+4; authentic 4+4; authentic 8+4; authentic 12+4; authentic 16+5");
    /* Signed times that go back. */
    lab_shoot(l, "CI P P SI P P");
    l->camera.now_ns -= INT64_C(3600000000000);
    film_shoot(&l->film, &l->camera, "SI P P S");
    lab_expect(l, "authentic 0+3; authentic 3+3; authentic:clock 6+4");
}

static void what_waits_is_bounded(void **state)
{
    lab *l = *state;
    l->options.waiting_max = 64;
    lab_shoot(l, "CI P P SI");
    for (size_t i = 0; i < 200; i++) {
        film_shoot(&l->film, &l->camera, "P");
    }
    film_shoot(&l->film, &l->camera, "SI P P S");
    lab_expect(l, "authentic 0+3; unsigned:limit 3+32; unsigned:limit 35+32; unsigned:limit 67+32; "
                  "unsigned:limit 99+32; unsigned:limit 131+32; authentic 163+41; authentic 204+4");
}

/* A SEI of Axis whose element general has version 4. */
static void a_version_that_is_not_validated_is_told(void **state)
{
    static const uint8_t sei[] = { 0x06, 0x05, 0x1C, 0x53, 0x69, 0x67, 0x6E, 0x65, 0x64, 0x20, 0x56,
                                   0x69, 0x64, 0x65, 0x6F, 0x2E, 0x2E, 0x2E, 0x30, 0x00, 0x01, 0x01,
                                   0x04, 0x05, 0x00, 0x05, 0x02, 0x00, 0x00, 0x01, 0xAA, 0x80 };
    lab *l = *state;
    lab_shoot(l, "I P P I P P");
    film_insert(&l->film, 2, sei, sizeof sei);
    lab_expect(l, "unsigned:tail+other_format 0+4; unsigned:tail 4+3");
}

/* One verification each, and nothing that grows. */
static void many_bad_signatures_cost_little(void **state)
{
    lab *l = *state;
    lab_shoot(l, "CI P P SI P P S");
    size_t at = film_find(&l->film, 'S', 0);
    for (size_t i = 0; i < 6000; i++) {
        film_repeat(&l->film, at, at + 1);
        bytes *nal = &l->film.units[at + 1].nal;
        nal->data[60] ^= (uint8_t)(i % 250 + 1);
        nal->data[61] ^= (uint8_t)(i / 250 + 1);
    }
    char text[FILM_TEXT_ROOM];
    film_tell(text, l->ctx, &l->film, &l->options);
    assert_string_equal(text, "authentic 0+4; authentic:sei_changed 4+6004");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, lab_open, lab_close)
    const struct CMUnitTest tests[] = {
        TEST(slices_of_another_gop_are_changes),
        TEST(a_sei_too_early_covers_less),
        TEST(a_sei_too_late_is_stray),
        TEST(gops_that_are_swapped_are_told),
        TEST(a_repeated_gop_is_told),
        TEST(seis_without_signature_in_another_order_count_for_nothing),
        TEST(two_clips_of_a_camera_are_told_apart),
        TEST(a_sei_of_another_clip_signs_nothing),
        TEST(certificates_may_come_from_the_caller),
        TEST(a_session_that_begins_anew_is_no_alarm),
        TEST(another_camera_in_between_is_told),
        TEST(certificates_of_a_stranger_lend_no_trust),
        TEST(clocks_that_disagree_are_told),
        TEST(what_waits_is_bounded),
        TEST(a_version_that_is_not_validated_is_told),
        TEST(many_bad_signatures_cost_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
