/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing a manifest with what the records say (C-MAN-3), and laying out samples. */
#include <string.h>

#include "failure.h"
#include "segment_internal.h"

bool svms_is_grave(svms_status status)
{
    svms_status_kind kind = svms_status_class(status);
    return kind == SVMS_CLASS_ENVIRONMENT || kind == SVMS_CLASS_INTERNAL;
}

static svms_status parse_ranges(svms_sample_layout *out, svms_cursor *cursor, uint32_t body_size,
                                svms_error *err)
{
    uint64_t offset = svms_cursor_offset(cursor);
    uint32_t count = svms_read_u16(cursor);
    uint64_t end = 0;
    uint32_t protected_size = 0;
    if (count > SVMS_LIGHT_MAX_RANGES) {
        return svms_fail_at(err, SVMS_E_LIMIT, offset,
                            "%u protected ranges exceed their bound (C-LIM-1)", count);
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t at = svms_read_u32(cursor);
        uint32_t size = svms_read_u32(cursor);
        bool follows = i == 0 || at > end;
        if (cursor->failed || size == 0 || !follows || at + size > SVMS_MAX_SAMPLE_SIZE) {
            return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                                "protected ranges are out of order or bounds (C-REC-4)");
        }
        end = at + size;
        protected_size += size;
    }
    out->range_count = count;
    out->table_size = 2 + 8 * count;
    out->protected_size = protected_size;
    if (cursor->failed ||
        !svms_body_split_ranged(body_size, out->table_size, protected_size, &out->sample_size,
                                &out->chunks) ||
        end > out->sample_size) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "the record's length does not fit its ranges (C-REC-5)");
    }
    return SVMS_OK;
}

svms_status svms_sample_layout_of(svms_sample_layout *out, const svms_track *track,
                                  const svms_record *record, const uint8_t *table, size_t available,
                                  uint64_t offset, svms_error *err)
{
    svms_sample_layout layout = { 0 };
    bool light = track->protection == SVMS_PROTECT_LIGHT;
    if (light != ((record->flags & SVMS_FLAG_RANGES) != 0)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset + 1,
                            "the sample is not protected as its track is (C-REC-4)");
    }
    if (light) {
        svms_cursor cursor = svms_cursor_over(table, available, offset + record->header_size);
        svms_status status = parse_ranges(&layout, &cursor, record->body_size, err);
        if (status != SVMS_OK) {
            return status;
        }
    } else if (track->protection == SVMS_PROTECT_NONE) {
        layout.sample_size = record->body_size;
    } else if (svms_body_split_strong(record->body_size, &layout.sample_size, &layout.chunks)) {
        layout.protected_size = layout.sample_size;
    } else {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset + 4,
                            "no sample gives a record of this length (C-REC-5)");
    }
    if (layout.sample_size > SVMS_MAX_SAMPLE_SIZE) {
        return svms_fail_at(err, SVMS_E_LIMIT, offset + 4,
                            "a sample of %u bytes exceeds its bound (C-LIM-1)", layout.sample_size);
    }
    *out = layout;
    return SVMS_OK;
}

bool svms_track_is_removed(const svms_scanner *scanner, uint8_t track)
{
    return track < SVMS_MAX_TRACKS && (scanner->removed & (UINT32_C(1) << track)) != 0;
}

static bool is_zero(const uint8_t digest[SVMS_DIGEST_SIZE])
{
    static const uint8_t zeros[SVMS_DIGEST_SIZE] = { 0 };
    return memcmp(digest, zeros, SVMS_DIGEST_SIZE) == 0;
}

static svms_status check_tree(svms_scanner *scanner, const svms_merkle *tree,
                              const svms_track_entry *entry, svms_error *err)
{
    uint8_t root[SVMS_DIGEST_SIZE];
    if (entry->leaves != tree->count) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "track %u has %u records where %u were signed",
                         entry->track, tree->count, entry->leaves);
    }
    if (!svms_merkle_root(tree, scanner->front->hasher, root)) {
        return svms_fail_crypto(err, "hashing a segment");
    }
    if (memcmp(root, entry->root, sizeof(root)) != 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         entry->track == SVMS_AUXILIARY_TRACK
                             ? "a record of the segment was altered"
                             : "a sample of track %u was altered",
                         entry->track);
    }
    return SVMS_OK;
}

static svms_status check_entry(svms_scanner *scanner, uint8_t number, const svms_track_entry *entry,
                               svms_error *err)
{
    const svms_scanned_track *track = &scanner->tracks[number];
    bool sealed = svms_track_is_sealed(&scanner->front->header.tracks[number]);
    bool removed = svms_track_is_removed(scanner, number);
    svms_status status = removed ? SVMS_OK : check_tree(scanner, &track->tree, entry, err);
    if (status != SVMS_OK) {
        return status;
    }
    bool begins = removed ? entry->leaves != 0 : entry->first_pts == track->first_pts;
    if (!begins || sealed == is_zero(entry->commitment)) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the manifest contradicts track %u (C-MAN-3)",
                         number);
    }
    return SVMS_OK;
}

