/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/reader.h>

#include <string.h>

#include "description.h"
#include "disclosure_reader.h"
#include "failure.h"
#include "options.h"
#include "reader_internal.h"
#include "stream.h"

/* A signer found trustworthy is looked at again only after this much recording time. */
#define TRUST_AHEAD_NS INT64_C(3600000000000)

static svms_status ask_for_trust(const svms_reader *reader, svms_identity_question *question,
                                 svms_error *err)
{
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    question->role = (svms_role)reader->front.header.signer.role;
    question->policy = reader->time_policy;
    return svms_identity_check(reader->trust, reader->front.chain, question, &result, err);
}

static svms_status check_trust(svms_reader *reader, int64_t made_utc_ns, svms_error *err)
{
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    int64_t created = reader->front.header.created_utc_ns;
    if (reader->trust == NULL ||
        (made_utc_ns <= reader->trusted_to_utc_ns && made_utc_ns >= created)) {
        return SVMS_OK;
    }
    question.now_utc_ns = svms_utc_now(reader->ctx);
    if (made_utc_ns >= created && made_utc_ns < question.now_utc_ns) {
        question.from_utc_ns = created;
        question.to_utc_ns = question.now_utc_ns - made_utc_ns < TRUST_AHEAD_NS
                                 ? question.now_utc_ns
                                 : made_utc_ns + TRUST_AHEAD_NS;
        svms_status ahead = ask_for_trust(reader, &question, NULL);
        if (ahead == SVMS_OK) {
            reader->trusted_to_utc_ns = question.to_utc_ns;
            return SVMS_OK;
        }
        if (ahead == SVMS_E_NO_MEMORY) {
            return svms_fail_memory(err);
        }
    }
    question.from_utc_ns = made_utc_ns < created ? made_utc_ns : created;
    question.to_utc_ns = made_utc_ns < created ? created : made_utc_ns;
    return ask_for_trust(reader, &question, err);
}

static svms_status read_texts(svms_reader *reader, svms_error *err)
{
    const svms_header *header = &reader->front.header;
    svms_status status = SVMS_OK;
    if (header->description_size != 0 && (!header->has_keys || reader->front.unlocked)) {
        status =
            svms_description_name(&reader->device_name, reader->ctx, header,
                                  reader->front.unlocked ? reader->front.content_key : NULL, err);
    }
    if (status == SVMS_OK && header->software_size != 0) {
        reader->software = svms_alloc(reader->ctx, header->software_size + 1);
        if (reader->software == NULL) {
            return svms_fail_memory(err);
        }
        memcpy(reader->software, header->software, header->software_size);
    }
    return status;
}

static svms_status make_leaves(svms_reader *reader, svms_error *err)
{
    bool needed = reader->recheck;
    for (uint32_t i = 0; i < reader->front.header.track_count; i++) {
        needed = needed || reader->front.header.tracks[i].protection != SVMS_PROTECT_STRONG;
    }
    if (!needed) {
        return SVMS_OK;
    }
    reader->leaves = svms_alloc_array(reader->ctx, SVMS_MAX_SEGMENT_SAMPLES, SVMS_DIGEST_SIZE);
    reader->scanner.leaves = reader->leaves;
    return reader->leaves == NULL ? svms_fail_memory(err) : SVMS_OK;
}

static svms_status open_with(svms_reader *reader, const svms_source *source,
                             const svms_reader_options *options, svms_error *err)
{
    svms_status status = svms_front_open(&reader->front, reader->ctx, source, err);
    if (status == SVMS_OK) {
        status = check_trust(reader, reader->front.header.created_utc_ns, err);
    }
    if (status == SVMS_OK && options->keys != NULL) {
        status = svms_reader_unlock(reader, options->keys, err);
    }
    if (status == SVMS_OK) {
        status = read_texts(reader, err);
    }
    if (status == SVMS_OK) {
        status = make_leaves(reader, err);
    }
    if (status == SVMS_OK && svms_signatures_may_lack(&reader->front.header)) {
        reader->known = svms_alloc(reader->ctx, sizeof(*reader->known));
        reader->scanner.known = reader->known;
        status = reader->known == NULL ? svms_fail_memory(err) : SVMS_OK;
    }
    return status;
}

svms_status svms_reader_open(svms_reader **out, svms_ctx *ctx, const svms_source *source,
                             const svms_reader_options *options, svms_error *err)
{
    return svms_reader_make(out, ctx, source, options, NULL, err);
}

