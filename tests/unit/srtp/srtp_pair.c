/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include "srtp_pair.h"

enum { RTP_SIZE = 100, RTCP_SIZE = 28 };

svms_srtp_key pair_key(svms_srtp_suite suite, uint8_t number, bool mki)
{
    svms_srtp_key key = SVMS_SRTP_KEY_INIT;
    key.suite = (uint32_t)suite;
    memset(key.key, number, svms_srtp_key_size(suite));
    memset(key.salt, number ^ 0x5A, svms_srtp_salt_size(suite));
    key.mki_size = mki ? 1 : 0;
    key.mki[0] = mki ? number : 0;
    return key;
}

void pair_open(pair *p)
{
    svms_srtp_options options = SVMS_SRTP_OPTIONS_INIT;
    options.flags = SVMS_SRTP_ALLOW_SHA1;
    memset(p, 0, sizeof *p);
    assert_int_equal(svms_ctx_new(&p->ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_srtp_new(&p->a, p->ctx, &options, NULL), SVMS_OK);
    assert_int_equal(svms_srtp_new(&p->b, p->ctx, &options, NULL), SVMS_OK);
}

void pair_open_with(pair *p, const svms_srtp_key *key)
{
    pair_open(p);
    assert_int_equal(svms_srtp_send(p->a, PAIR_SOURCE, key, NULL), SVMS_OK);
    assert_int_equal(svms_srtp_receive(p->b, SVMS_SRTP_ANY_SOURCE, 0, 0, key, NULL), SVMS_OK);
}

void pair_close(pair *p)
{
    svms_srtp_free(&p->a);
    svms_srtp_free(&p->b);
    svms_ctx_free(&p->ctx);
}

packet pair_rtp(uint32_t ssrc, uint16_t sequence)
{
    packet p = { .size = RTP_SIZE };
    uint8_t header[12] = {
        0x80,
        0x60,
        (uint8_t)(sequence >> 8),
        (uint8_t)sequence,
        0,
        0,
        0,
        0,
        (uint8_t)(ssrc >> 24),
        (uint8_t)(ssrc >> 16),
        (uint8_t)(ssrc >> 8),
        (uint8_t)ssrc,
    };
    memcpy(p.data, header, sizeof header);
    for (size_t i = sizeof header; i < RTP_SIZE; i++) {
        p.data[i] = (uint8_t)(i * 7 + sequence);
    }
    return p;
}

packet pair_rtcp(uint32_t ssrc)
{
    packet p = { .size = RTCP_SIZE };
    uint8_t header[8] = {
        0x80,
        200,
        0,
        6,
        (uint8_t)(ssrc >> 24),
        (uint8_t)(ssrc >> 16),
        (uint8_t)(ssrc >> 8),
        (uint8_t)ssrc,
    };
    memcpy(p.data, header, sizeof header);
    memset(p.data + sizeof header, 0x42, RTCP_SIZE - sizeof header);
    return p;
}

packet pair_sealed(pair *p, uint32_t ssrc, uint16_t sequence)
{
    packet plain = pair_rtp(ssrc, sequence);
    packet sealed = plain;
    assert_int_equal(svms_srtp_protect(p->a, sealed.data, &sealed.size, PAIR_ROOM, NULL), SVMS_OK);
    assert_true(sealed.size > plain.size);
    assert_memory_not_equal(sealed.data + 12, plain.data + 12, plain.size - 12);
    return sealed;
}

packet pair_sealed_rtcp(pair *p, uint32_t ssrc)
{
    packet sealed = pair_rtcp(ssrc);
    assert_int_equal(svms_srtp_protect_rtcp(p->a, sealed.data, &sealed.size, PAIR_ROOM, NULL),
                     SVMS_OK);
    assert_true(sealed.size > RTCP_SIZE);
    return sealed;
}

svms_status pair_give(svms_srtp *to, const packet *sealed)
{
    packet copy = *sealed;
    svms_status status = svms_srtp_unprotect(to, copy.data, &copy.size, NULL);
    if (status == SVMS_OK) {
        packet plain = pair_rtp((uint32_t)copy.data[8] << 24 | (uint32_t)copy.data[9] << 16 |
                                    (uint32_t)copy.data[10] << 8 | copy.data[11],
                                (uint16_t)(copy.data[2] << 8 | copy.data[3]));
        assert_int_equal(copy.size, plain.size);
        assert_memory_equal(copy.data, plain.data, plain.size);
    } else {
        assert_int_equal(copy.size, sealed->size);
    }
    return status;
}

svms_status pair_give_rtcp(svms_srtp *to, const packet *sealed)
{
    packet copy = *sealed;
    svms_status status = svms_srtp_unprotect_rtcp(to, copy.data, &copy.size, NULL);
    if (status == SVMS_OK) {
        packet plain = pair_rtcp(0);
        assert_int_equal(copy.size, plain.size);
        assert_memory_equal(copy.data + 8, plain.data + 8, plain.size - 8);
    } else {
        assert_int_equal(copy.size, sealed->size);
    }
    return status;
}

svms_srtp_counts pair_counts(const svms_srtp *s)
{
    svms_srtp_counts counts = SVMS_SRTP_COUNTS_INIT;
    assert_int_equal(svms_srtp_count(s, &counts, NULL), SVMS_OK);
    return counts;
}
