/* SPDX-License-Identifier: Apache-2.0 */
/* Replays, the window, and the roll-over counter (SR-RCV-2, SR-RCV-6, SR-KEY-5). */
#include "cmocka_all.h"

#include "srtp_pair.h"

static const svms_srtp_suite suites[] = {
    SVMS_SRTP_AEAD_AES_256_GCM,
    SVMS_SRTP_AEAD_AES_128_GCM,
    SVMS_SRTP_AES_CM_128_HMAC_SHA1_80,
};
enum { SUITES = sizeof suites / sizeof suites[0] };

static void a_packet_that_comes_again_is_a_replay(void **state)
{
    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        svms_srtp_key key = pair_key(suites[i], 1, i == 1);
        pair p;
        pair_open_with(&p, &key);
        packet first = pair_sealed(&p, PAIR_SOURCE, 5);
        packet report = pair_sealed_rtcp(&p, PAIR_SOURCE);
        assert_int_equal(pair_give(p.b, &first), SVMS_OK);
        assert_int_equal(pair_give(p.b, &first), SVMS_E_POLICY);
        assert_int_equal(pair_give_rtcp(p.b, &report), SVMS_OK);
        assert_int_equal(pair_give_rtcp(p.b, &report), SVMS_E_POLICY);
        packet next = pair_sealed(&p, PAIR_SOURCE, 6);
        assert_int_equal(pair_give(p.b, &next), SVMS_OK);
        assert_int_equal(pair_give(p.b, &first), SVMS_E_POLICY);
        svms_srtp_counts counts = pair_counts(p.b);
        assert_int_equal(counts.received, 3);
        assert_int_equal(counts.received_bytes, first.size + report.size + next.size);
        assert_int_equal(counts.replayed, 3);
        assert_int_equal(counts.forged, 0);
        pair_close(&p);
    }
}

static void what_is_older_than_the_window_is_refused(void **state)
{
    (void)state;
    svms_srtp_key key = pair_key(SVMS_SRTP_AEAD_AES_256_GCM, 1, false);
    pair p;
    pair_open_with(&p, &key);
    packet held[4];
    const uint16_t numbers[4] = { 976, 977, 1000, 2000 };
    for (size_t i = 0; i < 4; i++) {
        held[i] = pair_sealed(&p, PAIR_SOURCE, numbers[i]);
    }
    assert_int_equal(pair_give(p.b, &held[3]), SVMS_OK);
    /* 1,024 numbers are remembered, the latest among them. */
    assert_int_equal(pair_give(p.b, &held[0]), SVMS_E_POLICY);
    assert_int_equal(pair_counts(p.b).too_old, 1);
    assert_int_equal(pair_give(p.b, &held[1]), SVMS_OK);
    assert_int_equal(pair_give(p.b, &held[2]), SVMS_OK);
    assert_int_equal(pair_counts(p.b).too_old, 1);
    packet reports[130];
    for (size_t i = 0; i < 130; i++) {
        reports[i] = pair_sealed_rtcp(&p, PAIR_SOURCE);
    }
    assert_int_equal(pair_give_rtcp(p.b, &reports[129]), SVMS_OK);
    assert_int_equal(pair_give_rtcp(p.b, &reports[0]), SVMS_E_POLICY);
    assert_int_equal(pair_counts(p.b).too_old, 2);
    assert_int_equal(pair_give_rtcp(p.b, &reports[3]), SVMS_OK);
    pair_close(&p);
}

