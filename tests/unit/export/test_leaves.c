/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves of a segment: made from its records, read again, compared with its manifest. */
#include "../container/fixture.h"

#include "context_internal.h"
#include "leaves.h"

#define ENTRY 8u

/* A segment of a recording, and part B of its leaves frame. */
typedef struct bench {
    fixture *fix;
    memory_file file;
    svms_front front;
    svms_source source;
    svms_leaves_job job;
    svms_manifest manifest;
    uint8_t *body;
    size_t size;
    size_t room;
} bench;

static void find_segment(bench *self, size_t number)
{
    layout found = lay_out_file(&self->file);
    uint64_t at = found.segments[number];
    self->job.offset = at;
    for (;;) {
        svms_record record;
        const uint8_t *bytes = self->file.data + at;
        size_t left = found.segments[number + 1] - at;
        assert_int_equal(svms_record_parse(&record, bytes, left, at, NULL), SVMS_OK);
        if (record.type == SVMS_RECORD_MANIFEST) {
            assert_int_equal(svms_manifest_parse(&self->manifest, &self->front.header,
                                                 bytes + record.header_size, record.body_size, at,
                                                 NULL),
                             SVMS_OK);
            break;
        }
        at += record.header_size + record.body_size;
    }
    self->job.size = at - self->job.offset;
}

static void open_bench(bench *self, fixture *fix, const recipe *how)
{
    memset(self, 0, sizeof(*self));
    self->fix = fix;
    record_container(fix, how, &self->file);
    self->source = memory_source(&self->file);
    assert_int_equal(svms_front_open(&self->front, fix->ctx, &self->source, NULL), SVMS_OK);
    self->job.window = &self->front.window;
    self->job.header = &self->front.header;
    self->job.hasher = self->front.hasher;
    find_segment(self, 1);
}

static void close_bench(bench *self)
{
    svms_front_clear(&self->front);
    memory_file_clear(&self->file);
    free(self->body);
}

static svms_status keep(void *user, const void *data, size_t size, svms_error *err)
{
    bench *self = user;
    (void)err;
    assert_true(size <= 65536);
    assert_true(self->size + size <= self->room);
    memcpy(self->body + self->size, data, size);
    self->size += size;
    return SVMS_OK;
}

/* Two walks, as an export makes them. */
static void write_leaves(bench *self)
{
    uint64_t size = 0;
    assert_int_equal(svms_export_leaves_size(&self->job, &size, NULL), SVMS_OK);
    free(self->body);
    self->room = (size_t)size;
    self->body = malloc(self->room);
    self->size = 0;
    assert_int_equal(svms_export_write_leaves(&self->job, keep, self, NULL), SVMS_OK);
    assert_int_equal(self->size, self->room);
}

typedef struct check {
    memory_file bytes;
    svms_source source;
    svms_window window;
    svms_leaves leaves;
} check;

static void begin_check(check *at, bench *self, uint8_t *body, size_t size)
{
    memset(at, 0, sizeof(*at));
    at->bytes.data = body;
    at->bytes.size = size;
    at->source = memory_source(&at->bytes);
    svms_window_init(&at->window, self->fix->ctx, &at->source);
    assert_int_equal(svms_window_refresh(&at->window, NULL), SVMS_OK);
    svms_leaves_open(&at->leaves, &at->window, &self->front.header, self->job.removed_tracks, 0,
                     size);
}

static svms_status check_body(bench *self, uint8_t *body, size_t size, svms_leaves_summary *summary)
{
    check at;
    begin_check(&at, self, body, size);
    svms_status status =
        svms_leaves_check(&at.leaves, &self->manifest, self->front.hasher, summary, NULL);
    svms_window_clear(&at.window);
    return status;
}

static bool is_refusal(svms_status status)
{
    return status == SVMS_E_NOT_AUTHENTIC || status == SVMS_E_MALFORMED || status == SVMS_E_LIMIT;
}

static const svms_protection protections[] = { SVMS_PROTECT_STRONG, SVMS_PROTECT_LIGHT,
                                               SVMS_PROTECT_NONE };

static recipe recipe_of(size_t protection)
{
    recipe how = RECIPE_INIT;
    how.protection = protections[protection];
    how.password = protections[protection] == SVMS_PROTECT_NONE ? NULL : "pass word";
    return how;
}

