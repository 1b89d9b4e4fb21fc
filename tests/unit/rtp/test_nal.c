/* SPDX-License-Identifier: Apache-2.0 */
/* H.264 (RFC 6184) and H.265 (RFC 7798), both ways. */
#include "cmocka_all.h"
#include "rtp_stage.h"

#define H264 "H264/90000"
#define MODE_1 "packetization-mode=1"
#define H265 "H265/90000"

typedef struct piece {
    const char *bytes;
    size_t size;
    bool marker;
} piece;

#define P(text)                                                                                    \
    {                                                                                              \
        text, sizeof(text) - 1, false                                                              \
    }
#define M(text)                                                                                    \
    {                                                                                              \
        text, sizeof(text) - 1, true                                                               \
    }

static void push_pieces(stage *s, const piece *pieces, size_t count)
{
    for (size_t i = 0; i < count && pieces[i].bytes; i++) {
        stage_push(s, (uint32_t)i, 3000, pieces[i].marker, pieces[i].bytes, pieces[i].size);
    }
}

typedef struct unpack_case {
    const char *rtpmap;
    const char *fmtp;
    piece pieces[4];
    const char *sample;
    size_t size;
} unpack_case;

#define S(text) text, sizeof(text) - 1

static void payloads_become_samples(void **state)
{
    (void)state;
    static const unpack_case cases[] = {
        { H264,
          MODE_1,
          { M("\x65"
              "abc") },
          S("\0\0\0\4\x65"
            "abc") },
        { H264,
          NULL,
          { M("\x65"
              "abc") },
          S("\0\0\0\4\x65"
            "abc") },
        { H264,
          MODE_1,
          { P("\x67"
              "a"),
            M("\x65"
              "b") },
          S("\0\0\0\2\x67"
            "a"
            "\0\0\0\2\x65"
            "b") },
        /* STAP-A of two units. */
        { H264,
          MODE_1,
          { M("\x78\0\2\x09\x10\0\3\x65"
              "xy") },
          S("\0\0\0\2\x09\x10\0\0\0\3\x65"
            "xy") },
        /* FU-A: NRI of the indicator, type of the header. */
        { H264,
          MODE_1,
          { P("\x7C\x85"
              "12"),
            P("\x7C\x05"
              "34"),
            M("\x7C\x45"
              "56") },
          S("\0\0\0\7\x65"
            "123456") },
        /* A marker without a payload ends a sample, too. */
        { H264,
          MODE_1,
          { P("\x41"
              "q"),
            M("") },
          S("\0\0\0\2\x41"
            "q") },
        { H265,
          NULL,
          { M("\x26\x01"
              "abc") },
          S("\0\0\0\5\x26\x01"
            "abc") },
        { H265,
          NULL,
          { M("\x60\x01\0\3\x40\x01V\0\4\x42\x01SS") },
          S("\0\0\0\3\x40\x01V\0\0\0\4\x42\x01SS") },
        { H265,
          NULL,
          { P("\x62\x01\x93"
              "12"),
            P("\x62\x01\x13"
              "34"),
            M("\x62\x01\x53"
              "56") },
          S("\0\0\0\x08\x26\x01"
            "123456") },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stage *s = stage_open(cases[i].rtpmap, cases[i].fmtp, NULL);
        push_pieces(s, cases[i].pieces, 4);
        assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 1);
        stage_expect_sample(s, 0, cases[i].sample, cases[i].size);
        assert_int_equal(stage_event(s, SVMS_RTP_SAMPLE, 0)->reasons, 0);
        assert_int_equal(stage_count(s, SVMS_RTP_GAP), 0);
        stage_close(s);
    }
}

