/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to a witness, and what it answers (A-WIT-2, A-WIT-6). Both kinds are one thing: a head
 * of the tree that somebody signed, and a proof that it grew out of the one that the witness has.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "options.h"
#include "witness_internal.h"

#define SECOND_NS INT64_C(1000000000)

enum {
    GOOD = 200,
    BAD_REQUEST = 400,
    FORBIDDEN = 403,
    NOT_FOUND = 404,
    CONFLICT = 409,
    UNPROCESSABLE = 422
};

typedef struct question {
    svms_witness *witness;
    const char *path;
    const void *body;
    size_t size;
    svms_witness_request request;
    svms_note note;
    /* What the note says. */
    char origin[SVMS_NOTE_NAME_MAX + 1];
    svms_tree_head head;
    bool is_handover;
    uint64_t epoch; /* the key of which signs from this head on */
    svms_note_key key;
    /* Whom it is about. */
    svms_witness_log *log;
} question;

static void answer(svms_witness_answer *out, uint32_t status, const char *type, const char *text,
                   size_t size)
{
    out->status = status;
    out->type = type;
    out->text_size = (uint32_t)(size < sizeof out->text ? size : sizeof out->text - 1);
    memcpy(out->text, text, out->text_size);
    out->text[out->text_size] = '\0';
}

static void answer_words(svms_witness_answer *out, uint32_t status, const char *words)
{
    char line[SVMS_WITNESS_TEXT_SIZE];
    int size = snprintf(line, sizeof line, "%s\n", words);
    answer(out, status, "text/plain; charset=utf-8", line, (size_t)size);
}

static void answer_number(svms_witness_answer *out, uint32_t status, const char *type,
                          uint64_t number)
{
    char line[32];
    int size = snprintf(line, sizeof line, "%" PRIu64 "\n", number);
    answer(out, status, type, line, (size_t)size);
}

/* What the request is to blame for is answered; what it is not is a failure of ours. */
static svms_status blame(svms_witness_answer *out, uint32_t http, svms_status status,
                         const svms_error *why, svms_error *err)
{
    if (status != SVMS_OK && svms_status_class(status) == SVMS_CLASS_ENVIRONMENT) {
        return svms_fail_as(err, status, why);
    }
    if (status != SVMS_OK) {
        answer_words(out, http, why->message);
    }
    return SVMS_OK;
}

static bool is_answered(const svms_witness_answer *out)
{
    return out->status != 0;
}

static void find_log(question *q, svms_witness_answer *out)
{
    for (q->log = q->witness->logs; q->log; q->log = q->log->next) {
        if (strcmp(q->log->first.name, q->origin) == 0) {
            memcpy(out->origin, q->origin, sizeof out->origin);
            out->size = q->log->head.size;
            return;
        }
    }
    answer_words(out, NOT_FOUND, "the witness was told of no log of this origin");
}

/* The line of a key that has signed; with what was wrong where it has not. */
static svms_status must_be_signed(const question *q, svms_witness_answer *out, svms_error *err)
{
    svms_note_finding found;
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = svms_note_check(&q->note, q->witness->ctx, &q->log->key, &found, &why);
    if (status == SVMS_OK && !found.is_signed) {
        answer_words(out, FORBIDDEN,
                     "the note is not signed by the log's key, as the witness knows it");
    }
    return blame(out, FORBIDDEN, status, &why, err);
}

static svms_status read_checkpoint(question *q, svms_witness_answer *out, svms_error *err)
{
    svms_checkpoint checkpoint;
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = svms_checkpoint_parse(&checkpoint, q->note.text, q->note.text_size, &why);
    /* Other logs may have extension lines; what is before them was read. */
    if (status != SVMS_OK && status != SVMS_E_UNSUPPORTED) {
        return blame(out, BAD_REQUEST, status, &why, err);
    }
    memcpy(q->origin, checkpoint.origin, sizeof q->origin);
    q->head = checkpoint.head;
    find_log(q, out);
    if (is_answered(out)) {
        return SVMS_OK;
    }
    q->epoch = q->log->epoch;
    q->key = q->log->key;
    return must_be_signed(q, out, err);
}

