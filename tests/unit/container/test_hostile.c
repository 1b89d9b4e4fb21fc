/* SPDX-License-Identifier: Apache-2.0 */
/* Lengths, counts and offsets that lie, in files whose checksums are right: each is refused in
 * bounded memory and time, with a message that names the byte. The files are unsigned, so that
 * everything behind the lie is looked at. */
#include <stdio.h>
#include <zlib.h>

#include "fixture.h"

static void store_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void store_u32(uint8_t *at, uint32_t value)
{
    store_u16(at, (uint16_t)(value >> 16));
    store_u16(at + 2, (uint16_t)value);
}

static uint32_t load_u32(const uint8_t *at)
{
    return ((uint32_t)at[0] << 24) | ((uint32_t)at[1] << 16) | ((uint32_t)at[2] << 8) | at[3];
}

/* Where things are in the file under attack. */
typedef struct places {
    layout at;
    size_t sample;   /* first sample record of segment 1 */
    size_t manifest; /* of segment 1 */
    size_t index;
    size_t end;
} places;

static size_t record_size(const uint8_t *record)
{
    return (record[0] == 1 ? record[3] : 16u) + load_u32(record + 4);
}

static places find_places(const memory_file *file)
{
    places found = { 0 };
    found.at = lay_out_file(file);
    found.sample = found.at.segments[1] + record_size(file->data + found.at.segments[1]);
    found.manifest = found.sample;
    while (file->data[found.manifest] != 3) {
        found.manifest += record_size(file->data + found.manifest);
    }
    found.index = found.at.segments[found.at.segment_count];
    found.end = found.at.end_record;
    return found;
}

static void repair_crc(uint8_t *record)
{
    size_t covered = record[0] == 1 ? record[3] - 4u : 12u;
    store_u32(record + covered, (uint32_t)crc32(0, record, (uInt)covered));
}

typedef struct lie {
    const char *name;
    void (*tell)(uint8_t *data, const places *where);
    svms_status status;
    uint64_t segment;
    const char *words;
    int offset_in; /* the byte named: 0 header, 1 sample, 2 manifest, 3 index, 4 end, 5 not compared
                    */
    uint64_t offset;
} lie;

static void header_huge(uint8_t *data, const places *where)
{
    (void)where;
    store_u32(data + 20, 0xFFFFFFFFu);
}

static void header_tiny(uint8_t *data, const places *where)
{
    (void)where;
    store_u32(data + 20, 71);
}

static void header_longer_than_file(uint8_t *data, const places *where)
{
    (void)where;
    store_u32(data + 20, 262144);
}

static void field_beyond_header(uint8_t *data, const places *where)
{
    (void)where;
    store_u32(data + 72 + 4, 0xFFFFFFF0u);
}

static void critical_bit(uint8_t *data, const places *where)
{
    (void)where;
    store_u32(data + 16, 0x80000000u);
}

static void major_version(uint8_t *data, const places *where)
{
    (void)where;
    data[8] = 2;
}

static void sample_huge(uint8_t *data, const places *where)
{
    store_u32(data + where->sample + 4, 0xFFFFFFFFu);
    repair_crc(data + where->sample);
}

static void sample_beyond_file(uint8_t *data, const places *where)
{
    store_u32(data + where->sample + 4, 60000000);
    repair_crc(data + where->sample);
}

static void sample_of_no_track(uint8_t *data, const places *where)
{
    data[where->sample + 2] = 200;
    repair_crc(data + where->sample);
}

static void sample_number(uint8_t *data, const places *where)
{
    store_u32(data + where->sample + 8, 0xFFFFFFFFu);
    repair_crc(data + where->sample);
}

static void sample_flags(uint8_t *data, const places *where)
{
    data[where->sample + 1] |= 0x80;
    repair_crc(data + where->sample);
}

static void range_count(uint8_t *data, const places *where)
{
    store_u16(data + where->sample + data[where->sample + 3], 0xFFFF);
}

static void range_beyond_sample(uint8_t *data, const places *where)
{
    store_u32(data + where->sample + data[where->sample + 3] + 6, 0x7FFFFFFF);
}

