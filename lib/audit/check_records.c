/* SPDX-License-Identifier: Apache-2.0 */
/* Every record against its tile, from the first to the last. */
#include <inttypes.h>
#include <string.h>

#include "check.h"
#include "failure.h"
#include "json_read.h"

#define RECORD_DEPTH 32u

/* A bundle at hand. */
typedef struct bundle {
    uint64_t first;
    uint32_t width;
    bool is_pruned;
    bool is_there;
    uint32_t count; /* of records that are whole */
    bool ends_there;
    uint32_t wrong; /* the first that is; width: none */
    const svms_bundle_entry *entry;
    const uint8_t *leaves;
    svms_check_ahead *ahead; /* what reads bundles before they are asked for; may be NULL */
    svms_check_bundle *own;  /* for those that it does not read */
} bundle;

uint32_t svms_check_split(const svms_builder *bytes, uint32_t width,
                          svms_bundle_entry out[SVMS_TILE_WIDTH], bool *ends_there)
{
    svms_cursor cursor = svms_cursor_over(bytes->data, bytes->size, 0);
    uint32_t count = 0;
    *ends_there = false;
    for (; count < width; count++) {
        out[count].size = svms_read_u16(&cursor);
        out[count].record = svms_read_bytes(&cursor, out[count].size);
        if (cursor.failed || out[count].size > SVMS_AUDIT_RECORD_MAX) {
            return count;
        }
    }
    *ends_there = svms_cursor_at_end(&cursor);
    return count;
}

svms_status svms_check_leaves(svms_hasher *hasher, const svms_bundle_entry *entry, uint32_t count,
                              uint8_t *out, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (uint32_t i = 0; i < count && status == SVMS_OK; i++) {
        status = svms_tree_leaf(hasher, entry[i].record, entry[i].size,
                                out + (size_t)i * SVMS_DIGEST_SIZE, err);
    }
    return status;
}

static svms_status tell_missing(svms_check *at, const bundle *of)
{
    svms_check_wrong_from(at, of->first);
    return svms_check_tell(at, SVMS_AUDIT_FLAW_MISSING, of->first, of->width,
                           "records %" PRIu64 " to %" PRIu64 " are missing", of->first,
                           of->first + of->width - 1);
}

/* What there is of a bundle, read ahead or here. */
static svms_status fetch(svms_check *at, bundle *out, svms_check_presence *presence,
                         svms_error *err)
{
    const svms_tile which = { SVMS_TILE_ENTRIES, out->first / SVMS_TILE_WIDTH, out->width };
    const svms_check_bundle *held = svms_check_ahead_take(out->ahead, which.number);
    bool is_full = true;
    svms_status status;
    if (held) {
        status = svms_check_judge_read(at, held->status, &held->why, presence, err);
    } else {
        held = out->own;
        status = svms_check_read_tile(at, &which, &out->own->bytes, &is_full, presence, err);
        if (status == SVMS_OK && *presence == SVMS_CHECK_PRESENT) {
            status = svms_check_bundle_split(out->own, out->width, at->hasher, err);
        }
    }
    if (status == SVMS_OK && *presence == SVMS_CHECK_PRESENT) {
        out->count = held->count;
        /* Of a full one the part in front is wanted. */
        out->ends_there = held->ends_there || (is_full && out->width < SVMS_TILE_WIDTH);
    }
    out->entry = held->entry;
    out->leaves = held->leaves;
    return status;
}

static svms_status read_bundle(svms_check *at, bundle *out, svms_error *err)
{
    svms_check_presence presence;
    svms_status status = fetch(at, out, &presence, err);
    if (status != SVMS_OK || presence == SVMS_CHECK_UNREADABLE) {
        return status;
    }
    if (presence == SVMS_CHECK_ABSENT) {
        status = svms_check_pruned_meanwhile(at, out->first, &out->is_pruned, err);
        bool is_told = out->is_pruned || at->lacks_minimum;
        return status != SVMS_OK || is_told ? status : tell_missing(at, out);
    }
    out->is_there = true;
    return SVMS_OK;
}

