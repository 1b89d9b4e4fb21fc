/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes and roots that somebody signed: handovers, checkpoints, what others have seen. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "check.h"
#include "failure.h"

/* The notes that a log keeps beside its records. */
typedef struct notes {
    svms_builder witnessed;
    svms_builder checkpoint;
    svms_builder epochs;
    svms_check_presence has_witnessed;
    svms_check_presence has_checkpoint;
    svms_check_presence has_epochs;
} notes;

static svms_status check_name(svms_check *at, svms_error *err)
{
    svms_note_key found;
    svms_error why = SVMS_ERROR_INIT;
    svms_check_presence presence;
    svms_status status = svms_check_read(at, "log", &at->bytes, &presence, err);
    if (status != SVMS_OK || presence == SVMS_CHECK_UNREADABLE) {
        return status;
    }
    if (presence == SVMS_CHECK_ABSENT) {
        return svms_check_tell(at, SVMS_AUDIT_FLAW_MISSING, SVMS_NO_RECORD, 0,
                               "the file \"log\" is missing");
    }
    status = svms_log_parse_identity(at->ctx, at->bytes.data, at->bytes.size, &found, &why);
    if (svms_check_is_fatal(status) && status != SVMS_E_UNSUPPORTED) {
        return svms_fail_as(err, status, &why);
    }
    if (status != SVMS_OK) {
        return svms_check_tell(at, SVMS_AUDIT_FLAW_KEY, SVMS_NO_RECORD, 0, "%s", why.message);
    }
    bool same = found.id == at->trusted.log_key.id &&
                memcmp(found.key, at->trusted.log_key.key, sizeof found.key) == 0 &&
                strcmp(found.name, at->trusted.log_key.name) == 0;
    return same ? SVMS_OK
                : svms_check_tell(at, SVMS_AUDIT_FLAW_KEY, SVMS_NO_RECORD, 0,
                                  "the file \"log\" names another key than the verifier was told");
}

static svms_status add_anchor(svms_check *at, const svms_tree_head *head, svms_audit_flaw flaw,
                              const char *name)
{
    svms_check_anchor *anchor = &at->anchor[at->anchor_count++];
    anchor->head = *head;
    anchor->flaw = flaw;
    snprintf(anchor->name, sizeof anchor->name, "%s", name);
    return SVMS_OK;
}

static int compare_anchors(const void *a, const void *b)
{
    const svms_check_anchor *left = a;
    const svms_check_anchor *right = b;
    return (left->head.size > right->head.size) - (left->head.size < right->head.size);
}

/* Witnessed before checkpoint, and that before epochs: a log that grows meanwhile never lacks what
 * was seen earlier. */
static svms_status read_notes(svms_check *at, notes *out, svms_error *err)
{
    svms_status status =
        svms_check_read(at, "witnessed", &out->witnessed, &out->has_witnessed, err);
    if (status == SVMS_OK) {
        status = svms_check_read(at, "checkpoint", &out->checkpoint, &out->has_checkpoint, err);
    }
    if (status == SVMS_OK) {
        status = svms_check_read(at, "epochs", &out->epochs, &out->has_epochs, err);
    }
    return status;
}

