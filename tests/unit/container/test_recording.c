/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings over many containers: when the next one begins, what its link says, what a failure
 * costs, and that nothing is lost or told twice. */
#include <errno.h>
#include <stdio.h>

#include "recorder.h"

static void a_container_ends_by_time_at_a_sync_sample_and_its_successor_names_it(void **state)
{
    recorder rec;
    recorder_begin(&rec, *state, 3 * SECOND, 0);
    for (int i = 0; i < 80; i++) {
        assert_int_equal(recorder_take(&rec, i), SVMS_OK);
    }
    recorder_close(&rec);
    /* A sample each 100 ms, each tenth a sync sample: a container takes thirty of them. */
    assert_int_equal(rec.count, 3);
    assert_int_equal(rec.parts[0].is.samples, 30);
    assert_int_equal(rec.parts[1].is.samples, 30);
    assert_int_equal(rec.parts[2].is.samples, 20);
    assert_int_equal(rec.parts[1].is.start_utc_ns, T0 + 3 * SECOND);
    expect_chain(&rec, 0, 3);
    expect_samples(&rec, 80);
    assert_int_equal(end_reason(&rec, 0), SVMS_END_ROTATION);
    assert_int_equal(end_reason(&rec, 2), SVMS_END_CLOSED);
    recorder_end(&rec);
}

static void a_container_ends_by_size_at_a_sync_sample(void **state)
{
    recorder rec;
    recorder_begin(&rec, *state, 0, 65536);
    rec.sample_size = 10000;
    for (int i = 0; i < 40; i++) {
        assert_int_equal(recorder_take(&rec, i), SVMS_OK);
    }
    recorder_close(&rec);
    assert_int_equal(rec.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(rec.parts[i].is.samples, 10);
    }
    expect_chain(&rec, 0, 4);
    expect_samples(&rec, 40);
    recorder_end(&rec);
}

static void without_sync_samples_a_container_ends_at_twice_its_time(void **state)
{
    recorder rec;
    recorder_begin(&rec, *state, 2 * SECOND, 0);
    rec.no_sync = true;
    for (int i = 0; i < 60; i++) {
        assert_int_equal(recorder_take(&rec, i), SVMS_OK);
    }
    recorder_close(&rec);
    assert_int_equal(rec.count, 2);
    assert_int_equal(rec.parts[0].is.samples, 40);
    expect_chain(&rec, 0, 2);
    expect_samples(&rec, 60);
    recorder_end(&rec);
}

static void every_container_has_its_own_keys_and_repeats_tracks(void **state)
{
    recorder rec;
    recorder_begin(&rec, *state, SECOND, 0);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(recorder_take(&rec, i), SVMS_OK);
    }
    recorder_close(&rec);
    assert_int_equal(rec.count, 4);
    for (size_t i = 0; i < rec.count; i++) {
        svms_track track = SVMS_TRACK_INIT;
        svms_reader *reader = recorder_read(&rec, i);
        assert_int_equal(svms_reader_get_track(reader, 0, &track, NULL), SVMS_OK);
        assert_int_equal(track.config_size, 13);
        assert_memory_equal(track.config, "configuration", 13);
        svms_reader_close(&reader);
        for (size_t k = 0; k < i; k++) {
            /* The key check (C-KEY-2) depends on the container id as well; commitments do not. */
            assert_memory_not_equal(first_commitment(&rec, i), first_commitment(&rec, k), 32);
            assert_memory_not_equal(rec.parts[i].is.container_id, rec.parts[k].is.container_id, 16);
        }
    }
    recorder_end(&rec);
}

static void a_clock_that_is_set_begins_a_new_container_at_a_sync_sample(void **state)
{
    static const struct {
        int64_t step;
        size_t containers;
    } cases[] = { { 4 * SECOND, 1 },
                  { 6 * SECOND, 2 },
                  { 3600 * SECOND, 2 },
                  { -(SECOND / 2), 1 },
                  { -2 * SECOND, 2 },
                  { -3600 * SECOND, 2 },
                  { -(SECOND + SECOND / 10), 2 } };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        recorder rec;
        recorder_begin(&rec, *state, 0, 0);
        rec.with_utc = true;
        for (int i = 0; i < 40; i++) {
            rec.clock_offset = i < 15 ? 0 : cases[c].step;
            if (recorder_take(&rec, i) != SVMS_OK) {
                fail_msg("step %zu, sample %d: %s", c, i, rec.err.message);
            }
        }
        recorder_close(&rec);
        assert_int_equal(rec.count, cases[c].containers);
        expect_chain(&rec, 0, rec.count);
        expect_samples(&rec, 40);
        if (rec.count == 2) {
            assert_int_equal(rec.parts[0].is.samples, 20);
            assert_int_equal(end_reason(&rec, 0), SVMS_END_CLOCK_STEP);
        }
        recorder_end(&rec);
    }
}

