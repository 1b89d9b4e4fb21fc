/* SPDX-License-Identifier: Apache-2.0 */
/* From an alignment to verdicts: what lies between two that match is changed as far as there is
 * something on both sides, and then missing or inserted (CS-VER-2). */
#include <string.h>

#include "validator.h"

/* An alignment and where it lies; indices of found are those of items less begin. */
typedef struct laid {
    svms_camera_validator *v;
    svms_camera_claim *claim;
    const uint8_t *list;
    svms_alignment *alignment;
    uint64_t begin;
    size_t first; /* the first and the last item that match in order */
    size_t last;
} laid;

static svms_camera_item *item_of(const laid *l, size_t found)
{
    return svms_camera_item_at(&l->v->items, l->begin + found);
}

/* SEIs with data may be the same in each GOP: at the ends of a run they show no place. */
static bool is_match(laid *l, size_t found)
{
    svms_alignment_side *side = &l->alignment->found[found];
    if (side->state != SVMS_ALIGNED_IN_ORDER) {
        return false;
    }
    if (item_of(l, found)->kind == SVMS_CAMERA_ITEM_SEI_DATA) {
        l->alignment->expected[side->partner].state = SVMS_ALIGNED_NOT;
        side->state = SVMS_ALIGNED_NOT;
        return false;
    }
    return true;
}

/* Right beside the run, in the stream as in the list, they belong to it (CS-VER-2.8). */
static bool take_data_back(laid *l, size_t found, size_t expected)
{
    svms_alignment *a = l->alignment;
    size_t size = l->v->items.digest_size;
    bool is_data = found < a->found_count && expected < a->expected_count &&
                   item_of(l, found)->kind == SVMS_CAMERA_ITEM_SEI_DATA &&
                   a->expected[expected].state == SVMS_ALIGNED_NOT &&
                   memcmp(svms_camera_item_hash(&l->v->items, l->begin + found),
                          l->list + expected * size, size) == 0;
    if (is_data) {
        if (a->found[found].state == SVMS_ALIGNED_MOVED) {
            a->expected[a->found[found].partner].state = SVMS_ALIGNED_NOT;
        }
        a->found[found] = (svms_alignment_side){ SVMS_ALIGNED_IN_ORDER, (uint32_t)expected };
        a->expected[expected] = (svms_alignment_side){ SVMS_ALIGNED_IN_ORDER, (uint32_t)found };
    }
    return is_data;
}

static void find_ends(laid *l)
{
    l->first = 0;
    while (!is_match(l, l->first)) {
        l->first++;
    }
    l->last = l->alignment->found_count - 1;
    while (!is_match(l, l->last)) {
        l->last--;
    }
    const svms_alignment_side *found = l->alignment->found;
    while (l->first > 0 && found[l->first].partner > 0 &&
           take_data_back(l, l->first - 1, found[l->first].partner - 1)) {
        l->first--;
    }
    while (take_data_back(l, l->last + 1, found[l->last].partner + 1)) {
        l->last++;
    }
}

static bool is_displaced(const laid *l, size_t found)
{
    uint8_t state = l->alignment->found[found].state;
    return state == SVMS_ALIGNED_MOVED || state == SVMS_ALIGNED_REPEATED;
}

/* What was moved to a place that is not this claim's is missing here. */
static void release_outside(laid *l, size_t low, size_t high)
{
    svms_alignment *a = l->alignment;
    for (size_t i = 0; i < a->found_count; i++) {
        if ((i < low || i >= high) && a->found[i].state == SVMS_ALIGNED_MOVED) {
            a->expected[a->found[i].partner].state = SVMS_ALIGNED_NOT;
            a->found[i].state = SVMS_ALIGNED_NOT;
        }
    }
}

/* Entries in [low, high) of which nothing is there. */
static uint32_t count_absent(const laid *l, size_t low, size_t high)
{
    uint32_t count = 0;
    for (size_t i = low; i < high; i++) {
        count += l->alignment->expected[i].state == SVMS_ALIGNED_NOT;
    }
    return count;
}

