/* SPDX-License-Identifier: Apache-2.0 */
/* A recording over RTSP, as ONVIF Streaming, "Playback", wants it: which samples in which order,
 * what is said of each, how fast they come, and what a slow client can cost. The recording is
 * serve_stage.h's. */
#include "serve_stage.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define FREE "Require: onvif-replay\r\nRate-Control: no\r\n"

static const char *clock_text(char out[48], int64_t utc_ns)
{
    time_t seconds = (time_t)(utc_ns / (int64_t)STREAM_SECOND);
    struct tm parts;
    assert_non_null(gmtime_r(&seconds, &parts));
    char whole[32];
    (void)strftime(whole, sizeof whole, "%Y%m%dT%H%M%S", &parts);
    (void)snprintf(out, 48, "%s.%09dZ", whole, (int)(utc_ns % (int64_t)STREAM_SECOND));
    return out;
}

static char *play_headers(char out[256], const char *more, int64_t from, int64_t to)
{
    char first[48];
    char last[48] = "";
    if (to != SVMS_NO_TIME) {
        (void)clock_text(last, to);
    }
    (void)snprintf(out, 256, "%sRange: clock=%s-%s\r\n", more, clock_text(first, from), last);
    return out;
}

/* First packets of the samples of a channel, in the order in which they came. */
static size_t samples_of(const viewer *v, unsigned channel, const svms_rtp_packet **out,
                         size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < v->count; i++) {
        if (v->packets[i].channel == channel && v->packets[i].rtp.has_replay) {
            assert_true(count < most);
            out[count++] = &v->packets[i].rtp;
        }
    }
    return count;
}

static const svms_rtp_packet *found[STAGE_PICTURES * 2];

static size_t pictures_of(const viewer *v)
{
    return samples_of(v, 0, found, STAGE_PICTURES * 2);
}

static uint32_t flags_of(const svms_rtp_packet *of)
{
    return of->replay.flags;
}

static void all_comes_with_its_time_exactly_as_recorded(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    assert_int_equal(viewer_play(&s, v, "/replay", 2, FREE), 200);
    viewer_take_all(&s, v);
    for (unsigned channel = 0; channel <= 2; channel += 2) {
        assert_int_equal(samples_of(v, channel, found, STAGE_PICTURES * 2), STAGE_PICTURES);
        for (unsigned i = 0; i < STAGE_PICTURES; i++) {
            const svms_rtp_replay *replay = &found[i]->replay;
            bool is_sync = channel == 2 || i % STAGE_GROUP == 0;
            bool ends = i == STAGE_GAP_GROUP * STAGE_GROUP - 1 || i == STAGE_PICTURES - 1;
            assert_int_equal(replay->utc_ns, stage_utc(i));
            assert_int_equal((replay->flags & SVMS_RTP_REPLAY_CLEAN) != 0, is_sync);
            assert_int_equal((replay->flags & SVMS_RTP_REPLAY_DISCONTINUITY) != 0, i == 0);
            assert_int_equal((replay->flags & SVMS_RTP_REPLAY_END) != 0, ends);
            assert_int_equal((replay->flags & SVMS_RTP_REPLAY_TERMINAL) != 0,
                             i == STAGE_PICTURES - 1);
            assert_int_equal(replay->cseq, v->cseq & 0xFF);
        }
    }
    /* Who knows the replay extension has been told of the end. */
    assert_int_equal(v->byes[1] + v->byes[3], 0);
    assert_int_equal(s.told.samples, 0);
    assert_int_equal(viewer_say(&s, v, "TEARDOWN", "/replay", ""), 200);
    assert_int_equal(s.told.kind, STREAM_SERVE_REPLAY);
    assert_int_equal(s.told.samples, 2 * STAGE_PICTURES);
    assert_int_equal(s.told.first_utc_ns, stage_utc(0));
    assert_int_equal(s.told.last_utc_ns, stage_utc(STAGE_PICTURES - 1));
    viewer_free(v);
    stage_close(&s);
}

