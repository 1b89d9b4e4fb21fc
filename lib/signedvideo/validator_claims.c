/* SPDX-License-Identifier: Apache-2.0 */
/* The SEIs of which something may still come. */
#include <string.h>

#include "failure.h"
#include "validator.h"

#define FIRST_CAPACITY 16

/* Those of no use become one: a flood of them must not keep out what is valid. */
static void merge_broken(svms_camera_validator *v)
{
    svms_camera_claim *first = NULL;
    for (size_t i = 0; i < v->claim_count; i++) {
        svms_camera_claim *claim = &v->claims[i];
        if (claim->state != SVMS_CAMERA_CLAIM_BROKEN) {
            continue;
        }
        if (first) {
            first->reasons |= claim->reasons;
            first->place = claim->place;
            claim->is_done = true;
        } else {
            first = claim;
        }
    }
    svms_camera_claims_sweep(v);
}

svms_status svms_camera_claim_add(svms_camera_validator *v, svms_camera_claim **out,
                                  svms_error *err)
{
    if (v->claim_count >= SVMS_CAMERA_CLAIMS) {
        merge_broken(v);
    }
    if (v->claim_count >= SVMS_CAMERA_CLAIMS) {
        return SVMS_END;
    }
    if (v->claim_count == v->claim_capacity) {
        size_t capacity = v->claim_capacity ? v->claim_capacity * 2 : FIRST_CAPACITY;
        svms_camera_claim *grown =
            svms_grow(v->ctx, v->claims, v->claim_count * sizeof *grown, capacity * sizeof *grown);
        if (!grown) {
            return svms_fail_memory(err);
        }
        v->claims = grown;
        v->claim_capacity = capacity;
    }
    *out = &v->claims[v->claim_count++];
    **out = (svms_camera_claim){ .place = v->items.end };
    return SVMS_OK;
}

static void forget_list(svms_camera_validator *v, svms_camera_claim *claim)
{
    if (claim->list) {
        v->waiting_bytes -= claim->count * claim->hash_size;
        svms_release(v->ctx, claim->list);
        claim->list = NULL;
    }
}

void svms_camera_claim_clear(svms_camera_validator *v, svms_camera_claim *claim)
{
    forget_list(v, claim);
    v->waiting_count -= claim->state == SVMS_CAMERA_CLAIM_WAITING;
    svms_camera_author_free(&claim->author);
}

void svms_camera_claims_sweep(svms_camera_validator *v)
{
    size_t kept = 0;
    for (size_t i = 0; i < v->claim_count; i++) {
        if (v->claims[i].is_done) {
            svms_camera_claim_clear(v, &v->claims[i]);
            continue;
        }
        if (kept < i) {
            v->claims[kept] = v->claims[i];
        }
        kept++;
    }
    v->claim_count = kept;
}

void svms_camera_claims_clear(svms_camera_validator *v)
{
    for (size_t i = 0; i < v->claim_count; i++) {
        svms_camera_claim_clear(v, &v->claims[i]);
    }
    v->claim_count = 0;
}

svms_camera_claim *svms_camera_claim_from(const svms_camera_validator *v, uint64_t seq)
{
    svms_camera_claim *best = NULL;
    for (size_t i = 0; i < v->claim_count; i++) {
        svms_camera_claim *claim = &v->claims[i];
        if (claim->state == SVMS_CAMERA_CLAIM_PLACED && claim->begin >= seq &&
            (!best || claim->begin < best->begin)) {
            best = claim;
        }
    }
    return best;
}

void svms_camera_claim_break(svms_camera_validator *v, svms_camera_claim *claim, uint32_t reasons)
{
    svms_camera_claim_clear(v, claim);
    claim->state = SVMS_CAMERA_CLAIM_BROKEN;
    claim->reasons |= reasons;
}

svms_status svms_camera_claim_add_broken(svms_camera_validator *v, const uint8_t digest[32],
                                         uint32_t reasons, svms_error *err)
{
    svms_camera_claim *last = v->claim_count > 0 ? &v->claims[v->claim_count - 1] : NULL;
    bool is_copy = last && memcmp(last->digest, digest, sizeof last->digest) == 0;
    if (last && last->state == SVMS_CAMERA_CLAIM_BROKEN &&
        (is_copy || last->place == v->items.end)) {
        last->reasons |= reasons;
        return SVMS_OK;
    }
    svms_camera_claim *claim = NULL;
    svms_status status = svms_camera_claim_add(v, &claim, err);
    if (status == SVMS_OK && claim) {
        memcpy(claim->digest, digest, sizeof claim->digest);
        claim->reasons = reasons;
        return SVMS_OK;
    }
    if (status == SVMS_END) {
        v->claims[v->claim_count - 1].reasons |= reasons;
        return SVMS_OK;
    }
    return status;
}

bool svms_camera_is_seen(const svms_camera_validator *v, const uint8_t digest[32])
{
    size_t count = v->seen_count < SVMS_CAMERA_SEEN ? v->seen_count : SVMS_CAMERA_SEEN;
    for (size_t i = 0; i < count; i++) {
        if (memcmp(v->seen[i], digest, sizeof v->seen[i]) == 0) {
            return true;
        }
    }
    return false;
}

void svms_camera_see(svms_camera_validator *v, const uint8_t digest[32])
{
    memcpy(v->seen[v->seen_count % SVMS_CAMERA_SEEN], digest, sizeof v->seen[0]);
    v->seen_count++;
}