static void a_gap_that_was_stated_is_no_step_of_the_clock(void **state)
{
    recorder rec;
    svms_report report;
    recorder_begin(&rec, *state, 0, 0);
    rec.with_utc = true;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(recorder_take(&rec, i), SVMS_OK);
    }
    assert_int_equal(svms_recording_gap(rec.recording, SVMS_GAP_MOTION, NULL), SVMS_OK);
    rec.clock_offset = 100 * SECOND;
    for (int i = 10; i < 30; i++) {
        assert_int_equal(recorder_take(&rec, i), SVMS_OK);
    }
    recorder_close(&rec);
    assert_int_equal(rec.count, 1);
    assert_int_equal(verify_file(rec.fix, &rec.parts[0].file, rec.fix->trust, &report), SVMS_OK);
    assert_int_equal(report.gap_count, 1);
    assert_int_equal(report.gaps[0].reason, SVMS_GAP_MOTION);
    recorder_end(&rec);
}

static void heads_are_kept_after_each_durable_segment_and_name_what_is_there(void **state)
{
    recorder rec;
    recorder_begin(&rec, *state, 2 * SECOND, 0);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(recorder_take(&rec, i), SVMS_OK);
        if (rec.heads > 0) {
            /* What is remembered is on the medium at that moment. */
            svms_link_state held = SVMS_LINK_NONE;
            svms_source source = memory_source(&part_of(&rec, rec.head.recording_sequence)->file);
            assert_int_equal(svms_container_holds(rec.fix->ctx, &source, &rec.head, &held, NULL),
                             SVMS_OK);
            assert_int_equal(held, SVMS_LINK_VERIFIED);
        }
    }
    recorder_close(&rec);
    assert_int_equal(rec.heads, 5);
    assert_int_equal(rec.head.recording_sequence, 2);
    assert_int_equal(rec.head.segment, 0);
    recorder_end(&rec);
}

static svms_status open_part_again(void *user, uint32_t index, svms_source *source, svms_error *err)
{
    recorder *rec = user;
    (void)err;
    *source = memory_source(&rec->parts[index].file);
    return SVMS_OK;
}

static void close_part_again(void *user, uint32_t index, svms_source *source)
{
    (void)user;
    (void)index;
    (void)source;
}

static void the_whole_recording_verifies_with_the_head_that_was_kept(void **state)
{
    fixture *fix = *state;
    recorder rec;
    svms_verify_options verify = SVMS_VERIFY_OPTIONS_INIT;
    svms_sequence_options options = SVMS_SEQUENCE_OPTIONS_INIT;
    svms_sequence_report report = SVMS_SEQUENCE_REPORT_INIT;
    recorder_begin(&rec, fix, 2 * SECOND, 0);
    for (int i = 0; i < 70; i++) {
        assert_int_equal(recorder_take(&rec, i), SVMS_OK);
    }
    recorder_close(&rec);
    verify.trust = fix->trust;
    options.count = (uint32_t)rec.count;
    options.heads = &rec.head;
    options.head_count = 1;
    options.verify = &verify;
    options.user = &rec;
    options.open = open_part_again;
    options.close = close_part_again;
    assert_int_equal(svms_verify_recording(fix->ctx, &options, &report, &rec.err), SVMS_OK);
    assert_int_equal(report.verdict, SVMS_VERDICT_AUTHENTIC);
    assert_int_equal(report.issue_count, 0);
    assert_int_equal(report.containers, 4);
    /* Without the newest container it no longer does. */
    options.count--;
    assert_int_not_equal(svms_verify_recording(fix->ctx, &options, &report, &rec.err), SVMS_OK);
    recorder_end(&rec);
}

