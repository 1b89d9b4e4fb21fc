/* SPDX-License-Identifier: Apache-2.0 */
/* Which items does a SEI cover? (CS-VER-1, CS-VER-2) */
#include <string.h>

#include "axis_claim.h"
#include "failure.h"
#include "validator.h"

/* Items along which a list is laid when there is no credit for more: a few times its length. */
#define WINDOW_TIMES 4
#define WINDOW_MORE 1024
/* Entries at the front of a list among which the anchor is looked for: SEIs may stand before it. */
#define ANCHOR_AMONG 4

/* Items that nothing covers, before a claim. */
typedef struct zone {
    uint64_t begin;
    uint64_t end;
} zone;

/* The first zone at or behind from; false when there is none. */
static bool next_zone(const svms_camera_validator *v, uint64_t from, uint64_t limit, zone *out)
{
    while (from < limit) {
        const svms_camera_claim *next = svms_camera_claim_from(v, from);
        uint64_t end = next && next->begin < limit ? next->begin : limit;
        if (end > from) {
            *out = (zone){ from, end };
            return true;
        }
        from = next->end;
    }
    return false;
}

static svms_status reserve_links(svms_camera_validator *v, size_t count, svms_error *err)
{
    size_t size = count * v->items.digest_size;
    if (size <= v->links_size) {
        return SVMS_OK;
    }
    svms_release(v->ctx, v->links);
    v->links_size = 0;
    v->links = svms_alloc(v->ctx, size);
    if (!v->links) {
        return svms_fail_memory(err);
    }
    v->links_size = size;
    return SVMS_OK;
}

static bool spend(svms_camera_validator *v, uint64_t links)
{
    if (v->credit < links) {
        return false;
    }
    v->credit -= links;
    return true;
}

/* It covers [begin, end); anchor is the signed one of the GOP in which it ends, or NULL. */
static void set_placed(svms_camera_validator *v, svms_camera_claim *claim, const uint8_t *anchor)
{
    claim->state = SVMS_CAMERA_CLAIM_PLACED;
    claim->author->has_covered = true;
    if (claim->is_item && v->latest.is_there) {
        return; /* it is older than the one that confirmed it */
    }
    v->latest.is_there = true;
    v->latest.counter = claim->counter;
    v->latest.is_partial = claim->is_partial;
    v->has_anchor = anchor != NULL;
    if (anchor) {
        memmove(v->anchor, anchor, v->items.digest_size);
    }
}

static void cover_exactly(svms_camera_validator *v, svms_camera_claim *claim, uint64_t begin,
                          const uint8_t *anchor)
{
    claim->begin = begin;
    claim->end = begin + claim->count;
    claim->has_first = true;
    memcpy(claim->first, v->links, v->items.digest_size);
    for (uint64_t seq = begin; seq < claim->end; seq++) {
        svms_camera_item *item = svms_camera_item_at(&v->items, seq);
        item->verdict = SVMS_CAMERA_AUTHENTIC;
        if (item->kind == SVMS_CAMERA_ITEM_ANCHOR) {
            anchor = svms_camera_item_hash(&v->items, seq);
        }
    }
    set_placed(v, claim, anchor);
}

/* Does the list hash fit the items from begin on, the first ones linked with anchor? */
static svms_status try_anchor(svms_camera_validator *v, svms_camera_claim *claim, uint64_t begin,
                              const uint8_t *anchor, svms_error *err)
{
    uint8_t hash[SVMS_CAMERA_HASH_MAX];
    size_t size = v->items.digest_size;
    bool is_whole = false;
    svms_status status = svms_camera_items_link(&v->items, begin, claim->count, anchor, false,
                                                v->links, &is_whole, err);
    if (status != SVMS_OK || !is_whole) {
        return status;
    }
    if (!svms_camera_hash_list(v->hasher, v->items.hash, claim->is_salted, v->links,
                               claim->count * size, hash)) {
        return svms_fail_crypto(err, "cannot hash a list of hashes");
    }
    if (memcmp(hash, claim->list_hash, size) == 0) {
        cover_exactly(v, claim, begin, anchor);
    }
    return SVMS_OK;
}

/* A list that begins with another hash cannot fit; where it begins with a linked one, that is not
 * known yet. */
static bool may_fit(const svms_camera_validator *v, const svms_camera_claim *claim,
                    const uint8_t *list, uint64_t begin)
{
    uint8_t kind = svms_camera_item_at(&v->items, begin)->kind;
    return !list || kind == SVMS_CAMERA_ITEM_SLICE || claim->count == 0 ||
           memcmp(list, svms_camera_item_hash(&v->items, begin), v->items.digest_size) == 0;
}

