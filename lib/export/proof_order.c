/* SPDX-License-Identifier: Apache-2.0 */
/* Sources of one recording stand in the order of their times and do not overlap (E-PRF-6), and a
 * track of a film does not mix recordings (E-FLM-7). */
#include <string.h>

#include "failure.h"
#include "proof_internal.h"

/* Where a source begins and ends in its recording. */
typedef struct source_place {
    bool known;
    uint8_t recording_id[16];
    uint8_t container_id[16];
    uint64_t sequence;
    uint64_t first_segment;
    uint64_t last_segment;
    int64_t first_utc_ns;
} source_place;

static svms_status find_place(svms_evidence *evidence, uint32_t s, source_place *out,
                              svms_error *err)
{
    const svms_evidence_part *part = &evidence->parts[s];
    const svms_header *header = NULL;
    svms_error found = SVMS_ERROR_INIT;
    out->known = false;
    svms_status status = svms_evidence_header_of(evidence, s, &header, &found);
    if (status != SVMS_OK) { /* a header that does not hold is a failure of its source */
        return svms_is_grave(status) ? svms_fail_as(err, status, &found) : SVMS_OK;
    }
    out->known = part->segments != 0;
    memcpy(out->recording_id, header->recording_id, sizeof(out->recording_id));
    memcpy(out->container_id, header->container_id, sizeof(out->container_id));
    out->sequence = header->recording_sequence;
    out->first_segment = part->first_segment;
    out->last_segment = part->last_segment;
    out->first_utc_ns = part->first_utc_ns;
    return SVMS_OK;
}

static bool comes_behind(const source_place *later, const source_place *earlier)
{
    if (later->first_utc_ns < earlier->first_utc_ns) {
        return false;
    }
    if (memcmp(later->container_id, earlier->container_id, sizeof(later->container_id)) == 0) {
        return later->first_segment > earlier->last_segment;
    }
    return later->sequence > earlier->sequence;
}

static void compare_before(svms_proof *proof, const source_place *places, uint32_t s)
{
    const svms_evidence_part *part = &proof->evidence->parts[s];
    for (uint32_t i = s; i > 0; i--) {
        const source_place *earlier = &places[i - 1];
        if (!earlier->known || memcmp(earlier->recording_id, places[s].recording_id,
                                      sizeof(earlier->recording_id)) != 0) {
            continue;
        }
        if (!comes_behind(&places[s], earlier)) {
            svms_proof_note(proof, s, part->first_segment, part->first_utc_ns,
                            "it is not behind the source of its recording before it (E-PRF-6)");
        }
        return;
    }
}

svms_status svms_proof_check_order(svms_proof *proof, svms_error *err)
{
    svms_evidence *evidence = proof->evidence;
    uint32_t count = evidence->first.sources;
    svms_status status = SVMS_OK;
    if (count < 2) {
        return SVMS_OK;
    }
    source_place *places = svms_alloc(evidence->ctx, count * sizeof(*places));
    if (places == NULL) {
        return svms_fail_memory(err);
    }
    for (uint32_t s = 0; s < count && status == SVMS_OK; s++) {
        status = find_place(evidence, s, &places[s], err);
        if (status == SVMS_OK && places[s].known) {
            compare_before(proof, places, s);
        }
    }
    svms_release(evidence->ctx, places);
    return status;
}

svms_status svms_proof_check_recording(svms_proof *proof, svms_proof_lane *lane, uint32_t source,
                                       const svms_frame_entry *entry, svms_error *err)
{
    const svms_header *header = NULL;
    svms_error found = SVMS_ERROR_INIT;
    if (!lane->whole || (lane->placed && lane->last_source == source)) {
        return SVMS_OK;
    }
    svms_status status = svms_evidence_header_of(proof->evidence, source, &header, &found);
    if (status != SVMS_OK) { /* a header that does not hold is a failure of its source */
        return svms_is_grave(status) ? svms_fail_as(err, status, &found) : SVMS_OK;
    }
    if (!lane->placed) {
        memcpy(lane->recording_id, header->recording_id, sizeof(lane->recording_id));
    } else if (memcmp(lane->recording_id, header->recording_id, sizeof(lane->recording_id)) != 0) {
        svms_proof_note(proof, source, entry->number, entry->first_utc_ns,
                        "a track of the film shows one recording and then another (E-FLM-7)");
    }
    lane->placed = true;
    lane->last_source = source;
    return SVMS_OK;
}
