/* SPDX-License-Identifier: Apache-2.0 */
/* Writing and reading the case of a package (evidence.md, section 6). */
#include "case_documents.h"

#include <stdio.h>

#include "package_format.h"

static svms_header two_tracks(void)
{
    svms_header header = { 0 };
    memset(header.hash, 0x11, sizeof(header.hash));
    header.track_count = 2;
    header.tracks[0] = (svms_track)SVMS_TRACK_INIT;
    header.tracks[0].codec = SVMS_CODEC_H264;
    header.tracks[1] = (svms_track)SVMS_TRACK_INIT;
    header.tracks[1].kind = SVMS_TRACK_AUDIO;
    header.tracks[1].codec = 1;
    return header;
}

static void fill_id(uint8_t id[16], uint8_t first)
{
    for (uint8_t i = 0; i < 16; i++) {
        id[i] = (uint8_t)(first + i);
    }
}

static svms_export_period period_of(uint32_t number, uint8_t device, uint8_t container)
{
    svms_export_period period = SVMS_EXPORT_PERIOD_INIT;
    period.number = number;
    fill_id(period.device_id, device);
    fill_id(period.recording_id, 0xF0);
    fill_id(period.container_id, container);
    return period;
}

static svms_case_origin origin_of(uint32_t source, uint32_t track, uint64_t first, uint64_t last)
{
    svms_case_origin origin = { { source, track, first, last, SVMS_NO_TIME }, { 0 }, { 0 } };
    memset(origin.first_manifest, first == 0 ? 0x22 : 0x11, SVMS_DIGEST_SIZE);
    memset(origin.last_manifest, 0x22, SVMS_DIGEST_SIZE);
    return origin;
}

static svms_status add_failures(svms_case_writer *writer, svms_error *err)
{
    svms_finding finding = SVMS_FINDING_INIT;
    finding.segment = 4;
    finding.utc_ns = T0 + SECOND;
    finding.offset = 4096;
    (void)snprintf(finding.reason, sizeof(finding.reason), "it differs");
    svms_status status = svms_case_add_finding(writer, &finding, err);
    if (status != SVMS_OK) {
        return status;
    }
    finding = (svms_finding)SVMS_FINDING_INIT;
    (void)snprintf(finding.reason, sizeof(finding.reason), "end");
    return svms_case_add_finding(writer, &finding, err);
}

static svms_status add_first_source(svms_case_writer *writer, svms_error *err)
{
    svms_header header = two_tracks();
    svms_case_device gate = { "Gate", NULL, "bad \xC3" };
    svms_report report = SVMS_REPORT_INIT;
    svms_export_period period = period_of(0, 0, 0);
    period.recording_sequence = 7;
    period.from_utc_ns = T0;
    period.first_segment = 3;
    period.last_segment = 5;
    period.first_utc_ns = T0 + SECOND;
    period.last_utc_ns = T0 + 2 * SECOND + 1;
    period.removed_tracks = 2;
    report.verdict = SVMS_VERDICT_NOT_AUTHENTIC;
    report.has_failure = 1;
    report.time_attested = 1;
    report.attested_utc_ns = T0 + DAY;
    (void)snprintf(report.signer, sizeof(report.signer), "CN=recorder");
    (void)snprintf(report.first_failure.reason, sizeof(report.first_failure.reason), "it differs");
    svms_status status = add_failures(writer, err);
    return status != SVMS_OK
               ? status
               : svms_case_add_source(writer, &period, &header, &gate, &report, T0 + 2 * DAY, err);
}