static svms_status try_exact(svms_camera_validator *v, svms_camera_claim *claim,
                             const uint8_t *list, uint64_t begin, svms_error *err)
{
    if (!may_fit(v, claim, list, begin)) {
        return SVMS_OK;
    }
    svms_status status = reserve_links(v, claim->count, err);
    if (status != SVMS_OK) {
        return status;
    }
    const uint8_t *received = svms_camera_items_anchor_of(&v->items, begin);
    status = try_anchor(v, claim, begin, received, err);
    bool begins_gop = svms_camera_item_at(&v->items, begin)->kind == SVMS_CAMERA_ITEM_ANCHOR;
    if (status != SVMS_OK || claim->state == SVMS_CAMERA_CLAIM_PLACED || begins_gop) {
        return status;
    }
    /* A part whose GOP began with a slice that was changed, or is not there. */
    const uint8_t *others[] = { v->has_anchor ? v->anchor : NULL,
                                claim->has_predecessor ? claim->predecessor : NULL };
    for (size_t i = 0; i < 2 && status == SVMS_OK && claim->state != SVMS_CAMERA_CLAIM_PLACED;
         i++) {
        bool is_other =
            others[i] && (!received || memcmp(received, others[i], v->items.digest_size) != 0);
        if (is_other && spend(v, claim->count)) {
            status = try_anchor(v, claim, begin, others[i], err);
        }
    }
    return status;
}

/* Each beginning of a GOP in the zone, or, with everywhere, each item, but for its ends. */
static svms_status try_inside(svms_camera_validator *v, svms_camera_claim *claim,
                              const uint8_t *list, const zone *z, bool everywhere, svms_error *err)
{
    uint64_t last = z->end - claim->count;
    svms_status status = SVMS_OK;
    for (uint64_t seq = z->begin + 1; status == SVMS_OK && claim->state != SVMS_CAMERA_CLAIM_PLACED;
         seq++) {
        seq = everywhere ? seq : svms_camera_items_next_anchor(&v->items, seq, last);
        if (seq >= last || (may_fit(v, claim, list, seq) && !spend(v, claim->count))) {
            break;
        }
        status = try_exact(v, claim, list, seq, err);
    }
    return status;
}

/* At the beginning of the zone, at its end, inside. */
static svms_status try_zone(svms_camera_validator *v, svms_camera_claim *claim, const uint8_t *list,
                            const zone *z, bool everywhere, svms_error *err)
{
    if (z->end - z->begin < claim->count) {
        return SVMS_OK;
    }
    uint64_t last = z->end - claim->count;
    svms_status status = try_exact(v, claim, list, z->begin, err);
    if (status == SVMS_OK && claim->state != SVMS_CAMERA_CLAIM_PLACED && last > z->begin &&
        spend(v, claim->count)) {
        status = try_exact(v, claim, list, last, err);
    }
    if (status == SVMS_OK) {
        status = try_inside(v, claim, list, z, false, err);
    }
    return status == SVMS_OK && everywhere ? try_inside(v, claim, list, z, true, err) : status;
}

/* Anchors with which the list may be linked, the likeliest first; NULL: those of the stream. */
static size_t find_anchors(const svms_camera_validator *v, const svms_camera_claim *claim,
                           const uint8_t *list, const zone *z, const uint8_t *out[4])
{
    size_t size = v->items.digest_size;
    size_t among = claim->count < ANCHOR_AMONG ? claim->count : ANCHOR_AMONG;
    for (uint64_t seq = svms_camera_items_next_anchor(&v->items, z->begin, z->end); seq < z->end;
         seq = svms_camera_items_next_anchor(&v->items, seq + 1, z->end)) {
        for (size_t i = 0; i < among; i++) {
            if (memcmp(list + i * size, svms_camera_item_hash(&v->items, seq), size) == 0) {
                out[0] = list + i * size;
                return 1;
            }
        }
    }
    size_t count = 0;
    bool goes_on = v->latest.is_there && v->latest.is_partial &&
                   claim->counter == v->latest.counter + 1 && v->has_anchor;
    if (goes_on) {
        out[count++] = v->anchor;
    } else {
        out[count++] = list;
        if (v->has_anchor) {
            out[count++] = v->anchor;
        }
    }
    if (claim->has_predecessor) {
        out[count++] = claim->predecessor;
    }
    out[count++] = NULL;
    return count;
}

/* Matches of SEIs that are the same again and again show no place. */
static bool is_evidence(const svms_camera_validator *v, const svms_alignment *alignment,
                        uint64_t begin)
{
    for (size_t i = 0; i < alignment->found_count && alignment->in_order > 0; i++) {
        if (alignment->found[i].state == SVMS_ALIGNED_IN_ORDER &&
            svms_camera_item_at(&v->items, begin + i)->kind != SVMS_CAMERA_ITEM_SEI_DATA) {
            return true;
        }
    }
    return false;
}