static void rtp_times_are_those_of_the_capture_without_rate_control(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    assert_int_equal(viewer_play(&s, v, "/replay", 1, FREE), 200);
    viewer_take_all(&s, v);
    assert_int_equal(pictures_of(v), STAGE_PICTURES);
    for (unsigned i = 1; i < STAGE_PICTURES; i++) {
        uint32_t ticks = found[i]->timestamp - found[0]->timestamp;
        int64_t passed = (stage_utc(i) - stage_utc(0)) * 9 / 100000;
        assert_in_range(ticks, (uint32_t)passed - 1, (uint32_t)passed + 1);
    }
    viewer_free(v);
    stage_close(&s);
}

static void it_begins_with_a_sync_sample_and_ends_where_asked(void **state)
{
    static const struct {
        int64_t from; /* from the beginning */
        unsigned first;
        int64_t to;
        unsigned last;
    } cases[] = {
        { 0, 0, STAGE_PICTURE * 24 + 999, 24 },
        { STAGE_PICTURE * 30, 25, STAGE_PICTURE * 70, 69 },
        { STAGE_PICTURE * 25, 0, STAGE_PICTURE * 49, 48 },
        { -STAGE_PICTURE, 0, STAGE_PICTURE * 3 + 999, 3 },
        /* In the gap: what follows it. */
        { STAGE_PICTURE * 101, 100, STAGE_GAP + STAGE_PICTURE * 110 + 999, 110 },
        /* The end lies in the gap. */
        { STAGE_PICTURE * 80, 75, STAGE_PICTURE * 120, 99 },
    };
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        stage s;
        char headers[256];
        stage_open(&s);
        viewer *v = viewer_new(&s, 0);
        int64_t from = STAGE_FIRST + cases[k].from;
        int64_t to = STAGE_FIRST + cases[k].to;
        assert_int_equal(viewer_play(&s, v, "/replay", 2, play_headers(headers, FREE, from, to)),
                         200);
        assert_int_equal(s.question.from_utc_ns, from);
        assert_int_equal(s.question.to_utc_ns, to);
        assert_int_equal(s.sought.from_utc_ns, from);
        viewer_take_all(&s, v);
        size_t count = pictures_of(v);
        assert_int_equal(count, cases[k].last - cases[k].first + 1);
        assert_int_equal(found[0]->replay.utc_ns, stage_utc(cases[k].first));
        assert_int_equal(found[count - 1]->replay.utc_ns, stage_utc(cases[k].last));
        assert_true((flags_of(found[count - 1]) & SVMS_RTP_REPLAY_TERMINAL) != 0);
        /* The answer says where it really begins. */
        char text[96];
        svms_rtsp_range range = SVMS_RTSP_RANGE_INIT;
        assert_non_null(viewer_header(v, "Range", text, sizeof text));
        assert_int_equal(svms_rtsp_range_read(&range, text, strlen(text), NULL), SVMS_OK);
        assert_int_equal(range.from_ns, stage_utc(cases[k].first));
        viewer_free(v);
        stage_close(&s);
    }
}

