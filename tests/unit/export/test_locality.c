/* SPDX-License-Identifier: Apache-2.0 */
/* Ten minutes out of 24 hours: what is read of the recording, what is read of the package, and how
 * much memory of our own that takes. Nothing is timed. */
#include "evidence_case.h"

#include "link.h"
#include "window.h"

#define SEGMENTS 8640u /* of ten seconds each */
#define SAMPLE_SIZE 600u
#define NOON (T0 + 43200 * SECOND)
#define MINUTE (60 * SECOND)
#define MIB ((size_t)1 << 20)
#define MOST_MEMORY (8 * MIB)
/* Header and its signature, way through the index, manifests beside the period, end record. */
#define MOST_BESIDE 65536u
/* The largest signature is asked for in one piece, before it is known how long it is. */
#define MOST_AHEAD 16384u
/* At the end of a recording that is not closed the last segment is looked for. */
#define MOST_AT_END 131072u
/* The last whole tail of a package is looked for so far back (E-LNK-5). */
#define LAST_LINKS 262144u

/* Every byte that is looked at is marked. */
typedef struct watched {
    const memory_file *file;
    uint8_t *seen;
} watched;

static svms_status watched_read(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                                int *os_error)
{
    watched *self = user;
    size_t left = offset < self->file->size ? self->file->size - (size_t)offset : 0;
    (void)os_error;
    *got = size < left ? size : left;
    if (*got != 0) {
        memcpy(out, self->file->data + offset, *got);
        memset(self->seen + offset, 1, *got);
    }
    return SVMS_OK;
}

static svms_status watched_size(void *user, uint64_t *size, int *os_error)
{
    const watched *self = user;
    (void)os_error;
    *size = self->file->size;
    return SVMS_OK;
}

static const uint8_t *watched_view(void *user, uint64_t offset, size_t size)
{
    watched *self = user;
    if (offset > self->file->size || size > self->file->size - offset) {
        return NULL;
    }
    memset(self->seen + offset, 1, size);
    return self->file->data + offset;
}

/* Without a view the library reads ahead, as from a file. */
static svms_source watch(watched *self, const memory_file *file, bool with_view)
{
    svms_source source = SVMS_SOURCE_INIT;
    self->file = file;
    self->seen = calloc(1, file->size);
    assert_non_null(self->seen);
    source.user = self;
    source.read_at = watched_read;
    source.get_size = watched_size;
    source.view = with_view ? watched_view : NULL;
    return source;
}

static size_t seen_in(const watched *self, size_t from, size_t to)
{
    size_t count = 0;
    for (size_t i = from; i < to; i++) {
        count += self->seen[i];
    }
    return count;
}

/* A context that knows how much memory it has given away. */
typedef struct meter {
    svms_ctx *ctx;
    size_t live;
    size_t peak;
} meter;

static void *metered_allocate(void *user, size_t size)
{
    meter *self = user;
    size_t *block = malloc(size + 2 * sizeof(size_t));
    if (block == NULL) {
        return NULL;
    }
    *block = size;
    self->live += size;
    self->peak = self->live > self->peak ? self->live : self->peak;
    return block + 2;
}

static void metered_release(void *user, void *pointer)
{
    meter *self = user;
    if (pointer != NULL) {
        size_t *block = (size_t *)pointer - 2;
        self->live -= *block;
        free(block);
    }
}

static int64_t metered_now(void *user)
{
    (void)user;
    return T0 + 2 * DAY;
}

static void meter_begin(meter *self)
{
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    memset(self, 0, sizeof(*self));
    options.user = self;
    options.allocate = metered_allocate;
    options.release = metered_release;
    options.utc_now = metered_now;
    assert_int_equal(svms_ctx_new(&self->ctx, &options, NULL), SVMS_OK);
}

static void meter_end(meter *self)
{
    assert_true(self->peak != 0);
    assert_in_range(self->peak, 1, MOST_MEMORY);
    svms_ctx_free(&self->ctx);
    assert_int_equal(self->live, 0);
}