static void a_container_holds_a_remembered_segment_or_says_what_is_the_matter(void **state)
{
    fixture *fix = *state;
    recorder rec;
    svms_head heads[3];
    recorder_begin(&rec, *state, 0, 0);
    for (int i = 0; i < 30; i++) {
        assert_int_equal(recorder_take(&rec, i), SVMS_OK);
        heads[i / 10] = rec.head;
    }
    recorder_close(&rec);
    heads[0] = rec.all[0];
    heads[1] = rec.all[1];
    heads[2] = rec.all[2];
    svms_source source = memory_source(&rec.parts[0].file);
    svms_link_state held = SVMS_LINK_NONE;
    for (int i = 0; i < 3; i++) {
        svms_head head = heads[i];
        assert_int_equal(svms_container_holds(fix->ctx, &source, &head, &held, NULL), SVMS_OK);
        assert_int_equal(held, SVMS_LINK_VERIFIED);
        head.last_utc_ns = SVMS_NO_TIME;
        assert_int_equal(svms_container_holds(fix->ctx, &source, &head, &held, NULL), SVMS_OK);
        assert_int_equal(held, SVMS_LINK_VERIFIED);
        head.last_utc_ns = T0; /* seek leads elsewhere */
        assert_int_equal(svms_container_holds(fix->ctx, &source, &head, &held, NULL), SVMS_OK);
        assert_int_equal(held, SVMS_LINK_VERIFIED);
        head.manifest_hash[5] ^= 1;
        assert_int_equal(svms_container_holds(fix->ctx, &source, &head, &held, NULL), SVMS_OK);
        assert_int_equal(held, SVMS_LINK_MISMATCH);
        head = heads[i];
        head.container_id[0] ^= 1;
        assert_int_equal(svms_container_holds(fix->ctx, &source, &head, &held, NULL), SVMS_OK);
        assert_int_equal(held, SVMS_LINK_MISSING);
    }
    svms_head beyond = heads[2];
    beyond.segment = 3;
    assert_int_equal(svms_container_holds(fix->ctx, &source, &beyond, &held, NULL), SVMS_OK);
    assert_int_equal(held, SVMS_LINK_MISMATCH);
    /* A damaged segment is not what was remembered. */
    layout at = lay_out_file(&rec.parts[0].file);
    rec.parts[0].file.data[at.segments[1] + 200] ^= 1;
    assert_int_equal(svms_container_holds(fix->ctx, &source, &heads[1], &held, NULL), SVMS_OK);
    assert_int_equal(held, SVMS_LINK_MISMATCH);
    assert_int_equal(svms_container_holds(fix->ctx, &source, NULL, &held, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_container_holds(fix->ctx, &source, &beyond, NULL, NULL), SVMS_E_USAGE);
    recorder_end(&rec);
}

/* What a start finds, and what its first header says. */
typedef struct link_case {
    const char *name;
    int found; /* how many segments behind the remembered one; -100: nothing found */
    bool remembered;
    enum { SAME, OTHER_HASH, OTHER_CONTAINER, OLDER, NEWER, OTHER_RECORDING } difference;
    svms_link_state newer;
    svms_link_state expected;
    bool names_found;
} link_case;

static const link_case link_cases[] = {
    { "nothing at all", -100, false, SAME, SVMS_LINK_NONE, SVMS_LINK_NONE, false },
    { "nothing remembered", 0, false, SAME, SVMS_LINK_NONE, SVMS_LINK_UNCHECKED, true },
    { "nothing found", -100, true, SAME, SVMS_LINK_NONE, SVMS_LINK_MISSING, false },
    { "the same", 0, true, SAME, SVMS_LINK_NONE, SVMS_LINK_VERIFIED, true },
    { "another hash", 0, true, OTHER_HASH, SVMS_LINK_VERIFIED, SVMS_LINK_MISMATCH, false },
    { "fewer segments", -1, true, SAME, SVMS_LINK_VERIFIED, SVMS_LINK_MISMATCH, false },
    { "more, looked at", 1, true, SAME, SVMS_LINK_VERIFIED, SVMS_LINK_VERIFIED, true },
    { "more, not looked at", 1, true, SAME, SVMS_LINK_NONE, SVMS_LINK_UNCHECKED, true },
    { "more, others", 1, true, SAME, SVMS_LINK_MISMATCH, SVMS_LINK_MISMATCH, false },
    { "another container of that number", 0, true, OTHER_CONTAINER, SVMS_LINK_VERIFIED,
      SVMS_LINK_MISMATCH, false },
    { "an older container", 0, true, OLDER, SVMS_LINK_VERIFIED, SVMS_LINK_MISSING, false },
    { "a newer container", 0, true, NEWER, SVMS_LINK_VERIFIED, SVMS_LINK_VERIFIED, true },
    { "a newer one, the remembered one gone", 0, true, NEWER, SVMS_LINK_MISSING, SVMS_LINK_MISSING,
      false },
    { "another recording", 0, true, OTHER_RECORDING, SVMS_LINK_VERIFIED, SVMS_LINK_MISMATCH,
      false },
};

static void check_link(fixture *fix, const link_case *one)
{
    recorder rec;
    svms_head remembered = SVMS_HEAD_INIT;
    svms_head found = SVMS_HEAD_INIT;
    memset(remembered.recording_id, 0x11, 16);
    memset(remembered.container_id, 0x22, 16);
    memset(remembered.manifest_hash, 0x33, 32);
    remembered.recording_sequence = 7;
    remembered.segment = 4;
    found = remembered;
    found.segment += (uint64_t)(int64_t)(one->found == -100 ? 0 : one->found);
    found.manifest_hash[0] ^= one->difference == OTHER_HASH || one->found != 0;
    found.container_id[0] ^= one->difference >= OTHER_CONTAINER;
    found.recording_sequence += one->difference == NEWER;
    found.recording_sequence -= one->difference == OLDER;
    found.recording_id[0] ^= one->difference == OTHER_RECORDING;
    recorder_prepare(&rec, fix, 0, 0);
    rec.options.found = one->found == -100 ? NULL : &found;
    rec.options.remembered = one->remembered ? &remembered : NULL;
    rec.options.remembered_state = one->newer;
    rec.options.first_sequence = 3;
    recorder_open(&rec);
    svms_recording_stats stats = SVMS_RECORDING_STATS_INIT;
    assert_int_equal(svms_recording_get_stats(rec.recording, &stats), SVMS_OK);
    assert_int_equal(recorder_take(&rec, 0), SVMS_OK);
    recorder_close(&rec);
    const svms_head *named = one->names_found ? &found : &remembered;
    if (stats.link_state != one->expected || rec.parts[0].is.link_state != one->expected) {
        fail_msg("%s: %d", one->name, stats.link_state);
    }
    uint64_t number = one->expected == SVMS_LINK_NONE ? 3 : one->difference == NEWER ? 9 : 8;
    assert_int_equal(rec.parts[0].is.recording_sequence, number);
    const uint8_t *link = link_of(&rec, 0);
    if (one->expected == SVMS_LINK_NONE) {
        assert_null(link);
    } else {
        assert_non_null(link);
        assert_memory_equal(link, named->container_id, 16);
        assert_int_equal(link[23], named->segment);
        assert_memory_equal(link + 24, named->manifest_hash, 32);
        assert_int_equal(link[56], one->expected);
        assert_memory_equal(rec.parts[0].is.recording_id, remembered.recording_id, 16);
    }
    recorder_end(&rec);
}

static void what_is_found_is_compared_with_what_is_remembered(void **state)
{
    for (size_t i = 0; i < sizeof link_cases / sizeof link_cases[0]; i++) {
        check_link(*state, &link_cases[i]);
    }
}

static void a_recording_that_was_killed_goes_on_behind_its_last_segment(void **state)
{
    recorder first;
    recorder second;
    recorder_begin(&first, *state, 2 * SECOND, 0);
    for (int i = 0; i < 35; i++) {
        assert_int_equal(recorder_take(&first, i), SVMS_OK);
    }
    svms_recording_abort(&first.recording);
    assert_int_equal(first.parts[1].is.state, SVMS_RECORDING_LEFT_OPEN);
    svms_head found = SVMS_HEAD_INIT;
    svms_source source = memory_source(&first.parts[1].file);
    assert_int_equal(svms_container_head(first.fix->ctx, &source, &found, NULL), SVMS_OK);
    recorder_prepare(&second, *state, 0, 0);
    second.options.found = &found;
    second.options.remembered = &first.head;
    recorder_open(&second);
    for (int i = 35; i < 50; i++) {
        assert_int_equal(recorder_take(&second, i), SVMS_OK);
    }
    recorder_close(&second);
    assert_int_equal(second.parts[0].is.link_state, SVMS_LINK_VERIFIED);
    assert_int_equal(second.parts[0].is.recording_sequence, 2);
    assert_memory_equal(link_of(&second, 0), first.head.container_id, 16);
    assert_memory_equal(link_of(&second, 0) + 24, first.head.manifest_hash, 32);
    assert_int_equal(first_gap_reason(&second, 0), SVMS_GAP_RESTART);
    assert_int_equal(first_gap_reason(&first, 0), SVMS_GAP_NONE);
    assert_int_equal(first_gap_reason(&first, 1), SVMS_GAP_NONE);
    recorder_end(&first);
    recorder_end(&second);
}

/* Each write of a recording of three containers fails once; the caller tries the sample again. */
static void a_failing_sink_costs_its_segment_and_the_next_container_goes_on(void **state)
{
    fixture *fix = *state;
    for (uint64_t n = 1;; n++) {
        recorder rec;
        int failures = 0;
        recorder_prepare(&rec, fix, 2 * SECOND, 0);
        rec.write_fails_at = n;
        svms_status status = svms_recording_open(&rec.recording, rec.ctx, &rec.options, &rec.err);
        if (status != SVMS_OK) {
            assert_int_equal(status, SVMS_E_IO);
            assert_int_equal(rec.parts[0].is.state, SVMS_RECORDING_NOT_BEGUN);
            recorder_end(&rec);
            continue;
        }
        for (int i = 0; i < 50; i++) {
            status = recorder_take(&rec, i);
            if (status != SVMS_OK) {
                assert_int_equal(status, SVMS_E_IO);
                failures++;
                assert_int_equal(recorder_take(&rec, i), SVMS_OK);
            }
        }
        svms_recording_stats stats = SVMS_RECORDING_STATS_INIT;
        assert_int_equal(svms_recording_get_stats(rec.recording, &stats), SVMS_OK);
        status = svms_recording_close(&rec.recording, &rec.err);
        assert_true(status == SVMS_OK || failures == 0);
        bool failed = rec.failed;
        if (!failed) {
            assert_int_equal(rec.count, 3);
            expect_chain(&rec, 0, 3);
            recorder_end(&rec);
            break;
        }
        expect_interrupted(&rec, failures);
        recorder_end(&rec);
    }
}

static void a_full_disk_at_rotation_leaves_the_old_container_whole(void **state)
{
    recorder rec;
    recorder_begin(&rec, *state, 2 * SECOND, 0);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(recorder_take(&rec, i), SVMS_OK);
    }
    rec.no_more = ENOSPC;
    for (int i = 20; i < 25; i++) {
        assert_int_equal(recorder_take(&rec, i), SVMS_E_IO);
        assert_int_equal(rec.err.os_error, ENOSPC);
    }
    svms_recording_stats stats = SVMS_RECORDING_STATS_INIT;
    assert_int_equal(svms_recording_get_stats(rec.recording, &stats), SVMS_OK);
    assert_int_equal(stats.between_containers, 1);
    assert_int_equal(stats.failures, 5);
    assert_int_equal(rec.parts[0].is.state, SVMS_RECORDING_ENDED);
    assert_int_equal(end_reason(&rec, 0), SVMS_END_ERROR);
    assert_int_equal(svms_recording_flush(rec.recording, NULL), SVMS_OK);
    assert_int_equal(svms_recording_gap(rec.recording, SVMS_GAP_OVERLOAD, NULL), SVMS_OK);
    rec.no_more = 0;
    for (int i = 30; i < 45; i++) {
        assert_int_equal(recorder_take(&rec, i), SVMS_OK);
    }
    recorder_close(&rec);
    assert_int_equal(rec.count, 2);
    expect_chain(&rec, 0, 2);
    assert_int_equal(first_gap_reason(&rec, 1), SVMS_GAP_OVERLOAD);
    recorder_end(&rec);
}

