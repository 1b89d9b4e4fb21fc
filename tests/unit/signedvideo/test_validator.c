/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of streams that nobody touched, and of simple edits (CS-VER). */
#include "../base/cmocka_all.h"

#include <string.h>

#include "film_lab.h"

typedef struct intact_case {
    const char *script;
    const char *expected;
} intact_case;

/* S before the slice that closed the GOP, later, twice; parts; SEIs without signature, and copies
 * of them; data; several slices; what stands before the first IDR picture. */
static const intact_case intact[] = {
    { "CI P P SI P P SI P P", "authentic 0+3; authentic 3+3; unsigned:tail 6+3" },
    { "CI P P I SP P I P SP", "authentic 0+3; authentic 3+3; unsigned:tail 6+3" },
    { "CI P P I S=P P I P S==P S", "authentic 0+3; authentic 3+3; authentic 6+4" },
    { "sCIi Pp Pp sSIi Pp Pp S", "authentic 0+3; authentic 3+4" },
    { "CI P /P SP P /P SP I P SP P S",
      "authentic 0+2; authentic 2+3; authentic 5+2; authentic 7+5" },
    { "CI P P I UP P I UP P I UP P I SP P",
      "authentic 0+3; authentic 3+3; authentic 6+3; authentic 9+3; unsigned:tail 12+3" },
    { "CI P P I U=P P I U=P P I S=P P S",
      "authentic 0+3; authentic 3+3; authentic 6+3; authentic 9+4" },
    { "CI DP P SI DP P SI DP P S", "authentic 0+3; authentic 3+3; authentic 6+4" },
    { "P P CI P SI P S", "unsigned:head 0+2; authentic 2+2; authentic 4+3" },
    /* Signing takes longer than a GOP. */
    { "CI P I P I SP I SUP SI P SP S",
      "authentic 0+2; authentic 2+2; authentic 4+2; authentic 6+2; "
      "authentic 8+2; authentic 10+2" },
    { "CI", "unsigned:tail 0+1" },
    { "I P P I P", "unsigned 0+3; unsigned 3+2" },
    { "P", "unsigned 0+1" },
    { "s", "unsigned 0+1" },
    { "", "" },
};

static void check_intact(lab *l)
{
    for (size_t i = 0; i < sizeof intact / sizeof intact[0]; i++) {
        char text[FILM_TEXT_ROOM];
        lab_shoot(l, intact[i].script);
        film_tell(text, l->ctx, &l->film, &l->options);
        if (strcmp(text, intact[i].expected) != 0) {
            fail_msg("%s:\n%s\n%s", intact[i].script, text, intact[i].expected);
        }
    }
}

static void an_intact_stream_is_authentic(void **state)
{
    lab *l = *state;
    check_intact(l);
    l->camera.without_lists = true;
    check_intact(l);
    l->camera.is_big_endian = true;
    check_intact(l);
    l->camera.with_certificates = true;
    check_intact(l);
}

static void h265_is_as_h264(void **state)
{
    lab *l = *state;
    l->camera.is_h265 = true;
    l->options = film_options(&l->camera, l->trust);
    check_intact(l);
}

static void the_hash_is_what_the_document_says(void **state)
{
    lab *l = *state;
    l->camera.digest = "SHA384";
    check_intact(l);
    l->camera.digest = "SHA512";
    check_intact(l);
}

/* Digests of the first NAL units are kept by all algorithms until a document names one. */
static void certificates_may_come_with_the_first_signature(void **state)
{
    lab *l = *state;
    l->camera.with_certificates = true;
    l->camera.digest = "SHA512";
    lab_shoot(l, "I P P SI P S");
    lab_expect(l, "authentic 0+3; authentic 3+3");
}

static void without_certificates_nobody_signed(void **state)
{
    lab *l = *state;
    lab_shoot(l, "I P P SI P P S");
    lab_expect(l, "unsigned:tail+no_key 0+3; unsigned:tail+no_key 3+4");
    /* From when they come on it is signed. */
    lab_shoot(l, "I P P SI CP P SI P S");
    lab_expect(l, "unsigned:no_key 0+3; authentic 3+3; authentic 6+3");
}

static void a_stripped_stream_is_told_where_the_camera_is_known_to_sign(void **state)
{
    lab *l = *state;
    l->options.flags = SVMS_CAMERA_EXPECT_SIGNED;
    lab_shoot(l, "I P P I P");
    lab_expect(l, "unsigned:stripped 0+3; unsigned:stripped 3+2");
    lab_shoot(l, "CI P P SI P");
    lab_expect(l, "authentic 0+3; unsigned:tail 3+2");
}

static void what_is_not_covered_may_come_and_go(void **state)
{
    static const uint8_t delimiter[] = { 0x09, 0xF0 };
    static const uint8_t other_sei[] = { 0x06, 0x05, 0x02, 0x11, 0x22, 0x80 };
    lab *l = *state;
    lab_shoot(l, "sCI P P sSI P P S");
    film_change(&l->film, film_find(&l->film, 's', 0));
    film_remove(&l->film, film_find(&l->film, 's', 1), film_find(&l->film, 's', 1) + 1);
    film_insert(&l->film, 3, delimiter, sizeof delimiter);
    film_insert(&l->film, 5, other_sei, sizeof other_sei);
    lab_expect(l, "authentic 0+5; authentic 5+4");
}

