/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing leaves with the manifest of their segment (E-PRF-2, and C-MAN-3 as far as leaves tell).
 */
#include <string.h>

#include "failure.h"
#include "leaves.h"

/* What leaves add up to. */
typedef struct svms_leaves_sum {
    svms_hasher *hasher;
    svms_merkle auxiliary;
    svms_merkle tracks[SVMS_MAX_TRACKS];
    bool has_first[SVMS_MAX_TRACKS]; /* the track's first sample is presented */
    int64_t first_pts[SVMS_MAX_TRACKS];
    int64_t ends[SVMS_MAX_TRACKS]; /* latest end of a sample, from the first one's time */
    svms_segment_start start;
    uint64_t bytes;
    bool whole; /* every record is there with its header */
} svms_leaves_sum;

static svms_status hash_whole(svms_leaves_sum *sum, svms_leaves *leaves, const svms_leaf *leaf,
                              uint8_t hash[SVMS_DIGEST_SIZE], svms_error *err)
{
    uint64_t at = leaf->content;
    uint64_t left = leaf->size;
    bool ok = svms_merkle_leaf_start(sum->hasher);
    while (ok && left > 0) {
        const uint8_t *bytes = NULL;
        size_t piece = 0;
        svms_status status = svms_window_piece(leaves->window, at, left, &bytes, &piece, err);
        if (status != SVMS_OK) {
            return status;
        }
        ok = svms_hasher_update(sum->hasher, bytes, piece);
        at += piece;
        left -= piece;
    }
    if (!ok || !svms_hasher_finish(sum->hasher, hash)) {
        return svms_fail_crypto(err, "hashing a record");
    }
    return SVMS_OK;
}

static svms_status read_start(svms_leaves_sum *sum, svms_leaves *leaves, const svms_leaf *leaf,
                              svms_error *err)
{
    const uint8_t *body = NULL;
    if (leaf->record.body_size != SVMS_START_BODY_SIZE) {
        return svms_fail_at(err, SVMS_E_MALFORMED, leaf->content,
                            "a segment start of wrong length (section 6)");
    }
    svms_status status = svms_window_get(leaves->window, leaf->content + leaf->record.header_size,
                                         SVMS_START_BODY_SIZE, &body, err);
    return status == SVMS_OK ? svms_start_parse(&sum->start, leaves->header, body,
                                                SVMS_START_BODY_SIZE, leaf->content, err)
                             : status;
}

static svms_status add_auxiliary(svms_leaves_sum *sum, svms_leaves *leaves, const svms_leaf *leaf,
                                 svms_leaves_summary *summary, svms_error *err)
{
    uint8_t hash[SVMS_DIGEST_SIZE];
    svms_status status = hash_whole(sum, leaves, leaf, hash, err);
    if (status == SVMS_OK && leaf->record.type == SVMS_RECORD_START) {
        status = read_start(sum, leaves, leaf, err);
    }
    if (status == SVMS_OK && !svms_merkle_add(&sum->auxiliary, sum->hasher, hash)) {
        status = svms_fail_crypto(err, "hashing a record");
    }
    summary->auxiliary_size += leaf->size;
    sum->bytes += leaf->size;
    return status;
}

static void account_times(svms_leaves_sum *sum, const svms_header *header, const svms_leaf *leaf)
{
    const svms_record *record = &leaf->record;
    const svms_track *track = &header->tracks[leaf->track];
    int64_t pts = (int64_t)((uint64_t)record->dts + (uint64_t)(int64_t)record->composition);
    uint32_t duration =
        (record->flags & SVMS_FLAG_DURATION) != 0 ? record->duration : track->default_duration;
    if (sum->tracks[leaf->track].count == 0) {
        sum->has_first[leaf->track] = true;
        sum->first_pts[leaf->track] = pts;
    }
    if (sum->has_first[leaf->track]) {
        int64_t begins = svms_utc_of(track, sum->first_pts[leaf->track], 0, pts);
        int64_t ends = svms_utc_of(track, 0, begins, (int64_t)duration);
        sum->ends[leaf->track] = ends > sum->ends[leaf->track] ? ends : sum->ends[leaf->track];
    }
}

static svms_status add_sample(svms_leaves_sum *sum, const svms_header *header,
                              const svms_leaf *leaf, svms_leaves_summary *summary, svms_error *err)
{
    if (leaf->form == SVMS_LEAF_PRESENTED) {
        account_times(sum, header, leaf);
        sum->bytes += (uint64_t)leaf->record.header_size + leaf->record.body_size;
        summary->presented[leaf->track]++;
    } else {
        sum->whole = false;
        summary->others[leaf->track]++;
    }
    if (!svms_merkle_add(&sum->tracks[leaf->track], sum->hasher, leaf->hash)) {
        return svms_fail_crypto(err, "hashing a sample");
    }
    return SVMS_OK;
}

