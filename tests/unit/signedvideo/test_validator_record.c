/* SPDX-License-Identifier: Apache-2.0 */
/* CS-REC-1: the record of a report says what the report says. */
#include "../base/cmocka_all.h"

#include <string.h>

#include "film_lab.h"

#define RECORD_ROOM 65536

static svms_camera_validator *watch(lab *l)
{
    svms_camera_validator *validator = NULL;
    assert_int_equal(svms_camera_validator_new(&validator, l->ctx, &l->options, NULL), SVMS_OK);
    for (size_t unit = 0; unit < l->film.count;) {
        bytes data = { NULL, 0 };
        int64_t utc_ns = l->film.units[unit].utc_ns;
        unit = film_unit_bytes(&l->film, unit, &data);
        assert_int_equal(svms_camera_validator_add(validator, data.data, data.size, utc_ns, NULL),
                         SVMS_OK);
        bytes_free(&data);
    }
    assert_int_equal(svms_camera_validator_end(validator, NULL), SVMS_OK);
    return validator;
}

static void compare(lab *l, const svms_camera_validator *validator, const svms_camera_gop *gop)
{
    static char text[RECORD_ROOM];
    size_t size = sizeof text;
    svms_camera_record record = SVMS_CAMERA_RECORD_INIT;
    assert_int_equal(svms_camera_validator_record(validator, 3, text, &size, NULL), SVMS_OK);
    assert_int_equal(strlen(text), size);
    assert_int_equal(svms_camera_record_read(l->ctx, text, size, &record, NULL), SVMS_OK);
    assert_int_equal(record.track, 3);
    assert_int_equal(record.verdict, gop->verdict);
    assert_int_equal(record.reasons, gop->reasons);
    assert_int_equal(record.identity, gop->identity.verdict);
    assert_int_equal(record.first_frame, gop->first_frame);
    assert_int_equal(record.frame_count, gop->frame_count);
    assert_int_equal(record.from_utc_ns, gop->from_utc_ns);
    assert_int_equal(record.to_utc_ns, gop->to_utc_ns);
    assert_memory_equal(record.key_sha256, gop->key_sha256, sizeof record.key_sha256);
    assert_string_equal(record.subject, gop->signer ? svms_chain_subject(gop->signer) : "");
}

static void each_report_is_recorded_as_it_is(void **state)
{
    lab *l = *state;
    unsigned found = 0;
    lab_shoot(l, "CI P P SI P P SI P P SI P P");
    film_remove(&l->film, film_find(&l->film, 'P', 1), film_find(&l->film, 'P', 1) + 1);
    film_change(&l->film, film_find(&l->film, 'P', 4));
    svms_camera_validator *validator = watch(l);
    svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
    while (svms_camera_validator_next(validator, &gop, NULL) == SVMS_OK) {
        compare(l, validator, &gop);
        found |= 1u << gop.verdict;
        gop = (svms_camera_gop)SVMS_CAMERA_GOP_INIT;
    }
    assert_int_equal(found, 1u << SVMS_CAMERA_AUTHENTIC | 1u << SVMS_CAMERA_MISSING |
                                1u << SVMS_CAMERA_CHANGED | 1u << SVMS_CAMERA_UNSIGNED);
    svms_camera_validator_free(&validator);
}

static void the_room_that_is_needed_is_said(void **state)
{
    lab *l = *state;
    char text[RECORD_ROOM];
    size_t size = 0;
    svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
    lab_shoot(l, "CI P S");
    svms_camera_validator *validator = watch(l);
    assert_int_equal(svms_camera_validator_record(validator, 0, NULL, &size, NULL), SVMS_E_STATE);
    assert_int_equal(svms_camera_validator_next(validator, &gop, NULL), SVMS_OK);
    assert_int_equal(svms_camera_validator_record(validator, 0, NULL, &size, NULL), SVMS_E_LIMIT);
    size_t needed = size;
    size--;
    assert_int_equal(svms_camera_validator_record(validator, 0, text, &size, NULL), SVMS_E_LIMIT);
    assert_int_equal(size, needed);
    assert_int_equal(svms_camera_validator_record(validator, 0, text, &size, NULL), SVMS_OK);
    assert_int_equal(size, needed - 1);
    assert_int_equal(svms_camera_validator_record(NULL, 0, text, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_camera_validator_record(validator, 0, text, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_camera_validator_record(validator, 0, NULL, &size, NULL), SVMS_E_USAGE);
    svms_camera_validator_free(&validator);
}

static void memory_that_is_lacking_is_told(void **state)
{
    lab *l = *state;
    char text[RECORD_ROOM];
    svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
    lab_shoot(l, "CI P S");
    svms_camera_validator *validator = watch(l);
    assert_int_equal(svms_camera_validator_next(validator, &gop, NULL), SVMS_OK);
    svms_status status = SVMS_E_NO_MEMORY;
    size_t failing = 0;
    size_t live = l->allocator.live;
    while (status != SVMS_OK) {
        size_t size = sizeof text;
        l->allocator.count = 0;
        l->allocator.failing = ++failing;
        status = svms_camera_validator_record(validator, 0, text, &size, NULL);
        l->allocator.failing = 0;
        assert_int_equal(l->allocator.live, live);
        assert_true(status == SVMS_OK || status == SVMS_E_NO_MEMORY);
        assert_true(failing < 100);
    }
    assert_true(failing > 2);
    svms_camera_validator_free(&validator);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_report_is_recorded_as_it_is, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(the_room_that_is_needed_is_said, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(memory_that_is_lacking_is_told, lab_open, lab_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
