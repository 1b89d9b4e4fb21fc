/* SPDX-License-Identifier: Apache-2.0 */
/* A camera and those who watch it, over 127.0.0.1: what slow, silent and too many clients can cost
 * the others. The clock is the test's. */
#include "cmocka_all.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <serve_listen.h>
#include <stream_clock.h>
#include <stream_serve.h>

enum {
    SAMPLE_SIZE = 50000,
    GROUP = 10,         /* each so many samples one stands alone */
    SAMPLES_MAX = 2000, /* far beyond all that can wait anywhere */
    TRIES = 3000,
    HEAD = 4, /* of an interleaved packet */
    ROOM = 1 << 17
};

/* Instead of the machine's. */
static uint64_t present;

uint64_t stream_clock(void)
{
    return present;
}

uint64_t stream_earlier(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

typedef struct stage {
    svms_ctx *ctx;
    stream_serve *serve;
    struct sockaddr_in at;
    int64_t pts;
    unsigned notes[4];
    char words[128]; /* of the last note */
} stage;

typedef struct watcher {
    int socket;
    uint8_t bytes[ROOM];
    size_t size;
    unsigned samples; /* that came whole, up to the marker */
    unsigned alone;   /* that began with a picture that stands alone */
    size_t carried;
} watcher;

static void keep_note(void *user, stream_serve_note note, const char *who, const char *words)
{
    stage *s = user;
    (void)who;
    s->notes[note]++;
    (void)snprintf(s->words, sizeof s->words, "%s", words);
}

static void stage_open(stage *s, uint32_t max_clients)
{
    static const uint8_t avcc[] = { 1,    0x42, 0x00, 0x0A, 0xFF, 0xE1, 0,    9,
                                    0x67, 0x42, 0x00, 0x0A, 0x96, 0x53, 0x05, 0x89,
                                    0x88, 1,    0,    4,    0x68, 0xC9, 0x63, 0x88 };
    char address[SERVE_LISTEN_TEXT];
    unsigned port = 0;
    svms_error err = SVMS_ERROR_INIT;
    svms_track track = SVMS_TRACK_INIT;
    stream_serve_options options;
    memset(s, 0, sizeof *s);
    memset(&options, 0, sizeof options);
    present = 1000 * STREAM_SECOND;
    assert_int_equal(svms_ctx_new(&s->ctx, NULL, &err), SVMS_OK);
    track.kind = SVMS_TRACK_VIDEO;
    track.codec = SVMS_CODEC_H264;
    track.timebase_num = 1;
    track.timebase_den = 90000;
    track.config = avcc;
    track.config_size = sizeof avcc;
    options.ctx = s->ctx;
    options.listener = serve_listen("127.0.0.1:0", NULL, address);
    assert_true(options.listener >= 0);
    assert_int_equal(sscanf(address, "127.0.0.1:%u", &port), 1);
    options.media = STREAM_SERVE_CLEAR;
    options.server_flags = SVMS_RTSP_SERVER_OPEN;
    options.path = "/live";
    options.tracks = &track;
    options.track_count = 1;
    options.max_clients = max_clients;
    options.user = s;
    options.note = keep_note;
    if (stream_serve_open(&s->serve, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    s->at.sin_family = AF_INET;
    s->at.sin_port = htons((uint16_t)port);
    s->at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

static void stage_close(stage *s)
{
    stream_serve_close(&s->serve);
    svms_ctx_free(&s->ctx);
}

/* What is there to do now. */
static void work(stage *s)
{
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(stream_serve_run(s->serve, present, &err), SVMS_OK);
}

static watcher *connect_to(stage *s, int receive_buffer)
{
    watcher *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->socket = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(w->socket >= 0);
    if (receive_buffer > 0) {
        assert_int_equal(
            setsockopt(w->socket, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer),
            0);
    }
    assert_int_equal(connect(w->socket, (const struct sockaddr *)&s->at, sizeof s->at), 0);
    work(s);
    return w;
}

static void leave(watcher *w)
{
    close(w->socket);
    free(w);
}

/* Whole interleaved packets at the front of what came. */
static void take_packets(watcher *w)
{
    size_t at = 0;
    while (w->size - at >= HEAD && w->bytes[at] == '$') {
        const uint8_t *packet = w->bytes + at + HEAD;
        size_t size = (size_t)w->bytes[at + 2] << 8 | w->bytes[at + 3];
        if (w->size - at < HEAD + size) {
            break;
        }
        if (w->bytes[at + 1] == 0) {
            assert_true(size > 14);
            /* FU-A with its start bit, of an IDR picture. */
            w->alone += (packet[12] & 31) == 28 && packet[13] == (0x80 | 5) ? 1 : 0;
            w->samples += packet[1] >> 7;
        }
        at += HEAD + size;
    }
    memmove(w->bytes, w->bytes + at, w->size - at);
    w->size -= at;
}

/* Reads what is there: false once the camera has closed. */
static bool take(watcher *w)
{
    for (;;) {
        ssize_t got = recv(w->socket, w->bytes + w->size, ROOM - w->size, MSG_DONTWAIT);
        if (got <= 0) {
            return got != 0;
        }
        w->size += (size_t)got;
        w->carried += (size_t)got;
        take_packets(w);
    }
}

/* Until nothing more comes. */
static void take_all(stage *s, watcher *w)
{
    for (size_t before = SIZE_MAX; before != w->carried;) {
        struct pollfd until = { w->socket, POLLIN, 0 };
        before = w->carried;
        work(s);
        (void)poll(&until, 1, 200);
        assert_true(take(w));
    }
}

/* Until so many samples have come. */
static void take_samples(stage *s, watcher *w, unsigned wanted)
{
    for (int i = 0; i < TRIES && w->samples < wanted; i++) {
        struct pollfd until = { w->socket, POLLIN, 0 };
        work(s);
        (void)poll(&until, 1, 10);
        assert_true(take(w));
    }
    assert_int_equal(w->samples, wanted);
}

static unsigned say(stage *s, watcher *w, const char *method, const char *url, const char *headers)
{
    char text[512];
    unsigned code = 0;
    int size = snprintf(text, sizeof text, "%s rtsp://127.0.0.1%s RTSP/1.0\r\nCSeq: 1\r\n%s\r\n",
                        method, url, headers);
    assert_int_equal(send(w->socket, text, (size_t)size, MSG_NOSIGNAL), size);
    w->size = 0;
    for (int i = 0; i < TRIES; i++) {
        struct pollfd until = { w->socket, POLLIN, 0 };
        work(s);
        (void)poll(&until, 1, 10);
        assert_true(take(w));
        w->bytes[w->size] = '\0';
        if (strstr((const char *)w->bytes, "\r\n\r\n")) {
            assert_int_equal(sscanf((const char *)w->bytes, "RTSP/1.0 %u", &code), 1);
            return code;
        }
    }
    fail_msg("no answer to %s", method);
    return 0;
}

static watcher *watch(stage *s, int receive_buffer)
{
    char session[160] = "";
    char headers[200];
    watcher *w = connect_to(s, receive_buffer);
    assert_int_equal(
        say(s, w, "SETUP", "/live/track0", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"),
        200);
    const char *named = strstr((const char *)w->bytes, "Session: ");
    assert_non_null(named);
    assert_int_equal(sscanf(named, "Session: %159[^;\r]", session), 1);
    (void)snprintf(headers, sizeof headers, "Session: %s\r\n", session);
    assert_int_equal(say(s, w, "PLAY", "/live", headers), 200);
    w->size = 0;
    w->carried = 0;
    return w;
}

static void give(stage *s, bool alone)
{
    static uint8_t data[SAMPLE_SIZE];
    svms_error err = SVMS_ERROR_INIT;
    svms_sample sample = SVMS_SAMPLE_INIT;
    uint32_t unit = SAMPLE_SIZE - 4;
    data[2] = (uint8_t)(unit >> 8);
    data[3] = (uint8_t)unit;
    data[4] = alone ? 0x65 : 0x41;
    sample.data = data;
    sample.size = sizeof data;
    sample.flags = alone ? SVMS_SAMPLE_SYNC : 0;
    sample.pts = sample.dts = s->pts;
    s->pts += 3600;
    assert_int_equal(stream_serve_sample(s->serve, &sample, &err), SVMS_OK);
    work(s);
}

/* Until the one who takes nothing is behind; how many samples that took. */
static unsigned give_until_behind(stage *s, watcher *quick)
{
    for (unsigned i = 0; i < SAMPLES_MAX; i++) {
        if (s->notes[STREAM_SERVE_IS_BEHIND] > 0) {
            return i;
        }
        give(s, i % GROUP == 0);
        take_samples(s, quick, i + 1);
    }
    fail_msg("%d samples wait somewhere", SAMPLES_MAX);
    return 0;
}

static void who_is_slow_misses_pictures_and_nobody_else_does(void **state)
{
    (void)state;
    stage s;
    stage_open(&s, 0);
    watcher *slow = watch(&s, 16384);
    watcher *quick = watch(&s, 0);
    assert_int_equal(stream_serve_watchers(s.serve), 2);
    unsigned given = give_until_behind(&s, quick);
    /* Nothing more waits for him, however much comes, and he is told of once. */
    for (unsigned i = 1; i < 3 * GROUP; i++) {
        give(&s, i % GROUP == 0);
        take_samples(&s, quick, ++given);
    }
    take_all(&s, slow);
    unsigned got = slow->samples;
    assert_true(got > 0 && got < given);
    /* Then he begins again where a picture stands alone. */
    unsigned alone = slow->alone;
    give(&s, false);
    take_all(&s, slow);
    assert_int_equal(slow->samples, got);
    give(&s, true);
    give(&s, false);
    take_all(&s, slow);
    assert_int_equal(slow->samples, got + 2);
    assert_int_equal(slow->alone, alone + 1);
    assert_int_equal(stream_serve_watchers(s.serve), 2);
    leave(slow);
    leave(quick);
    stage_close(&s);
}

static void who_takes_nothing_for_ten_seconds_is_dropped(void **state)
{
    (void)state;
    stage s;
    stage_open(&s, 0);
    watcher *stuck = watch(&s, 16384);
    watcher *quick = watch(&s, 0);
    (void)give_until_behind(&s, quick);
    present += 9 * STREAM_SECOND;
    work(&s);
    assert_int_equal(stream_serve_watchers(s.serve), 2);
    present += 2 * STREAM_SECOND;
    work(&s);
    work(&s);
    assert_int_equal(stream_serve_watchers(s.serve), 1);
    assert_int_equal(s.notes[STREAM_SERVE_IS_GONE], 1);
    assert_string_equal(s.words, "takes nothing any more");
    give(&s, true);
    take_samples(&s, quick, quick->samples + 1);
    leave(stuck);
    leave(quick);
    stage_close(&s);
}

static void who_says_nothing_for_ten_seconds_is_dropped(void **state)
{
    (void)state;
    stage s;
    stage_open(&s, 0);
    watcher *silent = connect_to(&s, 0);
    watcher *slow = connect_to(&s, 0);
    assert_int_equal(send(slow->socket, "OPTIONS", 7, MSG_NOSIGNAL), 7);
    present += 9 * STREAM_SECOND;
    work(&s);
    assert_int_equal(s.notes[STREAM_SERVE_IS_GONE], 0);
    present += 2 * STREAM_SECOND;
    work(&s);
    work(&s);
    assert_int_equal(s.notes[STREAM_SERVE_IS_GONE], 2);
    assert_false(take(silent));
    leave(silent);
    leave(slow);
    stage_close(&s);
}

static void more_than_there_is_room_for_are_turned_away(void **state)
{
    (void)state;
    stage s;
    stage_open(&s, 2);
    watcher *first = watch(&s, 0);
    watcher *second = connect_to(&s, 0);
    watcher *third = connect_to(&s, 0);
    struct pollfd until = { third->socket, POLLIN, 0 };
    assert_int_equal(poll(&until, 1, 10000), 1);
    assert_false(take(third));
    give(&s, true);
    take_samples(&s, first, 1);
    /* Room that was left is there again. */
    leave(second);
    watcher *fourth = NULL;
    for (int i = 0; i < TRIES && s.notes[STREAM_SERVE_IS_GONE] == 0; i++) {
        work(&s);
        (void)poll(NULL, 0, 1);
    }
    fourth = watch(&s, 0);
    assert_int_equal(stream_serve_watchers(s.serve), 2);
    leave(first);
    leave(third);
    leave(fourth);
    stage_close(&s);
}

static void what_cannot_be_had_is_refused(void **state)
{
    static const struct {
        const char *method;
        const char *url;
        const char *headers;
        unsigned code;
    } cases[] = {
        { "DESCRIBE", "/live", "", 200 },
        { "DESCRIBE", "/other", "", 404 },
        { "SETUP", "/live/track1", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n", 404 },
        { "SETUP", "/live/track18446744073709551616", "Transport: RTP/AVP/TCP;unicast\r\n", 404 },
        { "SETUP", "/live/sound", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n", 404 },
        { "SETUP", "/live/track0", "Transport: RTP/SAVP/TCP;unicast;interleaved=0-1\r\n", 461 },
        { "SETUP", "/live/track0", "Transport: RTP/AVP;multicast\r\n", 461 },
        { "SETUP", "/live/track0", "Transport: RTP/AVP;unicast;client_port=80-81\r\n", 461 },
        { "PLAY", "/live", "", 454 },
        { "GET_PARAMETER", "/live", "", 200 },
    };
    (void)state;
    stage s;
    stage_open(&s, 0);
    watcher *w = connect_to(&s, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned code = say(&s, w, cases[i].method, cases[i].url, cases[i].headers);
        if (code != cases[i].code) {
            fail_msg("%zu: %s %s: %u", i, cases[i].method, cases[i].url, code);
        }
    }
    assert_int_equal(stream_serve_watchers(s.serve), 0);
    leave(w);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_slow_misses_pictures_and_nobody_else_does),
        cmocka_unit_test(who_takes_nothing_for_ten_seconds_is_dropped),
        cmocka_unit_test(who_says_nothing_for_ten_seconds_is_dropped),
        cmocka_unit_test(more_than_there_is_room_for_are_turned_away),
        cmocka_unit_test(what_cannot_be_had_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