static svms_status tell_record(svms_check *at, bundle *of, uint32_t place, const char *what)
{
    if (place < of->wrong) {
        of->wrong = place;
    }
    svms_check_wrong_from(at, of->first + place);
    return svms_check_tell(at, SVMS_AUDIT_FLAW_RECORD, of->first + place, 1,
                           "record %" PRIu64 " %s", of->first + place, what);
}

/* One flaw for a bundle is enough, of its first record that is wrong. */
static svms_status compare(svms_check *at, bundle *of, const svms_check_tile *tile, svms_error *err)
{
    uint32_t place = 0;
    (void)err;
    while (place < of->count &&
           memcmp(of->leaves + (size_t)place * SVMS_DIGEST_SIZE,
                  tile->hash + (size_t)place * SVMS_DIGEST_SIZE, SVMS_DIGEST_SIZE) == 0) {
        place++;
    }
    if (place < of->count) {
        return tell_record(at, of, place,
                           tile->is_known ? "is not what was signed"
                                          : "is not what its tile says, and nothing shows which is "
                                            "right");
    }
    if (of->count < of->width) {
        return tell_record(at, of, of->count, "is not in its bundle, which ends or is none there");
    }
    return of->ends_there ? SVMS_OK
                          : svms_check_tell(at, SVMS_AUDIT_FLAW_RECORD, SVMS_NO_RECORD, 0,
                                            "behind record %" PRIu64 " its bundle goes on",
                                            of->first + of->width - 1);
}

/* Records of a tile that says nothing: as many as there are must be what stands above it. */
static svms_status compare_with_above(svms_check *at, bundle *of, const svms_check_tile *tile,
                                      svms_error *err)
{
    uint8_t root[SVMS_DIGEST_SIZE];
    if (of->count < of->width) {
        return tell_record(at, of, of->count, "is not in its bundle, which ends or is none there");
    }
    if (!tile->has_above) {
        return SVMS_OK;
    }
    svms_status status = svms_check_hash_tile(at, of->leaves, root, err);
    if (status != SVMS_OK || memcmp(root, tile->above, sizeof root) == 0) {
        return status;
    }
    of->wrong = 0;
    svms_check_wrong_from(at, of->first);
    return svms_check_tell(at, SVMS_AUDIT_FLAW_RECORD, of->first, 1,
                           "of the records from %" PRIu64 " to %" PRIu64
                           " one at least is not what was signed",
                           of->first, of->first + of->width - 1);
}

/* What records that are right say, and what the index must say of them where it has all. */
static svms_status take_in(svms_check *at, const bundle *of, uint32_t right, svms_error *err)
{
    uint64_t number = of->first / SVMS_TILE_WIDTH;
    svms_record_front front = { 0 };
    svms_bundle_index_entry told;
    svms_bundle_index_entry found = svms_bundle_index_entry_begin();
    bool says = false;
    svms_status status =
        right == SVMS_TILE_WIDTH ? svms_check_index_at(at, number, &told, &says, err) : SVMS_OK;
    for (uint32_t i = 0; i < right && status == SVMS_OK; i++) {
        const svms_bundle_entry *entry = &of->entry[i];
        bool has_front = svms_record_front_read(&front, entry->record, entry->size);
        if (has_front) {
            status = svms_check_look(at, of->first + i, &front, entry->record, entry->size, err);
        }
        if (status == SVMS_OK && says) {
            status = svms_bundle_index_entry_add(&found, at->ctx, has_front ? &front : NULL,
                                                 entry->record, entry->size, err);
        }
    }
    return status == SVMS_OK && says ? svms_check_index_entry(at, number, &told, &found, true)
                                     : status;
}

