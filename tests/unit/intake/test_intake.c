/* SPDX-License-Identifier: Apache-2.0 */
/* What a camera sends over several connections becomes one recording; the connection is a script
 * here. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <stream_clock.h>

#include "intake.h"

#define SECOND_NS INT64_C(1000000000)
#define TICKS INT64_C(90000)
#define PICTURE INT64_C(3600) /* 25 in a second */
#define RTP_BASE INT64_C(1234567)
#define UTC_BASE (INT64_C(1800000000) * SECOND_NS)
#define TAKEN_MAX 512
#define VIDEO 0
#define SOUND 1

/* Instead of the real ones: intake asks nothing else of a connection. */
struct stream_pull {
    bool has_utc;
    int64_t utc_ns;    /* of rtp_base */
    int64_t rtp_base;  /* of every track */
    int64_t clocks[2]; /* of the connection's tracks */
    uint64_t refused;
};

int64_t stream_pull_utc(const stream_pull *pull, size_t track, int64_t rtp_time)
{
    return pull->has_utc
               ? pull->utc_ns + (rtp_time - pull->rtp_base) * SECOND_NS / pull->clocks[track]
               : SVMS_NO_TIME;
}

void stream_pull_count(const stream_pull *pull, stream_pull_counts *out)
{
    memset(out, 0, sizeof *out);
    out->refused = pull->refused;
}

typedef struct taken {
    uint32_t track;
    int64_t pts;
    int64_t dts;
    int64_t utc_ns;
    uint32_t duration;
} taken;

typedef struct fixture {
    intake *intake;
    stream_pull pull;
    unsigned begun;
    uint32_t track_count;
    int64_t start_utc_ns;
    bool by_camera;
    taken taken[TAKEN_MAX];
    size_t count;
    unsigned gaps;
    svms_gap_reason reason;
    intake_gap missing[8];
    size_t missing_count;
    unsigned changes;
    unsigned notes;
    svms_status begin_result;
    svms_status sample_result;
    svms_status gap_result;
    uint64_t now_ns;
} fixture;

static svms_status told(svms_status status, svms_error *err)
{
    if (status != SVMS_OK) {
        (void)snprintf(err->message, sizeof err->message, "the owner says no");
    }
    return status;
}

static svms_status take_begin(void *user, const intake_media *media, svms_error *err)
{
    fixture *f = user;
    f->begun++;
    f->track_count = media->track_count;
    f->start_utc_ns = media->start_utc_ns;
    f->by_camera = media->by_camera;
    return told(f->begin_result, err);
}

static svms_status take_sample(void *user, const svms_sample *sample, svms_error *err)
{
    fixture *f = user;
    assert_in_range(f->count, 0, TAKEN_MAX - 1);
    f->taken[f->count++] =
        (taken){ sample->track, sample->pts, sample->dts, sample->utc_ns, sample->duration };
    assert_true(sample->size >= 1);
    assert_memory_equal(sample->data, "x", 1);
    return told(f->sample_result, err);
}

static svms_status take_gap(void *user, svms_gap_reason reason, svms_error *err)
{
    fixture *f = user;
    f->gaps++;
    f->reason = reason;
    return told(f->gap_result, err);
}

static void take_missing(void *user, const intake_gap *gap)
{
    fixture *f = user;
    assert_in_range(f->missing_count, 0, 7);
    f->missing[f->missing_count++] = *gap;
}

static void take_change(void *user, uint32_t track, const svms_track *to)
{
    fixture *f = user;
    assert_int_equal(track, VIDEO);
    assert_non_null(to->config);
    f->changes++;
}

static void take_note(void *user, const char *words)
{
    fixture *f = user;
    assert_non_null(words);
    f->notes++;
}

static const intake_calls calls = { take_begin,   take_sample, take_gap,
                                    take_missing, take_change, take_note };

static svms_track a_track(bool video)
{
    svms_track track = SVMS_TRACK_INIT;
    track.kind = video ? SVMS_TRACK_VIDEO : SVMS_TRACK_AUDIO;
    track.codec = video ? SVMS_CODEC_H264 : SVMS_CODEC_PCMU;
    track.timebase_num = 1;
    track.timebase_den = video ? (uint32_t)TICKS : 8000;
    track.channels = video ? 0 : 1;
    track.sample_rate = video ? 0 : 8000;
    /* No parameter sets that can be read: the depth is learned. */
    track.config = video ? (const uint8_t *)"\1\2\3" : NULL;
    track.config_size = video ? 3 : 0;
    return track;
}

