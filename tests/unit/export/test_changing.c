/* SPDX-License-Identifier: Apache-2.0 */
/* A source that changes while it is exported: what gets into a package is what was verified, or
 * nothing does. */
#include "../container/sparse.h"
#include "evidence_case.h"

#define MOST_READS 1024u

/* A container that somebody writes to in the middle of an export. */
typedef struct moving {
    memory_file *file;
    uint64_t reads;
    uint64_t changes_after; /* reads; 0: never */
    size_t from;            /* bytes that differ then */
    size_t to;
    size_t small; /* size before the change; 0: it does not grow */
    struct {
        uint64_t offset;
        size_t size;
    } log[MOST_READS]; /* what was read */
} moving;

static svms_status read_at(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                           int *os_error)
{
    moving *self = user;
    (void)os_error;
    assert_true(self->reads < MOST_READS);
    self->log[self->reads].offset = offset;
    self->log[self->reads].size = size;
    self->reads++;
    bool changed = self->changes_after != 0 && self->reads > self->changes_after;
    size_t whole = self->small != 0 && !changed ? self->small : self->file->size;
    size_t left = offset < whole ? whole - (size_t)offset : 0;
    uint8_t *bytes = out;
    *got = size < left ? size : left;
    if (*got != 0) {
        memcpy(out, self->file->data + offset, *got);
    }
    for (size_t i = self->from; changed && i < self->to; i++) {
        if (i >= offset && i - offset < *got) {
            bytes[i - offset] ^= 0x40;
        }
    }
    return SVMS_OK;
}

static svms_status get_size(void *user, uint64_t *size, int *os_error)
{
    const moving *self = user;
    bool changed = self->changes_after != 0 && self->reads >= self->changes_after;
    (void)os_error;
    *size = self->small != 0 && !changed ? self->small : self->file->size;
    return SVMS_OK;
}

/* A way to export. */
typedef struct way {
    const char *what;
    const char *signing; /* of `signings` */
    svms_protection protection;
    bool sealed;
    bool proof;
    uint32_t removed;
    int64_t from; /* seconds behind T0; or NONE */
    int64_t to;
    bool open;
} way;

#define NONE INT64_MIN

static const way ways[] = {
    { "clear", "direct", SVMS_PROTECT_STRONG, false, false, 0, NONE, NONE, false },
    { "sealed", "direct", SVMS_PROTECT_NONE, true, false, 0, NONE, NONE, false },
    { "without a track", "direct", SVMS_PROTECT_NONE, false, false, 2, NONE, NONE, false },
    { "a period", "direct", SVMS_PROTECT_STRONG, false, false, 0, 1, 2, false },
    { "every third", "every third", SVMS_PROTECT_STRONG, false, false, 0, NONE, NONE, false },
    { "every third without a track", "every third", SVMS_PROTECT_LIGHT, true, false, 2, 1, 2,
      false },
    { "late", "late by two segments", SVMS_PROTECT_STRONG, false, false, 0, 0, 2, false },
    { "unsigned until the end", "every 64th", SVMS_PROTECT_NONE, false, false, 0, 1, 2, false },
    { "a proof", "direct", SVMS_PROTECT_NONE, false, true, 0, NONE, NONE, false },
    { "a proof without a track", "every third", SVMS_PROTECT_STRONG, false, true, 2, NONE, NONE,
      false },
    { "an open recording", "direct", SVMS_PROTECT_STRONG, false, false, 0, NONE, NONE, true },
};

static const signing *signing_of(const char *name)
{
    for (size_t i = 0; i < signing_count; i++) {
        if (strcmp(signings[i].name, name) == 0) {
            return &signings[i];
        }
    }
    fail_msg("no way of signing is called %s", name);
    return NULL;
}

static svms_status finish(export_case *self, svms_export *package, bool proof)
{
    svms_export_presentation presentation = SVMS_EXPORT_PRESENTATION_INIT;
    svms_export_origin origin = { 0, 0, 0, 0, T0 };
    memory_file picture = { (uint8_t *)(uintptr_t) "a picture", 9, 0, 0, 0, 0, 0, 0, 0 };
    svms_source bytes = memory_source(&picture);
    if (proof) {
        presentation.name = "clear.png";
        presentation.media_type = "image/png";
        presentation.method = "decoded";
        presentation.origins = &origin;
        presentation.origin_count = 1;
        assert_int_equal(svms_export_set_presentation(package, &bytes, &presentation, &self->err),
                         SVMS_OK);
    }
    return svms_export_finish(package, &self->result, &self->err);
}

