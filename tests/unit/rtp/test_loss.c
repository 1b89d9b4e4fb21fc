/* SPDX-License-Identifier: Apache-2.0 */
/* What a network does to packets, against a model: nothing is hidden, nothing is made up. */
#include "cmocka_all.h"
#include "rtp_stage.h"

#define MODEL_SAMPLES 300
#define MODEL_PACKETS 2000

/* One network: what it does to each packet, in thousandths. */
typedef struct network {
    const char *rtpmap;
    const char *fmtp;
    uint32_t lose;
    uint32_t repeat;
    uint32_t delay;    /* packets are put back by up to so many places */
    uint32_t first;    /* first sequence number */
    uint32_t in_order; /* SVMS_RTP_IN_ORDER */
} network;

typedef struct journey {
    size_t order[MODEL_PACKETS * 2];
    size_t count;
    bool lost[MODEL_PACKETS];
} journey;

static void put_u32(uint8_t *out, size_t value)
{
    out[0] = (uint8_t)(value >> 24);
    out[1] = (uint8_t)(value >> 16);
    out[2] = (uint8_t)(value >> 8);
    out[3] = (uint8_t)value;
}

/* A sample that names its number in every unit. */
static size_t make_sample(uint8_t *out, uint32_t codec, uint32_t n, uint64_t *seed)
{
    size_t size = 0;
    uint32_t units = codec == SVMS_CODEC_H264 ? 1 + stage_random(seed) % 3 : 1;
    for (uint32_t i = 0; i < units; i++) {
        size_t unit = 8 + stage_random(seed) % (i == 0 ? 4000 : 200);
        unit = codec == SVMS_CODEC_H264 ? unit : 1 + unit % 500;
        if (codec == SVMS_CODEC_H264) {
            put_u32(out + size, unit);
            size += 4;
        }
        memset(out + size, (int)(1 + n % 250), unit);
        if (codec == SVMS_CODEC_H264) {
            out[size] = 0x41;
        }
        size += unit;
    }
    return size;
}

static void plan(journey *j, const network *net, size_t packets, uint64_t *seed)
{
    j->count = 0;
    for (size_t i = 0; i < packets; i++) {
        /* The last packets tell that those before them are lost. */
        j->lost[i] = i + 8 < packets && i > 0 && stage_random(seed) % 1000 < net->lose;
        if (!j->lost[i]) {
            j->order[j->count++] = i;
        }
        if (!j->lost[i] && stage_random(seed) % 1000 < net->repeat) {
            j->order[j->count++] = i;
        }
    }
    for (size_t i = 1; net->delay > 0 && i < j->count; i++) {
        size_t to = i + stage_random(seed) % net->delay;
        if (to < j->count && stage_random(seed) % 4 == 0) {
            size_t swapped = j->order[i];
            j->order[i] = j->order[to];
            j->order[to] = swapped;
        }
    }
}

/* Every sample told is one that was sent, whole and in order. */
static void check_samples(const stage *s, uint8_t *const *samples, const size_t *sizes)
{
    size_t next = 0;
    for (size_t i = 0; i < s->event_count; i++) {
        const svms_rtp_event *e = &s->events[i];
        if (e->kind != SVMS_RTP_SAMPLE) {
            continue;
        }
        while (next < MODEL_SAMPLES &&
               (sizes[next] != e->size || memcmp(samples[next], e->data, e->size) != 0)) {
            next++;
        }
        assert_true(next < MODEL_SAMPLES);
        next++;
    }
}

static void check_sums(const stage *s, uint64_t sent, uint64_t never_came)
{
    uint64_t delivered = 0;
    uint64_t lost = 0;
    uint64_t dropped = 0;
    for (size_t i = 0; i < s->event_count; i++) {
        const svms_rtp_event *e = &s->events[i];
        delivered += e->kind == SVMS_RTP_SAMPLE ? e->packets : 0;
        lost += e->kind == SVMS_RTP_GAP ? e->lost : 0;
        dropped += e->kind == SVMS_RTP_GAP ? e->dropped : 0;
    }
    svms_rtp_receiver_counts counts = stage_counts(s);
    assert_int_equal(delivered + lost + dropped, sent);
    assert_int_equal(counts.lost, lost);
    assert_int_equal(counts.dropped, dropped);
    assert_int_equal(counts.delivered, delivered);
    assert_int_equal(counts.packets, delivered + dropped);
    assert_int_equal(counts.lost, never_came + counts.late);
    assert_int_equal(counts.foreign, 0);
}