static svms_status add_other_sources(svms_case_writer *writer, svms_error *err)
{
    svms_header header = two_tracks();
    svms_case_device gate = { "Gate", NULL, "bad \xC3" };
    svms_case_device nameless = { NULL, NULL, NULL };
    svms_report report = SVMS_REPORT_INIT;
    svms_export_period period = period_of(1, 0xF0, 0xF0);
    period.to_utc_ns = T0;
    report.verdict = SVMS_VERDICT_UNTRUSTED;
    report.identity = SVMS_IDENTITY_NO_ANCHOR;
    (void)snprintf(report.signer, sizeof(report.signer), "CN=recorder");
    (void)snprintf(report.identity_reason, sizeof(report.identity_reason), "nobody is trusted");
    svms_status status =
        svms_case_add_source(writer, &period, &header, &nameless, &report, T0 + 2 * DAY, err);
    if (status != SVMS_OK) {
        return status;
    }
    period = period_of(2, 0, 0);
    period.recording_sequence = 7;
    period.first_segment = 0;
    period.last_segment = 0;
    report.verdict = SVMS_VERDICT_AUTHENTIC;
    report.identity = SVMS_IDENTITY_TRUSTED;
    return svms_case_add_source(writer, &period, &header, &gate, &report, T0 + 2 * DAY, err);
}

static svms_status add_attachments(svms_case_writer *writer, svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE];
    svms_case_origin origins[2] = { origin_of(0, 0, 3, 5), origin_of(2, UINT32_MAX, 0, 0) };
    svms_export_attachment attachment = SVMS_EXPORT_ATTACHMENT_INIT;
    origins[0].origin.utc_ns = T0 + SECOND;
    memset(digest, 0x11, sizeof(digest));
    attachment.name = "blurred.mp4";
    attachment.media_type = "video/mp4";
    attachment.method = "faces blurred";
    attachment.tool = "blur 1.0";
    attachment.origin_count = 2;
    svms_status status =
        svms_case_add_attachment(writer, &attachment, 0, 123, digest, origins, err);
    if (status != SVMS_OK) {
        return status;
    }
    attachment = (svms_export_attachment)SVMS_EXPORT_ATTACHMENT_INIT;
    attachment.name = "report.pdf";
    attachment.media_type = "application/pdf";
    attachment.description = "Report";
    memset(digest, 0x22, sizeof(digest));
    return svms_case_add_attachment(writer, &attachment, 1, 0, digest, NULL, err);
}

static svms_status write_package(fixture *fix, svms_builder *out, svms_error *err)
{
    svms_case_writer *writer = NULL;
    svms_export_options options = SVMS_EXPORT_OPTIONS_INIT;
    options.case_number = "2026/17";
    options.operator_name = "J\303\266rg \"x\" \\ y";
    options.reason = "line\nbreak";
    options.profile = "police";
    options.signer.policy = SVMS_EXPORT_NO_REEXPORT;
    svms_status status = svms_case_writer_new(&writer, fix->ctx, &options, T0, err);
    if (status == SVMS_OK) {
        status = add_first_source(writer, err);
    }
    if (status == SVMS_OK) {
        status = add_other_sources(writer, err);
    }
    if (status == SVMS_OK) {
        status = add_attachments(writer, err);
    }
    if (status == SVMS_OK) {
        status = svms_case_write(writer, out, err);
    }
    svms_case_writer_free(&writer);
    assert_null(writer);
    return status;
}