/* What is sent lies `step` apart; of each three packets one is lost and two change places. */
static void numbers_go_round_in_spite_of_loss_and_disorder(void **state)
{
    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        svms_srtp_key key = pair_key(suites[i], 1, true);
        pair p;
        pair_open_with(&p, &key);
        uint32_t number = 0;
        for (int round = 0; round < 600; round++) {
            packet first = pair_sealed(&p, PAIR_SOURCE, (uint16_t)number);
            packet second = pair_sealed(&p, PAIR_SOURCE, (uint16_t)(number + 1));
            (void)pair_sealed(&p, PAIR_SOURCE, (uint16_t)(number + 2));
            assert_int_equal(pair_give(p.b, &second), SVMS_OK);
            assert_int_equal(pair_give(p.b, &first), SVMS_OK);
            assert_int_equal(pair_give(p.b, &first), SVMS_E_POLICY);
            /* Packets on both sides of each end, too. */
            bool near = (number & 0xFFFF) > 0xFF00 || (number & 0xFFFF) < 0x100;
            number += near ? 3 : 251;
        }
        assert_true(number > 0x10000);
        assert_int_equal(svms_srtp_roc(p.a, PAIR_SOURCE), number >> 16);
        assert_int_equal(svms_srtp_roc(p.b, PAIR_SOURCE), number >> 16);
        pair_close(&p);
    }
}

static void two_directions_go_round_by_themselves(void **state)
{
    (void)state;
    const uint32_t other = 0x0A0B0C0D;
    svms_srtp_key key = pair_key(SVMS_SRTP_AEAD_AES_128_GCM, 1, false);
    pair p;
    pair_open_with(&p, &key);
    assert_int_equal(svms_srtp_receive(p.a, SVMS_SRTP_ANY_SOURCE, 0, 0, &key, NULL), SVMS_OK);
    assert_int_equal(svms_srtp_send(p.b, other, &key, NULL), SVMS_OK);
    for (uint32_t i = 0; i < 10; i++) {
        packet there = pair_sealed(&p, PAIR_SOURCE, (uint16_t)(i * 20000));
        packet back = pair_rtp(other, (uint16_t)(i * 10000));
        assert_int_equal(svms_srtp_protect(p.b, back.data, &back.size, PAIR_ROOM, NULL), SVMS_OK);
        assert_int_equal(pair_give(p.b, &there), SVMS_OK);
        assert_int_equal(pair_give(p.a, &back), SVMS_OK);
    }
    assert_int_equal(svms_srtp_roc(p.b, PAIR_SOURCE), 180000 >> 16);
    assert_int_equal(svms_srtp_roc(p.a, other), 90000 >> 16);
    assert_int_equal(svms_srtp_roc(p.a, 99), 0);
    assert_int_equal(svms_srtp_roc(NULL, 99), 0);
    pair_close(&p);
}

static void a_key_ends_with_its_2_to_the_48th_packet(void **state)
{
    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        svms_srtp_key key = pair_key(suites[i], 1, true);
        svms_srtp_key next = pair_key(suites[i], 2, true);
        pair p;
        pair_open(&p);
        assert_int_equal(svms_srtp_send_from(p.a, PAIR_SOURCE, UINT32_MAX, &key, NULL), SVMS_OK);
        assert_int_equal(svms_srtp_receive(p.b, 0, PAIR_SOURCE, UINT32_MAX, &key, NULL), SVMS_OK);
        uint64_t left = 0;
        uint64_t reports = 0;
        assert_int_equal(svms_srtp_key_left(p.a, PAIR_SOURCE, &left, &reports, NULL), SVMS_OK);
        assert_int_equal(left, 65536);
        assert_int_equal(reports, 0x7FFFFFFF);
        packet last = pair_sealed(&p, PAIR_SOURCE, 65534);
        assert_int_equal(pair_give(p.b, &last), SVMS_OK);
        last = pair_sealed(&p, PAIR_SOURCE, 65535);
        assert_int_equal(pair_give(p.b, &last), SVMS_OK);
        assert_int_equal(svms_srtp_key_left(p.a, PAIR_SOURCE, &left, NULL, NULL), SVMS_OK);
        assert_int_equal(left, 0);
        for (uint16_t number = 0; number < 3; number++) {
            packet beyond = pair_rtp(PAIR_SOURCE, number);
            packet before = beyond;
            assert_int_equal(svms_srtp_protect(p.a, beyond.data, &beyond.size, PAIR_ROOM, NULL),
                             SVMS_E_LIMIT);
            assert_memory_equal(&beyond, &before, sizeof before);
        }
        /* With another key the counter goes round. */
        assert_int_equal(svms_srtp_send(p.a, PAIR_SOURCE, &next, NULL), SVMS_OK);
        assert_int_equal(svms_srtp_receive(p.b, 0, PAIR_SOURCE, 0, &next, NULL), SVMS_OK);
        for (uint16_t number = 0; number < 3; number++) {
            packet beyond = pair_sealed(&p, PAIR_SOURCE, number);
            assert_int_equal(pair_give(p.b, &beyond), SVMS_OK);
            assert_int_equal(pair_give(p.b, &beyond), SVMS_E_POLICY);
        }
        assert_int_equal(svms_srtp_roc(p.a, PAIR_SOURCE), 0);
        assert_int_equal(svms_srtp_roc(p.b, PAIR_SOURCE), 0);
        assert_int_equal(svms_srtp_key_left(p.a, PAIR_SOURCE, &left, NULL, NULL), SVMS_OK);
        assert_true(left > (UINT64_C(1) << 48) - 0x10000);
        pair_close(&p);
    }
}