static void range_offset(uint8_t *data, const places *where)
{
    store_u32(data + where->sample + data[where->sample + 3] + 2, 0xFFFFFFFFu);
}

static void manifest_huge(uint8_t *data, const places *where)
{
    store_u32(data + where->manifest + 4, 0xFFFFFFFFu);
    repair_crc(data + where->manifest);
}

static void manifest_entries(uint8_t *data, const places *where)
{
    store_u16(data + where->manifest + 16 + 232, 0xFFFF);
}

static void manifest_leaves(uint8_t *data, const places *where)
{
    store_u32(data + where->manifest + 16 + 236 + 4, 0xFFFFFFFFu);
}

static void manifest_bytes(uint8_t *data, const places *where)
{
    memset(data + where->manifest + 16 + 184, 0xFF, 8);
}

static void index_entries(uint8_t *data, const places *where)
{
    store_u16(data + where->index + 16 + 18, 0xFFFF);
}

static void index_huge(uint8_t *data, const places *where)
{
    store_u32(data + where->index + 4, 0xFFFFFFFFu);
    repair_crc(data + where->index);
}

static void end_offset(uint8_t *data, const places *where)
{
    memset(data + where->end + 16 + 120, 0xFF, 8);
}

static void end_segments(uint8_t *data, const places *where)
{
    memset(data + where->end + 16 + 80, 0xFF, 8);
}

enum { IN_HEADER, IN_SAMPLE, IN_MANIFEST, IN_INDEX, IN_END, ANYWHERE };

static const lie lies[] = {
    { "header length", header_huge, SVMS_E_LIMIT, SVMS_NO_SEGMENT, "exceeds its bound", IN_HEADER,
      20 },
    { "header too short", header_tiny, SVMS_E_MALFORMED, SVMS_NO_SEGMENT, "too small", IN_HEADER,
      20 },
    { "header beyond the file", header_longer_than_file, SVMS_E_TRUNCATED, SVMS_NO_SEGMENT, "end",
      ANYWHERE, 0 },
    { "field beyond the header", field_beyond_header, SVMS_E_MALFORMED, SVMS_NO_SEGMENT,
      "beyond the header", IN_HEADER, 72 },
    { "critical bit", critical_bit, SVMS_E_UNSUPPORTED, SVMS_NO_SEGMENT, "extensions", IN_HEADER,
      16 },
    { "major version", major_version, SVMS_E_UNSUPPORTED, SVMS_NO_SEGMENT, "version 2", IN_HEADER,
      8 },
    { "sample length", sample_huge, SVMS_E_NOT_AUTHENTIC, 1, "exceeds its bound", IN_SAMPLE, 4 },
    { "sample beyond the file", sample_beyond_file, SVMS_E_NOT_AUTHENTIC, 1, "does not end before",
      ANYWHERE, 0 },
    { "no such track", sample_of_no_track, SVMS_E_NOT_AUTHENTIC, 1, "does not exist", IN_SAMPLE,
      2 },
    { "record number", sample_number, SVMS_E_NOT_AUTHENTIC, 1, "reordered", IN_SAMPLE, 8 },
    { "sample flags", sample_flags, SVMS_E_NOT_AUTHENTIC, 1, "flags", IN_SAMPLE, 1 },
    { "range count", range_count, SVMS_E_NOT_AUTHENTIC, 1, "65535 protected ranges", ANYWHERE, 0 },
    { "range size", range_beyond_sample, SVMS_E_NOT_AUTHENTIC, 1, "out of order or bounds",
      ANYWHERE, 0 },
    { "range offset", range_offset, SVMS_E_NOT_AUTHENTIC, 1, "out of order or bounds", ANYWHERE,
      0 },
    { "manifest length", manifest_huge, SVMS_E_NOT_AUTHENTIC, 1, "exceeds its bound", IN_MANIFEST,
      4 },
    { "manifest entries", manifest_entries, SVMS_E_NOT_AUTHENTIC, 1, "number of tracks",
      IN_MANIFEST, 16 + 232 },
    { "manifest leaves", manifest_leaves, SVMS_E_NOT_AUTHENTIC, 1, "were signed", ANYWHERE, 0 },
    { "manifest bytes", manifest_bytes, SVMS_E_NOT_AUTHENTIC, 1, "added or removed", ANYWHERE, 0 },
    { "index entries", index_entries, SVMS_E_NOT_AUTHENTIC, SVMS_NO_SEGMENT, "index", IN_INDEX, 0 },
    { "index length", index_huge, SVMS_E_NOT_AUTHENTIC, SVMS_NO_SEGMENT, "exceeds its bound",
      IN_INDEX, 4 },
    { "end offset", end_offset, SVMS_E_NOT_AUTHENTIC, SVMS_NO_SEGMENT, "end record", IN_END, 0 },
    { "end count", end_segments, SVMS_E_NOT_AUTHENTIC, SVMS_NO_SEGMENT, "counts other segments",
      IN_END, 0 },
};

