/* SPDX-License-Identifier: Apache-2.0 */
/* The index at every size, going to a time with and without it, and reading what is still being
 * written. */
#include "fixture.h"

/* One tiny sample of 10 ticks a segment, one each `step` ticks; every `stride`th begins with a sync
 * sample. */
static void record_apart(fixture *fix, uint32_t segments, uint32_t stride, int64_t step,
                         bool leave_open, memory_file *file)
{
    recipe how = RECIPE_INIT;
    svms_track tracks[2];
    svms_writer *writer = NULL;
    svms_sink sink = memory_sink(file);
    how.tracks = 1;
    how.is_unsigned = true;
    how.protection = SVMS_PROTECT_NONE;
    how.password = NULL;
    svms_writer_options options = writer_options(fix, &how, tracks);
    options.durability = SVMS_DURABLE_NONE;
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_OK);
    for (uint32_t i = 0; i < segments; i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        sample.dts = sample.pts = (int64_t)i * step;
        sample.duration = 10;
        sample.flags = i % stride == 0 ? SVMS_SAMPLE_SYNC : 0;
        sample.data = (const uint8_t *)&i;
        sample.size = 1;
        assert_int_equal(svms_writer_append(writer, &sample, NULL), SVMS_OK);
        assert_int_equal(svms_writer_flush(writer, NULL), SVMS_OK);
    }
    if (leave_open) {
        svms_writer_abort(&writer);
    } else {
        assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
    }
}

static void record_many(fixture *fix, uint32_t segments, uint32_t stride, bool leave_open,
                        memory_file *file)
{
    record_apart(fix, segments, stride, 10, leave_open, file);
}

static svms_reader *open_reader(fixture *fix, const svms_source *source)
{
    svms_reader *reader = NULL;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    options.allow_unverified = 1;
    assert_int_equal(svms_reader_open(&reader, fix->ctx, source, &options, NULL), SVMS_OK);
    return reader;
}

static void expect_seek(svms_reader *reader, int64_t ticks, svms_status status, uint64_t segment)
{
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_reader_seek(reader, T0 + ticks * (SECOND / 1000), &err), status);
    if (status == SVMS_OK) {
        if (svms_reader_next(reader, &sample, &err) != SVMS_OK) {
            fail_msg("after seeking to %lld: %s", (long long)ticks, err.message);
        }
        assert_int_equal(sample.segment, segment);
    }
}

static void the_index_verifies_and_leads_at_every_size(void **state)
{
    fixture *fix = *state;
    static const uint32_t counts[] = { 1,   2,     255,   256,   257,   511,  512,
                                       513, 65535, 65536, 65537, 65792, 65793 };
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        memory_file file = { 0 };
        svms_report report;
        uint32_t count = counts[i];
        record_many(fix, count, 1, false, &file);
        svms_source source = memory_source(&file);
        assert_int_equal(verify_file(fix, &file, fix->trust, &report), SVMS_E_UNTRUSTED);
        if (report.integrity != SVMS_INTEGRITY_INTACT || report.segments_verified != count) {
            fail_msg("%u segments: %s", count, report.first_failure.reason);
        }
        svms_reader *reader = open_reader(fix, &source);
        expect_seek(reader, -5, SVMS_OK, 0);
        expect_seek(reader, 0, SVMS_OK, 0);
        expect_seek(reader, (int64_t)(count / 2) * 10 + 3, SVMS_OK, count / 2);
        expect_seek(reader, (int64_t)count * 10 - 1, SVMS_OK, count - 1);
        expect_seek(reader, (int64_t)count * 10, SVMS_END, 0);
        svms_reader_close(&reader);
        memory_file_clear(&file);
    }
}

static void seeking_costs_the_same_in_a_long_recording(void **state)
{
    /* 70,000 segments: checkpoints of three levels, and 112 segments behind the newest one. */
    static const uint64_t wanted[] = { 0, 300, 65000, 65535, 65536, 65792, 69000, 69887, 69999 };
    fixture *fix = *state;
    for (int open = 0; open < 2; open++) {
        memory_file file = { 0 };
        record_many(fix, 70000, 1, open == 1, &file);
        svms_source source = memory_source(&file);
        svms_reader *reader = open_reader(fix, &source);
        for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
            file.reads = 0;
            expect_seek(reader, (int64_t)wanted[i] * 10, SVMS_OK, wanted[i]);
            if (file.reads >= (open == 1 ? 60 : 20)) {
                fail_msg("segment %u: %u reads", (unsigned)wanted[i], (unsigned)file.reads);
            }
        }
        expect_seek(reader, 700000, SVMS_END, 0);
        svms_reader_close(&reader);
        memory_file_clear(&file);
    }
}

