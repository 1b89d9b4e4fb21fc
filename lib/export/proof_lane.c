/* SPDX-License-Identifier: Apache-2.0 */
/* One track of a presentation, and the way through the leaves of its samples. */
#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "proof_internal.h"

uint32_t svms_proof_source_of(const svms_evidence *evidence, uint64_t entry, uint32_t from)
{
    uint32_t source = from;
    while (source < evidence->first.sources && entry >= evidence->parts[source].end) {
        source++;
    }
    return source;
}

/* The manifest in part C; whether the recorder signed it, the verification of sources tells. */
static svms_status read_manifest(svms_evidence *evidence, const svms_evidence_frame *frame,
                                 const svms_header *header, svms_manifest *out, svms_error *err)
{
    uint8_t *raw = NULL;
    svms_record record = { 0 };
    svms_status status = svms_evidence_take_closing(evidence, frame, &raw, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(raw, frame->frame.c_size, frame->c_offset);
    status = svms_record_parse(&record, raw, frame->frame.c_size, frame->c_offset, err);
    if (status == SVMS_OK) {
        (void)svms_skip(&cursor, record.header_size);
        uint64_t at = svms_cursor_offset(&cursor);
        const uint8_t *body = svms_read_bytes(&cursor, record.body_size);
        status = body == NULL || record.type != SVMS_RECORD_MANIFEST
                     ? svms_fail_at(err, SVMS_E_MALFORMED, frame->c_offset,
                                    "leaves without the manifest of their segment (section 3)")
                     : svms_manifest_parse(out, header, body, record.body_size, at, err);
    }
    svms_release(evidence->ctx, raw);
    return status;
}

/* Part A: secrets of tracks that are there, and encrypted, each once (E-FRM-3, E-SRC-3). */
static svms_status check_secrets(svms_evidence *evidence, const svms_evidence_frame *frame,
                                 const svms_header *header, uint32_t removed, svms_error *err)
{
    uint8_t secrets[SVMS_MAX_PART_A];
    size_t size = 0;
    uint32_t least = 0;
    svms_status status = svms_evidence_read_secrets(evidence, frame, secrets, &size, err);
    svms_cursor cursor = svms_cursor_over(secrets, size, frame->a_offset);
    while (status == SVMS_OK && !svms_cursor_at_end(&cursor)) {
        uint32_t track = svms_read_u8(&cursor);
        bool fits = svms_skip(&cursor, SVMS_SECRET_SIZE) && track >= least &&
                    track < header->track_count && (removed >> track & 1) == 0 &&
                    svms_track_is_sealed(&header->tracks[track]);
        if (!fits) {
            status = svms_fail_at(err, SVMS_E_MALFORMED, frame->a_offset,
                                  "secrets that do not belong there (E-FRM-3)");
        }
        least = track + 1;
    }
    svms_wipe(secrets, sizeof(secrets));
    return status;
}

svms_status svms_proof_open_segment(svms_evidence *evidence, uint64_t entry, uint32_t source,
                                    svms_leaves *leaves, svms_manifest *manifest,
                                    svms_leaves_summary *summary, const svms_evidence_frame **frame,
                                    svms_error *err)
{
    const svms_header *header = NULL;
    svms_status status = svms_evidence_header_of(evidence, source, &header, err);
    if (status == SVMS_OK) {
        status = svms_evidence_need_frame(evidence, entry, frame, err);
    }
    if (status == SVMS_OK) {
        status = read_manifest(evidence, *frame, header, manifest, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    uint32_t removed = evidence->parts[source].removed_tracks;
    status = check_secrets(evidence, *frame, header, removed, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_leaves_open(leaves, &evidence->window, header, removed, (*frame)->b_offset,
                     (*frame)->frame.b_size);
    svms_leaves begin = *leaves;
    status = svms_leaves_check(leaves, manifest, evidence->hasher, summary, err);
    *leaves = begin;
    return status;
}

/* Where and when the sample is that the lane stands in. */
static void name_sample(const svms_proof_lane *lane, svms_proof_failure *failure)
{
    const svms_record *record = &lane->sample.leaf.record;
    const svms_track_entry *entry =
        svms_manifest_entry(&lane->manifest, (uint8_t)lane->counts.track);
    int64_t pts = (int64_t)((uint64_t)record->dts + (uint64_t)(int64_t)record->composition);
    failure->source = lane->source;
    failure->segment = lane->manifest.segment;
    failure->sample = lane->passed;
    failure->byte = lane->bytes - lane->sample.position;
    failure->utc_ns = entry != NULL
                          ? svms_utc_of(&lane->format, entry->first_pts, entry->first_utc_ns, pts)
                          : SVMS_NO_TIME;
}

static void note_failure(svms_proof_lane *lane, svms_verdict verdict, const char *why)
{
    svms_proof_failure *failure = &lane->failure;
    if (failure->verdict >= verdict) {
        return;
    }
    failure->verdict = verdict;
    failure->source = UINT32_MAX;
    failure->segment = SVMS_NO_SEGMENT;
    failure->sample = lane->passed;
    failure->byte = lane->bytes;
    failure->utc_ns = SVMS_NO_TIME;
    if (lane->state == SVMS_LANE_INSIDE) {
        name_sample(lane, failure);
    }
    (void)snprintf(failure->reason, sizeof(failure->reason), "%.199s", why);
}

/* T of the track, from part A of the frame. *found is false when it is not there. */
static svms_status find_secret(svms_proof_lane *lane, const svms_evidence_frame *frame,
                               uint8_t out[SVMS_SECRET_SIZE], bool *found, svms_error *err)
{
    uint8_t secrets[SVMS_MAX_PART_A];
    size_t size = 0;
    svms_status status = svms_evidence_read_secrets(lane->evidence, frame, secrets, &size, err);
    svms_cursor cursor = svms_cursor_over(secrets, size, frame->a_offset);
    *found = false;
    while (status == SVMS_OK && svms_cursor_left(&cursor) >= SVMS_FRAME_SECRET_SIZE) {
        uint8_t track = svms_read_u8(&cursor);
        const uint8_t *secret = svms_read_bytes(&cursor, SVMS_SECRET_SIZE);
        if (track == lane->counts.track && secret != NULL && !*found) {
            memcpy(out, secret, SVMS_SECRET_SIZE);
            *found = true;
        }
    }
    svms_wipe(secrets, sizeof(secrets));
    return status;
}

/* Keys of the track in the segment, compared with the signed commitment (C-KEY-5). */
static svms_status take_keys(svms_proof_lane *lane, const svms_evidence_frame *frame,
                             svms_error *err)
{
    uint8_t secret[SVMS_SECRET_SIZE];
    bool found = false;
    svms_proof_sample *sample = &lane->sample;
    const svms_track_entry *entry =
        svms_manifest_entry(&lane->manifest, (uint8_t)lane->counts.track);
    lane->keys_lacking = NULL;
    if (entry == NULL || lane->format.protection == SVMS_PROTECT_NONE) {
        return SVMS_OK;
    }
    svms_status status = find_secret(lane, frame, secret, &found, err);
    if (status == SVMS_OK && found) {
        status = svms_track_keys_derive(lane->evidence->ctx, secret, &sample->keys, err);
    }
    svms_wipe(secret, sizeof(secret));
    if (status != SVMS_OK) {
        return status;
    }
    if (!found) {
        lane->keys_lacking = "the proof has no secret to compare it with";
        return SVMS_OK;
    }
    if (!svms_equal_secret(entry->commitment, sample->keys.commitment, SVMS_DIGEST_SIZE)) {
        lane->keys_lacking = "the secret in the proof is not the one that was signed (C-KEY-5)";
        return SVMS_OK;
    }
    bool set = svms_aead_set_key(sample->aead, sample->keys.key, true);
    svms_wipe(sample->keys.key, sizeof(sample->keys.key));
    return set ? SVMS_OK : svms_fail_crypto(err, "setting a key");
}

/* Nothing can be compared any more: nobody knows where the next sample begins. */
static void lose(svms_proof_lane *lane, const svms_error *found)
{
    char why[200];
    (void)snprintf(why, sizeof(why), "its leaves do not hold: %.160s", found->message);
    lane->state = SVMS_LANE_LOST;
    if (lane->failure.verdict < SVMS_VERDICT_NOT_AUTHENTIC) {
        note_failure(lane, SVMS_VERDICT_NOT_AUTHENTIC, why);
        lane->failure.source = lane->source;
        lane->failure.segment = lane->entry.number;
        lane->failure.utc_ns = lane->entry.first_utc_ns;
    }
}

/* The next leaves frame; the lane has ended where there is none. */
static svms_status next_segment(svms_proof_lane *lane, svms_error *err)
{
    svms_evidence *evidence = lane->evidence;
    lane->in_segment = false;
    while (lane->next_entry < evidence->entry_count) {
        svms_frame_entry entry;
        const svms_evidence_frame *frame = NULL;
        uint64_t e = lane->next_entry++;
        svms_status status = svms_evidence_entry_at(evidence, e, &entry, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (entry.kind != SVMS_FRAME_LEAVES) {
            continue;
        }
        lane->source = svms_proof_source_of(evidence, e, lane->source);
        lane->entry = entry;
        status = svms_proof_open_segment(evidence, e, lane->source, &lane->leaves, &lane->manifest,
                                         NULL, &frame, err);
        if (status != SVMS_OK) {
            return status;
        }
        lane->index = 0;
        svms_merkle_reset(&lane->tree);
        if (lane->counts.track >= lane->leaves.header->track_count) {
            continue;
        }
        lane->format = lane->leaves.header->tracks[lane->counts.track];
        lane->start_utc_ns = lane->leaves.header->start_utc_ns;
        lane->in_segment = true;
        return take_keys(lane, frame, err);
    }
    lane->state = SVMS_LANE_ENDED;
    return SVMS_OK;
}

/* A sample of which all bytes came. */
static svms_status close_sample(svms_proof_lane *lane, svms_error *err)
{
    bool same = false;
    if (lane->keys_lacking != NULL) {
        lane->unchecked++;
        note_failure(lane, SVMS_VERDICT_UNDECRYPTABLE, lane->keys_lacking);
    } else {
        svms_status status = svms_proof_sample_end(&lane->sample, &same, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (same) {
            lane->counts.same++;
        } else {
            lane->counts.different++;
            note_failure(lane, SVMS_VERDICT_NOT_AUTHENTIC, "it is not what was recorded");
        }
    }
    if (lane->fault != NULL) {
        note_failure(lane, SVMS_VERDICT_NOT_AUTHENTIC, lane->fault);
    }
    lane->passed++;
    lane->state = SVMS_LANE_BETWEEN;
    return SVMS_OK;
}

/* The hashes that samples were compared with are those that the manifest signs, still. */
static svms_status confirm_root(svms_proof_lane *lane, svms_error *err)
{
    uint8_t root[SVMS_DIGEST_SIZE];
    const svms_track_entry *entry =
        svms_manifest_entry(&lane->manifest, (uint8_t)lane->counts.track);
    if (entry == NULL) {
        return SVMS_OK;
    }
    if (!svms_merkle_root(&lane->tree, lane->evidence->hasher, root)) {
        return svms_fail_crypto(err, "hashing a segment");
    }
    if (lane->tree.count != entry->leaves || memcmp(root, entry->root, sizeof(root)) != 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "they changed after they had been verified");
    }
    return SVMS_OK;
}

/* A sample that the exporter kept for himself. Its time is in its record, which is not there. */
static void note_left_out(svms_proof_lane *lane)
{
    svms_proof_failure *failure = &lane->failure;
    bool first = failure->verdict < SVMS_VERDICT_INCOMPLETE;
    if (!lane->whole) {
        return;
    }
    note_failure(lane, SVMS_VERDICT_INCOMPLETE,
                 "before it, samples were left out that the recorder signed (E-PRF-8)");
    if (first) {
        failure->source = lane->source;
        failure->segment = lane->entry.number;
        failure->utc_ns = lane->entry.first_utc_ns;
    }
}

/* The sample's times, when a sample of the film begins with it. */
static void check_times(svms_proof_lane *lane)
{
    svms_proof_clock *clock = &lane->clock;
    lane->fault = NULL;
    if (clock->track == NULL) {
        return;
    }
    lane->fault = lane->in_film_sample
                      ? "the film joins it with the sample before"
                      : svms_proof_clock_check(clock, &lane->sample.leaf.record, &lane->format,
                                               lane->start_utc_ns, lane->source);
}

/* One entry further. */
static svms_status next_leaf(svms_proof_lane *lane, svms_error *err)
{
    bool found = false;
    svms_leaf *leaf = &lane->sample.leaf;
    svms_status status =
        svms_evidence_header_of(lane->evidence, lane->source, &lane->leaves.header, err);
    if (status == SVMS_OK) {
        status = svms_leaves_next(&lane->leaves, &found, leaf, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    lane->in_segment = found;
    if (!found) {
        return confirm_root(lane, err);
    }
    if (leaf->form == SVMS_LEAF_WHOLE || leaf->track != lane->counts.track) {
        return SVMS_OK;
    }
    uint64_t index = lane->index++;
    if (!svms_merkle_add(&lane->tree, lane->evidence->hasher, leaf->hash)) {
        return svms_fail_crypto(err, "hashing a sample");
    }
    if (leaf->form != SVMS_LEAF_PRESENTED) {
        note_left_out(lane);
        return SVMS_OK;
    }
    lane->state = SVMS_LANE_INSIDE;
    lane->fault = NULL;
    lane->compared_times = false;
    status = svms_proof_sample_begin(&lane->sample, index, err);
    bool passes = leaf->layout.sample_size == 0 && !lane->awaits_empty;
    return status == SVMS_OK && passes ? close_sample(lane, err) : status;
}

/* Goes on to the next sample that has bytes. */
static svms_status advance(svms_proof_lane *lane, svms_error *err)
{
    while (lane->state == SVMS_LANE_BETWEEN) {
        svms_error found = SVMS_ERROR_INIT;
        svms_status status =
            lane->in_segment ? next_leaf(lane, &found) : next_segment(lane, &found);
        if (svms_is_grave(status)) {
            return svms_fail_as(err, status, &found);
        }
        if (status != SVMS_OK) {
            lose(lane, &found);
        }
    }
    return SVMS_OK;
}

static svms_status take(svms_proof_lane *lane, const uint8_t *data, size_t size, size_t *taken,
                        svms_error *err)
{
    svms_proof_sample *sample = &lane->sample;
    svms_status status = SVMS_OK;
    if (lane->keys_lacking != NULL) {
        uint32_t left = sample->leaf.layout.sample_size - sample->position;
        *taken = size < left ? size : left;
        sample->position += (uint32_t)*taken;
    } else {
        status = svms_proof_sample_feed(sample, data, size, taken, err);
    }
    lane->bytes += *taken;
    if (status == SVMS_OK && sample->position == sample->leaf.layout.sample_size) {
        status = close_sample(lane, err);
    }
    return status;
}

/* The first byte of a sample comes. */
static void begin_sample(svms_proof_lane *lane)
{
    if (!lane->compared_times) {
        check_times(lane);
        lane->compared_times = true;
    }
    lane->in_film_sample = true;
}

svms_status svms_proof_lane_feed(svms_proof_lane *lane, const uint8_t *data, size_t size,
                                 svms_error *err)
{
    while (size > 0) {
        size_t taken = 0;
        svms_status status = advance(lane, err);
        if (status == SVMS_OK && lane->state == SVMS_LANE_INSIDE) {
            begin_sample(lane);
            status = take(lane, data, size, &taken, err);
        }
        if (status != SVMS_OK) {
            return status;
        }
        if (taken == 0) {
            break;
        }
        data += taken;
        size -= taken;
    }
    if (size > 0 && lane->state == SVMS_LANE_ENDED) {
        note_failure(lane, SVMS_VERDICT_NOT_AUTHENTIC, "the track goes on behind its last sample");
        lane->counts.bytes_besides += size;
    }
    lane->bytes += size;
    return SVMS_OK;
}

svms_status svms_proof_lane_begin_sample(svms_proof_lane *lane, svms_error *err)
{
    lane->in_film_sample = false;
    if (lane->clock.sample.size != 0) {
        return SVMS_OK;
    }
    lane->awaits_empty = true;
    svms_status status = advance(lane, err);
    lane->awaits_empty = false;
    if (status != SVMS_OK) {
        return status;
    }
    if (lane->state == SVMS_LANE_INSIDE && lane->sample.leaf.layout.sample_size == 0) {
        begin_sample(lane);
        return close_sample(lane, err);
    }
    if (lane->state == SVMS_LANE_INSIDE || lane->state == SVMS_LANE_ENDED) {
        note_failure(lane, SVMS_VERDICT_NOT_AUTHENTIC, "the film has an empty sample before it");
    }
    return SVMS_OK;
}

void svms_proof_lane_end_sample(svms_proof_lane *lane)
{
    if (lane->state == SVMS_LANE_INSIDE && lane->sample.position != 0) {
        lane->fault = "the film divides it";
    }
}

svms_status svms_proof_lane_finish(svms_proof_lane *lane, svms_error *err)
{
    svms_status status = advance(lane, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (lane->state == SVMS_LANE_INSIDE) {
        note_failure(lane, SVMS_VERDICT_NOT_AUTHENTIC,
                     lane->sample.position == 0 ? "it is missing: the track ends before it"
                                                : "the track ends within it");
    }
    const char *why = svms_proof_clock_finish(&lane->clock);
    if (lane->state == SVMS_LANE_ENDED && why != NULL) {
        note_failure(lane, SVMS_VERDICT_NOT_AUTHENTIC, why);
    }
    uint64_t over = lane->counts.same + lane->counts.different + lane->unchecked;
    lane->counts.missing = lane->counts.samples > over ? lane->counts.samples - over : 0;
    return SVMS_OK;
}