static void connect_camera(fixture *f, bool video_first, size_t count)
{
    stream_pull_track tracks[2];
    memset(tracks, 0, sizeof tracks);
    for (size_t i = 0; i < count; i++) {
        tracks[i].track = a_track((i == 0) == video_first);
        f->pull.clocks[i] = tracks[i].track.timebase_den;
    }
    intake_connect(f->intake, &f->pull);
    assert_int_equal(intake_events.tracks(f->intake, tracks, count), SVMS_OK);
}

static int set_up(void **state)
{
    svms_error err = SVMS_ERROR_INIT;
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->pull.has_utc = true;
    f->pull.utc_ns = UTC_BASE;
    f->pull.rtp_base = RTP_BASE;
    f->now_ns = stream_clock();
    assert_int_equal(intake_new(&f->intake, &calls, f, &err), SVMS_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    intake_free(&f->intake);
    assert_null(f->intake);
    free(f);
    return 0;
}

static svms_rtp_event an_event(svms_rtp_event_kind kind, int64_t rtp_time)
{
    svms_rtp_event event;
    memset(&event, 0, sizeof event);
    event.struct_size = sizeof event;
    event.kind = kind;
    event.rtp_time = rtp_time;
    event.utc_ns = SVMS_NO_TIME;
    event.data = (const uint8_t *)"x";
    event.size = kind == SVMS_RTP_SAMPLE ? 1 : 0;
    return event;
}

static svms_status send_event(fixture *f, size_t track, const svms_rtp_event *event)
{
    f->now_ns += STREAM_SECOND / 25;
    return intake_events.media(f->intake, track, event, f->now_ns);
}

static svms_status send_picture(fixture *f, size_t track, int64_t number)
{
    svms_rtp_event event = an_event(SVMS_RTP_SAMPLE, f->pull.rtp_base + number * PICTURE);
    return send_event(f, track, &event);
}

static void send_pictures(fixture *f, size_t track, int64_t first, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        assert_int_equal(send_picture(f, track, first + i), SVMS_OK);
    }
}

static void send_sound(fixture *f, size_t track, int64_t ms)
{
    svms_rtp_event event = an_event(SVMS_RTP_SAMPLE, f->pull.rtp_base + ms * 8);
    event.duration = 320;
    assert_int_equal(send_event(f, track, &event), SVMS_OK);
}

static void lose_packets(fixture *f, size_t track)
{
    svms_rtp_event event = an_event(SVMS_RTP_GAP, f->pull.rtp_base);
    event.reasons = SVMS_RTP_GAP_LOST;
    event.lost = 3;
    event.dropped = 2;
    assert_int_equal(send_event(f, track, &event), SVMS_OK);
}

static void disconnect(fixture *f, bool was_lost)
{
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(intake_disconnect(f->intake, was_lost, &err), SVMS_OK);
}

static void pictures_that_overtake_are_decoded_in_order_and_shown_when_the_camera_says(void **state)
{
    /* Groups of I P B B, as they are sent. */
    static const int64_t shown[] = { 0, 3, 1, 2 };
    fixture *f = *state;
    connect_camera(f, true, 1);
    for (int64_t i = 0; i < 40; i++) {
        assert_int_equal(send_picture(f, VIDEO, i / 4 * 4 + shown[i % 4]), SVMS_OK);
    }
    disconnect(f, false);
    assert_int_equal(f->begun, 1);
    assert_true(f->by_camera);
    assert_int_equal(f->count, 40);
    assert_true(f->start_utc_ns == UTC_BASE);
    for (size_t i = 0; i < f->count; i++) {
        int64_t picture = (int64_t)(i / 4 * 4) + shown[i % 4];
        assert_true(f->taken[i].pts - f->taken[0].pts == picture * PICTURE);
        assert_true(f->taken[i].utc_ns == UTC_BASE + picture * SECOND_NS / 25);
        assert_true(f->taken[i].dts <= f->taken[i].pts);
        assert_true(i == 0 || f->taken[i].dts > f->taken[i - 1].dts);
        assert_int_equal(f->taken[i].duration, PICTURE);
    }
    assert_int_equal(f->gaps, 0);
    assert_int_equal(f->missing_count, 0);
}

