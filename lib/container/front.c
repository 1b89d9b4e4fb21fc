/* SPDX-License-Identifier: Apache-2.0 */
#include "front.h"

#include <string.h>

#include "failure.h"
#include "record.h"
#include "stream.h"

static svms_status read_header(svms_front *front, svms_error *err)
{
    uint8_t fixed[SVMS_HEADER_PREFIX_OFFSET] = { 0 };
    size_t got = 0;
    uint32_t size = 0;
    svms_status status =
        svms_source_read_some(&front->window.source, 0, fixed, sizeof(fixed), &got, err);
    if (status == SVMS_OK && got == 0) {
        status = svms_fail_at(err, SVMS_E_MALFORMED, 0, "the file is empty");
    }
    if (status == SVMS_OK) {
        status = svms_header_peek(fixed, &size, err);
        if (status != SVMS_OK && got < sizeof(fixed) && status != SVMS_E_MALFORMED) {
            status = svms_fail_at(err, SVMS_E_TRUNCATED, got, "the file ends within its header");
        }
    }
    if (status != SVMS_OK) {
        return status;
    }
    front->raw = svms_alloc(front->ctx, size);
    if (front->raw == NULL) {
        return svms_fail_memory(err);
    }
    front->raw_size = size;
    return svms_source_read(&front->window.source, 0, front->raw, size, err);
}

static svms_status make_signer(svms_front *front, svms_error *err)
{
    svms_header *header = &front->header;
    if (header->signer.role == SVMS_ROLE_NONE) {
        return SVMS_OK;
    }
    svms_status status = svms_chain_from_wire(&front->chain, front->ctx, header->chain,
                                              header->chain_size, header->chain_offset, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (memcmp(svms_chain_leaf_digest(front->chain), header->signer.signer_digest,
               SVMS_DIGEST_SIZE) != 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, SVMS_HEADER_PREFIX_OFFSET + 16,
                            "the header names another certificate than it holds (C-OBJ-2)");
    }
    return svms_verify_engine_new(&front->verifier, front->ctx, svms_chain_leaf_key(front->chain),
                                  err);
}

static svms_status read_slots(svms_front *front, uint64_t offset, svms_error *err)
{
    if (!front->header.has_keys) {
        return SVMS_OK;
    }
    front->slots_size = 2 * (size_t)front->header.slot_size;
    front->slots = svms_alloc(front->ctx, front->slots_size);
    if (front->slots == NULL) {
        return svms_fail_memory(err);
    }
    svms_status status =
        svms_source_read(&front->window.source, offset, front->slots, front->slots_size, err);
    if (status == SVMS_OK) {
        status = svms_access_parse(&front->access, front->ctx, &front->header, front->slots, offset,
                                   err);
    }
    return status;
}

/* A signature record that breaks a rule is a wrong signature, not a header that breaks one
 * (C-VER-8); and only manifests can be signed in a batch (C-SIG-3). */
static svms_status check_header_signature(svms_front *front, size_t *size, svms_error *err)
{
    svms_status status = svms_front_check_signature(front, front->raw_size, SVMS_SIGNED_HEADER,
                                                    front->raw, front->raw_size, size, NULL, err);
    if (status == SVMS_E_MALFORMED) {
        status = SVMS_E_NOT_AUTHENTIC;
        if (err != NULL) {
            err->status = status;
        }
    }
    return status;
}

static svms_status open_front(svms_front *front, svms_error *err)
{
    size_t signature_size = 0;
    svms_status status = svms_window_refresh(&front->window, err);
    if (status == SVMS_OK) {
        status = read_header(front, err);
    }
    if (status == SVMS_OK) {
        svms_iovec run = { front->raw, front->raw_size };
        status = svms_sha256(front->ctx, &run, 1, front->header.hash, err);
    }
    if (status == SVMS_OK) {
        status = svms_header_parse_signer(&front->header, front->raw, front->raw_size, err);
    }
    if (status == SVMS_OK) {
        status = make_signer(front, err);
    }
    if (status == SVMS_OK) {
        status = check_header_signature(front, &signature_size, err);
    }
    if (status == SVMS_OK) {
        status = svms_header_parse_fields(&front->header, front->raw, front->raw_size, err);
    }
    if (status == SVMS_OK) {
        status = read_slots(front, front->raw_size + signature_size, err);
    }
    front->first_record = front->raw_size + signature_size + front->slots_size;
    return status;
}