svms_status svms_reader_make(svms_reader **out, svms_ctx *ctx, const svms_source *source,
                             const svms_reader_options *options, const svms_excerpt *excerpt,
                             svms_error *err)
{
    svms_reader_options given = SVMS_READER_OPTIONS_INIT;
    svms_source given_source = SVMS_SOURCE_INIT;
    if (out == NULL || ctx == NULL || source == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "out, ctx and source must not be NULL");
    }
    svms_status status =
        svms_options_read(&given, sizeof(given), options, "svms_reader_options", err);
    if (status == SVMS_OK) {
        status = svms_options_read(&given_source, sizeof(given_source), source, "svms_source", err);
    }
    if (status == SVMS_OK && !svms_source_usable(&given_source)) {
        status = svms_fail(err, SVMS_E_USAGE, "the source lacks a callback");
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_reader *reader = svms_alloc(ctx, sizeof(*reader));
    if (reader == NULL) {
        return svms_fail_memory(err);
    }
    reader->ctx = ctx;
    reader->trust = given.trust;
    reader->time_policy = given.time_policy;
    reader->allow_unverified = given.allow_unverified == 1;
    reader->recheck = given.recheck == 1;
    reader->max_sample_size =
        given.max_sample_size == 0 ? SVMS_MAX_SAMPLE_SIZE : given.max_sample_size;
    reader->trusted_to_utc_ns = INT64_MIN;
    reader->scanner.front = &reader->front;
    if (excerpt != NULL) {
        reader->carried = true;
        reader->excerpt = *excerpt;
        reader->scanner.removed = excerpt->removed_tracks;
    }
    status = open_with(reader, &given_source, &given, err);
    if (status != SVMS_OK) {
        svms_reader_close(&reader);
        return status;
    }
    svms_reader_place(reader, reader->front.first_record, 0);
    reader->has_previous = true;
    memcpy(reader->previous, reader->front.header.hash, SVMS_DIGEST_SIZE);
    *out = reader;
    return SVMS_OK;
}

void svms_reader_close(svms_reader **reader)
{
    if (reader == NULL || *reader == NULL) {
        return;
    }
    svms_reader *gone = *reader;
    for (uint32_t i = 0; i < SVMS_MAX_TRACKS; i++) {
        svms_aead_free(&gone->tracks[i].aead);
    }
    if (gone->data != NULL) {
        svms_release_secret(gone->ctx, gone->data, gone->data_capacity);
    }
    svms_reader_forget_disclosures(gone);
    svms_release(gone->ctx, gone->leaves);
    svms_release(gone->ctx, gone->known);
    svms_release(gone->ctx, gone->device_name);
    svms_release(gone->ctx, gone->software);
    svms_front_clear(&gone->front);
    svms_release_secret(gone->ctx, gone, sizeof(*gone));
    *reader = NULL;
}

void svms_reader_place(svms_reader *reader, uint64_t position, uint64_t expected)
{
    reader->position = position;
    reader->expected = expected;
    reader->has_previous = false;
    reader->previous_first_utc_ns = SVMS_NO_TIME;
    reader->previous_last_utc_ns = SVMS_NO_TIME;
    reader->sought_utc_ns = SVMS_NO_TIME;
    reader->inside = false;
    reader->ended = false;
}

/* After a segment whose end is known, or behind the place where the way was lost. */
static svms_status leave_segment(svms_reader *reader, svms_error *err)
{
    const svms_segment *segment = &reader->segment;
    uint64_t number = 0;
    bool found = false;
    reader->inside = false;
    if (reader->carried) {
        svms_reader_leave_piece(reader);
        return SVMS_OK;
    }
    if (segment->end != 0) {
        reader->position = segment->end;
        reader->has_previous = segment->believed;
        memcpy(reader->previous, segment->hash, SVMS_DIGEST_SIZE);
        if (segment->believed) {
            reader->expected = segment->manifest.segment + 1;
            reader->previous_first_utc_ns = segment->manifest.first_utc_ns;
            reader->previous_last_utc_ns = segment->manifest.last_utc_ns;
        } else if (reader->expected != SVMS_ANY_SEGMENT) {
            reader->expected++;
        }
        return SVMS_OK;
    }
    reader->has_previous = false;
    svms_status status = svms_segment_search(&reader->scanner, segment->offset + 1, &found,
                                             &reader->position, &number, err);
    if (status == SVMS_OK && !found) {
        reader->position = reader->front.window.size;
        reader->ended = true;
    }
    reader->expected = SVMS_ANY_SEGMENT;
    return status;
}