static void backwards_come_whole_groups_from_the_last(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    assert_int_equal(viewer_play(&s, v, "/replay", 2, FREE "Scale: -1.0\r\n"), 200);
    assert_true(s.sought.is_backwards);
    viewer_take_all(&s, v);
    /* No sound. */
    assert_int_equal(samples_of(v, 2, found, STAGE_PICTURES), 0);
    assert_int_equal(pictures_of(v), STAGE_PICTURES);
    for (unsigned i = 0; i < STAGE_PICTURES; i++) {
        unsigned group = STAGE_GROUPS - 1 - i / STAGE_GROUP;
        unsigned picture = group * STAGE_GROUP + i % STAGE_GROUP;
        uint32_t flags = flags_of(found[i]);
        assert_int_equal(found[i]->replay.utc_ns, stage_utc(picture));
        assert_int_equal((flags & SVMS_RTP_REPLAY_DISCONTINUITY) != 0, i % STAGE_GROUP == 0);
        /* The last of the group behind the gap, and the last of all. */
        bool ends =
            picture == (STAGE_GAP_GROUP + 1) * STAGE_GROUP - 1 || picture == STAGE_GROUP - 1;
        assert_int_equal((flags & SVMS_RTP_REPLAY_END) != 0, ends);
        assert_int_equal(found[i]->sequence,
                         (found[0]->sequence + found[i]->sequence - found[0]->sequence) & 0xFFFF);
    }
    /* The times are those of the recording, whatever the order. */
    assert_true((int32_t)(found[STAGE_GROUP]->timestamp - found[0]->timestamp) < 0);
    assert_true((int32_t)(found[1]->timestamp - found[0]->timestamp) > 0);
    /* No sound came that could have carried the end. */
    assert_int_equal(v->byes[1], 0);
    assert_int_equal(v->byes[3], 1);
    viewer_free(v);
    stage_close(&s);
}

static void a_range_backwards_ends_with_the_group_that_holds_its_end(void **state)
{
    (void)state;
    stage s;
    char headers[256];
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    int64_t from = STAGE_FIRST + STAGE_PICTURE * 80;
    int64_t to = STAGE_FIRST + STAGE_PICTURE * 40;
    assert_int_equal(
        viewer_play(&s, v, "/replay", 1, play_headers(headers, FREE "Scale: -1.0\r\n", from, to)),
        200);
    viewer_take_all(&s, v);
    size_t count = pictures_of(v);
    assert_int_equal(count, 3 * STAGE_GROUP);
    assert_int_equal(found[0]->replay.utc_ns, stage_utc(75));
    assert_int_equal(found[count - 1]->replay.utc_ns, stage_utc(49));
    assert_true((flags_of(found[count - 1]) & SVMS_RTP_REPLAY_TERMINAL) != 0);
    viewer_free(v);
    stage_close(&s);
}

static void only_pictures_that_stand_alone_where_that_is_asked(void **state)
{
    static const struct {
        const char *headers;
        unsigned step; /* groups from one to the next */
        unsigned count;
    } cases[] = {
        { FREE "Frames: intra\r\n", 1, STAGE_GROUPS },
        { FREE "Frames: intra/1500\r\n", 2, STAGE_GROUPS / 2 },
        { FREE "Frames: intra\r\nScale: -1.0\r\n", 1, STAGE_GROUPS },
    };
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        stage s;
        stage_open(&s);
        viewer *v = viewer_new(&s, 0);
        assert_int_equal(viewer_play(&s, v, "/replay", 1, cases[k].headers), 200);
        assert_true(s.sought.sync_only);
        viewer_take_all(&s, v);
        assert_int_equal(pictures_of(v), cases[k].count);
        for (unsigned i = 0; i < cases[k].count; i++) {
            unsigned group = s.sought.is_backwards ? STAGE_GROUPS - 1 - i : i * cases[k].step;
            assert_int_equal(found[i]->replay.utc_ns, stage_utc(group * STAGE_GROUP));
        }
        viewer_free(v);
        stage_close(&s);
    }
}

/* Lets time pass, and counts pictures. */
static size_t after(stage *s, viewer *v, uint64_t ns)
{
    for (uint64_t passed = 0; passed < ns; passed += STREAM_SECOND / 20) {
        stage_now += STREAM_SECOND / 20;
        stage_work(s);
        viewer_take(v, SIZE_MAX);
    }
    viewer_take_all(s, v);
    return pictures_of(v);
}

