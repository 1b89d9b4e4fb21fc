/* SPDX-License-Identifier: Apache-2.0 */
/* What no SEI covers, and SEIs that cover nothing (CS-VER-3, CS-VER-6 to CS-VER-8). */
#include <string.h>

#include "failure.h"
#include "validator.h"

/* What is said of a stretch of items, and by whom. */
typedef struct saying {
    svms_camera_verdict verdict;
    uint32_t reasons;
    svms_camera_claim *claim; /* that should cover it, or NULL */
} saying;

static svms_camera_claim *claim_at(const svms_camera_validator *v, size_t index)
{
    return index < v->claim_count ? &v->claims[index] : NULL;
}

/* Items up to a beginning of a GOP. */
typedef struct stretch {
    uint64_t end;
    uint64_t limit;   /* where what is covered follows, or the end */
    bool is_last;     /* there is nothing more up to there */
    bool is_named;    /* a SEI names its first slice as its predecessor's */
    uint32_t counter; /* of the GOP that it is then */
    uint32_t before;  /* how many were before, since the chain ended, that are unsigned */
} stretch;

static bool has_key_of_chain(const svms_camera_validator *v, const svms_camera_claim *claim)
{
    const uint8_t *digest = svms_camera_author_digest(claim->author, claim->by_user);
    return !v->has_key || memcmp(digest, v->key_sha256, sizeof v->key_sha256) == 0;
}

/* Stands a valid SEI that fits nothing between the chain and the one that is placed next? Where it
 * is the very next one, it names what was before. */
static bool is_in_chain(const svms_camera_validator *v, const svms_camera_claim *claim,
                        const svms_camera_claim *next)
{
    uint32_t step = v->chain.is_there ? svms_camera_step(&v->chain, claim->counter) : 0;
    bool is_linked = step != 1 || !v->chain.has_first || !claim->has_predecessor ||
                     memcmp(v->chain.first, claim->predecessor, v->items.digest_size) == 0;
    if (step == 0 || !is_linked || !has_key_of_chain(v, claim)) {
        return false;
    }
    svms_camera_chain_end end = { .counter = claim->counter };
    return !next || svms_camera_step(&end, next->counter) > 0;
}

/* The item that comes next does; at the head of a stream that was cut in the midst of a GOP, none.
 */
static bool begins_gop(const svms_camera_validator *v)
{
    return svms_camera_item_at(&v->items, v->decided)->kind == SVMS_CAMERA_ITEM_ANCHOR;
}

/* Is a SEI that fits nothing for this stretch? Before anything is covered it may speak of what was
 * before the stream, unless the one behind it covers what follows. */
static bool is_its_stretch(const svms_camera_validator *v, const svms_camera_claim *claim,
                           const svms_camera_claim *next, const stretch *s)
{
    if (s->is_named) {
        /* With a list it would have fitted the slice that is named. */
        return claim->counter == s->counter && !claim->has_list &&
               (!v->chain.is_there || is_in_chain(v, claim, next));
    }
    if (!v->chain.is_there) {
        return s->is_last && next && claim->counter + 1 == next->counter && begins_gop(v) &&
               claim->count <= s->end - v->decided;
    }
    return is_in_chain(v, claim, next) &&
           svms_camera_step(&v->chain, claim->counter) <= s->before + 1;
}

/* A SEI that says that its predecessor began with the item that comes next, or NULL. */
static const svms_camera_claim *find_successor(const svms_camera_validator *v, size_t next)
{
    if (v->items.hash == SVMS_CAMERA_HASHES || !begins_gop(v)) {
        return NULL;
    }
    const uint8_t *anchor = svms_camera_item_hash(&v->items, v->decided);
    for (size_t i = 0; i <= next && i < v->claim_count; i++) {
        const svms_camera_claim *claim = &v->claims[i];
        if ((claim->state == SVMS_CAMERA_CLAIM_HOMELESS || i == next) && !claim->is_done &&
            claim->has_predecessor &&
            memcmp(claim->predecessor, anchor, v->items.digest_size) == 0) {
            return claim;
        }
    }
    return NULL;
}

