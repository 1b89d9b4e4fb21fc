/* SPDX-License-Identifier: Apache-2.0 */
/* The n-th call into the provider fails, for every n, once or from then on: a stream is judged as
 * it should be, or the provider is what is told. What is authentic is never called changed, nor a
 * trusted camera a stranger, and the other way round. */
#include "../base/cmocka_all.h"

#include <string.h>

#include "../container/failing_provider.h"
#include "film_lab.h"

#define CALLS_MAX 5000

typedef struct ward {
    svms_ctx *ctx; /* of the failing provider */
    svms_trust *trust;
    film_camera camera;
    film film;
    svms_camera_validator_options options;
} ward;

static int ward_open(void **state)
{
    static ward fresh;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    memset(&fresh, 0, sizeof fresh);
    film_camera_open(&fresh.camera, "EC", NULL, 1000);
    options.ossl_context = failing_provider_load();
    assert_non_null(options.ossl_context);
    assert_int_equal(svms_ctx_new(&fresh.ctx, &options, NULL), SVMS_OK);
    fresh.trust = film_trust(fresh.ctx, &fresh.camera);
    fresh.options = film_options(&fresh.camera, fresh.trust);
    *state = &fresh;
    return 0;
}

static int ward_close(void **state)
{
    ward *w = *state;
    film_free(&w->film);
    film_camera_close(&w->camera);
    svms_trust_free(&w->trust);
    svms_ctx_free(&w->ctx);
    failing_provider_unload();
    return 0;
}

static void fail_at_each_call(ward *w, failing_manner manner, bool lasting, const char *expected)
{
    uint64_t calls = 0;
    uint64_t at = 0;
    size_t told = 0;
    do {
        char text[FILM_TEXT_ROOM];
        failing_plan plan = { .at = ++at, .manner = manner, .lasting = lasting };
        svms_error err = SVMS_ERROR_INIT;
        failing_provider_arm(&plan);
        svms_status status = film_try(text, w->ctx, &w->film, &w->options, &err);
        calls = failing_provider_disarm();
        told += status == SVMS_E_CRYPTO;
        /* Reports that came before the failure are as they should be, too. */
        bool is_right = status == SVMS_OK && strcmp(text, expected) == 0;
        bool is_told =
            status == SVMS_E_CRYPTO && strncmp(text, expected, strlen(text)) == 0 && err.message[0];
        if (!is_right && !is_told) {
            fail_msg("call %llu (%s%s): %s, %s, %s", (unsigned long long)at,
                     failing_provider_victim() ? failing_provider_victim() : "-",
                     lasting ? ", lasting" : "", svms_status_name(status), err.message, text);
        }
    } while (calls >= at && at < CALLS_MAX);
    assert_true(at > 50 && at < CALLS_MAX);
    assert_true(told > 50);
}

static void a_provider_that_fails_is_told_of_an_honest_stream(void **state)
{
    ward *w = *state;
    film_shoot(&w->film, &w->camera, "CI P SI P S");
    fail_at_each_call(w, FAILS_SILENTLY, false, "authentic 0+2; authentic 2+3");
    fail_at_each_call(w, FAILS_NEGATIVELY, false, "authentic 0+2; authentic 2+3");
    fail_at_each_call(w, FAILS_WITH_REASON, true, "authentic 0+2; authentic 2+3");
}

static void a_provider_that_fails_is_told_of_a_changed_stream(void **state)
{
    static const char expected[] = "changed 0+3 changed@1; unsigned:tail+sei_changed 3+3";
    ward *w = *state;
    film_shoot(&w->film, &w->camera, "CI P P SI P S");
    film_change(&w->film, film_find(&w->film, 'P', 0));
    film_change(&w->film, film_find(&w->film, 'S', 1));
    fail_at_each_call(w, FAILS_SILENTLY, false, expected);
    fail_at_each_call(w, FAILS_NEGATIVELY, true, expected);
}

/* Whoever is not trusted is a stranger, and never called one because the provider failed. */
static void a_provider_that_fails_is_told_of_a_stranger(void **state)
{
    ward *w = *state;
    film_camera other;
    film_shoot(&w->film, &w->camera, "CI P S");
    film_camera_open(&other, "EC", NULL, 2000);
    svms_trust *strange = film_trust(w->ctx, &other);
    w->options.trust = strange;
    fail_at_each_call(w, FAILS_SILENTLY, false, "authentic 0+3?");
    fail_at_each_call(w, FAILS_WITH_REASON, true, "authentic 0+3?");
    svms_trust_free(&strange);
    film_camera_close(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_provider_that_fails_is_told_of_an_honest_stream,
                                        ward_open, ward_close),
        cmocka_unit_test_setup_teardown(a_provider_that_fails_is_told_of_a_changed_stream,
                                        ward_open, ward_close),
        cmocka_unit_test_setup_teardown(a_provider_that_fails_is_told_of_a_stranger, ward_open,
                                        ward_close),
    };
    return cmocka_run_group_tests_name("signedvideo_validator_provider", tests, NULL, NULL);
}
