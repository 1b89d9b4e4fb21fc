/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG (RFC 2435). */
#include "cmocka_all.h"
#include "rtp_stage.h"

#include "jpeg_tables.h"

#define JPEG "JPEG/90000"

typedef struct picture {
    uint8_t bytes[70000];
    size_t size;
} picture;

static void put(picture *p, const void *data, size_t size)
{
    assert_true(p->size + size <= sizeof p->bytes);
    memcpy(p->bytes + p->size, data, size);
    p->size += size;
}

static void put_segment(picture *p, uint8_t marker, const void *data, size_t size)
{
    const uint8_t head[] = { 0xFF, marker, (uint8_t)((size + 2) >> 8), (uint8_t)(size + 2) };
    put(p, head, 4);
    put(p, data, size);
}

typedef struct shape {
    uint8_t sof;
    uint8_t luma; /* sampling */
    uint16_t width;
    uint16_t height;
    uint16_t interval;
    bool own_huffman;
    size_t scan;
} shape;

static void put_tables(picture *p, bool own_huffman)
{
    for (unsigned i = 0; i < 2; i++) {
        uint8_t table[65] = { (uint8_t)i };
        svms_jpeg_quantiser(50 + i, i != 0, table + 1);
        put_segment(p, SVMS_JPEG_DQT, table, sizeof table);
    }
    for (unsigned i = 0; i < 4; i++) {
        uint8_t table[300] = { (uint8_t)((i & 1) << 4 | i >> 1) };
        size_t size = 0;
        const uint8_t *standard = svms_jpeg_huffman(i & 1, i >> 1, &size);
        memcpy(table + 1, standard, size);
        table[20] ^= own_huffman ? 1 : 0;
        put_segment(p, SVMS_JPEG_DHT, table, 1 + size);
    }
}

static void draw(picture *p, const shape *s)
{
    p->size = 0;
    put(p, "\xFF\xD8", 2);
    put_segment(p, SVMS_JPEG_APP0, "JFIF\0\1\2\0\0\1\0\1\0\0", 14);
    put_tables(p, s->own_huffman);
    const uint8_t frame[] = { 8,
                              (uint8_t)(s->height >> 8),
                              (uint8_t)s->height,
                              (uint8_t)(s->width >> 8),
                              (uint8_t)s->width,
                              3,
                              1,
                              s->luma,
                              0,
                              2,
                              0x11,
                              1,
                              3,
                              0x11,
                              1 };
    put_segment(p, s->sof, frame, sizeof frame);
    if (s->interval != 0) {
        const uint8_t interval[] = { (uint8_t)(s->interval >> 8), (uint8_t)s->interval };
        put_segment(p, SVMS_JPEG_DRI, interval, 2);
    }
    put_segment(p, SVMS_JPEG_SOS, "\3\1\0\2\x11\3\x11\0\x3F\0", 10);
    uint64_t seed = s->scan + 1;
    for (size_t i = 0; i < s->scan; i++) {
        uint8_t byte = (uint8_t)(stage_random(&seed) % 255);
        put(p, &byte, 1);
    }
    put(p, "\xFF\xD9", 2);
}

/* Payload of a segment with this marker, n-th. */
static svms_jpeg_segment segment(const void *data, size_t size, uint32_t marker, int n)
{
    svms_jpeg_iterator it = SVMS_JPEG_ITERATOR_INIT;
    svms_jpeg_segment seg = SVMS_JPEG_SEGMENT_INIT;
    assert_int_equal(svms_jpeg_begin(&it, data, size), SVMS_OK);
    while (svms_jpeg_next(&it, &seg, NULL) == SVMS_OK) {
        if (seg.marker == marker && n-- == 0) {
            return seg;
        }
    }
    fail_msg("there is no segment %02x", (unsigned)marker);
    return seg;
}

static void expect_same_segment(const svms_rtp_event *e, const picture *p, uint32_t marker, int n)
{
    svms_jpeg_segment got = segment(e->data, e->size, marker, n);
    svms_jpeg_segment sent = segment(p->bytes, p->size, marker, n);
    assert_int_equal(got.size, sent.size);
    assert_memory_equal(got.data, sent.data, sent.size);
    assert_int_equal(got.scan_size, sent.scan_size);
    assert_memory_equal(e->data + got.scan_offset, p->bytes + sent.scan_offset, sent.scan_size);
}

