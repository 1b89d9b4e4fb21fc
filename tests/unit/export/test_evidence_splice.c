/* SPDX-License-Identifier: Apache-2.0 */
/* An exporter with a real certificate who leaves out, repeats, renames and mixes: everything is
 * signed anew, and what the recorders signed tells it all the same. */
#include "forge_case.h"

#define ROOM 64

/* Two packages of recordings that look alike, and somebody who signs whatever he likes. */
typedef struct workshop {
    export_case *self;
    person exporter;
    memory_file files[2];
    seen_package *seen[2];
    piece front[2];
    carried frames[2][ROOM];
    size_t count[2];
} workshop;

static void workshop_open(export_case *self, workshop *out, bool sealed)
{
    recipe how = RECIPE_INIT;
    memset(out, 0, sizeof(*out));
    out->self = self;
    how.segments = 5;
    how.tracks = 1;
    person_make(self, &out->exporter, SVMS_ROLE_EXPORTER);
    for (int i = 0; i < 2; i++) {
        memory_file_clear(&self->container);
        record_container(self->fix, &how, &self->container);
        svms_export_options options = sealed ? sealed_options(self) : clear_options(self);
        svms_export_source source = whole_source(self);
        export_well(self, &options, &source);
        out->seen[i] = look_at_package(self, sealed ? SEAL : NULL);
        out->count[i] = carry(out->seen[i], out->frames[i], ROOM);
        out->front[i] = cut_out(&self->out, 0, out->seen[i]->frames[0].offset);
        out->files[i] = self->out; /* the frames point into it */
        memset(&self->out, 0, sizeof(self->out));
    }
}

static void workshop_close(workshop *this)
{
    for (int i = 0; i < 2; i++) {
        free(this->seen[i]);
        free(this->front[i].data);
        memory_file_clear(&this->files[i]);
    }
    person_clear(&this->exporter);
}

/* The nth frame of a kind of the first package. */
static size_t place_of(const workshop *this, uint8_t kind, size_t n)
{
    for (size_t i = 0; i < this->count[0]; i++) {
        if (this->frames[0][i].frame.kind == kind && n-- == 0) {
            return i;
        }
    }
    fail_msg("no frame of kind %u", kind);
    return 0;
}

static void take_away(carried *frames, size_t *count, size_t at)
{
    memmove(&frames[at], &frames[at + 1], (--*count - at) * sizeof(*frames));
}

static void put_in(carried *frames, size_t *count, size_t at, const carried *what)
{
    assert_true(*count < ROOM);
    memmove(&frames[at + 1], &frames[at], ((*count)++ - at) * sizeof(*frames));
    frames[at] = *what;
}

/* What a forger does to the frames of the first package. */
typedef void forgery(const workshop *this, carried *frames, size_t *count);

static void nothing(const workshop *this, carried *frames, size_t *count)
{
    (void)this;
    (void)frames;
    (void)count;
}

static void drop_first(const workshop *this, carried *frames, size_t *count)
{
    take_away(frames, count, place_of(this, SVMS_FRAME_SEGMENT, 0));
}

static void drop_middle(const workshop *this, carried *frames, size_t *count)
{
    take_away(frames, count, place_of(this, SVMS_FRAME_SEGMENT, 2));
}

static void drop_last(const workshop *this, carried *frames, size_t *count)
{
    take_away(frames, count, place_of(this, SVMS_FRAME_SEGMENT, 4));
}

static void drop_end(const workshop *this, carried *frames, size_t *count)
{
    take_away(frames, count, place_of(this, SVMS_FRAME_END, 0));
}

static void drop_last_and_end(const workshop *this, carried *frames, size_t *count)
{
    drop_end(this, frames, count);
    drop_last(this, frames, count);
}

static void drop_and_renumber(const workshop *this, carried *frames, size_t *count)
{
    size_t at = place_of(this, SVMS_FRAME_SEGMENT, 2);
    drop_middle(this, frames, count);
    for (size_t i = at; i < *count && frames[i].frame.kind == SVMS_FRAME_SEGMENT; i++) {
        frames[i].frame.number--;
    }
}

/* The manifest alone, without the records (E-SRC-4). */
static void keep_manifest_only(const workshop *this, carried *frames, size_t *count)
{
    carried *is = &frames[place_of(this, SVMS_FRAME_SEGMENT, 2)];
    (void)count;
    is->parts += is->frame.a_size + is->frame.b_size;
    is->frame.origin += is->frame.b_size;
    is->frame.kind = SVMS_FRAME_MANIFEST;
    is->frame.a_size = 0;
    is->frame.b_size = 0;
}