static void with_rate_control_it_takes_its_time(void **state)
{
    static const struct {
        const char *headers;
        unsigned second; /* pictures after one second */
        unsigned third;  /* and after three */
    } cases[] = {
        { "", 26, 76 },
        { "Scale: 2\r\n", 51, 140 }, /* with the gap, which is passed over */
        { "Scale: 0.5\r\n", 13, 38 },
        { "Scale: 4\r\n", 5, 8 }, /* those that stand alone */
        { "Scale: -1\r\n", 2, 4 },
    };
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        stage s;
        stage_open(&s);
        viewer *v = viewer_new(&s, 0);
        assert_int_equal(viewer_play(&s, v, "/replay", 2, cases[k].headers), 200);
        size_t second = after(&s, v, STREAM_SECOND);
        size_t third = after(&s, v, 2 * STREAM_SECOND);
        if (second + 1 < cases[k].second || second > cases[k].second + 1 ||
            third + 12 < cases[k].third || third > cases[k].third + 12) {
            fail_msg("%s: %zu pictures, then %zu", cases[k].headers, second, third);
        }
        bool has_sound = cases[k].headers[0] == '\0';
        assert_int_equal(samples_of(v, 2, found, STAGE_PICTURES) > 0, has_sound);
        viewer_free(v);
        stage_close(&s);
    }
}

static void a_gap_is_no_pause_and_an_ordinary_player_hears_the_end(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    char headers[256];
    assert_int_equal(
        viewer_play(&s, v, "/replay", 2, play_headers(headers, "", stage_utc(75), SVMS_NO_TIME)),
        200);
    assert_int_equal(after(&s, v, 4 * STREAM_SECOND + STREAM_SECOND / 2), 113);
    assert_int_equal(v->byes[1], 0);
    assert_int_equal(after(&s, v, STREAM_SECOND), 125);
    /* In RTP time nothing is missing, either. */
    assert_int_equal(pictures_of(v), 125);
    for (unsigned i = 1; i < 125; i++) {
        assert_in_range(found[i]->timestamp - found[i - 1]->timestamp, 3500, 3700);
    }
    assert_int_equal(v->byes[1], 1);
    assert_int_equal(v->byes[3], 1);
    viewer_free(v);
    stage_close(&s);
}

static void paused_it_stands_still_and_then_goes_on(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    assert_int_equal(viewer_play(&s, v, "/replay", 1, ""), 200);
    size_t before = after(&s, v, STREAM_SECOND);
    assert_int_equal(viewer_say(&s, v, "PAUSE", "/replay", ""), 200);
    assert_int_equal(after(&s, v, 5 * STREAM_SECOND), before);
    assert_int_equal(viewer_say(&s, v, "PLAY", "/replay", ""), 200);
    size_t more = after(&s, v, STREAM_SECOND);
    assert_true(more > before + 20);
    for (unsigned i = 0; i < more; i++) {
        assert_int_equal(found[i]->replay.utc_ns, stage_utc(i));
    }
    viewer_free(v);
    stage_close(&s);
}

static void another_play_goes_elsewhere_at_once(void **state)
{
    (void)state;
    stage s;
    char headers[256];
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    assert_int_equal(viewer_play(&s, v, "/replay", 1, ""), 200);
    size_t before = after(&s, v, STREAM_SECOND / 2);
    assert_int_equal(
        viewer_say(&s, v, "PLAY", "/replay",
                   play_headers(headers, FREE "Immediate: yes\r\n", stage_utc(160), SVMS_NO_TIME)),
        200);
    viewer_take_all(&s, v);
    size_t count = pictures_of(v);
    assert_int_equal(count, before + STAGE_PICTURES - 150);
    assert_int_equal(found[before]->replay.utc_ns, stage_utc(150));
    assert_true((flags_of(found[before]) & SVMS_RTP_REPLAY_DISCONTINUITY) != 0);
    assert_int_equal(found[before]->replay.cseq, v->cseq & 0xFF);
    assert_int_equal(found[before]->sequence, (found[before - 1]->sequence + 1u) & 0xFFFF);
    /* After its end, too; then backwards from where it is. */
    assert_int_equal(viewer_say(&s, v, "PLAY", "/replay",
                                play_headers(headers, FREE, stage_utc(175), SVMS_NO_TIME)),
                     200);
    viewer_take_all(&s, v);
    assert_int_equal(pictures_of(v), count + 25);
    assert_int_equal(viewer_say(&s, v, "PLAY", "/replay", FREE "Scale: -1.0\r\n"), 200);
    viewer_take_all(&s, v);
    assert_int_equal(pictures_of(v), count + 25 + STAGE_PICTURES);
    assert_int_equal(s.asked[STREAM_SERVE_STARTS], 4);
    viewer_free(v);
    stage_close(&s);
}