/* The anchor by which the most entries fit; best is empty when none does. */
static svms_status align_zone(svms_camera_validator *v, const svms_camera_claim *claim,
                              const uint8_t *list, const zone *z, svms_alignment *best,
                              const uint8_t **anchor, svms_error *err)
{
    const uint8_t *anchors[4];
    const uint8_t *received = svms_camera_items_anchor_of(&v->items, z->begin);
    size_t count = (size_t)(z->end - z->begin);
    size_t tries = find_anchors(v, claim, list, z, anchors);
    svms_status status = reserve_links(v, count, err);
    for (size_t i = 0; i < tries && status == SVMS_OK; i++) {
        svms_alignment made = { 0 };
        bool is_whole = false;
        status =
            svms_camera_items_link(&v->items, z->begin, count, anchors[i] ? anchors[i] : received,
                                   anchors[i] != NULL, v->links, &is_whole, err);
        if (status == SVMS_OK) {
            status = svms_alignment_make(&made, v->ctx, list, claim->count, v->links, count,
                                         v->items.digest_size, err);
        }
        bool is_better =
            status == SVMS_OK && made.in_order > best->in_order && is_evidence(v, &made, z->begin);
        if (is_better) {
            svms_alignment_clear(best);
            *best = made;
            *anchor = anchors[i];
        } else {
            svms_alignment_clear(&made);
        }
    }
    return status;
}

/* Follows what was placed last, with nothing in between that waits or fits nothing. */
static bool is_next(const svms_camera_validator *v, size_t index)
{
    const svms_camera_claim *claim = &v->claims[index];
    if (claim->is_item || !v->latest.is_there || claim->counter != v->latest.counter + 1) {
        return false;
    }
    for (size_t i = 0; i < index; i++) {
        if (v->claims[i].state == SVMS_CAMERA_CLAIM_WAITING ||
            v->claims[i].state == SVMS_CAMERA_CLAIM_HOMELESS) {
            return false;
        }
    }
    return true;
}

/* Without credit for all of it: where it should be. */
static void narrow(svms_camera_validator *v, zone *z, const svms_camera_claim *claim, bool at_front)
{
    uint64_t most = (uint64_t)claim->count * WINDOW_TIMES + WINDOW_MORE;
    if (z->end - z->begin <= most || spend(v, 4 * (z->end - z->begin))) {
        return;
    }
    if (at_front) {
        z->end = z->begin + most;
    } else {
        z->begin = z->end - most;
    }
}

static svms_status check_list(svms_camera_validator *v, svms_camera_claim *claim,
                              const uint8_t *list, svms_error *err)
{
    uint8_t hash[SVMS_CAMERA_HASH_MAX];
    size_t size = v->items.digest_size;
    if (!svms_camera_hash_list(v->hasher, v->items.hash, claim->is_salted, list,
                               claim->count * size, hash)) {
        return svms_fail_crypto(err, "cannot hash a list of hashes");
    }
    if (memcmp(hash, claim->list_hash, size) != 0) {
        svms_camera_claim_break(v, claim, SVMS_CAMERA_WHY_SEI_MALFORMED);
    }
    return SVMS_OK;
}

/* Does what the claim names as its predecessor stand in the GOP in which its first match does, and
 * before that? */
static svms_status find_predecessor(svms_camera_validator *v, const svms_camera_claim *claim,
                                    const svms_alignment *alignment, uint64_t begin, bool *is_there,
                                    svms_error *err)
{
    static const uint8_t zeros[SVMS_CAMERA_HASH_MAX]; /* nothing is named; what has no link */
    size_t size = v->items.digest_size;
    uint64_t first = begin;
    *is_there = false;
    if (memcmp(claim->predecessor, zeros, size) == 0) {
        return SVMS_OK;
    }
    while (alignment->found[first - begin].state != SVMS_ALIGNED_IN_ORDER) {
        first++;
    }
    uint64_t gop = first;
    while (gop > begin && svms_camera_item_at(&v->items, gop)->kind != SVMS_CAMERA_ITEM_ANCHOR) {
        gop--;
    }
    size_t count = (size_t)(first - gop);
    bool is_whole = false;
    svms_status status = reserve_links(v, count, err);
    if (status == SVMS_OK) {
        status = svms_camera_items_link(&v->items, gop, count,
                                        svms_camera_items_anchor_of(&v->items, gop), false,
                                        v->links, &is_whole, err);
    }
    for (size_t i = 0; i < count && status == SVMS_OK && !*is_there; i++) {
        *is_there = memcmp(v->links + i * size, claim->predecessor, size) == 0;
    }
    return status;
}

