/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs made from a log that is open for reading (A-PRF-1, A-PRF-5). */
#include <inttypes.h>
#include <string.h>

#include <svms/audit_proof.h>

#include "failure.h"
#include "proof_text.h"
#include "reader.h"

/* The checkpoint that a proof leads to. */
typedef struct target {
    svms_builder note;
    svms_tree_head head;
    size_t epoch; /* whose key signed it */
} target;

static svms_status find_epoch(const svms_audit_reader *reader, target *to, svms_error *err)
{
    svms_note note;
    svms_status status = svms_note_parse(&note, to->note.data, to->note.size, err);
    for (size_t i = reader->epochs.count; status == SVMS_OK && i-- > 0;) {
        svms_note_finding found;
        status = svms_note_check(&note, reader->ctx, &reader->epochs.epoch[i].key, &found, err);
        if (status == SVMS_OK && found.is_signed) {
            to->epoch = i;
            return SVMS_OK;
        }
    }
    return status == SVMS_OK
               ? svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the checkpoint is not signed by the log")
               : status;
}

static svms_status take(const svms_builder *note, const svms_tree_head *head, target *out,
                        svms_error *err)
{
    svms_builder_reset(&out->note);
    svms_put_bytes(&out->note, note->data, note->size);
    out->head = *head;
    return svms_builder_check(&out->note, "a checkpoint", err);
}

/* A cosigned checkpoint that is good for a proof: of the log's key, of a size that has the record,
 * and with the root that the tree has there. Any other is passed over. */
static svms_status take_witnessed(svms_audit_reader *reader, uint64_t index, target *out,
                                  bool *is_taken, svms_error *err)
{
    svms_checkpoint checkpoint;
    svms_error why = SVMS_ERROR_INIT;
    uint8_t root[SVMS_DIGEST_SIZE];
    *is_taken = false;
    svms_status status = svms_log_read_file(reader->folder, "witnessed", &out->note, &why);
    if (status == SVMS_OK) {
        status =
            svms_epochs_check(&reader->epochs, out->note.data, out->note.size, &checkpoint, &why);
    }
    /* Without what cannot be read it would be a proof that no witness has cosigned. */
    bool is_unread = status == SVMS_E_IO && !svms_log_is_missing(status, &why);
    if (status == SVMS_E_NO_MEMORY || status == SVMS_E_CRYPTO || is_unread) {
        return svms_fail_as(err, status, &why);
    }
    bool has_it = status == SVMS_OK && checkpoint.head.size > index &&
                  checkpoint.head.size <= reader->state->head.size;
    if (!has_it) {
        return SVMS_OK;
    }
    svms_tree_source source = svms_reader_source(reader->state);
    status = svms_tree_root_at(&source, checkpoint.head.size, root, err);
    *is_taken =
        status == SVMS_OK && memcmp(root, checkpoint.head.root, sizeof checkpoint.head.root) == 0;
    out->head = checkpoint.head;
    return status;
}

static svms_status choose(svms_audit_reader *reader, uint64_t index, target *out, svms_error *err)
{
    svms_reader_state *state = reader->state;
    bool is_taken = false;
    if (index >= state->head.size) {
        return svms_fail(err, SVMS_E_USAGE, "the log has no record %" PRIu64, index);
    }
    svms_status status = take_witnessed(reader, index, out, &is_taken, err);
    if (status == SVMS_OK && !is_taken) {
        bool is_published = index < state->published.size || state->end_note.size == 0;
        status = is_published ? take(&state->note, &state->published, out, err)
                              : take(&state->end_note, &state->head, out, err);
    }
    return status == SVMS_OK ? find_epoch(reader, out, err) : status;
}

/* Where the handovers up to an epoch end in their text. */
static size_t handovers_size(const svms_builder *text, size_t epochs)
{
    size_t at = 0;
    for (size_t i = 0; i < epochs && at < text->size; i++) {
        const char *rest = (const char *)text->data + at;
        const char *dashes = svms_find_dashes(rest, text->size - at);
        if (!dashes) {
            return text->size;
        }
        at += (size_t)(dashes - rest) + (i + 1 < epochs ? SVMS_DASHES_SIZE : 0);
    }
    return at;
}

static void add_handovers(const svms_audit_reader *reader, const target *to, const char **epochs,
                          size_t *size)
{
    if (to->epoch > 0) {
        *epochs = (const char *)reader->epochs_text.data;
        *size = handovers_size(&reader->epochs_text, to->epoch);
    }
}

