/* SPDX-License-Identifier: Apache-2.0 */
/* A recorder that missed something, and a camera (the server of serve_stage.h) that has it. */
#include "store_case.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <time.h>

#include <edge_join.h>
#include <edge_missing.h>

#include "serve_stage.h"

#define ROUNDS 20000
#define OLD_DAYS 36500u
/* The recorder has [0, LOST) and [FOUND, END); LOST is in the middle of a group of pictures. */
#define LOST 37
#define FOUND 75
#define END 100
#define MOST 400

/* Pictures of the stage, as the recorder saw them: some microseconds off. */
static void record(store_case *c, unsigned from, unsigned to, int64_t off_ns)
{
    uint8_t bytes[100];
    memset(bytes, 7, sizeof bytes);
    for (unsigned i = from; i < to; i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        sample.data = bytes;
        sample.size = sizeof bytes;
        sample.utc_ns = stage_utc(i) + off_ns;
        sample.pts = sample.dts = (sample.utc_ns - STAGE_FIRST) / 1000000;
        sample.duration = 40;
        sample.flags = i % STAGE_GROUP == 0 ? SVMS_SAMPLE_SYNC : 0;
        if (camera_store_put(c->store, &sample, &c->err) != SVMS_OK) {
            fail_msg("picture %u: %s", i, c->err.message);
        }
    }
}

static void record_with_gap(store_case *c)
{
    svms_track track = store_case_track(640);
    track.default_duration = 40;
    store_case_open(c);
    assert_int_equal(camera_store_begin(c->store, &track, 1, STAGE_FIRST, SVMS_CLOCK_CAMERA, NULL),
                     SVMS_OK);
    record(c, 0, LOST, 9000);
    assert_int_equal(camera_store_gap(c->store, SVMS_GAP_SIGNAL_LOST, NULL), SVMS_OK);
    record(c, FOUND, END, -9000);
    assert_int_equal(camera_store_flush(c->store, NULL), SVMS_OK);
}

static edge_join *join_begin(store_case *c, const stage *s, char url[64])
{
    edge_join *join = NULL;
    snprintf(url, 64, "rtsp://127.0.0.1:%u/replay", ntohs(s->at.sin_port));
    c->camera.edge_url = url;
    const edge_join_options options = { &c->parts, &c->camera, &c->keys, NULL, OLD_DAYS, true };
    assert_int_equal(edge_join_new(&join, &options, &c->err), SVMS_OK);
    return join;
}

/* Lets the camera work until the recorder has nothing to do any more, or has failed so often. */
static edge_join_state work(edge_join *join, stage *s, uint64_t failures)
{
    edge_join_state is;
    const struct timespec moment = { 0, 1000000 };
    for (int i = 0; i < ROUNDS; i++) {
        stage_work(s);
        edge_join_look(join, &is);
        if (is.is_idle || (failures > 0 && is.failures >= failures)) {
            return is;
        }
        (void)nanosleep(&moment, NULL);
    }
    fail_msg("it does not end: %s", is.words);
    return is;
}

typedef struct shelf {
    store_case *c;
    char paths[8][256];
    unsigned count;
} shelf;

static svms_status open_listed(void *user, uint64_t key, svms_source *source, svms_error *err)
{
    const shelf *all = user;
    return svms_source_open_file(source, all->c->ctx, all->paths[key], err);
}

static void close_listed(void *user, uint64_t key, svms_source *source)
{
    (void)user;
    (void)key;
    svms_source_close(source);
}

typedef struct shown {
    int64_t utc[MOST];
    bool edge[MOST];
    unsigned count;
    unsigned leading; /* samples of edge containers that the recorder has as well */
} shown;