svms_status svms_front_open(svms_front *front, svms_ctx *ctx, const svms_source *source,
                            svms_error *err)
{
    memset(front, 0, sizeof(*front));
    front->ctx = ctx;
    svms_window_init(&front->window, ctx, source);
    svms_status status = svms_hasher_new(&front->hasher, ctx, err);
    if (status == SVMS_OK) {
        status = svms_hasher_new(&front->proof_hasher, ctx, err);
    }
    return status == SVMS_OK ? open_front(front, err) : status;
}

svms_status svms_front_unlock(svms_front *front, const svms_keyring *ring, svms_error *err)
{
    if (!front->header.has_keys) {
        return SVMS_OK;
    }
    svms_status status = svms_access_unlock(front->ctx, &front->header, &front->access, ring,
                                            front->content_key, err);
    if (status == SVMS_OK) {
        status = svms_segment_root(front->ctx, front->content_key, front->header.hash,
                                   front->segment_root, err);
    }
    front->unlocked = status == SVMS_OK;
    return status;
}

void svms_front_clear(svms_front *front)
{
    svms_chain_free(&front->chain);
    svms_verify_engine_free(&front->verifier);
    svms_hasher_free(&front->hasher);
    svms_hasher_free(&front->proof_hasher);
    svms_window_clear(&front->window);
    svms_release(front->ctx, front->slots);
    svms_release(front->ctx, front->raw);
    svms_wipe(front, sizeof(*front));
}

static svms_status read_signature_record(svms_front *front, uint64_t offset, svms_record *record,
                                         const uint8_t **bytes, svms_error *err)
{
    size_t got = 0;
    svms_status status =
        svms_window_peek(&front->window, offset,
                         SVMS_RECORD_HEADER_SIZE + SVMS_MAX_SIGNATURE_RECORD, bytes, &got, err);
    if (status == SVMS_OK) {
        status = svms_record_parse(record, *bytes, got, offset, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (record->type != SVMS_RECORD_SIGNATURE || record->number != 0) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, offset, "the signature is missing");
    }
    if (record->body_size > SVMS_MAX_SIGNATURE_RECORD) {
        return svms_fail_at(err, SVMS_E_LIMIT, offset + 4,
                            "a signature record of %u bytes exceeds its bound (C-LIM-1)",
                            record->body_size);
    }
    if (got < SVMS_RECORD_HEADER_SIZE + (size_t)record->body_size) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, offset + got,
                            "the file ends within a signature");
    }
    return SVMS_OK;
}

svms_status svms_front_check_signature(svms_front *front, uint64_t offset, uint64_t number,
                                       const uint8_t *object, size_t object_size,
                                       size_t *record_size, svms_hasher *also, svms_error *err)
{
    const uint8_t *bytes = NULL;
    svms_signature signature;
    svms_record record;
    *record_size = 0;
    if (front->verifier == NULL) {
        return SVMS_OK;
    }
    svms_status status = read_signature_record(front, offset, &record, &bytes, err);
    if (status != SVMS_OK) {
        return status;
    }
    *record_size = SVMS_RECORD_HEADER_SIZE + (size_t)record.body_size;
    if (also != NULL && !svms_hasher_update(also, bytes, *record_size)) {
        return svms_fail_crypto(err, "hashing a signature");
    }
    status = svms_signature_parse(&signature, &front->header, bytes + SVMS_RECORD_HEADER_SIZE,
                                  record.body_size, offset + SVMS_RECORD_HEADER_SIZE, err);
    if (status == SVMS_OK && signature.number != number) {
        status = svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, offset + SVMS_RECORD_HEADER_SIZE,
                              "the signature belongs to another object (C-SIG-1)");
    }
    if (status != SVMS_OK) {
        return status;
    }
    return svms_signature_check(&signature, &front->header, front->verifier, front->proof_hasher,
                                object, object_size, offset, err);
}