static void a_recording_can_end_between_containers(void **state)
{
    recorder rec;
    recorder_begin(&rec, *state, SECOND, 0);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(recorder_take(&rec, i), SVMS_OK);
    }
    rec.no_more = ENOSPC;
    assert_int_equal(recorder_take(&rec, 10), SVMS_E_IO);
    svms_head head = SVMS_HEAD_INIT;
    assert_int_equal(svms_recording_get_head(rec.recording, &head), SVMS_OK);
    assert_memory_equal(head.manifest_hash, rec.head.manifest_hash, 32);
    assert_int_equal(svms_recording_close(&rec.recording, NULL), SVMS_OK);
    assert_null(rec.recording);
    recorder_end(&rec);
}

static void every_failing_allocation_is_clean_and_the_recording_goes_on(void **state)
{
    fixture *fix = *state;
    for (uint64_t n = 1;; n++) {
        recorder rec;
        int64_t before = fix->live_blocks;
        recorder_prepare(&rec, fix, SECOND, 0);
        fix->allocations = 0;
        fix->allocation_fails_at = n;
        svms_status status = svms_recording_open(&rec.recording, rec.ctx, &rec.options, &rec.err);
        assert_true(status == SVMS_OK || status == SVMS_E_NO_MEMORY);
        for (int i = 0; i < 22 && rec.recording != NULL; i++) {
            status = recorder_take(&rec, i);
            if (status != SVMS_OK) {
                assert_int_equal(status, SVMS_E_NO_MEMORY);
                assert_int_equal(recorder_take(&rec, i), SVMS_OK);
            }
        }
        if (rec.recording != NULL) {
            status = svms_recording_close(&rec.recording, &rec.err);
            assert_true(status == SVMS_OK || status == SVMS_E_NO_MEMORY);
        }
        bool reached = fix->allocations >= n;
        fix->allocation_fails_at = 0;
        recorder_end(&rec);
        assert_int_equal(fix->live_blocks, before);
        if (!reached) {
            assert_int_equal(status, SVMS_OK);
            return;
        }
    }
}

