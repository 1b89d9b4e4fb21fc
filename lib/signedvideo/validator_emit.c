/* SPDX-License-Identifier: Apache-2.0 */
/* What is decided becomes reports, in the order of the stream (CS-VER-3 to CS-VER-9). */
#include <string.h>

#include <svms/time.h>

#include "axis_claim.h"
#include "failure.h"
#include "validator.h"

/* Counters that are farther apart than this went back. */
#define FARTHEST (UINT32_C(1) << 31)

uint32_t svms_camera_step(const svms_camera_chain_end *chain, uint32_t counter)
{
    uint32_t step = counter - chain->counter;
    return step < FARTHEST ? step : 0;
}

void svms_camera_chain_to(svms_camera_validator *v, const svms_camera_claim *claim)
{
    v->chain.is_there = true;
    v->chain.counter = claim->counter;
    v->chain.is_partial = claim->is_partial;
    v->chain.has_first = claim->has_first;
    memcpy(v->chain.first, claim->first, sizeof v->chain.first);
    v->chain.has_successor = claim->has_successor;
    memcpy(v->chain.successor, claim->successor, sizeof v->chain.successor);
}

bool svms_camera_follows(const svms_camera_validator *v, const svms_camera_chain_end *chain,
                         const svms_camera_claim *claim)
{
    return chain->is_there && svms_camera_step(chain, claim->counter) == 1 &&
           (!chain->has_first || (claim->has_predecessor && memcmp(chain->first, claim->predecessor,
                                                                   v->items.digest_size) == 0));
}

/* What the counter says is not there, less what is there without its SEI. How many parts a GOP had
 * cannot be known. */
static uint32_t count_missing(const svms_camera_validator *v, const svms_camera_claim *claim,
                              uint32_t unsigned_count)
{
    uint32_t missing = svms_camera_step(&v->chain, claim->counter) - 1;
    if (unsigned_count > 0 && (v->chain.is_partial || claim->is_partial)) {
        return 0;
    }
    return missing > unsigned_count ? missing - unsigned_count : 0;
}

/* Does the claim go on where the chain ended? (CS-VER-5) */
static void judge_link(svms_camera_validator *v, svms_camera_gop *gop,
                       const svms_camera_claim *claim, uint32_t unsigned_count)
{
    bool is_other_key = (gop->reasons & SVMS_CAMERA_WHY_KEY_CHANGED) != 0;
    uint32_t step = svms_camera_step(&v->chain, claim->counter);
    if (v->past.is_there) {
        gop->reasons |= svms_camera_judge_gap(v, claim, is_other_key);
    }
    if (!v->chain.is_there || svms_camera_follows(v, &v->chain, claim)) {
        return;
    }
    if (svms_camera_follows(v, &v->other_chain, claim)) {
        v->other_chain.is_there = false;
        return;
    }
    v->other_chain.is_there = false;
    if (claim->is_first) {
        gop->reasons |= SVMS_CAMERA_WHY_NEW_SESSION;
        return;
    }
    if (step > 1 && !is_other_key) {
        gop->missing_gops = count_missing(v, claim, unsigned_count);
        return;
    }
    gop->reasons |= SVMS_CAMERA_WHY_LINK;
    if (step == 0) {
        v->other_chain = v->chain;
        v->other_chain.is_there = v->chain.has_first;
    }
}

/* What a stream says may be centuries off: differences need all 64 bits. */
static bool differ(const svms_camera_validator *v, int64_t one, int64_t other)
{
    uint64_t apart =
        one > other ? (uint64_t)one - (uint64_t)other : (uint64_t)other - (uint64_t)one;
    return apart > (uint64_t)v->tolerance_ns;
}

/* Of Axis, where only the end is known (CS-AX-8). */
static bool is_end_wrong(const svms_camera_validator *v, const svms_camera_claim *claim)
{
    bool is_asked = claim->format != SVMS_CAMERA_FORMAT_MEDIA_SIGNING && v->tolerance_ns >= 0 &&
                    claim->to_utc_ns != SVMS_NO_TIME && claim->end > claim->begin;
    int64_t utc = is_asked ? svms_camera_item_at(&v->items, claim->end - 1)->utc_ns : SVMS_NO_TIME;
    return utc != SVMS_NO_TIME && differ(v, utc, claim->to_utc_ns);
}

