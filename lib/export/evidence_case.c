/* SPDX-License-Identifier: Apache-2.0 */
/* The case of a package, and whether it says what is there (E-CAS-1). */
#include <string.h>

#include "evidence_internal.h"
#include "failure.h"
#include "stream.h"

static svms_status refuse(svms_error *err, const char *what, uint32_t number)
{
    return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                     "the case does not fit what is there: %s %u (E-CAS-1)", what, number);
}

static bool tracks_fit(const svms_case_source *stated, const svms_header *header, uint32_t removed)
{
    if (stated->track_count != header->track_count || stated->removed_tracks != removed) {
        return false;
    }
    for (uint32_t i = 0; i < header->track_count; i++) {
        char codec[SVMS_CASE_CODEC_SIZE];
        svms_case_codec_text(header->tracks[i].codec, codec);
        if (stated->kinds[i] != header->tracks[i].kind || strcmp(stated->codecs[i], codec) != 0) {
            return false;
        }
    }
    return true;
}

/* Which of its members is wrong, or NULL. */
static const char *wrong_member(const svms_case_source *stated, const svms_header *header,
                                const svms_evidence_part *part)
{
    if (stated->number != part->number ||
        memcmp(stated->container_id, header->container_id, 16) != 0 ||
        memcmp(stated->header, header->hash, SVMS_DIGEST_SIZE) != 0 ||
        stated->sequence != header->recording_sequence) {
        return "the container of source";
    }
    if (memcmp(stated->device_id, header->device_id, 16) != 0 ||
        memcmp(stated->recording_id, header->recording_id, 16) != 0) {
        return "device or recording of source";
    }
    if (stated->from_utc_ns != part->from_utc_ns || stated->to_utc_ns != part->to_utc_ns) {
        return "the period of source";
    }
    if (stated->first_segment != part->first_segment ||
        stated->last_segment != part->last_segment) {
        return "the segments of source";
    }
    if (stated->first_utc_ns != part->first_utc_ns || stated->last_utc_ns != part->last_utc_ns) {
        return "the times of source";
    }
    return tracks_fit(stated, header, part->removed_tracks) ? NULL : "the tracks of source";
}

static svms_status compare_source(svms_evidence *evidence, const svms_case_source *stated,
                                  uint32_t s, svms_error *err)
{
    const svms_header *header = NULL;
    svms_status status = svms_evidence_header_of(evidence, s, &header, err);
    if (status == SVMS_E_UNSUPPORTED) {
        return SVMS_OK; /* nobody here can tell; the source is not judged either */
    }
    if (status != SVMS_OK) {
        return status;
    }
    const char *wrong = wrong_member(stated, header, &evidence->parts[s]);
    return wrong == NULL ? SVMS_OK : refuse(err, wrong, s);
}

/* The hash of a manifest (C-MAN-4) is that of part C of its segment. */
static svms_status check_manifest(svms_evidence *evidence, const svms_evidence_part *part,
                                  uint64_t segment, const uint8_t hash[SVMS_DIGEST_SIZE],
                                  bool *fits, svms_error *err)
{
    const svms_evidence_frame *frame = NULL;
    uint8_t found_hash[SVMS_DIGEST_SIZE];
    uint64_t e = 0;
    svms_status status = svms_evidence_find_segment(part, segment, fits, &e, err);
    if (status != SVMS_OK || !*fits) {
        return status;
    }
    status = svms_evidence_check_frame(evidence, e, &frame, err);
    if (status != SVMS_OK || !frame->holds) {
        *fits = false;
        return status;
    }
    size_t size = frame->frame.c_size;
    uint8_t *closing = svms_alloc(evidence->ctx, size);
    if (closing == NULL) {
        return svms_fail_memory(err);
    }
    status = svms_source_read(&evidence->window.source, frame->c_offset, closing, size, err);
    if (status == SVMS_OK) {
        svms_iovec run = { closing, size };
        status = svms_sha256(evidence->ctx, &run, 1, found_hash, err);
        *fits = status == SVMS_OK && memcmp(found_hash, hash, sizeof(found_hash)) == 0;
    }
    svms_release(evidence->ctx, closing);
    return status;
}