/* 24 hours of segments with two samples each. */
static void record_day(export_case *self, svms_protection protection, bool leave_open)
{
    static uint8_t bytes[SAMPLE_SIZE];
    recipe how = RECIPE_INIT;
    svms_track tracks[2];
    svms_writer *writer = NULL;
    how.protection = protection;
    how.tracks = 1;
    how.password = PASSWORD;
    memory_file_clear(&self->container);
    svms_sink sink = memory_sink(&self->container);
    svms_writer_options options = writer_options(self->fix, &how, tracks);
    tracks[0].default_duration = 5000;
    assert_int_equal(svms_writer_open(&writer, self->fix->ctx, &sink, &options, NULL), SVMS_OK);
    for (uint32_t i = 0; i < 2 * SEGMENTS; i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        sample_bytes(&how, 0, i, bytes, sizeof(bytes));
        sample.data = bytes;
        sample.size = sizeof(bytes);
        sample.dts = sample.pts = (int64_t)i * 5000;
        sample.flags = i % 2 == 0 ? SVMS_SAMPLE_SYNC : 0;
        assert_int_equal(svms_writer_append(writer, &sample, NULL), SVMS_OK);
    }
    if (leave_open) {
        assert_int_equal(svms_writer_flush(writer, NULL), SVMS_OK);
        svms_writer_abort(&writer);
    } else {
        assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
    }
}

static void export_watched(export_case *self, meter *memory, const svms_source *source,
                           int64_t from, int64_t to)
{
    svms_export *package = NULL;
    svms_export_options options = sealed_options(self);
    svms_export_source what = whole_source(self);
    memory_file_clear(&self->out);
    svms_sink sink = memory_sink(&self->out);
    what.from_utc_ns = from;
    what.to_utc_ns = to;
    svms_export_result_clear(&self->result);
    svms_status status = svms_export_create(&package, memory->ctx, &options, &sink, &self->err);
    if (status == SVMS_OK) {
        status = svms_export_add_source(package, source, &what, NULL, &self->err);
    }
    if (status == SVMS_OK) {
        status = svms_export_finish(package, &self->result, &self->err);
    }
    if (status != SVMS_OK) {
        fail_msg("export: %s", self->err.message);
    }
    svms_export_abort(&package);
}

static uint32_t load_u32(const uint8_t *at)
{
    return ((uint32_t)at[0] << 24) | ((uint32_t)at[1] << 16) | ((uint32_t)at[2] << 8) | at[3];
}

/* What was read outside the segments from first to last, and the ones directly before and behind
 * them, which show that nothing was cut away (C-VER-5). */
typedef struct beside {
    size_t samples; /* bytes of sample records */
    size_t others;  /* all other bytes */
    size_t at_end;  /* of samples, those that lie in the last MOST_AT_END bytes */
} beside;

/* Adds the bytes of one record. ahead: the last place of which more was asked for than needed. */
static void count_record(const watched *self, size_t at, size_t end, size_t ahead, beside *found)
{
    bool sample = self->file->data[at] == 1;
    size_t seen = seen_in(self, at, end);
    if (!sample || at < ahead + MOST_AHEAD) {
        found->others += seen;
        return;
    }
    found->samples += seen;
    found->at_end += self->file->size - at <= MOST_AT_END ? seen : 0;
}

static beside count_beside(const watched *self, uint64_t first, uint64_t last)
{
    beside found = { 0 };
    const memory_file *file = self->file;
    size_t at = lay_out_file(&(memory_file){ .data = file->data, .size = 4096 }).first_record;
    size_t ahead = at;
    uint64_t segments = 0; /* that have begun */
    found.others = seen_in(self, 0, at);
    while (at < file->size) {
        const uint8_t *record = file->data + at;
        size_t end = at + (record[0] == 1 ? record[3] : 16) + (size_t)load_u32(record + 4);
        segments += record[0] == 2 ? 1 : 0;
        if (segments >= first && segments <= last + 2 && record[0] <= 6) {
            ahead = end;
        } else {
            count_record(self, at, end, ahead, &found);
        }
        at = end;
    }
    return found;
}

