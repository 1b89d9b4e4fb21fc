/* SPDX-License-Identifier: Apache-2.0 */
/* Many containers read as one: order, moments that several hold, gaps and what fills them, and what
 * does not open. */
#include <errno.h>
#include <stdio.h>

#include "recorder.h"

#define MOST_FILES 64
#define MOST_TAKEN 512

/* Containers by key, and who has them open. */
typedef struct shelf {
    memory_file *files[MOST_FILES];
    size_t count;
    uint32_t open;
    uint32_t most_open;
    uint32_t opened;
    size_t fails_at; /* key + 1 of what does not open */
} shelf;

/* What came out. */
typedef struct taken {
    int number[MOST_TAKEN]; /* of the sample */
    svms_playlist_place place[MOST_TAKEN];
    size_t count;
    int failures;
    uint32_t failed_container;
    svms_status last;
} taken;

static svms_status shelf_open(void *user, uint64_t key, svms_source *source, svms_error *err)
{
    shelf *from = user;
    assert_true(key < from->count);
    if (from->fails_at == key + 1) {
        err->status = SVMS_E_IO;
        err->os_error = ENOENT;
        return SVMS_E_IO;
    }
    *source = memory_source(from->files[key]);
    from->open++;
    from->opened++;
    from->most_open = from->open > from->most_open ? from->open : from->most_open;
    return SVMS_OK;
}

static void shelf_close(void *user, uint64_t key, svms_source *source)
{
    shelf *from = user;
    assert_ptr_equal(source->user, from->files[key]);
    from->open--;
}

static void shelf_put(shelf *to, recorder *rec)
{
    for (size_t i = 0; i < rec->count; i++) {
        to->files[to->count++] = &rec->parts[i].file;
    }
}

typedef struct listing {
    svms_playlist_options options;
    svms_reader_options reader;
    svms_keyring *ring;
    svms_playlist *playlist;
} listing;

static void listing_begin(listing *list, fixture *fix, shelf *from)
{
    memset(list, 0, sizeof *list);
    list->ring = password_ring(fix, "pass word");
    list->reader = (svms_reader_options)SVMS_READER_OPTIONS_INIT;
    list->reader.keys = list->ring;
    list->reader.trust = fix->trust;
    list->options = (svms_playlist_options)SVMS_PLAYLIST_OPTIONS_INIT;
    list->options.reader = &list->reader;
    list->options.user = from;
    list->options.open_source = shelf_open;
    list->options.close_source = shelf_close;
}

static void listing_make(listing *list, fixture *fix)
{
    assert_int_equal(svms_playlist_new(&list->playlist, fix->ctx, &list->options, NULL), SVMS_OK);
}

static void listing_add_all(listing *list, const shelf *from)
{
    for (size_t i = from->count; i > 0; i--) {
        svms_error err = SVMS_ERROR_INIT;
        if (svms_playlist_add(list->playlist, i - 1, &err) != SVMS_OK) {
            fail_msg("container %zu: %s", i - 1, err.message);
        }
    }
}

static void listing_end(listing *list, const shelf *from)
{
    svms_playlist_free(&list->playlist);
    assert_null(list->playlist);
    svms_keyring_free(&list->ring);
    assert_int_equal(from->open, 0);
}

/* Until the end; the bytes of each sample must be right. */
static void take_all(listing *list, recorder *rec, taken *out)
{
    memset(out, 0, sizeof *out);
    for (;;) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        svms_playlist_place place = SVMS_PLAYLIST_PLACE_INIT;
        svms_error err = SVMS_ERROR_INIT;
        uint8_t bytes[100];
        out->last = svms_playlist_next(list->playlist, &sample, &place, &err);
        if (out->last < SVMS_OK) {
            out->failures++;
            out->failed_container = place.container;
            assert_true(out->failures < 20);
            continue;
        }
        if (out->last != SVMS_OK) {
            return;
        }
        assert_true(out->count < MOST_TAKEN);
        assert_int_equal(sample.size, sizeof bytes);
        out->number[out->count] = (int)(sample.dts / 100);
        sample_bytes(&rec->how, 0, (uint32_t)out->number[out->count], bytes, sizeof bytes);
        assert_memory_equal(sample.data, bytes, sizeof bytes);
        out->place[out->count++] = place;
    }
}

