/* SPDX-License-Identifier: Apache-2.0 */
/* Time stamps behind the end of a container (container.md, section 13). */
#include <svms/trailer.h>

#include <string.h>

#include "failure.h"
#include "options.h"
#include "stream.h"
#include "timestamp.h"
#include "verify_internal.h"

#define TAIL_SIZE (SVMS_RECORD_HEADER_SIZE + SVMS_TAIL_BODY_SIZE)

/* Where a trailer may be appended. */
typedef struct trailer_place {
    uint64_t end_offset; /* of the end record */
    uint64_t at;         /* behind the last whole tail record */
    uint64_t size;       /* of the file */
    uint8_t digest[SVMS_DIGEST_SIZE];
} trailer_place;

static svms_status hash_from(svms_verification *verification, trailer_place *place, svms_error *err)
{
    svms_window *window = &verification->front.window;
    svms_hasher *hasher = verification->front.hasher;
    uint64_t at = place->end_offset;
    if (!svms_hasher_start(hasher)) {
        return svms_fail_crypto(err, "hashing trailers");
    }
    while (at < place->at) {
        const uint8_t *bytes = NULL;
        size_t piece = 0;
        svms_status status = svms_window_piece(window, at, place->at - at, &bytes, &piece, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (!svms_hasher_update(hasher, bytes, piece)) {
            return svms_fail_crypto(err, "hashing trailers");
        }
        at += piece;
    }
    return svms_hasher_finish(hasher, place->digest) ? SVMS_OK
                                                     : svms_fail_crypto(err, "hashing trailers");
}

/* Trailers that are there, judged by the verifier's own rules. */
static svms_status pass_trailers(svms_verification *verification, const svms_end *end,
                                 trailer_place *place, svms_error *err)
{
    const svms_finding *first = &verification->report.first_failure;
    uint64_t tail = 0;
    bool torn = false;
    svms_status status = svms_front_end_size(&verification->front, end, &tail, err);
    if (status == SVMS_OK) {
        status = svms_verify_trailers(verification, end->offset, end->offset + tail, &torn, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (verification->report.has_failure) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, first->offset, "%s", first->reason);
    }
    if (!verification->report.closed) {
        return svms_fail(err, SVMS_E_INCOMPLETE, "the container is open: it has no end yet");
    }
    if (verification->trailer_count == SVMS_MAX_TRAILERS) {
        return svms_fail(err, SVMS_E_LIMIT, "the container has %u trailers already (C-LIM-1)",
                         SVMS_MAX_TRAILERS);
    }
    place->end_offset = end->offset;
    place->at = verification->position;
    place->size = verification->front.window.size;
    return hash_from(verification, place, err);
}

/* The end of a container that ends within a trailer is not where the file ends. */
static svms_status find_end(svms_verification *verification, svms_end *end, svms_error *err)
{
    svms_front *front = &verification->front;
    bool found = false;
    bool believed = true;
    svms_status status = svms_front_find_end(front, &found, end, err);
    if (status == SVMS_OK && !found) {
        status = svms_front_find_torn_end(front, &found, end, err);
    }
    if (status == SVMS_OK && !found) {
        status = svms_fail(err, SVMS_E_INCOMPLETE, "the container is open: it has no end yet");
    }
    if (status == SVMS_OK && front->verifier != NULL) {
        status = svms_front_believe_end(front, end, &believed, err);
    }
    if (status == SVMS_OK && !believed) {
        status = svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, end->offset,
                              "the signature of the end record does not fit");
    }
    return status;
}

static svms_status find_place(svms_ctx *ctx, const svms_source *source, trailer_place *place,
                              svms_error *err)
{
    svms_end end;
    svms_verification *verification = svms_alloc(ctx, sizeof(*verification));
    if (verification == NULL) {
        return svms_fail_memory(err);
    }
    verification->ctx = ctx;
    verification->source = source;
    verification->options = (svms_verify_options)SVMS_VERIFY_OPTIONS_INIT;
    verification->report = (svms_report)SVMS_REPORT_INIT;
    svms_status status = svms_front_open(&verification->front, ctx, source, err);
    if (status == SVMS_OK) {
        status = find_end(verification, &end, err);
    }
    if (status == SVMS_OK) {
        status = pass_trailers(verification, &end, place, err);
    }
    svms_release(ctx, verification->trailers);
    svms_front_clear(&verification->front);
    svms_release(ctx, verification);
    return status;
}

svms_status svms_trailer_digest(svms_ctx *ctx, const svms_source *source, uint8_t digest[32],
                                svms_error *err)
{
    svms_source given = SVMS_SOURCE_INIT;
    trailer_place place = { 0 };
    if (ctx == NULL || source == NULL || digest == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "ctx, source and digest must not be NULL");
    }
    svms_status status = svms_options_read(&given, sizeof(given), source, "svms_source", err);
    if (status == SVMS_OK && !svms_source_usable(&given)) {
        status = svms_fail(err, SVMS_E_USAGE, "the source lacks a callback");
    }
    if (status == SVMS_OK) {
        status = find_place(ctx, &given, &place, err);
    }
    if (status == SVMS_OK) {
        memcpy(digest, place.digest, SVMS_DIGEST_SIZE);
    }
    return status;
}

