/* SPDX-License-Identifier: Apache-2.0 */
/* AAC (RFC 3640), G.711 (RFC 3551) and ONVIF metadata. */
#include "cmocka_all.h"
#include "rtp_stage.h"

#define AAC "mpeg4-generic/16000/1"
#define HBR "mode=AAC-hbr;config=1408"
#define METADATA "vnd.onvif.metadata/90000"

static void several_frames_of_a_packet_are_1024_ticks_apart(void **state)
{
    (void)state;
    stage *s = stage_open(AAC, HBR, NULL);
    /* 48 bits of headers: sizes 2, 1 and 3. */
    stage_push(s, 1, 5000, true,
               "\0\x30\0\x10\0\x08\0\x18"
               "aabccc",
               14);
    static const char *const frames[] = { "aa", "b", "ccc" };
    for (size_t i = 0; i < 3; i++) {
        stage_expect_sample(s, i, frames[i], strlen(frames[i]));
        const svms_rtp_event *e = stage_event(s, SVMS_RTP_SAMPLE, i);
        assert_int_equal(e->rtp_time, 5000 + 1024 * (int64_t)i);
        assert_int_equal(e->duration, 1024);
        assert_int_equal(e->packets, i == 0 ? 1 : 0);
    }
    assert_int_equal(stage_counts(s).delivered, 1);
    stage_close(s);
}

static void aac_fragments_are_put_together(void **state)
{
    (void)state;
    stage *s = stage_open(AAC, HBR, NULL);
    stage_push(s, 1, 0, false,
               "\0\x10\0\x38"
               "abc",
               7);
    stage_push(s, 2, 0, false,
               "\0\x10\0\x38"
               "def",
               7);
    stage_push(s, 3, 0, true,
               "\0\x10\0\x38"
               "g",
               5);
    stage_push(s, 4, 1024, true,
               "\0\x10\0\x08"
               "h",
               5);
    stage_expect_sample(s, 0, "abcdefg", 7);
    assert_int_equal(stage_event(s, SVMS_RTP_SAMPLE, 0)->packets, 3);
    stage_expect_sample(s, 1, "h", 1);
    assert_int_equal(stage_count(s, SVMS_RTP_GAP), 0);
    stage_close(s);
}

typedef struct broken {
    const char *payload;
    size_t size;
} broken;

#define B(text)                                                                                    \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static void malformed_aac_is_told(void **state)
{
    (void)state;
    static const broken cases[] = {
        B(""),
        B("\0"),
        B("\0\x10\0"),
        B("\0\0"
          "abc"),
        B("\0\x08\x10"
          "abc"),
        B("\0\x10\0\0"
          "abc"), /* a frame of 0 bytes */
        B("\0\x10\0\x09"
          "a"), /* index 1: interleaved */
        B("\0\x20\0\x08\0\x18"
          "ab"), /* the second does not fit */
        B("\0\x20\0\x08\0\x09"
          "ab"), /* index delta 1 */
        B("\0\x18\0\x08\0"
          "ab"), /* half a header */
        B("\xFF\xFF\0\x08"
          "ab"),
        B("\0\x10\0\x10"), /* no data at all */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stage *s = stage_open(AAC, HBR, NULL);
        stage_push(s, 1, 0, true,
                   "\0\x10\0\x08"
                   "h",
                   5);
        stage_push(s, 2, 1024, true, cases[i].payload, cases[i].size);
        stage_flush(s);
        const svms_rtp_event *gap = stage_event(s, SVMS_RTP_GAP, 0);
        assert_non_null(gap);
        assert_int_equal(gap->reasons, SVMS_RTP_GAP_MALFORMED);
        svms_rtp_receiver_counts counts = stage_counts(s);
        assert_int_equal(counts.delivered + counts.dropped, 2);
        stage_close(s);
    }
}