/* Whatever a checkpoint or its pointer says, seeking ends at the right segment. */
static void checkpoints_that_lie_hide_nothing(void **state)
{
    fixture *fix = *state;
    memory_file file = { 0 };
    record_many(fix, 600, 1, true, &file);
    for (size_t at = 0; at + 16 <= file.size; at++) {
        bool index = memcmp(file.data + at, "SVMSINDX", 8) == 0;
        if (!index && memcmp(file.data + at, "SVMSSEG1", 8) != 0) {
            continue;
        }
        /* Pointers and the first entry of a checkpoint, the pointer of a start. */
        size_t from = index ? at + 24 : at + 72;
        for (size_t byte = from; byte < from + (index ? 48 : 8); byte += 3) {
            svms_source source = memory_source(&file);
            file.data[byte] ^= 0x11;
            svms_reader *reader = open_reader(fix, &source);
            svms_sample sample = SVMS_SAMPLE_INIT;
            assert_int_equal(svms_reader_seek(reader, T0 + 5200 * (SECOND / 1000), NULL), SVMS_OK);
            svms_status status = svms_reader_next(reader, &sample, NULL);
            assert_true(status == SVMS_E_NOT_AUTHENTIC ||
                        (status == SVMS_OK && sample.segment <= 520));
            svms_reader_close(&reader);
            file.data[byte] ^= 0x11;
        }
        at += 600 * 16; /* a sample of the places is enough */
    }
    memory_file_clear(&file);
}

static void seeking_goes_back_to_a_sync_sample(void **state)
{
    fixture *fix = *state;
    for (int open = 0; open < 2; open++) {
        memory_file file = { 0 };
        record_many(fix, 600, 7, open == 1, &file);
        svms_source source = memory_source(&file);
        svms_reader *reader = open_reader(fix, &source);
        expect_seek(reader, 5000, SVMS_OK, 497);
        expect_seek(reader, 4979, SVMS_OK, 497);
        expect_seek(reader, 4965, SVMS_OK, 490);
        expect_seek(reader, 65, SVMS_OK, 0);
        expect_seek(reader, 75, SVMS_OK, 7);
        svms_reader_close(&reader);
        memory_file_clear(&file);
    }
}

/* Few segments are walked through, many have checkpoints. */
static void time_between_two_segments_leads_to_the_one_before(void **state)
{
    fixture *fix = *state;
    for (int open = 0; open < 2; open++) {
        for (uint32_t segments = 3; segments < 700; segments += 200) {
            memory_file file = { 0 };
            record_apart(fix, segments, 1, 20, open == 1, &file);
            svms_source source = memory_source(&file);
            svms_reader *reader = open_reader(fix, &source);
            for (uint32_t i = 0; i + 1 < segments; i++) {
                expect_seek(reader, (int64_t)i * 20 + 9, SVMS_OK, i);
                expect_seek(reader, (int64_t)i * 20 + 10, SVMS_OK, i);
                expect_seek(reader, (int64_t)i * 20 + 19, SVMS_OK, i);
            }
            expect_seek(reader, (int64_t)segments * 20, SVMS_END, 0);
            svms_reader_close(&reader);
            memory_file_clear(&file);
        }
    }
}

/* Changes a root index entry's first time, so that it seems to begin earlier than it does. */
static void an_index_that_lies_hides_nothing(void **state)
{
    fixture *fix = *state;
    memory_file file = { 0 };
    record_many(fix, 20, 1, false, &file);
    size_t index = 0;
    for (size_t i = 0; i + 8 < file.size; i++) {
        if (memcmp(file.data + i, "SVMSINDX", 8) == 0) {
            index = i;
        }
    }
    assert_true(index != 0);
    /* Entry 15 claims to begin at the time of entry 5: 32 bytes in front, 40 bytes an entry, time
     * at 16. */
    for (size_t entry = 6; entry <= 15; entry++) {
        memcpy(file.data + index + 32 + entry * 40 + 16, file.data + index + 32 + 5 * 40 + 16, 8);
    }
    svms_source source = memory_source(&file);
    svms_reader *reader = open_reader(fix, &source);
    expect_seek(reader, 55, SVMS_OK, 5);
    svms_reader_close(&reader);

    svms_report report = SVMS_REPORT_INIT;
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    options.from_utc_ns = T0 + 55 * (SECOND / 1000);
    options.to_utc_ns = T0 + 58 * (SECOND / 1000);
    assert_int_equal(svms_verify_container(fix->ctx, &source, &options, &report, NULL),
                     SVMS_E_UNTRUSTED);
    assert_int_equal(report.first_utc_ns, T0 + 50 * (SECOND / 1000));
    assert_int_equal(report.segments_verified, 1);
    memory_file_clear(&file);
}