static void leaves_give_the_roots_that_were_signed(void **state)
{
    static const uint32_t masks[] = { 0, 1, 2, 3 };
    for (size_t p = 0; p < 3; p++) {
        bench self;
        recipe how = recipe_of(p);
        open_bench(&self, *state, &how);
        for (size_t m = 0; m < 4; m++) {
            for (int presented = SVMS_PRESENTED_ALL; presented <= SVMS_PRESENTED_NONE;
                 presented++) {
                svms_leaves_summary summary;
                self.job.removed_tracks = masks[m];
                self.job.presented = (svms_export_presented)presented;
                write_leaves(&self);
                assert_int_equal(check_body(&self, self.body, self.size, &summary), SVMS_OK);
                for (uint32_t t = 0; t < 2; t++) {
                    const svms_track_entry *entry = svms_manifest_entry(&self.manifest, (uint8_t)t);
                    uint32_t expected = (masks[m] >> t & 1) != 0 ? 0 : entry->leaves;
                    bool all = presented == SVMS_PRESENTED_ALL;
                    assert_int_equal(summary.presented[t], all ? expected : 0);
                    assert_int_equal(summary.others[t], all ? 0 : expected);
                }
            }
        }
        close_bench(&self);
    }
}

static void one_sample_is_presented_and_the_others_are_hashes(void **state)
{
    bench self;
    svms_leaves_summary summary;
    recipe how = recipe_of(0);
    open_bench(&self, *state, &how);
    self.job.presented = SVMS_PRESENTED_ONE;
    self.job.presented_track = 0;
    for (uint64_t i = 0; i < how.frames; i++) {
        self.job.presented_sample = i;
        write_leaves(&self);
        assert_int_equal(check_body(&self, self.body, self.size, &summary), SVMS_OK);
        assert_int_equal(summary.presented[0], 1);
        assert_int_equal(summary.others[0], how.frames - 1);
        assert_int_equal(summary.presented[1], 0);
    }
    close_bench(&self);
}

static void a_sample_that_is_not_there_cannot_be_presented(void **state)
{
    bench self;
    uint64_t size = 0;
    recipe how = recipe_of(0);
    open_bench(&self, *state, &how);
    self.job.presented = SVMS_PRESENTED_ONE;
    self.job.presented_sample = how.frames;
    assert_int_equal(svms_export_leaves_size(&self.job, &size, NULL), SVMS_E_USAGE);
    self.job.presented_sample = 0;
    self.job.removed_tracks = 1;
    assert_int_equal(svms_export_leaves_size(&self.job, &size, NULL), SVMS_E_USAGE);
    close_bench(&self);
}

/* Bytes of the entry at a place. */
static size_t entry_size(const bench *self, size_t at)
{
    const uint8_t *p = self->body + at + 4;
    return ENTRY + ((size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3]);
}

/* Range tables are covered by the digest of the frame and by the samples, not by the roots. */
static bool is_in_table(const bench *self, size_t place)
{
    size_t at = 0;
    while (at + entry_size(self, at) <= place) {
        at += entry_size(self, at);
    }
    if (self->body[at] != SVMS_LEAF_PRESENTED) {
        return false;
    }
    size_t header = self->body[at + ENTRY + 3];
    return place >= at + ENTRY + header && place < at + entry_size(self, at) - SVMS_DIGEST_SIZE;
}

static void a_flipped_byte_is_noticed(void **state)
{
    for (size_t p = 0; p < 3; p++) {
        bench self;
        recipe how = recipe_of(p);
        how.sample_size = 1500;
        open_bench(&self, *state, &how);
        for (int presented = SVMS_PRESENTED_ALL; presented <= SVMS_PRESENTED_NONE; presented++) {
            self.job.presented = (svms_export_presented)presented;
            write_leaves(&self);
            for (size_t i = 0; i < self.size; i++) {
                if (is_in_table(&self, i)) {
                    continue;
                }
                self.body[i] ^= 0x20;
                assert_true(is_refusal(check_body(&self, self.body, self.size, NULL)));
                self.body[i] ^= 0x20;
            }
        }
        close_bench(&self);
    }
}

static void leaves_that_end_early_are_noticed(void **state)
{
    bench self;
    recipe how = recipe_of(0);
    open_bench(&self, *state, &how);
    write_leaves(&self);
    for (size_t size = 0; size < self.size; size++) {
        assert_true(is_refusal(check_body(&self, self.body, size, NULL)));
    }
    close_bench(&self);
}

