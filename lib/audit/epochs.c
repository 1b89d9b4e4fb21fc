/* SPDX-License-Identifier: Apache-2.0 */
#include "epochs.h"

#include <inttypes.h>
#include <string.h>

#include "cursor.h"
#include "failure.h"

static const char title[] = "svms audit epoch\n";
static const char separator[] = "--\n";

#define SIZE_OF(text) (sizeof(text) - 1)

static svms_status push(svms_epochs *epochs, const svms_epoch *epoch, svms_error *err)
{
    if (epochs->count >= SVMS_EPOCHS_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a log has at most %u epochs", SVMS_EPOCHS_MAX);
    }
    if (epochs->count == epochs->capacity) {
        size_t capacity = epochs->capacity > 0 ? 2 * epochs->capacity : 16;
        svms_epoch *grown = svms_grow(epochs->ctx, epochs->epoch, epochs->count * sizeof *grown,
                                      capacity * sizeof *grown);
        if (!grown) {
            return svms_fail_memory(err);
        }
        epochs->epoch = grown;
        epochs->capacity = capacity;
    }
    epochs->epoch[epochs->count++] = *epoch;
    return SVMS_OK;
}

svms_status svms_epochs_init(svms_epochs *out, svms_ctx *ctx, const svms_note_key *first,
                             svms_error *err)
{
    svms_epoch epoch = { .key = *first };
    *out = (svms_epochs){ .ctx = ctx };
    memcpy(out->origin, first->name, sizeof out->origin);
    svms_status status = svms_sha256(ctx, NULL, 0, epoch.from.root, err);
    return status == SVMS_OK ? push(out, &epoch, err) : status;
}

svms_status svms_epochs_resume(svms_epochs *out, svms_ctx *ctx, uint64_t number,
                               const svms_epoch *epoch, svms_error *err)
{
    *out = (svms_epochs){ .ctx = ctx, .first = number };
    memcpy(out->origin, epoch->key.name, sizeof out->origin);
    return push(out, epoch, err);
}

/* Of the one that comes next. */
static uint64_t next_number(const svms_epochs *epochs)
{
    return epochs->first + epochs->count;
}

void svms_epochs_clear(svms_epochs *epochs)
{
    svms_release(epochs->ctx, epochs->epoch);
    *epochs = (svms_epochs){ .ctx = epochs->ctx };
}

static void put_text(svms_builder *out, const svms_epochs *epochs, const svms_epoch *next)
{
    svms_put_bytes(out, title, SIZE_OF(title));
    svms_put_bytes(out, epochs->origin, strlen(epochs->origin));
    svms_put_u8(out, '\n');
    svms_put_decimal_line(out, next_number(epochs));
    svms_put_decimal_line(out, next->from.size);
    svms_put_hash_line(out, next->from.root);
    svms_put_note_key(out, &next->key);
    svms_put_u8(out, '\n');
}

static bool skip_line(svms_cursor *cursor, const char *line, size_t size)
{
    const uint8_t *found = svms_read_bytes(cursor, size);
    return found && memcmp(found, line, size) == 0 && svms_read_u8(cursor) == '\n';
}

static svms_status bad(const svms_epochs *epochs, svms_status status, const char *what,
                       svms_error *err)
{
    return svms_fail(err, status, "the handover to epoch %" PRIu64 " %s", next_number(epochs),
                     what);
}

static svms_status read_text(const svms_epochs *epochs, const svms_note *note, svms_epoch *out,
                             svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(note->text, note->text_size, 0);
    uint64_t number = 0;
    if (!skip_line(&cursor, title, SIZE_OF(title) - 1)) {
        return bad(epochs, SVMS_E_MALFORMED, "is none", err);
    }
    if (!skip_line(&cursor, epochs->origin, strlen(epochs->origin))) {
        return bad(epochs, SVMS_E_NOT_AUTHENTIC, "is of another log", err);
    }
    if (!svms_read_decimal_line(&cursor, &number) || number != next_number(epochs)) {
        return bad(epochs, SVMS_E_NOT_AUTHENTIC, "has another number", err);
    }
    if (!svms_read_decimal_line(&cursor, &out->from.size) || out->from.size > SVMS_TREE_MAX ||
        !svms_read_hash_line(&cursor, out->from.root)) {
        return bad(epochs, SVMS_E_MALFORMED, "has no size and root", err);
    }
    size_t left = svms_cursor_left(&cursor);
    const char *key = (const char *)svms_read_bytes(&cursor, left);
    if (left < 2 || key[left - 1] != '\n') {
        return bad(epochs, SVMS_E_MALFORMED, "names no key", err);
    }
    return svms_note_key_parse(&out->key, epochs->ctx, key, left - 1, err);
}