/* A sample that follows a gap says so, and no other does. */
static void check_marks(const stage *s)
{
    bool gap = false;
    for (size_t i = 0; i < s->event_count; i++) {
        const svms_rtp_event *e = &s->events[i];
        if (e->kind == SVMS_RTP_SAMPLE) {
            assert_int_equal((e->flags & SVMS_SAMPLE_DISCONTINUITY) != 0, gap);
            gap = false;
        }
        gap = gap || e->kind == SVMS_RTP_GAP;
    }
}

static void run(const network *net, uint64_t seed)
{
    svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
    svms_rtp_sender_options sending = SVMS_RTP_SENDER_OPTIONS_INIT;
    options.flags = net->in_order ? SVMS_RTP_IN_ORDER : 0;
    options.reorder_ns = 20000000;
    options.reorder_packets = 64;
    sending.flags = SVMS_RTP_GIVEN_SEQUENCE;
    sending.first_sequence = net->first;
    stage *s = stage_open(net->rtpmap, net->fmtp, &options);
    stage_make_sender(s, &sending);
    svms_rtp_format_info info = SVMS_RTP_FORMAT_INFO_INIT;
    assert_int_equal(svms_rtp_format_describe(s->format, &info, NULL), SVMS_OK);
    static uint8_t *samples[MODEL_SAMPLES];
    static size_t sizes[MODEL_SAMPLES];
    for (uint32_t n = 0; n < MODEL_SAMPLES; n++) {
        samples[n] = malloc(16384);
        assert_non_null(samples[n]);
        sizes[n] = make_sample(samples[n], info.codec, n, &seed);
        stage_send(s, n * 3000, 0, samples[n], sizes[n]);
    }
    static journey j;
    assert_true(s->packet_count <= MODEL_PACKETS);
    plan(&j, net, s->packet_count, &seed);
    uint64_t never_came = 0;
    for (size_t i = 0; i < s->packet_count; i++) {
        never_came += j.lost[i];
    }
    for (size_t i = 0; i < j.count; i++) {
        stage_push_sent(s, j.order[i]);
    }
    stage_flush(s);
    /* Disorder is no restart. */
    assert_int_equal(stage_count(s, SVMS_RTP_SOURCE), 1);
    check_samples(s, samples, sizes);
    check_sums(s, s->packet_count, never_came);
    check_marks(s);
    if (net->lose == 0 && net->delay == 0) {
        assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), MODEL_SAMPLES);
        assert_int_equal(stage_count(s, SVMS_RTP_GAP), 0);
    } else {
        assert_true(stage_count(s, SVMS_RTP_SAMPLE) > MODEL_SAMPLES / 16);
    }
    for (uint32_t n = 0; n < MODEL_SAMPLES; n++) {
        free(samples[n]);
    }
    stage_close(s);
}

static void delivered_and_gaps_are_what_was_sent(void **state)
{
    (void)state;
    static const network networks[] = {
        { "H264/90000", "packetization-mode=1", 0, 0, 0, 65000, 0 },
        { "H264/90000", "packetization-mode=1", 0, 0, 0, 65000, 1 },
        { "H264/90000", "packetization-mode=1", 0, 50, 0, 1, 0 },
        { "H264/90000", "packetization-mode=1", 30, 30, 6, 65000, 0 },
        { "H264/90000", "packetization-mode=1", 20, 0, 0, 7, 1 },
        { "H264/90000", "packetization-mode=1", 30, 30, 40, 65000, 0 },
        { "PCMU/8000", NULL, 0, 0, 8, 65400, 0 },
        { "PCMU/8000", NULL, 200, 100, 12, 65400, 0 },
        { "PCMA/8000", NULL, 100, 100, 100, 65400, 0 },
        { "PCMA/8000", NULL, 500, 0, 0, 3, 0 },
    };
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        for (uint64_t seed = 1; seed <= 10; seed++) {
            run(&networks[i], seed * UINT64_C(0x9E3779B97F4A7C15));
        }
    }
}

static void mere_disorder_loses_nothing(void **state)
{
    (void)state;
    stage *s = stage_open("PCMU/8000", NULL, NULL);
    static const uint32_t order[] = { 65534, 65535, 2, 0, 1, 5, 4, 3, 6 };
    for (size_t i = 0; i < 9; i++) {
        uint8_t byte = (uint8_t)order[i];
        stage_push(s, order[i], order[i], false, &byte, 1);
    }
    static const uint8_t wanted[] = { 254, 255, 0, 1, 2, 3, 4, 5, 6 };
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 9);
    for (size_t i = 0; i < 9; i++) {
        stage_expect_sample(s, i, &wanted[i], 1);
        assert_int_equal(stage_event(s, SVMS_RTP_SAMPLE, i)->first_sequence, 65536 + 65534 + i);
    }
    assert_int_equal(stage_count(s, SVMS_RTP_GAP), 0);
    stage_close(s);
}