static void an_entry_dropped_repeated_or_moved_is_noticed(void **state)
{
    bench self;
    recipe how = recipe_of(0);
    open_bench(&self, *state, &how);
    for (int presented = SVMS_PRESENTED_ALL; presented <= SVMS_PRESENTED_NONE; presented++) {
        self.job.presented = (svms_export_presented)presented;
        write_leaves(&self);
        uint8_t *other = malloc(self.size * 2);
        for (size_t at = 0; at < self.size; at += entry_size(&self, at)) {
            size_t size = entry_size(&self, at);
            size_t behind = self.size - at - size;
            memcpy(other, self.body, at);
            memcpy(other + at, self.body + at + size, behind);
            assert_true(is_refusal(check_body(&self, other, self.size - size, NULL)));
            memcpy(other, self.body, at + size);
            memcpy(other + at + size, self.body + at, size + behind);
            assert_true(is_refusal(check_body(&self, other, self.size + size, NULL)));
            if (behind == 0) {
                continue;
            }
            size_t next = entry_size(&self, at + size);
            memcpy(other, self.body, self.size);
            memcpy(other + at, self.body + at + size, next);
            memcpy(other + at + next, self.body + at, size);
            svms_status status = check_body(&self, other, self.size, NULL);
            /* Hashes of two tracks may stand in any order: roots are of each track. */
            bool alike = presented == SVMS_PRESENTED_NONE && other[at] == SVMS_LEAF_HASH &&
                         other[at + next] == SVMS_LEAF_HASH &&
                         other[at + 1] != other[at + next + 1];
            assert_true(alike ? status == SVMS_OK : is_refusal(status));
        }
        free(other);
    }
    close_bench(&self);
}

static void leaves_of_another_segment_do_not_fit(void **state)
{
    bench self;
    recipe how = recipe_of(0);
    open_bench(&self, *state, &how);
    find_segment(&self, 0);
    write_leaves(&self);
    find_segment(&self, 1);
    assert_int_equal(check_body(&self, self.body, self.size, NULL), SVMS_E_NOT_AUTHENTIC);
    close_bench(&self);
}

static void leaves_of_a_removed_track_are_refused(void **state)
{
    bench self;
    recipe how = recipe_of(0);
    open_bench(&self, *state, &how);
    write_leaves(&self);
    self.job.removed_tracks = 2;
    assert_int_equal(check_body(&self, self.body, self.size, NULL), SVMS_E_MALFORMED);
    close_bench(&self);
}

static void auxiliary_records_come_joined(void **state)
{
    bench self;
    check at;
    uint64_t size = 0;
    recipe how = recipe_of(0);
    open_bench(&self, *state, &how);
    write_leaves(&self);
    begin_check(&at, &self, self.body, self.size);
    assert_int_equal(svms_leaves_auxiliary_size(&at.leaves, &size, NULL), SVMS_OK);
    assert_int_equal(size, SVMS_RECORD_HEADER_SIZE + SVMS_START_BODY_SIZE);
    uint8_t *joined = malloc((size_t)size);
    for (size_t step = 1; step <= size; step++) {
        memset(joined, 0, (size_t)size);
        for (size_t done = 0; done < size; done += step) {
            size_t piece = size - done < step ? (size_t)size - done : step;
            assert_int_equal(
                svms_leaves_copy_auxiliary(&at.leaves, done, joined + done, piece, NULL), SVMS_OK);
        }
        assert_memory_equal(joined, self.file.data + self.job.offset, (size_t)size);
    }
    assert_int_equal(svms_leaves_copy_auxiliary(&at.leaves, size, joined, 1, NULL),
                     SVMS_E_TRUNCATED);
    assert_int_equal(svms_leaves_copy_auxiliary(&at.leaves, 5, joined, 1, NULL), SVMS_OK);
    assert_int_equal(joined[0], self.file.data[self.job.offset + 5]);
    free(joined);
    svms_window_clear(&at.window);
    close_bench(&self);
}

/* One byte of the first sample's entry, or of the first entry, is put to a value that is wrong. */
static void heads_that_break_a_rule_are_refused(void **state)
{
    static const struct {
        size_t entry;
        size_t place;
        uint8_t value;
        svms_status status;
    } cases[] = {
        { 0, 0, 0, SVMS_E_MALFORMED },                   /* no form */
        { 0, 0, 4, SVMS_E_MALFORMED },                   /* one that is unknown */
        { 0, 0, SVMS_LEAF_PRESENTED, SVMS_E_MALFORMED }, /* no track 255 */
        { 0, 1, 0, SVMS_E_MALFORMED },                   /* a record under a track */
        { 0, 2, 1, SVMS_E_MALFORMED },                   /* zeros that are none */
        { 0, 3, 1, SVMS_E_MALFORMED },
        { 0, 7, 95, SVMS_E_MALFORMED },
        { 0, 7, 0, SVMS_E_MALFORMED },
        { 0, 4, 255, SVMS_E_MALFORMED },
        { 0, ENTRY, 3, SVMS_E_NOT_AUTHENTIC },
        { 1, 0, SVMS_LEAF_HASH, SVMS_E_MALFORMED },
        { 1, 0, SVMS_LEAF_WHOLE, SVMS_E_MALFORMED },
        { 1, 1, 2, SVMS_E_MALFORMED },
        { 1, 1, 1, SVMS_E_MALFORMED }, /* not the track of the record */
        { 1, 1, 255, SVMS_E_MALFORMED },
        { 1, 7, 31, SVMS_E_MALFORMED },
        { 1, 7, 55, SVMS_E_MALFORMED },
        { 1, 6, 9, SVMS_E_MALFORMED },
    };
    bench self;
    recipe how = recipe_of(0);
    open_bench(&self, *state, &how);
    write_leaves(&self);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t at = (cases[i].entry == 0 ? 0 : entry_size(&self, 0)) + cases[i].place;
        uint8_t kept = self.body[at];
        self.body[at] = cases[i].value;
        assert_int_equal(check_body(&self, self.body, self.size, NULL), cases[i].status);
        self.body[at] = kept;
    }
    close_bench(&self);
}