static svms_status check_entries(svms_scanner *scanner, const svms_manifest *manifest,
                                 svms_error *err)
{
    uint32_t expected = 1;
    for (uint32_t i = 0; i < scanner->front->header.track_count; i++) {
        const svms_track_entry *entry = svms_manifest_entry(manifest, (uint8_t)i);
        bool removed = svms_track_is_removed(scanner, (uint8_t)i);
        bool used = removed ? entry != NULL : scanner->tracks[i].tree.count != 0;
        if (used != (entry != NULL)) {
            return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                             used ? "track %u has samples that nobody signed"
                                  : "samples of track %u were removed",
                             i);
        }
        if (entry == NULL) {
            continue;
        }
        svms_status status = check_entry(scanner, (uint8_t)i, entry, err);
        if (status != SVMS_OK) {
            return status;
        }
        expected++;
    }
    const svms_track_entry *auxiliary = svms_manifest_entry(manifest, SVMS_AUXILIARY_TRACK);
    if (auxiliary == NULL || manifest->entry_count != expected || auxiliary->first_pts != 0 ||
        auxiliary->first_utc_ns != 0 || !is_zero(auxiliary->commitment)) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the manifest names wrong tracks (C-MAN-2)");
    }
    return check_tree(scanner, &scanner->auxiliary, auxiliary, err);
}

/* Latest end of a sample of those that are there. *removed: some are not, which may end later. */
static int64_t latest_end(const svms_scanner *scanner, const svms_manifest *manifest, bool *removed)
{
    int64_t last = INT64_MIN;
    *removed = false;
    for (uint32_t i = 0; i < manifest->entry_count; i++) {
        const svms_track_entry *entry = &manifest->entries[i];
        if (entry->track == SVMS_AUXILIARY_TRACK) {
            continue;
        }
        bool gone = svms_track_is_removed(scanner, entry->track);
        int64_t longest = gone ? 0 : scanner->tracks[entry->track].longest_ns;
        int64_t end =
            entry->first_utc_ns > INT64_MAX - longest ? INT64_MAX : entry->first_utc_ns + longest;
        last = end > last ? end : last;
        *removed = *removed || gone;
    }
    return last;
}

/* Whether a removed track begins at this time, which then may be that of the first sample. */
static bool removed_begins_at(const svms_scanner *scanner, const svms_manifest *manifest,
                              int64_t utc_ns)
{
    for (uint32_t i = 0; i < manifest->entry_count; i++) {
        const svms_track_entry *entry = &manifest->entries[i];
        if (svms_track_is_removed(scanner, entry->track) && entry->first_utc_ns == utc_ns) {
            return true;
        }
    }
    return false;
}

/* C-MAN-6 and the flag, where the first sample of the segment is one that was removed: what its
 * track alone could contradict is believed. */
static bool first_fits_removed(const svms_scanner *scanner, const svms_manifest *manifest)
{
    uint8_t reference = svms_reference_track(&scanner->front->header);
    const svms_track_entry *entry = svms_manifest_entry(manifest, reference);
    if (entry == NULL) {
        return removed_begins_at(scanner, manifest, manifest->first_utc_ns);
    }
    return manifest->first_utc_ns == entry->first_utc_ns &&
           (svms_track_is_removed(scanner, reference) || manifest->flags == 0);
}

static bool first_fits(const svms_scanner *scanner, const svms_manifest *manifest)
{
    uint8_t reference = svms_reference_track(&scanner->front->header);
    const svms_track_entry *first = svms_manifest_entry(manifest, reference);
    bool begins = scanner->first_is_sync && (first == NULL || scanner->first_track == reference);
    uint16_t flags = begins ? SVMS_MANIFEST_BEGINS_WITH_SYNC : 0;
    if (first == NULL) {
        first = svms_manifest_entry(manifest, scanner->first_track);
    }
    return first != NULL && manifest->first_utc_ns == first->first_utc_ns &&
           manifest->flags == flags;
}

static svms_status check_times(svms_scanner *scanner, const svms_segment *segment, svms_error *err)
{
    const svms_manifest *manifest = &segment->manifest;
    bool removed = false;
    int64_t last = latest_end(scanner, manifest, &removed);
    bool first_is_removed =
        segment->missing != 0 && (segment->samples == 0 || scanner->first_is_removed);
    bool fits =
        first_is_removed ? first_fits_removed(scanner, manifest) : first_fits(scanner, manifest);
    if (!fits || manifest->last_utc_ns < last || (!removed && manifest->last_utc_ns != last)) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the manifest's times contradict its samples (C-MAN-3)");
    }
    return SVMS_OK;
}

/* Sizes and numbers: of what was removed, no more may be missing than its leaves (E-SRC-3). */
static bool sizes_fit(const svms_scanner *scanner, const svms_segment *segment)
{
    const svms_manifest *manifest = &segment->manifest;
    uint64_t there = segment->manifest_offset - segment->offset;
    uint64_t leaves = 0;
    for (uint32_t i = 0; i < manifest->entry_count; i++) {
        const svms_track_entry *entry = &manifest->entries[i];
        leaves += svms_track_is_removed(scanner, entry->track) ? entry->leaves : 0;
    }
    if (manifest->records != segment->records || segment->missing != leaves) {
        return false;
    }
    if (leaves == 0) {
        return manifest->bytes == there;
    }
    return leaves + segment->samples <= SVMS_MAX_SEGMENT_SAMPLES && manifest->bytes >= there &&
           manifest->bytes - there >= leaves * SVMS_SAMPLE_HEADER_MIN;
}

svms_status svms_segment_compare(svms_scanner *scanner, const svms_segment *segment,
                                 svms_error *err)
{
    const svms_manifest *manifest = &segment->manifest;
    if (!segment->has_start || manifest->segment != segment->start.segment ||
        memcmp(manifest->salt, segment->start.salt, SVMS_DIGEST_SIZE) != 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "segment start and manifest contradict each other (C-MAN-3)");
    }
    if (!sizes_fit(scanner, segment)) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "records of the segment were added or removed (C-MAN-3)");
    }
    svms_status status = check_entries(scanner, manifest, err);
    return status == SVMS_OK ? check_times(scanner, segment, err) : status;
}
