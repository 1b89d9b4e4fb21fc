/* SPDX-License-Identifier: Apache-2.0 */
/* Every byte flipped, every length cut, every segment removed, repeated, swapped, replaced. */
#include <stdio.h>

#include "fixture.h"

static recipe small_container(int variant)
{
    recipe how = RECIPE_INIT;
    how.sample_size = 50;
    how.frames = 2;
    how.protection = variant == 1   ? SVMS_PROTECT_NONE
                     : variant == 2 ? SVMS_PROTECT_LIGHT
                                    : SVMS_PROTECT_STRONG;
    how.password = variant == 1 ? NULL : how.password;
    return how;
}

static uint64_t segment_at(const layout *at, size_t offset)
{
    for (size_t i = 0; i < at->segment_count; i++) {
        if (offset >= at->segments[i] && offset < at->segments[i + 1]) {
            return i;
        }
    }
    return SVMS_NO_SEGMENT;
}

static void every_flipped_byte_is_found_in_its_segment(void **state)
{
    fixture *fix = *state;
    for (int variant = 0; variant < 3; variant++) {
        recipe how = small_container(variant);
        memory_file file = { 0 };
        record_container(fix, &how, &file);
        layout at = lay_out_file(&file);
        assert_int_equal(at.segment_count, 3);
        for (size_t offset = 0; offset < file.size; offset++) {
            svms_report report;
            file.data[offset] ^= (uint8_t)(1u << (offset % 8));
            svms_status status = verify_file(fix, &file, fix->trust, &report);
            if (status == SVMS_OK || (status != SVMS_E_UNSUPPORTED && !report.has_failure)) {
                fail_msg("variant %d, byte %zu of %zu: %s", variant, offset, file.size,
                         svms_status_name(status));
            }
            if (status != SVMS_E_UNSUPPORTED &&
                report.first_failure.segment != segment_at(&at, offset)) {
                fail_msg("variant %d, byte %zu: segment %lld where %lld was hit: %s", variant,
                         offset, (long long)report.first_failure.segment,
                         (long long)segment_at(&at, offset), report.first_failure.reason);
            }
            uint64_t hit = segment_at(&at, offset);
            if (hit != SVMS_NO_SEGMENT) {
                assert_int_equal(status, SVMS_E_NOT_AUTHENTIC);
                assert_int_equal(report.first_failure.utc_ns, T0 + (int64_t)hit * SECOND);
                assert_int_equal(report.segments_verified, 2);
            }
            file.data[offset] ^= (uint8_t)(1u << (offset % 8));
        }
        memory_file_clear(&file);
    }
}

static void every_truncation_is_noticed(void **state)
{
    fixture *fix = *state;
    recipe how = small_container(0);
    memory_file file = { 0 };
    record_container(fix, &how, &file);
    layout at = lay_out_file(&file);
    size_t whole = file.size;
    for (file.size = 0; file.size < whole; file.size++) {
        svms_report report;
        svms_status status = verify_file(fix, &file, fix->trust, &report);
        assert_true(report.has_failure);
        if (file.size < at.first_record) {
            assert_int_equal(report.verdict, SVMS_VERDICT_NOT_AUTHENTIC);
            assert_int_equal(svms_status_class(status), SVMS_CLASS_MALFORMED);
            continue;
        }
        if (status != SVMS_E_INCOMPLETE) {
            fail_msg("cut at %zu: %s, %s", file.size, svms_status_name(status),
                     report.first_failure.reason);
        }
        uint64_t segment =
            file.size <= at.segments[3] ? segment_at(&at, file.size) : SVMS_NO_SEGMENT;
        /* What began here may be a segment as well as the end, as long as no record header is
         * whole. */
        if (file.size >= at.segments[3] && file.size < at.segments[3] + 16) {
            segment = 3;
        }
        assert_int_equal(report.first_failure.segment, segment);
        assert_int_equal(report.segments_verified, segment == SVMS_NO_SEGMENT ? 3 : segment);
        assert_int_equal(report.segments_failed, 0);
    }
    memory_file_clear(&file);
}

/* A file made of pieces of others. */
static void put_piece(memory_file *out, const memory_file *from, size_t start, size_t end)
{
    out->data = realloc(out->data, out->size + end - start);
    assert_non_null(out->data);
    memcpy(out->data + out->size, from->data + start, end - start);
    out->size += end - start;
}

