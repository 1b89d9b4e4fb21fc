/* SPDX-License-Identifier: Apache-2.0 */
#include "proof_bench.h"

void take_samples(bench *self, memory_file *container, uint32_t removed)
{
    svms_source source = memory_source(container);
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_reader *reader = NULL;
    svms_sample sample = SVMS_SAMPLE_INIT;
    options.keys = self->made->ring;
    assert_int_equal(svms_reader_open(&reader, self->made->fix->ctx, &source, &options, NULL),
                     SVMS_OK);
    while (svms_reader_next(reader, &sample, NULL) == SVMS_OK) {
        if ((removed >> sample.track & 1) != 0) {
            continue;
        }
        clear_sample *own = &self->samples[self->count];
        uint64_t number = 0;
        for (size_t i = 0; i < self->count; i++) {
            number += self->samples[i].track == sample.track + 1 ? 1 : 0;
        }
        *own = (clear_sample){ sample.track + 1, malloc(sample.size + 1),
                               sample.size,      sample.segment,
                               number,           sample.utc_ns };
        memcpy(own->bytes, sample.data, sample.size);
        assert_true(++self->count < MOST_SAMPLES);
    }
    svms_reader_close(&reader);
}

svms_export_presentation mp4_presentation(void)
{
    static const svms_export_track_pair pairs[] = { { 0, 1 }, { 1, 2 } };
    svms_export_presentation presentation = SVMS_EXPORT_PRESENTATION_INIT;
    presentation.name = "clear.mp4";
    presentation.media_type = "video/mp4";
    presentation.tracks = pairs;
    presentation.track_count = 2;
    return presentation;
}

void set_presentation(bench *self, svms_export *package,
                      const svms_export_presentation *presentation)
{
    svms_source source = memory_source(&self->file);
    svms_error err = SVMS_ERROR_INIT;
    if (svms_export_set_presentation(package, &source, presentation, &err) != SVMS_OK) {
        fail_msg("presentation: %s", err.message);
    }
}

svms_export *begin_proof(bench *self)
{
    svms_export_options options = clear_options(self->made);
    options.kind = SVMS_EXPORT_PROOF;
    return begin_export(self->made, &options);
}

void open_bench(bench *self, void **state)
{
    memset(self, 0, sizeof(*self));
    self->made = *state;
    memory_file_clear(&self->made->container);
    memory_file_clear(&self->made->out);
    svms_sink sink = memory_sink(&self->file);
    svms_iovec run = { FILE_TEXT, sizeof(FILE_TEXT) };
    int os_error = 0;
    assert_int_equal(sink.write(sink.user, &run, 1, &os_error), SVMS_OK);
}

/* A recording, a proof of everything in it that is not removed, and its samples. */
void make_bench(bench *self, void **state, const recipe *how, uint32_t removed)
{
    open_bench(self, state);
    record_container(self->made->fix, how, &self->made->container);
    svms_export_source what = whole_source(self->made);
    what.removed_tracks = removed;
    svms_export *package = begin_proof(self);
    add_source_well(self->made, package, &self->made->container, &what);
    svms_export_presentation presentation = mp4_presentation();
    presentation.tracks += removed == 1 ? 1 : 0;
    presentation.track_count = removed == 0 ? 2 : 1;
    set_presentation(self, package, &presentation);
    finish_well(self->made, &package);
    take_samples(self, &self->made->container, removed);
}

void close_bench(bench *self)
{
    for (size_t i = 0; i < self->count; i++) {
        free(self->samples[i].bytes);
    }
    memory_file_clear(&self->file);
}

recipe recipe_of(size_t protection)
{
    static const svms_protection protections[] = { SVMS_PROTECT_STRONG, SVMS_PROTECT_LIGHT,
                                                   SVMS_PROTECT_NONE };
    recipe how = RECIPE_INIT;
    how.protection = protections[protection];
    how.password = protection == 2 ? NULL : PASSWORD;
    return how;
}

svms_status begin_proof_check(bench *self, svms_evidence **evidence, svms_proof **proof,
                              svms_source *source)
{
    svms_export_verify_options options = SVMS_EXPORT_VERIFY_INIT;
    svms_ctx *ctx = self->made->fix->ctx;
    *source = memory_source(&self->made->out);
    options.trust = self->made->fix->trust;
    self->err = (svms_error)SVMS_ERROR_INIT;
    svms_status status = svms_export_open(evidence, ctx, source, NULL, &self->err);
    if (status == SVMS_OK) {
        status = svms_proof_begin(proof, *evidence, &options, &self->err);
    }
    if (status != SVMS_OK) {
        svms_export_close(evidence);
    }
    return status;
}

static svms_status feed_pieces(svms_proof *proof, const clear_sample *sample, size_t step,
                               svms_error *err)
{
    svms_status status = SVMS_OK;
    for (size_t at = 0; at < sample->size && status == SVMS_OK; at += step) {
        size_t piece = sample->size - at < step ? sample->size - at : step;
        status = svms_proof_feed(proof, sample->track, sample->bytes + at, piece, err);
    }
    return status;
}

/* Samples of a film that were fed are at best incomplete, since nobody looked at its times. That is
 * all that is missing here. */
static svms_status worth_of(bench *self, svms_status status)
{
    const svms_proof_report *report = &self->report;
    bool all = status == SVMS_E_INCOMPLETE && report->samples == SVMS_VERDICT_AUTHENTIC &&
               report->sources == SVMS_VERDICT_AUTHENTIC &&
               report->presentation == SVMS_PRESENTATION_SAME &&
               strstr(report->reason, "E-PRF-9") != NULL;
    return all ? SVMS_OK : status;
}

/* Verifies the proof against the samples as they now are, in pieces of at most step bytes. */
svms_status check_in_steps(bench *self, size_t step)
{
    svms_evidence *evidence = NULL;
    svms_proof *proof = NULL;
    svms_source source;
    svms_source file = memory_source(&self->file);
    self->report = (svms_proof_report)SVMS_PROOF_REPORT_INIT;
    svms_status status = begin_proof_check(self, &evidence, &proof, &source);
    if (status != SVMS_OK) {
        return status;
    }
    for (size_t i = 0; i < self->count && status == SVMS_OK; i++) {
        status = feed_pieces(proof, &self->samples[i], step, &self->err);
    }
    if (status == SVMS_OK) {
        status = svms_proof_compare_file(proof, &file, &self->err);
    }
    if (status == SVMS_OK) {
        status = svms_proof_finish(proof, &self->report, &self->err);
    }
    svms_proof_free(&proof);
    svms_export_close(&evidence);
    return worth_of(self, status);
}

svms_status check_bench(bench *self)
{
    return check_in_steps(self, SIZE_MAX / 2);
}