/* Items [low, high), of which none matches in order: the first ones stand where absent entries
 * stood. Returns how many entries are left. */
static uint32_t judge_between(const laid *l, size_t low, size_t high, uint32_t absent)
{
    for (size_t i = low; i < high; i++) {
        svms_camera_item *item = item_of(l, i);
        switch (l->alignment->found[i].state) {
        case SVMS_ALIGNED_MOVED:
            item->verdict = SVMS_CAMERA_MOVED;
            break;
        case SVMS_ALIGNED_REPEATED:
            item->verdict = SVMS_CAMERA_REPEATED;
            break;
        default:
            item->verdict = absent > 0 ? SVMS_CAMERA_CHANGED : SVMS_CAMERA_INSERTED;
            absent -= absent > 0;
        }
    }
    return absent;
}

/* Where the GOP begins in which the first match stands: nothing before that is this claim's. */
static size_t find_gop(const laid *l)
{
    size_t at = l->first;
    while (at > 0 && item_of(l, at)->kind != SVMS_CAMERA_ITEM_ANCHOR) {
        at--;
    }
    return at;
}

/* Where the claim's items begin: as many as are absent right before the first match, and what was
 * moved from there on. */
static size_t find_begin(const laid *l, uint32_t absent, size_t least)
{
    size_t low = l->first;
    while (low > least && (absent > 0 || is_displaced(l, low - 1))) {
        low--;
        absent -= !is_displaced(l, low);
    }
    for (size_t at = least; at < low; at++) {
        if (l->alignment->found[at].state == SVMS_ALIGNED_MOVED) {
            return at;
        }
    }
    return low;
}

/* Items before the first match: those next to it stand where absent entries stood. Returns how many
 * entries are left. */
static uint32_t judge_before(const laid *l, size_t low, uint32_t absent)
{
    size_t at = l->first;
    while (at > low && (absent > 0 || is_displaced(l, at - 1))) {
        at--;
        absent -= !is_displaced(l, at);
    }
    uint32_t changed = 0;
    for (size_t i = at; i < l->first; i++) {
        changed += !is_displaced(l, i);
    }
    (void)judge_between(l, low, at, 0);
    (void)judge_between(l, at, l->first, changed);
    return absent;
}

static void judge_head(const laid *l, size_t low, size_t first_entry)
{
    uint32_t left = judge_before(l, low, count_absent(l, 0, first_entry));
    /* Where the stream begins in the midst of a GOP, the rest was before it; what was given up was
     * there. */
    if (l->begin + low > l->v->given_up) {
        item_of(l, low)->missing_before += left;
    } else {
        l->claim->is_cut = left > 0 && l->begin + low == l->v->beginning;
    }
}

static void judge_inside(const laid *l)
{
    const svms_alignment *a = l->alignment;
    size_t before = l->first;
    item_of(l, before)->verdict = SVMS_CAMERA_AUTHENTIC;
    for (size_t i = l->first + 1; i <= l->last; i++) {
        if (a->found[i].state != SVMS_ALIGNED_IN_ORDER) {
            continue;
        }
        uint32_t absent = count_absent(l, a->found[before].partner + 1, a->found[i].partner);
        item_of(l, i)->missing_before += judge_between(l, before + 1, i, absent);
        item_of(l, i)->verdict = SVMS_CAMERA_AUTHENTIC;
        before = i;
    }
}

/* What may belong to the claim behind its last match, and stands before the next GOP. */
static bool has_behind(const laid *l, size_t high)
{
    return high < l->alignment->found_count && item_of(l, high)->kind != SVMS_CAMERA_ITEM_ANCHOR;
}