#define END_SIZE (SVMS_RECORD_HEADER_SIZE + SVMS_END_BODY_SIZE)

/* Steps over index and late signatures, from *at to the end record, which is copied into end.
 * SVMS_AGAIN when it is not there yet. */
static svms_status find_end(svms_reader *reader, uint64_t *at, uint8_t end[END_SIZE],
                            svms_error *err)
{
    svms_record record;
    for (;;) {
        const uint8_t *bytes = NULL;
        size_t got = 0;
        svms_status status =
            svms_window_peek(&reader->front.window, *at, END_SIZE, &bytes, &got, err);
        if (status == SVMS_OK) {
            status = svms_front_parse_record(&reader->front, &record, bytes, got, *at, err);
        }
        if (status == SVMS_E_TRUNCATED) {
            return SVMS_AGAIN;
        }
        if (status != SVMS_OK) {
            return status;
        }
        if (record.type == SVMS_RECORD_END && got < END_SIZE) {
            return SVMS_AGAIN;
        }
        if (record.type == SVMS_RECORD_END) {
            break;
        }
        bool late = record.type == SVMS_RECORD_SIGNATURE &&
                    (reader->front.header.critical & SVMS_CRITICAL_LATE) != 0;
        if (record.type != SVMS_RECORD_INDEX && !late) {
            return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, *at,
                                "neither a segment nor the end follows");
        }
        *at += (uint64_t)record.header_size + record.body_size;
    }
    if (record.body_size != SVMS_END_BODY_SIZE) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, *at, "the end record is malformed");
    }
    return svms_window_copy(&reader->front.window, *at, END_SIZE, end, err);
}

/* Of the end record at at. SVMS_AGAIN when its signature is not there yet. */
static svms_status check_end_signature(svms_reader *reader, uint64_t at,
                                       const uint8_t end[END_SIZE], svms_error *err)
{
    size_t signature_size = 0;
    svms_status status = svms_front_check_signature(&reader->front, at + END_SIZE, SVMS_SIGNED_END,
                                                    end + SVMS_RECORD_HEADER_SIZE,
                                                    SVMS_END_BODY_SIZE, &signature_size, NULL, err);
    if (status != SVMS_OK && !svms_is_grave(status)) {
        bool unwritten = false;
        size_t size = signature_size == 0 ? SVMS_RECORD_HEADER_SIZE : signature_size;
        svms_status asked =
            svms_front_is_unwritten(&reader->front, at + END_SIZE + size - 1, &unwritten, err);
        if (asked != SVMS_OK) {
            return asked;
        }
        status = unwritten ? SVMS_E_TRUNCATED : status;
    }
    return status == SVMS_E_TRUNCATED ? SVMS_AGAIN : status;
}

/* Index and end record: the end counts only when its signature and count fit (C-END). */
static svms_status check_end(svms_reader *reader, svms_error *err)
{
    uint8_t body[END_SIZE];
    uint64_t at = reader->position;
    svms_end end;
    svms_status status = find_end(reader, &at, body, err);
    if (status == SVMS_OK) {
        status = check_end_signature(reader, at, body, err);
    }
    if (status == SVMS_OK) {
        status = svms_end_parse(&end, &reader->front.header, body + SVMS_RECORD_HEADER_SIZE,
                                SVMS_END_BODY_SIZE, at + SVMS_RECORD_HEADER_SIZE, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if ((reader->expected != SVMS_ANY_SEGMENT && end.segments != reader->expected) ||
        (reader->has_previous &&
         memcmp(end.last_manifest, reader->previous, SVMS_DIGEST_SIZE) != 0)) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, at,
                            "the end record counts other segments: some were removed or added");
    }
    reader->ended = true;
    return SVMS_END;
}

/* C-SIG-6 for the scanned segment, whose manifest has no signature of its own. SVMS_AGAIN: the
 * signature may still come. */
static svms_status find_attestation(svms_reader *reader, svms_error *err)
{
    const svms_segment *segment = &reader->segment;
    svms_attestation found = SVMS_NEVER;
    svms_known_manifest *known = svms_known_find(reader->known, segment->manifest.segment);
    if (known != NULL && known->attested &&
        memcmp(known->hash, segment->hash, SVMS_DIGEST_SIZE) == 0) {
        return SVMS_OK;
    }
    svms_known_add(reader->known, segment);
    svms_ahead ahead = { segment->end, segment->manifest.segment, segment->hash, false };
    svms_status status = reader->carried ? svms_reader_attest_piece(reader, &found, err)
                                         : svms_attest_ahead(&reader->scanner, &ahead, &found, err);
    if (status != SVMS_OK || found == SVMS_ATTESTED) {
        return status;
    }
    return found == SVMS_NOT_YET && !reader->carried
               ? SVMS_AGAIN
               : svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, segment->manifest_offset,
                              "no signature attests the segment (C-SIG-6)");
}

