/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"
#include "rtp_stage.h"

static stage_bytes copy_of(const void *data, size_t size)
{
    stage_bytes copy = { NULL, size };
    if (size > 0) {
        copy.data = malloc(size);
        assert_non_null(copy.data);
        memcpy(copy.data, data, size);
    }
    return copy;
}

static svms_status keep_event(void *user, const svms_rtp_event *event)
{
    stage *s = user;
    assert_true(s->event_count < STAGE_EVENTS);
    svms_rtp_event *kept = &s->events[s->event_count++];
    *kept = *event;
    kept->data = copy_of(event->data, event->size).data;
    kept->config = copy_of(event->config, event->config_size).data;
    return s->answer;
}

static svms_status keep_packet(void *user, uint8_t *packet, size_t size, size_t capacity)
{
    stage *s = user;
    assert_true(s->packet_count < STAGE_EVENTS && size <= capacity);
    s->packets[s->packet_count++] = copy_of(packet, size);
    return s->answer;
}

static void forget(stage *s)
{
    union {
        const uint8_t *given;
        uint8_t *ours;
    } bytes;
    for (size_t i = 0; i < s->event_count; i++) {
        bytes.given = s->events[i].data;
        free(bytes.ours);
        bytes.given = s->events[i].config;
        free(bytes.ours);
    }
    for (size_t i = 0; i < s->packet_count; i++) {
        free(s->packets[i].data);
    }
    s->event_count = 0;
    s->packet_count = 0;
}

void stage_restart(stage *s, const svms_rtp_receiver_options *options)
{
    svms_rtp_receiver_options mine = SVMS_RTP_RECEIVER_OPTIONS_INIT;
    if (options) {
        mine = *options;
    }
    mine.user = s;
    mine.event = keep_event;
    forget(s);
    svms_rtp_receiver_free(&s->receiver);
    assert_int_equal(svms_rtp_receiver_new(&s->receiver, s->ctx, s->format, &mine, NULL), SVMS_OK);
}

stage *stage_open(const char *rtpmap, const char *fmtp, const svms_rtp_receiver_options *options)
{
    stage *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->ssrc = 0x11223344;
    s->payload_type = 96;
    s->now_ns = 1000000000;
    assert_int_equal(svms_ctx_new(&s->ctx, NULL, NULL), SVMS_OK);
    svms_error err = SVMS_ERROR_INIT;
    if (svms_rtp_format_read(&s->format, s->ctx, s->payload_type, rtpmap, fmtp, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    stage_restart(s, options);
    return s;
}

void stage_make_sender(stage *s, const svms_rtp_sender_options *options)
{
    svms_rtp_sender_options mine = SVMS_RTP_SENDER_OPTIONS_INIT;
    if (options) {
        mine = *options;
    }
    mine.user = s;
    mine.packet = keep_packet;
    svms_rtp_sender_free(&s->sender);
    assert_int_equal(svms_rtp_sender_new(&s->sender, s->ctx, s->format, &mine, NULL), SVMS_OK);
}

void stage_close(stage *s)
{
    forget(s);
    svms_rtp_sender_free(&s->sender);
    svms_rtp_receiver_free(&s->receiver);
    svms_rtp_format_free(&s->format);
    svms_ctx_free(&s->ctx);
    free(s);
}

void stage_push(stage *s, uint32_t sequence, uint32_t time, bool marker, const void *payload,
                size_t size)
{
    uint8_t *packet = malloc(12 + size);
    assert_non_null(packet);
    const uint32_t words[] = { 0x80000000u | (marker ? 0x800000u : 0) | s->payload_type << 16 |
                                   (sequence & 0xFFFF),
                               time, s->ssrc };
    for (size_t i = 0; i < 12; i++) {
        packet[i] = (uint8_t)(words[i / 4] >> (24 - 8 * (i % 4)));
    }
    if (size > 0) {
        memcpy(packet + 12, payload, size);
    }
    s->now_ns += 1000000;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_rtp_receiver_push(s->receiver, packet, 12 + size, s->now_ns, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    free(packet);
}

void stage_push_sent(stage *s, size_t index)
{
    svms_error err = SVMS_ERROR_INIT;
    const stage_bytes *packet = &s->packets[index];
    s->now_ns += 1000000;
    if (svms_rtp_receiver_push(s->receiver, packet->data, packet->size, s->now_ns, &err) !=
        SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

void stage_push_all(stage *s)
{
    for (size_t i = 0; i < s->packet_count; i++) {
        stage_push_sent(s, i);
    }
}

void stage_flush(stage *s)
{
    assert_int_equal(svms_rtp_receiver_flush(s->receiver, NULL), SVMS_OK);
}

void stage_tick(stage *s, uint64_t later_ns)
{
    s->now_ns += later_ns;
    assert_int_equal(svms_rtp_receiver_tick(s->receiver, s->now_ns, NULL), SVMS_OK);
}

const svms_rtp_event *stage_event(const stage *s, svms_rtp_event_kind kind, size_t n)
{
    for (size_t i = 0; i < s->event_count; i++) {
        if (s->events[i].kind == kind && n-- == 0) {
            return &s->events[i];
        }
    }
    return NULL;
}

size_t stage_count(const stage *s, svms_rtp_event_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < s->event_count; i++) {
        count += s->events[i].kind == kind;
    }
    return count;
}

void stage_expect_sample(const stage *s, size_t n, const void *data, size_t size)
{
    const svms_rtp_event *event = stage_event(s, SVMS_RTP_SAMPLE, n);
    assert_non_null(event);
    assert_int_equal(event->size, size);
    assert_memory_equal(event->data, data, size);
}

svms_rtp_receiver_counts stage_counts(const stage *s)
{
    svms_rtp_receiver_counts counts = SVMS_RTP_RECEIVER_COUNTS_INIT;
    assert_int_equal(svms_rtp_receiver_count(s->receiver, &counts, NULL), SVMS_OK);
    return counts;
}

void stage_send(stage *s, int64_t pts, uint32_t flags, const void *data, size_t size)
{
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    sample.pts = pts;
    sample.flags = flags;
    sample.data = data;
    sample.size = size;
    if (svms_rtp_sender_send(s->sender, &sample, NULL, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

uint32_t stage_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 16);
}