static void nothing_begins_before_the_camera_says_what_time_it_is(void **state)
{
    fixture *f = *state;
    connect_camera(f, true, 1);
    f->pull.has_utc = false;
    send_pictures(f, VIDEO, 0, 30);
    assert_false(intake_has_begun(f->intake));
    assert_int_equal(f->count, 0);
    assert_true(intake_came(f->intake) != 0);
    f->pull.has_utc = true;
    send_pictures(f, VIDEO, 30, 1);
    assert_true(intake_has_begun(f->intake));
    assert_true(f->by_camera);
    disconnect(f, false);
    assert_int_equal(f->count, 31);
    assert_true(f->taken[0].utc_ns == UTC_BASE);
}

static void a_camera_that_never_says_the_time_gets_that_of_this_machine(void **state)
{
    fixture *f = *state;
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_REALTIME, &now);
    connect_camera(f, true, 1);
    f->pull.has_utc = false;
    send_pictures(f, VIDEO, 0, 20);
    assert_int_equal(f->begun, 0);
    f->now_ns += 11 * STREAM_SECOND;
    send_pictures(f, VIDEO, 20, 1);
    disconnect(f, false);
    assert_int_equal(f->begun, 1);
    assert_int_equal(f->notes, 1);
    assert_false(f->by_camera);
    assert_true(f->start_utc_ns >= now.tv_sec * SECOND_NS);
    assert_int_equal(f->count, 21);
    for (size_t i = 0; i < f->count; i++) {
        assert_true(f->taken[i].utc_ns == SVMS_NO_TIME);
        assert_true(f->taken[i].pts - f->taken[0].pts == (int64_t)i * PICTURE);
    }
}

static void a_camera_that_ends_before_it_settled_is_recorded_all_the_same(void **state)
{
    fixture *f = *state;
    connect_camera(f, true, 1);
    send_pictures(f, VIDEO, 0, 3);
    assert_int_equal(f->begun, 0);
    disconnect(f, false);
    assert_int_equal(f->begun, 1);
    assert_int_equal(f->count, 3);
}

static void a_lost_camera_goes_on_with_its_tracks_whatever_their_order(void **state)
{
    fixture *f = *state;
    connect_camera(f, true, 2);
    for (int64_t i = 0; i < 30; i++) {
        send_pictures(f, VIDEO, i, 1);
        send_sound(f, SOUND, i * 40);
    }
    disconnect(f, true);
    size_t before = f->count;
    assert_int_equal(before, 60);
    assert_int_equal(f->missing_count, 2);
    assert_true(f->missing[0].to_utc_ns == SVMS_NO_TIME);
    assert_true(f->missing[0].camera_was_lost);
    f->missing_count = 0;

    /* Ten seconds later, other RTP times, and sound comes first. */
    f->pull.rtp_base = 77;
    f->pull.utc_ns = UTC_BASE + 10 * SECOND_NS;
    connect_camera(f, false, 2);
    for (int64_t i = 0; i < 30; i++) {
        send_sound(f, 0, i * 40);
        send_pictures(f, 1, i, 1);
    }
    disconnect(f, false);
    assert_int_equal(f->begun, 1);
    assert_int_equal(f->count, 120);
    for (size_t i = before; i < f->count; i++) {
        bool video = f->taken[i].track == VIDEO;
        int64_t clock = video ? TICKS : 8000;
        int64_t since = f->taken[i].utc_ns - UTC_BASE;
        int64_t ns = (f->taken[i].pts) * SECOND_NS / clock;
        assert_true(since >= 10 * SECOND_NS);
        assert_in_range(ns - since + 1000000, 0, 2000000);
    }
    assert_int_equal(f->gaps, 1);
    assert_int_equal(f->reason, SVMS_GAP_SIGNAL_LOST);
    assert_int_equal(intake_lost(f->intake)->connections, 1);
    assert_int_equal(f->missing_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_true(f->missing[i].camera_was_lost);
        assert_true(f->missing[i].from_utc_ns < UTC_BASE + 2 * SECOND_NS);
        assert_true(f->missing[i].to_utc_ns == UTC_BASE + 10 * SECOND_NS);
    }
}

