/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of packets that were changed, cut, badly placed, or never were packets (SR-PKT,
 * SR-RCV-1, SR-SND-1). */
#include "cmocka_all.h"

#include "srtp_pair.h"

static const svms_srtp_suite suites[] = {
    SVMS_SRTP_AEAD_AES_256_GCM,
    SVMS_SRTP_AEAD_AES_128_GCM,
    SVMS_SRTP_AES_CM_128_HMAC_SHA1_80,
};

/* Both kinds under all suites, with MKI and without. */
static void for_each_kind(void (*check)(pair *p, const packet *sealed,
                                        svms_status (*give)(svms_srtp *to, const packet *sealed)))
{
    for (size_t i = 0; i < 2 * sizeof suites / sizeof suites[0]; i++) {
        svms_srtp_key key = pair_key(suites[i / 2], 9, i % 2 == 1);
        pair p;
        pair_open_with(&p, &key);
        packet sealed = pair_sealed(&p, PAIR_SOURCE, 5);
        check(&p, &sealed, pair_give);
        sealed = pair_sealed_rtcp(&p, PAIR_SOURCE);
        check(&p, &sealed, pair_give_rtcp);
        pair_close(&p);
    }
}

static void check_flips(pair *p, const packet *sealed,
                        svms_status (*give)(svms_srtp *to, const packet *sealed))
{
    packet changed = *sealed;
    svms_srtp_counts before = pair_counts(p->b);
    for (size_t bit = 0; bit < sealed->size * 8; bit++) {
        changed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(give(p->b, &changed), SVMS_OK);
        changed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    svms_srtp_counts after = pair_counts(p->b);
    assert_int_equal(after.received, before.received);
    assert_int_equal(after.sources, before.sources);
    uint64_t refused = after.malformed + after.forged + after.unknown_mki + after.unencrypted -
                       before.malformed - before.forged - before.unknown_mki - before.unencrypted;
    assert_int_equal(refused, sealed->size * 8);
    assert_int_equal(give(p->b, sealed), SVMS_OK);
}

static void no_bit_can_be_changed(void **state)
{
    (void)state;
    for_each_kind(check_flips);
}

static void check_cuts(pair *p, const packet *sealed,
                       svms_status (*give)(svms_srtp *to, const packet *sealed))
{
    packet cut = *sealed;
    for (cut.size = 0; cut.size < sealed->size; cut.size++) {
        svms_status status = give(p->b, &cut);
        assert_true(status == SVMS_E_TRUNCATED || status == SVMS_E_NOT_AUTHENTIC ||
                    status == SVMS_E_WRONG_KEY || status == SVMS_E_POLICY);
        assert_true(cut.size >= 8 || status == SVMS_E_TRUNCATED);
    }
    packet longer = *sealed;
    longer.data[longer.size++] = 0;
    assert_int_not_equal(give(p->b, &longer), SVMS_OK);
    assert_int_equal(give(p->b, sealed), SVMS_OK);
}

static void no_byte_can_be_cut_or_added(void **state)
{
    (void)state;
    for_each_kind(check_cuts);
}

static void what_is_no_packet_is_named(void **state)
{
    (void)state;
    static const struct {
        bool rtcp;
        const char *bytes;
        size_t size;
        svms_status status;
        uint64_t offset;
    } rows[] = {
        { false, "\x40", 1, SVMS_E_MALFORMED, 0 },
        { false, "\x80\xc8\0\1\0\0\0\0\1\2\3\4", 12, SVMS_E_MALFORMED, 1 },
        { false, "\x80\x60\0\1\0\0\0\0\1\2\3", 11, SVMS_E_TRUNCATED, 8 },
        { false, "\x81\x60\0\1\0\0\0\0\1\2\3\4", 12, SVMS_E_TRUNCATED, 12 },
        { false, "\x90\x60\0\1\0\0\0\0\1\2\3\4\0\0\0\1", 16, SVMS_E_TRUNCATED, 16 },
        { true, "\x80\xc8\0\1\0\0\0", 7, SVMS_E_TRUNCATED, 4 },
        { true, "\x40\xc8\0\1\1\2\3\4", 8, SVMS_E_MALFORMED, 0 },
        { true, "\x80\x60\0\1\1\2\3\4", 8, SVMS_E_MALFORMED, 1 },
    };
    svms_srtp_key key = pair_key(SVMS_SRTP_AEAD_AES_256_GCM, 9, false);
    pair p;
    pair_open_with(&p, &key);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int out = 0; out < 2; out++) {
            packet bad = { .size = rows[i].size };
            memcpy(bad.data, rows[i].bytes, rows[i].size);
            packet before = bad;
            svms_error err = SVMS_ERROR_INIT;
            svms_status status =
                out ? (rows[i].rtcp ? svms_srtp_protect_rtcp
                                    : svms_srtp_protect)(p.a, bad.data, &bad.size, PAIR_ROOM, &err)
                    : (rows[i].rtcp ? svms_srtp_unprotect_rtcp
                                    : svms_srtp_unprotect)(p.b, bad.data, &bad.size, &err);
            assert_int_equal(status, rows[i].status);
            assert_int_equal(err.offset, rows[i].offset);
            assert_memory_equal(&bad, &before, sizeof bad);
        }
    }
    assert_int_equal(pair_counts(p.b).malformed, sizeof rows / sizeof rows[0]);
    assert_int_equal(pair_counts(p.a).sent, 0);
    pair_close(&p);
}

