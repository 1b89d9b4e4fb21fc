/* SPDX-License-Identifier: Apache-2.0 */
#include "body_check.h"

#include <string.h>

#include "failure.h"

svms_status svms_export_changed(uint64_t offset, svms_error *err)
{
    return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, offset,
                        "the source changed while it was exported");
}

void svms_body_check_begin(svms_body_check *check, const svms_manifest *manifest,
                           svms_hasher *hasher, uint32_t removed_tracks)
{
    check->manifest = manifest;
    check->hasher = hasher;
    check->removed_tracks = removed_tracks;
    check->records = 0;
    check->broken = false;
    svms_merkle_reset(&check->auxiliary);
    for (uint32_t i = 0; i < SVMS_MAX_TRACKS; i++) {
        svms_merkle_reset(&check->tracks[i]);
    }
}

svms_status svms_body_check_record(svms_body_check *check, const svms_record *record,
                                   const uint8_t *leaf, svms_error *err)
{
    bool sample = record->type == SVMS_RECORD_SAMPLE;
    bool fits = check->records < check->manifest->records && record->number == check->records &&
                (!sample || record->track < SVMS_MAX_TRACKS);
    check->records++;
    if (!fits) {
        check->broken = true;
    }
    if (check->broken || leaf == NULL) {
        return SVMS_OK;
    }
    svms_merkle *tree = sample ? &check->tracks[record->track] : &check->auxiliary;
    return svms_merkle_add(tree, check->hasher, leaf) ? SVMS_OK
                                                      : svms_fail_crypto(err, "hashing a record");
}

static bool is_removed(const svms_body_check *check, uint32_t track)
{
    return track < SVMS_MAX_TRACKS && (check->removed_tracks & (UINT32_C(1) << track)) != 0;
}

/* Every record of every track that is there belongs to an entry. */
static bool all_signed(const svms_body_check *check)
{
    uint64_t leaves = 0;
    uint64_t seen = check->auxiliary.count;
    for (uint32_t i = 0; i < check->manifest->entry_count; i++) {
        const svms_track_entry *entry = &check->manifest->entries[i];
        leaves += is_removed(check, entry->track) ? 0 : entry->leaves;
    }
    for (uint32_t i = 0; i < SVMS_MAX_TRACKS; i++) {
        seen += check->tracks[i].count;
    }
    return seen == leaves && check->records == check->manifest->records;
}

svms_status svms_body_check_end(svms_body_check *check, svms_error *err)
{
    bool holds = !check->broken && all_signed(check);
    for (uint32_t i = 0; holds && i < check->manifest->entry_count; i++) {
        const svms_track_entry *entry = &check->manifest->entries[i];
        bool auxiliary = entry->track == SVMS_AUXILIARY_TRACK;
        uint8_t root[SVMS_DIGEST_SIZE];
        if (is_removed(check, entry->track)) {
            continue;
        }
        if (!auxiliary && entry->track >= SVMS_MAX_TRACKS) {
            holds = false;
            continue;
        }
        const svms_merkle *tree = auxiliary ? &check->auxiliary : &check->tracks[entry->track];
        if (!svms_merkle_root(tree, check->hasher, root)) {
            return svms_fail_crypto(err, "hashing a segment");
        }
        holds = tree->count == entry->leaves && memcmp(root, entry->root, sizeof(root)) == 0;
    }
    return holds ? SVMS_OK : svms_export_changed(SVMS_NO_OFFSET, err);
}