static void malformed_payloads_damage_the_sample(void **state)
{
    (void)state;
    static const unpack_case cases[] = {
        { H264,
          MODE_1,
          { P("\x41"
              "a"),
            M("\xC1"
              "forbidden bit") },
          NULL,
          0 },
        { H264,
          MODE_1,
          { P("\x41"
              "a"),
            M("\x40"
              "type 0") },
          NULL,
          0 },
        { H264,
          MODE_1,
          { P("\x41"
              "a"),
            M("\x59"
              "STAP-B") },
          NULL,
          0 },
        { H264,
          MODE_1,
          { P("\x41"
              "a"),
            M("\x5A"
              "MTAP") },
          NULL,
          0 },
        { H264,
          MODE_1,
          { P("\x41"
              "a"),
            M("\x5D"
              "FU-B") },
          NULL,
          0 },
        { H264,
          MODE_1,
          { P("\x41"
              "a"),
            M("\x5F"
              "type 31") },
          NULL,
          0 },
        { H264,
          MODE_1,
          { P("\x41"
              "a"),
            M("\x78") },
          NULL,
          0 },
        { H264,
          MODE_1,
          { P("\x41"
              "a"),
            M("\x78\0") },
          NULL,
          0 },
        { H264,
          MODE_1,
          { P("\x41"
              "a"),
            M("\x78\0\0") },
          NULL,
          0 },
        { H264,
          MODE_1,
          { P("\x41"
              "a"),
            M("\x78\0\x09\x65") },
          NULL,
          0 },
        { H264,
          MODE_1,
          { P("\x41"
              "a"),
            M("\x78\0\1\x65\0") },
          NULL,
          0 },
        { H264,
          MODE_1,
          { P("\x41"
              "a"),
            M("\x7C") },
          NULL,
          0 },
        { H264,
          MODE_1,
          { P("\x41"
              "a"),
            M("\x7C\x85") },
          NULL,
          0 },
        { H264,
          MODE_1,
          { P("\x41"
              "a"),
            M("\x7C\xC5"
              "both ends") },
          NULL,
          0 },
        { H264,
          MODE_1,
          { P("\x41"
              "a"),
            M("\x7C\x45"
              "no start") },
          NULL,
          0 },
        { H264,
          MODE_1,
          { P("\x41"
              "a"),
            M("\x7C\x85"
              "no end") },
          NULL,
          0 },
        { H264,
          MODE_1,
          { P("\x7C\x85"
              "a"),
            P("\x7C\x85"
              "b"),
            M("\x7C\x45"
              "c") },
          NULL,
          0 },
        { H264,
          MODE_1,
          { P("\x7C\x85"
              "a"),
            P("\x41"
              "b"),
            M("\x7C\x45"
              "c") },
          NULL,
          0 },
        { H265,
          NULL,
          { P("\x02\x01"
              "a"),
            M("\x02") },
          NULL,
          0 },
        { H265,
          NULL,
          { P("\x02\x01"
              "a"),
            M("\x64\x01"
              "PACI") },
          NULL,
          0 },
        { H265,
          NULL,
          { P("\x02\x01"
              "a"),
            M("\x7E\x01"
              "type 63") },
          NULL,
          0 },
        { H265,
          NULL,
          { P("\x02\x01"
              "a"),
            M("\x60\x01") },
          NULL,
          0 },
        { H265,
          NULL,
          { P("\x02\x01"
              "a"),
            M("\x60\x01\0\1\x40") },
          NULL,
          0 },
        { H265,
          NULL,
          { P("\x02\x01"
              "a"),
            M("\x62\x01") },
          NULL,
          0 },
        { H265,
          NULL,
          { P("\x02\x01"
              "a"),
            M("\xE2\x01\x93"
              "forbidden bit") },
          NULL,
          0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stage *s = stage_open(cases[i].rtpmap, cases[i].fmtp, NULL);
        /* A whole sample before: reception did not begin within this one. */
        stage_push(s, 65535, 0, true, i < 18 ? "\x41z" : "\x02\x01z", i < 18 ? 2 : 3);
        push_pieces(s, cases[i].pieces, 4);
        stage_flush(s);
        assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 1);
        const svms_rtp_event *gap = stage_event(s, SVMS_RTP_GAP, 0);
        assert_non_null(gap);
        assert_int_equal(gap->reasons, SVMS_RTP_GAP_MALFORMED);
        assert_int_equal(gap->lost, 0);
        assert_int_equal(gap->dropped, cases[i].pieces[2].bytes ? 3 : 2);
        stage_close(s);
    }
}