static void long_packets_and_headers_have_a_bound(void **state)
{
    (void)state;
    svms_srtp_key key = pair_key(SVMS_SRTP_AEAD_AES_256_GCM, 9, false);
    pair p;
    pair_open_with(&p, &key);
    static uint8_t large[SVMS_SRTP_PACKET_MAX + 64];
    packet start = pair_rtp(PAIR_SOURCE, 1);
    const size_t most = SVMS_SRTP_PACKET_MAX - 16;
    memcpy(large, start.data, 12);
    size_t size = most + 1;
    assert_int_equal(svms_srtp_protect(p.a, large, &size, sizeof large, NULL), SVMS_E_LIMIT);
    size = most;
    assert_int_equal(svms_srtp_protect(p.a, large, &size, sizeof large, NULL), SVMS_OK);
    assert_int_equal(size, SVMS_SRTP_PACKET_MAX);
    assert_int_equal(svms_srtp_unprotect(p.b, large, &size, NULL), SVMS_OK);
    assert_int_equal(size, most);
    size = SVMS_SRTP_PACKET_MAX + 1;
    assert_int_equal(svms_srtp_unprotect(p.b, large, &size, NULL), SVMS_E_LIMIT);
    assert_int_equal(svms_srtp_unprotect_rtcp(p.b, large, &size, NULL), SVMS_E_LIMIT);
    /* An extension of 508 words with the header fills 2,048 bytes. */
    for (uint32_t words = 508; words < 510; words++) {
        start = pair_rtp(PAIR_SOURCE, (uint16_t)words);
        memset(large, 0, 4096);
        memcpy(large, start.data, 12);
        large[0] |= 0x10;
        large[14] = (uint8_t)(words >> 8);
        large[15] = (uint8_t)words;
        size = 3000;
        svms_status status = svms_srtp_protect(p.a, large, &size, sizeof large, NULL);
        assert_int_equal(status, words == 508 ? SVMS_OK : SVMS_E_LIMIT);
        status = svms_srtp_unprotect(p.b, large, &size, NULL);
        assert_int_equal(status, words == 508 ? SVMS_OK : SVMS_E_LIMIT);
    }
    pair_close(&p);
}

