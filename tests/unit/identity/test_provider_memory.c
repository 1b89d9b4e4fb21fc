/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's own allocations fail one by one: nothing crashes, leaks or becomes trusted by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/crypto.h>

#include "chain_internal.h"
#include "fixture.h"

#define ATTEMPTS_MAX 20000

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

static svms_ctx *ctx;
static svms_chain *chain;
static svms_trust *trust;
static svms_private_key *key;
static fixture_text text;

static void load(const char *chain_name)
{
    failing = 0;
    svms_chain_free(&chain);
    chain = fixture_chain(ctx, chain_name);
}

static svms_status check(void)
{
    int64_t then = fixture_time("2027-01-01T00:00:00Z");
    svms_identity_question question = fixture_question(SVMS_ROLE_RECORDER, then, then, then);
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_identity_check(trust, chain, &question, &result, &err);
    assert_int_equal(status == SVMS_OK, result.verdict == SVMS_IDENTITY_TRUSTED);
    return status;
}

static svms_status read_wire(void)
{
    size_t size = 0;
    const uint8_t *wire = svms_chain_wire(chain, &size);
    svms_chain *again = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_chain_from_wire(&again, ctx, wire, size, 0, &err);
    assert_int_equal(status == SVMS_OK, again != NULL);
    if (again) {
        assert_int_equal(svms_chain_allows(again, SVMS_ROLE_RECORDER), true);
    }
    svms_chain_free(&again);
    return status;
}

static svms_status read_trust(void)
{
    svms_trust *again = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_trust_from_pem(&again, ctx, text.data, text.size, &err);
    assert_int_equal(status == SVMS_OK, again != NULL);
    svms_trust_free(&again);
    return status;
}

static svms_status issue(void)
{
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    options.common_name = "Root";
    char pem[4096] = "untouched";
    size_t size = sizeof pem;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_certificate_issue(ctx, &options, key, NULL, NULL, pem, &size, &err);
    assert_int_equal(status == SVMS_OK, strcmp(pem, "untouched") != 0);
    return status;
}

/* How many of the attempts, each with another failing allocation, succeeded. */
static size_t fail_each(svms_status (*attempt)(void), size_t step)
{
    size_t successes = 0;
    for (failing = 1; failing < ATTEMPTS_MAX; failing += step) {
        count = 0;
        successes += attempt() == SVMS_OK;
        if (count < failing) {
            failing = 0;
            return successes;
        }
    }
    fail_msg("it never came to an end");
    return 0;
}

static void no_verdict_becomes_better_without_memory(void **state)
{
    (void)state;
    static const char *const untrusted[] = { "bad-signature",  "below-ca-false",
                                             "other-roles",    "below-short",
                                             "recorder-alone", "unknown-critical",
                                             "leaf-sha1",      "below-ca-constrained" };
    for (size_t i = 0; i < sizeof untrusted / sizeof untrusted[0]; i++) {
        load(untrusted[i]);
        assert_int_equal(fail_each(check, 1), 0);
    }
    load("recorder");
    assert_true(fail_each(check, 1) > 0);
}

static void reading_and_issuing_survive(void **state)
{
    (void)state;
    load("recorder");
    assert_true(fail_each(read_wire, 11) > 0);
    assert_true(fail_each(read_trust, 7) > 0);
    assert_true(fail_each(issue, 7) > 0);
}

static int set_up(void **state)
{
    (void)state;
    ctx = fixture_context(NULL);
    trust = fixture_trust(ctx, "trust-root");
    text = fixture_read("trust-root");
    return svms_private_key_generate(&key, ctx, NULL) != SVMS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    svms_private_key_free(&key);
    fixture_free(&text);
    svms_chain_free(&chain);
    svms_trust_free(&trust);
    svms_ctx_free(&ctx);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_verdict_becomes_better_without_memory),
        cmocka_unit_test(reading_and_issuing_survive),
    };
    /* Only possible before OpenSSL has allocated anything. */
    if (CRYPTO_set_mem_functions(provider_malloc, provider_realloc, provider_free) != 1) {
        return 1;
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
