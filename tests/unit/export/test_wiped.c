/* SPDX-License-Identifier: Apache-2.0 */
/* What was sealed, or is sealed by it, does not stay in memory that is given back. */
#include "evidence_case.h"

#define MARK "what nobody but the addressee sees"

static void record_marked(export_case *self)
{
    svms_track tracks[2];
    svms_writer *writer = NULL;
    recipe how = RECIPE_INIT;
    how.protection = SVMS_PROTECT_NONE;
    svms_sink sink = memory_sink(&self->container);
    svms_writer_options options = writer_options(self->fix, &how, tracks);
    assert_int_equal(svms_writer_open(&writer, self->fix->ctx, &sink, &options, NULL), SVMS_OK);
    for (int i = 0; i < 6; i++) {
        uint8_t bytes[4000];
        svms_sample sample = SVMS_SAMPLE_INIT;
        for (size_t k = 0; k < sizeof(bytes); k++) {
            bytes[k] = (uint8_t)MARK[k % strlen(MARK)];
        }
        sample.data = bytes;
        sample.size = sizeof(bytes);
        sample.dts = i * 45000;
        sample.pts = sample.dts;
        sample.flags = SVMS_SAMPLE_SYNC;
        sample.utc_ns = T0 + i * SECOND / 2;
        assert_int_equal(svms_writer_append(writer, &sample, NULL), SVMS_OK);
    }
    assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
}

static void read_everything(export_case *self)
{
    svms_evidence *evidence = open_well(self, &self->out, SEAL);
    svms_export_report report;
    svms_export_verify_options options = trusting(self, NULL);
    options.open_samples = 1;
    assert_int_equal(verify_evidence(self, evidence, &options, &report), SVMS_OK);
    svms_reader *reader = NULL;
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_reader_options reading = SVMS_READER_OPTIONS_INIT;
    reading.trust = self->fix->trust;
    assert_int_equal(svms_export_extract(&reader, evidence, 0, &reading, NULL), SVMS_OK);
    while (svms_reader_next(reader, &sample, NULL) == SVMS_OK) {
    }
    svms_reader_close(&reader);
    memory_file copy = { 0 };
    svms_sink sink = memory_sink(&copy);
    assert_int_equal(svms_export_get_attachment(evidence, 0, &sink, NULL), SVMS_OK);
    assert_int_equal(copy.size, 3 * strlen(MARK));
    memory_file_clear(&copy);
    svms_export_close(&evidence);
}

static void no_block_that_is_given_back_holds_sealed_media(void **state)
{
    export_case *self = *state;
    record_marked(self);
    self->fix->sought = MARK;
    for (uint32_t twice = 0; twice < 2; twice++) {
        svms_export_options options = sealed_options(self);
        svms_export_source source = whole_source(self);
        svms_export_attachment attachment = SVMS_EXPORT_ATTACHMENT_INIT;
        char text[] = MARK MARK MARK;
        memory_file file = { (uint8_t *)text, sizeof(text) - 1, 0, 0, 0, 0, 0, 0, 0 };
        svms_source bytes = memory_source(&file);
        source.include_unverified = twice;
        attachment.name = "remarks.txt";
        attachment.media_type = "text/plain";
        memory_file_clear(&self->out);
        svms_export *package = begin_export(self, &options);
        add_source_well(self, package, &self->container, &source);
        if (svms_export_add_attachment(package, &bytes, &attachment, &self->err) != SVMS_OK) {
            fail_msg("attachment: %s", self->err.message);
        }
        finish_well(self, &package);
        assert_int_equal(self->fix->left_behind, 0);
        read_everything(self);
        assert_int_equal(self->fix->left_behind, 0);
    }
    self->fix->sought = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_block_that_is_given_back_holds_sealed_media,
                                        export_case_setup, export_case_teardown),
    };
    return cmocka_run_group_tests_name("wiped", tests, NULL, NULL);
}