static void expect_numbers(const taken *out, int first, int count)
{
    assert_int_equal(out->count, count);
    for (int i = 0; i < count; i++) {
        assert_int_equal(out->number[i], first + i);
    }
}

static void record_samples(recorder *rec, int from, int to)
{
    for (int i = from; i < to; i++) {
        assert_int_equal(recorder_take(rec, i), SVMS_OK);
    }
}

/* What a camera had itself, with samples from to to - 1; role: who signs it. */
static void record_edge(recorder *rec, memory_file *file, svms_role role, int from, int to)
{
    fixture *fix = rec->fix;
    svms_private_key *key = NULL;
    svms_writer *writer = NULL;
    svms_sink sink = memory_sink(file);
    assert_int_equal(svms_private_key_generate(&key, fix->ctx, NULL), SVMS_OK);
    svms_chain *chain = issue_chain(fix, key, role, T0 - DAY, T0 + DAY);
    svms_writer_options options = rec->writer;
    options.signer_key = key;
    options.signer_chain = chain;
    options.role = role;
    options.origin = SVMS_ORIGIN_EDGE;
    memcpy(options.recording_id, rec->parts[0].is.recording_id, 16);
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_OK);
    for (int i = from; i < to; i++) {
        uint8_t bytes[100];
        svms_sample sample = SVMS_SAMPLE_INIT;
        sample_bytes(&rec->how, 0, (uint32_t)i, bytes, sizeof bytes);
        sample.data = bytes;
        sample.size = sizeof bytes;
        sample.dts = sample.pts = (int64_t)i * 100;
        sample.duration = 100;
        sample.flags = i % 10 == 0 ? SVMS_SAMPLE_SYNC : 0;
        assert_int_equal(svms_writer_append(writer, &sample, NULL), SVMS_OK);
    }
    assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
    svms_chain_free(&chain);
    svms_private_key_free(&key);
}

static void containers_come_in_the_order_of_their_numbers(void **state)
{
    recorder rec;
    listing list;
    taken out;
    shelf from = { 0 };
    recorder_begin(&rec, *state, 2 * SECOND, 0);
    record_samples(&rec, 0, 200);
    recorder_close(&rec);
    shelf_put(&from, &rec);
    assert_int_equal(from.count, 10);
    listing_begin(&list, *state, &from);
    list.options.max_open = 3;
    listing_make(&list, *state);
    listing_add_all(&list, &from);
    assert_int_equal(svms_playlist_count(list.playlist), 10);
    for (int round = 0; round < 2; round++) {
        take_all(&list, &rec, &out);
        assert_int_equal(out.last, SVMS_END);
        expect_numbers(&out, 0, 200);
        for (size_t i = 0; i < out.count; i++) {
            svms_playlist_container is = SVMS_PLAYLIST_CONTAINER_INIT;
            assert_int_equal(out.place[i].key, i / 20);
            assert_int_equal(
                svms_playlist_get_container(list.playlist, out.place[i].container, &is), SVMS_OK);
            assert_int_equal(is.recording_sequence, i / 20);
            assert_int_equal(is.first_utc_ns, T0 + (int64_t)(i / 20) * 2 * SECOND);
            assert_int_equal(out.place[i].gap_from_utc_ns, SVMS_NO_TIME);
            assert_int_equal(out.place[i].missing, 0);
        }
        assert_int_equal(svms_playlist_seek(list.playlist, SVMS_NO_TIME, NULL), SVMS_OK);
    }
    assert_true(from.most_open <= 3);
    listing_end(&list, &from);
    recorder_end(&rec);
}

