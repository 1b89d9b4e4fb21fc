/* SPDX-License-Identifier: Apache-2.0 */
/* Sources that change, collide, restart and say goodbye; and their clocks. */
#include "cmocka_all.h"
#include "rtp_stage.h"

#include "clock.h"
#include "ntp.h"

#define SECOND INT64_C(1000000000)

static void push_from(stage *s, uint32_t ssrc, uint32_t sequence)
{
    s->ssrc = ssrc;
    stage_push(s, sequence, sequence * 160, false, "x", 1);
}

static void push_rtcp(stage *s, const uint8_t *data, size_t size)
{
    assert_int_equal(svms_rtp_receiver_rtcp(s->receiver, data, size, s->now_ns, NULL), SVMS_OK);
}

static void push_report(stage *s, uint32_t ssrc, int64_t utc_ns, uint32_t rtp_time)
{
    uint64_t ntp = svms_ntp_from_utc(utc_ns);
    const uint32_t words[] = { 0x80C80006, ssrc, (uint32_t)(ntp >> 32), (uint32_t)ntp, rtp_time,
                               1,          1 };
    uint8_t data[28];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(words[i / 4] >> (24 - 8 * (i % 4)));
    }
    push_rtcp(s, data, sizeof data);
}

static void another_source_takes_over_when_the_first_is_silent(void **state)
{
    (void)state;
    stage *s = stage_open("PCMU/8000", NULL, NULL);
    push_from(s, 1, 10);
    push_from(s, 2, 500);
    push_from(s, 2, 501);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 1);
    assert_true(svms_rtp_receiver_wait(s->receiver) < s->now_ns + 500000000);
    stage_tick(s, 500000000);
    assert_int_equal(stage_count(s, SVMS_RTP_SOURCE), 2);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 3);
    const svms_rtp_event *gap = stage_event(s, SVMS_RTP_GAP, 0);
    assert_int_equal(gap->reasons, SVMS_RTP_GAP_SOURCE);
    assert_int_equal(gap->lost + gap->dropped, 0);
    assert_int_equal(stage_event(s, SVMS_RTP_SAMPLE, 1)->ssrc, 2);
    assert_int_equal(stage_counts(s).collisions, 0);
    stage_close(s);
}

static void a_goodbye_lets_the_next_in_at_once(void **state)
{
    (void)state;
    stage *s = stage_open("PCMU/8000", NULL, NULL);
    push_from(s, 1, 10);
    push_from(s, 1, 12);
    static const uint8_t others[] = "\x80\xC9\0\1\0\0\0\1\x81\xCB\0\1\0\0\0\7";
    static const uint8_t its[] = "\x80\xC9\0\1\0\0\0\1\x82\xCB\0\2\0\0\0\7\0\0\0\1";
    push_rtcp(s, others, sizeof others - 1);
    assert_int_equal(stage_count(s, SVMS_RTP_BYE), 0);
    push_rtcp(s, its, sizeof its - 1);
    push_rtcp(s, its, sizeof its - 1);
    assert_int_equal(stage_count(s, SVMS_RTP_BYE), 1);
    assert_int_equal(stage_event(s, SVMS_RTP_GAP, 0)->lost, 1);
    push_from(s, 2, 500);
    push_from(s, 2, 501);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 4);
    stage_close(s);
}

static void two_sources_at_a_time_are_a_collision(void **state)
{
    (void)state;
    stage *s = stage_open("PCMU/8000", NULL, NULL);
    for (uint32_t i = 0; i < 200; i++) {
        push_from(s, 1, i);
        push_from(s, 2, 7000 + i);
        push_from(s, 2, 7200 + i);
    }
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 200);
    assert_int_equal(stage_count(s, SVMS_RTP_SOURCE), 1);
    assert_int_equal(stage_counts(s).collisions, 199);
    assert_int_equal(stage_counts(s).foreign, 398);
    stage_close(s);
}

static void many_packets_of_another_need_no_silence(void **state)
{
    (void)state;
    stage *s = stage_open("PCMU/8000", NULL, NULL);
    push_from(s, 1, 10);
    for (uint32_t i = 0; i < 64; i++) {
        assert_int_equal(stage_count(s, SVMS_RTP_SOURCE), 1);
        push_from(s, 2, i);
    }
    assert_int_equal(stage_count(s, SVMS_RTP_SOURCE), 2);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 65);
    stage_close(s);
}

static void a_known_source_keeps_others_out(void **state)
{
    (void)state;
    svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
    options.flags = SVMS_RTP_FIXED_SSRC;
    options.ssrc = 2;
    stage *s = stage_open("PCMU/8000", NULL, &options);
    for (uint32_t i = 0; i < 100; i++) {
        push_from(s, 1, i);
    }
    assert_int_equal(s->event_count, 0);
    push_from(s, 2, 5);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 1);
    assert_int_equal(stage_counts(s).foreign, 100);
    stage_close(s);
}

