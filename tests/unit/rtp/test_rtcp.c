/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include "rtp_stage.h"

#include <svms/rtcp.h>

#define LIT(text) (const uint8_t *)(text), sizeof(text) - 1

static svms_status begin(const uint8_t *data, size_t size, svms_error *err)
{
    svms_rtcp_iterator it = SVMS_RTCP_ITERATOR_INIT;
    return svms_rtcp_begin(&it, data, size, err);
}

static void a_compound_packet_is_read(void **state)
{
    (void)state;
    static const uint8_t data[] = {
        0x81, 200,  0,    12,   0,    0,   0, 1, 0x83, 0xAA, 0x7E, 0x80, 0x40, 0, 0,   0, /* SR */
        0,    0,    0x10, 0,    0,    0,   0, 5, 0,    0,    1,    0,    0,    0, 0,   9,
        0x40, 0xFF, 0xFF, 0xFE, 0,    1,   0, 7, 0,    0,    0,    3,    0,    0, 0,   4,
        0,    0,    0,    5,    0x81, 202, 0, 3, 0,    0,    0,    1,    1,    3, 'c', 'a',
        'm',  0,    0,    0,    0xA1, 203, 0, 2, 0,    0,    0,    1,    0,    0, 0,   4,
    };
    svms_rtcp_iterator it = SVMS_RTCP_ITERATOR_INIT;
    svms_rtcp_packet p = SVMS_RTCP_PACKET_INIT;
    assert_int_equal(svms_rtcp_begin(&it, data, sizeof data, NULL), SVMS_OK);
    assert_int_equal(svms_rtcp_next(&it, &p, NULL), SVMS_OK);
    assert_int_equal(p.type, SVMS_RTCP_SR);
    assert_int_equal(p.ssrc, 1);
    assert_int_equal(p.utc_ns, 250000000);
    assert_int_equal(p.ntp_middle, 0x7E804000);
    assert_int_equal(p.rtp_time, 0x1000);
    assert_int_equal(p.packets, 5);
    assert_int_equal(p.bytes, 256);
    assert_int_equal(p.count, 1);
    assert_int_equal(p.blocks[0].ssrc, 9);
    assert_int_equal(p.blocks[0].fraction_lost, 0x40);
    assert_int_equal(p.blocks[0].lost, -2);
    assert_int_equal(p.blocks[0].highest_sequence, 0x10007);
    assert_int_equal(p.blocks[0].since_report, 5);
    assert_int_equal(svms_rtcp_next(&it, &p, NULL), SVMS_OK);
    assert_int_equal(p.type, SVMS_RTCP_SDES);
    assert_int_equal(p.cname_size, 3);
    assert_memory_equal(p.cname, "cam", 3);
    assert_int_equal(svms_rtcp_next(&it, &p, NULL), SVMS_OK);
    assert_int_equal(p.type, SVMS_RTCP_BYE);
    assert_int_equal(p.body_size, 4);
    assert_int_equal(svms_rtcp_next(&it, &p, NULL), SVMS_END);
}