static void any_moment_can_be_gone_to(void **state)
{
    recorder rec;
    listing list;
    taken out;
    shelf from = { 0 };
    recorder_begin(&rec, *state, 2 * SECOND, 0);
    record_samples(&rec, 0, 60);
    recorder_close(&rec);
    shelf_put(&from, &rec);
    listing_begin(&list, *state, &from);
    listing_make(&list, *state);
    listing_add_all(&list, &from);
    for (int i = 0; i < 60; i += 3) {
        from.opened = 0;
        assert_int_equal(svms_playlist_seek(list.playlist, T0 + i * SECOND / 10, NULL), SVMS_OK);
        take_all(&list, &rec, &out);
        expect_numbers(&out, i - i % 10, 60 - (i - i % 10));
        assert_int_equal(out.place[0].gap_from_utc_ns, SVMS_NO_TIME);
        assert_true(from.opened <= 3);
    }
    assert_int_equal(svms_playlist_seek(list.playlist, T0 - DAY, NULL), SVMS_OK);
    take_all(&list, &rec, &out);
    expect_numbers(&out, 0, 60);
    assert_int_equal(svms_playlist_seek(list.playlist, T0 + DAY, NULL), SVMS_END);
    take_all(&list, &rec, &out);
    expect_numbers(&out, 0, 0);
    listing_end(&list, &from);
    recorder_end(&rec);
}

static void a_moment_that_two_containers_hold_is_read_in_both(void **state)
{
    recorder rec;
    listing list;
    taken out;
    shelf from = { 0 };
    recorder_begin(&rec, *state, 0, 0);
    rec.with_utc = true;
    record_samples(&rec, 0, 50);
    rec.clock_offset = -3 * SECOND;
    record_samples(&rec, 50, 100);
    recorder_close(&rec);
    assert_int_equal(rec.count, 2);
    shelf_put(&from, &rec);
    listing_begin(&list, *state, &from);
    listing_make(&list, *state);
    listing_add_all(&list, &from);
    /* T0 + 4.5 s is in sample 45, and, by the clock that was set back, in 75. */
    assert_int_equal(svms_playlist_seek(list.playlist, T0 + 9 * SECOND / 2, NULL), SVMS_OK);
    take_all(&list, &rec, &out);
    expect_numbers(&out, 40, 60);
    assert_int_equal(out.place[0].key, 0);
    assert_int_equal(out.place[35].key, 1);
    for (size_t i = 0; i < out.count; i++) {
        assert_int_equal(out.place[i].gap_from_utc_ns, SVMS_NO_TIME);
    }
    assert_int_equal(svms_playlist_seek(list.playlist, T0 + 6 * SECOND, NULL), SVMS_OK);
    take_all(&list, &rec, &out);
    expect_numbers(&out, 90, 10);
    listing_end(&list, &from);
    recorder_end(&rec);
}

static void gaps_are_told_with_their_reason(void **state)
{
    recorder rec;
    listing list;
    taken out;
    shelf from = { 0 };
    recorder_begin(&rec, *state, 4 * SECOND, 0);
    record_samples(&rec, 0, 20);
    assert_int_equal(svms_recording_gap(rec.recording, SVMS_GAP_MOTION, NULL), SVMS_OK);
    record_samples(&rec, 70, 80);
    assert_int_equal(svms_recording_gap(rec.recording, SVMS_GAP_SCHEDULE, NULL), SVMS_OK);
    record_samples(&rec, 100, 110);
    recorder_close(&rec);
    shelf_put(&from, &rec);
    listing_begin(&list, *state, &from);
    listing_make(&list, *state);
    listing_add_all(&list, &from);
    take_all(&list, &rec, &out);
    assert_int_equal(out.count, 40);
    int gaps = 0;
    for (size_t i = 0; i < out.count; i++) {
        if (out.place[i].gap_from_utc_ns != SVMS_NO_TIME) {
            bool first = out.number[i] == 70;
            assert_true(first || out.number[i] == 100);
            assert_int_equal(out.place[i].gap_from_utc_ns, T0 + (first ? 2 : 8) * SECOND);
            assert_int_equal(out.place[i].gap_to_utc_ns, T0 + (first ? 7 : 10) * SECOND);
            assert_int_equal(out.place[i].gap_reason, first ? SVMS_GAP_MOTION : SVMS_GAP_SCHEDULE);
            gaps++;
        }
    }
    assert_int_equal(gaps, 2);
    /* Within a gap, the next thing that is there comes, and the rest of the gap is told. */
    assert_int_equal(svms_playlist_seek(list.playlist, T0 + 85 * SECOND / 10, NULL), SVMS_OK);
    take_all(&list, &rec, &out);
    assert_true(out.number[0] == 70 || out.number[0] == 100);
    listing_end(&list, &from);
    recorder_end(&rec);
}

