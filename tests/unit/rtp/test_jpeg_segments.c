/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG with ONVIF's header extension (P-JPG-6 to P-JPG-9): what is malformed, and what fails. */
#include "cmocka_all.h"
#include "failing_allocator.h"
#include "rtp_stage.h"

#include "jpeg_tables.h"

#define JPEG "JPEG/90000"
#define FIRST 0xFFD8
#define LATER 0xFFFF

typedef struct bytes {
    uint8_t data[4000];
    size_t size;
} bytes;

static void put(bytes *b, const void *data, size_t size)
{
    assert_true(b->size + size <= sizeof b->data);
    if (size > 0) {
        memcpy(b->data + b->size, data, size);
    }
    b->size += size;
}

static void put_segment(bytes *b, uint8_t marker, const void *data, size_t size)
{
    const uint8_t head[] = { 0xFF, marker, (uint8_t)((size + 2) >> 8), (uint8_t)(size + 2) };
    put(b, head, sizeof head);
    put(b, data, size);
}

static void put_quantiser(bytes *b, uint8_t slot)
{
    uint8_t table[65] = { slot };
    memset(table + 1, 9 + slot, 64);
    put_segment(b, SVMS_JPEG_DQT, table, sizeof table);
}

/* A table of its own: one code. */
static void put_huffman(bytes *b, uint8_t which)
{
    const uint8_t table[18] = { which, 1 };
    put_segment(b, SVMS_JPEG_DHT, table, sizeof table);
}

static const uint8_t grey_frame[] = { 8, 0, 16, 0, 17, 1, 7, 0x11, 0 };
static const uint8_t grey_scan[] = { 1, 7, 0x00, 0, 63, 0 };

static void put_grey(bytes *b)
{
    put_quantiser(b, 0);
    put_segment(b, SVMS_JPEG_SOF0, grey_frame, sizeof grey_frame);
    put_huffman(b, 0x00);
    put_huffman(b, 0x10);
    put_segment(b, SVMS_JPEG_SOS, grey_scan, sizeof grey_scan);
}

static uint32_t sequence;

/* profile 0: no extension. Fill bytes make whole words. */
static svms_status push_to(svms_rtp_receiver *r, uint32_t time, bool marker, unsigned profile,
                           const bytes *part, const void *payload, size_t size, svms_error *err)
{
    bytes packet = { { 0x80, (uint8_t)((marker ? 0x80 : 0) | 96), (uint8_t)(sequence >> 8),
                       (uint8_t)sequence, 0, 0, (uint8_t)(time >> 8), (uint8_t)time, 0, 0, 0, 1 },
                     12 };
    if (profile != 0) {
        size_t words = (part->size + 3) / 4;
        const uint8_t head[] = { (uint8_t)(profile >> 8), (uint8_t)profile, (uint8_t)(words >> 8),
                                 (uint8_t)words };
        packet.data[0] |= 0x10;
        put(&packet, head, sizeof head);
        put(&packet, "\xFF\xFF\xFF", words * 4 - part->size);
        put(&packet, part->data, part->size);
    }
    put(&packet, payload, size);
    sequence++;
    return svms_rtp_receiver_push(r, packet.data, packet.size, (uint64_t)sequence * 1000000, err);
}

static void push(stage *s, uint32_t time, bool marker, unsigned profile, const bytes *part,
                 const void *payload, size_t size)
{
    assert_int_equal(push_to(s->receiver, time, marker, profile, part, payload, size, NULL),
                     SVMS_OK);
}

/* Q 0 and no sides; then the scan. */
static const uint8_t unsaid[] = { 0, 0, 0, 0, 1, 0, 0, 0, 'a', 'b' };

static void a_greyscale_picture_is_what_its_segments_say(void **state)
{
    (void)state;
    stage *s = stage_open(JPEG, NULL, NULL);
    bytes part = { .size = 0 };
    put_segment(&part, SVMS_JPEG_APP0, "JFIF\0\1\2\0\0\1\0\2\0\0", 14);
    put_grey(&part);
    push(s, 0, true, FIRST, &part, unsaid, sizeof unsaid);
    bytes wanted = { { 0xFF, 0xD8 }, 2 };
    put(&wanted, "\xFF\xFF\xFF", (4 - part.size % 4) % 4);
    put(&wanted, part.data, part.size);
    put(&wanted, "ab\xFF\xD9", 4);
    stage_expect_sample(s, 0, wanted.data, wanted.size);
    stage_close(s);
}