static void a_link_is_true_whichever_allocation_failed_before(void **state)
{
    fixture *fix = *state;
    for (uint64_t n = 1;; n++) {
        recorder rec;
        int failures = 0;
        recorder_begin(&rec, fix, 0, 0);
        fix->allocations = 0;
        fix->allocation_fails_at = n;
        for (int i = 0; i < 50; i++) {
            if (recorder_take(&rec, i) != SVMS_OK) {
                failures++;
                assert_int_equal(recorder_take(&rec, i), SVMS_OK);
            }
        }
        bool reached = fix->allocations >= n;
        fix->allocation_fails_at = 0;
        recorder_close(&rec);
        expect_interrupted(&rec, failures);
        recorder_end(&rec);
        if (!reached) {
            return;
        }
    }
}

static void a_sink_may_fail_with_any_status(void **state)
{
    static const svms_status statuses[] = { SVMS_E_IO, SVMS_E_USAGE, SVMS_E_STATE, SVMS_E_POLICY,
                                            SVMS_E_NO_MEMORY };
    for (size_t c = 0; c < sizeof statuses / sizeof statuses[0]; c++) {
        recorder rec;
        svms_recording_stats stats = SVMS_RECORDING_STATS_INIT;
        recorder_begin(&rec, *state, 0, 0);
        for (int i = 0; i < 15; i++) {
            assert_int_equal(recorder_take(&rec, i), SVMS_OK);
        }
        rec.write_fails_at = rec.writes + 1;
        rec.write_status = statuses[c];
        assert_int_equal(recorder_take(&rec, 15), statuses[c]);
        assert_int_equal(svms_recording_get_stats(rec.recording, &stats), SVMS_OK);
        assert_int_equal(stats.between_containers, 1);
        assert_int_equal(rec.parts[0].is.state, SVMS_RECORDING_LEFT_OPEN);
        for (int i = 15; i < 50; i++) {
            assert_int_equal(recorder_take(&rec, i), SVMS_OK);
        }
        recorder_close(&rec);
        assert_int_equal(rec.count, 2);
        expect_interrupted(&rec, 1);
        recorder_end(&rec);
    }
}