static svms_status write_proof(fixture *fix, svms_builder *out, svms_error *err)
{
    svms_case_writer *writer = NULL;
    svms_export_options options = SVMS_EXPORT_OPTIONS_INIT;
    svms_export_presentation still = SVMS_EXPORT_PRESENTATION_INIT;
    svms_export_track_pair pair = { 0, 1 };
    svms_header header = two_tracks();
    svms_case_device device = { NULL, NULL, NULL };
    svms_report report = SVMS_REPORT_INIT;
    svms_export_period period = period_of(0, 0, 0);
    svms_case_origin origin = origin_of(0, 0, 0, 0);
    uint8_t digest[SVMS_DIGEST_SIZE];
    memset(digest, 0x22, sizeof(digest));
    memset(origin.first_manifest, 0x11, SVMS_DIGEST_SIZE);
    memset(origin.last_manifest, 0x11, SVMS_DIGEST_SIZE);
    origin.origin.utc_ns = T0 + SECOND;
    period.first_segment = 0;
    period.last_segment = 0;
    options.audit_reference = "log 7";
    still.name = "still.png";
    still.media_type = "image/png";
    still.tracks = &pair;
    still.track_count = 1;
    still.method = "decoded";
    still.origin_count = 1;
    svms_status status = svms_case_writer_new(&writer, fix->ctx, &options, T0, err);
    if (status == SVMS_OK) {
        status =
            svms_case_add_source(writer, &period, &header, &device, &report, T0 + 2 * DAY, err);
    }
    if (status == SVMS_OK) {
        status = svms_case_set_presentation(writer, &still, 77, digest, &origin, err);
    }
    if (status == SVMS_OK) {
        status = svms_case_write(writer, out, err);
    }
    svms_case_writer_free(&writer);
    return status;
}

static void expect_text(const svms_builder *out, const char *expected)
{
    for (size_t i = 0; i < out->size && expected[i] != '\0'; i++) {
        if (out->data[i] != (uint8_t)expected[i]) {
            fail_msg("at %zu: %.60s", i, (const char *)out->data + i);
        }
    }
    assert_int_equal(out->size, strlen(expected));
}

static void what_is_written_is_foretold_byte_for_byte(void **state)
{
    fixture *fix = *state;
    svms_error err = SVMS_ERROR_INIT;
    svms_builder out = svms_builder_new(fix->ctx, SVMS_MAX_CASE_SIZE);
    assert_int_equal(write_package(fix, &out, &err), SVMS_OK);
    expect_text(&out, package_json);
    svms_builder_reset(&out);
    assert_int_equal(write_proof(fix, &out, &err), SVMS_OK);
    expect_text(&out, proof_json);
    svms_builder_clear(&out);
}

static void expect_sources(const svms_case *document)
{
    const svms_case_source *first = svms_case_source_at(document, 0);
    svms_export_period expected = period_of(0, 0, 0);
    assert_int_equal(svms_case_source_count(document), 3);
    assert_int_equal(first->number, 0);
    assert_memory_equal(first->container_id, expected.container_id, 16);
    assert_memory_equal(first->device_id, expected.device_id, 16);
    assert_memory_equal(first->recording_id, expected.recording_id, 16);
    assert_int_equal(first->header[31], 0x11);
    assert_int_equal(first->sequence, 7);
    assert_int_equal(first->from_utc_ns, T0);
    assert_int_equal(first->to_utc_ns, SVMS_NO_TIME);
    assert_int_equal(first->first_segment, 3);
    assert_int_equal(first->last_segment, 5);
    assert_int_equal(first->removed_tracks, 2);
    assert_int_equal(first->track_count, 2);
    assert_int_equal(first->first_utc_ns, T0 + SECOND);
    assert_int_equal(first->last_utc_ns, T0 + 2 * SECOND + 1);
    assert_int_equal(first->kinds[0], SVMS_TRACK_VIDEO);
    assert_int_equal(first->kinds[1], SVMS_TRACK_AUDIO);
    assert_string_equal(first->codecs[0], "avc1");
    assert_string_equal(first->codecs[1], "0x00000001");
    const svms_case_source *second = svms_case_source_at(document, 1);
    assert_memory_equal(second->device_id, expected.recording_id, 16);
    assert_int_equal(second->to_utc_ns, T0);
    assert_true(second->first_segment == SVMS_NO_SEGMENT);
    assert_true(second->last_segment == SVMS_NO_SEGMENT);
    assert_int_equal(second->removed_tracks, 0);
    assert_memory_equal(svms_case_source_at(document, 2)->device_id, expected.device_id, 16);
    assert_null(svms_case_source_at(document, 3));
}

