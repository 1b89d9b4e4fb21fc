/* SPDX-License-Identifier: Apache-2.0 */
/* SEIs come in: with a signature, which is verified before anything else is believed, or without
 * one, which makes them NAL units that others cover (CS-VER-1, CS-VER-6). */
#include <string.h>

#include "axis_claim.h"
#include "axis_elements.h"
#include "failure.h"
#include "validator.h"

/* hash_size was checked. */
static void fill_claim(svms_camera_claim *claim, const svms_camera_document *document,
                       const svms_camera_times *times)
{
    static const uint8_t zeros[SVMS_CAMERA_HASH_MAX];
    claim->format = document->format;
    claim->has_predecessor = true;
    claim->counter = times->counter;
    claim->is_partial = document->is_partial;
    claim->has_list = document->has_list;
    claim->count = document->count;
    claim->from_utc_ns = times->from_utc_ns;
    claim->to_utc_ns = times->to_utc_ns;
    claim->hash_size = document->hash_size;
    memcpy(claim->list_hash, document->list_hash, document->hash_size);
    memcpy(claim->predecessor, document->predecessor, document->hash_size);
    claim->is_first =
        times->counter <= 1 && memcmp(claim->predecessor, zeros, claim->hash_size) == 0;
    if (document->has_list && document->count > 0) {
        claim->has_first = true;
        memcpy(claim->first, document->list, document->hash_size);
    }
}

static bool is_claim(const svms_camera_document *document)
{
    return document->has_general && document->hash_size <= SVMS_CAMERA_HASH_MAX;
}

static svms_status add_waiting(svms_camera_validator *v, const svms_camera_document *document,
                               const uint8_t digest[32], svms_error *err)
{
    size_t size = document->has_list ? document->count * document->hash_size : 0;
    if (v->waiting_count >= SVMS_CAMERA_WAITING_SEIS ||
        v->waiting_bytes + size > SVMS_CAMERA_WAITING_LISTS) {
        return svms_camera_claim_add_broken(v, digest, SVMS_CAMERA_WHY_LIMIT, err);
    }
    svms_camera_claim *claim = NULL;
    svms_status status = svms_camera_claim_add(v, &claim, err);
    if (status != SVMS_OK) {
        return status == SVMS_END
                   ? svms_camera_claim_add_broken(v, digest, SVMS_CAMERA_WHY_LIMIT, err)
                   : status;
    }
    svms_camera_times times = svms_camera_document_times(document, v->order);
    fill_claim(claim, document, &times);
    memcpy(claim->digest, digest, sizeof claim->digest);
    if (size > 0) {
        claim->list = svms_alloc(v->ctx, size);
        if (!claim->list) {
            return svms_fail_memory(err);
        }
        memcpy(claim->list, document->list, size);
        v->waiting_bytes += size;
    }
    claim->is_item = true;
    claim->state = SVMS_CAMERA_CLAIM_WAITING;
    v->waiting_count++;
    return SVMS_OK;
}

/* The claim stands before its own item: it covers nothing behind itself. */
static svms_status take_unsigned(svms_camera_validator *v, const svms_camera_nal *nal,
                                 const svms_camera_document *document, const uint8_t digest[32],
                                 int64_t utc_ns, svms_error *err)
{
    if (document->is_arbitrary || !is_claim(document)) {
        return svms_camera_take_item(v, SVMS_CAMERA_ITEM_SEI_DATA, nal, utc_ns, err);
    }
    svms_status status = add_waiting(v, document, digest, err);
    return status == SVMS_OK ? svms_camera_take_item(v, SVMS_CAMERA_ITEM_SEI, nal, utc_ns, err)
                             : status;
}

/* Digests by another algorithm are of no use: whatever waits is decided first. */
static svms_status use_hash(svms_camera_validator *v, svms_camera_hash hash, svms_error *err)
{
    bool is_other = v->items.hash != SVMS_CAMERA_HASHES && v->items.hash != hash;
    svms_status status = is_other ? svms_camera_emit(v, true, err) : SVMS_OK;
    if (status == SVMS_OK && is_other) {
        v->chain.has_first = false;
        v->other_chain.has_first = false;
        v->latest.has_first = false;
        v->has_anchor = false;
    }
    svms_camera_items_use(&v->items, hash);
    return status;
}

/* Of the key that signed it: a user's key, which signs all else, may have another one. Where a hash
 * is known, certificates that somebody puts into the stream change nothing. */
