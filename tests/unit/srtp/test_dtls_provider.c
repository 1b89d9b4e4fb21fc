/* SPDX-License-Identifier: Apache-2.0 */
/* The n-th call into the cryptographic provider fails, for every n, while two ends shake hands: who
 * fails says that it was his own failure, nobody is called untrusted for it, and no key is given
 * that the other end has not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/err.h>

#include "../container/failing_provider.h"
#include "dtls_pair.h"

#define CALLS_MAX 20000

static svms_ctx *ctx;         /* with the failing provider */
static svms_chain *chains[2]; /* client, server */
static svms_private_key *private_keys[2];
static svms_dtls_fingerprint prints[2];

static void note_line(void *user, svms_log_level level, const char *line)
{
    (void)user;
    (void)level;
    (void)line;
}

static int set_up(void **state)
{
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    workshop_set_up(state);
    options.ossl_context = failing_provider_load();
    assert_non_null(options.ossl_context);
    options.log = note_line;
    assert_int_equal(svms_ctx_new(&ctx, &options, NULL), SVMS_OK);
    for (int i = 0; i < 2; i++) {
        const identity_card *card = i == 0 ? w->client : w->server;
        chains[i] = card_chain(ctx, card);
        private_keys[i] = card_key(ctx, card);
        prints[i] = print_of(card, SVMS_DTLS_SHA_256);
    }
    return 0;
}

static int tear_down(void **state)
{
    for (int i = 0; i < 2; i++) {
        svms_chain_free(&chains[i]);
        svms_private_key_free(&private_keys[i]);
    }
    svms_ctx_free(&ctx);
    failing_provider_unload();
    return workshop_tear_down(state);
}

/* One end after the other; what an end says first is what counts. */
typedef struct two_ends {
    svms_dtls_context *contexts[2];
    svms_dtls *ends[2];
    svms_status status[2];
    svms_error err[2];
} two_ends;

static void make(two_ends *p, int side)
{
    svms_dtls_options options = SVMS_DTLS_OPTIONS_INIT;
    svms_dtls_target target = SVMS_DTLS_TARGET_INIT;
    options.side = side == 0 ? SVMS_TLS_CLIENT : SVMS_TLS_SERVER;
    options.chain = chains[side];
    options.key = private_keys[side];
    options.first_wait_ms = 60000;
    target.fingerprints = &prints[1 - side];
    target.fingerprint_count = 1;
    p->err[side] = (svms_error)SVMS_ERROR_INIT;
    p->status[side] = svms_dtls_context_new(&p->contexts[side], ctx, &options, &p->err[side]);
    if (p->status[side] == SVMS_OK) {
        p->status[side] = svms_dtls_open(&p->ends[side], p->contexts[side], &target, &p->err[side]);
    }
    assert_true((p->status[side] == SVMS_OK) == (p->ends[side] != NULL));
}

/* True when something was carried. */
static bool carry_from(two_ends *p, int from)
{
    uint8_t bytes[SVMS_DTLS_MTU_MAX];
    size_t size = 0;
    bool moved = false;
    int to = 1 - from;
    while (svms_dtls_drain(p->ends[from], bytes, sizeof bytes, &size, NULL) == SVMS_OK) {
        moved = true;
        if (p->status[to] == SVMS_OK) {
            p->status[to] = svms_dtls_feed(p->ends[to], bytes, size, &p->err[to]);
        }
    }
    return moved;
}

static bool stands(const two_ends *p, int side)
{
    return p->ends[side] && svms_dtls_phase_of(p->ends[side]) == SVMS_DTLS_READY;
}

