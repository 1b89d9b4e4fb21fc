/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out and providers that fail cost SEIs at most, are told, and never make a stream
 * false (CS-SGN-5). */
#include "../base/cmocka_all.h"

#include <string.h>

#include <openssl/err.h>

#include "../container/failing_provider.h"
#include "../crypto/key_material.h"
#include "../crypto/key_owner.h"
#include "camera_desk.h"

#define ATTEMPTS_MAX 20000u

static const char *const stream[] = { "DstI", "aP", "Ii", "P", "P", "P", "aI", "P", "I", "I", "P" };
#define STREAM_LENGTH (sizeof stream / sizeof stream[0])
/* GOPs and parts of it, when a part ends after three NAL units. */
#define STREAM_GOPS 6u

typedef struct outcome {
    bool started;
    size_t failures; /* that were told */
    size_t refused;  /* access units that were not taken */
    signed_summary sum;
} outcome;

static bool is_honest(svms_status status)
{
    return status == SVMS_OK || status == SVMS_E_NO_MEMORY || status == SVMS_E_CRYPTO;
}

static void note(outcome *out, const desk *d, svms_status status)
{
    assert_true(is_honest(status));
    assert_int_equal(d->err.status, status);
    out->failures += status != SVMS_OK;
}

static outcome run(desk *d)
{
    outcome out = { .started = false };
    d->err = (svms_error)SVMS_ERROR_INIT;
    svms_status status = desk_try_start(d);
    note(&out, d, status);
    out.started = status == SVMS_OK;
    assert_int_equal(out.started, d->signer != NULL);
    if (!out.started) {
        return out;
    }
    d->seen = signed_stream_open(d->options.codec, d->options.framing, d->hash);
    for (size_t i = 0; i < STREAM_LENGTH; i++) {
        status = desk_try(d, stream[i]);
        note(&out, d, status);
        /* Only what needs memory to be looked at is not taken. */
        assert_true(d->out || (status == SVMS_E_NO_MEMORY && stream[i][0] == 'a'));
        out.refused += d->out == NULL;
    }
    note(&out, d, desk_try_end(d));
    return out;
}

static void finish(desk *d, outcome *out)
{
    if (out->started) {
        out->sum = desk_check(d);
    }
    desk_stop(d);
}

static const struct {
    const char *kind;
    uint32_t flags;
    uint32_t sign_every;
} setups[] = {
    { "P-256", SVMS_CAMERA_CERTIFICATE_SEI, 1 },
    { "P-384", SVMS_CAMERA_CERTIFICATE_SEI | SVMS_CAMERA_HASH_ESCAPED, 2 },
    { "P-256", SVMS_CAMERA_LOW_BIT_RATE, 3 },
};
#define SETUPS (sizeof setups / sizeof setups[0])

static void set_up(desk *d, size_t i, OSSL_LIB_CTX *library)
{
    desk_open(d, setups[i].kind, library);
    d->options.flags = setups[i].flags;
    d->options.sign_every = setups[i].sign_every;
    d->options.part_nal_units = 3;
}

/* Somebody else keeps the key, and answers at once. */
static svms_private_key *put_outside(desk *d, owner *who)
{
    svms_private_key *outside = NULL;
    svms_public_key *half = take_public(d->ctx, svms_private_key_evp(d->key));
    owner_start(who, svms_private_key_evp(d->key));
    svms_signer signer = signer_of(who);
    assert_int_equal(svms_private_key_from_signer(&outside, d->ctx, half, &signer, NULL), SVMS_OK);
    svms_public_key_free(&half);
    d->options.key = outside;
    return outside;
}

static void each_allocation_that_fails_costs_one_gop_at_most(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * SETUPS; i++) {
        desk d;
        owner who;
        set_up(&d, i % SETUPS, NULL);
        svms_private_key *outside = i < SETUPS ? NULL : put_outside(&d, &who);
        size_t live = d.allocator.live;
        bool ended = false;
        size_t lost = 0;
        for (size_t failing = 1; !ended && failing < ATTEMPTS_MAX; failing++) {
            d.allocator.count = 0;
            d.allocator.failing = failing;
            outcome out = run(&d);
            ended = d.allocator.count < failing;
            d.allocator.failing = 0;
            finish(&d, &out);
            /* A key behind callbacks keeps what its last requests took. */
            assert_true(outside || d.allocator.live == live);
            assert_int_equal(out.failures, ended ? 0 : 1);
            if (!out.started) {
                continue;
            }
            /* At most one SEI is missing, and that was told. */
            assert_in_range(out.sum.gops, ended ? STREAM_GOPS : STREAM_GOPS - 2, STREAM_GOPS);
            assert_true(out.sum.gaps <= 1);
            lost += out.sum.gops < STREAM_GOPS;
        }
        assert_true(ended);
        assert_true(lost > 10);
        svms_private_key_free(&outside);
        if (i >= SETUPS) {
            owner_ends(&who);
        }
        desk_close(&d);
    }
}

static void a_provider_that_fails_is_told_and_never_makes_a_stream_false(void **state)
{
    (void)state;
    static const failing_manner manners[] = { FAILS_SILENTLY, FAILS_WITH_REASON, FAILS_NEGATIVELY };
    OSSL_LIB_CTX *library = failing_provider_load();
    assert_non_null(library);
    for (size_t i = 0; i < SETUPS; i += 2) {
        desk d;
        set_up(&d, i, library);
        uint64_t failures = 0;
        for (size_t k = 0; k < 6; k++) {
            failing_plan plan = { 1, manners[k % 3], k >= 3 };
            const char *victim = "";
            for (; victim && plan.at < ATTEMPTS_MAX; plan.at++) {
                failing_provider_arm(&plan);
                outcome out = run(&d);
                victim = failing_provider_victim();
                failing_provider_disarm();
                ERR_clear_error();
                finish(&d, &out);
                assert_true(victim || out.failures == 0);
                if (out.started && !plan.lasting) {
                    assert_true(out.failures <= 2);
                    assert_true(out.sum.gops >= STREAM_GOPS - 2);
                }
                failures += out.failures;
            }
            assert_null(victim);
        }
        assert_true(failures > 100);
        desk_close(&d);
    }
    failing_provider_unload();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_that_fails_costs_one_gop_at_most),
        cmocka_unit_test(a_provider_that_fails_is_told_and_never_makes_a_stream_false),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