static void an_unfinished_aac_frame_is_not_delivered(void **state)
{
    (void)state;
    svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
    options.flags = SVMS_RTP_IN_ORDER;
    stage *s = stage_open(AAC, HBR, &options);
    stage_push(s, 1, 0, true,
               "\0\x10\0\x08"
               "h",
               5);
    stage_push(s, 2, 1024, false,
               "\0\x10\0\x38"
               "abc",
               7);
    stage_push(s, 3, 2048, true,
               "\0\x10\0\x08"
               "i",
               5);
    assert_int_equal(stage_event(s, SVMS_RTP_GAP, 0)->reasons, SVMS_RTP_GAP_MALFORMED);
    stage_push(s, 4, 3072, false,
               "\0\x10\0\x38"
               "abc",
               7);
    stage_push(s, 6, 3072, true,
               "\0\x10\0\x38"
               "g",
               5);
    stage_push(s, 8, 4096, true,
               "\0\x10\0\x38"
               "g",
               5);
    /* A frame that is no fragment is whole in spite of the hole. */
    stage_push(s, 10, 5120, true,
               "\0\x10\0\x08"
               "j",
               5);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 3);
    stage_expect_sample(s, 2, "j", 1);
    assert_int_equal(stage_event(s, SVMS_RTP_GAP, 1)->lost, 3);
    assert_int_equal(stage_event(s, SVMS_RTP_GAP, 1)->dropped, 3);
    assert_int_equal(stage_event(s, SVMS_RTP_GAP, 1)->reasons, SVMS_RTP_GAP_LOST);
    stage_close(s);
}

static void sound_and_metadata_come_back_as_they_were(void **state)
{
    (void)state;
    static const struct {
        const char *rtpmap;
        const char *fmtp;
        size_t most;
        bool pieces; /* long ones come as several samples */
    } cases[] = {
        { AAC, HBR, 8191, false },
        { AAC, "sizeLength=6;indexLength=2;indexDeltaLength=2", 63, false },
        { AAC, "mode=AAC-lbr", 63, false },
        { "PCMU/8000", NULL, 1000, true },
        { "PCMA/8000/2", NULL, 1000, true },
        { METADATA, NULL, 50000, false },
    };
    static uint8_t sample[50001];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_rtp_sender_options options = SVMS_RTP_SENDER_OPTIONS_INIT;
        options.max_packet = 300;
        stage *s = stage_open(cases[i].rtpmap, cases[i].fmtp, NULL);
        stage_make_sender(s, &options);
        uint64_t seed = 5 + i;
        size_t next = 0;
        for (uint32_t n = 0; n < 100; n++) {
            size_t size = 1 + stage_random(&seed) % cases[i].most;
            size += cases[i].pieces && size % 2 == 1 ? 1 : 0;
            for (size_t k = 0; k < size; k++) {
                sample[k] = (uint8_t)stage_random(&seed);
            }
            sample[0] = '<';
            size_t first = s->packet_count;
            stage_send(s, (int64_t)n * 90000, 0, sample, size);
            for (size_t k = first; k < s->packet_count; k++) {
                stage_push_sent(s, k);
            }
            size_t at = 0;
            while (at < size) {
                const svms_rtp_event *e = stage_event(s, SVMS_RTP_SAMPLE, next++);
                assert_non_null(e);
                assert_true(e->size <= size - at && (cases[i].pieces || e->size == size));
                assert_memory_equal(e->data, sample + at, e->size);
                at += e->size;
            }
        }
        assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), next);
        assert_int_equal(stage_count(s, SVMS_RTP_GAP), 0);
        stage_close(s);
    }
}

static void pieces_of_sound_have_their_own_times(void **state)
{
    (void)state;
    svms_rtp_sender_options options = SVMS_RTP_SENDER_OPTIONS_INIT;
    options.max_packet = 256;
    stage *s = stage_open("PCMU/8000/2", NULL, NULL);
    stage_make_sender(s, &options);
    static const uint8_t sound[500];
    stage_send(s, 0, 0, sound, sizeof sound);
    stage_send(s, 250, 0, sound, 2);
    stage_send(s, 1000, SVMS_SAMPLE_DISCONTINUITY, sound, 2);
    stage_push_all(s);
    assert_int_equal(s->packet_count, 5);
    static const int64_t times[] = { 0, 122, 244, 250, 1000 };
    static const bool markers[] = { true, false, false, false, true };
    int64_t first = stage_event(s, SVMS_RTP_SAMPLE, 0)->rtp_time;
    for (size_t i = 0; i < 5; i++) {
        const svms_rtp_event *e = stage_event(s, SVMS_RTP_SAMPLE, i);
        assert_int_equal(e->rtp_time - first, times[i]);
        assert_int_equal(e->duration, e->size / 2);
        assert_int_equal(s->packets[i].data[1] >> 7, markers[i]);
    }
    stage_push(s, 0, 0, false, "", 0);
    stage_close(s);
}