/* The far end would go round under one key: nobody has to believe it. */
static void a_peer_that_goes_round_under_one_key_is_refused(void **state)
{
    (void)state;
    svms_srtp_key key = pair_key(SVMS_SRTP_AEAD_AES_256_GCM, 1, false);
    pair p;
    pair_open(&p);
    assert_int_equal(svms_srtp_send_from(p.a, PAIR_SOURCE, 0, &key, NULL), SVMS_OK);
    assert_int_equal(svms_srtp_receive(p.b, 0, PAIR_SOURCE, UINT32_MAX, &key, NULL), SVMS_OK);
    svms_srtp *sender = NULL;
    assert_int_equal(svms_srtp_new(&sender, p.ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_srtp_send_from(sender, PAIR_SOURCE, UINT32_MAX, &key, NULL), SVMS_OK);
    packet last = pair_rtp(PAIR_SOURCE, 65535);
    assert_int_equal(svms_srtp_protect(sender, last.data, &last.size, PAIR_ROOM, NULL), SVMS_OK);
    assert_int_equal(pair_give(p.b, &last), SVMS_OK);
    packet round = pair_sealed(&p, PAIR_SOURCE, 0);
    assert_int_equal(pair_give(p.b, &round), SVMS_E_LIMIT);
    assert_int_equal(pair_counts(p.b).limited, 1);
    svms_srtp_free(&sender);
    pair_close(&p);
}

static void numbers_are_taken_up_again_after_a_long_loss(void **state)
{
    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        svms_srtp_key key = pair_key(suites[i], 1, i == 0);
        pair p;
        pair_open_with(&p, &key);
        packet before = pair_sealed(&p, PAIR_SOURCE, 60000);
        assert_int_equal(pair_give(p.b, &before), SVMS_OK);
        /* Four times round, unheard. */
        uint32_t number = 60000;
        for (int lost = 0; lost < 14; lost++) {
            number += 20000;
            (void)pair_sealed(&p, PAIR_SOURCE, (uint16_t)number);
        }
        uint32_t refused = 0;
        packet next;
        do {
            number++;
            next = pair_sealed(&p, PAIR_SOURCE, (uint16_t)number);
            refused++;
            assert_true(refused < 16 + 8 + 2);
        } while (pair_give(p.b, &next) != SVMS_OK);
        assert_true(refused >= 16);
        assert_int_equal(svms_srtp_roc(p.b, PAIR_SOURCE), number >> 16);
        assert_int_equal(pair_give(p.b, &next), SVMS_E_POLICY);
        assert_int_equal(pair_give(p.b, &before), SVMS_E_POLICY);
        packet after = pair_sealed(&p, PAIR_SOURCE, (uint16_t)(number + 1));
        assert_int_equal(pair_give(p.b, &after), SVMS_OK);
        pair_close(&p);
    }
}

