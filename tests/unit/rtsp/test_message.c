/* SPDX-License-Identifier: Apache-2.0 */
/* Messages and frames out of a stream of bytes (docs/spec/rtsp.md, R-MSG, R-FRM). */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#include "message.h"

typedef struct stage {
    svms_ctx *ctx;
    svms_rtsp_reader *reader;
    char told[4096]; /* what came, one line each */
    svms_error err;
} stage;

static void open_stage(stage *s, size_t max_body)
{
    memset(s, 0, sizeof *s);
    s->err = (svms_error)SVMS_ERROR_INIT;
    assert_int_equal(svms_ctx_new(&s->ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_rtsp_reader_new(&s->reader, s->ctx, max_body, NULL), SVMS_OK);
}

static void close_stage(stage *s)
{
    svms_rtsp_reader_free(&s->reader);
    svms_ctx_free(&s->ctx);
}

static void add(stage *s, const char *text, size_t size)
{
    size_t used = strlen(s->told);
    assert_true(used + size < sizeof s->told);
    if (size > 0) {
        memcpy(s->told + used, text, size);
    }
}

static void add_message(stage *s, const svms_rtsp_message *m)
{
    char line[256];
    if (m->is_request) {
        (void)snprintf(line, sizeof line, "%s %s %u.%u", m->method_name.data, m->url.data,
                       (unsigned)m->major, (unsigned)m->minor);
    } else {
        (void)snprintf(line, sizeof line, "%u (%s)", (unsigned)m->status, m->phrase.data);
    }
    add(s, line, strlen(line));
    if (m->has_cseq) {
        (void)snprintf(line, sizeof line, " #%u", (unsigned)m->cseq);
        add(s, line, strlen(line));
    }
    for (size_t i = 0; i < m->header_count; i++) {
        const svms_rtsp_header *h = &m->headers[i];
        assert_int_equal(strlen(h->name.data), h->name.size);
        assert_int_equal(strlen(h->value.data), h->value.size);
        add(s, " ", 1);
        add(s, h->name.data, h->name.size);
        add(s, "=", 1);
        add(s, h->value.data, h->value.size);
    }
    add(s, " [", 2);
    add(s, (const char *)m->body, m->body_size);
    add(s, "]\n", 2);
}

static svms_status feed(stage *s, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    while (size > 0) {
        size_t used = 0;
        svms_rtsp_item item;
        svms_status status = svms_rtsp_reader_take(s->reader, bytes, size, &used, &item, &s->err);
        if (status != SVMS_OK) {
            assert_int_equal(s->err.status, status);
            return status;
        }
        if (item == SVMS_RTSP_ITEM_MESSAGE) {
            add_message(s, svms_rtsp_reader_message(s->reader));
        } else if (item == SVMS_RTSP_ITEM_FRAME) {
            svms_rtsp_frame frame = svms_rtsp_reader_frame(s->reader);
            char line[32];
            (void)snprintf(line, sizeof line, "$%u:", (unsigned)frame.channel);
            add(s, line, strlen(line));
            add(s, (const char *)frame.data, frame.size);
            add(s, "\n", 1);
        } else {
            assert_int_equal(used, size);
        }
        bytes += used;
        size -= used;
    }
    return SVMS_OK;
}

typedef struct good_stream {
    const char *bytes;
    size_t size;
    const char *told;
} good_stream;

#define STREAM(text) text, sizeof text - 1

static const good_stream good[] = {
    { STREAM("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"), "OPTIONS * 1.0 #1 CSeq=1 []\n" },
    { STREAM("RTSP/1.0 200 OK\r\ncseq:2\r\n\r\n"), "200 (OK) #2 cseq=2 []\n" },
    { STREAM("RTSP/1.0 200\r\n\r\n"), "200 () []\n" },
    { STREAM("RTSP/2.0 551 Option not supported\n\n"), "551 (Option not supported) []\n" },
    { STREAM("PLAY rtsp://a/b?c=d RTSP/1.0\nX-Odd: \t a \t\n\n"),
      "PLAY rtsp://a/b?c=d 1.0 X-Odd=a []\n" },
    { STREAM("FOO x RTSP/9.9\r\nEmpty:\r\n\r\n"), "FOO x 9.9 Empty= []\n" },
    /* Continued headers. */
    { STREAM("A b RTSP/1.0\r\nX: one\r\n two\r\n\tthree\r\nY: z\r\n\r\n"),
      "A b 1.0 X=one   two  \tthree Y=z []\n" },
    /* Bodies, one message behind the other, empty lines between. */
    { STREAM("RTSP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc\r\n\r\n"
             "RTSP/1.0 404 Not Found\r\nCSeq: 3\r\nContent-Length: 0\r\n\r\n"),
      "200 (OK) Content-Length=3 [abc]\n404 (Not Found) #3 CSeq=3 Content-Length=0 []\n" },
    { STREAM("RTSP/1.0 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\n$x"),
      "200 (OK) Content-Length=2 content-length=2 [$x]\n" },
    /* Frames before, between and behind; an empty one. */
    { STREAM("$\0\0\2hi$\7\0\0RTSP/1.0 200 OK\r\nCSeq: 9\r\n\r\n$\1\0\1x"),
      "$0:hi\n$7:\n200 (OK) #9 CSeq=9 []\n$1:x\n" },
    /* CSeq that is none. */
    { STREAM("A b RTSP/1.0\r\nCSeq: 1\r\nCSeq: 2\r\n\r\n"), "A b 1.0 CSeq=1 CSeq=2 []\n" },
    { STREAM("A b RTSP/1.0\r\nCSeq: 4294967296\r\n\r\n"), "A b 1.0 CSeq=4294967296 []\n" },
    { STREAM("A b RTSP/1.0\r\nCSeq: -1\r\n\r\n"), "A b 1.0 CSeq=-1 []\n" },
};

static void good_streams_are_read_as_a_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        stage s;
        open_stage(&s, 0);
        assert_int_equal(feed(&s, good[i].bytes, good[i].size), SVMS_OK);
        assert_string_equal(s.told, good[i].told);
        assert_true(svms_rtsp_reader_between(s.reader));
        assert_int_equal(svms_rtsp_reader_offset(s.reader), good[i].size);
        close_stage(&s);
    }
}