static void half_a_sample_of_sound_is_malformed(void **state)
{
    (void)state;
    stage *s = stage_open("PCMU/8000/2", NULL, NULL);
    stage_push(s, 1, 0, false, "ab", 2);
    stage_push(s, 2, 1, false, "abc", 3);
    stage_push(s, 3, 2, false, "cd", 2);
    assert_int_equal(stage_event(s, SVMS_RTP_GAP, 0)->reasons, SVMS_RTP_GAP_MALFORMED);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 2);
    svms_sample sample = SVMS_SAMPLE_INIT;
    stage_make_sender(s, NULL);
    sample.data = (const uint8_t *)"abc";
    sample.size = 3;
    assert_int_equal(svms_rtp_sender_send(s->sender, &sample, NULL, NULL), SVMS_E_MALFORMED);
    stage_close(s);
}

static void a_document_ends_with_the_marker_whatever_the_time(void **state)
{
    (void)state;
    stage *s = stage_open(METADATA, NULL, NULL);
    stage_push(s, 1, 100, false, "<a>", 3);
    stage_push(s, 2, 200, false, "text", 4);
    stage_push(s, 3, 300, true, "</a>", 4);
    stage_push(s, 4, 400, true, "\xEF\xBB\xBF <b/>", 8);
    stage_expect_sample(s, 0, "<a>text</a>", 11);
    assert_int_equal(stage_event(s, SVMS_RTP_SAMPLE, 0)->rtp_time, 100);
    stage_expect_sample(s, 1, "\xEF\xBB\xBF <b/>", 8);
    stage_close(s);
}

static void a_document_that_lacks_something_is_not_delivered(void **state)
{
    (void)state;
    svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
    options.flags = SVMS_RTP_IN_ORDER;
    stage *s = stage_open(METADATA, NULL, &options);
    stage_push(s, 1, 0, true, "rest</a>", 8);
    stage_push(s, 2, 0, true, "<b/>", 4);
    assert_int_equal(stage_event(s, SVMS_RTP_GAP, 0)->reasons, SVMS_RTP_GAP_JOINED);
    stage_push(s, 3, 0, false, "<c>", 3);
    stage_push(s, 5, 0, true, "</c>", 4);
    stage_push(s, 6, 0, true, "<d/>", 4);
    /* After a hole nobody knows whether a document begins. */
    stage_push(s, 8, 0, true, "<e/>", 4);
    stage_push(s, 9, 0, true, "<f/>", 4);
    stage_push(s, 10, 0, true, "no document", 11);
    stage_flush(s);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 3);
    stage_expect_sample(s, 1, "<d/>", 4);
    stage_expect_sample(s, 2, "<f/>", 4);
    assert_int_equal(stage_count(s, SVMS_RTP_GAP), 4);
    assert_int_equal(stage_event(s, SVMS_RTP_GAP, 3)->reasons, SVMS_RTP_GAP_MALFORMED);
    stage_close(s);
}

static void packets_of_another_type_are_counted_apart(void **state)
{
    (void)state;
    stage *s = stage_open("PCMU/8000", NULL, NULL);
    stage_push(s, 1, 0, false, "a", 1);
    s->payload_type = 101;
    stage_push(s, 2, 0, false, "comfort", 7);
    s->payload_type = 96;
    stage_push(s, 3, 0, false, "", 0);
    stage_push(s, 4, 0, false, "b", 1);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 2);
    assert_int_equal(stage_count(s, SVMS_RTP_GAP), 0);
    assert_int_equal(stage_counts(s).other_type, 2);
    stage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_frames_of_a_packet_are_1024_ticks_apart),
        cmocka_unit_test(aac_fragments_are_put_together),
        cmocka_unit_test(malformed_aac_is_told),
        cmocka_unit_test(an_unfinished_aac_frame_is_not_delivered),
        cmocka_unit_test(sound_and_metadata_come_back_as_they_were),
        cmocka_unit_test(pieces_of_sound_have_their_own_times),
        cmocka_unit_test(half_a_sample_of_sound_is_malformed),
        cmocka_unit_test(a_document_ends_with_the_marker_whatever_the_time),
        cmocka_unit_test(a_document_that_lacks_something_is_not_delivered),
        cmocka_unit_test(packets_of_another_type_are_counted_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
