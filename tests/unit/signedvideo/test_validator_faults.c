/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out while a stream is validated is told as that, and nothing is left behind. */
#include "../base/cmocka_all.h"

#include "film_lab.h"

#include <string.h>

/* An intact part, a GOP of which the list must be laid along, SEIs without signature, a tail. */
#define SCRIPT "CI P P SI P P P SI P P I UP P I SP P P"

static svms_status validate(lab *l, svms_error *err)
{
    svms_camera_validator *validator = NULL;
    svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
    svms_status status = svms_camera_validator_new(&validator, l->ctx, &l->options, err);
    for (size_t at = 0; at < l->film.count && status == SVMS_OK;) {
        bytes unit = { NULL, 0 };
        at = film_unit_bytes(&l->film, at, &unit);
        status = svms_camera_validator_add(validator, unit.data, unit.size, FILM_START, err);
        bytes_free(&unit);
    }
    if (status == SVMS_OK) {
        status = svms_camera_validator_end(validator, err);
    }
    if (status != SVMS_OK && validator) {
        assert_int_equal(svms_camera_validator_add(validator, NULL, 0, 0, NULL), SVMS_E_STATE);
        assert_int_equal(svms_camera_validator_next(validator, &gop, NULL), SVMS_E_STATE);
    }
    svms_camera_validator_free(&validator);
    return status;
}

static void each_allocation_may_fail(void **state)
{
    lab *l = *state;
    svms_status status = SVMS_E_NO_MEMORY;
    size_t failing = 0;
    lab_shoot(l, SCRIPT);
    film_change(&l->film, film_find(&l->film, 'P', 3));
    svms_chain *chain = NULL;
    assert_int_equal(
        svms_chain_from_pem(&chain, l->ctx, l->camera.pem, strlen(l->camera.pem), NULL), SVMS_OK);
    l->options.chain = chain;
    size_t live = l->allocator.live;
    while (status != SVMS_OK) {
        svms_error err = SVMS_ERROR_INIT;
        failing++;
        l->allocator.count = 0;
        l->allocator.failing = failing;
        status = validate(l, &err);
        l->allocator.failing = 0;
        if (status != SVMS_OK) {
            assert_int_equal(status, SVMS_E_NO_MEMORY);
            assert_string_equal(err.message, "out of memory");
        }
        assert_int_equal(l->allocator.live, live);
    }
    assert_true(failing > 20);
    svms_chain_free(&chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_allocation_may_fail, lab_open, lab_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