static svms_status read_epochs(svms_check *at, const notes *from, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = svms_epochs_init(&at->epochs, at->ctx, &at->trusted.log_key, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (from->has_epochs == SVMS_CHECK_PRESENT) {
        status = svms_epochs_read(&at->epochs, from->epochs.data, from->epochs.size, &why);
    } else if (from->has_epochs == SVMS_CHECK_TOO_LARGE) {
        status = svms_fail(&why, SVMS_E_MALFORMED, "it is too large");
    }
    if (svms_check_is_fatal(status) && status != SVMS_E_UNSUPPORTED) {
        return svms_fail_as(err, status, &why);
    }
    at->report.epochs = at->epochs.count - 1;
    at->lacks_epochs = from->has_epochs == SVMS_CHECK_UNREADABLE;
    return status == SVMS_OK ? SVMS_OK
                             : svms_check_tell(at, SVMS_AUDIT_FLAW_EPOCHS, SVMS_NO_RECORD, 0,
                                               "\"epochs\": %s", why.message);
}

/* Of the log's key: SVMS_OK with is_good. */
static svms_status check_note(svms_check *at, const char *name, const void *bytes, size_t size,
                              svms_checkpoint *out, bool *is_good, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = svms_epochs_check(&at->epochs, bytes, size, out, &why);
    *is_good = status == SVMS_OK;
    if (svms_check_is_fatal(status) && status != SVMS_E_UNSUPPORTED) {
        return svms_fail_as(err, status, &why);
    }
    return *is_good || at->lacks_epochs
               ? SVMS_OK
               : svms_check_tell(at, SVMS_AUDIT_FLAW_CHECKPOINT, SVMS_NO_RECORD, 0, "%s: %s", name,
                                 why.message);
}

/* What tiles are of, though nobody says so for certain: where to look for them. */
static bool guess_trunk(svms_check *at, const void *bytes, size_t size)
{
    svms_note note;
    svms_checkpoint claimed;
    bool good = svms_note_parse(&note, bytes, size, NULL) == SVMS_OK &&
                svms_checkpoint_parse(&claimed, note.text, note.text_size, NULL) == SVMS_OK;
    if (good) {
        at->trunk = claimed.head;
    }
    return good;
}

static svms_status take_checkpoint(svms_check *at, const notes *from, svms_error *err)
{
    svms_checkpoint checkpoint;
    if (from->has_checkpoint == SVMS_CHECK_ABSENT) {
        /* A log that nobody has opened yet has none. */
        return at->epochs.count == 1 ? SVMS_OK
                                     : svms_check_tell(at, SVMS_AUDIT_FLAW_MISSING, SVMS_NO_RECORD,
                                                       0, "the file \"checkpoint\" is missing");
    }
    at->lacks_checkpoint = from->has_checkpoint == SVMS_CHECK_UNREADABLE;
    if (at->lacks_checkpoint) {
        return SVMS_OK;
    }
    svms_status status = check_note(at, "\"checkpoint\"", from->checkpoint.data,
                                    from->checkpoint.size, &checkpoint, &at->is_signed, err);
    if (status == SVMS_OK && at->is_signed) {
        at->trunk = checkpoint.head;
        status = add_anchor(at, &checkpoint.head, SVMS_AUDIT_FLAW_ROOT, "\"checkpoint\"");
    } else if (status == SVMS_OK) {
        (void)guess_trunk(at, from->checkpoint.data, from->checkpoint.size);
    }
    return status;
}

static svms_status count_witnesses(svms_check *at, const svms_builder *bytes, svms_witnessed *out,
                                   svms_error *err)
{
    svms_note note;
    svms_error why = SVMS_ERROR_INIT;
    *out = (svms_witnessed){ .at_utc_ns = SVMS_NO_TIME };
    svms_status status = svms_note_parse(&note, bytes->data, bytes->size, &why);
    if (status == SVMS_OK) {
        status = svms_trusted_count(&at->trusted, &note, out, &why);
    }
    if (svms_check_is_fatal(status)) {
        return svms_fail_as(err, status, &why);
    }
    return status == SVMS_OK ? SVMS_OK
                             : svms_check_tell(at, SVMS_AUDIT_FLAW_CHECKPOINT, SVMS_NO_RECORD, 0,
                                               "\"witnessed\": %s", why.message);
}

static svms_status take_witnessed(svms_check *at, const notes *from, svms_error *err)
{
    svms_checkpoint checkpoint;
    svms_witnessed witnessed = { .count = 0, .at_utc_ns = SVMS_NO_TIME };
    svms_status status = SVMS_OK;
    bool is_good = false;
    if (from->has_witnessed == SVMS_CHECK_PRESENT) {
        status = check_note(at, "\"witnessed\"", from->witnessed.data, from->witnessed.size,
                            &checkpoint, &is_good, err);
        if (status == SVMS_OK && is_good) {
            status = count_witnesses(at, &from->witnessed, &witnessed, err);
        }
        if (status == SVMS_OK && is_good) {
            status = add_anchor(at, &checkpoint.head, SVMS_AUDIT_FLAW_FORK, "\"witnessed\"");
            at->report.witnessed_size = checkpoint.head.size;
            at->report.witnessed = witnessed.count;
            at->report.attested_utc_ns = witnessed.at_utc_ns;
        }
        if (status == SVMS_OK && is_good && !at->is_signed && at->trunk.size == 0) {
            at->trunk = checkpoint.head;
            at->is_signed = true;
        }
    }
    bool is_met = at->trusted.quorum == 0 || (is_good && witnessed.is_met);
    bool is_unread = from->has_witnessed == SVMS_CHECK_UNREADABLE || at->lacks_epochs;
    if (status == SVMS_OK && !is_met && !is_unread) {
        status = svms_check_tell(at, SVMS_AUDIT_FLAW_WITNESSES, SVMS_NO_RECORD, 0,
                                 "of the %u witnesses that must cosign, one of them outside, %u "
                                 "have",
                                 (unsigned)at->trusted.quorum, (unsigned)witnessed.count);
    }
    return status;
}

/* Whoever kept it is believed; the log may be a copy that is older than its key. */
static svms_status take_kept(svms_check *at, svms_error *err)
{
    svms_note note;
    svms_checkpoint kept;
    if (!at->options.kept) {
        return SVMS_OK;
    }
    svms_status status = svms_note_parse(&note, at->options.kept, at->options.kept_size, err);
    if (status == SVMS_OK) {
        status = svms_checkpoint_parse(&kept, note.text, note.text_size, err);
    }
    if (status != SVMS_OK) {
        return svms_fail(err, SVMS_E_USAGE, "the checkpoint that was kept is none");
    }
    if (strcmp(kept.origin, at->epochs.origin) != 0) {
        return svms_fail(err, SVMS_E_USAGE, "the checkpoint that was kept is of another log");
    }
    return add_anchor(at, &kept.head, SVMS_AUDIT_FLAW_FORK, "the checkpoint that was kept");
}

static svms_status take_handovers(svms_check *at)
{
    for (size_t i = 1; i < at->epochs.count; i++) {
        char name[sizeof at->anchor->name];
        snprintf(name, sizeof name, "the handover to epoch %zu", i);
        svms_status status = add_anchor(at, &at->epochs.epoch[i].from, SVMS_AUDIT_FLAW_ROOT, name);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return SVMS_OK;
}

static svms_status take_all(svms_check *at, const notes *from, svms_error *err)
{
    svms_status status = read_epochs(at, from, err);
    if (status != SVMS_OK) {
        return status;
    }
    at->anchor = svms_alloc_array(at->ctx, at->epochs.count + 3, sizeof *at->anchor);
    if (!at->anchor) {
        return svms_fail_memory(err);
    }
    status = take_checkpoint(at, from, err);
    if (status == SVMS_OK) {
        status = take_witnessed(at, from, err);
    }
    if (status == SVMS_OK) {
        status = take_kept(at, err);
    }
    if (status == SVMS_OK) {
        status = take_handovers(at);
    }
    qsort(at->anchor, at->anchor_count, sizeof *at->anchor, compare_anchors);
    return status;
}

svms_status svms_check_heads(svms_check *at, svms_error *err)
{
    notes from = { .witnessed = svms_builder_new(at->ctx, SVMS_NOTE_MAX),
                   .checkpoint = svms_builder_new(at->ctx, SVMS_NOTE_MAX),
                   .epochs = svms_builder_new(at->ctx, SVMS_EPOCHS_TEXT_MAX) };
    svms_status status = check_name(at, err);
    if (status == SVMS_OK) {
        status = read_notes(at, &from, err);
    }
    if (status == SVMS_OK) {
        status = take_all(at, &from, err);
    }
    svms_builder_clear(&from.witnessed);
    svms_builder_clear(&from.checkpoint);
    svms_builder_clear(&from.epochs);
    return status;
}

static svms_status tell_other_root(svms_check *at, const svms_check_anchor *anchor,
                                   const uint8_t *found)
{
    svms_builder told = svms_builder_new(at->ctx, 128);
    svms_builder ours = svms_builder_new(at->ctx, 128);
    svms_put_base64_padded(&told, anchor->head.root, SVMS_DIGEST_SIZE);
    svms_put_u8(&told, '\0');
    svms_put_base64_padded(&ours, found, SVMS_DIGEST_SIZE);
    svms_put_u8(&ours, '\0');
    svms_status status = told.status != SVMS_OK ? told.status : ours.status;
    if (status == SVMS_OK) {
        bool is_fork = anchor->flaw == SVMS_AUDIT_FLAW_FORK;
        status = svms_check_tell(at, anchor->flaw, is_fork ? SVMS_NO_RECORD : at->right_to,
                                 anchor->head.size - at->right_to,
                                 "%s has %" PRIu64 " records with the root %s, the log has %s",
                                 anchor->name, anchor->head.size, (const char *)told.data,
                                 (const char *)ours.data);
    }
    svms_builder_clear(&told);
    svms_builder_clear(&ours);
    return status;
}

/* One wrong root says all: those behind it are wrong, too. What others have seen is told always. */
static svms_status judge(svms_check *at, const svms_check_anchor *anchor, const uint8_t *root)
{
    if (memcmp(anchor->head.root, root, SVMS_DIGEST_SIZE) == 0) {
        if (!at->has_wrong_root) {
            at->right_to = anchor->head.size;
        }
        return SVMS_OK;
    }
    bool is_fork = anchor->flaw == SVMS_AUDIT_FLAW_FORK;
    if (!is_fork && at->has_wrong_root) {
        return SVMS_OK;
    }
    if (!is_fork) {
        at->has_wrong_root = true;
        svms_check_wrong_from(at, at->right_to);
    }
    return tell_other_root(at, anchor, root);
}

svms_status svms_check_anchors(svms_check *at, const svms_tree *edge, const uint8_t *leaves,
                               uint32_t count, svms_error *err)
{
    svms_tree tree = *edge;
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && at->next_anchor < at->anchor_count) {
        const svms_check_anchor *anchor = &at->anchor[at->next_anchor];
        uint8_t root[SVMS_DIGEST_SIZE];
        if (anchor->head.size > edge->size + count) {
            break;
        }
        while (status == SVMS_OK && tree.size < anchor->head.size) {
            status =
                svms_tree_add(&tree, at->hasher,
                              leaves + (size_t)(tree.size - edge->size) * SVMS_DIGEST_SIZE, err);
        }
        if (status == SVMS_OK) {
            status = svms_tree_root(&tree, at->hasher, root, err);
        }
        if (status == SVMS_OK && tree.size == anchor->head.size) {
            status = judge(at, anchor, root);
        } else if (status == SVMS_OK) {
            status = svms_check_tell(at, SVMS_AUDIT_FLAW_ROOT, SVMS_NO_RECORD, 0,
                                     "the log never had the %" PRIu64 " records of %s",
                                     anchor->head.size, anchor->name);
        }
        at->next_anchor++;
    }
    return status;
}

svms_status svms_check_anchors_left(svms_check *at, svms_error *err)
{
    svms_status status = SVMS_OK;
    (void)err;
    if (at->lacks_checkpoint) {
        return SVMS_OK;
    }
    for (; status == SVMS_OK && at->next_anchor < at->anchor_count; at->next_anchor++) {
        const svms_check_anchor *anchor = &at->anchor[at->next_anchor];
        uint64_t missing = anchor->head.size - at->report.size;
        svms_check_wrong_from(at, at->report.size);
        status = svms_check_tell(
            at,
            anchor->flaw == SVMS_AUDIT_FLAW_FORK ? SVMS_AUDIT_FLAW_OLDER : SVMS_AUDIT_FLAW_MISSING,
            at->report.size, missing,
            "records %" PRIu64 " to %" PRIu64 " are missing: %s has them, and the log ends before",
            at->report.size, anchor->head.size - 1, anchor->name);
    }
    return status;
}