static void take_hash_of_certificate(svms_camera_validator *v, const svms_camera_document *document)
{
    if (v->items.hash == SVMS_CAMERA_HASHES && !document->user_pem.data) {
        svms_camera_items_use(&v->items,
                              svms_camera_authors_algorithms(&v->authors, document)->hash);
    }
}

static svms_status fill_signed(svms_camera_validator *v, svms_camera_claim *claim,
                               const svms_camera_document *document, svms_error *err)
{
    if (document->format != SVMS_CAMERA_FORMAT_MEDIA_SIGNING) {
        return svms_axis_claim_fill(v, claim, document, err);
    }
    svms_camera_times times = svms_camera_document_times(document, v->order);
    v->order = times.order;
    fill_claim(claim, document, &times);
    return SVMS_OK;
}

static svms_status place_signed(svms_camera_validator *v, const svms_camera_document *document,
                                const svms_camera_signature *signature, const uint8_t digest[32],
                                svms_error *err)
{
    svms_camera_claim *claim = NULL;
    svms_status status = svms_camera_claim_add(v, &claim, err);
    if (status != SVMS_OK) {
        return status == SVMS_END
                   ? svms_camera_claim_add_broken(v, digest, SVMS_CAMERA_WHY_LIMIT, err)
                   : status;
    }
    status = fill_signed(v, claim, document, err);
    if (status != SVMS_OK) {
        return status;
    }
    memcpy(claim->digest, digest, sizeof claim->digest);
    claim->state = SVMS_CAMERA_CLAIM_HOMELESS;
    claim->author = svms_camera_author_retain(signature->author);
    claim->by_user = signature->by_user;
    if (claim->hash_size != v->items.digest_size) {
        svms_camera_claim_break(v, claim, SVMS_CAMERA_WHY_SEI_MALFORMED);
        return SVMS_OK;
    }
    return svms_camera_place(v, v->claim_count - 1, document->list, err);
}

static svms_status take_signed(svms_camera_validator *v, svms_camera_document *document,
                               const uint8_t digest[32], svms_error *err)
{
    if (!document->is_certificate && svms_camera_is_seen(v, digest)) {
        return SVMS_OK;
    }
    svms_camera_signature signature = { 0 };
    svms_status status = svms_camera_authors_verify(&v->authors, document, &signature, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!signature.author) {
        return svms_camera_claim_add_broken(v, digest, signature.reasons, err);
    }
    if (document->is_certificate) {
        take_hash_of_certificate(v, document);
        return SVMS_OK;
    }
    svms_camera_hash hash = svms_camera_authors_algorithms(&v->authors, document)->hash;
    status = use_hash(v, hash, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_camera_see(v, digest);
    bool is_axis = document->format != SVMS_CAMERA_FORMAT_MEDIA_SIGNING;
    if (!is_claim(document) || (is_axis && svms_axis_list_settle(document, hash, err) != SVMS_OK)) {
        return svms_camera_claim_add_broken(v, digest, SVMS_CAMERA_WHY_SEI_MALFORMED, err);
    }
    if (is_axis && svms_axis_take_beginning(v, document)) {
        return SVMS_OK;
    }
    return place_signed(v, document, &signature, digest, err);
}

svms_status svms_camera_take_sei(svms_camera_validator *v, const svms_camera_nal *nal,
                                 int64_t utc_ns, svms_error *err)
{
    svms_camera_document document;
    uint8_t digest[32];
    v->seis++;
    if (!svms_camera_hash_once(v->hasher, SVMS_CAMERA_SHA256, nal->data, nal->size, digest)) {
        return svms_fail_crypto(err, "cannot hash a SEI");
    }
    svms_status status = svms_camera_document_read(&document, v->ctx, v->options.codec, nal, err);
    if (status == SVMS_E_MALFORMED || status == SVMS_E_LIMIT) {
        return svms_camera_claim_add_broken(v, digest, SVMS_CAMERA_WHY_SEI_MALFORMED, err);
    }
    if (status == SVMS_E_UNSUPPORTED) {
        return svms_camera_claim_add_broken(v, digest, SVMS_CAMERA_WHY_OTHER_FORMAT, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    status = document.has_signature ? take_signed(v, &document, digest, err)
                                    : take_unsigned(v, nal, &document, digest, utc_ns, err);
    svms_camera_document_clear(&document);
    return status;
}