svms_status svms_front_has_signature(svms_front *front, uint64_t offset, uint64_t number,
                                     bool *present, svms_error *err)
{
    const uint8_t *bytes = NULL;
    size_t got = 0;
    svms_record record;
    *present = front->verifier != NULL;
    if (!*present || !svms_signatures_may_lack(&front->header)) {
        return SVMS_OK;
    }
    size_t wanted = SVMS_RECORD_HEADER_SIZE + SVMS_SIGNATURE_FIXED_SIZE;
    svms_status status = svms_window_peek(&front->window, offset, wanted, &bytes, &got, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (got < SVMS_RECORD_HEADER_SIZE ||
        svms_record_parse(&record, bytes, got, offset, NULL) != SVMS_OK) {
        /* Cut or damaged: whoever reads it next says so; where its first byte is right, as what it
         * is. */
        *present = got != 0 && bytes[0] != SVMS_RECORD_START && bytes[0] != SVMS_RECORD_INDEX &&
                   bytes[0] != SVMS_RECORD_END;
        return SVMS_OK;
    }
    *present = record.type == SVMS_RECORD_SIGNATURE && record.number == 0;
    if (*present && got == wanted) {
        svms_cursor cursor = svms_cursor_over(bytes, got, offset);
        (void)svms_skip(&cursor, SVMS_RECORD_HEADER_SIZE + 4);
        *present = svms_read_u64(&cursor) == number;
    }
    return SVMS_OK;
}

/* Bytes at the end of the file are looked at from here backwards. */
#define ZERO_STEP 4096u

static svms_status find_written_end(svms_front *front, svms_error *err)
{
    uint8_t bytes[ZERO_STEP];
    uint64_t end = front->window.size;
    while (end > 0) {
        size_t step = end < sizeof(bytes) ? (size_t)end : sizeof(bytes);
        svms_status status = svms_source_read(&front->window.source, end - step, bytes, step, err);
        if (status != SVMS_OK) {
            return status;
        }
        while (step > 0 && bytes[step - 1] == 0) {
            step--;
            end--;
        }
        if (step > 0) {
            break;
        }
    }
    front->written_end = end;
    front->written_size = front->window.size;
    return SVMS_OK;
}

svms_status svms_front_is_unwritten(svms_front *front, uint64_t offset, bool *unwritten,
                                    svms_error *err)
{
    *unwritten = false;
    if (front->written_size != front->window.size || front->window.size == 0) {
        svms_status status = find_written_end(front, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    *unwritten = offset >= front->written_end;
    return SVMS_OK;
}

svms_status svms_front_parse_record(svms_front *front, svms_record *record, const uint8_t *bytes,
                                    size_t got, uint64_t offset, svms_error *err)
{
    bool unwritten = false;
    svms_status status = svms_record_parse(record, bytes, got, offset, err);
    if (status == SVMS_OK || status == SVMS_E_TRUNCATED || got == 0) {
        return status;
    }
    svms_status asked = svms_front_is_unwritten(front, offset + got - 1, &unwritten, err);
    if (asked != SVMS_OK) {
        return asked;
    }
    if (!unwritten) {
        return status;
    }
    size_t written = front->written_end > offset ? (size_t)(front->written_end - offset) : 0;
    svms_error found = SVMS_ERROR_INIT;
    return svms_record_parse(record, bytes, written, offset, &found) == SVMS_E_TRUNCATED
               ? SVMS_E_TRUNCATED
               : status;
}
