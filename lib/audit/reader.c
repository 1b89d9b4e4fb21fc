/* SPDX-License-Identifier: Apache-2.0 */
/* A log is opened for reading, and what was appended is taken up. */
#include <inttypes.h>
#include <string.h>

#include "failure.h"
#include "options.h"
#include "reader.h"

static const char separator[] = "--\n";
#define SEPARATOR_SIZE (sizeof separator - 1)

static void state_free(svms_reader_state **state)
{
    svms_reader_state *gone = *state;
    if (!gone) {
        return;
    }
    svms_ctx *ctx = gone->reader->ctx;
    svms_builder_clear(&gone->note);
    svms_builder_clear(&gone->end_note);
    svms_builder_clear(&gone->leaves);
    svms_release(ctx, gone->group);
    svms_release(ctx, gone->tiles);
    svms_release(ctx, gone);
    *state = NULL;
}

static svms_status state_new(svms_reader_state **out, svms_audit_reader *reader, svms_error *err)
{
    svms_reader_state *state = svms_alloc(reader->ctx, sizeof *state);
    if (!state) {
        return svms_fail_memory(err);
    }
    *out = state;
    state->reader = reader;
    state->note = svms_builder_new(reader->ctx, SVMS_NOTE_MAX);
    state->end_note = svms_builder_new(reader->ctx, SVMS_JOURNAL_NOTE_MAX);
    state->leaves = svms_builder_new(reader->ctx, (size_t)SVMS_READER_TAIL_MAX * SVMS_DIGEST_SIZE);
    state->tiles = svms_alloc(reader->ctx, SVMS_LOG_TILE_LEVELS * SVMS_TILE_BYTES);
    return state->tiles ? SVMS_OK : svms_fail_memory(err);
}

/* A log that was made, and never opened. */
static svms_status begin_empty(svms_reader_state *state, const svms_reader_state *old,
                               svms_error *err)
{
    svms_audit_reader *reader = state->reader;
    svms_note_key ignored;
    if (old && old->published.size > 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "\"checkpoint\" is not there any more");
    }
    svms_status status = svms_log_read_identity(reader->ctx, reader->folder, &ignored, err);
    svms_tree_reset(&state->edge);
    return status == SVMS_OK
               ? svms_tree_root(&state->edge, reader->hasher, state->published.root, err)
               : status;
}

static svms_status read_checkpoint(svms_reader_state *state, bool *is_there, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_status status =
        svms_log_read_file(state->reader->folder, "checkpoint", &state->note, &why);
    *is_there = status == SVMS_OK;
    return status == SVMS_OK || svms_log_is_missing(status, &why) ? SVMS_OK
                                                                  : svms_fail_as(err, status, &why);
}

static svms_status check_checkpoint(svms_reader_state *state, svms_error *err)
{
    svms_checkpoint checkpoint;
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = svms_epochs_check(&state->reader->epochs, state->note.data,
                                           state->note.size, &checkpoint, &why);
    if (status == SVMS_OK) {
        state->published = checkpoint.head;
        return SVMS_OK;
    }
    return status == SVMS_E_NO_MEMORY || status == SVMS_E_CRYPTO
               ? svms_fail_as(err, status, &why)
               : svms_fail(err, status, "\"checkpoint\": %s", why.message);
}

/* The handovers behind those that are known already. */
static svms_status take_handovers(svms_audit_reader *reader, const svms_builder *text,
                                  svms_error *err)
{
    const svms_builder *known = &reader->epochs_text;
    size_t at = known->size;
    size_t count = reader->epochs.count;
    if (text->size < at || (at > 0 && memcmp(text->data, known->data, at) != 0)) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "\"epochs\" does not have any more what it had");
    }
    if (text->size == at) {
        return SVMS_OK;
    }
    if (at > 0) {
        if (text->size - at <= SEPARATOR_SIZE ||
            memcmp(text->data + at, separator, SEPARATOR_SIZE) != 0) {
            return svms_fail(err, SVMS_E_MALFORMED, "\"epochs\" has no line between handovers");
        }
        at += SEPARATOR_SIZE;
    }
    svms_status status = svms_epochs_read(&reader->epochs, text->data + at, text->size - at, err);
    if (status == SVMS_OK) {
        svms_put_bytes(&reader->epochs_text, text->data + known->size, text->size - known->size);
        status = svms_builder_check(&reader->epochs_text, "the handovers", err);
    }
    if (status != SVMS_OK) {
        reader->epochs.count = count;
    }
    return status;
}

/* Where it has as many bytes as before, it has no more handovers. */
static svms_status has_grown(const svms_audit_reader *reader, bool *out, svms_error *err)
{
    svms_store store = SVMS_STORE_INIT;
    svms_error why = SVMS_ERROR_INIT;
    uint64_t size = 0;
    int os_error = 0;
    svms_status status = reader->folder->open(reader->folder->user, "epochs", &store, &os_error);
    if (status == SVMS_OK) {
        status = store.get_size(store.user, &size, &os_error);
    }
    svms_store_close(&store);
    status = svms_log_io(status, os_error, "read", "epochs", &why);
    *out = status == SVMS_OK && size != reader->epochs_text.size;
    if (svms_log_is_missing(status, &why) && reader->epochs_text.size == 0) {
        return SVMS_OK;
    }
    return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &why);
}

