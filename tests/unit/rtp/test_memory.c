/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation fails once: a clean error, no leak, and what could not be kept is a gap. */
#include "cmocka_all.h"

#include "failing_allocator.h"

#include <svms/svms.h>

typedef struct totals {
    uint64_t delivered;
    uint64_t missing;
} totals;

static svms_status add_event(void *user, const svms_rtp_event *event)
{
    totals *t = user;
    t->delivered += event->kind == SVMS_RTP_SAMPLE ? event->packets : 0;
    t->missing += event->kind == SVMS_RTP_GAP ? event->lost + event->dropped : 0;
    return SVMS_OK;
}

static svms_status discard(void *user, uint8_t *packet, size_t size, size_t capacity)
{
    (void)user;
    (void)packet;
    (void)size;
    (void)capacity;
    return SVMS_OK;
}

static const char sets[] = "packetization-mode=1;sprop-parameter-sets=Z0IACpZTBYmI,aMljiA==";

static svms_status read_format(svms_ctx *ctx, svms_error *err)
{
    svms_rtp_format *format = NULL;
    char text[512];
    size_t size = sizeof text;
    svms_status status = svms_rtp_format_read(&format, ctx, 96, "H264/90000", sets, err);
    assert_int_equal(format != NULL, status == SVMS_OK);
    if (status == SVMS_OK) {
        status = svms_rtp_format_fmtp(format, text, &size, err);
    }
    svms_rtp_format_free(&format);
    return status;
}

/* A packet of 40 bytes; the first two of the payload as given. */
static svms_status push(svms_rtp_receiver *r, uint8_t sequence, uint8_t ssrc, uint8_t time,
                        bool marker, uint8_t first, uint8_t second, svms_error *err)
{
    uint8_t packet[40] = {
        0x80,  (uint8_t)(marker ? 0xE0 : 0x60), 0, sequence, 0, 0, 0, time, 0, 0, 0, ssrc, first,
        second
    };
    return svms_rtp_receiver_push(r, packet, sizeof packet, (uint64_t)sequence * 1000000, err);
}

typedef struct step {
    uint8_t sequence;
    uint8_t ssrc;
    uint8_t time;
    bool marker;
    uint8_t first;
    uint8_t second;
} step;

/* Fragments, a parameter set, disorder, a loss, another source. */
static const step steps[] = {
    { 1, 1, 0, false, 0x67, 0x42 }, { 2, 1, 0, false, 0x7C, 0x85 }, { 3, 1, 0, true, 0x7C, 0x45 },
    { 5, 1, 2, true, 0x41, 0x80 },  { 4, 1, 1, true, 0x41, 0x80 },  { 7, 1, 4, true, 0x41, 0x80 },
    { 1, 2, 0, true, 0x41, 0x80 },  { 2, 2, 1, true, 0x41, 0x80 },
};

static svms_status receive_steps(svms_rtp_receiver *r, svms_error *err)
{
    static const uint8_t bye[] = "\x80\xC9\0\1\0\0\0\1\x81\xCB\0\1\0\0\0\1";
    svms_status first = SVMS_OK;
    svms_error one = SVMS_ERROR_INIT;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        const step *s = &steps[i];
        svms_status status =
            push(r, s->sequence, s->ssrc, s->time, s->marker, s->first, s->second, &one);
        if (s->sequence == 7 && status == SVMS_OK) {
            status = svms_rtp_receiver_rtcp(r, bye, sizeof bye - 1, 7000000, &one);
        }
        if (status != SVMS_OK && first == SVMS_OK) {
            first = status;
            *err = one;
        }
    }
    svms_status status = svms_rtp_receiver_flush(r, &one);
    if (status != SVMS_OK && first == SVMS_OK) {
        first = status;
        *err = one;
    }
    return first;
}

static svms_status receive(svms_ctx *ctx, svms_error *err)
{
    totals t = { 0, 0 };
    svms_rtp_format *format = NULL;
    svms_rtp_receiver *r = NULL;
    svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
    options.user = &t;
    options.event = add_event;
    svms_status status = svms_rtp_format_read(&format, ctx, 96, "H264/90000", sets, err);
    if (status == SVMS_OK) {
        status = svms_rtp_receiver_new(&r, ctx, format, &options, err);
        assert_int_equal(r != NULL, status == SVMS_OK);
    }
    if (status == SVMS_OK) {
        status = receive_steps(r, err);
        svms_rtp_receiver_counts counts = SVMS_RTP_RECEIVER_COUNTS_INIT;
        assert_int_equal(svms_rtp_receiver_count(r, &counts, NULL), SVMS_OK);
        /* Nothing is hidden for want of memory. */
        assert_int_equal(t.delivered, counts.delivered);
        assert_int_equal(t.missing, counts.lost + counts.dropped);
        assert_int_equal(counts.packets, counts.delivered + counts.dropped);
        if (status == SVMS_OK) {
            assert_int_equal(t.delivered, 7);
            assert_int_equal(t.missing, 2);
        }
    }
    svms_rtp_receiver_free(&r);
    svms_rtp_format_free(&format);
    return status;
}

static svms_status send(svms_ctx *ctx, svms_error *err)
{
    svms_rtp_format *format = NULL;
    svms_rtp_sender *sender = NULL;
    svms_rtp_sender_options options = SVMS_RTP_SENDER_OPTIONS_INIT;
    options.packet = discard;
    svms_status status = svms_rtp_format_read(&format, ctx, 96, "H264/90000", sets, err);
    if (status == SVMS_OK) {
        status = svms_rtp_sender_new(&sender, ctx, format, &options, err);
        assert_int_equal(sender != NULL, status == SVMS_OK);
    }
    svms_sample sample = SVMS_SAMPLE_INIT;
    sample.data = (const uint8_t *)"\0\0\0\2\x65k";
    sample.size = 6;
    sample.utc_ns = 0;
    if (status == SVMS_OK) {
        status = svms_rtp_sender_send(sender, &sample, NULL, err);
    }
    uint8_t report[128];
    size_t size = sizeof report;
    if (status == SVMS_OK) {
        status = svms_rtp_sender_report(sender, "c", 0, 0, report, &size, err);
    }
    svms_rtp_sender_free(&sender);
    svms_rtp_format_free(&format);
    return status;
}

static void formats_survive_failing_memory(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(read_format);
}

static void receivers_survive_failing_memory(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(receive);
}

static void senders_survive_failing_memory(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(send);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_survive_failing_memory),
        cmocka_unit_test(receivers_survive_failing_memory),
        cmocka_unit_test(senders_survive_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
