/* SPDX-License-Identifier: Apache-2.0 */
/* Clear samples against their proof. */
#include "proof_bench.h"

static void assert_named(const bench *self, const clear_sample *sample)
{
    const svms_proof_report *report = &self->report;
    assert_int_equal(report->verdict, SVMS_VERDICT_NOT_AUTHENTIC);
    assert_int_equal(report->samples, SVMS_VERDICT_NOT_AUTHENTIC);
    assert_int_equal(report->has_failure, 1);
    assert_int_equal(report->failure_source, 0);
    assert_int_equal(report->failure_track, sample->track - 1);
    assert_int_equal(report->failure_presentation_track, sample->track);
    assert_int_equal(report->failure_segment, sample->segment);
    assert_int_equal(report->failure_sample, sample->number);
    assert_true(report->failure_utc_ns == sample->utc_ns);
    assert_int_equal(self->err.segment, sample->segment);
}

static void samples_as_recorded_are_authentic_in_pieces_of_any_size(void **state)
{
    static const size_t steps[] = { 1, 7, SIZE_MAX / 2 };
    static const uint32_t removed[] = { 0, 1, 2 };
    for (size_t p = 0; p < 3; p++) {
        for (size_t r = 0; r < 3; r++) {
            bench self;
            recipe how = recipe_of(p);
            how.sample_size = 1500;
            make_bench(&self, state, &how, removed[r]);
            for (size_t s = 0; s < 3; s++) {
                svms_status status = check_in_steps(&self, steps[s]);
                if (status != SVMS_OK) {
                    fail_msg("protection %zu: %s", p, self.err.message);
                }
                assert_int_equal(self.report.samples_same, self.count);
                assert_int_equal(self.report.samples_different, 0);
                assert_int_equal(self.report.samples_missing, 0);
                assert_int_equal(self.report.presentation, SVMS_PRESENTATION_SAME);
                assert_int_equal(self.report.has_failure, 0);
                assert_int_equal(self.report.track_count, removed[r] == 0 ? 2 : 1);
            }
            close_bench(&self);
        }
    }
}

static void a_flipped_byte_of_any_sample_names_the_sample(void **state)
{
    for (size_t p = 0; p < 3; p++) {
        bench self;
        recipe how = recipe_of(p);
        how.sample_size = 24;
        how.segments = 2;
        make_bench(&self, state, &how, 0);
        for (size_t i = 0; i < self.count; i++) {
            for (size_t at = 0; at < self.samples[i].size; at++) {
                self.samples[i].bytes[at] ^= 1;
                assert_int_equal(check_bench(&self), SVMS_E_NOT_AUTHENTIC);
                assert_named(&self, &self.samples[i]);
                assert_int_equal(self.report.samples_different, 1);
                assert_int_equal(self.report.samples_same, self.count - 1);
                self.samples[i].bytes[at] ^= 1;
            }
        }
        close_bench(&self);
    }
}

/* Index of the sample that follows on the same track, or count. */
static size_t next_on_track(const bench *self, size_t i)
{
    size_t next = i + 1;
    while (next < self->count && self->samples[next].track != self->samples[i].track) {
        next++;
    }
    return next;
}

static void a_dropped_sample_is_named(void **state)
{
    bench self;
    recipe how = recipe_of(0);
    make_bench(&self, state, &how, 0);
    for (size_t i = 0; i < self.count; i++) {
        clear_sample gone = self.samples[i];
        self.samples[i].size = 0;
        assert_int_equal(check_bench(&self), SVMS_E_NOT_AUTHENTIC);
        assert_named(&self, &gone);
        assert_int_equal(self.report.samples_missing, 1);
        self.samples[i] = gone;
    }
    close_bench(&self);
}

static void a_truncated_sample_is_named(void **state)
{
    bench self;
    recipe how = recipe_of(1);
    make_bench(&self, state, &how, 0);
    for (size_t i = 0; i < self.count; i++) {
        self.samples[i].size--;
        assert_int_equal(check_bench(&self), SVMS_E_NOT_AUTHENTIC);
        assert_named(&self, &self.samples[i]);
        self.samples[i].size++;
    }
    close_bench(&self);
}

static void swapped_samples_are_named(void **state)
{
    bench self;
    recipe how = recipe_of(0);
    make_bench(&self, state, &how, 0);
    for (size_t i = 0; i < self.count; i++) {
        size_t next = next_on_track(&self, i);
        if (next == self.count) {
            continue;
        }
        uint8_t *kept = self.samples[i].bytes;
        self.samples[i].bytes = self.samples[next].bytes;
        self.samples[next].bytes = kept;
        assert_int_equal(check_bench(&self), SVMS_E_NOT_AUTHENTIC);
        assert_named(&self, &self.samples[i]);
        assert_int_equal(self.report.samples_different, 2);
        self.samples[next].bytes = self.samples[i].bytes;
        self.samples[i].bytes = kept;
    }
    close_bench(&self);
}

