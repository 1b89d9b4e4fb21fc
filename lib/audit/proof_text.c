/* SPDX-License-Identifier: Apache-2.0 */
#include "proof_text.h"

#include <string.h>

#include "base64.h"
#include "failure.h"
#include "tile.h"

static const char first_line[] = "c2sp.org/tlog-proof@v1\n";
static const char extra_start[] = "extra ";
static const char index_start[] = "index ";

#define SIZE_OF(text) (sizeof(text) - 1)

static bool skip_text(svms_cursor *cursor, const char *text, size_t size)
{
    const uint8_t *found = svms_read_bytes(cursor, size);
    return found && memcmp(found, text, size) == 0;
}

/* The record, as a line of base64 with its padding. */
static svms_status read_record(svms_proof_text *out, svms_ctx *ctx, svms_cursor *cursor,
                               svms_error *err)
{
    const char *digits = (const char *)cursor->data + cursor->position;
    const char *end = memchr(digits, '\n', svms_cursor_left(cursor));
    size_t size = end ? (size_t)(end - digits) : 0;
    size_t bytes = svms_base64_padded_size(digits, size);
    if (size == 0 || bytes == 0 || bytes > SVMS_AUDIT_RECORD_MAX) {
        return svms_fail(err, SVMS_E_MALFORMED, "the proof has no record in its second line");
    }
    out->record = svms_alloc(ctx, bytes);
    if (!out->record) {
        return svms_fail_memory(err);
    }
    out->record_size = bytes;
    if (!svms_base64_padded_decode(digits, size, out->record, &bytes) ||
        !svms_skip(cursor, size + 1)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the record of the proof is no base64");
    }
    return SVMS_OK;
}

/* The checkpoint, and what lies behind it: growth, and handovers. */
static svms_status read_rest(svms_proof_text *out, const char *text, size_t size, svms_error *err)
{
    const char *dashes = svms_find_dashes(text, size);
    out->checkpoint = text;
    out->checkpoint_size = dashes ? (size_t)(dashes - text) : size;
    if (!dashes) {
        return SVMS_OK;
    }
    const char *rest = dashes + SVMS_DASHES_SIZE;
    size_t left = size - out->checkpoint_size - SVMS_DASHES_SIZE;
    if (svms_growth_begins(rest, left)) {
        svms_cursor cursor = svms_cursor_over(rest, left, 0);
        out->has_growth = true;
        svms_status status = svms_read_growth(&cursor, &out->growth_from, &out->growth, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (!skip_text(&cursor, SVMS_DASHES, SVMS_DASHES_SIZE)) {
            return svms_fail(err, SVMS_E_MALFORMED, "the proof has no handovers behind its growth");
        }
        rest += cursor.position;
        left -= cursor.position;
    }
    out->epochs = rest;
    out->epochs_size = left;
    return left > 0 ? SVMS_OK
                    : svms_fail(err, SVMS_E_TRUNCATED, "the proof ends where handovers should be");
}

svms_status svms_proof_text_parse(svms_proof_text *out, svms_ctx *ctx, const void *bytes,
                                  size_t size, svms_error *err)
{
    *out = (svms_proof_text){ 0 };
    if (size > SVMS_PROOF_TEXT_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a proof has at most %u bytes", SVMS_PROOF_TEXT_MAX);
    }
    svms_cursor cursor = svms_cursor_over(bytes, size, 0);
    if (!skip_text(&cursor, first_line, SIZE_OF(first_line))) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "this is no proof of a record (c2sp.org/tlog-proof)");
    }
    if (!skip_text(&cursor, extra_start, SIZE_OF(extra_start))) {
        return svms_fail(err, SVMS_E_MALFORMED, "the proof has no record in its second line");
    }
    svms_status status = read_record(out, ctx, &cursor, err);
    if (status == SVMS_OK && (!skip_text(&cursor, index_start, SIZE_OF(index_start)) ||
                              !svms_read_decimal_line(&cursor, &out->index))) {
        status =
            svms_fail(err, SVMS_E_MALFORMED, "the proof does not say which record it is about");
    }
    if (status == SVMS_OK) {
        status = svms_read_hashes(&cursor, &out->inclusion, err);
    }
    if (status == SVMS_OK && !skip_text(&cursor, "\n", 1)) {
        status = svms_fail(err, SVMS_E_TRUNCATED, "the proof has no checkpoint");
    }
    if (status == SVMS_OK) {
        status = read_rest(out, (const char *)bytes + cursor.position, size - cursor.position, err);
    }
    if (status != SVMS_OK) {
        svms_proof_text_clear(out, ctx);
    }
    return status;
}

void svms_proof_text_clear(svms_proof_text *proof, svms_ctx *ctx)
{
    svms_release(ctx, proof->record);
    proof->record = NULL;
}

void svms_put_proof_text(svms_builder *out, const svms_proof_text *proof)
{
    svms_put_bytes(out, first_line, SIZE_OF(first_line));
    svms_put_bytes(out, extra_start, SIZE_OF(extra_start));
    svms_put_base64_padded(out, proof->record, proof->record_size);
    svms_put_u8(out, '\n');
    svms_put_bytes(out, index_start, SIZE_OF(index_start));
    svms_put_decimal_line(out, proof->index);
    for (unsigned i = 0; i < proof->inclusion.count; i++) {
        svms_put_hash_line(out, proof->inclusion.hash[i]);
    }
    svms_put_u8(out, '\n');
    svms_put_bytes(out, proof->checkpoint, proof->checkpoint_size);
    if (proof->epochs) {
        svms_put_bytes(out, SVMS_DASHES, SVMS_DASHES_SIZE);
        if (proof->has_growth) {
            svms_put_growth(out, proof->growth_from, &proof->growth);
            svms_put_bytes(out, SVMS_DASHES, SVMS_DASHES_SIZE);
        }
        svms_put_bytes(out, proof->epochs, proof->epochs_size);
    }
}