/* By what the witness knows of the epoch before; the size is judged elsewhere. */
static svms_status check_handover(question *q, svms_witness_answer *out, svms_error *err)
{
    svms_epochs epochs;
    svms_epoch known = { .key = q->log->key };
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = svms_sha256(q->witness->ctx, NULL, 0, known.from.root, &why);
    if (status == SVMS_OK) {
        status = svms_epochs_resume(&epochs, q->witness->ctx, q->log->epoch, &known, &why);
    }
    if (status != SVMS_OK) {
        return svms_fail_as(err, status, &why);
    }
    status = svms_epochs_read(&epochs, q->request.note, q->request.note_size, &why);
    if (status == SVMS_OK && epochs.count != 2) {
        answer_words(out, BAD_REQUEST, "handovers are told one at a time");
    } else if (status == SVMS_OK) {
        q->head = epochs.epoch[1].from;
        q->key = epochs.epoch[1].key;
    }
    svms_epochs_clear(&epochs);
    return blame(out, status == SVMS_E_NOT_AUTHENTIC ? FORBIDDEN : BAD_REQUEST, status, &why, err);
}

static svms_status read_handover(question *q, svms_witness_answer *out, svms_error *err)
{
    svms_handover handover;
    q->is_handover = true;
    if (!svms_handover_read(&handover, &q->note)) {
        answer_words(out, BAD_REQUEST, "the note is no handover");
        return SVMS_OK;
    }
    memcpy(q->origin, handover.origin, sizeof q->origin);
    q->epoch = handover.number;
    find_log(q, out);
    if (is_answered(out)) {
        return SVMS_OK;
    }
    if (q->epoch != q->log->epoch + 1) {
        answer_number(out, CONFLICT, SVMS_WITNESS_TYPE_EPOCH, q->log->epoch);
        return SVMS_OK;
    }
    return check_handover(q, out, err);
}

static svms_status read_question(question *q, svms_witness_answer *out, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = svms_witness_request_parse(&q->request, q->body, q->size, &why);
    if (status == SVMS_OK) {
        status = svms_note_parse(&q->note, q->request.note, q->request.note_size, &why);
    }
    if (status != SVMS_OK) {
        return blame(out, BAD_REQUEST, status, &why, err);
    }
    if (strcmp(q->path, SVMS_WITNESS_ADD_CHECKPOINT) == 0) {
        return read_checkpoint(q, out, err);
    }
    return read_handover(q, out, err);
}

/* Signed by the log's key, and not what the witness has: kept with the whole request. */
static svms_status accuse(question *q, svms_witness_fault fault, uint32_t http, const char *words,
                          svms_witness_answer *out, svms_error *err)
{
    bool is_new = false;
    svms_status status = svms_witness_evidence_add(q->witness, q->log, fault, q->path, &q->head,
                                                   q->body, q->size, &is_new, err);
    if (status == SVMS_OK) {
        out->is_new_evidence = is_new ? 1 : 0;
        answer_words(out, http, words);
    }
    return status;
}

static svms_status check_growth(question *q, svms_witness_answer *out, svms_error *err)
{
    const svms_tree_head *had = &q->log->head;
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = q->request.hashes > q->request.proof.count
                             ? svms_fail(&why, SVMS_E_NOT_AUTHENTIC, "no proof has so many hashes")
                             : svms_tree_check_consistency(q->witness->hasher, had, &q->head,
                                                           &q->request.proof, &why);
    bool is_evidence = had->size > 0 && q->head.size > had->size;
    return status == SVMS_E_NOT_AUTHENTIC && is_evidence
               ? accuse(q, SVMS_WITNESS_UNPROVEN, UNPROCESSABLE, why.message, out, err)
               : blame(out, UNPROCESSABLE, status, &why, err);
}

/* In the order that C2SP gives. */
static svms_status judge(question *q, svms_witness_answer *out, svms_error *err)
{
    const svms_tree_head *had = &q->log->head;
    if (!q->is_handover && q->request.old_size > q->head.size) {
        answer_words(out, BAD_REQUEST, "the old size is above that of the checkpoint");
        return SVMS_OK;
    }
    if (q->request.old_size != had->size) {
        answer_number(out, CONFLICT, SVMS_WITNESS_TYPE_SIZE, had->size);
        return SVMS_OK;
    }
    if (q->head.size < had->size) {
        return accuse(q, SVMS_WITNESS_FORK, CONFLICT,
                      "the key was handed over at a smaller size than it has signed", out, err);
    }
    if (q->head.size == had->size && memcmp(q->head.root, had->root, sizeof had->root) != 0) {
        return accuse(q, SVMS_WITNESS_FORK, CONFLICT, "the tree of this size has another root", out,
                      err);
    }
    return check_growth(q, out, err);
}