static void good_streams_are_read_byte_by_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        stage s;
        open_stage(&s, 0);
        for (size_t j = 0; j < good[i].size; j++) {
            /* A copy of its own, so that sanitizers see what reads beyond it. */
            char *byte = malloc(1);
            assert_non_null(byte);
            *byte = good[i].bytes[j];
            assert_int_equal(feed(&s, byte, 1), SVMS_OK);
            free(byte);
        }
        assert_string_equal(s.told, good[i].told);
        close_stage(&s);
    }
}

static void good_streams_are_read_cut_in_two_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        for (size_t cut = 0; cut <= good[i].size; cut++) {
            stage s;
            open_stage(&s, 0);
            assert_int_equal(feed(&s, good[i].bytes, cut), SVMS_OK);
            assert_int_equal(feed(&s, good[i].bytes + cut, good[i].size - cut), SVMS_OK);
            assert_string_equal(s.told, good[i].told);
            close_stage(&s);
        }
    }
}

typedef struct bad_stream {
    const char *bytes;
    size_t size;
    svms_status status;
    const char *words;
} bad_stream;

static const bad_stream bad[] = {
    { STREAM("\0"), SVMS_OK, NULL }, /* not before its line ends */
    { STREAM("\0\n\n"), SVMS_E_MALFORMED, "a control character in the first line" },
    { STREAM("GET / HTTP/1.1\r\n\r\n"), SVMS_E_MALFORMED, "begins no RTSP message" },
    { STREAM("HTTP/1.1 200 OK\r\n\r\n"), SVMS_E_MALFORMED, "begins no RTSP message" },
    { STREAM("OPTIONS *\r\n\r\n"), SVMS_E_MALFORMED, "begins no RTSP message" },
    { STREAM("OPTIONS  RTSP/1.0\r\n\r\n"), SVMS_E_MALFORMED, "begins no RTSP message" },
    { STREAM("OPTIONS a b RTSP/1.0\r\n\r\n"), SVMS_E_MALFORMED, "begins no RTSP message" },
    { STREAM("OP(IONS a RTSP/1.0\r\n\r\n"), SVMS_E_MALFORMED, "begins no RTSP message" },
    { STREAM(" a RTSP/1.0\r\n\r\n"), SVMS_E_MALFORMED, "begins no RTSP message" },
    { STREAM("RTSP/1.0 20 OK\r\n\r\n"), SVMS_E_MALFORMED, "begins no RTSP message" },
    { STREAM("RTSP/1.0 099 OK\r\n\r\n"), SVMS_E_MALFORMED, "begins no RTSP message" },
    { STREAM("RTSP/1.0 600 OK\r\n\r\n"), SVMS_E_MALFORMED, "begins no RTSP message" },
    { STREAM("RTSP/1.0 2000 OK\r\n\r\n"), SVMS_E_MALFORMED, "begins no RTSP message" },
    { STREAM("RTSP/1 200 OK\r\n\r\n"), SVMS_E_MALFORMED, "begins no RTSP message" },
    { STREAM("RTSP/1.100 200 OK\r\n\r\n"), SVMS_E_MALFORMED, "begins no RTSP message" },
    { STREAM("RTSP/x.0 200 OK\r\n\r\n"), SVMS_E_MALFORMED, "begins no RTSP message" },
    { STREAM("v=0\r\n\r\n"), SVMS_E_MALFORMED, "begins no RTSP message" },
    { STREAM("RTSP/1.0 200 O\rK\r\n\r\n"), SVMS_E_MALFORMED, "a control character in the first" },
    { STREAM("A b RTSP/1.0\r\nX: a\rb\r\n\r\n"), SVMS_E_MALFORMED, "control character in an RTSP" },
    { STREAM("A b RTSP/1.0\r\nX: a\0b\r\n\r\n"), SVMS_E_MALFORMED, "control character in an RTSP" },
    { STREAM("A b RTSP/1.0\r\nX: \x7F\r\n\r\n"), SVMS_E_MALFORMED, "control character in an RTSP" },
    { STREAM("A b RTSP/1.0\r\nX a\r\n\r\n"), SVMS_E_MALFORMED, "without a name" },
    { STREAM("A b RTSP/1.0\r\n: a\r\n\r\n"), SVMS_E_MALFORMED, "without a name" },
    { STREAM("A b RTSP/1.0\r\nX : a\r\n\r\n"), SVMS_E_MALFORMED, "without a name" },
    { STREAM("A b RTSP/1.0\r\n X: a\r\n\r\n"), SVMS_E_MALFORMED, "without a name" },
    { STREAM("A b RTSP/1.0\r\nContent-Length: x\r\n\r\n"), SVMS_E_MALFORMED, "is no number" },
    { STREAM("A b RTSP/1.0\r\nContent-Length:\r\n\r\n"), SVMS_E_MALFORMED, "is no number" },
    { STREAM("A b RTSP/1.0\r\nContent-Length: -1\r\n\r\n"), SVMS_E_MALFORMED, "is no number" },
    { STREAM("A b RTSP/1.0\r\nContent-Length: 1, 1\r\n\r\n"), SVMS_E_MALFORMED, "is no number" },
    { STREAM("A b RTSP/1.0\r\nContent-Length: 4294967296\r\n\r\n"), SVMS_E_MALFORMED,
      "is no number" },
    { STREAM("A b RTSP/1.0\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), SVMS_E_MALFORMED,
      "two that differ" },
    { STREAM("A b RTSP/1.0\r\nContent-Length: 65537\r\n\r\n"), SVMS_E_LIMIT,
      "a body of 65537 bytes, more than 65536" },
    { STREAM("A b RTSP/1.0\r\nContent-Length: 4294967295\r\n\r\n"), SVMS_E_LIMIT, "a body of" },
    /* A body shorter than it should be: what follows is taken for it, then there is no message. */
    { STREAM("A b RTSP/1.0\r\nContent-Length: 9\r\n\r\nabcRTSP/1.0 200 OK\r\n\r\n"),
      SVMS_E_MALFORMED, "begins no RTSP message" },
};

static void what_is_no_message_is_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        for (int by_bytes = 0; by_bytes < 2; by_bytes++) {
            stage s;
            open_stage(&s, 0);
            svms_status status = SVMS_OK;
            size_t step = by_bytes != 0 ? 1 : bad[i].size;
            for (size_t j = 0; j < bad[i].size && status == SVMS_OK; j += step) {
                status = feed(&s, bad[i].bytes + j, step);
            }
            assert_int_equal(status, bad[i].status);
            if (bad[i].words) {
                assert_non_null(strstr(s.err.message, bad[i].words));
                /* The stream stays lost, for the same reason. */
                s.err = (svms_error)SVMS_ERROR_INIT;
                assert_int_equal(feed(&s, "A b RTSP/1.0\n\n", 14), bad[i].status);
                assert_non_null(strstr(s.err.message, bad[i].words));
            }
            close_stage(&s);
        }
    }
}