static void failed_reads_and_allocations_are_reported(void **state)
{
    fixture *fix = *state;
    bench self;
    recipe how = recipe_of(0);
    open_bench(&self, fix, &how);
    write_leaves(&self);
    int64_t live = fix->live_blocks;
    for (uint64_t n = 1;; n++) {
        fix->allocations = 0;
        fix->allocation_fails_at = n;
        svms_status status = check_body(&self, self.body, self.size, NULL);
        fix->allocation_fails_at = 0;
        assert_int_equal(fix->live_blocks, live);
        if (status == SVMS_OK) {
            assert_true(n > 1);
            break;
        }
        assert_int_equal(status, SVMS_E_NO_MEMORY);
    }
    check at;
    begin_check(&at, &self, self.body, self.size);
    at.bytes.reads = 0;
    at.bytes.read_fails_at = 1;
    assert_int_equal(svms_leaves_check(&at.leaves, &self.manifest, self.front.hasher, NULL, NULL),
                     SVMS_E_IO);
    svms_window_clear(&at.window);
    close_bench(&self);
}

static svms_status give_up(void *user, const void *data, size_t size, svms_error *err)
{
    unsigned *left = user;
    (void)data;
    (void)size;
    (void)err;
    return (*left)-- == 0 ? SVMS_E_IO : SVMS_OK;
}

static void a_failure_of_the_sink_ends_writing(void **state)
{
    bench self;
    recipe how = recipe_of(0);
    open_bench(&self, *state, &how);
    for (unsigned n = 0; n < 8; n++) {
        unsigned left = n;
        assert_int_equal(svms_export_write_leaves(&self.job, give_up, &left, NULL), SVMS_E_IO);
    }
    close_bench(&self);
}

/* What is no verified segment is refused without harm. */
static void writing_from_damaged_records_fails(void **state)
{
    bench self;
    uint64_t size = 0;
    recipe how = recipe_of(1);
    how.sample_size = 1500;
    open_bench(&self, *state, &how);
    for (uint64_t i = 0; i < self.job.size && i < 400; i++) {
        self.file.data[self.job.offset + i] ^= 0x41;
        svms_status status = svms_export_leaves_size(&self.job, &size, NULL);
        if (status == SVMS_OK) {
            unsigned left = UINT32_MAX;
            status = svms_export_write_leaves(&self.job, give_up, &left, NULL);
        }
        assert_true(status == SVMS_OK || is_refusal(status));
        self.file.data[self.job.offset + i] ^= 0x41;
    }
    self.job.size -= 1;
    assert_int_equal(svms_export_leaves_size(&self.job, &size, NULL), SVMS_E_MALFORMED);
    close_bench(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_give_the_roots_that_were_signed),
        cmocka_unit_test(one_sample_is_presented_and_the_others_are_hashes),
        cmocka_unit_test(a_sample_that_is_not_there_cannot_be_presented),
        cmocka_unit_test(a_flipped_byte_is_noticed),
        cmocka_unit_test(leaves_that_end_early_are_noticed),
        cmocka_unit_test(an_entry_dropped_repeated_or_moved_is_noticed),
        cmocka_unit_test(leaves_of_another_segment_do_not_fit),
        cmocka_unit_test(leaves_of_a_removed_track_are_refused),
        cmocka_unit_test(auxiliary_records_come_joined),
        cmocka_unit_test(heads_that_break_a_rule_are_refused),
        cmocka_unit_test(failed_reads_and_allocations_are_reported),
        cmocka_unit_test(a_failure_of_the_sink_ends_writing),
        cmocka_unit_test(writing_from_damaged_records_fails),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
