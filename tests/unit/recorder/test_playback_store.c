/* SPDX-License-Identifier: Apache-2.0 */
/* What the recorder stores is what is played: while it is written, over the ends of containers,
 * after a crash, and when it was damaged. */
#include "store_case.h"

#include <playback.h>

typedef struct player {
    store_case *house;
    playback_keys *keys;
    playback *play;
    char key[160];
} player;

static void player_open(player *p, store_case *c)
{
    char pem[4096];
    size_t size = sizeof pem;
    svms_error err = SVMS_ERROR_INIT;
    memset(p, 0, sizeof *p);
    p->house = c;
    snprintf(p->key, sizeof p->key, "%s/player.key", c->place);
    assert_int_equal(svms_private_key_to_pem(c->reader_key, pem, &size, &err), SVMS_OK);
    store_case_write(p->key, pem, size, 0600);
    c->settings.playback_key = p->key;
    if (playback_keys_load(&p->keys, &c->parts, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    const playback_options options = { &c->parts, p->keys, CAMERA, NULL, 0 };
    if (playback_open(&p->play, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

static void player_close(player *p)
{
    playback_close(&p->play);
    playback_keys_free(&p->keys);
    assert_int_equal(unlink(p->key), 0);
}

static void seek(player *p, int64_t utc_ns, bool is_backwards)
{
    svms_error err = SVMS_ERROR_INIT;
    if (playback_seek(p->play, utc_ns, is_backwards, false, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

/* So many pictures, a tenth of a second apart. */
static void expect(player *p, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        playback_sample sample;
        svms_error err = SVMS_ERROR_INIT;
        svms_status status = playback_next(p->play, &sample, &err);
        if (status != SVMS_OK) {
            fail_msg("picture %d: %d %s", i, (int)status, err.message);
        }
        assert_int_equal(sample.sample.utc_ns, T0 + i * (SECOND / 10));
    }
}

static void expect_status(player *p, svms_status status)
{
    playback_sample sample;
    assert_int_equal(playback_next(p->play, &sample, NULL), status);
}

static void flush(store_case *c)
{
    assert_int_equal(camera_store_flush(c->store, &c->err), SVMS_OK);
}

static void what_is_stored_is_played_while_it_is_written(void **state)
{
    store_case *c = *state;
    player p;
    c->storage.rotate_minutes = 1;
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, 0, 100, 0);
    flush(c);
    player_open(&p, c);
    seek(&p, SVMS_NO_TIME, false);
    expect(&p, 0, 100);
    /* Over the end of a container, and its new name. */
    store_case_put(c, 100, 1200, 0);
    flush(c);
    expect(&p, 100, 1100);
    camera_store_close(&c->store);
    expect(&p, 1200, 100);
    expect_status(&p, SVMS_END);
    seek(&p, T0 + 1234 * (SECOND / 10), false);
    expect(&p, 1230, 70);
    expect_status(&p, SVMS_END);
    seek(&p, SVMS_NO_TIME, true);
    for (int group = 129; group >= 0; group--) {
        expect(&p, group * 10, 10);
    }
    expect_status(&p, SVMS_END);
    player_close(&p);
}

static void what_a_crash_leaves_is_played(void **state)
{
    store_case *c = *state;
    player p;
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, 0, 100, 0);
    flush(c);
    store_case_kill(c);
    store_case_open(c);
    store_case_begin(c, 640);
    store_case_put(c, 200, 100, 0);
    camera_store_close(&c->store);
    player_open(&p, c);
    seek(&p, SVMS_NO_TIME, false);
    expect(&p, 0, 100);
    expect(&p, 200, 100);
    expect_status(&p, SVMS_END);
    seek(&p, T0 + 15 * SECOND, true);
    expect(&p, 90, 10);
    player_close(&p);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, store_case_set_up, store_case_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(what_is_stored_is_played_while_it_is_written),
        CASE(what_a_crash_leaves_is_played),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
