/* SPDX-License-Identifier: Apache-2.0 */
#include "growth_text.h"

#include <string.h>

#include "failure.h"

static const char old_start[] = "old ";
#define OLD_SIZE (sizeof old_start - 1)

const char *svms_find_dashes(const char *text, size_t size)
{
    for (size_t at = 0; at + SVMS_DASHES_SIZE <= size; at++) {
        if ((at == 0 || text[at - 1] == '\n') &&
            memcmp(text + at, SVMS_DASHES, SVMS_DASHES_SIZE) == 0) {
            return text + at;
        }
    }
    return NULL;
}

static bool is_hash_line_next(const svms_cursor *cursor)
{
    size_t left = svms_cursor_left(cursor);
    const uint8_t *next = cursor->data + cursor->position;
    return left > 0 && next[0] != '\n' &&
           !(left >= SVMS_DASHES_SIZE && memcmp(next, SVMS_DASHES, SVMS_DASHES_SIZE) == 0);
}

static svms_status read_lines(svms_cursor *cursor, unsigned most, svms_tree_proof *out,
                              unsigned *lines, svms_error *err)
{
    out->count = 0;
    for (*lines = 0; is_hash_line_next(cursor); (*lines)++) {
        uint8_t hash[SVMS_DIGEST_SIZE];
        if (*lines == most) {
            return svms_fail(err, SVMS_E_MALFORMED, "there are more than %u hashes", most);
        }
        if (!svms_read_hash_line(cursor, hash)) {
            return svms_fail(err, SVMS_E_MALFORMED, "hash %u is no SHA-256 in base64", *lines + 1);
        }
        if (out->count < SVMS_TREE_PROOF_MAX) {
            memcpy(out->hash[out->count++], hash, sizeof hash);
        }
    }
    return SVMS_OK;
}

svms_status svms_read_hashes(svms_cursor *cursor, svms_tree_proof *out, svms_error *err)
{
    unsigned lines = 0;
    return read_lines(cursor, SVMS_TREE_PROOF_MAX, out, &lines, err);
}

bool svms_growth_begins(const char *text, size_t size)
{
    return size >= OLD_SIZE && memcmp(text, old_start, OLD_SIZE) == 0;
}

static svms_status read_from(svms_cursor *cursor, uint64_t *from, svms_error *err)
{
    const uint8_t *start = svms_read_bytes(cursor, OLD_SIZE);
    return start && memcmp(start, old_start, OLD_SIZE) == 0 &&
                   svms_read_decimal_line(cursor, from) && *from <= SVMS_TREE_MAX
               ? SVMS_OK
               : svms_fail(err, SVMS_E_MALFORMED,
                           "the first line is not \"old\" and a size in decimal");
}

svms_status svms_read_growth(svms_cursor *cursor, uint64_t *from, svms_tree_proof *out,
                             svms_error *err)
{
    svms_status status = read_from(cursor, from, err);
    return status == SVMS_OK ? svms_read_hashes(cursor, out, err) : status;
}

static svms_status read_empty_line(svms_cursor *cursor, svms_error *err)
{
    const uint8_t *empty = svms_read_bytes(cursor, 1);
    return empty && *empty == '\n'
               ? SVMS_OK
               : svms_fail(err, empty ? SVMS_E_MALFORMED : SVMS_E_TRUNCATED,
                           "there is no empty line, and no checkpoint behind it");
}

svms_status svms_read_growth_request(svms_cursor *cursor, unsigned most, uint64_t *from,
                                     svms_tree_proof *out, unsigned *lines, svms_error *err)
{
    svms_status status = read_from(cursor, from, err);
    if (status == SVMS_OK) {
        status = read_lines(cursor, most, out, lines, err);
    }
    return status == SVMS_OK ? read_empty_line(cursor, err) : status;
}

void svms_put_growth(svms_builder *out, uint64_t from, const svms_tree_proof *proof)
{
    svms_put_bytes(out, old_start, OLD_SIZE);
    svms_put_decimal_line(out, from);
    for (unsigned i = 0; i < proof->count; i++) {
        svms_put_hash_line(out, proof->hash[i]);
    }
}

svms_status svms_growth_text_parse(svms_growth_text *out, const void *bytes, size_t size,
                                   svms_error *err)
{
    *out = (svms_growth_text){ 0 };
    if (size > SVMS_GROWTH_TEXT_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a proof has at most %u bytes", SVMS_GROWTH_TEXT_MAX);
    }
    svms_cursor cursor = svms_cursor_over(bytes, size, 0);
    unsigned lines = 0;
    svms_status status = svms_read_growth_request(&cursor, SVMS_TREE_PROOF_MAX, &out->from,
                                                  &out->proof, &lines, err);
    if (status != SVMS_OK) {
        return status;
    }
    const char *rest = (const char *)bytes + cursor.position;
    size_t left = svms_cursor_left(&cursor);
    const char *dashes = svms_find_dashes(rest, left);
    out->checkpoint = rest;
    out->checkpoint_size = dashes ? (size_t)(dashes - rest) : left;
    if (dashes) {
        out->epochs = dashes + SVMS_DASHES_SIZE;
        out->epochs_size = left - out->checkpoint_size - SVMS_DASHES_SIZE;
    }
    return SVMS_OK;
}

void svms_put_growth_text(svms_builder *out, const svms_growth_text *growth)
{
    svms_put_growth(out, growth->from, &growth->proof);
    svms_put_u8(out, '\n');
    svms_put_bytes(out, growth->checkpoint, growth->checkpoint_size);
    if (growth->epochs) {
        svms_put_bytes(out, SVMS_DASHES, SVMS_DASHES_SIZE);
        svms_put_bytes(out, growth->epochs, growth->epochs_size);
    }
}