static void pictures_come_back_with_tables_and_scan(void **state)
{
    (void)state;
    static const shape shapes[] = {
        { SVMS_JPEG_SOF0, 0x22, 768, 576, 0, false, 50000 },
        { SVMS_JPEG_SOF0, 0x21, 2040, 2040, 0, false, 10 },
        { SVMS_JPEG_SOF0, 0x22, 8, 16, 7, false, 30000 },
        { SVMS_JPEG_SOF0, 0x21, 640, 480, 65535, false, 999 },
    };
    static picture p;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        stage *s = stage_open(JPEG, NULL, NULL);
        stage_make_sender(s, NULL);
        draw(&p, &shapes[i]);
        stage_send(s, 0, SVMS_SAMPLE_SYNC, p.bytes, p.size);
        stage_push_all(s);
        const svms_rtp_event *e = stage_event(s, SVMS_RTP_SAMPLE, 0);
        assert_non_null(e);
        assert_int_equal(e->packets, s->packet_count);
        for (int n = 0; n < 2; n++) {
            expect_same_segment(e, &p, SVMS_JPEG_DQT, n);
        }
        for (int n = 0; n < 4; n++) {
            expect_same_segment(e, &p, SVMS_JPEG_DHT, n);
        }
        expect_same_segment(e, &p, SVMS_JPEG_SOF0, 0);
        expect_same_segment(e, &p, SVMS_JPEG_SOS, 0);
        if (shapes[i].interval != 0) {
            expect_same_segment(e, &p, SVMS_JPEG_DRI, 0);
        }
        assert_memory_equal(e->data + e->size - 2, "\xFF\xD9", 2);
        stage_close(s);
    }
}

static void pictures_that_rtp_cannot_say_are_refused(void **state)
{
    (void)state;
    static const shape shapes[] = {
        { 0xC2, 0x22, 768, 576, 0, false, 10 },           /* progressive */
        { 0xC9, 0x22, 768, 576, 0, false, 10 },           /* arithmetic */
        { SVMS_JPEG_SOF0, 0x11, 768, 576, 0, false, 10 }, /* 4:4:4 */
        { SVMS_JPEG_SOF0, 0x22, 768, 0, 0, false, 10 },
    };
    static picture p;
    stage *s = stage_open(JPEG, NULL, NULL);
    stage_make_sender(s, NULL);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        draw(&p, &shapes[i]);
        svms_sample sample = SVMS_SAMPLE_INIT;
        sample.data = p.bytes;
        sample.size = p.size;
        assert_int_equal(svms_rtp_sender_send(s->sender, &sample, NULL, NULL), SVMS_E_UNSUPPORTED);
    }
    /* Every shorter one is not sent either. */
    static const shape whole = { SVMS_JPEG_SOF0, 0x22, 768, 576, 0, false, 10 };
    draw(&p, &whole);
    for (size_t size = 1; size < p.size; size++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        sample.data = p.bytes;
        sample.size = size;
        assert_int_not_equal(svms_rtp_sender_send(s->sender, &sample, NULL, NULL), SVMS_OK);
    }
    assert_int_equal(s->packet_count, 0);
    stage_close(s);
}

/* RFC 2435 appendix A: at Q 50 the tables are those of T.81 annex K in zigzag order, at 25 twice
 * that, at 99 nearly 1. */
static void quantisers_follow_q(void **state)
{
    (void)state;
    uint8_t table[64];
    svms_jpeg_quantiser(50, false, table);
    static const uint8_t luma[] = {
        16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40
    };
    assert_memory_equal(table, luma, sizeof luma);
    assert_int_equal(table[63], 99);
    svms_jpeg_quantiser(50, true, table);
    static const uint8_t chroma[] = {
        17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, 99, 99
    };
    assert_memory_equal(table, chroma, sizeof chroma);
    svms_jpeg_quantiser(25, false, table);
    assert_int_equal(table[0], 32);
    svms_jpeg_quantiser(99, false, table);
    assert_int_equal(table[0], 1);
    svms_jpeg_quantiser(1, false, table);
    assert_int_equal(table[0], 255);
}

