/* SPDX-License-Identifier: Apache-2.0 */
/* What was pruned, and what stays of it: announced by log.pruned, and against hashes that stayed
 * (A-RET-1, A-RET-2). */
#include <inttypes.h>
#include <string.h>

#include "check.h"
#include "failure.h"

#define PRUNINGS_MAX 65536u

svms_status svms_check_pruned_begin(svms_check *at, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_check_presence presence = SVMS_CHECK_ABSENT;
    svms_status status = svms_check_read(at, "minimum", &at->bytes, &presence, err);
    at->lacks_minimum = presence == SVMS_CHECK_UNREADABLE;
    if (status != SVMS_OK || presence == SVMS_CHECK_ABSENT || presence == SVMS_CHECK_UNREADABLE) {
        return status;
    }
    status = presence == SVMS_CHECK_PRESENT
                 ? svms_log_minimum_parse(&at->minimum, at->bytes.data, at->bytes.size, &why)
                 : svms_fail(&why, SVMS_E_MALFORMED, "it is too large");
    if (svms_check_is_fatal(status)) {
        return svms_fail_as(err, status, &why);
    }
    if (status != SVMS_OK) {
        at->minimum = (svms_log_minimum){ 0, 0 };
        return svms_check_tell(at, SVMS_AUDIT_FLAW_PRUNED, SVMS_NO_RECORD, 0, "\"minimum\": %s",
                               why.message);
    }
    if (at->minimum.first > at->trunk.size) {
        uint64_t first = at->minimum.first;
        at->minimum = (svms_log_minimum){ 0, 0 };
        if (at->lacks_checkpoint) {
            return SVMS_OK;
        }
        return svms_check_tell(at, SVMS_AUDIT_FLAW_PRUNED, SVMS_NO_RECORD, 0,
                               "\"minimum\" names record %" PRIu64 ", which the log does not have",
                               first);
    }
    return SVMS_OK;
}

svms_status svms_check_pruned_meanwhile(svms_check *at, uint64_t first, bool *is_pruned,
                                        svms_error *err)
{
    svms_check_presence presence = SVMS_CHECK_ABSENT;
    svms_log_minimum now;
    svms_status status = svms_check_read(at, "minimum", &at->bytes, &presence, err);
    at->lacks_minimum = at->lacks_minimum || presence == SVMS_CHECK_UNREADABLE;
    *is_pruned = presence == SVMS_CHECK_PRESENT &&
                 svms_log_minimum_parse(&now, at->bytes.data, at->bytes.size, NULL) == SVMS_OK &&
                 now.first > at->minimum.first && now.first > first && now.first <= at->trunk.size;
    return status;
}

static svms_status tell_kept(svms_check *at, uint64_t record, const char *what)
{
    svms_check_wrong_from(at, record);
    return svms_check_tell(at, SVMS_AUDIT_FLAW_RECORD, record, 1,
                           "record %" PRIu64 ", which was kept, %s", record, what);
}

static svms_status compare_one(svms_check *at, const svms_check_tile *tile,
                               const svms_kept_entry *entry, bool *is_right, svms_error *err)
{
    uint64_t record = tile->number * SVMS_TILE_WIDTH + entry->place;
    uint8_t leaf[SVMS_DIGEST_SIZE];
    svms_status status = svms_tree_leaf(at->hasher, entry->record, entry->size, leaf, err);
    if (status != SVMS_OK) {
        return status;
    }
    *is_right = tile->has_hashes &&
                memcmp(leaf, tile->hash + (size_t)entry->place * sizeof leaf, sizeof leaf) == 0;
    return *is_right          ? SVMS_OK
           : tile->has_hashes ? tell_kept(at, record, "is not what was signed")
                              : tell_kept(at, record, "cannot be compared without its tile");
}

static svms_status take_in(svms_check *at, uint64_t first, const svms_kept *kept, svms_error *err)
{
    svms_record_front front = { 0 };
    svms_bundle_index_entry told;
    svms_bundle_index_entry found = svms_bundle_index_entry_begin();
    bool says = false;
    uint64_t bundle = first / SVMS_TILE_WIDTH;
    svms_status status = svms_check_index_at(at, bundle, &told, &says, err);
    for (uint32_t i = 0; i < kept->count && status == SVMS_OK; i++) {
        const svms_kept_entry *entry = &kept->entry[i];
        bool has_front = svms_record_front_read(&front, entry->record, entry->size);
        if (has_front) {
            status =
                svms_check_look(at, first + entry->place, &front, entry->record, entry->size, err);
        }
        if (status == SVMS_OK) {
            status = svms_bundle_index_entry_add(&found, at->ctx, has_front ? &front : NULL,
                                                 entry->record, entry->size, err);
        }
    }
    return status == SVMS_OK && says ? svms_check_index_entry(at, bundle, &told, &found, false)
                                     : status;
}

typedef enum kept_state {
    KEPT_READ,       /* where there is no file, nothing was kept */
    KEPT_UNREADABLE, /* told already */
    KEPT_NONE        /* the file is none */
} kept_state;

