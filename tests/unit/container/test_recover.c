/* SPDX-License-Identifier: Apache-2.0 */
/* Recovery: cut at every byte, damaged in every record, followed by zeros, by garbage, by remains
 * of other recordings. What a clean copy must be is worked out here by a walk of its own. */
#include <stdio.h>

#include <zlib.h>

#include "fixture.h"

static recipe small_container(void)
{
    recipe how = RECIPE_INIT;
    how.sample_size = 50;
    how.frames = 2;
    return how;
}

static uint32_t u32_at(const uint8_t *at)
{
    return ((uint32_t)at[0] << 24) | ((uint32_t)at[1] << 16) | ((uint32_t)at[2] << 8) | at[3];
}

/* Size of the whole record at this place, or 0. */
static size_t record_size(const memory_file *file, size_t at)
{
    size_t left = file->size - at;
    const uint8_t *data = file->data + at;
    if (left < 16 || data[0] < 1 || data[0] > 9) {
        return 0;
    }
    size_t header = data[0] == 1 ? data[3] : 16;
    if (header < 16 || header > 32 || left < header ||
        crc32(0, data, (uInt)(header - 4)) != u32_at(data + header - 4)) {
        return 0;
    }
    size_t size = header + u32_at(data + 4);
    return size <= left ? size : 0;
}

/* End of the last record of what was cut off, and perhaps filled up with something else. A segment
 * start or index record that does not name its container is none, nor is a sealed sample whose tag
 * is nothing but zeros. */
static size_t whole_records(const memory_file *file, size_t first_record, size_t cut)
{
    size_t at = first_record;
    for (size_t size = 1; at < file->size && size != 0; at += size) {
        size = record_size(file, at);
        if ((file->data[at] == 2 || file->data[at] == 5) && at + 32 > cut) {
            size = 0;
        }
        static const uint8_t zeros[16];
        if (file->data[at] == 1 && size != 0 && at + size < file->size &&
            memcmp(file->data + at + size - 16, zeros, 16) == 0) {
            size = 0;
        }
    }
    return at;
}

static svms_status recover(fixture *fix, memory_file *file, memory_file *copy,
                           svms_recovery_report *report, svms_error *err)
{
    svms_recovery_options options = SVMS_RECOVERY_OPTIONS_INIT;
    svms_source source = memory_source(file);
    svms_sink sink = SVMS_SINK_INIT;
    if (copy != NULL) {
        sink = memory_sink(copy);
        options.sink = &sink;
    }
    *report = (svms_recovery_report)SVMS_RECOVERY_REPORT_INIT;
    *err = (svms_error)SVMS_ERROR_INIT;
    return svms_recover(fix->ctx, &source, &options, report, err);
}

/* How a file and its clean copy verify. */
typedef struct verdicts {
    svms_status original;
    svms_status copy;
} verdicts;

