/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a case (evidence.md, section 6). */
#include <stdio.h>
#include <string.h>

#include "case_document.h"
#include "case_format.h"
#include "description.h"
#include "failure.h"
#include "json_put.h"
#include "package_format.h"
#include "verdict_name.h"

/* All containers with the same ids and texts. */
typedef struct device_entry {
    uint8_t *prefix; /* JSON up to the numbers */
    size_t prefix_size;
    svms_builder numbers;
} device_entry;

struct svms_case_writer {
    svms_ctx *ctx;
    svms_builder head;
    svms_builder sources;
    svms_builder attachments;
    svms_builder presentation;
    svms_builder findings; /* of the source that comes next */
    uint64_t finding_count;
    device_entry *devices;
    size_t device_count;
    size_t device_room;
    char format[8];
};

static svms_status check_text(const char *text, const char *what, svms_error *err)
{
    if (text != NULL && !svms_is_text(text)) {
        return svms_fail(err, SVMS_E_USAGE, "%s is not UTF-8", what);
    }
    return SVMS_OK;
}

static svms_status check_options(const svms_export_options *options, svms_error *err)
{
    const struct {
        const char *text;
        const char *what;
    } texts[] = {
        { options->case_number, "the case" },
        { options->operator_name, "the operator" },
        { options->reason, "the reason" },
        { options->comment, "the comment" },
        { options->profile, "the name of the profile" },
        { options->audit_reference, "the audit reference" },
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        svms_status status = check_text(texts[i].text, texts[i].what, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return SVMS_OK;
}

static void put_head(svms_builder *out, const svms_export_options *options, int64_t created_utc_ns)
{
    bool reexport = (options->signer.policy & SVMS_EXPORT_NO_REEXPORT) == 0;
    svms_json_put_text(out, "format", SVMS_CASE_FORMAT);
    svms_json_put_number(out, "version", SVMS_CASE_VERSION);
    svms_json_put_text(out, "case", options->case_number);
    svms_json_put_text(out, "operator", options->operator_name);
    svms_json_put_text(out, "reason", options->reason);
    svms_json_put_text(out, "comment", options->comment);
    svms_json_put_time(out, "created", created_utc_ns);
    svms_json_put_text(out, "profile", options->profile);
    svms_json_put_text(out, "audit_reference", options->audit_reference);
    svms_json_put_flag(out, "reexport", reexport);
}

svms_status svms_case_writer_new(svms_case_writer **out, svms_ctx *ctx,
                                 const svms_export_options *options, int64_t created_utc_ns,
                                 svms_error *err)
{
    svms_status status = check_options(options, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_case_writer *writer = svms_alloc(ctx, sizeof(*writer));
    if (writer == NULL) {
        return svms_fail_memory(err);
    }
    writer->ctx = ctx;
    writer->head = svms_builder_new(ctx, SVMS_MAX_CASE_SIZE);
    writer->sources = writer->head;
    writer->attachments = writer->head;
    writer->presentation = writer->head;
    writer->findings = writer->head;
    (void)snprintf(writer->format, sizeof(writer->format), "svmx");
    put_head(&writer->head, options, created_utc_ns);
    status = svms_builder_check(&writer->head, "the case", err);
    if (status != SVMS_OK) {
        svms_case_writer_free(&writer);
        return status;
    }
    *out = writer;
    return SVMS_OK;
}

void svms_case_writer_free(svms_case_writer **writer)
{
    if (writer == NULL || *writer == NULL) {
        return;
    }
    svms_case_writer *gone = *writer;
    for (size_t i = 0; i < gone->device_count; i++) {
        svms_release_secret(gone->ctx, gone->devices[i].prefix, gone->devices[i].prefix_size);
        svms_builder_clear(&gone->devices[i].numbers);
    }
    svms_release(gone->ctx, gone->devices);
    svms_builder_clear(&gone->head);
    svms_builder_clear(&gone->sources);
    svms_builder_clear(&gone->attachments);
    svms_builder_clear(&gone->presentation);
    svms_builder_clear(&gone->findings);
    svms_release(gone->ctx, gone);
    *writer = NULL;
}

/* null where it is not known. */
static void put_known_number(svms_builder *out, const char *name, uint64_t number)
{
    if (number > INT64_MAX) {
        svms_json_put_null(out, name);
    } else {
        svms_json_put_number(out, name, number);
    }
}

svms_status svms_case_add_finding(svms_case_writer *writer, const svms_finding *finding,
                                  svms_error *err)
{
    svms_builder *out = &writer->findings;
    writer->finding_count++;
    if (writer->finding_count > SVMS_CASE_MAX_FINDINGS) {
        return SVMS_OK;
    }
    svms_json_open(out, NULL, '{');
    put_known_number(out, "segment", finding->segment);
    svms_json_put_time(out, "time", finding->utc_ns);
    put_known_number(out, "offset", finding->offset);
    svms_json_put_text(out, "reason", finding->reason);
    svms_json_close(out, '}');
    return svms_builder_check(out, "the list of what does not verify", err);
}

/* The entry of the device, appended where there is none yet. */
static device_entry *device_of(svms_case_writer *writer, const svms_builder *prefix)
{
    for (size_t i = 0; i < writer->device_count; i++) {
        device_entry *known = &writer->devices[i];
        if (known->prefix_size == prefix->size &&
            memcmp(known->prefix, prefix->data, prefix->size) == 0) {
            return known;
        }
    }
    if (writer->device_count == writer->device_room) {
        size_t room = writer->device_room == 0 ? 4 : 2 * writer->device_room;
        device_entry *grown =
            svms_grow(writer->ctx, writer->devices, writer->device_room * sizeof(*grown),
                      room * sizeof(*grown));
        if (grown == NULL) {
            return NULL;
        }
        writer->devices = grown;
        writer->device_room = room;
    }
    device_entry *entry = &writer->devices[writer->device_count];
    entry->prefix = svms_alloc(writer->ctx, prefix->size);
    if (entry->prefix == NULL) {
        return NULL;
    }
    memcpy(entry->prefix, prefix->data, prefix->size);
    entry->prefix_size = prefix->size;
    entry->numbers = svms_builder_new(writer->ctx, SVMS_MAX_CASE_SIZE);
    writer->device_count++;
    return entry;
}

static svms_status add_to_device(svms_case_writer *writer, const svms_export_period *period,
                                 const svms_case_device *device, svms_error *err)
{
    svms_builder prefix = svms_builder_new(writer->ctx, SVMS_MAX_CASE_SIZE);
    svms_json_put_hex(&prefix, "device_id", period->device_id, sizeof(period->device_id));
    svms_json_put_hex(&prefix, "recording_id", period->recording_id, sizeof(period->recording_id));
    svms_json_put_text(&prefix, "name", device->name);
    svms_json_put_text(&prefix, "place", device->place);
    svms_json_put_text(&prefix, "remark", device->remark);
    svms_status status = svms_builder_check(&prefix, "the description of a device", err);
    if (status == SVMS_OK) {
        device_entry *entry = device_of(writer, &prefix);
        if (entry == NULL) {
            status = svms_fail_memory(err);
        } else {
            svms_json_put_number(&entry->numbers, NULL, period->number);
            status = svms_builder_check(&entry->numbers, "the list of sources", err);
        }
    }
    svms_builder_clear(&prefix);
    return status;
}

static void put_tracks(svms_builder *out, const svms_export_period *period,
                       const svms_header *header)
{
    svms_json_open(out, "tracks", '[');
    for (uint32_t i = 0; i < header->track_count; i++) {
        char codec[SVMS_CASE_CODEC_SIZE];
        svms_case_codec_text(header->tracks[i].codec, codec);
        svms_json_open(out, NULL, '{');
        svms_json_put_number(out, "number", i);
        svms_json_put_text(out, "kind", svms_case_kind_name(header->tracks[i].kind));
        svms_json_put_text(out, "codec", codec);
        svms_json_put_flag(out, "included", (period->removed_tracks >> i & 1u) == 0);
        svms_json_close(out, '}');
    }
    svms_json_close(out, ']');
}

static const char *reason_of(const svms_report *report)
{
    if (report->verdict == SVMS_VERDICT_AUTHENTIC) {
        return NULL;
    }
    if (report->has_failure != 0) {
        return report->first_failure.reason;
    }
    return report->identity_reason[0] != '\0' ? report->identity_reason : NULL;
}

static void put_verification(svms_case_writer *writer, const svms_report *report,
                             int64_t checked_utc_ns)
{
    svms_builder *out = &writer->sources;
    int64_t attested = report->time_attested != 0 ? report->attested_utc_ns : SVMS_NO_TIME;
    svms_json_open(out, "verification", '{');
    svms_json_put_text(out, "verdict", svms_verdict_name(report->verdict));
    svms_json_put_text(out, "identity", svms_identity_name(report->identity));
    svms_json_put_text(out, "signer", report->signer[0] != '\0' ? report->signer : NULL);
    svms_json_put_time(out, "attested", attested);
    svms_json_put_time(out, "checked", checked_utc_ns);
    svms_json_put_text(out, "reason", reason_of(report));
    svms_json_open(out, "unverified", '[');
    if (writer->findings.size > 0) {
        svms_json_put_raw(out, NULL, writer->findings.data, writer->findings.size);
    }
    svms_json_close(out, ']');
    svms_json_put_number(out, "unverified_count", writer->finding_count);
    svms_json_close(out, '}');
}

static void put_source(svms_case_writer *writer, const svms_export_period *period,
                       const svms_header *header)
{
    svms_builder *out = &writer->sources;
    svms_json_put_number(out, "number", period->number);
    svms_json_put_hex(out, "container_id", period->container_id, sizeof(period->container_id));
    svms_json_put_hex(out, "header", header->hash, sizeof(header->hash));
    svms_json_put_number(out, "sequence", period->recording_sequence);
    svms_json_put_time(out, "from", period->from_utc_ns);
    svms_json_put_time(out, "to", period->to_utc_ns);
    put_known_number(out, "first_segment", period->first_segment);
    put_known_number(out, "last_segment", period->last_segment);
    svms_json_put_time(out, "first_utc", period->first_utc_ns);
    svms_json_put_time(out, "last_utc", period->last_utc_ns);
    put_tracks(out, period, header);
}

/* What was asked for must be said in words; what was found may be anything. */
static svms_status check_period(const svms_export_period *period, svms_error *err)
{
    const int64_t asked[] = { period->from_utc_ns, period->to_utc_ns };
    for (size_t i = 0; i < 2; i++) {
        char text[SVMS_TIME_TEXT_SIZE];
        int64_t same = 0;
        svms_time_format(asked[i], text);
        if (asked[i] != SVMS_NO_TIME && svms_time_parse(&same, text, NULL) != SVMS_OK) {
            return svms_fail(err, SVMS_E_USAGE,
                             "the period must lie within the years 1678 to 2261");
        }
    }
    if (period->recording_sequence > INT64_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a container's number in its recording is too large");
    }
    return SVMS_OK;
}

svms_status svms_case_add_source(svms_case_writer *writer, const svms_export_period *period,
                                 const svms_header *header, const svms_case_device *device,
                                 const svms_report *report, int64_t checked_utc_ns, svms_error *err)
{
    svms_status status = check_period(period, err);
    if (status == SVMS_OK) {
        status = add_to_device(writer, period, device, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_json_open(&writer->sources, NULL, '{');
    put_source(writer, period, header);
    put_verification(writer, report, checked_utc_ns);
    svms_json_close(&writer->sources, '}');
    svms_builder_reset(&writer->findings);
    writer->finding_count = 0;
    return svms_builder_check(&writer->sources, "the case", err);
}

static void put_origin(svms_builder *out, const svms_case_origin *from)
{
    svms_json_open(out, NULL, '{');
    svms_json_put_number(out, "source", from->origin.source);
    if (from->origin.track == UINT32_MAX) {
        svms_json_put_null(out, "track");
    } else {
        svms_json_put_number(out, "track", from->origin.track);
    }
    svms_json_put_number(out, "first_segment", from->origin.first_segment);
    svms_json_put_number(out, "last_segment", from->origin.last_segment);
    svms_json_put_hex(out, "first_manifest", from->first_manifest, SVMS_DIGEST_SIZE);
    svms_json_put_hex(out, "last_manifest", from->last_manifest, SVMS_DIGEST_SIZE);
    svms_json_put_time(out, "time", from->origin.utc_ns);
    svms_json_close(out, '}');
}

/* How something was made, and from what; method NULL: it was not. */
typedef struct derivation {
    const char *method;
    const char *tool;
    const svms_case_origin *origins;
    size_t count;
} derivation;

static void put_derivation(svms_builder *out, const derivation *made)
{
    if (made->method == NULL) {
        svms_json_put_null(out, "derivation");
        return;
    }
    svms_json_open(out, "derivation", '{');
    svms_json_put_text(out, "method", made->method);
    svms_json_put_text(out, "tool", made->tool);
    svms_json_open(out, "from", '[');
    for (size_t i = 0; i < made->count; i++) {
        put_origin(out, &made->origins[i]);
    }
    svms_json_close(out, ']');
    svms_json_close(out, '}');
}

static svms_status check_derivation(const derivation *made, svms_error *err)
{
    svms_status status = check_text(made->method, "a method", err);
    if (status == SVMS_OK) {
        status = check_text(made->tool, "a tool", err);
    }
    if (status == SVMS_OK && made->method == NULL && (made->count > 0 || made->tool != NULL)) {
        return svms_fail(err, SVMS_E_USAGE, "originals or a tool are named, but no method");
    }
    if (status == SVMS_OK && made->count > SVMS_CASE_MAX_ORIGINS) {
        return svms_fail(err, SVMS_E_LIMIT, "%zu originals are too many", made->count);
    }
    if (status == SVMS_OK && made->count > 0 && made->origins == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "the originals are missing");
    }
    for (size_t i = 0; status == SVMS_OK && i < made->count; i++) {
        const svms_export_origin *origin = &made->origins[i].origin;
        if (origin->last_segment < origin->first_segment || origin->last_segment > INT64_MAX) {
            return svms_fail(err, SVMS_E_USAGE, "the segments of an original are out of range");
        }
    }
    return status;
}

static svms_status check_file(const char *name, const char *media_type, svms_error *err)
{
    if (name == NULL || media_type == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "a file needs a name and a media type");
    }
    if (!svms_case_is_file_name(name)) {
        return svms_fail(err, SVMS_E_USAGE, "the name of a file is not allowed (E-CAS-4)");
    }
    return check_text(media_type, "a media type", err);
}

svms_status svms_case_add_attachment(svms_case_writer *writer,
                                     const svms_export_attachment *attachment, uint32_t number,
                                     uint64_t size, const uint8_t digest[SVMS_DIGEST_SIZE],
                                     const svms_case_origin *origins, svms_error *err)
{
    derivation made = { attachment->method, attachment->tool, origins, attachment->origin_count };
    svms_builder *out = &writer->attachments;
    svms_status status = check_file(attachment->name, attachment->media_type, err);
    if (status == SVMS_OK) {
        status = check_text(attachment->description, "a description", err);
    }
    if (status == SVMS_OK) {
        status = check_derivation(&made, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_json_open(out, NULL, '{');
    svms_json_put_number(out, "number", number);
    svms_json_put_text(out, "name", attachment->name);
    svms_json_put_text(out, "media_type", attachment->media_type);
    svms_json_put_number(out, "size", size);
    svms_json_put_hex(out, "sha256", digest, SVMS_DIGEST_SIZE);
    svms_json_put_text(out, "description", attachment->description);
    put_derivation(out, &made);
    svms_json_close(out, '}');
    return svms_builder_check(out, "the case", err);
}

static svms_status check_presentation(const svms_export_presentation *presentation, svms_error *err)
{
    svms_status status = check_file(presentation->name, presentation->media_type, err);
    if (status == SVMS_OK && svms_case_format_of(presentation->media_type) == NULL) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a presentation is video/mp4, audio/mp4, image/png or image/jpeg");
    }
    if (status == SVMS_OK && (presentation->track_count > SVMS_MAX_TRACKS ||
                              (presentation->track_count > 0 && presentation->tracks == NULL))) {
        return svms_fail(err, SVMS_E_USAGE, "the tracks of a presentation are out of range");
    }
    return status;
}

svms_status svms_case_set_presentation(svms_case_writer *writer,
                                       const svms_export_presentation *presentation, uint64_t size,
                                       const uint8_t digest[SVMS_DIGEST_SIZE],
                                       const svms_case_origin *origins, svms_error *err)
{
    derivation made = { presentation->method, presentation->tool, origins,
                        presentation->origin_count };
    svms_builder *out = &writer->presentation;
    svms_status status = check_presentation(presentation, err);
    if (status == SVMS_OK) {
        status = check_derivation(&made, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_builder_reset(out);
    (void)snprintf(writer->format, sizeof(writer->format), "%s",
                   svms_case_format_of(presentation->media_type));
    svms_json_put_text(out, "name", presentation->name);
    svms_json_put_text(out, "media_type", presentation->media_type);
    svms_json_put_number(out, "size", size);
    svms_json_put_hex(out, "sha256", digest, SVMS_DIGEST_SIZE);
    svms_json_open(out, "tracks", '[');
    for (uint32_t i = 0; i < presentation->track_count; i++) {
        svms_json_open(out, NULL, '{');
        svms_json_put_number(out, "track", presentation->tracks[i].track);
        svms_json_put_number(out, "presentation_track", presentation->tracks[i].presentation_track);
        svms_json_close(out, '}');
    }
    svms_json_close(out, ']');
    put_derivation(out, &made);
    return svms_builder_check(out, "the case", err);
}

static void put_list(svms_builder *out, const char *name, const svms_builder *entries)
{
    svms_json_open(out, name, '[');
    if (entries->size > 0) {
        svms_json_put_raw(out, NULL, entries->data, entries->size);
    }
    svms_json_close(out, ']');
}

static void put_devices(svms_builder *out, const svms_case_writer *writer)
{
    svms_json_open(out, "devices", '[');
    for (size_t i = 0; i < writer->device_count; i++) {
        svms_json_open(out, NULL, '{');
        svms_json_put_raw(out, NULL, writer->devices[i].prefix, writer->devices[i].prefix_size);
        put_list(out, "sources", &writer->devices[i].numbers);
        svms_json_close(out, '}');
    }
    svms_json_close(out, ']');
}

svms_status svms_case_write(svms_case_writer *writer, svms_builder *out, svms_error *err)
{
    svms_builder whole = svms_builder_new(writer->ctx, SVMS_MAX_CASE_SIZE);
    svms_json_open(&whole, NULL, '{');
    svms_json_put_raw(&whole, NULL, writer->head.data, writer->head.size);
    svms_json_open(&whole, "formats", '[');
    svms_json_put_text(&whole, NULL, writer->format);
    svms_json_close(&whole, ']');
    put_devices(&whole, writer);
    put_list(&whole, "sources", &writer->sources);
    put_list(&whole, "attachments", &writer->attachments);
    if (writer->presentation.size == 0) {
        svms_json_put_null(&whole, "presentation");
    } else {
        svms_json_open(&whole, "presentation", '{');
        svms_json_put_raw(&whole, NULL, writer->presentation.data, writer->presentation.size);
        svms_json_close(&whole, '}');
    }
    svms_json_close(&whole, '}');
    svms_status status = svms_builder_check(&whole, "the case", err);
    if (status == SVMS_OK) {
        svms_put_bytes(out, whole.data, whole.size);
        status = svms_builder_check(out, "the case", err);
    }
    svms_builder_clear(&whole);
    return status;
}