/* Keys of those ends that give them; where both do, they are the same. */
static void ask_keys(two_ends *p)
{
    svms_srtp_key keys[2][2];
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 2; j++) {
            keys[i][j] = (svms_srtp_key)SVMS_SRTP_KEY_INIT;
        }
        if (stands(p, i) && p->status[i] == SVMS_OK) {
            p->status[i] = svms_dtls_keys(p->ends[i], &keys[i][0], &keys[i][1], &p->err[i]);
        }
    }
    if (stands(p, 0) && stands(p, 1) && p->status[0] == SVMS_OK && p->status[1] == SVMS_OK) {
        assert_memory_equal(keys[0][0].key, keys[1][1].key, sizeof keys[0][0].key);
        assert_memory_equal(keys[0][1].key, keys[1][0].key, sizeof keys[0][1].key);
    }
}

static void attempt(two_ends *p)
{
    memset(p, 0, sizeof *p);
    make(p, 1);
    make(p, 0);
    if (p->ends[0] && p->ends[1]) {
        bool moved = true;
        while (moved) {
            moved = carry_from(p, 0);
            moved = carry_from(p, 1) || moved;
        }
        ask_keys(p);
    }
}

static void drop(two_ends *p)
{
    for (int i = 0; i < 2; i++) {
        svms_dtls_free(&p->ends[i]);
        svms_dtls_context_free(&p->contexts[i]);
    }
}

typedef struct blamed {
    svms_status status;
    const char *words;
} blamed;

/* What an end says that did not fail itself; or whose libssl does not say that it was the provider
 * that failed, but takes what it could not compute for something that the other end did (ADR 0028).
 * These are all of them, for OpenSSL 3.0. Nobody is called untrusted. */
static bool may_be_said(svms_status status, const svms_error *err)
{
    static const blamed known[] = {
        { SVMS_E_POLICY, "the peer refused: " },
        { SVMS_E_POLICY, "the peer chose a key exchange group that was not offered" },
        { SVMS_E_POLICY, "the peer offers no cipher suite that is spoken here" },
        { SVMS_E_POLICY, "the peer takes no signature scheme that fits our certificate" },
        { SVMS_E_MALFORMED, "bad ecpoint" },
        { SVMS_E_MALFORMED, "ecc cert not for signing" },
        { SVMS_E_MALFORMED, "illegal point compression" },
        { SVMS_E_MALFORMED, "the peer does not hold the key of its certificate" },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (status == known[i].status && strstr(err->message, known[i].words)) {
            return true;
        }
    }
    return status == SVMS_OK || status == SVMS_E_CRYPTO || status == SVMS_E_NO_MEMORY;
}

/* Returns whether there was such a call. */
static bool fail_once(const failing_plan *plan)
{
    two_ends p;
    failing_provider_arm(plan);
    attempt(&p);
    failing_provider_disarm();
    const char *victim = failing_provider_victim();
    for (int i = 0; i < 2; i++) {
        if (!may_be_said(p.status[i], &p.err[i]) || (!victim && !stands(&p, i))) {
            fail_msg("call %llu, %s, fails (manner %d%s): %s: %d, %s", (unsigned long long)plan->at,
                     victim ? victim : "none", (int)plan->manner,
                     plan->lasting ? ", and all after it" : "", i == 0 ? "client" : "server",
                     (int)p.status[i], p.err[i].message);
        }
    }
    drop(&p);
    assert_int_equal(ERR_peek_error(), 0);
    return victim != NULL;
}

static void failures_of_the_provider_are_ones_own(void **state)
{
    (void)state;
    static const failing_manner manners[] = { FAILS_SILENTLY, FAILS_WITH_REASON, FAILS_NEGATIVELY };
    for (size_t j = 0; j < 6; j++) {
        /* What OpenSSL fails to fetch the first time it never finds again. */
        two_ends p;
        attempt(&p);
        if (!stands(&p, 0) || !stands(&p, 1)) {
            fail_msg("no failure, and: %s; %s", p.err[0].message, p.err[1].message);
        }
        drop(&p);
        failing_plan failing = { 1, manners[j % 3], j >= 3 };
        while (fail_once(&failing) && failing.at < CALLS_MAX) {
            failing.at++;
        }
        assert_in_range(failing.at, 100, CALLS_MAX - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(failures_of_the_provider_are_ones_own, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
