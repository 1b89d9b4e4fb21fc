/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing a presentation with its proof (evidence.md, section 9). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "options.h"
#include "proof_internal.h"
#include "stream.h"

#define READ_SIZE 65536u

static svms_status check_arguments(svms_proof **out, const svms_evidence *evidence, svms_error *err)
{
    if (out == NULL || evidence == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "out and evidence must not be NULL");
    }
    if (evidence->header.kind != SVMS_EXPORT_PROOF) {
        return svms_fail(err, SVMS_E_USAGE, "this is a package, not a proof");
    }
    return SVMS_OK;
}

/* Everything that svms_export_verify() says is a report to go on with, unless there is none. */
static svms_status verify_recorders(svms_proof *proof, const svms_export_verify_options *options,
                                    svms_error *err)
{
    svms_error found = SVMS_ERROR_INIT;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_status status = svms_export_verify(proof->evidence, options, &report, &found);
    if (svms_is_grave(status) || svms_status_class(status) == SVMS_CLASS_USAGE) {
        return svms_fail_as(err, status, &found);
    }
    proof->recorders = report;
    return SVMS_OK;
}

void svms_proof_note(svms_proof *proof, uint32_t source, uint64_t segment, int64_t utc_ns,
                     const char *why)
{
    svms_proof_failure *failure = &proof->failure;
    if (failure->verdict != SVMS_VERDICT_AUTHENTIC) {
        return;
    }
    failure->verdict = SVMS_VERDICT_NOT_AUTHENTIC;
    failure->source = source;
    failure->segment = segment;
    failure->utc_ns = utc_ns;
    (void)snprintf(failure->reason, sizeof(failure->reason), "%.199s", why);
}

bool svms_proof_is_picture(const svms_proof *proof)
{
    const char *type = proof->presentation->media_type;
    return type != NULL && strncmp(type, "image/", strlen("image/")) == 0;
}

static svms_status add_lane(svms_proof *proof, const svms_export_track_pair *pair, svms_error *err)
{
    svms_ctx *ctx = proof->evidence->ctx;
    svms_proof_lane *lane = svms_alloc(ctx, sizeof(*lane));
    if (lane == NULL) {
        return svms_fail_memory(err);
    }
    proof->lanes[proof->lane_count++] = lane;
    lane->evidence = proof->evidence;
    lane->whole = !svms_proof_is_picture(proof);
    lane->clock.anchor = &proof->anchor;
    lane->counts.track = pair->track;
    lane->counts.presentation_track = pair->presentation_track;
    svms_status status = svms_hasher_new(&lane->sample.hasher, ctx, err);
    return status == SVMS_OK ? svms_aead_new(&lane->sample.aead, ctx, err) : status;
}

