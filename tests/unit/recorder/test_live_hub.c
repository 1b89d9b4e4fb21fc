/* SPDX-License-Identifier: Apache-2.0 */
/* The live hub: viewers begin with a picture that stands alone, slow ones are cut, nobody waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <pthread.h>

#include <cmocka.h>

#include <live_hub.h>

static live_hub *new_hub(size_t bytes, uint32_t samples, uint32_t viewers)
{
    live_limits limits = { bytes, samples, viewers };
    live_hub *hub = NULL;
    assert_int_equal(live_hub_new(&hub, &limits, NULL), SVMS_OK);
    return hub;
}

/* Sound first, so that the deciding track is not track 0. */
static void begin(live_hub *hub)
{
    static const uint8_t config[] = { 1, 2, 3 };
    svms_track tracks[2] = { SVMS_TRACK_INIT, SVMS_TRACK_INIT };
    tracks[0].kind = SVMS_TRACK_AUDIO;
    tracks[1].config = config;
    tracks[1].config_size = sizeof config;
    assert_int_equal(live_hub_begin(hub, tracks, 2, NULL), SVMS_OK);
}

static void put(live_hub *hub, uint32_t track, bool sync, int64_t dts, size_t size)
{
    uint8_t *data = malloc(size + 1);
    assert_non_null(data);
    memset(data, (int)(dts & 0x7f), size);
    svms_sample sample = SVMS_SAMPLE_INIT;
    sample.track = track;
    sample.flags = sync ? SVMS_SAMPLE_SYNC : 0;
    sample.dts = dts;
    sample.data = data;
    sample.size = size;
    live_hub_put(hub, &sample);
    free(data);
}

static live_viewer *join(live_hub *hub)
{
    live_viewer *viewer = NULL;
    assert_int_equal(live_hub_join(&viewer, hub, NULL, NULL, NULL), SVMS_OK);
    return viewer;
}

/* The viewer's next sample has this time; its bytes are the ones that were put. */
static void expect(live_viewer *viewer, int64_t dts, bool cut)
{
    bool is_cut = !cut;
    const live_packet *packet = live_viewer_next(viewer, &is_cut);
    assert_non_null(packet);
    assert_int_equal(packet->sample.dts, dts);
    assert_int_equal(is_cut, cut);
    for (size_t i = 0; i < packet->sample.size; i++) {
        assert_int_equal(packet->sample.data[i], dts & 0x7f);
    }
    live_packet_release(&packet);
    assert_null(packet);
}

static void expect_nothing(live_viewer *viewer)
{
    bool is_cut = false;
    assert_null(live_viewer_next(viewer, &is_cut));
}

static void a_viewer_begins_with_the_newest_picture_that_stands_alone(void **state)
{
    (void)state;
    live_hub *hub = new_hub(0, 0, 0);
    begin(hub);
    put(hub, 1, true, 1, 10);
    put(hub, 1, false, 2, 10);
    put(hub, 1, true, 3, 10);
    put(hub, 0, true, 4, 10); /* sound always stands alone, and decides nothing */
    live_viewer *viewer = join(hub);
    expect(viewer, 3, true);
    expect(viewer, 4, false);
    expect_nothing(viewer);
    put(hub, 1, false, 5, 10);
    expect(viewer, 5, false);
    live_viewer_leave(&viewer);
    live_hub_free(&hub);
}

static void a_viewer_waits_where_no_picture_stands_alone_yet(void **state)
{
    (void)state;
    live_hub *hub = new_hub(0, 0, 0);
    live_viewer *viewer = join(hub);
    expect_nothing(viewer);
    begin(hub);
    put(hub, 1, false, 1, 10);
    put(hub, 0, true, 2, 10);
    expect_nothing(viewer);
    put(hub, 1, true, 3, 10);
    expect(viewer, 3, true);
    live_viewer_leave(&viewer);
    live_hub_free(&hub);
}

static void a_slow_viewer_goes_on_at_the_newest_picture_that_stands_alone(void **state)
{
    static const struct {
        size_t bytes;
        uint32_t samples;
    } limits[] = { { 1000, 5 }, { 50, 100 } };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        live_hub *hub = new_hub(limits[i].bytes, limits[i].samples, 0);
        begin(hub);
        live_viewer *slow = join(hub);
        live_viewer *fast = join(hub);
        for (int64_t dts = 1; dts <= 20; dts++) {
            put(hub, 1, dts % 4 == 1, dts, 10);
            expect(fast, dts, dts == 1);
            if (dts == 1) {
                expect(slow, 1, true);
            }
        }
        expect(slow, 17, true);
        expect(slow, 18, false);
        live_stats stats;
        live_hub_count(hub, &stats);
        assert_int_equal(stats.cuts, 1);
        assert_int_equal(stats.samples, 5);
        assert_int_equal(stats.bytes, 50);
        assert_int_equal(stats.unviewed, 0);
        live_viewer_leave(&slow);
        live_viewer_leave(&fast);
        live_hub_free(&hub);
    }
}

static void a_viewer_that_was_cut_never_goes_back(void **state)
{
    (void)state;
    live_hub *hub = new_hub(0, 4, 0);
    begin(hub);
    live_viewer *viewer = join(hub);
    put(hub, 1, true, 1, 10);
    expect(viewer, 1, true);
    for (int64_t dts = 2; dts < 10; dts++) {
        put(hub, 1, false, dts, 10);
    }
    expect_nothing(viewer);
    put(hub, 1, true, 10, 10);
    expect(viewer, 10, true);
    live_viewer_leave(&viewer);
    live_hub_free(&hub);
}