static svms_status read_epochs(svms_audit_reader *reader, svms_error *err)
{
    bool is_more = false;
    svms_status status = has_grown(reader, &is_more, err);
    if (status != SVMS_OK || !is_more) {
        return status;
    }
    svms_builder text = svms_builder_new(reader->ctx, SVMS_EPOCHS_TEXT_MAX);
    status = svms_log_read_file(reader->folder, "epochs", &text, err);
    if (status == SVMS_OK) {
        status = take_handovers(reader, &text, err);
    }
    svms_builder_clear(&text);
    return status;
}

/* A copy of the tiles alone may be older than the handovers; a journal that is there is not. */
static svms_status miss_handover(const svms_reader_state *state, uint64_t size, svms_error *err)
{
    if (state->is_full || !state->has_end) {
        return SVMS_OK;
    }
    return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                     "records %" PRIu64 " to %" PRIu64 " are missing: a handover has them",
                     state->head.size, size - 1);
}

/* The tree has the root that each handover names. */
static svms_status meet_handovers(svms_reader_state *state, svms_error *err)
{
    const svms_epochs *epochs = &state->reader->epochs;
    svms_tree_source source = svms_reader_source(state);
    svms_status status = SVMS_OK;
    for (; state->handovers < epochs->count && status == SVMS_OK; state->handovers++) {
        const svms_tree_head *from = &epochs->epoch[state->handovers].from;
        uint8_t root[SVMS_DIGEST_SIZE];
        if (from->size > state->head.size) {
            return miss_handover(state, from->size, err);
        }
        status = svms_tree_root_at(&source, from->size, root, err);
        if (status == SVMS_OK && memcmp(root, from->root, sizeof root) != 0) {
            return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                             "the log has another root than the handover to epoch %zu says",
                             state->handovers);
        }
    }
    return status;
}

/* The log only grew. */
static svms_status meet_old(svms_reader_state *state, const svms_reader_state *old, svms_error *err)
{
    svms_tree_source source = svms_reader_source(state);
    uint8_t root[SVMS_DIGEST_SIZE];
    if (state->published.size < old->published.size || state->head.size < old->head.size) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the log has %" PRIu64 " records, and had %" PRIu64 " before",
                         state->head.size, old->head.size);
    }
    svms_status status = svms_tree_root_at(&source, old->head.size, root, err);
    if (status == SVMS_OK && memcmp(root, old->head.root, sizeof root) != 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the first %" PRIu64 " records are not those that were there before",
                         old->head.size);
    }
    return status;
}

static svms_status fill(svms_reader_state *state, const svms_reader_state *old, bool *may_pass,
                        svms_error *err)
{
    svms_audit_reader *reader = state->reader;
    bool is_there = false;
    svms_status status = read_checkpoint(state, &is_there, err);
    /* Behind the checkpoint: whoever signed it was announced before. */
    if (status == SVMS_OK) {
        status = read_epochs(reader, err);
    }
    if (status == SVMS_OK) {
        status = is_there ? check_checkpoint(state, err) : begin_empty(state, old, err);
    }
    if (status == SVMS_OK && old && state->published.size < old->published.size) {
        state->head = state->published;
        return meet_old(state, old, err);
    }
    if (status == SVMS_OK && is_there) {
        status = svms_reader_take_edge(state, err);
    }
    if (status == SVMS_OK) {
        status = svms_reader_follow(state, old, may_pass, err);
    }
    state->handovers = old ? old->handovers : 0;
    if (status == SVMS_OK && old) {
        status = meet_old(state, old, err);
    }
    if (status == SVMS_OK) {
        status = meet_handovers(state, err);
    }
    return status == SVMS_OK
               ? svms_log_read_minimum(reader->ctx, reader->folder, &state->minimum, err)
               : status;
}

static svms_status take_up(svms_audit_reader *reader, bool *may_pass, svms_error *err)
{
    svms_reader_state *state = NULL;
    svms_status status = state_new(&state, reader, err);
    if (status == SVMS_OK) {
        status = fill(state, reader->state, may_pass, err);
    }
    if (status != SVMS_OK) {
        /* What was compared with the root of that checkpoint. */
        svms_reader_forget_tiles(reader);
        state_free(&state);
        return status;
    }
    state_free(&reader->state);
    reader->state = state;
    reader->block->is_loaded = false;
    return SVMS_OK;
}