/* 0 to 29 and 60 to 89 are the recorder's, and cameras have more. */
static void record_with_edges(recorder *rec, fixture *fix, shelf *from, memory_file edges[2])
{
    recorder_begin(rec, fix, 2 * SECOND, 0);
    record_samples(rec, 0, 30);
    assert_int_equal(svms_recording_gap(rec->recording, SVMS_GAP_SIGNAL_LOST, NULL), SVMS_OK);
    record_samples(rec, 60, 90);
    recorder_close(rec);
    shelf_put(from, rec);
    record_edge(rec, &edges[0], SVMS_ROLE_CAMERA, 20, 50);
    record_edge(rec, &edges[1], SVMS_ROLE_RECORDER, 40, 110);
    from->files[from->count++] = &edges[0];
    from->files[from->count++] = &edges[1];
}

static void edge_containers_fill_gaps_and_nothing_else(void **state)
{
    recorder rec;
    listing list;
    taken out;
    shelf from = { 0 };
    memory_file edges[2] = { { 0 }, { 0 } };
    record_with_edges(&rec, *state, &from, edges);
    listing_begin(&list, *state, &from);
    listing_make(&list, *state);
    listing_add_all(&list, &from);
    take_all(&list, &rec, &out);
    expect_numbers(&out, 0, 110);
    for (size_t i = 0; i < out.count; i++) {
        bool edge = (i >= 30 && i < 60) || i >= 90;
        assert_int_equal(out.place[i].edge, edge);
        assert_int_equal(out.place[i].covered, 0);
        assert_int_equal(out.place[i].gap_from_utc_ns, i == 60 ? T0 + 3 * SECOND : SVMS_NO_TIME);
        if (edge) {
            assert_int_equal(out.place[i].key, from.count - (i < 50 ? 2 : 1));
        }
    }
    /* A moment in the gap, and one behind everything of the recorder. */
    assert_int_equal(svms_playlist_seek(list.playlist, T0 + 45 * SECOND / 10, NULL), SVMS_OK);
    take_all(&list, &rec, &out);
    expect_numbers(&out, 40, 70);
    assert_int_equal(out.place[0].edge, 1);
    assert_int_equal(svms_playlist_seek(list.playlist, T0 + 10 * SECOND, NULL), SVMS_OK);
    take_all(&list, &rec, &out);
    expect_numbers(&out, 100, 10);
    assert_int_equal(svms_playlist_seek(list.playlist, T0 + 11 * SECOND, NULL), SVMS_END);
    listing_end(&list, &from);
    memory_file_clear(&edges[0]);
    memory_file_clear(&edges[1]);
    recorder_end(&rec);
}

static void overlap_is_delivered_when_it_is_asked_for_and_says_so(void **state)
{
    recorder rec;
    listing list;
    taken out;
    shelf from = { 0 };
    memory_file edges[2] = { { 0 }, { 0 } };
    int own = 0;
    int edge = 0;
    record_with_edges(&rec, *state, &from, edges);
    from.count--; /* without the second one */
    listing_begin(&list, *state, &from);
    list.options.overlap = 1;
    listing_make(&list, *state);
    listing_add_all(&list, &from);
    take_all(&list, &rec, &out);
    for (size_t i = 0; i < out.count; i++) {
        if (out.place[i].edge) {
            assert_int_equal(out.number[i], 20 + edge);
            assert_int_equal(out.place[i].covered, out.number[i] < 30);
            edge++;
        } else {
            own++;
        }
    }
    assert_int_equal(own, 60);
    assert_int_equal(edge, 30);
    listing_end(&list, &from);
    memory_file_clear(&edges[0]);
    memory_file_clear(&edges[1]);
    recorder_end(&rec);
}

static void edge_containers_alone_are_read_too(void **state)
{
    recorder rec;
    listing list;
    taken out;
    shelf from = { 0 };
    memory_file edges[2] = { { 0 }, { 0 } };
    record_with_edges(&rec, *state, &from, edges);
    from.files[0] = &edges[0];
    from.files[1] = &edges[1];
    from.count = 2;
    listing_begin(&list, *state, &from);
    listing_make(&list, *state);
    listing_add_all(&list, &from);
    take_all(&list, &rec, &out);
    expect_numbers(&out, 20, 90);
    listing_end(&list, &from);
    memory_file_clear(&edges[0]);
    memory_file_clear(&edges[1]);
    recorder_end(&rec);
}