/* All pictures that a reader of the whole folder gets. */
static void show(store_case *c, shown *out)
{
    shelf all = { .c = c };
    svms_playlist *list = NULL;
    svms_keyring *ring = NULL;
    svms_playlist_options options = SVMS_PLAYLIST_OPTIONS_INIT;
    svms_reader_options how = SVMS_READER_OPTIONS_INIT;
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_playlist_place place = SVMS_PLAYLIST_PLACE_INIT;
    svms_status status = SVMS_OK;
    memset(out, 0, sizeof *out);
    assert_int_equal(svms_keyring_new(&ring, c->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_add_key(ring, c->reader_key, NULL), SVMS_OK);
    how.keys = ring;
    how.trust = c->trust;
    options.reader = &how;
    options.user = &all;
    options.open_source = open_listed;
    options.close_source = close_listed;
    assert_int_equal(svms_playlist_new(&list, c->ctx, &options, &c->err), SVMS_OK);
    for (unsigned i = 0; i < store_case_files(c, ".svms"); i++) {
        store_case_file(c, ".svms", i, all.paths[all.count++]);
    }
    for (unsigned i = 0; i < store_case_files(c, ".part"); i++) {
        store_case_file(c, ".part", i, all.paths[all.count++]);
    }
    for (unsigned i = 0; i < all.count; i++) {
        if (svms_playlist_add(list, i, &c->err) != SVMS_OK) {
            fail_msg("%s: %s", all.paths[i], c->err.message);
        }
    }
    while ((status = svms_playlist_next(list, &sample, &place, &c->err)) == SVMS_OK) {
        if (place.edge && place.covered) {
            out->leading++;
        } else if (sample.track == 0) {
            assert_true(out->count < MOST);
            out->edge[out->count] = place.edge != 0;
            out->utc[out->count++] = sample.utc_ns;
        }
    }
    assert_true(status == SVMS_END || status == SVMS_AGAIN);
    svms_playlist_free(&list);
    svms_keyring_free(&ring);
}

static void expect_joined(store_case *c)
{
    shown all;
    show(c, &all);
    assert_int_equal(all.count, END);
    for (unsigned i = 0; i < END; i++) {
        bool edge = i >= LOST && i < FOUND;
        int64_t off = edge ? 0 : i < LOST ? 9000 : -9000;
        assert_int_equal(all.edge[i], edge);
        /* What was fetched has its time to the nanosecond, the recorder's own what it said. */
        assert_in_range(all.utc[i], stage_utc(i) + off - 1000, stage_utc(i) + off + 1000);
    }
    assert_true(all.leading >= LOST % STAGE_GROUP);
}

static void see_info(store_case *c, const char *suffix, unsigned nth, svms_container_info *info)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_reader *reader = NULL;
    char path[256];
    store_case_file(c, suffix, nth, path);
    assert_int_equal(svms_source_open_file(&source, c->ctx, path, NULL), SVMS_OK);
    assert_int_equal(svms_reader_open(&reader, c->ctx, &source, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_reader_get_info(reader, info, NULL), SVMS_OK);
    svms_reader_close(&reader);
    svms_source_close(&source);
}

/* Of the same device and recording as the rest, and signed by the recorder. */
static void expect_belongs(store_case *c)
{
    svms_container_info own = SVMS_CONTAINER_INFO_INIT;
    svms_container_info edge = SVMS_CONTAINER_INFO_INIT;
    see_info(c, ".part", 0, &own);
    see_info(c, ".svms", 0, &edge);
    assert_int_equal(own.origin, SVMS_ORIGIN_LIVE);
    assert_int_equal(edge.origin, SVMS_ORIGIN_EDGE);
    assert_int_equal(edge.role, SVMS_ROLE_RECORDER);
    assert_memory_equal(edge.device_id, own.device_id, sizeof own.device_id);
    assert_memory_equal(edge.recording_id, own.recording_id, sizeof own.recording_id);
}

static void what_was_missed_is_joined_sample_for_sample(void **state)
{
    store_case *c = *state;
    stage s;
    char url[64];
    record_with_gap(c);
    stage_open(&s);
    stage_now = 0;
    edge_join *join = join_begin(c, &s, url);
    edge_join_wake(join);
    edge_join_state is = work(join, &s, 0);
    assert_string_equal(is.words, "");
    assert_int_equal(is.fetched, 1);
    assert_int_equal(store_case_events(c, "camera.edge-joined"), 1);
    expect_joined(c);
    expect_belongs(c);
    svms_sequence_report report = SVMS_SEQUENCE_REPORT_INIT;
    assert_int_equal(store_case_verify(c, &report, NULL, SVMS_SEQUENCE_FORKED), SVMS_OK);
    assert_int_equal(report.edge_containers, 1);
    /* And it is asked for once. */
    unsigned opened = s.opened;
    edge_join_wake(join);
    is = work(join, &s, 0);
    assert_int_equal(is.fetched, 1);
    assert_int_equal(s.opened, opened);
    edge_join_free(&join);
    stage_close(&s);
    assert_int_equal(store_case_audited(c, "recording.recovered", "own storage"), 1);
}

static void a_recorder_that_was_restarted_goes_on_with_what_is_left(void **state)
{
    store_case *c = *state;
    stage s;
    char url[64];
    record_with_gap(c);
    stage_open(&s);
    stage_now = 0;
    /* The camera's disk fails within: what came until then stays. */
    s.fails = true;
    edge_join *join = join_begin(c, &s, url);
    edge_join_wake(join);
    edge_join_state is = work(join, &s, 1);
    assert_true(is.failures >= 1);
    assert_int_equal(store_case_events(c, "camera.edge-failed"), 1);
    edge_join_free(&join);
    s.fails = false;
    join = join_begin(c, &s, url);
    edge_join_wake(join);
    is = work(join, &s, 0);
    assert_int_equal(is.fetched, 1);
    edge_join_free(&join);
    expect_joined(c);
    stage_close(&s);
}

static void what_the_camera_does_not_have_is_asked_for_once(void **state)
{
    store_case *c = *state;
    stage s;
    char url[64];
    const int64_t later = stage_utc(STAGE_PICTURES - 1) + 7200 * SECOND;
    const indexed_gap gap = { CAMERA, later, later + 10 * SECOND, "signal lost" };
    record_with_gap(c);
    stage_open(&s);
    stage_now = 0;
    edge_join *join = join_begin(c, &s, url);
    edge_join_wake(join);
    (void)work(join, &s, 0);
    assert_int_equal(recorder_index_put_gap(c->parts.index, &gap, NULL), SVMS_OK);
    const indexed_container near = { .storage = STORAGE,
                                     .camera = CAMERA,
                                     .file = "gate-1/none.svms",
                                     .head = SVMS_HEAD_INIT,
                                     .first_utc_ns = later - SECOND,
                                     .last_utc_ns = later,
                                     .is_closed = true };
    assert_int_equal(recorder_index_put(c->parts.index, &near, NULL), SVMS_OK);
    for (int i = 0; i < 2; i++) {
        edge_join_wake(join);
        (void)work(join, &s, 0);
        assert_int_equal(store_case_events(c, "camera.edge-empty"), 1);
    }
    edge_join_free(&join);
    stage_close(&s);
}

static void stretches_lose_what_was_fetched(void **state)
{
    edge_stretches all = { .count = 2 };
    (void)state;
    all.list[0] = (edge_stretch){ 0, 10 * SECOND, { 1 } };
    all.list[1] = (edge_stretch){ 20 * SECOND, 30 * SECOND, { 2 } };
    edge_missing_without(&all, 4 * SECOND, 6 * SECOND);
    assert_int_equal(all.count, 3);
    assert_int_equal(all.list[1].from_utc_ns, 6 * SECOND);
    assert_int_equal(all.list[1].recording_id[0], 1);
    edge_missing_without(&all, 3 * SECOND + SECOND / 2, 25 * SECOND);
    assert_int_equal(all.count, 2);
    assert_int_equal(all.list[0].to_utc_ns, 3 * SECOND + SECOND / 2);
    assert_int_equal(all.list[1].from_utc_ns, 25 * SECOND);
    /* What is shorter than a gap is none. */
    edge_missing_without(&all, SECOND / 2, 30 * SECOND);
    assert_int_equal(all.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_missed_is_joined_sample_for_sample,
                                        store_case_set_up, store_case_tear_down),
        cmocka_unit_test_setup_teardown(a_recorder_that_was_restarted_goes_on_with_what_is_left,
                                        store_case_set_up, store_case_tear_down),
        cmocka_unit_test_setup_teardown(what_the_camera_does_not_have_is_asked_for_once,
                                        store_case_set_up, store_case_tear_down),
        cmocka_unit_test(stretches_lose_what_was_fetched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