static void tables_by_q_in_band_and_kept(void **state)
{
    (void)state;
    stage *s = stage_open(JPEG, NULL, NULL);
    static uint8_t sent[8 + 4 + 128 + 3] = { 0, 0, 0, 0, 1, 200, 2, 2, 0, 0, 0, 128 };
    memset(sent + 12, 33, 128);
    memcpy(sent + 140, "abc", 3);
    static const uint8_t computed[] = { 0, 0, 0, 0, 1, 50, 2, 2, 'a', 'b', 'c' };
    static const uint8_t kept[] = { 0, 0, 0, 0, 1, 200, 2, 2, 0, 0, 0, 0, 'a', 'b', 'c' };
    static const uint8_t wide[8 + 4 + 256 + 1] = { 0, 0, 0, 0, 0, 255, 2, 2, 0, 3, 1, 0 };
    stage_push(s, 1, 0, true, computed, sizeof computed);
    stage_push(s, 2, 3000, true, sent, sizeof sent);
    stage_push(s, 3, 6000, true, kept, sizeof kept);
    stage_push(s, 4, 9000, true, wide, sizeof wide);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 4);
    static const uint8_t first[] = { 16, 33, 33 };
    for (size_t i = 0; i < 3; i++) {
        const svms_rtp_event *e = stage_event(s, SVMS_RTP_SAMPLE, i);
        assert_int_equal(segment(e->data, e->size, SVMS_JPEG_DQT, 0).data[1], first[i]);
        svms_jpeg_segment frame = segment(e->data, e->size, SVMS_JPEG_SOF0, 0);
        assert_memory_equal(frame.data, "\x08\0\x10\0\x10\3\1\x22\0", 9);
    }
    const svms_rtp_event *e = stage_event(s, SVMS_RTP_SAMPLE, 3);
    assert_int_equal(segment(e->data, e->size, SVMS_JPEG_DQT, 1).size, 129);
    assert_int_equal(segment(e->data, e->size, SVMS_JPEG_SOF1, 0).size, 15);
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

static void malformed_pictures_are_told(void **state)
{
    (void)state;
    static const broken cases[] = {
        B(""),
        B("\0\0\0\0\1\x32\2"),
        B("\0\0\0\0\1\x32\2\2"),
        B("\0\0\0\0\2\x32\2\2"
          "abc"), /* type 2 */
        B("\0\0\0\0\x80\x32\2\2"
          "abc"),                    /* type 128 */
        B("\0\0\0\0\x41\x32\2\2\0"), /* half a restart header */
        B("\0\0\0\0\1\x32\0\2"
          "abc"),
        B("\0\0\0\0\1\x32\2\0"
          "abc"),
        B("\0\0\0\0\1\0\2\2"
          "abc"),
        B("\0\0\0\0\1\x64\2\2"
          "abc"),
        B("\0\0\0\0\1\xC8\2\2\0\0\0\0"
          "abc"), /* a table that was never sent */
        B("\0\0\0\0\1\xFF\2\2\0\0\0\0"
          "abc"),
        B("\0\0\0\0\1\xFF\2\2\0\0\0\x80"
          "abc"), /* a table that does not fit */
        B("\0\0\0\0\1\xFF\2\2\0\0\0\x40"
          "abc"), /* one table */
        B("\0\0\0\0\1\xFF\2\2\0\4\0\x80"
          "abc"), /* a precision of nobody's */
        B("\0\0\0\1\1\x32\2\2"
          "abc"), /* begins in the middle */
    };
    static const uint8_t good[] = { 0, 0, 0, 0, 1, 50, 2, 2, 'a', 'b', 'c' };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stage *s = stage_open(JPEG, NULL, NULL);
        stage_push(s, 1, 0, true, good, sizeof good);
        stage_push(s, 2, 3000, true, cases[i].payload, cases[i].size);
        stage_flush(s);
        const svms_rtp_event *gap = stage_event(s, SVMS_RTP_GAP, 0);
        assert_non_null(gap);
        assert_int_equal(gap->reasons, SVMS_RTP_GAP_MALFORMED);
        assert_int_equal(gap->dropped, 1);
        stage_close(s);
    }
}