/* Signed times that go back; times of the stream that are not the signed ones (CS-VER-9). */
static bool is_clock_wrong(const svms_camera_validator *v, const svms_camera_claim *claim)
{
    if (claim->from_utc_ns == SVMS_NO_TIME) {
        return is_end_wrong(v, claim);
    }
    if (v->last_from_utc_ns != SVMS_NO_TIME && claim->from_utc_ns < v->last_from_utc_ns) {
        return true;
    }
    if (v->tolerance_ns < 0) {
        return false;
    }
    int64_t to = claim->to_utc_ns;
    for (uint64_t seq = claim->begin; seq < claim->end; seq++) {
        int64_t utc = svms_camera_item_at(&v->items, seq)->utc_ns;
        if (utc == SVMS_NO_TIME) {
            continue;
        }
        bool is_inside = utc >= claim->from_utc_ns && (to == SVMS_NO_TIME || utc <= to);
        bool is_near =
            !differ(v, utc, claim->from_utc_ns) || (to != SVMS_NO_TIME && !differ(v, utc, to));
        if (!is_near && !(is_inside && seq > claim->begin)) {
            return true;
        }
    }
    return false;
}

static svms_camera_verdict verdict_of(const svms_camera_gop *gop)
{
    if (gop->changed_nal_units > 0 || gop->inserted_nal_units > 0 ||
        (gop->reasons & SVMS_CAMERA_WHY_LINK) != 0) {
        return SVMS_CAMERA_CHANGED;
    }
    return gop->missing_nal_units > 0 || gop->missing_gops > 0 ? SVMS_CAMERA_MISSING
                                                               : SVMS_CAMERA_AUTHENTIC;
}

uint32_t svms_camera_take_reasons(svms_camera_validator *v, size_t next)
{
    uint32_t reasons = 0;
    for (size_t i = 0; i < next; i++) {
        svms_camera_claim *claim = &v->claims[i];
        if (claim->is_done) {
            continue;
        }
        if (claim->state == SVMS_CAMERA_CLAIM_BROKEN) {
            reasons |= claim->reasons;
            claim->is_done = true;
        } else if (claim->state == SVMS_CAMERA_CLAIM_HOMELESS) {
            /* Those before the first that covers something speak of what was before the stream
             * (CS-VER-4). */
            reasons |= v->chain.is_there ? SVMS_CAMERA_WHY_STRAY : 0;
            claim->is_done = true;
        }
    }
    return reasons;
}

