/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of packages. The first byte says whether the rest is a document to read, or texts to write
 * one from, which zero bytes separate: what is written must be read again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case_document.h"
#include "case_format.h"
#include "package_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXTS 14u

static void check(bool good)
{
    if (!good) {
        abort();
    }
}

static void look_at_origins(const svms_case *document, uint32_t file, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const svms_case_origin *origin = svms_case_origin_at(document, file, i);
        check(origin->origin.source < svms_case_source_count(document));
        check(origin->origin.first_segment <= origin->origin.last_segment);
    }
    check(svms_case_origin_at(document, file, count) == NULL);
}

static void look_into(const svms_case *document)
{
    uint32_t sources = svms_case_source_count(document);
    uint32_t attachments = svms_case_attachment_count(document);
    const svms_case_presentation *presentation = svms_case_get_presentation(document);
    check(sources <= SVMS_EXPORT_MAX_SOURCES && attachments <= SVMS_EXPORT_MAX_SOURCES);
    for (uint32_t i = 0; i < sources; i++) {
        const svms_case_source *source = svms_case_source_at(document, i);
        check(source->number == i && source->track_count <= SVMS_MAX_TRACKS);
        check(source->first_segment <= source->last_segment);
        check(source->track_count == SVMS_MAX_TRACKS ||
              source->removed_tracks >> source->track_count == 0);
    }
    for (uint32_t i = 0; i < attachments; i++) {
        const svms_case_attachment *attachment = svms_case_attachment_at(document, i);
        check(attachment->number == i && svms_case_is_file_name(attachment->name));
        look_at_origins(document, i, attachment->origin_count);
    }
    if (presentation->present) {
        check(svms_case_is_file_name(presentation->name) && presentation->media_type != NULL);
    }
    look_at_origins(document, SVMS_CASE_PRESENTATION, presentation->origin_count);
}

static bool read_document(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    svms_case *document = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_case_parse(&document, ctx, data, size, &err);
    if (status != SVMS_OK) {
        check(status == SVMS_E_MALFORMED && err.message[0] != '\0' && document == NULL);
        return false;
    }
    look_into(document);
    svms_case_free(&document);
    return true;
}

static svms_status write_source(svms_case_writer *writer, const char *const *texts, uint8_t seed)
{
    svms_case_device device = { texts[4], texts[5], texts[6] };
    svms_report report = SVMS_REPORT_INIT;
    svms_export_period period = SVMS_EXPORT_PERIOD_INIT;
    svms_finding finding = SVMS_FINDING_INIT;
    svms_header header;
    memset(&header, seed, sizeof(header));
    header.track_count = seed % (SVMS_MAX_TRACKS + 1u);
    period.removed_tracks = seed;
    period.first_utc_ns = (int64_t)seed << 55;
    report.verdict = (svms_verdict)(seed % 5u);
    report.has_failure = seed & 1u;
    (void)snprintf(report.signer, sizeof(report.signer), "%s", texts[7]);
    (void)snprintf(report.identity_reason, sizeof(report.identity_reason), "%s", texts[8]);
    (void)snprintf(finding.reason, sizeof(finding.reason), "%s", texts[9]);
    report.first_failure = finding;
    svms_status status = svms_case_add_finding(writer, &finding, NULL);
    return status != SVMS_OK
               ? status
               : svms_case_add_source(writer, &period, &header, &device, &report, 0, NULL);
}

static svms_status write_case(svms_ctx *ctx, const char *const *texts, uint8_t seed,
                              svms_builder *out)
{
    static const uint8_t digest[SVMS_DIGEST_SIZE] = { 1 };
    svms_case_writer *writer = NULL;
    svms_export_options options = SVMS_EXPORT_OPTIONS_INIT;
    svms_export_attachment attachment = SVMS_EXPORT_ATTACHMENT_INIT;
    options.case_number = texts[0];
    options.operator_name = texts[1];
    options.reason = texts[2];
    options.comment = texts[3];
    attachment.name = texts[10];
    attachment.media_type = texts[11];
    attachment.description = texts[12];
    attachment.method = texts[13];
    svms_status status = svms_case_writer_new(&writer, ctx, &options, 0, NULL);
    if (status == SVMS_OK) {
        status = write_source(writer, texts, seed);
    }
    if (status == SVMS_OK) {
        status = svms_case_add_attachment(writer, &attachment, 0, seed, digest, NULL, NULL);
    }
    if (status == SVMS_OK) {
        status = svms_case_write(writer, out, NULL);
    }
    svms_case_writer_free(&writer);
    return status;
}

static void write_and_read(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    const char *texts[TEXTS];
    char *copy = malloc(size + 1);
    svms_builder out = svms_builder_new(ctx, SVMS_MAX_CASE_SIZE);
    check(copy != NULL);
    memcpy(copy, data, size);
    copy[size] = '\0';
    size_t at = 0;
    for (size_t i = 0; i < TEXTS; i++) {
        texts[i] = copy + at;
        at += strlen(copy + at);
        at += at < size ? 1 : 0;
    }
    if (write_case(ctx, texts, size > 0 ? data[0] : 0, &out) == SVMS_OK) {
        check(read_document(ctx, out.data, out.size));
    }
    svms_builder_clear(&out);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    if (ctx == NULL && svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        abort();
    }
    if (size == 0) {
        return 0;
    }
    if ((data[0] & 1u) != 0) {
        write_and_read(ctx, data + 1, size - 1);
    } else {
        (void)read_document(ctx, data + 1, size - 1);
    }
    return 0;
}
