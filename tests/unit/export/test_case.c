/* SPDX-License-Identifier: Apache-2.0 */
/* The case of a package (evidence.md, section 6). The documents here were written by hand. */
#include "../container/fixture.h"

#include <stdio.h>

#include "case_document.h"
#include "package_format.h"

#define ID_A "000102030405060708090a0b0c0d0e0f"
#define ID_B "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
#define HASH_A "1111111111111111111111111111111111111111111111111111111111111111"
#define HASH_B "2222222222222222222222222222222222222222222222222222222222222222"

/* What was meant to be read, and what the writer below must write, byte for byte. */
static const char package_json[] =
    "{\"format\":\"svms-case\",\"version\":1,\"case\":\"2026/17\",\"operator\":\"J\303\266rg "
    "\\\"x\\\" \\\\ y\","
    "\"reason\":\"line\\u000abreak\",\"comment\":null,\"created\":\"2026-01-01T00:00:00.000Z\","
    "\"profile\":\"police\",\"audit_reference\":null,\"reexport\":false,\"formats\":[\"svmx\"],"
    "\"devices\":["
    "{\"device_id\":\"" ID_A "\",\"recording_id\":\"" ID_B "\",\"name\":\"Gate\",\"place\":null,"
    "\"remark\":\"bad \357\277\275\",\"sources\":[0,2]},"
    "{\"device_id\":\"" ID_B "\",\"recording_id\":\"" ID_B "\",\"name\":null,\"place\":null,"
    "\"remark\":null,\"sources\":[1]}],"
    "\"sources\":["
    "{\"number\":0,\"container_id\":\"" ID_A "\",\"header\":\"" HASH_A "\",\"sequence\":7,"
    "\"from\":\"2026-01-01T00:00:00.000Z\",\"to\":null,\"first_segment\":3,\"last_segment\":5,"
    "\"first_utc\":\"2026-01-01T00:00:01.000Z\",\"last_utc\":\"2026-01-01T00:00:02.000000001Z\","
    "\"tracks\":[{\"number\":0,\"kind\":\"video\",\"codec\":\"avc1\",\"included\":true},"
    "{\"number\":1,\"kind\":\"audio\",\"codec\":\"0x00000001\",\"included\":false}],"
    "\"verification\":{\"verdict\":\"not_authentic\",\"identity\":\"trusted\",\"signer\":\"CN="
    "recorder\","
    "\"attested\":\"2026-01-02T00:00:00.000Z\",\"checked\":\"2026-01-03T00:00:00.000Z\","
    "\"reason\":\"it "
    "differs\",\"unverified\":[{\"segment\":4,\"time\":\"2026-01-01T00:00:01.000Z\","
    "\"offset\":4096,\"reason\":\"it differs\"},{\"segment\":null,\"time\":null,\"offset\":null,"
    "\"reason\":\"end\"}],\"unverified_count\":2}},"
    "{\"number\":1,\"container_id\":\"" ID_B "\",\"header\":\"" HASH_A "\",\"sequence\":0,"
    "\"from\":null,\"to\":\"2026-01-01T00:00:00.000Z\",\"first_segment\":null,\"last_segment\":"
    "null,"
    "\"first_utc\":null,\"last_utc\":null,"
    "\"tracks\":[{\"number\":0,\"kind\":\"video\",\"codec\":\"avc1\",\"included\":true},"
    "{\"number\":1,\"kind\":\"audio\",\"codec\":\"0x00000001\",\"included\":true}],"
    "\"verification\":{\"verdict\":\"untrusted\",\"identity\":\"no_anchor\",\"signer\":\"CN="
    "recorder\","
    "\"attested\":null,\"checked\":\"2026-01-03T00:00:00.000Z\",\"reason\":\"nobody is trusted\","
    "\"unverified\":[],\"unverified_count\":0}},"
    "{\"number\":2,\"container_id\":\"" ID_A "\",\"header\":\"" HASH_A "\",\"sequence\":7,"
    "\"from\":null,\"to\":null,\"first_segment\":0,\"last_segment\":0,"
    "\"first_utc\":null,\"last_utc\":null,"
    "\"tracks\":[{\"number\":0,\"kind\":\"video\",\"codec\":\"avc1\",\"included\":true},"
    "{\"number\":1,\"kind\":\"audio\",\"codec\":\"0x00000001\",\"included\":true}],"
    "\"verification\":{\"verdict\":\"authentic\",\"identity\":\"trusted\",\"signer\":\"CN="
    "recorder\","
    "\"attested\":null,\"checked\":\"2026-01-03T00:00:00.000Z\",\"reason\":null,"
    "\"unverified\":[],\"unverified_count\":0}}],"
    "\"attachments\":["
    "{\"number\":0,\"name\":\"blurred.mp4\",\"media_type\":\"video/mp4\",\"size\":123,"
    "\"sha256\":\"" HASH_A "\",\"description\":null,\"derivation\":{\"method\":\"faces blurred\","
    "\"tool\":\"blur "
    "1.0\",\"from\":[{\"source\":0,\"track\":0,\"first_segment\":3,\"last_segment\":5,"
    "\"first_manifest\":\"" HASH_A "\",\"last_manifest\":\"" HASH_B "\","
    "\"time\":\"2026-01-01T00:00:01.000Z\"},"
    "{\"source\":2,\"track\":null,\"first_segment\":0,\"last_segment\":0,"
    "\"first_manifest\":\"" HASH_B "\",\"last_manifest\":\"" HASH_B "\",\"time\":null}]}},"
    "{\"number\":1,\"name\":\"report.pdf\",\"media_type\":\"application/pdf\",\"size\":0,"
    "\"sha256\":\"" HASH_B "\",\"description\":\"Report\",\"derivation\":null}],"
    "\"presentation\":null}";