svms_status svms_reader_judge(svms_reader *reader, svms_error *err)
{
    const svms_segment *segment = &reader->segment;
    svms_status status = segment->problem.status;
    if (status != SVMS_OK) {
        if (err != NULL) {
            *err = segment->problem;
        }
        status = svms_status_class(status) == SVMS_CLASS_EVIDENCE ? status : SVMS_E_NOT_AUTHENTIC;
    } else if (reader->previous_first_utc_ns != SVMS_NO_TIME && reader->has_previous &&
               segment->manifest.first_utc_ns < reader->previous_first_utc_ns) {
        status = svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, segment->manifest_offset,
                              "the segment begins before the one in front of it (C-MAN-6)");
    } else if (reader->front.verifier == NULL) {
        return SVMS_E_UNTRUSTED;
    } else {
        status = segment->lacks_signature ? find_attestation(reader, err) : SVMS_OK;
        if (status == SVMS_OK) {
            status = check_trust(reader, segment->manifest.made_utc_ns, err);
        }
    }
    if (status < SVMS_OK && err != NULL) {
        err->status = status;
        err->segment =
            reader->expected != SVMS_ANY_SEGMENT ? reader->expected : segment->start.segment;
    }
    return status;
}

void svms_reader_enter(svms_reader *reader)
{
    reader->inside = true;
    reader->at = reader->segment.offset;
    svms_reader_reset_tracks(reader);
}

/* What stands at the reader's position is no segment start. */
static svms_status at_other(svms_reader *reader, svms_status parsed, const svms_record *record,
                            svms_error *err)
{
    svms_status status = parsed;
    if (parsed == SVMS_E_TRUNCATED) {
        return SVMS_AGAIN;
    }
    if (parsed == SVMS_OK) {
        status = check_end(reader, err);
        if (status == SVMS_END || status == SVMS_AGAIN || svms_is_grave(status)) {
            return status;
        }
    }
    bool belongs_to_end = parsed == SVMS_OK && record->type >= SVMS_RECORD_INDEX &&
                          record->type != SVMS_RECORD_EVIDENCE;
    if (err != NULL) {
        err->status = SVMS_E_NOT_AUTHENTIC;
        err->segment = belongs_to_end ? SVMS_NO_SEGMENT : reader->expected;
    }
    uint64_t number = 0;
    bool found = false;
    uint64_t from = reader->position + 1;
    reader->has_previous = false;
    reader->expected = SVMS_ANY_SEGMENT;
    status = svms_segment_search(&reader->scanner, from, &found, &reader->position, &number, NULL);
    if (svms_is_grave(status)) {
        return svms_fail(err, status, "looking for the next segment failed");
    }
    if (!found) {
        reader->ended = true;
    }
    return SVMS_E_NOT_AUTHENTIC;
}

/* An index that lied about times must not hide what lies before (C-IDX-4). */
static svms_status check_sought(svms_reader *reader, bool *moved, svms_error *err)
{
    const svms_segment *segment = &reader->segment;
    int64_t sought = reader->sought_utc_ns;
    reader->sought_utc_ns = SVMS_NO_TIME;
    *moved = false;
    if (sought == SVMS_NO_TIME || !segment->believed || segment->manifest.segment == 0 ||
        segment->manifest.first_utc_ns <= sought) {
        return SVMS_OK;
    }
    *moved = true;
    return svms_reader_walk_to(reader, sought, err);
}