/* The text, and the lines of those who count: what strangers put under it is not kept. */
static void put_note(svms_builder *out, const question *q)
{
    const svms_note_line *old_line = svms_note_find(&q->note, &q->log->key);
    const svms_note_line *new_line = svms_note_find(&q->note, &q->key);
    svms_put_bytes(out, q->note.text, q->note.text_size);
    svms_put_u8(out, '\n');
    svms_put_bytes(out, old_line->whole, old_line->whole_size);
    if (new_line != old_line) {
        svms_put_bytes(out, new_line->whole, new_line->whole_size);
    }
}

/* Durable first, and in memory only then: what follows cannot fail. */
static svms_status move_on(question *q, svms_error *err)
{
    svms_witness_log *log = q->log;
    svms_witness_log after = *log;
    bool is_same = !q->is_handover && log->head.size == q->head.size && log->note.size > 0;
    if (is_same) {
        return SVMS_OK;
    }
    after.epoch = q->epoch;
    after.key = q->key;
    after.head = q->head;
    after.note = svms_builder_new(q->witness->ctx, SVMS_NOTE_MAX);
    put_note(&after.note, q);
    svms_status status = svms_builder_check(&after.note, "what a witness has seen", err);
    if (status == SVMS_OK) {
        status = svms_witness_log_store(&after, q->witness->folder, err);
    }
    if (status != SVMS_OK) {
        svms_builder_clear(&after.note);
        return status;
    }
    svms_builder_clear(&log->note);
    *log = after;
    return SVMS_OK;
}

static svms_status confirm_checkpoint(question *q, svms_witness_answer *out, svms_error *err)
{
    svms_builder line = svms_builder_new(q->witness->ctx, SVMS_WITNESS_TEXT_SIZE - 1);
    int64_t now_utc_s = svms_utc_now(q->witness->ctx) / SECOND_NS;
    svms_status status = svms_note_sign(&line, q->note.text, q->note.text_size, &q->witness->key,
                                        q->witness->engine, now_utc_s, err);
    if (status == SVMS_OK) {
        status = move_on(q, err);
    }
    if (status == SVMS_OK) {
        answer(out, GOOD, "text/plain; charset=utf-8", (const char *)line.data, line.size);
    }
    svms_builder_clear(&line);
    return status;
}

static svms_status confirm(question *q, svms_witness_answer *out, svms_error *err)
{
    svms_status status = SVMS_OK;
    if (q->is_handover) {
        status = move_on(q, err);
        if (status == SVMS_OK) {
            answer_number(out, GOOD, SVMS_WITNESS_TYPE_EPOCH, q->log->epoch);
        }
    } else {
        status = confirm_checkpoint(q, out, err);
    }
    out->size = q->log->head.size;
    return status;
}

/* With the latch held: what is judged here is still so when it is kept. */
static svms_status work(question *q, svms_witness_answer *out, svms_error *err)
{
    svms_status status = read_question(q, out, err);
    if (status == SVMS_OK && !is_answered(out)) {
        status = judge(q, out, err);
    }
    return status == SVMS_OK && !is_answered(out) ? confirm(q, out, err) : status;
}

svms_status svms_witness_handle(svms_witness *witness, const char *path, const void *body,
                                size_t size, svms_witness_answer *out, svms_error *err)
{
    svms_witness_answer known = SVMS_WITNESS_ANSWER_INIT;
    question q = { .witness = witness, .path = path, .body = size > 0 ? body : "", .size = size };
    svms_status status = SVMS_OK;
    if (!witness || !path || !out || (size > 0 && !body)) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (strcmp(path, SVMS_WITNESS_ADD_CHECKPOINT) == 0 ||
        strcmp(path, SVMS_WITNESS_ADD_EPOCH) == 0) {
        svms_platform_lock(&witness->latch);
        status = work(&q, &known, err);
        svms_platform_unlock(&witness->latch);
    } else {
        answer_words(&known, NOT_FOUND, "there is nothing of this name");
    }
    return status == SVMS_OK ? svms_result_write(out, &known, sizeof known, "the answer", err)
                             : status;
}