static const char proof_json[] =
    "{\"format\":\"svms-case\",\"version\":1,\"case\":null,\"operator\":null,\"reason\":null,"
    "\"comment\":null,\"created\":\"2026-01-01T00:00:00.000Z\",\"profile\":null,"
    "\"audit_reference\":\"log 7\",\"reexport\":true,\"formats\":[\"png\"],"
    "\"devices\":[{\"device_id\":\"" ID_A "\",\"recording_id\":\"" ID_B "\",\"name\":null,"
    "\"place\":null,\"remark\":null,\"sources\":[0]}],"
    "\"sources\":[{\"number\":0,\"container_id\":\"" ID_A "\",\"header\":\"" HASH_A "\","
    "\"sequence\":0,\"from\":null,\"to\":null,\"first_segment\":0,\"last_segment\":0,"
    "\"first_utc\":null,\"last_utc\":null,"
    "\"tracks\":[{\"number\":0,\"kind\":\"video\",\"codec\":\"avc1\",\"included\":true},"
    "{\"number\":1,\"kind\":\"audio\",\"codec\":\"0x00000001\",\"included\":true}],"
    "\"verification\":{\"verdict\":\"authentic\",\"identity\":\"trusted\",\"signer\":\"\","
    "\"attested\":null,\"checked\":\"2026-01-03T00:00:00.000Z\",\"reason\":null,"
    "\"unverified\":[],\"unverified_count\":0}}],"
    "\"attachments\":[],"
    "\"presentation\":{\"name\":\"still.png\",\"media_type\":\"image/png\",\"size\":77,"
    "\"sha256\":\"" HASH_B "\",\"tracks\":[{\"track\":0,\"presentation_track\":1}],"
    "\"derivation\":{\"method\":\"decoded\",\"tool\":null,\"from\":[{\"source\":0,\"track\":0,"
    "\"first_segment\":0,\"last_segment\":0,\"first_manifest\":\"" HASH_A "\","
    "\"last_manifest\":\"" HASH_A "\",\"time\":\"2026-01-01T00:00:01.000Z\"}]}}}";

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