static void damaged_samples_come_only_when_asked_for(void **state)
{
    (void)state;
    svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
    options.flags = SVMS_RTP_IN_ORDER | SVMS_RTP_DAMAGED_TOO;
    for (int asked = 0; asked < 2; asked++) {
        stage *s = stage_open(H264, MODE_1, NULL);
        options.flags = SVMS_RTP_IN_ORDER | (asked ? SVMS_RTP_DAMAGED_TOO : 0);
        stage_restart(s, &options);
        stage_push(s, 1, 0, true, "\x65k", 2);
        stage_push(s, 2, 3000, false,
                   "\x7C\x85"
                   "ab",
                   4);
        stage_push(s, 4, 3000, true,
                   "\x7C\x45"
                   "ef",
                   4);
        stage_push(s, 5, 6000, true, "\x41m", 2);
        assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), asked ? 3 : 2);
        const svms_rtp_event *gap = stage_event(s, SVMS_RTP_GAP, 0);
        assert_int_equal(gap->reasons, SVMS_RTP_GAP_LOST);
        assert_int_equal(gap->lost, 1);
        assert_int_equal(gap->dropped, asked ? 0 : 2);
        if (asked) {
            const svms_rtp_event *e = stage_event(s, SVMS_RTP_SAMPLE, 1);
            assert_int_equal(e->reasons, SVMS_RTP_GAP_LOST);
            assert_int_equal(e->flags & SVMS_SAMPLE_DISCONTINUITY, SVMS_SAMPLE_DISCONTINUITY);
            /* The unit's length is right for what there is. */
            assert_int_equal(e->data[3], e->size - 4);
        }
        stage_close(s);
    }
}

static void after_a_hole_only_a_delimiter_shows_that_a_sample_is_whole(void **state)
{
    (void)state;
    static const struct {
        const char *payload;
        size_t size;
        bool whole;
    } cases[] = {
        { "\x41m", 2, false },
        { "\x67s", 2, false },
        { "\x09\x10", 2, true },
        { "\x78\0\2\x09\x10\0\2\x41m", 9, true },
        { "\x78\0\2\x41m\0\2\x09\x10", 9, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
        options.flags = SVMS_RTP_IN_ORDER;
        stage *s = stage_open(H264, MODE_1, &options);
        stage_push(s, 1, 0, true, "\x65k", 2);
        stage_push(s, 3, 6000, true, cases[i].payload, cases[i].size);
        stage_flush(s);
        assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), cases[i].whole ? 2 : 1);
        assert_int_equal(stage_event(s, SVMS_RTP_GAP, 0)->lost, 1);
        stage_close(s);
    }
}

static void a_sample_without_marker_ends_where_the_time_changes(void **state)
{
    (void)state;
    stage *s = stage_open(H264, MODE_1, NULL);
    stage_push(s, 1, 0, false, "\x65k", 2);
    stage_push(s, 2, 0, false, "\x65l", 2);
    stage_push(s, 3, 3000, false, "\x41m", 2);
    stage_expect_sample(s, 0, "\0\0\0\2\x65k\0\0\0\2\x65l", 12);
    assert_int_equal(stage_event(s, SVMS_RTP_SAMPLE, 0)->flags, SVMS_SAMPLE_SYNC);
    /* Nobody knows whether the last one is complete. */
    stage_flush(s);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 1);
    assert_int_equal(stage_event(s, SVMS_RTP_GAP, 0)->dropped, 1);
    stage_close(s);
}

static void reception_that_begins_within_a_sample_says_so(void **state)
{
    (void)state;
    stage *s = stage_open(H264, MODE_1, NULL);
    stage_push(s, 1, 0, false,
               "\x7C\x05"
               "34",
               4);
    stage_push(s, 2, 0, true,
               "\x7C\x45"
               "56",
               4);
    stage_push(s, 3, 3000, true, "\x41m", 2);
    assert_int_equal(stage_event(s, SVMS_RTP_GAP, 0)->reasons, SVMS_RTP_GAP_JOINED);
    assert_int_equal(stage_event(s, SVMS_RTP_GAP, 0)->dropped, 2);
    stage_expect_sample(s, 0, "\0\0\0\2\x41m", 6);
    stage_close(s);
}

static void a_sample_has_an_end(void **state)
{
    (void)state;
    svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
    options.max_sample = 1000;
    stage *s = stage_open(H264, MODE_1, &options);
    static uint8_t part[102] = { 0x7C, 0x85 };
    for (uint32_t i = 0; i < 200; i++) {
        part[1] = i == 0 ? 0x85 : i == 199 ? 0x45 : 0x05;
        stage_push(s, i, 0, i == 199, part, sizeof part);
    }
    stage_push(s, 200, 3000, true, "\x41m", 2);
    const svms_rtp_event *gap = stage_event(s, SVMS_RTP_GAP, 0);
    assert_int_equal(gap->reasons, SVMS_RTP_GAP_LIMIT);
    assert_int_equal(gap->dropped, 200);
    stage_expect_sample(s, 0, "\0\0\0\2\x41m", 6);
    stage_close(s);
}

/* RFC 6184 section 8.3 has these sets in its examples. */
#define RFC_SETS "Z0IACpZTBYmI,aMljiA=="
static const uint8_t rfc_sps[] = { 0x67, 0x42, 0x00, 0x0A, 0x96, 0x53, 0x05, 0x89, 0x88 };