static void what_cannot_be_played_is_refused(void **state)
{
    static const struct {
        const char *headers;
        unsigned code;
    } cases[] = {
        { "Range: npt=now-\r\n", 457 },
        { "Range: npt=4000000-\r\n", 457 },
        { "Range: clock=20990101T000000Z-\r\n", 457 },
        { "Range: smpte=0:10:20-\r\n", 457 },
        { "Range: clock=20260101T000000Z-20250101T000000Z\r\n", 457 },
        { "Rate-Control: no\r\nScale: 2\r\n", 456 },
        { "Require: onvif-playback\r\n", 551 },
        { "Range: npt=1-\r\n", 200 },
    };
    (void)state;
    stage s;
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    assert_int_equal(viewer_say(&s, v, "DESCRIBE", "/replay?nothing", ""), 404);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned code = i == 0 ? viewer_play(&s, v, "/replay", 1, cases[i].headers)
                               : viewer_say(&s, v, "PLAY", "/replay", cases[i].headers);
        if (code != cases[i].code) {
            fail_msg("%s: %u", cases[i].headers, code);
        }
    }
    viewer_free(v);
    stage_close(&s);
}

static void players_learn_how_long_it_is_and_where_it_begins(void **state)
{
    (void)state;
    stage s;
    char range[96];
    char info[256];
    unsigned sequence = 0;
    unsigned time = 0;
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    assert_int_equal(viewer_say(&s, v, "DESCRIBE", "/replay", "Accept: application/sdp\r\n"), 200);
    assert_non_null(strstr(v->answer, "a=range:npt=0.000-3607.96"));
    assert_int_equal(viewer_play(&s, v, "/replay", 1, "Range: npt=1.5-\r\n"), 200);
    assert_non_null(viewer_header(v, "Range", range, sizeof range));
    assert_int_equal(strncmp(range, "npt=1.000", 9), 0);
    assert_non_null(viewer_header(v, "RTP-Info", info, sizeof info));
    const char *numbers = strstr(info, ";seq=");
    assert_non_null(numbers);
    assert_int_equal(sscanf(numbers, ";seq=%u;rtptime=%u", &sequence, &time), 2);
    viewer_take_packets(&s, v, 1);
    assert_int_equal(v->packets[0].rtp.sequence, sequence);
    assert_in_range(v->packets[0].rtp.timestamp - time + 1, 0, 2);
    viewer_free(v);
    stage_close(&s);
}

static void what_still_grows_is_sent_as_it_comes(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    s.pictures = 3;
    assert_int_equal(viewer_play(&s, v, "/replay", 1, FREE), 200);
    viewer_take_all(&s, v);
    assert_int_equal(pictures_of(v), 3);
    assert_int_equal(flags_of(found[2]), 0);
    s.pictures = 10;
    stream_serve_wake(s.serve);
    viewer_take_all(&s, v);
    assert_int_equal(pictures_of(v), 10);
    /* Without being woken, once in a second. */
    s.pictures = 12;
    stage_now += STREAM_SECOND;
    viewer_take_all(&s, v);
    assert_int_equal(pictures_of(v), 12);
    viewer_free(v);
    stage_close(&s);
}

static void a_recording_that_fails_ends_the_session_and_says_why(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    viewer *v = viewer_new(&s, 0);
    s.fails = true;
    assert_int_equal(viewer_play(&s, v, "/replay", 1, FREE), 200);
    viewer_take_all(&s, v);
    assert_int_equal(s.ended, 1);
    assert_string_equal(s.why, "the recording: the disk is gone");
    assert_int_equal(v->byes[1], 1);
    assert_int_equal(viewer_say(&s, v, "GET_PARAMETER", "/replay", ""), 454);
    viewer_free(v);
    stage_close(&s);
}

