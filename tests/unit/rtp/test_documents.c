/* SPDX-License-Identifier: Apache-2.0 */
/* ONVIF metadata in gzip (P-MET-2). The packed bytes are Python's (gzip.compress(..., mtime=0)). */
#include "cmocka_all.h"
#include "failing_allocator.h"
#include "rtp_stage.h"

#define PACKED "vnd.onvif.metadata+gzip/90000"

static const uint8_t hello[] = { 0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xB3,
                                 0x49, 0xB4, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0xB7, 0xD1, 0x4F, 0xB4,
                                 0x03, 0x00, 0x5F, 0xC3, 0x0F, 0xEE, 0x0C, 0x00, 0x00, 0x00 };
static const char text[] = "<a>hello</a>";
/* 200,000 zeros. */
static const uint8_t swelling[] = {
    0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xED, 0xC1, 0x31, 0x01, 0x00, 0x00,
    0x00, 0xC2, 0xA0, 0xF5, 0x4F, 0x6D, 0x06, 0x7F, 0xA0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0xD7, 0x00, 0x7B, 0x58, 0xE0,
    0x5C, 0x40, 0x0D, 0x03, 0x00
};

static void a_packed_document_is_what_it_was(void **state)
{
    (void)state;
    stage *s = stage_open(PACKED, NULL, NULL);
    for (uint32_t cut = 1; cut < sizeof hello; cut++) {
        stage_push(s, 2 * cut, cut, false, hello, cut);
        stage_push(s, 2 * cut + 1, cut, true, hello + cut, sizeof hello - cut);
    }
    /* In pieces of one or two bytes nobody can tell that it is gzip. */
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), sizeof hello - 1 - 2);
    stage_expect_sample(s, 0, text, sizeof text - 1);
    stage_close(s);
}

static void what_we_pack_we_unpack(void **state)
{
    (void)state;
    stage *s = stage_open(PACKED, NULL, NULL);
    char rtpmap[64];
    size_t size = sizeof rtpmap;
    assert_int_equal(svms_rtp_format_rtpmap(s->format, rtpmap, &size, NULL), SVMS_OK);
    assert_string_equal(rtpmap, PACKED);
    stage_make_sender(s, NULL);
    static uint8_t noise[100000] = "<a>";
    uint64_t seed = 1;
    for (size_t i = 3; i < sizeof noise; i++) {
        noise[i] = (uint8_t)stage_random(&seed);
    }
    stage_send(s, 0, SVMS_SAMPLE_SYNC, noise, sizeof noise);
    stage_push_all(s);
    stage_expect_sample(s, 0, noise, sizeof noise);
    stage_close(s);
}

/* What comes is short; what it swells to counts. */
static void a_document_is_unpacked_up_to_its_limit(void **state)
{
    (void)state;
    static const uint32_t limits[] = { 199999, 200000 };
    for (size_t i = 0; i < 2; i++) {
        svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
        options.max_sample = limits[i];
        stage *s = stage_open(PACKED, NULL, &options);
        stage_push(s, 1, 0, true, swelling, sizeof swelling);
        stage_flush(s);
        assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), i);
        assert_int_equal(stage_count(s, SVMS_RTP_GAP), 1 - i);
        if (i == 0) {
            assert_int_equal(stage_event(s, SVMS_RTP_GAP, 0)->reasons, SVMS_RTP_GAP_LIMIT);
        }
        stage_close(s);
    }
}

/* Bits that say nothing of the document (its time, padding) may flip. */
static void no_flipped_bit_changes_a_document(void **state)
{
    (void)state;
    stage *s = stage_open(PACKED, NULL, NULL);
    uint32_t sequence = 1;
    for (size_t bit = 0; bit < 8 * sizeof hello; bit++) {
        uint8_t bad[sizeof hello];
        memcpy(bad, hello, sizeof hello);
        bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
        stage_push(s, sequence, sequence, true, bad, sizeof bad);
        sequence++;
    }
    stage_flush(s);
    size_t passed = stage_count(s, SVMS_RTP_SAMPLE);
    assert_in_range(passed, 1, 100);
    for (size_t i = 0; i < passed; i++) {
        stage_expect_sample(s, i, text, sizeof text - 1);
    }
    stage_close(s);
}

static svms_status count_sample(void *user, const svms_rtp_event *event)
{
    unsigned *count = user;
    *count += event->kind == SVMS_RTP_SAMPLE ? 1 : 0;
    return SVMS_OK;
}

static svms_status receive(svms_ctx *ctx, svms_error *err)
{
    svms_rtp_format *format = NULL;
    svms_rtp_receiver *r = NULL;
    svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
    unsigned count = 0;
    uint8_t packet[12 + sizeof hello] = { 0x80, 0xE0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1 };
    memcpy(packet + 12, hello, sizeof hello);
    options.user = &count;
    options.event = count_sample;
    svms_status status = svms_rtp_format_read(&format, ctx, 96, PACKED, NULL, err);
    if (status == SVMS_OK) {
        status = svms_rtp_receiver_new(&r, ctx, format, &options, err);
    }
    if (status == SVMS_OK) {
        status = svms_rtp_receiver_push(r, packet, sizeof packet, 0, err);
    }
    if (status == SVMS_OK) {
        assert_int_equal(count, 1);
    }
    svms_rtp_receiver_free(&r);
    svms_rtp_format_free(&format);
    return status;
}

static svms_status discard(void *user, uint8_t *packet, size_t size, size_t capacity)
{
    (void)user;
    (void)packet;
    (void)size;
    (void)capacity;
    return SVMS_OK;
}

static svms_status send(svms_ctx *ctx, svms_error *err)
{
    svms_rtp_format *format = NULL;
    svms_rtp_sender *sender = NULL;
    svms_rtp_sender_options options = SVMS_RTP_SENDER_OPTIONS_INIT;
    svms_sample sample = SVMS_SAMPLE_INIT;
    options.packet = discard;
    sample.data = (const uint8_t *)text;
    sample.size = sizeof text - 1;
    svms_status status = svms_rtp_format_read(&format, ctx, 96, PACKED, NULL, err);
    if (status == SVMS_OK) {
        status = svms_rtp_sender_new(&sender, ctx, format, &options, err);
    }
    if (status == SVMS_OK) {
        status = svms_rtp_sender_send(sender, &sample, NULL, err);
    }
    svms_rtp_sender_free(&sender);
    svms_rtp_format_free(&format);
    return status;
}

static void failing_memory_is_survived(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(receive);
    each_allocation_fails_cleanly(send);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packed_document_is_what_it_was),
        cmocka_unit_test(what_we_pack_we_unpack),
        cmocka_unit_test(a_document_is_unpacked_up_to_its_limit),
        cmocka_unit_test(no_flipped_bit_changes_a_document),
        cmocka_unit_test(failing_memory_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
