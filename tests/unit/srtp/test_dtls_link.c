/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams that are lost, repeated, late, foreign or hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "datagram.h"
#include "dtls_internal.h"
#include "dtls_pair.h"

/* Bytes between those that are changed; a prime number. */
#define STEP 7

/* One datagram of those of a handshake meets this fate. */
typedef struct misfortune {
    dtls_fate fate;
    size_t number;
} misfortune;

static dtls_fate strike_once(void *user, bool by_server, size_t number, uint8_t *bytes,
                             size_t *size)
{
    const misfortune *m = user;
    (void)by_server;
    (void)bytes;
    (void)size;
    return number == m->number ? m->fate : DTLS_ARRIVES;
}

static dtls_pair *make_small(uint32_t mtu)
{
    dtls_order client = dtls_order_for(SVMS_TLS_CLIENT, NULL);
    dtls_order server = dtls_order_for(SVMS_TLS_SERVER, NULL);
    client.options.mtu = mtu;
    server.options.mtu = mtu;
    return dtls_pair_make(&client, &server);
}

static size_t datagrams_of_a_handshake(uint32_t mtu)
{
    dtls_pair *p = make_small(mtu);
    dtls_pair_shake(p);
    assert_dtls_stands(p, SVMS_SRTP_AEAD_AES_256_GCM);
    size_t count = p->sent;
    dtls_pair_free(&p);
    return count;
}

static void strike_each(dtls_fate fate, uint32_t mtu)
{
    size_t count = datagrams_of_a_handshake(mtu);
    assert_true(count >= 4);
    for (size_t i = 0; i < count; i++) {
        misfortune m = { fate, i };
        dtls_pair *p = make_small(mtu);
        p->weather = strike_once;
        p->user = &m;
        dtls_pair_shake(p);
        assert_dtls_stands(p, SVMS_SRTP_AEAD_AES_256_GCM);
        dtls_pair_free(&p);
    }
}

static void any_one_datagram_may_be_lost(void **state)
{
    (void)state;
    strike_each(DTLS_LOST, 1200);
    strike_each(DTLS_LOST, 300);
}

static void any_one_datagram_may_come_twice(void **state)
{
    (void)state;
    strike_each(DTLS_TWICE, 1200);
    strike_each(DTLS_TWICE, 300);
}

static void any_one_datagram_may_be_late(void **state)
{
    (void)state;
    strike_each(DTLS_LATE, 1200);
    strike_each(DTLS_LATE, 300);
}

/* A third is lost, a tenth comes twice, a tenth late; the same in every run. */
static dtls_fate storm(void *user, bool by_server, size_t number, uint8_t *bytes, size_t *size)
{
    uint32_t *seed = user;
    (void)by_server;
    (void)number;
    (void)bytes;
    (void)size;
    *seed = *seed * 1664525u + 1013904223u;
    unsigned percent = (*seed >> 16) % 100;
    return percent < 33   ? DTLS_LOST
           : percent < 43 ? DTLS_TWICE
           : percent < 53 ? DTLS_LATE
                          : DTLS_ARRIVES;
}

static void a_storm_delays_it_only(void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= 6; i++) {
        uint32_t seed = i;
        dtls_pair *p = make_small(600);
        p->weather = storm;
        p->user = &seed;
        dtls_pair_shake(p);
        assert_dtls_stands(p, SVMS_SRTP_AEAD_AES_256_GCM);
        dtls_pair_free(&p);
    }
}

static void no_datagram_is_longer_than_it_may_be(void **state)
{
    (void)state;
    static const uint32_t sizes[] = { SVMS_DTLS_MTU_MIN, 300, 576, 0, SVMS_DTLS_MTU_MAX };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        dtls_pair *p = make_small(sizes[i]);
        dtls_pair_shake(p);
        assert_dtls_stands(p, SVMS_SRTP_AEAD_AES_256_GCM);
        assert_true(p->largest <= (sizes[i] != 0 ? sizes[i] : 1200));
        assert_true(p->largest > 200);
        dtls_pair_free(&p);
    }
}

