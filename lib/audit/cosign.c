/* SPDX-License-Identifier: Apache-2.0 */
/* The holder's side of witnessing: the newest checkpoint is taken, and questions are made of it. */
#include <string.h>

#include "cosign_internal.h"
#include "failure.h"
#include "log_internal.h"
#include "options.h"

svms_status svms_cosigning_put(svms_builder *note, const svms_note_line *line, svms_error *err)
{
    if (line) {
        svms_put_bytes(note, line->whole, line->whole_size);
    }
    svms_put_u8(note, '\0');
    svms_status status = svms_builder_check(note, "a cosigned checkpoint", err);
    note->size -= status == SVMS_OK;
    return status;
}

static svms_status read_epochs(svms_cosigning *self, svms_error *err)
{
    svms_note_key first;
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = svms_log_read_identity(self->ctx, self->folder, &first, err);
    if (status == SVMS_OK) {
        status = svms_epochs_init(&self->epochs, self->ctx, &first, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_log_read_file(self->folder, "epochs", &self->epochs_text, &why);
    if (svms_log_is_missing(status, &why)) {
        return SVMS_OK;
    }
    if (status != SVMS_OK) {
        return svms_fail_as(err, status, &why);
    }
    return svms_epochs_read(&self->epochs, self->epochs_text.data, self->epochs_text.size, err);
}

/* The newest key that has a line. */
static const svms_note_line *find_signer(svms_cosigning *self, const svms_note *note)
{
    for (size_t i = self->epochs.count; i-- > 0;) {
        const svms_note_line *line = svms_note_find(note, &self->epochs.epoch[i].key);
        if (line) {
            self->epoch = i;
            return line;
        }
    }
    return NULL;
}

static svms_status take_checkpoint(svms_cosigning *self, const svms_builder *bytes, svms_error *err)
{
    svms_note note;
    svms_status status =
        svms_epochs_check(&self->epochs, bytes->data, bytes->size, &self->checkpoint, err);
    if (status == SVMS_OK) {
        status = svms_note_parse(&note, bytes->data, bytes->size, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    const svms_note_line *line = find_signer(self, &note);
    svms_put_bytes(&self->base, note.text, note.text_size);
    svms_put_u8(&self->base, '\n');
    status = svms_cosigning_put(&self->base, line, err);
    if (status == SVMS_OK) {
        svms_put_bytes(&self->note, self->base.data, self->base.size);
        status = svms_cosigning_put(&self->note, NULL, err);
    }
    return status;
}

/* The checkpoint before the handovers: one that is newer than they are would have no key. */
static svms_status read_log(svms_cosigning *self, svms_error *err)
{
    svms_builder bytes = svms_builder_new(self->ctx, SVMS_NOTE_MAX);
    svms_status status = svms_log_read_file(self->folder, "checkpoint", &bytes, err);
    if (status == SVMS_OK) {
        status = read_epochs(self, err);
    }
    if (status == SVMS_OK) {
        status = take_checkpoint(self, &bytes, err);
    }
    svms_builder_clear(&bytes);
    return status == SVMS_OK ? svms_cosigning_read_kept(self, err) : status;
}

svms_status svms_cosigning_new(svms_cosigning **out, svms_ctx *ctx, const svms_folder *folder,
                               svms_error *err)
{
    if (!out || !ctx || !folder) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_cosigning *self = svms_alloc(ctx, sizeof *self);
    if (!self) {
        return svms_fail_memory(err);
    }
    self->ctx = ctx;
    self->folder = folder;
    self->epochs.ctx = ctx;
    self->epochs_text = svms_builder_new(ctx, SVMS_EPOCHS_TEXT_MAX);
    self->base = svms_builder_new(ctx, SVMS_NOTE_MAX + 1);
    self->note = svms_builder_new(ctx, SVMS_NOTE_MAX + 1);
    self->kept = svms_builder_new(ctx, SVMS_NOTE_MAX);
    self->body = svms_builder_new(ctx, SVMS_WITNESS_REQUEST_MAX);
    svms_status status = svms_hasher_new(&self->hasher, ctx, err);
    if (status == SVMS_OK) {
        status = read_log(self, err);
    }
    if (status != SVMS_OK) {
        svms_cosigning_free(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

void svms_cosigning_free(svms_cosigning **cosigning)
{
    if (!cosigning || !*cosigning) {
        return;
    }
    svms_cosigning *gone = *cosigning;
    svms_hasher_free(&gone->hasher);
    svms_epochs_clear(&gone->epochs);
    svms_builder_clear(&gone->epochs_text);
    svms_builder_clear(&gone->base);
    svms_builder_clear(&gone->note);
    svms_builder_clear(&gone->kept);
    svms_builder_clear(&gone->body);
    svms_release(gone->ctx, gone);
    *cosigning = NULL;
}

const char *svms_cosigning_note(const svms_cosigning *cosigning, size_t *size)
{
    if (size) {
        *size = cosigning ? cosigning->note.size : 0;
    }
    return cosigning ? (const char *)cosigning->note.data : NULL;
}

/* What the witness cosigned last, if that was kept; where it is more by now, it says so itself. */
static uint64_t guess_size(const svms_cosigning *self)
{
    svms_note note;
    svms_checkpoint last;
    svms_error ignored = SVMS_ERROR_INIT;
    bool is_known = self->kept.size > 0 &&
                    svms_note_parse(&note, self->kept.data, self->kept.size, &ignored) == SVMS_OK &&
                    svms_note_find(&note, &self->witness) &&
                    svms_checkpoint_parse(&last, note.text, note.text_size, &ignored) == SVMS_OK;
    return is_known && last.head.size <= self->checkpoint.head.size ? last.head.size : 0;
}

svms_status svms_cosigning_begin(svms_cosigning *cosigning, const char *witness_key,
                                 svms_error *err)
{
    svms_note_key key;
    svms_error why = SVMS_ERROR_INIT;
    if (!cosigning || !witness_key) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status =
        svms_note_key_parse(&key, cosigning->ctx, witness_key, strlen(witness_key), &why);
    if (status == SVMS_E_MALFORMED || status == SVMS_E_UNSUPPORTED) {
        return svms_fail(err, SVMS_E_USAGE, "the key of a witness: %s", why.message);
    }
    if (status != SVMS_OK) {
        return svms_fail_as(err, status, &why);
    }
    if (key.kind != SVMS_NOTE_COSIGNATURE) {
        return svms_fail(err, SVMS_E_USAGE, "the key of \"%s\" is not that of a witness", key.name);
    }
    cosigning->witness = key;
    cosigning->phase = SVMS_COSIGNING_CHECKPOINT;
    cosigning->is_asked = false;
    cosigning->has_told = false;
    cosigning->is_met = false;
    cosigning->asked = 0;
    cosigning->old_size = guess_size(cosigning);
    return SVMS_OK;
}

/* From what the witness has, up to what it is told. Where that is smaller there is no proof, and
 * the witness will say what it thinks of that. */
static svms_status prove(svms_cosigning *self, uint64_t to, svms_tree_proof *out, svms_error *err)
{
    svms_log_tiles tiles;
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = SVMS_OK;
    out->count = 0;
    if (self->old_size >= to) {
        return SVMS_OK;
    }
    svms_log_tiles_init(&tiles, self->ctx, self->folder, self->hasher, self->checkpoint.head.size);
    svms_tree_source source = svms_log_tiles_source(&tiles);
    status = svms_tree_prove_consistency(&source, self->old_size, to, out, &why);
    /* A part of a tile may have become whole while it was looked for. */
    if (svms_log_is_missing(status, &why)) {
        status = svms_tree_prove_consistency(&source, self->old_size, to, out, &why);
    }
    svms_log_tiles_clear(&tiles);
    return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &why);
}

static svms_status write_body(svms_cosigning *self, const char *note, size_t size, uint64_t to,
                              svms_error *err)
{
    svms_witness_request request = { .old_size = self->old_size, .note = note, .note_size = size };
    svms_status status = prove(self, to, &request.proof, err);
    if (status == SVMS_OK) {
        svms_builder_reset(&self->body);
        svms_put_witness_request(&self->body, &request);
        status = svms_builder_check(&self->body, "a question to a witness", err);
    }
    return status;
}

static svms_status write_handover(svms_cosigning *self, svms_error *err)
{
    const char *note = NULL;
    size_t size = 0;
    if (!svms_epochs_part(self->epochs_text.data, self->epochs_text.size, self->telling, &note,
                          &size)) {
        return svms_fail(err, SVMS_E_INTERNAL, "a handover that was read is not there");
    }
    return write_body(self, note, size, self->epochs.epoch[self->telling].from.size, err);
}

svms_status svms_cosigning_ask(svms_cosigning *cosigning, svms_cosigning_question *out,
                               svms_error *err)
{
    svms_cosigning_question known = SVMS_COSIGNING_QUESTION_INIT;
    if (!cosigning || !out) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (cosigning->phase == SVMS_COSIGNING_DONE) {
        return SVMS_END;
    }
    if (cosigning->phase == SVMS_COSIGNING_IDLE) {
        return svms_fail(err, SVMS_E_STATE, "no witness was turned to, or it has refused");
    }
    bool is_handover = cosigning->phase == SVMS_COSIGNING_EPOCH;
    svms_status status =
        is_handover ? write_handover(cosigning, err)
                    : write_body(cosigning, (const char *)cosigning->base.data,
                                 cosigning->base.size, cosigning->checkpoint.head.size, err);
    if (status != SVMS_OK) {
        return status;
    }
    known.path = is_handover ? SVMS_WITNESS_ADD_EPOCH : SVMS_WITNESS_ADD_CHECKPOINT;
    known.body = (const char *)cosigning->body.data;
    known.size = cosigning->body.size;
    cosigning->is_asked = true;
    return svms_result_write(out, &known, sizeof known, "the question", err);
}