static void what_is_missing_or_does_not_open_is_told_once(void **state)
{
    recorder rec;
    listing list;
    taken out;
    shelf from = { 0 };
    recorder_begin(&rec, *state, 2 * SECOND, 0);
    record_samples(&rec, 0, 100);
    recorder_close(&rec);
    shelf_put(&from, &rec);
    assert_int_equal(from.count, 5);
    from.files[1] = from.files[4]; /* numbers 0, 4, 2, 3 */
    from.count = 4;
    listing_begin(&list, *state, &from);
    listing_make(&list, *state);
    listing_add_all(&list, &from);
    from.fails_at = 2 + 1;
    take_all(&list, &rec, &out);
    assert_int_equal(out.failures, 1);
    assert_int_equal(out.failed_container, 1); /* added as the second one */
    assert_int_equal(out.count, 60);
    assert_int_equal(out.number[20], 60);
    assert_int_equal(out.place[20].missing, 0);
    assert_int_equal(out.place[20].gap_from_utc_ns, T0 + 2 * SECOND);
    assert_int_equal(out.place[20].gap_reason, SVMS_GAP_NONE);
    from.fails_at = 0;
    assert_int_equal(svms_playlist_seek(list.playlist, SVMS_NO_TIME, NULL), SVMS_OK);
    take_all(&list, &rec, &out);
    assert_int_equal(out.failures, 0);
    assert_int_equal(out.count, 80);
    assert_int_equal(out.place[20].missing, 1);
    assert_int_equal(out.place[21].missing, 0);
    listing_end(&list, &from);
    recorder_end(&rec);
}

static void a_damaged_segment_is_told_and_the_rest_is_read(void **state)
{
    recorder rec;
    listing list;
    taken out;
    shelf from = { 0 };
    recorder_begin(&rec, *state, 2 * SECOND, 0);
    record_samples(&rec, 0, 60);
    recorder_close(&rec);
    layout at = lay_out_file(&rec.parts[1].file);
    rec.parts[1].file.data[at.segments[0] + 200] ^= 1;
    shelf_put(&from, &rec);
    listing_begin(&list, *state, &from);
    listing_make(&list, *state);
    listing_add_all(&list, &from);
    take_all(&list, &rec, &out);
    assert_int_equal(out.failures, 1);
    assert_int_equal(out.failed_container, 1);
    assert_int_equal(out.count, 50);
    assert_int_equal(out.number[20], 30);
    listing_end(&list, &from);
    recorder_end(&rec);
}

static void a_container_that_was_interrupted_is_read_through_and_the_last_one_may_grow(void **state)
{
    recorder rec;
    recorder more;
    listing list;
    taken out;
    shelf from = { 0 };
    recorder_begin(&rec, *state, 2 * SECOND, 0);
    record_samples(&rec, 0, 35);
    svms_recording_abort(&rec.recording); /* 30 to 34 were never signed */
    svms_head found = SVMS_HEAD_INIT;
    svms_source source = memory_source(&rec.parts[1].file);
    assert_int_equal(svms_container_head(rec.ctx, &source, &found, NULL), SVMS_OK);
    recorder_prepare(&more, *state, 0, 0);
    more.options.found = &found;
    recorder_open(&more);
    record_samples(&more, 40, 55);
    shelf_put(&from, &rec);
    shelf_put(&from, &more);
    listing_begin(&list, *state, &from);
    listing_make(&list, *state);
    listing_add_all(&list, &from);
    take_all(&list, &rec, &out);
    assert_int_equal(out.last, SVMS_AGAIN);
    assert_int_equal(out.count, 40);
    assert_int_equal(out.number[29], 29);
    assert_int_equal(out.number[30], 40);
    assert_int_equal(out.place[30].gap_from_utc_ns, T0 + 3 * SECOND);
    assert_int_equal(out.place[30].gap_reason, SVMS_GAP_RESTART);
    record_samples(&more, 55, 65);
    recorder_close(&more);
    take_all(&list, &rec, &out);
    assert_int_equal(out.last, SVMS_END);
    expect_numbers(&out, 50, 15);
    listing_end(&list, &from);
    recorder_end(&rec);
    recorder_end(&more);
}