static dtls_fate lose_all(void *user, bool by_server, size_t number, uint8_t *bytes, size_t *size)
{
    (void)user;
    (void)by_server;
    (void)number;
    (void)bytes;
    (void)size;
    return DTLS_LOST;
}

static void a_peer_that_never_answers_is_given_up(void **state)
{
    (void)state;
    svms_status status = SVMS_OK;
    size_t ticks = 0;
    dtls_pair *p = dtls_pair_make(NULL, NULL);
    p->weather = lose_all;
    dtls_hurry(p->client.dtls);
    dtls_pair_carry(p);
    while (status == SVMS_OK && ticks < 100) {
        dtls_pair_wait(p);
        status = svms_dtls_tick(p->client.dtls, &p->client.err);
        dtls_pair_carry(p);
        ticks++;
    }
    assert_dtls_fails(&p->client, SVMS_E_TRUNCATED, "does not answer");
    assert_int_equal(ticks, 13);
    assert_int_equal(p->sent, 13); /* the first time, and twelve times again */
    dtls_pair_free(&p);
}

static void a_tick_that_is_not_due_sends_nothing(void **state)
{
    (void)state;
    uint8_t bytes[SVMS_DTLS_MTU_MAX];
    size_t size = 0;
    dtls_order order = dtls_order_for(SVMS_TLS_CLIENT, w->root);
    svms_dtls_context *context = NULL;
    svms_dtls *dtls = NULL;
    svms_dtls_target target = SVMS_DTLS_TARGET_INIT;
    target.host = "server.example";
    order.options.first_wait_ms = 60000;
    assert_int_equal(dtls_context_make(&context, &order, NULL), SVMS_OK);
    assert_int_equal(svms_dtls_open(&dtls, context, &target, NULL), SVMS_OK);
    svms_dtls_context_free(&context);
    assert_int_equal(svms_dtls_drain(dtls, bytes, sizeof bytes, &size, NULL), SVMS_OK);
    uint64_t wait = svms_dtls_wait(dtls);
    assert_true(wait > 0 && wait <= UINT64_C(60000000000));
    assert_int_equal(svms_dtls_tick(dtls, NULL), SVMS_OK);
    assert_int_equal(svms_dtls_drain(dtls, bytes, sizeof bytes, &size, NULL), SVMS_END);
    assert_int_equal(size, 0);
    svms_dtls_free(&dtls);
}

/* Records of every type, version and epoch, with bodies that look like something. */
static size_t make_garbage(uint8_t *out, uint32_t *seed)
{
    static const uint8_t types[] = { 20, 21, 22, 23, 24, 25, 63 };
    *seed = *seed * 1664525u + 1013904223u;
    uint32_t r = *seed >> 8;
    size_t size = 13 + r % 60;
    memset(out, (int)(r & 0xFF), size);
    out[0] = types[r % 7];
    out[1] = (r & 1) != 0 ? 254 : 3;
    out[2] = (r & 2) != 0 ? 253 : 255;
    out[3] = 0;
    out[4] = (uint8_t)(r >> 4 & 3); /* epoch */
    memset(out + 5, (r & 4) != 0 ? 0xFF : 0, 6);
    out[11] = 0;
    out[12] = (uint8_t)(size - 13 - ((r & 8) != 0 ? 1 : 0));
    return size;
}