static void keep_last_manifest_only(const workshop *this, carried *frames, size_t *count)
{
    carried *is = &frames[place_of(this, SVMS_FRAME_SEGMENT, 4)];
    (void)count;
    is->parts += is->frame.a_size + is->frame.b_size;
    is->frame.origin += is->frame.b_size;
    is->frame.kind = SVMS_FRAME_MANIFEST;
    is->frame.a_size = 0;
    is->frame.b_size = 0;
}

static void swap_segments(const workshop *this, carried *frames, size_t *count)
{
    size_t at = place_of(this, SVMS_FRAME_SEGMENT, 1);
    carried first = frames[at];
    (void)count;
    frames[at] = frames[at + 1];
    frames[at + 1] = first;
}

/* And both say what stands where they stand now. */
static void swap_and_rename(const workshop *this, carried *frames, size_t *count)
{
    size_t at = place_of(this, SVMS_FRAME_SEGMENT, 1);
    swap_segments(this, frames, count);
    for (size_t i = at; i < at + 2; i++) {
        frames[i].frame.number = this->frames[0][i].frame.number;
        frames[i].frame.origin = this->frames[0][i].frame.origin;
        frames[i].first_utc_ns = this->frames[0][i].first_utc_ns;
        frames[i].last_utc_ns = this->frames[0][i].last_utc_ns;
    }
}

static void repeat_segment(const workshop *this, carried *frames, size_t *count)
{
    size_t at = place_of(this, SVMS_FRAME_SEGMENT, 1);
    put_in(frames, count, at, &frames[at]);
}

static void foreign_segment(const workshop *this, carried *frames, size_t *count)
{
    size_t at = place_of(this, SVMS_FRAME_SEGMENT, 2);
    (void)count;
    frames[at] = this->frames[1][at];
}

static void foreign_pieces(const workshop *this, carried *frames, size_t *count)
{
    (void)count;
    for (size_t i = 1; i < this->count[0] - 1; i++) {
        frames[i] = this->frames[1][i];
    }
}

static void foreign_source(const workshop *this, carried *frames, size_t *count)
{
    (void)count;
    frames[0] = this->frames[1][0];
}

static void foreign_end(const workshop *this, carried *frames, size_t *count)
{
    size_t at = place_of(this, SVMS_FRAME_END, 0);
    (void)count;
    frames[at] = this->frames[1][at];
}

static void shift_numbers(const workshop *this, carried *frames, size_t *count)
{
    (void)this;
    for (size_t i = 0; i < *count; i++) {
        frames[i].frame.number += frames[i].frame.kind == SVMS_FRAME_SEGMENT ? 1 : 0;
    }
}

static void shift_origins(const workshop *this, carried *frames, size_t *count)
{
    (void)this;
    for (size_t i = 1; i < *count - 1; i++) {
        frames[i].frame.origin += 64;
    }
}

static void shift_one_origin(const workshop *this, carried *frames, size_t *count)
{
    (void)count;
    frames[place_of(this, SVMS_FRAME_SEGMENT, 3)].frame.origin++;
}

static void shift_times(const workshop *this, carried *frames, size_t *count)
{
    (void)count;
    carried *is = &frames[place_of(this, SVMS_FRAME_SEGMENT, 3)];
    is->first_utc_ns += SECOND;
    is->last_utc_ns += SECOND;
}

static void declare_source_only(const workshop *this, carried *frames, size_t *count)
{
    (void)this;
    (void)count;
    frames[0].frame.flags |= SVMS_FRAME_UNVERIFIED;
}

static void declare_segment_only(const workshop *this, carried *frames, size_t *count)
{
    (void)count;
    frames[place_of(this, SVMS_FRAME_SEGMENT, 2)].frame.flags |= SVMS_FRAME_UNVERIFIED;
}

/* Its bytes without its records, so that nobody looks for a segment there. */
static void call_it_a_fragment(const workshop *this, carried *frames, size_t *count)
{
    carried *is = &frames[place_of(this, SVMS_FRAME_SEGMENT, 2)];
    (void)count;
    frames[0].frame.flags |= SVMS_FRAME_UNVERIFIED;
    is->parts += is->frame.a_size;
    is->frame.kind = SVMS_FRAME_FRAGMENT;
    is->frame.flags = SVMS_FRAME_UNVERIFIED;
    is->frame.b_size += is->frame.c_size;
    is->frame.a_size = 0;
    is->frame.c_size = 0;
    is->first_utc_ns = INT64_MIN;
    is->last_utc_ns = INT64_MIN;
}