void svms_camera_judge(svms_camera_validator *v, svms_camera_claim *claim, const uint8_t *list,
                       svms_alignment *alignment, uint64_t begin, bool names_before)
{
    laid l = { v, claim, list, alignment, begin, 0, 0 };
    find_ends(&l);
    size_t first_entry = alignment->found[l.first].partner;
    size_t last_entry = alignment->found[l.last].partner;
    size_t high = l.last + 1;
    while (has_behind(&l, high) && is_displaced(&l, high)) {
        high++;
    }
    size_t least = names_before ? l.first : find_gop(&l);
    release_outside(&l, least, high);
    size_t low = find_begin(&l, count_absent(&l, 0, first_entry), least);
    release_outside(&l, low, high);
    claim->begin = begin + low;
    claim->end = begin + high;
    judge_head(&l, low, first_entry);
    judge_inside(&l);
    (void)judge_between(&l, l.last + 1, high, 0);
    uint32_t absent = count_absent(&l, last_entry + 1, alignment->expected_count);
    if (has_behind(&l, high)) {
        claim->open_tail = absent;
    } else {
        claim->missing_tail = absent;
    }
}

void svms_camera_close_tail(svms_camera_validator *v, svms_camera_claim *claim, uint64_t limit)
{
    uint32_t absent = claim->open_tail;
    uint64_t end = svms_camera_items_next_anchor(&v->items, claim->end, limit);
    for (; absent > 0 && claim->end < end; claim->end++, absent--) {
        svms_camera_item_at(&v->items, claim->end)->verdict = SVMS_CAMERA_CHANGED;
    }
    for (; !claim->is_partial && claim->end < end; claim->end++) {
        svms_camera_item_at(&v->items, claim->end)->verdict = SVMS_CAMERA_INSERTED;
    }
    claim->missing_tail += absent;
    claim->open_tail = 0;
}

/* Items [begin, end) between two that are as signed, or at an end of the claim. */
typedef struct gap {
    svms_camera_validator *v;
    uint64_t begin;
    uint64_t end;
    uint32_t places; /* entries in the place of which something stands */
} gap;

static void name_copies(gap *g, uint32_t *left)
{
    for (uint64_t seq = g->begin; seq < g->end; seq++) {
        svms_camera_item *item = svms_camera_item_at(&g->v->items, seq);
        bool is_changed = item->verdict == SVMS_CAMERA_CHANGED;
        g->places += is_changed;
        if ((is_changed || item->verdict == SVMS_CAMERA_INSERTED) &&
            svms_camera_is_repeated(g->v, seq, left)) {
            item->verdict = SVMS_CAMERA_REPEATED;
        }
    }
}

/* What is no copy stands in the places, from the first on, or, before a run, from the last on. */
static void fill_places(gap *g, bool is_head)
{
    for (uint64_t i = 0; i < g->end - g->begin; i++) {
        uint64_t seq = is_head ? g->end - 1 - i : g->begin + i;
        svms_camera_item *item = svms_camera_item_at(&g->v->items, seq);
        if (item->verdict == SVMS_CAMERA_CHANGED || item->verdict == SVMS_CAMERA_INSERTED) {
            item->verdict = g->places > 0 ? SVMS_CAMERA_CHANGED : SVMS_CAMERA_INSERTED;
            g->places -= g->places > 0;
        }
    }
}

static void miss_rest(const gap *g, svms_camera_claim *claim)
{
    bool is_head = g->begin == claim->begin;
    if (g->end == claim->end) {
        claim->missing_tail += g->places;
    } else if (!is_head) {
        svms_camera_item_at(&g->v->items, g->end)->missing_before += g->places;
    } else if (g->begin > g->v->given_up) {
        svms_camera_item_at(&g->v->items, g->begin)->missing_before += g->places;
    } else {
        claim->is_cut |= g->places > 0 && g->begin == g->v->beginning;
    }
}

void svms_camera_judge_copies(svms_camera_validator *v, svms_camera_claim *claim)
{
    uint32_t left = SVMS_CAMERA_COMPARISONS;
    for (uint64_t seq = claim->begin; seq < claim->end;) {
        gap g = { v, seq, seq, 0 };
        while (g.end < claim->end &&
               svms_camera_item_at(&v->items, g.end)->verdict != SVMS_CAMERA_AUTHENTIC) {
            g.end++;
        }
        if (g.end > g.begin) {
            name_copies(&g, &left);
            fill_places(&g, g.begin == claim->begin);
            miss_rest(&g, claim);
        }
        seq = g.end + 1;
    }
}