static svms_status check_next(const svms_epochs *epochs, const svms_epoch *next, svms_error *err)
{
    const svms_epoch *last = &epochs->epoch[epochs->count - 1];
    if (next->from.size < last->from.size) {
        return bad(epochs, SVMS_E_NOT_AUTHENTIC, "is of a smaller tree than the one before", err);
    }
    if (next->from.size == last->from.size &&
        memcmp(next->from.root, last->from.root, SVMS_DIGEST_SIZE) != 0) {
        return bad(epochs, SVMS_E_NOT_AUTHENTIC, "names another root than the one before", err);
    }
    if (next->key.kind != SVMS_NOTE_LOG || strcmp(next->key.name, epochs->origin) != 0) {
        return bad(epochs, SVMS_E_NOT_AUTHENTIC, "is to a key of another name or kind", err);
    }
    return SVMS_OK;
}

static svms_status must_be_signed(const svms_epochs *epochs, const svms_note *note,
                                  const svms_note_key *key, const char *what, svms_error *err)
{
    svms_note_finding finding;
    svms_status status = svms_note_check(note, epochs->ctx, key, &finding, err);
    if (status == SVMS_OK && !finding.is_signed) {
        return bad(epochs, SVMS_E_NOT_AUTHENTIC, what, err);
    }
    return status;
}

static svms_status read_one(svms_epochs *epochs, const void *bytes, size_t size, svms_error *err)
{
    svms_note note;
    svms_epoch next = { .from = { 0 } };
    svms_status status = svms_note_parse(&note, bytes, size, err);
    if (status == SVMS_OK) {
        status = must_be_signed(epochs, &note, &epochs->epoch[epochs->count - 1].key,
                                "is not signed by the key before", err);
    }
    if (status == SVMS_OK) {
        status = read_text(epochs, &note, &next, err);
    }
    if (status == SVMS_OK) {
        status = check_next(epochs, &next, err);
    }
    if (status == SVMS_OK) {
        status = must_be_signed(epochs, &note, &next.key, "is not signed by the key itself", err);
    }
    return status == SVMS_OK ? push(epochs, &next, err) : status;
}

/* The next line that is a separator, or the end. */
static size_t find_end(const char *text, size_t from, size_t size)
{
    for (size_t at = from; at + SIZE_OF(separator) <= size; at++) {
        bool at_line = at == from || text[at - 1] == '\n';
        if (at_line && memcmp(text + at, separator, SIZE_OF(separator)) == 0) {
            return at;
        }
    }
    return size;
}

bool svms_epochs_part(const void *text, size_t size, uint64_t number, const char **out,
                      size_t *out_size)
{
    size_t at = 0;
    for (uint64_t i = 1; at < size; i++) {
        size_t end = find_end(text, at, size);
        if (i == number) {
            *out = (const char *)text + at;
            *out_size = end - at;
            return true;
        }
        at = end + SIZE_OF(separator);
    }
    return false;
}

bool svms_handover_read(svms_handover *out, const svms_note *note)
{
    svms_cursor cursor = svms_cursor_over(note->text, note->text_size, 0);
    if (!skip_line(&cursor, title, SIZE_OF(title) - 1)) {
        return false;
    }
    const char *name = note->text + cursor.position;
    const char *end = memchr(name, '\n', svms_cursor_left(&cursor));
    size_t size = end ? (size_t)(end - name) : 0;
    if (size == 0 || size > SVMS_NOTE_NAME_MAX || !svms_skip(&cursor, size + 1)) {
        return false;
    }
    memcpy(out->origin, name, size);
    out->origin[size] = '\0';
    return svms_read_decimal_line(&cursor, &out->number) &&
           svms_read_decimal_line(&cursor, &out->at.size) && out->at.size <= SVMS_TREE_MAX &&
           svms_read_hash_line(&cursor, out->at.root);
}