static void a_failure_names_its_offset(void **state)
{
    (void)state;
    stage s;
    open_stage(&s, 0);
    static const char text[] = "$\0\0\2hiA b RTSP/1.0\r\nX: y\r\nbad\r\n\r\n";
    assert_int_equal(feed(&s, text, sizeof text - 1), SVMS_E_MALFORMED);
    assert_int_equal(s.err.offset, 6 + 14 + 6);
    close_stage(&s);
}

/* Feeds the front once, then the same byte until it fails; how many went in. */
static size_t feed_without_end(const char *front, const char *piece, svms_status expected,
                               const char *words)
{
    stage s;
    open_stage(&s, 0);
    assert_int_equal(feed(&s, front, strlen(front)), SVMS_OK);
    svms_status status = SVMS_OK;
    size_t count = 0;
    while (status == SVMS_OK && count < 100000) {
        status = feed(&s, piece, strlen(piece));
        count++;
    }
    assert_int_equal(status, expected);
    assert_non_null(strstr(s.err.message, words));
    close_stage(&s);
    return strlen(front) + count * strlen(piece);
}

static void what_never_ends_is_stopped_at_its_bound(void **state)
{
    (void)state;
    static const char head[] = "A b RTSP/1.0\r\n";
    assert_in_range(feed_without_end("", "x", SVMS_E_LIMIT, "a first line of more than 4096"), 4097,
                    4100);
    assert_in_range(feed_without_end("A b RTSP/1.0\r\nX:", "x", SVMS_E_LIMIT,
                                     "an RTSP header of more than 8192"),
                    8192, 8230);
    assert_in_range(feed_without_end("A b RTSP/1.0\r\naUTHORIZATION:", "x", SVMS_E_LIMIT,
                                     "header of more than 16384"),
                    16384, 16430);
    assert_in_range(feed_without_end(head, "X: y\r\n", SVMS_E_LIMIT, "its maximum of 32768"), 32768,
                    32780);
    /* Lines that continue one header do not get it beyond its bound; the head ends first. */
    assert_in_range(feed_without_end("A b RTSP/1.0\r\nX: y\r\n", " z\r\n", SVMS_E_LIMIT,
                                     "its maximum of 32768"),
                    32768, 32780);
    assert_in_range(feed_without_end("", "\r\n", SVMS_E_LIMIT, "empty lines"), 64, 70);
}

