/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include <string.h>

#include "ntp.h"
#include "rtp_header.h"

#include <svms/time.h>

static void a_plain_packet_is_taken_apart(void **state)
{
    (void)state;
    static const uint8_t packet[] = { 0x80, 0xE0, 0x12, 0x34, 0x01, 0x02, 0x03,
                                      0x04, 0xAA, 0xBB, 0xCC, 0xDD, 0x09, 0x10 };
    svms_rtp_packet p = SVMS_RTP_PACKET_INIT;
    assert_int_equal(svms_rtp_parse(&p, packet, sizeof packet, NULL), SVMS_OK);
    assert_int_equal(p.marker, 1);
    assert_int_equal(p.payload_type, 96);
    assert_int_equal(p.sequence, 0x1234);
    assert_int_equal(p.timestamp, 0x01020304);
    assert_int_equal(p.ssrc, 0xAABBCCDD);
    assert_int_equal(p.payload_size, 2);
    assert_ptr_equal(p.payload, packet + 12);
    assert_int_equal(p.has_extension, 0);
}

static void sources_extension_and_padding_are_found(void **state)
{
    (void)state;
    static const uint8_t packet[] = { 0xB2, 0x00, 0,    1,    0, 0, 0,   2,   0, 0,    0,
                                      3,    0,    0,    0,    7, 0, 0,   0,   8, 0xBE, 0xDE,
                                      0,    1,    0x10, 0xFF, 0, 0, 'x', 'y', 0, 0,    3 };
    svms_rtp_packet p = SVMS_RTP_PACKET_INIT;
    assert_int_equal(svms_rtp_parse(&p, packet, sizeof packet, NULL), SVMS_OK);
    assert_int_equal(p.csrc_count, 2);
    assert_int_equal(p.csrc[0], 7);
    assert_int_equal(p.csrc[1], 8);
    assert_int_equal(p.extension_profile, 0xBEDE);
    assert_int_equal(p.extension_size, 4);
    assert_int_equal(p.padding, 3);
    assert_int_equal(p.payload_size, 2);
    assert_memory_equal(p.payload, "xy", 2);
    assert_int_equal(p.has_replay, 0);
}

static void onvif_replay_extension_is_read(void **state)
{
    (void)state;
    /* 4004330400.5 s after 1900. */
    static const uint8_t packet[] = { 0x90, 0x60, 0,    1,    0,    0,    0,    2,    0,    0,
                                      0,    3,    0xAB, 0xAC, 0,    3,    0xEE, 0xAD, 0x3B, 0xA0,
                                      0x80, 0,    0,    0,    0xA0, 0x2A, 0,    0,    'p' };
    svms_rtp_packet p = SVMS_RTP_PACKET_INIT;
    assert_int_equal(svms_rtp_parse(&p, packet, sizeof packet, NULL), SVMS_OK);
    assert_int_equal(p.has_replay, 1);
    int64_t wanted = 0;
    assert_int_equal(svms_time_parse(&wanted, "2026-11-22T10:00:00.5Z", NULL), SVMS_OK);
    assert_int_equal(p.replay.utc_ns, wanted);
    assert_int_equal(p.replay.flags, SVMS_RTP_REPLAY_CLEAN | SVMS_RTP_REPLAY_DISCONTINUITY);
    assert_int_equal(p.replay.cseq, 0x2A);
    assert_int_equal(p.payload_size, 1);
    uint8_t written[28];
    assert_int_equal(svms_rtp_write_header(written, &p, &p.replay, NULL), 28);
    assert_memory_equal(written, packet, 28);
}