static void expect_attachments(const svms_case *document)
{
    assert_int_equal(svms_case_attachment_count(document), 2);
    const svms_case_attachment *blurred = svms_case_attachment_at(document, 0);
    assert_string_equal(blurred->name, "blurred.mp4");
    assert_int_equal(blurred->size, 123);
    assert_int_equal(blurred->digest[0], 0x11);
    assert_int_equal(blurred->origin_count, 2);
    const svms_case_origin *origin = svms_case_origin_at(document, 0, 0);
    assert_int_equal(origin->origin.source, 0);
    assert_int_equal(origin->origin.track, 0);
    assert_int_equal(origin->origin.first_segment, 3);
    assert_int_equal(origin->origin.last_segment, 5);
    assert_int_equal(origin->origin.utc_ns, T0 + SECOND);
    assert_int_equal(origin->first_manifest[0], 0x11);
    assert_int_equal(origin->last_manifest[31], 0x22);
    origin = svms_case_origin_at(document, 0, 1);
    assert_true(origin->origin.track == UINT32_MAX);
    assert_int_equal(origin->origin.utc_ns, SVMS_NO_TIME);
    assert_null(svms_case_origin_at(document, 0, 2));
    assert_null(svms_case_origin_at(document, 1, 0));
    assert_null(svms_case_origin_at(document, 2, 0));
    assert_null(svms_case_origin_at(document, SVMS_CASE_PRESENTATION, 0));
    assert_int_equal(svms_case_attachment_at(document, 1)->number, 1);
    assert_null(svms_case_attachment_at(document, 2));
}

static void everything_that_has_to_be_compared_is_read(void **state)
{
    fixture *fix = *state;
    svms_case *document = NULL;
    svms_error err;
    assert_int_equal(parse_case(fix, &document, package_json, &err), SVMS_OK);
    assert_false(svms_case_reexport(document));
    expect_sources(document);
    expect_attachments(document);
    assert_false(svms_case_get_presentation(document)->present);
    svms_case_free(&document);
    assert_null(document);
    svms_case_free(&document);
    svms_case_free(NULL);

    assert_int_equal(parse_case(fix, &document, proof_json, &err), SVMS_OK);
    const svms_case_presentation *still = svms_case_get_presentation(document);
    assert_true(svms_case_reexport(document));
    assert_true(still->present);
    assert_string_equal(still->name, "still.png");
    assert_string_equal(still->media_type, "image/png");
    assert_int_equal(still->size, 77);
    assert_int_equal(still->digest[0], 0x22);
    assert_int_equal(still->track_count, 1);
    assert_int_equal(still->tracks[0].presentation_track, 1);
    assert_int_equal(still->origin_count, 1);
    assert_int_equal(svms_case_origin_at(document, SVMS_CASE_PRESENTATION, 0)->origin.utc_ns,
                     T0 + SECOND);
    svms_case_free(&document);
}

static void a_writer_refuses_what_it_could_not_say(void **state)
{
    fixture *fix = *state;
    svms_case_writer *writer = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_export_options options = SVMS_EXPORT_OPTIONS_INIT;
    svms_header header = two_tracks();
    svms_case_device device = { NULL, NULL, NULL };
    svms_report report = SVMS_REPORT_INIT;
    svms_export_period period = period_of(0, 0, 0);
    options.comment = "\xFF";
    assert_int_equal(svms_case_writer_new(&writer, fix->ctx, &options, T0, &err), SVMS_E_USAGE);
    assert_string_equal(err.message, "the comment is not UTF-8");
    assert_null(writer);
    options.comment = NULL;
    assert_int_equal(svms_case_writer_new(&writer, fix->ctx, &options, T0, &err), SVMS_OK);
    period.to_utc_ns = INT64_MAX;
    assert_int_equal(svms_case_add_source(writer, &period, &header, &device, &report, T0, &err),
                     SVMS_E_USAGE);
    period.to_utc_ns = SVMS_NO_TIME;
    period.recording_sequence = UINT64_MAX;
    assert_int_equal(svms_case_add_source(writer, &period, &header, &device, &report, T0, &err),
                     SVMS_E_LIMIT);
    svms_case_writer_free(&writer);
}