static uint64_t place_of(const lie *told, const places *where)
{
    const size_t bases[] = { 0, where->sample, where->manifest, where->index, where->end };
    return bases[told->offset_in] + told->offset;
}

static void check_lie(fixture *fix, const memory_file *original, const lie *told)
{
    memory_file file = memory_copy(original);
    places where = find_places(&file);
    svms_report report = SVMS_REPORT_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_source source = memory_source(&file);
    told->tell(file.data, &where);
    fix->allocated_bytes = 0;
    svms_status status = svms_verify_container(fix->ctx, &source, NULL, &report, &err);
    if (status != told->status || strstr(err.message, told->words) == NULL ||
        err.segment != told->segment) {
        fail_msg("%s: %s, segment %lld, '%s'", told->name, svms_status_name(status),
                 (long long)err.segment, err.message);
    }
    if (told->offset_in != ANYWHERE && err.offset != place_of(told, &where)) {
        fail_msg("%s: byte %llu named instead of %llu", told->name, (unsigned long long)err.offset,
                 (unsigned long long)place_of(told, &where));
    }
    /* What a lie says must not be allocated. */
    assert_true(fix->allocated_bytes < 2000000);

    svms_reader *reader = NULL;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    options.allow_unverified = 1;
    if (svms_reader_open(&reader, fix->ctx, &source, &options, NULL) == SVMS_OK) {
        for (int i = 0; i < 100; i++) {
            svms_sample sample = SVMS_SAMPLE_INIT;
            status = svms_reader_next(reader, &sample, NULL);
            if (status == SVMS_END || status == SVMS_AGAIN) {
                break;
            }
            assert_true(i < 60);
        }
    }
    svms_reader_close(&reader);
    memory_file_clear(&file);
}

static void lies_are_named_by_their_byte_and_cost_nothing(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    memory_file file = { 0 };
    how.is_unsigned = true;
    how.protection = SVMS_PROTECT_LIGHT;
    record_container(fix, &how, &file);
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        check_lie(fix, &file, &lies[i]);
    }
    memory_file_clear(&file);
}

static void other_files_are_not_containers(void **state)
{
    fixture *fix = *state;
    static const char *const contents[] = { "",
                                            "\x8a",
                                            "\x8aSVM",
                                            "\x89PNG\r\n\x1a\n and so on and so on",
                                            "SQLite format 3",
                                            "%PDF-1.7 some text that is long enough for a header" };
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        memory_file file = { 0 };
        svms_report report;
        file.data = (uint8_t *)(uintptr_t)contents[i];
        file.size = strlen(contents[i]);
        svms_status status = verify_file(fix, &file, fix->trust, &report);
        assert_int_equal(svms_status_class(status), SVMS_CLASS_MALFORMED);
        assert_int_equal(report.verdict, SVMS_VERDICT_NOT_AUTHENTIC);
        assert_int_equal(report.first_failure.offset, 0);
    }
}