static void a_camera_that_comes_back_with_other_media_needs_another_recording(void **state)
{
    svms_error err = SVMS_ERROR_INIT;
    stream_pull_track other;
    fixture *f = *state;
    connect_camera(f, true, 1);
    send_pictures(f, VIDEO, 0, 30);
    disconnect(f, true);
    memset(&other, 0, sizeof other);
    other.track = a_track(false);
    intake_connect(f->intake, &f->pull);
    assert_int_equal(intake_events.tracks(f->intake, &other, 1), SVMS_E_STATE);
    assert_int_equal(intake_failure(f->intake, &err), SVMS_E_STATE);
    assert_true(err.message[0] != '\0');
    /* Nothing of a track that is left out is taken. */
    assert_int_equal(send_picture(f, 0, 40), SVMS_OK);
    assert_int_equal(send_picture(f, 7, 40), SVMS_OK);
    assert_int_equal(f->count, 30);
}

static void packets_that_are_lost_are_told_with_where_and_how_many(void **state)
{
    fixture *f = *state;
    connect_camera(f, true, 1);
    lose_packets(f, VIDEO); /* before the first sample */
    send_pictures(f, VIDEO, 0, 30);
    lose_packets(f, VIDEO);
    send_pictures(f, VIDEO, 40, 30);
    lose_packets(f, VIDEO);
    send_pictures(f, VIDEO, 80, 30);
    f->pull.refused = 4;
    disconnect(f, false);
    const intake_losses *losses = intake_lost(f->intake);
    assert_int_equal(losses->gaps, 2);
    assert_int_equal(losses->lost, 6);
    assert_int_equal(losses->dropped, 4);
    assert_int_equal(losses->joined, 5);
    assert_int_equal(losses->refused, 4);
    assert_int_equal(losses->connections, 0);
    assert_int_equal(losses->reasons, SVMS_RTP_GAP_LOST);
    /* Both within the same second of this machine. */
    assert_int_equal(f->gaps, 1);
    assert_int_equal(f->missing_count, 2);
    assert_int_equal(f->missing[0].lost, 3);
    assert_int_equal(f->missing[0].dropped, 2);
    assert_false(f->missing[0].camera_was_lost);
    assert_true(f->missing[0].from_utc_ns == UTC_BASE + 30 * (SECOND_NS / 25));
    assert_true(f->missing[0].to_utc_ns == UTC_BASE + 40 * (SECOND_NS / 25));
}

static void a_configuration_that_changes_is_told_and_the_recording_goes_on(void **state)
{
    fixture *f = *state;
    connect_camera(f, true, 1);
    send_pictures(f, VIDEO, 0, 30);
    svms_rtp_event event = an_event(SVMS_RTP_SAMPLE, RTP_BASE + 30 * PICTURE);
    event.config = (const uint8_t *)"\1\2\3";
    event.config_size = 3;
    assert_int_equal(send_event(f, VIDEO, &event), SVMS_OK);
    assert_int_equal(f->changes, 0); /* the same */
    event.config = (const uint8_t *)"\4\5";
    event.config_size = 2;
    event.rtp_time += PICTURE;
    assert_int_equal(send_event(f, VIDEO, &event), SVMS_OK);
    assert_int_equal(f->changes, 1);
    assert_int_equal(f->notes, 1);
    disconnect(f, false);
    assert_int_equal(f->begun, 1);
    assert_int_equal(f->count, 32);
}

static void a_beginning_that_fails_ends_the_connection_and_can_be_tried_again(void **state)
{
    svms_error err = SVMS_ERROR_INIT;
    fixture *f = *state;
    svms_status status = SVMS_OK;
    connect_camera(f, true, 1);
    f->begin_result = SVMS_E_UNTRUSTED;
    for (int64_t i = 0; status == SVMS_OK && i < 30; i++) {
        status = send_picture(f, VIDEO, i);
    }
    assert_int_equal(status, SVMS_E_UNTRUSTED);
    assert_false(intake_has_begun(f->intake));
    assert_int_equal(intake_disconnect(f->intake, true, &err), SVMS_E_UNTRUSTED);
    assert_string_equal(err.message, "the owner says no");
    assert_int_equal(f->begun, 1);
    assert_int_equal(f->count, 0);

    f->begin_result = SVMS_OK;
    intake_forgive(f->intake);
    assert_int_equal(intake_failure(f->intake, &err), SVMS_OK);
    connect_camera(f, true, 1);
    send_pictures(f, VIDEO, 100, 30);
    disconnect(f, false);
    assert_int_equal(f->begun, 2);
    assert_int_equal(f->count, 30);
}