static svms_status compare_origin(svms_evidence *evidence, const svms_case_origin *stated,
                                  bool *fits, svms_error *err)
{
    const svms_header *header = NULL;
    const svms_export_origin *origin = &stated->origin;
    *fits = false;
    if (origin->source >= evidence->first.sources || origin->last_segment < origin->first_segment) {
        return SVMS_OK;
    }
    const svms_evidence_part *part = &evidence->parts[origin->source];
    svms_status status = svms_evidence_header_of(evidence, origin->source, &header, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (origin->track != UINT32_MAX && origin->track >= header->track_count) {
        return SVMS_OK;
    }
    status =
        check_manifest(evidence, part, origin->first_segment, stated->first_manifest, fits, err);
    if (status == SVMS_OK && *fits) {
        status =
            check_manifest(evidence, part, origin->last_segment, stated->last_manifest, fits, err);
    }
    return status;
}

static svms_status compare_origins(svms_evidence *evidence, const svms_case *document, uint32_t n,
                                   size_t count, svms_error *err)
{
    for (size_t i = 0; i < count; i++) {
        bool fits = false;
        const svms_case_origin *origin = svms_case_origin_at(document, n, i);
        svms_status status =
            origin == NULL ? SVMS_OK : compare_origin(evidence, origin, &fits, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (!fits) {
            return refuse(err, "a derivation names segments that are not carried, attachment", n);
        }
    }
    return SVMS_OK;
}

/* Sizes only: what an attachment holds is compared when it is read. */
static svms_status compare_attachment(svms_evidence *evidence, const svms_case *document,
                                      uint32_t n, svms_error *err)
{
    const svms_case_attachment *stated = svms_case_attachment_at(document, n);
    const svms_evidence_frame *frame = NULL;
    svms_status status = svms_evidence_check_frame(evidence, evidence->attachments[n], &frame, err);
    if (status != SVMS_OK) {
        return status;
    }
    /* One that does not hold is a failure of its own. */
    if (stated == NULL || stated->number != n ||
        (frame->holds && stated->size != frame->body_size)) {
        return refuse(err, "attachment", n);
    }
    return compare_origins(evidence, document, n, stated->origin_count, err);
}

static svms_status compare_presentation(svms_evidence *evidence, const svms_case *document,
                                        svms_error *err)
{
    const svms_case_presentation *stated = svms_case_get_presentation(document);
    const svms_link_object *first = &evidence->first;
    bool proof = evidence->header.kind == SVMS_EXPORT_PROOF;
    bool present = stated != NULL && stated->present;
    if (present != proof) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the case has a presentation where none can be, or lacks one (E-CAS-1)");
    }
    if (!proof) {
        return SVMS_OK;
    }
    if (stated->size != first->presentation_size ||
        memcmp(stated->digest, first->presentation_hash, SVMS_DIGEST_SIZE) != 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the case names another presentation than link 0 (E-CAS-1)");
    }
    return compare_origins(evidence, document, SVMS_CASE_PRESENTATION, stated->origin_count, err);
}

static svms_status compare(svms_evidence *evidence, const svms_case *document, svms_error *err)
{
    bool forbidden = (evidence->links[0].policy & SVMS_EXPORT_NO_REEXPORT) != 0;
    if (svms_case_source_count(document) != evidence->first.sources ||
        svms_case_attachment_count(document) != evidence->first.attachments) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the case promises another number of sources or attachments (E-CAS-1)");
    }
    if (svms_case_reexport(document) == forbidden) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "case and link 0 contradict each other on re-export");
    }
    for (uint32_t s = 0; s < evidence->first.sources; s++) {
        svms_status status = compare_source(evidence, svms_case_source_at(document, s), s, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    for (uint32_t n = 0; n < evidence->first.attachments; n++) {
        svms_status status = compare_attachment(evidence, document, n, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return compare_presentation(evidence, document, err);
}

/* Reads the JSON into memory of the package. */
static svms_status read_json(svms_evidence *evidence, svms_error *err)
{
    const svms_evidence_frame *frame = NULL;
    svms_error found = SVMS_ERROR_INIT;
    svms_status status = svms_evidence_need_frame(evidence, evidence->entry_count - 1, &frame, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_evidence_can_read(evidence, &frame->frame)) {
        return svms_fail(err, SVMS_E_WRONG_KEY,
                         "the package is sealed, and nothing that was given opens it");
    }
    size_t size = (size_t)frame->body_size;
    char *json = svms_alloc(evidence->ctx, size);
    if (json == NULL) {
        return svms_fail_memory(err);
    }
    status = svms_evidence_read_body(evidence, frame, 0, (uint8_t *)json, size, &found);
    if (status != SVMS_OK) {
        svms_release_secret(evidence->ctx, json, size);
        return svms_fail_as(err, status, &found);
    }
    evidence->case_json = json;
    evidence->case_size = size;
    return SVMS_OK;
}

svms_status svms_evidence_case(svms_evidence *evidence, const svms_case **out, svms_error *err)
{
    svms_case *document = NULL;
    svms_status status = SVMS_OK;
    if (evidence->document == NULL) {
        if (evidence->case_json == NULL) {
            status = read_json(evidence, err);
        }
        if (status == SVMS_OK) {
            status = svms_case_parse(&document, evidence->ctx, evidence->case_json,
                                     evidence->case_size, err);
        }
        if (status == SVMS_OK) {
            status = compare(evidence, document, err);
        }
        if (status != SVMS_OK) {
            svms_case_free(&document);
            return status;
        }
        evidence->document = document;
    }
    *out = evidence->document;
    return SVMS_OK;
}

svms_status svms_export_get_case(svms_evidence *evidence, const char **json, size_t *size,
                                 svms_error *err)
{
    const svms_case *document = NULL;
    if (evidence == NULL || json == NULL || size == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "evidence, json and size must not be NULL");
    }
    svms_status status = svms_evidence_case(evidence, &document, err);
    if (status != SVMS_OK) {
        return status;
    }
    *json = evidence->case_json;
    *size = evidence->case_size;
    return SVMS_OK;
}
