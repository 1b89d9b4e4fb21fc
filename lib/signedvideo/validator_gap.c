/* SPDX-License-Identifier: Apache-2.0 */
/* Gaps that the caller knows of: what is behind one begins as a stream does, but what came before
 * is not forgotten (CS-VER-13). */
#include <svms/time.h>

#include "failure.h"
#include "validator.h"

static bool are_known(int64_t one, int64_t other)
{
    return one != SVMS_NO_TIME && other != SVMS_NO_TIME;
}

/* Was it signed before what is told already? Of two that do not both say when they begin, when they
 * end. */
static bool is_earlier(const svms_camera_validator *v, const svms_camera_claim *claim)
{
    if (are_known(claim->from_utc_ns, v->last_from_utc_ns)) {
        return claim->from_utc_ns < v->last_from_utc_ns;
    }
    return are_known(claim->to_utc_ns, v->last_to_utc_ns) && claim->to_utc_ns < v->last_to_utc_ns;
}

static bool is_timed(const svms_camera_validator *v, const svms_camera_claim *claim)
{
    return are_known(claim->from_utc_ns, v->last_from_utc_ns) ||
           are_known(claim->to_utc_ns, v->last_to_utc_ns);
}

uint32_t svms_camera_judge_gap(svms_camera_validator *v, const svms_camera_claim *claim,
                               bool is_other_key)
{
    svms_camera_chain_end past = v->past;
    uint32_t step = svms_camera_step(&past, claim->counter);
    /* The next counter, but another predecessor: not that session. */
    bool is_unlinked = step == 1 && past.has_first && claim->has_predecessor;
    bool goes_on = !is_other_key && step > 0 && !is_unlinked;
    v->past.is_there = false;
    if (svms_camera_follows(v, &past, claim)) {
        return 0;
    }
    if (claim->is_first) {
        return SVMS_CAMERA_WHY_NEW_SESSION;
    }
    /* The pictures of another day, once more, are no new ones. */
    if (is_earlier(v, claim) || (!is_timed(v, claim) && !goes_on)) {
        v->other_chain = past;
        v->other_chain.is_there = step == 0 && past.has_first;
        return SVMS_CAMERA_WHY_LINK;
    }
    return goes_on ? 0 : SVMS_CAMERA_WHY_NEW_SESSION;
}

static void begin_again(svms_camera_validator *v)
{
    v->past = v->covered;
    v->chain = (svms_camera_chain_end){ 0 };
    v->other_chain = (svms_camera_chain_end){ 0 };
    v->latest = (svms_camera_chain_end){ 0 };
    v->beginning = v->items.end;
    v->given_up = v->items.end;
}

svms_status svms_camera_validator_gap(svms_camera_validator *validator, svms_error *err)
{
    if (!validator) {
        return svms_fail(err, SVMS_E_USAGE, "no validator");
    }
    if (validator->has_failed || validator->has_ended) {
        return svms_fail(err, SVMS_E_STATE, "the validator takes no more");
    }
    validator->is_at_gap = true;
    svms_status status = svms_camera_emit(validator, true, err);
    if (status == SVMS_OK) {
        status = svms_camera_report_rest(validator, err);
    }
    validator->is_at_gap = false;
    validator->has_failed = status != SVMS_OK;
    begin_again(validator);
    return status;
}