/* Scans the segment at the reader's position and enters it. */
static svms_status load_segment(svms_reader *reader, svms_error *err)
{
    const uint8_t *bytes = NULL;
    size_t got = 0;
    svms_record record = { 0 };
    bool moved = false;
    svms_status status = svms_window_refresh(&reader->front.window, err);
    if (status == SVMS_OK) {
        status = svms_window_peek(&reader->front.window, reader->position, SVMS_SAMPLE_HEADER_MAX,
                                  &bytes, &got, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_front_parse_record(&reader->front, &record, bytes, got, reader->position, err);
    if (svms_is_grave(status)) {
        return status;
    }
    if (status != SVMS_OK || record.type != SVMS_RECORD_START) {
        return at_other(reader, status, &record, err);
    }
    status =
        svms_segment_scan(&reader->scanner, reader->position, reader->expected,
                          reader->has_previous ? reader->previous : NULL, &reader->segment, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = check_sought(reader, &moved, err);
    if (status != SVMS_OK || moved) {
        return status;
    }
    if (reader->segment.truncated) {
        reader->attested = false;
        if (reader->allow_unverified) {
            svms_reader_enter(reader);
        }
        return reader->allow_unverified ? SVMS_OK : SVMS_AGAIN;
    }
    status = svms_reader_judge(reader, err);
    if (status == SVMS_AGAIN && !reader->allow_unverified) {
        return status;
    }
    if (svms_is_grave(status)) {
        return status;
    }
    reader->attested = status == SVMS_OK;
    if (status == SVMS_OK || reader->allow_unverified) {
        svms_reader_enter(reader);
        bool merely_unsigned = status == SVMS_E_UNTRUSTED && reader->front.verifier == NULL;
        return merely_unsigned || status == SVMS_AGAIN ? SVMS_OK : status;
    }
    if (reader->front.verifier == NULL && status == SVMS_E_UNTRUSTED) {
        status = svms_fail(err, status, "the recording is not signed: nobody vouches for it");
        svms_fail_in_segment(err, reader->segment.start.segment);
    }
    svms_status left = leave_segment(reader, NULL);
    return svms_is_grave(left) ? svms_fail(err, left, "looking for the next segment failed")
                               : status;
}

/* The next record of the current segment. *taken tells whether it was a sample. */
static svms_status step_inside(svms_reader *reader, svms_sample *out, bool *taken, svms_error *err)
{
    const uint8_t *bytes = NULL;
    size_t got = 0;
    svms_record record = { 0 };
    *taken = false;
    svms_status status = svms_window_peek(&reader->front.window, reader->at, SVMS_SAMPLE_HEADER_MAX,
                                          &bytes, &got, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_record_parse(&record, bytes, got, reader->at, NULL);
    uint64_t size = (uint64_t)record.header_size + record.body_size;
    bool cut = status == SVMS_E_TRUNCATED ||
               (status == SVMS_OK && size > reader->front.window.size - reader->at);
    if (cut && reader->segment.end == 0 && !reader->carried) {
        svms_status refreshed = svms_window_refresh(&reader->front.window, err);
        return refreshed == SVMS_OK ? SVMS_AGAIN : refreshed;
    }
    bool manifest = status == SVMS_OK && record.type == SVMS_RECORD_MANIFEST;
    bool stray =
        status != SVMS_OK || cut ||
        (record.type == SVMS_RECORD_START && reader->at != reader->segment.offset) ||
        record.type >= SVMS_RECORD_END ||
        (record.type == SVMS_RECORD_SIGNATURE &&
         !(reader->front.header.critical & SVMS_CRITICAL_LATE)) ||
        (record.type == SVMS_RECORD_SAMPLE && record.track >= reader->front.header.track_count);
    if (manifest && reader->segment.end == 0 && reader->segment.truncated && !reader->carried) {
        /* The tail was read before it was signed; from here on, segments are complete. */
        svms_status again = svms_segment_scan(&reader->scanner, reader->segment.offset,
                                              SVMS_ANY_SEGMENT, NULL, &reader->segment, err);
        if (again != SVMS_OK || reader->segment.truncated) {
            return again == SVMS_OK ? SVMS_AGAIN : again;
        }
    }
    if (manifest || stray) {
        return leave_segment(reader, err);
    }
    if (record.type == SVMS_RECORD_SAMPLE) {
        status = svms_reader_take(reader, &record, out, err);
        *taken = true;
        if (svms_is_grave(status)) {
            return status;
        }
        reader->tracks[record.track].leaves++;
        reader->ordinal++;
    }
    reader->at += size;
    if (status != SVMS_OK) {
        svms_fail_in_segment(err, reader->segment.start.segment);
    }
    return status;
}

svms_status svms_reader_next(svms_reader *reader, svms_sample *sample, svms_error *err)
{
    svms_sample found = SVMS_SAMPLE_INIT;
    bool taken = false;
    if (reader == NULL || sample == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "reader and sample must not be NULL");
    }
    while (!taken) {
        if (!reader->inside && reader->ended) {
            return SVMS_END;
        }
        svms_status status = reader->inside    ? step_inside(reader, &found, &taken, err)
                             : reader->carried ? svms_reader_load_piece(reader, err)
                                               : load_segment(reader, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return svms_result_write(sample, &found, sizeof(found), "svms_sample", err);
}
