/* SPDX-License-Identifier: Apache-2.0 */
/* The n-th allocation, read and write fail, for every n, while export files are made and verified:
 * a clean error, nothing leaked. */
#include "onvif_case.h"

typedef enum operation { SEAL, SIGN, VERIFY } operation;

static svms_status run(const onvif_case *given, operation what, memory_file *in, memory_file *out,
                       svms_error *err)
{
    svms_onvif_report *report = NULL;
    svms_status status;
    switch (what) {
    case SEAL:
        return seal(given, SIGNER_P384, in, out, err);
    case SIGN:
        return countersign(given, SIGNER_CUSTODIAN, in, out, err);
    default:
        status = verify_export(given, in, false, &report, err);
        assert_int_equal(report != NULL, status == SVMS_OK);
        svms_onvif_report_free(&report);
        return status;
    }
}

static memory_file input_of(const onvif_case *given, operation what)
{
    return what == SEAL ? make_mp4(MP4_FRAGMENTED) : sealed_file(given, MP4_FRAGMENTED, 2);
}

static void every_allocation_may_fail(void **state)
{
    const onvif_case *given = *state;
    fixture *fix = given->fix;
    for (operation what = SEAL; what <= VERIFY; what++) {
        memory_file in = input_of(given, what);
        svms_status status = SVMS_E_NO_MEMORY;
        unsigned n = 0;
        while (status != SVMS_OK) {
            memory_file out = { 0 };
            svms_error err = SVMS_ERROR_INIT;
            int64_t live = fix->live_blocks;
            fix->allocations = 0;
            fix->allocation_fails_at = ++n;
            status = run(given, what, &in, &out, &err);
            fix->allocation_fails_at = 0;
            assert_int_equal(fix->live_blocks, live);
            if (status != SVMS_OK) {
                assert_int_equal(status, SVMS_E_NO_MEMORY);
                assert_string_equal(err.message, "out of memory");
            }
            memory_file_clear(&out);
            assert_true(n < 500);
        }
        assert_true(n > 3);
        memory_file_clear(&in);
    }
}

static void every_read_may_fail(void **state)
{
    const onvif_case *given = *state;
    for (operation what = SEAL; what <= VERIFY; what++) {
        memory_file in = input_of(given, what);
        svms_status status = SVMS_E_IO;
        for (unsigned n = 1; status != SVMS_OK; n++) {
            memory_file out = { 0 };
            int64_t live = given->fix->live_blocks;
            in.reads = 0;
            in.read_fails_at = n;
            status = run(given, what, &in, &out, NULL);
            assert_int_equal(given->fix->live_blocks, live);
            assert_true(status == SVMS_OK || status == SVMS_E_IO);
            memory_file_clear(&out);
            assert_true(n < 500);
        }
        memory_file_clear(&in);
    }
}

static void every_write_may_fail(void **state)
{
    const onvif_case *given = *state;
    for (operation what = SEAL; what <= SIGN; what++) {
        memory_file in = input_of(given, what);
        svms_status status = SVMS_E_IO;
        for (unsigned n = 1; status != SVMS_OK; n++) {
            memory_file out = { .write_fails_at = n };
            status = run(given, what, &in, &out, NULL);
            assert_true(status == SVMS_OK || status == SVMS_E_IO);
            /* After a failure nothing more is written. */
            assert_true(status == SVMS_OK || out.writes == n);
            memory_file_clear(&out);
            assert_true(n < 100);
        }
        memory_file_clear(&in);
    }
}

static void no_picture_stays_in_memory(void **state)
{
    const onvif_case *given = *state;
    for (operation what = SEAL; what <= VERIFY; what++) {
        memory_file in = input_of(given, what);
        memory_file out = { 0 };
        given->fix->sought = "the bytes of all pictures";
        given->fix->left_behind = 0;
        svms_status status = run(given, what, &in, &out, NULL);
        given->fix->sought = NULL;
        assert_int_equal(status, SVMS_OK);
        assert_int_equal(given->fix->left_behind, 0);
        memory_file_clear(&in);
        memory_file_clear(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(every_read_may_fail),
        cmocka_unit_test(every_write_may_fail),
        cmocka_unit_test(no_picture_stays_in_memory),
    };
    return cmocka_run_group_tests(tests, onvif_setup, onvif_teardown);
}