static void bounds_hold_to_the_byte(void **state)
{
    (void)state;
    static char text[40000];
    static const char *const names[] = { "X", "Authorization" };
    static const size_t most[] = { 8192, 16384 };
    for (size_t i = 0; i < 2; i++) {
        for (size_t over = 0; over < 2; over++) {
            stage s;
            open_stage(&s, 0);
            int front = snprintf(text, sizeof text, "A b RTSP/1.0\r\n%s:", names[i]);
            size_t fill = most[i] + over - strlen(names[i]) - 1;
            memset(text + front, 'v', fill);
            memcpy(text + front + fill, "\r\n\r\n", 5);
            size_t used = 0;
            svms_rtsp_item item;
            svms_status status = svms_rtsp_reader_take(s.reader, (const uint8_t *)text,
                                                       strlen(text), &used, &item, &s.err);
            assert_int_equal(status, over == 0 ? SVMS_OK : SVMS_E_LIMIT);
            close_stage(&s);
        }
    }
}

static void continued_lines_count_as_one_header(void **state)
{
    (void)state;
    static char text[20000] = "A b RTSP/1.0\r\nX: y\r\n";
    stage s;
    open_stage(&s, 0);
    while (strlen(text) < 9000) {
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), " 0123456789\r\n");
    }
    (void)snprintf(text + strlen(text), sizeof text - strlen(text), "\r\n");
    assert_int_equal(feed(&s, text, strlen(text)), SVMS_E_LIMIT);
    assert_non_null(strstr(s.err.message, "an RTSP header of more than 8192 bytes"));
    close_stage(&s);
}