static void a_client_is_sent_no_more_than_it_takes(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    s.sample_size = 100000;
    viewer *v = viewer_new(&s, 16384);
    viewer *live = viewer_new(&s, 0);
    assert_int_equal(viewer_play(&s, live, "/live", 1, ""), 200);
    assert_int_equal(viewer_play(&s, v, "/replay", 1, FREE), 200);
    for (int i = 0; i < 500; i++) {
        stage_work(&s);
    }
    /* The rest waits where it was recorded: what was sent fits into sockets and one queue. */
    assert_int_equal(viewer_say(&s, live, "GET_PARAMETER", "/live", ""), 200);
    stage_give(&s, s.live, true);
    viewer_take_packets(&s, live, 1);
    /* It may stop for as long as it shows that it lives. */
    for (int i = 0; i < 20; i++) {
        stage_now += 10 * STREAM_SECOND;
        const char *sign = "GET_PARAMETER rtsp://127.0.0.1/replay RTSP/1.0\r\nCSeq: 99\r\n";
        char text[256];
        int size = snprintf(text, sizeof text, "%sSession: %s\r\n\r\n", sign, v->session);
        assert_int_equal(send(v->socket, text, (size_t)size, MSG_NOSIGNAL), size);
        (void)poll(NULL, 0, 5);
        stage_work(&s);
    }
    assert_int_equal(stream_presentation_watchers(s.replay), 1);
    assert_int_equal(s.notes[STREAM_SERVE_IS_BEHIND], 0);
    /* And then gets all of it. */
    viewer_take_all(&s, v);
    assert_int_equal(pictures_of(v), STAGE_PICTURES);
    viewer_free(v);
    viewer_free(live);
    stage_close(&s);
}

static void who_is_silent_and_takes_nothing_is_dropped(void **state)
{
    (void)state;
    stage s;
    stage_open(&s);
    s.sample_size = 100000;
    viewer *v = viewer_new(&s, 16384);
    assert_int_equal(viewer_play(&s, v, "/replay", 1, FREE), 200);
    for (int i = 0; i < 100; i++) {
        stage_work(&s);
    }
    stage_now += 61 * STREAM_SECOND;
    for (int i = 0; i < 10; i++) {
        stage_work(&s);
    }
    assert_int_equal(s.ended, 1);
    assert_true(s.told.samples < STAGE_PICTURES);
    assert_string_equal(s.why, "the client was silent for too long");
    viewer_free(v);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_comes_with_its_time_exactly_as_recorded),
        cmocka_unit_test(rtp_times_are_those_of_the_capture_without_rate_control),
        cmocka_unit_test(it_begins_with_a_sync_sample_and_ends_where_asked),
        cmocka_unit_test(backwards_come_whole_groups_from_the_last),
        cmocka_unit_test(a_range_backwards_ends_with_the_group_that_holds_its_end),
        cmocka_unit_test(only_pictures_that_stand_alone_where_that_is_asked),
        cmocka_unit_test(with_rate_control_it_takes_its_time),
        cmocka_unit_test(a_gap_is_no_pause_and_an_ordinary_player_hears_the_end),
        cmocka_unit_test(paused_it_stands_still_and_then_goes_on),
        cmocka_unit_test(another_play_goes_elsewhere_at_once),
        cmocka_unit_test(what_cannot_be_played_is_refused),
        cmocka_unit_test(players_learn_how_long_it_is_and_where_it_begins),
        cmocka_unit_test(what_still_grows_is_sent_as_it_comes),
        cmocka_unit_test(a_recording_that_fails_ends_the_session_and_says_why),
        cmocka_unit_test(a_client_is_sent_no_more_than_it_takes),
        cmocka_unit_test(who_is_silent_and_takes_nothing_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
