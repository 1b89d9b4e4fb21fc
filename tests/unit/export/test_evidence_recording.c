/* SPDX-License-Identifier: Apache-2.0 */
/* Sources of one recording, judged together (E-VER-3): a recording of four containers of three
 * seconds each, and what goes by its name. */
#include "evidence_case.h"

#include "../container/recorder.h"

#define A SVMS_VERDICT_AUTHENTIC
#define I SVMS_VERDICT_INCOMPLETE
#define N SVMS_VERDICT_NOT_AUTHENTIC
#define MOST 5

/* What a source is taken of. */
typedef enum origin_of {
    NOTHING,
    PART0,
    PART1,
    PART2,
    PART3,
    OPEN0,   /* the first one as if it had never been closed */
    OPEN1,   /* likewise the second one */
    FORKED1, /* another container of number 1 */
    OTHER0,  /* another container of number 0 */
    FOREIGN, /* of another recording */
    EDGE,    /* a camera's own, which joins the recording (C-SEQ-3) */
    ORIGINS
} origin_of;

static memory_file origins[ORIGINS];

static void record_alone(recorder *rec, memory_file *file, uint64_t sequence, svms_role role,
                         bool of_recording)
{
    fixture *fix = rec->fix;
    recipe how = RECIPE_INIT;
    svms_track tracks[2];
    svms_private_key *key = NULL;
    svms_writer *writer = NULL;
    svms_sink sink = memory_sink(file);
    how.tracks = 1;
    assert_int_equal(svms_private_key_generate(&key, fix->ctx, NULL), SVMS_OK);
    svms_chain *chain = issue_chain(fix, key, role, T0 - DAY, T0 + DAY);
    how.key = key;
    how.chain = chain;
    svms_writer_options options = writer_options(fix, &how, tracks);
    options.role = role;
    options.origin = role == SVMS_ROLE_CAMERA ? SVMS_ORIGIN_EDGE : options.origin;
    options.recording_sequence = sequence;
    options.start_utc_ns = T0 + (int64_t)sequence * 3 * SECOND;
    if (of_recording) {
        memcpy(options.recording_id, rec->parts[0].is.recording_id, 16);
    }
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_OK);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(append_segment(writer, &how, i, NULL), SVMS_OK);
    }
    assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
    svms_chain_free(&chain);
    svms_private_key_free(&key);
}

static memory_file without_end(const memory_file *file)
{
    memory_file open = memory_copy(file);
    layout where = lay_out_file(file);
    open.size = where.segments[where.segment_count];
    return open;
}

static void record_origins(export_case *self, recorder *rec)
{
    recorder_begin(rec, self->fix, 3 * SECOND, 0);
    for (int i = 0; i < 120; i++) {
        assert_int_equal(recorder_take(rec, i), SVMS_OK);
    }
    recorder_close(rec);
    assert_int_equal(rec->count, 4);
    for (int i = 0; i < 4; i++) {
        origins[PART0 + i] = memory_copy(&rec->parts[i].file);
    }
    origins[OPEN0] = without_end(&rec->parts[0].file);
    origins[OPEN1] = without_end(&rec->parts[1].file);
    record_alone(rec, &origins[FORKED1], 1, SVMS_ROLE_RECORDER, true);
    record_alone(rec, &origins[OTHER0], 0, SVMS_ROLE_RECORDER, true);
    record_alone(rec, &origins[FOREIGN], 0, SVMS_ROLE_RECORDER, false);
    record_alone(rec, &origins[EDGE], 0, SVMS_ROLE_CAMERA, true);
}

/* Times are in tenths of a second; 0 to 0: everything. */
typedef struct wanted {
    origin_of of;
    int from;
    int to;
    svms_verdict verdict;
} wanted;

typedef struct situation {
    const char *name;
    wanted sources[MOST];
} situation;