static void forgeries_in_a_row_do_not_move_the_index(void **state)
{
    (void)state;
    svms_srtp_key key = pair_key(SVMS_SRTP_AEAD_AES_256_GCM, 1, false);
    pair p;
    pair_open_with(&p, &key);
    packet good = pair_sealed(&p, PAIR_SOURCE, 100);
    assert_int_equal(pair_give(p.b, &good), SVMS_OK);
    for (uint32_t i = 0; i < 100; i++) {
        packet forged = pair_rtp(PAIR_SOURCE, (uint16_t)(i * 997 + 101));
        forged.size += 16;
        assert_int_equal(pair_give(p.b, &forged), SVMS_E_NOT_AUTHENTIC);
    }
    assert_int_equal(pair_counts(p.b).forged, 100);
    good = pair_sealed(&p, PAIR_SOURCE, 101);
    assert_int_equal(pair_give(p.b, &good), SVMS_OK);
    assert_int_equal(svms_srtp_roc(p.b, PAIR_SOURCE), 0);
    pair_close(&p);
}

/* Reports have no roll-over: whoever wants to send more needs another source (SR-KEY-5). */
static void a_source_sends_2_to_the_31st_reports_less_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < SUITES; i++) {
        svms_srtp_key key = pair_key(suites[i], 1, true);
        svms_srtp_key next = pair_key(suites[i], 2, true);
        uint64_t packets = 0;
        uint64_t left = 0;
        pair p;
        pair_open_with(&p, &key);
        packet first = pair_sealed_rtcp(&p, PAIR_SOURCE);
        assert_int_equal(pair_give_rtcp(p.b, &first), SVMS_OK);
        svms_srtp_find_sent(p.a, PAIR_SOURCE)->rtcp_sent = 0x7FFFFFFE;
        assert_int_equal(svms_srtp_key_left(p.a, PAIR_SOURCE, &packets, &left, NULL), SVMS_OK);
        assert_int_equal(left, 1);
        packet last = pair_sealed_rtcp(&p, PAIR_SOURCE);
        assert_int_equal(pair_give_rtcp(p.b, &last), SVMS_OK);
        assert_int_equal(svms_srtp_key_left(p.a, PAIR_SOURCE, &packets, &left, NULL), SVMS_OK);
        assert_int_equal(left, 0);
        for (int again = 0; again < 2; again++) {
            packet beyond = pair_rtcp(PAIR_SOURCE);
            packet before = beyond;
            svms_error err = SVMS_ERROR_INIT;
            assert_int_equal(
                svms_srtp_protect_rtcp(p.a, beyond.data, &beyond.size, PAIR_ROOM, &err),
                SVMS_E_LIMIT);
            assert_memory_equal(&beyond, &before, sizeof before);
            if (again == 0) { /* Another key does not help. */
                assert_int_equal(svms_srtp_send(p.a, PAIR_SOURCE, &next, NULL), SVMS_OK);
            }
        }
        assert_int_equal(svms_srtp_send(p.a, PAIR_SOURCE + 1, &key, NULL), SVMS_OK);
        (void)pair_sealed_rtcp(&p, PAIR_SOURCE + 1);
        pair_close(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_that_comes_again_is_a_replay),
        cmocka_unit_test(what_is_older_than_the_window_is_refused),
        cmocka_unit_test(numbers_go_round_in_spite_of_loss_and_disorder),
        cmocka_unit_test(two_directions_go_round_by_themselves),
        cmocka_unit_test(a_key_ends_with_its_2_to_the_48th_packet),
        cmocka_unit_test(a_peer_that_goes_round_under_one_key_is_refused),
        cmocka_unit_test(a_source_sends_2_to_the_31st_reports_less_one),
        cmocka_unit_test(numbers_are_taken_up_again_after_a_long_loss),
        cmocka_unit_test(forgeries_in_a_row_do_not_move_the_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