static void numbers_that_begin_anew_are_a_restart(void **state)
{
    (void)state;
    stage *s = stage_open("PCMU/8000", NULL, NULL);
    push_from(s, 1, 10);
    push_from(s, 1, 30000);
    push_from(s, 1, 11);
    /* One strange packet is nothing. */
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 2);
    assert_int_equal(stage_counts(s).foreign, 1);
    push_from(s, 1, 40000);
    push_from(s, 1, 40001);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 4);
    assert_int_equal(stage_event(s, SVMS_RTP_GAP, 0)->reasons, SVMS_RTP_GAP_RESTART);
    assert_int_equal(stage_counts(s).collisions, 0);
    stage_close(s);
}

static void a_restart_a_little_behind_is_found_in_the_end(void **state)
{
    (void)state;
    stage *s = stage_open("PCMU/8000", NULL, NULL);
    push_from(s, 1, 5000);
    for (uint32_t i = 0; i < 80; i++) {
        push_from(s, 1, 4000 + i);
    }
    stage_flush(s);
    assert_int_equal(stage_counts(s).late, 64);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 1 + 16);
    assert_int_equal(stage_event(s, SVMS_RTP_GAP, 0)->reasons, SVMS_RTP_GAP_RESTART);
    stage_close(s);
}

static void recorded_utc_is_the_cameras(void **state)
{
    (void)state;
    int64_t camera = INT64_C(1795341600) * SECOND;
    stage *s = stage_open("PCMU/8000", NULL, NULL);
    push_from(s, 1, 100);
    assert_int_equal(stage_event(s, SVMS_RTP_SAMPLE, 0)->utc_ns, SVMS_NO_TIME);
    push_report(s, 2, camera + SECOND, 16000);
    assert_int_equal(svms_rtp_receiver_utc(s->receiver, 16000), SVMS_NO_TIME);
    push_report(s, 1, camera, 16160);
    push_from(s, 1, 101);
    const svms_rtp_event *e = stage_event(s, SVMS_RTP_SAMPLE, 1);
    assert_int_equal(e->utc_ns, camera);
    assert_int_equal(e->utc_source, SVMS_RTP_UTC_REPORT);
    /* The first one can be told now. */
    int64_t first =
        svms_rtp_receiver_utc(s->receiver, stage_event(s, SVMS_RTP_SAMPLE, 0)->rtp_time);
    assert_int_equal(first, camera - 20000000);
    /* A report without a time says nothing. */
    push_report(s, 1, SVMS_NO_TIME, 99999);
    assert_int_equal(svms_rtp_receiver_utc(s->receiver, e->rtp_time), camera);
    stage_close(s);
}

static void a_report_before_the_first_packet_counts(void **state)
{
    (void)state;
    stage *s = stage_open("PCMU/8000", NULL, NULL);
    push_report(s, 1, 5 * SECOND, 160 * 100 - 8000);
    push_from(s, 1, 100);
    assert_int_equal(stage_event(s, SVMS_RTP_SAMPLE, 0)->utc_ns, 6 * SECOND);
    stage_close(s);
}

static void times_go_on_when_32_bits_are_full(void **state)
{
    (void)state;
    svms_rtp_clock clock = svms_rtp_clock_new(90000);
    assert_int_equal(svms_rtp_clock_extend(&clock, 0xFFFFFF00u), 0xFFFFFF00);
    assert_int_equal(svms_rtp_clock_extend(&clock, 0x100u), 0x100000100);
    assert_int_equal(svms_rtp_clock_extend(&clock, 0xFFFFFFF0u), 0xFFFFFFF0);
    svms_rtp_clock_mark(&clock, 0xFFFFFFF0u, SECOND);
    assert_int_equal(svms_rtp_clock_utc(&clock, INT64_C(0xFFFFFFF0) + 90000), 2 * SECOND);
    assert_int_equal(svms_rtp_clock_utc(&clock, INT64_MAX / 2), SVMS_NO_TIME);
}

/* A crystal that is 50 ppm slow: its seconds last longer by NTP. */
static void drift_is_measured_and_used(void **state)
{
    (void)state;
    svms_rtp_clock clock = svms_rtp_clock_new(90000);
    for (int64_t i = 0; i <= 2000; i++) {
        int64_t utc = i * 5 * (SECOND + 50000);
        svms_rtp_clock_mark(&clock, (uint32_t)(i * 5 * 90000), utc);
        if (i > 2) {
            assert_int_equal(clock.drift_ppb, 50000);
        }
    }
    assert_int_equal(clock.steps, 0);
    int64_t hour = svms_rtp_clock_utc(&clock, clock.last.rtp + INT64_C(90000) * 3600);
    int64_t wanted = clock.last.utc_ns + 3600 * (SECOND + 50000);
    assert_true(hour - wanted < 1000 && wanted - hour < 1000);
}