static void an_exporter_cannot_leave_out_repeat_or_mix(void **state)
{
    static const struct lie {
        const char *name;
        forgery *forge;
        svms_verdict sources;
        bool opens; /* directories alone do not show it */
    } lies[] = {
        { "nothing", nothing, SVMS_VERDICT_AUTHENTIC, true },
        { "drop_first", drop_first, SVMS_VERDICT_INCOMPLETE, true },
        { "drop_middle", drop_middle, SVMS_VERDICT_NOT_AUTHENTIC, true },
        { "drop_last", drop_last, SVMS_VERDICT_INCOMPLETE, true },
        { "drop_end", drop_end, SVMS_VERDICT_INCOMPLETE, true },
        { "drop_last_and_end", drop_last_and_end, SVMS_VERDICT_INCOMPLETE, true },
        { "drop_and_renumber", drop_and_renumber, SVMS_VERDICT_NOT_AUTHENTIC, true },
        { "keep_manifest_only", keep_manifest_only, SVMS_VERDICT_NOT_AUTHENTIC, true },
        { "keep_last_manifest_only", keep_last_manifest_only, SVMS_VERDICT_INCOMPLETE, true },
        { "swap_segments", swap_segments, SVMS_VERDICT_NOT_AUTHENTIC, false },
        { "swap_and_rename", swap_and_rename, SVMS_VERDICT_NOT_AUTHENTIC, true },
        { "repeat_segment", repeat_segment, SVMS_VERDICT_NOT_AUTHENTIC, false },
        { "foreign_segment", foreign_segment, SVMS_VERDICT_NOT_AUTHENTIC, true },
        { "foreign_pieces", foreign_pieces, SVMS_VERDICT_NOT_AUTHENTIC, true },
        { "foreign_source", foreign_source, SVMS_VERDICT_NOT_AUTHENTIC, true },
        { "foreign_end", foreign_end, SVMS_VERDICT_NOT_AUTHENTIC, true },
        { "shift_numbers", shift_numbers, SVMS_VERDICT_NOT_AUTHENTIC, true },
        { "shift_origins", shift_origins, SVMS_VERDICT_NOT_AUTHENTIC, true },
        { "shift_one_origin", shift_one_origin, SVMS_VERDICT_NOT_AUTHENTIC, true },
        { "shift_times", shift_times, SVMS_VERDICT_NOT_AUTHENTIC, true },
        { "declare_source_only", declare_source_only, SVMS_VERDICT_NOT_AUTHENTIC, true },
        { "declare_segment_only", declare_segment_only, SVMS_VERDICT_NOT_AUTHENTIC, true },
        { "call_it_a_fragment", call_it_a_fragment, SVMS_VERDICT_NOT_AUTHENTIC, true },
    };
    export_case *self = *state;
    workshop this;
    workshop_open(self, &this, false);
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        carried frames[ROOM];
        size_t count = this.count[0];
        svms_export_report report = SVMS_EXPORT_REPORT_INIT;
        svms_status opening = SVMS_OK;
        memcpy(frames, this.frames[0], sizeof(frames));
        lies[i].forge(&this, frames, &count);
        assemble(self, &this.front[0], frames, count, &this.exporter);
        int verdict = judge(self, &self->out, NULL, &report, &opening);
        if (opening != (lies[i].opens ? SVMS_OK : SVMS_E_NOT_AUTHENTIC) ||
            (verdict >= 0 && report.sources != lies[i].sources)) {
            fail_msg("%s: opening %d (%s), verdict %d, sources %d (%s)", lies[i].name, opening,
                     self->err.message, verdict, report.sources, report.reason);
        }
        assert_int_equal(report.links, SVMS_VERDICT_AUTHENTIC);
        assert_true(lies[i].sources == SVMS_VERDICT_AUTHENTIC || verdict != SVMS_VERDICT_AUTHENTIC);
    }
    workshop_close(&this);
}