static void a_head_that_cannot_be_kept_is_counted_or_ends_the_recording(void **state)
{
    recorder rec;
    svms_recording_stats stats = SVMS_RECORDING_STATS_INIT;
    recorder_begin(&rec, *state, 0, 0);
    rec.keep_fails = SVMS_E_IO;
    for (int i = 0; i < 21; i++) {
        assert_int_equal(recorder_take(&rec, i), SVMS_OK);
    }
    assert_int_equal(svms_recording_get_stats(rec.recording, &stats), SVMS_OK);
    assert_int_equal(stats.heads_not_kept, 2);
    rec.keep_fails = SVMS_E_POLICY;
    for (int i = 21; i < 30; i++) {
        assert_int_equal(recorder_take(&rec, i), SVMS_OK);
    }
    assert_int_equal(recorder_take(&rec, 30), SVMS_E_POLICY);
    assert_int_equal(recorder_take(&rec, 31), SVMS_E_STATE);
    assert_int_equal(svms_recording_flush(rec.recording, NULL), SVMS_E_STATE);
    assert_int_equal(svms_recording_gap(rec.recording, SVMS_GAP_MOTION, NULL), SVMS_E_STATE);
    assert_int_equal(svms_recording_close(&rec.recording, NULL), SVMS_E_POLICY);
    /* The sample of the call that failed is stored, and the container is whole. */
    assert_int_equal(rec.parts[0].is.samples, 31);
    expect_chain(&rec, 0, 1);
    recorder_end(&rec);
}

