/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys are taken, when they change, and what they open (SR-KEY, SR-RCV-4, SR-RCV-5). */
#include "cmocka_all.h"

#include "srtp_pair.h"

#define GCM SVMS_SRTP_AEAD_AES_256_GCM
#define OTHER_SOURCE 0x0BADCAFEu

static svms_status send_key(pair *p, uint8_t number, bool mki)
{
    svms_srtp_key key = pair_key(GCM, number, mki);
    return svms_srtp_send(p->a, PAIR_SOURCE, &key, NULL);
}

static svms_status receive_key(pair *p, uint8_t number, bool mki)
{
    svms_srtp_key key = pair_key(GCM, number, mki);
    return svms_srtp_receive(p->b, SVMS_SRTP_ANY_SOURCE, 0, 0, &key, NULL);
}

static void drawn_keys_have_the_sizes_of_their_suite(void **state)
{
    (void)state;
    static const struct {
        svms_srtp_suite suite;
        const char *name;
        size_t key;
        size_t salt;
    } rows[] = {
        { SVMS_SRTP_AEAD_AES_256_GCM, "AEAD_AES_256_GCM", 32, 12 },
        { SVMS_SRTP_AEAD_AES_128_GCM, "AEAD_AES_128_GCM", 16, 12 },
        { SVMS_SRTP_AES_CM_128_HMAC_SHA1_80, "AES_CM_128_HMAC_SHA1_80", 16, 14 },
    };
    static const uint8_t zeros[SVMS_SRTP_KEY_MAX] = { 0 };
    svms_ctx *ctx = NULL;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        svms_srtp_key one = SVMS_SRTP_KEY_INIT;
        svms_srtp_key two = SVMS_SRTP_KEY_INIT;
        assert_string_equal(svms_srtp_suite_name(rows[i].suite), rows[i].name);
        assert_int_equal(svms_srtp_key_size(rows[i].suite), rows[i].key);
        assert_int_equal(svms_srtp_salt_size(rows[i].suite), rows[i].salt);
        assert_int_equal(svms_srtp_key_random(&one, ctx, rows[i].suite, 4, NULL), SVMS_OK);
        assert_int_equal(svms_srtp_key_random(&two, ctx, rows[i].suite, 4, NULL), SVMS_OK);
        assert_int_equal(one.suite, rows[i].suite);
        assert_int_equal(one.mki_size, 4);
        assert_memory_not_equal(one.key, two.key, rows[i].key);
        assert_memory_not_equal(one.salt, two.salt, rows[i].salt);
        assert_memory_not_equal(one.mki, zeros, 4);
        assert_memory_equal(one.key + rows[i].key, zeros, SVMS_SRTP_KEY_MAX - rows[i].key);
        svms_srtp_key_wipe(&one);
        assert_memory_equal(one.key, zeros, sizeof one.key);
    }
    svms_srtp_key_wipe(NULL);
    assert_null(svms_srtp_suite_name((svms_srtp_suite)0));
    assert_null(svms_srtp_suite_name((svms_srtp_suite)4));
    assert_int_equal(svms_srtp_key_size((svms_srtp_suite)4), 0);
    assert_int_equal(svms_srtp_salt_size((svms_srtp_suite)99), 0);
    svms_ctx_free(&ctx);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    pair p;
    pair_open(&p);
    svms_srtp_key key = pair_key(GCM, 1, true);
    svms_srtp_key bad = key;
    svms_srtp *none = NULL;
    assert_int_equal(svms_srtp_key_random(&bad, p.ctx, (svms_srtp_suite)4, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_srtp_key_random(&bad, p.ctx, GCM, 17, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_srtp_key_random(NULL, p.ctx, GCM, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_srtp_new(NULL, p.ctx, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_srtp_new(&none, NULL, NULL, NULL), SVMS_E_USAGE);
    const svms_srtp_options wrong[] = {
        { (uint32_t)sizeof(svms_srtp_options), 2, 0, 0 },
        { (uint32_t)sizeof(svms_srtp_options), 0, 63, 0 },
        { (uint32_t)sizeof(svms_srtp_options), 0, 32768, 0 },
        { (uint32_t)sizeof(svms_srtp_options), 0, 0, 65 },
        { 0, 0, 0, 0 },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(svms_srtp_new(&none, p.ctx, &wrong[i], NULL), SVMS_E_USAGE);
        assert_null(none);
    }
    assert_int_equal(svms_srtp_send(p.a, 1, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_srtp_send(NULL, 1, &key, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_srtp_receive(NULL, 0, 1, 0, &key, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_srtp_receive(p.b, 2, 1, 0, &key, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_srtp_receive(p.b, SVMS_SRTP_ANY_SOURCE, 1, 0, &key, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_srtp_receive(p.b, SVMS_SRTP_ANY_SOURCE, 0, 1, &key, NULL), SVMS_E_USAGE);
    bad = key;
    bad.suite = 4;
    assert_int_equal(svms_srtp_send(p.a, 1, &bad, NULL), SVMS_E_USAGE);
    bad = key;
    bad.mki_size = 17;
    assert_int_equal(svms_srtp_receive(p.b, 0, 1, 0, &bad, NULL), SVMS_E_USAGE);
    bad = key;
    bad.struct_size = 0;
    assert_int_equal(svms_srtp_send(p.a, 1, &bad, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_srtp_receive_drop_old(NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_srtp_key_left(NULL, 1, NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_srtp_key_left(p.a, 1, NULL, NULL, NULL), SVMS_E_STATE);
    assert_int_equal(svms_srtp_count(NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_srtp_count(p.a, NULL, NULL), SVMS_E_USAGE);
    svms_srtp_free(NULL);
    svms_srtp_free(&none);
    pair_close(&p);
}

static void sha1_is_refused_unless_allowed(void **state)
{
    (void)state;
    svms_srtp_key key = pair_key(SVMS_SRTP_AES_CM_128_HMAC_SHA1_80, 1, false);
    pair p;
    pair_open(&p);
    svms_srtp *strict = NULL;
    assert_int_equal(svms_srtp_new(&strict, p.ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_srtp_send(strict, PAIR_SOURCE, &key, NULL), SVMS_E_POLICY);
    assert_int_equal(svms_srtp_receive(strict, SVMS_SRTP_ANY_SOURCE, 0, 0, &key, NULL),
                     SVMS_E_POLICY);
    assert_int_equal(svms_srtp_send(p.a, PAIR_SOURCE, &key, NULL), SVMS_OK);
    svms_srtp_free(&strict);
    pair_close(&p);
}

static void another_key_opens_nothing(void **state)
{
    (void)state;
    pair p;
    pair_open(&p);
    assert_int_equal(send_key(&p, 1, false), SVMS_OK);
    packet sealed = pair_sealed(&p, PAIR_SOURCE, 5);
    packet report = pair_sealed_rtcp(&p, PAIR_SOURCE);
    assert_int_equal(pair_give(p.b, &sealed), SVMS_E_WRONG_KEY);
    assert_int_equal(pair_give_rtcp(p.b, &report), SVMS_E_WRONG_KEY);
    assert_int_equal(pair_counts(p.b).no_key, 2);
    assert_int_equal(receive_key(&p, 2, false), SVMS_OK);
    assert_int_equal(pair_give(p.b, &sealed), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(pair_give_rtcp(p.b, &report), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(pair_counts(p.b).forged, 2);
    assert_int_equal(pair_counts(p.b).sources, 0);
    pair_close(&p);
}

static void a_key_changes_while_packets_of_the_old_one_arrive(void **state)
{
    (void)state;
    for (int mki = 0; mki < 2; mki++) {
        pair p;
        pair_open(&p);
        assert_int_equal(send_key(&p, 1, mki), SVMS_OK);
        assert_int_equal(receive_key(&p, 1, mki), SVMS_OK);
        packet early = pair_sealed(&p, PAIR_SOURCE, 65530);
        assert_int_equal(pair_give(p.b, &early), SVMS_OK);
        packet late[3];
        packet late_report = pair_sealed_rtcp(&p, PAIR_SOURCE);
        for (uint16_t i = 0; i < 3; i++) {
            late[i] = pair_sealed(&p, PAIR_SOURCE, (uint16_t)(65531 + i));
        }
        assert_int_equal(send_key(&p, 2, mki), SVMS_OK);
        /* The receiver is ready first; the old key still serves. */
        assert_int_equal(receive_key(&p, 2, mki), SVMS_OK);
        assert_int_equal(pair_give(p.b, &late[0]), SVMS_OK);
        /* The first of the new key comes across 2^16. */
        packet fresh = pair_sealed(&p, PAIR_SOURCE, 2);
        packet report = pair_sealed_rtcp(&p, PAIR_SOURCE);
        assert_int_equal(pair_give(p.b, &fresh), SVMS_OK);
        assert_int_equal(pair_give_rtcp(p.b, &report), SVMS_OK);
        assert_int_equal(svms_srtp_roc(p.b, PAIR_SOURCE), 1);
        assert_int_equal(pair_give(p.b, &late[1]), SVMS_OK);
        assert_int_equal(pair_give_rtcp(p.b, &late_report), SVMS_OK);
        assert_int_equal(pair_give(p.b, &late[1]), SVMS_E_POLICY);
        assert_int_equal(pair_give(p.b, &early), SVMS_E_POLICY);
        assert_int_equal(pair_give(p.b, &fresh), SVMS_E_POLICY);
        assert_int_equal(pair_give_rtcp(p.b, &late_report), SVMS_E_POLICY);
        assert_int_equal(svms_srtp_receive_drop_old(p.b, NULL), SVMS_OK);
        assert_int_equal(pair_give(p.b, &late[2]), mki ? SVMS_E_WRONG_KEY : SVMS_E_NOT_AUTHENTIC);
        packet next = pair_sealed(&p, PAIR_SOURCE, 3);
        assert_int_equal(pair_give(p.b, &next), SVMS_OK);
        assert_int_equal(svms_srtp_receive_drop_old(p.b, NULL), SVMS_OK);
        pair_close(&p);
    }
}

/* A key that was changed for a reason does not open what is newer than the change. */
static void without_mki_the_old_key_opens_nothing_new(void **state)
{
    (void)state;
    pair p;
    pair_open(&p);
    assert_int_equal(send_key(&p, 1, false), SVMS_OK);
    assert_int_equal(receive_key(&p, 1, false), SVMS_OK);
    svms_srtp *thief = NULL;
    svms_srtp_key old = pair_key(GCM, 1, false);
    assert_int_equal(svms_srtp_new(&thief, p.ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_srtp_send(thief, PAIR_SOURCE, &old, NULL), SVMS_OK);
    packet sealed = pair_sealed(&p, PAIR_SOURCE, 10);
    assert_int_equal(pair_give(p.b, &sealed), SVMS_OK);
    assert_int_equal(send_key(&p, 2, false), SVMS_OK);
    assert_int_equal(receive_key(&p, 2, false), SVMS_OK);
    sealed = pair_sealed(&p, PAIR_SOURCE, 20);
    assert_int_equal(pair_give(p.b, &sealed), SVMS_OK);
    packet stolen = pair_rtp(PAIR_SOURCE, 21);
    assert_int_equal(svms_srtp_protect(thief, stolen.data, &stolen.size, PAIR_ROOM, NULL), SVMS_OK);
    assert_int_equal(pair_give(p.b, &stolen), SVMS_E_NOT_AUTHENTIC);
    svms_srtp_free(&thief);
    pair_close(&p);
}

static void a_third_key_ends_the_first(void **state)
{
    (void)state;
    pair p;
    pair_open(&p);
    packet held[3];
    for (uint8_t i = 0; i < 3; i++) {
        assert_int_equal(send_key(&p, (uint8_t)(i + 1), true), SVMS_OK);
        assert_int_equal(receive_key(&p, (uint8_t)(i + 1), true), SVMS_OK);
        held[i] = pair_sealed(&p, PAIR_SOURCE, i);
    }
    assert_int_equal(pair_give(p.b, &held[0]), SVMS_E_WRONG_KEY);
    assert_int_equal(pair_counts(p.b).unknown_mki, 1);
    assert_int_equal(pair_give(p.b, &held[1]), SVMS_OK);
    assert_int_equal(pair_give(p.b, &held[2]), SVMS_OK);
    pair_close(&p);
}

static void an_unknown_mki_is_told_from_a_forgery(void **state)
{
    (void)state;
    pair p;
    pair_open(&p);
    assert_int_equal(send_key(&p, 1, true), SVMS_OK);
    assert_int_equal(receive_key(&p, 1, true), SVMS_OK);
    packet sealed = pair_sealed(&p, PAIR_SOURCE, 5);
    sealed.data[sealed.size - 1] ^= 1;
    assert_int_equal(pair_give(p.b, &sealed), SVMS_E_WRONG_KEY);
    packet report = pair_sealed_rtcp(&p, PAIR_SOURCE);
    report.data[report.size - 1] ^= 1;
    assert_int_equal(pair_give_rtcp(p.b, &report), SVMS_E_WRONG_KEY);
    assert_int_equal(pair_counts(p.b).unknown_mki, 2);
    assert_int_equal(pair_counts(p.b).forged, 0);
    pair_close(&p);
}

static void a_suite_changes_with_its_key(void **state)
{
    (void)state;
    svms_srtp_key first = pair_key(GCM, 1, true);
    svms_srtp_key second = pair_key(SVMS_SRTP_AES_CM_128_HMAC_SHA1_80, 2, true);
    svms_srtp_key third = pair_key(SVMS_SRTP_AEAD_AES_128_GCM, 3, false);
    const svms_srtp_key *keys[] = { &first, &second, &third };
    pair p;
    pair_open(&p);
    uint16_t number = 0;
    for (size_t i = 0; i < 3; i++) {
        packet before = { .size = 0 };
        if (i > 0) {
            before = pair_sealed(&p, PAIR_SOURCE, number++);
        }
        assert_int_equal(svms_srtp_send(p.a, PAIR_SOURCE, keys[i], NULL), SVMS_OK);
        assert_int_equal(svms_srtp_receive(p.b, SVMS_SRTP_ANY_SOURCE, 0, 0, keys[i], NULL),
                         SVMS_OK);
        packet sealed = pair_sealed(&p, PAIR_SOURCE, number++);
        packet report = pair_sealed_rtcp(&p, PAIR_SOURCE);
        assert_int_equal(pair_give(p.b, &sealed), SVMS_OK);
        assert_int_equal(pair_give_rtcp(p.b, &report), SVMS_OK);
        if (i > 0) {
            assert_int_equal(pair_give(p.b, &before), SVMS_OK);
        }
    }
    pair_close(&p);
}

static void no_key_is_used_twice_for_a_source(void **state)
{
    (void)state;
    pair p;
    pair_open(&p);
    assert_int_equal(send_key(&p, 1, false), SVMS_OK);
    (void)pair_sealed(&p, PAIR_SOURCE, 5);
    assert_int_equal(send_key(&p, 1, false), SVMS_E_STATE);
    /* Another MKI does not make it another key. */
    assert_int_equal(send_key(&p, 1, true), SVMS_E_STATE);
    packet again = pair_rtp(PAIR_SOURCE, 5);
    packet before = again;
    assert_int_equal(svms_srtp_protect(p.a, again.data, &again.size, PAIR_ROOM, NULL),
                     SVMS_E_STATE);
    assert_memory_equal(&again, &before, sizeof again);
    for (uint8_t i = 2; i < 40; i++) {
        assert_int_equal(send_key(&p, i, i % 2 == 0), SVMS_OK);
        (void)pair_sealed(&p, PAIR_SOURCE, (uint16_t)(4 + i));
        assert_int_equal(send_key(&p, (uint8_t)(i - 1), false), SVMS_E_STATE);
        assert_int_equal(send_key(&p, 1, false), SVMS_E_STATE);
    }
    /* Another source may have it: the source is part of what is ciphered. */
    svms_srtp_key key = pair_key(GCM, 1, false);
    assert_int_equal(svms_srtp_send(p.a, OTHER_SOURCE, &key, NULL), SVMS_OK);
    pair_close(&p);
}

static void a_received_key_that_is_set_again_keeps_its_window(void **state)
{
    (void)state;
    pair p;
    pair_open(&p);
    assert_int_equal(send_key(&p, 1, false), SVMS_OK);
    assert_int_equal(receive_key(&p, 1, false), SVMS_OK);
    packet sealed = pair_sealed(&p, PAIR_SOURCE, 5);
    assert_int_equal(pair_give(p.b, &sealed), SVMS_OK);
    assert_int_equal(receive_key(&p, 1, false), SVMS_OK);
    assert_int_equal(pair_give(p.b, &sealed), SVMS_E_POLICY);
    /* As the key of that source alone it would begin anew. */
    svms_srtp_key key = pair_key(GCM, 1, false);
    assert_int_equal(svms_srtp_receive(p.b, 0, PAIR_SOURCE, 0, &key, NULL), SVMS_E_STATE);
    assert_int_equal(receive_key(&p, 2, false), SVMS_OK);
    assert_int_equal(receive_key(&p, 1, false), SVMS_E_STATE);
    assert_int_equal(svms_srtp_receive_drop_old(p.b, NULL), SVMS_OK);
    assert_int_equal(receive_key(&p, 1, false), SVMS_E_STATE);
    assert_int_equal(pair_give(p.b, &sealed), SVMS_E_NOT_AUTHENTIC);
    pair_close(&p);
}

static void a_source_has_its_own_key_before_that_of_all(void **state)
{
    (void)state;
    pair p;
    pair_open(&p);
    svms_srtp_key own = pair_key(GCM, 7, false);
    svms_srtp_key all = pair_key(GCM, 8, false);
    assert_int_equal(svms_srtp_send(p.a, PAIR_SOURCE, &own, NULL), SVMS_OK);
    assert_int_equal(svms_srtp_send(p.a, OTHER_SOURCE, &all, NULL), SVMS_OK);
    assert_int_equal(svms_srtp_receive(p.b, SVMS_SRTP_ANY_SOURCE, 0, 0, &all, NULL), SVMS_OK);
    assert_int_equal(svms_srtp_receive(p.b, 0, PAIR_SOURCE, 0, &own, NULL), SVMS_OK);
    for (uint16_t i = 0; i < 3; i++) {
        packet one = pair_sealed(&p, PAIR_SOURCE, i);
        packet two = pair_sealed(&p, OTHER_SOURCE, i);
        packet report = pair_sealed_rtcp(&p, OTHER_SOURCE);
        assert_int_equal(pair_give_rtcp(p.b, &report), SVMS_OK);
        assert_int_equal(pair_give(p.b, &one), SVMS_OK);
        assert_int_equal(pair_give(p.b, &two), SVMS_OK);
    }
    assert_int_equal(pair_counts(p.b).sources, 2);
    pair_close(&p);
}

static void a_source_of_ours_in_the_peers_packets_is_a_collision(void **state)
{
    (void)state;
    pair p;
    pair_open(&p);
    assert_int_equal(send_key(&p, 1, false), SVMS_OK);
    assert_int_equal(receive_key(&p, 1, false), SVMS_OK);
    svms_srtp_key other = pair_key(GCM, 2, false);
    assert_int_equal(svms_srtp_send(p.b, PAIR_SOURCE, &other, NULL), SVMS_OK);
    packet sealed = pair_sealed(&p, PAIR_SOURCE, 5);
    packet report = pair_sealed_rtcp(&p, PAIR_SOURCE);
    assert_int_equal(pair_give(p.b, &sealed), SVMS_E_STATE);
    assert_int_equal(pair_give_rtcp(p.b, &report), SVMS_E_STATE);
    assert_int_equal(pair_counts(p.b).collisions, 2);
    assert_int_equal(pair_counts(p.b).sources, 0);
    /* Whoever has no key cannot make us believe in one. */
    sealed = pair_sealed(&p, PAIR_SOURCE, 6);
    sealed.data[20] ^= 1;
    assert_int_equal(pair_give(p.b, &sealed), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(pair_counts(p.b).collisions, 2);
    pair_close(&p);
}

static void no_packet_of_ours_comes_back_as_the_peers(void **state)
{
    (void)state;
    pair p;
    pair_open(&p);
    svms_srtp_key key = pair_key(GCM, 1, false);
    assert_int_equal(svms_srtp_send(p.a, PAIR_SOURCE, &key, NULL), SVMS_OK);
    assert_int_equal(svms_srtp_receive(p.a, SVMS_SRTP_ANY_SOURCE, 0, 0, &key, NULL), SVMS_OK);
    packet sealed = pair_sealed(&p, PAIR_SOURCE, 5);
    assert_int_equal(pair_give(p.a, &sealed), SVMS_E_STATE);
    packet report = pair_sealed_rtcp(&p, PAIR_SOURCE);
    assert_int_equal(pair_give_rtcp(p.a, &report), SVMS_E_STATE);
    pair_close(&p);
}

static void a_source_goes_in_one_direction(void **state)
{
    (void)state;
    pair p;
    svms_srtp_key key = pair_key(GCM, 1, false);
    svms_srtp_key other = pair_key(GCM, 2, false);
    pair_open_with(&p, &key);
    assert_int_equal(svms_srtp_receive(p.a, 0, PAIR_SOURCE, 0, &other, NULL), SVMS_E_STATE);
    packet sealed = pair_sealed(&p, PAIR_SOURCE, 5);
    assert_int_equal(pair_give(p.b, &sealed), SVMS_OK);
    assert_int_equal(svms_srtp_send(p.b, PAIR_SOURCE, &key, NULL), SVMS_E_STATE);
    assert_int_equal(svms_srtp_send(p.b, PAIR_SOURCE, &other, NULL), SVMS_E_STATE);
    pair_close(&p);
}

static void one_source_more_than_allowed_is_refused(void **state)
{
    (void)state;
    pair p;
    svms_srtp_key key = pair_key(GCM, 1, true);
    pair_open_with(&p, &key);
    for (uint32_t i = 1; i < 16; i++) {
        assert_int_equal(svms_srtp_send(p.a, PAIR_SOURCE + i, &key, NULL), SVMS_OK);
    }
    assert_int_equal(svms_srtp_send(p.a, PAIR_SOURCE + 16, &key, NULL), SVMS_E_LIMIT);
    svms_srtp *more = NULL;
    assert_int_equal(svms_srtp_new(&more, p.ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_srtp_send(more, PAIR_SOURCE + 16, &key, NULL), SVMS_OK);
    for (uint32_t i = 0; i < 16; i++) {
        packet sealed = pair_sealed(&p, PAIR_SOURCE + i, 1);
        packet forged = pair_rtp(0x77000000 + i, 1);
        memset(forged.data + forged.size, 1, 17);
        forged.size += 17;
        assert_int_equal(pair_give(p.b, &forged), SVMS_E_NOT_AUTHENTIC);
        assert_int_equal(pair_give(p.b, &sealed), SVMS_OK);
    }
    packet sealed = pair_rtp(PAIR_SOURCE + 16, 1);
    assert_int_equal(svms_srtp_protect(more, sealed.data, &sealed.size, PAIR_ROOM, NULL), SVMS_OK);
    assert_int_equal(pair_give(p.b, &sealed), SVMS_E_LIMIT);
    assert_int_equal(svms_srtp_receive(p.b, 0, PAIR_SOURCE + 16, 0, &key, NULL), SVMS_E_LIMIT);
    svms_srtp_counts counts = pair_counts(p.b);
    assert_int_equal(counts.sources, 16);
    assert_int_equal(counts.limited, 1);
    packet known = pair_sealed(&p, PAIR_SOURCE + 3, 2);
    assert_int_equal(pair_give(p.b, &known), SVMS_OK);
    svms_srtp_free(&more);
    pair_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drawn_keys_have_the_sizes_of_their_suite),
        cmocka_unit_test(wrong_arguments_are_named),
        cmocka_unit_test(sha1_is_refused_unless_allowed),
        cmocka_unit_test(another_key_opens_nothing),
        cmocka_unit_test(a_key_changes_while_packets_of_the_old_one_arrive),
        cmocka_unit_test(without_mki_the_old_key_opens_nothing_new),
        cmocka_unit_test(a_third_key_ends_the_first),
        cmocka_unit_test(an_unknown_mki_is_told_from_a_forgery),
        cmocka_unit_test(a_suite_changes_with_its_key),
        cmocka_unit_test(no_key_is_used_twice_for_a_source),
        cmocka_unit_test(a_received_key_that_is_set_again_keeps_its_window),
        cmocka_unit_test(a_source_has_its_own_key_before_that_of_all),
        cmocka_unit_test(a_source_of_ours_in_the_peers_packets_is_a_collision),
        cmocka_unit_test(no_packet_of_ours_comes_back_as_the_peers),
        cmocka_unit_test(a_source_goes_in_one_direction),
        cmocka_unit_test(one_source_more_than_allowed_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
