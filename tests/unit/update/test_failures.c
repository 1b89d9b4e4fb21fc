/* SPDX-License-Identifier: Apache-2.0 */
/* The n-th call into the provider fails, or the n-th allocation, for every n: a good update is
 * never called a bad one, a bad one is never taken, and nothing is lost. */
#include "../base/cmocka_all.h"

#include <openssl/err.h>

#include "../container/failing_provider.h"
#include "update_case.h"

#define ATTEMPTS_MAX 100000

static update_case *c;

static svms_status make(void)
{
    return case_make(c);
}

static svms_status read_good(void)
{
    return case_read(c, 3000);
}

static svms_status read_changed(void)
{
    c->file.data[c->file.size - 1] ^= 1;
    svms_status status = case_read(c, 3000);
    c->file.data[c->file.size - 1] ^= 1;
    return status;
}

static svms_status read_forged(void)
{
    svms_iovec manifest = case_manifest(c);
    size_t last = (size_t)((const uint8_t *)manifest.data - c->file.data) + manifest.size - 1;
    c->file.data[last] ^= 1;
    svms_status status = case_read(c, 3000);
    c->file.data[last] ^= 1;
    return status;
}

static const struct {
    const char *name;
    svms_status (*attempt)(void);
    svms_status right;
} attempts[] = {
    { "make", make, SVMS_OK },
    { "read a good one", read_good, SVMS_OK },
    { "read a changed one", read_changed, SVMS_E_NOT_AUTHENTIC },
    { "read a forged one", read_forged, SVMS_E_NOT_AUTHENTIC },
};

#define ATTEMPTS (sizeof attempts / sizeof *attempts)

static int set_up(void **state)
{
    (void)state;
    struct ossl_lib_ctx_st *provider = failing_provider_load();
    assert_non_null(provider);
    c = case_open(provider);
    assert_int_equal(case_make(c), SVMS_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    case_close(c);
    failing_provider_unload();
    return 0;
}

static void try_with(size_t i, failing_manner manner, bool lasting, uint64_t *failures)
{
    failing_plan plan = { 1, manner, lasting };
    const char *victim = "";
    for (; victim; plan.at++) {
        failing_provider_arm(&plan);
        svms_status status = attempts[i].attempt();
        victim = failing_provider_victim();
        failing_provider_disarm();
        ERR_clear_error();
        *failures += victim != NULL;
        if (status != attempts[i].right && status != SVMS_E_CRYPTO && status != SVMS_E_NO_MEMORY) {
            fail_msg("%s: call %llu, %s, fails: %s", attempts[i].name, (unsigned long long)plan.at,
                     victim ? victim : "none", svms_status_name(status));
        }
        if (i == 0 && status != SVMS_OK) {
            assert_int_equal(case_make(c), SVMS_OK);
        }
    }
}

static void a_failing_provider_is_called_that(void **state)
{
    (void)state;
    uint64_t failures = 0;
    for (size_t i = 0; i < ATTEMPTS; i++) {
        try_with(i, FAILS_SILENTLY, false, &failures);
        try_with(i, FAILS_WITH_REASON, false, &failures);
        try_with(i, FAILS_NEGATIVELY, true, &failures);
    }
    assert_true(failures > 100);
}

static void a_failing_allocation_is_called_that(void **state)
{
    (void)state;
    for (size_t i = 0; i < ATTEMPTS; i++) {
        size_t live = c->allocator.live;
        bool ended = false;
        for (size_t failing = 1; !ended && failing < ATTEMPTS_MAX; failing++) {
            c->allocator.count = 0;
            c->allocator.failing = failing;
            svms_status status = attempts[i].attempt();
            ended = c->allocator.count < failing;
            c->allocator.failing = 0;
            assert_int_equal(status, ended ? attempts[i].right : SVMS_E_NO_MEMORY);
            assert_int_equal(c->allocator.live, live);
            assert_true(ended || failing < 1000);
            if (i == 0 && !ended) {
                assert_int_equal(case_make(c), SVMS_OK);
            }
        }
        assert_true(ended);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_failing_provider_is_called_that, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failing_allocation_is_called_that, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