static void a_text_that_makes_the_case_too_large_is_refused(void **state)
{
    fixture *fix = *state;
    svms_case_writer *writer = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_export_options options = SVMS_EXPORT_OPTIONS_INIT;
    char *text = malloc(SVMS_MAX_CASE_SIZE + 1);
    assert_non_null(text);
    memset(text, 'x', SVMS_MAX_CASE_SIZE);
    text[SVMS_MAX_CASE_SIZE] = '\0';
    options.comment = text;
    assert_int_equal(svms_case_writer_new(&writer, fix->ctx, &options, T0, &err), SVMS_E_LIMIT);
    assert_null(writer);
    free(text);
}

static void files_need_names_that_are_allowed(void **state)
{
    fixture *fix = *state;
    svms_case_writer *writer = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_export_options options = SVMS_EXPORT_OPTIONS_INIT;
    uint8_t digest[SVMS_DIGEST_SIZE] = { 0 };
    svms_case_origin origin = origin_of(0, 0, 5, 3);
    char longest[257];
    memset(longest, 'n', sizeof(longest));
    longest[256] = '\0';
    const struct {
        svms_export_attachment file;
        const char *words;
    } cases[] = {
        { { .media_type = "a/b" }, "a file needs a name and a media type" },
        { { .name = "n" }, "a file needs a name and a media type" },
        { { .name = "a/b", .media_type = "a/b" }, "the name of a file is not allowed (E-CAS-4)" },
        { { .name = longest, .media_type = "a/b" }, "the name of a file is not allowed (E-CAS-4)" },
        { { .name = "n\xC3", .media_type = "a/b" }, "the name of a file is not allowed (E-CAS-4)" },
        { { .name = "n\xE2\x80\xAEgpj.exe", .media_type = "a/b" },
          "the name of a file is not allowed (E-CAS-4)" },
        { { .name = "n", .media_type = "\xC3" }, "a media type is not UTF-8" },
        { { .name = "n", .media_type = "a", .description = "\xC3" }, "a description is not UTF-8" },
        { { .name = "n", .media_type = "a", .method = "\xC3" }, "a method is not UTF-8" },
        { { .name = "n", .media_type = "a", .tool = "t" },
          "originals or a tool are named, but no method" },
        { { .name = "n", .media_type = "a", .method = "m", .origin_count = 1 },
          "the segments of an original are out of range" },
        { { .name = "n", .media_type = "a", .method = "m", .origin_count = 4097 },
          "4097 originals are too many" },
    };
    assert_int_equal(svms_case_writer_new(&writer, fix->ctx, &options, T0, &err), SVMS_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        svms_status status =
            svms_case_add_attachment(writer, &cases[i].file, 0, 0, digest, &origin, &err);
        assert_int_equal(status,
                         i + 1 < sizeof(cases) / sizeof(cases[0]) ? SVMS_E_USAGE : SVMS_E_LIMIT);
        assert_string_equal(err.message, cases[i].words);
    }
    svms_export_attachment lost = {
        .name = "n", .media_type = "a", .method = "m", .origin_count = 1
    };
    assert_int_equal(svms_case_add_attachment(writer, &lost, 0, 0, digest, NULL, &err),
                     SVMS_E_USAGE);
    assert_string_equal(err.message, "the originals are missing");
    svms_export_presentation still = SVMS_EXPORT_PRESENTATION_INIT;
    still.name = "n";
    still.media_type = "image/gif";
    assert_int_equal(svms_case_set_presentation(writer, &still, 0, digest, NULL, &err),
                     SVMS_E_USAGE);
    assert_string_equal(err.message,
                        "a presentation is video/mp4, audio/mp4, image/png or image/jpeg");
    still.media_type = "audio/mp4";
    still.track_count = 1;
    assert_int_equal(svms_case_set_presentation(writer, &still, 0, digest, NULL, &err),
                     SVMS_E_USAGE);
    svms_case_writer_free(&writer);
}