svms_status svms_reader_refresh(svms_audit_reader *reader, svms_error *err)
{
    for (unsigned attempt = 1;; attempt++) {
        svms_error why = SVMS_ERROR_INIT;
        bool may_pass = false;
        svms_status status = take_up(reader, &may_pass, &why);
        if (status == SVMS_OK) {
            return SVMS_OK;
        }
        /* What the appender replaces or drops is gone for a moment. */
        may_pass = may_pass || svms_log_is_missing(status, &why);
        if (!may_pass || attempt == SVMS_READER_ATTEMPTS) {
            return svms_fail_as(err, status, &why);
        }
        svms_platform_yield();
    }
}

static svms_status make(svms_audit_reader *reader, const svms_audit_trust *trust, svms_error *err)
{
    svms_ctx *ctx = reader->ctx;
    reader->epochs.ctx = ctx;
    reader->trusted.ctx = ctx;
    reader->epochs_text = svms_builder_new(ctx, SVMS_EPOCHS_TEXT_MAX);
    reader->tile_bytes = svms_builder_new(ctx, SVMS_TILE_BYTES);
    reader->is_trusted = trust != NULL;
    svms_journal_walk_init(&reader->walk, ctx, reader->folder);
    svms_status status = trust
                             ? svms_trusted_read(&reader->trusted, ctx, trust, err)
                             : svms_trusted_from_folder(&reader->trusted, ctx, reader->folder, err);
    if (status == SVMS_OK) {
        status = svms_epochs_init(&reader->epochs, ctx, &reader->trusted.log_key, err);
    }
    if (status == SVMS_OK) {
        status = svms_hasher_new(&reader->hasher, ctx, err);
    }
    if (status == SVMS_OK) {
        status = svms_bundle_index_window_init(&reader->index, ctx, reader->folder, err);
    }
    if (status == SVMS_OK) {
        reader->slot_bytes = svms_alloc(ctx, SVMS_READER_TILES * SVMS_TILE_BYTES);
        status = reader->slot_bytes ? svms_reader_block_new(&reader->block, ctx, err)
                                    : svms_fail_memory(err);
    }
    return status;
}

svms_status svms_audit_reader_open(svms_audit_reader **out, svms_ctx *ctx,
                                   const svms_folder *folder, const svms_audit_trust *trust,
                                   svms_error *err)
{
    if (!out || !ctx || !folder) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_audit_reader *reader = svms_alloc(ctx, sizeof *reader);
    if (!reader) {
        return svms_fail_memory(err);
    }
    reader->ctx = ctx;
    reader->folder = folder;
    svms_status status = make(reader, trust, err);
    if (status == SVMS_OK) {
        status = svms_reader_refresh(reader, err);
    }
    if (status != SVMS_OK) {
        svms_audit_reader_close(&reader);
        return status;
    }
    *out = reader;
    return SVMS_OK;
}

void svms_audit_reader_close(svms_audit_reader **reader)
{
    if (!reader || !*reader) {
        return;
    }
    svms_audit_reader *gone = *reader;
    svms_ctx *ctx = gone->ctx;
    state_free(&gone->state);
    svms_reader_block_free(&gone->block, ctx);
    svms_journal_walk_clear(&gone->walk);
    svms_bundle_index_window_clear(&gone->index);
    svms_builder_clear(&gone->tile_bytes);
    svms_builder_clear(&gone->epochs_text);
    svms_epochs_clear(&gone->epochs);
    svms_trusted_clear(&gone->trusted);
    svms_hasher_free(&gone->hasher);
    svms_release(ctx, gone->slot_bytes);
    svms_release(ctx, gone);
    *reader = NULL;
}

svms_status svms_audit_reader_refresh(svms_audit_reader *reader, svms_error *err)
{
    return reader ? svms_reader_refresh(reader, err)
                  : svms_fail(err, SVMS_E_USAGE, "no reader was given");
}

svms_status svms_audit_reader_head(const svms_audit_reader *reader, svms_audit_head *out,
                                   svms_error *err)
{
    svms_audit_head known = SVMS_AUDIT_HEAD_INIT;
    if (!reader || !out) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    known.size = reader->state->head.size;
    known.published = reader->state->published.size;
    known.epoch = reader->epochs.count - 1;
    memcpy(known.root, reader->state->head.root, sizeof known.root);
    return svms_result_write(out, &known, sizeof known, "the head", err);
}

svms_status svms_audit_reader_key(const svms_audit_reader *reader, char key[SVMS_AUDIT_KEY_SIZE],
                                  svms_error *err)
{
    size_t size = SVMS_AUDIT_KEY_SIZE;
    if (!reader || !key) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_builder text = svms_builder_new(reader->ctx, SVMS_AUDIT_KEY_SIZE);
    svms_put_note_key(&text, &reader->epochs.epoch[0].key);
    svms_status status = svms_builder_hand_out(&text, "the key", key, &size, err);
    svms_builder_clear(&text);
    return status;
}

svms_status svms_audit_reader_tally(const svms_audit_reader *reader, svms_audit_tally *out,
                                    svms_error *err)
{
    if (!reader || !out) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    return svms_result_write(out, &reader->tally, sizeof reader->tally, "the tally", err);
}