static svms_status lay_along(svms_camera_validator *v, size_t index, const uint8_t *list,
                             svms_error *err)
{
    svms_camera_claim *claim = &v->claims[index];
    svms_alignment best = { 0 };
    const uint8_t *anchor = NULL;
    uint64_t begin = 0;
    zone z = { 0, v->decided };
    bool follows = is_next(v, index);
    svms_status status = check_list(v, claim, list, err);
    while (status == SVMS_OK && claim->state == SVMS_CAMERA_CLAIM_HOMELESS &&
           next_zone(v, z.end, claim->place, &z)) {
        zone window = z;
        size_t before = best.in_order;
        narrow(v, &window, claim, follows);
        status = align_zone(v, claim, list, &window, &best, &anchor, err);
        begin = best.in_order > before ? window.begin : begin;
    }
    bool names_before = false;
    if (status == SVMS_OK && best.in_order > 0) {
        status = find_predecessor(v, claim, &best, begin, &names_before, err);
    }
    if (status == SVMS_OK && best.in_order > 0) {
        svms_camera_judge(v, claim, list, &best, begin, names_before);
        set_placed(v, claim, anchor ? anchor : svms_camera_items_anchor_of(&v->items, claim->end));
    }
    svms_alignment_clear(&best);
    return status;
}

static svms_status place_one(svms_camera_validator *v, size_t index, const uint8_t *list,
                             svms_error *err)
{
    svms_camera_claim *claim = &v->claims[index];
    zone z = { 0, v->decided };
    svms_status status = SVMS_OK;
    if (claim->count == 0) {
        return SVMS_OK;
    }
    /* A part may begin anywhere; a list shows where, a counter that follows as well. */
    bool everywhere = !list && !is_next(v, index);
    while (status == SVMS_OK && claim->state != SVMS_CAMERA_CLAIM_PLACED &&
           next_zone(v, z.end, claim->place, &z)) {
        status = try_zone(v, claim, list, &z, everywhere, err);
    }
    if (status == SVMS_OK && claim->state != SVMS_CAMERA_CLAIM_PLACED && list) {
        status = lay_along(v, index, list, err);
    }
    return status == SVMS_OK ? svms_axis_claim_extend(v, claim, err) : status;
}

/* The placed claim that covers an item, or NULL. */
static const svms_camera_claim *find_cover(const svms_camera_validator *v, uint64_t seq)
{
    for (size_t i = 0; i < v->claim_count; i++) {
        const svms_camera_claim *claim = &v->claims[i];
        if (claim->state == SVMS_CAMERA_CLAIM_PLACED && claim->begin <= seq && seq < claim->end) {
            return claim;
        }
    }
    return NULL;
}

/* A SEI without signature of which the item was judged. */
static svms_status confirm(svms_camera_validator *v, size_t index, svms_error *err)
{
    svms_camera_claim *claim = &v->claims[index];
    const svms_camera_claim *cover = find_cover(v, claim->place);
    uint8_t verdict = svms_camera_item_at(&v->items, claim->place)->verdict;
    if (!cover || verdict != SVMS_CAMERA_AUTHENTIC) {
        svms_camera_claim_break(v, claim, SVMS_CAMERA_WHY_SEI_CHANGED);
        return SVMS_OK;
    }
    if (svms_camera_is_seen(v, claim->digest)) {
        svms_camera_claim_break(v, claim, 0); /* a copy of one that counted: nothing is told */
        return SVMS_OK;
    }
    svms_camera_see(v, claim->digest);
    if (claim->hash_size != v->items.digest_size) {
        svms_camera_claim_break(v, claim, SVMS_CAMERA_WHY_SEI_MALFORMED);
        return SVMS_OK;
    }
    claim->state = SVMS_CAMERA_CLAIM_HOMELESS;
    v->waiting_count--;
    claim->author = svms_camera_author_retain(cover->author);
    claim->by_user = cover->by_user;
    return place_one(v, index, claim->list, err);
}

svms_status svms_camera_place(svms_camera_validator *v, size_t index, const uint8_t *list,
                              svms_error *err)
{
    svms_status status = place_one(v, index, list, err);
    /* What confirms a SEI stands behind it: one way through, from the last to the first. */
    for (size_t i = index; i-- > 0 && status == SVMS_OK && v->waiting_count > 0;) {
        const svms_camera_claim *claim = &v->claims[i];
        if (claim->state == SVMS_CAMERA_CLAIM_WAITING && claim->place >= v->decided &&
            svms_camera_item_at(&v->items, claim->place)->verdict != SVMS_CAMERA_PENDING) {
            status = confirm(v, i, err);
        }
    }
    return status;
}