static void what_is_no_rtp_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        svms_status status;
        uint64_t offset;
    } cases[] = {
        { "", 0, SVMS_E_TRUNCATED, 0 },
        { "\x80\x60\0\1\0\0\0\2\0\0\0", 11, SVMS_E_TRUNCATED, 8 },
        { "\x40\x60\0\1\0\0\0\2\0\0\0\3", 12, SVMS_E_MALFORMED, 0 },
        { "\xC0\x60\0\1\0\0\0\2\0\0\0\3", 12, SVMS_E_MALFORMED, 0 },
        { "\x80\xC8\0\1\0\0\0\2\0\0\0\3", 12, SVMS_E_MALFORMED, 1 },
        { "\x80\xCC\0\1\0\0\0\2\0\0\0\3", 12, SVMS_E_MALFORMED, 1 },
        { "\x81\x60\0\1\0\0\0\2\0\0\0\3\0\0\0", 15, SVMS_E_TRUNCATED, 12 },
        { "\x90\x60\0\1\0\0\0\2\0\0\0\3\0\0\0", 15, SVMS_E_TRUNCATED, 14 },
        { "\x90\x60\0\1\0\0\0\2\0\0\0\3\0\0\0\1", 16, SVMS_E_TRUNCATED, 16 },
        { "\x90\x60\0\1\0\0\0\2\0\0\0\3\xAB\xAC\0\2........", 24, SVMS_E_MALFORMED, 16 },
        { "\xA0\x60\0\1\0\0\0\2\0\0\0\3", 12, SVMS_E_MALFORMED, 11 },
        { "\xA0\x60\0\1\0\0\0\2\0\0\0\3\0", 13, SVMS_E_MALFORMED, 12 },
        { "\xA0\x60\0\1\0\0\0\2\0\0\0\3\2", 13, SVMS_E_MALFORMED, 12 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_rtp_packet p = SVMS_RTP_PACKET_INIT;
        svms_error err = SVMS_ERROR_INIT;
        svms_status status =
            svms_rtp_parse(&p, (const uint8_t *)cases[i].bytes, cases[i].size, &err);
        assert_int_equal(status, cases[i].status);
        assert_int_equal(err.offset, cases[i].offset);
        assert_null(p.payload);
    }
    static uint8_t long_one[SVMS_RTP_PACKET_MAX + 1] = { 0x80, 0x60 };
    svms_rtp_packet p = SVMS_RTP_PACKET_INIT;
    assert_int_equal(svms_rtp_parse(&p, long_one, sizeof long_one, NULL), SVMS_E_LIMIT);
    assert_int_equal(svms_rtp_parse(&p, long_one, sizeof long_one - 1, NULL), SVMS_OK);
    assert_int_equal(svms_rtp_parse(NULL, long_one, 12, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_rtp_parse(&p, NULL, 12, NULL), SVMS_E_USAGE);
}

static void only_the_reserved_types_with_marker_are_rtcp(void **state)
{
    (void)state;
    for (unsigned second = 0; second < 256; second++) {
        uint8_t packet[12] = { 0x80, (uint8_t)second };
        svms_rtp_packet p = SVMS_RTP_PACKET_INIT;
        bool rtcp = second >= 200 && second <= 204;
        assert_int_equal(svms_rtp_parse(&p, packet, sizeof packet, NULL),
                         rtcp ? SVMS_E_MALFORMED : SVMS_OK);
    }
}

static void ntp_and_utc_are_the_same_moments(void **state)
{
    (void)state;
    static const struct {
        uint64_t ntp;
        const char *utc;
    } cases[] = {
        { UINT64_C(0x83AA7E8000000000), "1970-01-01T00:00:00.000Z" },
        { UINT64_C(0x8000000000000000), "1968-01-20T03:14:08.000Z" },
        { UINT64_C(0xFFFFFFFF00000000), "2036-02-07T06:28:15.000Z" },
        { UINT64_C(0x0000000080000000), "2036-02-07T06:28:16.500Z" },
        { UINT64_C(0x7FFFFFFF00000000), "2104-02-26T09:42:23.000Z" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[SVMS_TIME_TEXT_SIZE];
        svms_time_format(svms_ntp_to_utc(cases[i].ntp), text);
        assert_string_equal(text, cases[i].utc);
        int64_t utc = 0;
        assert_int_equal(svms_time_parse(&utc, cases[i].utc, NULL), SVMS_OK);
        assert_int_equal(svms_ntp_from_utc(utc), cases[i].ntp);
    }
    assert_int_equal(svms_ntp_to_utc(0), SVMS_NO_TIME);
    assert_int_equal(svms_ntp_from_utc(SVMS_NO_TIME), 0);
    assert_int_equal(svms_ntp_from_utc(INT64_MAX), 0);
}

static void a_time_survives_ntp_to_the_nanosecond(void **state)
{
    (void)state;
    for (int64_t ns = 0; ns < 1000000000; ns += 999983) {
        int64_t utc = INT64_C(1795341600000000000) + ns;
        int64_t back = svms_ntp_to_utc(svms_ntp_from_utc(utc));
        assert_true(back - utc <= 1 && utc - back <= 1);
    }
    assert_int_equal(svms_ntp_to_utc(svms_ntp_from_utc(INT64_C(1795341600999999999))),
                     INT64_C(1795341600999999999));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_packet_is_taken_apart),
        cmocka_unit_test(sources_extension_and_padding_are_found),
        cmocka_unit_test(onvif_replay_extension_is_read),
        cmocka_unit_test(what_is_no_rtp_is_refused_with_its_place),
        cmocka_unit_test(only_the_reserved_types_with_marker_are_rtcp),
        cmocka_unit_test(ntp_and_utc_are_the_same_moments),
        cmocka_unit_test(a_time_survives_ntp_to_the_nanosecond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
