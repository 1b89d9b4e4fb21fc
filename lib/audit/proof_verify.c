/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs verified with nothing but themselves and whom the verifier trusts (A-PRF-2, A-PRF-5). */
#include <inttypes.h>
#include <string.h>

#include <svms/audit_proof.h>

#include "epochs.h"
#include "failure.h"
#include "options.h"
#include "proof_text.h"
#include "trust.h"

/* What verifying takes. */
typedef struct verifier {
    svms_trusted trusted;
    svms_epochs epochs;
    svms_hasher *hasher;
} verifier;

static svms_status begin(verifier *out, svms_ctx *ctx, const svms_audit_trust *trust,
                         svms_error *err)
{
    *out = (verifier){ .trusted = { .ctx = ctx }, .epochs = { .ctx = ctx } };
    svms_status status = svms_trusted_read(&out->trusted, ctx, trust, err);
    if (status == SVMS_OK) {
        status = svms_epochs_init(&out->epochs, ctx, &out->trusted.log_key, err);
    }
    return status == SVMS_OK ? svms_hasher_new(&out->hasher, ctx, err) : status;
}

static void end(verifier *by)
{
    svms_hasher_free(&by->hasher);
    svms_epochs_clear(&by->epochs);
    svms_trusted_clear(&by->trusted);
}

/* The checkpoint is the log's, and as many have cosigned it as were asked for. */
static svms_status check_note(const verifier *by, const char *bytes, size_t size,
                              svms_checkpoint *out, svms_witnessed *witnessed, svms_error *err)
{
    svms_note note;
    svms_status status = svms_epochs_check(&by->epochs, bytes, size, out, err);
    if (status == SVMS_OK) {
        status = svms_note_parse(&note, bytes, size, err);
    }
    if (status == SVMS_OK) {
        status = svms_trusted_count(&by->trusted, &note, witnessed, err);
    }
    return status;
}

static svms_status must_be_witnessed(const verifier *by, const svms_witnessed *witnessed,
                                     svms_error *err)
{
    return witnessed->is_met
               ? SVMS_OK
               : svms_fail(err, SVMS_E_UNTRUSTED,
                           "of the %u witnesses that must cosign, one of them outside, %u have",
                           (unsigned)by->trusted.quorum, (unsigned)witnessed->count);
}

/* The first handover behind a record; NULL: it belongs to the present epoch. */
static const svms_tree_head *handover_behind(const svms_epochs *epochs, uint64_t index)
{
    for (size_t i = 1; i < epochs->count; i++) {
        if (epochs->epoch[i].from.size > index) {
            return &epochs->epoch[i].from;
        }
    }
    return NULL;
}

/* Whoever has the present key could sign a tree with another past: its root at the handover that
 * ended the record's epoch was signed by a key that was destroyed then. */
static svms_status check_growth(const verifier *by, const svms_proof_text *proof,
                                const svms_tree_head *head, svms_error *err)
{
    const svms_tree_head *handover = handover_behind(&by->epochs, proof->index);
    if (!handover && proof->has_growth) {
        return svms_fail(err, SVMS_E_MALFORMED, "the proof has a growth that it does not need");
    }
    if (!handover) {
        return SVMS_OK;
    }
    if (!proof->has_growth || proof->growth_from != handover->size) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the proof does not show that the log only grew since it had %" PRIu64
                         " records, and changed its key",
                         handover->size);
    }
    return svms_tree_check_consistency(by->hasher, handover, head, &proof->growth, err);
}

static svms_status check_proof(verifier *by, const svms_proof_text *proof,
                               svms_checkpoint *checkpoint, svms_witnessed *witnessed,
                               svms_error *err)
{
    uint8_t leaf[SVMS_DIGEST_SIZE];
    svms_status status = svms_epochs_read(&by->epochs, proof->epochs, proof->epochs_size, err);
    if (status == SVMS_OK) {
        status =
            check_note(by, proof->checkpoint, proof->checkpoint_size, checkpoint, witnessed, err);
    }
    if (status == SVMS_OK) {
        status = svms_tree_leaf(by->hasher, proof->record, proof->record_size, leaf, err);
    }
    if (status == SVMS_OK) {
        status = svms_tree_check_inclusion(by->hasher, leaf, proof->index, &checkpoint->head,
                                           &proof->inclusion, err);
    }
    if (status == SVMS_OK) {
        status = check_growth(by, proof, &checkpoint->head, err);
    }
    return status == SVMS_OK ? must_be_witnessed(by, witnessed, err) : status;
}

/* Whose checkpoint it is; a proof may bring more handovers than it needs. */
static uint64_t epoch_of(const svms_epochs *epochs, uint64_t size)
{
    size_t epoch = epochs->count - 1;
    while (epoch > 0 && epochs->epoch[epoch].from.size >= size) {
        epoch--;
    }
    return epoch;
}