static uint64_t staged_monotonic(void *user)
{
    return *(const uint64_t *)user;
}

static int64_t staged_utc(void *user)
{
    return T0 + (int64_t) * (const uint64_t *)user;
}

static void durability_decides_how_often_a_sink_is_synced(void **state)
{
    static const struct {
        svms_durability durability;
        uint64_t interval;
        uint64_t syncs; /* of sixty segments of a second, the end's own included */
    } cases[] = { { SVMS_DURABLE_SEGMENT, 0, 61 },
                  { SVMS_DURABLE_INTERVAL, 0, 7 },
                  { SVMS_DURABLE_INTERVAL, 20 * (uint64_t)SECOND, 4 },
                  { SVMS_DURABLE_NONE, 0, 1 } };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        recorder rec;
        uint64_t monotonic = 0;
        svms_ctx_options staged = SVMS_CTX_OPTIONS_INIT;
        recorder_prepare(&rec, *state, 0, 0);
        staged.user = &monotonic;
        staged.monotonic_now = staged_monotonic;
        staged.utc_now = staged_utc;
        assert_int_equal(svms_ctx_new(&rec.ctx, &staged, NULL), SVMS_OK);
        rec.writer.durability = cases[c].durability;
        rec.writer.durable_interval_ns = cases[c].interval;
        recorder_open(&rec);
        for (int i = 0; i < 600; i++) {
            monotonic = (uint64_t)i * 100000000u;
            assert_int_equal(recorder_take(&rec, i), SVMS_OK);
        }
        recorder_close(&rec);
        /* The last segment is flushed, and so synced unless nothing is. */
        if (rec.parts[0].file.syncs != cases[c].syncs) {
            fail_msg("case %zu: %llu syncs", c, (unsigned long long)rec.parts[0].file.syncs);
        }
        assert_int_equal(rec.heads, cases[c].durability == SVMS_DURABLE_SEGMENT ? 60
                                    : cases[c].durability == SVMS_DURABLE_NONE
                                        ? 1
                                        : cases[c].syncs - 1);
        recorder_end(&rec);
        svms_ctx_free(&rec.ctx);
    }
}

static void deferred_late_and_shared_signatures_rotate_as_well(void **state)
{
    fixture *fix = *state;
    for (int variant = 0; variant < 3; variant++) {
        recorder rec;
        svms_batch *batch = NULL;
        recorder_prepare(&rec, fix, 3 * SECOND, 0);
        rec.writer.signature_interval = variant == 0 ? 4 : 1;
        rec.writer.late_signatures = variant == 1;
        if (variant == 2) {
            assert_int_equal(svms_batch_new(&batch, fix->ctx, fix->recorder_key, fix->recorder,
                                            SVMS_ROLE_RECORDER, NULL),
                             SVMS_OK);
            rec.writer.batch = batch;
        }
        recorder_open(&rec);
        for (int i = 0; i < 80; i++) {
            assert_int_equal(recorder_take(&rec, i), SVMS_OK);
        }
        recorder_close(&rec);
        assert_int_equal(rec.count, 3);
        expect_chain(&rec, 0, 3);
        expect_samples(&rec, 80);
        recorder_end(&rec);
        svms_batch_free(&batch);
    }
}