/* Nothing that was said before holds, and nothing of it is said again. */
static void a_picture_needs_what_it_names(void **state)
{
    (void)state;
    static const uint8_t other_frame[] = { 8, 0, 16, 0, 17, 1, 7, 0x11, 3 };
    static const uint8_t other_scan[] = { 1, 7, 0x22, 0, 63, 0 };
    for (int lacking = 0; lacking < 5; lacking++) {
        stage *s = stage_open(JPEG, NULL, NULL);
        bytes part = { .size = 0 };
        if (lacking != 0) {
            put_quantiser(&part, 0);
        }
        if (lacking != 1) {
            put_segment(&part, SVMS_JPEG_SOF0, lacking == 2 ? other_frame : grey_frame,
                        sizeof grey_frame);
        }
        /* Without SOS, a scan of three components is meant. */
        if (lacking != 3) {
            put_segment(&part, SVMS_JPEG_SOS, lacking == 4 ? other_scan : grey_scan,
                        sizeof grey_scan);
        }
        push(s, 0, true, FIRST, &part, unsaid, sizeof unsaid);
        stage_flush(s);
        assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 0);
        assert_int_equal(stage_event(s, SVMS_RTP_GAP, 0)->reasons, SVMS_RTP_GAP_MALFORMED);
        stage_close(s);
    }
}

typedef struct broken {
    const char *segments;
    size_t size;
} broken;

#define B(text)                                                                                    \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static const broken broken_segments[] = {
    B("abcd"),                         /* no marker */
    B("\xFF\xE0\0\1"),                 /* shorter than its own length */
    B("\xFF\xE0\0\x10xxxx"),           /* cut short */
    B("\xFF\xD8\0\2"),                 /* SOI */
    B("\xFF\xD9\0\2"),                 /* EOI */
    B("\xFF\xD0\0\2"),                 /* RST0 */
    B("\xFF\x01\0\2"),                 /* TEM */
    B("\xFF\0\0\2"),                   /* a stuffed byte */
    B("\xFF\xDB\0\3\4"),               /* DQT: slot 4, */
    B("\xFF\xDB\0\3\x20"),             /* of 24 bits, */
    B("\xFF\xDB\0\4\0\1"),             /* cut short */
    B("\xFF\xC4\0\3\x20"),             /* DHT: neither DC nor AC, */
    B("\xFF\xC4\0\4\0\1"),             /* cut short */
    B("\xFF\xC0\0\5\x08\0\1"),         /* SOF: cut short, */
    B("\xFF\xC0\0\x08\x08\0\1\0\1\0"), /* without components */
    B("\xFF\xDA\0\2"),                 /* SOS: empty, */
    B("\xFF\xDA\0\5\0\0\0"),           /* of no components */
    B("\xFF\xDA\0\6\1\1\0\0"),         /* cut short */
    B("\xFF\xDD\0\3\0"),               /* DRI of one byte */
};

static void malformed_segments_are_gaps(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof broken_segments / sizeof broken_segments[0]; i++) {
        stage *s = stage_open(JPEG, NULL, NULL);
        bytes part = { .size = 0 };
        put(&part, broken_segments[i].segments, broken_segments[i].size);
        put_grey(&part);
        push(s, 0, true, FIRST, &part, unsaid, sizeof unsaid);
        stage_flush(s);
        assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 0);
        assert_int_equal(stage_event(s, SVMS_RTP_GAP, 0)->reasons, SVMS_RTP_GAP_MALFORMED);
        stage_close(s);
    }
}

static void a_table_of_257_codes_is_malformed(void **state)
{
    (void)state;
    stage *s = stage_open(JPEG, NULL, NULL);
    uint8_t table[17 + 257] = { 0 };
    table[15] = 255;
    table[16] = 2;
    bytes part = { .size = 0 };
    put_segment(&part, SVMS_JPEG_DHT, table, sizeof table);
    put_grey(&part);
    push(s, 0, true, FIRST, &part, unsaid, sizeof unsaid);
    stage_flush(s);
    assert_int_equal(stage_event(s, SVMS_RTP_GAP, 0)->reasons, SVMS_RTP_GAP_MALFORMED);
    stage_close(s);
}

static void extensions_stand_where_they_may(void **state)
{
    (void)state;
    stage *s = stage_open(JPEG, NULL, NULL);
    bytes part = { .size = 0 };
    put_grey(&part);
    push(s, 0, true, FIRST, &part, unsaid, sizeof unsaid);
    /* 0xFFFF on a first packet, 0xFFD8 on a later one, a picture without scan. */
    push(s, 1, true, LATER, &part, unsaid, sizeof unsaid);
    push(s, 2, false, FIRST, &part, unsaid, sizeof unsaid);
    push(s, 2, true, FIRST, &part, unsaid, sizeof unsaid);
    push(s, 3, true, FIRST, &part, unsaid, 8);
    push(s, 4, true, FIRST, &part, unsaid, sizeof unsaid);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 2);
    const svms_rtp_event *gap = stage_event(s, SVMS_RTP_GAP, 0);
    assert_int_equal(gap->reasons, SVMS_RTP_GAP_MALFORMED);
    assert_int_equal(gap->dropped, 4);
    stage_close(s);
}

