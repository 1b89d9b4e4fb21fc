/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's own allocations fail one by one: nothing crashes, nothing forged is believed, and
 * nobody is blamed for it (ADR 0016). */
#include "token_acts.h"

#include <stdlib.h>

#include <openssl/crypto.h>

#define ATTEMPTS_MAX 200000u

static size_t count;
static size_t failing;

static bool must_fail(void)
{
    count++;
    return count == failing;
}

static void *provider_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return must_fail() ? NULL : malloc(size);
}

static void *provider_realloc(void *pointer, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return must_fail() ? NULL : realloc(pointer, size);
}

static void provider_free(void *pointer, const char *file, int line)
{
    (void)file;
    (void)line;
    free(pointer);
}

/* Each allocation of short acts, and each so-many-th of long ones. */
static void fail_each(svms_ctx *ctx, const token_act *act, size_t algorithm)
{
    count = 0;
    failing = 0;
    assert_int_equal(act->run(ctx, algorithm, NULL), act->finally);
    size_t step = 1 + count / 300;
    for (size_t at = 1; at < ATTEMPTS_MAX; at += step) {
        svms_error err = SVMS_ERROR_INIT;
        count = 0;
        failing = at;
        svms_status status = act->run(ctx, algorithm, &err);
        failing = 0;
        if (status != act->finally && status != SVMS_E_CRYPTO && status != SVMS_E_NO_MEMORY) {
            fail_msg("%s, algorithm %zu, allocation %zu: status %d, %s", act->name, algorithm, at,
                     status, err.message);
        }
        if (count < at) {
            assert_int_equal(status, act->finally);
            return;
        }
    }
    fail_msg("%s never came to an end", act->name);
}

static void what_openssl_lacks_is_nobodys_fault(void **state)
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
    return svms_ctx_new((svms_ctx **)state, &options, NULL) == SVMS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    svms_ctx_free((svms_ctx **)state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_openssl_lacks_is_nobodys_fault),
    };
    /* Only possible before OpenSSL has allocated anything. */
    if (CRYPTO_set_mem_functions(provider_malloc, provider_realloc, provider_free) != 1) {
        return 1;
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