static void nonsense_is_refused(void **state)
{
    fixture *fix = *state;
    recorder rec;
    svms_sample sample = SVMS_SAMPLE_INIT;
    recorder_prepare(&rec, fix, 0, 0);
    assert_int_equal(svms_recording_open(NULL, fix->ctx, &rec.options, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recording_open(&rec.recording, NULL, &rec.options, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recording_open(&rec.recording, fix->ctx, NULL, NULL), SVMS_E_USAGE);
    svms_recording_options good = rec.options;
    for (int i = 0; i < 6; i++) {
        rec.options = good;
        rec.options.writer = i == 0 ? NULL : good.writer;
        rec.options.open_sink = i == 1 ? NULL : good.open_sink;
        rec.options.close_sink = i == 2 ? NULL : good.close_sink;
        rec.options.rotate_ns = i == 3 ? 1 : 0;
        rec.options.rotate_bytes = i == 4 ? 1000 : 0;
        rec.options.remembered_state = i == 5 ? (svms_link_state)9 : SVMS_LINK_NONE;
        assert_int_equal(svms_recording_open(&rec.recording, fix->ctx, &rec.options, NULL),
                         SVMS_E_USAGE);
    }
    rec.options = good;
    svms_head other = SVMS_HEAD_INIT;
    memset(other.recording_id, 9, 16);
    memset(rec.writer.recording_id, 8, 16);
    rec.options.remembered = &other;
    assert_int_equal(svms_recording_open(&rec.recording, fix->ctx, &rec.options, NULL),
                     SVMS_E_USAGE);
    other.recording_sequence = UINT64_MAX;
    memset(rec.writer.recording_id, 9, 16);
    assert_int_equal(svms_recording_open(&rec.recording, fix->ctx, &rec.options, NULL),
                     SVMS_E_USAGE);
    rec.options = good;
    assert_int_equal(rec.count, 0);
    recorder_open(&rec);
    assert_int_equal(svms_recording_append(rec.recording, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recording_append(NULL, &sample, NULL), SVMS_E_USAGE);
    sample.track = 5;
    assert_int_equal(svms_recording_append(rec.recording, &sample, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recording_gap(rec.recording, SVMS_GAP_NONE, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recording_gap(NULL, SVMS_GAP_MOTION, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recording_flush(NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recording_get_head(NULL, &other), SVMS_E_USAGE);
    assert_int_equal(svms_recording_get_head(rec.recording, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recording_get_stats(rec.recording, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recording_add_timestamp(rec.recording, NULL, "x", 1, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recording_add_timestamp(rec.recording, &other, "x", 1, NULL),
                     SVMS_E_STATE);
    assert_int_equal(svms_recording_close(NULL, NULL), SVMS_E_USAGE);
    svms_recording_abort(NULL);
    assert_int_equal(recorder_take(&rec, 0), SVMS_OK);
    svms_head mine = SVMS_HEAD_INIT;
    assert_int_equal(svms_recording_flush(rec.recording, NULL), SVMS_OK);
    assert_int_equal(svms_recording_get_head(rec.recording, &mine), SVMS_OK);
    /* What attests another segment is refused, and the recording goes on. */
    mine.manifest_hash[0] ^= 1;
    assert_int_equal(svms_recording_add_timestamp(rec.recording, &mine, "x", 1, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(recorder_take(&rec, 1), SVMS_OK);
    recorder_close(&rec);
    recorder_end(&rec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_container_ends_by_time_at_a_sync_sample_and_its_successor_names_it, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(a_container_ends_by_size_at_a_sync_sample, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(without_sync_samples_a_container_ends_at_twice_its_time,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(every_container_has_its_own_keys_and_repeats_tracks,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_clock_that_is_set_begins_a_new_container_at_a_sync_sample,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_gap_that_was_stated_is_no_step_of_the_clock,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            heads_are_kept_after_each_durable_segment_and_name_what_is_there, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(the_whole_recording_verifies_with_the_head_that_was_kept,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            a_container_holds_a_remembered_segment_or_says_what_is_the_matter, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_found_is_compared_with_what_is_remembered,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_recording_that_was_killed_goes_on_behind_its_last_segment,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            a_failing_sink_costs_its_segment_and_the_next_container_goes_on, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_at_rotation_leaves_the_old_container_whole,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_recording_can_end_between_containers, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(every_failing_allocation_is_clean_and_the_recording_goes_on,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_link_is_true_whichever_allocation_failed_before,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_sink_may_fail_with_any_status, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_head_that_cannot_be_kept_is_counted_or_ends_the_recording,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(durability_decides_how_often_a_sink_is_synced,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(deferred_late_and_shared_signatures_rotate_as_well,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(nonsense_is_refused, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("recording", tests, NULL, NULL);
}