static void garbage_never_ends_an_association_that_stands(void **state)
{
    (void)state;
    uint32_t seed = 9;
    uint8_t bytes[256];
    static const uint8_t alert[] = { 21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 77, 0, 2, 2, 40 };
    dtls_pair *p = dtls_pair_make(NULL, NULL);
    dtls_pair_shake(p);
    dtls_end *ends[] = { &p->client, &p->server };
    for (size_t e = 0; e < 2; e++) {
        for (int i = 0; i < 5000; i++) {
            size_t size = make_garbage(bytes, &seed);
            assert_int_equal(svms_dtls_feed(ends[e]->dtls, bytes, size, NULL), SVMS_OK);
        }
        assert_int_equal(svms_dtls_feed(ends[e]->dtls, alert, sizeof alert, NULL), SVMS_OK);
        assert_int_equal(svms_dtls_feed(ends[e]->dtls, NULL, 0, NULL), SVMS_OK);
    }
    assert_dtls_stands(p, SVMS_SRTP_AEAD_AES_256_GCM);
    dtls_pair_free(&p);
}

static void what_is_no_dtls_disturbs_no_handshake(void **state)
{
    (void)state;
    uint8_t bytes[64];
    dtls_pair *p = dtls_pair_make(NULL, NULL);
    for (int first = 0; first < 256; first++) {
        memset(bytes, first, sizeof bytes);
        assert_int_equal(svms_dtls_feed(p->server.dtls, bytes, sizeof bytes, NULL), SVMS_OK);
        assert_int_equal(svms_dtls_feed(p->client.dtls, bytes, sizeof bytes, NULL), SVMS_OK);
    }
    dtls_pair_shake(p);
    assert_dtls_stands(p, SVMS_SRTP_AEAD_AES_256_GCM);
    dtls_pair_free(&p);
}

static void what_was_sent_once_changes_nothing_when_it_comes_again(void **state)
{
    (void)state;
    svms_srtp_key before[2] = { SVMS_SRTP_KEY_INIT, SVMS_SRTP_KEY_INIT };
    svms_srtp_key after[2] = { SVMS_SRTP_KEY_INIT, SVMS_SRTP_KEY_INIT };
    dtls_pair *p = make_small(400);
    dtls_pair_shake(p);
    assert_int_equal(svms_dtls_keys(p->client.dtls, &before[0], &before[1], NULL), SVMS_OK);
    size_t count = p->kept_count;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < count; i++) {
            /* To whom it was meant for, and back to whom sent it. */
            assert_int_equal(
                svms_dtls_feed(p->client.dtls, p->kept[i].bytes, p->kept[i].size, NULL), SVMS_OK);
            assert_int_equal(
                svms_dtls_feed(p->server.dtls, p->kept[i].bytes, p->kept[i].size, NULL), SVMS_OK);
        }
    }
    dtls_pair_carry(p);
    assert_dtls_stands(p, SVMS_SRTP_AEAD_AES_256_GCM);
    assert_int_equal(svms_dtls_keys(p->client.dtls, &after[0], &after[1], NULL), SVMS_OK);
    assert_memory_equal(before, after, sizeof before);
    dtls_pair_free(&p);
}

/* Bytes that are no longer secret in the handshake, or sealed ones, changed on their way: whatever
 * comes of it, nobody stands with a peer that saw something else. */
static dtls_fate change_one(void *user, bool by_server, size_t number, uint8_t *bytes, size_t *size)
{
    const misfortune *m = user;
    (void)by_server;
    if (number == m->number / 64) {
        bytes[(m->number % 64) * (*size - 1) / 63] ^= 0x40;
    }
    return DTLS_ARRIVES;
}

static void changed_datagrams_never_make_ends_that_differ(void **state)
{
    (void)state;
    size_t stood = 0;
    size_t count = 4 * 64;
    for (size_t i = 0; i < count; i += STEP) {
        misfortune m = { DTLS_ARRIVES, i };
        dtls_pair *p = dtls_pair_make(NULL, NULL);
        p->weather = change_one;
        p->rounds = 2;
        p->user = &m;
        dtls_pair_shake(p);
        bool both = svms_dtls_phase_of(p->client.dtls) == SVMS_DTLS_READY &&
                    svms_dtls_phase_of(p->server.dtls) == SVMS_DTLS_READY;
        if (both) {
            assert_dtls_stands(p, SVMS_SRTP_AEAD_AES_256_GCM);
            stood++;
        }
        dtls_pair_free(&p);
    }
    assert_true(stood > 0 && stood < count / STEP);
}