static void failures_behind_the_thousandth_are_counted(void **state)
{
    fixture *fix = *state;
    svms_case_writer *writer = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_export_options options = SVMS_EXPORT_OPTIONS_INIT;
    svms_finding finding = SVMS_FINDING_INIT;
    svms_header header = two_tracks();
    svms_case_device device = { NULL, NULL, NULL };
    svms_report report = SVMS_REPORT_INIT;
    svms_export_period period = period_of(0, 0, 0);
    svms_builder out = svms_builder_new(fix->ctx, SVMS_MAX_CASE_SIZE);
    svms_case *document = NULL;
    unsigned listed = 0;
    (void)snprintf(finding.reason, sizeof(finding.reason), "failure");
    assert_int_equal(svms_case_writer_new(&writer, fix->ctx, &options, T0, &err), SVMS_OK);
    for (unsigned i = 0; i < 1234; i++) {
        assert_int_equal(svms_case_add_finding(writer, &finding, &err), SVMS_OK);
    }
    assert_int_equal(svms_case_add_source(writer, &period, &header, &device, &report, T0, &err),
                     SVMS_OK);
    assert_int_equal(svms_case_write(writer, &out, &err), SVMS_OK);
    assert_int_equal(svms_case_parse(&document, fix->ctx, out.data, out.size, &err), SVMS_OK);
    svms_put_u8(&out, 0);
    for (const char *at = (const char *)out.data; (at = strstr(at, "failure")) != NULL; at++) {
        listed++;
    }
    assert_int_equal(listed, 1000);
    assert_non_null(strstr((const char *)out.data, "\"unverified_count\":1234}"));
    svms_case_free(&document);
    svms_case_writer_free(&writer);
    svms_builder_clear(&out);
}

static svms_status try_parse(fixture *fix, svms_builder *out, svms_error *err)
{
    svms_case *document = NULL;
    (void)out;
    svms_status status = parse_case(fix, &document, package_json, err);
    svms_case_free(&document);
    return status;
}

static svms_status try_parse_proof(fixture *fix, svms_builder *out, svms_error *err)
{
    svms_case *document = NULL;
    (void)out;
    svms_status status = parse_case(fix, &document, proof_json, err);
    svms_case_free(&document);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    fixture *fix = *state;
    static svms_status (*const runs[])(fixture *, svms_builder *,
                                       svms_error *) = { write_package, write_proof, try_parse,
                                                         try_parse_proof };
    for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
        svms_status status = SVMS_E_NO_MEMORY;
        for (uint64_t n = 1; status == SVMS_E_NO_MEMORY; n++) {
            svms_builder out = svms_builder_new(fix->ctx, SVMS_MAX_CASE_SIZE);
            svms_error err = SVMS_ERROR_INIT;
            int64_t before = fix->live_blocks;
            fix->allocations = 0;
            fix->allocation_fails_at = n;
            status = runs[i](fix, &out, &err);
            fix->allocation_fails_at = 0;
            svms_builder_clear(&out);
            assert_int_equal(fix->live_blocks, before);
            if (fix->allocations >= n) {
                assert_int_equal(status, SVMS_E_NO_MEMORY);
            }
        }
        assert_int_equal(status, SVMS_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_foretold_byte_for_byte),
        cmocka_unit_test(everything_that_has_to_be_compared_is_read),
        cmocka_unit_test(a_writer_refuses_what_it_could_not_say),
        cmocka_unit_test(a_text_that_makes_the_case_too_large_is_refused),
        cmocka_unit_test(files_need_names_that_are_allowed),
        cmocka_unit_test(failures_behind_the_thousandth_are_counted),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