static svms_status check_bundle(svms_check *at, bundle *of, const svms_check_tile *tile,
                                svms_error *err)
{
    svms_status status = SVMS_OK;
    if (of->is_pruned) {
        return svms_check_kept(at, tile, err);
    }
    status = read_bundle(at, of, err);
    if (status == SVMS_OK && of->is_pruned) {
        return svms_check_kept(at, tile, err);
    }
    if (status == SVMS_OK && of->is_there) {
        status =
            tile->has_hashes ? compare(at, of, tile, err) : compare_with_above(at, of, tile, err);
    }
    uint32_t right = of->wrong < of->count ? of->wrong : of->count;
    at->report.checked += right;
    return status == SVMS_OK ? take_in(at, of, right, err) : status;
}

/* Where the journal goes on from. */
static svms_status note_journal_edge(svms_check *at, const uint8_t *hashes, uint32_t count,
                                     svms_error *err)
{
    svms_status status = SVMS_OK;
    bool is_here = at->has_journal && !at->has_journal_edge && at->journal_first >= at->edge.size &&
                   at->journal_first - at->edge.size <= count;
    if (!is_here) {
        return SVMS_OK;
    }
    at->journal_edge = at->edge;
    for (uint32_t i = 0; at->journal_edge.size < at->journal_first && status == SVMS_OK; i++) {
        status = svms_tree_add(&at->journal_edge, at->hasher, hashes + (size_t)i * SVMS_DIGEST_SIZE,
                               err);
    }
    at->has_journal_edge = status == SVMS_OK;
    return status;
}

/* The tree grows by a tile. */
static svms_status go_on(svms_check *at, const bundle *of, const svms_check_tile *tile,
                         svms_error *err)
{
    uint8_t root[SVMS_DIGEST_SIZE];
    svms_status status = SVMS_OK;
    bool is_whole = of->is_there && of->count == of->width;
    const uint8_t *hashes = tile->has_hashes ? tile->hash : is_whole ? of->leaves : NULL;
    at->is_lost = at->is_lost || (!hashes && !tile->has_above);
    if (at->is_lost) {
        return SVMS_OK;
    }
    if (hashes) {
        status = svms_check_anchors(at, &at->edge, hashes, of->width, err);
        if (status == SVMS_OK) {
            status = note_journal_edge(at, hashes, of->width, err);
        }
    }
    if (status != SVMS_OK || of->width < SVMS_TILE_WIDTH) {
        return status;
    }
    while (!hashes && at->next_anchor < at->anchor_count &&
           at->anchor[at->next_anchor].head.size < of->first + of->width) {
        at->next_anchor++;
    }
    if (tile->has_above) {
        memcpy(root, tile->above, sizeof root);
    } else {
        status = svms_check_hash_tile(at, hashes, root, err);
    }
    if (status == SVMS_OK) {
        status = svms_tree_add_subtree(&at->edge, at->hasher, SVMS_TILE_HEIGHT, root, err);
    }
    return status == SVMS_OK ? svms_check_tile_done(at, 0, of->first / SVMS_TILE_WIDTH, root, err)
                             : status;
}

static svms_status tell_progress(svms_check *at, uint64_t done, svms_error *err)
{
    if (at->options.progress && at->options.progress(at->options.user, done, at->trunk.size) != 0) {
        return svms_fail(err, SVMS_E_CANCELLED, "the verification was cancelled");
    }
    return SVMS_OK;
}

static svms_status check_all(svms_check *at, bundle *of, svms_error *err)
{
    svms_status status = tell_progress(at, 0, err);
    for (uint64_t first = 0; first < at->trunk.size && status == SVMS_OK;
         first += SVMS_TILE_WIDTH) {
        uint64_t left = at->trunk.size - first;
        svms_check_tile *tile;
        of->first = first;
        of->width = left < SVMS_TILE_WIDTH ? (uint32_t)left : SVMS_TILE_WIDTH;
        of->wrong = of->width;
        of->is_pruned = first < at->minimum.first;
        of->is_there = false;
        of->count = 0;
        status = svms_check_tile_at(at, 0, first / SVMS_TILE_WIDTH, &tile, err);
        if (status == SVMS_OK) {
            status = check_bundle(at, of, tile, err);
        }
        if (status == SVMS_OK) {
            status = go_on(at, of, tile, err);
        }
        if (status == SVMS_OK) {
            status = tell_progress(at, first + of->width, err);
        }
    }
    return status;
}