static void a_hole_is_waited_for_and_then_told(void **state)
{
    (void)state;
    stage *s = stage_open("PCMU/8000", NULL, NULL);
    assert_int_equal(svms_rtp_receiver_wait(s->receiver), UINT64_MAX);
    stage_push(s, 10, 80, false, "a", 1);
    stage_push(s, 13, 104, false, "d", 1);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 1);
    assert_int_equal(svms_rtp_receiver_wait(s->receiver), s->now_ns + 200000000);
    stage_tick(s, 199999999);
    assert_int_equal(stage_count(s, SVMS_RTP_GAP), 0);
    stage_tick(s, 1);
    const svms_rtp_event *gap = stage_event(s, SVMS_RTP_GAP, 0);
    assert_non_null(gap);
    assert_int_equal(gap->reasons, SVMS_RTP_GAP_LOST);
    assert_int_equal(gap->lost, 2);
    assert_int_equal(gap->dropped, 0);
    assert_int_equal(gap->first_sequence, 65536 + 11);
    assert_int_equal(gap->rtp_time, 80);
    stage_expect_sample(s, 1, "d", 1);
    /* What comes now is late, and stays out. */
    stage_push(s, 11, 88, false, "b", 1);
    stage_push(s, 11, 88, false, "b", 1);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 2);
    assert_int_equal(stage_counts(s).late, 1);
    assert_int_equal(stage_counts(s).duplicates, 1);
    stage_close(s);
}

static void the_buffer_never_holds_more_than_it_may(void **state)
{
    (void)state;
    svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
    options.reorder_packets = 4;
    options.reorder_ns = UINT64_MAX;
    stage *s = stage_open("PCMU/8000", NULL, &options);
    stage_push(s, 0, 0, false, "0", 1);
    for (uint32_t i = 2; i < 5; i++) {
        stage_push(s, i, i, false, "x", 1);
        assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 1);
    }
    stage_push(s, 5, 5, false, "x", 1);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 5);
    assert_int_equal(stage_event(s, SVMS_RTP_GAP, 0)->lost, 1);
    /* A jump beyond the buffer gives up only as much as it must. */
    stage_push(s, 20, 20, false, "y", 1);
    stage_push(s, 17, 17, false, "z", 1);
    stage_flush(s);
    assert_int_equal(stage_counts(s).lost, 1 + 11 + 2);
    stage_close(s);
}

static void a_known_first_number_tells_what_is_missing_before(void **state)
{
    (void)state;
    svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
    options.flags = SVMS_RTP_FIRST_SEQUENCE;
    options.first_sequence = 65534;
    stage *s = stage_open("PCMU/8000", NULL, &options);
    stage_push(s, 1, 1, false, "b", 1);
    stage_push(s, 65535, 0, false, "a", 1);
    stage_flush(s);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 2);
    const svms_rtp_event *gap = stage_event(s, SVMS_RTP_GAP, 0);
    assert_int_equal(gap->lost, 1);
    assert_int_equal(gap->first_sequence, 65536 + 65534);
    assert_int_equal(gap->rtp_time, SVMS_NO_TIME);
    assert_int_equal(stage_counts(s).lost, 2);
    stage_close(s);
}

static void numbers_go_on_over_many_cycles(void **state)
{
    (void)state;
    stage *s = stage_open("PCMU/8000", NULL, NULL);
    svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
    options.flags = SVMS_RTP_IN_ORDER;
    stage_restart(s, &options);
    uint64_t number = 7;
    for (uint32_t i = 0; i < 400; i++) {
        stage_push(s, (uint32_t)number, 0, false, "x", 1);
        const svms_rtp_event *last = &s->events[s->event_count - 1];
        assert_int_equal(last->first_sequence, 65536 + number);
        number += 999;
    }
    assert_int_equal(stage_counts(s).lost, 399 * 998);
    stage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delivered_and_gaps_are_what_was_sent),
        cmocka_unit_test(mere_disorder_loses_nothing),
        cmocka_unit_test(a_hole_is_waited_for_and_then_told),
        cmocka_unit_test(the_buffer_never_holds_more_than_it_may),
        cmocka_unit_test(a_known_first_number_tells_what_is_missing_before),
        cmocka_unit_test(numbers_go_on_over_many_cycles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
