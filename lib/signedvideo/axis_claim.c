/* SPDX-License-Identifier: Apache-2.0 */
#include "axis_claim.h"

#include <string.h>

#include <svms/time.h>

#include "failure.h"

/* A session begins with a document of one hash and this counter. */
#define FIRST_COUNTER 1

/* The time says when the next one begins: it is the start of that. */
static void fill_times(svms_camera_validator *v, svms_camera_claim *claim,
                       const svms_camera_document *document)
{
    svms_axis_moment *before = &v->axis_moment;
    bool follows = before->is_there && claim->counter == before->counter + 1;
    claim->from_utc_ns = follows ? before->utc_ns : SVMS_NO_TIME;
    claim->to_utc_ns = document->axis_utc_ns;
    *before = (svms_axis_moment){ document->axis_utc_ns != SVMS_NO_TIME, claim->counter,
                                  document->axis_utc_ns };
}

/* A list that is there is signed, and stands for the hash that is said of it. */
static svms_status fill_list_hash(svms_camera_validator *v, svms_camera_claim *claim,
                                  const svms_camera_document *document, svms_error *err)
{
    if (!document->has_list) {
        memcpy(claim->list_hash, document->list_hash, document->hash_size);
        return SVMS_OK;
    }
    size_t size = document->list_count * document->hash_size;
    if (!svms_camera_hash_list(v->hasher, v->items.hash, claim->is_salted, document->list, size,
                               claim->list_hash)) {
        return svms_fail_crypto(err, "cannot hash a list of hashes");
    }
    return SVMS_OK;
}

static bool begins_session(const svms_camera_validator *v, const svms_camera_claim *claim)
{
    static const uint8_t zeros[SVMS_CAMERA_HASH_MAX];
    if (claim->format == SVMS_CAMERA_FORMAT_AXIS_2) {
        return claim->counter <= FIRST_COUNTER &&
               memcmp(claim->predecessor, zeros, claim->hash_size) == 0;
    }
    return claim->counter == FIRST_COUNTER + 1 && v->has_axis_beginning && claim->has_first &&
           memcmp(claim->first, v->axis_beginning, claim->hash_size) == 0;
}

svms_status svms_axis_claim_fill(svms_camera_validator *v, svms_camera_claim *claim,
                                 const svms_camera_document *document, svms_error *err)
{
    claim->format = document->format;
    claim->is_salted = document->format == SVMS_CAMERA_FORMAT_AXIS_2;
    claim->counter = document->axis_counter;
    claim->is_partial = document->is_partial;
    claim->has_list = document->has_list;
    claim->count = document->count;
    claim->hash_size = document->hash_size;
    claim->has_predecessor = document->predecessor != NULL;
    if (document->predecessor) {
        memcpy(claim->predecessor, document->predecessor, document->hash_size);
    }
    claim->has_successor = document->successor != NULL;
    if (document->successor) {
        memcpy(claim->successor, document->successor, document->hash_size);
    }
    if (document->list_count > 0) {
        claim->has_first = true;
        memcpy(claim->first, document->list, document->hash_size);
    }
    fill_times(v, claim, document);
    claim->is_first = begins_session(v, claim);
    return fill_list_hash(v, claim, document, err);
}

bool svms_axis_take_beginning(svms_camera_validator *v, const svms_camera_document *document)
{
    if (document->format != SVMS_CAMERA_FORMAT_AXIS_1 || document->count > 0) {
        return false;
    }
    v->has_axis_beginning = document->axis_counter == FIRST_COUNTER;
    memcpy(v->axis_beginning, document->successor, document->hash_size);
    v->axis_moment = (svms_axis_moment){ document->axis_utc_ns != SVMS_NO_TIME,
                                         document->axis_counter, document->axis_utc_ns };
    return true;
}

svms_status svms_axis_claim_extend(svms_camera_validator *v, svms_camera_claim *claim,
                                   svms_error *err)
{
    uint8_t link[SVMS_CAMERA_HASH_MAX];
    if (claim->state != SVMS_CAMERA_CLAIM_PLACED || !claim->has_successor || !claim->has_first ||
        claim->end >= claim->place) {
        return SVMS_OK;
    }
    svms_camera_item *item = svms_camera_item_at(&v->items, claim->end);
    if (item->kind != SVMS_CAMERA_ITEM_SLICE || item->verdict != SVMS_CAMERA_PENDING) {
        return SVMS_OK;
    }
    const uint8_t *hash = svms_camera_item_hash(&v->items, claim->end);
    if (!svms_camera_hash_link(v->hasher, v->items.hash, claim->first, hash, link)) {
        return svms_fail_crypto(err, "cannot hash what comes last");
    }
    if (memcmp(link, claim->successor, v->items.digest_size) == 0) {
        item->verdict = SVMS_CAMERA_AUTHENTIC;
        claim->end++;
        claim->count++;
        claim->has_successor = false;
    }
    return SVMS_OK;
}

/* Does it begin with what the end of the chain names? */
static svms_status is_named(svms_camera_validator *v, const svms_camera_chain_end *end,
                            const svms_camera_claim *claim, bool *out, svms_error *err)
{
    uint8_t link[SVMS_CAMERA_HASH_MAX];
    *out = false;
    if (!claim->has_first) {
        return SVMS_OK;
    }
    if (!svms_camera_hash_link(v->hasher, v->items.hash, end->first, claim->first, link)) {
        return svms_fail_crypto(err, "cannot hash what comes next");
    }
    *out = memcmp(link, end->successor, v->items.digest_size) == 0;
    return SVMS_OK;
}

svms_status svms_axis_claim_link(svms_camera_validator *v, svms_camera_claim *claim,
                                 svms_error *err)
{
    const svms_camera_chain_end *ends[] = { &v->chain, &v->other_chain };
    bool is_linked = false;
    svms_status status = SVMS_OK;
    if (claim->format != SVMS_CAMERA_FORMAT_AXIS_1) {
        return SVMS_OK;
    }
    claim->has_predecessor = false;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0] && status == SVMS_OK && !is_linked; i++) {
        const svms_camera_chain_end *end = ends[i];
        bool is_next = end->is_there && end->has_first && end->has_successor &&
                       claim->counter == end->counter + 1;
        if (!is_next) {
            continue;
        }
        status = is_named(v, end, claim, &is_linked, err);
        claim->has_predecessor = true;
        memset(claim->predecessor, 0, sizeof claim->predecessor);
        if (is_linked) {
            memcpy(claim->predecessor, end->first, v->items.digest_size);
        }
    }
    return status;
}

svms_status svms_axis_claims_link(svms_camera_validator *v, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (size_t i = 0; i < v->claim_count && status == SVMS_OK; i++) {
        if (v->claims[i].state == SVMS_CAMERA_CLAIM_HOMELESS) {
            status = svms_axis_claim_link(v, &v->claims[i], err);
        }
    }
    return status;
}