static svms_status prepare(svms_check *at, bundle *of, svms_error *err)
{
    svms_status status = svms_check_bundle_new(&of->own, at->ctx, err);
    if (status == SVMS_OK) {
        status = svms_check_ahead_new(&of->ahead, at->ctx, at->folder,
                                      (at->minimum.first + SVMS_TILE_WIDTH - 1) / SVMS_TILE_WIDTH,
                                      at->trunk.size / SVMS_TILE_WIDTH, err);
    }
    return status;
}

svms_status svms_check_records(svms_check *at, svms_error *err)
{
    bundle of = { 0 };
    svms_status status = prepare(at, &of, err);
    /* Those of the empty tree. */
    if (status == SVMS_OK) {
        status = svms_check_anchors(at, &at->edge, NULL, 0, err);
    }
    if (status == SVMS_OK) {
        status = note_journal_edge(at, NULL, 0, err);
    }
    if (status == SVMS_OK) {
        status = check_all(at, &of, err);
    }
    svms_check_ahead_free(&of.ahead);
    svms_check_bundle_free(&of.own, at->ctx);
    /* Of sizes that tiles have, and nothing could be said of. */
    while (at->next_anchor < at->anchor_count &&
           at->anchor[at->next_anchor].head.size <= at->trunk.size) {
        at->next_anchor++;
    }
    return status;
}

svms_status svms_check_time_of(svms_check *at, const void *record, size_t size, int64_t *out,
                               svms_error *err)
{
    const svms_json_limits limits = { SVMS_AUDIT_RECORD_MAX, RECORD_DEPTH };
    svms_json_document document;
    svms_error why = SVMS_ERROR_INIT;
    *out = SVMS_NO_TIME;
    svms_status status =
        svms_json_load_plain(&document, at->ctx, "record", &limits, record, size, &why);
    if (status == SVMS_OK) {
        svms_json_node root = svms_json_root(&document);
        int64_t time = svms_json_time(&root, "time");
        status = document.status;
        *out = status == SVMS_OK ? time : SVMS_NO_TIME;
        svms_json_unload(&document);
    }
    return svms_check_is_fatal(status) ? svms_fail_as(err, status, &why) : SVMS_OK;
}

svms_status svms_check_last_time(svms_check *at, svms_error *err)
{
    uint64_t wrong = at->report.first_wrong;
    svms_bundle_entry entry[SVMS_TILE_WIDTH];
    svms_check_presence presence;
    bool is_full;
    if (wrong == SVMS_NO_RECORD || wrong == 0) {
        return SVMS_OK;
    }
    if (wrong > at->trunk.size) {
        at->report.last_right_utc_ns = at->last_right_utc_ns;
        return SVMS_OK;
    }
    uint64_t first = (wrong - 1) / SVMS_TILE_WIDTH * SVMS_TILE_WIDTH;
    uint64_t left = at->trunk.size - first;
    const svms_tile which = { SVMS_TILE_ENTRIES, first / SVMS_TILE_WIDTH,
                              left < SVMS_TILE_WIDTH ? (uint32_t)left : SVMS_TILE_WIDTH };
    if (first < at->minimum.first) {
        return SVMS_OK;
    }
    svms_status status = svms_check_read_tile(at, &which, &at->bundle, &is_full, &presence, err);
    if (status != SVMS_OK || presence != SVMS_CHECK_PRESENT) {
        return status;
    }
    bool ends_there;
    uint32_t count = svms_check_split(&at->bundle, which.width, entry, &ends_there);
    uint32_t place = (uint32_t)(wrong - first);
    place = place < count ? place : count;
    while (place > 0 && status == SVMS_OK && at->report.last_right_utc_ns == SVMS_NO_TIME) {
        place--;
        status = svms_check_time_of(at, entry[place].record, entry[place].size,
                                    &at->report.last_right_utc_ns, err);
    }
    return status;
}
