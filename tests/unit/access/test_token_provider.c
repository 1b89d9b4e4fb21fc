/* SPDX-License-Identifier: Apache-2.0 */
/* Every call into OpenSSL's provider fails once, in each manner, and for good: nothing forged is
 * believed, and nobody is blamed for it (ADR 0016). */
#include "token_acts.h"

#include "../container/failing_provider.h"

#define CALLS_MAX 20000u

static void attempt(svms_ctx *ctx, const token_act *act, size_t algorithm, const failing_plan *plan)
{
    svms_error err = SVMS_ERROR_INIT;
    failing_provider_arm(plan);
    svms_status status = act->run(ctx, algorithm, &err);
    failing_provider_disarm();
    if (status != act->finally && status != SVMS_E_CRYPTO && status != SVMS_E_NO_MEMORY) {
        fail_msg("%s, algorithm %zu, call %llu (%s), manner %d: status %d, %s", act->name,
                 algorithm, (unsigned long long)plan->at, failing_provider_victim(),
                 (int)plan->manner, status, err.message);
    }
}

static void fail_each(svms_ctx *ctx, const token_act *act, size_t algorithm)
{
    const failing_plan none = { 0, FAILS_SILENTLY, false };
    failing_provider_arm(&none);
    assert_int_equal(act->run(ctx, algorithm, NULL), act->finally);
    uint64_t calls = failing_provider_disarm();
    assert_true(calls < CALLS_MAX);
    for (uint64_t at = 1; at <= calls; at++) {
        for (int manner = FAILS_SILENTLY; manner <= FAILS_NEGATIVELY; manner++) {
            const failing_plan once = { at, (failing_manner)manner, false };
            const failing_plan lasting = { at, (failing_manner)manner, true };
            attempt(ctx, act, algorithm, &once);
            attempt(ctx, act, algorithm, &lasting);
        }
    }
}

static void a_provider_that_fails_is_nobodys_fault(void **state)
{
    svms_ctx *ctx = *state;
    for (size_t i = 0; i < token_act_count; i++) {
        const token_act *act = &token_acts[i];
        for (size_t k = 0; k < (act->for_each ? ACT_ALGORITHMS : 1); k++) {
            fail_each(ctx, act, k);
        }
    }
}

static int set_up(void **state)
{
    svms_ctx_options options = token_acts_options();
    token_acts_prepare();
    options.ossl_context = failing_provider_load();
    return options.ossl_context && svms_ctx_new((svms_ctx **)state, &options, NULL) == SVMS_OK ? 0
                                                                                               : -1;
}

static int tear_down(void **state)
{
    svms_ctx_free((svms_ctx **)state);
    failing_provider_unload();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_provider_that_fails_is_nobodys_fault),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