static svms_status read_kept(svms_check *at, uint64_t bundle, svms_kept *out, kept_state *state,
                             svms_error *err)
{
    char path[SVMS_TILE_PATH_MAX];
    svms_check_presence presence = SVMS_CHECK_ABSENT;
    svms_kept_path(bundle, path);
    svms_status status = svms_check_read(at, path, &at->bundle, &presence, err);
    bool is_good = presence == SVMS_CHECK_PRESENT &&
                   svms_kept_parse(out, at->bundle.data, at->bundle.size, NULL) == SVMS_OK;
    *state = presence == SVMS_CHECK_UNREADABLE          ? KEPT_UNREADABLE
             : is_good || presence == SVMS_CHECK_ABSENT ? KEPT_READ
                                                        : KEPT_NONE;
    if (!is_good) {
        out->count = 0;
    }
    return status;
}

svms_status svms_check_kept(svms_check *at, const svms_check_tile *tile, svms_error *err)
{
    svms_kept kept;
    kept_state state;
    bool is_right = true;
    uint64_t first = tile->number * SVMS_TILE_WIDTH;
    svms_status status = read_kept(at, tile->number, &kept, &state, err);
    if (status == SVMS_OK && state == KEPT_NONE) {
        return tell_kept(at, first, "is in a file that is none");
    }
    bool is_unread = state == KEPT_UNREADABLE || (!tile->has_hashes && tile->is_unread);
    if (status != SVMS_OK || is_unread) {
        return status;
    }
    for (uint32_t i = 0; i < kept.count && status == SVMS_OK && is_right; i++) {
        status = compare_one(at, tile, &kept.entry[i], &is_right, err);
        at->report.checked += is_right;
    }
    if (status != SVMS_OK || !is_right) {
        return status;
    }
    at->report.pruned += SVMS_TILE_WIDTH - kept.count;
    return take_in(at, first, &kept, err);
}

svms_status svms_check_add_pruning(svms_check *at, uint64_t first, uint64_t last, uint64_t kept,
                                   svms_error *err)
{
    if (at->pruning_count == PRUNINGS_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "the log was pruned more than %u times", PRUNINGS_MAX);
    }
    if (at->pruning_count == at->pruning_capacity) {
        size_t capacity = at->pruning_capacity > 0 ? 2 * at->pruning_capacity : 16;
        svms_check_pruning *grown = svms_grow(
            at->ctx, at->pruning, at->pruning_count * sizeof *grown, capacity * sizeof *grown);
        if (!grown) {
            return svms_fail_memory(err);
        }
        at->pruning = grown;
        at->pruning_capacity = capacity;
    }
    svms_check_pruning *next = &at->pruning[at->pruning_count++];
    *next = (svms_check_pruning){ first, last + 1, kept, 0, true };
    for (size_t i = 0; i + 1 < at->pruning_count; i++) {
        svms_check_pruning *earlier = &at->pruning[i];
        bool overlaps = earlier->first < next->end && next->first < earlier->end;
        earlier->is_last = earlier->is_last && !overlaps;
    }
    return SVMS_OK;
}

/* The last announcement that is about a bundle; NULL: none is. */
static svms_check_pruning *announcement_of(svms_check *at, uint64_t first)
{
    for (size_t i = at->pruning_count; i-- > 0;) {
        svms_check_pruning *one = &at->pruning[i];
        if (one->first <= first && first + SVMS_TILE_WIDTH <= one->end) {
            return one;
        }
    }
    return NULL;
}

/* Of each announcement that no later one is about, as many records must have stayed as it says:
 * more do where a pruning was interrupted. */
static svms_status compare_counts(svms_check *at)
{
    svms_status status = SVMS_OK;
    for (size_t i = 0; i < at->pruning_count && status == SVMS_OK; i++) {
        const svms_check_pruning *one = &at->pruning[i];
        if (one->is_last && one->end <= at->minimum.first && one->found < one->kept) {
            svms_check_wrong_from(at, one->first);
            status = svms_check_tell(at, SVMS_AUDIT_FLAW_PRUNED, one->first, one->end - one->first,
                                     "of the records from %" PRIu64 " to %" PRIu64 " %" PRIu64
                                     " were to stay, and %" PRIu64 " are there",
                                     one->first, one->end - 1, one->kept, one->found);
        }
    }
    return status;
}

svms_status svms_check_pruned_end(svms_check *at, svms_error *err)
{
    svms_status status = SVMS_OK;
    /* What cannot be read may be an announcement, or have stayed. */
    uint64_t end = at->report.unreadable > 0 ? 0 : at->minimum.first;
    for (uint64_t first = 0; first < end && status == SVMS_OK; first += SVMS_TILE_WIDTH) {
        svms_kept kept;
        kept_state state;
        svms_check_pruning *one = announcement_of(at, first);
        if (!one) {
            svms_check_wrong_from(at, first);
            return svms_check_tell(at, SVMS_AUDIT_FLAW_PRUNED, first, at->minimum.first - first,
                                   "records from %" PRIu64 " on are gone, and no record in the log "
                                   "announces that",
                                   first);
        }
        if (one->is_last) {
            status = read_kept(at, first / SVMS_TILE_WIDTH, &kept, &state, err);
            one->found += kept.count;
        }
    }
    return status == SVMS_OK && at->report.unreadable == 0 ? compare_counts(at) : status;
}