static void containers_may_be_added_while_reading(void **state)
{
    recorder rec;
    listing list;
    shelf from = { 0 };
    svms_sample sample = SVMS_SAMPLE_INIT;
    recorder_begin(&rec, *state, SECOND, 0);
    record_samples(&rec, 0, 40);
    recorder_close(&rec);
    shelf_put(&from, &rec);
    listing_begin(&list, *state, &from);
    listing_make(&list, *state);
    assert_int_equal(svms_playlist_add(list.playlist, 2, NULL), SVMS_OK);
    for (int i = 20; i < 40; i++) {
        assert_int_equal(svms_playlist_next(list.playlist, &sample, NULL, NULL), SVMS_OK);
        assert_int_equal(sample.dts, i * 100);
        if (i == 22 || i == 24 || i == 26) {
            svms_track track = SVMS_TRACK_INIT;
            uint64_t key = i == 22 ? 0 : i == 24 ? 3 : 1;
            assert_int_equal(svms_playlist_add(list.playlist, key, NULL), SVMS_OK);
            uint32_t newest = svms_playlist_count(list.playlist) - 1;
            assert_int_equal(svms_playlist_get_track(list.playlist, newest, 0, &track, NULL),
                             SVMS_OK);
            assert_int_equal(track.config_size, 13);
        }
    }
    assert_int_equal(svms_playlist_next(list.playlist, &sample, NULL, NULL), SVMS_END);
    listing_end(&list, &from);
    recorder_end(&rec);
}