/* Behind the replay extension stand words that say that they are more than there are. */
static void an_extension_within_another_stays_there(void **state)
{
    (void)state;
    static const uint8_t packet[] = {
        0x90, 0xE0, 0, 1, 0, 0, 0, 0,    0,    0, 0, 1, 0xAB, 0xAC, 0, 4, 0xEE, 0xAD, 0, 0,   0,
        0,    0,    0, 0, 0, 0, 0, 0xFF, 0xD8, 0, 1, 0, 0,    0,    0, 1, 50,   2,    2, 'a', 'b',
    };
    stage *s = stage_open(JPEG, NULL, NULL);
    assert_int_equal(svms_rtp_receiver_push(s->receiver, packet, sizeof packet, 0, NULL), SVMS_OK);
    stage_flush(s);
    assert_int_equal(stage_event(s, SVMS_RTP_GAP, 0)->reasons, SVMS_RTP_GAP_MALFORMED);
    stage_close(s);
}

static void segments_are_bounded_like_samples(void **state)
{
    (void)state;
    svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
    options.max_sample = 5000;
    stage *s = stage_open(JPEG, NULL, &options);
    bytes part = { .size = 0 };
    put_grey(&part);
    bytes filler = { .size = 2000 };
    memset(filler.data, 0xFF, filler.size);
    push(s, 0, false, FIRST, &filler, unsaid, 8);
    push(s, 0, false, LATER, &filler, NULL, 0);
    push(s, 0, false, LATER, &filler, NULL, 0);
    push(s, 0, true, LATER, &part, unsaid, sizeof unsaid);
    push(s, 1, true, FIRST, &part, unsaid, sizeof unsaid);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 1);
    assert_int_equal(stage_event(s, SVMS_RTP_GAP, 0)->reasons, SVMS_RTP_GAP_LIMIT);
    stage_close(s);
}

static void huffman_tables_of_its_own_end_with_a_hole(void **state)
{
    (void)state;
    for (int lost = 0; lost < 2; lost++) {
        svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
        options.flags = SVMS_RTP_IN_ORDER;
        stage *s = stage_open(JPEG, NULL, &options);
        bytes whole = { .size = 0 };
        bytes rest = { .size = 0 };
        put_grey(&whole);
        put_quantiser(&rest, 0);
        put_segment(&rest, SVMS_JPEG_SOF0, grey_frame, sizeof grey_frame);
        put_segment(&rest, SVMS_JPEG_SOS, grey_scan, sizeof grey_scan);
        push(s, 0, true, FIRST, &whole, unsaid, sizeof unsaid);
        sequence += (uint32_t)lost;
        push(s, 1, true, FIRST, &rest, unsaid, sizeof unsaid);
        assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), lost == 0 ? 2 : 1);
        push(s, 2, true, FIRST, &whole, unsaid, sizeof unsaid);
        push(s, 3, true, FIRST, &rest, unsaid, sizeof unsaid);
        assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), lost == 0 ? 4 : 3);
        stage_close(s);
    }
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
    bytes part = { .size = 0 };
    options.user = &count;
    options.event = count_sample;
    put_grey(&part);
    svms_status status = svms_rtp_format_read(&format, ctx, 96, JPEG, NULL, err);
    if (status == SVMS_OK) {
        status = svms_rtp_receiver_new(&r, ctx, format, &options, err);
    }
    if (status == SVMS_OK) {
        status = push_to(r, 0, true, FIRST, &part, unsaid, sizeof unsaid, err);
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
    bytes picture = { { 0xFF, 0xD8 }, 2 };
    options.packet = discard;
    put_grey(&picture);
    put(&picture, "ab\xFF\xD9", 4);
    sample.data = picture.data;
    sample.size = picture.size;
    svms_status status = svms_rtp_format_read(&format, ctx, 96, JPEG, NULL, err);
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
        cmocka_unit_test(a_greyscale_picture_is_what_its_segments_say),
        cmocka_unit_test(a_picture_needs_what_it_names),
        cmocka_unit_test(malformed_segments_are_gaps),
        cmocka_unit_test(a_table_of_257_codes_is_malformed),
        cmocka_unit_test(extensions_stand_where_they_may),
        cmocka_unit_test(an_extension_within_another_stays_there),
        cmocka_unit_test(segments_are_bounded_like_samples),
        cmocka_unit_test(huffman_tables_of_its_own_end_with_a_hole),
        cmocka_unit_test(failing_memory_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