static svms_status emit_claim(svms_camera_validator *v, size_t index, uint32_t unsigned_count,
                              svms_error *err)
{
    svms_camera_claim *claim = &v->claims[index];
    svms_camera_report *report = NULL;
    bool is_clock = is_clock_wrong(v, claim);
    svms_camera_judge_copies(v, claim);
    svms_status status = svms_camera_report_add(v, claim->end, true, &report, err);
    if (status == SVMS_OK) {
        status = svms_camera_report_missing(v, report, claim->missing_tail, true, err);
    }
    if (status == SVMS_OK) {
        status = svms_camera_report_sign(v, report, claim, err);
    }
    if (status == SVMS_OK) {
        status = svms_axis_claim_link(v, claim, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    report->gop.reasons |= svms_camera_take_reasons(v, index);
    report->gop.reasons |= is_clock ? SVMS_CAMERA_WHY_CLOCK : 0;
    report->gop.reasons |= claim->is_cut ? SVMS_CAMERA_WHY_HEAD : 0;
    judge_link(v, &report->gop, claim, unsigned_count);
    report->gop.verdict = verdict_of(&report->gop);
    svms_camera_chain_to(v, claim);
    v->covered = v->chain;
    v->last_from_utc_ns = claim->from_utc_ns;
    v->last_to_utc_ns = claim->to_utc_ns;
    claim->is_done = true;
    return SVMS_OK;
}

/* A SEI without signature that may still come to cover something. Those whose item nothing covers
 * cannot any more; that they count for nothing is told by their counters. */
static bool is_anything_waiting(svms_camera_validator *v)
{
    bool is_any = false;
    for (size_t i = 0; i < v->claim_count && v->waiting_count > 0; i++) {
        svms_camera_claim *claim = &v->claims[i];
        if (claim->state == SVMS_CAMERA_CLAIM_WAITING && claim->place < v->decided) {
            svms_camera_claim_break(v, claim, 0);
        }
        is_any |= claim->state == SVMS_CAMERA_CLAIM_WAITING;
    }
    return is_any;
}

/* Closes an open tail when it is known what stands behind it; false as long as it is not. */
static bool close_tail(svms_camera_validator *v, svms_camera_claim *claim, bool at_end)
{
    if (claim->open_tail == 0) {
        return true;
    }
    const svms_camera_claim *next = svms_camera_claim_from(v, claim->end);
    if (!next && !at_end) {
        return false;
    }
    bool is_nearer = next && next->begin < claim->place;
    svms_camera_close_tail(v, claim, is_nearer ? next->begin : claim->place);
    return true;
}

static svms_status emit_next(svms_camera_validator *v, bool at_end, bool *is_done, svms_error *err)
{
    bool waits = is_anything_waiting(v);
    svms_camera_claim *claim = svms_camera_claim_from(v, v->decided);
    *is_done =
        !claim || (claim->begin > v->decided && waits && !at_end) || !close_tail(v, claim, at_end);
    if (*is_done) {
        return SVMS_OK;
    }
    uint32_t unsigned_count = 0;
    size_t index = (size_t)(claim - v->claims);
    svms_status status = svms_axis_claims_link(v, err);
    if (status == SVMS_OK) {
        status = svms_camera_emit_leftover(v, claim->begin, index, &unsigned_count, err);
    }
    if (status == SVMS_OK) {
        status = svms_camera_emit_homeless(v, index, &unsigned_count, err);
    }
    if (status == SVMS_OK) {
        status = emit_claim(v, index, unsigned_count, err);
    }
    svms_camera_claims_sweep(v);
    return status;
}

svms_status svms_camera_emit(svms_camera_validator *v, bool at_end, svms_error *err)
{
    bool is_done = v->claim_count == 0;
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && !is_done) {
        status = emit_next(v, at_end, &is_done, err);
    }
    if (status != SVMS_OK || !at_end) {
        return status;
    }
    uint32_t unsigned_count = 0;
    (void)is_anything_waiting(v);
    status = svms_axis_claims_link(v, err);
    if (status == SVMS_OK) {
        status = svms_camera_emit_leftover(v, v->items.end, v->claim_count, &unsigned_count, err);
    }
    if (status == SVMS_OK) {
        status = svms_camera_emit_homeless(v, v->claim_count, &unsigned_count, err);
    }
    if (status == SVMS_OK) {
        svms_camera_report_tell(v, svms_camera_take_reasons(v, v->claim_count));
    }
    svms_camera_claims_clear(v);
    return status;
}

svms_status svms_camera_emit_oldest(svms_camera_validator *v, svms_error *err)
{
    const svms_camera_claim *claim = svms_camera_claim_from(v, v->decided);
    if (claim && claim->begin == v->decided) {
        /* It waits for what may stand behind it: nothing may, now. */
        bool is_done = false;
        return emit_next(v, true, &is_done, err);
    }
    uint64_t end = claim ? claim->begin : v->items.end;
    uint64_t part = v->decided + v->options.waiting_max / 2;
    end = end > part ? part : end;
    end = svms_camera_items_next_anchor(&v->items, v->decided + 1, end);
    v->given_up = end;
    return svms_camera_emit_unsigned(v, end, SVMS_CAMERA_WHY_LIMIT, err);
}