static void what_is_no_rtcp_is_refused_as_a_whole(void **state)
{
    (void)state;
    static const struct {
        const uint8_t *data;
        size_t size;
        svms_status status;
    } cases[] = {
        { LIT(""), SVMS_E_TRUNCATED },
        { LIT("\x80\xC9"), SVMS_E_TRUNCATED },
        { LIT("\x80\xC9\0\1\0\0\0"), SVMS_E_TRUNCATED },
        { LIT("\x80\xC9\0\2\0\0\0\1"), SVMS_E_TRUNCATED },
        { LIT("\x40\xC9\0\1\0\0\0\1"), SVMS_E_MALFORMED }, /* version */
        { LIT("\x81\xCA\0\1\0\0\0\1"), SVMS_E_MALFORMED }, /* begins with SDES */
        { LIT("\x80\xCB\0\0"), SVMS_E_MALFORMED },         /* begins with BYE */
        { LIT("\x81\xC9\0\1\0\0\0\1"), SVMS_E_MALFORMED }, /* a block that is not there */
        { LIT("\x80\xC9\0\0"), SVMS_E_MALFORMED },         /* no SSRC */
        { LIT("\x80\xC8\0\5\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), SVMS_E_MALFORMED },
        { LIT("\xA0\xC9\0\2\0\0\0\1\0\0\0\4\x80\xC9\0\1\0\0\0\1"), SVMS_E_MALFORMED }, /* padded */
        { LIT("\xA0\xC9\0\2\0\0\0\1\0\0\0\3"), SVMS_E_MALFORMED },
        { LIT("\xA0\xC9\0\2\0\0\0\1\0\0\0\0"), SVMS_E_MALFORMED },
        { LIT("\xA0\xC9\0\2\0\0\0\1\0\0\0\x0C"), SVMS_E_MALFORMED },
        { LIT("\x80\xC9\0\1\0\0\0\1\x81\xCA\0\2\0\0\0\1\1\7ab"), SVMS_E_MALFORMED },
        { LIT("\x80\xC9\0\1\0\0\0\1\x81\xCA\0\2\0\0\0\1\1\2ab"), SVMS_E_MALFORMED }, /* no end */
        { LIT("\x80\xC9\0\1\0\0\0\1\x82\xCB\0\1\0\0\0\1"), SVMS_E_MALFORMED },
        { LIT("\x80\xC9\0\1\0\0\0\1\x81\xCE\0\1\0\0\0\1"), SVMS_E_MALFORMED },
        { LIT("\x80\xC9\0\1\0\0\0\1\x80"), SVMS_E_TRUNCATED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(begin(cases[i].data, cases[i].size, &err), cases[i].status);
        assert_true(err.offset <= cases[i].size);
    }
    static const uint8_t long_one[65536] = { 0x80, 0xC9 };
    assert_int_equal(begin(long_one, sizeof long_one, NULL), SVMS_E_LIMIT);
    assert_int_equal(begin(NULL, 4, NULL), SVMS_E_USAGE);
}

static void unknown_packets_and_extensions_are_passed_over(void **state)
{
    (void)state;
    /* RR with four bytes more than its blocks, then type 207, then APP. */
    static const uint8_t data[] =
        "\x80\xC9\0\2\0\0\0\1more\x80\xCF\0\1????\x80\xCC\0\2\0\0\0\1name";
    svms_rtcp_iterator it = SVMS_RTCP_ITERATOR_INIT;
    svms_rtcp_packet p = SVMS_RTCP_PACKET_INIT;
    assert_int_equal(svms_rtcp_begin(&it, data, sizeof data - 1, NULL), SVMS_OK);
    assert_int_equal(svms_rtcp_next(&it, &p, NULL), SVMS_OK);
    assert_int_equal(svms_rtcp_next(&it, &p, NULL), SVMS_OK);
    assert_int_equal(p.type, 207);
    assert_memory_equal(p.body, "????", 4);
    assert_int_equal(svms_rtcp_next(&it, &p, NULL), SVMS_OK);
    assert_int_equal(p.type, SVMS_RTCP_APP);
    assert_int_equal(p.ssrc, 1);
    assert_int_equal(svms_rtcp_next(&it, &p, NULL), SVMS_END);
    svms_rtcp_iterator fresh = SVMS_RTCP_ITERATOR_INIT;
    assert_int_equal(svms_rtcp_next(&fresh, &p, NULL), SVMS_E_USAGE);
}

static svms_rtcp_packet report_of(stage *s, uint32_t flags)
{
    static uint8_t packet[512];
    size_t size = sizeof packet;
    assert_int_equal(
        svms_rtp_receiver_report(s->receiver, "us@host", flags, s->now_ns, packet, &size, NULL),
        SVMS_OK);
    svms_rtcp_iterator it = SVMS_RTCP_ITERATOR_INIT;
    svms_rtcp_packet p = SVMS_RTCP_PACKET_INIT;
    svms_rtcp_packet first = SVMS_RTCP_PACKET_INIT;
    assert_int_equal(svms_rtcp_begin(&it, packet, size, NULL), SVMS_OK);
    assert_int_equal(svms_rtcp_next(&it, &first, NULL), SVMS_OK);
    assert_int_equal(svms_rtcp_next(&it, &p, NULL), SVMS_OK);
    assert_int_equal(p.type, SVMS_RTCP_SDES);
    assert_int_equal(p.cname_size, 7);
    assert_memory_equal(p.cname, "us@host", 7);
    if ((flags & SVMS_RTP_REPORT_PLI) != 0) {
        assert_int_equal(svms_rtcp_next(&it, &p, NULL), SVMS_OK);
        assert_int_equal(p.type, SVMS_RTCP_PSFB);
        assert_int_equal(p.count, 1);
        assert_int_equal(p.media_ssrc, s->ssrc);
    }
    if ((flags & SVMS_RTP_REPORT_BYE) != 0) {
        assert_int_equal(svms_rtcp_next(&it, &p, NULL), SVMS_OK);
        assert_int_equal(p.type, SVMS_RTCP_BYE);
        assert_int_equal(p.ssrc, first.ssrc);
    }
    assert_int_equal(svms_rtcp_next(&it, &p, NULL), SVMS_END);
    return first;
}

static void a_receiver_reports_what_it_got(void **state)
{
    (void)state;
    svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
    options.flags = SVMS_RTP_IN_ORDER;
    stage *s = stage_open("PCMU/8000", NULL, &options);
    svms_rtcp_packet p = report_of(s, 0);
    assert_int_equal(p.count, 0);
    for (uint32_t i = 0; i < 100; i++) {
        if (i % 4 != 3) {
            stage_push(s, 65500 + i, i * 8, false, "x", 1);
        }
    }
    p = report_of(s, SVMS_RTP_REPORT_PLI | SVMS_RTP_REPORT_BYE);
    assert_int_equal(p.count, 1);
    assert_int_equal(p.blocks[0].ssrc, s->ssrc);
    assert_int_equal(p.blocks[0].highest_sequence, 65500 + 98);
    assert_int_equal(p.blocks[0].lost, 24);
    assert_int_equal(p.blocks[0].fraction_lost, 24 * 256 / 99);
    assert_int_equal(p.blocks[0].last_report, 0);
    /* Nothing was lost since. */
    stage_push(s, 65500 + 99, 99 * 8, false, "x", 1);
    p = report_of(s, 0);
    assert_int_equal(p.blocks[0].fraction_lost, 0);
    assert_int_equal(p.blocks[0].lost, 24);
    stage_close(s);
}

static void a_report_that_does_not_fit_says_what_it_needs(void **state)
{
    (void)state;
    stage *s = stage_open("PCMU/8000", NULL, NULL);
    stage_push(s, 1, 0, false, "x", 1);
    uint8_t packet[512];
    size_t size = 10;
    svms_status status = svms_rtp_receiver_report(s->receiver, "c", 0, 0, packet, &size, NULL);
    assert_int_equal(status, SVMS_E_LIMIT);
    assert_int_equal(size, 32 + 12);
    status = svms_rtp_receiver_report(s->receiver, "c", 0, 0, packet, &size, NULL);
    assert_int_equal(status, SVMS_OK);
    static char name[257];
    memset(name, 'n', 256);
    size = sizeof packet;
    assert_int_equal(svms_rtp_receiver_report(s->receiver, name, 0, 0, packet, &size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_rtp_receiver_report(s->receiver, "", 0, 0, packet, &size, NULL),
                     SVMS_E_USAGE);
    name[255] = '\0';
    assert_int_equal(svms_rtp_receiver_report(s->receiver, name, 3, 0, packet, &size, NULL),
                     SVMS_OK);
    stage_close(s);
}

/* RFC 3550 section 6.4.1, figure 2: A is 0xb710:8000, LSR 0xb705:2000, DLSR 5.25 s; the round trip
 * takes 6.125 s. */
static void round_trip_is_that_of_rfc_3550(void **state)
{
    (void)state;
    stage *s = stage_open("PCMU/8000", NULL, NULL);
    svms_rtp_sender_options options = SVMS_RTP_SENDER_OPTIONS_INIT;
    options.flags = SVMS_RTP_GIVEN_SSRC;
    options.ssrc = 0x0000B00B;
    stage_make_sender(s, &options);
    static const uint8_t report[] = { 0x81, 201,  0,    7,    0,    0, 0, 2, 0,    0, 0xB0,
                                      0x0B, 0x10, 0,    0,    3,    0, 0, 0, 9,    0, 0,
                                      0,    6,    0xB7, 0x05, 0x20, 0, 0, 5, 0x40, 0 };
    /* Integer part of NTP seconds 0xb44db710, fraction one half. */
    int64_t now = (INT64_C(0xb44db710) - INT64_C(2208988800)) * 1000000000 + 500000000;
    assert_int_equal(svms_rtp_sender_rtcp(s->sender, report, sizeof report, now, NULL), SVMS_OK);
    svms_rtp_sender_counts counts = SVMS_RTP_SENDER_COUNTS_INIT;
    assert_int_equal(svms_rtp_sender_count(s->sender, &counts, NULL), SVMS_OK);
    assert_int_equal(counts.round_trip_ns, 6125000000);
    assert_int_equal(counts.reports, 1);
    assert_int_equal(counts.fraction_lost, 0x10);
    assert_int_equal(counts.lost, 3);
    assert_int_equal(counts.jitter, 6);
    stage_close(s);
}

static void a_sender_hears_only_what_is_about_itself(void **state)
{
    (void)state;
    stage *s = stage_open("PCMU/8000", NULL, NULL);
    svms_rtp_sender_options options = SVMS_RTP_SENDER_OPTIONS_INIT;
    options.flags = SVMS_RTP_GIVEN_SSRC;
    options.ssrc = 5;
    stage_make_sender(s, &options);
    static const uint8_t pli[] = "\x80\xC9\0\1\0\0\0\1\x81\xCE\0\2\0\0\0\1\0\0\0\5";
    static const uint8_t others[] = "\x80\xC9\0\1\0\0\0\1\x81\xCE\0\2\0\0\0\1\0\0\0\6";
    assert_int_equal(svms_rtp_sender_rtcp(s->sender, LIT("\x81\xCE\0\0"), 0, NULL),
                     SVMS_E_MALFORMED);
    assert_int_equal(svms_rtp_sender_rtcp(s->sender, pli, sizeof pli - 1, 0, NULL), SVMS_OK);
    assert_int_equal(svms_rtp_sender_rtcp(s->sender, others, sizeof others - 1, 0, NULL), SVMS_OK);
    svms_rtp_sender_counts counts = SVMS_RTP_SENDER_COUNTS_INIT;
    assert_int_equal(svms_rtp_sender_count(s->sender, &counts, NULL), SVMS_OK);
    assert_int_equal(counts.sync_wanted, 1);
    assert_int_equal(counts.reports, 0);
    assert_int_equal(counts.round_trip_ns, UINT64_MAX);
    stage_close(s);
}

static void another_ssrc_is_taken_and_the_old_one_says_bye(void **state)
{
    (void)state;
    stage *s = stage_open("PCMU/8000", NULL, NULL);
    svms_rtp_sender_options options = SVMS_RTP_SENDER_OPTIONS_INIT;
    options.flags = SVMS_RTP_GIVEN_SSRC;
    options.ssrc = 5;
    stage_make_sender(s, &options);
    uint8_t packet[512];
    size_t size = sizeof packet;
    assert_int_equal(
        svms_rtp_sender_report(s->sender, "c", SVMS_RTP_REPORT_BYE, 0, packet, &size, NULL),
        SVMS_E_STATE);
    svms_sample sample = SVMS_SAMPLE_INIT;
    sample.data = (const uint8_t *)"x";
    sample.size = 1;
    sample.utc_ns = 0;
    assert_int_equal(svms_rtp_sender_send(s->sender, &sample, NULL, NULL), SVMS_OK);
    assert_int_equal(
        svms_rtp_sender_report(s->sender, "c", SVMS_RTP_REPORT_BYE, 0, packet, &size, NULL),
        SVMS_OK);
    assert_memory_equal(packet + size - 8, "\x81\xCB\0\1\0\0\0\5", 8);
    assert_int_equal(svms_rtp_sender_renew(s->sender, NULL), SVMS_OK);
    svms_rtp_sender_counts counts = SVMS_RTP_SENDER_COUNTS_INIT;
    assert_int_equal(svms_rtp_sender_count(s->sender, &counts, NULL), SVMS_OK);
    assert_int_not_equal(counts.ssrc, 5);
    assert_int_equal(counts.packets, 0);
    stage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_compound_packet_is_read),
        cmocka_unit_test(what_is_no_rtcp_is_refused_as_a_whole),
        cmocka_unit_test(unknown_packets_and_extensions_are_passed_over),
        cmocka_unit_test(a_receiver_reports_what_it_got),
        cmocka_unit_test(a_report_that_does_not_fit_says_what_it_needs),
        cmocka_unit_test(round_trip_is_that_of_rfc_3550),
        cmocka_unit_test(a_sender_hears_only_what_is_about_itself),
        cmocka_unit_test(another_ssrc_is_taken_and_the_old_one_says_bye),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
