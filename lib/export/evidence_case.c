/* SPDX-License-Identifier: Apache-2.0 */
/* The case of a package, and whether it says what is there (E-CAS-1). */
#include <string.h>

#include "description.h"
#include "evidence_internal.h"
#include "failure.h"
#include "stream.h"

#define NS_PER_SECOND INT64_C(1000000000)

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

static bool same_text(const char *stated, const char *signed_text)
{
    if (stated == NULL || signed_text == NULL) {
        return stated == signed_text;
    }
    return strcmp(stated, signed_text) == 0;
}

/* Texts of the device of which this is the first source, where they can be read (E-CAS-3). */
static svms_status compare_device(svms_evidence *evidence, const svms_case *document, uint32_t s,
                                  const svms_header *header, svms_error *err)
{
    svms_description described = { 0 };
    const svms_case_device *stated = svms_case_device_of(document, s);
    bool sealed = header->has_keys && header->description_size != 0;
    if (stated == NULL || sealed) {
        return SVMS_OK;
    }
    svms_status status = svms_description_read(&described, evidence->ctx, header, NULL, err);
    if (status != SVMS_OK) {
        return status;
    }
    bool same = same_text(stated->name, described.name) &&
                same_text(stated->place, described.place) &&
                same_text(stated->remark, described.remark);
    svms_description_clear(&described, evidence->ctx);
    return same ? SVMS_OK
                : svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                            "the case describes the device of source %u otherwise than its "
                            "recorder signed (E-CAS-3)",
                            s);
}

static svms_status compare_source(svms_evidence *evidence, const svms_case *document, uint32_t s,
                                  svms_error *err)
{
    const svms_header *header = NULL;
    svms_status status = svms_evidence_header_of(evidence, s, &header, err);
    if (status == SVMS_E_UNSUPPORTED) {
        return SVMS_OK; /* nobody here can tell; the source is not judged either */
    }
    if (status != SVMS_OK) {
        return status;
    }
    const char *wrong = wrong_member(svms_case_source_at(document, s), header, &evidence->parts[s]);
    return wrong == NULL ? compare_device(evidence, document, s, header, err)
                         : refuse(err, wrong, s);
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
    return SVMS_OK;
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
    return SVMS_OK;
}

/* Whole seconds, also before 1970. */
static int64_t second_of(int64_t utc_ns)
{
    int64_t second = utc_ns / NS_PER_SECOND;
    return utc_ns % NS_PER_SECOND < 0 ? second - 1 : second;
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
    if (second_of(svms_case_created(document)) != second_of(evidence->header.created_utc_ns)) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the case names another time of creation than the header (E-CAS-1)");
    }
    for (uint32_t s = 0; s < evidence->first.sources; s++) {
        svms_status status = compare_source(evidence, document, s, err);
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
    svms_status status = compare_presentation(evidence, document, err);
    return status == SVMS_OK ? svms_evidence_compare_derivations(evidence, document, err) : status;
}

/* The body of the case as it is stored: what is parsed is what was hashed (E-OVR-3). Part A and C
 * of a case are empty. */
static svms_status take_stored(svms_evidence *evidence, const svms_evidence_frame *frame,
                               uint8_t *out, svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE];
    svms_hasher *hasher = evidence->hasher;
    size_t size = (size_t)frame->frame.b_size;
    svms_status status =
        svms_source_read(&evidence->window.source, frame->b_offset, out, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_hasher_start(hasher) ||
        !svms_hasher_update(hasher, frame->header, sizeof(frame->header)) ||
        !svms_hasher_update(hasher, out, size) || !svms_hasher_finish(hasher, digest)) {
        return svms_fail_crypto(err, "hashing a case");
    }
    return memcmp(digest, frame->listed.digest, sizeof(digest)) == 0
               ? SVMS_OK
               : svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, frame->listed.offset,
                              "the case is not what was signed: the file changes while it is read "
                              "(E-OVR-3)");
}

static svms_status open_stored(svms_evidence *evidence, const svms_evidence_frame *frame,
                               const uint8_t *stored, svms_error *err)
{
    size_t size = (size_t)frame->body_size;
    uint8_t *json = svms_alloc(evidence->ctx, size);
    if (json == NULL) {
        return svms_fail_memory(err);
    }
    svms_status status = svms_evidence_open_body(evidence, frame, stored, json, err);
    if (status != SVMS_OK) {
        svms_release_secret(evidence->ctx, json, size);
        return status;
    }
    evidence->case_json = (char *)json;
    evidence->case_size = size;
    return SVMS_OK;
}

/* Reads the JSON into memory of the package. */
static svms_status read_json(svms_evidence *evidence, svms_error *err)
{
    const svms_evidence_frame *held = NULL;
    svms_error found = SVMS_ERROR_INIT;
    svms_status status = svms_evidence_need_frame(evidence, evidence->entry_count - 1, &held, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_evidence_frame frame = *held;
    if (!svms_evidence_can_read(evidence, &frame.frame)) {
        return svms_fail(err, SVMS_E_WRONG_KEY,
                         "the package is sealed, and nothing that was given opens it");
    }
    size_t size = (size_t)frame.frame.b_size;
    uint8_t *stored = svms_alloc(evidence->ctx, size);
    if (stored == NULL) {
        return svms_fail_memory(err);
    }
    status = take_stored(evidence, &frame, stored, &found);
    if (status == SVMS_OK && (frame.frame.flags & SVMS_FRAME_SEALED) == 0) {
        evidence->case_json = (char *)stored;
        evidence->case_size = size;
        return SVMS_OK;
    }
    if (status == SVMS_OK) {
        status = open_stored(evidence, &frame, stored, &found);
    }
    svms_release(evidence->ctx, stored);
    return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &found);
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