/* The record goes over to who asked. */
static svms_status tell(svms_audit_proven *out, const verifier *by, svms_proof_text *proof,
                        const svms_checkpoint *checkpoint, const svms_witnessed *witnessed,
                        svms_error *err)
{
    svms_audit_proven known = SVMS_AUDIT_PROVEN_INIT;
    known.witnessed = witnessed->count;
    known.attested_utc_ns = witnessed->at_utc_ns;
    known.index = proof->index;
    known.size = checkpoint->head.size;
    known.epoch = epoch_of(&by->epochs, checkpoint->head.size);
    known.record = proof->record;
    known.record_size = proof->record_size;
    known.ctx = by->trusted.ctx;
    memcpy(known.root, checkpoint->head.root, sizeof known.root);
    svms_status status = svms_result_write(out, &known, sizeof known, "what a proof shows", err);
    if (status == SVMS_OK) {
        proof->record = NULL;
    }
    return status;
}

svms_status svms_audit_proof_verify(svms_audit_proven *out, svms_ctx *ctx,
                                    const svms_audit_trust *trust, const void *text, size_t size,
                                    svms_error *err)
{
    verifier by;
    svms_proof_text proof = { 0 };
    svms_checkpoint checkpoint;
    svms_witnessed witnessed;
    if (!out || !ctx || !trust || !text) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (out->struct_size < sizeof *out) {
        return svms_fail(err, SVMS_E_USAGE, "what a proof shows: struct_size is too small");
    }
    svms_status status = begin(&by, ctx, trust, err);
    if (status == SVMS_OK) {
        status = svms_proof_text_parse(&proof, ctx, text, size, err);
    }
    if (status == SVMS_OK) {
        status = check_proof(&by, &proof, &checkpoint, &witnessed, err);
    }
    if (status == SVMS_OK) {
        status = tell(out, &by, &proof, &checkpoint, &witnessed, err);
    }
    svms_proof_text_clear(&proof, ctx);
    end(&by);
    return status;
}

void svms_audit_proven_clear(svms_audit_proven *proven)
{
    if (proven && proven->ctx) {
        /* Allocated by svms_proof_text_parse(). */
        svms_release(proven->ctx, (void *)(uintptr_t)proven->record);
        proven->record = NULL;
        proven->record_size = 0;
        proven->ctx = NULL;
    }
}

static svms_status check_grown(verifier *by, const svms_tree_head *kept,
                               const svms_growth_text *growth, svms_checkpoint *checkpoint,
                               svms_witnessed *witnessed, svms_error *err)
{
    if (growth->from != kept->size) {
        return svms_fail(err, SVMS_E_USAGE,
                         "the proof leads from %" PRIu64 " records, and the kept checkpoint has "
                         "%" PRIu64,
                         growth->from, kept->size);
    }
    svms_status status =
        check_note(by, growth->checkpoint, growth->checkpoint_size, checkpoint, witnessed, err);
    if (status == SVMS_OK) {
        status =
            svms_tree_check_consistency(by->hasher, kept, &checkpoint->head, &growth->proof, err);
    }
    return status == SVMS_OK ? must_be_witnessed(by, witnessed, err) : status;
}

svms_status svms_audit_growth_verify(svms_audit_head *out, svms_ctx *ctx,
                                     const svms_audit_trust *trust, const void *kept,
                                     size_t kept_size, const void *text, size_t size,
                                     svms_error *err)
{
    verifier by;
    svms_growth_text growth;
    svms_checkpoint older = { .head = { 0, { 0 } } };
    svms_checkpoint newer = older;
    svms_witnessed witnessed;
    svms_audit_head known = SVMS_AUDIT_HEAD_INIT;
    if (!out || !ctx || !trust || !kept || !text) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = begin(&by, ctx, trust, err);
    if (status == SVMS_OK) {
        status = svms_growth_text_parse(&growth, text, size, err);
    }
    if (status == SVMS_OK) {
        status = svms_epochs_read(&by.epochs, growth.epochs, growth.epochs_size, err);
    }
    if (status == SVMS_OK) {
        status = svms_epochs_check(&by.epochs, kept, kept_size, &older, err);
    }
    if (status == SVMS_OK) {
        status = check_grown(&by, &older.head, &growth, &newer, &witnessed, err);
    }
    if (status == SVMS_OK) {
        known.size = newer.head.size;
        known.published = older.head.size;
        known.epoch = epoch_of(&by.epochs, newer.head.size);
        memcpy(known.root, newer.head.root, sizeof known.root);
        status = svms_result_write(out, &known, sizeof known, "the head", err);
    }
    end(&by);
    return status;
}
