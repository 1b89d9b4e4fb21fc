/* SPDX-License-Identifier: Apache-2.0 */
#include "note.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base64.h"
#include "failure.h"
#include "key_internal.h"
#include "utf8.h"

/* U+2014 and a space. */
static const char line_start[] = "\xe2\x80\x94 ";
#define LINE_START_SIZE (sizeof line_start - 1)

static bool is_note_text(const char *text, size_t size)
{
    svms_cursor cursor = svms_cursor_over(text, size, 0);
    while (!svms_cursor_at_end(&cursor)) {
        unsigned long character;
        size_t bytes = svms_utf8_peek(&cursor, &character);
        if (bytes == 0 || (character < 0x20 && character != '\n') || character == 0x7f ||
            !svms_skip(&cursor, bytes)) {
            return false;
        }
    }
    return true;
}

static svms_status bad_line(unsigned number, const char *what, svms_error *err)
{
    return svms_fail(err, SVMS_E_MALFORMED, "signature %u of the note %s", number + 1, what);
}

/* Longer signatures are of kinds that nobody knows here: they are passed over unread. */
static svms_status read_signature(svms_note_line *line, const char *text, size_t size,
                                  unsigned number, svms_error *err)
{
    uint8_t blob[4 + sizeof line->signature];
    size_t blob_size = sizeof blob;
    if (size > 4 * ((sizeof blob + 2) / 3)) {
        line->size = 0;
        return SVMS_OK;
    }
    if (!svms_base64_padded_decode(text, size, blob, &blob_size) || blob_size < 5) {
        return bad_line(number, "is no base64 of an id and a signature", err);
    }
    line->id = (uint32_t)blob[0] << 24 | (uint32_t)blob[1] << 16 | (uint32_t)blob[2] << 8 | blob[3];
    line->size = blob_size - 4;
    memcpy(line->signature, blob + 4, line->size);
    return SVMS_OK;
}

static svms_status read_line(svms_note *out, const char *text, size_t size, svms_error *err)
{
    if (out->count >= SVMS_NOTE_SIGNATURES) {
        return svms_fail(err, SVMS_E_LIMIT, "a note has at most %u signatures",
                         SVMS_NOTE_SIGNATURES);
    }
    svms_note_line *line = &out->line[out->count];
    if (size < LINE_START_SIZE || memcmp(text, line_start, LINE_START_SIZE) != 0) {
        return bad_line(out->count, "does not begin with a dash and a space", err);
    }
    *line = (svms_note_line){
        .whole = text,
        .whole_size = size + 1,
        .name = text + LINE_START_SIZE,
    };
    const char *space = memchr(line->name, ' ', size - LINE_START_SIZE);
    if (!space || space == line->name) {
        return bad_line(out->count, "has no name", err);
    }
    line->name_size = (size_t)(space - line->name);
    if (memchr(line->name, '+', line->name_size)) {
        return bad_line(out->count, "has a name with a plus sign", err);
    }
    const char *digits = space + 1;
    size_t digits_size = size - (size_t)(digits - text);
    svms_status status = read_signature(line, digits, digits_size, out->count, err);
    out->count += status == SVMS_OK;
    return status;
}

/* The last empty line parts text and signatures: the text may have empty lines of its own. */
static size_t find_signatures(const char *bytes, size_t size)
{
    for (size_t end = size; end >= 2; end--) {
        if (bytes[end - 1] == '\n' && bytes[end - 2] == '\n') {
            return end;
        }
    }
    return 0;
}

svms_status svms_note_parse(svms_note *out, const void *bytes, size_t size, svms_error *err)
{
    const char *text = bytes;
    out->count = 0;
    if (size > SVMS_NOTE_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a note has at most %u bytes", SVMS_NOTE_MAX);
    }
    if (!is_note_text(text, size)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the note is not UTF-8, or has control characters");
    }
    size_t at = find_signatures(text, size);
    if (at < 3 || at == size || text[size - 1] != '\n') {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "a note is text, an empty line, and lines with signatures");
    }
    out->text = text;
    out->text_size = at - 1;
    svms_status status = SVMS_OK;
    while (at < size && status == SVMS_OK) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = (size_t)(end - (text + at));
        status = read_line(out, text + at, length, err);
        at += length + 1;
    }
    return status;
}

static bool is_by(const svms_note_line *line, const svms_note_key *key)
{
    return line->size > 0 && line->id == key->id && line->name_size == strlen(key->name) &&
           memcmp(line->name, key->name, line->name_size) == 0;
}

const svms_note_line *svms_note_find(const svms_note *note, const svms_note_key *key)
{
    for (unsigned i = 0; i < note->count; i++) {
        if (is_by(&note->line[i], key)) {
            return &note->line[i];
        }
    }
    return NULL;
}

/* What a cosignature is over, in front of the text. */
static void put_cosigned(svms_builder *out, int64_t at_utc_s, const char *text, size_t text_size)
{
    char front[64];
    int length = snprintf(front, sizeof front, "cosignature/v1\ntime %" PRId64 "\n", at_utc_s);
    svms_put_bytes(out, front, (size_t)length);
    svms_put_bytes(out, text, text_size);
}