static void foreign_and_repeated_containers_and_nonsense_are_refused(void **state)
{
    fixture *fix = *state;
    recorder rec;
    recorder other;
    listing list;
    shelf from = { 0 };
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_track track = SVMS_TRACK_INIT;
    svms_playlist_container is = SVMS_PLAYLIST_CONTAINER_INIT;
    memory_file rubbish = { 0 };
    svms_sink sink = memory_sink(&rubbish);
    svms_iovec run = { "rubbish", 7 };
    int os_error = 0;
    assert_int_equal(sink.write(sink.user, &run, 1, &os_error), SVMS_OK);
    recorder_begin(&rec, fix, SECOND, 0);
    record_samples(&rec, 0, 20);
    recorder_close(&rec);
    recorder_begin(&other, fix, SECOND, 0);
    record_samples(&other, 0, 10);
    recorder_close(&other);
    shelf_put(&from, &rec);
    shelf_put(&from, &other);
    from.files[from.count++] = &rubbish;
    listing_begin(&list, fix, &from);
    svms_playlist_options good = list.options;
    for (int i = 0; i < 4; i++) {
        list.options = good;
        list.options.open_source = i == 0 ? NULL : good.open_source;
        list.options.close_source = i == 1 ? NULL : good.close_source;
        list.options.max_open = i == 2 ? 2 : i == 3 ? 65 : 0;
        assert_int_equal(svms_playlist_new(&list.playlist, fix->ctx, &list.options, NULL),
                         SVMS_E_USAGE);
    }
    list.options = good;
    assert_int_equal(svms_playlist_new(NULL, fix->ctx, &good, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_playlist_new(&list.playlist, NULL, &good, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_playlist_new(&list.playlist, fix->ctx, NULL, NULL), SVMS_E_USAGE);
    listing_make(&list, fix);
    assert_int_equal(svms_playlist_next(list.playlist, &sample, NULL, NULL), SVMS_END);
    assert_int_equal(svms_playlist_add(list.playlist, 1, NULL), SVMS_OK);
    assert_int_equal(svms_playlist_add(list.playlist, 1, NULL), SVMS_E_EXISTS);
    assert_int_equal(svms_playlist_add(list.playlist, 0, NULL), SVMS_OK);
    assert_int_equal(svms_playlist_add(list.playlist, 0, NULL), SVMS_E_EXISTS);
    assert_int_equal(svms_playlist_add(list.playlist, 2, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_status_class(svms_playlist_add(list.playlist, 3, NULL)),
                     SVMS_CLASS_MALFORMED);
    from.fails_at = 1;
    assert_int_equal(svms_playlist_add(list.playlist, 0, NULL), SVMS_E_IO);
    assert_int_equal(svms_playlist_count(list.playlist), 2);
    assert_int_equal(svms_playlist_count(NULL), 0);
    assert_int_equal(svms_playlist_add(NULL, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_playlist_next(NULL, &sample, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_playlist_next(list.playlist, NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_playlist_seek(NULL, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_playlist_get_container(list.playlist, 2, &is), SVMS_E_USAGE);
    assert_int_equal(svms_playlist_get_container(list.playlist, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_playlist_get_track(list.playlist, 2, 0, &track, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_playlist_get_track(list.playlist, 0, 7, &track, NULL), SVMS_E_USAGE);
    /* What is behind a key changes between the looks. */
    memory_file *kept = from.files[0];
    from.fails_at = 0;
    from.files[0] = from.files[2];
    assert_int_equal(svms_playlist_get_track(list.playlist, 1, 0, &track, NULL),
                     SVMS_E_NOT_AUTHENTIC);
    from.files[0] = kept;
    svms_playlist_free(NULL);
    listing_end(&list, &from);
    memory_file_clear(&rubbish);
    recorder_end(&rec);
    recorder_end(&other);
}

static svms_status try_all(listing *list, fixture *fix, const shelf *from, int *samples)
{
    svms_status status = svms_playlist_new(&list->playlist, fix->ctx, &list->options, NULL);
    for (size_t i = 0; i < from->count && status == SVMS_OK; i++) {
        status = svms_playlist_add(list->playlist, i, NULL);
    }
    if (status == SVMS_OK) {
        status = svms_playlist_seek(list->playlist, T0 + SECOND, NULL);
    }
    while (status == SVMS_OK) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        status = svms_playlist_next(list->playlist, &sample, NULL, NULL);
        *samples += status == SVMS_OK;
    }
    svms_playlist_free(&list->playlist);
    return status;
}

static void every_failing_allocation_and_read_is_clean(void **state)
{
    fixture *fix = *state;
    recorder rec;
    listing list;
    shelf from = { 0 };
    recorder_begin(&rec, fix, SECOND, 0);
    record_samples(&rec, 0, 30);
    recorder_close(&rec);
    shelf_put(&from, &rec);
    listing_begin(&list, fix, &from);
    int64_t before = fix->live_blocks;
    for (int reads = 0; reads < 2; reads++) {
        for (uint64_t n = 1;; n++) {
            int samples = 0;
            fix->allocations = 0;
            fix->allocation_fails_at = reads ? 0 : n;
            rec.parts[1].file.reads = 0;
            rec.parts[1].file.read_fails_at = reads ? n : 0;
            svms_status status = try_all(&list, fix, &from, &samples);
            fix->allocation_fails_at = 0;
            assert_int_equal(fix->live_blocks, before);
            assert_int_equal(from.open, 0);
            if (status == SVMS_END) {
                assert_int_equal(samples, 20);
                break;
            }
            assert_int_equal(status, reads ? SVMS_E_IO : SVMS_E_NO_MEMORY);
        }
    }
    listing_end(&list, &from);
    recorder_end(&rec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define FACT(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
        FACT(containers_come_in_the_order_of_their_numbers),
        FACT(any_moment_can_be_gone_to),
        FACT(a_moment_that_two_containers_hold_is_read_in_both),
        FACT(gaps_are_told_with_their_reason),
        FACT(edge_containers_fill_gaps_and_nothing_else),
        FACT(overlap_is_delivered_when_it_is_asked_for_and_says_so),
        FACT(edge_containers_alone_are_read_too),
        FACT(what_is_missing_or_does_not_open_is_told_once),
        FACT(a_damaged_segment_is_told_and_the_rest_is_read),
        FACT(a_container_that_was_interrupted_is_read_through_and_the_last_one_may_grow),
        FACT(containers_may_be_added_while_reading),
        FACT(foreign_and_repeated_containers_and_nonsense_are_refused),
        FACT(every_failing_allocation_and_read_is_clean),
    };
    return cmocka_run_group_tests_name("playlist", tests, NULL, NULL);
}