/* Tracks as the case names them, each once on both sides. */
static svms_status add_lanes(svms_proof *proof, svms_error *err)
{
    const svms_case_presentation *presentation = proof->presentation;
    for (uint32_t i = 0; i < presentation->track_count; i++) {
        const svms_export_track_pair *pair = &presentation->tracks[i];
        bool again = pair->track >= SVMS_MAX_TRACKS;
        for (uint32_t j = 0; j < i; j++) {
            again = again || presentation->tracks[j].track == pair->track ||
                    presentation->tracks[j].presentation_track == pair->presentation_track;
        }
        if (again) {
            svms_proof_note(proof, UINT32_MAX, SVMS_NO_SEGMENT, SVMS_NO_TIME,
                            "the case names a track of the presentation twice (E-PRF-1)");
            continue;
        }
        svms_status status = add_lane(proof, pair, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return SVMS_OK;
}

static svms_proof_lane *lane_of_track(const svms_proof *proof, uint32_t track)
{
    for (uint32_t i = 0; i < proof->lane_count; i++) {
        if (proof->lanes[i]->counts.track == track) {
            return proof->lanes[i];
        }
    }
    return NULL;
}

static svms_status count_samples(svms_proof *proof, const svms_leaves_summary *summary,
                                 uint32_t source, const svms_frame_entry *entry, svms_error *err)
{
    for (uint32_t i = 0; i < SVMS_MAX_TRACKS; i++) {
        svms_proof_lane *lane = lane_of_track(proof, i);
        if (lane != NULL) {
            lane->counts.samples += summary->presented[i];
            lane->left_out += lane->whole ? summary->others[i] : 0;
        } else if (summary->presented[i] != 0) {
            svms_proof_note(proof, source, entry->number, entry->first_utc_ns,
                            "samples that no track of the presentation holds (E-PRF-1)");
        }
        if (lane != NULL && summary->presented[i] != 0) {
            svms_status status = svms_proof_check_recording(proof, lane, source, entry, err);
            if (status != SVMS_OK) {
                return status;
            }
        }
    }
    return SVMS_OK;
}

/* All leaves, before any sample comes. */
static svms_status survey(svms_proof *proof, svms_error *err)
{
    svms_evidence *evidence = proof->evidence;
    uint32_t source = 0;
    for (uint64_t e = 0; e < evidence->entry_count; e++) {
        svms_frame_entry entry;
        svms_leaves leaves;
        svms_manifest manifest;
        svms_leaves_summary summary = { 0 };
        svms_error found = SVMS_ERROR_INIT;
        const svms_evidence_frame *frame = NULL;
        svms_status status = svms_evidence_entry_at(evidence, e, &entry, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (entry.kind != SVMS_FRAME_LEAVES) {
            continue;
        }
        source = svms_proof_source_of(evidence, e, source);
        status = svms_proof_open_segment(evidence, e, source, &leaves, &manifest, &summary, &frame,
                                         &found);
        if (svms_is_grave(status)) {
            return svms_fail_as(err, status, &found);
        }
        if (status != SVMS_OK) {
            svms_proof_note(proof, source, entry.number, entry.first_utc_ns, found.message);
        } else {
            status = count_samples(proof, &summary, source, &entry, err);
            if (status != SVMS_OK) {
                return status;
            }
        }
    }
    return SVMS_OK;
}

/* What the case says of the presentation, against what link 0 signs of it. */
static void check_presentation(svms_proof *proof)
{
    const svms_case_presentation *presentation = proof->presentation;
    const svms_link_object *first = &proof->evidence->first;
    uint64_t samples = 0;
    const char *why = NULL;
    for (uint32_t i = 0; i < proof->lane_count; i++) {
        samples += proof->lanes[i]->counts.samples;
    }
    bool picture = svms_proof_is_picture(proof);
    proof->decoded = samples == 0;
    if (presentation->size != first->presentation_size ||
        memcmp(presentation->digest, first->presentation_hash, SVMS_DIGEST_SIZE) != 0) {
        why = "the case names another presentation than link 0 (section 9)";
    } else if (samples == 0 && !picture) {
        why = "the proof holds no sample of the presentation";
    } else if (samples == 0 && presentation->origin_count == 0) {
        why = "the picture was decoded, and the case does not say of what (E-PRF-5)";
    }
    if (why != NULL) {
        svms_proof_note(proof, UINT32_MAX, SVMS_NO_SEGMENT, SVMS_NO_TIME, why);
    }
}

static svms_status prepare(svms_proof *proof, const svms_export_verify_options *options,
                           svms_error *err)
{
    const svms_case *document = NULL;
    svms_status status = verify_recorders(proof, options, err);
    if (status == SVMS_OK) {
        status = svms_evidence_case(proof->evidence, &document, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    proof->presentation = svms_case_get_presentation(document);
    if (!proof->presentation->present) {
        return svms_fail(err, SVMS_E_MALFORMED, "the case names no presentation (section 9)");
    }
    status = add_lanes(proof, err);
    if (status == SVMS_OK) {
        status = survey(proof, err);
    }
    if (status == SVMS_OK) {
        status = svms_proof_check_order(proof, err);
    }
    if (status == SVMS_OK) {
        check_presentation(proof);
    }
    return status;
}

svms_status svms_proof_begin(svms_proof **out, svms_evidence *evidence,
                             const svms_export_verify_options *options, svms_error *err)
{
    svms_status status = check_arguments(out, evidence, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_proof *proof = svms_alloc(evidence->ctx, sizeof(*proof));
    if (proof == NULL) {
        return svms_fail_memory(err);
    }
    proof->evidence = evidence;
    proof->progress = options == NULL ? NULL : options->progress;
    proof->user = options == NULL ? NULL : options->user;
    status = prepare(proof, options, err);
    if (status != SVMS_OK) {
        svms_proof_free(&proof);
        return status;
    }
    *out = proof;
    return SVMS_OK;
}

void svms_proof_free(svms_proof **proof)
{
    if (proof == NULL || *proof == NULL) {
        return;
    }
    svms_proof *gone = *proof;
    svms_ctx *ctx = gone->evidence->ctx;
    for (uint32_t i = 0; i < gone->lane_count; i++) {
        svms_proof_lane *lane = gone->lanes[i];
        svms_hasher_free(&lane->sample.hasher);
        svms_aead_free(&lane->sample.aead);
        svms_release_secret(ctx, lane, sizeof(*lane));
    }
    svms_release(ctx, gone);
    *proof = NULL;
}

svms_status svms_proof_get_info(const svms_proof *proof, svms_proof_info *info, svms_error *err)
{
    svms_proof_info known = SVMS_PROOF_INFO_INIT;
    if (proof == NULL || info == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "proof and info must not be NULL");
    }
    const svms_case_presentation *presentation = proof->presentation;
    known.decoded = proof->decoded ? 1 : 0;
    known.size = presentation->size;
    memcpy(known.digest, presentation->digest, sizeof(known.digest));
    (void)snprintf(known.name, sizeof(known.name), "%s", presentation->name);
    if (strlen(presentation->media_type) < sizeof(known.media_type)) {
        (void)snprintf(known.media_type, sizeof(known.media_type), "%s", presentation->media_type);
    }
    known.track_count = proof->lane_count;
    for (uint32_t i = 0; i < proof->lane_count; i++) {
        known.tracks[i].track = proof->lanes[i]->counts.track;
        known.tracks[i].presentation_track = proof->lanes[i]->counts.presentation_track;
        known.samples[i] = proof->lanes[i]->counts.samples;
    }
    return svms_result_write(info, &known, sizeof(known), "svms_proof_info", err);
}

static svms_status check_open(const svms_proof *proof, svms_error *err)
{
    return proof->ended ? svms_fail(err, SVMS_E_STATE,
                                    "the comparison is finished, or an earlier call failed")
                        : SVMS_OK;
}

/* Bytes of a track that the case does not name. */
void svms_proof_feed_stray(svms_proof *proof, uint32_t track, uint64_t size)
{
    char why[120];
    if (size == 0) {
        return;
    }
    proof->stray_bytes += size;
    (void)snprintf(why, sizeof(why),
                   "track %" PRIu32 " of the presentation is not in the proof (E-PRF-1)", track);
    svms_proof_note(proof, UINT32_MAX, SVMS_NO_SEGMENT, SVMS_NO_TIME, why);
}

svms_status svms_proof_feed(svms_proof *proof, uint32_t presentation_track, const void *data,
                            size_t size, svms_error *err)
{
    if (proof == NULL || (data == NULL && size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "proof and data must not be NULL");
    }
    svms_status status = check_open(proof, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (proof->film != SVMS_FILM_NOT_CHECKED) {
        return svms_fail(err, SVMS_E_STATE, "the film has been compared already");
    }
    proof->fed = true;
    for (uint32_t i = 0; i < proof->lane_count; i++) {
        if (proof->lanes[i]->counts.presentation_track == presentation_track) {
            status = svms_proof_lane_feed(proof->lanes[i], data, size, err);
            proof->ended = status != SVMS_OK;
            return status;
        }
    }
    svms_proof_feed_stray(proof, presentation_track, size);
    return SVMS_OK;
}

static svms_status hash_file(const svms_proof *proof, const svms_source *file, uint64_t size,
                             uint8_t digest[SVMS_DIGEST_SIZE], svms_error *err)
{
    svms_ctx *ctx = proof->evidence->ctx;
    svms_hasher *hasher = NULL;
    uint8_t *buffer = svms_alloc(ctx, READ_SIZE);
    if (buffer == NULL) {
        return svms_fail_memory(err);
    }
    svms_status status = svms_hasher_new(&hasher, ctx, err);
    if (status == SVMS_OK && !svms_hasher_start(hasher)) {
        status = svms_fail_crypto(err, "hashing a file");
    }
    for (uint64_t at = 0; at < size && status == SVMS_OK;) {
        size_t step = size - at < READ_SIZE ? (size_t)(size - at) : READ_SIZE;
        status = svms_source_read(file, at, buffer, step, err);
        if (status == SVMS_OK && !svms_hasher_update(hasher, buffer, step)) {
            status = svms_fail_crypto(err, "hashing a file");
        }
        at += step;
    }
    if (status == SVMS_OK && !svms_hasher_finish(hasher, digest)) {
        status = svms_fail_crypto(err, "hashing a file");
    }
    svms_hasher_free(&hasher);
    svms_release_secret(ctx, buffer, READ_SIZE);
    return status;
}

/* A picture is what its media type says (E-PRF-9). */
static svms_status check_picture(svms_proof *proof, const svms_source *file, svms_error *err)
{
    static const uint8_t png[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n' };
    static const uint8_t jpeg[3] = { 0xFF, 0xD8, 0xFF };
    const char *type = proof->presentation->media_type;
    uint8_t front[sizeof(png)] = { 0 };
    size_t got = 0;
    svms_status status = svms_source_read_some(file, 0, front, sizeof(front), &got, err);
    if (status != SVMS_OK) {
        return status;
    }
    bool is_png = strcmp(type, "image/png") == 0 && memcmp(front, png, sizeof(png)) == 0;
    bool is_jpeg = strcmp(type, "image/jpeg") == 0 && memcmp(front, jpeg, sizeof(jpeg)) == 0;
    if (!is_png && !is_jpeg) {
        svms_proof_note(proof, UINT32_MAX, SVMS_NO_SEGMENT, SVMS_NO_TIME,
                        "the picture is no PNG or JPEG file as its media type says (E-PRF-9)");
    }
    return SVMS_OK;
}

svms_status svms_proof_compare_file(svms_proof *proof, const svms_source *presentation,
                                    svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE];
    uint64_t size = 0;
    if (proof == NULL || presentation == NULL || !svms_source_usable(presentation)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a proof and a source with its callbacks must be given");
    }
    svms_status status = check_open(proof, err);
    if (status != SVMS_OK) {
        return status;
    }
    const svms_link_object *first = &proof->evidence->first;
    proof->compared = SVMS_PRESENTATION_DIFFERS;
    status = svms_source_size(presentation, &size, err);
    if (status == SVMS_OK && size == first->presentation_size) {
        status = hash_file(proof, presentation, size, digest, err);
        if (status == SVMS_OK && memcmp(digest, first->presentation_hash, SVMS_DIGEST_SIZE) == 0) {
            proof->compared = SVMS_PRESENTATION_SAME;
        }
    }
    if (status == SVMS_OK && svms_proof_is_picture(proof)) {
        status = check_picture(proof, presentation, err);
    }
    if (status == SVMS_E_TRUNCATED) { /* it became shorter meanwhile */
        status = SVMS_OK;
    }
    proof->ended = status != SVMS_OK;
    return status;
}

static svms_status status_of(svms_verdict verdict)
{
    switch (verdict) {
    case SVMS_VERDICT_AUTHENTIC:
        return SVMS_OK;
    case SVMS_VERDICT_INCOMPLETE:
        return SVMS_E_INCOMPLETE;
    case SVMS_VERDICT_UNTRUSTED:
        return SVMS_E_UNTRUSTED;
    case SVMS_VERDICT_UNDECRYPTABLE:
        return SVMS_E_UNDECRYPTABLE;
    default:
        return SVMS_E_NOT_AUTHENTIC;
    }
}

svms_status svms_proof_finish(svms_proof *proof, svms_proof_report *report, svms_error *err)
{
    svms_proof_report known = SVMS_PROOF_REPORT_INIT;
    if (proof == NULL || report == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "proof and report must not be NULL");
    }
    svms_status status = check_open(proof, err);
    if (status != SVMS_OK) {
        return status;
    }
    proof->ended = true;
    bool compared = proof->film != SVMS_FILM_REFUSED;
    for (uint32_t i = 0; i < proof->lane_count && compared; i++) {
        status = svms_proof_lane_finish(proof->lanes[i], err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    svms_proof_fill_report(proof, &known);
    status = svms_result_write(report, &known, sizeof(known), "svms_proof_report", err);
    if (status != SVMS_OK || known.verdict == SVMS_VERDICT_AUTHENTIC) {
        return status;
    }
    status = svms_fail(err, status_of(known.verdict), "%s", known.reason);
    svms_fail_in_segment(err, known.failure_segment);
    return status;
}