static void expect_first_failure(fixture *fix, memory_file *file, uint64_t segment)
{
    svms_report report;
    svms_status status = verify_file(fix, file, fix->trust, &report);
    assert_int_equal(status, SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(report.verdict, SVMS_VERDICT_NOT_AUTHENTIC);
    if (report.first_failure.segment != segment) {
        fail_msg("segment %lld instead of %lld: %s", (long long)report.first_failure.segment,
                 (long long)segment, report.first_failure.reason);
    }
    memory_file_clear(file);
}

static void removed_repeated_and_swapped_segments_are_found(void **state)
{
    fixture *fix = *state;
    recipe how = small_container(0);
    memory_file file = { 0 };
    record_container(fix, &how, &file);
    layout at = lay_out_file(&file);
    for (size_t gone = 0; gone < 3; gone++) {
        memory_file cut = { 0 };
        put_piece(&cut, &file, 0, at.segments[gone]);
        put_piece(&cut, &file, at.segments[gone + 1], file.size);
        expect_first_failure(fix, &cut, gone == 2 ? SVMS_NO_SEGMENT : gone);
    }
    for (size_t twice = 0; twice < 3; twice++) {
        memory_file longer = { 0 };
        put_piece(&longer, &file, 0, at.segments[twice + 1]);
        put_piece(&longer, &file, at.segments[twice], file.size);
        expect_first_failure(fix, &longer, twice + 1);
    }
    for (size_t left = 0; left < 3; left++) {
        for (size_t right = left + 1; right < 3; right++) {
            memory_file swapped = { 0 };
            put_piece(&swapped, &file, 0, at.segments[left]);
            put_piece(&swapped, &file, at.segments[right], at.segments[right + 1]);
            put_piece(&swapped, &file, at.segments[left + 1], at.segments[right]);
            put_piece(&swapped, &file, at.segments[left], at.segments[left + 1]);
            put_piece(&swapped, &file, at.segments[right + 1], file.size);
            expect_first_failure(fix, &swapped, left);
        }
    }
    memory_file_clear(&file);
}

static void segments_of_another_recording_of_the_same_signer_are_foreign(void **state)
{
    fixture *fix = *state;
    recipe how = small_container(0);
    memory_file file = { 0 };
    memory_file other = { 0 };
    record_container(fix, &how, &file);
    record_container(fix, &how, &other);
    layout at = lay_out_file(&file);
    layout there = lay_out_file(&other);
    for (size_t i = 0; i < 3; i++) {
        memory_file spliced = { 0 };
        put_piece(&spliced, &file, 0, at.segments[i]);
        put_piece(&spliced, &other, there.segments[i], there.segments[i + 1]);
        put_piece(&spliced, &file, at.segments[i + 1], file.size);
        expect_first_failure(fix, &spliced, i);
    }
    memory_file joined = { 0 };
    put_piece(&joined, &file, 0, at.first_record);
    put_piece(&joined, &other, there.first_record, other.size);
    expect_first_failure(fix, &joined, 0);
    memory_file_clear(&file);
    memory_file_clear(&other);
}

static void bytes_behind_the_end_are_found(void **state)
{
    fixture *fix = *state;
    recipe how = small_container(0);
    memory_file file = { 0 };
    record_container(fix, &how, &file);
    layout at = lay_out_file(&file);
    memory_file longer = memory_copy(&file);
    put_piece(&longer, &file, 0, 1);
    expect_first_failure(fix, &longer, SVMS_NO_SEGMENT);
    memory_file second_end = memory_copy(&file);
    put_piece(&second_end, &file, at.end_record, file.size);
    expect_first_failure(fix, &second_end, SVMS_NO_SEGMENT);
    memory_file_clear(&file);
}

/* A reader hands out nothing of a segment in which a byte was flipped, and everything of the
 * others. */
static void a_reader_passes_over_a_falsified_segment(void **state)
{
    fixture *fix = *state;
    for (int variant = 0; variant < 3; variant++) {
        recipe how = small_container(variant);
        memory_file file = { 0 };
        record_container(fix, &how, &file);
        layout at = lay_out_file(&file);
        svms_keyring *ring = how.password != NULL ? password_ring(fix, how.password) : NULL;
        for (size_t offset = at.segments[1]; offset < at.segments[2]; offset++) {
            svms_reader *reader = NULL;
            svms_source source = memory_source(&file);
            svms_reader_options options = SVMS_READER_OPTIONS_INIT;
            unsigned good = 0;
            unsigned bad = 0;
            svms_status status;
            options.keys = ring;
            file.data[offset] ^= 0x10;
            assert_int_equal(svms_reader_open(&reader, fix->ctx, &source, &options, NULL), SVMS_OK);
            do {
                svms_sample sample = SVMS_SAMPLE_INIT;
                svms_error err = SVMS_ERROR_INIT;
                status = svms_reader_next(reader, &sample, &err);
                if (status == SVMS_OK) {
                    assert_int_not_equal(sample.segment, 1);
                    good++;
                } else if (status != SVMS_END) {
                    assert_int_equal(status, SVMS_E_NOT_AUTHENTIC);
                    assert_int_equal(err.segment, 1);
                    bad++;
                }
            } while (status != SVMS_END);
            if (good != 8 || bad != 1) {
                fail_msg("variant %d byte %zu: %u samples, %u failures", variant, offset, good,
                         bad);
            }
            svms_reader_close(&reader);
            file.data[offset] ^= 0x10;
        }
        svms_keyring_free(&ring);
        memory_file_clear(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_flipped_byte_is_found_in_its_segment, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(every_truncation_is_noticed, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(removed_repeated_and_swapped_segments_are_found,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(
            segments_of_another_recording_of_the_same_signer_are_foreign, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(bytes_behind_the_end_are_found, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_reader_passes_over_a_falsified_segment, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
