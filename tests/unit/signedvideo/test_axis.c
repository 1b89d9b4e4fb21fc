/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of Axis Signed Video that a second implementation signed: authentic and trusted as they
 * are; and when memory runs out or the provider fails, that is what is told. */
#include "../base/cmocka_all.h"

#include <string.h>

#include <svms/signedvideo.h>
#include <svms/time.h>

#include "../container/failing_provider.h"
#include "../identity/fixture.h"
#include "axis_streams.h"

#define NOW INT64_C(1798761600000000000) /* 2027-01-01 */
#define CALLS_MAX 20000

typedef struct stream {
    const uint8_t *data;
    size_t size;
    svms_camera_format format;
} stream;

static const stream streams[] = {
    { axis_1, sizeof axis_1, SVMS_CAMERA_FORMAT_AXIS_1 },
    { axis_2, sizeof axis_2, SVMS_CAMERA_FORMAT_AXIS_2 },
};

/* What was found; each report is authentic, trusted and of the format, or counted as other. */
typedef struct outcome {
    unsigned frames;
    unsigned others;
} outcome;

static svms_status take_reports(svms_camera_validator *validator, const stream *from, outcome *out,
                                svms_error *err)
{
    for (;;) {
        svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
        svms_status status = svms_camera_validator_next(validator, &gop, err);
        if (status != SVMS_OK) {
            return status == SVMS_END ? SVMS_OK : status;
        }
        out->frames += (unsigned)gop.frame_count;
        out->others += gop.verdict != SVMS_CAMERA_AUTHENTIC || gop.format != from->format ||
                       gop.identity.verdict != SVMS_IDENTITY_TRUSTED || gop.reasons != 0;
    }
}

static svms_status validate(svms_ctx *ctx, const svms_trust *trust, const stream *from,
                            outcome *out, svms_error *err)
{
    svms_camera_validator *validator = NULL;
    svms_camera_validator_options options = SVMS_CAMERA_VALIDATOR_OPTIONS_INIT;
    options.trust = trust;
    options.now_utc_ns = NOW;
    *out = (outcome){ 0, 0 };
    svms_status status = svms_camera_validator_new(&validator, ctx, &options, err);
    for (size_t at = 0; at < from->size && status == SVMS_OK;) {
        size_t size = (size_t)from->data[at] << 8 | from->data[at + 1];
        status = svms_camera_validator_add(validator, from->data + at + 2, size, SVMS_NO_TIME, err);
        at += 2 + size;
    }
    if (status == SVMS_OK) {
        status = svms_camera_validator_end(validator, err);
    }
    if (status == SVMS_OK) {
        status = take_reports(validator, from, out, err);
    }
    svms_camera_validator_free(&validator);
    return status;
}

static void both_generations_are_authentic(void **state)
{
    (void)state;
    svms_ctx *ctx = NULL;
    svms_trust *trust = NULL;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(
        svms_trust_from_pem(&trust, ctx, axis_maker_pem, sizeof axis_maker_pem - 1, NULL), SVMS_OK);
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        outcome found;
        assert_int_equal(validate(ctx, trust, &streams[i], &found, NULL), SVMS_OK);
        assert_int_equal(found.frames, 9);
        assert_int_equal(found.others, 0);
    }
    svms_trust_free(&trust);
    svms_ctx_free(&ctx);
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        fixture_allocator allocator = { 0 };
        svms_ctx *ctx = fixture_context(&allocator);
        svms_trust *trust = NULL;
        assert_int_equal(
            svms_trust_from_pem(&trust, ctx, axis_maker_pem, sizeof axis_maker_pem - 1, NULL),
            SVMS_OK);
        size_t live = allocator.live;
        svms_status status = SVMS_E_NO_MEMORY;
        size_t failing = 0;
        while (status != SVMS_OK) {
            outcome found;
            allocator.count = 0;
            allocator.failing = ++failing;
            status = validate(ctx, trust, &streams[i], &found, NULL);
            allocator.failing = 0;
            assert_true(status == SVMS_E_NO_MEMORY || (status == SVMS_OK && found.others == 0));
            assert_int_equal(allocator.live, live);
        }
        assert_true(failing > 20);
        svms_trust_free(&trust);
        svms_ctx_free(&ctx);
    }
}

/* The n-th call into the provider fails, for every n. */
static void fail_at_each_call(svms_ctx *ctx, const svms_trust *trust, const stream *from,
                              failing_manner manner)
{
    uint64_t calls = 0;
    uint64_t at = 0;
    size_t told = 0;
    do {
        outcome found;
        failing_plan plan = { .at = ++at, .manner = manner };
        failing_provider_arm(&plan);
        svms_status status = validate(ctx, trust, from, &found, NULL);
        calls = failing_provider_disarm();
        told += status == SVMS_E_CRYPTO;
        bool is_right = status == SVMS_E_CRYPTO ||
                        (status == SVMS_OK && found.others == 0 && found.frames == 9);
        if (!is_right) {
            const char *victim = failing_provider_victim();
            fail_msg("call %u, %s: status %d, %u reports of another kind", (unsigned)at,
                     victim ? victim : "none", (int)status, found.others);
        }
        assert_true(at < CALLS_MAX);
    } while (calls >= at);
    assert_true(told > 10);
}

static void a_provider_that_fails_is_what_is_told(void **state)
{
    (void)state;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_ctx *ctx = NULL;
    svms_trust *trust = NULL;
    OSSL_LIB_CTX *library = failing_provider_load();
    assert_non_null(library);
    options.ossl_context = library;
    assert_int_equal(svms_ctx_new(&ctx, &options, NULL), SVMS_OK);
    assert_int_equal(
        svms_trust_from_pem(&trust, ctx, axis_maker_pem, sizeof axis_maker_pem - 1, NULL), SVMS_OK);
    fail_at_each_call(ctx, trust, &streams[0], FAILS_SILENTLY);
    fail_at_each_call(ctx, trust, &streams[1], FAILS_NEGATIVELY);
    svms_trust_free(&trust);
    svms_ctx_free(&ctx);
    failing_provider_unload();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_generations_are_authentic),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(a_provider_that_fails_is_what_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
