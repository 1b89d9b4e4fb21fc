/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of everything that is done with tokens fails once: a clean error, nothing
 * written, no leak, and no verdict about the peer (ADR 0016). */
#include "token_acts.h"

#include "../base/failing_allocator.h"

static const token_act *act;
static size_t algorithm;

static svms_status run(svms_ctx *ctx, svms_error *err)
{
    svms_error own = SVMS_ERROR_INIT;
    svms_status status = act->run(ctx, algorithm, &own);
    if (status == act->finally) {
        return SVMS_OK;
    }
    *err = own;
    return status;
}

static void memory_that_is_lacking_is_nobodys_fault(void **state)
{
    (void)state;
    for (size_t i = 0; i < token_act_count; i++) {
        act = &token_acts[i];
        for (algorithm = 0; algorithm < (act->for_each ? ACT_ALGORITHMS : 1); algorithm++) {
            each_allocation_fails_cleanly(run);
        }
    }
}

static int set_up(void **state)
{
    (void)state;
    token_acts_prepare();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_that_is_lacking_is_nobodys_fault),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