/* What is added to a sample stands where the next one should begin. */
static void an_added_byte_is_noticed(void **state)
{
    bench self;
    recipe how = recipe_of(2);
    make_bench(&self, state, &how, 0);
    for (size_t i = 0; i < self.count; i++) {
        size_t next = next_on_track(&self, i);
        self.samples[i].bytes[self.samples[i].size++] = 0x5A;
        assert_int_equal(check_bench(&self), SVMS_E_NOT_AUTHENTIC);
        if (next < self.count) {
            assert_named(&self, &self.samples[next]);
        } else {
            assert_int_equal(self.report.failure_source, UINT32_MAX);
            assert_int_equal(self.report.failure_track, self.samples[i].track - 1);
        }
        assert_int_equal(self.report.bytes_besides, 1);
        self.samples[i].size--;
    }
    close_bench(&self);
}

static void a_sample_on_another_track_is_noticed(void **state)
{
    bench self;
    recipe how = recipe_of(0);
    make_bench(&self, state, &how, 0);
    for (size_t i = 0; i < self.count; i++) {
        self.samples[i].track ^= 3;
        assert_int_equal(check_bench(&self), SVMS_E_NOT_AUTHENTIC);
        self.samples[i].track ^= 3;
    }
    close_bench(&self);
}

static void a_track_that_nobody_recorded_is_noticed(void **state)
{
    bench self;
    recipe how = recipe_of(0);
    make_bench(&self, state, &how, 0);
    clear_sample *more = &self.samples[self.count++];
    *more = (clear_sample){ 3, malloc(1), 1, 0, 0, 0 };
    more->bytes[0] = 0;
    assert_int_equal(check_bench(&self), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(self.report.failure_source, UINT32_MAX);
    assert_int_equal(self.report.bytes_besides, 1);
    assert_int_equal(self.report.samples_same, self.count - 1);
    close_bench(&self);
}

static void nothing_fed_is_not_authentic(void **state)
{
    bench self;
    recipe how = recipe_of(0);
    make_bench(&self, state, &how, 0);
    size_t count = self.count;
    self.count = 0;
    assert_int_equal(check_bench(&self), SVMS_E_NOT_AUTHENTIC);
    assert_named(&self, &self.samples[0]);
    assert_int_equal(self.report.samples_missing, count);
    self.count = count;
    close_bench(&self);
}

static void a_file_that_differs_around_its_samples_is_incomplete(void **state)
{
    bench self;
    recipe how = recipe_of(0);
    make_bench(&self, state, &how, 0);
    self.file.data[3] ^= 1;
    assert_int_equal(check_bench(&self), SVMS_E_INCOMPLETE);
    assert_int_equal(self.report.samples, SVMS_VERDICT_AUTHENTIC);
    assert_int_equal(self.report.presentation, SVMS_PRESENTATION_DIFFERS);
    self.file.data[3] ^= 1;
    self.file.size--;
    assert_int_equal(check_bench(&self), SVMS_E_INCOMPLETE);
    self.file.size++;
    assert_int_equal(check_bench(&self), SVMS_OK);
    close_bench(&self);
}

/* Several sources of a recording follow each other on the same tracks. */
static void two_sources_are_one_track(void **state)
{
    bench self;
    recipe how = recipe_of(0);
    size_t first = 0;
    open_bench(&self, state);
    record_container(self.made->fix, &how, &self.made->container);
    svms_export_source what = whole_source(self.made);
    svms_export *package = begin_proof(&self);
    what.to_utc_ns = T0 + SECOND;
    add_source_well(self.made, package, &self.made->container, &what);
    what.from_utc_ns = T0 + SECOND;
    what.to_utc_ns = SVMS_NO_TIME;
    add_source_well(self.made, package, &self.made->container, &what);
    svms_export_presentation presentation = mp4_presentation();
    set_presentation(&self, package, &presentation);
    finish_well(self.made, &package);
    take_samples(&self, &self.made->container, 0);
    while (self.samples[first].segment == 0) {
        first++;
    }
    assert_int_equal(check_bench(&self), SVMS_OK);
    assert_int_equal(self.report.samples_same, self.count);
    self.samples[first].bytes[0] ^= 1;
    assert_int_equal(check_bench(&self), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(self.report.failure_source, 1);
    assert_int_equal(self.report.failure_sample, self.samples[first].number);
    close_bench(&self);
}

/* What two cameras saw does not become one scene. */
static void two_recordings_are_not_one_track(void **state)
{
    bench self;
    recipe how = recipe_of(0);
    memory_file second = { 0 };
    open_bench(&self, state);
    record_container(self.made->fix, &how, &self.made->container);
    how.seed = 9;
    record_container(self.made->fix, &how, &second);
    svms_export_source what = whole_source(self.made);
    svms_export *package = begin_proof(&self);
    add_source_well(self.made, package, &self.made->container, &what);
    add_source_well(self.made, package, &second, &what);
    svms_export_presentation presentation = mp4_presentation();
    set_presentation(&self, package, &presentation);
    finish_well(self.made, &package);
    take_samples(&self, &self.made->container, 0);
    take_samples(&self, &second, 0);
    assert_int_equal(check_bench(&self), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(self.report.failure_source, 1);
    assert_int_equal(self.report.failure_segment, 0);
    assert_non_null(strstr(self.report.reason, "one recording and then another"));
    memory_file_clear(&second);
    close_bench(&self);
}

static void make_picture(bench *self, void **state, svms_export_presented presented,
                         svms_export_presentation *presentation)
{
    recipe how = recipe_of(0);
    static const svms_export_origin origin = { 0, 0, 1, 1, T0 + SECOND };
    open_bench(self, state);
    record_container(self->made->fix, &how, &self->made->container);
    svms_export_source what = whole_source(self->made);
    what.presented = presented;
    if (presented == SVMS_PRESENTED_ONE) {
        what.presented_segment = 1;
        what.presented_sample = 2;
    }
    svms_export *package = begin_proof(self);
    add_source_well(self->made, package, &self->made->container, &what);
    presentation->name = "still.png";
    memcpy(self->file.data, strcmp(presentation->media_type, "image/png") == 0 ? PNG : JPEG, 8);
    presentation->method = "decoded";
    presentation->origins = &origin;
    presentation->origin_count = 1;
    set_presentation(self, package, presentation);
    finish_well(self->made, &package);
}

static void a_decoded_picture_is_what_the_exporter_signed(void **state)
{
    bench self;
    svms_export_presentation presentation = SVMS_EXPORT_PRESENTATION_INIT;
    presentation.media_type = "image/png";
    make_picture(&self, state, SVMS_PRESENTED_NONE, &presentation);
    assert_int_equal(check_bench(&self), SVMS_OK);
    assert_int_equal(self.report.decoded, 1);
    self.file.data[10] ^= 1;
    assert_int_equal(check_bench(&self), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(self.report.presentation, SVMS_PRESENTATION_DIFFERS);
    close_bench(&self);
}

/* The exporter calls something else a picture. */
static void what_is_no_picture_is_not_authentic(void **state)
{
    static const char *const types[] = { "image/png", "image/jpeg" };
    for (size_t i = 0; i < 2; i++) {
        bench self;
        svms_export_presentation presentation = SVMS_EXPORT_PRESENTATION_INIT;
        presentation.media_type = types[i];
        make_picture(&self, state, SVMS_PRESENTED_NONE, &presentation);
        assert_int_equal(check_bench(&self), SVMS_OK);
        memcpy(self.file.data, i == 0 ? JPEG : PNG, 8);
        assert_int_equal(check_bench(&self), SVMS_E_NOT_AUTHENTIC);
        assert_non_null(strstr(self.report.reason, "no PNG or JPEG"));
        close_bench(&self);
    }
}

static void a_film_without_samples_is_not_authentic(void **state)
{
    bench self;
    svms_export_presentation presentation = mp4_presentation();
    presentation.track_count = 0;
    presentation.tracks = NULL;
    make_picture(&self, state, SVMS_PRESENTED_NONE, &presentation);
    assert_int_equal(check_bench(&self), SVMS_E_NOT_AUTHENTIC);
    close_bench(&self);
}

static void a_picture_that_is_a_sample_is_compared_as_one(void **state)
{
    bench self;
    static const svms_export_track_pair pair = { 0, 0 };
    svms_export_presentation presentation = SVMS_EXPORT_PRESENTATION_INIT;
    presentation.media_type = "image/jpeg";
    presentation.tracks = &pair;
    presentation.track_count = 1;
    make_picture(&self, state, SVMS_PRESENTED_ONE, &presentation);
    take_samples(&self, &self.made->container, 2);
    size_t wanted = 0;
    for (size_t i = 0; i < self.count; i++) {
        wanted = self.samples[i].segment == 1 && self.samples[i].number == 5 ? i : wanted;
        self.samples[i].track = 9;
    }
    for (size_t i = 0; i < self.count; i++) {
        bench one = self;
        one.samples[0] = self.samples[i];
        one.samples[0].track = 0;
        one.count = 1;
        svms_status status = check_bench(&one);
        if ((status == SVMS_OK) != (i == wanted)) {
            fail_msg("sample %zu: %s", i, one.err.message);
        }
        assert_int_equal(one.report.samples_same, i == wanted ? 1 : 0);
    }
    close_bench(&self);
}

static void exhausted_memory_is_reported_and_nothing_leaks(void **state)
{
    bench self;
    recipe how = recipe_of(1);
    how.sample_size = 1500;
    make_bench(&self, state, &how, 0);
    fixture *fix = self.made->fix;
    int64_t live = fix->live_blocks;
    for (uint64_t n = 1;; n++) {
        fix->allocations = 0;
        fix->allocation_fails_at = n;
        svms_status status = check_bench(&self);
        fix->allocation_fails_at = 0;
        assert_int_equal(fix->live_blocks, live);
        if (fix->allocations < n) {
            assert_int_equal(status, SVMS_OK);
            assert_true(n > 20);
            break;
        }
        assert_int_equal(status, SVMS_E_NO_MEMORY);
    }
    close_bench(&self);
}

/* Takes a file apart as a film. */
static svms_status check_as_film(bench *self, svms_proof **proof, svms_evidence **evidence,
                                 svms_source *source)
{
    svms_source file = memory_source(&self->file);
    svms_status status = begin_proof_check(self, evidence, proof, source);
    if (status == SVMS_OK) {
        status = svms_proof_check_film(*proof, &file, &self->err);
    }
    if (status == SVMS_OK) {
        status = svms_proof_compare_file(*proof, &file, &self->err);
    }
    return status;
}

static void a_file_that_is_no_film_is_refused(void **state)
{
    bench self;
    recipe how = recipe_of(0);
    svms_evidence *evidence = NULL;
    svms_proof *proof = NULL;
    svms_source source;
    svms_source file;
    make_bench(&self, state, &how, 0);
    file = memory_source(&self.file);
    self.report = (svms_proof_report)SVMS_PROOF_REPORT_INIT;
    assert_int_equal(check_as_film(&self, &proof, &evidence, &source), SVMS_OK);
    assert_int_equal(svms_proof_check_film(proof, &file, NULL), SVMS_E_STATE);
    assert_int_equal(svms_proof_feed(proof, 1, "x", 1, NULL), SVMS_E_STATE);
    assert_int_equal(svms_proof_finish(proof, &self.report, NULL), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(self.report.film, SVMS_FILM_REFUSED);
    assert_int_equal(self.report.samples, SVMS_VERDICT_NOT_AUTHENTIC);
    assert_int_equal(self.report.samples_missing, 0);
    assert_int_equal(self.report.presentation, SVMS_PRESENTATION_SAME);
    assert_int_equal(self.report.has_failure, 1);
    assert_non_null(strstr(self.report.reason, "E-PRF-9"));
    svms_proof_free(&proof);
    svms_export_close(&evidence);
    close_bench(&self);
}

static void a_film_takes_memory_or_fails_cleanly(void **state)
{
    bench self;
    recipe how = recipe_of(2);
    make_bench(&self, state, &how, 0);
    fixture *fix = self.made->fix;
    int64_t live = fix->live_blocks;
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
        svms_evidence *evidence = NULL;
        svms_proof *proof = NULL;
        svms_source source;
        fix->allocations = 0;
        fix->allocation_fails_at = n;
        svms_status status = check_as_film(&self, &proof, &evidence, &source);
        fix->allocation_fails_at = 0;
        done = fix->allocations < n;
        assert_true(status == SVMS_E_NO_MEMORY || (status == SVMS_OK && done));
        svms_proof_free(&proof);
        svms_export_close(&evidence);
        assert_int_equal(fix->live_blocks, live);
    }
    close_bench(&self);
}

static void a_read_that_fails_is_no_verdict(void **state)
{
    bench self;
    recipe how = recipe_of(0);
    make_bench(&self, state, &how, 0);
    for (uint64_t n = 1;; n++) {
        self.made->out.reads = 0;
        self.made->out.read_fails_at = n;
        svms_status status = check_bench(&self);
        self.made->out.read_fails_at = 0;
        if (status == SVMS_OK) {
            assert_true(n > 5);
            break;
        }
        assert_int_equal(status, SVMS_E_IO);
    }
    self.file.reads = 0;
    self.file.read_fails_at = 1;
    assert_int_equal(check_bench(&self), SVMS_E_IO);
    close_bench(&self);
}

static void misuse_is_refused(void **state)
{
    bench self;
    recipe how = recipe_of(0);
    make_bench(&self, state, &how, 0);
    svms_evidence *evidence = NULL;
    svms_proof *proof = NULL;
    svms_source source;
    svms_source file = memory_source(&self.file);
    svms_proof_info info = SVMS_PROOF_INFO_INIT;
    self.report = (svms_proof_report)SVMS_PROOF_REPORT_INIT;
    assert_int_equal(begin_proof_check(&self, &evidence, &proof, &source), SVMS_OK);
    assert_int_equal(svms_proof_begin(NULL, evidence, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_proof_begin(&proof, NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_proof_get_info(proof, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_proof_get_info(proof, &info, NULL), SVMS_OK);
    assert_string_equal(info.name, "clear.mp4");
    assert_string_equal(info.media_type, "video/mp4");
    assert_int_equal(info.track_count, 2);
    assert_int_equal(info.samples[0], 9);
    assert_int_equal(info.size, sizeof(FILE_TEXT));
    assert_int_equal(svms_proof_feed(NULL, 1, "x", 1, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_proof_feed(proof, 1, NULL, 1, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_proof_feed(proof, 1, NULL, 0, NULL), SVMS_OK);
    assert_int_equal(svms_proof_compare_file(proof, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_proof_check_film(NULL, &file, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_proof_check_film(proof, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_proof_check_film(proof, &file, NULL), SVMS_E_STATE);
    assert_int_equal(svms_proof_finish(proof, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_proof_finish(proof, &self.report, NULL), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(svms_proof_finish(proof, &self.report, NULL), SVMS_E_STATE);
    assert_int_equal(svms_proof_feed(proof, 1, "x", 1, NULL), SVMS_E_STATE);
    assert_int_equal(svms_proof_compare_file(proof, &file, NULL), SVMS_E_STATE);
    assert_int_equal(svms_proof_check_film(proof, &file, NULL), SVMS_E_STATE);
    svms_proof_free(&proof);
    svms_proof_free(&proof);
    svms_proof_free(NULL);
    svms_export_close(&evidence);
    close_bench(&self);
}

static void a_package_is_no_proof(void **state)
{
    bench self;
    recipe how = recipe_of(0);
    svms_evidence *evidence = NULL;
    svms_proof *proof = NULL;
    svms_source source;
    open_bench(&self, state);
    record_container(self.made->fix, &how, &self.made->container);
    svms_export_options options = clear_options(self.made);
    svms_export_source what = whole_source(self.made);
    export_well(self.made, &options, &what);
    assert_int_equal(begin_proof_check(&self, &evidence, &proof, &source), SVMS_E_USAGE);
    assert_null(proof);
    close_bench(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_as_recorded_are_authentic_in_pieces_of_any_size),
        cmocka_unit_test(a_flipped_byte_of_any_sample_names_the_sample),
        cmocka_unit_test(a_dropped_sample_is_named),
        cmocka_unit_test(a_truncated_sample_is_named),
        cmocka_unit_test(swapped_samples_are_named),
        cmocka_unit_test(an_added_byte_is_noticed),
        cmocka_unit_test(a_sample_on_another_track_is_noticed),
        cmocka_unit_test(a_track_that_nobody_recorded_is_noticed),
        cmocka_unit_test(nothing_fed_is_not_authentic),
        cmocka_unit_test(a_file_that_differs_around_its_samples_is_incomplete),
        cmocka_unit_test(two_sources_are_one_track),
        cmocka_unit_test(two_recordings_are_not_one_track),
        cmocka_unit_test(a_decoded_picture_is_what_the_exporter_signed),
        cmocka_unit_test(what_is_no_picture_is_not_authentic),
        cmocka_unit_test(a_film_without_samples_is_not_authentic),
        cmocka_unit_test(a_picture_that_is_a_sample_is_compared_as_one),
        cmocka_unit_test(exhausted_memory_is_reported_and_nothing_leaks),
        cmocka_unit_test(a_file_that_is_no_film_is_refused),
        cmocka_unit_test(a_film_takes_memory_or_fails_cleanly),
        cmocka_unit_test(a_read_that_fails_is_no_verdict),
        cmocka_unit_test(misuse_is_refused),
        cmocka_unit_test(a_package_is_no_proof),
    };
    return cmocka_run_group_tests(tests, export_case_setup, export_case_teardown);
}