/* Another recording as a whole is what its recorder signed; the case does not know it. */
static void a_source_of_another_package_contradicts_the_case(void **state)
{
    export_case *self = *state;
    workshop this;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_status opening = SVMS_OK;
    workshop_open(self, &this, false);
    carried frames[2 * ROOM];
    size_t count = this.count[0];
    memcpy(frames, this.frames[1], sizeof(this.frames[1]));
    frames[count - 1] = this.frames[0][count - 1];
    assemble(self, &this.front[0], frames, count, &this.exporter);
    assert_int_equal(judge(self, &self->out, NULL, &report, &opening), SVMS_VERDICT_NOT_AUTHENTIC);
    assert_int_equal(report.sources, SVMS_VERDICT_AUTHENTIC);
    assert_int_equal(report.contents, SVMS_VERDICT_NOT_AUTHENTIC);
    /* As one more. */
    memcpy(frames, this.frames[0], sizeof(this.frames[0]));
    memcpy(frames + count - 1, this.frames[1], sizeof(this.frames[1]));
    frames[count - 1].frame.number = 1;
    assemble(self, &this.front[0], frames, 2 * count - 1, &this.exporter);
    assert_int_equal(judge(self, &self->out, NULL, &report, &opening), SVMS_VERDICT_NOT_AUTHENTIC);
    assert_int_equal(report.sources, SVMS_VERDICT_AUTHENTIC);
    assert_int_equal(report.contents, SVMS_VERDICT_NOT_AUTHENTIC);
    /* Under a number that is not its own. */
    frames[count - 1].frame.number = 0;
    assemble(self, &this.front[0], frames, 2 * count - 1, &this.exporter);
    assert_int_equal(judge(self, &self->out, NULL, &report, &opening), -1);
    assert_int_equal(opening, SVMS_E_NOT_AUTHENTIC);
    workshop_close(&this);
}

/* What was sealed for one place opens in no other (E-FRM-2). */
static void a_sealed_frame_opens_nowhere_else(void **state)
{
    export_case *self = *state;
    workshop this;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_status opening = SVMS_OK;
    workshop_open(self, &this, true);
    for (int which = 0; which < 3; which++) {
        carried frames[ROOM];
        size_t count = this.count[0];
        memcpy(frames, this.frames[0], sizeof(frames));
        if (which == 1) {
            foreign_segment(&this, frames, &count);
        } else if (which == 2) {
            drop_first(&this, frames, &count); /* everything behind it moves up */
        }
        assemble(self, &this.front[0], frames, count, &this.exporter);
        int verdict = judge(self, &self->out, SEAL, &report, &opening);
        assert_int_equal(opening, SVMS_OK);
        if (which == 0) {
            assert_int_equal(verdict, SVMS_VERDICT_AUTHENTIC);
        } else {
            assert_true(verdict >= SVMS_VERDICT_UNDECRYPTABLE);
            assert_true(report.sources >= SVMS_VERDICT_UNDECRYPTABLE);
        }
    }
    /* The header and slot of another package, with all the rest of this one. */
    assemble(self, &this.front[1], this.frames[0], this.count[0], &this.exporter);
    assert_true(judge(self, &self->out, SEAL, &report, &opening) >= SVMS_VERDICT_UNDECRYPTABLE);
    assert_int_equal(report.sources, SVMS_VERDICT_UNDECRYPTABLE);
    assert_int_equal(report.contents, SVMS_VERDICT_UNDECRYPTABLE);
    workshop_close(&this);
}

/* Two directories of 256 entries each and a shorter one. */
static void directories_cannot_be_swapped(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_status opening = SVMS_OK;
    how.segments = 600;
    how.tracks = 1;
    how.frames = 1;
    how.sample_size = 20;
    how.protection = SVMS_PROTECT_NONE;
    memory_file_clear(&self->container);
    record_container(self->fix, &how, &self->container);
    svms_export_options options = clear_options(self);
    svms_export_source source = whole_source(self);
    export_well(self, &options, &source);
    expect_authentic(self, NULL);
    seen_package *seen = look_at_package(self, NULL);
    const svms_frame *is = &frame_of(seen, SVMS_FRAME_DIRECTORY, 0)->frame;
    uint8_t *first = self->out.data + frame_of(seen, SVMS_FRAME_DIRECTORY, 0)->offset;
    uint8_t *second = self->out.data + frame_of(seen, SVMS_FRAME_DIRECTORY, 1)->offset;
    size_t size = (size_t)svms_frame_size(is);
    uint8_t *kept = malloc(size);
    assert_non_null(kept);
    /* As a whole, then their lists alone. */
    for (size_t front = 0; front <= 80; front += 80) {
        memcpy(kept, first + front, size - front);
        memcpy(first + front, second + front, size - front);
        memcpy(second + front, kept, size - front);
        assert_int_equal(judge(self, &self->out, NULL, &report, &opening), -1);
        assert_int_equal(opening, SVMS_E_NOT_AUTHENTIC);
        memcpy(second + front, first + front, size - front);
        memcpy(first + front, kept, size - front);
    }
    expect_authentic(self, NULL);
    free(kept);
    free(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, export_case_setup, export_case_teardown)
        CASE(an_exporter_cannot_leave_out_repeat_or_mix),
        CASE(a_source_of_another_package_contradicts_the_case),
        CASE(a_sealed_frame_opens_nowhere_else),
        CASE(directories_cannot_be_swapped),
    };
    return cmocka_run_group_tests_name("evidence_splice", tests, NULL, NULL);
}