static const situation situations[] = {
    { "all four",
      { { PART0, 10, 110, A },
        { PART1, 10, 110, A },
        { PART2, 10, 110, A },
        { PART3, 10, 110, A } } },
    { "in another order", { { PART1, 10, 50, A }, { PART0, 10, 50, A } } },
    { "one is missing", { { PART0, 10, 110, I }, { PART2, 10, 110, I }, { PART3, 10, 110, A } } },
    { "one is missing, behind another recording",
      { { PART0, 10, 80, I }, { FOREIGN, 10, 20, A }, { PART2, 10, 80, I } } },
    { "one is missing between other periods", { { PART0, 10, 80, I }, { PART2, 10, 81, I } } },
    { "the last one first", { { PART2, 10, 80, I }, { PART0, 10, 80, I } } },
    { "nobody asked for what is missing", { { PART0, 10, 20, A }, { PART2, 70, 80, A } } },
    { "begins and ends too late", { { PART1, 10, 110, I }, { PART2, 10, 110, I } } },
    { "begins and ends within", { { PART1, 40, 80, A }, { PART2, 40, 80, A } } },
    { "ends with a promise", { { PART0, 10, 80, I } } },
    { "ends before what was promised", { { PART0, 10, 25, A } } },
    { "whole containers, and one is missing", { { PART0, 0, 0, I }, { PART2, 0, 0, I } } },
    { "whole containers",
      { { PART0, 0, 0, A }, { PART1, 0, 0, A }, { PART2, 0, 0, A }, { PART3, 0, 0, A } } },
    { "a whole container that has neighbours", { { PART1, 0, 0, I } } },
    { "whole containers, forked",
      { { PART0, 0, 0, A }, { PART1, 0, 0, I }, { FORKED1, 0, 0, N } } },
    { "whole containers, replaced", { { OTHER0, 0, 0, A }, { PART1, 0, 0, N } } },
    { "two periods of one container", { { PART0, 5, 15, A }, { PART0, 20, 25, A } } },
    { "two periods, and the next one",
      { { PART0, 5, 15, A }, { PART0, 20, 50, A }, { PART1, 20, 50, A } } },
    { "an open end that nobody vouches for", { { OPEN0, 10, 50, I } } },
    { "an open end, and its successor", { { OPEN0, 10, 50, A }, { PART1, 10, 50, A } } },
    { "an open end in the middle",
      { { PART0, 10, 80, A }, { OPEN1, 10, 80, A }, { PART2, 10, 80, A } } },
    { "another recording between",
      { { OPEN0, 10, 50, A }, { FOREIGN, 10, 20, A }, { PART1, 10, 50, A } } },
    { "a successor that is far away", { { OPEN0, 10, 50, I }, { PART1, 45, 50, A } } },
    { "a successor's successor", { { OPEN0, 10, 80, I }, { PART2, 10, 80, I } } },
    { "a camera fills a gap", { { PART0, 10, 50, A }, { EDGE, 10, 20, A }, { PART1, 10, 50, A } } },
    { "a camera does not stand for what is missing",
      { { PART0, 10, 80, I }, { EDGE, 10, 20, A }, { PART2, 10, 80, I } } },
    { "forked", { { PART0, 10, 50, A }, { PART1, 10, 50, A }, { FORKED1, 10, 50, N } } },
    { "replaced", { { OTHER0, 10, 50, A }, { PART1, 10, 50, N } } },
};