static svms_status check_root(const svms_leaves_sum *sum, const svms_merkle *tree,
                              const svms_track_entry *entry, svms_error *err)
{
    uint8_t root[SVMS_DIGEST_SIZE];
    if (entry->leaves != tree->count) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "track %u has %u leaves where %u were signed",
                         entry->track, tree->count, entry->leaves);
    }
    if (!svms_merkle_root(tree, sum->hasher, root)) {
        return svms_fail_crypto(err, "hashing a segment");
    }
    if (memcmp(root, entry->root, sizeof(root)) != 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the leaves of track %u are not those that were signed", entry->track);
    }
    return SVMS_OK;
}

static svms_status check_track(const svms_leaves_sum *sum, const svms_manifest *manifest,
                               uint32_t number, svms_error *err)
{
    const svms_merkle *tree = &sum->tracks[number];
    const svms_track_entry *entry = svms_manifest_entry(manifest, (uint8_t)number);
    if (entry == NULL) {
        return tree->count == 0 ? SVMS_OK
                                : svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                                            "track %u has leaves that nobody signed", number);
    }
    svms_status status = check_root(sum, tree, entry, err);
    if (status != SVMS_OK || !sum->has_first[number]) {
        return status;
    }
    int64_t end = entry->first_utc_ns > INT64_MAX - sum->ends[number]
                      ? INT64_MAX
                      : entry->first_utc_ns + sum->ends[number];
    if (entry->first_pts != sum->first_pts[number] || end > manifest->last_utc_ns) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the manifest contradicts track %u (C-MAN-3)",
                         number);
    }
    return SVMS_OK;
}

static svms_status compare(const svms_leaves_sum *sum, const svms_leaves *leaves,
                           const svms_manifest *manifest, svms_error *err)
{
    const svms_track_entry *auxiliary = svms_manifest_entry(manifest, SVMS_AUXILIARY_TRACK);
    uint64_t records = leaves->entries;
    if (leaves->entries == 0 || manifest->segment != sum->start.segment ||
        memcmp(manifest->salt, sum->start.salt, SVMS_DIGEST_SIZE) != 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "segment start and manifest contradict each other (C-MAN-3)");
    }
    svms_status status = auxiliary != NULL ? check_root(sum, &sum->auxiliary, auxiliary, err)
                                           : svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                                                       "the manifest names wrong tracks (C-MAN-2)");
    for (uint32_t i = 0; i < leaves->header->track_count && status == SVMS_OK; i++) {
        const svms_track_entry *entry = svms_manifest_entry(manifest, (uint8_t)i);
        if ((leaves->removed_tracks >> i & 1) == 0) {
            status = check_track(sum, manifest, i, err);
        } else if (entry != NULL) {
            records += entry->leaves;
        }
    }
    if (status != SVMS_OK) {
        return status;
    }
    bool complete = sum->whole && records == leaves->entries;
    if (records != manifest->records || leaves->last_number >= manifest->records ||
        (complete && sum->bytes != manifest->bytes)) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "records of the segment were added or removed (C-MAN-3)");
    }
    return SVMS_OK;
}

static svms_status add_all(svms_leaves_sum *sum, svms_leaves *leaves, svms_leaves_summary *summary,
                           svms_error *err)
{
    bool found = true;
    for (;;) {
        svms_leaf leaf;
        svms_status status = svms_leaves_next(leaves, &found, &leaf, err);
        if (status != SVMS_OK || !found) {
            return status;
        }
        status = leaf.form == SVMS_LEAF_WHOLE
                     ? add_auxiliary(sum, leaves, &leaf, summary, err)
                     : add_sample(sum, leaves->header, &leaf, summary, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
}

svms_status svms_leaves_check(svms_leaves *leaves, const svms_manifest *manifest,
                              svms_hasher *hasher, svms_leaves_summary *summary, svms_error *err)
{
    svms_leaves_summary seen = { 0 };
    svms_ctx *ctx = leaves->window->ctx;
    svms_leaves_sum *sum = svms_alloc(ctx, sizeof(*sum));
    if (sum == NULL) {
        return svms_fail_memory(err);
    }
    sum->hasher = hasher;
    sum->whole = true;
    for (uint32_t i = 0; i < SVMS_MAX_TRACKS; i++) {
        sum->ends[i] = INT64_MIN;
    }
    svms_status status = add_all(sum, leaves, &seen, err);
    if (status == SVMS_OK) {
        status = compare(sum, leaves, manifest, err);
    }
    svms_release(ctx, sum);
    if (status == SVMS_OK && summary != NULL) {
        *summary = seen;
    }
    return status;
}