static void a_step_of_the_cameras_clock_is_counted_and_followed(void **state)
{
    (void)state;
    svms_rtp_clock clock = svms_rtp_clock_new(90000);
    for (int64_t i = 0; i < 10; i++) {
        svms_rtp_clock_mark(&clock, (uint32_t)(i * 90000 * 5), i * 5 * SECOND);
    }
    svms_rtp_clock_mark(&clock, 10 * 90000 * 5, 50 * SECOND + 3600 * SECOND);
    assert_int_equal(clock.steps, 1);
    assert_int_equal(clock.drift_ppb, 0);
    assert_int_equal(svms_rtp_clock_utc(&clock, 10 * 90000 * 5 + 90000), 3651 * SECOND);
    /* A drift that no crystal has is a step, too. */
    for (int64_t i = 11; i < 20; i++) {
        int64_t utc = 3600 * SECOND + i * 5 * SECOND + (i - 10) * 20000000;
        svms_rtp_clock_mark(&clock, (uint32_t)(i * 90000 * 5), utc);
    }
    assert_true(clock.steps > 1);
    assert_true(clock.drift_ppb <= 1000000);
}

static void a_sender_report_sets_the_receivers_clock(void **state)
{
    (void)state;
    stage *s = stage_open("H264/90000", "packetization-mode=1", NULL);
    svms_rtp_sender_options options = SVMS_RTP_SENDER_OPTIONS_INIT;
    options.timebase_num = 1;
    options.timebase_den = 25;
    stage_make_sender(s, &options);
    svms_sample sample = SVMS_SAMPLE_INIT;
    static const uint8_t unit[] = { 0, 0, 0, 3, 0x41, 2, 3 };
    sample.data = unit;
    sample.size = sizeof unit;
    for (int i = 0; i < 3; i++) {
        sample.pts = i;
        sample.utc_ns = INT64_C(1795341600) * SECOND + i * 40000000;
        assert_int_equal(svms_rtp_sender_send(s->sender, &sample, NULL, NULL), SVMS_OK);
    }
    uint8_t report[128];
    size_t size = sizeof report;
    assert_int_equal(
        svms_rtp_sender_report(s->sender, "c", 0, sample.utc_ns + SECOND, report, &size, NULL),
        SVMS_OK);
    stage_push_all(s);
    push_rtcp(s, report, size);
    for (size_t i = 0; i < 3; i++) {
        const svms_rtp_event *e = stage_event(s, SVMS_RTP_SAMPLE, i);
        int64_t utc = svms_rtp_receiver_utc(s->receiver, e->rtp_time);
        int64_t off = utc - INT64_C(1795341600) * SECOND - (int64_t)i * 40000000;
        assert_true(off >= -1 && off <= 1);
    }
    stage_close(s);
}

static void the_replay_extension_wins_over_reports(void **state)
{
    (void)state;
    stage *s = stage_open("PCMU/8000", NULL, NULL);
    svms_rtp_sender_options options = SVMS_RTP_SENDER_OPTIONS_INIT;
    options.flags = SVMS_RTP_WITH_REPLAY | SVMS_RTP_GIVEN_SSRC;
    options.ssrc = 1;
    options.max_packet = 256;
    stage_make_sender(s, &options);
    push_report(s, 1, 5 * SECOND, 0);
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_rtp_replay replay = SVMS_RTP_REPLAY_INIT;
    static const uint8_t sound[500];
    sample.data = sound;
    sample.size = sizeof sound;
    sample.utc_ns = INT64_C(1700000000) * SECOND;
    sample.flags = SVMS_SAMPLE_SYNC;
    replay.flags = SVMS_RTP_REPLAY_END;
    replay.cseq = 77;
    assert_int_equal(svms_rtp_sender_send(s->sender, &sample, &replay, NULL), SVMS_OK);
    stage_push_all(s);
    const svms_rtp_event *e = stage_event(s, SVMS_RTP_SAMPLE, 0);
    assert_int_equal(e->has_replay, 1);
    assert_int_equal(e->utc_ns, sample.utc_ns);
    assert_int_equal(e->utc_source, SVMS_RTP_UTC_REPLAY);
    assert_int_equal(e->replay.flags, SVMS_RTP_REPLAY_CLEAN | SVMS_RTP_REPLAY_END);
    assert_int_equal(e->replay.cseq, 77);
    /* Only the first packet of a sample has it. */
    assert_int_equal(s->packet_count, 3);
    assert_int_equal(stage_event(s, SVMS_RTP_SAMPLE, 1)->has_replay, 0);
    stage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_source_takes_over_when_the_first_is_silent),
        cmocka_unit_test(a_goodbye_lets_the_next_in_at_once),
        cmocka_unit_test(two_sources_at_a_time_are_a_collision),
        cmocka_unit_test(many_packets_of_another_need_no_silence),
        cmocka_unit_test(a_known_source_keeps_others_out),
        cmocka_unit_test(numbers_that_begin_anew_are_a_restart),
        cmocka_unit_test(a_restart_a_little_behind_is_found_in_the_end),
        cmocka_unit_test(recorded_utc_is_the_cameras),
        cmocka_unit_test(a_report_before_the_first_packet_counts),
        cmocka_unit_test(times_go_on_when_32_bits_are_full),
        cmocka_unit_test(drift_is_measured_and_used),
        cmocka_unit_test(a_step_of_the_cameras_clock_is_counted_and_followed),
        cmocka_unit_test(a_sender_report_sets_the_receivers_clock),
        cmocka_unit_test(the_replay_extension_wins_over_reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