static void changed_parameter_sets_are_told_with_their_sample(void **state)
{
    (void)state;
    stage *s = stage_open(H264, MODE_1 ";sprop-parameter-sets=" RFC_SETS, NULL);
    stage_push(s, 1, 0, false, rfc_sps, sizeof rfc_sps);
    stage_push(s, 2, 0, true, "\x65k", 2);
    assert_null(stage_event(s, SVMS_RTP_SAMPLE, 0)->config);
    static const uint8_t other[] = { 0x67, 0x42, 0x00, 0x0B, 0x96, 0x53, 0x05, 0x89, 0x88 };
    stage_push(s, 3, 3000, false, other, sizeof other);
    stage_push(s, 4, 3000, true, "\x65l", 2);
    const svms_rtp_event *e = stage_event(s, SVMS_RTP_SAMPLE, 1);
    static const uint8_t wanted[] = { 1,    0x42, 0x00, 0x0B, 0xFF, 0xE1, 0,    9,
                                      0x67, 0x42, 0x00, 0x0B, 0x96, 0x53, 0x05, 0x89,
                                      0x88, 1,    0,    4,    0x68, 0xC9, 0x63, 0x88 };
    assert_int_equal(e->config_size, sizeof wanted);
    assert_memory_equal(e->config, wanted, sizeof wanted);
    stage_push(s, 5, 6000, true, "\x41m", 2);
    assert_null(stage_event(s, SVMS_RTP_SAMPLE, 2)->config);
    stage_close(s);
}

static void parameter_sets_go_before_sync_samples(void **state)
{
    (void)state;
    stage *s = stage_open(H264, MODE_1 ";sprop-parameter-sets=" RFC_SETS, NULL);
    stage_make_sender(s, NULL);
    stage_send(s, 0, SVMS_SAMPLE_SYNC, "\0\0\0\2\x65k", 6);
    stage_send(s, 3000, 0, "\0\0\0\2\x41m", 6);
    assert_int_equal(s->packet_count, 2);
    /* One STAP-A with the importance of its most important unit. */
    static const uint8_t together[] = { 0x78, 0, 9, 0x67, 0x42, 0x00, 0x0A, 0x96, 0x53, 0x05, 0x89,
                                        0x88, 0, 4, 0x68, 0xC9, 0x63, 0x88, 0,    2,    0x65, 'k' };
    assert_int_equal(s->packets[0].size, 12 + sizeof together);
    assert_memory_equal(s->packets[0].data + 12, together, sizeof together);
    assert_int_equal(s->packets[0].data[1], 0x80 | 96);
    assert_memory_equal(s->packets[1].data + 12, "\x41m", 2);
    stage_push_all(s);
    assert_int_equal(stage_event(s, SVMS_RTP_SAMPLE, 0)->size, 13 + 8 + 6);
    stage_close(s);
}

static void put_unit(uint8_t *out, size_t *size, uint8_t first, uint8_t second, size_t unit,
                     uint64_t *seed)
{
    out[*size] = (uint8_t)(unit >> 24);
    out[*size + 1] = (uint8_t)(unit >> 16);
    out[*size + 2] = (uint8_t)(unit >> 8);
    out[*size + 3] = (uint8_t)unit;
    for (size_t i = 0; i < unit; i++) {
        out[*size + 4 + i] = (uint8_t)stage_random(seed);
    }
    out[*size + 4] = first;
    out[*size + 5] = second;
    *size += 4 + unit;
}