static beside export_ten_minutes(export_case *self, bool with_view)
{
    watched source_of_all = { 0 };
    meter memory;
    svms_source source = watch(&source_of_all, &self->container, with_view);
    meter_begin(&memory);
    export_watched(self, &memory, &source, NOON, NOON + 10 * MINUTE);
    const svms_export_period *period = &self->result.periods[0];
    assert_int_equal(period->first_segment, SEGMENTS / 2);
    assert_int_equal(period->segments, 60);
    assert_true(seen_in(&source_of_all, 0, self->container.size) > 60 * 2 * SAMPLE_SIZE);
    beside found = count_beside(&source_of_all, period->first_segment, period->last_segment);
    svms_export_result_clear(&self->result);
    meter_end(&memory);
    free(source_of_all.seen);
    return found;
}

static void ten_minutes_out_of_a_day_touch_no_samples_but_theirs_and_their_neighbours(void **state)
{
    export_case *self = *state;
    static const svms_protection protections[] = { SVMS_PROTECT_STRONG, SVMS_PROTECT_NONE };
    for (size_t i = 0; i < 2; i++) {
        record_day(self, protections[i], false);
        beside found = export_ten_minutes(self, true);
        assert_int_equal(found.samples, 0);
        assert_in_range(found.others, 1, MOST_BESIDE);
    }
}

static void an_open_recording_is_searched_at_its_end_only(void **state)
{
    export_case *self = *state;
    record_day(self, SVMS_PROTECT_STRONG, true);
    beside found = export_ten_minutes(self, true);
    assert_int_equal(found.samples, found.at_end);
    assert_in_range(found.others, 1, MOST_BESIDE);
}

static void a_file_is_read_ahead_by_a_few_windows_at_most(void **state)
{
    export_case *self = *state;
    for (int leave_open = 0; leave_open < 2; leave_open++) {
        record_day(self, SVMS_PROTECT_STRONG, leave_open != 0);
        beside found = export_ten_minutes(self, false);
        assert_in_range(found.samples + found.others, 1,
                        MOST_BESIDE + MOST_AT_END + 4 * SVMS_WINDOW_SIZE);
    }
}