/* The SEIs before next that may have been for the stretch; takes those that are of no use. */
static saying find_claims(svms_camera_validator *v, size_t next, const stretch *s)
{
    saying out = { SVMS_CAMERA_PENDING, 0, NULL };
    for (size_t i = 0; i < next; i++) {
        svms_camera_claim *claim = &v->claims[i];
        if (claim->is_done || claim->place <= v->decided) {
            continue;
        }
        if (claim->state == SVMS_CAMERA_CLAIM_HOMELESS && out.reasons == 0 &&
            is_its_stretch(v, claim, claim_at(v, next), s)) {
            out.claim = claim;
            return out;
        }
        if (claim->state == SVMS_CAMERA_CLAIM_BROKEN && claim->reasons != 0) {
            out.reasons |= claim->reasons;
            claim->is_done = true;
            if (!s->is_last) {
                return out;
            }
        }
    }
    return out;
}

static uint32_t why_never(const svms_camera_validator *v)
{
    bool is_expected = (v->options.flags & SVMS_CAMERA_EXPECT_SIGNED) != 0;
    return is_expected ? SVMS_CAMERA_WHY_STRIPPED : 0;
}

/* Where no SEI says anything of a stretch, the counters do. */
static void judge_by_counters(const svms_camera_validator *v, const svms_camera_claim *next,
                              saying *out)
{
    out->verdict = SVMS_CAMERA_UNSIGNED;
    if (!next) {
        bool was_never = v->seis == 0 && !v->is_at_gap;
        out->reasons |= was_never ? why_never(v) : SVMS_CAMERA_WHY_TAIL;
        return;
    }
    if (!v->chain.is_there) {
        out->reasons |= out->reasons == 0 ? SVMS_CAMERA_WHY_HEAD : 0;
        return;
    }
    uint32_t step = svms_camera_step(&v->chain, next->counter);
    if (step == 0 || next->is_first) {
        out->reasons |= out->reasons == 0 ? SVMS_CAMERA_WHY_TAIL : 0;
    } else if (step == 1) {
        out->verdict = SVMS_CAMERA_INSERTED;
    } else {
        out->reasons |= out->reasons == 0 ? SVMS_CAMERA_WHY_SEI_MISSING : 0;
    }
}

static void mark(svms_camera_validator *v, uint64_t begin, uint64_t end,
                 svms_camera_verdict verdict)
{
    for (uint64_t seq = begin; seq < end; seq++) {
        svms_camera_item_at(&v->items, seq)->verdict = (uint8_t)verdict;
    }
}

svms_status svms_camera_emit_unsigned(svms_camera_validator *v, uint64_t end, uint32_t reasons,
                                      svms_error *err)
{
    svms_camera_report *report = NULL;
    mark(v, v->decided, end, SVMS_CAMERA_UNSIGNED);
    svms_status status = svms_camera_report_add(v, end, true, &report, err);
    if (status == SVMS_OK) {
        report->gop.verdict = SVMS_CAMERA_UNSIGNED;
        report->gop.reasons = reasons;
    }
    return status;
}

/* Was it signed before? Then it was put there once more. */
static svms_status emit_inserted(svms_camera_validator *v, uint64_t end, uint32_t reasons,
                                 svms_error *err)
{
    svms_camera_report *report = NULL;
    mark(v, v->decided, end, SVMS_CAMERA_INSERTED);
    svms_status status = svms_camera_report_add(v, end, true, &report, err);
    if (status == SVMS_OK) {
        report->gop.verdict =
            report->repeated == report->gop.nal_units ? SVMS_CAMERA_CHANGED : SVMS_CAMERA_INSERTED;
        report->gop.reasons = reasons;
    }
    return status;
}

/* What the counter says lies between the chain and a claim, less what is there. */
static uint32_t count_between(const svms_camera_validator *v, const svms_camera_claim *claim,
                              uint32_t there)
{
    uint32_t step = v->chain.is_there ? svms_camera_step(&v->chain, claim->counter) : 0;
    return step > there + 1 ? step - 1 - there : 0;
}