static void sixty_four_headers_are_the_most(void **state)
{
    (void)state;
    for (size_t count = 64; count <= 65; count++) {
        static char text[2000];
        stage s;
        open_stage(&s, 0);
        (void)snprintf(text, sizeof text, "A b RTSP/1.0\r\n");
        for (size_t i = 0; i < count; i++) {
            (void)snprintf(text + strlen(text), sizeof text - strlen(text), "X: y\r\n");
        }
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "\r\n");
        assert_int_equal(feed(&s, text, strlen(text)), count == 64 ? SVMS_OK : SVMS_E_LIMIT);
        close_stage(&s);
    }
}

static void a_smaller_bound_of_bodies_holds(void **state)
{
    (void)state;
    stage s;
    open_stage(&s, 4);
    static const char four[] = "A b RTSP/1.0\r\nContent-Length: 4\r\n\r\nabcd";
    assert_int_equal(feed(&s, four, sizeof four - 1), SVMS_OK);
    static const char five[] = "A b RTSP/1.0\r\nContent-Length: 5\r\n\r\n";
    assert_int_equal(feed(&s, five, sizeof five - 1), SVMS_E_LIMIT);
    close_stage(&s);
}

static void the_largest_frame_is_read_whole_and_in_pieces(void **state)
{
    (void)state;
    size_t size = 4 + SVMS_RTSP_FRAME_MAX;
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(i * 7);
    }
    memcpy(bytes, "$\x2A\xFF\xFF", 4);
    for (size_t step = 1000; step <= size; step += size - 1000) {
        stage s;
        /* The bound of bodies is not the bound of frames. */
        open_stage(&s, 10);
        svms_rtsp_item item = SVMS_RTSP_ITEM_NONE;
        for (size_t at = 0; at < size;) {
            size_t used = 0;
            size_t left = size - at < step ? size - at : step;
            assert_int_equal(svms_rtsp_reader_take(s.reader, bytes + at, left, &used, &item, NULL),
                             SVMS_OK);
            at += used;
        }
        assert_int_equal(item, SVMS_RTSP_ITEM_FRAME);
        svms_rtsp_frame frame = svms_rtsp_reader_frame(s.reader);
        assert_int_equal(frame.channel, 42);
        assert_int_equal(frame.size, SVMS_RTSP_FRAME_MAX);
        assert_memory_equal(frame.data, bytes + 4, frame.size);
        close_stage(&s);
    }
    free(bytes);
}