static void an_access_unit_that_is_none_was_never_signed(void **state)
{
    static const uint8_t broken[] = { 0, 0, 0, 9, 0x41 };
    lab *l = *state;
    svms_camera_validator *validator = NULL;
    svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
    lab_shoot(l, "CI P P S");
    assert_int_equal(svms_camera_validator_new(&validator, l->ctx, &l->options, NULL), SVMS_OK);
    for (size_t at = 0, frame = 0; at < l->film.count; frame++) {
        bytes unit = { NULL, 0 };
        at = film_unit_bytes(&l->film, at, &unit);
        assert_int_equal(
            svms_camera_validator_add(validator, unit.data, unit.size, INT64_MIN, NULL), SVMS_OK);
        bytes_free(&unit);
        if (frame == 1) {
            assert_int_equal(
                svms_camera_validator_add(validator, broken, sizeof broken, INT64_MIN, NULL),
                SVMS_E_TRUNCATED);
        }
    }
    assert_int_equal(svms_camera_validator_next(validator, &gop, NULL), SVMS_OK);
    assert_int_equal(gop.verdict, SVMS_CAMERA_CHANGED);
    assert_int_equal(gop.inserted_nal_units, 1);
    assert_int_equal(gop.frame_count, 5);
    svms_camera_validator_free(&validator);
}

static void wrong_use_is_refused(void **state)
{
    lab *l = *state;
    svms_camera_validator *validator = NULL;
    svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
    svms_camera_remark remark = SVMS_CAMERA_REMARK_INIT;
    svms_camera_summary summary = SVMS_CAMERA_SUMMARY_INIT;
    svms_camera_validator_options bad[7];
    for (size_t i = 0; i < 7; i++) {
        bad[i] = l->options;
    }
    bad[0].codec = SVMS_CODEC_MJPEG;
    bad[1].framing = (svms_nal_framing)4;
    bad[2].flags = 2;
    bad[3].policy = (svms_time_policy)2;
    bad[4].waiting_max = 63;
    bad[5].waiting_max = 1048577;
    bad[6].reserved = 1;
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(svms_camera_validator_new(&validator, l->ctx, &bad[i], NULL),
                         SVMS_E_USAGE);
    }
    assert_int_equal(svms_camera_validator_new(NULL, l->ctx, &l->options, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_camera_validator_new(&validator, l->ctx, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_camera_validator_new(&validator, l->ctx, &l->options, NULL), SVMS_OK);
    assert_int_equal(svms_camera_validator_add(validator, NULL, 1, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_camera_validator_next(validator, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_camera_validator_next(validator, &gop, NULL), SVMS_END);
    assert_int_equal(svms_camera_validator_remark(validator, 0, &remark, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_camera_validator_end(validator, NULL), SVMS_OK);
    assert_int_equal(svms_camera_validator_end(validator, NULL), SVMS_OK);
    assert_int_equal(svms_camera_validator_add(validator, NULL, 0, 0, NULL), SVMS_E_STATE);
    assert_int_equal(svms_camera_validator_summary(validator, &summary, NULL), SVMS_OK);
    assert_int_equal(summary.verdict, SVMS_CAMERA_PENDING);
    assert_int_equal(svms_camera_validator_end(NULL, NULL), SVMS_E_USAGE);
    svms_camera_validator_free(&validator);
    svms_camera_validator_free(&validator);
    svms_camera_validator_free(NULL);
}

/* All that was signed by a camera that says what it is. */
static void the_summary_adds_up_the_reports(void **state)
{
    lab *l = *state;
    svms_camera_validator *validator = NULL;
    svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
    svms_camera_summary summary = SVMS_CAMERA_SUMMARY_INIT;
    l->camera.vendor = "no. 7\x1B[31m";
    lab_shoot(l, "CI P P SI P P SI P");
    film_change(&l->film, film_find(&l->film, 'P', 2));
    assert_int_equal(svms_camera_validator_new(&validator, l->ctx, &l->options, NULL), SVMS_OK);
    for (size_t at = 0; at < l->film.count;) {
        bytes unit = { NULL, 0 };
        int64_t utc_ns = l->film.units[at].utc_ns;
        at = film_unit_bytes(&l->film, at, &unit);
        assert_int_equal(svms_camera_validator_add(validator, unit.data, unit.size, utc_ns, NULL),
                         SVMS_OK);
        bytes_free(&unit);
    }
    assert_int_equal(svms_camera_validator_end(validator, NULL), SVMS_OK);
    while (svms_camera_validator_next(validator, &gop, NULL) == SVMS_OK) {
    }
    assert_int_equal(svms_camera_validator_summary(validator, &summary, NULL), SVMS_OK);
    assert_int_equal(summary.verdict, SVMS_CAMERA_CHANGED);
    assert_int_equal(summary.reasons, SVMS_CAMERA_WHY_TAIL);
    assert_int_equal(summary.trusted, 1);
    assert_int_equal(summary.frames, 8);
    assert_int_equal(summary.gops, 3);
    assert_int_equal(summary.authentic_gops, 1);
    assert_int_equal(summary.seis, 3);
    assert_int_equal(summary.first_failed_frame, 3);
    assert_int_equal(summary.first_failed_utc_ns, FILM_START + 3 * FILM_FRAME_NS);
    assert_string_equal(summary.serial, "no. 7\\1B[31m");
    assert_string_equal(summary.manufacturer, "maker");
    svms_camera_validator_free(&validator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_intact_stream_is_authentic, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(h265_is_as_h264, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(the_hash_is_what_the_document_says, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(certificates_may_come_with_the_first_signature, lab_open,
                                        lab_close),
        cmocka_unit_test_setup_teardown(without_certificates_nobody_signed, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(a_stripped_stream_is_told_where_the_camera_is_known_to_sign,
                                        lab_open, lab_close),
        cmocka_unit_test_setup_teardown(what_is_not_covered_may_come_and_go, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(an_access_unit_that_is_none_was_never_signed, lab_open,
                                        lab_close),
        cmocka_unit_test_setup_teardown(wrong_use_is_refused, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(the_summary_adds_up_the_reports, lab_open, lab_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