static void null_and_nonsense_arguments_are_usage(void **state)
{
    fixture *fix = *state;
    svms_writer *writer = NULL;
    svms_reader *reader = NULL;
    svms_report report = SVMS_REPORT_INIT;
    svms_writer_options options = SVMS_WRITER_OPTIONS_INIT;
    svms_verify_options verifying = SVMS_VERIFY_OPTIONS_INIT;
    svms_sink sink = SVMS_SINK_INIT;
    svms_source source = SVMS_SOURCE_INIT;
    assert_int_equal(svms_writer_open(NULL, fix->ctx, &sink, &options, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_reader_open(&reader, fix->ctx, &source, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_verify_container(fix->ctx, &source, NULL, &report, NULL), SVMS_E_USAGE);
    memory_file file = { 0 };
    source = memory_source(&file);
    verifying.from_utc_ns = 5;
    verifying.to_utc_ns = 5;
    assert_int_equal(svms_verify_container(fix->ctx, &source, &verifying, &report, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_writer_close(&writer, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_writer_close(NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_writer_append(NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_reader_next(NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_reader_seek(NULL, 0, NULL), SVMS_E_USAGE);
    svms_writer_abort(NULL);
    svms_writer_abort(&writer);
    svms_reader_close(NULL);
    svms_reader_close(&reader);
}

static void samples_out_of_range_are_refused_and_harm_nothing(void **state)
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
    svms_sample samples[4] = { SVMS_SAMPLE_INIT, SVMS_SAMPLE_INIT, SVMS_SAMPLE_INIT,
                               SVMS_SAMPLE_INIT };
    samples[0].track = 2;
    samples[1].data = (const uint8_t *)"x";
    samples[1].size = (size_t)SVMS_MAX_SAMPLE_SIZE + 1;
    samples[2].size = 1;
    samples[3].pts = INT64_C(1) << 32;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(svms_writer_append(writer, &samples[i], NULL), SVMS_E_USAGE);
    }
    assert_int_equal(append_segment(writer, &how, 0, NULL), SVMS_OK);
    assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
    assert_int_equal(verify_file(fix, &file, fix->trust, &report), SVMS_OK);
    assert_int_equal(report.samples_verified, 5);
    memory_file_clear(&file);
}

#define STARTS 3000u
#define TAIL_BYTES 200000u

/* Thousands of starts, each followed by a sample that swallows all the others and ends where one
 * long last sample begins, behind which the way is lost: whoever looks for segments behind each of
 * them would hash the same bytes thousands of times. */
static void many_starts_do_not_make_many_passes(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    memory_file small = { 0 };
    svms_report report;
    how.tracks = 1;
    how.is_unsigned = true;
    how.protection = SVMS_PROTECT_NONE;
    how.password = NULL;
    record_container(fix, &how, &small);
    layout at = lay_out_file(&small);
    const uint8_t *start = small.data + at.first_record;
    size_t start_size = record_size(start);
    const uint8_t *sample = start + start_size;
    size_t header = sample[3];
    size_t step = start_size + header;
    size_t body = STARTS * step;
    memory_file big = memory_copy(&small);
    big.size = at.first_record + body + header + TAIL_BYTES + 16;
    big.data = realloc(big.data, big.size);
    assert_non_null(big.data);
    memset(big.data + at.first_record, 0x77, big.size - at.first_record);
    for (size_t i = 0; i <= STARTS; i++) {
        uint8_t *place = big.data + at.first_record + i * step;
        if (i < STARTS) {
            memcpy(place, start, start_size);
            place += start_size;
        }
        memcpy(place, sample, header);
        store_u32(place + 4, i < STARTS ? (uint32_t)(body - (i + 1) * step) : TAIL_BYTES);
        store_u32(place + 8, i < STARTS ? 1 : 2);
        repair_crc(place);
    }
    big.reads = 0;
    svms_status status = verify_file(fix, &big, fix->trust, &report);
    assert_int_equal(svms_status_class(status), SVMS_CLASS_EVIDENCE);
    assert_int_equal(report.verdict, SVMS_VERDICT_NOT_AUTHENTIC);
    assert_int_equal(report.segments_verified, 0);
    print_message("  %zu bytes, %llu reads\n", big.size, (unsigned long long)big.reads);
    assert_in_range(big.reads, 1, 200);
    memory_file_clear(&big);
    memory_file_clear(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_starts_do_not_make_many_passes, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(lies_are_named_by_their_byte_and_cost_nothing,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(other_files_are_not_containers, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(null_and_nonsense_arguments_are_usage, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(samples_out_of_range_are_refused_and_harm_nothing,
                                        fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
