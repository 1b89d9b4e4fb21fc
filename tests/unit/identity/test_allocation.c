/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of every function here fails once: a clean error, nothing written, no leak. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "chain_internal.h"
#include "fixture.h"

#define ATTEMPTS_MAX 1000

typedef struct allocation_case {
    fixture_allocator allocator;
    svms_ctx *ctx;
    svms_chain *chain;
    svms_trust *trust;
    svms_private_key *key;
    fixture_text text;
    const uint8_t *wire;
    size_t wire_size;
    svms_role role;
    const char *now;
} allocation_case;

static allocation_case *c;

static int set_up(void **state)
{
    (void)state;
    static allocation_case fresh;
    memset(&fresh, 0, sizeof fresh);
    c = &fresh;
    c->ctx = fixture_context(&c->allocator);
    c->text = fixture_read("recorder");
    c->chain = fixture_chain(c->ctx, "recorder");
    c->trust = fixture_trust(c->ctx, "trust-root");
    c->wire = svms_chain_wire(c->chain, &c->wire_size);
    assert_int_equal(svms_private_key_generate(&c->key, c->ctx, NULL), SVMS_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    svms_private_key_free(&c->key);
    svms_trust_free(&c->trust);
    svms_chain_free(&c->chain);
    fixture_free(&c->text);
    svms_ctx_free(&c->ctx);
    assert_int_equal(c->allocator.live, 0);
    return 0;
}

/* Runs attempt with the first, second... allocation failing, until one attempt needs no more. */
static void fail_each(svms_status (*attempt)(svms_error *err), svms_status finally, size_t at_least)
{
    size_t live = c->allocator.live;
    for (size_t failing = 1; failing < ATTEMPTS_MAX; failing++) {
        svms_error err = SVMS_ERROR_INIT;
        c->allocator.count = 0;
        c->allocator.failing = failing;
        svms_status status = attempt(&err);
        c->allocator.failing = 0;
        assert_int_equal(c->allocator.live, live);
        if (c->allocator.count < failing) {
            assert_int_equal(status, finally);
            assert_true(failing > at_least);
            return;
        }
        assert_int_equal(status, SVMS_E_NO_MEMORY);
        assert_int_equal(err.status, SVMS_E_NO_MEMORY);
    }
    fail_msg("it never succeeded");
}

static svms_status read_chain(svms_error *err)
{
    svms_chain *chain = NULL;
    svms_status status = svms_chain_from_pem(&chain, c->ctx, c->text.data, c->text.size, err);
    assert_int_equal(chain != NULL, status == SVMS_OK);
    svms_chain_free(&chain);
    return status;
}

static svms_status read_wire(svms_error *err)
{
    svms_chain *chain = NULL;
    svms_status status = svms_chain_from_wire(&chain, c->ctx, c->wire, c->wire_size, 0, err);
    assert_int_equal(chain != NULL, status == SVMS_OK);
    svms_chain_free(&chain);
    return status;
}

static svms_status read_trust(svms_error *err)
{
    svms_trust *trust = NULL;
    svms_status status = svms_trust_from_pem(&trust, c->ctx, c->text.data, c->text.size, err);
    assert_int_equal(trust != NULL, status == SVMS_OK);
    svms_trust_free(&trust);
    return status;
}

static svms_status check(svms_error *err)
{
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    int64_t then = fixture_time("2027-01-01T00:00:00Z");
    svms_identity_question question = fixture_question(c->role, then, then, fixture_time(c->now));
    result.verdict = (svms_identity_verdict)99;
    svms_status status = svms_identity_check(c->trust, c->chain, &question, &result, err);
    assert_int_equal(result.verdict == 99, status == SVMS_E_NO_MEMORY);
    return status;
}

static svms_status issue(svms_error *err)
{
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    options.common_name = "Root";
    char pem[4096] = "untouched";
    size_t size = sizeof pem;
    svms_status status =
        svms_certificate_issue(c->ctx, &options, c->key, NULL, NULL, pem, &size, err);
    if (status != SVMS_OK) {
        assert_string_equal(pem, "untouched");
    }
    return status;
}

static void reading_survives_failing_memory(void **state)
{
    (void)state;
    fail_each(read_chain, SVMS_OK, 3);
    fail_each(read_wire, SVMS_OK, 3);
    fail_each(read_trust, SVMS_OK, 1);
}

static void issuing_survives_failing_memory(void **state)
{
    (void)state;
    fail_each(issue, SVMS_OK, 0);
}

static void every_verdict_survives_failing_memory(void **state)
{
    (void)state;
    static const struct {
        const char *chain;
        svms_role role;
        const char *now;
    } cases[] = {
        { "recorder", SVMS_ROLE_CAMERA, "2027-06-01T00:00:00Z" },
        { "encipherment", SVMS_ROLE_RECORDER, "2027-06-01T00:00:00Z" },
        { "recorder", SVMS_ROLE_RECORDER, "2030-06-01T00:00:00Z" },
        { "recorder-alone", SVMS_ROLE_RECORDER, "2027-06-01T00:00:00Z" },
        { "self-signed", SVMS_ROLE_RECORDER, "2027-06-01T00:00:00Z" },
        { "below-too-deep", SVMS_ROLE_RECORDER, "2027-06-01T00:00:00Z" },
        { "bad-extension", SVMS_ROLE_RECORDER, "2027-06-01T00:00:00Z" },
        { "below-short", SVMS_ROLE_RECORDER, "2027-06-01T00:00:00Z" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_chain_free(&c->chain);
        c->chain = fixture_chain(c->ctx, cases[i].chain);
        c->role = cases[i].role;
        c->now = cases[i].now;
        fail_each(check, SVMS_E_UNTRUSTED, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reading_survives_failing_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(issuing_survives_failing_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_verdict_survives_failing_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