/* Recovers with a copy; whatever else holds must hold here too. */
static svms_recovery_report recover_and_verify(fixture *fix, memory_file *file, memory_file *copy,
                                               verdicts *out)
{
    svms_recovery_report report;
    svms_report before;
    svms_report after;
    svms_error err;
    if (recover(fix, file, copy, &report, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(report.file_size, file->size);
    assert_int_equal(report.file_size, report.bytes_attested + report.bytes_damaged +
                                           report.bytes_unattested + report.bytes_torn +
                                           report.bytes_trailer + report.bytes_zero +
                                           report.bytes_other);
    assert_int_equal(report.copy_size, copy->size);
    assert_memory_equal(copy->data, file->data, copy->size);
    assert_int_equal(report.copy_loses,
                     report.bytes_torn + report.bytes_trailer + report.bytes_other != 0);
    out->original = verify_file(fix, file, fix->trust, &before);
    out->copy = verify_file(fix, copy, fix->trust, &after);
    assert_int_equal(before.segments_verified, after.segments_verified);
    assert_int_equal(before.samples_verified, after.samples_verified);
    assert_int_equal(after.segments_verified, report.segments_attested);
    assert_int_equal(after.segments_failed, report.segments_failed);
    assert_int_equal(after.samples_verified, report.samples_attested);
    assert_int_equal(after.first_utc_ns, report.first_utc_ns);
    assert_int_equal(after.last_utc_ns, report.last_utc_ns);
    assert_int_equal(after.closed, report.closed);
    if (report.copy_size == report.file_size) {
        assert_int_equal(out->original, out->copy);
        assert_int_equal(before.first_failure.segment, after.first_failure.segment);
    }
    return report;
}

static svms_recovery_report recover_well(fixture *fix, memory_file *file, memory_file *copy)
{
    verdicts ignored;
    return recover_and_verify(fix, file, copy, &ignored);
}

static void expect_nothing_wrong(const svms_recovery_report *report)
{
    assert_int_equal(report->closed, 1);
    assert_int_equal(report->end_damaged, 0);
    assert_int_equal(report->stretch_count, 0);
    assert_int_equal(report->segments_failed, 0);
    assert_int_equal(report->segments_lost, 0);
    assert_int_equal(report->records_unattested, 0);
    assert_int_equal(report->copy_loses, 0);
    assert_int_equal(report->bytes_attested, report->file_size);
    assert_int_equal(report->copy_size, report->file_size);
}

static void of_a_whole_container_nothing_is_to_be_recovered(void **state)
{
    fixture *fix = *state;
    for (int variant = 0; variant < 4; variant++) {
        recipe how = small_container();
        memory_file file = { 0 };
        memory_file copy = { 0 };
        how.is_unsigned = variant == 1;
        how.protection = variant == 2   ? SVMS_PROTECT_NONE
                         : variant == 3 ? SVMS_PROTECT_LIGHT
                                        : SVMS_PROTECT_STRONG;
        how.password = variant == 2 ? NULL : how.password;
        record_container(fix, &how, &file);
        svms_recovery_report report = recover_well(fix, &file, &copy);
        expect_nothing_wrong(&report);
        assert_int_equal(copy.size, file.size);
        assert_int_equal(copy.syncs, 1);
        assert_int_equal(report.segments_attested, 3);
        assert_int_equal(report.samples_attested, 12);
        assert_int_equal(report.role, variant == 1 ? SVMS_ROLE_NONE : SVMS_ROLE_RECORDER);
        assert_int_equal(report.last_utc_ns, T0 + 3 * SECOND + 7 * (SECOND / 1000));
        memory_file_clear(&copy);
        memory_file_clear(&file);
    }
}

static void append(memory_file *file, const uint8_t *data, size_t size)
{
    svms_iovec run = { data, size };
    int os_error = 0;
    assert_int_equal(memory_sink(file).write(file, &run, 1, &os_error), SVMS_OK);
}

static memory_file beginning(const memory_file *file, size_t size)
{
    memory_file part = memory_copy(file);
    part.size = size;
    return part;
}

static unsigned complete_segments(const layout *at, size_t size)
{
    unsigned count = 0;
    while (count < at->segment_count && at->segments[count + 1] <= size) {
        count++;
    }
    return count;
}

static void expect_cut(fixture *fix, const memory_file *file, const layout *at, size_t cut,
                       const uint8_t *more, size_t more_size)
{
    memory_file part = beginning(file, cut);
    memory_file copy = { 0 };
    append(&part, more, more_size);
    /* What is appended may happen to be what was cut off. */
    while (cut < file->size && cut < part.size && part.data[cut] == file->data[cut]) {
        cut++;
        more_size--;
        more++;
    }
    size_t whole = whole_records(&part, at->first_record, cut);
    verdicts found;
    svms_recovery_report report = recover_and_verify(fix, &part, &copy, &found);
    if (report.copy_size != whole || report.segments_attested != complete_segments(at, cut)) {
        fail_msg("cut at %zu of %zu, %zu more: copy of %llu where %zu was due, %llu segments", cut,
                 file->size, more_size, (unsigned long long)report.copy_size, whole,
                 (unsigned long long)report.segments_attested);
    }
    assert_int_equal(report.closed, cut == file->size);
    if (more_size == 0) {
        assert_int_equal(report.bytes_torn, cut - whole - report.bytes_zero);
        assert_int_equal(report.bytes_other, 0);
    }
    /* What fills up a record that was cut off cannot be told from damage. */
    if (whole <= cut) {
        assert_int_equal(found.copy, report.closed ? SVMS_OK : SVMS_E_INCOMPLETE);
        /* Zeros behind it are no lie (C-VER-1). */
        if (!report.closed && (more_size == 0 || more[0] == 0)) {
            assert_int_equal(found.original, SVMS_E_INCOMPLETE);
        }
        assert_int_equal(report.end_damaged, 0);
        assert_int_equal(report.stretch_count, 0);
        assert_int_equal(report.bytes_damaged, 0);
    }
    memory_file_clear(&copy);
    memory_file_clear(&part);
}

static void every_cut_leaves_complete_segments_and_whole_records(void **state)
{
    fixture *fix = *state;
    recipe how = small_container();
    memory_file file = { 0 };
    uint8_t zeros[300] = { 0 };
    uint8_t garbage[300];
    how.tracks = 1;
    how.segments = 2;
    record_container(fix, &how, &file);
    layout at = lay_out_file(&file);
    memset(garbage, 0xA5, sizeof(garbage));
    for (size_t cut = 0; cut < at.first_record; cut++) {
        svms_recovery_report report;
        svms_error err;
        memory_file part = beginning(&file, cut);
        memory_file copy = { 0 };
        svms_status status = recover(fix, &part, &copy, &report, &err);
        assert_int_equal(svms_status_class(status), SVMS_CLASS_MALFORMED);
        assert_int_equal(copy.writes, 0);
        memory_file_clear(&part);
    }
    for (size_t cut = at.first_record; cut <= file.size; cut++) {
        expect_cut(fix, &file, &at, cut, zeros, 0);
        expect_cut(fix, &file, &at, cut, zeros, 1 + cut % sizeof(zeros));
        expect_cut(fix, &file, &at, cut, garbage, 1 + cut % sizeof(garbage));
    }
    memory_file_clear(&file);
}

/* A container whose manifests are not all signed at once (C-SIG-4, C-SIG-5). */
static void record_signing(fixture *fix, uint32_t interval, uint32_t late, memory_file *file)
{
    recipe how = small_container();
    svms_track tracks[2];
    svms_writer *writer = NULL;
    svms_sink sink = memory_sink(file);
    how.tracks = 1;
    svms_writer_options options = writer_options(fix, &how, tracks);
    options.signature_interval = interval;
    options.late_signatures = late;
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_OK);
    for (uint32_t i = 0; i < 7; i++) {
        assert_int_equal(append_segment(writer, &how, i, NULL), SVMS_OK);
    }
    assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
}

static void segments_that_nobody_signed_yet_are_unattested_and_kept(void **state)
{
    fixture *fix = *state;
    for (uint32_t late = 0; late < 2; late++) {
        memory_file file = { 0 };
        record_signing(fix, 3, late, &file);
        size_t at = lay_out_file(&file).first_record;
        for (size_t size = 0; at < file.size; at += size) {
            memory_file part = beginning(&file, at + 7);
            memory_file copy = { 0 };
            size = record_size(&file, at);
            assert_int_not_equal(size, 0);
            svms_recovery_report report = recover_well(fix, &part, &copy);
            assert_int_equal(copy.size, at);
            assert_int_equal(report.bytes_torn + report.bytes_zero, 7);
            assert_int_equal(report.closed, 0);
            assert_int_equal(report.end_damaged, 0);
            assert_int_equal(report.segments_lost, 0);
            assert_int_equal(report.bytes_damaged, 0);
            memory_file_clear(&copy);
            memory_file_clear(&part);
        }
        memory_file whole = { 0 };
        svms_recovery_report report = recover_well(fix, &file, &whole);
        expect_nothing_wrong(&report);
        memory_file_clear(&whole);
        memory_file_clear(&file);
    }
}

static void what_follows_the_last_record_is_told_apart(void **state)
{
    fixture *fix = *state;
    recipe how = small_container();
    memory_file file = { 0 };
    uint8_t tail[200] = { 0 };
    how.leave_open = true;
    record_container(fix, &how, &file);
    layout at = lay_out_file(&file);
    size_t start = at.segments[2]; /* the start record of the last segment */
    size_t header = record_size(&file, start);
    static const struct {
        const char *what;
        size_t keep; /* bytes of the last segment */
        size_t garbage;
        size_t zeros;
        size_t records;
        size_t torn;
        size_t zero;
        size_t other;
    } cases[] = {
        { "nothing", 0, 0, 0, 0, 0, 0, 0 },
        { "zeros", 0, 0, 150, 0, 0, 150, 0 },
        { "garbage", 0, 40, 0, 0, 0, 0, 40 },
        { "garbage and zeros", 0, 40, 100, 0, 0, 100, 40 },
        { "a byte of a header", 1, 0, 0, 0, 1, 0, 0 },
        { "a byte of a header and zeros", 1, 0, 99, 0, 1, 99, 0 },
        { "a header less a byte", 15, 0, 0, 0, 15, 0, 0 },
        { "a header", 16, 0, 0, 0, 16, 0, 0 },
        { "half a header and garbage", 8, 30, 0, 0, 0, 0, 38 },
        { "half a start", 60, 0, 0, 0, 60, 0, 0 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memory_file part = beginning(&file, start + cases[i].keep);
        memory_file copy = { 0 };
        memset(tail, 0xEE, cases[i].garbage);
        memset(tail + cases[i].garbage, 0, cases[i].zeros);
        append(&part, tail, cases[i].garbage + cases[i].zeros);
        svms_recovery_report report = recover_well(fix, &part, &copy);
        if (report.bytes_torn != cases[i].torn || report.bytes_zero != cases[i].zero ||
            report.bytes_other != cases[i].other || report.records_unattested != cases[i].records ||
            report.copy_size != start) {
            fail_msg("%s: torn %llu, zero %llu, other %llu", cases[i].what,
                     (unsigned long long)report.bytes_torn, (unsigned long long)report.bytes_zero,
                     (unsigned long long)report.bytes_other);
        }
        memory_file_clear(&copy);
        memory_file_clear(&part);
    }
    assert_true(header > 16);
    memory_file_clear(&file);
}

static void an_unfinished_segment_is_counted_and_kept(void **state)
{
    fixture *fix = *state;
    recipe how = small_container();
    memory_file file = { 0 };
    memory_file copy = { 0 };
    record_container(fix, &how, &file);
    layout at = lay_out_file(&file);
    size_t cut = at.segments[2];
    for (int i = 0; i < 4; i++) {
        cut += record_size(&file, cut);
    }
    memory_file part = beginning(&file, cut + 9);
    svms_recovery_report report = recover_well(fix, &part, &copy);
    assert_int_equal(report.segments_attested, 2);
    assert_int_equal(report.last_utc_ns, T0 + 2 * SECOND + 7 * (SECOND / 1000));
    assert_int_equal(report.records_unattested, 4);
    assert_int_equal(report.samples_unattested, 3);
    assert_int_equal(report.bytes_unattested, cut - at.segments[2]);
    assert_int_equal(report.bytes_torn + report.bytes_zero, 9);
    assert_int_equal(report.copy_size, cut);
    assert_int_equal(report.copy_loses, 1);
    memory_file_clear(&copy);
    memory_file_clear(&part);
    memory_file_clear(&file);
}

static void damage_in_an_unfinished_segment_ends_what_can_be_kept(void **state)
{
    fixture *fix = *state;
    recipe how = small_container();
    memory_file file = { 0 };
    memory_file copy = { 0 };
    record_container(fix, &how, &file);
    layout at = lay_out_file(&file);
    size_t second = at.segments[2] + record_size(&file, at.segments[2]);
    size_t third = second + record_size(&file, second);
    memory_file part = beginning(&file, third + record_size(&file, third));
    part.data[second + 5] ^= 1;
    svms_recovery_report report = recover_well(fix, &part, &copy);
    assert_int_equal(report.segments_attested, 2);
    assert_int_equal(report.records_unattested, 1);
    assert_int_equal(report.samples_unattested, 0);
    assert_int_equal(report.copy_size, second);
    assert_int_equal(report.bytes_other, part.size - second);
    memory_file_clear(&copy);
    memory_file_clear(&part);
    memory_file_clear(&file);
}

static size_t segment_holding(const layout *at, size_t offset)
{
    for (size_t i = 0; i < at->segment_count; i++) {
        if (offset >= at->segments[i] && offset < at->segments[i + 1]) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* One damaged byte in a closed container. */
static void expect_damage(fixture *fix, memory_file *file, const layout *at, size_t offset)
{
    memory_file copy = { 0 };
    size_t hit = segment_holding(at, offset);
    file->data[offset] ^= 0x10;
    svms_recovery_report report = recover_well(fix, file, &copy);
    file->data[offset] ^= 0x10;
    if (report.copy_loses || report.copy_size != file->size) {
        fail_msg("byte %zu of %zu: a copy of %llu", offset, file->size,
                 (unsigned long long)report.copy_size);
    }
    if (hit == SIZE_MAX) {
        assert_int_equal(report.segments_attested, 3);
        if (report.closed || !report.end_damaged) {
            fail_msg("byte %zu of %zu: closed %u, end damaged %u", offset, file->size,
                     report.closed, report.end_damaged);
        }
        assert_int_equal(report.stretch_count, 0);
    } else {
        assert_int_equal(report.segments_attested, 2);
        assert_int_equal(report.segments_lost, 1);
        if (report.stretch_count != 1) {
            fail_msg("byte %zu: %u stretches", offset, report.stretch_count);
        }
        assert_int_equal(report.stretches[0].offset, at->segments[hit]);
        assert_int_equal(report.stretches[0].size, at->segments[hit + 1] - at->segments[hit]);
        assert_int_equal(report.stretches[0].first_segment, hit);
        assert_int_equal(report.stretches[0].segments, 1);
    }
    memory_file_clear(&copy);
}

static void one_damaged_byte_costs_one_segment_and_is_copied_as_it_is(void **state)
{
    fixture *fix = *state;
    recipe how = small_container();
    memory_file file = { 0 };
    how.tracks = 1;
    record_container(fix, &how, &file);
    layout at = lay_out_file(&file);
    for (size_t offset = at.first_record; offset < file.size; offset++) {
        expect_damage(fix, &file, &at, offset);
    }
    memory_file_clear(&file);
}

static void a_damaged_manifest_at_the_very_end_is_kept(void **state)
{
    fixture *fix = *state;
    recipe how = small_container();
    memory_file file = { 0 };
    how.leave_open = true;
    record_container(fix, &how, &file);
    layout at = lay_out_file(&file);
    size_t manifest = at.segments[2];
    while (file.data[manifest] != 3) {
        manifest += record_size(&file, manifest);
    }
    file.size = manifest + record_size(&file, manifest);
    file.size +=
        record_size(&(memory_file){ file.data, at.segments[3], 0, 0, 0, 0, 0, 0, 0 }, file.size);
    for (size_t offset = manifest; offset < manifest + 60; offset++) {
        memory_file copy = { 0 };
        file.data[offset] ^= 4;
        svms_recovery_report report = recover_well(fix, &file, &copy);
        assert_int_equal(report.segments_attested, 2);
        assert_int_equal(report.copy_size, file.size);
        file.data[offset] ^= 4;
        memory_file_clear(&copy);
    }
    memory_file_clear(&file);
}

static void all_segments_are_found_without_any_index(void **state)
{
    fixture *fix = *state;
    recipe how = small_container();
    memory_file file = { 0 };
    memory_file copy = { 0 };
    how.tracks = 1;
    how.segments = 300;
    how.sample_size = 8;
    record_container(fix, &how, &file);
    layout at = { 0 };
    /* Every index record within the segments, and everything behind them. */
    size_t first = file.size;
    for (size_t offset =
             lay_out_file(&(memory_file){ file.data, 2000, 0, 0, 0, 0, 0, 0, 0 }).first_record;
         offset < file.size; offset += record_size(&file, offset)) {
        if (file.data[offset] == 5 && u32_at(file.data + offset + 8) == 0) {
            first = offset;
            break;
        }
    }
    (void)at;
    memset(file.data + first, 0xC3, file.size - first);
    svms_recovery_report report = recover_well(fix, &file, &copy);
    assert_int_equal(report.segments_attested, 300);
    assert_int_equal(report.copy_size, first);
    assert_int_equal(report.bytes_other, file.size - first);
    assert_int_equal(report.stretch_count, 0);
    memory_file_clear(&copy);
    memory_file_clear(&file);
}

static void removed_segments_are_a_stretch_without_bytes(void **state)
{
    fixture *fix = *state;
    recipe how = small_container();
    how.segments = 5;
    memory_file file = { 0 };
    record_container(fix, &how, &file);
    layout at = lay_out_file(&file);
    for (size_t gone = 0; gone < 4; gone++) {
        memory_file less = memory_copy(&file);
        memory_file copy = { 0 };
        size_t last = gone == 3 ? 5 : gone + 1;
        memmove(less.data + at.segments[gone], file.data + at.segments[last],
                file.size - at.segments[last]);
        less.size -= at.segments[last] - at.segments[gone];
        svms_recovery_report report = recover_well(fix, &less, &copy);
        assert_int_equal(copy.size, less.size);
        if (gone < 3) {
            assert_int_equal(report.stretch_count, 1);
            assert_int_equal(report.stretches[0].first_segment, gone);
            /* Verification names the segment behind the place where the chain breaks as well. */
            assert_in_range(report.segments_lost, 1, 2);
        }
        memory_file_clear(&copy);
        memory_file_clear(&less);
    }
    memory_file_clear(&file);
}

static void only_so_many_stretches_are_listed_and_all_are_counted(void **state)
{
    fixture *fix = *state;
    recipe how = small_container();
    memory_file file = { 0 };
    memory_file copy = { 0 };
    size_t starts[150];
    size_t count = 0;
    how.tracks = 1;
    how.segments = 150;
    how.sample_size = 8;
    record_container(fix, &how, &file);
    size_t offset =
        lay_out_file(&(memory_file){ file.data, 2000, 0, 0, 0, 0, 0, 0, 0 }).first_record;
    for (; count < 150; offset += record_size(&file, offset)) {
        if (file.data[offset] == 2) {
            starts[count++] = offset;
        }
    }
    for (size_t i = 0; i < 150; i += 2) {
        file.data[starts[i] + 50] ^= 1;
    }
    svms_recovery_report report = recover_well(fix, &file, &copy);
    assert_int_equal(report.stretch_count, 75);
    assert_int_equal(report.segments_lost, 75);
    assert_int_equal(report.segments_attested, 75);
    for (size_t i = 0; i < SVMS_REPORT_STRETCHES; i++) {
        assert_int_equal(report.stretches[i].first_segment, 2 * i);
        assert_int_equal(report.stretches[i].offset, starts[2 * i]);
    }
    memory_file_clear(&copy);
    memory_file_clear(&file);
}

static void remains_of_another_recording_behind_the_end_are_not_taken_for_this_one(void **state)
{
    fixture *fix = *state;
    recipe how = small_container();
    memory_file file = { 0 };
    memory_file old = { 0 };
    record_container(fix, &how, &file);
    how.seed = 9;
    record_container(fix, &how, &old);
    layout at = lay_out_file(&file);
    size_t cuts[] = { at.segments[2], at.segments[2] + 5, at.segments[3], file.size };
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        for (size_t from = at.segments[1] - 40; from < at.segments[1] + 200; from += 13) {
            memory_file mixed = beginning(&file, cuts[i]);
            memory_file copy = { 0 };
            append(&mixed, old.data + from, old.size - from);
            svms_recovery_report report = recover_well(fix, &mixed, &copy);
            if (report.copy_size > cuts[i]) {
                fail_msg("cut %zu, remains from %zu: a copy of %llu", cuts[i], from,
                         (unsigned long long)report.copy_size);
            }
            assert_int_equal(report.segments_attested, complete_segments(&at, cuts[i]));
            assert_int_equal(report.closed, cuts[i] == file.size);
            memory_file_clear(&copy);
            memory_file_clear(&mixed);
        }
    }
    memory_file_clear(&old);
    memory_file_clear(&file);
}

/* A record of this type with a body of this byte. */
static void append_record(memory_file *file, uint8_t type, uint8_t fill, size_t size)
{
    uint8_t header[16] = { type };
    uint8_t body[300];
    header[6] = (uint8_t)(size >> 8);
    header[7] = (uint8_t)size;
    uint32_t crc = (uint32_t)crc32(0, header, 12);
    for (int i = 0; i < 4; i++) {
        header[12 + i] = (uint8_t)(crc >> (24 - 8 * i));
    }
    memset(body, fill, sizeof(body));
    append(file, header, sizeof(header));
    append(file, body, size);
}

static void a_trailer_that_was_cut_off_is_left_out(void **state)
{
    fixture *fix = *state;
    recipe how = small_container();
    memory_file file = { 0 };
    record_container(fix, &how, &file);
    memory_file stamped = memory_copy(&file);
    append_record(&stamped, 8, 0x33, 200);
    append(&stamped, file.data + file.size - 32, 31);
    for (size_t size = file.size + 1; size <= stamped.size; size++) {
        memory_file part = beginning(&stamped, size);
        memory_file copy = { 0 };
        svms_recovery_report report;
        svms_error err;
        assert_int_equal(recover(fix, &part, &copy, &report, &err), SVMS_OK);
        assert_int_equal(report.copy_size, file.size);
        assert_int_equal(report.bytes_trailer + report.bytes_zero, size - file.size);
        assert_int_equal(report.copy_loses, 1);
        assert_int_equal(report.closed, 1);
        assert_memory_equal(copy.data, file.data, file.size);
        memory_file_clear(&copy);
        memory_file_clear(&part);
    }
    memory_file_clear(&stamped);
    memory_file_clear(&file);
}

static void a_damaged_slot_is_reported_and_copied(void **state)
{
    fixture *fix = *state;
    recipe how = small_container();
    memory_file file = { 0 };
    memory_file copy = { 0 };
    record_container(fix, &how, &file);
    layout at = lay_out_file(&file);
    file.data[at.first_record - 1] ^= 1;
    svms_recovery_report report = recover_well(fix, &file, &copy);
    expect_nothing_wrong(&report);
    assert_int_equal(report.access_damaged, 1);
    memory_file_clear(&copy);
    memory_file_clear(&file);
}

static void what_is_no_container_is_refused_and_nothing_is_written(void **state)
{
    fixture *fix = *state;
    recipe how = small_container();
    memory_file file = { 0 };
    memory_file shifted = { 0 };
    memory_file copy = { 0 };
    svms_recovery_report report;
    svms_error err;
    record_container(fix, &how, &file);
    append(&shifted, (const uint8_t *)"in front", 8);
    append(&shifted, file.data, file.size);
    assert_int_equal(recover(fix, &shifted, &copy, &report, &err), SVMS_E_MALFORMED);
    file.data[12] ^= 1;
    assert_int_equal(recover(fix, &file, &copy, &report, &err), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(copy.writes, 0);
    memory_file_clear(&shifted);
    memory_file_clear(&file);
}

static memory_file two_pieces(fixture *fix)
{
    recipe how = small_container();
    memory_file file = { 0 };
    how.sample_size = 40000;
    record_container(fix, &how, &file);
    file.size -= 100;
    return file;
}

static void every_failing_write_is_said_and_the_report_stays(void **state)
{
    fixture *fix = *state;
    memory_file file = two_pieces(fix);
    for (uint64_t n = 1;; n++) {
        svms_recovery_report report;
        svms_error err;
        memory_file copy = { 0 };
        copy.write_fails_at = n;
        svms_status status = recover(fix, &file, &copy, &report, &err);
        assert_int_equal(report.segments_attested, 3);
        assert_int_equal(report.file_size, file.size);
        bool reached = copy.writes >= n;
        memory_file_clear(&copy);
        if (!reached) {
            assert_int_equal(status, SVMS_OK);
            assert_true(n > 4);
            break;
        }
        assert_int_equal(status, SVMS_E_IO);
        assert_int_not_equal(err.os_error, 0);
    }
    memory_file_clear(&file);
}

static void every_failing_allocation_and_read_is_clean(void **state)
{
    fixture *fix = *state;
    memory_file file = two_pieces(fix);
    for (int reads = 0; reads < 2; reads++) {
        for (uint64_t n = 1;; n++) {
            svms_recovery_report report;
            svms_error err;
            memory_file copy = { 0 };
            int64_t before = fix->live_blocks;
            fix->allocations = 0;
            file.reads = 0;
            fix->allocation_fails_at = reads ? 0 : n;
            file.read_fails_at = reads ? n : 0;
            svms_status status = recover(fix, &file, &copy, &report, &err);
            bool reached = (reads ? file.reads : fix->allocations) >= n;
            fix->allocation_fails_at = 0;
            file.read_fails_at = 0;
            memory_file_clear(&copy);
            assert_int_equal(fix->live_blocks, before);
            if (!reached) {
                assert_int_equal(status, SVMS_OK);
                assert_true(n > 5);
                break;
            }
            assert_int_equal(status, reads ? SVMS_E_IO : SVMS_E_NO_MEMORY);
            assert_int_equal(err.status, status);
        }
    }
    memory_file_clear(&file);
}

typedef struct watch {
    uint64_t calls;
    uint64_t stops_at; /* 0: never */
    uint64_t last;
    uint64_t total;
} watch;

static int watch_progress(void *user, uint64_t done, uint64_t total)
{
    watch *own = user;
    assert_true(done >= own->last && done <= total);
    own->last = done;
    own->total = total;
    return ++own->calls == own->stops_at;
}

static void progress_rises_to_the_end_and_can_stop_everything(void **state)
{
    fixture *fix = *state;
    recipe how = small_container();
    memory_file file = { 0 };
    how.sample_size = 1500000;
    record_container(fix, &how, &file);
    svms_source source = memory_source(&file);
    watch all = { 0 };
    for (uint64_t stop = 0; stop == 0 || stop <= all.calls; stop++) {
        svms_recovery_options options = SVMS_RECOVERY_OPTIONS_INIT;
        svms_recovery_report report = SVMS_RECOVERY_REPORT_INIT;
        memory_file copy = { 0 };
        svms_sink sink = memory_sink(&copy);
        watch own = { 0, stop, 0, 0 };
        options.sink = &sink;
        options.user = &own;
        options.progress = watch_progress;
        svms_status status = svms_recover(fix->ctx, &source, &options, &report, NULL);
        assert_int_equal(status, stop == 0 ? SVMS_OK : SVMS_E_CANCELLED);
        if (stop == 0) {
            all = own;
            assert_true(all.calls > 5);
            assert_int_equal(all.last, all.total);
        }
        memory_file_clear(&copy);
    }
    memory_file_clear(&file);
}

static void nonsense_is_a_usage_error(void **state)
{
    fixture *fix = *state;
    recipe how = small_container();
    memory_file file = { 0 };
    record_container(fix, &how, &file);
    svms_source source = memory_source(&file);
    svms_source broken = SVMS_SOURCE_INIT;
    svms_sink sink = SVMS_SINK_INIT;
    svms_recovery_options options = SVMS_RECOVERY_OPTIONS_INIT;
    svms_recovery_report report = SVMS_RECOVERY_REPORT_INIT;
    assert_int_equal(svms_recover(NULL, &source, NULL, &report, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recover(fix->ctx, NULL, NULL, &report, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recover(fix->ctx, &source, NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_recover(fix->ctx, &broken, NULL, &report, NULL), SVMS_E_USAGE);
    options.sink = &sink;
    assert_int_equal(svms_recover(fix->ctx, &source, &options, &report, NULL), SVMS_E_USAGE);
    report.struct_size = 0;
    assert_int_equal(svms_recover(fix->ctx, &source, NULL, &report, NULL), SVMS_E_USAGE);
    report = (svms_recovery_report)SVMS_RECOVERY_REPORT_INIT;
    assert_int_equal(svms_recover(fix->ctx, &source, NULL, &report, NULL), SVMS_OK);
    memory_file_clear(&file);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(of_a_whole_container_nothing_is_to_be_recovered),
        CASE(every_cut_leaves_complete_segments_and_whole_records),
        CASE(segments_that_nobody_signed_yet_are_unattested_and_kept),
        CASE(what_follows_the_last_record_is_told_apart),
        CASE(an_unfinished_segment_is_counted_and_kept),
        CASE(damage_in_an_unfinished_segment_ends_what_can_be_kept),
        CASE(one_damaged_byte_costs_one_segment_and_is_copied_as_it_is),
        CASE(a_damaged_manifest_at_the_very_end_is_kept),
        CASE(all_segments_are_found_without_any_index),
        CASE(removed_segments_are_a_stretch_without_bytes),
        CASE(only_so_many_stretches_are_listed_and_all_are_counted),
        CASE(remains_of_another_recording_behind_the_end_are_not_taken_for_this_one),
        CASE(a_trailer_that_was_cut_off_is_left_out),
        CASE(a_damaged_slot_is_reported_and_copied),
        CASE(what_is_no_container_is_refused_and_nothing_is_written),
        CASE(every_failing_write_is_said_and_the_report_stays),
        CASE(every_failing_allocation_and_read_is_clean),
        CASE(progress_rises_to_the_end_and_can_stop_everything),
        CASE(nonsense_is_a_usage_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