static void read_minute(svms_evidence *evidence, int64_t from, uint32_t expected)
{
    svms_reader *reader = NULL;
    svms_sample sample = SVMS_SAMPLE_INIT;
    uint32_t count = 0;
    assert_int_equal(svms_export_extract(&reader, evidence, 0, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_reader_seek(reader, from, NULL), SVMS_OK);
    while (count < expected) {
        assert_int_equal(svms_reader_next(reader, &sample, NULL), SVMS_OK);
        assert_int_equal(sample.utc_ns, from + (int64_t)count * 5 * SECOND);
        count++;
    }
    svms_reader_close(&reader);
}

/* Bytes of frames that have nothing to do with these segments, but for the last links' search. */
static size_t seen_of_others(const watched *self, const seen_package *seen, uint64_t first,
                             uint64_t last)
{
    size_t count = 0;
    size_t tail = self->file->size - LAST_LINKS;
    for (size_t i = 0; i < seen->count && seen->frames[i].offset < tail; i++) {
        const seen_frame *frame = &seen->frames[i];
        size_t end = frame->offset + svms_frame_size(&frame->frame);
        bool wanted = frame->frame.kind == SVMS_FRAME_SEGMENT && frame->frame.number >= first &&
                      frame->frame.number <= last;
        if (frame->frame.kind != SVMS_FRAME_DIRECTORY && frame->frame.kind != SVMS_FRAME_SOURCE &&
            !wanted) {
            count += seen_in(self, frame->offset, end < tail ? end : tail);
        }
    }
    return count;
}

static void one_minute_of_a_package_reads_directories_links_and_its_segments(void **state)
{
    export_case *self = *state;
    static const svms_protection protections[] = { SVMS_PROTECT_STRONG, SVMS_PROTECT_NONE };
    for (size_t i = 0; i < 2; i++) {
        watched file = { 0 };
        meter memory;
        svms_evidence *evidence = NULL;
        svms_evidence_options options = SVMS_EVIDENCE_OPTIONS_INIT;
        svms_keyring *ring = password_ring(self->fix, SEAL);
        svms_export_source what = whole_source(self);
        svms_export_options sealed = sealed_options(self);
        record_day(self, protections[i], false);
        what.from_utc_ns = NOON;
        what.to_utc_ns = NOON + 150 * MINUTE;
        export_well(self, &sealed, &what);
        seen_package *seen = look_at_package(self, SEAL);
        assert_int_equal(seen->directories, 4);
        options.keys = ring;
        svms_source source = watch(&file, &self->out, true);
        meter_begin(&memory);
        assert_int_equal(svms_export_open(&evidence, memory.ctx, &source, &options, NULL), SVMS_OK);
        assert_int_equal(seen_of_others(&file, seen, 1, 0), 0);
        read_minute(evidence, NOON + 60 * MINUTE, 12);
        /* The last piece tells where what is carried ends; it lies in front of the last links. */
        assert_int_equal(seen_of_others(&file, seen, SEGMENTS / 2 + 360, SEGMENTS / 2 + 365), 0);
        svms_export_close(&evidence);
        meter_end(&memory);
        svms_keyring_free(&ring);
        free(file.seen);
        free(seen);
    }
}

/* Opens, verifies, reads everything. */
static uint64_t use_package(export_case *self, meter *memory, uint32_t open_samples)
{
    svms_evidence *evidence = NULL;
    svms_reader *reader = NULL;
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_export_verify_options how = SVMS_EXPORT_VERIFY_INIT;
    svms_evidence_options options = SVMS_EVIDENCE_OPTIONS_INIT;
    svms_keyring *ring = password_ring(self->fix, SEAL);
    svms_source source = memory_source(&self->out);
    uint64_t count = 0;
    options.keys = ring;
    how.trust = self->fix->trust;
    how.open_samples = open_samples;
    assert_int_equal(svms_export_open(&evidence, memory->ctx, &source, &options, NULL), SVMS_OK);
    if (svms_export_verify(evidence, &how, &report, &self->err) != SVMS_OK) {
        fail_msg("verify: %s", self->err.message);
    }
    assert_int_equal(svms_export_extract(&reader, evidence, 0, NULL, NULL), SVMS_OK);
    while (svms_reader_next(reader, &sample, NULL) == SVMS_OK) {
        count++;
    }
    svms_reader_close(&reader);
    svms_export_close(&evidence);
    svms_keyring_free(&ring);
    return count;
}

static void a_whole_day_needs_little_memory(void **state)
{
    export_case *self = *state;
    static const svms_protection protections[] = { SVMS_PROTECT_STRONG, SVMS_PROTECT_NONE };
    for (size_t i = 0; i < 2; i++) {
        meter memory;
        record_day(self, protections[i], false);
        svms_source source = memory_source(&self->container);
        meter_begin(&memory);
        export_watched(self, &memory, &source, SVMS_NO_TIME, SVMS_NO_TIME);
        assert_int_equal(self->result.periods[0].segments, SEGMENTS);
        svms_export_result_clear(&self->result);
        meter_end(&memory);
        meter_begin(&memory);
        assert_int_equal(use_package(self, &memory, 1), 2 * SEGMENTS);
        meter_end(&memory);
    }
}

/* More than what a reader keeps of a segment, and no multiple of it. */
static void large_segments_need_no_more_memory_and_come_out_whole(void **state)
{
    export_case *self = *state;
    static const svms_protection protections[] = { SVMS_PROTECT_STRONG, SVMS_PROTECT_NONE };
    for (size_t i = 0; i < 2; i++) {
        recipe how = RECIPE_INIT;
        meter memory;
        how.protection = protections[i];
        how.tracks = 1;
        how.segments = 2;
        how.frames = 100;
        how.sample_size = 100003;
        how.password = PASSWORD;
        memory_file_clear(&self->container);
        record_container(self->fix, &how, &self->container);
        assert_true(self->container.size > 2 * (size_t)SVMS_WINDOW_KEPT + how.sample_size);
        svms_source source = memory_source(&self->container);
        meter_begin(&memory);
        export_watched(self, &memory, &source, SVMS_NO_TIME, SVMS_NO_TIME);
        svms_export_result_clear(&self->result);
        meter_end(&memory);
        meter_begin(&memory);
        assert_int_equal(use_package(self, &memory, 1), 200);
        meter_end(&memory);
        svms_evidence *evidence = open_well(self, &self->out, SEAL);
        expect_samples_of(self, evidence, 0, &how, 0, 0, 2);
        svms_export_close(&evidence);
    }
}

/* A segment is read once: whoever changes the file afterwards changes nothing. */
static void what_changes_after_it_was_verified_is_not_handed_out(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    svms_export_options options = clear_options(self);
    svms_export_source what = whole_source(self);
    svms_reader *reader = NULL;
    svms_sample sample = SVMS_SAMPLE_INIT;
    uint8_t expected[100];
    how.protection = SVMS_PROTECT_NONE;
    how.tracks = 1;
    how.password = NULL;
    record_container(self->fix, &how, &self->container);
    export_well(self, &options, &what);
    svms_evidence *evidence = open_well(self, &self->out, NULL);
    seen_package *seen = look_at_package(self, NULL);
    const seen_frame *frame = frame_of(seen, SVMS_FRAME_SEGMENT, 0);
    assert_int_equal(svms_export_extract(&reader, evidence, 0, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_reader_next(reader, &sample, NULL), SVMS_OK);
    memset(self->out.data + frame->offset, 0xA5, (size_t)svms_frame_size(&frame->frame));
    for (uint32_t i = 1; i < how.frames; i++) {
        assert_int_equal(svms_reader_next(reader, &sample, NULL), SVMS_OK);
        sample_bytes(&how, 0, i, expected, sizeof(expected));
        assert_int_equal(sample.size, sizeof(expected));
        assert_memory_equal(sample.data, expected, sizeof(expected));
    }
    svms_reader_close(&reader);
    svms_export_close(&evidence);
    free(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            ten_minutes_out_of_a_day_touch_no_samples_but_theirs_and_their_neighbours,
            export_case_setup, export_case_teardown),
        cmocka_unit_test_setup_teardown(an_open_recording_is_searched_at_its_end_only,
                                        export_case_setup, export_case_teardown),
        cmocka_unit_test_setup_teardown(a_file_is_read_ahead_by_a_few_windows_at_most,
                                        export_case_setup, export_case_teardown),
        cmocka_unit_test_setup_teardown(
            one_minute_of_a_package_reads_directories_links_and_its_segments, export_case_setup,
            export_case_teardown),
        cmocka_unit_test_setup_teardown(a_whole_day_needs_little_memory, export_case_setup,
                                        export_case_teardown),
        cmocka_unit_test_setup_teardown(what_changes_after_it_was_verified_is_not_handed_out,
                                        export_case_setup, export_case_teardown),
        cmocka_unit_test_setup_teardown(large_segments_need_no_more_memory_and_come_out_whole,
                                        export_case_setup, export_case_teardown),
    };
    return cmocka_run_group_tests_name("export_locality", tests, NULL, NULL);
}