static void samples_of_all_sizes_come_back_as_they_were(void **state)
{
    (void)state;
    static uint8_t sample[400000];
    for (int h265 = 0; h265 < 2; h265++) {
        for (uint32_t packet = 256; packet <= 65535; packet = packet * 3 + 1) {
            svms_rtp_sender_options options = SVMS_RTP_SENDER_OPTIONS_INIT;
            options.max_packet = packet;
            options.flags = SVMS_RTP_NO_PARAMETER_SETS;
            stage *s = stage_open(h265 ? H265 : H264, h265 ? NULL : MODE_1, NULL);
            stage_make_sender(s, &options);
            uint64_t seed = packet + 1;
            for (uint32_t n = 0; n < 40; n++) {
                size_t size = 0;
                uint32_t units = 1 + stage_random(&seed) % 24;
                for (uint32_t i = 0; i < units; i++) {
                    bool large = stage_random(&seed) % 5 == 0;
                    size_t unit = 3 + stage_random(&seed) % (large ? 9000 : 120);
                    /* Around the size of a packet most can go wrong. */
                    unit = stage_random(&seed) % 7 == 0 && packet < 10000
                               ? packet - 16 + stage_random(&seed) % 8
                               : unit;
                    put_unit(sample, &size, h265 ? 0x02 : 0x41, h265 ? 0x01 : 0x80, unit, &seed);
                }
                size_t first = s->packet_count;
                stage_send(s, n * 3000, 0, sample, size);
                for (size_t i = first; i < s->packet_count; i++) {
                    assert_true(s->packets[i].size <= packet);
                    bool last = i + 1 == s->packet_count;
                    assert_int_equal(s->packets[i].data[1] >> 7, last);
                    stage_push_sent(s, i);
                }
                assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), n + 1);
                stage_expect_sample(s, n, sample, size);
            }
            stage_close(s);
        }
    }
}

static svms_status try_send(stage *s, const void *data, size_t size)
{
    svms_sample sample = SVMS_SAMPLE_INIT;
    sample.data = data;
    sample.size = size;
    size_t before = s->packet_count;
    svms_status status = svms_rtp_sender_send(s->sender, &sample, NULL, NULL);
    assert_true(status == SVMS_OK || s->packet_count == before);
    return status;
}

static void what_is_no_sample_is_not_sent(void **state)
{
    (void)state;
    static uint8_t large[2000] = { 0, 0, 0x07, 0xCC, 0x41 };
    stage *s = stage_open(H264, MODE_1, NULL);
    stage_make_sender(s, NULL);
    assert_int_equal(try_send(s, "", 0), SVMS_E_MALFORMED);
    assert_int_equal(try_send(s, "\0\0\0\2\x41m\0\0\0\5\x41", 11), SVMS_E_TRUNCATED);
    assert_int_equal(try_send(s, "\0\0\0\2\x41m\0\0\0\1\xC1", 11), SVMS_E_MALFORMED);
    assert_int_equal(try_send(s, NULL, 4), SVMS_E_USAGE);
    assert_int_equal(try_send(s, large, sizeof large), SVMS_OK);
    stage_close(s);
    s = stage_open(H264, "packetization-mode=0", NULL);
    stage_make_sender(s, NULL);
    assert_int_equal(try_send(s, large, sizeof large), SVMS_E_LIMIT);
    assert_int_equal(try_send(s, "\0\0\0\2\x41m\0\0\0\2\x41m", 12), SVMS_OK);
    assert_int_equal(s->packet_count, 2);
    stage_close(s);
}

static void who_receives_can_say_no(void **state)
{
    (void)state;
    stage *s = stage_open(H264, MODE_1, NULL);
    stage_make_sender(s, NULL);
    static uint8_t large[2000] = { 0, 0, 0x07, 0xCC, 0x41 };
    s->answer = SVMS_E_CANCELLED;
    svms_sample sample = SVMS_SAMPLE_INIT;
    sample.data = large;
    sample.size = sizeof large;
    assert_int_equal(svms_rtp_sender_send(s->sender, &sample, NULL, NULL), SVMS_E_CANCELLED);
    assert_int_equal(s->packet_count, 1);
    static const uint8_t packet[] = { 0x80, 0xE0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0x41, 'm' };
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_rtp_receiver_push(s->receiver, packet, sizeof packet, 0, &err),
                     SVMS_E_CANCELLED);
    /* The source and the sample were both told. */
    assert_int_equal(s->event_count, 2);
    s->answer = SVMS_OK;
    stage_flush(s);
    stage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payloads_become_samples),
        cmocka_unit_test(malformed_payloads_damage_the_sample),
        cmocka_unit_test(damaged_samples_come_only_when_asked_for),
        cmocka_unit_test(after_a_hole_only_a_delimiter_shows_that_a_sample_is_whole),
        cmocka_unit_test(a_sample_without_marker_ends_where_the_time_changes),
        cmocka_unit_test(reception_that_begins_within_a_sample_says_so),
        cmocka_unit_test(a_sample_has_an_end),
        cmocka_unit_test(changed_parameter_sets_are_told_with_their_sample),
        cmocka_unit_test(parameter_sets_go_before_sync_samples),
        cmocka_unit_test(samples_of_all_sizes_come_back_as_they_were),
        cmocka_unit_test(what_is_no_sample_is_not_sent),
        cmocka_unit_test(who_receives_can_say_no),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
