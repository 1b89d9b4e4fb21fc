/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of a container that somebody tampered with: what lies outside of a range is nobody's
 * business, but nothing that lies within may be gone, be put there, or be passed over (C-VER-5). */
#include "fixture.h"

#define SEGMENTS 6u

static recipe small(uint32_t segments)
{
    recipe how = RECIPE_INIT;
    how.tracks = 1;
    how.frames = 3;
    how.sample_size = 40;
    how.segments = segments;
    return how;
}

static svms_status ask(fixture *fix, memory_file *file, int64_t from, int64_t to,
                       svms_report *report)
{
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    svms_source source = memory_source(file);
    options.trust = fix->trust;
    options.from_utc_ns = from;
    options.to_utc_ns = to;
    *report = (svms_report)SVMS_REPORT_INIT;
    return svms_verify_container(fix->ctx, &source, &options, report, NULL);
}

static void put_piece(memory_file *out, const memory_file *from, size_t start, size_t end)
{
    out->data = realloc(out->data, out->size + end - start);
    assert_non_null(out->data);
    memcpy(out->data + out->size, from->data + start, end - start);
    out->size += end - start;
}

static memory_file without(const memory_file *file, const layout *at, size_t gone)
{
    memory_file out = { 0 };
    put_piece(&out, file, 0, at->segments[gone]);
    put_piece(&out, file, at->segments[gone + 1], file->size);
    return out;
}

/* Asks about every range of whole quarters of a second. A range that overlaps segment `hurt` must
 * not be authentic; one without bounds reaches over all. */
static void expect_missed(fixture *fix, memory_file *file, size_t hurt, const char *how)
{
    for (int64_t from = -1; from < 4 * (int64_t)SEGMENTS; from++) {
        for (int64_t to = from + 1; to <= 4 * (int64_t)SEGMENTS + 1; to++) {
            svms_report report;
            bool open_start = from == -1;
            bool open_end = to > 4 * (int64_t)SEGMENTS;
            bool hit = (open_start || from < 4 * ((int64_t)hurt + 1)) &&
                       (open_end || to > 4 * (int64_t)hurt);
            svms_status status = ask(fix, file, open_start ? SVMS_NO_TIME : T0 + from * SECOND / 4,
                                     open_end ? SVMS_NO_TIME : T0 + to * SECOND / 4, &report);
            if (hit && status == SVMS_OK) {
                fail_msg("%s segment %zu: quarters %lld to %lld are authentic", how, hurt,
                         (long long)from, (long long)to);
            }
        }
    }
}

static void a_segment_that_is_gone_is_missed_in_every_range_that_held_it(void **state)
{
    fixture *fix = *state;
    for (int open = 0; open < 2; open++) {
        recipe how = small(SEGMENTS);
        memory_file file = { 0 };
        how.leave_open = open != 0;
        record_container(fix, &how, &file);
        layout at = lay_out_file(&file);
        for (size_t gone = 0; gone < SEGMENTS; gone++) {
            memory_file cut = without(&file, &at, gone);
            expect_missed(fix, &cut, gone, "removed");
            memory_file_clear(&cut);
        }
        memory_file_clear(&file);
    }
}

/* Entry of a segment in the only index record. */
static uint8_t *index_entry(memory_file *file, const layout *at, size_t segment)
{
    return file->data + at->segments[at->segment_count] + 16 + 40 + segment * 72;
}

static void store_time(uint8_t *out, int64_t utc_ns)
{
    for (int i = 0; i < 8; i++) {
        out[i] = (uint8_t)((uint64_t)utc_ns >> (56 - 8 * i));
    }
}

/* Nobody signed the index; what it says of a damaged segment must not hide it. */
static void an_index_that_lies_hides_no_segment(void **state)
{
    fixture *fix = *state;
    recipe how = small(SEGMENTS);
    memory_file file = { 0 };
    record_container(fix, &how, &file);
    layout at = lay_out_file(&file);
    for (size_t hurt = 0; hurt < SEGMENTS; hurt++) {
        for (int early = 0; early < 2; early++) {
            memory_file lie = memory_copy(&file);
            uint8_t *entry = index_entry(&lie, &at, hurt);
            int64_t when = T0 + (early ? -100 : 100) * SECOND;
            store_time(entry + 16, when);
            store_time(entry + 24, when + SECOND);
            memset(lie.data + at.segments[hurt] + 96, 0xEE,
                   at.segments[hurt + 1] - at.segments[hurt] - 96);
            expect_missed(fix, &lie, hurt, early ? "antedated" : "postdated");
            memory_file_clear(&lie);
        }
    }
    memory_file_clear(&file);
}

static void damage_behind_a_range_does_not_spoil_it(void **state)
{
    fixture *fix = *state;
    recipe how = small(SEGMENTS);
    memory_file file = { 0 };
    svms_report report;
    record_container(fix, &how, &file);
    layout at = lay_out_file(&file);
    file.data[at.segments[4] + 150] ^= 1;
    assert_int_equal(ask(fix, &file, T0 + 2 * SECOND, T0 + 4 * SECOND, &report), SVMS_OK);
    assert_int_equal(report.segments_verified, 2);
    assert_int_equal(ask(fix, &file, T0 + 2 * SECOND, T0 + 4 * SECOND + 1, &report),
                     SVMS_E_NOT_AUTHENTIC);
    memory_file_clear(&file);
}

static size_t find_manifest(const memory_file *file, size_t at)
{
    const uint8_t *data = file->data;
    while (data[at] != 3) {
        at += (data[at] == 1 ? data[at + 3] : 16u) + ((size_t)data[at + 4] << 24) +
              ((size_t)data[at + 5] << 16) + ((size_t)data[at + 6] << 8) + data[at + 7];
        assert_true(at < file->size);
    }
    return at + 16;
}

/* A manifest that names no time at which it was made was not made when its certificate was valid;
 * and this is no mistake of the caller. */
static void an_unknown_time_of_signing_is_untrusted(void **state)
{
    fixture *fix = *state;
    recipe how = small(3);
    memory_file file = { 0 };
    svms_report report;
    how.is_unsigned = true;
    how.leave_open = true;
    record_container(fix, &how, &file);
    layout at = lay_out_file(&file);
    store_time(file.data + find_manifest(&file, at.segments[2]) + 168, INT64_MIN);
    assert_int_equal(verify_file(fix, &file, fix->trust, &report), SVMS_E_UNTRUSTED);
    assert_int_equal(report.identity, SVMS_IDENTITY_UNSIGNED);
    assert_int_equal(report.segments_verified, 3);
    memory_file_clear(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_segment_that_is_gone_is_missed_in_every_range_that_held_it),
        cmocka_unit_test(an_index_that_lies_hides_no_segment),
        cmocka_unit_test(damage_behind_a_range_does_not_spoil_it),
        cmocka_unit_test(an_unknown_time_of_signing_is_untrusted),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
