/* SPDX-License-Identifier: Apache-2.0 */
#include "proof_text.h"

#include <string.h>

#include "base64.h"
#include "failure.h"
#include "tile.h"

static const char first_line[] = "c2sp.org/tlog-proof@v1\n";
static const char extra_start[] = "extra ";
static const char index_start[] = "index ";
/* What parts the checkpoint from the handovers. */
static const char separator[] = "--\n";

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

static svms_status read_hashes(svms_tree_proof *out, svms_cursor *cursor, svms_error *err)
{
    out->count = 0;
    while (svms_cursor_left(cursor) > 0 && cursor->data[cursor->position] != '\n') {
        if (out->count >= SVMS_TREE_PROOF_MAX) {
            return svms_fail(err, SVMS_E_MALFORMED, "no proof has more than %u hashes",
                             SVMS_TREE_PROOF_MAX);
        }
        if (!svms_read_hash_line(cursor, out->hash[out->count])) {
            return svms_fail(err, SVMS_E_MALFORMED, "hash %u of the proof is no SHA-256 in base64",
                             out->count + 1);
        }
        out->count++;
    }
    return svms_skip(cursor, 1) ? SVMS_OK
                                : svms_fail(err, SVMS_E_TRUNCATED, "the proof has no checkpoint");
}

/* A line of its own: no line of a note begins that way but in its text, which has three lines. */
static const char *find_separator(const char *text, size_t size)
{
    for (size_t at = 0; at + SIZE_OF(separator) <= size; at++) {
        if ((at == 0 || text[at - 1] == '\n') &&
            memcmp(text + at, separator, SIZE_OF(separator)) == 0) {
            return text + at;
        }
    }
    return NULL;
}

static void part_checkpoint(svms_proof_text *out, const char *text, size_t size)
{
    const char *parted = find_separator(text, size);
    out->checkpoint = text;
    out->checkpoint_size = parted ? (size_t)(parted - text) : size;
    if (parted) {
        out->epochs = parted + SIZE_OF(separator);
        out->epochs_size = size - out->checkpoint_size - SIZE_OF(separator);
    }
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
        status = read_hashes(&out->inclusion, &cursor, err);
    }
    if (status == SVMS_OK) {
        part_checkpoint(out, (const char *)bytes + cursor.position, size - cursor.position);
    } else {
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
        svms_put_bytes(out, separator, SIZE_OF(separator));
        svms_put_bytes(out, proof->epochs, proof->epochs_size);
    }
}
