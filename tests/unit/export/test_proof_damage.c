/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs that somebody changed, or mixed up. */
#include "proof_bench.h"

static void a_damaged_proof_is_never_authentic(void **state)
{
    bench self;
    recipe how = recipe_of(0);
    how.segments = 1;
    how.frames = 1;
    make_bench(&self, state, &how, 0);
    memory_file *out = &self.made->out;
    for (size_t i = 0; i < out->size; i++) {
        out->data[i] ^= 0x10;
        assert_int_not_equal(check_bench(&self), SVMS_OK);
        out->data[i] ^= 0x10;
    }
    size_t size = out->size;
    for (out->size = 0; out->size < size; out->size += 3) {
        assert_int_not_equal(check_bench(&self), SVMS_OK);
    }
    out->size = size;
    assert_int_equal(check_bench(&self), SVMS_OK);
    close_bench(&self);
}

static void a_proof_of_another_recording_does_not_fit(void **state)
{
    bench self;
    bench other;
    recipe how = recipe_of(0);
    make_bench(&other, state, &how, 0);
    how.seed = 77;
    make_bench(&self, state, &how, 0);
    bench mixed = self;
    memcpy(mixed.samples, other.samples, sizeof(mixed.samples));
    assert_int_equal(check_bench(&mixed), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(mixed.report.samples_same, 0);
    close_bench(&other);
    close_bench(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_damaged_proof_is_never_authentic),
        cmocka_unit_test(a_proof_of_another_recording_does_not_fit),
    };
    return cmocka_run_group_tests(tests, export_case_setup, export_case_teardown);
}