/* The SEI is valid and in order, and says that something else stood here. */
static svms_status emit_changed(svms_camera_validator *v, uint64_t end, svms_camera_claim *claim,
                                uint32_t before, svms_error *err)
{
    svms_camera_report *report = NULL;
    uint64_t there = end - v->decided;
    uint64_t changed = there < claim->count ? there : claim->count;
    mark(v, v->decided, v->decided + changed, SVMS_CAMERA_CHANGED);
    mark(v, v->decided + changed, end, SVMS_CAMERA_INSERTED);
    svms_status status = svms_camera_report_add(v, end, claim->has_list, &report, err);
    if (status == SVMS_OK) {
        status = svms_camera_report_missing(v, report, (uint32_t)(claim->count - changed),
                                            claim->has_list, err);
    }
    if (status == SVMS_OK) {
        status = svms_camera_report_sign(v, report, claim, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    report->gop.verdict = SVMS_CAMERA_CHANGED;
    report->gop.reasons |= claim->has_list ? 0 : SVMS_CAMERA_WHY_NO_LIST;
    report->gop.missing_gops = count_between(v, claim, before);
    svms_camera_chain_to(v, claim);
    claim->is_done = true;
    return SVMS_OK;
}

/* The items that a SEI should cover. Where nothing stands between it and what follows, all that is
 * there; two SEIs for parts may share a stretch: then as many as the first one says. */
static uint64_t share(const svms_camera_validator *v, const svms_camera_claim *claim, size_t next,
                      const stretch *s)
{
    uint64_t end = s->end;
    if (next < v->claim_count && v->claims[next].counter == claim->counter + 1) {
        return s->limit;
    }
    for (size_t i = 0; i < next && claim->is_partial; i++) {
        const svms_camera_claim *other = &v->claims[i];
        if (other->state == SVMS_CAMERA_CLAIM_HOMELESS && !other->is_done &&
            other->counter == claim->counter + 1 && end - v->decided > claim->count) {
            return v->decided + claim->count;
        }
    }
    return end;
}

/* The chain begins with a stretch that nothing covers, but of which the number is known. */
static void begin_chain(svms_camera_validator *v, const stretch *s)
{
    v->chain = (svms_camera_chain_end){ .is_there = true, .counter = s->counter };
    v->chain.has_first = true;
    memcpy(v->chain.first, svms_camera_item_hash(&v->items, v->decided), v->items.digest_size);
}

static svms_status emit_stretch(svms_camera_validator *v, stretch *s, size_t next, svms_error *err)
{
    const svms_camera_claim *successor = find_successor(v, next);
    s->is_named = successor != NULL;
    s->counter = successor ? successor->counter - 1 : 0;
    saying said = find_claims(v, next, s);
    if (said.claim) {
        uint32_t before = s->before;
        s->before = 0;
        return emit_changed(v, share(v, said.claim, next, s), said.claim, before, err);
    }
    judge_by_counters(v, claim_at(v, next), &said);
    if (said.verdict == SVMS_CAMERA_INSERTED) {
        return emit_inserted(v, s->end, said.reasons, err);
    }
    if (s->is_named && !v->chain.is_there) {
        begin_chain(v, s);
    } else {
        s->before++;
    }
    return svms_camera_emit_unsigned(v, s->end, said.reasons, err);
}

svms_status svms_camera_emit_leftover(svms_camera_validator *v, uint64_t end, size_t next,
                                      uint32_t *unsigned_count, svms_error *err)
{
    stretch s = { .limit = end };
    svms_status status = SVMS_OK;
    while (v->decided < end && status == SVMS_OK) {
        s.end = svms_camera_items_next_anchor(&v->items, v->decided + 1, end);
        s.is_last = s.end == end;
        status = emit_stretch(v, &s, next, err);
    }
    *unsigned_count = s.before;
    return status;
}

static svms_status emit_absent(svms_camera_validator *v, svms_camera_claim *claim,
                               uint32_t unsigned_count, svms_error *err)
{
    svms_camera_report *report = NULL;
    svms_status status = svms_camera_report_add(v, v->decided, true, &report, err);
    if (status == SVMS_OK) {
        status = svms_camera_report_missing(v, report, claim->count, true, err);
    }
    if (status == SVMS_OK) {
        status = svms_camera_report_sign(v, report, claim, err);
    }
    if (status == SVMS_OK) {
        report->gop.verdict = SVMS_CAMERA_MISSING;
        report->gop.missing_gops = count_between(v, claim, unsigned_count);
    }
    return status;
}

svms_status svms_camera_emit_homeless(svms_camera_validator *v, size_t next,
                                      uint32_t *unsigned_count, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (size_t i = 0; i < next && status == SVMS_OK; i++) {
        svms_camera_claim *claim = &v->claims[i];
        if (claim->is_done || claim->state != SVMS_CAMERA_CLAIM_HOMELESS ||
            !is_in_chain(v, claim, claim_at(v, next))) {
            continue;
        }
        if (claim->count > 0) {
            status = emit_absent(v, claim, *unsigned_count, err);
        }
        /* Each that is unsigned is in one gap of the counters. */
        uint32_t wide = svms_camera_step(&v->chain, claim->counter) - 1;
        *unsigned_count -= wide < *unsigned_count ? wide : *unsigned_count;
        svms_camera_chain_to(v, claim);
        claim->is_done = true;
    }
    return status;
}