static void judge_situation(export_case *self, const situation *is)
{
    svms_export_report report;
    told *seen = calloc(1, sizeof(*seen));
    assert_non_null(seen);
    svms_export_options options = clear_options(self);
    svms_export *package = begin_export(self, &options);
    uint32_t count = 0;
    svms_verdict worst = A;
    for (; count < MOST && is->sources[count].of != NOTHING; count++) {
        const wanted *one = &is->sources[count];
        svms_export_source source = whole_source(self);
        if (one->to != 0) {
            source.from_utc_ns = T0 + one->from * (SECOND / 10);
            source.to_utc_ns = T0 + one->to * (SECOND / 10);
        }
        add_source_well(self, package, &origins[one->of], &source);
        worst = one->verdict > worst ? one->verdict : worst;
    }
    finish_well(self, &package);
    svms_evidence *evidence = open_well(self, &self->out, NULL);
    svms_export_verify_options how_to = trusting(self, seen);
    (void)!verify_evidence(self, evidence, &how_to, &report);
    assert_int_equal(seen->sources, count);
    for (uint32_t i = 0; i < count; i++) {
        if (seen->source[i] != is->sources[i].verdict) {
            fail_msg("%s: source %u: %d (%s)", is->name, i, seen->source[i],
                     seen->report[i].has_failure ? seen->report[i].first_failure.reason : "");
        }
        assert_int_equal(seen->report[i].verdict, seen->source[i]);
        assert_int_equal(seen->report[i].has_failure, seen->source[i] != A);
    }
    assert_int_equal(report.sources, worst);
    assert_int_equal(report.verdict, worst);
    assert_int_equal(report.contents, A);
    assert_int_equal(seen->findings != 0, worst != A);
    svms_export_close(&evidence);
    free(seen);
}

static void containers_of_a_recording_are_judged_together(void **state)
{
    export_case *self = *state;
    static recorder rec;
    record_origins(self, &rec);
    for (size_t i = 0; i < sizeof(situations) / sizeof(situations[0]); i++) {
        judge_situation(self, &situations[i]);
    }
    for (int i = 0; i < ORIGINS; i++) {
        memory_file_clear(&origins[i]);
    }
    recorder_end(&rec);
}

/* Flag 4: carried because somebody asked for it, and judged like anything else (E-SRC-8). */
static void what_does_not_verify_is_carried_and_named(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    told *seen = calloc(1, sizeof(*seen));
    svms_export_report report;
    svms_export_period period = SVMS_EXPORT_PERIOD_INIT;
    assert_non_null(seen);
    how.segments = 5;
    record_container(self->fix, &how, &self->container);
    layout where = lay_out_file(&self->container);
    self->container.data[where.segments[2] + 60] ^= 1;
    svms_export_options options = clear_options(self);
    svms_export_source source = whole_source(self);
    assert_int_equal(export_one(self, &options, &source), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(self->report.first_failure.segment, 2);
    source.include_unverified = 1;
    export_well(self, &options, &source);
    svms_evidence *evidence = open_well(self, &self->out, NULL);
    assert_int_equal(svms_export_get_source(evidence, 0, &period, NULL), SVMS_OK);
    assert_int_equal(period.unverified, 1);
    svms_export_verify_options how_to = trusting(self, seen);
    assert_int_equal(verify_evidence(self, evidence, &how_to, &report), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(report.links, A);
    assert_int_equal(report.contents, A);
    assert_int_equal(report.sources, N);
    assert_int_equal(report.failure_source, 0);
    assert_int_equal(report.failure_segment, 2);
    assert_int_equal(seen->source[0], N);
    assert_true(seen->findings >= 1);
    /* The others are there, and can be played. */
    svms_reader *reader = NULL;
    svms_sample sample = SVMS_SAMPLE_INIT;
    assert_int_equal(svms_export_extract(&reader, evidence, 0, NULL, &self->err), SVMS_OK);
    assert_int_equal(svms_reader_seek(reader, T0 + 3 * SECOND + 1, NULL), SVMS_OK);
    assert_int_equal(svms_reader_next(reader, &sample, NULL), SVMS_OK);
    assert_int_equal(sample.segment, 3);
    svms_reader_close(&reader);
    svms_export_close(&evidence);
    free(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, export_case_setup, export_case_teardown)
        CASE(containers_of_a_recording_are_judged_together),
        CASE(what_does_not_verify_is_carried_and_named),
    };
    return cmocka_run_group_tests_name("evidence_recording", tests, NULL, NULL);
}