static svms_status add_growth(svms_audit_reader *reader, const target *to, svms_proof_text *out,
                              svms_error *err)
{
    svms_tree_source source = svms_reader_source(reader->state);
    for (size_t i = 1; i <= to->epoch; i++) {
        uint64_t size = reader->epochs.epoch[i].from.size;
        if (size > out->index) {
            out->has_growth = true;
            out->growth_from = size;
            return svms_tree_prove_consistency(&source, size, to->head.size, &out->growth, err);
        }
    }
    return SVMS_OK;
}

static svms_status read_record(svms_audit_reader *reader, svms_proof_text *out, svms_error *err)
{
    size_t size = SVMS_AUDIT_RECORD_MAX + 1;
    out->record = svms_alloc(reader->ctx, size);
    if (!out->record) {
        return svms_fail_memory(err);
    }
    svms_status status = svms_audit_reader_record(reader, out->index, out->record, &size, err);
    out->record_size = status == SVMS_OK ? size : 0;
    return status;
}

static svms_status put_proof(svms_audit_reader *reader, const target *to, svms_proof_text *proof,
                             svms_builder *text, svms_error *err)
{
    svms_tree_source source = svms_reader_source(reader->state);
    svms_status status = read_record(reader, proof, err);
    if (status == SVMS_OK) {
        status =
            svms_tree_prove_inclusion(&source, proof->index, to->head.size, &proof->inclusion, err);
    }
    if (status == SVMS_OK) {
        status = add_growth(reader, to, proof, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    proof->checkpoint = (const char *)to->note.data;
    proof->checkpoint_size = to->note.size;
    add_handovers(reader, to, &proof->epochs, &proof->epochs_size);
    svms_put_proof_text(text, proof);
    return svms_builder_check(text, "a proof", err);
}

svms_status svms_audit_prove(svms_audit_reader *reader, uint64_t index, char *out, size_t *size,
                             svms_error *err)
{
    svms_proof_text proof = { .index = index };
    if (!reader || !size) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    target to = { .note = svms_builder_new(reader->ctx, SVMS_NOTE_MAX) };
    svms_builder text = svms_builder_new(reader->ctx, SVMS_PROOF_TEXT_MAX);
    svms_status status = choose(reader, index, &to, err);
    if (status == SVMS_OK) {
        status = put_proof(reader, &to, &proof, &text, err);
    }
    if (status == SVMS_OK) {
        status = svms_builder_hand_out(&text, "the proof", out, size, err);
    }
    svms_proof_text_clear(&proof, reader->ctx);
    svms_builder_clear(&text);
    svms_builder_clear(&to.note);
    return status;
}

svms_status svms_audit_prove_growth(svms_audit_reader *reader, uint64_t from, char *out,
                                    size_t *size, svms_error *err)
{
    svms_growth_text growth = { .from = from };
    if (!reader || !size) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_reader_state *state = reader->state;
    svms_tree_source source = svms_reader_source(state);
    target to = { .note = svms_builder_new(reader->ctx, SVMS_NOTE_MAX) };
    svms_builder text = svms_builder_new(reader->ctx, SVMS_GROWTH_TEXT_MAX);
    bool has_tail = state->end_note.size > 0;
    svms_status status = take(has_tail ? &state->end_note : &state->note,
                              has_tail ? &state->head : &state->published, &to, err);
    if (status == SVMS_OK && from > to.head.size) {
        status = svms_fail(err, SVMS_E_USAGE, "the log has only %" PRIu64 " records", to.head.size);
    }
    if (status == SVMS_OK) {
        status = find_epoch(reader, &to, err);
    }
    if (status == SVMS_OK) {
        status = svms_tree_prove_consistency(&source, from, to.head.size, &growth.proof, err);
    }
    if (status == SVMS_OK) {
        growth.checkpoint = (const char *)to.note.data;
        growth.checkpoint_size = to.note.size;
        add_handovers(reader, &to, &growth.epochs, &growth.epochs_size);
        svms_put_growth_text(&text, &growth);
        status = svms_builder_check(&text, "a proof", err);
    }
    if (status == SVMS_OK) {
        status = svms_builder_hand_out(&text, "the proof", out, size, err);
    }
    svms_builder_clear(&text);
    svms_builder_clear(&to.note);
    return status;
}