static svms_status parse(fixture *fix, svms_case **out, const char *json, svms_error *err)
{
    *out = NULL;
    *err = (svms_error)SVMS_ERROR_INIT;
    return svms_case_parse(out, fix->ctx, json, strlen(json), err);
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
    assert_int_equal(parse(fix, &document, package_json, &err), SVMS_OK);
    assert_false(svms_case_reexport(document));
    expect_sources(document);
    expect_attachments(document);
    assert_false(svms_case_get_presentation(document)->present);
    svms_case_free(&document);
    assert_null(document);
    svms_case_free(&document);
    svms_case_free(NULL);

    assert_int_equal(parse(fix, &document, proof_json, &err), SVMS_OK);
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

/* A document with its first occurrence of find replaced. */
static char *changed(const char *json, const char *find, const char *replacement)
{
    const char *at = strstr(json, find);
    assert_non_null(at);
    size_t before = (size_t)(at - json);
    size_t size = strlen(json) + strlen(replacement) + 1;
    char *text = malloc(size);
    assert_non_null(text);
    (void)snprintf(text, size, "%.*s%s%s", (int)before, json, replacement, at + strlen(find));
    return text;
}

typedef struct change {
    const char *find;
    const char *replacement;
    const char *words; /* of the error; NULL: it is still right */
} change;

static void expect_change(fixture *fix, const char *json, const change *one)
{
    svms_case *document = NULL;
    svms_error err;
    char *text = changed(json, one->find, one->replacement);
    svms_status status = parse(fix, &document, text, &err);
    if (one->words == NULL) {
        if (status != SVMS_OK) {
            fail_msg("%s: %s", one->replacement, err.message);
        }
        svms_case_free(&document);
    } else if (status != SVMS_E_MALFORMED || strcmp(err.message, one->words) != 0) {
        fail_msg("%s: %s, '%s'", one->replacement, svms_status_name(status), err.message);
    }
    free(text);
}

static void a_document_that_breaks_a_rule_is_refused_in_words(void **state)
{
    static const change cases[] = {
        { "svms-case", "svms-cage", "the case: format is not \"svms-case\"" },
        { "\"version\":1", "\"version\":2", "the case: version is not 1" },
        { "\"version\":1", "\"version\":1.0", "the case: version is not a whole number" },
        { "\"version\":1", "\"version\":\"1\"", "the case: version is not a whole number" },
        { "\"version\":1", "\"version\":-1", "the case: version is out of range" },
        { "\"version\":1,", "", "the case: version is missing" },
        { "\"version\":1", "\"version\":NaN", "the case: line 1: it is not JSON" },
        { "\"version\":1", "\"version\":1e999", "the case: line 1: a number is too large" },
        { "\"version\":1", "\"version\":9223372036854775808",
          "the case: line 1: a number is too large" },
        { "\"version\":1", "\"version\":01", "the case: line 1: it is not JSON" },
        { "\"version\":1", "\"version\":1,\"version\":1",
          "the case: line 1: a name occurs twice in an object" },
        { "\"version\":1", "\"version\":1,", "the case: line 1: it is not JSON" },
        { "\"comment\":null", "\"comment\":7", "the case: comment is not a text" },
        { "\"comment\":null", "\"comment\":\"\xC3\"", "the case: line 1: it is not UTF-8" },
        { "\"comment\":null", "\"comment\":\"\xED\xA0\x80\"", "the case: line 1: it is not UTF-8" },
        { "\"comment\":null", "\"comment\":\"\\ud800\"", "the case: line 1: it is not JSON" },
        { "\"comment\":null", "\"comment\":\"a\\u0000b\"",
          "the case: line 1: a text holds U+0000" },
        { "\"comment\":null", "\"comment\":null,\"more\":\"\\u0000\"",
          "the case: line 1: a text holds U+0000" },
        { "\"comment\":null", "\"comment\":\"a\nb\"", "the case: line 1: it is not JSON" },
        { "\"comment\":null,", "", "the case: comment is missing" },
        { "\"created\":\"2026-01-01T00:00:00.000Z\"", "\"created\":null",
          "the case: created is not a text" },
        { "\"created\":\"2026-01-01T00:00:00.000Z\"", "\"created\":\"2026-01-01T00:00:00+00:00\"",
          "the case: created is not a time in UTC" },
        { "\"created\":\"2026-01-01T00:00:00.000Z\"", "\"created\":\"2026-02-30T00:00:00Z\"",
          "the case: created is not a time in UTC" },
        { "\"created\":\"2026-01-01T00:00:00.000Z\"", "\"created\":\"\"",
          "the case: created is not a time in UTC" },
        { "\"reexport\":false", "\"reexport\":0", "the case: reexport is neither true nor false" },
        { "[\"svmx\"]", "\"svmx\"", "the case: formats is no array" },
        { "[\"svmx\"]", "[1]", "the case: formats holds something that is not a text" },
        { "\"devices\":[", "\"devices\":[7,",
          "the case: devices holds something that is no object" },
        { "\"device_id\":\"0001", "\"device_id\":\"01",
          "the case: devices[0].device_id is not 32 lower-case hexadecimal digits" },
        { "0a0b0c0d0e0f", "0A0b0c0d0e0f",
          "the case: devices[0].device_id is not 32 lower-case hexadecimal digits" },
        { "0a0b0c0d0e0f", "0g0b0c0d0e0f",
          "the case: devices[0].device_id is not 32 lower-case hexadecimal digits" },
        { "\"sources\":[0,2]", "\"sources\":[0]", "the case: devices leaves a source out" },
        { "\"sources\":[0,2]", "\"sources\":[0,1]",
          "the case: devices[1].sources names a source a second time" },
        { "\"sources\":[0,2]", "\"sources\":[0,3]",
          "the case: devices[0].sources names a source that is not there" },
        { "\"sources\":[0,2]", "\"sources\":[0,-2]",
          "the case: devices[0].sources is out of range" },
        { "\"sources\":[0,2]", "\"sources\":[0,null]",
          "the case: devices[0].sources is not a whole number" },
        { "\"number\":0,\"container_id\"", "\"number\":1,\"container_id\"",
          "the case: sources[0].number is not that of its place" },
        { "\"sequence\":7", "\"sequence\":-7", "the case: sources[0].sequence is out of range" },
        { "\"first_segment\":3", "\"first_segment\":6",
          "the case: sources[0].last_segment does not fit first_segment" },
        { "\"first_segment\":3", "\"first_segment\":null",
          "the case: sources[0].last_segment does not fit first_segment" },
        { "\"first_segment\":null", "\"first_segment\":0",
          "the case: sources[1].last_segment does not fit first_segment" },
        { "\"from\":\"2026-01-01T00:00:00.000Z\"", "\"from\":0",
          "the case: sources[0].from is not a text" },
        { "\"tracks\":[{\"number\":0", "\"tracks\":[{\"number\":1",
          "the case: sources[0].tracks[0].number is not that of its place" },
        { "\"included\":true", "\"included\":null",
          "the case: sources[0].tracks[0].included is neither true nor false" },
        { "\"verification\":{", "\"verification\":null,\"x\":{",
          "the case: sources[0].verification is no object" },
        { "\"verdict\":\"not_authentic\"", "\"verdict\":4",
          "the case: sources[0].verification.verdict is not a text" },
        { "\"unverified\":[{", "\"unverified\":[1,{",
          "the case: sources[0].verification.unverified holds something that is no object" },
        { "\"offset\":4096", "\"offset\":\"4096\"",
          "the case: sources[0].verification.unverified[0].offset is not a whole number" },
        { "\"attachments\":[", "\"attachments\":[[],",
          "the case: attachments holds something that is no object" },
        { "blurred.mp4", "../blurred.mp4",
          "the case: attachments[0].name is not allowed (E-CAS-4)" },
        { "blurred.mp4", "a\\\\b", "the case: attachments[0].name is not allowed (E-CAS-4)" },
        { "blurred.mp4", "a\\u0001b", "the case: attachments[0].name is not allowed (E-CAS-4)" },
        { "blurred.mp4", "a\\u0085b", "the case: attachments[0].name is not allowed (E-CAS-4)" },
        { "blurred.mp4", "..", "the case: attachments[0].name is not allowed (E-CAS-4)" },
        { "blurred.mp4", ".", "the case: attachments[0].name is not allowed (E-CAS-4)" },
        { "blurred.mp4", "", "the case: attachments[0].name is not allowed (E-CAS-4)" },
        { "\"size\":123", "\"size\":1e2", "the case: attachments[0].size is not a whole number" },
        { "\"derivation\":{", "\"derivation\":[],\"x\":{",
          "the case: attachments[0].derivation is no object" },
        { "\"method\":\"faces blurred\"", "\"method\":null",
          "the case: attachments[0].derivation.method is not a text" },
        { "\"from\":[{\"source\":0", "\"from\":[{\"source\":3",
          "the case: attachments[0].derivation.from[0].source is not there" },
        { "\"source\":0,\"track\":0", "\"source\":0,\"track\":2",
          "the case: attachments[0].derivation.from[0].track is not there" },
        { "\"track\":0,\"first_segment\":3,\"last_segment\":5",
          "\"track\":0,\"first_segment\":3,\"last_segment\":2",
          "the case: attachments[0].derivation.from[0].last_segment does not fit first_segment" },
        { "\"first_manifest\":\"11", "\"first_manifest\":\"1",
          "the case: attachments[0].derivation.from[0].first_manifest is not 64 lower-case "
          "hexadecimal digits" },
        { "\"presentation\":null", "\"presentation\":false",
          "the case: presentation is no object" },
        { "\"presentation\":null}", "\"presentation\":null",
          "the case: line 1: it ends too early" },
        { "\"presentation\":null}", "\"presentation\":null}{",
          "the case: line 1: something follows its end" },
        { "{\"format\"", "\xEF\xBB\xBF{\"format\"", "the case: line 1: it is not JSON" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect_change(*state, package_json, &cases[i]);
    }
    static const change proofs[] = {
        { "still.png", "a/b", "the case: presentation.name is not allowed (E-CAS-4)" },
        { "\"presentation_track\":1", "\"presentation_track\":4294967296",
          "the case: presentation.tracks[0].presentation_track is out of range" },
        { "{\"track\":0,\"pres", "{\"track\":32,\"pres",
          "the case: presentation.tracks[0].track is out of range" },
        { "\"time\":\"2026", "\"time\":\"x026",
          "the case: presentation.derivation.from[0].time is not a time in UTC" },
    };
    for (size_t i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++) {
        expect_change(*state, proof_json, &proofs[i]);
    }
}

static void what_is_not_listed_is_ignored(void **state)
{
    static const change cases[] = {
        { "\"version\":1", "\"version\":1,\"more\":{\"a\":[1.5,-3,null]}", NULL },
        { "\"sequence\":7", "\"sequence\":7,\"weight\":-1e-3", NULL },
        { "\"unverified_count\":2", "\"other\":\"\"", NULL },
        { ",\"time\":null}]}", "}]}", NULL },
        { "{\"format\":\"svms-case\",\"version\":1",
          " {\n\"version\" : 1,\t\"format\":\"svms-case\"", NULL },
        { "\"comment\":null", "\"comment\":\"\\ud83d\\ude00 \xF0\x9F\x98\x80 \x7F\"", NULL },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect_change(*state, package_json, &cases[i]);
    }
}

static void what_is_no_document_is_refused(void **state)
{
    fixture *fix = *state;
    static const char *const texts[] = { "", "[]", "null", "7", "\"x\"", "{}", "{", "}", "[[[[" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        svms_case *document = NULL;
        svms_error err;
        assert_int_equal(parse(fix, &document, texts[i], &err), SVMS_E_MALFORMED);
        assert_null(document);
        assert_true(err.message[0] != '\0');
    }
}

/* depth brackets of an array within the member, which is one level deep itself. */
static char *nested(unsigned depth, char open, const char *inner)
{
    char text[512] = "\"comment\":null,\"more\":";
    size_t at = strlen(text);
    memset(text + at, open, depth);
    at += depth;
    at += (size_t)snprintf(text + at, sizeof(text) - at, "%s", inner);
    memset(text + at, ']', depth);
    text[at + depth] = '\0';
    return changed(package_json, "\"comment\":null", text);
}

static void nesting_is_bounded_before_anything_is_parsed(void **state)
{
    fixture *fix = *state;
    svms_case *document = NULL;
    svms_error err;
    char *text = nested(31, '[', "\"[[[\\\"[[[\"");
    assert_int_equal(parse(fix, &document, text, &err), SVMS_OK);
    svms_case_free(&document);
    free(text);
    text = nested(32, '[', "");
    assert_int_equal(parse(fix, &document, text, &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "the case: it is 33 levels deep, more than 32");
    free(text);
}

static void size_and_number_of_values_are_bounded(void **state)
{
    fixture *fix = *state;
    svms_case *document = NULL;
    svms_error err;
    size_t size = SVMS_MAX_CASE_SIZE + 1;
    char *text = malloc(size + 1);
    assert_non_null(text);
    memset(text, ' ', size);
    text[size] = '\0';
    memcpy(text, package_json, strlen(package_json));
    assert_int_equal(parse(fix, &document, text, &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "the case: it has 4194305 bytes, more than 4194304");
    text[size - 1] = '\0';
    assert_int_equal(parse(fix, &document, text, &err), SVMS_OK);
    svms_case_free(&document);
    memset(text, ',', size - 1);
    assert_int_equal(parse(fix, &document, text, &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "the case: it has more than 524288 values");
    free(text);
}

/* Empty entries in front of the first one. */
static void lists_are_bounded(void **state)
{
    fixture *fix = *state;
    static const struct {
        const char *find;
        const char *member;
        unsigned count;
        const char *words;
    } cases[] = {
        { "\"sources\":[{", "\"sources\":[", 4097, "the case: sources has too many entries" },
        { "\"attachments\":[{", "\"attachments\":[", 4097,
          "the case: attachments has too many entries" },
        { "\"tracks\":[{", "\"tracks\":[", 33, "the case: sources[0].tracks has too many entries" },
        { "\"from\":[{", "\"from\":[", 4097,
          "the case: attachments[0].derivation.from has too many entries" },
    };
    char *text = malloc(65536);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t at = (size_t)snprintf(text, 65536, "%s", cases[i].member);
        for (unsigned n = 0; n + 1 < cases[i].count; n++) {
            at += (size_t)snprintf(text + at, 65536 - at, "{},");
        }
        (void)snprintf(text + at, 65536 - at, "{");
        change one = { cases[i].find, text, cases[i].words };
        char *enlarged = changed(package_json, one.find, one.replacement);
        svms_case *document = NULL;
        svms_error err;
        if (parse(fix, &document, enlarged, &err) != SVMS_E_MALFORMED ||
            strcmp(err.message, one.words) != 0) {
            fail_msg("%s: %s", cases[i].member, err.message);
        }
        free(enlarged);
    }
    free(text);
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
    svms_status status = parse(fix, &document, package_json, err);
    svms_case_free(&document);
    return status;
}

static svms_status try_parse_proof(fixture *fix, svms_builder *out, svms_error *err)
{
    svms_case *document = NULL;
    (void)out;
    svms_status status = parse(fix, &document, proof_json, err);
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
        cmocka_unit_test(a_document_that_breaks_a_rule_is_refused_in_words),
        cmocka_unit_test(what_is_not_listed_is_ignored),
        cmocka_unit_test(what_is_no_document_is_refused),
        cmocka_unit_test(nesting_is_bounded_before_anything_is_parsed),
        cmocka_unit_test(size_and_number_of_values_are_bounded),
        cmocka_unit_test(lists_are_bounded),
        cmocka_unit_test(a_writer_refuses_what_it_could_not_say),
        cmocka_unit_test(a_text_that_makes_the_case_too_large_is_refused),
        cmocka_unit_test(files_need_names_that_are_allowed),
        cmocka_unit_test(failures_behind_the_thousandth_are_counted),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