static void readers_follow_a_writer(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    svms_track tracks[2];
    memory_file file = { 0 };
    svms_writer *writer = NULL;
    svms_reader *readers[3] = { NULL };
    unsigned seen[3] = { 0 };
    svms_reader_options reading = SVMS_READER_OPTIONS_INIT;
    svms_keyring *ring = password_ring(fix, how.password);
    svms_sink sink = memory_sink(&file);
    svms_writer_options options = writer_options(fix, &how, tracks);
    reading.keys = ring;
    reading.trust = fix->trust;
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_OK);
    svms_source source = memory_source(&file);
    for (uint32_t segment = 0; segment < 5; segment++) {
        if (segment < 3) {
            assert_int_equal(svms_reader_open(&readers[segment], fix->ctx, &source, &reading, NULL),
                             SVMS_OK);
        }
        assert_int_equal(append_segment(writer, &how, segment, NULL), SVMS_OK);
        for (uint32_t i = 0; i < 3 && i <= segment; i++) {
            svms_sample sample = SVMS_SAMPLE_INIT;
            svms_status status;
            while ((status = svms_reader_next(readers[i], &sample, NULL)) == SVMS_OK) {
                seen[i]++;
            }
            assert_int_equal(status, SVMS_AGAIN);
            /* The segment that is under way is not handed out. */
            assert_int_equal(seen[i], segment * 5);
        }
    }
    assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
    for (uint32_t i = 0; i < 3; i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        svms_status status;
        while ((status = svms_reader_next(readers[i], &sample, NULL)) == SVMS_OK) {
            seen[i]++;
        }
        assert_int_equal(status, SVMS_END);
        assert_int_equal(seen[i], 25);
        svms_reader_close(&readers[i]);
    }
    svms_keyring_free(&ring);
    memory_file_clear(&file);
}

/* With leave to hand out what is not signed yet, the tail of an interrupted recording can be seen,
 * marked. */
static void the_tail_of_an_interrupted_recording_is_marked(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    memory_file file = { 0 };
    svms_keyring *ring = password_ring(fix, how.password);
    record_container(fix, &how, &file);
    layout at = lay_out_file(&file);
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    options.keys = ring;
    options.allow_unverified = 1;
    for (file.size = at.segments[2]; file.size < at.segments[3]; file.size += 13) {
        svms_reader *reader = NULL;
        svms_sample sample = SVMS_SAMPLE_INIT;
        svms_source source = memory_source(&file);
        unsigned attested = 0;
        svms_status status;
        assert_int_equal(svms_reader_open(&reader, fix->ctx, &source, &options, NULL), SVMS_OK);
        while ((status = svms_reader_next(reader, &sample, NULL)) == SVMS_OK) {
            bool marked = (sample.flags & SVMS_SAMPLE_UNATTESTED) != 0;
            assert_int_equal(marked, sample.segment == 2);
            attested += !marked;
        }
        assert_int_equal(status, SVMS_AGAIN);
        assert_int_equal(attested, 10);
        svms_reader_close(&reader);
    }
    svms_keyring_free(&ring);
    memory_file_clear(&file);
}

static void capture_time_that_goes_back_is_refused_and_harms_nothing(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    svms_track tracks[2];
    memory_file file = { 0 };
    svms_report report;
    svms_writer *writer = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_sink sink = memory_sink(&file);
    svms_writer_options options = writer_options(fix, &how, tracks);
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_OK);
    assert_int_equal(append_segment(writer, &how, 5, NULL), SVMS_OK);
    assert_int_equal(append_segment(writer, &how, 2, &err), SVMS_E_STATE);
    assert_non_null(strstr(err.message, "went back"));
    assert_int_equal(append_segment(writer, &how, 6, NULL), SVMS_OK);
    assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
    assert_int_equal(verify_file(fix, &file, fix->trust, &report), SVMS_OK);
    assert_int_equal(report.segments_verified, 2);
    memory_file_clear(&file);
}

static void gaps_carry_their_signed_reason(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    svms_track tracks[2];
    memory_file file = { 0 };
    svms_report report;
    svms_writer *writer = NULL;
    svms_sink sink = memory_sink(&file);
    svms_writer_options options = writer_options(fix, &how, tracks);
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_OK);
    assert_int_equal(append_segment(writer, &how, 0, NULL), SVMS_OK);
    assert_int_equal(svms_writer_gap(writer, SVMS_GAP_SIGNAL_LOST, NULL), SVMS_OK);
    assert_int_equal(append_segment(writer, &how, 60, NULL), SVMS_OK);
    assert_int_equal(append_segment(writer, &how, 90, NULL), SVMS_OK);
    assert_int_equal(svms_writer_gap(writer, (svms_gap_reason)99, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
    assert_int_equal(verify_file(fix, &file, fix->trust, &report), SVMS_OK);
    assert_int_equal(report.gap_count, 2);
    assert_int_equal(report.gaps[0].reason, SVMS_GAP_SIGNAL_LOST);
    assert_int_equal(report.gaps[0].to_utc_ns, T0 + 60 * SECOND);
    assert_int_equal(report.gaps[1].reason, SVMS_GAP_NONE);
    memory_file_clear(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_index_verifies_and_leads_at_every_size, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(seeking_costs_the_same_in_a_long_recording, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(checkpoints_that_lie_hide_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(seeking_goes_back_to_a_sync_sample, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(time_between_two_segments_leads_to_the_one_before,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(an_index_that_lies_hides_nothing, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(readers_follow_a_writer, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(the_tail_of_an_interrupted_recording_is_marked,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(capture_time_that_goes_back_is_refused_and_harms_nothing,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(gaps_carry_their_signed_reason, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