static void fragments_must_follow_one_another(void **state)
{
    (void)state;
    static const uint8_t first[] = { 0, 0, 0, 0, 1, 50, 2, 2, 'a', 'b', 'c' };
    static const uint8_t second[] = { 0, 0, 0, 3, 1, 50, 2, 2, 'd' };
    static const uint8_t wrong[][9] = {
        { 0, 0, 0, 4, 1, 50, 2, 2, 'd' }, { 0, 0, 0, 0, 1, 50, 2, 2, 'd' },
        { 0, 0, 0, 3, 0, 50, 2, 2, 'd' }, { 0, 0, 0, 3, 1, 51, 2, 2, 'd' },
        { 0, 0, 0, 3, 1, 50, 3, 2, 'd' }, { 0, 0, 0, 3, 1, 50, 2, 3, 'd' },
    };
    svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
    options.flags = SVMS_RTP_IN_ORDER;
    stage *s = stage_open(JPEG, NULL, &options);
    stage_push(s, 0, 0, false, first, sizeof first);
    stage_push(s, 1, 0, true, second, sizeof second);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 1);
    uint32_t sequence = 2;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint32_t time = 3000 * ((uint32_t)i + 1);
        stage_push(s, sequence++, time, false, first, sizeof first);
        stage_push(s, sequence++, time, true, wrong[i], sizeof wrong[i]);
    }
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 1);
    /* Offset 0 shows that nothing of this picture is missing, whatever is lost before. */
    sequence++;
    stage_push(s, sequence++, 90000, false, first, sizeof first);
    stage_push(s, sequence++, 90000, true, second, sizeof second);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 2);
    const svms_rtp_event *gap = stage_event(s, SVMS_RTP_GAP, 0);
    assert_int_equal(gap->reasons, SVMS_RTP_GAP_LOST | SVMS_RTP_GAP_MALFORMED);
    assert_int_equal(gap->lost, 1);
    assert_int_equal(gap->dropped, 12);
    stage_close(s);
}

/* P-JPG-10: what RFC 2435 alone cannot say goes with its segments, and comes back to the byte. */
static void pictures_with_segments_come_back_as_they_were(void **state)
{
    (void)state;
    static const shape shapes[] = {
        { SVMS_JPEG_SOF1, 0x22, 768, 576, 0, false, 10 },
        { SVMS_JPEG_SOF0, 0x22, 2041, 576, 0, false, 5000 },
        { SVMS_JPEG_SOF0, 0x21, 65535, 65535, 9, false, 1 },
        { SVMS_JPEG_SOF0, 0x22, 768, 576, 0, true, 1200 },
    };
    static picture p;
    for (size_t size = 256; size <= 60000; size = size * 3 + 1) {
        svms_rtp_sender_options options = SVMS_RTP_SENDER_OPTIONS_INIT;
        options.max_packet = (uint32_t)size;
        options.flags = SVMS_RTP_WITH_REPLAY;
        stage *s = stage_open(JPEG, NULL, NULL);
        stage_make_sender(s, &options);
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
            size_t sent = s->packet_count;
            draw(&p, &shapes[i]);
            stage_send(s, (int64_t)i * 9000, SVMS_SAMPLE_SYNC, p.bytes, p.size);
            for (; sent < s->packet_count; sent++) {
                stage_push_sent(s, sent);
            }
            stage_expect_sample(s, i, p.bytes, p.size);
        }
        stage_close(s);
    }
}

/* Other header extensions (RFC 8285) say nothing of pictures. */
static void foreign_header_extensions_are_passed_over(void **state)
{
    (void)state;
    stage *s = stage_open(JPEG, NULL, NULL);
    static const uint8_t packet[] = { 0x90, 0xE0, 0, 2, 0, 0, 0, 9, 0, 0,  0, 1, 0xBE, 0xDE, 0,  1,
                                      1,    2,    3, 4, 0, 0, 0, 0, 1, 50, 2, 2, 'a',  'b',  'c' };
    assert_int_equal(svms_rtp_receiver_push(s->receiver, packet, sizeof packet, 0, NULL), SVMS_OK);
    assert_int_equal(stage_count(s, SVMS_RTP_SAMPLE), 1);
    stage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_come_back_with_tables_and_scan),
        cmocka_unit_test(pictures_that_rtp_cannot_say_are_refused),
        cmocka_unit_test(quantisers_follow_q),
        cmocka_unit_test(tables_by_q_in_band_and_kept),
        cmocka_unit_test(malformed_pictures_are_told),
        cmocka_unit_test(fragments_must_follow_one_another),
        cmocka_unit_test(pictures_with_segments_come_back_as_they_were),
        cmocka_unit_test(foreign_header_extensions_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