static void a_datagram_waits_until_there_is_room_for_it(void **state)
{
    (void)state;
    uint8_t bytes[SVMS_DTLS_MTU_MAX];
    size_t size = 1;
    dtls_pair *p = dtls_pair_make(NULL, NULL);
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_dtls_drain(p->client.dtls, bytes, 10, &size, &err), SVMS_E_LIMIT);
    assert_says(&err, "bytes of room");
    assert_int_equal(size, 0);
    assert_int_equal(svms_dtls_drain(p->client.dtls, bytes, sizeof bytes, &size, NULL), SVMS_OK);
    assert_true(size > 100);
    assert_int_equal(svms_dtls_drain(p->client.dtls, bytes, sizeof bytes, &size, NULL), SVMS_END);
    dtls_pair_free(&p);
}

/* DT-22: what is beyond the bound is lost, and what waits stays whole and in order. */
static void what_is_not_fetched_waits_within_bounds(void **state)
{
    (void)state;
    uint8_t sent[1000];
    uint8_t bytes[SVMS_DTLS_MTU_MAX];
    bool starved = false;
    size_t size = 0;
    uint8_t count = 0;
    dtls_pair *p = dtls_pair_make(NULL, NULL);
    svms_tls_queue *waiting = &p->client.dtls->tls.carrier.out;
    size_t hello = svms_tls_datagram_size(waiting);
    assert_true(hello > 0);
    do {
        memset(sent, count, sizeof sent);
    } while (svms_tls_datagram_put(waiting, sent, sizeof sent, &starved) && ++count < 100);
    assert_false(starved);
    assert_in_range(hello + count * sizeof sent, 65536 - 2 * sizeof sent, 65536);
    assert_int_equal(svms_dtls_drain(p->client.dtls, bytes, sizeof bytes, &size, NULL), SVMS_OK);
    assert_int_equal(size, hello);
    for (uint8_t i = 0; i < count; i++) {
        memset(sent, i, sizeof sent);
        assert_int_equal(svms_dtls_drain(p->client.dtls, bytes, sizeof bytes, &size, NULL),
                         SVMS_OK);
        assert_int_equal(size, sizeof sent);
        assert_memory_equal(bytes, sent, sizeof sent);
    }
    assert_int_equal(svms_dtls_drain(p->client.dtls, bytes, sizeof bytes, &size, NULL), SVMS_END);
    /* The hello was lost with them, and comes again. */
    dtls_pair_shake(p);
    assert_dtls_stands(p, SVMS_SRTP_AEAD_AES_256_GCM);
    dtls_pair_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_one_datagram_may_be_lost, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(any_one_datagram_may_come_twice, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(any_one_datagram_may_be_late, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(a_storm_delays_it_only, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(no_datagram_is_longer_than_it_may_be, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(a_peer_that_never_answers_is_given_up, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(a_tick_that_is_not_due_sends_nothing, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(garbage_never_ends_an_association_that_stands,
                                        workshop_set_up, workshop_tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_dtls_disturbs_no_handshake, workshop_set_up,
                                        workshop_tear_down),
        cmocka_unit_test_setup_teardown(what_was_sent_once_changes_nothing_when_it_comes_again,
                                        workshop_set_up, workshop_tear_down),
        cmocka_unit_test_setup_teardown(changed_datagrams_never_make_ends_that_differ,
                                        workshop_set_up, workshop_tear_down),
        cmocka_unit_test_setup_teardown(a_datagram_waits_until_there_is_room_for_it,
                                        workshop_set_up, workshop_tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_fetched_waits_within_bounds, workshop_set_up,
                                        workshop_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