/* Trailer and tail record, as they will stand in the file. */
static svms_status put_trailer(svms_builder *out, const trailer_place *place, uint16_t kind,
                               const void *content, size_t size, svms_error *err)
{
    uint8_t record[SVMS_RECORD_HEADER_SIZE];
    uint8_t digest[SVMS_DIGEST_SIZE];
    svms_iovec run = { content, size };
    svms_status status = svms_sha256(out->ctx, &run, 1, digest, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_record_encode(SVMS_RECORD_TRAILER, (uint32_t)(SVMS_TRAILER_FIXED_SIZE + size), 0, record);
    svms_put_bytes(out, record, sizeof(record));
    svms_put_u16(out, kind);
    svms_put_u16(out, 0);
    svms_put_bytes(out, place->digest, SVMS_DIGEST_SIZE);
    svms_put_u32(out, (uint32_t)size);
    svms_put_bytes(out, digest, sizeof(digest));
    svms_put_bytes(out, content, size);
    svms_record_encode(SVMS_RECORD_TAIL, SVMS_TAIL_BODY_SIZE, 0, record);
    svms_put_bytes(out, record, sizeof(record));
    svms_put_u64(out, place->end_offset);
    svms_put_bytes(out, "SVMSTAIL", 8);
    return svms_builder_check(out, "a trailer", err);
}

static svms_status append(svms_ctx *ctx, const svms_store *store, const trailer_place *place,
                          uint16_t kind, const void *content, size_t size, svms_error *err)
{
    svms_builder out =
        svms_builder_new(ctx, SVMS_RECORD_HEADER_SIZE + SVMS_TRAILER_FIXED_SIZE + size + TAIL_SIZE);
    svms_status status = put_trailer(&out, place, kind, content, size, err);
    if (status == SVMS_OK && place->size > place->at) {
        status = svms_store_cut(store, place->at, err);
    }
    if (status == SVMS_OK) {
        status = svms_store_write(store, place->at, out.data, out.size, err);
    }
    if (status == SVMS_OK) {
        status = svms_store_sync(store, err);
    }
    svms_builder_clear(&out);
    return status;
}

/* The store as this version knows it, and where in it a trailer may be appended. */
static svms_status take_store(svms_ctx *ctx, const svms_store *store, svms_store *given,
                              trailer_place *place, svms_error *err)
{
    svms_status status = svms_options_read(given, sizeof(*given), store, "svms_store", err);
    if (status == SVMS_OK && !svms_store_usable(given)) {
        status = svms_fail(err, SVMS_E_USAGE, "the store lacks a callback");
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_source source = svms_store_source(given);
    return find_place(ctx, &source, place, err);
}

svms_status svms_trailer_append(svms_ctx *ctx, const svms_store *store, const void *token,
                                size_t size, svms_error *err)
{
    svms_store given = SVMS_STORE_INIT;
    trailer_place place = { 0 };
    if (ctx == NULL || store == NULL || token == NULL || size == 0 ||
        size > SVMS_TIMESTAMP_TOKEN_MAX) {
        return svms_fail(err, SVMS_E_USAGE,
                         "ctx, store and token must not be NULL; a token has 1 byte to 1 MiB");
    }
    svms_status status = take_store(ctx, store, &given, &place, err);
    if (status == SVMS_OK) {
        status = svms_timestamp_attests(token, size, place.digest, err);
    }
    return status == SVMS_OK ? append(ctx, &given, &place, SVMS_EVIDENCE_RFC3161, token, size, err)
                             : status;
}

svms_status svms_trailer_append_proof(svms_ctx *ctx, const svms_store *store, const void *proof,
                                      size_t size, const svms_attester *attester, svms_error *err)
{
    svms_store given = SVMS_STORE_INIT;
    svms_attester judge = SVMS_ATTESTER_INIT;
    trailer_place place = { 0 };
    int64_t attested_utc_ns = SVMS_NO_TIME;
    char by[SVMS_ATTESTED_BY_SIZE] = "";
    if (ctx == NULL || store == NULL || proof == NULL || attester == NULL || size == 0 ||
        size > SVMS_TRAILER_PROOF_MAX) {
        return svms_fail(err, SVMS_E_USAGE,
                         "ctx, store, proof and attester must not be NULL; a proof has 1 byte to "
                         "16 MiB");
    }
    svms_status status = svms_options_read(&judge, sizeof(judge), attester, "svms_attester", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (judge.attest == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "the attester lacks its callback");
    }
    status = take_store(ctx, store, &given, &place, err);
    if (status == SVMS_OK) {
        status = judge.attest(judge.user, proof, size, place.digest, &attested_utc_ns, by, err);
    }
    return status == SVMS_OK ? append(ctx, &given, &place, SVMS_EVIDENCE_AUDIT, proof, size, err)
                             : status;
}