static svms_status export_moving(export_case *self, const way *how, moving *from)
{
    svms_export_options options = how->sealed ? sealed_options(self) : clear_options(self);
    svms_export_source wanted = whole_source(self);
    svms_source source = SVMS_SOURCE_INIT;
    options.kind = how->proof ? SVMS_EXPORT_PROOF : SVMS_EXPORT_PACKAGE;
    wanted.removed_tracks = how->removed;
    wanted.presented = how->proof ? SVMS_PRESENTED_NONE : SVMS_PRESENTED_ALL;
    wanted.from_utc_ns = how->from == NONE ? SVMS_NO_TIME : T0 + how->from * SECOND;
    wanted.to_utc_ns = how->to == NONE ? SVMS_NO_TIME : T0 + how->to * SECOND;
    source.user = from;
    source.read_at = read_at;
    source.get_size = get_size;
    from->reads = 0;
    memory_file_clear(&self->out);
    svms_export_result_clear(&self->result);
    svms_export *package = begin_export(self, &options);
    self->err = (svms_error)SVMS_ERROR_INIT;
    svms_status status = svms_export_add_source(package, &source, &wanted, NULL, &self->err);
    if (status == SVMS_OK) {
        status = finish(self, package, how->proof);
    }
    svms_export_abort(&package);
    return status;
}

/* How many exports said that the source changed. */
typedef struct tally {
    size_t said;
    size_t good;
    size_t tried;
} tally;

/* Either it is refused, and nothing is left, or the receiver sees what the exporter saw. */
static void expect_sound(export_case *self, const way *how, const moving *from, svms_status status,
                         svms_verdict whole, tally *counts)
{
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_status opening = SVMS_OK;
    if (status == SVMS_OK) {
        (void)judge(self, &self->out, how->sealed ? SEAL : NULL, &report, &opening);
        if (opening != SVMS_OK || report.sources != whole) {
            fail_msg("%s: byte %zu changed after read %d, and the export is %s (%s)", how->what,
                     from->from, (int)from->changes_after, svms_verdict_name(report.sources),
                     report.reason);
        }
        counts->good++;
        return;
    }
    svms_status_kind kind = svms_status_class(status);
    if (kind != SVMS_CLASS_EVIDENCE && kind != SVMS_CLASS_MALFORMED) {
        fail_msg("%s: byte %zu changed after read %d gives %s (%s)", how->what, from->from,
                 (int)from->changes_after, svms_status_name(status), self->err.message);
    }
    assert_false(looks_finished(&self->out));
    counts->said += strcmp(self->err.message, "the source changed while it was exported") == 0;
}

/* Whether the nth read, from 1, shows something that is going to change. */
static bool shows(const moving *from, uint64_t n)
{
    uint64_t offset = from->log[n - 1].offset;
    return from->small != 0 || (from->from < offset + from->log[n - 1].size && from->to > offset);
}

/* The change comes before every read that shows it: where it comes between two of them, makes no
 * difference. */
static void change_before_every_read(export_case *self, const way *how, const moving *given,
                                     svms_verdict whole, tally *counts)
{
    moving still = *given;
    assert_int_equal(export_moving(self, how, &still), SVMS_OK);
    for (uint64_t n = 2; n <= still.reads; n++) {
        if (shows(&still, n)) {
            moving from = *given;
            from.changes_after = n - 1;
            svms_status status = export_moving(self, how, &from);
            expect_sound(self, how, &from, status, whole, counts);
            counts->tried++;
        }
    }
}