static svms_status verifier_of(svms_verify_engine **out, svms_public_key **holder, svms_ctx *ctx,
                               const svms_note_key *key, svms_error *err)
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key_ex(
        svms_ossl_context(ctx), "ED25519", svms_ossl_properties(ctx), key->key, sizeof key->key);
    if (!pkey) {
        return svms_fail_crypto(err, "making a public key");
    }
    svms_status status = svms_public_key_from_evp(holder, ctx, pkey, err);
    EVP_PKEY_free(pkey);
    return status == SVMS_OK ? svms_verify_engine_new(out, ctx, *holder, err) : status;
}

static svms_status verify_over(svms_ctx *ctx, const svms_note_key *key, const void *data,
                               size_t size, const uint8_t *signature, svms_error *err)
{
    svms_public_key *holder = NULL;
    svms_verify_engine *engine = NULL;
    svms_status status = verifier_of(&engine, &holder, ctx, key, err);
    if (status == SVMS_OK) {
        status = svms_verify(engine, SVMS_SIG_ED25519, data, size, signature,
                             SVMS_NOTE_SIGNATURE_SIZE, err);
    }
    svms_verify_engine_free(&engine);
    svms_public_key_free(&holder);
    return status;
}

static svms_status verify_cosignature(const svms_note *note, svms_ctx *ctx,
                                      const svms_note_key *key, const svms_note_line *line,
                                      svms_note_finding *out, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(line->signature, line->size, 0);
    uint64_t at = svms_read_u64(&cursor);
    if (at > INT64_MAX) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the cosignature of \"%s\" has no time",
                         key->name);
    }
    svms_builder signed_text = svms_builder_new(ctx, SVMS_NOTE_MAX + 64);
    put_cosigned(&signed_text, (int64_t)at, note->text, note->text_size);
    svms_status status = svms_builder_check(&signed_text, "a cosigned text", err);
    if (status == SVMS_OK) {
        status =
            verify_over(ctx, key, signed_text.data, signed_text.size, line->signature + 8, err);
    }
    svms_builder_clear(&signed_text);
    out->at_utc_s = (int64_t)at;
    return status;
}

static svms_status verify_line(const svms_note *note, svms_ctx *ctx, const svms_note_key *key,
                               const svms_note_line *line, svms_note_finding *out, svms_error *err)
{
    size_t expected = SVMS_NOTE_SIGNATURE_SIZE + (key->kind == SVMS_NOTE_COSIGNATURE ? 8 : 0);
    if (line->size != expected) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the signature of \"%s\" has %zu bytes",
                         key->name, line->size);
    }
    svms_status status =
        key->kind == SVMS_NOTE_COSIGNATURE
            ? verify_cosignature(note, ctx, key, line, out, err)
            : verify_over(ctx, key, note->text, note->text_size, line->signature, err);
    if (status == SVMS_E_NOT_AUTHENTIC) {
        return svms_fail(err, status, "the signature of \"%s\" does not verify", key->name);
    }
    return status;
}

svms_status svms_note_check(const svms_note *note, svms_ctx *ctx, const svms_note_key *key,
                            svms_note_finding *out, svms_error *err)
{
    const svms_note_line *found = NULL;
    *out = (svms_note_finding){ 0 };
    for (unsigned i = 0; i < note->count; i++) {
        if (!is_by(&note->line[i], key)) {
            continue;
        }
        if (found) {
            return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "\"%s\" has signed twice", key->name);
        }
        found = &note->line[i];
    }
    if (!found) {
        return SVMS_OK;
    }
    svms_status status = verify_line(note, ctx, key, found, out, err);
    out->is_signed = status == SVMS_OK;
    return status;
}

static void put_line(svms_builder *out, const svms_note_key *key, const uint8_t *signature,
                     size_t size)
{
    uint8_t blob[4 + 8 + SVMS_NOTE_SIGNATURE_SIZE];
    svms_store_u32(blob, key->id);
    memcpy(blob + 4, signature, size);
    svms_put_bytes(out, line_start, LINE_START_SIZE);
    svms_put_bytes(out, key->name, strlen(key->name));
    svms_put_u8(out, ' ');
    svms_put_base64_padded(out, blob, 4 + size);
    svms_put_u8(out, '\n');
}

svms_status svms_note_sign(svms_builder *out, const char *text, size_t text_size,
                           const svms_note_key *key, svms_sign_engine *engine, int64_t now_utc_s,
                           svms_error *err)
{
    uint8_t signature[8 + SVMS_NOTE_SIGNATURE_SIZE];
    size_t front = key->kind == SVMS_NOTE_COSIGNATURE ? 8 : 0;
    size_t size = SVMS_NOTE_SIGNATURE_SIZE;
    svms_builder over = svms_builder_new(out->ctx, SVMS_NOTE_MAX + 64);
    if (front > 0) {
        svms_store_u64(signature, (uint64_t)now_utc_s);
        put_cosigned(&over, now_utc_s, text, text_size);
    } else {
        svms_put_bytes(&over, text, text_size);
    }
    svms_status status = svms_builder_check(&over, "a text to sign", err);
    if (status == SVMS_OK) {
        status = svms_sign(engine, over.data, over.size, signature + front, &size, err);
    }
    svms_builder_clear(&over);
    if (status != SVMS_OK) {
        return status;
    }
    put_line(out, key, signature, front + size);
    return svms_builder_check(out, "a note", err);
}