static void a_sample_that_nobody_takes_is_told_once_and_forgiven(void **state)
{
    svms_error err = SVMS_ERROR_INIT;
    fixture *f = *state;
    svms_status status = SVMS_OK;
    connect_camera(f, true, 1);
    send_pictures(f, VIDEO, 0, 30);
    size_t before = f->count;
    f->sample_result = SVMS_E_IO;
    for (int64_t i = 30; status == SVMS_OK && i < 40; i++) {
        status = send_picture(f, VIDEO, i);
    }
    assert_int_equal(status, SVMS_E_IO);
    assert_int_equal(f->count, before + 1);
    assert_int_equal(intake_disconnect(f->intake, true, &err), SVMS_E_IO);
    assert_int_equal(err.status, SVMS_E_IO);
    /* What still waited is not pressed on somebody who said no. */
    assert_int_equal(f->count, before + 1);

    f->sample_result = SVMS_OK;
    intake_forgive(f->intake);
    f->pull.utc_ns = UTC_BASE + 20 * SECOND_NS;
    connect_camera(f, true, 1);
    send_pictures(f, VIDEO, 0, 30);
    disconnect(f, false);
    assert_int_equal(f->begun, 1);
    assert_true(f->count >= before + 1 + 30);
    assert_true(f->taken[f->count - 1].utc_ns == UTC_BASE + 20 * SECOND_NS + 29 * (SECOND_NS / 25));
    for (size_t i = 1; i < f->count; i++) {
        assert_true(f->taken[i].dts > f->taken[i - 1].dts);
    }
}

static void a_gap_that_nobody_takes_is_a_failure(void **state)
{
    svms_error err = SVMS_ERROR_INIT;
    fixture *f = *state;
    svms_status status = SVMS_OK;
    connect_camera(f, true, 1);
    send_pictures(f, VIDEO, 0, 30);
    lose_packets(f, VIDEO);
    f->gap_result = SVMS_E_NO_MEMORY;
    for (int64_t i = 31; status == SVMS_OK && i < 40; i++) {
        status = send_picture(f, VIDEO, i);
    }
    assert_int_equal(status, SVMS_E_NO_MEMORY);
    assert_int_equal(intake_failure(f->intake, &err), SVMS_E_NO_MEMORY);
    assert_int_equal(f->count, 30);
    assert_int_equal(intake_disconnect(f->intake, false, NULL), SVMS_E_NO_MEMORY);
}

/* It holds no more of a camera that says nothing of time than it promised. */
static void what_waits_for_the_time_is_bounded(void **state)
{
    enum { SIZE = 4 * 1024 * 1024 };
    fixture *f = *state;
    uint8_t *large = calloc(1, SIZE);
    assert_non_null(large);
    large[0] = 'x';
    f->sample_result = SVMS_E_LIMIT; /* the first sample is enough */
    f->pull.has_utc = false;
    connect_camera(f, true, 1);
    svms_rtp_event event = an_event(SVMS_RTP_SAMPLE, RTP_BASE);
    event.data = large;
    unsigned sent = 0;
    while (f->begun == 0 && sent < 100) {
        event.size = SIZE;
        event.rtp_time += PICTURE;
        (void)intake_events.media(f->intake, VIDEO, &event, f->now_ns);
        sent++;
    }
    assert_int_equal(f->begun, 1);
    assert_in_range(sent, 2, 14);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(pictures_that_overtake_are_decoded_in_order_and_shown_when_the_camera_says),
        CASE(nothing_begins_before_the_camera_says_what_time_it_is),
        CASE(a_camera_that_never_says_the_time_gets_that_of_this_machine),
        CASE(a_camera_that_ends_before_it_settled_is_recorded_all_the_same),
        CASE(a_lost_camera_goes_on_with_its_tracks_whatever_their_order),
        CASE(a_camera_that_comes_back_with_other_media_needs_another_recording),
        CASE(packets_that_are_lost_are_told_with_where_and_how_many),
        CASE(a_configuration_that_changes_is_told_and_the_recording_goes_on),
        CASE(a_beginning_that_fails_ends_the_connection_and_can_be_tried_again),
        CASE(a_sample_that_nobody_takes_is_told_once_and_forgiven),
        CASE(a_gap_that_nobody_takes_is_a_failure),
        CASE(what_waits_for_the_time_is_bounded),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