static void a_sample_that_is_not_kept_cuts_all_viewers(void **state)
{
    (void)state;
    live_hub *hub = new_hub(100, 0, 0);
    begin(hub);
    live_viewer *viewer = join(hub);
    put(hub, 1, true, 1, 10);
    expect(viewer, 1, true);
    put(hub, 1, false, 2, 101);
    put(hub, 1, false, 3, 10);
    expect_nothing(viewer);
    put(hub, 1, true, 4, 10);
    expect(viewer, 4, true);
    live_stats stats;
    live_hub_count(hub, &stats);
    assert_int_equal(stats.unviewed, 1);
    live_viewer_leave(&viewer);
    live_hub_free(&hub);
}

static void what_a_viewer_holds_outlives_hub_and_connection(void **state)
{
    (void)state;
    live_hub *hub = new_hub(0, 0, 0);
    begin(hub);
    live_viewer *viewer = join(hub);
    put(hub, 1, true, 1, 10);
    bool is_cut = false;
    const live_packet *packet = live_viewer_next(viewer, &is_cut);
    assert_non_null(packet);
    live_hub_pause(hub);
    put(hub, 1, true, 2, 10);
    expect_nothing(viewer);
    live_viewer_leave(&viewer);
    live_hub_free(&hub);
    assert_int_equal(packet->media->track_count, 2);
    assert_int_equal(packet->media->tracks[1].config[2], 3);
    assert_int_equal(packet->sample.data[9], 1);
    live_packet_release(&packet);
}

static void viewers_and_tracks_have_a_limit(void **state)
{
    (void)state;
    live_hub *hub = new_hub(0, 0, 1);
    live_viewer *first = join(hub);
    live_viewer *second = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(live_hub_join(&second, hub, NULL, NULL, &err), SVMS_E_LIMIT);
    assert_string_equal(err.message, "too many watch this camera");
    live_viewer_leave(&first);
    second = join(hub);
    live_viewer_leave(&second);
    svms_track tracks[LIVE_TRACKS_MAX + 1];
    memset(tracks, 0, sizeof tracks);
    assert_int_equal(live_hub_begin(hub, tracks, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(live_hub_begin(hub, tracks, LIVE_TRACKS_MAX + 1, NULL), SVMS_E_USAGE);
    live_hub_free(&hub);
    live_hub_free(&hub);
}

typedef struct watcher {
    live_hub *hub;
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    unsigned wakes;
    bool had_last;
} watcher;

#define LAST_DTS 2000

static void wake(void *user)
{
    watcher *self = user;
    pthread_mutex_lock(&self->mutex);
    self->wakes++;
    pthread_cond_signal(&self->condition);
    pthread_mutex_unlock(&self->mutex);
}

static void *watch(void *user)
{
    watcher *self = user;
    live_viewer *viewer = NULL;
    if (live_hub_join(&viewer, self->hub, wake, self, NULL) != SVMS_OK) {
        return NULL;
    }
    int64_t before = 0;
    bool good = true;
    while (good && !self->had_last) {
        pthread_mutex_lock(&self->mutex);
        while (self->wakes == 0) {
            pthread_cond_wait(&self->condition, &self->mutex);
        }
        self->wakes = 0;
        pthread_mutex_unlock(&self->mutex);
        bool is_cut = false;
        const live_packet *packet = NULL;
        while (good && (packet = live_viewer_next(viewer, &is_cut)) != NULL) {
            int64_t dts = packet->sample.dts;
            good = is_cut ? dts > before && dts % 10 == 0 : dts == before + 1;
            self->had_last = self->had_last || dts == LAST_DTS;
            before = dts;
            live_packet_release(&packet);
        }
    }
    live_viewer_leave(&viewer);
    return good && self->had_last ? user : NULL;
}

/* Samples of one viewer rise by one, but where it was cut; and the last one comes to all. */
static void viewers_on_threads_of_their_own_miss_nothing_unsaid(void **state)
{
    enum { COUNT = 4 };
    (void)state;
    live_hub *hub = new_hub(0, 32, 0);
    begin(hub);
    watcher watchers[COUNT];
    pthread_t threads[COUNT];
    memset(watchers, 0, sizeof watchers);
    for (size_t i = 0; i < COUNT; i++) {
        watchers[i].hub = hub;
        pthread_mutex_init(&watchers[i].mutex, NULL);
        pthread_cond_init(&watchers[i].condition, NULL);
        assert_int_equal(pthread_create(&threads[i], NULL, watch, &watchers[i]), 0);
    }
    live_stats stats = { 0 };
    while (stats.viewers < COUNT) {
        live_hub_count(hub, &stats);
    }
    for (int64_t dts = 10; dts <= LAST_DTS; dts++) {
        put(hub, 1, dts % 10 == 0, dts, 16);
    }
    for (size_t i = 0; i < COUNT; i++) {
        void *good = NULL;
        pthread_join(threads[i], &good);
        assert_ptr_equal(good, &watchers[i]);
        pthread_cond_destroy(&watchers[i].condition);
        pthread_mutex_destroy(&watchers[i].mutex);
    }
    live_hub_free(&hub);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_viewer_begins_with_the_newest_picture_that_stands_alone),
        cmocka_unit_test(a_viewer_waits_where_no_picture_stands_alone_yet),
        cmocka_unit_test(a_slow_viewer_goes_on_at_the_newest_picture_that_stands_alone),
        cmocka_unit_test(a_viewer_that_was_cut_never_goes_back),
        cmocka_unit_test(a_sample_that_is_not_kept_cuts_all_viewers),
        cmocka_unit_test(what_a_viewer_holds_outlives_hub_and_connection),
        cmocka_unit_test(viewers_and_tracks_have_a_limit),
        cmocka_unit_test(viewers_on_threads_of_their_own_miss_nothing_unsaid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