static void a_protected_packet_stays_within_its_room(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * sizeof suites / sizeof suites[0]; i++) {
        svms_srtp_key key = pair_key(suites[i / 2], 9, i % 2 == 1);
        pair p;
        pair_open_with(&p, &key);
        for (int rtcp = 0; rtcp < 2; rtcp++) {
            packet plain = rtcp ? pair_rtcp(PAIR_SOURCE) : pair_rtp(PAIR_SOURCE, 5);
            size_t need = plain.size + svms_srtp_overhead(&key, rtcp);
            assert_true(need <= plain.size + SVMS_SRTP_OVERHEAD_MAX);
            svms_status (*protect)(svms_srtp *, uint8_t *, size_t *, size_t, svms_error *) =
                rtcp ? svms_srtp_protect_rtcp : svms_srtp_protect;
            packet sealed = plain;
            assert_int_equal(protect(p.a, sealed.data, &sealed.size, need - 1, NULL), SVMS_E_USAGE);
            assert_memory_equal(&sealed, &plain, sizeof plain);
            sealed.data[need] = 0x5C;
            assert_int_equal(protect(p.a, sealed.data, &sealed.size, need, NULL), SVMS_OK);
            assert_int_equal(sealed.size, need);
            assert_int_equal(sealed.data[need], 0x5C);
        }
        pair_close(&p);
    }
}

static void packets_may_lie_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        svms_srtp_key key = pair_key(suites[i], 9, true);
        svms_srtp_key next = pair_key(suites[i], 10, false);
        pair p;
        pair_open_with(&p, &key);
        for (uint16_t round = 0; round < 16; round++) {
            /* From the second half on there are two keys to try. */
            if (round == 8) {
                assert_int_equal(svms_srtp_receive(p.b, SVMS_SRTP_ANY_SOURCE, 0, 0, &next, NULL),
                                 SVMS_OK);
            }
            _Alignas(8) uint8_t memory[PAIR_ROOM + 8];
            uint8_t *place = memory + round % 8;
            packet plain = pair_rtp(PAIR_SOURCE, round);
            size_t size = plain.size;
            memcpy(place, plain.data, size);
            assert_int_equal(svms_srtp_protect(p.a, place, &size, PAIR_ROOM, NULL), SVMS_OK);
            assert_int_equal(svms_srtp_unprotect(p.b, place, &size, NULL), SVMS_OK);
            assert_int_equal(size, plain.size);
            assert_memory_equal(place, plain.data, size);
            plain = pair_rtcp(PAIR_SOURCE);
            size = plain.size;
            memcpy(place, plain.data, size);
            assert_int_equal(svms_srtp_protect_rtcp(p.a, place, &size, PAIR_ROOM, NULL), SVMS_OK);
            assert_int_equal(svms_srtp_unprotect_rtcp(p.b, place, &size, NULL), SVMS_OK);
            assert_int_equal(size, plain.size);
            assert_memory_equal(place, plain.data, size);
        }
        pair_close(&p);
    }
}

static void null_arguments_are_refused(void **state)
{
    (void)state;
    svms_srtp_key key = pair_key(SVMS_SRTP_AEAD_AES_256_GCM, 9, false);
    pair p;
    pair_open_with(&p, &key);
    packet x = pair_rtp(PAIR_SOURCE, 1);
    assert_int_equal(svms_srtp_protect(NULL, x.data, &x.size, PAIR_ROOM, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_srtp_protect(p.a, NULL, &x.size, PAIR_ROOM, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_srtp_protect(p.a, x.data, NULL, PAIR_ROOM, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_srtp_protect_rtcp(p.a, NULL, &x.size, PAIR_ROOM, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_srtp_unprotect(NULL, x.data, &x.size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_srtp_unprotect(p.b, NULL, &x.size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_srtp_unprotect_rtcp(p.b, x.data, NULL, NULL), SVMS_E_USAGE);
    packet other = pair_rtp(1, 1);
    assert_int_equal(svms_srtp_protect(p.a, other.data, &other.size, PAIR_ROOM, NULL),
                     SVMS_E_STATE);
    other = pair_rtcp(1);
    assert_int_equal(svms_srtp_protect_rtcp(p.a, other.data, &other.size, PAIR_ROOM, NULL),
                     SVMS_E_STATE);
    pair_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_bit_can_be_changed),
        cmocka_unit_test(no_byte_can_be_cut_or_added),
        cmocka_unit_test(what_is_no_packet_is_named),
        cmocka_unit_test(long_packets_and_headers_have_a_bound),
        cmocka_unit_test(a_protected_packet_stays_within_its_room),
        cmocka_unit_test(packets_may_lie_anywhere),
        cmocka_unit_test(null_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