static void headers_are_found_by_name(void **state)
{
    (void)state;
    stage s;
    open_stage(&s, 0);
    static const char text[] = "A b RTSP/1.0\r\nX: 1\r\nY: 2\r\nx: 3\r\n\r\n";
    assert_int_equal(feed(&s, text, sizeof text - 1), SVMS_OK);
    const svms_rtsp_message *m = svms_rtsp_reader_message(s.reader);
    size_t position = 0;
    assert_int_equal(svms_rtsp_count(m, "X"), 2);
    assert_string_equal(svms_rtsp_find(m, "X")->data, "1");
    assert_string_equal(svms_rtsp_find_next(m, "X", &position)->data, "1");
    assert_string_equal(svms_rtsp_find_next(m, "X", &position)->data, "3");
    assert_null(svms_rtsp_find_next(m, "X", &position));
    assert_null(svms_rtsp_find(m, "Z"));
    close_stage(&s);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    stage s;
    open_stage(&s, 0);
    svms_builder out = svms_builder_new(s.ctx, 100000);
    svms_rtsp_put_request_line(&out, SVMS_RTSP_SET_PARAMETER, "rtsp://h/p");
    svms_rtsp_put_header_number(&out, "CSeq", UINT32_MAX);
    svms_rtsp_put_header(&out, "Session", "abc");
    svms_rtsp_put_end(&out, "text/parameters", "a: b\r\n", 6);
    svms_rtsp_put_frame(&out, 255, "xyz", 3);
    svms_rtsp_put_status_line(&out, 463);
    svms_rtsp_put_end(&out, NULL, NULL, 0);
    assert_int_equal(out.status, SVMS_OK);
    assert_int_equal(feed(&s, out.data, out.size), SVMS_OK);
    assert_string_equal(s.told, "SET_PARAMETER rtsp://h/p 1.0 #4294967295 CSeq=4294967295 "
                                "Session=abc Content-Type=text/parameters Content-Length=6 "
                                "[a: b\r\n]\n$255:xyz\n463 (Key management Failure) []\n");
    svms_builder_clear(&out);
    close_stage(&s);
}

static void every_status_code_has_a_phrase(void **state)
{
    (void)state;
    for (uint32_t code = 100; code < 600; code++) {
        assert_non_null(svms_rtsp_status_phrase(code));
    }
    assert_null(svms_rtsp_status_phrase(99));
    assert_null(svms_rtsp_status_phrase(600));
    assert_string_equal(svms_rtsp_status_phrase(454), "Session Not Found");
    assert_string_equal(svms_rtsp_status_phrase(299), "Success");
}

static void methods_have_names_and_names_are_methods(void **state)
{
    (void)state;
    for (int i = SVMS_RTSP_OPTIONS; i <= SVMS_RTSP_RECORD; i++) {
        const char *name = svms_rtsp_method_name((svms_rtsp_method)i);
        assert_non_null(name);
        svms_text_piece piece = { name, strlen(name) };
        assert_int_equal(svms_rtsp_method_of(piece), i);
    }
    assert_null(svms_rtsp_method_name(SVMS_RTSP_OTHER));
    assert_null(svms_rtsp_method_name((svms_rtsp_method)12));
    svms_text_piece small = { "options", 7 };
    assert_int_equal(svms_rtsp_method_of(small), SVMS_RTSP_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_streams_are_read_as_a_whole),
        cmocka_unit_test(good_streams_are_read_byte_by_byte),
        cmocka_unit_test(good_streams_are_read_cut_in_two_anywhere),
        cmocka_unit_test(what_is_no_message_is_refused_by_name),
        cmocka_unit_test(a_failure_names_its_offset),
        cmocka_unit_test(what_never_ends_is_stopped_at_its_bound),
        cmocka_unit_test(bounds_hold_to_the_byte),
        cmocka_unit_test(continued_lines_count_as_one_header),
        cmocka_unit_test(sixty_four_headers_are_the_most),
        cmocka_unit_test(a_smaller_bound_of_bodies_holds),
        cmocka_unit_test(the_largest_frame_is_read_whole_and_in_pieces),
        cmocka_unit_test(headers_are_found_by_name),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(every_status_code_has_a_phrase),
        cmocka_unit_test(methods_have_names_and_names_are_methods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