svms_status svms_epochs_read(svms_epochs *epochs, const void *bytes, size_t size, svms_error *err)
{
    const char *text = bytes;
    svms_status status = SVMS_OK;
    if (size > SVMS_EPOCHS_TEXT_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "handovers have at most %zu bytes",
                         SVMS_EPOCHS_TEXT_MAX);
    }
    for (size_t at = 0; at < size && status == SVMS_OK;) {
        size_t end = find_end(text, at, size);
        status = read_one(epochs, text + at, end - at, err);
        at = end + SIZE_OF(separator);
        if (status == SVMS_OK && end < size && at >= size) {
            status = bad(epochs, SVMS_E_TRUNCATED, "is announced, and not there", err);
        }
    }
    return status;
}

svms_status svms_epochs_hand_over(svms_epochs *epochs, svms_builder *text, const svms_tree_head *at,
                                  const svms_note_key *next, svms_sign_engine *old_engine,
                                  svms_sign_engine *new_engine, svms_error *err)
{
    svms_epoch epoch = { *at, *next };
    const svms_note_key *old = &epochs->epoch[epochs->count - 1].key;
    svms_builder body = svms_builder_new(epochs->ctx, 1024);
    put_text(&body, epochs, &epoch);
    svms_status status = svms_builder_check(&body, "a handover", err);
    if (status == SVMS_OK) {
        if (text->size > 0) {
            svms_put_bytes(text, separator, SIZE_OF(separator));
        }
        svms_put_bytes(text, body.data, body.size);
        svms_put_u8(text, '\n');
        status = svms_note_sign(text, (const char *)body.data, body.size, old, old_engine, 0, err);
    }
    if (status == SVMS_OK) {
        status = svms_note_sign(text, (const char *)body.data, body.size, next, new_engine, 0, err);
    }
    svms_builder_clear(&body);
    return status == SVMS_OK ? push(epochs, &epoch, err) : status;
}

/* A checkpoint of a size is signed by the key of that size; where one epoch ends and the next
 * begins, either may have. */
static bool may_sign(const svms_epochs *epochs, size_t number, uint64_t size)
{
    bool begun = size >= epochs->epoch[number].from.size;
    bool ended = number + 1 < epochs->count && size > epochs->epoch[number + 1].from.size;
    return begun && !ended;
}

/* Who signed the note, the newest first; count: none of them. */
static svms_status find_signer(const svms_epochs *epochs, const svms_note *note, size_t *out,
                               svms_error *err)
{
    for (size_t i = epochs->count; i-- > 0;) {
        svms_note_finding finding;
        svms_status status =
            svms_note_check(note, epochs->ctx, &epochs->epoch[i].key, &finding, err);
        if (status != SVMS_OK || finding.is_signed) {
            *out = i;
            return status;
        }
    }
    return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the checkpoint is not signed by a key of the log");
}

svms_status svms_epochs_check(const svms_epochs *epochs, const void *bytes, size_t size,
                              svms_checkpoint *out, svms_error *err)
{
    svms_note note;
    size_t signer = 0;
    svms_status status = svms_note_parse(&note, bytes, size, err);
    if (status == SVMS_OK) {
        status = find_signer(epochs, &note, &signer, err);
    }
    if (status == SVMS_OK) {
        status = svms_checkpoint_parse(out, note.text, note.text_size, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (strcmp(out->origin, epochs->origin) != 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the checkpoint is of another log");
    }
    if (!may_sign(epochs, signer, out->head.size)) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the checkpoint is signed by the key of epoch %" PRIu64
                         ", which it is not of",
                         epochs->first + signer);
    }
    return svms_epochs_agree(epochs, &out->head, err);
}

svms_status svms_epochs_agree(const svms_epochs *epochs, const svms_tree_head *head,
                              svms_error *err)
{
    for (size_t i = 0; i < epochs->count; i++) {
        const svms_tree_head *from = &epochs->epoch[i].from;
        if (from->size == head->size && memcmp(from->root, head->root, SVMS_DIGEST_SIZE) != 0) {
            return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                             "the log has another root than the handover to epoch %" PRIu64 " says",
                             epochs->first + i);
        }
    }
    return SVMS_OK;
}