static svms_verdict record_way(export_case *self, const way *how, recipe *what)
{
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_status opening = SVMS_OK;
    moving still = { .file = &self->container };
    what->protection =
        how->protection == SVMS_PROTECT_LIGHT ? SVMS_PROTECT_STRONG : how->protection;
    what->leave_open = how->open;
    what->password = how->protection == SVMS_PROTECT_NONE ? NULL : what->password;
    memory_file_clear(&self->container);
    record_signed(self->fix, signing_of(how->signing), what, &self->container);
    if (export_moving(self, how, &still) != SVMS_OK) {
        fail_msg("%s: %s", how->what, self->err.message);
    }
    (void)judge(self, &self->out, how->sealed ? SEAL : NULL, &report, &opening);
    assert_int_equal(opening, SVMS_OK);
    assert_true(report.sources == SVMS_VERDICT_AUTHENTIC ||
                report.sources == SVMS_VERDICT_INCOMPLETE);
    return report.sources;
}

/* The middle of each record, of the header, and of what lies between. */
static size_t places_of(const memory_file *file, size_t *out, size_t room)
{
    layout at = lay_out_file(file);
    size_t count = 0;
    out[count++] = at.header_size / 2;
    out[count++] = at.header_size + 60;
    size_t end = file->size;
    for (size_t offset = at.first_record; offset + 16 <= end && count + 2 < room;) {
        const uint8_t *bytes = file->data + offset;
        size_t body = ((size_t)bytes[4] << 24) | ((size_t)bytes[5] << 16) |
                      ((size_t)bytes[6] << 8) | bytes[7];
        size_t size = (bytes[0] == 1 ? bytes[3] : 16u) + body;
        out[count] = count % 3 == 0 ? offset + 6 : offset + size / 2; /* its length, its middle */
        count++;
        offset += size;
    }
    return count;
}

static void what_is_carried_is_what_was_verified(void **state)
{
    export_case *self = *state;
    size_t said = 0;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        size_t places[128];
        tally counts = { 0, 0, 0 };
        recipe what = RECIPE_INIT;
        what.segments = 3;
        what.frames = 1;
        what.sample_size = 90;
        svms_verdict whole = record_way(self, &ways[i], &what);
        size_t count = places_of(&self->container, places, 128);
        for (size_t k = 0; k < count; k++) {
            moving from = { .file = &self->container, .from = places[k], .to = places[k] + 1 };
            change_before_every_read(self, &ways[i], &from, whole, &counts);
        }
        assert_true(counts.tried != 0);
        said += counts.said;
    }
    assert_true(said > 20);
}

/* Segments that the window has no room for, or only just. */
static void long_segments_are_no_exception(void **state)
{
    export_case *self = *state;
    static const size_t sizes[] = { 140000, 1100000 };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        static const size_t chosen[] = { 0, 2, 4, 8 };
        for (size_t k = 0; k < sizeof(chosen) / sizeof(chosen[0]); k++) {
            tally counts = { 0, 0, 0 };
            recipe what = RECIPE_INIT;
            what.segments = 1;
            what.frames = 4;
            what.sample_size = sizes[i];
            way how = ways[chosen[k]];
            svms_verdict whole = record_way(self, &how, &what);
            size_t at = self->container.size - self->container.size / 20;
            moving from = { .file = &self->container, .from = at, .to = at + 1 };
            change_before_every_read(self, &how, &from, whole, &counts);
            assert_true(counts.tried != 0 && (sizes[i] < 1048576 || counts.said != 0));
        }
    }
}

/* What a live recording gets while it is exported comes too late. */
static void a_recording_that_grows_is_exported_as_it_was(void **state)
{
    export_case *self = *state;
    recipe what = RECIPE_INIT;
    way how = ways[0];
    what.segments = 5;
    for (int open = 0; open < 2; open++) {
        how.open = open != 0;
        (void)record_way(self, &how, &what);
        layout at = lay_out_file(&self->container);
        moving from = { .file = &self->container, .small = at.segments[2] + 30 };
        tally counts = { 0, 0, 0 };
        change_before_every_read(self, &how, &from, SVMS_VERDICT_INCOMPLETE, &counts);
        assert_true(counts.tried != 0 && counts.good == counts.tried);
        assert_int_equal(counts.said, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, export_case_setup, export_case_teardown)
        CASE(what_is_carried_is_what_was_verified),
        CASE(long_segments_are_no_exception),
        CASE(a_recording_that_grows_is_exported_as_it_was),
    };
    return cmocka_run_group_tests_name("changing", tests, NULL, NULL);
}
